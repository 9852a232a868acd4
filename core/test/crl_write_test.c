/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include "core/test/crl_views.h"
#include "tests/harness/test_crypto.h"

#define JANUARY_2031  INT64_C(1924992000)
#define FEBRUARY_2031 INT64_C(1927670400)

#define OUT_MAX 4096

static uint8_t out_room[OUT_MAX];
static struct bm_wr out;
static struct bm_crl_writer writer;

static bm_status put_out(void *self, struct bm_bytes octets)
{
    bm_wr_put(self, octets);
    return BM_OK;
}

static const struct bm_crl_sink sink = { &out, put_out };

/* A row of entries. */
struct row {
    const struct bm_crl_entry *entries;
    size_t n;
    size_t at;
    unsigned rewinds;
    unsigned lie_in; /* the pass in which the first entry differs; 0: none */
    bm_status fail;  /* what to say instead of the last entry */
};

static bm_status row_rewind(void *self)
{
    struct row *row = self;

    row->at = 0;
    row->rewinds++;
    return BM_OK;
}

static bm_status row_next(void *self, struct bm_crl_entry *entry)
{
    struct row *row = self;

    if (row->at == row->n) {
        return BM_E_END;
    }
    if (row->fail != BM_OK && row->at + 1 == row->n) {
        return row->fail;
    }
    *entry = row->entries[row->at];
    if (row->at++ == 0 && row->rewinds == row->lie_in) {
        entry->revoked_at++;
    }
    return BM_OK;
}

static struct bm_crl_source source_of(struct row *row)
{
    return (struct bm_crl_source){ row, row_rewind, row_next };
}

/* The CA of the samples. */
static struct bm_crl_config config_for(const struct bm_signer *signer)
{
    struct bm_crl_config config = {
        .issuer = BM_LIT("\x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04\x03\x0c\x07"
                         "Test CA"),
        .this_update = JANUARY_2031,
        .next_update = FEBRUARY_2031,
        .number = BM_LIT("\x01\x00"),
        .aki = BM_LIT("key identifier"),
        .crypto = bm_test_crypto(),
        .sig_alg = signer->alg,
    };

    return config;
}

/* Write a list into `out`; whatever fails first is returned. */
static bm_status write_with(const struct bm_crl_config *config, struct row *row,
                            const struct bm_signer *signer,
                            struct bm_wr *memory)
{
    struct bm_crl_source source = source_of(row);
    static uint8_t sig_room[BM_SIGNATURE_MAX];
    struct bm_wr sig;
    bm_status rc;

    bm_wr_init(&out, out_room, sizeof out_room);
    bm_wr_init(&sig, sig_room, sizeof sig_room);
    rc = bm_crl_writer_open(&writer, config, &source);
    if (rc == BM_OK) {
        rc = bm_crl_writer_sign(&writer, signer, memory, &sig);
    }
    if (rc == BM_OK) {
        rc = bm_crl_writer_put(&writer, bm_wr_bytes(&sig), &sink);
    }
    bm_crl_writer_close(&writer);
    return rc;
}

static bm_status write_p256(const struct bm_crl_config *config, struct row *row)
{
    struct bm_wr none = { NULL, 0, 0 };

    return write_with(config, row, bm_test_signer(BM_KEY_P256), &none);
}

/* What was written parses, verifies and says what it was told to. */
static void parse_out(const struct bm_signer *signer, struct bm_crl *crl)
{
    CHECK_STATUS(bm_crl_parse(bm_wr_bytes(&out), NULL, crl), BM_OK);
    CHECK_STATUS(bm_crl_verify(crl, &signer->key, bm_test_crypto()), BM_OK);
}

