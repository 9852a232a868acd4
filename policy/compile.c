/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/firewall.h"
#include "policy/filter.h"
#include "policy/frame.h"

/* ---- Why not */

static bm_status fail(struct config_error *error, bm_status status,
                      const struct policy_rule *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bm_status fail(struct config_error *error, bm_status status,
                      const struct policy_rule *at, const char *format, ...)
{
    va_list args;

    *error = (struct config_error){ .status = status,
                                    .line = at != NULL ? at->line : 1,
                                    .column = at != NULL ? at->column : 1 };
    va_start(args, format);
    (void)vsnprintf(error->words, sizeof error->words, format, args);
    va_end(args);
    return status;
}

static bm_status contradicted(struct config_error *error,
                              const struct policy_conflict *c)
{
    char words[POLICY_FRAME_WORDS];

    policy_frame_witness(c, words);
    return fail(error, BM_E_POLICY_OVERLAP, c->b,
                "%s contradicts %s of line %u, and neither has priority, in "
                "mode %s: %.128s",
                c->b->name, c->a->name, c->a->line, policy_mode_name(c->mode),
                words);
}

static bm_status explain(struct config_error *error, bm_status rc,
                         const struct policy_conflict *c)
{
    switch (rc) {
    case BM_E_POLICY_OVERLAP:
        return contradicted(error, c);
    case BM_E_LIMIT:
        return fail(error, BM_E_POLICY_SIZE, NULL,
                    "it is more than a table takes; the conditions of rules "
                    "multiply: %d nodes of %d ranges at most",
                    BM_FW_NODES_MAX, BM_FW_RANGES_MAX);
    case BM_E_FW_ROOM:
        return fail(error, BM_E_POLICY_SIZE, NULL,
                    "its rules remember more than 65,535 sources together");
    default:
        return fail(error, rc, NULL, "%s", bm_status_text(rc));
    }
}

/* ---- Rules */

static uint8_t flags_of(const struct policy_rule *rule)
{
    unsigned flags = rule->flows ? BM_FW_FLOWS : 0;

    flags |= rule->rate.connections ? BM_FW_CONNECTIONS : 0;
    flags |= rule->rate.per_source ? BM_FW_PER_SOURCE : 0;
    flags |=
        rule->modbus != NULL && rule->modbus->observe ? BM_FW_FILTER_WATCH : 0;
    return (uint8_t)flags;
}

static struct bm_fw_rule rule_of(const struct policy_rule *rule)
{
    return (struct bm_fw_rule){
        .verdict = (uint8_t)rule->verdict,
        .flags = flags_of(rule),
        .log = (uint8_t)rule->log,
        .modes = (uint8_t)rule->modes,
        .sample = rule->sample,
        .cap = rule->cap,
        .rate = rule->rate.fill,
        .burst = rule->rate.burst,
        .high = rule->threshold.high,
        .low = rule->threshold.low,
    };
}

struct records {
    struct bm_fw_rule *rules;
    const char **names;
    uint16_t *filter_at;
    struct policy_filters filters;
};

static bm_status make_records(const struct policy *policy, struct records *r)
{
    r->rules = calloc(policy->n + 1, sizeof *r->rules);
    r->names = calloc(policy->n + 1, sizeof *r->names);
    r->filter_at = calloc(policy->n + 1, sizeof *r->filter_at);
    if (r->rules == NULL || r->names == NULL || r->filter_at == NULL) {
        return BM_E_MEMORY;
    }
    BM_TRY(policy_filters_make(policy, &r->filters, r->filter_at));
    for (size_t i = 0; i < policy->n; i++) {
        r->rules[i] = rule_of(&policy->rules[i]);
        r->rules[i].filter = r->filter_at[i];
        r->names[i] = policy->rules[i].name;
    }
    return BM_OK;
}

static void wipe_records(struct records *r)
{
    policy_filters_wipe(&r->filters);
    free(r->filter_at);
    free(r->rules);
    free(r->names);
}

/* ---- The table */

static void make_parts(const struct policy *policy,
                       const struct policy_diagram *d, const struct records *r,
                       struct bm_fw_parts *parts)
{
    *parts = (struct bm_fw_parts){
        .version = policy->version,
        .floor = policy->floor,
        .flows = policy->flows,
        .sources = policy->sources,
        .rules = r->rules,
        .names = r->names,
        .rule_n = policy->n,
        .nodes = d->nodes,
        .node_n = d->n,
        .filters = { r->filters.octets, r->filters.n },
    };
    memcpy(parts->roots, d->roots, sizeof parts->roots);
    memcpy(parts->seconds, policy->timeouts, sizeof parts->seconds);
}

static bm_status write_table(const struct bm_fw_parts *parts,
                             struct policy_compiled *compiled)
{
    struct bm_wr w;

    bm_wr_init(&w, NULL, 0);
    bm_fw_table_write(&w, parts);
    /* Where a filter begins is a number of 16 bits, in units of 4 octets. */
    if (w.len > POLICY_TABLE_MAX ||
        (parts->filters.n != 0 && w.len > 4 * (size_t)UINT16_MAX)) {
        return BM_E_LIMIT;
    }
    compiled->n = w.len;
    compiled->table = malloc(w.len);
    if (compiled->table == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, compiled->table, compiled->n);
    bm_fw_table_write(&w, parts);
    return bm_wr_finish(&w, &compiled->n);
}

/* What is written is read as a device would, before anybody believes it. */
static bm_status look_again(struct policy_compiled *compiled)
{
    struct bm_fw_table table;
    bm_status rc = bm_fw_table_open(
        &table, (struct bm_bytes){ compiled->table, compiled->n });

    if (rc != BM_OK) {
        return BM_E_INTERNAL;
    }
    compiled->probes = table.probes;
    compiled->nodes = table.node_n;
    compiled->ram = bm_fw_room(&table);
    return compiled->ram != SIZE_MAX ? BM_OK : BM_E_FW_ROOM;
}

static bm_status make_table(const struct policy *policy,
                            const struct policy_diagram *d,
                            struct policy_compiled *compiled)
{
    struct records records = { .rules = NULL };
    struct bm_fw_parts parts;
    bm_status rc = BM_E_MEMORY;

    compiled->decides = calloc(policy->n + 1, sizeof *compiled->decides);
    if (compiled->decides != NULL) {
        memcpy(compiled->decides, d->decides, policy->n);
        rc = make_records(policy, &records);
    }
    if (rc == BM_OK) {
        make_parts(policy, d, &records, &parts);
        rc = write_table(&parts, compiled);
    }
    wipe_records(&records);
    return rc == BM_OK ? look_again(compiled) : rc;
}

bm_status policy_compile(const struct policy *policy,
                         struct policy_compiled *compiled,
                         struct policy_conflict *conflict,
                         struct config_error *error)
{
    struct policy_conflict found = { 0 };
    struct config_error ignored = { .status = BM_OK };
    struct policy_diagram d;
    bm_status rc;

    error = error != NULL ? error : &ignored;
    conflict = conflict != NULL ? conflict : &found;
    *compiled = (struct policy_compiled){ .n = 0 };
    *error = (struct config_error){ .status = BM_OK };
    rc = policy_diagram_make(policy, &d, conflict);
    if (rc == BM_OK) {
        rc = make_table(policy, &d, compiled);
    }
    policy_diagram_wipe(&d);
    if (rc != BM_OK) {
        policy_compiled_wipe(compiled);
        return explain(error, rc, conflict);
    }
    return BM_OK;
}

void policy_compiled_wipe(struct policy_compiled *compiled)
{
    free(compiled->table);
    free(compiled->decides);
    *compiled = (struct policy_compiled){ .n = 0 };
}
