/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer in this process says to devices: trust bundles and delivery
 * manifests. What it agrees to is here; its keys are not. */
#include <stdio.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/internal.h"
#include "ca/jws.h"
#include "ca/local_signer_internal.h"
#include "core/bundle.h"
#include "core/manifest.h"
#include "core/oid.h"
#include "core/path.h"

/* ---- Trust bundles */

static bool is_among(const struct bm_bytes *these, size_t n, struct bm_bytes b)
{
    for (size_t i = 0; i < n; i++) {
        if (bm_bytes_equal(these[i], b)) {
            return true;
        }
    }
    return false;
}

/* The same of those that may be on one list alone. */
static bool is_listed(const struct ca_signer_listed *these, size_t n,
                      uint32_t list, struct bm_bytes b)
{
    for (size_t i = 0; i < n; i++) {
        if ((these[i].list == 0 || these[i].list == list) &&
            bm_bytes_equal(these[i].cert, b)) {
            return true;
        }
    }
    return false;
}

/* An anchor for enrolment hands out all others: only a root of ours is. */
static bool agree_anchor(const struct ca_signer_bundle *by, uint32_t list,
                         const struct bm_bundle_anchor *anchor)
{
    if (anchor->status == BM_BUNDLE_WITHDRAWN) {
        return is_listed(by->withdrawn, by->withdrawn_n, list, anchor->cert);
    }
    return anchor->status == BM_BUNDLE_ACTIVE &&
           (is_among(by->anchors, by->anchors_n, anchor->cert) ||
            ((anchor->uses & ~(unsigned)BM_BUNDLE_USES) == 0 &&
             is_listed(by->members, by->members_n, list, anchor->cert)));
}

/* What is of another ecosystem is no business of those who get this list. */
static bm_status agree_certs(const struct ca_signer_bundle *by,
                             const struct bm_bundle *bundle)
{
    uint32_t list = ca_bundle_list_named(by->series, bundle->name);
    struct bm_bytes anchors = bundle->anchors;
    struct bm_bytes cross = bundle->cross;
    struct bm_bundle_anchor anchor;
    struct bm_bytes der;

    while (bm_bundle_anchor_next(&anchors, &anchor)) {
        if (!agree_anchor(by, list, &anchor)) {
            return BM_E_CA_SIGNER;
        }
    }
    while (bm_bundle_cross_next(&cross, &der)) {
        if (!is_listed(by->cross, by->cross_n, list, der)) {
            return BM_E_CA_SIGNER;
        }
    }
    return BM_OK;
}

/* Does the bundle deny the CA `cert`, in the name of this one? `*found`: it
 * may have issued it. */
static bm_status agree_issuer(const struct local *l,
                              const struct bm_bundle *bundle,
                              const struct bm_cert *cert, struct bm_bytes der,
                              bool *found)
{
    struct bm_cert issuer;
    uint8_t key[BM_BUNDLE_KEY_SIZE];

    BM_TRY(bm_cert_parse(der, BM_STRICT, NULL, &issuer));
    if (!bm_bytes_equal(issuer.subject, cert->issuer)) {
        return BM_OK;
    }
    *found = true;
    BM_TRY(bm_bundle_key(l->c.crypto, &issuer.key, key));
    return bm_bundle_ask(bundle, key, cert->serial) == BM_BUNDLE_DENIED
               ? BM_E_CA_SIGNER
               : BM_OK;
}

/* ... in the name of any that may have issued it? A CA of which nobody knows
 * who did could be denied in any name. */
static bm_status agree_ca(const struct local *l, const struct bm_bundle *bundle,
                          struct bm_bytes der, const struct bm_bytes *chain,
                          size_t n)
{
    const struct ca_signer_bundle *by = &l->c.bundle;
    struct bm_cert cert;
    bool found = false;

    BM_TRY(bm_cert_parse(der, BM_STRICT, NULL, &cert));
    for (size_t i = 0; i < n; i++) {
        BM_TRY(agree_issuer(l, bundle, &cert, chain[i], &found));
    }
    for (size_t i = 0; i < by->cross_n; i++) {
        BM_TRY(agree_issuer(l, bundle, &cert, by->cross[i].cert, &found));
    }
    for (size_t i = 0; i < by->anchors_n; i++) {
        BM_TRY(agree_issuer(l, bundle, &cert, by->anchors[i], &found));
    }
    return found ? BM_OK : BM_E_CA_SIGNER;
}

