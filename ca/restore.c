/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/restore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/internal.h"
#include "core/cbor.h"

/* The mark: a CBOR map, as those of the ledger. */
enum {
    MARK_VERSION = 1,
    MARK_CREATED = 2,
    MARK_TREE = 3,
    MARK_SIZE = 4,
    MARK_ROOT = 5
};
#define MARK_MEMBERS 5
#define MARK_FORMAT  1
#define MARK_MAX     96

bm_status ca_restored_put(const struct store *store,
                          const struct ca_restored *restored)
{
    uint8_t room[MARK_MAX];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, sizeof room);
    bm_cbor_put_map(&w, MARK_MEMBERS);
    bm_cbor_put_uint(&w, MARK_VERSION);
    bm_cbor_put_uint(&w, MARK_FORMAT);
    bm_cbor_put_uint(&w, MARK_CREATED);
    bm_cbor_put_int(&w, restored->created);
    bm_cbor_put_uint(&w, MARK_TREE);
    bm_cbor_put_uint(&w, restored->head.tree);
    bm_cbor_put_uint(&w, MARK_SIZE);
    bm_cbor_put_uint(&w, restored->head.size);
    bm_cbor_put_uint(&w, MARK_ROOT);
    bm_cbor_put_bytes(&w, BM_ARRAY(restored->head.root));
    BM_TRY(bm_wr_finish(&w, &n));
    return store->setting_put(store->self, CA_SETTING_RESTORED,
                              bm_wr_bytes(&w));
}

static bm_status take_key(struct bm_cbor *c, uint64_t want)
{
    uint64_t key = 0;

    BM_TRY(bm_cbor_take_uint(c, &key));
    return key == want ? BM_OK : BM_E_STORE_CORRUPT;
}

static bm_status take_uint(struct bm_cbor *c, uint64_t key, uint64_t max,
                           uint64_t *value)
{
    BM_TRY(take_key(c, key));
    BM_TRY(bm_cbor_take_uint(c, value));
    return *value <= max ? BM_OK : BM_E_STORE_CORRUPT;
}

static bm_status take_mark(struct bm_bytes in, struct ca_restored *r)
{
    struct bm_bytes root;
    struct bm_cbor c;
    uint64_t number = 0;
    size_t n = 0;

    bm_cbor_init(&c, in, NULL);
    BM_TRY(bm_cbor_take_map(&c, &n));
    BM_TRY(take_uint(&c, MARK_VERSION, MARK_FORMAT, &number));
    BM_TRY(take_key(&c, MARK_CREATED));
    BM_TRY(bm_cbor_take_int(&c, &r->created));
    BM_TRY(take_uint(&c, MARK_TREE, UINT32_MAX, &number));
    r->head.tree = (uint32_t)number;
    BM_TRY(take_uint(&c, MARK_SIZE, UINT64_MAX, &r->head.size));
    BM_TRY(take_key(&c, MARK_ROOT));
    BM_TRY(bm_cbor_take_bytes(&c, &root));
    BM_TRY(bm_cbor_end(&c));
    if (n != MARK_MEMBERS || root.n != sizeof r->head.root) {
        return BM_E_STORE_CORRUPT;
    }
    memcpy(r->head.root, root.p, root.n);
    return BM_OK;
}

bm_status ca_restored_get(const struct store *store,
                          struct ca_restored *restored)
{
    struct ca_restored r = { .created = 0 };
    struct bm_bytes value;

    *restored = r;
    BM_TRY(store->setting_get(store->self, CA_SETTING_RESTORED, &value));
    if (value.n == 0) {
        return BM_E_NOT_FOUND; /* it was, and work went on */
    }
    if (take_mark(value, &r) != BM_OK) {
        return BM_E_STORE_CORRUPT;
    }
    *restored = r;
    return BM_OK;
}

/* An act of resuming. */
struct resuming {
    struct ca *ca;
    const struct ca_actor *actor;
    const struct ca_resume *resume;
    int64_t now;
    struct ca_resumed *resumed;
    struct ca_refusal *why;
};

