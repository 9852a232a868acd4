/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/request.h"
#include "tests/authority/world.h"

/* What a second operator must agree to; and an operator who asks again. */

static const struct ca_actor second = { .name = "operator:second",
                                        .mode = "api",
                                        .organisation = 1,
                                        .roles = CA_ROLE_REGISTRAR };

static const struct store_scope all = { 0, 0 };

static struct store_request row_of(struct world *w, uint64_t id)
{
    struct store *s = w->faulty.real;
    struct store_request row;

    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->request_get(s->self, &all, id, &row) == BM_OK,
         "request");
    s->rollback(s->self);
    row.csr.p = NULL;
    return row;
}

static bool is(struct world *w, uint64_t id, const char *state)
{
    struct store_request row = row_of(w, id);

    return strcmp(ca_request_state(&row, w->now), state) == 0;
}

static bm_status decide(struct world *w, const struct ca_actor *actor,
                        uint64_t id, bool approve)
{
    return ca_request_decide(w->ca, actor, id, approve, w->now, NULL);
}

static void what_needs_approval_waits_and_is_issued_after_it(void)
{
    struct world w;
    struct issued out;
    struct issued again;
    const struct bm_signer *key = world_key();
    uint64_t leaves;
    struct store_request row;

    world_open(&w);
    leaves = world_leaves(&w);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_APPROVAL);
    CHECK(strcmp(out.why.words, "request 1") == 0);
    CHECK(world_leaves(&w) == leaves + 1);
    CHECK(is(&w, 1, "pending"));
    row = row_of(&w, 1);
    CHECK(strcmp(row.asked, "operator:first") == 0);
    CHECK(strcmp(row.first, "operator:first") == 0);
    CHECK(strcmp(row.device, "SN-1") == 0 && row.organisation == 1);
    CHECK(strcmp(ca_request_means(&row), "operator") == 0);
    CHECK(world_device(&w, 1, "SN-1").id == 0); /* nothing came of it yet */

    /* Coming again changes nothing. */
    w.now += HOUR;
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_APPROVAL);
    CHECK(world_leaves(&w) == leaves + 1);

    CHECK_STATUS(decide(&w, &second, 1, true), BM_OK);
    CHECK(is(&w, 1, "approved") && world_leaves(&w) == leaves + 2);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_OK);
    CHECK(is(&w, 1, "issued") && row_of(&w, 1).cert == out.id);
    CHECK(strcmp(row_of(&w, 1).decider, "operator:second") == 0);

    /* And once more: the reply was lost. */
    leaves = world_leaves(&w);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &again), BM_OK);
    CHECK(again.repeated && again.id == out.id);
    CHECK(world_leaves(&w) == leaves);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void nobody_approves_what_he_asked_for(void)
{
    struct world w;
    struct issued out;
    struct ca_actor actor = second;

    world_open(&w);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", world_key(), &out),
                 BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &admin, 1, true), BM_E_CA_FORBIDDEN);
    actor.roles = CA_ROLE_ALL & ~(unsigned)(CA_ROLE_ADMIN | CA_ROLE_REGISTRAR);
    CHECK_STATUS(decide(&w, &actor, 1, true), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(decide(&w, &neighbour, 1, true), BM_E_NOT_FOUND);
    CHECK_STATUS(decide(&w, &second, 2, true), BM_E_NOT_FOUND);
    CHECK(is(&w, 1, "pending"));
    /* But he may take it back. */
    CHECK_STATUS(decide(&w, &admin, 1, false), BM_OK);
    CHECK(is(&w, 1, "rejected"));
    world_close(&w);
}

static void what_was_rejected_stays_so_for_that_key(void)
{
    struct world w;
    struct issued out;
    const struct bm_signer *key = world_key();

    world_open(&w);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_OK);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_E_CA_REQUEST);
    CHECK_STATUS(decide(&w, &second, 1, false), BM_OK); /* in time */
    CHECK_STATUS(decide(&w, &second, 1, false), BM_E_CA_REQUEST);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_E_CA_REQUEST);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_REJECTED);
    w.now += 2 * CA_REQUEST_LIFETIME;
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_REJECTED);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", world_key(), &out),
                 BM_E_CA_APPROVAL);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* RFC 7030 4.2.3: by identity and public key. */
