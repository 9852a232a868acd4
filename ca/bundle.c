/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bundle_internal.h"
#include "core/cbor.h"

/* Names of settings in the store. */
#define SETTING_LAST \
    "bundle/last"                      /* what is below, and the message; of
                                        other lists, "/" and the number */
#define SETTING_SIGNER "bundle/signer" /* CBOR: [uri, cert, ca] */

#define SIGNER_MEMBERS 3
#define SIGNER_MAX     (CA_CERT_MAX + 1024)

/* Where the members of SETTING_LAST are; numbers are big-endian. */
#define AT_VERSION 0
#define AT_ISSUED  8
#define AT_NEXT    16
#define AT_SAID    24
#define AT_MESSAGE 56

static uint64_t get_number(const uint8_t *p)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static void put_number(uint64_t v, uint8_t out[8])
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(v >> (56 - 8 * i));
    }
}

/* ---- What is on record */

#define SETTING_ROOM (sizeof SETTING_LAST + 16)

static const char *setting_of(uint32_t list, char room[SETTING_ROOM])
{
    if (list == CA_BUNDLE_FIRST) {
        return SETTING_LAST;
    }
    (void)snprintf(room, SETTING_ROOM, SETTING_LAST "/%u", (unsigned)list);
    return room;
}

bm_status ca_bundle_last(const struct store *s, uint32_t list,
                         struct ca_bundle_last *last)
{
    char name[SETTING_ROOM];
    struct bm_bytes v;

    memset(last, 0, sizeof *last);
    BM_TRY(s->setting_get(s->self, setting_of(list, name), &v));
    if (v.n == 0) {
        return BM_E_NOT_FOUND; /* it was, before the store was restored */
    }
    if (v.n < AT_MESSAGE) {
        return BM_E_STORE_CORRUPT;
    }
    last->version = get_number(v.p + AT_VERSION);
    last->issued = (int64_t)get_number(v.p + AT_ISSUED);
    last->next_update = (int64_t)get_number(v.p + AT_NEXT);
    memcpy(last->said, v.p + AT_SAID, sizeof last->said);
    last->message = (struct bm_bytes){ v.p + AT_MESSAGE, v.n - AT_MESSAGE };
    return BM_OK;
}

static bm_status put_last(struct ca *ca, uint32_t list,
                          const struct ca_bundle_last *last)
{
    const struct store *s = ca->c.store;
    char name[SETTING_ROOM];
    size_t n = AT_MESSAGE + last->message.n;
    uint8_t *room = malloc(n);
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    put_number(last->version, room + AT_VERSION);
    put_number((uint64_t)last->issued, room + AT_ISSUED);
    put_number((uint64_t)last->next_update, room + AT_NEXT);
    memcpy(room + AT_SAID, last->said, sizeof last->said);
    memcpy(room + AT_MESSAGE, last->message.p, last->message.n);
    rc = s->setting_put(s->self, setting_of(list, name),
                        (struct bm_bytes){ room, n });
    free(room);
    return rc;
}

bm_status ca_bundle_skip(struct ca *ca, uint64_t n)
{
    const struct store *s = ca->c.store;
    char name[SETTING_ROOM];
    uint32_t list = 0;
    bm_status rc;

    BM_TRY(ca_version_skip(ca, CA_JOURNAL_BUNDLE, n));
    /* Others may have been published since: the next one is a new one. */
    while ((rc = ca_bundle_list_next(s, &list)) == BM_OK) {
        BM_TRY(s->setting_put(s->self, setting_of(list, name),
                              (struct bm_bytes){ NULL, 0 }));
    }
    return rc == BM_E_END ? BM_OK : rc;
}

bm_status ca_bundle_record(struct ca *ca, const struct ca_actor *actor,
                           const struct ca_bundle_entry *entry, int64_t now)
{
    struct ca_record record = ca_record_of(CA_RECORD_BUNDLE, actor, now);
    char series[BM_BUNDLE_NAME_MAX + 1];
    char words[CA_ECOSYSTEM_TEXT];

    ca_bundle_series(ca->c.bundle_series,
                     entry->list == 0 ? CA_BUNDLE_FIRST : entry->list, series);
    record.subject = ca_text(series);
    record.number = entry->version;
    record.hash = (struct bm_bytes){ entry->hash, STORE_HASH_SIZE };
    record.text = ca_text(entry->list == 0 ? CA_BUNDLE_LOST
                          : entry->list == CA_BUNDLE_FIRST
                              ? ""
                              : ca_ecosystem_text(entry->list, words));
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return ca_version_used(ca, CA_JOURNAL_BUNDLE, entry->version);
}

