/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_internal.h"

#include <stdlib.h>

#include "tests/harness/bm_test.h"

#define NOW INT64_C(2000000000)

static struct metrics_page pages[4];
static const struct metrics_page *list[4];
static char words[HEALTH_WORDS_MAX];

static void set(size_t i, const char *room, unsigned instance, int64_t beat)
{
    memset(&pages[i], 0, sizeof pages[i]);
    memcpy(pages[i].room, room, strlen(room));
    pages[i].instance = instance;
    metrics_set(&pages[i], METRICS_HEARTBEAT, beat);
    list[i] = &pages[i];
}

static void all_is_well_when_all_have_said_so(void)
{
    set(0, "signer", 0, NOW);
    set(1, "devices", 0, NOW - HEALTH_SECONDS);
    set(2, "devices", 1, NOW + 3); /* its clock was read a moment later */
    set(3, "keeper", 0, 0);        /* runs now and then */
    CHECK(publisher_is_well(list, 4, NOW, words));
    CHECK(strcmp(words, "ok\n") == 0);
}

static void who_is_not_well_is_named(void)
{
    set(0, "signer", 0, NOW - HEALTH_SECONDS - 1);
    set(1, "devices", 0, NOW);
    set(2, "devices", 1, 0);
    set(3, "", 0, 0); /* nobody's */
    CHECK(!publisher_is_well(list, 4, NOW, words));
    CHECK(strcmp(words, "signer 0 does not answer\n"
                        "devices 1 has not started\n") == 0);
}

static void words_are_bounded(void)
{
    static const struct metrics_page *many[100];

    set(0, "a room with a rather long name", 4294967295u, 0);
    memset(pages[0].room, 'x', sizeof pages[0].room); /* scribbled over */
    for (size_t i = 0; i < 100; i++) {
        many[i] = &pages[0];
    }
    CHECK(!publisher_is_well(many, 100, NOW, words));
    CHECK(strnlen(words, sizeof words) < sizeof words);
    CHECK(strstr(words, "has not started\n") != NULL);
}

int main(void)
{
    RUN(all_is_well_when_all_have_said_so);
    RUN(who_is_not_well_is_named);
    RUN(words_are_bounded);
    return bm_test_done();
}
