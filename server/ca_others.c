/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ca_others.h"

#include <stdio.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/consortium.h"
#include "ca/setup.h"
#include "server/instance_internal.h"

/* The two ways in which others are told of. */
struct kind {
    enum store_ca_kind row;
    enum ca_installed what;
    const char *id; /* the first one's; then "ID-2" */
    const char *words;
};

static const struct kind cross = { STORE_CA_LINK, CA_INSTALLED_LINK, "cross",
                                   "a cross-certificate to be taken" };
static const struct kind member = { STORE_CA_MEMBER, CA_INSTALLED_MEMBER,
                                    "member", "a member's CA to be taken" };

struct others {
    const struct ca_install *c;
    const struct kind *kind;
    struct store_scope whose;
    struct store_ca rows[INSTANCE_CAS_MAX];
    const struct bm_cert *certs[INSTANCE_CAS_MAX];
    size_t n;
};

/* The root of ours that has signed it, or NULL. */
static const struct instance_ca *find_root(const struct instance *in,
                                           const struct bm_cert *cert)
{
    const struct bm_crypto *crypto = in->port.crypto;

    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];

        if (c->row.kind == STORE_CA_ROOT && c->row.status == STORE_CA_ACTIVE &&
            bm_name_equal(cert->issuer, c->cert.subject) &&
            crypto->verify(crypto->self, &c->cert.key, cert->sig_alg, cert->tbs,
                           cert->signature) == BM_OK) {
            return c;
        }
    }
    return NULL;
}

/* A CA that is there, or is being taken. */
struct other {
    const struct store_ca *row;
    const struct bm_cert *cert;
};

/* A member may go on with its key and name under another certificate. */
static bool is_renewed(const struct others *x, const struct bm_cert *cert,
                       const struct other *by)
{
    return x->kind == &member && by->row->kind == STORE_CA_MEMBER &&
           by->row->organisation == x->whose.organisation &&
           by->row->ecosystem == x->whose.ecosystem &&
           bm_name_equal(by->cert->subject, cert->subject);
}

static bool is_in_the_way(const struct others *x, const struct bm_cert *cert,
                          const struct other *other)
{
    return other->row->kind != STORE_CA_LINK &&
           bm_bytes_equal(other->cert->key.der, cert->key.der) &&
           !is_renewed(x, cert, other);
}

static bool has_key_of_another(const struct others *x,
                               const struct bm_cert *cert)
{
    const struct instance *in = x->c->instance;
    bool found = false;

    for (size_t i = 0; i < in->cas_n && !found; i++) {
        found = is_in_the_way(
            x, cert, &(struct other){ &in->cas[i].row, &in->cas[i].cert });
    }
    for (size_t i = 0; i < x->n && !found; i++) {
        found =
            is_in_the_way(x, cert, &(struct other){ &x->rows[i], x->certs[i] });
    }
    return found;
}

static bool is_known(const struct others *x, const struct bm_cert *cert)
{
    const struct instance *in = x->c->instance;

    for (size_t i = 0; i < in->cas_n; i++) {
        if (bm_bytes_equal(in->cas[i].cert.der, cert->der)) {
            return true;
        }
    }
    for (size_t i = 0; i < x->n; i++) {
        if (bm_bytes_equal(x->rows[i].cert, cert->der)) {
            return true;
        }
    }
    return false;
}

/* Why it cannot be taken; NULL: it can. `root` is of a cross-certificate. */
static const char *objection(const struct others *x, const struct bm_cert *cert,
                             const struct instance_ca *root)
{
    if (x->kind == &cross && root == NULL) {
        return "no root of this instance has signed it";
    }
    if (!cert->ext.ca || (cert->ext.key_usage & BM_KU_KEY_CERT_SIGN) == 0) {
        return "it is no CA's";
    }
    if (has_key_of_another(x, cert)) {
        return "its key is that of another CA here";
    }
    if (x->kind == &cross &&
        !bm_exts_has(&cert->ext, BM_EXT_NAME_CONSTRAINTS)) {
        return "it has no name constraints: others could speak for anybody";
    }
    if (x->c->now < cert->not_before || x->c->now > cert->not_after) {
        return "it is not in force";
    }
    return NULL;
}

static bool has_id(const struct others *x, const char *id)
{
    for (size_t i = 0; i < x->n; i++) {
        if (strcmp(x->rows[i].id, id) == 0) {
            return true;
        }
    }
    return instance_get_ca(x->c->instance, id) != NULL;
}

