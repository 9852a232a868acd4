/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ca/operator.h"
#include "daemon/issuer_internal.h"
#include "protocols/admin/admin.h"
#include "server/blobs.h"
#include "server/uploads.h"

/*
 * Administration (protocols/admin runs it, and its table says who may what),
 * and what the keeper needs to renew our own certificates.
 */

/* ---- Answers */

static bm_status put(struct issuer_asker *a, const struct link_frame *asked,
                     const struct wire_administered *m)
{
    size_t cap = m->body.n + 32;
    uint8_t *room = malloc(cap);
    struct bm_wr w;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, cap);
    wire_administered_put(&w, m);
    rc = issuer_answer(a, asked, bm_wr_bytes(&w));
    bm_wipe(room, cap); /* the secret of a token may be in it */
    free(room);
    return rc;
}

static bm_status put_json(struct issuer_asker *a,
                          const struct link_frame *asked,
                          struct wire_administered *m, const json_t *body)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    bm_status rc = BM_E_MEMORY;

    if (text != NULL) {
        m->body = (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
        rc = put(a, asked, m);
    }
    free(text);
    return rc;
}

static bm_status put_problem(struct issuer_asker *a,
                             const struct link_frame *asked,
                             const struct admin_problem *p, uint32_t wait)
{
    struct wire_administered m = { .http = (uint16_t)p->status,
                                   .retry_after = wait };
    json_t *body = admin_problem_json(p);
    bm_status rc = put_json(a, asked, &m, body);

    json_decref(body);
    return rc;
}

/* Whatever is wrong with the certificate, it makes nobody an operator. */
static bm_status put_stranger(struct issuer_asker *a,
                              const struct link_frame *asked, bm_status rc)
{
    struct wire_administered m = { .http = 403, .stranger = 1 };
    struct admin_problem p;
    json_t *body;

    admin_problem_say(&p, 403, "%s", bm_status_text(rc));
    body = admin_problem_json(&p);
    rc = put_json(a, asked, &m, body);
    json_decref(body);
    return rc;
}

static uint32_t retry_after(unsigned status)
{
    return status == 503   ? ISSUER_RETRY
           : status == 202 ? ISSUER_RETRY_APPROVAL
                           : 0;
}

static bm_status put_refusal(struct issuer_asker *a,
                             const struct link_frame *asked, bm_status rc,
                             const struct ca_refusal *why)
{
    struct admin_problem p;

    admin_problem_of(rc, why, &p);
    return put_problem(a, asked, &p, retry_after(p.status));
}

/* ---- What operations need of the room */

static bm_status make_crl(void *self, const struct ca_actor *actor,
                          const char *ca, int64_t now, struct ca_refusal *why)
{
    const struct ca_list list = { ca, STORE_LIST_COMPLETE };
    struct issuer *is = self;

    BM_TRY(instance_make_list(is->in, actor, &list, now, why));
    issuer_list_changed(is, ca); /* its others are made in turn */
    metrics_add(is->room->metrics, METRICS_CRLS, 1);
    return BM_OK;
}

static bm_status load_crl(void *self, const struct ca_actor *actor,
                          const char *ca, struct bm_bytes der, int64_t now,
                          struct ca_refusal *why)
{
    struct issuer *is = self;

    BM_TRY(instance_load_crl(is->in, actor, ca, der, now, why));
    issuer_bundle_changed(is);
    return BM_OK;
}

static void list_changed(void *self, const struct ca_actor *actor,
                         const char *ca)
{
    (void)actor; /* the authority makes it, for all who changed it */
    issuer_list_changed(self, ca);
}

static bm_status make_bundle(void *self, const struct ca_actor *actor,
                             uint32_t list, int64_t now, struct ca_refusal *why)
{
    struct issuer *is = self;

    BM_TRY(instance_make_bundle(is->in, actor, list, now, why));
    issuer_bundle_made(is, now);
    return BM_OK;
}

static bm_status put_blob(void *self, const struct ca_blob_piece *piece,
                          uint64_t *have, struct ca_refusal *why)
{
    const struct issuer *is = self;

    return blobs_put(is->in->dir, is->crypto, piece, have, why);
}