static const uint8_t serials[][17] = {
    { 1 },
    { 0, 0x80 },
    { 0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
};

static const struct bm_crl_entry entries[] = {
    { .serial = { serials[0], 1 }, .revoked_at = JANUARY_2031 - 1 },
    { .serial = { serials[1], 2 },
      .revoked_at = JANUARY_2031 - 2,
      .reason = BM_REASON_KEY_COMPROMISE,
      .invalid_since = JANUARY_2031 - 1000,
      .has_invalid_since = true },
    { .serial = { serials[2], 17 },
      .revoked_at = BM_TIME_2050,
      .reason = BM_REASON_HOLD },
};

static bool same_entry(const struct bm_crl_entry *a,
                       const struct bm_crl_entry *b)
{
    return bm_bytes_equal(a->serial, b->serial) &&
           bm_bytes_equal(a->cert_issuer, b->cert_issuer) &&
           a->revoked_at == b->revoked_at && a->reason == b->reason &&
           a->has_invalid_since == b->has_invalid_since &&
           a->invalid_since == b->invalid_since;
}

static void what_is_written_is_read(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_crl_config config = config_for(signer);
    struct row row = { .entries = entries, .n = 3 };
    struct bm_crl_entry entry;
    struct bm_bytes rest;
    struct bm_crl crl;
    struct bm_aki aki;

    CHECK_STATUS(write_p256(&config, &row), BM_OK);
    CHECK(row.rewinds == 3);
    parse_out(signer, &crl);
    CHECK(crl.head.version == 2);
    CHECK(bm_bytes_equal(crl.head.issuer, config.issuer));
    CHECK(crl.head.this_update == JANUARY_2031);
    CHECK(crl.head.next_update == FEBRUARY_2031);
    CHECK(bm_bytes_equal(crl.ext.number, config.number));
    bm_exts_aki(&crl.ext.common, &aki);
    CHECK(bm_bytes_equal(aki.key_id, config.aki));
    CHECK(crl.ext.base.n == 0 && !crl.ext.has_idp);
    rest = crl.entries;
    for (size_t i = 0; i < 3; i++) {
        CHECK(bm_crl_entry_next(&rest, &entry));
        CHECK(same_entry(&entry, &entries[i]));
    }
    CHECK(rest.n == 0);
}

/* RFC 5280 5.3, 5.3.1: the reason extension SHOULD be absent instead of 0 */
static void an_entry_without_reason_has_no_extensions(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = entries, .n = 1 };
    struct bm_crl_entry entry;
    struct bm_crl crl;

    CHECK_STATUS(write_p256(&config, &row), BM_OK);
    parse_out(bm_test_signer(BM_KEY_P256), &crl);
    CHECK(bm_crl_entry_next(&crl.entries, &entry));
    CHECK(entry.extensions.n == 0);
}

/* RFC 5280 5.1.2.6 */
static void an_empty_list_has_no_revoked_certificates(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = entries, .n = 0 };
    struct bm_crl crl;

    CHECK_STATUS(write_p256(&config, &row), BM_OK);
    parse_out(bm_test_signer(BM_KEY_P256), &crl);
    CHECK(crl.entries.n == 0);
}

static void sizes_are_known_before_anything_is_written(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = entries, .n = 3 };
    struct bm_crl_source source = source_of(&row);

    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_OK);
    CHECK(bm_crl_writer_count(&writer) == 3);
    bm_wr_init(&out, out_room, sizeof out_room);
    CHECK_STATUS(bm_crl_writer_tbs(&writer, &sink), BM_OK);
    CHECK(out.len == bm_crl_writer_tbs_size(&writer));
    bm_crl_writer_close(&writer);
}

/* The signer process gets tbsCertList and hashes for itself. */
static void a_signer_elsewhere_signs_what_it_is_sent(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_crl_config config = config_for(signer);
    struct row row = { .entries = entries, .n = 3 };
    struct bm_crl_source source = source_of(&row);
    uint8_t sig_room[100];
    struct bm_crl crl;
    struct bm_wr sig;

    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_OK);
    bm_wr_init(&out, out_room, sizeof out_room);
    bm_wr_init(&sig, sig_room, sizeof sig_room);
    CHECK_STATUS(bm_crl_writer_tbs(&writer, &sink), BM_OK);
    CHECK_STATUS(signer->sign(signer->self, bm_wr_bytes(&out), &sig), BM_OK);
    bm_wr_init(&out, out_room, sizeof out_room);
    CHECK_STATUS(bm_crl_writer_put(&writer, bm_wr_bytes(&sig), &sink), BM_OK);
    bm_crl_writer_close(&writer);
    parse_out(signer, &crl);
}

static void every_key_type_of_the_platform_signs(void)
{
    static uint8_t memory_room[OUT_MAX];

    for (int type = BM_KEY_P256; type <= BM_KEY_MLDSA87; type++) {
        const struct bm_signer *signer = bm_test_signer((enum bm_key_type)type);
        struct row row = { .entries = entries, .n = 3 };
        struct bm_wr memory;
        struct bm_crl_config config;
        struct bm_crl crl;

        if (signer == NULL || signer->alg >= BM_SIG_MLDSA44) {
            continue; /* signatures of ML-DSA exceed the room here */
        }
        config = config_for(signer);
        bm_wr_init(&memory, memory_room, sizeof memory_room);
        CHECK_STATUS(write_with(&config, &row, signer, &memory), BM_OK);
        parse_out(signer, &crl);
        CHECK((memory.len != 0) ==
              (bm_sig_alg_hash(signer->alg) == BM_HASH_NONE));
    }
}

