/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "daemon/publisher_internal.h"

static bool is_expected(const struct metrics_page *page)
{
    return page->room[0] != '\0' && strncmp(page->room, "keeper", 7) != 0;
}

/* Is there another page of the same process that is newer? A process that was
 * replaced left its own behind. */
static int64_t last_beat(const struct metrics_page *const *pages, size_t n,
                         size_t which)
{
    int64_t last = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t beat = metrics_get(pages[i], METRICS_HEARTBEAT);

        if (pages[i]->instance == pages[which]->instance && beat > last &&
            strncmp(pages[i]->room, pages[which]->room,
                    sizeof pages[i]->room) == 0) {
            last = beat;
        }
    }
    return last;
}

bool publisher_is_well(const struct metrics_page *const *pages, size_t n,
                       int64_t now, char words[HEALTH_WORDS_MAX])
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t beat;
        int len;

        if (!is_expected(pages[i])) {
            continue;
        }
        beat = last_beat(pages, n, i);
        if (now - beat <= HEALTH_SECONDS) {
            continue;
        }
        len = snprintf(words + at, HEALTH_WORDS_MAX - at,
                       beat == 0 ? "%.*s %u has not started\n"
                                 : "%.*s %u does not answer\n",
                       (int)sizeof pages[i]->room, pages[i]->room,
                       pages[i]->instance);
        if (len > 0 && (size_t)len < HEALTH_WORDS_MAX - at) {
            at += (size_t)len;
        }
    }
    if (at != 0) {
        words[at] = '\0';
        return false;
    }
    memcpy(words, "ok\n", 4);
    return true;
}
