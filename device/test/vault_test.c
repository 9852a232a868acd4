/* SPDX-License-Identifier: Apache-2.0 */
#include "device/vault.h"

#include "device/test/vault_world.h"

#if BM_TEST_ON_BOARD /* QEMU is slow */
#define BITS_EACH 11
#else
#define BITS_EACH 1
#endif

/* Records as the log has them, to put back another time. */
#define SLOT(n) BM_LOG_KEY(BM_LOG_VAULT, n)
static uint8_t raw[BM_LOG_VALUE_MAX];
static size_t raw_n;

static void take_raw(uint32_t slot)
{
    CHECK_STATUS(bm_log_get(&now.log, SLOT(slot), raw, sizeof raw, &raw_n),
                 BM_OK);
}

static void put_raw(uint32_t slot)
{
    CHECK_STATUS(
        bm_log_put(&now.log, SLOT(slot), (struct bm_bytes){ raw, raw_n }),
        BM_OK);
}

static void values_come_back_and_are_replaced_and_deleted(void)
{
    char name[BM_VAULT_NAME_MAX + 1];
    uint32_t cursor = 0;

    world_begin(&now, false);
    CHECK_STATUS(bm_vault_next(&now.vault, &cursor, name), BM_E_END);
    CHECK(world_has(&now, "wifi", NULL));
    CHECK_STATUS(world_put(&now, "wifi", "secret"), BM_OK);
    CHECK_STATUS(world_put(&now, "mqtt", "other"), BM_OK);
    CHECK_STATUS(world_put(&now, "wifi", ""), BM_OK);
    CHECK(world_has(&now, "wifi", "") && world_has(&now, "mqtt", "other"));
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "wifi", "") && world_has(&now, "mqtt", "other"));
    CHECK_STATUS(bm_vault_next(&now.vault, &cursor, name), BM_OK);
    CHECK(strcmp(name, "wifi") == 0);
    CHECK_STATUS(bm_vault_next(&now.vault, &cursor, name), BM_OK);
    CHECK(strcmp(name, "mqtt") == 0);
    CHECK_STATUS(bm_vault_next(&now.vault, &cursor, name), BM_E_END);
    CHECK_STATUS(bm_vault_delete(&now.vault, "wifi"), BM_OK);
    CHECK_STATUS(bm_vault_delete(&now.vault, "wifi"), BM_OK);
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "wifi", NULL) && world_has(&now, "mqtt", "other"));
    CHECK_STATUS(bm_vault_delete(&now.vault, "mqtt"), BM_OK);
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "mqtt", NULL));
    CHECK_STATUS(world_put(&now, "new", "value"), BM_OK);
    CHECK(world_has(&now, "new", "value"));
}

static void names_and_values_have_their_sizes(void)
{
    static const char longest[] = "12345678901234567890123456789012";
    static const char too_long[] = "123456789012345678901234567890123";
    static uint8_t big[BM_VAULT_VALUE_MAX + 1];
    static uint8_t out[BM_VAULT_VALUE_MAX];
    struct bm_vault_config config;
    size_t n;

    world_begin(&now, false);
    CHECK_STATUS(world_put(&now, "", "x"), BM_E_ARGUMENT);
    CHECK_STATUS(world_put(&now, too_long, "x"), BM_E_ARGUMENT);
    CHECK(!world_has(&now, too_long, NULL));
    CHECK_STATUS(world_put(&now, longest, "x"), BM_OK);
    CHECK(world_has(&now, longest, "x"));
    memset(big, 7, sizeof big);
    CHECK_STATUS(bm_vault_put(&now.vault, "big", BM_ARRAY(big)), BM_E_LIMIT);
    CHECK_STATUS(bm_vault_put(&now.vault, "big",
                              (struct bm_bytes){ big, BM_VAULT_VALUE_MAX }),
                 BM_OK);
    CHECK_STATUS(bm_vault_get(&now.vault, "big", out, sizeof out - 1, &n),
                 BM_E_BUFFER);
    CHECK(n == sizeof out && out[0] == 0);
    CHECK_STATUS(bm_vault_get(&now.vault, "big", out, sizeof out, &n), BM_OK);
    CHECK_BYTES(out, n, big, sizeof out);
    config = now.vault.config;
    config.work_size = BM_VAULT_WORK_SIZE(10);
    CHECK_STATUS(bm_vault_delete(&now.vault, "big"), BM_OK);
    CHECK_STATUS(bm_vault_open(&now.vault, &config), BM_OK);
    CHECK_STATUS(world_put(&now, longest, "ten octets"), BM_OK);
    CHECK_STATUS(world_put(&now, longest, "ten octets and more"), BM_E_BUFFER);
    CHECK(world_has(&now, longest, "ten octets"));
    config.work_size = BM_VAULT_WORK_SIZE(0) - 1;
    CHECK_STATUS(bm_vault_open(&now.vault, &config), BM_E_ARGUMENT);
    CHECK_STATUS(world_put(&now, "a", "b"), BM_E_ARGUMENT);
}

