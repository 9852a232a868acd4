/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_range.h"

#include <string.h>
#include <strings.h>

/* 1*DIGIT. What is larger than any size counts as that. */
static bool take_number(const char **s, uint64_t *v)
{
    const char *from = *s;

    *v = 0;
    for (; **s >= '0' && **s <= '9'; (*s)++) {
        uint64_t digit = (uint64_t)(**s - '0');

        *v = *v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : 10 * *v + digit;
    }
    return *s != from;
}

/* The last `n` octets; none of them: RFC 9110 14.1.2. */
static enum http_range suffix(uint64_t n, uint64_t size, struct http_part *part)
{
    if (n == 0 || size == 0) {
        return HTTP_RANGE_NONE;
    }
    part->n = n < size ? n : size;
    part->at = size - part->n;
    return HTTP_RANGE_PART;
}

static enum http_range between(uint64_t first, uint64_t last, uint64_t size,
                               struct http_part *part)
{
    if (first >= size) {
        return HTTP_RANGE_NONE;
    }
    part->at = first;
    part->n = (last < size ? last + 1 : size) - first;
    return HTTP_RANGE_PART;
}

/*
 * ranges-specifier = range-unit "=" range-set
 * int-range        = first-pos "-" [ last-pos ]
 * suffix-range     = "-" suffix-length
 */
static enum http_range parse(const char *s, uint64_t size,
                             struct http_part *part)
{
    uint64_t first;
    uint64_t last = UINT64_MAX;
    bool has_first;

    if (strncasecmp(s, "bytes=", 6) != 0) {
        return HTTP_RANGE_WHOLE;
    }
    s += 6;
    s += strspn(s, " \t");
    has_first = take_number(&s, &first);
    if (*s != '-') {
        return HTTP_RANGE_WHOLE;
    }
    s++;
    if (!take_number(&s, &last)) {
        if (!has_first) {
            return HTTP_RANGE_WHOLE;
        }
        last = UINT64_MAX;
    }
    s += strspn(s, " \t");
    if (*s != '\0' || (has_first && last < first)) {
        return HTTP_RANGE_WHOLE;
    }
    return has_first ? between(first, last, size, part)
                     : suffix(last, size, part);
}

enum http_range http_range_parse(const char *value, uint64_t size,
                                 struct http_part *part)
{
    enum http_range range;

    *part = (struct http_part){ 0, 0 };
    range = value == NULL ? HTTP_RANGE_WHOLE : parse(value, size, part);
    if (range == HTTP_RANGE_WHOLE) {
        *part = (struct http_part){ 0, size };
    }
    return range;
}

bool http_range_if(const char *if_range, const char *etag)
{
    return if_range == NULL || strcmp(if_range, etag) == 0;
}
