/* SPDX-License-Identifier: Apache-2.0 */
#include "core/test/csrattrs_text.h"
#include "device/test/enrol_device.h"

/* What csrattrs may ask for, and what of it is in the request. */

/* The subject of the device that asks, and one with O=x before it. */
#define OURS   "31(30(" SERIAL "13(534e2d31)))"
#define OURS_O "31(30(" O "0c(78)))" OURS

/* What a server says, and what then is in the request. */
static const struct {
    const char *attrs;
    const char *extensions;
    const char *subject; /* NULL: OURS */
    bool binding;
    bm_status why; /* BM_OK, or what the job stops or waits for */
} rows[] = {
    { "30()", "", NULL, false, BM_OK },
    { "30(" OTHER ATTR(OTHER, "0500") ")", "", NULL, false, BM_OK },
    { "30(" CHALLENGE ")", "", NULL, true, BM_OK },
    /* Types of keys. */
    { "30(" ATTR(EC, P256) ")", "", NULL, false, BM_OK },
    { "30(" ATTR(EC, P384) ")", "", NULL, false, BM_E_ENROL_KEY_TYPE },
    { "30(" ATTR(EC, P256) ATTR(EC, P384) ")", "", NULL, false, BM_OK },
    { "30(" ATTR(EC, P384 P256) ")", "", NULL, false, BM_OK },
    { "30(" ATTR(RSA, "02020800") ")", "", NULL, false, BM_E_ENROL_KEY_TYPE },
    { "30(" ATTR(RSA, "02020800") ATTR(EC, P256) ")", "", NULL, false, BM_OK },
    /* extensionReq. */
    { "30(" ATTR(EXT_REQ, "30(" KU ")") ")", KU, NULL, false, BM_OK },
    { "30(" ATTR(EXT_REQ, "30(" KU EKU ")") CHALLENGE ")", KU EKU, NULL, true,
      BM_OK },
    { "30(" ATTR(EXT_REQ, "30(" NO_SAN ")") ")", "", NULL, false, BM_OK },
    /* A template, and hints that it makes void. */
    { "30(" TMPL("") ")", "", NULL, false, BM_OK },
    { "30(" TMPL("a1()") ")", "", NULL, false, BM_OK },
    { "30(" TMPL("a0(30(" EC P256 "))a1()") ")", "", NULL, false, BM_OK },
    { "30(" TMPL("a0(30(" EC P384 "))a1()") ATTR(EC, P256) ")", "", NULL, false,
      BM_E_ENROL_KEY_TYPE },
    { "30(" TMPL("a1()") ATTR(RSA, "02020800") ATTR(EXT_REQ, "30(" KU ")") ")",
      "", NULL, false, BM_OK },
    { "30(" CHALLENGE TMPL("a1()") ")", "", NULL, true, BM_OK },
    { "30(" TMPL_EXT(KU OPEN_SAN EKU) ")", KU EKU, NULL, false, BM_OK },
    { "30(" TMPL("a1(" ATTR(EXT_REQ, "30(" KU ")") ")") ")", KU, NULL, false,
      BM_OK },
    /* Its subject: fixed, asked for, both, neither. */
    { "30(" TMPL("30(" FIX(O, "78") ASK(SERIAL) ")a1()") ")", "", OURS_O, false,
      BM_OK },
    { "30(" TMPL("30(" FIX(O, "78") ")a1()") ")", "", OURS_O, false, BM_OK },
    { "30(" TMPL("30(" ASK(CN) ASK(SERIAL) ")a1()") ")", "", OURS, false,
      BM_OK },
    { "30(" TMPL("30("
                 "31(30(" SERIAL "13(79)))"
                 ")a1()") ")",
      "", "31(30(" SERIAL "13(79)))", false, BM_OK },
    { "30(" TMPL("30()a1()") ")", "", OURS, false, BM_OK },
    /* Malformed. */
    { "31()", "", NULL, false, BM_E_ENROL_ATTRS },
    { "30()05", "", NULL, false, BM_E_ENROL_ATTRS },
    { "30(0500)", "", NULL, false, BM_E_ENROL_ATTRS },
    { "30(06(2a83))", "", NULL, false, BM_E_ENROL_ATTRS },
    { "30(" ATTR(EXT_REQ, "") ")", "", NULL, false, BM_E_ENROL_ATTRS },
    { "30(" ATTR(EXT_REQ, "0500") ")", "", NULL, false, BM_E_ENROL_ATTRS },
    { "30(" ATTR(TEMPLATE, "30()") ")", "", NULL, false, BM_E_ENROL_ATTRS },
    { "30(" TMPL("a1(05)") ")", "", NULL, false, BM_E_ENROL_ATTRS },
    { "30(" TMPL("05") ")", "", NULL, false, BM_E_ENROL_ATTRS },
};
#define ROWS (sizeof rows / sizeof rows[0])

