/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/recovery.h"

#include "boot/crc.h"
#include "boot/le.h"
#include "boot/test/keyset_world.h"

/*
 * A device and a line: what is to be sent lies in `sent`, what comes back in
 * `came`. When nothing is left to send, the line is gone.
 */
static struct world world;
static struct flash_sim mailbox, scratch;
static uint8_t mailbox_memory[FLASH_SIM_SIZE(RANGE_MAX, 1)];
static uint8_t scratch_memory[FLASH_SIM_SIZE(RANGE_MAX, 1)];
static const struct flash_sim_shape shape = { 512, 4, 8 };

/* Not every one: QEMU is slow at signatures. */
#if BM_TEST_ON_BOARD
#define CUT_STEP   11
#define ALTER_STEP 97
#else
#define CUT_STEP   1
#define ALTER_STEP 7
#endif

static uint8_t sent[8192];
static size_t sent_n, sent_at;
static uint8_t came[4096];
static size_t came_n;
static uint8_t number;

static bm_status line_get(void *self, uint8_t *octet)
{
    (void)self;
    if (sent_at == sent_n) {
        return BM_E_IO;
    }
    *octet = sent[sent_at++];
    return BM_OK;
}

static bm_status line_put(void *self, struct bm_bytes octets)
{
    (void)self;
    if (octets.n > sizeof came - came_n) {
        return BM_E_BUFFER;
    }
    memcpy(came + came_n, octets.p, octets.n);
    came_n += octets.n;
    return BM_OK;
}

static void put_octets(const void *p, size_t n)
{
    CHECK(n <= sizeof sent - sent_n);
    if (n != 0) {
        memcpy(sent + sent_n, p, n);
    }
    sent_n += n;
}

static void put_frame(unsigned kind, struct bm_bytes octets)
{
    uint8_t head[6] = { 0xa5, 0x5a, (uint8_t)kind, ++number };
    size_t start = sent_n + 2;
    uint8_t crc[4];

    bm_le16_put(head + 4, (uint16_t)octets.n);
    put_octets(head, sizeof head);
    put_octets(octets.p, octets.n);
    bm_le32_put(crc, bm_crc32(0, sent + start, sent_n - start));
    put_octets(crc, sizeof crc);
}

static void put_empty(unsigned kind)
{
    put_frame(kind, (struct bm_bytes){ NULL, 0 });
}

static void put_begin(unsigned what, unsigned image, size_t size)
{
    uint8_t octets[8] = { (uint8_t)what, (uint8_t)image };

    bm_le32_put(octets + 4, (uint32_t)size);
    put_frame(BM_RECOVERY_BEGIN, BM_ARRAY(octets));
}

static void put_data(struct bm_bytes all, size_t at, size_t n)
{
    uint8_t octets[4 + BM_RECOVERY_DATA_MAX];

    bm_le32_put(octets, (uint32_t)at);
    memcpy(octets + 4, all.p + at, n);
    put_frame(BM_RECOVERY_DATA, (struct bm_bytes){ octets, 4 + n });
}

static void put_transfer(unsigned what, unsigned image, struct bm_bytes all)
{
    put_begin(what, image, all.n);
    for (size_t at = 0; at < all.n; at += 96) {
        put_data(all, at, all.n - at < 96 ? all.n - at : 96);
    }
    put_empty(BM_RECOVERY_END);
}

static void new_line(void)
{
    sent_n = sent_at = came_n = 0;
    number = 0;
}

/* A device that runs image A, signed by SIGNER_A; only that key counts. */
static void new_device(void)
{
    struct flash_sim *extra[] = { &mailbox, &scratch };
    uint8_t *memory[] = { mailbox_memory, scratch_memory };

    world_live(&world, &shape, KEY(SIGNER_A));
    for (unsigned i = 0; i < 2; i++) {
        flash_sim_init(extra[i], memory[i], &shape, i + 1);
        extra[i]->supply = &world.supply;
    }
    world.boot.mailbox = mailbox.flash;
    world.boot.scratch = scratch.flash;
    world.boot.journal = world.journal.flash;
    world.boot.ring = &world.ring;
    world.boot.slot[0][0].internal = true;
    world.boot.slot[0][1].internal = true;
    CHECK_STATUS(world.journal.flash.erase(&world.journal, 0), BM_OK);
    new_line();
}

