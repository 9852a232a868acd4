/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/attest.h"

#include <stdlib.h>
#include <string.h>

#include "ca/tpm.h"
#include "keys/attest.h"

/* What every key of a TPM that was made there and never leaves it has. */
#define BORN \
    (CA_TPM_FIXED_TPM | CA_TPM_FIXED_PARENT | CA_TPM_SENSITIVE_DATA_ORIGIN)

/* Of these, what a key that signs requests has, and what an AK has. A key
 * that is not restricted would sign whatever it is told is a statement. */
#define KIND                                            \
    (CA_TPM_RESTRICTED | CA_TPM_DECRYPT | CA_TPM_SIGN | \
     CA_TPM_ENCRYPTED_DUPLICATION)
#define KIND_OF_KEY CA_TPM_SIGN
#define KIND_OF_AK  (CA_TPM_SIGN | CA_TPM_RESTRICTED)

enum open_state {
    OPEN_NONE,
    OPEN_CHALLENGED,
    OPEN_ATTESTED
};

struct open {
    enum open_state state;
    int64_t until;
    uint64_t number; /* in the order of their coming */
    uint8_t who[32];
    struct ca_attested attested; /* `at` when it is */
    /* OPEN_CHALLENGED */
    uint8_t nonce[BM_ATTEST_NONCE_SIZE];
    uint8_t secret[BM_ATTEST_SECRET_SIZE];
    uint8_t key_name[CA_TPM_NAME_MAX];
    size_t key_name_n;
    uint8_t ak[BM_ATTEST_PUBLIC_MAX];
    size_t ak_n;
};

struct ca_attest {
    struct ca_attest_config c;
    uint64_t next;
    struct open open[CA_ATTEST_OPEN_MAX];
};

bm_status ca_attest_new(const struct ca_attest_config *config,
                        struct ca_attest **attest)
{
    *attest = calloc(1, sizeof **attest);
    if (*attest == NULL) {
        return BM_E_MEMORY;
    }
    (*attest)->c = *config;
    return BM_OK;
}

void ca_attest_free(struct ca_attest *attest)
{
    if (attest != NULL) {
        bm_wipe(attest, sizeof *attest);
        free(attest);
    }
}

/* ---- What is open */

static struct open *find(struct ca_attest *a, const uint8_t who[32])
{
    for (size_t i = 0; i < CA_ATTEST_OPEN_MAX; i++) {
        if (a->open[i].state != OPEN_NONE &&
            memcmp(a->open[i].who, who, sizeof a->open[i].who) == 0) {
            return &a->open[i];
        }
    }
    return NULL;
}

/* His own; one that is free, or over; or the oldest. */
static struct open *place_for(struct ca_attest *a, const uint8_t who[32],
                              int64_t now)
{
    struct open *place = find(a, who);

    for (size_t i = 0; place == NULL && i < CA_ATTEST_OPEN_MAX; i++) {
        if (a->open[i].state == OPEN_NONE || a->open[i].until <= now) {
            place = &a->open[i];
        }
    }
    if (place == NULL) {
        place = &a->open[0];
        for (size_t i = 1; i < CA_ATTEST_OPEN_MAX; i++) {
            if (a->open[i].number < place->number) {
                place = &a->open[i];
            }
        }
    }
    return place;
}

static void forget(struct open *o)
{
    bm_wipe(o, sizeof *o);
}

/* ---- Challenges */

static bm_status spki_hash(const struct bm_crypto *crypto, struct bm_bytes spki,
                           uint8_t hash[32])
{
    uint8_t room[BM_HASH_MAX];

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, spki, room));
    memcpy(hash, room, 32);
    return BM_OK;
}

/* A public area of the claim, as it has to be. */
static bm_status read_key(struct bm_bytes in, uint32_t kind,
                          struct ca_tpm_key *key, const char *what,
                          struct ca_refusal *why)
{
    bm_status rc = ca_tpm_key_parse(in, key);

    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", what);
    }
    if ((key->attributes & BORN) != BORN) {
        return ca_refuse(why, BM_E_ATTEST_UNBOUND,
                         "%s lacks fixedTPM, fixedParent or "
                         "sensitiveDataOrigin",
                         what);
    }
    if ((key->attributes & KIND) != kind) {
        return ca_refuse(why, BM_E_ATTEST_UNBOUND, "%s is of another kind: %s",
                         what,
                         kind == KIND_OF_AK ? "restricted and sign are wanted"
                                            : "sign alone is wanted");
    }
    return BM_OK;
}

