/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_ANCHORS_H
#define BM_AGENT_ANCHORS_H

#include "device/trust.h"

/* Certificates of a file, as DER: pinned anchors, the IDevID's chain. */
#define ANCHORS_MAX 6

/* Six RSA-4096 certificates with many names, as PEM. */
#define ANCHORS_FILE_MAX 65536

struct anchors {
    uint8_t *der; /* all of them, one behind another */
    struct bm_bytes cert[ANCHORS_MAX];
    size_t n;
};

/*
 * Read PEM (blocks "CERTIFICATE" and text around them) or one certificate in
 * DER. BM_E_LIMIT: more than ANCHORS_MAX; BM_E_PEM_BEGIN: none; and what is
 * wrong with one. On error `*a` is zero.
 */
BM_MUST_CHECK bm_status anchors_load(const char *path, struct anchors *a);
BM_MUST_CHECK bm_status anchors_parse(struct bm_bytes text, struct anchors *a);
void anchors_free(struct anchors *a); /* a zeroed one is fine */

#endif
