/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "firewall/packet.h"

/* The first octet says from which side, and how much more there was. */

static const struct bm_fw_subnets subnets = { .address = 0x0a000000,
                                              .mask = 0xff000000 };

static void must_be_sound(const struct bm_fw_packet *p)
{
    bool ip = p->family >= BM_FW_IPV4;

    must(!ip || (p->l4 >= 34 && p->l4 <= p->end && p->end <= p->length));
    must(ip || p->proto == 0);
    must(p->family == BM_FW_IPV6 || (p->peer[1] | p->peer[2] | p->peer[3] |
                                     p->own[1] | p->own[2] | p->own[3]) == 0);
    must(p->direction == BM_FW_IN || (p->mac[0] | p->mac[1]) == 0);
    must(p->proto == BM_FW_PROTO_TCP || p->flags == 0);
    must(p->subnet <= 1);
}

static void look(enum bm_fw_direction d, struct bm_bytes head, size_t length)
{
    struct bm_fw_packet p;
    struct bm_fw_packet again;
    struct bm_fw_packet quoted;
    struct bm_bytes less = { head.p,
                             head.n < BM_FW_LOOK ? head.n : BM_FW_LOOK };
    enum bm_fw_reason reason =
        bm_fw_packet_parse(&p, d, head, length, &subnets);

    /* What is seen beyond the first octets changes nothing. */
    must(bm_fw_packet_parse(&again, d, less, length, &subnets) == reason);
    if (reason == BM_FW_BY_RULE) {
        must_be_sound(&p);
        must(again.port == p.port && again.sport == p.sport);
        if (bm_fw_packet_quote(&p, &quoted)) {
            must(quoted.direction != p.direction);
            must(quoted.family == p.family);
        }
    } else {
        must(reason == BM_FW_MALFORMED || reason == BM_FW_FRAGMENT ||
             reason == BM_FW_EXTENSION);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *frame;

    if (size == 0) {
        return 0;
    }
    frame = must_have_room(size - 1);
    for (size_t i = 1; i < size; i++) {
        frame[i - 1] = data[i];
    }
    look((data[0] & 1) != 0 ? BM_FW_OUT : BM_FW_IN,
         (struct bm_bytes){ frame, size - 1 },
         size - 1 + (size_t)(data[0] >> 1) * 16);
    free(frame);
    return 0;
}
