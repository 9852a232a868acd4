/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cert.h"
#include "core/ocsp.h"
#include "core/oid.h"

/*
 * RFC 6960 3.2 says what a client confirms before it believes a response;
 * 4.2.2.2 says who may sign one. Each function below is one of those.
 */

/*
 * 3.2 (1): the answer is about the certificate that was asked about. Should
 * there be several, "revoked" is the one that counts.
 */
static bm_status find_single(const struct bm_ocsp_response *response,
                             const struct bm_crypto *crypto,
                             const struct bm_ocsp_target *target,
                             struct bm_ocsp_single *single)
{
    struct bm_bytes list = response->list;
    bm_status found = BM_E_OCSP_MISSING;
    struct bm_ocsp_single next;

    while (bm_ocsp_single_next(&list, &next)) {
        bm_status rc = bm_ocsp_certid_match(&next.id, crypto, target);

        if (rc == BM_E_OCSP_MISSING) {
            continue;
        }
        BM_TRY(rc);
        if (found != BM_OK || next.status == BM_OCSP_REVOKED) {
            *single = next;
        }
        found = BM_OK;
    }
    return found;
}

/* `t` and `by` seconds, or the end of time that lies in that direction. */
static int64_t move(int64_t t, int64_t by)
{
    if (by > 0 && t > INT64_MAX - by) {
        return INT64_MAX;
    }
    return by < 0 && t < INT64_MIN - by ? INT64_MIN : t + by;
}

/* 3.2 (5), (6): thisUpdate is recent, nextUpdate is yet to come. */
static bm_status check_times(const struct bm_ocsp_single *single,
                             const struct bm_ocsp_check *check)
{
    int64_t earliest = move(check->now, -check->skew);
    int64_t latest = move(check->now, check->skew);

    if (single->this_update > latest) {
        return BM_E_OCSP_TIME;
    }
    if (single->has_next_update) {
        return single->next_update < single->this_update ||
                       single->next_update < earliest
                   ? BM_E_OCSP_TIME
                   : BM_OK;
    }
    return single->this_update < move(earliest, -check->max_age)
               ? BM_E_OCSP_TIME
               : BM_OK;
}

/* RFC 9654 2.1: a nonce that comes back must be the one that was sent. */
static bm_status check_nonce(const struct bm_ocsp_response *response,
                             const struct bm_ocsp_check *check, bool *matches)
{
    *matches =
        check->nonce.n != 0 && bm_bytes_equal(check->nonce, response->nonce);
    if (*matches) {
        return BM_OK;
    }
    if (check->nonce_required ||
        (check->nonce.n != 0 && response->nonce.n != 0)) {
        return BM_E_OCSP_NONCE;
    }
    return BM_OK;
}

/*
 * Is the owner of `name` and `key` the one whom the response names? Where the
 * provider has no SHA-1 (a small device), a name by key cannot be told from
 * another. It says only which key to try; the signature decides.
 */
static bm_status check_responder(const struct bm_ocsp_response *response,
                                 const struct bm_crypto *crypto,
                                 struct bm_bytes name,
                                 const struct bm_spki *key)
{
    uint8_t id[BM_HASH_MAX];
    bm_status rc;

    if (response->responder_key.n == 0) {
        return bm_name_equal(response->responder_name, name) ? BM_OK
                                                             : BM_E_OCSP_SIGNER;
    }
    rc = crypto->hash(crypto->self, BM_HASH_SHA1, key->key, id);
    if (rc == BM_E_CRYPTO_UNSUPPORTED) {
        return BM_OK;
    }
    BM_TRY(rc);
    return bm_bytes_equal(response->responder_key,
                          (struct bm_bytes){ id, BM_SKI_SIZE })
               ? BM_OK
               : BM_E_OCSP_SIGNER;
}

static bm_status verify_with(const struct bm_ocsp_response *response,
                             const struct bm_crypto *crypto,
                             const struct bm_spki *key)
{
    bm_status rc;

    if (response->sig_alg == BM_SIG_UNKNOWN) {
        return BM_E_ALG_UNSUPPORTED;
    }
    BM_TRY(bm_spki_weak(key));
    rc = crypto->verify(crypto->self, key, response->sig_alg, response->tbs,
                        response->signature);
    return rc == BM_E_SIGNATURE ? BM_E_OCSP_SIGNATURE : rc;
}

/*
 * RFC 6960 4.2.2.2 MUST: the delegate's certificate is "issued directly by
 * the CA that is identified in the request", with the same key, and includes
 * id-kp-OCSPSigning; anyExtendedKeyUsage is not enough.
 */
