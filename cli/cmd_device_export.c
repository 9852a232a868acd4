/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/attribute.h"
#include "cli/cloud.h"
#include "cli/pages.h"

enum {
    OPTION_FORMAT = 1,
    OPTION_PROFILE,
    OPTION_LABEL
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--format", "WORD",
      "csv (default), json, aws-iot, azure-dps or azure-hub", OPTION_FORMAT },
    { "--profile", "NAME",
      "certificates of this profile (the newest that is good)",
      OPTION_PROFILE },
    { "--label", "NAME", "aws-iot: this label goes along; repeatable",
      OPTION_LABEL },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark device export", "[--dir DIR] [OPTION]...",
    "Write all devices with what is on record of them, as `birthmark device\n"
    "expect` reads it: a table, or JSON with an object in each line. For\n"
    "other services: parameters of a bulk registration (aws-iot) and\n"
    "individual enrolments (azure-dps), with certificates; identities\n"
    "(azure-hub).\n",
    options
};

struct given {
    struct session_place place;
    const char *format;
    const char *profile;
    struct args_many labels;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_FORMAT, ARGS_TEXT, offsetof(struct given, format), false },
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), false },
    { OPTION_LABEL, ARGS_MANY, offsetof(struct given, labels), false },
    { 0, ARGS_FLAG, 0, false },
};

/* RFC 4180 2.6: in quotes where there is a comma, a quote or a line. */
static void put_field(const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"') {
            putchar('"');
        }
        putchar(*p);
    }
    putchar('"');
}

/* A string; of a list each in a line. */
static void put_value(const json_t *value)
{
    char text[CA_LABELS_MAX * (STORE_ID_MAX + STORE_VALUE_MAX + 2)];
    const json_t *item;
    size_t n = 0;
    size_t i;

    text[0] = '\0';
    if (json_is_string(value)) {
        put_field(json_string_value(value));
        return;
    }
    json_array_foreach(value, i, item)
    {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
                              i == 0 ? "" : "\n", json_string_value(item));
        if (n >= sizeof text) {
            break; /* the store has no more of them */
        }
    }
    put_field(text);
}

/* As the API calls it. */
static void member_of(const char *column, char member[STORE_ID_MAX])
{
    (void)snprintf(member, STORE_ID_MAX, "%s",
                   strcmp(column, "label") == 0 ? "labels" : column);
    for (char *p = strchr(member, '-'); p != NULL; p = strchr(p, '-')) {
        *p = '_';
    }
}

static bm_status put_row(void *arg, json_t *device)
{
    (void)arg;
    put_value(json_object_get(device, "name"));
    putchar(',');
    put_value(json_object_get(device, "state"));
    putchar(',');
    put_value(json_object_get(device, "created"));
    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->name != NULL; k++) {
        char member[STORE_ID_MAX];

        member_of(k->name, member);
        putchar(',');
        put_value(json_object_get(device, member));
    }
    fputs("\r\n", stdout);
    json_decref(device);
    return ferror(stdout) ? BM_E_IO : BM_OK;
}

static int put_table(struct session *s)
{
    struct ca_refusal why = { .status = BM_OK };
    struct pages pages = { .session = s,
                           .operation = "listDevices",
                           .params = json_object(),
                           .one = put_row };

    fputs("device,state,created", stdout);
    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->name != NULL; k++) {
        printf(",%s", k->kind == CA_ATTRIBUTE_LABEL ? "labels" : k->name);
    }
    fputs("\r\n", stdout);
    return session_result(s, pages_walk(&pages, &why), &why);
}

static int run(struct session *s, const struct given *given)
{
    const struct listing listing = { .json = true };
    const struct cloud_config cloud = { .format =
                                            cloud_format_named(given->format),
                                        .profile = given->profile,
                                        .labels = &given->labels };

    if (cloud.format != NULL) {
        return cloud_export(s, &cloud);
    }
    return strcmp(given->format, "json") == 0
               ? pages_print(s, "listDevices", json_object(), &listing)
               : put_table(s);
}

/* What an option is for is said, and not passed over. */
static int check(const struct given *given)
{
    bool own =
        strcmp(given->format, "csv") == 0 || strcmp(given->format, "json") == 0;

    if (!own && cloud_format_named(given->format) == NULL) {
        return cmd_usage_error(verb.path, "--format is csv, json, aws-iot, "
                                          "azure-dps or azure-hub");
    }
    if (given->profile != NULL &&
        (own || strcmp(given->format, "azure-hub") == 0)) {
        return cmd_usage_error(verb.path,
                               "--profile is for aws-iot and azure-dps");
    }
    if (given->labels.n != 0 && strcmp(given->format, "aws-iot") != 0) {
        return cmd_usage_error(verb.path, "--label is for aws-iot");
    }
    return CMD_OK;
}

int cmd_device_export(int argc, char **argv)
{
    struct given given = { .format = "csv" };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_DEVICE_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = check(&given);
    if (rc != CMD_OK) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given);
    }
    session_close(&s);
    return rc;
}
