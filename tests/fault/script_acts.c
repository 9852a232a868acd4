/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/script_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/issue.h"
#include "ca/revoke.h"
#include "ca/token.h"
#include "core/oid.h"
#include "tests/fault/report.h"

#define IDEVID "ieee-802.1ar-idevid"

/* One renewal in so many makes two months pass: a long script must not come
 * to the end of its CA. */
#define JUMP 8

/* A device that does not exist in another script either. */
static void name_device(uint64_t seed, uint64_t n, char name[32])
{
    (void)snprintf(name, 32, "F%" PRIu64 "-%" PRIu64, seed, n);
}

uint64_t script_draw(struct script *s, uint64_t below)
{
    /* xorshift64: deterministic, which is all that is asked of it */
    s->state ^= s->state << 13;
    s->state ^= s->state >> 7;
    s->state ^= s->state << 17;
    return s->state % below;
}

static void hex(const uint8_t *p, size_t n, char *text)
{
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", p[i]);
    }
}

static struct bm_bytes bytes_of(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

/* A request of a device for a key of its own. */
bm_status script_make_csr(const char *name, uint8_t room[CSR_MAX],
                          struct bm_csr *csr)
{
    const struct bm_key_maker *maker = world_port()->maker;
    struct bm_key_spec spec = { .type = BM_KEY_P256 };
    struct bm_signer *signer = NULL;
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    uint8_t subject[256];
    struct bm_wr s;
    struct bm_wr w;
    size_t mark;
    bm_status rc = maker->generate(maker->self, &spec, &signer);

    if (rc != BM_OK) {
        return rc;
    }
    bm_wr_init(&s, subject, sizeof subject);
    mark = bm_der_open(&s, BM_DER_SEQUENCE);
    bm_name_put_rdn(&s, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
                    bytes_of(name));
    bm_der_close(&s, mark);
    config.subject = bm_wr_bytes(&s);
    bm_wr_init(&w, room, CSR_MAX);
    rc = bm_csr_build(&config, signer, &w);
    maker->release(maker->self, signer);
    return rc == BM_OK ? bm_csr_parse(bm_wr_bytes(&w), NULL, csr) : rc;
}

/* The operator that `init` made. */
struct ca_actor script_operator(void)
{
    return (struct ca_actor){ .name = "operator:first",
                              .mode = "direct",
                              .organisation = 1,
                              .roles = CA_ROLE_ADMIN };
}

void script_order(struct script *s, size_t i, const char *profile,
                  uint64_t device)
{
    s->device[i] = device;
    name_device(s->config->seed, device, s->name[i]);
    world_must(script_make_csr(s->name[i], s->csr_room[i], &s->csr[i]) == BM_OK,
               "making a request");
    s->request[i] = (struct ca_issue_request){ .actor = &s->actor,
                                               .by = CA_BY_OPERATOR,
                                               .profile = profile,
                                               .csr = &s->csr[i],
                                               .device = bytes_of(s->name[i]) };
}

/* Take over what was issued, and say so. */
static void keep(struct script *s, size_t i)
{
    const struct ca_issue_result *r = &s->issued[i];
    const struct bm_crypto *crypto = world_port()->crypto;
    char serial[2 * STORE_SERIAL_MAX + 1];
    char hash_text[2 * BM_HASH_MAX + 1];
    uint8_t hash[BM_HASH_MAX];
    struct bm_cert cert;
    struct own *o;

    world_must(s->own_n < OWN_MAX, "a script that is too long");
    world_must(crypto->hash(crypto->self, BM_HASH_SHA256, r->der, hash) ==
                   BM_OK,
               "hashing");
    world_must(bm_cert_parse(r->der, BM_STRICT, NULL, &cert) == BM_OK,
               "a certificate that cannot be read");
    o = &s->own[s->own_n++];
    memset(o, 0, sizeof *o);
    memcpy(o->name, s->name[i], sizeof o->name);
    o->device = s->device[i];
    memcpy(o->serial, r->serial, r->serial_n);
    o->serial_n = r->serial_n;
    memcpy(o->ca, r->ca, sizeof o->ca);
    o->der = malloc(r->der.n);
    world_must(o->der != NULL, "memory");
    memcpy(o->der, r->der.p, r->der.n);
    o->der_n = r->der.n;
    o->not_after = cert.not_after;
    o->identity = strcmp(s->request[i].profile, IDEVID) == 0;
    o->pending = r->cert_status == STORE_CERT_PENDING;
    hex(r->serial, r->serial_n, serial);
    hex(hash, STORE_HASH_SIZE, hash_text);
    SAY(s, "cert %s %s %s", serial, o->ca, hash_text);
}

/* Serve the first `n` requests. */
static bm_status serve(struct script *s, size_t n)
{
    bm_status rc;

    memset(s->issued, 0, sizeof s->issued);
    rc = ca_issue(s->in->ca, s->request, n, s->now, s->issued);
    for (size_t i = 0; i < n; i++) {
        if (s->issued[i].status == BM_OK) {
            keep(s, i);
        } else if (rc == BM_OK || s->result->why.status == BM_OK) {
            rc = s->issued[i].status;
            s->result->why = s->issued[i].why;
        }
    }
    return rc;
}

static bm_status issue(struct script *s, const char *profile, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        script_order(s, i, profile, s->devices++);
    }
    return serve(s, n);
}

