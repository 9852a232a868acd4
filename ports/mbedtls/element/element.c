/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <mbedtls/platform.h>

#include "ports/mbedtls/element/element_driver.h"

/* PSA's drivers have no context: hence this static variable. */
static const struct bm_element *the_element;

void bm_element_open(const struct bm_element *element)
{
    the_element = element;
}

bool element_has(const psa_key_attributes_t *attributes)
{
    return PSA_KEY_LIFETIME_GET_LOCATION(psa_get_key_lifetime(attributes)) ==
           BM_ELEMENT_LOCATION;
}

bool element_owns(psa_key_id_t id)
{
    return the_element != NULL && id - the_element->first_id < the_element->ids;
}

static psa_status_t status_of(bm_status rc)
{
    switch (rc) {
    case BM_OK:
        return PSA_SUCCESS;
    case BM_E_NOT_FOUND:
        return PSA_ERROR_DOES_NOT_EXIST;
    case BM_E_EXISTS:
        return PSA_ERROR_ALREADY_EXISTS;
    case BM_E_LOG_READ:
        return PSA_ERROR_DATA_CORRUPT;
    case BM_E_LOG_FULL:
        return PSA_ERROR_INSUFFICIENT_STORAGE;
    case BM_E_RANDOM:
        return PSA_ERROR_INSUFFICIENT_ENTROPY;
    case BM_E_ARGUMENT:
        return PSA_ERROR_INVALID_ARGUMENT;
    default:
        return PSA_ERROR_COMMUNICATION_FAILURE;
    }
}

/*
 * What an element answered with another length than there is. The octets
 * are nobody's to see.
 */
static psa_status_t answered(bm_status rc, uint8_t *out, size_t *n, size_t want)
{
    psa_status_t status = status_of(rc);

    if (status == PSA_SUCCESS && *n != want) {
        status = PSA_ERROR_HARDWARE_FAILURE;
    }
    if (status != PSA_SUCCESS) {
        bm_wipe(out, want);
        *n = 0;
    }
    return status;
}

/* A key pair of mbedtls_key_pair(), or a secret of bm_mbedtls_secret_make(). */
static psa_status_t kind_of(const psa_key_attributes_t *a,
                            enum bm_element_kind *kind)
{
    psa_key_type_t type = psa_get_key_type(a);

    if (!element_owns(psa_get_key_id(a)) || psa_get_key_bits(a) != 256) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    if (type == PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)) {
        *kind = BM_ELEMENT_P256;
        return PSA_SUCCESS;
    }
    *kind = BM_ELEMENT_HMAC;
    return type == PSA_KEY_TYPE_HMAC ? PSA_SUCCESS : PSA_ERROR_NOT_SUPPORTED;
}

/* PSA_SUCCESS if the key is of that kind, so that it can do what is asked. */
static psa_status_t check(const psa_key_attributes_t *a,
                          enum bm_element_kind want)
{
    enum bm_element_kind kind;
    psa_status_t status = kind_of(a, &kind);

    return status == PSA_SUCCESS && kind != want ? PSA_ERROR_INVALID_ARGUMENT
                                                 : status;
}

psa_status_t element_buffer_size(const psa_key_attributes_t *attributes,
                                 size_t *size)
{
    enum bm_element_kind kind;

    *size = 1;
    return kind_of(attributes, &kind);
}

psa_status_t element_generate_key(const psa_key_attributes_t *attributes,
                                  uint8_t *buf, size_t cap, size_t *n)
{
    enum bm_element_kind kind;
    psa_status_t status = kind_of(attributes, &kind);

    if (status != PSA_SUCCESS) {
        return status;
    }
    if (cap < 1) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    buf[0] = 0;
    *n = 1;
    return status_of(the_element->generate(the_element->self,
                                           psa_get_key_id(attributes), kind));
}

psa_status_t element_export_public_key(const psa_key_attributes_t *attributes,
                                       uint8_t *out, size_t cap, size_t *n)
{
    psa_status_t status = check(attributes, BM_ELEMENT_P256);

    *n = 0;
    if (status != PSA_SUCCESS) {
        return status;
    }
    if (cap < BM_ELEMENT_POINT_SIZE) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    return answered(the_element->public_key(the_element->self,
                                            psa_get_key_id(attributes), out,
                                            BM_ELEMENT_POINT_SIZE, n),
                    out, n, BM_ELEMENT_POINT_SIZE);
}

psa_status_t element_sign_hash(const psa_key_attributes_t *attributes,
                               psa_algorithm_t alg, struct bm_bytes digest,
                               uint8_t *out, size_t cap, size_t *n)
{
    psa_status_t status = check(attributes, BM_ELEMENT_P256);

    *n = 0;
    if (status != PSA_SUCCESS) {
        return status;
    }
    if (alg != PSA_ALG_ECDSA(PSA_ALG_SHA_256) || digest.n != 32) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    if (cap < BM_ELEMENT_SIGNATURE_SIZE) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    return answered(the_element->sign_hash(the_element->self,
                                           psa_get_key_id(attributes), digest.p,
                                           out, n),
                    out, n, BM_ELEMENT_SIGNATURE_SIZE);
}

