/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is decided about a request: its profile, its proof, what the
 * certificate will say, and whose its identifiers are. issue.c says in which
 * order, and what becomes of it.
 */
#include <string.h>

#include "ca/bad_keys.h"
#include "ca/quota.h"

void ca_slot_reset(struct ca_slot *s, const struct ca_issue_request *request,
                   struct ca_issue_result *result)
{
    /* All but the room for octets, which is large and written before read. */
    memset(s, 0, offsetof(struct ca_slot, tbs_room));
    s->request = request;
    s->result = result;
    bm_wr_init(&s->tbs, s->tbs_room, sizeof s->tbs_room);
    bm_wr_init(&s->cert, s->cert_room, sizeof s->cert_room);
    memset(result, 0, sizeof *result);
}

static bm_status take_random(struct ca *ca, uint8_t octets[CA_SERIAL_RANDOM])
{
    const struct bm_crypto *crypto = ca->c.crypto;

    if (ca->serials == 0) { /* drawn one by one they cost ten times that */
        BM_TRY(crypto->random(crypto->self, ca->serial_random[0],
                              sizeof ca->serial_random));
        ca->serials = CA_SERIALS;
    }
    ca->serials--;
    memcpy(octets, ca->serial_random[ca->serials], CA_SERIAL_RANDOM);
    bm_wipe(ca->serial_random[ca->serials], CA_SERIAL_RANDOM);
    return BM_OK;
}

/* Milliseconds by which serial numbers may be ahead of the clock: more than a
 * thousand in a second are. */
#define SERIAL_AHEAD (3600 * INT64_C(1000))

/*
 * 48 bits of milliseconds, 80 of randomness (design, section 5): positive,
 * unique, unpredictable, and rising, so that rows go to the end of the index.
 */
