/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TRUST_H
#define BM_DEVICE_TRUST_H

#include "core/bundle.h"
#include "core/crl.h"
#include "core/path.h"
#include "device/clock.h"

/*
 * The one judge of peers' certificates. TLS libraries hand the chain over and
 * take the verdict; both ports ask here, so both give the same one.
 *
 * Anchors are pinned by the firmware or the configuration, learned by EST
 * (RFC 7030 4.1.3: a new root only by what one that we have says of it), or
 * listed in a trust bundle (core/bundle.h, docs/trust-bundle.md), which also
 * brings cross-certificates and the deny list. Only a pinned or learned anchor
 * speaks for a bundle. What is in flash is verified again at each start, as
 * if it came from the network: flash is not trusted more than a signature.
 *
 * Time is a lower bound (clock.h). That something has expired is proven by it;
 * that something is not valid yet never is. So a chain is refused as expired
 * when there is no moment at or after that bound at which all of it is valid.
 *
 * One thread at a time per struct. Nothing blocks. The longest computation
 * without a return is one path: the signatures of a chain, each of them one
 * call of the provider, at most BM_PATH_SIGNATURES_MAX whatever the peer sends
 * (twice that where dates may be set aside); a watchdog is fed from the
 * provider's own verify().
 */

/* What a connection is for; decides purpose, name check and staleness. */
enum bm_trust_use {
    BM_TRUST_ENROL,  /* client of an EST server: never closed by staleness, nor
                        by expiry unless a secret will be sent: the way to
                        repair. See bm_trust_verdict.expired. */
    BM_TRUST_CLOUD,  /* client of a service by its host name */
    BM_TRUST_DEVICE, /* client of another device, by its identity */
    BM_TRUST_SERVE,  /* server: the peer is a client */
    BM_TRUST_OWN,    /* no peer: our own new certificate, before it is kept;
                        dates do not stop it either */
    BM_TRUST_USES
};

/* What happens past nextUpdate of what is known of revocation, and where
 * nothing at all is known. */
enum bm_trust_stale {
    BM_TRUST_WARN,  /* pass, and say so */
    BM_TRUST_GRACE, /* for `grace` seconds, then deny */
    BM_TRUST_DENY
};

struct bm_trust_policy {
    enum bm_trust_stale stale;
    uint32_t grace; /* seconds */
};

/*
 * Certificates that a peer may send: a device's chain has 2 or 3, and a root
 * or a cross-certificate may come along. More: BM_E_LIMIT.
 */
#define BM_TRUST_CHAIN_MAX 6

/* Anchors held at a time: pinned, learned and of the bundle. */
#define BM_TRUST_ANCHORS_MAX BM_BUNDLE_SMALL_ANCHORS

/* Cross-certificates of the bundle. */
#define BM_TRUST_CROSS_MAX BM_BUNDLE_SMALL_CROSS

#define BM_TRUST_CERTS \
    (BM_TRUST_CHAIN_MAX + BM_TRUST_ANCHORS_MAX + BM_TRUST_CROSS_MAX)

/* Roots learned since the firmware was made: each is 20 years. */
#define BM_TRUST_LEARNED_MAX 2

/* Octets of a learned root with its proof: two certificates in one record. */
#define BM_TRUST_LEARNED_SIZE 1536

/* What CRLs said of certificates in question, kept until the next start. */
#define BM_TRUST_KNOWN_MAX 6

/*
 * Working memory of one call, lent by the caller: nothing lives in it between
 * calls, so several structs, and other modules, may share it. 5.3 KB on a
 * Cortex-M3.
 */
struct bm_trust_work {
    struct bm_cert cert[BM_TRUST_CERTS];
    struct bm_path path;
};

struct bm_trust_config {
    const struct bm_crypto *crypto;
    struct bm_log *log; /* bundle and learned anchors; NULL: not kept */
    struct bm_clock *clock;
    const struct bm_bytes *anchors; /* pinned: DER certificates */
    size_t anchors_n;
    struct bm_trust_policy policy[BM_TRUST_USES];
    struct bm_trust_work *work;
    /*
     * Where the bundle in force lies, whole: a bundle that does not fit is
     * refused (BM_E_TRUST_SIZE). BM_TRUST_ROOM is enough for one that keeps
     * to the limits for small devices. NULL: no bundles.
     */
    uint8_t *room;
    size_t room_n;
    /* Room for learned roots: BM_TRUST_LEARNED_SIZE each, up to
     * BM_TRUST_LEARNED_MAX of them. NULL: none are learned. */
    uint8_t *learned;
    size_t learned_n;
    /* The series of bundles that are ours; NULL: that of the first one that
     * verifies, from then on. */
    const char *series;
};

