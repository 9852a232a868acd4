/* SPDX-License-Identifier: Apache-2.0 */

/* Operations of the API, run on the instance that is here or by the server:
 * their parameters, and what they need of where they run. */
#include "cli/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/batch.h"
#include "cli/client.h"
#include "core/base64.h"
#include "core/time.h"
#include "keygen/secret.h"
#include "server/blobs.h"
#include "server/uploads.h"

/* ---- What operations need of where they run */

static bm_status host_make_crl(void *self, const struct ca_actor *actor,
                               const char *ca, int64_t now,
                               struct ca_refusal *why)
{
    struct session *s = self;

    return instance_make_crl(s->instance, actor, ca, now, why);
}

static bm_status host_load_crl(void *self, const struct ca_actor *actor,
                               const char *ca, struct bm_bytes der, int64_t now,
                               struct ca_refusal *why)
{
    struct session *s = self;

    return instance_load_crl(s->instance, actor, ca, der, now, why);
}

static void host_list_changed(void *self, const struct ca_actor *actor,
                              const char *ca)
{
    struct session *s = self;

    (void)actor;
    for (size_t i = 0; i < s->instance->cas_n; i++) {
        if (strcmp(s->instance->cas[i].row.id, ca) == 0) {
            s->touched[i] = true;
        }
    }
}

static bm_status host_publish(void *self, int64_t now, struct ca_refusal *why)
{
    struct session *s = self;

    return instance_publish(s->instance, now, why);
}

static bm_status host_make_bundle(void *self, const struct ca_actor *actor,
                                  uint32_t list, int64_t now,
                                  struct ca_refusal *why)
{
    struct session *s = self;

    return instance_make_bundle(s->instance, actor, list, now, why);
}

static bm_status host_put_blob(void *self, const struct ca_blob_piece *piece,
                               uint64_t *have, struct ca_refusal *why)
{
    const struct session *s = self;

    BM_TRY(blobs_make_dir(s->instance->dir, why));
    return blobs_put(s->instance->dir, s->crypto, piece, have, why);
}

static bm_status host_look_at_blob(void *self, uint32_t organisation,
                                   struct store_item *item,
                                   struct ca_policy *policy,
                                   struct ca_refusal *why)
{
    const struct session *s = self;

    return blobs_look(s->instance->dir, organisation, item, policy, why);
}

static bm_status host_put_upload(void *self, const struct ca_blob_piece *piece,
                                 uint64_t *have, struct ca_refusal *why)
{
    const struct session *s = self;
    const struct uploads_config config = {
        .dir = s->instance->dir,
        .crypto = s->crypto,
        .max = { s->instance->settings.limit_uploads,
                 s->instance->settings.limit_upload_octets },
    };

    BM_TRY(uploads_begin(s->instance->dir, s->now, why));
    return uploads_put(&config, piece, have, why);
}

/* Here the command itself reads the file: batch.h. */
static bm_status host_find_upload(void *self, uint32_t organisation,
                                  const uint8_t hash[STORE_HASH_SIZE],
                                  struct ca_refusal *why)
{
    (void)self;
    (void)organisation;
    (void)hash;
    (void)why;
    return BM_OK;
}

/* And has the keys made: so nobody else needs the secret. */
static bm_status host_batch_secret(void *self, struct ca_batch_secret *secret,
                                   struct ca_refusal *why)
{
    const struct session *s = self;
    bm_status rc = keygen_secret_make(s->crypto, secret->text);

    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* And goes on with it. */
static void host_batch_changed(void *self)
{
    (void)self;
}

/* A server sends what is to be sent, once it is started. */
static void host_destinations_changed(void *self)
{
    (void)self;
}

static bm_status run_here(struct session *s, unsigned operation,
                          const json_t *params, json_t **result,
                          struct ca_refusal *why)
{
    struct instance *in = s->instance;
    struct admin_context c = {
        .ca = in->ca,
        .ledger = in->ledger,
        .store = in->store,
        .crypto = s->crypto,
        .profiles = in->profiles,
        .profiles_n = in->profiles_n,
        .actor = s->actor,
        .operator_shown = &in->operator_shown,
        .now = s->now,
        .octets = s->octets,
        .host = { .self = s,
                  .make_crl = host_make_crl,
                  .load_crl = host_load_crl,
                  .list_changed = host_list_changed,
                  .publish = host_publish,
                  .make_bundle = host_make_bundle,
                  .put_blob = host_put_blob,
                  .look_at_blob = host_look_at_blob,
                  .put_upload = host_put_upload,
                  .find_upload = host_find_upload,
                  .batch_secret = host_batch_secret,
                  .batch_changed = host_batch_changed,
                  .destinations_changed = host_destinations_changed },
    };

