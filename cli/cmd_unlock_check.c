/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/diag.h"
#include "cli/unlock.h"
#include "files/files.h"

enum {
    OPTION_DIR = 1,
    OPTION_OUT
};

#define DIR_OPTION                                                         \
    {                                                                      \
        "--dir", "DIR", "the instance (the current directory)", OPTION_DIR \
    }

static const struct cmd_option check_options[] = {
    DIR_OPTION,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_option combine_options[] = {
    DIR_OPTION,
    { "--out", "FILE", "where the secret is written, mode 0400", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb check_verb = {
    "birthmark unlock check", "[--dir DIR] [FILE]...",
    "Say whether these shares give the secret that opens the keys of this\n"
    "instance, and if not, which of them is why. Without a FILE they are\n"
    "asked for at the terminal. Nothing of a secret is printed or written.\n",
    check_options
};

static const struct cmd_verb combine_verb = {
    "birthmark unlock combine", "[--dir DIR] --out FILE [FILE]...",
    "Write the unlock secret that these shares give into a new file, as init\n"
    "did: for a service that is handed it (unlock: fd:N), or to do without\n"
    "shares again. Without a FILE the shares are asked for at the terminal.\n",
    combine_options
};

struct given {
    const char *dir;
    const char *out;
};

static const struct args_row check_rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row combine_rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), true },
    { 0, ARGS_FLAG, 0, false },
};

/* The secret of the shares named, which opens the instance. */
static int take(struct unlock *u, const struct args *args,
                uint8_t secret[BM_UNLOCK_SIZE], size_t *count)
{
    int rc = unlock_open(u);

    if (rc == CMD_OK) {
        rc = unlock_combine(u, args->words, args->words_n, secret, count);
    }
    return rc == CMD_OK ? unlock_try(u, secret, NULL) : rc;
}

static int write_secret(const struct unlock *u, const char *path,
                        const uint8_t secret[BM_UNLOCK_SIZE])
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t text[BM_UNLOCK_TEXT_MAX];
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, text, sizeof text);
    rc = bm_unlock_put(u->crypto, secret, &w);
    if (rc == BM_OK) {
        rc = files_create(path, bm_wr_bytes(&w), 0400, &why);
    }
    bm_wipe(text, sizeof text);
    return rc == BM_OK ? CMD_OK : refusal_print_act(u->path, rc, &why);
}

static int run(const struct cmd_verb *verb, const struct args_row *rows,
               int argc, char **argv)
{
    struct given given = { .out = NULL };
    struct args args = { .verb = verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_max = (int)BM_SHARE_FILES_MAX };
    struct unlock u = { .path = verb->path };
    uint8_t secret[BM_UNLOCK_SIZE];
    size_t count = 0;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    u.dir = given.dir;
    rc = take(&u, &args, secret, &count);
    if (rc == CMD_OK && given.out != NULL) {
        rc = write_secret(&u, given.out, secret);
    }
    if (rc == CMD_OK && given.out != NULL) {
        puts(given.out);
    } else if (rc == CMD_OK) {
        printf("%zu shares open %s\n", count, u.kek);
    }
    bm_wipe(secret, sizeof secret);
    unlock_close(&u);
    return rc;
}

int cmd_unlock_check(int argc, char **argv)
{
    return run(&check_verb, check_rows, argc, argv);
}

int cmd_unlock_combine(int argc, char **argv)
{
    return run(&combine_verb, combine_rows, argc, argv);
}