/* A deny list of 4 KB, two anchors and two cross-certificates of 600 octets,
 * a signer's certificate and the message around it. */
#define BM_TRUST_ROOM BM_BUNDLE_SMALL_SIZE

/* An answer about one certificate, from a CRL. */
struct bm_trust_known {
    uint8_t issuer[BM_BUNDLE_KEY_SIZE]; /* its key */
    uint8_t serial[BM_BUNDLE_SERIAL_MAX];
    uint8_t serial_n; /* 0: unused */
    bool revoked;
    int64_t this_update;
    int64_t next_update;
};

/* All of it is private but `bundle`, for reading. 0.8 KB on a Cortex-M3. */
struct bm_trust {
    struct bm_trust_config config;
    struct bm_bundle bundle; /* in force; version 0: none. Views into room. */
    size_t bundle_n;
    uint64_t floor; /* a version below this one is a rollback, */
    uint8_t digest[BM_HASH_MAX / 2]; /* and so is other content of this one:
                                        SHA-256 */
    uint8_t series[BM_BUNDLE_NAME_MAX];
    uint8_t series_n;
    uint8_t bank;    /* of the log: where the bundle in force lies */
    uint8_t learned; /* roots */
    uint16_t learned_size[BM_TRUST_LEARNED_MAX];
    uint8_t known_next;
    struct bm_trust_known known[BM_TRUST_KNOWN_MAX];
};

/*
 * Check the configuration and load what the log holds. A bundle or root there
 * that does not verify (any more) is left out, not an error; its version still
 * counts against rollback. BM_E_ARGUMENT, BM_E_LIMIT, an anchor's own fault.
 */
BM_MUST_CHECK bm_status bm_trust_open(struct bm_trust *trust,
                                      const struct bm_trust_config *config);

/* Who the peer has to be. */
struct bm_trust_expect {
    enum bm_trust_use use;
    /*
     * ENROL, CLOUD: host name or address, as in the URL (RFC 9525 6.3).
     * DEVICE, SERVE: the name of the device (bm_trust_device_name()), or NULL:
     * any under an anchor. OWN: not looked at.
     *
     * ENROL also passes an RA by its purpose id-kp-cmcRA in place of the host
     * name (RFC 7030 3.6.1), as anchors are always explicit here.
     */
    const char *host;
    /* A secret (one-time token) will be sent to this peer: then a certificate
     * that has expired is refused for ENROL too. */
    bool secret;
    uint32_t uptime;
};

struct bm_trust_verdict {
    bm_status status; /* BM_OK, or why not */
    size_t cert;      /* which certificate of the chain is to blame; the number
                         of certificates sent: one of ours (an anchor) */
    /*
     * Passed though expired (ENROL, OWN): the way to repair. Whoever has an
     * old, expired key of the server can be this peer. So: send no secret,
     * learn no time from it, take nothing that is not signed under an anchor.
     */
    bool expired;
    bool stale; /* passed though what is known of revocation is too old */
};

/*
 * `certs[0]` is the peer's own, the rest in any order. Returns
 * verdict->status: a refusal of core/path.h or host.h, of a certificate's
 * grammar, BM_E_PATH_REVOKED (by a CRL), BM_E_TRUST_DENIED (by the bundle),
 * BM_E_TRUST_STALE, BM_E_LIMIT.
 */
bm_status bm_trust_judge(const struct bm_trust *trust,
                         const struct bm_bytes *certs, size_t n,
                         const struct bm_trust_expect *expect,
                         struct bm_trust_verdict *verdict);

/*
 * The name of the device that a certificate is of: serialNumber of the
 * subject, else its commonName, as profiles name devices. Empty if neither.
 */
struct bm_bytes bm_trust_device_name(const struct bm_cert *cert);

/*
 * Take what EST's /cacerts gave: `certs` are DER certificates, one after
 * another, in any order (cms->certs). A self-signed root that is new to us
 * becomes an anchor if NewWithOld is there too: a certificate of the same
 * name and key, issued by an anchor that is pinned or learned, not narrower
 * than the root says of itself, and no CA at the bottom (pathLen 0). It is
 * durable when this returns. What is not there any more is not forgotten: an
 * old answer takes nothing away.
 *
 * `*learned` is the number of roots that are new now. A root without a proof
 * is passed over. BM_E_LIMIT when there is no room for one more.
 */
BM_MUST_CHECK bm_status bm_trust_learn(struct bm_trust *trust,
                                       struct bm_bytes certs, uint32_t uptime,
                                       size_t *learned);

/*
 * Learned root `i` of trust->learned, DER, for who hands anchors on: `which` 0
 * is the root itself, 1 what proved it. A view into config.learned.
 */
