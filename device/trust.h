/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TRUST_H
#define BM_DEVICE_TRUST_H

#include "core/path.h"
#include "device/clock.h"

/*
 * The one judge of peers' certificates. TLS libraries hand the chain over and
 * take the verdict; both ports ask here, so both give the same one.
 *
 * Anchors are pinned by the firmware or the configuration, and updated by EST
 * (RFC 7030 4.1.3: a new root only by what the old one says of it) and by
 * trust bundles (bundle.h), which also bring cross-certificates and the deny
 * list.
 */

/* What a connection is for; decides purpose, name check and staleness. */
enum bm_trust_use {
    BM_TRUST_ENROL,  /* client of an EST server: never closed by staleness or
                        by a server's expiry alone: the way to repair */
    BM_TRUST_CLOUD,  /* client of a service by its host name */
    BM_TRUST_DEVICE, /* client of another device, by its identity */
    BM_TRUST_SERVE,  /* server: the peer is a client */
    BM_TRUST_USES
};

/* What happens past nextUpdate of what is known of revocation. */
enum bm_trust_stale {
    BM_TRUST_WARN,
    BM_TRUST_GRACE, /* for `grace` seconds, then deny */
    BM_TRUST_DENY
};

struct bm_trust_policy {
    enum bm_trust_stale stale;
    uint32_t grace; /* seconds */
};

struct bm_trust_config {
    const struct bm_crypto *crypto;
    struct bm_log *log; /* bundle and learned anchors are kept here */
    struct bm_clock *clock;
    const struct bm_bytes *anchors; /* pinned: DER certificates */
    size_t anchors_n;
    struct bm_trust_policy policy[BM_TRUST_USES];
};

/* Certificates that a peer may send, and anchors held at a time. */
#define BM_TRUST_CHAIN_MAX   6
#define BM_TRUST_ANCHORS_MAX 4

/* Who the peer has to be. */
struct bm_trust_expect {
    enum bm_trust_use use;
    const char *host; /* ENROL, CLOUD: host name or address (RFC 6125) */
    uint32_t uptime;
};

struct bm_trust_verdict {
    bm_status status; /* BM_OK, or why not */
    size_t cert;      /* which certificate of the chain is to blame */
    bool expired;     /* passed though expired: the way to repair */
    bool stale;       /* passed though the deny list is past nextUpdate */
};

struct bm_trust; /* defined by the owner of this header: caller-allocated */

/* `certs[0]` is the peer's own, the rest in any order. */
bm_status bm_trust_judge(const struct bm_trust *trust,
                         const struct bm_bytes *certs, size_t n,
                         const struct bm_trust_expect *expect,
                         struct bm_trust_verdict *verdict);

#endif
