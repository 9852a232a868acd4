/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot.h"

#include "boot/test/boot_world.h"

static struct device device;
static struct device *const d = &device;

static const struct firmware old = {
    .text = 'a', .version = 1, .counter = 1, .size = 500
};
static const struct firmware update = {
    .text = 'b', .version = 2, .counter = 2, .size = 300
};

/* A device that runs `old`; `update` waits in slot 1. */
static void begin(void)
{
    device_init(d, 1);
    device_put(d, 0, 0, &old);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    device_put(d, 0, 1, &update);
}

static void what_is_in_slot_0_runs(void)
{
    begin();
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    CHECK(d->result.address == SLOT_ADDRESS(0) + BM_IMAGE_HEADER_SIZE);
    CHECK(d->result.epoch == EPOCH_OLD);
    CHECK(d->result.image.header.version.major == 1);
    CHECK(device_counter(d, 0) == 1);
}

static void an_update_that_nobody_asked_for_stays_where_it_is(void)
{
    begin();
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    CHECK(device_text(d, 0, 1) == 'b');
}

static void a_trial_that_is_not_confirmed_goes_back(void)
{
    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    CHECK(device_text(d, 0, 1) == 'a');
    CHECK(device_counter(d, 0) == 1);
    CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
    CHECK(device_text(d, 0, 1) == 'b');
    for (int i = 0; i < 2; i++) {
        CHECK(device_runs(d, BM_BOOT_NORMAL, "a")); /* not tried again */
    }
    device_ask(d, BM_REQUEST_INSTALL, 1); /* but where it is asked again */
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
}

static void a_trial_that_is_confirmed_stays(void)
{
    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    device_ask(d, BM_REQUEST_CONFIRM, 0);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
    CHECK(device_counter(d, 0) == 2);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "b"));
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "b"));
    CHECK_STATUS(d->result.refusal, BM_E_BOOT_DOWNGRADE);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "b"));
}

static void a_confirmation_of_another_image_confirms_nothing(void)
{
    struct bm_request request = { .flags = BM_REQUEST_CONFIRM };

    begin();
    device_name(d, 0, 0, request.running[0]); /* of what ran before */
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    CHECK_STATUS(
        bm_request_put(&d->mailbox.flash, d->result.consumed, &request), BM_OK);
    CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
}

static void a_permanent_update_needs_no_confirmation(void)
{
    begin();
    device_ask(d, BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT, 1);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
    CHECK(device_counter(d, 0) == 2);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "b"));
}

static void confirming_and_installing_can_be_asked_for_together(void)
{
    static const struct firmware third = { .text = 'c',
                                           .version = 3,
                                           .counter = 3 };

    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    device_put(d, 0, 1, &third);
    device_ask(d, BM_REQUEST_CONFIRM | BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "c"));
    CHECK(device_counter(d, 0) == 2);
    CHECK(device_runs(d, BM_BOOT_REVERTED, "b"));
    CHECK(device_counter(d, 0) == 2);
}

/* `b` confirms itself and asks for another in one request. */
static void confirm_and_install(const struct firmware *next)
{
    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    device_put(d, 0, 1, next);
    device_ask(d, BM_REQUEST_CONFIRM | BM_REQUEST_INSTALL, 1);
}

static void what_is_confirmed_is_the_least_for_what_comes_with_it(void)
{
    static const struct firmware third = { .text = 'c',
                                           .version = 3,
                                           .counter = 3 };

    confirm_and_install(&old);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
    CHECK_STATUS(d->result.refusal, BM_E_BOOT_DOWNGRADE);
    confirm_and_install(&third);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "c"));
    /* Who can write slot 1 and the mailbox. */
    device_put(d, 0, 1, &old);
    device_ask(d, BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "c"));
    CHECK_STATUS(d->result.refusal, BM_E_BOOT_DOWNGRADE);
}

