/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/lwip/net.h"

#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/timeouts.h>
#include <string.h>

#include "ports/lwip/guard.h"
#include "ports/lwip/internal.h"

/* The PHY is asked this often: a cable that is pulled is noticed by people. */
#define LINK_MS 100

/* Parts of a frame: one of lwIP's is a header and what it is put before, or a
 * window's worth of small writes. */
#define PARTS_MAX 12

static struct bm_net *the_net;

struct bm_net *lwip_net(void)
{
    return the_net;
}

/* lwIP's clock. */
uint32_t sys_now(void)
{
    return the_net == NULL ? 0 : the_net->config->ms();
}

/* ---- Frames */

static err_t send_frame(struct netif *netif, struct pbuf *p)
{
    const struct bm_net *net = netif->state;
    const struct bm_nic *nic = net->config->nic;
    struct bm_bytes parts[PARTS_MAX];
    size_t n = 0;

    for (; p != NULL; p = p->next) {
        if (n == PARTS_MAX) {
            return ERR_BUF;
        }
        parts[n] = (struct bm_bytes){ p->payload, p->len };
        n++;
    }
    return nic->send(nic->self, parts, n) == BM_OK ? ERR_OK : ERR_IF;
}

/* lwIP's buffers are aligned, and their size is a multiple of four. */
_Static_assert(PBUF_POOL_BUFSIZE % 4 == 0 && MEM_ALIGNMENT == 4,
               "parts of a frame are words");

static struct pbuf *take_frame(const struct bm_nic *nic, size_t octets)
{
    struct bm_nic_room parts[PARTS_MAX];
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (uint16_t)octets, PBUF_POOL);
    size_t n = 0;

    for (struct pbuf *q = p; q != NULL && n < PARTS_MAX; q = q->next) {
        parts[n] = (struct bm_nic_room){ q->payload, q->len };
        n++;
    }
    nic->take(nic->self, parts, n);
    return p;
}

static void receive_frames(struct bm_net *net)
{
    const struct bm_nic *nic = net->config->nic;

    for (unsigned i = 0; i < BM_NET_FRAMES; i++) {
        size_t octets = nic->next(nic->self);
        struct pbuf *p;

        if (octets == 0) {
            return;
        }
        p = take_frame(nic, octets);
        if (p == NULL) {
            net->dropped++;
        } else if (net->netif.input(p, &net->netif) != ERR_OK) {
            pbuf_free(p);
        }
    }
}

static void look_at_link(struct bm_net *net, uint32_t now)
{
    const struct bm_nic *nic = net->config->nic;

    if (!lwip_passed(now, net->asked + LINK_MS)) {
        return;
    }
    net->asked = now;
    if (nic->link(nic->self)) {
        netif_set_link_up(&net->netif);
    } else {
        netif_set_link_down(&net->netif);
    }
}

void bm_net_poll(struct bm_net *net)
{
    uint32_t now = sys_now();

    look_at_link(net, now);
    receive_frames(net);
    if (net->config->guard != NULL) {
        net->config->guard->poll(net->config->guard);
    }
    sys_check_timeouts();
    for (struct bm_net_stream *s = net->streams; s != NULL; s = s->next) {
        lwip_stream_poll(s, now);
    }
}

uint32_t bm_net_sleep(const struct bm_net *net)
{
    uint32_t ms = sys_timeouts_sleeptime();

    (void)net;
    return ms < LINK_MS ? ms : LINK_MS;
}

/* ---- Addresses */

#if LWIP_IPV6
/* An announced one. The first place is that of the link-local address, which no
 * router carries farther than to the neighbours. */
static const ip6_addr_t *address6(const struct bm_net *net)
{
    for (int i = LWIP_IPV6_NUM_ADDRESSES - 1; i > 0; i--) {
        if (ip6_addr_isvalid(netif_ip6_addr_state(&net->netif, i))) {
            return netif_ip6_addr(&net->netif, i);
        }
    }
    return NULL;
}

static void start6(struct netif *netif)
{
    netif->output_ip6 = ethip6_output;
    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_ip6_autoconfig_enabled(netif, 1);
}
#else
static const void *address6(const struct bm_net *net)
{
    (void)net;
    return NULL;
}

static void start6(struct netif *netif)
{
    (void)netif;
}
#endif

static bool has_address4(const struct bm_net *net)
{
    return !ip4_addr_isany(netif_ip4_addr(&net->netif));
}

bool bm_net_ready(const struct bm_net *net)
{
    return netif_is_link_up(&net->netif) &&
           (has_address4(net) || address6(net) != NULL);
}

bool lwip_may_reach(const struct bm_net *net, const ip_addr_t *address)
{
    (void)address; /* where there is IPv4 alone */
    return IP_IS_V6(address) ? address6(net) != NULL : has_address4(net);
}

void bm_net_address(const struct bm_net *net, char out[BM_NET_ADDRESS_SIZE])
{
    out[0] = '\0';
    if (has_address4(net)) {
        (void)ip4addr_ntoa_r(netif_ip4_addr(&net->netif), out,
                             BM_NET_ADDRESS_SIZE);
    }
#if LWIP_IPV6
    else if (address6(net) != NULL) {
        (void)ip6addr_ntoa_r(address6(net), out, BM_NET_ADDRESS_SIZE);
    }
#endif
}

/* ---- Start */

static err_t start_interface(struct netif *netif)
{
    const struct bm_net *net = netif->state;

    netif->name[0] = 'e';
    netif->name[1] = 'n';
    memcpy(netif->hwaddr, net->config->nic->mac, BM_NIC_MAC_SIZE);
    netif->hwaddr_len = BM_NIC_MAC_SIZE;
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                   NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    netif_set_hostname(netif, net->config->name);
    start6(netif);
    return ERR_OK;
}

/* `text`, or what stands in for it. */
static bm_status read_address(const char *text, const char *otherwise,
                              ip4_addr_t *address)
{
    return ip4addr_aton(text != NULL ? text : otherwise, address) != 0
               ? BM_OK
               : BM_E_ARGUMENT;
}

static bm_status set_server(const char *text)
{
    ip_addr_t server;

    if (text == NULL) {
        return BM_OK;
    }
    if (ipaddr_aton(text, &server) == 0) {
        return BM_E_ARGUMENT;
    }
    dns_setserver(0, &server);
    return BM_OK;
}

bm_status bm_net_open(struct bm_net *net, const struct bm_net_config *config)
{
    ip4_addr_t address;
    ip4_addr_t mask;
    ip4_addr_t gateway;
    bool dhcp = config->address == NULL;

    *net = (struct bm_net){ .config = config };
    BM_TRY(read_address(config->address, "0.0.0.0", &address));
    BM_TRY(
        read_address(config->mask, dhcp ? "0.0.0.0" : "255.255.255.0", &mask));
    BM_TRY(read_address(config->gateway, "0.0.0.0", &gateway));
    BM_TRY(lwip_random_open(net));
    the_net = net;
    net->asked = sys_now() - LINK_MS;
    lwip_init();
    BM_TRY(set_server(config->dns));
    if (netif_add(&net->netif, &address, &mask, &gateway, net, start_interface,
                  netif_input) == NULL) {
        return BM_E_MEMORY;
    }
    /* Before the first frame. */
    if (config->guard != NULL) {
        config->guard->open(config->guard, net);
    }
    netif_set_default(&net->netif);
    netif_set_up(&net->netif);
    look_at_link(net, sys_now());
    if (dhcp && dhcp_start(&net->netif) != ERR_OK) {
        return BM_E_MEMORY;
    }
    return BM_OK;
}
