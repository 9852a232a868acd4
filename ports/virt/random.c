/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes from a virtio entropy device: we offer it a buffer in a queue of
 * one place, and it says how many bytes of it it has filled. Reference: OASIS
 * virtio 1.1: 2.6 (split virtqueues), 4.2 (over MMIO), 5.4 (entropy device).
 */
#include <stdbool.h>
#include <string.h>

#include "ports/board.h"
#include "ports/virt/internal.h"

/* 4.2.2: where devices may be, and their registers. */
#define SLOTS_BASE 0x10001000u
#define SLOT_SIZE  0x1000u
#define SLOTS      8u

enum {
    MAGIC = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SEL = 0x024,
    QUEUE_SEL = 0x030,
    QUEUE_NUM = 0x038,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    STATUS = 0x070,
    QUEUE_DESC = 0x080,
    QUEUE_DRIVER = 0x090,
    QUEUE_DEVICE = 0x0a0
};

#define MAGIC_VALUE    0x74726976u /* "virt" */
#define VERSION_VALUE  2u
#define DEVICE_ENTROPY 4u

/* 2.1, the driver's side of the start. */
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u

/* 6: VIRTIO_F_VERSION_1, bit 32, so the lowest one of the second word. */
#define FEATURE_VERSION_1 1u

#define DESC_WRITE 2u /* the device writes */

/* How often we look for an answer: QEMU's comes while we write QUEUE_NOTIFY,
 * or a few thousand rounds later. */
#define PATIENCE 100000000u

struct desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct avail {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[1];
    uint16_t event;
};

struct used {
    uint16_t flags;
    uint16_t index;
    struct {
        uint32_t id;
        uint32_t length;
    } ring[1];
    uint16_t event;
};

/* The queue, which the device reads and writes behind our back. */
static volatile struct desc desc __attribute__((aligned(16)));
static volatile struct avail avail;
static volatile struct used used __attribute__((aligned(4)));

static uint32_t device; /* its address; 0: not started */

static void fence(void)
{
    __asm__ volatile("fence" : : : "memory");
}

static uint32_t find(void)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t at = SLOTS_BASE + i * SLOT_SIZE;

        if (REG32(at + MAGIC) == MAGIC_VALUE &&
            REG32(at + VERSION) == VERSION_VALUE &&
            REG32(at + DEVICE_ID) == DEVICE_ENTROPY) {
            return at;
        }
    }
    return 0;
}

/* Addresses of the queue are 64 bits wide; ours are in the low half. */
static void set_address(uint32_t at, const volatile void *p)
{
    REG32(at) = (uint32_t)(uintptr_t)p;
    REG32(at + 4) = 0;
}

/* 3.1.1: the order of these writes is the specification's. */
static bool start(uint32_t at)
{
    uint32_t status = STATUS_ACKNOWLEDGE;

    REG32(at + STATUS) = 0;
    REG32(at + STATUS) = status;
    REG32(at + STATUS) = status |= STATUS_DRIVER;
    REG32(at + DRIVER_FEATURES_SEL) = 0;
    REG32(at + DRIVER_FEATURES) = 0;
    REG32(at + DRIVER_FEATURES_SEL) = 1;
    REG32(at + DRIVER_FEATURES) = FEATURE_VERSION_1;
    REG32(at + STATUS) = status |= STATUS_FEATURES_OK;
    if ((REG32(at + STATUS) & STATUS_FEATURES_OK) == 0) {
        return false;
    }
    avail.index = 0; /* the device counts from 0 again */
    used.index = 0;
    fence();
    REG32(at + QUEUE_SEL) = 0;
    REG32(at + QUEUE_NUM) = 1;
    set_address(at + QUEUE_DESC, &desc);
    set_address(at + QUEUE_DRIVER, &avail);
    set_address(at + QUEUE_DEVICE, &used);
    REG32(at + QUEUE_READY) = 1;
    REG32(at + STATUS) = status | STATUS_DRIVER_OK;
    return true;
}

/* Up to `n` bytes into `buf`; how many came, 0 when the device is of no use. */
static size_t fill(uint8_t *buf, size_t n)
{
    uint16_t before = used.index;

    desc.address = (uintptr_t)buf;
    desc.length = (uint32_t)n;
    desc.flags = DESC_WRITE;
    avail.ring[0] = 0;
    fence();
    avail.index++;
    fence();
    REG32(device + QUEUE_NOTIFY) = 0;
    for (uint32_t i = 0; used.index == before; i++) {
        if (i == PATIENCE) {
            /* It must not write into memory that is the caller's again; next
             * time it is started anew. */
            REG32(device + STATUS) = 0;
            device = 0;
            return 0;
        }
    }
    fence();
    return used.ring[0].length <= n ? used.ring[0].length : 0;
}

int bm_board_random(uint8_t *buf, size_t n)
{
    size_t done = 0;

    if (device == 0) {
        uint32_t at = find();

        device = at != 0 && start(at) ? at : 0;
    }
    while (device != 0 && done < n) {
        size_t came = fill(buf + done, n - done);

        if (came == 0) {
            break;
        }
        done += came;
    }
    if (done < n) {
        memset(buf, 0, n);
        return -1;
    }
    return 0;
}
