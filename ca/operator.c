/* SPDX-License-Identifier: Apache-2.0 */

/* Who is an operator: on record, by scope, by certificate. */
#include "ca/operator.h"

#include <stdio.h>
#include <string.h>

#include "ca/operator_internal.h"

bm_status operator_hash(struct ca *ca, struct bm_bytes der,
                        uint8_t hash[STORE_HASH_SIZE])
{
    uint8_t room[BM_HASH_MAX];

    BM_TRY(ca->c.crypto->hash(ca->c.crypto->self, BM_HASH_SHA256, der, room));
    memcpy(hash, room, STORE_HASH_SIZE);
    return BM_OK;
}

/* ---- On record */

void ca_scope_words(const struct store_scope *scope, char words[32])
{
    if (scope->organisation != 0) {
        (void)snprintf(words, 32, "organisation %u",
                       (unsigned)scope->organisation);
    } else if (scope->ecosystem != 0) {
        (void)snprintf(words, 32, "ecosystem %u", (unsigned)scope->ecosystem);
    } else {
        (void)snprintf(words, 32, "instance");
    }
}

static bool is_zero(const uint8_t hash[STORE_HASH_SIZE])
{
    static const uint8_t zero[STORE_HASH_SIZE];

    return memcmp(hash, zero, sizeof zero) == 0;
}

void ca_operator_words(const struct store_operator *row,
                       char words[CA_OPERATOR_TEXT])
{
    uint8_t roles[CA_ROLES_TEXT];
    char next[2 * STORE_HASH_SIZE + 1] = "";
    char scope[32] = "";
    struct bm_wr w;

    bm_wr_init(&w, roles, sizeof roles);
    ca_roles_put(&w, row->roles);
    if (row->scope.organisation != 0 || row->scope.ecosystem != 0) {
        ca_scope_words(&row->scope, scope);
    }
    if (!is_zero(row->next)) {
        ca_hex(BM_ARRAY(row->next), next, sizeof next);
    }
    (void)snprintf(words, CA_OPERATOR_TEXT, "%s%.*s%s%s%s%s",
                   row->disabled ? "disabled: " : "", (int)w.len,
                   (const char *)roles, scope[0] != '\0' ? " of " : "", scope,
                   next[0] != '\0' ? "; next " : "", next);
}

bm_status ca_put_operator(struct ca *ca, const struct ca_actor *actor,
                          const struct store_operator *row, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_OPERATOR, actor, now);
    char words[CA_OPERATOR_TEXT];

    ca_operator_words(row, words);
    record.organisation = row->organisation;
    record.subject = ca_text(row->id);
    record.hash = BM_ARRAY(row->cert);
    record.text = ca_text(words);
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return s->operator_put(s->self, row);
}

/* ---- Scopes */

static bm_status find_organisation(void *arg, const void *row)
{
    struct operator_look *l = arg;
    const struct store_organisation *o = row;

    if (l->organisation != 0 && o->id != l->organisation) {
        return BM_OK;
    }
    l->found = *o;
    return BM_E_END;
}

bm_status operator_look_up(struct ca *ca, const struct store_scope *scope,
                           struct operator_look *l)
{
    const struct store *s = ca->c.store;
    struct store_visit visit = { l, find_organisation };

    l->found.id = 0;
    BM_TRY(s->organisation_list(s->self, scope, &visit));
    return l->found.id != 0 ? BM_OK : BM_E_NOT_FOUND;
}

