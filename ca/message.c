/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the authority tells devices, signed and numbered: trust bundles and
 * delivery manifests. A version is in the signer's journal before its signature
 * is made, and used up then, whatever becomes of the message.
 */
#include <string.h>

#include "ca/bundle.h"
#include "ca/internal.h"

static const char *setting_of(enum ca_journal_kind kind)
{
    return kind == CA_JOURNAL_MANIFEST ? "manifest/floor" : "bundle/floor";
}

bm_status ca_version_floor(const struct store *s, enum ca_journal_kind kind,
                           uint64_t *version)
{
    struct bm_bytes v;
    bm_status rc = s->setting_get(s->self, setting_of(kind), &v);

    *version = 0;
    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(rc);
    if (v.n != 8) {
        return BM_E_STORE_CORRUPT;
    }
    for (size_t i = 0; i < 8; i++) {
        *version = *version << 8 | v.p[i];
    }
    return BM_OK;
}

bm_status ca_version_used(struct ca *ca, enum ca_journal_kind kind,
                          uint64_t version)
{
    const struct store *s = ca->c.store;
    uint8_t value[8];
    uint64_t last;

    BM_TRY(ca_version_floor(s, kind, &last));
    if (version <= last) {
        return BM_OK;
    }
    for (size_t i = 0; i < 8; i++) {
        value[i] = (uint8_t)(version >> (56 - 8 * i));
    }
    ca->dirty = true;
    return s->setting_put(s->self, setting_of(kind), BM_ARRAY(value));
}

bm_status ca_version_skip(struct ca *ca, enum ca_journal_kind kind, uint64_t n)
{
    uint64_t last;

    BM_TRY(ca_version_floor(ca->c.store, kind, &last));
    return last > CA_LIST_NUMBER_MAX - n ? BM_E_CRL_NUMBER
                                         : ca_version_used(ca, kind, last + n);
}

/* Nobody believes it after the end of the certificate that signed it. */
bm_status ca_message_end(struct ca *ca, int64_t now, int64_t *end,
                         struct ca_refusal *why)
{
    struct ca_bundle_signer signer;
    struct bm_cert cert;
    bm_status rc = ca_bundle_signer_get(ca->c.store, &signer);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE,
                         "nothing signs trust bundles yet: the service makes "
                         "a key and a certificate for that when it starts");
    }
    BM_TRY(rc);
    BM_TRY(bm_cert_parse(signer.cert, BM_STRICT, NULL, &cert));
    *end = now + ca->c.bundle_lifetime;
    if (*end > cert.not_after) {
        *end = cert.not_after;
    }
    return *end > now ? BM_OK
                      : ca_refuse(why, BM_E_CA_UNAVAILABLE,
                                  "the certificate that signs trust bundles "
                                  "has expired");
}

static bm_status sign(struct ca *ca, const struct ca_message *m, int64_t now,
                      struct bm_wr *message)
{
    const struct ca_signer *signer = ca->c.signer;
    bm_status (*by)(void *self, struct bm_bytes content, int64_t now,
                    struct bm_wr *message) =
        m->kind == CA_JOURNAL_MANIFEST ? signer->manifest : signer->bundle;
    size_t n;

    if (by == NULL) {
        return BM_E_CA_UNAVAILABLE;
    }
    ca->recover = true;
    BM_TRY(by(signer->self, m->content, now, message));
    return bm_wr_finish(message, &n);
}

bm_status ca_message_sign(struct ca *ca, const struct ca_message *m,
                          int64_t now, struct bm_wr *message,
                          struct ca_refusal *why)
{
    size_t from = message->len;
    bm_status rc = sign(ca, m, now, message);

    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    /* It is signed: not to be taken for lost by this very transaction. */
    ca->recover = false;
    rc = ca_begin(ca, now, why);
    ca->recover = true;
    if (rc != BM_OK) {
        return rc;
    }
    rc = m->record(
        ca, m->arg, now,
        (struct bm_bytes){ message->buf + from, message->len - from });
    return ca_end_signed(ca, rc, now, why);
}
