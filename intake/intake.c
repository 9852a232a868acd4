/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/pem.h"

#define SUBJECT_TEXT_MAX 4095

/* ---- The file */

static void fill_window(struct intake_source *s)
{
    ssize_t n;

    do {
        n = read(s->fd, s->room, sizeof s->room);
    } while (n < 0 && errno == EINTR);
    s->at = 0;
    s->n = n > 0 ? (size_t)n : 0;
    s->ended = n == 0;
    s->taken += s->n;
}

int intake_peek(struct intake_source *s)
{
    if (s->at == s->n) {
        if (s->ended || s->taken > INTAKE_FILE_MAX) {
            return -1;
        }
        fill_window(s);
    }
    return s->at == s->n ? -1 : s->room[s->at];
}

int intake_take(struct intake_source *s)
{
    int c = intake_peek(s);

    s->at += c >= 0;
    return c;
}

bm_status intake_source_end(const struct intake_source *s,
                            struct ca_refusal *why)
{
    if (s->taken > INTAKE_FILE_MAX) {
        return ca_refuse(why, BM_E_CA_ORDER, "it has more than %llu octets",
                         (unsigned long long)INTAKE_FILE_MAX);
    }
    return s->ended ? BM_OK : ca_refuse(why, BM_E_IO, "it cannot be read");
}

/* ---- Rows */

static const char *const columns[INTAKE_COLUMNS] = {
    [INTAKE_CSR] = "csr",
    [INTAKE_DEVICE] = "device",
    [INTAKE_SUBJECT] = "subject",
};

enum intake_column intake_column_of(struct bm_bytes name)
{
    for (int i = 0; i < INTAKE_COLUMNS; i++) {
        if (bm_bytes_are(name, columns[i], strlen(columns[i]))) {
            return (enum intake_column)i;
        }
    }
    return INTAKE_COLUMNS;
}

const char *intake_column_name(enum intake_column column)
{
    return column < INTAKE_COLUMNS ? columns[column] : "";
}

static struct bm_bytes text_of(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

bm_status intake_wrong(struct intake *intake, struct ca_batch_row *row,
                       const char *column, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(intake->words, sizeof intake->words, format, args);
    va_end(args);
    (void)snprintf(intake->column, sizeof intake->column, "%s", column);
    row->number = intake->number;
    row->csr = (struct bm_bytes){ NULL, 0 };
    row->column = text_of(intake->column);
    row->words = text_of(intake->words);
    return BM_OK;
}

/* A file of one request: RFC 7468 7, and what older tools write. */
static bm_status decode_pem(struct bm_bytes text, struct bm_wr *w)
{
    struct bm_pem block;
    struct bm_pem next;

    BM_TRY(bm_pem_next(&text, NULL, &block));
    if (!bm_pem_is(&block, "CERTIFICATE REQUEST") &&
        !bm_pem_is(&block, "NEW CERTIFICATE REQUEST")) {
        return BM_E_CA_ORDER;
    }
    return bm_pem_next(&text, NULL, &next) == BM_OK
               ? BM_E_CA_ORDER
               : bm_pem_decode(&block, NULL, w);
}

static bool is_pem(struct bm_bytes text)
{
    static const char begin[] = "-----BEGIN";

    for (size_t i = 0; i + sizeof begin - 1 <= text.n; i++) {
        if (memcmp(text.p + i, begin, sizeof begin - 1) == 0) {
            return true;
        }
    }
    return false;
}

static bm_status decode(struct intake *intake, struct bm_bytes text, bool der,
                        struct bm_bytes *csr)
{
    struct bm_wr w;
    bm_status rc = BM_OK;

    bm_wr_init(&w, intake->csr, sizeof intake->csr);
    if (is_pem(text)) {
        rc = decode_pem(text, &w);
    } else if (der && text.n != 0 && text.p[0] == 0x30) {
        bm_wr_put(&w, text);
    } else {
        rc = bm_base64_decode(text, BM_BASE64_SPACES, NULL, &w);
    }
    if (rc != BM_OK || w.len == 0 || w.len > w.cap) {
        return rc == BM_OK && w.len > w.cap ? BM_E_LIMIT : BM_E_CA_ORDER;
    }
    *csr = bm_wr_bytes(&w);
    return BM_OK;
}

static bm_status fill_device(struct intake *intake,
                             const struct intake_values *values,
                             struct ca_batch_row *row)
{
    if (values->of[INTAKE_CSR].n != 0) {
        return intake_wrong(intake, row, "csr",
                            "its key is made here: there is no request");
    }
    return row->device.n != 0 || row->subject.n != 0
               ? BM_OK
               : intake_wrong(intake, row, "device", "there is none");
}

bm_status intake_fill(struct intake *intake, const struct intake_values *values,
                      struct ca_batch_row *row)
{
    const struct bm_bytes *of = values->of;
    bm_status rc;

    row->number = intake->number;
    if (!intake_is_text(of[INTAKE_DEVICE]) ||
        of[INTAKE_DEVICE].n >= STORE_NAME_MAX) {
        return intake_wrong(intake, row, "device",
                            "not a line of at most %d octets of UTF-8",
                            STORE_NAME_MAX - 1);
    }
    row->device = of[INTAKE_DEVICE];
    if (!intake_is_text(of[INTAKE_SUBJECT]) ||
        of[INTAKE_SUBJECT].n > SUBJECT_TEXT_MAX) {
        return intake_wrong(intake, row, "subject",
                            "not a line of at most %d octets of UTF-8",
                            SUBJECT_TEXT_MAX);
    }
    row->subject = of[INTAKE_SUBJECT];
    if (intake->kind == INTAKE_DEVICES) {
        return fill_device(intake, values, row);
    }
    if (of[INTAKE_CSR].n == 0) {
        return intake_wrong(intake, row, "csr", "there is none");
    }
    rc = decode(intake, of[INTAKE_CSR], values->der, &row->csr);
    if (rc == BM_E_LIMIT) {
        return intake_wrong(intake, row, "csr",
                            "a request has at most %d octets", INTAKE_CSR_MAX);
    }
    return rc == BM_OK ? BM_OK
                       : intake_wrong(intake, row, "csr",
                                      "not one certification request, PEM%s",
                                      values->der ? " or DER" : " or base64");
}

/* ---- What it is */

/* After white space, and the mark that some editors put first. */
static const struct intake_format *format_of(struct intake_source *s)
{
    static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };
    int c = intake_peek(s);

    if (s->n >= 2 && ((s->room[0] == 'P' && s->room[1] == 'K') ||
                      (s->room[0] == 0x1f && s->room[1] == 0x8b))) {
        return &intake_archive;
    }
    if (s->n >= 262 && memcmp(s->room + 257, "ustar", 5) == 0) {
        return &intake_archive;
    }
    if (s->n >= sizeof mark && memcmp(s->room, mark, sizeof mark) == 0) {
        s->at += sizeof mark;
        c = intake_peek(s);
    }
    for (size_t i = s->at; i < s->n; i++) {
        c = s->room[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            break;
        }
    }
    return c == '[' || c == '{' ? &intake_json : &intake_csv;
}

