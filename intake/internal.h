/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_INTAKE_INTERNAL_H
#define BM_INTAKE_INTERNAL_H

#include <jansson.h>

#include "ca/attribute.h"
#include "intake/intake.h"

/* Between the formats. */

/* Octets of the file, in their order. */
#define INTAKE_WINDOW 65536

struct intake_source {
    int fd;
    bool ended;
    uint64_t taken; /* from the file */
    size_t at;
    size_t n;
    uint8_t room[INTAKE_WINDOW];
};

/* The next octet, without and with taking it; -1: there is none, at the end, on
 * BM_E_IO or beyond INTAKE_FILE_MAX: intake_source_end() tells which. */
int intake_peek(struct intake_source *s);
int intake_take(struct intake_source *s);
BM_MUST_CHECK bm_status intake_source_end(const struct intake_source *s,
                                          struct ca_refusal *why);

enum intake_column {
    INTAKE_CSR,
    INTAKE_DEVICE,
    INTAKE_SUBJECT,
    INTAKE_COLUMNS
};
/* INTAKE_COLUMNS: there is none of that name. */
enum intake_column intake_column_of(struct bm_bytes name);
const char *intake_column_name(enum intake_column column);

struct intake_format {
    /* Whatever it needs besides; `intake` is zero but for its source. */
    bm_status (*begin)(struct intake *intake, struct ca_refusal *why);
    /* The next row; views until the next call. BM_E_END. */
    bm_status (*next)(struct intake *intake, struct ca_batch_row *row,
                      struct ca_refusal *why);
    void (*end)(struct intake *intake); /* or NULL */
};
extern const struct intake_format intake_csv, intake_json, intake_archive;

struct intake {
    const struct intake_format *format;
    enum intake_kind kind;
    struct intake_source source;
    uint32_t number; /* of the row */
    bool ended;      /* that was the last one */
    /* A table: which column is what, in the order of the header. */
    enum intake_column columns[INTAKE_COLUMNS];
    size_t columns_n;
    /* INTAKE_INVENTORY: what each is called; "" is passed over. */
    char names[INTAKE_FIELDS_MAX][CA_ATTRIBUTE_NAME_MAX];
    size_t text_n; /* octets of the row in `csr` */
    bool list;     /* JSON: in brackets, and not one after another */
    struct archive *archive;
    uint32_t entries;
    uint64_t expanded;
    /* The row: as it stands in the file, its request, its words. */
    size_t n;
    uint8_t room[INTAKE_ROW_MAX];
    uint8_t csr[INTAKE_CSR_MAX];
    char words[STORE_NAME_MAX];
    char column[STORE_PLACE_NAME_MAX];
    char name[STORE_NAME_MAX];
};

/* Say what is wrong with the row, and where; BM_OK. */
bm_status intake_wrong(struct intake *intake, struct ca_batch_row *row,
                       const char *column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* INTAKE_INVENTORY (inventory.c): how a column is called here; BM_E_CA_ORDER:
 * there is none of that name. */
BM_MUST_CHECK bm_status intake_take_name(struct bm_bytes name,
                                         char to[CA_ATTRIBUTE_NAME_MAX]);
/* Begin a row with the name of its device; add a value, or several in lines, of
 * a column; and be done. False: it is wrong, and says so. */
bool intake_begin_device(struct intake *intake, struct ca_batch_row *row,
                         struct bm_bytes device);
bool intake_add_value(struct intake *intake, struct ca_batch_row *row,
                      const char *name, struct bm_bytes value);
void intake_end_device(struct intake *intake, struct ca_batch_row *row);

/* A device as another service writes it (cloud.c): the kinds from
 * INTAKE_AWS_IOT on. BM_OK: the row is one, or says what is wrong with it. */
BM_MUST_CHECK bm_status intake_fill_cloud(struct intake *intake, json_t *object,
                                          struct ca_batch_row *row);

/* Put the values of a row into their places; each may be empty. BM_OK: the row
 * is one, or says what is wrong with it. */
struct intake_values {
    struct bm_bytes of[INTAKE_COLUMNS];
    bool der; /* a request in DER is fine, too */
};
BM_MUST_CHECK bm_status intake_fill(struct intake *intake,
                                    const struct intake_values *values,
                                    struct ca_batch_row *row);

#endif
