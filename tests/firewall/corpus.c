/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/corpus.h"

#include <stdlib.h>

void corpus_wipe(struct corpus *c)
{
    free(c->p);
    memset(c, 0, sizeof *c);
}

static void add(struct corpus *c, enum step_op op, unsigned a, uint32_t number,
                const uint8_t *p, size_t n)
{
    size_t size = 8 + ((n + 3) & ~(size_t)3);

    if (c->cap - c->n < size) {
        c->cap = 2 * c->cap + size + 4096;
        c->p = realloc(c->p, c->cap);
        if (c->p == NULL) {
            abort(); /* a test without memory has nothing to tell */
        }
    }
    memset(c->p + c->n, 0, size);
    c->p[c->n] = (uint8_t)op;
    c->p[c->n + 1] = (uint8_t)a;
    for (unsigned i = 0; i < 4; i++) {
        c->p[c->n + 4 + i] = (uint8_t)(number >> 8 * i);
    }
    if (n != 0) {
        memcpy(c->p + c->n + 8, p, n);
    }
    c->n += size;
    c->since = op == STEP_FRAME ? c->since + 1 : 0;
    c->frames += op == STEP_FRAME;
}

void corpus_table(struct corpus *c, const uint8_t *table, size_t n)
{
    add(c, STEP_TABLE, 0, (uint32_t)n, table, n);
}

void corpus_clear(struct corpus *c)
{
    add(c, STEP_CLEAR, 0, 0, NULL, 0);
}

void corpus_mode(struct corpus *c, enum policy_mode mode)
{
    add(c, STEP_MODE, mode, 0, NULL, 0);
}

void corpus_wait(struct corpus *c, uint32_t seconds)
{
    corpus_pause(c, 1000 * seconds);
}

void corpus_pause(struct corpus *c, uint32_t milliseconds)
{
    add(c, STEP_WAIT, 0, milliseconds, NULL, 0);
}

void corpus_octets(struct corpus *c, enum bm_fw_direction direction,
                   const uint8_t *p, size_t n)
{
    add(c, STEP_FRAME, direction, (uint32_t)n, p, n);
}

void corpus_frame(struct corpus *c, const struct frame *f)
{
    corpus_octets(c, f->direction, f->p, f->n);
}

uint32_t corpus_random(struct corpus *c)
{
    /* Marsaglia's xorshift. */
    uint32_t x = c->state == 0 ? 2463534242u : c->state;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    c->state = x;
    return x;
}

uint32_t corpus_below(struct corpus *c, uint32_t n)
{
    return corpus_random(c) % n;
}
