/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include "core/test/crl_views.h"
#include "tests/harness/test_crypto.h"

static struct bm_crl_reader reader;

/* All that a run of the reader says, put into one number. */
struct outcome {
    bm_status rc;
    uint64_t error_at;
    uint32_t digest;
    size_t entries;
    bool ended;
};

static uint32_t mix(uint32_t digest, const void *p, size_t n)
{
    const uint8_t *octet = p;

    while (n-- != 0) {
        digest = (digest ^ *octet++) * 16777619u;
    }
    return digest;
}

static uint32_t mix_bytes(uint32_t digest, struct bm_bytes b)
{
    return mix(digest, b.p, b.n);
}

static uint32_t mix_head(uint32_t d, const struct bm_crl_head *head)
{
    d = mix_bytes(d, head->sig_alg_id);
    d = mix_bytes(d, head->issuer);
    d = mix(d, &head->this_update, sizeof head->this_update);
    d = mix(d, &head->next_update, sizeof head->next_update);
    return mix(d, &head->version, 1);
}

static uint32_t mix_entry(uint32_t d, const struct bm_crl_entry *entry)
{
    d = mix_bytes(d, entry->serial);
    d = mix_bytes(d, entry->extensions);
    d = mix_bytes(d, entry->cert_issuer);
    d = mix_bytes(d, entry->unknown_critical);
    d = mix(d, &entry->revoked_at, sizeof entry->revoked_at);
    d = mix(d, &entry->invalid_since, sizeof entry->invalid_since);
    return mix(d, &entry->reason, 1);
}

static uint32_t mix_exts(uint32_t d, const struct bm_crl_exts *ext)
{
    d = mix_bytes(d, ext->common.all);
    d = mix_bytes(d, ext->number);
    d = mix_bytes(d, ext->base);
    d = mix_bytes(d, ext->idp.full_name);
    d = mix(d, &ext->idp.reasons, sizeof ext->idp.reasons);
    return mix_bytes(d, ext->unknown_critical);
}

static void see(struct outcome *out, enum bm_crl_event event)
{
    if (event == BM_CRL_HEAD) {
        out->digest = mix_head(out->digest, &reader.head);
    } else if (event == BM_CRL_ENTRY) {
        out->digest = mix_entry(out->digest, &reader.entry);
        out->entries++;
    } else if (event == BM_CRL_EXTENSIONS) {
        out->digest = mix_exts(out->digest, &reader.ext);
    } else if (event == BM_CRL_END) {
        out->ended = true;
    }
}

/*
 * Feed `in` in pieces of `step` octets, from a room that is overwritten after
 * each: a view that is kept too long shows.
 */
static struct outcome run(struct bm_bytes in, size_t step,
                          const struct bm_crypto *crypto)
{
    static uint8_t room[DAMAGE_SAMPLE_MAX];
    struct outcome out = { .digest = 2166136261u };
    enum bm_crl_event event;

    bm_crl_reader_open(&reader, crypto);
    for (size_t at = 0; at < in.n && out.rc == BM_OK; at += step) {
        size_t n = in.n - at < step ? in.n - at : step;

        memcpy(room, in.p + at, n);
        bm_crl_reader_feed(&reader, (struct bm_bytes){ room, n });
        do {
            out.rc = bm_crl_reader_next(&reader, &event);
            see(&out, event);
        } while (out.rc == BM_OK && event != BM_CRL_MORE);
        memset(room, 0xa5, n);
    }
    out.error_at = bm_crl_reader_error(&reader, NULL);
    return out;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->rc == b->rc && a->error_at == b->error_at &&
           a->digest == b->digest && a->entries == b->entries &&
           a->ended == b->ended;
}

/* What bm_crl_parse() says, in the same terms. */
static struct outcome parse(struct bm_bytes in)
{
    struct outcome out = { .digest = 2166136261u };
    struct bm_crl_entry entry;
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_crl crl;
    struct bm_bytes rest;

    out.rc = bm_crl_parse(in, &diag, &crl);
    if (out.rc != BM_OK) {
        out.error_at = bm_diag_offset(&diag, in.p, in.n);
        return out;
    }
    out.ended = true;
    out.digest = mix_head(out.digest, &crl.head);
    for (rest = crl.entries; bm_crl_entry_next(&rest, &entry);) {
        out.digest = mix_entry(out.digest, &entry);
        out.entries++;
    }
    out.digest = mix_exts(out.digest, &crl.ext);
    return out;
}