/* What is in slot 1 when it is asked for, and why it is not taken. */
static void what_is_not_acceptable_is_refused_once(void)
{
    static const struct {
        struct firmware made;
        bm_status why;
    } cases[] = {
        { { .text = 'b', .version = 2, .counter = 0 }, BM_E_BOOT_DOWNGRADE },
        { { .text = 'b', .counter = 2, .foreign = true }, BM_E_IMAGE_KEY },
        { { .text = 'b', .counter = 2, .flags = BM_IMAGE_NON_BOOTABLE },
          BM_E_IMAGE_FLAGS },
        { { .text = 'b',
            .counter = 2,
            .flags = BM_IMAGE_ROM_FIXED,
            .load_address = SLOT_ADDRESS(1) },
          BM_E_BOOT_ADDRESS },
        { { .text = 'b', .counter = 2, .needs_version = 3 },
          BM_E_BOOT_DEPENDENCY },
        { { .text = 'b', .counter = 2, .needs_image = 1, .needs_version = 1 },
          BM_E_BOOT_DEPENDENCY },
        { { .text = 'a', .version = 1, .counter = 1, .size = 500 },
          BM_E_BOOT_REQUEST }, /* it runs already */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        device_put(d, 0, 1, &cases[i].made);
        if (i == 6) { /* signatures differ, so that it has to be a copy */
            world_put(&d->w.slot[0][1],
                      (struct bm_bytes){ d->w.slot[0][0].octets, 1024 });
        }
        device_ask(d, BM_REQUEST_INSTALL, 1);
        CHECK(device_runs(d, BM_BOOT_REFUSED, "a"));
        CHECK_STATUS(d->result.refusal, cases[i].why);
        CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    }
}

static void a_request_that_names_another_image_is_refused(void)
{
    static const struct firmware third = { .text = 'c',
                                           .version = 3,
                                           .counter = 3 };

    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    device_put(d, 0, 1, &third);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "a"));
    CHECK_STATUS(d->result.refusal, BM_E_BOOT_REQUEST);
}

static void an_altered_update_is_refused(void)
{
    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    d->w.slot[0][1].octets[100] ^= 4;
    CHECK(device_runs(d, BM_BOOT_REFUSED, "a"));
    CHECK_STATUS(d->result.refusal, BM_E_IMAGE_DIGEST);
}

static void an_empty_slot_1_is_no_update(void)
{
    device_init(d, 1);
    device_put(d, 0, 0, &old);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "a"));
    CHECK_STATUS(d->result.refusal, BM_E_IMAGE_MAGIC);
}

static void images_that_this_device_has_not_are_not_asked_for(void)
{
    begin();
    device_ask(d, BM_REQUEST_INSTALL, 0xfe);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
}

static void an_image_that_is_broken_gives_way_to_the_other(void)
{
    begin();
    d->w.slot[0][0].octets[200] ^= 1;
    CHECK(device_runs(d, BM_BOOT_FALLBACK, "b"));
    CHECK(device_text(d, 0, 1) == 'b');
    CHECK(device_counter(d, 0) == 2);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "b"));
}

static void an_empty_device_starts_from_slot_1(void)
{
    device_init(d, 1);
    device_put(d, 0, 1, &update);
    CHECK(device_runs(d, BM_BOOT_FALLBACK, "b"));
}

static void refuses_to_run(bm_status why)
{
    CHECK_STATUS(device_start(d), why);
    CHECK(d->result.verdict.yes == 0 && d->result.verdict.no == 0);
}

static void without_an_image_that_verifies_nothing_runs(void)
{
    begin();
    d->w.slot[0][0].octets[200] ^= 1;
    d->w.slot[0][1].octets[200] ^= 1;
    refuses_to_run(BM_E_IMAGE_DIGEST);
    begin();
    d->w.slot[0][0].octets[200] ^= 1;
    device_put(d, 0, 1,
               &(struct firmware){
                   .text = 'b', .version = 2, .counter = 0 }); /* a downgrade */
    refuses_to_run(BM_E_IMAGE_DIGEST);
    device_init(d, 1);
    refuses_to_run(BM_E_IMAGE_MAGIC);
}