struct bm_bytes bm_trust_learned_cert(const struct bm_trust *trust, size_t i,
                                      unsigned which);

/*
 * The anchors in force, for who hands them on: parsed into `to`, at most
 * BM_TRUST_ANCHORS_MAX, pinned ones first, so that none of the others can push
 * them out. `uses`: BM_BUNDLE_... of those that the bundle lists, or
 * BM_TRUST_OWN_ANCHORS, pinned and learned ones alone. A learned root is left
 * out while what proved it is denied.
 */
#define BM_TRUST_OWN_ANCHORS 0u
size_t bm_trust_anchors(const struct bm_trust *trust, unsigned uses,
                        struct bm_cert *to);

/*
 * Take a trust bundle. Its signer must chain to a pinned or learned anchor,
 * have the one purpose BM_OID_KP_BUNDLE, and not be denied by what is known.
 * The version must be higher than that of any bundle taken before; the same
 * bundle again is BM_OK. Durable when this returns; on error all is as it was.
 * The clock learns `issued`. `message` may not lie in config.room.
 *
 * BM_E_TRUST_ROLLBACK, _SERIES, _SIZE, _BUNDLE, _FORMAT; BM_E_CMS_...;
 * BM_E_PATH_...; BM_E_LOG_FULL.
 */
BM_MUST_CHECK bm_status bm_trust_take_bundle(struct bm_trust *trust,
                                             struct bm_bytes message,
                                             uint32_t connection,
                                             uint32_t uptime);

/*
 * May the signer of a message of ours (core/signed.h: a bundle, a manifest, a
 * policy) speak to this device? It must chain to a pinned or learned anchor,
 * have the one purpose `purpose` (BM_OID_KP_BUNDLE, BM_OID_KP_POLICY), and not
 * be denied by what is known. It is
 * config.work->cert[0], into which the caller has opened it, `certs` are those
 * of the message; both are used up.
 *
 * From the network, `*uptime` is the moment: the chain must be good at one
 * that is not before what the clock knows, nor before `issued`. NULL: the
 * message comes from our flash, where that was decided.
 */
BM_MUST_CHECK bm_status bm_trust_signer(const struct bm_trust *trust,
                                        struct bm_bytes purpose,
                                        struct bm_bytes certs, int64_t issued,
                                        const uint32_t *uptime);

/*
 * A CRL for one certificate in question, streamed (crl.h): for issuers that
 * the bundle does not list. 3.1 KB on a Cortex-M3, as long as the list is read.
 *
 *     bm_trust_crl_open(&crl, &trust, certs, n, 0, &expect);
 *     while (... more octets of the CRL ...) {
 *         rc = bm_trust_crl_feed(&crl, octets);
 *     }
 *     rc = bm_trust_crl_end(&crl, connection, uptime);
 *
 * then judge again. `certs` must stay until the end, and neither a bundle nor
 * a root may be taken meanwhile.
 */
struct bm_trust_crl {
    struct bm_trust *trust; /* NULL: closed */
    bool tells_time;        /* see bm_trust_crl_end() */
    uint8_t issuer[BM_BUNDLE_KEY_SIZE];
    struct bm_crl_query query;
    struct bm_crl_find find;
    struct bm_spki key; /* of the issuer */
    struct bm_crl_reader reader;
};

/*
 * Start, for `certs[which]` of a chain that passes but for revocation; else
 * the refusal. BM_E_PATH_KEY_USAGE: the issuer may not sign CRLs.
 */
BM_MUST_CHECK bm_status bm_trust_crl_open(struct bm_trust_crl *crl,
                                          struct bm_trust *trust,
                                          const struct bm_bytes *certs,
                                          size_t n, size_t which,
                                          const struct bm_trust_expect *expect);

/* Any number of octets; not kept. After an error only close is left. */
BM_MUST_CHECK bm_status bm_trust_crl_feed(struct bm_trust_crl *crl,
                                          struct bm_bytes octets);

/*
 * The end of the list: verify it, keep what it says of the certificate until
 * the next start, tell the clock its thisUpdate, and close. The clock is not
 * told by a list under an anchor that is merely listed in a bundle, or under a
 * chain that passed though expired. BM_E_CRL_...:
 * nothing is kept; so with BM_E_TRUST_ROLLBACK (an older list than one we have
 * seen) and BM_E_PATH_STATUS_UNKNOWN (a list that covers some reasons only, or
 * a delta). BM_OK does not mean good: judge again.
 */
BM_MUST_CHECK bm_status bm_trust_crl_end(struct bm_trust_crl *crl,
                                         uint32_t connection, uint32_t uptime);

/* Give up. Again, or after the end, does no harm. */
void bm_trust_crl_close(struct bm_trust_crl *crl);

#endif
