/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FILES_FILES_H
#define BM_FILES_FILES_H

#include <stdio.h>

#include "ca/refusal.h"
#include "core/bytes.h"
#include "core/crl.h"

/*
 * Files of an instance: whole or not at all, durable when a function returns.
 * Failures are said in words with the path and what the system says.
 */

/* Longest path that an instance makes, with NUL. */
#define FILES_PATH_MAX 4096

/* Join; BM_E_LIMIT when it is too long. */
BM_MUST_CHECK bm_status files_path(char path[FILES_PATH_MAX], const char *dir,
                                   const char *name);

/* Read all of a file of at most `max` octets; the caller frees `*data`.
 * BM_E_NOT_FOUND, BM_E_LIMIT, BM_E_IO. */
BM_MUST_CHECK bm_status files_read(const char *path, size_t max, uint8_t **data,
                                   size_t *n, struct ca_refusal *why);

/*
 * Write a new file; BM_E_EXISTS when there is one. What is there is never
 * overwritten, also where a file system knows no links, as those of sticks.
 * Where it cannot rename without replacing either, a crash may leave an empty
 * file under the name.
 */
BM_MUST_CHECK bm_status files_create(const char *path, struct bm_bytes data,
                                     unsigned mode, struct ca_refusal *why);

/*
 * The same in two steps, with what must not come after the file in between: a
 * draft is on the medium, under a name of its own, and has its right one when
 * it is published. So only the renaming can still fail. A crash before leaves
 * the draft, PATH.PID.new.
 *
 * Open: BM_E_EXISTS when there is a file; drop in any case.
 */
struct files_draft {
    char path[FILES_PATH_MAX];
    char temporary[FILES_PATH_MAX];
    bool open;
};
BM_MUST_CHECK bm_status files_draft_open(struct files_draft *draft,
                                         const char *path, struct bm_bytes data,
                                         unsigned mode, struct ca_refusal *why);
BM_MUST_CHECK bm_status files_draft_publish(struct files_draft *draft,
                                            struct ca_refusal *why);
void files_draft_drop(struct files_draft *draft); /* again is fine */

/* Write a file in place of another, which readers see whole until then. */
BM_MUST_CHECK bm_status files_replace(const char *path, struct bm_bytes data,
                                      unsigned mode, struct ca_refusal *why);

/* One PEM block as a file, new or in place of another. */
BM_MUST_CHECK bm_status files_put_pem(const char *path, const char *label,
                                      struct bm_bytes der,
                                      struct ca_refusal *why);

/* The first block with this label in a PEM file, as DER; the caller frees. */
BM_MUST_CHECK bm_status files_get_pem(const char *path, const char *label,
                                      uint8_t **der, size_t *n,
                                      struct ca_refusal *why);

BM_MUST_CHECK bm_status files_make_dir(const char *path, unsigned mode,
                                       struct ca_refusal *why);

/* Remove a directory with all that is in it; not there is fine. Follows no
 * links. */
BM_MUST_CHECK bm_status files_remove_tree(const char *path,
                                          struct ca_refusal *why);

/* BM_OK if nothing is there, or an empty directory; BM_E_EXISTS. */
BM_MUST_CHECK bm_status files_is_free(const char *path, struct ca_refusal *why);

/* Rename a directory to a name that is free; durable. */
BM_MUST_CHECK bm_status files_move_dir(const char *from, const char *to,
                                       struct ca_refusal *why);

/* fsync of a directory. */
BM_MUST_CHECK bm_status files_sync_dir(const char *path,
                                       struct ca_refusal *why);

/*
 * A file that is written in pieces and appears when it is finished: open,
 * put through `sink`, and either publish or drop.
 */
struct files_stream {
    FILE *file;
    char path[FILES_PATH_MAX];
    char temporary[FILES_PATH_MAX];
    struct bm_crl_sink sink;
};
BM_MUST_CHECK bm_status files_stream_open(struct files_stream *stream,
                                          const char *path,
                                          struct ca_refusal *why);
BM_MUST_CHECK bm_status files_stream_publish(struct files_stream *stream,
                                             struct ca_refusal *why);
void files_stream_drop(struct files_stream *stream); /* again is fine */

#endif
