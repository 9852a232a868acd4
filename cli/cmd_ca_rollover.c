/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/key_type.h"
#include "cli/safe.h"
#include "server/new_ca.h"

enum {
    OPTION_DIR = 1,
    OPTION_KEY,
    OPTION_TYPE,
    OPTION_NAME
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--key", "URI", "where the new key is or is made (file:ID-N.key)",
      OPTION_KEY },
    { "--type", "TYPE", "of the new key (that of the old one)", OPTION_TYPE },
    { "--name", "TEXT", "commonName (that of the old one, and a number)",
      OPTION_NAME },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca rollover",
    "[--dir DIR] [--key URI] [--type TYPE] [--name TEXT] ID",
    "Make the key of the next generation of a CA, and the request for its\n"
    "certificate. When that is installed (birthmark ca install), all that is\n"
    "issued comes from it; the old one goes on signing its revocation lists\n"
    "and OCSP answers. The request's path is printed.\n",
    options
};

struct given {
    const char *dir;
    const char *key;
    const char *type;
    const char *name;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_KEY, ARGS_TEXT, offsetof(struct given, key), false },
    { OPTION_TYPE, ARGS_TEXT, offsetof(struct given, type), false },
    { OPTION_NAME, ARGS_TEXT, offsetof(struct given, name), false },
    { 0, ARGS_FLAG, 0, false },
};

static bm_status make(struct session *s, const struct given *given,
                      const char *id, struct new_ca_next *next,
                      struct ca_refusal *why)
{
    struct new_ca ca = { .dir = s->instance->dir,
                         .id = next->id,
                         .keys = &s->instance->keys.keys };
    char uri[BM_KEY_URI_MAX];

    BM_TRY(new_ca_next(s->instance, id, given->name, next, why));
    (void)snprintf(uri, sizeof uri, "file:%s.key", next->id);
    ca.key_uri = given->key != NULL ? given->key : uri;
    ca.kind = next->kind;
    ca.spec = next->spec;
    if (given->type != NULL && !key_type_parse(given->type, &ca.spec)) {
        return BM_E_ARGUMENT;
    }
    ca.subject = (struct bm_bytes){ next->subject, next->subject_n };
    BM_TRY(new_ca_check_key(s->instance, ca.key_uri, why));
    return new_ca_make(&ca, why);
}

static int run(struct session *s, const struct given *given, const char *id)
{
    struct ca_refusal why = { .status = BM_OK };
    struct new_ca_next next;
    int rc = session_result(s, make(s, given, id, &next, &why), &why);

    if (rc == CMD_OK) {
        safe_print_str(stdout, s->instance->dir);
        printf("/ca/%s.csr\n", next.id);
        fprintf(stderr,
                "next: have it signed, then birthmark ca install FILE\n");
    }
    return rc;
}

int cmd_ca_rollover(int argc, char **argv)
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
    struct bm_key_spec spec;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (given.type != NULL && !key_type_parse(given.type, &spec)) {
        return cmd_usage_error(verb.path, "--type is one of " KEY_TYPES);
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given, args.words[0]);
    }
    session_close(&s);
    return rc;
}
