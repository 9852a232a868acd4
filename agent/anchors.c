/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/anchors.h"

#include <stdlib.h>
#include <string.h>

#include "agent/fs.h"
#include "core/cert.h"
#include "core/pem.h"

static bm_status take(struct anchors *a, struct bm_bytes der)
{
    struct bm_cert cert;

    if (a->n == ANCHORS_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(bm_cert_parse(der, 0, NULL, &cert));
    a->cert[a->n++] = der;
    return BM_OK;
}

static bm_status take_blocks(struct anchors *a, struct bm_bytes text)
{
    struct bm_pem block;
    struct bm_wr w;
    size_t mark;
    bm_status rc;

    bm_wr_init(&w, a->der, text.n);
    while ((rc = bm_pem_next(&text, NULL, &block)) == BM_OK) {
        if (!bm_pem_is(&block, "CERTIFICATE")) {
            continue;
        }
        mark = w.len;
        BM_TRY(bm_pem_decode(&block, NULL, &w));
        BM_TRY(take(a, (struct bm_bytes){ a->der + mark, w.len - mark }));
    }
    return rc != BM_E_END ? rc : a->n == 0 ? BM_E_PEM_BEGIN : BM_OK;
}

bm_status anchors_parse(struct bm_bytes text, struct anchors *a)
{
    bm_status rc;

    memset(a, 0, sizeof *a);
    a->der = malloc(text.n + 1);
    if (a->der == NULL) {
        return BM_E_MEMORY;
    }
    if (text.n != 0 && text.p[0] == 0x30) { /* X.690: a SEQUENCE */
        memcpy(a->der, text.p, text.n);
        rc = take(a, (struct bm_bytes){ a->der, text.n });
    } else {
        rc = take_blocks(a, text);
    }
    if (rc != BM_OK) {
        anchors_free(a);
    }
    return rc;
}

bm_status anchors_load(const char *path, struct anchors *a)
{
    uint8_t *text;
    size_t n;
    bm_status rc;

    memset(a, 0, sizeof *a);
    BM_TRY(fs_read(path, ANCHORS_FILE_MAX, &text, &n));
    rc = anchors_parse((struct bm_bytes){ text, n }, a);
    free(text);
    return rc;
}

void anchors_free(struct anchors *a)
{
    free(a->der);
    memset(a, 0, sizeof *a);
}
