/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/enrol_device.h"

/* What answers may look like: whatever is right must work, however it is
 * written and cut; whatever is wrong has a name, and a later answer that is
 * right still works. */

/* ---- Right answers */

static void set_form(unsigned form)
{
    static const unsigned lines[] = { 0, 64, 76, 1, 0, 0, 0, 64 };
    static const char *const newlines[] = { "",   "\n", "\r\n", " ",
                                            "\n", "\n", "\n",   "\r\n" };

    server.lines = lines[form];
    server.newline = newlines[form];
    server.der = form == 4;
    server.armour = form == 5 || form == 7;
    server.chunks = form == 2 ? 1 : form == 6 ? 100 : 0;
    server.closes = form == 3 || form == 5;
    server.until_close = form == 7;
}
#define FORMS 8

static void an_answer_may_be_written_in_any_form(void)
{
    static const size_t pieces[] = { 0, 1, 7, 300 };

    for (unsigned form = 0; form < FORMS; form++) {
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            born();
            set_form(form);
            device.piece = pieces[i];
            server.chain = form % 2 == 0;
            CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
            CHECK(device.waits == 0 && server.issued == 2);
            CHECK_STATUS(device.e.learned, BM_OK);
        }
    }
}

static void a_server_that_closes_after_each_answer_is_asked_on(void)
{
    born();
    server.closes = true;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    /* cacerts, csrattrs, simpleenroll, cacerts; the proof: 204 stays. */
    CHECK(device.connects == 4);
}

/* BER, as some servers write it: lengths of the layers are indefinite. */
static void the_layers_around_certificates_may_be_ber(void)
{
    static uint8_t der[1600];
    static uint8_t text[2400];
    static char answer[2600];
    struct bm_wr w;
    struct bm_wr t;

    born();
    bm_wr_init(&w, der, sizeof der);
    bm_wr_put(&w, BM_LIT("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
                         "\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x80\x00\x00"
                         "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
                         "\x01\x00\x00\xa0\x80"));
    bm_wr_put(&w, (struct bm_bytes){ server.root, server.root_n });
    bm_wr_put(&w, (struct bm_bytes){ server.issuing, server.issuing_n });
    bm_wr_put(&w, BM_LIT("\x00\x00\x31\x00\x00\x00\x00\x00\x00\x00"));
    bm_wr_init(&t, text, sizeof text - 1);
    bm_base64_put(&t, bm_wr_bytes(&w), 64);
    text[t.len] = '\0';
    snprintf(answer, sizeof answer,
             "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime\r\n"
             "Content-Length: %u\r\n\r\n%s",
             (unsigned)t.len, (const char *)text);
    trusted.learned = 0;
    server.script[0] = (struct script){ "cacerts", 2, answer, DEED_SAY, 0 };
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device.e.learned, BM_OK);
    CHECK(trusted.learned == 2);
}

/* More than the room holds: the trust gets them in parts. */
static void cacerts_of_any_size_are_handed_over(void)
{
    static uint8_t der[10 * SERVER_CERT];
    static char answer[8192];
    struct bm_wr w;
    struct bm_wr t;
    size_t m;
    size_t n;

    born();
    bm_wr_init(&w, der, sizeof der);
    bm_wr_put(&w, BM_LIT("\x30\x80\x06\x01\x2a\xa0\x80\x30\x80\x02\x01\x01"
                         "\x31\x00\x30\x00"));
    m = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
    for (int i = 0; i < 10; i++) {
        bm_wr_put(&w, (struct bm_bytes){ server.root, server.root_n });
    }
    bm_der_close(&w, m);
    CHECK(w.len <= sizeof der && w.len > BM_ENROL_ROOM);
    n = (size_t)snprintf(answer, sizeof answer,
                         "HTTP/1.1 200 OK\r\nContent-Type: "
                         "application/pkcs7-mime\r\nContent-Length: %u\r\n\r\n",
                         (unsigned)((w.len + 2) / 3 * 4));
    bm_wr_init(&t, (uint8_t *)answer, sizeof answer - 1);
    t.len = n;
    bm_base64_put(&t, bm_wr_bytes(&w), 0);
    CHECK(t.len < sizeof answer);
    answer[t.len] = '\0';
    trusted.learned = 0;
    trusted.learns = 0;
    server.script[0] = (struct script){ "cacerts", 1, answer, DEED_SAY, 0 };
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device.e.learned, BM_OK);
    CHECK(trusted.learned == 10 && trusted.learns == 2);
}

/* ---- Wrong answers */

static void an_answer_that_was_cut_anywhere_is_asked_for_again(void)
{
    static const char *const operations[] = { "cacerts", "simpleenroll",
                                              "status" };

    for (size_t i = 0; i < 3; i++) {
        for (int orderly = 0; orderly < 2; orderly++) {
            for (size_t n = 0; n < 900; n += 149) {
                born();
                server.chain = true;
                server.damage = operations[i];
                server.cuts = true;
                server.cut_to = n;
                device.cut = orderly == 0;
                CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
                CHECK(server.issued == 2);
                CHECK(device.waits <= 1);
            }
        }
    }
}

