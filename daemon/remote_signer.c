/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/remote_signer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/bundle.h"
#include "core/der.h"
#include "core/manifest.h"
#include "daemon/link.h"
#include "daemon/wire.h"

struct remote_signer {
    struct ca_signer signer;
    int fd; /* -1: it is gone */
    uint32_t tag;
    struct ca_tree_head last;
    struct bm_wr out; /* a question */
    struct bm_wr in;  /* its answer */
    /* A list on its way. */
    uint8_t *chunk;
    size_t chunk_n;
};

static void drop(struct remote_signer *r)
{
    if (r->fd >= 0) {
        (void)close(r->fd);
        r->fd = -1;
    }
}

/* Room that is kept. */
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

/* Statuses of the signer's refusals are its own to choose: they are numbers
 * of the same list. */
static bm_status refused(const struct link_frame *answer,
                         struct ca_refusal *why)
{
    return ca_refuse(why, (bm_status)answer->status, "signer: %.*s",
                     (int)answer->body.n, (const char *)answer->body.p);
}

/* Ask; the answer's body is in r->in, at most `max` octets. */
static bm_status ask(struct remote_signer *r, enum wire_verb verb,
                     struct bm_bytes body, size_t max, struct bm_bytes *answer,
                     struct ca_refusal *why)
{
    struct link_frame question = { .verb = (uint16_t)verb,
                                   .tag = ++r->tag,
                                   .body = body };
    struct link_frame a = { 0 };
    bm_status rc;

    if (r->fd < 0) {
        return ca_refuse(why, BM_E_IO, "the signer is gone");
    }
    /* The words of a refusal fit in any case. */
    BM_TRY(make_room(&r->in, max + CA_REFUSAL_WORDS_MAX));
    rc = link_ask(r->fd, &question, REMOTE_SIGNER_TIMEOUT_MS, &r->in, &a);
    if (rc != BM_OK) {
        drop(r);
        return ca_refuse(why, BM_E_IO, "the signer does not answer");
    }
    if (a.status != BM_OK) {
        return refused(&a, why);
    }
    *answer = a.body;
    return BM_OK;
}

/* A signer whose answers make no sense is of no use. */
static bm_status give_up(struct remote_signer *r, struct ca_refusal *why)
{
    drop(r);
    return ca_refuse(why, BM_E_IO, "the signer's answer is malformed");
}

static bm_status put_group(struct remote_signer *r,
                           const struct ca_signing *group, size_t n,
                           size_t *tails)
{
    size_t size = 0;

    *tails = n * (BM_SIGNATURE_MAX + 64);
    for (size_t i = 0; i < n; i++) {
        size += group[i].tbs.n + 512; /* names, serial number, lengths */
    }
    BM_TRY(make_room(&r->out, size));
    for (size_t i = 0; i < n; i++) {
        const char *profile = ca_profile_policy(group[i].profile)->name;
        struct wire_signing m = {
            .ca = { (const uint8_t *)group[i].ca, strlen(group[i].ca) },
            .profile = { (const uint8_t *)profile, strlen(profile) },
            .version = group[i].version,
            .serial = group[i].serial,
            .tbs = group[i].tbs,
        };

        wire_signing_put(&r->out, &m);
    }
    return bm_wr_finish(&r->out, &size);
}

/* RFC 5280 4.1: Certificate ::= SEQUENCE { tbsCertificate, and the tail } */
static bm_status put_certs(const struct ca_signing *group, size_t n,
                           struct bm_bytes in)
{
    for (size_t i = 0; i < n; i++) {
        struct bm_bytes tail;
        size_t mark;

        BM_TRY(wire_signed_next(&in, &tail));
        mark = bm_der_open(group[i].cert, BM_DER_SEQUENCE);
        bm_wr_put(group[i].cert, group[i].tbs);
        bm_wr_put(group[i].cert, tail);
        bm_der_close(group[i].cert, mark);
    }
    return in.n == 0 ? BM_OK : BM_E_DER_TRAILING;
}

