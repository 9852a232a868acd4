/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ledger.h"

#include "ca/test/ledger_world.h"

/* The tree of the leaves that the store has, from its beginning. */
static void tree_of_store(uint32_t tree, struct ca_tree_edge *edge)
{
    ca_tree_edge_init(edge);
    for (size_t i = 0; i < fake->is.leaves; i++) {
        const struct fake_leaf *l = &fake->leaf[i];
        uint8_t hash[CA_TREE_HASH];

        if (l->tree != tree) {
            continue;
        }
        CHECK(l->index == edge->size);
        CHECK_STATUS(ca_tree_entry(crypto, l->salt,
                                   (struct bm_bytes){ l->record, l->n }, hash),
                     BM_OK);
        CHECK_STATUS(ca_tree_leaf(crypto, hash, hash), BM_OK);
        CHECK_STATUS(ca_tree_append(crypto, edge, hash, NULL), BM_OK);
    }
}

/* Edge, tiles and head of the ledger are those of the stored leaves. */
static void must_fit_the_store(struct ca_ledger *ledger)
{
    struct ca_tree_edge edge;
    struct ca_tree_head head;
    uint8_t root[CA_TREE_HASH];

    CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
    tree_of_store(head.tree, &edge);
    CHECK_STATUS(ca_tree_root(crypto, &edge, root), BM_OK);
    CHECK(head.size == edge.size);
    CHECK_BYTES(head.root, sizeof head.root, root, sizeof root);
    for (unsigned level = 0; level < 64; level++) {
        uint8_t hash[CA_TREE_HASH];

        if ((edge.size >> level & 1) != 0) {
            CHECK_STATUS(ledger_tiles_node(ledger->tiles, level,
                                           (edge.size >> level) - 1, hash),
                         BM_OK);
            CHECK_BYTES(hash, sizeof hash, edge.hash[--edge.n], sizeof hash);
        }
    }
}

static void an_empty_store_has_an_empty_first_tree(void)
{
    struct ca_ledger *ledger = start();
    struct ca_tree_head head;
    uint8_t room[LEDGER_NOTE_MAX];
    struct bm_wr note;

    CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
    CHECK(head.tree == 1 && head.size == 0);
    bm_wr_init(&note, room, sizeof room);
    CHECK_STATUS(ca_ledger_note(ledger, &note), BM_E_NOT_FOUND);
    /* There is nothing to sign, either. */
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    CHECK(signer.signed_n == 0);
    stop(ledger);
}

static void an_origin_that_could_be_a_later_tree_is_refused(void)
{
    static const char *const bad[] = { "",    "ca.example/2", "a b",     "a+b",
                                       "a\n", "a/4294967295", "\xc3\xa4" };
    struct ca_ledger_config config = {
        .crypto = crypto,
        .key = bm_test_signer(BM_KEY_ED25519)->key,
    };
    struct ca_ledger *ledger;

    fake = fake_store_new();
    config.store = &fake->store;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.origin = bad[i];
        CHECK_STATUS(ca_ledger_open(&config, &ledger), BM_E_ARGUMENT);
        CHECK(ledger == NULL);
    }
    config.origin = FAKE_ORIGIN;
    config.key = bm_test_signer(BM_KEY_P256)->key;
    CHECK_STATUS(ca_ledger_open(&config, &ledger), BM_E_KEY_UNSUPPORTED);
    fake_store_free(fake);
}

/* Sizes around everything that becomes full. */
static const size_t steps[] = { 1,   2,   5,   120, 127, 1,  1,   254,
                                1,   256, 255, 258, 1,   3,  511, 63000,
                                700, 511, 512, 700, 800, 300 };

