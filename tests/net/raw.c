/* SPDX-License-Identifier: Apache-2.0 */

/* What the cryptography of a handshake costs with nothing around it: ticks. */
#include <psa/crypto.h>
#include <stdio.h>

#include "ports/mps2/board.h"
#include "tests/net/device.h"

#define POINT_SIZE 65

static uint32_t since(uint64_t *before)
{
    uint64_t now = bm_board_ticks();
    uint32_t ticks = (uint32_t)(now - *before);

    *before = now;
    return ticks;
}

static bm_status agree(uint32_t *generate, uint32_t *ticks)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    uint64_t before = bm_board_ticks();
    uint8_t point[POINT_SIZE];
    uint8_t secret[32];
    psa_key_id_t id;
    psa_status_t rc;
    size_t n;

    psa_set_key_type(&a, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&a, 256);
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_DERIVE);
    psa_set_key_algorithm(&a, PSA_ALG_ECDH);
    if (psa_generate_key(&a, &id) != PSA_SUCCESS) {
        return BM_E_CRYPTO;
    }
    rc = psa_export_public_key(id, point, sizeof point, &n);
    *generate = since(&before);
    if (rc == PSA_SUCCESS) {
        rc = psa_raw_key_agreement(PSA_ALG_ECDH, id, point, n, secret,
                                   sizeof secret, &n);
    }
    *ticks = since(&before);
    (void)psa_destroy_key(id);
    return rc == PSA_SUCCESS ? BM_OK : BM_E_CRYPTO;
}

static bm_status measure(struct device *d, bool *idle)
{
    const struct bm_signer *signer = &d->signer.signer;
    const struct bm_spki *key = &signer->key;
    uint8_t buf[80];
    uint8_t digest[32] = { 1 };
    uint32_t ticks[4];
    uint64_t before;
    struct bm_wr w;

    (void)idle;
    BM_TRY(agree(&ticks[0], &ticks[1]));
    bm_wr_init(&w, buf, sizeof buf);
    before = bm_board_ticks();
    BM_TRY(signer->sign_hash(signer->self, BM_ARRAY(digest), &w));
    ticks[2] = since(&before);
    BM_TRY(d->crypto.verify_hash(d->crypto.self, key, BM_SIG_ECDSA_SHA256,
                                 BM_ARRAY(digest), bm_wr_bytes(&w)));
    ticks[3] = since(&before);
    printf("raw generate=%lu agree=%lu sign=%lu verify=%lu\n",
           (unsigned long)ticks[0], (unsigned long)ticks[1],
           (unsigned long)ticks[2], (unsigned long)ticks[3]);
    return BM_OK;
}

static bm_status open_raw(struct device *d)
{
    (void)d;
    return BM_OK;
}

const struct role raw_crypto = { open_raw, measure };
