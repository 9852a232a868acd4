/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/event_kind.h"

#include <stdio.h>
#include <string.h>

#include "core/event.h"

/* Events of applications have numbers, and these names. */
#define APPLICATION "application-"
#define UNNAMED     "kind-"

const struct ca_event_kind ca_event_kinds[] = {
    [CA_ASKED_ISSUED] = { "certificate.issued", CA_EVENT_ASKED, false,
                          "one was issued" },
    [CA_ASKED_RENEWED] = { "certificate.renewed", CA_EVENT_ASKED, false,
                           "one was issued that renews another" },
    [CA_ASKED_REVOKED] = { "certificate.revoked", CA_EVENT_ASKED, false,
                           "one was revoked" },
    [CA_ASKED_HELD] = { "certificate.held", CA_EVENT_ASKED, false,
                        "one was put on hold" },
    [CA_ASKED_RELEASED] = { "certificate.released", CA_EVENT_ASKED, false,
                            "one is no longer on hold" },
    [CA_ASKED_BATCH] = { "batch.changed", CA_EVENT_ASKED, false,
                         "a batch has another state" },
    [CA_ASKED_REQUEST] = { "request.waiting", CA_EVENT_ASKED, false,
                           "a request waits for an operator" },

    { "fork", CA_EVENT_NOTICED, true,
      "two renewals of one certificate are in use" },
    { "key-misuse", CA_EVENT_NOTICED, true,
      "one was asked for with the key of another device" },
    { "token-misuse", CA_EVENT_NOTICED, true,
      "a token was used again with another key" },
    { "idevid-clone", CA_EVENT_NOTICED, true,
      "an IDevID with this name and another key" },
    { "idevid-name", CA_EVENT_NOTICED, true,
      "an IDevID with this name, which has none" },
    { "idevid-key", CA_EVENT_NOTICED, true,
      "an IDevID with the key of another device" },
    { "same-key", CA_EVENT_NOTICED, true,
      "a key was brought that is another's" },
    { "clone", CA_EVENT_NOTICED, true,
      "an IDevID has the name of another device" },
    { "two-places", CA_EVENT_NOTICED, true,
      "a certificate is used here and there in turn" },
    { "before-shipping", CA_EVENT_NOTICED, true,
      "a device was seen that was not shipped" },
    { "enrolment-loop", CA_EVENT_NOTICED, true,
      "a device enrols again and again" },
    { "restore", CA_EVENT_NOTICED, true, "the instance goes on from a backup" },
    { "idevid", CA_EVENT_NOTICED, false, "a device came with an IDevID" },
    { "manufacturer-added", CA_EVENT_NOTICED, false,
      "IDevIDs of a manufacturer count" },
    { "manufacturer-removed", CA_EVENT_NOTICED, false, "they count no more" },
    { "described", CA_EVENT_NOTICED, false,
      "an operator has described a device" },
    { "suspended", CA_EVENT_NOTICED, false,
      "an operator has suspended a device" },
    { "resumed", CA_EVENT_NOTICED, false, "it may go on" },
    { "revoked", CA_EVENT_NOTICED, false, "a device was revoked" },
    { "retired", CA_EVENT_NOTICED, false, "a device was retired" },
    { "given", CA_EVENT_NOTICED, false,
      "a device has gone to another organisation" },
    { "received", CA_EVENT_NOTICED, false, "it has come from there" },
    { "transfer-offered", CA_EVENT_NOTICED, false,
      "devices are to go to another organisation" },
    { "transfer-accepted", CA_EVENT_NOTICED, false, "they have" },
    { "transfer-refused", CA_EVENT_NOTICED, false, "they were not wanted" },
    { "transfer-withdrawn", CA_EVENT_NOTICED, false,
      "they are not to be had any more" },
    { "transfer-lapsed", CA_EVENT_NOTICED, false, "nobody took them in time" },
    { CA_KIND_TEST, CA_EVENT_NOTICED, false,
      "an operator tries a destination" },

    { "started", CA_EVENT_CLAIMED, false, "what runs, and its version" },
    { "fetched", CA_EVENT_CLAIMED, false, "what it was offered is there" },
    { "tried", CA_EVENT_CLAIMED, false, "it is on trial" },
    { "taken", CA_EVENT_CLAIMED, false, "it is in force" },
    { "reverted", CA_EVENT_CLAIMED, false,
      "it was tried, and is not in force" },
    { "refused", CA_EVENT_CLAIMED, false, "it will not be taken" },
    { "key", CA_EVENT_CLAIMED, false, "how and where its key was made" },
    { "lost", CA_EVENT_CLAIMED, false,
      "an identity or a record could not be read" },
    { "mode", CA_EVENT_CLAIMED, false,
      "the mode of operation that holds from now" },
    { "dropped", CA_EVENT_CLAIMED, false, "frames that its firewall dropped" },
    { "limited", CA_EVENT_CLAIMED, false,
      "frames over a rate, threshold or cap" },
    { "passed", CA_EVENT_CLAIMED, false,
      "frames that a rule passed and counts" },
    { "missed", CA_EVENT_CLAIMED, false,
      "events of the firewall that found no room" },
    { NULL, CA_EVENT_NOTICED, false, NULL },
};

