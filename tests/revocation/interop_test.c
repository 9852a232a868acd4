/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "core/crl.h"
#include "core/ocsp.h"
#include "tests/revocation/world.h"

/*
 * OpenSSL and GnuTLS judge what we make, and we what they make. Serial
 * number 7 is good and 8 is revoked, throughout.
 */

#define GOOD    7
#define REVOKED 8
#define HOUR    3600

static const enum bm_key_type key_types[] = { BM_KEY_P256, BM_KEY_P384,
                                              BM_KEY_ED25519, BM_KEY_RSA };
#define KEY_TYPES (sizeof key_types / sizeof key_types[0])

static int64_t now;

/* ---- our lists */

static const uint8_t revoked_serial = REVOKED;

struct row {
    bool done;
    bool empty;
};

static bm_status row_rewind(void *self)
{
    ((struct row *)self)->done = ((struct row *)self)->empty;
    return BM_OK;
}

static bm_status row_next(void *self, struct bm_crl_entry *entry)
{
    struct row *row = self;

    if (row->done) {
        return BM_E_END;
    }
    row->done = true;
    *entry = (struct bm_crl_entry){ .serial = { &revoked_serial, 1 },
                                    .revoked_at = now - HOUR,
                                    .reason = BM_REASON_KEY_COMPROMISE,
                                    .invalid_since = now - 2 * HOUR,
                                    .has_invalid_since = true };
    return BM_OK;
}

static bm_status put_out(void *self, struct bm_bytes octets)
{
    bm_wr_put(self, octets);
    return BM_OK;
}

/* Our list with number 8 on it, into crl.der and crl.pem. */
static struct bm_bytes make_list(const struct bm_signer *signer,
                                 const struct bm_crl_idp *idp, bool empty,
                                 uint8_t *room)
{
    static struct bm_crl_writer writer;
    static uint8_t memory_room[WORLD_FILE_MAX];
    static uint8_t sig_room[BM_SIGNATURE_MAX];
    uint8_t key_id[BM_SKI_SIZE];
    uint8_t name_room[64];
    struct bm_wr name;
    struct bm_wr sig;
    struct bm_wr memory;
    struct bm_wr out;
    struct row row = { false, empty };
    struct bm_crl_source source = { &row, row_rewind, row_next };
    struct bm_crl_sink sink = { &out, put_out };
    struct bm_crl_config config = { .this_update = now - HOUR,
                                    .next_update = now + 24 * HOUR,
                                    .number = BM_LIT("\x10\x00"),
                                    .aki = world_key_id(signer, key_id),
                                    .idp = idp,
                                    .crypto = bm_test_crypto(),
                                    .sig_alg = signer->alg };

    bm_wr_init(&name, name_room, sizeof name_room);
    bm_wr_init(&sig, sig_room, sizeof sig_room);
    bm_wr_init(&memory, memory_room, sizeof memory_room);
    bm_wr_init(&out, room, WORLD_FILE_MAX);
    world_name(&name, WORLD_CA);
    config.issuer = bm_wr_bytes(&name);
    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_OK);
    CHECK_STATUS(bm_crl_writer_sign(&writer, signer, &memory, &sig), BM_OK);
    CHECK_STATUS(bm_crl_writer_put(&writer, bm_wr_bytes(&sig), &sink), BM_OK);
    bm_crl_writer_close(&writer);
    world_write("crl.der", bm_wr_bytes(&out));
    WORLD_CHECK(world_run("openssl crl -inform DER -in crl.der -out crl.pem") ==
                0);
    return bm_wr_bytes(&out);
}

/* Our CA with that key in ca.pem, certificates in good.pem and revoked.pem. */
static void make_certs(const struct bm_signer *ca, const char *crl_uri)
{
    static uint8_t room[WORLD_FILE_MAX];
    struct world_cert c = {
        .issuer = ca, .key = &ca->key, .cn = WORLD_CA, .serial = 1, .ca = true
    };

    (void)world_make(&c, now, "ca", room);
    c.ca = false;
    c.crl_uri = crl_uri;
    c.key = &bm_test_signer_nth(BM_KEY_P256, 2)->key;
    c.cn = "good";
    c.serial = GOOD;
    (void)world_make(&c, now, "good", room);
    c.cn = "revoked";
    c.serial = REVOKED;
    (void)world_make(&c, now, "revoked", room);
}

#define OPENSSL_VERIFY \
    "openssl verify -crl_check -CAfile ca.pem -CRLfile crl.pem "

