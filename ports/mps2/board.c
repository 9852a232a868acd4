/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/board.h"

#include <string.h>
#include <unistd.h>

#include "ports/mps2/internal.h"
#include "ports/mps2/semihost.h"

/* Longest command line that is understood; tests use a few words. */
#define COMMAND_LINE_MAX 512

int bm_board_random(uint8_t *buf, size_t n)
{
    if (bm_semihost_read_file("/dev/urandom", buf, n) != 0) {
        memset(buf, 0, n);
        return -1;
    }
    return 0;
}

int bm_board_arg(const char *key, char *value, size_t cap)
{
    char line[COMMAND_LINE_MAX];
    size_t key_n = strlen(key);

    value[0] = '\0';
    if (bm_semihost_command_line(line, sizeof line) != 0) {
        return -1;
    }
    for (const char *word = line; *word != '\0';) {
        size_t n = strcspn(word, " ");

        if (n > key_n && memcmp(word, key, key_n) == 0 && word[key_n] == '=') {
            n -= key_n + 1;
            if (n >= cap) {
                return -1;
            }
            memcpy(value, word + key_n + 1, n);
            value[n] = '\0';
            return 0;
        }
        word += n + strspn(word + n, " ");
    }
    return -1;
}

size_t bm_board_stack_size(void)
{
    return (uintptr_t)mps2_stack_top - (uintptr_t)mps2_stack_bottom;
}

size_t bm_board_stack_used(void)
{
    const volatile uint32_t *p = mps2_stack_bottom;
    size_t size = bm_board_stack_size();

    size_t unused = 0;

    while (unused < size && p[unused / sizeof *p] == MPS2_STACK_PAINT) {
        unused += sizeof *p;
    }
    return size - unused;
}

void bm_board_exit(int code)
{
    bm_semihost_exit(code);
}

/* What the C library's exit() ends in. */
void _exit(int code)
{
    bm_semihost_exit(code);
}
