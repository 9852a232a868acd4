/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <time.h>

#include "cli/diag.h"
#include "cli/image_keys.h"
#include "cli/output.h"
#include "cli/pile.h"
#include "cli/policy_file.h"
#include "firewall/message.h"

enum {
    OPTION_DIR = 1,
    OPTION_KEY,
    OPTION_CERT,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--key", "URI", "the key that signs, of the instance", OPTION_KEY },
    { "--cert", "FILE",
      "its certificate, of profile policy-signing, and behind it those that\n"
      "lead to the root",
      OPTION_CERT },
    { "--out", "FILE", "a new file for the signed policy", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark policy sign",
    "--key URI --cert FILE --out FILE [OPTION]... POLICY",
    "Compile a policy of the firewall and sign its table, for a release. What\n"
    "comes out is read again as a device does it, before it is written.\n",
    options
};

struct given {
    const char *dir;
    struct args_many key;
    const char *cert;
    const char *out;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_KEY, ARGS_MANY, offsetof(struct given, key), true },
    { OPTION_CERT, ARGS_TEXT, offsetof(struct given, cert), true },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), true },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    const struct given *given;
    struct policy_file file;
    struct image_keys keys;
    struct pile certs;
    uint8_t *room;
    uint8_t *chain_room;
    struct bm_wr w;
    struct bm_wr chain; /* the certificates, one after another */
};

static int fail(bm_status rc, const char *words)
{
    struct ca_refusal why = { .status = BM_OK };

    return refusal_print_act(verb.path, ca_refuse(&why, rc, "%s", words), &why);
}

/* Octets of a signature and of what is around it. */
#define AROUND_MAX 4096

static size_t certs_size(const struct run *run)
{
    size_t n = 0;

    for (size_t i = 0; i < run->certs.n; i++) {
        n += run->certs.cert[i].der.n;
    }
    return n;
}

static int make_room(struct run *run)
{
    size_t chain = certs_size(run);
    size_t n = run->file.compiled.n + chain + AROUND_MAX;

    run->room = malloc(n);
    run->chain_room = malloc(chain + 1);
    if (run->room == NULL || run->chain_room == NULL) {
        return fail(BM_E_MEMORY, "the message");
    }
    bm_wr_init(&run->w, run->room, n);
    bm_wr_init(&run->chain, run->chain_room, chain);
    for (size_t i = 0; i < run->certs.n; i++) {
        bm_wr_put(&run->chain, run->certs.cert[i].der);
    }
    return CMD_OK;
}

/* As a device opens it. */
static bm_status look_again(const struct run *run,
                            const struct bm_crypto *crypto)
{
    struct bm_bytes certs;
    struct bm_bytes table;
    struct bm_cert signer;

    BM_TRY(bm_fw_message_open(bm_wr_bytes(&run->w), crypto, &signer, &certs,
                              &table));
    return bm_bytes_are(table, run->file.compiled.table, run->file.compiled.n)
               ? BM_OK
               : BM_E_INTERNAL;
}

static int sign(struct run *run)
{
    const struct bm_crypto *crypto = run->keys.u.crypto;
    struct bm_signed_by by = { .crypto = crypto,
                               .signer = run->keys.key[0]->signer,
                               .cert = &run->certs.cert[0],
                               .chain = bm_wr_bytes(&run->chain) };
    bm_status rc;

    if (by.signer->key.type != BM_KEY_P256) {
        return fail(BM_E_KEY_UNSUPPORTED, "policies are signed by P-256");
    }
    rc = bm_fw_signer_check(by.cert);
    if (rc != BM_OK) {
        return fail(rc, run->given->cert);
    }
    rc = bm_fw_message_sign(
        &by,
        (struct bm_bytes){ run->file.compiled.table, run->file.compiled.n },
        (int64_t)time(NULL), &run->w);
    if (rc == BM_OK) {
        rc = look_again(run, crypto);
    }
    return rc == BM_OK ? CMD_OK : fail(rc, "the message");
}

static int write_message(struct run *run)
{
    struct output o;
    int rc = output_open(&o, verb.path, run->given->out);

    if (rc != CMD_OK) {
        return rc;
    }
    output_put(&o, bm_wr_bytes(&run->w));
    return output_finish(&o);
}

static int sign_all(struct run *run, const char *name)
{
    int rc = policy_file_open(&run->file, name);

    if (rc == CMD_OK && !pile_add_file(&run->certs, run->given->cert, 0)) {
        rc = CMD_FAILED;
    }
    if (rc == CMD_OK) {
        rc = image_keys_open(&run->keys, &run->given->key);
    }
    if (rc == CMD_OK) {
        rc = make_room(run);
    }
    if (rc == CMD_OK) {
        rc = sign(run);
    }
    return rc == CMD_OK ? write_message(run) : rc;
}

int cmd_policy_sign(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "POLICY",
                         .words_min = 1,
                         .words_max = 1 };
    struct run run = { .given = &given };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (given.key.n != 1) {
        return cmd_usage_error(verb.path, "one key signs a policy");
    }
    run.keys = (struct image_keys){ .path = verb.path,
                                    .dir = given.dir,
                                    .verb = "policies" };
    rc = sign_all(&run, args.words[0]);
    free(run.room);
    free(run.chain_room);
    image_keys_close(&run.keys);
    pile_free(&run.certs);
    policy_file_close(&run.file);
    return rc;
}
