/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/test/verify_world.h"

/*
 * Flash that is not the same at each read: memory outside of the chip, which
 * somebody changes between check and use. Whatever changes, and when: a yes
 * means that nothing was read but what was signed.
 */

/* Where octets are changed: each part of an image, and two parts at once. */
static const struct {
    size_t at;
    size_t n;
} changes[] = {
    { 5, 1 },                        /* load address */
    { 8, 1 },                        /* size of the header */
    { 12, 1 },                       /* size of the payload */
    { 16, 1 },                       /* flags */
    { 21, 1 },                       /* version */
    { 35, 1 },                       /* between header and payload */
    { 40, 1 },                       /* payload */
    { 40 + sizeof payload, 1 },      /* protected area */
    { 40 + sizeof payload + 8, 1 },  /* counter */
    { 40 + sizeof payload + 20, 1 }, /* digest */
    { 20, 30 },
};
#define CHANGES (sizeof changes / sizeof changes[0])

static unsigned which;
static unsigned from;  /* the read at which it begins */
static unsigned until; /* ... and the first that it does not reach */

static void change(unsigned read)
{
    bool now = read >= from && read < until;

    memcpy(world.slot, world.made.octets, world.made.n);
    for (size_t i = 0; now && i < changes[which].n; i++) {
        world.slot[changes[which].at + i] ^= 0x10;
    }
}

static void alternate(unsigned read)
{
    change(read % 2 == from ? from : until);
}

/* Returns whether it was taken. */
static bool judge_changing(void (*how)(unsigned read))
{
    bm_status rc;

    world_put();
    world.before_read = how;
    rc = world_judge();
    CHECK((rc == BM_OK) == bm_verdict_yes(&world.verdict));
    CHECK(rc != BM_OK || !world.altered);
    world.before_read = NULL;
    return rc == BM_OK;
}

static void try_all_changes(uint32_t flags, uint32_t address)
{
    unsigned reads;
    unsigned altered = 0;

    world_image(flags, address);
    world_takes();
    world.recall = true;
    reads = world.reads;
    for (which = 0; which < CHANGES; which++) {
        for (from = 1; from <= reads; from++) {
            until = from + 1;
            (void)judge_changing(change);
            altered += world.altered;
            until = UINT32_MAX;
            (void)judge_changing(change);
            altered += world.altered;
        }
        from = 1;
        for (until = 1; until <= reads; until++) {
            (void)judge_changing(change);
            altered += world.altered;
        }
    }
    CHECK(altered > 3 * CHANGES);
}

static void a_yes_is_for_what_was_signed_alone(void)
{
    try_all_changes(0, 0);
}

static void a_yes_for_code_in_ram_is_for_what_was_signed_alone(void)
{
    try_all_changes(BM_IMAGE_RAM_LOAD, RAM_ADDRESS);
}

static void flash_that_alternates_is_refused(void)
{
    world_image(0, 0);
    which = 6; /* the payload: read in the first pass, and in the second */
    until = 5;
    for (from = 0; from < 2; from++) {
        CHECK(!judge_changing(alternate));
    }
}

static void change_after_copy(unsigned read)
{
    if (read == from) {
        memset(world.slot, 0x66, sizeof world.slot);
    }
}

/* What is verified, and runs, is the copy: flash may be what it likes. */
static void code_in_ram_does_not_change_with_the_flash(void)
{
    unsigned taken = 0;
    unsigned reads;

    world_image(BM_IMAGE_RAM_LOAD, RAM_ADDRESS);
    world_takes();
    reads = world.reads;
    for (from = 1; from <= reads + 1; from++) {
        if (judge_changing(change_after_copy)) {
            taken++;
            CHECK_BYTES(world.ram + HEADER_SIZE, sizeof payload, payload,
                        sizeof payload);
        }
    }
    CHECK(taken != 0);
}

int main(void)
{
    RUN(a_yes_is_for_what_was_signed_alone);
    RUN(a_yes_for_code_in_ram_is_for_what_was_signed_alone);
    RUN(flash_that_alternates_is_refused);
    RUN(code_in_ram_does_not_change_with_the_flash);
    return bm_test_done();
}
