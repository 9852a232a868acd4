/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include "core/der.h"

/*
 * The structures differ early on:
 *
 *   Certificate v2, v3   { { [0] version, ...
 *   Certificate v1       { { INTEGER, alg, issuer, SEQUENCE validity, ...
 *   CertificationRequest { { INTEGER, name, key, [0] attributes } ...
 *   CertificateList      { { INTEGER OPTIONAL, alg, issuer, Time, ...
 *   ContentInfo          { OID, ...
 *
 * An object may go on where `der` ends, so its headers are read here without
 * asking that the contents be there.
 */

/* Step over the header of an element; `*n` is the length of its contents. */
static bool header(struct bm_bytes *in, uint8_t *tag, size_t *n)
{
    size_t octets;

    if (in->n < 2) {
        return false;
    }
    *tag = in->p[0];
    *n = in->p[1];
    octets = 0;
    if (*n >= 0x80) {
        octets = *n & 0x7f;
        *n = 0;
    }
    if (octets > 4 || in->n < 2 + octets) {
        return false;
    }
    for (size_t i = 0; i < octets; i++) {
        *n = *n << 8 | in->p[2 + i];
    }
    in->p += 2 + octets;
    in->n -= 2 + octets;
    return true;
}

/* Step over a whole element of tag `tag`. */
static bool skip(struct bm_bytes *in, uint8_t tag)
{
    struct bm_bytes at = *in;
    uint8_t found;
    size_t n;

    if (!header(&at, &found, &n) || found != tag || at.n < n) {
        return false;
    }
    in->p = at.p + n;
    in->n = at.n - n;
    return true;
}

/* A SEQUENCE that begins with an OID; a Name begins with a SET. */
static bool is_algorithm(struct bm_bytes in)
{
    uint8_t tag;
    size_t n;

    return header(&in, &tag, &n) && tag == BM_DER_SEQUENCE && in.n != 0 &&
           in.p[0] == BM_DER_OID;
}

enum kind kind_of(struct bm_bytes in)
{
    uint8_t tag;
    size_t n;
    bool numbered;

    if (!header(&in, &tag, &n) || tag != BM_DER_SEQUENCE || in.n == 0) {
        return KIND_UNKNOWN;
    }
    if (in.p[0] == BM_DER_OID) {
        return KIND_CMS;
    }
    if (!header(&in, &tag, &n) || tag != BM_DER_SEQUENCE || in.n == 0) {
        return KIND_UNKNOWN;
    }
    if (in.p[0] == BM_DER_CONSTRUCTED(0)) {
        return KIND_CERT;
    }
    numbered = skip(&in, BM_DER_INTEGER);
    if (numbered && !is_algorithm(in)) {
        return KIND_CSR;
    }
    for (int i = 0; i < 2; i++) { /* algorithm, issuer */
        if (!skip(&in, BM_DER_SEQUENCE) || in.n == 0) {
            return KIND_UNKNOWN;
        }
    }
    if (in.p[0] == BM_DER_UTC_TIME || in.p[0] == BM_DER_GENERALIZED_TIME) {
        return KIND_CRL;
    }
    return numbered ? KIND_CERT : KIND_UNKNOWN;
}

const char *kind_name(enum kind kind)
{
    switch (kind) {
    case KIND_CERT:
        return "certificate";
    case KIND_CSR:
        return "certification request";
    case KIND_CRL:
        return "certificate revocation list";
    case KIND_CMS:
        return "CMS message";
    default:
        return "unknown";
    }
}
