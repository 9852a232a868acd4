/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/program.h"

#include <errno.h>
#include <string.h>

#include "agent/event.h"
#include "agent/words.h"

/* Sorted by life cycle, not by alphabet: the table is the tutorial. */
static const struct args_command commands[] = {
    { "enroll", NULL, "get an identity, by a one-time secret or the IDevID",
      ARGS_BIRTH | ARGS_NO_WAIT, enroll_run },
    { "renew", NULL, "replace the identity by its successor, now", ARGS_NO_WAIT,
      renew_run },
    { "run", NULL, "keep the identity: renew in time, hand it over", 0,
      run_run },
    { "status", NULL, "what there is: identities, clock, trust, vault",
      ARGS_JSON, status_run },
    { "connect", "HOST[:PORT]",
      "carry standard input and output to a server, by mutual TLS", 0,
      connect_run },
    { "seal", "NAME", "keep standard input in the vault, under a name",
      ARGS_DELETE, seal_run },
    { "unseal", "NAME", "write a record of the vault to standard output", 0,
      unseal_run },
    { NULL, NULL, NULL, 0, NULL },
};

/* "agent.yaml:3:7: unknown key 'sate'; did you mean 'state'?" */
static int print_error(const char *path, bm_status rc,
                       const struct config_error *error)
{
    char why[128];

    fprintf(stderr, "birthmark-agent: ");
    words_print(stderr, path);
    if (error->words[0] != '\0') {
        fprintf(stderr, ":%u:%u: ", error->line, error->column);
        words_print(stderr, error->words);
        fprintf(stderr, "\n");
    } else if (rc == BM_E_NOT_FOUND || rc == BM_E_IO) {
        (void)strerror_r(errno, why, sizeof why);
        fprintf(stderr, ": %s\n", why);
    } else {
        fprintf(stderr, ": %s\n", bm_status_text(rc));
    }
    return ARGS_FAILED;
}

bool program_settings(const struct args *args, struct settings *settings,
                      int *exit_code)
{
    struct config_error error;
    bm_status rc = settings_load(args->config, settings, &error);

    if (rc != BM_OK) {
        *exit_code = print_error(args->config, rc, &error);
        return false;
    }
    event_open((enum event_level)settings->log_level);
    return true;
}

int program_run(int argc, char **argv, const char *version)
{
    const struct args_command *command;
    struct args args;
    int rc = args_read(argc, argv, commands, &args, &command);

    if (rc != ARGS_OK) {
        return rc;
    }
    if ((args.given & ARGS_VERSION) != 0) {
        printf("birthmark-agent %s\n", version);
        return ARGS_OK;
    }
    if ((args.given & ARGS_HELP) != 0) {
        return ARGS_OK;
    }
    return command == NULL ? check_run(&args) : command->run(&args);
}
