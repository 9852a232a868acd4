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

#endif
