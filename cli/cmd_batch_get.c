/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bar.h"
#include "cli/batch_key.h"
#include "cli/batch_list.h"
#include "cli/batch_run.h"
#include "cli/batch_secret.h"
#include "cli/batch_zip.h"
#include "cli/diag.h"
#include "cli/each.h"
#include "cli/image_keys.h"
#include "cli/pages.h"
#include "core/base64.h"
#include "core/cms.h"
#include "core/pem.h"

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

enum form {
    FORM_PEM,
    FORM_DER,
    FORM_P7B,
    FORM_TABLE,
    FORM_P12,
    FORMS
};
static const char *const forms[FORMS] = { "pem", "der", "p7b", "table", "p12" };

/* Octets of a certificate with those above it, in any form. */
#define ONE_MAX ((size_t)256 << 10)

struct run {
    struct session session;
    struct batch_zip zip;
    struct batch_secret secret; /* file NULL: there is none */
    enum form form;
    bool with_chain;
    bool keys; /* there were such */
    struct bar bar;
    uint64_t done;
    uint64_t total;
    struct bm_wr pem;   /* the CAs, as a file */
    struct bm_wr chain; /* and DER after DER */
    FILE *list;
    FILE *table; /* FORM_TABLE */
    struct bm_hash_state hash;
    int code; /* of what went wrong and was said; else CMD_OK */
    uint8_t pem_room[ONE_MAX / 4];
    uint8_t chain_room[ONE_MAX / 4];
    struct bm_bytes cert; /* of this row, in `der` */
    uint8_t der[16384];
    uint8_t key[KEYGEN_PAIR_MAX];
    uint8_t one[ONE_MAX];
};

/* ---- One certificate */

static bm_status decode(const char *text, struct bm_wr *w)
{
    struct bm_bytes left = { (const uint8_t *)text, strlen(text) };
    struct bm_pem block;
    size_t n;

    BM_TRY(bm_pem_next(&left, NULL, &block));
    BM_TRY(bm_pem_decode(&block, NULL, w));
    return bm_wr_finish(w, &n);
}

static bm_status put_form(const struct run *run, const char *pem,
                          struct bm_bytes der, struct bm_wr *w)
{
    size_t n;

    if (run->form == FORM_DER) {
        bm_wr_put(w, der);
    } else if (run->form == FORM_P7B) {
        uint8_t room[sizeof run->der + sizeof run->chain_room];
        struct bm_wr certs;

        bm_wr_init(&certs, room, sizeof room);
        bm_wr_put(&certs, der);
        if (run->with_chain) {
            bm_wr_put(&certs, bm_wr_bytes(&run->chain));
        }
        BM_TRY(bm_wr_finish(&certs, &n));
        BM_TRY(bm_cms_put_certs(w, bm_wr_bytes(&certs),
                                (struct bm_bytes){ NULL, 0 }));
    } else {
        bm_wr_str(w, pem);
        if (run->with_chain) {
            bm_wr_put(w, bm_wr_bytes(&run->pem));
        }
    }
    return bm_wr_finish(w, &n);
}

/* "certificates/000017_SN-17.pem": unique by the row, and safe to unpack
 * anywhere. */
static void name_entry(const char *folder, const char *end, const json_t *item,
                       char name[STORE_NAME_MAX])
{
    const char *device = json_string_value(json_object_get(item, "device"));
    const char *file = json_string_value(json_object_get(item, "file"));
    const char *called = device != NULL ? device : file != NULL ? file : "";
    size_t n = (size_t)snprintf(
        name, STORE_NAME_MAX, "%s/%06lld", folder,
        (long long)json_integer_value(json_object_get(item, "row")));

    if (called[0] != '\0') {
        name[n++] = '_';
    }
    for (; *called != '\0' && n < 128; called++) {
        char c = *called;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') || c == '-' || c == '.';

        name[n++] = plain ? c : '_';
    }
    (void)snprintf(name + n, STORE_NAME_MAX - n, ".%s", end);
}

