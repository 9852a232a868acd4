/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policies.h"

#include <stdlib.h>
#include <string.h>

#include "agent/event.h"
#include "agent/firewall/client.h"
#include "agent/policies_internal.h"
#include "policy/nft.h"

/* The mode that the server was told of last: one octet. */
#define TOLD_MODE BM_LOG_KEY(BM_LOG_APPLICATION, 0x203)

_Static_assert((unsigned)BM_MANIFEST_NORMAL == (unsigned)BM_FW_NORMAL &&
                   (unsigned)BM_MANIFEST_LOCKDOWN == (unsigned)BM_FW_LOCKDOWN &&
                   (unsigned)BM_MANIFEST_REPAIR == (unsigned)BM_FW_REPAIR,
               "modes of manifests are those of tables");

/* ---- Opening */

static bm_status open_file(struct slot_flash *f,
                           const struct settings *settings, const char *name)
{
    char path[STATE_WHAT_MAX];

    BM_TRY(state_path(settings, name, path));
    return slot_flash_open(f, path);
}

static bm_status open_files(struct policies *p, const struct settings *settings)
{
    BM_TRY(state_make_dir(settings));
    BM_TRY(open_file(&p->slot[0], settings, "policy-0"));
    BM_TRY(open_file(&p->slot[1], settings, "policy-1"));
    return open_file(&p->blob, settings, "blob");
}

static bm_status read_builtin(struct policies *p)
{
    size_t n;

    BM_TRY(firewall_builtin_load(&p->settings, &p->builtin, &n));
    p->config.builtin = (struct bm_bytes){ p->builtin, n };
    return BM_OK;
}

static void say(const char *what, bm_status rc)
{
    event_failed(EVENT_ERROR, "firewall.settings", what, rc);
}

bm_status policies_open(struct policies *p, const struct settings *settings)
{
    struct config_error error;
    bm_status rc;

    memset(p, 0, sizeof *p);
    rc = firewall_settings_load(settings->firewall.settings, &p->settings,
                                &error);
    if (rc != BM_OK) {
        say(error.words[0] != '\0' ? error.words : settings->firewall.settings,
            rc);
        return rc;
    }
    rc = open_files(p, settings);
    if (rc != BM_OK) {
        say(settings->state, rc);
    } else {
        rc = read_builtin(p);
        if (rc != BM_OK) {
            say(p->settings.builtin, rc);
        }
    }
    for (unsigned i = 0; i < BM_FW_SLOTS; i++) {
        p->config.flash[i] = &p->slot[i].flash;
        p->config.mapped[i] = p->slot[i].mapped;
    }
    p->config.room = SIZE_MAX - 1; /* the kernel's, which says itself */
    p->config.window = (uint32_t)settings->firewall.trial;
    if (rc != BM_OK) {
        policies_close(p);
    }
    return rc;
}

void policies_close(struct policies *p)
{
    for (unsigned i = 0; i < BM_FW_SLOTS; i++) {
        slot_flash_close(&p->slot[i]);
    }
    slot_flash_close(&p->blob);
    free(p->builtin);
    firewall_settings_free(&p->settings);
    memset(p, 0, sizeof *p);
}

/* ---- Events */