static void a_full_log_keeps_what_is_there(void)
{
    static uint8_t big[1024];
    char name[2] = "a";
    bm_status rc = BM_OK;

    world_begin(&now, true);
    while (rc == BM_OK) {
        rc = bm_vault_put(&now.vault, name, BM_ARRAY(big));
        name[0]++;
    }
    CHECK_STATUS(rc, BM_E_LOG_FULL);
    CHECK_STATUS(world_put(&now, "small", "x"), BM_OK);
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "small", "x"));
    CHECK_STATUS(bm_vault_wipe(&now.vault), BM_OK);
    CHECK(world_has(&now, "a", NULL));
}

static void nothing_is_in_the_clear_and_nothing_twice_the_same(void)
{
    static const char value[] = "a value of thirty-two octets ...";
    static uint8_t first[200];
    size_t first_n;

    world_begin(&now, false);
    CHECK_STATUS(world_put(&now, "one", value), BM_OK);
    CHECK_STATUS(world_put(&now, "two", value), BM_OK);
    CHECK(!flash_sim_holds(&now.sim, BM_LIT("a value")));
    for (size_t i = 0; i < sizeof now.work; i++) {
        CHECK(now.work[i] == 0);
    }
    take_raw(1);
    memcpy(first, raw, raw_n);
    first_n = raw_n;
    take_raw(2);
    CHECK(raw_n == first_n && memcmp(raw + 53, first + 53, 32) != 0);
    /* An older image and the same change again: another nonce. */
    CHECK_STATUS(bm_log_delete(&now.log, SLOT(2)), BM_OK);
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK_STATUS(world_put(&now, "two", value), BM_OK);
    memcpy(first, raw, raw_n);
    take_raw(2);
    CHECK(memcmp(raw + 2, first + 2, 8) == 0);
    CHECK(memcmp(raw + 10, first + 10, 8) != 0);
}

static void another_device_opens_nothing(void)
{
    char name[BM_VAULT_NAME_MAX + 1];
    uint32_t cursor = 0;

    world_begin(&now, false);
    CHECK_STATUS(world_put(&now, "a", "b"), BM_OK);
    now.prk[0] ^= 1;
    CHECK_STATUS(world_open(&now), BM_E_VAULT_SEAL);
    CHECK_STATUS(world_put(&now, "a", "b"), BM_E_VAULT_SEAL);
    CHECK_STATUS(bm_vault_delete(&now.vault, "a"), BM_E_VAULT_SEAL);
    CHECK_STATUS(bm_vault_next(&now.vault, &cursor, name), BM_E_VAULT_SEAL);
    now.prk[0] ^= 1;
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "a", "b"));
    now.prk[0] ^= 1;
    CHECK_STATUS(world_open(&now), BM_E_VAULT_SEAL);
    CHECK_STATUS(bm_vault_wipe(&now.vault), BM_OK);
    CHECK_STATUS(world_put(&now, "a", "c"), BM_OK);
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "a", "c"));
}

