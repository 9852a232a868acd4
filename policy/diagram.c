/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/diagram_internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * A node is made of the boxes that are still possible when its field is looked
 * at. Where a condition begins or ends, the set of possible boxes changes: the
 * values between two such places are one range, whose target is made of the
 * boxes that are possible there, with the next field. What was made of the
 * same boxes is made once (`known`), and nodes that came out equal are one
 * (`cons`).
 *
 * Boxes that cannot decide any more are let go at once, or else a rule about
 * everything would keep apart what is the same.
 */

/* Octets of memory; a policy of 10,000 rules takes some 20 MB. */
#define MEMORY_MAX ((size_t)512 << 20)

/* Boxes looked at, over all ranges: some seconds. */
#define WORK_MAX ((uint64_t)1 << 29)

struct policy_value policy_field_max(enum policy_field field)
{
    static const unsigned bits[POLICY_FIELDS] = {
        [POLICY_TYPE] = 16,  [POLICY_PROTO] = 8,  [POLICY_PORT] = 16,
        [POLICY_SUBNET] = 1, [POLICY_PEER4] = 32, [POLICY_PEER6] = 128,
        [POLICY_SPORT] = 16, [POLICY_MAC] = 48,
    };

    return policy_value_max(bits[field]);
}

static const struct policy_rule *rule_of(const struct build *b, uint32_t box)
{
    return &b->policy->rules[b->boxes[box].rule];
}

/* ---- Which boxes are possible */

/* Has the box no condition on this field nor any behind it? */
static bool is_complete(const struct policy_box *box, unsigned field)
{
    for (; field < POLICY_FIELDS; field++) {
        if (box->set[field].n != 0) {
            return false;
        }
    }
    return true;
}

/* The first of the highest priority among those that will hold for sure. */
static const struct policy_rule *sure(const struct build *b,
                                      const struct list *list, unsigned field)
{
    const struct policy_rule *best = NULL;

    for (size_t i = 0; i < list->n; i++) {
        const struct policy_rule *rule = rule_of(b, list->box[i]);

        if (is_complete(b->boxes[list->box[i]].box, field) &&
            (best == NULL || rule->priority > best->priority)) {
            best = rule;
        }
    }
    return best;
}

/* Let go what the sure one always precedes; but not what contradicts it. */
static void prune(const struct build *b, struct list *list, unsigned field)
{
    const struct policy_rule *best = sure(b, list, field);
    bool kept_best = false;
    size_t kept = 0;

    if (best == NULL) {
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        uint32_t box = list->box[i];
        const struct policy_rule *rule = rule_of(b, box);
        bool keep = rule->priority > best->priority;

        if (rule == best) {
            keep = !kept_best && is_complete(b->boxes[box].box, field);
            kept_best = kept_best || keep;
        } else if (rule->priority == best->priority) {
            keep = rule < best || !policy_same_effect(rule, best);
        }
        if (keep) {
            list->box[kept++] = box;
        }
    }
    list->n = kept;
}

/* ---- Leaves */

static bm_status contradict(struct build *b, const struct policy_rule *x,
                            const struct policy_rule *y)
{
    *b->conflict = (struct policy_conflict){ .a = x < y ? x : y,
                                             .b = x < y ? y : x,
                                             .mode = b->mode };
    memcpy(b->conflict->at, b->at, sizeof b->at);
    return BM_E_POLICY_OVERLAP;
}

/* All boxes hold: who decides? */
static bm_status leaf(struct build *b, const struct list *list,
                      uint16_t *target)
{
    const struct policy_rule *best = NULL;

    for (size_t i = 0; i < list->n; i++) {
        const struct policy_rule *rule = rule_of(b, list->box[i]);

        if (best == NULL || rule->priority > best->priority) {
            best = rule;
        }
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct policy_rule *rule = rule_of(b, list->box[i]);

        if (rule->priority == best->priority &&
            !policy_same_effect(rule, best)) {
            return contradict(b, best, rule);
        }
    }
    b->d->decides[best - b->policy->rules] = true;
    *target = (uint16_t)(BM_FW_TARGET_RULE + (best - b->policy->rules));
    return BM_OK;
}

/* ---- All of it */

/* NOLINTBEGIN(misc-no-recursion): as deep as there are fields */

static bm_status make_target(struct build *b, struct list *list, unsigned field,
                             uint16_t *target);

static bm_status make_ranges(struct build *b, struct making *m)
{
    struct policy_value at = { 0, 0 };
    size_t i = 0;

    do {
        uint16_t target;

        policy_making_step(m, &i, at);
        b->work += m->now.n + m->list.n / 64;
        if (b->work > WORK_MAX) {
            return BM_E_LIMIT;
        }
        b->at[m->field] = at;
        BM_TRY(make_target(b, &m->now, m->field + 1, &target));
        BM_TRY(policy_making_put(m, at, target));
        if (i < m->edges_n) {
            at = m->edges[i].at;
        }
    } while (i < m->edges_n);
    b->at[m->field] = policy_value(0);
    return BM_OK;
}

