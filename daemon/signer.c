/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The signer: the room with the keys of the CAs, of the ledger and of trust
 * bundles, and with nothing else. No store, no network, no file but its
 * journal; whatever asks is taken for captured. What it agrees to is
 * ca/local_signer.h: here a question is only read from the wire, and the names
 * in it are looked up among what the room was started with.
 *
 * Its one link to the issuer carries one question at a time. SIGN_HELLO is
 * the first; a new link takes the place of the one before, whose questions
 * are answered or were never read. So an issuer that has its answer to HELLO
 * finds in the journal all that was ever signed.
 */
#include <stdlib.h>
#include <string.h>

#include "ca/authority.h"
#include "core/der.h"
#include "core/manifest.h"
#include "daemon/key_watch.h"
#include "daemon/link.h"
#include "daemon/room.h"
#include "daemon/wire.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "server/instance.h"

/* A full group of the largest certificates (wire_signing), some room over. */
#define CERTS_MAX ((size_t)CA_GROUP_MAX * (CA_TBS_MAX + 512))

struct signer {
    struct room *room;
    struct bm_crypto *crypto;
    struct instance *in;
    struct key_watch *watch;
    struct link *issuer;
    struct link *keeper;
    bool hello; /* said by the present issuer */

    /* Of the group in work. */
    struct ca_signing items[CA_GROUP_MAX];
    size_t n;
    struct bm_wr certs;  /* one behind the other */
    struct bm_wr answer; /* what goes back of them */
};

static bm_status answer(struct link *link, const struct link_frame *asked,
                        bm_status rc, struct bm_bytes body)
{
    struct link_frame frame = { .verb = asked->verb,
                                .status = (uint16_t)rc,
                                .tag = asked->tag,
                                .body = body };

    return link_put(link, &frame);
}

static bm_status refuse(struct link *link, const struct link_frame *asked,
                        bm_status rc, const struct ca_refusal *why)
{
    /* That a token is away was told when it went. */
    log_refusal(key_watch_is_away(rc) ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
                "signer.refused", why);
    return answer(
        link, asked, rc,
        (struct bm_bytes){ (const uint8_t *)why->words, strlen(why->words) });
}

/* Nobody is served who has not said HELLO. */
static bool is_open(const struct signer *s, const struct link *link)
{
    return s->hello && link == s->issuer;
}

static bm_status serve_hello(void *self, struct link *link,
                             const struct link_frame *frame)
{
    struct signer *s = self;
    struct ca_tree_head last;
    uint8_t room[64];
    struct bm_wr w;

    if (link != s->issuer || s->hello || frame->body.n != 0) {
        return BM_E_ARGUMENT;
    }
    s->hello = true;
    s->in->signer->last(s->in->signer->self, &last);
    bm_wr_init(&w, room, sizeof room);
    wire_head_put(&w, &(struct wire_head){ .tree = last.tree,
                                           .size = last.size,
                                           .root = BM_ARRAY(last.root) });
    return answer(link, frame, BM_OK, bm_wr_bytes(&w));
}

/* ---- Certificates */

static bool is_text(struct bm_bytes b, const char *text)
{
    return bm_bytes_are(b, text, strlen(text));
}

/* The version of the profile of that name that is bound to this CA, among
 * those that this room was started with. */
static const struct ca_bound *find_profile(const struct signer *s,
                                           const struct wire_signing *m)
{
    for (size_t i = 0; i < s->in->profiles_n; i++) {
        const struct ca_bound *b = &s->in->profiles[i];

        if (m->version == b->version && is_text(m->ca, b->ca) &&
            is_text(m->profile, ca_profile_policy(b->profile)->name)) {
            return b;
        }
    }
    return NULL;
}

static bm_status read_group(struct signer *s, struct bm_bytes in,
                            struct ca_refusal *why)
{
    struct wire_signing m;
    bm_status rc;

