/* SPDX-License-Identifier: Apache-2.0 */
#include "server/new_ca.h"

#include <stdio.h>
#include <string.h>

#include "ca/authority.h"
#include "core/name.h"
#include "core/oid.h"
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
        if (instance_generation(in->cas[i].row.id, id) != 0) {
            return ca_refuse(why, BM_E_EXISTS, "CA %s", in->cas[i].row.id);
        }
    }
    for (size_t i = 0; i < in->waiting.n; i++) {
        if (instance_generation(in->waiting.item[i].id, id) != 0) {
            return ca_refuse(why, BM_E_EXISTS, "%s waits for its certificate",
                             in->waiting.item[i].id);
        }
    }
    return new_ca_check_key(in, key_uri, why);
}

bm_status new_ca_check_key(const struct instance *in, const char *key_uri,
                           struct ca_refusal *why)
{
    static const char *const others[] = { "file:ledger.key",
                                          "file:server.key" };
    const char *owner = NULL;

    /* A key has one purpose: what another signs must not be a certificate. */
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i], key_uri) == 0) {
            owner = "this instance";
        }
    }

    for (size_t i = 0; i < in->cas_n; i++) {
        if (strcmp(in->cas[i].row.key_uri, key_uri) == 0 ||
            strcmp(in->cas[i].row.ocsp_key_uri, key_uri) == 0) {
            owner = in->cas[i].row.id;
        }
    }
    for (size_t i = 0; i < in->waiting.n; i++) {
        if (strcmp(in->waiting.item[i].key_uri, key_uri) == 0) {
            owner = in->waiting.item[i].id;
        }
    }
    return owner == NULL ? BM_OK
                         : ca_refuse(why, BM_E_EXISTS, "%s is the key of %s",
                                     key_uri, owner);
}

/* ---- The next generation */

static bm_status find_last(const struct instance *in, const char *id,
                           struct new_ca_next *next,
                           const struct instance_ca **last,
                           struct ca_refusal *why)
{
    const char *dash = strrchr(id, '-');
    char name[STORE_ID_MAX];
    unsigned long highest = 0;

    (void)snprintf(name, sizeof name, "%s", id);
    if (dash != NULL && dash[1] != '\0' &&
        strspn(dash + 1, "0123456789") == strlen(dash + 1)) {
        name[dash - id] = '\0';
    }
    *last = NULL;
    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];
        unsigned long g = instance_generation(c->row.id, name);

        if (g > highest && c->row.key_uri[0] != '\0') {
            highest = g;
            *last = c;
        }
    }
    if (*last == NULL) {
        return ca_refuse(why, BM_E_NOT_FOUND, "a CA %s whose key is here", id);
    }
    for (size_t i = 0; i < in->waiting.n; i++) {
        if (instance_generation(in->waiting.item[i].id, name) > highest) {
            return ca_refuse(why, BM_E_EXISTS, "%s waits for its certificate",
                             in->waiting.item[i].id);
        }
    }
    (void)snprintf(next->id, sizeof next->id, "%.40s-%lu", name, highest + 1);
    return BM_OK;
}

/* "Acme Issuing CA 3" after "Acme Issuing CA 2", and that after the first. */
static bm_status put_name(const struct bm_attr *cn, const char *id,
                          struct bm_wr *w)
{
    const char *generation = strrchr(id, '-') + 1;
    size_t n = cn->value.n;

    if (cn->tag != BM_DER_UTF8_STRING && cn->tag != BM_DER_PRINTABLE_STRING) {
        return BM_E_ARGUMENT;
    }
    while (n != 0 && cn->value.p[n - 1] >= '0' && cn->value.p[n - 1] <= '9') {
        n--;
    }
    if (n == cn->value.n || n == 0 || cn->value.p[n - 1] != ' ') {
        bm_wr_put(w, cn->value);
        bm_wr_str(w, " ");
    } else {
        bm_wr_put(w, (struct bm_bytes){ cn->value.p, n });
    }
    bm_wr_str(w, generation);
    return w->len > w->cap ? BM_E_LIMIT : BM_OK;
}

static bm_status put_subject(struct bm_bytes old, const char *name,
                             struct new_ca_next *next)
{
    uint8_t text[256];
    struct bm_name_walk walk;
    struct bm_attr attr;
    struct bm_wr w;
    struct bm_wr t;
    size_t mark;

    bm_wr_init(&w, next->subject, sizeof next->subject);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_walk(&walk, old);
    while (bm_name_next(&walk, &attr)) {
        if (bm_bytes_equal(attr.type, BM_LIT(BM_OID_AT_CN))) {
            bm_wr_init(&t, text, sizeof text);
            if (name != NULL) {
                attr.tag = BM_DER_UTF8_STRING;
                bm_wr_str(&t, name);
            } else {
                BM_TRY(put_name(&attr, next->id, &t));
            }
            attr.value = bm_wr_bytes(&t);
        }
        bm_name_put_rdn(&w, attr.type, attr.tag, attr.value);
    }
    bm_der_close(&w, mark);
    next->subject_n = w.len;
    return w.len > w.cap ? BM_E_LIMIT : BM_OK;
}

bm_status new_ca_next(const struct instance *in, const char *id,
                      const char *name, struct new_ca_next *next,
                      struct ca_refusal *why)
{
    const struct instance_ca *last;
    bm_status rc;

    memset(next, 0, sizeof *next);
    BM_TRY(find_last(in, id, next, &last, why));
    if (last == NULL) {
        return BM_E_NOT_FOUND;
    }
    next->kind = (enum waiting_kind)last->row.kind;
    next->spec.type = last->cert.key.type;
    next->spec.rsa_bits =
        next->spec.type == BM_KEY_RSA ? bm_spki_bits(&last->cert.key) : 0;
    rc = put_subject(last->cert.subject, name, next);
    return rc == BM_OK
               ? BM_OK
               : ca_refuse(why, rc, "%s: --name gives its name", next->id);
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
