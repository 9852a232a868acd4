/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "cli/lint.h"
#include "cli/profile_source.h"
#include "cli/provider.h"
#include "cli/safe.h"

enum {
    OPTION_DIR = 1,
    OPTION_ISSUER,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the profiles of this instance, not of the program",
      OPTION_DIR },
    { "--issuer", "FILE", "the certificate of the CA that issued",
      OPTION_ISSUER },
    { "--json", NULL, "one JSON object per file and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark cert lint", "[OPTION]... FILE...",
    "Find the profiles that certificates, whoever issued them, fit: those of\n"
    "which no rule is broken; else the nearest, and its broken rules.\n",
    options
};

/* An instance has at most 64. */
#define PROFILES_MAX 128

struct settings {
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
    return s->files_n != 0 ? CMD_OK
                           : cmd_usage_error(verb.path, "no file named");
}

struct run {
    struct settings settings;
    struct profile_source *profiles; /* of PROFILES_MAX */
    size_t profiles_n;
    size_t broken[PROFILES_MAX]; /* rules, of this certificate */
    struct lint_issuer issuer;
    struct bm_crypto *crypto;
    struct report report;
    struct tree tree;
    json_t *rules; /* of the profile that is told; NULL: of none */
    size_t counted;
    bool told; /* rules are to be printed */
};

/* Takes the profile over. */
static bool take_profile(void *arg, struct profile_source *source,
                         const struct ca_profile_shipped *shipped)
{
    struct run *run = arg;

    (void)shipped;
    if (run->profiles_n == PROFILES_MAX) {
        fprintf(stderr, "birthmark: over %d profiles\n", PROFILES_MAX);
        return false;
    }
    run->profiles[run->profiles_n++] = *source;
    *source = (struct profile_source){ .name = NULL };
    return true;
}

static void see_rule(void *arg, const char *rule,
                     enum ca_profile_verdict verdict,
                     const struct ca_refusal *why)
{
    struct run *run = arg;

    run->counted += verdict == CA_PROFILE_BROKEN;
    if (!run->told || verdict != CA_PROFILE_BROKEN) {
        return;
    }
    if (run->settings.json) {
        tree_append(&run->tree, run->rules,
                    lint_rule_tree(&run->tree, rule, verdict, why));
    } else {
        printf("  %-20.*s ", lint_rule_length(rule), rule);
        lint_print_verdict(verdict, why);
    }
}

/* How many rules of profile `i` are broken. */
static size_t hold(struct run *run, size_t i, const struct bm_cert *cert)
{
    const struct ca_profile_lint lint = {
        .arg = run,
        .rule = see_rule,
        .issuer = run->issuer.is ? &run->issuer.c.cert : NULL,
        .crypto = run->crypto,
    };

    bm_status rc;

    run->counted = 0;
    rc = ca_profile_lint(run->profiles[i].profile, cert, &lint);
    if (lint_is_trouble(rc)) {
        fprintf(stderr, "birthmark: %s\n", bm_status_text(rc));
    }
    return run->counted;
}

static const char *name_of(const struct run *run, size_t i)
{
    return ca_profile_policy(run->profiles[i].profile)->name;
}

/* Against all; the first of those with the fewest broken rules. */
static size_t hold_all(struct run *run, const struct bm_cert *cert)
{
    size_t best = 0;

    run->told = false;
    for (size_t i = 0; i < run->profiles_n; i++) {
        run->broken[i] = hold(run, i, cert);
        best = run->broken[i] < run->broken[best] ? i : best;
    }
    return best;
}

static void print_text(struct run *run, const struct object *object,
                       const struct lint_cert *c, size_t best)
{
    const char *separator = "  fits: ";

    report_item_begin(&run->report);
    report_heading(&run->report, object->block, "certificate");
    lint_print_tolerated(c->tolerated);
    for (size_t i = 0; i < run->profiles_n; i++) {
        if (run->broken[i] == 0) {
            fputs(separator, stdout);
            safe_print_str(stdout, name_of(run, i));
            separator = ", ";
        }
    }
    if (run->broken[best] == 0) {
        fputc('\n', stdout);
        return;
    }
    fputs("  fits none; nearest: ", stdout);
    safe_print_str(stdout, name_of(run, best));
    fputc('\n', stdout);
    run->told = true;
    (void)hold(run, best, &c->cert);
}

static void print_json(struct run *run, const struct object *object,
                       const struct lint_cert *c, size_t best)
{
    struct tree *t = &run->tree;
    json_t *fits = tree_array(t);
    json_t *o = tree_object(t);

    for (size_t i = 0; i < run->profiles_n; i++) {
        if (run->broken[i] == 0) {
            tree_append(t, fits, tree_str(t, name_of(run, i)));
        }
    }
    tree_set(t, o, "type", tree_str(t, "certificate"));
    tree_set(t, o, "tolerated", lint_tolerated(t, c->tolerated));
    tree_set(t, o, "fits", fits);
    if (run->broken[best] != 0) {
        run->rules = tree_array(t);
        run->told = true;
        (void)hold(run, best, &c->cert);
        tree_set(t, o, "nearest", tree_str(t, name_of(run, best)));
        tree_set(t, o, "rules", run->rules);
    }
    report_item(&run->report, t, object->block, o);
}

static void lint_cert(void *arg, const struct object *object,
                      const struct lint_cert *c)
{
    struct run *run = arg;
    size_t best = hold_all(run, &c->cert);

    run->tree = (struct tree){ false };
    if (run->settings.json) {
        print_json(run, object, c, best);
    } else {
        print_text(run, object, c, best);
    }
    run->report.failed = run->report.failed || run->broken[best] != 0;
}

static int lint_all(struct run *run)
{
    const struct lint_walk walk = { &run->report, run, lint_cert };

    if (!profile_source_each(run->settings.dir, run, take_profile)) {
        return CMD_FAILED;
    }
    if (run->profiles_n == 0) {
        fputs("birthmark cert lint: there are no profiles\n", stderr);
        return CMD_FAILED;
    }
    run->report.json = run->settings.json;
    lint_files(&walk, run->settings.files, run->settings.files_n);
    return run->report.failed ? CMD_FAILED : CMD_OK;
}

static int lint_with(struct run *run)
{
    int rc = CMD_FAILED;

    run->profiles = calloc(PROFILES_MAX, sizeof *run->profiles);
    if (run->profiles == NULL) {
        fputs("birthmark: out of memory\n", stderr);
        return CMD_FAILED;
    }
    if (lint_issuer_open(&run->issuer, run->settings.issuer)) {
        rc = lint_all(run);
    }
    lint_issuer_close(&run->issuer);
    for (size_t i = 0; i < run->profiles_n; i++) {
        profile_source_close(&run->profiles[i]);
    }
    free(run->profiles);
    return rc;
}

int cmd_cert_lint(int argc, char **argv)
{
    struct run run = { .profiles = NULL };
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
    rc = lint_with(&run);
    provider_free(run.crypto);
    return rc;
}
