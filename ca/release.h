/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_RELEASE_H
#define BM_CA_RELEASE_H

#include "ca/authority.h"
#include "ca/policy.h"
#include "core/manifest.h"

/*
 * Releases: what devices are to have (docs/delivery.md). One is made once and
 * never changed; for whom it is, is said afterwards and said again. Both are in
 * the ledger.
 *
 * The octets themselves are blobs, which whoever calls has put by already
 * (server/blobs.h): here they are a hash and a length.
 */

/* Octets of a blob, at most: what a manifest can name. */
#define CA_BLOB_MAX ((uint32_t)BM_MANIFEST_BLOB_MAX)

/* A piece of a blob on its way here (server/blobs.h). */
struct ca_blob_piece {
    uint32_t organisation;         /* who puts it */
    uint8_t hash[STORE_HASH_SIZE]; /* of the whole */
    uint64_t size;                 /* of the whole */
    uint64_t at;
    struct bm_bytes octets;
};

/* Of each kind one, and of firmware one for each image. */
#define CA_RELEASE_ITEMS_MAX 4

struct ca_release_order {
    const char *name; /* ca_release_name_check() */
    uint32_t mode;    /* enum bm_manifest_mode plus 1; 0: says nothing */
    const struct store_item *items; /* id, release are not read */
    size_t items_n;
    const struct ca_policy *policy; /* of the item that is one, or NULL */
};

/* Letters, digits and ". _ + -", a letter or digit first: it stands in paths
 * and in what people read. BM_E_ARGUMENT. */
BM_MUST_CHECK bm_status ca_release_name_check(const char *name,
                                              struct ca_refusal *why);

/* What the hash of its record is over (docs/ledger.md): a mode, as of an order,
 * and `n` items, CA_RELEASE_ITEMS_MAX at most. */
BM_MUST_CHECK bm_status ca_release_hash(const struct bm_crypto *crypto,
                                        uint32_t mode,
                                        const struct store_item *items,
                                        size_t n, uint8_t hash[BM_HASH_MAX]);

/* A policy goes on record with its signer, in front of the release.
 * BM_E_ARGUMENT: no such name, nothing or too much in it; BM_E_EXISTS: the
 * organisation has one of that name; ca_policy_judge(). */
BM_MUST_CHECK bm_status ca_release_create(struct ca *ca,
                                          const struct ca_actor *actor,
                                          const struct ca_release_order *order,
                                          int64_t now, struct ca_refusal *why);

/*
 * For whom: all, those of an organisation, or one device; and one of these it
 * must be, since what was left out by mistake is not to mean everybody. `row`
 * gets what is in the store by then.
 *
 * BM_E_ARGUMENT: none of them, or more than one, or no percentage;
 * BM_E_NOT_FOUND: no such release, organisation or device, or out of scope;
 * BM_E_CA_FORBIDDEN: the actor does not see all; BM_E_LIMIT: the name of the
 * device is too long for a manifest.
 */
struct ca_release_target {
    const char *release;
    bool all;
    const char *organisation; /* its name or number, or NULL */
    const char *device;       /* its name, or NULL */
    uint32_t percent;         /* 0 to 100; 0 takes it back */
};
BM_MUST_CHECK bm_status
ca_release_assign(struct ca *ca, const struct ca_actor *actor,
                  const struct ca_release_target *target, int64_t now,
                  struct store_assignment *row, struct ca_refusal *why);

/* Releases, and the devices that are named in assignments, are those of the
 * actor's own organisation, whatever else it sees. false: not even these. */
bool ca_release_scope(const struct ca_actor *actor, struct store_scope *scope);

/* In a transaction: the release of that name in that scope.
 * BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status ca_release_find(const struct store *store,
                                        const struct ca_actor *actor,
                                        const char *name,
                                        struct store_release *release,
                                        struct ca_refusal *why);

/* "firmware", "keyset", "policy"; "unknown". */
const char *ca_item_kind_name(enum store_item_kind kind);

#endif
