/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "daemon/issuer_internal.h"
#include "ports/openssl/openssl_tpm.h"
#include "server/ek_cas.h"

/*
 * Where keys were made. What is open between two requests is in memory of this
 * process (ca/attest.h), under the identity that limits know, too: so what is
 * shown with a certificate or token counts for what is asked for with the same
 * one.
 */

bm_status issuer_attest_init(struct issuer *is, struct ca_refusal *why)
{
    const struct settings *s = &is->room->settings;
    struct ca_attest_config config = { .crypto = is->crypto,
                                       .port = bm_openssl_credential_crypto(),
                                       .valid = s->attestation_valid };
    bm_status rc;

    BM_TRY(ek_cas_read(s->attestation_ek_cas, &is->ek_cas, why));
    config.cas = is->ek_cas.certs;
    config.cas_n = is->ek_cas.n;
    rc = ca_attest_new(&config, &is->attest);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

void issuer_attest_wipe(struct issuer *is)
{
    ca_attest_free(is->attest);
    ek_cas_free(&is->ek_cas);
}

const struct ca_attested *issuer_attested(struct issuer *is,
                                          const struct issuer_enrol *e)
{
    uint8_t hash[BM_HASH_MAX];

    if (is->ek_cas.n == 0 || is->crypto->hash(is->crypto->self, BM_HASH_SHA256,
                                              e->csr.key.der, hash) != BM_OK) {
        return NULL;
    }
    return ca_attest_find(is->attest, e->who.identity, hash, room_now());
}

static bm_status answer(struct issuer *is, const struct wire_attest *m,
                        const uint8_t who[32], struct bm_wr *out,
                        struct ca_refusal *why)
{
    return m->op == WIRE_ATTEST_CHALLENGE
               ? ca_attest_challenge(is->attest, who, m->body, room_now(), out,
                                     why)
               : ca_attest_activate(is->attest, who, m->body, room_now(), out,
                                    why);
}

bm_status issuer_serve_attest(void *asker, struct link *link,
                              const struct link_frame *frame)
{
    struct issuer_asker *a = asker;
    uint8_t room[WIRE_DEVICE_BODY_MAX];
    struct wire_enrolled good = { .http = 200 };
    struct ca_refusal why = { BM_OK, "" };
    struct issuer_reply reply;
    struct wire_attest m;
    uint8_t who[32];
    struct bm_wr out;
    bm_status rc;

    (void)link;
    BM_TRY(wire_attest_get(frame->body, &m));
    if (!issuer_identify(a->is, &m, who, &reply)) {
        return issuer_answer_reply(a, frame, &reply);
    }
    bm_wr_init(&out, room, sizeof room);
    rc = answer(a->is, &m, who, &out, &why);
    if (rc != BM_OK) {
        log_refusal(LOG_LEVEL_INFO, "attest.refused", &why);
        issuer_refuse(&reply, rc, &why);
        return issuer_answer_reply(a, frame, &reply);
    }
    good.body = bm_wr_bytes(&out);
    return issuer_answer_enrolled(a, frame, &good);
}
