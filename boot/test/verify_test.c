/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/test/verify_world.h"

static void a_signed_image_is_taken(void)
{
    world_image(0, 0);
    world_takes();
    CHECK(world.image.has_counter && world.image.counter == 7);
    CHECK(world.image.header.version.build == 4);
    CHECK(world.image.digest.n == BM_IMAGE_DIGEST_SIZE);
}

static void what_is_read_lies_in_memory_of_the_caller(void)
{
    world_image(0, 0);
    world_takes();
    CHECK(world.image.digest.p > world.work.tlvs);
    CHECK(world.image.digest.p < world.work.tlvs + sizeof world.work.tlvs);
}

/* A yes is for one place. */
static void the_verdict_says_where_it_runs(void)
{
    world_image(0, RAM_ADDRESS);
    world_takes();
    CHECK(world.verdict.address == ADDRESS + 40);
    world_image(BM_IMAGE_ROM_FIXED, ADDRESS);
    world_takes();
    CHECK(world.verdict.address == ADDRESS + 40);
    world_image(BM_IMAGE_RAM_LOAD, RAM_ADDRESS + 8);
    world_takes();
    CHECK(world.verdict.address == RAM_ADDRESS + 8 + HEADER_SIZE);
}

static void every_octet_counts(void)
{
    world_image(0, 0);
    for (size_t i = 0; i < world.made.n; i++) {
        uint8_t was = world.slot[i];

        world.slot[i] ^= (uint8_t)(1u << i % 8);
        CHECK(world_judge() != BM_OK);
        CHECK(!bm_verdict_yes(&world.verdict));
        if (bm_verdict_yes(&world.verdict)) {
            printf("# octet %lu\n", (unsigned long)i);
        }
        world.slot[i] = was;
    }
    world_takes();
}

static void an_image_that_ends_early_is_refused(void)
{
    world_image(0, 0);
    world.recall = true;
    for (size_t n = 0; n < world.made.n; n++) {
        world_put();
        memset(world.slot + n, 0xff, sizeof world.slot - n);
        CHECK(world_judge() != BM_OK);
        CHECK(!bm_verdict_yes(&world.verdict));
    }
}

static void what_lies_behind_an_image_does_not_matter(void)
{
    world_image(0, 0);
    memset(world.slot + world.made.n, 0x5a, 64);
    world_takes();
}

/* No field is read twice; the payload is, as it runs from there. */
static void each_octet_is_read_as_often_as_it_must(void)
{
    size_t from = 40;
    size_t end = from + sizeof payload;

    world_image(0, 0);
    world_takes();
    for (size_t i = 0; i < sizeof world.times; i++) {
        bool hashed_from_flash = i >= BM_IMAGE_HEADER_SIZE && i < end;
        unsigned want = hashed_from_flash ? 2 : 1;

        CHECK(world.times[i] == (i < world.made.n ? want : 0));
    }
    world_image(BM_IMAGE_RAM_LOAD, RAM_ADDRESS);
    world_takes();
    for (size_t i = 0; i < sizeof world.times; i++) {
        bool padding = i >= BM_IMAGE_HEADER_SIZE && i < from;
        unsigned want = padding ? 2 : 1;

        CHECK(world.times[i] == (i < world.made.n ? want : 0));
    }
}

static void a_flash_that_cannot_be_read_is_refused(void)
{
    unsigned reads;

    world_image(0, 0);
    world_takes();
    reads = world.reads;
    for (unsigned i = 1; i <= reads; i++) {
        world.fail_read = i;
        world_refuses(BM_E_FLASH_READ);
    }
    world.fail_read = 0;
    world_takes();
}

static void every_call_of_the_provider_counts(void)
{
    unsigned calls;

    world_image(0, 0);
    world_takes();
    calls = world.calls;
    CHECK(calls > 8);
    CHECK(world.verified == 2);
    world.recall = true;
    for (unsigned i = 1; i <= calls; i++) {
        world.fail_call = i;
        world_refuses(BM_E_CRYPTO);
    }
}

