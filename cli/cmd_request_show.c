/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"
#include "cli/listing.h"
#include "cli/text.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--json", NULL, "as a JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark request show", "[--dir DIR] [--json] ID",
    "Show a request with the certification request that came with it, for\n"
    "birthmark cert show -.\n",
    options
};

struct given {
    struct session_place place;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* The certification request comes last, as a block of its own. */
static bm_status print_text(json_t *request)
{
    json_t *csr = json_incref(json_object_get(request, "csr"));
    bm_status rc;

    (void)json_object_del(request, "csr");
    rc = text_print(stdout, request, 0);
    if (json_is_string(csr)) {
        fputs(json_string_value(csr), stdout);
    }
    json_decref(csr);
    return rc;
}

static int show(struct session *s, const struct given *given, uint64_t id)
{
    static const struct tree t;
    struct ca_refusal why = { .status = BM_OK };
    const struct listing listing = { .json = true };
    json_t *params = json_object();
    json_t *request;
    bm_status rc;
    int code;

    session_set_int(params, "request", id);
    code = session_call(s, "showRequest", params, &request);
    if (code != CMD_OK) {
        return code;
    }
    if (given->json) {
        rc = listing_print(&listing, &t, request);
    } else {
        rc = print_text(request);
        json_decref(request);
    }
    return session_result(s, rc, &why);
}

int cmd_request_show(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_REQUEST_READ };
    struct session s;
    uint64_t id;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (!each_read_number(args.words[0], &id)) {
        return cmd_usage_error(verb.path, "'%.40s' is no number",
                               args.words[0]);
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = show(&s, &given, id);
    }
    session_close(&s);
    return rc;
}
