/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/safe.h"

/* Values start here, and lines are broken before the second column. */
#define VALUE_COLUMN 28
#define LINE_COLUMNS 100

/* Digits of octet strings in a line: as many as SHA-256 has. */
#define HEX_LINE 64

/* How far members are to the right of what they belong to. */
#define INDENT 2

/*
 * Keys and signatures, which nobody reads, are shown by their beginning and
 * length: all of it is in the JSON. Ed25519 keys are short enough.
 */
#define BULK_SHOWN     64 /* hexadecimal digits */
#define BULK_BEGINNING 24

/* How keys are written; others are written as they are, with spaces. */
static const struct label {
    const char *key;
    const char *yes; /* NULL: for machines only; ends in ':' or ' ' or nothing
                      at all: the value alone */
    const char *no;  /* for a boolean that is false */
    bool bulk;       /* shown by its beginning */
} labels[] = {
    { "access_location", "", NULL, false },
    { "access_method", "", NULL, false },
    { "algorithm", "", NULL, false },
    { "attribute_type", "", NULL, false },
    { "attribute_values", "", NULL, false },
    { "ca", "CA", "not a CA", false },
    { "cps_uri", "CPS:", NULL, false },
    { "crls", "CRLs ", NULL, false },
    { "directory_name", "dirName:", NULL, false },
    { "distribution_point", "", NULL, false },
    { "dns_name", "DNS:", NULL, false },
    { "e_content", "beginning ", NULL, true },
    { "e_content_type", "type ", NULL, false },
    { "edi_party_name", "ediPartyName:", NULL, false },
    { "encap_content_info", "content ", NULL, false },
    { "explicit_text", "", NULL, false },
    { "extn_value", "", NULL, false },
    { "full_name", "", NULL, false },
    { "hardware_module_name", "hardwareModuleName ", NULL, false },
    { "holder", "", NULL, false },
    { "hw_serial_num", "serial ", NULL, false },
    { "hw_serial_num_text", "text ", NULL, false },
    { "hw_type", "type ", NULL, false },
    { "ip_address", "IP:", NULL, false },
    { "issuer_rdns", NULL, NULL, false },
    { "key_identifier", "", NULL, false },
    { "modulus", "modulus ", NULL, true },
    { "not_after", "until ", NULL, false },
    { "not_before", "", NULL, false },
    { "notice_ref", "", NULL, false },
    { "oid", NULL, NULL, false },
    { "other_name", "otherName ", NULL, false },
    { "path_len_constraint", "path length ", NULL, false },
    { "permanent_identifier", "permanentIdentifier ", NULL, false },
    { "policy_identifier", "", NULL, false },
    { "policy_qualifiers", "", NULL, false },
    { "public_exponent", "exponent ", NULL, false },
    { "reason_code", "", NULL, false },
    { "registered_id", "RID:", NULL, false },
    { "revocation_date", "", NULL, false },
    { "rfc822_name", "email:", NULL, false },
    { "signature", "signature ", NULL, true },
    { "signature_value", "signature value ", NULL, true },
    { "signer_infos", "signers ", NULL, false },
    { "subject_public_key", "", NULL, true },
    { "subject_public_key_info", "public key ", NULL, false },
    { "subject_rdns", NULL, NULL, false },
    { "type", NULL, NULL, false },
    { "type_id", "", NULL, false },
    { "uniform_resource_identifier", "URI:", NULL, false },
    { "user_certificate", "", NULL, false },
    { "user_notice", "notice:", NULL, false },
    { "value_text", "", NULL, false },
    { "x400_address", "x400Address:", NULL, false },
};

static const struct label *find_label(const char *key)
{
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (strcmp(labels[i].key, key) == 0) {
            return &labels[i];
        }
    }
    return NULL;
}

static bool is_hidden(const char *key)
{
    const struct label *label = find_label(key);

    return label != NULL && label->yes == NULL;
}

