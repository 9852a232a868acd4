/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_PKCS11_INTERNAL_H
#define BM_KEYS_PKCS11_INTERNAL_H

#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* The names of p11-kit's headers that are not those of the standard. */
#define CRYPTOKI_GNU 1
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include "keys/internal.h"
#include "keys/pkcs11.h"

/*
 * Between the parts of provider "pkcs11":
 *
 *   pkcs11_uri.c      RFC 7512: which token, which key, where is the PIN
 *   pkcs11_module.c   modules of this process: loaded, initialised, forked
 *   pkcs11_token.c    tokens: what URIs call them, in which slot they are
 *   pkcs11_session.c  sessions: opened and pooled, logged in
 *   pkcs11_run.c      one operation, and what is done when it fails
 *   pkcs11_object.c   keys in the token: found, read
 *   pkcs11_make.c     keys in the token: made
 *   pkcs11_sign.c     from a message to a signature that has been verified
 *   pkcs11.c          the provider
 */

/* ---- pkcs11_uri.c */

struct p11_uri {
    P11KitUri *uri;
    /* Canonical text of what names the token, and its PIN's file: keys whose
     * texts are the same share sessions. */
    char token[2 * BM_KEY_URI_MAX];
    const char *module;               /* NULL: not named; as below, in `uri` */
    const char *pin_file;             /* NULL: not named */
    const struct ck_attribute *label; /* at least one of both */
    const struct ck_attribute *id;
};

/* On BM_OK release with p11_uri_wipe(); otherwise `*u` is zero. */
bm_status p11_uri_parse(const char *rest, struct p11_uri *u);
void p11_uri_wipe(struct p11_uri *u);

/* ---- pkcs11_module.c */

struct p11_token;

/* One per path and process. Lives until its last user lets go of it. */
struct p11_module {
    struct p11_module *next;
    unsigned refs;
    char path[DISK_PATH_MAX];
    struct ck_function_list *f;

    /* Of all below, of tokens too. Held while the module is initialised and
     * finalised, and while sessions that wait are closed; during no other call
     * into it. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool up;             /* initialised, by this process */
    unsigned epoch;      /* counts that: what is of an earlier one is void */
    unsigned calls;      /* threads that are inside */
    bool restarting;     /* nobody goes in: C_Finalize waits for `calls` */
    int64_t quiet_until; /* milliseconds: not to be initialised before */
    int64_t pause;
    struct p11_token *tokens;
};

/* BM_E_KEYS_MODULE, BM_E_MEMORY. */
bm_status p11_module_get(const char *path, struct p11_module **m);
void p11_module_ref(struct p11_module *m);
void p11_module_put(struct p11_module *m); /* NULL is fine */

/* Go in: until p11_leave() the module stays initialised. */
bm_status p11_enter(struct p11_module *m, unsigned *epoch);
void p11_leave(struct p11_module *m);

/* Initialise anew what failed in `epoch`, unless somebody has, or it is too
 * early: false. Outside of p11_enter(). */
bool p11_restart(struct p11_module *m, unsigned epoch, int64_t pause);

int64_t p11_now(void); /* milliseconds of a clock that nobody sets */

/* Wait for a change of `m`, with its lock held; false: `until` has passed. */
bool p11_wait(struct p11_module *m, int64_t until);

/* ---- pkcs11_token.c */

/* Which PIN a token refused: it is not offered again. */
struct p11_refused {
    bool set;
    ino_t inode;
    struct timespec changed;
};

/*
 * A token as URIs name it. Belongs to its module, and stays with it when no key
 * is open: which PIN was refused is not to be forgotten.
 */
struct p11_token {
    struct p11_token *next;
    unsigned refs;
    struct p11_module *module;
    char name[2 * BM_KEY_URI_MAX];
    P11KitUri *uri; /* of the token alone */
    char *pin_file; /* NULL: none */
    int64_t pause_ms;

    pthread_mutex_t opening; /* one thread looks, opens and logs in */
    struct p11_refused refused;

    /* Below: under the module's lock. */
    unsigned epoch;      /* that the rest is of */
    unsigned generation; /* counts logins lost: handles of keys are void */
    bool found;
    ck_slot_id_t slot;
    bool login; /* it wants one */
    char label[33];
    unsigned limit; /* sessions */
    unsigned open;
    ck_session_handle_t idle[BM_PKCS11_SESSIONS_MAX];
    unsigned idle_n;
    int64_t quiet_until; /* milliseconds: gone, and left alone until then */
    int64_t pause;
};

/* Holds the module, too. */
bm_status p11_token_get(struct p11_module *m, const struct p11_uri *u,
                        const struct bm_key_pkcs11_config *config,
                        struct p11_token **token);
void p11_token_put(struct p11_token *t); /* NULL is fine */
void p11_tokens_free(struct p11_module *m);

/* With the lock held: what was known before the module was initialised anew
 * is not so any more. */
void p11_token_refresh(struct p11_token *t);

struct p11_session;

/* In which slot is the session's token? In exactly one. With `opening` held. */
bm_status p11_token_find(struct p11_session *s);

/* ---- pkcs11_session.c */