/* RFC 4180 2: quotes within are doubled. */
static void put_field(FILE *f, const char *text)
{
    fputc('"', f);
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', f);
        }
        fputc(*text, f);
    }
    fputc('"', f);
}

static void put_record(struct run *run, const json_t *item, const char *pem)
{
    fprintf(run->table, "%" JSON_INTEGER_FORMAT ",",
            json_integer_value(json_object_get(item, "row")));
    put_field(run->table, json_string_value(json_object_get(item, "device")));
    fputc(',', run->table);
    put_field(run->table, json_string_value(json_object_get(item, "file")));
    fputc(',', run->table);
    put_field(run->table, json_string_value(json_object_get(item, "serial")));
    fputc(',', run->table);
    put_field(run->table, pem);
    fputs("\r\n", run->table);
}

static bm_status put_entry(struct run *run, const char *name,
                           struct bm_bytes octets)
{
    run->code = batch_zip_put(&run->zip, name, octets);
    return run->code == CMD_OK ? BM_OK : BM_E_END;
}

static bm_status put_cert(struct run *run, const json_t *item, const char *pem)
{
    char name[STORE_NAME_MAX];
    struct bm_wr w;

    if (run->form == FORM_TABLE) {
        put_record(run, item, pem);
        return ferror(run->table) ? BM_E_IO : BM_OK;
    }
    if (run->form == FORM_P12) {
        return BM_OK; /* with its key */
    }
    bm_wr_init(&w, run->one, sizeof run->one);
    BM_TRY(put_form(run, pem, run->cert, &w));
    name_entry("certificates", forms[run->form], item, name);
    return put_entry(run, name, bm_wr_bytes(&w));
}

static bm_status put_p12(struct run *run, const json_t *item,
                         const struct batch_key *key)
{
    char name[STORE_NAME_MAX];
    struct bm_wr w;

    bm_wr_init(&w, run->one, sizeof run->one);
    BM_TRY(batch_key_put_p12(key, &w));
    name_entry("certificates", "p12", item, name);
    return put_entry(run, name, bm_wr_bytes(&w));
}

/* That secret is not for this key. */
static bm_status refuse_key(struct run *run, const json_t *item, bm_status rc,
                            const char *words)
{
    struct ca_refusal why = { .status = BM_OK };

    bar_end(&run->bar);
    run->code = refusal_print_act(
        verb.path,
        ca_refuse(&why, rc, "%s: row %lld: %s", run->secret.file,
                  (long long)json_integer_value(json_object_get(item, "row")),
                  words),
        &why);
    return BM_E_END;
}

/* Is it that of its certificate, as far as the secret shows it? */
static bm_status check_key(struct run *run, const json_t *item,
                           const struct batch_key *key)
{
    bm_status rc = batch_key_check(key);

    if (rc == BM_OK) {
        return BM_OK;
    }
    return refuse_key(run, item, rc,
                      !key->sealed ? "its key is encrypted to a recipient"
                      : rc == BM_E_BATCH_SECRET
                          ? "it is the secret of another batch"
                          : "its key is not that of its certificate");
}

/* A key that was made for it: as it came, which is encrypted, or with its
 * certificate. */
static bm_status put_key(struct run *run, const json_t *item, const char *pem)
{
    const char *device = json_string_value(json_object_get(item, "device"));
    struct batch_key key = { .cert = run->cert,
                             .chain = bm_wr_bytes(&run->chain),
                             .secret = run->secret.text,
                             .name = device == NULL ? "" : device };
    char name[STORE_NAME_MAX];
    struct bm_wr w;

    if (pem == NULL) {
        return run->secret.file == NULL
                   ? BM_OK
                   : refuse_key(run, item, BM_E_BATCH_SECRET,
                                "no key was made for it");
    }
    bm_wr_init(&w, run->key, sizeof run->key);
    BM_TRY(batch_key_take(&key, pem, &w));
    if (run->secret.file != NULL) {
        BM_TRY(check_key(run, item, &key));
    }
    run->keys = true;
    if (run->form == FORM_P12) {
        return put_p12(run, item, &key);
    }
    name_entry("keys", key.sealed ? "pem" : "p7m", item, name);
    return put_entry(
        run, name,
        key.sealed ? (struct bm_bytes){ (const uint8_t *)pem, strlen(pem) }
                   : key.octets);
}

