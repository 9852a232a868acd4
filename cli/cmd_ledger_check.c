/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ca/ledger.h"
#include "cli/args.h"
#include "cli/diag.h"
#include "cli/image_file.h"
#include "cli/input.h"
#include "cli/provider.h"
#include "cli/safe.h"
#include "cli/show_image.h"
#include "cli/text.h"
#include "core/crl.h"
#include "files/files.h"
#include "protocols/admin/tree.h"

/* A proof, or a checkpoint, with the signatures of witnesses. */
#define PROOF_FILE_MAX ((size_t)1 << 20)

enum {
    OPTION_KEY = 1,
    OPTION_AGAINST,
    OPTION_IMAGE,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--key", "FILE", "public key of the ledger (ledger.pub), PEM",
      OPTION_KEY },
    { "--against", "FILE", "a checkpoint or another proof to compare with",
      OPTION_AGAINST },
    { "--image", "FILE", "the image, or key set, that it must be about",
      OPTION_IMAGE },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ledger check", "--key FILE [OPTION]... PROOF [CERT]",
    "Check a proof that ledger prove wrote: the record is in the ledger that\n"
    "the key signed and, if a certificate is given, is that of its issuance;\n"
    "if an image is given, that of its signature.\n"
    "Needs no instance. Exits 0 only if it is so.\n",
    options
};

struct given {
    const char *key;
    const char *against;
    const char *image;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_KEY, ARGS_TEXT, offsetof(struct given, key), true },
    { OPTION_AGAINST, ARGS_TEXT, offsetof(struct given, against), false },
    { OPTION_IMAGE, ARGS_TEXT, offsetof(struct given, image), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* What was read, and is to be released. */
struct check {
    const struct given *given;
    struct bm_crypto *crypto;
    struct ca_proof_check config;
    struct bm_bytes proof;
    uint8_t *memory[4]; /* key, proof, against, certificate */
    struct image_file image;
    struct ca_proof_result result;
    struct ca_refusal why;
};

static bm_status read_key(struct check *c)
{
    size_t n = 0;
    bm_status rc;

    BM_TRY(
        files_get_pem(c->given->key, "PUBLIC KEY", &c->memory[0], &n, &c->why));
    rc = bm_spki_parse((struct bm_bytes){ c->memory[0], n }, NULL,
                       &c->config.key);
    if (rc == BM_OK && c->config.key.type != BM_KEY_ED25519) {
        rc = BM_E_KEY_UNSUPPORTED;
    }
    return rc == BM_OK ? BM_OK : ca_refuse(&c->why, rc, "%s", c->given->key);
}

static bm_status read_file(struct check *c, size_t slot, const char *name,
                           struct bm_bytes *to)
{
    size_t n = 0;

    BM_TRY(files_read(name, PROOF_FILE_MAX, &c->memory[slot], &n, &c->why));
    *to = (struct bm_bytes){ c->memory[slot], n };
    return BM_OK;
}

static bm_status keep_cert(struct check *c, struct bm_bytes der)
{
    if (der.p == NULL || der.n == 0) {
        return BM_E_NOT_FOUND;
    }
    c->memory[3] = malloc(der.n);
    if (c->memory[3] == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(c->memory[3], der.p, der.n);
    c->config.cert = (struct bm_bytes){ c->memory[3], der.n };
    return BM_OK;
}

/* The first certificate of a file, PEM or DER. */
static bm_status read_cert(struct check *c, const char *name)
{
    struct input in;
    struct object object = { .kind = KIND_UNKNOWN };
    struct refusal refusal = { .file = name, .at = REFUSAL_NOWHERE };
    char words[ERRNO_WORDS_MAX];
    bm_status rc = BM_E_NOT_FOUND;
    int error = input_open(&in, name);

    if (error != 0) {
        input_error_words(error, words);
        rc = ca_refuse(&c->why, BM_E_IO, "%s: %s", name, words);
    } else {
        while (input_next(&in, &object, &refusal) == INPUT_OBJECT &&
               object.kind != KIND_CERT) {
        }
        if (object.kind == KIND_CERT && !object.more) {
            rc = keep_cert(c, object.der);
        }
        if (rc == BM_E_NOT_FOUND) {
            rc = ca_refuse(&c->why, rc, "a certificate in %s", name);
        }
    }
    input_close(&in);
    return rc;
}

/* Its digest, which is computed: what it says of itself proves nothing. */
static bm_status read_image(struct check *c)
{
    const char *name = c->given->image;
    bm_status rc;

    if (image_file_read(&c->image, name) != CMD_OK) {
        return ca_refuse(&c->why, BM_E_IMAGE_MAGIC, "%s", name);
    }
    rc = image_digest_check(&c->image, c->crypto, &c->config.digest);
    return rc == BM_OK ? BM_OK : ca_refuse(&c->why, rc, "%s", name);
}

static bm_status check_proof(struct check *c, const struct args *args)
{
    BM_TRY(read_key(c));
    BM_TRY(read_file(c, 1, args->words[0], &c->proof));
    if (c->given->against != NULL) {
        BM_TRY(read_file(c, 2, c->given->against, &c->config.against));
    }
    if (c->given->image != NULL) {
        BM_TRY(read_image(c));
    }
    if (args->words_n == 2) {
        BM_TRY(read_cert(c, args->words[1]));
    }
    return ca_proof_check(c->proof, &c->config, &c->result, &c->why);
}

static void set_text(struct tree *t, json_t *o, const char *key,
                     struct bm_bytes text)
{
    if (text.n != 0) {
        tree_set(t, o, key, tree_text(t, text));
    }
}

static void set_hex(struct tree *t, json_t *o, const char *key,
                    struct bm_bytes octets)
{
    if (octets.n != 0) {
        tree_set(t, o, key, tree_hex(t, octets));
    }
}

static json_t *record_tree(struct tree *t, const struct ca_record *r)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "kind", tree_str(t, ca_record_kind_name(r->kind)));
    tree_set(t, o, "time", tree_time(t, r->time));
    set_text(t, o, "actor", r->actor);
    set_text(t, o, "mode", r->mode);
    if (r->organisation != 0) {
        tree_set(t, o, "organisation", tree_int(t, r->organisation));
    }
    set_text(t, o, "ca", r->ca);
    set_hex(t, o, "serial_number", r->serial);
    set_text(t, o, "profile", r->profile);
    set_text(t, o, "subject", r->subject);
    set_hex(t, o, "renews", r->renews);
    set_hex(t, o, "sha256", r->hash);
    set_hex(t, o, "key_sha256", r->key);
    if (r->kind == CA_RECORD_REVOCATION) {
        tree_set(t, o, "reason", tree_str(t, bm_crl_reason_name(r->reason)));
    }
    set_text(t, o, "text", r->text);
    if (r->number != 0) {
        tree_set(t, o, "number", tree_int(t, (int64_t)r->number));
    }
    return o;
}

