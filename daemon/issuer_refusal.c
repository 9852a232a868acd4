/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "daemon/issuer_internal.h"

/*
 * What a refusal is to a client. It learns what is wrong with its own request;
 * it does not learn about others (who holds a key or an identifier), whether a
 * token was ever good, or where files lie here.
 */

enum detail {
    PLAIN, /* the text of the status */
    WORDS, /* and what was said about the request: the rule it breaks */
    MUTE   /* nothing that tells one case from another */
};

struct row {
    bm_status from;
    bm_status to; /* both included: the statuses of a layer are in a row */
    uint16_t http;
    uint32_t retry_after;
    enum detail detail;
};

/* The first that fits counts. */
static const struct row rows[] = {
    { BM_E_CA_APPROVAL, BM_E_CA_APPROVAL, 202, ISSUER_RETRY_APPROVAL, PLAIN },
    { BM_E_CA_TOKEN, BM_E_CA_TOKEN, 401, 0, PLAIN },
    { BM_E_CA_KEY_OWNED, BM_E_CA_IDENTIFIER, 409, 0, PLAIN },
    { BM_E_CA_CLOCK, BM_E_CA_CLOCK, 503, ISSUER_RETRY_FULL, MUTE },
    { BM_E_CA_UNAVAILABLE, BM_E_CA_RECOVER, 503, ISSUER_RETRY_FULL, MUTE },
    /* Both can be mended, without the device: it is to come again. */
    { BM_E_CA_QUOTA, BM_E_CA_QUOTA, 429, ISSUER_RETRY_QUOTA, PLAIN },
    { BM_E_CA_ORGANISATION, BM_E_CA_ORGANISATION, 429, ISSUER_RETRY_QUOTA,
      PLAIN },
    { BM_E_CA_DEVICE, BM_E_CA_NOT_ENABLED, 403, 0, PLAIN },
    { BM_E_CA_TRANSFERRED, BM_E_CA_TRANSFERRED, 403, 0, PLAIN },
    { BM_E_PROFILE_REQUESTER, BM_E_PROFILE_REQUESTER, 403, 0, PLAIN },
    { BM_E_PROFILE, BM_E_PROFILE_TBS, 400, 0, WORDS },
    { BM_E_PATH_NO_ISSUER, BM_E_PATH_PROFILE, 403, 0, PLAIN },
    { BM_E_ATTEST_MISSING, BM_E_ATTEST_MISSING, 403, 0, PLAIN },
    { BM_E_ATTEST_OTHER, BM_E_ATTEST_OTHER, 403, 0, PLAIN },
    { BM_E_ATTEST_OFF, BM_E_ATTEST_OFF, 404, 0, PLAIN },
    { BM_E_ATTEST_EK, BM_E_ATTEST_EK, 403, 0, WORDS },
    { BM_E_ATTEST, BM_E_ATTEST_UNBOUND, 400, 0, WORDS },
    { BM_E_NOT_FOUND, BM_E_NOT_FOUND, 403, 0, MUTE },
    { BM_E_FULL, BM_E_FULL, 503, ISSUER_RETRY_FULL, MUTE },
    { BM_E_BUSY, BM_E_BUSY, 503, ISSUER_RETRY, MUTE },
    { BM_E_STORE, BM_E_STORE_STATE, 503, ISSUER_RETRY, MUTE },
    { BM_E_KEYS_URI, BM_E_KEYS_BUSY, 503, ISSUER_RETRY, MUTE },
    { BM_E_LEDGER_RECORD, BM_E_LEDGER_PROOF_FILE, 503, ISSUER_RETRY_FULL,
      MUTE },
    /* What we would say does not fit: nothing is wrong with the request. */
    { BM_E_BUFFER, BM_E_BUFFER, 503, ISSUER_RETRY_FULL, MUTE },
    { BM_E_MEMORY, BM_E_IO, 503, ISSUER_RETRY, MUTE },
    { BM_E_CRYPTO, BM_E_RANDOM, 503, ISSUER_RETRY, MUTE },
    { BM_E_INTERNAL, BM_E_INTERNAL, 500, 0, MUTE },
};

static const char *mute_text(uint16_t http)
{
    switch (http) {
    case 403:
        return "the certificate shown is not known here";
    case 503:
        return "not at present; please come again";
    default:
        return "internal error";
    }
}

static const struct row *find(bm_status rc)
{
    static const struct row other = { BM_OK, BM_OK, 400, 0, PLAIN };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rc >= rows[i].from && rc <= rows[i].to) {
            return &rows[i];
        }
    }
    return &other;
}

void issuer_say(struct issuer_reply *reply, uint16_t http, uint32_t retry_after,
                const char *words)
{
    reply->http = http;
    reply->retry_after = retry_after;
    (void)snprintf(reply->words, sizeof reply->words, "%s", words);
}

/* Words without " (FILE:LINE)" at their end: a rule's place is ours. */
static int rule_length(const char *words)
{
    const char *place = strrchr(words, '(');

    return (int)(place == NULL ? strlen(words) : (size_t)(place - words));
}

void issuer_refuse(struct issuer_reply *reply, bm_status rc,
                   const struct ca_refusal *why)
{
    const struct row *row = find(rc);

    issuer_say(reply, row->http, row->retry_after,
               row->detail == MUTE ? mute_text(row->http) : bm_status_text(rc));
    if (row->detail == WORDS && why->words[0] != '\0') {
        (void)snprintf(reply->words, sizeof reply->words, "%s: %.*s",
                       bm_status_text(rc), rule_length(why->words), why->words);
    }
}

bool issuer_is_failure(bm_status rc)
{
    uint16_t http = rc == BM_OK ? 200 : find(rc)->http;

    return http >= 500;
}
