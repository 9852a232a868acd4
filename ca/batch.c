/* SPDX-License-Identifier: Apache-2.0 */

/* Batches: what operators do with them. */
#include "ca/allocation.h"
#include "ca/batch_internal.h"

#include <stdio.h>
#include <string.h>

#define OPERATOR "operator:"

const struct ca_actor ca_batch_authority = { .name = "authority",
                                             .mode = "batch",
                                             .authority = true };

static const char *const states[] = {
    [STORE_BATCH_CREATED] = "created",
    [STORE_BATCH_AWAITING] = "awaiting approval",
    [STORE_BATCH_ISSUING] = "issuing",
    [STORE_BATCH_READY] = "ready",
    [STORE_BATCH_PARTLY] = "partly issued",
    [STORE_BATCH_DOWNLOADED] = "downloaded",
    [STORE_BATCH_EXPIRED] = "expired",
    [STORE_BATCH_REJECTED] = "rejected",
    [STORE_BATCH_REVOKING] = "revoking",
    [STORE_BATCH_REVOKED] = "revoked",
    [STORE_BATCH_ABORTED] = "aborted",
};

static const char *const row_states[] = {
    [STORE_ROW_WAITING] = "waiting", [STORE_ROW_ISSUED] = "issued",
    [STORE_ROW_SKIPPED] = "skipped", [STORE_ROW_WRONG] = "wrong",
    [STORE_ROW_REFUSED] = "refused",
};

const char *ca_batch_state_name(enum store_batch_state state)
{
    return state >= STORE_BATCH_CREATED && state <= STORE_BATCH_ABORTED
               ? states[state]
               : "unknown";
}

const char *ca_batch_row_name(enum store_batch_row_state state)
{
    return state >= STORE_ROW_WAITING && state <= STORE_ROW_REFUSED
               ? row_states[state]
               : "unknown";
}

void ca_batch_keep(struct store_batch *kept, const struct store_batch *row)
{
    *kept = *row;
    kept->recipient = (struct bm_bytes){ NULL, 0 };
    kept->signature = (struct bm_bytes){ NULL, 0 };
}

/* ---- Its profile */

/* In a transaction: by the version that its organisation has. */
static bm_status find_version(struct ca *ca, uint32_t id, const char *name,
                              const struct ca_bound **bound,
                              struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_organisation organisation;
    struct store_allocation row;

    *bound = ca_profile_find(ca, name, NULL);
    if (*bound == NULL) {
        return ca_profile_missing(ca, name, why);
    }
    BM_TRY(s->organisation_get(s->self, &ca_everything, id, &organisation));
    BM_TRY(ca_allocation_get(s, &organisation, name, &row));
    if (row.version != 0 && row.version != (*bound)->version) {
        *bound = ca_version_find(ca, name, row.version);
    }
    return *bound != NULL ? BM_OK
                          : ca_refuse(why, BM_E_CA_UNAVAILABLE,
                                      "version %u of profile %s is not at hand",
                                      (unsigned)row.version, name);
}

int64_t ca_batch_time(struct ca *ca, const struct store_batch *batch)
{
    struct ca_refusal why = { BM_OK, "" };
    const struct ca_bound *bound;
    int64_t keep = ca->c.batch_keep != 0 ? ca->c.batch_keep : CA_BATCH_KEEP;

    if (find_version(ca, batch->organisation, batch->profile, &bound, &why) ==
            BM_OK &&
        ca_profile_policy(bound->profile)->batch_keep != 0) {
        keep = ca_profile_policy(bound->profile)->batch_keep;
    }
    return keep;
}

/* ---- History */

void ca_batch_words(enum store_batch_state state, const char *reason,
                    char text[CA_BATCH_WORDS])
{
    (void)snprintf(text, CA_BATCH_WORDS, "%s%s%s", ca_batch_state_name(state),
                   reason[0] != '\0' ? ": " : "", reason);
}

static bm_status put_record(struct ca *ca, const struct ca_actor *actor,
                            const struct store_batch *batch,
                            const struct ca_batch_change *change, int64_t now)
{
    struct ca_record record = ca_record_of(CA_RECORD_BATCH, actor, now);
    char words[CA_BATCH_WORDS];

    ca_batch_words(change->state, change->words, words);
    record.organisation = batch->organisation;
    record.profile = ca_text(batch->profile);
    record.subject = ca_text(batch->name);
    record.number = batch->id;
    record.text = ca_text(words);
    if (change->hash != NULL) {
        record.hash = (struct bm_bytes){ change->hash, STORE_HASH_SIZE };
    }
    return ca_put_record(ca, &record, NULL, NULL);
}

