/* SPDX-License-Identifier: Apache-2.0 */

/* Who asks for a certificate, and for which device. */
#include <string.h>

#include "ca/slot.h"
#include "ca/token.h"

/* A token is good for one request: repeated, for the same key. */
static bm_status check_token(struct ca *ca, struct ca_slot *s, int64_t now,
                             struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    uint8_t hash[STORE_HASH_SIZE];
    bm_status rc;

    BM_TRY(ca_token_hash(ca->c.crypto, s->request->token, hash));
    rc = store->token_find(store->self, hash, &s->token);
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse_plain(why, BM_E_CA_TOKEN);
    }
    BM_TRY(rc);
    if (strcmp(s->token.profile, s->policy->name) != 0) {
        return ca_refuse(why, BM_E_CA_TOKEN, "%s is for profile %s",
                         s->token.id, s->token.profile);
    }
    if (s->token.revoked != 0) {
        return ca_refuse(why, BM_E_CA_TOKEN, "%s is revoked", s->token.id);
    }
    if (s->token.used == 0 && s->token.expires <= now) {
        return ca_refuse(why, BM_E_CA_TOKEN, "%s has expired", s->token.id);
    }
    s->has_token = true;
    s->organisation = s->token.organisation;
    memcpy(s->name, s->token.device, sizeof s->name);
    return BM_OK;
}

/* The device of the certificate shown, and on whose account: it may have
 * changed hands since. */
static bm_status find_owner(struct ca *ca, struct ca_slot *s)
{
    struct store_device device;

    if (s->presented.row.device == 0) {
        return BM_OK;
    }
    BM_TRY(ca_device_now(ca, s->presented.row.device, &device));
    memcpy(s->name, device.name, sizeof s->name);
    s->received = device.id != s->presented.row.device;
    s->organisation = device.organisation;
    return s->received ? ca_transfer_of(ca, &device, &s->transfer) : BM_OK;
}

/* The certificate that the requester holds the key of. */
static bm_status find_presented(struct ca *ca, struct ca_slot *s,
                                struct ca_refusal *why)
{
    struct store_cert row;
    bm_status rc = ca_find_der(ca, s->request->presented, &row);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "the certificate shown is not one of ours");
    }
    BM_TRY(rc);
    ca_keep_row(&s->presented, &row);
    s->has_presented = true;
    s->organisation = row.organisation;
    BM_TRY(bm_cert_parse(s->request->presented, BM_STRICT, NULL, &s->current));
    return find_owner(ca, s);
}

static bool in_list(const char *const *list, const char *name)
{
    for (; list != NULL && *list != NULL; list++) {
        if (strcmp(*list, name) == 0) {
            return true;
        }
    }
    return false;
}

/* One that we did not make (manufacturer.h). */
static bm_status check_foreign(struct ca *ca, struct ca_slot *s, int64_t now,
                               struct ca_refusal *why)
{
    const struct ca_shown shown = { .cert = s->request->presented,
                                    .chain = s->request->chain,
                                    .policy = s->policy };

    BM_TRY(ca_judge_idevid(ca, &shown, now, &s->idevid, why));
    s->has_idevid = true;
    s->organisation = s->idevid.organisation;
    memcpy(s->name, s->idevid.device, sizeof s->name);
    return BM_OK;
}

/* What is on record here is judged by that, whatever else it may be. */
static bm_status check_idevid(struct ca *ca, struct ca_slot *s, int64_t now,
                              struct ca_refusal *why)
{
    struct store_cert row;
    bm_status rc = ca_find_der(ca, s->request->presented, &row);

    if (rc == BM_E_NOT_FOUND && s->policy->manufacturers[0] != NULL) {
        return check_foreign(ca, s, now, why);
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    BM_TRY(find_presented(ca, s, why));
    if (!in_list(s->policy->idevid_profiles, s->presented.row.profile)) {
        return ca_refuse(why, BM_E_PROFILE_REQUESTER,
                         "a certificate of profile %s does not entitle to %s",
                         s->presented.row.profile, s->policy->name);
    }
    return BM_OK;
}

/* What an earlier owner gave is renewed by the profile that this one named; but
 * not what says who made it, which the new one would take the place of. */
static bm_status check_received(const struct ca *ca, const struct ca_slot *s,
                                struct ca_refusal *why)
{
    const char *profile = s->transfer.profile;

    if (ca_is_identity(ca, s->presented.row.profile)) {
        return ca_refuse(why, BM_E_CA_TRANSFERRED,
                         "it enrols by its identity, and renews none");
    }
    if (profile[0] == '\0') {
        return ca_refuse(why, BM_E_CA_TRANSFERRED,
                         "its owner named no profile for it");
    }
    return strcmp(profile, s->policy->name) == 0
               ? BM_OK
               : ca_refuse(why, BM_E_CA_TRANSFERRED, "it renews by %s",
                           profile);
}

static bm_status check_current(struct ca *ca, struct ca_slot *s,
                               struct ca_refusal *why)
{
    BM_TRY(find_presented(ca, s, why));
    if (s->received) {
        BM_TRY(check_received(ca, s, why));
    } else if (strcmp(s->presented.row.profile, s->policy->name) != 0) {
        return ca_refuse(why, BM_E_PROFILE_REQUESTER,
                         "a certificate of profile %s is not renewed by %s",
                         s->presented.row.profile, s->policy->name);
    }
    if (!s->policy->renewable) {
        return ca_refuse(why, BM_E_CA_WINDOW, "%s is never renewed",
                         s->policy->name);
    }
    return BM_OK;
}

/* The name that an operator gives, or that the request itself has. */
static bm_status name_device(struct ca_slot *s, int64_t now,
                             struct ca_refusal *why)
{
    struct ca_profile_request r = { .csr = s->request->csr,
                                    .device = s->request->device,
                                    .subject = s->request->subject,
                                    .now = now };

