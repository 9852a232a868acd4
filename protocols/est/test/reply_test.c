/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/base64.h"
#include "core/cms.h"
#include "protocols/est/est.h"
#include "tests/harness/samples.h"

static uint8_t scratch_room[8192];
static uint8_t out[16384];
static struct bm_wr scratch;
static struct bm_wr w;

static void begin(void)
{
    bm_wr_init(&scratch, scratch_room, sizeof scratch_room);
    bm_wr_init(&w, out, sizeof out);
}

/* The certificates of a base64 body, checked. */
static struct bm_bytes certs_in(struct bm_bytes body)
{
    static uint8_t der[8192];
    struct bm_cms cms;
    struct bm_wr d;

    bm_wr_init(&d, der, sizeof der);
    CHECK_STATUS(bm_base64_decode(body, BM_BASE64_SPACES, NULL, &d), BM_OK);
    CHECK_STATUS(bm_cms_parse_certs(bm_wr_bytes(&d), NULL, &cms), BM_OK);
    return cms.certs;
}

static size_t count_lines(struct bm_bytes body, size_t *longest)
{
    size_t lines = 0;
    size_t n = 0;

    *longest = 0;
    for (size_t i = 0; i < body.n; i++) {
        if (body.p[i] != '\n') {
            n++;
            *longest = n > *longest ? n : *longest;
            continue;
        }
        lines++;
        n = 0;
    }
    CHECK(n == 0); /* the last line is ended, too */
    return lines;
}

/* RFC 7030 4.1.3, 4.2.3 MUST: certs-only. */
static void a_certificate_is_answered_in_one_line(void)
{
    struct bm_bytes cert = bm_sample("cert", "tls-server");
    struct bm_bytes found;
    size_t longest;

    begin();
    CHECK_STATUS(est_put_certs(&w, cert, EST_ONE_LINE, &scratch), BM_OK);
    CHECK(count_lines(bm_wr_bytes(&w), &longest) == 1);
    CHECK(scratch.len <= cert.n + EST_CMS_EXTRA);
    CHECK(w.len <= EST_BASE64_MAX(cert.n + EST_CMS_EXTRA));
    found = certs_in(bm_wr_bytes(&w));
    CHECK_BYTES(found.p, found.n, cert.p, cert.n);
}

static void lines_are_wrapped_where_a_label_says_so(void)
{
    struct bm_bytes cert = bm_sample("cert", "tls-server");
    size_t longest;

    begin();
    CHECK_STATUS(est_put_certs(&w, cert, EST_WRAPPED, &scratch), BM_OK);
    CHECK(count_lines(bm_wr_bytes(&w), &longest) > 5 && longest == 64);
    CHECK(w.len <= EST_BASE64_MAX(cert.n + EST_CMS_EXTRA));
    CHECK(certs_in(bm_wr_bytes(&w)).n == cert.n);
}

static void several_certificates_go_into_one_message(void)
{
    static uint8_t both[4096];
    struct bm_bytes a = bm_sample("cert", "tls-server");
    struct bm_bytes b = bm_sample("cert", "root-p256");
    struct bm_wr d;

    bm_wr_init(&d, both, sizeof both);
    bm_wr_put(&d, a);
    bm_wr_put(&d, b);
    begin();
    CHECK_STATUS(est_put_certs(&w, bm_wr_bytes(&d), EST_ONE_LINE, &scratch),
                 BM_OK);
    CHECK(certs_in(bm_wr_bytes(&w)).n == a.n + b.n);
}

static void too_little_room_is_said(void)
{
    struct bm_bytes cert = bm_sample("cert", "tls-server");

    begin();
    scratch.cap = cert.n;
    CHECK_STATUS(est_put_certs(&w, cert, EST_ONE_LINE, &scratch), BM_E_BUFFER);
    begin();
    w.cap = cert.n;
    CHECK_STATUS(est_put_certs(&w, cert, EST_ONE_LINE, &scratch), BM_E_BUFFER);
    begin();
    CHECK_STATUS(
        est_put_certs(&w, (struct bm_bytes){ NULL, 0 }, EST_ONE_LINE, &scratch),
        BM_E_ARGUMENT);
}

