/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof files: C2SP tlog-proof, with what opens the entry as extra data.
 *
 *     c2sp.org/tlog-proof@v1
 *     extra base64 of { 1: version, 2: salt, 3: record, 4: key }
 *     index 1234
 *     base64 of a hash, a line each, from the leaf's sibling up
 *
 *     the checkpoint
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/ledger_internal.h"
#include "core/base64.h"
#include "core/cbor.h"

#define MAGIC "c2sp.org/tlog-proof@v1\n"
#define EXTRA "extra "
#define INDEX "index "

#define PROOF_VERSION 1

enum {
    EXTRA_VERSION = 1,
    EXTRA_SALT = 2,
    EXTRA_RECORD = 3,
    EXTRA_KEY = 4
};
#define EXTRA_MEMBERS 4

#define SALT_SIZE 32

/* Salt, record, key and the heads of a map of four. */
#define EXTRA_MAX (SALT_SIZE + CA_RECORD_MAX + LEDGER_KEY_MAX + 32)

static void put_extra(struct bm_wr *w, const struct ca_ledger *ledger,
                      const struct store_leaf *leaf)
{
    bm_cbor_put_map(w, EXTRA_MEMBERS);
    bm_cbor_put_uint(w, EXTRA_VERSION);
    bm_cbor_put_uint(w, PROOF_VERSION);
    bm_cbor_put_uint(w, EXTRA_SALT);
    bm_cbor_put_bytes(w, BM_ARRAY(leaf->salt));
    bm_cbor_put_uint(w, EXTRA_RECORD);
    bm_cbor_put_bytes(w, leaf->record);
    bm_cbor_put_uint(w, EXTRA_KEY);
    bm_cbor_put_bytes(w, ledger->key.der);
}

/* All but the checkpoint; the leaf is borrowed from the store. */
static bm_status put_head(struct bm_wr *w, const struct ca_ledger *ledger,
                          uint32_t tree, uint64_t index)
{
    const struct store *s = ledger->store;
    uint8_t room[EXTRA_MAX];
    struct store_leaf leaf;
    struct bm_wr extra;
    char number[32];
    size_t n;

    BM_TRY(s->leaf_get(s->self, tree, index, &leaf));
    bm_wr_init(&extra, room, sizeof room);
    put_extra(&extra, ledger, &leaf);
    BM_TRY(bm_wr_finish(&extra, &n));
    bm_wr_str(w, MAGIC EXTRA);
    bm_base64_put(w, bm_wr_bytes(&extra), 0);
    (void)snprintf(number, sizeof number, "\n" INDEX "%llu\n",
                   (unsigned long long)index);
    bm_wr_str(w, number);
    return BM_OK;
}

static bm_status put_proof(struct bm_wr *w, const struct ca_ledger *ledger,
                           struct ledger_tiles *tiles, uint64_t index)
{
    const struct ca_tree_source source = { tiles, ledger_tiles_node };
    uint8_t room[LEDGER_NOTE_MAX];
    struct ca_tree_head head;
    struct ca_tree_proof path;
    struct bm_wr note;

    bm_wr_init(&note, room, sizeof room);
    BM_TRY(ledger_checkpoint_get(ledger, tiles->tree, &note, &head));
    if (index >= head.size) {
        return BM_E_NOT_FOUND; /* not signed yet */
    }
    BM_TRY(put_head(w, ledger, tiles->tree, index));
    BM_TRY(ca_tree_inclusion(ledger->crypto, &source, index, head.size, &path));
    for (size_t i = 0; i < path.n; i++) {
        bm_base64_put(w, BM_ARRAY(path.hash[i]), 0);
        bm_wr_u8(w, '\n');
    }
    bm_wr_u8(w, '\n');
    bm_wr_put(w, bm_wr_bytes(&note));
    return BM_OK;
}

/* A proof that does not verify is not handed out. */
static bm_status check_own(const struct ca_ledger *ledger,
                           struct bm_bytes proof)
{
    const struct ca_proof_check check = { .crypto = ledger->crypto,
                                          .key = ledger->key };
    struct ca_proof_result result;

    return ca_proof_check(proof, &check, &result, NULL);
}

bm_status ca_ledger_prove(struct ca_ledger *ledger, uint32_t tree,
                          uint64_t index, struct bm_wr *w)
{
    bm_status rc = BM_E_INTERNAL;
    const struct store *s = ledger->store;
    struct ledger_tiles *tiles = NULL;
    size_t start = w->len;

    rc = s->begin(s->self, STORE_READ);
    if (rc != BM_OK) {
        return rc;
    }
    rc = ledger_tiles_of(ledger, tree, &tiles);
    if (rc != BM_OK) {
        goto out;
    }
    rc = put_proof(w, ledger, tiles, index);
    if (rc == BM_OK && w->len <= w->cap) {
        rc = check_own(ledger,
                       (struct bm_bytes){ w->buf + start, w->len - start });
    }

out:
    ledger_tiles_done(ledger, tiles);
    s->rollback(s->self);
    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}

