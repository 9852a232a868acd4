/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a backup and unpacking it, with each call in turn failing, or the
 * process ending in it: what was asked for is there whole or not at all, and
 * the next attempt succeeds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ports/openssl/openssl_keys.h"
#include "tests/keys/faults.h"
#include "tests/restore/drill.h"

/* More calls than either makes. */
#define CALLS_MAX 20000

/* Not every call: some hundreds are spread over all of them. */
#define STEP 17

static struct drill d;

static bm_status make(const char *path)
{
    struct world *w = &d.lost;
    const struct backup_config config = {
        .path = path, .tool = "test", .keys = true, .now = w->now
    };

    return backup_make(w->instance, &w->actor, &config, NULL);
}

static bm_status restore(const char *path)
{
    const struct instance_port p = { .crypto = bm_test_crypto(),
                                     .maker = bm_openssl_key_maker() };
    const struct backup_restore_config config = { d.archive, path, &p };
    struct backup_restored restored;

    return backup_restore(&config, &restored, NULL);
}

/* A whole archive, or a whole instance that is marked. */
static bool archive_is_whole(const char *path)
{
    const struct instance_port p = { .crypto = bm_test_crypto(),
                                     .maker = bm_openssl_key_maker() };
    char dir[512];
    const struct backup_restore_config config = { path, dir, &p };
    struct backup_restored restored;
    bool ok;

    (void)snprintf(dir, sizeof dir, "%.200s.d", path);
    ok = backup_restore(&config, &restored, NULL) == BM_OK;
    must(files_remove_tree(dir, NULL) == BM_OK, dir, NULL);
    return ok;
}

static bool instance_is_whole(const char *path)
{
    d.back = d.lost;
    (void)snprintf(d.back.dir, sizeof d.back.dir, "%.120s", path);
    return drill_is_marked(&d) && file_exists(world_path(&d.back, "run")) &&
           file_exists(world_path(&d.back, "keys/issuing.key")) &&
           file_exists(world_path(&d.back, "journal/00000001.journal"));
}

static void clear(const char *path)
{
    (void)unlink(path);
    must(!file_exists(path) || files_remove_tree(path, NULL) == BM_OK, path,
         NULL);
}

/* One run in a process of its own: 0, 1, or FAULT_EXIT; -1: no such call. */
static int run(bm_status (*act)(const char *path), const char *path,
               enum fault fault, unsigned long at)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        bm_status rc;

        fault_begin(fault, at);
        rc = act(path);
        if (!fault_end()) {
            _exit(50);
        }
        _exit(rc == BM_OK ? 0 : 1);
    }
    must(child > 0 && waitpid(child, &status, 0) == child, "child", NULL);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status) == 50 ? -1 : WEXITSTATUS(status);
}

static void try_all(bm_status (*act)(const char *path),
                    bool (*is_whole)(const char *path), enum fault fault)
{
    char path[256];
    char left[280];
    unsigned long at;
    unsigned runs = 0;
    unsigned kept = 0;

    (void)snprintf(path, sizeof path, "%s", drill_path(&d, "out"));
    (void)snprintf(left, sizeof left, "%s.%s", path,
                   act == make ? "parts" : "new");
    for (at = 1; at < CALLS_MAX; at += STEP) {
        int rc = run(act, path, fault, at);

        if (rc < 0) {
            break;
        }
        CHECK((fault == FAULT_DIE) == (rc == FAULT_EXIT));
        CHECK(rc != 0 || file_exists(path));
        CHECK(!file_exists(path) || is_whole(path));
        runs++;
        kept += file_exists(left);
        clear(path);
    }
    CHECK(at > 100 && at < CALLS_MAX);
    /* Where it is the clearing away that fails, and nothing else. */
    CHECK(fault != FAULT_ONE || kept <= runs / 10);
    clear(path);
    CHECK_STATUS(act(path), BM_OK);
    CHECK(!file_exists(left) && is_whole(path));
    clear(path);
}

static void a_backup_is_whole_or_not_there(void)
{
    world_open(&d.lost, INSTANCE_READ);
    try_all(make, archive_is_whole, FAULT_ONE);
    try_all(make, archive_is_whole, FAULT_ON);
    try_all(make, archive_is_whole, FAULT_DIE);
    world_close(&d.lost);
}

static void a_restored_instance_is_whole_or_not_there(void)
{
    try_all(restore, instance_is_whole, FAULT_ONE);
    try_all(restore, instance_is_whole, FAULT_ON);
    try_all(restore, instance_is_whole, FAULT_DIE);
}

int main(void)
{
    drill_begin(&d);
    RUN(a_backup_is_whole_or_not_there);
    RUN(a_restored_instance_is_whole_or_not_there);
    drill_end(&d);
    return bm_test_done();
}
