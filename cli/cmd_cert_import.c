/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "cli/imports.h"
#include "cli/instance.h"

enum {
    OPTION_DIR = 1,
    OPTION_PROFILE
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--profile", "NAME", "that they were issued by (the one that fits)",
      OPTION_PROFILE },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark cert import", "[--dir DIR] [--profile NAME] FILE...",
    "Put certificates on record that a CA of this instance signed and that it\n"
    "has forgotten, because it was restored from an older backup. All of\n"
    "them, or none.\n",
    options
};

struct given {
    const char *dir;
    const char *profile;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), false },
    { 0, ARGS_FLAG, 0, false },
};

static int run(struct session *s, const struct imports *imports)
{
    struct ca_refusal why = { .status = BM_OK };
    struct ca_imported done;
    bm_status rc = ca_import(s->instance->ca, &s->actor, imports->items,
                             imports->n, s->now, &done, &why);

    if (rc != BM_OK) {
        return session_result(s, rc, &why);
    }
    fprintf(stderr, "%s: %" PRIu64 " put on record, %" PRIu64 " were before\n",
            s->path, done.certs, done.known);
    return session_publish(s);
}

int cmd_cert_import(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = argc };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_CERT_IMPORT };
    struct imports imports = { .n = 0 };
    struct session s = { .path = verb.path };
    bool read = true;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    for (int i = 0; read && i < args.words_n; i++) {
        read = imports_add(&imports, args.words[i], given.profile);
    }
    config.dir = given.dir;
    rc = read ? session_open(&s, &config) : CMD_FAILED;
    if (rc == CMD_OK) {
        rc = run(&s, &imports);
    }
    session_close(&s);
    imports_free(&imports);
    return rc;
}
