/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/internal.h"

/*
 * Who may do what. One table for every way in: the command line that opens
 * the instance itself, and the API. An act that has no row is nobody's.
 */
#define REGISTRAR CA_ROLE_REGISTRAR
#define FACTORY   CA_ROLE_FACTORY
#define AUDITOR   CA_ROLE_AUDITOR
#define ANYBODY   CA_ROLE_ALL

static const struct {
    const char *name;
    unsigned roles; /* besides CA_ROLE_ADMIN, who may do all of it */
} acts[CA_ACT_COUNT] = {
    [CA_ACT_CERT_ISSUE] = { "issue certificates", REGISTRAR | FACTORY },
    [CA_ACT_CERT_READ] = { "see certificates", ANYBODY },
    [CA_ACT_CERT_REVOKE] = { "revoke certificates", REGISTRAR },
    [CA_ACT_CERT_IMPORT] = { "import certificates", 0 },
    [CA_ACT_CA_READ] = { "see authorities", ANYBODY },
    [CA_ACT_CA_CRL] = { "sign revocation lists", REGISTRAR },
    [CA_ACT_DEVICE_READ] = { "see devices", ANYBODY },
    [CA_ACT_DEVICE_SUSPEND] = { "suspend and resume devices", REGISTRAR },
    [CA_ACT_DEVICE_RENEW] = { "ask devices to renew", REGISTRAR },
    [CA_ACT_PROFILE_READ] = { "see profiles", ANYBODY },
    [CA_ACT_TOKEN_CREATE] = { "create tokens", REGISTRAR | FACTORY },
    [CA_ACT_TOKEN_READ] = { "see tokens", REGISTRAR | FACTORY | AUDITOR },
    [CA_ACT_TOKEN_REVOKE] = { "revoke tokens", REGISTRAR },
    [CA_ACT_LEDGER_READ] = { "read the ledger", AUDITOR },
    [CA_ACT_LEDGER_CHECKPOINT] = { "sign checkpoints", AUDITOR },
    [CA_ACT_BACKUP] = { "make backups", 0 },
    [CA_ACT_RESTORE] = { "resume a restored instance", 0 },
    [CA_ACT_REQUEST_READ] = { "see requests", REGISTRAR | FACTORY | AUDITOR },
    [CA_ACT_REQUEST_DECIDE] = { "approve and reject requests", REGISTRAR },
    [CA_ACT_OPERATOR_CREATE] = { "create operators", 0 },
    [CA_ACT_OPERATOR_READ] = { "see operators", AUDITOR },
    [CA_ACT_OPERATOR_RENEW] = { "renew their own certificate", ANYBODY },
    [CA_ACT_OPERATOR_DISABLE] = { "disable and enable operators", 0 },
    [CA_ACT_EVENT_READ] = { "see events", REGISTRAR | AUDITOR },
    [CA_ACT_STATUS_READ] = { "see the service", ANYBODY },
    [CA_ACT_CA_INSTALL] = { "install authorities", 0 },
    [CA_ACT_RELEASE_CREATE] = { "create releases", REGISTRAR },
    [CA_ACT_RELEASE_ASSIGN] = { "assign releases", REGISTRAR },
    [CA_ACT_RELEASE_READ] = { "see releases", ANYBODY },
    [CA_ACT_MANUFACTURER_CHANGE] = { "add and remove manufacturers", 0 },
    [CA_ACT_MANUFACTURER_EXPECT] = { "say what comes of manufacturers",
                                     REGISTRAR },
    [CA_ACT_MANUFACTURER_READ] = { "see manufacturers", ANYBODY },
    [CA_ACT_ECOSYSTEM_CREATE] = { "create ecosystems", 0 },
    [CA_ACT_ORGANISATION_CREATE] = { "create organisations", 0 },
    [CA_ACT_ORGANISATION_RENAME] = { "rename organisations", 0 },
    [CA_ACT_ORGANISATION_SUSPEND] = { "suspend and resume organisations", 0 },
    [CA_ACT_ORGANISATION_READ] = { "see organisations", ANYBODY },
    [CA_ACT_ALLOCATE] = { "allocate profiles and quota", 0 },
    [CA_ACT_VERSION_CHOOSE] = { "choose versions of profiles", 0 },
    [CA_ACT_BATCH_CREATE] = { "create batches", REGISTRAR | FACTORY },
    [CA_ACT_BATCH_READ] = { "see batches", REGISTRAR | FACTORY | AUDITOR },
    [CA_ACT_BATCH_DECIDE] = { "approve and reject batches", REGISTRAR },
    [CA_ACT_BATCH_REVOKE] = { "revoke batches", REGISTRAR },
    [CA_ACT_RENEWAL_PULL] = { "pull renewals forward", REGISTRAR },
    [CA_ACT_DEVICE_SHIP] = { "say what is shipped", REGISTRAR | FACTORY },
    [CA_ACT_DEVICE_EXPECT] = { "say which devices are expected",
                               REGISTRAR | FACTORY },
    [CA_ACT_DEVICE_DESCRIBE] = { "set what is on record of devices",
                                 REGISTRAR },
    [CA_ACT_DEVICE_END] = { "revoke and retire devices", REGISTRAR },
    [CA_ACT_TRANSFER_OFFER] = { "offer devices to others", REGISTRAR },
    [CA_ACT_TRANSFER_ANSWER] = { "accept and refuse devices", REGISTRAR },
    [CA_ACT_TRANSFER_READ] = { "see transfers", REGISTRAR | AUDITOR },
    [CA_ACT_DESTINATION_CHANGE] = { "say where events go", 0 },
    [CA_ACT_DESTINATION_RETRY] = { "have events sent again", REGISTRAR },
    [CA_ACT_DESTINATION_READ] = { "see where events go", REGISTRAR | AUDITOR },
    [CA_ACT_FIRMWARE_RECORD] = { "record signatures of firmware", REGISTRAR },
};