/* A proof file taken apart; views, but for what was base64. */
struct parts {
    uint8_t extra[EXTRA_MAX];
    struct bm_bytes salt;
    struct bm_bytes record;
    struct bm_bytes key;
    uint64_t index;
    struct ca_tree_proof path;
    struct bm_bytes note;
};

/* Take a line that begins with `word`; `line` is what follows it. */
static bool take_line(struct bm_bytes *in, const char *word,
                      struct bm_bytes *line)
{
    const uint8_t *end = in->n == 0 ? NULL : memchr(in->p, '\n', in->n);
    size_t skip = strlen(word);
    size_t n;

    if (end == NULL) {
        return false;
    }
    n = (size_t)(end - in->p);
    if (n < skip || memcmp(in->p, word, skip) != 0) {
        return false;
    }
    *line = (struct bm_bytes){ in->p + skip, n - skip };
    in->p += n + 1;
    in->n -= n + 1;
    return true;
}

static bm_status take_member(struct bm_cbor *c, uint64_t want,
                             struct bm_bytes *value)
{
    uint64_t key = 0;

    BM_TRY(bm_cbor_take_uint(c, &key));
    if (key != want) {
        return BM_E_LEDGER_PROOF_FILE;
    }
    return bm_cbor_take_bytes(c, value);
}

