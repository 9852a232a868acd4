/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Devices as other services write them. A table says what each member of an
 * object is; what is in none of them is refused, so that nothing which a
 * service adds one day is passed over unseen. docs/inventory.md is this file
 * in words, and normative.
 */
#include <stdio.h>
#include <string.h>

#include "intake/internal.h"

/* Objects within objects: deeper is none of the formats. */
#define DEPTH_MAX 8

/* Where in the row something stands: "tags.site.floor". */
#define PLACE_MAX 256

enum use {
    USE_NAME = 1, /* of the device */
    USE_OTHER,    /* a second name: on record where it differs */
    USE_MODEL,
    USE_ENABLED, /* "enabled", or nothing is known of it */
    USE_MAKES,   /* no word that takes devices away */
    USE_NEVER,   /* makes it no device */
    USE_VALUES,  /* attributes and labels */
    USE_INSIDE,  /* an object with a table of its own */
    USE_PASSED
};

struct member {
    const char *name; /* NULL behind the last one */
    enum use use;
    const struct member *inside;
    const char *words; /* why not */
};

/* ListThings, SearchIndex, DescribeThing */
static const struct member thing[] = {
    { "thingName", USE_NAME, NULL, NULL },
    { "thingTypeName", USE_MODEL, NULL, NULL },
    { "attributes", USE_VALUES, NULL, NULL },
    { "thingArn", USE_PASSED, NULL, NULL },
    { "thingId", USE_PASSED, NULL, NULL },
    { "version", USE_PASSED, NULL, NULL },
    { "thingGroupNames", USE_PASSED, NULL, NULL },
    { "billingGroupName", USE_PASSED, NULL, NULL },
    { "defaultClientId", USE_PASSED, NULL, NULL },
    { "shadow", USE_PASSED, NULL, NULL },
    { "deviceDefender", USE_PASSED, NULL, NULL },
    { "connectivity", USE_PASSED, NULL, NULL },
    { NULL, 0, NULL, NULL },
};

/* Parameters of a registration: others are values, as a template names them. */
static const struct member parameters[] = {
    { "ThingName", USE_NAME, NULL, NULL },
    { "ThingTypeName", USE_MODEL, NULL, NULL },
    { "CSR", USE_PASSED, NULL, NULL },
    { "CertificatePem", USE_PASSED, NULL, NULL },
    { "CACertificatePem", USE_PASSED, NULL, NULL },
    { "CertificateId", USE_PASSED, NULL, NULL },
    { NULL, USE_VALUES, NULL, NULL },
};

static const struct member twin[] = {
    { "tags", USE_VALUES, NULL, NULL },
    { "properties", USE_PASSED, NULL, NULL },
    { NULL, 0, NULL, NULL },
};

/* IndividualEnrollment */
static const struct member enrolment[] = {
    { "registrationId", USE_NAME, NULL, NULL },
    { "deviceId", USE_OTHER, NULL, NULL },
    { "provisioningStatus", USE_ENABLED, NULL, NULL },
    { "initialTwin", USE_INSIDE, twin, NULL },
    { "attestation", USE_PASSED, NULL, NULL },
    { "capabilities", USE_PASSED, NULL, NULL },
    { "iotHubHostName", USE_PASSED, NULL, NULL },
    { "iotHubs", USE_PASSED, NULL, NULL },
    { "allocationPolicy", USE_PASSED, NULL, NULL },
    { "customAllocationDefinition", USE_PASSED, NULL, NULL },
    { "reprovisionPolicy", USE_PASSED, NULL, NULL },
    { "optionalDeviceInformation", USE_PASSED, NULL, NULL },
    { "registrationState", USE_PASSED, NULL, NULL },
    { "createdDateTimeUtc", USE_PASSED, NULL, NULL },
    { "lastUpdatedDateTimeUtc", USE_PASSED, NULL, NULL },
    { "etag", USE_PASSED, NULL, NULL },
    { NULL, 0, NULL, NULL },
};