/* What was looked at, and approved where that is needed, can be issued; what
 * was stopped before that cannot. */
static bool may_resume(const struct store_batch *batch)
{
    return (batch->options & CA_BATCH_LOOKED) != 0;
}

bm_status ca_batch_put_state(struct ca *ca, const struct ca_actor *actor,
                             struct store_batch *batch,
                             const struct ca_batch_change *change, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_batch_event event = { .at = now, .state = change->state };

    batch->state = change->state;
    batch->changed = now;
    if (batch->state == STORE_BATCH_ABORTED) {
        batch->expires = may_resume(batch) ? now + ca_batch_time(ca, batch) : 0;
    }
    (void)snprintf(batch->reason, sizeof batch->reason, "%s", change->words);
    ca->dirty = true;
    BM_TRY(s->batch_put(s->self, batch));
    if (change->state != STORE_BATCH_CREATED) { /* all of its keys are made */
        BM_TRY(s->batch_secret_drop(s->self, batch->id));
    }
    event.batch = batch->id;
    (void)snprintf(event.actor, sizeof event.actor, "%s", actor->name);
    (void)snprintf(event.text, sizeof event.text, "%s", change->words);
    BM_TRY(s->batch_event_put(s->self, &event));
    BM_TRY(put_record(ca, actor, batch, change, now));
    return ca_tell_batch(ca, batch, now);
}

/* ---- Ordering */

static bm_status check_profile(struct ca *ca, const struct ca_actor *actor,
                               const char *name, struct ca_refusal *why)
{
    const struct ca_profile_policy *policy;
    const struct ca_bound *bound;

    BM_TRY(find_version(ca, actor->organisation, name, &bound, why));
    policy = ca_profile_policy(bound->profile);
    return (policy->by & CA_BY_OPERATOR) != 0 && !policy->is_ca
               ? BM_OK
               : ca_refuse(why, BM_E_PROFILE_REQUESTER, "%s", name);
}

/* In whose name it is issued must be found again. */
static bm_status check_actor(const struct ca_actor *actor,
                             struct ca_refusal *why)
{
    return strncmp(actor->name, OPERATOR, sizeof OPERATOR - 1) == 0
               ? BM_OK
               : ca_refuse(why, BM_E_CA_FORBIDDEN,
                           "a batch is an operator's, who is on record");
}

struct same {
    const uint8_t *upload;
    uint64_t id;
};

static bm_status see_same(void *arg, const void *row)
{
    struct same *same = arg;
    const struct store_batch *batch = row;

    if (memcmp(batch->upload, same->upload, STORE_HASH_SIZE) != 0) {
        return BM_OK;
    }
    same->id = batch->id;
    return BM_E_END;
}

/* In a transaction; 0: none. */
static bm_status find_same(struct ca *ca, const struct store_batch *row,
                           uint64_t *id)
{
    const struct store_scope own = { .organisation = row->organisation };
    const struct store *s = ca->c.store;
    struct same same = { .upload = row->upload };
    struct store_visit visit = { &same, see_same };
    bm_status rc = s->batch_list(s->self, &own, 0, STORE_BATCH_CREATED, &visit);

    *id = same.id;
    return rc;
}

bm_status ca_batch_wants(struct ca *ca, const struct store_batch *row,
                         bool *wants)
{
    const struct store *s = ca->c.store;
    uint64_t id;
    bm_status rc;

    *wants = true;
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = find_same(ca, row, &id);
    s->rollback(s->self);
    *wants = rc != BM_OK || id != 0;
    return rc;
}

static bm_status check_upload(struct ca *ca, const struct store_batch *row,
                              struct ca_refusal *why)
{
    uint64_t id;

    BM_TRY(find_same(ca, row, &id));
    return id == 0
               ? BM_OK
               : ca_refuse(why, BM_E_EXISTS, "batch %llu is of the same file",
                           (unsigned long long)id);
}

void ca_batch_statement(const struct store_batch *batch,
                        uint8_t statement[CA_BATCH_STATEMENT_SIZE])
{
    struct bm_wr w;

    bm_wr_init(&w, statement, CA_BATCH_STATEMENT_SIZE);
    for (int i = 56; i >= 0; i -= 8) {
        bm_wr_u8(&w, (uint8_t)(batch->id >> i));
    }
    for (int i = 24; i >= 0; i -= 8) {
        bm_wr_u8(&w, (uint8_t)(batch->organisation >> i));
    }
    bm_wr_put(&w, BM_ARRAY(batch->upload));
}

