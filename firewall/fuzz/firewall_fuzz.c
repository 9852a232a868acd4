/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "firewall/state.h"
#include "firewall/test/frames.h"
#include "firewall/test/tables.h"

/*
 * A sequence of what can happen to an engine, eight octets each: time goes
 * on, the mode changes, a table comes, or a frame, and after each the lists
 * hold together and no more is open than may be.
 */

static struct table_maker maker;
static struct bm_fw fw;
static uint32_t room[1024];

static void policy(void)
{
    table_begin(&maker);
    (void)table_rule(&maker, "a", BM_FW_ALLOW, BM_FW_FLOWS);
    (void)table_rule(&maker, "b", BM_FW_OBSERVE,
                     BM_FW_FLOWS | BM_FW_PER_SOURCE);
    (void)table_rule(&maker, "c", BM_FW_ALLOW,
                     BM_FW_PER_SOURCE | BM_FW_CONNECTIONS);
    (void)table_rule(&maker, "d", BM_FW_RESET, 0);
    maker.rules[0].cap = 3;
    maker.rules[0].modes = 1 << BM_FW_NORMAL;
    maker.rules[1].rate = 6554;
    maker.rules[1].burst = 20;
    maker.rules[2].rate = 65536;
    maker.rules[2].burst = 4;
    maker.rules[2].high = 20;
    maker.rules[2].low = 10;
    maker.rules[2].log = BM_FW_LOG_SAMPLE;
    maker.rules[2].sample = 3;
    maker.parts.flows = 6;
    maker.parts.sources = 3;
    for (unsigned d = 0; d < 2; d++) {
        enum bm_fw_direction way = (enum bm_fw_direction)d;

        table_service(&maker, way, TABLE_ICMP, 0x0800, 1)->port_6 = 0x8000;
        table_service(&maker, way, BM_FW_PROTO_TCP, 0, 0)->last = 3;
        table_service(&maker, way, BM_FW_PROTO_TCP, 8, 3)->last = 9;
        table_service(&maker, way, BM_FW_PROTO_UDP, 0, 1)->last = 3;
        table_service(&maker, way, BM_FW_PROTO_UDP, 4, 2)->last = 9;
    }
    maker.arp[0] = BM_FW_TARGET_RULE + 2;
    (void)table_end(&maker);
}

static unsigned list_of(unsigned state)
{
    unsigned before = BM_FW_NONE;
    unsigned n = 0;

    for (unsigned at = fw.oldest[state]; at != BM_FW_NONE;
         at = fw.flows[at].newer) {
        must(at < fw.table.flows && n < fw.table.flows);
        must(fw.flows[at].older == before && fw.flows[at].state == state);
        must(before == BM_FW_NONE ||
             (int32_t)(fw.flows[at].end - fw.flows[before].end) >= 0);
        before = at;
        n++;
    }
    must(fw.newest[state] == before);
    return n;
}

static void must_hold_together(void)
{
    unsigned listed = 0;
    unsigned hashed = 0;
    unsigned live = 0;
    unsigned unused = 0;

    for (unsigned state = 0; state < BM_FW_STATES; state++) {
        listed += list_of(state);
    }
    for (uint32_t h = 0; h <= fw.flow_mask; h++) {
        for (unsigned at = fw.flow_heads[h]; at != BM_FW_NONE;
             at = fw.flows[at].chain) {
            must(hashed++ < fw.table.flows);
        }
    }
    for (unsigned at = fw.free; at != BM_FW_NONE; at = fw.flows[at].chain) {
        must(unused++ < fw.table.flows);
    }
    for (unsigned i = 0; i < fw.table.rule_n; i++) {
        live += fw.rules[i].live;
    }
    live += list_of(BM_FW_DONE); /* which only wait */
    must(listed == fw.flow_n && hashed == listed && live == listed);
    must(unused + listed == fw.table.flows && fw.rules[0].live <= 3);
}

static void make(struct frame *f, const uint8_t *c)
{
    enum bm_fw_direction d = (c[1] & 1) != 0 ? BM_FW_OUT : BM_FW_IN;
    unsigned proto = (unsigned[]){ 6, 17, 1, 58 }[c[1] >> 1 & 3];
    bool six = (c[1] & 8) != 0;

    if ((c[1] & 16) != 0) {
        frame_arp(f, d, 1);
        return;
    }
    if (six) {
        frame_ipv6(f, d, proto);
        frame_peer_6(f, c[2]);
    } else {
        frame_ipv4(f, d, proto);
        frame_peer_4(f, c[2]);
    }
    if (proto == 6) {
        frame_tcp(f, c[3] & 15, c[4] & 15, c[5]);
    } else if (proto == 17) {
        frame_udp(f, c[3] & 15, c[4] & 15);
    } else if ((c[3] & 1) != 0) {
        struct frame about;

        make(&about, (const uint8_t[6]){ 0, (uint8_t)((c[1] & 9) ^ 1), c[2],
                                         c[4], c[5] });
        frame_quote(f, six ? 1 : 3, &about);
    } else {
        frame_icmp(f, six ? 128 + (c[3] >> 7) : c[3] >> 1 & 8, c[4] & 1, c[5]);
    }
}

static void happen(const uint8_t *c, uint32_t *now)
{
    struct bm_fw_decision d;
    struct bm_fw_event e;
    struct frame f;

    *now += (uint32_t)(c[6] << c[7] % 16);
    switch (c[0] % 16) {
    case 0:
        bm_fw_set_mode(&fw, (enum bm_fw_mode)(c[1] % BM_FW_MODES));
        break;
    case 1:
        must(bm_fw_load(
                 &fw,
                 (struct bm_bytes){ (const uint8_t *)maker.octets, maker.n },
                 room, sizeof room) == BM_OK);
        break;
    case 2:
        bm_fw_tick(&fw, *now);
        break;
    case 3:
        (void)bm_fw_take_event(&fw, &e);
        break;
    default:
        make(&f, c);
        d = bm_fw_judge(&fw, f.direction, frame_bytes(&f), f.n, *now);
        must(bm_fw_passes(d) || d.reason != BM_FW_BY_FLOW);
        must(!bm_fw_passes(d) || d.rule < fw.table.rule_n);
        must(d.reason < BM_FW_DEFAULT || d.verdict == BM_FW_DROP ||
             d.reason == BM_FW_FILTER);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t now = 0xffff0000;

    if (maker.n == 0) {
        policy();
    }
    must(sizeof room >= BM_FW_ROOM(4, 2, 6, 6));
    bm_fw_init(&fw, 1);
    must(bm_fw_load(&fw,
                    (struct bm_bytes){ (const uint8_t *)maker.octets, maker.n },
                    room, sizeof room) == BM_OK);
    for (size_t i = 0; i + 8 <= size && i < 8192; i += 8) {
        happen(data + i, &now);
        must_hold_together();
    }
    return 0;
}
