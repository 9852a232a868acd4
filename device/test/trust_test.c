/* SPDX-License-Identifier: Apache-2.0 */
#include "device/trust.h"

#include "device/test/judge_cases.h"

/* How many of the addresses: QEMU is slow at signatures. */
#if BM_TEST_ON_BOARD
#define ROWS 5
#else
#define ROWS 1
#endif

static bm_status ask(struct bm_trust_verdict *verdict)
{
    return bm_trust_judge(&judge.trust, judge.chain, judge.chain_n,
                          &judge.expect, verdict);
}

/* An RA by its purpose as well: RFC 7030 3.6.1. */
static void the_judge_says_what_the_table_says(void)
{
    for (size_t i = 0; i < JUDGE_CASES; i++) {
        struct bm_trust_verdict verdict;
        bm_status rc;

        judge_begin(&judge_cases[i]);
        rc = ask(&verdict);
        CHECK_STATUS(rc, verdict.status);
        judge_check(&judge_cases[i], &verdict);
    }
    printf("# %u cases\n", (unsigned)JUDGE_CASES);
}

/* Addresses as URLs have them, and the octets of a subjectAltName. */
static const struct {
    const char *host;
    const char *san; /* of the certificate */
    bm_status want;
} addresses[] = {
    { "192.0.2.1", "ip:192.0.2.1", BM_OK },
    { "192.0.2.01", "ip:192.0.2.1", BM_E_PATH_HOST },
    { "192.0.2.1.", "ip:192.0.2.1", BM_E_PATH_HOST },
    { "192.0.2", "ip:192.0.2.1", BM_E_PATH_HOST },
    { "192.0.2.256", "ip:192.0.2.0", BM_E_PATH_HOST },
    { "192.0.2.1/8", "ip:192.0.2.1", BM_E_PATH_HOST },
    { "2001:db8::1", "ip:20010db8000000000000000000000001", BM_OK },
    { "[2001:DB8::1]", "ip:20010db8000000000000000000000001", BM_OK },
    { "2001:db8:0:0:0:0:0:1", "ip:20010db8000000000000000000000001", BM_OK },
    { "2001:db8:1:2:3:4:5::", "ip:20010db8000100020003000400050000", BM_OK },
    { "::1:2:3:4:5:6:7", "ip:00000001000200030004000500060007", BM_OK },
    { "::", "ip:00000000000000000000000000000000", BM_OK },
    { "::1", "ip:00000000000000000000000000000001", BM_OK },
    { "1::", "ip:00010000000000000000000000000000", BM_OK },
    { "fe80::1%eth0", "ip:fe800000000000000000000000000001", BM_E_PATH_HOST },
    { "1::2::3", "ip:00010000000000000000000200000003", BM_E_PATH_HOST },
    { "1:2:3:4:5:6:7:8:9", "ip:00010002000300040005000600070008",
      BM_E_PATH_HOST },
    { "1:2:3:4:5:6:7", "ip:00010002000300040005000600070000", BM_E_PATH_HOST },
    { "1:2:3:4:5:6:7:8::", "ip:00010002000300040005000600070008",
      BM_E_PATH_HOST },
    { "12345::", "ip:12340000000000000000000000000000", BM_E_PATH_HOST },
    { ":1:2:3:4:5:6:7", "ip:00000001000200030004000500060007", BM_E_PATH_HOST },
    { "1:2:3:4:5:6:7:", "ip:00010002000300040005000600070000", BM_E_PATH_HOST },
    { "[::1", "ip:00000000000000000000000000000001", BM_E_PATH_HOST },
    { "::1]", "ip:00000000000000000000000000000001", BM_E_PATH_HOST },
    { "", "dns:server.example", BM_E_PATH_HOST },
    { ".", "dns:server.example", BM_E_PATH_HOST },
};

static void an_address_is_what_a_url_writes(void)
{
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i += ROWS) {
        struct judge_case c = { .why = addresses[i].host,
                                .use = BM_TRUST_CLOUD,
                                .host = addresses[i].host,
                                .sent = { { J_PEER, .eku = "s" }, J_SUB },
                                .want = addresses[i].want };
        struct bm_trust_verdict verdict;
        bm_status rc;

        c.sent[0].san = addresses[i].san;
        judge_begin(&c);
        rc = ask(&verdict);
        CHECK_STATUS(rc, verdict.status);
        judge_check(&c, &verdict);
    }
}

