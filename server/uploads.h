/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_UPLOADS_H
#define BM_SERVER_UPLOADS_H

#include "ca/release.h"
#include "core/crypto.h"

/*
 * Files of batches on their way in, in the folder `uploads` of an instance:
 * HASH.ORGANISATION when whole and durable, the same with .part before that.
 * Each organisation has its own, although another may have put the same. They
 * are removed when they have been read, and in no backup.
 */
#define UPLOADS_DIR "uploads"

/* Octets of one; and seconds after which one is dropped that nobody ordered
 * from, or went on with. */
#define UPLOADS_MAX  (UINT64_C(1) << 29)
#define UPLOADS_KEEP (INT64_C(24) * 3600)

/* Its name in the folder, with NUL. */
#define UPLOADS_NAME_MAX (2 * STORE_HASH_SIZE + sizeof ".4294967295.part")
void uploads_name(const uint8_t hash[STORE_HASH_SIZE], uint32_t organisation,
                  char name[UPLOADS_NAME_MAX]);

/* Make the folder if it is not there, and drop what is left of long ago. */
BM_MUST_CHECK bm_status uploads_begin(const char *dir, int64_t now,
                                      struct ca_refusal *why);

/* What each organisation may have here at a time: files, whole or not, and
 * octets of all of them. */
struct uploads_limits {
    int64_t files;
    int64_t octets;
};

struct uploads_config {
    const char *dir; /* of the instance */
    const struct bm_crypto *crypto;
    struct uploads_limits max;
};

/*
 * Put a piece; pieces come in their order. `*have`: octets that are there, and
 * where the next one begins; piece->size: it is whole and durable. BM_E_LIMIT,
 * BM_E_ARGUMENT; BM_E_BATCH_UPLOADS: the organisation has too much here;
 * BM_E_DELIVER_DIGEST: all is there, and is something else, which is dropped.
 */
BM_MUST_CHECK bm_status uploads_put(const struct uploads_config *config,
                                    const struct ca_blob_piece *piece,
                                    uint64_t *have, struct ca_refusal *why);

/* Is it there, whole? BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status uploads_find(const char *dir, uint32_t organisation,
                                     const uint8_t hash[STORE_HASH_SIZE],
                                     struct ca_refusal *why);

void uploads_drop(const char *dir, uint32_t organisation,
                  const uint8_t hash[STORE_HASH_SIZE]);

#endif
