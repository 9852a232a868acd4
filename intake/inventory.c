/* SPDX-License-Identifier: Apache-2.0 */

/* Devices that are expected: what columns are called, and rows as text. */
#include <stdio.h>
#include <string.h>

#include "intake/internal.h"

/* What an export says of devices, and nobody can set. */
static const char *const passed[] = { "state", "created",  "changed",
                                      "id",    "firmware", "organisation" };

bm_status intake_take_name(struct bm_bytes name, char to[CA_ATTRIBUTE_NAME_MAX])
{
    struct store_attribute row;

    to[0] = '\0';
    if (name.n == 0 || name.n >= CA_ATTRIBUTE_NAME_MAX ||
        !intake_is_text(name)) {
        return BM_E_CA_ORDER;
    }
    memcpy(to, name.p, name.n);
    to[name.n] = '\0';
    if (strncmp(to, "label.", 6) != 0) { /* as the API writes them, too */
        for (char *p = strchr(to, '_'); p != NULL; p = strchr(p, '_')) {
            *p = '-';
        }
    }
    if (strcmp(to, "name") == 0) {
        (void)snprintf(to, CA_ATTRIBUTE_NAME_MAX, "device");
    }
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        if (strcmp(to, passed[i]) == 0) {
            to[0] = '\0';
            return BM_OK;
        }
    }
    if (strcmp(to, "device") == 0 || strcmp(to, "labels") == 0) {
        return BM_OK;
    }
    return ca_attribute_make((struct bm_bytes){ (const uint8_t *)to, name.n },
                             (struct bm_bytes){ NULL, 0 }, &row, NULL) == BM_OK
               ? BM_OK
               : BM_E_CA_ORDER;
}

static bool add_text(struct intake *intake, struct bm_bytes text)
{
    if (text.n > sizeof intake->csr - intake->text_n) {
        return false;
    }
    if (text.n != 0) {
        memcpy(intake->csr + intake->text_n, text.p, text.n);
    }
    intake->text_n += text.n;
    return true;
}

bool intake_begin_device(struct intake *intake, struct ca_batch_row *row,
                         struct bm_bytes device)
{
    row->number = intake->number;
    intake->text_n = 0;
    if (device.n == 0 || device.n >= STORE_NAME_MAX ||
        !intake_is_text(device)) {
        (void)!intake_wrong(intake, row, "device",
                            "not a line of 1 to %d octets of UTF-8",
                            STORE_NAME_MAX - 1);
        return false;
    }
    row->device = device;
    return add_text(intake, device);
}

/* One value: held against its kind here, so that the column is told. */
static bool add_line(struct intake *intake, struct ca_batch_row *row,
                     const char *name, struct bm_bytes value)
{
    struct ca_refusal why = { .status = BM_OK, .words = "" };
    char text[CA_ATTRIBUTE_NAME_MAX + STORE_VALUE_MAX + STORE_ID_MAX];
    struct store_attribute a;
    size_t n;

    n = (size_t)snprintf(text, sizeof text, "%s",
                         strcmp(name, "labels") == 0 ? "label." : name);
    if (strcmp(name, "labels") != 0) {
        text[n++] = '=';
    }
    if (value.n > sizeof text - n) {
        (void)!intake_wrong(intake, row, name, "it is too long");
        return false;
    }
    if (value.n != 0) {
        memcpy(text + n, value.p, value.n);
    }
    n += value.n;
    if (ca_attribute_parse((struct bm_bytes){ (const uint8_t *)text, n }, &a,
                           &why) != BM_OK) {
        (void)!intake_wrong(intake, row, name, "%s",
                            intake_is_text((struct bm_bytes){
                                (const uint8_t *)why.words, strlen(why.words) })
                                ? why.words
                                : "not text in one line");
        return false;
    }
    if (!add_text(intake, BM_LIT("\n")) ||
        !add_text(intake, (struct bm_bytes){ (const uint8_t *)text, n })) {
        (void)!intake_wrong(intake, row, name, "the row is too long");
        return false;
    }
    return true;
}

static bool has_many(const char *name)
{
    const struct ca_attribute_kind *kind = ca_attribute_named(
        (struct bm_bytes){ (const uint8_t *)name, strlen(name) });

    return strcmp(name, "labels") == 0 || (kind != NULL && kind->most > 1);
}

bool intake_add_value(struct intake *intake, struct ca_batch_row *row,
                      const char *name, struct bm_bytes value)
{
    if (name[0] == '\0' || strcmp(name, "device") == 0) {
        return true;
    }
    while (value.n != 0) {
        const uint8_t *end =
            has_many(name) ? memchr(value.p, '\n', value.n) : NULL;
        size_t n = end == NULL ? value.n : (size_t)(end - value.p);

        if (!add_line(intake, row, name, (struct bm_bytes){ value.p, n })) {
            return false;
        }
        n += end != NULL;
        value = (struct bm_bytes){ value.p + n, value.n - n };
    }
    return true;
}

void intake_end_device(struct intake *intake, struct ca_batch_row *row)
{
    row->csr = (struct bm_bytes){ intake->csr, intake->text_n };
}
