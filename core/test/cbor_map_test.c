/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor_map.h"

#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"

/* map = { 1 => 1..9, ? 2 => tstr .size (1..4), * nint => any } */
static bm_status take(struct bm_cbor *c, uint64_t *number,
                      struct bm_bytes *text)
{
    struct bm_cbor_map m;

    BM_TRY(bm_cbor_map_open(&m, c, BM_E_MANIFEST, BM_E_MANIFEST_FORMAT));
    BM_TRY(bm_cbor_map_need(&m, 1));
    BM_TRY(bm_cbor_map_number(&m, 1, 9, number));
    if (bm_cbor_map_has(&m, 2)) {
        BM_TRY(bm_cbor_map_text(&m, 1, 4, text));
    }
    BM_TRY(bm_cbor_map_close(&m));
    return bm_cbor_end(c);
}

static void keys_are_found_in_their_order_and_remarks_passed_over(void)
{
    static const struct {
        const char *why;
        const char *map;
        bm_status want;
        uint64_t number;
        size_t text_n;
    } rows[] = {
        { "what must be there", "a10109", BM_OK, 9, 0 },
        { "and what may", "a2010102626161", BM_OK, 1, 2 },
        { "remarks", "a401010262616120f621a0", BM_OK, 1, 2 },
        { "nothing", "a0", BM_E_MANIFEST, 0, 0 },
        { "only what may be there", "a102626161", BM_E_MANIFEST, 0, 0 },
        { "too much", "a1010a", BM_E_MANIFEST, 0, 0 },
        { "too long", "a2010102656161616161", BM_E_MANIFEST, 0, 0 },
        { "a line end", "a2010102610a", BM_E_MANIFEST, 0, 0 },
        { "a delete", "a2010102617f", BM_E_MANIFEST, 0, 0 },
        { "a key too many", "a201010300", BM_E_MANIFEST_FORMAT, 0, 0 },
        { "keys in disorder", "a2026261610101", BM_E_MANIFEST, 0, 0 },
        { "a remark before a key",
          "a2200001"
          "01",
          BM_E_MANIFEST, 0, 0 },
        { "a remark twice", "a3010120002000", BM_E_CBOR_ORDER, 0, 0 },
        { "no map", "80", BM_E_CBOR_TYPE, 0, 0 },
        { "half a map", "a201", BM_E_CBOR_TRUNCATED, 0, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        uint8_t room[32];
        struct bm_bytes in = bm_hex(rows[i].map, room, sizeof room);
        struct bm_bytes text = { NULL, 0 };
        uint64_t number = 0;
        struct bm_cbor c;
        bm_status rc;

        bm_cbor_init(&c, in, &diag);
        rc = take(&c, &number, &text);
        if (rc != rows[i].want) {
            printf("# %s\n", rows[i].why);
        }
        CHECK_STATUS(rc, rows[i].want);
        if (rc == BM_OK) {
            CHECK(number == rows[i].number && text.n == rows[i].text_n);
        } else {
            CHECK(diag.status == rc &&
                  bm_diag_offset(&diag, in.p, in.n) != SIZE_MAX);
        }
    }
}

static void octets_and_dates_are_of_their_size(void)
{
    uint8_t room[32];
    struct bm_bytes in = bm_hex("a2014211220200", room, sizeof room);
    struct bm_bytes octets = { NULL, 0 };
    struct bm_cbor_map m;
    struct bm_cbor c;
    int64_t t = -1;

    bm_cbor_init(&c, in, NULL);
    CHECK_STATUS(bm_cbor_map_open(&m, &c, BM_E_EVENT, BM_E_EVENT), BM_OK);
    CHECK(!bm_cbor_map_has(&m, 2));
    CHECK(bm_cbor_map_has(&m, 1));
    CHECK_STATUS(bm_cbor_map_octets(&m, 2, &octets), BM_OK);
    CHECK_BYTES(octets.p, octets.n, "\x11\x22", 2);
    CHECK_STATUS(bm_cbor_map_need(&m, 2), BM_OK);
    CHECK_STATUS(bm_cbor_map_date(&m, &t), BM_OK);
    CHECK(t == 0);
    CHECK_STATUS(bm_cbor_map_close(&m), BM_OK);

    bm_cbor_init(&c, in, NULL);
    CHECK_STATUS(bm_cbor_map_open(&m, &c, BM_E_EVENT, BM_E_EVENT), BM_OK);
    CHECK(bm_cbor_map_has(&m, 1));
    CHECK_STATUS(bm_cbor_map_octets(&m, 3, &octets), BM_E_EVENT);
}

int main(void)
{
    RUN(keys_are_found_in_their_order_and_remarks_passed_over);
    RUN(octets_and_dates_are_of_their_size);
    return bm_test_done();
}
