/* SPDX-License-Identifier: Apache-2.0 */
#include "device/deliver_internal.h"

/*
 * The items of a manifest, in order: is there something to do about one, where
 * does it go, and what becomes of it. An item is settled, or left until the
 * next round, and then the next one is turned to.
 */

/* The hash in hexadecimal, in quotes. */
#define HASH_TAG (2 * BM_MANIFEST_HASH_SIZE + 2)

/* ---- What is not taken */

/* Until the next round, and the next item is turned to. */
static void leave(struct bm_deliver *d)
{
    d->left |= (uint8_t)(1u << d->index);
    d->tries = 0;
    d->step = STEP_ITEMS;
}

/* It will not be taken: for as long as it is asked for, or in this round. */
static void refuse(struct bm_deliver *d, bm_status why, bool settle)
{
    uint8_t bit = (uint8_t)(1u << d->index);
    bm_status rc = BM_OK;

    if (settle || (d->told & bit) == 0) {
        rc = deliver_tell(d, BM_EVENT_REFUSED, why);
    }
    if (rc == BM_OK && settle) {
        rc = deliver_settle(d, d->item.sha256.p, deliver_tag(&d->item));
    }
    if (!settle) {
        d->told |= bit;
        leave(d);
    }
    d->tries = 0;
    d->step = STEP_ITEMS;
    if (rc != BM_OK) {
        deliver_fail(d, rc);
    }
}

/* What costs erased sectors each time, and is the server's fault. */
static bool is_settled_by(bm_status why)
{
    return why == BM_E_DELIVER_DIGEST || why == BM_E_DELIVER_SIZE;
}

/* An answer, or the flash, is not as it should be: again later, some times. */
static void fail_item(struct bm_deliver *d, bm_status why)
{
    if (++d->tries < BM_DELIVER_TRIES) {
        deliver_fail(d, why);
        return;
    }
    refuse(d, why, is_settled_by(why));
}

static void put_hash(struct bm_wr *w, const uint8_t *hash)
{
    static const char digits[] = "0123456789abcdef";

    bm_wr_u8(w, '"');
    for (size_t i = 0; i < BM_MANIFEST_HASH_SIZE; i++) {
        bm_wr_u8(w, (uint8_t)digits[hash[i] >> 4]);
        bm_wr_u8(w, (uint8_t)digits[hash[i] & 15]);
    }
    bm_wr_u8(w, '"');
}

static void get_blob(struct bm_deliver *d)
{
    uint8_t tag[HASH_TAG];
    struct bm_wr w;

    bm_wr_init(&w, tag, sizeof tag);
    put_hash(&w, d->item.sha256.p);
    deliver_start_step(
        d, STEP_BLOB,
        &(struct bm_exchange_request){ .method = "GET",
                                       .path = d->item.path,
                                       .from = d->whole,
                                       .same = bm_wr_bytes(&w) });
}

/* What the application says of it: flash and log may do better next time. */
static bool may_pass(bm_status why)
{
    return (unsigned)why >> 8 == BM_E_FLASH_RANGE >> 8 ||
           (unsigned)why >> 8 == BM_E_LOG_FULL >> 8;
}

/*
 * It is what the manifest names. Events come before what they are about is
 * settled: a cut in between tells one twice, and loses none.
 */
static bm_status hand_over(struct bm_deliver *d)
{
    const struct bm_deliver_app *app = d->config->app;
    bm_status rc;

    if (d->kept != d->item.size) {
        BM_TRY(deliver_tell(d, BM_EVENT_FETCHED, BM_OK));
        BM_TRY(deliver_keep_blob(d));
    }
    rc = app->take(app->self, &d->item, d->flash);
    if (may_pass(rc) || rc == BM_DELIVER_LATER) {
        return rc;
    }
    if (rc != BM_DELIVER_AT_START) {
        BM_TRY(deliver_tell(d, rc == BM_OK ? BM_EVENT_TAKEN : BM_EVENT_REFUSED,
                            rc));
    }
    BM_TRY(deliver_settle(d, d->item.sha256.p, deliver_tag(&d->item)));
    return deliver_drop_blob(d);
}

