/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/courier_message.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static struct wire_event event(void)
{
    return (struct wire_event){ .place = 1,
                                .number = 42,
                                .at = 1790000000,
                                .organisation = 3,
                                .id = BM_LIT("evt_42_0011223344556677"),
                                .kind = BM_LIT("fork"),
                                .owner = BM_LIT("Example"),
                                .device = BM_LIT("SN-1"),
                                .text = BM_LIT("serial 01") };
}

static void an_event_is_a_cloudevent(void)
{
    const struct wire_event e = event();
    char *text = courier_json(&e, "http://ca.example.test");

    CHECK(text != NULL &&
          strcmp(text,
                 "{\"specversion\":\"1.0\",\"id\":\"evt_42_0011223344556677\","
                 "\"source\":\"http://ca.example.test\",\"type\":"
                 "\"birthmark.fork\",\"time\":\"2026-09-21T14:13:20Z\","
                 "\"subject\":\"SN-1\",\"datacontenttype\":"
                 "\"application/json\",\"data\":{\"number\":42,\"event\":"
                 "\"fork\",\"source\":\"noticed\",\"organisation_id\":3,"
                 "\"organisation\":\"Example\",\"device\":\"SN-1\",\"text\":"
                 "\"serial 01\"}}") == 0);
    free(text);
}

static void what_was_asked_for_has_its_details(void)
{
    struct wire_event e = event();
    char *text;

    e.kind = BM_LIT("certificate.issued");
    e.text = BM_LIT("serial=01 ca=issuing junk  until=x=y");
    text = courier_json(&e, "x");
    CHECK(text != NULL && strstr(text, "\"source\":\"noticed\"") != NULL &&
          strstr(text, ",\"details\":{\"serial\":\"01\",\"ca\":"
                       "\"issuing\",\"until\":\"x=y\"}}}") != NULL);
    free(text);
    e.claimed = 1; /* a device has no say in it */
    text = courier_json(&e, "x");
    CHECK(text != NULL && strstr(text, "details") == NULL);
    free(text);
}

static void what_a_device_says_cannot_leave_its_string(void)
{
    struct wire_event e = event();
    char *text;

    e.text = BM_LIT("\"},\x01\xff");
    e.claimed = 1;
    e.device = (struct bm_bytes){ NULL, 0 };
    text = courier_json(&e, "x");
    CHECK(text != NULL && strstr(text, "\"source\":\"claimed\"") != NULL &&
          strstr(text, "\"text\":\"\\\"},\\u0001\xef\xbf\xbd\"}}") != NULL &&
          strstr(text, "subject") == NULL);
    free(text);
}

/* The example of the specification of Standard Webhooks. */
static void a_signature_is_that_of_standard_webhooks(void)
{
    static const uint8_t secret[24] = {
        0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4,
        0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0,
    };
    const struct courier_signing s = {
        .secret = BM_ARRAY(secret),
        .id = BM_LIT("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        .time = 1614265330,
        .body = BM_LIT("{\"test\": 2432232314}"),
    };
    char signature[COURIER_SIGNATURE_MAX];

    CHECK_STATUS(courier_sign(bm_test_crypto(), &s, signature), BM_OK);
    CHECK(strcmp(signature,
                 "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") == 0);
}

#define DATA                                                                  \
    "[birthmark@32473 id=\"evt_42_0011223344556677\" number=\"42\" source="   \
    "\"noticed\" organisationId=\"3\" organisation=\"Example\" device=\"SN-1" \
    "\"]"

static void check_syslog(const struct wire_event *e, const char *host,
                         const char *want)
{
    uint8_t room[COURIER_SYSLOG_MAX + 16];
    char text[COURIER_SYSLOG_MAX];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    courier_syslog_put(&w, e, host);
    (void)snprintf(text, sizeof text, "%zu %s", strlen(want), want);
    CHECK_BYTES(room, w.len, text, strlen(text));
}

/* RFC 5424 6, RFC 5425 4.3 */
static void an_event_is_a_message_of_syslog(void)
{
    struct wire_event e = event();

    check_syslog(
        &e, "ca.example.test",
        "<108>1 2026-09-21T14:13:20Z ca.example.test birthmark - fork " DATA
        " \xef\xbb\xbfserial 01");
    e.kind = BM_LIT("manufacturer-added");
    check_syslog(
        &e, "",
        "<109>1 2026-09-21T14:13:20Z - birthmark - manufacturer-added " DATA
        " \xef\xbb\xbfserial 01");
}

/* RFC 5424 6.3.3: '"', '\' and ']' MUST be escaped. */
static void nobody_can_forge_a_field_or_a_line(void)
{
    struct wire_event e = event();

    e.claimed = 1;
    e.kind = BM_LIT("a b\n\xc3\xa4-kind-that-is-longer-than-32-octets");
    e.owner = BM_LIT("a\"b\\c]d");
    e.device = BM_LIT("\xff\n]");
    e.text =
        BM_LIT("one\ntwo \" ] \\ \x7f\xc2\x85 \xe2\x82\xac \xf0\x9f\x98\x80");
    check_syslog(
        &e, "h h",
        "<110>1 2026-09-21T14:13:20Z h?h birthmark - "
        "a?b?"
        "?"
        "?-kind-that-is-longer-than- "
        "[birthmark@32473 id=\"evt_42_0011223344556677\" number=\"42\" source="
        "\"claimed\" organisationId=\"3\" organisation=\"a\\\"b\\\\c\\]d\" "
        "device=\"\xef\xbf\xbd?\\]\"] \xef\xbb\xbf"
        "one?two \" ] \\ ?? \xe2\x82\xac \xf0\x9f\x98\x80");
}

/* Whatever the octets, each of which may take three. */
static void the_longest_event_fits(void)
{
    static uint8_t bad[STORE_NAME_MAX - 1];
    uint8_t room[COURIER_SYSLOG_MAX + 16];
    struct wire_event e = event();
    struct bm_wr w;

    memset(bad, 0xff, sizeof bad);
    e.number = INT64_MAX;
    e.organisation = UINT32_MAX;
    e.owner = e.device = e.text = BM_ARRAY(bad);
    e.kind = (struct bm_bytes){ bad, STORE_ID_MAX - 1 };
    e.id = (struct bm_bytes){ bad, STORE_ID_MAX - 1 };
    bm_wr_init(&w, room, sizeof room);
    courier_syslog_put(&w, &e, "host");
    CHECK(w.len <= sizeof room && room[w.len - 1] == 0xbd);
}

int main(void)
{
    RUN(an_event_is_a_cloudevent);
    RUN(what_was_asked_for_has_its_details);
    RUN(what_a_device_says_cannot_leave_its_string);
    RUN(a_signature_is_that_of_standard_webhooks);
    RUN(an_event_is_a_message_of_syslog);
    RUN(nobody_can_forge_a_field_or_a_line);
    RUN(the_longest_event_fits);
    return bm_test_done();
}
