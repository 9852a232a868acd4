/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bar.h"
#include "cli/batch_file.h"
#include "cli/batch_run.h"
#include "cli/diag.h"
#include "cli/image_keys.h"
#include "core/pem.h"
#include "files/files.h"

enum {
    OPTION_PROFILE = 1,
    OPTION_NAME,
    OPTION_SKIP,
    OPTION_KEYS,
    OPTION_RECIPIENT,
    OPTION_DETACH
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--profile", "NAME", "what kind of certificates", OPTION_PROFILE },
    { "--name", "NAME", "what to call the batch (the name of the file)",
      OPTION_NAME },
    { "--keys", "TYPE",
      "make the keys, too: p256, p384, ed25519; FILE lists devices",
      OPTION_KEYS },
    { "--recipient", "CERT", "certificate that those keys are encrypted to",
      OPTION_RECIPIENT },
    { "--skip-duplicates", NULL,
      "leave out rows whose device, key or identifier is not new",
      OPTION_SKIP },
    { "--no-wait", NULL, "do not wait for the server to issue it",
      OPTION_DETACH },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark batch create", "[OPTION]... --profile NAME FILE",
    "Order a certificate for each row of FILE: a ZIP or tar archive, or a\n"
    "folder, of certification requests in PEM or DER; a table in CSV, or a\n"
    "list in JSON, with the columns csr (PEM or base64), device, subject. All\n"
    "rows are looked at before anything is issued. Prints the number of the\n"
    "batch.\n\n"
    "With --keys, the rows have no csr: a key is made for each, in a process\n"
    "of its own, and encrypted to the recipient at once (CMS EnvelopedData).\n"
    "Keys are handed out until birthmark batch confirm.\n",
    options
};

struct given {
    struct session_place place;
    const char *profile;
    const char *name;
    const char *keys;
    const char *recipient;
    bool skip;
    bool detach;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), true },
    { OPTION_NAME, ARGS_TEXT, offsetof(struct given, name), false },
    { OPTION_KEYS, ARGS_TEXT, offsetof(struct given, keys), false },
    { OPTION_RECIPIENT, ARGS_TEXT, offsetof(struct given, recipient), false },
    { OPTION_SKIP, ARGS_FLAG, offsetof(struct given, skip), false },
    { OPTION_DETACH, ARGS_FLAG, offsetof(struct given, detach), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Octets that go at a time: in base64 they fit into a request. */
#define PIECE_MAX ((size_t)512 << 10)

struct run {
    const struct given *given;
    struct batch_file file;
    struct batch_workers workers;
    uint8_t recipient[KEYGEN_RECIPIENT_MAX];
    struct session session;
    char digits[IMAGE_HEX];
    uint8_t *piece;
};

/* ---- To a server */

static int put_piece(struct run *run, uint64_t *at, bool *whole)
{
    json_t *params = json_object();
    json_t *result;
    json_int_t have;
    size_t n = PIECE_MAX;
    int rc = batch_file_read(&run->file, *at, run->piece, &n);

    if (rc != CMD_OK) {
        json_decref(params);
        return rc;
    }
    session_set_text(params, "sha256", run->digits);
    session_set_int(params, "size", run->file.size);
    session_set_int(params, "at", *at);
    session_set_der(params, "octets", (struct bm_bytes){ run->piece, n });
    rc = session_call(&run->session, "putUpload", params, &result);
    if (rc != CMD_OK) {
        return rc;
    }
    have = json_integer_value(json_object_get(result, "have"));
    *whole = json_is_true(json_object_get(result, "whole"));
    json_decref(result);
    if (!*whole && (have <= 0 || (uint64_t)have >= run->file.size)) {
        return refusal_print_act(verb.path, BM_E_IO, NULL);
    }
    *at = (uint64_t)have;
    return CMD_OK;
}

static int put_file(struct run *run)
{
    struct bar bar = { .what = "sending" };
    uint64_t at = 0;
    bool whole = false;
    int rc = CMD_OK;

    run->piece = malloc(PIECE_MAX);
    if (run->piece == NULL) {
        return refusal_print_act(verb.path, BM_E_MEMORY, NULL);
    }
    while (rc == CMD_OK && !whole) {
        bar_show(&bar, at, run->file.size);
        rc = put_piece(run, &at, &whole);
    }
    bar_end(&bar);
    return rc;
}

/* ---- Ordering */

static const char *name_of(const struct run *run)
{
    const char *slash = strrchr(run->file.name, '/');

    if (run->given->name != NULL) {
        return run->given->name;
    }
    return slash != NULL && slash[1] != '\0' ? slash + 1 : run->file.name;
}

static int order(struct run *run, uint64_t *id)
{
    json_t *params = json_object();
    json_t *batch;
    int rc;

    session_set_text(params, "name", name_of(run));
    session_set_text(params, "profile", run->given->profile);
    session_set_text(params, "sha256", run->digits);
    if (run->given->skip) {
        session_set_flag(params, "skip_duplicates");
    }
    if (run->given->keys != NULL) {
        session_set_text(params, "keys", run->given->keys);
        session_set_der(params, "recipient", run->workers.order.recipient);
    }
    rc = session_call(&run->session, "createBatch", params, &batch);
    if (rc == CMD_OK) {
        *id = (uint64_t)json_integer_value(json_object_get(batch, "id"));
        json_decref(batch);
        printf("%llu\n", (unsigned long long)*id);
        (void)fflush(stdout);
    }
    return rc;
}

static int create(struct run *run)
{
    bool here = run->session.instance != NULL;
    uint8_t hash[BM_HASH_MAX];
    uint64_t id = 0;
    int rc = batch_file_hash(&run->file, run->session.crypto, hash);

    image_hex(hash, run->digits);
    if (rc == CMD_OK && !here) {
        rc = put_file(run);
    }
    if (rc == CMD_OK) {
        rc = order(run, &id);
    }
    if (rc == CMD_OK && (here || !run->given->detach)) {
        rc = batch_run(&run->session, id, &run->workers);
    }
    return rc;
}

/* ---- Keys that are made here */

static bm_status decode(struct run *run, struct bm_bytes text)
{
    struct bm_pem block;
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, run->recipient, sizeof run->recipient);
    if (bm_pem_next(&text, NULL, &block) != BM_OK) {
        bm_wr_put(&w, text); /* in DER */
    } else if (bm_pem_is(&block, "CERTIFICATE")) {
        BM_TRY(bm_pem_decode(&block, NULL, &w));
    } else {
        return BM_E_BATCH_RECIPIENT;
    }
    BM_TRY(bm_wr_finish(&w, &n));
    run->workers.order.recipient = bm_wr_bytes(&w);
    return BM_OK;
}