/* ---- What it says */

/* A bundle that is being made. */
struct making {
    uint32_t list;
    char series[BM_BUNDLE_NAME_MAX + 1];
    struct bundle_said said;
    struct bm_bundle_config config;
    uint8_t *room; /* of CA_BUNDLE_MAX */
    struct bm_wr content;
    struct ca_bundle_last last; /* of this one, as it will be */
    uint8_t hash[BM_HASH_MAX];  /* of the content */
};

static void making_free(struct making *m)
{
    bundle_said_free(&m->said);
    free(m->room);
    free(m);
}

static bm_status put_content(struct ca *ca, struct making *m, uint8_t *hash)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    size_t n;

    bm_wr_init(&m->content, m->room, CA_BUNDLE_MAX);
    BM_TRY(bm_bundle_put(&m->config, &m->content));
    BM_TRY(bm_wr_finish(&m->content, &n));
    return crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&m->content),
                        hash);
}

/* In a read transaction: all but version and dates. */
static bm_status gather(struct ca *ca, uint32_t list, int64_t now,
                        struct making **out)
{
    struct making *m = calloc(1, sizeof *m);
    uint8_t hash[BM_HASH_MAX];
    bm_status rc = BM_E_MEMORY;

    *out = NULL;
    if (m == NULL) {
        return rc;
    }
    m->list = list;
    ca_bundle_series(ca->c.bundle_series, list, m->series);
    m->room = malloc(CA_BUNDLE_MAX);
    if (m->room != NULL) {
        rc = bundle_gather(ca, list, now, &m->said);
    }
    if (rc == BM_OK) {
        m->config = (struct bm_bundle_config){
            .name = ca_text(m->series),
            .version = 1,
            .anchors = m->said.anchors,
            .anchors_n = m->said.anchors_n,
            .cross = m->said.cross,
            .cross_n = m->said.cross_n,
            .issuers = m->said.rows_n != 0 ? m->said.rows : NULL,
            .issuers_n = m->said.rows_n,
            .deny_max =
                ca->c.bundle_deny == 0 ? BM_BUNDLE_DENY_MAX : ca->c.bundle_deny
        };
        rc = put_content(ca, m, hash);
        memcpy(m->last.said, hash, sizeof m->last.said);
    }
    if (rc == BM_OK) {
        *out = m;
        m = NULL;
    }
    if (m != NULL) {
        making_free(m);
    }
    return rc;
}

static bm_status look(struct ca *ca, uint32_t list, int64_t now,
                      struct ca_bundle_state *state)
{
    struct ca_bundle_last last;
    uint8_t said[sizeof last.said];
    struct making *m;
    bm_status rc = ca_bundle_last(ca->c.store, list, &last);

    *state = (struct ca_bundle_state){ .changed = true };
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    memcpy(said, last.said, sizeof said);
    state->next_update = last.next_update;
    state->due = last.issued + (last.next_update - last.issued) / 2;
    BM_TRY(gather(ca, list, now, &m));
    state->changed = memcmp(said, m->last.said, sizeof said) != 0;
    making_free(m);
    return BM_OK;
}

bm_status ca_bundle_look(struct ca *ca, uint32_t list, int64_t now,
                         struct ca_bundle_state *state)
{
    const struct store *s = ca->c.store;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = look(ca, list, now, state);
    s->rollback(s->self);
    return rc;
}

/* ---- Making one */

static bm_status prepare(struct ca *ca, uint32_t list, int64_t now,
                         struct making **out, struct ca_refusal *why)
{
    struct making *m;
    uint64_t floor;

    BM_TRY(gather(ca, list, now, out));
    m = *out;
    if (m->said.anchors_n == 0) {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE,
                         "there is no root that a bundle could name");
    }
    m->last.issued = now;
    BM_TRY(ca_message_end(ca, now, &m->last.next_update, why));
    BM_TRY(ca_version_floor(ca->c.store, CA_JOURNAL_BUNDLE, &floor));
    m->last.version = floor + 1;
    m->config.version = m->last.version;
    m->config.issued = m->last.issued;
    m->config.next_update = m->last.next_update;
    return put_content(ca, m, m->hash);
}

