/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/each.h"
#include "cli/listing.h"
#include "cli/pages.h"
#include "cli/text.h"

enum {
    OPTION_JSON = 1,
    OPTION_ROWS,
    OPTION_AFTER,
    OPTION_LIMIT
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--rows", "STATE", "its rows that are waiting, wrong, ...; or all",
      OPTION_ROWS },
    { "--after", "ROW", "rows behind this one", OPTION_AFTER },
    { "--limit", "N", "so many of them at most", OPTION_LIMIT },
    { "--json", NULL, "as JSON", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark batch show",
    "[--dir DIR] [--rows STATE [--after ROW] [--limit N]] [--json] ID",
    "Show a batch: how far it came, and its history. With --rows, its rows in\n"
    "one state, or all: number, state, device, and the subject that is asked\n"
    "for, or why there is no certificate. Who approves a batch looks at those\n"
    "that are waiting. States: waiting, issued, skipped, wrong, refused.\n",
    options
};

struct given {
    struct session_place place;
    const char *rows;
    uint64_t after;
    uint64_t limit;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_ROWS, ARGS_TEXT, offsetof(struct given, rows), false },
    { OPTION_AFTER, ARGS_NUMBER, offsetof(struct given, after), false },
    { OPTION_LIMIT, ARGS_NUMBER, offsetof(struct given, limit), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "row", 8, NULL },    { "state", 8, NULL },       { "device", 24, "file" },
    { "column", 8, NULL }, { "subject", 0, "reason" }, { NULL, 0, NULL },
};

struct row_list {
    struct listing listing;
    json_int_t last;
};

static bm_status print_row(void *arg, json_t *item)
{
    struct row_list *list = arg;

    list->last = json_integer_value(json_object_get(item, "row"));
    return pages_print_one(&list->listing, item);
}

static int show_rows(struct session *s, const struct given *given, uint64_t id)
{
    struct row_list list = { .listing = { given->json, columns } };
    char after[24];
    struct pages pages = { .session = s,
                           .operation = "listBatchRows",
                           .params = json_object(),
                           .limit = given->limit,
                           .arg = &list,
                           .one = print_row };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    session_set_int(pages.params, "batch", id);
    if (strcmp(given->rows, "all") != 0) {
        session_set_text(pages.params, "state", given->rows);
    }
    if (given->after != 0) {
        (void)snprintf(after, sizeof after, "%" PRIu64, given->after);
        pages.after = after;
    }
    rc = pages_walk(&pages, &why);
    if (rc == BM_OK && pages.more) {
        fprintf(stderr,
                "%s: there are more: --after %" JSON_INTEGER_FORMAT "\n",
                verb.path, list.last);
    }
    return session_result(s, rc, &why);
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
