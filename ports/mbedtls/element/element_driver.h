/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_ELEMENT_ELEMENT_DRIVER_H
#define BM_PORTS_MBEDTLS_ELEMENT_ELEMENT_DRIVER_H

#include <psa/crypto.h>

#include "ports/mbedtls/element/element.h"

/*
 * The opaque driver between PSA and struct bm_element, called from
 * element_psa.h alone. Names and order of parameters follow the entry points of
 * PSA's driver interface; what is fixed about our keys is checked here, and so
 * is the length of whatever the element answers.
 */

/* Is the key of these attributes one of the element's location? */
bool element_has(const psa_key_attributes_t *attributes);
/* Is this identifier the element's? */
bool element_owns(psa_key_id_t id);

psa_status_t element_buffer_size(const psa_key_attributes_t *attributes,
                                 size_t *size);
/* What PSA keeps of a key in its slot is one octet that says nothing. */
psa_status_t element_generate_key(const psa_key_attributes_t *attributes,
                                  uint8_t *buf, size_t cap, size_t *n);
psa_status_t element_export_public_key(const psa_key_attributes_t *attributes,
                                       uint8_t *out, size_t cap, size_t *n);
psa_status_t element_sign_hash(const psa_key_attributes_t *attributes,
                               psa_algorithm_t alg, struct bm_bytes digest,
                               uint8_t *out, size_t cap, size_t *n);
psa_status_t element_mac_compute(const psa_key_attributes_t *attributes,
                                 psa_algorithm_t alg, struct bm_bytes message,
                                 uint8_t *out, size_t cap, size_t *n);

/* In parts: collected in the operation's own memory, and asked for at once. */
psa_status_t element_mac_setup(psa_driver_mac_context_t *ctx,
                               const psa_key_attributes_t *attributes,
                               psa_algorithm_t alg);
psa_status_t element_mac_update(psa_driver_mac_context_t *ctx,
                                const uint8_t *input, size_t n);
psa_status_t element_mac_finish(psa_driver_mac_context_t *ctx, uint8_t *out,
                                size_t cap, size_t *n);
void element_mac_abort(psa_driver_mac_context_t *ctx);

/* In the place of Mbed TLS's storage. `*data` is of mbedtls_calloc(). */
psa_status_t element_load(psa_key_attributes_t *attributes, uint8_t **data,
                          size_t *n);
psa_status_t element_saved(const psa_key_attributes_t *attributes);
psa_status_t element_destroy(psa_key_id_t id);

#endif
