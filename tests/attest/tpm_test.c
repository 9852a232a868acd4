/* SPDX-License-Identifier: Apache-2.0 */

/* Both halves of attestation, with TPMs of swtpm between them. */
#include "ca/attest.h"
#include "keys/tpm2_attest.h"
#include "tests/attest/maker.h"
#include "tests/harness/test_credential.h"
#include "tests/harness/test_crypto.h"

#define NOW   INT64_C(1900000000)
#define VALID 600

#define KEY  "0x81020001"
#define KEY2 "0x81020002"

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };
static const struct bm_key_spec rsa2048 = { BM_KEY_RSA, 2048 };

static const uint8_t anna[32] = "anna";
static const uint8_t bert[32] = "bert";

/* Made once: a maker, two of its TPMs, with a key each. */
static struct maker maker;
static struct swtpm tpms[2];
static struct bm_key_provider *providers[2];

struct message {
    size_t n;
    uint8_t p[BM_ATTEST_MESSAGE_MAX];
};

static struct bm_bytes octets_of(const struct message *m)
{
    return (struct bm_bytes){ m->p, m->n };
}

static void generate(struct bm_key_provider *p, const char *rest,
                     const struct bm_key_spec *spec)
{
    struct bm_key *key = NULL;

    folder_must(p->generate(p->self, rest, spec, &key) == BM_OK, "no key");
    bm_key_close(key);
}

static void set_up(void)
{
    maker_make(&maker);
    for (size_t i = 0; i < 2; i++) {
        maker_make_tpm(&maker, &tpms[i]);
        providers[i] = swtpm_provider(&tpms[i]);
        generate(providers[i], KEY, &p256);
    }
}

static void take_down(void)
{
    for (size_t i = 0; i < 2; i++) {
        bm_key_tpm2_free(providers[i]);
        swtpm_remove(&tpms[i]);
    }
    maker_remove(&maker);
}

static struct ca_attest *new_attest(void)
{
    const struct ca_attest_config config = { .crypto = bm_test_crypto(),
                                             .port =
                                                 bm_test_credential_crypto(),
                                             .cas = &maker.ca,
                                             .cas_n = 1,
                                             .valid = VALID };
    struct ca_attest *a = NULL;

    folder_must(ca_attest_new(&config, &a) == BM_OK, "memory");
    return a;
}

static bm_status claim(size_t tpm, const char *rest, struct message *m)
{
    const struct bm_key_tpm2_attest c = { .provider = providers[tpm],
                                          .rest = rest };
    struct bm_wr w;

    bm_wr_init(&w, m->p, sizeof m->p);
    m->n = 0;
    BM_TRY(bm_key_tpm2_claim(&c, &w));
    return bm_wr_finish(&w, &m->n);
}

static bm_status answer(size_t tpm, const char *rest,
                        const struct message *challenge, struct message *m)
{
    const struct bm_key_tpm2_attest c = { .provider = providers[tpm],
                                          .rest = rest };
    struct bm_wr w;

    bm_wr_init(&w, m->p, sizeof m->p);
    m->n = 0;
    BM_TRY(bm_key_tpm2_answer(&c, octets_of(challenge), &w));
    return bm_wr_finish(&w, &m->n);
}

static bm_status challenge(struct ca_attest *a, const uint8_t who[32],
                           const struct message *claim, struct message *m)
{
    struct ca_refusal why = { BM_OK, "" };
    struct bm_wr w;

    bm_wr_init(&w, m->p, sizeof m->p);
    m->n = 0;
    BM_TRY(ca_attest_challenge(a, who, octets_of(claim), NOW, &w, &why));
    return bm_wr_finish(&w, &m->n);
}

static bm_status activate_at(struct ca_attest *a, const uint8_t who[32],
                             const struct message *answer, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    struct bm_attest_verdict verdict;
    uint8_t room[64];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    BM_TRY(ca_attest_activate(a, who, octets_of(answer), now, &w, &why));
    CHECK_STATUS(bm_attest_parse_verdict(bm_wr_bytes(&w), &verdict), BM_OK);
    CHECK(verdict.seconds == VALID);
    return BM_OK;
}

static bm_status activate(struct ca_attest *a, const uint8_t who[32],
                          const struct message *answer)
{
    return activate_at(a, who, answer, NOW);
}

