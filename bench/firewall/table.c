/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/firewall/table.h"

#include <stdio.h>

/* On a board there is no room for more. */
#ifdef __unix__
#define MOST BENCH_RULES_MAX
#else
#define MOST 100
#endif

/* Rules that share a port, and ports. */
#define SHARE 4
#define PORTS ((MOST + SHARE - 1) / SHARE)

/* A node of peers for each port and family, and of ports. */
#define NODES (2 * PORTS + 4)

static struct bm_fw_rule rules[MOST];
static char texts[MOST][12];
static const char *names[MOST];
static struct bm_fw_node nodes[NODES];
static uint32_t peer_keys[2 * PORTS][8 * SHARE];
static uint16_t peer_targets[2 * PORTS][2 * SHARE + 1];
static uint32_t port_keys[4][PORTS + 2];
static uint16_t port_targets[4][PORTS + 3];
static struct bm_fw_parts parts;

unsigned bench_port(unsigned rule)
{
    return 1000 + 3 * (rule / SHARE);
}

bool bench_is_tcp(unsigned rule)
{
    return rule / SHARE % 2 == 0;
}

uint32_t bench_net_4(unsigned rule)
{
    return 0x0a000000 | (uint32_t)(rule + 1) << 9;
}

uint32_t bench_net_6(unsigned rule)
{
    return 2 * rule + 2;
}

static uint16_t node(unsigned field, const uint32_t *keys,
                     const uint16_t *targets, unsigned n)
{
    struct bm_fw_node *at = &nodes[parts.node_n];

    at->field = (uint8_t)field;
    at->keys = keys;
    at->targets = targets;
    at->n = (uint16_t)n;
    return (uint16_t)parts.node_n++;
}

/* The peers of the rules that share port `port`. */
static uint16_t peers(unsigned n, unsigned port, bool six)
{
    uint16_t *targets = peer_targets[2 * port + six];
    uint32_t *keys = peer_keys[2 * port + six];
    unsigned words = six ? 4 : 1;
    unsigned count = 0;

    targets[0] = BM_FW_NO_RULE;
    for (unsigned i = SHARE * port; i < SHARE * port + SHARE && i < n; i++) {
        for (unsigned end = 0; end < 2; end++) {
            uint32_t *key = keys + words * count++;

            if (six) {
                key[0] = 0x20010db8;
                key[1] = bench_net_6(i) + end;
            } else {
                key[0] = bench_net_4(i) + 0x100 * end;
            }
            targets[count] =
                (uint16_t)(end == 0 ? BM_FW_TARGET_RULE + i : BM_FW_NO_RULE);
        }
    }
    return node(six ? BM_FW_FIELD_PEER_6 : BM_FW_FIELD_PEER_4, keys, targets,
                count + 1);
}

/* The ports of TCP or UDP, behind each of which are its peers. */
static uint16_t ports(unsigned n, bool tcp, bool six)
{
    uint32_t *keys = port_keys[2 * six + tcp];
    uint16_t *targets = port_targets[2 * six + tcp];
    unsigned count = 1;

    targets[0] = BM_FW_NO_RULE;
    for (unsigned i = tcp ? 0 : SHARE; i < n; i += 2 * SHARE) {
        keys[count - 1] = bench_port(i);
        targets[count++] = peers(n, i / SHARE, six);
        keys[count - 1] = bench_port(i) + 1;
        targets[count++] = BM_FW_NO_RULE;
    }
    return node(BM_FW_FIELD_PORT, keys, targets, count);
}

static void roots(unsigned n)
{
    static const enum bm_fw_class classes[4] = { BM_FW_CLASS_TCP_4,
                                                 BM_FW_CLASS_UDP_4,
                                                 BM_FW_CLASS_TCP_6,
                                                 BM_FW_CLASS_UDP_6 };
    uint16_t root[4];

    for (unsigned i = 0; i < 4; i++) {
        root[i] = ports(n, i % 2 == 0, i / 2 != 0);
    }
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        parts.roots[i] = BM_FW_NO_RULE;
    }
    for (unsigned i = 0; i < 4; i++) {
        parts.roots[BM_FW_ROOT(BM_FW_NORMAL, BM_FW_IN, classes[i])] = root[i];
    }
}

size_t bench_table(unsigned n, uint8_t *buf, size_t cap)
{
    struct bm_wr w;
    size_t len = 0;

    parts = (struct bm_fw_parts){ .version = 1, .floor = 1, .flows = 64 };
    parts.rules = rules;
    parts.names = names;
    parts.nodes = nodes;
    for (; parts.rule_n < n && n <= MOST; parts.rule_n++) {
        unsigned i = (unsigned)parts.rule_n;

        rules[i] = (struct bm_fw_rule){ .verdict = BM_FW_ALLOW,
                                        .modes = 1 << BM_FW_NORMAL };
        rules[i].flags = bench_is_tcp(i) ? BM_FW_FLOWS : 0;
        (void)snprintf(texts[i], sizeof texts[i], "s%u", i);
        names[i] = texts[i];
    }
    roots(n);
    for (unsigned i = 0; i < BM_FW_STATES; i++) {
        parts.seconds[i] = bm_fw_seconds[i];
    }
    bm_wr_init(&w, buf, cap);
    bm_fw_table_write(&w, &parts);
    return bm_wr_finish(&w, &len) == BM_OK ? len : 0;
}
