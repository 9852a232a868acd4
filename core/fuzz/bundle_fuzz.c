/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bundle.h"

#include <string.h>

#include "core/fuzz/blind_crypto.h"
#include "core/fuzz/must.h"

static void must_walk(struct bm_bytes in, const struct bm_bundle *b)
{
    struct bm_bytes list = b->anchors;
    struct bm_bundle_anchor anchor;
    struct bm_bundle_issuer issuer;
    struct bm_bytes octets;

    while (bm_bundle_anchor_next(&list, &anchor)) {
        must_be_inside(in, anchor.cert);
    }
    must(list.n == 0);
    for (list = b->cross; bm_bundle_cross_next(&list, &octets);) {
        must_be_inside(in, octets);
    }
    must(list.n == 0);
    for (list = b->keys; bm_bundle_octets_next(&list, &octets);) {
        must(octets.n == BM_BUNDLE_KEY_SIZE);
        must(bm_bundle_denies_key(b, octets.p));
    }
    must(list.n == 0);
    for (list = b->issuers; bm_bundle_issuer_next(&list, &issuer);) {
        struct bm_bytes serials = issuer.serials;

        while (bm_bundle_octets_next(&serials, &octets)) {
            must(bm_bundle_ask(b, issuer.key.p, octets) == BM_BUNDLE_DENIED);
        }
        must(serials.n == 0);
    }
    must(list.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bm_bundle zero;
    struct bm_bytes in = { data, size };
    struct bm_bundle bundle;
    struct bm_bytes certs;
    struct bm_cert signer;
    struct bm_cms cms;

    if (bm_bundle_parse(in, NULL, &bundle) == BM_OK) {
        must_walk(in, &bundle);
    } else {
        must(memcmp(&bundle, &zero, sizeof zero) == 0);
    }
    /* So no message may ever open; its content is looked at all the same. */
    must(bm_bundle_open(in, &blind_crypto, &signer, &certs, &bundle) != BM_OK);
    must(memcmp(&bundle, &zero, sizeof zero) == 0 && signer.der.n == 0);
    if (bm_cms_parse(in, NULL, &cms) == BM_OK &&
        bm_bundle_parse(cms.content, NULL, &bundle) == BM_OK) {
        must_walk(in, &bundle);
    }
    return 0;
}
