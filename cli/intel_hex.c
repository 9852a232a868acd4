/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/intel_hex.h"

#include <stdlib.h>
#include <string.h>

enum {
    TYPE_DATA = 0,
    TYPE_END = 1,
    TYPE_SEGMENT = 2,
    TYPE_START_SEGMENT = 3,
    TYPE_UPPER = 4,
    TYPE_START = 5
};

#define LINE_OCTETS 16u

struct record {
    uint8_t octets[5 + 255]; /* length, address, type, data, sum */
    size_t n;                /* of data */
};

/* A pass over all records. The first one finds where the octets lie, the
 * second one puts them there. */
struct pass {
    struct bm_bytes left;
    unsigned line;
    const char *why;
    uint64_t base; /* what addresses of records are added to */
    uint64_t first;
    uint64_t next; /* behind the last octet; 0: there is none */
    bool ended;
    bool fill;
    uint8_t *out; /* NULL in the first pass */
};

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Take a line without its end: LF, or CR and LF, or the end of the text. */
static struct bm_bytes take_line(struct pass *pass)
{
    const uint8_t *p = pass->left.p;
    const uint8_t *lf = memchr(p, '\n', pass->left.n);
    size_t n = lf != NULL ? (size_t)(lf - p) : pass->left.n;
    size_t taken = lf != NULL ? n + 1 : n;

    pass->left.p += taken;
    pass->left.n -= taken;
    pass->line++;
    if (n != 0 && p[n - 1] == '\r') {
        n--;
    }
    return (struct bm_bytes){ p, n };
}

/* NULL, or why not. */
static const char *decode(struct bm_bytes line, struct record *r)
{
    size_t n = (line.n - 1) / 2;
    unsigned sum = 0;

    if (line.p[0] != ':' || line.n % 2 == 0 || n < 5 || n > sizeof r->octets) {
        return "no record";
    }
    for (size_t i = 0; i < n; i++) {
        int high = digit(line.p[1 + 2 * i]);
        int low = digit(line.p[2 + 2 * i]);

        if (high < 0 || low < 0) {
            return "no hexadecimal digit";
        }
        r->octets[i] = (uint8_t)(high << 4 | low);
        sum += r->octets[i];
    }
    r->n = r->octets[0];
    if (r->n != n - 5) {
        return "length is not that of the record";
    }
    return sum % 256 == 0 ? NULL : "sum is wrong";
}

static const char *take_data(struct pass *pass, const struct record *r)
{
    uint64_t offset = (uint64_t)r->octets[1] << 8 | r->octets[2];
    uint64_t at = pass->base + offset;

    if (offset + r->n > 0x10000 || at + r->n > (uint64_t)UINT32_MAX + 1) {
        return "data runs out of its segment";
    }
    if (r->n == 0) {
        return "record without data";
    }
    if (pass->next == 0) {
        pass->first = at;
    } else if (at < pass->next) {
        return "addresses overlap, or go back";
    } else if (at > pass->next && !pass->fill) {
        return "there is a gap in front of it";
    }
    pass->next = at + r->n;
    if (pass->next - pass->first > INTEL_HEX_SPAN_MAX) {
        return "more than 16 MiB from the first address";
    }
    if (pass->out != NULL) {
        memcpy(pass->out + (at - pass->first), r->octets + 4, r->n);
    }
    return NULL;
}

static const char *take_record(struct pass *pass, const struct record *r)
{
    uint64_t value = r->n == 2 ? (uint64_t)r->octets[4] << 8 | r->octets[5] : 0;
    unsigned type = r->octets[3];

    if (type == TYPE_DATA) {
        return take_data(pass, r);
    }
    if (type == TYPE_END) {
        pass->ended = true;
        return r->n == 0 ? NULL : "end record with data";
    }
    if (type == TYPE_SEGMENT || type == TYPE_UPPER) {
        pass->base = type == TYPE_UPPER ? value << 16 : value << 4;
        return r->n == 2 ? NULL : "address of another length than 2";
    }
    /* Where to start is in the vector table. */
    return (type == TYPE_START || type == TYPE_START_SEGMENT) && r->n == 4
               ? NULL
               : "record of unknown type";
}

