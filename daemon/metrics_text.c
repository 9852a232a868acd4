/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Prometheus text exposition format 0.0.4:
 *
 *     # HELP name words
 *     # TYPE name counter
 *     name{label="value",...} number
 *
 * The lines of a metric stand together, and no two have the same labels, or
 * Prometheus takes nothing at all: hence the care for pages that say the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/metrics_internal.h"

/* Pages of one machine: more than the processes that a supervisor starts. */
#define PAGES_MAX 128

struct source {
    const struct metrics_page *page;
    char room[sizeof((struct metrics_page *)0)->room];
    unsigned instance;
};

struct text {
    struct bm_wr *w;
    struct source source[PAGES_MAX];
    size_t n;
};

/* Copied octet by octet, since the other process may be writing it. What is
 * not printable ASCII is no text of ours, and might not be UTF-8. */
static void copy_text(char *out, const char *in, size_t size)
{
    size_t i = 0;

    for (; i < size - 1; i++) {
        char c = ((const volatile char *)in)[i];

        if (c == '\0') {
            break;
        }
        out[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    out[i] = '\0';
}

static bool is_told(const struct text *t, const struct source *s)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->source[i].instance == s->instance &&
            strcmp(t->source[i].room, s->room) == 0) {
            return true;
        }
    }
    return s->room[0] == '\0';
}

static void put_number(struct bm_wr *w, int64_t n)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRId64, n);
    bm_wr_str(w, digits);
}

/* n / unit, exactly; `unit` is a power of ten. */
static void put_fraction(struct bm_wr *w, uint64_t n, unsigned unit)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRIu64, n / unit);
    bm_wr_str(w, digits);
    if (unit > 1) {
        bm_wr_u8(w, '.');
    }
    for (unsigned u = unit / 10; u > 0; u /= 10) {
        bm_wr_u8(w, (uint8_t)('0' + n / u % 10));
    }
}

static void put_head(struct bm_wr *w, const struct metrics_name *m)
{
    bm_wr_str(w, "# HELP ");
    bm_wr_str(w, m->name);
    bm_wr_str(w, " ");
    bm_wr_str(w, m->help);
    bm_wr_str(w, "\n# TYPE ");
    bm_wr_str(w, m->name);
    bm_wr_str(w, m->unit != 0 ? " histogram\n"
                 : m->gauge   ? " gauge\n"
                              : " counter\n");
}

/* label_value can be any sequence of UTF-8 characters, but the backslash,
 * double-quote, and line feed characters have to be escaped. */
static void put_label(struct bm_wr *w, const char *name, const char *value,
                      size_t n)
{
    bm_wr_str(w, name);
    bm_wr_str(w, "=\"");
    for (size_t i = 0; i < n; i++) {
        if (value[i] == '\\' || value[i] == '"') {
            bm_wr_u8(w, '\\');
        }
        bm_wr_u8(w, (uint8_t)value[i]);
    }
    bm_wr_str(w, "\"");
}

/* NAME and its suffix, and the labels that all lines have; left open. */
static void put_start(struct bm_wr *w, const struct source *s, const char *name,
                      const char *suffix)
{
    char number[16];

    bm_wr_str(w, name);
    bm_wr_str(w, suffix);
    bm_wr_str(w, "{");
    put_label(w, "room", s->room, strlen(s->room));
    bm_wr_str(w, ",");
    (void)snprintf(number, sizeof number, "%u", s->instance);
    put_label(w, "process", number, strlen(number));
}

static void put_values(const struct text *t, size_t which)
{
    const struct metrics_name *m = &metrics_value_names[which];

    put_head(t->w, m);
    for (size_t i = 0; i < t->n; i++) {
        const struct source *s = &t->source[i];

        put_start(t->w, s, m->name, "");
        bm_wr_str(t->w, "} ");
        put_number(t->w, metrics_get(s->page, (enum metrics_value)which));
        bm_wr_str(t->w, "\n");
    }
}

/* Buckets are cumulative; the last one, without a bound, is the count. */
static void put_buckets(struct bm_wr *w, const struct source *s,
                        const struct metrics_name *m,
                        const struct metrics_buckets *h)
{
    uint64_t count = 0;

    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        count += atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
        put_start(w, s, m->name, "_bucket");
        bm_wr_str(w, ",le=\"");
        if (i == METRICS_BUCKETS - 1) {
            bm_wr_str(w, "+Inf");
        } else {
            put_fraction(w, UINT64_C(1) << i, m->unit);
        }
        bm_wr_str(w, "\"} ");
        put_fraction(w, count, 1);
        bm_wr_str(w, "\n");
    }
    put_start(w, s, m->name, "_sum");
    bm_wr_str(w, "} ");
    put_fraction(w, atomic_load_explicit(&h->sum, memory_order_relaxed),
                 m->unit);
    bm_wr_str(w, "\n");
    put_start(w, s, m->name, "_count");
    bm_wr_str(w, "} ");
    put_fraction(w, count, 1);
    bm_wr_str(w, "\n");
}

