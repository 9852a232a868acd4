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
    frame_tcp(&f, 40000, 443, BM_FW_SYN | 0xc8); /* and PSH, ECE, CWR */
    CHECK(parse(&f) == BM_FW_BY_RULE);
    CHECK(packet.family == BM_FW_IPV4 && packet.type == 0x0800);
    CHECK(packet.proto == 6 && packet.port == 443 && packet.sport == 40000);
    CHECK(packet.flags == BM_FW_SYN && packet.subnet == 1);
    CHECK(packet.peer[0] == FRAME_PEER_4 && packet.own[0] == FRAME_OWN_4);
    CHECK(packet.mac[0] == 0x0200 && packet.mac[1] == 0x5e000002);
    CHECK(packet.l4 == 34 && packet.end == 54);
}

static void what_goes_out_has_its_peer_at_the_other_end(void)
{
    struct frame f;

    frame_ipv4(&f, BM_FW_OUT, BM_FW_PROTO_UDP);
    frame_udp(&f, 5000, 53);
    CHECK(parse(&f) == BM_FW_BY_RULE);
    CHECK(packet.port == 53 && packet.sport == 5000);
    CHECK(packet.peer[0] == FRAME_PEER_4 && packet.own[0] == FRAME_OWN_4);
    CHECK(packet.mac[0] == 0 && packet.mac[1] == 0);
    frame_ipv6(&f, BM_FW_OUT, BM_FW_PROTO_UDP);
    frame_udp(&f, 5000, 53);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.family == BM_FW_IPV6);
    CHECK(packet.peer[0] == 0x20010db8 && packet.peer[3] == 2);
    CHECK(packet.own[3] == 1 && packet.subnet == 1);
}

static void arp_has_an_operation_and_a_peer(void)
{
    struct frame f;

    for (unsigned d = 0; d < 2; d++) {
        frame_arp(&f, (enum bm_fw_direction)d, 2);
        CHECK(parse(&f) == BM_FW_BY_RULE && packet.family == BM_FW_ARP);
        CHECK(packet.port == 2 && packet.subnet == 1);
        CHECK(packet.peer[0] == FRAME_PEER_4 && packet.own[0] == FRAME_OWN_4);
    }
}

static void icmp_has_type_and_code(void)
{
    struct frame f;
    bool request = false;

    frame_ipv4(&f, BM_FW_IN, BM_FW_PROTO_ICMP);
    frame_icmp(&f, 8, 3, 99);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.port == 0x0803);
    CHECK(packet.id == 99 && bm_fw_packet_is_echo(&packet, &request));
    CHECK(request);
    frame_ipv6(&f, BM_FW_IN, BM_FW_PROTO_ICMP); /* not of its family */
    frame_icmp(&f, 8, 3, 99);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.port == 0);
    CHECK(!bm_fw_packet_is_icmp(&packet));
    frame_ipv6(&f, BM_FW_IN, BM_FW_PROTO_ICMPV6);
    frame_icmp(&f, 129, 0, 99);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.port == 0x8100);
    CHECK(bm_fw_packet_is_echo(&packet, &request) && !request);
}

static void a_report_of_listeners_has_options_before_icmp(void)
{
    struct frame f;

    frame_ipv6(&f, BM_FW_OUT, 0);
    frame_append(&f, 8)[0] = BM_FW_PROTO_ICMPV6;
    frame_icmp(&f, 143, 0, 0);
    CHECK(parse(&f) == BM_FW_BY_RULE);
    CHECK(packet.proto == 58 && packet.port == 143 << 8 && packet.l4 == 62);
    f.p[55] = 1; /* 16 octets of options */
    CHECK(parse(&f) == BM_FW_EXTENSION);
    f.p[55] = 0;
    f.p[54] = BM_FW_PROTO_UDP;
    CHECK(parse(&f) == BM_FW_EXTENSION);
    f.p[54] = 44;
    CHECK(parse(&f) == BM_FW_EXTENSION);
    frame_ipv6(&f, BM_FW_OUT, 0);
    CHECK(parse(&f) == BM_FW_EXTENSION);
}

