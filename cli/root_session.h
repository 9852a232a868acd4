/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_ROOT_SESSION_H
#define BM_CLI_ROOT_SESSION_H

#include "ceremony/ceremony.h"
#include "cli/args.h"
#include "cli/root_tokens.h"
#include "keys/shares_read.h"

/*
 * What the verbs of `birthmark root` have in common: the ceremony file, the
 * root's directory, participants, the custodians' shares. None of them needs
 * an instance or a server.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct root_given {
    const char *dir;
    const char *in;
    const char *out;
    const char *operator;
    const char *head;
    struct args_many witnesses;
    struct args_many shares;
    struct args_many steps;
    bool rehearsal;
    bool again;
    bool yes;
};

/* The ids of their options; not every verb has all of them. */
enum {
    ROOT_DIR = 1,
    ROOT_IN,
    ROOT_OUT,
    ROOT_OPERATOR,
    ROOT_WITNESS,
    ROOT_SHARE,
    ROOT_STEP,
    ROOT_REHEARSE,
    ROOT_AGAIN,
    ROOT_HEAD,
    ROOT_YES
};

#define ROOT_PEOPLE_OPTIONS                                                   \
    { "--operator", "NAME", "who types, for the transcript", ROOT_OPERATOR }, \
        { "--witness", "NAME", "who watches; again for more", ROOT_WITNESS }, \
        { "--rehearse", NULL, "with throw-away keys, and marked as such",     \
          ROOT_REHEARSE },                                                    \
    {                                                                         \
        "--yes", NULL, "do not ask before signing", ROOT_YES                  \
    }
#define ROOT_DIR_OPTIONS                                                     \
    { "--dir", "DIR", "of the root", ROOT_DIR },                             \
        { "--head", "SHA-256", "what an earlier session ended with",         \
          ROOT_HEAD },                                                       \
    {                                                                        \
        "--share", "FILE", "a custodian's share; again for more", ROOT_SHARE \
    }

#define ROOT_ROW(id, type, member, required)                    \
    {                                                           \
        id, type, offsetof(struct root_given, member), required \
    }
#define ROOT_PEOPLE_ROWS                                      \
    ROOT_ROW(ROOT_OPERATOR, ARGS_TEXT, operator, false),      \
        ROOT_ROW(ROOT_WITNESS, ARGS_MANY, witnesses, false),  \
        ROOT_ROW(ROOT_REHEARSE, ARGS_FLAG, rehearsal, false), \
        ROOT_ROW(ROOT_YES, ARGS_FLAG, yes, false)
#define ROOT_DIR_ROWS                                \
    ROOT_ROW(ROOT_DIR, ARGS_TEXT, dir, true),        \
        ROOT_ROW(ROOT_HEAD, ARGS_TEXT, head, false), \
        ROOT_ROW(ROOT_SHARE, ARGS_MANY, shares, false)

/* A ceremony about to be, or under way. */
struct root_session {
    const char *path; /* "birthmark root sign", for messages */
    const struct root_given *given;
    struct bm_crypto *crypto;
    struct script script;
    struct root_tokens tokens;
    struct ceremony_config config;
    struct ceremony *ceremony; /* NULL: none is open */
    struct bm_shares shares;
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t head[TRANSCRIPT_HASH_SIZE];
    const char *witnesses[ARGS_MANY_MAX + 1];
    const char *custodians[BM_SHARES_MAX + 1]; /* into `names` */
    char names[BM_SHARES_MAX][BM_SHARE_NAME_MAX + 1];
};

/* Read the ceremony file and check what was given. Release with
 * root_session_close() in any case. */
int root_session_init(struct root_session *s, const char *path,
                      const struct root_given *given, const char *file);

/* Put the shares together, where there are any, and open the root. `act` is
 * the verb. */
int root_session_open(struct root_session *s, const char *act);

/* Close the session with the root's signature. `rc` is how it went so far;
 * the exit code of all of it. */
int root_session_finish(struct root_session *s, int rc);
void root_session_close(struct root_session *s); /* again is fine */

/* `words`, and the hash that people write down. */
void root_session_print_head(const char *words,
                             const uint8_t head[TRANSCRIPT_HASH_SIZE]);

/* Say what was refused; the exit code. */
int root_session_refuse(const struct root_session *s, bm_status rc,
                        const struct ca_refusal *why);

/* What became of each step: the answers' paths on stdout. */
void root_session_print(const struct root_session *s,
                        const struct ceremony_outcome *outcomes, size_t n);

#endif
