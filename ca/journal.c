/* SPDX-License-Identifier: Apache-2.0 */
/* O_DIRECTORY, flock(): what the directory of the journal is held by. */
#define _DEFAULT_SOURCE

#include "ca/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ca/journal_internal.h"

/* Where a segment is made before it gets its name. */
#define NEW_NAME "new.journal"

/* Entries written at a time; a group rarely has more. */
#define BATCH 256

struct ca_journal {
    const struct bm_crypto *crypto;
    uint64_t segment_entries;
    int dir;   /* also what is locked */
    int fd;    /* the last segment */
    bool torn; /* behind `end` may be what was not answered for */
    uint64_t segment;
    uint64_t entries; /* in it */
    uint64_t end;     /* its length in octets */
    uint8_t chain[CA_TREE_HASH];
    struct journal_memory memory;
    struct { /* as it was before the group that is being appended */
        uint8_t chain[CA_TREE_HASH];
        struct journal_memory memory;
    } before;
    uint8_t buf[BATCH * CA_JOURNAL_ENTRY];
};

static bm_status io_status(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? BM_E_FULL
                                                                : BM_E_IO;
}

static bm_status write_full(int fd, const uint8_t *p, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t w = pwrite(fd, p, n, (off_t)at);

        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w <= 0) {
            return w == 0 ? BM_E_IO : io_status();
        }
        p += w;
        n -= (size_t)w;
        at += (uint64_t)w;
    }
    return BM_OK;
}

/* Entries on the way into a file, behind its octet `end`. */
struct output {
    struct ca_journal *j;
    int fd;
    uint64_t end;
    size_t n; /* entries in the buffer */
};

static bm_status flush(struct output *o)
{
    size_t n = o->n * CA_JOURNAL_ENTRY;

    BM_TRY(write_full(o->fd, o->j->buf, n, o->end));
    o->end += n;
    o->n = 0;
    return BM_OK;
}

static bm_status put(struct output *o, const struct ca_journal_entry *entry)
{
    if (o->n == BATCH) {
        BM_TRY(flush(o));
    }
    BM_TRY(journal_put(o->j->crypto, entry, o->j->chain,
                       o->j->buf + o->n * CA_JOURNAL_ENTRY));
    o->n++;
    return BM_OK;
}

/* The head of segment `number`, which goes on where the last one ended. */
static bm_status put_head(struct output *o, uint64_t number)
{
    const struct journal_memory *m = &o->j->memory;
    struct ca_journal_entry e = { .number = number };

    e.kind = JOURNAL_HEAD;
    e.tree = (uint32_t)(m->keys + (m->has_checkpoint ? 1 : 0));
    for (size_t i = 0; i < JOURNAL_VERSIONED; i++) {
        e.tree += m->versioned[i].number != 0 ? 1 : 0;
    }
    memcpy(e.hash, o->j->chain, sizeof e.hash);
    BM_TRY(put(o, &e));
    for (size_t i = 0; i < m->keys; i++) {
        journal_carry(&m->crl[i].lists, &e);
        memcpy(e.key, m->crl[i].key, sizeof e.key);
        BM_TRY(put(o, &e));
    }
    if (m->has_checkpoint) {
        e = m->checkpoint;
        e.kind = JOURNAL_CARRIED_CHECKPOINT;
        BM_TRY(put(o, &e));
    }
    for (size_t i = 0; i < JOURNAL_VERSIONED; i++) {
        if (m->versioned[i].number != 0) {
            e = m->versioned[i];
            e.kind = (enum ca_journal_kind)(JOURNAL_CARRIED_BUNDLE + i);
            BM_TRY(put(o, &e));
        }
    }
    return flush(o);
}

/*
 * Begin a segment: whole and durable under another name, then renamed, so
 * that none is ever seen without its head.
 */
