/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"
#include "cli/safe.h"
#include "cli/single.h"
#include "core/crl.h"

enum {
    OPTION_IMPORT = 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--import", "FILE", "a list that was made elsewhere, PEM or DER",
      OPTION_IMPORT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca crl", "[--dir DIR] [--import FILE | [ID]...]",
    "Make a new revocation list for the CAs named, or for all whose keys are\n"
    "here, and publish it in crl/, with those of its shards that are due and\n"
    "its delta. With --import: publish one that was made elsewhere, such as\n"
    "that of a cold root. The paths of the complete lists are printed.\n",
    options
};

struct given {
    struct session_place place;
    const char *import;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_IMPORT, ARGS_TEXT, offsetof(struct given, import), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    const struct given *given;
    struct session session;
    struct single file; /* of --import */
    int result;
};

/* Where it is published: with us, or with the server's public_url, which is
 * the server's to know. */
static void print_path(const struct run *run, const char *id)
{
    const char *dir = run->given->place.dir;

    if (run->given->place.url == NULL) {
        safe_print_str(stdout, dir != NULL ? dir : ".");
        fputs("/crl/", stdout);
    }
    safe_print_str(stdout, id);
    fputs(".crl\n", stdout);
}

static int call(struct run *run, const char *operation, json_t *params)
{
    json_t *list;
    int rc = session_call(&run->session, operation, params, &list);

    if (rc == CMD_OK) {
        print_path(run, json_string_value(json_object_get(list, "ca")));
    }
    json_decref(list);
    return rc;
}

static int make_one(struct run *run, const char *id)
{
    json_t *params = json_object();

    session_set_text(params, "ca", id);
    return call(run, "makeCRL", params);
}

static int make_named(struct run *run, const struct args *args)
{
    int result = CMD_OK;

    for (int i = 0; i < args->words_n; i++) {
        int rc = make_one(run, args->words[i]);

        result = rc != CMD_OK ? rc : result;
    }
    return result;
}

/* Those whose keys are there. */
static bm_status make_listed(void *arg, json_t *ca)
{
    struct run *run = arg;
    int rc = CMD_OK;

    if (json_object_get(ca, "key_uri") != NULL) {
        rc = make_one(run, json_string_value(json_object_get(ca, "id")));
    }
    run->result = rc != CMD_OK ? rc : run->result;
    json_decref(ca);
    return BM_OK;
}

static int make_all(struct run *run)
{
    struct pages pages = { .session = &run->session,
                           .operation = "listCAs",
                           .params = json_object(),
                           .arg = run,
                           .one = make_listed };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = pages_walk(&pages, &why);

    return rc == BM_OK ? run->result : session_result(&run->session, rc, &why);
}

static int import_list(struct run *run)
{
    json_t *params = json_object();

    session_set_der(params, "crl", run->file.der);
    return call(run, "loadCRL", params);
}

static int act(struct run *run, const struct args *args)
{
    int result = run->given->import != NULL ? import_list(run)
                 : args->words_n != 0       ? make_named(run, args)
                                            : make_all(run);
    int rc = session_publish(&run->session);

    return result != CMD_OK ? result : rc;
}

static int read_list(struct run *run)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct single *file = &run->file;
    int exit_code = single_read(file, run->given->import, KIND_CRL);
    struct bm_crl crl;
    bm_status rc;

    if (exit_code != CMD_OK) {
        return exit_code;
    }
    rc = bm_crl_parse(file->der, &diag, &crl);
    return rc == BM_OK ? CMD_OK : single_refuse(file, &diag, rc);
}

static int run_verb(const struct args *args)
{
    const struct given *given = args->into;
    const struct session_config config = { .path = verb.path,
                                           .place = &given->place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CA_CRL };
    struct run run = { .given = given,
                       .session = { .path = verb.path },
                       .file = { .file = given->import } };
    int rc = CMD_OK;

    if (given->import != NULL) {
        rc = read_list(&run);
    }
    if (rc == CMD_OK) {
        rc = session_open(&run.session, &config);
    }
    if (rc == CMD_OK) {
        rc = act(&run, args);
    }
    session_close(&run.session);
    single_free(&run.file);
    return rc;
}

int cmd_ca_crl(int argc, char **argv)
{
    struct given given = { .import = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_max = argc };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (given.import != NULL && args.words_n != 0) {
        return cmd_usage_error(verb.path, "--import finds the CA by itself");
    }
    return run_verb(&args);
}
