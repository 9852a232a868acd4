/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_PACKET_H
#define BM_FIREWALL_PACKET_H

#include "core/bytes.h"

/*
 * From a frame to the facts that rules look at: docs/firewall.md, "A frame".
 * Everything that judges frames, on a device and on a workstation, begins
 * here. Nothing is kept, and nothing beyond the octets that are handed in is
 * looked at.
 */

/*
 * So many octets from a frame's start are looked at, and no more, however many
 * are there: what becomes of a frame does not depend on how it lies in memory.
 */
#define BM_FW_LOOK 128

enum bm_fw_direction {
    BM_FW_IN,
    BM_FW_OUT
};

/* Why a frame passed, or did not. */
enum bm_fw_reason {
    BM_FW_BY_RULE,   /* the verdict of a rule */
    BM_FW_BY_FLOW,   /* passed: of a live flow */
    BM_FW_BY_QUOTE,  /* passed: an ICMP error about a live flow */
    BM_FW_DEFAULT,   /* dropped: no rule names it; all below: dropped, too */
    BM_FW_MALFORMED, /* these three are of the shape */
    BM_FW_FRAGMENT,
    BM_FW_EXTENSION,
    BM_FW_STATE, /* opens no flow, and is of none */
    BM_FW_RATE,
    BM_FW_THRESHOLD,
    BM_FW_CAP,
    BM_FW_FULL,
    BM_FW_FILTER /* the application filter */
};
#define BM_FW_REASONS 13

/* What a frame is as far as rules can tell. */
enum bm_fw_family {
    BM_FW_OTHER,
    BM_FW_ARP,
    BM_FW_IPV4,
    BM_FW_IPV6
};

/* The same, and what is inside: each has other fields, and rules of its own. */
enum bm_fw_class {
    BM_FW_CLASS_OTHER,
    BM_FW_CLASS_ARP,
    BM_FW_CLASS_TCP_4,
    BM_FW_CLASS_UDP_4,
    BM_FW_CLASS_ICMP_4,
    BM_FW_CLASS_PLAIN_4, /* whatever else is in IPv4 */
    BM_FW_CLASS_TCP_6,
    BM_FW_CLASS_UDP_6,
    BM_FW_CLASS_ICMP_6,
    BM_FW_CLASS_PLAIN_6
};
#define BM_FW_CLASSES 10

/* Ethernet types and protocols that are looked into. */
#define BM_FW_TYPE_IPV4    0x0800
#define BM_FW_TYPE_ARP     0x0806
#define BM_FW_TYPE_IPV6    0x86dd
#define BM_FW_PROTO_ICMP   1
#define BM_FW_PROTO_TCP    6
#define BM_FW_PROTO_UDP    17
#define BM_FW_PROTO_ICMPV6 58

/* The flags of TCP that tell something here, as they stand in its header. */
#define BM_FW_FIN 0x01
#define BM_FW_SYN 0x02
#define BM_FW_RST 0x04
#define BM_FW_ACK 0x10
#define BM_FW_URG 0x20

/* Kinds of ICMP (field `port`) that make flows. */
#define BM_FW_ECHO_REQUEST   8
#define BM_FW_ECHO_REPLY     0
#define BM_FW_ECHO_REQUEST_6 128
#define BM_FW_ECHO_REPLY_6   129

/*
 * The device's own subnets, as its stack knows them: addresses and masks as
 * numbers, those of IPv6 as four, the highest first. A mask of IPv4 that is
 * zero: none yet. Whoever fills it in sees to it that no address has bits
 * outside of its mask.
 */
#define BM_FW_SUBNETS_6 4
struct bm_fw_subnets {
    uint32_t address;
    uint32_t mask;
    struct {
        uint32_t address[4];
        uint32_t mask[4];
    } six[BM_FW_SUBNETS_6];
    unsigned six_n;
};

/*
 * A frame of good shape. Addresses and ports are numbers. An IPv4 address is
 * the first of four, and the others are zero. What a frame has not is zero.
 */
struct bm_fw_packet {
    struct bm_bytes head; /* bm_fw_look() */
    uint32_t length;      /* of the whole frame */
    uint32_t end;         /* where IP ends: behind it is padding */
    uint8_t direction;    /* enum bm_fw_direction */
    uint8_t family;       /* enum bm_fw_family */
    uint8_t flags;        /* TCP: those above, and no others */
    uint8_t class_of;     /* enum bm_fw_class */
    union {
        struct {
            uint16_t type;
            uint16_t proto;  /* IPv4, IPv6 */
            uint16_t port;   /* TCP, UDP, ICMP of its family, ARP */
            uint16_t subnet; /* 1 or 0 */
            uint16_t id;     /* no field: of ICMP echo, the identifier */
            uint16_t l4;     /* no field: where what is in IP begins */
            uint16_t sport;  /* TCP, UDP */
            uint16_t reserved_2;
        };
        uint16_t fields[8]; /* the same: enum bm_fw_field of table.h, less 1 */
    };
    uint32_t own[4];  /* the device's address, of ARP, too */
    uint32_t peer[4]; /* field: the other end's */
    uint32_t mac[2];  /* field, in: the 2 highest octets, the 4 others */
};

/* Of a frame of `length` octets that begins with `head`, what is looked at. */
static inline struct bm_bytes bm_fw_look(struct bm_bytes head, size_t length)
{
    size_t most = length < BM_FW_LOOK ? length : BM_FW_LOOK;

    return (struct bm_bytes){ head.p, head.n < most ? head.n : most };
}

/*
 * Read a frame of `length` octets, of which `head` are the first: all of it,
 * or at least BM_FW_LOOK. BM_FW_BY_RULE: its shape is good; else one of the
 * three reasons of the shape, and of `*packet` direction and type, if there is
 * one, are set and the rest is as far as it was read.
 */
enum bm_fw_reason bm_fw_packet_parse(struct bm_fw_packet *packet,
                                     enum bm_fw_direction direction,
                                     struct bm_bytes head, size_t length,
                                     const struct bm_fw_subnets *subnets);

/*
 * The same in two parts, where head, as bm_fw_look() says, length and direction
 * are in the packet already: subnet and mac, which few rules look at, are left
 * for the second, of a frame of good shape.
 */
enum bm_fw_reason bm_fw_packet_read(struct bm_fw_packet *packet);
void bm_fw_packet_read_rest(struct bm_fw_packet *packet,
                            const struct bm_fw_subnets *subnets);

/*
 * Is it ICMP of its family? Is it an echo, and then: the request, or the
 * reply? Of what is no echo `*request` is false or of no use.
 */
bool bm_fw_packet_is_icmp(const struct bm_fw_packet *packet);
bool bm_fw_packet_is_echo(const struct bm_fw_packet *packet, bool *request);

/*
 * An ICMP error that quotes a packet, and is addressed to whom that came from
 * (docs/firewall.md, "Order", 3): what can be known of the packet, as if it
 * had gone the other way. Of TCP that are no flags. False: no such thing.
 */
bool bm_fw_packet_quote(const struct bm_fw_packet *error,
                        struct bm_fw_packet *quoted);

#endif
