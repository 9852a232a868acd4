/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/row.h"

#include "ca/line.h"

#include <string.h>

#include "intake/intake.h"

#define SUBJECT_TEXT_MAX 4096

static void put_u32(struct bm_wr *w, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        bm_wr_u8(w, (uint8_t)(v >> shift));
    }
}

static void put_string(struct bm_wr *w, struct bm_bytes s)
{
    put_u32(w, (uint32_t)s.n);
    bm_wr_put(w, s);
}

void intake_row_put(struct bm_wr *w, const struct ca_batch_row *row)
{
    put_u32(w, row->number);
    put_string(w, row->device);
    put_string(w, row->name);
    put_string(w, row->subject);
    put_string(w, row->column);
    put_string(w, row->words);
    put_string(w, row->csr);
}

/* ---- Taking */

static bm_status take_u32(struct bm_bytes *in, uint32_t *v)
{
    if (in->n < 4) {
        return BM_E_CA_ORDER;
    }
    *v = (uint32_t)in->p[0] << 24 | (uint32_t)in->p[1] << 16 |
         (uint32_t)in->p[2] << 8 | in->p[3];
    in->p += 4;
    in->n -= 4;
    return BM_OK;
}

static bm_status take_octets(struct bm_bytes *in, size_t max,
                             struct bm_bytes *out)
{
    uint32_t n;

    BM_TRY(take_u32(in, &n));
    if (n > max || n > in->n) {
        return BM_E_CA_ORDER;
    }
    *out = (struct bm_bytes){ in->p, n };
    in->p += n;
    in->n -= n;
    return BM_OK;
}

static bm_status take_text(struct bm_bytes *in, size_t cap,
                           struct bm_bytes *out)
{
    BM_TRY(take_octets(in, cap - 1, out));
    return intake_is_text(*out) ? BM_OK : BM_E_CA_ORDER;
}

static bm_status take_row(struct bm_bytes *in, struct ca_batch_row *row)
{
    BM_TRY(take_u32(in, &row->number));
    BM_TRY(take_text(in, STORE_NAME_MAX, &row->device));
    BM_TRY(take_text(in, STORE_NAME_MAX, &row->name));
    BM_TRY(take_text(in, SUBJECT_TEXT_MAX, &row->subject));
    BM_TRY(take_text(in, STORE_PLACE_NAME_MAX, &row->column));
    BM_TRY(take_text(in, STORE_NAME_MAX, &row->words));
    BM_TRY(take_octets(in, INTAKE_CSR_MAX, &row->csr));
    return row->number != 0 && row->number <= STORE_BATCH_ROWS_MAX &&
                   (row->words.n == 0 || row->csr.n == 0) &&
                   (row->words.n != 0 || row->csr.n != 0 ||
                    row->device.n != 0 || row->subject.n != 0)
               ? BM_OK
               : BM_E_CA_ORDER;
}

bm_status intake_row_next(struct bm_bytes *in, struct ca_batch_row *row)
{
    struct bm_bytes left = *in;
    bm_status rc;

    memset(row, 0, sizeof *row);
    if (in->n == 0) {
        return BM_E_END;
    }
    rc = take_row(&left, row);
    if (rc != BM_OK) {
        memset(row, 0, sizeof *row);
        return rc;
    }
    *in = left;
    return BM_OK;
}

bool intake_is_text(struct bm_bytes text)
{
    return ca_is_line(text);
}
