/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/cert_views.h"

static void must(bool property)
{
    if (!property) {
        abort();
    }
}

/* A known key has one encoding. */
static void must_write_key(const struct bm_spki *key)
{
    uint8_t *buf = malloc(key->der.n);
    struct bm_wr w;

    bm_wr_init(&w, buf, key->der.n);
    bm_spki_put(&w, key->type, key->key);
    must(buf != NULL && bm_bytes_equal(bm_wr_bytes(&w), key->der));
    free(buf);
}

static void check_key(struct bm_bytes in)
{
    static const struct bm_spki zero;
    struct bm_spki key;

    if (bm_spki_parse(in, NULL, &key) != BM_OK) {
        must(memcmp(&key, &zero, sizeof zero) == 0);
        return;
    }
    must(views_in_key(in, &key));
    must((bm_spki_bits(&key) == 0) == (key.type == BM_KEY_UNKNOWN));
    if (key.type != BM_KEY_UNKNOWN) {
        must_write_key(&key);
        must(bm_sig_alg_fits(bm_sig_alg_for(key.type), key.type));
    }
}

/* What a known algorithm is written as is read as the same. */
static void check_sig_alg(struct bm_bytes in)
{
    enum bm_sig_alg alg;
    enum bm_sig_alg again;
    struct bm_bytes der;
    uint8_t buf[80];
    struct bm_wr w;
    struct bm_der d;

    bm_der_init(&d, in, NULL);
    if (bm_sig_alg_take(&d, &der, &alg) != BM_OK) {
        must(d.p == in.p);
        return;
    }
    must(view_in(in, der));
    bm_wr_init(&w, buf, sizeof buf);
    bm_sig_alg_put(&w, alg);
    bm_der_init(&d, bm_wr_bytes(&w), NULL);
    must(alg == BM_SIG_UNKNOWN ||
         (bm_sig_alg_take(&d, &der, &again) == BM_OK && again == alg));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    enum bm_hash hash;
    struct bm_der d;

    check_key(in);
    check_sig_alg(in);
    bm_der_init(&d, in, NULL);
    if (bm_hash_alg_take(&d, &hash) != BM_OK) {
        must(d.p == in.p);
    }
    return 0;
}
