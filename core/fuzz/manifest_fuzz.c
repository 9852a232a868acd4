/* SPDX-License-Identifier: Apache-2.0 */
#include "core/manifest.h"

#include <string.h>

#include "core/fuzz/blind_crypto.h"
#include "core/fuzz/must.h"

static void must_walk(struct bm_bytes in, const struct bm_manifest *m)
{
    struct bm_bytes list = m->items;
    struct bm_manifest_item item;

    must_be_inside(in, m->series);
    must_be_inside(in, m->device);
    must(m->version != 0 && m->issued <= m->next_update);
    while (bm_manifest_next(&list, &item)) {
        must_be_inside(in, item.path);
        must_be_inside(in, item.version);
        must_be_inside(in, item.sha256);
        must(item.path.n != 0 && item.path.p[0] == '/');
        must(memchr(item.path.p, '\n', item.path.n) == NULL);
        must(item.sha256.n == BM_MANIFEST_HASH_SIZE);
        must(item.size != 0 && item.size <= BM_MANIFEST_BLOB_MAX);
        must(item.image < BM_MANIFEST_IMAGES);
    }
    must(list.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bm_manifest zero;
    struct bm_bytes in = { data, size };
    struct bm_manifest manifest;
    struct bm_bytes certs;
    struct bm_cert signer;
    struct bm_cms cms;

    if (bm_manifest_parse(in, NULL, &manifest) == BM_OK) {
        must_walk(in, &manifest);
    } else {
        must(memcmp(&manifest, &zero, sizeof zero) == 0);
    }
    /* So no message may ever open; its content is looked at all the same. */
    must(bm_manifest_open(in, &blind_crypto, &signer, &certs, &manifest) !=
         BM_OK);
    must(memcmp(&manifest, &zero, sizeof zero) == 0 && signer.der.n == 0);
    if (bm_cms_parse(in, NULL, &cms) == BM_OK &&
        bm_manifest_parse(cms.content, NULL, &manifest) == BM_OK) {
        must_walk(in, &manifest);
    }
    return 0;
}
