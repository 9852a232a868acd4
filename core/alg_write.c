/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg_rows.h"

/*
 * Parameters are absent for ECDSA (RFC 5758 3.2), Ed25519 (RFC 8410 3) and
 * ML-DSA (RFC 9881 2), the curve for EC keys (RFC 5480 2.1.1) and NULL for
 * RSA (RFC 4055 5). Hashes stand here as RSA uses them.
 */
/* clang-format off */
#define OID_ANSI_X962 0x2a, 0x86, 0x48, 0xce, 0x3d
#define OID_PKCS1     0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01
#define OID_NIST_HASHES 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02
#define OID_NIST_SIGS 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03

#define ECDSA(n)  { 10, 0x06, 8, OID_ANSI_X962, 0x04, 0x03, (n) }
#define PKCS1(n)  { 13, 0x06, 9, OID_PKCS1, (n), 0x05, 0 }
#define SHA2(n)   { 13, 0x06, 9, OID_NIST_HASHES, (n), 0x05, 0 }
#define MLDSA(n)  { 11, 0x06, 9, OID_NIST_SIGS, (n) }
#define ED25519   { 5, 0x06, 3, 0x2b, 0x65, 0x70 }
#define EC_PUBLIC_KEY 0x06, 7, OID_ANSI_X962, 0x02, 0x01
/* clang-format on */

const uint8_t bm_sig_rows[BM_SIG_MLDSA87 + 1][BM_SIG_ROW_MAX] = {
    [BM_SIG_ECDSA_SHA256] = ECDSA(0x02), [BM_SIG_ECDSA_SHA384] = ECDSA(0x03),
    [BM_SIG_ECDSA_SHA512] = ECDSA(0x04), [BM_SIG_ED25519] = ED25519,
    [BM_SIG_RSA_SHA256] = PKCS1(0x0b),   [BM_SIG_RSA_SHA384] = PKCS1(0x0c),
    [BM_SIG_RSA_SHA512] = PKCS1(0x0d),   [BM_SIG_MLDSA44] = MLDSA(0x11),
    [BM_SIG_MLDSA65] = MLDSA(0x12),      [BM_SIG_MLDSA87] = MLDSA(0x13),
};

const uint8_t bm_key_rows[BM_KEY_MLDSA87 + 1][BM_KEY_ROW_MAX] = {
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

const uint8_t bm_hash_rows[BM_HASH_SHA512 + 1][BM_HASH_ROW_MAX] = {
    [BM_HASH_SHA1] = { 9, 0x06, 5, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0 },
    [BM_HASH_SHA256] = SHA2(0x01),
    [BM_HASH_SHA384] = SHA2(0x02),
    [BM_HASH_SHA512] = SHA2(0x03),
};

/* One row as the AlgorithmIdentifier that it is. */
static void put_row(struct bm_wr *w, const uint8_t *row)
{
    if (row[0] != 0) {
        bm_der_put(w, BM_DER_SEQUENCE, (struct bm_bytes){ row + 1, row[0] });
    }
}

static void put_hash(struct bm_wr *w, enum bm_hash hash, bool null)
{
    const uint8_t *row = bm_hash_rows[hash];
    size_t n = null ? row[0] : row[2] + 2u;

    bm_der_put(w, BM_DER_SEQUENCE, (struct bm_bytes){ row + 1, n });
}

/* RFC 5754 2: parameters SHOULD be absent. */
void bm_hash_alg_put(struct bm_wr *w, enum bm_hash hash)
{
    if (hash != BM_HASH_NONE && hash <= BM_HASH_SHA512) {
        put_hash(w, hash, false);
    }
}

#define OID_MGF1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"

/*
 * RFC 4055 3.1
 *
 *   RSASSA-PSS-params ::= SEQUENCE {
 *       hashAlgorithm     [0] HashAlgorithm DEFAULT sha1Identifier,
 *       maskGenAlgorithm  [1] MaskGenAlgorithm DEFAULT mgf1SHA1,
 *       saltLength        [2] INTEGER DEFAULT 20,
 *       trailerField      [3] INTEGER DEFAULT 1 }
 */
void bm_alg_put_pss(struct bm_wr *w, enum bm_hash hash, bool null)
{
    size_t alg = bm_der_open(w, BM_DER_SEQUENCE);
    size_t params;
    size_t field;
    size_t mgf;

    bm_der_put_oid(w, BM_LIT(BM_OID_RSA_PSS));
    params = bm_der_open(w, BM_DER_SEQUENCE);
    field = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    put_hash(w, hash, null);
    bm_der_close(w, field);
    field = bm_der_open(w, BM_DER_CONSTRUCTED(1));
    mgf = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_oid(w, BM_LIT(OID_MGF1));
    put_hash(w, hash, null);
    bm_der_close(w, mgf);
    bm_der_close(w, field);
    field = bm_der_open(w, BM_DER_CONSTRUCTED(2));
    bm_der_put_u32(w, (uint32_t)bm_hash_len(hash));
    bm_der_close(w, field);
    bm_der_close(w, params);
    bm_der_close(w, alg);
}

void bm_sig_alg_put(struct bm_wr *w, enum bm_sig_alg alg)
{
    if (alg >= BM_SIG_RSA_PSS_SHA256 && alg <= BM_SIG_RSA_PSS_SHA512) {
        bm_alg_put_pss(w, bm_sig_alg_hash(alg), true);
    } else if (alg <= BM_SIG_MLDSA87) {
        put_row(w, bm_sig_rows[alg]);
    }
}

void bm_spki_put(struct bm_wr *w, enum bm_key_type type, struct bm_bytes key)
{
    size_t m;

    if (type == BM_KEY_UNKNOWN || type > BM_KEY_MLDSA87) {
        return;
    }
    m = bm_der_open(w, BM_DER_SEQUENCE);
    put_row(w, bm_key_rows[type]);
    bm_der_put_octet_bits(w, key);
    bm_der_close(w, m);
}
