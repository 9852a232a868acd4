/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/ethernet.h"

#include <string.h>

/* Registers, chapter 5 of the datasheet. */
enum {
    RX_DATA = 0x00,
    TX_DATA = 0x20,
    RX_STATUS = 0x40,
    TX_STATUS = 0x48,
    INT_STS = 0x58,
    INT_EN = 0x5c,
    BYTE_TEST = 0x64,
    RX_CFG = 0x6c,
    TX_CFG = 0x70,
    HW_CFG = 0x74,
    RX_FIFO_INF = 0x7c,
    TX_FIFO_INF = 0x80,
    PMT_CTRL = 0x84,
    RX_DROP = 0xa0,
    MAC_CMD = 0xa4,
    MAC_DATA = 0xa8
};

#define BYTE_TEST_VALUE 0x87654321u

#define INT_RXE (1u << 14) /* the receiver lost its place */

#define RX_DUMP (1u << 15)

#define TX_ON (1u << 1)

#define HW_RESET (1u << 0)
/* 5 KB to send, 10 KB to receive; a bit that must be one. */
#define HW_FIFOS ((5u << 16) | (1u << 20))

#define PMT_READY (1u << 0)

#define MAC_BUSY (1u << 31)
#define MAC_READ (1u << 30)

/* Registers of the MAC, 5.4, behind the two above. */
enum {
    MAC_CR = 1,
    MAC_ADDRH = 2,
    MAC_ADDRL = 3,
    MAC_MII = 6,
    MAC_MII_DATA = 7
};

#define CR_RECEIVE     (1u << 2)
#define CR_SEND        (1u << 3)
#define CR_MULTICAST   (1u << 19) /* all of it: neighbours of IPv6 */
#define CR_FULL_DUPLEX (1u << 20)

/* The PHY, 5.5: number 1, and IEEE 802.3 22.2.4.2, basic status. */
#define MII_STATUS_OF_PHY ((1u << 11) | (1u << 6))
#define MII_BUSY          (1u << 0)
#define STATUS_LINK       (1u << 2)

/* A word of the RX status FIFO, 3.13.3. */
#define STATUS_ERROR     (1u << 15)
#define STATUS_LENGTH(s) (((s) >> 16) & 0x3fffu)

/* Command A of a frame to send, 3.12.2: the first segment, and the last. */
#define TX_FIRST (1u << 13)
#define TX_LAST  (1u << 12)

/* IEEE 802.3 4.2.3.3: a frame has no fewer octets, without its checksum. */
#define WIRE_MIN      60u
#define CHECKSUM_SIZE 4u

/* How often a bit that changes within microseconds is asked for. */
#define PATIENCE 10000u

static uint32_t get(const struct bm_ethernet *e, unsigned at)
{
    return *(volatile uint32_t *)(e->base + at);
}

static void set(const struct bm_ethernet *e, unsigned at, uint32_t value)
{
    *(volatile uint32_t *)(e->base + at) = value;
}

/* Wait until those bits have this value. */
static bool settles(const struct bm_ethernet *e, unsigned at, uint32_t bits,
                    uint32_t value)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        if ((get(e, at) & bits) == value) {
            return true;
        }
    }
    return false;
}

static bool mac_write(const struct bm_ethernet *e, uint32_t which,
                      uint32_t value)
{
    if (!settles(e, MAC_CMD, MAC_BUSY, 0)) {
        return false;
    }
    set(e, MAC_DATA, value);
    set(e, MAC_CMD, MAC_BUSY | which);
    return settles(e, MAC_CMD, MAC_BUSY, 0);
}

/* 0 for one that does not answer: no link, no address. */
static uint32_t mac_read(const struct bm_ethernet *e, uint32_t which)
{
    if (!settles(e, MAC_CMD, MAC_BUSY, 0)) {
        return 0;
    }
    set(e, MAC_CMD, MAC_BUSY | MAC_READ | which);
    return settles(e, MAC_CMD, MAC_BUSY, 0) ? get(e, MAC_DATA) : 0;
}

