/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/enrol_device.h"

/* A server that says no, later, or elsewhere; and ways out of each. */

#define EMPTY(line) "HTTP/1.1 " line "\r\nContent-Length: 0\r\n\r\n"
#define LATER(line, after) \
    "HTTP/1.1 " line "\r\nRetry-After: " after "\r\nContent-Length: 0\r\n\r\n"
#define TO(line, location) \
    "HTTP/1.1 " line "\r\nLocation: " location "\r\nContent-Length: 0\r\n\r\n"

static void script(size_t row, const char *path, unsigned times,
                   const char *text)
{
    server.script[row] = (struct script){ path, times, text, DEED_SAY, 0 };
}

/* ---- No */

static void each_refusal_has_its_name(void)
{
    static const struct {
        const char *text;
        bm_status why;
        bool stops;
    } rows[] = {
        { EMPTY("400 Bad Request"), BM_E_ENROL_REFUSED, true },
        { EMPTY("401 Unauthorized"), BM_E_ENROL_CREDENTIALS, true },
        { EMPTY("403 Forbidden"), BM_E_ENROL_FORBIDDEN, true },
        { EMPTY("404 Not Found"), BM_E_ENROL_PATH, true },
        { EMPTY("405 Method Not Allowed"), BM_E_ENROL_REFUSED, true },
        { EMPTY("409 Conflict"), BM_E_ENROL_CONFLICT, true },
        { EMPTY("413 Too Large"), BM_E_ENROL_REFUSED, true },
        { EMPTY("303 See Other"), BM_E_ENROL_REDIRECT, true },
        { EMPTY("304 Not Modified"), BM_E_ENROL_REDIRECT, true },
        { EMPTY("408 Request Timeout"), BM_E_ENROL_BUSY, false },
        { EMPTY("429 Too Many Requests"), BM_E_ENROL_BUSY, false },
        { EMPTY("503 Service Unavailable"), BM_E_ENROL_BUSY, false },
        { EMPTY("500 Oops"), BM_E_ENROL_SERVER, false },
        { EMPTY("502 Bad Gateway"), BM_E_ENROL_SERVER, false },
        { EMPTY("201 Created"), BM_E_ENROL_SERVER, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        born();
        script(0, "simpleenroll", 1, rows[i].text);
        CHECK_STATUS(device_run(BM_ENROL_FIRST),
                     rows[i].stops ? rows[i].why : BM_OK);
        CHECK(device.waits == (rows[i].stops ? 0 : 1));
        CHECK_STATUS(rows[i].stops ? rows[i].why : device.why, rows[i].why);
        /* It stays where it was, with its key, and may be begun again. */
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    }
}

/* Its certificate was made, got lost, and has ended since: months offline. */
static void a_key_that_gets_no_certificate_any_more_is_replaced(void)
{
    born();
    server.script[0] = (struct script){ "simpleenroll", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_TLS_CLOSED);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_KEY);
    device.wait_max = 50;
    script(0, "simpleenroll", 1, EMPTY("409 Conflict"));
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(device.waits == 1 && server.issued == 3);
    /* The name is somebody else's: no key helps. */
    script(0, "simplereenroll", 9, EMPTY("409 Conflict"));
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_ENROL_CONFLICT);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_ENROL_CONFLICT);
    CHECK(device.waits == 1);
}

static void a_pending_key_that_is_gone_is_replaced(void)
{
    enrolled();
    server.script[0] =
        (struct script){ "simplereenroll", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_CLOSED);
    fake_store.slot[device.id.head.place[BM_IDENTITY_PENDING] >> 4] = 0;
    device.wait_max = 50;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 1 && device.place == BM_IDENTITY_PENDING);
    CHECK(strstr(server.path, "status") != NULL);
}

static void what_a_server_says_to_people_is_kept(void)
{
    struct bm_bytes words;

    born();
    script(0, "simpleenroll", 1,
           "HTTP/1.1 400 Bad\r\nContent-Type: text/plain\r\n"
           "Content-Length: 23\r\n\r\nRFC 7030 3.5: no, sorry");
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_REFUSED);
    words = bm_enrol_words(&device.e);
    CHECK_BYTES(words.p, words.n, "RFC 7030 3.5: no, sorry", 23);
    CHECK(device.e.http == 400);
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(bm_enrol_words(&device.e).n == 0);
}

