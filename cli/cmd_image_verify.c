/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/args.h"
#include "cli/diag.h"
#include "cli/image_check.h"
#include "cli/provider.h"
#include "cli/safe.h"
#include "cli/show_image.h"

enum {
    OPTION_KEY = 1,
    OPTION_KEYSET,
    OPTION_ROOT,
    OPTION_COUNTER,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--key", "FILE", "a key that may sign: public key, certificate, PKCS#8",
      OPTION_KEY },
    { "--keyset", "FILE", "the keys that may sign, as a device has them",
      OPTION_KEYSET },
    { "--root", "FILE", "a key that may sign the key set", OPTION_ROOT },
    { "--counter", "N", "the least security counter", OPTION_COUNTER },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark image verify",
    "{--key FILE | --keyset FILE}... [OPTION]... FILE",
    "Check a firmware image, or a slot that was read out: form, digest, and\n"
    "who signed it. Which algorithms a signature needs, the key set says, or\n"
    "the type of a key, but never the image. The key set itself is verified\n"
    "if --root is given. Says each thing that is wrong. Exits 0 only if the\n"
    "image is good.\n",
    options
};

struct given {
    struct args_many keys;
    const char *keyset;
    struct args_many roots;
    uint64_t counter;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_KEY, ARGS_MANY, offsetof(struct given, keys), false },
    { OPTION_KEYSET, ARGS_TEXT, offsetof(struct given, keyset), false },
    { OPTION_ROOT, ARGS_MANY, offsetof(struct given, roots), false },
    { OPTION_COUNTER, ARGS_NUMBER, offsetof(struct given, counter), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    const struct given *given;
    struct bm_key_tools tools;
    struct image_check_keys roots;
    struct image_check_keys keys;
    struct image_file set;
    struct image_file f;
};

static int add_files(struct image_check_keys *keys,
                     const struct args_many *files,
                     const struct bm_key_tools *tools)
{
    int code = CMD_OK;

    for (size_t i = 0; code == CMD_OK && i < files->n; i++) {
        code = image_check_add_file(keys, files->value[i], tools);
    }
    return code;
}

/* The key set, by a root if one is named. */
static int add_set(struct run *run)
{
    struct tree t = { false };
    int code = image_file_read(&run->set, run->given->keyset);

    if (code == CMD_OK) {
        code = add_files(&run->roots, &run->given->roots, &run->tools);
    }
    if (code == CMD_OK && run->roots.n != 0 &&
        image_check(&run->set, &run->roots, run->tools.crypto, &t, NULL) !=
            BM_OK) {
        code = CMD_FAILED;
    }
    return code == CMD_OK
               ? image_check_add_set(&run->keys, &run->set, run->tools.crypto)
               : code;
}

static bm_status check_counter(const struct run *run)
{
    const struct bm_image *image = &run->f.image;
    uint32_t counter = image->has_counter ? image->counter : 0;
    const struct refusal why = { .file = run->f.name,
                                 .status = BM_E_BOOT_DOWNGRADE,
                                 .at = REFUSAL_NOWHERE };

    if (counter >= run->given->counter) {
        return BM_OK;
    }
    refusal_print(&why);
    return BM_E_BOOT_DOWNGRADE;
}

static void put_result(struct run *run, struct tree *t, json_t *o, bm_status rc)
{
    const struct refusal why = { .file = run->f.name,
                                 .status = rc,
                                 .at = REFUSAL_NOWHERE };
    char version[IMAGE_VERSION_MAX];

    image_version_text(&run->f.image.header.version, version);
    tree_set(t, o, "file", tree_str(t, run->f.name));
    tree_set(t, o, "version", tree_str(t, version));
    tree_set(t, o, "valid", tree_bool(t, rc == BM_OK));
    tree_set(t, o, "for_devices",
             tree_bool(t, rc == BM_OK && image_check_for_devices(&run->f)));
    if (rc != BM_OK) {
        tree_set(t, o, "error", refusal_tree(t, &why));
    }
}

/* "valid" is printed last or not at all. */
static int print(struct run *run, struct tree *t, json_t *o, bm_status rc)
{
    int code;

    if (rc == BM_OK && !image_check_for_devices(&run->f)) {
        fprintf(stderr, "%s: no bootloader takes it\n", verb.path);
    }
    if (run->given->json) {
        code = show_image_print(verb.path, t, o, true);
        return rc == BM_OK ? code : CMD_FAILED;
    }
    json_decref(o);
    if (rc != BM_OK) {
        return CMD_FAILED;
    }
    safe_print_str(stdout, run->f.name);
    printf(": valid\n");
    return CMD_OK;
}

static int verify(struct run *run)
{
    struct tree t = { false };
    json_t *o;
    json_t *signers;
    bm_status rc;
    int code = add_files(&run->keys, &run->given->keys, &run->tools);

    if (code == CMD_OK && run->given->keyset != NULL) {
        code = add_set(run);
    }
    if (code == CMD_OK) {
        code = image_file_read(&run->f, run->f.name);
    }
    if (code != CMD_OK) {
        return code;
    }
    o = tree_object(&t);
    signers = tree_array(&t);
    rc = image_check(&run->f, &run->keys, run->tools.crypto, &t, signers);
    if (rc == BM_OK) {
        rc = check_counter(run);
    }
    put_result(run, &t, o, rc);
    tree_set(&t, o, "signatures", signers);
    return print(run, &t, o, rc);
}

int cmd_image_verify(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct run run = { .given = &given };
    struct bm_crypto *crypto;
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    if (given.keys.n == 0 && given.keyset == NULL) {
        return cmd_usage_error(verb.path, "--key or --keyset is needed");
    }
    if (given.roots.n != 0 && given.keyset == NULL) {
        return cmd_usage_error(verb.path, "--root is for --keyset");
    }
    crypto = provider_new();
    if (crypto == NULL) {
        return CMD_FAILED;
    }
    run.tools = (struct bm_key_tools){ crypto, provider_key_maker() };
    run.f.name = args.words[0];
    code = verify(&run);
    image_check_keys_free(&run.keys);
    image_check_keys_free(&run.roots);
    image_file_free(&run.set);
    image_file_free(&run.f);
    provider_free(crypto);
    return code;
}
