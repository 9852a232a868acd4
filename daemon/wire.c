/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each message is a table of its members, and the same table writes and
 * reads it: what one end can say and the other takes cannot drift apart.
 */
#include "daemon/wire.h"

#include <string.h>

/* Names: of profiles, CAs, keys (keys/key.h), devices. */
#define NAME_MAX_OCTETS 256

/* A token has 32 characters; whatever else a stranger takes for one. */
#define TOKEN_MAX 1024

/* Idempotency-Key: a UUID in nearly all clients. */
#define KEY_MAX 256

/* Words of a refusal. */
#define WORDS_MAX 1024

/* JSON of an operation: a batch of names at most; or a piece of a file. */
#define PARAMS_MAX ((size_t)1 << 20)

/* A page of results, within a frame. */
#define BODY_MAX ((size_t)3 << 20)

/* CAs and rollover certificates that go with one label. */
#define CACERTS_MAX ((size_t)256 << 10)

/* A to-be-signed certificate with a key of ML-DSA-87 has 8 KiB at most. */
#define TBS_MAX 16384

/* AlgorithmIdentifier and signature of ML-DSA-87: 4,627 octets and some. */
#define TAIL_MAX 5120

#define HASH_SIZE 32

/* Hashes of a consistency proof: one more than there are levels. */
#define PROOF_MAX ((64 + 1) * HASH_SIZE)

struct field {
    enum {
        END,
        U8,
        U16,
        U32,
        U64,
        TIME, /* int64_t, not negative */
        OCTETS
    } type;
    size_t at;    /* in the struct */
    uint64_t min; /* value, or length */
    uint64_t max;
};
#define FIELD(type, name, member, min, max)           \
    {                                                 \
        type, offsetof(struct name, member), min, max \
    }
#define LAST         \
    {                \
        END, 0, 0, 0 \
    }

static const struct field enrol_fields[] = {
    FIELD(U8, wire_enrol, op, WIRE_ENROLL, WIRE_SERVERKEYGEN),
    FIELD(OCTETS, wire_enrol, label, 0, NAME_MAX_OCTETS),
    FIELD(OCTETS, wire_enrol, cert, 0, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_enrol, chain, 0, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_enrol, user, 0, NAME_MAX_OCTETS),
    FIELD(OCTETS, wire_enrol, token, 0, TOKEN_MAX),
    FIELD(OCTETS, wire_enrol, csr, 1, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_enrol, network, 0, WIRE_NETWORK_MAX),
    LAST,
};

static const struct field enrolled_fields[] = {
    FIELD(U16, wire_enrolled, http, 200, 599),
    FIELD(U32, wire_enrolled, retry_after, 0, UINT32_MAX),
    FIELD(OCTETS, wire_enrolled, cert, 0, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_enrolled, chain, 0, CACERTS_MAX),
    FIELD(TIME, wire_enrolled, renew_from, 0, INT64_MAX),
    FIELD(TIME, wire_enrolled, renew_until, 0, INT64_MAX),
    FIELD(OCTETS, wire_enrolled, words, 0, WORDS_MAX),
    FIELD(OCTETS, wire_enrolled, body, 0, WIRE_DEVICE_BODY_MAX),
    FIELD(U32, wire_enrolled, list, 0, UINT32_MAX),
    LAST,
};

static const struct field seen_fields[] = {
    FIELD(OCTETS, wire_seen, cert, 1, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_seen, chain, 0, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_seen, network, 0, WIRE_NETWORK_MAX),
    LAST,
};

static const struct field device_fields[] = {
    FIELD(U16, wire_device, what, WIRE_DEVICE_STATUS, UINT16_MAX),
    FIELD(OCTETS, wire_device, cert, 1, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_device, chain, 0, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_device, body, 0, WIRE_DEVICE_BODY_MAX),
    FIELD(OCTETS, wire_device, network, 0, WIRE_NETWORK_MAX),
    LAST,
};

