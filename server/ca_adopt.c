/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ca_adopt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/pem.h"
#include "keys/file.h"
#include "server/instance_internal.h"
#include "server/new_ca.h"

struct adopting {
    const struct ca_adopt *c;
    struct instance *in;
    struct ca_refusal *why;
    struct waiting_key waiting;
    struct bm_key *key;
};

/* In DER, whether it is so already or in PEM. The caller wipes it. */
static bm_status decode(const struct adopting *a, uint8_t **der, size_t *n)
{
    struct bm_bytes text = a->c->pkcs8;
    struct bm_pem block = { .base64 = { NULL, 0 } };
    struct bm_wr w;
    bm_status rc = BM_OK;

    *n = 0;
    *der = malloc(text.n + 1);
    if (*der == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, *der, text.n);
    if (text.n != 0 && text.p[0] == BM_DER_SEQUENCE) {
        bm_wr_put(&w, text);
    } else {
        rc = bm_pem_next(&text, NULL, &block);
        if (rc == BM_OK) {
            rc = bm_pem_is(&block, "PRIVATE KEY")
                     ? bm_pem_decode(&block, NULL, &w)
                     : BM_E_KEYS_FILE;
        }
    }
    *n = w.len;
    return rc == BM_OK ? BM_OK
                       : ca_refuse(a->why, BM_E_KEYS_FILE,
                                   "a key in PKCS#8, not encrypted: openssl "
                                   "pkcs8 -topk8 -nocrypt makes one");
}

static const struct bm_cert *find_cert(const struct adopting *a,
                                       struct bm_bytes spki)
{
    const struct ca_install *install = &a->c->install;

    for (size_t k = 0; k < install->certs_n; k++) {
        if (bm_bytes_equal(install->certs[k].key.der, spki)) {
            return &install->certs[k];
        }
    }
    return NULL;
}

static bm_status refuse_key(const struct adopting *a)
{
    return ca_refuse(a->why, BM_E_KEY_MISMATCH,
                     "no certificate is for the key");
}

/* Before it is anywhere: is it the one that is meant? */
static bm_status check_pkcs8(const struct adopting *a)
{
    const struct bm_key_maker *maker = a->in->port.maker;
    struct bm_signer *signer = NULL;
    uint8_t *der = NULL;
    size_t n = 0;
    bm_status rc = decode(a, &der, &n);

    if (rc == BM_OK) {
        rc = maker->from_pkcs8(maker->self, (struct bm_bytes){ der, n },
                               &signer);
        rc = rc == BM_OK ? BM_OK : ca_refuse(a->why, rc, "the key");
    }
    if (rc == BM_OK && find_cert(a, signer->key.der) == NULL) {
        rc = refuse_key(a);
    }
    maker->release(maker->self, signer);
    if (der != NULL) {
        bm_wipe(der, n);
    }
    free(der);
    return rc;
}

/* Sealed under the id; where that name is another key's, beside it. */
static bm_status seal(struct adopting *a)
{
    static const char *const ends[] = { "", "-taken", "-taken-2" };
    const struct instance *in = a->in;

    BM_TRY(check_pkcs8(a));
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char name[BM_KEY_FILE_NAME_MAX + 8];
        bm_status rc;

        (void)snprintf(name, sizeof name, "%s%s.key", a->c->id, ends[i]);
        (void)snprintf(a->waiting.key_uri, sizeof a->waiting.key_uri, "file:%s",
                       name);
        rc = key_folder_import(&in->keys, name, a->c->pkcs8, a->why);
        if (rc != BM_OK && rc != BM_E_EXISTS) {
            return rc;
        }
        BM_TRY(bm_key_open(&in->keys.keys, a->waiting.key_uri, &a->key));
        if (find_cert(a, a->key->signer->key.der) != NULL) {
            return BM_OK;
        }
        bm_key_close(a->key);
        a->key = NULL;
    }
    return ca_refuse(a->why, BM_E_EXISTS, "%s", a->waiting.key_uri);
}

