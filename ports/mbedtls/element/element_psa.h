/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_ELEMENT_ELEMENT_PSA_H
#define BM_PORTS_MBEDTLS_ELEMENT_ELEMENT_PSA_H

/*
 * How keys of an element get behind PSA. Mbed TLS 3.6 reaches drivers through
 * functions named psa_driver_wrapper_...(), in a file that is generated from
 * templates; a driver of somebody else's that generates, signs or makes MACs
 * has no place in them but by editing the templates. So this header stands in
 * front of two of the library's sources instead, psa_crypto.c and
 * psa_crypto_slot_management.c (CMakeLists.txt): it includes their headers, and
 * then gives the names of the functions below to ours, which take keys of the
 * element and pass on all others.
 *
 * Nothing is generated and nothing of the library is changed. If a version
 * of it changes one of these functions, this does not compile; if it asks for
 * opaque keys at a place that is not here, its own answer is a refusal.
 */
#include <common.h>

#include <psa_crypto_core.h>
#include <psa_crypto_driver_wrappers.h>
#include <psa_crypto_driver_wrappers_no_static.h>
#include <psa_crypto_storage.h>

#include "ports/mbedtls/element/element_driver.h"

#if MBEDTLS_VERSION_MAJOR != 3 || MBEDTLS_VERSION_MINOR != 6
#error "read how this version of Mbed TLS dispatches to drivers first"
#endif
#if defined(MBEDTLS_PSA_CRYPTO_SE_C)
#error "drivers of the old interface are asked first"
#endif

/* Drivers are numbered from 1; an operation remembers whose it is. */
#define ELEMENT_DRIVER_ID 0xb1eu

static inline psa_status_t
with_element_get_key_buffer_size(const psa_key_attributes_t *attributes,
                                 size_t *key_buffer_size)
{
    return element_has(attributes)
               ? element_buffer_size(attributes, key_buffer_size)
               : psa_driver_wrapper_get_key_buffer_size(attributes,
                                                        key_buffer_size);
}
#define psa_driver_wrapper_get_key_buffer_size with_element_get_key_buffer_size

static inline psa_status_t
with_element_generate_key(const psa_key_attributes_t *attributes,
                          const psa_custom_key_parameters_t *custom,
                          const uint8_t *custom_data, size_t custom_data_length,
                          uint8_t *key_buffer, size_t key_buffer_size,
                          size_t *key_buffer_length)
{
    return element_has(attributes)
               ? element_generate_key(attributes, key_buffer, key_buffer_size,
                                      key_buffer_length)
               : psa_driver_wrapper_generate_key(
                     attributes, custom, custom_data, custom_data_length,
                     key_buffer, key_buffer_size, key_buffer_length);
}
#define psa_driver_wrapper_generate_key with_element_generate_key

static inline psa_status_t
with_element_export_public_key(const psa_key_attributes_t *attributes,
                               const uint8_t *key_buffer,
                               size_t key_buffer_size, uint8_t *data,
                               size_t data_size, size_t *data_length)
{
    return element_has(attributes)
               ? element_export_public_key(attributes, data, data_size,
                                           data_length)
               : psa_driver_wrapper_export_public_key(attributes, key_buffer,
                                                      key_buffer_size, data,
                                                      data_size, data_length);
}
#define psa_driver_wrapper_export_public_key with_element_export_public_key

static inline psa_status_t
with_element_sign_hash(const psa_key_attributes_t *attributes,
                       const uint8_t *key_buffer, size_t key_buffer_size,
                       psa_algorithm_t alg, const uint8_t *hash,
                       size_t hash_length, uint8_t *signature,
                       size_t signature_size, size_t *signature_length)
{
    return element_has(attributes)
               ? element_sign_hash(attributes, alg,
                                   (struct bm_bytes){ hash, hash_length },
                                   signature, signature_size, signature_length)
               : psa_driver_wrapper_sign_hash(
                     attributes, key_buffer, key_buffer_size, alg, hash,
                     hash_length, signature, signature_size, signature_length);
}
#define psa_driver_wrapper_sign_hash with_element_sign_hash

