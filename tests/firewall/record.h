/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FIREWALL_RECORD_H
#define BM_TESTS_FIREWALL_RECORD_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Record what a device and its peer, both with Linux's stack, say to each other
 * in namespaces of their own: connections both ways, one that is refused,
 * datagrams, echoes, addresses that are asked for; IPv4 and IPv6. Frames go to
 * `f`, as a capture in the format of libpcap; those from 02:00:5e:00:00:01 are
 * the device's. For this process nothing changes.
 *
 * False: not permitted or not possible here.
 */
bool record(FILE *f);

#endif
