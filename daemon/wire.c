/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each message is a table of its members, and the same table writes and
 * reads it: what one end can say and the other takes cannot drift apart.
 */
#include "daemon/wire.h"

#include <string.h>

#include "daemon/wire_field.h"

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

static const struct wire_field enrol_fields[] = {
    WIRE_FIELD(WIRE_U8, wire_enrol, op, WIRE_ENROLL, WIRE_SERVERKEYGEN),
    WIRE_FIELD(WIRE_OCTETS, wire_enrol, label, 0, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_OCTETS, wire_enrol, cert, 0, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_enrol, chain, 0, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_enrol, user, 0, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_OCTETS, wire_enrol, token, 0, TOKEN_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_enrol, csr, 1, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_enrol, network, 0, WIRE_NETWORK_MAX),
    WIRE_LAST,
};

static const struct wire_field enrolled_fields[] = {
    WIRE_FIELD(WIRE_U16, wire_enrolled, http, 200, 599),
    WIRE_FIELD(WIRE_U32, wire_enrolled, retry_after, 0, UINT32_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_enrolled, cert, 0, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_enrolled, chain, 0, CACERTS_MAX),
    WIRE_FIELD(WIRE_TIME, wire_enrolled, renew_from, 0, INT64_MAX),
    WIRE_FIELD(WIRE_TIME, wire_enrolled, renew_until, 0, INT64_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_enrolled, words, 0, WORDS_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_enrolled, body, 0, WIRE_DEVICE_BODY_MAX),
    WIRE_FIELD(WIRE_U32, wire_enrolled, list, 0, UINT32_MAX),
    WIRE_LAST,
};

static const struct wire_field seen_fields[] = {
    WIRE_FIELD(WIRE_OCTETS, wire_seen, cert, 1, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_seen, chain, 0, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_seen, network, 0, WIRE_NETWORK_MAX),
    WIRE_LAST,
};

static const struct wire_field device_fields[] = {
    WIRE_FIELD(WIRE_U16, wire_device, what, WIRE_DEVICE_STATUS, UINT16_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_device, cert, 1, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_device, chain, 0, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_device, body, 0, WIRE_DEVICE_BODY_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_device, network, 0, WIRE_NETWORK_MAX),
    WIRE_LAST,
};

static const struct wire_field place_fields[] = {
    WIRE_FIELD(WIRE_U64, wire_place, id, 1, INT64_MAX),
    WIRE_FIELD(WIRE_U16, wire_place, kind, STORE_DESTINATION_WEBHOOK,
               STORE_DESTINATION_SYSLOG),
    WIRE_FIELD(WIRE_U16, wire_place, identity, 0, 1),
    WIRE_FIELD(WIRE_OCTETS, wire_place, url, 1, STORE_URL_MAX - 1),
    WIRE_FIELD(WIRE_OCTETS, wire_place, secret, STORE_SECRET_MAX,
               STORE_SECRET_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_place, anchors, 0, STORE_CHAIN_MAX),
    WIRE_LAST,
};

static const struct wire_field event_fields[] = {
    WIRE_FIELD(WIRE_U64, wire_event, place, 1, INT64_MAX),
    WIRE_FIELD(WIRE_U64, wire_event, number, 1, INT64_MAX),
    WIRE_FIELD(WIRE_TIME, wire_event, at, 0, INT64_MAX),
    WIRE_FIELD(WIRE_U32, wire_event, organisation, 0, UINT32_MAX),
    WIRE_FIELD(WIRE_U32, wire_event, tries, 0, UINT32_MAX),
    WIRE_FIELD(WIRE_U16, wire_event, claimed, 0, 1),
    WIRE_FIELD(WIRE_OCTETS, wire_event, id, 1, STORE_ID_MAX - 1),
    WIRE_FIELD(WIRE_OCTETS, wire_event, kind, 1, STORE_ID_MAX - 1),
    WIRE_FIELD(WIRE_OCTETS, wire_event, owner, 0, STORE_NAME_MAX - 1),
    WIRE_FIELD(WIRE_OCTETS, wire_event, device, 0, STORE_NAME_MAX - 1),
    WIRE_FIELD(WIRE_OCTETS, wire_event, text, 0, STORE_NAME_MAX - 1),
    WIRE_LAST,
};

