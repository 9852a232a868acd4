/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RFC 4180, strictly: a header, as many fields in each row as in that, a field
 * in quotes from its first character on or not at all. Lines end with CRLF, or
 * with LF alone.
 */
#include <string.h>

#include "intake/internal.h"

/* Fields of a row that are told apart; more are counted. */
#define FIELDS_MAX INTAKE_FIELDS_MAX

struct record {
    struct bm_bytes fields[FIELDS_MAX];
    size_t n;
};

/* Where it went wrong. */
static bm_status refuse(const struct intake *intake, size_t field,
                        const char *words, struct ca_refusal *why)
{
    const char *column = "";

    if (field < intake->columns_n) {
        column = intake->kind == INTAKE_INVENTORY
                     ? intake->names[field]
                     : intake_column_name(intake->columns[field]);
    }

    return ca_refuse(why, BM_E_CA_ORDER, "%s %u, column %zu%s%s: %s",
                     intake->number == 0 ? "header, row" : "row",
                     (unsigned)intake->number, field + 1,
                     column[0] != '\0' ? " " : "", column, words);
}

static bool keep(struct intake *intake, int c)
{
    if (intake->n == sizeof intake->room) {
        return false;
    }
    intake->room[intake->n++] = (uint8_t)c;
    return true;
}

static const char too_long[] = "the row is longer than 65536 octets";

/* escaped = DQUOTE *(TEXTDATA / COMMA / CR / LF / 2DQUOTE) DQUOTE */
static const char *take_quoted(struct intake *intake)
{
    struct intake_source *s = &intake->source;

    (void)intake_take(s);
    for (;;) {
        int c = intake_take(s);

        if (c < 0) {
            return "it ends within quotes";
        }
        if (c == '"') {
            if (intake_peek(s) != '"') {
                break;
            }
            (void)intake_take(s);
        }
        if (!keep(intake, c)) {
            return too_long;
        }
    }
    switch (intake_peek(s)) {
    case ',':
    case '\r':
    case '\n':
    case -1:
        return NULL;
    default:
        return "characters behind the closing quote";
    }
}

/* Of what is at hand, how many characters are TEXTDATA. */
static size_t count_text(const struct intake_source *s)
{
    size_t i = s->at;

    while (i < s->n && s->room[i] != ',' && s->room[i] != '\r' &&
           s->room[i] != '\n' && s->room[i] != '"') {
        i++;
    }
    return i - s->at;
}

/* non-escaped = *TEXTDATA */
static const char *take_plain(struct intake *intake)
{
    struct intake_source *s = &intake->source;

    for (;;) {
        int c = intake_peek(s);
        size_t n;

        if (c < 0 || c == ',' || c == '\r' || c == '\n') {
            return NULL;
        }
        if (c == '"') {
            return "a quote in a field that is not in quotes";
        }
        n = count_text(s);
        if (n > sizeof intake->room - intake->n) {
            return too_long;
        }
        memcpy(intake->room + intake->n, s->room + s->at, n);
        intake->n += n;
        s->at += n;
    }
}

/* The end of a row: CRLF, LF, or that of the file. */
static const char *take_line_end(struct intake_source *s)
{
    if (intake_peek(s) == '\r') {
        (void)intake_take(s);
        if (intake_peek(s) != '\n') {
            return "CR without LF";
        }
    }
    (void)intake_take(s);
    return NULL;
}

static bm_status take_record(struct intake *intake, struct record *record,
                             struct ca_refusal *why)
{
    struct intake_source *s = &intake->source;
    const char *bad = NULL;
    bool more = true;

    memset(record, 0, sizeof *record);
    intake->n = 0;
    while (more && bad == NULL) {
        size_t start = intake->n;

        bad = intake_peek(s) == '"' ? take_quoted(intake) : take_plain(intake);
        if (bad == NULL && record->n < FIELDS_MAX) {
            record->fields[record->n] =
                (struct bm_bytes){ intake->room + start, intake->n - start };
        }
        more = intake_peek(s) == ',';
        if (bad == NULL && more) {
            (void)intake_take(s);
            record->n++;
        }
    }
    if (bad == NULL) {
        bad = take_line_end(s);
    }
    if (bad != NULL) {
        return refuse(intake, record->n, bad, why);
    }
    record->n++;
    return BM_OK;
}

