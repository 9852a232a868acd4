/* SPDX-License-Identifier: Apache-2.0 */
#include "device/log.h"

#include "device/test/flash_sim.h"
#include "tests/harness/bm_test.h"

#define KEY(n) BM_LOG_KEY(BM_LOG_APPLICATION, n)

static uint8_t memory[FLASH_SIM_SIZE(65536, 2)];
static uint8_t saved[sizeof memory];
static struct flash_sim sim;
static struct bm_log the_log;
static uint8_t out[BM_LOG_VALUE_MAX + 1];
static size_t out_n;

static bm_status open_again(void)
{
    flash_sim_on(&sim);
    return bm_log_open(&the_log, &sim.flash);
}

static void begin(uint32_t sector, uint32_t sectors, uint32_t unit)
{
    flash_sim_init(&sim, memory,
                   &(struct flash_sim_shape){ sector, sectors, unit }, 1);
    CHECK_STATUS(open_again(), BM_OK);
}

static bm_status put(uint32_t n, const char *value)
{
    return bm_log_put(
        &the_log, KEY(n),
        (struct bm_bytes){ (const uint8_t *)value, strlen(value) });
}

static bm_status put_sized(uint32_t n, uint8_t octet, size_t size)
{
    memset(out, octet, size);
    return bm_log_put(&the_log, KEY(n), (struct bm_bytes){ out, size });
}

static bm_status get(uint32_t n)
{
    return bm_log_get(&the_log, KEY(n), out, sizeof out, &out_n);
}

static bool has(uint32_t n, const char *value)
{
    return get(n) == BM_OK && out_n == strlen(value) &&
           memcmp(out, value, out_n) == 0;
}

static void records_come_back_in_order(void)
{
    uint32_t key = 0;
    size_t n;

    begin(1024, 3, 8);
    CHECK_STATUS(bm_log_next(&the_log, &key, true, &n), BM_E_END);
    CHECK_STATUS(get(1), BM_E_NOT_FOUND);
    CHECK_STATUS(put(5, "five"), BM_OK);
    CHECK_STATUS(put(1, ""), BM_OK);
    CHECK_STATUS(put(3, "three"), BM_OK);
    CHECK_STATUS(put(5, "FIVE!"), BM_OK);
    CHECK_STATUS(bm_log_delete(&the_log, KEY(3)), BM_OK);
    CHECK_STATUS(bm_log_delete(&the_log, KEY(3)), BM_OK);
    CHECK_STATUS(bm_log_put(&the_log, UINT32_MAX, BM_LIT("last")), BM_OK);
    CHECK_STATUS(bm_log_put(&the_log, 0, BM_LIT("first")), BM_OK);
    for (int i = 0; i < 2; i++) {
        key = 0;
        CHECK(has(1, "") && has(5, "FIVE!"));
        CHECK_STATUS(get(3), BM_E_NOT_FOUND);
        CHECK_STATUS(bm_log_next(&the_log, &key, true, &n), BM_OK);
        CHECK(key == 0 && n == 5);
        CHECK_STATUS(bm_log_next(&the_log, &key, false, &n), BM_OK);
        CHECK(key == KEY(1) && n == 0);
        CHECK_STATUS(bm_log_next(&the_log, &key, false, &n), BM_OK);
        CHECK(key == KEY(5) && n == 5);
        CHECK_STATUS(bm_log_next(&the_log, &key, false, &n), BM_OK);
        CHECK(key == UINT32_MAX && n == 4);
        CHECK_STATUS(bm_log_next(&the_log, &key, false, &n), BM_E_END);
        CHECK_STATUS(open_again(), BM_OK);
    }
}

