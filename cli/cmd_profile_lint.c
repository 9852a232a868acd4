/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <string.h>

#include "cli/profile_source.h"
#include "cli/report.h"
#include "cli/safe.h"
#include "core/cert.h"

enum {
    OPTION_PROFILE = 1,
    OPTION_DIR,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--profile", "NAME|FILE", "the profile; has a '/' or .yaml if a file",
      OPTION_PROFILE },
    { "--dir", "DIR", "a profile of this instance, not of the program",
      OPTION_DIR },
    { "--json", NULL, "one JSON object per file and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark profile lint", "--profile NAME|FILE [OPTION]... FILE...",
    "Hold certificates, whoever issued them, against a profile: every rule,\n"
    "and whether it holds. What only the issuing CA knows (its names, its\n"
    "URLs, its validity) is not asked for.\n",
    options
};

struct settings {
    const char *profile;
    const char *dir;
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
    struct report report;
    struct tree tree; /* of one certificate */
    json_t *rules;
};

/* "basic_constraints (FILE:22)" is a name and a place. */
static void add_rule(void *arg, const char *rule, const struct ca_refusal *why)
{
    struct run *run = arg;
    struct tree *t = &run->tree;
    const char *place = strstr(rule, " (");
    size_t n = place != NULL ? (size_t)(place - rule) : strlen(rule);
    json_t *o;

    if (!run->settings.json) {
        printf("  %-20.*s ", (int)n, rule);
        if (why == NULL) {
            puts("holds");
        } else {
            fputs("BROKEN: ", stdout);
            safe_print_str(stdout, why->words);
            fputc('\n', stdout);
        }
        return;
    }
    o = tree_object(t);
    tree_set(t, o, "rule",
             tree_text(t, (struct bm_bytes){ (const uint8_t *)rule, n }));
    tree_set(t, o, "holds", tree_bool(t, why == NULL));
    if (why != NULL) {
        tree_set(t, o, "text", tree_str(t, bm_status_text(why->status)));
        tree_set(t, o, "why", tree_str(t, why->words));
    }
    tree_append(t, run->rules, o);
}

static void lint_cert(struct run *run, const struct object *object,
                      const struct bm_cert *cert)
{
    const struct ca_profile_lint lint = { run, add_rule };
    struct tree *t = &run->tree;
    json_t *o;
    bool good;

    *t = (struct tree){ false };
    if (!run->settings.json) {
        report_item_begin(&run->report);
        report_heading(&run->report, object->block, "certificate");
        good = ca_profile_lint(run->source.profile, cert, &lint) == BM_OK;
    } else {
        run->rules = tree_array(t);
        good = ca_profile_lint(run->source.profile, cert, &lint) == BM_OK;
        o = tree_object(t);
        tree_set(t, o, "type", tree_str(t, "certificate"));
        tree_set(t, o, "profile",
                 tree_str(t, ca_profile_policy(run->source.profile)->name));
        tree_set(t, o, "holds", tree_bool(t, good));
        tree_set(t, o, "rules", run->rules);
        report_item(&run->report, t, object->block, o);
    }
    run->report.failed = run->report.failed || !good;
}

static void lint_object(struct run *run, const struct object *object)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct refusal why = { .block = object->block,
                           .at = REFUSAL_NOWHERE,
                           .words = "not a certificate" };
    struct bm_cert cert;
    bm_status rc = BM_OK;

    if (object->kind == KIND_CERT) {
        rc = bm_cert_parse(object->der, BM_STRICT, &diag, &cert);
        if (rc == BM_OK) {
            lint_cert(run, object, &cert);
            return;
        }
        why = refusal_of(&diag, rc, object->der);
        why.block = object->block;
        why.of_der = object->block != 0;
    }
    report_refusal(&run->report, &why);
}

static void lint_file(struct run *run, const char *name)
{
    struct input in;
    struct object object;
    struct refusal why;
    enum input_result result;
    int error = input_open(&in, name);

    report_file(&run->report, name);
    if (error != 0) {
        report_unreadable(&run->report, error);
    }
    while (error == 0 &&
           (result = input_next_known(&in, &object, &why)) != INPUT_END) {
        if (result == INPUT_OBJECT) {
            lint_object(run, &object);
        } else {
            report_refusal(&run->report, &why);
        }
    }
    report_file_end(&run->report);
    input_close(&in);
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
    if (!profile_source_open(&run.source, run.settings.profile,
                             run.settings.dir)) {
        return CMD_FAILED;
    }
    run.report.json = run.settings.json;
    for (int i = 0; i < run.settings.files_n && ferror(stdout) == 0; i++) {
        lint_file(&run, run.settings.files[i]);
    }
    profile_source_close(&run.source);
    return run.report.failed ? CMD_FAILED : CMD_OK;
}
