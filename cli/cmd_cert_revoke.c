/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark cert revoke and birthmark cert release: both change what the list
 * of a CA says, and so make it anew. */
#include <string.h>

#include "cli/diag.h"
#include "cli/instance.h"
#include "core/crl.h"
#include "protocols/admin/things.h"

enum {
    OPTION_CA = 1,
    OPTION_REASON,
    OPTION_SINCE
};

static const struct cmd_option revoke_options[] = {
    SESSION_OPTIONS,
    { "--reason", "WORD", "keyCompromise, superseded, certificateHold...",
      OPTION_REASON },
    { "--invalid-since", "TIME", "when the key was lost, as far as known",
      OPTION_SINCE },
    { "--ca", "ID", "of this CA", OPTION_CA },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb revoke_verb = {
    "birthmark cert revoke", "[--dir DIR] [OPTION]... SERIAL...",
    "Revoke certificates, for ever, or put them on hold with --reason\n"
    "certificateHold, and publish the revocation list of their CA.\n",
    revoke_options
};

static const struct cmd_option release_options[] = {
    SESSION_OPTIONS,
    { "--ca", "ID", "of this CA", OPTION_CA },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb release_verb = {
    "birthmark cert release", "[--dir DIR] [--ca ID] SERIAL...",
    "Lift the hold on certificates, and publish the revocation list of their\n"
    "CA.\n",
    release_options
};

struct given {
    struct session_place place;
    const char *ca;
    const char *reason;
    int64_t invalid_since;
};

static const struct args_row revoke_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_REASON, ARGS_TEXT, offsetof(struct given, reason), false },
    { OPTION_SINCE, ARGS_TIME, offsetof(struct given, invalid_since), false },
    { OPTION_CA, ARGS_TEXT, offsetof(struct given, ca), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row release_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_CA, ARGS_TEXT, offsetof(struct given, ca), false },
    { 0, ARGS_FLAG, 0, false },
};

/* One run over several certificates. */
struct run {
    struct session session;
    const struct given *given;
    bool release;
};

static int check_reason(const char *word)
{
    for (unsigned r = 0; r <= BM_REASON_AA_COMPROMISE && word != NULL; r++) {
        if (bm_crl_reason_valid(r) &&
            strcmp(word, bm_crl_reason_name(r)) == 0) {
            return CMD_OK;
        }
    }
    return word == NULL
               ? CMD_OK
               : cmd_usage_error(revoke_verb.path,
                                 "--reason is one of RFC 5280 5.3.1, such as "
                                 "keyCompromise, not '%.40s'",
                                 word);
}

/* Serials are read before anything is done: a slip must not leave half. */
static int check_serials(const struct args *args)
{
    uint8_t serial[STORE_SERIAL_MAX];
    size_t n;

    for (int i = 0; i < args->words_n; i++) {
        if (!things_parse_serial(args->words[i], serial, &n)) {
            return cmd_usage_error(args->verb->path,
                                   "'%.60s' is no serial number",
                                   args->words[i]);
        }
    }
    return CMD_OK;
}

/* With several at a time, a refusal must say which one it is about. */
static int result_of(const struct run *run, const char *word, bm_status rc,
                     const struct ca_refusal *why)
{
    char who[160];

    (void)snprintf(who, sizeof who, "%s: %s", run->session.path, word);
    return rc == BM_OK ? CMD_OK : refusal_print_act(who, rc, why);
}

static int act_on(struct run *run, const char *word)
{
    struct ca_refusal why = { .status = BM_OK };
    json_t *params = json_object();
    json_t *cert;
    bm_status rc;

    session_set_text(params, "serial", word);
    session_set_text(params, "ca", run->given->ca);
    session_set_text(params, "reason", run->given->reason);
    session_set_time(params, "invalid_since", run->given->invalid_since);
    rc = session_ask(&run->session,
                     run->release ? "releaseCertificate" : "revokeCertificate",
                     params, &cert, &why);
    json_decref(cert);
    return result_of(run, word, rc, &why);
}

static int act(struct run *run, const struct args *args)
{
    const struct session_config config = { .path = args->verb->path,
                                           .place = &run->given->place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CERT_REVOKE };
    int result = session_open(&run->session, &config);
    int rc;

    if (result != CMD_OK) {
        return result;
    }
    for (int i = 0; i < args->words_n; i++) {
        rc = act_on(run, args->words[i]);
        result = rc != CMD_OK ? rc : result;
    }
    rc = session_publish(&run->session);
    result = rc != CMD_OK ? rc : result;
    session_close(&run->session);
    return result;
}

static int run_verb(struct args *args, struct run *run, int argc, char **argv)
{
    int rc;

    args->words_name = "SERIAL";
    args->words_min = 1;
    args->words_max = argc;
    if (!args_read(args, argc, argv, &rc)) {
        return rc;
    }
    rc = check_serials(args);
    if (rc == CMD_OK) {
        rc = check_reason(run->given->reason);
    }
    return rc == CMD_OK ? act(run, args) : rc;
}

int cmd_cert_revoke(int argc, char **argv)
{
    struct given given = { .ca = NULL };
    struct args args = { .verb = &revoke_verb,
                         .rows = revoke_rows,
                         .into = &given };
    struct run run = { .given = &given };

    return run_verb(&args, &run, argc, argv);
}

int cmd_cert_release(int argc, char **argv)
{
    struct given given = { .ca = NULL };
    struct args args = { .verb = &release_verb,
                         .rows = release_rows,
                         .into = &given };
    struct run run = { .given = &given, .release = true };

    return run_verb(&args, &run, argc, argv);
}