static bool link_is_up(void *self)
{
    const struct bm_ethernet *e = self;

    if (!mac_write(e, MAC_MII, MII_STATUS_OF_PHY)) {
        return false;
    }
    for (unsigned i = 0; (mac_read(e, MAC_MII) & MII_BUSY) != 0; i++) {
        if (i == PATIENCE) {
            return false;
        }
    }
    return (mac_read(e, MAC_MII_DATA) & STATUS_LINK) != 0;
}

/* ---- Receiving */

static size_t words(size_t octets)
{
    return (octets + 3) / 4;
}

static void skip(const struct bm_ethernet *e, size_t n)
{
    for (; n > 0; n--) {
        (void)get(e, RX_DATA);
    }
}

/* 3.13.5: the receiver is stopped, emptied and started. */
static void recover(struct bm_ethernet *e)
{
    uint32_t cr = mac_read(e, MAC_CR);

    (void)mac_write(e, MAC_CR, cr & ~CR_RECEIVE);
    set(e, RX_CFG, RX_DUMP);
    (void)settles(e, RX_CFG, RX_DUMP, 0);
    set(e, INT_STS, INT_RXE);
    (void)mac_write(e, MAC_CR, cr | CR_RECEIVE);
    e->damaged++;
    e->waiting = 0;
}

static size_t next_frame(void *self)
{
    struct bm_ethernet *e = self;

    e->dropped += get(e, RX_DROP); /* reading clears it */
    if ((get(e, INT_STS) & INT_RXE) != 0) {
        recover(e);
    }
    while (e->waiting == 0 && ((get(e, RX_FIFO_INF) >> 16) & 0xffu) != 0) {
        uint32_t status = get(e, RX_STATUS);
        size_t n = STATUS_LENGTH(status);

        if ((status & STATUS_ERROR) != 0 ||
            n < BM_NIC_FRAME_MIN + CHECKSUM_SIZE ||
            n > BM_NIC_FRAME_MAX + CHECKSUM_SIZE) {
            skip(e, words(n));
            e->damaged++;
        } else {
            e->waiting = n;
        }
    }
    return e->waiting == 0 ? 0 : e->waiting - CHECKSUM_SIZE;
}

static void take_frame(void *self, const struct bm_nic_room *parts, size_t n)
{
    struct bm_ethernet *e = self;
    size_t left = words(e->waiting);
    size_t octets = e->waiting == 0 ? 0 : e->waiting - CHECKSUM_SIZE;

    for (size_t i = 0; i < n && octets > 0; i++) {
        uint8_t *to = parts[i].p;
        size_t room = parts[i].n < octets ? parts[i].n : octets;

        for (octets -= room; room > 0; left--) {
            uint32_t word = get(e, RX_DATA);
            size_t some = room < sizeof word ? room : sizeof word;

            memcpy(to, &word, some);
            to += some;
            room -= some;
        }
    }
    if (e->waiting != 0 && n != 0) {
        e->received++;
    }
    skip(e, left);
    e->waiting = 0;
}

/* ---- Sending */

/* What was sent is of no interest, but its status has to be taken away. */
static void drop_statuses(const struct bm_ethernet *e)
{
    while (((get(e, TX_FIFO_INF) >> 16) & 0xffu) != 0) {
        (void)get(e, TX_STATUS);
    }
}

/* Octets of any number of parts, joined to words, least octet first. */
static void put_parts(const struct bm_ethernet *e, const struct bm_bytes *parts,
                      size_t n)
{
    uint32_t word = 0;
    unsigned have = 0;

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < parts[i].n; j++) {
            word |= (uint32_t)parts[i].p[j] << (8 * have);
            if (++have == sizeof word) {
                set(e, TX_DATA, word);
                word = 0;
                have = 0;
            }
        }
    }
    if (have != 0) {
        set(e, TX_DATA, word);
    }
}

