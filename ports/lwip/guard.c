/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/lwip/guard.h"

#include <string.h>

#include "ports/lwip/guard_reset.h"
#include "ports/lwip/internal.h"
#include "ports/lwip/net.h"

/* Flows whose time is over let go of their places. */
#define TICK_MS 1000

_Static_assert(ETH_PAD_SIZE == 0, "a frame begins where its buffer does");
_Static_assert(!LWIP_NETIF_LOOPBACK && !LWIP_HAVE_LOOPIF,
               "what goes to ourselves passes no interface");

static struct bm_net_guard *guard_of(const struct netif *netif)
{
    const struct bm_net *net = netif->state;

    return net->config->guard;
}

/* ---- Subnets */

static void read_subnets(const struct netif *netif,
                         uint32_t words[BM_NET_SUBNET_WORDS])
{
    memset(words, 0, BM_NET_SUBNET_WORDS * sizeof words[0]);
    words[1] = netif_ip4_netmask(netif)->addr;
    words[0] = netif_ip4_addr(netif)->addr & words[1];
#if LWIP_IPV6
    /* The first is link-local, which the engine knows of itself. */
    for (int i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i))) {
            words[2 * i] = netif_ip6_addr(netif, i)->addr[0];
            words[2 * i + 1] = netif_ip6_addr(netif, i)->addr[1];
        }
    }
#endif
}

_Static_assert(LWIP_IPV6_NUM_ADDRESSES - 1 <= BM_FW_SUBNETS_6,
               "each address has a place");

static void tell_subnets(struct bm_net_guard *g)
{
    struct bm_fw_subnets told = { .address = lwip_ntohl(g->subnets[0]),
                                  .mask = lwip_ntohl(g->subnets[1]) };

    for (unsigned i = 2; i < BM_NET_SUBNET_WORDS; i += 2) {
        if ((g->subnets[i] | g->subnets[i + 1]) != 0) {
            told.six[told.six_n].address[0] = lwip_ntohl(g->subnets[i]);
            told.six[told.six_n].address[1] = lwip_ntohl(g->subnets[i + 1]);
            told.six[told.six_n].mask[0] = UINT32_MAX;
            told.six[told.six_n].mask[1] = UINT32_MAX;
            told.six_n++;
        }
    }
    bm_fw_set_subnets(&g->fw, &told);
}

/* lwIP tells of a new address after it has announced it: too late. */
static void look_at_subnets(struct bm_net_guard *g, const struct netif *netif)
{
    uint32_t words[BM_NET_SUBNET_WORDS];

    read_subnets(netif, words);
    if (memcmp(words, g->subnets, sizeof words) != 0) {
        memcpy(g->subnets, words, sizeof words);
        tell_subnets(g);
    }
}

/* ---- Frames */

/* The octets that the engine looks at: where they are, or in one piece. */
static struct bm_bytes look(const struct pbuf *p, uint8_t copy[BM_FW_LOOK])
{
    uint16_t n = p->tot_len < BM_FW_LOOK ? p->tot_len : BM_FW_LOOK;

    if (p->len >= n) {
        return (struct bm_bytes){ p->payload, n };
    }
    return (struct bm_bytes){ copy, pbuf_copy_partial(p, copy, n, 0) };
}

static struct bm_fw_decision judge(struct bm_net_guard *g,
                                   enum bm_fw_direction direction,
                                   struct bm_bytes head, const struct pbuf *p)
{
    look_at_subnets(g, &g->net->netif);
    return bm_fw_judge(&g->fw, direction, head, p->tot_len, sys_now());
}

static err_t guard_input(struct pbuf *p, struct netif *netif)
{
    struct bm_net_guard *g = guard_of(netif);
    uint8_t copy[BM_FW_LOOK];
    struct bm_bytes head = look(p, copy);
    struct bm_fw_decision d = judge(g, BM_FW_IN, head, p);

    if (bm_fw_passes(d)) {
        return g->input(p, netif);
    }
    if (d.verdict == BM_FW_RESET) {
        lwip_reset_queue(g, head, p);
    } else {
        pbuf_free(p);
    }
    return ERR_OK;
}

static err_t guard_output(struct netif *netif, struct pbuf *p)
{
    struct bm_net_guard *g = guard_of(netif);
    uint8_t copy[BM_FW_LOOK];
    struct bm_fw_decision d = judge(g, BM_FW_OUT, look(p, copy), p);

    return bm_fw_passes(d) ? g->linkoutput(netif, p) : ERR_OK;
}

/* ---- The network's calls */

static void guard_open(struct bm_net_guard *g, struct bm_net *net)
{
    struct netif *netif = &net->netif;

    g->net = net;
    g->ticked = sys_now();
    g->input = netif->input;
    g->linkoutput = netif->linkoutput;
    netif->input = guard_input;
    netif->linkoutput = guard_output;
}

static void guard_poll(struct bm_net_guard *g)
{
    uint32_t now = sys_now();

    lwip_reset_send(g);
    if (lwip_passed(now, g->ticked + TICK_MS)) {
        g->ticked = now;
        bm_fw_tick(&g->fw, now);
    }
}

bm_status bm_net_guard_init(struct bm_net_guard *g,
                            const struct bm_crypto *crypto)
{
    uint32_t seed = 0;

    *g = (struct bm_net_guard){ .open = guard_open, .poll = guard_poll };
    bm_fw_init(&g->fw, 0);
    BM_TRY(crypto->random(crypto->self, (uint8_t *)&seed, sizeof seed));
    bm_fw_init(&g->fw, seed);
    return BM_OK;
}
