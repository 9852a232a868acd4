/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/test/keyset_world.h"

static const struct flash_sim_shape shape = { 512, 4, 8 };
static struct world w;

static const struct bm_keyset_offer field = { .road = BM_KEYSET_FIELD };
static const struct bm_keyset_offer recovery = { .road = BM_KEYSET_RECOVERY };

/* A device whose keys are `old` is offered a set. */
static bm_status offer(unsigned old, struct bm_bytes set,
                       const struct bm_keyset_offer *how)
{
    world_live(&w, &shape, old);
    world_put(&w.candidate, set);
    w.offer = how;
    return world_start(&w);
}

static void a_newer_set_of_a_root_revokes(void)
{
    CHECK_STATUS(offer(KEY(SIGNER_A) | KEY(SIGNER_B),
                       make_set(6, KEY(SIGNER_A), ROOT), &field),
                 BM_OK);
    CHECK_STATUS(w.refusal, BM_OK);
    CHECK(w.now.epoch == 6 && w.now.place == 1 && w.ring.n == 1);
    CHECK(world_counter(&w) == 6);
    CHECK(world_is_blank(&w.slot[0][1]));
    CHECK(!world_is_blank(&w.slot[1][1])); /* no image of this device */
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(w.now.epoch == 6 && !world_broken(&w));
}

static bm_status worn_erase(void *self, uint32_t at)
{
    (void)self;
    (void)at;
    return BM_E_FLASH_VERIFY;
}

static void what_takes_no_erase_keeps_no_set_from_counting(void)
{
    world_live(&w, &shape, KEY(SIGNER_A) | KEY(SIGNER_B));
    w.boot.slot[0][1].flash.erase = worn_erase;
    world_put(&w.candidate, make_set(6, KEY(SIGNER_A), ROOT));
    w.offer = &field;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(w.now.epoch == 6 && world_counter(&w) == 6);
}

static void an_update_that_verifies_under_it_stays(void)
{
    CHECK_STATUS(offer(KEY(SIGNER_A),
                       make_set(6, KEY(SIGNER_A) | KEY(SIGNER_B), ROOT),
                       &field),
                 BM_OK);
    CHECK(w.now.epoch == 6 && w.ring.n == 2);
    CHECK(!world_is_blank(&w.slot[0][1]));
}

static void all_images_are_looked_at(void)
{
    world_live(&w, &shape, KEY(SIGNER_A) | KEY(SIGNER_B));
    w.boot.images = 2;
    world_put(&w.candidate, make_set(6, KEY(SIGNER_A), ROOT));
    w.offer = &field;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(w.now.epoch == 6);
    CHECK(world_is_blank(&w.slot[0][1]) && world_is_blank(&w.slot[1][1]));

    world_live(&w, &shape, KEY(SIGNER_A) | KEY(SIGNER_B));
    w.boot.images = 2;
    world_put(&w.slot[1][0], make_firmware('x', SIGNER_B));
    world_put(&w.candidate, make_set(6, KEY(SIGNER_A), ROOT));
    w.offer = &field;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK_STATUS(w.refusal, BM_E_KEYSET_RUNNING);
    CHECK(w.now.epoch == EPOCH_OLD);
}

