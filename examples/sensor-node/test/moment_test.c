/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/moment.h"

#include <string.h>

#include "tests/harness/bm_test.h"

#define HEX "000102030405060708090a0b0c0d0efe"

static const uint8_t nonce[MOMENT_NONCE] = { 0, 1, 2,  3,  4,  5,  6,  7,
                                             8, 9, 10, 11, 12, 13, 14, 254 };

static void a_nonce_is_asked_in_hexadecimal(void)
{
    uint8_t text[2 * MOMENT_NONCE];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    moment_put_nonce(&w, nonce);
    CHECK_BYTES(text, w.len, HEX, strlen(HEX));
}

static void an_answer_to_this_nonce_is_the_time(void)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: it is none */
    } rows[] = {
        { "{\"nonce\":\"" HEX "\",\"time\":1795564800}\n", 1795564800 },
        { "{\"nonce\":\"" HEX "\",\"time\":1795564800}", 1795564800 },
        { "{\"nonce\":\"" HEX "\",\"time\":0}", 0 },
        { "{\"nonce\":\"" HEX "\",\"time\":253402300799}", 253402300799 },
        { "{\"nonce\":\"" HEX "\",\"time\":1000000000000}", -1 },
        { "{\"nonce\":\"" HEX "\",\"time\":}", -1 },
        { "{\"nonce\":\"" HEX "\",\"time\":-1}", -1 },
        { "{\"nonce\":\"" HEX "\",\"time\":1.5}", -1 },
        { "{\"nonce\":\"" HEX "\",\"time\":\"1\"}", -1 },
        { "{\"nonce\":\"" HEX "\",\"time\":1}\n\n", -1 },
        { "{\"nonce\":\"" HEX "\",\"time\":1} ", -1 },
        { "{\"nonce\":\"000102030405060708090a0b0c0d0eff\",\"time\":1}", -1 },
        { "{\"nonce\":\"000102030405060708090A0B0C0D0EFE\",\"time\":1}", -1 },
        { "{\"nonce\":\"\",\"time\":1}", -1 },
        { "{\"time\":1,\"nonce\":\"" HEX "\"}", -1 },
        { "", -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = rows[i].text;
        int64_t time = 0;
        bool is_one = moment_parse(
            (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, nonce,
            &time);

        CHECK((is_one ? time : -1) == rows[i].want);
    }
}

/* Whether it is one with that many octets, in memory that ends there. */
static bool is_one(const uint8_t *p, size_t n, int64_t *time)
{
    uint8_t exact[128];

    memcpy(exact + sizeof exact - n, p, n);
    return moment_parse((struct bm_bytes){ exact + sizeof exact - n, n }, nonce,
                        time);
}

static const char whole[] = "{\"nonce\":\"" HEX "\",\"time\":1795564800}";

static void an_answer_that_is_cut_is_none(void)
{
    int64_t time;

    for (size_t n = 0; n < sizeof whole - 1; n++) {
        CHECK(!is_one((const uint8_t *)whole, n, &time));
    }
}

/* Only a digit of the time may be another digit. */
static void any_bit_may_be_wrong(void)
{
    const size_t digits = strlen("{\"nonce\":\"" HEX "\",\"time\":");
    uint8_t text[sizeof whole - 1];
    int64_t time;

    for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
        const size_t at = bit / 8;
        bool digit;

        memcpy(text, whole, sizeof text);
        text[at] ^= (uint8_t)(1u << bit % 8);
        digit = at >= digits && at < sizeof text - 1 && text[at] >= '0' &&
                text[at] <= '9';
        CHECK(is_one(text, sizeof text, &time) == digit);
        CHECK(!digit || time != 1795564800);
    }
}

int main(void)
{
    RUN(a_nonce_is_asked_in_hexadecimal);
    RUN(an_answer_to_this_nonce_is_the_time);
    RUN(an_answer_that_is_cut_is_none);
    RUN(any_bit_may_be_wrong);
    return bm_test_done();
}