static bm_status issue_one(struct script *s)
{
    return issue(s, LDEVID, 1);
}

static bm_status issue_few(struct script *s)
{
    return issue(s, LDEVID, 3);
}

static bm_status issue_many(struct script *s)
{
    return issue(s, LDEVID,
                 s->config->acts == 0 ? 16 : 2 + script_draw(s, GROUP - 1));
}

static bm_status issue_identity(struct script *s)
{
    return issue(s, IDEVID, 1);
}

/* Two keys for one device in one group: two transactions. */
static bm_status issue_clash(struct script *s)
{
    uint64_t device = s->devices++;
    size_t before = s->own_n;
    bm_status rc;

    script_order(s, 0, LDEVID, device);
    script_order(s, 1, LDEVID, device);
    script_order(s, 2, LDEVID, s->devices++);
    rc = serve(s, 3);
    for (size_t i = before; i < s->own_n; i++) {
        s->own[i].dead = true; /* the second renews the first */
    }
    return rc;
}

static bm_status make_token(struct script *s, uint64_t device,
                            char secret[CA_TOKEN_CHARS + 1],
                            char id[STORE_ID_MAX])
{
    char name[32];
    struct ca_token_order token = { .profile = LDEVID,
                                    .device = name,
                                    .expires = s->now + 86400 };
    bm_status rc;

    name_device(s->config->seed, device, name);
    rc = ca_token_create(s->in->ca, &s->actor, &token, s->now, secret, id,
                         &s->result->why);
    if (rc == BM_OK) {
        SAY(s, "token %s", id);
    }
    return rc;
}

static bm_status enrol_by_token(struct script *s)
{
    char secret[CA_TOKEN_CHARS + 1];
    char id[STORE_ID_MAX];
    uint64_t device = s->devices++;
    bm_status rc = make_token(s, device, secret, id);

    if (rc != BM_OK) {
        return rc;
    }
    script_order(s, 0, LDEVID, device);
    s->request[0].by = CA_BY_TOKEN;
    s->request[0].device = (struct bm_bytes){ NULL, 0 };
    s->request[0].token = bytes_of(secret);
    SAY(s, "using %s", id);
    rc = serve(s, 1);
    if (rc == BM_OK) {
        SAY(s, "used %s", id);
    }
    return rc;
}

static bm_status drop_token(struct script *s)
{
    char secret[CA_TOKEN_CHARS + 1];
    char id[STORE_ID_MAX];
    bm_status rc = make_token(s, s->devices++, secret, id);

    if (rc != BM_OK) {
        return rc;
    }
    SAY(s, "using %s", id);
    rc = ca_token_revoke(s->in->ca, &s->actor, id, s->now, &s->result->why);
    if (rc == BM_OK) {
        SAY(s, "dropped %s", id);
    }
    return rc;
}

