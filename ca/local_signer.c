/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ca/local_signer_internal.h"

static const struct ca_signer_ca *find_ca(const struct local *l, const char *id)
{
    for (size_t i = 0; i < l->c.cas_n; i++) {
        if (strcmp(l->c.cas[i].id, id) == 0) {
            return &l->c.cas[i];
        }
    }
    return NULL;
}

static bool knows_profile(const struct local *l, const struct ca_profile *p)
{
    for (size_t i = 0; i < l->c.profiles_n; i++) {
        if (l->c.profiles[i] == p) {
            return true;
        }
    }
    return false;
}

bm_status local_hash(const struct local *l, struct bm_bytes in, uint8_t *out,
                     size_t n)
{
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(l->c.crypto->hash(l->c.crypto->self, BM_HASH_SHA256, in, hash));
    memcpy(out, hash, n);
    return BM_OK;
}

/* Generations of a CA share a name, and differ in the key. */
static bool names_key(const struct ca_signer_ca *ca, const struct bm_cert *cert)
{
    struct bm_aki aki;

    bm_exts_aki(&cert->ext, &aki);
    return aki.key_id.n == 0 ||
           bm_bytes_equal(aki.key_id, bm_exts_ski(&ca->cert->ext));
}

/* A responder can say "good" of anything, and a signer of bundles can make
 * devices trust anybody: one that nobody announced is none of ours. */
static bm_status agree_speaker(const struct local *l,
                               const struct bm_cert *cert,
                               struct ca_refusal *why)
{
    uint8_t key[32];

    if (l->c.may_sign_ocsp) {
        return BM_OK;
    }
    BM_TRY(local_hash(l, cert->key.der, key, sizeof key));
    if (l->c.expects_ocsp == NULL || !l->c.expects_ocsp(l->c.arg, key)) {
        return ca_refuse(why, BM_E_CA_SIGNER,
                         "an OCSP responder, or a signer of trust bundles");
    }
    return BM_OK;
}

/* A CA certificate is never signed here: CAs come from the cold root. */
static bm_status agree(const struct local *l, const struct ca_signing *item,
                       uint32_t *shard, struct ca_refusal *why)
{
    const struct ca_signer_ca *ca = find_ca(l, item->ca);
    const struct ca_profile_policy *policy;
    struct bm_cert cert;

    if (ca == NULL) {
        return ca_refuse(why, BM_E_CA_SIGNER, "no CA %s", item->ca);
    }
    if (!knows_profile(l, item->profile)) {
        return ca_refuse(why, BM_E_CA_SIGNER, "no such profile");
    }
    policy = ca_profile_policy(item->profile);
    BM_TRY(ca_profile_check(item->profile, item->tbs, &cert, why));
    *shard = ca_profile_shard(item->profile, &cert);
    if (cert.ext.ca || policy->is_ca) {
        return ca_refuse(why, BM_E_CA_SIGNER, "a CA certificate");
    }
    if (policy->is_ocsp || policy->is_bundle) {
        BM_TRY(agree_speaker(l, &cert, why));
    }
    if (!bm_bytes_equal(cert.issuer, ca->cert->subject) ||
        cert.sig_alg != ca->key->alg ||
        !bm_bytes_equal(cert.serial, item->serial) || !names_key(ca, &cert)) {
        return ca_refuse(why, BM_E_CA_SIGNER, "issuer, algorithm or serial");
    }
    return BM_OK;
}

static bm_status describe(const struct local *l, const struct ca_signing *item,
                          uint32_t shard, int64_t now,
                          struct ca_journal_entry *e)
{
    memset(e, 0, sizeof *e);
    e->kind = CA_JOURNAL_CERT;
    e->time = now;
    e->list = shard;
    if (item->serial.n > sizeof e->serial) {
        return BM_E_LIMIT;
    }
    e->serial_n = (uint8_t)item->serial.n;
    memcpy(e->serial, item->serial.p, item->serial.n);
    return local_hash(l, item->tbs, e->hash, sizeof e->hash);
}