static bm_status serve(void)
{
    static const struct bm_serial serial = { NULL, line_get, line_put };
    struct bm_boot_result result = { .epoch = EPOCH_OLD };

    return bm_recovery_serve(&world.boot, BM_LIFECYCLE_CLOSED, &result,
                             &serial);
}

/* Status of the answer that came as number `n`, from 0; all are whole. */
static bm_status answered(unsigned n)
{
    const uint8_t *p = came;

    for (; p + 10 <= came + came_n; n--) {
        size_t length = 4u + bm_le16(p + 4);

        CHECK(p[0] == 0xa5 && p[1] == 0x5a);
        CHECK(bm_le32(p + 2 + length) == bm_crc32(0, p + 2, length));
        if (n == 0) {
            return (bm_status)bm_le32(p + 6);
        }
        p += 2 + length + 4;
    }
    return BM_E_END;
}

static bm_status last_answer(void)
{
    bm_status rc = BM_E_END;

    for (unsigned i = 0; answered(i) != BM_E_END; i++) {
        rc = answered(i);
    }
    return rc;
}

static bool runs(char text)
{
    struct bm_boot_result result;
    uint8_t octet;

    return bm_boot_swap(&world.boot, &result) == BM_OK &&
           world.slot[0][0].flash.read(&world.slot[0][0], 32, &octet, 1) ==
               BM_OK &&
           octet == (uint8_t)text;
}

/* ---- What is told */

static void hello_tells_what_there_is(void)
{
    new_device();
    put_empty(BM_RECOVERY_HELLO);
    put_empty(BM_RECOVERY_RESET);
    CHECK_STATUS(serve(), BM_OK);
    CHECK_STATUS(answered(0), BM_OK);
    CHECK(came[2] == 0x81 && came[3] == 1);
    CHECK(came[10] == BM_RECOVERY_VERSION && came[11] == 1);
    CHECK(bm_le16(came + 12) == BM_RECOVERY_DATA_MAX);
    CHECK(bm_le32(came + 14) == EPOCH_OLD);
    CHECK(bm_le32(came + 18) == BM_LIFECYCLE_CLOSED);
    CHECK(bm_le32(came + 22) == 512 * 4);
    CHECK_STATUS(answered(1), BM_OK);
}

/* ---- Images */

static void a_signed_image_is_installed_by_the_next_start(void)
{
    new_device();
    CHECK(runs('a'));
    put_transfer(0, 0, make_firmware('r', SIGNER_A));
    put_empty(BM_RECOVERY_RESET);
    CHECK_STATUS(serve(), BM_OK);
    CHECK_STATUS(last_answer(), BM_OK);
    CHECK(runs('r'));
    CHECK(runs('r'));
}

static void an_image_comes_where_none_runs(void)
{
    new_device();
    CHECK_STATUS(world.slot[0][0].flash.erase(&world.slot[0][0], 0), BM_OK);
    CHECK(!runs('a'));
    put_transfer(0, 0, make_firmware('r', SIGNER_A));
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_OK);
    CHECK(runs('r'));
}

static void what_is_not_signed_by_a_key_that_counts_is_erased(void)
{
    new_device();
    put_transfer(0, 0, make_firmware('r', SIGNER_B));
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_E_IMAGE_KEY);
    CHECK(world_is_blank(&world.slot[0][1]));
    CHECK(runs('a'));
}

static void an_image_that_was_altered_is_erased(void)
{
    struct bm_bytes image = make_firmware('r', SIGNER_A);

    for (size_t i = 0; i < image.n; i += ALTER_STEP) {
        uint8_t copy[1200];

        new_device();
        memcpy(copy, image.p, image.n);
        copy[i] ^= 0x10;
        put_transfer(0, 0, (struct bm_bytes){ copy, image.n });
        CHECK_STATUS(serve(), BM_E_IO);
        CHECK(last_answer() != BM_OK);
        CHECK(world_is_blank(&world.slot[0][1]));
        CHECK(runs('a'));
    }
}

