/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The keeper: a room that comes now and then, renews what the service has for
 * itself, says what somebody else must renew, and goes. It reads no foreign
 * byte: its files, its store, and answers of the issuer.
 *
 * What is renewed gets a new key under a new name, so that a power cut at any
 * step leaves either the old certificate with its key or the new one with its
 * own:
 *
 *   setup   look what is due; unlock keys/, make the new keys, lock it again
 *   serve   OCSP responders, and what signs trust bundles: announce the key
 *           to the signer, have the certificate issued, have it installed in
 *           the store (one commit)
 *           TLS server: have it issued, rename ca/server.pem, which names the
 *           key (own.h)
 *   then    the rooms that hold the old keys are reloaded
 *
 * A key that came to nothing is removed, unless nobody can say whether it did;
 * so are those that were replaced, some days later.
 */
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/operator.h"
#include "daemon/link.h"
#include "daemon/room_internal.h"
#include "daemon/wire.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "server/own.h"

#define DAY INT64_C(86400)

/* Ahead of their ends: a ceremony takes time to be called together, a list or
 * an operator's certificate does not. */
#define CA_NOTICE       (365 * DAY)
#define LIST_NOTICE     (30 * DAY)
#define OPERATOR_NOTICE (30 * DAY)

/* Signing takes a moment; whoever needs longer than this is stuck. */
#define ANSWER_MS 30000

/* The issuer may be waiting for its signer: asked again so often, a second
 * between. After that the supervisor starts another keeper by and by. */
#define TRIES 20

/* The TLS server, trust bundles, and a responder of each CA. */
#define TASKS_MAX (INSTANCE_CAS_MAX + 2)

enum what {
    SERVER,
    BUNDLE,
    RESPONDER
};

struct task {
    enum what what;
    char ca[STORE_ID_MAX]; /* of a responder; else "" */
    char uri[BM_KEY_URI_MAX];
    uint8_t key_hash[32];
    uint8_t csr[CA_TBS_MAX];
    size_t csr_n;
    bool in_doubt; /* it may have been installed */
    bool done;
};

struct keeper {
    struct room *room;
    struct bm_crypto *crypto;
    struct event *begin;
    int issuer; /* ends of links, or -1 */
    int signer;
    size_t n;
    struct task tasks[TASKS_MAX];
    uint8_t question[WIRE_OBJECT_MAX + 1024];
    uint8_t answer[WIRE_OBJECT_MAX];
};

/* ---- What somebody else must renew */

static void warn(const char *event, const char *key, const char *name,
                 int64_t left, int64_t notice)
{
    if (left < notice) {
        log_put(left <= 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, event,
                (struct log_field[]){
                    log_text(key, name),
                    log_number("days", left <= 0 ? 0 : left / DAY),
                    { 0 } });
    }
}

