/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/openssl/openssl_envelope.h"

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static ASN1_OBJECT *type_of(struct bm_bytes oid)
{
    uint8_t der[64];

    if (oid.n == 0) {
        return OBJ_nid2obj(NID_pkcs7_data);
    }
    if (oid.n > sizeof der - 2) {
        return NULL;
    }
    der[0] = V_ASN1_OBJECT;
    der[1] = (uint8_t)oid.n;
    for (size_t i = 0; i < oid.n; i++) {
        der[2 + i] = oid.p[i];
    }
    return d2i_ASN1_OBJECT(NULL, &(const unsigned char *){ der },
                           (long)oid.n + 2);
}

static bool choose_kari(CMS_RecipientInfo *info)
{
    EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(info);

    /* The KDF itself is the only one that there is, and set by the library. */
    return ctx != NULL && EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) == 1;
}

static bool choose_ktri(CMS_RecipientInfo *info)
{
    EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(info);

    return ctx != NULL &&
           EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1;
}

static bool add_recipient(CMS_ContentInfo *cms, X509 *cert, bool modern)
{
    CMS_RecipientInfo *info =
        CMS_add1_recipient_cert(cms, cert, modern ? CMS_KEY_PARAM : 0);

    if (info == NULL || !modern) {
        return info != NULL;
    }
    return CMS_RecipientInfo_type(info) == CMS_RECIPINFO_AGREE
               ? choose_kari(info)
               : choose_ktri(info);
}

static bool make(CMS_ContentInfo *cms, const struct bm_openssl_envelope *e,
                 BIO *in)
{
    const unsigned char *p = e->recipient.p;
    X509 *cert = d2i_X509(NULL, &p, (long)e->recipient.n);
    ASN1_OBJECT *type = type_of(e->content_type);
    bool ok = cert != NULL && type != NULL &&
              CMS_set1_eContentType(cms, type) == 1 &&
              add_recipient(cms, cert, e->modern) &&
              CMS_final(cms, in, NULL, CMS_BINARY) == 1;

    ASN1_OBJECT_free(type);
    X509_free(cert);
    return ok;
}

bm_status bm_openssl_put_envelope(const struct bm_openssl_envelope *e,
                                  struct bm_wr *w)
{
    BIO *in = BIO_new_mem_buf(e->content.p, (int)e->content.n);
    CMS_ContentInfo *cms = NULL;
    unsigned char *der = NULL;
    bm_status rc = BM_E_CRYPTO;
    int n = -1;

    if (in != NULL) {
        cms = CMS_encrypt(
            NULL, in, e->bits == 128 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(),
            CMS_BINARY | CMS_PARTIAL);
    }
    if (cms != NULL && make(cms, e, in)) {
        n = i2d_CMS_ContentInfo(cms, &der);
    }
    if (n > 0) {
        rc = (size_t)n <= w->cap - w->len ? BM_OK : BM_E_BUFFER;
    }
    if (rc == BM_OK) {
        bm_wr_put(w, (struct bm_bytes){ der, (size_t)n });
    }
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    return rc;
}
