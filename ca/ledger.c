/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "ca/ledger_internal.h"

/* In a read transaction of our own. */
static bm_status begin_read(const struct ca_ledger *ledger)
{
    return ledger->store->begin(ledger->store->self, STORE_READ);
}

static void end_read(const struct ca_ledger *ledger)
{
    ledger->store->rollback(ledger->store->self);
}

bm_status ledger_head_read(const struct store_head *head,
                           struct ca_tree_edge *edge)
{
    size_t n = 0;

    ca_tree_edge_init(edge);
    for (uint64_t rest = head->size; rest != 0; rest &= rest - 1) {
        n++;
    }
    if (head->tree == 0 || head->edge.n != n * CA_TREE_HASH ||
        head->checkpoint.n > LEDGER_NOTE_MAX) {
        return BM_E_LEDGER_ROOT;
    }
    edge->size = head->size;
    edge->n = n;
    if (n != 0) {
        memcpy(edge->hash, head->edge.p, head->edge.n);
    }
    return BM_OK;
}

/* The tiles make the same full subtrees that the edge has. */
static bm_status check_edge(struct ca_ledger *ledger)
{
    const struct ca_tree_edge *edge = &ledger->edge;
    size_t at = edge->n;

    for (unsigned level = 0; level < CA_TREE_LEVEL; level++) {
        uint8_t hash[CA_TREE_HASH];

        if ((edge->size >> level & 1) == 0) {
            continue;
        }
        BM_TRY(ledger_tiles_node(ledger->tiles, level,
                                 (edge->size >> level) - 1, hash));
        if (memcmp(hash, edge->hash[--at], CA_TREE_HASH) != 0) {
            return BM_E_LEDGER_ROOT;
        }
    }
    return BM_OK;
}

/* An instance without any record: the first tree, empty. */
static void start_empty(struct ca_ledger *ledger)
{
    ca_tree_edge_init(&ledger->edge);
    ledger->note_n = 0;
    ledger->entry_first = 0;
    ledger_tiles_init(ledger->tiles, ledger->store, ledger->crypto, 1);
}

bool ledger_has_entries(const struct ca_ledger *ledger, uint32_t tree,
                        uint64_t from, uint64_t to)
{
    uint64_t size = ledger->edge.size;

    return ledger->broken == BM_OK && tree == ledger->tiles->tree &&
           from >= ledger->entry_first && from <= to && to <= size &&
           size - from <= LEDGER_ENTRIES;
}

/* Nothing was appended since the head was read: most often so. */
static bool is_loaded(const struct ca_ledger *ledger,
                      const struct store_head *head)
{
    return head->tree == ledger->tiles->tree &&
           head->size == ledger->tiles->size &&
           head->size == ledger->edge.size &&
           bm_bytes_are(head->edge, ledger->edge.hash[0],
                        ledger->edge.n * CA_TREE_HASH);
}

/* `sound`: what is in memory was in order. */
static bm_status load_head(struct ca_ledger *ledger, bool sound)
{
    struct store_head head;

    BM_TRY(ledger->store->head_get(ledger->store->self, 0, &head));
    sound = sound && is_loaded(ledger, &head);
    BM_TRY(ledger_head_read(&head, &ledger->edge));
    if (head.checkpoint.n != 0) {
        memcpy(ledger->note, head.checkpoint.p, head.checkpoint.n);
    }
    ledger->note_n = head.checkpoint.n;
    if (sound) {
        return BM_OK;
    }
    ledger->entry_first = head.size;
    if (ledger->tiles->tree != head.tree) {
        ledger_tiles_init(ledger->tiles, ledger->store, ledger->crypto,
                          head.tree);
    }
    BM_TRY(ledger_tiles_load(ledger->tiles, ledger->edge.size));
    return check_edge(ledger);
}

bm_status ledger_tiles_of(const struct ca_ledger *ledger, uint32_t tree,
                          struct ledger_tiles **out)
{
    const struct store *s = ledger->store;
    struct ledger_tiles *tiles;
    struct store_head head;
    bm_status rc;

    *out = NULL;
    if (tree == ledger->tiles->tree) {
        *out = ledger->tiles;
        return ledger->broken;
    }
    if (tree == 0) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(s->head_get(s->self, tree, &head));
    tiles = malloc(sizeof *tiles);
    if (tiles == NULL) {
        return BM_E_MEMORY;
    }
    ledger_tiles_init(tiles, s, ledger->crypto, tree);
    rc = ledger_tiles_load(tiles, head.size);
    if (rc != BM_OK) {
        free(tiles);
        return rc;
    }
    *out = tiles;
    return BM_OK;
}

