/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch_key.h"

#include <string.h>

#include "core/cert.h"
#include "core/pem.h"
#include "ports/openssl/openssl_sealed.h"

static struct bm_bytes secret_of(const struct batch_key *key)
{
    return (struct bm_bytes){ (const uint8_t *)key->secret,
                              strlen(key->secret) };
}

bm_status batch_key_take(struct batch_key *key, const char *pem,
                         struct bm_wr *room)
{
    struct bm_bytes left = { (const uint8_t *)pem, strlen(pem) };
    struct bm_pem block;
    size_t n;

    BM_TRY(bm_pem_next(&left, NULL, &block));
    BM_TRY(bm_pem_decode(&block, NULL, room));
    BM_TRY(bm_wr_finish(room, &n));
    key->octets = bm_wr_bytes(room);
    key->sealed = bm_pem_is(&block, "ENCRYPTED PRIVATE KEY");
    return BM_OK;
}

bm_status batch_key_check(const struct batch_key *key)
{
    struct bm_cert cert;
    bm_status rc;

    if (!key->sealed || key->secret[0] == '\0') {
        return BM_E_BATCH_SECRET;
    }
    BM_TRY(bm_cert_parse(key->cert, BM_STRICT, NULL, &cert));
    rc = bm_openssl_check_sealed(key->octets, secret_of(key), cert.key.der);
    return rc == BM_E_CRYPTO ? BM_E_BATCH_SECRET : rc;
}

bm_status batch_key_put_p12(const struct batch_key *key, struct bm_wr *w)
{
    const struct bm_openssl_pkcs12 p12 = { .sealed = key->octets,
                                           .secret = secret_of(key),
                                           .cert = key->cert,
                                           .chain = key->chain,
                                           .name = key->name };

    return bm_openssl_put_pkcs12(&p12, w);
}