/*
 * What a key in a token says, in the words of keys: another key lies there, it
 * has no room, it has gone. None of that is the fault of a request, nor of the
 * requests beside it.
 */
bm_status local_of_key(bm_status rc)
{
    return rc == BM_OK || rc == BM_E_MEMORY ||
                   (rc >= BM_E_KEYS_URI && rc <= BM_E_KEYS_BUSY)
               ? rc
               : BM_E_KEYS_TOKEN;
}

/* A token that is away: what it will not sign is not put on record first. */
static bm_status is_ready(const struct local *l, const char *id,
                          struct ca_refusal *why)
{
    const struct ca_signer_ca *ca = find_ca(l, id);
    bm_status rc = ca->holder == NULL ? BM_OK : bm_key_ready(ca->holder);
    bm_status told = local_of_key(rc);

    if (told != rc) {
        return ca_refuse(why, told, "key of CA %s: %s", id,
                         rc == BM_E_KEY_MISMATCH ? "another one is in its place"
                                                 : bm_status_text(rc));
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "key of CA %s", id);
}

/* The key that is to sign, for entry `i`: looked at once for all of a group
 * that follow each other and are the same CA's. */
static bm_status describe_key(struct local *l, const struct ca_signing *group,
                              size_t i, struct ca_refusal *why)
{
    struct ca_journal_entry *e = &l->entries[i];
    const struct ca_signer_ca *ca = find_ca(l, group[i].ca);

    if (i != 0 && strcmp(group[i].ca, group[i - 1].ca) == 0) {
        memcpy(e->key, l->entries[i - 1].key, sizeof e->key);
        return BM_OK;
    }
    BM_TRY(local_hash(l, ca->cert->key.der, e->key, sizeof e->key));
    return is_ready(l, group[i].ca, why);
}

/* What went on record is what is signed: by its hash, where the key takes the
 * same one. */
static bm_status sign(const struct bm_signer *key, struct bm_bytes tbs,
                      const struct ca_journal_entry *e, struct bm_wr *w)
{
    return key->sign_hash != NULL && bm_sig_alg_hash(key->alg) == BM_HASH_SHA256
               ? key->sign_hash(key->self, BM_ARRAY(e->hash), w)
               : key->sign(key->self, tbs, w);
}

static bm_status sign_one(const struct local *l, const struct ca_signing *item,
                          const struct ca_journal_entry *e)
{
    const struct ca_signer_ca *ca = find_ca(l, item->ca);
    uint8_t signature[BM_SIGNATURE_MAX];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, signature, sizeof signature);
    BM_TRY(local_of_key(sign(ca->key, item->tbs, e, &w)));
    BM_TRY(bm_wr_finish(&w, &n));
    bm_cert_assemble(item->cert, item->tbs, ca->key->alg, bm_wr_bytes(&w));
    return BM_OK;
}

static bm_status sign_certs(void *self, const struct ca_signing *group,
                            size_t n, int64_t now, struct ca_refusal *why)
{
    struct local *l = self;

    if (n > CA_GROUP_MAX) {
        return ca_refuse_plain(why, BM_E_LIMIT);
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t shard = 0;

        BM_TRY(agree(l, &group[i], &shard, why));
        BM_TRY(describe(l, &group[i], shard, now, &l->entries[i]));
        BM_TRY(describe_key(l, group, i, why));
    }
    BM_TRY(ca_journal_append(l->c.journal, l->entries, n));
    for (size_t i = 0; i < n; i++) {
        BM_TRY(sign_one(l, &group[i], &l->entries[i]));
    }
    return BM_OK;
}

/* What is to be of a list, and may be, before its first octet. */
static bm_status find_lists(const struct local *l,
                            const struct ca_signer_ca *ca, uint8_t key[8],
                            struct ca_journal_lists *lists)
{
    BM_TRY(local_hash(l, ca->cert->key.der, key, 8));
    ca_journal_lists(l->c.journal, key, lists);
    return BM_OK;
}

/* The number is above that of all lists of the key; or it is a delta beside
 * the newest complete list, and the first. */
