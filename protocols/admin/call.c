/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Running an operation for a client that may ask twice. What an act was
 * answered is kept for a day under its Idempotency-Key, sealed: there may be
 * the secret of a token in it. The key that seals is made of the
 * Idempotency-Key, of which a hash alone is kept, so that neither the store
 * nor a copy of it gives away what was answered.
 */
#include <stdlib.h>
#include <string.h>

#include "ca/operator.h"
#include "protocols/admin/internal.h"

/* Seconds that an answer is kept. */
#define KEPT (INT64_C(24) * 3600)

/* Answers that are kept for one operator: more in a day are not lost replies,
 * but a client that loops. */
#define KEPT_MAX 100000

#define SEAL_KEY   32
#define SEAL_NONCE 12

struct call {
    struct admin_context *c;
    const struct admin_operation *op;
    struct bm_bytes key; /* Idempotency-Key; empty: none */
    uint8_t seal[SEAL_KEY];
    struct store_reply row;
};

static bm_status hash_of(const struct bm_crypto *crypto, const char *label,
                         struct bm_bytes what, uint8_t hash[STORE_HASH_SIZE])
{
    size_t n = strlen(label) + 1 + what.n;
    uint8_t *text = malloc(n);
    bm_status rc = BM_E_MEMORY;

    if (text != NULL) {
        memcpy(text, label, strlen(label) + 1);
        memcpy(text + strlen(label) + 1, what.p, what.n);
        rc = crypto->hash(crypto->self, BM_HASH_SHA256,
                          (struct bm_bytes){ text, n }, hash);
        bm_wipe(text, n);
    }
    free(text);
    return rc;
}

/* What was asked for, whatever the order of its members; and the octets that
 * came with it, by their hash. */
static bm_status hash_request(struct call *call, const json_t *params)
{
    const struct bm_crypto *crypto = call->c->crypto;
    char *text = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS);
    size_t n = text == NULL ? 0 : strlen(text);
    uint8_t hash[BM_HASH_MAX];
    char *longer;
    bm_status rc = BM_E_MEMORY;

    if (text == NULL) {
        goto out;
    }
    if (call->c->octets.n != 0) {
        longer = realloc(text, n + STORE_HASH_SIZE);
        if (longer == NULL) {
            goto out;
        }
        text = longer;
        rc = crypto->hash(crypto->self, BM_HASH_SHA256, call->c->octets, hash);
        if (rc != BM_OK) {
            goto out;
        }
        memcpy(text + n, hash, STORE_HASH_SIZE);
        n += STORE_HASH_SIZE;
    }
    rc = hash_of(crypto, call->op->id,
                 (struct bm_bytes){ (const uint8_t *)text, n },
                 call->row.request);

out:
    free(text);
    return rc;
}

static bm_status prepare(struct call *call, const json_t *params)
{
    const struct bm_crypto *crypto = call->c->crypto;
    const char *id = call->c->operator_shown->row.id;
    const struct bm_hkdf_config hkdf = {
        .hash = BM_HASH_SHA256,
        .salt = { (const uint8_t *)id, strlen(id) },
        .secret = call->key,
        .info = BM_LIT("birthmark/reply/v1"),
    };

    memcpy(call->row.operator_id, id, strlen(id) + 1);
    call->row.created = call->c->now;
    BM_TRY(hash_request(call, params));
    BM_TRY(hash_of(crypto, "birthmark/reply-key/v1", call->key, call->row.key));
    return crypto->hkdf(crypto->self, &hkdf, call->seal, sizeof call->seal);
}

static struct bm_aead_config aead_of(const struct call *call,
                                     const uint8_t nonce[SEAL_NONCE])
{
    return (struct bm_aead_config){
        .alg = BM_AEAD_AES256_GCM,
        .key = BM_ARRAY(call->seal),
        .nonce = { nonce, SEAL_NONCE },
        .aad = BM_ARRAY(call->row.request),
    };
}