static bm_status read_spki(const struct ca_tpm_key *key, uint8_t *room,
                           size_t cap, struct bm_spki *spki)
{
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, cap);
    BM_TRY(ca_tpm_key_put_spki(&w, key));
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(bm_spki_parse(bm_wr_bytes(&w), NULL, spki));
    return bm_spki_weak(spki);
}

/* The keys of a claim into `o`. */
static bm_status take_keys(const struct ca_attest *a,
                           const struct bm_attest_claim *claim, struct open *o,
                           struct ca_refusal *why)
{
    const struct bm_crypto *crypto = a->c.crypto;
    uint8_t room[CA_TPM_SPKI_MAX];
    struct ca_tpm_key ak;
    struct ca_tpm_key key;
    struct bm_spki spki;

    BM_TRY(read_key(claim->ak, KIND_OF_AK, &ak, "attestation key", why));
    BM_TRY(read_key(claim->key, KIND_OF_KEY, &key, "key", why));
    BM_TRY(read_spki(&ak, room, sizeof room, &spki));
    BM_TRY(crypto->check_key(crypto->self, &spki));
    BM_TRY(read_spki(&key, room, sizeof room, &spki));
    BM_TRY(spki_hash(crypto, spki.der, o->attested.key));
    BM_TRY(ca_tpm_key_name(crypto, &key, o->key_name, &o->key_name_n));
    memcpy(o->ak, ak.area.p, ak.area.n);
    o->ak_n = ak.area.n;
    return BM_OK;
}

/* The message, and in `o` what its answer has to be. */
static bm_status put_challenge(const struct ca_attest *a,
                               const struct bm_spki *ek, struct open *o,
                               struct bm_wr *out)
{
    const struct bm_crypto *crypto = a->c.crypto;
    uint8_t credential[BM_ATTEST_CREDENTIAL_MAX];
    uint8_t seed[BM_ATTEST_SEED_MAX];
    uint8_t name[CA_TPM_NAME_MAX];
    struct ca_credential_config c = { .crypto = crypto,
                                      .port = a->c.port,
                                      .ek = ek,
                                      .name = { name, 0 },
                                      .secret = BM_ARRAY(o->secret) };
    struct ca_tpm_key ak;
    struct bm_wr w;
    struct bm_wr s;
    size_t n;

    BM_TRY(ca_tpm_key_parse((struct bm_bytes){ o->ak, o->ak_n }, &ak));
    BM_TRY(ca_tpm_key_name(crypto, &ak, name, &c.name.n));
    BM_TRY(crypto->random(crypto->self, o->nonce, sizeof o->nonce));
    BM_TRY(crypto->random(crypto->self, o->secret, sizeof o->secret));
    bm_wr_init(&w, credential, sizeof credential);
    bm_wr_init(&s, seed, sizeof seed);
    BM_TRY(ca_credential_make(&c, &w, &s));
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(bm_wr_finish(&s, &n));
    bm_attest_put_challenge(
        out, &(struct bm_attest_challenge){ .nonce = BM_ARRAY(o->nonce),
                                            .credential = bm_wr_bytes(&w),
                                            .seed = bm_wr_bytes(&s) });
    return BM_OK;
}

static bm_status challenge(struct ca_attest *a, struct bm_bytes in,
                           struct open *o, struct bm_wr *out,
                           struct ca_refusal *why)
{
    struct bm_attest_claim claim;
    struct bm_cert cert;

    BM_TRY(bm_attest_parse_claim(in, &claim));
    BM_TRY(
        ca_attest_check_ek(&a->c, claim.ek_cert, claim.ek_chain, &cert, why));
    BM_TRY(spki_hash(a->c.crypto, cert.key.der, o->attested.ek));
    BM_TRY(take_keys(a, &claim, o, why));
    return put_challenge(a, &cert.key, o, out);
}

bm_status ca_attest_challenge(struct ca_attest *attest, const uint8_t who[32],
                              struct bm_bytes claim, int64_t now,
                              struct bm_wr *out, struct ca_refusal *why)
{
    struct open o = { .state = OPEN_CHALLENGED,
                      .until = now + CA_ATTEST_PATIENCE };
    bm_status rc;

    memcpy(o.who, who, sizeof o.who);
    rc = challenge(attest, claim, &o, out, why);
    if (rc == BM_OK) {
        o.number = attest->next++;
        *place_for(attest, who, now) = o;
    } else {
        rc = ca_refuse_plain(why, rc);
    }
    forget(&o);
    return rc;
}

