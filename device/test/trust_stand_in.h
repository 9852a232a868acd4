/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_TRUST_STAND_IN_H
#define BM_DEVICE_TEST_TRUST_STAND_IN_H

#include <string.h>

#include "core/cms.h"
#include "device/trust.h"
#include "tests/harness/bm_test.h"

/*
 * In the place of trust.c and clock.c: what they are told is kept for the
 * test to see, and what they answer is its to say. The judge looks for a path
 * to one anchor.
 */
static struct {
    uint8_t anchor[700];
    size_t anchor_n;
    const struct bm_crypto *crypto;
    bm_status verdict; /* in place of the judge's own */
    unsigned judged;
    /* bm_trust_learn() */
    bm_status learn;
    size_t learned; /* certificates that were handed over, in all */
    unsigned learns;
    /* bm_clock_...() */
    int64_t now;
    int64_t told;
    uint32_t connection;
    bm_status clock;
} trusted;

/* The struct is of no use here. */
static struct bm_trust the_trust;
static struct bm_clock the_clock;

static inline void trust_begin(const struct bm_crypto *crypto,
                               struct bm_log *log, struct bm_bytes anchor)
{
    (void)log;
    memset(&trusted, 0, sizeof trusted);
    trusted.crypto = crypto;
    memcpy(trusted.anchor, anchor.p, anchor.n);
    trusted.anchor_n = anchor.n;
}

bm_status bm_trust_judge(const struct bm_trust *trust,
                         const struct bm_bytes *certs, size_t n,
                         const struct bm_trust_expect *expect,
                         struct bm_trust_verdict *verdict)
{
    static struct bm_cert cert[BM_TRUST_CHAIN_MAX];
    static struct bm_cert anchor;
    static struct bm_path path;
    const struct bm_path_config config = {
        .crypto = trusted.crypto,
        .anchors = &anchor,
        .anchors_n = 1,
        .pool = cert,
        .pool_n = n,
        .time = 1790000000,
    };

    (void)trust;
    trusted.judged++;
    CHECK(expect->use == BM_TRUST_OWN && n <= BM_TRUST_CHAIN_MAX);
    verdict->status = trusted.verdict;
    for (size_t i = 0; i < n && verdict->status == BM_OK; i++) {
        verdict->status = bm_cert_parse(certs[i], BM_STRICT, NULL, &cert[i]);
    }
    if (verdict->status == BM_OK) {
        verdict->status =
            bm_cert_parse((struct bm_bytes){ trusted.anchor, trusted.anchor_n },
                          BM_STRICT, NULL, &anchor);
    }
    if (verdict->status == BM_OK) {
        verdict->status = bm_path_find(&path, &config, &cert[0]);
    }
    return verdict->status;
}

bm_status bm_trust_learn(struct bm_trust *trust, struct bm_bytes certs,
                         uint32_t uptime, size_t *learned)
{
    struct bm_bytes cert;

    (void)trust;
    (void)uptime;
    trusted.learns++;
    while (bm_cms_next(&certs, &cert)) {
        trusted.learned++;
    }
    CHECK(certs.n == 0);
    *learned = 0;
    return trusted.learn;
}

bm_status bm_clock_learn(struct bm_clock *clock, enum bm_clock_source source,
                         int64_t moment, uint32_t connection, uint32_t uptime)
{
    (void)uptime;
    CHECK(clock == &the_clock && source == BM_CLOCK_ISSUED);
    trusted.told = moment;
    trusted.connection = connection;
    return trusted.clock;
}

int64_t bm_clock_now(const struct bm_clock *clock, uint32_t uptime)
{
    (void)clock;
    (void)uptime;
    return trusted.now;
}

#endif
