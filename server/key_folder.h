/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_KEY_FOLDER_H
#define BM_SERVER_KEY_FOLDER_H

#include "ca/refusal.h"
#include "keys/kek.h"
#include "keys/maker.h"
#include "keys/shares_read.h"
#include "server/settings.h"

/*
 * Where an instance has its keys: the folder keys/, unlocked, and the tokens
 * that its settings name. A start costs one scrypt, and until it is closed
 * any of its keys can be opened or made. Keys that were opened live on. So a
 * process that needs certain keys opens the folder, takes them, and closes it:
 * what it cannot open it cannot lose.
 */

/* The cryptography of the program: one composition file chooses it. */
struct instance_port {
    const struct bm_crypto *crypto;
    const struct bm_key_maker *maker;

    /* Whom to ask for shares; NULL: nobody (a service). Borrowed. */
    const struct bm_shares_terminal *terminal;
};

struct key_folder {
    struct bm_keys keys; /* to be asked; no providers: it is closed */

    /* Private. */
    struct bm_kek *kek;
    struct bm_key_provider *files;
    struct bm_key_provider *pkcs11;
    struct bm_key_provider *tpm2;
    const struct bm_key_provider *providers[4]; /* ends with NULL */
    size_t n;
};

/* The kinds of keys that an instance can have, by what begins their URIs. */
struct key_kind {
    const char *scheme;
    enum bm_key_sandbox sandbox; /* what the processes that use one need */
    const char *class;           /* that, as a word: "memory" */
};

/* Of a key's URI; NULL: no such kind. Opens nothing. */
const struct key_kind *key_kind_of(const char *uri);

/*
 * Open that of the instance `dir`, with the secret that its settings name.
 * BM_E_KEYS_...: not unlocked. The struct stays where it is. Puts
 * settings->token_environment into that of the process: modules look there.
 */
BM_MUST_CHECK bm_status key_folder_open(struct key_folder *folder,
                                        const char *dir,
                                        const struct settings *settings,
                                        const struct instance_port *port,
                                        struct ca_refusal *why);
void key_folder_close(struct key_folder *folder); /* wipes; again is fine */

/* The secret itself, for who puts another over the same keys, or splits it;
 * the caller wipes it. */
BM_MUST_CHECK bm_status key_folder_secret(const char *dir, const char *unlock,
                                          const struct instance_port *port,
                                          uint8_t secret[BM_UNLOCK_SIZE],
                                          struct ca_refusal *why);

/* A key for one purpose (bm_kek_derive()), for a process that needs no other:
 * unlock, derive, and close again. The caller wipes it. */
struct key_purpose {
    struct bm_bytes name;
    uint8_t key[BM_KEK_SIZE]; /* filled in */
};
BM_MUST_CHECK bm_status key_folder_derive(const char *dir,
                                          const struct settings *settings,
                                          const struct instance_port *port,
                                          struct key_purpose *purpose,
                                          struct ca_refusal *why);

/* Seal a key that was made elsewhere as the file `name` of the folder
 * (bm_key_file_import()). */
BM_MUST_CHECK bm_status key_folder_import(const struct key_folder *folder,
                                          const char *name,
                                          struct bm_bytes pkcs8,
                                          struct ca_refusal *why);

/*
 * Open a key and hold it against the public key that it is known by. An empty
 * URI gives none. One in a token that is away, or takes no PIN, is no error:
 * bm_key_ready() tells, and so does signing, until the token is back.
 */
BM_MUST_CHECK bm_status key_folder_get(const struct key_folder *folder,
                                       const char *uri, struct bm_bytes spki,
                                       struct bm_key **key,
                                       struct ca_refusal *why);

/*
 * For listeners, which hold this key and no other: unlock, open the TLS
 * server's, which ca/server.pem names (own.h), and close the folder again.
 * The caller closes `*key`; for TLS, bm_openssl_signer_pkey((*key)->signer) is
 * what OpenSSL wants.
 */
#define SERVER_KEY_URI "file:server.key"
BM_MUST_CHECK bm_status server_key_open(const char *dir,
                                        const struct settings *settings,
                                        const struct instance_port *port,
                                        struct bm_key **key,
                                        struct ca_refusal *why);

#endif