/* By number of the protocol of devices. */
static const char *const numbered[] = {
    [BM_EVENT_STARTED] = "started",   [BM_EVENT_FETCHED] = "fetched",
    [BM_EVENT_TRIED] = "tried",       [BM_EVENT_TAKEN] = "taken",
    [BM_EVENT_REVERTED] = "reverted", [BM_EVENT_REFUSED] = "refused",
    [BM_EVENT_KEY] = "key",           [BM_EVENT_LOST] = "lost",
    [BM_EVENT_MODE] = "mode",         [BM_EVENT_DROPPED] = "dropped",
    [BM_EVENT_LIMITED] = "limited",   [BM_EVENT_PASSED] = "passed",
    [BM_EVENT_MISSED] = "missed",
};

void ca_event_kind_name(unsigned number, char name[STORE_ID_MAX])
{
    if (number < sizeof numbered / sizeof numbered[0] &&
        numbered[number] != NULL) {
        (void)snprintf(name, STORE_ID_MAX, "%s", numbered[number]);
    } else {
        (void)snprintf(name, STORE_ID_MAX, "%s%u",
                       number >= BM_EVENT_APPLICATION ? APPLICATION : UNNAMED,
                       number);
    }
}

static bool is(struct bm_bytes word, const char *name)
{
    return bm_bytes_are(word, (const uint8_t *)name, strlen(name));
}

const struct ca_event_kind *ca_event_kind_find(struct bm_bytes name)
{
    for (const struct ca_event_kind *k = ca_event_kinds; k->name != NULL; k++) {
        if (is(name, k->name)) {
            return k;
        }
    }
    return NULL;
}

/* The word before the '.' of one that is asked for. */
static bool is_family(struct bm_bytes word, const char *kind)
{
    size_t n = strcspn(kind, ".");

    return bm_bytes_are(word, (const uint8_t *)kind, n);
}

/* "application-64": the prefix, and a number as it would be written. */
static bool is_numbered(struct bm_bytes word)
{
    char name[STORE_ID_MAX];
    unsigned number = 0;
    size_t n = 0;

    while (n < word.n && (word.p[n] < '0' || word.p[n] > '9')) {
        n++;
    }
    for (; n < word.n; n++) {
        if (word.p[n] < '0' || word.p[n] > '9' || number > UINT16_MAX) {
            return false;
        }
        number = 10 * number + (unsigned)(word.p[n] - '0');
    }
    ca_event_kind_name(number, name);
    return number >= BM_EVENT_APPLICATION && is(word, name);
}

bool ca_event_kind_has(struct bm_bytes word, const struct store_event *event)
{
    return is(word, event->claimed ? CA_KIND_CLAIMED : CA_KIND_NOTICED) ||
           is(word, event->kind);
}

uint32_t ca_event_kind_asks(struct bm_bytes word)
{
    uint32_t asks = 0;

    for (size_t i = 0; i < CA_ASKED_N; i++) {
        if (is(word, ca_event_kinds[i].name) ||
            is_family(word, ca_event_kinds[i].name)) {
            asks |= UINT32_C(1) << i;
        }
    }
    return asks;
}

bool ca_event_kind_is(struct bm_bytes word)
{
    return is(word, CA_KIND_CLAIMED) || is(word, CA_KIND_NOTICED) ||
           ca_event_kind_find(word) != NULL || is_numbered(word) ||
           ca_event_kind_asks(word) != 0;
}
