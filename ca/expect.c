/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Devices that are expected, many at once. Rows are written as they are looked
 * at, so that each is held against those before it; what is wrong takes all of
 * it back.
 */
#include <stdio.h>
#include <string.h>

#include "ca/device.h"
#include "ca/internal.h"
#include "ca/inventory.h"
#include "ca/slot.h"

struct row {
    char name[STORE_NAME_MAX];
    struct store_attribute set[CA_ATTRIBUTES_MAX];
    struct ca_device_entry entry;
    /* What is wrong with it, and where. */
    char column[CA_ATTRIBUTE_NAME_MAX];
    struct ca_refusal why;
};

/* ---- Reading a row */

static struct bm_bytes take_line(struct bm_bytes *text)
{
    const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);
    struct bm_bytes line = *text;

    if (end == NULL) {
        text->n = 0;
        return line;
    }
    line.n = (size_t)(end - text->p);
    *text = (struct bm_bytes){ end + 1, text->n - line.n - 1 };
    return line;
}

static void set_column(struct row *row, struct bm_bytes line)
{
    size_t n = 0;

    while (n < line.n && n < sizeof row->column - 1 && line.p[n] != '=') {
        n++;
    }
    if (n != 0) {
        memcpy(row->column, line.p, n);
    }
    row->column[n] = '\0';
}

static bm_status read_name(struct row *row, struct bm_bytes name)
{
    (void)snprintf(row->column, sizeof row->column, "device");
    if (name.n == 0 || name.n >= sizeof row->name ||
        memchr(name.p, 0, name.n) != NULL) {
        return ca_check_device_name("", &row->why);
    }
    memcpy(row->name, name.p, name.n);
    row->name[name.n] = '\0';
    return ca_check_device_name(row->name, &row->why);
}

static bm_status read_row(struct row *row, uint32_t organisation,
                          struct bm_bytes text)
{
    row->why = (struct ca_refusal){ .status = BM_OK };
    row->entry = (struct ca_device_entry){ .organisation = organisation,
                                           .name = row->name,
                                           .set = row->set };
    BM_TRY(read_name(row, take_line(&text)));
    while (text.n != 0) {
        struct bm_bytes line = take_line(&text);

        set_column(row, line);
        if (row->entry.set_n == CA_ATTRIBUTES_MAX) {
            return ca_refuse(&row->why, BM_E_CA_ATTRIBUTE,
                             "more than %d attributes", CA_ATTRIBUTES_MAX);
        }
        BM_TRY(
            ca_attribute_parse(line, &row->set[row->entry.set_n++], &row->why));
    }
    return BM_OK;
}

/* ---- Looking at it */

static bm_status check_set(struct ca *ca, struct row *row, uint64_t device)
{
    for (size_t i = 0; i < row->entry.set_n; i++) {
        bm_status rc =
            ca_check_attribute(ca, device, &row->entry, i, &row->why);

        if (rc != BM_OK) {
            ca_attribute_name(&row->set[i], row->column);
            return rc;
        }
    }
    return BM_OK;
}

/* Is it there just so? BM_E_EXISTS: it is there, and something else. */
static bm_status check_there(struct ca *ca, struct row *row,
                             const struct store_device *device)
{
    const struct store *s = ca->c.store;

    for (size_t i = 0; i < row->entry.set_n; i++) {
        struct store_attribute a = row->set[i];
        uint64_t found = device->id;
        bm_status rc = BM_OK;

        a.organisation = row->entry.organisation;
        if (a.value[0] != '\0') {
            rc = s->attribute_next(s->self, &a, &found);
        }
        if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
            return rc;
        }
        if (rc != BM_OK || found != device->id) {
            return ca_refuse(&row->why, BM_E_EXISTS,
                             "there is a device of this name, of which other "
                             "things are on record");
        }
    }
    return device->state == STORE_DEVICE_EXPECTED
               ? BM_OK
               : ca_refuse(&row->why, BM_E_EXISTS, "it is %s",
                           ca_device_state_name(device->state));
}

static bm_status put_row(struct ca *ca, struct row *row, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_device device = { .organisation = row->entry.organisation,
                                   .state = STORE_DEVICE_EXPECTED,
                                   .created = now,
                                   .changed = now };

    BM_TRY(check_set(ca, row, 0));
    memcpy(device.name, row->name, sizeof device.name);
    ca->dirty = true;
    BM_TRY(s->device_put(s->self, &device));
    (void)snprintf(row->column, sizeof row->column, "label");
    return ca_put_first_attributes(ca, device.id, &row->entry, &row->why);
}

static bm_status take_row(struct ca *ca, struct ca_expect *e, struct row *row,
                          struct bm_bytes text, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_device device;
    bm_status rc;

    BM_TRY(read_row(row, e->organisation, text));
    rc = s->device_find(s->self, e->organisation, row->name, &device);
    if (rc == BM_OK) {
        (void)snprintf(row->column, sizeof row->column, "device");
        BM_TRY(check_there(ca, row, &device));
        e->there_n++;
        return BM_OK;
    }
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    BM_TRY(put_row(ca, row, now));
    e->new_n++;
    return BM_OK;
}

/* ---- All of them */

static bm_status put_record(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_expect *e, int64_t now)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    struct ca_record record = ca_record_of(CA_RECORD_EXPECTATION, actor, now);
    uint8_t both[2 * STORE_HASH_SIZE] = { 0 };
    uint8_t hash[BM_HASH_MAX];

    for (size_t i = 0; i < e->n; i++) {
        BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, e->rows[i], hash));
        memcpy(both + STORE_HASH_SIZE, hash, STORE_HASH_SIZE);
        BM_TRY(
            crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(both), hash));
        memcpy(both, hash, STORE_HASH_SIZE);
    }
    record.organisation = e->organisation;
    record.hash = (struct bm_bytes){ both, STORE_HASH_SIZE };
    record.number = e->new_n;
    return ca_put_record(ca, &record, NULL, NULL);
}

/* BM_E_END: nothing of it is to be there. */
static bm_status expect_all(struct ca *ca, const struct ca_actor *actor,
                            struct ca_expect *e, int64_t now)
{
    struct row row;

    for (size_t i = 0; i < e->n; i++) {
        bm_status rc = take_row(ca, e, &row, e->rows[i], now);

        if (ca_is_failure(rc)) {
            return rc;
        }
        if (rc != BM_OK) {
            row.why.status = ca_refuse_plain(&row.why, rc);
            e->wrong_n++;
            BM_TRY(e->wrong(e->arg, i, row.column, &row.why));
        }
    }
    if (e->wrong_n != 0 || e->look || e->new_n == 0) {
        return BM_E_END;
    }
    return put_record(ca, actor, e, now);
}

bm_status ca_devices_expect(struct ca *ca, const struct ca_actor *actor,
                            struct ca_expect *e, int64_t now,
                            struct ca_refusal *why)
{
    bm_status rc;

    e->wrong_n = e->there_n = e->new_n = 0;
    BM_TRY(ca_authorise(actor, CA_ACT_DEVICE_EXPECT, why));
    if (e->n > CA_EXPECT_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "more than %d rows", CA_EXPECT_MAX);
    }
    BM_TRY(ca_begin(ca, now, why));
    rc = ca_end(ca, expect_all(ca, actor, e, now), now, why);
    return rc == BM_E_END ? BM_OK : rc;
}