/* Execution in place: the image runs from slot 1, and is made for it. */
static void the_slot_that_runs_may_be_either(void)
{
    uint8_t payload[] = "in place";
    struct bm_image_config config = {
        .header = { .load_address = 0x1000, .flags = BM_IMAGE_ROM_FIXED },
        .payload = BM_ARRAY(payload),
    };

    world_live(&w, &shape, KEY(SIGNER_A));
    w.boot.slot[0][0].address = 0x1000;
    w.boot.slot[0][1].address = 0x2000;
    world_put(&w.slot[0][0],
              make_image(&config, SIGNER_A, BM_IMAGE_TLV_KEYHASH));
    config.header.load_address = 0x2000;
    world_put(&w.slot[0][1],
              make_image(&config, SIGNER_B, BM_IMAGE_TLV_KEYHASH));
    CHECK_STATUS(bm_keyset_load(&w.boot, &w.now), BM_OK);
    for (unsigned running = 0; running < 2; running++) {
        struct bm_keyset_offer how = { .road = BM_KEYSET_FIELD,
                                       .slot = running };
        uint32_t epoch = 6 + running;

        world_put(&w.candidate,
                  make_set(epoch,
                           running == 0 ? KEY(SIGNER_A) | KEY(SIGNER_B)
                                        : KEY(SIGNER_B),
                           ROOT));
        CHECK_STATUS(bm_keyset_accept(&w.boot, &how, &w.now), BM_OK);
        CHECK_STATUS(bm_keyset_settle(&w.boot, &w.now, running), BM_OK);
        CHECK(world_counter(&w) == epoch);
        CHECK(world_is_blank(&w.slot[0][0]) == (running == 1));
        CHECK(!world_is_blank(&w.slot[0][1]));
    }
}

/* With swap, what waits in slot 1 is made for slot 0. */
static void an_update_is_asked_for_the_address_where_it_will_run(void)
{
    uint8_t payload[] = "in place";
    struct bm_image_config config = {
        .header = { .load_address = 0x1000, .flags = BM_IMAGE_ROM_FIXED },
        .payload = BM_ARRAY(payload),
    };

    world_live(&w, &shape, KEY(SIGNER_A));
    w.boot.slot[0][0].address = 0x1000;
    w.boot.slot[0][1].address = 0x1000;
    world_put(&w.slot[0][1],
              make_image(&config, SIGNER_A, BM_IMAGE_TLV_KEYHASH));
    world_put(&w.candidate, make_set(6, KEY(SIGNER_A), ROOT));
    w.offer = &field;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(w.now.epoch == 6 && !world_is_blank(&w.slot[0][1]));
}

static void what_is_offered_is_refused_and_nothing_changes(void)
{
    const unsigned both = KEY(SIGNER_A) | KEY(SIGNER_B);
    const struct {
        const struct bm_keyset_offer *how;
        uint32_t epoch;
        unsigned keys;
        enum world_key signer;
        bm_status refusal;
    } cases[] = {
        { &field, 5, both, ROOT, BM_E_KEYSET_EPOCH },
        { &field, 4, both, ROOT, BM_E_KEYSET_EPOCH },
        { &field, 0, both, ROOT, BM_E_KEYSET_EPOCH },
        { &field, 6, KEY(SIGNER_A), RESCUE, BM_E_KEYSET_ROOT },
        { &field, 6, KEY(SIGNER_A), SIGNER_A, BM_E_KEYSET_ROOT },
        { &recovery, 6, KEY(SIGNER_A), SIGNER_A, BM_E_KEYSET_ROOT },
        { &recovery, 4, KEY(SIGNER_A), RESCUE, BM_E_KEYSET_EPOCH },
        { &recovery, 4, KEY(SIGNER_A), ROOT, BM_E_KEYSET_EPOCH },
        { &field, 6, KEY(SIGNER_B), ROOT, BM_E_KEYSET_RUNNING },
        { &field, UINT32_MAX, KEY(SIGNER_A), ROOT, BM_E_KEYSET },
        { &field, 6, KEY(SIGNER_A) | KEY(ROOT), ROOT, BM_E_KEYSET },
        { &recovery, 6, KEY(SIGNER_A) | KEY(RESCUE), ROOT, BM_E_KEYSET },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STATUS(
            offer(both,
                  make_set(cases[i].epoch, cases[i].keys, cases[i].signer),
                  cases[i].how),
            BM_OK);
        CHECK_STATUS(w.refusal, cases[i].refusal);
        CHECK(w.now.epoch == EPOCH_OLD && w.now.place == 0 && w.ring.n == 2);
        CHECK(world_counter(&w) == EPOCH_OLD);
        CHECK(!world_is_blank(&w.slot[0][1]) && !world_broken(&w));
    }
}