static bool is_list(const struct bm_sample *s)
{
    return strcmp(s->kind, "crl") == 0 || strcmp(s->kind, "crl-bad") == 0;
}

static void the_cut_into_chunks_makes_no_difference(void)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        struct bm_bytes in = { bm_samples[i].p, bm_samples[i].n };
        struct outcome whole;

        if (!is_list(&bm_samples[i])) {
            continue;
        }
        whole = run(in, in.n, bm_test_crypto());
        for (size_t step = 1; step < in.n; step++) {
            struct outcome cut = run(in, step, NULL);

            if (!same(&cut, &whole)) {
                printf("# %s in pieces of %lu: %04x at %lu, want %04x at "
                       "%lu\n",
                       bm_samples[i].name, (unsigned long)step,
                       (unsigned)cut.rc, (unsigned long)cut.error_at,
                       (unsigned)whole.rc, (unsigned long)whole.error_at);
                CHECK(!"the same");
            }
        }
    }
}

/*
 * Where bm_crl_parse() sees an end that the stream has not come to yet, it
 * may refuse earlier and for that; both refuse.
 */
static void the_stream_reads_what_the_parser_reads(void)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        struct bm_bytes in = { bm_samples[i].p, bm_samples[i].n };
        struct outcome stream;
        struct outcome parsed;

        if (!is_list(&bm_samples[i])) {
            continue;
        }
        stream = run(in, 7, NULL);
        parsed = parse(in);
        CHECK_STATUS(stream.rc, parsed.rc);
        if (parsed.rc == BM_OK ? !same(&stream, &parsed)
                               : stream.error_at != parsed.error_at) {
            printf("# %s: at %lu, parser at %lu\n", bm_samples[i].name,
                   (unsigned long)stream.error_at,
                   (unsigned long)parsed.error_at);
            CHECK(!"the same");
        }
    }
}

static bool stream_agrees(struct bm_bytes in)
{
    struct outcome parsed = parse(in);
    struct outcome whole = run(in, in.n != 0 ? in.n : 1, NULL);
    struct outcome cut = run(in, 5, NULL);
    bool accepted = whole.rc == BM_OK && whole.ended;

    CHECK(same(&whole, &cut));
    CHECK(accepted == (parsed.rc == BM_OK));
    if (accepted) {
        CHECK(same(&whole, &parsed));
    }
    return accepted;
}

static void damage_is_seen_as_the_parser_sees_it(void)
{
    CHECK(damage_all("crl", stream_agrees) != 0);
}

static void a_prefix_never_verifies(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_signer *ca = bm_test_signer_nth(BM_KEY_P256, 0);
    struct bm_bytes in = crl_sample_bytes("openssl-reasons");

    for (size_t n = 0; n < in.n; n++) {
        struct outcome out = run((struct bm_bytes){ in.p, n }, 64, crypto);

        CHECK(!out.ended);
        CHECK_STATUS(bm_crl_reader_verify(&reader, &ca->key), BM_E_CRL_STATE);
        bm_crl_reader_close(&reader);
    }
}

static void the_signature_is_verified_without_a_second_pass(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_signer *ca = bm_test_signer_nth(BM_KEY_P256, 0);
    const struct bm_signer *other = bm_test_signer_nth(BM_KEY_P256, 1);
    static const size_t steps[] = { 1, 2, 3, 64, 1000 };
    struct bm_bytes in = crl_sample_bytes("openssl-reasons");

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct outcome out = run(in, steps[i], crypto);

        CHECK_STATUS(out.rc, BM_OK);
        CHECK_STATUS(bm_crl_reader_verify(&reader, &ca->key), BM_OK);
        CHECK_STATUS(bm_crl_reader_verify(&reader, &other->key),
                     BM_E_CRL_SIGNATURE);
        bm_crl_reader_close(&reader);
        bm_crl_reader_close(&reader);
    }
}