/* ExportImportDevice, and with "deviceId" what lists of devices have. */
static const struct member identity[] = {
    { "id", USE_NAME, NULL, NULL },
    { "deviceId", USE_NAME, NULL, NULL },
    { "status", USE_ENABLED, NULL, NULL },
    { "importMode", USE_MAKES, NULL, NULL },
    { "moduleId", USE_NEVER, NULL, "it is a module, and no device" },
    { "tags", USE_VALUES, NULL, NULL },
    { "properties", USE_PASSED, NULL, NULL },
    { "authentication", USE_PASSED, NULL, NULL },
    { "authenticationType", USE_PASSED, NULL, NULL },
    { "x509Thumbprint", USE_PASSED, NULL, NULL },
    { "capabilities", USE_PASSED, NULL, NULL },
    { "statusReason", USE_PASSED, NULL, NULL },
    { "statusUpdatedTime", USE_PASSED, NULL, NULL },
    { "statusUpdateTime", USE_PASSED, NULL, NULL },
    { "connectionState", USE_PASSED, NULL, NULL },
    { "connectionStateUpdatedTime", USE_PASSED, NULL, NULL },
    { "lastActivityTime", USE_PASSED, NULL, NULL },
    { "cloudToDeviceMessageCount", USE_PASSED, NULL, NULL },
    { "deviceScope", USE_PASSED, NULL, NULL },
    { "parentScopes", USE_PASSED, NULL, NULL },
    { "generationId", USE_PASSED, NULL, NULL },
    { "modelId", USE_PASSED, NULL, NULL },
    { "version", USE_PASSED, NULL, NULL },
    { "eTag", USE_PASSED, NULL, NULL },
    { "etag", USE_PASSED, NULL, NULL },
    { "deviceEtag", USE_PASSED, NULL, NULL },
    { "twinETag", USE_PASSED, NULL, NULL },
    { NULL, 0, NULL, NULL },
};

/* A row on its way. */
struct reading {
    struct intake *intake;
    struct ca_batch_row *row;
    struct bm_bytes device; /* its name */
    unsigned depth;         /* of objects within `tags` and the like */
};

static struct bm_bytes text_of(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* Say that the row is wrong at `path`; false. What is too long for a column
 * stands before the words. */
static bool blame(struct reading *r, const char *path, const char *words)
{
    const char *shown = intake_is_text(text_of(path)) ? path : "?";
    bool fits = strlen(shown) < STORE_PLACE_NAME_MAX;

    (void)!intake_wrong(r->intake, r->row, fits ? shown : "", "%s%s%s",
                        fits ? "" : shown, fits ? "" : ": ", words);
    return false;
}

/* What intake.c said of it, at `path`. */
static bool blame_again(struct reading *r, const char *path)
{
    char words[STORE_NAME_MAX];

    (void)snprintf(words, sizeof words, "%s", r->intake->words);
    return blame(r, path, words);
}

/* ---- Names of values */

/* hardware_id, HardwareId and hardware-id are one: letters of either case, and
 * what is between words does not count. */
static bool is_same_name(const char *a, const char *b)
{
    for (;;) {
        char x;

        while (*a == '-' || *a == '_') {
            a++;
        }
        while (*b == '-' || *b == '_') {
            b++;
        }
        x = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
        if (x != *b) {
            return false;
        }
        if (x == '\0') {
            return true;
        }
        a++;
        b++;
    }
}

static const struct ca_attribute_kind *kind_of(const char *path)
{
    if (is_same_name(path, "serialnumber")) {
        path = "serial";
    }
    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->name != NULL; k++) {
        if (k->kind != CA_ATTRIBUTE_LABEL && is_same_name(path, k->name)) {
            return k;
        }
    }
    return NULL;
}

/* Names of labels are in lower case; an export wrote '/' where a key of a twin
 * has no '.'. False: it is no name of one. */
static bool label_of(const char *path, char name[CA_ATTRIBUTE_NAME_MAX])
{
    struct store_attribute row;
    const struct bm_bytes none = { NULL, 0 };
    size_t n;

    if (strncmp(path, "label.", 6) == 0) {
        path += 6;
    }
    n = (size_t)snprintf(name, CA_ATTRIBUTE_NAME_MAX, "label.%s", path);
    if (n >= CA_ATTRIBUTE_NAME_MAX) {
        return false;
    }
    for (char *p = name; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            *p = (char)(*p - 'A' + 'a');
        } else if (*p == '/') {
            *p = '.';
        }
    }
    return ca_attribute_make(text_of(name), none, &row, NULL) == BM_OK;
}

/* Has the row a line of this name? Two members can come to the same. */
static bool has_line(const struct intake *intake, const char *name)
{
    const size_t n = strlen(name);
    const uint8_t *p = intake->csr;
    const uint8_t *end = p + intake->text_n;

    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        p++;
        if ((size_t)(end - p) > n && memcmp(p, name, n) == 0 && p[n] == '=') {
            return true;
        }
    }
    return false;
}

