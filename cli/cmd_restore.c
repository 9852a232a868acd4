/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark restore: unpack a backup, and let what was unpacked go on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/diag.h"
#include "cli/imports.h"
#include "cli/instance.h"
#include "cli/provider.h"
#include "cli/safe.h"
#include "core/time.h"
#include "server/backup.h"

/* A signed note with many witnesses, or a proof. */
#define AGAINST_MAX ((size_t)64 << 10)

enum {
    OPTION_RESUME = 1,
    OPTION_DIR,
    OPTION_AGAINST,
    OPTION_IMPORT
};

static const struct cmd_option options[] = {
    { "--against", "FILE",
      "the last published checkpoint, or a proof that has it", OPTION_AGAINST },
    { "--import", "[PROFILE=]FILE",
      "certificates issued, and lists made, after the backup; again for more",
      OPTION_IMPORT },
    { "--resume", NULL, "of an instance that was restored before",
      OPTION_RESUME },
    { "--dir", "DIR", "that instance (the current directory)", OPTION_DIR },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark restore",
    "FILE DIR [--against FILE [--import FILE]...]\n"
    "       birthmark restore --resume [--dir DIR] --against FILE\n"
    "           [--import FILE]...",
    "Unpack a backup as the instance DIR, which signs nothing until it has\n"
    "been shown the last published checkpoint; then go on.\n",
    options
};

struct given {
    bool resume;
    const char *dir;
    const char *against;
    struct args_many imports;
};

static const struct args_row rows[] = {
    { OPTION_RESUME, ARGS_FLAG, offsetof(struct given, resume), false },
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_AGAINST, ARGS_TEXT, offsetof(struct given, against), false },
    { OPTION_IMPORT, ARGS_MANY, offsetof(struct given, imports), false },
    { 0, ARGS_FLAG, 0, false },
};

/* What is read before anything is done. */
struct reading {
    uint8_t *against;
    size_t n;
    struct imports imports;
};

static int check_given(const struct given *given, const struct args *args)
{
    if (given->resume && args->words_n != 0) {
        return cmd_usage_error(verb.path, "--resume takes no FILE");
    }
    if (given->resume && given->against == NULL) {
        return cmd_usage_error(verb.path, "--resume needs --against");
    }
    if (!given->resume && args->words_n != 2) {
        return cmd_usage_error(verb.path, "FILE and DIR are needed");
    }
    if (!given->resume && given->dir != NULL) {
        return cmd_usage_error(verb.path, "--dir goes with --resume");
    }
    if (given->imports.n != 0 && given->against == NULL) {
        return cmd_usage_error(verb.path, "--import goes with --against");
    }
    return CMD_OK;
}

static int read_all(struct reading *r, const struct given *given)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    if (given->against == NULL) {
        return CMD_OK;
    }
    rc = files_read(given->against, AGAINST_MAX, &r->against, &r->n, &why);
    if (rc != BM_OK) {
        return refusal_print_act(verb.path, rc, &why);
    }
    for (size_t i = 0; i < given->imports.n; i++) {
        if (!imports_add_option(&r->imports, given->imports.value[i])) {
            return CMD_FAILED;
        }
    }
    return CMD_OK;
}

static void print_tree(const struct ca_tree_head *head)
{
    fprintf(stderr, "tree %" PRIu32 " with %" PRIu64 " leaves", head->tree,
            head->size);
}

static void print_restored(const char *dir, const struct backup_restored *r,
                           bool resumes)
{
    uint8_t text[32];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_time_put_text(&w, r->archive.created);
    fprintf(stderr, "%s: the backup of ", verb.path);
    safe_print(stderr, bm_wr_bytes(&w));
    fputs(", ", stderr);
    print_tree(&r->ledger.head);
    fputc('\n', stderr);
    if (!r->archive.contains_keys) {
        fputs(
            "  no private keys were in it: put keys/kek and keys/*.key back\n",
            stderr);
    }
    if (!resumes) {
        fputs("  nothing is signed until it has seen the last published "
              "checkpoint:\n  birthmark restore --resume --against FILE --dir ",
              stderr);
        safe_print_str(stderr, dir);
        fputc('\n', stderr);
    }
}

