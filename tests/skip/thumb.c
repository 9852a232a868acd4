/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/skip/thumb.h"

#include <string.h>

static uint16_t halfword(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

/* 0b11101, 0b11110 and 0b11111 begin a second halfword. */
uint32_t thumb_length(uint16_t first)
{
    return (first & 0xe000u) == 0xe000u && (first & 0x1800u) != 0 ? 4 : 2;
}

uint8_t thumb_it_next(uint8_t state)
{
    if ((state & 7u) == 0) {
        return 0;
    }
    return (uint8_t)((state & 0xe0u) | (state << 1 & 0x1fu));
}

/* IT is 0xbf00 with a mask that is not 0; with 0 it is a hint, as NOP is. */
static bool is_it(uint16_t instruction)
{
    return (instruction & 0xff00u) == 0xbf00u && (instruction & 0xfu) != 0;
}

void thumb_it_step(struct thumb_it *it, uint32_t pc, const uint8_t *code)
{
    uint16_t instruction = halfword(code + pc);
    uint8_t state;

    if (!is_it(instruction)) {
        if (thumb_it_state(it, pc) == 0) {
            it->n = 0;
        }
        return;
    }
    it->n = 0;
    pc += 2;
    for (state = (uint8_t)instruction; state != 0 && it->n < 4;
         state = thumb_it_next(state)) {
        it->at[it->n] = pc;
        it->state[it->n] = state;
        it->n++;
        pc += thumb_length(halfword(code + pc));
    }
}

uint8_t thumb_it_state(const struct thumb_it *it, uint32_t pc)
{
    for (unsigned i = 0; i < it->n; i++) {
        if (it->at[i] == pc) {
            return it->state[i];
        }
    }
    return 0;
}

uint32_t thumb_psr(uint32_t psr, uint8_t state)
{
    return (psr & ~0x0600fc00u) | (state & 0xfcu) << 8 | (state & 3u) << 25;
}