static void on_trial_no_set_is_taken(void)
{
    world_live(&w, &shape, KEY(SIGNER_A));
    world_put(&w.candidate, make_set(6, KEY(SIGNER_A), ROOT));
    w.offer = &field;
    w.on_trial = true;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK_STATUS(w.refusal, BM_E_KEYSET_RUNNING);
    CHECK(w.now.epoch == EPOCH_OLD);
}

/* On the first starts of a device the counter is behind: it stays there until
 * an image is confirmed. */
static void on_trial_no_epoch_is_raised(void)
{
    world_live(&w, &shape, KEY(SIGNER_A));
    world_put(&w.keyset[0], make_set(9, KEY(SIGNER_A), ROOT));
    w.on_trial = true;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(w.now.epoch == 9 && world_counter(&w) == EPOCH_OLD);
    w.on_trial = false;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(world_counter(&w) == 9);
}

static void a_request_names_the_set(void)
{
    struct bm_bytes set = make_set(6, KEY(SIGNER_A), ROOT);
    struct bm_keyset_offer named = field;
    struct bm_image image;
    uint8_t name[BM_REQUEST_NAME];

    CHECK_STATUS(bm_image_parse_file(set, &image), BM_OK);
    memcpy(name, image.digest.p, sizeof name);
    named.name = name;
    CHECK_STATUS(offer(KEY(SIGNER_A), set, &named), BM_OK);
    CHECK(w.now.epoch == 6);
    name[BM_REQUEST_NAME - 1] ^= 1;
    CHECK_STATUS(offer(KEY(SIGNER_A), set, &named), BM_OK);
    CHECK_STATUS(w.refusal, BM_E_BOOT_REQUEST);
    CHECK(w.now.epoch == EPOCH_OLD && w.ring.n == 1);
}

/* ... whatever runs: it may be what recovery is to mend. */
static void recovery_takes_the_rescue_key_at_the_current_epoch(void)
{
    CHECK_STATUS(
        offer(KEY(SIGNER_A), make_set(5, KEY(SIGNER_B), RESCUE), &recovery),
        BM_E_IMAGE_KEY);
    CHECK_STATUS(w.refusal, BM_OK);
    CHECK(w.now.epoch == 5 && w.now.place == 1);
    world_put(&w.slot[0][0], make_firmware('m', SIGNER_B));
    CHECK_STATUS(world_start(&w), BM_OK);
}

/* An epoch that is newer is raised when there is an image again. */
static void what_recovery_brought_is_settled_by_an_image_that_runs(void)
{
    CHECK_STATUS(
        offer(KEY(SIGNER_A), make_set(8, KEY(SIGNER_B), RESCUE), &recovery),
        BM_E_KEYSET_RUNNING);
    CHECK(w.now.epoch == 8 && world_counter(&w) == EPOCH_OLD);
    CHECK(!world_is_blank(&w.slot[0][1]));
    world_put(&w.slot[0][0], make_firmware('m', SIGNER_B));
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(world_counter(&w) == 8 && !world_is_blank(&w.slot[0][1]));
}

/* Nothing that counts can be read: nothing runs, and recovery brings a set. */
static void without_any_set_nothing_runs_until_recovery_brings_one(void)
{
    static const enum world_key signers[] = { ROOT, RESCUE };

    for (size_t i = 0; i < 2; i++) {
        world_live(&w, &shape, KEY(SIGNER_A));
        CHECK_STATUS(w.keyset[0].flash.erase(&w.keyset[0], 0), BM_OK);
        CHECK(world_start(&w) != BM_OK);
        CHECK(w.ring.n == 0);
        world_put(&w.candidate, make_set(5, KEY(SIGNER_A), signers[i]));
        w.now.epoch = world_counter(&w);
        CHECK_STATUS(bm_keyset_accept(&w.boot, &recovery, &w.now), BM_OK);
        w.state.place = (uint8_t)w.now.place;
        CHECK_STATUS(bm_journal_put(&w.log, &w.state), BM_OK);
        CHECK_STATUS(world_start(&w), BM_OK);
        CHECK(w.now.epoch == 5 && w.now.place == 1);
    }
}