static bm_status sign_certs(void *self, const struct ca_signing *group,
                            size_t n, int64_t now, struct ca_refusal *why)
{
    struct remote_signer *r = self;
    struct bm_bytes body = { NULL, 0 };
    size_t tails;

    (void)now; /* the signer has a clock of its own */
    if (n > CA_GROUP_MAX) {
        return ca_refuse_plain(why, BM_E_LIMIT);
    }
    BM_TRY(put_group(r, group, n, &tails));
    BM_TRY(ask(r, WIRE_SIGN_CERTS, bm_wr_bytes(&r->out), tails, &body, why));
    return put_certs(group, n, body) == BM_OK ? BM_OK : give_up(r, why);
}

static bm_status send_chunk(struct remote_signer *r)
{
    struct bm_bytes chunk = { r->chunk, r->chunk_n };
    struct bm_bytes body = { NULL, 0 };

    r->chunk_n = 0;
    return ask(r, WIRE_SIGN_CRL_MORE, chunk, 0, &body, NULL);
}

static bm_status put_octets(void *self, struct bm_bytes octets)
{
    struct remote_signer *r = self;

    while (octets.n != 0) {
        size_t n = WIRE_CRL_CHUNK - r->chunk_n;

        n = n < octets.n ? n : octets.n;
        memcpy(r->chunk + r->chunk_n, octets.p, n);
        r->chunk_n += n;
        octets.p += n;
        octets.n -= n;
        if (r->chunk_n == WIRE_CRL_CHUNK) {
            BM_TRY(send_chunk(r));
        }
    }
    return BM_OK;
}

static bm_status send_list(struct remote_signer *r,
                           const struct ca_list_number *list,
                           struct bm_crl_writer *writer,
                           struct bm_bytes *signature)
{
    const char *ca = list->of.ca;
    struct bm_crl_sink sink = { r, put_octets };
    struct wire_crl m = { .ca = { (const uint8_t *)ca, strlen(ca) },
                          .list = list->of.list,
                          .number = list->number,
                          .size = bm_crl_writer_tbs_size(writer) };
    struct bm_bytes body = { NULL, 0 };
    uint8_t room[512];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    wire_crl_put(&w, &m);
    BM_TRY(ask(r, WIRE_SIGN_CRL_BEGIN, bm_wr_bytes(&w), 0, &body, NULL));
    BM_TRY(bm_crl_writer_tbs(writer, &sink));
    if (r->chunk_n != 0) {
        BM_TRY(send_chunk(r));
    }
    return ask(r, WIRE_SIGN_CRL_END, (struct bm_bytes){ NULL, 0 },
               BM_SIGNATURE_MAX, signature, NULL);
}

static bm_status sign_crl(void *self, const struct ca_list_number *list,
                          struct bm_crl_writer *writer, int64_t now,
                          const struct bm_crl_sink *sink)
{
    struct remote_signer *r = self;
    struct bm_bytes signature = { NULL, 0 };
    bm_status rc = BM_E_MEMORY;

    (void)now;
    r->chunk = malloc(WIRE_CRL_CHUNK);
    r->chunk_n = 0;
    if (r->chunk != NULL) {
        rc = send_list(r, list, writer, &signature);
    }
    free(r->chunk);
    r->chunk = NULL;
    return rc == BM_OK ? bm_crl_writer_put(writer, signature, sink) : rc;
}

static bm_status sign_checkpoint(void *self, const struct ca_tree_head *head,
                                 const struct ca_tree_proof *proof, int64_t now,
                                 struct bm_wr *note)
{
    struct remote_signer *r = self;
    struct wire_checkpoint m = { .tree = head->tree,
                                 .size = head->size,
                                 .root = BM_ARRAY(head->root) };
    uint8_t room[sizeof proof->hash + 128];
    struct bm_bytes body = { NULL, 0 };
    struct bm_wr w;

