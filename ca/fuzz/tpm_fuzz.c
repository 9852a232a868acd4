/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/tpm.h"

#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A public area of a key that is supported has a SubjectPublicKeyInfo. */
static void fuzz_key(struct bm_bytes in, struct ca_tpm_key *key)
{
    uint8_t room[CA_TPM_SPKI_MAX];
    struct bm_spki spki;
    struct bm_wr w;
    size_t n;

    if (ca_tpm_key_parse(in, key) != BM_OK) {
        must(key->area.n == 0 && key->x.n == 0);
        return;
    }
    must(bm_bytes_equal(key->area, in));
    must_be_inside(in, key->modulus);
    must_be_inside(in, key->x);
    must_be_inside(in, key->y);
    bm_wr_init(&w, room, sizeof room);
    if (ca_tpm_key_put_spki(&w, key) == BM_OK &&
        bm_wr_finish(&w, &n) == BM_OK) {
        must(bm_spki_parse(bm_wr_bytes(&w), NULL, &spki) == BM_OK ||
             key->type == BM_KEY_RSA);
    }
}

static void fuzz_signature(struct bm_bytes in, enum bm_key_type type)
{
    static const uint8_t modulus[256] = { 0x80 };
    const struct ca_tpm_key key = { .type = type,
                                    .modulus = BM_ARRAY(modulus) };
    uint8_t room[1024];
    enum bm_sig_alg alg;
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    if (ca_tpm_put_signature(&w, in, &key, &alg) == BM_OK) {
        must(bm_sig_alg_fits(alg, type));
        must(w.len != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct ca_tpm_statement statement;
    struct ca_tpm_key key;

    fuzz_key(in, &key);
    fuzz_signature(in, BM_KEY_P256);
    fuzz_signature(in, BM_KEY_RSA);
    if (ca_tpm_statement_parse(in, &statement) == BM_OK) {
        must_be_inside(in, statement.nonce);
        must_be_inside(in, statement.name);
    } else {
        must(statement.nonce.n == 0 && statement.name.n == 0);
    }
    return 0;
}
