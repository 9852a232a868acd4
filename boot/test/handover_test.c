/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/handover.h"

#include "tests/harness/bm_test.h"

static const uint8_t digest[] = "0123456789abcdef0123456789abcdef";
static uint8_t buffer[BM_HANDOVER_MAX];

/* imgtool's record: {1: "SPE", 2: 32 octets of zero}, shortened. */
static uint8_t record[] = { 0xa2, 1, 0x63, 'S', 'P', 'E', 2, 0x58, 0x20, 0, 0,
                            0,    0, 0,    0,   0,   0,   0, 0,    0,    0, 0,
                            0,    0, 0,    0,   0,   0,   0, 0,    0,    0, 0,
                            0,    0, 0,    0,   0,   0,   0, 0 };

static const struct bm_boot_result result = {
    .event = BM_BOOT_TRIAL,
    .refusal = BM_E_KEYSET_EPOCH,
    .slot = 1,
    .epoch = 7,
    .consumed = 0x12345678,
};

/* What a start of two images hands over. */
static struct bm_bytes handed_over(void)
{
    struct bm_image image = { .digest = { digest, BM_IMAGE_DIGEST_SIZE },
                              .boot_record = BM_ARRAY(record) };
    struct bm_wr w;

    memset(buffer, 0xee, sizeof(buffer));
    bm_wr_init(&w, buffer, sizeof(buffer));
    bm_handover_begin(&w);
    bm_handover_image(&w, 0, &image);
    image.boot_record.n = 0;
    bm_handover_image(&w, 1, &image);
    CHECK_STATUS(bm_handover_end(&w, &result, BM_LIFECYCLE_CLOSED), BM_OK);
    return bm_wr_bytes(&w);
}

static void what_is_handed_over_arrives(void)
{
    struct bm_bytes all = handed_over();
    struct bm_handover h;

    /* The application knows where it begins, not where it ends. */
    CHECK_STATUS(bm_handover_get(BM_ARRAY(buffer), &h), BM_OK);
    CHECK(all.n < sizeof(buffer));
    CHECK(h.event == BM_BOOT_TRIAL);
    CHECK(h.refusal == BM_E_KEYSET_EPOCH);
    CHECK(h.slot == 1);
    CHECK(h.epoch == 7);
    CHECK(h.consumed == 0x12345678);
    CHECK(h.lifecycle == BM_LIFECYCLE_CLOSED);
    CHECK(bm_bytes_are(h.image[0].digest, digest, 32));
    CHECK(bm_bytes_are(h.image[1].digest, digest, 32));
    CHECK(h.image[1].record.n == 0);
}

static void a_boot_record_gets_the_digest(void)
{
    struct bm_handover h;

    handed_over();
    CHECK_STATUS(bm_handover_get(BM_ARRAY(buffer), &h), BM_OK);
    CHECK(h.image[0].record.n == sizeof(record));
    CHECK(memcmp(h.image[0].record.p, record, sizeof(record) - 32) == 0);
    CHECK(memcmp(h.image[0].record.p + sizeof(record) - 32, digest, 32) == 0);
}

static void a_boot_record_of_another_form_is_left_out(void)
{
    static const uint8_t odd[] = { 0xa1, 1, 0x63, 'S', 'P', 'E' };
    struct bm_image image = { .digest = { digest, 32 },
                              .boot_record = BM_ARRAY(odd) };
    struct bm_handover h;
    struct bm_wr w;

    bm_wr_init(&w, buffer, sizeof(buffer));
    bm_handover_begin(&w);
    bm_handover_image(&w, 0, &image);
    CHECK_STATUS(bm_handover_end(&w, &result, BM_LIFECYCLE_OPEN), BM_OK);
    CHECK_STATUS(bm_handover_get(BM_ARRAY(buffer), &h), BM_OK);
    CHECK(h.image[0].record.n == 0);
    CHECK(h.image[0].digest.n == 32);
}

static void the_largest_fits(void)
{
    static uint8_t large[BM_IMAGE_BOOT_RECORD_MAX];
    struct bm_image image = { .digest = { digest, 32 },
                              .boot_record = BM_ARRAY(large) };
    struct bm_wr w;

    large[sizeof(large) - 34] = 0x58;
    large[sizeof(large) - 33] = 0x20;
    bm_wr_init(&w, buffer, sizeof(buffer));
    bm_handover_begin(&w);
    for (unsigned i = 0; i < BM_BOOT_IMAGES; i++) {
        bm_handover_image(&w, i, &image);
    }
    CHECK_STATUS(bm_handover_end(&w, &result, BM_LIFECYCLE_OPEN), BM_OK);
}

static void too_little_room_is_told(void)
{
    size_t n = handed_over().n;

    for (size_t cap = 0; cap < n; cap++) {
        struct bm_image image = { .digest = { digest, 32 },
                                  .boot_record = BM_ARRAY(record) };
        struct bm_wr w;

        bm_wr_init(&w, buffer, cap);
        bm_handover_begin(&w);
        bm_handover_image(&w, 0, &image);
        image.boot_record.n = 0;
        bm_handover_image(&w, 1, &image);
        CHECK_STATUS(bm_handover_end(&w, &result, BM_LIFECYCLE_OPEN),
                     BM_E_BUFFER);
    }
}

static void every_prefix_is_refused(void)
{
    size_t n = handed_over().n;
    struct bm_handover h;

    for (size_t i = 0; i < n; i++) {
        CHECK_STATUS(bm_handover_get((struct bm_bytes){ buffer, i }, &h),
                     BM_E_BOOT_HANDOVER);
    }
}

static void every_flipped_bit_is_refused(void)
{
    size_t n = handed_over().n;
    struct bm_handover h;

    for (size_t i = 0; i < 8 * n; i++) {
        buffer[i / 8] ^= (uint8_t)(1u << i % 8);
        CHECK_STATUS(bm_handover_get((struct bm_bytes){ buffer, n }, &h),
                     BM_E_BOOT_HANDOVER);
        CHECK(h.consumed == 0);
        buffer[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

int main(void)
{
    RUN(what_is_handed_over_arrives);
    RUN(a_boot_record_gets_the_digest);
    RUN(a_boot_record_of_another_form_is_left_out);
    RUN(the_largest_fits);
    RUN(too_little_room_is_told);
    RUN(every_prefix_is_refused);
    RUN(every_flipped_bit_is_refused);
    return bm_test_done();
}
