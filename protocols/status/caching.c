/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/status/caching.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/time.h"

#define DAY 86400

static const char days[7][4] = {
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
};
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* 1970-01-01 was a Thursday. */
static const char *day_of(int64_t t)
{
    int64_t day = t / DAY - (t % DAY < 0);

    return days[((day + 4) % 7 + 7) % 7];
}

void status_date_put(char out[STATUS_DATE_SIZE], int64_t t)
{
    struct bm_date d;
    int n;

    bm_time_to_date(t, &d);
    out[0] = '\0';
    if (d.month == 0) {
        return;
    }
    n = snprintf(out, STATUS_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                 day_of(t), d.day, months[d.month - 1], d.year, d.hour,
                 d.minute, d.second);
    if (n != STATUS_DATE_SIZE - 1) {
        out[0] = '\0';
    }
}

/* All of the digits, or false. */
static bool take_digits(const char **p, unsigned n, uint16_t *value)
{
    unsigned v = 0;

    for (; n > 0; n--, (*p)++) {
        if (**p < '0' || **p > '9') {
            return false;
        }
        v = v * 10 + (unsigned)(**p - '0');
    }
    *value = (uint16_t)v;
    return true;
}

static bool take_text(const char **p, const char *text)
{
    size_t n = strlen(text);

    if (strncmp(*p, text, n) != 0) {
        return false;
    }
    *p += n;
    return true;
}

/* One of `n` names of three letters; its number, or false. */
static bool take_name(const char **p, const char (*names)[4], uint16_t n,
                      uint16_t *which)
{
    for (uint16_t i = 0; i < n; i++) {
        if (take_text(p, names[i])) {
            *which = i;
            return true;
        }
    }
    return false;
}

/*
 * IMF-fixdate  = day-name "," SP date1 SP time-of-day SP GMT
 * date1        = day SP month SP year
 * time-of-day  = hour ":" minute ":" second
 */
bm_status status_date_parse(const char *text, int64_t *t)
{
    const char *p = text;
    uint16_t v[7] = { 0 };
    struct bm_date d;
    int64_t read;

    *t = 0;
    if (!take_name(&p, days, 7, &v[0]) || !take_text(&p, ", ") ||
        !take_digits(&p, 2, &v[1]) || !take_text(&p, " ") ||
        !take_name(&p, months, 12, &v[2]) || !take_text(&p, " ") ||
        !take_digits(&p, 4, &v[3]) || !take_text(&p, " ") ||
        !take_digits(&p, 2, &v[4]) || !take_text(&p, ":") ||
        !take_digits(&p, 2, &v[5]) || !take_text(&p, ":") ||
        !take_digits(&p, 2, &v[6]) || strcmp(p, " GMT") != 0) {
        return BM_E_TIME_FORM;
    }
    d = (struct bm_date){ .year = v[3],
                          .month = (uint8_t)(v[2] + 1),
                          .day = (uint8_t)v[1],
                          .hour = (uint8_t)v[4],
                          .minute = (uint8_t)v[5],
                          .second = (uint8_t)v[6] };
    BM_TRY(bm_time_from_date(&d, &read));
    *t = read;
    return BM_OK;
}

bm_status status_etag_put(char out[STATUS_ETAG_SIZE],
                          const struct bm_crypto *crypto, struct bm_bytes body)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[32];
    char *p = out;

    out[0] = '\0';
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, body, hash));
    *p++ = '"';
    for (size_t i = 0; i < sizeof hash; i++) {
        *p++ = digits[hash[i] >> 4];
        *p++ = digits[hash[i] & 15];
    }
    *p++ = '"';
    *p = '\0';
    return BM_OK;
}

/* RFC 9110 13.1.2: If-None-Match = "*" / #entity-tag, each perhaps weak; a
 * comma may stand inside of the quotes. */
bool status_etag_matches(const char *list, const char *etag)
{
    size_t n = strlen(etag);

    if (list == NULL || n == 0) {
        return false;
    }
    if (strcmp(list, "*") == 0) {
        return true;
    }
    while (*(list += strspn(list, ", \t")) != '\0') {
        const char *end;

        if (list[0] == 'W' && list[1] == '/') {
            list += 2;
        }
        end = list[0] == '"' ? strchr(list + 1, '"') : NULL;
        if (end == NULL) {
            return false;
        }
        if ((size_t)(end + 1 - list) == n && memcmp(list, etag, n) == 0) {
            return true;
        }
        list = end + 1;
    }
    return false;
}

bool status_not_modified(const char *if_none_match,
                         const char *if_modified_since, const char *etag,
                         int64_t modified)
{
    int64_t since;

    if (if_none_match != NULL) {
        return status_etag_matches(if_none_match, etag);
    }
    return if_modified_since != NULL &&
           status_date_parse(if_modified_since, &since) == BM_OK &&
           modified <= since;
}

bm_status status_caching_put(struct status_caching *caching,
                             const struct bm_crypto *crypto,
                             struct bm_bytes response, int64_t this_update,
                             int64_t next_update)
{
    memset(caching, 0, sizeof *caching);
    BM_TRY(status_etag_put(caching->etag, crypto, response));
    status_date_put(caching->last_modified, this_update);
    status_date_put(caching->expires, next_update);
    return BM_OK;
}

void status_cache_control_put(char out[STATUS_CACHE_CONTROL_SIZE], int64_t age)
{
    (void)snprintf(out, STATUS_CACHE_CONTROL_SIZE,
                   "max-age=%" PRId64 ", public, no-transform, must-revalidate",
                   age < 0 ? 0 : age);
}