static void words_without_end_are_cut(void)
{
    static char text[2048];
    size_t n = (size_t)snprintf(text, sizeof text,
                                "HTTP/1.1 400 Bad\r\nContent-Length: "
                                "1900\r\n\r\n");

    memset(text + n, 'x', 1900);
    born();
    script(0, "simpleenroll", 1, text);
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_REFUSED);
    CHECK(bm_enrol_words(&device.e).n == BM_ENROL_WORDS_MAX);
}

/* ---- Later */

static void a_202_is_waited_for_as_the_server_says(void)
{
    static const struct {
        const char *after;
        uint32_t waited;
    } rows[] = {
        { "77", 77 },
        { "0", BM_ENROL_LATER_MIN },
        { "999999999", BM_ENROL_LATER_MAX },
        { "Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:48:37 "
          "GMT",
          60 },
        { "Sun, 06 Nov 1994 08:49:37 GMT", BM_ENROL_LATER_MIN },
        { "soon", BM_ENROL_LATER_MIN },
    };
    char text[200];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        born();
        snprintf(text, sizeof text, LATER("202 Accepted", "%s"), rows[i].after);
        script(0, "simpleenroll", 1, text);
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
        CHECK(device.waits == 1 && device.waited == rows[i].waited);
        CHECK_STATUS(device.why, BM_E_ENROL_LATER);
    }
}

static void patience_with_202_grows_and_ends(void)
{
    uint32_t before;

    born();
    script(0, "simpleenroll", 9999, LATER("202 Accepted", "0"));
    device.wait_max = 1000;
    before = device.now;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_LATER);
    CHECK(device.waits == BM_ENROL_PATIENCE && device.waited == 3600);
    CHECK(device.now - before > 5u * 86400);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_KEY);
    device.config.patience = 3;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_LATER);
    CHECK(device.waits == 3);
    server.script[0].times = 2;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(device.waits == 2 && server.issued == 2);
}

static void a_busy_server_is_waited_for_at_least_as_long_as_it_says(void)
{
    born();
    script(0, "simpleenroll", 1, LATER("503 Busy", "5000"));
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(device.waited == 5000);
    script(0, "cacerts", 1, LATER("429 Slow down", "6000"));
    script(1, "csrattrs", 1, LATER("429 Slow down", "7000"));
    script(2, "status", 1, LATER("503 Busy", "8000"));
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 3 && device.waited == 8000);
}

/* The clients of one server do not come back at one moment. */
static void waits_are_of_different_lengths(void)
{
    uint32_t seen[8];
    unsigned same = 0;

    for (size_t i = 0; i < 8; i++) {
        born();
        device.connect = BM_E_TLS_HANDSHAKE;
        device.connect_times = 4;
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
        seen[i] = device.waited;
        same += i > 0 && seen[i] == seen[0];
    }
    CHECK(same < 4);
}

/* ---- Elsewhere */

static void a_redirect_within_the_origin_is_followed(void)
{
    static const char *const locations[] = {
        TO("302 Found", "/est/%s"),
        TO("301 Moved", "https://ca.example:8443/est/%s"),
        TO("307 Temporary", "HTTPS://CA.Example:8443/est/%s"),
        TO("308 Permanent", "/est/%s"),
    };
    static const char *const operations[] = { "cacerts", "csrattrs",
                                              "simpleenroll" };
    char text[200];

    for (size_t i = 0; i < 4; i++) {
        for (size_t o = 0; o < 3; o++) {
            born();
            snprintf(text, sizeof text, locations[i], operations[o]);
            script(0, operations[o], 1, text);
            server.closes = o == 1;
            CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
            CHECK(device.waits == 0 && server.issued == 2);
        }
    }
}

/* The request arrives as it was, at the other path. */
static void a_redirected_request_keeps_its_body(void)
{
    born();
    script(0, "simpleenroll", 1, TO("307 Temporary", "/a/simpleenroll"));
    server.script[1] = (struct script){ "simpleenroll", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    device.piece = 13;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_TLS_CLOSED);
    CHECK(strncmp(server.head, "POST /a/simpleenroll HTTP/1.1\r\n", 31) == 0);
    CHECK(server.issued == 2);
}

