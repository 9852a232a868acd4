/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "cli/pages.h"
#include "cli/stored.h"

enum {
    OPTION_JSON = STORED_OPTIONS_END
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    STORED_OPTIONS,
    { "--json", NULL, "one JSON object per certificate and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark cert list", "[--dir DIR] [OPTION]...",
    "List certificates that were issued here: serial number, status, end,\n"
    "profile, and the device or subject.\n",
    options
};

struct given {
    struct session_place place;
    struct stored_filter filter;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    STORED_ROWS(offsetof(struct given, filter)),
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "serial_number", 32, NULL }, { "status", 9, NULL },
    { "not_after", 20, NULL },     { "profile", 22, NULL },
    { "device", 0, "subject" },    { NULL, 0, NULL },
};

/* What is printed, and the id of the last one. */
struct list {
    struct listing listing;
    json_int_t last;
};

static bm_status print(void *arg, json_t *cert)
{
    struct list *list = arg;

    list->last = json_integer_value(json_object_get(cert, "id"));
    return pages_print_one(&list->listing, cert);
}

static json_t *filter_params(const struct stored_filter *filter)
{
    json_t *params = json_object();

    session_set_text(params, "profile", filter->profile);
    session_set_text(params, "ca", filter->ca);
    session_set_text(params, "device", filter->device);
    session_set_text(params, "status", filter->status);
    session_set_time(params, "expires_before", filter->expires_before);
    if (filter->newest) {
        session_set_flag(params, "newest");
    }
    return params;
}

static int run(struct session *s, const struct given *given)
{
    struct list list = { .listing = { given->json, columns } };
    char after[24];
    struct pages pages = { .session = s,
                           .operation = "listCertificates",
                           .params = filter_params(&given->filter),
                           .limit = given->filter.limit,
                           .arg = &list,
                           .one = print };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    if (given->filter.after != 0) {
        (void)snprintf(after, sizeof after, "%" PRIu64, given->filter.after);
        pages.after = after;
    }
    rc = pages_walk(&pages, &why);
    if (rc == BM_OK && pages.more) {
        fprintf(stderr,
                "%s: there are more: --after %" JSON_INTEGER_FORMAT "\n",
                s->path, list.last);
    }
    return session_result(s, rc, &why);
}

int cmd_cert_list(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_CERT_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = stored_check(&given.filter, verb.path);
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