static void openssl_accepts_our_lists(void)
{
    static uint8_t room[WORLD_FILE_MAX];

    for (size_t i = 0; i < KEY_TYPES; i++) {
        const struct bm_signer *ca = bm_test_signer(key_types[i]);

        make_certs(ca, NULL);
        (void)make_list(ca, NULL, false, room);
        WORLD_CHECK(world_run("openssl crl -in crl.pem -CAfile ca.pem -verify "
                              "-noout -text") == 0);
        WORLD_CHECK(world_says("verify OK") && world_says("Key Compromise"));
        WORLD_CHECK(world_says("Invalidity Date") && world_says("4096"));
        WORLD_CHECK(world_run(OPENSSL_VERIFY "good.pem") == 0);
        WORLD_CHECK(world_run(OPENSSL_VERIFY "revoked.pem") != 0);
        WORLD_CHECK(world_says("certificate revoked"));
        (void)make_list(ca, NULL, true, room);
        WORLD_CHECK(world_run(OPENSSL_VERIFY "revoked.pem") == 0);
    }
}

static void gnutls_accepts_our_lists(void)
{
    static uint8_t room[WORLD_FILE_MAX];

    if (!world_has("certtool")) {
        SKIP("no certtool (gnutls-bin)");
    }
    for (size_t i = 0; i < KEY_TYPES; i++) {
        const struct bm_signer *ca = bm_test_signer(key_types[i]);

        make_certs(ca, NULL);
        (void)make_list(ca, NULL, false, room);
        WORLD_CHECK(world_run("certtool --verify-crl --load-ca-certificate "
                              "ca.pem --infile crl.pem") == 0);
        WORLD_CHECK(world_says("Verified"));
        WORLD_CHECK(world_run("certtool --crl-info --infile crl.pem") == 0);
        WORLD_CHECK(world_says("Revoked certificates (1)"));
    }
}

static void others_refuse_our_list_when_it_is_spoilt(void)
{
    static uint8_t room[WORLD_FILE_MAX];
    const struct bm_signer *ca = bm_test_signer(BM_KEY_P256);
    struct bm_bytes list;

    make_certs(ca, NULL);
    list = make_list(ca, NULL, false, room);
    room[list.n / 2] ^= 1;
    world_write("crl.der", list);
    WORLD_CHECK(world_run("openssl crl -inform DER -in crl.der -CAfile ca.pem "
                          "-verify -noout") != 0 ||
                !world_says("verify OK"));
}

/* What our search says of a certificate in a .pem of the world. */
static bm_status ask(struct bm_bytes list, const char *name,
                     const struct bm_signer *ca, struct bm_crl_answer *answer)
{
    static uint8_t room[WORLD_FILE_MAX];
    struct bm_crl_trust trust = { bm_test_crypto(), &ca->key,
                                  (int64_t)time(NULL) };
    struct bm_crl_query query;
    struct bm_cert cert;
    struct bm_crl crl;

    WORLD_CHECK(world_run("openssl x509 -in %s.pem -outform DER -out x.der",
                          name) == 0);
    CHECK_STATUS(
        bm_cert_parse(world_read("x.der", room), BM_STRICT, NULL, &cert),
        BM_OK);
    CHECK_STATUS(bm_crl_parse(list, NULL, &crl), BM_OK);
    bm_crl_query_cert(&query, &cert);
    return bm_crl_find(&crl, &trust, &query, answer);
}

/* CA/B SC-58: a shard must not serve the certificates of another. */
static void openssl_and_we_agree_on_shards(void)
{
    static const uint8_t one[] = "\x86\x0ahttp://c/1";
    static const uint8_t two[] = "\x86\x0ahttp://c/2";
    static uint8_t room[WORLD_FILE_MAX];
    const struct bm_signer *ca = bm_test_signer(BM_KEY_P256);

    make_certs(ca, "http://c/1");
    for (unsigned right = 0; right < 2; right++) {
        struct bm_crl_idp idp = {
            .full_name = { right ? one : two, sizeof one - 1 },
            .only_user_certs = true,
        };
        struct bm_bytes list = make_list(ca, &idp, false, room);
        struct bm_crl_answer answer;

        WORLD_CHECK((world_run(OPENSSL_VERIFY "good.pem") == 0) == right);
        WORLD_CHECK(right || world_says("CRL scope"));
        CHECK_STATUS(ask(list, "good", ca, &answer),
                     right ? BM_OK : BM_E_CRL_SCOPE);
        CHECK((answer.state == BM_CRL_GOOD) == right);
        WORLD_CHECK(world_run(OPENSSL_VERIFY "revoked.pem") != 0);
        CHECK_STATUS(ask(list, "revoked", ca, &answer),
                     right ? BM_OK : BM_E_CRL_SCOPE);
        CHECK((answer.state == BM_CRL_REVOKED) == right);
    }
}

