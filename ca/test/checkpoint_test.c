/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ledger_internal.h"
#include "core/base64.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define ORIGIN "ca.example/ledger"

static const struct bm_crypto *crypto;
static const struct bm_signer *signer;

static struct ca_tree_head some_head(uint32_t tree, uint64_t size)
{
    struct ca_tree_head head = { .tree = tree, .size = size };

    memset(head.root, 0x5a, sizeof head.root);
    return head;
}

static struct bm_bytes sign(const struct ca_tree_head *head, uint8_t *room)
{
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, LEDGER_NOTE_MAX);
    CHECK_STATUS(ca_checkpoint_sign(head, ORIGIN, crypto, signer, &w), BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    return bm_wr_bytes(&w);
}

static bm_status open_note(struct bm_bytes note, struct ca_tree_head *head)
{
    return ca_checkpoint_open(note, crypto, &signer->key, ORIGIN, head, NULL);
}

static bool same(const struct ca_tree_head *a, const struct ca_tree_head *b)
{
    return a->tree == b->tree && a->size == b->size &&
           memcmp(a->root, b->root, sizeof a->root) == 0;
}

static void what_is_signed_opens(void)
{
    static const struct {
        uint32_t tree;
        uint64_t size;
        const char *begins;
    } rows[] = {
        { 1, 0, ORIGIN "\n0\nWlpaWlpa" },
        { 1, 1234, ORIGIN "\n1234\nWlpaWlpa" },
        { 2, 9, ORIGIN "/2\n9\nWlpaWlpa" },
        { UINT32_MAX, UINT64_MAX,
          ORIGIN "/4294967295\n18446744073709551615\nWlpaWlpa" },
    };
    uint8_t room[LEDGER_NOTE_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_tree_head head = some_head(rows[i].tree, rows[i].size);
        struct bm_bytes note = sign(&head, room);
        struct ca_tree_head got;

        CHECK(memcmp(note.p, rows[i].begins, strlen(rows[i].begins)) == 0);
        CHECK_STATUS(open_note(note, &got), BM_OK);
        CHECK(same(&head, &got));
        CHECK_STATUS(
            ca_checkpoint_open(note, crypto, &signer->key, NULL, &got, NULL),
            BM_OK);
        CHECK(same(&head, &got));
        CHECK_STATUS(ca_checkpoint_open(note, crypto, &signer->key,
                                        "ca.example/other", &got, NULL),
                     BM_E_LEDGER_CHECKPOINT);
        CHECK(got.tree == 0 && got.size == 0);
    }
}

/*
 * A note that golang.org/x/mod/sumdb/note made and reads, from C2SP
 * signed-note: key name, key ID and signature type as published there.
 */
static void the_key_id_is_that_of_the_specification(void)
{
    uint8_t message[64];
    uint8_t digest[32];
    uint8_t room[LEDGER_NOTE_MAX];
    uint8_t value[68];
    struct ca_tree_head head = some_head(1, 3);
    struct bm_bytes note = sign(&head, room);
    const uint8_t *last = note.p + note.n - 1;
    struct bm_wr w;

    while (last[-1] != ' ') {
        last--;
    }
    bm_wr_init(&w, value, sizeof value);
    CHECK_STATUS(
        bm_base64_decode(
            (struct bm_bytes){ last, (size_t)(note.p + note.n - 1 - last) },
            BM_BASE64_STRICT, NULL, &w),
        BM_OK);
    CHECK(w.len == sizeof value);
    /* key ID = SHA-256(key name || 0x0A || 0x01 || public key)[:4] */
    bm_wr_init(&w, message, sizeof message);
    bm_wr_str(&w, ORIGIN "\n\x01");
    bm_wr_put(&w, signer->key.key);
    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), digest),
        BM_OK);
    CHECK_BYTES(value, 4, digest, 4);
}

static void other_keys_and_other_kinds_of_keys_are_refused(void)
{
    uint8_t room[LEDGER_NOTE_MAX];
    struct ca_tree_head head = some_head(1, 3);
    struct bm_bytes note = sign(&head, room);
    struct bm_spki other = signer->key;
    uint8_t raw[32] = { 1 };
    struct ca_tree_head got;
    struct bm_wr w;

    other.key = BM_ARRAY(raw);
    CHECK_STATUS(ca_checkpoint_open(note, crypto, &other, ORIGIN, &got, NULL),
                 BM_E_LEDGER_SIGNATURE);
    CHECK_STATUS(ca_checkpoint_open(note, crypto,
                                    &bm_test_signer(BM_KEY_P256)->key, ORIGIN,
                                    &got, NULL),
                 BM_E_KEY_UNSUPPORTED);
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(ca_checkpoint_sign(&head, ORIGIN, crypto,
                                    bm_test_signer(BM_KEY_P256), &w),
                 BM_E_KEY_UNSUPPORTED);
    CHECK_STATUS(ca_checkpoint_sign(&head, "a b", crypto, signer, &w),
                 BM_E_ARGUMENT);
    head.tree = 0;
    CHECK_STATUS(ca_checkpoint_sign(&head, ORIGIN, crypto, signer, &w),
                 BM_E_ARGUMENT);
    CHECK(w.len == 0);
}

#define ROOT "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo="

