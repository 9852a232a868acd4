/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/authority/faulty.h"

#include <string.h>

void faulty_arm(struct faulty *f, uint64_t fail_at, bm_status status)
{
    *f = (struct faulty){ .fail_at = fail_at, .status = status };
}

void faulty_disarm(struct faulty *f)
{
    f->fail_at = 0;
    f->once = false;
    f->after = false;
}

bool faulty_fails(struct faulty *f)
{
    f->calls++;
    if (f->fail_at == 0 || f->calls < f->fail_at ||
        (f->once && f->calls != f->fail_at)) {
        return false;
    }
    f->hit = true;
    return true;
}

static bm_status begin(void *self, enum store_mode mode)
{
    struct faulty_store *s = self;

    if (faulty_fails(&s->f)) {
        return s->f.status;
    }
    s->writing = mode != STORE_READ;
    return s->real->begin(s->real->self, mode);
}

/* A commit that fails may have happened, or not: a failed one rolls back, as
 * the interface says that the transaction is over. */
static bm_status commit(void *self)
{
    struct faulty_store *s = self;
    bool fail = faulty_fails(&s->f);
    bm_status rc = BM_OK;

    if (fail && !s->f.after) {
        s->real->rollback(s->real->self);
        return s->f.status;
    }
    rc = s->real->commit(s->real->self);
    s->commits += rc == BM_OK && s->writing;
    return fail ? s->f.status : rc;
}

static void rollback(void *self)
{
    struct faulty_store *s = self;

    s->real->rollback(s->real->self);
}

static void close_nothing(void *self)
{
    (void)self;
}

static bm_status setting_get(void *self, const char *name,
                             struct bm_bytes *value)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->setting_get(s->real->self, name, value));
}

static bm_status setting_put(void *self, const char *name,
                             struct bm_bytes value)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->setting_put(s->real->self, name, value));
}

static bm_status ecosystem_put(void *self, struct store_ecosystem *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->ecosystem_put(s->real->self, row));
}

static bm_status organisation_put(void *self, struct store_organisation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->organisation_put(s->real->self, row));
}

static bm_status ecosystem_list(void *self, const struct store_scope *scope,
                                const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->ecosystem_list(s->real->self, scope, visit));
}

static bm_status organisation_get(void *self, const struct store_scope *scope,
                                  uint32_t id, struct store_organisation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->organisation_get(s->real->self, scope, id, row));
}

static bm_status allocation_put(void *self, const struct store_allocation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->allocation_put(s->real->self, row));
}

static bm_status allocation_get(void *self, uint32_t organisation,
                                const char *profile,
                                struct store_allocation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->allocation_get(s->real->self, organisation, profile, row));
}

static bm_status allocation_list(void *self, uint32_t organisation,
                                 const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->allocation_list(s->real->self, organisation, visit));
}

static bm_status version_put(void *self, const struct store_version *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->version_put(s->real->self, row));
}

static bm_status version_get(void *self, const char *profile, uint32_t version,
                             struct store_version *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->version_get(s->real->self, profile, version, row));
}

static bm_status version_list(void *self, const char *profile,
                              const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->version_list(s->real->self, profile, visit));
}

static bm_status organisation_list(void *self, const struct store_scope *scope,
                                   const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->organisation_list(s->real->self, scope, visit));
}

static bm_status ca_put(void *self, const struct store_ca *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->ca_put(s->real->self, row));
}

static bm_status ca_get(void *self, const struct store_scope *scope,
                        const char *id, struct store_ca *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->ca_get(s->real->self, scope, id, row));
}

static bm_status ca_list(void *self, const struct store_scope *scope,
                         const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->ca_list(s->real->self, scope, visit));
}

static bm_status crl_put(void *self, const struct store_crl *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->crl_put(s->real->self, row));
}

static bm_status crl_get(void *self, const char *ca, uint32_t list,
                         struct store_crl *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->crl_get(s->real->self, ca, list, row));
}

static bm_status crl_number(void *self, const char *ca, uint64_t *number)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->crl_number(s->real->self, ca, number));
}

static bm_status device_put(void *self, struct store_device *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->device_put(s->real->self, row));
}

static bm_status device_get(void *self, const struct store_scope *scope,
                            uint64_t id, struct store_device *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->device_get(s->real->self, scope, id, row));
}

static bm_status device_find(void *self, uint32_t organisation,
                             const char *name, struct store_device *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->device_find(s->real->self, organisation, name, row));
}

