/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE

#include "tests/fault/power.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"
#include "tests/fault/world.h"

#define NAME_ROOM   96
#define FILE_MAX    ((size_t)64 << 20)
#define SECTOR      512 /* what a disk writes whole or not at all */
#define NODES_MAX   4096
#define ENTRIES_MAX 1024

struct name {
    char text[NAME_ROOM];
    uint64_t inode;
};

/* A file, or a directory: what is durable of it, and what came after. */
struct node {
    uint64_t inode;
    bool is_dir;
    uint8_t *data;
    size_t n;
    struct name *names;
    size_t names_n;
    const struct inject_entry **pending;
    size_t pending_n;
    size_t pending_cap;
};

struct power {
    const struct inject_log *log;
    uint64_t at; /* in the log */
    uint64_t root;
    struct node *nodes;
    size_t nodes_n;
};

static struct node *find(const struct power *p, uint64_t inode)
{
    for (size_t i = p->nodes_n; i > 0; i--) {
        if (p->nodes[i - 1].inode == inode) {
            return &p->nodes[i - 1];
        }
    }
    return NULL;
}

static struct node *add(struct power *p, uint64_t inode, bool is_dir)
{
    struct node *n = find(p, inode);

    if (n == NULL) {
        world_must(p->nodes_n < NODES_MAX, "a log of too many files");
        n = &p->nodes[p->nodes_n++];
        memset(n, 0, sizeof *n);
        n->inode = inode;
        n->is_dir = is_dir;
        if (is_dir) {
            n->names = calloc(ENTRIES_MAX, sizeof *n->names);
            world_must(n->names != NULL, "memory");
        }
    }
    return n;
}

static void put_name(struct name *names, size_t *n, const char *text,
                     uint64_t inode)
{
    size_t i = 0;

    while (i < *n && strcmp(names[i].text, text) != 0) {
        i++;
    }
    if (i == *n) {
        world_must(*n < ENTRIES_MAX, "a directory of too many files");
        (*n)++;
    }
    (void)snprintf(names[i].text, sizeof names[i].text, "%s", text);
    names[i].inode = inode;
}

/* Returns the inode that had the name, or 0. */
static uint64_t take_name(struct name *names, size_t *n, const char *text)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(names[i].text, text) == 0) {
            uint64_t inode = names[i].inode;

            names[i] = names[--*n];
            return inode;
        }
    }
    return 0;
}

/* The tree as it is before the run. */
static uint64_t load(struct power *p, const char *path)
{
    struct stat st;
    DIR *d;
    const struct dirent *e;
    struct node *node;

    world_must(lstat(path, &st) == 0, "reading an instance");
    node = add(p, (uint64_t)st.st_ino, S_ISDIR(st.st_mode));
    if (!node->is_dir) {
        world_must(files_read(path, FILE_MAX, &node->data, &node->n, NULL) ==
                       BM_OK,
                   "reading an instance");
        return node->inode;
    }
    d = opendir(path);
    world_must(d != NULL, "reading an instance");
    while ((e = readdir(d)) != NULL) {
        char inner[WORLD_PATH_MAX];

        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            (void)snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
            put_name(node->names, &node->names_n, e->d_name, load(p, inner));
        }
    }
    (void)closedir(d);
    return node->inode;
}

struct power *power_new(const char *dir, const struct inject_log *log)
{
    struct power *p = calloc(1, sizeof *p);

    world_must(p != NULL, "memory");
    p->nodes = calloc(NODES_MAX, sizeof *p->nodes);
    world_must(p->nodes != NULL, "memory");
    p->log = log;
    p->root = load(p, dir);
    return p;
}

void power_free(struct power *p)
{
    for (size_t i = 0; i < p->nodes_n; i++) {
        free(p->nodes[i].data);
        free(p->nodes[i].names);
        free(p->nodes[i].pending);
    }
    free(p->nodes);
    free(p);
}

static void resize(uint8_t **data, size_t *n, size_t to)
{
    uint8_t *more;

    if (to > *n) {
        more = realloc(*data, to);
        world_must(more != NULL, "memory");
        memset(more + *n, 0, to - *n);
        *data = more;
    }
    *n = to;
}

/* `part`: so many octets of a write; SIZE_MAX: all. */
static void apply_data(uint8_t **data, size_t *n, const struct inject_entry *e,
                       size_t part)
{
    size_t count = e->n < part ? e->n : part;

    if (e->op == INJECT_OP_CUT) {
        resize(data, n, (size_t)e->at);
    } else if (count != 0) {
        if (e->at + count > *n) {
            resize(data, n, (size_t)e->at + count);
        }
        memcpy(*data + e->at, e + 1, count);
    }
}