static const struct {
    const char *name;
    unsigned role;
} roles[] = {
    { "administrator", CA_ROLE_ADMIN }, { "registrar", CA_ROLE_REGISTRAR },
    { "auditor", CA_ROLE_AUDITOR },     { "factory", CA_ROLE_FACTORY },
    { "read-only", CA_ROLE_READ_ONLY },
};

#define ROLES_N (sizeof roles / sizeof roles[0])

void ca_roles_put(struct bm_wr *w, unsigned set)
{
    const char *comma = "";

    for (size_t i = 0; i < ROLES_N; i++) {
        if ((set & roles[i].role) != 0) {
            bm_wr_str(w, comma);
            bm_wr_str(w, roles[i].name);
            comma = ",";
        }
    }
}

static unsigned role_of(const char *word, size_t n)
{
    for (size_t i = 0; i < ROLES_N; i++) {
        if (strlen(roles[i].name) == n && memcmp(roles[i].name, word, n) == 0) {
            return roles[i].role;
        }
    }
    return 0;
}

unsigned ca_roles_parse(const char *words)
{
    unsigned set = 0;

    for (;;) {
        size_t n = strcspn(words, ",");
        unsigned role = role_of(words, n);

        if (role == 0) {
            return 0;
        }
        set |= role;
        if (words[n] == '\0') {
            return set;
        }
        words += n + 1;
    }
}

bm_status ca_authorise(const struct ca_actor *actor, enum ca_act act,
                       struct ca_refusal *why)
{
    char names[CA_ROLES_TEXT];
    struct bm_wr w;
    unsigned allowed;

    if ((unsigned)act >= CA_ACT_COUNT || acts[act].name == NULL) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN, "no such act");
    }
    allowed = acts[act].roles | CA_ROLE_ADMIN;
    if (actor->authority || (actor->roles & allowed) != 0) {
        return BM_OK;
    }
    bm_wr_init(&w, (uint8_t *)names, sizeof names - 1);
    ca_roles_put(&w, allowed);
    names[w.len < sizeof names ? w.len : sizeof names - 1] = '\0';
    return ca_refuse(why, BM_E_CA_FORBIDDEN, "%s may not %s; needed: %s",
                     actor->name, acts[act].name, names);
}

bm_status ca_authorise_own(const struct ca_actor *actor, enum ca_act act,
                           struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, act, why));
    return actor->scope.organisation == 0 ||
                   actor->scope.organisation == actor->organisation
               ? BM_OK
               : ca_refuse_plain(why, BM_E_CA_FORBIDDEN);
}
