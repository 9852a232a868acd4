/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/shares_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/internal.h"

static bm_status read_share(const struct bm_crypto *crypto,
                            const struct disk_file *file,
                            struct bm_share *share)
{
    uint8_t text[BM_SHARE_READ_MAX];
    size_t n = 0;
    bm_status rc = disk_read_file(file, text, sizeof text, &n);

    memset(share, 0, sizeof *share);
    if (rc == BM_OK) {
        rc = bm_share_parse(crypto, (struct bm_bytes){ text, n }, share);
    }
    bm_wipe(text, sizeof text);
    return rc == BM_E_LIMIT ? BM_E_KEYS_SHARE_TYPO : rc;
}

bm_status bm_share_read(const struct bm_crypto *crypto, const char *path,
                        struct bm_share *share)
{
    struct disk_file file = { .forbidden = 0 };
    bm_status rc;

    memset(share, 0, sizeof *share);
    BM_TRY(disk_open_dir_of(path, &file.dir, &file.name));
    rc = read_share(crypto, &file, share);
    (void)close(file.dir);
    return rc;
}

/* All that were read, before it is known which set is meant. */
struct pile {
    struct bm_share share[BM_SHARE_FILES_MAX];
    const char *name[BM_SHARE_FILES_MAX];
    size_t count;
};

static bool is_of(const struct bm_share *a, const struct bm_share *b)
{
    return bm_bytes_equal(BM_ARRAY(a->set), BM_ARRAY(b->set));
}

/* One of the set that most are of; of the first such. */
static const struct bm_share *find_set(const struct pile *pile)
{
    const struct bm_share *best = &pile->share[0];
    size_t most = 0;

    for (size_t i = 0; i < pile->count; i++) {
        size_t same = 0;

        for (size_t j = 0; j < pile->count; j++) {
            same += is_of(&pile->share[i], &pile->share[j]);
        }
        if (same > most) {
            most = same;
            best = &pile->share[i];
        }
    }
    return best;
}

/* Say the file before what is said of it. */
static void say_file(const char *name, const char *more,
                     char why[BM_SHARES_WHY_MAX])
{
    (void)snprintf(why, BM_SHARES_WHY_MAX, "%.200s%s%.280s", name,
                   more[0] == '\0' ? "" : ": ", more);
}

static bm_status add_those(const struct pile *pile, const struct bm_share *set,
                           bool of_set, struct bm_shares *shares,
                           char why[BM_SHARES_WHY_MAX])
{
    for (size_t i = 0; i < pile->count; i++) {
        const struct bm_share *share = &pile->share[i];
        char more[BM_SHARES_WHY_MAX];
        bm_status rc;

        if (is_of(share, set) != of_set) {
            continue;
        }
        rc = bm_shares_add(shares, share);
        if (rc != BM_OK) {
            bm_shares_why(shares, share, rc, more);
            say_file(pile->name[i], more, why);
            return rc;
        }
    }
    return BM_OK;
}

static bm_status gather(const struct pile *pile, struct bm_shares *shares,
                        char why[BM_SHARES_WHY_MAX])
{
    const struct bm_share *set = find_set(pile);
    bm_status rc = add_those(pile, set, true, shares, why);

    if (rc == BM_OK) {
        rc = add_those(pile, set, false, shares, why);
    }
    if (rc != BM_OK) {
        bm_shares_wipe(shares);
    }
    return rc;
}

/* Read files, named in the folder `dir`, or by paths when it is negative. */
static bm_status read_all(const struct bm_crypto *crypto, int dir,
                          const char *const names[], size_t count,
                          struct pile *pile, char why[BM_SHARES_WHY_MAX])
{
    for (size_t i = 0; i < count; i++) {
        const struct disk_file file = { dir, names[i], DISK_PRIVATE };
        struct bm_share *share = &pile->share[i];
        bm_status rc = dir < 0 ? bm_share_read(crypto, names[i], share)
                               : read_share(crypto, &file, share);

        pile->name[i] = names[i];
        if (rc != BM_OK) {
            say_file(names[i], "", why);
            return rc;
        }
        pile->count++;
    }
    return BM_OK;
}

static bm_status read_and_gather(const struct bm_crypto *crypto, int dir,
                                 const char *const names[], size_t count,
                                 struct bm_shares *shares,
                                 char why[BM_SHARES_WHY_MAX])
{
    struct pile *pile = calloc(1, sizeof *pile);
    bm_status rc = BM_E_MEMORY;

    if (pile != NULL) {
        rc = read_all(crypto, dir, names, count, pile, why);
    }
    if (rc == BM_OK) {
        rc = gather(pile, shares, why);
    }
    if (pile != NULL) {
        bm_wipe(pile, sizeof *pile);
    }
    free(pile);
    return rc;
}