/* ---- their lists */

static const struct {
    const char *name;
    const char *options;
} their_keys[] = {
    { "p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256" },
    { "p384", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384" },
    { "ed25519", "-algorithm ED25519" },
    { "rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048" },
};

/* A CA of openssl's in ca.pem and ca.key; its certificate parsed. */
static void make_their_ca(size_t i, struct bm_cert *cert, uint8_t *room)
{
    WORLD_CHECK(world_run("openssl genpkey %s -out ca.key",
                          their_keys[i].options) == 0);
    world_text("req.cnf", "[req]\ndistinguished_name=d\nprompt=no\n[d]\n");
    WORLD_CHECK(world_run("openssl req -x509 -new -key ca.key -subj /CN=their "
                          "-config req.cnf -days 9 -addext "
                          "basicConstraints=critical,CA:true -addext "
                          "subjectKeyIdentifier=hash -out ca.pem") == 0);
    WORLD_CHECK(world_run("openssl x509 -in ca.pem -outform DER -out x.der") ==
                0);
    CHECK_STATUS(
        bm_cert_parse(world_read("x.der", room), BM_STRICT, NULL, cert), BM_OK);
}

static const char their_index[] =
    "V\t400101000000Z\t\t07\tunknown\t/CN=good\n"
    "R\t400101000000Z\t201201000000Z,keyCompromise\t08\tunknown\t/CN=bad\n";

static void check_their_list(const struct bm_cert *ca)
{
    static struct bm_crl_reader reader;
    static uint8_t room[WORLD_FILE_MAX];
    struct bm_bytes list;
    struct bm_crl crl;
    enum bm_crl_event event = BM_CRL_MORE;

    WORLD_CHECK(world_run("openssl crl -in crl.pem -outform DER -out x.crl") ==
                0);
    list = world_read("x.crl", room);
    CHECK_STATUS(bm_crl_parse(list, NULL, &crl), BM_OK);
    CHECK_STATUS(bm_crl_verify(&crl, &ca->key, bm_test_crypto()), BM_OK);
    CHECK(crl.entries.n != 0 && crl.ext.number.n != 0);

    bm_crl_reader_open(&reader, bm_test_crypto());
    bm_crl_reader_feed(&reader, list);
    do {
        CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_OK);
    } while (event != BM_CRL_MORE);
    CHECK_STATUS(bm_crl_reader_verify(&reader, &ca->key),
                 crl.head.sig_alg == BM_SIG_ED25519 ? BM_E_ALG_UNSUPPORTED
                                                    : BM_OK);
    bm_crl_reader_close(&reader);
}

static void we_accept_lists_of_openssl(void)
{
    static uint8_t room[WORLD_FILE_MAX];

    for (size_t i = 0; i < sizeof their_keys / sizeof their_keys[0]; i++) {
        struct bm_cert ca;

        make_their_ca(i, &ca, room);
        world_text("index.txt", their_index);
        world_text("number", "1F\n");
        world_text("ca.cnf", "[c]\ndatabase=index.txt\ncertificate=ca.pem\n"
                             "private_key=ca.key\ndefault_md=default\n"
                             "crlnumber=number\ncrl_extensions=x\n[x]\n"
                             "authorityKeyIdentifier=keyid\n");
        WORLD_CHECK(world_run("openssl ca -gencrl -name c -config ca.cnf "
                              "-crldays 3 -out crl.pem") == 0);
        check_their_list(&ca);
    }
}

static void we_accept_lists_of_gnutls(void)
{
    static uint8_t room[WORLD_FILE_MAX];

    if (!world_has("certtool")) {
        SKIP("no certtool (gnutls-bin)");
    }
    for (size_t i = 0; i < sizeof their_keys / sizeof their_keys[0]; i++) {
        struct bm_cert ca;

        make_their_ca(i, &ca, room);
        world_text("crl.cfg", "crl_next_update = 3\ncrl_number = 5\n");
        WORLD_CHECK(world_run("certtool --generate-crl --load-ca-privkey "
                              "ca.key --load-ca-certificate ca.pem "
                              "--load-certificate ca.pem --template crl.cfg "
                              "--outfile crl.pem") == 0);
        check_their_list(&ca);
    }
}

