/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TEST_PATH_POOL_H
#define BM_CORE_TEST_PATH_POOL_H

/* A pool, anchors and a leaf, for tests of where paths go. */
#include "core/path.h"
#include "core/test/path_maker.h"

#define POOL_MAX 300

static struct bm_cert anchors[2];
static struct bm_cert pool[POOL_MAX];
static struct bm_cert leaf;
static struct bm_path path;

static const struct spec root_spec = {
    .subject = "Root", .issuer = "Root", .key = 1, .signer = 1, .ca = true
};

/* A CA certificate in five words. */
static inline struct spec ca(const char *subject, uint8_t key,
                             const char *issuer, uint8_t signer)
{
    return (struct spec){ .subject = subject,
                          .issuer = issuer,
                          .key = key,
                          .signer = signer,
                          .ca = true };
}

static inline void make_leaf(const char *issuer, uint8_t signer)
{
    make(&leaf, &(struct spec){ .subject = "Leaf",
                                .issuer = issuer,
                                .key = 99,
                                .signer = signer });
}

/* Start afresh with one anchor and `n` CAs in the pool. */
static inline struct bm_path_config begin(const struct spec *cas, size_t n)
{
    maker_reset();
    make(&anchors[0], &root_spec);
    for (size_t i = 0; i < n; i++) {
        make(&pool[i], &cas[i]);
    }
    return (struct bm_path_config){ .crypto = &maker_crypto,
                                    .anchors = anchors,
                                    .anchors_n = 1,
                                    .pool = pool,
                                    .pool_n = n,
                                    .time = MAKER_NOW };
}

#endif
