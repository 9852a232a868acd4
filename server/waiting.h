/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_WAITING_H
#define BM_SERVER_WAITING_H

#include "core/csr.h"
#include "files/files.h"
#include "keys/key.h"
#include "store/store.h"

/*
 * Keys that wait for their certificate. Of a CA the request is carried to
 * whoever signs it, and the certificate comes back some day (ca_install.h);
 * the TLS server's waits until there is a CA to sign it (outfit.h).
 *
 * ca/ID.csr is the request in PEM, and in lines in front, which readers of PEM
 * pass over (RFC 7468 5.2), what it is for and where the key is:
 *
 *     kind: issuing
 *     key: file:issuing.key
 *     taken: over               of a CA that `ca import` has not finished
 *     -----BEGIN CERTIFICATE REQUEST-----
 *
 * The file is durable before anybody is told of the request, and goes when
 * the certificate is in use.
 */

/* What may wait in one instance: as many as there may be CAs, and a server. */
#define WAITING_MAX 32

enum waiting_kind {
    WAITING_ISSUING = STORE_CA_ISSUING,
    WAITING_OPERATIONS = STORE_CA_OPERATIONS,
    WAITING_SERVER
};

struct waiting_key {
    char id[STORE_ID_MAX];
    enum waiting_kind kind;
    char key_uri[BM_KEY_URI_MAX];
    bool taken;        /* over from elsewhere: `ca import` alone finishes it */
    struct bm_csr csr; /* views into `der` */
    uint8_t *der;
};

/* The id of the TLS server's. No CA has it. */
#define WAITING_SERVER_ID "server"

/* "issuing", "operations", "server"; 0 if it is none of them. */
const char *waiting_kind_name(enum waiting_kind kind);
enum waiting_kind waiting_kind_parse(const char *name);

/* Take a file apart. On BM_OK release with waiting_free(). */
BM_MUST_CHECK bm_status waiting_parse(struct waiting_key *waiting,
                                      struct bm_bytes text);

/* BM_E_NOT_FOUND: nothing of this id waits. */
BM_MUST_CHECK bm_status waiting_read(struct waiting_key *waiting,
                                     const char *dir, const char *id,
                                     struct ca_refusal *why);
void waiting_free(struct waiting_key *waiting); /* again is fine */

/* Put on file: everything but `der` is filled in. BM_E_EXISTS. */
BM_MUST_CHECK bm_status waiting_write(const struct waiting_key *waiting,
                                      const char *dir, struct ca_refusal *why);

/* It waits no longer; not there is fine. */
BM_MUST_CHECK bm_status waiting_drop(const char *dir, const char *id,
                                     struct ca_refusal *why);

/* All that wait, in the order of their ids. */
struct waiting_list {
    struct waiting_key item[WAITING_MAX];
    size_t n;
};
BM_MUST_CHECK bm_status waiting_list_read(struct waiting_list *list,
                                          const char *dir,
                                          struct ca_refusal *why);
void waiting_list_free(struct waiting_list *list); /* again is fine */

/* The one with this id, or with this public key; or NULL. */
const struct waiting_key *waiting_find(const struct waiting_list *list,
                                       const char *id);
const struct waiting_key *waiting_find_key(const struct waiting_list *list,
                                           struct bm_bytes spki);

#endif
