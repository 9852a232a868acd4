/* SPDX-License-Identifier: Apache-2.0 */

/* Whose a device is now that has gone from hand to hand. */
#include <string.h>

#include "ca/internal.h"
#include "ca/transfer.h"

static bm_status take_now(void *arg, const void *visited)
{
    struct store_device *now = arg;
    const struct store_device *row = visited;

    if (row->state == STORE_DEVICE_TRANSFERRED) {
        return BM_OK;
    }
    *now = *row;
    return BM_E_END;
}

bm_status ca_device_now(struct ca *ca, uint64_t id, struct store_device *device)
{
    const struct store *s = ca->c.store;
    const struct store_visit visit = { device, take_now };
    uint64_t line;

    BM_TRY(s->device_get(s->self, &ca_everything, id, device));
    if (device->state != STORE_DEVICE_TRANSFERRED) {
        return BM_OK;
    }
    line = device->line;
    memset(device, 0, sizeof *device);
    BM_TRY(s->device_line(s->self, line, &visit));
    return device->id != 0 ? BM_OK : BM_E_STORE_CORRUPT;
}

bm_status ca_owner_now(struct ca *ca, uint32_t *organisation, uint64_t *device)
{
    struct store_device row;

    if (*device == 0) {
        return BM_OK;
    }
    BM_TRY(ca_device_now(ca, *device, &row));
    *organisation = row.organisation;
    *device = row.id;
    return BM_OK;
}

struct taking_line {
    struct ca_line *line;
    uint64_t first;
};

static bm_status take_other(void *arg, const void *visited)
{
    struct taking_line *t = arg;
    const struct store_device *row = visited;

    if (row->id == t->first) {
        return BM_OK;
    }
    if (t->line->n == CA_LINE_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    t->line->id[t->line->n++] = row->id;
    return BM_OK;
}

bm_status ca_line_of(struct ca *ca, const struct store_device *device,
                     struct ca_line *line)
{
    const struct store *s = ca->c.store;
    struct taking_line t = { line, device->id };
    const struct store_visit visit = { &t, take_other };

    line->n = 1;
    line->id[0] = device->id;
    return device->line == 0 ? BM_OK
                             : s->device_line(s->self, device->line, &visit);
}

bm_status ca_transfer_of(struct ca *ca, const struct store_device *device,
                         struct store_transfer *row)
{
    const struct store *s = ca->c.store;

    memset(row, 0, sizeof *row);
    return device->came == 0
               ? BM_OK
               : s->transfer_get(s->self, &ca_everything, device->came, row);
}
