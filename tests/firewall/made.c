/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/made.h"

#include <stdio.h>

#include "tests/firewall/corpus.h"

/*
 * Each rule has a priority of its own: so whatever they say of one frame, they
 * do not contradict each other, and every order of theirs occurs.
 */

static const char *const verdicts[] = { "allow", "allow", "allow", "observe",
                                        "drop" };

static void put_ports(struct corpus *c, FILE *f, const char *key)
{
    unsigned first = corpus_below(c, 65000);

    if (corpus_below(c, 2) == 0) {
        fprintf(f, ", %s: [%u, %u-%u]", key, first / 2, first,
                first + corpus_below(c, 500));
    } else {
        fprintf(f, ", %s: %u", key, first);
    }
}

/* Any, of IPv4, of IPv6. */
static void put_peer(struct corpus *c, FILE *f, bool four, bool six)
{
    static const char *const words[] = { "any",
                                         "subnet",
                                         "outside",
                                         "10.0.0.0/30",
                                         "192.0.2.0/28",
                                         "10.0.0.2",
                                         "10.0.0.2-10.0.0.200",
                                         "2001:db8::/64",
                                         "2001:db8:0:1::-2001:db8:0:1::9" };
    unsigned i = corpus_below(c, sizeof words / sizeof *words);

    if (i < 3) {
        fprintf(f, ", peer: %s", words[i]);
    } else if (i < 7 && four) {
        fprintf(f, ", peer: [%s, 198.51.100.%u]", words[i],
                corpus_below(c, 256));
    } else if (i >= 7 && six) {
        fprintf(f, ", peer: \"%s\"", words[i]);
    }
}

static void put_kind(struct corpus *c, FILE *f)
{
    static const char *const kinds[] = { "echo-request", "echo-reply",
                                         "\"3/4\"", "128", "9" };

    fprintf(f, ", kind: %s",
            kinds[corpus_below(c, sizeof kinds / sizeof *kinds)]);
}

static void put_protocol(struct corpus *c, FILE *f, bool passes)
{
    static const char *const protocols[] = { "tcp",  "udp",    "[tcp, udp]",
                                             "icmp", "icmpv6", "47",
                                             "arp" };
    unsigned i = corpus_below(c, sizeof protocols / sizeof *protocols);

    fprintf(f, ", protocol: %s", protocols[i]);
    if (i < 3) {
        put_ports(c, f, "port");
        if (corpus_below(c, 3) == 0) {
            put_ports(c, f, "source_port");
        }
        if (passes && corpus_below(c, 3) == 0) {
            fputs(", flows: false", f);
        }
    } else if (i < 5) {
        put_kind(c, f);
    }
    put_peer(c, f, i != 4, i != 3 && i != 6);
}

static void put_rule(struct corpus *c, FILE *f, unsigned number)
{
    bool in = corpus_below(c, 2) == 0;
    unsigned verdict = corpus_below(c, sizeof verdicts / sizeof *verdicts);

    fprintf(f, "- {name: r%u, priority: %u, direction: %s, verdict: %s", number,
            number, in ? "in" : "out", verdicts[verdict]);
    if (corpus_below(c, 8) == 0) {
        fprintf(f, ", ethernet: [%u, %u-%u]", 3000 + corpus_below(c, 30000),
                40000u, 40000 + corpus_below(c, 2000));
    } else {
        put_protocol(c, f, verdict < 4);
    }
    if (in && corpus_below(c, 5) == 0) {
        fprintf(f, ", mac: [\"02:00:5e:00:00:0%u\", \"02:11:00:00:00:00/24\"]",
                corpus_below(c, 4));
    }
    fputs("}\n", f);
}

void made_policy(struct corpus *c, unsigned rules, FILE *f)
{
    fputs("policy: made\nversion: 1\nfloor: 1\nflows: 2000\nsources: 4\n"
          "timeouts: {asked: 400s, udp: 600s, icmp: 300s}\nrules:\n",
          f);
    for (unsigned i = 0; i < rules; i++) {
        put_rule(c, f, i);
    }
}
