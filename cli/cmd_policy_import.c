/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/output.h"
#include "cli/policy_file.h"
#include "cli/safe.h"
#include "policy/mud.h"
#include "policy/set.h"

enum {
    OPTION_RESOLVE = 1,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    { "--resolve", "NAME=CIDR,...",
      "addresses that a name in the file stands for; repeat as needed",
      OPTION_RESOLVE },
    { "--out", "FILE", "a new file instead of standard output", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark policy import", "[OPTION]... MUD",
    "Make a policy of what a maker says that a device needs, in a file of\n"
    "Manufacturer Usage Descriptions (RFC 8520). Names in it need addresses;\n"
    "those that have none are printed. The policy is for somebody to read.\n",
    options
};

struct given {
    struct args_many resolve;
    const char *out;
};

static const struct args_row rows[] = {
    { OPTION_RESOLVE, ARGS_MANY, offsetof(struct given, resolve), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    char *words[ARGS_MANY_MAX]; /* "NAME\0CIDR,..." */
    struct policy_mud_name names[ARGS_MANY_MAX];
    struct policy_mud_config config;
};

static bool are_addresses(const char *list)
{
    for (;;) {
        size_t n = strcspn(list, ",");
        struct policy_range range;
        char one[128];

        if (n == 0 || n >= sizeof one) {
            return false;
        }
        memcpy(one, list, n);
        one[n] = '\0';
        if (!policy_range_ipv4(one, &range) &&
            !policy_range_ipv6(one, &range)) {
            return false;
        }
        if (list[n] == '\0') {
            return true;
        }
        list += n + 1;
    }
}

/* A name may have a '=' in it, addresses have none. */
static int take_names(struct run *run, const struct given *given)
{
    run->config = (struct policy_mud_config){ run->names, given->resolve.n };
    for (size_t i = 0; i < given->resolve.n; i++) {
        char *word = strdup(given->resolve.value[i]);
        char *equals = word != NULL ? strrchr(word, '=') : NULL;

        run->words[i] = word;
        if (word == NULL) {
            return policy_file_complain(verb.path, "out of memory");
        }
        if (equals == NULL || equals == word || !are_addresses(equals + 1)) {
            return cmd_usage_error(verb.path, "--resolve NAME=CIDR,...");
        }
        *equals = '\0';
        run->names[i] = (struct policy_mud_name){ word, equals + 1 };
    }
    return CMD_OK;
}

static int refuse(const char *name, bm_status rc, const char *names,
                  const struct config_error *error)
{
    if (rc == BM_E_POLICY_NAMES) {
        safe_print_str(stderr, name);
        fputs(": names without addresses, each for a --resolve "
              "NAME=CIDR,...:\n",
              stderr);
        fputs(names, stderr); /* printable: policy/mud.h writes it */
        return CMD_FAILED;
    }
    return error->line != 0
               ? policy_file_refuse(name, error)
               : policy_file_complain(name, error->words[0] != '\0'
                                                ? error->words
                                                : bm_status_text(rc));
}

static int write_text(const char *text, const char *out)
{
    struct output o;
    int rc = output_open(&o, verb.path, out);

    if (rc != CMD_OK) {
        return rc;
    }
    output_put(&o, (struct bm_bytes){ (const uint8_t *)text, strlen(text) });
    return output_finish(&o);
}

static int import(const struct run *run, const char *name, const char *out)
{
    struct config_error error;
    char *json = NULL;
    char *text = NULL;
    size_t n = 0;
    bm_status status;
    int rc = policy_file_load(name, &json, &n);

    if (rc != CMD_OK) {
        return rc;
    }
    status = policy_mud_import((struct bm_bytes){ (const uint8_t *)json, n },
                               &run->config, &text, &error);
    rc = status == BM_OK ? write_text(text, out)
                         : refuse(name, status, text, &error);
    free(text);
    free(json);
    return rc;
}

int cmd_policy_import(int argc, char **argv)
{
    struct given given = { .out = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "MUD",
                         .words_min = 1,
                         .words_max = 1 };
    struct run run = { .config = { NULL, 0 } };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = take_names(&run, &given);
    if (rc == CMD_OK) {
        rc = import(&run, args.words[0], given.out);
    }
    for (size_t i = 0; i < ARGS_MANY_MAX; i++) {
        free(run.words[i]);
    }
    return rc;
}
