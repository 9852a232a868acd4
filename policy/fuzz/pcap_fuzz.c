/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pcap.h"

#include <stdlib.h>

#include "firewall/packet.h"

/* Any octets are refused, or come apart into frames that lie in them. */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bm_fw_subnets subnets;
    struct policy_pcap pcap;
    struct policy_pcap_frame frame;
    const uint8_t *last = data;
    bm_status rc = policy_pcap_open((struct bm_bytes){ data, size }, &pcap);

    while (rc == BM_OK) {
        struct bm_fw_packet packet;

        rc = policy_pcap_next(&pcap, &frame);
        if (rc == BM_OK) {
            must(frame.head.p >= last && frame.head.n <= frame.length);
            last = frame.head.p + frame.head.n;
            must(last <= data + size);
            (void)bm_fw_packet_parse(&packet, BM_FW_IN, frame.head,
                                     frame.length, &subnets);
        }
    }
    must(rc == BM_E_END || rc == BM_E_POLICY_PCAP);
    return 0;
}