/* Octets all over the list count, wherever chunks begin and end. */
static void a_changed_octet_does_not_verify(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_signer *ca = bm_test_signer_nth(BM_KEY_P256, 0);
    static uint8_t copy[DAMAGE_SAMPLE_MAX];
    struct bm_bytes in = crl_sample_bytes("openssl-empty");
    size_t tried = 0;
    size_t refused = 0;

    memcpy(copy, in.p, in.n);
    for (size_t i = 0; i < in.n; i += 7) { /* a verification is slow */
        struct outcome out;

        copy[i] ^= 1;
        out = run((struct bm_bytes){ copy, in.n }, 1 + i % 50, crypto);
        if (out.rc == BM_OK) {
            out.rc = bm_crl_reader_verify(&reader, &ca->key);
        }
        tried++;
        refused += out.rc != BM_OK;
        bm_crl_reader_close(&reader);
        copy[i] ^= 1;
    }
    CHECK(tried != 0 && refused == tried);
}

static void ed25519_cannot_be_verified_from_a_stream(void)
{
    const struct bm_signer *ca = bm_test_signer_nth(BM_KEY_P256, 0);
    struct outcome out =
        run(crl_sample_bytes("openssl-ed25519"), 50, bm_test_crypto());

    CHECK_STATUS(out.rc, BM_OK);
    CHECK_STATUS(bm_crl_reader_verify(&reader, &ca->key), BM_E_ALG_UNSUPPORTED);
}

static void octets_after_the_end_are_refused(void)
{
    const struct bm_signer *ca = bm_test_signer_nth(BM_KEY_P256, 0);
    struct bm_bytes more = BM_LIT("x");
    struct outcome out =
        run(crl_sample_bytes("openssl-empty"), 50, bm_test_crypto());
    enum bm_crl_event event;

    CHECK_STATUS(out.rc, BM_OK);
    bm_crl_reader_feed(&reader, more);
    CHECK_STATUS(bm_crl_reader_verify(&reader, &ca->key), BM_E_DER_TRAILING);
    CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_E_DER_TRAILING);
    CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_E_DER_TRAILING);
    CHECK_STATUS(bm_crl_reader_verify(&reader, &ca->key), BM_E_DER_TRAILING);
}

static void feeding_too_early_is_refused(void)
{
    struct bm_bytes in = crl_sample_bytes("openssl-empty");
    enum bm_crl_event event = BM_CRL_MORE;

    /* Nothing is left of the chunk, but an event is still looked at. */
    bm_crl_reader_open(&reader, NULL);
    for (size_t i = 0; i < in.n; i++) {
        bm_crl_reader_feed(&reader, (struct bm_bytes){ in.p + i, 1 });
        CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_OK);
        if (event != BM_CRL_MORE) {
            break;
        }
    }
    CHECK(event == BM_CRL_HEAD);
    bm_crl_reader_feed(&reader, in);
    CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_E_CRL_STATE);

    bm_crl_reader_open(&reader, NULL);
    bm_crl_reader_feed(&reader, in);
    CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_OK);
    CHECK(event == BM_CRL_HEAD);
    bm_crl_reader_feed(&reader, in);
    CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_E_CRL_STATE);
}

/*
 * A list with an entry whose serial number makes it `n` octets long, up to
 * the end of that entry.
 */
static size_t put_long_entry(uint8_t *buf, size_t cap, size_t n)
{
    struct bm_bytes in = crl_sample_bytes("openssl-empty");
    struct bm_crl crl;
    struct bm_wr w;

    CHECK_STATUS(bm_crl_parse(in, NULL, &crl), BM_OK);
    bm_wr_init(&w, buf, cap);
    bm_der_put_header(&w, BM_DER_SEQUENCE, 100000);
    bm_der_put_header(&w, BM_DER_SEQUENCE, 90000);
    bm_der_put_u32(&w, 1);
    bm_wr_put(&w, crl.head.sig_alg_id);
    bm_wr_put(&w, crl.head.issuer);
    bm_time_put(&w, crl.head.this_update);
    bm_der_put_header(&w, BM_DER_SEQUENCE, 80000);
    bm_der_put_header(&w, BM_DER_SEQUENCE, n - 4);
    bm_der_put_header(&w, BM_DER_INTEGER, n - 4 - 4 - 15);
    for (size_t i = 0; i < n - 4 - 4 - 15; i++) {
        bm_wr_u8(&w, 0x55);
    }
    bm_time_put(&w, crl.head.this_update);
    CHECK(w.len <= w.cap);
    return w.len;
}

