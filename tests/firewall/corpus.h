/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FIREWALL_CORPUS_H
#define BM_TESTS_FIREWALL_CORPUS_H

#include "firewall/test/frames.h"
#include "policy/policy.h"
#include "tests/firewall/steps.h"

/* Steps that grow. */
struct corpus {
    uint8_t *p;
    size_t n;
    size_t cap;
    size_t frames;
    size_t since;   /* frames since the last step of another kind */
    uint32_t state; /* of random() */
};

void corpus_wipe(struct corpus *c);

void corpus_table(struct corpus *c, const uint8_t *table, size_t n);
void corpus_clear(struct corpus *c);
void corpus_mode(struct corpus *c, enum policy_mode mode);
void corpus_wait(struct corpus *c, uint32_t seconds);
void corpus_pause(struct corpus *c, uint32_t milliseconds);
void corpus_octets(struct corpus *c, enum bm_fw_direction direction,
                   const uint8_t *p, size_t n);
void corpus_frame(struct corpus *c, const struct frame *f);

/* The same numbers in every run. */
uint32_t corpus_random(struct corpus *c);
uint32_t corpus_below(struct corpus *c, uint32_t n);

/* boundary.c: each border of each range of each rule, one below and above. */
void corpus_boundaries(struct corpus *c, const struct policy *policy);

/*
 * words.c: TCP, all sequences of `depth` segments after a first SYN, and with
 * WORDS_NEAR after the three that open a connection, too; and `walks` longer
 * ones at random. Of a policy with ports 80 in and 443 out.
 */
enum words_numbers {
    WORDS_RANDOM, /* sequence numbers */
    WORDS_NEAR    /* such as a TCP would take, or nearly */
};
void corpus_tcp(struct corpus *c, enum words_numbers numbers, unsigned depth,
                unsigned walks);

/* Of each state of TCP, of UDP and of ICMP: just before its time is over, and
 * just after. */
void corpus_times(struct corpus *c, const struct policy *policy);

/* talk.c: UDP, echoes, and errors that quote; frames that repeat, for rates and
 * caps; a scan as worms do it. */
void corpus_talk(struct corpus *c);
void corpus_crowd(struct corpus *c);
void corpus_scan(struct corpus *c, unsigned n);

/* shapes.c: every shape, of frames that any rule would let through. */
void corpus_shapes(struct corpus *c);

/* paced.c: connections in, to port 80, from their SYN to their last ACK; and
 * anything at all as time goes by, in milliseconds. */
void corpus_closed(struct corpus *c, unsigned n);
void corpus_paced(struct corpus *c, unsigned n);

/* So many bursts, and after some of them nothing for a while: what opens
 * flows, and what makes none. */
void corpus_bursts(struct corpus *c, unsigned n);

/* requests.c: so many connections of Modbus, to ports 502 and 503 in, and 502
 * out. */
void corpus_requests(struct corpus *c, unsigned n);

/* noise.c: frames that are damaged, cut, or made at random. */
void corpus_noise(struct corpus *c, unsigned n);

#endif
