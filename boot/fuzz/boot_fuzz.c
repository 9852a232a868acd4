/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/crc.h"
#include "boot/test/boot_world.h"
#include "core/fuzz/must.h"

/*
 * A device whose journal, mailbox and slots anybody may have written: what the
 * bootloader remembers is forged, with right checksums. Starts end, and run
 * nothing but what was signed: the image that the device came with, the one
 * that waits, and neither of those that must not run.
 *
 *     octet 0: bit 0 in place; bit 1 one image or two; bits 2 and 3, what
 *              waits in slot 1: an update, a downgrade, a foreign one, nothing;
 *              bit 4, the image in slot 0 is damaged
 *     60 octets of a state, 44 of a request, and where the power fails
 */
#define STATE   sizeof(struct bm_boot_state)
#define REQUEST sizeof(struct bm_request)

static struct device fresh[2], now;

static const struct firmware waits[] = {
    { .text = 'b', .version = 2, .counter = 2 },
    { .text = 'x', .version = 3, .counter = 0 },
    { .text = 'y', .version = 4, .counter = 4, .foreign = true },
};

/* Images are made once: signing is slow. */
static void begin(void)
{
    static const struct firmware old = {
        .text = 'a', .version = 1, .counter = 1, .size = 400
    };

    for (unsigned k = 0; k < 2 && fresh[1].w.boot.images == 0; k++) {
        device_init(&fresh[k], k + 1);
        for (unsigned i = 0; i <= k; i++) {
            device_put(&fresh[k], i, 0, &old);
        }
        must(device_start(&fresh[k]) == BM_OK);
    }
}

static void put_waiting(struct device *d, unsigned which)
{
    static struct device made[3];

    if (which == 3) {
        return;
    }
    if (made[which].w.boot.images == 0) {
        device_init(&made[which], 1);
        device_put(&made[which], 0, 1, &waits[which]);
    }
    for (unsigned i = 0; i < d->w.boot.images; i++) {
        memcpy(d->w.memory[2 * i + 1], made[which].w.memory[1],
               sizeof d->w.memory[1]);
    }
}

/* The only record of a journal, with the right checksum. */
static void forge(struct flash_sim *sim, const uint8_t *state, size_t size)
{
    uint32_t head[2] = { 7, 0 };

    head[1] = bm_crc32(bm_crc32((uint32_t)size, head, 4), state, size);
    memset(sim->octets, 0xff, sim->size);
    memcpy(sim->octets, head, sizeof head);
    memcpy(sim->octets + sizeof head, state, size);
    memset(sim->marks, 0, sim->size);
    memset(sim->marks, FLASH_SIM_USED, (sizeof head + size + 7) & ~(size_t)7);
}

/* Whatever runs was signed and is no downgrade, and is whole where it runs. */
static void check_what_runs(const struct device *d)
{
    const struct bm_verdict *verdict = &d->result.verdict;

    if (d->rc != BM_OK) {
        must(verdict->yes == 0 && verdict->no == 0);
        return;
    }
    must(verdict->yes == BM_VERDICT_YES && verdict->no == ~BM_VERDICT_YES);
    must(d->result.slot < 2 && (d->in_place || d->result.slot == 0));
    for (unsigned i = 0; i < d->w.boot.images; i++) {
        char text = device_text(d, i, d->result.slot);

        must(text == 'a' || text == 'b');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t input[1 + STATE + REQUEST + 2] = { 0 };

    memcpy(input, data, size < sizeof input ? size : sizeof input);
    begin();
    device_copy(&now, &fresh[input[0] >> 1 & 1 & ~input[0]]);
    now.in_place = (input[0] & 1) != 0;
    device_point(&now);
    put_waiting(&now, input[0] >> 2 & 3);
    if ((input[0] & 16) != 0) {
        now.w.slot[0][0].octets[100] ^= 1;
    }
    forge(&now.w.journal, input + 1, STATE);
    forge(&now.mailbox, input + 1 + STATE, REQUEST);
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *cut = input + 1 + STATE + REQUEST;

        (void)!device_start(&now);
        check_what_runs(&now);
        if (i == 0 && cut[0] != 0) {
            flash_sim_cut(&now.w.supply, cut[0],
                          (enum flash_cut)(cut[1] % FLASH_CUTS), cut[1]);
            (void)!(now.in_place ? bm_boot_xip(&now.w.boot, &now.result)
                                 : bm_boot_swap(&now.w.boot, &now.result));
        }
    }
    must(!world_broken(&now.w) && !now.scratch.broken);
    return 0;
}
