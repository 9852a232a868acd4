/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/crl.h"
#include "core/oid.h"
#include "core/time.h"
#include "tests/authority/foreign.h"

static const struct ca_list issuing_list = { "issuing", STORE_LIST_COMPLETE };

/* Revocation, and the lists that tell of it. */

struct list {
    uint8_t der[65536];
    size_t n;
    struct bm_crl crl;
    uint64_t number;
};

static bm_status collect(void *self, struct bm_bytes octets)
{
    struct list *l = self;

    if (octets.n > sizeof l->der - l->n) {
        return BM_E_FULL;
    }
    memcpy(l->der + l->n, octets.p, octets.n);
    l->n += octets.n;
    return BM_OK;
}

static bm_status make_list(struct world *w, const char *id, struct list *l)
{
    const struct ca_list list = { id, STORE_LIST_COMPLETE };
    struct bm_crl_sink sink = { l, collect };

    l->n = 0;
    BM_TRY(ca_crl_make(w->ca, &admin, &list, w->now, &sink, NULL));
    BM_TRY(ca_crl_published(w->ca, &list, w->now, NULL));
    must(bm_crl_parse((struct bm_bytes){ l->der, l->n }, NULL, &l->crl) ==
             BM_OK,
         "list");
    CHECK_STATUS(
        bm_crl_verify(&l->crl, &world_ca(id)->cert.key, world_crypto()), BM_OK);
    l->number = 0;
    for (size_t i = 0; i < l->crl.ext.number.n; i++) {
        l->number = l->number << 8 | l->crl.ext.number.p[i];
    }
    return BM_OK;
}

static bool find(const struct list *l, const struct issued *c,
                 struct bm_crl_entry *entry)
{
    struct bm_bytes entries = l->crl.entries;

    while (bm_crl_entry_next(&entries, entry)) {
        if (bm_bytes_equal(entry->serial, issued_serial(c))) {
            return true;
        }
    }
    return false;
}

