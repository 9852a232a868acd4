/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_LAYOUT_INTERNAL_H
#define BM_AGENT_LAYOUT_INTERNAL_H

#include "core/bytes.h"

/* Between layout.c and layout_files.c. */

#define LAYOUT_FILES_MAX 24
#define LAYOUT_ROOM      65536

struct layout_file {
    char name[72];
    uint8_t *data;
    size_t n;
    bool secret;
};

/* All files of a layout, in memory before the first is written. */
struct layout_set {
    struct layout_file files[LAYOUT_FILES_MAX];
    size_t n;
    uint8_t room[LAYOUT_ROOM]; /* for who makes one */
};

bm_status layout_add(struct layout_set *set, const char *name, bool secret,
                     const struct bm_wr *text);

/* layout_files.c: certificates under the hashes of their names. */
bm_status layout_hash(struct layout_set *set, const struct bm_bytes *certs,
                      size_t n);

/* Remove a folder with the files in it; BM_OK when there is none. */
bm_status layout_remove(int dir, const char *name);

/* How many files a folder has; SIZE_MAX: it cannot be read. */
size_t layout_count(int dir);

/* The highest number of a folder "PREFIXn", or 0. */
bm_status layout_newest(int dir, const char *prefix, unsigned *newest);

/* Remove those with a lower number than `keep`, as far as that is possible. */
void layout_forget(int dir, const char *prefix, unsigned keep);

#endif
