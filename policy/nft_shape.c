/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_internal.h"

/* Frames of bad shape, which no rule is asked about: chains shape4, shape6. */

/* A header of TCP that its packet is too short for. */
static void put_offsets(const struct nft *w, char family)
{
    const char *length = family == '4' ? "ip length" : "ip6 length";
    unsigned before = family == '4' ? 20 : 0;

    fprintf(w->f,
            " chain tcp%c {\n"
            "  %s < %u goto drop-malformed\n",
            family, length, before + 20);
    for (unsigned i = 6; i < 16; i++) {
        fprintf(w->f, "  %s < %u tcp doff %u goto drop-malformed\n", length,
                before + 4 * i, i);
    }
    fputs("  tcp doff < 5 goto drop-malformed\n"
          "  tcp flags & (fin|syn|rst|ack|urg) != { syn, syn|urg, syn|ack,"
          " rst, rst|ack, fin|ack, fin|ack|urg, ack, ack|urg }"
          " goto drop-malformed\n"
          " }\n",
          w->f);
}

/* Conntrack sees what may be of flows, or quote a packet of one. */
void nft_shape_4(const struct nft *w, const char *notrack)
{
    put_offsets(w, '4');
    fprintf(w->f,
            " chain icmp4 {\n"
            "  ip length < 28 goto drop-malformed\n"
            "  icmp type != { 0, 3, 8, 11, 12 } %s\n"
            " }\n"
            " chain shape4 {\n"
            "  ip hdrlength != 5 goto drop-malformed\n"
            "  ip frag-off & 0x3fff != 0 goto drop-fragment\n"
            "  ip protocol 6 goto tcp4\n"
            "  ip protocol 17 ip length < 28 goto drop-malformed\n"
            "  ip protocol 17 udp length < 8 goto drop-malformed\n"
            "  ip protocol 17 return\n"
            "  ip protocol 1 goto icmp4\n"
            "  %s\n"
            " }\n",
            notrack, notrack);
}

void nft_shape_6(const struct nft *w, const char *notrack)
{
    put_offsets(w, '6');
    fprintf(w->f,
            " chain icmp6 {\n"
            "  icmpv6 type != { 1, 2, 3, 4, 128, 129 } %s\n"
            " }\n"
            " chain options6 {\n"
            "  ip6 length < 8 goto drop-extension\n"
            "  @nh,320,16 != 0x3a00 goto drop-extension\n"
            "  ip6 length < 16 goto drop-malformed\n"
            "  goto icmp6\n"
            " }\n"
            " chain shape6 {\n"
            "  ip6 nexthdr 44 goto drop-fragment\n"
            "  ip6 nexthdr { 43, 50, 51, 60, 135, 139, 140 }"
            " goto drop-extension\n"
            "  ip6 nexthdr 0 goto options6\n"
            "  ip6 nexthdr 6 goto tcp6\n"
            "  ip6 nexthdr { 17, 58 } ip6 length < 8 goto drop-malformed\n"
            "  ip6 nexthdr 17 udp length < 8 goto drop-malformed\n"
            "  ip6 nexthdr 17 return\n"
            "  ip6 nexthdr 58 goto icmp6\n"
            "  %s\n"
            " }\n",
            notrack, notrack);
}