static void apply_name(struct name *names, size_t *n,
                       const struct inject_entry *e)
{
    const char *text = (const char *)(e + 1);
    uint64_t inode;

    switch (e->op) {
    case INJECT_OP_NAME:
        put_name(names, n, text, e->other);
        break;
    case INJECT_OP_UNNAME:
        (void)take_name(names, n, text);
        break;
    default:
        inode = take_name(names, n, text);
        if (inode != 0) {
            put_name(names, n, text + strlen(text) + 1, inode);
        }
        break;
    }
}

static void sync_node(struct node *n)
{
    for (size_t i = 0; i < n->pending_n; i++) {
        if (n->is_dir) {
            apply_name(n->names, &n->names_n, n->pending[i]);
        } else {
            apply_data(&n->data, &n->n, n->pending[i], SIZE_MAX);
        }
    }
    n->pending_n = 0;
}

static void pend(struct node *n, const struct inject_entry *e)
{
    if (n->pending_n == n->pending_cap) {
        n->pending_cap = 2 * n->pending_cap + 16;
        n->pending = realloc(n->pending, n->pending_cap * sizeof(*n->pending));
        world_must(n->pending != NULL, "memory");
    }
    n->pending[n->pending_n++] = e;
}

static void take_entry(struct power *p, const struct inject_entry *e)
{
    struct node *n;

    world_must(e->op != INJECT_OP_MOVE || e->inode == e->other,
               "a log with a move between directories");
    if (e->op == INJECT_OP_NAME) {
        (void)add(p, e->other, e->is_dir);
    }
    n = find(p, e->inode);
    world_must(n != NULL, "a log about an unknown file");
    if (e->op == INJECT_OP_SYNC) {
        sync_node(n);
    } else {
        pend(n, e);
    }
}

bool power_feed(struct power *p, uint64_t change)
{
    while (p->at < p->log->n) {
        const struct inject_entry *e =
            (const struct inject_entry *)(const void *)(p->log->data + p->at);

        if (e->change > change) {
            return true;
        }
        take_entry(p, e);
        p->at += (sizeof *e + e->n + 7) & ~(uint64_t)7;
    }
    return false;
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state % below;
}

static void build_file(const struct node *n, const char *path, uint64_t *lots)
{
    uint8_t *data = NULL;
    size_t size = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    resize(&data, &size, n->n);
    if (n->n != 0) {
        memcpy(data, n->data, n->n);
    }
    for (size_t i = 0; *lots != 0 && i < n->pending_n; i++) {
        const struct inject_entry *e = n->pending[i];
        uint64_t lot = draw(lots, 4);

        if (lot == 0) {
            apply_data(&data, &size, e, e->n / 2 / SECTOR * SECTOR);
        } else if (lot != 1) {
            apply_data(&data, &size, e, SIZE_MAX);
        }
    }
    world_must(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size),
               "building an instance");
    (void)close(fd);
    free(data);
}

static void build(const struct power *p, uint64_t inode, const char *path,
                  uint64_t *lots)
{
    const struct node *n = find(p, inode);
    struct name *names;
    size_t names_n;
    size_t kept;

    world_must(n != NULL, "building an instance");
    if (!n->is_dir) {
        build_file(n, path, lots);
        return;
    }
    world_must(mkdir(path, 0700) == 0, "building an instance");
    names = calloc(ENTRIES_MAX, sizeof *names);
    world_must(names != NULL, "memory");
    names_n = n->names_n;
    memcpy(names, n->names, names_n * sizeof *names);
    /* A directory changes in order. */
    kept = *lots == 0 ? 0 : draw(lots, n->pending_n + 1);
    for (size_t i = 0; i < kept; i++) {
        apply_name(names, &names_n, n->pending[i]);
    }
    for (size_t i = 0; i < names_n; i++) {
        char inner[WORLD_PATH_MAX];

        (void)snprintf(inner, sizeof inner, "%s/%s", path, names[i].text);
        build(p, names[i].inode, inner, lots);
    }
    free(names);
}

void power_build(const struct power *p, const char *dir, uint64_t lot)
{
    uint64_t lots = lot * UINT64_C(0x9e3779b97f4a7c15);

    build(p, p->root, dir, &lots);
}