/* ---- OCSP */

/* Certificates of the CA with the first test key, and their targets. */
static struct bm_ocsp_target target_of(const uint8_t *serial, uint8_t *room)
{
    struct bm_wr name;

    bm_wr_init(&name, room, 64);
    world_name(&name, WORLD_CA);
    return (struct bm_ocsp_target){ bm_wr_bytes(&name),
                                    &bm_test_signer(BM_KEY_P256)->key,
                                    { serial, 1 } };
}

/* The answer of our responder to a request: what a server would do. */
static struct bm_bytes respond(struct bm_bytes der,
                               const struct bm_signer *signer,
                               struct bm_bytes certs, uint8_t *room)
{
    static struct bm_ocsp_single singles[4];
    struct bm_ocsp_response_config config = { .produced_at = now,
                                              .singles = singles,
                                              .certs = certs };
    struct bm_ocsp_request request;
    struct bm_wr w;

    CHECK_STATUS(bm_ocsp_request_parse(der, NULL, &request), BM_OK);
    while (config.n < 4 &&
           bm_ocsp_request_next(&request.list, &singles[config.n].id)) {
        struct bm_ocsp_single *s = &singles[config.n++];

        s->status = s->id.serial.p[0] == GOOD      ? BM_OCSP_GOOD
                    : s->id.serial.p[0] == REVOKED ? BM_OCSP_REVOKED
                                                   : BM_OCSP_UNKNOWN;
        s->reason = BM_REASON_KEY_COMPROMISE;
        s->revoked_at = now - HOUR;
        s->this_update = now - 10;
        s->next_update = now + HOUR;
        s->has_next_update = true;
    }
    config.nonce = request.nonce;
    bm_wr_init(&w, room, WORLD_FILE_MAX);
    CHECK_STATUS(bm_ocsp_response_build(&config, bm_test_crypto(), signer, &w),
                 BM_OK);
    return bm_wr_bytes(&w);
}

#define OPENSSL_ASK                                                         \
    "openssl ocsp -issuer ca.pem -cert good.pem -sha256 -cert revoked.pem " \
    "-serial 99 "

/* GnuTLS looks for the signer among the certificates sent, or is told. */
static void check_our_response(const char *gnutls_option)
{
    WORLD_CHECK(world_run(OPENSSL_ASK "-no_nonce -reqin req.der -respin "
                                      "resp.der -CAfile ca.pem") == 0);
    WORLD_CHECK(world_says("Response verify OK"));
    WORLD_CHECK(world_says("good.pem: good"));
    WORLD_CHECK(world_says("revoked.pem: revoked"));
    WORLD_CHECK(world_says("keyCompromise") && world_says("99: unknown"));
    WORLD_CHECK(!world_says("WARNING: no nonce"));
    if (world_has("ocsptool")) {
        WORLD_CHECK(world_run("ocsptool --verify-response --inder --infile "
                              "resp.der %s ca.pem",
                              gnutls_option) == 0);
        WORLD_CHECK(world_says("Success"));
    }
}

static void others_accept_our_responses(void)
{
    static uint8_t cert_room[WORLD_FILE_MAX];
    static uint8_t room[WORLD_FILE_MAX];
    static uint8_t request_room[WORLD_FILE_MAX];
    const struct bm_signer *ca = bm_test_signer(BM_KEY_P256);
    struct world_cert c = { .issuer = ca,
                            .key = &bm_test_signer_nth(BM_KEY_P256, 1)->key,
                            .cn = "delegate",
                            .serial = 3,
                            .purpose = BM_LIT(BM_OID_KP_OCSP_SIGNING) };
    struct bm_bytes delegate;
    struct bm_bytes request;

    make_certs(ca, NULL);
    delegate = world_make(&c, now, "delegate", cert_room);
    WORLD_CHECK(world_run(OPENSSL_ASK "-reqout req.der") == 0);
    request = world_read("req.der", request_room);
    world_write("resp.der", respond(request, ca, BM_LIT(""), room));
    check_our_response("--load-signer");
    world_write("resp.der", respond(request, bm_test_signer_nth(BM_KEY_P256, 1),
                                    delegate, room));
    check_our_response("--load-trust");
}