static void a_redirect_to_another_origin_is_refused(void)
{
    static const char *const locations[] = {
        "https://evil.example/",
        "https://ca.example/",
        "//evil.example/",
        "https://ca.example:84430/",
        "https://ca.example:8443.evil.example/",
        "https://ca.example:8443@evil.example/",
        "http://ca.example:8443/",
        "https://user@ca.example:8443/",
        "x/y",
        "",
        "/a b",
        "/a#b",
        "https://ca.example:8443",
        "ftp://ca.example:8443/",
    };
    char text[200];

    for (size_t i = 0; i < sizeof locations / sizeof locations[0]; i++) {
        born();
        snprintf(text, sizeof text, TO("302 Found", "%s"), locations[i]);
        script(0, "simpleenroll", 1, text);
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_REDIRECT);
        CHECK(server.issued == 1);
    }
}

static void no_trouble_with_roots_stops_anything(void)
{
    static const char *const answers[] = {
        TO("302 Found", "https://evil.example/"),
        TO("302 Found", "/x/cacerts"),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        born();
        script(0, "cacerts", 4, answers[i]);
        server.chain = true;
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
        CHECK(device.waits == 1 && device.e.learned != BM_OK);
    }
}

static void redirects_in_circles_end(void)
{
    born();
    script(0, "simpleenroll", 99, TO("302 Found", "/x/simpleenroll"));
    server.requests = 0;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_REDIRECT);
    CHECK(server.requests == 2 + 1 + BM_ENROL_REDIRECTS_MAX);
}

/* ---- Renewals that are refused */

static void a_renewal_that_comes_too_early_says_so(void)
{
    enrolled();
    script(0, "simplereenroll", 1, EMPTY("403 Forbidden"));
    script(1, "renewal", 1,
           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
           "Content-Length: 61\r\n\r\n{\"start\":\"2031-02-03T04:05:06Z\","
           "\"end\":\"2031-03-03T04:05:06Z\"}");
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_ENROL_EARLY);
    CHECK(device.e.window.start == 1927857906);
    CHECK(device.showed && device.place == BM_IDENTITY_CURRENT);
}

static void a_fork_or_a_suspended_device_stops(void)
{
    enrolled();
    script(0, "simplereenroll", 1, EMPTY("403 Forbidden"));
    script(1, "renewal", 1,
           "HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nsuperseded");
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_ENROL_FORBIDDEN);
    CHECK_BYTES(bm_enrol_words(&device.e).p, bm_enrol_words(&device.e).n,
                "superseded", 10);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_CERT);
    /* A server without a device API has nothing to add. */
    script(0, "simplereenroll", 1, EMPTY("403 Forbidden"));
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_ENROL_FORBIDDEN);
    device.config.est_only = true;
    script(0, "simplereenroll", 1, EMPTY("403 Forbidden"));
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_ENROL_FORBIDDEN);
    CHECK(strcmp(server.path, "/.well-known/est/ldevid/simplereenroll") == 0);
}

static void past_its_end_the_servers_grace_or_the_idevid_helps(void)
{
    enrolled();
    trusted.now = SERVER_NOW + SERVER_LIFE + 1;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(strstr(server.path, "status") != NULL && server.issued == 1);
    script(0, "simplereenroll", 1, EMPTY("403 Forbidden"));
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.connects == 3); /* current, IDevID, pending */
    CHECK(server.issued == 2 && device.waits == 0);
}

static void refused_handshakes_lead_to_the_idevid_in_the_end(void)
{
    enrolled();
    device.connect = BM_E_TLS_ALERT;
    device.connect_times = 3;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 2 && device.connects == 5);
}

/* A service that makes each try a job of its own. */
static void what_is_counted_outlives_the_job(void)
{
    struct bm_enrol_tally tally = { 0, 0, 0 };

    enrolled();
    device.config.tally = &tally;
    device.connect = BM_E_TLS_ALERT;
    device.connect_times = 3;
    device.wait_max = 0;
    for (unsigned i = 1; i < 3; i++) {
        CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_ALERT);
        bm_enrol_stop(&device.e);
        CHECK(tally.alerts == i);
    }
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(tally.alerts == 0 && device.waits == 0);
    /* A pending one, too; what is no alert neither counts nor forgets. */
    device.alerts = 3;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_ALERT);
    device.connect = BM_E_TLS_HANDSHAKE;
    device.connect_times = 1;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_HANDSHAKE);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_ALERT);
    CHECK(tally.alerts == 2 && state_of(BM_IDENTITY_PENDING) != 0);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_ENROL_PROOF);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_EMPTY);
    CHECK(tally.unproven == 1);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(tally.unproven == 0 && tally.alerts == 0);
}