/* Is `inner` no more than `outer`? */
static bm_status is_within(struct ca *ca, const struct store_scope *outer,
                           const struct store_scope *inner, bool *yes)
{
    struct operator_look l = { .organisation = inner->organisation };
    bm_status rc;

    *yes = outer->organisation == 0 && outer->ecosystem == 0;
    if (*yes) {
        return BM_OK;
    }
    if (outer->organisation != 0) {
        *yes = inner->organisation == outer->organisation;
        return BM_OK;
    }
    if (inner->organisation == 0) {
        *yes = inner->ecosystem == outer->ecosystem;
        return BM_OK;
    }
    rc = operator_look_up(ca, outer, &l);
    *yes = rc == BM_OK;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status ca_operator_is_within(struct ca *ca, const struct ca_actor *actor,
                                const struct store_operator *row, bool *yes)
{
    static const struct store_scope all = { 0, 0 };

    return is_within(ca, actor->authority ? &all : &actor->scope, &row->scope,
                     yes);
}

bm_status ca_check_operator_cert(struct ca *ca, const struct ca_actor *actor,
                                 uint64_t id, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    uint8_t hash[STORE_HASH_SIZE];
    char name[STORE_ACTOR_MAX];
    struct store_operator op;
    struct store_cert row;
    bool within;
    bm_status rc;

    BM_TRY(s->cert_get(s->self, &ca_everything, id, &row));
    if (row.device != 0 || row.der.n == 0) {
        return BM_OK;
    }
    BM_TRY(operator_hash(ca, row.der, hash));
    rc = s->operator_find(s->self, hash, &op);
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    (void)snprintf(name, sizeof name, "operator:%s", op.id);
    if (actor->authority || strcmp(actor->name, name) == 0) {
        return BM_OK; /* one's own may be ended */
    }
    BM_TRY(ca_authorise(actor, CA_ACT_OPERATOR_DISABLE, why));
    BM_TRY(ca_operator_is_within(ca, actor, &op, &within));
    return within ? BM_OK
                  : ca_refuse(why, BM_E_CA_FORBIDDEN,
                              "operator %s is beyond the scope of %s", op.id,
                              actor->name);
}

/* ---- Authentication */

static bm_status find(struct ca *ca, struct bm_bytes der,
                      const uint8_t hash[STORE_HASH_SIZE],
                      struct ca_operator *op, int64_t now,
                      struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_cert row;
    bm_status rc = s->operator_find(s->self, hash, &op->row);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "the certificate shown is no operator's here");
    }
    BM_TRY(rc);
    if (op->row.disabled) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN, "operator %s is disabled",
                         op->row.id);
    }
    rc = ca_find_der(ca, der, &row);
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "the certificate of operator %s was not issued here",
                         op->row.id);
    }
    BM_TRY(rc);
    op->not_after = row.not_after;
    op->row.cert_id = row.id;
    return ca->read_only ? ca_usable(ca, &row, now, why) : BM_OK;
}

/* The old certificate ends when the new one was seen. */
static bm_status end_old(struct ca *ca, const struct ca_actor *actor,
                         const struct store_operator *op, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_cert_row old;
    struct store_cert row;

    if (op->cert_id == 0) {
        return BM_OK;
    }
    BM_TRY(s->cert_get(s->self, &ca_everything, op->cert_id, &row));
    if (row.status != STORE_CERT_VALID && row.status != STORE_CERT_REPLACED) {
        return BM_OK;
    }
    ca_keep_row(&old, &row);
    return ca_put_revocation(ca, actor, &old.row, BM_REASON_SUPERSEDED, now);
}

/* As it is now, not as it was before the transaction. */
static bm_status promote(struct ca *ca, const struct ca_operator *op,
                         const uint8_t hash[STORE_HASH_SIZE], int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_operator row;

    BM_TRY(s->operator_find(s->self, hash, &row));
    if (memcmp(row.next, hash, STORE_HASH_SIZE) != 0) {
        return BM_OK;
    }
    BM_TRY(end_old(ca, &op->actor, &row, now));
    memcpy(row.cert, row.next, sizeof row.cert);
    memset(row.next, 0, sizeof row.next);
    row.cert_id = op->row.cert_id;
    return ca_put_operator(ca, &op->actor, &row, now);
}