/* SHA-256 of the public key at a handle. */
static void key_hash(size_t tpm, const char *rest, uint8_t hash[BM_HASH_MAX])
{
    const struct bm_crypto *crypto = bm_test_crypto();
    struct bm_key_provider *p = providers[tpm];
    struct bm_key *key = NULL;

    folder_must(p->open(p->self, rest, &key) == BM_OK, "no key");
    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, key->signer->key.der, hash),
        BM_OK);
    bm_key_close(key);
}

static void check_clean(size_t tpm)
{
    CHECK(swtpm_count(&tpms[tpm], "handles-transient") == 0);
    CHECK(swtpm_count(&tpms[tpm], "handles-loaded-session") == 0);
}

static void a_key_of_a_tpm_is_believed_for_a_time(void)
{
    struct ca_attest *a = new_attest();
    const struct ca_attested *attested;
    uint8_t hash[BM_HASH_MAX];
    static struct message m[3];

    key_hash(0, KEY, hash);
    CHECK_STATUS(claim(0, KEY, &m[0]), BM_OK);
    CHECK_STATUS(challenge(a, anna, &m[0], &m[1]), BM_OK);
    CHECK(ca_attest_find(a, anna, hash, NOW) == NULL);
    CHECK_STATUS(answer(0, KEY, &m[1], &m[2]), BM_OK);
    check_clean(0);
    CHECK_STATUS(activate(a, anna, &m[2]), BM_OK);
    attested = ca_attest_find(a, anna, hash, NOW + VALID - 1);
    CHECK(attested != NULL && attested->at == NOW &&
          memcmp(attested->key, hash, 32) == 0);
    CHECK(ca_attest_find(a, anna, hash, NOW + VALID) == NULL);
    CHECK(ca_attest_find(a, bert, hash, NOW) == NULL);
    hash[0] ^= 1;
    CHECK(ca_attest_find(a, anna, hash, NOW) == NULL);
    ca_attest_free(a);
}

static void an_rsa_key_is_believed_too(void)
{
    struct ca_attest *a = new_attest();
    static struct message m[3];

    generate(providers[0], KEY2, &rsa2048);
    CHECK_STATUS(claim(0, KEY2, &m[0]), BM_OK);
    CHECK_STATUS(challenge(a, anna, &m[0], &m[1]), BM_OK);
    CHECK_STATUS(answer(0, KEY2, &m[1], &m[2]), BM_OK);
    CHECK_STATUS(activate(a, anna, &m[2]), BM_OK);
    ca_attest_free(a);
}

static void an_answer_counts_once_for_whom_it_was_asked_and_in_time(void)
{
    struct ca_attest *a = new_attest();
    static struct message m[4];

    CHECK_STATUS(claim(0, KEY, &m[0]), BM_OK);
    CHECK_STATUS(challenge(a, anna, &m[0], &m[1]), BM_OK);
    CHECK_STATUS(answer(0, KEY, &m[1], &m[2]), BM_OK);
    CHECK_STATUS(activate(a, bert, &m[2]), BM_E_ATTEST_NONCE);
    CHECK_STATUS(activate(a, anna, &m[2]), BM_OK);
    CHECK_STATUS(activate(a, anna, &m[2]), BM_E_ATTEST_NONCE);
    /* the same once more for a challenge that was not answered */
    CHECK_STATUS(challenge(a, anna, &m[0], &m[1]), BM_OK);
    CHECK_STATUS(activate(a, anna, &m[2]), BM_E_ATTEST_NONCE);
    CHECK_STATUS(answer(0, KEY, &m[1], &m[2]), BM_OK);
    CHECK_STATUS(activate_at(a, anna, &m[2], NOW + CA_ATTEST_PATIENCE),
                 BM_E_ATTEST_NONCE);
    /* of two challenges the latest counts */
    CHECK_STATUS(challenge(a, anna, &m[0], &m[1]), BM_OK);
    CHECK_STATUS(answer(0, KEY, &m[1], &m[2]), BM_OK);
    CHECK_STATUS(challenge(a, anna, &m[0], &m[1]), BM_OK);
    CHECK_STATUS(answer(0, KEY, &m[1], &m[3]), BM_OK);
    CHECK_STATUS(activate(a, anna, &m[2]), BM_E_ATTEST_NONCE);
    CHECK_STATUS(activate(a, anna, &m[3]), BM_OK);
    ca_attest_free(a);
}

