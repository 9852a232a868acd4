/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_MUD_H
#define BM_POLICY_MUD_H

#include "config/config.h"

/*
 * What a device's maker says it needs, as a file of Manufacturer Usage
 * Descriptions has it (RFC 8520), becomes a policy: a text, that somebody
 * reads and keeps.
 *
 * Such a file is about both halves of a conversation; a policy, about who
 * begins. So an entry about answers alone makes no rule: one whose
 * direction-initiated is the other, or one that is the mirror of another.
 * Entries that drop are refused, since their order would mean something, and
 * so is everything that is not known: a policy that left something out of a
 * condition would let in more.
 *
 * Names of hosts, controllers, makers and models stand for addresses that only
 * who runs the network knows. A name that is not resolved is an error, and
 * all of them are told.
 */

/* A name, and addresses or prefixes of what it stands for, by commas. */
struct policy_mud_name {
    const char *name;
    const char *addresses;
};

struct policy_mud_config {
    const struct policy_mud_name *names;
    size_t names_n;
};

/*
 * On BM_OK `*text` is a policy, and the caller frees it. BM_E_POLICY_NAMES: it
 * is a list of names that are not resolved, each on a line; the caller frees
 * it, too. Else it is NULL, and `*error` says why (its place is zero where it
 * is none of the text): BM_E_POLICY_MUD, BM_E_MEMORY.
 */
BM_MUST_CHECK bm_status
policy_mud_import(struct bm_bytes json, const struct policy_mud_config *config,
                  char **text, struct config_error *error);

#endif
