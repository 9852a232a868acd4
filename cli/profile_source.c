/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile_source.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/safe.h"
#include "config/config.h"

static bool complain(const char *name, const char *words)
{
    safe_print_str(stderr, name);
    fputs(": ", stderr);
    safe_print_str(stderr, words);
    fputc('\n', stderr);
    return false;
}

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    char *p = malloc(n);

    if (p != NULL) {
        memcpy(p, text, n);
    }
    return p;
}

/* Where an instance has it; NULL without memory. */
static char *path_in(const char *dir, const char *name)
{
    static const char format[] = "%s/profiles/%s.yaml";
    size_t n = strlen(dir) + strlen(name) + sizeof format;
    char *p = malloc(n);

    if (p != NULL) {
        (void)snprintf(p, n, format, dir, name);
    }
    return p;
}

static bool parse(struct profile_source *source)
{
    struct ca_refusal why = { .status = BM_OK };
    struct bm_bytes text = { (const uint8_t *)source->text, source->n };
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the source owns its name */
    bm_status rc = ca_profile_parse(text, source->name, &source->profile, &why);

    if (rc == BM_OK) {
        return true;
    }
    /* "FILE:LINE:COLUMN: words" stands for itself. */
    if (why.status == rc && strchr(why.words, ' ') != NULL) {
        safe_print_str(stderr, why.words);
        fputc('\n', stderr);
        return false;
    }
    return complain(source->name, bm_status_text(rc));
}

static bool read_file(struct profile_source *source)
{
    char words[ERRNO_WORDS_MAX];
    bm_status rc = config_load(source->name, PROFILE_SOURCE_MAX, &source->text,
                               &source->n);

    switch (rc) {
    case BM_OK:
        return true;
    case BM_E_NOT_FOUND:
    case BM_E_IO:
        errno_words(errno, words);
        return complain(source->name, words);
    case BM_E_CONFIG_DEPTH:
        return complain(source->name, "larger than 64 KiB: no profile");
    default:
        return complain(source->name, "out of memory");
    }
}

/* The name is taken over. */
static bool open_file(struct profile_source *source, char *name)
{
    *source = (struct profile_source){ .name = name };
    if (name == NULL) {
        return complain("birthmark", "out of memory");
    }
    if (read_file(source) && parse(source)) {
        return true;
    }
    profile_source_close(source);
    return false;
}

bool profile_source_file(struct profile_source *source, const char *path)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the source owns its name */
    return open_file(source, copy(path));
}

bool profile_source_shipped(struct profile_source *source,
                            const struct ca_profile_shipped *shipped)
{
    *source = (struct profile_source){
        .name = copy(shipped->name),
        .text = copy(shipped->text),
        .n = strlen(shipped->text),
    };
    if (source->name == NULL || source->text == NULL) {
        (void)complain("birthmark", "out of memory");
    } else if (parse(source)) {
        return true;
    }
    profile_source_close(source);
    return false;
}

static bool is_file(const char *word)
{
    size_t n = strlen(word);

    return strchr(word, '/') != NULL ||
           (n > 5 && strcmp(word + n - 5, ".yaml") == 0);
}

bool profile_source_open(struct profile_source *source, const char *word,
                         const char *dir)
{
    if (is_file(word)) {
        return profile_source_file(source, word);
    }
    if (dir != NULL) {
        return open_file(source, path_in(dir, word));
    }
    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        if (strcmp(p->name, word) == 0) {
            return profile_source_shipped(source, p);
        }
    }
    return complain(word, "no such profile (try: birthmark profile list)");
}

void profile_source_close(struct profile_source *source)
{
    ca_profile_free(source->profile);
    free(source->text);
    free(source->name);
    *source = (struct profile_source){ .name = NULL };
}

/* ---- Each of them */

struct each {
    void *arg;
    bool (*one)(void *arg, struct profile_source *source,
                const struct ca_profile_shipped *shipped);
};

static bool do_one(const struct each *each, struct profile_source *source,
                   const struct ca_profile_shipped *shipped)
{
    bool ok = each->one(each->arg, source, shipped);

    profile_source_close(source); /* what has not been taken over */
    return ok;
}

static bool each_shipped(const struct each *each)
{
    bool good = true;

    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        struct profile_source source;

        good = profile_source_shipped(&source, p) && do_one(each, &source, p) &&
               good;
    }
    return good;
}

static int is_profile(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return entry->d_name[0] != '.' && n > 5 &&
           strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

static bool each_file(const struct each *each, const char *folder,
                      const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    struct profile_source source;
    bool ok;

    if (path == NULL) {
        return complain("birthmark", "out of memory");
    }
    (void)snprintf(path, n, "%s/%s", folder, name);
    ok = profile_source_file(&source, path) && do_one(each, &source, NULL);
    free(path);
    return ok;
}

static bool each_of_folder(const struct each *each, const char *folder)
{
    struct dirent **names = NULL;
    bool good = true;
    int n = scandir(folder, &names, is_profile, alphasort);

    if (n < 0) {
        refusal_print_errno(folder, errno);
        good = false;
    }
    for (int i = 0; i < n; i++) {
        good = each_file(each, folder, names[i]->d_name) && good;
        free(names[i]);
    }
    free(names);
    return good;
}

bool profile_source_each(const char *dir, void *arg,
                         bool (*one)(void *arg, struct profile_source *source,
                                     const struct ca_profile_shipped *shipped))
{
    const struct each each = { arg, one };
    size_t size = dir != NULL ? strlen(dir) + sizeof "/profiles" : 1;
    char *folder;
    bool good;

    if (dir == NULL) {
        return each_shipped(&each);
    }
    folder = malloc(size);
    if (folder == NULL) {
        return complain("birthmark", "out of memory");
    }
    (void)snprintf(folder, size, "%s/profiles", dir);
    good = each_of_folder(&each, folder);
    free(folder);
    return good;
}
