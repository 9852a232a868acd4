/* SPDX-License-Identifier: Apache-2.0 */
#include "core/time.h"
#include "tests/authority/world.h"

/* Rules of issuance, one by one: who may ask for what, and for whom. */

static void a_device_is_born_by_its_idevid_and_active_by_its_ldevid(void)
{
    struct world w;
    struct issued idevid;
    struct issued ldevid;
    struct by_cert b = { CA_BY_IDEVID, LDEVID, "SN-1", &idevid, NULL };

    world_open(&w);
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &idevid), BM_OK);
    CHECK(world_device(&w, 1, "SN-1").state == STORE_DEVICE_BORN);
    b.key = world_key();
    CHECK_STATUS(by_cert(&w, &b, &ldevid), BM_OK);
    CHECK(ldevid.cert_status == STORE_CERT_VALID);
    CHECK(world_device(&w, 1, "SN-1").state == STORE_DEVICE_ACTIVE);
    CHECK(world_row(&w, ldevid.id).organisation == 1);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* What a request of each kind brings along: what is right for LDEVID. */
struct asking {
    struct world w;
    struct issued idevid;
    struct issued ldevid;
    char secret[CA_TOKEN_CHARS + 1];
    struct request csr;
};

static void asking_open(struct asking *a, const char *token_for)
{
    world_open(&a->w);
    must(by_operator(&a->w, IDEVID, "SN-1", world_key(), &a->idevid) == BM_OK,
         "idevid");
    must(by_operator(&a->w, LDEVID, "SN-1", world_key(), &a->ldevid) == BM_OK,
         "ldevid");
    a->w.now += 70 * DAY; /* in LDEVID's window */
    a->secret[0] = '\0';
    if (token_for != NULL) {
        must(world_token(&a->w, token_for, "SN-2", a->secret) == BM_OK,
             "token");
    }
}

static bm_status ask(struct asking *a, unsigned by, const char *profile,
                     struct issued *out)
{
    struct ca_issue_request r = { .actor = by == CA_BY_OPERATOR    ? &admin
                                           : by == CA_BY_AUTHORITY ? &authority
                                                                   : &est,
                                  .by = by,
                                  .profile = profile,
                                  .csr = &a->csr.csr };

    if (by == CA_BY_IDEVID) {
        r.presented = issued_der(&a->idevid);
    } else if (by == CA_BY_CURRENT) {
        r.presented = issued_der(&a->ldevid);
    }
    r.token =
        (struct bm_bytes){ (const uint8_t *)a->secret, strlen(a->secret) };
    if (strcmp(profile, TLS) == 0 || strcmp(profile, SERVER) == 0) {
        request_server(&a->csr, world_key(), "host.example");
    } else {
        request_make(&a->csr, world_key(), by == CA_BY_TOKEN ? "SN-2" : "SN-1",
                     NULL);
    }
    return world_issue(&a->w, &r, out);
}

static void each_profile_says_who_may_ask(void)
{
    static const unsigned kinds[] = { CA_BY_OPERATOR, CA_BY_TOKEN, CA_BY_IDEVID,
                                      CA_BY_CURRENT, CA_BY_AUTHORITY };
    static const struct {
        const char *profile;
        bm_status want[5]; /* in the order of `kinds` */
    } rows[] = {
        { IDEVID,
          { BM_E_CA_IDENTIFIER /* SN-1 has one */, BM_OK,
            BM_E_PROFILE_REQUESTER, BM_E_PROFILE_REQUESTER,
            BM_E_PROFILE_REQUESTER } },
        { LDEVID,
          { BM_OK, BM_E_CA_TOKEN, BM_OK, BM_OK, BM_E_PROFILE_REQUESTER } },
        { TLS,
          { BM_OK, BM_E_PROFILE_REQUESTER, BM_E_PROFILE_REQUESTER,
            BM_E_PROFILE_REQUESTER, BM_OK } },
        { SUSPEND,
          { BM_OK, BM_E_PROFILE_REQUESTER, BM_OK, BM_E_PROFILE_REQUESTER,
            BM_E_PROFILE_REQUESTER } },
        { "ocsp-responder",
          { BM_E_PROFILE_REQUESTER, BM_E_PROFILE_REQUESTER,
            BM_E_PROFILE_REQUESTER, BM_E_PROFILE_REQUESTER,
            BM_E_PROFILE_SUBJECT } },
        { "no-such-profile",
          { BM_E_NOT_FOUND, BM_E_NOT_FOUND, BM_E_NOT_FOUND, BM_E_NOT_FOUND,
            BM_E_NOT_FOUND } },
    };
    struct issued out;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < 5; k++) {
            struct asking a;

            asking_open(&a, IDEVID);
            CHECK_STATUS(ask(&a, kinds[k], rows[i].profile, &out),
                         rows[i].want[k]);
            if (out.status != rows[i].want[k]) {
                printf("# %s by %u: %s\n", rows[i].profile, kinds[k],
                       out.why.words);
            }
            world_close(&a.w);
        }
    }
}

