/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of the authors' reference implementation (vectors_sip128): the key
 * is 00 01 .. 0f, the input 00 01 .. of so many octets. */
#include "store/siphash.h"
#include "tests/harness/bm_test.h"

static void the_published_vectors_come_out(void)
{
    static const struct {
        size_t n;
        uint8_t want[16];
    } rows[] = {
        { 0,
          { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72,
            0x14, 0xc7, 0x55, 0x02, 0x93 } },
        { 1,
          { 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59,
            0x11, 0x9b, 0x22, 0xfc, 0x45 } },
        { 2,
          { 0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b,
            0xde, 0xf6, 0x0a, 0xff, 0xe4 } },
    };
    uint8_t key[16];
    uint8_t in[64];
    uint8_t out[16];

    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)i;
        if (i < sizeof key) {
            key[i] = (uint8_t)i;
        }
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        siphash_128(key, (struct bm_bytes){ in, rows[i].n }, out);
        CHECK_BYTES(out, sizeof out, rows[i].want, sizeof rows[i].want);
    }
}

/* Each octet of input and of key matters, at every length. */
static void every_octet_counts(void)
{
    uint8_t key[16] = { 1 };
    uint8_t in[40] = { 0 };
    uint8_t out[16];
    uint8_t other[16];

    for (size_t n = 1; n <= sizeof in; n++) {
        siphash_128(key, (struct bm_bytes){ in, n }, out);
        siphash_128(key, (struct bm_bytes){ in, n - 1 }, other);
        CHECK(memcmp(out, other, sizeof out) != 0);
        for (size_t i = 0; i < n; i++) {
            in[i] ^= 1;
            siphash_128(key, (struct bm_bytes){ in, n }, other);
            in[i] ^= 1;
            CHECK(memcmp(out, other, sizeof out) != 0);
        }
        for (size_t i = 0; i < sizeof key; i++) {
            key[i] ^= 0x80;
            siphash_128(key, (struct bm_bytes){ in, n }, other);
            key[i] ^= 0x80;
            CHECK(memcmp(out, other, sizeof out) != 0);
        }
    }
}

int main(void)
{
    RUN(the_published_vectors_come_out);
    RUN(every_octet_counts);
    return bm_test_done();
}