static bm_status make_serial(struct ca *ca, struct ca_slot *s, int64_t now)
{
    int64_t ms = now * 1000;

    if (ca->serial_ms >= ms && ca->serial_ms < ms + SERIAL_AHEAD) {
        ms = ca->serial_ms + 1;
    } else if (ca->serial_ms >= ms) {
        ms = ca->serial_ms;
    }
    if (!s->is_draft) {
        ca->serial_ms = ms;
    }
    for (size_t i = 0; i < 6; i++) {
        s->serial[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
    }
    return s->is_draft ? BM_OK : take_random(ca, s->serial + 6);
}

/* The octets of an INTEGER: nothing in front that need not be there. */
struct bm_bytes ca_serial_contents(const struct ca_slot *s)
{
    size_t skip = 0;

    while (skip < 15 && s->serial[skip] == 0 &&
           (s->serial[skip + 1] & 0x80) == 0) {
        skip++;
    }
    return (struct bm_bytes){ s->serial + skip, 16 - skip };
}

struct claim {
    struct ca *ca;
    struct ca_slot *s;
    struct ca_refusal *why;
    struct bm_bytes identifier;
};

static bm_status identifier_holder(void *arg, const void *row)
{
    struct claim *c = arg;
    const struct store *s = c->ca->c.store;
    const uint64_t *ref = row;
    struct store_cert cert;
    char serial[CA_SERIAL_TEXT];

    BM_TRY(s->cert_get(s->self, &ca_everything, *ref, &cert));
    if (ca_is_kin(c->s, &cert)) {
        return c->s->has_device ? BM_OK : BM_E_END;
    }
    if (cert.organisation != c->s->organisation) {
        return ca_refuse_plain(c->why, BM_E_CA_IDENTIFIER);
    }
    ca_hex(cert.serial, serial, sizeof serial);
    return ca_refuse(c->why, BM_E_CA_IDENTIFIER, "by certificate %s", serial);
}

/* Identifiers are unique for ever, but among certificates of one device, or
 * a certificate and its renewals. */
static bm_status take_identifier(void *arg, struct bm_bytes identifier)
{
    struct claim *c = arg;
    struct ca *ca = c->ca;
    struct ca_slot *s = c->s;
    struct store_visit visit = { c, identifier_holder };
    uint8_t *hash;

    if (s->identifiers_n == CA_IDENTIFIERS_MAX) {
        return ca_refuse(c->why, BM_E_LIMIT, "identifiers");
    }
    hash = s->identifier[s->identifiers_n++];
    BM_TRY(ca->c.crypto->hash(ca->c.crypto->self, BM_HASH_SHA256, identifier,
                              hash));
    return ca->c.store->claim_list(ca->c.store->self, STORE_CLAIM_IDENTIFIER,
                                   hash, &visit);
}

/* Whoever asks by a protocol has nothing to wish for beside the CSR. */
static bool has_wishes(const struct ca_slot *s)
{
    return s->request->by == CA_BY_OPERATOR ||
           s->request->by == CA_BY_AUTHORITY;
}

/*
 * For good: it stands in the certificate. By the random part of the serial
 * number, so that shards are of one size whatever is issued when.
 */
static uint32_t choose_shard(const struct ca_slot *s)
{
    const uint8_t *p = s->serial + 12;
    uint32_t random = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                      (uint32_t)p[2] << 8 | p[3];

    return s->shards == 0 ? 0 : 1 + random % s->shards;
}

/* Make the certificate but for its signature, and look at what was made. */
bm_status ca_make_tbs(struct ca *ca, struct ca_slot *s, int64_t now,
                      struct ca_refusal *why)
{
    struct claim claim = { .ca = ca, .s = s, .why = why };
    struct ca_profile_request r = {
        .csr = s->request->csr,
        .device = ca_text(s->name),
        .now = now,
    };
    struct bm_cert cert;

    BM_TRY(make_serial(ca, s, now));
    if (has_wishes(s)) {
        r.subject = s->request->subject;
        r.not_after = s->request->not_after;
    }
    r.serial = (struct bm_bytes){ s->serial, 16 };
    r.shard = choose_shard(s);
    r.current = s->request->by == CA_BY_CURRENT ? &s->current : NULL;
    BM_TRY(ca_profile_fill(s->profile, &r, &s->tbs, why));
    if (s->tbs.len > s->tbs.cap) {
        return ca_refuse(why, BM_E_LIMIT, "certificate over %d octets",
                         CA_TBS_MAX);
    }
    BM_TRY(ca_profile_check(s->profile, bm_wr_bytes(&s->tbs), &cert, why));
    s->row.not_before = cert.not_before;
    s->row.not_after = cert.not_after;
    s->row.shard = ca_profile_shard(s->profile, &cert);
    return ca_profile_identifiers(s->profile, &cert, &claim, take_identifier);
}

bm_status ca_check_proof(struct ca *ca, struct ca_slot *s,
                         struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    const struct bm_csr *csr = s->request->csr;
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(bm_spki_weak(&csr->key));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, csr->key.der, hash));
    memcpy(s->key, hash, sizeof s->key);
    BM_TRY(ca_check_bad_key(ca->c.bad_keys, &csr->key, s->key, why));
    if (s->request->looked) {
        return BM_OK;
    }
    if (s->request->proven || csr->key.type == BM_KEY_RSA) {
        /* No signature shows that a modulus is sound. */
        BM_TRY(crypto->check_key(crypto->self, &csr->key));
    }
    return s->request->proven ? BM_OK : bm_csr_verify(csr, crypto);
}

static bm_status use_profile(struct ca_slot *s, const struct ca_bound *bound,
                             struct ca_refusal *why)
{
    s->profile = bound->profile;
    s->version = bound->version;
    s->ca = bound->ca;
    s->shards = bound->shards;
    s->policy = ca_profile_policy(s->profile);
    if (s->policy->is_ca) {
        return ca_refuse(why, BM_E_PROFILE_REQUESTER,
                         "%s makes CA certificates", s->policy->name);
    }
    return BM_OK;
}

