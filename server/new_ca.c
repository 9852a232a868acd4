/* SPDX-License-Identifier: Apache-2.0 */
#include "server/new_ca.h"

#include <stdio.h>
#include <string.h>

#include "ca/authority.h"
#include "server/instance_internal.h"
#include "server/outfit.h"

/* Room for "-999999" behind it, and for what file names add. */
#define ID_MAX 40

bool new_ca_is_id(const char *id)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t n = strlen(id);
    const char *dash = strrchr(id, '-');

    if (n == 0 || n > ID_MAX || strspn(id, chars) != n || id[0] < 'a' ||
        id[n - 1] == '-') {
        return false;
    }
    if (dash != NULL && strspn(dash + 1, "0123456789") == strlen(dash + 1)) {
        return false;
    }
    return strcmp(id, WAITING_SERVER_ID) != 0 && strcmp(id, "root") != 0;
}

bm_status new_ca_check(const struct instance *in, const char *id,
                       const char *key_uri, struct ca_refusal *why)
{
    if (!new_ca_is_id(id)) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "an id is a letter, and letters (a-z), digits and "
                         "'-'; a number at its end is a generation");
    }
    for (size_t i = 0; i < in->cas_n; i++) {
        const struct store_ca *row = &in->cas[i].row;

        if (instance_generation(row->id, id) != 0) {
            return ca_refuse(why, BM_E_EXISTS, "CA %s", row->id);
        }
        if (strcmp(row->key_uri, key_uri) == 0) {
            return ca_refuse(why, BM_E_EXISTS, "%s is the key of CA %s",
                             key_uri, row->id);
        }
    }
    for (size_t i = 0; i < in->waiting.n; i++) {
        const struct waiting_key *w = &in->waiting.item[i];

        if (strcmp(w->key_uri, key_uri) == 0 || strcmp(w->id, id) == 0) {
            return ca_refuse(why, BM_E_EXISTS,
                             "%s waits for its certificate, and its key is %s",
                             w->id, w->key_uri);
        }
    }
    return BM_OK;
}

struct naming {
    const char *name;
    const char *what;
    struct bm_wr *w;
    bm_status rc;
};

static bm_status put_named(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    struct naming *n = arg;

    n->rc = n->name != NULL ? outfit_put_names(n->w, row->name, n->name)
                            : outfit_put_name(n->w, row->name, n->what);
    return BM_E_END; /* the first one is the instance's own */
}

bm_status new_ca_put_subject(const struct instance *in, const char *id,
                             const char *name, struct bm_wr *w)
{
    static const struct store_scope everything = { 0, 0 };
    const struct store *s = in->store;
    char what[STORE_ID_MAX + 8];
    struct naming naming = { name, what, w, BM_E_NOT_FOUND };
    struct store_visit visit = { &naming, put_named };
    bm_status rc = s->begin(s->self, STORE_READ);

    (void)snprintf(what, sizeof what, "%s CA", id);
    if (what[0] >= 'a' && what[0] <= 'z') {
        what[0] = (char)(what[0] - 'a' + 'A');
    }
    if (rc == BM_OK) {
        rc = s->organisation_list(s->self, &everything, &visit);
        s->rollback(s->self);
    }
    return rc == BM_OK ? naming.rc : rc;
}

bm_status new_ca_put_request(const struct bm_key *key, struct bm_bytes subject,
                             struct bm_wr *w, struct bm_csr *csr)
{
    uint8_t room[128];
    struct bm_wr exts;

    bm_wr_init(&exts, room, sizeof room);
    bm_ext_put_basic(&exts, true, 0);
    bm_ext_put_key_usage(&exts, BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN);
    if (exts.len > exts.cap) {
        return BM_E_LIMIT;
    }
    return instance_make_csr(key, subject, bm_wr_bytes(&exts), w, csr);
}

static bool is_of(const struct bm_spki *key, const struct bm_key_spec *spec)
{
    return key->type == spec->type &&
           (spec->type != BM_KEY_RSA || bm_spki_bits(key) == spec->rsa_bits);
}

static bm_status take_key(const struct new_ca *ca, const char *uri,
                          struct bm_key **key, struct ca_refusal *why)
{
    bm_status rc = bm_key_generate(ca->keys, uri, &ca->spec, key);

    if (rc == BM_E_EXISTS) {
        rc = bm_key_open(ca->keys, uri, key);
        if (rc == BM_OK && !is_of(&(*key)->signer->key, &ca->spec)) {
            bm_key_close(*key);
            *key = NULL;
            rc = BM_E_KEY_MISMATCH;
        }
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", uri);
}

static bm_status check_free(const struct new_ca *ca, struct ca_refusal *why)
{
    struct waiting_key there;
    bm_status rc = waiting_read(&there, ca->dir, ca->id, why);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(rc);
    waiting_free(&there);
    return ca_refuse(why, BM_E_EXISTS, "%s waits for its certificate", ca->id);
}

bm_status new_ca_make(const struct new_ca *ca, struct ca_refusal *why)
{
    struct waiting_key waiting = { .kind = ca->kind };
    uint8_t request[CA_TBS_MAX];
    struct bm_key *key = NULL;
    struct bm_wr w;
    bm_status rc;

    BM_TRY(check_free(ca, why));
    (void)snprintf(waiting.id, sizeof waiting.id, "%s", ca->id);
    if (ca->key_uri == NULL) {
        (void)snprintf(waiting.key_uri, sizeof waiting.key_uri, "file:%s.key",
                       ca->id);
    } else if (strlen(ca->key_uri) < sizeof waiting.key_uri) {
        memcpy(waiting.key_uri, ca->key_uri, strlen(ca->key_uri) + 1);
    } else {
        return ca_refuse(why, BM_E_KEYS_URI, "%s", ca->key_uri);
    }
    BM_TRY(take_key(ca, waiting.key_uri, &key, why));
    bm_wr_init(&w, request, sizeof request);
    rc = new_ca_put_request(key, ca->subject, &w, &waiting.csr);
    if (rc == BM_OK) {
        rc = waiting_write(&waiting, ca->dir, why);
    }
    bm_key_close(key);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