static void a_request_of_two_kinds_is_of_none(void)
{
    struct asking a;
    struct issued out;

    asking_open(&a, NULL);
    CHECK_STATUS(ask(&a, CA_BY_OPERATOR | CA_BY_IDEVID, LDEVID, &out),
                 BM_E_PROFILE_REQUESTER);
    CHECK_STATUS(ask(&a, 0, LDEVID, &out), BM_E_PROFILE_REQUESTER);
    world_close(&a.w);
}

static void an_operator_needs_the_role(void)
{
    static const struct {
        unsigned roles;
        bm_status want;
    } rows[] = {
        { 0, BM_E_CA_FORBIDDEN },
        { CA_ROLE_AUDITOR, BM_E_CA_FORBIDDEN },
        { CA_ROLE_READ_ONLY, BM_E_CA_FORBIDDEN },
        { CA_ROLE_READ_ONLY | CA_ROLE_AUDITOR, BM_E_CA_FORBIDDEN },
        { CA_ROLE_FACTORY, BM_OK },
        { CA_ROLE_REGISTRAR, BM_OK },
        { CA_ROLE_ADMIN, BM_OK },
    };
    struct world w;
    struct issued out;

    world_open(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_actor actor = admin;
        struct request q;
        struct ca_issue_request r = { .actor = &actor,
                                      .by = CA_BY_OPERATOR,
                                      .profile = IDEVID,
                                      .csr = &q.csr };
        char name[16];

        actor.roles = rows[i].roles;
        (void)snprintf(name, sizeof name, "SN-%zu", i);
        request_make(&q, world_key(), name, NULL);
        CHECK_STATUS(world_issue(&w, &r, &out), rows[i].want);
        /* What only the authority may ask for, no role may. */
        r.by = CA_BY_AUTHORITY;
        r.profile = TLS;
        request_server(&q, world_key(), "host.example");
        CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_FORBIDDEN);
    }
    world_close(&w);
}

static void devices_of_two_organisations_may_have_one_name(void)
{
    struct world w;
    struct issued ours;
    struct issued theirs;
    struct request q;
    struct ca_issue_request r = { .actor = &neighbour,
                                  .by = CA_BY_OPERATOR,
                                  .profile = SUSPEND,
                                  .csr = &q.csr };

    world_open(&w);
    CHECK_STATUS(by_operator(&w, SUSPEND, "SN-1", world_key(), &ours), BM_OK);
    request_make(&q, world_key(), "SN-1", NULL);
    CHECK_STATUS(world_issue(&w, &r, &theirs), BM_OK);
    CHECK(theirs.cert_status == STORE_CERT_VALID);
    CHECK(world_row(&w, ours.id).organisation == 1);
    CHECK(world_row(&w, theirs.id).organisation == 2);
    CHECK(world_device(&w, 1, "SN-1").id != world_device(&w, 2, "SN-1").id);
    world_close(&w);
}

