/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/devices_internal.h"

/* Labels: as many as an instance has profiles. */
#define LABELS_MAX 64

/* Octets of one row's bodies, and of what making them needs. */
static size_t room_of(const struct wire_label *row)
{
    return EST_BASE64_MAX(row->cacerts.n + EST_CMS_EXTRA) +
           EST_BASE64_MAX(row->csrattrs.n);
}

/* How much there is; refuses what is malformed. */
static bm_status measure(struct bm_bytes rows, size_t *n, size_t *octets,
                         size_t *largest)
{
    struct wire_label row;
    bm_status rc;

    *n = 0;
    *octets = 0;
    *largest = 0;
    while ((rc = wire_label_next(&rows, &row)) == BM_OK) {
        if (*n == LABELS_MAX || row.label.n > EST_LABEL_MAX) {
            return BM_E_LIMIT;
        }
        *n += 1;
        *octets += room_of(&row);
        if (row.cacerts.n + EST_CMS_EXTRA > *largest) {
            *largest = row.cacerts.n + EST_CMS_EXTRA;
        }
    }
    return rc == BM_E_END ? BM_OK : rc;
}

static struct bm_bytes since(const struct bm_wr *w, size_t from)
{
    return (struct bm_bytes){ w->buf + from, w->len - from };
}

static bm_status fill(struct devices_label *label, const struct wire_label *row,
                      struct bm_wr *bodies, struct bm_wr *scratch)
{
    enum est_lines lines =
        (row->flags & WIRE_LABEL_WRAP) != 0 ? EST_WRAPPED : EST_ONE_LINE;
    size_t from = bodies->len;

    if (row->label.n != 0) {
        memcpy(label->name, row->label.p, row->label.n);
    }
    label->flags = row->flags;
    scratch->len = 0;
    BM_TRY(est_put_certs(bodies, row->cacerts, lines, scratch));
    label->cacerts = since(bodies, from);
    from = bodies->len;
    if (row->csrattrs.n != 0) {
        est_put_csrattrs(bodies, row->csrattrs, lines);
    }
    label->csrattrs = since(bodies, from);
    return BM_OK;
}

static bm_status fill_all(struct devices_catalogue *c, struct bm_bytes rows,
                          struct bm_wr *bodies, struct bm_wr *scratch)
{
    struct wire_label row;

    while (wire_label_next(&rows, &row) == BM_OK) {
        BM_TRY(fill(&c->labels[c->n], &row, bodies, scratch));
        c->n++;
    }
    return BM_OK;
}

bm_status devices_catalogue_set(struct devices_catalogue *c,
                                struct bm_bytes rows)
{
    struct devices_catalogue made = { 0 };
    uint8_t *scratch_room = NULL;
    struct bm_wr scratch;
    struct bm_wr bodies;
    size_t octets;
    size_t largest;
    size_t n;
    bm_status rc = measure(rows, &n, &octets, &largest);

    if (rc != BM_OK) {
        return rc;
    }
    rc = BM_E_MEMORY;
    made.labels = calloc(n + 1, sizeof *made.labels);
    made.memory = malloc(octets + 1);
    scratch_room = malloc(largest + 1);
    if (made.labels == NULL || made.memory == NULL || scratch_room == NULL) {
        goto out;
    }
    bm_wr_init(&bodies, made.memory, octets);
    bm_wr_init(&scratch, scratch_room, largest);
    rc = fill_all(&made, rows, &bodies, &scratch);
    if (rc != BM_OK) {
        goto out;
    }
    devices_catalogue_wipe(c);
    *c = made;
    memset(&made, 0, sizeof made);
out:
    free(scratch_room);
    devices_catalogue_wipe(&made);
    return rc;
}

void devices_catalogue_wipe(struct devices_catalogue *c)
{
    free(c->labels);
    free(c->memory);
    memset(c, 0, sizeof *c);
}

const struct devices_label *
devices_catalogue_find(const struct devices_catalogue *c, const char *label)
{
    for (size_t i = 0; i < c->n; i++) {
        bool is_default = (c->labels[i].flags & WIRE_LABEL_DEFAULT) != 0;

        if (label[0] == '\0' ? is_default
                             : strcmp(c->labels[i].name, label) == 0) {
            return &c->labels[i];
        }
    }
    return NULL;
}
