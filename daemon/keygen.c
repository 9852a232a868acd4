/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/link.h"
#include "daemon/room.h"
#include "daemon/wire.h"
#include "keygen/keygen.h"
#include "keygen/memory.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "server/key_folder.h"

/*
 * The room in which keys of devices are made, for batches that come without. It
 * has no store, no file and no network, and what leaves it is encrypted: to the
 * recipient of the batch, or under its secret, which it makes, too. That comes
 * back to it sealed, for one batch, after a start as before it: what opens it
 * is derived of the key of the instance, and all that this room keeps of that.
 *
 * Whoever captures it has the keys that are made from then on, and can open the
 * secrets of batches that are still to be read; and none of those before.
 */

struct keygen {
    struct link *issuer;
    struct bm_crypto *crypto;
    struct keygen_seal seal;
    uint8_t answer[KEYGEN_ANSWER_MAX];
};

static bm_status serve(void *self, struct link *link,
                       const struct link_frame *frame)
{
    struct keygen *k = self;
    struct link_frame answer = { .verb = frame->verb, .tag = frame->tag };
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, k->answer, sizeof k->answer);
    rc = keygen_serve(frame->body, &k->seal, &w);
    answer.status = (uint16_t)rc;
    if (rc == BM_OK) {
        answer.body = bm_wr_bytes(&w);
    }
    return link_put(link, &answer);
}

static bm_status serve_secret(void *self, struct link *link,
                              const struct link_frame *frame)
{
    struct keygen *k = self;
    struct link_frame answer = { .verb = frame->verb, .tag = frame->tag };
    struct keygen_secret secret;
    bm_status rc = keygen_secret_new(&k->seal, &secret);

    answer.status = (uint16_t)rc;
    if (rc == BM_OK) {
        answer.body =
            (struct bm_bytes){ (const uint8_t *)&secret, sizeof secret };
    }
    rc = link_put(link, &answer);
    bm_wipe(&secret, sizeof secret);
    return rc;
}

static const struct link_verb verbs[] = {
    { WIRE_KEYGEN, KEYGEN_ORDER_MAX, serve },
    { WIRE_KEYGEN_SECRET, 0, serve_secret },
    { 0, 0, NULL },
};

/* ---- The room */

static void closed(void *self, struct link *link)
{
    struct keygen *k = self;

    if (k->issuer == link) {
        k->issuer = NULL;
    }
}

static bm_status keygen_link(struct room *room, enum room_kind to,
                             unsigned instance, int fd)
{
    struct keygen *k = room->self;
    struct link_config config = {
        .base = room->base, .verbs = verbs, .room = k, .closed = closed
    };

    (void)to;
    (void)instance;
    link_free(k->issuer);
    k->issuer = NULL;
    return link_new(&config, fd, &k->issuer);
}

static bm_status derive(struct keygen *k, const struct room *room,
                        struct ca_refusal *why)
{
    const struct instance_port port = { .crypto = k->crypto,
                                        .maker = bm_openssl_key_maker() };
    struct key_purpose purpose = { .name = KEYGEN_SEAL_PURPOSE };
    bm_status rc =
        key_folder_derive(room->dir, &room->settings, &port, &purpose, why);

    k->seal.crypto = k->crypto;
    memcpy(k->seal.key, purpose.key, sizeof k->seal.key);
    bm_wipe(&purpose, sizeof purpose);
    return rc;
}

static void lock(void)
{
    if (!keygen_memory_lock()) {
        log_put(LOG_LEVEL_WARNING, "keygen.memory",
                (struct log_field[]){
                    log_text("words", "it may be swapped: RLIMIT_MEMLOCK is "
                                      "too low"),
                    { 0 } });
    }
}

static bm_status keygen_setup(struct room *room, struct ca_refusal *why)
{
    struct keygen *k;
    bm_status rc = keygen_memory_guard();

    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    k = calloc(1, sizeof *k);
    if (k == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = k;
    rc = bm_openssl_new(&k->crypto);
    if (rc == BM_OK) {
        rc = keygen_prepare();
    }
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    BM_TRY(derive(k, room, why));
    lock();
    return BM_OK;
}

static void keygen_stop(struct room *room)
{
    room_done(room);
}

static void keygen_teardown(struct room *room)
{
    struct keygen *k = room->self;

    if (k != NULL) {
        link_free(k->issuer);
        bm_openssl_free(k->crypto);
        bm_wipe(k, sizeof *k);
        free(k);
        room->self = NULL;
    }
}

const struct room_type room_keygen = {
    .name = "keygen",
    .setup = keygen_setup,
    .link = keygen_link,
    .stop = keygen_stop,
    .teardown = keygen_teardown,
};
