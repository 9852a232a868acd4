/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CEREMONY_INTERNAL_H
#define BM_CEREMONY_INTERNAL_H

#include "ca/bad_keys.h"
#include "ceremony/ceremony.h"
#include "core/csr.h"
#include "keys/shares.h"

/* Between the files of this folder. */

/* ---- Transcripts */

/* The head of a transcript, and what follows it in that of a rehearsal. */
#define TRANSCRIPT_HEAD      "birthmark transcript 1\n"
#define TRANSCRIPT_REHEARSAL "REHEARSAL with throw-away keys, of no value\n"

bool transcript_is_key(struct bm_bytes key);

/* Exactly `n` octets in lower-case hexadecimal. */
bool ceremony_from_hex(struct bm_bytes text, uint8_t *out, size_t n);

/* The context and `tbs`; the caller frees. */
BM_MUST_CHECK bm_status ceremony_signed_text(struct bm_bytes tbs,
                                             uint8_t **message, size_t *n);

/* ---- A session */

struct ceremony {
    struct ceremony_config config;
    struct root root;
    struct transcript transcript;
    struct ca_bad_keys *bad_keys;
    int lock; /* root.pem, under flock(); -1 */
};

/* Octets of a CRL of SCRIPT_REVOKED_MAX entries, and then some. */
#define CEREMONY_TBS_MAX ((size_t)65536)

/* A file that is carried in. */
#define CEREMONY_FILE_MAX ((size_t)65536)

/* The last entry of that event about that step, or false. */
bool ceremony_find(const struct ceremony *c, const char *event,
                   const char *step, struct transcript_entry *entry);

/* Was it handed out in a session that came to its end? Whoever was interrupted
 * before does the same again, and needs no word for it. */
bool ceremony_was_handed_out(const struct ceremony *c, const char *step);

/* The `session` entry. */
BM_MUST_CHECK bm_status ceremony_put_session(struct ceremony *c,
                                             struct ca_refusal *why);

/* ---- Custodians (shares.c) */

/* A new secret, and its shares; wipe it. */
struct ceremony_deal {
    uint8_t secret[BM_UNLOCK_SIZE];
    struct bm_share shares[BM_SHARES_MAX];
};
BM_MUST_CHECK bm_status ceremony_deal(const struct ceremony_config *config,
                                      struct ceremony_deal *deal,
                                      struct ca_refusal *why);

/* Write files and pages of the shares into a folder, read them again, and put
 * the set on record. */
BM_MUST_CHECK bm_status ceremony_put_shares(struct ceremony *c,
                                            const struct ceremony_deal *deal,
                                            const char *dir,
                                            struct ca_refusal *why);

/* ---- What is carried in (input.c) */

/* Views into `text` and `der`. */
struct ceremony_input {
    uint8_t *text; /* the file */
    size_t text_n;
    uint8_t *der;
    size_t der_n;
    struct bm_csr csr;     /* of a certificate only its key and subject */
    struct bm_cert theirs; /* of a cross-certificate */
    bool has_cert;
    uint8_t key_sha256[32];
};
/* Read and verify what a step needs. BM_E_NOT_FOUND: not there. */
BM_MUST_CHECK bm_status ceremony_take_input(struct ceremony *c,
                                            const struct script_step *step,
                                            const char *dir,
                                            struct ceremony_input *input,
                                            struct ca_refusal *why);
void ceremony_drop_input(struct ceremony_input *input); /* again is fine */

/* BM_E_CEREMONY_STEP when `dir` has a request that no step names. */
BM_MUST_CHECK bm_status ceremony_check_folder(const struct script *script,
                                              const char *dir,
                                              struct ca_refusal *why);

/* ---- Signing (plan.c, sign.c, answer.c) */

/* One certificate to be made. */
struct ceremony_making {
    const struct script_step *step; /* NULL: the root itself */
    const struct ceremony_input *input;
};

/* Plan it, ask whoever watches, and put the plan on record. */
BM_MUST_CHECK bm_status ceremony_plan_cert(struct ceremony *c,
                                           const struct ceremony_making *making,
                                           struct ca_refusal *why);

/*
 * Hold a plan of an interrupted session, which nobody has signed, against the
 * file, the request and whoever watches: it has to be, octet by octet, what
 * they would have made then. BM_E_CEREMONY_STEP.
 */
BM_MUST_CHECK bm_status
ceremony_check_plan(struct ceremony *c, const struct ceremony_making *making,
                    struct ca_refusal *why);

/* BM_E_CEREMONY_STEP, with what finishes it. */
BM_MUST_CHECK bm_status ceremony_refuse_plan(const struct ceremony *c,
                                             const char *step,
                                             struct ca_refusal *why);

/* Sign what a plan says and put that on record: event `signed` with the octets
 * under `label`. */
BM_MUST_CHECK bm_status ceremony_sign_plan(struct ceremony *c, const char *step,
                                           const char *label,
                                           struct ca_refusal *why);

/*
 * Write the answer of a step, which is signed, into the folder and put that on
 * record. A file that is there already must be that answer.
 */
struct ceremony_answer {
    const char *step;
    const char *label; /* of the field of `signed`: "certificate" */
    const char *pem;   /* "CERTIFICATE" */
    bool chain;        /* the root's certificate follows */
};
BM_MUST_CHECK bm_status ceremony_hand_out(struct ceremony *c,
                                          const struct ceremony_answer *answer,
                                          const char *dir,
                                          struct ceremony_outcome *outcome,
                                          struct ca_refusal *why);

/* Ask whoever watches. BM_E_CEREMONY_STOPPED. */
BM_MUST_CHECK bm_status ceremony_confirm(struct ceremony *c,
                                         struct ceremony_plan *plan,
                                         struct bm_bytes tbs,
                                         struct ca_refusal *why);

#endif
