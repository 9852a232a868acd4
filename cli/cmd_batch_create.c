/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/bar.h"
#include "cli/batch_file.h"
#include "cli/batch_run.h"
#include "cli/batch_secret.h"
#include "cli/diag.h"
#include "cli/image_keys.h"
#include "cli/listing.h"
#include "core/pem.h"
#include "files/files.h"

enum {
    OPTION_PROFILE = 1,
    OPTION_NAME,
    OPTION_SKIP,
    OPTION_KEYS,
    OPTION_RECIPIENT,
    OPTION_SECRET,
    OPTION_SECRET_OUT,
    OPTION_JSON,
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
    { "--secret-out", "FILE",
      "encrypt them under a secret instead: where it goes, a new file",
      OPTION_SECRET_OUT },
    { "--secret", NULL, "the same, and show it here, on a terminal, once",
      OPTION_SECRET },
    { "--skip-duplicates", NULL,
      "leave out rows whose device, key or identifier is not new",
      OPTION_SKIP },
    { "--no-wait", NULL, "do not wait for the server to issue it",
      OPTION_DETACH },
    { "--json", NULL,
      "print the batch as JSON; with --secret, its member secret is that",
      OPTION_JSON },
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
    "of its own, and encrypted at once: to the recipient (CMS EnvelopedData),\n"
    "or under a secret that is made for the batch and told this once (PKCS\n"
    "#8, or PKCS #12 by birthmark batch get). Keys are handed out until\n"
    "birthmark batch confirm.\n",
    options
};

struct given {
    struct session_place place;
    const char *profile;
    const char *name;
    const char *keys;
    const char *recipient;
    const char *secret_out;
    bool secret;
    bool json;
    bool skip;
    bool detach;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), true },
    { OPTION_NAME, ARGS_TEXT, offsetof(struct given, name), false },
    { OPTION_KEYS, ARGS_TEXT, offsetof(struct given, keys), false },
    { OPTION_RECIPIENT, ARGS_TEXT, offsetof(struct given, recipient), false },
    { OPTION_SECRET, ARGS_FLAG, offsetof(struct given, secret), false },
    { OPTION_SECRET_OUT, ARGS_TEXT, offsetof(struct given, secret_out), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { OPTION_SKIP, ARGS_FLAG, offsetof(struct given, skip), false },
    { OPTION_DETACH, ARGS_FLAG, offsetof(struct given, detach), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Octets that go at a time. */
#define PIECE_MAX ((size_t)512 << 10)

/* How often a secret is asked for: within ten seconds. */
#define TRIES 50

struct run {
    const struct given *given;
    struct batch_file file;
    struct batch_workers workers;
    uint8_t recipient[KEYGEN_RECIPIENT_MAX];
    struct batch_secret secret;
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
    rc = session_put(&run->session, "putUpload", params,
                     (struct bm_bytes){ run->piece, n }, &result);
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

static void put_keys(const struct run *run, json_t *params)
{
    const struct keygen_order *order = &run->workers.order;

    session_set_text(params, "keys", run->given->keys);
    if (order->by == KEYGEN_SECRET) {
        session_set_flag(params, "secret");
    } else {
        session_set_der(params, "recipient", order->to);
    }
}

/* What its keys are encrypted under is in the answer, and nowhere later. */
static int take_secret(struct run *run, json_t *batch)
{
    struct batch_secret *secret = &run->secret;
    json_t *told = json_object_get(batch, "secret");
    int rc = batch_secret_show(secret, json_string_value(told));

    if (secret->file != NULL || !run->given->json) {
        (void)json_object_del(batch, "secret");
    }
    run->workers.order.to = (struct bm_bytes){ (const uint8_t *)secret->text,
                                               strlen(secret->text) };
    return rc;
}

static int print(const struct run *run, json_t *batch, uint64_t id)
{
    static const struct tree t;
    const struct listing listing = { .json = true };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = BM_OK;

    if (run->given->json) {
        rc = listing_print(&listing, &t, json_incref(batch));
    } else {
        printf("%llu\n", (unsigned long long)id);
    }
    (void)fflush(stdout);
    return rc == BM_OK ? CMD_OK : refusal_print_act(verb.path, rc, &why);
}

/* A server that has just been started has no secret yet. */
static int ask(struct run *run, json_t *params, json_t **batch)
{
    const struct timespec pause = { 0, 200 * 1000000L };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = BM_E_BATCH_NO_SECRET;

    for (int i = 0; i < TRIES && rc == BM_E_BATCH_NO_SECRET; i++) {
        if (i != 0) {
            (void)nanosleep(&pause, NULL);
        }
        why = (struct ca_refusal){ .status = BM_OK };
        rc = session_ask(&run->session, "createBatch", json_incref(params),
                         batch, &why);
    }
    json_decref(params);
    return session_result(&run->session, rc, &why);
}

static int order(struct run *run, uint64_t *id)
{
    json_t *params = json_object();
    json_t *batch = NULL;
    int rc;
    int shown = CMD_OK;

    session_set_text(params, "name", name_of(run));
    session_set_text(params, "profile", run->given->profile);
    session_set_text(params, "sha256", run->digits);
    if (run->given->skip) {
        session_set_flag(params, "skip_duplicates");
    }
    if (run->given->keys != NULL) {
        put_keys(run, params);
    }
    rc = ask(run, params, &batch);
    if (rc != CMD_OK) {
        return rc;
    }
    *id = (uint64_t)json_integer_value(json_object_get(batch, "id"));
    if (run->workers.order.by == KEYGEN_SECRET) {
        shown = take_secret(run, batch);
    }
    rc = print(run, batch, *id);
    json_decref(batch);
    return shown != CMD_OK ? shown : rc;
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
    run->workers.order.to = bm_wr_bytes(&w);
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

/* With --json the answer has it. */
static int open_secret(struct run *run)
{
    const struct given *given = run->given;

    run->workers.order.by = KEYGEN_SECRET;
    run->secret.path = verb.path;
    run->secret.file = given->secret_out;
    run->secret.json = given->json;
    return batch_secret_open(&run->secret);
}

static int take_keys(struct run *run)
{
    const struct given *given = run->given;
    bool secret = given->secret || given->secret_out != NULL;

    if (given->keys == NULL ? given->recipient != NULL || secret
                            : (given->recipient != NULL) == secret) {
        return cmd_usage_error(verb.path, "--keys goes with --recipient, or "
                                          "with --secret-out or --secret");
    }
    if (given->secret && given->secret_out != NULL) {
        return cmd_usage_error(verb.path, "--secret-out or --secret, not both");
    }
    if (given->keys == NULL) {
        return CMD_OK;
    }
    run->workers.order.by = KEYGEN_RECIPIENT;
    run->workers.order.type = ca_batch_key_type(given->keys);
    if (run->workers.order.type == BM_KEY_UNKNOWN) {
        return cmd_usage_error(verb.path, "--keys: p256, p384 or ed25519");
    }
    return secret ? open_secret(run) : take_recipient(run);
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
    if (rc == CMD_OK) {
        rc = batch_file_open(&run.file, verb.path, args.words[0]);
    }
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
    batch_secret_close(&run.secret);
    free(run.piece);
    return rc;
}
