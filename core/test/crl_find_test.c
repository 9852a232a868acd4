/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include "core/test/crl_views.h"
#include "tests/harness/test_crypto.h"

#define MID_JANUARY   INT64_C(1926000000) /* 2031-01-12 */
#define DECEMBER_2030 INT64_C(1922313600)
#define MARCH_2031    INT64_C(1930089600)

#define VIEW(s)                                \
    {                                          \
        (const uint8_t *)(s), sizeof(s "") - 1 \
    }

#define TEST_CA                                            \
    "\x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04\x03\x0c\x07" \
    "Test CA"
#define OTHER_CA                                           \
    "\x30\x13\x31\x11\x30\x0f\x06\x03\x55\x04\x03\x0c\x08" \
    "Other CA"

/* Contents of cRLDistributionPoints: by URI, */
#define DP_1 "\x30\x10\xa0\x0e\xa0\x0c\x86\x0ahttp://c/1"
#define DP_2 "\x30\x10\xa0\x0e\xa0\x0c\x86\x0ahttp://c/2"
/* for reason keyCompromise alone, */
#define DP_1_KEY "\x30\x14\xa0\x0e\xa0\x0c\x86\x0ahttp://c/1\x81\x02\x06\x40"
/* with cRLIssuer "CN=Test CA", */
#define DP_BY_TEST_CA "\x30\x18\xa2\x16\xa4\x14" TEST_CA
/* with nameRelativeToCRLIssuer, and with that name spelt out. */
#define SHARD(n)                           \
    "\x30\x0e\x06\x03\x55\x04\x03\x0c\x07" \
    "shard " n
#define DP_SHARD_1 "\x30\x14\xa0\x12\xa1\x10" SHARD("1")
#define DP_SHARD_2 "\x30\x14\xa0\x12\xa1\x10" SHARD("2")
#define DP_SHARD_1_FULL                                            \
    "\x30\x2c\xa0\x2a\xa0\x28\xa4\x26\x30\x24\x31\x10\x30\x0e\x06" \
    "\x03\x55\x04\x03\x0c\x07Test CA\x31\x10" SHARD("1")

