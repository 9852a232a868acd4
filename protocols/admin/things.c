/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/admin/things.h"

#include <string.h>

#include "ca/device.h"
#include "core/crl.h"
#include "core/name.h"

static const struct {
    const char *name;
    enum store_cert_status status; /* 0: any of those that are good */
} statuses[] = {
    { "valid", STORE_CERT_VALID },         { "pending", STORE_CERT_PENDING },
    { "replaced", STORE_CERT_REPLACED },   { "held", STORE_CERT_HELD },
    { "revoked", STORE_CERT_REVOKED },     { "expired", 0 },
    { "abandoned", STORE_CERT_ABANDONED },
};

#define STATUSES_N (sizeof statuses / sizeof statuses[0])

bool things_cert_status_of(const char *word, enum store_cert_status *status)
{
    for (size_t i = 0; i < STATUSES_N; i++) {
        if (strcmp(word, statuses[i].name) == 0) {
            *status = statuses[i].status;
            return true;
        }
    }
    return false;
}

const char *things_cert_status(const struct store_cert *row, int64_t now)
{
    bool good = row->status == STORE_CERT_VALID ||
                row->status == STORE_CERT_PENDING ||
                row->status == STORE_CERT_REPLACED;

    if (good && row->not_after < now) {
        return "expired";
    }
    for (size_t i = 0; i < STATUSES_N; i++) {
        if (statuses[i].status == row->status) {
            return statuses[i].name;
        }
    }
    return "unknown";
}

static json_t *ledger_tree(struct tree *t, const struct store_cert *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "tree", tree_int(t, row->tree));
    tree_set(t, o, "leaf", tree_int(t, (int64_t)row->leaf));
    return o;
}

static void set_revocation(struct tree *t, json_t *o,
                           const struct store_cert *row)
{
    if (row->revoked != 0) {
        tree_set(t, o, "revocation_date", tree_time(t, row->revoked));
        tree_set(t, o, "reason_code",
                 tree_str(t, bm_crl_reason_name(row->reason)));
    }
}

json_t *things_cert(struct tree *t, const struct store_cert *row,
                    const char *device, int64_t now)
{
    json_t *o = tree_object(t);
    struct bm_cert parsed;

    tree_set(t, o, "serial_number", tree_hex(t, row->serial));
    tree_set(t, o, "status", tree_str(t, things_cert_status(row, now)));
    set_revocation(t, o, row);
    if (device[0] != '\0') {
        tree_set(t, o, "device", tree_str(t, device));
    }
    tree_set(t, o, "profile", tree_str(t, row->profile));
    if (row->version != 0) {
        tree_set(t, o, "profile_version", tree_int(t, row->version));
    }
    tree_set(t, o, "ca", tree_str(t, row->ca));
    if (bm_cert_parse(row->der, BM_STRICT, NULL, &parsed) == BM_OK) {
        tree_set(t, o, "subject",
                 tree_put(t, bm_name_put_text, parsed.subject));
    }
    tree_set(t, o, "issued", tree_time(t, row->issued));
    tree_set(t, o, "not_before", tree_time(t, row->not_before));
    tree_set(t, o, "not_after", tree_time(t, row->not_after));
    tree_set(t, o, "ledger", ledger_tree(t, row));
    tree_set(t, o, "id", tree_int(t, (int64_t)row->id));
    return o;
}

static void set_time(struct tree *t, json_t *o, const char *key, int64_t time)
{
    if (time != 0) {
        tree_set(t, o, key, tree_time(t, time));
    }
}

static const char *token_status(const struct store_token *row, int64_t now)
{
    return row->used != 0        ? "used"
           : row->revoked != 0   ? "revoked"
           : row->expires <= now ? "expired"
                                 : "open";
}

json_t *things_token(struct tree *t, const struct store_token *row, int64_t now)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "id", tree_str(t, row->id));
    tree_set(t, o, "status", tree_str(t, token_status(row, now)));
    tree_set(t, o, "profile", tree_str(t, row->profile));
    tree_set(t, o, "device", tree_str(t, row->device));
    set_time(t, o, "created", row->created);
    set_time(t, o, "expires", row->expires);
    set_time(t, o, "used", row->used);
    set_time(t, o, "revoked", row->revoked);
    return o;
}

json_t *things_device(struct tree *t, const struct store_device *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "name", tree_str(t, row->name));
    tree_set(t, o, "state", tree_str(t, ca_device_state_name(row->state)));
    tree_set(t, o, "created", tree_time(t, row->created));
    tree_set(t, o, "changed", tree_time(t, row->changed));
    if (row->came != 0) {
        tree_set(t, o, "transfer", tree_int(t, (int64_t)row->came));
    }
    tree_set(t, o, "id", tree_int(t, (int64_t)row->id));
    return o;
}

json_t *things_event(struct tree *t, const struct store_event *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "event", tree_str(t, row->kind));
    tree_set(t, o, "at", tree_time(t, row->at));
    tree_set(t, o, "text", tree_str(t, row->text));
    tree_set(t, o, "source", tree_str(t, row->claimed ? "claimed" : "noticed"));
    if (row->device != 0) {
        tree_set(t, o, "device_id", tree_int(t, (int64_t)row->device));
    }
    return o;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Digits, right-aligned in `out`: the number of octets, or 0. */
static size_t hex_octets(const char *text, uint8_t out[STORE_SERIAL_MAX])
{
    size_t digits = 0;

    for (size_t i = strlen(text); i-- > 0;) {
        int digit = hex_digit(text[i]);
        size_t at = STORE_SERIAL_MAX - 1 - digits / 2;

        if (text[i] == ':' && i != 0 && text[i + 1] != '\0') {
            continue;
        }
        if (digit < 0 || digits == 2 * (size_t)STORE_SERIAL_MAX) {
            return 0;
        }
        out[at] = (uint8_t)(digits % 2 == 0 ? digit : out[at] | digit << 4);
        digits++;
    }
    return (digits + 1) / 2;
}

bool things_parse_serial(const char *text, uint8_t serial[STORE_SERIAL_MAX],
                         size_t *n)
{
    uint8_t room[STORE_SERIAL_MAX] = { 0 };
    size_t octets = hex_octets(text, room);
    const uint8_t *p = room + sizeof room - octets;

    if (octets == 0) {
        return false;
    }
    /* X.690 8.3.2: as few octets as there can be, and positive. */
    while (octets > 1 && p[0] == 0 && (p[1] & 0x80) == 0) {
        p++;
        octets--;
    }
    if ((p[0] & 0x80) != 0) {
        if (octets == STORE_SERIAL_MAX) {
            return false;
        }
        p--; /* a zero: nothing has been written there */
        octets++;
    }
    memcpy(serial, p, octets);
    *n = octets;
    return true;
}
