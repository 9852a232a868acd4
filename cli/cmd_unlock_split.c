/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/diag.h"
#include "cli/safe.h"
#include "cli/unlock.h"
#include "files/files.h"
#include "keys/shares_write.h"

enum {
    OPTION_DIR = 1,
    OPTION_SHARES,
    OPTION_THRESHOLD,
    OPTION_CUSTODIAN,
    OPTION_OUT,
    OPTION_NAME
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--threshold", "K", "how many of them open it, 2 or more",
      OPTION_THRESHOLD },
    { "--custodian", "NAME", "who gets a share; 2 to 16 of them",
      OPTION_CUSTODIAN },
    { "--shares", "N", "how many custodians there have to be", OPTION_SHARES },
    { "--out", "DIR", "where the shares are written; made if it is not there",
      OPTION_OUT },
    { "--name", "NAME", "what the shares say they are of (the ledger's origin)",
      OPTION_NAME },
    { NULL, NULL, NULL, 0 },
};

#define ARGUMENTS \
    "[--dir DIR] --threshold K --custodian NAME... --out DIR [OPTION]..."

static const struct cmd_verb split_verb = {
    "birthmark unlock split", ARGUMENTS,
    "Split the unlock secret of an instance into shares, one for each\n"
    "custodian, any K of which open it: a file to be carried away and a page\n"
    "to be printed for each. They are read again and tried before this says\n"
    "done. The secret itself stays where it is until you remove it.\n",
    options
};

static const struct cmd_verb rotate_verb = {
    "birthmark unlock rotate", ARGUMENTS,
    "Put a new unlock secret over the keys of an instance, and split it into\n"
    "shares as `split` does. All shares of the old secret are then worthless:\n"
    "what one does when a share was lost or a custodian leaves. No server may\n"
    "run on the instance meanwhile.\n",
    options
};

struct given {
    const char *dir;
    const char *out;
    const char *name;
    uint64_t shares;
    uint64_t threshold;
    struct args_many custodians;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_SHARES, ARGS_NUMBER, offsetof(struct given, shares), false },
    { OPTION_THRESHOLD, ARGS_NUMBER, offsetof(struct given, threshold), true },
    { OPTION_CUSTODIAN, ARGS_MANY, offsetof(struct given, custodians), true },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), true },
    { OPTION_NAME, ARGS_TEXT, offsetof(struct given, name), false },
    { 0, ARGS_FLAG, 0, false },
};

_Static_assert(ARGS_MANY_MAX >= BM_SHARES_MAX, "a custodian for each share");

struct run {
    const struct given *given;
    struct unlock unlock;
    struct bm_share shares[BM_SHARES_MAX];
    uint8_t old[BM_UNLOCK_SIZE]; /* the secret that is there */
    uint8_t new[BM_UNLOCK_SIZE]; /* the one that is split; that one, or not */
    bool is_written;             /* the files are there */
    int lock;
};

/* ---- What is asked for */

static int check_given(const struct given *g, const char *path)
{
    if (g->shares != 0 && g->shares != g->custodians.n) {
        return cmd_usage_error(path, "%zu of --custodian for %llu shares",
                               g->custodians.n, (unsigned long long)g->shares);
    }
    if (g->custodians.n < BM_SHARES_MIN || g->threshold < BM_SHARES_MIN ||
        g->threshold > g->custodians.n) {
        return cmd_usage_error(path,
                               "any %llu of %zu: it takes 2 custodians or "
                               "more, and any 2 or more of them",
                               (unsigned long long)g->threshold,
                               g->custodians.n);
    }
    return CMD_OK;
}

static const char *owner_of(const struct run *r)
{
    return r->given->name != NULL ? r->given->name : r->unlock.settings.origin;
}

static int check_names(const struct run *r)
{
    const struct args_many *c = &r->given->custodians;
    bm_status rc = bm_share_name_check(owner_of(r));

    if (rc != BM_OK) {
        return unlock_refuse(&r->unlock, rc, "%s (give another --name)",
                             owner_of(r));
    }
    for (size_t i = 0; i < c->n; i++) {
        rc = bm_share_name_check(c->value[i]);
        if (rc != BM_OK) {
            return unlock_refuse(&r->unlock, rc,
                                 "%s: 1 to %d printable ASCII characters",
                                 c->value[i], BM_SHARE_NAME_MAX);
        }
    }
    return CMD_OK;
}