static bm_status check_count(size_t count, struct bm_shares *shares,
                             char why[BM_SHARES_WHY_MAX])
{
    why[0] = '\0';
    memset(shares, 0, sizeof *shares);
    return count == 0                   ? BM_E_KEYS_SHARES_FEW
           : count > BM_SHARE_FILES_MAX ? BM_E_LIMIT
                                        : BM_OK;
}

bm_status bm_shares_read_files(const struct bm_crypto *crypto,
                               const char *const paths[], size_t count,
                               struct bm_shares *shares,
                               char why[BM_SHARES_WHY_MAX])
{
    BM_TRY(check_count(count, shares, why));
    return read_and_gather(crypto, -1, paths, count, shares, why);
}

static bool is_share(const char *name)
{
    size_t n = strlen(name);
    size_t end = sizeof BM_SHARE_SUFFIX - 1;

    return name[0] != '.' && n > end &&
           strcmp(name + n - end, BM_SHARE_SUFFIX) == 0;
}

/* The names of a folder's shares, which the caller frees. */
struct names {
    char *name[BM_SHARE_FILES_MAX];
    size_t count;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->name[i]);
    }
}

static bm_status add_name(struct names *names, const char *name)
{
    size_t at = names->count;
    char *copy;

    if (at == BM_SHARE_FILES_MAX) {
        return BM_E_LIMIT;
    }
    copy = malloc(strlen(name) + 1);
    if (copy == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(copy, name, strlen(name) + 1);
    /* In order, so that a refusal is the same each time. */
    for (; at > 0 && strcmp(names->name[at - 1], name) > 0; at--) {
        names->name[at] = names->name[at - 1];
    }
    names->name[at] = copy;
    names->count++;
    return BM_OK;
}

static bm_status list(int dir, struct names *names)
{
    int copy = dup(dir);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    bm_status rc = BM_OK;

    if (entries == NULL) {
        rc = disk_status(errno);
        if (copy >= 0) {
            (void)close(copy);
        }
        return rc;
    }
    errno = 0;
    while (rc == BM_OK && (entry = readdir(entries)) != NULL) {
        if (is_share(entry->d_name)) {
            rc = add_name(names, entry->d_name);
        }
        errno = 0;
    }
    if (rc == BM_OK && errno != 0) {
        rc = disk_status(errno);
    }
    (void)closedir(entries);
    return rc;
}

bm_status bm_shares_read_dir(const struct bm_crypto *crypto, const char *dir,
                             struct bm_shares *shares,
                             char why[BM_SHARES_WHY_MAX])
{
    struct names names = { .count = 0 };
    int fd = -1;
    bm_status rc;

    why[0] = '\0';
    memset(shares, 0, sizeof *shares);
    rc = disk_open_dir(dir, &fd);
    if (rc != BM_OK) {
        return rc;
    }
    rc = list(fd, &names);
    if (rc == BM_OK) {
        rc = check_count(names.count, shares, why);
    }
    if (rc == BM_OK) {
        rc = read_and_gather(crypto, fd, (const char *const *)names.name,
                             names.count, shares, why);
    }
    names_free(&names);
    (void)close(fd);
    return rc;
}

bm_status bm_unlock_from_shares(const struct bm_crypto *crypto,
                                const struct bm_unlock_source *source,
                                const struct bm_shares_terminal *terminal,
                                uint8_t secret[BM_UNLOCK_SIZE],
                                char why[BM_SHARES_WHY_MAX])
{
    struct bm_shares shares = { .count = 0 };
    bm_status rc;

    why[0] = '\0';
    memset(secret, 0, BM_UNLOCK_SIZE);
    if (source->path == NULL && terminal == NULL) {
        return BM_E_KEYS_SHARES;
    }
    if (source->path == NULL) {
        rc = bm_shares_ask(crypto, terminal, &shares, secret);
    } else {
        rc = bm_shares_read_dir(crypto, source->path, &shares, why);
        if (rc == BM_OK) {
            rc = bm_shares_combine(crypto, &shares, secret);
            bm_shares_why(&shares, NULL, rc, why);
        }
    }
    bm_shares_wipe(&shares);
    return rc;
}