/* Whatever becomes of an answer, the identity is of its key, and the job goes
 * on; it may be that the flipped bit mattered to nobody. */
static void a_flipped_bit_leads_to_no_wrong_identity(void)
{
    unsigned named = 0;

    born();
    server.chain = true;
    for (size_t bit = 3; bit < (size_t)8 * 1700; bit += 331) {
        bm_status rc;
        struct bm_cert cert;
        uint8_t der[SERVER_CERT];
        size_t n;

        fake_store_init();
        born();
        server.chain = true;
        server.damage = "simpleenroll";
        server.flip = bit;
        device.wait_max = 3;
        device.why = BM_OK;
        rc = device_run(BM_ENROL_FIRST);
        named += rc != BM_OK || device.why != BM_OK;
        if (rc != BM_OK) {
            CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_EMPTY);
            continue;
        }
        CHECK_STATUS(bm_identity_cert(&device.id, BM_IDENTITY_CURRENT, 0, der,
                                      sizeof der, &n),
                     BM_OK);
        CHECK_STATUS(
            bm_cert_parse((struct bm_bytes){ der, n }, BM_STRICT, NULL, &cert),
            BM_OK);
        CHECK(memcmp(cert.key.der.p, server.key, sizeof server.key) == 0);
    }
    CHECK(named > 15);
}

#define CERTS_HEAD                                              \
    "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime; " \
    "smime-type=certs-only\r\n"
#define CERTS(length, text) CERTS_HEAD "Content-Length: " length "\r\n\r\n" text

/* An answer to the request that is wrong, and how that is called. */
static const struct {
    const char *text;
    bm_status why;
} wrong[] = {
    { "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
      "Content-Length: 6\r\n\r\n<html>",
      BM_E_ENROL_TYPE },
    { "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs8\r\n"
      "Content-Length: 4\r\n\r\nMAA=",
      BM_E_ENROL_TYPE },
    { "HTTP/1.1 204 No Content\r\n\r\n", BM_E_ENROL_SERVER },
    { CERTS("0", ""), BM_E_ENROL_MESSAGE },
    { CERTS("4", "MAA="), BM_E_ENROL_MESSAGE },
    { CERTS("4", "MIIC"), BM_E_ENROL_MESSAGE },
    { CERTS("5", "MIIC="), BM_E_ENROL_MESSAGE },
    { CERTS("6", "MII!!C"), BM_E_ENROL_MESSAGE },
    { CERTS("3", "\x30\x82\x01"), BM_E_ENROL_MESSAGE },
    { CERTS("2", "\x30\x85"), BM_E_ENROL_MESSAGE },
    { CERTS("11", "<html>hello"), BM_E_ENROL_MESSAGE },
    /* Something else where the certificates should be; an end too early;
     * BER for one certificate; larger than the room. */
    { CERTS("20", "\x30\x10\x06\x01\x2a\xa0\x0b\x30\x09\x02\x01\x01\x31\x01"
                  "x\x30\x01x\x31\x01"),
      BM_E_ENROL_MESSAGE },
    { CERTS_HEAD "Connection: close\r\n\r\n\x30\x80\x06\x01\x2a\xa0\x80\x30"
                 "\x80\x02\x01\x01\x31\x80",
      BM_E_TLS_TRUNCATED },
    { CERTS("18", "\x30\x10\x06\x01\x2a\xa0\x0b\x30\x09\x02\x01\x01\x31\x01"
                  "x\x30\x01x"),
      BM_E_ENROL_MESSAGE },
    { CERTS("21", "\x30\x10\x06\x01\x2a\xa0\x0b\x30\x09\x02\x01\x01\x31\x01"
                  "x\x30\x01x\xa0\x01\x30"),
      BM_E_ENROL_MESSAGE },
    { CERTS("22", "\x30\x10\x06\x01\x2a\xa0\x0b\x30\x09\x02\x01\x01\x31\x01"
                  "x\x30\x01x\xa0\x80\x30\x80"),
      BM_E_ENROL_MESSAGE },
    { CERTS("24", "\x30\x10\x06\x01\x2a\xa0\x0b\x30\x09\x02\x01\x01\x31\x01"
                  "x\x30\x01x\xa0\x80\x30\x82\x7f\xff"),
      BM_E_ENROL_LARGE },
    { CERTS("26", "\x30\x10\x06\x01\x2a\xa0\x0b\x30\x09\x02\x01\x01\x31\x01"
                  "x\x30\x01x\xa0\x80\x30\x84\xff\xff\xff\xfe"),
      BM_E_ENROL_LARGE },
    /* Nothing in the list is a certificate of ours. */
    { CERTS("23", "\x30\x10\x06\x01\x2a\xa0\x0b\x30\x09\x02\x01\x01\x31\x01"
                  "x\x30\x01x\xa0\x03\x30\x01x"),
      BM_E_ENROL_KEY },
    { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      BM_E_HTTP_AMBIGUOUS },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx",
      BM_E_HTTP_CHUNK },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", BM_E_HTTP_CODING },
    { "220 smtp.example ESMTP\r\n", BM_E_HTTP_SYNTAX },
};