/* ---- Shares */

static int make_out(const struct run *r)
{
    const char *out = r->given->out;

    if (mkdir(out, S_IRWXU) == 0 || errno == EEXIST) {
        return CMD_OK;
    }
    refusal_print_errno(out, errno);
    return CMD_FAILED;
}

static struct bm_shares_files files_of(const struct run *r)
{
    return (struct bm_shares_files){ .crypto = r->unlock.crypto,
                                     .shares = r->shares,
                                     .dir = r->given->out };
}

/* Make, write, read again, and see that what comes back is what went in. */
static int deal(struct run *r)
{
    const struct given *g = r->given;
    const struct bm_shares_config config = {
        .owner = owner_of(r),
        .custodians = g->custodians.value,
        .n = (unsigned)g->custodians.n,
        .k = (unsigned)g->threshold,
    };
    const struct bm_shares_files files = files_of(r);
    uint8_t again[BM_UNLOCK_SIZE];
    char why[BM_SHARES_WHY_MAX] = "";
    bm_status rc =
        bm_shares_split(r->unlock.crypto, &config, r->new, r->shares);

    if (rc == BM_OK) {
        rc = bm_shares_write(&files, again, why);
        r->is_written = rc == BM_OK;
    }
    if (rc == BM_OK &&
        !bm_bytes_equal_secret(BM_ARRAY(again), BM_ARRAY(r->new))) {
        rc = BM_E_INTERNAL;
    }
    bm_wipe(again, sizeof again);
    return rc == BM_OK ? CMD_OK
                       : unlock_refuse(&r->unlock, rc, "%s%s%s", g->out,
                                       why[0] == '\0' ? "" : "/", why);
}

static void print_files(const struct run *r)
{
    const struct bm_shares_files files = files_of(r);

    for (size_t i = 0; i < r->given->custodians.n; i++) {
        char name[BM_SHARE_FILE_MAX];

        bm_shares_file(&files, i, name);
        safe_print_str(stdout, r->given->out);
        printf("/%s.share\n", name);
    }
}

static void print_next(const struct run *r, bool is_new)
{
    fprintf(stderr,
            "%s: any %u of these %u shares open the instance; each has a page "
            "to be printed (.svg)\nnext:\n"
            "  hand them out, and remove them here\n"
            "  have unlock: in birthmark.yaml say shares, or shares:DIR with a "
            "DIR in memory\n  birthmark unlock check, with those that you "
            "have\n",
            r->unlock.path, (unsigned)r->shares[0].k, (unsigned)r->shares[0].n);
    fputs(is_new ? "  burn the old shares, and remove keys/unlock if it is "
                   "there: they open nothing more\n"
                 : "  remove keys/unlock: as long as it is there, nobody needs "
                   "a share\n",
          stderr);
}

/* ---- Rotation */

static int take_lock(struct run *r)
{
    char path[FILES_PATH_MAX];

    if (files_path(path, r->unlock.dir, "run/lock") != BM_OK) {
        return unlock_refuse(&r->unlock, BM_E_LIMIT, "%s", r->unlock.dir);
    }
    r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (r->lock < 0) {
        refusal_print_errno(path, errno);
        return CMD_FAILED;
    }
    if (flock(r->lock, LOCK_EX | LOCK_NB) != 0) {
        return unlock_refuse(&r->unlock, BM_E_BUSY,
                             "the instance %s: stop its server first",
                             r->unlock.dir);
    }
    return CMD_OK;
}

/* The new file costs what the old one did. */
static bm_status read_cost(const struct run *r, struct bm_scrypt_cost *cost)
{
    uint8_t room[BM_KEK_FILE_MAX];
    struct bm_kek_file file;
    uint8_t *text = NULL;
    size_t n;
    bm_status rc = files_read(r->unlock.kek, BM_KEK_FILE_MAX, &text, &n, NULL);

    if (rc == BM_OK) {
        rc = bm_kek_parse(r->unlock.crypto, (struct bm_bytes){ text, n }, room,
                          &file);
    }
    if (rc == BM_OK) {
        *cost = file.cost;
    }
    free(text);
    return rc;
}

