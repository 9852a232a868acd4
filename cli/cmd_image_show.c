/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/diag.h"
#include "cli/provider.h"
#include "cli/show_image.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark image show", "[--json] FILE",
    "Print a firmware image, or a slot that was read out: header, TLVs, who\n"
    "signed it, and what a tool asks for behind it. The digest is checked,\n"
    "signatures are not: see birthmark image verify. Exits 0 only if it is of\n"
    "the form that a device takes, and the digest is right.\n",
    options
};

struct given {
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static void refuse(const char *name, bm_status status)
{
    const struct refusal why = { .file = name,
                                 .status = status,
                                 .at = REFUSAL_NOWHERE };

    refusal_print(&why);
}

static int show(const struct image_file *f, const struct bm_crypto *crypto,
                bool json)
{
    struct tree t = { false };
    struct bm_bytes digest;
    bm_status rc = image_digest_check(f, crypto, &digest);
    int code = show_image_print(verb.path, &t, show_image(&t, f, crypto), json);

    if (f->status != BM_OK) {
        rc = f->status;
    }
    if (rc != BM_OK) {
        refuse(f->name, rc);
        return CMD_FAILED;
    }
    return code;
}

int cmd_image_show(int argc, char **argv)
{
    struct given given = { false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct image_file f;
    struct bm_crypto *crypto;
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    code = image_file_read(&f, args.words[0]);
    if (code != CMD_OK) {
        return code;
    }
    crypto = provider_new();
    code = crypto == NULL ? CMD_FAILED : show(&f, crypto, given.json);
    provider_free(crypto);
    image_file_free(&f);
    return code;
}
