/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/mbedtls_its.h"

#include <string.h>

#include <psa/internal_trusted_storage.h>

/* An object is a record of the log: one octet of flags, then its data. */
#define HEADER_SIZE 1

/* psa_its_*() have no context: hence this static variable. */
static struct bm_log *the_log;

void bm_mbedtls_its_open(struct bm_log *log)
{
    the_log = log;
}

static psa_status_t status_of(bm_status rc)
{
    switch (rc) {
    case BM_OK:
        return PSA_SUCCESS;
    case BM_E_NOT_FOUND:
        return PSA_ERROR_DOES_NOT_EXIST;
    case BM_E_LOG_READ:
        return PSA_ERROR_DATA_CORRUPT;
    case BM_E_LOG_FULL:
    case BM_E_LIMIT:
        return PSA_ERROR_INSUFFICIENT_STORAGE;
    default:
        return PSA_ERROR_STORAGE_FAILURE;
    }
}

/* Can there be an object of this name? */
static psa_status_t check(psa_storage_uid_t uid)
{
    if (uid == 0) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    if (uid >= BM_MBEDTLS_UIDS) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    return the_log == NULL ? PSA_ERROR_STORAGE_FAILURE : PSA_SUCCESS;
}

psa_status_t psa_its_get_info(psa_storage_uid_t uid,
                              struct psa_storage_info_t *p_info)
{
    psa_status_t status = check(uid);
    uint8_t flags = 0;
    size_t size;

    if (status != PSA_SUCCESS) {
        return status;
    }
    status = status_of(bm_log_get_part(the_log, BM_LOG_KEY(BM_LOG_ITS, uid),
                                       &flags, sizeof flags, &size));
    if (status != PSA_SUCCESS) {
        return status;
    }
    if (size < HEADER_SIZE || size > HEADER_SIZE + BM_MBEDTLS_ITS_MAX) {
        return PSA_ERROR_DATA_CORRUPT;
    }
    *p_info = (struct psa_storage_info_t){ .capacity = size - HEADER_SIZE,
                                           .size = size - HEADER_SIZE,
                                           .flags = flags };
    return PSA_SUCCESS;
}

/* May the object be replaced or removed? One that was lost may. */
static psa_status_t check_change(psa_storage_uid_t uid)
{
    struct psa_storage_info_t info = { 0 };
    psa_status_t status = psa_its_get_info(uid, &info);

    if (status == PSA_SUCCESS &&
        (info.flags & PSA_STORAGE_FLAG_WRITE_ONCE) != 0) {
        return PSA_ERROR_NOT_PERMITTED;
    }
    return status == PSA_ERROR_DATA_CORRUPT ? PSA_SUCCESS : status;
}

psa_status_t psa_its_set(psa_storage_uid_t uid, size_t data_length,
                         const void *p_data,
                         psa_storage_create_flags_t create_flags)
{
    uint8_t object[HEADER_SIZE + BM_MBEDTLS_ITS_MAX];
    psa_status_t status = check_change(uid);

    if (status != PSA_SUCCESS && status != PSA_ERROR_DOES_NOT_EXIST) {
        return status;
    }
    if ((create_flags & ~PSA_STORAGE_FLAG_WRITE_ONCE) != 0) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    if (p_data == NULL && data_length != 0) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    if (data_length > BM_MBEDTLS_ITS_MAX) {
        return PSA_ERROR_INSUFFICIENT_STORAGE;
    }
    object[0] = (uint8_t)create_flags;
    if (data_length != 0) {
        memcpy(object + HEADER_SIZE, p_data, data_length);
    }
    status = status_of(
        bm_log_put(the_log, BM_LOG_KEY(BM_LOG_ITS, uid),
                   (struct bm_bytes){ object, HEADER_SIZE + data_length }));
    bm_wipe(object, sizeof object);
    return status;
}

psa_status_t psa_its_get(psa_storage_uid_t uid, size_t data_offset,
                         size_t data_size, void *p_data, size_t *p_data_length)
{
    uint8_t object[HEADER_SIZE + BM_MBEDTLS_ITS_MAX];
    psa_status_t status = check(uid);
    size_t size;

    *p_data_length = 0;
    if (status != PSA_SUCCESS) {
        return status;
    }
    status = status_of(bm_log_get(the_log, BM_LOG_KEY(BM_LOG_ITS, uid), object,
                                  sizeof object, &size));
    if (status != PSA_SUCCESS) {
        return status;
    }
    if (size < HEADER_SIZE || data_offset > size - HEADER_SIZE) {
        status = PSA_ERROR_INVALID_ARGUMENT;
    } else {
        size -= HEADER_SIZE + data_offset;
        *p_data_length = size < data_size ? size : data_size;
        if (*p_data_length != 0) {
            memcpy(p_data, object + HEADER_SIZE + data_offset, *p_data_length);
        }
    }
    bm_wipe(object, sizeof object);
    return status;
}

psa_status_t psa_its_remove(psa_storage_uid_t uid)
{
    psa_status_t status = check_change(uid);

    if (status != PSA_SUCCESS) {
        return status;
    }
    return status_of(bm_log_delete(the_log, BM_LOG_KEY(BM_LOG_ITS, uid)));
}