bm_status ca_find_profile(struct ca *ca, struct ca_slot *s,
                          struct ca_refusal *why)
{
    const struct ca_issue_request *r = s->request;
    const struct ca_bound *bound = ca_profile_find(
        ca, r->profile, r->by == CA_BY_AUTHORITY ? r->ca : NULL);

    return bound == NULL ? ca_profile_missing(ca, r->profile, why)
                         : use_profile(s, bound, why);
}

static bm_status find_account(struct ca *ca, struct ca_quota *quota,
                              struct ca_slot *s, int64_t now,
                              struct ca_refusal *why)
{
    const struct ca_bound *bound;
    uint32_t organisation;
    uint32_t version;

    BM_TRY(ca_find_requester(ca, s, now, why));
    organisation = s->organisation;
    BM_TRY(ca_quota_find(ca, quota, s, why));
    version = s->taking != NULL ? s->taking->row.version : 0;
    if (version == 0 || version == s->version) {
        return BM_OK;
    }
    bound = ca_version_find(ca, s->policy->name, version);
    if (bound == NULL) {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE,
                         "version %u of profile %s is not at hand",
                         (unsigned)version, s->policy->name);
    }
    BM_TRY(use_profile(s, bound, why));
    BM_TRY(ca_find_requester(ca, s, now, why));
    /* By the version of one whose account it turns out not to be on: what the
     * other may have was not asked. */
    return s->organisation == organisation
               ? BM_OK
               : ca_refuse(why, BM_E_CA_MANUFACTURER,
                           "by version %u of profile %s it is another "
                           "organisation's",
                           (unsigned)version, s->policy->name);
}

/* Who may ask is said by the version that counts for who asks: the current one
 * is only what he is looked for with. */
bm_status ca_find_account(struct ca *ca, struct ca_quota *quota,
                          struct ca_slot *s, int64_t now,
                          struct ca_refusal *why)
{
    bm_status rc = find_account(ca, quota, s, now, why);

    if (ca_is_failure(rc) || rc == BM_E_BUSY ||
        (s->policy->by & s->request->by) != 0) {
        return rc;
    }
    s->taking = NULL;
    return ca_refuse(why, BM_E_PROFILE_REQUESTER, "%s", s->policy->name);
}

/*
 * One that must be the first of its device, key and profile: what would be a
 * renewal, or the same certificate again, is a duplicate.
 */
bm_status ca_check_first(struct ca *ca, struct ca_slot *s, int64_t now,
                         struct ca_refusal *why)
{
    bm_status rc = ca_check_renewal(ca, s, now, why);
    char serial[CA_SERIAL_TEXT];

    if (!s->request->first || (rc == BM_OK && !s->renews)) {
        return rc;
    }
    if (rc == BM_OK) {
        ca_hex(s->old.row.serial, serial, sizeof serial);
        return ca_refuse(why, BM_E_CA_IDENTIFIER, "%s has certificate %s of %s",
                         s->name, serial, s->policy->name);
    }
    if (rc == BM_E_END) {
        ca_hex((struct bm_bytes){ s->result->serial, s->result->serial_n },
               serial, sizeof serial);
        return ca_refuse(why, BM_E_CA_KEY_REUSED, "certificate %s has it",
                         serial);
    }
    return rc;
}

bm_status ca_look(struct ca *ca, struct ca_quota *quota, struct ca_slot *s,
                  int64_t now, struct ca_refusal *why)
{
    bm_status rc;

    if (quota->n == CA_QUOTA_PAIRS) {
        quota->n = 0;
    }
    s->is_draft = true;
    BM_TRY(ca_find_profile(ca, s, why));
    rc = ca_find_account(ca, quota, s, now, why);
    s->taking = NULL; /* nothing is taken by looking */
    BM_TRY(rc);
    BM_TRY(ca_check_proof(ca, s, why));
    BM_TRY(ca_check_device(ca, s, now, why));
    BM_TRY(ca_check_first(ca, s, now, why));
    BM_TRY(ca_check_key(ca, s, now, why));
    BM_TRY(ca_check_attestation(ca, s, why));
    return ca_make_tbs(ca, s, now, why);
}