static void a_wrong_answer_has_a_name_and_a_right_one_may_follow(void)
{
    static const size_t pieces[] = { 0, 1 };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        for (size_t p = 0; p < 2; p++) {
            int before = bm_test_failed;

            born();
            device.piece = pieces[p];
            device.cut = true;
            server.script[0] = (struct script){ "simpleenroll", 1,
                                                wrong[i].text, DEED_HANG, 0 };
            CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
            CHECK_STATUS(device.why, wrong[i].why);
            CHECK(device.waits == 1 && server.issued == 2);
            if (bm_test_failed != before) {
                printf("# row %u\n", (unsigned)i);
            }
        }
    }
}

/* The head announces more certificates than are looked at. */
static void too_many_certificates_are_refused(void)
{
    static char answer[1024];
    struct bm_wr w;
    static uint8_t der[256];
    struct bm_wr t;

    born();
    bm_wr_init(&w, der, sizeof der);
    bm_wr_put(&w, BM_LIT("\x30\x80\x06\x01\x2a\xa0\x80\x30\x80\x02\x01\x01"
                         "\x31\x00\x30\x00\xa0\x80"));
    for (int i = 0; i <= BM_ENROL_CERTS_MAX; i++) {
        bm_wr_put(&w, BM_LIT("\x30\x01x"));
    }
    bm_wr_init(&t, (uint8_t *)answer, sizeof answer - 1);
    bm_wr_str(&t, CERTS_HEAD "Connection: close\r\n\r\n");
    bm_base64_put(&t, bm_wr_bytes(&w), 0);
    server.script[0] =
        (struct script){ "simpleenroll", 1, answer, DEED_HANG, 0 };
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device.why, BM_E_ENROL_LARGE);
}

/* ---- Wrong certificates */

static void refused_certificate(bm_status why)
{
    device.wait_max = 2;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), why);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_KEY);
    CHECK(trusted.told == 0);
    device.wait_max = 50;
}

static void a_certificate_of_another_key_is_refused(void)
{
    born();
    trusted.told = 0;
    server.wrong_key = KEY_STRANGER;
    refused_certificate(BM_E_ENROL_KEY);
}

static void a_certificate_of_a_stranger_is_refused(void)
{
    /* The CA that is named did not sign it: its key identifier gives it away,
     * and nobody else of that name is there. */
    born();
    trusted.told = 0;
    server.wrong_signer = KEY_STRANGER;
    refused_certificate(BM_E_ENROL_CHAIN);
}

static void a_chain_that_ends_nowhere_is_refused(void)
{
    born();
    trusted.told = 0;
    server.only_root = true;
    refused_certificate(BM_E_ENROL_CHAIN);
}

/* A device that shows it could issue under the anchor. */
static void a_certificate_of_a_ca_is_refused(void)
{
    born();
    trusted.told = 0;
    server.as_ca = true;
    refused_certificate(BM_E_ENROL_CA);
    server.as_ca = false;
    memset(server.key, 0, sizeof server.key); /* it issues anew */
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
}

static void what_the_judge_refuses_is_not_kept(void)
{
    born();
    trusted.told = 0;
    trusted.verdict = BM_E_TRUST_DENIED;
    refused_certificate(BM_E_TRUST_DENIED);
    trusted.verdict = BM_E_PATH_EXPIRED;
    refused_certificate(BM_E_PATH_EXPIRED);
    trusted.verdict = BM_OK;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
}

int main(void)
{
    RUN(an_answer_may_be_written_in_any_form);
    RUN(a_server_that_closes_after_each_answer_is_asked_on);
    RUN(the_layers_around_certificates_may_be_ber);
    RUN(cacerts_of_any_size_are_handed_over);
    RUN(an_answer_that_was_cut_anywhere_is_asked_for_again);
    RUN(a_flipped_bit_leads_to_no_wrong_identity);
    RUN(a_wrong_answer_has_a_name_and_a_right_one_may_follow);
    RUN(too_many_certificates_are_refused);
    RUN(a_certificate_of_another_key_is_refused);
    RUN(a_certificate_of_a_stranger_is_refused);
    RUN(a_chain_that_ends_nowhere_is_refused);
    RUN(a_certificate_of_a_ca_is_refused);
    RUN(what_the_judge_refuses_is_not_kept);
    return bm_test_done();
}