static void what_cannot_be_judged_is_refused(void)
{
    struct bm_trust_verdict verdict;
    struct bm_trust_expect expect;
    struct bm_trust_config config;
    struct bm_bytes chain[2];
    struct bm_trust trust;

    judge_begin(&judge_cases[0]);
    expect = judge.expect;
    CHECK_STATUS(
        bm_trust_judge(&judge.trust, judge.chain, 0, &expect, &verdict),
        BM_E_ARGUMENT);
    expect.use = BM_TRUST_USES;
    CHECK_STATUS(
        bm_trust_judge(&judge.trust, judge.chain, 1, &expect, &verdict),
        BM_E_ARGUMENT);
    expect = judge.expect;
    expect.host = NULL;
    CHECK_STATUS(
        bm_trust_judge(&judge.trust, judge.chain, 2, &expect, &verdict),
        BM_E_PATH_HOST);
    chain[0] = (struct bm_bytes){ judge.chain[0].p, judge.chain[0].n - 1 };
    chain[1] = judge.chain[1];
    CHECK_STATUS(
        bm_trust_judge(&judge.trust, chain, 2, &judge.expect, &verdict),
        BM_E_DER_TRUNCATED);
    CHECK(verdict.cert == 0);
    chain[0] = judge.chain[0];
    chain[1].n--; /* no help, and the reason why there is no path */
    CHECK_STATUS(
        bm_trust_judge(&judge.trust, chain, 2, &judge.expect, &verdict),
        BM_E_DER_TRUNCATED);
    CHECK(verdict.cert == 1);

    config = judge.usual.config;
    config.anchors_n = 0;
    CHECK_STATUS(bm_trust_open(&trust, &config), BM_E_ARGUMENT);
    config.anchors_n = BM_TRUST_ANCHORS_MAX + 1;
    CHECK_STATUS(bm_trust_open(&trust, &config), BM_E_LIMIT);
    config.anchors = chain + 1;
    config.anchors_n = 1;
    CHECK_STATUS(bm_trust_open(&trust, &config), BM_E_DER_TRUNCATED);
}

/* One junk certificate beside a good chain is passed over. */
static void what_does_not_parse_is_no_reason_to_refuse(void)
{
    struct bm_trust_verdict verdict;
    struct bm_bytes chain[3];

    judge_begin(&judge_cases[0]);
    chain[0] = judge.chain[0];
    chain[1] = BM_LIT("no certificate");
    chain[2] = judge.chain[1];
    CHECK_STATUS(
        bm_trust_judge(&judge.trust, chain, 3, &judge.expect, &verdict), BM_OK);
}

/* Our own new certificate: whose it is, is identity.h's; whether it is under
 * an anchor, ours. */
static void our_own_certificate_needs_an_anchor_and_no_more(void)
{
    static const struct {
        struct spec own;
        bm_status want;
        bool expired;
    } rows[] = {
        { { J_PEER }, BM_OK, false },
        { { J_PEER, .eku = "c", .key_usage = BM_KU_KEY_AGREEMENT },
          BM_OK,
          false },
        { { J_PEER, .not_after = MAKER_NOW - 1 }, BM_OK, true },
        { { J_IS, .issuer = "Other", .signer = 2 },
          BM_E_PATH_NO_ISSUER,
          false },
        { { J_IS, .issuer = "Sub", .signer = 2 }, BM_E_PATH_SIGNATURE, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct judge_case c = { .why = "our own",
                                .use = BM_TRUST_OWN,
                                .sent = { { .subject = NULL }, J_SUB },
                                .want = rows[i].want,
                                .expired = rows[i].expired };
        struct bm_trust_verdict verdict;
        bm_status rc;

        c.sent[0] = rows[i].own;
        judge_begin(&c);
        rc = ask(&verdict);
        CHECK_STATUS(rc, verdict.status);
        judge_check(&c, &verdict);
    }
}

int main(void)
{
    RUN(the_judge_says_what_the_table_says);
    RUN(an_address_is_what_a_url_writes);
    RUN(what_cannot_be_judged_is_refused);
    RUN(what_does_not_parse_is_no_reason_to_refuse);
    RUN(our_own_certificate_needs_an_anchor_and_no_more);
    return bm_test_done();
}