static void fe80_is_always_a_subnet_of_the_device(void)
{
    struct frame f;

    frame_ipv6(&f, BM_FW_IN, 200);
    frame_32(f.p + 22, 0xfe800000);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.subnet == 1);
    frame_32(f.p + 26, 1);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.subnet == 0);
    frame_32(f.p + 22, 0x20010db8);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.subnet == 0);
    frame_32(f.p + 26, 0);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.subnet == 1);
    frame_ipv4(&f, BM_FW_IN, 200);
    frame_peer_4(&f, 0x0a0000ff);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.subnet == 1);
    frame_peer_4(&f, 0x0a000100);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.subnet == 0);
    CHECK(bm_fw_packet_parse(&packet, BM_FW_IN, frame_bytes(&f), f.n,
                             &(struct bm_fw_subnets){ .six_n = 0 }) ==
          BM_FW_BY_RULE);
    CHECK(packet.subnet == 0);
}

/* ---- Shapes, one octet away from a good one */

enum base {
    TCP,
    UDP,
    ICMP,
    PLAIN,
    TCP6,
    UDP6,
    ICMP6,
    PLAIN6,
    ARP,
    BASES
};

static void make(struct frame *f, enum base base)
{
    static const unsigned protos[] = { 6, 17, 1, 47, 6, 17, 58, 47 };

    if (base == ARP) {
        frame_arp(f, BM_FW_IN, 1);
    } else if (base >= TCP6) {
        frame_ipv6(f, BM_FW_IN, protos[base]);
    } else {
        frame_ipv4(f, BM_FW_IN, protos[base]);
    }
    if (base == TCP || base == TCP6) {
        frame_tcp(f, 1000, 80, BM_FW_ACK);
    } else if (base == UDP || base == UDP6) {
        frame_udp(f, 1000, 80);
    } else if (base == ICMP || base == ICMP6) {
        frame_icmp(f, base == ICMP ? 8 : 128, 0, 1);
    }
}

static const struct {
    enum base base;
    unsigned at; /* from the beginning of the frame */
    unsigned value;
    enum bm_fw_reason reason;
} shapes[] = {
    { PLAIN, 14, 0x55, BM_FW_MALFORMED }, /* version */
    { PLAIN, 14, 0x44, BM_FW_MALFORMED }, /* 16 octets */
    { PLAIN, 14, 0x46, BM_FW_MALFORMED }, /* options */
    { PLAIN, 17, 19, BM_FW_MALFORMED },   /* below the header */
    { PLAIN, 17, 20, BM_FW_BY_RULE },     /* as it is */
    { PLAIN, 17, 21, BM_FW_MALFORMED },   /* beyond the frame */
    { PLAIN, 20, 0x20, BM_FW_FRAGMENT },  /* MF */
    { PLAIN, 20, 0x40, BM_FW_BY_RULE },   /* DF */
    { PLAIN, 20, 0x80, BM_FW_BY_RULE },   /* reserved */
    { PLAIN, 20, 0x10, BM_FW_FRAGMENT },  /* offset, high */
    { PLAIN, 21, 0x01, BM_FW_FRAGMENT },  /* offset, low */
    { TCP, 21, 0x01, BM_FW_FRAGMENT },
    { TCP, 46, 0x40, BM_FW_MALFORMED }, /* 16 octets */
    { TCP, 46, 0x60, BM_FW_MALFORMED }, /* beyond the packet */
    { TCP, 46, 0x5f, BM_FW_BY_RULE },   /* reserved bits */
    { UDP, 39, 7, BM_FW_MALFORMED },
    { UDP, 39, 9, BM_FW_MALFORMED },
    { UDP, 39, 8, BM_FW_BY_RULE },
    { PLAIN6, 14, 0x40, BM_FW_MALFORMED },
    { PLAIN6, 14, 0x6f, BM_FW_BY_RULE },
    { PLAIN6, 19, 1, BM_FW_MALFORMED }, /* beyond the frame */
    { PLAIN6, 20, 44, BM_FW_FRAGMENT },
    { PLAIN6, 20, 43, BM_FW_EXTENSION },
    { PLAIN6, 20, 50, BM_FW_EXTENSION },
    { PLAIN6, 20, 51, BM_FW_EXTENSION },
    { PLAIN6, 20, 60, BM_FW_EXTENSION },
    { PLAIN6, 20, 135, BM_FW_EXTENSION },
    { PLAIN6, 20, 139, BM_FW_EXTENSION },
    { PLAIN6, 20, 140, BM_FW_EXTENSION },
    { PLAIN6, 20, 0, BM_FW_EXTENSION },
    { PLAIN6, 20, 59, BM_FW_BY_RULE },
    { PLAIN6, 20, 41, BM_FW_BY_RULE },
    { PLAIN6, 20, 6, BM_FW_MALFORMED }, /* no header there */
    { UDP6, 59, 7, BM_FW_MALFORMED },
    { UDP6, 59, 0, BM_FW_MALFORMED }, /* as of jumbograms */
    { TCP6, 66, 0x40, BM_FW_MALFORMED },
    { ICMP6, 19, 7, BM_FW_MALFORMED },
    { ARP, 15, 2, BM_FW_MALFORMED },
    { ARP, 17, 1, BM_FW_MALFORMED },
    { ARP, 18, 5, BM_FW_MALFORMED },
    { ARP, 19, 5, BM_FW_MALFORMED },
    { ARP, 21, 0, BM_FW_MALFORMED },
    { ARP, 21, 3, BM_FW_MALFORMED },
    { ARP, 20, 1, BM_FW_MALFORMED },
};

