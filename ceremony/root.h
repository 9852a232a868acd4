/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CEREMONY_ROOT_H
#define BM_CEREMONY_ROOT_H

#include "ca/profile.h"
#include "core/crl.h"
#include "files/files.h"
#include "keys/kek.h"

/*
 * The cold root: a directory of its own, with a secret of its own, that needs
 * neither an instance nor a store, to be carried away after it was used.
 *
 *   root.pem     its certificate      root.key   its key, sealed; not where a
 *   transcript   what was done with              token holds it
 *                it (transcript.h)    kek        sealed under the secret
 *                                     unlock     the secret, mode 0400; not
 *                                                where custodians hold shares
 *
 * A root that `birthmark init` made has no transcript, but `number`, which is
 * that of its last CRL: its first ceremony takes it over.
 */

/* How long its revocation list is good: it is signed by hand, so once a year
 * with a month to spare. */
#define ROOT_CRL_LIFETIME (INT64_C(400) * 86400)

/* Octets of a serial number of ours. */
#define ROOT_SERIAL_SIZE 16

/* Where its key is unless a token holds it. */
#define ROOT_KEY_URI "file:root.key"

struct root {
    char dir[FILES_PATH_MAX];
    struct bm_key_tools tools;
    struct bm_kek *kek;
    struct bm_key_provider *files;
    struct bm_key *key;
    uint8_t *der;
    struct bm_cert cert;
};

void root_close(struct root *root); /* again is fine */

/* ---- As `birthmark init` makes and uses one */

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

/* The number in `number`; 0 where there is no such file. */
BM_MUST_CHECK bm_status root_read_number(const struct root *root,
                                         uint64_t *number,
                                         struct ca_refusal *why);

/* ---- In steps, as a ceremony does it */

/* How to get at its key. */
struct root_access {
    const char *dir;
    struct bm_key_tools tools;
    const struct bm_keys *tokens; /* for other URIs than "file:"; or NULL */
    const char *uri;
    const uint8_t *secret; /* BM_UNLOCK_SIZE octets, of shares that were put
                              together; NULL: what the file `unlock` says */
    bool rehearsal;        /* what is made need not be slow to guess */
};

/*
 * Make the key in `access->dir`, which exists; where the key is a file and
 * there is no secret, with a file `unlock`. BM_E_EXISTS: a key is never
 * overwritten. Errors as of root_create().
 */
BM_MUST_CHECK bm_status root_make_key(struct root *root,
                                      const struct root_access *access,
                                      const struct bm_key_spec *spec,
                                      struct ca_refusal *why);

/*
 * Open the key and the certificate. BM_E_KEY_MISMATCH when they are not of
 * each other; BM_E_KEYS_LOCKED: no `unlock` there; BM_E_KEYS_SECRET.
 */
BM_MUST_CHECK bm_status root_open(struct root *root,
                                  const struct root_access *access,
                                  struct ca_refusal *why);

/* Read root.pem alone: `root->cert`. */
BM_MUST_CHECK bm_status root_read_cert(struct root *root, const char *dir,
                                       struct ca_refusal *why);

/* A serial number: 48 bits of time and 80 random ones. */
BM_MUST_CHECK bm_status root_make_serial(const struct root *root, int64_t now,
                                         uint8_t serial[ROOT_SERIAL_SIZE]);

/* What root_plan() is given beside the request. */
struct root_plan {
    const char *id;         /* of the root, in URLs: "root" */
    const char *public_url; /* "" where the profile has no URLs */
    struct ca_profile *profile;
    const struct ca_profile_request *request; /* with its serial number */
};

/*
 * Fill the profile and hold the outcome against it: what would be signed, and
 * `*cert` parsed of it. The profile is bound to this root, or to the request
 * where it is self-signed.
 */
BM_MUST_CHECK bm_status root_plan(struct root *root,
                                  const struct root_plan *plan,
                                  struct bm_wr *tbs, struct bm_cert *cert,
                                  struct ca_refusal *why);

/*
 * Sign and append SEQUENCE { tbs, algorithm, signature }: certificate or CRL.
 * The signature is verified before this returns BM_OK.
 */
BM_MUST_CHECK bm_status root_sign(struct root *root, struct bm_bytes tbs,
                                  struct bm_wr *whole, struct ca_refusal *why);

/* Write `der`, its certificate, to root.pem, and hold it in `cert`. */
BM_MUST_CHECK bm_status root_put_cert(struct root *root, struct bm_bytes der,
                                      struct ca_refusal *why);

/* The to-be-signed part of a CRL. */
BM_MUST_CHECK bm_status root_plan_crl(const struct bm_crl_config *config,
                                      const struct bm_crl_source *source,
                                      struct bm_wr *tbs,
                                      struct ca_refusal *why);

/* Its configuration, all but revoked entries; `number` is big-endian. */
struct bm_crl_config root_crl_config(const struct root *root, int64_t now,
                                     int64_t lifetime, struct bm_bytes number);

#endif