static bm_status device_list(void *self, const struct store_scope *scope,
                             uint64_t after, const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->device_list(s->real->self, scope, after, visit));
}

static bm_status device_next(void *self, uint32_t organisation,
                             enum store_device_state state, uint64_t *id)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->device_next(s->real->self, organisation, state, id));
}

static bm_status attribute_put(void *self, const struct store_attribute *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->attribute_put(s->real->self, row));
}

static bm_status attribute_drop(void *self, const struct store_attribute *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->attribute_drop(s->real->self, row));
}

static bm_status attribute_list(void *self, uint64_t device,
                                const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->attribute_list(s->real->self, device, visit));
}

static bm_status attribute_next(void *self, const struct store_attribute *row,
                                uint64_t *device)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->attribute_next(s->real->self, row, device));
}

static bm_status next_cert(void *self, uint64_t *id)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->next_cert(s->real->self, id));
}

static bm_status cert_put(void *self, const struct store_cert *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->cert_put(s->real->self, row));
}

static bm_status cert_change(void *self, const struct store_cert *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->cert_change(s->real->self, row));
}

static bm_status cert_get(void *self, const struct store_scope *scope,
                          uint64_t id, struct store_cert *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->cert_get(s->real->self, scope, id, row));
}

static bm_status cert_find(void *self, const struct store_scope *scope,
                           const char *ca, struct bm_bytes serial,
                           struct store_cert *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->cert_find(s->real->self, scope, ca, serial, row));
}

static bm_status cert_list(void *self, const struct store_scope *scope,
                           const struct store_cert_filter *filter,
                           const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->cert_list(s->real->self, scope, filter, visit));
}

static bm_status cert_expiring(void *self, const struct store_expiring_of *of,
                               const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->cert_expiring(s->real->self, of, visit));
}

static bm_status claim_put(void *self, enum store_claim kind,
                           const uint8_t hash[STORE_HASH_SIZE], uint64_t ref)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->claim_put(s->real->self, kind, hash, ref));
}

static bm_status claim_list(void *self, enum store_claim kind,
                            const uint8_t hash[STORE_HASH_SIZE],
                            const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->claim_list(s->real->self, kind, hash, visit));
}

static bm_status revocation_put(void *self, const char *ca,
                                const struct store_revocation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->revocation_put(s->real->self, ca, row));
}

static bm_status revocation_remove(void *self, const char *ca,
                                   struct bm_bytes serial)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->revocation_remove(s->real->self, ca, serial));
}

static bm_status revocations_open(void *self,
                                  const struct store_revocations_of *of,
                                  struct store_revocations **walk)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->revocations_open(s->real->self, of, walk));
}

static bm_status change_last(void *self, uint64_t *id)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->change_last(s->real->self, id));
}

static bm_status change_list(void *self, const char *ca,
                             const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->change_list(s->real->self, ca, visit));
}

static bm_status change_forget(void *self, const char *ca)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->change_forget(s->real->self, ca));
}

static bm_status operator_put(void *self, const struct store_operator *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->operator_put(s->real->self, row));
}

static bm_status operator_find(void *self, const uint8_t cert[STORE_HASH_SIZE],
                               struct store_operator *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->operator_find(s->real->self, cert, row));
}

static bm_status operator_get(void *self, const struct store_scope *scope,
                              const char *id, struct store_operator *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->operator_get(s->real->self, scope, id, row));
}

static bm_status operator_list(void *self, const struct store_scope *scope,
                               const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->operator_list(s->real->self, scope, visit));
}

static bm_status token_put(void *self, const struct store_token *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->token_put(s->real->self, row));
}

static bm_status token_change(void *self, const struct store_token *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->token_change(s->real->self, row));
}

static bm_status token_find(void *self, const uint8_t hash[STORE_HASH_SIZE],
                            struct store_token *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->token_find(s->real->self, hash, row));
}

static bm_status token_get(void *self, const struct store_scope *scope,
                           const char *id, struct store_token *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->token_get(s->real->self, scope, id, row));
}

static bm_status token_list(void *self, const struct store_scope *scope,
                            const char *after, const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->token_list(s->real->self, scope, after, visit));
}

static bm_status attestation_put(void *self,
                                 const struct store_attestation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->attestation_put(s->real->self, row));
}

static bm_status attestation_get(void *self, const uint8_t key[STORE_HASH_SIZE],
                                 struct store_attestation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->attestation_get(s->real->self, key, row));
}

static bm_status attestation_of_device(void *self, uint64_t device,
                                       struct store_attestation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->attestation_of_device(s->real->self, device, row));
}