static bm_status put_secret(const struct store *s,
                            const struct store_batch *row,
                            const struct ca_batch_secret *secret)
{
    uint8_t statement[CA_BATCH_STATEMENT_SIZE];
    uint8_t sealed[CA_BATCH_SEALED_MAX];
    struct bm_wr w;
    size_t n;

    ca_batch_statement(row, statement);
    bm_wr_init(&w, sealed, sizeof sealed);
    BM_TRY(secret->seal(secret, BM_ARRAY(statement), &w));
    BM_TRY(bm_wr_finish(&w, &n));
    return s->batch_secret_put(s->self, row->id, bm_wr_bytes(&w));
}

static bm_status create(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_batch_order *order,
                        struct store_batch *row, struct ca_refusal *why)
{
    const struct ca_batch_secret *secret = order->secret;
    const struct store *s = ca->c.store;
    char words[STORE_NAME_MAX] = "";
    const struct ca_batch_change change = { .state = STORE_BATCH_CREATED,
                                            .words = words,
                                            .hash = order->upload };

    BM_TRY(check_profile(ca, actor, order->profile, why));
    BM_TRY(check_upload(ca, row, why));
    if (order->keys != BM_KEY_UNKNOWN) {
        BM_TRY(ca_batch_take_keys(ca, order, row, words, why));
    }
    ca->dirty = true;
    BM_TRY(s->batch_put(s->self, row));
    if (secret != NULL && secret->seal != NULL) {
        BM_TRY(put_secret(s, row, secret));
    }
    return ca_batch_put_state(ca, actor, row, &change, row->created);
}

bm_status ca_batch_create(struct ca *ca, const struct ca_actor *actor,
                          const struct ca_batch_order *order, int64_t now,
                          uint64_t *id, struct ca_refusal *why)
{
    struct store_batch row = { .organisation = actor->organisation,
                               .state = STORE_BATCH_CREATED,
                               .options = order->options & CA_BATCH_SKIP,
                               .created = now };
    bm_status rc;

    *id = 0;
    BM_TRY(ca_authorise(actor, CA_ACT_BATCH_CREATE, why));
    BM_TRY(check_actor(actor, why));
    if (strlen(order->profile) >= sizeof row.profile ||
        strlen(order->name) >= sizeof row.name) {
        return ca_refuse_plain(why, BM_E_LIMIT);
    }
    memcpy(row.profile, order->profile, strlen(order->profile) + 1);
    memcpy(row.name, order->name, strlen(order->name) + 1);
    memcpy(row.upload, order->upload, sizeof row.upload);
    (void)snprintf(row.creator, sizeof row.creator, "%s", actor->name);
    (void)snprintf(row.actor, sizeof row.actor, "%s", actor->name);
    BM_TRY(ca_begin(ca, now, why));
    rc = ca_end(ca, create(ca, actor, order, &row, why), now, why);
    *id = rc == BM_OK ? row.id : 0;
    return rc;
}

/* ---- Deciding, stopping, going on */

#define IN(state) (1U << (state))

static const struct {
    enum ca_act act;
    unsigned from; /* states */
    enum store_batch_state to;
} rows[] = {
    [CA_BATCH_APPROVE] = { CA_ACT_BATCH_DECIDE, IN(STORE_BATCH_AWAITING),
                           STORE_BATCH_ISSUING },
    [CA_BATCH_REJECT] = { CA_ACT_BATCH_DECIDE,
                          IN(STORE_BATCH_CREATED) | IN(STORE_BATCH_AWAITING),
                          STORE_BATCH_REJECTED },
    [CA_BATCH_ABORT] = { CA_ACT_BATCH_CREATE,
                         IN(STORE_BATCH_CREATED) | IN(STORE_BATCH_AWAITING) |
                             IN(STORE_BATCH_ISSUING),
                         STORE_BATCH_ABORTED },
    [CA_BATCH_RESUME] = { CA_ACT_BATCH_CREATE,
                          IN(STORE_BATCH_ABORTED) | IN(STORE_BATCH_ISSUING),
                          STORE_BATCH_ISSUING },
    [CA_BATCH_FETCHED] = { CA_ACT_BATCH_CREATE,
                           IN(STORE_BATCH_READY) | IN(STORE_BATCH_PARTLY) |
                               IN(STORE_BATCH_DOWNLOADED),
                           STORE_BATCH_DOWNLOADED },
};

static bm_status find(struct ca *ca, const struct ca_actor *actor, uint64_t id,
                      struct store_batch *batch, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bm_status rc = s->batch_get(s->self, &actor->scope, id, batch);

    return rc == BM_E_NOT_FOUND
               ? ca_refuse(why, rc, "batch %llu", (unsigned long long)id)
               : rc;
}