static const struct wire_field sent_fields[] = {
    WIRE_FIELD(WIRE_U64, wire_sent, place, 1, INT64_MAX),
    WIRE_FIELD(WIRE_U64, wire_sent, number, 1, INT64_MAX),
    WIRE_FIELD(WIRE_U16, wire_sent, taken, 0, 1),
    WIRE_FIELD(WIRE_OCTETS, wire_sent, words, 0, STORE_NAME_MAX - 1),
    WIRE_LAST,
};

static const struct wire_field bundle_fields[] = {
    WIRE_FIELD(WIRE_U32, wire_bundle, list, 1, UINT32_MAX),
    WIRE_FIELD(WIRE_U64, wire_bundle, version, 0, UINT64_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_bundle, message, 0, WIRE_OBJECT_MAX),
    WIRE_LAST,
};

static const struct wire_field attest_fields[] = {
    WIRE_FIELD(WIRE_U8, wire_attest, op, WIRE_ATTEST_CHALLENGE,
               WIRE_ATTEST_ACTIVATE),
    WIRE_FIELD(WIRE_OCTETS, wire_attest, cert, 0, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_attest, chain, 0, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_attest, user, 0, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_OCTETS, wire_attest, token, 0, TOKEN_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_attest, body, 0, WIRE_DEVICE_BODY_MAX),
    WIRE_LAST,
};

static const struct wire_field label_fields[] = {
    WIRE_FIELD(WIRE_OCTETS, wire_label, label, 1, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_U32, wire_label, flags, 0, UINT32_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_label, cacerts, 0, CACERTS_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_label, csrattrs, 0, WIRE_OBJECT_MAX),
    WIRE_LAST,
};

static const struct wire_field admin_fields[] = {
    WIRE_FIELD(WIRE_U16, wire_admin, operation, 0, UINT16_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_admin, cert, 1, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_admin, chain, 0, WIRE_OBJECT_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_admin, key, 0, KEY_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_admin, params, 0, PARAMS_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_admin, octets, 0, PARAMS_MAX),
    WIRE_LAST,
};

static const struct wire_field administered_fields[] = {
    WIRE_FIELD(WIRE_U16, wire_administered, http, 200, 599),
    WIRE_FIELD(WIRE_U16, wire_administered, stranger, 0, 1),
    WIRE_FIELD(WIRE_U32, wire_administered, retry_after, 0, UINT32_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_administered, body, 0, BODY_MAX),
    WIRE_LAST,
};

static const struct wire_field keep_issue_fields[] = {
    WIRE_FIELD(WIRE_OCTETS, wire_keep_issue, profile, 1, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_OCTETS, wire_keep_issue, ca, 0, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_OCTETS, wire_keep_issue, csr, 1, WIRE_OBJECT_MAX),
    WIRE_LAST,
};

static const struct wire_field keep_install_fields[] = {
    WIRE_FIELD(WIRE_OCTETS, wire_keep_install, ca, 0, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_OCTETS, wire_keep_install, key_uri, 1, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_OCTETS, wire_keep_install, cert, 1, WIRE_OBJECT_MAX),
    WIRE_LAST,
};

static const struct wire_field head_fields[] = {
    WIRE_FIELD(WIRE_U32, wire_head, tree, 0, UINT32_MAX),
    WIRE_FIELD(WIRE_U64, wire_head, size, 0, UINT64_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_head, root, HASH_SIZE, HASH_SIZE),
    WIRE_LAST,
};

static const struct wire_field checkpoint_fields[] = {
    WIRE_FIELD(WIRE_U32, wire_checkpoint, tree, 1, UINT32_MAX),
    WIRE_FIELD(WIRE_U64, wire_checkpoint, size, 0, UINT64_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_checkpoint, root, HASH_SIZE, HASH_SIZE),
    WIRE_FIELD(WIRE_OCTETS, wire_checkpoint, proof, 0, PROOF_MAX),
    WIRE_LAST,
};