/* Three records, and an older version of the first in `raw`. */
static void begin_with_older(bool counted)
{
    world_begin(&now, counted);
    CHECK_STATUS(world_put(&now, "a", "old"), BM_OK);
    take_raw(1);
    CHECK_STATUS(world_put(&now, "b", "value"), BM_OK);
    CHECK_STATUS(world_put(&now, "a", "new"), BM_OK);
    CHECK_STATUS(world_put(&now, "c", "value"), BM_OK);
}

static void must_be_noticed(void)
{
    CHECK_STATUS(world_open(&now), BM_E_VAULT_ROLLBACK);
    CHECK_STATUS(world_put(&now, "a", "x"), BM_E_VAULT_ROLLBACK);
    CHECK(!world_has(&now, "a", "old") && !world_has(&now, "b", "value"));
}

static void a_single_record_put_back_is_noticed(void)
{
    begin_with_older(false);
    put_raw(1);
    must_be_noticed();
    /* What was deleted, in its place and in another. */
    begin_with_older(false);
    take_raw(2);
    CHECK_STATUS(bm_vault_delete(&now.vault, "b"), BM_OK);
    CHECK_STATUS(world_put(&now, "c", "other"), BM_OK);
    put_raw(2);
    must_be_noticed();
    begin_with_older(false);
    take_raw(2);
    put_raw(9);
    must_be_noticed();
}

static void the_last_change_undone_is_a_whole_older_image(void)
{
    begin_with_older(false);
    take_raw(3);
    CHECK_STATUS(world_put(&now, "c", "newest"), BM_OK);
    put_raw(3);
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "c", "value"));
}

static void a_record_that_is_missing_is_noticed(void)
{
    begin_with_older(false);
    CHECK_STATUS(bm_log_delete(&now.log, SLOT(2)), BM_OK);
    must_be_noticed();
}

static void it_is_noticed_without_a_restart(void)
{
    begin_with_older(false);
    put_raw(1);
    CHECK_STATUS(world_put(&now, "c", "x"), BM_E_VAULT_ROLLBACK);
    begin_with_older(false);
    take_raw(3);
    CHECK_STATUS(world_put(&now, "c", "newer"), BM_OK);
    put_raw(3);
    CHECK(!world_has(&now, "c", "value"));
    CHECK_STATUS(world_put(&now, "b", "x"), BM_E_VAULT_ROLLBACK);
}

static struct world before;

static void a_whole_older_image_is_noticed_by_a_counter_alone(void)
{
    for (int counted = 0; counted < 2; counted++) {
        begin_with_older(counted == 1);
        world_copy(&before, &now);
        CHECK_STATUS(world_put(&now, "a", "newest"), BM_OK);
        before.count = now.count;
        CHECK_STATUS(world_open(&before),
                     counted == 1 ? BM_E_VAULT_ROLLBACK : BM_OK);
        CHECK(world_has(&before, "a", counted == 1 ? "no" : "new") ==
              (counted == 0));
        /* Blank flash is an older image, too. */
        CHECK_STATUS(bm_log_format(&now.log, &now.sim.flash), BM_OK);
        CHECK_STATUS(world_open(&now),
                     counted == 1 ? BM_E_VAULT_ROLLBACK : BM_OK);
    }
}