static void a_value_is_read_whole_or_in_part(void)
{
    size_t size;

    begin(1024, 2, 8);
    CHECK_STATUS(put(1, "0123456789"), BM_OK);
    CHECK_STATUS(bm_log_get(&the_log, KEY(1), out, 9, &size), BM_E_BUFFER);
    CHECK(size == 10);
    memset(out, 0, sizeof out);
    CHECK_STATUS(bm_log_get_part(&the_log, KEY(1), out, 4, &size), BM_OK);
    CHECK_BYTES(out, 5, "0123", 5);
    CHECK(size == 10);
    CHECK_STATUS(bm_log_get_part(&the_log, KEY(1), NULL, 0, &size), BM_OK);
    CHECK(size == 10);
    CHECK_STATUS(bm_log_get_part(&the_log, KEY(2), out, 4, &size),
                 BM_E_NOT_FOUND);
    CHECK(size == 0);
}

static void the_longest_value_can_be_replaced(void)
{
    static const struct {
        uint32_t sector, sectors, unit;
        size_t max;
    } cases[] = {
        { 256, 2, 1, 84 },      { 256, 3, 4, 184 },   { 512, 2, 32, 64 },
        { 512, 3, 32, 224 },    { 4096, 2, 8, 2000 }, { 4096, 3, 8, 2048 },
        { 65536, 2, 16, 2048 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t max = cases[i].max;

        begin(cases[i].sector, cases[i].sectors, cases[i].unit);
        CHECK(bm_log_value_max(&the_log) == max);
        CHECK_STATUS(put_sized(1, 1, max + 1), BM_E_LIMIT);
        for (uint8_t j = 0; j < 5; j++) {
            CHECK_STATUS(put_sized(1, j, max), BM_OK);
            CHECK_STATUS(open_again(), BM_OK);
            CHECK_STATUS(get(1), BM_OK);
            CHECK(out_n == max && out[0] == j && out[max - 1] == j);
        }
        CHECK(!sim.broken);
    }
}

static void the_same_value_costs_nothing(void)
{
    uint32_t before;

    begin(1024, 2, 8);
    CHECK_STATUS(put(1, "value"), BM_OK);
    before = sim.operations;
    CHECK_STATUS(put(1, "value"), BM_OK);
    CHECK(sim.operations == before);
    CHECK_STATUS(open_again(), BM_OK);
    CHECK(sim.operations == before);
    CHECK_STATUS(put(1, "VALUE"), BM_OK);
    CHECK(sim.operations > before && has(1, "VALUE"));
}

static void a_full_log_loses_nothing_and_deletes(void)
{
    static const uint32_t sectors[] = { 2, 3, 5 };

    for (size_t s = 0; s < sizeof sectors / sizeof *sectors; s++) {
        uint32_t n = 0;

        begin(512, sectors[s], 4);
        while (put_sized(n, (uint8_t)n, 40) == BM_OK) {
            n++;
        }
        CHECK(n >= 6 * (sectors[s] - 1));
        CHECK_STATUS(put_sized(n, 0, 40), BM_E_LOG_FULL);
        CHECK_STATUS(put_sized(0, 99, 40), BM_E_LOG_FULL);
        CHECK_STATUS(open_again(), BM_OK);
        CHECK_STATUS(put_sized(n, 0, 40), BM_E_LOG_FULL);
        while (n-- > 0) {
            for (uint32_t i = 0; i <= n; i++) {
                CHECK(get(i) == BM_OK && out_n == 40 && out[39] == i);
            }
            CHECK_STATUS(bm_log_delete(&the_log, KEY(n)), BM_OK);
            CHECK_STATUS(get(n), BM_E_NOT_FOUND);
        }
        CHECK_STATUS(put_sized(1, 1, 40), BM_OK);
        CHECK(!sim.broken);
    }
}

/* Large values that fill half a sector each find the room between others. */
static void large_values_leave_no_holes(void)
{
    begin(2048, 4, 8);
    for (uint8_t i = 0; i < 6; i++) {
        CHECK_STATUS(put_sized(i, i, 900), BM_OK);
    }
    for (uint8_t i = 0; i < 4; i++) {
        CHECK_STATUS(bm_log_delete(&the_log, KEY(i)), BM_OK);
        CHECK_STATUS(put_sized(100u + i, i, 900), BM_OK);
    }
}

static void all_sectors_wear_alike(void)
{
    uint32_t erases[4] = { 0 };
    uint32_t octets = 0;

    begin(1024, 4, 4);
    CHECK_STATUS(put_sized(100, 1, 500), BM_OK);
    CHECK_STATUS(put_sized(101, 1, 500), BM_OK);
    sim.programmed = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t before = sim.erases;
        uint32_t s = (the_log.sequence + 1) % 4;

        CHECK_STATUS(put_sized(i % 3, (uint8_t)i, 60), BM_OK);
        octets += 60;
        erases[s] += sim.erases - before;
    }
    for (int i = 1; i < 4; i++) {
        CHECK(erases[i] <= erases[0] + 2 && erases[0] <= erases[i] + 2);
    }
    printf("# %lu octets put, %lu programmed, %lu erases, two fifths in use\n",
           (unsigned long)octets, (unsigned long)sim.programmed,
           (unsigned long)sim.erases);
    CHECK(sim.programmed < 4 * octets);
}

