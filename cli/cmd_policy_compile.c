/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/output.h"
#include "cli/policy_file.h"

enum {
    OPTION_JSON = 1,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    { "--json", NULL, "print what the table takes as JSON", OPTION_JSON },
    { "--out", "FILE", "where the table goes; it must not exist", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark policy compile", "[--json] --out FILE POLICY",
    "Compile a policy of the firewall to the table that a device has, and say\n"
    "what it takes. A policy has one table, octet by octet.\n",
    options
};

struct given {
    bool json;
    const char *out;
};

static const struct args_row rows[] = {
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), true },
    { 0, ARGS_FLAG, 0, false },
};

static int tell(const struct policy_compiled *c, bool json)
{
    struct tree t = { false };
    json_t *o;

    if (json) {
        o = tree_object(&t);
        tree_set(&t, o, "flash", tree_int(&t, (int64_t)c->n));
        tree_set(&t, o, "ram", tree_int(&t, (int64_t)c->ram));
        tree_set(&t, o, "probes", tree_int(&t, c->probes));
        tree_set(&t, o, "nodes", tree_int(&t, (int64_t)c->nodes));
        return policy_print_json(&t, o);
    }
    fprintf(stderr,
            "flash %zu octets, RAM %zu octets, %u probes at most, %zu nodes\n",
            c->n, c->ram, c->probes, c->nodes);
    return CMD_OK;
}

static int compile(const struct policy_file *f, const struct given *given)
{
    struct output o;
    int rc = output_open(&o, verb.path, given->out);

    if (rc != CMD_OK) {
        return rc;
    }
    output_put(&o, (struct bm_bytes){ f->compiled.table, f->compiled.n });
    rc = output_finish(&o);
    return rc == CMD_OK ? tell(&f->compiled, given->json) : rc;
}

int cmd_policy_compile(int argc, char **argv)
{
    struct given given = { .out = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "POLICY",
                         .words_min = 1,
                         .words_max = 1 };
    struct policy_file f;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = policy_file_open(&f, args.words[0]);
    if (rc == CMD_OK) {
        rc = compile(&f, &given);
    }
    policy_file_close(&f);
    return rc;
}
