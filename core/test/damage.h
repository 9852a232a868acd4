/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TEST_DAMAGE_H
#define BM_CORE_TEST_DAMAGE_H

/*
 * Properties of a parser, over every sample of a kind: each strict prefix is
 * refused, and each flipped bit is either refused, with nothing left in the
 * result, or parsed whole. The input ends where its array ends, so that a
 * sanitizer sees a read past it.
 */
#include <stdlib.h>

#include "core/bytes.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/samples.h"

#define DAMAGE_SAMPLE_MAX 4096

/* Parses `in` and checks what came of it; true if it was accepted. */
typedef bool damage_check(struct bm_bytes in);

static uint8_t damage_room[DAMAGE_SAMPLE_MAX];

/* Flip every n-th bit: a test with many samples raises it where it is slow. */
static size_t damage_step = 1;

static inline struct bm_bytes damage_copy(const uint8_t *p, size_t n)
{
    uint8_t *at = damage_room + sizeof damage_room - n;

    memcpy(at, p, n);
    return (struct bm_bytes){ at, n };
}

static inline void damage_one(const struct bm_sample *s, damage_check *check)
{
    uint8_t *whole = damage_room + sizeof damage_room - s->n;

    for (size_t n = 0; n < s->n; n++) {
        if (check(damage_copy(s->p, n)) && strstr(s->kind, "-bad") == NULL) {
            printf("# %s/%s: %lu octets accepted\n", s->kind, s->name,
                   (unsigned long)n);
            CHECK(!"a prefix is not a message");
        }
    }
    (void)damage_copy(s->p, s->n);
    for (size_t bit = 0; bit < 8 * s->n; bit += damage_step) {
        whole[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)check((struct bm_bytes){ whole, s->n });
        whole[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Run over all samples of `kind`; counts them. */
static inline size_t damage_all(const char *kind, damage_check *check)
{
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        if (strcmp(bm_samples[i].kind, kind) == 0) {
            CHECK(bm_samples[i].n <= DAMAGE_SAMPLE_MAX);
            damage_one(&bm_samples[i], check);
            n++;
        }
    }
    return n;
}

/* Does `inner` lie inside `outer`, or is it empty? */
static inline bool damage_inside(struct bm_bytes outer, struct bm_bytes inner)
{
    return inner.n == 0 || (inner.p >= outer.p && inner.n <= outer.n &&
                            (size_t)(inner.p - outer.p) <= outer.n - inner.n);
}

/*
 * A bad sample is named STATUS-FIELD-why, in hexadecimal: what its parser
 * must return, and what the diagnosis must name.
 */
static inline void damage_check_bad(const struct bm_sample *s, bm_status rc,
                                    const struct bm_diag *diag)
{
    char *end;
    unsigned long status = strtoul(s->name, &end, 16);
    unsigned long within = strtoul(end + 1, NULL, 16);

    if ((unsigned long)rc != status || diag->status != rc ||
        (unsigned long)diag->within != within ||
        bm_diag_offset(diag, s->p, s->n) == SIZE_MAX) {
        printf("# %s/%s: got %04x in %04x\n", s->kind, s->name, (unsigned)rc,
               (unsigned)diag->within);
        CHECK(!"refused for another reason");
    }
}

#endif
