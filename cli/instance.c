/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ca/setup.h"
#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/diag.h"
#include "cli/provider.h"
#include "cli/terminal.h"

#define SETTINGS_MAX ((size_t)64 << 10)

bool session_take_option(struct session_place *place, int id, const char *value)
{
    switch (id) {
    case SESSION_DIR:
        place->dir = value;
        return true;
    case SESSION_URL:
        place->url = value;
        return true;
    case SESSION_IDENTITY:
        place->identity = value;
        return true;
    case SESSION_SERVER_CA:
        place->server_ca = value;
        return true;
    default:
        return false;
    }
}

int session_result(const struct session *s, bm_status rc,
                   const struct ca_refusal *why)
{
    return rc == BM_OK ? CMD_OK : refusal_print_act(s->path, rc, why);
}

/* ---- Opening */

/* What an act is decided by is on record before the act is. A restored instance
 * has no acts, and may yet be asked. */
static bm_status note_profiles(struct session *s, struct ca_refusal *why)
{
    bm_status rc = ca_note_profiles(s->instance->ca, s->now, why);

    if (rc == BM_OK) {
        rc = instance_note_shards(s->instance, s->now, why);
    }
    return rc == BM_E_CA_RESTORED ? BM_OK : rc;
}

static const char *dir_of(const struct session_config *config)
{
    const char *dir = config->place != NULL ? config->place->dir : config->dir;

    return dir != NULL ? dir : ".";
}

/* These say that nobody is there, and nothing of the medium. */
static bool is_nobody(bm_status rc)
{
    switch (rc) {
    case BM_E_CA_FORBIDDEN:
    case BM_E_CA_STATUS:
    case BM_E_CA_FORK:
    case BM_E_NOT_FOUND:
        return true;
    default:
        return false;
    }
}

static bm_status find_actor(struct session *s,
                            const struct session_config *config,
                            struct ca_refusal *why)
{
    bm_status rc = instance_actor(s->instance, s->now, &s->actor, why);

    if (!config->break_glass || !is_nobody(rc)) {
        return rc;
    }
    (void)session_result(s, rc, why);
    fprintf(stderr,
            "%s: done by the directory alone, and recorded as break-glass\n",
            s->path);
    s->actor = instance_break_glass;
    return BM_OK;
}

/* Nobody can be an operator yet: say what the instance waits for. */
static bm_status check_founded(struct session *s,
                               const struct session_config *config,
                               struct ca_refusal *why)
{
    char words[CA_ASIDE_WORDS_MAX];

    if (config->founder) {
        s->actor = instance_founder;
        return instance_organisation(s->instance, &s->actor.organisation);
    }
    return instance_says_why(s->instance, "operations", words)
               ? ca_refuse(why, BM_E_CA_UNAVAILABLE, "%s", words)
               : ca_refuse(why, BM_E_CA_UNAVAILABLE,
                           "its first operator was not made: the same "
                           "birthmark ca install again");
}

/* A CA that was taken over by half is nobody's to use. */
static bm_status check_finished(const struct session *s,
                                const struct session_config *config,
                                struct ca_refusal *why)
{
    const char *id = instance_unfinished(s->instance);

    return id == NULL || config->founder
               ? BM_OK
               : ca_refuse(why, BM_E_CA_UNAVAILABLE,
                           "CA %s was not installed to the end: the same "
                           "birthmark ca install or import again",
                           id);
}

static bm_status open_instance(struct session *s,
                               const struct session_config *config,
                               struct ca_refusal *why)
{
    const struct instance_port port = { .crypto = s->crypto,
                                        .maker = provider_key_maker(),
                                        .terminal = terminal_get() };
    bool founded;
    bm_status rc = instance_open(dir_of(config), config->mode, &port, s->now,
                                 &s->instance, why);

    terminal_done();
    BM_TRY(rc);
    /* Only who sets up can finish what setting up left undone. */
    BM_TRY(instance_is_founded(
        s->instance, config->founder && config->act == CA_ACT_CA_INSTALL,
        &founded));
    BM_TRY(founded ? find_actor(s, config, why)
                   : check_founded(s, config, why));
    BM_TRY(check_finished(s, config, why));
    BM_TRY(ca_authorise(&s->actor, config->act, why));
    return config->mode == INSTANCE_WRITE ? note_profiles(s, why) : BM_OK;
}

/* The files of the first operator, and of the root, are where `init` left
 * them, unless options say otherwise. */
static bm_status open_client(struct session *s,
                             const struct session_config *config,
                             const char *url, struct ca_refusal *why)
{
    const struct session_place *place = config->place;
    char cert[FILES_PATH_MAX];
    char key[FILES_PATH_MAX];
    char trust[FILES_PATH_MAX];
    struct client_config c = { .url = url,
                               .cert = cert,
                               .key = key,
                               .trust = trust,
                               .crypto = s->crypto };

    BM_TRY(files_path(cert, dir_of(config), "operator/operator.pem"));
    BM_TRY(files_path(key, dir_of(config), "operator/operator.key"));
    BM_TRY(files_path(trust, dir_of(config), "ca/root.pem"));
    if (place->identity != NULL) {
        c.cert = place->identity;
        c.key = place->identity;
    }
    if (place->server_ca != NULL) {
        c.trust = place->server_ca;
    }
    return client_open(&c, &s->client, why);
}

