/* SPDX-License-Identifier: Apache-2.0 */
#include "core/host.h"
#include "device/trust.h"
#include <string.h>

bm_status bm_trust_judge(const struct bm_trust *trust,
                         const struct bm_bytes *certs, size_t n,
                         const struct bm_trust_expect *expect,
                         struct bm_trust_verdict *verdict)
{
    static struct bm_cert c[BM_TRUST_CHAIN_MAX + BM_TRUST_ANCHORS_MAX];
    static struct bm_path path;
    struct bm_cert *anchors = c + BM_TRUST_CHAIN_MAX;
    struct bm_path_config config = {
        .crypto = trust->config.crypto,
        .anchors = anchors,
        .anchors_n = trust->config.anchors_n,
        .pool = c + 1,
        .pool_n = n - 1,
        .time = 1800000000,
    };
    bm_status rc = n > BM_TRUST_CHAIN_MAX ? BM_E_LIMIT : BM_OK;

    for (size_t i = 0; rc == BM_OK && i < n; i++) {
        verdict->cert = i;
        rc = bm_cert_parse(certs[i], BM_STRICT, NULL, &c[i]);
    }
    for (size_t i = 0; rc == BM_OK && i < trust->config.anchors_n; i++) {
        rc = bm_cert_parse(trust->config.anchors[i], BM_STRICT, NULL,
                           &anchors[i]);
    }
    if (rc == BM_OK) {
        rc = bm_path_find(&path, &config, &c[0]);
    }
    if (rc == BM_OK && expect->use == BM_TRUST_CLOUD) {
        rc = bm_host_match(&c[0], BM_GN_DNS,
                           (struct bm_bytes){ (const uint8_t *)expect->host,
                                              strlen(expect->host) });
    }
    verdict->status = rc;
    return rc;
}
