/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instance.h"
#include "cli/single.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark manufacturer crl", "[--dir DIR] NAME FILE...",
    "Load revocation lists of the CAs of a manufacturer, PEM or DER: complete\n"
    "ones, newer than those that are here. A cron job does well.\n",
    options
};

struct given {
    struct session_place place;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { 0, ARGS_FLAG, 0, false },
};

static int load(struct session *s, const char *name, const char *path)
{
    struct single file = { .file = path };
    json_t *params;
    json_t *result;
    int rc = single_read(&file, path, KIND_CRL);

    if (rc == CMD_OK) {
        params = json_object();
        session_set_text(params, "manufacturer", name);
        session_set_der(params, "crl", file.der);
        rc = session_call(s, "loadManufacturerCRL", params, &result);
        json_decref(result);
    }
    single_free(&file);
    return rc;
}

int cmd_manufacturer_crl(int argc, char **argv)
{
    struct given given = { .place = { .dir = NULL } };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME FILE",
                         .words_min = 2,
                         .words_max = argc };
    const struct session_config config = { .path = verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_MANUFACTURER_EXPECT };
    struct session s;
    int result;
    int rc;

    if (!args_read(&args, argc, argv, &result)) {
        return result;
    }
    result = session_open(&s, &config);
    if (result != CMD_OK) {
        return result;
    }
    for (int i = 1; i < args.words_n; i++) {
        rc = load(&s, args.words[0], args.words[i]);
        result = rc != CMD_OK ? rc : result;
    }
    rc = session_publish(&s);
    result = rc != CMD_OK ? rc : result;
    session_close(&s);
    return result;
}
