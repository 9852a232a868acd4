/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/manufacturer.h"
#include "core/oid.h"
#include "core/path.h"
#include "daemon/issuer_internal.h"

/*
 * Who asks. A listener says that somebody holds the key of a certificate, or
 * showed a token; here it is seen whether that means anything. A certificate
 * is verified once and remembered by its hash, so that a kept connection does
 * not cost a signature per request: what does not change is remembered, and
 * what does (its status, the device's, the time) is asked of the store each
 * time.
 */

/* Identities and organisations that limits remember at a time. */
#define IDENTITIES_MAX    65536
#define ORGANISATIONS_MAX 4096

static bm_status make_gcra(struct issuer *is, size_t keys, double rate,
                           double burst, struct gcra **gcra)
{
    struct gcra_config config = { .keys = keys, .rate = rate, .burst = burst };

    *gcra = NULL;
    if (rate <= 0) {
        return BM_OK; /* no limit */
    }
    BM_TRY(is->crypto->random(is->crypto->self, config.secret,
                              sizeof config.secret));
    return gcra_new(&config, gcra);
}

bm_status issuer_who_init(struct issuer *is)
{
    const struct settings *s = &is->room->settings;

    /* What a member's CA says of a client is for its peers, not for here. */
    is->anchors_n = 0;
    for (size_t i = 0; i < is->in->cas_n; i++) {
        if (is->in->cas[i].row.kind != STORE_CA_MEMBER) {
            is->anchors[is->anchors_n++] = is->in->cas[i].cert;
        }
    }
    /* A minute's worth at once: devices retry in a row, and then not. */
    BM_TRY(make_gcra(is, IDENTITIES_MAX, (double)s->limit_identity / 60,
                     (double)s->limit_identity, &is->identities));
    return make_gcra(is, ORGANISATIONS_MAX, (double)s->limit_organisation,
                     (double)s->limit_organisation, &is->organisations);
}

void issuer_who_wipe(struct issuer *is)
{
    gcra_free(is->identities);
    gcra_free(is->organisations);
}

unsigned issuer_limit(struct issuer *is, const uint8_t identity[32],
                      uint32_t organisation)
{
    uint64_t now = issuer_us();
    struct bm_bytes who = { identity, 32 };
    struct bm_bytes whose = { (const uint8_t *)&organisation,
                              sizeof organisation };
    unsigned wait = identity == NULL ? 0 : gcra_take(is->identities, who, now);

    if (wait == 0) {
        wait = gcra_take(is->organisations, whose, now);
    }
    return wait;
}

/* ---- Certificates */

/* Two places for each hash: the one that expires sooner gives way. */
static struct issuer_known *place_of(struct issuer *is, const uint8_t hash[32],
                                     bool *there)
{
    size_t i = (hash[0] | (size_t)hash[1] << 8) % ISSUER_KNOWN_MAX;
    struct issuer_known *a = &is->known[i];
    struct issuer_known *b = &is->known[i ^ 1];

    *there = true;
    if (memcmp(a->hash, hash, 32) == 0) {
        return a;
    }
    if (memcmp(b->hash, hash, 32) == 0) {
        return b;
    }
    *there = false;
    return a->not_after <= b->not_after ? a : b;
}

/*
 * RFC 5280 6.1 for a client certificate. Its own validity depends on what is
 * asked for and is looked at for each request. That of its CA does not count:
 * a device may outlive it (IEEE 802.1AR), and a CA that is not to be believed
 * any more has revoked what it issued.
 */
static bm_status verify_path(struct issuer *is, const struct bm_cert *cert,
                             struct ca_refusal *why)
{
    struct bm_path_config config = { .crypto = is->crypto,
                                     .anchors = is->anchors,
                                     .anchors_n = is->anchors_n,
                                     .time = cert->not_before,
                                     .flags = BM_PATH_ANCHOR_ANY_TIME,
                                     .purpose = BM_LIT(BM_OID_KP_CLIENT_AUTH),
                                     .key_usage = BM_KU_DIGITAL_SIGNATURE };
    struct bm_path path;
    bm_status rc = bm_path_find(&path, &config, cert);

    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

bm_status issuer_verify(struct issuer *is, struct bm_bytes der,
                        const struct issuer_known **known,
                        struct ca_refusal *why)
{
    struct issuer_known *k;
    struct ca_holder holder;
    struct bm_cert cert;
    uint8_t hash[BM_HASH_MAX];
    bool there;

    *known = NULL;
    BM_TRY(is->crypto->hash(is->crypto->self, BM_HASH_SHA256, der, hash));
    k = place_of(is, hash, &there);
    if (!there) {
        BM_TRY(bm_cert_parse(der, BM_STRICT, NULL, &cert));
        BM_TRY(verify_path(is, &cert, why));
        BM_TRY(ca_find_cert_holder(is->in->ca, der, &holder));
        memcpy(k->hash, hash, sizeof k->hash);
        k->not_before = cert.not_before;
        k->not_after = cert.not_after;
        k->holder = holder;
        memset(k->places, 0, sizeof k->places);
    }
    *known = k;
    return BM_OK;
}

/* ---- Requests */

const struct ca_profile_policy *issuer_label(const struct issuer *is,
                                             struct bm_bytes label)
{
    const char *usual = is->room->settings.est_default_profile;