/* What is malformed, whatever its signature. */
static void malformed_notes_are_refused(void)
{
    static const struct {
        const char *note;
        bm_status why;
    } rows[] = {
        { "", BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n", BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n3\n" ROOT "\n", BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n3\n" ROOT "\n\n", BM_E_LEDGER_NOTE },
        { ORIGIN "\n03\n" ROOT "\n\n\xe2\x80\x94 a AAAAAAAA\n",
          BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n\n" ROOT "\n\n\xe2\x80\x94 a AAAAAAAA\n",
          BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n+3\n" ROOT "\n\n\xe2\x80\x94 a AAAAAAAA\n",
          BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n18446744073709551616\n" ROOT
                 "\n\n\xe2\x80\x94 a AAAAAAAA\n",
          BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n3\nWlpa\n\n\xe2\x80\x94 a AAAAAAAA\n",
          BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n3\n" ROOT "\nextension\n\n\xe2\x80\x94 a AAAAAAAA\n",
          BM_E_LEDGER_CHECKPOINT },
        { "a b\n3\n" ROOT "\n\n\xe2\x80\x94 a AAAAAAAA\n",
          BM_E_LEDGER_CHECKPOINT },
        { ORIGIN "\n3\n" ROOT "\n\n\xe2\x80\x94 a AAAAAAAA", BM_E_LEDGER_NOTE },
        { ORIGIN "\n3\n" ROOT "\n\n- a AAAAAAAA\n", BM_E_LEDGER_NOTE },
        { ORIGIN "\n3\n" ROOT "\n\n\xe2\x80\x94 a\n", BM_E_LEDGER_NOTE },
        { ORIGIN "\n3\n" ROOT "\n\n\xe2\x80\x94  AAAAAAAA\n",
          BM_E_LEDGER_NOTE },
        { ORIGIN "\n3\n" ROOT "\n\n\xe2\x80\x94 a AAAAAAA\n",
          BM_E_LEDGER_NOTE },
        { ORIGIN "\n3\n" ROOT "\n\n\xe2\x80\x94 a AAAA\n", BM_E_LEDGER_NOTE },
        { ORIGIN "\n3\n" ROOT "\n\n\xe2\x80\x94 a+b AAAAAAAA\n",
          BM_E_LEDGER_NOTE },
        { ORIGIN "\n3\n" ROOT "\n\n\n", BM_E_LEDGER_NOTE },
        /* Well-formed, of somebody else. */
        { ORIGIN "\n3\n" ROOT "\n\n\xe2\x80\x94 a AAAAAAAA\n",
          BM_E_LEDGER_SIGNATURE },
        { ORIGIN "\n3\n" ROOT "\n\n\xe2\x80\x94 " ORIGIN " AAAAAAAA\n",
          BM_E_LEDGER_SIGNATURE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_bytes note = { (const uint8_t *)rows[i].note,
                                 strlen(rows[i].note) };
        struct ca_refusal why = { 0 };
        struct ca_tree_head head;

        CHECK_STATUS(
            ca_checkpoint_open(note, crypto, &signer->key, ORIGIN, &head, &why),
            rows[i].why);
        CHECK(why.status == rows[i].why && head.tree == 0);
    }
}

static void signatures_of_witnesses_are_passed_over(void)
{
    static const char line[] = "\xe2\x80\x94 witness.example AAAAAAAAAAAA\n";
    uint8_t room[8192];
    struct ca_tree_head head = some_head(1, 3);
    struct bm_bytes note = sign(&head, room);
    struct ca_tree_head got;
    size_t n = note.n;

    /* C2SP signed-note MUST: accept up to 16 signatures. */
    for (unsigned i = 1; i <= 64; i++) {
        CHECK_STATUS(open_note((struct bm_bytes){ room, n }, &got), BM_OK);
        memcpy(room + n, line, sizeof line - 1);
        n += sizeof line - 1;
    }
    CHECK_STATUS(open_note((struct bm_bytes){ room, n }, &got),
                 BM_E_LEDGER_NOTE);
}

static void every_prefix_and_every_flipped_bit_is_refused(void)
{
    uint8_t room[LEDGER_NOTE_MAX];
    struct ca_tree_head head = some_head(2, 1234567);
    struct bm_bytes note = sign(&head, room);
    struct ca_tree_head got;

    for (size_t n = 0; n < note.n; n++) {
        CHECK(open_note((struct bm_bytes){ room, n }, &got) != BM_OK);
    }
    for (size_t bit = 0; bit < 8 * note.n; bit++) {
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(open_note(note, &got) != BM_OK);
        CHECK(got.size == 0 && got.tree == 0);
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_STATUS(open_note(note, &got), BM_OK);
}

static void an_origin_says_which_tree_it_is(void)
{
    static const struct {
        const char *line;
        uint32_t tree;
        bool first;
    } rows[] = {
        { ORIGIN, 1, true },
        { ORIGIN "/2", 2, false },
        { ORIGIN "/4294967295", UINT32_MAX, false },
        { ORIGIN "/4294967296", 1, true },
        { ORIGIN "/1", 1, true },
        { ORIGIN "/02", 1, true },
        { ORIGIN "/", 1, true },
        { "/2", 1, true },
        { "2", 1, true },
        { "", 1, false },
        { "a b", 1, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_bytes line = { (const uint8_t *)rows[i].line,
                                 strlen(rows[i].line) };

        CHECK(ledger_origin_tree(line) == rows[i].tree);
        CHECK(ledger_origin_check(line) == rows[i].first);
    }
}

int main(void)
{
    crypto = bm_test_crypto();
    signer = bm_test_signer(BM_KEY_ED25519);
    RUN(what_is_signed_opens);
    RUN(the_key_id_is_that_of_the_specification);
    RUN(other_keys_and_other_kinds_of_keys_are_refused);
    RUN(malformed_notes_are_refused);
    RUN(signatures_of_witnesses_are_passed_over);
    RUN(every_prefix_and_every_flipped_bit_is_refused);
    RUN(an_origin_says_which_tree_it_is);
    return bm_test_done();
}