static bm_status make_node(struct build *b, const struct list *list,
                           unsigned field, uint16_t *target)
{
    struct making m = { .list = *list, .field = field };
    bm_status rc = BM_E_MEMORY;

    if (policy_making_init(&m, b)) {
        rc = make_ranges(b, &m);
    }
    if (rc == BM_OK) {
        rc = policy_making_finish(b, &m, target);
    }
    policy_making_wipe(&m);
    return rc;
}

/* The first field from here on that some box has a condition on. */
static unsigned next_field(const struct build *b, const struct list *list,
                           unsigned field)
{
    for (; field < POLICY_FIELDS; field++) {
        for (size_t i = 0; i < list->n; i++) {
            if (b->boxes[list->box[i]].box->set[field].n != 0) {
                return field;
            }
        }
    }
    return field;
}

static struct known **find_known(struct build *b, const struct list *list,
                                 unsigned field)
{
    uint32_t hash =
        policy_diagram_hash(field, list->box, list->n * sizeof *list->box);
    struct known **at = &b->known[hash % POLICY_DIAGRAM_BUCKETS];

    while (*at != NULL && ((*at)->field != field || (*at)->list.n != list->n ||
                           memcmp((*at)->list.box, list->box,
                                  list->n * sizeof *list->box) != 0)) {
        at = &(*at)->next;
    }
    return at;
}

static struct known *remember(struct build *b, const struct list *list,
                              unsigned field)
{
    struct known *known = policy_memory_get(b->memory, sizeof *known);

    if (known != NULL) {
        known->field = field;
        known->list.n = list->n;
        known->list.box =
            policy_memory_get(b->memory, list->n * sizeof *list->box);
    }
    if (known == NULL || known->list.box == NULL) {
        return NULL;
    }
    memcpy(known->list.box, list->box, list->n * sizeof *list->box);
    return known;
}

static bm_status make_target(struct build *b, struct list *list, unsigned field,
                             uint16_t *target)
{
    struct known **at;
    struct known *known;

    prune(b, list, field);
    if (list->n == 0) {
        *target = BM_FW_NO_RULE;
        return BM_OK;
    }
    field = next_field(b, list, field);
    if (field == POLICY_FIELDS) {
        return leaf(b, list, target);
    }
    at = find_known(b, list, field);
    if (*at != NULL) {
        *target = (*at)->target;
        return BM_OK;
    }
    known = remember(b, list, field);
    if (known == NULL) {
        return BM_E_LIMIT;
    }
    BM_TRY(make_node(b, &known->list, field, target));
    known->target = *target;
    at = find_known(b, list, field);
    *at = known;
    return BM_OK;
}

/* NOLINTEND(misc-no-recursion) */

/* What is said of a frame by its class alone, and so looked at no more. */
static const struct of_class {
    enum policy_kind kind;
    unsigned type;
    unsigned proto;          /* 0: it is none of those with a class */
    enum policy_field first; /* that is left to look at */
} classes[BM_FW_CLASSES] = {
    [BM_FW_CLASS_OTHER] = { POLICY_OTHER, 0, 0, POLICY_TYPE },
    [BM_FW_CLASS_ARP] = { POLICY_ARP, POLICY_TYPE_ARP, 0, POLICY_PORT },
    [BM_FW_CLASS_TCP_4] = { POLICY_IPV4, POLICY_TYPE_IPV4, POLICY_PROTO_TCP,
                            POLICY_PORT },
    [BM_FW_CLASS_UDP_4] = { POLICY_IPV4, POLICY_TYPE_IPV4, POLICY_PROTO_UDP,
                            POLICY_PORT },
    [BM_FW_CLASS_ICMP_4] = { POLICY_IPV4, POLICY_TYPE_IPV4, POLICY_PROTO_ICMP,
                             POLICY_PORT },
    [BM_FW_CLASS_PLAIN_4] = { POLICY_IPV4, POLICY_TYPE_IPV4, 0, POLICY_PROTO },
    [BM_FW_CLASS_TCP_6] = { POLICY_IPV6, POLICY_TYPE_IPV6, POLICY_PROTO_TCP,
                            POLICY_PORT },
    [BM_FW_CLASS_UDP_6] = { POLICY_IPV6, POLICY_TYPE_IPV6, POLICY_PROTO_UDP,
                            POLICY_PORT },
    [BM_FW_CLASS_ICMP_6] = { POLICY_IPV6, POLICY_TYPE_IPV6, POLICY_PROTO_ICMPV6,
                             POLICY_PORT },
    [BM_FW_CLASS_PLAIN_6] = { POLICY_IPV6, POLICY_TYPE_IPV6, 0, POLICY_PROTO },
};