static void an_approval_is_for_one_device_key_and_profile(void)
{
    struct world w;
    struct issued out;
    const struct bm_signer *key = world_key();

    world_open(&w);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_OK);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-2", key, &out), BM_E_CA_APPROVAL);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", world_key(), &out),
                 BM_E_CA_APPROVAL);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_OK);
    CHECK(is(&w, 1, "issued") && is(&w, 2, "pending") && is(&w, 3, "pending"));
    world_close(&w);
}

static void a_device_waits_whatever_it_shows(void)
{
    struct world w;
    struct issued idevid;
    struct issued out;
    char secret[CA_TOKEN_CHARS + 1];
    struct by_cert b = { CA_BY_IDEVID, WAITS, "SN-1", &idevid, NULL };
    struct by_token t = { WAITS, "SN-2", secret, NULL };
    struct store_request row;

    world_open(&w);
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &idevid), BM_OK);
    b.key = world_key();
    CHECK_STATUS(by_cert(&w, &b, &out), BM_E_CA_APPROVAL);
    row = row_of(&w, 1);
    CHECK(strncmp(row.asked, "certificate:", 12) == 0 && row.first[0] == 0);
    CHECK(strcmp(ca_request_means(&row), "idevid") == 0);
    /* No operator is behind it: any one will do. */
    CHECK_STATUS(decide(&w, &admin, 1, true), BM_OK);
    CHECK_STATUS(by_cert(&w, &b, &out), BM_OK);

    must(world_token(&w, WAITS, "SN-2", secret) == BM_OK, "token");
    t.key = world_key();
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_APPROVAL);
    row = row_of(&w, 2);
    CHECK(strncmp(row.asked, "token:", 6) == 0);
    CHECK(strcmp(row.first, "operator:first") == 0);
    CHECK_STATUS(decide(&w, &admin, 2, true), BM_E_CA_FORBIDDEN);
    /* The token outlives its own end as long as the request waits. */
    w.now += 5 * DAY;
    CHECK_STATUS(decide(&w, &second, 2, true), BM_OK);
    CHECK_STATUS(by_token(&w, &t, &out), BM_OK);
    CHECK_STATUS(by_token(&w, &t, &out), BM_OK);
    CHECK(out.repeated);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_token_is_bound_to_the_key_that_waits(void)
{
    struct world w;
    struct issued out;
    char secret[CA_TOKEN_CHARS + 1];
    struct by_token t = { WAITS, "SN-1", secret, NULL };
    const struct bm_signer *key = world_key();

    world_open(&w);
    must(world_token(&w, WAITS, "SN-1", secret) == BM_OK, "token");
    t.key = key;
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_APPROVAL);
    t.key = world_key();
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_TOKEN);
    CHECK(world_events(&w, 1, "token-misuse") == 1);
    CHECK_STATUS(decide(&w, &second, 1, false), BM_OK);
    t.key = key;
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_REJECTED);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_token_that_waits_can_be_revoked(void)
{
    struct world w;
    struct issued out;
    char secret[CA_TOKEN_CHARS + 1];
    char id[STORE_ID_MAX];
    struct by_token t = { WAITS, "SN-1", secret, NULL };
    struct ca_token_order order = { WAITS, "SN-1", 0 };

    world_open(&w);
    order.expires = w.now + DAY;
    must(ca_token_create(w.ca, &admin, &order, w.now, secret, id, NULL) ==
             BM_OK,
         "token");
    t.key = world_key();
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_OK);
    CHECK_STATUS(ca_token_revoke(w.ca, &admin, id, w.now, NULL), BM_OK);
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_TOKEN);
    world_close(&w);
}

static void a_renewal_goes_on_with_what_was_approved(void)
{
    struct world w;
    struct issued out;
    struct issued next;
    struct by_cert b = { CA_BY_CURRENT, WAITS, "SN-1", &out, NULL };
    const struct bm_signer *key = world_key();

    world_open(&w);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &next), BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_OK);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_OK);
    b.key = world_key();
    CHECK_STATUS(by_cert(&w, &b, &next), BM_OK);
    world_close(&w);
}

