/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/internal.h"

#include <stddef.h>
#include <string.h>

/* What a rule does, and what of it goes together. */

static bm_status refuse(struct policy_reader *r, const struct config_node *node,
                        const char *words)
{
    return config_fail(r->error, node, BM_E_CONFIG_VALUE, "%s", words);
}

/* ---- Flows */

/* May some frame of the box open a flow, and every one? */
static bool opens(const struct policy_box *box)
{
    const struct policy_set *proto = &box->set[POLICY_PROTO];
    const struct policy_set *port = &box->set[POLICY_PORT];
    bool v6 = box->kind == POLICY_IPV6;
    uint64_t p;

    if ((box->kind != POLICY_IPV4 && !v6) || proto->n != 1) {
        return false;
    }
    p = proto->ranges[0].first.low;
    if (p == (v6 ? POLICY_PROTO_ICMPV6 : POLICY_PROTO_ICMP)) {
        uint64_t echo = v6 ? POLICY_ECHO6 : POLICY_ECHO4;

        return port->n != 0 && port->ranges[0].first.low >= echo &&
               port->ranges[port->n - 1].last.low <= echo + 0xff;
    }
    return p == POLICY_PROTO_TCP || p == POLICY_PROTO_UDP;
}

static size_t count_opening(const struct policy_rule *rule)
{
    size_t n = 0;

    for (size_t i = 0; i < rule->boxes_n; i++) {
        n += opens(&rule->boxes[i]) ? 1 : 0;
    }
    return n;
}

static bool is_tcp(const struct policy_rule *rule)
{
    for (size_t i = 0; i < rule->boxes_n; i++) {
        const struct policy_set *proto = &rule->boxes[i].set[POLICY_PROTO];

        if (proto->n != 1 || proto->ranges[0].first.low != POLICY_PROTO_TCP) {
            return false;
        }
    }
    return true;
}

static bm_status read_flows(struct policy_reader *r,
                            const struct policy_words *words,
                            struct policy_rule *rule)
{
    static const struct config_key key = { .name = "flows",
                                           .type = CONFIG_BOOL };
    bool passes =
        rule->verdict == POLICY_ALLOW || rule->verdict == POLICY_OBSERVE;
    size_t n = count_opening(rule);

    if (words->flows == NULL) {
        if (passes && n != 0 && n != rule->boxes_n) {
            return refuse(r, words->at,
                          "some protocols of this rule have flows, and some "
                          "have not: make it two, or say \"flows: false\"");
        }
        rule->flows = passes && n != 0;
        return BM_OK;
    }
    BM_TRY(config_read_value(r->policy->config, words->flows, &key,
                             &rule->flows, r->error));
    if (rule->flows && (!passes || n != rule->boxes_n)) {
        return refuse(r, words->flows,
                      "flows are of TCP, UDP and ICMP echo requests that are "
                      "allowed or observed");
    }
    return BM_OK;
}

/* ---- Rates */

struct rate_words {
    const char *packets;
    const char *connections;
    int64_t burst;
    unsigned per;
};

static const struct config_choice per_choices[] = { { "all", 0 },
                                                    { "source", 1 },
                                                    { NULL, 0 } };

#define KEY(kind, key, into, member) \
    .name = (key), .type = (kind), .offset = offsetof(struct into, member)

static const struct config_key rate_keys[] = {
    { KEY(CONFIG_STRING, "packets", rate_words, packets) },
    { KEY(CONFIG_STRING, "connections", rate_words, connections) },
    { KEY(CONFIG_INTEGER, "burst", rate_words, burst), .required = true,
      .min = 1, .max = POLICY_BURST_MAX },
    { KEY(CONFIG_CHOICE, "per", rate_words, per), .choices = per_choices },
    { .name = NULL },
};

/* "10/s", "10/m", "10/h" */
static bool take_rate(const char *text, uint32_t *count, uint32_t *period)
{
    static const struct {
        const char *unit;
        uint32_t seconds;
    } units[] = { { "/s", 1 }, { "/m", 60 }, { "/h", 3600 } };
    const char *slash = strchr(text, '/');
    char digits[16] = "";
    struct policy_range range;

    if (slash == NULL || (size_t)(slash - text) >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, (size_t)(slash - text));
    if (strpbrk(digits, "-x") != NULL ||
        !policy_range_number(digits, POLICY_RATE_MAX, &range)) {
        return false;
    }
    *count = (uint32_t)range.first.low;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(slash, units[i].unit) == 0) {
            *period = units[i].seconds;
            return true;
        }
    }
    return false;
}