static const struct field place_fields[] = {
    FIELD(U64, wire_place, id, 1, INT64_MAX),
    FIELD(U16, wire_place, kind, STORE_DESTINATION_WEBHOOK,
          STORE_DESTINATION_SYSLOG),
    FIELD(U16, wire_place, identity, 0, 1),
    FIELD(OCTETS, wire_place, url, 1, STORE_URL_MAX - 1),
    FIELD(OCTETS, wire_place, secret, STORE_SECRET_MAX, STORE_SECRET_MAX),
    FIELD(OCTETS, wire_place, anchors, 0, STORE_CHAIN_MAX),
    LAST,
};

static const struct field event_fields[] = {
    FIELD(U64, wire_event, place, 1, INT64_MAX),
    FIELD(U64, wire_event, number, 1, INT64_MAX),
    FIELD(TIME, wire_event, at, 0, INT64_MAX),
    FIELD(U32, wire_event, organisation, 0, UINT32_MAX),
    FIELD(U32, wire_event, tries, 0, UINT32_MAX),
    FIELD(U16, wire_event, claimed, 0, 1),
    FIELD(OCTETS, wire_event, id, 1, STORE_ID_MAX - 1),
    FIELD(OCTETS, wire_event, kind, 1, STORE_ID_MAX - 1),
    FIELD(OCTETS, wire_event, owner, 0, STORE_NAME_MAX - 1),
    FIELD(OCTETS, wire_event, device, 0, STORE_NAME_MAX - 1),
    FIELD(OCTETS, wire_event, text, 0, STORE_NAME_MAX - 1),
    LAST,
};

static const struct field sent_fields[] = {
    FIELD(U64, wire_sent, place, 1, INT64_MAX),
    FIELD(U64, wire_sent, number, 1, INT64_MAX),
    FIELD(U16, wire_sent, taken, 0, 1),
    FIELD(OCTETS, wire_sent, words, 0, STORE_NAME_MAX - 1),
    LAST,
};

static const struct field bundle_fields[] = {
    FIELD(U32, wire_bundle, list, 1, UINT32_MAX),
    FIELD(U64, wire_bundle, version, 0, UINT64_MAX),
    FIELD(OCTETS, wire_bundle, message, 0, WIRE_OBJECT_MAX),
    LAST,
};

static const struct field attest_fields[] = {
    FIELD(U8, wire_attest, op, WIRE_ATTEST_CHALLENGE, WIRE_ATTEST_ACTIVATE),
    FIELD(OCTETS, wire_attest, cert, 0, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_attest, chain, 0, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_attest, user, 0, NAME_MAX_OCTETS),
    FIELD(OCTETS, wire_attest, token, 0, TOKEN_MAX),
    FIELD(OCTETS, wire_attest, body, 0, WIRE_DEVICE_BODY_MAX),
    LAST,
};

static const struct field label_fields[] = {
    FIELD(OCTETS, wire_label, label, 1, NAME_MAX_OCTETS),
    FIELD(U32, wire_label, flags, 0, UINT32_MAX),
    FIELD(OCTETS, wire_label, cacerts, 0, CACERTS_MAX),
    FIELD(OCTETS, wire_label, csrattrs, 0, WIRE_OBJECT_MAX),
    LAST,
};

static const struct field admin_fields[] = {
    FIELD(U16, wire_admin, operation, 0, UINT16_MAX),
    FIELD(OCTETS, wire_admin, cert, 1, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_admin, chain, 0, WIRE_OBJECT_MAX),
    FIELD(OCTETS, wire_admin, key, 0, KEY_MAX),
    FIELD(OCTETS, wire_admin, params, 0, PARAMS_MAX),
    FIELD(OCTETS, wire_admin, octets, 0, PARAMS_MAX),
    LAST,
};

static const struct field administered_fields[] = {
    FIELD(U16, wire_administered, http, 200, 599),
    FIELD(U16, wire_administered, stranger, 0, 1),
    FIELD(U32, wire_administered, retry_after, 0, UINT32_MAX),
    FIELD(OCTETS, wire_administered, body, 0, BODY_MAX),
    LAST,
};

static const struct field keep_issue_fields[] = {
    FIELD(OCTETS, wire_keep_issue, profile, 1, NAME_MAX_OCTETS),
    FIELD(OCTETS, wire_keep_issue, ca, 0, NAME_MAX_OCTETS),
    FIELD(OCTETS, wire_keep_issue, csr, 1, WIRE_OBJECT_MAX),
    LAST,
};

