/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_LISTS_H
#define BM_CA_LISTS_H

#include "core/cert.h"
#include "store/store.h"

/*
 * The lists of a CA and where each is (design, section 9):
 *
 *     STORE_LIST_COMPLETE   /crl/ID.crl          all that is revoked
 *     1 to STORE_SHARDS_MAX /crl/ID/SHARD.crl    of certificates that name it
 *     STORE_LIST_DELTA      /crl/ID-delta.crl    what changed since a list
 *
 * A certificate names its shard for good, so a URL is written the one way.
 */

struct ca_list {
    const char *ca; /* id */
    uint32_t list;
};

/* One of its numbers. */
struct ca_list_number {
    struct ca_list of;
    uint64_t number;
};

/* Numbers are what a signed integer of the store can be, and rise in steps
 * that are many times what restoring passes over: whoever captured the issuer
 * must not use up those that are left. A CA's first list has any. */
#define CA_LIST_NUMBER_MAX ((uint64_t)INT64_MAX)
#define CA_LIST_STEP_MAX   (UINT64_C(1) << 32)

/* The path, without the slash in front and with a NUL. */
#define CA_LIST_PATH_MAX (STORE_ID_MAX + 32)
/* That behind a base such as "http://ca.example:8080". */
#define CA_LIST_URL_MAX 512

/* BM_E_ARGUMENT for a list that cannot be. */
BM_MUST_CHECK bm_status ca_list_path(const char *ca, uint32_t list,
                                     char path[CA_LIST_PATH_MAX]);
BM_MUST_CHECK bm_status ca_list_url(const char *base, const char *ca,
                                    uint32_t list, char url[CA_LIST_URL_MAX]);

/* "" of the complete list, "shard 3", "delta": for people and for records. */
#define CA_LIST_NAME_MAX 24
void ca_list_name(uint32_t list, char name[CA_LIST_NAME_MAX]);
/* The other way round; false, and `*list` 0, for anything else. */
bool ca_list_named(struct bm_bytes name, uint32_t *list);

/* Can a CA have this id: is its path that of no other's list? */
bool ca_list_id_valid(const char *ca);

/* "3.crl": a number of a shard, written the one way; 0: it is none. */
uint32_t ca_list_shard(struct bm_bytes text);

/*
 * The shard of this CA that a certificate names, whatever the host before it;
 * 0: none. For whoever does not know the profile.
 */
uint32_t ca_list_of_cert(const struct bm_cert *cert, const char *ca);

#endif
