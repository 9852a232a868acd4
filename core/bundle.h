/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_BUNDLE_H
#define BM_CORE_BUNDLE_H

#include "core/cbor.h"
#include "core/signed.h"

/*
 * Trust bundles: which anchors hold, which cross-certificates lead to them,
 * and what is denied, in one signed and numbered message that is small enough
 * for a microcontroller. docs/trust-bundle.md is the format; this is its
 * reader and its writer, for both sides.
 *
 * A bundle is CMS SignedData over deterministic CBOR. Reading copies nothing:
 * all results are views into the message.
 *
 * Not here: whether the signer may sign bundles, and whether the bundle is
 * newer than another (device/trust.h).
 */

/* What a reader of format 1 calls itself. */
#define BM_BUNDLE_FORMAT 1

/* Octets of a series' name. */
#define BM_BUNDLE_NAME_MAX 64

/* Octets of a serial number: RFC 5280 4.1.2.2. */
#define BM_BUNDLE_SERIAL_MAX 20

/* SHA-256 of a SubjectPublicKeyInfo, header included. */
#define BM_BUNDLE_KEY_SIZE 32

/*
 * Octets of the deny list (keys 8 and 9 with values) in a bundle that every
 * device can hold: 190 serial numbers. What is longer belongs into CRLs.
 */
#define BM_BUNDLE_DENY_MAX 4096

/*
 * What the smallest reader takes: octets of the message; active anchors, with
 * those that it has pinned or learned and that are not listed; and
 * cross-certificates.
 */
#define BM_BUNDLE_SMALL_SIZE    (BM_BUNDLE_DENY_MAX + 4096)
#define BM_BUNDLE_SMALL_ANCHORS 6
#define BM_BUNDLE_SMALL_CROSS   4

/* Anchors, cross-certificates, issuers, denied keys each: bounds the work of
 * one judgement. */
#define BM_BUNDLE_ITEMS_MAX 256

/* Where an anchor holds, as bits; bit 1 << use of device/trust.h. */
enum {
    BM_BUNDLE_ENROL = 1 << 0,  /* for EST servers */
    BM_BUNDLE_CLOUD = 1 << 1,  /* for services by host name */
    BM_BUNDLE_DEVICE = 1 << 2, /* for devices that are servers */
    BM_BUNDLE_SERVE = 1 << 3,  /* for clients */
    /* When nothing is said. Enrolment must be said: a member of a consortium
     * that others trust for their peers is not to manage their devices. */
    BM_BUNDLE_USES = BM_BUNDLE_CLOUD | BM_BUNDLE_DEVICE | BM_BUNDLE_SERVE
};

/* What becomes of an anchor. Numbers that are not known here are no anchor. */
enum bm_bundle_status {
    BM_BUNDLE_ACTIVE = 1,
    BM_BUNDLE_WITHDRAWN = 2 /* listed for the record */
};

/* A bundle, taken apart. Lists are walked with the functions below. */
struct bm_bundle {
    struct bm_bytes content; /* all of it, as signed */
    struct bm_bytes name;    /* of the series, UTF-8 */
    uint64_t version;        /* goes up within the series; never 0 */
    int64_t issued;          /* thisUpdate */
    int64_t next_update;
    struct bm_bytes anchors; /* CBOR items, without the head of their array */
    struct bm_bytes cross;
    struct bm_bytes issuers; /* key 8 */
    struct bm_bytes keys;    /* key 9 */
    bool has_issuers;        /* false: no word about serial numbers */
};

struct bm_bundle_anchor {
    struct bm_bytes cert; /* DER */
    unsigned status;      /* enum bm_bundle_status, or another */
    unsigned uses;        /* BM_BUNDLE_... */
};

/*
 * Parse the content (CBOR) and check all of it, certificates apart. `diag` may
 * be NULL. On error `*bundle` is all zero: BM_E_CBOR_..., BM_E_TRUST_FORMAT
 * for a format or critical key that is not known, BM_E_TRUST_BUNDLE.
 */
BM_MUST_CHECK bm_status bm_bundle_parse(struct bm_bytes content,
                                        struct bm_diag *diag,
                                        struct bm_bundle *bundle);

/*
 * Open a whole message (signed.h) of content type BM_OID_CT_BUNDLE: its
 * signature verified, its content parsed. `*signer` is the certificate that
 * signed, `*certs` all that the message carries (bm_cms_next()). Whether the
 * signer is to be trusted is the caller's to find out, **before** anything in
 * `*bundle` is believed.
 */
