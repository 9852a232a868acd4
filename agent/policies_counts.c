/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/firewall/client.h"
#include "agent/policies_internal.h"

/*
 * Counts as events, as microcontrollers tell them (firewall/tell.h): never one
 * for each frame. What nftables counts has no peer and no port, and reasons
 * have no direction:
 *
 *     in n=307 rule=telnet
 *     n=12 why=default
 */

static unsigned kind_of(const struct firewall_count *c)
{
    switch (c->kind) {
    case FIREWALL_LIMITED:
        return BM_EVENT_LIMITED;
    case FIREWALL_PASSED:
        return BM_EVENT_PASSED;
    default:
        return strcmp(c->name, "full") == 0 ? BM_EVENT_LIMITED
                                            : BM_EVENT_DROPPED;
    }
}

static void put_words(const struct firewall_count *c,
                      char text[BM_EVENT_TEXT_MAX + 1])
{
    const char *rule = strchr(c->name, '-');

    if (c->kind == FIREWALL_REASON || rule == NULL) {
        (void)snprintf(text, BM_EVENT_TEXT_MAX + 1, "n=%" PRIu64 " why=%s",
                       c->frames, c->name);
    } else {
        (void)snprintf(text, BM_EVENT_TEXT_MAX + 1,
                       "%.*s n=%" PRIu64 " rule=%s", (int)(rule - c->name),
                       c->name, c->frames, rule + 1);
    }
}

bm_status policies_tell_counts(struct policies *p)
{
    uint8_t room[FIREWALL_COUNTS_MAX];
    struct bm_bytes counts = { room, 0 };
    struct firewall_count c;

    BM_TRY(client_counts(p->settings.socket, false, room, &counts.n));
    if (counts.n == 0) {
        return BM_OK;
    }
    while (firewall_count_next(&counts, &c)) {
        char text[BM_EVENT_TEXT_MAX + 1];

        put_words(&c, text);
        BM_TRY(policies_tell(p, kind_of(&c), NULL, BM_OK, text));
    }
    /* Told twice is better than not at all: heard is what is in the queue. */
    return client_counts(p->settings.socket, true, room, &counts.n);
}
