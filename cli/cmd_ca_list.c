/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark ca list and birthmark ca show: the same members, printed in a
 * line or in full. */
#include <string.h>

#include "cli/pages.h"
#include "cli/safe.h"
#include "cli/text.h"
#include "core/name.h"
#include "protocols/admin/tree.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--json", NULL, "one JSON object per CA and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb list_verb = {
    "birthmark ca list", "[--dir DIR] [--json]",
    "List the certification authorities of an instance: id, kind, status, end\n"
    "and subject; those too that wait for their certificate, if it is here.\n",
    options
};

static const struct cmd_verb show_verb = {
    "birthmark ca show", "[--dir DIR] [--json] [ID]...",
    "Print what is known of certification authorities, all or those named:\n"
    "certificate, key, parent, OCSP responder, and the last revocation list.\n",
    options
};

struct given {
    struct session_place place;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "id", 14, NULL },        { "kind", 10, NULL },   { "status", 7, NULL },
    { "not_after", 20, NULL }, { "subject", 0, NULL }, { NULL, 0, NULL },
};

struct run {
    struct session session;
    struct listing listing;
    bool full; /* the text of `show` */
    bool started;
};

/* As `cert show` prints a certificate. */
static bm_status print_full(struct run *run, json_t *ca)
{
    bm_status rc;

    fputs(run->started ? "\n" : "", stdout);
    safe_print_str(stdout, json_string_value(json_object_get(ca, "id")));
    fputs(": certification authority\n", stdout);
    rc = text_print(stdout, ca, 2) == BM_OK ? BM_OK : BM_E_MEMORY;
    json_decref(ca);
    return rc;
}

static bm_status print_ca(void *arg, json_t *ca)
{
    struct run *run = arg;
    bm_status rc = run->full && !run->listing.json
                       ? print_full(run, ca)
                       : pages_print_one(&run->listing, ca);

    run->started = true;
    return rc;
}

/* Only where the instance is here: a server does not know of them. */
static bm_status print_waiting(struct run *run, const char *id, bool *found)
{
    const struct instance *in = run->session.instance;

    for (size_t i = 0; in != NULL && i < in->waiting.n; i++) {
        const struct waiting_key *w = &in->waiting.item[i];
        struct tree t = { false };
        json_t *o;

        if (!instance_is_waiting(in, w) ||
            (id != NULL && strcmp(id, w->id) != 0)) {
            continue;
        }
        *found = true;
        o = tree_object(&t);
        tree_set(&t, o, "id", tree_str(&t, w->id));
        tree_set(&t, o, "kind", tree_str(&t, waiting_kind_name(w->kind)));
        tree_set(&t, o, "status", tree_str(&t, "waiting"));
        tree_set(&t, o, "subject",
                 tree_put(&t, bm_name_put_text, w->csr.subject));
        tree_set(&t, o, "key_uri", tree_str(&t, w->key_uri));
        if (t.failed) {
            json_decref(o);
            return BM_E_MEMORY;
        }
        BM_TRY(print_ca(run, o));
    }
    return BM_OK;
}

static int print_all(struct run *run)
{
    struct pages pages = { .session = &run->session,
                           .operation = "listCAs",
                           .params = json_object(),
                           .arg = run,
                           .one = print_ca };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = pages_walk(&pages, &why);
    bool found;

    rc = rc == BM_OK ? print_waiting(run, NULL, &found) : rc;
    return session_result(&run->session, rc, &why);
}

static int print_named(struct run *run, const char *id)
{
    struct ca_refusal why = { .status = BM_OK };
    json_t *params = json_object();
    json_t *ca;
    bool found = false;
    bm_status rc = print_waiting(run, id, &found);

    if (rc != BM_OK || found) {
        json_decref(params);
        return session_result(&run->session, rc, &why);
    }

    session_set_text(params, "ca", id);
    rc = session_ask(&run->session, "showCA", params, &ca, &why);
    if (rc == BM_OK) {
        /* It is a file of the instance, and published. */
        (void)json_object_del(ca, "pem");
        rc = print_ca(run, ca);
    }
    return session_result(&run->session, rc, &why);
}

static int run_verb(struct run *run, const struct args *args)
{
    const struct given *given = args->into;
    const struct session_config config = { .path = args->verb->path,
                                           .place = &given->place,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_CA_READ,
                                           .founder = true };
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
    struct given given = { .json = false };
    struct args args = { .verb = &list_verb, .rows = rows, .into = &given };
    struct run run = { .full = false };
    int rc;

    return args_read(&args, argc, argv, &rc) ? run_verb(&run, &args) : rc;
}

int cmd_ca_show(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &show_verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_max = argc };
    struct run run = { .full = true };
    int rc;

    return args_read(&args, argc, argv, &rc) ? run_verb(&run, &args) : rc;
}
