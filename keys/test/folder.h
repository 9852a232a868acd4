/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_TEST_FOLDER_H
#define BM_KEYS_TEST_FOLDER_H

/* Real files in a folder that is made for a test and goes with it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/file.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_maker.h"

#define FOLDER_PATH_MAX 512

struct folder {
    char path[FOLDER_PATH_MAX];
    char file[FOLDER_PATH_MAX]; /* of folder_file() */
};

static inline void folder_must(int ok, const char *what)
{
    if (!ok) {
        printf("Bail out! %s\n", what);
        exit(1);
    }
}

static inline void folder_make(struct folder *f)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(f->path, sizeof f->path, "%s/birthmark-XXXXXX",
                   base == NULL ? "/tmp" : base);
    folder_must(mkdtemp(f->path) != NULL, "no temporary folder");
}

/* The path of a file in it; the next call reuses the room. */
static inline const char *folder_file(struct folder *f, const char *name)
{
    int n = snprintf(f->file, sizeof f->file, "%s/%s", f->path, name);

    folder_must(n > 0 && (size_t)n < sizeof f->file, "path too long");
    return f->file;
}

/* Files in it, folders not looked into. */
static inline size_t folder_count(const struct folder *f)
{
    DIR *list = opendir(f->path);
    const struct dirent *entry;
    size_t n = 0;

    folder_must(list != NULL, "folder is gone");
    while ((entry = readdir(list)) != NULL) {
        n +=
            strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(list);
    return n;
}

static inline void folder_empty(struct folder *f)
{
    DIR *list = opendir(f->path);
    const struct dirent *entry;

    folder_must(list != NULL, "folder is gone");
    while ((entry = readdir(list)) != NULL) {
        (void)unlinkat(dirfd(list), entry->d_name, 0);
    }
    (void)closedir(list);
}

static inline void folder_remove(struct folder *f)
{
    folder_empty(f);
    folder_must(rmdir(f->path) == 0, "folder is not empty");
}

/* Write a file as it is, whatever was there. */
static inline void folder_put(struct folder *f, const char *name,
                              struct bm_bytes data, mode_t mode)
{
    const char *path = folder_file(f, name);
    int fd;

    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    folder_must(fd >= 0, "cannot make a file");
    folder_must(data.n == 0 || write(fd, data.p, data.n) == (ssize_t)data.n,
                "cannot write a file");
    folder_must(fchmod(fd, mode) == 0, "cannot change a mode");
    (void)close(fd);
}

static inline struct bm_bytes folder_get(struct folder *f, const char *name,
                                         uint8_t *buf, size_t cap)
{
    FILE *file = fopen(folder_file(f, name), "rb");
    size_t n;

    folder_must(file != NULL, "cannot read a file");
    n = fread(buf, 1, cap, file);
    (void)fclose(file);
    return (struct bm_bytes){ buf, n };
}

static inline mode_t folder_mode(struct folder *f, const char *name)
{
    struct stat st;

    return stat(folder_file(f, name), &st) == 0 ? st.st_mode & 07777 : 0;
}

/* An unlocked key-encryption key in the folder, cheap to open. */
static const uint8_t test_secret[BM_UNLOCK_SIZE] = { 1, 2, 3 };
static const uint8_t other_secret[BM_UNLOCK_SIZE] = { 4, 5, 6 };
static const struct bm_scrypt_cost test_cost = { 10, 8, 1 };

static inline struct bm_kek_config kek_config(struct folder *f,
                                              const uint8_t *secret)
{
    return (struct bm_kek_config){ bm_test_key_tools(), folder_file(f, "kek"),
                                   secret, &test_cost };
}

static inline struct bm_kek *folder_kek(struct folder *f)
{
    const struct bm_kek_config config = kek_config(f, test_secret);
    struct bm_kek *kek = NULL;

    folder_must(bm_kek_create(&config, &kek) == BM_OK, "no kek");
    return kek;
}

static inline struct bm_key_provider *folder_provider(struct folder *f,
                                                      const struct bm_kek *kek)
{
    const struct bm_key_file_config config = { bm_test_key_tools(), f->path,
                                               kek };
    struct bm_key_provider *provider = NULL;

    folder_must(bm_key_file_new(&config, &provider) == BM_OK, "no provider");
    return provider;
}

#endif