static void scrubbing_leaves_no_octet_of_what_is_gone(void)
{
    static const uint32_t sectors[] = { 2, 4 };

    for (size_t i = 0; i < 2; i++) {
        begin(1024, sectors[i], 8);
        CHECK_STATUS(put(1, "first secret"), BM_OK);
        CHECK_STATUS(put(2, "kept value"), BM_OK);
        CHECK_STATUS(put(1, "second secret"), BM_OK);
        CHECK_STATUS(bm_log_delete(&the_log, KEY(1)), BM_OK);
        /* One more that a power cut tore. */
        flash_sim_cut(&sim, 3, FLASH_CUT_PREFIX, 0);
        CHECK_STATUS(put(3, "third secret"), BM_E_FLASH_POWER);
        CHECK_STATUS(open_again(), BM_OK);
        CHECK(flash_sim_holds(&sim, BM_LIT("first secret")));
        CHECK(flash_sim_holds(&sim, BM_LIT("third secret")));
        CHECK_STATUS(bm_log_scrub(&the_log), BM_OK);
        CHECK(!flash_sim_holds(&sim, BM_LIT("secret")));
        CHECK(has(2, "kept value"));
        CHECK_STATUS(open_again(), BM_OK);
        CHECK(has(2, "kept value") && !has(1, "second secret"));
    }
}

static void what_is_no_log_is_not_overwritten(void)
{
    static const struct {
        uint32_t sector, sectors, unit;
    } others[] = { { 1024, 6, 8 }, { 2048, 2, 8 }, { 1024, 4, 4 } };

    flash_sim_init(&sim, memory, &(struct flash_sim_shape){ 1024, 4, 8 }, 1);
    sim.octets[3000] = 0;
    memcpy(saved, memory, sim.size);
    CHECK_STATUS(open_again(), BM_E_LOG_FORMAT);
    CHECK(memcmp(saved, memory, sim.size) == 0);
    CHECK_STATUS(bm_log_format(&the_log, &sim.flash), BM_OK);
    CHECK(sim.octets[3000] == 0xff);
    /* A log of another geometry, of which one sector was used. */
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        begin(1024, 4, 8);
        CHECK_STATUS(put(1, "value"), BM_OK);
        sim.flash.sector = others[i].sector;
        sim.flash.sectors = others[i].sectors;
        sim.flash.unit = others[i].unit;
        memset(memory + 4096, 0xff, sizeof memory - 4096);
        sim.size = (size_t)others[i].sector * others[i].sectors;
        memcpy(saved, memory, sim.size);
        CHECK_STATUS(open_again(), BM_E_LOG_FORMAT);
        CHECK(memcmp(saved, memory, sim.size) == 0);
    }
}

static void formatting_begins_anew(void)
{
    begin(512, 3, 8);
    for (uint32_t i = 0; i < 100; i++) {
        CHECK_STATUS(put_sized(i % 3, (uint8_t)i, 50), BM_OK);
    }
    CHECK_STATUS(bm_log_format(&the_log, &sim.flash), BM_OK);
    CHECK_STATUS(get(1), BM_E_NOT_FOUND);
    CHECK_STATUS(put(1, "new"), BM_OK);
    CHECK_STATUS(open_again(), BM_OK);
    CHECK(has(1, "new") && !sim.broken);
    CHECK_STATUS(get(2), BM_E_NOT_FOUND);
}