/*
 * A device that took a bundle which denies a CA above its own signer takes no
 * other one, for ever: whoever captured the issuer would have a word that is
 * the cold root's. What else is denied, a later bundle takes back, and the
 * certificate of the signer itself may be: the next one has another number.
 */
static bm_status agree_signer(const struct local *l,
                              const struct bm_bundle *bundle)
{
    struct bm_bytes chain[BM_PATH_DEPTH_MAX];
    struct bm_der d;
    size_t n = 0;

    bm_der_init(&d, l->c.bundle.chain, NULL);
    while (bm_der_left(&d) != 0) {
        if (n == BM_PATH_DEPTH_MAX) {
            return BM_E_LIMIT;
        }
        BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &chain[n++]));
    }
    for (size_t i = 1; i < n; i++) {
        BM_TRY(agree_ca(l, bundle, chain[i], chain, n));
    }
    return BM_OK;
}

/* As of lists, the first one too: whoever captured the issuer must not use up
 * the versions. */
static bm_status agree_version(const struct local *l, enum ca_journal_kind kind,
                               uint64_t version)
{
    uint64_t last = ca_journal_version(l->c.journal, kind);

    return version > last && version <= CA_LIST_NUMBER_MAX &&
                   version - last <= CA_LIST_STEP_MAX
               ? BM_OK
               : BM_E_CA_SIGNER;
}

/* What bundles and manifests have in common. */
struct numbered {
    enum ca_journal_kind kind;
    struct bm_bytes series;
    uint64_t version;
    int64_t issued;
    int64_t next_update;
    bm_status (*sign)(const struct bm_signed_by *by, struct bm_bytes content,
                      struct bm_wr *w);
};

static bm_status agree_numbered(const struct local *l, const struct numbered *m,
                                int64_t now)
{
    const struct ca_signer_bundle *by = &l->c.bundle;

    if (ca_bundle_list_named(by->series, m->series) == 0 ||
        m->issued > now + CA_CLOCK_SLACK || m->next_update <= m->issued ||
        m->next_update - m->issued > by->lifetime ||
        m->next_update > by->cert->not_after) {
        return BM_E_CA_SIGNER;
    }
    return agree_version(l, m->kind, m->version);
}

/* ECDSA on P-256 (RFC 3279 2.2.3): a SEQUENCE of two INTEGERs of 33 octets. */
#define LONGEST_SIGNATURE 72

static bm_status put_longest(void *self, struct bm_bytes message,
                             struct bm_wr *signature)
{
    static const uint8_t blank[LONGEST_SIGNATURE];

    (void)self;
    (void)message;
    bm_wr_put(signature, BM_ARRAY(blank));
    return BM_OK;
}

/* Will it fit, however long the signature comes out? Tried where it will be
 * written: what does not fit must not burn a version with each attempt. */
static bm_status try_numbered(const struct numbered *m,
                              const struct bm_signed_by *by,
                              struct bm_bytes content, struct bm_wr message)
{
    struct bm_signer blank = *by->signer;
    struct bm_signed_by trying = *by;
    bm_status rc;

    blank.sign = put_longest;
    trying.signer = &blank;
    rc = m->sign(&trying, content, &message);
    return rc == BM_E_LIMIT ? BM_E_BUFFER : rc;
}

static bm_status sign_numbered(struct local *l, const struct numbered *m,
                               struct bm_bytes content, int64_t now,
                               struct bm_wr *message)
{
    const struct ca_signer_bundle *by = &l->c.bundle;
    const struct bm_signed_by signer = { .crypto = l->c.crypto,
                                         .signer = by->key,
                                         .cert = by->cert,
                                         .chain = by->chain };
    struct ca_journal_entry e = { .kind = m->kind,
                                  .time = now,
                                  .number = m->version };