static psa_status_t mac(psa_key_id_t id, struct bm_bytes message, uint8_t *out,
                        size_t cap, size_t *n)
{
    *n = 0;
    if (!element_owns(id)) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    if (cap < BM_ELEMENT_MAC_SIZE) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    return answered(the_element->mac(the_element->self, id, message, out, n),
                    out, n, BM_ELEMENT_MAC_SIZE);
}

psa_status_t element_mac_compute(const psa_key_attributes_t *attributes,
                                 psa_algorithm_t alg, struct bm_bytes message,
                                 uint8_t *out, size_t cap, size_t *n)
{
    psa_status_t status = check(attributes, BM_ELEMENT_HMAC);

    if (status != PSA_SUCCESS) {
        return status;
    }
    if (alg != PSA_ALG_HMAC(PSA_ALG_SHA_256) ||
        message.n > BM_ELEMENT_MESSAGE_MAX) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    return mac(psa_get_key_id(attributes), message, out, cap, n);
}

/* Octets alone, so that it may lie in any memory: that of the operation. */
struct collected {
    uint8_t id[sizeof(psa_key_id_t)];
    uint8_t n;
    uint8_t message[BM_ELEMENT_MESSAGE_MAX];
};

_Static_assert(sizeof(struct collected) <= sizeof(psa_driver_mac_context_t),
               "a message does not fit into an operation of PSA's");

static struct collected *collected(psa_driver_mac_context_t *ctx)
{
    return (struct collected *)(void *)ctx;
}

psa_status_t element_mac_setup(psa_driver_mac_context_t *ctx,
                               const psa_key_attributes_t *attributes,
                               psa_algorithm_t alg)
{
    psa_status_t status = check(attributes, BM_ELEMENT_HMAC);
    psa_key_id_t id = psa_get_key_id(attributes);

    if (status == PSA_SUCCESS && alg != PSA_ALG_HMAC(PSA_ALG_SHA_256)) {
        status = PSA_ERROR_NOT_SUPPORTED;
    }
    *collected(ctx) = (struct collected){ 0 };
    memcpy(collected(ctx)->id, &id, sizeof id);
    return status;
}

psa_status_t element_mac_update(psa_driver_mac_context_t *ctx,
                                const uint8_t *input, size_t n)
{
    struct collected *c = collected(ctx);

    if (n > sizeof c->message - c->n) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    memcpy(c->message + c->n, input, n);
    c->n = (uint8_t)(c->n + n);
    return PSA_SUCCESS;
}

psa_status_t element_mac_finish(psa_driver_mac_context_t *ctx, uint8_t *out,
                                size_t cap, size_t *n)
{
    const struct collected *c = collected(ctx);
    psa_key_id_t id;

    memcpy(&id, c->id, sizeof id);
    return mac(id, (struct bm_bytes){ c->message, c->n }, out, cap, n);
}

void element_mac_abort(psa_driver_mac_context_t *ctx)
{
    bm_wipe(ctx, sizeof(struct collected));
}

static void describe(psa_key_attributes_t *a, enum bm_element_kind kind)
{
    bool pair = kind == BM_ELEMENT_P256;

    psa_set_key_lifetime(a, BM_ELEMENT_LIFETIME);
    psa_set_key_bits(a, 256);
    psa_set_key_type(a, pair ? PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)
                             : PSA_KEY_TYPE_HMAC);
    psa_set_key_usage_flags(a, pair ? PSA_KEY_USAGE_SIGN_HASH
                                    : PSA_KEY_USAGE_SIGN_MESSAGE);
    psa_set_key_algorithm(a, pair ? PSA_ALG_ECDSA(PSA_ALG_SHA_256)
                                  : PSA_ALG_HMAC(PSA_ALG_SHA_256));
}

/*
 * A key that the element has lost is loaded all the same, as a key pair: what
 * it is asked for is refused by the element, and what is not loaded PSA does
 * not destroy.
 */
psa_status_t element_load(psa_key_attributes_t *attributes, uint8_t **data,
                          size_t *n)
{
    enum bm_element_kind kind = 0;
    bm_status rc =
        the_element->kind(the_element->self, psa_get_key_id(attributes), &kind);

    *data = NULL;
    *n = 0;
    if (rc != BM_OK && rc != BM_E_LOG_READ) {
        return status_of(rc);
    }
    if (rc == BM_E_LOG_READ) {
        kind = BM_ELEMENT_P256;
    }
    if (kind != BM_ELEMENT_P256 && kind != BM_ELEMENT_HMAC) {
        return PSA_ERROR_HARDWARE_FAILURE;
    }
    *data = mbedtls_calloc(1, 1);
    if (*data == NULL) {
        return PSA_ERROR_INSUFFICIENT_MEMORY;
    }
    *n = 1;
    describe(attributes, kind);
    return PSA_SUCCESS;
}

psa_status_t element_saved(const psa_key_attributes_t *attributes)
{
    /* It has made the key durable; one of the program's own does not get by
     * such an identifier, since nobody would ever load it. */
    return element_has(attributes) && element_owns(psa_get_key_id(attributes))
               ? PSA_SUCCESS
               : PSA_ERROR_NOT_SUPPORTED;
}

psa_status_t element_destroy(psa_key_id_t id)
{
    return status_of(the_element->destroy(the_element->self, id));
}
