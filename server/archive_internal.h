/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_ARCHIVE_INTERNAL_H
#define BM_SERVER_ARCHIVE_INTERNAL_H

#include <jansson.h>

#include "server/archive.h"

/* Between the files of archive.h. */

#define ARCHIVE_MANIFEST       "manifest"
#define ARCHIVE_FORMAT_VERSION 1
#define ARCHIVE_SHA256         32

/* Octets that move at once. */
#define ARCHIVE_BLOCK 65536

/* A line of the manifest. */
struct archive_line {
    const char *name; /* borrowed from the manifest */
    uint64_t size;
    uint8_t sha256[ARCHIVE_SHA256];
};

/* archive_manifest.c: JSON in and out. */

/* Append a line to `files`, an array. */
bm_status archive_put_line(json_t *files, const struct archive_line *line);

/* The text of a manifest; free() it. */
bm_status archive_put_manifest(const struct archive_pack_config *config,
                               json_t *files, char **text);

struct archive_manifest {
    json_t *root;
    json_t *files;
    struct archive_info info; /* but `octets` */
};

/* On BM_OK archive_free_manifest() releases it. */
bm_status archive_get_manifest(struct bm_bytes text,
                               struct archive_manifest *manifest,
                               struct ca_refusal *why);
void archive_free_manifest(struct archive_manifest *manifest);

/* Line `i` of the manifest. */
bm_status archive_get_line(const struct archive_manifest *manifest, size_t i,
                           struct archive_line *line, struct ca_refusal *why);

/* archive.c: an errno as a refusal about `path`. */
bm_status archive_refuse_errno(struct ca_refusal *why, int error,
                               const char *path);

/* archive_place.c: where the files of an archive are unpacked to. */
struct archive_place {
    int root;                      /* -1: nothing is written */
    int dir;                       /* of the file written last, or -1 */
    char at[ARCHIVE_NAME_MAX + 1]; /* its name below `root` */
};
bm_status archive_place_make(struct archive_place *place, const char *path,
                             struct ca_refusal *why);

/* A new file and the folders above it; `*fd` is to be given back. */
bm_status archive_place_open(struct archive_place *place, const char *name,
                             int *fd, struct ca_refusal *why);

/* Everything is on the disk. */
bm_status archive_place_finish(struct archive_place *place, const char *path,
                               struct ca_refusal *why);
void archive_place_close(struct archive_place *place);

/* Write all; an errno or 0. */
int archive_write_all(int fd, struct bm_bytes data);

#endif
