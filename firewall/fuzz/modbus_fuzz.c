/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "firewall/modbus.h"

/*
 * A filter, and behind it what a segment carries, whole and in part. What
 * fits when less of it is seen fits when more is. What a stream takes fits, is
 * next, and may come again.
 */

static bool fits(const uint8_t *filter, struct bm_bytes data, size_t seen)
{
    uint8_t *room = must_have_room(54 + seen);
    struct bm_fw_packet p;
    bool fit;

    memset(&p, 0, sizeof p);
    memset(room, 0, 54);
    room[34 + 12] = 0x50;
    if (seen != 0) {
        memcpy(room + 54, data.p, seen);
    }
    p.head = (struct bm_bytes){ room, 54 + seen };
    p.l4 = 34;
    p.end = 54 + (uint32_t)data.n;
    fit = bm_fw_modbus_fits(filter, &p);
    free(room);
    return fit;
}

static void try_stream(const uint8_t *filter, struct bm_bytes data)
{
    uint8_t *room = must_have_room(54 + data.n);
    struct bm_fw_stream stream = { 7, 0 };
    struct bm_fw_packet p;
    bool heard;

    memset(&p, 0, sizeof p);
    memset(room, 0, 54);
    room[34 + 7] = 7; /* its number */
    room[34 + 12] = 0x50;
    if (data.n != 0) {
        memcpy(room + 54, data.p, data.n);
    }
    p.head = (struct bm_bytes){ room, 54 + data.n };
    p.l4 = 34;
    p.end = 54 + (uint32_t)data.n;
    heard = bm_fw_modbus_hear(filter, &p, &stream, 0x9e3779b9, false);
    must(heard == bm_fw_modbus_fits(filter, &p));
    must(stream.next == (heard ? 7 + (uint32_t)data.n : 7));
    must(bm_fw_modbus_hear(filter, &p, &stream, 0x9e3779b9, false) == heard);
    must(stream.next == (heard ? 7 + (uint32_t)data.n : 7));
    room[34 + 7] = 8; /* that is not next */
    must(!bm_fw_modbus_hear(filter, &p, &stream, 0x9e3779b9, false) ||
         data.n == 0);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *room = must_have_room(size);
    struct bm_bytes rest;
    size_t n;

    if (size != 0) {
        memcpy(room, data, size);
    }
    n = bm_fw_modbus_size((struct bm_bytes){ room, size });
    must(n <= size && n % 4 == 0);
    if (n != 0) {
        bool whole;

        rest = (struct bm_bytes){ room + n, size - n };
        whole = fits(room, rest, rest.n);
        must(whole || rest.n != 0);
        must(!whole || rest.n == 0 || (rest.p[2] | rest.p[3]) == 0);
        try_stream(room, rest);
        for (size_t seen = 0; seen < rest.n && seen < 32; seen++) {
            must(!fits(room, rest, seen) || whole);
        }
    }
    free(room);
    return 0;
}
