/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/link.h"
#include "daemon/room.h"
#include "daemon/wire.h"
#include "keygen/keygen.h"

/*
 * The room in which keys of devices are made, for batches that come without. It
 * has no store, no file and no network, and what leaves it is encrypted to the
 * recipient of the batch. Whoever captures it has the keys that are made from
 * then on, and none of those before.
 */

struct keygen {
    struct link *issuer;
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
    rc = keygen_serve(frame->body, &w);
    answer.status = (uint16_t)rc;
    if (rc == BM_OK) {
        answer.body = bm_wr_bytes(&w);
    }
    return link_put(link, &answer);
}

static const struct link_verb verbs[] = {
    { WIRE_KEYGEN, KEYGEN_ORDER_MAX, serve },
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

static bm_status keygen_setup(struct room *room, struct ca_refusal *why)
{
    struct keygen *k = calloc(1, sizeof *k);
    bm_status rc;

    if (k == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = k;
    rc = keygen_prepare();
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
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