/* nonce, sealed text */
static bm_status open_body(struct call *call, struct bm_bytes body,
                           struct admin_answer *answer)
{
    const struct bm_crypto *crypto = call->c->crypto;
    struct bm_aead_config aead;
    bm_status rc;

    if (body.n < SEAL_NONCE + BM_AEAD_TAG_SIZE) {
        return BM_E_STORE_CORRUPT;
    }
    answer->n = body.n - SEAL_NONCE - BM_AEAD_TAG_SIZE;
    answer->body = malloc(answer->n + 1);
    if (answer->body == NULL) {
        return BM_E_MEMORY;
    }
    aead = aead_of(call, body.p);
    rc = crypto->open(
        crypto->self, &aead,
        (struct bm_bytes){ body.p + SEAL_NONCE, body.n - SEAL_NONCE },
        (uint8_t *)answer->body);
    if (rc != BM_OK) {
        admin_answer_wipe(answer);
    }
    return rc == BM_E_AEAD ? BM_E_STORE_CORRUPT : rc;
}

/* Was it asked before? BM_E_NOT_FOUND: no. */
static bm_status find_reply(struct call *call, struct admin_answer *answer,
                            struct ca_refusal *why)
{
    const struct store *s = call->c->store;
    struct store_reply row;
    bm_status rc;

    BM_TRY(admin_begin(call->c));
    rc = s->reply_find(s->self, call->row.operator_id, call->row.key, &row);
    if (rc == BM_OK && (row.created < call->c->now - KEPT || row.status == 0)) {
        rc = BM_E_NOT_FOUND;
    }
    if (rc == BM_OK &&
        memcmp(row.request, call->row.request, sizeof row.request) != 0) {
        rc = ca_refuse(why, BM_E_CA_REPEATED,
                       "its Idempotency-Key was used for another one");
    }
    if (rc == BM_OK) {
        answer->status = row.status;
        rc = open_body(call, row.body, answer);
    }
    admin_end(call->c);
    return rc;
}

static bm_status write_reply(struct call *call)
{
    const struct store *s = call->c->store;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_WRITE));
    rc = s->reply_purge(s->self, call->c->now - KEPT);
    if (rc == BM_OK) {
        rc = s->reply_put(s->self, &call->row);
    }
    if (rc == BM_OK) {
        return s->commit(s->self);
    }
    s->rollback(s->self);
    return rc;
}

static bm_status keep_reply(struct call *call,
                            const struct admin_answer *answer)
{
    const struct bm_crypto *crypto = call->c->crypto;
    size_t n = SEAL_NONCE + answer->n + BM_AEAD_TAG_SIZE;
    uint8_t *body = malloc(n);
    struct bm_aead_config aead;
    bm_status rc = BM_E_MEMORY;

    if (body == NULL) {
        goto out;
    }
    rc = crypto->random(crypto->self, body, SEAL_NONCE);
    if (rc != BM_OK) {
        goto out;
    }
    aead = aead_of(call, body);
    rc = crypto->seal(
        crypto->self, &aead,
        (struct bm_bytes){ (const uint8_t *)answer->body, answer->n },
        body + SEAL_NONCE);
    if (rc != BM_OK) {
        goto out;
    }
    call->row.status = answer->status;
    call->row.body = (struct bm_bytes){ body, n };
    rc = write_reply(call);

out:
    free(body);
    return rc;
}

