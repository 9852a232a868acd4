/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot.h"

#include "boot/test/boot_world.h"

/* Two images that are updated together, and what MCUboot's tools ask for. */
static struct device device;
static struct device *const d = &device;

static void begin(const struct firmware *first, const struct firmware *second)
{
    static const struct firmware a = { .text = 'a', .version = 1 };
    static const struct firmware c = { .text = 'c', .version = 1 };

    device_init(d, 2);
    device_put(d, 0, 0, &a);
    device_put(d, 1, 0, &c);
    CHECK(device_runs(d, BM_BOOT_NORMAL, "ac"));
    if (first != NULL) {
        device_put(d, 0, 1, first);
    }
    if (second != NULL) {
        device_put(d, 1, 1, second);
    }
}

static const struct firmware b = { .text = 'b', .version = 2, .counter = 2 };
static const struct firmware e = {
    .text = 'e', .version = 2, .counter = 3, .size = 600
};

static void images_go_and_come_back_together(void)
{
    begin(&b, &e);
    device_ask(d, BM_REQUEST_INSTALL, 3);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "be"));
    CHECK(device_runs(d, BM_BOOT_REVERTED, "ac"));
    CHECK(device_counter(d, 0) == 0 && device_counter(d, 1) == 0);
    device_ask(d, BM_REQUEST_INSTALL, 3);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "be"));
    device_ask(d, BM_REQUEST_CONFIRM, 0);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "be"));
    CHECK(device_counter(d, 0) == 2 && device_counter(d, 1) == 3);
}

static void one_image_is_updated_alone(void)
{
    begin(&b, &e);
    device_ask(d, BM_REQUEST_INSTALL, 2);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "ae"));
    device_ask(d, BM_REQUEST_CONFIRM, 0);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "ae"));
    CHECK(device_counter(d, 0) == 0 && device_counter(d, 1) == 3);
}

static void one_that_is_not_acceptable_keeps_all_back(void)
{
    begin(&b, &e);
    d->w.slot[1][1].octets[200] ^= 1;
    device_ask(d, BM_REQUEST_INSTALL, 3);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "ac"));
    CHECK_STATUS(d->result.refusal, BM_E_IMAGE_DIGEST);
}

static void a_confirmation_names_all_images(void)
{
    struct bm_request request = { .flags = BM_REQUEST_CONFIRM };

    begin(&b, &e);
    device_ask(d, BM_REQUEST_INSTALL, 3);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "be"));
    device_name(d, 0, 0, request.running[0]);
    CHECK_STATUS(
        bm_request_put(&d->mailbox.flash, d->result.consumed, &request), BM_OK);
    CHECK(device_runs(d, BM_BOOT_REVERTED, "ac"));
}

/* Which images are asked for, what the update of image 0 or 1 needs, and
 * whether it is taken. */
static void dependencies_hold_in_what_would_result(void)
{
    static const struct {
        unsigned set;
        struct firmware first, second;
        bool taken;
    } cases[] = {
        /* the other one is updated in the same step */
        { 3,
          { .text = 'b', .version = 2, .needs_image = 1, .needs_version = 2 },
          { .text = 'e', .version = 2 },
          true },
        /* the other one is there, but stays as it is */
        { 1,
          { .text = 'b', .version = 2, .needs_image = 1, .needs_version = 2 },
          { .text = 'e', .version = 2 },
          false },
        { 1,
          { .text = 'b', .version = 2, .needs_image = 1, .needs_version = 1 },
          { .text = 'e', .version = 2 },
          true },
        { 3,
          { .text = 'b', .version = 2 },
          { .text = 'e', .version = 2, .needs_version = 3 },
          false },
        { 3,
          { .text = 'b', .version = 3 },
          { .text = 'e', .version = 2, .needs_version = 3 },
          true },
        { 3,
          { .text = 'b', .version = 3 },
          { .text = 'e', .version = 2, .needs_image = 2, .needs_version = 1 },
          false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(&cases[i].first, &cases[i].second);
        device_ask(d, BM_REQUEST_INSTALL, cases[i].set);
        if (!cases[i].taken) {
            CHECK(device_runs(d, BM_BOOT_REFUSED, "ac"));
            CHECK_STATUS(d->result.refusal, BM_E_BOOT_DEPENDENCY);
        } else {
            CHECK(
                device_runs(d, BM_BOOT_TRIAL, cases[i].set == 3 ? "be" : "bc"));
        }
    }
}

/* What stays says what it needs of what comes, too. */
static void an_image_that_stays_is_asked_for_its_dependencies(void)
{
    static const struct firmware needy = { .text = 'f',
                                           .version = 2,
                                           .needs_version = 2 };
    static const struct firmware old = { .text = 'a', .version = 1 };

    begin(&b, &needy);
    device_ask(d, BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT, 3);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "bf"));
    begin(&(struct firmware){ .text = 'b', .version = 2 }, &needy);
    device_ask(d, BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT, 3);
    CHECK(device_runs(d, BM_BOOT_CONFIRMED, "bf"));
    device_put(d, 0, 1, &old);
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "bf"));
    CHECK_STATUS(d->result.refusal, BM_E_BOOT_DEPENDENCY);
}

