/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark bundle show, of an instance or of a file, and birthmark bundle
 * make: what was made is shown, or carried away. */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/diag.h"
#include "cli/instance.h"
#include "cli/output.h"
#include "cli/provider.h"
#include "cli/show_bundle.h"
#include "cli/single.h"
#include "core/pem.h"

enum {
    OPTION_ECOSYSTEM = 1,
    OPTION_OUT,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--ecosystem", "N", "whose trust list (one's own; the first)",
      OPTION_ECOSYSTEM },
    { "--out", "FILE", "write the bundle (DER) to a new file", OPTION_OUT },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb show_verb = {
    "birthmark bundle show",
    "[--dir DIR] [--ecosystem N] [--json] [--out FILE] [FILE]",
    "Print the trust bundle that was published last, or the one in FILE:\n"
    "what devices are told of roots and of what is revoked. With --out, write\n"
    "it to a file, for a site without a network. Its signature is verified;\n"
    "whose certificate made it is for birthmark bundle verify to say.\n",
    options
};

static const struct cmd_verb make_verb = {
    "birthmark bundle make",
    "[--dir DIR] [--ecosystem N] [--json] [--out FILE]",
    "Make a new trust bundle and publish it. The service does so by itself\n"
    "after revocations, and at half of the life of the last one.\n",
    options
};

struct given {
    struct session_place place;
    uint64_t ecosystem; /* 0: not said */
    const char *out;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_ECOSYSTEM, ARGS_NUMBER, offsetof(struct given, ecosystem), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

/* A file has one object, of octets or as PEM; so has what a server says. */
static bm_status take_message(struct bm_bytes text, struct bm_wr *der)
{
    struct bm_pem block;
    bm_status rc = bm_pem_next(&text, NULL, &block);
    size_t n;

    if (rc != BM_OK) {
        return rc;
    }
    BM_TRY(bm_pem_decode(&block, NULL, der));
    return bm_wr_finish(der, &n);
}

static int show(const char *path, const struct given *given,
                struct bm_bytes message, const struct bm_crypto *crypto)
{
    struct tree t = { false };
    struct ca_refusal why = { .status = BM_OK };
    struct output out;
    struct bm_bundle bundle;
    struct bm_bytes certs;
    struct bm_cert signer;
    bm_status rc = bm_bundle_open(message, crypto, &signer, &certs, &bundle);
    int code;

    if (rc != BM_OK) {
        return refusal_print_act(path, rc, &why);
    }
    show_bundle_warn(path, &bundle, message.n);
    if (given->out != NULL) {
        code = output_open(&out, path, given->out);
        if (code == CMD_OK) {
            output_put(&out, message);
            code = output_finish(&out);
        }
        output_drop(&out);
        if (code != CMD_OK || (!given->json && strcmp(given->out, "-") == 0)) {
            return code;
        }
    }
    return show_bundle_print(
        path, &t, show_bundle(&t, &bundle, &signer, crypto), given->json);
}

static int show_file(const char *path, const struct given *given,
                     const char *name)
{
    struct single file = { .file = name };
    struct bm_crypto *crypto = provider_new();
    int code = crypto == NULL ? CMD_FAILED : single_read(&file, name, KIND_CMS);

    if (code == CMD_OK) {
        code = show(path, given, file.der, crypto);
    }
    single_free(&file);
    provider_free(crypto);
    return code;
}

static int show_answer(struct session *s, const struct given *given,
                       const json_t *answer)
{
    const char *pem = json_string_value(json_object_get(answer, "pem"));
    struct ca_refusal why = { .status = BM_OK };
    size_t n = pem == NULL ? 0 : strlen(pem);
    uint8_t *room = malloc(n + 1);
    struct bm_wr der;
    bm_status rc = BM_E_MEMORY;
    int code;

    if (room != NULL) {
        bm_wr_init(&der, room, n + 1);
        rc = take_message((struct bm_bytes){ (const uint8_t *)pem, n }, &der);
    }
    code = rc == BM_OK ? show(s->path, given, bm_wr_bytes(&der), s->crypto)
                       : refusal_print_act(s->path, rc, &why);
    free(room);
    return code;
}

static int act(const struct session_config *config, const char *operation,
               const struct given *given)
{
    struct session s;
    json_t *answer = NULL;
    json_t *params = json_object();
    int code = session_open(&s, config);

    if (given->ecosystem != 0 &&
        json_object_set_new(params, "ecosystem",
                            json_integer((json_int_t)given->ecosystem)) != 0) {
        json_decref(params);
        params = NULL;
    }
    if (code == CMD_OK) {
        code = session_call(&s, operation, params, &answer);
    } else {
        json_decref(params);
    }
    if (code == CMD_OK && config->mode == INSTANCE_WRITE) {
        code = session_publish(&s);
    }
    if (code == CMD_OK) {
        code = show_answer(&s, given, answer);
    }
    json_decref(answer);
    session_close(&s);
    return code;
}

int cmd_bundle_show(int argc, char **argv)
{
    struct given given = { .out = NULL };
    struct args args = { .verb = &show_verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_max = 1 };
    const struct session_config config = { .path = show_verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_CA_READ };
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    return args.words_n != 0 ? show_file(show_verb.path, &given, args.words[0])
                             : act(&config, "showBundle", &given);
}

int cmd_bundle_make(int argc, char **argv)
{
    struct given given = { .out = NULL };
    struct args args = { .verb = &make_verb, .rows = rows, .into = &given };
    const struct session_config config = { .path = make_verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CA_CRL };
    int code;

    return args_read(&args, argc, argv, &code)
               ? act(&config, "makeBundle", &given)
               : code;
}
