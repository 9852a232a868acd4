/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ca/import.h"
#include "cli/args.h"
#include "cli/history.h"
#include "cli/imports.h"
#include "cli/instance.h"
#include "cli/listing.h"
#include "cli/pile.h"
#include "cli/safe.h"
#include "cli/single.h"
#include "files/files.h"
#include "protocols/admin/tree.h"
#include "server/ca_adopt.h"
#include "server/outfit.h"

/* Certificates that fit no profile are kept under this name. */
#define OTHERWISE "imported"

/* Of a key, in PEM: RSA 4096 has 3.3 KB. */
#define KEY_FILE_MAX ((size_t)64 << 10)

enum {
    OPTION_DIR = 1,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_KEY_FILE,
    OPTION_KIND,
    OPTION_ISSUED,
    OPTION_PROFILE,
    OPTION_CRL,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--cert", "FILE", "its certificate, and those above it", OPTION_CERT },
    { "--key", "URI", "where its key is: file:, pkcs11:, tpm2:", OPTION_KEY },
    { "--key-file", "FILE", "or its key, PKCS#8, to be sealed into keys/",
      OPTION_KEY_FILE },
    { "--kind", "KIND", "issuing (the default), or operations", OPTION_KIND },
    { "--issued", "PATH", "what it issued: PEM, folder, index.txt; repeatable",
      OPTION_ISSUED },
    { "--profile", "NAME", "the profile of what it issued (what it fits)",
      OPTION_PROFILE },
    { "--crl", "FILE", "its last revocation list", OPTION_CRL },
    { "--json", NULL, "one JSON object of what was done", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca import",
    "--cert FILE (--key URI | --key-file FILE) [OPTION]... ID",
    "Take over an authority that exists: its key, what it has issued, and\n"
    "what it has revoked. Lists go on with a higher number. What fits no\n"
    "profile is kept as profile '" OTHERWISE "'. The same again goes on where\n"
    "it was interrupted. Its id is printed.\n",
    options
};

struct given {
    const char *dir;
    const char *cert;
    const char *key;
    const char *key_file;
    const char *kind;
    struct args_many issued;
    const char *profile;
    const char *crl;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_CERT, ARGS_TEXT, offsetof(struct given, cert), true },
    { OPTION_KEY, ARGS_TEXT, offsetof(struct given, key), false },
    { OPTION_KEY_FILE, ARGS_TEXT, offsetof(struct given, key_file), false },
    { OPTION_KIND, ARGS_TEXT, offsetof(struct given, kind), false },
    { OPTION_ISSUED, ARGS_MANY, offsetof(struct given, issued), false },
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), false },
    { OPTION_CRL, ARGS_TEXT, offsetof(struct given, crl), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    const struct given *given;
    const char *id;
    enum waiting_kind kind;
    struct session session;
    struct pile pile;
    struct single crl;
    uint8_t *key; /* secret */
    size_t key_n;
    struct imports imports; /* those that are gathered for a transaction */
    struct ca_imported imported;
    struct ca_listed listed;
    uint64_t refused; /* said on stderr, and left out */
    uint64_t lost;    /* revoked, and nowhere on record */
};

/* ---- The authority */

/* It is believed from now on, and handed out. */
static void tell_root(const struct run *run, const char *id,
                      const struct bm_cert *cert)
{
    const struct bm_crypto *crypto = run->session.crypto;
    uint8_t digest[BM_HASH_MAX];

    if (crypto->hash(crypto->self, BM_HASH_SHA256, cert->der, digest) !=
        BM_OK) {
        return;
    }
    fprintf(stderr, "%s: root %s, SHA-256 ", verb.path, id);
    for (size_t i = 0; i < bm_hash_len(BM_HASH_SHA256); i++) {
        fprintf(stderr, "%02x", digest[i]);
    }
    fputc('\n', stderr);
}

static void tell(void *arg, enum ca_installed what, const char *id,
                 const struct bm_cert *cert, const char *words)
{
    struct run *run = arg;

    if (what == CA_INSTALLED_ROOT) {
        tell_root(run, id, cert);
    }
    if (what == CA_INSTALLED_PROFILE) {
        fprintf(stderr, "%s: %s cannot issue %s: ", verb.path, run->id, id);
        safe_print_str(stderr, words);
        fputc('\n', stderr);
    }
}

