/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot.h"

#include "boot/test/boot_world.h"

/* Slots and scratch of several shapes, and what is moved between them. */
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

static void what_lies_behind_an_image_is_not_moved(void)
{
    static const uint8_t poison[] = "0123456789abcdef0123456789abcdef";
    struct flash_sim *sim = &d->w.slot[0][1];

    begin();
    CHECK_STATUS(sim->flash.program(sim, 640, (struct bm_bytes){ poison, 32 }),
                 BM_OK);
    CHECK_STATUS(sim->flash.program(sim, 1024, (struct bm_bytes){ poison, 32 }),
                 BM_OK);
    device_ask(d, BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT, 1);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
    CHECK(!flash_sim_holds(&d->w.slot[0][0], (struct bm_bytes){ poison, 32 }));
    CHECK(!flash_sim_holds(&d->scratch, (struct bm_bytes){ poison, 32 }));
}

static void slots_and_scratch_may_differ_in_shape(void)
{
    static const struct flash_sim_shape shapes[][3] = {
        { { 256, 8, 8 }, { 512, 4, 8 }, { 256, 2, 8 } },
        { { 512, 4, 16 }, { 256, 8, 4 }, { 512, 2, 32 } },
        { { 1024, 2, 4 }, { 256, 6, 1 }, { 1024, 2, 8 } },
        { { 256, 5, 8 }, { 512, 4, 8 }, { 1024, 2, 8 } },
    };

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        device_init(d, 1);
        for (unsigned k = 0; k < 2; k++) {
            flash_sim_init(&d->w.slot[0][k], d->w.memory[k], &shapes[i][k], 3);
        }
        flash_sim_init(&d->scratch, d->room[0], &shapes[i][2], 3);
        device_point(d);
        device_put(d, 0, 0,
                   &(struct firmware){
                       .text = 'a', .version = 1, .counter = 1, .size = 900 });
        device_put(d, 0, 1, &update);
        CHECK(device_runs(d, BM_BOOT_NORMAL, "a"));
        device_ask(d, BM_REQUEST_INSTALL, 1);
        CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
        CHECK(device_runs(d, BM_BOOT_REVERTED, "a"));
        device_ask(d, BM_REQUEST_INSTALL, 1);
        CHECK(device_runs(d, BM_BOOT_TRIAL, "b"));
        device_ask(d, BM_REQUEST_CONFIRM, 1);
        CHECK(device_runs(d, BM_BOOT_CONFIRMED, "b"));
    }
}

static void shapes_that_do_not_fit_are_refused(void)
{
    static const struct flash_sim_shape wrong[] = {
        { 384, 4, 8 },  /* no multiple of 256, nor a part of it */
        { 320, 4, 8 },  /* not made of what is copied at once */
        { 1024, 2, 8 }, /* scratch is smaller */
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin();
        flash_sim_init(&d->w.slot[0][1], d->w.memory[1], &wrong[i], 3);
        device_point(d);
        CHECK_STATUS(device_start(d), BM_E_BOOT_SHAPE);
        CHECK(d->result.verdict.yes == 0 && d->result.verdict.no == 0);
    }
}

static void an_update_that_does_not_fit_into_slot_0_is_refused(void)
{
    begin();
    flash_sim_init(&d->w.slot[0][0], d->w.memory[0],
                   &(struct flash_sim_shape){ 256, 3, 8 }, 3);
    device_point(d);
    device_put(d, 0, 0, &old);
    device_put(d, 0, 1,
               &(struct firmware){
                   .text = 'b', .version = 2, .counter = 2, .size = 700 });
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "a"));
    CHECK_STATUS(d->result.refusal, BM_E_IMAGE_SIZE);
}

static void an_image_that_does_not_fit_into_slot_1_is_not_lost(void)
{
    begin();
    flash_sim_init(&d->w.slot[0][1], d->w.memory[1],
                   &(struct flash_sim_shape){ 256, 2, 8 }, 3);
    device_point(d);
    device_put(d, 0, 1,
               &(struct firmware){ .text = 'b', .version = 2, .counter = 2 });
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "a"));
    CHECK_STATUS(d->result.refusal, BM_E_IMAGE_SIZE);
}

int main(void)
{
    RUN(what_lies_behind_an_image_is_not_moved);
    RUN(slots_and_scratch_may_differ_in_shape);
    RUN(shapes_that_do_not_fit_are_refused);
    RUN(an_update_that_does_not_fit_into_slot_0_is_refused);
    RUN(an_image_that_does_not_fit_into_slot_1_is_not_lost);
    return bm_test_done();
}
