/* SPDX-License-Identifier: Apache-2.0 */

/* Batches: what is done with them. */
#include "ca/batch.h"

#include <stdlib.h>
#include <string.h>

#include "core/crl.h"
#include "protocols/admin/batches.h"

/* Those of RFC 5280 5.3.1 that a batch can be revoked for. */
static const char *const reasons[] = {
    "unspecified", "keyCompromise",        "affiliationChanged",
    "superseded",  "cessationOfOperation", "privilegeWithdrawn",
    NULL
};

/* Types of keys that are made here. */
static const char *const key_types[] = { "p256", "p384", "ed25519", NULL };

/* Characters of a certificate. */
#define RECIPIENT_MAX 24576

#define REASON                                                     \
    ADMIN_BODY("reason", ADMIN_STRING, false, ADMIN_NAME_MAX - 80, \
               "why, for people: it goes on record")

const struct admin_field admin_create_batch_params[] = {
    ADMIN_BODY("name", ADMIN_STRING, true, ADMIN_NAME_MAX,
               "what to call it; need not be unique"),
    ADMIN_BODY("profile", ADMIN_STRING, true, ADMIN_ID_MAX,
               "of the certificates"),
    ADMIN_BODY("sha256", ADMIN_STRING, true, ADMIN_DIGITS,
               "SHA-256 of the file that was put, in hexadecimal"),
    { .name = "keys",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_BODY,
      .words = key_types,
      .about = "rows have no requests: keys of this type are made for them" },
    ADMIN_BODY("recipient", ADMIN_PEM, false, RECIPIENT_MAX,
               "certificate that those keys are encrypted to, in PEM or "
               "base64"),
    ADMIN_BODY("secret", ADMIN_BOOLEAN, false, 0,
               "encrypt those keys under a secret instead, which the answer "
               "tells, and nothing later"),
    ADMIN_BODY("skip_duplicates", ADMIN_BOOLEAN, false, 0,
               "leave out rows whose device, key or identifier has a "
               "certificate, or is that of a row before"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_approve_batch_params[] = {
    BATCH_PATH,
    REASON,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_reject_batch_params[] = {
    BATCH_PATH,
    REASON,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_abort_batch_params[] = {
    BATCH_PATH,
    REASON,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_resume_batch_params[] = {
    BATCH_PATH,
    REASON,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_confirm_batch_params[] = {
    BATCH_PATH,
    REASON,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_revoke_batch_params[] = {
    BATCH_PATH,
    { .name = "reason_code",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_BODY,
      .words = reasons,
      .about = "RFC 5280 5.3.1; unspecified if not given" },
    REASON,
    ADMIN_FIELDS_END,
};

static bm_status tell(struct admin_context *c, uint64_t id, json_t *result,
                      struct ca_refusal *why)
{
    json_t *params = json_pack("{s:I}", "batch", (json_int_t)id);
    bm_status rc = params == NULL
                       ? BM_E_MEMORY
                       : admin_tell(c, params, result, why, admin_show_batch);

    json_decref(params);
    return rc;
}

/* What is ordered of keys, and who can open them. */
struct keys {
    uint8_t *recipient;
    struct ca_batch_secret secret;
};

static void wipe_keys(struct keys *keys)
{
    free(keys->recipient);
    bm_wipe(keys, sizeof *keys);
}

static bm_status take_keys(struct admin_context *c, const json_t *params,
                           struct ca_batch_order *order, struct keys *keys,
                           struct ca_refusal *why)
{
    bool recipient = admin_text(params, "recipient") != NULL;
    bool secret = admin_flag(params, "secret");
    const char *type = admin_text(params, "keys");

    if (type == NULL ? recipient || secret : recipient == secret) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "keys goes with either recipient or secret");
    }
    if (type == NULL) {
        return BM_OK;
    }
    order->keys = ca_batch_key_type(type);
    if (secret) {
        order->secret = &keys->secret;
        return c->host.batch_secret(c->host.self, &keys->secret, why);
    }
    BM_TRY(admin_der(params, "recipient", &keys->recipient, &order->recipient.n,
                     why));
    order->recipient.p = keys->recipient;
    return BM_OK;
}

/* When it is on record, it is told with its secret, and never again. */
static bm_status create(struct admin_context *c, const json_t *params,
                        struct ca_batch_order *order, struct keys *keys,
                        json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    json_t *secret = NULL;
    uint64_t id;
    bm_status rc = take_keys(c, params, order, keys, why);

    if (rc == BM_OK && order->secret != NULL) {
        secret = tree_str(&t, order->secret->text);
        rc = t.failed ? BM_E_MEMORY : BM_OK; /* before anything is ordered */
    }
    if (rc == BM_OK) {
        rc = ca_batch_create(c->ca, &c->actor, order, c->now, &id, why);
    }
    if (rc == BM_OK) {
        c->host.batch_changed(c->host.self);
        rc = tell(c, id, result, why);
    }
    if (rc == BM_OK && secret != NULL) {
        tree_set(&t, result, "secret", json_incref(secret));
    }
    json_decref(secret);
    return rc == BM_OK && t.failed ? BM_E_MEMORY : rc;
}

bm_status admin_create_batch(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    struct ca_batch_order order = {
        .name = admin_text(params, "name"),
        .profile = admin_text(params, "profile"),
        .options = admin_flag(params, "skip_duplicates") ? CA_BATCH_SKIP : 0,
    };
    struct keys keys = { .recipient = NULL };
    bm_status rc;

    BM_TRY(admin_hash(params, "sha256", order.upload, why));
    BM_TRY(c->host.find_upload(c->host.self, c->actor.organisation,
                               order.upload, why));
    rc = create(c, params, &order, &keys, result, why);
    wipe_keys(&keys);
    return rc;
}

static const char *reason_of(const json_t *params)
{
    const char *reason = admin_text(params, "reason");

    return reason == NULL ? "" : reason;
}

static bm_status act(struct admin_context *c, const json_t *params,
                     enum ca_batch_act what, json_t *result,
                     struct ca_refusal *why)
{
    uint64_t id = (uint64_t)admin_number(params, "batch", 0);

    BM_TRY(ca_batch_act(c->ca, &c->actor, id, what, reason_of(params), c->now,
                        why));
    c->host.batch_changed(c->host.self);
    return tell(c, id, result, why);
}

bm_status admin_approve_batch(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    return act(c, params, CA_BATCH_APPROVE, result, why);
}

bm_status admin_reject_batch(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    return act(c, params, CA_BATCH_REJECT, result, why);
}

bm_status admin_abort_batch(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    return act(c, params, CA_BATCH_ABORT, result, why);
}

bm_status admin_resume_batch(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    return act(c, params, CA_BATCH_RESUME, result, why);
}

bm_status admin_confirm_batch(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    return act(c, params, CA_BATCH_FETCHED, result, why);
}

static uint8_t code_of(const char *word)
{
    for (uint8_t r = 0; word != NULL && r <= BM_REASON_AA_COMPROMISE; r++) {
        if (bm_crl_reason_valid(r) &&
            strcmp(word, bm_crl_reason_name(r)) == 0) {
            return r;
        }
    }
    return BM_REASON_UNSPECIFIED;
}

bm_status admin_revoke_batch(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    const struct ca_batch_end end = {
        .reason = code_of(admin_text(params, "reason_code")),
        .words = reason_of(params),
    };
    uint64_t id = (uint64_t)admin_number(params, "batch", 0);

    BM_TRY(ca_batch_revoke(c->ca, &c->actor, id, &end, c->now, why));
    c->host.batch_changed(c->host.self);
    return tell(c, id, result, why);
}
