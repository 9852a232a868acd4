/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_ARCHIVE_H
#define BM_SERVER_ARCHIVE_H

#include "ca/refusal.h"
#include "core/crypto.h"

/*
 * An instance as one file: a tar archive (pax), plain, gzip or zstd, that any
 * tar program lists and unpacks. Its first member is the manifest, which
 * names every other one in order, with size and SHA-256. docs/archive.md has
 * the format.
 *
 * Unpacking trusts nothing: what the manifest does not name, or names
 * otherwise, ends it, and what was unpacked so far is removed. It does not
 * show who made an archive.
 *
 * Which files belong in, and whether what was unpacked is an instance, the
 * caller knows.
 */

/*
 * Names are one to ARCHIVE_NAME_MAX octets, at most ARCHIVE_DEPTH_MAX parts
 * with '/' between them; a part is letters, digits and "._+=@-", and does not
 * begin with '.' or '-'. "manifest" is taken.
 */
#define ARCHIVE_NAME_MAX  200
#define ARCHIVE_DEPTH_MAX 8

/* Some 160 octets of manifest to each file, and an object of JSON. */
#define ARCHIVE_FILES_MAX    65536
#define ARCHIVE_MANIFEST_MAX ((size_t)16 << 20)

/* Longest "birthmark 1.2.3", with NUL. */
#define ARCHIVE_TOOL_MAX 64

enum archive_squeeze {
    ARCHIVE_PLAIN, /* certificates and sealed keys hardly shrink */
    ARCHIVE_GZIP,
    ARCHIVE_ZSTD
};

/* A file to put in: what is at `path`, or `data` where that is NULL. */
struct archive_file {
    const char *name; /* "keys/issuing.key" */
    const char *path; /* a regular file, no symbolic link */
    struct bm_bytes data;
};

struct archive_pack_config {
    const struct bm_crypto *crypto;
    const char *path;                 /* the archive */
    const struct archive_file *files; /* in any order, each name once */
    size_t n;
    int64_t created;    /* seconds since 1970, UTC */
    const char *tool;   /* the program and its version */
    bool contains_keys; /* private keys are in, sealed or not */
    enum archive_squeeze squeeze;
};

/*
 * Write a new archive, mode 0600, durable when this returns. BM_E_EXISTS when
 * there is one; BM_E_BUSY when a file changed while it was read; BM_E_LIMIT.
 * On error there is no archive. Reads each file twice.
 */
BM_MUST_CHECK bm_status archive_pack(const struct archive_pack_config *config,
                                     struct ca_refusal *why);

/*
 * What may be in an archive, and how large: the first row whose `name` is the
 * file's name, or ends with '/' and is how it begins. A file that no row
 * names is refused.
 */
struct archive_kind {
    const char *name; /* NULL ends the table */
    uint64_t max;     /* octets of one file */
    unsigned mode;    /* of the file as it is unpacked; 0 is 0600 */
};

struct archive_unpack_config {
    const struct bm_crypto *crypto;
    const char *path;     /* the archive, or NULL: */
    struct bm_bytes data; /* it is in memory */
    const struct archive_kind *kinds;
    uint64_t total_max; /* octets of all files */
    const char *dir;    /* made here, mode 0700; NULL: verify, write nothing */
};

/* What the manifest says; zero on error. */
struct archive_info {
    int64_t created;
    char tool[ARCHIVE_TOOL_MAX]; /* a stranger's words: escape them */
    bool contains_keys;
    size_t files;
    uint64_t octets;
};

/*
 * Verify an archive and unpack it into a new folder, all of it durable when
 * this returns. `info` may be NULL. A crash leaves a folder with part of it,
 * so unpack beside and move (files_move_dir()). On error there is no folder:
 *
 *   BM_E_EXISTS           `dir` is there already, whatever it is
 *   BM_E_ARCHIVE          damaged, cut short, or not as its manifest says
 *   BM_E_ARCHIVE_VERSION  made by a newer version
 *   BM_E_LIMIT            larger than `kinds` or `total_max` allow
 *   BM_E_FULL, BM_E_IO, BM_E_NOT_FOUND, BM_E_MEMORY
 *
 * unless removing it failed as well.
 */
BM_MUST_CHECK bm_status
archive_unpack(const struct archive_unpack_config *config,
               struct archive_info *info, struct ca_refusal *why);

/* BM_E_ARCHIVE unless `name` may be the name of a file in an archive. */
BM_MUST_CHECK bm_status archive_name(const char *name);

#endif