static void csrattrs_are_base64(void)
{
    begin();
    est_put_csrattrs(&w, BM_LIT("\x30\x00"), EST_ONE_LINE);
    CHECK_BYTES(out, w.len, "MAA=\n", 5);
}

/* ---- serverkeygen */

#define NEXT "\r\n--" EST_BOUNDARY
#define PKCS8                                                             \
    "--" EST_BOUNDARY "\r\nContent-Type: application/pkcs8\r\n"           \
    "Content-Transfer-Encoding: base64\r\n\r\na2V5\n" NEXT                \
    "\r\nContent-Type: application/pkcs7-mime; smime-type=certs-only\r\n" \
    "Content-Transfer-Encoding: base64\r\n\r\n"
#define ENVELOPED                                                  \
    "--" EST_BOUNDARY "\r\nContent-Type: application/pkcs7-mime; " \
    "smime-type=server-generated-key\r\n"

/* RFC 7030 4.4.2 MUST: two parts, key and certificate. */
static void a_key_and_its_certificate_are_two_parts(void)
{
    struct est_keygen_answer answer = {
        .key = BM_LIT("key"),
        .certs = bm_sample("cert", "tls-server"),
    };
    const size_t head = sizeof PKCS8 - 1;
    const size_t tail = sizeof NEXT "--\r\n" - 1;

    begin();
    CHECK_STATUS(est_put_keygen(&w, &answer, &scratch), BM_OK);
    CHECK_BYTES(out, head, PKCS8, head);
    CHECK_BYTES(out + w.len - tail, tail, NEXT "--\r\n", tail);
    CHECK(certs_in((struct bm_bytes){ out + head, w.len - head - tail }).n ==
          answer.certs.n);
    CHECK(w.len <= EST_KEYGEN_EXTRA + EST_BASE64_MAX(answer.key.n) +
                       EST_BASE64_MAX(answer.certs.n + EST_CMS_EXTRA));
}

/* RFC 7030 4.4.2: smime-type=server-generated-key */
static void an_enveloped_key_is_called_so(void)
{
    struct est_keygen_answer answer = {
        .key = BM_LIT("cms"),
        .enveloped = true,
        .certs = bm_sample("cert", "tls-server"),
        .lines = EST_WRAPPED,
    };

    begin();
    CHECK_STATUS(est_put_keygen(&w, &answer, &scratch), BM_OK);
    CHECK_BYTES(out, sizeof ENVELOPED - 1, ENVELOPED, sizeof ENVELOPED - 1);
}

/* ---- Words */

static void a_refusal_names_its_clause(void)
{
    struct ca_refusal why = { BM_E_EST_BINDING, "of another \x1b[2J\xff" };
    const char *want = "RFC 7030 3.5: request is not bound to this "
                       "connection: of another ?[2J?\n";

    begin();
    est_put_words(&w, &why);
    CHECK_BYTES(out, w.len, want, strlen(want));
    why = (struct ca_refusal){ BM_E_MEMORY, "" };
    begin();
    est_put_words(&w, &why);
    CHECK_BYTES(out, w.len, "out of memory\n", 14);
}

static void the_longest_refusal_fits(void)
{
    struct ca_refusal why = { BM_E_EST_BINDING, "" };

    memset(why.words, 'x', sizeof why.words - 1);
    begin();
    est_put_words(&w, &why);
    CHECK(w.len <= EST_WORDS_MAX);
}

static void the_renewal_window_is_told(void)
{
    const char *want = "start=2026-01-02T03:04:05Z, end=2026-02-01T00:00:00Z";

    begin();
    est_put_renewal(&w, 1767323045, 1769904000);
    CHECK_BYTES(out, w.len, want, strlen(want));
}

int main(void)
{
    RUN(a_certificate_is_answered_in_one_line);
    RUN(lines_are_wrapped_where_a_label_says_so);
    RUN(several_certificates_go_into_one_message);
    RUN(too_little_room_is_said);
    RUN(csrattrs_are_base64);
    RUN(a_key_and_its_certificate_are_two_parts);
    RUN(an_enveloped_key_is_called_so);
    RUN(a_refusal_names_its_clause);
    RUN(the_longest_refusal_fits);
    RUN(the_renewal_window_is_told);
    return bm_test_done();
}
