/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_NEW_CA_H
#define BM_SERVER_NEW_CA_H

#include "server/instance.h"
#include "server/waiting.h"

/*
 * A CA that is to be: its key is made here and its request written. Nothing
 * is a CA before its certificate is installed (ca_install.h).
 */

/* Its own subject's longest form. */
#define NEW_CA_NAME_MAX 512

struct new_ca {
    const char *dir;
    const char *id;
    enum waiting_kind kind;
    const char *key_uri; /* NULL: file:ID.key */
    struct bm_key_spec spec;
    struct bm_bytes subject; /* Name with header */
    const struct bm_keys *keys;
};

/*
 * Make the key and write the request: ca/ID.csr. A key that is at the URI
 * already is taken, if it is of this kind: somebody made it in a token, or was
 * interrupted after it. That no other CA has it is the caller's to know.
 * BM_E_EXISTS: there is a request; BM_E_KEY_MISMATCH: a key of another kind.
 */
BM_MUST_CHECK bm_status new_ca_make(const struct new_ca *ca,
                                    struct ca_refusal *why);

/* O=organisation of the instance, CN=`name`; NULL: the organisation, and what
 * the id says. */
BM_MUST_CHECK bm_status new_ca_put_subject(const struct instance *instance,
                                           const char *id, const char *name,
                                           struct bm_wr *w);

/* What comes after a CA, under its name. */
struct new_ca_next {
    char id[STORE_ID_MAX]; /* "issuing-2" */
    enum waiting_kind kind;
    struct bm_key_spec spec; /* as its key is */
    uint8_t subject[NEW_CA_NAME_MAX];
    size_t subject_n;
};

/*
 * Its subject is that of the CA with another commonName: `name`, or if that is
 * NULL its own with the generation behind it. Two CAs of one name are told
 * apart by their key identifiers, and there is who takes the list of one for
 * the other's; so no generation has the name of another.
 *
 * BM_E_NOT_FOUND: no CA of ours; BM_E_EXISTS: its next generation waits;
 * BM_E_ARGUMENT: a commonName that nothing can be put behind.
 */
BM_MUST_CHECK bm_status new_ca_next(const struct instance *instance,
                                    const char *id, const char *name,
                                    struct new_ca_next *next,
                                    struct ca_refusal *why);

/* Has anybody this key? BM_E_EXISTS. */
BM_MUST_CHECK bm_status new_ca_check_key(const struct instance *instance,
                                         const char *key_uri,
                                         struct ca_refusal *why);

/*
 * May there be such a CA in this instance, with its key there? BM_E_EXISTS:
 * there is a CA of this name, or one waits, or another one has the key;
 * BM_E_ARGUMENT: nothing can be called so.
 */
BM_MUST_CHECK bm_status new_ca_check(const struct instance *instance,
                                     const char *id, const char *key_uri,
                                     struct ca_refusal *why);

/*
 * A PKCS#10 by `key` with what a CA of this sort asks for: a CA below which
 * there is none, that signs certificates and lists. What it gets is for who
 * signs it to say.
 */
BM_MUST_CHECK bm_status new_ca_put_request(const struct bm_key *key,
                                           struct bm_bytes subject,
                                           struct bm_wr *w, struct bm_csr *csr);

/*
 * May a CA be called so? Lower-case letters, digits and '-', a letter first,
 * and nothing that names something else: `root`, `server`, and a number at the
 * end, which is a generation.
 */
bool new_ca_is_id(const char *id);

#endif