static void only_geometries_that_can_be_are_taken(void)
{
    static const struct flash_sim_shape shapes[] = {
        { 128, 4, 8 },       { 131072, 2, 8 }, { 1024, 1, 8 }, { 1024, 4, 0 },
        { 1024, 4, 64 },     { 1024, 4, 12 },  { 260, 4, 8 },  { 256, 4, 32 },
        { 65536, 65536, 8 }, { 544, 4, 32 },   { 264, 4, 8 },
    };

    begin(256, 2, 8);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        sim.flash.sector = shapes[i].sector;
        sim.flash.sectors = shapes[i].sectors;
        sim.flash.unit = shapes[i].unit;
        CHECK_STATUS(bm_log_open(&the_log, &sim.flash), BM_E_ARGUMENT);
        CHECK_STATUS(bm_log_format(&the_log, &sim.flash), BM_E_ARGUMENT);
    }
}

/* One unit at a time cannot be read, or has a bit that flipped: records that
 * are not in it are as they were. */
static void damage_costs_one_record_at_most(void)
{
    static const char *const values[] = { "zero", "one", "two", "three" };
    unsigned lost = 0;

    begin(512, 3, 8);
    for (uint32_t i = 0; i < 40; i++) {
        CHECK_STATUS(put_sized(50, (uint8_t)i, 30), BM_OK);
    }
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_STATUS(put(i, values[i]), BM_OK);
    }
    memcpy(saved, memory, 2 * sim.size);
    for (uint32_t at = 0; at < 2 * sim.size; at += 8) {
        unsigned gone = 0;
        bool ecc = at >= sim.size;
        uint32_t unit = at % (uint32_t)sim.size;

        memcpy(memory, saved, 2 * sim.size);
        sim.strange = true;
        if (ecc) {
            memset(sim.marks + unit, FLASH_SIM_ECC, 8);
        } else {
            sim.octets[unit + at / 8 % 8] ^= (uint8_t)(1u << at % 7);
        }
        CHECK_STATUS(open_again(), BM_OK);
        for (uint32_t i = 0; i < 4; i++) {
            bm_status rc = get(i);

            CHECK(rc == BM_OK || rc == BM_E_LOG_READ || rc == BM_E_NOT_FOUND);
            CHECK(rc != BM_OK || has(i, values[i]));
            gone += rc != BM_OK ? 1 : 0;
        }
        CHECK(gone <= 1);
        lost += gone;
        CHECK_STATUS(put(7, "another"), BM_OK);
        CHECK(has(7, "another"));
    }
    printf("# one of 4 records lost by damage to %u of the units\n", lost);
    CHECK(lost > 8 && lost < 40);
}

static void what_was_lost_is_told_until_it_is_replaced(void)
{
    uint32_t key = 0;
    size_t n;

    begin(512, 2, 8);
    CHECK_STATUS(put(1, "older"), BM_OK);
    CHECK_STATUS(put(1, "to be lost"), BM_OK);
    CHECK_STATUS(put(2, "to be lost, too"), BM_OK);
    for (size_t i = 0; i + 6 < sim.size; i++) {
        if (memcmp(memory + i, "to be ", 6) == 0) {
            memory[i] ^= 1;
        }
    }
    for (int i = 0; i < 3; i++) {
        /* The older value is not taken for it; and it moves along. */
        CHECK_STATUS(get(1), BM_E_LOG_READ);
        CHECK_STATUS(get(2), BM_E_LOG_READ);
        CHECK(out_n == 0 && out[0] == 0);
        CHECK_STATUS(bm_log_scrub(&the_log), BM_OK);
    }
    CHECK_STATUS(bm_log_next(&the_log, &key, true, &n), BM_OK);
    CHECK(key == KEY(1) && n == 0);
    CHECK_STATUS(put(1, "new"), BM_OK);
    CHECK_STATUS(bm_log_delete(&the_log, KEY(2)), BM_OK);
    CHECK(has(1, "new"));
    CHECK_STATUS(get(2), BM_E_NOT_FOUND);
}

