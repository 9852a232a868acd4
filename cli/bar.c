/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WIDTH 30

/* Milliseconds between two pictures. */
#define EVERY 150

static uint64_t now_ms(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void bar_begin(struct bar *bar, const char *what)
{
    if (bar->what != NULL && strcmp(bar->what, what) == 0) {
        return;
    }
    bar_end(bar);
    *bar = (struct bar){ .what = what };
}

static void put_times(const struct bar *bar, uint64_t now, uint64_t done,
                      uint64_t total)
{
    uint64_t ms = now - bar->begun;
    uint64_t n = done - bar->first;
    uint64_t rate = ms == 0 ? 0 : n * 1000 / ms;
    uint64_t left = rate == 0 || total < done ? 0 : (total - done) / rate;

    fprintf(stderr, "  %" PRIu64 "/s", rate);
    if (total != 0 && rate != 0) {
        fprintf(stderr, "  %" PRIu64 ":%02" PRIu64 " left", left / 60,
                left % 60);
    }
}

void bar_show(struct bar *bar, uint64_t done, uint64_t total)
{
    uint64_t now = now_ms();

    if (isatty(STDERR_FILENO) == 0 || now < bar->told + EVERY) {
        return;
    }
    bar->told = now;
    if (!bar->shown) {
        bar->shown = true;
        bar->begun = now;
        bar->first = done;
    }
    fprintf(stderr, "\r\033[K%s ", bar->what);
    if (total != 0) {
        uint64_t full = done >= total ? WIDTH : done * WIDTH / total;

        fputc('[', stderr);
        for (uint64_t i = 0; i < WIDTH; i++) {
            fputc(i < full ? '#' : ' ', stderr);
        }
        fprintf(stderr, "] %" PRIu64 "/%" PRIu64, done, total);
    } else {
        fprintf(stderr, "%" PRIu64, done);
    }
    put_times(bar, now, done, total);
    (void)fflush(stderr);
}

void bar_end(struct bar *bar)
{
    if (bar->shown) {
        fputs("\r\033[K", stderr);
        bar->shown = false;
    }
}
