/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/inject_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[INJECT_PATH];
static size_t root_n;
static enum inject armed;
static unsigned long target;
static int error_number;
static unsigned long calls;
static unsigned long changes;
static bool came;
static char where[INJECT_PATH + 64];

/* Of watched descriptors; "" otherwise. */
static char paths[INJECT_FDS][INJECT_PATH];

void inject_watch(const char *dir)
{
    memset(paths, 0, sizeof paths);
    calls = 0;
    changes = 0;
    came = false;
    where[0] = '\0';
    root_n = dir == NULL ? 0 : strlen(dir);
    if (root_n >= sizeof root) {
        abort();
    }
    memcpy(root, dir == NULL ? "" : dir, root_n + 1);
}

void inject_arm(enum inject what, unsigned long n, int error)
{
    armed = what;
    target = n;
    error_number = error;
}

void inject_disarm(void)
{
    armed = INJECT_NOTHING;
}

unsigned long inject_calls(void)
{
    return calls;
}

unsigned long inject_changes(void)
{
    return changes;
}

int inject_error(void)
{
    return error_number;
}

bool inject_came(void)
{
    return came;
}

const char *inject_where(void)
{
    return where;
}

const char *inject_path(int fd)
{
    return fd >= 0 && fd < INJECT_FDS ? paths[fd] : "";
}

/* Is it the root, or below it? DIR.new is where an instance grows. */
static bool is_watched(const char *path)
{
    return root_n != 0 && strncmp(path, root, root_n) == 0 &&
           (path[root_n] == '\0' || path[root_n] == '/' || path[root_n] == '.');
}

/* The path of `name` in `dir`, absolute; "" when it is not watched. */
const char *inject_full_path(int dir, const char *name, char room[INJECT_PATH])
{
    const char *base = dir == AT_FDCWD ? "" : inject_path(dir);
    int n;

    if (root_n == 0) {
        return "";
    }
    if (name[0] == '/') {
        n = snprintf(room, INJECT_PATH, "%s", name);
    } else if (base[0] != '\0') {
        n = snprintf(room, INJECT_PATH, "%s/%s", base, name);
    } else {
        return "";
    }
    return n > 0 && n < INJECT_PATH && is_watched(room) ? room : "";
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;) {
        (void)pause();
    }
}

static void note_where(const char *call, const char *path)
{
    if (came) {
        return; /* the first tells what was hit */
    }
    came = true;
    (void)snprintf(where, sizeof where, "%s %s", call, path);
}

struct inject_verdict inject_look(const char *call, const char *path)
{
    struct inject_verdict v = { false, false, false };

    if (path[0] == '\0') {
        return v;
    }
    calls++;
    if (armed == INJECT_FAIL && calls == target) {
        note_where(call, path);
        errno = error_number;
        v.fail = true;
    }
    return v;
}

static bool grows(const char *call)
{
    return strstr(call, "write") != NULL || strcmp(call, "open") == 0 ||
           strcmp(call, "mkdir") == 0 || strcmp(call, "fopen") == 0 ||
           strcmp(call, "fflush") == 0 || strcmp(call, "link") == 0;
}

struct inject_verdict inject_change(const char *call, const char *path)
{
    struct inject_verdict v = inject_look(call, path);

    if (path[0] == '\0') {
        return v;
    }
    changes++;
    if (armed == INJECT_SHORT && calls == target) {
        note_where(call, path);
        v.half = true;
    }
    if (armed == INJECT_FULL && changes >= target && grows(call)) {
        note_where(call, path);
        errno = ENOSPC;
        v.fail = true;
    }
    if (changes != target) {
        return v;
    }
    switch (armed) {
    case INJECT_KILL_BEFORE:
        die();
        break;
    case INJECT_KILL_TORN:
        v.half = true;
        v.after = true;
        break;
    case INJECT_KILL_AFTER:
        v.after = true;
        break;
    default:
        break;
    }
    return v;
}

void inject_done(struct inject_verdict v)
{
    if (v.after) {
        die();
    }
}

void inject_remember(int fd, const char *path)
{
    if (fd >= INJECT_FDS) {
        abort(); /* it would go unwatched */
    }
    if (fd >= 0) {
        (void)snprintf(paths[fd], INJECT_PATH, "%s", path);
    }
}

void inject_forget(int fd)
{
    if (fd >= 0 && fd < INJECT_FDS) {
        paths[fd][0] = '\0';
    }
}