static void say_status(struct script *s, const char *verb, const struct own *o,
                       unsigned reason)
{
    char serial[2 * STORE_SERIAL_MAX + 1];

    hex(o->serial, o->serial_n, serial);
    SAY(s, "%s %s %u", verb, serial, reason);
}

/* One of ours, by lot, of which `fits` says yes; NULL if there is none. */
static struct own *pick(struct script *s, bool (*fits)(const struct own *o))
{
    size_t from = s->own_n == 0 ? 0 : script_draw(s, s->own_n);

    for (size_t i = 0; i < s->own_n; i++) {
        struct own *o = &s->own[(from + i) % s->own_n];

        if (fits(o)) {
            return o;
        }
    }
    return NULL;
}

static bool is_plain(const struct own *o)
{
    return !o->identity && !o->dead && !o->held && !o->pending &&
           o->renews == 0;
}

static bool is_pending(const struct own *o)
{
    return o->pending && !o->dead && o->renews != 0;
}

static bool is_held(const struct own *o)
{
    return o->held && !o->dead;
}

static bool is_identity(const struct own *o)
{
    return o->identity && !o->dead;
}

static bm_status enrol_by_identity(struct script *s)
{
    struct own *o = pick(s, is_identity);

    if (o == NULL) {
        return issue_identity(s);
    }
    script_order(s, 0, LDEVID, o->device);
    s->request[0].by = CA_BY_IDEVID;
    s->request[0].device = (struct bm_bytes){ NULL, 0 };
    s->request[0].presented = (struct bm_bytes){ o->der, o->der_n };
    o->dead = true; /* once is enough: again it would be a renewal */
    return serve(s, 1);
}

static bm_status set_status(struct script *s, struct own *o, unsigned reason)
{
    struct ca_revocation r = { .ca = o->ca,
                               .serial = { o->serial, o->serial_n },
                               .reason = (uint8_t)reason };
    bm_status rc;

    say_status(s, "may", o, 0);
    rc = ca_revoke(s->in->ca, &s->actor, &r, s->now, &s->result->why);
    if (rc == BM_OK) {
        say_status(s, reason == BM_REASON_HOLD ? "held" : "revoked", o, reason);
        o->held = reason == BM_REASON_HOLD;
        o->dead = !o->held;
    } else {
        o->dead = true; /* nobody knows: it is left alone */
    }
    return rc;
}

static bm_status revoke(struct script *s)
{
    struct own *o = pick(s, is_plain);

    return o == NULL ? issue_one(s)
                     : set_status(s, o, BM_REASON_KEY_COMPROMISE);
}

static bm_status hold(struct script *s)
{
    struct own *o = pick(s, is_plain);

    return o == NULL ? issue_one(s) : set_status(s, o, BM_REASON_HOLD);
}

static bm_status release(struct script *s)
{
    struct own *o = pick(s, is_held);
    bm_status rc;

    if (o == NULL) {
        return hold(s);
    }
    say_status(s, "may", o, 0);
    rc = ca_release(s->in->ca, &s->actor, o->ca,
                    (struct bm_bytes){ o->serial, o->serial_n }, s->now,
                    &s->result->why);
    if (rc == BM_OK) {
        say_status(s, "good", o, 0);
        o->held = false;
    } else {
        o->dead = true;
    }
    return rc;
}

static const struct ca_profile_policy *policy_of(struct script *s,
                                                 const char *profile)
{
    const struct ca_bound *b = ca_profile_find(s->in->ca, profile, NULL);

    world_must(b != NULL, "a profile that the scripts use is not there");
    return ca_profile_policy(b->profile);
}

