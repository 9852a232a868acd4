/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark ca list and birthmark ca show: the same members, printed in a
 * line or in full. */
#include <string.h>

#include "cli/args.h"
#include "cli/instance.h"
#include "cli/listing.h"
#include "cli/show.h"
#include "cli/text.h"
#include "core/name.h"

enum {
    OPTION_DIR = 1,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--json", NULL, "one JSON object per CA and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb list_verb = {
    "birthmark ca list", "[--dir DIR] [--json]",
    "List the certification authorities of an instance: id, kind, status, end\n"
    "and subject.\n",
    options
};

static const struct cmd_verb show_verb = {
    "birthmark ca show", "[--dir DIR] [--json] [ID]...",
    "Print what is known of certification authorities, all or those named:\n"
    "certificate, key, parent, OCSP responder, and the last revocation list.\n",
    options
};

struct given {
    const char *dir;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "id", 14, NULL },        { "kind", 10, NULL },   { "status", 7, NULL },
    { "not_after", 20, NULL }, { "subject", 0, NULL }, { NULL, 0, NULL },
};

static const char *kind_of_ca(enum store_ca_kind kind)
{
    switch (kind) {
    case STORE_CA_ROOT:
        return "root";
    case STORE_CA_ISSUING:
        return "issuing";
    case STORE_CA_OPERATIONS:
        return "operations";
    default:
        return "unknown";
    }
}

static void set_text(struct tree *t, json_t *o, const char *key,
                     const char *text)
{
    if (text[0] != '\0') {
        tree_set(t, o, key, tree_str(t, text));
    }
}

static void set_responder(struct tree *t, json_t *o,
                          const struct instance_ca *ca)
{
    json_t *r;

    if (ca->row.ocsp_cert.n == 0) {
        return;
    }
    r = tree_object(t);
    tree_set(t, r, "serial_number", tree_hex(t, ca->ocsp_cert.serial));
    tree_set(t, r, "not_after", tree_time(t, ca->ocsp_cert.not_after));
    set_text(t, r, "key_uri", ca->row.ocsp_key_uri);
    tree_set(t, o, "ocsp_responder", r);
}

/* The list that was published last, if there was one. */
static bm_status set_crl(const struct session *s, struct tree *t, json_t *o,
                         const char *id)
{
    const struct store *store = s->instance->store;
    struct store_crl row;
    bm_status rc = store->crl_get(store->self, id, &row);
    json_t *c;

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    c = tree_object(t);
    tree_set(t, c, "crl_number", tree_int(t, (int64_t)row.number));
    tree_set(t, c, "this_update", tree_time(t, row.this_update));
    tree_set(t, c, "next_update", tree_time(t, row.next_update));
    tree_set(t, o, "crl", c);
    return BM_OK;
}

static bm_status make_tree(const struct session *s, struct show *show,
                           const struct instance_ca *ca, json_t **tree)
{
    struct tree *t = &show->t;
    json_t *o = tree_object(t);

    *tree = o;
    tree_set(t, o, "id", tree_str(t, ca->row.id));
    tree_set(t, o, "kind", tree_str(t, kind_of_ca(ca->row.kind)));
    tree_set(
        t, o, "status",
        tree_str(t, ca->row.status == STORE_CA_ACTIVE ? "active" : "retired"));
    set_text(t, o, "parent", ca->row.parent);
    tree_set(t, o, "subject", tree_put(t, bm_name_put_text, ca->cert.subject));
    tree_set(t, o, "serial_number", tree_hex(t, ca->cert.serial));
    tree_set(t, o, "not_before", tree_time(t, ca->cert.not_before));
    tree_set(t, o, "not_after", tree_time(t, ca->cert.not_after));
    tree_set(t, o, "fingerprint_sha256", show_fingerprint(show, ca->cert.der));
    set_text(t, o, "key_uri", ca->row.key_uri);
    set_responder(t, o, ca);
    return set_crl(s, t, o, ca->row.id);
}

/* As `cert show` prints a certificate. */
static bm_status print_full(const struct instance_ca *ca, bool first,
                            const struct tree *t, json_t *o)
{
    bm_status rc = BM_E_MEMORY;

    if (!t->failed && o != NULL) {
        printf("%s%s: certification authority\n", first ? "" : "\n",
               ca->row.id);
        rc = text_print(stdout, o, 2) == BM_OK ? BM_OK : BM_E_MEMORY;
    }
    json_decref(o);
    return rc;
}

struct run {
    struct session session;
    struct listing listing;
    bool full; /* the text of `show` */
    bool started;
};

static bm_status print_ca(struct run *run, const struct instance_ca *ca)
{
    struct session *s = &run->session;
    struct show show = { { false }, s->crypto, BM_STRICT };
    json_t *o = NULL;
    bm_status rc = session_begin(s);

    if (rc == BM_OK) {
        rc = make_tree(s, &show, ca, &o);
        session_end(s);
    }
    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    if (run->full && !run->listing.json) {
        rc = print_full(ca, !run->started, &show.t, o);
    } else {
        rc = listing_print(&run->listing, &show.t, o);
    }
    run->started = true;
    return rc;
}

static int print_all(struct run *run)
{
    const struct instance *in = run->session.instance;
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = BM_OK;

    for (size_t i = 0; rc == BM_OK && i < in->cas_n; i++) {
        rc = print_ca(run, &in->cas[i]);
    }
    return session_result(&run->session, rc, &why);
}

static int print_named(struct run *run, const char *id)
{
    const struct instance_ca *ca = session_find_ca(&run->session, id);
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = ca != NULL ? print_ca(run, ca)
                              : ca_refuse(&why, BM_E_NOT_FOUND, "CA %s", id);

    return session_result(&run->session, rc, &why);
}

static int run_verb(struct run *run, const struct args *args)
{
    const struct given *given = args->into;
    const struct session_config config = { .path = args->verb->path,
                                           .dir = given->dir,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_CA_READ };
    int result = session_open(&run->session, &config);

    run->listing = (struct listing){ given->json, columns };
    if (result == CMD_OK && args->words_n == 0) {
        result = print_all(run);
    } else if (result == CMD_OK) {
        for (int i = 0; i < args->words_n; i++) {
            int rc = print_named(run, args->words[i]);

            result = rc != CMD_OK ? rc : result;
        }
    }
    session_close(&run->session);
    return result;
}

int cmd_ca_list(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &list_verb, .rows = rows, .into = &given };
    struct run run = { .full = false };
    int rc;

    return args_read(&args, argc, argv, &rc) ? run_verb(&run, &args) : rc;
}

int cmd_ca_show(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &show_verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_max = argc };
    struct run run = { .full = true };
    int rc;

    return args_read(&args, argc, argv, &rc) ? run_verb(&run, &args) : rc;
}
