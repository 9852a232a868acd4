/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What verifying an image costs: instructions on a Cortex-M3, under QEMU's
 * -icount shift=0, in which a tick of the board's counter is 40 of them. Words:
 *
 *   image=FILE   a signed image
 *   point=FILE   the public key, 65 octets
 *
 * It prints a table row: octets, instructions in all, of SHA-256, of P-256.
 */
#include <stdio.h>
#include <string.h>

#include "boot/harden.h"
#include "ports/mbedtls/boot/boot_crypto.h"
#include "ports/mps2/board.h"
#include "ports/mps2/semihost.h"

#define TICK  40u
#define ROOM  0x40000u
#define WORDS 160

static uint8_t slot[ROOM];
static struct bm_ring ring = { .required = BM_BOOT_P256, .n = 1 };
static struct bm_verify_work work;
static uint64_t hashing;
static uint64_t signing;

static bm_status slot_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    (void)self;
    memcpy(out, slot + at, n);
    return BM_OK;
}

static bm_status timed_more(void *self, struct bm_hash_state *state,
                            struct bm_bytes data)
{
    uint64_t start = bm_board_ticks();
    bm_status rc = bm_boot_crypto.hash_more(self, state, data);

    hashing += bm_board_ticks() - start;
    return rc;
}

static bm_status timed_verify(void *self, const struct bm_spki *key,
                              enum bm_sig_alg alg, struct bm_bytes digest,
                              struct bm_bytes signature)
{
    uint64_t start = bm_board_ticks();
    bm_status rc =
        bm_boot_crypto.verify_hash(self, key, alg, digest, signature);

    signing += bm_board_ticks() - start;
    return rc;
}

static int load(const char *word, uint8_t *to, size_t cap, size_t *n)
{
    char path[WORDS];

    return bm_board_arg(word, path, sizeof path) != 0
               ? -1
               : bm_semihost_load(path, to, cap, n);
}

/* The id is that of the SubjectPublicKeyInfo, which the image names. */
static void name_key(const struct bm_image *image)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;

    while (bm_image_tlv_next(image->tlvs, &at, &tlv) == BM_OK) {
        if (tlv.type == BM_IMAGE_TLV_KEYHASH) {
            memcpy(ring.keys[0].id, tlv.value.p, sizeof ring.keys[0].id);
        }
    }
}

int main(void)
{
    const struct bm_flash flash = {
        .sector = 4096, .sectors = ROOM / 4096, .unit = 4, .read = slot_read
    };
    struct bm_crypto crypto = bm_boot_crypto;
    struct bm_verify v = {
        .crypto = &crypto, .ring = &ring, .flash = &flash, .work = &work
    };
    struct bm_image image = { .counter = 0 };
    struct bm_verdict verdict;
    uint64_t all;
    size_t n = 0;
    bm_status rc;

    if (load("point", ring.keys[0].point, sizeof ring.keys[0].point, &n) != 0 ||
        load("image", slot, sizeof slot, &n) != 0 ||
        bm_image_parse_file((struct bm_bytes){ slot, n }, &image) != BM_OK) {
        return 1;
    }
    name_key(&image);
    crypto.hash_more = timed_more;
    crypto.verify_hash = timed_verify;
    all = bm_board_ticks();
    rc = bm_verify_image(&v, &image, &verdict);
    all = bm_board_ticks() - all;
    if (rc != BM_OK || !bm_verdict_yes(&verdict)) {
        printf("not verified: %04x\n", (unsigned)rc);
        return 2;
    }
    printf("%lu %lu %lu %lu\n", (unsigned long)n, (unsigned long)(all * TICK),
           (unsigned long)(hashing * TICK), (unsigned long)(signing * TICK));
    return 0;
}