static void a_protocol_acts_on_the_account_of_the_device(void)
{
    struct world w;
    struct issued idevid;
    struct issued ldevid;
    struct request q;
    struct by_cert b = { CA_BY_IDEVID, LDEVID, "SN-1", &idevid, NULL };
    struct ca_issue_request r = { .actor = &neighbour,
                                  .by = CA_BY_OPERATOR,
                                  .profile = IDEVID,
                                  .csr = &q.csr };

    world_open(&w);
    request_make(&q, world_key(), "SN-1", NULL);
    CHECK_STATUS(world_issue(&w, &r, &idevid), BM_OK);
    b.key = world_key();
    CHECK_STATUS(by_cert(&w, &b, &ldevid), BM_OK);
    CHECK(world_row(&w, ldevid.id).organisation == 2);
    CHECK(world_device(&w, 2, "SN-1").state == STORE_DEVICE_ACTIVE);
    CHECK(world_device(&w, 1, "SN-1").id == 0);
    world_close(&w);
}

/* A request is for the device that the requester speaks for, and no other. */
static void nobody_speaks_for_another_device(void)
{
    struct world w;
    struct issued idevid;
    struct issued ldevid;
    struct issued out;
    struct by_cert b = { CA_BY_IDEVID, LDEVID, "SN-2", &idevid, NULL };
    char secret[CA_TOKEN_CHARS + 1];
    struct by_token t = { LDEVID, "SN-2", secret, NULL };
    struct world_print before;
    struct world_print after;

    world_open(&w);
    must(by_operator(&w, IDEVID, "SN-1", world_key(), &idevid) == BM_OK &&
             by_operator(&w, LDEVID, "SN-1", world_key(), &ldevid) == BM_OK &&
             world_token(&w, LDEVID, "SN-3", secret) == BM_OK,
         "devices");
    w.now += 70 * DAY;
    before = world_print(&w);
    b.key = world_key();
    CHECK_STATUS(by_cert(&w, &b, &out), BM_E_PROFILE_DEVICE);
    t.key = world_key();
    w.now -= 70 * DAY;
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_PROFILE_DEVICE);
    w.now += 70 * DAY;
    CHECK_STATUS(by_current(&w, "SN-2", &ldevid, world_key(), &out),
                 BM_E_PROFILE_DEVICE);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    world_close(&w);
}

static void a_token_is_for_a_name_that_the_profile_gives(void)
{
    static const char *const names[] = { "", "SN 1", "SN-1\n", "\xff",
                                         "S\xc3\x84" };
    char secret[CA_TOKEN_CHARS + 1];
    char name[STORE_NAME_MAX + 2];
    struct world_print before;
    struct world_print after;
    struct world w;

    world_open(&w);
    before = world_print(&w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK_STATUS(world_token(&w, LDEVID, names[i], secret),
                     BM_E_PROFILE_DEVICE);
        CHECK(secret[0] == '\0');
    }
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    CHECK_STATUS(world_token(&w, LDEVID, name, secret), BM_E_PROFILE_DEVICE);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    CHECK_STATUS(world_token(&w, LDEVID, "SN-1", secret), BM_OK);
    world_close(&w);
}

static void only_an_idevid_entitles_like_an_idevid(void)
{
    struct world w;
    struct issued several;
    struct issued out;
    struct by_cert b = { CA_BY_IDEVID, LDEVID, "SN-1", &several, NULL };

    world_open(&w);
    must(by_operator(&w, SEVERAL, "SN-1", world_key(), &several) == BM_OK,
         "several");
    b.key = world_key();
    CHECK_STATUS(by_cert(&w, &b, &out), BM_E_PROFILE_REQUESTER);
    b.by = CA_BY_CURRENT;
    CHECK_STATUS(by_cert(&w, &b, &out), BM_E_PROFILE_REQUESTER);
    world_close(&w);
}

