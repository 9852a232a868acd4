/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_CONFORMANCE_STORE_H
#define BM_TESTS_CONFORMANCE_STORE_H

#include "core/crl.h"
#include "core/path.h"

/*
 * What one case of a suite is about: certificates and CRLs, parsed, with the
 * memory that they point into.
 */
#define STORE_CERTS_MAX 128
#define STORE_CRLS_MAX  16

struct store {
    struct bm_cert anchors[STORE_CERTS_MAX];
    size_t anchors_n;
    struct bm_cert pool[STORE_CERTS_MAX];
    size_t pool_n;
    struct bm_cert leaf;
    bool has_leaf;
    struct bm_crl crls[STORE_CRLS_MAX];
    size_t crls_n;
    bool crl_refused;  /* one was given that does not parse */
    unsigned tolerate; /* for bm_cert_parse() */

    uint8_t *memory[2 * STORE_CERTS_MAX + STORE_CRLS_MAX];
    size_t memory_n;
};

enum store_role {
    STORE_ANCHOR,
    STORE_POOL,
    STORE_LEAF,
    STORE_CRL
};

void store_init(struct store *s, unsigned tolerate);

/*
 * Take a DER object; the store owns `der` (from malloc) from now on. What
 * does not parse is left out, as a relying party would; the status says why.
 */
bm_status store_add(struct store *s, enum store_role role, uint8_t *der,
                    size_t n);

/* The same for a file, DER. False if it cannot be read. */
bool store_add_file(struct store *s, enum store_role role, const char *path);

void store_free(struct store *s);

#endif
