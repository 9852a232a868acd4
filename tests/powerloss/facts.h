/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_FACTS_H
#define BM_TESTS_POWERLOSS_FACTS_H

#include "tests/powerloss/images.h"

/*
 * The model: what a device is, in a few words, and what the protocol of boot.h
 * says that a start makes of it. It knows nothing of sectors, journals and
 * steps; whatever boot/ does, seen from outside it has to look like this.
 *
 * A cut makes several states possible: the one before, the one after, and for
 * some those between. The model keeps all of them, and each thing that is seen
 * takes away those that it contradicts. When none is left, boot/ did what the
 * protocol does not allow.
 */

struct facts {
    uint8_t at[2][2]; /* enum image_id: image number, slot */
    uint8_t set;      /* the key set that counts */
    uint8_t candidate;
    bool trial;        /* what runs has run, and nobody confirmed it yet */
    uint8_t swapped;   /* the images that came with the trial, */
    uint8_t before[2]; /* and what there was before them */
    /* In place: images that were confirmed, and that failed or are on trial. */
    uint8_t confirmed;
    uint8_t failed;
    /* What is asked, and not read yet: */
    uint8_t asked;      /* enum bm_request_flag */
    uint8_t images;     /* of INSTALL */
    uint8_t trailer[2]; /* as `asked`, by a trailer in slot 1 of each image */
    uint8_t running[2];
    uint8_t update[2];
    uint8_t keyset;
    bool lossy; /* within a start */
    uint8_t zero[2];
    uint32_t counter[3]; /* epoch, images */
};
_Static_assert(sizeof(struct facts) == 36, "facts are compared octet by octet");

/* What is to be seen of a start. */
struct seen {
    uint8_t runs[2]; /* in the slot that runs, of each image */
    bool nothing;    /* may run */
    unsigned slot;
    uint32_t epoch;
    unsigned events; /* bit n: it may be enum bm_boot_event n */
};

/* The device that the facts are about. */
struct facts_device {
    unsigned images;
    bool xip;
};

/*
 * A start: chain[0] is `f`, the last one is what it comes to, and what lies
 * between may be what a cut leaves. Returns how many there are.
 */
#define CHAIN 5
unsigned facts_start(const struct facts_device *device, const struct facts *f,
                     struct facts chain[CHAIN], struct seen *seen);

/* What is possible: no two are the same. */
#define BELIEFS 24
struct belief {
    unsigned n;
    struct facts facts[BELIEFS];
};

void belief_add(struct belief *b, const struct facts *f);

#endif