/* Parts of two claims in one. */
static void mix(const struct message *x, const struct message *y,
                struct message *out, unsigned from_y)
{
    struct bm_attest_claim a;
    struct bm_attest_claim b;
    struct bm_wr w;

    CHECK_STATUS(bm_attest_parse_claim(octets_of(x), &a), BM_OK);
    CHECK_STATUS(bm_attest_parse_claim(octets_of(y), &b), BM_OK);
    a.ek_cert = (from_y & 1) != 0 ? b.ek_cert : a.ek_cert;
    a.ak = (from_y & 2) != 0 ? b.ak : a.ak;
    a.key = (from_y & 4) != 0 ? b.key : a.key;
    bm_wr_init(&w, out->p, sizeof out->p);
    bm_attest_put_claim(&w, &a);
    CHECK_STATUS(bm_wr_finish(&w, &out->n), BM_OK);
}

/* The other TPM's certificate, AK, or key: neither TPM helps. */
static void what_another_tpm_has_is_refused(void)
{
    struct ca_attest *a = new_attest();
    static struct message one;
    static struct message two;
    static struct message m[3];

    CHECK_STATUS(claim(0, KEY, &one), BM_OK);
    CHECK_STATUS(claim(1, KEY, &two), BM_OK);
    for (unsigned from = 1; from < 7; from++) {
        mix(&one, &two, &m[0], from);
        CHECK_STATUS(challenge(a, anna, &m[0], &m[1]), BM_OK);
        for (size_t tpm = 0; tpm < 2; tpm++) {
            bool same = ((from & 1) != 0) == ((from & 2) != 0);
            bool its = same && ((from & 1) != 0) == (tpm == 1);

            CHECK_STATUS(answer(tpm, KEY, &m[1], &m[2]),
                         its ? BM_OK : BM_E_ATTEST_SECRET);
            if (its) {
                CHECK_STATUS(activate(a, anna, &m[2]), BM_E_ATTEST_KEY);
            }
            check_clean(tpm);
        }
    }
    ca_attest_free(a);
}

/* Each member of a good answer in turn, a bit at a time. */
static void an_answer_that_was_altered_is_refused(void)
{
    struct ca_attest *a = new_attest();
    struct bm_attest_answer good;
    static struct message m[4];

    CHECK_STATUS(claim(0, KEY, &m[0]), BM_OK);
    for (size_t member = 0; member < 4; member++) {
        struct bm_attest_answer bad;
        struct bm_bytes *b;
        uint8_t octets[BM_ATTEST_SIGNATURE_MAX];
        struct bm_wr w;
        bm_status rc;

        CHECK_STATUS(challenge(a, anna, &m[0], &m[1]), BM_OK);
        CHECK_STATUS(answer(0, KEY, &m[1], &m[2]), BM_OK);
        CHECK_STATUS(bm_attest_parse_answer(octets_of(&m[2]), &good), BM_OK);
        bad = good;
        b = member == 0   ? &bad.nonce
            : member == 1 ? &bad.secret
            : member == 2 ? &bad.statement
                          : &bad.signature;
        memcpy(octets, b->p, b->n);
        octets[b->n - 1] ^= 1;
        b->p = octets;
        bm_wr_init(&w, m[3].p, sizeof m[3].p);
        bm_attest_put_answer(&w, &bad);
        CHECK_STATUS(bm_wr_finish(&w, &m[3].n), BM_OK);
        rc = activate(a, anna, &m[3]);
        CHECK_STATUS(rc, member == 0   ? BM_E_ATTEST_NONCE
                         : member == 1 ? BM_E_ATTEST_SECRET
                                       : BM_E_SIGNATURE);
        /* One try, unless it was about another challenge. */
        CHECK_STATUS(activate(a, anna, &m[2]),
                     member == 0 ? BM_OK : BM_E_ATTEST_NONCE);
    }
    ca_attest_free(a);
}