static void a_certificate_that_is_not_ours_entitles_to_nothing(void)
{
    struct world w;
    struct issued idevid;
    struct issued out;
    struct by_cert b = { CA_BY_IDEVID, LDEVID, "SN-1", &idevid, NULL };

    world_open(&w);
    must(by_operator(&w, IDEVID, "SN-1", world_key(), &idevid) == BM_OK,
         "idevid");
    b.key = world_key();
    idevid.der[idevid.n - 1] ^= 1; /* its signature: still a certificate */
    CHECK_STATUS(by_cert(&w, &b, &out), BM_E_CA_MANUFACTURER);
    idevid.n -= 1;
    CHECK_STATUS(by_cert(&w, &b, &out), BM_E_CA_MANUFACTURER);
    idevid.n = 0;
    CHECK_STATUS(by_cert(&w, &b, &out), BM_E_CA_MANUFACTURER);
    idevid.n = world_ca("issuing")->cert.der.n;
    memcpy(idevid.der, world_ca("issuing")->cert.der.p, idevid.n);
    CHECK_STATUS(by_cert(&w, &b, &out), BM_E_CA_MANUFACTURER);
    world_close(&w);
}

static void a_request_whose_signature_is_wrong_changes_nothing(void)
{
    struct world w;
    struct issued out;
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = LDEVID, .csr = &q.csr
    };
    struct world_print before;
    struct world_print after;
    size_t n;

    world_open(&w);
    before = world_print(&w);
    request_make(&q, world_key(), "SN-1", NULL);
    n = q.csr.der.n;
    q.der[n - 1] ^= 1;
    must(bm_csr_parse((struct bm_bytes){ q.der, n }, NULL, &q.csr) == BM_OK,
         "request");
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CSR_SIGNATURE);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    CHECK(world_device(&w, 1, "SN-1").id == 0);
    /* Whoever has verified it says so. */
    r.proven = true;
    CHECK_STATUS(world_issue(&w, &r, &out), BM_OK);
    world_close(&w);
}

static void identifiers_are_unique_for_ever(void)
{
    struct world w;
    struct issued out;
    struct request q;
    struct ca_issue_request r = { .actor = &neighbour,
                                  .by = CA_BY_OPERATOR,
                                  .profile = IDEVID,
                                  .csr = &q.csr };
    struct world_print before;
    struct world_print after;

    world_open(&w);
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &out), BM_OK);
    CHECK_STATUS(world_revoke(&w, &out, BM_REASON_KEY_COMPROMISE), BM_OK);
    before = world_print(&w);
    /* The same device of another organisation is another device. */
    request_make(&q, world_key(), "SN-1", NULL);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_IDENTIFIER);
    CHECK(out.why.words[0] == '\0'); /* whose it is says nobody */
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    CHECK(world_device(&w, 2, "SN-1").id == 0);
    world_close(&w);
}

static void a_device_has_one_idevid(void)
{
    struct world w;
    struct issued out;

    world_open(&w);
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &out), BM_OK);
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &out),
                 BM_E_CA_IDENTIFIER);
    world_close(&w);
}

static void names_of_servers_are_unique_but_among_renewals(void)
{
    struct world w;
    struct issued first;
    struct issued out;
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = SERVER, .csr = &q.csr
    };
    const struct bm_signer *key = world_key();

    world_open(&w);
    request_server(&q, key, "a.example");
    CHECK_STATUS(world_issue(&w, &r, &first), BM_OK);
    request_server(&q, world_key(), "a.example");
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_IDENTIFIER);
    /* Five renewals, all with the same key. */
    r.by = CA_BY_CURRENT;
    r.actor = &est;
    for (int i = 0; i < 5; i++) {
        w.now += 70 * DAY;
        r.presented = issued_der(&first);
        request_server(&q, key, "a.example");
        CHECK_STATUS(world_issue(&w, &r, &out), BM_OK);
        CHECK(out.cert_status == STORE_CERT_PENDING);
        CHECK_STATUS(world_seen(&w, &out), BM_OK);
        first = out;
    }
    CHECK(world_events(&w, 0, "key-misuse") == 0);
    world_close(&w);
}