/* What the flash does: wrongly, or not at all. */
static bm_status (*sim_program)(void *, uint32_t, struct bm_bytes);
static unsigned fail_in;
static bool silently;

static bm_status bad_program(void *self, uint32_t at, struct bm_bytes data)
{
    if (fail_in != 0 && --fail_in == 0) {
        if (silently) {
            uint8_t wrong[64];

            memcpy(wrong, data.p, data.n);
            wrong[0] = 0;
            data.p = wrong;
            return sim_program(self, at, data);
        }
        return BM_E_FLASH_VERIFY;
    }
    return sim_program(self, at, data);
}

static void a_program_that_fails_changes_nothing(void)
{
    for (int s = 0; s < 2; s++) {
        silently = s == 1;
        for (unsigned in = 1; in < 4; in++) {
            begin(512, 3, 8);
            sim_program = sim.flash.program;
            sim.flash.program = bad_program;
            CHECK_STATUS(put(1, "\xff\xff old"), BM_OK);
            fail_in = in;
            CHECK_STATUS(put(1, "\xff\xff new"), BM_E_FLASH_VERIFY);
            CHECK(has(1, "\xff\xff old"));
            CHECK_STATUS(put(2, "other"), BM_OK);
            CHECK(has(1, "\xff\xff old") && has(2, "other"));
            CHECK_STATUS(open_again(), BM_OK);
            CHECK(has(1, "\xff\xff old") && has(2, "other"));
            CHECK_STATUS(put(1, "\xff\xff new"), BM_OK);
            CHECK(has(1, "\xff\xff new") && !sim.broken);
        }
    }
}

static void a_flash_that_does_not_answer_is_no_empty_log(void)
{
    uint32_t key = 0;
    size_t n;

    begin(512, 3, 8);
    CHECK_STATUS(put(1, "value"), BM_OK);
    sim.off = true;
    CHECK_STATUS(get(1), BM_E_FLASH_POWER);
    CHECK_STATUS(get(2), BM_E_FLASH_POWER);
    CHECK_STATUS(bm_log_delete(&the_log, KEY(1)), BM_E_FLASH_POWER);
    CHECK_STATUS(bm_log_next(&the_log, &key, true, &n), BM_E_FLASH_POWER);
    CHECK_STATUS(put(2, "value"), BM_E_FLASH_POWER);
    CHECK_STATUS(bm_log_scrub(&the_log), BM_E_FLASH_POWER);
    CHECK_STATUS(bm_log_open(&the_log, &sim.flash), BM_E_FLASH_POWER);
    CHECK_STATUS(open_again(), BM_OK);
    CHECK(has(1, "value"));
}

/* A value that looks like a slot is never taken for one. */
static void values_are_not_read_as_slots(void)
{
    begin(512, 2, 4);
    CHECK_STATUS(put(1, "one"), BM_OK);
    /* The slot of key 1: behind two marks of 16 octets each. */
    CHECK_STATUS(bm_log_put(&the_log, KEY(2),
                            (struct bm_bytes){ sim.octets + 512 + 32, 16 }),
                 BM_OK);
    CHECK_STATUS(bm_log_delete(&the_log, KEY(1)), BM_OK);
    memset(sim.octets + 512 + 48, 0, 16); /* the slot of key 2 */
    CHECK_STATUS(open_again(), BM_OK);
    CHECK_STATUS(get(1), BM_E_NOT_FOUND);
    CHECK_STATUS(get(2), BM_E_LOG_READ);
}

/* Slot `i` of sector 1, behind its two marks; units of 8. */
static uint8_t *slot_of(uint32_t i)
{
    return sim.marks + sim.flash.sector + 32 + (size_t)16 * i;
}

