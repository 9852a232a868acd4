/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/output.h"
#include "protocols/admin/things.h"

enum {
    OPTION_CA = 1,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--ca", "ID", "of this CA", OPTION_CA },
    { "--out", "FILE", "a new file instead of standard output", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ledger prove", "[--dir DIR] [OPTION]... SERIAL",
    "Write a proof that a certificate was recorded when it was issued (C2SP\n"
    "tlog-proof). It discloses that record and no other, and can be checked\n"
    "with ledger check by anybody who has the ledger's public key.\n",
    options
};

struct given {
    struct session_place place;
    const char *ca;
    const char *out;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_CA, ARGS_TEXT, offsetof(struct given, ca), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { 0, ARGS_FLAG, 0, false },
};

static int run(struct session *s, const struct given *given, const char *word)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t serial[STORE_SERIAL_MAX];
    struct output output;
    json_t *params;
    json_t *proof;
    size_t n;
    int rc;

    if (!things_parse_serial(word, serial, &n)) {
        return session_result(
            s, ca_refuse(&why, BM_E_ARGUMENT, "%s is no serial number", word),
            &why);
    }
    params = json_object();
    session_set_text(params, "serial", word);
    session_set_text(params, "ca", given->ca);
    rc = session_call(s, "proveCertificate", params, &proof);
    if (rc == CMD_OK) {
        rc = output_open(&output, s->path, given->out);
    }
    if (rc == CMD_OK) {
        output_text(&output, json_object_get(proof, "proof"));
        rc = output_finish(&output);
        output_drop(&output);
    }
    json_decref(proof);
    return rc;
}

int cmd_ledger_prove(int argc, char **argv)
{
    struct given given = { .ca = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "SERIAL",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_LEDGER_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given, args.words[0]);
    }
    session_close(&s);
    return rc;
}