void ledger_tiles_done(const struct ca_ledger *ledger,
                       struct ledger_tiles *tiles)
{
    if (tiles != ledger->tiles) {
        free(tiles);
    }
}

bm_status ledger_checkpoint_get(const struct ca_ledger *ledger, uint32_t tree,
                                struct bm_wr *note, struct ca_tree_head *head)
{
    const struct store *s = ledger->store;
    struct store_head stored;

    memset(head, 0, sizeof *head);
    if (tree == 0) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(s->head_get(s->self, tree, &stored));
    if (stored.checkpoint.n == 0) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(ca_checkpoint_open(stored.checkpoint, ledger->crypto, &ledger->key,
                              ledger->origin, head, NULL));
    if (head->tree != tree || head->size > stored.size) {
        return BM_E_LEDGER_CHECKPOINT;
    }
    bm_wr_put(note, stored.checkpoint);
    return BM_OK;
}

/* A ledger whose parts do not fit together can still be verified. */
static bool is_verdict(bm_status rc)
{
    return rc == BM_E_LEDGER_ROOT || rc == BM_E_LEDGER_MISSING ||
           rc == BM_E_LEDGER_CHANGED || rc == BM_E_STORE_CORRUPT;
}

bm_status ca_ledger_reload(struct ca_ledger *ledger)
{
    bool sound = ledger->broken == BM_OK;
    bm_status rc;

    ledger->broken = BM_E_CA_RECOVER;
    rc = begin_read(ledger);
    if (rc != BM_OK) {
        return rc;
    }
    rc = load_head(ledger, sound);
    if (rc == BM_E_NOT_FOUND) {
        start_empty(ledger);
        rc = BM_OK;
    }
    end_read(ledger);
    if (rc == BM_OK || is_verdict(rc)) {
        ledger->broken = rc;
        return BM_OK;
    }
    return rc;
}

static bm_status take_config(struct ca_ledger *ledger,
                             const struct ca_ledger_config *config)
{
    struct bm_bytes origin = { (const uint8_t *)config->origin,
                               strlen(config->origin) };
    struct bm_bytes der = { ledger->key_der, config->key.der.n };

    if (!ledger_origin_check(origin)) {
        return BM_E_ARGUMENT;
    }
    if (config->key.type != BM_KEY_ED25519 || der.n > LEDGER_KEY_MAX) {
        return BM_E_KEY_UNSUPPORTED;
    }
    ledger->store = config->store;
    ledger->crypto = config->crypto;
    memcpy(ledger->origin, config->origin, origin.n + 1);
    memcpy(ledger->key_der, config->key.der.p, der.n);
    return bm_spki_parse(der, NULL, &ledger->key);
}

bm_status ca_ledger_open(const struct ca_ledger_config *config,
                         struct ca_ledger **out)
{
    bm_status rc = BM_E_INTERNAL;
    struct ca_ledger *ledger = calloc(1, sizeof *ledger);