/* The list of a CA whose key is elsewhere: the cold root's. */
static bm_status look_at_list(struct instance *in, const char *ca, int64_t now)
{
    struct store_crl row;
    bm_status rc =
        in->store->crl_get(in->store->self, ca, STORE_LIST_COMPLETE, &row);

    if (rc == BM_OK) {
        warn("keeper.crl-ends", "ca", ca, row.next_update - now, LIST_NOTICE);
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

struct operators {
    struct instance *in;
    int64_t now;
};

static bm_status look_at_operator(void *arg, const void *visited)
{
    const struct operators *o = arg;
    const struct store_operator *op = visited;
    static const struct store_scope all = { 0, 0 };
    struct store *s = o->in->store;
    struct store_cert row;
    bm_status rc;

    if (op->disabled || op->cert_id == 0) {
        return BM_OK;
    }
    rc = s->cert_get(s->self, &all, op->cert_id, &row);
    if (rc == BM_OK && row.status == STORE_CERT_VALID) {
        warn("keeper.operator-ends", "operator", op->id, row.not_after - o->now,
             OPERATOR_NOTICE);
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status look_around(struct instance *in, int64_t now)
{
    static const struct store_scope all = { 0, 0 };
    struct operators o = { in, now };
    struct store_visit visit = { &o, look_at_operator };
    struct store *s = in->store;
    bm_status rc = s->begin(s->self, STORE_READ);

    for (size_t i = 0; rc == BM_OK && i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];

        if (c->row.status == STORE_CA_ACTIVE) {
            warn("keeper.ca-ends", "ca", c->row.id, c->cert.not_after - now,
                 CA_NOTICE);
        }
        if (c->row.key_uri[0] == '\0' && c->row.kind != STORE_CA_LINK) {
            rc = look_at_list(in, c->row.id, now);
        }
    }
    if (rc == BM_OK) {
        rc = s->operator_list(s->self, &all, &visit);
    }
    s->rollback(s->self);
    return rc;
}

/* ---- What is due */

static bm_status key_path(const struct keeper *k, const struct task *t,
                          char path[FILES_PATH_MAX])
{
    char name[BM_KEY_URI_MAX + 8];

    (void)snprintf(name, sizeof name, "keys/%s", t->uri + strlen("file:"));
    return files_path(path, k->room->dir, name);
}

/* Root makes it for whom the folder belongs to, as all that is in there. */
static bm_status give_away(const struct keeper *k, const struct task *t)
{
    char folder[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    struct stat st;

    if (geteuid() != 0) {
        return BM_OK;
    }
    BM_TRY(files_path(folder, k->room->dir, "keys"));
    BM_TRY(key_path(k, t, path));
    return stat(folder, &st) == 0 && lchown(path, st.st_uid, st.st_gid) == 0
               ? BM_OK
               : BM_E_IO;
}

/* A key for it, and the request; nothing else of the key is needed here. */
static bm_status make_key(struct keeper *k, struct key_folder *folder,
                          struct task *t, struct bm_key **key)
{
    static const char *const names[] = {
        [SERVER] = "server", [BUNDLE] = "bundle", [RESPONDER] = "ocsp-"
    };
    char stem[STORE_ID_MAX + sizeof "server"];
    uint8_t hash[BM_HASH_MAX];

    (void)snprintf(stem, sizeof stem, "%s%s", names[t->what], t->ca);
    BM_TRY(own_make_key(&folder->keys, stem, room_now(), t->uri, key));
    k->n++; /* from here on it is there to be removed */
    BM_TRY(give_away(k, t));
    BM_TRY(k->crypto->hash(k->crypto->self, BM_HASH_SHA256,
                           (*key)->signer->key.der, hash));
    memcpy(t->key_hash, hash, sizeof t->key_hash);
    return BM_OK;
}

static bm_status prepare_server(struct keeper *k, struct key_folder *folder,
                                const struct own_server *server)
{
    struct task *t = &k->tasks[k->n];
    struct bm_key *key = NULL;
    struct bm_wr w;
    bm_status rc = make_key(k, folder, t, &key);

    bm_wr_init(&w, t->csr, sizeof t->csr);
    if (rc == BM_OK) {
        rc = own_server_csr(server, key, &w);
    }
    t->csr_n = w.len;
    bm_key_close(key);
    return rc;
}

static bm_status prepare_bundle(struct keeper *k, struct key_folder *folder,
                                const struct instance_ca *operations)
{
    struct task *t = &k->tasks[k->n];
    struct bm_key *key = NULL;
    struct bm_wr w;
    bm_status rc;

    t->what = BUNDLE;
    rc = make_key(k, folder, t, &key);
    bm_wr_init(&w, t->csr, sizeof t->csr);
    if (rc == BM_OK) {
        rc = own_bundle_csr(&operations->cert, key, &w);
    }
    t->csr_n = w.len;
    bm_key_close(key);
    return rc;
}

static bm_status prepare_responder(struct keeper *k, struct key_folder *folder,
                                   const struct instance_ca *c)
{
    struct task *t = &k->tasks[k->n];
    struct bm_key *key = NULL;
    struct bm_wr w;
    bm_status rc;

    t->what = RESPONDER;
    memcpy(t->ca, c->row.id, sizeof t->ca);
    rc = make_key(k, folder, t, &key);
    bm_wr_init(&w, t->csr, sizeof t->csr);
    if (rc == BM_OK) {
        rc = own_responder_csr(&c->cert, key, &w);
    }
    t->csr_n = w.len;
    bm_key_close(key);
    return rc;
}

struct due {
    bool server;
    bool bundle;
    bool responder[INSTANCE_CAS_MAX];
    bool any;
};

/* With a CA whose key is here, and that may issue it. */
static bool can_sign_bundles(const struct instance *in,
                             const struct instance_ca *operations)
{
    return operations->row.key_uri[0] != '\0' &&
           ca_profile_find(in->ca, "trust-bundle", NULL) != NULL;
}

static bm_status look_what_is_due(struct instance *in,
                                  const struct own_server *server,
                                  struct due *due)
{
    const struct instance_ca *operations = instance_find_ca(in, "operations");
    int64_t now = room_now();

    if (operations == NULL) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(
        own_is_due(in, operations->row.id, &server->cert, now, &due->server));
    if (can_sign_bundles(in, operations)) {
        BM_TRY(
            own_is_due(in, in->bundle.ca, &in->bundle.cert, now, &due->bundle));
    }
    due->any = due->server || due->bundle;
    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];

        if (c->row.key_uri[0] != '\0') {
            BM_TRY(own_is_due(in, c->row.id, &c->ocsp_cert, now,
                              &due->responder[i]));
            due->any = due->any || due->responder[i];
        }
    }
    return BM_OK;
}

static bm_status prepare(struct keeper *k, struct instance *in,
                         const struct own_server *server, const struct due *due,
                         struct ca_refusal *why)
{
    struct instance_port port = { .crypto = k->crypto,
                                  .maker = bm_openssl_key_maker() };
    struct key_folder folder;
    bm_status rc;

    BM_TRY(key_folder_open(&folder, k->room->dir, &in->settings, &port, why));
    rc = due->server ? prepare_server(k, &folder, server) : BM_OK;
    if (rc == BM_OK && due->bundle) {
        rc = prepare_bundle(k, &folder, instance_find_ca(in, "operations"));
    }
    for (size_t i = 0; rc == BM_OK && i < in->cas_n; i++) {
        if (due->responder[i]) {
            rc = prepare_responder(k, &folder, &in->cas[i]);
        }
    }
    key_folder_close(&folder);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "new keys");
}

static bm_status look(struct keeper *k, struct ca_refusal *why)
{
    struct instance_port port = { .crypto = k->crypto,
                                  .maker = bm_openssl_key_maker() };
    struct instance *in = NULL;
    struct own_server server = { 0 };
    struct due due = { 0 };
    bm_status rc =
        instance_open(k->room->dir, INSTANCE_READ, &port, room_now(), &in, why);

    if (rc == BM_OK) {
        rc = look_around(in, room_now());
    }
    if (rc == BM_OK) {
        rc = own_server_read(&server, k->room->dir, why);
    }
    if (rc == BM_OK) {
        rc = look_what_is_due(in, &server, &due);
    }
    if (rc == BM_OK && !due.any) {
        own_drop_old_keys(in, &server, room_now());
    }
    if (rc == BM_OK && due.any) {
        rc = prepare(k, in, &server, &due, why);
    }
    own_server_free(&server);
    instance_close(in);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* ---- Renewing */

static bm_status ask(struct keeper *k, int fd, uint16_t verb,
                     struct bm_bytes body, struct link_frame *answer)
{
    struct link_frame question = { .verb = verb, .tag = 1, .body = body };
    struct bm_wr w;

    bm_wr_init(&w, k->answer, sizeof k->answer);
    BM_TRY(link_ask(fd, &question, ANSWER_MS, &w, answer));
    return answer->status != 0 ? (bm_status)answer->status : BM_OK;
}

static bool is_again(uint16_t http)
{
    return http == 503 || http == 429;
}

/* Ask the issuer, again while it has no signer. */
static bm_status ask_issuer(struct keeper *k, uint16_t verb,
                            const struct bm_wr *question,
                            struct wire_enrolled *m, struct ca_refusal *why)
{
    for (unsigned i = 0; i < TRIES; i++) {
        struct link_frame answer;

        if (question->len > question->cap) {
            return BM_E_BUFFER;
        }
        BM_TRY(ask(k, k->issuer, verb, bm_wr_bytes(question), &answer));
        BM_TRY(wire_enrolled_get(answer.body, m));
        if (m->http == 200) {
            return BM_OK;
        }
        if (!is_again(m->http)) {
            break;
        }
        (void)poll(NULL, 0, 1000);
    }
    return ca_refuse(why, BM_E_CA_UNAVAILABLE, "%.*s", (int)m->words.n,
                     (const char *)m->words.p);
}

/* The issuer might be anybody's by now: for this key, or not at all. */
static bm_status check_key(const struct keeper *k, const struct task *t,
                           struct bm_bytes der, struct ca_refusal *why)
{
    uint8_t hash[BM_HASH_MAX];
    struct bm_cert cert;

    BM_TRY(bm_cert_parse(der, BM_STRICT, NULL, &cert));
    BM_TRY(
        k->crypto->hash(k->crypto->self, BM_HASH_SHA256, cert.key.der, hash));
    return memcmp(hash, t->key_hash, sizeof t->key_hash) == 0
               ? BM_OK
               : ca_refuse(why, BM_E_CA_UNAVAILABLE,
                           "the certificate is for another key");
}

static bm_status issue(struct keeper *k, const struct task *t,
                       struct wire_enrolled *m, struct ca_refusal *why)
{
    static const struct bm_bytes profiles[] = {
        [SERVER] = BM_LIT_INIT("tls-server"),
        [BUNDLE] = BM_LIT_INIT("trust-bundle"),
        [RESPONDER] = BM_LIT_INIT("ocsp-responder"),
    };
    struct wire_keep_issue q = {
        .profile = profiles[t->what],
        .ca = { (const uint8_t *)t->ca, strlen(t->ca) },
        .csr = { t->csr, t->csr_n },
    };
    struct bm_wr w;

    bm_wr_init(&w, k->question, sizeof k->question);
    wire_keep_issue_put(&w, &q);
    BM_TRY(ask_issuer(k, WIRE_KEEP_ISSUE, &w, m, why));
    return check_key(k, t, m->cert, why);
}

static bm_status renew_server(struct keeper *k, struct task *t,
                              struct ca_refusal *why)
{
    struct wire_enrolled m;

    BM_TRY(issue(k, t, &m, why));
    t->in_doubt = true;
    return own_server_write(k->room->dir, t->uri, m.cert, m.chain, why);
}

/* A responder, or what signs bundles. */
static bm_status renew_speaker(struct keeper *k, struct task *t,
                               struct ca_refusal *why)
{
    struct wire_keep_install q = {
        .ca = { (const uint8_t *)t->ca, strlen(t->ca) },
        .key_uri = { (const uint8_t *)t->uri, strlen(t->uri) },
    };
    struct wire_enrolled m;
    struct link_frame answer;
    struct bm_wr w;

    BM_TRY(ask(k, k->signer, WIRE_SIGN_EXPECT, BM_ARRAY(t->key_hash), &answer));
    BM_TRY(issue(k, t, &m, why));
    q.cert = m.cert;
    bm_wr_init(&w, k->question, sizeof k->question);
    wire_keep_install_put(&w, &q); /* before the answer's room is used again */
    t->in_doubt = true;
    return ask_issuer(k, WIRE_KEEP_INSTALL, &w, &m, why);
}

static const char *what(const struct task *t)
{
    return t->what == SERVER ? "server" : t->what == BUNDLE ? "bundle" : t->ca;
}

static void renew(struct keeper *k, struct task *t)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = t->what == SERVER ? renew_server(k, t, &why)
                                     : renew_speaker(k, t, &why);

    t->done = rc == BM_OK;
    if (t->done) {
        log_put(LOG_LEVEL_NOTICE, "keeper.renewed",
                (struct log_field[]){
                    log_text(t->what == RESPONDER ? "responder" : "certificate",
                             what(t)),
                    log_text("key", t->uri),
                    { 0 } });
    } else {
        rc = ca_refuse_plain(&why, rc);
        log_put(LOG_LEVEL_ERROR, "keeper.failed",
                (struct log_field[]){ log_text("what", what(t)),
                                      log_text("why", bm_status_text(rc)),
                                      log_text("words", why.words),
                                      { 0 } });
    }
}

static unsigned rooms_of(const struct task *t)
{
    static const unsigned rooms[] = {
        [SERVER] = 1U << ROOM_DEVICES | 1U << ROOM_OPERATORS,
        [BUNDLE] = 1U << ROOM_SIGNER,
        [RESPONDER] = 1U << ROOM_STATUS,
    };

    return rooms[t->what];
}

/* A key of nobody's. */
static void drop_key(struct keeper *k, const struct task *t)
{
    char path[FILES_PATH_MAX];

    if (!t->done && !t->in_doubt && key_path(k, t, path) == BM_OK) {
        (void)unlink(path);
    }
}

/* ---- The room */

static void keeper_teardown(struct room *room)
{
    struct keeper *k = room->self;

    if (k == NULL) {
        return;
    }
    for (size_t i = 0; i < k->n; i++) {
        drop_key(k, &k->tasks[i]);
    }
    if (k->begin != NULL) {
        event_free(k->begin);
    }
    if (k->issuer >= 0) {
        (void)close(k->issuer);
    }
    if (k->signer >= 0) {
        (void)close(k->signer);
    }
    bm_openssl_free(k->crypto);
    free(k);
    room->self = NULL;
}

static void on_begin(evutil_socket_t fd, short what_happened, void *arg)
{
    struct keeper *k = arg;
    struct room *room = k->room;
    unsigned changed = 0;
    bool failed = false;

    (void)fd;
    (void)what_happened;
    for (size_t i = 0; i < k->n; i++) {
        renew(k, &k->tasks[i]);
        /* What is in doubt may be there as well. */
        changed |= k->tasks[i].done || k->tasks[i].in_doubt
                       ? rooms_of(&k->tasks[i])
                       : 0;
        failed = failed || !k->tasks[i].done;
    }
    if (changed != 0) {
        room_changed(room, changed);
    }
    if (failed) {
        keeper_teardown(room);
        _exit(ROOM_EXIT_SETUP); /* another one comes sooner than usual */
    }
    room_done(room);
}

static bm_status keeper_setup(struct room *room, struct ca_refusal *why)
{
    struct keeper *k = calloc(1, sizeof *k);

    if (k == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    k->issuer = -1;
    k->signer = -1;
    k->room = room;
    room->self = k;
    BM_TRY(bm_openssl_new(&k->crypto));
    k->begin = event_new(room->base, -1, 0, on_begin, k);
    if (k->begin == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    BM_TRY(look(k, why));
    if (k->n == 0) {
        event_active(k->begin, 0, 0); /* and goes again */
    }
    return BM_OK;
}

static bm_status keeper_link(struct room *room, enum room_kind to,
                             unsigned instance, int fd)
{
    struct keeper *k = room->self;
    int *end = to == ROOM_ISSUER ? &k->issuer : &k->signer;

    (void)instance;
    if (*end >= 0) {
        (void)close(*end);
    }
    *end = fd;
    if (k->issuer >= 0 && k->signer >= 0) {
        event_active(k->begin, 0, 0);
    }
    return BM_OK;
}

static void keeper_stop(struct room *room)
{
    room_done(room);
}

const struct room_type room_keeper = {
    .name = "keeper",
    .needs = { .write_files = true, .write_dirs = { "ca", "keys" } },
    .setup = keeper_setup,
    .link = keeper_link,
    .stop = keeper_stop,
    .teardown = keeper_teardown,
};
