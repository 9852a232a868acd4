/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_TEST_BOOT_WORLD_H
#define BM_BOOT_TEST_BOOT_WORLD_H

#include "boot/image_trailer.h"
#include "boot/state.h"
#include "boot/test/keyset_world.h"

/*
 * A device for tests of whole starts: that of keyset_world.h, with scratch and
 * a mailbox, images that can be told apart by their text, and the bootloader.
 *
 *     device_init(&device, 1);
 *     device_put(&device, 0, 0, &(struct firmware){ 'a', 1, 1 });
 *     CHECK(device_runs(&device, BM_BOOT_NORMAL, "a"));
 */

struct firmware {
    char text;       /* the payload is made of it */
    uint8_t version; /* major */
    uint32_t counter;
    uint32_t size;       /* of the payload; 0: 70 octets */
    uint8_t needs_image; /* a dependency, if needs_version is not 0 */
    uint8_t needs_version;
    bool foreign; /* signed by a key that does not count */
    uint32_t flags;
    uint32_t load_address;
};

struct device {
    struct world w;
    struct flash_sim scratch, mailbox;
    uint8_t room[2][FLASH_SIM_SIZE(RANGE_MAX, 1)];
    struct bm_boot_result result;
    bm_status rc;
    bool in_place;
};

#define SLOT_ADDRESS(slot) (0x00100000u + 0x00100000u * (slot))

static inline void device_point(struct device *d)
{
    world_point(&d->w);
    for (unsigned i = 0; i < 2; i++) {
        struct flash_sim *sim = i == 0 ? &d->scratch : &d->mailbox;

        sim->flash.self = sim;
        sim->supply = &d->w.supply;
        sim->octets = d->room[i];
        sim->marks = d->room[i] + sim->size;
    }
    d->w.boot.scratch = d->scratch.flash;
    d->w.boot.mailbox = d->mailbox.flash;
    d->w.boot.journal = d->w.journal.flash;
    d->w.boot.ring = &d->w.ring;
    for (unsigned i = 0; i < BM_BOOT_IMAGES; i++) {
        for (unsigned k = 0; k < 2; k++) {
            d->w.boot.slot[i][k].address = SLOT_ADDRESS(d->in_place ? k : 0);
            d->w.boot.slot[i][k].internal = true;
        }
    }
}

static inline void device_copy(struct device *to, const struct device *from)
{
    *to = *from;
    device_point(to);
}

static inline void device_init(struct device *d, unsigned images)
{
    static const struct flash_sim_shape shape = { 256, 8, 8 };

    memset(d, 0, sizeof *d);
    world_init(&d->w, &shape);
    flash_sim_init(&d->scratch, d->room[0],
                   &(struct flash_sim_shape){ 256, 2, 8 }, 11);
    flash_sim_init(&d->mailbox, d->room[1],
                   &(struct flash_sim_shape){ 256, 2, 8 }, 12);
    d->w.boot.images = images;
    device_point(d);
    world_put(&d->w.keyset[0], make_set(EPOCH_OLD, 1u << SIGNER_A, ROOT));
}

static inline struct bm_bytes device_image(const struct firmware *f)
{
    static uint8_t payload[1000];
    const struct bm_image_dependency needs = {
        .image = f->needs_image, .version = { .major = f->needs_version }
    };
    struct bm_image_config config = {
        .header = { .version = { .major = f->version },
                    .flags = f->flags,
                    .load_address = f->load_address },
        .payload = { payload, f->size != 0 ? f->size : 70 },
        .has_counter = true,
        .counter = f->counter,
        .dependencies = &needs,
        .n_dependencies = f->needs_version != 0,
    };

    memset(payload, f->text, sizeof payload);
    return make_image(&config, f->foreign ? SIGNER_B : SIGNER_A,
                      BM_IMAGE_TLV_KEYHASH);
}

