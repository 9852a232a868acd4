/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transcript.h"

#include "ceremony/test/room.h"

/* A transcript with two sessions, in memory. */
struct book {
    struct room room;
    struct transcript t;
    const struct bm_signer *signer;
};

static void book_open(struct book *b)
{
    char path[256];

    room_open(&b->room, room_script);
    b->signer = bm_test_signer(BM_KEY_P256);
    (void)snprintf(path, sizeof path, "%s/transcript", b->room.base);
    CHECK_STATUS(transcript_new(&b->t, path, bm_test_crypto(), false, NULL),
                 BM_OK);
    for (int i = 0; i < 2; i++) {
        transcript_begin(&b->t, "session", ROOM_NOW);
        transcript_put_str(&b->t, "operator", "Ada");
        CHECK_STATUS(transcript_commit(&b->t, NULL), BM_OK);
        transcript_begin(&b->t, "closed", ROOM_NOW);
        CHECK_STATUS(transcript_commit_signed(&b->t, b->signer, NULL), BM_OK);
    }
}

static void book_close(struct book *b)
{
    transcript_free(&b->t);
    room_close(&b->room);
}

static bm_status verify(const struct book *b, const uint8_t *text, size_t n)
{
    struct transcript_verdict v;

    return transcript_verify((struct bm_bytes){ text, n }, &b->signer->key,
                             bm_test_crypto(), &v, NULL);
}

static void what_was_written_is_read_back(void)
{
    struct book b;
    struct transcript_verdict v;
    struct transcript_reader r;
    struct transcript_entry e;
    struct transcript again;
    struct bm_bytes value;
    char path[256];

    book_open(&b);
    CHECK_STATUS(transcript_verify((struct bm_bytes){ b.t.text, b.t.n },
                                   &b.signer->key, bm_test_crypto(), &v, NULL),
                 BM_OK);
    CHECK(v.entries == 4 && v.sessions == 2 && v.interrupted == 0);
    CHECK(!v.rehearsal && v.first == ROOM_NOW && v.last == ROOM_NOW);
    CHECK_BYTES(v.head, sizeof v.head, b.t.hash, sizeof b.t.hash);
    CHECK_STATUS(transcript_read(&b.t, &r), BM_OK);
    CHECK_STATUS(transcript_next(&r, &e), BM_OK);
    CHECK(transcript_is(&e, "session") && e.number == 1);
    CHECK(transcript_field(&e, "operator", &value) &&
          bm_bytes_are(value, "Ada", 3));
    CHECK(!transcript_field(&e, "witness", &value) && value.n == 0);
    (void)snprintf(path, sizeof path, "%s/transcript", b.room.base);
    CHECK_STATUS(transcript_load(&again, path, bm_test_crypto(), NULL), BM_OK);
    CHECK_BYTES(again.text, again.n, b.t.text, b.t.n);
    CHECK(again.count == 4 && again.last == ROOM_NOW);
    transcript_free(&again);
    book_close(&b);
}

static void every_bit_counts(void)
{
    struct book b;
    uint8_t *copy;

    book_open(&b);
    copy = malloc(b.t.n);
    CHECK(copy != NULL && verify(&b, b.t.text, b.t.n) == BM_OK);
    for (size_t i = 0; copy != NULL && i < 8 * b.t.n; i++) {
        memcpy(copy, b.t.text, b.t.n);
        copy[i / 8] ^= (uint8_t)(1U << i % 8);
        if (verify(&b, copy, b.t.n) == BM_OK) {
            printf("# bit %zu\n", i);
            CHECK(false);
        }
    }
    free(copy);
    book_close(&b);
}

/* A whole session less is a transcript, of an earlier day: its last hash is
 * what tells (`--head`). */
static void it_ends_where_a_session_does(void)
{
    struct book b;
    size_t good = 0;

    book_open(&b);
    for (size_t n = 0; n < b.t.n; n++) {
        uint8_t *copy = malloc(n + 1);

        memcpy(copy, b.t.text, n);
        if (verify(&b, copy, n) == BM_OK) {
            good++;
        }
        free(copy);
    }
    CHECK(good == 1);
    book_close(&b);
}

