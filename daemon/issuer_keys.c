/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/issuer_internal.h"
#include "keygen/keygen.h"
#include "server/batches.h"

/*
 * Rows of devices that have no keys: another room makes them, and hands out
 * requests and what only the recipient can open, or who has the secret of the
 * batch. That comes from there, too, with what keeps it: here it is on its way
 * to who orders, and overwritten when it has passed.
 */

_Static_assert(KEYGEN_SECRET_MAX <= CA_BATCH_SECRET_MAX &&
                   sizeof(struct keygen_secret) <= CA_BATCH_SEALER_MAX &&
                   KEYGEN_SEALED_SIZE <= CA_BATCH_SEALED_MAX,
               "a secret has room");

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

/* The sealed secret, and behind it which batch it has to be of. */
static bm_status copy_secret(struct issuer *is, const struct store_batch *row)
{
    const struct store *s = is->in->store;
    uint8_t batch[CA_BATCH_STATEMENT_SIZE];
    uint8_t to[CA_BATCH_SEALED_MAX + sizeof batch];
    struct bm_bytes sealed;
    struct bm_wr w;
    size_t n;

    ca_batch_statement(row, batch);
    BM_TRY(s->batch_secret_get(s->self, row->id, &sealed));
    bm_wr_init(&w, to, sizeof to);
    bm_wr_put(&w, sealed);
    bm_wr_put(&w, BM_ARRAY(batch));
    BM_TRY(bm_wr_finish(&w, &n));
    return copy(bm_wr_bytes(&w), &is->batch.to, &is->batch.to_n);
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
        rc = (row.options & CA_BATCH_SECRET) != 0
                 ? copy_secret(is, &row)
                 : copy(row.recipient, &is->batch.to, &is->batch.to_n);
    }
    s->rollback(s->self);
    return rc;
}

/* ---- Secrets */

static void ask_for_secrets(struct issuer *is)
{
    const struct link_frame frame = { .verb = WIRE_KEYGEN_SECRET };
    struct issuer_secrets *s = &is->batch.secrets;

    while (is->batch.keygen != NULL && s->n + s->asked < ISSUER_SECRETS_MAX &&
           link_put(is->batch.keygen, &frame) == BM_OK) {
        s->asked++;
    }
}

static bm_status serve_secret(void *self, struct link *link,
                              const struct link_frame *frame)
{
    struct issuer *is = self;
    struct issuer_secrets *s = &is->batch.secrets;
    const struct bm_bytes text = { frame->body.p, KEYGEN_SECRET_SIZE };

    (void)link;
    if (s->asked == 0 || frame->status != BM_OK ||
        frame->body.n != sizeof s->all[0] || !keygen_secret_is(text) ||
        text.p[text.n] != '\0') {
        return BM_E_ARGUMENT;
    }
    memcpy(&s->all[s->n], frame->body.p, sizeof s->all[0]);
    s->asked--;
    s->n++;
    return BM_OK;
}

static bm_status seal_secret(const struct ca_batch_secret *secret,
                             struct bm_bytes batch, struct bm_wr *sealed)
{
    uint8_t octets[KEYGEN_SEALED_SIZE];
    struct keygen_secret with;
    bm_status rc;

    memcpy(&with, secret->with, sizeof with);
    rc = keygen_secret_seal(secret->crypto, &with, batch, octets);
    bm_wipe(&with, sizeof with);
    BM_TRY(rc);
    bm_wr_put(sealed, BM_ARRAY(octets));
    return BM_OK;
}

bm_status issuer_keys_secret(struct issuer *is, struct ca_batch_secret *secret,
                             struct ca_refusal *why)
{
    struct issuer_secrets *s = &is->batch.secrets;

    if (s->n == 0) {
        ask_for_secrets(is);
        return ca_refuse_plain(why, BM_E_BATCH_NO_SECRET);
    }
    s->n--;
    memcpy(secret->text, s->all[s->n].text, KEYGEN_SECRET_MAX);
    memcpy(secret->with, &s->all[s->n], sizeof s->all[s->n]);
    secret->crypto = is->crypto;
    secret->seal = seal_secret;
    bm_wipe(&s->all[s->n], sizeof s->all[s->n]);
    ask_for_secrets(is);
    return BM_OK;
}

/* ---- Keys */

static bm_status put_order(struct issuer *is, unsigned n)
{
    const struct keygen_order order = {
        .type = ca_batch_keys(&is->batch.reading),
        .by = (is->batch.reading.options & CA_BATCH_SECRET) != 0
                  ? KEYGEN_SECRET
                  : KEYGEN_RECIPIENT,
        .n = n,
        .to = { is->batch.to, is->batch.to_n },
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

/* It would be so each time. */
static bool is_refusal(uint16_t status)
{
    return status == BM_E_BATCH_RECIPIENT || status == BM_E_BATCH_SECRET;
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
    if (!issuer_is_ready(is) || is->stopping ||
        (frame->status != BM_OK && !is_refusal(frame->status))) {
        issuer_batch_give_up(is); /* what is wrong passes */
    } else if (frame->status != BM_OK) {
        issuer_batch_refuse(is, (bm_status)frame->status,
                            "no key was made for it");
    } else {
        issuer_batch_take(is, (struct bm_bytes){ rows, n }, frame->body);
    }
    free(rows);
    return BM_OK;
}

static const struct link_verb verbs[] = {
    { WIRE_KEYGEN, KEYGEN_ANSWER_MAX, serve_keys },
    { WIRE_KEYGEN_SECRET, sizeof(struct keygen_secret), serve_secret },
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
    is->batch.secrets.asked = 0; /* what was on its way is not any more */
    if (link_new(&config, fd, &is->batch.keygen) != BM_OK) {
        return BM_E_MEMORY;
    }
    ask_for_secrets(is);
    return BM_OK;
}

void issuer_keys_wipe(struct issuer *is)
{
    link_free(is->batch.keygen);
    issuer_keys_forget(is);
    bm_wipe(&is->batch.secrets, sizeof is->batch.secrets);
    free(is->batch.to);
}
