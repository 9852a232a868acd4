/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"
#include "device/enrol_internal.h"

/*
 * From certificates to an identity: ours by its key, wherever it stands; those
 * above it by name and key identifier; then the judge is asked, and the
 * identity keeps it.
 */

/* What matters of a certificate for its place in a chain. Views. */
struct link {
    struct bm_bytes der;
    struct bm_bytes subject;
    struct bm_bytes issuer;
    struct bm_bytes key_id;        /* or empty */
    struct bm_bytes issuer_key_id; /* or empty */
    struct bm_bytes key;           /* SubjectPublicKeyInfo */
    int64_t not_before;
    bool ca;
};

static bool read_link(struct bm_bytes der, struct link *l)
{
    struct bm_cert cert;
    struct bm_aki aki;

    if (bm_cert_parse(der, BM_STRICT, NULL, &cert) != BM_OK) {
        return false;
    }
    bm_exts_aki(&cert.ext, &aki);
    *l = (struct link){
        der,        cert.subject, cert.issuer,     bm_exts_ski(&cert.ext),
        aki.key_id, cert.key.der, cert.not_before, cert.ext.ca
    };
    return true;
}

/* Two CAs of one name are told apart by their keys, as in a rollover. */
static bool is_issuer(const struct link *l, const struct link *of)
{
    return bm_bytes_equal(l->subject, of->issuer) &&
           (l->key_id.n == 0 || of->issuer_key_id.n == 0 ||
            bm_bytes_equal(l->key_id, of->issuer_key_id));
}

static bool is_root(const struct link *l)
{
    return bm_bytes_equal(l->subject, l->issuer);
}

/* Find the issuer of `of` in the room. */
static bool find_issuer(const struct bm_enrol *e, const struct link *of,
                        struct link *issuer)
{
    struct bm_bytes left = enrol_used(e);
    struct bm_bytes der;

    while (bm_cms_next(&left, &der)) {
        if (read_link(der, issuer) && is_issuer(issuer, of)) {
            return true;
        }
    }
    return false;
}

bool enrol_is_wanted(const struct bm_enrol *e, struct bm_bytes der)
{
    struct bm_bytes left = { e->config->room,
                             (size_t)(der.p - e->config->room) };
    struct bm_bytes held;
    struct link l;
    struct link of;
    bool wanted = false;

    if (!read_link(der, &l)) {
        return false;
    }
    while (bm_cms_next(&left, &held)) {
        if (bm_bytes_equal(held, der)) {
            return false;
        }
        wanted |= read_link(held, &of) && is_issuer(&l, &of);
    }
    return wanted;
}

void enrol_learn(struct bm_enrol *e)
{
    size_t roots = 0;

    e->learned = bm_trust_learn(e->config->trust, enrol_used(e), e->at, &roots);
    e->roots += roots;
    e->used = 0;
}

/* RFC 7030 4.2.3: the certificate of our key; its place is not relied on. */
static bm_status find_own(const struct bm_enrol *e, struct link *own)
{
    enum bm_identity_place place = enrol_place(e);
    struct bm_bytes left = enrol_used(e);
    const struct bm_signer *signer;
    bm_status rc = BM_E_ENROL_KEY;
    struct bm_bytes der;

    BM_TRY(bm_identity_signer(e->config->identity, place, &signer));
    while (rc != BM_OK && bm_cms_next(&left, &der)) {
        if (read_link(der, own) && bm_bytes_equal(own->key, signer->key.der)) {
            rc = BM_OK;
        }
    }
    bm_identity_close(e->config->identity, place);
    return rc;
}

/* A chain as it is kept: towards the root, and without it. */
struct chain {
    struct bm_bytes certs[BM_IDENTITY_CERTS_MAX];
    size_t n;
    bool whole; /* the root was seen */
    bool ca;    /* our own one is a CA's */
    int64_t not_before;
};

static bm_status find_chain(const struct bm_enrol *e, struct chain *c)
{
    struct link next;
    struct link l;

    BM_TRY(find_own(e, &l));
    *c = (struct chain){ .certs = { l.der },
                         .n = 1,
                         .whole = is_root(&l),
                         .ca = l.ca,
                         .not_before = l.not_before };
    while (!c->whole && c->n < BM_IDENTITY_CERTS_MAX &&
           find_issuer(e, &l, &next)) {
        l = next;
        c->whole = is_root(&l);
        if (!c->whole) {
            c->certs[c->n++] = l.der;
        }
    }
    return BM_OK;
}

static bm_status judge(const struct bm_enrol *e, const struct chain *c)
{
    struct bm_trust_expect expect = { .use = BM_TRUST_OWN, .uptime = e->at };
    struct bm_trust_verdict verdict;

    return bm_trust_judge(e->config->trust, c->certs, c->n, &expect, &verdict);
}

bm_status enrol_install(struct bm_enrol *e)
{
    const struct bm_enrol_config *config = e->config;
    enum bm_identity_place place = enrol_place(e);
    bool again = (e->flags & (ENROL_ONCE | ENROL_FOUND)) != ENROL_ONCE;
    struct chain c;
    bm_status rc;

    BM_TRY(find_chain(e, &c));
    if (c.ca) {
        return BM_E_ENROL_CA; /* what a device shows issues nothing */
    }
    rc = judge(e, &c);
    if (again && (rc != BM_OK || (c.n == 1 && !c.whole))) {
        return BM_E_END;
    }
    if (rc != BM_OK) {
        return rc == BM_E_PATH_NO_ISSUER ? BM_E_ENROL_CHAIN : rc;
    }
    rc = bm_identity_install(config->identity, place, c.certs, c.n);
    bm_identity_close(config->identity, place);
    if (rc == BM_OK && config->clock != NULL && (e->flags & ENROL_STALE) == 0) {
        /* What the log does not keep counts until the next start. */
        bm_status kept = bm_clock_learn(config->clock, BM_CLOCK_ISSUED,
                                        c.not_before, e->connections, e->at);

        (void)kept;
    }
    return rc;
}
