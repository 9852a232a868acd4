/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CEREMONY_ROOT_H
#define BM_CEREMONY_ROOT_H

#include "ca/refusal.h"
#include "core/cert.h"
#include "core/csr.h"
#include "files/files.h"
#include "keys/kek.h"

/*
 * The cold root: a directory of its own, with a secret of its own, that needs
 * neither an instance nor a store, to be carried away after it was used.
 *
 *   root.pem   its certificate           root.key   its key, sealed
 *   unlock     the secret, mode 0400     kek        sealed under the secret
 *   number     of its last CRL
 */

/* How long its revocation list is good: it is signed by hand, so once a year
 * with a month to spare. */
#define ROOT_CRL_LIFETIME (INT64_C(400) * 86400)

struct root {
    char dir[FILES_PATH_MAX];
    struct bm_key_tools tools;
    struct bm_kek *kek;
    struct bm_key_provider *files;
    struct bm_key *key;
    uint8_t *der;
    struct bm_cert cert;
};

struct root_config {
    const char *dir;         /* is made */
    struct bm_bytes subject; /* Name with header */
    enum bm_key_type type;
    struct bm_key_tools tools;
    int64_t now;
};

/* Make one. On BM_OK release with root_close(); on error it is closed, and
 * what was written is the caller's to remove. */
BM_MUST_CHECK bm_status root_create(struct root *root,
                                    const struct root_config *config,
                                    struct ca_refusal *why);
void root_close(struct root *root); /* again is fine */

/* Sign the certificate of a subordinate CA: the request's key, `subject`. */
BM_MUST_CHECK bm_status root_sign_ca(struct root *root,
                                     const struct bm_csr *csr,
                                     struct bm_bytes subject, int64_t now,
                                     struct bm_wr *cert,
                                     struct ca_refusal *why);

/* Sign a CRL with the next number; nothing revoked. */
BM_MUST_CHECK bm_status root_sign_crl(struct root *root, int64_t now,
                                      struct bm_wr *crl,
                                      struct ca_refusal *why);

#endif
