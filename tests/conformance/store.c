/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No certificate or CRL of a suite is larger. */
#define FILE_MAX ((size_t)1 << 20)

void store_init(struct store *s, unsigned tolerate)
{
    memset(s, 0, sizeof *s);
    s->tolerate = tolerate;
}

static bm_status add_cert(unsigned tolerate, struct bm_cert *list, size_t *n,
                          struct bm_bytes der)
{
    bm_status rc = BM_E_LIMIT;

    if (*n < STORE_CERTS_MAX) {
        rc = bm_cert_parse(der, tolerate, NULL, &list[*n]);
    }
    *n += rc == BM_OK;
    return rc;
}

static bm_status add_crl(struct store *s, struct bm_bytes der)
{
    bm_status rc = BM_E_LIMIT;

    if (s->crls_n < STORE_CRLS_MAX) {
        rc = bm_crl_parse(der, NULL, &s->crls[s->crls_n]);
    }
    s->crls_n += rc == BM_OK;
    s->crl_refused = s->crl_refused || rc != BM_OK;
    return rc;
}

bm_status store_add(struct store *s, enum store_role role, uint8_t *der,
                    size_t n)
{
    struct bm_bytes in = { der, n };
    bm_status rc;

    s->memory[s->memory_n++] = der;
    switch (role) {
    case STORE_ANCHOR:
        return add_cert(s->tolerate, s->anchors, &s->anchors_n, in);
    case STORE_POOL:
        return add_cert(s->tolerate, s->pool, &s->pool_n, in);
    case STORE_CRL:
        return add_crl(s, in);
    default:
        rc = bm_cert_parse(in, s->tolerate, NULL, &s->leaf);
        s->has_leaf = rc == BM_OK;
        return rc;
    }
}

bool store_add_file(struct store *s, enum store_role role, const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *der = malloc(FILE_MAX);
    size_t n = 0;
    bool good = f != NULL && der != NULL;

    if (good) {
        n = fread(der, 1, FILE_MAX, f);
        good = n > 0 && !ferror(f);
    }
    if (good) {
        (void)store_add(s, role, der, n);
    } else {
        printf("# %s: cannot be read\n", path);
        free(der);
    }
    if (f != NULL) {
        fclose(f);
    }
    return good;
}

void store_free(struct store *s)
{
    for (size_t i = 0; i < s->memory_n; i++) {
        free(s->memory[i]);
    }
    store_init(s, s->tolerate);
}
