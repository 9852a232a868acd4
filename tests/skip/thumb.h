/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_SKIP_THUMB_H
#define BM_TESTS_SKIP_THUMB_H

#include <stdbool.h>
#include <stdint.h>

/*
 * As much of the Thumb-2 encoding as leaving an instruction out takes: how long
 * it is, and which one of an IT block (Arm DDI0403E, A5.1, A7.3).
 */

/* Where in an IT block an instruction stands; ITSTATE, 0 outside of one. */
struct thumb_it {
    uint32_t at[4];
    uint8_t state[4];
    unsigned n;
};

/* Octets of the instruction that begins with this halfword. */
uint32_t thumb_length(uint16_t first);

/* To be called with each instruction that is executed, in order. Those whose
 * condition fails may be missing. */
void thumb_it_step(struct thumb_it *it, uint32_t pc, const uint8_t *code);

uint8_t thumb_it_state(const struct thumb_it *it, uint32_t pc);
uint8_t thumb_it_next(uint8_t state);

/* ITSTATE in its two places of the PSR. */
uint32_t thumb_psr(uint32_t psr, uint8_t state);

#endif