static bm_status take_column(struct intake *intake, const struct record *record,
                             size_t i, struct ca_refusal *why)
{
    enum intake_column column = intake_column_of(record->fields[i]);

    if (column == INTAKE_COLUMNS) {
        return refuse(intake, i, "columns are csr, device, subject", why);
    }
    for (size_t j = 0; j < i; j++) {
        if (intake->columns[j] == column) {
            return refuse(intake, i, "the same column twice", why);
        }
    }
    intake->columns[i] = column;
    return BM_OK;
}

/* Of a list of devices: each column once, but for those of which there can be
 * several. */
static bm_status begin_devices(struct intake *intake,
                               const struct record *record,
                               struct ca_refusal *why)
{
    bool has_device = false;

    if (record->n == 1 && record->fields[0].n == 0) {
        return refuse(intake, 0, "there is no header, which names the columns",
                      why);
    }
    for (size_t i = 0; i < record->n; i++) {
        if (i == FIELDS_MAX) {
            return refuse(intake, i, "there are more columns than are known",
                          why);
        }
        if (intake_take_name(record->fields[i], intake->names[i]) != BM_OK) {
            return refuse(intake, i, "no attribute of a device has this name",
                          why);
        }
        if (strcmp(intake->names[i], "device") == 0 && has_device) {
            return refuse(intake, i, "the same column twice", why);
        }
        has_device = has_device || strcmp(intake->names[i], "device") == 0;
    }
    intake->columns_n = record->n;
    return has_device
               ? BM_OK
               : refuse(intake, record->n, "there is no column device", why);
}

static bm_status begin(struct intake *intake, struct ca_refusal *why)
{
    struct record record;
    bool has_csr = false;

    BM_TRY(take_record(intake, &record, why));
    if (intake->kind == INTAKE_INVENTORY) {
        return begin_devices(intake, &record, why);
    }
    if (record.n > INTAKE_COLUMNS) {
        return refuse(intake, INTAKE_COLUMNS, "there are more than are known",
                      why);
    }
    for (size_t i = 0; i < record.n; i++) {
        BM_TRY(take_column(intake, &record, i, why));
        has_csr = has_csr || intake->columns[i] == INTAKE_CSR;
    }
    intake->columns_n = record.n;
    return has_csr || intake->kind == INTAKE_DEVICES
               ? BM_OK
               : refuse(intake, record.n, "there is no column csr", why);
}

static bm_status fill_device(struct intake *intake, const struct record *record,
                             struct ca_batch_row *row)
{
    bool good = true;

    for (size_t i = 0; i < record->n; i++) {
        if (strcmp(intake->names[i], "device") == 0) {
            good = intake_begin_device(intake, row, record->fields[i]);
        }
    }
    for (size_t i = 0; i < record->n && good; i++) {
        good =
            intake_add_value(intake, row, intake->names[i], record->fields[i]);
    }
    if (good) {
        intake_end_device(intake, row);
    }
    return BM_OK;
}

static bm_status next(struct intake *intake, struct ca_batch_row *row,
                      struct ca_refusal *why)
{
    struct intake_values values = { .der = false };
    struct record record;

    if (intake_peek(&intake->source) < 0) {
        BM_TRY(intake_source_end(&intake->source, why));
        return BM_E_END;
    }
    intake->number++;
    BM_TRY(take_record(intake, &record, why));
    if (intake_peek(&intake->source) < 0) {
        BM_TRY(intake_source_end(&intake->source, why));
    }
    if (record.n != intake->columns_n) {
        return intake_wrong(intake, row, "",
                            "%zu columns, where the header has %zu", record.n,
                            intake->columns_n);
    }
    if (intake->kind == INTAKE_INVENTORY) {
        return fill_device(intake, &record, row);
    }
    for (size_t i = 0; i < record.n; i++) {
        values.of[intake->columns[i]] = record.fields[i];
    }
    return intake_fill(intake, &values, row);
}

const struct intake_format intake_csv = { .begin = begin, .next = next };
