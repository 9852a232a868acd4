/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/internal.h"

#include <string.h>

/*
 * Instead of a heap: what loading and saving a persistent key takes for the
 * moment (psa_crypto_storage.c), which is the stored form of the longest key
 * and that key. Nothing else of the configuration allocates, unless the
 * program gives the library memory of its own.
 */
#define BLOCKS     2
#define BLOCK_SIZE 192

_Static_assert(BLOCK_SIZE >= 36 + MBEDTLS_PSA_STATIC_KEY_SLOT_BUFFER_SIZE,
               "a key as it is stored does not fit");

static struct {
    _Alignas(8) uint8_t octets[BLOCK_SIZE];
    bool taken;
} blocks[BLOCKS];

void *bm_mbedtls_calloc(size_t n, size_t size)
{
    if (size != 0 && n > BLOCK_SIZE / size) {
        return NULL;
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        if (!blocks[i].taken) {
            blocks[i].taken = true;
            memset(blocks[i].octets, 0, BLOCK_SIZE);
            return blocks[i].octets;
        }
    }
    return NULL;
}

void bm_mbedtls_free(void *p)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        if (p == blocks[i].octets) {
            bm_wipe(blocks[i].octets, BLOCK_SIZE);
            blocks[i].taken = false;
        }
    }
}
