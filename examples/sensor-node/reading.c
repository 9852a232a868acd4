/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/reading.h"

#include "examples/sensor-node/board.h"

static char *put_digits(char *to, uint32_t value, uint32_t unit)
{
    for (; unit > 0; unit /= 10) {
        *to++ = (char)('0' + value / unit % 10);
    }
    return to;
}

const char *reading_number(char out[READING_NUMBER_MAX])
{
    int32_t milli = board_temperature();
    uint32_t size = milli < 0 ? 0 - (uint32_t)milli : (uint32_t)milli;
    uint32_t unit = 1000;
    char *to = out;

    if (milli < 0) {
        *to++ = '-';
    }
    while (size / unit >= 10) {
        unit *= 10;
    }
    to = put_digits(to, size / 1000, unit / 1000);
    *to++ = '.';
    to = put_digits(to, size % 1000, 100);
    *to = '\0';
    return out;
}

/* A name as settings.h has it: what JSON escapes is a quote and a backslash,
 * which names of devices do not have (ca/profiles). */
struct bm_bytes reading_json(const char *device, char out[READING_MAX])
{
    char number[READING_NUMBER_MAX];
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)out, READING_MAX);
    bm_wr_str(&w, "{\"device\":\"");
    bm_wr_str(&w, device);
    bm_wr_str(&w, "\",\"celsius\":");
    bm_wr_str(&w, reading_number(number));
    bm_wr_str(&w, "}");
    return bm_wr_bytes(&w);
}