/* A head in one piece that is too long, and an algorithm that is. */
static void a_head_has_its_limits_too(void)
{
    struct bm_crl crl;

    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("openssl-empty"), NULL, &crl),
                 BM_OK);
    for (size_t n = BM_CRL_ALG_MAX; n <= BM_CRL_ITEM_MAX;
         n += n == BM_CRL_ALG_MAX ? 1 : BM_CRL_ITEM_MAX - BM_CRL_ALG_MAX - 1) {
        static uint8_t buf[BM_CRL_ITEM_MAX + 200];
        size_t body = n - (n < 130 ? 2 : 4);
        struct outcome out;
        struct bm_wr w;

        bm_wr_init(&w, buf, sizeof buf);
        bm_der_put_header(&w, BM_DER_SEQUENCE, 100000);
        bm_der_put_header(&w, BM_DER_SEQUENCE, 90000);
        bm_der_put_u32(&w, 1);
        bm_der_put_header(&w, BM_DER_SEQUENCE, body);
        bm_der_put_oid(&w, BM_LIT("\x2a\x03"));
        body -= 4;
        bm_der_put_header(&w, BM_DER_OCTET_STRING, body - (n < 130 ? 2 : 4));
        for (size_t i = 0; i < body - (n < 130 ? 2 : 4); i++) {
            bm_wr_u8(&w, 0x55);
        }
        bm_wr_put(&w, crl.head.issuer);
        bm_time_put(&w, crl.head.this_update);
        bm_der_put_header(&w, BM_DER_SEQUENCE, 80000);
        CHECK(w.len <= w.cap);
        out = run(bm_wr_bytes(&w), 100, NULL);
        CHECK_STATUS(out.rc, n == BM_CRL_ALG_MAX ? BM_OK : BM_E_LIMIT);
    }
}

static void what_does_not_fit_the_buffer_is_refused_in_any_cut(void)
{
    static uint8_t buf[BM_CRL_ITEM_MAX + 200];
    static const size_t steps[] = { 1, 100, sizeof buf };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct outcome out;
        size_t n = put_long_entry(buf, sizeof buf, BM_CRL_ITEM_MAX);

        out = run((struct bm_bytes){ buf, n }, steps[i], NULL);
        CHECK_STATUS(out.rc, BM_OK);
        CHECK(out.entries == 1);
        n = put_long_entry(buf, sizeof buf, BM_CRL_ITEM_MAX + 1);
        out = run((struct bm_bytes){ buf, n }, steps[i], NULL);
        CHECK_STATUS(out.rc, BM_E_LIMIT);
        CHECK(out.entries == 0);
    }
}

static void errors_name_field_and_offset_in_the_stream(void)
{
    const struct bm_sample *s = crl_sample("crl-bad", "0a08-0a08-reason-7");
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct outcome out = run((struct bm_bytes){ s->p, s->n }, 3, NULL);

    CHECK_STATUS(out.rc, BM_E_CRL_REASON);
    CHECK(bm_crl_reader_error(&reader, &diag) == out.error_at);
    CHECK(diag.status == BM_E_CRL_REASON && diag.within == BM_E_CRL_REASON);
    CHECK(out.error_at < s->n && s->p[out.error_at] == BM_DER_ENUMERATED);
}

int main(void)
{
    RUN(the_cut_into_chunks_makes_no_difference);
    RUN(the_stream_reads_what_the_parser_reads);
    RUN(damage_is_seen_as_the_parser_sees_it);
    RUN(a_prefix_never_verifies);
    RUN(the_signature_is_verified_without_a_second_pass);
    RUN(a_changed_octet_does_not_verify);
    RUN(ed25519_cannot_be_verified_from_a_stream);
    RUN(octets_after_the_end_are_refused);
    RUN(feeding_too_early_is_refused);
    RUN(a_head_has_its_limits_too);
    RUN(what_does_not_fit_the_buffer_is_refused_in_any_cut);
    RUN(errors_name_field_and_offset_in_the_stream);
    return bm_test_done();
}