static void make_actor(struct ca_operator *op, const char *mode)
{
    (void)snprintf(op->name, sizeof op->name, "operator:%s", op->row.id);
    op->actor = (struct ca_actor){ .name = op->name,
                                   .mode = mode,
                                   .scope = op->row.scope,
                                   .organisation = op->row.organisation,
                                   .roles = op->row.roles };
}

static bm_status authenticate(struct ca *ca, struct bm_bytes der,
                              const char *mode, int64_t now,
                              struct ca_operator *op, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    uint8_t hash[STORE_HASH_SIZE];
    bm_status rc;

    BM_TRY(operator_hash(ca, der, hash));
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = find(ca, der, hash, op, now, why);
    s->rollback(s->self);
    if (rc != BM_OK) {
        return rc;
    }
    make_actor(op, mode);
    if (ca->read_only) {
        return BM_OK;
    }
    BM_TRY(ca_seen(ca, &op->actor, der, now, why));
    if (memcmp(op->row.next, hash, sizeof hash) == 0) {
        BM_TRY(ca_begin(ca, now, why));
        BM_TRY(ca_end(ca, promote(ca, op, hash, now), now, why));
        memcpy(op->row.cert, hash, sizeof hash);
        memset(op->row.next, 0, sizeof op->row.next);
    }
    return BM_OK;
}

bm_status ca_operator_authenticate(struct ca *ca, struct bm_bytes der,
                                   const char *mode, int64_t now,
                                   struct ca_operator *op,
                                   struct ca_refusal *why)
{
    bm_status rc;

    memset(op, 0, sizeof *op);
    rc = authenticate(ca, der, mode, now, op, why);
    if (rc != BM_OK) {
        memset(op, 0, sizeof *op);
        return ca_refuse_plain(why, rc);
    }
    return BM_OK;
}

/* ---- The last administrator */

struct others {
    struct ca *ca;
    uint64_t id;
    const char *name;
    int64_t now;
    uint8_t hash[STORE_HASH_SIZE]; /* of the certificate `id` */
    bool is_one;                   /* who is to go is an administrator */
    bool left;                     /* there is another */
};

static bool is_administrator(const struct store_operator *op)
{
    return !op->disabled && (op->roles & CA_ROLE_ADMIN) != 0 &&
           op->scope.organisation == 0 && op->scope.ecosystem == 0;
}

static bool is_he(const struct others *o, const struct store_operator *op)
{
    return o->name != NULL ? strcmp(o->name, op->id) == 0
                           : memcmp(o->hash, op->cert, sizeof o->hash) == 0;
}

/* Ids of those who could stay, for they cannot be looked at during a walk. */
static bm_status see_operator(void *arg, const void *visited)
{
    struct others *o = arg;
    const struct store_operator *op = visited;
    const struct store *s = o->ca->c.store;
    struct store_cert row;
    bm_status rc;

    if (!is_administrator(op)) {
        return BM_OK;
    }
    if (is_he(o, op)) {
        o->is_one = true;
        return BM_OK;
    }
    if (op->cert_id == 0) {
        o->left = true;
        return BM_OK;
    }
    rc = s->cert_get(s->self, &ca_everything, op->cert_id, &row);
    if (rc == BM_OK && ca_usable(o->ca, &row, o->now, NULL) == BM_OK) {
        o->left = true;
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status ca_keep_administrator(struct ca *ca, uint64_t id, const char *name,
                                int64_t now, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct others o = { .ca = ca, .id = id, .name = name, .now = now };
    struct store_visit visit = { &o, see_operator };
    struct store_cert row;

    if (name == NULL) {
        BM_TRY(s->cert_get(s->self, &ca_everything, id, &row));
        if (row.device != 0) {
            return BM_OK;
        }
        BM_TRY(operator_hash(ca, row.der, o.hash));
    }
    BM_TRY(s->operator_list(s->self, &ca_everything, &visit));
    return o.is_one && !o.left
               ? ca_refuse(why, BM_E_CA_LAST,
                           "create another administrator of the instance first")
               : BM_OK;
}