static void a_place_that_cannot_be_read_gives_way_to_the_other(void)
{
    world_live(&w, &shape, KEY(SIGNER_A));
    world_put(&w.keyset[1], make_set(6, KEY(SIGNER_A), ROOT));
    CHECK_STATUS(w.keyset[0].flash.erase(&w.keyset[0], 0), BM_OK);
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(w.now.place == 1 && w.now.epoch == 6);
}

static unsigned fail_reads;
static bm_status flaky_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    if (fail_reads > 0) {
        fail_reads--;
        return BM_E_FLASH_READ;
    }
    return flash_sim_read(self, at, out, n);
}

/* ... which would be for good, as its place is in the next record. */
static void a_read_that_fails_once_gives_way_to_none(void)
{
    world_live(&w, &shape, KEY(SIGNER_A));
    world_put(&w.keyset[1], make_set(6, KEY(SIGNER_A), ROOT));
    w.boot.keyset[0].read = flaky_read;
    fail_reads = 1;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(w.now.place == 0 && w.now.epoch == EPOCH_OLD && fail_reads == 0);
}

/* ... but never to one that is older than the counter. */
static void an_old_set_does_not_come_back(void)
{
    CHECK_STATUS(offer(KEY(SIGNER_A) | KEY(SIGNER_B),
                       make_set(6, KEY(SIGNER_A), ROOT), &field),
                 BM_OK);
    CHECK(w.now.place == 1 && !world_is_blank(&w.keyset[0]));
    CHECK_STATUS(w.keyset[1].flash.erase(&w.keyset[1], 0), BM_OK);
    CHECK_STATUS(world_start(&w), BM_E_KEYSET_EPOCH);
    CHECK(w.ring.n == 0);
}

static void a_set_larger_than_its_place_is_refused(void)
{
    world_live(&w, &shape, KEY(SIGNER_A));
    world_put(&w.candidate, make_set(6, KEY(SIGNER_A), ROOT));
    w.boot.keyset[1].sectors = 0;
    w.offer = &field;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK_STATUS(w.refusal, BM_E_BOOT_SHAPE);
    CHECK(w.now.epoch == EPOCH_OLD && !world_broken(&w));
}

/* A device that is at rest writes nothing: flash wears. */
static void starts_write_nothing_once_all_is_settled(void)
{
    uint32_t operations;

    CHECK_STATUS(offer(KEY(SIGNER_A), make_set(6, KEY(SIGNER_A), ROOT), &field),
                 BM_OK);
    operations = w.supply.operations;
    CHECK_STATUS(world_start(&w), BM_OK);
    CHECK(w.supply.operations == operations);
}

int main(void)
{
    RUN(a_newer_set_of_a_root_revokes);
    RUN(what_takes_no_erase_keeps_no_set_from_counting);
    RUN(an_update_that_verifies_under_it_stays);
    RUN(all_images_are_looked_at);
    RUN(the_slot_that_runs_may_be_either);
    RUN(an_update_is_asked_for_the_address_where_it_will_run);
    RUN(what_is_offered_is_refused_and_nothing_changes);
    RUN(on_trial_no_set_is_taken);
    RUN(on_trial_no_epoch_is_raised);
    RUN(a_request_names_the_set);
    RUN(recovery_takes_the_rescue_key_at_the_current_epoch);
    RUN(what_recovery_brought_is_settled_by_an_image_that_runs);
    RUN(without_any_set_nothing_runs_until_recovery_brings_one);
    RUN(a_place_that_cannot_be_read_gives_way_to_the_other);
    RUN(a_read_that_fails_once_gives_way_to_none);
    RUN(an_old_set_does_not_come_back);
    RUN(a_set_larger_than_its_place_is_refused);
    RUN(starts_write_nothing_once_all_is_settled);
    return bm_test_done();
}