static const struct field keep_install_fields[] = {
    FIELD(OCTETS, wire_keep_install, ca, 0, NAME_MAX_OCTETS),
    FIELD(OCTETS, wire_keep_install, key_uri, 1, NAME_MAX_OCTETS),
    FIELD(OCTETS, wire_keep_install, cert, 1, WIRE_OBJECT_MAX),
    LAST,
};

static const struct field head_fields[] = {
    FIELD(U32, wire_head, tree, 0, UINT32_MAX),
    FIELD(U64, wire_head, size, 0, UINT64_MAX),
    FIELD(OCTETS, wire_head, root, HASH_SIZE, HASH_SIZE),
    LAST,
};

static const struct field checkpoint_fields[] = {
    FIELD(U32, wire_checkpoint, tree, 1, UINT32_MAX),
    FIELD(U64, wire_checkpoint, size, 0, UINT64_MAX),
    FIELD(OCTETS, wire_checkpoint, root, HASH_SIZE, HASH_SIZE),
    FIELD(OCTETS, wire_checkpoint, proof, 0, PROOF_MAX),
    LAST,
};

static const struct field signing_fields[] = {
    FIELD(OCTETS, wire_signing, ca, 1, NAME_MAX_OCTETS),
    FIELD(OCTETS, wire_signing, profile, 1, NAME_MAX_OCTETS),
    FIELD(U32, wire_signing, version, 0, UINT32_MAX),
    FIELD(OCTETS, wire_signing, serial, 1, STORE_SERIAL_MAX),
    FIELD(OCTETS, wire_signing, tbs, 1, TBS_MAX),
    LAST,
};

struct tail {
    struct bm_bytes octets;
};
static const struct field tail_fields[] = {
    FIELD(OCTETS, tail, octets, 1, TAIL_MAX),
    LAST,
};

static const struct field crl_fields[] = {
    FIELD(OCTETS, wire_crl, ca, 1, NAME_MAX_OCTETS),
    FIELD(U32, wire_crl, list, 0, UINT32_MAX),
    FIELD(U64, wire_crl, number, 0, UINT64_MAX),
    FIELD(U64, wire_crl, size, 1, UINT32_MAX),
    LAST,
};

static const struct field status_fields[] = {
    FIELD(TIME, wire_status, this_update, 0, INT64_MAX),
    FIELD(TIME, wire_status, next_update, 0, INT64_MAX),
    FIELD(OCTETS, wire_status, response, 1, WIRE_OBJECT_MAX),
    LAST,
};

/* Octets of a number on the wire; OCTETS: of its length. */
static size_t width(const struct field *f)
{
    switch (f->type) {
    case U8:
        return 1;
    case U16:
        return 2;
    case U32:
    case OCTETS:
        return 4;
    default:
        return 8;
    }
}

static uint64_t number_of(const struct field *f, const void *m)
{
    const uint8_t *p = (const uint8_t *)m + f->at;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;

    switch (f->type) {
    case U8:
        return *p;
    case U16:
        memcpy(&v16, p, sizeof v16);
        return v16;
    case U32:
        memcpy(&v32, p, sizeof v32);
        return v32;
    default: /* an int64_t has the same octets */
        memcpy(&v64, p, sizeof v64);
        return v64;
    }
}

static void set_number(const struct field *f, void *m, uint64_t v)
{
    uint8_t *p = (uint8_t *)m + f->at;
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;

    switch (f->type) {
    case U8:
        *p = (uint8_t)v;
        break;
    case U16:
        memcpy(p, &v16, sizeof v16);
        break;
    case U32:
        memcpy(p, &v32, sizeof v32);
        break;
    default:
        memcpy(p, &v, sizeof v);
        break;
    }
}

static void put_number(struct bm_wr *w, uint64_t v, size_t n)
{
    uint8_t octets[8];

    for (size_t i = 0; i < n; i++) {
        octets[n - 1 - i] = (uint8_t)v;
        v >>= 8;
    }
    bm_wr_put(w, (struct bm_bytes){ octets, n });
}