/* A source that has no address cannot be told from others. */
static bool has_sources(const struct policy_rule *rule)
{
    for (size_t i = 0; i < rule->boxes_n; i++) {
        if (rule->boxes[i].kind == POLICY_OTHER) {
            return false;
        }
    }
    return true;
}

static bm_status check_rate(struct policy_reader *r,
                            const struct policy_words *words,
                            const struct policy_rule *rule)
{
    if (rule->verdict == POLICY_DROP || rule->verdict == POLICY_RESET) {
        return refuse(r, words->rate,
                      "a rate is of what passes; this rule lets nothing pass");
    }
    if (rule->rate.connections && !rule->flows) {
        return refuse(r, words->rate,
                      "a rate of connections is of a rule with flows");
    }
    if (rule->rate.fill == 0) {
        return refuse(r, words->rate,
                      "a rate is one frame in 65 seconds at least");
    }
    if (rule->rate.per_source && !has_sources(rule)) {
        return refuse(r, words->rate,
                      "\"per: source\" is of frames that have a peer");
    }
    return BM_OK;
}

static bm_status read_rate(struct policy_reader *r,
                           const struct policy_words *words,
                           struct policy_rule *rule)
{
    struct rate_words w = { .packets = NULL };
    struct policy_rate *rate = &rule->rate;
    const char *text;

    BM_TRY(
        config_read(r->policy->config, words->rate, rate_keys, &w, r->error));
    if ((w.packets == NULL) == (w.connections == NULL)) {
        return refuse(r, words->rate,
                      "a rate is of either packets or connections");
    }
    text = w.packets != NULL ? w.packets : w.connections;
    if (!take_rate(text, &rate->count, &rate->period)) {
        return config_fail(r->error, words->rate, BM_E_CONFIG_VALUE,
                           "\"%.60s\" is no rate: 10/s, 10/m or 10/h", text);
    }
    rate->fill =
        (uint32_t)((uint64_t)rate->count * 65536 / (rate->period * 1000));
    rate->burst = (uint16_t)w.burst;
    rate->connections = w.connections != NULL;
    rate->per_source = w.per != 0;
    return check_rate(r, words, rule);
}

struct threshold_words {
    const char *high;
    const char *low;
};

static const struct config_key threshold_keys[] = {
    { KEY(CONFIG_STRING, "high", threshold_words, high), .required = true },
    { KEY(CONFIG_STRING, "low", threshold_words, low), .required = true },
    { .name = NULL },
};

static bm_status read_threshold(struct policy_reader *r,
                                const struct policy_words *words,
                                struct policy_rule *rule)
{
    struct threshold_words w;
    uint32_t period[2] = { 0, 0 };
    struct policy_threshold *t = &rule->threshold;

    BM_TRY(config_read(r->policy->config, words->threshold, threshold_keys, &w,
                       r->error));
    if (!take_rate(w.high, &t->high, &period[0]) || period[0] != 1 ||
        !take_rate(w.low, &t->low, &period[1]) || period[1] != 1 ||
        t->low == 0 || t->low > t->high) {
        return refuse(
            r, words->threshold,
            "high and low are rates like 100/s, low above zero and at most "
            "high");
    }
    if (rule->verdict == POLICY_DROP || rule->verdict == POLICY_RESET) {
        return refuse(r, words->threshold,
                      "a threshold is of what passes; this rule lets nothing "
                      "pass");
    }
    return BM_OK;
}

/* ---- Modbus */

struct modbus_words {
    unsigned mode;
    const struct config_node *allow;
};

static const struct config_choice modbus_choices[] = { { "active", 0 },
                                                       { "observe", 1 },
                                                       { NULL, 0 } };

static const struct config_key modbus_keys[] = {
    { KEY(CONFIG_CHOICE, "mode", modbus_words, mode), .required = true,
      .choices = modbus_choices },
    { KEY(CONFIG_NODE, "allow", modbus_words, allow), .required = true },
    { .name = NULL },
};

struct line_words {
    const struct config_node *functions;
    const struct config_node *addresses;
};

