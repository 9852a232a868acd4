/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/modbus.h"

#include "firewall/octets.h"

/* The record: u8 kind, u8 0, u16 rows; then rows of 8 octets. */
#define HEAD 4
#define ROW  8

/* Before the function: transaction, protocol, length, unit. */
#define MBAP      7
#define LENGTH    4 /* where it stands; it counts what is behind it */
#define PDU_MAX   253
#define ADDRESSES 0x10000u

static void put_16(struct bm_wr *w, unsigned value)
{
    bm_wr_u8(w, (uint8_t)value);
    bm_wr_u8(w, (uint8_t)(value >> 8));
}

void bm_fw_modbus_put(struct bm_wr *w, const struct bm_fw_modbus_row *rows,
                      size_t n)
{
    bm_wr_u8(w, BM_FW_FILTER_MODBUS);
    bm_wr_u8(w, 0);
    put_16(w, (unsigned)n);
    for (size_t i = 0; i < n; i++) {
        bm_wr_u8(w, rows[i].first);
        bm_wr_u8(w, rows[i].last);
        put_16(w, rows[i].low);
        put_16(w, rows[i].high);
        put_16(w, 0);
    }
}

static struct bm_fw_modbus_row row_at(const uint8_t *filter, unsigned i)
{
    const uint8_t *p = filter + HEAD + ROW * i;

    return (struct bm_fw_modbus_row){ p[0], p[1], bm_fw_le16(p + 2),
                                      bm_fw_le16(p + 4) };
}

/* Does the row stand behind the one before? */
static bool follows(struct bm_fw_modbus_row r, struct bm_fw_modbus_row before)
{
    if (r.first == before.first && r.last == before.last) {
        return r.low > before.high + 1u;
    }
    return r.first > before.last;
}

size_t bm_fw_modbus_size(struct bm_bytes octets)
{
    struct bm_fw_modbus_row before = { 0, 0, 0, 0 };
    unsigned n;

    if (octets.n < HEAD || octets.p[0] != BM_FW_FILTER_MODBUS ||
        octets.p[1] != 0) {
        return 0;
    }
    n = bm_fw_le16(octets.p + 2);
    if (n == 0 || n > BM_FW_MODBUS_ROWS || octets.n < HEAD + ROW * n) {
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        struct bm_fw_modbus_row r = row_at(octets.p, i);

        if (r.first == 0 || r.first > r.last || r.last > 127 ||
            r.low > r.high || !follows(r, before) ||
            bm_fw_le16(octets.p + HEAD + ROW * i + 6) != 0) {
            return 0;
        }
        before = r;
    }
    return HEAD + ROW * n;
}

/* Has some row the function at all of `n` addresses from `low` on? */
static bool allows(const uint8_t *filter, unsigned function, uint32_t low,
                   uint32_t n)
{
    unsigned rows = bm_fw_le16(filter + 2);

    if (n == 0 || low + n > ADDRESSES) {
        return false;
    }
    for (unsigned i = 0; i < rows; i++) {
        struct bm_fw_modbus_row r = row_at(filter, i);

        if (r.first <= function && function <= r.last && r.low <= low &&
            low + n - 1 <= r.high) {
            return true;
        }
    }
    return false;
}

/* A request behind the header: function and what belongs to it. */
struct pdu {
    const uint8_t *p;
    size_t n;    /* as it says itself */
    size_t seen; /* as much of it is here */
};

/* Are these so many octets, and the first `needed` here? */
static bool is_long(const struct pdu *r, size_t n, size_t needed)
{
    return r->n == n && r->seen >= needed;
}

/* Writing many: first, quantity, octets, and so many of them. */
static bool writes(const struct pdu *r, size_t at, uint32_t octets)
{
    return r->seen > at && r->p[at] == octets && r->n == at + 1 + octets;
}