/* ---- Answers */

/* Signed by the AK, over what it says. */
static bm_status check_signature(const struct ca_attest *a,
                                 const struct open *o,
                                 const struct bm_attest_answer *answer)
{
    const struct bm_crypto *crypto = a->c.crypto;
    uint8_t room[CA_TPM_SPKI_MAX];
    uint8_t signature[BM_ATTEST_SIGNATURE_MAX];
    struct ca_tpm_key ak;
    struct bm_spki spki;
    struct bm_wr w;
    enum bm_sig_alg alg = BM_SIG_UNKNOWN;
    size_t n;

    BM_TRY(ca_tpm_key_parse((struct bm_bytes){ o->ak, o->ak_n }, &ak));
    BM_TRY(read_spki(&ak, room, sizeof room, &spki));
    bm_wr_init(&w, signature, sizeof signature);
    BM_TRY(ca_tpm_put_signature(&w, answer->signature, &ak, &alg));
    BM_TRY(bm_wr_finish(&w, &n));
    if (alg != ak.scheme) {
        return BM_E_ATTEST;
    }
    return crypto->verify(crypto->self, &spki, alg, answer->statement,
                          bm_wr_bytes(&w));
}

static bm_status check_answer(const struct ca_attest *a, const struct open *o,
                              const struct bm_attest_answer *answer)
{
    struct ca_tpm_statement statement;

    if (!bm_bytes_equal_secret(answer->secret, BM_ARRAY(o->secret))) {
        return BM_E_ATTEST_SECRET;
    }
    BM_TRY(check_signature(a, o, answer));
    BM_TRY(ca_tpm_statement_parse(answer->statement, &statement));
    if (!bm_bytes_equal(statement.nonce, BM_ARRAY(o->nonce))) {
        return BM_E_ATTEST_NONCE;
    }
    return bm_bytes_are(statement.name, o->key_name, o->key_name_n)
               ? BM_OK
               : BM_E_ATTEST_KEY;
}

/* Take the challenge that this answers, so that nothing answers it again. */
static bm_status take_challenge(struct ca_attest *a, const uint8_t who[32],
                                struct bm_bytes nonce, int64_t now,
                                struct open *o)
{
    struct open *there = find(a, who);

    if (there == NULL || there->state != OPEN_CHALLENGED ||
        !bm_bytes_equal(nonce, BM_ARRAY(there->nonce))) {
        return BM_E_ATTEST_NONCE;
    }
    *o = *there;
    forget(there);
    return o->until > now ? BM_OK : BM_E_ATTEST_NONCE;
}

static bm_status activate(struct ca_attest *a, const uint8_t who[32],
                          struct bm_bytes in, int64_t now, struct open *o)
{
    struct bm_attest_answer answer;

    BM_TRY(bm_attest_parse_answer(in, &answer));
    BM_TRY(take_challenge(a, who, answer.nonce, now, o));
    return check_answer(a, o, &answer);
}

bm_status ca_attest_activate(struct ca_attest *attest, const uint8_t who[32],
                             struct bm_bytes answer, int64_t now,
                             struct bm_wr *out, struct ca_refusal *why)
{
    struct open o = { .state = OPEN_NONE };
    struct open *place;
    bm_status rc = activate(attest, who, answer, now, &o);

    if (rc == BM_OK) {
        place = place_for(attest, who, now);
        forget(place);
        place->state = OPEN_ATTESTED;
        place->until = now + attest->c.valid;
        place->number = o.number;
        memcpy(place->who, who, sizeof place->who);
        place->attested = o.attested;
        place->attested.at = now;
        bm_attest_put_verdict(out, &(struct bm_attest_verdict){
                                       .seconds = (uint64_t)attest->c.valid });
    } else {
        rc = ca_refuse_plain(why, rc);
    }
    forget(&o);
    return rc;
}

const struct ca_attested *ca_attest_find(const struct ca_attest *attest,
                                         const uint8_t who[32],
                                         const uint8_t key[32], int64_t now)
{
    for (size_t i = 0; i < CA_ATTEST_OPEN_MAX; i++) {
        const struct open *o = &attest->open[i];

        if (o->state == OPEN_ATTESTED && o->until > now &&
            memcmp(o->who, who, sizeof o->who) == 0 &&
            memcmp(o->attested.key, key, sizeof o->attested.key) == 0) {
            return &o->attested;
        }
    }
    return NULL;
}