static const struct config_key line_keys[] = {
    { KEY(CONFIG_NODE, "functions", line_words, functions), .required = true },
    { KEY(CONFIG_NODE, "addresses", line_words, addresses) },
    { .name = NULL },
};

static bm_status read_line(struct policy_reader *r,
                           const struct config_node *node,
                           struct policy_modbus_line *line)
{
    struct line_words w = { .functions = NULL };

    BM_TRY(config_read(r->policy->config, node, line_keys, &w, r->error));
    BM_TRY(policy_numbers_read(r, w.functions, 127, &line->functions));
    if (policy_set_has(&line->functions, policy_value(0))) {
        return refuse(r, w.functions, "functions are 1 to 127");
    }
    if (w.addresses != NULL) {
        BM_TRY(policy_numbers_read(r, w.addresses, 0xffff, &line->addresses));
    }
    return BM_OK;
}

static bm_status read_modbus(struct policy_reader *r,
                             const struct policy_words *words,
                             struct policy_rule *rule)
{
    struct modbus_words w = { .allow = NULL };
    struct policy_modbus *modbus;

    BM_TRY(config_read(r->policy->config, words->modbus, modbus_keys, &w,
                       r->error));
    if (!rule->flows || !is_tcp(rule)) {
        return refuse(r, words->modbus,
                      "Modbus is looked into on flows of TCP alone");
    }
    if (w.allow->kind != CONFIG_SEQUENCE || w.allow->n == 0 ||
        w.allow->n > POLICY_MODBUS_MAX) {
        return config_fail(r->error, w.allow, BM_E_CONFIG_VALUE,
                           "allow must be a sequence of 1 to %d lines",
                           POLICY_MODBUS_MAX);
    }
    modbus = config_memory(r->policy->config, sizeof *modbus);
    if (modbus == NULL) {
        return config_fail(r->error, w.allow, BM_E_MEMORY, "out of memory");
    }
    modbus->observe = w.mode != 0;
    modbus->lines =
        config_memory(r->policy->config, w.allow->n * sizeof *modbus->lines);
    if (modbus->lines == NULL) {
        return config_fail(r->error, w.allow, BM_E_MEMORY, "out of memory");
    }
    for (const struct config_node *i = w.allow->first; i != NULL; i = i->next) {
        BM_TRY(read_line(r, i, &modbus->lines[modbus->n++]));
    }
    rule->modbus = modbus;
    return BM_OK;
}

/* ---- All of it */

static bm_status read_log(struct policy_reader *r,
                          const struct policy_words *words,
                          struct policy_rule *rule)
{
    if (words->log == 0) {
        rule->log =
            rule->verdict == POLICY_ALLOW ? POLICY_LOG_NONE : POLICY_LOG_COUNT;
    } else {
        rule->log = (enum policy_log)(words->log - 1);
    }
    if ((rule->log == POLICY_LOG_SAMPLE) != (words->sample != 0)) {
        return refuse(r, words->at,
                      "\"log: sample\" and \"sample: N\" go together");
    }
    rule->sample = (uint16_t)words->sample;
    return BM_OK;
}

static bm_status read_cap(struct policy_reader *r,
                          const struct policy_words *words,
                          struct policy_rule *rule)
{
    rule->cap = (uint16_t)words->connections;
    if (rule->cap != 0 && !rule->flows) {
        return refuse(r, words->at, "\"connections\" is of a rule with flows");
    }
    return BM_OK;
}

bm_status policy_effect_read(struct policy_reader *r,
                             const struct policy_words *words,
                             struct policy_rule *rule)
{
    rule->verdict = (enum policy_verdict)words->verdict;
    if (rule->verdict == POLICY_RESET &&
        (rule->direction != POLICY_IN || !is_tcp(rule))) {
        return refuse(r, words->at, "reset is of TCP that comes in, alone");
    }
    BM_TRY(read_flows(r, words, rule));
    BM_TRY(read_cap(r, words, rule));
    if (words->rate != NULL) {
        BM_TRY(read_rate(r, words, rule));
    }
    if (words->threshold != NULL) {
        BM_TRY(read_threshold(r, words, rule));
    }
    if (words->modbus != NULL) {
        BM_TRY(read_modbus(r, words, rule));
    }
    return read_log(r, words, rule);
}