void deliver_finish_blob(struct bm_deliver *d)
{
    bm_status rc = deliver_check_blob(d);

    if (rc == BM_E_DELIVER_DIGEST) {
        bm_status dropped = deliver_drop_blob(d);

        rc = dropped == BM_OK ? rc : dropped;
    }
    if (rc == BM_OK) {
        rc = hand_over(d);
    }
    if (rc == BM_DELIVER_LATER) {
        leave(d);
        return;
    }
    if (rc != BM_OK) {
        fail_item(d, rc);
        return;
    }
    d->tries = 0;
    d->step = STEP_ITEMS;
}

/* Is there something to do about this item? Then it is the one of d->item. */
static bool turn_to(struct bm_deliver *d, const struct bm_manifest_item *item)
{
    const struct bm_deliver_app *app = d->config->app;

    if (item->kind > BM_MANIFEST_BUNDLE || (d->left >> d->index & 1) != 0 ||
        deliver_is_settled(d, item->sha256.p, deliver_tag(item)) ||
        (app->have != NULL && app->have(app->self, item))) {
        return false;
    }
    d->item = *item;
    d->flash = app->place(app->self, item);
    return true;
}

/* Can it be taken at all? */
static bm_status check_place(const struct bm_deliver *d)
{
    if (d->flash == NULL) {
        return BM_E_DELIVER_KIND;
    }
    return d->item.size <= (uint64_t)d->flash->sector * d->flash->sectors
               ? BM_OK
               : BM_E_DELIVER_SPACE;
}

static void end_items(struct bm_deliver *d)
{
    bm_status rc;

    d->complete = d->left == 0;
    rc = deliver_put_state(d);
    if (rc != BM_OK) {
        deliver_fail(d, rc);
    } else {
        deliver_post_events(d);
    }
}

/* From d->index on; false at the end of the manifest. */
static bool find_item(struct bm_deliver *d)
{
    struct bm_bytes list = d->manifest.items;
    struct bm_manifest_item item;

    for (uint8_t i = 0; bm_manifest_next(&list, &item); i++) {
        if (i < d->index) {
            continue;
        }
        d->index = i;
        if (turn_to(d, &item)) {
            return true;
        }
    }
    return false;
}

void deliver_next_item(struct bm_deliver *d)
{
    bm_status rc;

    d->fetching = false;
    if (!find_item(d)) {
        end_items(d);
        return;
    }
    rc = check_place(d);
    d->fetching = true;
    if (rc != BM_OK) {
        refuse(d, rc, true);
        return;
    }
    deliver_begin_blob(d);
    if (d->whole == d->item.size) {
        d->step = STEP_FINISH;
    } else {
        get_blob(d);
    }
}

void deliver_end_blob(struct bm_deliver *d, bm_status rc)
{
    if (d->whole > d->begun) {
        d->failures = 0;
    }
    if (rc == BM_OK && (d->http == 200 || d->http == 206)) {
        rc = d->whole == d->item.size ? BM_OK : BM_E_DELIVER_SIZE;
    } else if (rc == BM_OK) {
        rc = bm_exchange_status(d->http);
    }
    if (d->http == 416 && deliver_drop_blob(d) != BM_OK) {
        rc = BM_E_LOG_FULL;
    }
    deliver_break_blob(d, rc);
    if (rc == BM_OK) {
        d->step = STEP_FINISH;
    } else if (rc == BM_E_DELIVER_NONE || rc == BM_E_DELIVER_ANSWER ||
               rc == BM_E_DELIVER_SIZE || may_pass(rc)) {
        fail_item(d, rc);
    } else {
        deliver_fail(d, rc);
    }
}

/* RFC 9110 15.3.7, 15.3.1: the rest, or the whole anew. */
bm_status deliver_begin_body(struct bm_deliver *d, const struct bm_exchange *x)
{
    const struct bm_exchange_range *r = &x->range;

    if (x->reply.status == 206) {
        if (!r->there || r->first != d->whole || d->whole == 0) {
            return BM_E_DELIVER_ANSWER;
        }
        return r->total == d->item.size && r->last == r->total - 1
                   ? BM_OK
                   : BM_E_DELIVER_SIZE;
    }
    return x->reply.status == 200 && d->whole != 0 ? deliver_drop_blob(d)
                                                   : BM_OK;
}
