/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ca/bundle.h"
#include "ca/bundle_internal.h"
#include "ca/internal.h"
#include "tests/authority/world.h"

/* Trust bundles: what they tell, what the signer agrees to, and that no version
 * comes twice. */

struct made {
    uint8_t room[CA_BUNDLE_MAX];
    size_t n;
    struct bm_bundle bundle;
    struct bm_cert signer;
};

static bm_status make(struct world *w, struct made *m)
{
    struct bm_bytes certs;
    struct bm_wr out;

    bm_wr_init(&out, m->room, sizeof m->room);
    BM_TRY(ca_bundle_make(w->ca, &admin, CA_BUNDLE_FIRST, w->now, &out, NULL));
    m->n = out.len;
    must(bm_bundle_open((struct bm_bytes){ m->room, m->n }, world_crypto(),
                        &m->signer, &certs, &m->bundle) == BM_OK,
         "a bundle");
    return BM_OK;
}

static struct ca_bundle_state state_of(struct world *w)
{
    struct ca_bundle_state state = { .changed = false };

    CHECK_STATUS(ca_bundle_look(w->ca, CA_BUNDLE_FIRST, w->now, &state), BM_OK);
    return state;
}

/* What is said of a certificate. */
static enum bm_bundle_word word_of(const struct made *m, const char *ca,
                                   const struct issued *c)
{
    uint8_t key[BM_BUNDLE_KEY_SIZE];

    must(bm_bundle_key(world_crypto(), &world_ca(ca)->cert.key, key) == BM_OK,
         "key");
    return bm_bundle_ask(&m->bundle, key, issued_serial(c));
}

static void device(struct world *w, const char *name, struct issued *c)
{
    must(by_operator(w, "ieee-802.1ar-ldevid", name, world_key(), c) == BM_OK,
         name);
}

/* ---- What it tells */