static void a_broken_image_falls_back_alone_or_not_at_all(void)
{
    static const struct firmware needy = { .text = 'e',
                                           .version = 2,
                                           .needs_version = 9 };

    begin(&b, &e);
    d->w.slot[1][0].octets[60] ^= 1;
    CHECK(device_runs(d, BM_BOOT_FALLBACK, "ae"));
    begin(&b, &needy);
    d->w.slot[1][0].octets[60] ^= 1;
    CHECK_STATUS(device_start(d), BM_E_IMAGE_DIGEST);
    CHECK(d->result.verdict.yes == 0 && d->result.verdict.no == 0);
    begin(&b, &e);
    d->w.slot[0][0].octets[60] ^= 1;
    d->w.slot[1][0].octets[60] ^= 1;
    CHECK(device_runs(d, BM_BOOT_FALLBACK, "be"));
}

static void every_image_is_where_nobody_else_writes(void)
{
    begin(NULL, NULL);
    d->w.boot.slot[1][0].internal = false;
    CHECK_STATUS(device_start(d), BM_E_BOOT_ADDRESS);
    CHECK(d->result.verdict.yes == 0 && d->result.verdict.no == 0);
}

/* A trailer at the end of slot 1, as imgtool puts it there. */
static void put_trailer(unsigned image, uint32_t align, bool confirmed)
{
    struct flash_sim *sim = &d->w.slot[image][1];
    const struct bm_image_trailer trailer = { .align = align,
                                              .confirmed = confirmed };
    uint8_t end[BM_IMAGE_TRAILER_END];

    memset(end, 0xff, sizeof end);
    CHECK_STATUS(bm_image_trailer_put(&trailer, end), BM_OK);
    for (uint32_t i = 0; i < sizeof end; i += 8) {
        CHECK_STATUS(sim->flash.program(sim,
                                        (uint32_t)(sim->size - sizeof end) + i,
                                        (struct bm_bytes){ end + i, 8 }),
                     BM_OK);
    }
}

static bool has_trailer(unsigned image)
{
    const struct flash_sim *sim = &d->w.slot[image][1];
    struct bm_image_trailer trailer;

    return bm_image_trailer_parse(
               (struct bm_bytes){ sim->octets +
                                      (sim->size - BM_IMAGE_TRAILER_END),
                                  BM_IMAGE_TRAILER_END },
               &trailer) == BM_OK;
}

static void a_trailer_asks_for_a_trial_once(void)
{
    begin(&b, NULL);
    put_trailer(0, 8, false);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "bc"));
    CHECK(!has_trailer(0));
    CHECK(device_runs(d, BM_BOOT_REVERTED, "ac"));
    CHECK(device_runs(d, BM_BOOT_NORMAL, "ac"));
}

static void a_confirmed_trailer_asks_for_no_trial(void)
{
    static const uint32_t aligns[] = { 8, 16, 32 };

    for (size_t i = 0; i < 3; i++) {
        begin(&b, NULL);
        put_trailer(0, aligns[i], true);
        CHECK(device_runs(d, BM_BOOT_CONFIRMED, "bc"));
        CHECK(device_counter(d, 0) == 2);
        CHECK(device_runs(d, BM_BOOT_NORMAL, "bc"));
    }
}

static void trailers_of_two_images_are_one_request(void)
{
    begin(&b, &e);
    put_trailer(0, 8, true);
    put_trailer(1, 8, false);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "be"));
    CHECK(device_runs(d, BM_BOOT_REVERTED, "ac"));
}

static void a_trailer_of_what_is_refused_is_gone(void)
{
    static const struct firmware bad = { .text = 'b', .foreign = true };

    begin(&bad, NULL);
    put_trailer(0, 8, true);
    CHECK(device_runs(d, BM_BOOT_REFUSED, "ac"));
    CHECK_STATUS(d->result.refusal, BM_E_IMAGE_KEY);
    CHECK(!has_trailer(0));
    CHECK(device_runs(d, BM_BOOT_NORMAL, "ac"));
}

