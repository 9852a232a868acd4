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
 * the rule and the version of the policy: so flows of another policy, and of
 * rules that are not in the mode, are none.
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
 * nftables: they are refused, or left out of a policy that says
 * `approximate: true`.
 */

struct policy_nft_config {
    const char *table; /* letters, digits, '_': name of both tables */
    /* Interfaces; ends with NULL. Of one that is not there frames other than
     * IP are judged by nobody; IP is, of all. */
    const char *const *devices;
    enum policy_mode mode;
    const struct bm_fw_subnets *subnets; /* or NULL: none yet */
};

/*
 * On BM_OK the caller frees `*text`. BM_E_POLICY_NFT: it cannot be done
 * exactly, and `*error`, which may be NULL, says which rule. BM_E_ARGUMENT:
 * names that are none.
 */
BM_MUST_CHECK bm_status policy_nft(const struct policy *policy,
                                   const struct policy_nft_config *config,
                                   char **text, struct config_error *error);

/*
 * Can a table (firewall/table.h, at a multiple of 4) be said exactly, in every
 * mode? As policy_from_table() and policy_nft() say.
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