static void put_key(FILE *to, const char *key)
{
    for (; *key != '\0'; key++) {
        fputc(*key == '_' ? ' ' : *key, to);
    }
}

static struct bm_bytes string_bytes(json_t *v)
{
    return (struct bm_bytes){ (const uint8_t *)json_string_value(v),
                              json_string_length(v) };
}

/* The beginning of a long octet string, in hexadecimal. */
static void put_bulk(FILE *to, struct bm_bytes s)
{
    if (s.n <= BULK_SHOWN) {
        safe_print(to, s);
        return;
    }
    safe_print(to, (struct bm_bytes){ s.p, BULK_BEGINNING });
    fprintf(to, "... (%zu octets)", s.n / 2);
}

static void put_quoted(FILE *to, struct bm_bytes s)
{
    size_t done = 0;

    fputc('"', to);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\') {
            safe_print(to, (struct bm_bytes){ s.p + done, i - done });
            fputc('\\', to);
            done = i;
        }
    }
    safe_print(to, (struct bm_bytes){ s.p + done, s.n - done });
    fputc('"', to);
}

/* A string on its own; inside a list, in quotes if it could confuse. */
static void put_string(FILE *to, struct bm_bytes s, bool in_list)
{
    bool quote = in_list && s.n == 0;

    for (size_t i = 0; in_list && i < s.n; i++) {
        quote = quote || strchr(",;\"\\()", s.p[i]) != NULL;
        quote = quote || (s.p[i] == ' ' && (i == 0 || i == s.n - 1));
    }
    if (!quote) {
        fputs(s.n == 0 ? "empty" : "", to);
        safe_print(to, s);
        return;
    }
    put_quoted(to, s);
}

static void put_flow(FILE *to, json_t *v, bool in_list);

/*
 * What stands between elements: those that have commas of their own are
 * told apart by something else.
 */
static const char *separator(json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (json_object_size(json_array_get(array, i)) > 1) {
            return ";";
        }
    }
    return ",";
}

static void put_flow_array(FILE *to, json_t *v)
{
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (i != 0) {
            fprintf(to, "%s ", separator(v));
        }
        put_flow(to, json_array_get(v, i), true);
    }
}

/* "CA", "not a CA", "DNS:a.example", "serial 01". */
static void put_flow_member(FILE *to, const char *key, json_t *v)
{
    const struct label *label = find_label(key);
    bool group = json_object_size(v) > 1 || json_array_size(v) > 1;

    if (json_is_false(v) && (label == NULL || label->no == NULL)) {
        fputs("not ", to);
    }
    if (json_is_false(v) && label != NULL && label->no != NULL) {
        fputs(label->no, to);
    } else if (label != NULL) {
        fputs(label->yes, to);
        group = group && label->yes[0] != '\0';
    } else {
        put_key(to, key);
        fputs(json_is_boolean(v) ? "" : " ", to);
    }
    if (label != NULL && label->bulk) {
        put_bulk(to, string_bytes(v));
    } else if (!json_is_boolean(v)) {
        fputs(group ? "(" : "", to);
        put_flow(to, v, true);
        fputs(group ? ")" : "", to);
    }
}

static void put_flow_object(FILE *to, json_t *v)
{
    const char *between = "";
    void *at;

    for (at = json_object_iter(v); at != NULL;
         at = json_object_iter_next(v, at)) {
        const char *key = json_object_iter_key(at);

        if (!is_hidden(key)) {
            fputs(between, to);
            put_flow_member(to, key, json_object_iter_value(at));
            between = ", ";
        }
    }
}

/* The whole value in one line, however long. Depth is that of our trees. */
static void put_flow(FILE *to, json_t *v, bool in_list)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        fputs(json_object_size(v) == 0 ? "empty" : "", to);
        put_flow_object(to, v);
        break;
    case JSON_ARRAY:
        fputs(json_array_size(v) == 0 ? "none" : "", to);
        put_flow_array(to, v);
        break;
    case JSON_STRING:
        put_string(to, string_bytes(v), in_list);
        break;
    case JSON_INTEGER:
        fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        break;
    default:
        fputs(json_is_true(v) ? "yes" : "no", to);
        break;
    }
}

