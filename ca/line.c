/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/line.h"

/* RFC 3629 4: octets that follow a first one, and the least and the greatest
 * of the second. 0: none begins so. */
static size_t more_of(uint8_t first, uint8_t *least, uint8_t *greatest)
{
    *least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *greatest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
        return 1;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 2;
    }
    return first >= 0xf0 && first <= 0xf4 ? 3 : 0;
}

static size_t take_character(const uint8_t *p, size_t n)
{
    uint8_t least;
    uint8_t greatest;
    size_t more;

    if (p[0] < 0x80) {
        return p[0] >= 0x20 && p[0] != 0x7f ? 1 : 0;
    }
    more = more_of(p[0], &least, &greatest);
    if (more == 0 || more >= n || p[1] < least || p[1] > greatest ||
        (p[0] == 0xc2 && p[1] < 0xa0)) { /* C1 controls */
        return 0;
    }
    for (size_t i = 2; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return 1 + more;
}

bool ca_is_line(struct bm_bytes text)
{
    size_t at = 0;

    while (at < text.n) {
        size_t n = take_character(text.p + at, text.n - at);

        if (n == 0) {
            return false;
        }
        at += n;
    }
    return true;
}