static void what_nobody_decides_lapses(void)
{
    struct world w;
    struct issued out;
    const struct bm_signer *key = world_key();

    world_open(&w);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_APPROVAL);
    w.now += CA_REQUEST_LIFETIME;
    CHECK(is(&w, 1, "pending"));
    w.now += 1;
    CHECK(is(&w, 1, "lapsed"));
    CHECK_STATUS(decide(&w, &second, 1, true), BM_E_CA_REQUEST);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &second, 2, true), BM_OK);
    w.now += CA_REQUEST_LIFETIME + 1;
    CHECK(is(&w, 2, "lapsed"));
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", key, &out), BM_E_CA_APPROVAL);
    CHECK(is(&w, 3, "pending"));
    world_close(&w);
}

static void a_device_cannot_fill_the_store(void)
{
    struct world w;
    struct issued out;
    uint64_t leaves;

    world_open(&w);
    for (unsigned i = 0; i < CA_REQUESTS_OF_DEVICE; i++) {
        CHECK_STATUS(by_operator(&w, WAITS, "SN-1", world_key(), &out),
                     BM_E_CA_APPROVAL);
    }
    leaves = world_leaves(&w);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", world_key(), &out),
                 BM_E_CA_WAITING);
    CHECK(world_leaves(&w) == leaves);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-2", world_key(), &out),
                 BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &second, 1, false), BM_OK);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", world_key(), &out),
                 BM_E_CA_APPROVAL);
    world_close(&w);
}

/* A server: of no device, told by its key. */
static void a_profile_without_devices_can_wait_too(void)
{
    struct world w;
    struct issued out;
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = WAITS_2, .csr = &q.csr
    };

    world_open(&w);
    request_make(&q, world_key(), NULL, "server");
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_OK);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_OK);
    CHECK(is(&w, 1, "issued"));
    CHECK(world_sound(&w));
    world_close(&w);
}

/* The same key under another subject is not what was approved. */
static void an_approval_is_for_what_was_seen(void)
{
    struct world w;
    struct issued out;
    struct request seen;
    struct request other;
    const struct bm_signer *key = world_key();
    struct ca_issue_request r = { .actor = &admin,
                                  .by = CA_BY_OPERATOR,
                                  .profile = WAITS_2,
                                  .csr = &seen.csr };

    world_open(&w);
    request_make(&seen, key, NULL, "server");
    request_make(&other, key, NULL, "another");
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_APPROVAL);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_OK);
    r.subject = other.csr.subject;
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_ARGUMENT);
    r.subject = (struct bm_bytes){ NULL, 0 };
    r.csr = &other.csr;
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_APPROVAL);
    CHECK(is(&w, 2, "pending"));
    CHECK_STATUS(decide(&w, &second, 2, true), BM_OK);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_OK);
    CHECK(bm_bytes_equal(out.cert.subject, other.csr.subject));
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Two at once: the second is looked at when the first is on record. */
static void the_same_request_twice_in_a_group_waits_once(void)
{
    struct world w;
    struct request q;
    struct ca_issue_request r[2];
    struct ca_issue_result result[2];

    world_open(&w);
    request_make(&q, world_key(), NULL, "server");
    r[0] = (struct ca_issue_request){
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = WAITS_2, .csr = &q.csr
    };
    r[1] = r[0];
    CHECK_STATUS(ca_issue(w.ca, r, 2, w.now, result), BM_OK);
    CHECK_STATUS(result[0].status, BM_E_CA_APPROVAL);
    CHECK_STATUS(result[1].status, BM_E_CA_APPROVAL);
    CHECK(strcmp(result[0].why.words, result[1].why.words) == 0);
    CHECK_STATUS(decide(&w, &second, 1, true), BM_OK);
    CHECK_STATUS(ca_issue(w.ca, r, 2, w.now, result), BM_OK);
    CHECK_STATUS(result[0].status, BM_OK);
    CHECK_STATUS(result[1].status, BM_OK);
    CHECK(result[0].id == result[1].id && result[1].repeated);
    world_close(&w);
}

/* ---- An operator asks again */

struct asks {
    struct world w;
    struct request q;
    struct ca_issue_request r;
    struct issued first;
};

static void asks_open(struct asks *a, const char *profile, const char *device)
{
    world_open(&a->w);
    request_make(&a->q, world_key(), device, device == NULL ? "server" : NULL);
    a->r = (struct ca_issue_request){ .actor = &admin,
                                      .by = CA_BY_OPERATOR,
                                      .profile = profile,
                                      .csr = &a->q.csr };
    CHECK_STATUS(world_issue(&a->w, &a->r, &a->first), BM_OK);
}

