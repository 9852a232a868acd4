/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_NFT_H
#define BM_POLICY_NFT_H

#include "firewall/packet.h"
#include "policy/policy.h"

/*
 * A policy as a ruleset of nftables, for devices that run Linux: the same
 * verdicts as docs/firewall.md says (tests/firewall holds them against the
 * other implementations).
 *
 * The ruleset is two tables of one name. That of family netdev drops what is
 * malformed or a fragment where it enters and leaves, and judges ARP and the
 * other Ethernet types; that of family inet judges IP. Flows are those of the
 * kernel's conntrack; what the firewall knows of one stands in its mark, with
 * the rule and a tag of the policy: so flows of another policy, and of rules
 * that are not in the mode, are none.
 *
 * Text that begins with `# sysctl NAME=VALUE` are settings without which it
 * does not mean what it says: who loads it makes them first
 * (policy_nft_sysctl()). The rest is one transaction: it replaces both
 * tables.
 *
 * Not here: frames that a program with raw sockets hands to the device past
 * the IP stack are judged by rules without flows alone, and the length and
 * checksum of IPv4 in them by nobody; what they get to see of incoming frames
 * nftables does not decide. Thresholds and filters of Modbus do not exist in
 * nftables: frames of such rules are queued, and judged by whoever reads that
 * queue with the engine (firewall/firewall.h) and the table of the policy; what
 * a program with raw sockets sends by such a rule is dropped, unless it may set
 * marks (CAP_NET_RAW, CAP_NET_ADMIN) and sets ours. Without a queue
 * they are refused, or left out of a policy that says `approximate: true`; with
 * and without, a threshold of frames other than IP is refused.
 */

/* The queue of a device (NFQUEUE). */
#define POLICY_NFT_QUEUE 16973 /* "BM" */

/* Of the mark of a frame that the reader of the queue hands back to where it
 * came from (NF_REPEAT): to be answered by a reset. */
#define POLICY_NFT_RESET UINT32_C(0x10000000)

struct policy_nft_config {
    const char *table; /* letters, digits, '_': name of both tables */
    /* Interfaces; ends with NULL. Of one that is not there frames other than
     * IP are judged by nobody; IP is, of all. */
    const char *const *devices;
    enum policy_mode mode;
    const struct bm_fw_subnets *subnets; /* or NULL: none yet */
    uint16_t queue; /* who reads it has the engine; 0: nobody does */
    uint16_t tag;   /* policy_nft_tag() */
};

/*
 * On BM_OK the caller frees `*text`. BM_E_POLICY_NFT: it cannot be done
 * exactly, and `*error`, which may be NULL, says which rule. BM_E_ARGUMENT:
 * names that are none.
 */
BM_MUST_CHECK bm_status policy_nft(const struct policy *policy,
                                   const struct policy_nft_config *config,
                                   char **text, struct config_error *error);

/* Has a ruleset of this policy, in this mode, frames to queue? */
bool policy_nft_queues(const struct policy *policy, enum policy_mode mode);

/*
 * What flows of a ruleset are known by: of the octets that it was made of, so
 * that another policy does not take them over, whatever its number is. It holds
 * against mistakes: no 14 bits hold against who chooses the octets, who signs
 * policies anyhow.
 */
uint16_t policy_nft_tag(struct bm_bytes octets);

/*
 * Can a table (firewall/table.h, at a multiple of 4) be said exactly, in every
 * mode, where there is a queue? As policy_from_table() and policy_nft() say.
 */
BM_MUST_CHECK bm_status policy_nft_check(struct bm_bytes table);

/*
 * Commands that tell a ruleset of other subnets, in one transaction: nothing
 * else of it changes. On BM_OK the caller frees `*text`.
 */
BM_MUST_CHECK bm_status policy_nft_subnets(const char *table,
                                           const struct bm_fw_subnets *subnets,
                                           char **text);

/*
 * The next setting of a ruleset: begin with `*at` at the text. False: there
 * is no more. `*name` and `*value` are parts of the text.
 */
bool policy_nft_sysctl(const char **at, struct bm_bytes *name,
                       struct bm_bytes *value);

#endif
