/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_MBEDTLS_ITS_H
#define BM_PORTS_MBEDTLS_MBEDTLS_ITS_H

#include "device/log.h"

/*
 * Internal trusted storage of PSA (psa/internal_trusted_storage.h) on the
 * device's log: persistent keys lie beside identity and vault, and a power cut
 * leaves the old state or the new one, for all of them alike.
 *
 * Keys are in the clear there. psa_destroy_key() deletes the record; its
 * octets are gone after bm_log_scrub().
 *
 * A uid, which is a key identifier, must be below BM_MBEDTLS_UIDS, or the
 * answer is PSA_ERROR_NOT_SUPPORTED; an object holds BM_MBEDTLS_ITS_MAX octets
 * at most, or PSA_ERROR_INSUFFICIENT_STORAGE. What the flash has lost is
 * PSA_ERROR_DATA_CORRUPT until it is removed. Like PSA itself this is one per
 * program, for one thread.
 */
#define BM_MBEDTLS_UIDS    0x1000000u
#define BM_MBEDTLS_ITS_MAX 256

/* From now on objects are in this log, which must outlive its use; NULL:
 * nowhere, and everything is PSA_ERROR_STORAGE_FAILURE. */
void bm_mbedtls_its_open(struct bm_log *log);

#endif