    *out = NULL;
    if (ledger == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    ledger->tiles = malloc(sizeof *ledger->tiles);
    if (ledger->tiles == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = take_config(ledger, config);
    if (rc != BM_OK) {
        goto out;
    }
    start_empty(ledger);
    rc = ca_ledger_reload(ledger);
    if (rc != BM_OK) {
        goto out;
    }
    *out = ledger;
    ledger = NULL;

out:
    ca_ledger_close(ledger);
    return rc;
}

void ca_ledger_close(struct ca_ledger *ledger)
{
    if (ledger != NULL) {
        bm_wipe(ledger->salt, sizeof ledger->salt); /* salts hide records */
        free(ledger->tiles);
        free(ledger);
    }
}

/* A salt that was never used. */
static bm_status next_salt(struct ca_ledger *ledger, uint8_t salt[32])
{
    if (ledger->salts == 0) {
        BM_TRY(ledger->crypto->random(ledger->crypto->self, ledger->salt[0],
                                      sizeof ledger->salt));
        ledger->salts = LEDGER_SALTS;
    }
    ledger->salts--;
    memcpy(salt, ledger->salt[ledger->salts], 32);
    bm_wipe(ledger->salt[ledger->salts], 32);
    return BM_OK;
}

static bm_status append(struct ca_ledger *ledger,
                        const struct ca_record *record)
{
    const struct ca_tree_full full = { ledger->tiles, ledger_tiles_full };
    const struct bm_crypto *crypto = ledger->crypto;
    struct store_leaf row = { .tree = ledger->tiles->tree,
                              .index = ledger->edge.size,
                              .organisation = record->organisation };
    uint8_t *entry = ledger->entry[row.index % LEDGER_ENTRIES];
    uint8_t room[CA_RECORD_MAX];
    uint8_t hash[CA_TREE_HASH];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, sizeof room);
    BM_TRY(ca_record_put(&w, record));
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(next_salt(ledger, row.salt));
    row.record = bm_wr_bytes(&w);
    BM_TRY(ca_tree_entry(crypto, row.salt, row.record, entry));
    BM_TRY(ca_tree_leaf(crypto, entry, hash));
    BM_TRY(ledger->store->leaf_put(ledger->store->self, &row));
    BM_TRY(ca_tree_append(crypto, &ledger->edge, hash, &full));
    ledger->tiles->size = ledger->edge.size;
    return BM_OK;
}

bm_status ca_ledger_append(struct ca_ledger *ledger,
                           const struct ca_record *record, uint64_t *index)
{
    uint64_t at = ledger->edge.size;
    bm_status rc = ledger->broken;

    if (rc == BM_OK) {
        rc = append(ledger, record);
        /* A record that is refused has changed nothing. */
        if (rc != BM_OK && rc != BM_E_LEDGER_RECORD) {
            ledger->broken = BM_E_CA_RECOVER;
        }
    }
    if (rc == BM_OK) {
        *index = at;
    }
    return rc;
}

static bm_status put_head(const struct ca_ledger *ledger)
{
    const struct store_head head = {
        .tree = ledger->tiles->tree,
        .size = ledger->edge.size,
        .edge = { ledger->edge.hash[0], ledger->edge.n * CA_TREE_HASH },
        .checkpoint = { ledger->note, ledger->note_n },
    };

    return ledger->store->head_put(ledger->store->self, &head);
}

bm_status ca_ledger_save(struct ca_ledger *ledger)
{
    bm_status rc = ledger->broken;

    if (rc == BM_OK) {
        rc = put_head(ledger);
        if (rc != BM_OK) {
            ledger->broken = BM_E_CA_RECOVER;
        }
    }
    return rc;
}

bm_status ca_ledger_head(struct ca_ledger *ledger, struct ca_tree_head *head)
{
    memset(head, 0, sizeof *head);
    BM_TRY(ledger->broken);
    BM_TRY(ca_tree_root(ledger->crypto, &ledger->edge, head->root));
    head->tree = ledger->tiles->tree;
    head->size = ledger->edge.size;
    return BM_OK;
}

uint32_t ca_ledger_tree(const struct ca_ledger *ledger)
{
    return ledger->tiles->tree;
}

bm_status ca_ledger_note(struct ca_ledger *ledger, struct bm_wr *note)
{
    if (ledger->note_n == 0) {
        return BM_E_NOT_FOUND;
    }
    bm_wr_put(note, (struct bm_bytes){ ledger->note, ledger->note_n });
    return BM_OK;
}

/*
 * How the head continues what the signer signed last. A tree that is behind
 * the signer's is an old copy of the store.
 */
static bm_status prove_growth(struct ca_ledger *ledger,
                              const struct ca_tree_head *last,
                              const struct ca_tree_head *head,
                              struct ca_tree_proof *proof)
{
    const struct ca_tree_source source = { ledger->tiles, ledger_tiles_node };
    bm_status rc;

