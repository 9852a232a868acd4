/* SPDX-License-Identifier: Apache-2.0 */

/* What a device says of its firewall. */
#include "protocols/admin/internal.h"

static const char *const modes[] = { "normal", "lockdown", "repair", NULL };

const struct admin_field admin_firewall_fields[] = {
    ADMIN_GIVES("policy", ADMIN_STRING, false,
                "version and floor of the policy in force"),
    ADMIN_GIVES("policy_sha256", ADMIN_STRING, false,
                "SHA-256 of its octets, in hexadecimal"),
    ADMIN_GIVES("policy_at", ADMIN_TIME, false, "when the device said so"),
    ADMIN_GIVES_ENUM("mode", modes, false, "that it is in"),
    ADMIN_GIVES("mode_at", ADMIN_TIME, false, "when the device said so"),
    ADMIN_GIVES("missed", ADMIN_INTEGER, false,
                "events that it had no room for, in all"),
    ADMIN_GIVES("missed_at", ADMIN_TIME, false, "when it said so last"),
    ADMIN_FIELDS_END,
};

static json_t *firewall(struct tree *t, const struct store_heard *heard)
{
    json_t *o = tree_object(t);

    if (heard->policy[0] != '\0') {
        tree_set(t, o, "policy", tree_str(t, heard->policy));
        tree_set(t, o, "policy_sha256",
                 tree_hex(t, BM_ARRAY(heard->policy_hash)));
        tree_set(t, o, "policy_at", tree_time(t, heard->policy_at));
    }
    if (heard->mode[0] != '\0') {
        tree_set(t, o, "mode", tree_str(t, heard->mode));
        tree_set(t, o, "mode_at", tree_time(t, heard->mode_at));
    }
    if (heard->missed_at != 0) {
        tree_set(t, o, "missed", tree_int(t, (int64_t)heard->missed));
        tree_set(t, o, "missed_at", tree_time(t, heard->missed_at));
    }
    return o;
}

void admin_put_firewall(struct tree *t, const struct store_heard *heard,
                        json_t *o)
{
    if (heard->policy[0] != '\0' || heard->mode[0] != '\0' ||
        heard->missed_at != 0) {
        tree_set(t, o, "firewall", firewall(t, heard));
    }
}