static bm_status check_state(const struct store_batch *batch, unsigned from,
                             struct ca_refusal *why)
{
    return (IN(batch->state) & from) != 0
               ? BM_OK
               : ca_refuse(why, BM_E_CA_BATCH, "batch %llu is %s",
                           (unsigned long long)batch->id,
                           ca_batch_state_name(batch->state));
}

static bm_status check_resume(const struct ca_actor *actor,
                              struct store_batch *batch, struct ca_refusal *why)
{
    BM_TRY(check_actor(actor, why));
    BM_TRY(ca_authorise(actor, CA_ACT_CERT_ISSUE, why));
    if (!may_resume(batch)) {
        return ca_refuse(why, BM_E_CA_BATCH,
                         "batch %llu was stopped before it was looked at, or "
                         "approved: order it again",
                         (unsigned long long)batch->id);
    }
    (void)snprintf(batch->actor, sizeof batch->actor, "%s", actor->name);
    batch->expires = 0;
    return BM_OK;
}

static bm_status check_act(const struct ca_actor *actor,
                           struct store_batch *batch, enum ca_batch_act act,
                           int64_t now, struct ca_refusal *why)
{
    BM_TRY(check_state(batch, rows[act].from, why));
    switch (act) {
    case CA_BATCH_APPROVE:
        if (batch->expires != 0 && now > batch->expires) {
            return ca_refuse(why, BM_E_CA_BATCH,
                             "batch %llu has waited too long: order it again",
                             (unsigned long long)batch->id);
        }
        if (strcmp(actor->name, batch->creator) == 0) {
            return ca_refuse(why, BM_E_CA_FORBIDDEN,
                             "%s has ordered batch %llu: another operator "
                             "decides",
                             actor->name, (unsigned long long)batch->id);
        }
        batch->options |= CA_BATCH_LOOKED | CA_BATCH_APPROVED;
        return BM_OK;
    case CA_BATCH_RESUME:
        return check_resume(actor, batch, why);
    default:
        return BM_OK;
    }
}

static bm_status do_act(struct ca *ca, const struct ca_actor *actor,
                        uint64_t id, enum ca_batch_act act,
                        const struct ca_batch_change *change, int64_t now,
                        struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_batch batch;

    BM_TRY(find(ca, actor, id, &batch, why));
    BM_TRY(check_act(actor, &batch, act, now, why));
    if (batch.state == change->state) {
        return BM_OK; /* it was said before */
    }
    if (batch.state == STORE_BATCH_AWAITING) {
        batch.expires = 0;
    }
    BM_TRY(ca_batch_put_state(ca, actor, &batch, change, now));
    if (act == CA_BATCH_REJECT ||
        (act == CA_BATCH_ABORT && !may_resume(&batch))) {
        return s->batch_clear(s->self, batch.id, STORE_ROW_WAITING);
    }
    return act == CA_BATCH_FETCHED ? s->batch_forget(s->self, batch.id) : BM_OK;
}

bm_status ca_batch_act(struct ca *ca, const struct ca_actor *actor, uint64_t id,
                       enum ca_batch_act act, const char *reason, int64_t now,
                       struct ca_refusal *why)
{
    const struct ca_batch_change change = { .state = rows[act].to,
                                            .words = reason };

    BM_TRY(ca_authorise(actor, rows[act].act, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, do_act(ca, actor, id, act, &change, now, why), now, why);
}

static bm_status begin_revoking(struct ca *ca, const struct ca_actor *actor,
                                uint64_t id, const struct ca_batch_end *end,
                                int64_t now, struct ca_refusal *why)
{
    const unsigned from = IN(STORE_BATCH_READY) | IN(STORE_BATCH_PARTLY) |
                          IN(STORE_BATCH_DOWNLOADED) | IN(STORE_BATCH_EXPIRED) |
                          IN(STORE_BATCH_ABORTED);
    const struct ca_batch_change change = { .state = STORE_BATCH_REVOKING,
                                            .words = end->words };
    struct store_batch batch;

    BM_TRY(find(ca, actor, id, &batch, why));
    BM_TRY(check_state(&batch, from, why));
    batch.revocation = end->reason;
    (void)snprintf(batch.actor, sizeof batch.actor, "%s", actor->name);
    return ca_batch_put_state(ca, actor, &batch, &change, now);
}

bm_status ca_batch_revoke(struct ca *ca, const struct ca_actor *actor,
                          uint64_t id, const struct ca_batch_end *end,
                          int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_BATCH_REVOKE, why));
    BM_TRY(check_actor(actor, why));
    BM_TRY(ca_check_reason(end->reason, why));
    if (end->reason == BM_REASON_HOLD) {
        return ca_refuse(why, BM_E_CA_REASON, "a batch is revoked for ever");
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, begin_revoking(ca, actor, id, end, now, why), now, why);
}