/* What a skipped call looks like: nothing is done, and all is said to be
 * well. It happens once, and the other pass is not fooled. */
static void one_call_that_lies_does_not_make_a_yes(void)
{
    static const size_t where[] = { 12, 45, 42 + sizeof payload, 0 };

    for (size_t k = 0; k < sizeof where / sizeof where[0]; k++) {
        unsigned calls;

        world_image(0, 0);
        world_takes();
        calls = world.calls;
        /* In the header, payload and counter; last in the signature. */
        world.slot[where[k] != 0 ? where[k] : world.made.n - 3] ^= 4;
        world.lie = world.recall = true;
        for (unsigned i = 1; i <= calls; i++) {
            world.fail_call = i;
            CHECK(world_judge() != BM_OK);
            CHECK(!bm_verdict_yes(&world.verdict));
        }
    }
}

static void an_older_image_is_refused_in_either_pass(void)
{
    static const struct {
        uint32_t least[2];
        bm_status want;
    } rows[] = {
        { { 7, 7 }, BM_OK },
        { { 0, 0 }, BM_OK },
        { { 8, 8 }, BM_E_BOOT_DOWNGRADE },
        { { 8, 0 }, BM_E_BOOT_DOWNGRADE },
        { { 0, 8 }, BM_E_BOOT_DOWNGRADE },
        { { UINT32_MAX, 0 }, BM_E_BOOT_DOWNGRADE },
        { { 0, UINT32_MAX }, BM_E_BOOT_DOWNGRADE },
    };

    world_image(0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world.v.least[0] = rows[i].least[0];
        world.v.least[1] = rows[i].least[1];
        CHECK_STATUS(world_judge(), rows[i].want);
        CHECK(bm_verdict_yes(&world.verdict) == (rows[i].want == BM_OK));
    }
}

static void an_image_without_a_counter_counts_as_zero(void)
{
    const struct bm_image_header header = { .header_size = 32 };

    world_start();
    signed_image_begin(&world.made, &header, BM_ARRAY(payload));
    signed_image_digest(&world.made);
    signed_image_key(&world.made, 0);
    signed_image_sign(&world.made, 0);
    signed_image_end(&world.made);
    world_put();
    world_takes();
    world.v.least[0] = world.v.least[1] = 1;
    world_refuses(BM_E_BOOT_DOWNGRADE);
}

static void an_image_made_for_another_address_is_refused(void)
{
    world_image(BM_IMAGE_ROM_FIXED, ADDRESS);
    world_takes();
    world.v.address += 4;
    world_refuses(BM_E_BOOT_ADDRESS);
}

static void an_image_that_does_not_fit_into_its_ram_is_refused(void)
{
    const uint32_t end = RAM_ADDRESS + RAM_SIZE;
    const struct {
        uint32_t address;
        bm_status want;
    } rows[] = {
        { RAM_ADDRESS, BM_OK },
        { RAM_ADDRESS + 4, BM_OK },
        { end - sizeof payload, BM_OK },
        { end - sizeof payload + 1, BM_E_BOOT_ADDRESS },
        { end, BM_E_BOOT_ADDRESS },
        { end + 1, BM_E_BOOT_ADDRESS },
        { RAM_ADDRESS - 1, BM_E_BOOT_ADDRESS },
        { RAM_ADDRESS - sizeof payload, BM_E_BOOT_ADDRESS },
        { 0, BM_E_BOOT_ADDRESS },
        { UINT32_MAX, BM_E_BOOT_ADDRESS },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t at = rows[i].address - RAM_ADDRESS;

        world_image(BM_IMAGE_RAM_LOAD, rows[i].address - HEADER_SIZE);
        CHECK_STATUS(world_judge(), rows[i].want);
        CHECK(bm_verdict_yes(&world.verdict) == (rows[i].want == BM_OK));
        if (rows[i].want == BM_OK) {
            CHECK_BYTES(world.ram + at, sizeof payload, payload,
                        sizeof payload);
        }
    }
    world.v.ram = NULL;
    world_image(BM_IMAGE_RAM_LOAD, RAM_ADDRESS);
    world.v.ram = NULL;
    world.v.ram_size = 0;
    world_refuses(BM_E_BOOT_ADDRESS);
}