    BM_TRY(try_numbered(m, &signer, content, *message));
    if (by->holder != NULL) {
        BM_TRY(local_of_key(bm_key_ready(by->holder)));
    }
    BM_TRY(local_hash(l, content, e.hash, sizeof e.hash));
    BM_TRY(local_hash(l, by->cert->key.der, e.key, sizeof e.key));
    BM_TRY(ca_journal_append(l->c.journal, &e, 1));
    return m->sign(&signer, content, message);
}

bm_status local_sign_bundle(void *self, struct bm_bytes content, int64_t now,
                            struct bm_wr *message)
{
    struct local *l = self;
    struct bm_bundle bundle;
    struct numbered m = { .kind = CA_JOURNAL_BUNDLE, .sign = bm_bundle_sign };

    if (l->c.bundle.key == NULL) {
        return BM_E_CA_UNAVAILABLE;
    }
    BM_TRY(bm_bundle_parse(content, NULL, &bundle));
    m.series = bundle.name;
    m.version = bundle.version;
    m.issued = bundle.issued;
    m.next_update = bundle.next_update;
    BM_TRY(agree_numbered(l, &m, now));
    if (bundle.keys.n != 0) {
        return BM_E_CA_SIGNER;
    }
    BM_TRY(agree_signer(l, &bundle));
    BM_TRY(agree_certs(&l->c.bundle, &bundle));
    return sign_numbered(l, &m, content, now, message);
}

/*
 * What it names is signed by others, or is a trust bundle of ours; so what is
 * looked at is that it is a manifest of this authority, and newer than all
 * before it.
 */
bm_status local_sign_manifest(void *self, struct bm_bytes content, int64_t now,
                              struct bm_wr *message)
{
    struct local *l = self;
    struct bm_manifest manifest;
    struct numbered m = { .kind = CA_JOURNAL_MANIFEST,
                          .sign = bm_manifest_sign };

    if (l->c.bundle.key == NULL) {
        return BM_E_CA_UNAVAILABLE;
    }
    BM_TRY(bm_manifest_parse(content, NULL, &manifest));
    m.series = manifest.series;
    m.version = manifest.version;
    m.issued = manifest.issued;
    m.next_update = manifest.next_update;
    BM_TRY(agree_numbered(l, &m, now));
    return sign_numbered(l, &m, content, now, message);
}

/* May it be signed, and with what? */
static bm_status agree_list(const struct ca_signer_bundle *by,
                            struct bm_bytes digest)
{
    if (by->key == NULL) {
        return BM_E_CA_UNAVAILABLE;
    }
    if (digest.n != STORE_HASH_SIZE || by->key->alg != BM_SIG_ECDSA_SHA256) {
        return BM_E_CA_SIGNER;
    }
    return by->holder == NULL ? BM_OK : local_of_key(bm_key_ready(by->holder));
}

bm_status local_sign_list(void *self, struct bm_bytes digest, int64_t now,
                          struct bm_wr *message)
{
    const struct local *l = self;
    const struct ca_signer_bundle *by = &l->c.bundle;
    const struct bm_cms_sign_config config = {
        .crypto = l->c.crypto,
        .signer = by->key,
        .cert = by->cert,
        .detached = true,
        .content_type = BM_LIT(BM_OID_CT_BATCH),
        .digest = digest,
        .certs = by->chain,
        .signing_time = now,
    };

    BM_TRY(agree_list(by, digest));
    return bm_cms_sign(&config, message);
}

bm_status local_sign_list_jws(void *self, struct bm_bytes digest, int64_t now,
                              struct bm_wr *w)
{
    const struct local *l = self;
    const struct ca_signer_bundle *by = &l->c.bundle;
    char digits[2 * STORE_HASH_SIZE + 1];
    char payload[256];
    struct ca_jws jws = { .key = by->key,
                          .certs = by->chain,
                          .type = "birthmark-batch+jws" };

    BM_TRY(agree_list(by, digest));
    ca_hex(digest, digits, sizeof digits);
    jws.payload.n = (size_t)snprintf(
        payload, sizeof payload,
        "{\"birthmark_batch\":1,\"list_sha256\":\"%s\",\"iat\":%lld}", digits,
        (long long)now);
    jws.payload.p = (const uint8_t *)payload;
    return ca_jws_put(&jws, w);
}
