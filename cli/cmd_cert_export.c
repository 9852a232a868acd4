/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/stored.h"

enum {
    OPTION_DIR = STORED_OPTIONS_END,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    STORED_OPTIONS,
    { "--out", "FILE", "a new file instead of standard output", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark cert export", "[--dir DIR] [OPTION]...",
    "Write certificates that were issued here, in PEM. Options choose which,\n"
    "as in cert list.\n",
    options
};

struct given {
    const char *dir;
    struct stored_filter filter;
    const char *out;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    STORED_ROWS(offsetof(struct given, filter)),
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { 0, ARGS_FLAG, 0, false },
};

struct export
{
    struct output *output;
    uint64_t n;
    bool shown; /* somebody watches */
    time_t told;
};

static void show_progress(struct export *e)
{
    time_t now = time(NULL);

    if (e->shown && now != e->told) {
        e->told = now;
        fprintf(stderr, "\r%" PRIu64 " certificates", e->n);
    }
}

/* An abandoned certificate was never handed out: there is nothing to write. */
static bm_status put(void *arg, const struct store_cert *cert)
{
    struct export *e = arg;

    if (cert->der.n != 0) {
        output_pem(e->output, "CERTIFICATE", cert->der);
        e->n++;
        show_progress(e);
    }
    return e->output->error != 0 ? BM_E_IO : BM_OK;
}

static int run(struct session *s, const struct given *given,
               struct output *output)
{
    struct export e = { .output = output, .shown = isatty(STDERR_FILENO) != 0 };
    struct stored_walk walk = {
        .session = s, .filter = &given->filter, .arg = &e, .one = put
    };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = stored_walk(&walk, &why);

    fputs(e.told != 0 ? "\r" : "", stderr);
    if (output->error != 0) {
        return output_finish(output); /* says what it was */
    }
    if (rc != BM_OK) {
        return session_result(s, rc, &why);
    }
    fprintf(stderr, "%s: %" PRIu64 " written\n", s->path, e.n);
    if (walk.more) {
        fprintf(stderr, "%s: there are more: --after %" PRIu64 "\n", s->path,
                walk.last);
    }
    return output_finish(output);
}

int cmd_cert_export(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_CERT_READ };
    struct session s;
    struct output output;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = stored_check(&given.filter, verb.path);
    if (rc != CMD_OK) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = output_open(&output, verb.path, given.out);
        if (rc == CMD_OK) {
            rc = run(&s, &given, &output);
            output_drop(&output);
        }
    }
    session_close(&s);
    return rc;
}
