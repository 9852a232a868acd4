/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CMS_INTERNAL_H
#define BM_CORE_CMS_INTERNAL_H

#include "core/cms.h"

/*
 * Take a ContentInfo that holds SignedData, to the end of the input. Checks
 * everything but the version and what is inside the SignerInfos.
 */
BM_MUST_CHECK bm_status bm_cms_take_signed_data(struct bm_der *d,
                                                struct bm_cms *cms);

/* Open a ContentInfo and its SignedData, version written; close both. */
struct bm_cms_mark {
    size_t info;
    size_t content;
    size_t signed_data;
};
struct bm_cms_mark bm_cms_open(struct bm_wr *w, uint32_t version);
void bm_cms_close(struct bm_wr *w, const struct bm_cms_mark *mark);

/* A sorted SET OF ready-made elements under `tag`; nothing if none. */
BM_MUST_CHECK bm_status bm_cms_put_set(struct bm_wr *w, uint8_t tag,
                                       struct bm_bytes elements);

#endif