/* The whole slot is erased, and then has the image. */
static inline void device_put(struct device *d, unsigned image, unsigned slot,
                              const struct firmware *f)
{
    struct flash_sim *sim = &d->w.slot[image][slot];

    for (uint32_t s = 0; s < sim->flash.sectors; s++) {
        CHECK_STATUS(sim->flash.erase(sim, s * sim->flash.sector), BM_OK);
    }
    world_put(sim, device_image(f));
}

/* One start. */
static inline bm_status device_start(struct device *d)
{
    struct bm_boot *boot = &d->w.boot;

    flash_sim_on(&d->w.supply);
    memset(&d->w.work, 0xa5, sizeof d->w.work);
    memset(&d->w.ring, 0xa5, sizeof d->w.ring);
    memset(&d->result, 0xa5, sizeof d->result);
    CHECK_STATUS(
        bm_counter_open(&d->w.counter, &d->w.counters.flash, &boot->counters),
        BM_OK);
    d->rc = d->in_place ? bm_boot_xip(boot, &d->result)
                        : bm_boot_swap(boot, &d->result);
    return d->rc;
}

/* What is in a slot, by its text; '?' where it is no image's beginning. */
static inline char device_text(const struct device *d, unsigned image,
                               unsigned slot)
{
    const struct flash_sim *sim = &d->w.slot[image][slot];

    return sim->octets[0] == (BM_IMAGE_MAGIC & 0xff)
               ? (char)sim->octets[BM_IMAGE_HEADER_SIZE]
               : '?';
}

/* A start comes to this event, and these images run. */
static inline bool device_runs(struct device *d, enum bm_boot_event event,
                               const char *texts)
{
    bm_status rc = device_start(d);
    bool yes = d->result.verdict.yes == BM_VERDICT_YES &&
               d->result.verdict.no == ~BM_VERDICT_YES;

    for (unsigned i = 0; i < d->w.boot.images; i++) {
        yes = yes && device_text(d, i, d->result.slot) == texts[i];
    }
    if (rc != BM_OK || d->result.event != event || !yes) {
        printf("# status 0x%04x, event %d, refusal 0x%04x, slot %u: %c %c\n",
               (unsigned)rc, (int)d->result.event, (unsigned)d->result.refusal,
               d->result.slot, device_text(d, 0, 0), device_text(d, 0, 1));
        return false;
    }
    return !world_broken(&d->w) && !d->scratch.broken && !d->mailbox.broken;
}

static inline void device_name(const struct device *d, unsigned image,
                               unsigned slot, uint8_t name[BM_REQUEST_NAME])
{
    const struct flash_sim *sim = &d->w.slot[image][slot];
    struct bm_image parsed;
    uint32_t size;
    uint32_t at;

    memset(name, 0, BM_REQUEST_NAME);
    if (bm_image_header_parse(sim->octets, (uint32_t)sim->size,
                              &parsed.header) != BM_OK) {
        return;
    }
    at = bm_image_tlvs_at(&parsed.header);
    if (bm_image_tlvs_size(&parsed.header,
                           sim->octets + bm_image_digest_end(&parsed.header),
                           &size) == BM_OK &&
        bm_image_parse((struct bm_bytes){ sim->octets + at, size }, &parsed) ==
            BM_OK) {
        memcpy(name, parsed.digest.p, BM_REQUEST_NAME);
    }
}

/* Ask for what is in slot 1 of `images`, and name what runs. */
static inline void device_ask(struct device *d, unsigned flags, unsigned images)
{
    struct bm_request request = { .flags = (uint8_t)flags,
                                  .images = (uint8_t)images };

    for (unsigned i = 0; i < d->w.boot.images; i++) {
        device_name(d, i, d->result.slot, request.running[i]);
        device_name(d, i, d->result.slot ^ 1, request.update[i]);
    }
    CHECK_STATUS(
        bm_request_put(&d->mailbox.flash, d->result.consumed, &request), BM_OK);
}

static inline uint32_t device_counter(struct device *d, unsigned image)
{
    uint32_t value = 0;

    CHECK_STATUS(d->w.boot.counters.read(&d->w.counter,
                                         BM_COUNTER_IMAGE + image, &value),
                 BM_OK);
    return value;
}

#endif