static void put(struct bm_wr *w, const struct field *fields, const void *m)
{
    for (const struct field *f = fields; f->type != END; f++) {
        struct bm_bytes octets;

        if (f->type != OCTETS) {
            put_number(w, number_of(f, m), width(f));
            continue;
        }
        memcpy(&octets, (const uint8_t *)m + f->at, sizeof octets);
        put_number(w, octets.n, width(f));
        bm_wr_put(w, octets);
    }
}

static bm_status take_number(struct bm_bytes *in, const struct field *f,
                             uint64_t *v)
{
    size_t n = width(f);

    if (in->n < n) {
        return BM_E_DER_TRUNCATED;
    }
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        *v = *v << 8 | in->p[i];
    }
    in->p += n;
    in->n -= n;
    return *v >= f->min && *v <= f->max ? BM_OK : BM_E_LIMIT;
}

static bm_status take_field(struct bm_bytes *in, const struct field *f, void *m)
{
    struct bm_bytes octets;
    uint64_t v;

    BM_TRY(take_number(in, f, &v));
    if (f->type != OCTETS) {
        set_number(f, m, v);
        return BM_OK;
    }
    if (v > in->n) {
        return BM_E_DER_TRUNCATED;
    }
    octets = (struct bm_bytes){ v == 0 ? NULL : in->p, (size_t)v };
    memcpy((uint8_t *)m + f->at, &octets, sizeof octets);
    in->p += v;
    in->n -= (size_t)v;
    return BM_OK;
}

/* Read the members from the front of `in`, which stays where it is, and the
 * struct is all zero, when that fails. */
static bm_status take(struct bm_bytes *in, const struct field *fields, void *m,
                      size_t size)
{
    struct bm_bytes rest = *in;
    bm_status rc = BM_OK;

    memset(m, 0, size);
    for (const struct field *f = fields; rc == BM_OK && f->type != END; f++) {
        rc = take_field(&rest, f, m);
    }
    if (rc != BM_OK) {
        memset(m, 0, size);
        return rc;
    }
    *in = rest;
    return BM_OK;
}

static bm_status next(struct bm_bytes *in, const struct field *fields, void *m,
                      size_t size)
{
    if (in->n == 0) {
        memset(m, 0, size);
        return BM_E_END;
    }
    return take(in, fields, m, size);
}

static bm_status get(struct bm_bytes in, const struct field *fields, void *m,
                     size_t size)
{
    BM_TRY(take(&in, fields, m, size));
    if (in.n != 0) {
        memset(m, 0, size);
        return BM_E_DER_TRAILING;
    }
    return BM_OK;
}

void wire_enrol_put(struct bm_wr *w, const struct wire_enrol *m)
{
    put(w, enrol_fields, m);
}

bm_status wire_enrol_get(struct bm_bytes in, struct wire_enrol *m)
{
    return get(in, enrol_fields, m, sizeof *m);
}

void wire_enrolled_put(struct bm_wr *w, const struct wire_enrolled *m)
{
    put(w, enrolled_fields, m);
}

bm_status wire_enrolled_get(struct bm_bytes in, struct wire_enrolled *m)
{
    return get(in, enrolled_fields, m, sizeof *m);
}

void wire_seen_put(struct bm_wr *w, const struct wire_seen *m)
{
    put(w, seen_fields, m);
}

bm_status wire_seen_get(struct bm_bytes in, struct wire_seen *m)
{
    return get(in, seen_fields, m, sizeof *m);
}

void wire_device_put(struct bm_wr *w, const struct wire_device *m)
{
    put(w, device_fields, m);
}

bm_status wire_device_get(struct bm_bytes in, struct wire_device *m)
{
    return get(in, device_fields, m, sizeof *m);
}

void wire_bundle_put(struct bm_wr *w, const struct wire_bundle *m)
{
    put(w, bundle_fields, m);
}

bm_status wire_bundle_get(struct bm_bytes in, struct wire_bundle *m)
{
    return get(in, bundle_fields, m, sizeof *m);
}

void wire_attest_put(struct bm_wr *w, const struct wire_attest *m)
{
    put(w, attest_fields, m);
}

bm_status wire_attest_get(struct bm_bytes in, struct wire_attest *m)
{
    return get(in, attest_fields, m, sizeof *m);
}

