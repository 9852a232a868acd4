/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ports/mps2/board.h"
#include "ports/mps2/semihost.h"
#include "tests/firewall/steps.h"
#include "tests/harness/bm_test.h"

/*
 * The engine on a microcontroller takes the steps that equal_test.c left in
 * the folder of word `folder`, files 000.steps and on: of each frame becomes
 * what the reference said.
 */

/* As large as the files are at most, and a table's room. */
#define FILE_MAX ((size_t)1400 * 1024)
#define ROOM     ((size_t)200 * 1024)

static uint32_t octets[FILE_MAX / 4];
static uint32_t room[ROOM / 4];
static struct step_engine engine;
static unsigned long frames;
static unsigned long differences;

static void take(const struct step *s, unsigned file, size_t at)
{
    int v = step_engine_take(&engine, s);

    CHECK(v >= 0);
    if (s->op != STEP_FRAME) {
        return;
    }
    frames++;
    if (v != s->want && ++differences <= 8) {
        printf("# file %u, before octet %lu: %x, not %x\n", file,
               (unsigned long)at, (unsigned)v, (unsigned)s->want);
    }
}

static bool take_file(const char *folder, unsigned number)
{
    char path[160];
    size_t n;
    size_t at = 0;
    struct step s;

    (void)snprintf(path, sizeof path, "%s/%03u.steps", folder, number);
    if (bm_semihost_load(path, (uint8_t *)octets, sizeof octets, &n) != 0) {
        return false;
    }
    while (step_next((const uint8_t *)octets, n, &at, &s)) {
        take(&s, number, at);
    }
    CHECK(n - at < 8);
    return true;
}

static void the_engine_on_this_board_agrees_with_the_reference(void)
{
    char folder[128];
    unsigned files = 0;

    CHECK(bm_board_arg("folder", folder, sizeof folder) == 0);
    engine.room = room;
    engine.room_n = sizeof room;
    while (take_file(folder, files)) {
        files++;
    }
    printf("# %lu frames of %u files compared\n", frames, files);
    CHECK(files > 10 && frames > 10000);
    CHECK(differences == 0);
}

int main(void)
{
    RUN(the_engine_on_this_board_agrees_with_the_reference);
    return bm_test_done();
}
