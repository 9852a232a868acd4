/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT(e)  (1u << (e))
#define PERMANENT (BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT)

static uint32_t counter_of(unsigned id)
{
    return image_get((enum image_id)id, 0)->counter;
}

static unsigned version_of(unsigned id)
{
    return id == NOTHING ? 0 : image_get((enum image_id)id, 0)->version;
}

/* May that image run? */
static bool acceptable(const struct facts *f, unsigned id)
{
    return image_trusted((enum image_id)id, (enum image_id)f->set) &&
           counter_of(id) >=
               f->counter[1 + image_get((enum image_id)id, 0)->number];
}

static void swap(struct facts *f, unsigned images)
{
    for (unsigned i = 0; i < 2; i++) {
        if ((images >> i & 1) != 0) {
            uint8_t id = f->at[i][0];

            f->at[i][0] = f->at[i][1];
            f->at[i][1] = id;
            f->trailer[i] = 0;
        }
    }
}

static void raise_counters(const struct facts_device *device, struct facts *f,
                           unsigned slot)
{
    for (unsigned i = 0; i < device->images; i++) {
        uint32_t counter = counter_of(f->at[i][slot]);

        if (counter > f->counter[1 + i]) {
            f->counter[1 + i] = counter;
        }
    }
}

static bool is_confirmed(const struct facts_device *device,
                         const struct facts *f, unsigned slot)
{
    bool confirmed = (f->asked & BM_REQUEST_CONFIRM) != 0;

    for (unsigned i = 0; i < device->images; i++) {
        confirmed = confirmed && f->running[i] == f->at[i][slot];
    }
    return confirmed;
}

/* What the application did not overwrite can come back. */
static bool has_way_back(const struct facts *f)
{
    for (unsigned i = 0; i < 2; i++) {
        if ((f->swapped >> i & 1) != 0 &&
            (f->at[i][1] == NOTHING || f->at[i][1] != f->before[i])) {
            return false;
        }
    }
    return true;
}

/* All that runs has to be signed by who is in the new set. */
static bool take_set(const struct facts_device *device, struct facts *f,
                     unsigned slot)
{
    uint8_t set = f->candidate;

    if (set != f->keyset ||
        image_get((enum image_id)set, 0)->signer != SIGNER_ROOT ||
        counter_of(set) <= counter_of(f->set)) {
        return false;
    }
    for (unsigned i = 0; i < device->images; i++) {
        if (!image_trusted((enum image_id)f->at[i][slot], (enum image_id)set)) {
            return false;
        }
    }
    f->set = set;
    return true;
}

/* A set whose epoch was not raised yet is new: if what runs may run under it,
 * what waits in the other slot and may not is gone. */
static void settle_set(const struct facts_device *device, struct facts *f,
                       unsigned slot)
{
    if (f->counter[0] >= counter_of(f->set)) {
        return;
    }
    for (unsigned i = 0; i < device->images; i++) {
        if (!acceptable(f, f->at[i][slot])) {
            return;
        }
    }
    for (unsigned i = 0; i < device->images; i++) {
        if (!acceptable(f, f->at[i][slot ^ 1])) {
            f->at[i][slot ^ 1] = NOTHING;
        }
    }
    f->counter[0] = counter_of(f->set);
}

/* What may not run is not kept, so that there is no way back and no trial; the
 * new image stays in slot 1, too. */
static void keep_none(const struct facts *f, struct facts *then,
                      unsigned images)
{
    for (unsigned i = 0; i < 2; i++) {
        if ((images >> i & 1) != 0 && !acceptable(f, f->at[i][0])) {
            then->at[i][1] = f->at[i][1];
            then->trial = false;
            then->lossy = true;
        }
    }
}

