/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/wall.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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
    queue_close(wall->queue);
    inspect_free(wall->inspect);
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
    if (w->inspect != NULL) {
        inspect_tell(w->inspect, w->counts);
    }
    rc = ruleset_counters(w->ruleset, &json);
    if (rc == BM_OK) {
        rc = counts_read(w->counts, json, RULESET_TABLE);
        free(json);
    }
    return rc;
}

static uint32_t milliseconds(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint32_t)((uint64_t)t.tv_sec * 1000 +
                      (uint64_t)t.tv_nsec / 1000000);
}

/* A table, in a mode, and its rules. */
struct wanted {
    struct bm_bytes table;
    unsigned mode;
    const struct policy *policy;
};

/*
 * The engine, where some rule needs it, and somebody who shows it packets. That
 * of the same table goes on, with its flows and its rates; `*inspect` is NULL
 * where none is needed.
 */
static bm_status prepare(struct wall *w, const struct wanted *wanted,
                         struct inspect **inspect)
{
    *inspect = NULL;
    if (!policy_nft_queues(wanted->policy, (enum policy_mode)wanted->mode)) {
        return BM_OK;
    }
    if (w->queue == NULL) {
        bm_status rc = queue_open(&w->queue);

        if (rc != BM_OK) {
            event_failed(EVENT_ERROR, "queue.failed", NULL, rc);
            return rc;
        }
    }
    if (w->inspect != NULL && inspect_is_of(w->inspect, wanted->table)) {
        *inspect = w->inspect;
        return BM_OK;
    }
    return inspect_new(wanted->table, inspect);
}

/* Behind the kernel's transaction: nothing here can fail. */
static void take_over(struct wall *w, const struct wanted *wanted,
                      const struct links *links, struct inspect *inspect)
{
    if (inspect != w->inspect) {
        inspect_free(w->inspect);
        w->inspect = inspect;
    }
    if (inspect != NULL) {
        inspect_set_mode(inspect, (enum bm_fw_mode)wanted->mode);
        inspect_set_subnets(inspect, &links->subnets);
    }
    w->links = *links;
    counts_begin(w->counts, wanted->policy, (enum policy_mode)wanted->mode);
}

static bm_status put_in_kernel(struct wall *w, const struct wanted *wanted)
{
    struct links links;
    struct inspect *inspect;
    const struct ruleset_config config = {
        .policy = wanted->policy,
        .mode = (enum policy_mode)wanted->mode,
        .tag = policy_nft_tag(wanted->table),
        .links = &links,
    };
    bm_status rc;

    BM_TRY(links_read(w->settings->interfaces, &links));
    BM_TRY(counts_reserve(w->counts, wanted->policy));
    BM_TRY(prepare(w, wanted, &inspect));
    rc = read_counts(w);
    if (rc != BM_OK) { /* no reason to leave an old policy in force */
        event_failed(EVENT_WARNING, "counts.lost", NULL, rc);
    }
    rc = ruleset_load(w->ruleset, &config);
    if (rc == BM_OK) {
        take_over(w, wanted, &links, inspect);
    } else if (inspect != w->inspect) {
        inspect_free(inspect);
    }
    return rc;
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
        rc = put_in_kernel(w,
                           &(struct wanted){ { copy, table.n }, mode, policy });
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
    w->whole = true;
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
    return w->whole && w->table != NULL && w->mode == mode &&
           w->table_n == table.n && memcmp(w->table, table.p, table.n) == 0;
}

/* Nothing passes, whatever interfaces there are by now. */
static void block(struct ruleset *ruleset)
{
    bm_status rc = ruleset_block(ruleset);

    if (rc != BM_OK) {
        event_failed(EVENT_ERROR, "reload.failed", NULL, rc);
    }
}

/* No table is in force any more: what was is forgotten. */
static void give_up(struct wall *w)
{
    block(w->ruleset);
    policy_free(w->policy);
    free(w->table);
    inspect_free(w->inspect);
    w->policy = NULL;
    w->table = NULL;
    w->inspect = NULL;
}

/* What the next start would not know is not to be in force: what was before is
 * again, or nothing passes. */
static void take_back(struct wall *w, unsigned mode, struct bm_bytes before)
{
    event_put(EVENT_ERROR, "firewall.not_kept", NULL);
    if (before.p == NULL || load(w, mode, before) != BM_OK) {
        give_up(w);
    }
}

bm_status wall_apply(struct wall *wall, unsigned mode, struct bm_bytes table)
{
    const unsigned mode_before = wall->mode;
    struct bm_bytes before = { NULL, wall->table_n };
    uint8_t *old = NULL;
    bm_status rc;

    if (is_in_force(wall, mode, table)) {
        return keep_store(wall->settings->state, mode, table);
    }
    if (wall->table != NULL) {
        old = malloc(wall->table_n + 1);
        if (old == NULL) {
            return BM_E_MEMORY;
        }
        memcpy(old, wall->table, wall->table_n);
        before.p = old;
    }
    rc = load(wall, mode, table);
    if (rc == BM_OK) {
        rc = keep_store(wall->settings->state, mode, table);
        if (rc != BM_OK) {
            take_back(wall, mode_before, before);
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
    const struct wanted wanted = { { w->table, w->table_n },
                                   w->mode,
                                   w->policy };
    bm_status rc = put_in_kernel(w, &wanted);

    w->whole = rc == BM_OK;
    if (rc != BM_OK) {
        event_failed(EVENT_ERROR, "reload.failed", NULL, rc);
        if (!ruleset_there(w->ruleset)) {
            block(w->ruleset);
        }
    }
}

void wall_look(struct wall *wall)
{
    struct links links;
    bm_status rc;

    if (wall->inspect != NULL) {
        inspect_tick(wall->inspect, milliseconds());
    }
    if (!ruleset_there(wall->ruleset)) {
        event_put(EVENT_ERROR, "firewall.was_flushed", NULL);
        wall->whole = false;
    }
    if (wall->table == NULL) {
        block(wall->ruleset);
        return;
    }
    if (!wall->whole) {
        reload(wall);
        return;
    }
    rc = links_read(wall->settings->interfaces, &links);
    if (rc == BM_OK && !links_same(&links, &wall->links)) {
        reload(wall);
    } else if (rc == BM_OK && !links_same_subnets(&links, &wall->links)) {
        rc = ruleset_subnets(wall->ruleset, &links);
        if (rc == BM_OK) {
            wall->links = links;
        }
        if (rc == BM_OK && wall->inspect != NULL) {
            inspect_set_subnets(wall->inspect, &links.subnets);
        }
    }
    if (rc != BM_OK) {
        event_failed(EVENT_ERROR, "links.failed", NULL, rc);
    }
}

int wall_packets(const struct wall *wall)
{
    return wall->queue != NULL ? queue_fd(wall->queue) : -1;
}

void wall_judge(struct wall *wall)
{
    queue_serve(wall->queue, wall->inspect, milliseconds());
}

void wall_shut(void)
{
    struct ruleset *ruleset = NULL;

    if (ruleset_open(&ruleset) == BM_OK && !ruleset_there(ruleset)) {
        event_put(EVENT_ERROR, "firewall.blocks", NULL);
        block(ruleset);
    }
    ruleset_close(ruleset);
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
