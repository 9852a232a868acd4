/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cert.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/cert_views.h"

#define TOLERATE_ALL                                                           \
    (BM_TOLERATE_EXPLICIT_FALSE | BM_TOLERATE_SERIAL | BM_TOLERATE_TIME_TYPE | \
     BM_TOLERATE_CERT_SIGN)

static void must(bool property)
{
    if (!property) {
        abort();
    }
}

/* A refusal says why and where, and leaves nothing behind. */
static void must_be_nothing(struct bm_bytes in, const struct bm_diag *diag,
                            bm_status rc, const struct bm_cert *cert)
{
    static const struct bm_cert zero;

    must(memcmp(cert, &zero, sizeof zero) == 0);
    must(diag->status == rc && diag->within != BM_OK);
    must(bm_diag_offset(diag, in.p, in.n) != SIZE_MAX);
}

/* What is signed is judged as it was before it was signed. */
static void must_agree_with_tbs(const struct bm_cert *cert)
{
    struct bm_cert tbs;

    must(bm_cert_parse_tbs(cert->tbs, NULL, &tbs) == BM_OK);
    must(tbs.subject.p == cert->subject.p && tbs.key.key.p == cert->key.key.p);
    must(tbs.ext.present == cert->ext.present);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_cert cert;
    bm_status strict = bm_cert_parse(in, BM_STRICT, &diag, &cert);
    bm_status rc;

    if (strict != BM_OK) {
        must_be_nothing(in, &diag, strict, &cert);
    } else {
        must(diag.status == BM_OK && diag.at == NULL);
        must(views_in_cert(in, &cert));
        must_agree_with_tbs(&cert);
    }
    rc = bm_cert_parse(in, TOLERATE_ALL, &diag, &cert);
    must(rc == BM_OK || strict != BM_OK);
    must(rc != BM_OK || views_in_cert(in, &cert));
    return 0;
}