/* Whoever sits on the way can send an alert before the server has shown who
 * it is: neither key nor certificate is lost by it. */
static void an_alert_of_the_handshake_destroys_nothing(void)
{
    int keys;

    enrolled();
    server.script[0] = (struct script){ "status", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_CLOSED);
    keys = fake_store.made;
    device.wait_max = 50;
    device.connect = BM_E_TLS_ALERT;
    device.connect_times = 3;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 2 && server.issued == 1);
    CHECK(fake_store.made == keys);
    /* For ever: the job ends, and the pending identity stays. */
    server.script[0] = (struct script){ "status", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_CLOSED);
    device.wait_max = 50;
    device.connect_times = 3;
    CHECK_STATUS(device_run(BM_ENROL_PROVE), BM_E_ENROL_PROOF);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_CERT);
    CHECK_STATUS(device_run(BM_ENROL_PROVE), BM_OK);
}

static void without_a_clock_a_refused_renewal_may_be_one_past_its_end(void)
{
    enrolled();
    device.config.clock = NULL;
    script(0, "simplereenroll", 1, EMPTY("403 Forbidden"));
    script(1, "renewal", 1, EMPTY("403 Forbidden"));
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 0 && server.issued == 1);
    CHECK(device.connects == 3); /* current, IDevID, pending */
}

/* ---- Proofs that are refused */

static void where_there_is_no_device_api_mutual_tls_is_the_proof(void)
{
    static const char *const answers[] = {
        EMPTY("404 Not Found"),
        EMPTY("405 No"),
        EMPTY("302 Found"),
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        "Content-Length: 6\r\n\r\n<html>",
        EMPTY("200 OK"),
    };

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        born();
        script(0, "status", 1, answers[i]);
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
        CHECK(strstr(server.path, "cacerts") != NULL);
        CHECK(device.place == BM_IDENTITY_PENDING && device.waits == 0);
    }
    born();
    device.config.est_only = true;
    script(0, "status", 1, EMPTY("500 Oops"));
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(server.script[0].times == 1);
}

static void a_certificate_that_the_server_does_not_take_is_given_up(void)
{
    enrolled();
    script(0, "status", 1, EMPTY("403 Forbidden"));
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 1 && server.issued == 2);
    CHECK_STATUS(device.why, BM_E_ENROL_PROOF);
    script(0, "status", 99, EMPTY("401 Unauthorized"));
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_ENROL_PROOF);
    CHECK(device.waits == 2 && server.issued == 5);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_CERT);
}

/* A token is spent with its key: that is not thrown away. */
static void what_a_token_paid_for_is_kept(void)
{
    device_init();
    with_token();
    script(0, "status", 9, EMPTY("403 Forbidden"));
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_PROOF);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_CERT);
    CHECK(server.issued == 1); /* of one key */
    script(0, "status", 0, NULL);
    CHECK_STATUS(device_run(BM_ENROL_PROVE), BM_OK);
}

/* It ended before its proof, and there is a new token for it. */
static void a_new_token_helps_where_the_pending_one_has_ended(void)
{
    device_init();
    with_token();
    server.script[0] = (struct script){ "status", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_TLS_CLOSED);
    device.wait_max = 50;
    script(0, "status", 2, EMPTY("403 Forbidden"));
    script(1, "simpleenroll", 1, EMPTY("401 Unauthorized"));
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_ENROL_CREDENTIALS);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_CERT);
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_CERT);
}

/* ---- Neither */

static void a_server_that_drips_is_left(void)
{
    born();
    server.script[0] = (struct script){ "simpleenroll", 1, NULL, DEED_DRIP, 0 };
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device.why, BM_E_ENROL_TIMEOUT);
    CHECK(device.waits == 1 && server.issued == 2);
}

