/* SPDX-License-Identifier: Apache-2.0 */

/* An operator has a certificate issued. */
#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "protocols/admin/certificates.h"

/* Octets of the DER of a subject: 32 attributes of some length. */
#define SUBJECT_MAX 4096

/* CAs above each other: more are none of ours (core/path.h). */
#define CHAIN_MAX 8

const struct admin_field admin_issue_certificate_params[] = {
    ADMIN_BODY("profile", ADMIN_STRING, true, ADMIN_ID_MAX,
               "what kind of certificate"),
    ADMIN_BODY("csr", ADMIN_PEM, true, ADMIN_CSR_MAX,
               "the certification request, PKCS #10"),
    ADMIN_BODY("device", ADMIN_STRING, false, ADMIN_NAME_MAX,
               "whose it is, where the request does not say"),
    ADMIN_BODY("subject", ADMIN_STRING, false, SUBJECT_MAX,
               "instead of the request's: CN=a,O=b (RFC 4514)"),
    ADMIN_BODY("not_after", ADMIN_TIME, false, 0,
               "an earlier end than the profile's"),
    ADMIN_FIELDS_END,
};

struct asked {
    struct bm_csr csr;
    struct bm_wr subject;
    uint8_t room[SUBJECT_MAX];
};

static bm_status read_subject(const json_t *params, struct asked *asked,
                              struct ca_refusal *why)
{
    struct bm_bytes text = admin_bytes(params, "subject");
    size_t bad = 0;
    bm_status rc;

    bm_wr_init(&asked->subject, asked->room, sizeof asked->room);
    if (text.n == 0) {
        return BM_OK;
    }
    rc = bm_name_from_text(text, &asked->subject, &bad);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "subject, at '%.40s'",
                         (const char *)text.p + bad);
    }
    return asked->subject.len <= asked->subject.cap
               ? BM_OK
               : ca_refuse(why, BM_E_LIMIT, "subject");
}

bm_status admin_add_chain(struct admin_context *c, struct tree *t,
                          const char *id, json_t *chain)
{
    const struct store *s = c->store;
    char at[STORE_ID_MAX];
    struct store_ca row;

    (void)snprintf(at, sizeof at, "%s", id);
    for (int i = 0; i < CHAIN_MAX; i++) {
        bm_status rc = s->ca_get(s->self, &c->actor.scope, at, &row);

        if (rc == BM_E_NOT_FOUND || (rc == BM_OK && //
                                     row.kind == STORE_CA_ROOT)) {
            return BM_OK;
        }
        BM_TRY(rc);
        tree_append(t, chain, admin_pem(t, "CERTIFICATE", row.cert));
        memcpy(at, row.parent, sizeof at);
    }
    return BM_OK;
}

static bm_status give(struct admin_context *c, const struct ca_issue_result *r,
                      json_t *result)
{
    struct tree t = { false };
    json_t *chain = tree_array(&t);
    bm_status rc;

    tree_set(&t, result, "chain", chain);
    tree_set(&t, result, "repeated", tree_bool(&t, r->repeated));
    BM_TRY(admin_begin(c));
    rc = admin_give_cert(c, r->id, result);
    if (rc == BM_OK) {
        rc = admin_add_chain(c, &t, r->ca, chain);
    }
    admin_end(c);
    BM_TRY(rc);
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_give_issued(struct admin_context *c, bm_status rc,
                            const struct ca_issue_result *issued,
                            json_t *result, struct ca_refusal *why)
{
    rc = rc == BM_OK ? issued->status : rc;
    if (rc == BM_OK) {
        rc = give(c, issued, result);
        return admin_use_reserve(c, rc, result) ? give(c, issued, result) : rc;
    }
    return issued->why.status == rc
               ? ca_refuse(why, rc, "%s", issued->why.words)
               : ca_refuse_plain(why, rc);
}

static bm_status issue(struct admin_context *c, const json_t *params,
                       struct bm_bytes csr, json_t *result,
                       struct ca_refusal *why)
{
    struct asked asked;
    struct ca_issue_request request = {
        .actor = &c->actor,
        .by = CA_BY_OPERATOR,
        .profile = admin_text(params, "profile"),
        .csr = &asked.csr,
        .device = admin_bytes(params, "device"),
        .not_after = admin_time(params, "not_after"),
    };
    struct ca_issue_result issued = { .status = BM_OK };
    bm_status rc;

    rc = bm_csr_parse(csr, NULL, &asked.csr);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "csr");
    }
    BM_TRY(read_subject(params, &asked, why));
    request.subject = bm_wr_bytes(&asked.subject);
    return admin_give_issued(c, ca_issue(c->ca, &request, 1, c->now, &issued),
                             &issued, result, why);
}

bm_status admin_issue_certificate(struct admin_context *c, const json_t *params,
                                  json_t *result, struct ca_refusal *why)
{
    uint8_t *der;
    size_t n;
    bm_status rc = admin_der(params, "csr", &der, &n, why);

    if (rc == BM_OK) {
        rc = issue(c, params, (struct bm_bytes){ der, n }, result, why);
        free(der);
    }
    return rc;
}
