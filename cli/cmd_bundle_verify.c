/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/diag.h"
#include "cli/pile.h"
#include "cli/provider.h"
#include "cli/safe.h"
#include "cli/show_bundle.h"
#include "cli/single.h"
#include "core/oid.h"
#include "core/path.h"

enum {
    OPTION_ROOT = 1,
    OPTION_SERIES,
    OPTION_ABOVE,
    OPTION_AT,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--root", "FILE", "roots that are trusted, PEM or DER", OPTION_ROOT },
    { "--series", "NAME", "the series that it has to be of", OPTION_SERIES },
    { "--above", "N", "the version that it has to be above", OPTION_ABOVE },
    { "--at", "TIME", "the time to judge at (now)", OPTION_AT },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark bundle verify", "--root FILE [OPTION]... FILE",
    "Check a trust bundle as a device does that trusts these roots: its\n"
    "signature, that its signer may sign bundles and leads to a root, and\n"
    "that it is not too old. Needs no instance. Exits 0 only if it is so.\n",
    options
};

struct given {
    struct args_many roots;
    const char *series;
    uint64_t above;
    int64_t at;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_ROOT, ARGS_MANY, offsetof(struct given, roots), true },
    { OPTION_SERIES, ARGS_TEXT, offsetof(struct given, series), false },
    { OPTION_ABOVE, ARGS_NUMBER, offsetof(struct given, above), false },
    { OPTION_AT, ARGS_TIME, offsetof(struct given, at), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Certificates in the message, as a path is looked for. */
#define POOL_MAX 8

struct run {
    const struct given *given;
    struct bm_crypto *crypto;
    struct pile roots;
    struct single file;
    struct bm_bundle bundle;
    struct bm_cert signer;
    struct bm_cert pool[POOL_MAX];
    size_t pool_n;
    struct ca_refusal why;
};

static bm_status find_path(struct run *run)
{
    struct bm_path_config config = { .crypto = run->crypto,
                                     .anchors = run->roots.cert,
                                     .anchors_n = run->roots.n,
                                     .pool = run->pool,
                                     .pool_n = run->pool_n,
                                     .time = run->given->at,
                                     .purpose = BM_LIT(BM_OID_KP_BUNDLE),
                                     .key_usage = BM_KU_DIGITAL_SIGNATURE };
    static struct bm_path path;
    bm_status rc = bm_path_find(&path, &config, &run->signer);

    return rc == BM_OK ? BM_OK
                       : ca_refuse(&run->why, rc, "the path of its signer");
}

static bm_status open_bundle(struct run *run)
{
    struct bm_bytes certs;
    struct bm_bytes der;

    BM_TRY(bm_bundle_open(run->file.der, run->crypto, &run->signer, &certs,
                          &run->bundle));
    while (run->pool_n < POOL_MAX && bm_cms_next(&certs, &der)) {
        BM_TRY(bm_cert_parse(der, BM_STRICT, NULL, &run->pool[run->pool_n]));
        run->pool_n++;
    }
    return BM_OK;
}

/* In the order of docs/trust-bundle.md: nothing is believed before it is known
 * who says it. */
static bm_status check(struct run *run)
{
    const struct given *given = run->given;
    const struct bm_bundle *b = &run->bundle;

    BM_TRY(open_bundle(run));
    BM_TRY(bm_bundle_signer_check(&run->signer));
    BM_TRY(find_path(run));
    if (given->series != NULL &&
        !bm_bytes_are(b->name, given->series, strlen(given->series))) {
        return ca_refuse(&run->why, BM_E_TRUST_SERIES, "it is %.*s",
                         (int)b->name.n, (const char *)b->name.p);
    }
    if (b->version <= given->above) {
        return ca_refuse(&run->why, BM_E_TRUST_ROLLBACK, "it has version %llu",
                         (unsigned long long)b->version);
    }
    return given->at <= b->next_update ? BM_OK : BM_E_TRUST_STALE;
}

static int print(struct run *run, bm_status rc)
{
    const struct refusal refusal = { .file = run->file.file,
                                     .status = rc,
                                     .at = REFUSAL_NOWHERE,
                                     .words = run->why.words };
    struct tree t = { false };
    json_t *o = run->pool_n == 0
                    ? tree_object(&t)
                    : show_bundle(&t, &run->bundle, &run->signer, run->crypto);
    int code;

    if (rc != BM_OK) {
        (void)refusal_print_act(verb.path, rc, &run->why);
    } else {
        show_bundle_warn(verb.path, &run->bundle, run->file.der.n);
    }
    if (run->given->json) {
        tree_set(&t, o, "valid", tree_bool(&t, rc == BM_OK));
        if (rc != BM_OK) {
            tree_set(&t, o, "error", refusal_tree(&t, &refusal));
        }
    }
    if (rc != BM_OK && !run->given->json) {
        json_decref(o);
        return CMD_FAILED;
    }
    code = show_bundle_print(verb.path, &t, o, run->given->json);
    if (code == CMD_OK && !run->given->json) {
        safe_print_str(stdout, run->file.file);
        printf(": valid\n");
    }
    return rc == BM_OK ? code : CMD_FAILED;
}

static int verify(struct run *run)
{
    int code;

    run->crypto = provider_new();
    if (run->crypto == NULL) {
        return CMD_FAILED;
    }
    for (size_t i = 0; i < run->given->roots.n; i++) {
        if (!pile_add_file(&run->roots, run->given->roots.value[i],
                           BM_STRICT)) {
            return CMD_FAILED;
        }
    }
    code = single_read(&run->file, run->file.file, KIND_CMS);
    return code == CMD_OK ? print(run, check(run)) : code;
}

int cmd_bundle_verify(int argc, char **argv)
{
    struct given given = { .at = (int64_t)time(NULL) };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct run run = { .given = &given };
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    run.file.file = args.words[0];
    code = verify(&run);
    pile_free(&run.roots);
    single_free(&run.file);
    provider_free(run.crypto);
    return code;
}