static bm_status is_format_of(enum intake_kind kind,
                              const struct intake_format *format,
                              struct ca_refusal *why)
{
    if (kind > INTAKE_INVENTORY && format != &intake_json) {
        return ca_refuse(why, BM_E_CA_ORDER,
                         "this format is JSON: objects, or a list of them");
    }
    if (kind != INTAKE_REQUESTS && format == &intake_archive) {
        return ca_refuse(why, BM_E_CA_ORDER,
                         "an archive has requests; a list of devices is a "
                         "table or JSON");
    }
    return BM_OK;
}

bm_status intake_open(int fd, enum intake_kind kind, struct intake **out,
                      struct ca_refusal *why)
{
    struct intake *intake = calloc(1, sizeof *intake);
    bm_status rc = BM_E_MEMORY;

    *out = NULL;
    if (intake == NULL) {
        (void)close(fd);
        return ca_refuse_plain(why, rc);
    }
    intake->source.fd = fd;
    intake->kind = kind;
    intake->format = format_of(&intake->source);
    rc = BM_OK;
    if (intake_peek(&intake->source) < 0) { /* empty, or a folder */
        rc = intake_source_end(&intake->source, why);
    }
    if (rc == BM_OK) {
        rc = is_format_of(kind, intake->format, why);
    }
    if (rc == BM_OK) {
        rc = intake->format->begin(intake, why);
    }
    if (rc != BM_OK) {
        intake_close(intake);
        return rc;
    }
    *out = intake;
    return BM_OK;
}

void intake_close(struct intake *intake)
{
    if (intake == NULL) {
        return;
    }
    if (intake->format->end != NULL) {
        intake->format->end(intake);
    }
    (void)close(intake->source.fd);
    free(intake);
}

bm_status intake_next(struct intake *intake, struct bm_wr *w,
                      struct ca_refusal *why)
{
    for (size_t n = 0; n < CA_GROUP_MAX && w->cap - w->len >= INTAKE_ROW_ROOM;
         n++) {
        struct ca_batch_row row = { .number = 0 };
        bm_status rc;

        if (intake->number == INTAKE_ROWS_MAX) {
            return ca_refuse(why, BM_E_CA_ORDER, "it has more than %u rows",
                             (unsigned)INTAKE_ROWS_MAX);
        }
        rc = intake->ended ? BM_E_END : intake->format->next(intake, &row, why);
        if (rc == BM_E_END) {
            intake->ended = true;
            return n != 0 ? BM_OK : rc;
        }
        BM_TRY(rc);
        intake_row_put(w, &row);
    }
    return BM_OK;
}