static bm_status send_frame(void *self, const struct bm_bytes *parts, size_t n)
{
    struct bm_ethernet *e = self;
    size_t octets = 0;
    size_t whole;

    for (size_t i = 0; i < n; i++) {
        octets += parts[i].n;
    }
    if (octets < BM_NIC_FRAME_MIN || octets > BM_NIC_FRAME_MAX) {
        return BM_E_LIMIT;
    }
    drop_statuses(e);
    whole = octets < WIRE_MIN ? WIRE_MIN : octets;
    if ((get(e, TX_FIFO_INF) & 0xffffu) < whole + 2 * sizeof(uint32_t)) {
        e->refused++;
        return BM_E_NIC_BUSY;
    }
    set(e, TX_DATA, TX_FIRST | TX_LAST | (uint32_t)whole);
    set(e, TX_DATA, (uint32_t)whole);
    put_parts(e, parts, n);
    for (size_t at = words(octets); at < words(whole); at++) {
        set(e, TX_DATA, 0);
    }
    e->sent++;
    return BM_OK;
}

/* ---- Start and end */

/* After power is on, a reset takes until the chip says that it is ready. */
static bool reset(const struct bm_ethernet *e)
{
    if (!settles(e, PMT_CTRL, PMT_READY, PMT_READY) ||
        get(e, BYTE_TEST) != BYTE_TEST_VALUE) {
        return false;
    }
    set(e, HW_CFG, HW_RESET);
    if (!settles(e, HW_CFG, HW_RESET, 0)) {
        return false;
    }
    set(e, HW_CFG, HW_FIFOS);
    set(e, INT_EN, 0);
    set(e, INT_STS, UINT32_MAX);
    set(e, RX_CFG, 0);
    return true;
}

static bool set_address(struct bm_ethernet *e, const uint8_t *mac)
{
    uint32_t low;
    uint32_t high;

    if (mac != NULL) {
        memcpy(e->nic.mac, mac, BM_NIC_MAC_SIZE);
        low = (uint32_t)mac[0] | (uint32_t)mac[1] << 8 |
              (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
        high = (uint32_t)mac[4] | (uint32_t)mac[5] << 8;
        if (!mac_write(e, MAC_ADDRL, low) || !mac_write(e, MAC_ADDRH, high)) {
            return false;
        }
    }
    low = mac_read(e, MAC_ADDRL);
    high = mac_read(e, MAC_ADDRH);
    for (unsigned i = 0; i < 4; i++) {
        e->nic.mac[i] = (uint8_t)(low >> (8 * i));
    }
    e->nic.mac[4] = (uint8_t)high;
    e->nic.mac[5] = (uint8_t)(high >> 8);
    /* IEEE 802 8.2: the lowest bit is that of groups; an EEPROM that is not
     * there reads as all ones, a chip that does not answer as zeros. */
    return (low & 1u) == 0 && (low | (high & 0xffffu)) != 0;
}

bm_status bm_ethernet_open(struct bm_ethernet *e, uintptr_t base,
                           const uint8_t mac[BM_NIC_MAC_SIZE])
{
    *e = (struct bm_ethernet){ .base = base };
    e->nic = (struct bm_nic){
        .self = e,
        .link = link_is_up,
        .next = next_frame,
        .take = take_frame,
        .send = send_frame,
    };
    if (!reset(e) || !set_address(e, mac)) {
        return BM_E_NIC;
    }
    set(e, TX_CFG, TX_ON);
    return mac_write(e, MAC_CR,
                     CR_RECEIVE | CR_SEND | CR_MULTICAST | CR_FULL_DUPLEX)
               ? BM_OK
               : BM_E_NIC;
}

void bm_ethernet_close(struct bm_ethernet *e)
{
    if (e->base != 0) {
        (void)mac_write(e, MAC_CR, 0);
        set(e, TX_CFG, 0);
    }
    *e = (struct bm_ethernet){ 0 };
}
