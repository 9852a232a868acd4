/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_PCAP_H
#define BM_POLICY_PCAP_H

#include "core/bytes.h"

/*
 * Captured frames: the classic format of libpcap, of either byte order, with
 * micro- or nanoseconds, and Ethernet alone. Views into the file.
 */
struct policy_pcap {
    struct bm_bytes left;
    bool big;
    bool nano;
};

struct policy_pcap_frame {
    struct bm_bytes head; /* what was kept */
    size_t length;        /* of the whole frame */
    uint64_t time;        /* milliseconds since 1970 */
};

/* BM_E_POLICY_PCAP: no such file. `*pcap` is then all zero. */
BM_MUST_CHECK bm_status policy_pcap_open(struct bm_bytes file,
                                         struct policy_pcap *pcap);

/* BM_E_END: there are no more; BM_E_POLICY_PCAP: what follows is no frame, or
 * less of one was kept than is looked at (BM_FW_LOOK). */
BM_MUST_CHECK bm_status policy_pcap_next(struct policy_pcap *pcap,
                                         struct policy_pcap_frame *frame);

#endif
