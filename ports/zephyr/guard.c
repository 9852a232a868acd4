/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/zephyr/guard.h"

#include <string.h>
#include <zephyr/net/net_pkt_filter.h>

/* Flows whose time is over let go of their places. */
#define TICK_MS 1000

/* ---- Subnets */

static uint32_t get_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void read_ipv4(struct net_if *iface, struct bm_fw_subnets *s)
{
    const struct in_addr *own =
        net_if_ipv4_get_global_addr(iface, NET_ADDR_PREFERRED);
    struct in_addr mask;

    if (own != NULL) {
        mask = net_if_ipv4_get_netmask_by_addr(iface, own);
        s->mask = get_32((const uint8_t *)&mask);
        s->address = get_32((const uint8_t *)own) & s->mask;
    }
}

static void read_ipv6(struct net_if *iface, struct bm_fw_subnets *s)
{
    const struct in6_addr *own =
        net_if_ipv6_get_global_addr(NET_ADDR_PREFERRED, &iface);

    if (own != NULL) {
        for (unsigned i = 0; i < 2; i++) {
            s->six[0].address[i] = get_32((const uint8_t *)own + 4 * i);
            s->six[0].mask[i] = UINT32_MAX;
        }
        s->six_n = 1;
    }
}

/* ---- Frames */

/* Its first octets in one piece; a reader's place in it stays. */
static struct bm_bytes look(struct net_pkt *pkt, size_t length,
                            uint8_t copy[BM_FW_LOOK])
{
    const size_t n = length < BM_FW_LOOK ? length : BM_FW_LOOK;
    struct net_pkt_cursor place;
    int failed;

    net_pkt_cursor_backup(pkt, &place);
    net_pkt_cursor_init(pkt);
    failed = net_pkt_read(pkt, copy, n);
    net_pkt_cursor_restore(pkt, &place);
    return (struct bm_bytes){ copy, failed != 0 ? 0 : n };
}

/* The stack is asked for addresses before the engine is taken: it may wait in
 * `send` for us with its own locks held. */
static bool passes(struct bm_zephyr_guard *g, enum bm_fw_direction direction,
                   struct net_pkt *pkt)
{
    const size_t length = net_pkt_get_len(pkt);
    const uint32_t now = k_uptime_get_32();
    struct bm_fw_subnets subnets = { 0 };
    uint8_t copy[BM_FW_LOOK];
    struct bm_bytes head;
    bool yes;

    if (net_pkt_iface(pkt) != g->iface) {
        return false;
    }
    read_ipv4(g->iface, &subnets);
    read_ipv6(g->iface, &subnets);
    head = look(pkt, length, copy);
    (void)k_mutex_lock(&g->lock, K_FOREVER);
    if (memcmp(&subnets, &g->subnets, sizeof subnets) != 0) {
        g->subnets = subnets;
        bm_fw_set_subnets(&g->fw, &subnets);
    }
    if (now - g->ticked >= TICK_MS) {
        g->ticked = now;
        bm_fw_tick(&g->fw, now);
    }
    yes = bm_fw_passes(bm_fw_judge(&g->fw, direction, head, length, now));
    (void)k_mutex_unlock(&g->lock);
    return yes;
}

bool bm_zephyr_guard_out(struct bm_zephyr_guard *g, struct net_pkt *pkt)
{
    return passes(g, BM_FW_OUT, pkt);
}

/* ---- The rule: whatever does not pass is dropped */

struct judging {
    struct npf_test test; /* the first: what the filter calls us with */
    struct bm_zephyr_guard *guard;
};

static bool is_dropped(struct npf_test *test, struct net_pkt *pkt)
{
    const struct judging *judging = (const struct judging *)test;

    return !passes(judging->guard, BM_FW_IN, pkt);
}

static struct judging judging = { .test = { .fn = is_dropped } };

/* Zephyr's rules end with an array that is initialised: GNU C. */
__extension__ static struct npf_rule rule = { .result = NET_DROP,
                                              .nb_tests = 1,
                                              .tests = { &judging.test } };

void bm_zephyr_guard_open(struct bm_zephyr_guard *g, struct net_if *iface,
                          uint32_t seed)
{
    *g = (struct bm_zephyr_guard){ .iface = iface };
    bm_fw_init(&g->fw, seed);
    (void)k_mutex_init(&g->lock);
    judging.guard = g;
    npf_insert_rule(&npf_recv_rules, &rule);
    npf_append_rule(&npf_recv_rules, &npf_default_ok);
}
