/* SPDX-License-Identifier: Apache-2.0 */
/* O_DIRECTORY */
#define _DEFAULT_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ca/journal_internal.h"

/* A walk over segments: who is told, and of which entries. */
struct walk {
    int dir;
    const struct bm_crypto *crypto;
    struct journal_memory memory;
    void *arg;
    bm_status (*entry)(void *arg, const struct ca_journal_entry *entry);
    uint64_t count; /* entries seen in the segment */
    uint64_t mark;  /* that of the last checkpoint; 0: none */
};

/* First look at a segment: where is its last checkpoint? */
static bm_status find_checkpoint(void *arg,
                                 const struct ca_journal_entry *entry)
{
    struct walk *w = arg;

    w->count++;
    if (entry->kind == CA_JOURNAL_CHECKPOINT) {
        w->mark = w->count;
    }
    return BM_OK;
}

static bm_status after_checkpoint(void *arg,
                                  const struct ca_journal_entry *entry)
{
    struct walk *w = arg;

    w->count++;
    return w->count <= w->mark ? BM_OK : w->entry(w->arg, entry);
}

static bm_status read_segment(
    struct walk *w, struct journal_segment *s,
    bm_status (*entry)(void *arg, const struct ca_journal_entry *entry))
{
    w->count = 0;
    s->crypto = w->crypto;
    s->memory = &w->memory;
    s->arg = entry == w->entry ? w->arg : w;
    s->entry = entry;
    return journal_read(w->dir, s);
}

/* All segments, each of which goes on where the one before it ended. */
static bm_status walk_all(struct walk *w, uint64_t last)
{
    struct journal_segment s = { .chained = true };

    for (s.number = 1; s.number <= last; s.number++) {
        BM_TRY(read_segment(w, &s, w->entry));
    }
    return BM_OK;
}

/* From the last segment that has a checkpoint, on. */
static bm_status walk_tail(struct walk *w, uint64_t first, uint64_t last)
{
    struct journal_segment s = { .number = last };

    for (;;) {
        w->mark = 0;
        s.chained = false;
        BM_TRY(read_segment(w, &s, find_checkpoint));
        if (w->mark != 0 || s.number == first) {
            break;
        }
        s.number--;
    }
    s.chained = false;
    for (; s.number <= last; s.number++) {
        BM_TRY(read_segment(w, &s, after_checkpoint));
        s.chained = true;
        w->mark = 0;
    }
    return BM_OK;
}

bm_status ca_journal_walk(
    const char *dir, const struct bm_crypto *crypto, bool from_checkpoint,
    void *arg,
    bm_status (*entry)(void *arg, const struct ca_journal_entry *entry))
{
    bm_status rc = BM_E_INTERNAL;
    struct walk *w = calloc(1, sizeof *w);
    uint64_t first;
    uint64_t last;

    if (w == NULL) {
        return BM_E_MEMORY;
    }
    w->crypto = crypto;
    w->arg = arg;
    w->entry = entry;
    w->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir < 0) {
        rc = errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO;
        goto out;
    }
    rc = journal_segments(dir, &first, &last);
    if (rc != BM_OK) {
        goto out;
    }
    if (last == 0) {
        rc = BM_OK;
    } else {
        rc = from_checkpoint ? walk_tail(w, first, last) : walk_all(w, last);
    }

out:
    if (w->dir >= 0) {
        (void)close(w->dir);
    }
    free(w);
    return rc;
}

bm_status ca_journal_files(const char *dir, uint64_t *first, uint64_t *last)
{
    return journal_segments(dir, first, last);
}

_Static_assert(CA_JOURNAL_NAME_MAX == JOURNAL_NAME_MAX, "one name");

void ca_journal_file_name(uint64_t number, char name[CA_JOURNAL_NAME_MAX])
{
    journal_name(number, name);
}

bm_status ca_journal_file_size(const char *dir, const struct bm_crypto *crypto,
                               uint64_t number, uint64_t *size)
{
    struct journal_segment s = { .crypto = crypto, .number = number };
    bm_status rc = BM_E_INTERNAL;
    int fd = -1;

    *size = 0;
    s.memory = calloc(1, sizeof *s.memory);
    if (s.memory == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        rc = errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO;
        goto out;
    }
    rc = journal_read(fd, &s);
    if (rc == BM_OK) {
        *size = s.end;
    }

out:
    if (fd >= 0) {
        (void)close(fd);
    }
    free(s.memory);
    return rc;
}
