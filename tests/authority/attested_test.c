/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/authority/world.h"

/* Keys that a TPM has attested, where a profile wants them and elsewhere. */

/* Somebody with an IDevID, and what he shows of keys. */
struct device {
    const char *name;
    struct issued idevid;
    struct ca_attested attested;
};

static void device_make(struct world *w, struct device *d, const char *name,
                        uint8_t ek)
{
    d->name = name;
    must(by_operator(w, IDEVID, name, world_key(), &d->idevid) == BM_OK,
         "idevid");
    memset(&d->attested, 0, sizeof d->attested);
    memset(d->attested.ek, ek, sizeof d->attested.ek);
}

/* Ask for `profile` by the IDevID; with `shown`, the key is attested. */
static bm_status ask(struct world *w, struct device *d, const char *profile,
                     const struct bm_signer *key, bool shown,
                     struct issued *out)
{
    static struct request csr;
    struct ca_issue_request r = { .actor = &est,
                                  .by = CA_BY_IDEVID,
                                  .profile = profile,
                                  .csr = &csr.csr,
                                  .proven = true,
                                  .presented = issued_der(&d->idevid) };
    const struct bm_crypto *crypto = world_crypto();
    uint8_t hash[BM_HASH_MAX];

    request_make(&csr, key, d->name, NULL);
    CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256, key->key.der, hash),
                 BM_OK);
    memcpy(d->attested.key, hash, sizeof d->attested.key);
    d->attested.at = w->now;
    r.attested = shown ? &d->attested : NULL;
    return world_issue(w, &r, out);
}

/* What is on record of a key; zero: nothing. */
static struct store_attestation on_record(struct world *w,
                                          const struct device *d)
{
    struct store_attestation row;
    bm_status rc;

    must(w->store->begin(w->store->self, STORE_READ) == BM_OK, "begin");
    rc = w->store->attestation_get(w->store->self, d->attested.key, &row);
    w->store->rollback(w->store->self);
    CHECK(rc == BM_OK || rc == BM_E_NOT_FOUND);
    return row;
}

static void a_profile_may_want_keys_of_a_tpm(void)
{
    struct world w;
    struct device d;
    struct issued out;
    struct store_attestation row;
    uint64_t leaves;

    world_open(&w);
    device_make(&w, &d, "SN-1", 1);
    CHECK_STATUS(ask(&w, &d, TPM, world_key(), false, &out),
                 BM_E_ATTEST_MISSING);
    CHECK(strstr(out.why.words, TPM) != NULL);
    CHECK(on_record(&w, &d).at == 0);
    leaves = world_leaves(&w);
    CHECK_STATUS(ask(&w, &d, TPM, world_key(), true, &out), BM_OK);
    row = on_record(&w, &d);
    CHECK(row.place == STORE_PLACE_TPM && row.organisation == 1 &&
          row.device == world_device(&w, 1, "SN-1").id && row.at == w.now &&
          row.ek[0] == 1 && row.ek[31] == 1);
    /* the certificate, the device's state, and where the key was made */
    CHECK(world_leaves(&w) == leaves + 3);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void what_is_shown_of_another_key_does_not_count(void)
{
    struct world w;
    struct device d;
    struct issued out;
    struct request csr;
    struct ca_issue_request r = {
        .actor = &est, .by = CA_BY_IDEVID, .profile = TPM, .csr = &csr.csr
    };

    world_open(&w);
    device_make(&w, &d, "SN-1", 1);
    request_make(&csr, world_key(), "SN-1", NULL);
    r.presented = issued_der(&d.idevid);
    r.attested = &d.attested;
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_ATTEST_MISSING);
    world_close(&w);
}

static void an_operator_cannot_say_where_a_key_is(void)
{
    struct world w;
    struct issued out;

    world_open(&w);
    CHECK_STATUS(by_operator(&w, TPM, "SN-1", world_key(), &out),
                 BM_E_ATTEST_MISSING);
    world_close(&w);
}

