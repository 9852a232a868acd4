/* SPDX-License-Identifier: Apache-2.0 */

/* Certification authorities and their revocation lists. */
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "core/name.h"
#include "protocols/admin/internal.h"

static const char *const kinds[] = {
    "root", "issuing", "operations", "intermediate", "link", "member", NULL
};
static const char *const states[] = { "active", "retired", NULL };

static const struct admin_field responder_fields[] = {
    ADMIN_GIVES("serial_number", ADMIN_SERIAL, true, "of its certificate"),
    ADMIN_GIVES("not_after", ADMIN_TIME, true, "end of its certificate"),
    ADMIN_GIVES("key_uri", ADMIN_STRING, false, "where its key is"),
    ADMIN_FIELDS_END,
};

static const struct admin_field list_fields[] = {
    ADMIN_GIVES("crl_number", ADMIN_INTEGER, true, "RFC 5280 5.2.3"),
    ADMIN_GIVES("this_update", ADMIN_TIME, true, "when it was made"),
    ADMIN_GIVES("next_update", ADMIN_TIME, true, "when it ends"),
    ADMIN_FIELDS_END,
};

#define CA_FIELDS                                                           \
    ADMIN_GIVES("id", ADMIN_STRING, true, "its name, with its generation"), \
        ADMIN_GIVES_ENUM("kind", kinds, true, "what it signs for"),         \
        ADMIN_GIVES_ENUM("status", states, true, "retired: lists alone"),   \
        ADMIN_GIVES("parent", ADMIN_STRING, false, "id of the CA above"),   \
        ADMIN_GIVES("ecosystem", ADMIN_INTEGER, false,                      \
                    "on whose trust list alone it is"),                     \
        ADMIN_GIVES("organisation", ADMIN_INTEGER, false, "whose it is"),   \
        ADMIN_GIVES("subject", ADMIN_STRING, true, "RFC 4514"),             \
        ADMIN_GIVES("serial_number", ADMIN_SERIAL, true,                    \
                    "of its certificate"),                                  \
        ADMIN_GIVES("not_before", ADMIN_TIME, true, "begin of validity"),   \
        ADMIN_GIVES("not_after", ADMIN_TIME, true, "end of validity"),      \
        ADMIN_GIVES("fingerprint_sha256", ADMIN_STRING, true,               \
                    "of its certificate"),                                  \
        ADMIN_GIVES("key_uri", ADMIN_STRING, false, "where its key is"),    \
        ADMIN_GIVES_IN("ocsp_responder", ADMIN_OBJECT, false,               \
                       responder_fields, "who answers in its name"),        \
        ADMIN_GIVES_IN("crl", ADMIN_OBJECT, false, list_fields,             \
                       "the revocation list that was published last")

