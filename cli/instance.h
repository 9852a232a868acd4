/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_INSTANCE_H
#define BM_CLI_INSTANCE_H

#include "cli/args.h"
#include "protocols/admin/admin.h"
#include "server/instance.h"

/*
 * The instance that a command works on, for one operator. The only place that
 * opens one.
 *
 * It is opened itself, by whoever may read its directory, as the operator
 * whose certificate is in operator/; or a server is asked over the API: the
 * one at --url, or, where a server holds the lock of the directory, that one.
 * Commands say what they want as operations of protocols/admin, and do not
 * know the difference.
 *
 * Functions print what is wrong and return an exit code of cmd.h, where they
 * return an int.
 */

/* Where it is, as options say. */
struct session_place {
    const char *dir;       /* NULL: the current directory */
    const char *url;       /* of a server, or NULL */
    const char *identity;  /* certificate and key; NULL: in operator/ */
    const char *server_ca; /* NULL: ca/root.pem */
};

/* Their ids, for tables of options: the last of those that args.h takes. */
enum {
    SESSION_DIR = 28,
    SESSION_URL,
    SESSION_IDENTITY,
    SESSION_SERVER_CA
};

#define SESSION_OPTIONS                                                      \
    { "--dir", "DIR", "the instance (the current directory)", SESSION_DIR }, \
        SESSION_SERVER_OPTIONS

#define SESSION_SERVER_OPTIONS                                              \
    { "--url", "URL", "ask the server at https://HOST:PORT", SESSION_URL }, \
        { "--identity", "FILE", "the operator's certificate and key, PEM",  \
          SESSION_IDENTITY },                                               \
    {                                                                       \
        "--server-ca", "FILE", "what the server's certificate leads to",    \
            SESSION_SERVER_CA                                               \
    }

/* The rows for args.h; `at` is the offset of a struct session_place. */
#define SESSION_ROW(id, at, member)                                         \
    {                                                                       \
        id, ARGS_TEXT, (at) + offsetof(struct session_place, member), false \
    }
#define SESSION_ROWS(at)                                                  \
    SESSION_ROW(SESSION_DIR, at, dir), SESSION_ROW(SESSION_URL, at, url), \
        SESSION_ROW(SESSION_IDENTITY, at, identity),                      \
        SESSION_ROW(SESSION_SERVER_CA, at, server_ca)

/* For a verb that reads its options itself: false if this is none of them. */
bool session_take_option(struct session_place *place, int id,
                         const char *value);

struct client;

struct session {
    const char *path; /* "birthmark cert list", for messages */
    struct bm_crypto *crypto;
    struct instance *instance; /* NULL: a server is asked */
    struct ca_actor actor;
    int64_t now;

    /* The rest is private. */
    struct client *client;
    struct bm_bytes octets;          /* of session_put(), while it lasts */
    char busy[CA_REFUSAL_WORDS_MAX]; /* why the server is asked, or "" */
    bool touched[INSTANCE_CAS_MAX];  /* whose lists are to be made */
};

struct session_config {
    const char *path;
    const struct session_place *place;
    const char *dir; /* of a command that does not go over the API */
    enum instance_mode mode;
    enum ca_act act; /* what the operator must be allowed to do */
    /* Without an operator whose certificate is good, who has the directory
     * may do it all the same: instance_break_glass. */
    bool break_glass;
    /* Before there is an operations CA there are no operators, and this is
     * for whoever has the directory: instance_founder. */
    bool founder;
};

/* On CMD_OK release with session_close(); otherwise it is closed. */
int session_open(struct session *s, const struct session_config *config);
void session_close(struct session *s); /* again is fine */

/* Read the instance anew, whose CAs have changed; not over the API. */
int session_reload(struct session *s);

/*
 * Have an operation run, here or by the server. `params` is taken over; NULL:
 * there was no memory for them. `*result` is the caller's, or NULL.
 */
BM_MUST_CHECK bm_status session_ask(struct session *s, const char *operation,
                                    json_t *params, json_t **result,
                                    struct ca_refusal *why);

/* The same, and says why not. */
int session_call(struct session *s, const char *operation, json_t *params,
                 json_t **result);

/* The same of an operation that takes octets. */
int session_put(struct session *s, const char *operation, json_t *params,
                struct bm_bytes octets, json_t **result);

/* Say that the act failed with `rc`, unless that is BM_OK; the exit code. */
int session_result(const struct session *s, bm_status rc,
                   const struct ca_refusal *why);

/* After an act: make the revocation lists that it changed, sign a checkpoint
 * and publish the ledger. A server does so itself. */
int session_publish(struct session *s);

/* An act has revoked certificates of whatever CAs. */
void session_lists_changed(struct session *s);

/* The CA with exactly this id, or NULL. */
const struct instance_ca *session_find_ca(const struct session *s,
                                          const char *id);

/* A read transaction around what a command reads. */
BM_MUST_CHECK bm_status session_begin(struct session *s);
void session_end(struct session *s);

/* Parameters, to be given to session_ask(): `text` NULL and `time` 0 are left
 * out. */
void session_set_text(json_t *params, const char *name, const char *text);
void session_set_time(json_t *params, const char *name, int64_t time);
void session_set_int(json_t *params, const char *name, uint64_t value);
void session_set_flag(json_t *params, const char *name); /* true */
void session_set_der(json_t *params, const char *name, struct bm_bytes der);

#endif
