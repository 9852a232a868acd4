/* SPDX-License-Identifier: Apache-2.0 */

/* Requests that wait for a second operator. */
#include "ca/request.h"

#include <string.h>

#include "protocols/admin/internal.h"

static const char *const states[] = { "pending", "approved", "rejected",
                                      "issued",  "lapsed",   NULL };

/* More than any store will number. */
#define REQUESTS_MAX INT64_C(999999999999999999)

#define REQUEST_FIELDS                                                     \
    ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number"),                  \
        ADMIN_GIVES_ENUM("state", states, true, "what became of it"),      \
        ADMIN_GIVES("profile", ADMIN_STRING, true, "of the certificate"),  \
        ADMIN_GIVES("device", ADMIN_STRING, false, "name of the device"),  \
        ADMIN_GIVES("by", ADMIN_STRING, true, "how it was asked for"),     \
        ADMIN_GIVES("asked", ADMIN_STRING, true, "by whom"),               \
        ADMIN_GIVES("operator", ADMIN_STRING, false,                       \
                    "the operator behind it, who may not approve"),        \
        ADMIN_GIVES("key_sha256", ADMIN_STRING, true,                      \
                    "of the SubjectPublicKeyInfo"),                        \
        ADMIN_GIVES("created", ADMIN_TIME, true, "when it was asked for"), \
        ADMIN_GIVES("decided", ADMIN_TIME, false, "when it was decided"),  \
        ADMIN_GIVES("decider", ADMIN_STRING, false, "by whom")

const struct admin_field admin_request_fields[] = {
    REQUEST_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_request_full_fields[] = {
    REQUEST_FIELDS,
    ADMIN_GIVES("certificate", ADMIN_SERIAL, false, "what it got"),
    ADMIN_GIVES("csr", ADMIN_PEM, true, "the certification request"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_request_page[] = {
    ADMIN_PAGE_OF(admin_request_fields),
    ADMIN_FIELDS_END,
};

#define REQUEST_PATH \
    ADMIN_PATH("request", ADMIN_INTEGER, REQUESTS_MAX, "its number")

const struct admin_field admin_list_requests_params[] = {
    { .name = "state",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .words = states,
      .about = "those in this state alone" },
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_request_params[] = {
    REQUEST_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_approve_request_params[] = {
    REQUEST_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_reject_request_params[] = {
    REQUEST_PATH,
    ADMIN_FIELDS_END,
};

static json_t *request_tree(struct tree *t, const struct store_request *row,
                            int64_t now)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "id", tree_int(t, (int64_t)row->id));
    tree_set(t, o, "state", tree_str(t, ca_request_state(row, now)));
    tree_set(t, o, "profile", tree_str(t, row->profile));
    tree_set_text(t, o, "device", row->device);
    tree_set(t, o, "by", tree_str(t, ca_request_means(row)));
    tree_set(t, o, "asked", tree_str(t, row->asked));
    tree_set_text(t, o, "operator", row->first);
    tree_set(t, o, "key_sha256", tree_hex(t, BM_ARRAY(row->key)));
    tree_set(t, o, "created", tree_time(t, row->created));
    if (row->decided != 0) {
        tree_set(t, o, "decided", tree_time(t, row->decided));
    }
    tree_set_text(t, o, "decider", row->decider);
    return o;
}

struct requests {
    const char *state; /* or NULL */
    int64_t now;
    struct admin_page page;
};

static bm_status add_request(void *arg, const void *visited)
{
    struct requests *r = arg;
    const struct store_request *row = visited;

    BM_TRY(admin_page_row_id(&r->page, row->id));
    if (r->state != NULL &&
        strcmp(r->state, ca_request_state(row, r->now)) != 0) {
        return BM_OK;
    }
    return admin_page_add(&r->page, request_tree(&r->page.t, row, r->now));
}

bm_status admin_list_requests(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct requests r = { .state = admin_text(params, "state"), .now = c->now };
    struct store_request_filter filter = { .after = 0 };
    struct store_visit visit = { &r, add_request };
    bm_status rc;

    admin_page_begin(&r.page, params);
    rc = admin_page_after(&r.page, &filter.after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = s->request_list(s->self, &c->actor.scope, &filter, &visit);
        admin_end(c);
    }
    return admin_page_end(&r.page, rc, result);
}

/* In a transaction. */
static bm_status give_request(struct admin_context *c, uint64_t id,
                              json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct tree t = { false };
    struct store_request row;
    struct store_cert cert;
    bm_status rc = s->request_get(s->self, &c->actor.scope, id, &row);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "request %llu", (unsigned long long)id);
    }
    BM_TRY(rc);
    tree_set(&t, result, "csr", admin_pem(&t, "CERTIFICATE REQUEST", row.csr));
    BM_TRY(admin_give(&t, request_tree(&t, &row, c->now), result));
    if (row.cert != 0) {
        BM_TRY(s->cert_get(s->self, &c->actor.scope, row.cert, &cert));
        tree_set(&t, result, "certificate", tree_hex(&t, cert.serial));
    }
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_show_request(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    uint64_t id = (uint64_t)admin_number(params, "request", 0);
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = give_request(c, id, result, why);
        admin_end(c);
    }
    return rc;
}

static bm_status decide(struct admin_context *c, const json_t *params,
                        bool approve, json_t *result, struct ca_refusal *why)
{
    uint64_t id = (uint64_t)admin_number(params, "request", 0);

    BM_TRY(ca_request_decide(c->ca, &c->actor, id, approve, c->now, why));
    return admin_tell(c, params, result, why, admin_show_request);
}

bm_status admin_approve_request(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    return decide(c, params, true, result, why);
}

bm_status admin_reject_request(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    return decide(c, params, false, result, why);
}