static bm_status check_delegate(const struct bm_cert *cert,
                                const struct bm_crypto *crypto,
                                const struct bm_ocsp_check *check)
{
    bool may_sign =
        bm_exts_has(&cert->ext, BM_EXT_EKU) &&
        bm_exts_allow_eku(&cert->ext, BM_LIT(BM_OID_KP_OCSP_SIGNING), false) &&
        (!bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) ||
         (cert->ext.key_usage & BM_KU_DIGITAL_SIGNATURE) != 0);

    if (!may_sign || cert->ext.unknown_critical.n != 0 ||
        cert->sig_alg == BM_SIG_UNKNOWN || check->now < cert->not_before ||
        check->now > cert->not_after ||
        !bm_name_equal(cert->issuer, check->target.issuer)) {
        return BM_E_OCSP_SIGNER;
    }
    return crypto->verify(crypto->self, check->target.issuer_key, cert->sig_alg,
                          cert->tbs, cert->signature) == BM_OK
               ? BM_OK
               : BM_E_OCSP_SIGNER;
}

/* Take the next certificate that parses, or say BM_E_END. */
static bm_status next_cert(struct bm_der *certs, struct bm_cert *cert)
{
    struct bm_bytes der;

    while (bm_der_take_element(certs, BM_DER_SEQUENCE, &der) == BM_OK) {
        if (bm_cert_parse(der, BM_STRICT, NULL, cert) == BM_OK) {
            return BM_OK;
        }
    }
    return BM_E_END;
}

static bm_status try_delegate(const struct bm_ocsp_response *response,
                              const struct bm_crypto *crypto,
                              const struct bm_ocsp_check *check,
                              const struct bm_cert *cert)
{
    BM_TRY(check_responder(response, crypto, cert->subject, &cert->key));
    BM_TRY(check_delegate(cert, crypto, check));
    return verify_with(response, crypto, &cert->key);
}

/* At most BM_OCSP_CERTS_MAX certificates are there to be tried. */
static bm_status verify_by_delegate(const struct bm_ocsp_response *response,
                                    const struct bm_crypto *crypto,
                                    const struct bm_ocsp_check *check,
                                    struct bm_ocsp_result *result)
{
    bm_status rc = BM_E_OCSP_SIGNER;
    struct bm_der certs;
    struct bm_cert cert;

    bm_der_init(&certs, response->certs, NULL);
    while (next_cert(&certs, &cert) == BM_OK) {
        bm_status tried = try_delegate(response, crypto, check, &cert);

        if (tried == BM_OK) {
            result->delegate = cert.der;
            result->nocheck = bm_exts_has(&cert.ext, BM_EXT_OCSP_NOCHECK);
            return BM_OK;
        }
        if (tried != BM_E_OCSP_SIGNER) {
            rc = tried; /* it was the one, so that tells more */
        }
    }
    return rc;
}

/* 3.2 (2) to (4): the signature is right, and of somebody who may sign. */
static bm_status check_signer(const struct bm_ocsp_response *response,
                              const struct bm_crypto *crypto,
                              const struct bm_ocsp_check *check,
                              struct bm_ocsp_result *result)
{
    bm_status rc = check_responder(response, crypto, check->target.issuer,
                                   check->target.issuer_key);
    bm_status by_delegate;

    if (rc == BM_OK) {
        rc = verify_with(response, crypto, check->target.issuer_key);
    }
    /* A delegate's key need not be of the same kind */
    if (rc != BM_E_OCSP_SIGNER && rc != BM_E_OCSP_SIGNATURE &&
        rc != BM_E_KEY_MISMATCH) {
        return rc;
    }
    by_delegate = verify_by_delegate(response, crypto, check, result);
    return by_delegate == BM_E_OCSP_SIGNER ? rc : by_delegate;
}

static bm_status verify(const struct bm_ocsp_response *response,
                        const struct bm_crypto *crypto,
                        const struct bm_ocsp_check *check,
                        struct bm_ocsp_result *result)
{
    if (response->tbs.n == 0) {
        return BM_E_OCSP_STATUS; /* an error response answers nothing */
    }
    BM_TRY(find_single(response, crypto, &check->target, &result->single));
    if (response->unknown_critical.n != 0 ||
        result->single.unknown_critical.n != 0) {
        return BM_E_OCSP_CRITICAL;
    }
    BM_TRY(check_times(&result->single, check));
    BM_TRY(check_nonce(response, check, &result->nonce_matches));
    return check_signer(response, crypto, check, result);
}

bm_status bm_ocsp_verify(const struct bm_ocsp_response *response,
                         const struct bm_crypto *crypto,
                         const struct bm_ocsp_check *check,
                         struct bm_ocsp_result *result)
{
    bm_status rc;

    *result = (struct bm_ocsp_result){ 0 };
    rc = verify(response, crypto, check, result);
    if (rc != BM_OK) {
        *result = (struct bm_ocsp_result){ 0 };
    }
    return rc;
}