static bool install(const struct facts_device *device, struct facts *f,
                    unsigned images, unsigned flags)
{
    struct facts then = *f;

    swap(&then, images);
    for (unsigned i = 0; i < device->images; i++) {
        if (!acceptable(f, then.at[i][0]) ||
            ((images >> i & 1) != 0 && f->at[i][0] == f->at[i][1]) ||
            ((images >> i & 1) != 0 && then.at[i][0] != f->update[i])) {
            return false;
        }
        then.before[i] = then.at[i][1];
    }
    if (then.at[0][0] == NEEDY && then.at[1][0] != UPDATE_SECOND) {
        return false;
    }
    then.trial = (flags & BM_REQUEST_PERMANENT) == 0;
    then.swapped = (uint8_t)images;
    keep_none(f, &then, images);
    *f = then;
    return true;
}

/* What trailers ask for: all that have one together, permanent if all are. */
static unsigned read_trailers(const struct facts_device *device,
                              struct facts *f, unsigned *flags)
{
    unsigned images = 0;

    *flags = PERMANENT;
    for (unsigned i = 0; i < device->images; i++) {
        if (f->trailer[i] != 0) {
            images |= 1u << i;
            *flags &= f->trailer[i];
            f->update[i] = f->at[i][1];
        }
    }
    return images;
}

/* What else came to pass is told rather than that. */
static void refuse(struct seen *seen)
{
    if (seen->events == EVENT(BM_BOOT_NORMAL)) {
        seen->events = EVENT(BM_BOOT_REFUSED);
    }
}

static void take_update(const struct facts_device *device, struct facts *f,
                        struct seen *seen)
{
    unsigned flags = f->asked;
    unsigned images = f->images;

    if ((flags & BM_REQUEST_INSTALL) == 0) {
        images = read_trailers(device, f, &flags);
    }
    if (images == 0) {
        return;
    }
    for (unsigned i = 0; i < device->images; i++) {
        f->trailer[i] = (images >> i & 1) != 0 ? 0 : f->trailer[i];
    }
    f->lossy = false;
    if (!install(device, f, images, flags)) {
        refuse(seen);
    } else if (f->lossy) {
        seen->events = EVENT(BM_BOOT_FALLBACK);
    } else if (f->trial) {
        seen->events = EVENT(BM_BOOT_TRIAL);
    } else {
        seen->events = EVENT(BM_BOOT_CONFIRMED);
    }
}

/* A new image was confirmed, or gives way: without what it could give way to,
 * it stays on trial, or gives way to what recovery brought. Other requests are
 * for who is confirmed. */
static void end_trial(const struct facts_device *device, struct facts *f,
                      struct seen *seen)
{
    if (is_confirmed(device, f, 0)) {
        f->trial = false;
        f->asked &= (uint8_t)~BM_REQUEST_CONFIRM;
        seen->events = EVENT(BM_BOOT_CONFIRMED);
        return;
    }
    seen->events = EVENT(BM_BOOT_TRIAL);
    if (has_way_back(f)) {
        swap(f, f->swapped);
        f->trial = false;
        seen->events = EVENT(BM_BOOT_REVERTED);
    } else if ((f->asked & BM_REQUEST_PERMANENT) != 0) {
        take_update(device, f, seen);
    }
    f->asked = 0;
}

/* A key set, asked for by who is confirmed in `slot`; then its epoch. */
static void take_key_set(const struct facts_device *device, struct facts *f,
                         unsigned slot, struct seen *seen)
{
    if ((f->asked & BM_REQUEST_KEYSET) != 0 && f->keyset != f->set &&
        !take_set(device, f, slot)) {
        refuse(seen);
    }
    f->asked &= (uint8_t)~BM_REQUEST_KEYSET;
    settle_set(device, f, slot);
}

/* What may not run gives way to what may; it is not kept. */
static void fall_back(const struct facts_device *device, struct facts *f,
                      struct seen *seen)
{
    for (unsigned i = 0; i < device->images; i++) {
        if (!acceptable(f, f->at[i][0]) && acceptable(f, f->at[i][1])) {
            f->at[i][0] = f->at[i][1];
            f->trailer[i] = 0;
            seen->events = EVENT(BM_BOOT_FALLBACK);
        }
    }
}

static bool asks_for_update(const struct facts_device *device,
                            const struct facts *f)
{
    bool asks = (f->asked & BM_REQUEST_INSTALL) != 0;

    for (unsigned i = 0; i < device->images; i++) {
        asks = asks || f->trailer[i] != 0;
    }
    return asks;
}

