/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_LWIPOPTS_H
#define BM_PORTS_LWIP_LWIPOPTS_H

/*
 * lwIP 2.2 for a device with one interface and few connections: one thread, no
 * operating system, its raw interface alone. Compiled with
 *
 *   BM_LWIP_IPV6   IPv6 beside IPv4, with stateless autoconfiguration
 *
 * What is not here is lwIP's default (lwip/opt.h). All memory is static; what
 * there is of it bounds everything that peers can make us keep.
 */
#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0 /* nothing of lwIP runs in an interrupt */
#define LWIP_SINGLE_NETIF    1
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_STATS           0
#define LWIP_TIMERS          1

/* ---- Which protocols */

#define LWIP_IPV4 1
#ifdef BM_LWIP_IPV6
#define LWIP_IPV6 1
#else
#define LWIP_IPV6 0
#endif
#define LWIP_ICMP 1
#define LWIP_UDP  1 /* under DHCP and DNS */
#define LWIP_TCP  1
#define LWIP_RAW  0
#define LWIP_DHCP 1
/* RFC 2131 2.2 SHOULD: probing costs a second at each start, and servers look
 * themselves before they offer. */
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_DNS                 1
#define LWIP_NETIF_HOSTNAME      1

/* Fragments: TCP makes none, nor do our own requests; what a stranger makes us
 * keep until it is whole is memory that we do not have. */
#define IP_REASSEMBLY       0
#define IP_FRAG             0
#define LWIP_IPV6_REASS     0
#define LWIP_IPV6_FRAG      0
#define IP_OPTIONS_ALLOWED  0 /* RFC 7126: dropped */
#define LWIP_BROADCAST_PING 0

/* IPv6: one interface, its link-local address, and one by announcement. */
#define LWIP_IPV6_MLD                  LWIP_IPV6
#define LWIP_IPV6_DHCP6                0
#define LWIP_IPV6_FORWARD              0
#define LWIP_IPV6_NUM_ADDRESSES        3
#define LWIP_ND6_NUM_NEIGHBORS         4
#define LWIP_ND6_NUM_DESTINATIONS      4
#define LWIP_ND6_NUM_PREFIXES          2
#define LWIP_ND6_NUM_ROUTERS           2
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 1
#define MEMP_NUM_MLD6_GROUP            4
#define MEMP_NUM_ND6_QUEUE             2

/* ---- How much memory */

#define MEM_ALIGNMENT 4

/*
 * What is sent and not acknowledged: one full window and the start of another
 * connection's. Whoever finds none waits (BM_E_TLS_AGAIN).
 */
#ifndef MEM_SIZE
#define MEM_SIZE 3840
#endif

/*
 * What came and was not read. A full frame takes three of them, a window at
 * most seven, and two connections may leave one each unread: there must be some
 * left to hear that what we sent was acknowledged.
 */
#ifndef PBUF_POOL_SIZE
#define PBUF_POOL_SIZE 16
#endif
#define PBUF_POOL_BUFSIZE 508

/* RFC 8200 5: what every link takes, IPv6 and its header of 60 included. */
#define TCP_MSS     1220
#define TCP_WND     (2 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
/* Segments of one connection that are not acknowledged. */
#define TCP_SND_QUEUELEN 8
/* A small write leaves so much room for the next one. */
#define TCP_OVERSIZE 128
/* Out of order: sent again by the peer. */
#define TCP_QUEUE_OOSEQ 0
/* Three seconds would be a long time to wait for a lost SYN. */
#define LWIP_TCP_RTO_TIME 1000

/* One outbound, two peers, and two that are on their way out. */
#define MEMP_NUM_TCP_PCB        5
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define MEMP_NUM_TCP_SEG        16
#define MEMP_NUM_UDP_PCB        2
#define MEMP_NUM_PBUF           4
/* Those of lwIP, and one of its MQTT client. */
#define MEMP_NUM_SYS_TIMEOUT          (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1)
#define ARP_TABLE_SIZE                4
#define ETHARP_SUPPORT_STATIC_ENTRIES 0

#define DNS_TABLE_SIZE 1
/* RFC 1035 2.3.4 allows 255; ours are those of settings. */
#define DNS_MAX_NAME_LENGTH 128
#define DNS_MAX_SERVERS     1

/* ---- MQTT over our TLS (tls_layer.h) */

#define LWIP_ALTCP               1
#define LWIP_ALTCP_TLS           1
#define LWIP_ALTCP_TLS_MBEDTLS   0
#define MEMP_NUM_ALTCP_PCB       1
#define MQTT_OUTPUT_RINGBUF_SIZE 512
#define MQTT_REQ_MAX_IN_FLIGHT   2

/* ---- Randomness (hooks.h), checksums */

#define LWIP_HOOK_FILENAME    "ports/lwip/hooks.h"
#define LWIP_HOOK_TCP_ISN     bm_lwip_isn
#define LWIP_CHKSUM_ALGORITHM 3

#endif
