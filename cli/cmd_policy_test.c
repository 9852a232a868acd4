/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/policy_file.h"
#include "cli/safe.h"
#include "policy/expect.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    { "--json", NULL, "print one JSON object for each expectation",
      OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark policy test", "[--json] FILE [EXPECTATIONS]",
    "Hold a policy of the firewall against what is expected of it, in a file\n"
    "that is kept beside it: of policy.yaml this is policy.expect.yaml.\n"
    "Exits 0 if all of it is as expected.\n",
    options
};

struct given {
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* "sensor.yaml": "sensor.expect.yaml". The caller frees it. */
static char *beside(const char *name)
{
    static const char end[] = ".yaml";
    static const char expect[] = ".expect.yaml";
    size_t n = strlen(name);
    size_t room = n + sizeof expect;
    char *path = malloc(room);

    if (path == NULL) {
        return NULL;
    }
    if (n >= sizeof end - 1 && strcmp(name + n - (sizeof end - 1), end) == 0) {
        n -= sizeof end - 1;
    }
    (void)snprintf(path, room, "%.*s%s", (int)n, name, expect);
    return path;
}

static int tell_json(const char *name, const struct policy_expectation *item,
                     const char *words)
{
    struct tree t = { false };
    json_t *o = tree_object(&t);

    tree_set(&t, o, "file", tree_str(&t, name));
    tree_set(&t, o, "line", tree_int(&t, item->line));
    tree_set(&t, o, "packet", tree_str(&t, item->packet));
    tree_set(&t, o, "ok", tree_bool(&t, words[0] == '\0'));
    tree_set(&t, o, "words", tree_str(&t, words));
    return policy_print_json(&t, o);
}

static int tell(const char *name, const struct policy_expectation *item,
                const char *words)
{
    if (words[0] != '\0') {
        safe_print_str(stdout, name);
        printf(":%u: ", item->line);
        safe_print_str(stdout, item->packet);
        printf(": %s expected; %s\n",
               policy_verdict_name((enum policy_verdict)item->verdict), words);
    }
    return CMD_OK;
}

static int run(const struct policy_file *f, const char *name,
               const struct policy_expectations *e, bool json)
{
    size_t met = 0;
    int rc = CMD_OK;

    for (size_t i = 0; rc == CMD_OK && i < e->n; i++) {
        char words[CONFIG_WORDS_MAX];
        bm_status one = policy_expect_check(f->policy, &e->items[i], words);

        if (one != BM_OK && words[0] == '\0') {
            return policy_file_complain(name, bm_status_text(one));
        }
        met += one == BM_OK ? 1 : 0;
        rc = json ? tell_json(name, &e->items[i], words)
                  : tell(name, &e->items[i], words);
    }
    if (!json) {
        printf("%zu of %zu as expected\n", met, e->n);
    }
    return rc == CMD_OK && met != e->n ? CMD_FAILED : rc;
}

static int test(const struct policy_file *f, const char *name, bool json)
{
    struct policy_expectations e = { .n = 0 };
    struct config_error error;
    char *text = NULL;
    size_t n = 0;
    int rc = policy_file_load(name, &text, &n);

    if (rc != CMD_OK) {
        return rc;
    }
    if (policy_expect_parse((struct bm_bytes){ (const uint8_t *)text, n }, &e,
                            &error) != BM_OK) {
        rc = policy_file_refuse(name, &error);
    } else {
        rc = run(f, name, &e, json);
    }
    policy_expect_wipe(&e);
    free(text);
    return rc;
}

int cmd_policy_test(int argc, char **argv)
{
    struct given given = { false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 2 };
    struct policy_file f;
    char *name;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = policy_file_open(&f, args.words[0]);
    name = args.words_n == 2 ? strdup(args.words[1]) : beside(args.words[0]);
    if (rc == CMD_OK) {
        rc = name != NULL ? test(&f, name, given.json)
                          : policy_file_complain(verb.path, "out of memory");
    }
    free(name);
    policy_file_close(&f);
    return rc;
}
