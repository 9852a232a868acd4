/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wolfboot.h"

#include "boot/le.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define PAYLOAD 40u

static uint8_t image[WOLFBOOT_HEADER_MIN + PAYLOAD];
static size_t at;

static void add(unsigned type, const void *value, size_t n)
{
    bm_le16_put(image + at, (uint16_t)type);
    bm_le16_put(image + at + 2, (uint16_t)n);
    memcpy(image + at + 4, value, n);
    at += 4 + n;
}

static void begin(void)
{
    memset(image, 0xff, sizeof image);
    bm_le32_put(image, 0x464c4f57); /* "WOLF" */
    bm_le32_put(image + 4, PAYLOAD);
    memset(image + WOLFBOOT_HEADER_MIN, 'p', PAYLOAD);
    at = 8;
}

/* The digest, over the header up to here and the payload. */
static void add_digest(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t all[sizeof image];
    uint8_t hash[32];

    memcpy(all, image, at);
    memcpy(all + at, image + WOLFBOOT_HEADER_MIN, PAYLOAD);
    CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256,
                              (struct bm_bytes){ all, at + PAYLOAD }, hash),
                 BM_OK);
    add(0x03, hash, 32);
}

static const uint8_t version[4] = { 7, 1, 0, 0 };
static const uint8_t timestamp[8] = { 0x80, 0x51, 0x01, 0, 0, 0, 0, 0 };

static void make(void)
{
    begin();
    add(0x01, version, 4);
    at += 4; /* 0xff, as wolfBoot aligns what follows */
    add(0x02, timestamp, 8);
    add(0x04, "\x01\x02", 2);
    add_digest();
    add(0x10, image + WOLFBOOT_HEADER_MIN, 32);
    add(0x20, image + WOLFBOOT_HEADER_MIN, 34);
}

static bm_status parse(struct wolfboot *w)
{
    return wolfboot_parse(BM_ARRAY(image), bm_test_crypto(), w);
}

static void version_time_and_payload_are_read(void)
{
    struct wolfboot w;

    make();
    CHECK(wolfboot_is(BM_ARRAY(image)));
    CHECK_STATUS(parse(&w), BM_OK);
    CHECK(w.version == 0x107 && w.has_timestamp && w.timestamp == 86400);
    CHECK(w.header_size == WOLFBOOT_HEADER_MIN && w.payload.n == PAYLOAD);
    CHECK(w.payload.p == image + WOLFBOOT_HEADER_MIN);
}

static void what_was_changed_is_refused(void)
{
    struct wolfboot w;

    for (size_t bit = 0; bit < 8 * sizeof image; bit++) {
        make();
        image[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (parse(&w) == BM_OK) {
            /* The rest of the header is not what we read. */
            CHECK(bit / 8 >= 8 + 8 + 4 + 12 + 6 + 36 &&
                  bit / 8 < WOLFBOOT_HEADER_MIN);
        } else {
            CHECK(w.payload.p == NULL && w.version == 0);
        }
    }
}

static void every_prefix_and_a_trailing_octet_is_refused(void)
{
    uint8_t longer[sizeof image + 1];
    struct wolfboot w;

    make();
    memcpy(longer, image, sizeof image);
    longer[sizeof image] = 0xff;
    for (size_t n = 0; n <= sizeof longer; n++) {
        if (n != sizeof image) {
            CHECK(wolfboot_parse((struct bm_bytes){ longer, n },
                                 bm_test_crypto(), &w) != BM_OK);
        }
    }
}

static void what_has_to_be_there_is_there_once(void)
{
    static const uint8_t zeros[48];
    struct wolfboot w;

    begin();
    add_digest();
    CHECK_STATUS(parse(&w), BM_E_IMAGE_MISSING);
    begin();
    add(0x01, version, 4);
    CHECK_STATUS(parse(&w), BM_E_IMAGE_MISSING);
    begin();
    add(0x01, version, 4);
    add(0x01, version, 4);
    CHECK_STATUS(parse(&w), BM_E_IMAGE_TLV_TWICE);
    begin();
    add(0x01, version, 3);
    CHECK_STATUS(parse(&w), BM_E_IMAGE_TLV);
    begin();
    add(0x05, version, 4);
    CHECK_STATUS(parse(&w), BM_E_IMAGE_TLV_TYPE);
    begin();
    add(0x14, zeros, sizeof zeros);
    CHECK_STATUS(parse(&w), BM_E_IMAGE_ALGORITHM);
}

int main(void)
{
    RUN(version_time_and_payload_are_read);
    RUN(what_was_changed_is_refused);
    RUN(every_prefix_and_a_trailing_octet_is_refused);
    RUN(what_has_to_be_there_is_there_once);
    return bm_test_done();
}
