/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_LMS_INTERNAL_H
#define BM_KEYS_LMS_INTERNAL_H

#include "keys/file.h"
#include "keys/lms.h"

/* Between lms.c, the sealed file, and lms_used.c, what is used up. */

/* "NAME" and a suffix; BM_E_KEYS_URI for a name that no key may have. */
bm_status lms_name(const char *name, const char *suffix,
                   char file[BM_KEY_FILE_NAME_MAX + 1]);

/* A new file in which nothing is used; durable. */
bm_status lms_used_make(const struct bm_lms_place *place, int dir,
                        const uint8_t public[BM_LMS_PUBLIC_SIZE]);
void lms_used_remove(const struct bm_lms_place *place, int dir);

#endif
