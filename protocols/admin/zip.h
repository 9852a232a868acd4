/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_ZIP_H
#define BM_PROTOCOLS_ADMIN_ZIP_H

#include "core/bytes.h"

/*
 * A ZIP that is written from front to back: its octets go out as they are
 * made. What is kept of an entry is its line in the directory that ends the
 * archive: ADMIN_ZIP_ENTRY octets, whatever is in it.
 *
 * Entries are files that anybody may read, and have no time: the same entries
 * make the same archive.
 */
#define ADMIN_ZIP_ENTRY 256 /* with a name of 128 octets, and what is around */

struct admin_zip_out {
    void *arg;
    /* Anything but BM_OK: nothing more is wanted, and the function of the
     * archive that had something to write says so. */
    bm_status (*write)(void *arg, struct bm_bytes octets);
};

struct admin_zip;
BM_MUST_CHECK bm_status admin_zip_new(const struct admin_zip_out *out,
                                      struct admin_zip **zip);
/* Begin an entry; it ends where the next one begins. `name` is ASCII. */
BM_MUST_CHECK bm_status admin_zip_begin(struct admin_zip *zip,
                                        const char *name);
BM_MUST_CHECK bm_status admin_zip_more(struct admin_zip *zip,
                                       struct bm_bytes octets);
/* All of one. */
BM_MUST_CHECK bm_status admin_zip_put(struct admin_zip *zip, const char *name,
                                      struct bm_bytes octets);
/* The directory: without it, it is no archive. */
BM_MUST_CHECK bm_status admin_zip_end(struct admin_zip *zip);
/* NULL is fine. Nothing is written any more. */
void admin_zip_free(struct admin_zip *zip);

#endif
