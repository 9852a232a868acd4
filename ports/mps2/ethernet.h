/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_ETHERNET_H
#define BM_PORTS_MPS2_ETHERNET_H

#include "device/nic.h"

/*
 * The Ethernet controller of the MPS2 boards: SMSC LAN9118, polled, with its
 * FIFOs as the only buffers: frames in, frames out. 10 KB wait for us inside of
 * it; what comes when they are full is dropped there, and TCP sends it again.
 *
 * QEMU's model and the chip differ; the driver does what is right on both:
 *
 *   the model never raises RX_DROP or the receiver's errors; the chip does
 *   the model sends as soon as the last word is written, so that there is
 *   always room; the chip may be busy (BM_E_NIC_BUSY)
 *   the model's fast-forward over a frame (RX_DP_CTRL) loses count of its
 *   FIFO, so a frame is dropped by reading it
 *
 * Reference: SMSC, "LAN9118 Datasheet", revision 1.5; Arm DAI0385D, DAI0505B.
 */

/* Where it is: on mps2-an385, and on mps2-an505 and -an521. */
#define BM_ETHERNET_AN385 0x40200000u
#define BM_ETHERNET_AN505 0x42000000u

struct bm_ethernet {
    struct bm_nic nic; /* to hand in */

    /* Frames since open; they wrap. */
    uint32_t received;
    uint32_t sent;
    uint32_t damaged; /* checksum, length, collision: by the chip's word */
    uint32_t dropped; /* by the chip, which had no room; QEMU's says nothing */
    uint32_t refused; /* ours, for which it had no room */

    /* Private. */
    uintptr_t base;
    size_t waiting; /* octets of the frame in front, checksum included */
};

/*
 * Reset the chip and start it, in a few thousand reads of its registers.
 * `mac`: our address; NULL: that of its EEPROM, which under QEMU is what
 * -nic macaddr= says. BM_E_NIC: it is not there, does not answer, or has no
 * address that can be anybody's. `*e` must not move afterwards.
 */
BM_MUST_CHECK bm_status bm_ethernet_open(struct bm_ethernet *e, uintptr_t base,
                                         const uint8_t mac[BM_NIC_MAC_SIZE]);

/* Stop sending and receiving. A zeroed one is fine. */
void bm_ethernet_close(struct bm_ethernet *e);

#endif
