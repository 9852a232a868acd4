/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/output.h"
#include "server/waiting.h"

enum {
    OPTION_DIR = 1,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--out", "FILE", "a new file instead of standard output", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca request", "[--dir DIR] [--out FILE] [ID]",
    "Print the request (PKCS#10, PEM) of a CA that waits for its certificate,\n"
    "to be carried to whoever signs it; again as often as it is asked for. ID\n"
    "may be left out where only one waits.\n",
    options
};

struct given {
    const char *dir;
    const char *out;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { 0, ARGS_FLAG, 0, false },
};

/* The one that is meant, or the only one; NULL. */
static const struct waiting_key *find(const struct instance *in, const char *id)
{
    const struct waiting_key *found = NULL;

    if (id != NULL) {
        found = waiting_find(&in->waiting, id);
        return found != NULL && instance_is_waiting(in, found) ? found : NULL;
    }
    for (size_t i = 0; i < in->waiting.n; i++) {
        const struct waiting_key *w = &in->waiting.item[i];

        if (instance_is_waiting(in, w) && found != NULL) {
            return NULL;
        }
        found = instance_is_waiting(in, w) ? w : found;
    }
    return found;
}

static int run(struct session *s, const char *id, const char *out)
{
    const struct waiting_key *waiting = find(s->instance, id);
    struct output output;
    int rc;

    if (waiting == NULL) {
        struct ca_refusal why = { .status = BM_OK };
        bm_status status =
            id != NULL ? ca_refuse(&why, BM_E_NOT_FOUND,
                                   "CA %s does not wait for a certificate", id)
                       : ca_refuse(&why, BM_E_ARGUMENT,
                                   "none or several wait: name one (birthmark "
                                   "ca list)");

        return session_result(s, status, &why);
    }
    rc = output_open(&output, verb.path, out);
    if (rc == CMD_OK) {
        output_pem(&output, "CERTIFICATE REQUEST", waiting->csr.der);
        rc = output_finish(&output);
    }
    output_drop(&output);
    return rc;
}

int cmd_ca_request(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_CA_READ,
                                     .founder = true };
    struct session s = { .path = verb.path };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, args.words_n != 0 ? args.words[0] : NULL, given.out);
    }
    session_close(&s);
    return rc;
}