/* Its certificate as DER, for what follows. */
static bm_status take_cert(struct run *run, const char *pem)
{
    struct bm_wr w;

    bm_wr_init(&w, run->der, sizeof run->der);
    BM_TRY(decode(pem, &w));
    run->cert = bm_wr_bytes(&w);
    return BM_OK;
}

static bm_status put_line(struct run *run, const char *line)
{
    const struct bm_crypto *crypto = run->session.crypto;
    const struct bm_bytes text = { (const uint8_t *)line, strlen(line) };

    if (fputs(line, run->list) < 0) {
        return BM_E_IO;
    }
    return crypto->hash_more(crypto->self, &run->hash, text);
}

static bm_status take(void *arg, json_t *item)
{
    struct run *run = arg;
    const char *pem = json_string_value(json_object_get(item, "pem"));
    const char *line = json_string_value(json_object_get(item, "line"));
    bm_status rc = pem == NULL || line == NULL ? BM_E_IO : BM_OK;

    if (rc == BM_OK) {
        rc = put_line(run, line);
    }
    if (rc == BM_OK) {
        rc = take_cert(run, pem);
    }
    if (rc == BM_OK) {
        rc = put_cert(run, item, pem);
    }
    if (rc == BM_OK) {
        rc =
            put_key(run, item, json_string_value(json_object_get(item, "key")));
    }
    json_decref(item);
    bar_show(&run->bar, ++run->done, run->total);
    return rc;
}

/* ---- The list */

/* The payload has the same digest, or it is not this batch. Who signed it a
 * verifier finds out here, too. */
static bm_status put_jws(struct run *run, const char *jws,
                         const uint8_t *digest)
{
    char digits[IMAGE_HEX];
    const char *payload = strchr(jws, '.');
    struct bm_bytes text = { (const uint8_t *)jws, strlen(jws) };
    struct bm_wr w;

    if (payload == NULL) {
        return BM_E_IO;
    }
    payload++;
    bm_wr_init(&w, run->one, sizeof run->one - 1);
    BM_TRY(bm_base64_decode(
        (struct bm_bytes){ (const uint8_t *)payload, strcspn(payload, ".") },
        BM_BASE64_URL, NULL, &w));
    if (w.len > w.cap) {
        return BM_E_LIMIT;
    }
    run->one[w.len] = '\0';
    image_hex(digest, digits);
    if (strstr((const char *)run->one, digits) == NULL) {
        return BM_E_SIGNATURE;
    }
    run->code = batch_zip_put(&run->zip, "list.jws", text);
    return run->code == CMD_OK ? BM_OK : BM_E_END;
}

static bm_status put_signature(struct run *run, const json_t *list)
{
    const struct bm_crypto *crypto = run->session.crypto;
    const char *pem = json_string_value(json_object_get(list, "signature"));
    uint8_t digest[BM_HASH_MAX];
    struct bm_wr w;

    BM_TRY(crypto->hash_end(crypto->self, &run->hash, digest));
    if (pem == NULL) {
        fprintf(stderr, "%s: nobody signs lists of batches here\n", verb.path);
        return BM_OK;
    }
    bm_wr_init(&w, run->one, sizeof run->one);
    BM_TRY(decode(pem, &w));
    BM_TRY(batch_list_check(crypto, bm_wr_bytes(&w), digest));
    run->code = batch_zip_put(&run->zip, "list.p7s", bm_wr_bytes(&w));
    if (run->code != CMD_OK) {
        return BM_E_END;
    }
    pem = json_string_value(json_object_get(list, "jws"));
    return pem == NULL ? BM_OK : put_jws(run, pem, digest);
}