static void a_larger_image_than_the_slot_is_refused(void)
{
    world_image(0, 0);
    for (uint32_t sectors = 1; sectors <= 4; sectors++) {
        world.flash.sector = ((uint32_t)world.made.n - 1) / sectors;
        world.flash.sectors = sectors;
        CHECK(world_judge() != BM_OK);
        CHECK(!bm_verdict_yes(&world.verdict));
    }
    world.flash.sector = (uint32_t)world.made.n;
    world.flash.sectors = 1;
    world_takes();
}

static void flags_say_what_it_is(void)
{
    world_image(BM_IMAGE_NON_BOOTABLE, 0);
    world_refuses(BM_E_IMAGE_FLAGS);
}

static bool is_yes(uint32_t yes, uint32_t no)
{
    const struct bm_verdict verdict = { yes, no, ADDRESS, NULL };

    return bm_verdict_yes(&verdict) ||
           bm_jump_address(&verdict, ADDRESS) == ADDRESS;
}

static void a_yes_is_about_one_slot(void)
{
    const struct bm_flash other = { .sector = 0 };

    world_image(0, 0);
    world_takes();
    CHECK(bm_verdict_yes_of(&world.verdict, world.v.flash));
    CHECK(!bm_verdict_yes_of(&world.verdict, &other));
    CHECK(!bm_verdict_yes_of(&world.verdict, NULL));
}

static void a_word_that_was_faulted_is_no_yes(void)
{
    const uint32_t yes = BM_VERDICT_YES;

    CHECK(is_yes(yes, ~yes));
    for (unsigned bit = 0; bit < 32; bit++) {
        CHECK(!is_yes(yes ^ 1u << bit, ~yes));
        CHECK(!is_yes(yes, ~yes ^ 1u << bit));
    }
    CHECK(!is_yes(0, 0));
    CHECK(!is_yes(0, UINT32_MAX));
    CHECK(!is_yes(UINT32_MAX, 0));
    CHECK(!is_yes(1, ~1u));
    CHECK(!is_yes(yes, 0));
    CHECK(!is_yes(0, ~yes));
    CHECK(!is_yes(yes, yes));
    CHECK(!is_yes(~yes, yes));
}

static void a_sum_tells_what_was_left_out_or_failed(void)
{
    struct bm_flow flow = { 0 };

    CHECK_STATUS(bm_flow_step(&flow, 5, BM_OK), BM_OK);
    CHECK(flow.sum == 5);
    CHECK_STATUS(bm_flow_step(&flow, 7, BM_E_CRYPTO), BM_E_CRYPTO);
    CHECK(flow.sum == 12 + (uint32_t)BM_E_CRYPTO);
}

int main(void)
{
    RUN(a_signed_image_is_taken);
    RUN(what_is_read_lies_in_memory_of_the_caller);
    RUN(the_verdict_says_where_it_runs);
    RUN(every_octet_counts);
    RUN(an_image_that_ends_early_is_refused);
    RUN(what_lies_behind_an_image_does_not_matter);
    RUN(each_octet_is_read_as_often_as_it_must);
    RUN(a_flash_that_cannot_be_read_is_refused);
    RUN(every_call_of_the_provider_counts);
    RUN(one_call_that_lies_does_not_make_a_yes);
    RUN(an_older_image_is_refused_in_either_pass);
    RUN(an_image_without_a_counter_counts_as_zero);
    RUN(an_image_made_for_another_address_is_refused);
    RUN(an_image_that_does_not_fit_into_its_ram_is_refused);
    RUN(a_larger_image_than_the_slot_is_refused);
    RUN(flags_say_what_it_is);
    RUN(a_yes_is_about_one_slot);
    RUN(a_word_that_was_faulted_is_no_yes);
    RUN(a_sum_tells_what_was_left_out_or_failed);
    return bm_test_done();
}