static void it_says_what_is_noticed(void)
{
    static const struct {
        bool counted;
        enum bm_vault_secret kind;
        enum bm_vault_rollback want;
    } cases[] = {
        { false, BM_VAULT_PLAINTEXT, BM_VAULT_ROLLBACK_NONE },
        { false, BM_VAULT_OPAQUE, BM_VAULT_ROLLBACK_PARTIAL },
        { false, BM_VAULT_TPM, BM_VAULT_ROLLBACK_PARTIAL },
        { true, BM_VAULT_PLAINTEXT, BM_VAULT_ROLLBACK_PARTIAL },
        { true, BM_VAULT_OPAQUE, BM_VAULT_ROLLBACK_HARDWARE },
        { true, BM_VAULT_TPM, BM_VAULT_ROLLBACK_HARDWARE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world_begin(&now, cases[i].counted);
        now.secret.kind = cases[i].kind;
        CHECK(bm_vault_rollback(&now.vault) == cases[i].want);
    }
}

static void the_counter_may_be_one_behind(void)
{
    world_begin(&now, true);
    CHECK_STATUS(world_put(&now, "a", "1"), BM_OK);
    now.count_rc = BM_E_IO;
    CHECK_STATUS(world_put(&now, "a", "2"), BM_E_IO);
    CHECK(now.count == 1 && world_has(&now, "a", "2"));
    CHECK_STATUS(world_put(&now, "a", "3"), BM_E_IO);
    CHECK(world_has(&now, "a", "2"));
    CHECK_STATUS(world_open(&now), BM_OK);
    now.count_rc = BM_OK;
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(now.count == 2 && world_has(&now, "a", "2"));
    CHECK_STATUS(world_put(&now, "a", "3"), BM_OK);
    CHECK(now.count == 3);
    now.count = 4;
    CHECK_STATUS(world_open(&now), BM_E_VAULT_ROLLBACK);
    now.count = 1;
    CHECK_STATUS(world_open(&now), BM_E_VAULT_ROLLBACK);
}

static void a_used_counter_begins_with_a_wipe(void)
{
    world_begin(&now, false);
    now.counted = true;
    now.count = 1000;
    CHECK_STATUS(world_open(&now), BM_E_VAULT_ROLLBACK);
    CHECK_STATUS(bm_vault_accept(&now.vault), BM_OK);
    CHECK_STATUS(world_put(&now, "a", "1"), BM_OK);
    CHECK(now.count == 1002);
    CHECK_STATUS(world_open(&now), BM_OK);
    now.count = 5000;
    CHECK_STATUS(world_open(&now), BM_E_VAULT_ROLLBACK);
    CHECK_STATUS(bm_vault_wipe(&now.vault), BM_OK);
    CHECK(now.count == 5001);
    CHECK_STATUS(world_put(&now, "a", "1"), BM_OK);
    /* One that is behind its vault has another history. */
    now.count = 7;
    CHECK_STATUS(world_open(&now), BM_E_VAULT_ROLLBACK);
    CHECK_STATUS(bm_vault_accept(&now.vault), BM_E_VAULT_ROLLBACK);
    CHECK_STATUS(bm_vault_wipe(&now.vault), BM_OK);
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(now.count == 8 && world_has(&now, "a", NULL));
}

static void what_is_damaged_can_be_given_up_by_its_owner(void)
{
    for (int counted = 0; counted < 2; counted++) {
        begin_with_older(counted == 1);
        take_raw(2);
        raw[raw_n - 20] ^= 1;
        put_raw(2);
        CHECK_STATUS(world_open(&now), BM_OK); /* the rest is as it was */
        CHECK(!world_has(&now, "b", "value") && !world_has(&now, "b", NULL));
        raw[20] ^= 1;
        put_raw(2);
        CHECK_STATUS(world_open(&now), BM_E_VAULT_ROLLBACK);
        CHECK_STATUS(bm_vault_accept(&now.vault), BM_OK);
        CHECK(world_has(&now, "a", "new") && world_has(&now, "c", "value"));
        CHECK(world_has(&now, "b", NULL));
        CHECK_STATUS(world_put(&now, "b", "again"), BM_OK);
        CHECK_STATUS(world_open(&now), BM_OK);
        CHECK(world_has(&now, "a", "new") && world_has(&now, "b", "again"));
    }
}

static void a_wipe_leaves_nothing(void)
{
    begin_with_older(true);
    CHECK_STATUS(world_put(&now, "long name", "value"), BM_OK);
    take_raw(4);
    CHECK_STATUS(bm_log_put(&now.log, BM_LOG_KEY(BM_LOG_APPLICATION, 1),
                            BM_LIT("of another")),
                 BM_OK);
    CHECK(flash_sim_holds(&now.sim, (struct bm_bytes){ raw, raw_n }));
    CHECK_STATUS(bm_vault_wipe(&now.vault), BM_OK);
    CHECK(!flash_sim_holds(&now.sim, BM_LIT("long name")));
    CHECK(!flash_sim_holds(&now.sim, (struct bm_bytes){ raw + 60, 12 }));
    CHECK(flash_sim_holds(&now.sim, BM_LIT("of another")));
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "a", NULL) && world_has(&now, "long name", NULL));
    CHECK_STATUS(world_put(&now, "a", "b"), BM_OK);
    CHECK_STATUS(world_open(&now), BM_OK);
    CHECK(world_has(&now, "a", "b"));
}

