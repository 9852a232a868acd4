/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * From a frame to its rule. Conditions stand one after another, those of the
 * highest priority first, and the first that fits decides. Where there are
 * many, a verdict map parts them by one field: each range of it leads to a
 * chain of those conditions that a value of it can fit, in the same order, with
 * all of their fields. So which one fits first is the same with and without.
 */

/* Fewer are quicker one after another. */
#define SPLIT_MIN 5

/* Chains together hold so many times what they were made of, at most: ranges
 * and conditions without ranges multiply. */
#define GROW_MAX 4

/* Fields that a search may go by, each once on a way. */
#define BIT(field) (1u << (field))
#define FIELDS     (BIT(POLICY_PORT) | BIT(POLICY_PEER4) | BIT(POLICY_PEER6))

#define NOWHERE SIZE_MAX

/* A condition, and the rule that it leads to. */
struct entry {
    size_t rule;
    const struct policy_box *box;
};

struct list {
    struct entry *entries;
    size_t n;
};

/* Where the frames of a chain come from, and its name so far. */
struct search {
    const struct nft *w;
    enum policy_direction direction;
    enum policy_kind kind;
    unsigned proto;  /* 0: those that have no chain of their own */
    unsigned fields; /* that nobody went by yet: BIT() */
    char name[64];
};

/* The values at which a range of some condition begins, or has ended: between
 * two of them, the same conditions fit. */
struct parts {
    enum policy_field field;
    struct policy_value *first;
    size_t n;
};

/* ---- One after another */

static void put_list(const struct search *s, const struct list *l)
{
    FILE *f = s->w->f;

    fprintf(f, " chain %s {\n", s->name);
    for (size_t i = 0; i < l->n; i++) {
        const struct entry *e = &l->entries[i];

        fputc(' ', f);
        if (s->proto == 0) {
            nft_match_proto(s->w, e->box);
        }
        nft_match(s->w, &s->w->policy->rules[e->rule], e->box);
        fputs(" goto rule-", f);
        nft_rule_name(s->w, e->rule);
        fputc('\n', f);
    }
    fputs("  goto drop-default\n }\n", f);
}

/* ---- By a field */

static int order_of(const void *a, const void *b)
{
    return policy_value_order(*(const struct policy_value *)a,
                              *(const struct policy_value *)b);
}

static bool find_parts(const struct list *l, struct parts *p)
{
    size_t most = 1;

    for (size_t i = 0; i < l->n; i++) {
        most += 2 * l->entries[i].box->set[p->field].n;
    }
    p->first = calloc(most, sizeof *p->first);
    if (p->first == NULL) {
        return false;
    }
    p->n = 1; /* zero */
    for (size_t i = 0; i < l->n; i++) {
        const struct policy_set *set = &l->entries[i].box->set[p->field];

        for (size_t k = 0; k < set->n; k++) {
            p->first[p->n++] = set->ranges[k].first;
            p->first[p->n++] = policy_value_next(set->ranges[k].last);
        }
    }
    qsort(p->first, p->n, sizeof *p->first, order_of);
    most = p->n;
    p->n = 1;
    for (size_t i = 1; i < most; i++) {
        if (policy_value_order(p->first[i], p->first[p->n - 1]) != 0) {
            p->first[p->n++] = p->first[i];
        }
    }
    /* Behind the last value there is nothing. */
    while (policy_value_order(p->first[p->n - 1],
                              policy_value_max(nft_bits(p->field))) > 0) {
        p->n--;
    }
    return true;
}

/* Those of `l` that fit part `i`. */
static void fill(const struct list *l, const struct parts *p, size_t i,
                 struct list *fits)
{
    fits->n = 0;
    for (size_t k = 0; k < l->n; k++) {
        if (policy_set_has(&l->entries[k].box->set[p->field], p->first[i])) {
            fits->entries[fits->n++] = l->entries[k];
        }
    }
}

static bool same(const struct list *a, const struct list *b)
{
    return a->n == b->n &&
           (a->n == 0 ||
            memcmp(a->entries, b->entries, a->n * sizeof *a->entries) == 0);
}

/* Is anything gained: is no part more than half, and all not too much? */
static bool is_worth(const struct list *l, const struct parts *p,
                     struct list *fits)
{
    size_t all = 0;

    for (size_t i = 0; i < p->n; i++) {
        fill(l, p, i, fits);
        all += fits->n;
        if (2 * fits->n > l->n || all > GROW_MAX * l->n) {
            return false;
        }
    }
    return true;
}

/* The end of part `i`: parts cover all values. */
static struct policy_value last_of(const struct parts *p, size_t i)
{
    return i + 1 < p->n ? policy_value_before(p->first[i + 1])
                        : policy_value_max(nft_bits(p->field));
}

static const char *key_of(const struct search *s, enum policy_field field)
{
    return field == POLICY_PORT ? "th dport" : nft_peer(s->direction, s->kind);
}

