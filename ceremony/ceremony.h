/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CEREMONY_CEREMONY_H
#define BM_CEREMONY_CEREMONY_H

#include "ceremony/root.h"
#include "ceremony/script.h"
#include "ceremony/transcript.h"

/*
 * A ceremony: the root does what a ceremony file says, and the transcript says
 * that it did. Every session begins and ends with an entry, the last one
 * signed.
 *
 * What is to be signed is on record, durably, before the key is used, and what
 * was signed before it is handed out. So whoever is interrupted begins again:
 * what was planned is signed as it was planned, and what was signed is handed
 * out as it was signed. There is one certificate for a step, ever.
 *
 * Entries of a session that was not closed take no key to be written. A plan of
 * one is held against the file, the request and whoever watches once more, and
 * a signature is verified.
 *
 * Functions say in `why` what was refused. Those of BM_E_CEREMONY_DONE,
 * _STEP, _KEY, _PIN, _REHEARSAL, _CLOCK and _REVOKED are refusals to do what
 * would weaken the root; nothing was signed then.
 */

/* What is about to be signed, for people to look at. */
struct ceremony_plan {
    const char *step; /* "root" for the root itself, "crl-3" for a list */
    const char *kind;
    const struct bm_cert *cert; /* NULL: no certificate */
    uint8_t tbs_sha256[32];
};

struct ceremony_config {
    const struct script *script;
    struct bm_key_tools tools;
    const struct bm_keys *tokens; /* where keys in tokens are, or NULL */
    const char *dir;              /* of the root */
    const char *tool;             /* "birthmark 0.1.0" */
    const char *act;              /* "sign": the verb */
    bool rehearsal;
    int64_t now;
    /* Participants, for the transcript; lists end with NULL, or are NULL. */
    const char *operator;
    const char *const *witnesses;
    const char *const *custodians; /* whose shares were given */
    const uint8_t *head;   /* TRANSCRIPT_HASH_SIZE octets: a session that the
                            transcript has to have, or it is refused; NULL */
    const uint8_t *secret; /* BM_UNLOCK_SIZE octets out of their shares; NULL:
                              the file `unlock` has it */
    /* Shows a plan, and says whether to go on; NULL: always. */
    bool (*confirm)(void *arg, const struct ceremony_plan *plan);
    void *arg;
};

struct ceremony; /* in ceremony/internal.h */

/* Does `dir` hold a root whose key is a file that shares open? */
bool ceremony_needs_shares(const char *dir);

/*
 * Make the root in `config->dir`, which is not there yet, whole or not at all.
 * With custodians, their shares are files of mode 0400 in DIR/shares, to be
 * handed to them and removed. BM_E_EXISTS: there is something;
 * BM_E_BUSY: somebody else makes one in the same folder.
 * `head` as of ceremony_close().
 */
BM_MUST_CHECK bm_status ceremony_init(const struct ceremony_config *config,
                                      uint8_t head[TRANSCRIPT_HASH_SIZE],
                                      struct ca_refusal *why);

/*
 * What the root's transcript says so far, before anything is opened: for people
 * to compare. `verdict` is empty where there is none yet.
 */
BM_MUST_CHECK bm_status ceremony_look(const struct ceremony_config *config,
                                      struct transcript_verdict *verdict,
                                      struct ca_refusal *why);

/*
 * Begin a session with a root that is there, and own `*ceremony` on BM_OK.
 * BM_E_BUSY: somebody else has one; BM_E_CEREMONY_REHEARSAL, _CLOCK, _ROOT;
 * BM_E_CEREMONY_UNKNOWN: the transcript has not `config->head`;
 * BM_E_KEYS_...
 */
BM_MUST_CHECK bm_status ceremony_open(const struct ceremony_config *config,
                                      struct ceremony **ceremony,
                                      struct ca_refusal *why);

/* Close the session: sign what happened. Also after a refusal; `head` is the
 * hash of the last entry, for participants to write down. */
BM_MUST_CHECK bm_status ceremony_close(struct ceremony *ceremony,
                                       uint8_t head[TRANSCRIPT_HASH_SIZE],
                                       struct ca_refusal *why);
void ceremony_free(struct ceremony *ceremony); /* NULL is fine */

enum ceremony_outcome_kind {
    CEREMONY_SIGNED,   /* now, and handed out */
    CEREMONY_FINISHED, /* what was interrupted: signed or handed out now */
    CEREMONY_REPEATED, /* signed before, and handed out again */
    CEREMONY_WAITS     /* its file is not there */
};

struct ceremony_outcome {
    enum ceremony_outcome_kind kind;
    const char *step;
    char path[FILES_PATH_MAX]; /* of the answer; "" */
};

struct ceremony_work {
    const char *const *steps; /* names, ends with NULL; NULL: all whose file
                                 is there */
    const char *in;           /* folder of what is carried in */
    const char *out;          /* folder for the answers */
    bool again;               /* hand out what was handed out before */
    struct ceremony_outcome *outcomes; /* script->steps_n */
    size_t outcomes_n;                 /* filled in */
};

/*
 * Do steps. All that is carried in is looked at before anything is signed, and
 * so is whether a request lies there that no step names.
 */
BM_MUST_CHECK bm_status ceremony_sign(struct ceremony *ceremony,
                                      struct ceremony_work *work,
                                      struct ca_refusal *why);

/* Sign a CRL that says what the file says, with the next number. */
BM_MUST_CHECK bm_status ceremony_sign_crl(struct ceremony *ceremony,
                                          const char *out,
                                          struct ceremony_outcome *outcome,
                                          struct ca_refusal *why);

/*
 * Give the custodians of the file shares of a new secret, as files in the
 * folder `dir`, which is there: those that they had do not open this directory
 * any more, nor does a file `unlock`; they open older copies of `kek`, and with
 * them the same key. The new ones are written and tried before.
 */
BM_MUST_CHECK bm_status ceremony_new_shares(struct ceremony *ceremony,
                                            const char *dir,
                                            struct ca_refusal *why);

#endif