BM_MUST_CHECK bm_status bm_bundle_open(struct bm_bytes message,
                                       const struct bm_crypto *crypto,
                                       struct bm_cert *signer,
                                       struct bm_bytes *certs,
                                       struct bm_bundle *bundle);

/*
 * May a certificate sign bundles, by its extKeyUsage? It has that one purpose
 * and no other: BM_E_PATH_EKU. Chain, dates and revocation are path.h's.
 */
BM_MUST_CHECK bm_status bm_bundle_signer_check(const struct bm_cert *cert);

/* Walks over a parsed bundle's lists: move `*list`, false at the end. */
bool bm_bundle_anchor_next(struct bm_bytes *list,
                           struct bm_bundle_anchor *anchor);
bool bm_bundle_cross_next(struct bm_bytes *list, struct bm_bytes *der);

/* An issuer by its key, and the serial numbers of it that are denied. */
struct bm_bundle_issuer {
    struct bm_bytes key;     /* BM_BUNDLE_KEY_SIZE octets */
    struct bm_bytes serials; /* CBOR items */
};
bool bm_bundle_issuer_next(struct bm_bytes *list,
                           struct bm_bundle_issuer *issuer);
/* Serial numbers, and denied keys: INTEGER contents, hashes. */
bool bm_bundle_octets_next(struct bm_bytes *list, struct bm_bytes *octets);

/* What the deny list says of a certificate. */
enum bm_bundle_word {
    BM_BUNDLE_SILENT, /* nothing: its issuer is not listed */
    BM_BUNDLE_GOOD,   /* its issuer is listed, it is not */
    BM_BUNDLE_DENIED
};
enum bm_bundle_word bm_bundle_ask(const struct bm_bundle *bundle,
                                  const uint8_t issuer_key[BM_BUNDLE_KEY_SIZE],
                                  struct bm_bytes serial);
bool bm_bundle_denies_key(const struct bm_bundle *bundle,
                          const uint8_t key[BM_BUNDLE_KEY_SIZE]);

/* How a key is named in a bundle: SHA-256 of its SubjectPublicKeyInfo. */
BM_MUST_CHECK bm_status bm_bundle_key(const struct bm_crypto *crypto,
                                      const struct bm_spki *key,
                                      uint8_t out[BM_BUNDLE_KEY_SIZE]);

/* Writing. */

struct bm_bundle_denied {
    struct bm_bytes key;            /* of the issuer; BM_BUNDLE_KEY_SIZE */
    const struct bm_bytes *serials; /* in the order of bm_bundle_order() */
    size_t serials_n;
};

struct bm_bundle_config {
    struct bm_bytes name;
    uint64_t version;
    int64_t issued;
    int64_t next_update;
    const struct bm_bundle_anchor *anchors; /* status, uses 0: the default */
    size_t anchors_n;
    const struct bm_bytes *cross; /* DER */
    size_t cross_n;
    /*
     * Every issuer whose certificates the list covers, in the order of their
     * keys, those without a denied certificate too. NULL: the bundle says
     * nothing of serial numbers, which is what to do with too many of them.
     */
    const struct bm_bundle_denied *issuers;
    size_t issuers_n;
    const struct bm_bytes *keys; /* denied keys, in order */
    size_t keys_n;
    size_t deny_max; /* octets; 0: BM_BUNDLE_DENY_MAX */
};

/* May every device take it, of so many octets as a message? */
bool bm_bundle_is_small(const struct bm_bundle *bundle, size_t n);

/*
 * The order of serial numbers and keys: the shorter first, then by octets.
 * Below, equal or above zero. For qsort().
 */
int bm_bundle_order(struct bm_bytes a, struct bm_bytes b);

/*
 * Append the content. BM_E_ARGUMENT for what a reader refuses (an order that
 * is none, a serial number twice); BM_E_LIMIT when the deny list is longer
 * than `deny_max`. On error `*w` is as it was.
 */
BM_MUST_CHECK bm_status bm_bundle_put(const struct bm_bundle_config *config,
                                      struct bm_wr *w);

/*
 * Append the signed message. `content` is what bm_bundle_put() wrote;
 * signingTime is its `issued`. The signer is one of bm_bundle_signer_check().
 */
BM_MUST_CHECK bm_status bm_bundle_sign(const struct bm_signed_by *by,
                                       struct bm_bytes content,
                                       struct bm_wr *w);

#endif
