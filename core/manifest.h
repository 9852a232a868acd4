/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_MANIFEST_H
#define BM_CORE_MANIFEST_H

#include "core/cbor.h"
#include "core/signed.h"

/*
 * Delivery manifests: what one device is to have, in one signed and numbered
 * message. docs/delivery.md is the format; this is its reader and its writer,
 * for both sides. What a device answers is event.h.
 *
 * A manifest is signed content (signed.h) in deterministic CBOR. Reading
 * copies nothing: all results are views into the message.
 *
 * Not here: whether the signer may (as for trust bundles:
 * bm_bundle_signer_check(), bm_trust_signer()), whether the manifest is newer
 * than another and for this device, and fetching what it names
 * (device/deliver.h).
 */

/* What a reader of format 1 calls itself. */
#define BM_MANIFEST_FORMAT 1

/* Octets of a message: what the smallest device holds in one piece. */
#define BM_MANIFEST_SIZE_MAX 4096

/* Octets of a series' name, and of a device's. */
#define BM_MANIFEST_NAME_MAX 64

/* Items: a device has few things that are replaced. */
#define BM_MANIFEST_ITEMS_MAX 8

/* Octets of a path, and of a version for people. */
#define BM_MANIFEST_PATH_MAX    128
#define BM_MANIFEST_VERSION_MAX 32

/* SHA-256, by which blobs are named. */
#define BM_MANIFEST_HASH_SIZE 32

/* Octets of a blob: the largest flash that this is for. */
#define BM_MANIFEST_BLOB_MAX 16777216

/* Images that a bootloader of ours knows (boot/boot.h). */
#define BM_MANIFEST_IMAGES 2

/* What an item is. Numbers that are not known here are passed over. */
enum bm_manifest_kind {
    BM_MANIFEST_FIRMWARE = 1,
    BM_MANIFEST_KEY_SET = 2,
    BM_MANIFEST_POLICY = 3,
    BM_MANIFEST_BUNDLE = 4
};

enum bm_manifest_mode {
    BM_MANIFEST_NORMAL = 0,
    BM_MANIFEST_LOCKDOWN = 1,
    BM_MANIFEST_REPAIR = 2 /* repair only */
};

struct bm_manifest_item {
    unsigned kind;           /* enum bm_manifest_kind, or another */
    unsigned image;          /* of firmware: below BM_MANIFEST_IMAGES; else 0 */
    struct bm_bytes path;    /* origin-form of RFC 9112 3.2.1: printable ASCII
                               that begins with a slash */
    struct bm_bytes sha256;  /* BM_MANIFEST_HASH_SIZE octets */
    uint32_t size;           /* octets: 1 to BM_MANIFEST_BLOB_MAX */
    struct bm_bytes version; /* UTF-8 for people, or empty */
};

/* A manifest, taken apart. */
struct bm_manifest {
    struct bm_bytes content; /* all of it, as signed */
    struct bm_bytes series;  /* UTF-8, that of the trust bundles */
    uint64_t version;        /* goes up for each device; never 0 */
    int64_t issued;
    int64_t next_update;
    struct bm_bytes device; /* whom it is for: name in the inventory */
    enum bm_manifest_mode mode;
    struct bm_bytes items; /* CBOR items, without the head of their array */
};

/*
 * Parse the content (CBOR) and check all of it. `diag` may be NULL. On error
 * `*manifest` is all zero: BM_E_CBOR_..., BM_E_MANIFEST, BM_E_MANIFEST_FORMAT
 * for a format or critical key that is not known, BM_E_LIMIT.
 */
BM_MUST_CHECK bm_status bm_manifest_parse(struct bm_bytes content,
                                          struct bm_diag *diag,
                                          struct bm_manifest *manifest);

/* Walk manifest->items, which moves: false at the end. Those of an unknown
 * kind come along. */
bool bm_manifest_next(struct bm_bytes *items, struct bm_manifest_item *item);

/*
 * Open a whole message: its signature verified, its content parsed. `*signer`
 * is the certificate that signed, `*certs` all that the message carries
 * (bm_cms_next()). Whether the signer is to be trusted is the caller's to find
 * out, **before** anything in `*manifest` is believed. On error all three are
 * zero; BM_E_LIMIT for a message that is too long.
 */
BM_MUST_CHECK bm_status bm_manifest_open(struct bm_bytes message,
                                         const struct bm_crypto *crypto,
                                         struct bm_cert *signer,
                                         struct bm_bytes *certs,
                                         struct bm_manifest *manifest);

/* Writing. */

struct bm_manifest_config {
    struct bm_bytes series;
    uint64_t version;
    int64_t issued;
    int64_t next_update;
    struct bm_bytes device;
    enum bm_manifest_mode mode;
    /* In the order in which they are to be taken: bm_manifest_order(). */
    const struct bm_manifest_item *items;
    size_t items_n;
};

/*
 * The order of items: key set, trust bundle, policy, firmware by its number,
 * then what this code does not know. Below, equal or above zero.
 */
int bm_manifest_order(const struct bm_manifest_item *a,
                      const struct bm_manifest_item *b);

/* Append the content. BM_E_ARGUMENT for what a reader refuses. On error `*w`
 * is as it was. */
BM_MUST_CHECK bm_status bm_manifest_put(const struct bm_manifest_config *config,
                                        struct bm_wr *w);

/*
 * Append the signed message. `content` is what bm_manifest_put() wrote;
 * signingTime is its `issued`. The signer is one of bm_bundle_signer_check().
 * BM_E_LIMIT for a message that no device takes. On error `*w` is as it was.
 */
BM_MUST_CHECK bm_status bm_manifest_sign(const struct bm_signed_by *by,
                                         struct bm_bytes content,
                                         struct bm_wr *w);

#endif
