/* SPDX-License-Identifier: Apache-2.0 */
#include "config/internal.h"

#include <string.h>

#include "core/time.h"

bm_status config_take_bool(const struct config_node *node, bool *value,
                           struct config_error *error)
{
    if (node->kind == CONFIG_SCALAR && node->plain) {
        if (strcmp(node->text, "true") == 0) {
            *value = true;
            return BM_OK;
        }
        if (strcmp(node->text, "false") == 0) {
            *value = false;
            return BM_OK;
        }
    }
    return config_fail(error, node, BM_E_CONFIG_VALUE,
                       "%s must be true or false", config_name(node));
}

/*
 * Decimal digits without leading zeros, at `*p`, which moves behind them.
 * 18 digits fit without looking.
 */
static bool take_digits(const char **p, int64_t *value)
{
    const char *first = *p;

    *value = 0;
    while (**p >= '0' && **p <= '9') {
        if (*p - first == 18) {
            return false;
        }
        *value = 10 * *value + (**p - '0');
        (*p)++;
    }
    return *p != first && (*first != '0' || *p == first + 1);
}

bm_status config_take_integer(const struct config_node *node, int64_t *value,
                              struct config_error *error)
{
    const char *p = node->text;
    bool negative = p != NULL && *p == '-';

    if (p != NULL && node->plain) {
        p += negative ? 1 : 0;
        if (take_digits(&p, value) && *p == '\0' &&
            !(negative && *value == 0)) {
            *value = negative ? -*value : *value;
            return BM_OK;
        }
    }
    return config_fail(error, node, BM_E_CONFIG_VALUE,
                       "%s must be a decimal number", config_name(node));
}

static int64_t seconds_of(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 24 * 3600;
    case 'w':
        return 7 * 24 * 3600;
    case 'y':
        return 365 * 24 * 3600;
    default:
        return 0;
    }
}

bm_status config_take_duration(const struct config_node *node, int64_t *value,
                               struct config_error *error)
{
    const char *p = node->text;
    int64_t unit = 0;

    if (p != NULL && node->plain && take_digits(&p, value)) {
        unit = p[0] != '\0' && p[1] == '\0' ? seconds_of(p[0]) : 0;
    }
    if (unit == 0 || *value > CONFIG_DURATION_MAX / unit) {
        return config_fail(error, node, BM_E_CONFIG_VALUE,
                           "%s must be a duration: a number and one of s, m, "
                           "h, d, w, y",
                           config_name(node));
    }
    *value *= unit;
    return BM_OK;
}

bm_status config_take_time(const struct config_node *node, int64_t *value,
                           struct config_error *error)
{
    struct bm_bytes text = { (const uint8_t *)node->text, node->n };

    if (node->kind != CONFIG_SCALAR ||
        bm_time_from_text(text, value) != BM_OK) {
        return config_fail(error, node, BM_E_CONFIG_VALUE,
                           "%s must be a time like 2031-02-03T04:05:06Z",
                           config_name(node));
    }
    return BM_OK;
}