static bm_status look_at_blob(void *self, uint32_t organisation,
                              struct store_item *item, struct ca_policy *policy,
                              struct ca_refusal *why)
{
    const struct issuer *is = self;

    return blobs_look(is->in->dir, organisation, item, policy, why);
}

static bm_status put_upload(void *self, const struct ca_blob_piece *piece,
                            uint64_t *have, struct ca_refusal *why)
{
    const struct issuer *is = self;

    const struct uploads_config config = {
        .dir = is->in->dir,
        .crypto = is->crypto,
        .max = { is->in->settings.limit_uploads,
                 is->in->settings.limit_upload_octets },
    };

    return uploads_put(&config, piece, have, why);
}

static bm_status find_upload(void *self, uint32_t organisation,
                             const uint8_t hash[STORE_HASH_SIZE],
                             struct ca_refusal *why)
{
    const struct issuer *is = self;

    return uploads_find(is->in->dir, organisation, hash, why);
}

static bm_status batch_secret(void *self, struct ca_batch_secret *secret,
                              struct ca_refusal *why)
{
    return issuer_keys_secret(self, secret, why);
}

static void batch_changed(void *self)
{
    issuer_batch_changed(self);
}

static void destinations_changed(void *self)
{
    issuer_courier_changed(self);
}

static bm_status publish(void *self, int64_t now, struct ca_refusal *why)
{
    struct issuer *is = self;

    return instance_publish(is->in, now, why);
}

/* ---- ADMIN */

static bm_status authenticate(struct issuer *is, const struct wire_admin *m,
                              struct ca_operator *op, struct ca_refusal *why)
{
    const struct issuer_known *known;

    BM_TRY(issuer_verify(is, m->cert, &known, why));
    return ca_operator_authenticate(is->in->ca, m->cert, "api", room_now(), op,
                                    why);
}

static bm_status call(struct issuer *is, const struct wire_admin *m,
                      const struct ca_operator *op, struct admin_answer *answer,
                      struct ca_refusal *why)
{
    struct admin_context c = {
        .ca = is->in->ca,
        .ledger = is->in->ledger,
        .store = is->in->store,
        .crypto = is->crypto,
        .profiles = is->in->profiles,
        .profiles_n = is->in->profiles_n,
        .actor = op->actor,
        .operator_shown = op,
        .now = room_now(),
        .octets = m->octets,
        .host = { is, make_crl, load_crl, list_changed, publish, make_bundle,
                  put_blob, look_at_blob, put_upload, find_upload, batch_secret,
                  batch_changed, destinations_changed },
    };
    json_t *params = json_loadb((const char *)m->params.p, m->params.n,
                                JSON_REJECT_DUPLICATES, NULL);
    bm_status rc = admin_call(&c, m->operation, m->key, params, answer, why);

    json_decref(params);
    if (admin_operations[m->operation].act == CA_ACT_ECOSYSTEM_CREATE) {
        issuer_bundle_changed(is); /* it has a list of its own */
    }
    return rc;
}

static bm_status put_answer(struct issuer_asker *a,
                            const struct link_frame *asked,
                            const struct admin_answer *answer)
{
    const struct wire_administered m = {
        .http = (uint16_t)answer->status,
        .retry_after = retry_after(answer->status),
        .body = { (const uint8_t *)answer->body, answer->n },
    };
    struct admin_problem p;
    bm_status rc = put(a, asked, &m);

    if (rc == BM_E_LIMIT || rc == BM_E_FULL) {
        admin_problem_say(&p, 503,
                          "the answer is too long for now: ask for a smaller "
                          "page");
        rc = put_problem(a, asked, &p, ISSUER_RETRY);
    }
    return rc;
}