/* RFC 5280 6.3.3, one row per thing that can go one way or the other. */
static const struct {
    const char *why;
    const char *list;
    struct bm_bytes issuer;
    struct bm_bytes serial;
    struct bm_bytes dps;
    bool ca;
    bm_status rc;
    enum bm_crl_answer_state state;
    uint8_t reason;
} cases[] = {
    { "listed", "openssl-reasons", VIEW(TEST_CA), VIEW("\x7f"), VIEW(""), false,
      BM_OK, BM_CRL_REVOKED, BM_REASON_SUPERSEDED },
    { "on hold", "openssl-reasons", VIEW(TEST_CA), VIEW("\0\x80"), VIEW(""),
      false, BM_OK, BM_CRL_REVOKED, BM_REASON_HOLD },
    { "not listed", "openssl-reasons", VIEW(TEST_CA), VIEW("\5"), VIEW(""),
      false, BM_OK, BM_CRL_GOOD, 0 },
    { "empty list", "openssl-empty", VIEW(TEST_CA), VIEW("\1"), VIEW(""), false,
      BM_OK, BM_CRL_GOOD, 0 },
    { "a negative serial number", "serial-negative-zero-long", VIEW(TEST_CA),
      VIEW("\xff"), VIEW(""), false, BM_OK, BM_CRL_REVOKED, 0 },
    { "unknown extensions that are not critical", "unknown", VIEW(TEST_CA),
      VIEW("\1"), VIEW(""), false, BM_OK, BM_CRL_REVOKED, 0 },
    { "(b)(1): another issuer's certificate", "openssl-reasons", VIEW(OTHER_CA),
      VIEW("\x7f"), VIEW(""), false, BM_E_CRL_SCOPE, 0, 0 },
    { "(b)(1): cRLIssuer, but the list is not indirect", "openssl-reasons",
      VIEW(OTHER_CA), VIEW("\x7f"), VIEW(DP_BY_TEST_CA), false, BM_E_CRL_SCOPE,
      0, 0 },
    { "a list of everything serves any point", "openssl-reasons", VIEW(TEST_CA),
      VIEW("\5"), VIEW(DP_2), false, BM_OK, BM_CRL_GOOD, 0 },
    { "a shard, for those in it", "openssl-shard", VIEW(TEST_CA), VIEW("\2"),
      VIEW(DP_1), false, BM_OK, BM_CRL_REVOKED, BM_REASON_KEY_COMPROMISE },
    { "(d): a shard for some reasons", "openssl-shard", VIEW(TEST_CA),
      VIEW("\5"), VIEW(DP_1), false, BM_OK, BM_CRL_PARTLY, 0 },
    { "(d): and a point for some", "openssl-shard", VIEW(TEST_CA), VIEW("\5"),
      VIEW(DP_1_KEY), false, BM_OK, BM_CRL_PARTLY, 0 },
    { "(b)(2)(i): another shard", "openssl-shard", VIEW(TEST_CA), VIEW("\5"),
      VIEW(DP_2), false, BM_E_CRL_SCOPE, 0, 0 },
    { "(b)(2)(i): one of two points", "openssl-shard", VIEW(TEST_CA),
      VIEW("\2"), VIEW(DP_2 DP_1), false, BM_OK, BM_CRL_REVOKED,
      BM_REASON_KEY_COMPROMISE },
    { "(b)(2)(i): a shard, but the certificate names no point", "openssl-shard",
      VIEW(TEST_CA), VIEW("\5"), VIEW(""), false, BM_E_CRL_SCOPE, 0, 0 },
    { "(b)(2)(ii): user certificates only", "openssl-shard", VIEW(TEST_CA),
      VIEW("\2"), VIEW(DP_1), true, BM_E_CRL_SCOPE, 0, 0 },
    { "both names relative", "idp-relative-name", VIEW(TEST_CA), VIEW("\5"),
      VIEW(DP_SHARD_1), false, BM_OK, BM_CRL_GOOD, 0 },
    { "both names relative, but different", "idp-relative-name", VIEW(TEST_CA),
      VIEW("\5"), VIEW(DP_SHARD_2), false, BM_E_CRL_SCOPE, 0, 0 },
    { "one name relative, one full", "idp-relative-name", VIEW(TEST_CA),
      VIEW("\5"), VIEW(DP_SHARD_1_FULL), false, BM_OK, BM_CRL_GOOD, 0 },
    { "one name relative, one a URI", "idp-relative-name", VIEW(TEST_CA),
      VIEW("\5"), VIEW(DP_1), false, BM_E_CRL_SCOPE, 0, 0 },
    { "indirect: first entries are the CRL issuer's", "indirect", VIEW(TEST_CA),
      VIEW("\1"), VIEW(""), false, BM_OK, BM_CRL_REVOKED, 0 },
    { "indirect: until certificateIssuer changes it", "indirect", VIEW(TEST_CA),
      VIEW("\2"), VIEW(""), false, BM_OK, BM_CRL_GOOD, 0 },
    { "indirect: and again", "indirect", VIEW(TEST_CA), VIEW("\3"), VIEW(""),
      false, BM_OK, BM_CRL_REVOKED, 0 },
    { "indirect: named issuer", "indirect", VIEW(OTHER_CA), VIEW("\2"),
      VIEW(DP_BY_TEST_CA), false, BM_OK, BM_CRL_REVOKED, 0 },
    { "indirect: inherited issuer", "indirect", VIEW(OTHER_CA), VIEW("\1"),
      VIEW(DP_BY_TEST_CA), false, BM_OK, BM_CRL_REVOKED,
      BM_REASON_KEY_COMPROMISE },
    { "indirect: no longer that issuer", "indirect", VIEW(OTHER_CA), VIEW("\3"),
      VIEW(DP_BY_TEST_CA), false, BM_OK, BM_CRL_GOOD, 0 },
    { "indirect: not the CRL issuer of this certificate", "indirect",
      VIEW(OTHER_CA), VIEW("\1"), VIEW(DP_1), false, BM_E_CRL_SCOPE, 0, 0 },
    { "delta: removed", "delta", VIEW(TEST_CA), VIEW("\1"), VIEW(""), false,
      BM_OK, BM_CRL_REMOVED, BM_REASON_REMOVE },
    { "delta: revoked", "delta", VIEW(TEST_CA), VIEW("\2"), VIEW(""), false,
      BM_OK, BM_CRL_REVOKED, BM_REASON_SUPERSEDED },
    { "delta: not in it, which is not good", "delta", VIEW(TEST_CA),
      VIEW("\x09"), VIEW(""), false, BM_OK, BM_CRL_UNCHANGED, 0 },
    { "5.2: unknown critical extension", "unknown-critical", VIEW(TEST_CA),
      VIEW("\5"), VIEW(""), false, BM_E_CRL_CRITICAL, 0, 0 },
    { "5.3: unknown critical extension of another entry",
      "unknown-critical-in-entry", VIEW(TEST_CA), VIEW("\5"), VIEW(""), false,
      BM_E_CRL_CRITICAL, 0, 0 },
    { "no nextUpdate: never current", "no-next-update", VIEW(TEST_CA),
      VIEW("\1"), VIEW(""), false, BM_E_CRL_TIME, 0, 0 },
    { "another CA's key", "openssl-rsa", VIEW(TEST_CA), VIEW("\2"), VIEW(""),
      false, BM_E_KEY_MISMATCH, 0, 0 },
};

