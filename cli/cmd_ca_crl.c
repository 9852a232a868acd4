/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/revoke.h"
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/safe.h"
#include "cli/single.h"
#include "core/name.h"

enum {
    OPTION_DIR = 1,
    OPTION_IMPORT
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--import", "FILE", "a list that was made elsewhere, PEM or DER",
      OPTION_IMPORT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca crl", "[--dir DIR] [--import FILE | [ID]...]",
    "Make a new revocation list for the CAs named, or for all whose keys are\n"
    "here, and publish it in crl/. With --import: publish one that was made\n"
    "elsewhere, such as that of a cold root. The files' paths are printed.\n",
    options
};

struct given {
    const char *dir;
    const char *import;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_IMPORT, ARGS_TEXT, offsetof(struct given, import), false },
    { 0, ARGS_FLAG, 0, false },
};

static void print_path(const struct session *s, const char *id)
{
    safe_print_str(stdout, s->instance->dir);
    printf("/crl/%s.crl\n", id);
}

static int make_one(struct session *s, const char *id)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc =
        session_find_ca(s, id) == NULL
            ? ca_refuse(&why, BM_E_NOT_FOUND, "CA %s", id)
            : instance_make_crl(s->instance, &s->actor, id, s->now, &why);

    if (rc == BM_OK) {
        print_path(s, id);
    }
    return session_result(s, rc, &why);
}

static int make_named(struct session *s, const struct args *args)
{
    int result = CMD_OK;

    for (int i = 0; i < args->words_n; i++) {
        int rc = make_one(s, args->words[i]);

        result = rc != CMD_OK ? rc : result;
    }
    return result;
}

static int make_all(struct session *s)
{
    int result = CMD_OK;

    for (size_t i = 0; i < s->instance->cas_n; i++) {
        const struct instance_ca *ca = &s->instance->cas[i];

        if (ca->key != NULL) {
            int rc = make_one(s, ca->row.id);

            result = rc != CMD_OK ? rc : result;
        }
    }
    return result;
}

/* Whose list is it? Generations of a CA may share a name: the signature says
 * which one has made it. */
static const struct instance_ca *signer_of(const struct session *s,
                                           const struct bm_crl *crl)
{
    const struct instance *in = s->instance;

    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *ca = &in->cas[i];

        if (bm_name_equal(ca->cert.subject, crl->head.issuer) &&
            bm_crl_verify(crl, &ca->cert.key, s->crypto) == BM_OK) {
            return ca;
        }
    }
    return NULL;
}

static int import_list(struct session *s, const struct bm_crl *crl)
{
    const struct instance_ca *ca = signer_of(s, crl);
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    if (ca == NULL) {
        rc = ca_refuse(&why, BM_E_CRL_SIGNATURE, "no CA of this instance");
        return session_result(s, rc, &why);
    }
    rc = ca_crl_load(s->instance->ca, &s->actor, ca->row.id, crl->der, s->now,
                     &why);
    if (rc == BM_OK) {
        rc = instance_write_crl(s->instance, ca->row.id, crl->der, &why);
    }
    if (rc == BM_OK) {
        print_path(s, ca->row.id);
    }
    return session_result(s, rc, &why);
}

static int act(struct session *s, const struct args *args,
               const struct bm_crl *crl)
{
    const struct given *given = args->into;
    int result = given->import != NULL ? import_list(s, crl)
                 : args->words_n != 0  ? make_named(s, args)
                                       : make_all(s);
    int rc = session_publish(s);

    return result != CMD_OK ? result : rc;
}

static int read_list(struct single *file, const char *name, struct bm_crl *crl)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    int exit_code = single_read(file, name, KIND_CRL);
    bm_status rc;

    if (exit_code != CMD_OK) {
        return exit_code;
    }
    rc = bm_crl_parse(file->der, &diag, crl);
    return rc == BM_OK ? CMD_OK : single_refuse(file, &diag, rc);
}

static int run(const struct args *args)
{
    const struct given *given = args->into;
    const struct session_config config = { .path = verb.path,
                                           .dir = given->dir,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CA_CRL };
    struct session s = { .path = verb.path };
    struct single file = { .file = given->import };
    struct bm_crl crl;
    int rc = CMD_OK;

    if (given->import != NULL) {
        rc = read_list(&file, given->import, &crl);
    }
    if (rc == CMD_OK) {
        rc = session_open(&s, &config);
    }
    if (rc == CMD_OK) {
        rc = act(&s, args, &crl);
    }
    session_close(&s);
    single_free(&file);
    return rc;
}

int cmd_ca_crl(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_max = argc };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (given.import != NULL && args.words_n != 0) {
        return cmd_usage_error(verb.path, "--import finds the CA by itself");
    }
    return run(&args);
}