static void others_read_our_requests(void)
{
    static const uint8_t serials[] = { GOOD, REVOKED };
    static uint8_t room[WORLD_FILE_MAX];
    uint8_t name_room[64];
    struct bm_ocsp_target targets[] = { target_of(&serials[0], name_room),
                                        target_of(&serials[1], name_room) };
    struct bm_ocsp_request_config config = { targets, 2, BM_HASH_SHA256,
                                             BM_LIT("0123456789abcdef") };
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(bm_ocsp_request_build(&config, bm_test_crypto(), &w), BM_OK);
    world_write("req.der", bm_wr_bytes(&w));
    WORLD_CHECK(world_run("openssl ocsp -reqin req.der -req_text") == 0);
    WORLD_CHECK(world_says("Serial Number: 07") && world_says("sha256"));
    WORLD_CHECK(world_says("OCSP Nonce"));
    if (world_has("ocsptool")) {
        WORLD_CHECK(world_run("ocsptool --request-info --inder --infile "
                              "req.der") == 0);
        WORLD_CHECK(world_says("30313233343536373839616263646566"));
    }
}

/* Ask openssl's responder about our certificates, with our request. */
static void check_their_response(struct bm_ocsp_check *check,
                                 const uint8_t *serial,
                                 enum bm_ocsp_cert_status status)
{
    static uint8_t room[WORLD_FILE_MAX];
    struct bm_ocsp_response response;
    struct bm_ocsp_result result;

    check->target.serial = (struct bm_bytes){ serial, 1 };
    CHECK_STATUS(
        bm_ocsp_response_parse(world_read("resp.der", room), NULL, &response),
        BM_OK);
    CHECK_STATUS(bm_ocsp_verify(&response, bm_test_crypto(), check, &result),
                 BM_OK);
    CHECK(result.single.status == status && result.nonce_matches);
}

static void we_accept_responses_of_openssl(void)
{
    static const uint8_t serials[] = { GOOD, REVOKED };
    static uint8_t room[WORLD_FILE_MAX];

    world_text("index.txt", their_index);
    for (size_t i = 0; i < sizeof their_keys / sizeof their_keys[0]; i++) {
        struct bm_ocsp_request_config config = { NULL, 2, BM_HASH_SHA1,
                                                 BM_LIT("0123456789abcdef") };
        struct bm_ocsp_target targets[2];
        /* Theirs is made now, not when the test began. */
        struct bm_ocsp_check check = { .now = (int64_t)time(NULL),
                                       .skew = 60,
                                       .nonce = config.nonce,
                                       .nonce_required = true };
        uint8_t request[500];
        struct bm_cert ca;
        struct bm_wr w;

        make_their_ca(i, &ca, room);
        for (size_t k = 0; k < 2; k++) {
            targets[k] = (struct bm_ocsp_target){ ca.subject,
                                                  &ca.key,
                                                  { &serials[k], 1 } };
        }
        config.targets = targets;
        check.target = targets[0];
        bm_wr_init(&w, request, sizeof request);
        CHECK_STATUS(bm_ocsp_request_build(&config, bm_test_crypto(), &w),
                     BM_OK);
        world_write("req.der", bm_wr_bytes(&w));
        WORLD_CHECK(world_run("openssl ocsp -index index.txt -CA ca.pem "
                              "-rsigner ca.pem -rkey ca.key -reqin req.der "
                              "-ndays 1 %s -respout resp.der",
                              i % 2 == 0 ? "" : "-resp_key_id") == 0);
        check_their_response(&check, &serials[0], BM_OCSP_GOOD);
        check_their_response(&check, &serials[1], BM_OCSP_REVOKED);
    }
}

int main(void)
{
    now = (int64_t)time(NULL);
    if (!world_open() || !world_has("openssl")) {
        printf("ok 1 - interop # SKIP no openssl\n1..1\n");
        return BM_TEST_EXIT_SKIP;
    }
    RUN(openssl_accepts_our_lists);
    RUN(gnutls_accepts_our_lists);
    RUN(others_refuse_our_list_when_it_is_spoilt);
    RUN(openssl_and_we_agree_on_shards);
    RUN(we_accept_lists_of_openssl);
    RUN(we_accept_lists_of_gnutls);
    RUN(others_accept_our_responses);
    RUN(others_read_our_requests);
    RUN(we_accept_responses_of_openssl);
    world_close();
    return bm_test_done();
}
