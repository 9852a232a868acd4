/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg_rows.h"

/*
 * Parameters are absent for ECDSA (RFC 5758 3.2), Ed25519 (RFC 8410 3) and
 * ML-DSA (RFC 9881 2), the curve for EC keys (RFC 5480 2.1.1) and NULL for
 * RSA (RFC 4055 5). Hashes stand here as RSA uses them.
 */
/* clang-format off */
#define ANSI_X962 "\x2a\x86\x48\xce\x3d"
#define PKCS1     "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define NIST_HASH "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"
#define NIST_SIG  "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03"
#define NO_PARAMS "\x05\x00"

#define ECDSA(n)  "\x30\x0a\x06\x08" ANSI_X962 "\x04\x03" n
#define RSA(n)    "\x30\x0d" PKCS1 n NO_PARAMS
#define SHA2(n)   "\x30\x0d" NIST_HASH n NO_PARAMS
#define MLDSA(n)  "\x30\x0b" NIST_SIG n
#define ED25519   "\x30\x05\x06\x03\x2b\x65\x70"
#define EC_KEY    "\x06\x07" ANSI_X962 "\x02\x01"
/* clang-format on */

/*
 * RFC 4055 3.1
 *
 *   RSASSA-PSS-params ::= SEQUENCE {
 *       hashAlgorithm     [0] HashAlgorithm DEFAULT sha1Identifier,
 *       maskGenAlgorithm  [1] MaskGenAlgorithm DEFAULT mgf1SHA1,
 *       saltLength        [2] INTEGER DEFAULT 20,
 *       trailerField      [3] INTEGER DEFAULT 1 }
 *
 * The mask is MGF1 with the same hash, the salt as long as the hash.
 */
#define MGF1 PKCS1 "\x08"
#define PSS(n, salt)                                                        \
    "\x30\x41" PKCS1 "\x0a\x30\x34\xa0\x0f" SHA2(n) "\xa1\x1c\x30\x1a" MGF1 \
    SHA2(n) "\xa2\x03\x02\x01" salt

#define SHA256_NONE "\x30\x0b" NIST_HASH "\x01"

const uint8_t bm_pss_without_null[63] =
    "\x30\x3d" PKCS1 "\x0a\x30\x30\xa0\x0d" SHA256_NONE
    "\xa1\x1a\x30\x18" MGF1 SHA256_NONE "\xa2\x03\x02\x01\x20";

const uint8_t bm_sig_ids[] =
    ECDSA("\x02") ECDSA("\x03") ECDSA("\x04") ED25519 RSA("\x0b") RSA("\x0c")
        RSA("\x0d") PSS("\x01", "\x20") PSS("\x02", "\x30") PSS("\x03", "\x40")
            MLDSA("\x11") MLDSA("\x12") MLDSA("\x13");

const uint8_t bm_key_ids[] =
    "\x30\x13" EC_KEY "\x06\x08" ANSI_X962 "\x03\x01\x07" /* P-256 */
    "\x30\x10" EC_KEY "\x06\x05\x2b\x81\x04\x00\x22"      /* P-384 */
    ED25519 RSA("\x01") MLDSA("\x11") MLDSA("\x12") MLDSA("\x13");

const uint8_t bm_hash_ids[] =
    "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a" NO_PARAMS SHA2("\x01") SHA2("\x02")
        SHA2("\x03");

/* Where the identifier number `n` begins, or NULL. */
static const uint8_t *find(const uint8_t *ids, unsigned n)
{
    while (n > 1 && ids[0] != 0) {
        ids += 2 + ids[1];
        n--;
    }
    return n == 1 && ids[0] != 0 ? ids : NULL;
}

static void put(struct bm_wr *w, const uint8_t *id)
{
    if (id != NULL) {
        bm_wr_put(w, (struct bm_bytes){ id, 2u + id[1] });
    }
}

/* RFC 5754 2: parameters SHOULD be absent. */
void bm_hash_alg_put(struct bm_wr *w, enum bm_hash hash)
{
    const uint8_t *id = find(bm_hash_ids, hash);

    if (id != NULL) {
        bm_der_put(w, BM_DER_SEQUENCE, (struct bm_bytes){ id + 2, 2u + id[3] });
    }
}

void bm_sig_alg_put(struct bm_wr *w, enum bm_sig_alg alg)
{
    put(w, find(bm_sig_ids, alg));
}

void bm_spki_put(struct bm_wr *w, enum bm_key_type type, struct bm_bytes key)
{
    size_t m;

    if (type == BM_KEY_UNKNOWN || type > BM_KEY_MLDSA87) {
        return;
    }
    m = bm_der_open(w, BM_DER_SEQUENCE);
    put(w, find(bm_key_ids, type));
    bm_der_put_octet_bits(w, key);
    bm_der_close(w, m);
}
