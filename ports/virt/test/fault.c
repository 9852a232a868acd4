/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not be done, one kind per program (BM_FAULT); faults.sh looks at
 * the exit code. main() comes back only where the board did not notice.
 */
#include <stdint.h>

#include "ports/board.h"

enum {
    WRITE_TO_CODE,
    STACK_WITHOUT_END,
    READ_NOWHERE
};

/* Not in one frame: the stack pointer itself must never be what faults. */
static uint32_t deeper(uint32_t n)
{
    volatile uint32_t frame[64];

    frame[n % 64] = n;
    return n == UINT32_MAX ? 0 : deeper(n + 1) + frame[n % 64];
}

int main(void)
{
    if (BM_FAULT == WRITE_TO_CODE) {
        *(volatile uint32_t *)(uintptr_t)0x80000000u = 0;
    } else if (BM_FAULT == STACK_WITHOUT_END) {
        return (int)(deeper(0) & 1);
    } else if (BM_FAULT == READ_NOWHERE) {
        return (int)(*(volatile uint32_t *)(uintptr_t)0xc0000000u & 1);
    }
    return 0;
}