static bm_status open_key(struct adopting *a)
{
    bm_status rc;

    if (a->c->key_uri == NULL) {
        return seal(a);
    }
    if (strlen(a->c->key_uri) >= sizeof a->waiting.key_uri) {
        return ca_refuse(a->why, BM_E_KEYS_URI, "%s", a->c->key_uri);
    }
    memcpy(a->waiting.key_uri, a->c->key_uri, strlen(a->c->key_uri) + 1);
    rc = bm_key_open(&a->in->keys.keys, a->c->key_uri, &a->key);
    return rc == BM_OK ? BM_OK : ca_refuse(a->why, rc, "%s", a->c->key_uri);
}

/* Once there is a row, the rest is what an interrupted install leaves. */
static bm_status check(const struct adopting *a)
{
    const struct instance_ca *row = instance_get_ca(a->in, a->c->id);
    const struct waiting_list *waiting = &a->in->waiting;

    for (size_t k = 0; k < waiting->n; k++) {
        const struct waiting_key *w = &waiting->item[k];

        if (w->taken && strcmp(w->id, a->c->id) != 0 &&
            instance_get_ca(a->in, w->id) != NULL) {
            return ca_refuse(a->why, BM_E_CA_UNAVAILABLE,
                             "CA %s comes first: the same birthmark ca import "
                             "again",
                             w->id);
        }
    }
    if (!new_ca_is_id(a->c->id)) {
        return ca_refuse(a->why, BM_E_ARGUMENT,
                         "an id is a letter, and letters (a-z), digits and "
                         "'-'; a number at its end is a generation");
    }
    for (size_t k = 0; k < a->c->install.certs_n && row != NULL; k++) {
        if (bm_bytes_equal(a->c->install.certs[k].der, row->cert.der)) {
            return BM_OK;
        }
    }
    return row == NULL ? BM_OK
                       : ca_refuse(a->why, BM_E_EXISTS, "CA %s", a->c->id);
}

/* It waits for a certificate that is there already. */
static bm_status put_waiting(struct adopting *a, struct bm_bytes subject)
{
    const struct waiting_key *there = waiting_find(&a->in->waiting, a->c->id);
    uint8_t request[CA_TBS_MAX];
    struct bm_wr w;
    bool same = there != NULL &&
                bm_bytes_equal(there->csr.key.der, a->key->signer->key.der);

    if (same && there->taken) {
        return BM_OK;
    }
    if (!same) {
        BM_TRY(new_ca_check_key(a->in, a->waiting.key_uri, a->why));
    }
    if (there != NULL) {
        BM_TRY(waiting_drop(a->in->dir, a->c->id, a->why));
    }
    (void)snprintf(a->waiting.id, sizeof a->waiting.id, "%s", a->c->id);
    a->waiting.kind = a->c->kind;
    a->waiting.taken = true;
    bm_wr_init(&w, request, sizeof request);
    BM_TRY(new_ca_put_request(a->key, subject, &w, &a->waiting.csr));
    return waiting_write(&a->waiting, a->in->dir, a->why);
}

static bm_status adopt(struct adopting *a)
{
    const struct bm_cert *cert;

    BM_TRY(check(a));
    BM_TRY(open_key(a));
    if (a->key == NULL) {
        return BM_E_INTERNAL; /* a provider that keeps no promise */
    }
    cert = find_cert(a, a->key->signer->key.der);
    if (cert == NULL) {
        return refuse_key(a);
    }
    if (instance_get_ca(a->in, a->c->id) == NULL) {
        BM_TRY(put_waiting(a, cert->subject));
        waiting_list_free(&a->in->waiting);
        BM_TRY(waiting_list_read(&a->in->waiting, a->in->dir, a->why));
    }
    return ca_install_pile(&a->c->install, a->why);
}

bm_status ca_adopt(const struct ca_adopt *config, struct ca_refusal *why)
{
    struct adopting a = { .c = config,
                          .in = config->install.instance,
                          .why = why };
    bm_status rc = ca_authorise(config->install.actor, CA_ACT_CA_INSTALL, why);

    if (rc == BM_OK) {
        rc = adopt(&a);
    }
    bm_key_close(a.key);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
