/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/crc.h"
#include "boot/request.h"
#include "core/fuzz/must.h"
#include "device/test/flash_sim.h"

/*
 * Flash with any content as a journal, and as the mailbox of requests. The
 * first octet says which shape it has and how the rest becomes its content: as
 * it is, or as records with right checksums, which no fuzzer would find.
 * Whatever it is, opening ends, and what is put then is found.
 */
#define ROOM (3u * 512u)
#define SIZE ((uint32_t)sizeof(struct bm_request))
#define PUTS 30 /* more than there is room for */

static const struct flash_sim_shape shapes[] = {
    { 256, 2, 4 }, { 256, 3, 1 }, { 512, 2, 32 }, { 512, 3, 8 }
};

static uint8_t memory[2 * ROOM];
static struct flash_sim sim;

/* An octet: how many places are passed over; four: the sequence number; the
 * state's first four. */
static void fill_records(const uint8_t *data, size_t size)
{
    uint32_t unit = sim.flash.unit;
    uint32_t n = (8 + SIZE + unit - 1) / unit * unit;
    uint32_t slots = sim.flash.sector / n;
    uint32_t slot = 0;

    for (; size >= 9; data += 9, size -= 9) {
        uint8_t record[8 + SIZE];
        uint32_t crc;

        slot += data[0] % 4u;
        if (slot >= slots * sim.flash.sectors) {
            return;
        }
        memset(record, 0, sizeof record);
        memcpy(record, data + 1, 4);
        memcpy(record + 8, data + 5, 4);
        crc = bm_crc32(bm_crc32(SIZE, record, 4), record + 8, SIZE);
        memcpy(record + 4, &crc, sizeof crc);
        memcpy(sim.octets + slot / slots * sim.flash.sector + slot % slots * n,
               record, sizeof record);
        slot++;
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

static void use_as_journal(void)
{
    struct bm_request state, back;
    struct bm_journal journal;
    bm_status rc = bm_journal_open(&journal, &sim.flash, &state, SIZE);

    must(rc == BM_OK || rc == BM_E_NOT_FOUND);
    must((rc == BM_OK) == (journal.sequence != 0));
    /* Once round all sectors, nothing of what was there is left. */
    for (uint8_t i = 0; i < PUTS; i++) {
        state.flags = i;
        must(bm_journal_put(&journal, &state) == BM_OK);
    }
    must(bm_journal_open(&journal, &sim.flash, &back, SIZE) == BM_OK);
    must(back.flags == PUTS - 1);
    must(!sim.broken);
}

static void use_as_mailbox(uint32_t consumed)
{
    static const struct bm_request ask = { .flags = BM_REQUEST_CONFIRM,
                                           .running = { { 42 } } };
    struct bm_request got;
    uint32_t sequence;
    bm_status rc = bm_request_get(&sim.flash, consumed, &got, &sequence);

    must(rc == BM_OK || rc == BM_E_NOT_FOUND);
    must(rc != BM_OK || bm_journal_later(sequence, consumed));
    must(bm_request_put(&sim.flash, consumed, &ask) == BM_OK);
    must(!sim.broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    for (int mailbox = 0; mailbox < 2; mailbox++) {
        flash_sim_init(&sim, memory, &shapes[data[0] & 3], 1);
        if ((data[0] & 4) != 0) {
            fill_records(data + 1, size - 1);
        } else {
            memcpy(sim.octets, data + 1,
                   size - 1 < sim.size ? size - 1 : sim.size);
        }
        mark_used();
        if (mailbox != 0) {
            use_as_mailbox((uint32_t)data[size - 1] << (data[0] >> 3));
        } else {
            use_as_journal();
        }
    }
    return 0;
}