    if (label.n == 0 && usual != NULL) {
        label = (struct bm_bytes){ (const uint8_t *)usual, strlen(usual) };
    }
    for (size_t i = 0; i < is->in->profiles_n; i++) {
        const struct ca_bound *b = &is->in->profiles[i];
        const struct ca_profile_policy *p = ca_profile_policy(b->profile);

        if (!b->old && p->est.enabled &&
            bm_bytes_are(label, p->name, strlen(p->name))) {
            return p;
        }
    }
    return NULL;
}

static bool refuse(struct issuer_reply *reply, bm_status rc,
                   const struct ca_refusal *why)
{
    issuer_refuse(reply, rc, why);
    return false;
}

static bool say(struct issuer_reply *reply, uint16_t http, const char *words)
{
    issuer_say(reply, http, 0, words);
    return false;
}

/* What stands for a token: its id, which is no secret. */
static bm_status token_identity(struct issuer *is,
                                const struct ca_holder *holder,
                                uint8_t identity[32])
{
    struct bm_bytes id = { (const uint8_t *)holder->id, strlen(holder->id) };
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(is->crypto->hash(is->crypto->self, BM_HASH_SHA256, id, hash));
    memcpy(identity, hash, 32);
    return BM_OK;
}

static bool is_of_user(const struct ca_holder *holder, struct bm_bytes user)
{
    return user.n == 0 ||
           bm_bytes_are(user, holder->device, strlen(holder->device));
}

/* A token that is wrong, unknown, of another device or of another profile:
 * whoever tries learns only that it was none. */
static bool admit_token(struct issuer *is, struct issuer_enrol *e,
                        struct issuer_reply *reply)
{
    struct ca_refusal why = { BM_OK, "" };
    struct ca_holder holder;
    bm_status rc = ca_find_token_holder(is->in->ca, e->m.token, &holder);

