/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/judge_cases.h"

/*
 * A CRL for the certificates in question, where the bundle has no word. The CA
 * is judge.sub, key 1; the peer is a client, whom the policy of the cases does
 * not let in unknown.
 */
#define DAY INT64_C(86400)

/* How closely it is looked at: QEMU is slow at signatures. */
#if BM_TEST_ON_BOARD
#define STRIDE 197
#define ROUNDS (BM_TRUST_KNOWN_MAX + 1)
#else
#define STRIDE 3
#define ROUNDS (2 * BM_TRUST_KNOWN_MAX)
#endif

struct list {
    const char *issuer;
    uint8_t signer;
    int64_t this_update; /* from MAKER_NOW; a day long */
    bool revoked;        /* the peer, */
    unsigned others;     /* among so many */
    bool delta;
};

static struct bm_trust_crl crl;
static uint8_t octets[65536];
static struct bm_wr out;
static const struct list *wanted;
static unsigned at;
static size_t question; /* of the chain: whom it is about */

static bm_status rewind_entries(void *self)
{
    (void)self;
    at = 0;
    return BM_OK;
}

static bm_status next_entry(void *self, struct bm_crl_entry *entry)
{
    static uint8_t serial[4] = { 0x7f };

    (void)self;
    *entry = (struct bm_crl_entry){ .revoked_at = MAKER_NOW - DAY };
    if (at < wanted->others) {
        serial[2] = (uint8_t)(at >> 8);
        serial[3] = (uint8_t)at;
        entry->serial = BM_ARRAY(serial);
    } else if (at == wanted->others && wanted->revoked) {
        entry->serial = judge.cert[question].serial;
    } else {
        return BM_E_END;
    }
    at++;
    return BM_OK;
}

static bm_status put(void *self, struct bm_bytes piece)
{
    (void)self;
    bm_wr_put(&out, piece);
    return BM_OK;
}

static struct bm_bytes make_list(const struct list *list)
{
    static struct bm_crl_writer w;
    static const struct bm_crl_source source = { NULL, rewind_entries,
                                                 next_entry };
    static const struct bm_crl_sink sink = { NULL, put };
    uint8_t name[64];
    uint8_t key_id[20] = { 1 };
    uint8_t sig[128];
    struct bm_wr issuer, signature;
    struct bm_crl_config config = {
        .this_update = MAKER_NOW + list->this_update,
        .next_update = MAKER_NOW + list->this_update + DAY,
        .number = BM_LIT("\x07"),
        .aki = BM_ARRAY(key_id),
        .crypto = bm_test_crypto(),
        .sig_alg = BM_SIG_ECDSA_SHA256,
    };

    wanted = list;
    config.base = list->delta ? BM_LIT("\x06") : config.base;
    bm_wr_init(&issuer, name, sizeof name);
    maker_name(&issuer, list->issuer);
    config.issuer = bm_wr_bytes(&issuer);
    bm_wr_init(&signature, sig, sizeof sig);
    bm_wr_init(&out, octets, sizeof octets);
    CHECK_STATUS(bm_crl_writer_open(&w, &config, &source), BM_OK);
    CHECK_STATUS(
        bm_crl_writer_sign(&w, judge_key(list->signer), NULL, &signature),
        BM_OK);
    CHECK_STATUS(bm_crl_writer_put(&w, bm_wr_bytes(&signature), &sink), BM_OK);
    bm_crl_writer_close(&w);
    return bm_wr_bytes(&out);
}

static bm_status read_list(struct bm_bytes list, size_t step)
{
    bm_status rc = bm_trust_crl_open(&crl, &judge.trust, judge.chain,
                                     judge.chain_n, question, &judge.expect);

    for (size_t i = 0; rc == BM_OK && i < list.n; i += step) {
        size_t n = list.n - i < step ? list.n - i : step;

        rc = bm_trust_crl_feed(&crl, (struct bm_bytes){ list.p + i, n });
    }
    if (rc == BM_OK) {
        rc = bm_trust_crl_end(&crl, 1, 0);
    }
    bm_trust_crl_close(&crl);
    return rc;
}

static bm_status ask(void)
{
    struct bm_trust_verdict verdict;

    return bm_trust_judge(&judge.trust, judge.chain, judge.chain_n,
                          &judge.expect, &verdict);
}

/* A client whose CA the bundle does not speak of. */
static void begin(void)
{
    static const struct judge_case unknown = {
        .why = "a client whose CA the bundle does not list",
        J_CLIENT,
        .what = JUDGE_OTHER_ISSUER,
        .sent = { { J_PEER, .eku = "c" }, J_SUB },
    };

    judge_begin(&unknown);
    CHECK_STATUS(ask(), BM_E_TRUST_STALE);
}