static void validity_is_within_the_issuers_where_it_is_nested(void)
{
    struct world w;
    struct issued out;
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = LDEVID, .csr = &q.csr
    };
    int64_t end = world_ca("issuing")->cert.not_after;

    world_open(&w);
    w.now = end - 10 * DAY;
    request_make(&q, world_key(), "SN-1", NULL);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_OK);
    CHECK(out.cert.not_after == end);
    /* By the rules of its profile an IDevID outlives its issuer. */
    r.profile = IDEVID;
    request_make(&q, world_key(), "SN-2", NULL);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_OK);
    CHECK(out.cert.not_after == BM_TIME_NEVER);
    /* But a CA that has expired issues nothing. */
    w.now = end + 1;
    request_make(&q, world_key(), "SN-3", NULL);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_PROFILE_VALIDITY);
    r.profile = LDEVID;
    request_make(&q, world_key(), "SN-4", NULL);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_PROFILE_VALIDITY);
    world_close(&w);
}

static void only_an_operator_has_wishes(void)
{
    struct world w;
    struct issued idevid;
    struct issued out;
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = LDEVID, .csr = &q.csr
    };

    world_open(&w);
    must(by_operator(&w, IDEVID, "SN-1", world_key(), &idevid) == BM_OK,
         "idevid");
    r.not_after = w.now + DAY;
    request_make(&q, world_key(), "SN-2", NULL);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_OK);
    CHECK(out.cert.not_after == w.now + DAY);
    r.by = CA_BY_IDEVID;
    r.presented = issued_der(&idevid);
    request_make(&q, world_key(), "SN-1", NULL);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_OK);
    CHECK(out.cert.not_after > w.now + 80 * DAY);
    world_close(&w);
}

static void a_clock_that_was_set_back_stops_everything(void)
{
    static const struct {
        int64_t back;
        bm_status want;
    } rows[] = {
        { 0, BM_OK },
        { 240, BM_OK },
        { CA_CLOCK_SLACK, BM_OK },
        { CA_CLOCK_SLACK + 1, BM_E_CA_CLOCK },
        { DAY, BM_E_CA_CLOCK },
    };
    struct world w;
    struct issued first;
    struct issued out;
    int64_t now;

    world_open(&w);
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &first), BM_OK);
    now = w.now;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_print before;
        struct world_print after;
        char name[16];

        (void)snprintf(name, sizeof name, "X-%zu", i);
        w.now = now - rows[i].back;
        before = world_print(&w);
        CHECK_STATUS(by_operator(&w, IDEVID, name, world_key(), &out),
                     rows[i].want);
        after = world_print(&w);
        CHECK(prints_equal(&before, &after) == (rows[i].want != BM_OK));
    }
    CHECK_STATUS(world_revoke(&w, &first, BM_REASON_KEY_COMPROMISE),
                 BM_E_CA_CLOCK);
    /* A new process does not forget. */
    CHECK_STATUS(world_reopen(&w), BM_OK);
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-9", world_key(), &out),
                 BM_E_CA_CLOCK);
    world_close(&w);
}

static void set_state(struct world *w, const char *name,
                      enum store_device_state state)
{
    struct store *s = w->faulty.real;
    struct store_device d = world_device(w, 1, name);

    d.state = state;
    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->device_put(s->self, &d) == BM_OK && s->commit(s->self) == BM_OK,
         "device_put");
}

