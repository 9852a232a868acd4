/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "firewall/test/slots_world.h"

/*
 * What is delivered, and what flash holds, each whoever wrote it (signatures
 * verify): whatever it is, there is a table that can be loaded, at each start,
 * and what was not taken has changed nothing.
 *
 * The first octet says which: 0, a message; else a record, of as many octets,
 * then a slot.
 */

static void must_have_table(void)
{
    struct bm_bytes octets = bm_fw_slots_table(&world.slots);
    struct bm_fw_table table;

    must((uintptr_t)octets.p % 4 == 0);
    must(bm_fw_table_open(&table, octets) == BM_OK);
}

static void deliver(struct bm_bytes message)
{
    bm_status rc = bm_fw_slots_take(&world.slots, message, world.now);
    enum bm_fw_turn turn;

    must_have_table();
    must(bm_fw_slots_turn(&world.slots, world.now, &turn) == BM_OK);
    must(turn == (rc == BM_OK ? BM_FW_TRIES : BM_FW_STAYS));
    must_have_table();
    must(world.slots.running || world_version() == 1);
    must(bm_fw_slots_confirm(&world.slots) == BM_OK);
    must(world_start() == BM_OK && !world.slots.lost);
    must_have_table();
}

static void start_from(struct bm_bytes record, struct bm_bytes slot)
{
    enum bm_fw_turn turn;

    must(bm_log_put(&world.log, BM_LOG_KEY(BM_LOG_FIREWALL, 0), record) ==
         BM_OK);
    for (unsigned i = 0; i < BM_FW_SLOTS; i++) {
        memcpy(world.slot_memory[i], slot.p,
               slot.n < MESSAGE_MAX ? slot.n : MESSAGE_MAX);
    }
    must(world_start() == BM_OK);
    must_have_table();
    must(bm_fw_slots_turn(&world.slots, world.now, &turn) == BM_OK);
    must_have_table();
    must(bm_fw_slots_revert(&world.slots) == BM_OK);
    must_have_table();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || data[0] >= size) {
        return 0;
    }
    world_init(8);
    world_believe();
    if (data[0] == 0) {
        deliver((struct bm_bytes){ data + 1, size - 1 });
    } else {
        start_from((struct bm_bytes){ data + 1, data[0] },
                   (struct bm_bytes){ data + 1 + data[0], size - 1 - data[0] });
    }
    return 0;
}