static void another_makers_tpm_is_not_believed(void)
{
    const struct ca_attest_config none = { .crypto = bm_test_crypto(),
                                           .port =
                                               bm_test_credential_crypto() };
    struct ca_refusal why = { BM_OK, "" };
    struct ca_attest *a = NULL;
    static struct message m;
    uint8_t room[64];
    struct bm_wr w;

    CHECK_STATUS(claim(0, KEY, &m), BM_OK);
    CHECK_STATUS(ca_attest_new(&none, &a), BM_OK);
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(ca_attest_challenge(a, anna, octets_of(&m), NOW, &w, &why),
                 BM_E_ATTEST_OFF);
    CHECK(w.len == 0);
    ca_attest_free(a);
}

/* All of it, of a key of the first TPM. */
static bm_status attest(const struct bm_key_tpm2_attest *c)
{
    struct ca_attest *a = new_attest();
    static struct message m[3];
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, m[0].p, sizeof m[0].p);
    rc = bm_key_tpm2_claim(c, &w);
    m[0].n = w.len;
    if (rc == BM_OK) {
        rc = challenge(a, anna, &m[0], &m[1]);
    }
    if (rc == BM_OK) {
        bm_wr_init(&w, m[2].p, sizeof m[2].p);
        rc = bm_key_tpm2_answer(c, octets_of(&m[1]), &w);
        m[2].n = w.len;
    }
    if (rc == BM_OK) {
        rc = activate(a, anna, &m[2]);
    }
    ca_attest_free(a);
    return rc;
}

/* The certificate of an endorsement key on P-256, made as makers do. */
static struct bm_bytes make_ecc_cert(uint8_t *room, size_t cap)
{
    static const char *const make[] = {
        "tpm2_createek", "-Q", "-G",     "ecc", "-u", "ek.pem", "-f",
        "pem",           "-c", "ek.ctx", NULL
    };
    static const char *const flush[] = { "tpm2_flushcontext", "-t", NULL };
    char key[FOLDER_PATH_MAX + 16];
    char issuer[FOLDER_PATH_MAX + 32];
    const char *sign[] = { "swtpm_cert",
                           "--tpm2",
                           "--type",
                           "ek",
                           "--pubkey",
                           "ek.pem",
                           "--signkey",
                           key,
                           "--issuercert",
                           issuer,
                           "--out-cert",
                           "ek.der",
                           "--serial",
                           "77",
                           "--days",
                           "3650",
                           "--subject",
                           "CN=ecc",
                           "--tpm-manufacturer",
                           "id:00001014",
                           "--tpm-model",
                           "test",
                           "--tpm-version",
                           "id:1",
                           "--tpm-spec-family",
                           "2.0",
                           "--tpm-spec-level",
                           "0",
                           "--tpm-spec-revision",
                           "164",
                           NULL };

    (void)snprintf(key, sizeof key, "%s/signkey.pem", maker.f.path);
    (void)snprintf(issuer, sizeof issuer, "%s/issuercert.pem", maker.f.path);
    folder_must(swtpm_tool(&tpms[0], make) == 0, "tpm2_createek");
    folder_must(swtpm_tool(&tpms[0], flush) == 0, "tpm2_flushcontext");
    maker_run(tpms[0].f.path, sign);
    return folder_get(&tpms[0].f, "ek.der", room, cap);
}

/* Into the TPM, into an index that is longer than it. */
static void store_ecc_cert(struct bm_bytes cert)
{
    char size[16];
    const char *define[] = { "tpm2_nvdefine",
                             "-Q",
                             "-C",
                             "p",
                             "-s",
                             size,
                             "-a",
                             "ppwrite|ppread|ownerread|authread|no_da|"
                             "platformcreate",
                             "0x01c0000a",
                             NULL };
    static const char *const write[] = {
        "tpm2_nvwrite", "-Q", "-C", "p", "-i", "padded", "0x01c0000a", NULL
    };
    static uint8_t padded[4096];

    memcpy(padded, cert.p, cert.n);
    folder_put(&tpms[0].f, "padded", (struct bm_bytes){ padded, cert.n + 100 },
               0600);
    (void)snprintf(size, sizeof size, "%zu", cert.n + 100);
    folder_must(swtpm_tool(&tpms[0], define) == 0, "tpm2_nvdefine");
    folder_must(swtpm_tool(&tpms[0], write) == 0, "tpm2_nvwrite");
}

