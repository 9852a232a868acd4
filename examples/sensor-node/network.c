/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/network.h"

#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/say.h"

static char *put_octet(char *to, unsigned octet)
{
    if (octet >= 100) {
        *to++ = (char)('0' + octet / 100);
    }
    if (octet >= 10) {
        *to++ = (char)('0' + octet / 10 % 10);
    }
    *to++ = (char)('0' + octet % 10);
    return to;
}

/* 192.0.2.1, or NULL for zeros: there is none. */
static const char *dotted(const uint8_t ip[4], char out[16])
{
    static const uint8_t none[4];
    char *to = out;

    if (memcmp(ip, none, sizeof none) == 0) {
        return NULL;
    }
    for (unsigned i = 0; i < 4; i++) {
        to = put_octet(to, ip[i]);
        *to++ = i < 3 ? '.' : '\0';
    }
    return out;
}

static void configure(struct network *net, const struct settings *settings,
                      const struct bm_crypto *crypto,
                      struct bm_net_guard *guard)
{
    const struct settings_address *a = &settings->address;
    uint8_t mask[4] = { 0 };

    net->config = (struct bm_net_config){ .nic = board_nic(),
                                          .crypto = crypto,
                                          .ms = board_ms,
                                          .name = settings->device,
                                          .guard = guard };
    if (!a->fixed) {
        return;
    }
    for (unsigned bit = 0; bit < a->prefix; bit++) {
        mask[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
    }
    net->config.address = dotted(a->node, net->address);
    net->config.mask = dotted(mask, net->mask);
    net->config.gateway = dotted(a->gateway, net->gateway);
    net->config.dns = dotted(a->names, net->names);
}

bm_status network_open(struct network *net, const struct settings *settings,
                       const struct bm_crypto *crypto,
                       struct bm_net_guard *guard)
{
    const struct bm_mbedtls_tls_config tls = { .memory = net->memory,
                                               .memory_n = sizeof net->memory,
                                               .sessions = 2 };
    const struct bm_net_connector_config out = { .net = &net->net };

    configure(net, settings, crypto, guard);
    if (net->config.nic == NULL) {
        return BM_E_NIC;
    }
    BM_TRY(bm_net_open(&net->net, &net->config));
    bm_net_connector_init(&net->out, &out);
    return bm_mbedtls_tls_open(&net->tls, &tls);
}

void network_poll(struct network *net)
{
    char address[BM_NET_ADDRESS_SIZE];

    bm_net_poll(&net->net);
    if (!net->told && bm_net_ready(&net->net)) {
        net->told = true;
        bm_net_address(&net->net, address);
        say("online", (struct say_field[]){ { "address", address, 0 },
                                            { NULL, NULL, 0 } });
    }
}