bm_status policies_tell(struct policies *p, unsigned kind,
                        const struct bm_fw_kept *about, bm_status code,
                        const char *text)
{
    struct bm_event event = { .kind = kind,
                              .code = (uint32_t)code,
                              .manifest = p->deliver->version };

    if (about != NULL) {
        event.sha256 = BM_ARRAY(about->sha256);
    }
    event.text = (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
    return bm_deliver_event(p->deliver, &event, state_uptime(p->state));
}

/* It is fetched again with the next manifest. */
static bm_status tell_lost(struct policies *p)
{
    event_put(EVENT_ERROR, "policy.lost", NULL);
    BM_TRY(policies_tell(p, BM_EVENT_LOST, NULL, BM_E_LOG_READ, "policy"));
    return bm_deliver_forget(p->deliver);
}

/* What is open stays as it is between rounds: but for the state, which is
 * another one each time. */
bm_status policies_begin(struct policies *p, struct state *state,
                         struct bm_deliver *deliver)
{
    p->state = state;
    p->deliver = deliver;
    p->config.crypto = state->crypto;
    p->config.log = &state->log;
    p->config.trust = &state->trust;
    if (!p->open) {
        BM_TRY(bm_fw_slots_open(&p->slots, &p->config));
        p->open = true;
        if (p->slots.lost) {
            BM_TRY(tell_lost(p));
        }
    }
    return BM_OK;
}

static void say_policy(enum event_level level, const char *name,
                       const struct bm_fw_kept *k, bm_status why)
{
    event_put(level, name,
              (struct event_field[]){
                  { "version", NULL, (int64_t)k->version },
                  { "status", why == BM_OK ? "ok" : bm_status_name(why), 0 },
                  { 0 } });
}

/* ---- What is in force */

static bm_status apply(struct policies *p)
{
    const unsigned mode =
        p->slots.lost && !p->slots.running ? BM_FW_REPAIR : p->mode;
    bm_status rc =
        client_apply(p->settings.socket, mode, bm_fw_slots_table(&p->slots));

    if (rc != BM_OK) {
        event_failed(EVENT_ERROR, "firewall.failed", p->settings.socket, rc);
    }
    p->in_force = rc == BM_OK;
    p->applied = p->mode;
    return rc;
}

/* It goes back to what was confirmed; `why` 0: nobody confirmed it. */
static bm_status revert(struct policies *p, bm_status why)
{
    const struct bm_fw_kept *k = bm_fw_slots_trial(&p->slots);

    if (k != NULL) {
        say_policy(EVENT_WARNING, "policy.reverted", k, why);
        BM_TRY(policies_tell(p, BM_EVENT_REVERTED, k, why, ""));
    }
    BM_TRY(bm_fw_slots_revert(&p->slots));
    return apply(p);
}

/* It says something about the policy, and not about this moment. */
static bool is_of_policy(bm_status rc)
{
    return rc == BM_E_POLICY_NFT || rc == BM_E_POLICY_SIZE;
}

/*
 * One that no ruleset can say is none. That birthmark-firewall does not answer,
 * has no memory, or that the kernel does not take it now (an interface is just
 * going, somebody holds the queue) says nothing about it: the trial goes on,
 * but is not confirmed.
 */
static bm_status try_it(struct policies *p)
{
    const struct bm_fw_kept *k = bm_fw_slots_trial(&p->slots);
    bm_status rc;

    p->until = state_uptime(p->state) + p->config.window;
    rc = apply(p);
    if (is_of_policy(rc)) {
        return revert(p, rc);
    }
    say_policy(EVENT_NOTICE, "policy.tried", k, BM_OK);
    return policies_tell(p, BM_EVENT_TRIED, k, BM_OK, "policy");
}

static bm_status take_turn(struct policies *p)
{
    enum bm_fw_turn turn;

    BM_TRY(bm_fw_slots_turn(&p->slots, state_uptime(p->state), &turn));
    switch (turn) {
    case BM_FW_TRIES:
        return try_it(p);
    case BM_FW_REVERTS:
        return revert(p, BM_OK);
    default:
        return BM_OK;
    }
}

/* The server hears of each change of the mode once. */
static bm_status tell_mode(struct policies *p)
{
    static const char *const names[] = { "normal", "lockdown", "repair" };
    const uint8_t mode = (uint8_t)p->mode;
    uint8_t told = BM_FW_NORMAL;
    size_t n = 0;
    bm_status rc =
        bm_log_get(&p->state->log, TOLD_MODE, &told, sizeof told, &n);

    if (rc == BM_OK && n == sizeof told && told == mode) {
        return BM_OK;
    }
    if (rc != BM_E_NOT_FOUND || mode != BM_FW_NORMAL) {
        event_put(EVENT_NOTICE, "mode",
                  (struct event_field[]){ { "mode", names[mode], 0 }, { 0 } });
        BM_TRY(policies_tell(p, BM_EVENT_MODE, NULL, BM_OK, names[mode]));
    }
    return bm_log_put(&p->state->log, TOLD_MODE,
                      (struct bm_bytes){ &mode, sizeof mode });
}

static bool trial_waits(const struct policies *p)
{
    return bm_fw_slots_trial(&p->slots) != NULL && !p->slots.running;
}

/*
 * What is on trial goes first, also after a start: what was confirmed may be
 * laxer, and what is in force meanwhile is what birthmark-firewall has kept.
 * Counts come last, and only where they push no other event out.
 */
static bm_status settle(struct policies *p)
{
    if (!trial_waits(p)) {
        BM_TRY(apply(p));
    }
    BM_TRY(take_turn(p));
    if (p->in_force) {
        BM_TRY(tell_mode(p));
        if (bm_deliver_events(p->deliver) == 0) {
            BM_TRY(policies_tell_counts(p));
        }
    }
    return BM_OK;
}

void policies_settle(struct policies *p)
{
    bm_status rc = settle(p);

    if (rc != BM_OK && rc != BM_E_AGENT_FIREWALL) {
        event_failed(EVENT_ERROR, "policy.failed", NULL, rc);
    }
}

bool policies_waits(const struct policies *p)
{
    return p->in_force && (p->applied != p->mode || trial_waits(p));
}

static bm_status confirm(struct policies *p)
{
    const struct bm_fw_kept *k = bm_fw_slots_trial(&p->slots);

    BM_TRY(policies_tell(p, BM_EVENT_TAKEN, k, BM_OK, "policy"));
    say_policy(EVENT_NOTICE, "policy.taken", k, BM_OK);
    return bm_fw_slots_confirm(&p->slots);
}

/* Not by a server whose certificate has expired: whoever has an old key of his
 * could be it. */
void policies_confirm(struct policies *p)
{
    bm_status rc;

    if (policies_on_trial(p) && p->in_force && !p->deliver->exchange.expired) {
        rc = confirm(p);
        if (rc != BM_OK) {
            event_failed(EVENT_ERROR, "policy.failed", NULL, rc);
        }
    }
}

bool policies_on_trial(const struct policies *p)
{
    return p->open && p->slots.running;
}

/* ---- What the manifest names */

/* The bundle in force lies in the room of the trust, whole. */
static bool is_our_bundle(const struct policies *p,
                          const struct bm_manifest_item *item)
{
    const struct bm_trust *t = &p->state->trust;
    const struct bm_crypto *crypto = p->state->crypto;
    uint8_t digest[BM_HASH_MAX];

    return t->bundle.version != 0 &&
           crypto->hash(crypto->self, BM_HASH_SHA256,
                        (struct bm_bytes){ t->config.room, t->bundle_n },
                        digest) == BM_OK &&
           memcmp(digest, item->sha256.p, BM_MANIFEST_HASH_SIZE) == 0;
}

bool policies_have(void *self, const struct bm_manifest_item *item)
{
    const struct policies *p = self;

    switch (item->kind) {
    case BM_MANIFEST_POLICY:
        return bm_fw_slots_have(&p->slots, item->sha256.p);
    case BM_MANIFEST_BUNDLE:
        return is_our_bundle(p, item);
    default:
        return false;
    }
}

const struct bm_flash *policies_place(void *self,
                                      const struct bm_manifest_item *item)
{
    struct policies *p = self;

    return item->kind == BM_MANIFEST_POLICY || item->kind == BM_MANIFEST_BUNDLE
               ? &p->blob.flash
               : NULL;
}

/* Of a message whose signer was judged: can this machine do what it says? The
 * table lies anywhere in it, and is looked up at a multiple of 4. */
static bm_status check_table(struct bm_bytes message,
                             const struct bm_fw_kept *k)
{
    uint8_t *copy = malloc(k->table_n);
    bm_status rc = BM_E_MEMORY;

    if (copy != NULL) {
        memcpy(copy, message.p + k->table, k->table_n);
        rc = policy_nft_check((struct bm_bytes){ copy, k->table_n });
        free(copy);
    }
    return rc;
}

static bm_status take_policy(struct policies *p, struct bm_bytes message)
{
    const struct bm_fw_kept *k;
    bm_status rc;

    /* It was fetched under the one that is on trial: that one is good. */
    policies_confirm(p);
    BM_TRY(bm_fw_slots_take(&p->slots, message, state_uptime(p->state)));
    k = bm_fw_slots_trial(&p->slots);
    rc = k != NULL && !p->slots.running ? check_table(message, k) : BM_OK;
    if (rc != BM_OK) {
        BM_TRY(bm_fw_slots_revert(&p->slots)); /* it waited, and never ran */
        return rc;
    }
    return BM_DELIVER_AT_START;
}

static bm_status take_bundle(struct policies *p, struct bm_bytes message)
{
    const struct bm_crypto *crypto = p->state->crypto;
    uint32_t connection = 0;

    BM_TRY(crypto->random(crypto->self, (uint8_t *)&connection,
                          sizeof connection));
    return bm_trust_take_bundle(&p->state->trust, message, connection,
                                state_uptime(p->state));
}

bm_status policies_take(void *self, const struct bm_manifest_item *item,
                        const struct bm_flash *flash)
{
    struct policies *p = self;
    const struct bm_bytes message = { p->blob.mapped, item->size };
    bm_status rc;

    (void)flash;
    rc = item->kind == BM_MANIFEST_POLICY ? take_policy(p, message)
                                          : take_bundle(p, message);
    if (rc != BM_OK && rc != BM_DELIVER_AT_START) {
        event_failed(EVENT_WARNING, "blob.refused",
                     item->kind == BM_MANIFEST_POLICY ? "policy" : "bundle",
                     rc);
    }
    return rc;
}

void policies_mode(void *self, enum bm_manifest_mode mode)
{
    struct policies *p = self;

    p->mode = (unsigned)mode;
}
