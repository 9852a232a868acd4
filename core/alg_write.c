/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg.h"

/*
 * The contents of each AlgorithmIdentifier that is written, behind one octet
 * with their length; no row means nothing is written. Parameters are absent
 * for ECDSA (RFC 5758 3.2), Ed25519 (RFC 8410 3) and ML-DSA (RFC 9881 2),
 * the curve for EC keys (RFC 5480 2.1.1) and NULL for RSA (RFC 4055 5).
 */
#define SIG_ROW_MAX 14
#define KEY_ROW_MAX 20

/* clang-format off */
#define OID_ANSI_X962 0x2a, 0x86, 0x48, 0xce, 0x3d
#define OID_PKCS1     0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01
#define OID_NIST_HASHES 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02
#define OID_NIST_SIGS 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03

#define ECDSA(n)  { 10, 0x06, 8, OID_ANSI_X962, 0x04, 0x03, (n) }
#define PKCS1(n)  { 13, 0x06, 9, OID_PKCS1, (n), 0x05, 0 }
#define MLDSA(n)  { 11, 0x06, 9, OID_NIST_SIGS, (n) }
#define ED25519   { 5, 0x06, 3, 0x2b, 0x65, 0x70 }
#define EC_PUBLIC_KEY 0x06, 7, OID_ANSI_X962, 0x02, 0x01
/* clang-format on */

static const uint8_t sig_algs[][SIG_ROW_MAX] = {
    [BM_SIG_ECDSA_SHA256] = ECDSA(0x02), [BM_SIG_ECDSA_SHA384] = ECDSA(0x03),
    [BM_SIG_ECDSA_SHA512] = ECDSA(0x04), [BM_SIG_ED25519] = ED25519,
    [BM_SIG_RSA_SHA256] = PKCS1(0x0b),   [BM_SIG_RSA_SHA384] = PKCS1(0x0c),
    [BM_SIG_RSA_SHA512] = PKCS1(0x0d),   [BM_SIG_MLDSA44] = MLDSA(0x11),
    [BM_SIG_MLDSA65] = MLDSA(0x12),      [BM_SIG_MLDSA87] = MLDSA(0x13),
};

static const uint8_t key_algs[][KEY_ROW_MAX] = {
    [BM_KEY_P256] = { 19, EC_PUBLIC_KEY, 0x06, 8, OID_ANSI_X962, 0x03, 0x01,
                      0x07 },
    [BM_KEY_P384] = { 16, EC_PUBLIC_KEY, 0x06, 5, 0x2b, 0x81, 0x04, 0x00,
                      0x22 },
    [BM_KEY_ED25519] = ED25519,
    [BM_KEY_RSA] = PKCS1(0x01),
    [BM_KEY_MLDSA44] = MLDSA(0x11),
    [BM_KEY_MLDSA65] = MLDSA(0x12),
    [BM_KEY_MLDSA87] = MLDSA(0x13),
};

/* One row as the AlgorithmIdentifier that it is. */
static void put_row(struct bm_wr *w, const uint8_t *row)
{
    if (row[0] != 0) {
        bm_der_put(w, BM_DER_SEQUENCE, (struct bm_bytes){ row + 1, row[0] });
    }
}

/* RFC 5754 2: parameters SHOULD be absent. */
void bm_hash_alg_put(struct bm_wr *w, enum bm_hash hash)
{
    static const uint8_t sha1[] = { 7, 0x06, 5, 0x2b, 0x0e, 0x03, 0x02, 0x1a };
    uint8_t sha2[] = { 11, 0x06, 9, OID_NIST_HASHES, 0 };

    if (hash == BM_HASH_SHA1) {
        put_row(w, sha1);
    } else if (hash >= BM_HASH_SHA256 && hash <= BM_HASH_SHA512) {
        sha2[sizeof sha2 - 1] = (uint8_t)(hash - BM_HASH_SHA256 + 1);
        put_row(w, sha2);
    }
}

/*
 * RFC 4055 3.1
 *
 *   RSASSA-PSS-params ::= SEQUENCE {
 *       hashAlgorithm     [0] HashAlgorithm DEFAULT sha1Identifier,
 *       maskGenAlgorithm  [1] MaskGenAlgorithm DEFAULT mgf1SHA1,
 *       saltLength        [2] INTEGER DEFAULT 20,
 *       trailerField      [3] INTEGER DEFAULT 1 }
 *
 * Here, unlike in RFC 5754, the hash identifiers carry a NULL (2.1). Three
 * octets depend on the hash; the rest is the same for all of SHA-2.
 */
#define HASH_WITH_NULL 0x30, 13, 0x06, 9, OID_NIST_HASHES, 0x01, 0x05, 0

static void put_pss(struct bm_wr *w, unsigned nth)
{
    /* clang-format off */
    uint8_t pss[] = {
        65, 0x06, 9, OID_PKCS1, 0x0a, 0x30, 52,
        0xa0, 15, HASH_WITH_NULL,
        0xa1, 28, 0x30, 26, 0x06, 9, OID_PKCS1, 0x08, HASH_WITH_NULL,
        0xa2, 3, 0x02, 1, 32
    };
    /* clang-format on */

    pss[28] = (uint8_t)(pss[28] + nth);
    pss[58] = (uint8_t)(pss[58] + nth);
    pss[65] = (uint8_t)(pss[65] + 16 * nth); /* salt as long as the hash */
    put_row(w, pss);
}

void bm_sig_alg_put(struct bm_wr *w, enum bm_sig_alg alg)
{
    if (alg >= BM_SIG_RSA_PSS_SHA256 && alg <= BM_SIG_RSA_PSS_SHA512) {
        put_pss(w, (unsigned)(alg - BM_SIG_RSA_PSS_SHA256));
    } else if (alg <= BM_SIG_MLDSA87) {
        put_row(w, sig_algs[alg]);
    }
}

void bm_spki_put(struct bm_wr *w, enum bm_key_type type, struct bm_bytes key)
{
    size_t m;

    if (type == BM_KEY_UNKNOWN || type > BM_KEY_MLDSA87) {
        return;
    }
    m = bm_der_open(w, BM_DER_SEQUENCE);
    put_row(w, key_algs[type]);
    bm_der_put_octet_bits(w, key);
    bm_der_close(w, m);
}
