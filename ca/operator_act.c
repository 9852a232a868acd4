/* SPDX-License-Identifier: Apache-2.0 */

/* Operators are created, renewed, disabled. */
#include <string.h>

#include "ca/operator_internal.h"
#include "core/name.h"
#include "core/oid.h"

/* The profile of their certificates, among those that ship. */
#define PROFILE "operator"

/* RFC 5280, appendix A: ub-organization-name, in octets to be safe. */
#define ORGANISATION_NAME_MAX 64

/* Longest subject: O and CN. */
#define SUBJECT_MAX 256

/* ---- Creating */

/* Between deciding and writing. */
struct making {
    const struct ca_actor *actor;
    struct store_operator row;
};

static bm_status write_new(void *arg, struct ca *ca,
                           const struct ca_issue_request *request,
                           const struct store_cert *row, int64_t now)
{
    struct making *m = arg;

    (void)request;
    m->row.cert_id = row->id;
    BM_TRY(operator_hash(ca, row->der, m->row.cert));
    return ca_put_operator(ca, m->actor, &m->row, now);
}

static bool is_id(const char *id)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    size_t n = strlen(id);

    return n != 0 && n < STORE_ID_MAX && strspn(id, chars) == n &&
           id[0] != '.' && id[0] != '-' && id[0] != '_';
}

static bm_status put_subject(const char *organisation, const char *id,
                             struct bm_wr *w)
{
    size_t mark = bm_der_open(w, BM_DER_SEQUENCE);

    if (organisation[0] != '\0' &&
        strlen(organisation) <= ORGANISATION_NAME_MAX) {
        bm_name_put_rdn(w, BM_LIT(BM_OID_AT_O), BM_DER_UTF8_STRING,
                        ca_text(organisation));
    }
    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING, ca_text(id));
    bm_der_close(w, mark);
    return w->len > w->cap ? BM_E_LIMIT : BM_OK;
}

/* The same certificate again, for whom the reply was lost. */
static bm_status is_repeated(struct ca *ca,
                             const struct ca_operator_order *order,
                             const struct store_operator *row, bool *yes)
{
    const struct store *s = ca->c.store;
    struct store_cert cert;
    uint8_t key[STORE_HASH_SIZE];

    *yes = false;
    if (row->cert_id == 0 || row->roles != order->roles || row->disabled ||
        row->scope.organisation != order->scope.organisation ||
        row->scope.ecosystem != order->scope.ecosystem) {
        return BM_OK;
    }
    BM_TRY(operator_hash(ca, order->csr->key.der, key));
    BM_TRY(s->cert_get(s->self, &ca_everything, row->cert_id, &cert));
    *yes = memcmp(cert.key, key, sizeof key) == 0;
    return BM_OK;
}

static bm_status check_scope(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_operator_order *order,
                             struct operator_look *l, struct ca_refusal *why)
{
    struct store_operator row = { .scope = order->scope };
    bool within;
    bm_status rc;

    if (order->scope.organisation != 0 && order->scope.ecosystem != 0) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "a scope is an organisation or an ecosystem");
    }
    BM_TRY(ca_operator_is_within(ca, actor, &row, &within));
    if (!within) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "%s may not create operators beyond his own scope",
                         actor->name);
    }
    l->organisation = order->scope.organisation;
    if (l->organisation == 0 && order->scope.ecosystem == 0) {
        l->organisation = actor->organisation;
    }
    rc = operator_look_up(ca, &order->scope, l);
    return rc == BM_E_NOT_FOUND
               ? ca_refuse(why, rc, "organisation or ecosystem")
               : rc;
}

/* BM_E_END: it is there, and the request is the same again. */
static bm_status prepare(struct ca *ca, const struct ca_actor *actor,
                         const struct ca_operator_order *order,
                         struct making *m, struct operator_look *l,
                         struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bool repeated;
    bm_status rc;

    BM_TRY(check_scope(ca, actor, order, l, why));
    rc = s->operator_get(s->self, &ca_everything, order->id, &m->row);
    if (rc == BM_OK) {
        BM_TRY(is_repeated(ca, order, &m->row, &repeated));
        return repeated ? BM_E_END
                        : ca_refuse(why, BM_E_EXISTS, "operator %s", order->id);
    }
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    m->row = (struct store_operator){ .organisation = l->found.id,
                                      .roles = order->roles,
                                      .scope = order->scope };
    memcpy(m->row.id, order->id, strlen(order->id) + 1);
    return BM_OK;
}

/* A certificate that is there already, as the result of an act. */
static bm_status give_again(struct ca *ca, uint64_t id,
                            struct ca_issue_result *result)
{
    const struct store *s = ca->c.store;
    struct store_cert row;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->cert_get(s->self, &ca_everything, id, &row);
    s->rollback(s->self);
    if (rc == BM_OK && row.serial.n > sizeof result->serial) {
        rc = BM_E_STORE_CORRUPT;
    }
    if (rc != BM_OK) {
        return ca_refuse_plain(&result->why, rc);
    }
    result->repeated = true;
    result->id = row.id;
    result->cert_status = row.status;
    result->serial_n = row.serial.n;
    memcpy(result->serial, row.serial.p, row.serial.n);
    memcpy(result->ca, row.ca, sizeof result->ca);
    result->der = row.der;
    return BM_OK;
}

/* The authority issues, in the name of who asked for it. */
static bm_status issue(struct ca *ca, const struct ca_actor *actor,
                       struct ca_issue_request *request, int64_t now,
                       struct ca_issue_result *result)
{
    struct ca_actor self = *actor;
    bm_status rc;

