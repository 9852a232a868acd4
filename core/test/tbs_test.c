/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cert.h"
#include "core/oid.h"
#include "core/tbs.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define ROOM_MAX 1024

#define NAME(letter) \
    "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01" letter
#define EMPTY_NAME "\x30\x00"
#define BASIC      "\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00"
#define KEY_USAGE \
    "\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80"
#define AKI "\x30\x0e\x06\x03\x55\x1d\x23\x04\x07\x30\x05\x80\x03wxy"
#define SAN                                                \
    "\x30\x0e\x06\x03\x55\x1d\x11\x04\x07\x30\x05\x82\x03" \
    "a.b"
#define SAN_CRITICAL                                           \
    "\x30\x11\x06\x03\x55\x1d\x11\x01\x01\xff\x04\x07\x30\x05" \
    "\x82\x03"                                                 \
    "a.b"
#define PRIVATE "\x30\x08\x06\x02\x2a\x03\x04\x02\x05\x00"

#define SERIAL "\x12\x34\x56\x78\x9a\xbc\xde\xf0"
#define KEY_ID "12345678901234567890"

/* Two fixed in a row, a key identifier, two holes of which one is optional. */
static const struct bm_tbs_ext exts[] = {
    { .kind = BM_TBS_FIXED, .fixed = BM_LIT_INIT(BASIC) },
    { .kind = BM_TBS_FIXED, .fixed = BM_LIT_INIT(KEY_USAGE) },
    { .kind = BM_TBS_SKI },
    { .kind = BM_TBS_HOLE, .oid = BM_LIT_INIT(BM_OID_CE_SAN) },
    { .kind = BM_TBS_FIXED, .fixed = BM_LIT_INIT(AKI) },
    { .kind = BM_TBS_HOLE, .optional = true, .oid = BM_LIT_INIT("\x2a\x03") },
};

static const struct bm_tbs_config usual = {
    .sig_alg = BM_SIG_ECDSA_SHA256,
    .issuer = BM_LIT_INIT(NAME("i")),
    .exts = exts,
    .exts_n = sizeof exts / sizeof exts[0],
};

static uint8_t mem[ROOM_MAX];

static void compile(const struct bm_tbs_config *config,
                    struct bm_tbs_template *t)
{
    CHECK_STATUS(bm_tbs_compile(config, mem, sizeof mem, t), BM_OK);
}

static const struct bm_bytes two_exts[2] = { BM_LIT_INIT(SAN),
                                             BM_LIT_INIT(PRIVATE) };

static struct bm_tbs_values usual_values(void)
{
    return (struct bm_tbs_values){
        .serial = BM_LIT(SERIAL),
        .not_before = INT64_C(1767225600), /* 2026-01-01 */
        .not_after = BM_TIME_NEVER,
        .subject = BM_LIT(NAME("s")),
        .spki = bm_test_signer(BM_KEY_P256)->key.der,
        .key_id = BM_LIT(KEY_ID),
        .ext = two_exts,
        .ext_n = 2,
    };
}

/* The same certificate written the long way, element by element. */
static void put_slowly(struct bm_wr *w, const struct bm_tbs_values *v)
{
    size_t tbs = bm_der_open(w, BM_DER_SEQUENCE);
    size_t m = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    size_t list;

    bm_der_put_u32(w, 2);
    bm_der_close(w, m);
    bm_der_put_unsigned(w, v->serial);
    bm_sig_alg_put(w, BM_SIG_ECDSA_SHA256);
    bm_wr_put(w, BM_LIT(NAME("i")));
    m = bm_der_open(w, BM_DER_SEQUENCE);
    bm_time_put(w, v->not_before);
    bm_time_put(w, v->not_after);
    bm_der_close(w, m);
    bm_wr_put(w, v->subject);
    bm_wr_put(w, v->spki);
    m = bm_der_open(w, BM_DER_CONSTRUCTED(3));
    list = bm_der_open(w, BM_DER_SEQUENCE);
    bm_wr_put(w, BM_LIT(BASIC KEY_USAGE));
    bm_ext_put_ski(w, v->key_id);
    bm_wr_put(w, v->ext[0]);
    bm_wr_put(w, BM_LIT(AKI));
    bm_wr_put(w, v->ext[1]);
    bm_der_close(w, list);
    bm_der_close(w, m);
    bm_der_close(w, tbs);
}