static struct bm_crl_reader reader;

static bm_status ask_stream(struct bm_bytes list,
                            const struct bm_crl_query *query,
                            const struct bm_crl_trust *trust,
                            struct bm_crl_answer *answer)
{
    struct bm_crl_find find;
    enum bm_crl_event event = BM_CRL_MORE;
    bm_status rc;

    bm_crl_find_init(&find, query);
    bm_crl_reader_open(&reader, trust->crypto);
    for (size_t i = 0; i < list.n; i++) {
        uint8_t octet = list.p[i]; /* gone when the next one comes */

        CHECK(bm_crl_find_result(&find, &reader, trust->key, trust->now,
                                 answer) != BM_OK);
        bm_crl_reader_feed(&reader, (struct bm_bytes){ &octet, 1 });
        do {
            CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_OK);
            bm_crl_find_see(&find, &reader, event);
        } while (event != BM_CRL_MORE);
    }
    rc = bm_crl_find_result(&find, &reader, trust->key, trust->now, answer);
    bm_crl_reader_close(&reader);
    return rc;
}

static struct bm_crl_trust trust_at(int64_t now)
{
    return (struct bm_crl_trust){ bm_test_crypto(),
                                  &bm_test_signer_nth(BM_KEY_P256, 0)->key,
                                  now };
}

static void answers_follow_rfc_5280_6_3_3(void)
{
    struct bm_crl_trust trust = trust_at(MID_JANUARY);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bm_crl_query query = { cases[i].issuer, cases[i].serial,
                                      cases[i].dps, cases[i].ca };
        struct bm_bytes list = crl_sample_bytes(cases[i].list);
        struct bm_crl_answer whole;
        struct bm_crl_answer stream;
        struct bm_crl crl;
        bm_status rc;

        CHECK_STATUS(bm_crl_parse(list, NULL, &crl), BM_OK);
        rc = bm_crl_find(&crl, &trust, &query, &whole);
        if (rc != cases[i].rc || whole.state != cases[i].state ||
            whole.reason != cases[i].reason) {
            printf("# %s: %04x, state %d\n", cases[i].why, (unsigned)rc,
                   (int)whole.state);
            CHECK(!"as expected");
        }
        CHECK_STATUS(ask_stream(list, &query, &trust, &stream), rc);
        CHECK(stream.state == whole.state && stream.reason == whole.reason &&
              stream.reasons == whole.reasons &&
              stream.revoked_at == whole.revoked_at);
    }
}

/* GeneralNames: a URI, and two directoryNames. */
#define URI_1       "\x86\x0ahttp://c/1"
#define DIR_TEST_CA "\xa4\x14" TEST_CA
#define DIR_TEST_CA_FOLDED                                         \
    "\xa4\x14\x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04\x03\x0c\x07" \
    "TEST ca"
