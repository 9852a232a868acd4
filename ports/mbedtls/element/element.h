/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_ELEMENT_ELEMENT_H
#define BM_PORTS_MBEDTLS_ELEMENT_ELEMENT_H

#include "core/bytes.h"
#include "core/status.h"

/*
 * A secure element, as a porter hands it in: whatever makes keys and keeps
 * them where this program cannot read them. The secure world of a TrustZone
 * microcontroller is one (ports/mps2/an505), a discrete part on I2C another.
 *
 * Behind PSA it is an opaque driver: a key whose lifetime is
 * BM_ELEMENT_LIFETIME is born in the element, signs or makes MACs there and
 * nothing else, and dies there. So the keystore and the vault's secret of
 * mbedtls_keystore.h need that lifetime in their configuration and
 * BM_KEY_PLACE_OPAQUE or BM_VAULT_OPAQUE, and not a line of code.
 *
 * The element alone knows which keys there are. Mbed TLS's own records of
 * opaque keys, in the flash of this program, would be a second truth, which a
 * power cut or a lost sector tells apart from the first.
 *
 * A program links bm_port_mbedtls_element, and calls bm_element_open().
 */

/* psa_key_location_t: a vendor's, by its highest bit (PSA Crypto 1.1, 4.2.1) */
#define BM_ELEMENT_LOCATION 0x800b1eu
/* psa_key_lifetime_t: there, with the persistence of all of our keys. */
#define BM_ELEMENT_LIFETIME (BM_ELEMENT_LOCATION << 8 | 1u)

/* What a key is, which says what may be done with it. */
enum bm_element_kind {
    BM_ELEMENT_P256 = 1, /* ECDSA over digests of SHA-256 */
    BM_ELEMENT_HMAC = 2  /* HMAC-SHA-256, 256 bits */
};

#define BM_ELEMENT_POINT_SIZE     65 /* 04 | X | Y */
#define BM_ELEMENT_SIGNATURE_SIZE 64 /* r | s, big-endian */
#define BM_ELEMENT_MAC_SIZE       32
/* The longest message of a MAC: the label of a record of the vault's. */
#define BM_ELEMENT_MESSAGE_MAX 96

/*
 * Each function returns BM_OK, or why not: BM_E_NOT_FOUND where there is no
 * such key, for certain; BM_E_LOG_READ where the element has lost it;
 * BM_E_RANDOM; BM_E_LOG_FULL; anything else may pass. Lengths are looked at by
 * the caller: an element may err, and what it says is not taken on trust.
 *
 * A call takes as long as the element takes. The bound on that is the
 * element's driver's to keep, by a timeout of its bus: nothing here waits, and
 * nothing here asks twice.
 */
struct bm_element {
    void *self;
    /* PSA key identifiers that are the element's: `ids` of them, from
     * `first_id` on. No other key is in it, and these are nowhere else. */
    uint32_t first_id;
    uint32_t ids;

    bm_status (*kind)(void *self, uint32_t id, enum bm_element_kind *kind);
    /* Durable when this returns, whole or not at all. BM_E_EXISTS. */
    bm_status (*generate)(void *self, uint32_t id, enum bm_element_kind kind);
    bm_status (*public_key)(void *self, uint32_t id, uint8_t *out, size_t cap,
                            size_t *n);
    bm_status (*sign_hash)(void *self, uint32_t id, const uint8_t digest[32],
                           uint8_t out[BM_ELEMENT_SIGNATURE_SIZE], size_t *n);
    bm_status (*mac)(void *self, uint32_t id, struct bm_bytes message,
                     uint8_t out[BM_ELEMENT_MAC_SIZE], size_t *n);
    /* Not usable any more when this returns, and no octet of it is left. */
    bm_status (*destroy)(void *self, uint32_t id);
};

/*
 * From now on PSA's keys of BM_ELEMENT_LIFETIME are in this element, which
 * must outlive its use; NULL: there is none, and PSA says
 * PSA_ERROR_NOT_SUPPORTED or that there is no such key. As with PSA itself,
 * one per program, for one thread.
 */
void bm_element_open(const struct bm_element *element);

#endif
