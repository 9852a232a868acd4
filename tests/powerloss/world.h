/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_WORLD_H
#define BM_TESTS_POWERLOSS_WORLD_H

#include "boot/counter.h"
#include "device/test/flash_sim.h"
#include "tests/powerloss/images.h"

/*
 * The simulated device: all ranges of flash that a bootloader knows, on one
 * supply of power, and the struct bm_boot that describes them. What a device
 * forgets without power is made anew at each start; what is in flash, and what
 * the world knows of it, can be saved and restored.
 *
 * Nothing is erased in the beginning: flash that was never erased by the code
 * under test may not be programmed, as nobody knows what state it is in.
 */

#define WORLD_SEED 0x20261126u

enum range {
    RANGE_SLOT, /* image 0: slots 0 and 1; image 1: the next two */
    RANGE_SLOT_SECOND = RANGE_SLOT + 2,
    RANGE_SCRATCH = RANGE_SLOT_SECOND + 2,
    RANGE_JOURNAL,
    RANGE_MAILBOX,
    RANGE_KEYSET,
    RANGE_CANDIDATE = RANGE_KEYSET + 2,
    RANGE_COUNTERS,
    RANGES
};

struct geometry {
    const char *name;
    uint32_t unit;
    uint32_t sector[2];  /* of slot 0 and slot 1 */
    uint32_t sectors[2]; /* likewise */
    uint32_t scratch[2]; /* sector, sectors */
    uint32_t small[2];   /* sector, sectors of journals and key sets */
    uint32_t every;      /* a sample takes one cut of so many */
};

/* Counters as the bootloader last knew them: what was raised is a floor for
 * ever, and nothing above what was asked for is ever read. */
#define COUNTERS (BM_COUNTER_IMAGE + BM_BOOT_IMAGES)
struct counters_seen {
    uint32_t floor[COUNTERS];
    uint32_t asked[COUNTERS];
};

/* What the bootloader has in RAM beside its stack. */
struct world_ram {
    struct bm_counter counter;
    struct bm_boot_counters counters; /* of that */
    struct bm_verify_work work;
    struct bm_ring ring;
};

struct world {
    const struct geometry *geometry;
    struct flash_sim supply; /* has no octets, only the power */
    struct flash_sim sims[RANGES];
    struct counters_seen seen;
    struct world_ram ram;
    struct bm_boot boot;
    struct bm_flash counters; /* as the bootloader sees it */
    bool xip;
    bool strange_counter; /* a counter that nobody raised to that */
    unsigned starts;      /* calls of the bootloader */
};

/* A device of one or two images, fresh from the factory but for what
 * world_place() adds. There is one at a time. */
struct world *world_make(const struct geometry *geometry, unsigned images,
                         bool xip);

/* Put an image at the start of a range, as a programmer in a factory does, and
 * POISON behind it. */
void world_place(struct world *w, enum range range,
                 const struct image_made *image);

/*
 * One start of the bootloader, with anything in RAM; power comes back if it
 * was cut, and a cut that is planned (flash_sim_cut() of w->supply) stays. What
 * it says counts only if the power is still on after it.
 */
bm_status world_start(struct world *w, struct bm_boot_result *result);
bool world_alive(const struct world *w);

/* Is that image at the start of the range, octet for octet? */
bool world_has(const struct world *w, enum range range,
               const struct image_made *image);

/* No rule of flash was broken, no counter came from nowhere, nothing of what
 * stood behind an image is in a slot that runs. Says why not, or NULL. */
const char *world_wrong(const struct world *w);

/*
 * What stands between the bootloader and the flash of the next worlds, or
 * NULL: it may put other functions into w->boot. The application is not
 * concerned. `on` is called when the power comes, and `done` when a start has
 * come to its end with the power still on.
 */
struct world_double {
    void (*insert)(struct world *w);
    void (*on)(struct world *w);
    bm_status (*done)(struct world *w);
};
extern const struct world_double *world_double;

/* Visit the struct bm_flash of each range that `w->boot` has. */
void world_each_flash(struct world *w,
                      void (*visit)(enum range range, struct bm_flash *flash));

/* Worlds that were saved, by number. */
#define SAVES 3
void world_save(const struct world *w, unsigned save);
void world_restore(struct world *w, unsigned save);

#endif
