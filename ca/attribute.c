/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/attribute.h"

#include <stdio.h>
#include <string.h>

#include "ca/line.h"

#define LABEL_PREFIX "label."

/* ---- What values look like */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * EUI-48 or EUI-64 (IEEE 802): twelve or sixteen hexadecimal digits, in pairs
 * with ':' or '-' between all of them or none. Written 00:1b:44:11:3a:b7.
 */
static bool normalise_mac(char value[STORE_VALUE_MAX])
{
    static const char digits[] = "0123456789abcdef";
    char made[24];
    const char *p = value;
    char between = value[0] != '\0' && value[1] != '\0' ? value[2] : '\0';
    size_t pairs = 0;

    if (between != ':' && between != '-') {
        between = '\0';
    }
    while (*p != '\0') {
        int high;
        int low;

        if (pairs == 8 || (pairs > 0 && between != '\0' && *p++ != between)) {
            return false;
        }
        high = hex_digit(p[0]);
        low = high < 0 ? -1 : hex_digit(p[1]);
        if (low < 0) {
            return false;
        }
        made[3 * pairs] = digits[high];
        made[3 * pairs + 1] = digits[low];
        made[3 * pairs + 2] = ':';
        pairs++;
        p += 2;
    }
    if (pairs != 6 && pairs != 8) {
        return false;
    }
    made[3 * pairs - 1] = '\0';
    memcpy(value, made, 3 * pairs);
    return true;
}

/* 3GPP TS 23.003 6.2.1: fifteen digits, the last of which makes the sum of
 * Luhn's formula a multiple of ten. */
static bool normalise_imei(char value[STORE_VALUE_MAX])
{
    unsigned sum = 0;

    for (size_t i = 0; i < 15; i++) {
        unsigned digit;

        if (value[i] < '0' || value[i] > '9') {
            return false;
        }
        digit = (unsigned)(value[i] - '0') * (1 + (unsigned)i % 2);
        sum += digit / 10 + digit % 10;
    }
    return value[15] == '\0' && sum % 10 == 0;
}

/* RFC 9562 4: in lower case, as it says to write them. */
static bool normalise_uuid(char value[STORE_VALUE_MAX])
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(value) != sizeof form - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof form - 1; i++) {
        int digit = hex_digit(value[i]);

        if ((form[i] == '-') != (value[i] == '-') ||
            (form[i] == 'x' && digit < 0)) {
            return false;
        }
        if (digit >= 10) {
            value[i] = (char)('a' + digit - 10);
        }
    }
    return true;
}

/* ---- The table */

static const char *const methods[] = { "avocado", "bamboo",    "carrot",
                                       "salak",   "sapodilla", NULL };
static const char *const transfers[] = { "mechanical", "network", NULL };

const struct ca_attribute_kind ca_attribute_kinds[] = {
    { "serial", CA_ATTRIBUTE_SERIAL, 1, NULL, NULL, "its serial number" },
    { "hardware-id", CA_ATTRIBUTE_HARDWARE_ID, 1, NULL, NULL,
      "what its chip is known by" },
    { "mac", CA_ATTRIBUTE_MAC, CA_MACS_MAX, NULL, normalise_mac,
      "addresses of its interfaces, EUI-48 or EUI-64" },
    { "imei", CA_ATTRIBUTE_IMEI, 2, NULL, normalise_imei,
      "of its modem, or both of them" },
    { "uuid", CA_ATTRIBUTE_UUID, 1, NULL, normalise_uuid, "of the device" },
    { "secure-element", CA_ATTRIBUTE_SECURE_ELEMENT, 1, NULL, NULL,
      "id of the secure element that its key is in" },
    { "tpm", CA_ATTRIBUTE_TPM, 1, NULL, NULL,
      "id of the TPM that its key is in" },
    { "model", CA_ATTRIBUTE_MODEL, 1, NULL, NULL, "its model" },
    { "lot", CA_ATTRIBUTE_LOT, 1, NULL, NULL, "the lot it was made in" },
    { "hardware-version", CA_ATTRIBUTE_HARDWARE_VERSION, 1, NULL, NULL,
      "of its board" },
    { "firmware", CA_ATTRIBUTE_FIRMWARE, 1, NULL, NULL,
      "the version that it says it runs" },
    { "key-method", CA_ATTRIBUTE_KEY_METHOD, 1, methods, NULL,
      "how its key was made" },
    { "key-transfer", CA_ATTRIBUTE_KEY_TRANSFER, 1, transfers, NULL,
      "how key or certificate got into it" },
    { "key-site", CA_ATTRIBUTE_KEY_SITE, 1, NULL, NULL,
      "where its key was made" },
    { "label", CA_ATTRIBUTE_LABEL, CA_LABELS_MAX, NULL, NULL,
      "the owner's words, each with a name" },
    { NULL, 0, 0, NULL, NULL, NULL },
};

