/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "policy/judge_internal.h"

/* docs/firewall.md, "Rates". */

#define TOKEN    65536
#define INTERVAL 1000 /* of a threshold, in milliseconds */

static uint64_t most(const struct policy_rule *rule)
{
    return (uint64_t)rule->rate.burst * TOKEN;
}

bool judge_limit_init(struct judge_limit *limit, const struct policy *policy,
                      const struct policy_rule *rule)
{
    *limit = (struct judge_limit){ .bucket = { most(rule), 0 } };
    if (rule->rate.per_source) {
        limit->places = policy->sources;
        limit->sources = calloc(limit->places + 1, sizeof *limit->sources);
        return limit->sources != NULL;
    }
    return true;
}

void judge_limit_wipe(struct judge_limit *limit)
{
    free(limit->sources);
    limit->sources = NULL;
}

/* ---- Thresholds */

bool judge_threshold(struct judge_limit *limit, const struct policy_rule *rule,
                     uint64_t now)
{
    if (!limit->counting || now >= limit->start + INTERVAL) {
        /* The interval that is over; and the one after it, in which nothing
         * came, if that is over, too. */
        if (limit->count < rule->threshold.low ||
            now >= limit->start + 2 * (uint64_t)INTERVAL) {
            limit->over = false;
        }
        limit->counting = true;
        limit->start = now;
        limit->count = 0;
    }
    limit->count++;
    if (limit->count > rule->threshold.high) {
        limit->over = true;
    }
    return limit->over;
}

/* ---- Buckets */

static void fill(struct judge_bucket *bucket, const struct policy_rule *rule,
                 uint64_t now)
{
    bucket->tokens += (now - bucket->at) * rule->rate.fill;
    if (bucket->tokens > most(rule)) {
        bucket->tokens = most(rule);
    }
    bucket->at = now;
}

static bool is_of(const struct judge_source *s, const struct bm_fw_packet *p)
{
    return s->six == (p->family == BM_FW_IPV6) &&
           s->none == (p->family == BM_FW_OTHER) &&
           memcmp(s->peer, p->peer, sizeof s->peer) == 0;
}

/* The source becomes the one that was heard last. */
static struct judge_bucket *hear(struct judge_limit *limit, size_t i,
                                 struct judge_source source)
{
    memmove(&limit->sources[i], &limit->sources[i + 1],
            (limit->sources_n - i - 1) * sizeof source);
    limit->sources[limit->sources_n - 1] = source;
    return &limit->sources[limit->sources_n - 1].bucket;
}

static struct judge_bucket *bucket_of(struct judge_limit *limit,
                                      const struct policy_rule *rule,
                                      const struct bm_fw_packet *p,
                                      uint64_t now)
{
    struct judge_source source = { .six = p->family == BM_FW_IPV6,
                                   .none = p->family == BM_FW_OTHER,
                                   .bucket = { most(rule), now } };

    for (size_t i = 0; i < limit->sources_n; i++) {
        if (is_of(&limit->sources[i], p)) {
            return hear(limit, i, limit->sources[i]);
        }
    }
    memcpy(source.peer, p->peer, sizeof source.peer);
    if (limit->sources_n < limit->places) {
        limit->sources_n++;
        return hear(limit, limit->sources_n - 1, source);
    }
    fill(&limit->sources[0].bucket, rule, now);
    if (limit->sources[0].bucket.tokens == most(rule)) {
        /* Until now it took from the one of all without a place. */
        fill(&limit->bucket, rule, now);
        source.bucket = limit->bucket;
        return hear(limit, 0, source);
    }
    return &limit->bucket;
}

bool judge_rate(struct judge_limit *limit, const struct policy_rule *rule,
                const struct bm_fw_packet *packet, uint64_t now)
{
    struct judge_bucket *bucket = &limit->bucket;

    if (rule->rate.per_source) {
        bucket = bucket_of(limit, rule, packet, now);
    }
    fill(bucket, rule, now);
    if (bucket->tokens < TOKEN) {
        return false;
    }
    bucket->tokens -= TOKEN;
    return true;
}