static void a_slot_that_cannot_be_read_is_no_record_that_never_was(void)
{
    /* Which half of the slot of key 2, and what is said of key 3, which was
     * never put. */
    static const struct {
        uint32_t from, n;
        bm_status never;
    } cases[] = { { 0, 8, BM_E_LOG_READ },
                  { 0, 16, BM_E_LOG_READ },
                  { 8, 8, BM_E_NOT_FOUND } };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(1024, 3, 8);
        CHECK_STATUS(put(1, "one"), BM_OK);
        CHECK_STATUS(put(2, "two"), BM_OK);
        CHECK_STATUS(put(4, "four"), BM_OK);
        memset(slot_of(1) + cases[i].from, FLASH_SIM_ECC, cases[i].n);
        sim.strange = true;
        CHECK_STATUS(open_again(), BM_OK);
        CHECK_STATUS(get(2), BM_E_LOG_READ);
        CHECK_STATUS(get(3), cases[i].never);
        CHECK(has(1, "one") && has(4, "four"));
        /* What is put or deleted now is known for certain. */
        CHECK_STATUS(bm_log_delete(&the_log, KEY(3)), BM_OK);
        CHECK_STATUS(get(3), BM_E_NOT_FOUND);
        CHECK_STATUS(get(2), BM_E_LOG_READ);
        CHECK_STATUS(put(2, "TWO"), BM_OK);
        CHECK(has(2, "TWO"));
        memset(slot_of(1), FLASH_SIM_USED, 16);
        CHECK(has(2, "TWO"));
        /* A turn leaves the slot behind. */
        memset(slot_of(1) + cases[i].from, FLASH_SIM_ECC, cases[i].n);
        CHECK_STATUS(bm_log_scrub(&the_log), BM_OK);
        CHECK(has(1, "one") && has(2, "TWO") && has(4, "four"));
        CHECK_STATUS(get(3), BM_E_NOT_FOUND);
        CHECK_STATUS(get(5), BM_E_NOT_FOUND);
    }
}

static void an_older_value_does_not_move_before_a_newer_one(void)
{
    begin(1024, 3, 8);
    CHECK_STATUS(put(1, "old"), BM_OK);
    CHECK_STATUS(put(1, "new"), BM_OK);
    CHECK_STATUS(put(2, "two"), BM_OK);
    memset(slot_of(1) + 8, FLASH_SIM_ECC, 8);
    sim.strange = true;
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(get(1), BM_E_LOG_READ);
        CHECK_STATUS(bm_log_scrub(&the_log), BM_OK);
    }
    CHECK(has(2, "two"));
}

static bm_status (*sim_read)(void *, uint32_t, uint8_t *, size_t);
static unsigned failing_reads;

static bm_status tired_read(void *self, uint32_t at, uint8_t *p, size_t n)
{
    if (failing_reads != 0) {
        failing_reads--;
        return BM_E_FLASH_READ;
    }
    return sim_read(self, at, p, n);
}

static void a_slot_is_read_more_than_once(void)
{
    begin(1024, 3, 8);
    CHECK_STATUS(put(1, "one"), BM_OK);
    sim_read = sim.flash.read;
    sim.flash.read = tired_read;
    failing_reads = 2;
    CHECK(has(1, "one") && failing_reads == 0);
}

int main(void)
{
    RUN(records_come_back_in_order);
    RUN(a_value_is_read_whole_or_in_part);
    RUN(the_longest_value_can_be_replaced);
    RUN(the_same_value_costs_nothing);
    RUN(a_full_log_loses_nothing_and_deletes);
    RUN(large_values_leave_no_holes);
    RUN(all_sectors_wear_alike);
    RUN(scrubbing_leaves_no_octet_of_what_is_gone);
    RUN(what_is_no_log_is_not_overwritten);
    RUN(formatting_begins_anew);
    RUN(only_geometries_that_can_be_are_taken);
    RUN(damage_costs_one_record_at_most);
    RUN(what_was_lost_is_told_until_it_is_replaced);
    RUN(a_program_that_fails_changes_nothing);
    RUN(a_flash_that_does_not_answer_is_no_empty_log);
    RUN(values_are_not_read_as_slots);
    RUN(a_slot_that_cannot_be_read_is_no_record_that_never_was);
    RUN(an_older_value_does_not_move_before_a_newer_one);
    RUN(a_slot_is_read_more_than_once);
    return bm_test_done();
}
