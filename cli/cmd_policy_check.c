/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/policy_file.h"
#include "cli/safe.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    { "--json", NULL, "print one JSON object for each policy", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark policy check", "[--json] FILE...",
    "Read policies of the firewall and say what they open in each mode, and\n"
    "what their tables take of flash and RAM; or what is wrong and where:\n"
    "FILE:LINE:COLUMN. Rules that contradict each other are wrong.\n",
    options
};

struct given {
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* More policies than anybody names. */
#define FILES_MAX 64

static bool is_there(const struct policy_rule *rule, unsigned mode,
                     unsigned direction)
{
    return (rule->modes & 1u << mode) != 0 &&
           (unsigned)rule->direction == direction &&
           (rule->verdict == POLICY_ALLOW || rule->verdict == POLICY_OBSERVE);
}

/* ---- Text */

static void print_open(const struct policy *policy, unsigned mode, unsigned d)
{
    bool any = false;

    printf("  %-9s %-4s",
           d == 0 ? policy_mode_name((enum policy_mode)mode) : "",
           policy_direction_name((enum policy_direction)d));
    for (size_t i = 0; i < policy->n; i++) {
        if (is_there(&policy->rules[i], mode, d)) {
            printf(" %s", policy->rules[i].name);
            any = true;
        }
    }
    puts(any ? "" : " nothing");
}

static void print_text(const struct policy_file *f)
{
    const struct policy *p = f->policy;

    safe_print_str(stdout, f->name);
    fputs(": ", stdout);
    safe_print_str(stdout, p->name);
    printf(", version %u, floor %u\n", p->version, p->floor);
    printf("  rules     %zu\n", p->n);
    printf("  flash     %zu octets\n", f->compiled.n);
    printf("  RAM       %zu octets\n", f->compiled.ram);
    printf("  probes    %u at most\n", f->compiled.probes);
    for (unsigned mode = 0; mode < POLICY_MODES; mode++) {
        for (unsigned d = 0; d < POLICY_DIRECTIONS; d++) {
            print_open(p, mode, d);
        }
    }
}

static void warn(const struct policy_file *f)
{
    for (size_t i = 0; i < f->policy->n; i++) {
        if (!f->compiled.decides[i]) {
            safe_print_str(stderr, f->name);
            fprintf(stderr,
                    ":%u:%u: warning: %s never decides: others come "
                    "before it\n",
                    f->policy->rules[i].line, f->policy->rules[i].column,
                    f->policy->rules[i].name);
        }
    }
}

/* ---- JSON */

static json_t *open_rules(struct tree *t, const struct policy *policy,
                          unsigned mode, unsigned direction)
{
    json_t *names = tree_array(t);

    for (size_t i = 0; i < policy->n; i++) {
        if (is_there(&policy->rules[i], mode, direction)) {
            tree_append(t, names, tree_str(t, policy->rules[i].name));
        }
    }
    return names;
}

static json_t *modes_tree(struct tree *t, const struct policy *policy)
{
    json_t *modes = tree_object(t);

    for (unsigned mode = 0; mode < POLICY_MODES; mode++) {
        json_t *one = tree_object(t);

        tree_set(t, one, "in", open_rules(t, policy, mode, POLICY_IN));
        tree_set(t, one, "out", open_rules(t, policy, mode, POLICY_OUT));
        tree_set(t, modes, policy_mode_name((enum policy_mode)mode), one);
    }
    return modes;
}

static json_t *never_tree(struct tree *t, const struct policy_file *f)
{
    json_t *names = tree_array(t);

    for (size_t i = 0; i < f->policy->n; i++) {
        if (!f->compiled.decides[i]) {
            tree_append(t, names, tree_str(t, f->policy->rules[i].name));
        }
    }
    return names;
}

static int print_json(const struct policy_file *f)
{
    const struct policy *p = f->policy;
    const struct policy_compiled *c = &f->compiled;
    struct tree t = { false };
    json_t *o = tree_object(&t);

    tree_set(&t, o, "file", tree_str(&t, f->name));
    tree_set(&t, o, "policy", tree_str(&t, p->name));
    tree_set(&t, o, "version", tree_int(&t, p->version));
    tree_set(&t, o, "floor", tree_int(&t, p->floor));
    tree_set(&t, o, "rules", tree_int(&t, (int64_t)p->n));
    tree_set(&t, o, "flash", tree_int(&t, (int64_t)c->n));
    tree_set(&t, o, "ram", tree_int(&t, (int64_t)c->ram));
    tree_set(&t, o, "probes", tree_int(&t, c->probes));
    tree_set(&t, o, "nodes", tree_int(&t, (int64_t)c->nodes));
    tree_set(&t, o, "modes", modes_tree(&t, p));
    tree_set(&t, o, "never", never_tree(&t, f));
    return policy_print_json(&t, o);
}

static int check(const char *name, bool json)
{
    struct policy_file f;
    int rc = policy_file_open(&f, name);

    if (rc == CMD_OK) {
        if (json) {
            rc = print_json(&f);
        } else {
            print_text(&f);
        }
        fflush(stdout); /* keeps the order where both go to one terminal */
        warn(&f);
    }
    policy_file_close(&f);
    return rc;
}

int cmd_policy_check(int argc, char **argv)
{
    struct given given = { false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = FILES_MAX };
    int rc = CMD_OK;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    for (int i = 0; i < args.words_n && ferror(stdout) == 0; i++) {
        int one = check(args.words[i], given.json);

        rc = one != CMD_OK ? one : rc;
    }
    return rc;
}
