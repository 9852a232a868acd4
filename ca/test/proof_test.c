/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/ledger_world.h"

#define PROOF_CAP 16384

static uint8_t room[PROOF_CAP];

static struct bm_bytes prove(struct ca_ledger *ledger, uint32_t tree,
                             uint64_t index)
{
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(ca_ledger_prove(ledger, tree, index, &w), BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    return bm_wr_bytes(&w);
}

static struct ca_proof_check with_key(void)
{
    return (struct ca_proof_check){ .crypto = crypto,
                                    .key =
                                        bm_test_signer(BM_KEY_ED25519)->key };
}

static void every_record_has_a_proof(void)
{
    static const size_t sizes[] = { 1, 2, 3, 255, 256, 257, 700 };
    const struct ca_proof_check check = with_key();

    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct ca_ledger *ledger = start();

        CHECK_STATUS(grow(ledger, sizes[s]), BM_OK);
        CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
        for (uint64_t i = 0; i < sizes[s]; i += 1 + i / 7) {
            struct bm_bytes proof = prove(ledger, 1, i);
            struct ca_proof_result result;

            CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL), BM_OK);
            CHECK(result.index == i && result.head.size == sizes[s]);
            CHECK(result.record.kind == CA_RECORD_TOKEN);
            CHECK(result.record.number == i + 1);
        }
        stop(ledger);
    }
}

static void what_no_checkpoint_has_is_not_proved(void)
{
    struct ca_ledger *ledger = start();
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(ca_ledger_prove(ledger, 1, 0, &w), BM_E_NOT_FOUND);
    CHECK_STATUS(grow(ledger, 5), BM_OK);
    CHECK_STATUS(ca_ledger_prove(ledger, 1, 0, &w), BM_E_NOT_FOUND);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    CHECK_STATUS(grow(ledger, 5), BM_OK);
    CHECK_STATUS(ca_ledger_prove(ledger, 1, 5, &w), BM_E_NOT_FOUND);
    CHECK_STATUS(ca_ledger_prove(ledger, 2, 0, &w), BM_E_NOT_FOUND);
    CHECK_STATUS(ca_ledger_prove(ledger, 0, 0, &w), BM_E_NOT_FOUND);
    CHECK(w.len == 0);
    CHECK_STATUS(ca_ledger_prove(ledger, 1, 4, &w), BM_OK);
    stop(ledger);
}

static void a_changed_record_is_not_proved(void)
{
    struct ca_ledger *ledger = start();
    struct bm_wr w;

    CHECK_STATUS(grow(ledger, 300), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    fake->leaf[7].salt[3] ^= 1;
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(ca_ledger_prove(ledger, 1, 7, &w), BM_E_LEDGER_PROOF);
    CHECK(w.len == 0);
    stop(ledger);
}

static void an_earlier_tree_is_proved_as_well(void)
{
    struct ca_ledger *ledger = start();
    const struct ca_proof_check check = with_key();
    struct ca_proof_result result;
    struct ca_tree_head head;
    struct bm_bytes proof;

    CHECK_STATUS(grow(ledger, 300), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
    CHECK_STATUS(fake->store.begin(fake->store.self, STORE_WRITE), BM_OK);
    CHECK_STATUS(ca_ledger_succeed(ledger, &head, 1), BM_OK);
    CHECK_STATUS(ca_ledger_save(ledger), BM_OK);
    CHECK_STATUS(fake->store.commit(fake->store.self), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    proof = prove(ledger, 1, 299);
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL), BM_OK);
    CHECK(result.head.tree == 1 && result.index == 299);
    proof = prove(ledger, 2, 0);
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL), BM_OK);
    CHECK(result.head.tree == 2 && result.index == 0);
    CHECK(result.record.kind == CA_RECORD_SUCCESSION);
    stop(ledger);
}

static void the_key_that_was_given_counts(void)
{
    struct ca_ledger *ledger = start();
    struct ca_proof_check check = with_key();
    struct ca_proof_result result;
    uint8_t der[44];
    struct bm_bytes proof;
    struct bm_wr w;

    CHECK_STATUS(grow(ledger, 5), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    proof = prove(ledger, 1, 3);
    check.key = (struct bm_spki){ .type = BM_KEY_UNKNOWN };
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL), BM_OK);
    bm_wr_init(&w, der, sizeof der);
    bm_spki_put(&w, BM_KEY_ED25519, BM_ARRAY(fake->leaf[0].salt));
    CHECK_STATUS(bm_spki_parse(bm_wr_bytes(&w), NULL, &check.key), BM_OK);
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL),
                 BM_E_LEDGER_SIGNATURE);
    CHECK(result.record.kind == 0 && result.head.size == 0);
    stop(ledger);
}

