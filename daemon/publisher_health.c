/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "daemon/publisher_internal.h"

/* Who a page is of; copied, since a process may write what it likes there. */
struct who {
    char room[sizeof((struct metrics_page *)0)->room + 1];
    unsigned instance;
};

static struct who who_of(const struct metrics_page *page)
{
    struct who who = { .instance = page->instance };

    memcpy(who.room, page->room, sizeof page->room);
    return who;
}

static bool is_expected(const struct who *who)
{
    return who->room[0] != '\0' && strcmp(who->room, "keeper") != 0;
}

/* What is wrong with one, or NULL. */
static const char *what_is_wrong(const struct metrics_page *page, int64_t now)
{
    int64_t beat = metrics_get(page, METRICS_HEARTBEAT);

    if (beat == 0) {
        return "has not started";
    }
    if (now - beat > HEALTH_SECONDS) {
        return "does not answer";
    }
    return metrics_get(page, METRICS_KEYS_AWAY) > 0
               ? "misses a key: its token is away"
               : NULL;
}

/* A line for that, if there is room for it. */
static size_t put_line(char *words, size_t cap, const struct who *who,
                       const char *wrong)
{
    int n = snprintf(words, cap, "%s %u %s\n", who->room, who->instance, wrong);

    return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

bool publisher_is_well(const struct metrics_page *const *pages, size_t n,
                       int64_t now, char words[HEALTH_WORDS_MAX])
{
    bool is_well = true;
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        struct who who = who_of(pages[i]);
        const char *wrong = what_is_wrong(pages[i], now);

        if (is_expected(&who) && wrong != NULL) {
            at += put_line(words + at, HEALTH_WORDS_MAX - at, &who, wrong);
            is_well = false;
        }
    }
    if (is_well) {
        memcpy(words, "ok\n", 4);
    } else {
        words[at] = '\0';
    }
    return is_well;
}
