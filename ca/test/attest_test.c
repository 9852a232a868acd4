/* SPDX-License-Identifier: Apache-2.0 */

/* An attestation that was recorded, and everything that is not quite it.
 * tests/attest has TPMs. */
#include "ca/attest.h"

#include <stdlib.h>

#include "ca/test/attest_recorded.h"
#include "ca/tpm.h"
#include "keys/attest.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_credential.h"
#include "tests/harness/test_crypto.h"

#define NOW   INT64_C(1900000000)
#define VALID 600

static const uint8_t anna[32] = "anna";

static uint8_t ca_room[2048];
static uint8_t claim_room[BM_ATTEST_MESSAGE_MAX];
static uint8_t answer_room[1024];
static uint8_t rsa_room[512];
static struct bm_bytes claim;
static struct bm_bytes answer;
static struct bm_bytes rsa_key;
static struct bm_cert ca;
static struct bm_crypto crypto;

/* As in the recording. */
static bm_status not_random(void *self, uint8_t *out, size_t n)
{
    (void)self;
    memset(out, 0x5a, n);
    return BM_OK;
}

static void set_up(void)
{
    struct bm_bytes der = bm_hex(recorded_ca, ca_room, sizeof ca_room);

    CHECK_STATUS(bm_cert_parse(der, BM_STRICT, NULL, &ca), BM_OK);
    claim = bm_hex(recorded_claim, claim_room, sizeof claim_room);
    answer = bm_hex(recorded_answer, answer_room, sizeof answer_room);
    rsa_key = bm_hex(recorded_rsa_key, rsa_room, sizeof rsa_room);
    crypto = *bm_test_crypto();
    crypto.random = not_random;
}

static struct ca_attest *new_attest(void)
{
    const struct ca_attest_config config = { .crypto = &crypto,
                                             .port =
                                                 bm_test_credential_crypto(),
                                             .cas = &ca,
                                             .cas_n = 1,
                                             .valid = VALID };
    struct ca_attest *a = NULL;

    CHECK_STATUS(ca_attest_new(&config, &a), BM_OK);
    return a;
}

static bm_status challenge_as(struct ca_attest *a, const uint8_t who[32],
                              struct bm_bytes in)
{
    uint8_t room[BM_ATTEST_MESSAGE_MAX];
    struct ca_refusal why = { BM_OK, "" };
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    rc = ca_attest_challenge(a, who, in, NOW, &w, &why);
    CHECK(rc == BM_OK ? w.len != 0 : why.status == rc && w.len == 0);
    return rc;
}

static bm_status challenge(struct ca_attest *a, struct bm_bytes in)
{
    return challenge_as(a, anna, in);
}

static bm_status activate(struct ca_attest *a, struct bm_bytes in)
{
    uint8_t room[64];
    struct ca_refusal why = { BM_OK, "" };
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    rc = ca_attest_activate(a, anna, in, NOW, &w, &why);
    CHECK(rc == BM_OK ? w.len != 0 : why.status == rc && w.len == 0);
    return rc;
}

static void what_was_recorded_is_believed(void)
{
    struct ca_attest *a = new_attest();

    CHECK_STATUS(activate(a, answer), BM_E_ATTEST_NONCE);
    CHECK_STATUS(challenge(a, claim), BM_OK);
    CHECK_STATUS(activate(a, answer), BM_OK);
    CHECK_STATUS(activate(a, answer), BM_E_ATTEST_NONCE);
    ca_attest_free(a);
}

/* The certificate is the longest part, and looked at in steps. */
#define STRIDE 11

/*
 * But for the AK: what it is called is in the credential, which a TPM would
 * not activate, and this recording does not ask.
 */