static bm_status serve(struct issuer_asker *a, const struct link_frame *frame,
                       const struct wire_admin *m)
{
    struct issuer *is = a->is;
    struct ca_refusal why = { BM_OK, "" };
    struct ca_operator op;
    struct admin_problem p;
    struct admin_answer answer;
    unsigned wait;
    bm_status rc = authenticate(is, m, &op, &why);

    if (rc != BM_OK) {
        rc = ca_refuse_plain(&why, rc);
        log_refusal(LOG_LEVEL_WARNING, "admin.stranger", &why);
        return issuer_is_failure(rc) ? put_refusal(a, frame, BM_E_BUSY, NULL)
                                     : put_stranger(a, frame, rc);
    }
    /* A program of a factory works for a thousand devices: what its listener
     * and its organisation may is limit enough. */
    wait = issuer_limit(is, NULL, op.actor.organisation);
    if (wait != 0) {
        admin_problem_say(&p, 429, "too many requests");
        return put_problem(a, frame, &p, wait);
    }
    BM_TRY(call(is, m, &op, &answer, &why));
    if (answer.refused != BM_OK) {
        log_refusal(LOG_LEVEL_INFO, "admin.refused", &why);
    }
    rc = put_answer(a, frame, &answer);
    admin_answer_wipe(&answer);
    return rc;
}

bm_status issuer_serve_admin(void *asker, struct link *link,
                             const struct link_frame *frame)
{
    struct issuer_asker *a = asker;
    struct wire_admin m;
    bm_status rc;

    (void)link;
    BM_TRY(wire_admin_get(frame->body, &m));
    if (m.operation >= admin_operations_n) {
        return BM_E_ARGUMENT;
    }
    if (!issuer_is_ready(a->is) || a->is->stopping) {
        return put_refusal(a, frame, BM_E_BUSY, NULL);
    }
    rc = serve(a, frame, &m);
    if (!remote_signer_is_there(a->is->signer)) {
        issuer_lose_signer(a->is);
    }
    /* Without an answer one client waits in vain; without the link, all. */
    return rc == BM_E_FULL || rc == BM_E_MEMORY ? BM_OK : rc;
}

/* ---- The keeper */