    for (s->n = 0; (rc = wire_signing_next(&in, &m)) == BM_OK; s->n++) {
        const struct ca_bound *bound = find_profile(s, &m);

        if (s->n == CA_GROUP_MAX) {
            return ca_refuse_plain(why, BM_E_LIMIT);
        }
        if (bound == NULL) {
            return ca_refuse(why, BM_E_CA_SIGNER, "no profile %.*s of CA %.*s",
                             (int)m.profile.n, (const char *)m.profile.p,
                             (int)m.ca.n, (const char *)m.ca.p);
        }
        s->items[s->n] = (struct ca_signing){ .ca = bound->ca,
                                              .profile = bound->profile,
                                              .version = bound->version,
                                              .tbs = m.tbs,
                                              .serial = m.serial,
                                              .cert = &s->certs };
    }
    return rc == BM_E_END ? BM_OK : ca_refuse_plain(why, rc);
}

/* Room that is kept: groups come again and again. */
static bm_status make_room(struct bm_wr *w, size_t n)
{
    uint8_t *more;

    if (n > w->cap) {
        more = realloc(w->buf, n);
        if (more == NULL) {
            return BM_E_MEMORY;
        }
        bm_wr_init(w, more, n);
    }
    w->len = 0;
    return BM_OK;
}

/* What stands behind the TBSCertificate in each of `certs`. */
static bm_status put_tails(struct signer *s)
{
    struct bm_der d;
    size_t n;

    bm_der_init(&d, bm_wr_bytes(&s->certs), NULL);
    for (size_t i = 0; i < s->n; i++) {
        struct bm_bytes body;
        size_t tbs_n = s->items[i].tbs.n;

        BM_TRY(bm_der_take(&d, BM_DER_SEQUENCE, &body));
        if (body.n < tbs_n) {
            return BM_E_INTERNAL;
        }
        wire_signed_put(&s->answer,
                        (struct bm_bytes){ body.p + tbs_n, body.n - tbs_n });
    }
    BM_TRY(bm_der_end(&d));
    return bm_wr_finish(&s->answer, &n);
}

static bm_status sign_group(struct signer *s, struct bm_bytes in,
                            struct ca_refusal *why)
{
    /* Header, AlgorithmIdentifier and BIT STRING of each. */
    size_t tails = s->n * (BM_SIGNATURE_MAX + 64);

    BM_TRY(make_room(&s->certs, in.n + tails));
    BM_TRY(make_room(&s->answer, tails));
    BM_TRY(s->in->signer->certs(s->in->signer->self, s->items, s->n, room_now(),
                                why));
    return put_tails(s);
}

static bm_status serve_certs(void *self, struct link *link,
                             const struct link_frame *frame)
{
    struct signer *s = self;
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    if (!is_open(s, link)) {
        return BM_E_ARGUMENT;
    }
    rc = read_group(s, frame->body, &why);
    if (rc == BM_OK && s->n != 0) {
        rc = sign_group(s, frame->body, &why);
    }
    if (rc != BM_OK) {
        return refuse(link, frame, ca_refuse_plain(&why, rc), &why);
    }
    return answer(link, frame, BM_OK,
                  s->n == 0 ? (struct bm_bytes){ NULL, 0 }
                            : bm_wr_bytes(&s->answer));
}

/* ---- Lists */

static bm_status finish(struct link *link, const struct link_frame *frame,
                        bm_status rc, struct bm_bytes body)
{
    struct ca_refusal why = { BM_OK, "" };

    if (rc != BM_OK) {
        return refuse(link, frame, ca_refuse_plain(&why, rc), &why);
    }
    return answer(link, frame, BM_OK, body);
}

static bm_status begin_list(struct signer *s, const struct wire_crl *m)
{
    for (size_t i = 0; i < s->in->cas_n; i++) {
        const char *id = s->in->cas[i].row.id;

        if (is_text(m->ca, id)) {
            const struct ca_list_number list = { { id, m->list }, m->number };

            return ca_signer_list_begin(s->in->signer, &list, m->size);
        }
    }
    return BM_E_CA_SIGNER;
}

