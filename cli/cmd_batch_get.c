/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bar.h"
#include "cli/batch_key.h"
#include "cli/batch_secret.h"
#include "cli/diag.h"
#include "cli/each.h"
#include "cli/pages.h"
#include "cli/part_file.h"
#include "keygen/keygen.h"
#include "protocols/admin/batch_result.h"

enum {
    OPTION_OUT = 1,
    OPTION_FORM,
    OPTION_SECRET,
    OPTION_CHAIN
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--out", "FILE", "the ZIP, a new file", OPTION_OUT },
    { "--form", "FORM",
      "pem (default), der, p7b, p12, or table: one file for all", OPTION_FORM },
    { "--secret", "FILE",
      "secret of the batch: see that it opens each key; for --form p12",
      OPTION_SECRET },
    { "--chain", NULL, "with each certificate those of the CAs above it",
      OPTION_CHAIN },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark batch get", "[OPTION]... --out FILE ID",
    "Fetch the certificates of a batch, as a ZIP: a file each, or a table;\n"
    "chain.pem, the CAs; list.jsonl, which certificates they are and where\n"
    "the ledger has them; list.p7s and list.jws, the signatures over that, in\n"
    "CMS and as JWS. When the ZIP is whole, the batch counts as downloaded;\n"
    "or, where keys were made for it and are in keys/, when birthmark batch\n"
    "confirm says so. With --form p12 each key is in one file with its\n"
    "certificate and those above it (PKCS #12).\n",
    options
};

struct given {
    struct session_place place;
    const char *out;
    const char *form;
    const char *secret;
    bool chain;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), true },
    { OPTION_FORM, ARGS_TEXT, offsetof(struct given, form), false },
    { OPTION_SECRET, ARGS_TEXT, offsetof(struct given, secret), false },
    { OPTION_CHAIN, ARGS_FLAG, offsetof(struct given, chain), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Under a secret that is here alone. */
static const char p12[] = "p12";

struct run {
    struct session session;
    struct part_file file;
    struct batch_secret secret; /* file NULL: there is none */
    enum admin_result_form form;
    bool with_chain;
    bool keys; /* there were such */
    struct admin_result *result;
    struct bar bar;
    uint64_t done;
    uint64_t total;
    int code; /* of what went wrong and was said; else CMD_OK */
    uint8_t key[KEYGEN_PAIR_MAX];
};

/* ---- Keys */

/* That secret is not for this key. */
static bm_status refuse_key(struct run *run, int64_t row, bm_status rc,
                            const char *words)
{
    struct ca_refusal why = { .status = BM_OK };

    bar_end(&run->bar);
    run->code = refusal_print_act(verb.path,
                                  ca_refuse(&why, rc, "%s: row %" PRId64 ": %s",
                                            run->secret.file, row, words),
                                  &why);
    return BM_E_END;
}

/* Is it that of its certificate, as far as the secret shows it? */
static bm_status check_key(struct run *run, int64_t row,
                           const struct batch_key *key)
{
    bm_status rc = batch_key_check(key);

    if (rc == BM_OK) {
        return BM_OK;
    }
    return refuse_key(run, row, rc,
                      !key->sealed ? "its key is encrypted to a recipient"
                      : rc == BM_E_BATCH_SECRET
                          ? "it is the secret of another batch"
                          : "its key is not that of its certificate");
}

/* With a secret at hand: does it open the key? And put both together. */
static bm_status look(void *arg, const struct admin_result_row *row,
                      struct bm_wr *w)
{
    struct run *run = arg;
    struct batch_key key = { .cert = row->cert,
                             .chain = row->chain,
                             .secret = run->secret.text,
                             .name = row->device };
    struct bm_wr room;

    if (row->key == NULL) {
        return refuse_key(run, row->number, BM_E_BATCH_SECRET,
                          "no key was made for it");
    }
    bm_wr_init(&room, run->key, sizeof run->key);
    BM_TRY(batch_key_take(&key, row->key, &room));
    BM_TRY(check_key(run, row->number, &key));
    return run->form == ADMIN_RESULT_P12 ? batch_key_put_p12(&key, w) : BM_OK;
}

/* ---- All of it */

static bm_status put_octets(void *arg, struct bm_bytes octets)
{
    struct run *run = arg;

    run->code = part_file_put(&run->file, octets);
    return run->code == CMD_OK ? BM_OK : BM_E_END;
}

static bm_status take(void *arg, json_t *item)
{
    struct run *run = arg;
    bm_status rc = admin_result_put(run->result, item);

    json_decref(item);
    bar_show(&run->bar, ++run->done, run->total);
    return rc;
}

static bm_status walk(struct run *run, uint64_t id, struct ca_refusal *why)
{
    struct pages pages = { .session = &run->session,
                           .operation = "listBatchCertificates",
                           .params = json_object(),
                           .arg = run,
                           .one = take };

    session_set_int(pages.params, "batch", id);
    return pages_walk(&pages, why);
}

static bm_status make(struct run *run, uint64_t id, json_t *list,
                      struct ca_refusal *why)
{
    const struct admin_result_config config = {
        .crypto = run->session.crypto,
        .form = run->form,
        .chain = run->with_chain,
        .arg = run,
        .write = put_octets,
        .look = run->secret.file != NULL ? look : NULL,
    };
    bool more = true;

    BM_TRY(admin_result_new(&config, list, &run->result));
    while (more) {
        run->done = 0;
        BM_TRY(admin_result_pass(run->result, &more));
        if (more) {
            BM_TRY(walk(run, id, why));
        }
    }
    return admin_result_end(run->result);
}

static int fetch(struct run *run, uint64_t id, json_t *list)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    if (json_object_get(list, "signature") == NULL) {
        fprintf(stderr, "%s: nobody signs lists of batches here\n", verb.path);
    }
    run->keys = json_is_true(json_object_get(list, "keys"));
    run->total = (uint64_t)json_integer_value(json_object_get(list, "issued"));
    bar_begin(&run->bar, "fetching");
    rc = make(run, id, list, &why);
    bar_end(&run->bar);
    if (rc == BM_OK) {
        run->code = part_file_finish(&run->file);
    }
    return run->code != CMD_OK ? run->code
                               : session_result(&run->session, rc, &why);
}

