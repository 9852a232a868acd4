/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include "cli/lint.h"
#include "cli/profile_source.h"
#include "cli/provider.h"

enum {
    OPTION_PROFILE = 1,
    OPTION_DIR,
    OPTION_ISSUER,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--profile", "NAME|FILE", "the profile; has a '/' or .yaml if a file",
      OPTION_PROFILE },
    { "--dir", "DIR", "a profile of this instance, not of the program",
      OPTION_DIR },
    { "--issuer", "FILE", "the certificate of the CA that issued",
      OPTION_ISSUER },
    { "--json", NULL, "one JSON object per file and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark profile lint", "--profile NAME|FILE [OPTION]... FILE...",
    "Hold certificates, whoever issued them, against a profile: every rule,\n"
    "and whether it holds. What only the issuing CA tells (is the signature\n"
    "its own, are validity and names within what it allows?) is not known\n"
    "without --issuer.\n",
    options
};

struct settings {
    const char *profile;
    const char *dir;
    const char *issuer;
    bool json;
    bool help;
    char **files; /* in argv, gathered at its front */
    int files_n;
};

static int parse_command_line(struct settings *s, int argc, char **argv)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    int id;

    *s = (struct settings){ .files = argv };
    while ((id = cmd_next_option(&line, &verb)) != CMD_OPTION_END) {
        switch (id) {
        case CMD_OPTION_HELP:
            s->help = true;
            return CMD_OK;
        case OPTION_PROFILE:
            s->profile = line.value;
            break;
        case OPTION_DIR:
            s->dir = line.value;
            break;
        case OPTION_ISSUER:
            s->issuer = line.value;
            break;
        case OPTION_JSON:
            s->json = true;
            break;
        case CMD_OPTION_FILE:
            s->files[s->files_n++] = argv[line.next - 1];
            break;
        default:
            return CMD_USAGE;
        }
    }
    if (s->profile == NULL) {
        return cmd_usage_error(verb.path, "no --profile");
    }
    return s->files_n != 0 ? CMD_OK
                           : cmd_usage_error(verb.path, "no file named");
}

struct run {
    struct settings settings;
    struct profile_source source;
    struct lint_issuer issuer;
    struct bm_crypto *crypto;
    struct report report;
    struct tree tree; /* of one certificate */
    json_t *rules;
};

static void add_rule(void *arg, const char *rule,
                     enum ca_profile_verdict verdict,
                     const struct ca_refusal *why)
{
    struct run *run = arg;

    if (run->settings.json) {
        tree_append(&run->tree, run->rules,
                    lint_rule_tree(&run->tree, rule, verdict, why));
        return;
    }
    printf("  %-20.*s ", lint_rule_length(rule), rule);
    lint_print_verdict(verdict, why);
}

static void lint_cert(void *arg, const struct object *object,
                      const struct lint_cert *c)
{
    struct run *run = arg;
    const struct ca_profile_lint lint = {
        .arg = run,
        .rule = add_rule,
        .issuer = run->issuer.is ? &run->issuer.c.cert : NULL,
        .crypto = run->crypto,
    };
    struct tree *t = &run->tree;
    json_t *o;
    bm_status rc;

    *t = (struct tree){ false };
    if (!run->settings.json) {
        report_item_begin(&run->report);
        report_heading(&run->report, object->block, "certificate");
        lint_print_tolerated(c->tolerated);
        rc = ca_profile_lint(run->source.profile, &c->cert, &lint);
    } else {
        run->rules = tree_array(t);
        rc = ca_profile_lint(run->source.profile, &c->cert, &lint);
        o = tree_object(t);
        tree_set(t, o, "type", tree_str(t, "certificate"));
        tree_set(t, o, "profile",
                 tree_str(t, ca_profile_policy(run->source.profile)->name));
        tree_set(t, o, "holds", tree_bool(t, rc == BM_OK));
        tree_set(t, o, "tolerated", lint_tolerated(t, c->tolerated));
        tree_set(t, o, "rules", run->rules);
        report_item(&run->report, t, object->block, o);
    }
    if (lint_is_trouble(rc)) {
        fprintf(stderr, "birthmark: %s\n", bm_status_text(rc));
    }
    run->report.failed = run->report.failed || rc != BM_OK;
}

static int lint_all(struct run *run)
{
    const struct lint_walk walk = { &run->report, run, lint_cert };

    if (!profile_source_open(&run->source, run->settings.profile,
                             run->settings.dir)) {
        return CMD_FAILED;
    }
    run->report.json = run->settings.json;
    lint_files(&walk, run->settings.files, run->settings.files_n);
    profile_source_close(&run->source);
    return run->report.failed ? CMD_FAILED : CMD_OK;
}

int cmd_profile_lint(int argc, char **argv)
{
    struct run run = { .rules = NULL };
    int rc = parse_command_line(&run.settings, argc, argv);

    if (rc != CMD_OK) {
        return rc;
    }
    if (run.settings.help) {
        cmd_print_help(&verb);
        return CMD_OK;
    }
    run.crypto = provider_new();
    if (run.crypto == NULL) {
        return CMD_FAILED;
    }
    rc = lint_issuer_open(&run.issuer, run.settings.issuer) ? lint_all(&run)
                                                            : CMD_FAILED;
    lint_issuer_close(&run.issuer);
    provider_free(run.crypto);
    return rc;
}
