/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/image_lms.h"
#include "cli/image_words.h"
#include "cli/keyset_file.h"
#include "cli/keyset_keys.h"
#include "cli/provider.h"
#include "cli/safe.h"
#include "cli/show_image.h"
#include "files/files.h"

enum {
    OPTION_ROOT = 1,
    OPTION_RESCUE,
    OPTION_ROOT_LMS,
    OPTION_EPOCH,
    OPTION_JSON
};

static const struct cmd_option show_options[] = {
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_option verify_options[] = {
    { "--root", "KEY", "of a bootloader: a public key, PEM, or its KEYHASH",
      OPTION_ROOT },
    { "--rescue", "KEY", "the rescue key, which counts in local recovery",
      OPTION_RESCUE },
    { "--root-lms", "FILE",
      "second half of each of these, in their order: they are hybrid",
      OPTION_ROOT_LMS },
    { "--epoch", "N", "the least that a device takes (0)", OPTION_EPOCH },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb show_verb = {
    "birthmark keyset show", "[--json] FILE",
    "Print a key set: its epoch, who signed it, and which keys may sign. The\n"
    "signature is not checked: see birthmark keyset verify.\n",
    show_options
};

static const struct cmd_verb verify_verb = {
    "birthmark keyset verify", "--root KEY [OPTION]... FILE",
    "Check a key set by the code of a bootloader that has these roots. Exits\n"
    "0 only if such a device takes it.\n",
    verify_options
};

struct given {
    struct args_many roots;
    struct args_many lms; /* of roots, then of the rescue key */
    const char *rescue;
    const char *epoch;
    bool json;
};

static const struct args_row show_rows[] = {
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row verify_rows[] = {
    { OPTION_ROOT, ARGS_MANY, offsetof(struct given, roots), false },
    { OPTION_RESCUE, ARGS_TEXT, offsetof(struct given, rescue), false },
    { OPTION_ROOT_LMS, ARGS_MANY, offsetof(struct given, lms), false },
    { OPTION_EPOCH, ARGS_TEXT, offsetof(struct given, epoch), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* ---- Roots: a hash in hexadecimal, or the file of a key */

static int digit_of(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits);
}

static bool read_hash(const char *text, uint8_t id[32])
{
    if (strlen(text) != 64) {
        return false;
    }
    for (size_t i = 0; i < 32; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        id[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int read_root(const struct bm_crypto *crypto, const char *text,
                     const uint8_t *lms, uint8_t id[32])
{
    struct ca_refusal why = { .status = BM_OK };
    struct bm_boot_key key;
    struct bm_spki spki;
    uint8_t *der = NULL;
    size_t n = 0;
    bm_status rc;

    if (read_hash(text, id)) {
        return lms == NULL ? CMD_OK
                           : cmd_usage_error(verify_verb.path,
                                             "--root-lms is for a key, not "
                                             "for a hash of both halves");
    }
    rc = files_get_pem(text, "PUBLIC KEY", &der, &n, &why);
    if (rc == BM_OK) {
        rc = bm_spki_parse((struct bm_bytes){ der, n }, NULL, &spki);
        if (rc == BM_OK) {
            rc = keyset_key_take(crypto, &spki, &key);
        }
        if (rc == BM_OK) {
            rc = keyset_root_id(crypto, &spki, lms, id);
        }
        if (rc != BM_OK) {
            rc = ca_refuse(&why, rc, "%s", text);
        }
    }
    free(der);
    return rc == BM_OK ? CMD_OK : refusal_print_act(verify_verb.path, rc, &why);
}

/* Root or rescue key number `i` of those that are named, with its second half
 * if it has one. */
static int read_both(const struct bm_crypto *crypto, const struct given *g,
                     size_t i, const char *text, uint8_t id[32])
{
    uint8_t lms[BM_LMS_KEY_SIZE];
    int code = CMD_OK;

    if (g->lms.n == 0) {
        return read_root(crypto, text, NULL, id);
    }
    if (i >= g->lms.n) {
        return cmd_usage_error(verify_verb.path,
                               "--root-lms is for each of the keys");
    }
    code = image_lms_read(verify_verb.path, g->lms.value[i], lms);
    return code == CMD_OK ? read_root(crypto, text, lms, id) : code;
}

static int read_roots(const struct bm_crypto *crypto, const struct given *g,
                      struct bm_roots *roots)
{
    int code = CMD_OK;

    *roots = (struct bm_roots){ .required = BM_BOOT_P256 };
    if (g->lms.n != 0) {
        roots->required |= BM_BOOT_LMS;
    }
    for (size_t i = 0; code == CMD_OK && i < g->roots.n; i++) {
        code = read_both(crypto, g, i, g->roots.value[i], roots->ids[i]);
    }
    if (code == CMD_OK && g->rescue != NULL) {
        code = read_both(crypto, g, g->roots.n, g->rescue,
                         roots->ids[BM_ROOT_RESCUE]);
    }
    return code;
}

/* ---- What is printed */

/* "valid" last, and not before it is known that all else is there. */
static int print(const struct cmd_verb *verb, const struct keyset_file *k,
                 const bm_status *verdict, bool json)
{
    const struct refusal why = { .file = k->name,
                                 .status = verdict == NULL ? BM_OK : *verdict,
                                 .at = REFUSAL_NOWHERE };
    struct tree t = { false };
    json_t *o = keyset_file_tree(&t, k);
    bool bad = why.status != BM_OK;
    int code;

    if (bad) {
        refusal_print(&why);
    }
    if (json && verdict != NULL) {
        tree_set(&t, o, "valid", tree_bool(&t, !bad));
    }
    if (json && bad) {
        tree_set(&t, o, "error", refusal_tree(&t, &why));
    }
    if (bad && !json) {
        json_decref(o);
        return CMD_FAILED;
    }
    code = show_image_print(verb->path, &t, o, json);
    if (code == CMD_OK && verdict != NULL && !json) {
        safe_print_str(stdout, k->name);
        printf(": valid\n");
    }
    return bad ? CMD_FAILED : code;
}

static int verify(const struct given *g, const struct keyset_file *k,
                  const struct bm_crypto *crypto)
{
    struct bm_roots roots;
    uint32_t epoch = 0;
    bm_status rc;
    int code;

    if (g->roots.n > BM_ROOTS) {
        return cmd_usage_error(verify_verb.path, "a bootloader has %d roots",
                               BM_ROOTS);
    }
    if (g->roots.n == 0 && g->rescue == NULL) {
        return cmd_usage_error(verify_verb.path, "no --root and no --rescue");
    }
    if (g->epoch != NULL && !image_words_number(g->epoch, UINT32_MAX, &epoch)) {
        return cmd_usage_error(verify_verb.path, "--epoch is a number");
    }
    code = read_roots(crypto, g, &roots);
    if (code != CMD_OK) {
        return code;
    }
    rc = keyset_file_verify(
        k, crypto, &roots,
        g->rescue != NULL ? BM_KEYSET_RECOVERY : BM_KEYSET_FIELD, epoch);
    return print(&verify_verb, k, &rc, g->json);
}

static int run(struct args *args, bool verifies, int argc, char **argv)
{
    const struct given *given = args->into;
    struct keyset_file k;
    struct bm_crypto *crypto;
    int code;

    if (!args_read(args, argc, argv, &code)) {
        return code;
    }
    crypto = provider_new();
    if (crypto == NULL) {
        return CMD_FAILED;
    }
    code = keyset_file_read(&k, args->words[0], crypto);
    if (code == CMD_OK) {
        code = verifies ? verify(given, &k, crypto)
                        : print(&show_verb, &k, NULL, given->json);
        keyset_file_free(&k);
    }
    provider_free(crypto);
    return code;
}

int cmd_keyset_show(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &show_verb,
                         .rows = show_rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };

    return run(&args, false, argc, argv);
}

int cmd_keyset_verify(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &verify_verb,
                         .rows = verify_rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };

    return run(&args, true, argc, argv);
}