/* What we have certificates of our own for. */
static const char *const own_profiles[] = { "tls-server", "ocsp-responder",
                                            "trust-bundle" };

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof own_profiles / sizeof own_profiles[0]; i++) {
        if (strcmp(own_profiles[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool copy_text(char *to, size_t cap, struct bm_bytes from)
{
    if (from.n >= cap || (from.n != 0 && memchr(from.p, 0, from.n) != NULL)) {
        return false;
    }
    if (from.n != 0) {
        memcpy(to, from.p, from.n);
    }
    to[from.n] = '\0';
    return true;
}

static const struct ca_actor keeper = { .name = "authority",
                                        .mode = "keeper",
                                        .authority = true };

static bm_status keep_issue(struct issuer *is, const struct wire_keep_issue *m,
                            struct ca_issue_result *result)
{
    char profile[STORE_ID_MAX];
    char ca[STORE_ID_MAX];
    struct bm_csr csr;
    struct ca_issue_request r = {
        .actor = &keeper, .by = CA_BY_AUTHORITY, .profile = profile, .csr = &csr
    };

    if (!copy_text(profile, sizeof profile, m->profile) ||
        !copy_text(ca, sizeof ca, m->ca) || !is_own(profile)) {
        return ca_refuse_plain(&result->why, BM_E_PROFILE_REQUESTER);
    }
    r.ca = ca[0] != '\0' ? ca : NULL;
    BM_TRY(bm_csr_parse(m->csr, NULL, &csr));
    BM_TRY(ca_issue(is->in->ca, &r, 1, room_now(), result));
    return result->status;
}

static bm_status put_kept(struct issuer_asker *a,
                          const struct link_frame *frame,
                          const struct wire_enrolled *m)
{
    uint8_t room[4 * CA_CERT_MAX];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    wire_enrolled_put(&w, m);
    if (w.len > w.cap) {
        return BM_E_LIMIT;
    }
    return issuer_answer(a, frame, bm_wr_bytes(&w));
}

static bm_status put_kept_refusal(struct issuer_asker *a,
                                  const struct link_frame *frame, bm_status rc,
                                  const struct ca_refusal *why)
{
    struct issuer_reply reply;

    log_refusal(LOG_LEVEL_WARNING, "keeper.refused", why);
    issuer_refuse(&reply, rc, why);
    return issuer_answer_reply(a, frame, &reply);
}

bm_status issuer_serve_keep_issue(void *asker, struct link *link,
                                  const struct link_frame *frame)
{
    struct issuer_asker *a = asker;
    struct issuer *is = a->is;
    struct ca_issue_result result = { 0 };
    struct wire_keep_issue m;
    struct wire_enrolled out = { .http = 200 };
    uint8_t chain[2 * CA_CERT_MAX];
    struct bm_wr w;
    bm_status rc;

    (void)link;
    BM_TRY(wire_keep_issue_get(frame->body, &m));
    rc = issuer_is_ready(is) ? keep_issue(is, &m, &result) : BM_E_BUSY;
    bm_wr_init(&w, chain, sizeof chain);
    if (rc == BM_OK) {
        rc = instance_put_chain(is->in, result.ca, true, &w);
    }
    if (!remote_signer_is_there(is->signer)) {
        issuer_lose_signer(is);
    }
    if (rc != BM_OK) {
        rc = ca_refuse_plain(&result.why, rc);
        return put_kept_refusal(a, frame, rc, &result.why);
    }
    out.cert = result.der;
    out.chain = bm_wr_bytes(&w);
    return put_kept(a, frame, &out);
}

/* A responder of the CA, issued by it, and good. */
static bm_status check_responder(struct issuer *is, const char *ca,
                                 struct bm_bytes der, struct ca_refusal *why)
{
    const struct instance_ca *c = instance_get_ca(is->in, ca);
    struct ca_holder holder;
    struct bm_cert cert;

    BM_TRY(bm_cert_parse(der, BM_STRICT, NULL, &cert));
    BM_TRY(ca_find_cert_holder(is->in->ca, der, &holder));
    if (c == NULL || strcmp(holder.profile, "ocsp-responder") != 0 ||
        !bm_bytes_equal(cert.issuer, c->cert.subject)) {
        return ca_refuse(why, BM_E_CA_STATUS, "not a responder of %s", ca);
    }
    return BM_OK;
}

static bm_status install_bundle(struct issuer *is, const char *uri,
                                struct bm_bytes der, struct ca_refusal *why)
{
    struct ca_holder holder;

    BM_TRY(ca_find_cert_holder(is->in->ca, der, &holder));
    if (strcmp(holder.profile, "trust-bundle") != 0) {
        return ca_refuse(why, BM_E_CA_STATUS, "not a signer of trust bundles");
    }
    BM_TRY(instance_set_bundle_signer(is->in, uri, der, room_now(), why));
    issuer_bundle_changed(is);
    return BM_OK;
}

static bm_status install(struct issuer *is, const struct wire_keep_install *m,
                         struct ca_refusal *why)
{
    char ca[STORE_ID_MAX];
    char uri[sizeof((struct store_ca *)0)->ocsp_key_uri];

    if (!copy_text(ca, sizeof ca, m->ca) ||
        !copy_text(uri, sizeof uri, m->key_uri)) {
        return ca_refuse_plain(why, BM_E_ARGUMENT);
    }
    if (ca[0] == '\0') {
        return install_bundle(is, uri, m->cert, why);
    }
    BM_TRY(check_responder(is, ca, m->cert, why));
    return instance_set_responder(is->in, ca, uri, m->cert, room_now(), why);
}

bm_status issuer_serve_keep_install(void *asker, struct link *link,
                                    const struct link_frame *frame)
{
    struct issuer_asker *a = asker;
    struct ca_refusal why = { BM_OK, "" };
    struct wire_enrolled out = { .http = 200 };
    struct wire_keep_install m;
    bm_status rc;

    (void)link;
    BM_TRY(wire_keep_install_get(frame->body, &m));
    rc = issuer_is_ready(a->is) ? install(a->is, &m, &why) : BM_E_BUSY;
    if (rc != BM_OK) {
        rc = ca_refuse_plain(&why, rc);
        return put_kept_refusal(a, frame, rc, &why);
    }
    return put_kept(a, frame, &out);
}