/* The device comes back in time: the clock goes on to where it may. */
static bm_status renew(struct script *s)
{
    struct own *o = pick(s, is_plain);
    const struct ca_profile_policy *policy = policy_of(s, LDEVID);
    int64_t opens;
    size_t index;
    bm_status rc;

    if (o == NULL) {
        return issue_one(s);
    }
    index = (size_t)(o - s->own);
    opens = o->not_after - policy->renew_before + 1;
    if (s->now < opens && s->config->acts != 0 && script_draw(s, JUMP) != 0) {
        return issue_one(s);
    }
    if (s->now < opens) {
        s->now = opens;
        SAY(s, "begin renew");
    }
    if (s->now > o->not_after) {
        o->dead = true;
        return issue_one(s);
    }
    script_order(s, 0, LDEVID, o->device);
    s->request[0].by = CA_BY_CURRENT;
    s->request[0].device = (struct bm_bytes){ NULL, 0 };
    s->request[0].presented = (struct bm_bytes){ o->der, o->der_n };
    o->dead = true; /* for other acts */
    rc = serve(s, 1);
    if (rc == BM_OK) {
        s->own[s->own_n - 1].renews = index + 1;
    }
    return rc;
}

static bm_status confirm(struct script *s)
{
    static const struct ca_actor device = { .name = "device", .mode = "est" };
    struct own *o = pick(s, is_pending);
    struct own *old;
    bm_status rc;

    if (o == NULL) {
        return renew(s);
    }
    old = &s->own[o->renews - 1];
    say_status(s, "may", old, 0);
    rc = ca_seen(s->in->ca, &device, (struct bm_bytes){ o->der, o->der_n },
                 s->now, &s->result->why);
    o->dead = true;
    if (rc == BM_OK) {
        say_status(s, "over", old, 0);
    }
    return rc;
}

/* The number of the list that lies in crl/. */
static uint64_t list_number(struct script *s)
{
    struct store *store = s->in->store;
    struct store_crl row;
    uint64_t number = 0;

    if (store->begin(store->self, STORE_READ) == BM_OK) {
        if (store->crl_get(store->self, ISSUER, STORE_LIST_COMPLETE, &row) ==
            BM_OK) {
            number = row.number;
        }
        store->rollback(store->self);
    }
    return number;
}

static bm_status make_crl(struct script *s)
{
    uint64_t number;
    bm_status rc =
        instance_make_crl(s->in, &s->actor, ISSUER, s->now, &s->result->why);

    if (rc == BM_OK) {
        number = list_number(s);
        if (number != 0) {
            SAY(s, "crl %" PRIu64, number);
        }
    }
    return rc;
}

static bm_status publish(struct script *s)
{
    uint8_t room[REPORT_NOTE_MAX];
    char text[2 * REPORT_NOTE_MAX + 1];
    struct bm_wr note;
    bm_status rc = instance_publish(s->in, s->now, &s->result->why);

    bm_wr_init(&note, room, sizeof room);
    if (rc == BM_OK && ca_ledger_note(s->in->ledger, &note) == BM_OK &&
        note.len <= note.cap) {
        hex(room, note.len, text);
        SAY(s, "note %s", text);
    }
    return rc;
}

static bm_status renew_responder(struct script *s)
{
    return instance_renew_ocsp(s->in, ISSUER, s->now, &s->result->why);
}

/* In the order of the short script, which shows each once. */
const struct script_act script_acts[] = {
    { "identity", issue_identity, 3 },
    { "few", issue_few, 8 },
    { "token", enrol_by_token, 6 },
    { "by-identity", enrol_by_identity, 4 },
    { "revoke", revoke, 8 },
    { "hold", hold, 4 },
    { "release", release, 4 },
    { "drop-token", drop_token, 2 },
    { "clash", issue_clash, 4 },
    { "crl", make_crl, 3 },
    { "renew", renew, 6 },
    { "confirm", confirm, 6 },
    { "responder", renew_responder, 2 },
    { "publish", publish, 3 },
    { "many", issue_many, 4 },
    { "one", issue_one, 10 },
    { "publish", publish, 1 },
    { "batch", script_order_batch, 3 },
    { "rows", script_go_on, 4 },
    { "list", script_go_on, 2 },
};

const size_t script_acts_n = sizeof script_acts / sizeof script_acts[0];
