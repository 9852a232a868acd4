/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/instance.h"
#include "cli/safe.h"
#include "server/backup.h"

enum {
    OPTION_DIR = 1,
    OPTION_KEYS
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--with-keys", NULL, "the sealed private keys, too", OPTION_KEYS },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark backup", "[--dir DIR] [--with-keys] FILE",
    "Write an instance into a new file, while it works on. The unlock secret,\n"
    "the operator's key and the cold root are never in it.\n",
    options
};

struct given {
    const char *dir;
    bool keys;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_KEYS, ARGS_FLAG, offsetof(struct given, keys), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Somebody watches, and was told last at this second. */
struct progress {
    time_t told;
};

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
    struct progress *p = arg;
    time_t now = time(NULL);

    if (now != p->told && total != 0) {
        p->told = now;
        fprintf(stderr, "\r%3" PRIu64 " %%", 100 * done / total);
    }
}

static int run(struct session *s, const struct given *given, const char *file)
{
    struct progress progress = { .told = time(NULL) };
    struct backup_config config = {
        .path = file,
        .tool = "birthmark " BM_VERSION,
        .keys = given->keys,
        .now = s->now,
        .progress = isatty(STDERR_FILENO) != 0 ? show_progress : NULL,
        .arg = &progress,
    };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = backup_make(s->instance, &s->actor, &config, &why);

    if (config.progress != NULL) {
        fputs("\r     \r", stderr);
    }
    if (rc != BM_OK) {
        return session_result(s, rc, &why);
    }
    puts(file);
    fputs(given->keys
              ? "birthmark backup: the private keys are in it, sealed; the "
                "unlock secret is not: keep it apart\n"
              : "birthmark backup: no private keys are in it: keep keys/kek "
                "and keys/*.key apart\n",
          stderr);
    return CMD_OK;
}

int cmd_backup(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_BACKUP };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given, args.words[0]);
    }
    session_close(&s);
    return rc;
}
