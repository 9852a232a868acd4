/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/policy.h"

#include <stdlib.h>
#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/outbound.h"
#include "examples/sensor-node/say.h"
#include "examples/sensor-node/update.h"
#include "firewall/tell.h"

/* Seconds until what flash or log did not take is tried again. */
#define AGAIN 60

/* For tests, trial=SECONDS. */
#define WORD_MAX 8

/* policy.yaml, as the build compiled it (policy.S.in). */
extern const uint8_t node_policy[];
extern const uint32_t node_policy_size;

_Static_assert((int)BM_MANIFEST_NORMAL == (int)BM_FW_NORMAL &&
                   (int)BM_MANIFEST_LOCKDOWN == (int)BM_FW_LOCKDOWN &&
                   (int)BM_MANIFEST_REPAIR == (int)BM_FW_REPAIR,
               "modes are the same");

/* ---- What is in force */

static void set_mode(struct node *n)
{
    const struct bm_fw_slots *s = &n->policy.slots;

    bm_fw_set_mode(&n->policy.guard.fw, s->lost && !s->running
                                            ? BM_FW_REPAIR
                                            : (enum bm_fw_mode)n->policy.mode);
}

/* Flows end, so this is for when nothing is on its way. */
static bm_status load(struct node *n)
{
    policy_tell(n);
    BM_TRY(bm_fw_load(&n->policy.guard.fw, bm_fw_slots_table(&n->policy.slots),
                      n->policy.room, sizeof n->policy.room));
    set_mode(n);
    return BM_OK;
}

static void say_policy(const struct node *n, const char *word)
{
    say(word, (struct say_field[]){
                  { "version", NULL, (long)n->policy.guard.fw.table.version },
                  { NULL, NULL, 0 } });
}

static void tell(struct node *n, unsigned kind, bm_status code)
{
    const struct bm_fw_kept *k = bm_fw_slots_trial(&n->policy.slots);

    update_event(n,
                 &(struct bm_event){ .kind = kind,
                                     .sha256 = { k->sha256, sizeof k->sha256 },
                                     .code = (uint32_t)code });
}

static bm_status revert(struct node *n)
{
    tell(n, BM_EVENT_REVERTED, BM_OK);
    BM_TRY(bm_fw_slots_revert(&n->policy.slots));
    BM_TRY(load(n));
    say_policy(n, "policy reverted");
    outbound_now(n, OUTBOUND_UPDATE); /* and tell */
    return BM_OK;
}

/* The server is asked at once: it is what the trial is about. */
static bm_status try_it(struct node *n)
{
    BM_TRY(load(n));
    say_policy(n, "policy trial");
    tell(n, BM_EVENT_TRIED, BM_OK);
    outbound_now(n, OUTBOUND_REFRESH);
    return BM_OK;
}

static bm_status turn(struct node *n)
{
    enum bm_fw_turn turn;

    BM_TRY(bm_fw_slots_turn(&n->policy.slots, board_uptime(), &turn));
    switch (turn) {
    case BM_FW_TRIES:
        return try_it(n);
    case BM_FW_REVERTS:
        return revert(n);
    default:
        return BM_OK;
    }
}

/* ---- Opening */

static void configure(struct node *n)
{
    char word[WORD_MAX];

    n->policy.config = (struct bm_fw_slots_config){
        .crypto = &n->crypto,
        .log = &n->log,
        .trust = &n->trust,
        .flash = { &board_policy[0], &board_policy[1] },
        .mapped = { board_mapped(&board_policy[0]),
                    board_mapped(&board_policy[1]) },
        .builtin = { node_policy, node_policy_size },
        .room = sizeof n->policy.room,
        .window = POLICY_TRIAL,
    };
    if (board_word("trial", word, sizeof word)) {
        n->policy.config.window = (uint32_t)strtoul(word, NULL, 10);
    }
}

