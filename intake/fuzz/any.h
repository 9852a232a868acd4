/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_INTAKE_FUZZ_ANY_H
#define BM_INTAKE_FUZZ_ANY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/fuzz/must.h"
#include "intake/intake.h"
#include "intake/row.h"

/* Enough for the rows of one call. */
#define ANY_ROOM (4 * INTAKE_ROW_ROOM)

/* What is read are rows that who takes them believes, numbered from 1; or it is
 * refused in words that can be shown. */
static inline void any_rows(struct bm_bytes rows, uint32_t *last)
{
    struct ca_batch_row row;
    bm_status rc = intake_row_next(&rows, &row);

    while (rc == BM_OK) {
        must(row.number == ++*last);
        rc = intake_row_next(&rows, &row);
    }
    must(rc == BM_E_END);
}

static inline void any_kind(enum intake_kind kind, const char *head,
                            const uint8_t *data, size_t size)
{
    struct ca_refusal why = { .status = BM_OK, .words = "" };
    FILE *f = tmpfile();
    int fd = f == NULL ? -1 : dup(fileno(f));
    uint8_t *room = malloc(ANY_ROOM);
    struct intake *intake = NULL;
    uint32_t last = 0;
    bm_status rc;

    must(fd >= 0 && room != NULL);
    (void)fclose(f);
    must(write(fd, head, strlen(head)) == (ssize_t)strlen(head));
    must(write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    rc = intake_open(fd, kind, &intake, &why);
    while (rc == BM_OK) {
        struct bm_wr w;

        bm_wr_init(&w, room, ANY_ROOM);
        rc = intake_next(intake, &w, &why);
        must(w.len <= w.cap);
        if (rc == BM_OK) {
            must(w.len != 0);
            any_rows(bm_wr_bytes(&w), &last);
        }
    }
    if (rc != BM_E_END) {
        must(why.status == rc && why.words[0] != '\0');
    }
    intake_close(intake);
    free(room);
}

static inline int any_file(const char *head, const uint8_t *data, size_t size)
{
    any_kind(INTAKE_REQUESTS, head, data, size);
    any_kind(INTAKE_DEVICES, head, data, size);
    any_kind(INTAKE_INVENTORY, head, data, size);
    return 0;
}

#endif