/* A session, for one operation of one thread. */
struct p11_session {
    struct p11_token *token;
    ck_session_handle_t handle;
    unsigned epoch;
    unsigned generation;
    bool writes; /* not of the pool: closed when it is given back */
    ck_rv_t rv;  /* of the last call that failed */
};

/* Between p11_enter() and p11_leave(). On error session->rv says why. */
bm_status p11_session_take(struct p11_token *t, bool writes,
                           struct p11_session *s);
/* Back to the pool, or, when an operation failed in it, away. */
void p11_session_give(struct p11_session *s, bool good);

/* Sessions that wait in the pool are taken for dead, like the handles of keys
 * in them. */
void p11_session_drop_all(struct p11_session *s);

/* The PIN is in `session`'s token and its file. For keys that want it each
 * time (CKA_ALWAYS_AUTHENTICATE). With `opening` held. */
bm_status p11_login(struct p11_session *s, ck_user_type_t who);

/* Keep `rv`; what it means as a status. */
bm_status p11_call(struct p11_session *s, ck_rv_t rv);

/* ---- pkcs11_run.c */

/* One thing to do, in a session. */
struct p11_work {
    void *arg;
    bm_status (*act)(void *arg, struct p11_session *s);
    bool writes;
    bool once; /* it changes the token: never try again */
};

bm_status p11_run(struct p11_token *t, const struct p11_work *work);

/* ---- pkcs11_object.c */

/* Room for label and id of a URI. */
#define P11_NAME_MAX BM_KEY_URI_MAX

/* Of RSA with 4096 bits: a modulus. */
#define P11_VALUE_MAX 1024

struct p11_name {
    uint8_t octets[P11_NAME_MAX];
    size_t n; /* 0: not named */
};

struct p11_key {
    struct bm_key key;
    struct bm_signer signer;
    const struct bm_crypto *crypto;
    struct p11_token *token;
    struct p11_name label;
    struct p11_name id;
    bool always_login; /* CKA_ALWAYS_AUTHENTICATE */
    bool seen;         /* `captive` is known */
    bool captive;      /* sensitive, and was never anything else */
    uint8_t *spki;

    /* Where it was found; void when the token says another generation. */
    bool placed;
    unsigned epoch;
    unsigned generation;
    ck_object_handle_t handle;
};

/* RFC 5480 2.1.1.1, and RFC 8410 3; PKCS#11 3.0 6.3.1: or as a curveName. */
#define P11_P256        "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define P11_P384        "\x06\x05\x2b\x81\x04\x00\x22"
#define P11_ED25519_OID "\x06\x03\x2b\x65\x70"
#define P11_ED25519 \
    "\x13\x0c"      \
    "edwards25519"

/* A template of what is looked for. */
struct p11_query {
    ck_object_class_t class;
    struct ck_attribute a[3];
    unsigned long n;
};

/* Unless there is no such name. */
void p11_query_name(struct p11_query *q, ck_attribute_type_t type,
                    struct p11_name *name);

/* How many are there, as far as two; `*found` is the first. */
bm_status p11_search(struct p11_session *s, struct p11_query *q,
                     ck_object_handle_t *found, unsigned long *n);
bm_status p11_find_private(struct p11_key *k, struct p11_session *s,
                           ck_object_handle_t *found);
bm_status p11_find_public(struct p11_key *k, struct p11_session *s,
                          ck_object_handle_t *found);

/* A CK_BBOOL; what is not said stays as it is. */
bm_status p11_get_flag(struct p11_session *s, ck_object_handle_t object,
                       ck_attribute_type_t type, bool *flag);

/* Find the private key, if its place is not known: BM_E_NOT_FOUND,
 * BM_E_KEYS_AMBIGUOUS; and what it may do. */
bm_status p11_key_place(struct p11_key *k, struct p11_session *s);

/* Find it anew, and read its public half. */
bm_status p11_key_read(struct p11_key *k, struct p11_session *s);

/* What its public half is, as the token says: room of P11_SPKI_MAX. */
#define P11_SPKI_MAX (P11_VALUE_MAX + 128)
bm_status p11_key_public(struct p11_key *k, struct p11_session *s,
                         uint8_t room[P11_SPKI_MAX], struct bm_spki *spki);

/* Its public half is this. */
bm_status p11_key_know(struct p11_key *k, struct bm_bytes spki);

/* A p11_work.act: is the key there, and does the token answer for it? */
bm_status p11_key_probe(void *key, struct p11_session *s);

/* All are a p11_work.act: find a key, or make one, and read its public
 * half into `key`; or take it away. */
struct p11_make {
    struct p11_key *key;
    const struct bm_key_spec *spec; /* NULL: find */
    bool acted;                     /* the token was asked to make one */
    bool destroy;                   /* instead of both */
};
bm_status p11_key_find(void *arg, struct p11_session *s);
bm_status p11_key_make(void *arg, struct p11_session *s);
bm_status p11_key_destroy(void *arg, struct p11_session *s);

/* ---- pkcs11_sign.c */

void p11_signer_init(struct p11_key *k, const struct bm_spki *spki);

#endif