static void records_become_leaves_tiles_and_a_head(void)
{
    struct ca_ledger *ledger = start();
    struct ca_ledger *again;
    size_t size = 0;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        CHECK_STATUS(grow(ledger, steps[i]), BM_OK);
        size += steps[i];
        must_fit_the_store(ledger);
        CHECK(fake->is.tiles == size / 256 + size / 65536);
        /* Another process comes to the same. */
        CHECK_STATUS(open_ledger(&again), BM_OK);
        must_fit_the_store(again);
        ca_ledger_close(again);
    }
    CHECK(size > 65536 + 2 * 256);
    stop(ledger);
}

static void salts_are_never_used_twice(void)
{
    struct ca_ledger *ledger = start();
    size_t n = 3 * LEDGER_SALTS;

    CHECK_STATUS(grow(ledger, n), BM_OK);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            CHECK(memcmp(fake->leaf[i].salt, fake->leaf[k].salt, 32) != 0);
        }
    }
    stop(ledger);
}

static void what_was_rolled_back_is_forgotten(void)
{
    struct ca_ledger *ledger = start();
    struct ca_record record = token(1);
    uint64_t index = 0;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i] > 1000) {
            continue;
        }
        CHECK_STATUS(fake->store.begin(fake->store.self, STORE_WRITE), BM_OK);
        for (size_t k = 0; k < steps[i]; k++) {
            CHECK_STATUS(ca_ledger_append(ledger, &record, &index), BM_OK);
        }
        fake->store.rollback(fake->store.self);
        CHECK_STATUS(ca_ledger_reload(ledger), BM_OK);
        must_fit_the_store(ledger);
        CHECK_STATUS(grow(ledger, 97), BM_OK);
        must_fit_the_store(ledger);
    }
    stop(ledger);
}

static void every_failing_call_of_the_store_is_survived(void)
{
    struct ca_ledger *ledger = start();

    CHECK_STATUS(grow(ledger, 250), BM_OK);
    for (unsigned long k = 1;; k++) {
        struct ca_tree_head head;
        bm_status rc;

        fake->calls = 0;
        fake->fail_at = k;
        rc = grow(ledger, 10);
        if (rc == BM_OK) {
            rc = ca_ledger_checkpoint(ledger, &signer.signer, 1);
        }
        fake->fail_at = 0;
        if (rc == BM_OK) {
            CHECK(k > 14);
            break;
        }
        CHECK_STATUS(rc, BM_E_STORE);
        CHECK_STATUS(ca_ledger_reload(ledger), BM_OK);
        CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
        must_fit_the_store(ledger);
    }
    stop(ledger);
}

static void after_a_failure_nothing_is_appended_until_reloaded(void)
{
    struct ca_ledger *ledger = start();
    struct ca_record record = token(1);
    struct ca_tree_head head;
    uint64_t index = 77;

    CHECK_STATUS(grow(ledger, 3), BM_OK);
    fake->calls = 0;
    fake->fail_at = 2; /* leaf_put */
    CHECK_STATUS(grow(ledger, 1), BM_E_STORE);
    fake->fail_at = 0;
    CHECK_STATUS(ca_ledger_append(ledger, &record, &index), BM_E_CA_RECOVER);
    CHECK_STATUS(ca_ledger_save(ledger), BM_E_CA_RECOVER);
    CHECK_STATUS(ca_ledger_head(ledger, &head), BM_E_CA_RECOVER);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1),
                 BM_E_CA_RECOVER);
    CHECK(index == 77);
    CHECK_STATUS(ca_ledger_reload(ledger), BM_OK);
    CHECK_STATUS(grow(ledger, 1), BM_OK);
    must_fit_the_store(ledger);
    stop(ledger);
}

static void a_refused_record_changes_nothing(void)
{
    struct ca_ledger *ledger = start();
    struct ca_record record = token(1);
    uint64_t index = 77;

    CHECK_STATUS(fake->store.begin(fake->store.self, STORE_WRITE), BM_OK);
    record.subject.n = 0;
    CHECK_STATUS(ca_ledger_append(ledger, &record, &index), BM_E_LEDGER_RECORD);
    record = token(1);
    CHECK_STATUS(ca_ledger_append(ledger, &record, &index), BM_OK);
    CHECK(index == 0);
    CHECK_STATUS(ca_ledger_save(ledger), BM_OK);
    CHECK_STATUS(fake->store.commit(fake->store.self), BM_OK);
    must_fit_the_store(ledger);
    stop(ledger);
}