static void a_downgrade_is_refused(void)
{
    new_device();
    CHECK_STATUS(world.boot.counters.raise(world.boot.counters.self,
                                           BM_COUNTER_IMAGE, 2),
                 BM_OK);
    put_transfer(0, 0, make_firmware('r', SIGNER_A));
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_E_BOOT_DOWNGRADE);
}

/* ---- Key sets */

static void the_rescue_key_brings_a_key_set(void)
{
    new_device();
    put_transfer(1, 0, make_set(EPOCH_OLD, KEY(SIGNER_B), RESCUE));
    put_transfer(0, 0, make_firmware('r', SIGNER_B));
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_OK);
    CHECK(runs('r'));
}

static void a_key_set_comes_where_none_counts(void)
{
    new_device();
    for (unsigned i = 0; i < 2; i++) {
        CHECK_STATUS(world.keyset[i].flash.erase(&world.keyset[i], 0), BM_OK);
    }
    CHECK(!runs('a'));
    put_transfer(1, 0, make_set(EPOCH_OLD + 1, KEY(SIGNER_A), ROOT));
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_OK);
    CHECK(runs('a'));
    CHECK(world_counter(&world) == EPOCH_OLD + 1);
}

static void an_older_key_set_is_refused(void)
{
    new_device();
    put_transfer(1, 0, make_set(EPOCH_OLD - 1, KEY(SIGNER_B), ROOT));
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_E_KEYSET_EPOCH);
    CHECK(runs('a'));
}

static void who_signs_firmware_signs_no_key_set(void)
{
    new_device();
    put_transfer(1, 0, make_set(EPOCH_OLD + 1, KEY(SIGNER_B), SIGNER_A));
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_E_KEYSET_ROOT);
    CHECK(world_is_blank(&world.candidate));
}

/* ---- The line */

/* A line that echoes. */
static void an_answer_is_no_question(void)
{
    new_device();
    put_empty(BM_RECOVERY_RESET | 0x80);
    put_empty(BM_RECOVERY_HELLO | 0x80);
    put_empty(BM_RECOVERY_HELLO);
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK(came[2] == 0x81 && came[3] == 3);
    CHECK_STATUS(answered(0), BM_OK);
    CHECK_STATUS(answered(1), BM_E_END);
}

static void a_frame_that_comes_twice_is_done_once(void)
{
    struct bm_bytes image = make_firmware('r', SIGNER_A);

    new_device();
    put_begin(0, 0, image.n);
    put_begin(0, 0, image.n);
    for (size_t at = 0; at < image.n; at += 64) {
        size_t n = image.n - at < 64 ? image.n - at : 64;

        put_data(image, at, n);
        put_data(image, at, n);
    }
    put_empty(BM_RECOVERY_END);
    put_empty(BM_RECOVERY_END);
    CHECK_STATUS(serve(), BM_E_IO);
    for (unsigned i = 0; answered(i) != BM_E_END; i++) {
        CHECK_STATUS(answered(i), BM_OK);
    }
    CHECK(!world_broken(&world));
    CHECK(runs('r'));
}

/* The second time nothing is copied, and what was wrong is told again. */
static void an_end_that_comes_twice_is_done_once(void)
{
    uint8_t before[128];
    uint8_t after[128];
    struct flash_sim *place = &world.keyset[0];

    new_device();
    CHECK_STATUS(place->flash.read(place, 0, before, sizeof before), BM_OK);
    put_transfer(1, 0, make_set(EPOCH_OLD + 1, KEY(SIGNER_A), ROOT));
    put_empty(BM_RECOVERY_END);
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_OK);
    CHECK_STATUS(place->flash.read(place, 0, after, sizeof after), BM_OK);
    CHECK(memcmp(before, after, sizeof before) == 0);
    new_device();
    put_transfer(0, 0, make_firmware('r', SIGNER_B));
    put_empty(BM_RECOVERY_END);
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(last_answer(), BM_E_IMAGE_KEY);
}

