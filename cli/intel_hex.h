/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_INTEL_HEX_H
#define BM_CLI_INTEL_HEX_H

#include "core/bytes.h"

/*
 * Intel HEX (Intel, Hexadecimal Object File Format Specification, 1988): octets
 * with the address of the first. Read strictly: every sum is checked, addresses
 * only grow, nothing lies twice at one place, nothing comes after the end
 * record, and a gap is an error unless it is to be filled with 0xff.
 *
 *     line   = ":" length(1) address(2) type(1) data(length) sum(1), as digits
 *     type   = 00 data | 01 end | 02 segment | 03, 05 start | 04 upper address
 */

/* From first to last octet: more is a mistake in an address. */
#define INTEL_HEX_SPAN_MAX ((size_t)16 << 20)

struct intel_hex {
    uint32_t address; /* of the first octet */
    struct bm_bytes octets;
    uint8_t *memory;
    /* Where it was refused. */
    unsigned line; /* from 1 */
    const char *why;
};

/* True: release with intel_hex_free(). False: `line` and `why` are set, and
 * nothing is to be released. */
bool intel_hex_parse(struct bm_bytes text, bool fill, struct intel_hex *hex);
void intel_hex_free(struct intel_hex *hex); /* again is fine */

/* BM_E_LIMIT where the octets do not lie below 2^32. Upper-case digits, 16
 * octets in a line, lines end with LF. */
BM_MUST_CHECK bm_status intel_hex_put(struct bm_wr *w, uint32_t address,
                                      struct bm_bytes octets);

#endif
