/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node on boards of the MPS2 family. Where they differ, in keys, noise and
 * network, is board_an385.c and board_an505.c; where their memory is, the map's
 * base (CMakeLists.txt).
 */
#include <stdio.h>
#include <stdlib.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/board_mps2.h"
#include "ports/mps2/board.h"
#include "ports/mps2/boot/map.h"
#include "ports/mps2/nor.h"

#define SCB_AIRCR   (*(volatile uint32_t *)0xe000ed0cu)
#define AIRCR_RESET 0x05fa0004u /* the key, SYSRESETREQ */

#define WORD_MAX 12

/* One driver for all ranges, so that operations are counted across them. */
static struct bm_nor nor;

static size_t offset(void *self, uint32_t at)
{
    return (uint32_t)(uintptr_t)self - MAP_NOR + at;
}

static bm_status flash_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    return bm_nor_read(&nor, offset(self, at), out, n);
}

static bm_status flash_program(void *self, uint32_t at, struct bm_bytes data)
{
    board_feed();
    return bm_nor_program(&nor, offset(self, at), data);
}

static bm_status flash_erase(void *self, uint32_t at)
{
    board_feed();
    return bm_nor_erase(&nor, offset(self, at));
}

#define RANGE(base, size)                                                  \
    {                                                                      \
        .self = (void *)(base), .sector = BM_NOR_SECTOR,                   \
        .sectors = (size) / BM_NOR_SECTOR, .unit = BM_NOR_UNIT,            \
        .read = flash_read, .program = flash_program, .erase = flash_erase \
    }

const struct bm_flash board_data = RANGE(MAP_DATA, MAP_DATA_SIZE);
const struct bm_flash board_provision = RANGE(MAP_PROVISION, MAP_SMALL_SIZE);
const struct bm_flash board_update = RANGE(MAP_SLOT1, MAP_SLOT_SIZE);
const struct bm_flash board_mailbox = RANGE(MAP_MAILBOX, MAP_SMALL_SIZE);
const struct bm_flash board_candidate = RANGE(MAP_CANDIDATE, MAP_SMALL_SIZE);

const struct bm_flash board_staging = RANGE(MAP_STAGING, MAP_SMALL_SIZE);
const struct bm_flash board_policy[2] = { RANGE(MAP_POLICY0, MAP_SMALL_SIZE),
                                          RANGE(MAP_POLICY1, MAP_SMALL_SIZE) };
const struct bm_flash board_running = RANGE(MAP_SLOT0, MAP_SLOT_SIZE);
const struct bm_flash board_keyset[2] = { RANGE(MAP_KEYSET0, MAP_SMALL_SIZE),
                                          RANGE(MAP_KEYSET1, MAP_SMALL_SIZE) };

const uint8_t *board_mapped(const struct bm_flash *flash)
{
    return flash->self;
}

const uint8_t *const board_handover = (const uint8_t *)MAP_HANDOVER;

static uint32_t number(const char *key)
{
    char value[WORD_MAX];

    return board_word(key, value, sizeof value)
               ? (uint32_t)strtoul(value, NULL, 10)
               : 0;
}

/* cut=N: the power fails in the N-th operation of flash since this start;
 * tear=K: how much of it is done. */
void board_open(void)
{
    bm_nor_board(&nor);
    nor.cut_at = number("cut");
    nor.tear = number("tear");
    nor.exit_on_cut = true;
    board_keys_open();
}

uint32_t board_uptime(void)
{
    return (uint32_t)(bm_board_ticks() / bm_board_hz());
}

uint32_t board_ms(void)
{
    return bm_board_ms();
}

void board_idle(void)
{
    bm_board_idle();
}

void board_feed(void)
{
}

/* No sensor: somewhere between 20 and 25 degrees, as the day goes. */
int32_t board_temperature(void)
{
    return 20000 + (int32_t)(board_ms() / 100 % 5000);
}

size_t board_stack(void)
{
    return bm_board_stack_used();
}

void board_restart(void)
{
    __asm__ volatile("dsb" ::: "memory");
    SCB_AIRCR = AIRCR_RESET;
    for (;;) {
    }
}

bool board_word(const char *key, char *value, size_t cap)
{
    return bm_board_arg(key, value, cap) == 0;
}

/* count=1: how many operations of flash there were, for a test to cut each. */
void board_end(int code)
{
    char value[WORD_MAX];

    if (board_word("count", value, sizeof value)) {
        printf("node: flash operations=%lu\n", (unsigned long)nor.operations);
    }
    bm_board_exit(code);
}