/* Who makes one, and what. */
struct order {
    const struct ca_actor *actor;
    struct making *m;
};

static bm_status record(struct ca *ca, void *arg, int64_t now,
                        struct bm_bytes message)
{
    const struct order *order = arg;
    struct making *m = order->m;
    const struct ca_bundle_entry entry = { .list = m->list,
                                           .version = m->last.version,
                                           .hash = m->hash };

    m->last.message = message;
    BM_TRY(ca_bundle_record(ca, order->actor, &entry, now));
    return put_last(ca, m->list, &m->last);
}

/* In a read transaction. */
static bm_status authorise(struct ca *ca, const struct ca_actor *actor,
                           uint32_t list, struct ca_refusal *why)
{
    return bundle_is_above(ca->c.store, actor, list)
               ? BM_OK
               : ca_refuse(why, BM_E_CA_FORBIDDEN,
                           "%s is not above those whose trust list it is",
                           actor->name);
}

bm_status ca_bundle_make(struct ca *ca, const struct ca_actor *actor,
                         uint32_t list, int64_t now, struct bm_wr *message,
                         struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct order order = { actor, NULL };
    struct ca_message signing = { .kind = CA_JOURNAL_BUNDLE,
                                  .arg = &order,
                                  .record = record };
    bm_status rc;

    BM_TRY(ca_authorise(actor, CA_ACT_CA_CRL, why));
    /* Nothing may be signed that ca_begin() would refuse. */
    BM_TRY(ca_begin(ca, now, why));
    s->rollback(s->self);
    rc = s->begin(s->self, STORE_READ);
    if (rc == BM_OK) {
        rc = authorise(ca, actor, list, why);
        if (rc == BM_OK) {
            rc = prepare(ca, list, now, &order.m, why);
        }
        s->rollback(s->self);
    }
    if (rc == BM_OK) {
        signing.content = bm_wr_bytes(&order.m->content);
        rc = ca_message_sign(ca, &signing, now, message, why);
    } else {
        rc = ca_refuse_plain(why, rc);
    }
    if (order.m != NULL) {
        making_free(order.m);
    }
    return rc;
}

/* ---- Who signs */

bm_status ca_bundle_signer_get(const struct store *s,
                               struct ca_bundle_signer *signer)
{
    struct ca_bundle_signer found;
    struct bm_bytes v;
    struct bm_cbor c;
    size_t n = 0;

    memset(signer, 0, sizeof *signer);
    BM_TRY(s->setting_get(s->self, SETTING_SIGNER, &v));
    bm_cbor_init(&c, v, NULL);
    if (bm_cbor_take_array(&c, &n) != BM_OK || n != SIGNER_MEMBERS ||
        bm_cbor_take_text(&c, &found.key_uri) != BM_OK ||
        bm_cbor_take_bytes(&c, &found.cert) != BM_OK ||
        bm_cbor_take_text(&c, &found.ca) != BM_OK || bm_cbor_end(&c) != BM_OK) {
        return BM_E_STORE_CORRUPT;
    }
    *signer = found;
    return BM_OK;
}

static bm_status put_signer(struct ca *ca,
                            const struct ca_bundle_signer *signer)
{
    const struct store *s = ca->c.store;
    uint8_t *room = malloc(SIGNER_MAX);
    struct bm_wr w;
    bm_status rc;
    size_t n;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, SIGNER_MAX);
    bm_cbor_put_array(&w, SIGNER_MEMBERS);
    bm_cbor_put_text(&w, signer->key_uri);
    bm_cbor_put_bytes(&w, signer->cert);
    bm_cbor_put_text(&w, signer->ca);
    rc = bm_wr_finish(&w, &n);
    if (rc == BM_OK) {
        rc = s->setting_put(s->self, SETTING_SIGNER, bm_wr_bytes(&w));
    }
    if (rc == BM_OK) {
        ca->dirty = true;
    }
    free(room);
    return rc;
}

/* A certificate of another purpose would be one that nobody believes. */
bm_status ca_bundle_signer_put(struct ca *ca,
                               const struct ca_bundle_signer *signer,
                               int64_t now, struct ca_refusal *why)
{
    struct bm_cert cert;
    bm_status rc = bm_cert_parse(signer->cert, BM_STRICT, NULL, &cert);

    if (rc == BM_OK) {
        rc = bm_bundle_signer_check(&cert);
    }
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "the certificate that is to sign bundles");
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, put_signer(ca, signer), now, why);
}
