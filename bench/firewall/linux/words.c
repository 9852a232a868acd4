/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/firewall/linux/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/firewall/table.h"

static void put_rule(FILE *f, unsigned i, bool six)
{
    uint32_t net = bench_net_4(i);

    fprintf(f,
            "- {name: s%u, direction: in, protocol: %s, port: %u, "
            "peer: [%u.%u.%u.0/24",
            i, bench_is_tcp(i) ? "tcp" : "udp", bench_port(i), net >> 24,
            net >> 16 & 255, net >> 8 & 255);
    if (six) {
        fprintf(f, ", \"2001:db8:%x:%x::/64\"", bench_net_6(i) >> 16,
                bench_net_6(i) & 0xffff);
    }
    fprintf(f, "], verdict: allow%s}\n",
            bench_is_tcp(i) ? "" : ", flows: false");
}

struct policy *bench_policy(unsigned n, bool six)
{
    struct policy *policy = NULL;
    struct config_error error;
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    bm_status rc;

    if (f == NULL) {
        return NULL;
    }
    fputs("policy: bench\nversion: 1\nfloor: 1\nflows: 64\nrules:\n", f);
    for (unsigned i = 0; i < n; i++) {
        put_rule(f, i, six);
    }
    rc = fclose(f) == 0
             ? policy_parse((struct bm_bytes){ (uint8_t *)text, len }, &policy,
                            &error)
             : BM_E_IO;
    if (rc != BM_OK) {
        printf("# %s\n", bm_status_text(rc));
    }
    free(text);
    return policy;
}