/* It is fetched again with the next manifest. */
static bm_status tell_lost(struct node *n)
{
    say_failed("policy", BM_E_LOG_READ);
    update_event(n, &(struct bm_event){ .kind = BM_EVENT_LOST,
                                        .code = BM_E_LOG_READ,
                                        .text = BM_LIT("policy") });
    return bm_deliver_forget(&n->deliver);
}

bm_status policy_open(struct node *n)
{
    configure(n);
    BM_TRY(bm_net_guard_init(&n->policy.guard, &n->crypto));
    BM_TRY(bm_fw_slots_open(&n->policy.slots, &n->policy.config));
    if (n->policy.slots.lost) {
        BM_TRY(tell_lost(n));
    }
    BM_TRY(load(n));
    say_policy(n, "firewall");
    n->policy.open = true;
    return turn(n);
}

/* ---- Delivery */

bool policy_have(const struct node *n, const uint8_t *sha256)
{
    return bm_fw_slots_have(&n->policy.slots, sha256);
}

bm_status policy_take(struct node *n, uint32_t size)
{
    const struct bm_bytes message = { board_mapped(&board_staging), size };

    BM_TRY(bm_fw_slots_take(&n->policy.slots, message, board_uptime()));
    say("policy fetched", (struct say_field[]){ { "octets", NULL, (long)size },
                                                { NULL, NULL, 0 } });
    return BM_OK;
}

bool policy_tries(const struct node *n)
{
    return n->policy.slots.running;
}

void policy_mode(struct node *n, enum bm_manifest_mode mode)
{
    static const char *const names[] = { "normal", "lockdown", "repair" };
    const bool changes = n->policy.open && n->policy.mode != mode;
    const char *name = names[mode];

    n->policy.mode = (uint8_t)mode;
    if (!changes) {
        return;
    }
    set_mode(n);
    say("mode", (struct say_field[]){ { "is", name, 0 }, { NULL, NULL, 0 } });
    update_event(n, &(struct bm_event){
                        .kind = BM_EVENT_MODE,
                        .text = { (const uint8_t *)name, strlen(name) } });
}

static void tell_missed(struct node *n)
{
    struct bm_fw *fw = &n->policy.guard.fw;
    uint8_t text[BM_EVENT_TEXT_MAX];

    if (fw->event_lost != 0) {
        update_event(n, &(struct bm_event){
                            .kind = BM_EVENT_MISSED,
                            .text = bm_fw_tell_missed(fw->event_lost, text) });
        fw->event_lost = 0;
    }
}

void policy_tell(struct node *n)
{
    struct bm_fw *fw = &n->policy.guard.fw;
    uint8_t text[BM_EVENT_TEXT_MAX];
    struct bm_fw_event event;

    if (bm_deliver_events(&n->deliver) != 0) {
        return; /* those of more weight keep their places */
    }
    tell_missed(n);
    for (unsigned i = 0; i < POLICY_EVENTS && bm_fw_take_event(fw, &event);
         i++) {
        update_event(n, &(struct bm_event){
                            .kind = bm_fw_tell_kind(&event),
                            .text = bm_fw_tell(&fw->table, &event, text) });
    }
}

/* ---- The trial */

static bm_status confirm(struct node *n)
{
    tell(n, BM_EVENT_TAKEN, BM_OK);
    BM_TRY(bm_fw_slots_confirm(&n->policy.slots));
    say_policy(n, "policy confirmed");
    set_mode(n);
    outbound_now(n, OUTBOUND_UPDATE); /* and tell */
    return BM_OK;
}

static void check(bm_status rc)
{
    if (rc != BM_OK) {
        say_failed("policy", rc);
    }
}

void policy_proven(struct node *n)
{
    if (policy_tries(n)) {
        check(confirm(n));
    }
}

/* A job that is at work when a trial is over has nobody to talk to. */
void policy_poll(struct node *n)
{
    bm_status rc;

    if ((n->outbound.busy && !policy_tries(n)) ||
        (int32_t)(board_uptime() - n->policy.at) < 0) {
        return;
    }
    rc = turn(n);
    check(rc);
    n->policy.at = board_uptime() + (rc == BM_OK ? 0 : AGAIN);
}
