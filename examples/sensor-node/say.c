/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/say.h"

#include <stdio.h>
#include <string.h>

#include "examples/sensor-node/board.h"

#define WORD_MAX 24

static char until[WORD_MAX];

static void put(const char *text)
{
    while (*text != '\0') {
        (void)putchar(*text++);
    }
}

static void put_number(long number)
{
    char digits[12];
    size_t at = sizeof digits - 1;
    unsigned long rest =
        number < 0 ? 0 - (unsigned long)number : (unsigned long)number;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    put(digits + at);
}

/* In the word of QEMU's command line `_` stands for the space in an event's. */
static bool is_until(const char *word)
{
    size_t i = 0;

    while (until[i] != '\0' && word[i] == (until[i] == '_' ? ' ' : until[i])) {
        i++;
    }
    return i != 0 && until[i] == '\0';
}

void say(const char *word, const struct say_field *fields)
{
    put("node: ");
    put(word);
    for (; fields != NULL && fields->key != NULL; fields++) {
        put(" ");
        put(fields->key);
        put("=");
        if (fields->text != NULL) {
            put(fields->text);
        } else {
            put_number(fields->number);
        }
    }
    put("\n");
    if (is_until(word)) {
        board_end(0);
    }
}

const char *say_status(bm_status status, char out[SAY_STATUS_MAX])
{
    static const char digits[] = "0123456789abcdef";

    out[0] = '0';
    out[1] = 'x';
    for (unsigned i = 0; i < 4; i++) {
        out[2 + i] = digits[((unsigned)status >> (12 - 4 * i)) & 15u];
    }
    out[6] = '\0';
    return out;
}

void say_failed(const char *what, bm_status status)
{
    char number[SAY_STATUS_MAX];

    say("failed",
        (struct say_field[]){ { "what", what, 0 },
                              { "status", say_status(status, number), 0 },
                              { NULL, NULL, 0 } });
}

void say_until(const char *word)
{
    if (strlen(word) < sizeof until) {
        memcpy(until, word, strlen(word) + 1);
    }
}
