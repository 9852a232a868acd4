/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_LOCAL_SIGNER_INTERNAL_H
#define BM_CA_LOCAL_SIGNER_INTERNAL_H

#include "ca/authority.h"
#include "ca/list_signing.h"
#include "ca/local_signer.h"

/*
 * Between the files of the signer in this process: local_signer.c has
 * certificates, lists and checkpoints, local_messages.c what has versions.
 */

struct local {
    struct ca_signer signer;
    struct ca_signer_config c;
    struct ca_journal_entry entries[CA_GROUP_MAX];
    struct ca_list_signing list; /* at most one at a time */
};

/* The first `n` octets of a SHA-256. */
BM_MUST_CHECK bm_status local_hash(const struct local *l, struct bm_bytes in,
                                   uint8_t *out, size_t n);
/* What a key says, in the words of keys. */
BM_MUST_CHECK bm_status local_of_key(bm_status rc);

/* As struct ca_signer has them. */
BM_MUST_CHECK bm_status local_sign_bundle(void *self, struct bm_bytes content,
                                          int64_t now, struct bm_wr *message);
BM_MUST_CHECK bm_status local_sign_list(void *self, struct bm_bytes digest,
                                        int64_t now, struct bm_wr *message);
BM_MUST_CHECK bm_status local_sign_list_jws(void *self, struct bm_bytes digest,
                                            int64_t now, struct bm_wr *w);
BM_MUST_CHECK bm_status local_sign_manifest(void *self, struct bm_bytes content,
                                            int64_t now, struct bm_wr *message);

#endif