/* The sector of the trailer is worn, as an application can make it. */
static uint32_t worn;
static bm_status worn_erase(void *self, uint32_t at)
{
    return at == worn ? BM_E_FLASH_VERIFY : flash_sim_erase(self, at);
}

static void a_worn_sector_of_slot_1_stops_no_start(void)
{
    static const struct firmware bad = { .text = 'b', .foreign = true };
    struct bm_flash *flash = &d->w.boot.slot[0][1].flash;

    begin(&bad, NULL);
    put_trailer(0, 8, true);
    worn = flash->sector * (flash->sectors - 1);
    flash->erase = worn_erase;
    for (int i = 0; i < 2; i++) {
        CHECK(device_runs(d, BM_BOOT_REFUSED, "ac"));
        CHECK_STATUS(d->result.refusal, BM_E_IMAGE_KEY);
    }
}

/* The first place of each sector takes nothing any more. */
static bm_status worn_program(void *self, uint32_t at, struct bm_bytes data)
{
    const struct flash_sim *sim = self;

    return at % sim->flash.sector == 0 ? BM_E_FLASH_VERIFY
                                       : flash_sim_program(self, at, data);
}

static void a_worn_place_in_the_journal_stops_no_move(void)
{
    begin(&b, &e);
    d->w.boot.journal.program = worn_program;
    device_ask(d, BM_REQUEST_INSTALL, 3);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "be"));
    CHECK(device_runs(d, BM_BOOT_REVERTED, "ac"));
}

/* What runs on trial gives way to an image that was asked for alone. */
static void a_trial_gives_way_to_no_other_trial(void)
{
    static const struct firmware third = { .text = 'f', .counter = 3 };

    begin(&b, NULL);
    device_ask(d, BM_REQUEST_INSTALL, 1);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "bc"));
    device_put(d, 0, 1, &third);
    put_trailer(0, 8, false);
    device_ask(d, BM_REQUEST_PERMANENT, 0);
    CHECK(device_runs(d, BM_BOOT_TRIAL, "bc"));
    CHECK_STATUS(d->result.refusal, BM_E_BOOT_REQUEST);
}

/* The image reaches into the sector of the trailer. */
static void a_trailer_in_the_last_sector_of_the_image_is_read_once(void)
{
    static const struct flash_sim_shape shape = { 1024, 2, 8 };
    struct firmware big = { .text = 'b', .version = 2, .size = 900 };

    for (int empty = 0; empty < 2; empty++) {
        begin(NULL, NULL);
        for (unsigned k = 0; k < 2; k++) {
            flash_sim_init(&d->w.slot[0][k], d->w.memory[k], &shape, 3);
        }
        flash_sim_init(&d->scratch, d->room[0], &shape, 3);
        device_point(d);
        device_put(d, 0, 0, &(struct firmware){ .text = 'a' });
        device_put(d, 0, 1, &big);
        put_trailer(0, 8, true);
        if (empty != 0) {
            d->w.slot[0][0].octets[50] ^= 1;
        }
        CHECK(
            device_runs(d, empty ? BM_BOOT_FALLBACK : BM_BOOT_CONFIRMED, "bc"));
        if (empty != 0) {
            CHECK(device_text(d, 0, 1) == 'b');
            CHECK(has_trailer(0));
            CHECK(device_runs(d, BM_BOOT_REFUSED, "bc"));
            CHECK_STATUS(d->result.refusal, BM_E_BOOT_REQUEST);
        }
        CHECK(!has_trailer(0));
        CHECK(device_runs(d, BM_BOOT_NORMAL, "bc"));
    }
}

int main(void)
{
    RUN(images_go_and_come_back_together);
    RUN(one_image_is_updated_alone);
    RUN(one_that_is_not_acceptable_keeps_all_back);
    RUN(a_confirmation_names_all_images);
    RUN(dependencies_hold_in_what_would_result);
    RUN(an_image_that_stays_is_asked_for_its_dependencies);
    RUN(a_broken_image_falls_back_alone_or_not_at_all);
    RUN(every_image_is_where_nobody_else_writes);
    RUN(a_trailer_asks_for_a_trial_once);
    RUN(a_confirmed_trailer_asks_for_no_trial);
    RUN(trailers_of_two_images_are_one_request);
    RUN(a_trailer_of_what_is_refused_is_gone);
    RUN(a_worn_sector_of_slot_1_stops_no_start);
    RUN(a_worn_place_in_the_journal_stops_no_move);
    RUN(a_trial_gives_way_to_no_other_trial);
    RUN(a_trailer_in_the_last_sector_of_the_image_is_read_once);
    return bm_test_done();
}