static int unpack(const char *file, const char *dir, bool resumes)
{
    struct bm_crypto *crypto = provider_new();
    const struct instance_port port = { .crypto = crypto,
                                        .maker = provider_key_maker() };
    const struct backup_restore_config config = { file, dir, &port };
    struct ca_refusal why = { .status = BM_OK };
    struct backup_restored restored;
    bm_status rc;

    if (crypto == NULL) {
        return CMD_FAILED;
    }
    rc = backup_restore(&config, &restored, &why);
    provider_free(crypto);
    if (rc != BM_OK) {
        return refusal_print_act(verb.path, rc, &why);
    }
    puts(dir);
    print_restored(dir, &restored, resumes);
    return CMD_OK;
}

static void print_resumed(const struct ca_resumed *r, size_t lists)
{
    fprintf(stderr, "%s: ", verb.path);
    if (r->succeeded) {
        fputs("published was ", stderr);
        print_tree(&r->old);
        fputs(", the backup has ", stderr);
        print_tree(&r->restored.head);
        fprintf(stderr, ": tree %" PRIu32 " begins, and commits to the old\n",
                r->tree);
    } else {
        fputs("the ledger goes on: ", stderr);
        print_tree(&r->restored.head);
        fputc('\n', stderr);
    }
    fprintf(stderr,
            "  %" PRIu64 " certificates imported, %" PRIu64 " were on record\n",
            r->imported.certs, r->imported.known);
    fprintf(stderr,
            "  %" PRIu64 " in the signer's journal and unknown: on record as "
            "abandoned, and revoked\n",
            r->abandoned);
    fprintf(stderr, "  %" PRIu64 " unused tokens revoked: make new ones\n",
            r->tokens);
    fprintf(stderr,
            "  %" PRIu64 " revoked again as the lists say, %" PRIu64
            " of them of unknown certificates\n",
            r->listed.revoked + r->listed.unknown, r->listed.unknown);
    if (lists == 0) {
        fputs("  no list was given: repeat what was revoked since the backup "
              "(birthmark cert revoke)\n",
              stderr);
    }
}

/* Lists, and a trust bundle, with the new numbers, so that nobody waits for
 * them. */
static int make_lists(struct session *s)
{
    const struct instance *in = s->instance;
    int result = CMD_OK;

    for (size_t i = 0; i < in->cas_n; i++) {
        struct ca_refusal why = { .status = BM_OK };
        bm_status rc;

        if (in->cas[i].key == NULL) {
            continue;
        }
        rc = instance_make_crl(s->instance, &s->actor, in->cas[i].row.id,
                               s->now, &why);
        if (rc != BM_OK) {
            result = session_result(s, rc, &why);
        }
    }
    if (in->bundle.key != NULL) {
        struct ca_refusal why = { .status = BM_OK };
        bm_status rc =
            instance_make_bundles(s->instance, &s->actor, s->now, &why);

        if (rc != BM_OK) {
            result = session_result(s, rc, &why);
        }
    }
    return result;
}

static int resume(struct session *s, const struct reading *r)
{
    const struct ca_resume order = { .against = { r->against, r->n },
                                     .imports = r->imports.items,
                                     .imports_n = r->imports.n,
                                     .lists = r->imports.lists,
                                     .lists_n = r->imports.lists_n };
    struct ca_refusal why = { .status = BM_OK };
    struct ca_resumed resumed = { .tree = 0 };
    bm_status rc =
        ca_resume(s->instance->ca, &s->actor, &order, s->now, &resumed, &why);
    int lists;
    int published;

    if (rc != BM_OK) {
        return session_result(s, rc, &why);
    }
    print_resumed(&resumed, r->imports.lists_n);
    lists = make_lists(s);
    published = session_publish(s);
    return lists != CMD_OK ? lists : published;
}

static int open_and_resume(const char *dir, const struct reading *r)
{
    const struct session_config config = { .path = verb.path,
                                           .dir = dir,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_RESTORE };
    struct session s;
    int rc = session_open(&s, &config);

    if (rc == CMD_OK) {
        rc = resume(&s, r);
    }
    session_close(&s);
    return rc;
}

int cmd_restore(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "DIR",
                         .words_min = 0,
                         .words_max = 2 };
    struct reading r = { .imports = { .with_lists = true } };
    const char *dir;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = check_given(&given, &args);
    if (rc == CMD_OK) {
        rc = read_all(&r, &given);
    }
    dir = given.resume ? given.dir : args.words_n == 2 ? args.words[1] : NULL;
    if (rc == CMD_OK && !given.resume) {
        rc = unpack(args.words[0], dir, given.against != NULL);
    }
    if (rc == CMD_OK && given.against != NULL) {
        rc = open_and_resume(dir, &r);
    }
    free(r.against);
    imports_free(&r.imports);
    return rc;
}