/* Somebody holds the lock: if that is a server, it does the work. */
static bm_status open_server_of(struct session *s,
                                const struct session_config *config,
                                struct ca_refusal *why)
{
    struct settings settings;
    char path[FILES_PATH_MAX];
    uint8_t *text;
    bm_status rc;
    size_t n;

    (void)snprintf(s->busy, sizeof s->busy, "%s", why->words);
    BM_TRY(files_path(path, dir_of(config), "birthmark.yaml"));
    BM_TRY(files_read(path, SETTINGS_MAX, &text, &n, why));
    rc = settings_parse((struct bm_bytes){ text, n }, path, &settings, why);
    free(text);
    BM_TRY(rc);
    rc = settings.admin_url != NULL
             ? open_client(s, config, settings.admin_url, why)
             : ca_refuse(why, BM_E_BUSY, "%s", s->busy);
    settings_wipe(&settings);
    return rc;
}

static bm_status open_somehow(struct session *s,
                              const struct session_config *config,
                              struct ca_refusal *why)
{
    bm_status rc;

    if (config->place != NULL && config->place->url != NULL) {
        return open_client(s, config, config->place->url, why);
    }
    rc = open_instance(s, config, why);
    if (rc != BM_E_BUSY || s->instance != NULL) {
        return rc;
    }
    if (config->place == NULL) {
        char words[CA_REFUSAL_WORDS_MAX];

        (void)snprintf(words, sizeof words, "%s", why->words);
        return ca_refuse(
            why, rc, "%s; this is not done while a server is at work", words);
    }
    return open_server_of(s, config, why);
}

int session_open(struct session *s, const struct session_config *config)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    memset(s, 0, sizeof *s);
    s->path = config->path;
    s->now = (int64_t)time(NULL);
    s->crypto = provider_new();
    if (s->crypto == NULL) {
        return CMD_FAILED;
    }
    rc = open_somehow(s, config, &why);
    if (rc != BM_OK) {
        session_close(s);
    }
    return session_result(s, rc, &why);
}

int session_reload(struct session *s)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = instance_reload(s->instance, s->now, &why);

    if (rc == BM_OK) {
        rc = note_profiles(s, &why);
    }
    return session_result(s, rc, &why);
}

void session_close(struct session *s)
{
    client_close(s->client);
    instance_close(s->instance);
    provider_free(s->crypto);
    s->client = NULL;
    s->instance = NULL;
    s->crypto = NULL;
}

/* ---- Publishing what acts have changed */

void session_lists_changed(struct session *s)
{
    for (size_t i = 0; s->instance != NULL && i < s->instance->cas_n; i++) {
        s->touched[i] = s->instance->cas[i].key != NULL;
    }
}

static int make_lists(struct session *s)
{
    int result = CMD_OK;

    for (size_t i = 0; i < s->instance->cas_n; i++) {
        struct ca_refusal why = { .status = BM_OK };
        bm_status rc = BM_OK;

        if (s->touched[i]) {
            rc = instance_make_crl(s->instance, &s->actor,
                                   s->instance->cas[i].row.id, s->now, &why);
        }
        if (rc != BM_OK) {
            result = session_result(s, rc, &why);
            fprintf(stderr,
                    "%s: it is done, but the revocation list does not tell "
                    "yet: birthmark ca crl\n",
                    s->path);
        }
    }
    return result;
}

/* Where lists were made again the bundle does not tell all any more, either.
 * The authority makes it, for all who changed it. */
static int make_bundle(struct session *s)
{
    static const struct ca_actor authority = { .name = "authority",
                                               .mode = "direct",
                                               .authority = true };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    if (s->instance->bundle.key == NULL) {
        return CMD_OK; /* nothing signs them yet */
    }
    rc = instance_renew_bundles(s->instance, &authority, s->now, &why);
    if (rc != BM_OK) {
        fprintf(stderr,
                "%s: it is done, but the trust bundle does not tell yet: "
                "birthmark bundle make\n",
                s->path);
    }
    return session_result(s, rc, &why);
}

static bool has_touched(const struct session *s)
{
    for (size_t i = 0; i < s->instance->cas_n; i++) {
        if (s->touched[i]) {
            return true;
        }
    }
    return false;
}

int session_publish(struct session *s)
{
    struct ca_refusal why = { .status = BM_OK };
    int made;
    int rc;

    if (s->instance == NULL) {
        return CMD_OK;
    }
    made = make_lists(s);
    if (made == CMD_OK && has_touched(s)) {
        made = make_bundle(s);
    }
    rc = session_result(s, instance_publish(s->instance, s->now, &why), &why);
    return rc != CMD_OK ? rc : made;
}

/* ---- Looking, where the instance is here */

const struct instance_ca *session_find_ca(const struct session *s,
                                          const char *id)
{
    const struct instance *in = s->instance;

    for (size_t i = 0; i < in->cas_n; i++) {
        if (strcmp(in->cas[i].row.id, id) == 0) {
            return &in->cas[i];
        }
    }
    return NULL;
}

bm_status session_begin(struct session *s)
{
    const struct store *store = s->instance->store;

    return store->begin(store->self, STORE_READ);
}

void session_end(struct session *s)
{
    const struct store *store = s->instance->store;

    store->rollback(store->self);
}