const struct ca_attribute_kind *ca_attribute_named(struct bm_bytes name)
{
    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->name != NULL; k++) {
        if (name.n == strlen(k->name) && memcmp(name.p, k->name, name.n) == 0) {
            return k;
        }
    }
    return NULL;
}

const struct ca_attribute_kind *ca_attribute_of(uint32_t kind)
{
    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->name != NULL; k++) {
        if (k->kind == kind) {
            return k;
        }
    }
    return NULL;
}

/* ---- Reading */

/* Lower case, digits and . _ - within: what is a name everywhere. */
static bool is_label_name(struct bm_bytes name)
{
    if (name.n == 0 || name.n >= STORE_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = (char)name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!letter && (i == 0 || strchr("._-", c) == NULL || c == '\0')) {
            return false;
        }
    }
    return true;
}

static bool is_word(const struct ca_attribute_kind *kind, const char *value)
{
    if (kind->words == NULL) {
        return true;
    }
    for (const char *const *w = kind->words; *w != NULL; w++) {
        if (strcmp(*w, value) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_label(struct bm_bytes name)
{
    static const struct bm_bytes prefix = BM_LIT_INIT(LABEL_PREFIX);

    return name.n > prefix.n && memcmp(name.p, prefix.p, prefix.n) == 0;
}

/* NULL: no attribute has this name. */
static const struct ca_attribute_kind *take_name(struct bm_bytes name,
                                                 struct store_attribute *row)
{
    const struct ca_attribute_kind *kind = ca_attribute_named(name);

    if (is_label(name)) {
        name = (struct bm_bytes){ name.p + strlen(LABEL_PREFIX),
                                  name.n - strlen(LABEL_PREFIX) };
        if (!is_label_name(name)) {
            return NULL;
        }
        memcpy(row->name, name.p, name.n);
        return ca_attribute_of(CA_ATTRIBUTE_LABEL);
    }
    return kind != NULL && kind->kind != CA_ATTRIBUTE_LABEL ? kind : NULL;
}

static bm_status refuse_name(struct bm_bytes name, struct ca_refusal *why)
{
    if (is_label(name)) {
        return ca_refuse(why, BM_E_CA_ATTRIBUTE,
                         "names of labels are lower-case letters, digits "
                         "and . _ -, up to %d",
                         STORE_ID_MAX - 1);
    }
    return ca_refuse(why, BM_E_CA_ATTRIBUTE, "no attribute is named %.*s",
                     (int)(name.n < 64 ? name.n : 64), (const char *)name.p);
}

static bm_status take_value(const struct ca_attribute_kind *kind,
                            struct bm_bytes value, struct store_attribute *row,
                            struct ca_refusal *why)
{
    if (value.n >= sizeof row->value) {
        return ca_refuse(why, BM_E_CA_ATTRIBUTE, "%s is longer than %zu octets",
                         kind->name, sizeof row->value - 1);
    }
    if (!ca_is_line(value)) {
        return ca_refuse(why, BM_E_CA_ATTRIBUTE, "%s is not text in one line",
                         kind->name);
    }
    if (value.n != 0) {
        memcpy(row->value, value.p, value.n);
    }
    if (value.n != 0 &&
        (!is_word(kind, row->value) ||
         (kind->normalise != NULL && !kind->normalise(row->value)))) {
        return ca_refuse(why, BM_E_CA_ATTRIBUTE, "%s is no %s", row->value,
                         kind->name);
    }
    return BM_OK;
}

bm_status ca_attribute_make(struct bm_bytes name, struct bm_bytes value,
                            struct store_attribute *row, struct ca_refusal *why)
{
    const struct ca_attribute_kind *kind;

    memset(row, 0, sizeof *row);
    kind = take_name(name, row);
    if (kind == NULL) {
        return refuse_name(name, why);
    }
    row->kind = kind->kind;
    return take_value(kind, value, row, why);
}

bm_status ca_attribute_parse(struct bm_bytes text, struct store_attribute *row,
                             struct ca_refusal *why)
{
    const uint8_t *equals = text.n == 0 ? NULL : memchr(text.p, '=', text.n);
    size_t n;

    if (equals == NULL) {
        return ca_refuse(why, BM_E_CA_ATTRIBUTE,
                         "an attribute is NAME=VALUE, as in serial=SN-1");
    }
    n = (size_t)(equals - text.p);
    return ca_attribute_make((struct bm_bytes){ text.p, n },
                             (struct bm_bytes){ equals + 1, text.n - n - 1 },
                             row, why);
}

void ca_attribute_name(const struct store_attribute *row,
                       char name[CA_ATTRIBUTE_NAME_MAX])
{
    const struct ca_attribute_kind *kind = ca_attribute_of(row->kind);

    if (row->kind == CA_ATTRIBUTE_LABEL) {
        (void)snprintf(name, CA_ATTRIBUTE_NAME_MAX, LABEL_PREFIX "%s",
                       row->name);
    } else {
        (void)snprintf(name, CA_ATTRIBUTE_NAME_MAX, "%s",
                       kind != NULL ? kind->name : "unknown");
    }
}
