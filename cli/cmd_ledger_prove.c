/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/output.h"

enum {
    OPTION_DIR = 1,
    OPTION_CA,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
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
    const char *dir;
    const char *ca;
    const char *out;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_CA, ARGS_TEXT, offsetof(struct given, ca), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Where the ledger has the certificate. */
static bm_status find(struct session *s, const struct given *given,
                      const char *word, struct store_cert *row,
                      struct ca_refusal *why)
{
    const struct store *store = s->instance->store;
    uint8_t room[ARGS_SERIAL_MAX];
    struct bm_bytes serial = { room, 0 };
    bm_status rc;

    if (!args_parse_serial(word, room, &serial.n)) {
        return ca_refuse(why, BM_E_ARGUMENT, "%s is no serial number", word);
    }
    BM_TRY(session_begin(s));
    rc = store->cert_find(store->self, &s->actor.scope, given->ca, serial, row);
    session_end(s);
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "certificate %s", word)
                                : rc;
}

static bm_status prove(struct session *s, const struct given *given,
                       const char *word, struct bm_wr *proof,
                       struct ca_refusal *why)
{
    struct store_cert row = { .id = 0 };
    bm_status rc;
    size_t n;

    BM_TRY(find(s, given, word, &row, why));
    rc = ca_ledger_prove(s->instance->ledger, row.tree, row.leaf, proof);
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc,
                         "a checkpoint that has certificate %s: see birthmark "
                         "ledger checkpoint",
                         word);
    }
    BM_TRY(rc);
    return bm_wr_finish(proof, &n);
}

static int run(struct session *s, const struct given *given, const char *word)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t room[CA_PROOF_MAX];
    struct output output;
    struct bm_wr proof;
    int rc;

    bm_wr_init(&proof, room, sizeof room);
    rc = session_result(s, prove(s, given, word, &proof, &why), &why);
    if (rc == CMD_OK) {
        rc = output_open(&output, s->path, given->out);
    }
    if (rc == CMD_OK) {
        output_put(&output, bm_wr_bytes(&proof));
        rc = output_finish(&output);
        output_drop(&output);
    }
    return rc;
}

int cmd_ledger_prove(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "SERIAL",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_LEDGER_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given, args.words[0]);
    }
    session_close(&s);
    return rc;
}