static bm_status check_count(struct call *call, struct ca_refusal *why)
{
    const struct store *s = call->c->store;
    uint32_t n = 0;
    bm_status rc;

    BM_TRY(admin_begin(call->c));
    rc = s->reply_count(s->self, call->row.operator_id, KEPT_MAX, &n);
    admin_end(call->c);
    BM_TRY(rc);
    if (n >= KEPT_MAX) { /* those of yesterday do not count */
        BM_TRY(s->begin(s->self, STORE_WRITE));
        rc = s->reply_purge(s->self, call->c->now - KEPT);
        if (rc == BM_OK) {
            rc = s->reply_count(s->self, call->row.operator_id, KEPT_MAX, &n);
        }
        if (rc != BM_OK) {
            s->rollback(s->self);
            return rc;
        }
        BM_TRY(s->commit(s->self));
    }
    return n < KEPT_MAX ? BM_OK
                        : ca_refuse(why, BM_E_LIMIT,
                                    "Idempotency-Keys of an operator in a day");
}

/* ---- Answers */

/* json_dumps() leaves out what it has no memory for. */
static bm_status set_body(struct admin_answer *answer, const json_t *json)
{
    size_t n = json == NULL ? 0 : json_dumpb(json, NULL, 0, JSON_COMPACT);

    if (n == 0) {
        return BM_E_MEMORY;
    }
    answer->body = malloc(n);
    answer->n = n;
    if (answer->body == NULL ||
        json_dumpb(json, answer->body, n, JSON_COMPACT) != n) {
        admin_answer_wipe(answer);
        return BM_E_MEMORY;
    }
    return BM_OK;
}

static bm_status answer_refusal(struct admin_answer *answer, bm_status rc,
                                const struct ca_refusal *why)
{
    struct admin_problem problem;
    json_t *json;

    admin_answer_wipe(answer);
    admin_problem_of(rc, why, &problem);
    json = admin_problem_json(&problem);
    answer->status = problem.status;
    rc = set_body(answer, json);
    json_decref(json);
    return rc;
}

static bm_status run(struct call *call, unsigned operation,
                     const json_t *params, struct admin_answer *answer,
                     struct ca_refusal *why)
{
    json_t *result;
    bm_status rc = admin_run(call->c, operation, params, &result, why);

    if (rc == BM_OK) {
        answer->status = call->op->creates ? 201 : 200;
        rc = set_body(answer, result);
    }
    json_decref(result);
    return rc;
}

/* An act without a key, or something that is read, is run as often as it is
 * asked for. A refusal is not kept: it has changed nothing. */
static bm_status run_once(struct call *call, unsigned operation,
                          const json_t *params, struct admin_answer *answer,
                          struct ca_refusal *why)
{
    bm_status rc;

    if (call->key.n == 0) {
        return run(call, operation, params, answer, why);
    }
    BM_TRY(ca_authorise(&call->c->actor, call->op->act, why));
    BM_TRY(prepare(call, params));
    rc = find_reply(call, answer, why);
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    BM_TRY(check_count(call, why));
    BM_TRY(run(call, operation, params, answer, why));
    /* It is done and on record. That the answer could not be kept is no
     * reason to say that it is not. */
    (void)!keep_reply(call, answer);
    return BM_OK;
}

bm_status admin_call(struct admin_context *c, unsigned operation,
                     struct bm_bytes key, const json_t *params,
                     struct admin_answer *answer, struct ca_refusal *why)
{
    struct call call = { .c = c };
    bm_status rc = BM_E_ARGUMENT;

    memset(answer, 0, sizeof *answer);
    if (operation < admin_operations_n && json_is_object(params)) {
        call.op = &admin_operations[operation];
        if (c->operator_shown != NULL && strcmp(call.op->method, "POST") == 0) {
            call.key = key;
        }
        rc = run_once(&call, operation, params, answer, why);
        bm_wipe(call.seal, sizeof call.seal);
    }
    if (rc != BM_OK) {
        rc = ca_refuse_plain(why, rc);
        answer->refused = rc;
        return answer_refusal(answer, rc, why);
    }
    return BM_OK;
}

void admin_answer_wipe(struct admin_answer *answer)
{
    if (answer->body != NULL) {
        bm_wipe(answer->body, answer->n);
    }
    free(answer->body);
    answer->body = NULL;
    answer->n = 0;
}
