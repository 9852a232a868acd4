/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_BLOBS_H
#define BM_SERVER_BLOBS_H

#include "ca/release.h"
#include "core/crypto.h"

/*
 * Blobs: what releases are made of (docs/delivery.md), a file each in the
 * folder `blobs` of an instance, named by its SHA-256. A file of such a name is
 * whole and durable, and never changes.
 *
 * Who knows a hash does not have the octets: an organisation can name a blob in
 * a release only when it has put all of it itself, and is told of no other. So
 * what is on its way is NAME.ORGANISATION.part, and an empty file
 * NAME.ORGANISATION says that the organisation of that number has put it. These
 * are in no backup: afterwards, who makes a release puts the octets again.
 */
#define BLOBS_DIR "blobs"

/* Make the folder, if it is not there; root makes it for whom `dir` belongs
 * to. */
BM_MUST_CHECK bm_status blobs_make_dir(const char *dir, struct ca_refusal *why);

/* Drop what came by half, and nobody went on with. */
void blobs_drop_parts(const char *dir);

/*
 * Put a piece. Pieces come in their order: one that does not begin where the
 * last ended is passed over. `*have` is how much the organisation has put by
 * now, and where the next one begins; piece->size: the blob is there, whole and
 * durable, as it is when it had put it before. Who was interrupted goes on
 * there.
 *
 * BM_E_LIMIT: larger than CA_BLOB_MAX; BM_E_ARGUMENT: the piece goes beyond
 * its end; BM_E_DELIVER_DIGEST: all is there, and is something else, which is
 * dropped.
 */
BM_MUST_CHECK bm_status blobs_put(const char *dir,
                                  const struct bm_crypto *crypto,
                                  const struct ca_blob_piece *piece,
                                  uint64_t *have, struct ca_refusal *why);

/*
 * Is the blob with item->hash what item->kind says? Fills in size and version.
 * Of a policy `*policy` gets what its table says and the message, which the
 * caller wipes; else, and on error, it is zero.
 *
 * BM_E_NOT_FOUND: the organisation has put no such one; BM_E_IMAGE_...,
 * BM_E_KEYSET, BM_E_CMS_..., BM_E_FW_...: it is no such thing. Whether a
 * signature is good only the device can say of images, which has the keys, and
 * ca_policy_judge() of policies.
 */
BM_MUST_CHECK bm_status blobs_look(const char *dir, uint32_t organisation,
                                   struct store_item *item,
                                   struct ca_policy *policy,
                                   struct ca_refusal *why);

#endif
