/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/instance.h"
#include "cli/single.h"

enum {
    OPTION_FILE = 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--file", "FILE", "with a serial number on each line", OPTION_FILE },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark manufacturer expect",
    "[--dir DIR] [--file FILE] NAME [SERIAL]...",
    "Say which devices of a manufacturer will come, by the serial numbers in\n"
    "their IDevIDs. Those that were said before stay.\n",
    options
};

struct given {
    struct session_place place;
    const char *file;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_FILE, ARGS_TEXT, offsetof(struct given, file), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Serial numbers that go at a time: in JSON they fit into a request. */
#define PIECE 5000

struct run {
    struct session session;
    struct single file;
    const char *name;
    json_t *serials; /* that wait */
};

static int put_some(struct run *run)
{
    json_t *params = json_object();
    json_t *result;
    int rc;

    session_set_text(params, "manufacturer", run->name);
    (void)json_object_set_new(params, "serials", run->serials);
    run->serials = json_array();
    rc = session_call(&run->session, "expectDevices", params, &result);
    json_decref(result);
    return rc;
}

static int add(struct run *run, struct bm_bytes serial)
{
    json_t *text = json_stringn((const char *)serial.p, serial.n);

    if (text == NULL || json_array_append_new(run->serials, text) != 0) {
        return refusal_print_act(verb.path, BM_E_ARGUMENT, NULL);
    }
    return json_array_size(run->serials) == PIECE ? put_some(run) : CMD_OK;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Lines of white space alone say nothing. */
static int add_line(struct run *run, struct bm_bytes line)
{
    while (line.n != 0 && is_space(line.p[0])) {
        line.p++;
        line.n--;
    }
    while (line.n != 0 && is_space(line.p[line.n - 1])) {
        line.n--;
    }
    return line.n == 0 ? CMD_OK : add(run, line);
}

static int add_file(struct run *run)
{
    struct bm_bytes left = run->file.der;
    int rc = CMD_OK;

    while (rc == CMD_OK && left.n != 0) {
        const uint8_t *end = memchr(left.p, '\n', left.n);
        size_t n = end != NULL ? (size_t)(end - left.p) : left.n;

        rc = add_line(run, (struct bm_bytes){ left.p, n });
        n += end != NULL;
        left.p += n;
        left.n -= n;
    }
    return rc;
}

static int act(struct run *run, const struct args *args)
{
    int rc;

    run->name = args->words[0];
    run->serials = json_array();
    rc = add_file(run);
    for (int i = 1; rc == CMD_OK && i < args->words_n; i++) {
        rc = add(run, (struct bm_bytes){ (const uint8_t *)args->words[i],
                                         strlen(args->words[i]) });
    }
    if (rc == CMD_OK && json_array_size(run->serials) != 0) {
        rc = put_some(run);
    }
    json_decref(run->serials);
    return rc == CMD_OK ? session_publish(&run->session) : rc;
}

int cmd_manufacturer_expect(int argc, char **argv)
{
    struct given given = { .file = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = argc };
    const struct session_config config = { .path = verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_MANUFACTURER_EXPECT };
    struct run run = { .name = NULL };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (given.file == NULL && args.words_n < 2) {
        return cmd_usage_error(verb.path, "--file, or serial numbers");
    }
    rc = given.file != NULL ? single_read_raw(&run.file, given.file) : CMD_OK;
    if (rc == CMD_OK) {
        rc = session_open(&run.session, &config);
    }
    if (rc == CMD_OK) {
        rc = act(&run, &args);
    }
    session_close(&run.session);
    single_free(&run.file);
    return rc;
}
