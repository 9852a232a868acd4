/* SPDX-License-Identifier: Apache-2.0 */

/* Keys that a TPM has attested: whether one is needed, and what is kept. */
#include <stdio.h>
#include <string.h>

#include "ca/slot.h"

/*
 * A TPM belongs to one device, and a device has one TPM: of two devices with
 * one, or of one with two, somebody is not who he says. Of one organisation:
 * maker and owner keep books of their own.
 */
static bm_status check_tpm(struct ca *ca, const struct ca_slot *s,
                           struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct store_attestation row;
    bm_status rc = store->attestation_of_ek(store->self, s->organisation,
                                            s->attestation.ek, &row);

    if (rc == BM_OK && row.device != 0 && row.device != s->device.id) {
        return ca_refuse_plain(why, BM_E_ATTEST_OTHER);
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    if (!s->has_device || s->new_device) {
        return BM_OK;
    }
    rc = store->attestation_of_device(store->self, s->device.id, &row);
    if (rc == BM_OK && memcmp(row.ek, s->attestation.ek, sizeof row.ek) != 0) {
        return ca_refuse(why, BM_E_ATTEST_OTHER, "%s has had another TPM",
                         s->name);
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status ca_check_attestation(struct ca *ca, struct ca_slot *s,
                               struct ca_refusal *why)
{
    const struct ca_attested *shown = s->request->attested;
    const struct store *store = ca->c.store;
    bm_status rc;

    if (shown == NULL && s->policy->attestation == CA_ATTESTATION_NONE) {
        return BM_OK;
    }
    rc = store->attestation_get(store->self, s->key, &s->attestation);
    /* It cannot have left since; but the device may have another TPM by now. */
    if (rc == BM_OK && s->policy->attestation == CA_ATTESTATION_TPM) {
        return check_tpm(ca, s, why);
    }
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    if (shown == NULL || memcmp(shown->key, s->key, sizeof s->key) != 0) {
        return s->policy->attestation == CA_ATTESTATION_NONE
                   ? BM_OK
                   : ca_refuse(why, BM_E_ATTEST_MISSING, "%s", s->policy->name);
    }
    s->attests = true;
    s->attestation =
        (struct store_attestation){ .organisation = s->organisation,
                                    .place = STORE_PLACE_TPM };
    memcpy(s->attestation.key, s->key, sizeof s->attestation.key);
    memcpy(s->attestation.ek, shown->ek, sizeof s->attestation.ek);
    s->attestation.at = shown->at;
    return s->policy->attestation == CA_ATTESTATION_ANY_TPM
               ? BM_OK
               : check_tpm(ca, s, why);
}

bm_status ca_put_attestation(struct ca *ca, struct ca_slot *s, int64_t now)
{
    const struct store *store = ca->c.store;
    struct ca_record record =
        ca_record_of(CA_RECORD_ATTESTATION, s->request->actor, now);
    char text[8 + 2 * STORE_HASH_SIZE];
    char ek[2 * STORE_HASH_SIZE + 1];

    if (!s->attests) {
        return BM_OK;
    }
    s->attestation.device = s->has_device ? s->device.id : 0;
    ca_hex(BM_ARRAY(s->attestation.ek), ek, sizeof ek);
    (void)snprintf(text, sizeof text, "tpm %s", ek);
    record.organisation = s->organisation;
    record.subject = ca_text(s->has_device ? s->device.name : "");
    record.hash = BM_ARRAY(s->key);
    record.text = ca_text(text);
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return store->attestation_put(store->self, &s->attestation);
}
