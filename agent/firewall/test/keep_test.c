/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/keep.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/compile.h"
#include "tests/harness/bm_test.h"

static char dir[] = "/tmp/bm-keep-XXXXXX";
static struct policy_compiled table;

static struct bm_bytes octets(void)
{
    return (struct bm_bytes){ table.table, table.n };
}

static void make_table(void)
{
    static const char text[] = "policy: p\nversion: 7\nfloor: 2\n"
                               "builtin: [arp]\n";
    struct policy *policy = NULL;

    CHECK_STATUS(policy_parse((struct bm_bytes){ (const uint8_t *)text,
                                                 sizeof text - 1 },
                              &policy, NULL),
                 BM_OK);
    CHECK_STATUS(policy_compile(policy, &table, NULL, NULL), BM_OK);
    policy_free(policy);
}

static void put_file(const char *name, const void *p, size_t n)
{
    char path[64];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static void nothing_was_kept_yet(void)
{
    struct keep keep;

    CHECK_STATUS(keep_load(dir, &keep), BM_E_NOT_FOUND);
    CHECK(keep.file == NULL);
}

static void a_table_is_kept_with_its_mode(void)
{
    struct keep keep;

    for (unsigned mode = 0; mode < 3; mode++) {
        CHECK_STATUS(keep_store(dir, mode, octets()), BM_OK);
        CHECK_STATUS(keep_load(dir, &keep), BM_OK);
        CHECK(keep.mode == mode && (uintptr_t)keep.table.p % 4 == 0);
        CHECK_BYTES(keep.table.p, keep.table.n, table.table, table.n);
        keep_free(&keep);
    }
}

/* A cut before the renaming leaves the new file, whole or not. */
static void what_a_cut_left_is_no_hindrance(void)
{
    struct keep keep;

    put_file("in-force.new", "BMFK", 4);
    CHECK_STATUS(keep_load(dir, &keep), BM_OK);
    keep_free(&keep);
    CHECK_STATUS(keep_store(dir, 1, octets()), BM_OK);
    CHECK_STATUS(keep_load(dir, &keep), BM_OK);
    CHECK(keep.mode == 1);
    keep_free(&keep);
}

static void every_damage_of_its_head_and_every_prefix_is_seen(void)
{
    const size_t n = 8 + table.n;
    uint8_t *file = malloc(n);
    struct keep keep;

    CHECK(file != NULL);
    memcpy(file, "BMFK\1\0\0\0", 8);
    memcpy(file + 8, table.table, table.n);
    for (size_t i = 0; i < 8 + 12; i++) { /* to the table's version */
        file[i] ^= 0x80;
        put_file("in-force", file, n);
        CHECK(keep_load(dir, &keep) != BM_OK && keep.file == NULL);
        file[i] ^= 0x80;
    }
    for (size_t cut = 0; cut < n; cut++) {
        put_file("in-force", file, cut);
        CHECK(keep_load(dir, &keep) != BM_OK);
    }
    put_file("in-force", file, n);
    CHECK_STATUS(keep_load(dir, &keep), BM_OK);
    keep_free(&keep);
    free(file);
}

static void where_nothing_can_be_written_what_was_there_stays(void)
{
    struct keep keep;

    CHECK_STATUS(keep_store("/nonexistent", 0, octets()), BM_E_NOT_FOUND);
    CHECK_STATUS(keep_load(dir, &keep), BM_OK);
    keep_free(&keep);
}

static void clean(void)
{
    char path[64];

    (void)snprintf(path, sizeof path, "%s/in-force", dir);
    (void)unlink(path);
    (void)rmdir(dir);
    policy_compiled_wipe(&table);
}

int main(void)
{
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    make_table();
    RUN(nothing_was_kept_yet);
    RUN(a_table_is_kept_with_its_mode);
    RUN(what_a_cut_left_is_no_hindrance);
    RUN(every_damage_of_its_head_and_every_prefix_is_seen);
    RUN(where_nothing_can_be_written_what_was_there_stays);
    clean();
    return bm_test_done();
}