static bm_status serve_crl_begin(void *self, struct link *link,
                                 const struct link_frame *frame)
{
    struct signer *s = self;
    struct wire_crl m;

    if (!is_open(s, link)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(wire_crl_get(frame->body, &m));
    return finish(link, frame, begin_list(s, &m), (struct bm_bytes){ NULL, 0 });
}

static bm_status serve_crl_more(void *self, struct link *link,
                                const struct link_frame *frame)
{
    struct signer *s = self;

    if (!is_open(s, link)) {
        return BM_E_ARGUMENT;
    }
    return finish(link, frame, ca_signer_list_put(s->in->signer, frame->body),
                  (struct bm_bytes){ NULL, 0 });
}

static bm_status serve_crl_end(void *self, struct link *link,
                               const struct link_frame *frame)
{
    struct signer *s = self;
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr w;
    bm_status rc;
    size_t n;

    if (!is_open(s, link) || frame->body.n != 0) {
        return BM_E_ARGUMENT;
    }
    bm_wr_init(&w, room, sizeof room);
    rc = ca_signer_list_end(s->in->signer, room_now(), &w);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&w, &n);
    }
    return finish(link, frame, rc, bm_wr_bytes(&w));
}

/* ---- Checkpoints */

static bm_status serve_checkpoint(void *self, struct link *link,
                                  const struct link_frame *frame)
{
    struct signer *s = self;
    struct ca_signer *signer = s->in->signer;
    struct wire_checkpoint m;
    struct ca_tree_head head = { 0 };
    struct ca_tree_proof proof = { 0 };
    uint8_t room[4096];
    struct bm_wr w;
    bm_status rc;
    size_t n;

    if (!is_open(s, link)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(wire_checkpoint_get(frame->body, &m));
    head.tree = m.tree;
    head.size = m.size;
    memcpy(head.root, m.root.p, sizeof head.root);
    proof.n = m.proof.n / CA_TREE_HASH;
    if (proof.n != 0) {
        memcpy(proof.hash, m.proof.p, m.proof.n);
    }
    bm_wr_init(&w, room, sizeof room);
    rc = signer->checkpoint(signer->self, &head, &proof, room_now(), &w);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&w, &n);
    }
    return finish(link, frame, rc, bm_wr_bytes(&w));
}

/* ---- Trust bundles, manifests */

static bm_status serve_message(void *self, struct link *link,
                               const struct link_frame *frame)
{
    struct signer *s = self;
    struct ca_signer *signer = s->in->signer;
    bm_status (*sign)(void *self, struct bm_bytes content, int64_t now,
                      struct bm_wr *message) =
        frame->verb == WIRE_SIGN_MANIFEST ? signer->manifest
        : frame->verb == WIRE_SIGN_LIST   ? signer->list
        : frame->verb == WIRE_SIGN_JWS    ? signer->list_jws
                                          : signer->bundle;
    bm_status rc;
    size_t n;

    if (!is_open(s, link)) {
        return BM_E_ARGUMENT;
    }
    rc = make_room(&s->answer, CA_BUNDLE_MAX);
    if (rc == BM_OK) {
        rc = sign(signer->self, frame->body, room_now(), &s->answer);
    }
    if (rc == BM_OK) {
        rc = bm_wr_finish(&s->answer, &n);
    }
    return finish(link, frame, rc,
                  rc == BM_OK ? bm_wr_bytes(&s->answer)
                              : (struct bm_bytes){ NULL, 0 });
}

/* ---- The keeper */

static bm_status serve_expect(void *self, struct link *link,
                              const struct link_frame *frame)
{
    struct signer *s = self;

    if (link != s->keeper || frame->body.n != WIRE_EXPECT_SIZE) {
        return BM_E_ARGUMENT;
    }
    instance_expect(s->in, frame->body.p);
    return answer(link, frame, BM_OK, (struct bm_bytes){ NULL, 0 });
}