/* 1 to 4 read, 5 and 6 write one, 15 and 16 many; 22 to 24 as they say. */
static bool pdu_fits(const uint8_t *filter, const struct pdu *r)
{
    unsigned function = r->p[0];
    uint32_t low = r->seen >= 3 ? bm_fw_be16(r->p + 1) : 0;
    uint32_t n = r->seen >= 5 ? bm_fw_be16(r->p + 3) : 0;

    switch (function) {
    case 1:
    case 2:
    case 3:
    case 4:
        return is_long(r, 5, 5) && allows(filter, function, low, n);
    case 5:
    case 6:
        return is_long(r, 5, 3) && allows(filter, function, low, 1);
    case 15:
        return writes(r, 5, (n + 7) / 8) && allows(filter, function, low, n);
    case 16:
        return writes(r, 5, 2 * n) && allows(filter, function, low, n);
    case 22:
        return is_long(r, 7, 3) && allows(filter, function, low, 1);
    case 23:
        return r->seen >= 10 && writes(r, 9, 2u * bm_fw_be16(r->p + 7)) &&
               allows(filter, function, low, n) &&
               allows(filter, function, bm_fw_be16(r->p + 5),
                      bm_fw_be16(r->p + 7));
    case 24:
        return is_long(r, 3, 3) && allows(filter, function, low, 1);
    default: /* where it would reach is not known */
        return allows(filter, function, 0, ADDRESSES);
    }
}

/* Where the data of a frame of TCP begins. */
static uint32_t data_at(const struct bm_fw_packet *p)
{
    return p->l4 + (uint32_t)(p->head.p[p->l4 + 12u] >> 4) * 4;
}

bool bm_fw_modbus_fits(const uint8_t *filter, const struct bm_fw_packet *p)
{
    uint32_t at = data_at(p);
    uint32_t n = p->end - at;
    const uint8_t *adu = p->head.p + at;
    struct pdu r;

    if (n == 0) {
        return true;
    }
    /* Urgent data is no part of what a stack reads, or is: they differ. So is
     * data of a SYN, which some take. */
    if ((p->flags & (BM_FW_URG | BM_FW_SYN)) != 0 || n < MBAP + 1 ||
        p->head.n < at + MBAP + 1 || bm_fw_be16(adu + 2) != 0 ||
        bm_fw_be16(adu + LENGTH) != n - 6 || n > MBAP + PDU_MAX) {
        return false;
    }
    r.p = adu + MBAP;
    r.n = n - MBAP;
    r.seen = p->head.n < p->end ? p->head.n - at - MBAP : r.n;
    return pdu_fits(filter, &r);
}

/* Of what fits and is in sight: two that differ have different sums, as far as
 * one can say who does not know the key. */
static uint32_t sum_of(const struct bm_fw_packet *p, uint32_t at, uint32_t key)
{
    uint32_t end = p->head.n < p->end ? (uint32_t)p->head.n : p->end;
    uint32_t sum = p->end - at;

    while (at < end) {
        sum = (sum ^ p->head.p[at++]) * key;
        sum ^= sum >> 15;
    }
    return sum;
}

static uint32_t number_of(const struct bm_fw_packet *p)
{
    return bm_fw_be32(p->head.p + p->l4 + 4u);
}

void bm_fw_modbus_begin(struct bm_fw_stream *stream,
                        const struct bm_fw_packet *p)
{
    stream->next = number_of(p) + 1;
    stream->said = 0;
}

bool bm_fw_modbus_answers(const struct bm_fw_packet *p,
                          const struct bm_fw_stream *stream)
{
    return (p->flags & BM_FW_SYN) == 0 ||
           bm_fw_be32(p->head.p + p->l4 + 8u) == stream->next;
}

bool bm_fw_modbus_hear(const uint8_t *filter, const struct bm_fw_packet *p,
                       struct bm_fw_stream *stream, uint32_t key, bool watch)
{
    uint32_t at = data_at(p);
    uint32_t first = number_of(p);
    uint32_t behind = first + (p->end - at);
    uint32_t said;
    bool fits;

    if (p->end == at) {
        return (p->flags & BM_FW_SYN) == 0 || first + 1 == stream->next;
    }
    fits = bm_fw_modbus_fits(filter, p);
    said = sum_of(p, at, key);
    if (fits && behind == stream->next && said == stream->said) {
        return true;
    }
    fits = fits && first == stream->next;
    if (fits || watch) {
        stream->next = behind;
        stream->said = said;
    }
    return fits;
}