static void check_same(const struct bm_tbs_template *t,
                       const struct bm_tbs_values *v)
{
    uint8_t quick[ROOM_MAX];
    uint8_t slow[ROOM_MAX];
    struct bm_wr a;
    struct bm_wr b;

    bm_wr_init(&a, quick, sizeof quick);
    bm_wr_init(&b, slow, sizeof slow);
    CHECK_STATUS(bm_tbs_put(t, v, &a), BM_OK);
    put_slowly(&b, v);
    CHECK_BYTES(quick, a.len, slow, b.len);

    bm_wr_init(&a, NULL, 0); /* measuring agrees */
    CHECK_STATUS(bm_tbs_put(t, v, &a), BM_OK);
    CHECK(a.len == b.len);
}

/* Sizes around 128 and 256, where a length takes one octet more. */
static void filling_writes_what_the_long_way_writes(void)
{
    static uint8_t serial[BM_SERIAL_MAX];
    static uint8_t key_id[64];
    static uint8_t big[300];
    struct bm_tbs_values v = usual_values();
    struct bm_bytes ext[2] = { BM_LIT(SAN), { NULL, 0 } };
    struct bm_tbs_template t;
    struct bm_wr w;

    compile(&usual, &t);
    check_same(&t, &v);
    v.ext = ext;
    check_same(&t, &v);
    for (size_t n = 1; n <= sizeof serial; n++) {
        memset(serial, n < sizeof serial ? 0xf0 : 0x70, sizeof serial);
        v.serial = (struct bm_bytes){ serial, n };
        check_same(&t, &v);
    }
    for (size_t n = 1; n <= sizeof key_id; n++) {
        v.key_id = (struct bm_bytes){ key_id, n };
        check_same(&t, &v);
    }
    for (size_t n = 0; n < sizeof big - 20; n++) {
        struct bm_ext_mark m;

        bm_wr_init(&w, big, sizeof big);
        m = bm_ext_open(&w, BM_LIT("\x2a\x03"), false);
        for (size_t i = 0; i < n; i++) {
            bm_wr_u8(&w, 0);
        }
        bm_ext_close(&w, &m);
        ext[1] = bm_wr_bytes(&w);
        check_same(&t, &v);
    }
}

/* RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
static void times_are_written_by_the_rule(void)
{
    static const int64_t edges[] = { INT64_C(-631152000), BM_TIME_2050 - 1,
                                     BM_TIME_2050, BM_TIME_NEVER };
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;

    compile(&usual, &t);
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = i; k < 4; k++) {
            v.not_before = edges[i];
            v.not_after = edges[k];
            check_same(&t, &v);
        }
    }
}

static void a_parser_finds_each_value_where_it_belongs(void)
{
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;
    uint8_t buf[ROOM_MAX];
    struct bm_cert cert;
    struct bm_wr w;

    compile(&usual, &t);
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_tbs_put(&t, &v, &w), BM_OK);
    CHECK_STATUS(bm_cert_parse_tbs(bm_wr_bytes(&w), NULL, &cert), BM_OK);
    CHECK(cert.version == 3 && cert.sig_alg == BM_SIG_ECDSA_SHA256);
    CHECK(bm_bytes_equal(cert.serial, v.serial));
    CHECK(bm_bytes_equal(cert.issuer, usual.issuer));
    CHECK(bm_bytes_equal(cert.subject, v.subject));
    CHECK(bm_bytes_equal(cert.key.der, v.spki));
    CHECK(cert.not_before == v.not_before && cert.not_after == v.not_after);
    CHECK(bm_bytes_equal(bm_exts_ski(&cert.ext), v.key_id));
    CHECK(cert.ext.key_usage == BM_KU_DIGITAL_SIGNATURE);
    CHECK(bm_exts_has(&cert.ext, BM_EXT_SAN) &&
          bm_exts_has(&cert.ext, BM_EXT_AKI));
}

/* Signed, by every kind of key this platform has. */
static void a_built_certificate_verifies(void)
{
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_config config = usual;
    const struct bm_crypto *crypto = bm_test_crypto();
    static uint8_t buf[2 * ROOM_MAX];
    unsigned n = 0;

    for (enum bm_key_type type = BM_KEY_P256; type <= BM_KEY_RSA; type++) {
        const struct bm_signer *signer = bm_test_signer(type);
        struct bm_tbs_template t;
        struct bm_cert cert;
        struct bm_wr w;

        if (signer == NULL) {
            continue;
        }
        config.sig_alg = signer->alg;
        compile(&config, &t);
        bm_wr_init(&w, buf, sizeof buf);
        bm_wr_u8(&w, 0x5a); /* appends to what is there */
        CHECK_STATUS(bm_cert_build(&t, &v, signer, &w), BM_OK);
        CHECK_STATUS(bm_cert_parse((struct bm_bytes){ buf + 1, w.len - 1 },
                                   BM_STRICT, NULL, &cert),
                     BM_OK);
        CHECK_STATUS(crypto->verify(crypto->self, &signer->key, cert.sig_alg,
                                    cert.tbs, cert.signature),
                     BM_OK);

        /* Assembled from its parts it is the same certificate. */
        bm_cert_assemble(&w, cert.tbs, cert.sig_alg, cert.signature);
        CHECK(w.len == 1 + 2 * cert.der.n);
        CHECK_BYTES(buf + 1 + cert.der.n, cert.der.n, buf + 1, cert.der.n);
        n++;
    }
    CHECK(n >= 1);
}