static bm_status attestation_of_ek(void *self, uint32_t organisation,
                                   const uint8_t ek[STORE_HASH_SIZE],
                                   struct store_attestation *row)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->attestation_of_ek(s->real->self, organisation, ek, row));
}

static bm_status request_put(void *self, struct store_request *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->request_put(s->real->self, row));
}

static bm_status request_get(void *self, const struct store_scope *scope,
                             uint64_t id, struct store_request *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->request_get(s->real->self, scope, id, row));
}

static bm_status request_find(void *self, struct store_request *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->request_find(s->real->self, row));
}

static bm_status request_count(void *self, uint32_t organisation,
                               const char *device, int64_t since, uint32_t max,
                               uint32_t *n)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->request_count(s->real->self, organisation, device,
                                      since, max, n));
}

static bm_status request_list(void *self, const struct store_scope *scope,
                              const struct store_request_filter *filter,
                              const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->request_list(s->real->self, scope, filter, visit));
}

static bm_status reply_put(void *self, const struct store_reply *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->reply_put(s->real->self, row));
}

static bm_status reply_find(void *self, const char *operator_id,
                            const uint8_t key[STORE_HASH_SIZE],
                            struct store_reply *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->reply_find(s->real->self, operator_id, key, row));
}

static bm_status reply_count(void *self, const char *operator_id, uint32_t max,
                             uint32_t *n)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->reply_count(s->real->self, operator_id, max, n));
}

static bm_status reply_purge(void *self, int64_t before)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->reply_purge(s->real->self, before));
}

static bm_status event_put(void *self, struct store_event *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->event_put(s->real->self, row));
}

static bm_status event_list(void *self, const struct store_scope *scope,
                            uint64_t device, uint64_t before,
                            const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->event_list(s->real->self, scope, device, before, visit));
}

static bm_status leaf_put(void *self, const struct store_leaf *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->leaf_put(s->real->self, row));
}

static bm_status leaf_get(void *self, uint32_t tree, uint64_t index,
                          struct store_leaf *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->leaf_get(s->real->self, tree, index, row));
}

static bm_status leaf_list(void *self, uint32_t tree, uint64_t from,
                           const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->leaf_list(s->real->self, tree, from, visit));
}

static bm_status tile_put(void *self, uint32_t tree, uint32_t level,
                          uint64_t index, struct bm_bytes hashes)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->tile_put(s->real->self, tree, level, index, hashes));
}

static bm_status tile_get(void *self, uint32_t tree, uint32_t level,
                          uint64_t index, struct bm_bytes *hashes)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->tile_get(s->real->self, tree, level, index, hashes));
}

static bm_status head_put(void *self, const struct store_head *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->head_put(s->real->self, row));
}

static bm_status head_get(void *self, uint32_t tree, struct store_head *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->head_get(s->real->self, tree, row));
}

static bm_status
backup(void *self, const char *path,
       void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->backup(s->real->self, path, progress, arg));
}

static bm_status check(void *self, struct bm_wr *words)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->check(s->real->self, words));
}