    proof->n = 0;
    if (last->size == 0 || last->tree < head->tree) {
        return BM_OK;
    }
    if (last->tree > head->tree || last->size > head->size) {
        return BM_E_LEDGER_ROLLBACK;
    }
    rc = last->size == head->size ? BM_OK : begin_read(ledger);
    if (rc == BM_OK && last->size != head->size) {
        rc = ca_tree_consistency(ledger->crypto, &source, last->size,
                                 head->size, proof);
        end_read(ledger);
    }
    if (rc == BM_OK) {
        rc = ca_tree_check_consistency(ledger->crypto, last, head, proof);
    }
    return rc == BM_E_LEDGER_PROOF ? BM_E_LEDGER_FORK : rc;
}

/* What the last note says, if there is one that is ours. */
static bool read_note(const struct ca_ledger *ledger,
                      struct ca_tree_head *noted)
{
    return ledger->note_n != 0 &&
           ca_checkpoint_open((struct bm_bytes){ ledger->note, ledger->note_n },
                              ledger->crypto, &ledger->key, ledger->origin,
                              noted, NULL) == BM_OK;
}

/* Is there a note of this very head? */
static bool is_signed(const struct ca_ledger *ledger,
                      const struct ca_tree_head *head)
{
    struct ca_tree_head noted;

    return read_note(ledger, &noted) && noted.tree == head->tree &&
           noted.size == head->size &&
           memcmp(noted.root, head->root, CA_TREE_HASH) == 0;
}

bm_status ca_ledger_check_signer(const struct ca_ledger *ledger,
                                 const struct ca_signer *signer)
{
    struct ca_tree_head noted;
    struct ca_tree_head last;

    if (!read_note(ledger, &noted)) {
        return BM_OK;
    }
    signer->last(signer->self, &last);
    return last.tree < noted.tree ||
                   (last.tree == noted.tree && last.size < noted.size)
               ? BM_E_LEDGER_JOURNAL
               : BM_OK;
}

/* Store the note, unless what is in the store is not what was signed. */
static bm_status keep_note(struct ca_ledger *ledger, struct bm_bytes note)
{
    const struct store *s = ledger->store;
    struct store_head stored;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_WRITE));
    rc = s->head_get(s->self, 0, &stored);
    if (rc == BM_OK && (stored.tree != ledger->tiles->tree ||
                        stored.size != ledger->edge.size)) {
        rc = BM_E_CA_RECOVER;
    }
    if (rc == BM_OK) {
        memcpy(ledger->note, note.p, note.n);
        ledger->note_n = note.n;
        rc = put_head(ledger);
    }
    if (rc == BM_OK) {
        rc = s->commit(s->self);
    }
    if (rc != BM_OK) {
        s->rollback(s->self);
    }
    return rc;
}

bm_status ca_ledger_checkpoint(struct ca_ledger *ledger,
                               const struct ca_signer *signer, int64_t now)
{
    uint8_t room[LEDGER_NOTE_MAX];
    struct ca_tree_proof proof;
    struct ca_tree_head head;
    struct ca_tree_head last;
    struct bm_wr note;
    bm_status rc;
    size_t n;

    BM_TRY(ca_ledger_head(ledger, &head));
    signer->last(signer->self, &last);
    BM_TRY(prove_growth(ledger, &last, &head, &proof));
    if (head.size == 0 || is_signed(ledger, &head)) {
        return BM_OK;
    }
    bm_wr_init(&note, room, sizeof room);
    BM_TRY(signer->checkpoint(signer->self, &head, &proof, now, &note));
    BM_TRY(bm_wr_finish(&note, &n));
    BM_TRY(ca_checkpoint_open(bm_wr_bytes(&note), ledger->crypto, &ledger->key,
                              ledger->origin, &last, NULL));
    if (last.tree != head.tree || last.size != head.size ||
        memcmp(last.root, head.root, CA_TREE_HASH) != 0) {
        return BM_E_LEDGER_CHECKPOINT;
    }
    rc = keep_note(ledger, bm_wr_bytes(&note));
    if (rc != BM_OK) {
        ledger->broken = BM_E_CA_RECOVER;
    }
    return rc;
}

bm_status ca_ledger_succeed(struct ca_ledger *ledger,
                            const struct ca_tree_head *old, int64_t now)
{
    const struct ca_record record = {
        .kind = CA_RECORD_SUCCESSION,
        .time = now,
        .actor = BM_LIT("authority"),
        .hash = { old->root, CA_TREE_HASH },
        .number = old->size,
    };
    uint64_t index;

    BM_TRY(ledger->broken);
    /* A store older than the last succession has not heard of all trees. */
    if (old->tree < ledger->tiles->tree || old->size == 0 ||
        old->tree == UINT32_MAX) {
        return BM_E_ARGUMENT;
    }
    ca_tree_edge_init(&ledger->edge);
    ledger->note_n = 0;
    ledger->entry_first = 0;
    ledger_tiles_init(ledger->tiles, ledger->store, ledger->crypto,
                      old->tree + 1);
    return ca_ledger_append(ledger, &record, &index);
}