/* Is a protocol with a class of its own all that the box is about? */
static bool is_of_one(const struct policy_box *box)
{
    const struct policy_set *set = &box->set[POLICY_PROTO];
    uint64_t icmp =
        box->kind == POLICY_IPV4 ? POLICY_PROTO_ICMP : POLICY_PROTO_ICMPV6;

    for (size_t i = 0; i < set->n; i++) {
        for (uint64_t v = set->ranges[i].first.low;
             v <= set->ranges[i].last.low; v++) {
            if (v != POLICY_PROTO_TCP && v != POLICY_PROTO_UDP && v != icmp) {
                return false;
            }
        }
    }
    return set->n != 0;
}

static bool is_of_class(const struct policy_box *box, const struct of_class *c)
{
    if (box->kind != c->kind) {
        return false;
    }
    return c->proto != 0
               ? policy_set_has(&box->set[POLICY_PROTO], policy_value(c->proto))
               : !is_of_one(box);
}

static bm_status make_root(struct build *b, enum policy_direction direction,
                           const struct of_class *c, uint16_t *root)
{
    struct list all = { .n = 0 };
    bm_status rc;

    all.box = calloc(b->boxes_n + 1, sizeof *all.box);
    if (all.box == NULL) {
        return BM_E_MEMORY;
    }
    for (size_t i = 0; i < b->boxes_n; i++) {
        const struct policy_rule *rule = rule_of(b, (uint32_t)i);

        if (rule->direction == direction &&
            (rule->modes & 1u << b->mode) != 0 &&
            is_of_class(b->boxes[i].box, c)) {
            all.box[all.n++] = (uint32_t)i;
        }
    }
    b->at[POLICY_TYPE] = policy_value(c->type);
    b->at[POLICY_PROTO] = policy_value(c->proto);
    rc = make_target(b, &all, c->first, root);
    free(all.box);
    return rc;
}

static bm_status make_all(struct build *b)
{
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        unsigned direction = i / BM_FW_CLASSES % 2;

        b->mode = (enum policy_mode)(i / BM_FW_CLASSES / 2);
        BM_TRY(make_root(b, (enum policy_direction)direction,
                         &classes[i % BM_FW_CLASSES], &b->d->roots[i]));
    }
    return BM_OK;
}

static bool gather_boxes(struct build *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->policy->n; i++) {
        n += b->policy->rules[i].boxes_n;
    }
    b->boxes = policy_memory_get(b->memory, (n + 1) * sizeof *b->boxes);
    for (size_t i = 0; b->boxes != NULL && i < b->policy->n; i++) {
        const struct policy_rule *rule = &b->policy->rules[i];

        for (size_t j = 0; j < rule->boxes_n; j++) {
            b->boxes[b->boxes_n++] =
                (struct boxes){ &rule->boxes[j], (uint32_t)i };
        }
    }
    return b->boxes != NULL;
}

static bool prepare(struct build *b)
{
    b->memory = policy_memory_new(MEMORY_MAX);
    b->d->memory = policy_memory_new(MEMORY_MAX);
    if (b->memory == NULL || b->d->memory == NULL) {
        return false;
    }
    b->known =
        policy_memory_get(b->memory, POLICY_DIAGRAM_BUCKETS * sizeof(void *));
    b->cons =
        policy_memory_get(b->memory, POLICY_DIAGRAM_BUCKETS * sizeof(void *));
    b->d->nodes =
        policy_memory_get(b->d->memory, BM_FW_NODES_MAX * sizeof *b->d->nodes);
    b->d->decides =
        policy_memory_get(b->d->memory, b->policy->n + sizeof(bool));
    return b->known != NULL && b->cons != NULL && b->d->nodes != NULL &&
           b->d->decides != NULL && gather_boxes(b);
}

bm_status policy_diagram_make(const struct policy *policy,
                              struct policy_diagram *d,
                              struct policy_conflict *conflict)
{
    struct build b = { .policy = policy, .d = d, .conflict = conflict };
    bm_status rc = BM_E_MEMORY;

    *d = (struct policy_diagram){ .n = 0 };
    *conflict = (struct policy_conflict){ .a = NULL };
    if (prepare(&b)) {
        rc = make_all(&b);
    }
    policy_memory_free(b.memory);
    if (rc != BM_OK) {
        policy_diagram_wipe(d);
    }
    return rc;
}

void policy_diagram_wipe(struct policy_diagram *d)
{
    policy_memory_free(d->memory);
    *d = (struct policy_diagram){ .n = 0 };
}