static const struct wire_field signing_fields[] = {
    WIRE_FIELD(WIRE_OCTETS, wire_signing, ca, 1, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_OCTETS, wire_signing, profile, 1, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_U32, wire_signing, version, 0, UINT32_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_signing, serial, 1, STORE_SERIAL_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_signing, tbs, 1, TBS_MAX),
    WIRE_LAST,
};

struct tail {
    struct bm_bytes octets;
};
static const struct wire_field tail_fields[] = {
    WIRE_FIELD(WIRE_OCTETS, tail, octets, 1, TAIL_MAX),
    WIRE_LAST,
};

static const struct wire_field crl_fields[] = {
    WIRE_FIELD(WIRE_OCTETS, wire_crl, ca, 1, NAME_MAX_OCTETS),
    WIRE_FIELD(WIRE_U32, wire_crl, list, 0, UINT32_MAX),
    WIRE_FIELD(WIRE_U64, wire_crl, number, 0, UINT64_MAX),
    WIRE_FIELD(WIRE_U64, wire_crl, size, 1, UINT32_MAX),
    WIRE_LAST,
};

static const struct wire_field status_fields[] = {
    WIRE_FIELD(WIRE_TIME, wire_status, this_update, 0, INT64_MAX),
    WIRE_FIELD(WIRE_TIME, wire_status, next_update, 0, INT64_MAX),
    WIRE_FIELD(WIRE_OCTETS, wire_status, response, 1, WIRE_OBJECT_MAX),
    WIRE_LAST,
};

void wire_enrol_put(struct bm_wr *w, const struct wire_enrol *m)
{
    wire_fields_put(w, enrol_fields, m);
}

bm_status wire_enrol_get(struct bm_bytes in, struct wire_enrol *m)
{
    return wire_fields_get(in, enrol_fields, m, sizeof *m);
}

void wire_enrolled_put(struct bm_wr *w, const struct wire_enrolled *m)
{
    wire_fields_put(w, enrolled_fields, m);
}

bm_status wire_enrolled_get(struct bm_bytes in, struct wire_enrolled *m)
{
    return wire_fields_get(in, enrolled_fields, m, sizeof *m);
}

void wire_seen_put(struct bm_wr *w, const struct wire_seen *m)
{
    wire_fields_put(w, seen_fields, m);
}

bm_status wire_seen_get(struct bm_bytes in, struct wire_seen *m)
{
    return wire_fields_get(in, seen_fields, m, sizeof *m);
}

void wire_device_put(struct bm_wr *w, const struct wire_device *m)
{
    wire_fields_put(w, device_fields, m);
}

bm_status wire_device_get(struct bm_bytes in, struct wire_device *m)
{
    return wire_fields_get(in, device_fields, m, sizeof *m);
}

void wire_bundle_put(struct bm_wr *w, const struct wire_bundle *m)
{
    wire_fields_put(w, bundle_fields, m);
}

bm_status wire_bundle_get(struct bm_bytes in, struct wire_bundle *m)
{
    return wire_fields_get(in, bundle_fields, m, sizeof *m);
}

void wire_attest_put(struct bm_wr *w, const struct wire_attest *m)
{
    wire_fields_put(w, attest_fields, m);
}

bm_status wire_attest_get(struct bm_bytes in, struct wire_attest *m)
{
    return wire_fields_get(in, attest_fields, m, sizeof *m);
}

void wire_label_put(struct bm_wr *w, const struct wire_label *m)
{
    wire_fields_put(w, label_fields, m);
}

bm_status wire_label_next(struct bm_bytes *in, struct wire_label *m)
{
    return wire_fields_next(in, label_fields, m, sizeof *m);
}

void wire_admin_put(struct bm_wr *w, const struct wire_admin *m)
{
    wire_fields_put(w, admin_fields, m);
}

bm_status wire_admin_get(struct bm_bytes in, struct wire_admin *m)
{
    return wire_fields_get(in, admin_fields, m, sizeof *m);
}