static const struct {
    const char *why;
    struct list list;
    bm_status read;
    bm_status judged; /* after it */
} lists[] = {
    { "not listed", { "Sub", 1, 0, false, 0, false }, BM_OK, BM_OK },
    { "not among many", { "Sub", 1, 0, false, 900, false }, BM_OK, BM_OK },
    { "listed", { "Sub", 1, 0, true, 0, false }, BM_OK, BM_E_PATH_REVOKED },
    { "listed after many",
      { "Sub", 1, 0, true, 900, false },
      BM_OK,
      BM_E_PATH_REVOKED },
    { "listed in an old list",
      { "Sub", 1, -100 * DAY, true, 1, false },
      BM_OK,
      BM_E_PATH_REVOKED },
    { "not listed in an old list",
      { "Sub", 1, -100 * DAY, false, 1, false },
      BM_OK,
      BM_E_TRUST_STALE },
    { "signed by another key",
      { "Sub", 2, 0, false, 1, false },
      BM_E_CRL_SIGNATURE,
      BM_E_TRUST_STALE },
    { "of another CA",
      { "Root", 1, 0, false, 1, false },
      BM_E_CRL_SCOPE,
      BM_E_TRUST_STALE },
    { "a delta",
      { "Sub", 1, 0, false, 1, true },
      BM_E_PATH_STATUS_UNKNOWN,
      BM_E_TRUST_STALE },
};

static void a_list_answers_for_the_certificate_in_question(void)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        bm_status rc;

        begin();
        rc = read_list(make_list(&lists[i].list), 512);
        if (rc != lists[i].read) {
            printf("# %s\n", lists[i].why);
        }
        CHECK_STATUS(rc, lists[i].read);
        rc = ask();
        if (rc != lists[i].judged) {
            printf("# %s\n", lists[i].why);
        }
        CHECK_STATUS(rc, lists[i].judged);
    }
}

static void how_it_is_cut_makes_no_difference(void)
{
    static const size_t steps[] = { 1, 7, 100, sizeof octets };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        begin();
        CHECK_STATUS(read_list(make_list(&lists[2].list), steps[i]), BM_OK);
        CHECK_STATUS(ask(), BM_E_PATH_REVOKED);
    }
}

static void half_a_list_says_nothing(void)
{
    struct bm_bytes whole;

    begin();
    whole = make_list(&lists[0].list);
    for (size_t n = 0; n < whole.n; n += STRIDE) {
        CHECK(read_list((struct bm_bytes){ whole.p, n }, 512) != BM_OK);
    }
    octets[whole.n] = 0;
    CHECK_STATUS(read_list((struct bm_bytes){ whole.p, whole.n + 1 }, 512),
                 BM_E_DER_TRAILING);
    CHECK_STATUS(read_list((struct bm_bytes){ whole.p, whole.n + 1 }, whole.n),
                 BM_E_DER_TRAILING);
    CHECK_STATUS(ask(), BM_E_TRUST_STALE);
    octets[whole.n / 2] ^= 1;
    CHECK(read_list(whole, 512) != BM_OK);
    CHECK_STATUS(ask(), BM_E_TRUST_STALE);
}

static void an_older_list_takes_nothing_back(void)
{
    static const struct list now = { "Sub", 1, 0, true, 0, false };
    static const struct list old = { "Sub", 1, -1, false, 0, false };
    static const struct list later = { "Sub", 1, 1, false, 0, false };

    begin();
    CHECK_STATUS(read_list(make_list(&now), 512), BM_OK);
    CHECK_STATUS(read_list(make_list(&old), 512), BM_E_TRUST_ROLLBACK);
    CHECK_STATUS(ask(), BM_E_PATH_REVOKED);
    CHECK_STATUS(read_list(make_list(&later), 512), BM_OK); /* off hold */
    CHECK_STATUS(ask(), BM_OK);
    CHECK(bm_clock_now(&judge.clock, 0) == MAKER_NOW + 1);
}

/* A later bundle that lists the CA has the last word. */
static void a_later_bundle_lifts_a_hold(void)
{
    static const struct list now = { "Sub", 1, 0, true, 0, false };

    begin();
    CHECK_STATUS(read_list(make_list(&now), 512), BM_OK);
    CHECK_STATUS(ask(), BM_E_PATH_REVOKED);
    judge_word.version = 2;
    CHECK_STATUS(bm_trust_take_bundle(&judge.trust, judge_bundle(0), 1, 0),
                 BM_OK);
    CHECK_STATUS(ask(), BM_E_PATH_REVOKED); /* as old as the list */
    judge_word.version = 3;
    judge_word.issued++;
    CHECK_STATUS(bm_trust_take_bundle(&judge.trust, judge_bundle(0), 1, 0),
                 BM_OK);
    CHECK_STATUS(ask(), BM_OK);
    judge_word.version = 1;
    judge_word.issued--;
}