    return admin_run(&c, operation, params, result, why);
}

static bm_status ask_server(struct session *s, unsigned operation,
                            const json_t *params, json_t **result,
                            struct ca_refusal *why)
{
    const struct client_request request = { operation, params, s->octets };
    bm_status rc = client_ask(s->client, &request, result, why);

    if (rc == BM_E_IO && s->busy[0] != '\0' && client_alone(s->client)) {
        char words[CA_REFUSAL_WORDS_MAX];

        (void)snprintf(words, sizeof words, "%s", why->words);
        return ca_refuse(why, BM_E_BUSY, "%s, and no server answers: %s",
                         s->busy, words);
    }
    return rc;
}

bm_status session_ask(struct session *s, const char *operation, json_t *params,
                      json_t **result, struct ca_refusal *why)
{
    int found = admin_find(operation);
    bm_status rc = BM_E_INTERNAL;

    *result = NULL;
    if (params == NULL) {
        rc = ca_refuse_plain(why, BM_E_MEMORY);
    } else if (found >= 0 && s->instance != NULL) {
        rc = run_here(s, (unsigned)found, params, result, why);
    } else if (found >= 0) {
        rc = ask_server(s, (unsigned)found, params, result, why);
    }
    json_decref(params);
    return rc;
}

int session_call(struct session *s, const char *operation, json_t *params,
                 json_t **result)
{
    struct ca_refusal why = { .status = BM_OK };

    return session_result(s, session_ask(s, operation, params, result, &why),
                          &why);
}

int session_put(struct session *s, const char *operation, json_t *params,
                struct bm_bytes octets, json_t **result)
{
    int rc;

    s->octets = octets;
    rc = session_call(s, operation, params, result);
    s->octets = (struct bm_bytes){ NULL, 0 };
    return rc;
}

/* ---- Parameters */

/* One that could not be set must not get lost in silence: null is of no type
 * that any has, and what is required is missing from nothing. */
static void put(json_t *params, const char *name, json_t *value)
{
    if (params == NULL) {
        json_decref(value);
    } else if (json_object_set_new(params, name, value) != 0 &&
               json_object_set_new(params, name, json_null()) != 0) {
        (void)json_object_clear(params);
    }
}

void session_set_text(json_t *params, const char *name, const char *text)
{
    if (text != NULL) {
        put(params, name, json_string(text));
    }
}

void session_set_time(json_t *params, const char *name, int64_t time)
{
    uint8_t text[32];
    struct bm_wr w;

    if (time != 0) {
        bm_wr_init(&w, text, sizeof text);
        bm_time_put_text(&w, time);
        put(params, name, json_stringn((const char *)text, w.len));
    }
}

void session_set_int(json_t *params, const char *name, uint64_t value)
{
    put(params, name, json_integer((json_int_t)value));
}

void session_set_flag(json_t *params, const char *name)
{
    put(params, name, json_true());
}

void session_set_der(json_t *params, const char *name, struct bm_bytes der)
{
    size_t n = (der.n + 2) / 3 * 4;
    uint8_t *text = malloc(n + 1);
    struct bm_wr w;

    bm_wr_init(&w, text, text != NULL ? n : 0);
    bm_base64_put(&w, der, 0);
    put(params, name,
        text != NULL ? json_stringn((const char *)text, n) : NULL);
    free(text);
}
