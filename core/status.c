/* SPDX-License-Identifier: Apache-2.0 */
#include "core/status.h"

/* One table for the three questions a program that prints asks. */
static const struct {
    bm_status status;
    const char *name;
    const char *clause;
    const char *text;
} statuses[] = {
#define X(name, value, clause, text) { BM_##name, "BM_" #name, clause, text },
    BM_STATUS_LIST(X)
#undef X
};

#define UNKNOWN (sizeof statuses / sizeof statuses[0])

static size_t find(bm_status status)
{
    size_t i = 0;

    while (i < UNKNOWN && statuses[i].status != status) {
        i++;
    }
    return i;
}

const char *bm_status_clause(bm_status status)
{
    size_t i = find(status);

    return i == UNKNOWN ? "" : statuses[i].clause;
}

const char *bm_status_text(bm_status status)
{
    size_t i = find(status);

    return i == UNKNOWN ? "unknown status" : statuses[i].text;
}

const char *bm_status_name(bm_status status)
{
    size_t i = find(status);

    return i == UNKNOWN ? "BM_E_UNKNOWN" : statuses[i].name;
}
