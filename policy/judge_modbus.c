/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "firewall/octets.h"
#include "policy/judge_internal.h"

/*
 * docs/firewall.md, "Modbus", from the lines of the rule: every address that a
 * request is about is looked for by itself.
 */

/* What a segment carries: `n` octets, of which `seen` are in sight. */
struct data {
    const uint8_t *p;
    size_t n;
    size_t seen;
};

/* Two octets; -1: not there, or not in sight. */
static long number_at(const struct data *d, size_t at)
{
    return at + 2 <= d->seen ? (long)d->p[at] << 8 | d->p[at + 1] : -1;
}

static bool has_address(const struct policy_modbus *m, unsigned function,
                        long address)
{
    for (size_t i = 0; i < m->n; i++) {
        if (policy_set_has(&m->lines[i].functions, policy_value(function)) &&
            policy_set_has(&m->lines[i].addresses,
                           policy_value((uint64_t)address))) {
            return true;
        }
    }
    return false;
}

static bool has_all(const struct policy_modbus *m, unsigned function,
                    long first, long n)
{
    if (first < 0 || n < 1 || first + n > 0x10000) {
        return false;
    }
    while (n > 0 && has_address(m, function, first)) {
        first++;
        n--;
    }
    return n == 0;
}

/* Is the octet at `at` what follows it, and that so many octets? */
static bool is_followed(const struct data *d, size_t at, long octets)
{
    return at < d->seen && d->p[at] == octets &&
           d->n == at + 1 + (size_t)octets;
}

/* Places count from the header: the function is at 7, what it needs behind. */
static bool fits_function(const struct policy_modbus *m, const struct data *d)
{
    unsigned function = d->p[7];
    long first = number_at(d, 8);
    long n = number_at(d, 10);

    if (function >= 1 && function <= 4) {
        return d->n == 12 && has_all(m, function, first, n);
    }
    if (function == 5 || function == 6) {
        return d->n == 12 && has_all(m, function, first, 1);
    }
    if (function == 15) {
        return is_followed(d, 12, (n + 7) / 8) &&
               has_all(m, function, first, n);
    }
    if (function == 16) {
        return is_followed(d, 12, 2 * n) && has_all(m, function, first, n);
    }
    if (function == 22) {
        return d->n == 14 && has_all(m, function, first, 1);
    }
    if (function == 23) {
        long write_n = number_at(d, 14);

        return is_followed(d, 16, 2 * write_n) &&
               has_all(m, function, first, n) &&
               has_all(m, function, number_at(d, 12), write_n);
    }
    if (function == 24) {
        return d->n == 10 && has_all(m, function, first, 1);
    }
    return function >= 1 && function <= 127 && has_all(m, function, 0, 0x10000);
}

static struct data data_of(const struct bm_fw_packet *packet)
{
    size_t at = packet->l4 + (packet->head.p[packet->l4 + 12u] >> 4) * 4u;
    struct data d = { packet->head.p + at, packet->end - at, 0 };

    if (packet->head.n > at) {
        d.seen = packet->head.n - at < d.n ? packet->head.n - at : d.n;
    }
    return d;
}

bool judge_modbus_fits(const struct policy_modbus *m,
                       const struct bm_fw_packet *packet)
{
    struct data d = data_of(packet);

    if (d.n == 0) {
        return true;
    }
    return (packet->flags & (BM_FW_URG | BM_FW_SYN)) == 0 && d.seen >= 8 &&
           d.n <= 260 && number_at(&d, 2) == 0 &&
           number_at(&d, 4) == (long)d.n - 6 && fits_function(m, &d);
}

/* ---- The stream */

static uint32_t first_of(const struct bm_fw_packet *packet)
{
    return bm_fw_be32(packet->head.p + packet->l4 + 4u);
}

bool judge_modbus_is_next(const struct judge_stream *stream,
                          const struct bm_fw_packet *packet)
{
    struct data d = data_of(packet);
    uint32_t first = first_of(packet);

    if (d.n == 0) { /* a SYN has a number of its own */
        return (packet->flags & BM_FW_SYN) == 0 || first + 1 == stream->next;
    }
    return first == stream->next ||
           (d.n == stream->last_n && d.seen == stream->seen &&
            first + (uint32_t)d.n == stream->next &&
            memcmp(d.p, stream->last, d.seen) == 0);
}

bool judge_modbus_answers(const struct judge_stream *stream,
                          const struct bm_fw_packet *packet)
{
    return bm_fw_be32(packet->head.p + packet->l4 + 8u) == stream->next;
}

void judge_modbus_say(struct judge_stream *stream,
                      const struct bm_fw_packet *packet)
{
    struct data d = data_of(packet);

    if (d.n != 0) {
        stream->next = first_of(packet) + (uint32_t)d.n;
        stream->last_n = d.n;
        stream->seen = d.seen;
        memcpy(stream->last, d.p, d.seen);
    }
}