static void an_endorsement_key_on_p256_is_preferred(void)
{
    struct bm_key_tpm2_attest c = { .provider = providers[0], .rest = KEY };
    static uint8_t room[4096];
    static struct message m;
    struct bm_attest_claim claimed;
    struct bm_bytes cert = make_ecc_cert(room, sizeof room);

    /* handed in, where a TPM does not have it */
    c.ek_cert = cert;
    CHECK_STATUS(attest(&c), BM_OK);
    c.ek_cert = (struct bm_bytes){ NULL, 0 };
    store_ecc_cert(cert);
    CHECK_STATUS(claim(0, KEY, &m), BM_OK);
    CHECK_STATUS(bm_attest_parse_claim(octets_of(&m), &claimed), BM_OK);
    CHECK(bm_bytes_equal(claimed.ek_cert, cert));
    CHECK_STATUS(attest(&c), BM_OK);
    check_clean(0);
}

static void a_tpm_without_a_certificate_says_so(void)
{
    struct swtpm plain;
    static uint8_t room[BM_ATTEST_MESSAGE_MAX];
    struct bm_key_tpm2_attest c = { .rest = KEY };
    struct bm_key_provider *p;
    struct bm_wr w;

    swtpm_make(&plain);
    p = swtpm_provider(&plain);
    c.provider = p;
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(bm_key_tpm2_claim(&c, &w), BM_E_NOT_FOUND); /* no key */
    generate(p, KEY, &p256);
    CHECK_STATUS(bm_key_tpm2_claim(&c, &w), BM_E_NOT_FOUND);
    CHECK(w.len == 0);
    bm_key_tpm2_free(p);
    swtpm_remove(&plain);
}

static void a_key_with_a_value_is_shown_as_well(void)
{
    char rest[FOLDER_PATH_MAX + 64];
    struct bm_key_tpm2_attest c = { .provider = providers[0], .rest = rest };

    folder_put(&tpms[0].f, "auth", BM_LIT("a value of twenty-one"), 0600);
    (void)snprintf(rest, sizeof rest, "0x81020009?auth-source=file:%s",
                   folder_file(&tpms[0].f, "auth"));
    generate(providers[0], rest, &p256);
    CHECK_STATUS(attest(&c), BM_OK);
    check_clean(0);
}

/* The last test of that TPM: it keeps the value. */
static void the_value_of_the_endorsement_hierarchy_is_used(void)
{
    static const char *const set[] = { "tpm2_changeauth", "-Q",      "-c",
                                       "endorsement",     "privacy", NULL };
    struct bm_key_tpm2_attest c = { .provider = providers[0], .rest = KEY };
    char path[FOLDER_PATH_MAX];

    folder_must(swtpm_tool(&tpms[0], set) == 0, "tpm2_changeauth");
    CHECK_STATUS(attest(&c), BM_E_KEYS_PIN);
    folder_put(&tpms[0].f, "value", BM_LIT("privacy\n"), 0600);
    (void)snprintf(path, sizeof path, "%s", folder_file(&tpms[0].f, "value"));
    c.endorsement_auth_file = path;
    CHECK_STATUS(attest(&c), BM_OK);
    check_clean(0);
    /* which is not for everybody to read */
    folder_put(&tpms[0].f, "open", BM_LIT("privacy\n"), 0644);
    (void)snprintf(path, sizeof path, "%s", folder_file(&tpms[0].f, "open"));
    CHECK_STATUS(attest(&c), BM_E_KEYS_MODE);
}

int main(void)
{
    set_up();
    RUN(a_key_of_a_tpm_is_believed_for_a_time);
    RUN(an_rsa_key_is_believed_too);
    RUN(an_answer_counts_once_for_whom_it_was_asked_and_in_time);
    RUN(what_another_tpm_has_is_refused);
    RUN(an_answer_that_was_altered_is_refused);
    RUN(another_makers_tpm_is_not_believed);
    RUN(a_tpm_without_a_certificate_says_so);
    RUN(a_key_with_a_value_is_shown_as_well);
    RUN(an_endorsement_key_on_p256_is_preferred);
    RUN(the_value_of_the_endorsement_hierarchy_is_used);
    take_down();
    return bm_test_done();
}
