/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/transfer.h"
#include "cli/diag.h"
#include "cli/pages.h"
#include "cli/single.h"

enum {
    OPTION_TO = 1,
    OPTION_FILE,
    OPTION_BATCH,
    OPTION_MODEL,
    OPTION_LOT,
    OPTION_LABEL,
    OPTION_KEEP,
    OPTION_LABELS,
    OPTION_FOR,
    OPTION_WORDS,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--to", "ORG", "number of the organisation", OPTION_TO },
    { "--file", "FILE", "with a name of a device on each line", OPTION_FILE },
    { "--batch", "ID", "devices with a certificate of this batch",
      OPTION_BATCH },
    { "--model", "TEXT", "devices of this model", OPTION_MODEL },
    { "--lot", "TEXT", "devices of this lot", OPTION_LOT },
    { "--label", "NAME=VALUE", "devices with this label", OPTION_LABEL },
    { "--keep-certificates", NULL, "yours stay good until they end",
      OPTION_KEEP },
    { "--with-labels", NULL, "labels go with them", OPTION_LABELS },
    { "--for", "DURATION", "how long it is open (14d)", OPTION_FOR },
    { "--words", "TEXT", "for people on the other side", OPTION_WORDS },
    { "--json", NULL, "as a JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark transfer offer",
    "[--dir DIR] --to ORG [--file FILE] [--batch ID] [--model TEXT]\n"
    "    [--lot TEXT] [--label NAME=VALUE] [--keep-certificates]\n"
    "    [--with-labels] [--for DURATION] [--words TEXT] [--json]\n"
    "    [DEVICE]...",
    "Offer devices to another organisation of the ecosystem: those that are\n"
    "named, stand in a file, or have all of what is searched for; up to 1000.\n"
    "Whatever cannot change hands is left out of a search. Nothing changes\n"
    "until the other side accepts. The number of the transfer is printed.\n",
    options
};

struct given {
    struct session_place place;
    uint64_t to;
    const char *file;
    uint64_t batch;
    const char *model;
    const char *lot;
    const char *label;
    bool keep;
    bool labels;
    const char *open_for;
    const char *words;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_TO, ARGS_NUMBER, offsetof(struct given, to), true },
    { OPTION_FILE, ARGS_TEXT, offsetof(struct given, file), false },
    { OPTION_BATCH, ARGS_NUMBER, offsetof(struct given, batch), false },
    { OPTION_MODEL, ARGS_TEXT, offsetof(struct given, model), false },
    { OPTION_LOT, ARGS_TEXT, offsetof(struct given, lot), false },
    { OPTION_LABEL, ARGS_TEXT, offsetof(struct given, label), false },
    { OPTION_KEEP, ARGS_FLAG, offsetof(struct given, keep), false },
    { OPTION_LABELS, ARGS_FLAG, offsetof(struct given, labels), false },
    { OPTION_FOR, ARGS_TEXT, offsetof(struct given, open_for), false },
    { OPTION_WORDS, ARGS_TEXT, offsetof(struct given, words), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* ---- Which devices */

struct gathering {
    json_t *names;
    unsigned left_out;
};

/* One more than there can be shows that there are too many. */
static bm_status add(struct gathering *g, json_t *name)
{
    if (json_array_size(g->names) > CA_TRANSFER_MAX) {
        json_decref(name);
        return BM_OK;
    }
    return name != NULL && json_array_append_new(g->names, name) == 0
               ? BM_OK
               : BM_E_MEMORY;
}

/* Lines of white space alone say nothing. */
static bm_status add_line(struct gathering *g, struct bm_bytes line)
{
    while (line.n != 0 &&
           (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' ')) {
        line.n--;
    }
    return line.n == 0 ? BM_OK
                       : add(g, json_stringn((const char *)line.p, line.n));
}

static bm_status add_file(struct gathering *g, struct bm_bytes left)
{
    while (left.n != 0) {
        const uint8_t *end = memchr(left.p, '\n', left.n);
        size_t n = end != NULL ? (size_t)(end - left.p) : left.n;

        BM_TRY(add_line(g, (struct bm_bytes){ left.p, n }));
        n += end != NULL;
        left.p += n;
        left.n -= n;
    }
    return BM_OK;
}

static bool goes(const char *state)
{
    return state != NULL &&
           (strcmp(state, "expected") == 0 || strcmp(state, "born") == 0 ||
            strcmp(state, "active") == 0);
}

static bm_status add_found(void *arg, json_t *device)
{
    struct gathering *g = arg;
    json_t *name = json_object_get(device, "name");
    bm_status rc = BM_OK;

    if (goes(json_string_value(json_object_get(device, "state")))) {
        rc = add(g, json_incref(name));
    } else {
        g->left_out++;
    }
    json_decref(device);
    return rc;
}

static bool searches(const struct given *given)
{
    return given->batch != 0 || given->model != NULL || given->lot != NULL ||
           given->label != NULL;
}

static bm_status add_search(struct session *s, struct gathering *g,
                            const struct given *given, struct ca_refusal *why)
{
    struct pages pages = { .session = s,
                           .operation = "listDevices",
                           .params = json_object(),
                           .arg = g,
                           .one = add_found };

    if (given->batch != 0) {
        session_set_int(pages.params, "batch", given->batch);
    }
    session_set_text(pages.params, "model", given->model);
    session_set_text(pages.params, "lot", given->lot);
    session_set_text(pages.params, "label", given->label);
    return pages_walk(&pages, why);
}

struct run {
    struct session session;
    struct single file;
    struct gathering found;
};

static int gather(struct run *run, const struct given *given,
                  const struct args *args)
{
    struct ca_refusal why = { .status = BM_OK };
    struct gathering *g = &run->found;
    bm_status rc = add_file(g, run->file.der);

    for (int i = 0; rc == BM_OK && i < args->words_n; i++) {
        rc = add(g, json_string(args->words[i]));
    }
    if (rc == BM_OK && searches(given)) {
        rc = add_search(&run->session, g, given, &why);
    }
    if (rc != BM_OK) {
        return session_result(&run->session, rc, &why);
    }
    if (g->left_out != 0) {
        (void)fprintf(stderr,
                      "%s: %u left out, which cannot change hands as they "
                      "are\n",
                      verb.path, g->left_out);
    }
    if (json_array_size(g->names) == 0) {
        (void)fprintf(stderr,
                      "%s: none is left to offer; birthmark device list takes "
                      "the same options and shows what there is\n",
                      verb.path);
        return CMD_FAILED;
    }
    return CMD_OK;
}

/* ---- The offer */

static bool fill(const struct given *given, json_t *params)
{
    int64_t open_for = CA_TRANSFER_LIFE;

    /* A time that is so far from 1970 is a duration. */
    if (given->open_for != NULL &&
        (!args_parse_when(given->open_for, 0, &open_for) || open_for <= 0)) {
        (void)cmd_usage_error(verb.path, "--for takes a duration, like 14d");
        return false;
    }
    session_set_int(params, "receiver", given->to);
    session_set_int(params, "open_for", (uint64_t)open_for);
    session_set_text(params, "certificates", given->keep ? "keep" : NULL);
    session_set_text(params, "words", given->words);
    if (given->labels) {
        (void)json_object_set_new(params, "labels", json_true());
    }
    return true;
}

static int offer(struct run *run, const struct given *given)
{
    const struct listing listing = { .json = true };
    const struct tree t = { false };
    struct ca_refusal why = { .status = BM_OK };
    json_t *params = json_object();
    json_t *made;
    bm_status printed = BM_OK;
    int rc;

    if (!fill(given, params)) {
        json_decref(params);
        return CMD_USAGE;
    }
    (void)json_object_set(params, "devices", run->found.names);
    rc = session_call(&run->session, "offerTransfer", params, &made);
    if (rc != CMD_OK) {
        return rc;
    }
    if (given->json) {
        printed = listing_print(&listing, &t, made);
    } else {
        printf("%" PRIu64 "\n",
               (uint64_t)json_integer_value(json_object_get(made, "id")));
        json_decref(made);
    }
    rc = session_result(&run->session, printed, &why);
    return rc == CMD_OK ? session_publish(&run->session) : rc;
}

int cmd_transfer_offer(int argc, char **argv)
{
    struct given given = { .to = 0 };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "DEVICE",
                         .words_max = argc };
    const struct session_config config = { .path = verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_TRANSFER_OFFER };
    struct run run = { .found = { .left_out = 0 } };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (args.words_n == 0 && given.file == NULL && !searches(&given)) {
        return cmd_usage_error(verb.path,
                               "name devices, a file, or what to search for");
    }
    run.found.names = json_array();
    rc = given.file != NULL ? single_read_raw(&run.file, given.file) : CMD_OK;
    if (rc == CMD_OK) {
        rc = session_open(&run.session, &config);
    }
    if (rc == CMD_OK) {
        rc = gather(&run, &given, &args);
    }
    if (rc == CMD_OK) {
        rc = offer(&run, &given);
    }
    json_decref(run.found.names);
    session_close(&run.session);
    single_free(&run.file);
    return rc;
}
