/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_LINE_H
#define BM_CA_LINE_H

#include "core/bytes.h"

/* Is it UTF-8 (RFC 3629), in one line, without control characters? Then it may
 * stand in a list, in a table, and on a terminal. */
bool ca_is_line(struct bm_bytes text);

#endif