/* ---- Values */

static bool put_value(struct reading *r, const char *path, const char *name,
                      struct bm_bytes value)
{
    if (has_line(r->intake, name)) {
        return blame(r, path, "another member of the row says it already");
    }
    return intake_add_value(r->intake, r->row, name, value) ||
           blame_again(r, path);
}

/* Several in one string: AWS IoT has no lists, and IDs have no commas. */
static bool put_listed(struct reading *r, const char *path, const char *name,
                       struct bm_bytes value)
{
    char lines[1024];

    if (value.n > sizeof lines) {
        return blame(r, path, "it is too long");
    }
    memcpy(lines, value.p, value.n);
    for (size_t i = 0; i < value.n; i++) {
        if (lines[i] == ',') {
            lines[i] = '\n';
        }
    }
    return put_value(r, path, name,
                     (struct bm_bytes){ (const uint8_t *)lines, value.n });
}

static bool put_text(struct reading *r, const char *path, const char *within,
                     struct bm_bytes value)
{
    const struct ca_attribute_kind *kind = kind_of(within);
    char label[CA_ATTRIBUTE_NAME_MAX];

    if (value.n == 0 || (kind != NULL && kind->kind == CA_ATTRIBUTE_FIRMWARE)) {
        return true; /* that the device says, and nobody else */
    }
    if (memchr(value.p, '\n', value.n) != NULL) {
        return blame(r, path, "not text in one line");
    }
    if (kind != NULL) {
        return kind->most > 1 ? put_listed(r, path, kind->name, value)
                              : put_value(r, path, kind->name, value);
    }
    return label_of(within, label)
               ? put_value(r, path, label, value)
               : blame(r, path,
                       "no name of a label: up to 63 of a-z 0-9 . _ -");
}

/* A list is of what a device can have several of. */
static bool put_list(struct reading *r, const char *path, const char *within,
                     json_t *list)
{
    const struct ca_attribute_kind *kind = kind_of(within);
    char lines[1024];
    const json_t *item;
    size_t n = 0;
    size_t i;

    if (kind == NULL || kind->most == 1) {
        return blame(r, path, "a list, and a device has one of it at most");
    }
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item);

        if (text == NULL || strchr(text, '\n') != NULL ||
            strlen(text) + 1 > sizeof lines - n) {
            return blame(r, path, "not a list of short strings");
        }
        n += (size_t)snprintf(lines + n, sizeof lines - n, "%s%s",
                              n == 0 ? "" : "\n", text);
    }
    return n == 0 || put_value(r, path, kind->name,
                               (struct bm_bytes){ (uint8_t *)lines, n });
}