static void an_operator_who_asks_again_gets_the_same_certificate(void)
{
    static const struct {
        const char *profile;
        const char *device;
    } rows[] = { { LDEVID, "SN-1" },
                 { IDEVID, "SN-1" },
                 { SEVERAL, "SN-1" },
                 { "operator", NULL } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct asks a;
        struct issued again;
        uint64_t leaves;

        asks_open(&a, rows[i].profile, rows[i].device);
        leaves = world_leaves(&a.w);
        a.w.now += CA_REPEAT;
        CHECK_STATUS(world_issue(&a.w, &a.r, &again), BM_OK);
        CHECK(again.repeated && again.id == a.first.id &&
              bm_bytes_equal(issued_der(&again), issued_der(&a.first)));
        CHECK(world_leaves(&a.w) == leaves);
        CHECK(world_sound(&a.w));
        world_close(&a.w);
    }
}

static void a_request_that_differs_is_another_one(void)
{
    struct asks a;
    struct issued again;

    asks_open(&a, LDEVID, "SN-1");
    a.r.not_after = a.w.now + DAY;
    CHECK_STATUS(world_issue(&a.w, &a.r, &again), BM_E_CA_KEY_REUSED);
    a.r.not_after = 0;
    a.r.profile = SUSPEND;
    CHECK_STATUS(world_issue(&a.w, &a.r, &again), BM_E_CA_KEY_REUSED);
    a.r.profile = LDEVID;
    a.r.device = BM_LIT("SN-1"); /* which the request says anyway */
    CHECK_STATUS(world_issue(&a.w, &a.r, &again), BM_OK);
    CHECK(again.repeated);
    a.r.actor = &neighbour;
    CHECK_STATUS(world_issue(&a.w, &a.r, &again), BM_E_CA_KEY_OWNED);
    a.r.actor = &admin;
    a.w.now += CA_REPEAT + 1;
    CHECK_STATUS(world_issue(&a.w, &a.r, &again), BM_E_CA_KEY_REUSED);
    world_close(&a.w);
}

static void what_was_revoked_is_not_given_again(void)
{
    struct asks a;
    struct issued again;

    asks_open(&a, SEVERAL, "SN-1");
    CHECK_STATUS(world_revoke(&a.w, &a.first, BM_REASON_SUPERSEDED), BM_OK);
    CHECK_STATUS(world_issue(&a.w, &a.r, &again), BM_OK);
    CHECK(!again.repeated && again.id != a.first.id);
    world_close(&a.w);
}

static void a_compromised_key_is_nobodys_any_more(void)
{
    struct asks a;
    struct issued again;

    /* Although this profile lets a key go on. */
    asks_open(&a, SEVERAL, "SN-1");
    CHECK_STATUS(world_revoke(&a.w, &a.first, BM_REASON_KEY_COMPROMISE), BM_OK);
    CHECK_STATUS(world_issue(&a.w, &a.r, &again), BM_E_CA_KEY_BAD);
    world_close(&a.w);
}

int main(void)
{
    RUN(what_needs_approval_waits_and_is_issued_after_it);
    RUN(nobody_approves_what_he_asked_for);
    RUN(what_was_rejected_stays_so_for_that_key);
    RUN(an_approval_is_for_one_device_key_and_profile);
    RUN(a_device_waits_whatever_it_shows);
    RUN(a_token_is_bound_to_the_key_that_waits);
    RUN(a_token_that_waits_can_be_revoked);
    RUN(a_renewal_goes_on_with_what_was_approved);
    RUN(what_nobody_decides_lapses);
    RUN(a_device_cannot_fill_the_store);
    RUN(a_profile_without_devices_can_wait_too);
    RUN(an_approval_is_for_what_was_seen);
    RUN(the_same_request_twice_in_a_group_waits_once);
    RUN(an_operator_who_asks_again_gets_the_same_certificate);
    RUN(a_request_that_differs_is_another_one);
    RUN(what_was_revoked_is_not_given_again);
    RUN(a_compromised_key_is_nobodys_any_more);
    return bm_test_done();
}
