/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/octets.h"
#include "firewall/state.h"
#include "firewall/table_internal.h"

/* Rates and thresholds: docs/firewall.md, "Rates". */

/* An interval of a threshold, in milliseconds. */
#define INTERVAL 1000

/* A rate as the table says it. */
struct rate {
    uint32_t speed; /* tokens in a millisecond, in 1/65536 */
    uint32_t most;  /* burst, in 1/65536 */
};

static uint32_t tokens_at(const struct bm_fw_bucket *b, struct rate r,
                          uint32_t now)
{
    uint64_t tokens = (uint64_t)(now - b->at) * r.speed + b->tokens;

    return tokens < r.most ? (uint32_t)tokens : r.most;
}

static bool take(struct bm_fw_bucket *b, struct rate r, uint32_t now)
{
    b->tokens = tokens_at(b, r, now);
    b->at = now;
    if (b->tokens < 65536) {
        return false;
    }
    b->tokens -= 65536;
    return true;
}

/* ---- Sources */

/* A peer's place is found by its address; who has none, by zeros. */
static uint16_t *head_of(const struct bm_fw *fw, unsigned limit,
                         const uint32_t peer[4])
{
    uint32_t h = peer[0] * fw->keys[0] + (peer[1] ^ limit) * fw->keys[1];

    h += (peer[2] ^ h >> 16) * fw->keys[2];
    h += (peer[3] ^ h >> 16) * fw->keys[3];
    h = (h ^ h >> 16) * fw->keys[2];
    return &fw->source_heads[(h ^ h >> 16) & fw->source_mask];
}

/* Frames of ARP count for the IPv4 address that they come from. */
static unsigned kind_of(const struct bm_fw_packet *p)
{
    return p->family == BM_FW_ARP ? BM_FW_IPV4 : p->family;
}

static bool is_of(const struct bm_fw_source *s, unsigned limit,
                  const struct bm_fw_packet *p)
{
    return s->limit == limit && s->kind == kind_of(p) &&
           s->peer[0] == p->peer[0] && s->peer[1] == p->peer[1] &&
           s->peer[2] == p->peer[2] && s->peer[3] == p->peer[3];
}

static void unlink_source(struct bm_fw *fw, struct bm_fw_limit *l,
                          struct bm_fw_source *s)
{
    if (s->older == BM_FW_NONE) {
        l->oldest = s->newer;
    } else {
        fw->sources[s->older].newer = s->newer;
    }
    if (s->newer == BM_FW_NONE) {
        l->newest = s->older;
    } else {
        fw->sources[s->newer].older = s->older;
    }
}

static void make_newest(struct bm_fw *fw, struct bm_fw_limit *l,
                        struct bm_fw_source *s)
{
    unsigned place = (unsigned)(s - fw->sources);

    s->older = l->newest;
    s->newer = BM_FW_NONE;
    if (l->newest == BM_FW_NONE) {
        l->oldest = (uint16_t)place;
    } else {
        fw->sources[l->newest].newer = (uint16_t)place;
    }
    l->newest = (uint16_t)place;
}

/*
 * A place for a new source: unused, or of who is as good as new; or NULL. Of
 * the latter the bucket has no more than the one of all who had no place: who
 * emptied that may have been this one.
 */
static struct bm_fw_source *place_for(struct bm_fw *fw, struct bm_fw_limit *l,
                                      struct rate r, uint32_t now)
{
    struct bm_fw_source *s;
    uint16_t *at;

    if (l->used < fw->table.sources) {
        s = &fw->sources[l->first + l->used++];
        s->bucket.tokens = r.most;
        return s;
    }
    s = &fw->sources[l->oldest];
    if (tokens_at(&s->bucket, r, now) < r.most) {
        return NULL;
    }
    at = head_of(fw, s->limit, s->peer);
    while (*at != l->oldest) {
        at = &fw->sources[*at].chain;
    }
    *at = s->chain;
    unlink_source(fw, l, s);
    s->bucket.tokens = tokens_at(&l->bucket, r, now);
    return s;
}

static struct bm_fw_bucket *bucket_of(struct bm_fw *fw, unsigned limit,
                                      const struct bm_fw_packet *p,
                                      struct rate r, uint32_t now)
{
    struct bm_fw_limit *l = &fw->limits[limit];
    uint16_t *head = head_of(fw, limit, p->peer);
    struct bm_fw_source *s;

    for (unsigned at = *head; at != BM_FW_NONE; at = s->chain) {
        s = &fw->sources[at];
        if (is_of(s, limit, p)) {
            unlink_source(fw, l, s);
            make_newest(fw, l, s);
            return &s->bucket;
        }
    }
    s = place_for(fw, l, r, now);
    if (s == NULL) {
        return &l->bucket;
    }
    for (unsigned i = 0; i < 4; i++) {
        s->peer[i] = p->peer[i];
    }
    s->kind = kind_of(p);
    s->limit = (uint16_t)limit;
    s->bucket.at = now;
    s->chain = *head;
    *head = (uint16_t)(s - fw->sources);
    make_newest(fw, l, s);
    return &s->bucket;
}

/* ---- Rules */

/* Is the threshold over, this frame counted? */
static bool over(struct bm_fw_limit *l, const uint8_t *rule, uint32_t now)
{
    uint32_t high = bm_fw_le32(rule + BM_FW_RULE_HIGH);
    uint32_t low = bm_fw_le32(rule + BM_FW_RULE_LOW);
    uint32_t since = now - l->start;

    if (!l->begun || since >= INTERVAL) {
        /* One that nobody came in, as between, had fewer than any. */
        if (l->count < low || since >= 2 * INTERVAL) {
            l->over = 0;
        }
        l->begun = 1;
        l->start = now;
        l->count = 0;
    }
    if (l->count != UINT32_MAX) {
        l->count++;
    }
    if (l->count > high) {
        l->over = 1;
    }
    return l->over != 0;
}

enum bm_fw_reason bm_fw_limit_judge(struct bm_fw *fw, unsigned rule,
                                    const struct bm_fw_packet *p, uint32_t now)
{
    const uint8_t *r = fw->table.rules + BM_FW_RULE_SIZE * rule;
    unsigned limit = fw->rules[rule].limit - (BM_FW_UNLIMITED + 1u);
    struct bm_fw_limit *l = &fw->limits[limit];
    struct bm_fw_bucket *bucket = &l->bucket;
    struct rate rate = { bm_fw_le32(r + BM_FW_RULE_RATE),
                         (uint32_t)bm_fw_le16(r + BM_FW_RULE_BURST) << 16 };

    if (bm_fw_le32(r + BM_FW_RULE_HIGH) != 0 && over(l, r, now)) {
        return BM_FW_THRESHOLD;
    }
    if (rate.speed == 0 ||
        ((r[1] & BM_FW_CONNECTIONS) != 0 && !bm_fw_flow_may_open(p))) {
        return BM_FW_BY_RULE;
    }
    if ((r[1] & BM_FW_PER_SOURCE) != 0) {
        bucket = bucket_of(fw, limit, p, rate, now);
    }
    return take(bucket, rate, now) ? BM_FW_BY_RULE : BM_FW_RATE;
}