static bool all_run(const struct facts_device *device, const struct facts *f)
{
    bool all = true;

    for (unsigned i = 0; i < device->images; i++) {
        all = all && acceptable(f, f->at[i][0]);
    }
    return all;
}

static unsigned start_swap(const struct facts_device *device,
                           struct facts chain[CHAIN], struct seen *seen)
{
    struct facts f = chain[0];
    bool trial = f.trial;
    unsigned n = 1;

    if (trial) {
        end_trial(device, &f, seen);
        chain[n++] = f;
    }
    if (!trial || seen->events == EVENT(BM_BOOT_CONFIRMED)) {
        take_key_set(device, &f, 0, seen);
        chain[n++] = f;
        if (asks_for_update(device, &f) && all_run(device, &f)) {
            raise_counters(device, &f, 0);
            chain[n++] = f;
        }
        take_update(device, &f, seen);
    }
    f.asked = 0;
    f.images = 0;
    f.lossy = false;
    fall_back(device, &f, seen);
    if (!f.trial && acceptable(&f, f.at[0][0])) {
        raise_counters(device, &f, 0);
    }
    chain[n++] = f;
    for (unsigned i = 0; i < device->images; i++) {
        seen->runs[i] = f.at[i][0];
        seen->nothing = seen->nothing || !acceptable(&f, f.at[i][0]);
    }
    return n;
}

/* Of the slots with an image that may run, the newest that did not fail. */
static unsigned choose(const struct facts *f)
{
    unsigned first = version_of(f->at[0][1]) > version_of(f->at[0][0]);

    for (unsigned i = 0; i < 4; i++) {
        unsigned id = f->at[0][first ^ (i & 1)];

        if (acceptable(f, id) && (i >= 2 || id != f->failed)) {
            return first ^ (i & 1);
        }
    }
    return 0;
}

static unsigned start_xip(const struct facts_device *device,
                          struct facts chain[CHAIN], struct seen *seen)
{
    struct facts f = chain[0];
    unsigned n = 1;

    if (f.trial) {
        f.trial = false;
        seen->events = EVENT(BM_BOOT_REVERTED);
        if ((f.asked & BM_REQUEST_CONFIRM) != 0 && f.running[0] == f.failed) {
            f.confirmed = f.failed;
            f.failed = NOTHING;
            seen->events = EVENT(BM_BOOT_CONFIRMED);
        }
        chain[n++] = f;
    }
    if ((f.asked & BM_REQUEST_INSTALL) != 0 && f.update[0] == f.failed) {
        f.failed = NOTHING;
    }
    if (f.confirmed != NOTHING) {
        take_key_set(device, &f, f.at[0][1] == f.confirmed, seen);
        chain[n++] = f;
    }
    seen->slot = choose(&f);
    seen->runs[0] = f.at[0][seen->slot];
    if (f.confirmed == NOTHING) {
        f.confirmed = seen->runs[0];
    }
    if (f.confirmed == seen->runs[0]) {
        raise_counters(device, &f, seen->slot);
    } else {
        f.trial = true;
        f.failed = seen->runs[0];
        seen->events = EVENT(BM_BOOT_TRIAL);
    }
    f.asked = 0;
    chain[n++] = f;
    return n;
}

unsigned facts_start(const struct facts_device *device, const struct facts *f,
                     struct facts chain[CHAIN], struct seen *seen)
{
    unsigned n;

    memset(seen, 0, sizeof *seen);
    chain[0] = *f;
    seen->events = EVENT(BM_BOOT_NORMAL);
    n = device->xip ? start_xip(device, chain, seen)
                    : start_swap(device, chain, seen);
    seen->epoch = counter_of(chain[n - 1].set);
    return n;
}

void belief_add(struct belief *b, const struct facts *f)
{
    for (unsigned i = 0; i < b->n; i++) {
        if (memcmp(&b->facts[i], f, sizeof *f) == 0) {
            return;
        }
    }
    if (b->n == BELIEFS) {
        printf("Bail out! more is possible than the model holds\n");
        exit(1);
    }
    b->facts[b->n++] = *f;
}
