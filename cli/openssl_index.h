/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_OPENSSL_INDEX_H
#define BM_CLI_OPENSSL_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bytes.h"

/*
 * The database of `openssl ca`: index.txt, which stands beside newcerts/. A
 * line for each certificate, six fields with tabs between them:
 *
 *     V|R|E  expiry  revocation[,reason]  serial  file  subject
 *
 * Times are YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ; the serial number is hexadecimal,
 * and the name of the file in newcerts/; reasons are those of ca(1) of OpenSSL.
 */

/* RFC 5280 4.1.2.2: twenty octets, in digits, with a NUL. */
#define OPENSSL_INDEX_SERIAL_MAX 41

struct openssl_index_entry {
    char serial[OPENSSL_INDEX_SERIAL_MAX]; /* as it is written */
    bool revoked;
    int64_t revoked_at; /* or 0 */
    uint8_t reason;     /* enum bm_crl_reason */
};

/*
 * Take a line and move `*text` behind it. BM_E_END; BM_E_CONFIG_VALUE: it is
 * no such line, and `*text` has not moved.
 */
BM_MUST_CHECK bm_status openssl_index_next(struct bm_bytes *text,
                                           struct openssl_index_entry *entry);

#endif
