/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

enum {
    OPTION_DEVICE = 1,
    OPTION_JSON,
    OPTION_BATCH,
    OPTION_FROM,
    OPTION_BEFORE,
    OPTION_BY /* the first of `by` */
};

/* What devices are found by, in the order of `by`. */
#define BY(name, place, words)                   \
    {                                            \
        name, "TEXT", words, OPTION_BY + (place) \
    }

static const struct cmd_option list_options[] = {
    SESSION_OPTIONS,
    BY("--state", 0,
       "expected, born, active, suspended, revoked, retired, transferred"),
    BY("--serial", 1, "with this serial number"),
    BY("--hardware-id", 2, "with this id of its chip"),
    BY("--mac", 3, "with this MAC address, in any form"),
    BY("--imei", 4, "with this IMEI"),
    BY("--uuid", 5, "with this UUID"),
    BY("--secure-element", 6, "with the secure element of this id"),
    BY("--tpm", 7, "with the TPM of this id"),
    BY("--model", 8, "of this model"),
    BY("--lot", 9, "of this lot"),
    BY("--hardware-version", 10, "with a board of this version"),
    BY("--firmware", 11, "that say they run this version"),
    BY("--key-method", 12, "whose key was made so"),
    BY("--key-transfer", 13, "whose key or certificate was transferred so"),
    BY("--key-site", 14, "whose key was made there"),
    { "--label", "NAME=VALUE", "with this label", OPTION_BY + 15 },
    { "--batch", "ID", "with a certificate of this batch", OPTION_BATCH },
    { "--expires-from", "TIME", "with a certificate that ends then or later",
      OPTION_FROM },
    { "--expires-before", "TIME", "... or before: 2031-02-03, or 90d from now",
      OPTION_BEFORE },
    { "--json", NULL, "one JSON object per device and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_option events_options[] = {
    SESSION_OPTIONS,
    { "--device", "NAME", "of this device alone", OPTION_DEVICE },
    { "--json", NULL, "one JSON object per event and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb list_verb = {
    "birthmark device list", "[--dir DIR] [OPTION...] [--json]",
    "List devices in the order in which they became known: state, when that\n"
    "changed, and name. With options, those that have all of what is named;\n"
    "those whose certificates end in some time, by when that is.\n",
    list_options
};

static const struct cmd_verb events_verb = {
    "birthmark device events", "[--dir DIR] [--device NAME] [--json]",
    "List events, the newest first: clones that gave themselves away, the\n"
    "misuse of keys. Each is written down once.\n",
    events_options
};

/* Parameters of the operation. */
static const char *const by[] = {
    "state",      "serial",       "hardware_id",      "mac",
    "imei",       "uuid",         "secure_element",   "tpm",
    "model",      "lot",          "hardware_version", "firmware",
    "key_method", "key_transfer", "key_site",         "label",
};
#define BY_N (sizeof by / sizeof by[0])

struct given {
    struct session_place place;
    const char *device;
    bool json;
    const char *by[BY_N];
    uint64_t batch;
    int64_t from;
    int64_t before;
};

#define BY_ROW(i)                                                        \
    {                                                                    \
        OPTION_BY + (i), ARGS_TEXT, offsetof(struct given, by[i]), false \
    }

static const struct args_row list_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    BY_ROW(0),
    BY_ROW(1),
    BY_ROW(2),
    BY_ROW(3),
    BY_ROW(4),
    BY_ROW(5),
    BY_ROW(6),
    BY_ROW(7),
    BY_ROW(8),
    BY_ROW(9),
    BY_ROW(10),
    BY_ROW(11),
    BY_ROW(12),
    BY_ROW(13),
    BY_ROW(14),
    BY_ROW(15),
    { OPTION_BATCH, ARGS_NUMBER, offsetof(struct given, batch), false },
    { OPTION_FROM, ARGS_WHEN, offsetof(struct given, from), false },
    { OPTION_BEFORE, ARGS_WHEN, offsetof(struct given, before), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row events_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column list_columns[] = {
    { "state", 9, NULL },
    { "changed", 20, NULL },
    { "name", 0, NULL },
    { NULL, 0, NULL },
};

static const struct listing_column events_columns[] = {
    { "at", 20, NULL },  { "event", 12, NULL }, { "source", 7, NULL },
    { "text", 0, NULL }, { NULL, 0, NULL },
};

static int list_devices(struct session *s, const struct given *given)
{
    const struct listing listing = { given->json, list_columns };
    json_t *params = json_object();

    for (size_t i = 0; i < BY_N; i++) {
        session_set_text(params, by[i], given->by[i]);
    }
    if (given->batch != 0) {
        session_set_int(params, "batch", given->batch);
    }
    if (given->from != 0) {
        session_set_time(params, "expires_from", given->from);
    }
    if (given->before != 0) {
        session_set_time(params, "expires_before", given->before);
    }
    return pages_print(s, "listDevices", params, &listing);
}

static int list_events(struct session *s, const struct given *given)
{
    const struct listing listing = { given->json, events_columns };
    json_t *params = json_object();

    session_set_text(params, "device", given->device);
    return pages_print(
        s, given->device != NULL ? "listDeviceEvents" : "listEvents", params,
        &listing);
}

static int
read_and_run(struct args *args, int argc, char **argv, enum ca_act act,
             int (*list)(struct session *s, const struct given *given))
{
    struct given *given = args->into;
    struct session_config config = { .path = args->verb->path,
                                     .place = &given->place,
                                     .mode = INSTANCE_READ,
                                     .act = act };
    struct session s;
    int rc;

    if (!args_read(args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = list(&s, given);
    }
    session_close(&s);
    return rc;
}

int cmd_device_list(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &list_verb,
                         .rows = list_rows,
                         .into = &given };

    return read_and_run(&args, argc, argv, CA_ACT_DEVICE_READ, list_devices);
}

int cmd_device_events(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &events_verb,
                         .rows = events_rows,
                         .into = &given };

    return read_and_run(&args, argc, argv, CA_ACT_EVENT_READ, list_events);
}