static void a_proof_is_of_one_certificate(void)
{
    static const uint8_t cert[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };
    static const uint8_t serial[] = { 5 };
    struct ca_ledger *ledger = start();
    struct ca_proof_check check = with_key();
    struct ca_proof_result result;
    struct ca_refusal why;
    uint8_t hash[32];
    struct ca_record record = { .kind = CA_RECORD_ISSUANCE,
                                .actor = BM_LIT("authority"),
                                .ca = BM_LIT("issuing"),
                                .serial = BM_ARRAY(serial),
                                .hash = BM_ARRAY(hash),
                                .profile = BM_LIT("tls-server") };
    uint64_t index;

    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(cert), hash),
        BM_OK);
    CHECK_STATUS(grow(ledger, 5), BM_OK);
    CHECK_STATUS(fake->store.begin(fake->store.self, STORE_WRITE), BM_OK);
    CHECK_STATUS(ca_ledger_append(ledger, &record, &index), BM_OK);
    CHECK_STATUS(ca_ledger_save(ledger), BM_OK);
    CHECK_STATUS(fake->store.commit(fake->store.self), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);

    check.cert = BM_ARRAY(cert);
    CHECK_STATUS(ca_proof_check(prove(ledger, 1, index), &check, &result, NULL),
                 BM_OK);
    check.cert = BM_ARRAY(serial);
    CHECK_STATUS(ca_proof_check(prove(ledger, 1, index), &check, &result, &why),
                 BM_E_LEDGER_PROOF);
    CHECK(strstr(why.words, "another certificate") != NULL);
    check.cert = BM_ARRAY(cert);
    CHECK_STATUS(ca_proof_check(prove(ledger, 1, 0), &check, &result, &why),
                 BM_E_LEDGER_PROOF);
    CHECK(strstr(why.words, "token") != NULL);
    stop(ledger);
}

static void a_second_tree_of_the_same_size_gives_itself_away(void)
{
    struct ca_ledger *ledger = start();
    struct ca_proof_check check = with_key();
    struct ca_proof_result result;
    struct ca_tree_head head;
    uint8_t other[LEDGER_NOTE_MAX];
    struct bm_bytes proof;
    struct bm_wr note;

    CHECK_STATUS(grow(ledger, 5), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
    proof = prove(ledger, 1, 3);
    check.against = proof;
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL), BM_OK);
    head.root[0] ^= 1;
    bm_wr_init(&note, other, sizeof other);
    CHECK_STATUS(ca_checkpoint_sign(&head, FAKE_ORIGIN, crypto,
                                    bm_test_signer(BM_KEY_ED25519), &note),
                 BM_OK);
    check.against = bm_wr_bytes(&note);
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL),
                 BM_E_LEDGER_FORK);
    /* Of another size nothing can be said without the tree. */
    head.size++;
    bm_wr_init(&note, other, sizeof other);
    CHECK_STATUS(ca_checkpoint_sign(&head, FAKE_ORIGIN, crypto,
                                    bm_test_signer(BM_KEY_ED25519), &note),
                 BM_OK);
    check.against = bm_wr_bytes(&note);
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL), BM_OK);
    check.against = BM_LIT("nothing");
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL),
                 BM_E_LEDGER_CHECKPOINT);
    check.against = BM_LIT("c2sp.org/tlog-proof@v1\nextra \n");
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL),
                 BM_E_LEDGER_PROOF_FILE);
    stop(ledger);
}

static void every_prefix_and_every_flipped_bit_is_refused(void)
{
    struct ca_ledger *ledger = start();
    const struct ca_proof_check check = with_key();
    struct ca_proof_result result;
    struct bm_bytes proof;

    CHECK_STATUS(grow(ledger, 11), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    proof = prove(ledger, 1, 9);
    for (size_t n = 0; n < proof.n; n++) {
        CHECK(ca_proof_check((struct bm_bytes){ room, n }, &check, &result,
                             NULL) != BM_OK);
    }
    for (size_t bit = 0; bit < 8 * proof.n; bit++) {
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(ca_proof_check(proof, &check, &result, NULL) != BM_OK);
        CHECK(result.index == 0 && result.record.kind == 0);
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_STATUS(ca_proof_check(proof, &check, &result, NULL), BM_OK);
    stop(ledger);
}

static void a_writer_that_is_too_small_says_so(void)
{
    struct ca_ledger *ledger = start();
    struct bm_wr w;
    size_t n;

    CHECK_STATUS(grow(ledger, 11), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    bm_wr_init(&w, room, 100);
    CHECK_STATUS(ca_ledger_prove(ledger, 1, 9, &w), BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_E_BUFFER);
    bm_wr_init(&w, room, n);
    CHECK_STATUS(ca_ledger_prove(ledger, 1, 9, &w), BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    stop(ledger);
}

static void every_failing_call_of_the_store_is_survived(void)
{
    struct ca_ledger *ledger = start();

    CHECK_STATUS(grow(ledger, 600), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
    for (unsigned long k = 1;; k++) {
        struct bm_wr w;
        bm_status rc;

        bm_wr_init(&w, room, sizeof room);
        fake->calls = 0;
        fake->fail_at = k;
        rc = ca_ledger_prove(ledger, 1, 300, &w);
        fake->fail_at = 0;
        if (rc == BM_OK) {
            CHECK(k > 4);
            break;
        }
        CHECK_STATUS(rc, BM_E_STORE);
        CHECK(!fake->open && w.len == 0);
    }
    stop(ledger);
}

int main(void)
{
    crypto = bm_test_crypto();
    RUN(every_record_has_a_proof);
    RUN(what_no_checkpoint_has_is_not_proved);
    RUN(a_changed_record_is_not_proved);
    RUN(an_earlier_tree_is_proved_as_well);
    RUN(the_key_that_was_given_counts);
    RUN(a_proof_is_of_one_certificate);
    RUN(a_second_tree_of_the_same_size_gives_itself_away);
    RUN(every_prefix_and_every_flipped_bit_is_refused);
    RUN(a_writer_that_is_too_small_says_so);
    RUN(every_failing_call_of_the_store_is_survived);
    return bm_test_done();
}