    if (!s->policy->device) {
        return BM_OK;
    }
    return ca_profile_device(s->profile, &r, s->name, sizeof s->name, why);
}

/*
 * Who has a certificate of the operations CA can be taken for this service or
 * for an operator: those are for an administrator of the instance to give.
 */
static bm_status check_operations(struct ca *ca, const struct ca_slot *s,
                                  struct ca_refusal *why)
{
    const struct ca_actor *actor = s->request->actor;
    const struct store *store = ca->c.store;
    struct store_ca row;

    if ((actor->roles & CA_ROLE_ADMIN) != 0 && actor->scope.organisation == 0 &&
        actor->scope.ecosystem == 0) {
        return BM_OK;
    }
    BM_TRY(store->ca_get(store->self, &ca_everything, s->ca, &row));
    return row.kind != STORE_CA_OPERATIONS
               ? BM_OK
               : ca_refuse(why, BM_E_CA_FORBIDDEN,
                           "%s is for administrators of the instance to issue",
                           s->policy->name);
}

bm_status ca_find_requester(struct ca *ca, struct ca_slot *s, int64_t now,
                            struct ca_refusal *why)
{
    const struct ca_actor *actor = s->request->actor;

    s->organisation = actor->organisation;
    switch (s->request->by) {
    case CA_BY_OPERATOR:
        BM_TRY(ca_authorise(actor, CA_ACT_CERT_ISSUE, why));
        BM_TRY(check_operations(ca, s, why));
        return name_device(s, now, why);
    case CA_BY_AUTHORITY:
        if (!actor->authority) {
            return ca_refuse_plain(why, BM_E_CA_FORBIDDEN);
        }
        return name_device(s, now, why);
    case CA_BY_TOKEN:
        return check_token(ca, s, now, why);
    case CA_BY_IDEVID:
        return check_idevid(ca, s, now, why);
    case CA_BY_CURRENT:
        return check_current(ca, s, why);
    default:
        return ca_refuse_plain(why, BM_E_PROFILE_REQUESTER);
    }
}

bm_status ca_admit_requester(struct ca *ca, struct ca_slot *s, int64_t now,
                             struct ca_refusal *why)
{
    struct ca_usage usage = { .now = now,
                              .renewing = s->request->by == CA_BY_CURRENT };

    return s->has_presented
               ? ca_use(ca, s->request->actor, &usage, &s->presented.row, why)
               : BM_OK;
}

static bm_status check_state(const struct ca_slot *s, struct ca_refusal *why)
{
    switch (s->device.state) {
    case STORE_DEVICE_EXPECTED:
    case STORE_DEVICE_BORN:
    case STORE_DEVICE_ACTIVE:
        return BM_OK;
    case STORE_DEVICE_SUSPENDED:
        return ca_refuse(why, BM_E_CA_DEVICE, "%s is suspended", s->name);
    case STORE_DEVICE_REVOKED:
        return ca_refuse(why, BM_E_CA_DEVICE, "%s is revoked", s->name);
    case STORE_DEVICE_TRANSFERRED:
        return ca_refuse(why, BM_E_CA_DEVICE, "%s was given away", s->name);
    default:
        return ca_refuse(why, BM_E_CA_DEVICE, "%s is retired", s->name);
    }
}

/* A token from before the device was given away stays void when it is back:
 * who had it meanwhile may have the secret. */
static bm_status check_age(struct ca *ca, const struct ca_slot *s,
                           struct ca_refusal *why)
{
    struct store_transfer transfer;

    if (!s->has_token) {
        return BM_OK;
    }
    BM_TRY(ca_transfer_of(ca, &s->device, &transfer));
    return s->token.created >= transfer.decided
               ? BM_OK
               : ca_refuse(why, BM_E_CA_TOKEN,
                           "%s is from before %s was given away", s->token.id,
                           s->name);
}

bm_status ca_check_device(struct ca *ca, struct ca_slot *s, int64_t now,
                          struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    bm_status rc;

    if (!s->policy->device) {
        return BM_OK;
    }
    if (s->name[0] == '\0') {
        return ca_refuse_plain(why, BM_E_PROFILE_DEVICE);
    }
    rc = store->device_find(store->self, s->organisation, s->name, &s->device);
    if (rc == BM_E_NOT_FOUND && s->policy->expected) {
        return ca_refuse(why, BM_E_CA_EXPECTED, "%s", s->name);
    }
    if (rc == BM_E_NOT_FOUND) {
        s->device = (struct store_device){ .organisation = s->organisation,
                                           .created = now };
        memcpy(s->device.name, s->name, sizeof s->device.name);
        s->has_device = true;
        s->new_device = true;
        return BM_OK;
    }
    BM_TRY(rc);
    s->has_device = true;
    BM_TRY(check_state(s, why));
    BM_TRY(check_age(ca, s, why));
    return ca_line_of(ca, &s->device, &s->line);
}
