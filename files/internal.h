/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FILES_INTERNAL_H
#define BM_FILES_INTERNAL_H

/* Between the files of this folder. */

/* Give a file its name, which nobody has yet; -1 with `errno`, EEXIST when
 * somebody has. The temporary name may be left, or be gone. */
int files_publish(const char *temporary, const char *path);

#endif
