/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot.h"

#include "boot/test/boot_world.h"

static struct device device;
static struct device *const d = &device;

/* An image made for the address of its slot. */
static void put(unsigned slot, char text, uint8_t version, uint32_t counter)
{
    const struct firmware made = { .text = text,
                                   .version = version,
                                   .counter = counter,
                                   .flags = BM_IMAGE_ROM_FIXED,
                                   .load_address = SLOT_ADDRESS(slot) };

    device_put(d, 0, slot, &made);
}

/* A device that runs image `a` from slot 0. */
static void begin(void)
{
    device_init(d, 1);
    d->in_place = true;
    device_point(d);
    put(0, 'a', 1, 1);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
}

static void ask(unsigned flags)
{
    device_ask(d, flags, 1);
}

static void the_only_image_runs_where_it_is(void)
{
    begin();
    CHECK(d->result.slot == 0);
    CHECK(d->result.address == SLOT_ADDRESS(0) + BM_IMAGE_HEADER_SIZE);
    CHECK(device_counter(d, 0) == 1);
    device_init(d, 1);
    d->in_place = true;
    device_point(d);
    put(1, 'b', 1, 1);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "b"));
    CHECK(d->result.address == SLOT_ADDRESS(1) + BM_IMAGE_HEADER_SIZE);
}

static void a_newer_image_runs_on_trial(void)
{
    begin();
    put(1, 'b', 2, 2);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    CHECK(device_counter(d, 0) == 1);
    CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    CHECK(device_text(d, 0, 1) == 'b'); /* where it was */
}

static void an_image_that_failed_is_tried_again_on_request(void)
{
    begin();
    put(1, 'b', 2, 2);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
    ask(BM_REQUEST_INSTALL);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    ask(BM_REQUEST_CONFIRM);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
}

static void a_confirmed_image_stays(void)
{
    begin();
    put(1, 'b', 2, 2);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    ask(BM_REQUEST_CONFIRM);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
    CHECK(device_counter(d, 0) == 2);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "b"));
    put(0, 'c', 3, 2);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "c"));
    ask(BM_REQUEST_CONFIRM);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "c"));
    CHECK(device_runs(d, BM_BOOT_NORMAL, "c"));
}

static void a_confirmation_of_another_image_confirms_nothing(void)
{
    struct bm_request request = { .flags = BM_REQUEST_CONFIRM };

    begin();
    put(1, 'b', 2, 2);
    device_name(d, 0, 0, request.running[0]);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    CHECK_STATUS(
        bm_request_put(&d->mailbox.flash, d->result.consumed, &request), BM_OK);
    CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
}

static void an_image_that_is_not_newer_waits(void)
{
    begin();
    put(1, 'b', 1, 1);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    put(1, 'b', 0, 1);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
}

static void what_does_not_verify_does_not_run(void)
{
    begin();
    put(1, 'b', 2, 2);
    d->w.slot[0][1].octets[60] ^= 1;
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    put(1, 'b', 2, 0); /* a downgrade that says it is newer */
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    device_put(d, 0, 1,
               &(struct firmware){ .text = 'b',
                                   .version = 2,
                                   .counter = 2,
                                   .flags = BM_IMAGE_ROM_FIXED,
                                   .load_address = SLOT_ADDRESS(0) });
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a")); /* made for slot 0 */
}

static void the_other_image_runs_when_one_breaks(void)
{
    begin();
    put(1, 'b', 2, 2);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    d->w.slot[0][1].octets[60] ^= 1;
    CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
    put(1, 'b', 2, 2);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    d->w.slot[0][0].octets[60] ^= 1;
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b")); /* the last resort */
    d->w.slot[0][1].octets[60] ^= 1;
    CHECK_STATUS(device_start(d), BM_E_IMAGE_DIGEST);
    CHECK(d->result.verdict.yes == 0 && d->result.verdict.no == 0);
}

static void a_new_key_set_counts_from_then_on(void)
{
    struct bm_request request = { .flags = BM_REQUEST_KEYSET };
    struct bm_bytes set;
    struct bm_image image;

    begin();
    set = make_set(EPOCH_OLD + 1, 1u << SIGNER_A, ROOT);
    world_put(&d->w.candidate, set);
    CHECK_STATUS(bm_image_parse_file(set, &image), BM_OK);
    memcpy(request.keyset, image.digest.p, BM_REQUEST_NAME);
    CHECK_STATUS(
        bm_request_put(&d->mailbox.flash, d->result.consumed, &request), BM_OK);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
    CHECK(d->result.epoch == EPOCH_OLD + 1);
    CHECK(world_counter(&d->w) == EPOCH_OLD + 1);
}

static void fixed_keys_need_no_key_set(void)
{
    begin();
    put(1, 'b', 2, 2);
    memset(d->w.keyset[0].octets, 0, 64); /* nothing reads it */
    CHECK_STATUS(bm_boot_xip_fixed(&d->w.boot, &d->result), BM_OK);
    CHECK(d->result.event == BM_BOOT_TRIAL && d->result.slot == 1);
    CHECK(d->result.epoch == 0);
    CHECK_STATUS(bm_boot_xip_fixed(&d->w.boot, &d->result), BM_OK);
    CHECK(d->result.event == BM_BOOT_REVERTED && d->result.slot == 0);
    d->w.ring.n = 0; /* nobody may sign */
    CHECK_STATUS(bm_boot_xip_fixed(&d->w.boot, &d->result), BM_E_IMAGE_KEY);
    CHECK(d->result.verdict.yes == 0 && d->result.verdict.no == 0);
}

/* Whatever the cut, of the confirmed image and the one on trial one runs. */
static void a_cut_anywhere_leaves_an_image_that_runs(void)
{
    static struct device before;
    unsigned cuts = 0;

    begin();
    put(1, 'b', 2, 2);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
    ask(BM_REQUEST_CONFIRM);
    device_copy(&before, d);
    for (uint32_t in = 1; in < 40; in++) {
        for (unsigned mode = 0; mode < FLASH_CUTS; mode++) {
            device_copy(d, &before);
            CHECK_STATUS(bm_counter_open(&d->w.counter, &d->w.counters.flash,
                                         &d->w.boot.counters),
                         BM_OK);
            flash_sim_cut(&d->w.supply, in, (enum flash_cut)mode, 16);
            if (bm_boot_xip(&d->w.boot, &d->result) == BM_OK) {
                CHECK(cuts >= 2 * FLASH_CUTS);
                return;
            }
            cuts++;
            CHECK_STATUS(device_start(d), BM_OK);
            CHECK(device_text(d, 0, d->result.slot) == 'b');
            CHECK(device_counter(d, 0) == 2);
            CHECK(!world_broken(&d->w) && !d->mailbox.broken);
        }
    }
    CHECK(!"it never ends");
}

int main(void)
{
    RUN(the_only_image_runs_where_it_is);
    RUN(a_newer_image_runs_on_trial);
    RUN(an_image_that_failed_is_tried_again_on_request);
    RUN(a_confirmed_image_stays);
    RUN(a_confirmation_of_another_image_confirms_nothing);
    RUN(an_image_that_is_not_newer_waits);
    RUN(what_does_not_verify_does_not_run);
    RUN(the_other_image_runs_when_one_breaks);
    RUN(a_new_key_set_counts_from_then_on);
    RUN(fixed_keys_need_no_key_set);
    RUN(a_cut_anywhere_leaves_an_image_that_runs);
    return bm_test_done();
}