/* A root's CRL is about CAs, the bundle's writer among them. */
static void no_bundle_takes_back_what_a_list_says_of_a_ca(void)
{
    static const struct list gone = { "Root", 0, 0, true, 0, false };

    begin();
    question = 1;
    CHECK_STATUS(read_list(make_list(&gone), 512), BM_OK);
    question = 0;
    judge_word.version = 2;
    judge_word.issued++;
    CHECK_STATUS(bm_trust_take_bundle(&judge.trust, judge_bundle(0), 1, 0),
                 BM_OK);
    CHECK_STATUS(ask(), BM_E_PATH_REVOKED);
    judge_word.version = 1;
    judge_word.issued--;
}

/* Whoever shows many chains does not have a word against him forgotten. */
static void a_word_against_a_certificate_is_the_last_to_go(void)
{
    static const struct list bad = { "Sub", 1, 0, true, 0, false };
    static const struct list good = { "Sub", 1, 0, false, 0, false };
    static const struct spec peer = { J_PEER, .eku = "c" };
    static struct bm_cert first;
    struct bm_cert many;

    begin();
    first = judge.cert[0];
    CHECK_STATUS(read_list(make_list(&bad), 512), BM_OK);
    for (unsigned i = 0; i < ROUNDS; i++) {
        make(&many, &peer);
        judge.cert[0] = many;
        judge.chain[0] = many.der;
        CHECK_STATUS(read_list(make_list(&good), 512), BM_OK);
        CHECK_STATUS(ask(), BM_OK);
    }
    judge.chain[0] = first.der;
    CHECK_STATUS(ask(), BM_E_PATH_REVOKED);
}

static void only_a_chain_that_passes_is_asked_about(void)
{
    static const struct judge_case cases[] = {
        { .why = "a foreign CA",
          J_CLIENT,
          .what = JUDGE_OTHER_ISSUER,
          .sent = { { J_IS, .issuer = "Other", .signer = 2, .eku = "c" },
                    J_OTHER },
          .want = BM_E_PATH_NO_ISSUER },
        { .why = "a CA that may not sign lists",
          J_CLIENT,
          .what = JUDGE_OTHER_ISSUER,
          .sent = { { J_PEER, .eku = "c" },
                    { J_SUB_IS, .ca = true,
                      .key_usage = BM_KU_KEY_CERT_SIGN } },
          .want = BM_E_PATH_KEY_USAGE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        judge_begin(&cases[i]);
        CHECK_STATUS(bm_trust_crl_open(&crl, &judge.trust, judge.chain,
                                       judge.chain_n, 0, &judge.expect),
                     cases[i].want);
        CHECK_STATUS(bm_trust_crl_feed(&crl, BM_LIT("x")), BM_E_CRL_STATE);
        CHECK_STATUS(bm_trust_crl_end(&crl, 1, 0), BM_E_CRL_STATE);
    }
    begin();
    CHECK_STATUS(bm_trust_crl_open(&crl, &judge.trust, judge.chain,
                                   judge.chain_n, judge.chain_n, &judge.expect),
                 BM_E_ARGUMENT);
}

/* Neither that of a CA which is merely listed, nor one below what has
 * expired. */
static void not_every_list_tells_the_time(void)
{
    static const struct judge_case cases[] = {
        { .why = "a client of somebody else",
          J_CLIENT,
          .what = JUDGE_OTHER_ISSUER | JUDGE_SECOND_ANCHOR,
          .sent = { { J_IS, .issuer = "Other", .signer = 2, .eku = "c" },
                    J_OTHER } },
        { .why = "an EST server whose CA has expired",
          J_ENROL,
          .what = JUDGE_OTHER_ISSUER,
          .sent = { { J_SERVER },
                    { J_SUB_IS, .ca = true, .not_after = MAKER_NOW - 1,
                      .key_usage = BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN } } },
    };
    static const struct list later[] = {
        { "Other", 2, 100 * DAY, false, 0, false },
        { "Sub", 1, 100 * DAY, false, 0, false },
    };

    for (size_t i = 0; i < 2; i++) {
        judge_begin(&cases[i]);
        CHECK_STATUS(read_list(make_list(&later[i]), 512), BM_OK);
        CHECK(bm_clock_now(&judge.clock, 0) == MAKER_NOW);
    }
}

int main(void)
{
    RUN(a_list_answers_for_the_certificate_in_question);
    RUN(how_it_is_cut_makes_no_difference);
    RUN(half_a_list_says_nothing);
    RUN(an_older_list_takes_nothing_back);
    RUN(a_later_bundle_lifts_a_hold);
    RUN(no_bundle_takes_back_what_a_list_says_of_a_ca);
    RUN(a_word_against_a_certificate_is_the_last_to_go);
    RUN(only_a_chain_that_passes_is_asked_about);
    RUN(not_every_list_tells_the_time);
    return bm_test_done();
}