void wire_label_put(struct bm_wr *w, const struct wire_label *m)
{
    put(w, label_fields, m);
}

bm_status wire_label_next(struct bm_bytes *in, struct wire_label *m)
{
    return next(in, label_fields, m, sizeof *m);
}

void wire_admin_put(struct bm_wr *w, const struct wire_admin *m)
{
    put(w, admin_fields, m);
}

bm_status wire_admin_get(struct bm_bytes in, struct wire_admin *m)
{
    return get(in, admin_fields, m, sizeof *m);
}

void wire_administered_put(struct bm_wr *w, const struct wire_administered *m)
{
    put(w, administered_fields, m);
}

bm_status wire_administered_get(struct bm_bytes in, struct wire_administered *m)
{
    return get(in, administered_fields, m, sizeof *m);
}

void wire_keep_issue_put(struct bm_wr *w, const struct wire_keep_issue *m)
{
    put(w, keep_issue_fields, m);
}

bm_status wire_keep_issue_get(struct bm_bytes in, struct wire_keep_issue *m)
{
    return get(in, keep_issue_fields, m, sizeof *m);
}

void wire_keep_install_put(struct bm_wr *w, const struct wire_keep_install *m)
{
    put(w, keep_install_fields, m);
}

bm_status wire_keep_install_get(struct bm_bytes in, struct wire_keep_install *m)
{
    return get(in, keep_install_fields, m, sizeof *m);
}

void wire_head_put(struct bm_wr *w, const struct wire_head *m)
{
    put(w, head_fields, m);
}

bm_status wire_head_get(struct bm_bytes in, struct wire_head *m)
{
    return get(in, head_fields, m, sizeof *m);
}

void wire_checkpoint_put(struct bm_wr *w, const struct wire_checkpoint *m)
{
    put(w, checkpoint_fields, m);
}

bm_status wire_checkpoint_get(struct bm_bytes in, struct wire_checkpoint *m)
{
    BM_TRY(get(in, checkpoint_fields, m, sizeof *m));
    if (m->proof.n % HASH_SIZE != 0) {
        memset(m, 0, sizeof *m);
        return BM_E_LIMIT;
    }
    return BM_OK;
}

void wire_signing_put(struct bm_wr *w, const struct wire_signing *m)
{
    put(w, signing_fields, m);
}

bm_status wire_signing_next(struct bm_bytes *in, struct wire_signing *m)
{
    return next(in, signing_fields, m, sizeof *m);
}

void wire_signed_put(struct bm_wr *w, struct bm_bytes octets)
{
    put(w, tail_fields, &(struct tail){ octets });
}

bm_status wire_signed_next(struct bm_bytes *in, struct bm_bytes *octets)
{
    struct tail m;
    bm_status rc = next(in, tail_fields, &m, sizeof m);

    *octets = m.octets;
    return rc;
}

void wire_crl_put(struct bm_wr *w, const struct wire_crl *m)
{
    put(w, crl_fields, m);
}

bm_status wire_crl_get(struct bm_bytes in, struct wire_crl *m)
{
    return get(in, crl_fields, m, sizeof *m);
}

void wire_status_put(struct bm_wr *w, const struct wire_status *m)
{
    put(w, status_fields, m);
}

bm_status wire_status_get(struct bm_bytes in, struct wire_status *m)
{
    return get(in, status_fields, m, sizeof *m);
}

void wire_place_put(struct bm_wr *w, const struct wire_place *m)
{
    put(w, place_fields, m);
}

bm_status wire_place_get(struct bm_bytes in, struct wire_place *m)
{
    return get(in, place_fields, m, sizeof *m);
}

void wire_event_put(struct bm_wr *w, const struct wire_event *m)
{
    put(w, event_fields, m);
}

bm_status wire_event_get(struct bm_bytes in, struct wire_event *m)
{
    return get(in, event_fields, m, sizeof *m);
}

void wire_sent_put(struct bm_wr *w, const struct wire_sent *m)
{
    put(w, sent_fields, m);
}

bm_status wire_sent_get(struct bm_bytes in, struct wire_sent *m)
{
    return get(in, sent_fields, m, sizeof *m);
}