static void check_request(size_t i)
{
    const char *subject = rows[i].subject == NULL ? OURS : rows[i].subject;
    uint8_t room[256];
    uint8_t name[128];
    struct bm_bytes want = der_of(rows[i].extensions, room, sizeof room);
    char text[256];

    snprintf(text, sizeof text, "30(%s)", subject);
    CHECK_BYTES(server.csr.ext.all.p, server.csr.ext.all.n, want.p, want.n);
    want = der_of(text, name, sizeof name);
    CHECK_BYTES(server.csr.subject.p, server.csr.subject.n, want.p, want.n);
    if (rows[i].binding) {
        CHECK_BYTES(server.csr.challenge.p, server.csr.challenge.n,
                    "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 44);
    } else {
        CHECK(server.csr.challenge.n == 0);
    }
}

static void the_request_says_what_the_server_asks_for(void)
{
    uint8_t room[256];

    for (size_t i = 0; i < ROWS; i++) {
        int before = bm_test_failed;

        born();
        server.attrs = der_of(rows[i].attrs, room, sizeof room);
        device.wait_max = 0;
        CHECK_STATUS(device_run(BM_ENROL_FIRST), rows[i].why);
        if (rows[i].why == BM_OK) {
            check_request(i);
        } else {
            CHECK(server.issued == 1);
        }
        if (bm_test_failed != before) {
            printf("# row %u\n", (unsigned)i);
        }
    }
}

/* What we have goes before what a server has for the same extension. */
static void our_own_extensions_go_first(void)
{
#define OUR_KU "30(06(551d0f)0101ff04(030205a0))"
    uint8_t room[256];
    uint8_t ours[64];
    uint8_t both[128];
    struct bm_bytes want = der_of(OUR_KU EKU, both, sizeof both);

    born();
    server.attrs =
        der_of("30(" ATTR(EXT_REQ, "30(" KU EKU ")") ")", room, sizeof room);
    device.config.extensions = der_of(OUR_KU, ours, sizeof ours);
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_BYTES(server.csr.ext.all.p, server.csr.ext.all.n, want.p, want.n);
}

static void a_renewal_keeps_its_subject_whatever_a_template_says(void)
{
    uint8_t room[256];
    uint8_t name[64];
    struct bm_bytes want = der_of("30(" OURS ")", name, sizeof name);

    enrolled();
    server.attrs =
        der_of("30(" TMPL("30(" FIX(O, "78") ")a1()") ")", room, sizeof room);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK_BYTES(server.csr.subject.p, server.csr.subject.n, want.p, want.n);
}

static void without_a_binding_none_can_be_asked_for(void)
{
    uint8_t room[64];

    born();
    server.attrs = der_of("30(" CHALLENGE ")", room, sizeof room);
    device.no_binding = true;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_BINDING);
    CHECK(server.issued == 1);
}

/* RFC 7030 4.2.3: a request that was bound is made again for each connection,
 * with the same key. */
static void a_bound_request_is_made_again_on_another_connection(void)
{
    static uint8_t first[sizeof server.csr_room];
    uint8_t room[64];
    size_t n;

    born();
    server.attrs = der_of("30(" CHALLENGE ")", room, sizeof room);
    server.closes = true;
    server.script[0] = (struct script){ "simpleenroll", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_TLS_CLOSED);
    n = server.csr_der.n;
    memcpy(first, server.csr_der.p, n);
    device.wait_max = 50;
    server.script[0] = (struct script){
        "simpleenroll", 1,
        "HTTP/1.1 307 Elsewhere\r\nLocation: /x/simpleenroll\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n",
        DEED_HANG, 0
    };
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(server.csr.challenge.n == 44 && n > 0);
    CHECK(server.issued == 2);
}

/* Each round is a handshake and a signature. */
static void a_bound_request_in_circles_waits(void)
{
    uint8_t room[64];

    born();
    server.attrs = der_of("30(" CHALLENGE ")", room, sizeof room);
    server.script[0] = (struct script){
        "simpleenroll", 9999,
        "HTTP/1.1 307 Elsewhere\r\nLocation: /x/simpleenroll\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n",
        DEED_HANG, 0
    };
    device.wait_max = 5;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_REDIRECT);
    CHECK(device.connects <= 6);
}

static void csrattrs_that_are_too_long_are_refused(void)
{
    static uint8_t der[BM_ENROL_ATTRS_MAX + 1] = { 0x30, 0x82, 0x03, 0xfd };

    born();
    server.attrs = (struct bm_bytes){ der, sizeof der };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_LARGE);
}

int main(void)
{
    RUN(the_request_says_what_the_server_asks_for);
    RUN(our_own_extensions_go_first);
    RUN(a_renewal_keeps_its_subject_whatever_a_template_says);
    RUN(without_a_binding_none_can_be_asked_for);
    RUN(a_bound_request_is_made_again_on_another_connection);
    RUN(a_bound_request_in_circles_waits);
    RUN(csrattrs_that_are_too_long_are_refused);
    return bm_test_done();
}
