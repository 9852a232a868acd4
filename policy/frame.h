/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_FRAME_H
#define BM_POLICY_FRAME_H

#include "policy/diagram.h"
#include "policy/judge.h"

/*
 * A frame in words, for people who ask and for expectations:
 *
 *     in tcp peer=10.0.0.5 port=443
 *     out icmpv6 kind=echo-request peer=fd00::1 id=7
 *     in arp kind=request peer=10.0.0.1 subnet=yes
 *     in ipv4 proto=47 peer=10.0.0.5
 *     in ethernet type=0x88cc mac=02:00:00:00:00:01
 *
 * Direction, protocol, and fields as docs/firewall.md names them. What is not
 * said has a value that stands for nothing in particular: docs/policy.md.
 */

#define POLICY_FRAME_MAX   128
#define POLICY_FRAME_WORDS 256

struct policy_frame {
    enum bm_fw_direction direction;
    struct bm_fw_subnets subnets; /* as they are when it comes */
    size_t n;
    uint8_t octets[POLICY_FRAME_MAX];
};

/*
 * Make the frame. BM_E_POLICY_PACKET: `words` are none, and `why` says what is
 * wrong with them; `*frame` is then of no use.
 */
BM_MUST_CHECK bm_status policy_frame_parse(const char *words,
                                           struct policy_frame *frame,
                                           char why[CONFIG_WORDS_MAX]);

/* The words of a frame with these facts, flags apart. */
void policy_facts_words(const struct policy_facts *facts,
                        char words[POLICY_FRAME_WORDS]);

/* Two rules that contradict each other: the words of a frame that shows it. */
void policy_frame_witness(const struct policy_conflict *conflict,
                          char words[POLICY_FRAME_WORDS]);

#endif