static bm_status take(struct others *x, const struct bm_cert *cert,
                      const struct instance_ca *root)
{
    struct store_ca *row = &x->rows[x->n];

    if (x->n + x->c->instance->cas_n >= INSTANCE_CAS_MAX) {
        return BM_E_LIMIT;
    }
    *row = (struct store_ca){ .organisation = x->whose.organisation,
                              .ecosystem = x->whose.ecosystem,
                              .kind = x->kind->row,
                              .status = STORE_CA_ACTIVE,
                              .cert = cert->der,
                              .created = x->c->now };
    (void)snprintf(row->parent, sizeof row->parent, "%s",
                   root == NULL ? "" : root->row.id);
    (void)snprintf(row->id, sizeof row->id, "%s", x->kind->id);
    for (unsigned k = 2; has_id(x, row->id); k++) {
        (void)snprintf(row->id, sizeof row->id, "%s-%u", x->kind->id, k);
    }
    x->certs[x->n++] = cert;
    return BM_OK;
}

static bm_status plan(struct others *x)
{
    const struct ca_install *c = x->c;

    for (size_t i = 0; i < c->certs_n; i++) {
        const struct bm_cert *cert = &c->certs[i];
        const struct instance_ca *root =
            x->kind == &cross ? find_root(c->instance, cert) : NULL;
        const char *words = objection(x, cert, root);

        if (is_known(x, cert)) {
            c->tell(c->arg, CA_INSTALLED_KNOWN, "", cert, "");
        } else if (words != NULL) {
            c->tell(c->arg, CA_INSTALLED_NOT, "", cert, words);
        } else {
            BM_TRY(take(x, cert, root));
        }
    }
    return x->n != 0 ? BM_OK : BM_E_NOT_FOUND;
}

static bm_status write_file(const struct others *x, const struct store_ca *row,
                            struct ca_refusal *why)
{
    char name[STORE_ID_MAX + 16];
    char path[FILES_PATH_MAX];

    (void)snprintf(name, sizeof name, "ca/%s.pem", row->id);
    BM_TRY(files_path(path, x->c->instance->dir, name));
    return files_put_pem(path, "CERTIFICATE", row->cert, why);
}

/* The ecosystem, where only the organisation is said, or neither; within the
 * actor's scope. */
static bm_status find_whose(struct others *x, struct ca_refusal *why)
{
    const struct store *s = x->c->instance->store;
    const struct store_scope *scope = &x->c->actor->scope;
    struct store_scope *w = &x->whose;
    struct store_organisation row;
    uint32_t list;
    bool above;

    if (w->organisation != 0) {
        BM_TRY(ca_organisation_find(s, x->c->actor, w->organisation, &row,
                                    &above, why));
        w->ecosystem = w->ecosystem == 0 ? row.ecosystem : w->ecosystem;
    } else if (w->ecosystem == 0) {
        w->ecosystem =
            scope->ecosystem != 0 ? scope->ecosystem : CA_BUNDLE_FIRST;
    }
    if (ca_bundle_list_of(s, w, &list) != BM_OK ||
        (scope->ecosystem != 0 && scope->ecosystem != w->ecosystem)) {
        return ca_refuse(why, BM_E_NOT_FOUND,
                         w->organisation == 0
                             ? "ecosystem %u"
                             : "ecosystem %u with organisation %u",
                         (unsigned)w->ecosystem, (unsigned)w->organisation);
    }
    return BM_OK;
}

static bm_status install(struct others *x, struct ca_refusal *why)
{
    const struct ca_install *c = x->c;
    const struct store *s = c->instance->store;
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = find_whose(x, why);
        s->rollback(s->self);
    }
    BM_TRY(rc);
    rc = plan(x);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", x->kind->words);
    }
    BM_TRY(
        ca_install_all(c->instance->ca, c->actor, x->rows, x->n, c->now, why));
    for (size_t i = 0; i < x->n; i++) {
        BM_TRY(write_file(x, &x->rows[i], why));
        c->tell(c->arg, x->kind->what, x->rows[i].id, x->certs[i], "");
    }
    return BM_OK;
}

bm_status ca_cross_install(const struct ca_install *c,
                           const struct store_scope *whose,
                           struct ca_refusal *why)
{
    struct others x = { .c = c, .kind = &cross, .whose = *whose };

    return install(&x, why);
}

bm_status ca_member_install(const struct ca_install *c,
                            const struct store_scope *whose,
                            struct ca_refusal *why)
{
    struct others x = { .c = c, .kind = &member, .whose = *whose };

    return install(&x, why);
}
