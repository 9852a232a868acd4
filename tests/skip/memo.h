/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_SKIP_MEMO_H
#define BM_TESTS_SKIP_MEMO_H

#include "tests/skip/board.h"

/*
 * Results of cryptography that are known already. A P-256 verification takes
 * sixty million instructions, and nearly every run makes the same one. When
 * the function is called with arguments, stack pointer and octets that it was
 * called with before, what it left in registers and memory is put there, down
 * to the remains below the stack.
 *
 * Otherwise it is computed, by the emulator from the bootloader's own code. A
 * memory that is not exact has signatures verified by OpenSSL, which knows the
 * answer ten thousand times faster, but not what p256-m leaves on the stack.
 */
struct memo;

struct memo *memo_new(bool exact);
void memo_free(struct memo *memo);

/* Is `pc` the start of such a function of the program? */
bool memo_knows(const struct program *program, uint32_t pc);

/* The board stands at one: put the result, and the PC to its return. False if
 * it did not return; the board has ended. */
bool memo_apply(struct memo *memo, struct board *board);

#endif
