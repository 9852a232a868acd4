/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FS_H
#define BM_AGENT_FS_H

#include <sys/types.h>

#include "core/bytes.h"

/* Files as the agent reads and writes them. */

/* An errno as a status: NOT_FOUND, EXISTS, FULL, MEMORY, IO... */
bm_status fs_status(int error);

/* What a name refers to is on the disk when its folder is. */
BM_MUST_CHECK bm_status fs_sync_parent(const char *path);
BM_MUST_CHECK bm_status fs_sync_dir(int dir);

/*
 * Read a file to its end, of at most `max` octets; BM_E_LIMIT. On BM_OK the
 * caller frees `*data`, which has a NUL behind its `*n` octets.
 */
BM_MUST_CHECK bm_status fs_read(const char *path, size_t max, uint8_t **data,
                                size_t *n);

/*
 * The same for a secret: a regular file, ours or root's, that neither group
 * nor others may read (BM_E_KEYS_MODE). Wipe before you free.
 */
BM_MUST_CHECK bm_status fs_read_secret(const char *path, size_t max,
                                       uint8_t **data, size_t *n);

/* Make a file whole, in `dir`, which must not have it: its mode, then synced.
 * An owner or group of (uid_t)-1 stays as it comes. */
struct fs_owner {
    uid_t user;
    gid_t group;
    mode_t mode;
};
BM_MUST_CHECK bm_status fs_write_new(int dir, const char *name,
                                     struct bm_bytes data,
                                     const struct fs_owner *owner);

/* Make a folder of this mode, whatever the umask is, and those above it that
 * are missing (0755). One that is there stays as it is. */
BM_MUST_CHECK bm_status fs_make_dir(const char *path, mode_t mode);

#endif