/* Who may ask what. */
static const struct link_verb issuer_verbs[] = {
    { WIRE_SIGN_HELLO, 0, serve_hello },
    { WIRE_SIGN_CERTS, CERTS_MAX, serve_certs },
    { WIRE_SIGN_CRL_BEGIN, 512, serve_crl_begin },
    { WIRE_SIGN_CRL_MORE, WIRE_CRL_CHUNK, serve_crl_more },
    { WIRE_SIGN_CRL_END, 0, serve_crl_end },
    { WIRE_SIGN_CHECKPOINT, 4096, serve_checkpoint },
    { WIRE_SIGN_BUNDLE, CA_BUNDLE_MAX, serve_message },
    { WIRE_SIGN_MANIFEST, BM_MANIFEST_SIZE_MAX, serve_message },
    { WIRE_SIGN_LIST, STORE_HASH_SIZE, serve_message },
    { WIRE_SIGN_JWS, STORE_HASH_SIZE, serve_message },
    { 0, 0, NULL },
};
static const struct link_verb keeper_verbs[] = {
    { WIRE_SIGN_EXPECT, WIRE_EXPECT_SIZE, serve_expect },
    { 0, 0, NULL },
};

_Static_assert(CERTS_MAX <= LINK_FRAME_MAX - LINK_HEAD,
               "a full group fits into a frame");

/* ---- The room */

static void closed(void *self, struct link *link)
{
    struct signer *s = self;

    if (link == s->issuer) {
        s->issuer = NULL;
        s->hello = false;
    }
    if (link == s->keeper) {
        s->keeper = NULL;
    }
}

static void signer_teardown(struct room *room)
{
    struct signer *s = room->self;

    if (s == NULL) {
        return;
    }
    link_free(s->issuer);
    link_free(s->keeper);
    key_watch_free(s->watch);
    instance_close(s->in);
    bm_openssl_free(s->crypto);
    free(s->certs.buf);
    free(s->answer.buf);
    free(s);
    room->self = NULL;
}

static bm_status watch_keys(struct signer *s)
{
    BM_TRY(key_watch_new(s->room, &s->watch));
    for (size_t i = 0; i < s->in->cas_n; i++) {
        const struct instance_ca *c = &s->in->cas[i];

        if (c->key != NULL) {
            BM_TRY(key_watch_add(s->watch, c->row.id, c->row.key_uri, c->key));
        }
    }
    if (s->in->bundle.key != NULL) {
        BM_TRY(key_watch_add(s->watch, "bundle", s->in->bundle.key_uri,
                             s->in->bundle.key));
    }
    return key_watch_begin(s->watch);
}

static bm_status signer_setup(struct room *room, struct ca_refusal *why)
{
    struct signer *s = calloc(1, sizeof *s);
    struct instance_port port = { .maker = bm_openssl_key_maker() };

    if (s == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = s;
    s->room = room;
    BM_TRY(bm_openssl_new(&s->crypto));
    port.crypto = s->crypto;
    BM_TRY(instance_open(room->dir, INSTANCE_SIGNER, &port, room_now(), &s->in,
                         why));
    return watch_keys(s);
}

static bm_status signer_link(struct room *room, enum room_kind to,
                             unsigned instance, int fd)
{
    struct signer *s = room->self;
    struct link **link = to == ROOM_ISSUER ? &s->issuer : &s->keeper;
    struct link_config config = { .base = room->base,
                                  .verbs = to == ROOM_ISSUER ? issuer_verbs
                                                             : keeper_verbs,
                                  .room = s,
                                  .closed = closed };

    (void)instance;
    link_free(*link);
    *link = NULL;
    if (to == ROOM_ISSUER) {
        s->hello = false;
    }
    return link_new(&config, fd, link);
}

/* What was asked has been answered: one question at a time. */
static void signer_stop(struct room *room)
{
    room_done(room);
}

const struct room_type room_signer = {
    .name = "signer",
    .needs = { .write_files = true, .write_dirs = { "journal" } },
    .alone = true,
    .setup = signer_setup,
    .link = signer_link,
    .stop = signer_stop,
    .teardown = signer_teardown,
};
