/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/journal_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Read at a time: 512 entries. */
#define CHUNK (512 * CA_JOURNAL_ENTRY)

/* Read as much as fits or is there; -1 with errno. */
static ssize_t read_full(int fd, uint8_t *buf, size_t n)
{
    size_t got = 0;

    while (got < n) {
        ssize_t r = read(fd, buf + got, n - got);

        if (r < 0 && errno == EINTR) {
            continue;
        }
        if (r < 0) {
            return -1;
        }
        if (r == 0) {
            break;
        }
        got += (size_t)r;
    }
    return (ssize_t)got;
}

/* Where the reading of a segment stands. */
struct reader {
    struct journal_segment *s;
    struct journal_memory carried;
    uint64_t at;           /* entries taken, head and carried included */
    uint64_t carried_left; /* of what the head announced */
    bool zeros;            /* an entry of zeros was seen: the rest must be */
};

static bool is_zero(const uint8_t *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static bool memory_equal(const struct journal_memory *a,
                         const struct journal_memory *b)
{
    if (a->has_checkpoint != b->has_checkpoint || a->keys != b->keys ||
        (a->has_checkpoint && (a->checkpoint.tree != b->checkpoint.tree ||
                               a->checkpoint.number != b->checkpoint.number ||
                               memcmp(a->checkpoint.hash, b->checkpoint.hash,
                                      sizeof a->checkpoint.hash) != 0))) {
        return false;
    }
    for (size_t i = 0; i < JOURNAL_VERSIONED; i++) {
        const struct ca_journal_entry *x = &a->versioned[i];
        const struct ca_journal_entry *y = &b->versioned[i];

        if (x->number != y->number ||
            memcmp(x->hash, y->hash, sizeof x->hash) != 0) {
            return false;
        }
    }
    for (size_t i = 0; i < a->keys; i++) {
        if (!journal_lists_equal(&a->crl[i].lists, &b->crl[i].lists) ||
            memcmp(a->crl[i].key, b->crl[i].key, sizeof a->crl[i].key) != 0) {
            return false;
        }
    }
    return true;
}

static bm_status take_head(struct reader *r, const struct ca_journal_entry *e,
                           const uint8_t before[CA_TREE_HASH])
{
    if (e->kind != JOURNAL_HEAD || e->number != r->s->number ||
        (r->s->chained && memcmp(e->hash, before, sizeof e->hash) != 0)) {
        return BM_E_LEDGER_JOURNAL;
    }
    r->carried_left = e->tree;
    return BM_OK;
}

/* What is carried forward is what the segments before it said. */
static bm_status end_head(struct reader *r)
{
    if (r->s->chained && !memory_equal(&r->carried, r->s->memory)) {
        return BM_E_LEDGER_JOURNAL;
    }
    *r->s->memory = r->carried;
    return BM_OK;
}

static bm_status take_carried(struct reader *r,
                              const struct ca_journal_entry *e)
{
    if (e->kind != JOURNAL_CARRIED_CRL &&
        e->kind != JOURNAL_CARRIED_CHECKPOINT &&
        e->kind != JOURNAL_CARRIED_BUNDLE &&
        e->kind != JOURNAL_CARRIED_MANIFEST) {
        return BM_E_LEDGER_JOURNAL;
    }
    r->carried_left--;
    return journal_remember(&r->carried, e);
}

static bm_status take_entry(struct reader *r, const uint8_t *in)
{
    struct journal_segment *s = r->s;
    uint8_t before[CA_TREE_HASH];
    struct ca_journal_entry e;
    bool in_head = r->at == 0 || r->carried_left != 0;

    memcpy(before, s->chain, sizeof before);
    BM_TRY(journal_parse(s->crypto, in, s->chain, &e));
    if (r->at == 0) {
        BM_TRY(take_head(r, &e, before));
    } else if (r->carried_left != 0) {
        BM_TRY(take_carried(r, &e));
    } else if (e.kind > CA_JOURNAL_MANIFEST) {
        return BM_E_LEDGER_JOURNAL;
    }
    r->at++;
    if (in_head) {
        return r->carried_left == 0 ? end_head(r) : BM_OK;
    }
    s->entries++;
    BM_TRY(journal_remember(s->memory, &e));
    return s->entry == NULL ? BM_OK : s->entry(s->arg, &e);
}

/*
 * Entries of zeros at the end are blocks that a power cut left unwritten:
 * nothing follows them, and they were never answered for.
 */
static bm_status take_chunk(struct reader *r, const uint8_t *buf, size_t n)
{
    for (; n >= CA_JOURNAL_ENTRY; n -= CA_JOURNAL_ENTRY) {
        if (is_zero(buf, CA_JOURNAL_ENTRY)) {
            r->zeros = true;
        } else if (r->zeros) {
            return BM_E_LEDGER_JOURNAL;
        } else {
            BM_TRY(take_entry(r, buf));
        }
        buf += CA_JOURNAL_ENTRY;
    }
    return BM_OK;
}

bm_status journal_read(int dir, struct journal_segment *segment)
{
    bm_status rc = BM_E_INTERNAL;
    char name[JOURNAL_NAME_MAX];
    struct reader *r = calloc(1, sizeof *r);
    uint8_t *buf = malloc(CHUNK);
    int fd = -1;
    ssize_t n = CHUNK;

    if (r == NULL || buf == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    r->s = segment;
    segment->entries = 0;
    journal_name(segment->number, name);
    fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        rc = errno == ENOENT ? BM_E_LEDGER_JOURNAL : BM_E_IO;
        goto out;
    }
    rc = BM_OK;
    while (rc == BM_OK && n == CHUNK) {
        n = read_full(fd, buf, CHUNK);
        rc = n < 0 ? BM_E_IO : take_chunk(r, buf, (size_t)n);
    }
    /* Segments appear with their whole head, by a rename. */
    if (rc == BM_OK && (r->at == 0 || r->carried_left != 0)) {
        rc = BM_E_LEDGER_JOURNAL;
    }
    segment->end = r->at * CA_JOURNAL_ENTRY;

out:
    if (fd >= 0) {
        (void)close(fd);
    }
    free(buf);
    free(r);
    return rc;
}

/* The number in the name of a segment, or 0. */
static uint64_t segment_of(const char *file)
{
    char name[JOURNAL_NAME_MAX];
    uint64_t number = 0;

    for (const char *p = file; *p >= '0' && *p <= '9'; p++) {
        number = number * 10 + (uint64_t)(*p - '0');
        if (number > 99999999) {
            return 0;
        }
    }
    journal_name(number, name);
    return strcmp(file, name) == 0 ? number : 0;
}

bm_status journal_segments(const char *dir, uint64_t *first, uint64_t *last)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    bm_status rc = BM_OK;

    *first = 0;
    *last = 0;
    if (d == NULL) {
        return errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO;
    }
    errno = 0;
    while ((entry = readdir(d)) != NULL) {
        uint64_t number = segment_of(entry->d_name);

        if (number != 0 && (*first == 0 || number < *first)) {
            *first = number;
        }
        if (number > *last) {
            *last = number;
        }
        errno = 0;
    }
    if (errno != 0) {
        rc = BM_E_IO;
    }
    (void)closedir(d);
    return rc;
}
