/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <string.h>

const char *policy_direction_name(enum policy_direction direction)
{
    return direction == POLICY_IN ? "in" : "out";
}

const char *policy_mode_name(enum policy_mode mode)
{
    static const char *const names[POLICY_MODES] = { "normal", "lockdown",
                                                     "repair" };

    return names[mode];
}

const char *policy_verdict_name(enum policy_verdict verdict)
{
    static const char *const names[] = { [POLICY_ALLOW] = "allow",
                                         [POLICY_DROP] = "drop",
                                         [POLICY_RESET] = "reset",
                                         [POLICY_OBSERVE] = "observe" };

    return names[verdict];
}

const char *policy_field_name(enum policy_field field)
{
    static const char *const names[POLICY_FIELDS] = { "type",   "proto", "port",
                                                      "subnet", "peer",  "peer",
                                                      "sport",  "mac" };

    return names[field];
}

const char *policy_timeout_name(enum policy_timeout timeout)
{
    static const char *const names[POLICY_TIMEOUTS] = {
        "asked", "answered", "open", "one", "half", "two", "done", "udp", "icmp"
    };

    return names[timeout];
}

/* ---- Effects */

static bool same_modbus(const struct policy_modbus *a,
                        const struct policy_modbus *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    for (size_t i = 0; a->n == b->n && i < a->n; i++) {
        if (!policy_set_equal(&a->lines[i].functions, &b->lines[i].functions) ||
            !policy_set_equal(&a->lines[i].addresses, &b->lines[i].addresses)) {
            return false;
        }
    }
    return a->n == b->n && a->observe == b->observe;
}

static bool same_rate(const struct policy_rate *a, const struct policy_rate *b)
{
    return a->fill == b->fill && a->burst == b->burst &&
           a->connections == b->connections && a->per_source == b->per_source;
}

bool policy_same_effect(const struct policy_rule *a,
                        const struct policy_rule *b)
{
    return a->direction == b->direction && a->priority == b->priority &&
           a->modes == b->modes && a->verdict == b->verdict &&
           a->flows == b->flows && a->log == b->log && a->sample == b->sample &&
           a->cap == b->cap && same_rate(&a->rate, &b->rate) &&
           a->threshold.high == b->threshold.high &&
           a->threshold.low == b->threshold.low &&
           same_modbus(a->modbus, b->modbus);
}
