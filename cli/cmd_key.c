/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/key_type.h"
#include "cli/output.h"
#include "cli/safe.h"
#include "cli/terminal.h"
#include "cli/unlock.h"
#include "protocols/admin/tree.h"

enum {
    OPTION_DIR = 1,
    OPTION_TYPE,
    OPTION_JSON
};

#define DIR_OPTION                                                         \
    {                                                                      \
        "--dir", "DIR", "the instance (the current directory)", OPTION_DIR \
    }
#define JSON_OPTION                                          \
    {                                                        \
        "--json", NULL, "print one JSON object", OPTION_JSON \
    }

static const struct cmd_option generate_options[] = {
    DIR_OPTION,
    { "--type", "TYPE", KEY_TYPES " (p256)", OPTION_TYPE },
    JSON_OPTION,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_option show_options[] = {
    DIR_OPTION,
    JSON_OPTION,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb generate_verb = {
    "birthmark key generate", "[--dir DIR] [--type TYPE] [--json] URI",
    "Make a key in a file (file:NAME.key), a PKCS#11 token (pkcs11:...) or a\n"
    "TPM (tpm2:...) of this instance, and print its public half, PEM. A key\n"
    "that is there already is never overwritten.\n",
    generate_options
};

static const struct cmd_verb show_verb = {
    "birthmark key show", "[--dir DIR] [--json] URI",
    "Print the public half of a key of this instance, PEM, and say on\n"
    "standard error what it is.\n",
    show_options
};

struct given {
    const char *dir;
    const char *type;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_TYPE, ARGS_TEXT, offsetof(struct given, type), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* ---- What is printed */

#define WORDS_MAX 1024

static void describe(const struct bm_key *key, char words[WORDS_MAX])
{
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)words, WORDS_MAX - 1);
    key->describe(key->self, &w);
    words[w.len < WORDS_MAX ? w.len : WORDS_MAX - 1] = '\0';
}

static int print_json(const char *path, const char *uri,
                      const struct bm_key *key)
{
    const struct key_kind *kind = key_kind_of(uri);
    char words[WORDS_MAX];
    struct tree t = { false };
    json_t *o = tree_object(&t);
    int rc = CMD_FAILED;

    describe(key, words);
    tree_set(&t, o, "uri", tree_str(&t, uri));
    tree_set(&t, o, "provider", tree_str(&t, kind->scheme));
    tree_set(&t, o, "sandbox", tree_str(&t, kind->class));
    tree_set(&t, o, "type",
             tree_str(&t, bm_key_type_name(key->signer->key.type)));
    tree_set(&t, o, "bits", tree_int(&t, bm_spki_bits(&key->signer->key)));
    tree_set(&t, o, "description", tree_str(&t, words));
    tree_set(&t, o, "spki", tree_hex(&t, key->signer->key.der));
    if (!t.failed &&
        json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0) {
        putchar('\n');
        rc = CMD_OK;
    } else {
        fprintf(stderr, "%s: %s\n", path, bm_status_text(BM_E_MEMORY));
    }
    json_decref(o);
    return rc;
}

static int print_pem(const char *path, const struct bm_key *key)
{
    struct output o;
    char words[WORDS_MAX];
    int rc = output_open(&o, path, NULL);

    if (rc == CMD_OK) {
        output_pem(&o, "PUBLIC KEY", key->signer->key.der);
        rc = output_finish(&o);
    }
    if (rc == CMD_OK) {
        describe(key, words);
        safe_print_str(stderr, words);
        fputc('\n', stderr);
    }
    return rc;
}

/* ---- The verbs */

static int refuse(const struct unlock *u, const char *uri, bm_status rc)
{
    /* The words of the settings are of more help than the status. */
    const char *more =
        rc == BM_E_KEYS_MODULE && u->settings.token_modules == NULL
            ? ": birthmark.yaml names none in tokens.modules"
            : "";

    return unlock_refuse(u, rc, "%s%s", uri, more);
}

static int act(struct unlock *u, const char *uri,
               const struct bm_key_spec *spec, bool json)
{
    struct ca_refusal why = { .status = BM_OK };
    struct key_folder folder;
    struct bm_key *key = NULL;
    bm_status rc =
        key_folder_open(&folder, u->dir, &u->settings, &u->port, &why);
    int code;

    terminal_done();
    if (rc != BM_OK) {
        return refusal_print_act(u->path, rc, &why);
    }
    rc = spec != NULL ? bm_key_generate(&folder.keys, uri, spec, &key)
                      : bm_key_open(&folder.keys, uri, &key);
    key_folder_close(&folder);
    if (rc != BM_OK) {
        return refuse(u, uri, rc);
    }
    code = json ? print_json(u->path, uri, key) : print_pem(u->path, key);
    bm_key_close(key);
    return code;
}

static int run(const struct cmd_verb *verb, bool make, int argc, char **argv)
{
    struct given given = { .type = "p256" };
    struct args args = { .verb = verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "URI",
                         .words_min = 1,
                         .words_max = 1 };
    struct unlock u = { .path = verb->path };
    struct bm_key_spec spec;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (!key_type_parse(given.type, &spec)) {
        return cmd_usage_error(verb->path, "--type is one of " KEY_TYPES);
    }
    u.dir = given.dir;
    rc = unlock_open(&u);
    if (rc == CMD_OK) {
        rc = act(&u, args.words[0], make ? &spec : NULL, given.json);
    }
    unlock_close(&u);
    return rc;
}

static int generate(int argc, char **argv)
{
    return run(&generate_verb, true, argc, argv);
}

static int show(int argc, char **argv)
{
    return run(&show_verb, false, argc, argv);
}

static const struct cmd verbs[] = {
    { "generate", "[OPTION]... URI", "make a key in a file, a token or a TPM",
      generate },
    { "show", "[OPTION]... URI", "print the public half of a key", show },
    { NULL, NULL, NULL, NULL },
};

int cmd_key(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark key", argc, argv);
}