static void no_bit_of_a_claim_may_flip(void)
{
    struct ca_attest *a = new_attest();
    struct bm_attest_claim m;
    size_t believed = 0;

    CHECK_STATUS(bm_attest_parse_claim(claim, &m), BM_OK);
    for (size_t bit = 0; bit < claim.n * 8; bit += STRIDE) {
        const uint8_t *at = &claim.p[bit / 8];

        if (at >= m.ak.p && at < m.ak.p + m.ak.n) {
            continue;
        }
        claim_room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        believed +=
            challenge(a, claim) == BM_OK && activate(a, answer) == BM_OK;
        claim_room[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    CHECK(believed == 0);
    ca_attest_free(a);
}

static void no_bit_of_an_answer_may_flip(void)
{
    struct ca_attest *a = new_attest();
    size_t believed = 0;

    for (size_t bit = 0; bit < answer.n * 8; bit += 3) {
        CHECK_STATUS(challenge(a, claim), BM_OK);
        answer_room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        believed += activate(a, answer) == BM_OK;
        answer_room[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    CHECK(believed == 0);
    ca_attest_free(a);
}

static void no_prefix_is_a_message(void)
{
    struct ca_attest *a = new_attest();

    CHECK_STATUS(challenge(a, claim), BM_OK);
    for (size_t n = 0; n < answer.n; n++) {
        CHECK(activate(a, (struct bm_bytes){ answer.p, n }) != BM_OK);
    }
    CHECK_STATUS(activate(a, answer), BM_OK); /* none of them was a try */
    for (size_t n = 0; n < claim.n; n++) {
        CHECK(challenge(a, (struct bm_bytes){ claim.p, n }) != BM_OK);
    }
    ca_attest_free(a);
}

/* The claim with other attributes of AK or key. */
static bm_status challenge_with(struct ca_attest *a, bool of_ak, uint32_t set,
                                uint32_t clear)
{
    uint8_t area[BM_ATTEST_PUBLIC_MAX];
    static uint8_t room[BM_ATTEST_MESSAGE_MAX];
    struct bm_attest_claim m;
    struct bm_bytes *b;
    uint32_t attributes;
    struct bm_wr w;

    CHECK_STATUS(bm_attest_parse_claim(claim, &m), BM_OK);
    b = of_ak ? &m.ak : &m.key;
    memcpy(area, b->p, b->n);
    attributes = (uint32_t)area[4] << 24 | (uint32_t)area[5] << 16 |
                 (uint32_t)area[6] << 8 | area[7];
    attributes = (attributes | set) & ~clear;
    for (size_t i = 0; i < 4; i++) {
        area[4 + i] = (uint8_t)(attributes >> (24 - 8 * i));
    }
    b->p = area;
    bm_wr_init(&w, room, sizeof room);
    bm_attest_put_claim(&w, &m);
    return challenge(a, bm_wr_bytes(&w));
}

static void a_key_that_can_leave_its_tpm_is_refused(void)
{
    static const struct {
        bool of_ak;
        uint32_t set;
        uint32_t clear;
        bm_status want;
    } rows[] = {
        { false, 0, 0, BM_OK },
        { true, 0, 0, BM_OK },
        { false, 0, CA_TPM_FIXED_TPM, BM_E_ATTEST_UNBOUND },
        { false, 0, CA_TPM_FIXED_PARENT, BM_E_ATTEST_UNBOUND },
        { false, 0, CA_TPM_SENSITIVE_DATA_ORIGIN, BM_E_ATTEST_UNBOUND },
        { false, 0, CA_TPM_SIGN, BM_E_ATTEST_UNBOUND },
        { false, CA_TPM_DECRYPT, 0, BM_E_ATTEST_UNBOUND },
        { false, CA_TPM_RESTRICTED, 0, BM_E_ATTEST_UNBOUND },
        { false, CA_TPM_ENCRYPTED_DUPLICATION, 0, BM_E_ATTEST_UNBOUND },
        { true, 0, CA_TPM_FIXED_TPM, BM_E_ATTEST_UNBOUND },
        { true, 0, CA_TPM_FIXED_PARENT, BM_E_ATTEST_UNBOUND },
        { true, 0, CA_TPM_SENSITIVE_DATA_ORIGIN, BM_E_ATTEST_UNBOUND },
        { true, 0, CA_TPM_SIGN, BM_E_ATTEST_UNBOUND },
        /* it would sign whatever it is given */
        { true, 0, CA_TPM_RESTRICTED, BM_E_ATTEST_UNBOUND },
        { true, CA_TPM_DECRYPT, 0, BM_E_ATTEST_UNBOUND },
    };
    struct ca_attest *a = new_attest();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(
            challenge_with(a, rows[i].of_ak, rows[i].set, rows[i].clear),
            rows[i].want);
    }
    ca_attest_free(a);
}

/* The certificate of its CA is none of a TPM; and no CA vouches for it. */
static void a_certificate_that_is_none_of_a_tpm_is_refused(void)
{
    static uint8_t room[BM_ATTEST_MESSAGE_MAX];
    struct ca_attest *a = new_attest();
    struct bm_attest_claim m;
    struct bm_wr w;

    CHECK_STATUS(bm_attest_parse_claim(claim, &m), BM_OK);
    m.ek_cert = ca.der;
    bm_wr_init(&w, room, sizeof room);
    bm_attest_put_claim(&w, &m);
    CHECK(challenge(a, bm_wr_bytes(&w)) != BM_OK);
    m.ek_cert = BM_LIT("no certificate");
    bm_wr_init(&w, room, sizeof room);
    bm_attest_put_claim(&w, &m);
    CHECK_STATUS(challenge(a, bm_wr_bytes(&w)), BM_E_ATTEST_EK);
    CHECK_STATUS(bm_attest_parse_claim(claim, &m), BM_OK);
    m.ek_chain = BM_LIT("no chain");
    bm_wr_init(&w, room, sizeof room);
    bm_attest_put_claim(&w, &m);
    CHECK_STATUS(challenge(a, bm_wr_bytes(&w)), BM_E_ATTEST_EK);
    m.ek_chain = ca.der; /* which it has already */
    bm_wr_init(&w, room, sizeof room);
    bm_attest_put_claim(&w, &m);
    CHECK_STATUS(challenge(a, bm_wr_bytes(&w)), BM_OK);
    ca_attest_free(a);
}

/* Beyond what is kept, the oldest gives way, and nobody else. */
static void the_oldest_gives_way(void)
{
    struct ca_attest *a = new_attest();
    uint8_t who[32] = { 0 };

    CHECK_STATUS(challenge(a, claim), BM_OK);
    for (unsigned i = 0; i < CA_ATTEST_OPEN_MAX - 1; i++) {
        who[0] = (uint8_t)i;
        who[1] = (uint8_t)(i >> 8);
        CHECK_STATUS(challenge_as(a, who, claim), BM_OK);
    }
    CHECK_STATUS(activate(a, answer), BM_OK);
    CHECK_STATUS(challenge(a, claim), BM_OK);
    who[2] = 1;
    CHECK_STATUS(challenge_as(a, who, claim), BM_OK); /* whoever came first */
    CHECK_STATUS(activate(a, answer), BM_OK);
    CHECK_STATUS(challenge(a, claim), BM_OK);
    for (unsigned i = 0; i < CA_ATTEST_OPEN_MAX; i++) {
        who[0] = (uint8_t)i;
        who[1] = (uint8_t)(i >> 8);
        CHECK_STATUS(challenge_as(a, who, claim), BM_OK);
    }
    CHECK_STATUS(activate(a, answer), BM_E_ATTEST_NONCE);
    ca_attest_free(a);
}

/* ---- Public areas */

static void a_public_area_has_no_prefix_and_no_tail(void)
{
    struct bm_attest_claim m;
    struct bm_bytes areas[3];
    uint8_t room[BM_ATTEST_PUBLIC_MAX + 1];

    CHECK_STATUS(bm_attest_parse_claim(claim, &m), BM_OK);
    areas[0] = m.key;
    areas[1] = m.ak;
    areas[2] = rsa_key;
    for (size_t i = 0; i < 3; i++) {
        struct ca_tpm_key key;
        uint8_t spki_room[CA_TPM_SPKI_MAX];
        struct bm_spki spki;
        struct bm_wr w;

        CHECK_STATUS(ca_tpm_key_parse(areas[i], &key), BM_OK);
        bm_wr_init(&w, spki_room, sizeof spki_room);
        CHECK_STATUS(ca_tpm_key_put_spki(&w, &key), BM_OK);
        CHECK_STATUS(bm_spki_parse(bm_wr_bytes(&w), NULL, &spki), BM_OK);
        CHECK_STATUS(crypto.check_key(crypto.self, &spki), BM_OK);
        for (size_t n = 0; n < areas[i].n; n++) {
            CHECK(ca_tpm_key_parse((struct bm_bytes){ areas[i].p, n }, &key) !=
                  BM_OK);
            CHECK(key.area.n == 0);
        }
        memcpy(room, areas[i].p, areas[i].n);
        room[areas[i].n] = 0;
        CHECK_STATUS(
            ca_tpm_key_parse((struct bm_bytes){ room, areas[i].n + 1 }, &key),
            BM_E_ATTEST);
    }
}

/* A bit that flips is another key, or none: never one of the same name. */
static void a_public_area_is_all_in_its_name(void)
{
    uint8_t room[BM_ATTEST_PUBLIC_MAX];
    uint8_t name[CA_TPM_NAME_MAX];
    uint8_t other[CA_TPM_NAME_MAX];
    struct ca_tpm_key key;
    size_t n = 0;
    size_t other_n = 0;

    memcpy(room, rsa_key.p, rsa_key.n);
    CHECK_STATUS(ca_tpm_key_parse(rsa_key, &key), BM_OK);
    CHECK_STATUS(ca_tpm_key_name(&crypto, &key, name, &n), BM_OK);
    CHECK(n == 34 && name[0] == 0 && name[1] == 0x0b);
    for (size_t bit = 0; bit < rsa_key.n * 8; bit++) {
        room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (ca_tpm_key_parse((struct bm_bytes){ room, rsa_key.n }, &key) ==
            BM_OK) {
            CHECK_STATUS(ca_tpm_key_name(&crypto, &key, other, &other_n),
                         BM_OK);
            CHECK(other_n != n || memcmp(name, other, n) != 0);
        }
        room[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

/* ---- Statements and signatures */

static void statements_and_signatures_are_read_whole(void)
{
    struct bm_attest_answer m;
    struct bm_attest_claim c;
    struct ca_tpm_statement s;
    struct ca_tpm_key ak;
    uint8_t room[BM_ATTEST_SIGNATURE_MAX];
    enum bm_sig_alg alg;
    struct bm_wr w;

    CHECK_STATUS(bm_attest_parse_answer(answer, &m), BM_OK);
    CHECK_STATUS(bm_attest_parse_claim(claim, &c), BM_OK);
    CHECK_STATUS(ca_tpm_key_parse(c.ak, &ak), BM_OK);
    CHECK_STATUS(ca_tpm_statement_parse(m.statement, &s), BM_OK);
    CHECK(s.nonce.n == 32 && s.nonce.p[0] == 0x5a && s.name.n == 34);
    for (size_t n = 0; n < m.statement.n; n++) {
        CHECK_STATUS(
            ca_tpm_statement_parse((struct bm_bytes){ m.statement.p, n }, &s),
            BM_E_ATTEST);
        CHECK(s.nonce.n == 0 && s.name.n == 0);
    }
    for (size_t n = 0; n < m.signature.n; n++) {
        bm_wr_init(&w, room, sizeof room);
        CHECK_STATUS(ca_tpm_put_signature(
                         &w, (struct bm_bytes){ m.signature.p, n }, &ak, &alg),
                     BM_E_ATTEST);
    }
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(ca_tpm_put_signature(&w, m.signature, &ak, &alg), BM_OK);
    CHECK(alg == BM_SIG_ECDSA_SHA256);
    /* of another kind of key */
    CHECK_STATUS(ca_tpm_key_parse(rsa_key, &ak), BM_OK);
    CHECK_STATUS(ca_tpm_put_signature(&w, m.signature, &ak, &alg), BM_E_ATTEST);
    CHECK(alg == BM_SIG_UNKNOWN);
}

/* What a TPM says of something else: TPM2_Quote, TPM2_GetTime. */
static void other_statements_are_refused(void)
{
    struct bm_attest_answer m;
    struct ca_tpm_statement s;
    uint8_t room[BM_ATTEST_STATEMENT_MAX];
    static const uint16_t types[] = { 0x8014, 0x8015, 0x8016,
                                      0x8018, 0x8019, 0x801c };

    CHECK_STATUS(bm_attest_parse_answer(answer, &m), BM_OK);
    memcpy(room, m.statement.p, m.statement.n);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        room[4] = (uint8_t)(types[i] >> 8);
        room[5] = (uint8_t)types[i];
        CHECK_STATUS(ca_tpm_statement_parse(
                         (struct bm_bytes){ room, m.statement.n }, &s),
                     BM_E_ATTEST);
    }
}

int main(void)
{
    set_up();
    RUN(what_was_recorded_is_believed);
    RUN(no_bit_of_a_claim_may_flip);
    RUN(no_bit_of_an_answer_may_flip);
    RUN(no_prefix_is_a_message);
    RUN(a_key_that_can_leave_its_tpm_is_refused);
    RUN(a_certificate_that_is_none_of_a_tpm_is_refused);
    RUN(the_oldest_gives_way);
    RUN(a_public_area_has_no_prefix_and_no_tail);
    RUN(a_public_area_is_all_in_its_name);
    RUN(statements_and_signatures_are_read_whole);
    RUN(other_statements_are_refused);
    return bm_test_done();
}
