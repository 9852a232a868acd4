/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "device/log_internal.h"
#include "device/test/flash_sim.h"

/*
 * Flash with any content. The first octet says which shape it has and how the
 * rest becomes its content: as it is, or as heads of slots with right
 * checksums, which no fuzzer would find. Whatever it is, what can be read is
 * in order, and what is written then is there and disturbs nothing.
 */
#define ROOM (3u * 1024u)

static const struct flash_sim_shape shapes[] = {
    { 256, 2, 4 }, { 256, 3, 1 }, { 512, 2, 32 }, { 1024, 3, 8 }
};

static uint8_t memory[2 * ROOM];
static uint8_t value[BM_LOG_VALUE_MAX];
static struct flash_sim sim;

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 3; i >= 0; i--, v >>= 8) {
        p[i] = (uint8_t)v;
    }
}

/* Content of raw octets, with a mark where there is one of ours. */
static void fill_raw(const uint8_t *data, size_t size)
{
    memcpy(sim.octets, data, size < sim.size ? size : sim.size);
}

/* Sectors 1, 2, ... with marks, and eight octets of the input to a slot. */
static void fill_slots(struct bm_log *log, const uint8_t *data, size_t size)
{
    log->slot = 2 * log_padded(log, LOG_ENTRY_SIZE / 2);
    for (log->sequence = 1; log->sequence <= sim.flash.sectors;
         log->sequence++) {
        uint32_t base = log_base(log, log->sequence);
        uint32_t end = base + sim.flash.sector;

        must(log_mark_put(log, 0) == BM_OK);
        for (uint32_t at = base + 2 * log->slot;
             at + log->slot <= end && size >= 8 && data[0] != 0xff;
             at += log->slot, data += 8, size -= 8) {
            uint8_t e[LOG_ENTRY_SIZE];

            memcpy(e, data, 8);
            put32(e + 8, (data[3] & 1) != 0 ? 0 : 0x12345678);
            put32(e + 12, log->sequence);
            put32(e + 12, log_crc(log_crc(0, e + 12, 4), e, 12));
            memcpy(sim.octets + at, e, 8);
            memcpy(sim.octets + at + log->slot / 2, e + 8, 8);
        }
        data += size >= 8 ? 8 : 0;
        size -= size >= 8 ? 8 : 0;
    }
}

/* What programming may still be done to. */
static void mark_used(void)
{
    uint32_t unit = sim.flash.unit;

    for (size_t i = 0; i < sim.size; i++) {
        if (sim.octets[i] != 0xff) {
            memset(sim.marks + i / unit * unit, FLASH_SIM_USED, unit);
        }
    }
}

/* All keys in order and their values; a number that stands for it all but
 * the key `except`. */
static uint32_t read_all(const struct bm_log *log, uint32_t except)
{
    uint32_t key = 0;
    uint32_t last = 0;
    uint32_t sum = 0;
    bool first = true;
    size_t n;

    while (bm_log_next(log, &key, first, &n) == BM_OK) {
        size_t got;
        bm_status rc = bm_log_get(log, key, value, sizeof value, &got);

        must(first || key > last);
        must(rc == BM_OK || rc == BM_E_LOG_READ ||
             (rc == BM_E_BUFFER && n > sizeof value));
        must(rc == BM_E_LOG_READ || got == n);
        if (key != except) {
            uint8_t k[4];

            put32(k, key);
            sum = log_crc(sum, k, sizeof k);
            sum = log_crc(sum, value, rc == BM_OK ? got : 0);
        }
        last = key;
        first = false;
    }
    return sum;
}

static void change(struct bm_log *log)
{
    static const uint8_t small[5] = { 1, 2, 3, 4, 5 };
    const uint32_t key = 0x41000001;
    uint32_t sum = read_all(log, key);
    size_t n;

    for (int i = 0; i < 3; i++) {
        bm_status rc = bm_log_put(log, key, BM_ARRAY(small));

        if (rc == BM_OK) {
            must(bm_log_get(log, key, value, sizeof value, &n) == BM_OK);
            must(bm_bytes_are((struct bm_bytes){ value, n }, small, 5));
        }
        if (bm_log_delete(log, key) == BM_OK) {
            must(bm_log_get(log, key, value, sizeof value, &n) ==
                 BM_E_NOT_FOUND);
        }
        must(read_all(log, key) == sum);
    }
    if (bm_log_scrub(log) == BM_OK) {
        must(read_all(log, key) == sum);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_log log = { .flash = &sim.flash };

    if (size == 0) {
        return 0;
    }
    flash_sim_init(&sim, memory, &shapes[data[0] & 3], 1);
    if ((data[0] & 4) != 0) {
        fill_slots(&log, data + 1, size - 1);
    } else {
        fill_raw(data + 1, size - 1);
    }
    mark_used();
    if (bm_log_open(&log, &sim.flash) == BM_OK) {
        change(&log);
    }
    must(bm_log_format(&log, &sim.flash) == BM_OK);
    must(read_all(&log, 0) == 0);
    return 0;
}
