/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_TRUST_REAL_H
#define BM_DEVICE_TEST_TRUST_REAL_H

#include <string.h>

#include "device/trust.h"
#include "tests/harness/bm_test.h"

/* Trust and clock as they are, in the place of trust_stand_in.h: to be
 * included before enrol_device.h. */
static struct bm_trust the_trust;
static struct bm_clock the_clock;
static struct bm_trust_work the_work;
static struct bm_bytes the_anchor;
static uint8_t the_learned[2 * BM_TRUST_LEARNED_SIZE];

static inline void trust_open(const struct bm_crypto *crypto,
                              struct bm_log *log)
{
    const struct bm_clock_config clock = { .build = 1780000000 };
    const struct bm_trust_config config = {
        .crypto = crypto,
        .log = log,
        .clock = &the_clock,
        .anchors = &the_anchor,
        .anchors_n = 1,
        .work = &the_work,
        .learned = the_learned,
        .learned_n = sizeof the_learned,
    };

    CHECK_STATUS(bm_clock_open(&the_clock, log, &clock), BM_OK);
    CHECK_STATUS(bm_trust_open(&the_trust, &config), BM_OK);
}

static inline void trust_begin(const struct bm_crypto *crypto,
                               struct bm_log *log, struct bm_bytes anchor)
{
    static uint8_t room[1024];

    CHECK(anchor.n <= sizeof room);
    memcpy(room, anchor.p, anchor.n);
    the_anchor = (struct bm_bytes){ room, anchor.n };
    trust_open(crypto, log);
}

#endif