static bm_status rewrap(const struct run *r, const struct bm_kek *kek)
{
    struct bm_scrypt_cost cost;
    struct bm_kek_config config = {
        .tools = { r->unlock.crypto, r->unlock.port.maker },
        .path = r->unlock.kek,
        .secret = r->new,
        .cost = &cost,
    };
    bm_status rc = read_cost(r, &cost);

    return rc == BM_OK ? bm_kek_rewrap(kek, &config) : rc;
}

/* The shares are on the disk and were tried; now they are made to count. */
static int change_over(struct run *r, const struct bm_kek *kek)
{
    bm_status rc = rewrap(r, kek);

    if (rc != BM_OK) {
        fprintf(stderr,
                "%s: keep the old shares and the new ones: either may open "
                "the keys\n",
                r->unlock.path);
        r->is_written = false; /* not ours to remove any more */
        return unlock_refuse(&r->unlock, rc, "%s", r->unlock.kek);
    }
    return unlock_try(&r->unlock, r->new, NULL);
}

static bm_status make_new(struct run *r)
{
    const struct bm_crypto *crypto = r->unlock.crypto;

    return crypto->random(crypto->self, r->new, sizeof r->new);
}

static int rotate(struct run *r)
{
    struct bm_kek *kek = NULL;
    bm_status made;
    int rc = take_lock(r);

    if (rc == CMD_OK) {
        rc = unlock_read(&r->unlock, r->old);
    }
    if (rc == CMD_OK) {
        rc = unlock_try(&r->unlock, r->old, &kek);
    }
    if (rc == CMD_OK) {
        made = make_new(r);
        rc = made == BM_OK ? CMD_OK : unlock_refuse(&r->unlock, made, "%s", "");
    }
    if (rc == CMD_OK) {
        rc = make_out(r);
    }
    if (rc == CMD_OK) {
        rc = deal(r);
    }
    if (rc == CMD_OK) {
        rc = change_over(r, kek);
    }
    bm_kek_close(kek);
    return rc;
}

/* ---- Splitting */

static int split(struct run *r)
{
    int rc = unlock_read(&r->unlock, r->old);

    if (rc == CMD_OK) {
        rc = unlock_try(&r->unlock, r->old, NULL);
    }
    if (rc == CMD_OK) {
        rc = make_out(r);
    }
    if (rc == CMD_OK) {
        memcpy(r->new, r->old, sizeof r->new);
        rc = deal(r);
    }
    return rc;
}

/* ---- Either */

static int run_verb(struct run *r, int (*act)(struct run *))
{
    struct bm_shares_files files;
    int rc = unlock_open(&r->unlock);

    if (rc == CMD_OK) {
        rc = check_names(r);
    }
    if (rc == CMD_OK) {
        rc = act(r);
    }
    if (rc == CMD_OK) {
        print_files(r);
        print_next(r, act == rotate);
    } else if (r->is_written) {
        files = files_of(r);
        bm_shares_unwrite(&files);
    }
    if (r->lock >= 0) {
        (void)close(r->lock);
    }
    unlock_close(&r->unlock);
    return rc;
}

static int run(const struct cmd_verb *verb, int (*act)(struct run *), int argc,
               char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = verb, .rows = rows, .into = &given };
    struct run r = { .given = &given,
                     .unlock = { .path = verb->path },
                     .lock = -1 };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = check_given(&given, verb->path);
    if (rc != CMD_OK) {
        return rc;
    }
    r.unlock.dir = given.dir;
    rc = run_verb(&r, act);
    bm_wipe(&r, sizeof r);
    return rc;
}

int cmd_unlock_split(int argc, char **argv)
{
    return run(&split_verb, split, argc, argv);
}

int cmd_unlock_rotate(int argc, char **argv)
{
    return run(&rotate_verb, rotate, argc, argv);
}