/* As JSON writes it. */
static bool put_number(struct reading *r, const char *path, const char *within,
                       json_t *value)
{
    char text[64];
    size_t n = json_dumpb(value, text, sizeof text,
                          JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

    return n > sizeof text
               ? blame(r, path, "a number that is too long")
               : put_text(r, path, within,
                          (struct bm_bytes){ (const uint8_t *)text, n });
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than DEPTH_MAX */
/*
 * The values of an object. Where one is an object itself, its members are
 * named with a dot: that is what labels may have in their names. `path` is
 * told to people, `path + at` is the name.
 */
static bool put_values(struct reading *r, char path[PLACE_MAX], size_t at,
                       json_t *object);

static bool put_any(struct reading *r, char path[PLACE_MAX], size_t at,
                    json_t *value)
{
    const char *within = path + at;

    switch (json_typeof(value)) {
    case JSON_NULL:
        return true;
    case JSON_OBJECT:
        /* ours: labels are in an object of their own */
        return put_values(r, path,
                          strcmp(within, "labels") == 0 ? strlen(path) + 1 : at,
                          value);
    case JSON_ARRAY:
        return put_list(r, path, within, value);
    case JSON_STRING:
        return put_text(r, path, within, text_of(json_string_value(value)));
    default:
        return put_number(r, path, within, value);
    }
}

static bool put_values(struct reading *r, char path[PLACE_MAX], size_t at,
                       json_t *object)
{
    const size_t n = strlen(path);
    const char *key;
    json_t *value;

    if (!json_is_object(object)) {
        return json_is_null(object) || blame(r, path, "not an object");
    }
    if (++r->depth > DEPTH_MAX) {
        return blame(r, path, "objects are too deep in each other");
    }
    json_object_foreach(object, key, value)
    {
        int more =
            snprintf(path + n, PLACE_MAX - n, "%s%s", n == 0 ? "" : ".", key);

        if (more < 0 || (size_t)more >= PLACE_MAX - n) {
            path[n] = '\0';
            return blame(r, path, "a name in it is too long");
        }
        /* $version and $metadata are the twin's own */
        if (key[0] != '$' && !put_any(r, path, at, value)) {
            return false;
        }
    }
    path[n] = '\0';
    r->depth--;
    return true;
}
/* NOLINTEND(misc-no-recursion) */

/* ---- Members */

static bool take_enabled(struct reading *r, const char *name, json_t *value)
{
    const char *text = json_string_value(value);

    /* An expected device may enrol: nobody says so by a file in which it may
     * not connect. */
    return json_is_null(value) ||
           (text != NULL && strcmp(text, "enabled") == 0) ||
           blame(r, name, "not enabled: what is expected may enrol");
}

static bool take_makes(struct reading *r, const char *name, json_t *value)
{
    const char *text = json_string_value(value);

    return json_is_null(value) ||
           (text != NULL && strncmp(text, "delete", 6) != 0) ||
           blame(r, name, "it takes the device away");
}

static bool take_other(struct reading *r, const char *name, json_t *value)
{
    const char *text = json_string_value(value);

    if (text == NULL) {
        return json_is_null(value) || blame(r, name, "not a string");
    }
    return bm_bytes_equal(text_of(text), r->device) ||
           put_text(r, name, "device-id", text_of(text));
}

/* NOLINTBEGIN(misc-no-recursion): as deep as tables are in each other, two */
static bool take_object(struct reading *r, json_t *object,
                        const struct member *table);

static bool take_member(struct reading *r, const char *name, json_t *value,
                        const struct member *member)
{
    char path[PLACE_MAX] = "";

    switch (member->use) {
    case USE_NAME: /* two that differ are two devices */
        return (json_is_string(value) &&
                bm_bytes_equal(text_of(json_string_value(value)), r->device)) ||
               blame(r, name, "not the name that the row has already");
    case USE_PASSED:
        return true;
    case USE_OTHER:
        return take_other(r, name, value);
    case USE_MODEL:
        return json_is_null(value) ||
               (json_is_string(value)
                    ? put_text(r, name, "model",
                               text_of(json_string_value(value)))
                    : blame(r, name, "not a string"));
    case USE_ENABLED:
        return take_enabled(r, name, value);
    case USE_MAKES:
        return take_makes(r, name, value);
    case USE_NEVER:
        return json_is_null(value) || blame(r, name, member->words);
    case USE_VALUES:
        (void)snprintf(path, sizeof path, "%s", name);
        return member->name == NULL
                   ? put_any(r, path, 0, value)
                   : put_values(r, path, strlen(path) + 1, value);
    case USE_INSIDE:
        return json_is_null(value) ||
               (json_is_object(value) ? take_object(r, value, member->inside)
                                      : blame(r, name, "not an object"));
    default:
        return blame(r, name, "no member of this format");
    }
}

static bool take_object(struct reading *r, json_t *object,
                        const struct member *table)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        const struct member *m = table;

        while (m->name != NULL && strcmp(m->name, key) != 0) {
            m++;
        }
        if (!take_member(r, key, value, m)) {
            return false;
        }
    }
    return true;
}
/* NOLINTEND(misc-no-recursion) */

/* Its name comes first, wherever it stands. */
static bool take_device(struct reading *r, json_t *object,
                        const struct member *table)
{
    const char *name = NULL;

    for (const struct member *m = table; m->name != NULL && name == NULL; m++) {
        if (m->use == USE_NAME) {
            name = json_string_value(json_object_get(object, m->name));
        }
    }
    r->device = text_of(name == NULL ? "" : name);
    if (!intake_begin_device(r->intake, r->row, r->device)) {
        return blame_again(r, table->name);
    }
    return take_object(r, object, table);
}

static const struct member *table_of(enum intake_kind kind, json_t *object)
{
    switch (kind) {
    case INTAKE_AZURE_DPS:
        return enrolment;
    case INTAKE_AZURE_HUB:
        return identity;
    default:
        return json_object_get(object, "thingName") != NULL ? thing
                                                            : parameters;
    }
}

bm_status intake_fill_cloud(struct intake *intake, json_t *object,
                            struct ca_batch_row *row)
{
    struct reading r = { .intake = intake, .row = row };

    if (take_device(&r, object, table_of(intake->kind, object))) {
        intake_end_device(intake, row);
    }
    return BM_OK;
}