static bm_status check_number(const struct ca_journal_lists *lists,
                              uint32_t list, uint64_t number)
{
    if (number > CA_LIST_NUMBER_MAX ||
        (lists->number != 0 && number > lists->number &&
         number - lists->number > CA_LIST_STEP_MAX)) {
        return BM_E_CA_SIGNER;
    }
    return number > lists->number ||
                   (list == STORE_LIST_DELTA && number != 0 &&
                    number == lists->whole[0] && number != lists->delta)
               ? BM_OK
               : BM_E_CA_SIGNER;
}

/* RFC 5280 5.2.3: of the same number, and so of the same time. 5.2.4: the base
 * that is referenced is a complete CRL that was issued. */
static bm_status check_delta(const struct ca_journal_lists *lists,
                             const struct ca_list_signing *list)
{
    bool known = list->base == lists->base;

    if (list->list != STORE_LIST_DELTA) {
        return BM_OK;
    }
    for (size_t i = 0; i < CA_JOURNAL_BASES; i++) {
        known = known || list->base == lists->whole[i];
    }
    if (!known || list->base == 0) {
        return BM_E_CA_SIGNER;
    }
    return list->number != lists->whole[0] ||
                   list->reader.head.this_update == lists->whole_update
               ? BM_OK
               : BM_E_CA_SIGNER;
}

static bool has_list(const struct ca_signer_ca *ca, uint32_t list)
{
    return list == STORE_LIST_COMPLETE || list == STORE_LIST_DELTA ||
           list <= ca->shards;
}

static struct local *local_of(struct ca_signer *signer)
{
    return signer->self;
}

bm_status ca_signer_list_begin(struct ca_signer *signer,
                               const struct ca_list_number *list, uint64_t size)
{
    struct local *l = local_of(signer);
    struct ca_list_expected expected = { .ca = find_ca(l, list->of.ca),
                                         .public_url = l->c.public_url,
                                         .list = list->of.list,
                                         .number = list->number,
                                         .size = size };
    struct ca_journal_lists lists;
    uint8_t key[8];

    ca_list_close(&l->list);
    if (expected.ca == NULL || !has_list(expected.ca, expected.list)) {
        return BM_E_CA_SIGNER;
    }
    BM_TRY(find_lists(l, expected.ca, key, &lists));
    BM_TRY(check_number(&lists, expected.list, expected.number));
    BM_TRY(is_ready(l, list->of.ca, NULL));
    return ca_list_open(&l->list, l->c.crypto, &expected);
}

bm_status ca_signer_list_put(struct ca_signer *signer, struct bm_bytes octets)
{
    struct local *l = local_of(signer);
    bm_status rc = ca_list_put(&l->list, octets);

    if (rc != BM_OK) {
        ca_list_close(&l->list);
    }
    return rc;
}

/* A list of the future would be shown when those that followed are right. */
static bm_status check_times(const struct local *l,
                             const struct bm_crl_head *head, int64_t now)
{
    return head->this_update <= now + CA_CLOCK_SLACK &&
                   head->next_update > head->this_update &&
                   (l->c.list_lifetime == 0 ||
                    head->next_update - head->this_update <= l->c.list_lifetime)
               ? BM_OK
               : BM_E_CA_SIGNER;
}

static bm_status end_list(struct local *l, int64_t now, struct bm_wr *signature)
{
    struct ca_journal_entry e = { .kind = CA_JOURNAL_CRL,
                                  .time = now,
                                  .list = l->list.list,
                                  .number = l->list.number,
                                  .dated = true };
    struct ca_journal_lists lists;
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(ca_list_finish(&l->list, hash));
    BM_TRY(find_lists(l, l->list.ca, e.key, &lists));
    BM_TRY(check_number(&lists, e.list, e.number));
    BM_TRY(check_delta(&lists, &l->list));
    BM_TRY(check_times(l, &l->list.reader.head, now));
    /* Once more: it took a while to read, and this number is used up. */
    BM_TRY(is_ready(l, l->list.ca->id, NULL));
    e.this_update = l->list.reader.head.this_update;
    e.base = l->list.base;
    memcpy(e.hash, hash, sizeof e.hash);
    BM_TRY(ca_journal_append(l->c.journal, &e, 1));
    return ca_list_sign(&l->list, hash, signature);
}

