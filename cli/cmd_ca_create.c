/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/args.h"
#include "cli/instance.h"
#include "cli/key_type.h"
#include "cli/safe.h"
#include "server/new_ca.h"
#include "server/outfit.h"

enum {
    OPTION_DIR = 1,
    OPTION_KIND,
    OPTION_KEY,
    OPTION_TYPE,
    OPTION_NAME,
    OPTION_AGAIN
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--kind", "KIND", "issuing (the default), or operations", OPTION_KIND },
    { "--key", "URI", "where its key is or is made (file:ID.key)", OPTION_KEY },
    { "--type", "TYPE", "of the key: " KEY_TYPES " (p256)", OPTION_TYPE },
    { "--name", "TEXT", "commonName of the CA (ORGANISATION ID CA)",
      OPTION_NAME },
    { "--again", NULL, "in place of the request that waits, which is given up",
      OPTION_AGAIN },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca create", "[OPTION]... ID",
    "Make the key of a new CA, and the request for its certificate, which\n"
    "whoever is above it signs: birthmark ca request, and, when the\n"
    "certificate is here, birthmark ca install. Its path is printed.\n",
    options
};

struct given {
    const char *dir;
    const char *kind;
    const char *key;
    const char *type;
    const char *name;
    bool again;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_KIND, ARGS_TEXT, offsetof(struct given, kind), false },
    { OPTION_KEY, ARGS_TEXT, offsetof(struct given, key), false },
    { OPTION_TYPE, ARGS_TEXT, offsetof(struct given, type), false },
    { OPTION_NAME, ARGS_TEXT, offsetof(struct given, name), false },
    { OPTION_AGAIN, ARGS_FLAG, offsetof(struct given, again), false },
    { 0, ARGS_FLAG, 0, false },
};

/* The key that waited stays where it is: it signed but its own request. */
static bm_status give_up(struct instance *in, const char *id,
                         struct ca_refusal *why)
{
    const struct waiting_key *there = waiting_find(&in->waiting, id);

    /* What an interrupted import has left is not to be given up. */
    if (!new_ca_is_id(id) || there == NULL || !instance_is_waiting(in, there)) {
        return ca_refuse(why, BM_E_NOT_FOUND, "nothing called %s waits", id);
    }
    BM_TRY(waiting_drop(in->dir, id, why));
    waiting_list_free(&in->waiting);
    return waiting_list_read(&in->waiting, in->dir, why);
}

static bm_status make(struct session *s, const struct given *given,
                      const struct new_ca *wanted, struct ca_refusal *why)
{
    struct new_ca ca = *wanted;
    uint8_t subject[NEW_CA_NAME_MAX];
    char uri[BM_KEY_URI_MAX];
    struct bm_wr w;

    (void)snprintf(uri, sizeof uri, "file:%s.key", ca.id);
    ca.dir = s->instance->dir;
    ca.key_uri = given->key != NULL ? given->key : uri;
    ca.keys = &s->instance->keys.keys;
    bm_wr_init(&w, subject, sizeof subject);
    if (given->again) {
        BM_TRY(give_up(s->instance, ca.id, why));
    }
    BM_TRY(new_ca_check(s->instance, ca.id, ca.key_uri, why));
    BM_TRY(new_ca_put_subject(s->instance, ca.id, given->name, &w));
    ca.subject = bm_wr_bytes(&w);
    return new_ca_make(&ca, why);
}

static int run_verb(const struct given *given, const struct new_ca *ca)
{
    const struct session_config config = { .path = verb.path,
                                           .dir = given->dir,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CA_INSTALL,
                                           .founder = true };
    struct ca_refusal why = { .status = BM_OK };
    struct session s = { .path = verb.path };
    int rc = session_open(&s, &config);

    if (rc == CMD_OK) {
        rc = session_result(&s, make(&s, given, ca, &why), &why);
    }
    if (rc == CMD_OK) {
        safe_print_str(stdout, s.instance->dir);
        printf("/ca/%s.csr\n", ca->id);
        fprintf(stderr,
                "next: have it signed, then birthmark ca install FILE\n");
    }
    session_close(&s);
    return rc;
}

int cmd_ca_create(int argc, char **argv)
{
    struct given given = { .kind = "issuing", .type = "p256" };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_min = 1,
                         .words_max = 1 };
    struct new_ca ca = { .id = NULL };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    ca.id = args.words[0];
    ca.kind = waiting_kind_parse(given.kind);
    if (ca.kind != WAITING_ISSUING && ca.kind != WAITING_OPERATIONS) {
        return cmd_usage_error(verb.path, "--kind is issuing or operations");
    }
    if (!key_type_parse(given.type, &ca.spec)) {
        return cmd_usage_error(verb.path, "--type is one of " KEY_TYPES);
    }
    return run_verb(&given, &ca);
}
