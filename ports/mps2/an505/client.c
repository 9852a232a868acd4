/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/an505/client.h"

#include "ports/mps2/an505/secure.h"

static bm_status kind(void *self, uint32_t id, enum bm_element_kind *out)
{
    uint32_t found = 0;
    bm_status rc = (bm_status)an505_kind(id, &found);

    (void)self;
    *out = (enum bm_element_kind)found;
    return rc;
}

static bm_status generate(void *self, uint32_t id, enum bm_element_kind what)
{
    (void)self;
    return (bm_status)an505_generate(id, what);
}

static bm_status public_key(void *self, uint32_t id, uint8_t *out, size_t cap,
                            size_t *n)
{
    (void)self;
    *n = BM_ELEMENT_POINT_SIZE;
    return cap < BM_ELEMENT_POINT_SIZE ? BM_E_BUFFER
                                       : (bm_status)an505_public_key(id, out);
}

static bm_status sign_hash(void *self, uint32_t id, const uint8_t digest[32],
                           uint8_t out[BM_ELEMENT_SIGNATURE_SIZE], size_t *n)
{
    (void)self;
    *n = BM_ELEMENT_SIGNATURE_SIZE;
    return (bm_status)an505_sign(id, digest, out);
}

static bm_status mac(void *self, uint32_t id, struct bm_bytes message,
                     uint8_t out[BM_ELEMENT_MAC_SIZE], size_t *n)
{
    (void)self;
    *n = BM_ELEMENT_MAC_SIZE;
    return (bm_status)an505_mac(id, message.p, (uint32_t)message.n, out);
}

static bm_status destroy(void *self, uint32_t id)
{
    (void)self;
    return (bm_status)an505_destroy(id);
}

const struct bm_element an505_element = {
    .first_id = AN505_FIRST_KEY,
    .ids = AN505_KEYS,
    .kind = kind,
    .generate = generate,
    .public_key = public_key,
    .sign_hash = sign_hash,
    .mac = mac,
    .destroy = destroy,
};

static bm_status entropy(void *self, uint8_t *out, size_t n)
{
    (void)self;
    while (n > 0) {
        uint32_t some = n < AN505_RANDOM_MAX ? (uint32_t)n : AN505_RANDOM_MAX;

        BM_TRY((bm_status)an505_random(out, some));
        out += some;
        n -= some;
    }
    return BM_OK;
}

const struct bm_mbedtls_port an505_port = { entropy, NULL };