const struct admin_field admin_ca_fields[] = { CA_FIELDS, ADMIN_FIELDS_END };
const struct admin_field admin_ca_full_fields[] = {
    CA_FIELDS,
    ADMIN_GIVES("pem", ADMIN_PEM, true, "its certificate"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_ca_page[] = {
    ADMIN_PAGE_OF(admin_ca_fields),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_crl_fields[] = {
    ADMIN_GIVES("ca", ADMIN_STRING, true, "id of the CA whose list it is"),
    ADMIN_GIVES("crl_number", ADMIN_INTEGER, true, "RFC 5280 5.2.3"),
    ADMIN_GIVES("this_update", ADMIN_TIME, true, "when it was made"),
    ADMIN_GIVES("next_update", ADMIN_TIME, true, "when it ends"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_list_cas_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_ca_params[] = {
    ADMIN_PATH("ca", ADMIN_STRING, ADMIN_ID_MAX, "id of the CA"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_make_crl_params[] = {
    ADMIN_PATH("ca", ADMIN_STRING, ADMIN_ID_MAX, "id of the CA"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_load_crl_params[] = {
    ADMIN_BODY("crl", ADMIN_PEM, true, (int64_t)ADMIN_BODY_MAX,
               "the revocation list; its signature says whose it is"),
    ADMIN_FIELDS_END,
};

static const char *kind_of(enum store_ca_kind kind)
{
    return kind >= STORE_CA_ROOT && kind <= STORE_CA_MEMBER
               ? kinds[kind - STORE_CA_ROOT]
               : "unknown";
}

static void set_fingerprint(const struct admin_context *c, struct tree *t,
                            json_t *o, struct bm_bytes der)
{
    uint8_t digest[BM_HASH_MAX];

    if (c->crypto->hash(c->crypto->self, BM_HASH_SHA256, der, digest) !=
        BM_OK) {
        t->failed = true;
        return;
    }
    tree_set(
        t, o, "fingerprint_sha256",
        tree_hex(t, (struct bm_bytes){ digest, bm_hash_len(BM_HASH_SHA256) }));
}

static bm_status set_responder(struct tree *t, json_t *o,
                               const struct store_ca *row)
{
    struct bm_cert cert;
    json_t *r;

    if (row->ocsp_cert.n == 0) {
        return BM_OK;
    }
    BM_TRY(bm_cert_parse(row->ocsp_cert, BM_STRICT, NULL, &cert));
    r = tree_object(t);
    tree_set(t, r, "serial_number", tree_hex(t, cert.serial));
    tree_set(t, r, "not_after", tree_time(t, cert.not_after));
    tree_set_text(t, r, "key_uri", row->ocsp_key_uri);
    tree_set(t, o, "ocsp_responder", r);
    return BM_OK;
}

static void set_list(struct tree *t, json_t *o, const struct store_crl *row)
{
    tree_set(t, o, "crl_number", tree_int(t, (int64_t)row->number));
    tree_set(t, o, "this_update", tree_time(t, row->this_update));
    tree_set(t, o, "next_update", tree_time(t, row->next_update));
}

/* The list that was published last, if there was one. */
static bm_status set_crl(const struct admin_context *c, struct tree *t,
                         json_t *o, const char *id)
{
    struct store_crl row;
    bm_status rc =
        c->store->crl_get(c->store->self, id, STORE_LIST_COMPLETE, &row);
    json_t *list;

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    list = tree_object(t);
    set_list(t, list, &row);
    tree_set(t, o, "crl", list);
    return BM_OK;
}

/* What is the instance's says nothing. */
static void set_whose(struct tree *t, json_t *o, const struct store_ca *row)
{
    if (row->ecosystem != 0) {
        tree_set(t, o, "ecosystem", tree_int(t, row->ecosystem));
    }
    if (row->organisation != 0) {
        tree_set(t, o, "organisation", tree_int(t, row->organisation));
    }
}

/* In a transaction. */
static bm_status make_ca(const struct admin_context *c, struct tree *t,
                         const struct store_ca *row, json_t *o)
{
    struct bm_cert cert;

    BM_TRY(bm_cert_parse(row->cert, BM_STRICT, NULL, &cert));
    tree_set(t, o, "id", tree_str(t, row->id));
    tree_set(t, o, "kind", tree_str(t, kind_of(row->kind)));
    tree_set(t, o, "status",
             tree_str(t, states[row->status == STORE_CA_ACTIVE ? 0 : 1]));
    tree_set_text(t, o, "parent", row->parent);
    set_whose(t, o, row);
    tree_set(t, o, "subject", tree_put(t, bm_name_put_text, cert.subject));
    tree_set(t, o, "serial_number", tree_hex(t, cert.serial));
    tree_set(t, o, "not_before", tree_time(t, cert.not_before));
    tree_set(t, o, "not_after", tree_time(t, cert.not_after));
    set_fingerprint(c, t, o, cert.der);
    tree_set_text(t, o, "key_uri", row->key_uri);
    BM_TRY(set_responder(t, o, row));
    return set_crl(c, t, o, row->id);
}

struct cas {
    const struct admin_context *c;
    struct admin_page page;
};

static bm_status add_ca(void *arg, const void *visited)
{
    struct cas *cas = arg;
    const struct store_ca *row = visited;
    json_t *o;
    bm_status rc;

    if (admin_page_skips(&cas->page, row->id)) {
        return BM_OK;
    }
    BM_TRY(admin_page_row(&cas->page, row->id));
    o = tree_object(&cas->page.t);
    rc = make_ca(cas->c, &cas->page.t, row, o);
    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    return admin_page_add(&cas->page, o);
}

bm_status admin_list_cas(struct admin_context *c, const json_t *params,
                         json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct cas cas = { .c = c };
    struct store_visit visit = { &cas, add_ca };
    bm_status rc;

    (void)why;
    admin_page_begin(&cas.page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = s->ca_list(s->self, &c->actor.scope, &visit);
        admin_end(c);
    }
    return admin_page_end(&cas.page, rc, result);
}

static bm_status get_ca(struct admin_context *c, const char *id,
                        struct store_ca *row, struct ca_refusal *why)
{
    bm_status rc = c->store->ca_get(c->store->self, &c->actor.scope, id, row);

    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "CA %s", id) : rc;
}

static bm_status show_ca(struct admin_context *c, const char *id,
                         json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    struct store_ca row;

    BM_TRY(get_ca(c, id, &row, why));
    tree_set(&t, result, "pem", admin_pem(&t, "CERTIFICATE", row.cert));
    BM_TRY(make_ca(c, &t, &row, result));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_show_ca(struct admin_context *c, const json_t *params,
                        json_t *result, struct ca_refusal *why)
{
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = show_ca(c, admin_text(params, "ca"), result, why);
        admin_end(c);
    }
    return rc;
}

/* What all members share is for operators above them to act on. */
bm_status admin_check_shared(const struct admin_context *c,
                             uint32_t organisation, struct ca_refusal *why)
{
    return organisation != 0 || c->actor.scope.organisation == 0
               ? BM_OK
               : ca_refuse(why, BM_E_CA_FORBIDDEN,
                           "%s is of an organisation, and others share this",
                           c->actor.name);
}

/* What was published just now. */
static bm_status give_list(struct admin_context *c, const char *id,
                           json_t *result)
{
    struct tree t = { false };
    struct store_crl row;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = c->store->crl_get(c->store->self, id, STORE_LIST_COMPLETE, &row);
        admin_end(c);
    }
    BM_TRY(rc);
    tree_set(&t, result, "ca", tree_str(&t, id));
    set_list(&t, result, &row);
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_make_crl(struct admin_context *c, const json_t *params,
                         json_t *result, struct ca_refusal *why)
{
    const char *id = admin_text(params, "ca");
    struct store_ca row;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = get_ca(c, id, &row, why);
        admin_end(c);
    }
    BM_TRY(rc);
    BM_TRY(admin_check_shared(c, row.organisation, why));
    BM_TRY(c->host.make_crl(c->host.self, &c->actor, id, c->now, why));
    return give_list(c, id, result);
}

/* Whose list is it? Generations of a CA may share a name: the signature says
 * which one has made it. */
struct signer {
    const struct admin_context *c;
    const struct bm_crl *crl;
    char id[STORE_ID_MAX];
    uint32_t organisation; /* whose CA it is */
};

static bm_status look_at(void *arg, const void *visited)
{
    struct signer *s = arg;
    const struct store_ca *row = visited;
    struct bm_cert cert;

    if (row->kind == STORE_CA_LINK) {
        return BM_OK; /* the same name and key as a root's */
    }
    BM_TRY(bm_cert_parse(row->cert, BM_STRICT, NULL, &cert));
    if (bm_name_equal(cert.subject, s->crl->head.issuer) &&
        bm_crl_verify(s->crl, &cert.key, s->c->crypto) == BM_OK) {
        memcpy(s->id, row->id, sizeof s->id);
        s->organisation = row->organisation;
        return BM_E_END;
    }
    return BM_OK;
}

static bm_status load(struct admin_context *c, struct bm_bytes der,
                      json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct bm_crl crl;
    struct signer signer = { .c = c, .crl = &crl };
    struct store_visit visit = { &signer, look_at };
    bm_status rc;

    BM_TRY(bm_crl_parse(der, NULL, &crl));
    BM_TRY(admin_begin(c));
    rc = s->ca_list(s->self, &c->actor.scope, &visit);
    admin_end(c);
    BM_TRY(rc);
    if (signer.id[0] == '\0') {
        return ca_refuse(why, BM_E_CRL_SIGNATURE, "no CA of this instance");
    }
    BM_TRY(admin_check_shared(c, signer.organisation, why));
    BM_TRY(
        c->host.load_crl(c->host.self, &c->actor, signer.id, der, c->now, why));
    return give_list(c, signer.id, result);
}

bm_status admin_load_crl(struct admin_context *c, const json_t *params,
                         json_t *result, struct ca_refusal *why)
{
    uint8_t *der;
    size_t n;
    bm_status rc = admin_der(params, "crl", &der, &n, why);

    if (rc == BM_OK) {
        rc = load(c, (struct bm_bytes){ der, n }, result, why);
        free(der);
    }
    return rc;
}
