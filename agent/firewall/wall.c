/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/wall.h"

#include <stdlib.h>
#include <string.h>

#include "agent/event.h"
#include "agent/firewall/keep.h"
#include "agent/fs.h"
#include "firewall/table.h"
#include "policy/nft.h"
#include "policy/table.h"

bm_status wall_open(struct wall *wall, const struct firewall_settings *settings)
{
    bm_status rc;

    memset(wall, 0, sizeof *wall);
    wall->settings = settings;
    rc = fs_make_dir(settings->state, 0700);
    if (rc == BM_OK) {
        rc = ruleset_open(&wall->ruleset);
    }
    if (rc == BM_OK) {
        rc = counts_new(&wall->counts);
    }
    if (rc != BM_OK) {
        wall_close(wall);
    }
    return rc;
}

void wall_close(struct wall *wall)
{
    policy_free(wall->policy);
    free(wall->table);
    counts_free(wall->counts);
    ruleset_close(wall->ruleset);
    memset(wall, 0, sizeof *wall);
}

/* ---- Loading */

/* What the kernel counted until now: it is gone with the ruleset. */
static bm_status read_counts(struct wall *w)
{
    char *json;
    bm_status rc;

    if (w->table == NULL) {
        return BM_OK;
    }
    rc = ruleset_counters(w->ruleset, &json);
    if (rc == BM_OK) {
        rc = counts_read(w->counts, json, RULESET_TABLE);
        free(json);
    }
    return rc;
}

static bm_status put_in_kernel(struct wall *w, const struct policy *policy,
                               unsigned mode)
{
    struct links links;
    bm_status counted;

    BM_TRY(links_read(w->settings->interfaces, &links));
    counted = read_counts(w);
    if (counted != BM_OK) { /* no reason to leave an old policy in force */
        event_failed(EVENT_WARNING, "counts.lost", NULL, counted);
    }
    BM_TRY(ruleset_load(w->ruleset, policy, (enum policy_mode)mode, &links));
    w->links = links;
    return counts_begin(w->counts, policy, (enum policy_mode)mode);
}

static void say_loaded(const struct wall *w)
{
    event_put(EVENT_NOTICE, "firewall.in_force",
              (struct event_field[]){
                  { "version", NULL, (int64_t)w->policy->version },
                  { "mode", policy_mode_name((enum policy_mode)w->mode), 0 },
                  { 0 } });
}

/* Into the kernel, and here. */
static bm_status load(struct wall *w, unsigned mode, struct bm_bytes table)
{
    uint8_t *copy = malloc(table.n + 1);
    struct policy *policy = NULL;
    bm_status rc = BM_E_MEMORY;

    if (copy == NULL) {
        goto out;
    }
    memcpy(copy, table.p, table.n);
    /* Other modes, too, now and not when they are wanted. */
    rc = policy_nft_check((struct bm_bytes){ copy, table.n });
    if (rc == BM_OK) {
        rc = policy_from_table((struct bm_bytes){ copy, table.n },
                               (enum policy_mode)mode, &policy);
    }
    if (rc == BM_OK) {
        rc = put_in_kernel(w, policy, mode);
    }
    if (rc != BM_OK) {
        goto out;
    }
    free(w->table);
    policy_free(w->policy);
    w->table = copy;
    w->table_n = table.n;
    w->policy = policy;
    w->mode = mode;
    copy = NULL;
    policy = NULL;
    say_loaded(w);

out:
    policy_free(policy);
    free(copy);
    return rc;
}

static bool is_in_force(const struct wall *w, unsigned mode,
                        struct bm_bytes table)
{
    return w->table != NULL && w->mode == mode && w->table_n == table.n &&
           memcmp(w->table, table.p, table.n) == 0;
}

bm_status wall_apply(struct wall *wall, unsigned mode, struct bm_bytes table)
{
    struct wall before = *wall;
    uint8_t *old = NULL;
    bm_status rc;

    if (is_in_force(wall, mode, table)) {
        return keep_store(wall->settings->state, mode, table);
    }
    if (before.table != NULL) {
        old = malloc(before.table_n + 1);
        if (old == NULL) {
            return BM_E_MEMORY;
        }
        memcpy(old, before.table, before.table_n);
    }
    rc = load(wall, mode, table);
    if (rc == BM_OK) {
        rc = keep_store(wall->settings->state, mode, table);
        /* What the next start would not know is not to be in force. */
        if (rc != BM_OK && old != NULL &&
            load(wall, before.mode, (struct bm_bytes){ old, before.table_n }) !=
                BM_OK) {
            event_failed(EVENT_ERROR, "firewall.not_kept", NULL, rc);
        }
    }
    free(old);
    return rc;
}

/* ---- At a start */

static bm_status load_builtin(struct wall *w, unsigned mode)
{
    uint8_t *table;
    size_t n;
    bm_status rc = firewall_builtin_load(w->settings, &table, &n);

    if (rc == BM_OK) {
        rc = load(w, mode, (struct bm_bytes){ table, n });
        free(table);
    }
    if (rc != BM_OK) {
        event_failed(EVENT_ERROR, "builtin.failed", w->settings->builtin, rc);
    }
    return rc;
}

bm_status wall_start(struct wall *wall)
{
    struct keep keep;
    bm_status rc = keep_load(wall->settings->state, &keep);
    unsigned mode = rc == BM_E_NOT_FOUND ? BM_FW_NORMAL : BM_FW_REPAIR;

    if (rc == BM_OK) {
        rc = load(wall, keep.mode, keep.table);
        keep_free(&keep);
    }
    if (rc == BM_OK) {
        return BM_OK;
    }
    if (rc != BM_E_NOT_FOUND) {
        event_failed(EVENT_ERROR, "kept.failed", wall->settings->state, rc);
    }
    if (load_builtin(wall, mode) == BM_OK) {
        return BM_OK;
    }
    event_put(EVENT_ERROR, "firewall.blocks", NULL);
    return ruleset_block(wall->ruleset);
}

/* ---- Afterwards */

static void reload(struct wall *w)
{
    bm_status rc = put_in_kernel(w, w->policy, w->mode);

    if (rc != BM_OK) {
        event_failed(EVENT_ERROR, "reload.failed", NULL, rc);
    }
}

void wall_look(struct wall *wall)
{
    struct links links;
    bm_status rc;

    if (wall->table == NULL) {
        return;
    }
    if (!ruleset_there(wall->ruleset)) {
        event_put(EVENT_ERROR, "firewall.was_flushed", NULL);
        reload(wall);
        return;
    }
    rc = links_read(wall->settings->interfaces, &links);
    if (rc == BM_OK && !links_same(&links, &wall->links)) {
        reload(wall);
    } else if (rc == BM_OK && !links_same_subnets(&links, &wall->links)) {
        rc = ruleset_subnets(wall->ruleset, &links);
        wall->links = rc == BM_OK ? links : wall->links;
    }
    if (rc != BM_OK) {
        event_failed(EVENT_ERROR, "links.failed", NULL, rc);
    }
}

bm_status wall_counts(struct wall *wall, bool heard, struct bm_wr *w)
{
    if (heard) {
        counts_heard(wall->counts);
    }
    BM_TRY(read_counts(wall));
    counts_put(wall->counts, w);
    return BM_OK;
}
