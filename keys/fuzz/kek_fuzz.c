/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor.h"
#include "core/fuzz/must.h"
#include "core/pem.h"
#include "keys/kek.h"
#include "tests/harness/test_crypto.h"

/* Within the bounds, whatever the file asked for. */
static void must_be_bounded(const struct bm_scrypt_cost *cost)
{
    uint64_t n;

    must(cost->log_n <= BM_KEK_LOG_N_MAX);
    n = (uint64_t)1 << cost->log_n;
    must(128 * n * cost->r <= BM_KEK_MEMORY_MAX);
    must(n * cost->r * cost->p <= BM_KEK_WORK_MAX);
}

static void try_text(struct bm_bytes text)
{
    uint8_t room[BM_KEK_FILE_MAX];
    struct bm_bytes inside = { room, sizeof room };
    struct bm_kek_file file;

    if (bm_kek_parse(bm_test_crypto(), text, room, &file) == BM_OK) {
        must_be_inside(inside, file.salt);
        must_be_inside(inside, file.bound);
        must_be_inside(inside, file.nonce);
        must_be_inside(inside, file.sealed);
        must_be_bounded(&file.cost);
    } else {
        must(file.salt.p == NULL && file.bound.p == NULL &&
             file.sealed.p == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The input is a file as it stands, or what is inside of its armour and
 * before its check, neither of which a mutation would get right.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    struct bm_bytes in = { data, size };
    uint8_t digest[BM_HASH_MAX];
    uint8_t body[BM_KEK_FILE_MAX];
    uint8_t text[2 * BM_KEK_FILE_MAX];
    struct bm_wr b;
    struct bm_wr w;

    if (size == 0 || size > BM_KEK_FILE_MAX / 2 || data[0] == '-') {
        try_text(in);
        return 0;
    }
    must(crypto->hash(crypto->self, BM_HASH_SHA256, in, digest) == BM_OK);
    bm_wr_init(&b, body, sizeof body);
    bm_wr_put(&b, in);
    bm_cbor_put_bytes(&b, (struct bm_bytes){ digest, 16 });
    bm_wr_init(&w, text, sizeof text);
    bm_pem_put(&w, "BIRTHMARK KEY ENCRYPTION KEY", bm_wr_bytes(&b));
    try_text(bm_wr_bytes(&w));
    return 0;
}