static void a_fixed_subject_leaves_no_hole(void)
{
    struct bm_tbs_config config = usual;
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;
    uint8_t buf[ROOM_MAX];
    struct bm_cert cert;
    struct bm_wr w;

    config.subject = BM_LIT(NAME("f"));
    compile(&config, &t);
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_tbs_put(&t, &v, &w), BM_E_TEMPLATE);
    v.subject.n = 0;
    CHECK_STATUS(bm_tbs_put(&t, &v, &w), BM_OK);
    CHECK_STATUS(bm_cert_parse_tbs(bm_wr_bytes(&w), NULL, &cert), BM_OK);
    CHECK(bm_bytes_equal(cert.subject, config.subject));
}

static void a_template_without_extensions_writes_none(void)
{
    struct bm_tbs_config config = usual;
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;
    uint8_t buf[ROOM_MAX];
    struct bm_cert cert;
    struct bm_wr w;

    config.exts_n = 0;
    v.ext_n = 0;
    v.key_id.n = 0;
    compile(&config, &t);
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_tbs_put(&t, &v, &w), BM_OK);
    CHECK_STATUS(bm_cert_parse_tbs(bm_wr_bytes(&w), NULL, &cert), BM_OK);
    CHECK(cert.ext.all.n == 0);
}

static void the_template_keeps_its_own_copy(void)
{
    uint8_t issuer[] = NAME("i");
    uint8_t basic[] = BASIC;
    struct bm_tbs_ext ext = { .kind = BM_TBS_FIXED,
                              .fixed = { basic, sizeof basic - 1 } };
    struct bm_tbs_config config = { .sig_alg = BM_SIG_ED25519,
                                    .issuer = { issuer, sizeof issuer - 1 },
                                    .exts = &ext,
                                    .exts_n = 1 };
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;
    uint8_t buf[ROOM_MAX];
    struct bm_cert cert;
    struct bm_wr w;

    v.ext_n = 0;
    v.key_id.n = 0;
    compile(&config, &t);
    memset(issuer, 0, sizeof issuer);
    memset(basic, 0, sizeof basic);
    memset(&ext, 0, sizeof ext);
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_tbs_put(&t, &v, &w), BM_OK);
    CHECK_STATUS(bm_cert_parse_tbs(bm_wr_bytes(&w), NULL, &cert), BM_OK);
}

/* ---- What does not fit */

enum view {
    IN_SERIAL,
    IN_SUBJECT,
    IN_SPKI,
    IN_KEY_ID,
    IN_SAN,
    IN_PRIVATE
};