static bool run(struct pass *pass)
{
    struct record r;

    while (pass->left.n != 0 && pass->why == NULL) {
        struct bm_bytes line = take_line(pass);

        if (line.n == 0) {
            continue;
        }
        pass->why =
            pass->ended ? "something after the end record" : decode(line, &r);
        if (pass->why == NULL) {
            pass->why = take_record(pass, &r);
        }
    }
    if (pass->why == NULL && !pass->ended) {
        pass->why = "no end record";
    } else if (pass->why == NULL && pass->next == 0) {
        pass->why = "no data";
    }
    return pass->why == NULL;
}

bool intel_hex_parse(struct bm_bytes text, bool fill, struct intel_hex *hex)
{
    struct pass pass = { .left = text, .fill = fill };
    struct pass again = pass;
    size_t n;

    *hex = (struct intel_hex){ .address = 0 };
    if (!run(&pass)) {
        hex->line = pass.line;
        hex->why = pass.why;
        return false;
    }
    n = (size_t)(pass.next - pass.first);
    hex->memory = malloc(n);
    if (hex->memory == NULL) {
        hex->why = "out of memory";
        return false;
    }
    memset(hex->memory, 0xff, n);
    again.out = hex->memory;
    (void)run(&again);
    hex->address = (uint32_t)pass.first;
    hex->octets = (struct bm_bytes){ hex->memory, n };
    return true;
}

void intel_hex_free(struct intel_hex *hex)
{
    free(hex->memory);
    hex->memory = NULL;
    hex->octets = (struct bm_bytes){ NULL, 0 };
}

static void put_octet(struct bm_wr *w, unsigned octet, unsigned *sum)
{
    static const char digits[] = "0123456789ABCDEF";

    bm_wr_u8(w, (uint8_t)digits[octet >> 4 & 15]);
    bm_wr_u8(w, (uint8_t)digits[octet & 15]);
    *sum += octet;
}

static void put_record(struct bm_wr *w, unsigned type, unsigned address,
                       struct bm_bytes data)
{
    unsigned sum = 0;

    bm_wr_u8(w, ':');
    put_octet(w, (unsigned)data.n, &sum);
    put_octet(w, address >> 8 & 255, &sum);
    put_octet(w, address & 255, &sum);
    put_octet(w, type, &sum);
    for (size_t i = 0; i < data.n; i++) {
        put_octet(w, data.p[i], &sum);
    }
    put_octet(w, (0u - sum) & 255, &sum);
    bm_wr_u8(w, '\n');
}

bm_status intel_hex_put(struct bm_wr *w, uint32_t address,
                        struct bm_bytes octets)
{
    uint64_t end = (uint64_t)address + octets.n;
    uint32_t upper = 0;
    size_t n;

    if (end > (uint64_t)UINT32_MAX + 1) {
        return BM_E_LIMIT;
    }
    for (uint64_t at = address; at < end; at += n) {
        uint8_t high[2] = { (uint8_t)(at >> 24), (uint8_t)(at >> 16) };
        size_t segment = 0x10000 - (size_t)(at & 0xffff);

        if (at >> 16 != upper) {
            put_record(w, TYPE_UPPER, 0, BM_ARRAY(high));
            upper = (uint32_t)(at >> 16);
        }
        n = end - at < LINE_OCTETS ? (size_t)(end - at) : LINE_OCTETS;
        n = n < segment ? n : segment;
        put_record(w, TYPE_DATA, (unsigned)(at & 0xffff),
                   (struct bm_bytes){ octets.p + (at - address), n });
    }
    put_record(w, TYPE_END, 0, (struct bm_bytes){ NULL, 0 });
    return bm_wr_finish(w, &n);
}