static bm_status take_chain(struct run *run, const json_t *chain)
{
    const json_t *one;
    size_t i;
    size_t n;

    bm_wr_init(&run->pem, run->pem_room, sizeof run->pem_room);
    bm_wr_init(&run->chain, run->chain_room, sizeof run->chain_room);
    json_array_foreach(chain, i, one)
    {
        if (!json_is_string(one)) {
            return BM_E_IO;
        }
        bm_wr_str(&run->pem, json_string_value(one));
        BM_TRY(decode(json_string_value(one), &run->chain));
    }
    return bm_wr_finish(&run->pem, &n);
}

/* ---- All of it */

static bm_status begin(struct run *run, const json_t *list)
{
    const struct bm_crypto *crypto = run->session.crypto;
    const char *head = json_string_value(json_object_get(list, "head"));

    run->list = tmpfile();
    run->table = run->form == FORM_TABLE ? tmpfile() : NULL;
    if (head == NULL || run->list == NULL ||
        (run->form == FORM_TABLE && run->table == NULL)) {
        return BM_E_IO;
    }
    if (run->table != NULL) {
        fputs("row,device,file,serial,certificate\r\n", run->table);
    }
    BM_TRY(take_chain(run, json_object_get(list, "chain")));
    BM_TRY(crypto->hash_begin(crypto->self, &run->hash, BM_HASH_SHA256));
    return put_line(run, head);
}

static bm_status end(struct run *run, const json_t *list)
{
    BM_TRY(put_signature(run, list));
    run->code = batch_zip_put_file(&run->zip, "list.jsonl", run->list);
    if (run->code == CMD_OK) {
        run->code =
            batch_zip_put(&run->zip, "chain.pem", bm_wr_bytes(&run->pem));
    }
    if (run->code == CMD_OK && run->table != NULL) {
        run->code =
            batch_zip_put_file(&run->zip, "certificates.csv", run->table);
    }
    if (run->code == CMD_OK) {
        run->code = batch_zip_finish(&run->zip);
    }
    return BM_OK;
}

static int fetch(struct run *run, uint64_t id, const json_t *list)
{
    struct ca_refusal why = { .status = BM_OK };
    struct pages pages = { .session = &run->session,
                           .operation = "listBatchCertificates",
                           .params = json_object(),
                           .arg = run,
                           .one = take };
    bm_status rc = begin(run, list);

    session_set_int(pages.params, "batch", id);
    session_set_int(pages.params, "limit", 500);
    if (rc == BM_OK) {
        bar_begin(&run->bar, "fetching");
        rc = pages_walk(&pages, &why);
    } else {
        json_decref(pages.params);
    }
    bar_end(&run->bar);
    if (rc == BM_OK && run->code == CMD_OK) {
        rc = end(run, list);
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
    int rc = ask(run, "showBatch", id, &batch);

    if (rc == CMD_OK) {
        run->total =
            (uint64_t)json_integer_value(json_object_get(batch, "issued"));
        json_decref(batch);
        batch = NULL;
        rc = ask(run, "showBatchList", id, &list);
    }
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
    for (int i = 0; given->form != NULL && i < FORMS; i++) {
        if (strcmp(given->form, forms[i]) == 0) {
            run->form = (enum form)i;
            return true;
        }
    }
    return given->form == NULL;
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
        return run->form != FORM_P12
                   ? CMD_OK
                   : cmd_usage_error(verb.path, "--form p12 wants --secret");
    }
    return batch_secret_read(&run->secret);
}

static void wipe(struct run *run)
{
    const struct bm_crypto *crypto = run->session.crypto;

    if (crypto != NULL) {
        (void)crypto->hash_end(crypto->self, &run->hash, NULL);
    }
    if (run->list != NULL) {
        (void)fclose(run->list);
    }
    if (run->table != NULL) {
        (void)fclose(run->table);
    }
    batch_zip_drop(&run->zip);
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
    run->zip.fd = -1;
    run->with_chain = given.chain;
    rc = take_options(&given, run);
    if (rc != CMD_OK) {
        free(run);
        return rc;
    }
    rc = batch_zip_open(&run->zip, verb.path, given.out);
    if (rc == CMD_OK) {
        rc = session_open(&run->session, &config);
    }
    if (rc == CMD_OK) {
        rc = get(run, id);
    }
    wipe(run);
    return rc;
}
