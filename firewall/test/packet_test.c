/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/packet.h"

#include "firewall/test/frames.h"
#include "tests/harness/bm_test.h"

static const struct bm_fw_subnets subnets = {
    .address = 0x0a000000,
    .mask = 0xffffff00,
    .six = { { { 0x20010db8, 0, 0, 0 }, { 0xffffffff, 0xffffffff, 0, 0 } } },
    .six_n = 1
};

static struct bm_fw_packet packet;

static enum bm_fw_reason parse(const struct frame *f)
{
    return bm_fw_packet_parse(&packet, f->direction, frame_bytes(f), f->n,
                              &subnets);
}

static void tcp_has_ports_flags_and_a_peer(void)
{
    struct frame f;

    frame_ipv4(&f, BM_FW_IN, BM_FW_PROTO_TCP);
    frame_tcp(&f, 40000, 443, BM_FW_SYN);
    CHECK(parse(&f) == BM_FW_BY_RULE);
    CHECK(packet.family == BM_FW_IPV4 && packet.type == 0x0800);
    CHECK(packet.proto == 6 && packet.port == 443 && packet.sport == 40000);
    CHECK(packet.flags == BM_FW_SYN && packet.subnet == 1);
    CHECK(packet.peer[0] == FRAME_PEER_4 && packet.own[0] == FRAME_OWN_4);
    CHECK(packet.mac[0] == 0x0200 && packet.mac[1] == 0x5e000002);
    CHECK(packet.l4 == 34 && packet.end == 54);
}

int main(void)
{
    RUN(tcp_has_ports_flags_and_a_peer);
    return bm_test_done();
}