static bool is_later(const struct ca_tree_head *a, const struct ca_tree_head *b)
{
    return a->tree != b->tree ? a->tree > b->tree : a->size > b->size;
}

static bm_status compare(struct resuming *r, const struct ca_tree_head *head,
                         const char *what)
{
    struct ca_resumed *out = r->resumed;
    bool behind;
    bm_status rc = ca_ledger_compare(r->ca->c.ledger, head, &behind);

    if (rc == BM_OK && behind && out->succeeded &&
        head->tree == out->old.tree && head->size == out->old.size &&
        memcmp(head->root, out->old.root, sizeof head->root) != 0) {
        rc = BM_E_LEDGER_FORK;
    }
    if (rc != BM_OK) {
        return ca_refuse(r->why, rc, "%s, of tree %lu and %llu leaves", what,
                         (unsigned long)head->tree,
                         (unsigned long long)head->size);
    }
    if (behind && (!out->succeeded || is_later(head, &out->old))) {
        out->succeeded = true;
        out->old = *head;
    }
    return BM_OK;
}

/* What was shown is what the world knows; what the signer signed it may know,
 * too. */
static bm_status choose_tree(struct resuming *r)
{
    const struct ca_signer *signer = r->ca->c.signer;
    struct ca_tree_head head;

    BM_TRY(ca_ledger_shown(r->ca->c.ledger, r->resume->against, &head, r->why));
    BM_TRY(compare(r, &head, "the checkpoint that was shown"));
    signer->last(signer->self, &head);
    if (head.size != 0) {
        BM_TRY(compare(r, &head, "the signer's last checkpoint"));
    }
    /* A signer that has forgotten its last one cannot go on from it. */
    if (!r->resumed->succeeded &&
        ca_ledger_check_signer(r->ca->c.ledger, signer) != BM_OK) {
        BM_TRY(ca_ledger_head(r->ca->c.ledger, &r->resumed->old));
        r->resumed->succeeded = true;
    }
    if (r->resumed->succeeded) {
        BM_TRY(ca_ledger_succeed(r->ca->c.ledger, &r->resumed->old, r->now));
    }
    r->resumed->tree = ca_ledger_tree(r->ca->c.ledger);
    return BM_OK;
}

static bm_status record_act(const struct resuming *r)
{
    const struct ca_resumed *out = r->resumed;
    struct ca_record record = ca_record_of(CA_RECORD_RESTORE, r->actor, r->now);
    char text[64];

    (void)snprintf(text, sizeof text, "%s from tree %lu",
                   out->succeeded ? "rolled back" : "going on",
                   (unsigned long)out->restored.head.tree);
    record.hash = BM_ARRAY(out->restored.head.root);
    record.number = out->restored.head.size;
    record.text = ca_text(text);
    return ca_put_record(r->ca, &record, NULL, NULL);
}

static bm_status move_crl_number(void *arg, const void *visited)
{
    const struct resuming *r = arg;
    const struct store_ca *ca = visited;

    if (ca->key_uri[0] == '\0') {
        return BM_OK;
    }
    BM_TRY(ca_crl_forget_bases(r->ca, ca->id, ca->shards));
    return ca_crl_skip(r->ca, ca->id, CA_RESTORE_CRL_JUMP);
}

/* Hashes of tokens: none may change while the store walks over them. */
struct tokens {
    int64_t now;
    size_t n;
    size_t cap;
    uint8_t (*hash)[STORE_HASH_SIZE];
};

/* Those that could still be used. */
static bm_status collect_token(void *arg, const void *visited)
{
    const struct store_token *token = visited;
    struct tokens *t = arg;

    if (token->used != 0 || token->revoked != 0 || token->expires <= t->now) {
        return BM_OK;
    }
    if (t->n == t->cap) {
        size_t cap = t->cap == 0 ? 64 : 2 * t->cap;
        void *more = realloc(t->hash, cap * sizeof *t->hash);

        if (more == NULL) {
            return BM_E_MEMORY;
        }
        t->hash = more;
        t->cap = cap;
    }
    memcpy(t->hash[t->n++], token->hash, sizeof token->hash);
    return BM_OK;
}

