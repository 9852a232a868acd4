/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event.h"

#include "core/test/damage.h"
#include "core/time.h"
#include "tests/harness/hex.h"

#define H1 "11111111111111111111111111111111"
#define HASH \
    "5820"   \
    "1111111111111111111111111111111111111111111111111111111111111111"

static uint8_t room[BM_EVENTS_SIZE_MAX + 1];

static const struct bm_event events[] = {
    { 1,
      BM_EVENT_STARTED,
      BM_EVENT_NO_TIME,
      { NULL, 0 },
      0,
      BM_LIT_INIT("node 1.4.0"),
      0 },
    { 7,
      BM_EVENT_REFUSED,
      1790000000,
      BM_LIT_INIT(H1),
      BM_E_DELIVER_DIGEST,
      { NULL, 0 },
      3 },
    { UINT64_MAX, BM_EVENT_APPLICATION, BM_TIME_NEVER, BM_LIT_INIT(H1),
      UINT32_MAX,
      BM_LIT_INIT("0123456789abcdef0123456789abcdef"
                  "0123456789abcdef0123456789abcdef"),
      UINT64_MAX }
};
#define EVENTS_N (sizeof events / sizeof events[0])

static struct bm_bytes put_all(void)
{
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    bm_cbor_put_array(&w, EVENTS_N);
    for (size_t i = 0; i < EVENTS_N; i++) {
        size_t start = w.len;

        CHECK_STATUS(bm_event_put(&events[i], &w), BM_OK);
        CHECK(w.len - start <= BM_EVENT_SIZE_MAX);
    }
    return bm_wr_bytes(&w);
}

static void what_is_written_is_read(void)
{
    struct bm_bytes list;
    struct bm_event e;

    CHECK_STATUS(bm_events_parse(put_all(), NULL, &list), BM_OK);
    for (size_t i = 0; i < EVENTS_N; i++) {
        CHECK(bm_event_next(&list, &e));
        CHECK(e.number == events[i].number && e.kind == events[i].kind);
        CHECK(e.when == events[i].when && e.code == events[i].code);
        CHECK(e.manifest == events[i].manifest);
        CHECK(bm_bytes_equal(e.sha256, events[i].sha256));
        CHECK(bm_bytes_equal(e.text, events[i].text));
    }
    CHECK(!bm_event_next(&list, &e));
}

static const struct {
    const char *why;
    const char *body;
    bm_status want;
} bodies[] = {
    { "the least there is",
      "81"
      "a201010201",
      BM_OK },
    { "a kind that is not known",
      "81"
      "a20101021909ff",
      BM_OK },
    { "a remark",
      "81"
      "a30101020120f6",
      BM_OK },
    { "all that there is",
      "81"
      "a7010102010300"
      "04" HASH "0500"
      "0660"
      "0700",
      BM_OK },
    { "numbers with a gap",
      "82"
      "a201010201"
      "a201090201",
      BM_OK },
    { "no event", "80", BM_E_EVENT },
    { "seventeen",
      "91"
      "a201010201"
      "a201020201"
      "a201030201"
      "a201040201"
      "a201050201"
      "a201060201"
      "a201070201"
      "a201080201"
      "a201090201"
      "a2010a0201"
      "a2010b0201"
      "a2010c0201"
      "a2010d0201"
      "a2010e0201"
      "a2010f0201"
      "a201100201"
      "a201110201",
      BM_E_LIMIT },
    { "number 0",
      "81"
      "a201000201",
      BM_E_EVENT },
    { "kind 0",
      "81"
      "a201010200",
      BM_E_EVENT },
    { "a kind beyond",
      "81"
      "a20101021a00010000",
      BM_E_EVENT },
    { "the same number twice",
      "82"
      "a201010201"
      "a201010202",
      BM_E_EVENT },
    { "numbers that go down",
      "82"
      "a201020201"
      "a201010202",
      BM_E_EVENT },
    { "no number",
      "81"
      "a10201",
      BM_E_EVENT },
    { "no kind",
      "81"
      "a10101",
      BM_E_EVENT },
    { "a date before 1970",
      "81"
      "a3010102010320",
      BM_E_CBOR_TYPE },
    { "a short hash",
      "81"
      "a301010201044111",
      BM_E_EVENT },
    { "a code beyond",
      "81"
      "a301010201051b0000000100000000",
      BM_E_EVENT },
    { "text that moves the cursor",
      "81"
      "a30101020106611b",
      BM_E_EVENT },
    { "text of 65",
      "81"
      "a301010201067841"
      "6161616161616161616161616161616161616161616161616161616161616161"
      "6161616161616161616161616161616161616161616161616161616161616161"
      "61",
      BM_E_EVENT },
    { "an unknown critical key",
      "81"
      "a3010102010800",
      BM_E_EVENT },
    { "more behind it",
      "81"
      "a20101020100",
      BM_E_CBOR_TRAILING },
    { "no array", "a201010201", BM_E_CBOR_TYPE },
};