/* The same in memory; NULL when there is none. The caller frees it. */
static char *flow(json_t *v, bool in_list, bool bulk)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);

    if (to == NULL) {
        return NULL;
    }
    if (bulk) {
        put_bulk(to, string_bytes(v));
    } else {
        put_flow(to, v, in_list);
    }
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static int width(const char *text)
{
    size_t n =
        safe_width((struct bm_bytes){ (const uint8_t *)text, strlen(text) });

    return n > LINE_COLUMNS ? LINE_COLUMNS : (int)n;
}

static bool is_hex(const char *text)
{
    return text[strspn(text, "0123456789abcdef")] == '\0';
}

/* A string that starts in VALUE_COLUMN; octets are broken, words are not. */
static void print_string(FILE *to, const char *text)
{
    const size_t room = HEX_LINE;

    while (is_hex(text) && strlen(text) > room) {
        fprintf(to, "%.*s\n%*s", (int)room, text, VALUE_COLUMN, "");
        text += room;
    }
    fprintf(to, "%s\n", text);
}

/* Elements one after the other, as many in a line as there is room for. */
static bm_status print_list(FILE *to, json_t *v, int column)
{
    size_t n = json_array_size(v);
    int start = column;

    for (size_t i = 0; i < n; i++) {
        char *text = flow(json_array_get(v, i), true, false);

        if (text == NULL) {
            return BM_E_LIMIT;
        }
        if (column != start && column + width(text) + 1 > LINE_COLUMNS) {
            fprintf(to, "\n%*s", VALUE_COLUMN, "");
            column = start = VALUE_COLUMN;
        } else if (column != start) {
            fputc(' ', to);
        }
        fprintf(to, "%s%s", text, i + 1 < n ? separator(v) : "");
        column += width(text) + 2;
        free(text);
    }
    fputc('\n', to);
    return BM_OK;
}

/* One member: its label, then its value here or below. */
struct member {
    char label[96];
    bool critical; /* an extension, and it is */
    bool bulk;
    json_t *value;
    int indent;
};

static bm_status print_member(FILE *to, const struct member *m);

/* Elements of which one is an object of several lines: "1", "2", ... */
static bm_status print_blocks(FILE *to, const struct member *m)
{
    bm_status rc = BM_OK;

    if (json_array_size(m->value) == 1) {
        return text_print(to, json_array_get(m->value, 0), m->indent + INDENT);
    }
    for (size_t i = 0; i < json_array_size(m->value) && rc == BM_OK; i++) {
        struct member each = { .indent = m->indent + INDENT };

        snprintf(each.label, sizeof each.label, "%zu", i + 1);
        each.value = json_array_get(m->value, i);
        rc = print_member(to, &each);
    }
    return rc;
}

/* Has an object members that could stand in lines of their own? */
static bool is_breakable(json_t *object)
{
    json_t *only = json_object_iter_value(json_object_iter(object));

    return json_object_size(object) > 1 || json_object_size(only) > 1;
}

/* Is one of the elements an object that is better broken? */
static bool has_wide_object(json_t *array)
{
    bool wide = false;

    for (size_t i = 0; i < json_array_size(array) && !wide; i++) {
        json_t *v = json_array_get(array, i);

        if (is_breakable(v)) {
            char *text = flow(v, true, false);

            wide = text == NULL || width(text) > LINE_COLUMNS - VALUE_COLUMN;
            free(text);
        }
    }
    return wide;
}

