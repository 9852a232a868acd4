/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TEST_OCSP_SAMPLES_H
#define BM_CORE_TEST_OCSP_SAMPLES_H

/* The samples of OCSP and the CA behind them. Test code only. */
#include "core/ocsp.h"
#include "core/test/damage.h"
#include "tests/harness/test_crypto.h"

#define OCSP_TEST_CA                                              \
    BM_LIT("\x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04\x03\x0c\x07" \
           "Test CA")

/* Small devices have none: then names by key and most CertIDs are opaque. */
static inline bool ocsp_have_sha1(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t digest[BM_HASH_MAX];

    return crypto->hash(crypto->self, BM_HASH_SHA1, BM_LIT("x"), digest) ==
           BM_OK;
}

/* A certificate of the CA of the samples. */
static inline struct bm_ocsp_target ocsp_target(struct bm_bytes serial)
{
    return (struct bm_ocsp_target){ OCSP_TEST_CA,
                                    &bm_test_signer_nth(BM_KEY_P256, 0)->key,
                                    serial };
}

/*
 * Check each bad sample whose name holds `what` ("-request-"); returns how
 * many there are.
 */
static inline size_t ocsp_check_bad(const char *what,
                                    bm_status (*parse)(struct bm_bytes der,
                                                       struct bm_diag *diag))
{
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        struct bm_diag diag = { BM_OK, BM_OK, NULL };

        if (strcmp(s->kind, "ocsp-bad") == 0 && strstr(s->name, what) != NULL) {
            bm_status rc = parse((struct bm_bytes){ s->p, s->n }, &diag);

            damage_check_bad(s, rc, &diag);
            n++;
        }
    }
    return n;
}

#endif
