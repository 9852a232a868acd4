/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Counting. A labelled row is found by open addressing; rows are claimed and
 * never given back, so a search may stop at the first free one.
 */
#include <string.h>

#include "daemon/metrics_internal.h"

/* The family of a row whose label is being written. A process that dies
 * there leaves the row lost, which nobody waits for. */
#define CLAIMED (~0u)

void metrics_begin(struct metrics_page *page)
{
    for (size_t i = 0; i < METRICS_VALUES; i++) {
        if (metrics_value_names[i].gauge) {
            metrics_set(page, (enum metrics_value)i, 0);
        }
    }
    for (size_t i = 0; i < METRICS_LABELS_MAX; i++) {
        unsigned family = atomic_load(&page->labelled[i].family);

        if (family >= 1 && family <= METRICS_FAMILIES &&
            metrics_family_names[family - 1].gauge) {
            atomic_store(&page->labelled[i].value, 0);
        }
    }
    metrics_add(page, METRICS_STARTS, 1);
}

void metrics_add(struct metrics_page *page, enum metrics_value which, int64_t n)
{
    atomic_fetch_add_explicit(&page->value[which], n, memory_order_relaxed);
}

void metrics_set(struct metrics_page *page, enum metrics_value which, int64_t n)
{
    atomic_store_explicit(&page->value[which], n, memory_order_relaxed);
}

int64_t metrics_get(const struct metrics_page *page, enum metrics_value which)
{
    return atomic_load_explicit(&page->value[which], memory_order_relaxed);
}

void metrics_observe(struct metrics_page *page, enum metrics_histogram which,
                     uint64_t value)
{
    struct metrics_buckets *h = &page->histogram[which];
    size_t i = 0;

    while (i < METRICS_BUCKETS - 1 && value > UINT64_C(1) << i) {
        i++;
    }
    atomic_fetch_add_explicit(&h->sum, value, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->bucket[i], 1, memory_order_relaxed);
}

/* FNV-1a: labels are ours, so nobody aims at rows. */
static size_t hash_of(unsigned family, const char *label)
{
    uint32_t h = (UINT32_C(2166136261) ^ family) * UINT32_C(16777619);

    for (size_t i = 0; label[i] != '\0'; i++) {
        h = (h ^ (uint8_t)label[i]) * UINT32_C(16777619);
    }
    return h;
}

static bool is_row(const struct metrics_labelled *row, unsigned family,
                   const char *label)
{
    return atomic_load_explicit(&row->family, memory_order_acquire) == family &&
           strncmp(row->label, label, METRICS_LABEL_MAX) == 0;
}

/* False when somebody was quicker. */
static bool claim(struct metrics_labelled *row, unsigned family,
                  const char *label)
{
    unsigned none = 0;

    if (!atomic_compare_exchange_strong(&row->family, &none, CLAIMED)) {
        return false;
    }
    memcpy(row->label, label, strlen(label) + 1);
    atomic_store_explicit(&row->family, family, memory_order_release);
    return true;
}

/*
 * Two threads may come to claim two rows for one label, when one finds the
 * other's still being written: whoever reads adds them up.
 */
static struct metrics_labelled *
row_of(struct metrics_page *page, enum metrics_family which, const char *text)
{
    unsigned family = (unsigned)which + 1;
    struct metrics_labelled *other = &page->labelled[METRICS_OPEN_ROWS + which];
    char label[METRICS_LABEL_MAX] = { 0 };
    size_t at;

    memcpy(label, text, strnlen(text, sizeof label - 1));
    at = hash_of(family, label);
    for (size_t i = 0; i < METRICS_OPEN_ROWS; i++) {
        struct metrics_labelled *row =
            &page->labelled[(at + i) % METRICS_OPEN_ROWS];

        if (is_row(row, family, label) || claim(row, family, label)) {
            return row;
        }
    }
    if (!is_row(other, family, "other")) {
        (void)claim(other, family, "other");
    }
    return other;
}

void metrics_add_to(struct metrics_page *page, enum metrics_family family,
                    const char *label, int64_t n)
{
    atomic_fetch_add_explicit(&row_of(page, family, label)->value, n,
                              memory_order_relaxed);
}

void metrics_set_to(struct metrics_page *page, enum metrics_family family,
                    const char *label, int64_t n)
{
    atomic_store_explicit(&row_of(page, family, label)->value, n,
                          memory_order_relaxed);
}
