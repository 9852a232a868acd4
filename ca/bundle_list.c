/* SPDX-License-Identifier: Apache-2.0 */

/* The trust lists that there are: whose, and what they are called. */
#include <stdio.h>
#include <string.h>

#include "ca/bundle_internal.h"

/* The list of one, or the one that comes after another. */
struct looking {
    uint32_t after;
    uint32_t found; /* 0: none */
};

static bm_status look_at(void *arg, const void *visited)
{
    const struct store_ecosystem *row = visited;
    struct looking *l = arg;
    uint32_t list = row->own_list ? row->id : CA_BUNDLE_FIRST;

    if (list > l->after && (l->found == 0 || list < l->found)) {
        l->found = list;
    }
    return BM_OK;
}

static bm_status look(const struct store *s, const struct store_scope *scope,
                      uint32_t after, uint32_t *list)
{
    struct looking l = { .after = after };
    const struct store_visit visit = { &l, look_at };

    *list = 0;
    BM_TRY(s->ecosystem_list(s->self, scope, &visit));
    *list = l.found;
    return BM_OK;
}

bm_status ca_bundle_list_of(const struct store *s,
                            const struct store_scope *scope, uint32_t *list)
{
    if (scope->ecosystem == 0 && scope->organisation == 0) {
        *list = CA_BUNDLE_FIRST;
        return BM_OK;
    }
    BM_TRY(look(s, scope, 0, list));
    return *list != 0 ? BM_OK : BM_E_NOT_FOUND;
}

bm_status ca_bundle_list_next(const struct store *s, uint32_t *list)
{
    BM_TRY(look(s, &ca_everything, *list, list));
    return *list != 0 ? BM_OK : BM_E_END;
}

bool bundle_is_above(const struct store *s, const struct ca_actor *actor,
                     uint32_t list)
{
    uint32_t own;

    if (actor->authority ||
        (actor->scope.organisation == 0 && actor->scope.ecosystem == 0)) {
        return true;
    }
    return actor->scope.organisation == 0 &&
           ca_bundle_list_of(s, &actor->scope, &own) == BM_OK && own == list;
}

/* No octet of a character is left alone: of UTF-8, the first has not 10. */
static size_t cut(const char *text, size_t max)
{
    size_t n = strlen(text);

    if (n <= max) {
        return n;
    }
    while (max > 0 && ((uint8_t)text[max] & 0xc0) == 0x80) {
        max--;
    }
    return max;
}

void ca_bundle_series(const char *base, uint32_t list,
                      char series[BM_BUNDLE_NAME_MAX + 1])
{
    char tail[16] = "";
    int n;

    if (list != CA_BUNDLE_FIRST) {
        (void)snprintf(tail, sizeof tail, "/%u", (unsigned)list);
    }
    n = (int)cut(base, BM_BUNDLE_NAME_MAX - strlen(tail));
    (void)snprintf(series, BM_BUNDLE_NAME_MAX + 1, "%.*s%s", n, base, tail);
}

/* The number behind the last slash; what is not written the one way is found
 * by writing it. */
static uint32_t number_of(struct bm_bytes series)
{
    uint64_t value = 0;
    size_t at = series.n;

    while (at > 0 && series.p[at - 1] >= '0' && series.p[at - 1] <= '9') {
        at--;
    }
    for (size_t i = at; i < series.n; i++) {
        value = value * 10 + (series.p[i] - (unsigned)'0');
        if (value > UINT32_MAX) {
            return 0;
        }
    }
    return (uint32_t)value;
}

uint32_t ca_bundle_list_named(const char *base, struct bm_bytes series)
{
    const uint32_t tries[] = { CA_BUNDLE_FIRST, number_of(series) };
    char name[BM_BUNDLE_NAME_MAX + 1];

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        if (tries[i] != 0) {
            ca_bundle_series(base, tries[i], name);
            if (bm_bytes_are(series, name, strlen(name))) {
                return tries[i];
            }
        }
    }
    return 0;
}
