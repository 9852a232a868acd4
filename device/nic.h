/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_NIC_H
#define BM_DEVICE_NIC_H

#include "core/bytes.h"

/*
 * A network interface, as a porter hands it in: Ethernet frames in, Ethernet
 * frames out, as IEEE 802.3 has them from destination address to data, without
 * preamble and checksum. A stack (ports/lwip) is on top of it.
 *
 * One thread; nothing blocks and nothing is called back: whoever has the stack
 * asks often, and puts the processor to sleep in between.
 */

/* Without a VLAN tag: 14 of header and 1500 of data. */
#define BM_NIC_FRAME_MAX 1514
#define BM_NIC_FRAME_MIN 14
#define BM_NIC_MAC_SIZE  6

/* Where a part of a frame goes. */
struct bm_nic_room {
    uint8_t *p;
    size_t n;
};

struct bm_nic {
    void *self;
    uint8_t mac[BM_NIC_MAC_SIZE]; /* ours: unicast, and of nobody else */

    /* Is there somebody at the other end of the cable? Cheap enough to be asked
     * a hundred times a second. */
    bool (*link)(void *self);

    /* Octets of the frame that waits, BM_NIC_FRAME_MIN to BM_NIC_FRAME_MAX; 0:
     * none does. One that came damaged is dropped before. */
    size_t (*next)(void *self);

    /* Move that frame, part after part, and let go of it; parts that are too
     * short leave the rest behind. No parts at all: drop it. All parts but the
     * last are multiples of four octets, at addresses that are. */
    void (*take)(void *self, const struct bm_nic_room *parts, size_t n);

    /* Send the parts as one frame; they are free when this returns. BM_E_LIMIT:
     * shorter or longer than a frame may be. BM_E_NIC_BUSY: no room at
     * present, and the frame is lost, as frames may be. Too short for the
     * wire: padded by the interface. */
    bm_status (*send)(void *self, const struct bm_bytes *parts, size_t n);
};

#endif