void wire_administered_put(struct bm_wr *w, const struct wire_administered *m)
{
    wire_fields_put(w, administered_fields, m);
}

bm_status wire_administered_get(struct bm_bytes in, struct wire_administered *m)
{
    return wire_fields_get(in, administered_fields, m, sizeof *m);
}

void wire_keep_issue_put(struct bm_wr *w, const struct wire_keep_issue *m)
{
    wire_fields_put(w, keep_issue_fields, m);
}

bm_status wire_keep_issue_get(struct bm_bytes in, struct wire_keep_issue *m)
{
    return wire_fields_get(in, keep_issue_fields, m, sizeof *m);
}

void wire_keep_install_put(struct bm_wr *w, const struct wire_keep_install *m)
{
    wire_fields_put(w, keep_install_fields, m);
}

bm_status wire_keep_install_get(struct bm_bytes in, struct wire_keep_install *m)
{
    return wire_fields_get(in, keep_install_fields, m, sizeof *m);
}

void wire_head_put(struct bm_wr *w, const struct wire_head *m)
{
    wire_fields_put(w, head_fields, m);
}

bm_status wire_head_get(struct bm_bytes in, struct wire_head *m)
{
    return wire_fields_get(in, head_fields, m, sizeof *m);
}

void wire_checkpoint_put(struct bm_wr *w, const struct wire_checkpoint *m)
{
    wire_fields_put(w, checkpoint_fields, m);
}

bm_status wire_checkpoint_get(struct bm_bytes in, struct wire_checkpoint *m)
{
    BM_TRY(wire_fields_get(in, checkpoint_fields, m, sizeof *m));
    if (m->proof.n % HASH_SIZE != 0) {
        memset(m, 0, sizeof *m);
        return BM_E_LIMIT;
    }
    return BM_OK;
}

void wire_signing_put(struct bm_wr *w, const struct wire_signing *m)
{
    wire_fields_put(w, signing_fields, m);
}

bm_status wire_signing_next(struct bm_bytes *in, struct wire_signing *m)
{
    return wire_fields_next(in, signing_fields, m, sizeof *m);
}

void wire_signed_put(struct bm_wr *w, struct bm_bytes octets)
{
    wire_fields_put(w, tail_fields, &(struct tail){ octets });
}

bm_status wire_signed_next(struct bm_bytes *in, struct bm_bytes *octets)
{
    struct tail m;
    bm_status rc = wire_fields_next(in, tail_fields, &m, sizeof m);

    *octets = m.octets;
    return rc;
}

void wire_crl_put(struct bm_wr *w, const struct wire_crl *m)
{
    wire_fields_put(w, crl_fields, m);
}

bm_status wire_crl_get(struct bm_bytes in, struct wire_crl *m)
{
    return wire_fields_get(in, crl_fields, m, sizeof *m);
}

void wire_status_put(struct bm_wr *w, const struct wire_status *m)
{
    wire_fields_put(w, status_fields, m);
}

bm_status wire_status_get(struct bm_bytes in, struct wire_status *m)
{
    return wire_fields_get(in, status_fields, m, sizeof *m);
}

void wire_place_put(struct bm_wr *w, const struct wire_place *m)
{
    wire_fields_put(w, place_fields, m);
}

bm_status wire_place_get(struct bm_bytes in, struct wire_place *m)
{
    return wire_fields_get(in, place_fields, m, sizeof *m);
}

void wire_event_put(struct bm_wr *w, const struct wire_event *m)
{
    wire_fields_put(w, event_fields, m);
}

bm_status wire_event_get(struct bm_bytes in, struct wire_event *m)
{
    return wire_fields_get(in, event_fields, m, sizeof *m);
}

void wire_sent_put(struct bm_wr *w, const struct wire_sent *m)
{
    wire_fields_put(w, sent_fields, m);
}

bm_status wire_sent_get(struct bm_bytes in, struct wire_sent *m)
{
    return wire_fields_get(in, sent_fields, m, sizeof *m);
}
