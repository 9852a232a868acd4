/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sensor node: README.md says what it does, and where to start reading.
 */
#include "examples/sensor-node/board.h"
#include "examples/sensor-node/node.h"
#include "examples/sensor-node/outbound.h"
#include "examples/sensor-node/peer.h"
#include "examples/sensor-node/policy.h"
#include "examples/sensor-node/say.h"
#include "examples/sensor-node/update.h"

#define WORD_MAX 24

/* Seconds until a node that cannot be opened tries again. */
#define AGAIN 60

/* A string by itself, NUL before it too: tests find it in the program. */
static const char version[] = "\0" NODE_VERSION;
const char *const node_version = version + 1;

static struct node node;

static const char *event_name(enum bm_boot_event event)
{
    static const char *const names[] = { "normal",   "trial",   "confirmed",
                                         "reverted", "refused", "fallback" };

    return event < sizeof names / sizeof names[0] ? names[event] : "unknown";
}

static void say_started(const struct node *n)
{
    say("started",
        (struct say_field[]){ { "version", node_version, 0 },
                              { "slot", NULL, (long)n->boot.slot },
                              { "event", event_name(n->boot.event), 0 },
                              { NULL, NULL, 0 } });
}

/* Nothing can be done but to begin anew; an image on trial is taken back then.
 */
static _Noreturn void give_up(void)
{
    while (board_uptime() < AGAIN) {
        board_feed();
        board_idle();
    }
    board_restart();
}

int main(void)
{
    char word[WORD_MAX];

    board_open();
    if (board_word("until", word, sizeof word)) {
        say_until(word);
    }
    if (node_open(&node) != BM_OK) {
        give_up();
    }
    say_started(&node);
    if (update_look(&node) != BM_OK) {
        say_failed("update", BM_E_LOG_READ);
    }
    for (;;) {
        board_feed();
        network_poll(&node.network);
        update_poll(&node);
        policy_poll(&node);
        if (!outbound_poll(&node) && !peer_poll(&node)) {
            board_idle();
        }
    }
}