static void each_shape_has_its_fate(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        unsigned length;
        struct frame f;

        make(&f, shapes[i].base);
        CHECK(parse(&f) == BM_FW_BY_RULE);
        f.p[shapes[i].at] = (uint8_t)shapes[i].value;
        if (shapes[i].base < TCP6) { /* the checksum is not what is meant */
            length = (unsigned)f.p[16] << 8 | f.p[17];
            frame_checksum(&f);
            CHECK(length == ((unsigned)f.p[16] << 8 | f.p[17]));
        }
        if (parse(&f) != shapes[i].reason) {
            printf("# row %u\n", (unsigned)i);
            CHECK(!"another fate");
        }
    }
}

static void a_wrong_checksum_of_ip_is_malformed(void)
{
    struct frame f;

    make(&f, UDP);
    for (unsigned bit = 0; bit < 160; bit++) {
        f.p[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(parse(&f) == BM_FW_MALFORMED);
        f.p[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(parse(&f) == BM_FW_BY_RULE);
}

static void flags_of_tcp_are_those_of_some_segment(void)
{
    static const uint8_t good[] = {
        BM_FW_SYN,
        BM_FW_SYN | BM_FW_URG,
        BM_FW_SYN | BM_FW_ACK,
        BM_FW_RST,
        BM_FW_RST | BM_FW_ACK,
        BM_FW_FIN | BM_FW_ACK,
        BM_FW_FIN | BM_FW_ACK | BM_FW_URG,
        BM_FW_ACK,
        BM_FW_ACK | BM_FW_URG,
    };
    struct frame f;

    make(&f, TCP);
    for (unsigned flags = 0; flags < 256; flags++) {
        bool want = memchr(good, (int)(flags & 0x37), sizeof good) != NULL;

        f.p[47] = (uint8_t)flags;
        CHECK((parse(&f) == BM_FW_BY_RULE) == want);
    }
}

/* A frame that ends early is malformed, and so is one seen in part. */
static void no_prefix_is_the_packet(void)
{
    for (unsigned base = 0; base < BASES; base++) {
        struct frame f;
        uint8_t end[FRAME_MAX];

        make(&f, (enum base)base);
        for (size_t n = 0; n < f.n; n++) {
            struct bm_bytes part = { end + sizeof end - n, n };

            memcpy(end + sizeof end - n, f.p, n);
            CHECK(bm_fw_packet_parse(&packet, BM_FW_IN, part, n, &subnets) ==
                  BM_FW_MALFORMED);
            CHECK(bm_fw_packet_parse(&packet, BM_FW_IN, part, f.n, &subnets) ==
                  BM_FW_MALFORMED);
        }
        f.n += 10; /* padding */
        CHECK(parse(&f) == BM_FW_BY_RULE);
    }
}

static void padding_is_nobodys(void)
{
    struct frame f;

    make(&f, UDP);
    f.n += 20;
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.end == 42);
    f.p[39] = 9; /* UDP that reaches into it */
    CHECK(parse(&f) == BM_FW_MALFORMED);
}

static void other_types_are_looked_at_no_further(void)
{
    struct frame f;

    frame_ethernet(&f, BM_FW_IN, 0x88cc);
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.family == BM_FW_OTHER);
    CHECK(packet.type == 0x88cc && packet.proto == 0 && packet.port == 0);
    frame_ethernet(&f, BM_FW_IN, 0x8100); /* a tag */
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.type == 0x8100);
    frame_ethernet(&f, BM_FW_IN, 60); /* 802.3 */
    CHECK(parse(&f) == BM_FW_BY_RULE && packet.type == 60);
}

