/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ZEPHYR_NET_PKT_H
#define TEST_ZEPHYR_NET_PKT_H

#include <zephyr/net/net_if.h>

struct net_buf;

struct net_pkt_cursor {
    struct net_buf *buf;
    uint8_t *pos;
};

struct net_pkt {
    struct net_pkt_cursor cursor;
    struct net_if *iface;
    struct net_buf *buffer;
};

struct net_if *net_pkt_iface(struct net_pkt *pkt);
size_t net_pkt_get_len(struct net_pkt *pkt);
void net_pkt_cursor_init(struct net_pkt *pkt);
void net_pkt_cursor_backup(struct net_pkt *pkt, struct net_pkt_cursor *backup);
void net_pkt_cursor_restore(struct net_pkt *pkt, struct net_pkt_cursor *backup);
int net_pkt_read(struct net_pkt *pkt, void *data, size_t length);

#endif