void faulty_store_init(struct faulty_store *s, struct store *real)
{
    memset(s, 0, sizeof *s);
    s->real = real;
    s->base = *real; /* walks hand themselves on */
    s->base.self = s;
    s->base.begin = begin;
    s->base.commit = commit;
    s->base.rollback = rollback;
    s->base.close = close_nothing;
    s->base.setting_get = setting_get;
    s->base.setting_put = setting_put;
    s->base.ecosystem_put = ecosystem_put;
    s->base.ecosystem_list = ecosystem_list;
    s->base.organisation_put = organisation_put;
    s->base.organisation_get = organisation_get;
    s->base.allocation_put = allocation_put;
    s->base.allocation_get = allocation_get;
    s->base.allocation_list = allocation_list;
    s->base.version_put = version_put;
    s->base.version_get = version_get;
    s->base.version_list = version_list;
    s->base.organisation_list = organisation_list;
    s->base.ca_put = ca_put;
    s->base.ca_get = ca_get;
    s->base.ca_list = ca_list;
    s->base.crl_put = crl_put;
    s->base.crl_get = crl_get;
    s->base.crl_number = crl_number;
    s->base.device_put = device_put;
    s->base.device_get = device_get;
    s->base.device_find = device_find;
    s->base.device_list = device_list;
    s->base.device_next = device_next;
    s->base.attribute_put = attribute_put;
    s->base.attribute_drop = attribute_drop;
    s->base.attribute_list = attribute_list;
    s->base.attribute_next = attribute_next;
    s->base.next_cert = next_cert;
    s->base.cert_put = cert_put;
    s->base.cert_change = cert_change;
    s->base.cert_get = cert_get;
    s->base.cert_find = cert_find;
    s->base.cert_list = cert_list;
    s->base.cert_expiring = cert_expiring;
    s->base.claim_put = claim_put;
    s->base.claim_list = claim_list;
    s->base.revocation_put = revocation_put;
    s->base.revocation_remove = revocation_remove;
    s->base.revocations_open = revocations_open;
    s->base.change_last = change_last;
    s->base.change_list = change_list;
    s->base.change_forget = change_forget;
    s->base.operator_put = operator_put;
    s->base.operator_find = operator_find;
    s->base.operator_get = operator_get;
    s->base.operator_list = operator_list;
    s->base.token_put = token_put;
    s->base.token_change = token_change;
    s->base.token_find = token_find;
    s->base.token_get = token_get;
    s->base.token_list = token_list;
    s->base.attestation_put = attestation_put;
    s->base.attestation_get = attestation_get;
    s->base.attestation_of_device = attestation_of_device;
    s->base.attestation_of_ek = attestation_of_ek;
    s->base.request_put = request_put;
    s->base.request_get = request_get;
    s->base.request_find = request_find;
    s->base.request_count = request_count;
    s->base.request_list = request_list;
    s->base.reply_put = reply_put;
    s->base.reply_find = reply_find;
    s->base.reply_count = reply_count;
    s->base.reply_purge = reply_purge;
    s->base.event_put = event_put;
    s->base.event_list = event_list;
    faulty_delivery_fill(&s->base);
    faulty_manufacturer_fill(&s->base);
    faulty_batch_fill(&s->base);
    faulty_renewal_fill(&s->base);
    faulty_transfer_fill(&s->base);
    faulty_outbox_fill(&s->base);
    s->base.leaf_put = leaf_put;
    s->base.leaf_get = leaf_get;
    s->base.leaf_list = leaf_list;
    s->base.tile_put = tile_put;
    s->base.tile_get = tile_get;
    s->base.head_put = head_put;
    s->base.head_get = head_get;
    s->base.backup = backup;
    s->base.check = check;
}

static bm_status sign_certs(void *self, const struct ca_signing *group,
                            size_t n, int64_t now, struct ca_refusal *why)
{
    struct faulty_signer *s = self;
    bool fail = faulty_fails(&s->f);
    bm_status rc = BM_OK;

    if (!fail || s->f.after) {
        rc = s->real->certs(s->real->self, group, n, now, why);
        s->signed_certs += rc == BM_OK && !fail ? n : 0;
    }
    return fail ? ca_refuse_plain(why, s->f.status) : rc;
}

static bm_status sign_crl(void *self, const struct ca_list_number *list,
                          struct bm_crl_writer *writer, int64_t now,
                          const struct bm_crl_sink *sink)
{
    struct faulty_signer *s = self;

    HAND_ON(s, s->real->crl(s->real->self, list, writer, now, sink));
}

static bm_status sign_checkpoint(void *self, const struct ca_tree_head *head,
                                 const struct ca_tree_proof *proof, int64_t now,
                                 struct bm_wr *note)
{
    struct faulty_signer *s = self;

    HAND_ON(s, s->real->checkpoint(s->real->self, head, proof, now, note));
}

static bm_status sign_bundle(void *self, struct bm_bytes content, int64_t now,
                             struct bm_wr *message)
{
    struct faulty_signer *s = self;

    HAND_ON(s, s->real->bundle(s->real->self, content, now, message));
}

static bm_status sign_manifest(void *self, struct bm_bytes content, int64_t now,
                               struct bm_wr *message)
{
    struct faulty_signer *s = self;

    HAND_ON(s, s->real->manifest(s->real->self, content, now, message));
}

static void last(void *self, struct ca_tree_head *head)
{
    struct faulty_signer *s = self;

    s->real->last(s->real->self, head);
}

void faulty_signer_init(struct faulty_signer *s, struct ca_signer *real)
{
    memset(s, 0, sizeof *s);
    s->real = real;
    s->base = (struct ca_signer){ .self = s,
                                  .certs = sign_certs,
                                  .crl = sign_crl,
                                  .checkpoint = sign_checkpoint,
                                  .bundle = sign_bundle,
                                  .manifest = sign_manifest,
                                  .last = last,
                                  .close = close_nothing };
}
