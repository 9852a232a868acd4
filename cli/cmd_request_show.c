/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"
#include "cli/text.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("as a JSON object"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark request show", "[--dir DIR] [--json] ID",
    "Show a request with the certification request that came with it, for\n"
    "birthmark cert show -.\n",
    options
};

/* The certification request comes last, as a block of its own. */
static bm_status print(json_t *request)
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

int cmd_request_show(int argc, char **argv)
{
    static const struct ask_param params[] = { { "request", true },
                                               { NULL, false } };
    static const struct ask ask = { .verb = &verb,
                                    .operation = "showRequest",
                                    .act = CA_ACT_REQUEST_READ,
                                    .words_name = "ID",
                                    .print = print,
                                    .params = params,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}