static bm_status read_extra(struct parts *p, struct bm_bytes line)
{
    struct bm_cbor c;
    struct bm_wr w;
    uint64_t number = 0;
    size_t n = 0;

    bm_wr_init(&w, p->extra, sizeof p->extra);
    BM_TRY(bm_base64_decode(line, BM_BASE64_STRICT, NULL, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    bm_cbor_init(&c, bm_wr_bytes(&w), NULL);
    BM_TRY(bm_cbor_take_map(&c, &n));
    BM_TRY(bm_cbor_take_uint(&c, &number));
    if (n != EXTRA_MEMBERS || number != EXTRA_VERSION) {
        return BM_E_LEDGER_PROOF_FILE;
    }
    BM_TRY(bm_cbor_take_uint(&c, &number));
    if (number != PROOF_VERSION) {
        return BM_E_LEDGER_PROOF_FILE;
    }
    BM_TRY(take_member(&c, EXTRA_SALT, &p->salt));
    BM_TRY(take_member(&c, EXTRA_RECORD, &p->record));
    BM_TRY(take_member(&c, EXTRA_KEY, &p->key));
    BM_TRY(bm_cbor_end(&c));
    return p->salt.n == SALT_SIZE && p->record.n <= CA_RECORD_MAX
               ? BM_OK
               : BM_E_LEDGER_PROOF_FILE;
}

static bool read_hash(struct bm_bytes line, uint8_t hash[CA_TREE_HASH])
{
    struct bm_wr w;

    bm_wr_init(&w, hash, CA_TREE_HASH);
    return bm_base64_decode(line, BM_BASE64_STRICT, NULL, &w) == BM_OK &&
           w.len == CA_TREE_HASH;
}

static bm_status read_parts(struct bm_bytes in, struct parts *p)
{
    struct bm_bytes line;

    if (!take_line(&in, "c2sp.org/tlog-proof@v1", &line) || line.n != 0 ||
        !take_line(&in, EXTRA, &line) || read_extra(p, line) != BM_OK ||
        !take_line(&in, INDEX, &line) ||
        !ledger_decimal_read(line, &p->index)) {
        return BM_E_LEDGER_PROOF_FILE;
    }
    p->path.n = 0;
    for (;;) {
        if (!take_line(&in, "", &line)) {
            return BM_E_LEDGER_PROOF_FILE;
        }
        if (line.n == 0) {
            break;
        }
        if (p->path.n == CA_TREE_PROOF_MAX ||
            !read_hash(line, p->path.hash[p->path.n])) {
            return BM_E_LEDGER_PROOF_FILE;
        }
        p->path.n++;
    }
    p->note = in;
    return BM_OK;
}

bool ledger_proof_note(struct bm_bytes in, struct bm_bytes *note)
{
    bm_status rc;
    struct parts *p;

    if (in.n < sizeof MAGIC - 1 || memcmp(in.p, MAGIC, sizeof MAGIC - 1) != 0) {
        *note = in;
        return true;
    }
    p = malloc(sizeof *p);
    if (p == NULL) {
        return false;
    }
    rc = read_parts(in, p);
    *note = p->note;
    free(p);
    return rc == BM_OK;
}

/* The key that counts: the one that was given, else the proof's own. */
static bm_status choose_key(const struct parts *p,
                            const struct ca_proof_check *check,
                            struct bm_spki *key, struct ca_refusal *why)
{
    if (check->key.der.n == 0) {
        return ca_refuse_plain(why, bm_spki_parse(p->key, NULL, key));
    }
    *key = check->key;
    if (!bm_bytes_equal(p->key, key->der)) {
        return ca_refuse(why, BM_E_LEDGER_SIGNATURE,
                         "the proof names another key");
    }
    return BM_OK;
}

/* Does the record speak of this certificate? */
static bm_status check_cert(const struct ca_proof_check *check,
                            const struct ca_record *record,
                            struct ca_refusal *why)
{
    uint8_t hash[CA_TREE_HASH];

    if (check->cert.n == 0) {
        return BM_OK;
    }
    if (record->kind != CA_RECORD_ISSUANCE &&
        record->kind != CA_RECORD_IMPORT && record->kind != CA_RECORD_CA) {
        return ca_refuse(why, BM_E_LEDGER_PROOF,
                         "the record is of kind %s, not an issuance",
                         ca_record_kind_name(record->kind));
    }
    BM_TRY(check->crypto->hash(check->crypto->self, BM_HASH_SHA256, check->cert,
                               hash));
    if (!bm_bytes_equal(record->hash, BM_ARRAY(hash))) {
        return ca_refuse(why, BM_E_LEDGER_PROOF,
                         "the record is of another certificate");
    }
    return BM_OK;
}

/* Does it speak of this image, or key set? */
static bm_status check_digest(const struct ca_proof_check *check,
                              const struct ca_record *record,
                              struct ca_refusal *why)
{
    if (check->digest.n == 0) {
        return BM_OK;
    }
    if (record->kind != CA_RECORD_FIRMWARE) {
        return ca_refuse(why, BM_E_LEDGER_PROOF,
                         "the record is of kind %s, not firmware",
                         ca_record_kind_name(record->kind));
    }
    return bm_bytes_equal(record->hash, check->digest)
               ? BM_OK
               : ca_refuse(why, BM_E_LEDGER_PROOF,
                           "the record is of another image");
}

/* Two checkpoints of one size have one root. */
static bm_status check_against(const struct ca_proof_check *check,
                               const struct bm_spki *key,
                               const struct ca_tree_head *head,
                               struct ca_refusal *why)
{
    struct ca_tree_head other;
    struct bm_bytes note;

    if (check->against.n == 0) {
        return BM_OK;
    }
    if (!ledger_proof_note(check->against, &note)) {
        return ca_refuse_plain(why, BM_E_LEDGER_PROOF_FILE);
    }
    BM_TRY(ca_checkpoint_open(note, check->crypto, key, NULL, &other, why));
    if (other.tree == head->tree && other.size == head->size &&
        memcmp(other.root, head->root, CA_TREE_HASH) != 0) {
        return ca_refuse(why, BM_E_LEDGER_FORK,
                         "both checkpoints are of %llu leaves",
                         (unsigned long long)head->size);
    }
    return BM_OK;
}

static bm_status check_parts(const struct parts *p,
                             const struct ca_proof_check *check,
                             struct ca_proof_result *result,
                             struct ca_refusal *why)
{
    const struct bm_crypto *crypto = check->crypto;
    uint8_t hash[CA_TREE_HASH];
    struct bm_spki key;
    bm_status rc;

    BM_TRY(choose_key(p, check, &key, why));
    BM_TRY(ca_checkpoint_open(p->note, crypto, &key, NULL, &result->head, why));
    BM_TRY(ca_tree_entry(crypto, p->salt.p, p->record, hash));
    BM_TRY(ca_tree_leaf(crypto, hash, hash));
    rc = ca_tree_check_inclusion(crypto, &result->head, p->index, hash,
                                 &p->path);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    result->index = p->index;
    memcpy(result->mem, p->record.p, p->record.n);
    rc = ca_record_parse((struct bm_bytes){ result->mem, p->record.n }, NULL,
                         &result->record);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, BM_E_LEDGER_RECORD);
    }
    BM_TRY(check_cert(check, &result->record, why));
    BM_TRY(check_digest(check, &result->record, why));
    return check_against(check, &key, &result->head, why);
}

bm_status ca_proof_check(struct bm_bytes proof,
                         const struct ca_proof_check *check,
                         struct ca_proof_result *result, struct ca_refusal *why)
{
    bm_status rc = BM_E_INTERNAL;
    struct parts *p = malloc(sizeof *p);

    memset(result, 0, sizeof *result);
    if (p == NULL) {
        rc = ca_refuse_plain(why, BM_E_MEMORY);
        goto out;
    }
    rc = read_parts(proof, p);
    if (rc != BM_OK) {
        rc = ca_refuse_plain(why, rc);
        goto out;
    }
    rc = check_parts(p, check, result, why);

out:
    free(p);
    if (rc != BM_OK) {
        memset(result, 0, sizeof *result);
    }
    return rc;
}