static void what_the_format_does_not_allow_is_refused(void)
{
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_bytes in = bm_hex(bodies[i].body, room, sizeof room);
        struct bm_bytes list;
        bm_status rc = bm_events_parse(in, &diag, &list);

        if (rc != bodies[i].want) {
            printf("# %s\n", bodies[i].why);
        }
        CHECK_STATUS(rc, bodies[i].want);
        CHECK_STATUS(diag.status, rc);
        if (rc != BM_OK) {
            CHECK(list.n == 0 && list.p == NULL);
            CHECK(bm_diag_offset(&diag, in.p, in.n) != SIZE_MAX);
        }
    }
}

static void a_body_that_is_too_long_is_not_looked_at(void)
{
    struct bm_bytes list;

    memset(room, 0x80, sizeof room);
    CHECK_STATUS(bm_events_parse(BM_ARRAY(room), NULL, &list), BM_E_LIMIT);
}

static bool parses(struct bm_bytes in)
{
    struct bm_bytes list;
    struct bm_event e;

    if (bm_events_parse(in, NULL, &list) != BM_OK) {
        return false;
    }
    while (bm_event_next(&list, &e)) {
        CHECK(damage_inside(in, e.text) && damage_inside(in, e.sha256));
        CHECK(e.number != 0);
    }
    CHECK(list.n == 0);
    return true;
}

static void every_prefix_is_refused_and_every_flipped_bit_is_safe(void)
{
    struct bm_sample sample = { "events", "written", NULL, 0 };
    struct bm_bytes body = put_all();

    sample.p = body.p;
    sample.n = body.n;
    damage_one(&sample, parses);
}

static void nothing_is_written_that_a_reader_refuses(void)
{
    struct bm_event rows[5];
    struct bm_wr w;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rows[i] = events[1];
    }
    rows[0].number = 0;
    rows[1].kind = 0;
    rows[2].sha256.n = 31;
    rows[3].text = BM_LIT("two\nlines");
    rows[4].when = -2;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_wr_init(&w, room, sizeof room);
        bm_wr_u8(&w, 0xaa);
        CHECK_STATUS(bm_event_put(&rows[i], &w), BM_E_ARGUMENT);
        CHECK(w.len == 1);
    }
    bm_wr_init(&w, room, 8);
    CHECK_STATUS(bm_event_put(&events[1], &w), BM_E_BUFFER);
    CHECK(w.len == 0);
}

int main(void)
{
    RUN(what_is_written_is_read);
    RUN(what_the_format_does_not_allow_is_refused);
    RUN(a_body_that_is_too_long_is_not_looked_at);
    RUN(every_prefix_is_refused_and_every_flipped_bit_is_safe);
    RUN(nothing_is_written_that_a_reader_refuses);
    return bm_test_done();
}
