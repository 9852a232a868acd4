/* SPDX-License-Identifier: Apache-2.0 */
#include "device/number.h"

#include <string.h>

#include "tests/harness/bm_test.h"

static void a_number_is_read_as_it_was_put(void)
{
    static const struct {
        uint64_t value;
        unsigned octets;
        const char *want;
    } rows[] = {
        { 0, 1, "\x00" },
        { 255, 1, "\xff" },
        { 1, 4, "\x00\x00\x00\x01" },
        { 0x80000000u, 4, "\x80\x00\x00\x00" },
        { UINT64_C(0x0123456789abcdef), 8, "\x01\x23\x45\x67\x89\xab\xcd\xef" },
        { UINT64_MAX, 8, "\xff\xff\xff\xff\xff\xff\xff\xff" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t buf[10];
        unsigned n = rows[i].octets;

        memset(buf, 0x5a, sizeof buf);
        bm_number_put(buf + 1, n, rows[i].value);
        CHECK_BYTES(buf + 1, n, rows[i].want, n);
        CHECK(buf[0] == 0x5a && buf[n + 1] == 0x5a);
        CHECK(bm_number_get(buf + 1, n) == rows[i].value);
    }
}

static void what_does_not_fit_is_cut_off_in_front(void)
{
    uint8_t buf[2];

    bm_number_put(buf, sizeof buf, 0x123456);
    CHECK_BYTES(buf, sizeof buf, "\x34\x56", 2);
}

int main(void)
{
    RUN(a_number_is_read_as_it_was_put);
    RUN(what_does_not_fit_is_cut_off_in_front);
    return bm_test_done();
}
