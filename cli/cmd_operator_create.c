/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/issued.h"

/*
 * operator create and renew: a certificate for an operator. Where nobody's
 * certificate is good any more, whoever has the instance's directory can make
 * an operator all the same, and the ledger says so.
 */

enum {
    OPTION_ID = 1,
    OPTION_ROLES,
    OPTION_ORGANISATION,
    OPTION_ECOSYSTEM,
    OPTION_CSR,
    OPTION_OUT,
    OPTION_CHAIN
};

#define CSR_OPTION                                                         \
    {                                                                      \
        "--csr", "FILE", "the request, PEM or DER; '-' is standard input", \
            OPTION_CSR                                                     \
    }
#define OUT_OPTIONS                                                     \
    { "--out", "FILE", "a new file; the serial number is printed then", \
      OPTION_OUT },                                                     \
    {                                                                   \
        "--chain", NULL,                                                \
            "the certificates of the CAs behind it, but the root's",    \
            OPTION_CHAIN                                                \
    }

static const struct cmd_option create_options[] = {
    SESSION_OPTIONS,
    { "--id", "ID", "its name: a-z, 0-9, '.', '-', '_'", OPTION_ID },
    { "--roles", "ROLES",
      "of administrator,registrar,auditor,factory,read-only", OPTION_ROLES },
    { "--organisation", "N", "where they hold: in this organisation",
      OPTION_ORGANISATION },
    { "--ecosystem", "N", "or in this ecosystem; else everywhere",
      OPTION_ECOSYSTEM },
    CSR_OPTION,
    OUT_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb create_verb = {
    "birthmark operator create",
    "--id ID --roles ROLES --csr FILE [--dir DIR] [OPTION]...",
    "Make an operator: somebody who shows this certificate has these roles.\n"
    "The certificate is printed in PEM. When no operator's certificate is\n"
    "good any more, the instance's directory is enough; the ledger says so.\n",
    create_options
};

static const struct cmd_option renew_options[] = {
    SESSION_OPTIONS,
    CSR_OPTION,
    OUT_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb renew_verb = {
    "birthmark operator renew", "--csr FILE [--dir DIR] [OPTION]...",
    "Get yourself a new certificate for a new key, with the same roles. The\n"
    "old one is good until the new one is used.\n",
    renew_options
};

struct given {
    struct session_place place;
    const char *id;
    const char *roles;
    uint64_t organisation;
    uint64_t ecosystem;
    const char *csr;
    const char *out;
    bool chain;
};

#define CERT_ROWS                                                      \
    SESSION_ROWS(offsetof(struct given, place)),                       \
        { OPTION_CSR, ARGS_TEXT, offsetof(struct given, csr), true },  \
        { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false }, \
    {                                                                  \
        OPTION_CHAIN, ARGS_FLAG, offsetof(struct given, chain), false  \
    }

static const struct args_row create_rows[] = {
    CERT_ROWS,
    { OPTION_ID, ARGS_TEXT, offsetof(struct given, id), true },
    { OPTION_ROLES, ARGS_TEXT, offsetof(struct given, roles), true },
    { OPTION_ORGANISATION, ARGS_NUMBER, offsetof(struct given, organisation),
      false },
    { OPTION_ECOSYSTEM, ARGS_NUMBER, offsetof(struct given, ecosystem), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row renew_rows[] = {
    CERT_ROWS,
    { 0, ARGS_FLAG, 0, false },
};

/* A certificate being made. */
struct making {
    const struct given *given;
    const struct session_config *config;
    const char *operation;
    struct single file; /* of the request */
    struct output output;
    struct session session;
};

/* "administrator,auditor" as a list. */
static void set_roles(json_t *params, const char *roles)
{
    json_t *list = json_array();
    const char *word = roles;

    while (word != NULL) {
        size_t n = strcspn(word, ",");

        (void)json_array_append_new(list, json_stringn(word, n));
        word = word[n] == ',' ? word + n + 1 : NULL;
    }
    (void)json_object_set_new(params, "roles", list);
}

static json_t *make_params(const struct making *m)
{
    const struct given *g = m->given;
    json_t *params = json_object();

    session_set_der(params, "csr", m->file.der);
    session_set_text(params, "id", g->id);
    if (g->roles != NULL) {
        set_roles(params, g->roles);
    }
    if (g->organisation != 0) {
        session_set_int(params, "organisation", g->organisation);
    }
    if (g->ecosystem != 0) {
        session_set_int(params, "ecosystem", g->ecosystem);
    }
    return params;
}

static int make(struct making *m)
{
    json_t *cert;
    int written;
    int published;
    int rc = session_call(&m->session, m->operation, make_params(m), &cert);

    if (rc != CMD_OK) {
        return rc;
    }
    written = issued_hand_over(&m->output, cert, m->given->chain);
    json_decref(cert);
    published = session_publish(&m->session);
    return written != CMD_OK ? written : published;
}

static int check_roles(const struct making *m)
{
    return m->given->roles != NULL && ca_roles_parse(m->given->roles) == 0
               ? cmd_usage_error(m->config->path,
                                 "--roles: administrator, registrar, auditor, "
                                 "factory, read-only, with commas between")
               : CMD_OK;
}

static int run(struct making *m)
{
    int rc = check_roles(m);

    if (rc == CMD_OK) {
        rc = issued_read_csr(&m->file, m->given->csr);
    }
    if (rc == CMD_OK) {
        rc = output_open(&m->output, m->config->path, m->given->out);
    }
    if (rc == CMD_OK) {
        rc = session_open(&m->session, m->config);
    }
    if (rc == CMD_OK) {
        rc = make(m);
    }
    session_close(&m->session);
    output_drop(&m->output);
    single_free(&m->file);
    return rc;
}

int cmd_operator_create(int argc, char **argv)
{
    struct given given = { .id = NULL };
    struct args args = { .verb = &create_verb,
                         .rows = create_rows,
                         .into = &given };
    const struct session_config config = { .path = create_verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_OPERATOR_CREATE,
                                           .break_glass = true };
    struct making m = { .given = &given,
                        .config = &config,
                        .operation = "createOperator" };
    int rc;

    return args_read(&args, argc, argv, &rc) ? run(&m) : rc;
}

int cmd_operator_renew(int argc, char **argv)
{
    struct given given = { .id = NULL };
    struct args args = { .verb = &renew_verb,
                         .rows = renew_rows,
                         .into = &given };
    const struct session_config config = { .path = renew_verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_OPERATOR_RENEW };
    struct making m = { .given = &given,
                        .config = &config,
                        .operation = "renewOperator" };
    int rc;

    return args_read(&args, argc, argv, &rc) ? run(&m) : rc;
}