#define DP_FOLDED "\x30\x1a\xa0\x18\xa0\x16" DIR_TEST_CA_FOLDED

/*
 * Each scope that an issuingDistributionPoint can draw. It is put into a list
 * that has been read, whose signature is over octets and stays right.
 */
static void a_list_answers_within_its_scope_only(void)
{
    static const struct {
        const char *why;
        struct bm_crl_idp idp;
        struct bm_bytes dps;
        bool ca;
        bm_status rc;
    } rows[] = {
        { "a user's certificate",
          { .only_user_certs = true },
          VIEW(""),
          false,
          BM_OK },
        { "not a CA's",
          { .only_user_certs = true },
          VIEW(""),
          true,
          BM_E_CRL_SCOPE },
        { "a CA's certificate",
          { .only_ca_certs = true },
          VIEW(""),
          true,
          BM_OK },
        { "not a user's",
          { .only_ca_certs = true },
          VIEW(""),
          false,
          BM_E_CRL_SCOPE },
        { "no user's attributes",
          { .only_attribute_certs = true },
          VIEW(""),
          false,
          BM_E_CRL_SCOPE },
        { "no CA's attributes",
          { .only_attribute_certs = true },
          VIEW(""),
          true,
          BM_E_CRL_SCOPE },
        { "a name, which no point has",
          { .full_name = VIEW(URI_1) },
          VIEW(DP_2),
          false,
          BM_E_CRL_SCOPE },
        { "one of two names",
          { .full_name = VIEW(DIR_TEST_CA URI_1) },
          VIEW(DP_1),
          false,
          BM_OK },
        { "a name of another kind",
          { .full_name = VIEW(DIR_TEST_CA) },
          VIEW(DP_1),
          false,
          BM_OK }, /* by the implied point, the issuer */
        { "a directory name",
          { .full_name = VIEW(DIR_TEST_CA) },
          VIEW(DP_FOLDED),
          false,
          BM_OK },
        { "cRLIssuer, which also names the point",
          { .full_name = VIEW(DIR_TEST_CA_FOLDED), .indirect = true },
          VIEW(DP_BY_TEST_CA),
          false,
          BM_OK },
        { "cRLIssuer, but another point",
          { .full_name = VIEW(URI_1), .indirect = true },
          VIEW(DP_BY_TEST_CA),
          false,
          BM_E_CRL_SCOPE },
        { "a shard, of a point that names all",
          { .full_name = VIEW(URI_1) },
          VIEW(DP_SHARD_1),
          false,
          BM_E_CRL_SCOPE },
        { "no reason at all",
          { .has_reasons = true },
          VIEW(""),
          false,
          BM_E_CRL_SCOPE },
    };
    struct bm_crl_trust trust = trust_at(MID_JANUARY);
    struct bm_crl crl;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_crl_query query = { BM_LIT(TEST_CA), BM_LIT("\5"),
                                      rows[i].dps, rows[i].ca };
        struct bm_crl_answer answer;

        CHECK_STATUS(
            bm_crl_parse(crl_sample_bytes("openssl-reasons"), NULL, &crl),
            BM_OK);
        crl.ext.idp = rows[i].idp;
        bm_check_status(bm_crl_find(&crl, &trust, &query, &answer), rows[i].rc,
                        rows[i].why, __FILE__, __LINE__);
        CHECK((answer.state == BM_CRL_GOOD) == (rows[i].rc == BM_OK));
    }
}

static bm_status ask(const char *list, struct bm_bytes serial,
                     struct bm_bytes dps, int64_t now,
                     struct bm_crl_answer *answer)
{
    static const struct bm_bytes test_ca = VIEW(TEST_CA);
    struct bm_crl_query query = { test_ca, serial, dps, false };
    struct bm_crl_trust trust = trust_at(now);
    struct bm_crl crl;

    CHECK_STATUS(bm_crl_parse(crl_sample_bytes(list), NULL, &crl), BM_OK);
    return bm_crl_find(&crl, &trust, &query, answer);
}

