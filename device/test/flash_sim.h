/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_FLASH_SIM_H
#define BM_DEVICE_TEST_FLASH_SIM_H

#include <string.h>

#include "device/flash.h"

/*
 * Flash for tests: a struct bm_flash over memory of the test, which keeps the
 * rules of flash.h and fails the power during any program or erase.
 *
 *     static uint8_t memory[FLASH_SIM_SIZE(1024, 4)];
 *     struct flash_sim sim;
 *
 *     flash_sim_init(&sim, memory, &(struct flash_sim_shape){ 1024, 4, 8 }, 1);
 *     flash_sim_cut(&sim, 3, FLASH_CUT_BITS, 0);
 *     ... bm_log_put(...) ...       the third operation from here is torn,
 *                                   and all later ones are BM_E_FLASH_POWER
 *     flash_sim_on(&sim);           power is back
 *     CHECK(!sim.broken);           nothing was programmed twice
 *
 * To try every cut of a step, keep a copy of `sim` and of `memory` from before
 * it. The state of the random numbers is in `sim`, so a run can be repeated.
 *
 * Several ranges that lose their power together have one `supply`: it counts
 * the operations of all, it is cut, and it is on again.
 */
enum flash_cut {
    FLASH_CUT_PREFIX,   /* only the first octets are done: all of them if
                           `tear` is large */
    FLASH_CUT_BITS,     /* a random subset of the bits is done */
    FLASH_CUT_UNSTABLE, /* erase: each read tells something else, until erased
                           again; program: as BITS */
    FLASH_CUT_ECC,      /* a random subset of the bits, and reading it fails */
    FLASH_CUTS
};

struct flash_sim_shape {
    uint32_t sector, sectors, unit;
};

/* Octets of memory: contents, and what is known of each unit. */
#define FLASH_SIM_SIZE(sector, sectors) (2u * (sector) * (sectors))

/* What is known of an octet's unit. */
#define FLASH_SIM_USED     1u /* programmed since it was erased */
#define FLASH_SIM_UNSTABLE 2u
#define FLASH_SIM_ECC      4u

struct flash_sim {
    struct bm_flash flash;
    struct flash_sim *supply; /* NULL: it has its own */
    uint8_t *octets;
    uint8_t *marks;
    size_t size;
    uint32_t random;
    uint32_t operations; /* programs and erases that were begun */
    uint32_t erases;
    uint32_t programmed; /* octets */
    uint32_t cut_in;     /* operations until the power fails; 0: never */
    enum flash_cut mode;
    uint32_t tear;
    uint32_t torn; /* octets of the operation that was torn */
    bool strange;  /* there may be unstable or unreadable units */
    bool off;
    bool broken; /* a rule of flash.h was broken */
};

static inline struct flash_sim *flash_sim_supply(struct flash_sim *sim)
{
    return sim->supply == NULL ? sim : sim->supply;
}

static inline uint32_t flash_sim_random(struct flash_sim *sim)
{
    sim->random ^= sim->random << 13;
    sim->random ^= sim->random >> 17;
    sim->random ^= sim->random << 5;
    return sim->random;
}

/* Is the access allowed, and the power on? */
static inline bm_status flash_sim_check(struct flash_sim *sim, uint32_t at,
                                        size_t n, uint32_t step)
{
    if (flash_sim_supply(sim)->off) {
        return BM_E_FLASH_POWER;
    }
    if (at > sim->size || n > sim->size - at) {
        sim->broken = true;
        return BM_E_FLASH_RANGE;
    }
    if (at % step != 0 || n % step != 0) {
        sim->broken = true;
        return BM_E_FLASH_ALIGN;
    }
    return BM_OK;
}

static inline bm_status flash_sim_read(void *self, uint32_t at, uint8_t *out,
                                       size_t n)
{
    struct flash_sim *sim = self;
    uint32_t mood = flash_sim_random(sim) >> 8;

    BM_TRY(flash_sim_check(sim, at, n, 1));
    memcpy(out, sim->octets + at, n);
    if (!sim->strange) {
        return BM_OK;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t known = sim->marks[at + i];

        if ((known & FLASH_SIM_ECC) != 0) {
            memset(out, 0xa5, n);
            return BM_E_FLASH_READ;
        }
        /* As it was, erased, or anything between. */
        if ((known & FLASH_SIM_UNSTABLE) != 0 && mood % 4 != 0) {
            out[i] |=
                mood % 4 == 1 ? 0xff : (uint8_t)(flash_sim_random(sim) >> 8);
        }
    }
    return BM_OK;
}

/* Count an operation of `n` octets; true if the power fails during it. */
static inline bool flash_sim_fails(struct flash_sim *sim, size_t n)
{
    struct flash_sim *supply = flash_sim_supply(sim);

    supply->operations++;
    if (supply->cut_in == 0 || --supply->cut_in != 0) {
        return false;
    }
    supply->off = true;
    supply->torn = (uint32_t)n;
    sim->mode = supply->mode;
    sim->tear = supply->tear;
    return true;
}