    self.authority = true;
    request->actor = &self;
    request->by = CA_BY_AUTHORITY;
    request->profile = PROFILE;
    rc = ca_issue(ca, request, 1, now, result);
    request->actor = actor;
    return rc == BM_OK ? result->status : rc;
}

static bm_status create(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_operator_order *order, int64_t now,
                        struct ca_issue_result *result)
{
    const struct store *s = ca->c.store;
    struct ca_refusal *why = &result->why;
    struct making m = { .actor = actor };
    struct ca_issue_also also = { .arg = &m, .write = write_new };
    struct ca_issue_request request = { .csr = order->csr,
                                        .proven = order->proven,
                                        .also = &also };
    struct ca_actor account = *actor;
    uint8_t subject[SUBJECT_MAX];
    struct operator_look l = { 0 };
    struct bm_wr w;
    bm_status rc;

    BM_TRY(ca_authorise(actor, CA_ACT_OPERATOR_CREATE, why));
    if (!is_id(order->id) || order->roles == 0 ||
        (order->roles & ~(unsigned)CA_ROLE_ALL) != 0) {
        return ca_refuse(why, BM_E_ARGUMENT, "id or roles of an operator");
    }
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = prepare(ca, actor, order, &m, &l, why);
    s->rollback(s->self);
    if (rc == BM_E_END) {
        return give_again(ca, m.row.cert_id, result);
    }
    BM_TRY(rc);
    m.row.created = now;
    account.organisation = l.found.id;
    bm_wr_init(&w, subject, sizeof subject);
    BM_TRY(put_subject(l.found.name, order->id, &w));
    request.subject = bm_wr_bytes(&w);
    return issue(ca, &account, &request, now, result);
}

bm_status ca_operator_create(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_operator_order *order, int64_t now,
                             struct ca_issue_result *result)
{
    bm_status rc;

    memset(result, 0, sizeof *result);
    rc = create(ca, actor, order, now, result);
    result->status = rc == BM_OK ? BM_OK : ca_refuse_plain(&result->why, rc);
    return result->status;
}

/* ---- Renewing */

static bm_status write_next(void *arg, struct ca *ca,
                            const struct ca_issue_request *request,
                            const struct store_cert *row, int64_t now)
{
    const struct making *m = arg;
    const struct store *s = ca->c.store;
    struct store_operator op;

    (void)request;
    /* As it is now: somebody may have disabled him. */
    BM_TRY(s->operator_get(s->self, &ca_everything, m->row.id, &op));
    op.cert_id = row->renews;
    BM_TRY(operator_hash(ca, row->der, op.next));
    return ca_put_operator(ca, m->actor, &op, now);
}

bm_status ca_operator_renew(struct ca *ca, const struct ca_operator *op,
                            const struct bm_csr *csr, bool proven, int64_t now,
                            struct ca_issue_result *result)
{
    struct making m = { .actor = &op->actor, .row = op->row };
    struct ca_issue_also also = { .arg = &m, .write = write_next };
    struct ca_issue_request request = {
        .csr = csr, .proven = proven, .renews = op->row.cert_id, .also = &also
    };
    struct operator_look l = { .organisation = op->row.organisation };
    const struct store *s = ca->c.store;
    uint8_t subject[SUBJECT_MAX];
    struct bm_wr w;
    bm_status rc;

    memset(result, 0, sizeof *result);
    rc = ca_authorise(&op->actor, CA_ACT_OPERATOR_RENEW, &result->why);
    if (rc == BM_OK) {
        rc = s->begin(s->self, STORE_READ);
    }
    if (rc == BM_OK) {
        rc = operator_look_up(ca, &ca_everything, &l);
        s->rollback(s->self);
    }
    bm_wr_init(&w, subject, sizeof subject);
    if (rc == BM_OK) {
        rc = put_subject(l.found.name, op->row.id, &w);
    }
    request.subject = bm_wr_bytes(&w);
    if (rc == BM_OK) {
        rc = issue(ca, &op->actor, &request, now, result);
    }
    result->status = rc == BM_OK ? BM_OK : ca_refuse_plain(&result->why, rc);
    return result->status;
}

/* ---- Disabling */

static bm_status disable_found(struct ca *ca, const struct ca_actor *actor,
                               const char *id, bool disable, int64_t now,
                               struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_operator row;
    bool within = false;
    bm_status rc = s->operator_get(s->self, &ca_everything, id, &row);

    if (rc == BM_OK) {
        BM_TRY(ca_operator_is_within(ca, actor, &row, &within));
    }
    if (rc == BM_E_NOT_FOUND || (rc == BM_OK && !within)) {
        return ca_refuse(why, BM_E_NOT_FOUND, "operator %s", id);
    }
    BM_TRY(rc);
    if (row.disabled == disable) {
        return ca_refuse(why, BM_E_CA_OPERATOR, "%s is %s", id,
                         disable ? "disabled already" : "not disabled");
    }
    if (disable) {
        BM_TRY(ca_keep_administrator(ca, 0, id, now, why));
    }
    row.disabled = disable;
    return ca_put_operator(ca, actor, &row, now);
}

bm_status ca_operator_disable(struct ca *ca, const struct ca_actor *actor,
                              const char *id, bool disable, int64_t now,
                              struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_OPERATOR_DISABLE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, disable_found(ca, actor, id, disable, now, why), now,
                  why);
}