/* It cannot leave the TPM: what was shown once stays true. */
static void a_key_is_attested_once(void)
{
    const struct bm_signer *key = world_key();
    struct world w;
    struct device d;
    struct issued first;
    struct issued second;
    struct by_cert renew = { CA_BY_CURRENT, TPM, "SN-1", &first, key };

    world_open(&w);
    device_make(&w, &d, "SN-1", 1);
    CHECK_STATUS(ask(&w, &d, TPM, key, true, &first), BM_OK);
    w.now += HOUR;
    CHECK_STATUS(by_cert(&w, &renew, &second), BM_OK);
    CHECK(!second.repeated);
    renew.key = world_key();
    CHECK_STATUS(by_cert(&w, &renew, &second), BM_E_ATTEST_MISSING);
    CHECK_STATUS(ask(&w, &d, ANY_TPM, key, false, &second), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* A lost reply is given again, whatever has become of what was shown. */
static void a_reply_that_was_lost_needs_no_attestation(void)
{
    const struct bm_signer *key = world_key();
    struct world w;
    struct device d;
    struct issued first;
    struct issued again;

    world_open(&w);
    device_make(&w, &d, "SN-1", 1);
    CHECK_STATUS(ask(&w, &d, ANY_TPM, key, true, &first), BM_OK);
    CHECK_STATUS(ask(&w, &d, ANY_TPM, key, false, &again), BM_OK);
    CHECK(again.id == first.id && again.repeated);
    world_close(&w);
}

static void a_tpm_is_of_one_device_and_a_device_has_one(void)
{
    struct world w;
    struct device one;
    struct device two;
    struct issued out;
    const struct bm_signer *old = world_key();

    world_open(&w);
    device_make(&w, &one, "SN-1", 1);
    device_make(&w, &two, "SN-2", 1);
    CHECK_STATUS(ask(&w, &one, TPM, old, true, &out), BM_OK);
    CHECK_STATUS(ask(&w, &one, TPM, world_key(), true, &out), BM_OK);
    /* the same TPM for another device */
    CHECK_STATUS(ask(&w, &two, TPM, world_key(), true, &out),
                 BM_E_ATTEST_OTHER);
    CHECK(out.why.words[0] == '\0'); /* whose it is he does not learn */
    CHECK(on_record(&w, &two).at == 0);
    /* another TPM for the same device */
    memset(one.attested.ek, 2, sizeof one.attested.ek);
    CHECK_STATUS(ask(&w, &one, TPM, world_key(), true, &out),
                 BM_E_ATTEST_OTHER);
    /* where boards are changed, and that is all right */
    CHECK_STATUS(ask(&w, &one, ANY_TPM, world_key(), true, &out), BM_OK);
    CHECK(on_record(&w, &one).ek[0] == 2);
    /* and a key of the TPM that it had is not one of the TPM that it has */
    w.now += 2 * HOUR;
    CHECK_STATUS(ask(&w, &one, TPM, old, false, &out), BM_E_ATTEST_OTHER);
    CHECK_STATUS(ask(&w, &one, ANY_TPM, old, false, &out), BM_OK);
    CHECK_STATUS(ask(&w, &one, ANY_TPM, world_key(), false, &out),
                 BM_E_ATTEST_MISSING);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Two in one call, of devices that claim one TPM: the second sees the first. */
static void two_devices_of_one_group_do_not_share_a_tpm(void)
{
    static struct request csr[2];
    static struct ca_issue_result results[2];
    struct ca_issue_request r[2];
    struct device d[2];
    struct world w;

    world_open(&w);
    device_make(&w, &d[0], "SN-1", 1);
    device_make(&w, &d[1], "SN-2", 1);
    for (size_t i = 0; i < 2; i++) {
        const struct bm_signer *key = world_key();
        const struct bm_crypto *crypto = world_crypto();
        uint8_t hash[BM_HASH_MAX];

        request_make(&csr[i], key, d[i].name, NULL);
        CHECK_STATUS(
            crypto->hash(crypto->self, BM_HASH_SHA256, key->key.der, hash),
            BM_OK);
        memcpy(d[i].attested.key, hash, 32);
        r[i] = (struct ca_issue_request){ .actor = &est,
                                          .by = CA_BY_IDEVID,
                                          .profile = TPM,
                                          .csr = &csr[i].csr,
                                          .presented = issued_der(&d[i].idevid),
                                          .attested = &d[i].attested };
    }
    CHECK_STATUS(ca_issue(w.ca, r, 2, w.now, results), BM_OK);
    CHECK_STATUS(results[0].status, BM_OK);
    CHECK_STATUS(results[1].status, BM_E_ATTEST_OTHER);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Where nobody asks for it, it is still worth knowing. */
static void what_is_shown_is_kept_for_every_profile(void)
{
    struct world w;
    struct device d;
    struct issued out;

    world_open(&w);
    device_make(&w, &d, "SN-1", 1);
    CHECK_STATUS(ask(&w, &d, LDEVID, world_key(), true, &out), BM_OK);
    CHECK(on_record(&w, &d).ek[0] == 1);
    CHECK_STATUS(ask(&w, &d, LDEVID, world_key(), false, &out), BM_OK);
    CHECK(on_record(&w, &d).at == 0);
    world_close(&w);
}

int main(void)
{
    RUN(a_profile_may_want_keys_of_a_tpm);
    RUN(what_is_shown_of_another_key_does_not_count);
    RUN(an_operator_cannot_say_where_a_key_is);
    RUN(a_key_is_attested_once);
    RUN(a_reply_that_was_lost_needs_no_attestation);
    RUN(a_tpm_is_of_one_device_and_a_device_has_one);
    RUN(two_devices_of_one_group_do_not_share_a_tpm);
    RUN(what_is_shown_is_kept_for_every_profile);
    return bm_test_done();
}
