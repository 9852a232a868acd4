/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/listing.h"
#include "cli/pile.h"
#include "cli/safe.h"
#include "core/name.h"
#include "protocols/admin/tree.h"
#include "server/ca_others.h"
#include "server/outfit.h"

enum {
    OPTION_DIR = 1,
    OPTION_CROSS,
    OPTION_MEMBER,
    OPTION_ORGANISATION,
    OPTION_ECOSYSTEM,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--cross", NULL, "what our root says of roots of others, and no more",
      OPTION_CROSS },
    { "--member", NULL, "CAs that members run: for the trust bundle, no more",
      OPTION_MEMBER },
    { "--organisation", "N", "with --member: whose (the ecosystem's)",
      OPTION_ORGANISATION },
    { "--ecosystem", "N",
      "with --cross or --member: on whose trust list (that of the\n"
      "organisation; the first)",
      OPTION_ECOSYSTEM },
    { "--json", NULL, "one JSON object per certificate, and profile",
      OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca install",
    "[--dir DIR] [--cross | --member [--organisation N]] [--ecosystem N]\n"
    "[--json] FILE...",
    "Take certificates of CAs into use: those that wait for one, and what\n"
    "leads to their root, in PEM, DER or PKCS#7 and in any order. The first\n"
    "root is believed: compare its fingerprint. Afterwards responders, lists,\n"
    "and the certificates of server and first operator are made where they\n"
    "are not there yet. The same files again finish what was interrupted.\n",
    options
};

struct given {
    const char *dir;
    bool cross;
    bool member;
    uint64_t organisation;
    uint64_t ecosystem;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_CROSS, ARGS_FLAG, offsetof(struct given, cross), false },
    { OPTION_MEMBER, ARGS_FLAG, offsetof(struct given, member), false },
    { OPTION_ORGANISATION, ARGS_NUMBER, offsetof(struct given, organisation),
      false },
    { OPTION_ECOSYSTEM, ARGS_NUMBER, offsetof(struct given, ecosystem), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    struct session session;
    struct listing listing;
    struct pile pile;
    const struct given *given;
    bm_status rc; /* of printing */
};

static const struct listing_column columns[] = {
    { "what", 12, NULL },
    { "id", 14, NULL },
    { "words", 0, NULL },
    { NULL, 0, NULL },
};

static const char *const what_words[] = { [CA_INSTALLED_CA] = "installed",
                                          [CA_INSTALLED_ROOT] = "root",
                                          [CA_INSTALLED_INTERMEDIATE] =
                                              "intermediate",
                                          [CA_INSTALLED_LINK] = "link",
                                          [CA_INSTALLED_MEMBER] = "member",
                                          [CA_INSTALLED_KNOWN] = "known",
                                          [CA_INSTALLED_NOT] = "not",
                                          [CA_INSTALLED_PROFILE] =
                                              "no-profile" };

static void set_cert(struct run *run, struct tree *t, json_t *o,
                     const struct bm_cert *cert, bool plain)
{
    const struct bm_crypto *crypto = run->session.crypto;
    uint8_t digest[BM_HASH_MAX];

    tree_set(t, o, "subject", tree_put(t, bm_name_put_text, cert->subject));
    tree_set(t, o, "not_after", tree_time(t, cert->not_after));
    if (crypto->hash(crypto->self, BM_HASH_SHA256, cert->der, digest) !=
        BM_OK) {
        t->failed = true;
        return;
    }
    tree_set(
        t, o, "fingerprint_sha256",
        tree_hex(t, (struct bm_bytes){ digest, bm_hash_len(BM_HASH_SHA256) }));
    if (plain) {
        tree_set(t, o, "words", tree_put(t, bm_name_put_text, cert->subject));
    }
}

static void tell(void *arg, enum ca_installed what, const char *id,
                 const struct bm_cert *cert, const char *words)
{
    struct run *run = arg;
    struct tree t = { false };
    json_t *o = tree_object(&t);
    bm_status rc;

    tree_set(&t, o, "what", tree_str(&t, what_words[what]));
    if (id[0] != '\0') {
        tree_set(&t, o, "id", tree_str(&t, id));
    }
    if (cert != NULL) {
        set_cert(run, &t, o, cert, words[0] == '\0' && !run->listing.json);
    }
    if (words[0] != '\0') {
        tree_set(&t, o, "words", tree_str(&t, words));
    }
    rc = listing_print(&run->listing, &t, o);
    run->rc = run->rc == BM_OK ? rc : run->rc;
}

static bm_status take(const struct given *given,
                      const struct ca_install *config, struct ca_refusal *why)
{
    const struct store_scope whose = { (uint32_t)given->ecosystem,
                                       (uint32_t)given->organisation };

    if (given->member) {
        return ca_member_install(config, &whose, why);
    }
    return given->cross ? ca_cross_install(config, &whose, why)
                        : ca_install_pile(config, why);
}

static int install(struct run *run)
{
    struct session *s = &run->session;
    struct ca_refusal why = { .status = BM_OK };
    const struct ca_install config = { .instance = s->instance,
                                       .actor = &s->actor,
                                       .certs = run->pile.cert,
                                       .certs_n = run->pile.n,
                                       .now = s->now,
                                       .arg = run,
                                       .tell = tell };
    int rc = session_result(s, take(run->given, &config, &why), &why);

    if (rc == CMD_OK) {
        rc = session_reload(s);
    }
    if (rc == CMD_OK) {
        rc = session_result(s, outfit_make(s->instance, s->now, &why), &why);
    }
    return rc == CMD_OK ? session_result(s, run->rc, &why) : rc;
}

static int run_verb(const struct args *args, struct run *run)
{
    const struct given *given = args->into;
    const struct session_config config = { .path = verb.path,
                                           .dir = given->dir,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CA_INSTALL,
                                           .founder = true };
    int rc = CMD_OK;

    for (int i = 0; rc == CMD_OK && i < args->words_n; i++) {
        rc = pile_add_file(&run->pile, args->words[i], 0) ? CMD_OK : CMD_FAILED;
    }
    if (rc == CMD_OK) {
        rc = session_open(&run->session, &config);
    }
    return rc == CMD_OK ? install(run) : rc;
}

static const char *usage_fault(const struct given *given)
{
    if (given->cross && given->member) {
        return "--cross and --member exclude each other";
    }
    if (given->organisation > UINT32_MAX ||
        (given->organisation != 0 && !given->member)) {
        return "--organisation N goes with --member";
    }
    if (given->ecosystem > UINT32_MAX ||
        (given->ecosystem != 0 && !given->cross && !given->member)) {
        return "--ecosystem N goes with --cross or --member";
    }
    return NULL;
}

int cmd_ca_install(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = argc };
    struct run run = { .session = { .path = verb.path }, .rc = BM_OK };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (usage_fault(&given) != NULL) {
        return cmd_usage_error(verb.path, "%s", usage_fault(&given));
    }
    run.listing = (struct listing){ given.json, columns };
    run.given = &given;
    rc = run_verb(&args, &run);
    session_close(&run.session);
    pile_free(&run.pile);
    return rc;
}