static const struct {
    const char *why;
    enum view in;
    struct bm_bytes bytes;
} misfits[] = {
    { "serial missing", IN_SERIAL, { NULL, 0 } },
    { "serial zero", IN_SERIAL, BM_LIT_INIT("\0\0") },
    { "serial of 21 octets", IN_SERIAL, BM_LIT_INIT("\1" KEY_ID) },
    { "serial of 20 octets, top bit set", IN_SERIAL,
      BM_LIT_INIT("\xff"
                  "2345678901234567890") },
    { "subject missing", IN_SUBJECT, { NULL, 0 } },
    { "subject cut short", IN_SUBJECT, BM_LIT_INIT("\x30\x02\x05") },
    { "more than a subject", IN_SUBJECT, BM_LIT_INIT(NAME("s") "\x05\x00") },
    { "subject empty, SAN not critical (RFC 5280 4.1.2.6)", IN_SUBJECT,
      BM_LIT_INIT(EMPTY_NAME) },
    { "key missing", IN_SPKI, { NULL, 0 } },
    { "key under another tag", IN_SPKI, BM_LIT_INIT("\x04\x00") },
    { "key identifier missing", IN_KEY_ID, { NULL, 0 } },
    { "required extension missing", IN_SAN, { NULL, 0 } },
    { "extension in another's place", IN_SAN, BM_LIT_INIT(PRIVATE) },
    { "extension in another's place", IN_PRIVATE, BM_LIT_INIT(SAN) },
    { "two extensions in one place", IN_SAN, BM_LIT_INIT(SAN SAN) },
    { "DEFAULT FALSE written out", IN_PRIVATE,
      BM_LIT_INIT("\x30\x0b\x06\x02\x2a\x03\x01\x01\x00\x04\x02\x05\x00") },
};

static void must_not_fit(const struct bm_tbs_template *t,
                         const struct bm_tbs_values *v, const char *why)
{
    uint8_t buf[ROOM_MAX];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    if (bm_tbs_put(t, v, &w) != BM_E_TEMPLATE ||
        bm_cert_build(t, v, bm_test_signer(BM_KEY_P256), &w) != BM_E_TEMPLATE ||
        w.len != 0) {
        printf("# %s\n", why);
        CHECK(!"refused, and nothing written");
    }
}

static void what_does_not_fit_writes_nothing(void)
{
    struct bm_tbs_template t;

    compile(&usual, &t);
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        struct bm_bytes ext[2] = { BM_LIT(SAN), BM_LIT(PRIVATE) };
        struct bm_tbs_values v = usual_values();
        struct bm_bytes *const views[] = { &v.serial, &v.subject, &v.spki,
                                           &v.key_id, &ext[0],    &ext[1] };

        v.ext = ext;
        *views[misfits[i].in] = misfits[i].bytes;
        must_not_fit(&t, &v, misfits[i].why);
    }
}

static void times_and_numbers_must_fit_too(void)
{
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;

    compile(&usual, &t);
    v.not_after = v.not_before - 1;
    must_not_fit(&t, &v, "ends before it begins");
    v = usual_values();
    v.not_before = INT64_C(-631152001);
    must_not_fit(&t, &v, "before 1950");
    v = usual_values();
    v.not_after = BM_TIME_NEVER + 1;
    must_not_fit(&t, &v, "after 9999");
    v = usual_values();
    v.ext_n = 1;
    must_not_fit(&t, &v, "one extension too few");
    v.ext_n = 3;
    must_not_fit(&t, &v, "one extension too many");
}

static void an_empty_subject_needs_a_critical_san(void)
{
    static const struct bm_bytes e[2] = { BM_LIT_INIT(SAN_CRITICAL),
                                          { NULL, 0 } };
    struct bm_tbs_ext fixed = { .kind = BM_TBS_FIXED,
                                .fixed = BM_LIT(SAN_CRITICAL) };
    struct bm_tbs_config config = usual;
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;
    uint8_t buf[ROOM_MAX];
    struct bm_cert cert;
    struct bm_wr w;

    compile(&usual, &t);
    v.subject = BM_LIT(EMPTY_NAME);
    v.ext = e;
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_tbs_put(&t, &v, &w), BM_OK);
    CHECK_STATUS(bm_cert_parse_tbs(bm_wr_bytes(&w), NULL, &cert), BM_OK);

    config.exts = &fixed;
    config.exts_n = 1;
    v.ext_n = 0;
    v.key_id.n = 0;
    compile(&config, &t);
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_tbs_put(&t, &v, &w), BM_OK);
}

static void a_signer_of_another_algorithm_is_refused(void)
{
    struct bm_signer other = *bm_test_signer(BM_KEY_P256);
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;
    uint8_t buf[ROOM_MAX];
    struct bm_wr w;

    other.alg = BM_SIG_ECDSA_SHA384;
    compile(&usual, &t);
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_cert_build(&t, &v, &other, &w), BM_E_TEMPLATE);
    CHECK(w.len == 0);
}