static void a_checkpoint_is_of_what_is_durable(void)
{
    struct ca_ledger *ledger = start();
    struct ca_ledger *again = NULL;
    struct ca_tree_head head;
    struct ca_tree_head noted;
    uint8_t room[LEDGER_NOTE_MAX];
    struct bm_wr note;

    for (size_t i = 0; i < 9; i++) {
        CHECK_STATUS(grow(ledger, steps[i]), BM_OK);
        CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
        CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
        CHECK(signer.signed_n == i + 1); /* the second had nothing to do */
        CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
        CHECK_STATUS(open_ledger(&again), BM_OK);
        bm_wr_init(&note, room, sizeof room);
        CHECK_STATUS(ca_ledger_note(again, &note), BM_OK);
        CHECK_STATUS(ca_checkpoint_open(bm_wr_bytes(&note), crypto,
                                        &bm_test_signer(BM_KEY_ED25519)->key,
                                        FAKE_ORIGIN, &noted, NULL),
                     BM_OK);
        CHECK(noted.size == head.size && noted.tree == 1);
        CHECK_BYTES(noted.root, sizeof noted.root, head.root, sizeof head.root);
        ca_ledger_close(again);
    }
    /* Between a checkpoint and the next, growing keeps the note. */
    CHECK_STATUS(grow(ledger, 5), BM_OK);
    CHECK_STATUS(ca_ledger_reload(ledger), BM_OK);
    bm_wr_init(&note, room, sizeof room);
    CHECK_STATUS(ca_ledger_note(ledger, &note), BM_OK);
    stop(ledger);
}

static void a_signer_that_saw_more_makes_the_store_an_old_copy(void)
{
    struct ca_ledger *ledger = start();

    CHECK_STATUS(grow(ledger, 20), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    signer.last.size = 21;
    CHECK_STATUS(grow(ledger, 0), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1),
                 BM_E_LEDGER_ROLLBACK);
    signer.last.size = 20;
    signer.last.root[0] ^= 1;
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1),
                 BM_E_LEDGER_FORK);
    CHECK_STATUS(grow(ledger, 20), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1),
                 BM_E_LEDGER_FORK);
    signer.last.root[0] ^= 1;
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    signer.last.tree = 2;
    CHECK_STATUS(grow(ledger, 1), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1),
                 BM_E_LEDGER_ROLLBACK);
    stop(ledger);
}

/* The signer has signed, the note was lost: it signs the same again. */
static void a_lost_note_is_signed_again(void)
{
    struct ca_ledger *ledger = start();

    CHECK_STATUS(grow(ledger, 20), BM_OK);
    fake->calls = 0;
    fake->fail_at = 3; /* head_put */
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_E_STORE);
    fake->fail_at = 0;
    CHECK(signer.signed_n == 1);
    CHECK_STATUS(ca_ledger_reload(ledger), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    CHECK(signer.signed_n == 2);
    stop(ledger);
}

static void a_damaged_tail_is_not_built_upon(void)
{
    static const bm_status want[] = { BM_E_LEDGER_ROOT, BM_E_LEDGER_MISSING,
                                      BM_E_LEDGER_ROOT, BM_E_LEDGER_ROOT };
    struct ca_record record = token(1);
    struct ca_tree_head head;
    uint64_t index;

    for (size_t i = 0; i < 4; i++) {
        struct ca_ledger *ledger = start();

        CHECK_STATUS(grow(ledger, 300), BM_OK);
        CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
        ca_ledger_close(ledger);
        switch (i) {
        case 0:
            fake->leaf[290].record[5] ^= 1;
            break;
        case 1:
            fake->is.leaves--;
            break;
        case 2:
            fake->tile[0].hashes[99] ^= 1;
            break;
        default:
            fake->is.head[0].edge_n--;
            break;
        }
        /* It opens, to be verified, and does nothing else. */
        CHECK_STATUS(open_ledger(&ledger), BM_OK);
        CHECK_STATUS(ca_ledger_append(ledger, &record, &index), want[i]);
        CHECK_STATUS(ca_ledger_save(ledger), want[i]);
        CHECK_STATUS(ca_ledger_head(ledger, &head), want[i]);
        CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), want[i]);
        stop(ledger);
    }
}

