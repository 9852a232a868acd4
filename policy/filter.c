/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/filter.h"

#include <stdlib.h>
#include <string.h>

#define FUNCTIONS 128
#define HEAD      4 /* octets of a filter without rows */
#define ROW       8

/* Filters have to begin within the first 256 KiB of a table. */
#define FILTERS_MAX ((size_t)128 << 10)

/* ---- One filter */

struct rows {
    struct bm_fw_modbus_row row[BM_FW_MODBUS_ROWS];
    size_t n;
};

static size_t count_ranges(const struct policy_modbus *modbus)
{
    size_t n = 1;

    for (size_t i = 0; i < modbus->n; i++) {
        n += modbus->lines[i].addresses.n + 1;
    }
    return n;
}

/* The addresses of all lines with this function, joined. */
static size_t addresses_of(const struct policy_modbus *modbus,
                           unsigned function, struct policy_range *ranges)
{
    size_t n = 0;

    for (size_t i = 0; i < modbus->n; i++) {
        const struct policy_modbus_line *line = &modbus->lines[i];

        if (!policy_set_has(&line->functions, policy_value(function))) {
            continue;
        }
        if (line->addresses.n == 0) {
            ranges[n++] =
                (struct policy_range){ { 0, 0 }, policy_value_max(16) };
        }
        for (size_t k = 0; k < line->addresses.n; k++) {
            ranges[n++] = line->addresses.ranges[k];
        }
    }
    return policy_ranges_join(ranges, n);
}

static bool put_rows(struct rows *rows, unsigned first, unsigned last,
                     const struct policy_set *addresses)
{
    for (size_t i = 0; i < addresses->n; i++) {
        if (rows->n == BM_FW_MODBUS_ROWS) {
            return false;
        }
        rows->row[rows->n++] = (struct bm_fw_modbus_row){
            .first = (uint8_t)first,
            .last = (uint8_t)last,
            .low = (uint16_t)addresses->ranges[i].first.low,
            .high = (uint16_t)addresses->ranges[i].last.low,
        };
    }
    return true;
}

/* Functions behind each other with the same addresses are one row. */
static bool make_rows(const struct policy_modbus *modbus,
                      struct policy_range *room[2], struct rows *rows)
{
    struct policy_set before = { room[0], 0 };
    unsigned first = 1;

    rows->n = 0;
    for (unsigned f = 1; f <= FUNCTIONS; f++) {
        struct policy_set now = { room[f % 2], 0 };

        now.n = f < FUNCTIONS ? addresses_of(modbus, f, now.ranges) : 0;
        if (f < FUNCTIONS && f != 1 && policy_set_equal(&before, &now)) {
            /* The same octets lie in the other room, too. */
            before = now;
            continue;
        }
        if (f != 1 && !put_rows(rows, first, f - 1, &before)) {
            return false;
        }
        first = f;
        before = now;
    }
    return rows->n != 0;
}

static bm_status make_filter(const struct policy_modbus *modbus,
                             struct rows *rows)
{
    size_t n = count_ranges(modbus);
    struct policy_range *room[2] = { calloc(n, sizeof **room),
                                     calloc(n, sizeof **room) };
    bm_status rc = BM_E_MEMORY;

    if (room[0] != NULL && room[1] != NULL) {
        rc = make_rows(modbus, room, rows) ? BM_OK : BM_E_LIMIT;
    }
    free(room[0]);
    free(room[1]);
    return rc;
}

/* ---- All of them */

/* Where the filter stands already, in units of 4 octets; or where the next
 * one will. */
static size_t place_of(struct bm_bytes all, struct bm_bytes filter)
{
    size_t at = 0;

    while (at < all.n) {
        struct bm_bytes one = { all.p + at, all.n - at };

        one.n = bm_fw_modbus_size(one);
        if (bm_bytes_equal(one, filter)) {
            break;
        }
        at += one.n;
    }
    return at;
}

static bm_status add_filter(struct policy_filters *filters,
                            const struct rows *rows, uint16_t *at)
{
    struct bm_bytes all = { filters->octets, filters->n };
    struct bm_wr w;
    size_t place;

    bm_wr_init(&w, filters->octets + filters->n, FILTERS_MAX - filters->n);
    bm_fw_modbus_put(&w, rows->row, rows->n);
    if (w.len > w.cap) {
        return BM_E_LIMIT;
    }
    place = place_of(all, bm_wr_bytes(&w));
    filters->n += place == filters->n ? w.len : 0;
    *at = (uint16_t)(place / 4 + 1);
    return BM_OK;
}

static bm_status make_all(const struct policy *policy,
                          struct policy_filters *filters, struct rows *rows,
                          uint16_t *at)
{
    for (size_t i = 0; i < policy->n; i++) {
        at[i] = 0;
        if (policy->rules[i].modbus != NULL) {
            BM_TRY(make_filter(policy->rules[i].modbus, rows));
            BM_TRY(add_filter(filters, rows, &at[i]));
        }
    }
    return BM_OK;
}

bm_status policy_filters_make(const struct policy *policy,
                              struct policy_filters *filters, uint16_t *at)
{
    struct rows *rows = malloc(sizeof *rows);
    bm_status rc = BM_E_MEMORY;

    *filters = (struct policy_filters){ .octets = malloc(FILTERS_MAX) };
    if (rows != NULL && filters->octets != NULL) {
        rc = make_all(policy, filters, rows, at);
    }
    free(rows);
    if (rc != BM_OK) {
        policy_filters_wipe(filters);
    }
    return rc;
}

void policy_filters_wipe(struct policy_filters *filters)
{
    free(filters->octets);
    *filters = (struct policy_filters){ .n = 0 };
}
