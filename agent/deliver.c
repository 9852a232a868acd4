/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/deliver.h"

#include <stdlib.h>
#include <string.h>

#include "agent/event.h"
#include "agent/hook.h"
#include "agent/layout.h"
#include "agent/words.h"
#include "core/cert.h"

/* What was handed over last: SHA-256 of certificates and anchors. */
#define DELIVERED BM_LOG_KEY(BM_LOG_APPLICATION, 0x200)

#define SHA256_SIZE 32

/* PKCS#8 of P-256 as PEM is 241 octets. */
#define KEY_ROOM 2048

struct delivery {
    struct state *state;
    const volatile sig_atomic_t *stop;
    struct layout_source source;
    struct bm_bytes anchors[STATE_ANCHORS_MAX];
    uint8_t digest[BM_HASH_MAX];
    uint8_t chain[STATE_CHAIN_ROOM];
    uint8_t key[KEY_ROOM];
};

static bm_status digest_of(struct delivery *d)
{
    const struct bm_crypto *crypto = d->state->crypto;
    const struct layout_source *s = &d->source;
    struct bm_hash_state hash = { .hash = BM_HASH_NONE };
    bm_status rc;

    rc = crypto->hash_begin(crypto->self, &hash, BM_HASH_SHA256);
    for (size_t i = 0; rc == BM_OK && i < s->certs_n; i++) {
        rc = crypto->hash_more(crypto->self, &hash, s->certs[i]);
    }
    for (size_t i = 0; rc == BM_OK && i < s->anchors_n; i++) {
        rc = crypto->hash_more(crypto->self, &hash, s->anchors[i]);
    }
    if (rc != BM_OK) {
        (void)!crypto->hash_end(crypto->self, &hash, NULL);
        return rc;
    }
    return crypto->hash_end(crypto->self, &hash, d->digest);
}

static bm_status was_delivered(const struct delivery *d, bool *first,
                               bool *done)
{
    uint8_t noted[SHA256_SIZE];
    size_t n = 0;
    bm_status rc =
        bm_log_get(&d->state->log, DELIVERED, noted, sizeof noted, &n);

    *first = rc == BM_E_NOT_FOUND;
    *done = rc == BM_OK && n == SHA256_SIZE &&
            memcmp(noted, d->digest, SHA256_SIZE) == 0;
    return rc == BM_E_NOT_FOUND || rc == BM_E_BUFFER ? BM_OK : rc;
}

/* ---- What there is */

static bool wants_key(const struct settings *s)
{
    for (size_t i = 0; i < s->layouts_n; i++) {
        if (s->layouts[i].export_key) {
            return true;
        }
    }
    return false;
}

static bm_status gather_key(struct delivery *d)
{
    struct state *state = d->state;
    const struct bm_signer *signer;
    enum bm_key_slot slot;
    struct bm_wr w;
    size_t n;

    BM_TRY(bm_identity_signer(&state->identity, BM_IDENTITY_CURRENT, &signer));
    slot = keystore_slot_of(&state->keys, signer);
    d->source.key_uri = state->keys.slots[slot].uri;
    if (!wants_key(state->settings)) {
        return BM_OK;
    }
    bm_wr_init(&w, d->key, sizeof d->key);
    BM_TRY(keystore_export(&state->keys, slot, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    d->source.key = bm_wr_bytes(&w);
    return BM_OK;
}

static bm_status gather(struct delivery *d)
{
    struct state *state = d->state;

    BM_TRY(state_chain(state, BM_IDENTITY_CURRENT, d->chain, d->source.certs,
                       &d->source.certs_n));
    d->source.anchors_n = state_anchors(state, d->anchors);
    d->source.anchors = d->anchors;
    BM_TRY(digest_of(d));
    return gather_key(d);
}

/* ---- Handing over */

static bm_status write_layouts(const struct delivery *d, bool *changed)
{
    const struct settings *s = d->state->settings;
    bm_status worst = BM_OK;

    *changed = false;
    for (size_t i = 0; i < s->layouts_n; i++) {
        bool this_one = false;
        bm_status rc = layout_write(&s->layouts[i], &d->source, &this_one);

        if (rc != BM_OK) {
            event_failed(EVENT_ERROR, "layout.failed", s->layouts[i].dir, rc);
            worst = worst == BM_OK ? rc : worst;
        } else if (this_one) {
            event_put(EVENT_INFO, "layout.written",
                      (struct event_field[]){ { "dir", s->layouts[i].dir, 0 },
                                              { 0 } });
        }
        *changed = *changed || this_one;
    }
    return worst;
}

static bm_status run_hooks(const struct delivery *d, const char *event)
{
    const struct settings *s = d->state->settings;
    struct hook_news news = { .event = event,
                              .device = s->device,
                              .stop = d->stop };
    char serial[2 * BM_BUNDLE_SERIAL_MAX + 1] = "";
    char until[WORDS_TIME_MAX];
    struct bm_cert cert;
    struct bm_wr w;
    bm_status worst = BM_OK;

    BM_TRY(bm_cert_parse(d->source.certs[0], 0, NULL, &cert));
    bm_wr_init(&w, (uint8_t *)serial, sizeof serial - 1);
    words_put_hex(&w, cert.serial);
    news.serial = serial;
    news.not_after = words_time(cert.not_after, until);
    for (size_t i = 0; i < s->hooks_n; i++) {
        bm_status rc = hook_run(&s->hooks[i], &news);

        if (rc == BM_E_AGENT_STOPPED) {
            return rc;
        }
        if (rc != BM_OK) {
            event_failed(EVENT_ERROR, "hook.gave_up", s->hooks[i].name, rc);
            worst = worst == BM_OK ? rc : worst;
        }
    }
    return worst;
}

static bm_status deliver(struct delivery *d)
{
    bool first = false;
    bool done = false;
    bool changed = false;
    bm_status rc;

    rc = gather(d);
    if (rc != BM_OK) { /* a key that cannot be opened, as a rule */
        event_failed(EVENT_ERROR, "delivery.failed", NULL, rc);
        return rc;
    }
    BM_TRY(was_delivered(d, &first, &done));
    BM_TRY(write_layouts(d, &changed));
    if (done && !changed) {
        return BM_OK;
    }
    BM_TRY(run_hooks(d, first ? "enrolled" : "renewed"));
    return bm_log_put(&d->state->log, DELIVERED,
                      (struct bm_bytes){ d->digest, SHA256_SIZE });
}

bm_status deliver_all(struct state *state, const volatile sig_atomic_t *stop)
{
    struct delivery *d;
    bm_status rc;

    if (bm_identity_state(&state->identity, BM_IDENTITY_CURRENT) !=
        BM_IDENTITY_CERT) {
        return BM_OK;
    }
    d = calloc(1, sizeof *d);
    if (d == NULL) {
        return BM_E_MEMORY;
    }
    d->state = state;
    d->stop = stop;
    rc = deliver(d);
    bm_identity_close(&state->identity, BM_IDENTITY_CURRENT);
    bm_wipe(d, sizeof *d);
    free(d);
    return rc;
}
