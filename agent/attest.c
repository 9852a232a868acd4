/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/attest.h"

#include <stdlib.h>
#include <string.h>

#include "agent/anchors.h"
#include "agent/api.h"
#include "agent/event.h"
#include "keys/tpm2_attest.h"

/* docs/attestation.md: at most, of all four messages. */
#define MESSAGE_MAX 16384

struct attesting {
    const struct attest_config *config;
    struct api_as as;
    struct anchors ek; /* certificate and chain, where the TPM has none */
    struct bm_key_tpm2_attest tpm;
    struct api api;
    uint8_t message[MESSAGE_MAX];
};

/* ---- The key */

static bm_status find_key(struct attesting *a)
{
    struct state *state = a->config->state;
    struct bm_identity *id = &state->identity;
    const enum bm_identity_place place = a->config->job == BM_ENROL_BIRTH
                                             ? BM_IDENTITY_IDEVID
                                             : BM_IDENTITY_PENDING;
    const struct bm_signer *signer;
    enum bm_key_slot slot;

    if (bm_identity_state(id, place) == BM_IDENTITY_EMPTY) {
        BM_TRY(bm_identity_begin(id, place));
    }
    BM_TRY(bm_identity_signer(id, place, &signer));
    slot = keystore_slot_of(&state->keys, signer);
    bm_identity_close(id, place);
    if (strncmp(state->keys.slots[slot].uri, "tpm2:", 5) != 0) {
        return BM_E_KEYS_URI;
    }
    a->tpm.provider = state->keys.tpm2;
    a->tpm.rest = state->keys.slots[slot].uri + 5;
    return BM_OK;
}

static bm_status load_ek(struct attesting *a)
{
    const char *path = a->config->state->settings->keys.ek_certificate;

    if (path == NULL) {
        return BM_OK;
    }
    BM_TRY(anchors_load(path, &a->ek));
    a->tpm.ek_cert = a->ek.cert[0];
    if (a->ek.n > 1) { /* DER after DER, as they lie */
        const struct bm_bytes *last = &a->ek.cert[a->ek.n - 1];

        a->tpm.ek_chain =
            (struct bm_bytes){ a->ek.cert[1].p,
                               (size_t)(last->p + last->n - a->ek.cert[1].p) };
    }
    return BM_OK;
}

/*
 * As enrolment will show itself (device/enrol.h), since what is shown counts
 * for what the same identity asks for: a token, where there is one, but not
 * to renew; an IDevID; the current one.
 */
static bm_status choose(struct attesting *a)
{
    const struct state *state = a->config->state;
    const bool renew =
        a->config->job == BM_ENROL_RENEW &&
        bm_identity_state(&state->identity, BM_IDENTITY_CURRENT) ==
            BM_IDENTITY_CERT;

    if (renew) {
        a->as.show = true;
        a->as.place = BM_IDENTITY_CURRENT;
    } else if (a->config->token.n != 0) {
        a->as.device = state->settings->device;
        a->as.token = a->config->token;
    } else if (a->config->job != BM_ENROL_BIRTH &&
               bm_identity_state(&state->identity, BM_IDENTITY_IDEVID) ==
                   BM_IDENTITY_CERT) {
        a->as.show = true;
        a->as.place = BM_IDENTITY_IDEVID;
    }
    return a->as.show || a->as.token.n != 0 ? BM_OK : BM_E_AGENT_NONE;
}

/* ---- Two requests */

static bm_status post(struct attesting *a, const char *path,
                      const struct bm_wr *message)
{
    size_t n;

    BM_TRY(bm_wr_finish(message, &n));
    BM_TRY(api_post(&a->api, path, bm_wr_bytes(message)));
    if (a->api.http.status == 200) {
        return BM_OK;
    }
    event_put(EVENT_INFO, "attest.refused",
              (struct event_field[]){ { "path", path, 0 },
                                      { "http", NULL, a->api.http.status },
                                      { 0 } });
    return BM_E_ATTEST;
}

static bm_status convince(struct attesting *a)
{
    struct bm_attest_verdict verdict;
    struct bm_wr w;

    bm_wr_init(&w, a->message, sizeof a->message);
    BM_TRY(bm_key_tpm2_claim(&a->tpm, &w));
    BM_TRY(post(a, "attest/challenge", &w));
    bm_wr_init(&w, a->message, sizeof a->message);
    BM_TRY(bm_key_tpm2_answer(
        &a->tpm, (struct bm_bytes){ a->api.body, a->api.body_n }, &w));
    BM_TRY(post(a, "attest/activate", &w));
    return bm_attest_parse_verdict(
        (struct bm_bytes){ a->api.body, a->api.body_n }, &verdict);
}

static bm_status attest(struct attesting *a)
{
    bm_status rc;

    BM_TRY(choose(a));
    BM_TRY(find_key(a));
    BM_TRY(load_ek(a));
    BM_TRY(api_open(&a->api, a->config->state, &a->as, a->config->stop));
    rc = convince(a);
    api_close(&a->api);
    return rc;
}

bm_status attest_key(const struct attest_config *config)
{
    struct attesting *a = calloc(1, sizeof *a);
    bm_status rc;

    if (a == NULL) {
        return BM_E_MEMORY;
    }
    a->config = config;
    rc = attest(a);
    anchors_free(&a->ek);
    bm_wipe(a, sizeof *a);
    free(a);
    return rc;
}