static void what_is_damaged_is_not_answered(void)
{
    new_device();
    put_empty(BM_RECOVERY_HELLO);
    for (size_t i = 0; i < 10; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            new_line();
            put_empty(BM_RECOVERY_HELLO);
            sent[i] ^= (uint8_t)(1u << bit);
            CHECK_STATUS(serve(), BM_E_IO);
            CHECK(came_n == 0);
        }
    }
}

static void what_does_not_follow_is_refused(void)
{
    static const uint8_t octets[64] = { 0 };
    struct bm_bytes all = BM_ARRAY(octets);
    uint8_t large[8] = { 0 };

    new_device();
    put_empty(BM_RECOVERY_END);
    put_data(all, 0, 32);
    put_begin(0, 0, 64);
    put_data(all, 32, 32);
    put_data(all, 0, 31);
    put_empty(BM_RECOVERY_END);
    put_begin(2, 0, 64);
    put_begin(0, 1, 64);
    put_begin(0, 0, 512 * 4 + 1);
    bm_le32_put(large + 4, 0xffffffff);
    put_frame(BM_RECOVERY_BEGIN, BM_ARRAY(large));
    put_empty(99);
    CHECK_STATUS(serve(), BM_E_IO);
    CHECK_STATUS(answered(0), BM_E_RECOVERY_ORDER);
    CHECK_STATUS(answered(1), BM_E_RECOVERY_ORDER);
    CHECK_STATUS(answered(2), BM_OK);
    CHECK_STATUS(answered(3), BM_E_RECOVERY_ORDER);
    CHECK_STATUS(answered(4), BM_E_RECOVERY_FRAME);
    CHECK_STATUS(answered(5), BM_E_RECOVERY_ORDER);
    CHECK_STATUS(answered(6), BM_E_RECOVERY_FRAME);
    CHECK_STATUS(answered(7), BM_E_RECOVERY_FRAME);
    CHECK_STATUS(answered(8), BM_E_RECOVERY_SIZE);
    CHECK_STATUS(answered(9), BM_E_RECOVERY_SIZE);
    CHECK_STATUS(answered(10), BM_E_RECOVERY_KIND);
}

/* A cut at each operation of flash: the device runs what it ran, or the new
 * one, and can be sent the image again. */
static void a_cut_anywhere_leaves_something_that_runs(void)
{
    for (uint32_t in = 1;; in += CUT_STEP) {
        new_device();
        CHECK(runs('a'));
        flash_sim_cut(&world.supply, in, FLASH_CUT_BITS, 0);
        put_transfer(0, 0, make_firmware('r', SIGNER_A));
        CHECK_STATUS(serve(), BM_E_IO);
        if (last_answer() == BM_OK) {
            break;
        }
        flash_sim_on(&world.supply);
        CHECK(runs('a') || runs('r'));
        new_line();
        put_transfer(0, 0, make_firmware('r', SIGNER_A));
        CHECK_STATUS(serve(), BM_E_IO);
        CHECK_STATUS(last_answer(), BM_OK);
        CHECK(runs('r'));
    }
}

int main(void)
{
    RUN(hello_tells_what_there_is);
    RUN(a_signed_image_is_installed_by_the_next_start);
    RUN(an_image_comes_where_none_runs);
    RUN(what_is_not_signed_by_a_key_that_counts_is_erased);
    RUN(an_image_that_was_altered_is_erased);
    RUN(a_downgrade_is_refused);
    RUN(the_rescue_key_brings_a_key_set);
    RUN(a_key_set_comes_where_none_counts);
    RUN(an_older_key_set_is_refused);
    RUN(who_signs_firmware_signs_no_key_set);
    RUN(an_answer_is_no_question);
    RUN(a_frame_that_comes_twice_is_done_once);
    RUN(an_end_that_comes_twice_is_done_once);
    RUN(what_is_damaged_is_not_answered);
    RUN(what_does_not_follow_is_refused);
    RUN(a_cut_anywhere_leaves_something_that_runs);
    return bm_test_done();
}
