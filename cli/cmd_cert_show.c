/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cert_stored.h"
#include "cli/provider.h"
#include "cli/report.h"
#include "cli/show.h"
#include "cli/show_crl.h"

enum {
    OPTION_JSON = 1,
    OPTION_MAX,
    OPTION_TOLERANT
};

static const struct cmd_option options[] = {
    { "--json", NULL, "one JSON object per file and line", OPTION_JSON },
    { "--max", "N", "entries of a CRL to print as text (20)", OPTION_MAX },
    { "--tolerant", NULL, "accept what old devices and CAs got wrong",
      OPTION_TOLERANT },
    { "--dir", "DIR", "show what this instance has issued, by serial number",
      SESSION_DIR },
    SESSION_SERVER_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark cert show",
    "[OPTION]... FILE... | --dir DIR|--url URL [--json] SERIAL...",
    "Print certificates, certification requests, CRLs and CMS messages, in\n"
    "PEM or DER; '-' is standard input. What a file is, its contents say.\n"
    "With --dir: certificates that an instance has issued, and what became of\n"
    "them.\n",
    options
};

struct given {
    bool json;
    bool help;
    unsigned tolerate;
    uint64_t entries_max;
    const char *of_files; /* an option that serials do not have, if given */
    struct session_place place;
    char **files; /* in argv, gathered at its front */
    int files_n;
};

/* Certificates of an instance, not files. */
static bool is_stored(const struct given *s)
{
    return s->place.dir != NULL || s->place.url != NULL;
}

static int parse_max(const char *text, uint64_t *max)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(text, &end, 10);
    if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0') {
        return cmd_usage_error(verb.path, "--max wants a number, not '%.40s'",
                               text);
    }
    *max = v;
    return CMD_OK;
}

static int take_option(struct given *s, int id, const char *value)
{
    switch (id) {
    case OPTION_JSON:
        s->json = true;
        return CMD_OK;
    case OPTION_MAX:
        s->of_files = "--max";
        return parse_max(value, &s->entries_max);
    case OPTION_TOLERANT:
        s->of_files = "--tolerant";
        s->tolerate = INPUT_TOLERANT;
        return CMD_OK;
    default:
        /* Otherwise the message has been printed. */
        return session_take_option(&s->place, id, value) ? CMD_OK : CMD_USAGE;
    }
}

static int parse_command_line(struct given *s, int argc, char **argv)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    int id;

    *s = (struct given){ .entries_max = SHOW_CRL_ENTRIES, .files = argv };
    while ((id = cmd_next_option(&line, &verb)) != CMD_OPTION_END) {
        int rc = CMD_OK;

        if (id == CMD_OPTION_HELP) {
            s->help = true;
            return CMD_OK;
        }
        if (id == CMD_OPTION_FILE) {
            s->files[s->files_n++] = argv[line.next - 1];
        } else {
            rc = take_option(s, id, line.value);
        }
        if (rc != CMD_OK) {
            return rc;
        }
    }
    if (is_stored(s) && s->of_files != NULL) {
        return cmd_usage_error(verb.path, "%s does not go with %s", s->of_files,
                               s->place.url != NULL ? "--url" : "--dir");
    }
    return s->files_n != 0
               ? CMD_OK
               : cmd_usage_error(verb.path, "no %s named",
                                 is_stored(s) ? "serial number" : "file");
}

/* One file after the other, with what that takes. */
struct run {
    struct given settings;
    struct report report;
    struct bm_crypto *crypto;
};

static void refuse(struct run *run, const struct object *object,
                   const struct bm_diag *diag, bm_status rc)
{
    struct refusal why = refusal_of(diag, rc, object->der);

    why.block = object->block;
    why.of_der = object->block != 0;
    report_refusal(&run->report, &why);
}

static bm_status show_cert_object(struct show *s, const struct object *object,
                                  struct bm_diag *diag, json_t **item)
{
    struct bm_cert cert;
    bm_status rc = bm_cert_parse(object->der, s->tolerate, diag, &cert);

    *item = rc == BM_OK ? show_cert(s, &cert) : NULL;
    return rc;
}

static bm_status show_csr_object(struct show *s, const struct object *object,
                                 struct bm_diag *diag, json_t **item)
{
    struct bm_csr csr;
    bm_status rc = bm_csr_parse(object->der, diag, &csr);

    *item = rc == BM_OK ? show_csr(s, &csr) : NULL;
    return rc;
}

static bm_status show_cms_object(struct show *s, const struct object *object,
                                 struct bm_diag *diag, json_t **item)
{
    struct bm_cms cms;
    bm_status rc = bm_cms_parse(object->der, diag, &cms);

    *item = NULL;
    if (rc == BM_OK) {
        *item = show_cms(s, &cms, diag, &rc);
    }
    return rc;
}

static void show_object(struct run *run, struct input *in,
                        const struct object *object)
{
    struct show s = { { false }, run->crypto, run->settings.tolerate };
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    json_t *item = NULL;
    bm_status rc;

    switch (object->kind) {
    case KIND_CRL:
        show_crl(&run->report, &s, in, object, run->settings.entries_max);
        return;
    case KIND_CSR:
        rc = show_csr_object(&s, object, &diag, &item);
        break;
    case KIND_CMS:
        rc = show_cms_object(&s, object, &diag, &item);
        break;
    default:
        rc = show_cert_object(&s, object, &diag, &item);
        break;
    }
    if (item != NULL || s.t.failed) {
        report_item(&run->report, &s.t, object->block, item);
    }
    if (rc != BM_OK) {
        refuse(run, object, &diag, rc);
    }
}

static void show_file(struct run *run, const char *name)
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
            show_object(run, &in, &object);
        } else {
            report_refusal(&run->report, &why);
        }
    }
    report_file_end(&run->report);
    input_close(&in);
}

static int show_stored(const struct given *s)
{
    const struct cert_stored ask = {
        .path = verb.path,
        .place = &s->place,
        .serials = s->files,
        .n = s->files_n,
        .json = s->json,
    };

    return cert_stored_show(&ask);
}

int cmd_cert_show(int argc, char **argv)
{
    struct run run = { .crypto = NULL };
    int rc = parse_command_line(&run.settings, argc, argv);

    if (rc != CMD_OK) {
        return rc;
    }
    if (run.settings.help) {
        cmd_print_help(&verb);
        return CMD_OK;
    }
    if (is_stored(&run.settings)) {
        return show_stored(&run.settings);
    }
    run.crypto = provider_new();
    if (run.crypto == NULL) {
        return CMD_FAILED;
    }
    run.report.json = run.settings.json;
    /* Nobody reads on when nobody listens. */
    for (int i = 0; i < run.settings.files_n && ferror(stdout) == 0; i++) {
        show_file(&run, run.settings.files[i]);
    }
    provider_free(run.crypto);
    return run.report.failed ? CMD_FAILED : CMD_OK;
}