static bm_status revoke_tokens(const struct resuming *r)
{
    const struct store *s = r->ca->c.store;
    struct tokens t = { .now = r->now };
    struct store_visit visit = { &t, collect_token };
    struct store_token token;
    bm_status rc = s->token_list(s->self, &ca_everything, NULL, &visit);

    for (size_t i = 0; rc == BM_OK && i < t.n; i++) {
        rc = s->token_find(s->self, t.hash[i], &token);
        if (rc == BM_OK) {
            rc = ca_put_token_end(r->ca, r->actor, &token, r->now);
        }
    }
    r->resumed->tokens = t.n;
    free(t.hash);
    return rc;
}

/* For whoever looks at the instance later; the record is for ever. */
static bm_status put_event(const struct resuming *r)
{
    const struct ca_resumed *out = r->resumed;
    char text[STORE_NAME_MAX];

    (void)snprintf(
        text, sizeof text, "%llu imported, %llu abandoned, %llu tokens revoked",
        (unsigned long long)out->imported.certs,
        (unsigned long long)out->abandoned, (unsigned long long)out->tokens);
    return ca_put_event(r->ca, "restore", r->actor->organisation, 0, r->now,
                        text);
}

static bm_status resume(struct resuming *r)
{
    const struct store *s = r->ca->c.store;
    const struct ca_resume *in = r->resume;
    struct ca_resumed *out = r->resumed;
    struct store_visit cas = { r, move_crl_number };

    BM_TRY(ca_restored_get(s, &out->restored));
    BM_TRY(choose_tree(r));
    BM_TRY(record_act(r));
    BM_TRY(ca_put_imports(r->ca, r->actor, in->imports, in->imports_n, r->now,
                          &out->imported, r->why));
    BM_TRY(ca_put_unrecorded(r->ca, r->now, &out->abandoned));
    for (size_t i = 0; i < in->lists_n; i++) {
        BM_TRY(ca_put_list(r->ca, r->actor, in->lists[i], r->now, &out->listed,
                           r->why));
    }
    BM_TRY(s->ca_list(s->self, &ca_everything, &cas));
    BM_TRY(ca_bundle_skip(r->ca, CA_RESTORE_CRL_JUMP));
    /* Devices may have taken later ones than are on record. */
    BM_TRY(
        ca_version_skip(r->ca, CA_JOURNAL_MANIFEST, CA_RESTORE_MANIFEST_JUMP));
    BM_TRY(s->manifest_forget(s->self));
    BM_TRY(revoke_tokens(r));
    BM_TRY(put_event(r));
    return s->setting_put(s->self, CA_SETTING_RESTORED,
                          (struct bm_bytes){ NULL, 0 });
}

bm_status ca_resume(struct ca *ca, const struct ca_actor *actor,
                    const struct ca_resume *in, int64_t now,
                    struct ca_resumed *resumed, struct ca_refusal *why)
{
    struct resuming r = { ca, actor, in, now, resumed, why };
    bm_status rc;

    memset(resumed, 0, sizeof *resumed);
    BM_TRY(ca_authorise(actor, CA_ACT_RESTORE, why));
    if (in->imports_n != 0) {
        BM_TRY(ca_authorise(actor, CA_ACT_CERT_IMPORT, why));
    }
    if (in->lists_n != 0) {
        BM_TRY(ca_authorise(actor, CA_ACT_CERT_REVOKE, why));
    }
    BM_TRY(ca_begin_restored(ca, now, why));
    rc = ca_end(ca, resume(&r), now, why);
    if (rc != BM_OK) {
        memset(resumed, 0, sizeof *resumed);
        return rc;
    }
    ca->restored = false;
    return BM_OK;
}