static void a_device_that_is_out_of_service_gets_nothing(void)
{
    static const enum store_device_state states[] = { STORE_DEVICE_SUSPENDED,
                                                      STORE_DEVICE_REVOKED,
                                                      STORE_DEVICE_RETIRED };
    struct world w;
    struct issued idevid;
    struct issued ldevid;
    struct issued out;
    char secret[CA_TOKEN_CHARS + 1];
    char other[CA_TOKEN_CHARS + 1];
    struct by_cert b = { CA_BY_IDEVID, LDEVID, "SN-1", &idevid, NULL };
    struct by_token t = { LDEVID, "SN-1", secret, NULL };
    struct world_print before;
    struct world_print after;

    world_open(&w);
    must(by_operator(&w, IDEVID, "SN-1", world_key(), &idevid) == BM_OK &&
             by_operator(&w, LDEVID, "SN-1", world_key(), &ldevid) == BM_OK,
         "device");
    w.now += 70 * DAY;
    must(world_token(&w, LDEVID, "SN-1", secret) == BM_OK, "token");
    b.key = world_key();
    t.key = world_key();
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        set_state(&w, "SN-1", states[i]);
        before = world_print(&w);
        CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", world_key(), &out),
                     BM_E_CA_DEVICE);
        CHECK_STATUS(by_cert(&w, &b, &out), BM_E_CA_DEVICE);
        CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_DEVICE);
        CHECK_STATUS(by_current(&w, "SN-1", &ldevid, world_key(), &out),
                     BM_E_CA_DEVICE);
        CHECK_STATUS(world_seen(&w, &ldevid), BM_E_CA_DEVICE);
        CHECK_STATUS(world_token(&w, LDEVID, "SN-1", other), BM_E_CA_DEVICE);
        after = world_print(&w);
        CHECK(prints_equal(&before, &after));
    }
    world_close(&w);
}

static void an_active_device_is_not_born_again(void)
{
    struct world w;
    struct issued out;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &out) == BM_OK, "ldevid");
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &out), BM_OK);
    CHECK(world_device(&w, 1, "SN-1").state == STORE_DEVICE_ACTIVE);
    world_close(&w);
}

static void an_authority_that_was_restored_signs_nothing(void)
{
    struct world w;
    struct issued out;
    struct store *s;

    world_open(&w);
    s = w.faulty.real;
    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->setting_put(s->self, "restored",
                            (struct bm_bytes){ (const uint8_t *)"1", 1 }) ==
                 BM_OK &&
             s->commit(s->self) == BM_OK,
         "restored");
    CHECK_STATUS(world_reopen(&w), BM_OK);
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &out),
                 BM_E_CA_RESTORED);
    CHECK_STATUS(ca_checkpoint(w.ca, w.now, NULL), BM_E_CA_RESTORED);
    world_close(&w);
}

static void serials_rise_and_are_sixteen_octets(void)
{
    struct world w;
    struct issued a;
    struct issued b;

    world_open(&w);
    for (int i = 0; i < 20; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "SN-%d", i);
        must(by_operator(&w, SUSPEND, name, world_key(), &b) == BM_OK, "SN");
        CHECK(b.serial_n == 16 && b.serial[0] > 0 && b.serial[0] < 0x80);
        CHECK(i == 0 || memcmp(a.serial, b.serial, 16) < 0);
        a = b;
    }
    world_close(&w);
}

int main(void)
{
    RUN(a_device_is_born_by_its_idevid_and_active_by_its_ldevid);
    RUN(each_profile_says_who_may_ask);
    RUN(a_request_of_two_kinds_is_of_none);
    RUN(an_operator_needs_the_role);
    RUN(devices_of_two_organisations_may_have_one_name);
    RUN(a_protocol_acts_on_the_account_of_the_device);
    RUN(nobody_speaks_for_another_device);
    RUN(a_token_is_for_a_name_that_the_profile_gives);
    RUN(only_an_idevid_entitles_like_an_idevid);
    RUN(a_certificate_that_is_not_ours_entitles_to_nothing);
    RUN(a_request_whose_signature_is_wrong_changes_nothing);
    RUN(identifiers_are_unique_for_ever);
    RUN(a_device_has_one_idevid);
    RUN(names_of_servers_are_unique_but_among_renewals);
    RUN(validity_is_within_the_issuers_where_it_is_nested);
    RUN(only_an_operator_has_wishes);
    RUN(a_clock_that_was_set_back_stops_everything);
    RUN(a_device_that_is_out_of_service_gets_nothing);
    RUN(an_active_device_is_not_born_again);
    RUN(an_authority_that_was_restored_signs_nothing);
    RUN(serials_rise_and_are_sixteen_octets);
    return bm_test_done();
}
