/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/issuer_internal.h"
#include "keygen/keygen.h"
#include "server/batches.h"

/*
 * Rows of devices that have no keys: another room makes them, and hands out
 * requests and what only the recipient can open.
 */

void issuer_keys_forget(struct issuer *is)
{
    free(is->batch.rows);
    is->batch.rows = NULL;
    is->batch.rows_n = 0;
}

static bm_status copy(struct bm_bytes in, uint8_t **out, size_t *n)
{
    free(*out);
    *n = 0;
    *out = malloc(in.n + 1);
    if (*out == NULL) {
        return BM_E_MEMORY;
    }
    if (in.n != 0) {
        memcpy(*out, in.p, in.n);
    }
    *n = in.n;
    return BM_OK;
}

bm_status issuer_keys_begin(struct issuer *is)
{
    const struct store_scope all = { 0, 0 };
    const struct store *s = is->in->store;
    struct store_batch row;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->batch_get(s->self, &all, is->batch.reading.id, &row);
    if (rc == BM_OK) {
        rc = copy(row.recipient, &is->batch.recipient, &is->batch.recipient_n);
    }
    s->rollback(s->self);
    return rc;
}

static bm_status put_order(struct issuer *is, unsigned n)
{
    const struct keygen_order order = {
        .type = ca_batch_keys(&is->batch.reading),
        .n = n,
        .recipient = { is->batch.recipient, is->batch.recipient_n },
    };
    uint8_t room[KEYGEN_ORDER_MAX];
    struct link_frame frame = { .verb = WIRE_KEYGEN, .tag = is->batch.tag };
    struct bm_wr w;
    size_t size;

    if (is->batch.keygen == NULL) {
        return BM_E_BUSY;
    }
    bm_wr_init(&w, room, sizeof room);
    keygen_order_put(&w, &order);
    BM_TRY(bm_wr_finish(&w, &size));
    frame.body = bm_wr_bytes(&w);
    return link_put(is->batch.keygen, &frame);
}

void issuer_keys_ask(struct issuer *is, struct bm_bytes rows)
{
    unsigned n;

    if (batches_count(rows, &n) != BM_OK || n > KEYGEN_COUNT_MAX) {
        issuer_batch_refuse(is, BM_E_CA_ORDER, "");
    } else if (n == 0) { /* all of them are wrong */
        issuer_batch_take(is, rows, (struct bm_bytes){ NULL, 0 });
    } else if (copy(rows, &is->batch.rows, &is->batch.rows_n) != BM_OK ||
               put_order(is, n) != BM_OK) {
        issuer_batch_give_up(is);
    }
}

/* What the other room says is a stranger's word: requests are verified like all
 * others, and a key that is not the recipient's to open is a row of noise. */
static bm_status serve_keys(void *self, struct link *link,
                            const struct link_frame *frame)
{
    struct issuer *is = self;
    uint8_t *rows = is->batch.rows;
    size_t n = is->batch.rows_n;

    (void)link;
    if (rows == NULL || is->batch.check == NULL ||
        frame->tag != is->batch.tag) {
        return BM_OK;
    }
    is->batch.rows = NULL;
    if (!issuer_is_ready(is) || is->stopping) {
        issuer_batch_give_up(is);
    } else if (frame->status != BM_OK) {
        issuer_batch_refuse(is, BM_E_BATCH_RECIPIENT, "no key was made for it");
    } else {
        issuer_batch_take(is, (struct bm_bytes){ rows, n }, frame->body);
    }
    free(rows);
    return BM_OK;
}

static const struct link_verb verbs[] = {
    { WIRE_KEYGEN, KEYGEN_ANSWER_MAX, serve_keys },
    { 0, 0, NULL },
};

static void closed(void *self, struct link *link)
{
    struct issuer *is = self;

    (void)link;
    is->batch.keygen = NULL;
    if (is->batch.rows != NULL) {
        issuer_batch_give_up(is);
    }
    room_unlinked(is->room, ROOM_KEYGEN);
}

bm_status issuer_keys_link(struct issuer *is, int fd)
{
    const struct link_config config = {
        .base = is->room->base, .verbs = verbs, .room = is, .closed = closed
    };

    if (is->batch.rows != NULL) {
        issuer_batch_give_up(is);
    }
    link_free(is->batch.keygen);
    is->batch.keygen = NULL;
    return link_new(&config, fd, &is->batch.keygen) == BM_OK ? BM_OK
                                                             : BM_E_MEMORY;
}

void issuer_keys_wipe(struct issuer *is)
{
    link_free(is->batch.keygen);
    issuer_keys_forget(is);
    free(is->batch.recipient);
}
