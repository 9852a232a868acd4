/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/journal.h"

#include "boot/crc.h"
#include "device/test/flash_sim.h"
#include "tests/harness/bm_test.h"

#define SIZE 20u
#define ROOM (3u * 1024u)

static uint8_t memory[2 * ROOM];
static struct flash_sim sim;
static struct bm_journal journal;
static uint8_t state[BM_JOURNAL_RECORD_MAX];

static const struct flash_sim_shape shapes[] = {
    { 256, 2, 4 }, { 256, 3, 1 }, { 512, 2, 32 }, { 1024, 3, 16 }
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static bm_status reopen(void)
{
    return bm_journal_open(&journal, &sim.flash, state, SIZE);
}

static void begin(const struct flash_sim_shape *shape)
{
    flash_sim_init(&sim, memory, shape, 7);
    CHECK_STATUS(reopen(), BM_E_NOT_FOUND);
}

static bm_status put(uint8_t value)
{
    uint8_t next[SIZE];

    memset(next, value, sizeof next);
    return bm_journal_put(&journal, next);
}

static bool holds(uint8_t value)
{
    for (size_t i = 0; i < SIZE; i++) {
        if (state[i] != value) {
            return false;
        }
    }
    return true;
}

static void the_checksum_is_that_of_ieee_802_3(void)
{
    CHECK(bm_crc32(0, "123456789", 9) == 0xcbf43926u);
    CHECK(bm_crc32(bm_crc32(0, "1234", 4), "56789", 5) == 0xcbf43926u);
}

static void erased_flash_holds_no_state(void)
{
    for (size_t i = 0; i < SHAPES; i++) {
        memset(state, 0x55, sizeof state);
        begin(&shapes[i]);
        CHECK(holds(0));
        CHECK(sim.operations == 0);
    }
}

static void the_last_state_counts_however_many_there_were(void)
{
    for (size_t i = 0; i < SHAPES; i++) {
        begin(&shapes[i]);
        for (unsigned n = 1; n < 200; n++) {
            CHECK_STATUS(put((uint8_t)n), BM_OK);
            if (n % 3 == 0) {
                CHECK_STATUS(reopen(), BM_OK);
                CHECK(holds((uint8_t)n));
                CHECK(journal.sequence == n);
            }
        }
        CHECK(!sim.broken);
    }
}

static void sectors_wear_alike(void)
{
    begin(&shapes[1]); /* 9 records of 28 octets to a sector */
    for (unsigned n = 0; n < 9 * 30; n++) {
        CHECK_STATUS(put(1), BM_OK);
    }
    CHECK(sim.erases == 30);
}

static void a_state_of_another_size_is_none(void)
{
    begin(&shapes[0]);
    CHECK_STATUS(put(5), BM_OK);
    CHECK_STATUS(bm_journal_open(&journal, &sim.flash, state, SIZE - 1),
                 BM_E_NOT_FOUND);
    CHECK_STATUS(bm_journal_open(&journal, &sim.flash, state, SIZE + 1),
                 BM_E_NOT_FOUND);
}

static void shapes_that_cannot_hold_it_are_refused(void)
{
    begin(&shapes[0]);
    CHECK_STATUS(
        bm_journal_open(&journal, &sim.flash, state, BM_JOURNAL_RECORD_MAX + 1),
        BM_E_ARGUMENT);
    sim.flash.sectors = 1;
    CHECK_STATUS(reopen(), BM_E_ARGUMENT);
    sim.flash.sectors = 2;
    sim.flash.sector = 16;
    CHECK_STATUS(reopen(), BM_E_ARGUMENT);
}

static void the_largest_state_fits_the_smallest_sector(void)
{
    static uint8_t big[BM_JOURNAL_RECORD_MAX];

    flash_sim_init(&sim, memory, &(struct flash_sim_shape){ 256, 2, 32 }, 7);
    CHECK_STATUS(bm_journal_open(&journal, &sim.flash, state, sizeof big),
                 BM_E_NOT_FOUND);
    for (uint8_t n = 1; n < 20; n++) {
        memset(big, n, sizeof big);
        CHECK_STATUS(bm_journal_put(&journal, big), BM_OK);
        CHECK_STATUS(bm_journal_open(&journal, &sim.flash, state, sizeof big),
                     BM_OK);
        CHECK_BYTES(state, sizeof big, big, sizeof big);
    }
    CHECK(!sim.broken);
}

/* Any octet of the newest record, any bit: the one before it counts. */
static void a_damaged_record_is_none(void)
{
    for (size_t i = 0; i < 28 * 8; i++) {
        uint8_t *octet;

        begin(&shapes[0]);
        CHECK_STATUS(put(1), BM_OK);
        CHECK_STATUS(put(2), BM_OK);
        octet = sim.octets + journal.at + i / 8;
        *octet ^= (uint8_t)(1u << i % 8);
        CHECK_STATUS(reopen(), BM_OK);
        CHECK(holds(1));
        CHECK_STATUS(put(3), BM_OK);
        *octet ^= (uint8_t)(1u << i % 8);
        CHECK_STATUS(reopen(), BM_OK);
        CHECK(holds(3)); /* what was damaged is older, should it come back */
        CHECK(!sim.broken);
    }
}

static void a_damaged_record_at_the_end_of_a_sector_stays_old(void)
{
    uint8_t *octet;

    begin(&shapes[0]);
    for (uint8_t n = 1; n <= 9; n++) {
        CHECK_STATUS(put(n), BM_OK);
    }
    octet = sim.octets + journal.at;
    *octet ^= 1;
    CHECK_STATUS(reopen(), BM_OK);
    CHECK(holds(8));
    CHECK_STATUS(put(10), BM_OK);
    *octet ^= 1;
    CHECK_STATUS(reopen(), BM_OK);
    CHECK(holds(10));
}

static void sequence_numbers_go_round(void)
{
    CHECK(bm_journal_later(1, 0));
    CHECK(!bm_journal_later(0, 1));
    CHECK(!bm_journal_later(5, 5));
    CHECK(bm_journal_later(3, 0xfffffff0u));
    begin(&shapes[0]);
    CHECK_STATUS(put(1), BM_OK);
    journal.last = 0xfffffff0u;
    journal.sequence = journal.last;
    flash_sim_init(&sim, memory, &shapes[0], 7);
    journal.next = 0;
    for (uint8_t n = 1; n < 60; n++) {
        CHECK_STATUS(put(n), BM_OK);
        CHECK(journal.sequence != 0);
        CHECK_STATUS(reopen(), BM_OK);
        CHECK(holds(n));
    }
    CHECK(journal.sequence < 100);
}

/* Errors that are not the power's. */
static bm_status refuse_program(void *self, uint32_t at, struct bm_bytes data)
{
    (void)self;
    (void)at;
    (void)data;
    return BM_OK; /* says so, and does nothing */
}

static bm_status refuse_erase(void *self, uint32_t at)
{
    (void)self;
    (void)at;
    return BM_E_FLASH_VERIFY;
}

static void flash_that_does_not_take_it_is_told(void)
{
    bm_status (*program)(void *, uint32_t, struct bm_bytes);

    begin(&shapes[0]);
    CHECK_STATUS(put(1), BM_OK);
    program = sim.flash.program;
    sim.flash.program = refuse_program;
    CHECK_STATUS(put(2), BM_E_FLASH_VERIFY);
    sim.flash.program = program;
    CHECK_STATUS(put(3), BM_OK);
    CHECK_STATUS(reopen(), BM_OK);
    CHECK(holds(3));
    journal.next = 0;
    sim.flash.erase = refuse_erase;
    CHECK_STATUS(put(4), BM_E_FLASH_VERIFY);
    CHECK_STATUS(reopen(), BM_OK);
    CHECK(holds(3));
    sim.off = true;
    CHECK_STATUS(reopen(), BM_E_FLASH_POWER);
}

static unsigned fail_reads;
static bm_status (*true_read)(void *, uint32_t, uint8_t *, size_t);
static bm_status flaky_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    if (fail_reads > 0) {
        fail_reads--;
        return BM_E_FLASH_READ;
    }
    return true_read(self, at, out, n);
}

static void a_read_that_fails_once_loses_nothing(void)
{
    begin(&shapes[0]);
    CHECK_STATUS(put(9), BM_OK);
    true_read = sim.flash.read;
    sim.flash.read = flaky_read;
    fail_reads = 2;
    CHECK_STATUS(reopen(), BM_OK);
    CHECK(holds(9));
    fail_reads = 3;
    CHECK_STATUS(reopen(), BM_E_NOT_FOUND);
}

int main(void)
{
    RUN(the_checksum_is_that_of_ieee_802_3);
    RUN(erased_flash_holds_no_state);
    RUN(the_last_state_counts_however_many_there_were);
    RUN(sectors_wear_alike);
    RUN(a_state_of_another_size_is_none);
    RUN(shapes_that_cannot_hold_it_are_refused);
    RUN(the_largest_state_fits_the_smallest_sector);
    RUN(a_damaged_record_is_none);
    RUN(a_damaged_record_at_the_end_of_a_sector_stays_old);
    RUN(sequence_numbers_go_round);
    RUN(flash_that_does_not_take_it_is_told);
    RUN(a_read_that_fails_once_loses_nothing);
    return bm_test_done();
}
