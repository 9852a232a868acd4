/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "boot/image_put.h"
#include "cli/diag.h"
#include "cli/image_keys.h"
#include "cli/image_lms.h"
#include "cli/output.h"
#include "cli/safe.h"
#include "cli/terminal.h"

enum {
    OPTION_DIR = 1,
    OPTION_TYPE,
    OPTION_FROM,
    OPTION_OUT,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--type", "TYPE", "p256 or ed25519 (p256)", OPTION_TYPE },
    { "--from", "FILE", "seal this key, PKCS#8, instead of making one",
      OPTION_FROM },
    { "--out", "FILE", "a new file for the public key", OPTION_OUT },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark image keygen", "[OPTION]... URI",
    "Make a key that signs images, in a file (file:NAME.key), a PKCS#11 token\n"
    "(pkcs11:...) or a TPM (tpm2:...) of an instance. Writes its public half,\n"
    "PEM, and its KEYHASH, by which images and devices name it. A bootloader\n"
    "takes p256 alone. lms:NAME makes a key for 1024 LMS signatures, which\n"
    "sign beside p256 and are counted on this machine: no backup brings it\n"
    "back. A key that is there already is never overwritten.\n",
    options
};

struct given {
    const char *dir;
    const char *type;
    const char *from;
    const char *out;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_TYPE, ARGS_TEXT, offsetof(struct given, type), false },
    { OPTION_FROM, ARGS_TEXT, offsetof(struct given, from), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    const struct given *given;
    const char *uri;
    struct bm_key_spec spec;
    struct unlock u;
    struct key_folder folder;
    struct bm_key *key;
    struct ca_refusal why;
};

/* A PKCS#8 file of somebody's; more than any key has. */
#define PKCS8_MAX ((size_t)16 << 10)

/* Where keys of images come from that were imgtool's. */
static bm_status import(struct run *r)
{
    static const char scheme[] = "file:";
    uint8_t *text = NULL;
    size_t n = 0;
    bm_status rc;

    if (strncmp(r->uri, scheme, sizeof scheme - 1) != 0) {
        return ca_refuse(&r->why, BM_E_KEYS_URI,
                         "%s: only a file takes a key that is there", r->uri);
    }
    BM_TRY(files_read(r->given->from, PKCS8_MAX, &text, &n, &r->why));
    rc = key_folder_import(&r->folder, r->uri + sizeof scheme - 1,
                           (struct bm_bytes){ text, n }, &r->why);
    bm_wipe(text, n);
    free(text);
    BM_TRY(rc);
    return bm_key_open(&r->folder.keys, r->uri, &r->key);
}

static bm_status make(struct run *r)
{
    bm_status rc;

    BM_TRY(key_folder_open(&r->folder, r->u.dir, &r->u.settings, &r->u.port,
                           &r->why));
    rc = r->given->from != NULL
             ? import(r)
             : bm_key_generate(&r->folder.keys, r->uri, &r->spec, &r->key);
    key_folder_close(&r->folder);
    if (rc != BM_OK && r->why.status != rc) {
        return ca_refuse(&r->why, rc, "%s", r->uri);
    }
    return rc;
}

static int show_tree(const struct tree *t, json_t *o)
{
    int rc = CMD_FAILED;

    if (!t->failed &&
        json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0) {
        putchar('\n');
        rc = CMD_OK;
    } else {
        fprintf(stderr, "%s: %s\n", verb.path, bm_status_text(BM_E_MEMORY));
    }
    json_decref(o);
    return rc;
}

static int print_json(const struct run *r, const char *keyhash)
{
    const struct bm_spki *key = &r->key->signer->key;
    struct tree t = { false };
    json_t *o = tree_object(&t);

    tree_set(&t, o, "uri", tree_str(&t, r->uri));
    tree_set(&t, o, "type", tree_str(&t, bm_key_type_name(key->type)));
    tree_set(&t, o, "keyhash", tree_str(&t, keyhash));
    tree_set(&t, o, "spki", tree_hex(&t, key->der));
    return show_tree(&t, o);
}