static void only_the_root_signs_it(void)
{
    struct transcript_verdict v;
    struct book b;

    book_open(&b);
    CHECK_STATUS(transcript_verify((struct bm_bytes){ b.t.text, b.t.n },
                                   &bm_test_signer_nth(BM_KEY_P256, 1)->key,
                                   bm_test_crypto(), &v, NULL),
                 BM_E_CEREMONY_SIGNATURE);
    book_close(&b);
}

static void sessions_open_and_close(void)
{
    struct book b;

    book_open(&b);
    transcript_begin(&b.t, "session", ROOM_NOW);
    CHECK_STATUS(transcript_commit(&b.t, NULL), BM_OK);
    CHECK_STATUS(verify(&b, b.t.text, b.t.n), BM_E_CEREMONY_OPEN);
    /* It was interrupted: the next one goes on. */
    transcript_begin(&b.t, "session", ROOM_NOW);
    CHECK_STATUS(transcript_commit(&b.t, NULL), BM_OK);
    transcript_begin(&b.t, "closed", ROOM_NOW);
    CHECK_STATUS(transcript_commit_signed(&b.t, b.signer, NULL), BM_OK);
    CHECK_STATUS(verify(&b, b.t.text, b.t.n), BM_OK);
    /* What is in no session is of nobody. */
    transcript_begin(&b.t, "plan", ROOM_NOW);
    CHECK_STATUS(transcript_commit(&b.t, NULL), BM_OK);
    CHECK_STATUS(verify(&b, b.t.text, b.t.n), BM_E_CEREMONY_TRANSCRIPT);
    book_close(&b);
}

static void what_has_no_place_on_a_line_is_not_written(void)
{
    static const char *const bad[] = { "",     "a\nb",     "\x1b[2J",
                                       "\x7f", "a\tb",     "\xc2\x85",
                                       "\xff", "\xc3\x28", "\xe2\x82" };
    struct book b;
    size_t n;

    book_open(&b);
    n = b.t.n;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        transcript_begin(&b.t, "session", ROOM_NOW);
        transcript_put_str(&b.t, "operator", bad[i]);
        CHECK_STATUS(transcript_commit(&b.t, NULL), BM_E_ARGUMENT);
        CHECK(b.t.n == n);
    }
    transcript_begin(&b.t, "session", ROOM_NOW);
    transcript_put_str(&b.t, "Operator", "Ada");
    CHECK_STATUS(transcript_commit(&b.t, NULL), BM_E_ARGUMENT);
    transcript_begin(&b.t, "session", ROOM_NOW);
    transcript_put_str(&b.t, "operator", "\xc3\x96zg\xc3\xbcr");
    CHECK_STATUS(transcript_commit(&b.t, NULL), BM_OK);
    book_close(&b);
}

static void it_has_an_end(void)
{
    struct book b;
    uint8_t *large = calloc(1, TRANSCRIPT_VALUE_MAX);
    bm_status rc = BM_OK;

    book_open(&b);
    for (int i = 0; rc == BM_OK && i < 64; i++) {
        transcript_begin(&b.t, "session", ROOM_NOW);
        transcript_put_base64(
            &b.t, "tbs",
            (struct bm_bytes){ large, TRANSCRIPT_VALUE_MAX / 4 * 3 });
        rc = transcript_commit(&b.t, NULL);
    }
    CHECK_STATUS(rc, BM_E_LIMIT);
    CHECK(b.t.n <= TRANSCRIPT_MAX);
    free(large);
    book_close(&b);
}

int main(void)
{
    RUN(what_was_written_is_read_back);
    RUN(every_bit_counts);
    RUN(it_ends_where_a_session_does);
    RUN(only_the_root_signs_it);
    RUN(sessions_open_and_close);
    RUN(what_has_no_place_on_a_line_is_not_written);
    RUN(it_has_an_end);
    return bm_test_done();
}