/* Most rooms have nothing to say of most histograms. */
static bool is_empty(const struct metrics_buckets *h)
{
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        if (atomic_load_explicit(&h->bucket[i], memory_order_relaxed) != 0) {
            return false;
        }
    }
    return true;
}

static void put_histogram(const struct text *t, size_t which)
{
    const struct metrics_name *m = &metrics_histogram_names[which];

    put_head(t->w, m);
    for (size_t i = 0; i < t->n; i++) {
        const struct metrics_buckets *h = &t->source[i].page->histogram[which];

        if (!is_empty(h)) {
            put_buckets(t->w, &t->source[i], m, h);
        }
    }
}

/* The rows of one family and page, as they are now. */
struct rows {
    size_t n;
    struct row {
        char label[METRICS_LABEL_MAX];
        int64_t value;
    } row[METRICS_LABELS_MAX];
};

static struct row *row_of(struct rows *rows, const char *label)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (strcmp(rows->row[i].label, label) == 0) {
            return &rows->row[i];
        }
    }
    memcpy(rows->row[rows->n].label, label, METRICS_LABEL_MAX);
    rows->row[rows->n].value = 0;
    return &rows->row[rows->n++];
}

static void read_rows(const struct metrics_page *page, size_t which,
                      struct rows *rows)
{
    bool gauge = metrics_family_names[which].gauge;

    rows->n = 0;
    for (size_t i = 0; i < METRICS_LABELS_MAX; i++) {
        const struct metrics_labelled *from = &page->labelled[i];
        char label[METRICS_LABEL_MAX] = { 0 };
        struct row *row;
        int64_t value;

        if (atomic_load_explicit(&from->family, memory_order_acquire) !=
            which + 1) {
            continue;
        }
        copy_text(label, from->label, sizeof label);
        row = row_of(rows, label);
        value = atomic_load_explicit(&from->value, memory_order_relaxed);
        if (!gauge) {
            row->value = (int64_t)((uint64_t)row->value + (uint64_t)value);
        } else if (value > row->value) {
            row->value = value;
        }
    }
}

/* "A,B" is two labels; "other" is both. */
static void put_labels(struct bm_wr *w, const struct metrics_name *m,
                       const char *label)
{
    size_t n = strlen(label);
    const char *comma = m->label[1] == NULL ? NULL : strchr(label, ',');

    bm_wr_str(w, ",");
    put_label(w, m->label[0], label,
              comma == NULL ? n : (size_t)(comma - label));
    if (m->label[1] != NULL) {
        const char *second = comma == NULL ? label : comma + 1;

        bm_wr_str(w, ",");
        put_label(w, m->label[1], second, strlen(second));
    }
    bm_wr_str(w, "} ");
}

static void put_family(const struct text *t, size_t which)
{
    const struct metrics_name *m = &metrics_family_names[which];
    struct rows rows;

    put_head(t->w, m);
    for (size_t i = 0; i < t->n; i++) {
        read_rows(t->source[i].page, which, &rows);
        for (size_t k = 0; k < rows.n; k++) {
            if (m->gauge && rows.row[k].value == 0) {
                continue;
            }
            put_start(t->w, &t->source[i], m->name, "");
            put_labels(t->w, m, rows.row[k].label);
            put_number(t->w, rows.row[k].value);
            bm_wr_str(t->w, "\n");
        }
    }
}

void metrics_put(struct bm_wr *w, const struct metrics_page *const *pages,
                 size_t n)
{
    struct text t = { .w = w };

    for (size_t i = 0; i < n && t.n < PAGES_MAX; i++) {
        struct source *s = &t.source[t.n];

        s->page = pages[i];
        copy_text(s->room, pages[i]->room, sizeof s->room);
        s->instance = *(const volatile unsigned *)&pages[i]->instance;
        t.n += !is_told(&t, s);
    }
    for (size_t i = 0; i < METRICS_VALUES; i++) {
        put_values(&t, i);
    }
    for (size_t i = 0; i < METRICS_HISTOGRAMS; i++) {
        put_histogram(&t, i);
    }
    for (size_t i = 0; i < METRICS_FAMILIES; i++) {
        put_family(&t, i);
    }
}