static void revoked_and_held_are_denied_and_released_are_not(void)
{
    static struct made m;
    static struct issued revoked, held, good;
    struct world w;
    uint64_t first;

    world_open(&w);
    device(&w, "SN-1", &revoked);
    device(&w, "SN-2", &held);
    device(&w, "SN-3", &good);
    CHECK_STATUS(make(&w, &m), BM_OK);
    first = m.bundle.version;
    CHECK(!state_of(&w).changed);
    CHECK(word_of(&m, "issuing", &revoked) == BM_BUNDLE_GOOD);
    CHECK_STATUS(world_revoke(&w, &revoked, BM_REASON_KEY_COMPROMISE), BM_OK);
    CHECK_STATUS(world_revoke(&w, &held, BM_REASON_HOLD), BM_OK);
    CHECK(state_of(&w).changed);
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(m.bundle.version > first);
    CHECK(!state_of(&w).changed);
    CHECK(word_of(&m, "issuing", &revoked) == BM_BUNDLE_DENIED);
    CHECK(word_of(&m, "issuing", &held) == BM_BUNDLE_DENIED);
    CHECK(word_of(&m, "issuing", &good) == BM_BUNDLE_GOOD);
    CHECK(word_of(&m, "operations", &revoked) == BM_BUNDLE_GOOD);
    CHECK_STATUS(world_release(&w, &held), BM_OK);
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(word_of(&m, "issuing", &held) == BM_BUNDLE_GOOD);
    CHECK_STATUS(bm_bundle_signer_check(&m.signer), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void what_has_expired_leaves_it_but_for_servers(void)
{
    static struct made m;
    static struct issued old, server;
    static struct request r;
    struct world w;
    struct ca_issue_request q = { .actor = &authority,
                                  .by = CA_BY_AUTHORITY,
                                  .profile = "tls-server",
                                  .csr = &r.csr };

    world_open(&w);
    q.not_after = w.now + 30 * DAY;
    device(&w, "SN-1", &old);
    request_server(&r, world_key(), "old.example");
    CHECK_STATUS(world_issue(&w, &q, &server), BM_OK);
    CHECK_STATUS(world_revoke(&w, &old, BM_REASON_SUPERSEDED), BM_OK);
    CHECK_STATUS(world_revoke(&w, &server, BM_REASON_SUPERSEDED), BM_OK);
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(word_of(&m, "issuing", &old) == BM_BUNDLE_DENIED);
    CHECK(word_of(&m, "operations", &server) == BM_BUNDLE_DENIED);
    w.now = old.cert.not_after + DAY;
    CHECK(w.now > server.cert.not_after);
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(word_of(&m, "issuing", &old) == BM_BUNDLE_GOOD);
    CHECK(word_of(&m, "operations", &server) == BM_BUNDLE_DENIED);
    world_close(&w);
}

static void a_ca_with_too_many_is_left_out_and_the_others_are_not(void)
{
    static struct made m;
    static struct issued some[8];
    struct world w;

    world_open(&w);
    w.bundle_deny = 200; /* three issuers, and few serial numbers */
    must(world_reopen(&w) == BM_OK, "reopen");
    for (size_t i = 0; i < 8; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "SN-%zu", i);
        device(&w, name, &some[i]);
        CHECK_STATUS(world_revoke(&w, &some[i], BM_REASON_SUPERSEDED), BM_OK);
    }
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(m.bundle.has_issuers);
    CHECK(word_of(&m, "issuing", &some[0]) == BM_BUNDLE_SILENT);
    CHECK(word_of(&m, "operations", &some[0]) == BM_BUNDLE_GOOD);
    w.bundle_deny = 0;
    must(world_reopen(&w) == BM_OK, "reopen");
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(!m.bundle.has_issuers);
    world_close(&w);
}

/* What stops a stolen key of an EST server is the last to go. */
static void a_ca_of_servers_is_left_out_after_the_others(void)
{
    static struct made m;
    static struct issued denied;
    static struct issued servers[4];
    static struct request r;
    struct world w;
    struct ca_issue_request q = { .actor = &authority,
                                  .by = CA_BY_AUTHORITY,
                                  .profile = "tls-server",
                                  .csr = &r.csr };

    world_open(&w);
    w.bundle_deny = 200; /* three issuers, and few serial numbers */
    must(world_reopen(&w) == BM_OK, "reopen");
    q.not_after = w.now + 30 * DAY;
    device(&w, "SN-1", &denied);
    CHECK_STATUS(world_revoke(&w, &denied, BM_REASON_SUPERSEDED), BM_OK);
    for (size_t i = 0; i < 4; i++) {
        request_server(&r, world_key(), "est.example");
        CHECK_STATUS(world_issue(&w, &q, &servers[i]), BM_OK);
        CHECK_STATUS(world_revoke(&w, &servers[i], BM_REASON_KEY_COMPROMISE),
                     BM_OK);
    }
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(word_of(&m, "issuing", &denied) == BM_BUNDLE_SILENT);
    CHECK(word_of(&m, "operations", &servers[0]) == BM_BUNDLE_DENIED);
    world_close(&w);
}

/* Certificates that lead from one root to another, as rollovers leave them:
 * what they say does not matter here. */
static void put_link(struct world *w, unsigned i, struct issued *c)
{
    struct store_ca row = { .kind = STORE_CA_LINK, .status = STORE_CA_ACTIVE };
    struct store *s = w->store;

    (void)snprintf(row.id, sizeof row.id, "link-%u", i);
    device(w, row.id, c);
    row.cert = issued_der(c);
    must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
    must(s->ca_put(s->self, &row) == BM_OK, "link");
    must(s->commit(s->self) == BM_OK, "commit");
}

static void of_many_rollovers_the_newest_links_are_kept(void)
{
    static struct issued links[BM_BUNDLE_SMALL_CROSS + 2];
    static struct bundle_said said;
    const size_t n = sizeof links / sizeof links[0];
    struct world w;
    struct store *s;

    world_open(&w);
    s = w.store;
    for (unsigned i = 0; i < n; i++) {
        put_link(&w, i, &links[i]);
        w.now += DAY;
    }
    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(bundle_gather(w.ca, CA_BUNDLE_FIRST, w.now, &said), BM_OK);
    s->rollback(s->self);
    CHECK(said.cross_n == BM_BUNDLE_SMALL_CROSS);
    for (size_t i = 0; i < n; i++) {
        bool kept = false;

        for (size_t k = 0; k < said.cross_n; k++) {
            kept = kept || bm_bytes_equal(said.cross[k], issued_der(&links[i]));
        }
        CHECK(kept == (i >= 2));
    }
    bundle_said_free(&said);
    world_close(&w);
}

static void it_ends_with_what_signs_it(void)
{
    static struct made m;
    struct world w;
    int64_t end = world_base()->bundle.cert.not_after;

    world_open(&w);
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(m.bundle.next_update == w.now + 7 * DAY);
    CHECK(state_of(&w).due == w.now + 7 * DAY / 2);
    w.now = end - DAY;
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(m.bundle.next_update == end);
    w.now = end;
    CHECK_STATUS(make(&w, &m), BM_E_CA_UNAVAILABLE);
    world_close(&w);
}

static void only_who_may_make_lists_makes_one(void)
{
    static uint8_t room[CA_BUNDLE_MAX];
    struct bm_wr out;
    struct world w;

    world_open(&w);
    bm_wr_init(&out, room, sizeof room);
    CHECK_STATUS(ca_bundle_make(w.ca, &est, CA_BUNDLE_FIRST, w.now, &out, NULL),
                 BM_E_CA_FORBIDDEN);
    CHECK(out.len == 0);
    world_close(&w);
}

/* ---- What the signer agrees to */

static bm_status sign(struct world *w, const struct bm_bundle_config *config)
{
    static uint8_t content[CA_BUNDLE_MAX];
    static uint8_t message[CA_BUNDLE_MAX];
    struct ca_signer *s = w->real_signer;
    struct bm_wr c;
    struct bm_wr out;

    bm_wr_init(&c, content, sizeof content);
    must(bm_bundle_put(config, &c) == BM_OK, "content");
    bm_wr_init(&out, message, sizeof message);
    return s->bundle(s->self, bm_wr_bytes(&c), w->now, &out);
}

static void the_signer_reads_what_it_signs(void)
{
    static const uint8_t hash[32] = { 1 };
    const char *series = world_base()->settings.bundle_series;
    const struct bm_bytes key = { hash, 32 };
    const struct bm_bytes stranger = world_ca("issuing")->cert.der;
    const struct bm_bundle_anchor root = { .cert = world_ca("root")->cert.der,
                                           .uses = BM_BUNDLE_USES };
    const struct bm_bundle_anchor foreign = { .cert = stranger };
    const struct bm_bundle_anchor gone = { .cert = root.cert,
                                           .status = BM_BUNDLE_WITHDRAWN };
    uint8_t above[BM_BUNDLE_KEY_SIZE];
    /* The root has not revoked the CA of bundles' signers. */
    const struct bm_bytes serial = world_ca("operations")->cert.serial;
    const struct bm_bundle_denied lost = { .key = BM_ARRAY(above),
                                           .serials = &serial,
                                           .serials_n = 1 };
    struct bm_bundle_config good;
    struct bm_bundle_config c;
    struct world w;
    uint64_t last;

    world_open(&w);
    last = ca_journal_version(w.journal, CA_JOURNAL_BUNDLE);
    CHECK(last != 0); /* that of init */
    good = (struct bm_bundle_config){ .name = { (const uint8_t *)series,
                                                strlen(series) },
                                      .version = last + 1,
                                      .issued = w.now,
                                      .next_update = w.now + DAY,
                                      .anchors = &root,
                                      .anchors_n = 1 };
    c = good;
    c.anchors = &foreign;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c.anchors = &gone;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.cross = &stranger;
    c.cross_n = 1;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.keys = &key;
    c.keys_n = 1;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    must(bm_bundle_key(world_crypto(), &world_ca("root")->cert.key, above) ==
             BM_OK,
         "key");
    c = good;
    c.issuers = &lost;
    c.issuers_n = 1;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.name = BM_LIT("another");
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.version = last;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.version = last + CA_LIST_STEP_MAX + 1;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.issued = w.now + CA_CLOCK_SLACK + 1;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.next_update = w.now + 8 * DAY;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    CHECK(ca_journal_version(w.journal, CA_JOURNAL_BUNDLE) == last);
    CHECK_STATUS(sign(&w, &good), BM_OK);
    CHECK(ca_journal_version(w.journal, CA_JOURNAL_BUNDLE) == last + 1);
    CHECK_STATUS(sign(&w, &good), BM_E_CA_SIGNER);
    world_close(&w);
}

static void the_signer_parses_before_it_signs(void)
{
    static uint8_t message[1024];
    struct world w;
    struct bm_wr out;

    world_open(&w);
    bm_wr_init(&out, message, sizeof message);
    CHECK(w.real_signer->bundle(w.real_signer->self, BM_LIT("\xa1\x01\x01"),
                                w.now, &out) != BM_OK);
    CHECK(out.len == 0);
    world_close(&w);
}

/* ---- Versions */

/* Whatever call fails, before or after it had its effect: what was signed is
 * not signed again under the same version, and the next one is made. */
static bool try_failing(struct faulty *f, struct world *w, uint64_t at,
                        bool after)
{
    static struct made m;
    uint64_t before = ca_journal_version(w->journal, CA_JOURNAL_BUNDLE);
    bool hit;
    bm_status rc;

    faulty_arm(f, at, BM_E_IO);
    f->once = true;
    f->after = after;
    rc = make(w, &m);
    hit = f->hit;
    faulty_disarm(f);
    CHECK(rc == BM_OK || hit);
    w->now++;
    CHECK_STATUS(make(w, &m), BM_OK);
    CHECK(m.bundle.version > before);
    CHECK(m.bundle.version ==
          ca_journal_version(w->journal, CA_JOURNAL_BUNDLE));
    return hit;
}

static void no_version_comes_twice_whatever_fails(void)
{
    struct world w;
    uint64_t calls = 0;

    world_open(&w);
    for (uint64_t at = 1; try_failing(&w.faulty.f, &w, at, false); at++) {
        calls++;
    }
    for (uint64_t at = 1; try_failing(&w.faulty.f, &w, at, true); at++) {
    }
    CHECK(try_failing(&w.signer.f, &w, 1, false));
    CHECK(try_failing(&w.signer.f, &w, 1, true));
    CHECK(calls > 10);
    must(world_reopen(&w) == BM_OK, "reopen");
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_lost_one_is_on_record_and_its_version_is_not_used_again(void)
{
    static struct made m;
    struct world w;
    struct ca_bundle_last last;
    struct store *s;
    uint64_t floor;

    world_open(&w);
    /* Signed, and the process dies before anything else. */
    faulty_arm(&w.signer.f, 1, BM_E_IO);
    w.signer.f.after = true;
    CHECK(make(&w, &m) == BM_E_IO);
    faulty_disarm(&w.signer.f);
    floor = ca_journal_version(w.journal, CA_JOURNAL_BUNDLE);
    must(world_reopen(&w) == BM_OK, "reopen");
    s = w.store;
    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(ca_bundle_last(s, CA_BUNDLE_FIRST, &last), BM_OK);
    CHECK(last.version < floor);
    CHECK_STATUS(ca_version_floor(s, CA_JOURNAL_BUNDLE, &last.version), BM_OK);
    CHECK(last.version == floor);
    s->rollback(s->self);
    CHECK(world_sound(&w));
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(m.bundle.version == floor + 1);
    world_close(&w);
}

static void versions_are_passed_over_when_a_backup_is_restored(void)
{
    static struct made m;
    struct world w;
    uint64_t before;

    world_open(&w);
    CHECK_STATUS(make(&w, &m), BM_OK);
    before = m.bundle.version;
    must(ca_begin(w.ca, w.now, NULL) == BM_OK, "begin");
    CHECK_STATUS(ca_end(w.ca, ca_bundle_skip(w.ca, 1000), w.now, NULL), BM_OK);
    CHECK(state_of(&w).changed);
    CHECK_STATUS(make(&w, &m), BM_OK);
    CHECK(m.bundle.version == before + 1001);
    world_close(&w);
}

/* ---- Who signs */

static void a_certificate_of_another_purpose_signs_no_bundles(void)
{
    static struct issued server;
    static struct request r;
    struct world w;
    struct ca_issue_request q = { .actor = &authority,
                                  .by = CA_BY_AUTHORITY,
                                  .profile = "tls-server",
                                  .csr = &r.csr };
    struct ca_bundle_signer signer = { .key_uri = BM_LIT("file:a.key"),
                                       .ca = BM_LIT("operations") };

    world_open(&w);
    request_server(&r, world_key(), "a.example");
    CHECK_STATUS(world_issue(&w, &q, &server), BM_OK);
    signer.cert = issued_der(&server);
    CHECK_STATUS(ca_bundle_signer_put(w.ca, &signer, w.now, NULL),
                 BM_E_PATH_EKU);
    world_close(&w);
}

/* The profile is the authority's: an operator would be one who makes devices
 * trust whom he likes. */
static void nobody_gets_such_a_certificate_by_asking(void)
{
    static struct issued c;
    struct world w;

    world_open(&w);
    CHECK_STATUS(by_operator(&w, "trust-bundle", NULL, world_key(), &c),
                 BM_E_PROFILE_REQUESTER);
    world_close(&w);
}

int main(void)
{
    RUN(revoked_and_held_are_denied_and_released_are_not);
    RUN(what_has_expired_leaves_it_but_for_servers);
    RUN(a_ca_with_too_many_is_left_out_and_the_others_are_not);
    RUN(a_ca_of_servers_is_left_out_after_the_others);
    RUN(of_many_rollovers_the_newest_links_are_kept);
    RUN(it_ends_with_what_signs_it);
    RUN(only_who_may_make_lists_makes_one);
    RUN(the_signer_reads_what_it_signs);
    RUN(the_signer_parses_before_it_signs);
    RUN(no_version_comes_twice_whatever_fails);
    RUN(a_lost_one_is_on_record_and_its_version_is_not_used_again);
    RUN(versions_are_passed_over_when_a_backup_is_restored);
    RUN(a_certificate_of_another_purpose_signs_no_bundles);
    RUN(nobody_gets_such_a_certificate_by_asking);
    return bm_test_done();
}