static void without_a_key_set_nothing_runs(void)
{
    begin();
    d->w.keyset[0].octets[40] ^= 1;
    CHECK(device_start(d) != BM_OK);
    CHECK(d->result.verdict.yes == 0);
}

static void an_older_image_in_slot_0_does_not_run(void)
{
    begin();
    device_ask(d, BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT, 1);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
    device_put(d, 0, 0, &old);
    device_put(d, 0, 1, &old);
    refuses_to_run(BM_E_BOOT_DOWNGRADE);
}

static void a_trial_goes_on_when_there_is_no_way_back(void)
{
    static const struct firmware third = { .text = 'c',
                                           .version = 3,
                                           .counter = 3 };

    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    device_put(d, 0, 1, &third);
    for (int i = 0; i < 2; i++) {
        CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
        CHECK_STATUS(d->result.refusal, BM_E_BOOT_REQUEST);
    }
    device_ask(d, BM_REQUEST_CONFIRM, 0);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
}

static void a_trial_that_breaks_in_flash_gives_way_at_once(void)
{
    uint32_t operations;

    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    operations = d->w.supply.operations;
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    operations = d->w.supply.operations - operations;
    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    /* All is moved, and the last record is not written. */
    flash_sim_on(&d->w.supply);
    CHECK_STATUS(bm_counter_open(&d->w.counter, &d->w.counters.flash,
                                 &d->w.boot.counters),
                 BM_OK);
    flash_sim_cut(&d->w.supply, operations, FLASH_CUT_PREFIX, 0);
    CHECK_STATUS(bm_boot_swap(&d->w.boot, &d->result), BM_E_FLASH_POWER);
    CHECK(d->result.verdict.yes == 0);
    d->w.slot[0][0].octets[200] ^= 1;
    CHECK(device_runs(d, BM_BOOT_FALLBACK, "a"));
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
}

/* A slot whose first reads fail. */
static unsigned fail_reads;
static bm_status flaky_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    if (fail_reads > 0) {
        fail_reads--;
        return BM_E_FLASH_READ;
    }
    return flash_sim_read(self, at, out, n);
}

static void a_read_that_fails_once_changes_nothing(void)
{
    begin();
    d->w.boot.slot[0][0].flash.read = flaky_read;
    fail_reads = 1;
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    CHECK(device_text(d, 0, 1) == 'b');
    device_ask(d, BM_REQUEST_INSTALL, 1);
    fail_reads = 1;
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
    CHECK(fail_reads == 0);
}

static void only_an_image_in_ram_runs_from_flash_that_others_write(void)
{
    static uint8_t ram[256];

    begin();
    d->w.boot.slot[0][0].internal = false;
    refuses_to_run(BM_E_BOOT_ADDRESS);
    begin();
    d->w.boot.ram = ram;
    d->w.boot.ram_address = 0x20000000;
    d->w.boot.ram_size = sizeof ram;
    d->w.boot.slot[0][0].internal = false;
    device_put(d, 0, 0,
               &(struct firmware){ .text = 'r',
                                   .counter = 1,
                                   .flags = BM_IMAGE_RAM_LOAD,
                                   .load_address = 0x20000000 });
    CHECK(device_runs(d, BM_BOOT_NORMAL, "r"));
    CHECK(d->result.address == 0x20000020 && ram[0x20] == 'r');
}

static void a_key_set_of_another_name_is_refused(void)
{
    struct bm_request request = { .flags = BM_REQUEST_KEYSET };
    struct bm_bytes set;

    begin();
    set = make_set(EPOCH_OLD + 1, 1u << SIGNER_A | 1u << SIGNER_B, ROOT);
    world_put(&d->w.candidate, set);
    memcpy(request.keyset, "nonesuch", BM_REQUEST_NAME);
    CHECK_STATUS(
        bm_request_put(&d->mailbox.flash, d->result.consumed, &request), BM_OK);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "a"));
    CHECK_STATUS(d->result.refusal, BM_E_BOOT_REQUEST);
    CHECK(d->result.epoch == EPOCH_OLD);
}