static int ask(struct run *run, const char *operation, uint64_t id,
               json_t **result)
{
    json_t *params = json_object();

    session_set_int(params, "batch", id);
    return session_call(&run->session, operation, params, result);
}

static int get(struct run *run, uint64_t id)
{
    json_t *list = NULL;
    json_t *batch = NULL;
    int rc = ask(run, "showBatchList", id, &list);

    if (rc == CMD_OK) {
        rc = fetch(run, id, list);
    }
    if (rc == CMD_OK && run->keys) {
        fprintf(stderr,
                "%s: when its keys have arrived, and can be opened: birthmark "
                "batch confirm %llu\n",
                verb.path, (unsigned long long)id);
    } else if (rc == CMD_OK) {
        rc = ask(run, "confirmBatch", id, &batch);
    }
    json_decref(list);
    json_decref(batch);
    return rc == CMD_OK ? session_publish(&run->session) : rc;
}

static bool take_form(const struct given *given, struct run *run)
{
    const char *form = given->form != NULL ? given->form : "pem";

    if (strcmp(form, p12) == 0) {
        run->form = ADMIN_RESULT_P12;
        return true;
    }
    for (int i = 0; i < ADMIN_RESULT_FORMS; i++) {
        if (strcmp(form, admin_result_forms[i]) == 0) {
            run->form = (enum admin_result_form)i;
            return true;
        }
    }
    return false;
}

static int take_options(const struct given *given, struct run *run)
{
    run->secret =
        (struct batch_secret){ .path = verb.path, .file = given->secret };
    if (!take_form(given, run)) {
        return cmd_usage_error(verb.path,
                               "--form: pem, der, p7b, p12 or table");
    }
    if (given->secret == NULL) {
        return run->form != ADMIN_RESULT_P12
                   ? CMD_OK
                   : cmd_usage_error(verb.path, "--form p12 wants --secret");
    }
    return batch_secret_read(&run->secret);
}

static void wipe(struct run *run)
{
    admin_result_free(run->result);
    part_file_drop(&run->file);
    batch_secret_close(&run->secret);
    session_close(&run->session);
    free(run);
}

int cmd_batch_get(int argc, char **argv)
{
    struct given given = { .chain = false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_BATCH_CREATE };
    struct run *run;
    uint64_t id;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (!each_read_number(args.words[0], &id)) {
        return cmd_usage_error(verb.path, "'%.40s' is no number",
                               args.words[0]);
    }
    run = calloc(1, sizeof *run);
    if (run == NULL) {
        return refusal_print_act(verb.path, BM_E_MEMORY, NULL);
    }
    run->file.fd = -1;
    run->with_chain = given.chain;
    rc = take_options(&given, run);
    if (rc != CMD_OK) {
        free(run);
        return rc;
    }
    rc = part_file_open(&run->file, verb.path, given.out);
    if (rc == CMD_OK) {
        rc = session_open(&run->session, &config);
    }
    if (rc == CMD_OK) {
        rc = get(run, id);
    }
    wipe(run);
    return rc;
}
