/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list of objects: `[{...}, {...}]`, or one object after another. Each is cut
 * out by its brackets and then read by the library, so that what is in memory
 * is one row and not all of them.
 */
#include <jansson.h>
#include <string.h>

#include "intake/internal.h"

static bm_status refuse(const struct intake *intake, const char *words,
                        struct ca_refusal *why)
{
    return ca_refuse(why, BM_E_CA_ORDER, "row %u: %s", (unsigned)intake->number,
                     words);
}

/* RFC 8259 2: ws */
static int skip_space(struct intake_source *s)
{
    int c = intake_peek(s);

    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        (void)intake_take(s);
        c = intake_peek(s);
    }
    return c;
}

/* From '{' to the '}' that belongs to it; what is between is not judged. */
static const char *cut_object(struct intake *intake)
{
    struct intake_source *s = &intake->source;
    unsigned depth = 0;
    bool text = false;
    bool escaped = false;

    intake->n = 0;
    do {
        int c = intake_take(s);

        if (c < 0) {
            return "it ends within an object";
        }
        if (intake->n == sizeof intake->room) {
            return "the row is longer than 65536 octets";
        }
        intake->room[intake->n++] = (uint8_t)c;
        if (text) {
            text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if (c == '"') {
            text = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    } while (depth != 0);
    return NULL;
}

/* ---- One object */

static struct bm_bytes text_of(const json_t *value)
{
    return (struct bm_bytes){ (const uint8_t *)json_string_value(value),
                              json_string_length(value) };
}

/* A string, or a list of them. */
static bool add_member(struct intake *intake, struct ca_batch_row *row,
                       const char *name, const json_t *value)
{
    const json_t *item;
    size_t i;

    if (json_is_string(value)) {
        return intake_add_value(intake, row, name, text_of(value));
    }
    if (!json_is_array(value)) {
        (void)!intake_wrong(intake, row, name, "neither a string nor a list");
        return false;
    }
    json_array_foreach(value, i, item)
    {
        if (!json_is_string(item)) {
            (void)!intake_wrong(intake, row, name, "not a string");
            return false;
        }
        if (!intake_add_value(intake, row, name, text_of(item))) {
            return false;
        }
    }
    return true;
}

static bool begin_device(struct intake *intake, const json_t *object,
                         struct ca_batch_row *row)
{
    const json_t *device = json_object_get(object, "device");

    if (device == NULL) {
        device = json_object_get(object, "name");
    }
    return intake_begin_device(intake, row, text_of(device));
}

static bm_status fill_device(struct intake *intake, json_t *object,
                             struct ca_batch_row *row)
{
    char name[CA_ATTRIBUTE_NAME_MAX];
    const char *key;
    json_t *value;

    if (!begin_device(intake, object, row)) {
        return BM_OK;
    }
    json_object_foreach(object, key, value)
    {
        const struct bm_bytes text = { (const uint8_t *)key, strlen(key) };

        if (intake_take_name(text, name) != BM_OK) {
            bool shown = text.n < STORE_PLACE_NAME_MAX && intake_is_text(text);

            return intake_wrong(intake, row, shown ? key : "",
                                "no attribute of a device has this name");
        }
        if (name[0] != '\0' && !add_member(intake, row, name, value)) {
            return BM_OK;
        }
    }
    intake_end_device(intake, row);
    return BM_OK;
}

static bm_status fill(struct intake *intake, json_t *object,
                      struct ca_batch_row *row)
{
    struct intake_values values = { .der = false };
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        const struct bm_bytes key = { (const uint8_t *)name, strlen(name) };
        enum intake_column column = intake_column_of(key);

        if (column == INTAKE_COLUMNS) {
            bool shown = key.n < STORE_PLACE_NAME_MAX && intake_is_text(key);

            return intake_wrong(intake, row, shown ? name : "",
                                "members are csr, device, subject");
        }
        if (!json_is_string(value)) {
            return intake_wrong(intake, row, name, "not a string");
        }
        values.of[column] =
            (struct bm_bytes){ (const uint8_t *)json_string_value(value),
                               json_string_length(value) };
    }
    return intake_fill(intake, &values, row);
}

/* Views of a row must outlive the object: its strings are copied behind each
 * other, in place of the text that it was read from. */
static void copy_down(struct intake *intake, struct bm_bytes *value, size_t *at)
{
    if (value->n != 0 && value->n <= sizeof intake->room - *at) {
        memcpy(intake->room + *at, value->p, value->n);
    }
    value->p = intake->room + *at;
    *at += value->n;
}

static bm_status read_object(struct intake *intake, struct ca_batch_row *row,
                             struct ca_refusal *why)
{
    json_error_t error;
    json_t *object = json_loadb((const char *)intake->room, intake->n,
                                JSON_REJECT_DUPLICATES, &error);
    size_t at = 0;
    bm_status rc;

    if (object == NULL) {
        return ca_refuse(why, BM_E_CA_ORDER, "row %u, at octet %d: %.160s",
                         (unsigned)intake->number, error.position, error.text);
    }
    rc = intake->kind == INTAKE_INVENTORY ? fill_device(intake, object, row)
         : intake->kind > INTAKE_INVENTORY
             ? intake_fill_cloud(intake, object, row)
             : fill(intake, object, row);
    copy_down(intake, &row->device, &at);
    copy_down(intake, &row->subject, &at);
    json_decref(object);
    return rc;
}

/* ---- The list */

static bm_status begin(struct intake *intake, struct ca_refusal *why)
{
    (void)why;
    if (skip_space(&intake->source) == '[') {
        (void)intake_take(&intake->source);
        intake->list = true;
    }
    return BM_OK;
}

static bm_status end_of_file(struct intake *intake, struct ca_refusal *why)
{
    if (skip_space(&intake->source) >= 0) {
        return refuse(intake, "something behind the end of the list", why);
    }
    BM_TRY(intake_source_end(&intake->source, why));
    return BM_E_END;
}

static bm_status next(struct intake *intake, struct ca_batch_row *row,
                      struct ca_refusal *why)
{
    struct intake_source *s = &intake->source;
    int c = skip_space(s);
    const char *bad;

    if (intake->list && c == ']') {
        (void)intake_take(s);
        intake->list = false;
        return end_of_file(intake, why);
    }
    if (!intake->list && c < 0) {
        return end_of_file(intake, why);
    }
    if (intake->list && intake->number != 0) {
        if (c != ',') {
            return refuse(intake, "no comma behind it", why);
        }
        (void)intake_take(s);
        c = skip_space(s);
    }
    intake->number++;
    if (c != '{') {
        return refuse(intake, "not an object", why);
    }
    bad = cut_object(intake);
    return bad != NULL ? refuse(intake, bad, why)
                       : read_object(intake, row, why);
}

const struct intake_format intake_json = { .begin = begin, .next = next };
