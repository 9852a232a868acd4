/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"
#include "core/oid.h"
#include "tests/harness/bm_test.h"

/*
 * The table knows OIDs by their last octets; every other last octet is an
 * unknown extension, whatever its contents look like.
 */
static void an_unknown_neighbour_of_a_known_extension_stays_unknown(void)
{
    static const uint8_t known_pe[] = { 0x01, 0x0b, 0x18 };
    uint8_t oid[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x00 };

    for (unsigned last = 0; last < 0x80; last++) {
        uint8_t buf[32];
        struct bm_ext_mark mark;
        struct bm_exts e;
        struct bm_der d;
        struct bm_wr w;
        size_t seq;

        if (memchr(known_pe, (int)last, sizeof known_pe) != NULL) {
            continue;
        }
        oid[7] = (uint8_t)last;
        bm_wr_init(&w, buf, sizeof buf);
        seq = bm_der_open(&w, BM_DER_SEQUENCE);
        mark = bm_ext_open(&w, BM_ARRAY(oid), true);
        bm_der_put_null(&w);
        bm_ext_close(&w, &mark);
        bm_der_close(&w, seq);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_exts_take(&d, BM_STRICT, &e), BM_OK);
        CHECK(e.present == 0);
        CHECK_BYTES(e.unknown_critical.p, e.unknown_critical.n, oid,
                    sizeof oid);
    }
}

int main(void)
{
    RUN(an_unknown_neighbour_of_a_known_extension_stays_unknown);
    return bm_test_done();
}