/* ---- Quotes */

static void a_quote_is_a_packet_that_went_the_other_way(void)
{
    struct frame sent;
    struct frame f;
    struct bm_fw_packet q;

    frame_ipv4(&sent, BM_FW_OUT, BM_FW_PROTO_UDP);
    frame_udp(&sent, 5000, 53);
    frame_ipv4(&f, BM_FW_IN, BM_FW_PROTO_ICMP);
    frame_quote(&f, 3, &sent);
    CHECK(parse(&f) == BM_FW_BY_RULE && bm_fw_packet_quote(&packet, &q));
    CHECK(q.direction == BM_FW_OUT && q.port == 53 && q.sport == 5000);
    CHECK(q.peer[0] == FRAME_PEER_4 && q.own[0] == FRAME_OWN_4);
    f.p[42] = 0x46; /* options */
    CHECK(parse(&f) == BM_FW_BY_RULE && !bm_fw_packet_quote(&packet, &q));
    f.p[42] = 0x45;
    f.p[49] = 1; /* a later fragment */
    CHECK(parse(&f) == BM_FW_BY_RULE && !bm_fw_packet_quote(&packet, &q));
    f.p[49] = 0;
    f.p[48] = 0x20; /* a first one */
    CHECK(parse(&f) == BM_FW_BY_RULE && bm_fw_packet_quote(&packet, &q));
    f.p[51] = 47;
    CHECK(parse(&f) == BM_FW_BY_RULE && !bm_fw_packet_quote(&packet, &q));
}

static void every_kind_but_the_errors_quotes_nothing(void)
{
    struct frame sent;
    struct frame f;
    struct bm_fw_packet q;

    for (unsigned six = 0; six < 2; six++) {
        make(&sent, six ? TCP6 : TCP);
        for (unsigned kind = 0; kind < 256; kind++) {
            bool error = six ? kind >= 1 && kind <= 4
                             : kind == 3 || kind == 11 || kind == 12;

            if (six) {
                frame_ipv6(&f, BM_FW_OUT, BM_FW_PROTO_ICMPV6);
            } else {
                frame_ipv4(&f, BM_FW_OUT, BM_FW_PROTO_ICMP);
            }
            frame_quote(&f, kind, &sent);
            CHECK(parse(&f) == BM_FW_BY_RULE);
            CHECK(bm_fw_packet_quote(&packet, &q) == error);
        }
    }
}

int main(void)
{
    RUN(tcp_has_ports_flags_and_a_peer);
    RUN(what_goes_out_has_its_peer_at_the_other_end);
    RUN(arp_has_an_operation_and_a_peer);
    RUN(icmp_has_type_and_code);
    RUN(a_report_of_listeners_has_options_before_icmp);
    RUN(fe80_is_always_a_subnet_of_the_device);
    RUN(each_shape_has_its_fate);
    RUN(a_wrong_checksum_of_ip_is_malformed);
    RUN(flags_of_tcp_are_those_of_some_segment);
    RUN(no_prefix_is_the_packet);
    RUN(padding_is_nobodys);
    RUN(other_types_are_looked_at_no_further);
    RUN(a_quote_is_a_packet_that_went_the_other_way);
    RUN(every_kind_but_the_errors_quotes_nothing);
    return bm_test_done();
}
