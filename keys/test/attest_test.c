/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/attest.h"

#include "tests/harness/bm_test.h"

/* One of each message, with members of the least, or most, octets. */
static const uint8_t filling[BM_ATTEST_CHAIN_MAX + 1] = { 1, 2, 3 };

static struct bm_bytes of(size_t n)
{
    return (struct bm_bytes){ filling, n };
}

enum kind {
    CLAIM,
    CHALLENGE,
    ANSWER,
    VERDICT,
    KINDS
};

static void put(enum kind kind, struct bm_wr *w)
{
    switch (kind) {
    case CLAIM:
        bm_attest_put_claim(
            w, &(struct bm_attest_claim){ of(9), of(0), of(7), of(6) });
        break;
    case CHALLENGE:
        bm_attest_put_challenge(
            w, &(struct bm_attest_challenge){ of(32), of(8), of(7) });
        break;
    case ANSWER:
        bm_attest_put_answer(
            w, &(struct bm_attest_answer){ of(32), of(32), of(8), of(7) });
        break;
    default:
        bm_attest_put_verdict(w, &(struct bm_attest_verdict){ 600 });
        break;
    }
}

/* Parse, and write again what was parsed. */
static bm_status parse(enum kind kind, struct bm_bytes in, struct bm_wr *again)
{
    struct bm_attest_claim claim;
    struct bm_attest_challenge challenge;
    struct bm_attest_answer answer;
    struct bm_attest_verdict verdict;

    switch (kind) {
    case CLAIM:
        BM_TRY(bm_attest_parse_claim(in, &claim));
        bm_attest_put_claim(again, &claim);
        return BM_OK;
    case CHALLENGE:
        BM_TRY(bm_attest_parse_challenge(in, &challenge));
        bm_attest_put_challenge(again, &challenge);
        return BM_OK;
    case ANSWER:
        BM_TRY(bm_attest_parse_answer(in, &answer));
        bm_attest_put_answer(again, &answer);
        return BM_OK;
    default:
        BM_TRY(bm_attest_parse_verdict(in, &verdict));
        bm_attest_put_verdict(again, &verdict);
        return BM_OK;
    }
}

static void each_message_reads_back_and_no_prefix_of_it_does(void)
{
    for (enum kind kind = CLAIM; kind < KINDS; kind++) {
        uint8_t room[256];
        uint8_t back[256];
        struct bm_bytes whole;
        struct bm_wr w;
        struct bm_wr again;

        bm_wr_init(&w, room, sizeof room);
        put(kind, &w);
        whole = bm_wr_bytes(&w);
        CHECK(whole.n != 0);
        bm_wr_init(&again, back, sizeof back);
        CHECK_STATUS(parse(kind, whole, &again), BM_OK);
        CHECK(bm_bytes_equal(bm_wr_bytes(&again), whole));
        for (size_t n = 0; n < whole.n; n++) {
            bm_wr_init(&again, back, sizeof back);
            CHECK(parse(kind, (struct bm_bytes){ whole.p, n }, &again) !=
                  BM_OK);
        }
        room[whole.n] = 0;
        bm_wr_init(&again, back, sizeof back);
        CHECK(parse(kind, (struct bm_bytes){ whole.p, whole.n + 1 }, &again) !=
              BM_OK);
    }
}

static void a_bit_that_flips_is_refused_or_another_message(void)
{
    for (enum kind kind = CLAIM; kind < KINDS; kind++) {
        uint8_t room[256];
        uint8_t back[256];
        struct bm_bytes whole;
        struct bm_wr w;
        struct bm_wr again;

        bm_wr_init(&w, room, sizeof room);
        put(kind, &w);
        whole = bm_wr_bytes(&w);
        for (size_t bit = 0; bit < whole.n * 8; bit++) {
            room[bit / 8] ^= (uint8_t)(1U << bit % 8);
            bm_wr_init(&again, back, sizeof back);
            if (parse(kind, whole, &again) == BM_OK) {
                CHECK(bm_bytes_equal(bm_wr_bytes(&again), whole));
            }
            room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

/* A claim whose members have as many octets as the row says. */
static bm_status parse_claim_of(size_t cert, size_t chain, size_t ak,
                                size_t key)
{
    static uint8_t room[BM_ATTEST_MESSAGE_MAX + 1];
    struct bm_attest_claim m = { of(cert), of(chain), of(ak), of(key) };
    struct bm_wr w;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    bm_attest_put_claim(&w, &m);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    rc = bm_attest_parse_claim(bm_wr_bytes(&w), &m);
    CHECK((rc == BM_OK) == (m.ek_cert.n != 0));
    CHECK(rc == BM_OK || (m.key.n == 0 && m.ak.n == 0));
    return rc;
}

static void members_have_their_bounds(void)
{
    static const struct {
        size_t cert;
        size_t chain;
        size_t ak;
        size_t key;
        bm_status want;
    } rows[] = {
        { BM_ATTEST_CERT_MAX, BM_ATTEST_CHAIN_MAX, BM_ATTEST_PUBLIC_MAX,
          BM_ATTEST_PUBLIC_MAX, BM_OK },
        { 1, 0, 1, 1, BM_OK },
        { 0, 0, 1, 1, BM_E_ATTEST },
        { 1, 0, 0, 1, BM_E_ATTEST },
        { 1, 0, 1, 0, BM_E_ATTEST },
        { BM_ATTEST_CERT_MAX + 1, 0, 1, 1, BM_E_ATTEST },
        { 1, BM_ATTEST_CHAIN_MAX + 1, 1, 1, BM_E_ATTEST },
        { 1, 0, BM_ATTEST_PUBLIC_MAX + 1, 1, BM_E_ATTEST },
        { 1, 0, 1, BM_ATTEST_PUBLIC_MAX + 1, BM_E_ATTEST },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(parse_claim_of(rows[i].cert, rows[i].chain, rows[i].ak,
                                    rows[i].key),
                     rows[i].want);
    }
}

/* What is well-formed CBOR, and no message. */
static void other_maps_are_refused(void)
{
    static const struct bm_bytes rows[] = {
        BM_LIT_INIT("\xa0"),                         /* empty */
        BM_LIT_INIT("\xa2\x01\x02\x02\x05"),         /* version 2 */
        BM_LIT_INIT("\xa2\x02\x05\x03\x05"),         /* no version */
        BM_LIT_INIT("\xa1\x01\x01"),                 /* nothing else */
        BM_LIT_INIT("\xa2\x01\x01\x02\x00"),         /* no time */
        BM_LIT_INIT("\xa3\x01\x01\x02\x05\x03\x05"), /* too much */
        BM_LIT_INIT("\xa2\x01\x01\x02\x18\x05"),     /* a longer head */
        BM_LIT_INIT("\x82\x01\x01"),                 /* an array */
    };
    uint8_t back[256];
    struct bm_wr w;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (enum kind kind = CLAIM; kind < KINDS; kind++) {
            bm_wr_init(&w, back, sizeof back);
            CHECK(parse(kind, rows[i], &w) != BM_OK);
        }
    }
}

int main(void)
{
    RUN(each_message_reads_back_and_no_prefix_of_it_does);
    RUN(a_bit_that_flips_is_refused_or_another_message);
    RUN(members_have_their_bounds);
    RUN(other_maps_are_refused);
    return bm_test_done();
}
