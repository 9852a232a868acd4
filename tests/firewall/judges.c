/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/judges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/compile.h"
#include "policy/judge.h"
#include "policy/nft.h"
#include "policy/table.h"

/* Differences that are shown in full. */
#define SHOWN 8

static const char *const names[] = { "dropped", "passed", "reset" };

static void differ(struct tally *t, const char *judge, const struct step *s,
                   unsigned got)
{
    t->verdicts += step_verdict_of(got) != step_verdict_of(s->want);
    if (++t->differences > SHOWN || t->quiet) {
        return;
    }
    printf("# %s: %s (%u, %u), where the reference says %s (%u, %u): %s ",
           judge, names[step_verdict_of(got)], step_reason_of(got),
           step_rule_of(got), names[step_verdict_of(s->want)],
           step_reason_of(s->want), step_rule_of(s->want),
           s->a == BM_FW_IN ? "in" : "out");
    for (uint32_t i = 0; i < s->n && i < BM_FW_LOOK; i++) {
        printf("%02x", (unsigned)s->p[i]);
    }
    printf("\n");
}

/* ---- The reference */

static struct policy_judge *renew(struct policy_judge *old,
                                  const struct policy *policy,
                                  enum policy_mode mode)
{
    struct bm_fw_subnets subnets = step_subnets();
    struct policy_judge *judge = policy_judge_new(policy);

    policy_judge_free(old);
    if (judge != NULL) {
        policy_judge_set_subnets(judge, &subnets);
        policy_judge_set_mode(judge, mode);
    }
    return judge;
}

static unsigned reference(struct policy_judge *judge,
                          const struct policy *policy, const struct step *s,
                          uint64_t now)
{
    struct policy_judgement j =
        policy_judge_frame(judge, (enum bm_fw_direction)s->a,
                           (struct bm_bytes){ s->p, s->n }, s->n, now);

    enum step_verdict v = STEP_DROPPED;

    if (j.verdict == POLICY_ALLOW || j.verdict == POLICY_OBSERVE) {
        v = STEP_PASSED;
    } else if (j.verdict == POLICY_RESET && !step_is_reset(s->p, s->n)) {
        v = STEP_RESET;
    }
    return step_outcome(v, j.reason,
                        j.rule == NULL ? BM_FW_NO_RULE
                                       : (unsigned)(j.rule - policy->rules));
}

bool judges_reference(struct corpus *c, const struct policy *policy,
                      struct tally *t)
{
    struct policy_judge *judge = NULL;
    enum policy_mode mode = POLICY_NORMAL;
    uint64_t now = 0;
    size_t at = 0;
    struct step s;
    size_t begin = 0;

    while (step_next(c->p, c->n, &at, &s)) {
        if (s.op == STEP_FRAME) {
            unsigned v = reference(judge, policy, &s, now);

            c->p[begin + 2] = (uint8_t)v;
            c->p[begin + 3] = (uint8_t)(v >> 8);
            t->reference++;
            t->passed += step_verdict_of(v) == STEP_PASSED;
            t->resets += step_verdict_of(v) == STEP_RESET;
            t->reasons[step_reason_of(v)]++;
        } else if (s.op == STEP_WAIT) {
            now += s.n;
        } else if (s.op == STEP_MODE) {
            mode = (enum policy_mode)s.a;
            policy_judge_set_mode(judge, mode);
        } else {
            mode = s.op == STEP_TABLE ? POLICY_NORMAL : mode;
            judge = renew(judge, policy, mode);
            if (judge == NULL) {
                return false;
            }
        }
        begin = at;
    }
    policy_judge_free(judge);
    return true;
}

/* ---- The engine */

bool judges_engine(const struct corpus *c, size_t ram, struct tally *t)
{
    struct step_engine *e = calloc(1, sizeof *e);
    bool ok = e != NULL;
    size_t at = 0;
    struct step s;

    if (ok) {
        e->room = malloc(ram);
        e->room_n = ram;
        ok = e->room != NULL;
    }
    while (ok && step_next(c->p, c->n, &at, &s)) {
        int v = step_engine_take(e, &s);

        ok = v >= 0;
        if (ok && s.op == STEP_FRAME) {
            t->engine++;
            if ((unsigned)v != s.want) {
                differ(t, "engine", &s, (unsigned)v);
            }
        }
    }
    if (e != NULL) {
        free(e->room);
    }
    free(e);
    return ok;
}

/* ---- Linux */

static bool load_rules(const struct policy *policy, enum policy_mode mode,
                       const struct queued *q)
{
    static const char *const devices[] = { KERNEL_DEVICE, NULL };
    struct bm_fw_subnets subnets = step_subnets();
    struct policy_nft_config config = { .table = "birthmark",
                                        .devices = devices,
                                        .mode = mode,
                                        .subnets = &subnets,
                                        .tag = 77 };
    struct config_error error;
    char *text;
    bool ok;

    config.queue = q != NULL ? POLICY_NFT_QUEUE : 0;
    if (policy_nft(policy, &config, &text, &error) != BM_OK) {
        printf("# %u:%u: %s\n", error.line, error.column, error.words);
        return false;
    }
    ok = kernel_load(text);
    free(text);
    return ok;
}