/* A stand-in for a key that takes no hash, on any platform. */
static bm_status sign_length(void *self, struct bm_bytes message,
                             struct bm_wr *sig)
{
    (void)self;
    bm_der_put_u32(sig, (uint32_t)message.n);
    return BM_OK;
}

static void a_signer_of_whole_messages_gets_all_of_it_or_none(void)
{
    static uint8_t memory_room[OUT_MAX];
    struct bm_signer signer = { .alg = BM_SIG_ED25519, .sign = sign_length };
    struct bm_crl_config config = config_for(&signer);
    struct row row = { .entries = entries, .n = 3 };
    struct bm_wr memory;
    struct bm_crl crl;

    bm_wr_init(&memory, memory_room, sizeof memory_room);
    CHECK_STATUS(write_with(&config, &row, &signer, &memory), BM_OK);
    CHECK_STATUS(bm_crl_parse(bm_wr_bytes(&out), NULL, &crl), BM_OK);
    CHECK(memory.len == crl.tbs.n);
    CHECK(memcmp(memory_room, crl.tbs.p, crl.tbs.n) == 0);
    bm_wr_init(&memory, memory_room, crl.tbs.n - 1);
    CHECK_STATUS(write_with(&config, &row, &signer, &memory), BM_E_CRL_MEMORY);
    CHECK(memory.len == 0 && out.len == 0);
    bm_wr_init(&memory, NULL, 0);
    CHECK_STATUS(write_with(&config, &row, &signer, &memory), BM_E_CRL_MEMORY);
}

static void only_the_signer_of_the_configuration_may_sign(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = entries, .n = 3 };

    config.sig_alg = BM_SIG_ECDSA_SHA384;
    CHECK_STATUS(write_p256(&config, &row), BM_E_ARGUMENT);
}

/* RFC 5280 5.2.4, 5.2.5, 5.2.6, 5.3.3 */
static void shards_deltas_and_indirect_lists_are_written(void)
{
    static const uint8_t uri[] = "\x86\x0ahttp://c/1";
    static const uint8_t name[] =
        "\xa4\x15\x30\x13\x31\x11\x30\x0f\x06\x03\x55\x04\x03\x0c\x08Other CA";
    struct bm_crl_idp idp = { .full_name = { uri, sizeof uri - 1 },
                              .reasons = 1 << 1,
                              .has_reasons = true,
                              .only_user_certs = true,
                              .indirect = true };
    struct bm_crl_entry more[] = { entries[0], entries[1] };
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = more, .n = 2 };
    struct bm_crl_entry entry;
    struct bm_dist_point dp;
    struct bm_bytes list;
    struct bm_crl crl;

    config.idp = &idp;
    config.freshest = idp.full_name;
    more[1].cert_issuer = (struct bm_bytes){ name, sizeof name - 1 };
    CHECK_STATUS(write_p256(&config, &row), BM_OK);
    parse_out(bm_test_signer(BM_KEY_P256), &crl);
    CHECK(crl.ext.has_idp && crl.ext.idp.indirect);
    CHECK(crl.ext.idp.only_user_certs && !crl.ext.idp.only_ca_certs);
    CHECK(crl.ext.idp.has_reasons && crl.ext.idp.reasons == 1 << 1);
    CHECK(bm_bytes_equal(crl.ext.idp.full_name, idp.full_name));
    list = bm_exts_list(&crl.ext.common, BM_EXT_FRESHEST);
    CHECK(bm_dist_point_next(&list, &dp));
    CHECK(bm_bytes_equal(dp.full_name, idp.full_name));
    CHECK(bm_crl_entry_next(&crl.entries, &entry) &&
          same_entry(&entry, &more[0]));
    CHECK(bm_crl_entry_next(&crl.entries, &entry) &&
          same_entry(&entry, &more[1]));

    config.idp = NULL;
    config.freshest.n = 0;
    config.base = BM_LIT("\xff");
    more[0].reason = BM_REASON_REMOVE;
    more[1].cert_issuer.n = 0;
    CHECK_STATUS(write_p256(&config, &row), BM_OK);
    parse_out(bm_test_signer(BM_KEY_P256), &crl);
    CHECK(bm_bytes_equal(crl.ext.base, BM_LIT("\0\xff")));
}

static void a_relative_point_name_is_written(void)
{
    static const uint8_t rdn[] = "\x30\x0e\x06\x03\x55\x04\x03\x0c\x07shard 1";
    struct bm_crl_idp idp = { .relative_name = { rdn, sizeof rdn - 1 } };
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .n = 0 };
    struct bm_crl crl;

    config.idp = &idp;
    CHECK_STATUS(write_p256(&config, &row), BM_OK);
    parse_out(bm_test_signer(BM_KEY_P256), &crl);
    CHECK(bm_bytes_equal(crl.ext.idp.relative_name, idp.relative_name));
}