/* Which bits of octet `i` of a torn operation were done. An erase that reads
 * otherwise each time may as well read as if it had not been begun. */
static inline uint8_t flash_sim_done(struct flash_sim *sim, size_t i,
                                     bool erase)
{
    if (sim->mode == FLASH_CUT_PREFIX) {
        return i < sim->tear ? 0xff : 0;
    }
    if (sim->mode == FLASH_CUT_UNSTABLE && erase) {
        return 0;
    }
    return (uint8_t)(flash_sim_random(sim) >> 8);
}

/* What the units of a torn operation are from now on. */
static inline void flash_sim_after_cut(struct flash_sim *sim, uint32_t at,
                                       size_t n, bool erase)
{
    uint32_t unit = sim->flash.unit;

    sim->strange = sim->strange || sim->mode >= FLASH_CUT_UNSTABLE;
    for (uint32_t u = at; u < at + n; u += unit) {
        uint8_t all = 0xff;
        uint8_t known = 0;

        for (uint32_t i = 0; i < unit; i++) {
            all &= sim->octets[u + i];
        }
        if (sim->mode == FLASH_CUT_ECC) {
            known = FLASH_SIM_USED | FLASH_SIM_ECC;
        } else if (erase && sim->mode == FLASH_CUT_UNSTABLE) {
            known = FLASH_SIM_USED | FLASH_SIM_UNSTABLE;
        } else if (all != 0xff || erase) {
            known = FLASH_SIM_USED;
        }
        memset(sim->marks + u, known, unit);
    }
}

static inline bm_status flash_sim_program(void *self, uint32_t at,
                                          struct bm_bytes data)
{
    struct flash_sim *sim = self;
    bool fails;

    BM_TRY(flash_sim_check(sim, at, data.n, sim->flash.unit));
    if (data.n == 0 ||
        at / sim->flash.sector != (at + data.n - 1) / sim->flash.sector) {
        sim->broken = true;
        return BM_E_FLASH_RANGE;
    }
    for (size_t i = 0; i < data.n; i++) {
        if (sim->marks[at + i] != 0 || sim->octets[at + i] != 0xff) {
            sim->broken = true;
            return BM_E_FLASH_BITS;
        }
    }
    fails = flash_sim_fails(sim, data.n);
    sim->programmed += (uint32_t)data.n;
    if (!fails) {
        memcpy(sim->octets + at, data.p, data.n);
        memset(sim->marks + at, FLASH_SIM_USED, data.n);
        return BM_OK;
    }
    for (size_t i = 0; i < data.n; i++) {
        uint8_t left = (uint8_t)~flash_sim_done(sim, i, false);

        sim->octets[at + i] &= (uint8_t)(data.p[i] | left);
    }
    flash_sim_after_cut(sim, at, data.n, false);
    return BM_E_FLASH_POWER;
}

static inline bm_status flash_sim_erase(void *self, uint32_t at)
{
    struct flash_sim *sim = self;
    uint32_t n = sim->flash.sector;
    bool fails;

    BM_TRY(flash_sim_check(sim, at, n, n));
    fails = flash_sim_fails(sim, n);
    sim->erases++;
    if (!fails) {
        memset(sim->octets + at, 0xff, n);
        memset(sim->marks + at, 0, n);
        return BM_OK;
    }
    for (uint32_t i = 0; i < n; i++) {
        sim->octets[at + i] |= flash_sim_done(sim, i, true);
    }
    flash_sim_after_cut(sim, at, n, true);
    return BM_E_FLASH_POWER;
}

/* Erased flash of that shape over FLASH_SIM_SIZE octets; `seed` is not 0. */
static inline void flash_sim_init(struct flash_sim *sim, uint8_t *memory,
                                  const struct flash_sim_shape *shape,
                                  uint32_t seed)
{
    size_t size = (size_t)shape->sector * shape->sectors;

    *sim = (struct flash_sim){
        .flash = { .sector = shape->sector,
                   .sectors = shape->sectors,
                   .unit = shape->unit,
                   .read = flash_sim_read,
                   .program = flash_sim_program,
                   .erase = flash_sim_erase },
        .octets = memory,
        .marks = memory + size,
        .size = size,
        .random = seed,
    };
    sim->flash.self = sim;
    memset(sim->octets, 0xff, size);
    memset(sim->marks, 0, size);
}

/* Let the power fail in operation number `in` from here: 1 is the next. */
static inline void flash_sim_cut(struct flash_sim *sim, uint32_t in,
                                 enum flash_cut mode, uint32_t tear)
{
    sim->cut_in = in;
    sim->mode = mode;
    sim->tear = tear;
}

static inline void flash_sim_on(struct flash_sim *sim)
{
    sim->off = false;
    sim->cut_in = 0;
}

/* Does the flash hold these octets anywhere? */
static inline bool flash_sim_holds(const struct flash_sim *sim,
                                   struct bm_bytes what)
{
    for (size_t i = 0; i + what.n <= sim->size; i++) {
        if (memcmp(sim->octets + i, what.p, what.n) == 0) {
            return true;
        }
    }
    return false;
}

#endif
