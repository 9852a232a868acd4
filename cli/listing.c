/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include <stdio.h>
#include <string.h>

#include "cli/safe.h"

/* Longest list of words, and any number. */
#define TEXT_MAX 128

/* As report.c does: nothing foreign reaches a terminal as it is. */
#define FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII)

/* Words of ours: "auditor,factory". */
static const char *join(const json_t *list, char text[TEXT_MAX])
{
    const json_t *word;
    size_t n = 0;
    size_t i;

    text[0] = '\0';
    json_array_foreach(list, i, word)
    {
        int len = snprintf(text + n, TEXT_MAX - n, "%s%s", i == 0 ? "" : ",",
                           json_is_string(word) ? json_string_value(word) : "");

        n += len > 0 ? (size_t)len : 0;
        n = n < TEXT_MAX ? n : TEXT_MAX - 1;
    }
    return text[0] != '\0' ? text : "-";
}

static const char *text_of(const json_t *value, char number[TEXT_MAX])
{
    if (json_is_array(value)) {
        return join(value, number);
    }
    if (json_is_integer(value)) {
        (void)snprintf(number, TEXT_MAX, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(value));
        return number;
    }
    return json_is_string(value) && json_string_length(value) != 0
               ? json_string_value(value)
               : "-";
}

static void print_columns(const struct listing *listing, const json_t *object)
{
    char number[TEXT_MAX];

    for (const struct listing_column *c = listing->columns; c->key != NULL;
         c++) {
        const json_t *value = json_object_get(object, c->key);
        const char *text = text_of(value == NULL && c->otherwise != NULL
                                       ? json_object_get(object, c->otherwise)
                                       : value,
                                   number);
        size_t width = safe_width(
            (struct bm_bytes){ (const uint8_t *)text, strlen(text) });

        safe_print_str(stdout, text);
        if (c[1].key == NULL) {
            break;
        }
        for (size_t i = width; i < (size_t)c->width; i++) {
            putchar(' ');
        }
        fputs("  ", stdout);
    }
}

bm_status listing_print(const struct listing *listing, const struct tree *t,
                        json_t *object)
{
    bm_status rc = t->failed || object == NULL ? BM_E_MEMORY : BM_OK;

    if (rc == BM_OK && listing->json) {
        if (json_dumpf(object, stdout, FLAGS) != 0 && ferror(stdout) == 0) {
            rc = BM_E_MEMORY;
        }
    } else if (rc == BM_OK) {
        print_columns(listing, object);
    }
    json_decref(object);
    if (rc == BM_OK) {
        putchar('\n');
        rc = ferror(stdout) != 0 ? BM_E_IO : BM_OK;
    }
    return rc;
}
