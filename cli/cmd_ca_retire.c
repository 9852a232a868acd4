/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/safe.h"

enum {
    OPTION_DIR = 1
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca retire", "[--dir DIR] ID",
    "From now on a CA signs revocation lists and OCSP answers, and nothing\n"
    "else; a root, and what it and other roots say of each other, is handed\n"
    "out no more. There is no way back. Its id is printed.\n",
    options
};

struct given {
    const char *dir;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { 0, ARGS_FLAG, 0, false },
};

/* What nobody gets any more. */
static void tell(const struct session *s)
{
    const struct instance *in = s->instance;

    for (size_t i = 0; i < in->aside_n; i++) {
        fprintf(stderr, "profile %s is not issued: ", in->aside[i].profile);
        safe_print_str(stderr, in->aside[i].words);
        fputc('\n', stderr);
    }
}

static int retire(struct session *s, const char *id)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = instance_retire_ca(s->instance, &s->actor, id, s->now, &why);

    if (rc != BM_OK) {
        return session_result(s, rc, &why);
    }
    safe_print_str(stdout, id);
    fputc('\n', stdout);
    if (session_reload(s) != CMD_OK) {
        return CMD_FAILED;
    }
    tell(s);
    return session_publish(s);
}

int cmd_ca_retire(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_CA_INSTALL };
    struct session s = { .path = verb.path };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = retire(&s, args.words[0]);
    }
    session_close(&s);
    return rc;
}
