/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"
#include "cli/listing.h"
#include "cli/pages.h"
#include "cli/text.h"

enum {
    OPTION_JSON = 1,
    OPTION_ROWS
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--rows", "STATE", "its rows that are wrong, skipped, refused, ...",
      OPTION_ROWS },
    { "--json", NULL, "as JSON", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark batch show", "[--dir DIR] [--rows STATE] [--json] ID",
    "Show a batch: how far it came, and its history. With --rows, its rows in\n"
    "one state: waiting, issued, skipped, wrong, or refused.\n",
    options
};

struct given {
    struct session_place place;
    const char *rows;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_ROWS, ARGS_TEXT, offsetof(struct given, rows), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "row", 8, NULL },    { "device", 24, "file" }, { "column", 8, NULL },
    { "reason", 0, NULL }, { NULL, 0, NULL },
};

static int show_rows(struct session *s, const struct given *given, uint64_t id)
{
    const struct listing listing = { given->json, columns };
    json_t *params = json_object();

    session_set_int(params, "batch", id);
    session_set_text(params, "state", given->rows);
    return pages_print(s, "listBatchRows", params, &listing);
}

static int show(struct session *s, const struct given *given, uint64_t id)
{
    static const struct tree t;
    struct ca_refusal why = { .status = BM_OK };
    const struct listing listing = { .json = true };
    json_t *params = json_object();
    json_t *batch;
    bm_status rc;
    int code;

    session_set_int(params, "batch", id);
    code = session_call(s, "showBatch", params, &batch);
    if (code != CMD_OK) {
        return code;
    }
    if (given->json) {
        rc = listing_print(&listing, &t, batch);
    } else {
        rc = text_print(stdout, batch, 0);
        json_decref(batch);
    }
    return session_result(s, rc, &why);
}

int cmd_batch_show(int argc, char **argv)
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
                                     .act = CA_ACT_BATCH_READ };
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
        rc = given.rows != NULL ? show_rows(&s, &given, id)
                                : show(&s, &given, id);
    }
    session_close(&s);
    return rc;
}