/* Parts that lead to one chain stand side by side, and are one range. */
static void put_map(const struct search *s, const struct parts *p,
                    const size_t *chain)
{
    FILE *f = s->w->f;
    const char *comma = "";

    fprintf(f, " chain %s {\n  %s vmap {", s->name, key_of(s, p->field));
    for (size_t i = 0; i < p->n; i++) {
        struct policy_range range = { p->first[i], last_of(p, i) };
        size_t to = chain[i];

        if (to == NOWHERE) {
            continue;
        }
        while (i + 1 < p->n && chain[i + 1] == to) {
            range.last = last_of(p, ++i);
        }
        fprintf(f, "%s ", comma);
        nft_put_range(f, &range, p->field);
        fprintf(f, " : goto %s-%zu", s->name, to);
        comma = ",";
    }
    fputs(" }\n  goto drop-default\n }\n", f);
}

/* NOLINTBEGIN(misc-no-recursion): as deep as there are fields */

static void put(struct search *s, const struct list *l);

/* The chains that parts lead to; `chain` gets which. */
static void put_parts(struct search *s, const struct list *l,
                      const struct parts *p, struct list room[2], size_t *chain)
{
    size_t n = strlen(s->name);

    room[1].n = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct list *fits = &room[i % 2];
        const struct list *before = &room[1 - i % 2];

        fill(l, p, i, fits);
        if (fits->n == 0) {
            chain[i] = NOWHERE;
        } else if (same(fits, before)) {
            chain[i] = chain[i - 1];
        } else {
            chain[i] = i;
            (void)snprintf(s->name + n, sizeof s->name - n, "-%zu", i);
            put(s, fits);
            s->name[n] = '\0';
        }
    }
}

/* False: nothing was put, since nothing is gained, or there is no memory. */
static bool put_split(struct search *s, const struct list *l,
                      enum policy_field field)
{
    struct parts p = { .field = field };
    struct list room[2];
    size_t *chain = NULL;
    bool done = false;

    for (size_t i = 0; i < 2; i++) {
        room[i] = (struct list){ calloc(l->n, sizeof *l->entries), 0 };
    }
    if (room[0].entries != NULL && room[1].entries != NULL &&
        find_parts(l, &p) && is_worth(l, &p, &room[0])) {
        chain = calloc(p.n, sizeof *chain);
    }
    if (chain != NULL) {
        s->fields &= ~BIT(field);
        put_parts(s, l, &p, room, chain);
        put_map(s, &p, chain);
        s->fields |= BIT(field);
        done = true;
    }
    free(chain);
    free(p.first);
    free(room[0].entries);
    free(room[1].entries);
    return done;
}

static void put(struct search *s, const struct list *l)
{
    static const enum policy_field fields[] = { POLICY_PORT, POLICY_PEER4,
                                                POLICY_PEER6 };

    for (size_t i = 0; l->n >= SPLIT_MIN && i < sizeof fields / sizeof *fields;
         i++) {
        if ((s->fields & BIT(fields[i])) != 0 && put_split(s, l, fields[i])) {
            return;
        }
    }
    put_list(s, l);
}

/* NOLINTEND(misc-no-recursion) */

/* ---- All conditions of a chain */

static bool belongs(const struct search *s, const struct policy_rule *rule,
                    const struct policy_box *box)
{
    if (rule->direction != s->direction || box->kind != s->kind) {
        return false;
    }
    if (s->proto != 0) {
        return nft_has_proto(box, s->proto);
    }
    return s->kind == POLICY_ARP || s->kind == POLICY_OTHER ||
           nft_has_others(box);
}

static unsigned fields_of(enum policy_kind kind, unsigned proto)
{
    unsigned ports = proto == POLICY_PROTO_TCP || proto == POLICY_PROTO_UDP
                         ? BIT(POLICY_PORT)
                         : 0;

    switch (kind) {
    case POLICY_OTHER:
        return 0;
    case POLICY_IPV6:
        return ports | BIT(POLICY_PEER6);
    default:
        return ports | BIT(POLICY_PEER4);
    }
}

bool nft_search(const struct nft *w, const struct nft_search_config *c)
{
    struct search s = { .w = w,
                        .direction = c->direction,
                        .kind = c->kind,
                        .proto = c->proto,
                        .fields = fields_of(c->kind, c->proto) };
    struct list all = { NULL, 0 };
    size_t most = 1;

    for (size_t i = 0; i < w->n; i++) {
        most += w->policy->rules[w->order[i]].boxes_n;
    }
    all.entries = calloc(most, sizeof *all.entries);
    if (all.entries == NULL) {
        return false;
    }
    for (size_t i = 0; i < w->n; i++) {
        const struct policy_rule *r = &w->policy->rules[w->order[i]];

        for (size_t k = 0; k < r->boxes_n; k++) {
            if (belongs(&s, r, &r->boxes[k])) {
                all.entries[all.n++] =
                    (struct entry){ w->order[i], &r->boxes[k] };
            }
        }
    }
    (void)snprintf(s.name, sizeof s.name, "%s", c->name);
    put(&s, &all);
    free(all.entries);
    return true;
}