    if (rc == BM_OK && (strcmp(holder.profile, e->policy->name) != 0 ||
                        !is_of_user(&holder, e->m.user))) {
        rc = BM_E_CA_TOKEN;
    }
    if (rc == BM_OK) {
        rc = token_identity(is, &holder, e->who.identity);
    }
    if (rc != BM_OK) {
        return refuse(reply, rc, &why);
    }
    e->who.by = CA_BY_TOKEN;
    e->who.actor.organisation = holder.organisation;
    (void)snprintf(e->who.name, sizeof e->who.name, "token:%s", holder.id);
    return true;
}

static bool is_listed(const char *const *list, const char *name)
{
    for (; list != NULL && *list != NULL; list++) {
        if (strcmp(*list, name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * RFC 7030 4.2.1: a client with a certificate may ask for another by
 * simpleenroll, be it with its IDevID or with the one that it renews. By
 * simplereenroll it renews the one that it shows (4.2.2), and nothing else.
 */
static unsigned by_of(const struct issuer_enrol *e, const char *profile)
{
    if (strcmp(profile, e->policy->name) == 0 &&
        (e->m.op == WIRE_REENROLL || e->policy->renewable)) {
        return CA_BY_CURRENT;
    }
    if (e->m.op != WIRE_REENROLL &&
        is_listed(e->policy->idevid_profiles, profile)) {
        return CA_BY_IDEVID;
    }
    return 0;
}

/* Why it does not count is for the operator to know, who waits for the
 * device: whoever shows it learns the rule alone. */
static bool refuse_idevid(struct issuer_reply *reply, bm_status rc,
                          struct ca_refusal *why)
{
    why->status = rc;
    log_refusal(issuer_is_failure(rc) ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                "enrol.idevid", why);
    return refuse(reply, rc, why);
}

/* The IDevID of a manufacturer (ca/manufacturer.h). Not remembered: a device
 * comes with it once, and what counts may change at any time. */
static bool admit_idevid(struct issuer *is, struct issuer_enrol *e,
                         struct issuer_reply *reply)
{
    const struct ca_shown shown = { .cert = e->m.cert,
                                    .chain = e->m.chain,
                                    .policy = e->policy };
    struct ca_refusal why = { BM_OK, "" };
    struct ca_idevid idevid;
    bm_status rc =
        ca_find_idevid(is->in->ca, &shown, room_now(), &idevid, &why);

    if (rc != BM_OK) {
        return refuse_idevid(reply, rc, &why);
    }
    e->who.by = CA_BY_IDEVID;
    e->who.actor.organisation = idevid.organisation;
    memcpy(e->who.identity, idevid.cert, sizeof e->who.identity);
    (void)snprintf(e->who.name, sizeof e->who.name, "idevid:%s", idevid.mark);
    return true;
}

static bool takes_manufacturers(const struct issuer_enrol *e)
{
    return e->m.op != WIRE_REENROLL && (e->policy->by & CA_BY_IDEVID) != 0 &&
           e->policy->manufacturers[0] != NULL;
}

static bool admit_cert(struct issuer *is, struct issuer_enrol *e,
                       struct issuer_reply *reply)
{
    struct ca_refusal why = { BM_OK, "" };
    const struct issuer_known *k;
    int64_t now = room_now();
    bm_status rc = issuer_verify(is, e->m.cert, &k, &why);

    if (rc != BM_OK && takes_manufacturers(e)) {
        return admit_idevid(is, e, reply);
    }
    if (rc != BM_OK) {
        return refuse(reply, rc, &why);
    }
    /* After its end a certificate is good for its renewal, within the grace
     * of its profile (ca/renew.c), and for nothing else. */
    if (now < k->not_before ||
        (now > k->not_after && e->m.op != WIRE_REENROLL)) {
        return say(reply, 403, "the certificate shown is not valid now");
    }
    issuer_note_place(is, k, e->m.cert, e->m.network);
    e->who.by = by_of(e, k->holder.profile);
    if (e->who.by == 0) {
        return say(reply, 403,
                   "the certificate shown does not entitle to this one");
    }
    e->who.actor.organisation = k->holder.organisation;
    memcpy(e->who.identity, k->hash, sizeof e->who.identity);
    (void)snprintf(e->who.name, sizeof e->who.name, "certificate:%s",
                   k->holder.id);
    return true;
}

bool issuer_admit(struct issuer *is, struct issuer_enrol *e,
                  struct issuer_reply *reply)
{
    unsigned wait;

    if (e->m.op == WIRE_SERVERKEYGEN && !e->policy->est.serverkeygen) {
        return say(reply, 403, "this profile makes no keys for devices");
    }
    if (e->m.token.n == 0 && e->m.cert.n == 0) {
        return say(reply, 401, "a certificate or a token is needed");
    }
    if (e->m.token.n != 0 ? !admit_token(is, e, reply)
                          : !admit_cert(is, e, reply)) {
        return false;
    }
    e->who.actor.name = e->who.name;
    e->who.actor.mode = "est";
    wait = issuer_limit(is, e->who.identity, e->who.actor.organisation);
    if (wait != 0) {
        issuer_say(reply, 429, wait, "too many requests");
        return false;
    }
    return true;
}

/* ---- Messages about keys */

/* Who comes with the IDevID of a manufacturer. */
static bm_status find_stranger(struct issuer *is, const struct wire_attest *m,
                               uint8_t who[32], uint32_t *organisation,
                               struct ca_refusal *why)
{
    const struct ca_shown shown = { .cert = m->cert, .chain = m->chain };
    struct ca_idevid idevid;

    BM_TRY(ca_find_idevid(is->in->ca, &shown, room_now(), &idevid, why));
    memcpy(who, idevid.cert, 32);
    *organisation = idevid.organisation;
    return BM_OK;
}

/* Whether he may have this one is seen when he asks for it; but what is
 * revoked or over asks for nothing, and has no place among what is open. */
static bm_status find_identity(struct issuer *is, const struct wire_attest *m,
                               uint8_t who[32], uint32_t *organisation,
                               struct ca_refusal *why)
{
    const struct issuer_known *known;
    struct ca_holder holder;

    if (m->token.n == 0) {
        if (issuer_verify(is, m->cert, &known, why) != BM_OK) {
            return find_stranger(is, m, who, organisation, why);
        }
        BM_TRY(ca_may_ask(is->in->ca, m->cert, room_now(), why));
        memcpy(who, known->hash, 32);
        *organisation = known->holder.organisation;
        return BM_OK;
    }
    BM_TRY(ca_find_token_holder(is->in->ca, m->token, &holder));
    BM_TRY(token_identity(is, &holder, who));
    *organisation = holder.organisation;
    return is_of_user(&holder, m->user) && room_now() <= holder.until
               ? BM_OK
               : BM_E_CA_TOKEN;
}

bool issuer_identify(struct issuer *is, const struct wire_attest *m,
                     uint8_t who[32], struct issuer_reply *reply)
{
    struct ca_refusal why = { BM_OK, "" };
    uint32_t organisation = 0;
    unsigned wait;
    bm_status rc;

    if (!issuer_is_ready(is)) {
        issuer_say(reply, 503, ISSUER_RETRY, "please come again");
        return false;
    }
    if (m->token.n == 0 && m->cert.n == 0) {
        return say(reply, 401, "a certificate or a token is needed");
    }
    rc = find_identity(is, m, who, &organisation, &why);
    if (rc != BM_OK) {
        return refuse(reply, rc, &why);
    }
    wait = issuer_limit(is, who, organisation);
    if (wait != 0) {
        issuer_say(reply, 429, wait, "too many requests");
        return false;
    }
    return true;
}