static int adopt(struct run *run)
{
    struct session *s = &run->session;
    struct ca_refusal why = { .status = BM_OK };
    const struct ca_adopt config = { .id = run->id,
                                     .kind = run->kind,
                                     .key_uri = run->given->key,
                                     .pkcs8 = { run->key, run->key_n },
                                     .install = { .instance = s->instance,
                                                  .actor = &s->actor,
                                                  .certs = run->pile.cert,
                                                  .certs_n = run->pile.n,
                                                  .foreign = true,
                                                  .now = s->now,
                                                  .arg = run,
                                                  .tell = tell } };
    int rc = session_result(s, ca_adopt(&config, &why), &why);

    return rc == CMD_OK ? session_reload(s) : rc;
}

/* ---- What it has issued */

static void count(struct run *run, const struct ca_imported *done)
{
    run->imported.certs += done->certs;
    run->imported.known += done->known;
    run->imported.otherwise += done->otherwise;
}

/* One that is refused keeps no other one out: it is told, and left out. */
static void put_singly(struct run *run)
{
    struct session *s = &run->session;

    for (size_t i = 0; i < run->imports.n; i++) {
        struct ca_refusal why = { .status = BM_OK };
        struct ca_imported done;
        bm_status rc =
            ca_import(s->instance->ca, &s->actor, &run->imports.items[i], 1,
                      s->now, &done, &why);

        count(run, &done);
        if (rc != BM_OK) {
            (void)session_result(s, rc, &why);
            run->refused++;
        }
    }
}

static bool flush(struct run *run)
{
    struct session *s = &run->session;
    struct ca_refusal why = { .status = BM_OK };
    struct ca_imported done = { .certs = 0 };
    bm_status rc = BM_OK;

    for (size_t i = 0; i < run->imports.n; i++) {
        run->imports.items[i].otherwise = OTHERWISE;
    }
    if (run->imports.n != 0) {
        rc = ca_import(s->instance->ca, &s->actor, run->imports.items,
                       run->imports.n, s->now, &done, &why);
    }
    count(run, &done);
    if (rc == BM_E_IO || rc == BM_E_FULL || rc == BM_E_MEMORY) {
        return session_result(s, rc, &why) == CMD_OK;
    }
    if (rc != BM_OK) {
        put_singly(run);
    }
    imports_free(&run->imports);
    return true;
}

static bool take_file(void *arg, const char *path)
{
    struct run *run = arg;

    if (!imports_add(&run->imports, path, run->given->profile)) {
        run->refused++; /* what was gathered before stays */
    }
    return run->imports.n < CA_GROUP_MAX || flush(run);
}

/* Nothing of it is on record, and so no list would have it. */
static bool lose(struct run *run, struct bm_bytes serial)
{
    fprintf(stderr, "%s: the index says that ", verb.path);
    for (size_t i = 0; i < serial.n; i++) {
        fprintf(stderr, "%02x", serial.p[i]);
    }
    fputs(" is revoked, and neither its certificate nor a list with it (--crl) "
          "is here\n",
          stderr);
    run->lost++;
    return true;
}

/* What its database says is revoked, and the list may not say yet. */
static bool revoke(void *arg, struct bm_bytes serial, int64_t at,
                   uint8_t reason)
{
    struct run *run = arg;
    struct session *s = &run->session;
    struct ca_refusal why = { .status = BM_OK };
    struct ca_revocation revocation = {
        .ca = run->id, .serial = serial, .reason = reason, .invalid_since = at
    };
    bm_status rc;

    if (at < 0 || at > s->now) {
        revocation.invalid_since = 0;
    }
    /* ca_revoke() knows it of CAs alone. */
    if (reason == BM_REASON_CA_COMPROMISE) {
        revocation.reason = BM_REASON_KEY_COMPROMISE;
    }
    rc = ca_revoke(s->instance->ca, &s->actor, &revocation, s->now, &why);
    if (rc == BM_E_NOT_FOUND) {
        return lose(run, serial);
    }
    if (rc == BM_E_CA_STATUS) {
        return true; /* it is */
    }
    run->listed.revoked += rc == BM_OK;
    return session_result(s, rc, &why) == CMD_OK;
}

static int take_issued(struct run *run)
{
    struct history history = { .path = verb.path,
                               .arg = run,
                               .file = take_file };

    for (size_t i = 0; i < run->given->issued.n; i++) {
        if (!history_walk(&history, run->given->issued.value[i]) ||
            !flush(run)) {
            return CMD_FAILED;
        }
    }
    run->refused += history.missing;
    return CMD_OK;
}

/* ---- What it has revoked */

static int take_list(struct run *run)
{
    struct session *s = &run->session;
    struct ca_refusal why = { .status = BM_OK };

    return run->given->crl == NULL
               ? CMD_OK
               : session_result(s,
                                ca_import_list(s->instance->ca, &s->actor,
                                               run->crl.der, s->now,
                                               &run->listed, &why),
                                &why);
}