static json_t *result_tree(struct tree *t, const struct ca_proof_result *result)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "record", record_tree(t, &result->record));
    tree_set(t, o, "tree", tree_int(t, result->head.tree));
    tree_set(t, o, "index", tree_int(t, (int64_t)result->index));
    tree_set(t, o, "size", tree_int(t, (int64_t)result->head.size));
    tree_set(t, o, "root", tree_hex(t, BM_ARRAY(result->head.root)));
    return o;
}

/* Printed whole or not at all. */
static int print(const struct check *c, const char *name, bm_status rc)
{
    const struct refusal refusal = { .status = rc,
                                     .at = REFUSAL_NOWHERE,
                                     .words = c->why.words };
    struct tree t = { false };
    json_t *o = rc == BM_OK ? result_tree(&t, &c->result) : tree_object(&t);

    if (rc != BM_OK) {
        (void)refusal_print_act(verb.path, rc, &c->why);
    }
    if (c->given->json) {
        tree_set(&t, o, "valid", tree_bool(&t, rc == BM_OK));
        if (rc != BM_OK) {
            tree_set(&t, o, "error", refusal_tree(&t, &refusal));
        }
    }
    if (c->given->json && !t.failed) {
        t.failed = json_dumpf(o, stdout, JSON_COMPACT) != 0;
        putchar('\n');
    } else if (rc == BM_OK && !t.failed) {
        t.failed = text_print(stdout, o, 2) != BM_OK;
    }
    json_decref(o);
    if (t.failed) {
        fprintf(stderr, "%s: out of memory\n", verb.path);
        return CMD_FAILED;
    }
    if (rc == BM_OK && !c->given->json) {
        safe_print_str(stdout, name);
        printf(": valid\n");
    }
    return rc == BM_OK ? CMD_OK : CMD_FAILED;
}

int cmd_ledger_check(int argc, char **argv)
{
    struct given given = { .key = NULL };
    struct check c = { .given = &given };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "PROOF",
                         .words_min = 1,
                         .words_max = 2 };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    c.crypto = provider_new();
    if (c.crypto == NULL) {
        return CMD_FAILED;
    }
    c.config.crypto = c.crypto;
    rc = print(&c, args.words[0], check_proof(&c, &args));
    for (size_t i = 0; i < sizeof c.memory / sizeof c.memory[0]; i++) {
        free(c.memory[i]);
    }
    image_file_free(&c.image);
    provider_free(c.crypto);
    return rc;
}
