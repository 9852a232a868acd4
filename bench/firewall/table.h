/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_FIREWALL_TABLE_H
#define BM_BENCH_FIREWALL_TABLE_H

#include "firewall/table.h"

/*
 * A table of `n` rules as the compiler makes it, octet by octet, of the policy
 * that linux/words.c writes; linux/linux.c holds the one against the other, and
 * a board, where there is no compiler, has the same. Ports, then peers: four
 * rules, each for a network of peers, share a port; ports are of TCP and of UDP
 * in turns, and rules of TCP make flows. All are of both families, and of what
 * comes in. Written to `buf`; its length, or 0: too little room.
 */
#define BENCH_RULES_MAX 10000

size_t bench_table(unsigned n, uint8_t *buf, size_t cap);
unsigned bench_port(unsigned rule);
bool bench_is_tcp(unsigned rule);
uint32_t bench_net_4(unsigned rule);
uint32_t bench_net_6(unsigned rule);

#endif