static int take_revocations(struct run *run)
{
    struct history history = { .path = verb.path,
                               .arg = run,
                               .revoked = revoke };

    for (size_t i = 0; i < run->given->issued.n; i++) {
        if (!history_walk(&history, run->given->issued.value[i])) {
            return CMD_FAILED;
        }
    }
    return CMD_OK;
}

/* ---- All of it */

static int print(struct run *run)
{
    struct tree t = { false };
    json_t *o;

    fprintf(stderr,
            "%s: %" PRIu64 " put on record, %" PRIu64 " were before; %" PRIu64
            " fit no profile; %" PRIu64 " revoked, %" PRIu64
            " of them unknown\n",
            verb.path, run->imported.certs, run->imported.known,
            run->imported.otherwise, run->listed.revoked + run->listed.unknown,
            run->listed.unknown);
    if (!run->given->json) {
        safe_print_str(stdout, run->id);
        fputc('\n', stdout);
    } else {
        struct listing listing = { true, NULL };

        o = tree_object(&t);
        tree_set(&t, o, "id", tree_str(&t, run->id));
        tree_set(&t, o, "imported", tree_int(&t, (int64_t)run->imported.certs));
        tree_set(&t, o, "known", tree_int(&t, (int64_t)run->imported.known));
        tree_set(&t, o, "without_profile",
                 tree_int(&t, (int64_t)run->imported.otherwise));
        tree_set(&t, o, "refused", tree_int(&t, (int64_t)run->refused));
        tree_set(&t, o, "revoked", tree_int(&t, (int64_t)run->listed.revoked));
        tree_set(&t, o, "unknown", tree_int(&t, (int64_t)run->listed.unknown));
        if (listing_print(&listing, &t, o) != BM_OK) {
            return CMD_FAILED;
        }
    }
    return run->refused == 0 ? CMD_OK : CMD_FAILED;
}

/* The first list of ours has all that was revoked before; until it is there,
 * the request that the CA has left keeps the instance from being used. */
static int finish(struct run *run)
{
    struct session *s = &run->session;
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc =
        instance_make_crl(s->instance, &s->actor, run->id, s->now, &why);

    if (rc == BM_OK) {
        rc = outfit_make(s->instance, s->now, &why);
    }
    if (rc == BM_OK) {
        rc = waiting_drop(s->instance->dir, run->id, &why);
    }
    return rc == BM_OK ? print(run) : session_result(s, rc, &why);
}

static int read_files(struct run *run)
{
    const struct given *given = run->given;
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = BM_OK;

    if (!pile_add_file(&run->pile, given->cert, 0)) {
        return CMD_FAILED;
    }
    if (given->key_file != NULL) {
        rc = files_read(given->key_file, KEY_FILE_MAX, &run->key, &run->key_n,
                        &why);
    }
    if (rc != BM_OK) {
        return session_result(&run->session, rc, &why);
    }
    return given->crl == NULL ? CMD_OK
                              : single_read(&run->crl, given->crl, KIND_CRL);
}

static int run_verb(struct run *run)
{
    const struct session_config config = { .path = verb.path,
                                           .dir = run->given->dir,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CA_INSTALL,
                                           .founder = true };
    int rc = read_files(run);

    if (rc == CMD_OK) {
        rc = session_open(&run->session, &config);
    }
    if (rc == CMD_OK) {
        rc = adopt(run);
    }
    if (rc == CMD_OK) {
        rc = take_issued(run);
    }
    if (rc == CMD_OK) {
        rc = take_list(run);
    }
    if (rc == CMD_OK) {
        rc = take_revocations(run);
    }
    /* Not into use: its first list would call good what is revoked. */
    if (rc == CMD_OK && run->lost != 0) {
        rc = CMD_FAILED;
    }
    return rc == CMD_OK ? finish(run) : rc;
}

int cmd_ca_import(int argc, char **argv)
{
    struct given given = { .kind = "issuing" };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_min = 1,
                         .words_max = 1 };
    struct run run = { .given = &given, .session = { .path = verb.path } };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if ((given.key != NULL) == (given.key_file != NULL)) {
        return cmd_usage_error(verb.path, "one of --key and --key-file");
    }
    run.id = args.words[0];
    run.kind = waiting_kind_parse(given.kind);
    if (run.kind != WAITING_ISSUING && run.kind != WAITING_OPERATIONS) {
        return cmd_usage_error(verb.path, "--kind is issuing or operations");
    }
    rc = run_verb(&run);
    session_close(&run.session);
    if (run.key != NULL) {
        bm_wipe(run.key, run.key_n);
    }
    free(run.key);
    imports_free(&run.imports);
    single_free(&run.crl);
    pile_free(&run.pile);
    return rc;
}
