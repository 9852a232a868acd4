/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_INSPECT_H
#define BM_AGENT_FIREWALL_INSPECT_H

#include "agent/firewall/counts.h"
#include "firewall/firewall.h"

/*
 * The engine of microcontrollers (firewall/firewall.h) for what nftables cannot
 * do: it has the same table, and what the kernel queues is judged by it as a
 * frame is there. Nothing here knows of queues (queue.h) or of the kernel.
 */
struct inspect;

/* A packet of IP as the kernel has it. */
struct inspect_packet {
    enum bm_fw_direction direction;
    const uint8_t *mac;   /* 6 octets: source of what comes in; or NULL */
    struct bm_bytes head; /* the first octets, INSPECT_LOOK or all of it */
    size_t length;        /* of all of it */
};
#define INSPECT_LOOK (BM_FW_LOOK - 14)

/*
 * With a copy of a table, which nobody has a flow of yet. On BM_OK the caller
 * owns `*inspect`. BM_E_MEMORY, BM_E_FW_TABLE, ...
 */
BM_MUST_CHECK bm_status inspect_new(struct bm_bytes table,
                                    struct inspect **inspect);
void inspect_free(struct inspect *inspect); /* NULL is fine */

/* Is it of this table? */
bool inspect_is_of(const struct inspect *inspect, struct bm_bytes table);

/* As a change of mode, or of subnets, is on a microcontroller. */
void inspect_set_mode(struct inspect *inspect, enum bm_fw_mode mode);
void inspect_set_subnets(struct inspect *inspect,
                         const struct bm_fw_subnets *subnets);

/* `now` and the decision: as bm_fw_judge() has them. */
struct bm_fw_decision inspect_judge(struct inspect *inspect,
                                    const struct inspect_packet *packet,
                                    uint32_t now);

/* Flows whose time is over end; once a day at least. */
void inspect_tick(struct inspect *inspect, uint32_t now);

/* So many frames were lost on their way here. */
void inspect_lost(struct inspect *inspect, uint32_t frames);

/* What was counted since the last call goes to `counts`. */
void inspect_tell(struct inspect *inspect, struct counts *counts);

#endif