static void patience_with_a_handshake_ends_too(void)
{
    struct bm_job_ask ask;

    born();
    CHECK_STATUS(bm_enrol_start(&device.e, &device.config, BM_ENROL_FIRST, 5),
                 BM_OK);
    bm_enrol_next(&device.e, 5, &ask);
    CHECK(ask.want == BM_JOB_CONNECT);
    CHECK(ask.seconds == BM_ENROL_EXCHANGE_MAX);
    bm_enrol_next(&device.e, 5 + BM_ENROL_EXCHANGE_MAX - 1, &ask);
    CHECK(ask.want == BM_JOB_CONNECT && ask.seconds == 1);
    bm_enrol_next(&device.e, 5 + BM_ENROL_EXCHANGE_MAX, &ask);
    CHECK(ask.want == BM_JOB_CLOSE);
    bm_enrol_next(&device.e, 5 + BM_ENROL_EXCHANGE_MAX, &ask);
    CHECK(ask.want == BM_JOB_WAIT && ask.status == BM_E_ENROL_TIMEOUT);
}

static void octets_behind_an_answer_end_the_connection(void)
{
    born();
    script(0, "csrattrs", 1, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK");
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(device.connects == 3 && device.waits == 0);
}

static void without_noise_no_key_is_born_and_the_job_waits(void)
{
    born();
    fake_store.fault = BM_E_RANDOM;
    device.wait_max = 1;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_RANDOM);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_EMPTY);
    fake_store.fault = BM_OK;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
}

static void calls_at_the_wrong_time_do_nothing(void)
{
    struct bm_job_ask ask;

    born();
    CHECK_STATUS(bm_enrol_start(&device.e, &device.config, BM_ENROL_FIRST, 5),
                 BM_OK);
    bm_enrol_sent(&device.e, 1);
    bm_enrol_received(&device.e, BM_LIT("HTTP/1.1 200 OK\r\n\r\n"));
    bm_enrol_connected(&device.e, (struct bm_bytes){ NULL, 0 }, false);
    bm_enrol_next(&device.e, 5, &ask);
    CHECK(ask.want == BM_JOB_CONNECT);
    bm_enrol_connected(&device.e, (struct bm_bytes){ NULL, 0 }, false);
    bm_enrol_next(&device.e, 5, &ask);
    CHECK(ask.want == BM_JOB_SEND);
    bm_enrol_sent(&device.e, ask.octets.n + 1);
    bm_enrol_received(&device.e, BM_LIT("HTTP/1.1 200 OK\r\n\r\n"));
    bm_enrol_next(&device.e, 5, &ask);
    CHECK(ask.want == BM_JOB_SEND);
    bm_enrol_stop(&device.e);
    bm_enrol_failed(&device.e, BM_E_TLS_CLOSED);
    bm_enrol_next(&device.e, 5, &ask);
    CHECK(ask.want == BM_JOB_STOPPED && ask.status == BM_E_END);
}

int main(void)
{
    RUN(each_refusal_has_its_name);
    RUN(a_key_that_gets_no_certificate_any_more_is_replaced);
    RUN(a_pending_key_that_is_gone_is_replaced);
    RUN(what_a_server_says_to_people_is_kept);
    RUN(words_without_end_are_cut);
    RUN(a_202_is_waited_for_as_the_server_says);
    RUN(patience_with_202_grows_and_ends);
    RUN(a_busy_server_is_waited_for_at_least_as_long_as_it_says);
    RUN(waits_are_of_different_lengths);
    RUN(a_redirect_within_the_origin_is_followed);
    RUN(a_redirected_request_keeps_its_body);
    RUN(a_redirect_to_another_origin_is_refused);
    RUN(no_trouble_with_roots_stops_anything);
    RUN(redirects_in_circles_end);
    RUN(a_renewal_that_comes_too_early_says_so);
    RUN(a_fork_or_a_suspended_device_stops);
    RUN(past_its_end_the_servers_grace_or_the_idevid_helps);
    RUN(refused_handshakes_lead_to_the_idevid_in_the_end);
    RUN(what_is_counted_outlives_the_job);
    RUN(an_alert_of_the_handshake_destroys_nothing);
    RUN(without_a_clock_a_refused_renewal_may_be_one_past_its_end);
    RUN(where_there_is_no_device_api_mutual_tls_is_the_proof);
    RUN(a_certificate_that_the_server_does_not_take_is_given_up);
    RUN(what_a_token_paid_for_is_kept);
    RUN(a_new_token_helps_where_the_pending_one_has_ended);
    RUN(a_server_that_drips_is_left);
    RUN(patience_with_a_handshake_ends_too);
    RUN(octets_behind_an_answer_end_the_connection);
    RUN(without_noise_no_key_is_born_and_the_job_waits);
    RUN(calls_at_the_wrong_time_do_nothing);
    return bm_test_done();
}
