/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TRUST_INTERNAL_H
#define BM_DEVICE_TRUST_INTERNAL_H

#include "device/trust.h"

/* Between the files of trust.h only. */

/* Records of the log. */
#define TRUST_HEAD       BM_LOG_KEY(BM_LOG_TRUST, 0)
#define TRUST_LEARNED(i) BM_LOG_KEY(BM_LOG_TRUST, 0x10 + (i))
#define TRUST_CHUNK(bank, i) \
    BM_LOG_KEY(BM_LOG_TRUST, 0x100 * (1 + (bank)) + (i))

/* Is `der` one of the anchors already, to the octet? */
bool bm_trust_has_der(const struct bm_cert *anchors, size_t n,
                      struct bm_bytes der);

/* Certificates that help to find a path, one after another, into `to`. */
size_t bm_trust_pool(struct bm_bytes certs, struct bm_cert *to, size_t max);

/* The same of the bundle's cross-certificates. */
size_t bm_trust_cross(const struct bm_trust *trust, struct bm_cert *to);

/* What the callback of a path knows and finds out. */
struct bm_trust_check {
    const struct bm_trust *trust;
    const struct bm_cert *anchors; /* where they begin, and how many */
    size_t anchors_n;
    struct bm_trust_policy policy;
    int64_t now;
    const struct bm_cert *denied; /* by the bundle: the last one */
    bool stale;
};

/* struct bm_revocation's check; `self` is a struct bm_trust_check. */
bm_status bm_trust_revoked(void *self, const struct bm_cert *cert,
                           const struct bm_cert *issuer);

/* A moment that a bundle or CRL proved. What the log does not keep of it is no
 * reason to give the bundle or CRL up. */
void bm_trust_tell_clock(const struct bm_trust *trust, int64_t moment,
                         uint32_t connection, uint32_t uptime);

/* Does the peer's own certificate name whom `expect` wants? */
bm_status bm_trust_name(const struct bm_cert *cert,
                        const struct bm_trust_expect *expect);

/*
 * The whole judgement, with or without revocation. After BM_OK the path is in
 * trust->config.work.
 */
bm_status bm_trust_find(const struct bm_trust *trust,
                        const struct bm_bytes *certs, size_t n,
                        const struct bm_trust_expect *expect, bool revocation,
                        struct bm_trust_verdict *verdict);

/* Load what the log holds: roots first, they may speak for the bundle. */
bm_status bm_trust_load_learned(struct bm_trust *trust);
bm_status bm_trust_load_bundle(struct bm_trust *trust);

/* An anchor of this name and key? Among pinned and learned ones, in `to`. */
bool bm_trust_is_anchor(const struct bm_cert *anchors, size_t n,
                        const struct bm_cert *cert);

#endif