/* RFC 5280 6.3.3 (a) */
static void a_list_holds_from_this_to_next_update(void)
{
    static const struct bm_bytes none = VIEW("");
    struct bm_crl_answer answer;
    static const struct bm_crl_answer zero;
    struct bm_crl crl;

    CHECK_STATUS(
        ask("openssl-reasons", BM_LIT("\2"), none, DECEMBER_2030, &answer),
        BM_E_CRL_TIME);
    CHECK(memcmp(&answer, &zero, sizeof zero) == 0);
    CHECK_STATUS(
        ask("openssl-reasons", BM_LIT("\2"), none, MARCH_2031, &answer),
        BM_E_CRL_TIME);
    CHECK_STATUS(
        ask("next-update-2050", BM_LIT("\1"), none, MARCH_2031, &answer),
        BM_OK);

    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("openssl-reasons"), NULL, &crl),
                 BM_OK);
    for (int64_t off = -1; off <= 1; off++) {
        CHECK_STATUS(ask("openssl-reasons", BM_LIT("\2"), none,
                         crl.head.this_update + off, &answer),
                     off < 0 ? BM_E_CRL_TIME : BM_OK);
        CHECK_STATUS(ask("openssl-reasons", BM_LIT("\2"), none,
                         crl.head.next_update + off, &answer),
                     off > 0 ? BM_E_CRL_TIME : BM_OK);
    }
}

static void the_reasons_covered_are_those_of_list_and_point(void)
{
    static const struct bm_bytes dp = VIEW(DP_1);
    static const struct bm_bytes dp_key = VIEW(DP_1_KEY);
    struct bm_crl_answer answer;

    CHECK_STATUS(ask("openssl-shard", BM_LIT("\5"), dp, MID_JANUARY, &answer),
                 BM_OK);
    CHECK(answer.reasons == (1 << 1 | 1 << 2));
    CHECK_STATUS(
        ask("openssl-shard", BM_LIT("\5"), dp_key, MID_JANUARY, &answer),
        BM_OK);
    CHECK(answer.reasons == 1 << 1);
}

static struct bm_crl_answer complete(enum bm_crl_answer_state state,
                                     uint8_t number)
{
    static const struct bm_bytes test_ca = VIEW(TEST_CA);
    struct bm_crl_answer answer = { .state = state,
                                    .crl_issuer = test_ca,
                                    .reasons = BM_CRL_REASONS_ALL };

    answer.reason = state == BM_CRL_REVOKED ? BM_REASON_HOLD : 0;
    answer.number[BM_CRL_NUMBER_MAX - 1] = number;
    return answer;
}

/* RFC 5280 5.2.4; the sample is number 5 and builds on 4 */
static void a_delta_brings_an_answer_up_to_date(void)
{
    static const struct {
        enum bm_crl_answer_state before;
        uint8_t serial;
        enum bm_crl_answer_state after;
        uint8_t reason;
    } rows[] = {
        { BM_CRL_REVOKED, 1, BM_CRL_GOOD, 0 },
        { BM_CRL_GOOD, 1, BM_CRL_GOOD, 0 },
        { BM_CRL_GOOD, 2, BM_CRL_REVOKED, BM_REASON_SUPERSEDED },
        { BM_CRL_REVOKED, 2, BM_CRL_REVOKED, BM_REASON_SUPERSEDED },
        { BM_CRL_REVOKED, 9, BM_CRL_REVOKED, BM_REASON_HOLD },
        { BM_CRL_GOOD, 9, BM_CRL_GOOD, 0 },
    };
    static const struct bm_bytes none = VIEW("");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_crl_answer answer = complete(rows[i].before, 4);
        struct bm_crl_answer delta;

        CHECK_STATUS(ask("delta", (struct bm_bytes){ &rows[i].serial, 1 }, none,
                         MID_JANUARY, &delta),
                     BM_OK);
        CHECK_STATUS(bm_crl_answer_update(&answer, &delta), BM_OK);
        CHECK(answer.state == rows[i].after && answer.reason == rows[i].reason);
        CHECK(!answer.is_delta && answer.number[BM_CRL_NUMBER_MAX - 1] == 5);
    }
}