/* The name of a key set, for a request. */
static void ask_for_set(struct bm_bytes set)
{
    struct bm_request request = { .flags = BM_REQUEST_KEYSET };
    struct bm_image image;

    world_put(&d->w.candidate, set);
    CHECK_STATUS(bm_image_parse_file(set, &image), BM_OK);
    memcpy(request.keyset, image.digest.p, BM_REQUEST_NAME);
    CHECK_STATUS(
        bm_request_put(&d->mailbox.flash, d->result.consumed, &request), BM_OK);
}

static void a_new_key_set_counts_from_then_on(void)
{
    begin();
    ask_for_set(make_set(EPOCH_OLD + 1, 1u << SIGNER_A | 1u << SIGNER_B, ROOT));
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    CHECK(d->result.epoch == EPOCH_OLD + 1);
    CHECK(world_counter(&d->w) == EPOCH_OLD + 1);
    device_put(d, 0, 1,
               &(struct firmware){
                   .text = 'b', .version = 2, .counter = 2, .foreign = true });
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
}

static void a_key_set_waits_for_the_end_of_a_trial(void)
{
    begin();
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    ask_for_set(make_set(EPOCH_OLD + 1, 1u << SIGNER_A, ROOT));
    CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
    CHECK(d->result.epoch == EPOCH_OLD);
}

static bm_status no_counter(void *self, unsigned counter, uint32_t *value)
{
    (void)self;
    (void)counter;
    *value = 0;
    return BM_E_BOOT_COUNTER;
}

static bm_status no_raise(void *self, unsigned counter, uint32_t value)
{
    (void)self;
    (void)counter;
    (void)value;
    return BM_E_BOOT_COUNTER;
}

static void counters_that_fail_are_told(void)
{
    begin();
    d->w.boot.counters.raise = no_raise;
    CHECK_STATUS(bm_boot_swap(&d->w.boot, &d->result), BM_E_BOOT_COUNTER);
    CHECK(d->result.verdict.yes == 0 && d->result.verdict.no == 0);
    d->w.boot.counters.read = no_counter;
    CHECK_STATUS(bm_boot_swap(&d->w.boot, &d->result), BM_E_BOOT_COUNTER);
    CHECK(d->result.verdict.yes == 0 && d->result.verdict.no == 0);
}

int main(void)
{
    RUN(what_is_in_slot_0_runs);
    RUN(an_update_that_nobody_asked_for_stays_where_it_is);
    RUN(a_trial_that_is_not_confirmed_goes_back);
    RUN(a_trial_that_is_confirmed_stays);
    RUN(a_confirmation_of_another_image_confirms_nothing);
    RUN(a_permanent_update_needs_no_confirmation);
    RUN(confirming_and_installing_can_be_asked_for_together);
    RUN(what_is_confirmed_is_the_least_for_what_comes_with_it);
    RUN(what_is_not_acceptable_is_refused_once);
    RUN(a_request_that_names_another_image_is_refused);
    RUN(an_altered_update_is_refused);
    RUN(an_empty_slot_1_is_no_update);
    RUN(images_that_this_device_has_not_are_not_asked_for);
    RUN(an_image_that_is_broken_gives_way_to_the_other);
    RUN(an_empty_device_starts_from_slot_1);
    RUN(without_an_image_that_verifies_nothing_runs);
    RUN(without_a_key_set_nothing_runs);
    RUN(an_older_image_in_slot_0_does_not_run);
    RUN(a_trial_goes_on_when_there_is_no_way_back);
    RUN(a_trial_that_breaks_in_flash_gives_way_at_once);
    RUN(a_read_that_fails_once_changes_nothing);
    RUN(only_an_image_in_ram_runs_from_flash_that_others_write);
    RUN(a_key_set_of_another_name_is_refused);
    RUN(a_new_key_set_counts_from_then_on);
    RUN(a_key_set_waits_for_the_end_of_a_trial);
    RUN(counters_that_fail_are_told);
    return bm_test_done();
}
