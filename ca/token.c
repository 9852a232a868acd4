/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/token.h"

#include <stdio.h>
#include <string.h>

#include "ca/allocation.h"
#include "ca/internal.h"
#include "ca/inventory.h"

#define TOKEN_OCTETS 20 /* 160 bits: 32 characters of 5 */

/* RFC 4648 6, in lower case: no 0, 1, 8 or 9 to mistake. */
static void base32(const uint8_t in[TOKEN_OCTETS], char out[CA_TOKEN_CHARS + 1])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned bits = 0;
    unsigned held = 0;
    size_t n = 0;

    for (size_t i = 0; i < TOKEN_OCTETS; i++) {
        bits = (bits << 8 | in[i]) & 0xfff;
        held += 8;
        while (held >= 5) {
            held -= 5;
            out[n++] = digits[bits >> held & 31];
        }
    }
    out[n] = '\0';
}

bm_status ca_token_hash(const struct bm_crypto *crypto, struct bm_bytes secret,
                        uint8_t hash[STORE_HASH_SIZE])
{
    char clean[CA_TOKEN_CHARS];
    uint8_t digest[BM_HASH_MAX];
    size_t n = 0;
    bm_status rc = BM_OK;

    for (size_t i = 0; i < secret.n && rc == BM_OK; i++) {
        uint8_t c = secret.p[i];

        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-') {
            continue;
        }
        if (n == sizeof clean) {
            rc = BM_E_CA_TOKEN;
        } else {
            clean[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
    }
    if (rc == BM_OK) {
        rc = crypto->hash(crypto->self, BM_HASH_SHA256,
                          (struct bm_bytes){ (const uint8_t *)clean, n },
                          digest);
        memcpy(hash, digest, STORE_HASH_SIZE);
    }
    bm_wipe(clean, sizeof clean);
    return rc;
}

/* A device must have a name that the profile can give it: what no request
 * could be answered for is not expected either. */
static bm_status check_name(const struct ca_profile *profile, const char *name,
                            int64_t now, struct ca_refusal *why)
{
    static const struct bm_csr silent;
    const struct ca_profile_request request = { .csr = &silent,
                                                .device = ca_text(name),
                                                .now = now };
    char same[STORE_NAME_MAX];

    return ca_profile_device(profile, &request, same, sizeof same, why);
}

static bm_status check_order(struct ca *ca, const struct ca_token_order *order,
                             int64_t now, struct ca_refusal *why)
{
    const struct ca_bound *b = ca_profile_find(ca, order->profile, NULL);

    if (b == NULL) {
        return ca_profile_missing(ca, order->profile, why);
    }
    if ((ca_profile_policy(b->profile)->by & CA_BY_TOKEN) == 0) {
        return ca_refuse(why, BM_E_PROFILE_REQUESTER,
                         "%s is not issued for tokens", order->profile);
    }
    if (order->expires <= now) {
        return ca_refuse(why, BM_E_ARGUMENT, "a token that has expired");
    }
    return check_name(b->profile, order->device, now, why);
}

static bm_status check_device(const struct store_device *device,
                              struct ca_refusal *why)
{
    if (device->state >= STORE_DEVICE_SUSPENDED) {
        return ca_refuse(why, BM_E_CA_DEVICE, "%s", device->name);
    }
    return BM_OK;
}

/* A token is made for a device: one that is not there yet is expected. */
static bm_status expect_device(struct ca *ca, const struct ca_actor *actor,
                               const char *name, int64_t now,
                               struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_device device;
    bm_status rc = s->device_find(s->self, actor->organisation, name, &device);

    if (rc != BM_E_NOT_FOUND) {
        return rc == BM_OK ? check_device(&device, why) : rc;
    }
    device = (struct store_device){ .organisation = actor->organisation };
    memcpy(device.name, name, strlen(name));
    return ca_put_expected(ca, actor, &device, now);
}

static bm_status record_token(struct ca *ca, const struct ca_actor *actor,
                              const struct store_token *token, const char *what,
                              int64_t now)
{
    struct ca_record record = ca_record_of(CA_RECORD_TOKEN, actor, now);

    record.organisation = token->organisation;
    record.subject = ca_text(token->id);
    record.profile = ca_text(token->profile);
    record.text = ca_text(what);
    return ca_put_record(ca, &record, NULL, NULL);
}

static bm_status create(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_token_order *order, int64_t now,
                        struct store_token *token, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;

    memcpy(token->profile, order->profile, strlen(order->profile) + 1);
    memcpy(token->device, order->device, strlen(order->device) + 1);
    token->organisation = actor->organisation;
    BM_TRY(ca_allocation_check(ca, actor->organisation, order->profile, why));
    token->created = now;
    token->expires = order->expires;
    (void)snprintf(token->creator, sizeof token->creator, "%s", actor->name);
    BM_TRY(expect_device(ca, actor, order->device, now, why));
    BM_TRY(record_token(ca, actor, token, "created", now));
    return s->token_put(s->self, token);
}

bm_status ca_token_create(struct ca *ca, const struct ca_actor *actor,
                          const struct ca_token_order *order, int64_t now,
                          char secret[CA_TOKEN_CHARS + 1],
                          char id[STORE_ID_MAX], struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    struct store_token token = { .used = 0 };
    uint8_t random[TOKEN_OCTETS];
    bm_status rc;

    secret[0] = '\0';
    BM_TRY(ca_authorise(actor, CA_ACT_TOKEN_CREATE, why));
    BM_TRY(check_order(ca, order, now, why));
    rc = crypto->random(crypto->self, random, sizeof random);
    if (rc != BM_OK) {
        goto out;
    }
    base32(random, secret);
    rc = ca_token_hash(crypto, ca_text(secret), token.hash);
    if (rc != BM_OK) {
        goto out;
    }
    /* Named by what is stored of it, so the name says nothing of it. */
    ca_hex((struct bm_bytes){ token.hash, 8 }, token.id, sizeof token.id);
    memcpy(id, token.id, sizeof token.id);
    rc = ca_begin(ca, now, why);
    if (rc != BM_OK) {
        goto out;
    }
    rc = ca_end(ca, create(ca, actor, order, now, &token, why), now, why);

out:
    bm_wipe(random, sizeof random);
    if (rc != BM_OK) {
        bm_wipe(secret, CA_TOKEN_CHARS + 1);
        return ca_refuse_plain(why, rc);
    }
    return BM_OK;
}

bm_status ca_put_token_end(struct ca *ca, const struct ca_actor *actor,
                           struct store_token *token, int64_t now)
{
    const struct store *s = ca->c.store;

    token->revoked = now;
    BM_TRY(record_token(ca, actor, token, "revoked", now));
    return s->token_change(s->self, token);
}

static bm_status revoke(struct ca *ca, const struct ca_actor *actor,
                        const char *id, int64_t now, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_token token;
    bm_status rc = s->token_get(s->self, &actor->scope, id, &token);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "token %s", id);
    }
    BM_TRY(rc);
    if (token.cert != 0 || token.revoked != 0) {
        return ca_refuse(why, BM_E_CA_TOKEN, "%s is %s", id,
                         token.cert != 0 ? "used" : "revoked");
    }
    return ca_put_token_end(ca, actor, &token, now);
}

bm_status ca_token_revoke(struct ca *ca, const struct ca_actor *actor,
                          const char *id, int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_TOKEN_REVOKE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, revoke(ca, actor, id, now, why), now, why);
}
