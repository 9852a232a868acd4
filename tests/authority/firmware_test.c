/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/firmware.h"
#include "ca/internal.h"
#include "tests/authority/world.h"

/* Signatures of firmware on record: by whom, and with what certificate. */

static struct ca_firmware firmware_of(uint8_t n)
{
    struct ca_firmware f = { .version = "1.2.3+4", .counter = 7 };

    memset(f.digest, n, sizeof f.digest);
    memset(f.key, 0x40, sizeof f.key);
    return f;
}

static void key_of(const struct issued *c, struct ca_firmware *f)
{
    uint8_t hash[BM_HASH_MAX];

    must(world_crypto()->hash(world_crypto()->self, BM_HASH_SHA256,
                              c->cert.key.der, hash) == BM_OK,
         "hash");
    memcpy(f->key, hash, sizeof f->key);
}

/* A certificate of a profile that names no device. */
static void certified(struct world *w, const char *profile,
                      const struct bm_signer *key, struct issued *out)
{
    static struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = profile, .csr = &q.csr
    };

    request_make(&q, key, NULL, "Firmware");
    must(world_issue(w, &r, out) == BM_OK, out->why.words);
}

static bm_status record(struct world *w, const struct ca_firmware *f,
                        struct ca_firmware_place *place)
{
    struct ca_refusal why;

    return ca_firmware_record(w->ca, &admin, f, w->now, place, &why);
}

/* The leaf that ca_firmware_find() leads to. */
static bm_status found(struct world *w, const struct ca_firmware *f,
                       const uint8_t *key, uint64_t *leaf)
{
    uint32_t tree;
    bm_status rc;

    must(w->store->begin(w->store->self, STORE_READ) == BM_OK, "begin");
    rc = ca_firmware_find(
        w->store, world_crypto(),
        &(struct ca_firmware_sought){ .digest = f->digest, .key = key }, &tree,
        leaf);
    w->store->rollback(w->store->self);
    return rc;
}