/* The power goes in each operation of it: the next open finishes it. */
static void a_wipe_that_was_cut_leaves_nothing(void)
{
    bm_status rc = BM_E_FLASH_POWER;
    unsigned whole = 0;

    for (uint32_t in = 1; rc != BM_OK; in++) {
        begin_with_older(true);
        CHECK_STATUS(world_put(&now, "long name", "value"), BM_OK);
        take_raw(4);
        flash_sim_cut(&now.sim, in, FLASH_CUT_PREFIX, UINT32_MAX);
        rc = bm_vault_wipe(&now.vault);
        CHECK_STATUS(world_open(&now), BM_OK);
        if (world_has(&now, "long name", "value")) {
            whole++;
        } else {
            CHECK(!flash_sim_holds(&now.sim, BM_LIT("long name")));
            CHECK(
                !flash_sim_holds(&now.sim, (struct bm_bytes){ raw + 60, 12 }));
        }
    }
    /* Not before its record is in, which takes three. */
    CHECK(whole > 0 && whole < 4);
}

static void every_bit_of_a_record_counts(void)
{
    static const char value[] = "value";

    world_begin(&now, false);
    CHECK_STATUS(world_put(&now, "a", "1"), BM_OK);
    CHECK_STATUS(world_put(&now, "b", value), BM_OK);
    CHECK_STATUS(world_put(&now, "c", "3"), BM_OK);
    for (uint32_t slot = 2; slot <= 3; slot++) {
        take_raw(slot);
        for (size_t i = 0; i < 8 * raw_n; i += BITS_EACH) {
            raw[i / 8] ^= (uint8_t)(1u << i % 8);
            put_raw(slot);
            if (world_open(&now) == BM_OK) {
                /* It is in the value, which only opening it tells. */
                CHECK(slot == 2 && i >= 8u * (50 + 1));
                CHECK(!world_has(&now, "b", value));
                CHECK(!world_has(&now, "b", NULL));
            }
            raw[i / 8] ^= (uint8_t)(1u << i % 8);
        }
        put_raw(slot);
        CHECK_STATUS(world_open(&now), BM_OK);
    }
    CHECK(world_has(&now, "b", value));
}

static void every_prefix_of_a_record_is_refused(void)
{
    world_begin(&now, false);
    CHECK_STATUS(world_put(&now, "a", "1"), BM_OK);
    CHECK_STATUS(world_put(&now, "b", "value"), BM_OK);
    take_raw(2);
    for (raw_n = raw_n - 1; raw_n > 0; raw_n--) {
        put_raw(2);
        CHECK(world_open(&now) != BM_OK);
    }
}

int main(void)
{
    RUN(values_come_back_and_are_replaced_and_deleted);
    RUN(names_and_values_have_their_sizes);
    RUN(a_full_log_keeps_what_is_there);
    RUN(nothing_is_in_the_clear_and_nothing_twice_the_same);
    RUN(another_device_opens_nothing);
    RUN(a_single_record_put_back_is_noticed);
    RUN(the_last_change_undone_is_a_whole_older_image);
    RUN(a_record_that_is_missing_is_noticed);
    RUN(it_is_noticed_without_a_restart);
    RUN(a_whole_older_image_is_noticed_by_a_counter_alone);
    RUN(it_says_what_is_noticed);
    RUN(the_counter_may_be_one_behind);
    RUN(a_used_counter_begins_with_a_wipe);
    RUN(what_is_damaged_can_be_given_up_by_its_owner);
    RUN(a_wipe_leaves_nothing);
    RUN(a_wipe_that_was_cut_leaves_nothing);
    RUN(every_bit_of_a_record_counts);
    RUN(every_prefix_of_a_record_is_refused);
    return bm_test_done();
}
