/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gcra.h"

#include <stdlib.h>
#include <string.h>

#include "store/siphash.h"

/*
 * A key has one number: the theoretical arrival time (ITU-T I.371), when its
 * bucket will have run empty if it stays away. An action adds one interval to
 * it, and is in order while it is no more than a burst ahead of now. A time
 * that has passed says nothing any more, so such a row is as good as free.
 *
 * The table is made of sets; a key may stand anywhere in its own. Eight rows
 * are two cache lines, and enough for a set to overflow late.
 */
#define SET_ROWS 8

struct row {
    uint64_t tag; /* hash of the key; 0: free */
    uint64_t due; /* nanoseconds: some rates are above 1 per microsecond */
};

struct gcra {
    uint8_t secret[16];
    uint64_t interval; /* nanoseconds per action */
    uint64_t ahead;    /* how far `due` may be ahead */
    size_t sets;       /* a power of two */
    struct row rows[];
};

/* Longest time that a full bucket may take to run empty: 30 years, so that
 * sums stay far from the end of 64 bits. */
#define AHEAD_MAX (1e18)

bm_status gcra_new(const struct gcra_config *config, struct gcra **gcra)
{
    double interval = 1e9 / config->rate;
    struct gcra *g;
    size_t sets = 1;

    *gcra = NULL;
    if (!(config->rate > 0) || !(config->burst >= 1) || config->keys == 0 ||
        config->keys > SIZE_MAX / 64 || interval * config->burst > AHEAD_MAX) {
        return BM_E_ARGUMENT;
    }
    while (sets * SET_ROWS < config->keys) {
        sets *= 2;
    }
    g = calloc(1, sizeof(*g) + sets * SET_ROWS * sizeof(g->rows[0]));
    if (g == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(g->secret, config->secret, sizeof(g->secret));
    g->interval = interval < 1 ? 1 : (uint64_t)interval;
    g->ahead = (uint64_t)((config->burst - 1) * interval);
    g->sets = sets;
    *gcra = g;
    return BM_OK;
}

void gcra_free(struct gcra *gcra)
{
    if (gcra != NULL) {
        bm_wipe(gcra->secret, sizeof(gcra->secret));
        free(gcra);
    }
}

/* First row of the key's set, and the key's tag. */
static size_t locate(const struct gcra *gcra, struct bm_bytes key,
                     uint64_t *tag)
{
    uint8_t hash[16];
    uint64_t where;

    siphash_128(gcra->secret, key, hash);
    memcpy(tag, hash, 8);
    memcpy(&where, hash + 8, 8);
    *tag += *tag == 0;
    return (size_t)(where & (gcra->sets - 1)) * SET_ROWS;
}

/* The key's row, or SET_ROWS; `*victim` is where a new one may stand. */
static size_t find(const struct row *set, uint64_t tag, size_t *victim)
{
    *victim = 0;
    for (size_t i = 0; i < SET_ROWS; i++) {
        if (set[i].tag == tag) {
            return i;
        }
        if (set[i].due < set[*victim].due) {
            *victim = i;
        }
    }
    return SET_ROWS;
}

/* Seconds until an action at `now` would be in order; 0: it is. */
static unsigned wait_for(const struct gcra *gcra, uint64_t due, uint64_t now)
{
    uint64_t ns;

    if (due <= now + gcra->ahead) {
        return 0;
    }
    ns = due - gcra->ahead - now;
    ns = ns / 1000000000U + (ns % 1000000000U != 0);
    return ns > UINT32_MAX ? UINT32_MAX : (unsigned)ns;
}

unsigned gcra_take(struct gcra *gcra, struct bm_bytes key, uint64_t now_us)
{
    uint64_t now = now_us * 1000;
    uint64_t tag;
    size_t victim;
    size_t i;
    struct row *set;
    unsigned wait;

    if (gcra == NULL) {
        return 0;
    }
    set = &gcra->rows[locate(gcra, key, &tag)];
    i = find(set, tag, &victim);
    if (i == SET_ROWS) {
        i = victim;
        set[i] = (struct row){ tag, now };
    }
    wait = wait_for(gcra, set[i].due, now);
    if (wait == 0) {
        set[i].due = (set[i].due < now ? now : set[i].due) + gcra->interval;
    }
    return wait;
}

unsigned gcra_look(const struct gcra *gcra, struct bm_bytes key,
                   uint64_t now_us)
{
    uint64_t tag;
    size_t victim;
    const struct row *set;
    size_t i;

    if (gcra == NULL) {
        return 0;
    }
    set = &gcra->rows[locate(gcra, key, &tag)];
    i = find(set, tag, &victim);
    return i == SET_ROWS ? 0 : wait_for(gcra, set[i].due, now_us * 1000);
}

void gcra_give(struct gcra *gcra, struct bm_bytes key, uint64_t now_us)
{
    uint64_t tag;
    size_t victim;
    struct row *set;
    size_t i;

    if (gcra == NULL) {
        return;
    }
    set = &gcra->rows[locate(gcra, key, &tag)];
    i = find(set, tag, &victim);
    /* What has run out by itself gives nothing back: no credit is saved. */
    if (i != SET_ROWS && set[i].due > now_us * 1000) {
        set[i].due -= gcra->interval;
    }
}