static void every_reason_is_on_the_next_list(void)
{
    static const struct {
        uint8_t reason;
        bm_status want;
    } rows[] = {
        { BM_REASON_UNSPECIFIED, BM_OK },
        { BM_REASON_KEY_COMPROMISE, BM_OK },
        { BM_REASON_CA_COMPROMISE, BM_E_CA_REASON },
        { BM_REASON_AFFILIATION, BM_OK },
        { BM_REASON_SUPERSEDED, BM_OK },
        { BM_REASON_CESSATION, BM_OK },
        { BM_REASON_HOLD, BM_OK },
        { 7, BM_E_CA_REASON },
        { BM_REASON_REMOVE, BM_E_CA_REASON },
        { BM_REASON_PRIVILEGE, BM_OK },
        { BM_REASON_AA_COMPROMISE, BM_E_CA_REASON },
        { 11, BM_E_CA_REASON },
        { 255, BM_E_CA_REASON },
    };
    enum {
        N = sizeof rows / sizeof rows[0]
    };
    static struct list l;
    struct world w;
    struct issued c[N];
    struct bm_crl_entry entry;

    world_open(&w);
    for (size_t i = 0; i < N; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "SN-%zu", i);
        must(by_operator(&w, LDEVID, name, world_key(), &c[i]) == BM_OK,
             "ldevid");
        CHECK_STATUS(world_revoke(&w, &c[i], rows[i].reason), rows[i].want);
        CHECK(status_of(&w, &c[i]) == (rows[i].want != BM_OK ? STORE_CERT_VALID
                                       : rows[i].reason == BM_REASON_HOLD
                                           ? STORE_CERT_HELD
                                           : STORE_CERT_REVOKED));
    }
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    for (size_t i = 0; i < N; i++) {
        CHECK(find(&l, &c[i], &entry) == (rows[i].want == BM_OK));
        if (rows[i].want == BM_OK && find(&l, &c[i], &entry)) {
            CHECK(entry.reason == rows[i].reason);
            CHECK(entry.revoked_at == w.now);
            CHECK(!entry.has_invalid_since);
        }
    }
    CHECK(l.crl.head.this_update == w.now);
    CHECK(l.crl.head.next_update == w.now + 7 * DAY);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_hold_may_be_lifted_and_nothing_else(void)
{
    static struct list l;
    struct world w;
    struct issued c;
    struct bm_crl_entry entry;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    CHECK_STATUS(world_release(&w, &c), BM_E_CA_STATUS);
    CHECK_STATUS(world_revoke(&w, &c, BM_REASON_HOLD), BM_OK);
    CHECK_STATUS(world_revoke(&w, &c, BM_REASON_HOLD), BM_E_CA_STATUS);
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(find(&l, &c, &entry) && entry.reason == BM_REASON_HOLD);
    CHECK_STATUS(world_release(&w, &c), BM_OK);
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(!find(&l, &c, &entry));
    CHECK_STATUS(world_seen(&w, &c), BM_OK);
    /* Revoked after a hold: for ever. */
    CHECK_STATUS(world_revoke(&w, &c, BM_REASON_HOLD), BM_OK);
    w.now += HOUR;
    CHECK_STATUS(world_revoke(&w, &c, BM_REASON_KEY_COMPROMISE), BM_OK);
    CHECK_STATUS(world_revoke(&w, &c, BM_REASON_CESSATION), BM_E_CA_STATUS);
    CHECK_STATUS(world_revoke(&w, &c, BM_REASON_HOLD), BM_E_CA_STATUS);
    CHECK_STATUS(world_release(&w, &c), BM_E_CA_STATUS);
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(find(&l, &c, &entry) && entry.reason == BM_REASON_KEY_COMPROMISE);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void the_neighbours_certificate_does_not_exist(void)
{
    struct world w;
    struct issued c;
    struct issued theirs;
    struct request q;
    struct ca_issue_request r = { .actor = &neighbour,
                                  .by = CA_BY_OPERATOR,
                                  .profile = SUSPEND,
                                  .csr = &q.csr };
    struct ca_revocation rev = { .reason = BM_REASON_HOLD };
    struct world_print before;
    struct world_print after;

    world_open(&w);
    must(by_operator(&w, SUSPEND, "SN-1", world_key(), &c) == BM_OK, "ours");
    request_make(&q, world_key(), "SN-1", NULL);
    must(world_issue(&w, &r, &theirs) == BM_OK, "theirs");
    rev.serial = issued_serial(&c);
    before = world_print(&w);
    CHECK_STATUS(ca_revoke(w.ca, &neighbour, &rev, w.now, NULL),
                 BM_E_NOT_FOUND);
    rev.ca = "issuing";
    CHECK_STATUS(ca_revoke(w.ca, &neighbour, &rev, w.now, NULL),
                 BM_E_NOT_FOUND);
    rev.ca = "operations"; /* not that CA's */
    CHECK_STATUS(ca_revoke(w.ca, &admin, &rev, w.now, NULL), BM_E_NOT_FOUND);
    rev.ca = "no-such-ca";
    CHECK_STATUS(ca_revoke(w.ca, &admin, &rev, w.now, NULL), BM_E_NOT_FOUND);
    rev.ca = NULL;
    rev.serial = (struct bm_bytes){ NULL, 0 };
    CHECK_STATUS(ca_revoke(w.ca, &admin, &rev, w.now, NULL), BM_E_NOT_FOUND);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    rev.serial = issued_serial(&theirs);
    CHECK_STATUS(ca_revoke(w.ca, &neighbour, &rev, w.now, NULL), BM_OK);
    CHECK(status_of(&w, &theirs) == STORE_CERT_HELD);
    CHECK_STATUS(
        ca_release(w.ca, &neighbour, NULL, issued_serial(&c), w.now, NULL),
        BM_E_NOT_FOUND);
    CHECK_STATUS(
        ca_release(w.ca, &neighbour, NULL, issued_serial(&theirs), w.now, NULL),
        BM_OK);
    world_close(&w);
}

static void an_invalidity_date_is_in_the_past(void)
{
    static struct list l;
    struct world w;
    struct issued c;
    struct ca_revocation rev = { .reason = BM_REASON_KEY_COMPROMISE };
    struct bm_crl_entry entry;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    rev.serial = issued_serial(&c);
    rev.invalid_since = w.now + 1;
    CHECK_STATUS(ca_revoke(w.ca, &admin, &rev, w.now, NULL), BM_E_ARGUMENT);
    rev.invalid_since = INT64_MIN;
    CHECK_STATUS(ca_revoke(w.ca, &admin, &rev, w.now, NULL), BM_E_ARGUMENT);
    CHECK(status_of(&w, &c) == STORE_CERT_VALID);
    rev.invalid_since = w.now - DAY;
    CHECK_STATUS(ca_revoke(w.ca, &admin, &rev, w.now, NULL), BM_OK);
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(find(&l, &c, &entry) && entry.has_invalid_since &&
          entry.invalid_since == w.now - DAY);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* RFC 5280 3.3: "An entry MUST NOT be removed from the CRL until it appears
 * on one regularly scheduled CRL issued beyond the revoked certificate's
 * validity period." */
static void an_expired_entry_stays_for_one_more_list(void)
{
    static struct list l;
    struct world w;
    struct issued c;
    struct bm_crl_entry entry;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    must(world_revoke(&w, &c, BM_REASON_KEY_COMPROMISE) == BM_OK, "revoke");
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(find(&l, &c, &entry));
    w.now = c.cert.not_after - 1;
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(find(&l, &c, &entry));
    w.now = c.cert.not_after + DAY;
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(find(&l, &c, &entry));
    w.now += HOUR;
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(!find(&l, &c, &entry));
    world_close(&w);
}

static void numbers_grow_also_over_a_list_that_got_lost(void)
{
    static struct list l;
    struct world w;
    struct issued c;
    struct bm_crl_entry entry;
    uint64_t first;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    must(world_revoke(&w, &c, BM_REASON_KEY_COMPROMISE) == BM_OK, "revoke");
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    first = l.number;
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(l.number == first + 1);
    /* Signed, and then the commit fails: nothing may be published. */
    w.now = c.cert.not_after + DAY;
    faulty_arm(&w.signer.f, 0, BM_OK);
    for (uint64_t n = 1;; n++) {
        uint64_t commits = w.faulty.commits;
        bm_status rc;

        faulty_arm(&w.faulty.f, n, BM_E_IO);
        rc = make_list(&w, "issuing", &l);
        faulty_disarm(&w.faulty.f);
        if (rc == BM_OK) {
            /* A checkpoint that fails behind it is no failure of the list. */
            CHECK(!w.faulty.f.hit || w.faulty.commits > commits);
            break;
        }
        CHECK_STATUS(rc, BM_E_IO);
    }
    /* Number after number may be lost, none comes twice, and what the lost
     * ones had for the last time is on this one. */
    CHECK(l.number > first + 1);
    CHECK(find(&l, &c, &entry));
    first = l.number;
    CHECK_STATUS(world_reopen(&w), BM_OK);
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(l.number == first + 1);
    CHECK(!find(&l, &c, &entry));
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_list_that_got_lost_with_its_process_is_remembered(void)
{
    static struct list l;
    struct world w;
    uint64_t first;

    world_open(&w);
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    first = l.number;
    /* The signer did it, the answer never came, the process ended. */
    faulty_arm(&w.signer.f, 1, BM_E_IO);
    w.signer.f.after = true;
    CHECK_STATUS(make_list(&w, "issuing", &l), BM_E_IO);
    faulty_disarm(&w.signer.f);
    CHECK_STATUS(world_reopen(&w), BM_OK);
    CHECK_STATUS(make_list(&w, "issuing", &l), BM_OK);
    CHECK(l.number == first + 2);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_list_needs_a_key_and_a_role(void)
{
    static struct list l;
    struct world w;
    struct ca_actor actor = admin;
    struct bm_crl_sink sink = { &l, collect };

    world_open(&w);
    CHECK_STATUS(make_list(&w, "root", &l), BM_E_CA_UNAVAILABLE);
    CHECK_STATUS(make_list(&w, "no-such-ca", &l), BM_E_NOT_FOUND);
    actor.roles = CA_ROLE_FACTORY | CA_ROLE_AUDITOR;
    CHECK_STATUS(ca_crl_make(w.ca, &actor, &issuing_list, w.now, &sink, NULL),
                 BM_E_CA_FORBIDDEN);
    actor.roles = CA_ROLE_REGISTRAR;
    CHECK_STATUS(ca_crl_make(w.ca, &actor, &issuing_list, w.now, &sink, NULL),
                 BM_OK);
    world_close(&w);
}

/* ---- Lists that are made elsewhere: the cold root's */

static void make_elsewhere(const struct foreign *f, struct list *l)
{
    const struct bm_crl_sink sink = { l, collect };

    l->n = 0;
    make_foreign(f, &sink);
}

static bm_status load(struct world *w, const char *id, const struct list *l)
{
    return ca_crl_load(w->ca, &admin, id, (struct bm_bytes){ l->der, l->n },
                       w->now, NULL);
}

/* The issuing CA stands in for the root, whose key is sealed away. */
static void a_loaded_list_is_held_against_its_ca(void)
{
    static struct list l;
    struct world w;
    const struct instance_ca *ca = world_ca("issuing");
    const struct instance_ca *other = world_ca("operations");
    const struct foreign good = { .key = ca->key->signer,
                                  .issuer = ca->cert.subject,
                                  .number = 100,
                                  .this_update = WORLD_START,
                                  .next_update = WORLD_START + 400 * DAY };
    struct foreign f;
    struct world_print before;
    struct world_print after;

    world_open(&w);
    before = world_print(&w);
    f = good;
    f.key = other->key->signer;
    make_elsewhere(&f, &l);
    CHECK_STATUS(load(&w, "issuing", &l), BM_E_CRL_SIGNATURE);
    f = good;
    f.issuer = other->cert.subject;
    make_elsewhere(&f, &l);
    CHECK_STATUS(load(&w, "issuing", &l), BM_E_CRL_ISSUER);
    make_elsewhere(&good, &l);
    CHECK_STATUS(load(&w, "operations", &l), BM_E_CRL_ISSUER);
    CHECK_STATUS(load(&w, "no-such-ca", &l), BM_E_NOT_FOUND);
    f = good;
    f.next_update = w.now;
    make_elsewhere(&f, &l);
    CHECK_STATUS(load(&w, "issuing", &l), BM_E_CRL_TIME);
    f = good;
    f.this_update = w.now + DAY;
    make_elsewhere(&f, &l);
    CHECK_STATUS(load(&w, "issuing", &l), BM_E_CRL_TIME);
    f = good;
    f.delta = true;
    make_elsewhere(&f, &l);
    CHECK_STATUS(load(&w, "issuing", &l), BM_E_CRL_SCOPE);
    f = good;
    f.scoped = true;
    make_elsewhere(&f, &l);
    CHECK_STATUS(load(&w, "issuing", &l), BM_E_CRL_SCOPE);
    f = good;
    f.number = 1; /* the first is there already */
    make_elsewhere(&f, &l);
    CHECK_STATUS(load(&w, "issuing", &l), BM_E_CRL_NUMBER);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    make_elsewhere(&good, &l);
    CHECK_STATUS(load(&w, "issuing", &l), BM_OK);
    CHECK_STATUS(load(&w, "issuing", &l), BM_E_CRL_NUMBER);
    /* Our own go on behind it. */
    must(make_list(&w, "issuing", &l) == BM_OK, "crl");
    CHECK(l.number == 101);
    world_close(&w);
}

static void no_octet_of_a_loaded_list_may_differ(void)
{
    static struct list l;
    struct world w;
    const struct instance_ca *ca = world_ca("issuing");
    const struct foreign good = { .key = ca->key->signer,
                                  .issuer = ca->cert.subject,
                                  .number = 100,
                                  .this_update = WORLD_START,
                                  .next_update = WORLD_START + 400 * DAY };
    struct world_print before;
    struct world_print after;
    size_t n;

    world_open(&w);
    before = world_print(&w);
    make_elsewhere(&good, &l);
    n = l.n;
    for (size_t i = 0; i < n; i++) {
        l.n = i;
        CHECK(load(&w, "issuing", &l) != BM_OK);
        l.n = n;
        l.der[i] ^= 1;
        CHECK(load(&w, "issuing", &l) != BM_OK);
        l.der[i] ^= 1;
    }
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    CHECK_STATUS(load(&w, "issuing", &l), BM_OK);
    world_close(&w);
}

int main(void)
{
    RUN(every_reason_is_on_the_next_list);
    RUN(a_hold_may_be_lifted_and_nothing_else);
    RUN(the_neighbours_certificate_does_not_exist);
    RUN(an_invalidity_date_is_in_the_past);
    RUN(an_expired_entry_stays_for_one_more_list);
    RUN(numbers_grow_also_over_a_list_that_got_lost);
    RUN(a_list_that_got_lost_with_its_process_is_remembered);
    RUN(a_list_needs_a_key_and_a_role);
    RUN(a_loaded_list_is_held_against_its_ca);
    RUN(no_octet_of_a_loaded_list_may_differ);
    return bm_test_done();
}
