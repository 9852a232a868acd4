/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pcap.h"

#include <string.h>

#include "firewall/packet.h"

/* draft-ietf-opsawg-pcap: a header of 24 octets, records of 16 and more. */
#define HEADER   24
#define RECORD   16
#define ETHERNET 1

/* Longer than any frame on any medium; and a sum with it does not wrap. */
#define FRAME_MAX (UINT32_C(1) << 24)

static uint32_t take_32(const struct policy_pcap *pcap, size_t at)
{
    const uint8_t *p = pcap->left.p + at;

    if (pcap->big) {
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
               (uint32_t)p[2] << 8 | p[3];
    }
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
           p[0];
}

static void skip(struct policy_pcap *pcap, size_t n)
{
    pcap->left.p += n;
    pcap->left.n -= n;
}

bm_status policy_pcap_open(struct bm_bytes file, struct policy_pcap *pcap)
{
    static const struct {
        uint8_t magic[4];
        bool big;
        bool nano;
    } forms[] = { { { 0xd4, 0xc3, 0xb2, 0xa1 }, false, false },
                  { { 0x4d, 0x3c, 0xb2, 0xa1 }, false, true },
                  { { 0xa1, 0xb2, 0xc3, 0xd4 }, true, false },
                  { { 0xa1, 0xb2, 0x3c, 0x4d }, true, true } };
    struct policy_pcap p = { .left = file };
    bool known = false;

    *pcap = (struct policy_pcap){ .big = false };
    if (file.n < HEADER) {
        return BM_E_POLICY_PCAP;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (memcmp(file.p, forms[i].magic, 4) == 0) {
            p.big = forms[i].big;
            p.nano = forms[i].nano;
            known = true;
        }
    }
    /* The upper bits tell of check sequences behind frames. */
    if (!known || (take_32(&p, 20) & 0x0fffffff) != ETHERNET) {
        return BM_E_POLICY_PCAP;
    }
    skip(&p, HEADER);
    *pcap = p;
    return BM_OK;
}

bm_status policy_pcap_next(struct policy_pcap *pcap,
                           struct policy_pcap_frame *frame)
{
    uint32_t kept;
    uint32_t length;

    *frame = (struct policy_pcap_frame){ .length = 0 };
    if (pcap->left.n == 0) {
        return BM_E_END;
    }
    if (pcap->left.n < RECORD) {
        return BM_E_POLICY_PCAP;
    }
    kept = take_32(pcap, 8);
    length = take_32(pcap, 12);
    if (kept > pcap->left.n - RECORD || kept > length || length > FRAME_MAX ||
        (kept < length && kept < BM_FW_LOOK)) {
        return BM_E_POLICY_PCAP;
    }
    frame->time = (uint64_t)take_32(pcap, 0) * 1000 +
                  take_32(pcap, 4) / (pcap->nano ? 1000000u : 1000u);
    frame->head = (struct bm_bytes){ pcap->left.p + RECORD, kept };
    frame->length = length;
    skip(pcap, RECORD + (size_t)kept);
    return BM_OK;
}
