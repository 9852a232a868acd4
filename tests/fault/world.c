/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* O_DIRECTORY, statfs */

#include "tests/fault/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/init.h"
#include "tests/harness/test_maker.h"

#define IN_MEMORY "/dev/shm"

static char scratch[WORLD_PATH_MAX];
static struct bm_key_maker maker;
static struct instance_port port;

void world_must(bool ok, const char *what)
{
    if (!ok) {
        printf("Bail out! %s (errno %d)\n", what, errno);
        exit(1);
    }
}

static bm_status cheap_scrypt(void *self, const struct bm_scrypt_config *config,
                              uint8_t *out, size_t n)
{
    struct bm_scrypt_config cheap = *config;
    const struct bm_key_maker *real = bm_test_key_tools().maker;

    cheap.cost = (struct bm_scrypt_cost){ .log_n = 1, .r = 1, .p = 1 };
    return real->scrypt(self, &cheap, out, n);
}

const struct instance_port *world_port(void)
{
    struct bm_key_tools tools = bm_test_key_tools();

    if (port.crypto == NULL) {
        maker = *tools.maker;
        maker.scrypt = cheap_scrypt;
        port.crypto = tools.crypto;
        port.maker = &maker;
    }
    return &port;
}

const char *world_dir(void)
{
    const char *base = getenv("TMPDIR");

    if (scratch[0] == '\0') {
        if (base == NULL) {
            base = access(IN_MEMORY, W_OK) == 0 ? IN_MEMORY : "/tmp";
        }
        (void)snprintf(scratch, sizeof scratch, "%s/birthmark-fault-XXXXXX",
                       base);
        world_must(mkdtemp(scratch) != NULL, "no scratch directory");
    }
    return scratch;
}

void world_end(void)
{
    if (scratch[0] != '\0') {
        world_remove(scratch);
        scratch[0] = '\0';
    }
}

void world_path(char path[WORLD_PATH_MAX], const char *name)
{
    int n = snprintf(path, WORLD_PATH_MAX, "%s/%s", world_dir(), name);

    world_must(n > 0 && n < WORLD_PATH_MAX, "path too long");
}

bm_status world_init(const char *dir, struct ca_refusal *why)
{
    static const char *const hosts[] = { "ca.example" };
    struct init_config config = { .dir = dir,
                                  .organisation = "Example",
                                  .hosts = hosts,
                                  .hosts_n = 1,
                                  .port = world_port(),
                                  .now = WORLD_START };

    return init_instance(&config, why);
}

bool world_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void copy_file(const char *from, const char *to, mode_t mode)
{
    static uint8_t buf[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t n;

    world_must(in >= 0 && out >= 0, "copying an instance");
    while ((n = read(in, buf, sizeof buf)) > 0) {
        world_must(write(out, buf, (size_t)n) == n, "copying an instance");
    }
    world_must(n == 0 && fchmod(out, mode & 07777) == 0, "copying an instance");
    (void)close(in);
    (void)close(out);
}

void world_copy(const char *from, const char *to)
{
    DIR *d = opendir(from);
    const struct dirent *e;
    struct stat st;

    world_must(d != NULL && mkdir(to, 0700) == 0, "copying an instance");
    while ((e = readdir(d)) != NULL) {
        char a[WORLD_PATH_MAX];
        char b[WORLD_PATH_MAX];

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        (void)snprintf(a, sizeof a, "%s/%s", from, e->d_name);
        (void)snprintf(b, sizeof b, "%s/%s", to, e->d_name);
        world_must(lstat(a, &st) == 0, "copying an instance");
        if (S_ISDIR(st.st_mode)) {
            world_copy(a, b);
        } else {
            copy_file(a, b, st.st_mode);
        }
    }
    (void)closedir(d);
}

void world_remove(const char *dir)
{
    world_must(files_remove_tree(dir, NULL) == BM_OK, "removing an instance");
}