/* The public key to where it is wanted, the hash to stdout or beside it. */
static int print(const struct run *r, struct output *o)
{
    uint8_t keyhash[BM_HASH_MAX];
    char hex[IMAGE_HEX];
    bm_status rc = bm_image_keyhash(r->u.crypto, &r->key->signer->key, keyhash);
    int code;

    if (rc != BM_OK) {
        return unlock_refuse(&r->u, rc, "%s", r->uri);
    }
    image_hex(keyhash, hex);
    if (o->name != NULL || !r->given->json) {
        output_pem(o, "PUBLIC KEY", r->key->signer->key.der);
    }
    code = output_finish(o);
    if (code == CMD_OK && r->given->json) {
        return print_json(r, hex);
    }
    if (code == CMD_OK) {
        fprintf(o->name != NULL ? stdout : stderr, "KEYHASH %s\n", hex);
    }
    return code;
}

/* The place of the result is made before the key is. */
static int run(struct run *r)
{
    struct output output;
    bm_status rc;
    int code = output_open(&output, verb.path, r->given->out);

    if (code != CMD_OK) {
        return code;
    }
    rc = make(r);
    terminal_done();
    code = rc == BM_OK ? print(r, &output)
                       : refusal_print_act(verb.path, rc, &r->why);
    output_drop(&output);
    return code;
}

/* What an LMS key is, is said where it is printed: JSON has its hash. */
static int print_lms(const struct run *r, const struct image_lms *l,
                     struct output *o)
{
    uint8_t spki[IMAGE_LMS_SPKI_SIZE];
    struct tree t = { false };
    json_t *tree = NULL;
    struct bm_wr w;
    int code;

    bm_wr_init(&w, spki, sizeof spki);
    image_lms_spki_put(&w, l->key);
    if (o->name != NULL || !r->given->json) {
        output_pem(o, "PUBLIC KEY", BM_ARRAY(spki));
    }
    code = output_finish(o);
    if (code != CMD_OK || !r->given->json) {
        return code;
    }
    tree = tree_object(&t);
    tree_set(&t, tree, "uri", tree_str(&t, r->uri));
    tree_set(&t, tree, "type", tree_str(&t, "LMS_SHA256_M32_H10"));
    tree_set(&t, tree, "signatures", tree_int(&t, BM_LMS_SIGNATURES));
    tree_set(&t, tree, "spki", tree_hex(&t, BM_ARRAY(spki)));
    return show_tree(&t, tree);
}

static int run_lms(struct run *r)
{
    struct image_lms l = { .signer = NULL };
    struct output output;
    int code;

    if (r->given->from != NULL) {
        return cmd_usage_error(verb.path, "--from is not for LMS: a key with a "
                                          "past must not sign");
    }
    code = output_open(&output, verb.path, r->given->out);
    if (code == CMD_OK) {
        code = image_lms_make(&l, verb.path, r->given->dir, r->uri);
        if (code == CMD_OK) {
            code = print_lms(r, &l, &output);
        }
        output_drop(&output);
    }
    image_lms_close(&l);
    return code;
}

int cmd_image_keygen(int argc, char **argv)
{
    struct given given = { .type = "p256" };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "URI",
                         .words_min = 1,
                         .words_max = 1 };
    struct run r = { .given = &given };
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    if (strcmp(given.type, "ed25519") == 0) {
        r.spec.type = BM_KEY_ED25519;
    } else if (strcmp(given.type, "p256") == 0) {
        r.spec.type = BM_KEY_P256;
    } else {
        return cmd_usage_error(verb.path, "--type is p256 or ed25519");
    }
    r.uri = args.words[0];
    if (image_lms_is(r.uri)) {
        return run_lms(&r);
    }
    r.u = (struct unlock){ .path = verb.path, .dir = given.dir };
    code = unlock_open(&r.u);
    if (code == CMD_OK) {
        code = run(&r);
    }
    bm_key_close(r.key);
    unlock_close(&r.u);
    return code;
}
