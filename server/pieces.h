/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_PIECES_H
#define BM_SERVER_PIECES_H

#include "ca/release.h"
#include "core/crypto.h"

/*
 * Files that come in pieces, in a folder of an instance: what there is of one
 * lies beside its place, under a name of its own, and takes its place when it
 * is whole, has the hash that was said, and is durable. For blobs (blobs.h) and
 * files of batches (uploads.h).
 */
struct pieces {
    int dir;            /* the folder, open */
    const char *folder; /* its name, for messages */
    const char *name;   /* of the file when it is whole */
    const char *part;   /* and before that */
    const char *mark;   /* an empty file that is made with it, and as durable;
                           or NULL */
    const struct bm_crypto *crypto;
};

/* The end of a name of what is not whole yet. */
#define PIECES_PART ".part"

/*
 * The folder `name` of an instance, made if it is not there; BM_E_EXISTS: it
 * was. Root makes it for whom the instance belongs to. Other processes, which
 * may be other users, open files in it by their names; the folder of the
 * instance keeps out all others.
 */
BM_MUST_CHECK bm_status pieces_make_dir(const char *dir, const char *name,
                                        struct ca_refusal *why);

/*
 * Put the next piece. One that does not begin where the octets end changes
 * nothing. `*have`: octets that are there. BM_E_ARGUMENT: it goes beyond the
 * end; BM_E_DELIVER_DIGEST: all is there, and is something else, which is
 * dropped; BM_E_FULL, BM_E_IO.
 */
BM_MUST_CHECK bm_status pieces_put(const struct pieces *p,
                                   const struct ca_blob_piece *piece,
                                   uint64_t *have, struct ca_refusal *why);

/* What errno says of a file of the folder. */
BM_MUST_CHECK bm_status pieces_fail(const char *folder, const char *name,
                                    struct ca_refusal *why);

#endif