static bm_status new_segment(struct ca_journal *j)
{
    bm_status rc = BM_E_INTERNAL;
    uint64_t number = j->segment + 1;
    struct output o = { j, -1, 0, 0 };
    char name[JOURNAL_NAME_MAX];

    journal_name(number, name);
    /* An issuer that is another user than the signer reads it by their group;
     * whether that may reach it is for the folder's mode to say. */
    o.fd =
        openat(j->dir, NEW_NAME, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (o.fd < 0) {
        rc = io_status();
        goto out;
    }
    rc = put_head(&o, number);
    if (rc != BM_OK) {
        goto out;
    }
    if (fsync(o.fd) != 0 || renameat(j->dir, NEW_NAME, j->dir, name) != 0 ||
        fsync(j->dir) != 0) {
        rc = io_status();
        goto out;
    }
    if (j->fd >= 0) {
        (void)close(j->fd);
    }
    j->fd = o.fd;
    o.fd = -1;
    j->segment = number;
    j->entries = 0;
    j->end = o.end;
    rc = BM_OK;

out:
    if (o.fd >= 0) {
        (void)close(o.fd);
    }
    return rc;
}

/* Read the last segment, cut what was torn, go on behind it. */
static bm_status resume(struct ca_journal *j, uint64_t segment)
{
    struct journal_segment s = { .crypto = j->crypto,
                                 .number = segment,
                                 .memory = &j->memory };
    char name[JOURNAL_NAME_MAX];

    BM_TRY(journal_read(j->dir, &s));
    journal_name(segment, name);
    j->fd = openat(j->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (j->fd < 0) {
        return BM_E_IO;
    }
    if (ftruncate(j->fd, (off_t)s.end) != 0 || fsync(j->fd) != 0) {
        return io_status();
    }
    j->segment = segment;
    j->entries = s.entries;
    j->end = s.end;
    memcpy(j->chain, s.chain, sizeof j->chain);
    return BM_OK;
}

static bm_status lock_dir(struct ca_journal *j, const char *dir)
{
    j->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dir < 0) {
        return errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO;
    }
    if (flock(j->dir, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? BM_E_BUSY : BM_E_IO;
    }
    return BM_OK;
}

bm_status journal_open(const char *dir, const struct bm_crypto *crypto,
                       uint64_t segment_entries, struct ca_journal **out)
{
    bm_status rc = BM_E_INTERNAL;
    struct ca_journal *j = calloc(1, sizeof *j);
    uint64_t first;
    uint64_t last;

    *out = NULL;
    if (j == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    j->crypto = crypto;
    j->segment_entries = segment_entries;
    j->dir = -1;
    j->fd = -1;
    rc = lock_dir(j, dir);
    if (rc != BM_OK) {
        goto out;
    }
    rc = journal_segments(dir, &first, &last);
    if (rc != BM_OK) {
        goto out;
    }
    rc = last == 0 ? new_segment(j) : resume(j, last);
    if (rc != BM_OK) {
        goto out;
    }
    *out = j;
    j = NULL;

out:
    ca_journal_close(j);
    return rc;
}

bm_status ca_journal_open(const char *dir, const struct bm_crypto *crypto,
                          struct ca_journal **journal)
{
    return journal_open(dir, crypto, CA_JOURNAL_SEGMENT, journal);
}

void ca_journal_close(struct ca_journal *journal)
{
    if (journal == NULL) {
        return;
    }
    if (journal->fd >= 0) {
        (void)close(journal->fd);
    }
    if (journal->dir >= 0) {
        (void)close(journal->dir); /* and the lock with it */
    }
    free(journal);
}

static bool is_entry(const struct ca_journal_entry *entry)
{
    return entry->kind >= CA_JOURNAL_CERT &&
           entry->kind <= CA_JOURNAL_MANIFEST && entry->serial_n <= 20;
}

static bm_status append(struct ca_journal *j,
                        const struct ca_journal_entry *entries, size_t n)
{
    struct output o;

    /* A group is never split: recovery finds it in one segment. */
    if (j->entries >= j->segment_entries) {
        BM_TRY(new_segment(j));
        memcpy(j->before.chain, j->chain, sizeof j->chain);
    }
    o = (struct output){ j, j->fd, j->end, 0 };
    for (size_t i = 0; i < n; i++) {
        BM_TRY(put(&o, &entries[i]));
    }
    BM_TRY(flush(&o));
    if (fdatasync(j->fd) != 0) {
        return io_status();
    }
    for (size_t i = 0; i < n; i++) {
        BM_TRY(journal_remember(&j->memory, &entries[i]));
    }
    j->end = o.end;
    j->entries += n;
    return BM_OK;
}

/*
 * Take back what was written behind the last entry that was answered for: cut
 * off and durably so, it leaves pages that are written anew, also where the
 * system has given up on those of a sync that failed.
 */
static bm_status take_back(struct ca_journal *j)
{
    j->torn = true;
    if (ftruncate(j->fd, (off_t)j->end) != 0 || fsync(j->fd) != 0) {
        return io_status();
    }
    j->torn = false;
    return BM_OK;
}

bm_status ca_journal_append(struct ca_journal *journal,
                            const struct ca_journal_entry *entries, size_t n)
{
    struct ca_journal *j = journal;
    bm_status rc;

    for (size_t i = 0; i < n; i++) {
        if (!is_entry(&entries[i])) {
            return BM_E_ARGUMENT;
        }
    }
    if (n == 0) {
        return BM_OK;
    }
    if (j->torn) {
        BM_TRY(take_back(j));
    }
    memcpy(j->before.chain, j->chain, sizeof j->chain);
    j->before.memory = j->memory;
    rc = append(j, entries, n);
    if (rc != BM_OK) {
        memcpy(j->chain, j->before.chain, sizeof j->chain);
        j->memory = j->before.memory;
        /* What cannot be taken back now is before the next entry. A start in
         * between finds it signed, and abandons it. */
        (void)!take_back(j);
    }
    return rc;
}

bool ca_journal_checkpoint(const struct ca_journal *journal,
                           struct ca_journal_entry *entry)
{
    *entry = journal->memory.checkpoint;
    return journal->memory.has_checkpoint;
}

uint64_t ca_journal_version(const struct ca_journal *journal,
                            enum ca_journal_kind kind)
{
    return kind == CA_JOURNAL_MANIFEST ? journal->memory.versioned[1].number
                                       : journal->memory.versioned[0].number;
}

void ca_journal_lists(const struct ca_journal *journal, const uint8_t key[8],
                      struct ca_journal_lists *lists)
{
    const struct journal_memory *m = &journal->memory;

    memset(lists, 0, sizeof *lists);
    for (size_t i = 0; i < m->keys; i++) {
        if (memcmp(m->crl[i].key, key, 8) == 0) {
            *lists = m->crl[i].lists;
        }
    }
}