static void a_later_tree_begins_with_the_head_of_the_old_one(void)
{
    struct ca_ledger *ledger = start();
    struct ca_tree_head old;
    struct ca_tree_head head;
    struct ca_tree_head noted;
    struct ca_record record;
    uint8_t room[LEDGER_NOTE_MAX];
    struct bm_wr note;

    CHECK_STATUS(grow(ledger, 300), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    CHECK_STATUS(ca_ledger_head(ledger, &old), BM_OK);
    old.size = 310; /* what was shown is ahead of the store */
    CHECK_STATUS(fake->store.begin(fake->store.self, STORE_WRITE), BM_OK);
    CHECK_STATUS(ca_ledger_succeed(ledger, &old, 99), BM_OK);
    CHECK_STATUS(ca_ledger_save(ledger), BM_OK);
    CHECK_STATUS(fake->store.commit(fake->store.self), BM_OK);
    must_fit_the_store(ledger);
    CHECK_STATUS(ca_ledger_reload(ledger), BM_OK);
    must_fit_the_store(ledger);
    CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
    CHECK(head.tree == 2 && head.size == 1);
    CHECK_STATUS(ca_record_parse((struct bm_bytes){ fake->leaf[300].record,
                                                    fake->leaf[300].n },
                                 NULL, &record),
                 BM_OK);
    CHECK(record.kind == CA_RECORD_SUCCESSION && record.number == 310);
    CHECK_BYTES(record.hash.p, record.hash.n, old.root, sizeof old.root);
    CHECK_STATUS(grow(ledger, 300), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    bm_wr_init(&note, room, sizeof room);
    CHECK_STATUS(ca_ledger_note(ledger, &note), BM_OK);
    CHECK(memcmp(room, FAKE_ORIGIN "/2\n301\n",
                 sizeof FAKE_ORIGIN "/2\n301\n" - 1) == 0);
    CHECK_STATUS(ca_checkpoint_open(bm_wr_bytes(&note), crypto,
                                    &bm_test_signer(BM_KEY_ED25519)->key,
                                    FAKE_ORIGIN, &noted, NULL),
                 BM_OK);
    CHECK(noted.tree == 2 && noted.size == 301);
    /* There is no way back. */
    CHECK_STATUS(fake->store.begin(fake->store.self, STORE_WRITE), BM_OK);
    CHECK_STATUS(ca_ledger_succeed(ledger, &old, 99), BM_E_ARGUMENT);
    fake->store.rollback(fake->store.self);
    stop(ledger);
}

int main(void)
{
    crypto = bm_test_crypto();
    RUN(an_empty_store_has_an_empty_first_tree);
    RUN(an_origin_that_could_be_a_later_tree_is_refused);
    RUN(records_become_leaves_tiles_and_a_head);
    RUN(salts_are_never_used_twice);
    RUN(what_was_rolled_back_is_forgotten);
    RUN(every_failing_call_of_the_store_is_survived);
    RUN(after_a_failure_nothing_is_appended_until_reloaded);
    RUN(a_refused_record_changes_nothing);
    RUN(a_checkpoint_is_of_what_is_durable);
    RUN(a_signer_that_saw_more_makes_the_store_an_old_copy);
    RUN(a_lost_note_is_signed_again);
    RUN(a_damaged_tail_is_not_built_upon);
    RUN(a_later_tree_begins_with_the_head_of_the_old_one);
    return bm_test_done();
}
