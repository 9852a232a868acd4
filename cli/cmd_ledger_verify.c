/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/diag.h"
#include "cli/instance.h"
#include "cli/safe.h"
#include "files/files.h"
#include "protocols/admin/tree.h"

/* Findings of one kind that are told one by one: one act can make thousands
 * of them, and hide another kind behind. */
#define REPEATED_MAX 10

/* Kinds that are counted; there are fewer statuses of the ledger. */
#define KINDS_MAX 64

/* How long a server may take from a signature to its commit: moments of a
 * tenth of a second. A disk in trouble takes seconds. */
#define MOMENTS 50

/* A checkpoint or a proof, with the signatures of witnesses. */
#define AGAINST_MAX ((size_t)1 << 20)

enum {
    OPTION_DIR = 1,
    OPTION_AGAINST,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--against", "FILE", "a checkpoint or proof that was kept elsewhere",
      OPTION_AGAINST },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ledger verify", "[--dir DIR] [--against FILE] [--json]",
    "Verify the ledger: every leaf against its tree, every certificate and\n"
    "revocation against its records, the signer's journal against both. With\n"
    "a checkpoint that was kept elsewhere it also finds a store that was\n"
    "rolled back, and a second ledger. Exits 0 only if nothing was found.\n",
    options
};

struct given {
    const char *dir;
    const char *against;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_AGAINST, ARGS_TEXT, offsetof(struct given, against), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

struct kind {
    bm_status status;
    uint64_t n;
};

struct run {
    struct session *s;
    bool json;
    bool shown; /* somebody watches */
    time_t told;
    struct kind kind[KINDS_MAX];
    size_t kinds;
    unsigned moments;
    struct tree t;
    json_t *found;
};

static struct kind *kind_of_status(struct run *r, bm_status status)
{
    size_t i = 0;

    while (i < r->kinds && r->kind[i].status != status) {
        i++;
    }
    if (i == KINDS_MAX) {
        return NULL;
    }
    if (i == r->kinds) {
        r->kind[r->kinds++] = (struct kind){ status, 0 };
    }
    return &r->kind[i];
}

static void clear_line(struct run *r)
{
    if (r->told != 0) {
        fputs("\r      \r", stderr);
        r->told = 0;
    }
}

static void tell(void *arg, const struct ca_refusal *why)
{
    const struct refusal refusal = { .status = why->status,
                                     .at = REFUSAL_NOWHERE,
                                     .words = why->words };
    struct run *r = arg;
    struct kind *kind = kind_of_status(r, why->status);

    if (kind != NULL && kind->n++ >= REPEATED_MAX) {
        return;
    }
    clear_line(r);
    if (r->json) {
        tree_append(&r->t, r->found, refusal_tree(&r->t, &refusal));
    }
    (void)refusal_print_act(r->s->path, why->status, why);
}

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
    struct run *r = arg;
    time_t now = time(NULL);

    if (r->shown && now != r->told && total != 0) {
        r->told = now;
        fprintf(stderr, "\r%3u %%", (unsigned)(100 * done / total));
    }
}

static bool wait_a_moment(void *arg)
{
    const struct timespec moment = { 0, 100000000 };
    struct run *r = arg;

    (void)nanosleep(&moment, NULL);
    return r->moments++ < MOMENTS;
}

static void tell_rest(struct run *r)
{
    for (size_t i = 0; i < r->kinds; i++) {
        if (r->kind[i].n > REPEATED_MAX) {
            fprintf(stderr, "%s: %s: %" PRIu64 " more\n", r->s->path,
                    bm_status_text(r->kind[i].status),
                    r->kind[i].n - REPEATED_MAX);
        }
    }
}

static int print_json(struct run *r, const struct ca_ledger_summary *sum,
                      bool valid)
{
    struct tree *t = &r->t;
    json_t *o = tree_object(t);

    tree_set(t, o, "valid", tree_bool(t, valid));
    tree_set(t, o, "trees", tree_int(t, sum->trees));
    tree_set(t, o, "leaves", tree_int(t, (int64_t)sum->leaves));
    tree_set(t, o, "certificates", tree_int(t, (int64_t)sum->certs));
    tree_set(t, o, "revocations", tree_int(t, (int64_t)sum->revocations));
    tree_set(t, o, "journal_entries", tree_int(t, (int64_t)sum->journal));
    tree_set(t, o, "tree", tree_int(t, sum->head.tree));
    tree_set(t, o, "size", tree_int(t, (int64_t)sum->head.size));
    tree_set(t, o, "root", tree_hex(t, BM_ARRAY(sum->head.root)));
    tree_set(t, o, "findings", tree_int(t, (int64_t)sum->findings));
    tree_set(t, o, "found", r->found);
    r->found = NULL;
    if (!t->failed) {
        t->failed = json_dumpf(o, stdout, JSON_COMPACT) != 0;
        putchar('\n');
    }
    json_decref(o);
    if (t->failed) {
        fprintf(stderr, "%s: out of memory\n", r->s->path);
    }
    return t->failed ? CMD_FAILED : CMD_OK;
}

/* "valid" is said last, and of what was read whole. */
static int print(struct run *r, const struct ca_ledger_summary *sum,
                 bm_status rc)
{
    bool valid = rc == BM_OK && sum->findings == 0;
    struct ca_refusal why = { .status = BM_OK };

    clear_line(r);
    tell_rest(r);
    if (rc != BM_OK && sum->findings == 0) {
        return session_result(r->s, rc, &why); /* it could not be read */
    }
    if (r->json) {
        return print_json(r, sum, valid) == CMD_OK && valid ? CMD_OK
                                                            : CMD_FAILED;
    }
    printf("%" PRIu64 " leaves, %" PRIu64 " certificates, %" PRIu64
           " revocations, %" PRIu64 " journal entries: ",
           sum->leaves, sum->certs, sum->revocations, sum->journal);
    if (valid) {
        printf("valid\n");
    } else {
        printf("%" PRIu64 " findings\n", sum->findings);
    }
    return valid ? CMD_OK : CMD_FAILED;
}

static int run(struct session *s, const struct given *given)
{
    struct run r = { .s = s, .json = given->json };
    struct ca_ledger_summary summary;
    struct ca_refusal why = { .status = BM_OK };
    char journal[FILES_PATH_MAX];
    struct ca_ledger_audit audit = { .journal = journal,
                                     .arg = &r,
                                     .finding = tell,
                                     .progress = show_progress,
                                     .again = wait_a_moment };
    uint8_t *against = NULL;
    bm_status status = files_path(journal, s->instance->dir, "journal");
    int rc;

    r.shown = isatty(STDERR_FILENO) != 0;
    r.found = tree_array(&r.t);
    if (status == BM_OK && given->against != NULL) {
        status = files_read(given->against, AGAINST_MAX, &against,
                            &audit.against.n, &why);
        audit.against.p = against;
    }
    if (status == BM_OK) {
        status = ca_ledger_verify(s->instance->ledger, &audit, &summary);
        rc = print(&r, &summary, status);
    } else {
        rc = session_result(s, status, &why);
    }
    json_decref(r.found);
    free(against);
    return rc;
}

int cmd_ledger_verify(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_LEDGER_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given);
    }
    session_close(&s);
    return rc;
}
