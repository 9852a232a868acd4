/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_TELL_H
#define BM_FIREWALL_TELL_H

#include "core/event.h"
#include "firewall/firewall.h"

/*
 * What the engine counted, in the words of an event for the server
 * (docs/delivery.md, "Events"):
 *
 *     in tcp/23 n=307 rule=telnet peer=192.0.2.9
 *     out udp/53 n=2 why=rate rule=dns peer=192.0.2.1
 *     in type/86dd n=12 why=default
 *
 * Direction, protocol with the port of the service (ICMP: the kind; ARP: the
 * operation; other protocols of IP and types of Ethernet by number), how many
 * frames, the rule, why unless that is the rule's verdict, and the peer of the
 * first of them, where there is room for it.
 */

/* The kind of event: BM_EVENT_DROPPED; BM_EVENT_LIMITED where a rate, a
 * threshold, a cap or the table of flows was full; BM_EVENT_PASSED, of a rule
 * that has passed frames logged. */
unsigned bm_fw_tell_kind(const struct bm_fw_event *event);

/*
 * The text, into `text`. Of the table in force when the event was counted:
 * events are taken before another one is loaded.
 */
struct bm_bytes bm_fw_tell(const struct bm_fw_table *table,
                           const struct bm_fw_event *event,
                           uint8_t text[BM_EVENT_TEXT_MAX]);

/* The text of BM_EVENT_MISSED: `n=` and so many, which is `event_lost` of
 * struct bm_fw. Whoever has told sets that to 0. */
struct bm_bytes bm_fw_tell_missed(uint32_t missed,
                                  uint8_t text[BM_EVENT_TEXT_MAX]);

#endif
