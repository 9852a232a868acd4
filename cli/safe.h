/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_SAFE_H
#define BM_CLI_SAFE_H

#include <stdio.h>

#include "core/bytes.h"

/*
 * Foreign text on a terminal. What a certificate says is chosen by whoever
 * asked for it: control characters could move the cursor or set a title,
 * direction marks could turn "exe.txt" around, invisible characters could
 * hide. All of them, and octets that are not UTF-8, are printed as escapes:
 * \u{1b}, \x{ff}.
 */

/* Characters of an octet string that may not be UTF-8. */
void safe_print(FILE *to, struct bm_bytes text);
void safe_print_str(FILE *to, const char *text);

/* May this character go to a terminal as it is? */
bool safe_is_plain(uint32_t c);

/*
 * How many columns safe_print() needs, counting each plain character as one.
 */
size_t safe_width(struct bm_bytes text);

#endif
