/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates of endorsement keys: TCG EK Credential Profile, 3.2. */
#include "ca/attest.h"

#include "core/path.h"

/* tcg-kp-EKCertificate, 2.23.133.8.1 */
#define OID_KP_EK "\x67\x81\x05\x08\x01"

/* Makers burnt an explicit FALSE into them. */
#define TOLERATE (BM_TOLERATE_EXPLICIT_FALSE | BM_TOLERATE_SERIAL)

static bm_status take_chain(struct bm_bytes chain,
                            struct bm_cert pool[CA_ATTEST_CHAIN_MAX], size_t *n)
{
    struct bm_der d;
    struct bm_bytes der;

    *n = 0;
    bm_der_init(&d, chain, NULL);
    while (bm_der_left(&d) != 0) {
        if (*n == CA_ATTEST_CHAIN_MAX) {
            return BM_E_LIMIT;
        }
        BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &der));
        BM_TRY(bm_cert_parse(der, TOLERATE, NULL, &pool[*n]));
        *n += 1;
    }
    return BM_OK;
}

/* 3.5.7: keyEncipherment with RSA, keyAgreement with EC. There are TPMs on EC
 * with the first (swtpm 0.7), so either will do. */
static bool decrypts(const struct bm_cert *cert)
{
    return (cert->ext.key_usage &
            (BM_KU_KEY_ENCIPHERMENT | BM_KU_KEY_AGREEMENT)) != 0;
}

bm_status ca_attest_check_ek(const struct ca_attest_config *config,
                             struct bm_bytes der, struct bm_bytes chain,
                             struct bm_cert *cert, struct ca_refusal *why)
{
    struct bm_cert pool[CA_ATTEST_CHAIN_MAX];
    struct bm_path_config c = { .crypto = config->crypto,
                                .anchors = config->cas,
                                .anchors_n = config->cas_n,
                                .pool = pool,
                                .flags =
                                    BM_PATH_ANCHOR_ANY_TIME | BM_PATH_NEED_EKU,
                                .purpose = BM_LIT(OID_KP_EK) };
    struct bm_path path;
    bm_status rc;

    if (config->cas_n == 0) {
        return ca_refuse_plain(why, BM_E_ATTEST_OFF);
    }
    rc = bm_cert_parse(der, TOLERATE, NULL, cert);
    if (rc != BM_OK) {
        return ca_refuse(why, BM_E_ATTEST_EK, "%s", bm_status_text(rc));
    }
    rc = take_chain(chain, pool, &c.pool_n);
    if (rc != BM_OK) {
        return ca_refuse(why, BM_E_ATTEST_EK, "CAs above it: %s",
                         bm_status_text(rc));
    }
    if (!decrypts(cert)) {
        return ca_refuse_plain(why, BM_E_ATTEST_EK);
    }
    c.time = cert->not_before;
    rc = bm_path_find(&path, &c, cert);
    return rc == BM_OK ? BM_OK
                       : ca_refuse(why, rc, "endorsement key certificate");
}