bm_status ca_signer_list_end(struct ca_signer *signer, int64_t now,
                             struct bm_wr *signature)
{
    struct local *l = local_of(signer);
    bm_status rc = end_list(l, now, signature);

    ca_list_close(&l->list);
    return rc;
}

static bm_status put_list(void *self, struct bm_bytes octets)
{
    return ca_signer_list_put(self, octets);
}

/* One process, but the same eyes: the list is read as it was written. */
static bm_status sign_crl(void *self, const struct ca_list_number *list,
                          struct bm_crl_writer *writer, int64_t now,
                          const struct bm_crl_sink *sink)
{
    struct local *l = self;
    struct bm_crl_sink to_list = { &l->signer, put_list };
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr signature;
    size_t n;

    bm_wr_init(&signature, room, sizeof room);
    BM_TRY(
        ca_signer_list_begin(&l->signer, list, bm_crl_writer_tbs_size(writer)));
    BM_TRY(bm_crl_writer_tbs(writer, &to_list));
    BM_TRY(ca_signer_list_end(&l->signer, now, &signature));
    BM_TRY(bm_wr_finish(&signature, &n));
    return bm_crl_writer_put(writer, bm_wr_bytes(&signature), sink);
}

static void last(void *self, struct ca_tree_head *head)
{
    const struct local *l = self;
    struct ca_journal_entry e;

    memset(head, 0, sizeof *head);
    if (ca_journal_checkpoint(l->c.journal, &e)) {
        head->tree = e.tree;
        head->size = e.number;
        memcpy(head->root, e.hash, sizeof head->root);
    }
}

/* A later tree begins anew; an earlier one is over. */
static bm_status check_head(struct local *l, const struct ca_tree_head *head,
                            const struct ca_tree_proof *proof)
{
    struct ca_tree_head before;

    last(l, &before);
    if (before.size == 0 || head->tree > before.tree) {
        return BM_OK;
    }
    if (head->tree < before.tree || head->size < before.size) {
        return BM_E_LEDGER_ROLLBACK;
    }
    return ca_tree_check_consistency(l->c.crypto, &before, head, proof);
}

static bm_status sign_checkpoint(void *self, const struct ca_tree_head *head,
                                 const struct ca_tree_proof *proof, int64_t now,
                                 struct bm_wr *note)
{
    struct local *l = self;
    struct ca_journal_entry e = { .kind = CA_JOURNAL_CHECKPOINT,
                                  .time = now,
                                  .number = head->size,
                                  .tree = head->tree };

    BM_TRY(check_head(l, head, proof));
    memcpy(e.hash, head->root, sizeof e.hash);
    BM_TRY(local_hash(l, l->c.ledger->key.der, e.key, sizeof e.key));
    BM_TRY(ca_journal_append(l->c.journal, &e, 1));
    return ca_checkpoint_sign(head, l->c.origin, l->c.crypto, l->c.ledger,
                              note);
}

void ca_signer_set_bundle(struct ca_signer *signer,
                          const struct ca_signer_bundle *bundle)
{
    local_of(signer)->c.bundle = *bundle;
}

static void close_local(void *self)
{
    struct local *l = self;

    ca_list_close(&l->list);
    free(l);
}

bm_status ca_signer_new(const struct ca_signer_config *config,
                        struct ca_signer **signer)
{
    struct local *l = calloc(1, sizeof *l);

    *signer = NULL;
    if (l == NULL) {
        return BM_E_MEMORY;
    }
    l->c = *config;
    l->signer = (struct ca_signer){ .self = l,
                                    .certs = sign_certs,
                                    .crl = sign_crl,
                                    .checkpoint = sign_checkpoint,
                                    .bundle = local_sign_bundle,
                                    .manifest = local_sign_manifest,
                                    .list = local_sign_list,
                                    .list_jws = local_sign_list_jws,
                                    .last = last,
                                    .close = close_local };
    *signer = &l->signer;
    return BM_OK;
}