static int take_recipient(struct run *run)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t *text = NULL;
    size_t n = 0;
    bm_status rc = files_read(run->given->recipient, 2 * KEYGEN_RECIPIENT_MAX,
                              &text, &n, &why);

    if (rc == BM_OK) {
        rc = decode(run, (struct bm_bytes){ text, n });
    }
    free(text);
    return rc == BM_OK ? CMD_OK : refusal_print_act(verb.path, rc, &why);
}

static int take_keys(struct run *run)
{
    const struct given *given = run->given;

    if ((given->keys == NULL) != (given->recipient == NULL)) {
        return cmd_usage_error(verb.path,
                               "--keys and --recipient go with each other");
    }
    if (given->keys == NULL) {
        return CMD_OK;
    }
    run->workers.order.type = ca_batch_key_type(given->keys);
    return run->workers.order.type == BM_KEY_UNKNOWN
               ? cmd_usage_error(verb.path, "--keys: p256, p384 or ed25519")
               : take_recipient(run);
}

/* The processes that read the file and make keys are made while there is
 * nothing to lose: no key, no store, no connection. Should a server be asked,
 * they are not needed. */
static int start_workers(struct run *run)
{
    struct ca_refusal why = { .status = BM_OK };
    bool keys = run->given->keys != NULL;
    int fd = dup(run->file.fd);
    bm_status rc =
        fd < 0
            ? BM_E_IO
            : intake_worker_start(fd, keys ? INTAKE_DEVICES : INTAKE_REQUESTS,
                                  &run->workers.reader, &why);

    if (rc == BM_OK && keys) {
        rc = keygen_worker_start(&run->workers.keys);
    }
    return rc == BM_OK ? CMD_OK : refusal_print_act(verb.path, rc, &why);
}

int cmd_batch_create(int argc, char **argv)
{
    struct given given = { .profile = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_BATCH_CREATE };
    struct run run = { .given = &given, .file = { .fd = -1 } };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = take_keys(&run);
    if (rc != CMD_OK) {
        return rc;
    }
    rc = batch_file_open(&run.file, verb.path, args.words[0]);
    if (rc == CMD_OK) {
        rc = start_workers(&run);
    }
    if (rc == CMD_OK) {
        rc = session_open(&run.session, &config);
    }
    if (rc == CMD_OK) {
        rc = create(&run);
    }
    session_close(&run.session);
    intake_worker_end(run.workers.reader);
    keygen_worker_end(run.workers.keys);
    batch_file_close(&run.file);
    free(run.piece);
    return rc;
}