static void entries_that_the_list_cannot_have_are_refused(void)
{
    static const struct {
        const char *why;
        struct bm_crl_entry entry;
        bm_status rc;
    } rows[] = {
        { "no serial number",
          { .serial = { serials[0], 0 }, .revoked_at = JANUARY_2031 },
          BM_E_CRL_ENTRY },
        { "serial number zero",
          { .serial = { serials[1], 1 }, .revoked_at = JANUARY_2031 },
          BM_E_CRL_ENTRY },
        { "negative serial number",
          { .serial = { serials[1] + 1, 1 }, .revoked_at = JANUARY_2031 },
          BM_E_CRL_ENTRY },
        { "revoked before 1950",
          { .serial = { serials[0], 1 }, .revoked_at = -631152001 },
          BM_E_CRL_ENTRY },
        { "revoked in the year 10000",
          { .serial = { serials[0], 1 }, .revoked_at = BM_TIME_NEVER + 1 },
          BM_E_CRL_ENTRY },
        { "invalid since before 1950",
          { .serial = { serials[0], 1 },
            .invalid_since = -631152001,
            .has_invalid_since = true },
          BM_E_CRL_INVALIDITY },
        { "reason 7",
          { .serial = { serials[0], 1 }, .reason = 7 },
          BM_E_CRL_REASON },
        { "removed, but no delta",
          { .serial = { serials[0], 1 }, .reason = BM_REASON_REMOVE },
          BM_E_CRL_REASON },
        { "an issuer, but not indirect",
          { .serial = { serials[0], 1 }, .cert_issuer = { serials[0], 1 } },
          BM_E_CRL_CERT_ISSUER },
    };
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct row row = { .entries = &rows[i].entry, .n = 1 };
        bm_status rc = write_p256(&config, &row);

        if (rc != rows[i].rc) {
            printf("# %s: %04x\n", rows[i].why, (unsigned)rc);
            CHECK(!"refused");
        }
        CHECK(out.len == 0);
    }
}

/* Those without key identifier and number too: RFC 5280 5.2.1, 5.2.3. */
static void configurations_no_list_can_have_are_refused(void)
{
    static const uint8_t number[21] = { 0x80 };
    static const struct bm_crl_idp empty;
    static const struct bm_crl_idp two = { .only_user_certs = true,
                                           .only_ca_certs = true };
    struct bm_crl_config good = config_for(bm_test_signer(BM_KEY_P256));
    struct bm_crl_config bad[11];
    struct row row = { .n = 0 };
    size_t n = sizeof bad / sizeof bad[0];

    for (size_t i = 0; i < n; i++) {
        bad[i] = good;
    }
    bad[0].issuer = BM_LIT("\x30\x00");
    bad[1].issuer.n--;
    bad[2].next_update = bad[2].this_update;
    bad[3].next_update = BM_TIME_NEVER + 1;
    bad[4].number.n = 0;
    bad[5].number = (struct bm_bytes){ number, 20 };
    bad[6].aki.n = 0;
    bad[7].base = BM_LIT("\1");
    bad[7].freshest = BM_LIT("\x86\x01x");
    bad[8].idp = &empty;
    bad[9].idp = &two;
    bad[10].sig_alg = BM_SIG_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        bm_status rc = write_p256(&bad[i], &row);

        if (rc != BM_E_ARGUMENT) {
            printf("# row %u: %04x\n", (unsigned)i, (unsigned)rc);
            CHECK(!"refused");
        }
    }
    CHECK_STATUS(write_p256(&good, &row), BM_OK);
}

static void entries_that_change_between_passes_are_noticed(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));

    for (unsigned pass = 1; pass <= 3; pass++) {
        struct row row = { .entries = entries, .n = 3, .lie_in = pass };

        /* Between the first and the second nothing was promised yet. */
        CHECK_STATUS(write_p256(&config, &row),
                     pass == 1 ? BM_OK : BM_E_CRL_CHANGED);
    }
}

/* Gives one entry more, or less, in a later pass. */
static bm_status growing_rewind(void *self)
{
    struct row *row = self;

    row->n++;
    return row_rewind(self);
}

static void a_list_that_grows_is_noticed(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = entries, .n = 0 };
    struct bm_crl_source source = { &row, growing_rewind, row_next };

    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_OK);
    bm_wr_init(&out, out_room, sizeof out_room);
    CHECK_STATUS(bm_crl_writer_tbs(&writer, &sink), BM_E_CRL_CHANGED);
    CHECK_STATUS(bm_crl_writer_put(&writer, BM_LIT("sig"), &sink),
                 BM_E_CRL_STATE);
}