/*
 * By turns of what people wrote, and of the table that was made of it, as a
 * device has it: it is the same policy.
 */
static bool load(const struct policy *policy, enum policy_mode mode,
                 struct queued *q)
{
    static unsigned turn;
    struct policy_compiled compiled;
    struct policy *read = NULL;
    bool ok;

    if (turn++ % 3 == 0) {
        return load_rules(policy, mode, q);
    }
    ok = policy_compile(policy, &compiled, NULL, NULL) == BM_OK &&
         policy_from_table((struct bm_bytes){ compiled.table, compiled.n },
                           mode, &read) == BM_OK &&
         load_rules(read, mode, q);
    policy_compiled_wipe(&compiled);
    policy_free(read);
    return ok;
}

static bool has_rates(const struct policy *policy)
{
    for (size_t i = 0; i < policy->n; i++) {
        if (policy->rules[i].rate.count != 0) {
            return true;
        }
    }
    return false;
}

static bool judge(struct kernel *k, const struct step *s, struct tally *t)
{
    int v;

    if (!kernel_takes((enum bm_fw_direction)s->a, s->p, s->n)) {
        t->apart++;
        return true;
    }
    v = kernel_judge(k, (enum bm_fw_direction)s->a, s->p, s->n);
    if (v < 0) {
        printf("# the kernel takes no frame: errno %d\n", errno);
        differ(t, "nft", s, 0);
        return false;
    }
    t->kernel++;
    if ((unsigned)v != step_verdict_of(s->want)) {
        differ(t, "nft", s, (unsigned)v);
    }
    return true;
}

/* Of who reads the queue, what a step asks for. */
static bool step_queued(struct queued *q, const struct step *s,
                        struct bm_bytes *table)
{
    switch (s->op) {
    case STEP_WAIT:
        q->now += s->n;
        return true;
    case STEP_MODE:
        inspect_set_mode(q->inspect, (enum bm_fw_mode)s->a);
        return true;
    case STEP_TABLE:
        *table = (struct bm_bytes){ s->p, s->n };
        return queued_table(q, *table);
    case STEP_CLEAR:
        return queued_table(q, *table);
    default:
        return true;
    }
}

static bool step_kernel(struct kernel *k, const struct step *s,
                        const struct policy *policy, enum policy_mode *mode,
                        struct queued *q)
{
    switch (s->op) {
    case STEP_WAIT:
        /* Conntrack counts seconds; no rate of such a policy is its own. */
        return (q != NULL && s->n < 1000) || kernel_age(k, s->n / 1000);
    case STEP_MODE:
        *mode = (enum policy_mode)s->a;
        return load(policy, *mode, q);
    case STEP_TABLE:
        *mode = POLICY_NORMAL;
        return load(policy, *mode, q) && kernel_forget(k);
    default:
        return (!has_rates(policy) || load(policy, *mode, q)) &&
               kernel_forget(k);
    }
}

bool judges_queued(const struct corpus *c, const struct policy *policy,
                   struct kernel *k, struct queued *q, struct tally *t)
{
    enum policy_mode mode = POLICY_NORMAL;
    struct bm_bytes table = { NULL, 0 };
    bool ok = true;
    size_t at = 0;
    struct step s;

    k->meanwhile = q != NULL ? queued_serve : NULL;
    k->context = q;
    while (ok && step_next(c->p, c->n, &at, &s)) {
        ok = q == NULL || step_queued(q, &s, &table);
        ok = ok && (s.op == STEP_FRAME ? judge(k, &s, t)
                                       : step_kernel(k, &s, policy, &mode, q));
    }
    k->meanwhile = NULL;
    return ok;
}

bool judges_kernel(const struct corpus *c, const struct policy *policy,
                   struct kernel *k, struct tally *t)
{
    return judges_queued(c, policy, k, NULL, t);
}

static uint64_t milliseconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool judges_rate(const struct policy *policy, struct kernel *k,
                 struct pace *pace)
{
    struct policy_judge *judge = renew(NULL, policy, POLICY_NORMAL);
    bool ok = judge != NULL && load(policy, POLICY_NORMAL, NULL);
    uint64_t begin = milliseconds();
    uint64_t now = begin;
    struct frame f;

    *pace = (struct pace){ 0 };
    frame_ipv4(&f, BM_FW_IN, BM_FW_PROTO_UDP);
    frame_udp(&f, 4000, 9);
    while (ok && now - begin < 600) {
        struct step s = { STEP_FRAME, BM_FW_IN, 0, (uint32_t)f.n, f.p };
        int v = kernel_judge(k, BM_FW_IN, f.p, f.n);
        uint64_t before = now;

        pace->frames++;
        pace->reference +=
            step_verdict_of(reference(judge, policy, &s, now - begin)) ==
            STEP_PASSED;
        pace->kernel += v == KERNEL_PASSED;
        ok = v >= 0;
        now = milliseconds();
        pace->gap =
            now - before > pace->gap ? (unsigned)(now - before) : pace->gap;
    }
    pace->elapsed = (unsigned)(now - begin);
    policy_judge_free(judge);
    return ok;
}
