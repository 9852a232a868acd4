/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/base64.h"
#include "core/pem.h"
#include "protocols/est/est.h"
#include "tests/harness/samples.h"

static uint8_t room[EST_BODY_MAX * 2];
static uint8_t text[EST_BODY_MAX * 2];

static bm_status decode(struct bm_bytes body, struct bm_bytes *der)
{
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    rc = est_body_decode(body, &w, NULL);
    *der = bm_wr_bytes(&w);
    return rc;
}

static struct bm_bytes request(void)
{
    return bm_sample("csr", "p256-extensions");
}

/* The request as base64 in lines of `line`, each ended by `end`. */
static struct bm_bytes body_of(size_t line, const char *end)
{
    static uint8_t flat[8192];
    struct bm_wr b;
    struct bm_wr w;

    bm_wr_init(&b, flat, sizeof flat);
    bm_base64_put(&b, request(), 0);
    bm_wr_init(&w, text, sizeof text);
    for (size_t i = 0; i < b.len; i++) {
        bm_wr_u8(&w, flat[i]);
        if (i % line == line - 1) {
            bm_wr_str(&w, end);
        }
    }
    return bm_wr_bytes(&w);
}

/* RFC 8951 3.1: base64 of RFC 4648 4, with white space or without. */
static void base64_is_taken_in_whatever_lines(void)
{
    static const char *const ends[] = { "",      "\n",        "\r\n",
                                        "\r\n ", " \t\r\n\n", "\v\f" };
    static const size_t lines[] = { 1, 4, 63, 64, 76, 5000 };
    struct bm_bytes der;

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        for (size_t k = 0; k < sizeof lines / sizeof lines[0]; k++) {
            CHECK_STATUS(decode(body_of(lines[k], ends[i]), &der), BM_OK);
            CHECK_BYTES(der.p, der.n, request().p, request().n);
        }
    }
}

static void pem_of_a_request_is_taken(void)
{
    static const char *const labels[] = { "CERTIFICATE REQUEST",
                                          "NEW CERTIFICATE REQUEST" };
    struct bm_bytes der;
    struct bm_wr w;

    for (size_t i = 0; i < 2; i++) {
        bm_wr_init(&w, text, sizeof text);
        bm_wr_str(&w, "\r\n");
        bm_pem_put(&w, labels[i], request());
        CHECK_STATUS(decode(bm_wr_bytes(&w), &der), BM_OK);
        CHECK_BYTES(der.p, der.n, request().p, request().n);
    }
    bm_wr_init(&w, text, sizeof text);
    bm_pem_put(&w, "CERTIFICATE", request());
    CHECK_STATUS(decode(bm_wr_bytes(&w), &der), BM_E_EST_BODY);
    CHECK(der.n == 0);
}

static void der_is_taken_as_it_is(void)
{
    struct bm_bytes der;

    CHECK_STATUS(decode(request(), &der), BM_OK);
    CHECK_BYTES(der.p, der.n, request().p, request().n);
}

static void what_is_none_of_these_is_refused(void)
{
    static const char *const bad[] = {
        "",
        " \r\n",
        "MIIB*",
        "MII",
        "MIIBMA==AA",
        "-----",
        "hello world",
        "<html></html>",
        "{\"csr\":\"MIIB\"}",
        "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n",
    };
    struct bm_bytes der;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bm_bytes body = { (const uint8_t *)bad[i], strlen(bad[i]) };

        CHECK_STATUS(decode(body, &der), BM_E_EST_BODY);
        CHECK(der.n == 0);
    }
    CHECK_STATUS(decode((struct bm_bytes){ NULL, 0 }, &der), BM_E_EST_BODY);
}

static void size_is_bounded_before_and_after_decoding(void)
{
    struct bm_bytes der;

    memset(text, 'A', sizeof text);
    CHECK_STATUS(decode((struct bm_bytes){ text, EST_BODY_MAX + 1 }, &der),
                 BM_E_LIMIT);
    CHECK_STATUS(decode((struct bm_bytes){ text, EST_BODY_MAX }, &der),
                 BM_E_LIMIT);
    CHECK_STATUS(decode((struct bm_bytes){ text, EST_CSR_MAX / 3 * 4 }, &der),
                 BM_OK);
    CHECK(der.n == EST_CSR_MAX / 3 * 3);
}

static void a_body_becomes_der_in_its_own_memory(void)
{
    struct bm_bytes body = body_of(64, "\r\n");
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    CHECK_STATUS(est_body_decode(body, &w, NULL), BM_OK);
    CHECK_BYTES(text, w.len, request().p, request().n);
}

static void a_body_that_does_not_fit_leaves_the_writer_alone(void)
{
    struct bm_bytes bodies[] = { body_of(64, "\n"), request() };
    struct bm_wr w;

    for (size_t i = 0; i < 2; i++) {
        bm_wr_init(&w, room, request().n - 1);
        CHECK(est_body_decode(bodies[i], &w, NULL) != BM_OK);
        CHECK(w.len == 0);
    }
}

static void damage_is_refused_or_decoded_whole(void)
{
    struct bm_bytes body = body_of(64, "\n");
    uint8_t *copy = malloc(body.n);
    struct bm_bytes der;

    memcpy(copy, body.p, body.n);
    for (size_t bit = 0; bit < 8 * body.n; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK((decode((struct bm_bytes){ copy, body.n }, &der) == BM_OK) ==
              (der.n != 0));
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < body.n; n++) {
        CHECK((decode((struct bm_bytes){ copy, n }, &der) == BM_OK) ==
              (der.n != 0));
    }
    free(copy);
}

static void a_content_type_is_compared_without_case_and_parameters(void)
{
    static const struct {
        const char *type;
        bool good;
    } rows[] = {
        { "application/pkcs10", true },
        { "Application/PKCS10", true },
        { "application/pkcs10; charset=us-ascii", true },
        { "application/pkcs10 ;smime-type=x", true },
        { NULL, true },
        { "", false },
        { "application/pkcs1", false },
        { "application/pkcs100", false },
        { "application/pkcs10, text/plain", false },
        { "application/x-www-form-urlencoded", false },
        { " application/pkcs10", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(est_is_pkcs10(rows[i].type) == rows[i].good);
    }
}

int main(void)
{
    RUN(base64_is_taken_in_whatever_lines);
    RUN(pem_of_a_request_is_taken);
    RUN(der_is_taken_as_it_is);
    RUN(what_is_none_of_these_is_refused);
    RUN(size_is_bounded_before_and_after_decoding);
    RUN(a_body_becomes_der_in_its_own_memory);
    RUN(a_body_that_does_not_fit_leaves_the_writer_alone);
    RUN(damage_is_refused_or_decoded_whole);
    RUN(a_content_type_is_compared_without_case_and_parameters);
    return bm_test_done();
}