static void a_signature_is_on_record_and_found_again(void)
{
    struct ca_firmware f = firmware_of(1);
    struct ca_firmware g = firmware_of(2);
    struct ca_firmware_place place, second;
    struct ca_proof_result result;
    uint8_t proof[CA_PROOF_MAX];
    struct ca_proof_check check = { .crypto = world_crypto() };
    struct bm_wr w_proof;
    struct world w;
    uint64_t leaf;

    world_open(&w);
    CHECK_STATUS(found(&w, &f, NULL, &leaf), BM_E_NOT_FOUND);
    CHECK_STATUS(record(&w, &f, &place), BM_OK);
    CHECK(place.ca[0] == '\0' && place.serial_n == 0);
    CHECK_STATUS(found(&w, &f, NULL, &leaf), BM_OK);
    CHECK(leaf == place.leaf);
    CHECK_STATUS(found(&w, &f, f.key, &leaf), BM_OK);
    CHECK_STATUS(found(&w, &f, g.digest, &leaf), BM_E_NOT_FOUND);
    CHECK_STATUS(found(&w, &g, NULL, &leaf), BM_E_NOT_FOUND);
    /* Signed again, it is on record again, and that is the last. */
    CHECK_STATUS(record(&w, &f, &second), BM_OK);
    CHECK(second.leaf == place.leaf + 1);
    CHECK_STATUS(found(&w, &f, f.key, &leaf), BM_OK);
    CHECK(leaf == second.leaf);
    CHECK_STATUS(ca_checkpoint(w.ca, w.now, NULL), BM_OK);
    bm_wr_init(&w_proof, proof, sizeof proof);
    CHECK_STATUS(ca_ledger_prove(w.ledger, place.tree, leaf, &w_proof), BM_OK);
    CHECK_STATUS(ca_proof_check(bm_wr_bytes(&w_proof), &check, &result, NULL),
                 BM_OK);
    CHECK(result.record.kind == CA_RECORD_FIRMWARE);
    CHECK_BYTES(result.record.hash.p, result.record.hash.n, f.digest,
                sizeof f.digest);
    CHECK_BYTES(result.record.key.p, result.record.key.n, f.key, sizeof f.key);
    CHECK(bm_bytes_are(result.record.text, "1.2.3+4", 7));
    CHECK(result.record.number == 7 && result.record.subject.n == 0);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_key_set_is_told_from_firmware(void)
{
    struct ca_firmware f = firmware_of(3);
    struct ca_firmware_place place;
    struct ca_record r;
    struct store_leaf row;
    struct world w;

    world_open(&w);
    f.keyset = true;
    CHECK_STATUS(record(&w, &f, &place), BM_OK);
    must(w.store->begin(w.store->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(w.store->leaf_get(w.store->self, place.tree, place.leaf, &row),
                 BM_OK);
    CHECK_STATUS(ca_record_parse(row.record, NULL, &r), BM_OK);
    CHECK(bm_bytes_are(r.subject, "key set", 7));
    w.store->rollback(w.store->self);
    world_close(&w);
}

static void the_certificate_of_the_key_is_named(void)
{
    struct ca_firmware f = firmware_of(1);
    struct ca_firmware_place place;
    static struct issued c;
    struct world w;

    world_open(&w);
    certified(&w, CODE, world_key(), &c);
    key_of(&c, &f);
    CHECK_STATUS(record(&w, &f, &place), BM_OK);
    CHECK(strcmp(place.ca, "issuing") == 0);
    CHECK_BYTES(place.serial, place.serial_n, c.serial, c.serial_n);
    CHECK(world_sound(&w));
    /* What was on record before stays right when it is revoked later. */
    CHECK_STATUS(world_revoke(&w, &c, BM_REASON_KEY_COMPROMISE), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_key_whose_certificate_is_not_good_is_refused(void)
{
    static const struct {
        const char *profile;
        int64_t later;
        bm_status want;
        uint8_t reason; /* 0: not revoked */
    } rows[] = {
        { CODE, 0, BM_E_CA_STATUS, BM_REASON_KEY_COMPROMISE },
        { CODE, 0, BM_E_CA_STATUS, BM_REASON_HOLD },
        { CODE, 91 * DAY, BM_E_CA_STATUS, 0 },
        { TLS, 0, BM_E_PATH_EKU, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_firmware f = firmware_of(1);
        struct ca_firmware_place place;
        static struct issued c;
        struct world w;
        uint64_t leaves;

        world_open(&w);
        if (strcmp(rows[i].profile, TLS) == 0) {
            static struct request q;
            struct ca_issue_request r = { .actor = &admin,
                                          .by = CA_BY_OPERATOR,
                                          .profile = TLS,
                                          .csr = &q.csr };

            request_server(&q, world_key(), "fw.example.com");
            must(world_issue(&w, &r, &c) == BM_OK, c.why.words);
        } else {
            certified(&w, rows[i].profile, world_key(), &c);
        }
        key_of(&c, &f);
        if (rows[i].reason != 0) {
            CHECK_STATUS(world_revoke(&w, &c, rows[i].reason), BM_OK);
        }
        w.now += rows[i].later;
        leaves = world_leaves(&w);
        CHECK_STATUS(record(&w, &f, &place), rows[i].want);
        CHECK(place.tree == 0 && place.ca[0] == '\0');
        CHECK(world_leaves(&w) == leaves);
        CHECK(world_sound(&w));
        world_close(&w);
    }
}

static void what_is_not_the_roles_or_no_version_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "1",
        "1.2",
        "1.2.3",
        "1.2.3+",
        "1.2.3+4 ",
        " 1.2.3+4",
        "01.2.3+4",
        "256.0.0+0",
        "0.256.0+0",
        "0.0.65536+0",
        "0.0.0+4294967296",
        "1.2.3+4.5",
        "1.2.3+00",
        "1.2.3-4",
        "1..3+4",
        "-1.2.3+4",
        "1.2.3+4\n",
        "1.2.3+0x4",
        "1.2.3+99999999999999999999999999999999999999999999999999999999",
    };
    static const struct ca_actor auditor = { .name = "operator:auditor",
                                             .mode = "direct",
                                             .organisation = 1,
                                             .roles = CA_ROLE_AUDITOR };
    struct ca_firmware f = firmware_of(1);
    struct ca_firmware_place place;
    struct ca_refusal why;
    struct world w;

    world_open(&w);
    CHECK_STATUS(ca_firmware_record(w.ca, &auditor, &f, w.now, &place, &why),
                 BM_E_CA_FORBIDDEN);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f.version = bad[i];
        CHECK_STATUS(record(&w, &f, &place), BM_E_ARGUMENT);
    }
    f.version = "255.255.65535+4294967295";
    CHECK_STATUS(record(&w, &f, &place), BM_OK);
    f.version = "0.0.0+0";
    CHECK_STATUS(record(&w, &f, &place), BM_OK);
    world_close(&w);
}

/* An operator of another organisation neither learns of it nor uses it. */
static void what_is_out_of_scope_is_not_used(void)
{
    struct ca_actor other = admin;
    struct ca_firmware f = firmware_of(1);
    struct ca_firmware_place place;
    static struct issued c;
    struct ca_refusal why;
    struct world w;

    world_open(&w);
    certified(&w, CODE, world_key(), &c);
    key_of(&c, &f);
    other.scope.organisation = 77;
    CHECK_STATUS(ca_firmware_record(w.ca, &other, &f, w.now, &place, &why),
                 BM_E_CA_FORBIDDEN);
    CHECK(place.serial_n == 0);
    world_close(&w);
}

/* A leaf that claims a certificate which cannot have signed is found. */
static void a_record_that_cannot_be_true_is_found(void)
{
    static const struct {
        bool revoked;
        bool late;
        bool other_key;
        bool no_cert;
    } rows[] = { { .revoked = true },
                 { .late = true },
                 { .other_key = true },
                 { .no_cert = true } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_firmware f = firmware_of(1);
        static const uint8_t nobody[] = { 0x7f, 1 };
        static struct issued c;
        struct ca_record r;
        struct world w;
        uint64_t leaf;

        world_open(&w);
        certified(&w, CODE, world_key(), &c);
        if (!rows[i].other_key) {
            key_of(&c, &f);
        }
        if (rows[i].revoked) {
            CHECK_STATUS(world_revoke(&w, &c, BM_REASON_HOLD), BM_OK);
        }
        CHECK(world_sound(&w));
        r = ca_record_of(CA_RECORD_FIRMWARE, &admin,
                         rows[i].late ? c.cert.not_after + 1 : w.now);
        r.hash = BM_ARRAY(f.digest);
        r.key = BM_ARRAY(f.key);
        r.text = BM_LIT("1.2.3+4");
        r.ca = BM_LIT("issuing");
        r.serial = rows[i].no_cert ? BM_ARRAY(nobody) : issued_serial(&c);
        must(ca_begin(w.ca, w.now, NULL) == BM_OK, "begin");
        must(ca_end(w.ca, ca_put_record(w.ca, &r, NULL, &leaf), w.now, NULL) ==
                 BM_OK,
             "forged");
        CHECK(!world_sound(&w));
        world_close(&w);
    }
}

int main(void)
{
    RUN(a_signature_is_on_record_and_found_again);
    RUN(a_key_set_is_told_from_firmware);
    RUN(the_certificate_of_the_key_is_named);
    RUN(a_key_whose_certificate_is_not_good_is_refused);
    RUN(what_is_not_the_roles_or_no_version_is_refused);
    RUN(what_is_out_of_scope_is_not_used);
    RUN(a_record_that_cannot_be_true_is_found);
    return bm_test_done();
}
