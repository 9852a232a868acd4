/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/counter.h"

#include "device/test/flash_sim.h"
#include "tests/harness/bm_test.h"

#define COUNTERS (BM_COUNTER_IMAGE + BM_BOOT_IMAGES)

static uint8_t memory[FLASH_SIM_SIZE(256, 2)];
static struct flash_sim sim;
static struct bm_counter counter;
static struct bm_boot_counters counters;

static void begin(void)
{
    flash_sim_init(&sim, memory, &(struct flash_sim_shape){ 256, 2, 8 }, 1);
    CHECK_STATUS(bm_counter_open(&counter, &sim.flash, &counters), BM_OK);
}

static uint32_t value_of(unsigned which)
{
    uint32_t value = 0;

    CHECK_STATUS(counters.read(counters.self, which, &value), BM_OK);
    return value;
}

static bm_status raise_to(unsigned which, uint32_t value)
{
    return counters.raise(counters.self, which, value);
}

static void a_new_device_counts_from_zero(void)
{
    begin();
    for (unsigned i = 0; i < COUNTERS; i++) {
        CHECK(value_of(i) == 0);
    }
    CHECK(sim.operations == 0);
}

static void a_counter_grows_and_is_kept(void)
{
    begin();
    CHECK_STATUS(raise_to(BM_COUNTER_EPOCH, 7), BM_OK);
    CHECK_STATUS(raise_to(BM_COUNTER_IMAGE, UINT32_MAX), BM_OK);
    CHECK(value_of(BM_COUNTER_EPOCH) == 7);
    CHECK_STATUS(bm_counter_open(&counter, &sim.flash, &counters), BM_OK);
    CHECK(value_of(BM_COUNTER_EPOCH) == 7);
    CHECK(value_of(BM_COUNTER_IMAGE) == UINT32_MAX);
    CHECK(value_of(BM_COUNTER_IMAGE + 1) == 0);
}

static void a_counter_never_shrinks(void)
{
    uint32_t operations;

    begin();
    CHECK_STATUS(raise_to(BM_COUNTER_IMAGE, 9), BM_OK);
    operations = sim.operations;
    CHECK_STATUS(raise_to(BM_COUNTER_IMAGE, 8), BM_OK);
    CHECK_STATUS(raise_to(BM_COUNTER_IMAGE, 9), BM_OK);
    CHECK_STATUS(raise_to(BM_COUNTER_IMAGE, 0), BM_OK);
    CHECK(value_of(BM_COUNTER_IMAGE) == 9);
    CHECK(sim.operations == operations);
}

static void there_are_no_others(void)
{
    uint32_t value = 3;

    begin();
    CHECK_STATUS(counters.read(counters.self, COUNTERS, &value),
                 BM_E_BOOT_COUNTER);
    CHECK(value == UINT32_MAX);
    CHECK_STATUS(raise_to(COUNTERS, 1), BM_E_BOOT_COUNTER);
    CHECK(sim.operations == 0);
}

/* Of two readings one was disturbed: no value at all. */
static void readings_that_differ_are_an_error(void)
{
    uint32_t value = 3;

    begin();
    CHECK_STATUS(raise_to(BM_COUNTER_EPOCH, 7), BM_OK);
    counter.values[BM_COUNTER_EPOCH] = 0;
    CHECK_STATUS(counters.read(counters.self, BM_COUNTER_EPOCH, &value),
                 BM_E_BOOT_COUNTER);
    CHECK(value == UINT32_MAX);
    CHECK_STATUS(raise_to(BM_COUNTER_EPOCH, 8), BM_E_BOOT_COUNTER);
    counter.again[BM_COUNTER_EPOCH] = 0;
    CHECK_STATUS(counters.read(counters.self, BM_COUNTER_EPOCH, &value), BM_OK);
}

/* Cut each operation of `values` raises in each way: the old value or the new
 * one is found, and it can be raised again. */
static void cut_each(enum flash_cut mode, uint32_t tear, uint32_t values)
{
    for (uint32_t in = 1;; in++) {
        uint32_t v = 0;
        bm_status rc = BM_OK;

        begin();
        flash_sim_cut(&sim, in, mode, tear);
        while (rc == BM_OK && v < values) {
            rc = raise_to(BM_COUNTER_EPOCH, ++v);
        }
        if (!sim.off) {
            CHECK_STATUS(rc, BM_OK);
            CHECK(in > values); /* at least one operation each */
            return;
        }
        flash_sim_on(&sim);
        CHECK_STATUS(bm_counter_open(&counter, &sim.flash, &counters), BM_OK);
        CHECK(value_of(BM_COUNTER_EPOCH) == v ||
              value_of(BM_COUNTER_EPOCH) == v - 1);
        CHECK_STATUS(raise_to(BM_COUNTER_EPOCH, v), BM_OK);
        CHECK_STATUS(bm_counter_open(&counter, &sim.flash, &counters), BM_OK);
        CHECK(value_of(BM_COUNTER_EPOCH) == v);
        CHECK(!sim.broken);
    }
}

static void a_cut_leaves_the_old_value_or_the_new(void)
{
    for (int mode = 0; mode < FLASH_CUTS; mode++) {
        cut_each((enum flash_cut)mode, 5, 20);
        cut_each((enum flash_cut)mode, UINT32_MAX, 20);
    }
}

int main(void)
{
    RUN(a_new_device_counts_from_zero);
    RUN(a_counter_grows_and_is_kept);
    RUN(a_counter_never_shrinks);
    RUN(there_are_no_others);
    RUN(readings_that_differ_are_an_error);
    RUN(a_cut_leaves_the_old_value_or_the_new);
    return bm_test_done();
}
