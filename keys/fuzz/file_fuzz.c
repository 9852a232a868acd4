/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "core/pem.h"
#include "keys/file.h"

/*
 * The first octet chooses: the input is a file as it stands, or what is
 * inside of its armour, which no mutation would get right.
 */
static void try_text(struct bm_bytes text)
{
    uint8_t room[BM_KEY_FILE_MAX];
    struct bm_bytes inside = { room, sizeof room };
    struct bm_key_sealed sealed;

    if (bm_key_file_parse(text, room, &sealed) == BM_OK) {
        must_be_inside(inside, sealed.key.der);
        must_be_inside(inside, sealed.nonce);
        must_be_inside(inside, sealed.sealed);
        must(sealed.key.type != BM_KEY_UNKNOWN);
        must(sealed.nonce.n == 12 && sealed.sealed.n > BM_AEAD_TAG_SIZE);
    } else {
        must(sealed.key.der.p == NULL && sealed.nonce.p == NULL &&
             sealed.sealed.p == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t text[2 * BM_KEY_FILE_MAX];
    struct bm_wr w;

    if (size == 0 || size > BM_KEY_FILE_MAX) {
        return 0;
    }
    if (data[0] == '-') {
        try_text((struct bm_bytes){ data, size });
        return 0;
    }
    bm_wr_init(&w, text, sizeof text);
    bm_pem_put(&w, "BIRTHMARK SEALED KEY", (struct bm_bytes){ data, size });
    try_text(bm_wr_bytes(&w));
    return 0;
}