/* Label and value; `text` is the value in one line. */
static bm_status print_value(FILE *to, const struct member *m, const char *text)
{
    static const char critical[] = "critical: ";
    int column = m->indent + width(m->label);
    int pad = column < VALUE_COLUMN ? VALUE_COLUMN - column : 1;
    bool blocks;

    column += pad + (m->critical ? (int)sizeof critical - 1 : 0);
    fprintf(to, "%*s%s", m->indent, "", m->label);
    if (column + width(text) <= LINE_COLUMNS || json_is_string(m->value)) {
        fprintf(to, "%*s%s", pad, "", m->critical ? critical : "");
        print_string(to, text);
        return BM_OK;
    }
    blocks = json_is_array(m->value) && has_wide_object(m->value);
    if (json_is_array(m->value) && !blocks) {
        fprintf(to, "%*s%s", pad, "", m->critical ? critical : "");
        return print_list(to, m->value, column);
    }
    if (m->critical) {
        fprintf(to, "%*s%s", pad, "", "critical");
    }
    fputc('\n', to);
    return blocks ? print_blocks(to, m)
                  : text_print(to, m->value, m->indent + INDENT);
}

static bm_status print_member(FILE *to, const struct member *m)
{
    char *text = flow(m->value, false, m->bulk);
    bm_status rc = BM_E_LIMIT;

    if (text != NULL) {
        rc = print_value(to, m, text);
    }
    free(text);
    return rc;
}

/* An extension has a name of its own, and its value may be an object. */
static bm_status print_extension(FILE *to, json_t *ext, int indent)
{
    json_t *name = json_object_get(ext, "name");
    struct member m = { .indent = indent };

    if (name == NULL) {
        name = json_object_get(ext, "extn_id");
    }
    snprintf(m.label, sizeof m.label, "%s", json_string_value(name));
    m.critical = json_is_true(json_object_get(ext, "critical"));
    m.value = json_object_get(ext, "value");
    if (m.value == NULL) {
        m.value = json_object_get(ext, "extn_value");
    }
    return print_member(to, &m);
}

static bm_status print_extensions(FILE *to, const struct member *m)
{
    bm_status rc = BM_OK;

    fprintf(to, "%*s%s\n", m->indent, "", m->label);
    for (size_t i = 0; i < json_array_size(m->value) && rc == BM_OK; i++) {
        rc = print_extension(to, json_array_get(m->value, i),
                             m->indent + INDENT);
    }
    return rc;
}

/* The label of a line of its own: no ':' nor ' ' at its end. */
static void set_label(struct member *m, const char *key)
{
    const struct label *label = find_label(key);
    const char *from =
        label != NULL && label->yes[0] != '\0' ? label->yes : key;
    size_t n;

    m->bulk = label != NULL && label->bulk;
    snprintf(m->label, sizeof m->label, "%s", from);
    n = strlen(m->label);
    for (size_t i = 0; i < n; i++) {
        m->label[i] = m->label[i] == '_' ? ' ' : m->label[i];
    }
    if (n != 0 && (m->label[n - 1] == ':' || m->label[n - 1] == ' ')) {
        m->label[n - 1] = '\0';
    }
}

bm_status text_print(FILE *to, json_t *object, int indent)
{
    bm_status rc = BM_OK;

    for (void *at = json_object_iter(object); at != NULL && rc == BM_OK;
         at = json_object_iter_next(object, at)) {
        struct member m = { .indent = indent };
        const char *key = json_object_iter_key(at);

        m.value = json_object_iter_value(at);
        if (is_hidden(key)) {
            continue;
        }
        set_label(&m, key);
        rc = strcmp(key, "extensions") == 0 ? print_extensions(to, &m)
                                            : print_member(to, &m);
    }
    return rc;
}

bm_status text_print_line(FILE *to, json_t *value, int indent)
{
    char *text = flow(value, true, false);

    if (text == NULL) {
        return BM_E_LIMIT;
    }
    fprintf(to, "%*s%s\n", indent, "", text);
    free(text);
    return BM_OK;
}
