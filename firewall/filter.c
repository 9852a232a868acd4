/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/octets.h"
#include "firewall/state.h"
#include "firewall/table_internal.h"

/* From a rule to its application filter, of which there is one kind. */

static const uint8_t *rule_at(const struct bm_fw *fw, unsigned rule)
{
    return fw->table.rules + BM_FW_RULE_SIZE * rule;
}

static const uint8_t *filter_of(const struct bm_fw *fw, unsigned rule)
{
    return fw->table.p + 4u * bm_fw_le16(rule_at(fw, rule) + BM_FW_RULE_FILTER);
}

static bool is_tcp(const struct bm_fw_packet *p)
{
    return p->class_of == BM_FW_CLASS_TCP_4 || p->class_of == BM_FW_CLASS_TCP_6;
}

bool bm_fw_filter_opens(const struct bm_fw *fw, unsigned rule,
                        const struct bm_fw_packet *p)
{
    return !is_tcp(p) || bm_fw_modbus_fits(filter_of(fw, rule), p);
}

bool bm_fw_filter_hears(const struct bm_fw *fw, struct bm_fw_flow *flow,
                        const struct bm_fw_packet *p)
{
    bool watch = (rule_at(fw, flow->rule)[1] & BM_FW_FILTER_WATCH) != 0;

    if (!is_tcp(p) || !bm_fw_flow_accepts(flow, p)) {
        return true;
    }
    if (flow->opener != p->direction) {
        return flow->state != BM_FW_ASKED ||
               bm_fw_modbus_answers(p, &flow->stream);
    }
    return bm_fw_modbus_hear(filter_of(fw, flow->rule), p, &flow->stream,
                             fw->keys[0], watch);
}
