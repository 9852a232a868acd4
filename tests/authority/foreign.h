/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_AUTHORITY_FOREIGN_H
#define BM_TESTS_AUTHORITY_FOREIGN_H

#include "core/crl.h"
#include "tests/authority/world.h"

/* Revocation lists that are made elsewhere, with keys of the test. */

struct foreign {
    const struct bm_signer *key; /* that signs it */
    struct bm_bytes issuer;
    uint64_t number;
    int64_t this_update;
    int64_t next_update;
    struct bm_bytes serial; /* its one entry; empty: it has none */
    bool delta;
    bool scoped; /* issuingDistributionPoint */
};

struct foreign_entries {
    struct bm_bytes serial;
    int64_t revoked_at;
    bool told;
};

static inline bm_status foreign_rewind(void *self)
{
    struct foreign_entries *e = self;

    e->told = e->serial.n == 0;
    return BM_OK;
}

static inline bm_status foreign_next(void *self, struct bm_crl_entry *entry)
{
    struct foreign_entries *e = self;

    if (e->told) {
        return BM_E_END;
    }
    e->told = true;
    *entry = (struct bm_crl_entry){ .serial = e->serial,
                                    .revoked_at = e->revoked_at };
    return BM_OK;
}

static inline void make_foreign(const struct foreign *f,
                                const struct bm_crl_sink *sink)
{
    static const uint8_t base[] = { 1 };
    const struct bm_crl_idp idp = { .only_user_certs = true };
    struct foreign_entries entries = { f->serial, f->this_update, false };
    struct bm_crl_source source = { &entries, foreign_rewind, foreign_next };
    uint8_t number[8];
    struct bm_crl_config config = { .issuer = f->issuer,
                                    .this_update = f->this_update,
                                    .next_update = f->next_update,
                                    .number = BM_ARRAY(number),
                                    .aki = f->issuer, /* nobody looks */
                                    .crypto = world_crypto(),
                                    .sig_alg = f->key->alg };
    uint8_t memory[4096];
    uint8_t signature[BM_SIGNATURE_MAX];
    struct bm_crl_writer writer;
    struct bm_wr m;
    struct bm_wr s;

    for (size_t i = 0; i < 8; i++) {
        number[i] = (uint8_t)(f->number >> (56 - 8 * i));
    }
    if (f->delta) {
        config.base = BM_ARRAY(base);
    }
    if (f->scoped) {
        config.idp = &idp;
    }
    bm_wr_init(&m, memory, sizeof memory);
    bm_wr_init(&s, signature, sizeof signature);
    must(bm_crl_writer_open(&writer, &config, &source) == BM_OK &&
             bm_crl_writer_sign(&writer, f->key, &m, &s) == BM_OK &&
             bm_crl_writer_put(&writer, bm_wr_bytes(&s), sink) == BM_OK,
         "foreign list");
    bm_crl_writer_close(&writer);
}

#endif