static inline psa_status_t with_element_mac_compute(
    const psa_key_attributes_t *attributes, const uint8_t *key_buffer,
    size_t key_buffer_size, psa_algorithm_t alg, const uint8_t *input,
    size_t input_length, uint8_t *mac, size_t mac_size, size_t *mac_length)
{
    return element_has(attributes)
               ? element_mac_compute(attributes, alg,
                                     (struct bm_bytes){ input, input_length },
                                     mac, mac_size, mac_length)
               : psa_driver_wrapper_mac_compute(
                     attributes, key_buffer, key_buffer_size, alg, input,
                     input_length, mac, mac_size, mac_length);
}
#define psa_driver_wrapper_mac_compute with_element_mac_compute

static inline psa_status_t with_element_mac_sign_setup(
    psa_mac_operation_t *operation, const psa_key_attributes_t *attributes,
    const uint8_t *key_buffer, size_t key_buffer_size, psa_algorithm_t alg)
{
    if (!element_has(attributes)) {
        return psa_driver_wrapper_mac_sign_setup(
            operation, attributes, key_buffer, key_buffer_size, alg);
    }
    operation->id = ELEMENT_DRIVER_ID;
    return element_mac_setup(&operation->ctx, attributes, alg);
}
#define psa_driver_wrapper_mac_sign_setup with_element_mac_sign_setup

static inline psa_status_t
with_element_mac_update(psa_mac_operation_t *operation, const uint8_t *input,
                        size_t input_length)
{
    return operation->id == ELEMENT_DRIVER_ID
               ? element_mac_update(&operation->ctx, input, input_length)
               : psa_driver_wrapper_mac_update(operation, input, input_length);
}
#define psa_driver_wrapper_mac_update with_element_mac_update

static inline psa_status_t
with_element_mac_sign_finish(psa_mac_operation_t *operation, uint8_t *mac,
                             size_t mac_size, size_t *mac_length)
{
    return operation->id == ELEMENT_DRIVER_ID
               ? element_mac_finish(&operation->ctx, mac, mac_size, mac_length)
               : psa_driver_wrapper_mac_sign_finish(operation, mac, mac_size,
                                                    mac_length);
}
#define psa_driver_wrapper_mac_sign_finish with_element_mac_sign_finish

static inline psa_status_t
with_element_mac_abort(psa_mac_operation_t *operation)
{
    if (operation->id != ELEMENT_DRIVER_ID) {
        return psa_driver_wrapper_mac_abort(operation);
    }
    element_mac_abort(&operation->ctx);
    return PSA_SUCCESS;
}
#define psa_driver_wrapper_mac_abort with_element_mac_abort

/*
 * Which keys there are: of the element's identifiers only the element knows.
 */
static inline psa_status_t
with_element_load_persistent_key(psa_key_attributes_t *attributes,
                                 uint8_t **data, size_t *data_length)
{
    return element_owns(attributes->id)
               ? element_load(attributes, data, data_length)
               : psa_load_persistent_key(attributes, data, data_length);
}
#define psa_load_persistent_key with_element_load_persistent_key

static inline psa_status_t
with_element_save_persistent_key(const psa_key_attributes_t *attributes,
                                 const uint8_t *data, const size_t data_length)
{
    if (element_owns(attributes->id) || element_has(attributes)) {
        return element_saved(attributes);
    }
    return psa_save_persistent_key(attributes, data, data_length);
}
#define psa_save_persistent_key with_element_save_persistent_key

static inline psa_status_t
with_element_destroy_persistent_key(const mbedtls_svc_key_id_t id)
{
    return element_owns(id) ? element_destroy(id)
                            : psa_destroy_persistent_key(id);
}
#define psa_destroy_persistent_key with_element_destroy_persistent_key

#endif