    (void)now;
    if (proof->n > CA_TREE_PROOF_MAX) {
        return BM_E_ARGUMENT;
    }
    m.proof = (struct bm_bytes){ proof->hash[0], proof->n * CA_TREE_HASH };
    bm_wr_init(&w, room, sizeof room);
    wire_checkpoint_put(&w, &m);
    BM_TRY(ask(r, WIRE_SIGN_CHECKPOINT, bm_wr_bytes(&w), 4096, &body, NULL));
    r->last = *head;
    bm_wr_put(note, body);
    return BM_OK;
}

static bm_status sign_bundle(void *self, struct bm_bytes content, int64_t now,
                             struct bm_wr *message)
{
    struct remote_signer *r = self;
    struct bm_bytes body = { NULL, 0 };

    (void)now;
    BM_TRY(ask(r, WIRE_SIGN_BUNDLE, content, CA_BUNDLE_MAX, &body, NULL));
    bm_wr_put(message, body);
    return BM_OK;
}

static bm_status sign_manifest(void *self, struct bm_bytes content, int64_t now,
                               struct bm_wr *message)
{
    struct remote_signer *r = self;
    struct bm_bytes body = { NULL, 0 };

    (void)now;
    BM_TRY(
        ask(r, WIRE_SIGN_MANIFEST, content, BM_MANIFEST_SIZE_MAX, &body, NULL));
    bm_wr_put(message, body);
    return BM_OK;
}

static bm_status sign_list(void *self, struct bm_bytes digest, int64_t now,
                           struct bm_wr *message)
{
    struct remote_signer *r = self;
    struct bm_bytes body = { NULL, 0 };

    (void)now;
    BM_TRY(ask(r, WIRE_SIGN_LIST, digest, CA_BUNDLE_MAX, &body, NULL));
    bm_wr_put(message, body);
    return BM_OK;
}

static bm_status sign_jws(void *self, struct bm_bytes digest, int64_t now,
                          struct bm_wr *jws)
{
    struct remote_signer *r = self;
    struct bm_bytes body = { NULL, 0 };

    (void)now;
    BM_TRY(ask(r, WIRE_SIGN_JWS, digest, CA_BUNDLE_MAX, &body, NULL));
    bm_wr_put(jws, body);
    return BM_OK;
}

static void last(void *self, struct ca_tree_head *head)
{
    const struct remote_signer *r = self;

    *head = r->last;
}

/* Owned by whoever made it. */
static void close_nothing(void *self)
{
    (void)self;
}

bm_status remote_signer_new(struct remote_signer **signer)
{
    struct remote_signer *r = calloc(1, sizeof *r);

    *signer = r;
    if (r == NULL) {
        return BM_E_MEMORY;
    }
    r->fd = -1;
    r->signer = (struct ca_signer){ .self = r,
                                    .certs = sign_certs,
                                    .crl = sign_crl,
                                    .checkpoint = sign_checkpoint,
                                    .bundle = sign_bundle,
                                    .manifest = sign_manifest,
                                    .list = sign_list,
                                    .list_jws = sign_jws,
                                    .last = last,
                                    .close = close_nothing };
    return BM_OK;
}

void remote_signer_free(struct remote_signer *r)
{
    if (r == NULL) {
        return;
    }
    drop(r);
    free(r->out.buf);
    free(r->in.buf);
    free(r);
}

static bm_status say_hello(struct remote_signer *r)
{
    struct wire_head m;
    struct bm_bytes body = { NULL, 0 };

    BM_TRY(
        ask(r, WIRE_SIGN_HELLO, (struct bm_bytes){ NULL, 0 }, 64, &body, NULL));
    if (wire_head_get(body, &m) != BM_OK) {
        return give_up(r, NULL);
    }
    r->last.tree = m.tree;
    r->last.size = m.size;
    memcpy(r->last.root, m.root.p, sizeof r->last.root);
    return BM_OK;
}

bm_status remote_signer_link(struct remote_signer *r, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    drop(r);
    r->fd = fd;
    /* Deadlines are for reading and for writing. */
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        drop(r);
        return BM_E_IO;
    }
    return say_hello(r);
}

bool remote_signer_is_there(const struct remote_signer *r)
{
    return r->fd >= 0;
}

const struct ca_signer *remote_signer_get(const struct remote_signer *r)
{
    return &r->signer;
}