static void too_small_a_buffer_is_an_error_and_nothing_else(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_tbs_values v = usual_values();
    struct bm_tbs_template t;
    uint8_t buf[420];
    unsigned fits = 0;

    compile(&usual, &t);
    for (size_t cap = 0; cap <= sizeof buf; cap += cap < 250 ? 9 : 1) {
        struct bm_wr w;
        bm_status rc;

        memset(buf, 0x5a, sizeof buf);
        bm_wr_init(&w, buf, cap);
        rc = bm_cert_build(&t, &v, signer, &w);
        if (rc == BM_OK) {
            CHECK(w.len <= cap);
            fits++;
        } else {
            CHECK_STATUS(rc, BM_E_BUFFER);
            CHECK(w.len == 0);
        }
        for (size_t i = cap; i < sizeof buf; i++) {
            CHECK(buf[i] == 0x5a);
        }
    }
    CHECK(fits != 0);
}

static void a_template_that_cannot_be_is_refused(void)
{
    static const struct bm_tbs_template zero;
    struct bm_tbs_ext two[2] = {
        { .kind = BM_TBS_FIXED, .fixed = BM_LIT(BASIC) },
        { .kind = BM_TBS_FIXED, .fixed = BM_LIT(BASIC) },
    };
    struct bm_tbs_ext many[BM_EXT_MAX + 1] = { { .kind = BM_TBS_SKI } };
    struct bm_tbs_template t;
    struct bm_tbs_config c = usual;

#define REFUSED(status)                                              \
    CHECK_STATUS(bm_tbs_compile(&c, mem, sizeof mem, &t), (status)); \
    CHECK(memcmp(&t, &zero, sizeof t) == 0)

    c.sig_alg = BM_SIG_UNKNOWN;
    REFUSED(BM_E_TEMPLATE);
    c = usual;
    c.issuer = BM_LIT(EMPTY_NAME); /* RFC 5280 4.1.2.4 */
    REFUSED(BM_E_TEMPLATE);
    c.issuer = BM_LIT(NAME("i") "\x05\x00");
    REFUSED(BM_E_TEMPLATE);
    c = usual;
    c.subject = BM_LIT(EMPTY_NAME);
    REFUSED(BM_E_TEMPLATE);
    c = usual;
    c.exts = many;
    c.exts_n = BM_EXT_MAX + 1;
    REFUSED(BM_E_LIMIT);
    c.exts = two; /* RFC 5280 4.2: no extension twice */
    c.exts_n = 2;
    REFUSED(BM_E_TEMPLATE);
    two[1] = (struct bm_tbs_ext){ .kind = BM_TBS_HOLE,
                                  .oid = BM_LIT(BM_OID_CE_BASIC) };
    REFUSED(BM_E_TEMPLATE);
    two[1].oid.n = 0;
    REFUSED(BM_E_TEMPLATE);
    two[1] = (struct bm_tbs_ext){ .kind = BM_TBS_FIXED,
                                  .fixed = BM_LIT(KEY_USAGE "\x05\x00") };
    REFUSED(BM_E_TEMPLATE);
#undef REFUSED
}

static void a_template_says_when_its_memory_is_too_small(void)
{
    struct bm_tbs_template t;
    size_t n = 0;

    while (bm_tbs_compile(&usual, mem, n, &t) == BM_E_BUFFER) {
        CHECK(t.steps_n == 0);
        n++;
    }
    CHECK_STATUS(bm_tbs_compile(&usual, mem, n, &t), BM_OK);
    CHECK(t.steps_n == 5); /* neighbours became one */
}

int main(void)
{
    RUN(filling_writes_what_the_long_way_writes);
    RUN(times_are_written_by_the_rule);
    RUN(a_parser_finds_each_value_where_it_belongs);
    RUN(a_built_certificate_verifies);
    RUN(a_fixed_subject_leaves_no_hole);
    RUN(a_template_without_extensions_writes_none);
    RUN(the_template_keeps_its_own_copy);
    RUN(what_does_not_fit_writes_nothing);
    RUN(times_and_numbers_must_fit_too);
    RUN(an_empty_subject_needs_a_critical_san);
    RUN(a_signer_of_another_algorithm_is_refused);
    RUN(too_small_a_buffer_is_an_error_and_nothing_else);
    RUN(a_template_that_cannot_be_is_refused);
    RUN(a_template_says_when_its_memory_is_too_small);
    return bm_test_done();
}