static void a_delta_that_does_not_fit_changes_nothing(void)
{
    static const struct bm_bytes none = VIEW("");
    static const struct bm_bytes other = VIEW(OTHER_CA);
    struct bm_crl_answer base[6];
    struct bm_crl_answer delta;

    CHECK_STATUS(ask("delta", BM_LIT("\2"), none, MID_JANUARY, &delta), BM_OK);
    base[0] = complete(BM_CRL_GOOD, 3); /* older than what it builds on */
    base[1] = complete(BM_CRL_GOOD, 5); /* as new as the delta itself */
    base[2] = complete(BM_CRL_GOOD, 4);
    base[2].crl_issuer = other;
    base[3] = complete(BM_CRL_PARTLY, 4);
    base[3].reasons = 1 << 1;
    base[4] = complete(BM_CRL_UNDETERMINED, 4);
    base[5] = complete(BM_CRL_GOOD, 4);
    base[5].scope = 1; /* of a shard, and the delta is about everything */
    for (size_t i = 0; i < sizeof base / sizeof base[0]; i++) {
        struct bm_crl_answer before = base[i];

        CHECK_STATUS(bm_crl_answer_update(&base[i], &delta), BM_E_CRL_BASE);
        CHECK(memcmp(&before, &base[i], sizeof before) == 0);
    }
    base[0] = complete(BM_CRL_GOOD, 6);
    CHECK_STATUS(bm_crl_answer_update(&delta, &base[0]), BM_E_CRL_BASE);
}

/* RFC 5280 6.3.3: until all reasons are covered */
static void answers_for_some_reasons_join_to_one(void)
{
    struct bm_crl_answer some = complete(BM_CRL_PARTLY, 1);
    struct bm_crl_answer rest = complete(BM_CRL_PARTLY, 1);
    struct bm_crl_answer revoked = complete(BM_CRL_REVOKED, 1);
    struct bm_crl_answer nothing = { 0 };
    struct bm_crl_answer all = { 0 };

    some.reasons = 1 << 1 | 1 << 2;
    rest.reasons = BM_CRL_REASONS_ALL & ~some.reasons;
    bm_crl_answer_join(&all, &nothing);
    CHECK(all.state == BM_CRL_UNDETERMINED);
    bm_crl_answer_join(&all, &some);
    CHECK(all.state == BM_CRL_PARTLY && all.reasons == some.reasons);
    bm_crl_answer_join(&all, &some);
    CHECK(all.state == BM_CRL_PARTLY);
    bm_crl_answer_join(&all, &rest);
    CHECK(all.state == BM_CRL_GOOD && all.reasons == BM_CRL_REASONS_ALL);
    bm_crl_answer_join(&all, &revoked);
    CHECK(all.state == BM_CRL_REVOKED && all.reason == BM_REASON_HOLD);
    bm_crl_answer_join(&all, &some);
    CHECK(all.state == BM_CRL_REVOKED);
}

static void a_query_is_made_from_a_certificate(void)
{
    struct bm_crl_query query;
    struct bm_cert cert;
    const struct bm_sample *s = crl_sample("cert", "dist-points");

    CHECK_STATUS(
        bm_cert_parse((struct bm_bytes){ s->p, s->n }, BM_STRICT, NULL, &cert),
        BM_OK);
    bm_crl_query_cert(&query, &cert);
    CHECK(bm_bytes_equal(query.issuer, cert.issuer));
    CHECK(bm_bytes_equal(query.serial, cert.serial));
    CHECK(query.dps.n != 0 && query.ca == cert.ext.ca);
}

int main(void)
{
    RUN(answers_follow_rfc_5280_6_3_3);
    RUN(a_list_answers_within_its_scope_only);
    RUN(a_list_holds_from_this_to_next_update);
    RUN(the_reasons_covered_are_those_of_list_and_point);
    RUN(a_delta_brings_an_answer_up_to_date);
    RUN(a_delta_that_does_not_fit_changes_nothing);
    RUN(answers_for_some_reasons_join_to_one);
    RUN(a_query_is_made_from_a_certificate);
    return bm_test_done();
}
