/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/counts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two for each rule, and reasons: of this policy, and as many that are still to
 * be heard of those before. */
#define ROWS_MAX (2 * POLICY_RULES_MAX + 64)

struct row {
    uint8_t kind;
    char name[FIREWALL_NAME_MAX];
    char counter[FIREWALL_NAME_MAX + 16]; /* in the kernel */
    bool current;                         /* of the ruleset that is loaded */
    uint64_t kernel;                      /* as it was read last, */
    uint64_t now;                         /* and as it is being read */
    uint64_t frames;                      /* not heard */
    uint64_t told;                        /* of these, in the last reply */
};

struct counts {
    struct row *row;
    size_t n;
    size_t cap;
    size_t next; /* whose turn it is to be told */
};

bm_status counts_new(struct counts **counts)
{
    *counts = calloc(1, sizeof **counts);
    return *counts != NULL ? BM_OK : BM_E_MEMORY;
}

void counts_free(struct counts *counts)
{
    if (counts != NULL) {
        free(counts->row);
        free(counts);
    }
}

/* ---- Rows */

static struct row *find(const struct counts *c, const char *counter)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->row[i].counter, counter) == 0) {
            return &c->row[i];
        }
    }
    return NULL;
}

/* Of room that counts_reserve() has made. */
static void add(struct counts *c, enum firewall_kind kind, const char *prefix,
                const char *name)
{
    char counter[sizeof c->row->counter];
    struct row *row;

    (void)snprintf(counter, sizeof counter, "%s-%s", prefix, name);
    row = find(c, counter);
    if (row == NULL) {
        if (c->n == c->cap) {
            return;
        }
        row = &c->row[c->n++];
        memset(row, 0, sizeof *row);
        (void)snprintf(row->name, sizeof row->name, "%s", name);
        memcpy(row->counter, counter, sizeof counter);
    }
    row->kind = (uint8_t)kind;
    row->current = true;
    row->kernel = 0;
}

/* What nobody has to hear of any more goes. */
static void sift(struct counts *c)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->n; i++) {
        if (c->row[i].frames != 0) {
            c->row[i].current = false;
            c->row[kept++] = c->row[i];
        }
    }
    c->n = kept;
}

static void add_rule(struct counts *c, const struct policy_rule *r)
{
    const bool drops = r->verdict == POLICY_DROP || r->verdict == POLICY_RESET;
    char name[FIREWALL_NAME_MAX];

    (void)snprintf(name, sizeof name, "%s-%s",
                   policy_direction_name(r->direction), r->name);
    add(c, FIREWALL_LIMITED, "refused", name);
    if (r->log != POLICY_LOG_NONE) {
        add(c, drops ? FIREWALL_DROPPED : FIREWALL_PASSED, "rule", name);
    }
}

/* Reasons that are no rule's; "queue": nobody had read it in time. */
static const char *const reasons[] = { "default",   "malformed", "fragment",
                                       "extension", "state",     "full",
                                       "queue" };
#define REASONS (sizeof reasons / sizeof *reasons)

bm_status counts_reserve(struct counts *counts, const struct policy *policy)
{
    const size_t cap = counts->n + 2 * policy->n + REASONS;
    struct row *row =
        cap <= 2 * ROWS_MAX ? realloc(counts->row, cap * sizeof *row) : NULL;

    if (row == NULL) {
        return BM_E_MEMORY;
    }
    counts->row = row;
    counts->cap = cap;
    return BM_OK;
}

void counts_begin(struct counts *counts, const struct policy *policy,
                  enum policy_mode mode)
{
    sift(counts);
    for (size_t i = 0; i < REASONS; i++) {
        add(counts, FIREWALL_REASON, "drop", reasons[i]);
    }
    for (size_t i = 0; i < policy->n; i++) {
        if ((policy->rules[i].modes >> mode & 1) != 0) {
            add_rule(counts, &policy->rules[i]);
        }
    }
}

void counts_add(struct counts *counts, const char *counter, uint64_t frames)
{
    struct row *row = find(counts, counter);

    if (row != NULL && row->current) {
        row->frames += frames;
    }
}

/* ---- What the kernel says */

/* A rule that is about IP and about others has a counter in both tables. */
static void read_one(struct counts *c, const json_t *counter, const char *table)
{
    const char *of = json_string_value(json_object_get(counter, "table"));
    const char *name = json_string_value(json_object_get(counter, "name"));
    const json_int_t n =
        json_integer_value(json_object_get(counter, "packets"));
    struct row *row;

    if (of != NULL && name != NULL && n > 0 && strcmp(of, table) == 0) {
        row = find(c, name);
        if (row != NULL && row->current) {
            row->now += (uint64_t)n;
        }
    }
}

static void read_all(struct counts *c, const json_t *list, const char *table)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        read_one(c, json_object_get(item, "counter"), table);
    }
}

bm_status counts_read(struct counts *counts, const char *json,
                      const char *table)
{
    json_t *root = json_loads(json, 0, NULL);
    const json_t *list = json_object_get(root, "nftables");

    if (!json_is_array(list)) {
        json_decref(root);
        return BM_E_AGENT_RULESET;
    }
    for (size_t i = 0; i < counts->n; i++) {
        counts->row[i].now = 0;
    }
    read_all(counts, list, table);
    json_decref(root);
    for (size_t i = 0; i < counts->n; i++) {
        struct row *row = &counts->row[i];

        /* Below: somebody has set it to zero. */
        row->frames +=
            row->now >= row->kernel ? row->now - row->kernel : row->now;
        row->kernel = row->current ? row->now : 0;
    }
    return BM_OK;
}

/* ---- What is told */

void counts_put(struct counts *counts, struct bm_wr *w)
{
    const size_t first = counts->next;
    unsigned put = 0;

    for (size_t i = 0; i < counts->n; i++) {
        const size_t at = (first + i) % counts->n;
        struct row *row = &counts->row[at];
        struct firewall_count count = { row->kind, row->frames, "" };

        row->told = 0;
        if (row->frames != 0 && put < FIREWALL_COUNTS) {
            memcpy(count.name, row->name, sizeof count.name);
            firewall_count_put(w, &count);
            row->told = row->frames;
            counts->next = at + 1;
            put++;
        }
    }
}

void counts_heard(struct counts *counts)
{
    for (size_t i = 0; i < counts->n; i++) {
        counts->row[i].frames -= counts->row[i].told;
        counts->row[i].told = 0;
    }
}