static void a_source_that_fails_stops_the_writer(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = entries, .n = 3, .fail = BM_E_INTERNAL };

    CHECK_STATUS(write_p256(&config, &row), BM_E_INTERNAL);
    CHECK(out.len == 0);
}

static bm_status full(void *self, struct bm_bytes octets)
{
    (void)self;
    (void)octets;
    return BM_E_BUFFER;
}

static void a_sink_that_fails_stops_the_writer(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = entries, .n = 3 };
    struct bm_crl_source source = source_of(&row);
    struct bm_crl_sink bad = { NULL, full };

    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_OK);
    CHECK_STATUS(bm_crl_writer_tbs(&writer, &bad), BM_E_BUFFER);
    CHECK_STATUS(bm_crl_writer_tbs(&writer, NULL), BM_OK);
    CHECK_STATUS(bm_crl_writer_put(&writer, BM_LIT("sig"), &bad), BM_E_BUFFER);
    bm_wr_init(&out, out_room, sizeof out_room);
    CHECK_STATUS(bm_crl_writer_put(&writer, BM_LIT("sig"), &sink), BM_OK);
    bm_crl_writer_close(&writer);
}

static void calls_out_of_order_are_refused(void)
{
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct row row = { .entries = entries, .n = 1 };
    struct bm_crl_source source = source_of(&row);
    struct bm_wr none = { NULL, 0, 0 };

    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_OK);
    CHECK_STATUS(bm_crl_writer_put(&writer, BM_LIT("sig"), &sink),
                 BM_E_CRL_STATE);
    config.number.n = 0;
    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_E_ARGUMENT);
    CHECK_STATUS(bm_crl_writer_tbs(&writer, &sink), BM_E_CRL_STATE);
    CHECK_STATUS(
        bm_crl_writer_sign(&writer, bm_test_signer(BM_KEY_P256), &none, &none),
        BM_E_CRL_STATE);
}

/* Entries as long as the buffer, one octet less, and one more. */
static void parts_fit_the_buffer_or_are_refused(void)
{
    static uint8_t issuer[BM_CRL_ITEM_MAX];
    struct bm_crl_idp idp = { .indirect = true };
    struct bm_crl_config config = config_for(bm_test_signer(BM_KEY_P256));
    struct bm_crl_entry two[] = { entries[0], entries[0] };
    struct row row = { .entries = two, .n = 2 };
    struct bm_crl crl;
    struct bm_wr w;

    config.idp = &idp;
    for (size_t over = 0; over < 2; over++) {
        size_t name = BM_CRL_ITEM_MAX - 46 + over;
        struct bm_crl_entry entry;

        bm_wr_init(&w, issuer, sizeof issuer);
        bm_der_put_header(&w, BM_DER_CONTEXT(BM_GN_URI), name - 4);
        memset(issuer + w.len, 'x', name - w.len);
        issuer[w.len + 1] = ':';
        two[1].cert_issuer = (struct bm_bytes){ issuer, name };
        CHECK_STATUS(write_p256(&config, &row), over ? BM_E_LIMIT : BM_OK);
        if (!over) {
            parse_out(bm_test_signer(BM_KEY_P256), &crl);
            CHECK(bm_crl_entry_next(&crl.entries, &entry));
            CHECK(crl.entries.n == BM_CRL_ITEM_MAX);
        }
    }
}

int main(void)
{
    RUN(what_is_written_is_read);
    RUN(an_entry_without_reason_has_no_extensions);
    RUN(an_empty_list_has_no_revoked_certificates);
    RUN(sizes_are_known_before_anything_is_written);
    RUN(a_signer_elsewhere_signs_what_it_is_sent);
    RUN(every_key_type_of_the_platform_signs);
    RUN(a_signer_of_whole_messages_gets_all_of_it_or_none);
    RUN(only_the_signer_of_the_configuration_may_sign);
    RUN(shards_deltas_and_indirect_lists_are_written);
    RUN(a_relative_point_name_is_written);
    RUN(entries_that_the_list_cannot_have_are_refused);
    RUN(configurations_no_list_can_have_are_refused);
    RUN(entries_that_change_between_passes_are_noticed);
    RUN(a_list_that_grows_is_noticed);
    RUN(a_source_that_fails_stops_the_writer);
    RUN(a_sink_that_fails_stops_the_writer);
    RUN(calls_out_of_order_are_refused);
    RUN(parts_fit_the_buffer_or_are_refused);
    return bm_test_done();
}
