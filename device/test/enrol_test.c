/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/enrol_device.h"

/* The ways that lead to an identity. What servers do wrong is in
 * enrol_refused_test.c, what their answers may look like in
 * enrol_answers_test.c. */

static size_t cert_of(enum bm_identity_place place, size_t i,
                      uint8_t out[SERVER_CERT])
{
    size_t n = 0;

    CHECK_STATUS(bm_identity_cert(&device.id, place, i, out, SERVER_CERT, &n),
                 BM_OK);
    return n;
}

/* ---- Who may ask for what */

static void a_token_gives_the_idevid(void)
{
    device_init();
    with_token();
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
    CHECK(state_of(BM_IDENTITY_IDEVID) == BM_IDENTITY_CERT);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_EMPTY);
    CHECK(!device.showed && device.secret && device.connects == 1);
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_E_IDENTITY_STATE);
}

static void the_idevid_gives_the_first_operational_identity(void)
{
    born();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_CERT);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_EMPTY);
    CHECK(device.showed && device.place == BM_IDENTITY_PENDING);
    CHECK(!device.secret && device.connects == 2);
    CHECK(strcmp(server.path, "/device/v1/status") == 0);
}

static void a_token_gives_a_first_identity_to_a_device_without_idevid(void)
{
    device_init();
    with_token();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_CERT);
    CHECK(state_of(BM_IDENTITY_IDEVID) == BM_IDENTITY_EMPTY);
}

static void the_current_identity_gives_the_next_one(void)
{
    uint8_t before[SERVER_CERT];
    uint8_t after[SERVER_CERT];
    size_t n;
    size_t m;

    enrolled();
    n = cert_of(BM_IDENTITY_CURRENT, 0, before);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    m = cert_of(BM_IDENTITY_CURRENT, 0, after);
    CHECK(n != m || memcmp(before, after, n) != 0);
    CHECK(server.issued == 1);
}

static void it_all_works_with_real_keys(void)
{
    real_keys = true;
    device_init();
    server.flat = true;
    with_token();
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
    without_token();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    real_keys = false;
}

static void what_cannot_begin_says_so(void)
{
    device_init();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_E_IDENTITY_STATE);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_IDENTITY_STATE);
    CHECK_STATUS(device_run(BM_ENROL_PROVE), BM_E_IDENTITY_STATE);
    device.config.room_n = BM_ENROL_ROOM - 1;
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_E_ARGUMENT);
    device.config.room_n = 65536;
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_E_ARGUMENT);
    CHECK(server.requests == 0);
}

/* ---- What is sent */

static void a_renewal_repeats_subject_and_names_to_the_octet(void)
{
    /* SAN, critical: dNSName "a". */
    static const uint8_t san[] = { 0x30, 0x0f, 0x06, 0x03, 0x55, 0x1d,
                                   0x11, 0x01, 0x01, 0xff, 0x04, 0x05,
                                   0x30, 0x03, 0x82, 0x01, 'a' };
    uint8_t der[SERVER_CERT];
    struct bm_cert cert;
    struct bm_bytes own;

    born();
    device.config.extensions = (struct bm_bytes){ san, sizeof san };
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    device.config.extensions = (struct bm_bytes){ NULL, 0 };
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    own = (struct bm_bytes){ der, cert_of(BM_IDENTITY_CURRENT, 0, der) };
    CHECK_STATUS(bm_cert_parse(own, BM_STRICT, NULL, &cert), BM_OK);
    CHECK(bm_bytes_equal(server.csr.subject, cert.subject));
    CHECK_BYTES(server.csr.ext.all.p, server.csr.ext.all.n, san, sizeof san);
}

static void the_subject_is_the_callers_the_idevids_or_the_tokens(void)
{
    static const uint8_t name[] = { 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06,
                                    0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'x' };
    static const uint8_t serial[] = { 0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b,
                                      0x06, 0x03, 0x55, 0x04, 0x05, 0x13,
                                      0x04, 'S',  'N',  '-',  '1' };

    device_init();
    with_token();
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
    CHECK_BYTES(server.csr.subject.p, server.csr.subject.n, serial,
                sizeof serial);
    without_token();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_BYTES(server.csr.subject.p, server.csr.subject.n, serial,
                sizeof serial);
    device.config.subject = (struct bm_bytes){ name, sizeof name };
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_BYTES(server.csr.subject.p, server.csr.subject.n, name, sizeof name);
    device_init();
    device.config.token = (struct bm_bytes){ token, sizeof token - 1 };
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_E_ENROL_SUBJECT);
}

/* The head of the request for a certificate, which the proof has followed. */
static char enrol_head[sizeof server.head];

static void run_and_keep_head(enum bm_enrol_job job)
{
    /* The answer is lost once, so the job can be looked into. */
    server.script[0] = (struct script){ job == BM_ENROL_RENEW ? "simplereenroll"
                                                              : "simpleenroll",
                                        1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(job), BM_E_TLS_CLOSED);
    memcpy(enrol_head, server.head, sizeof enrol_head);
    device.wait_max = 50;
}

static void a_token_goes_out_as_basic_with_the_device_as_user(void)
{
    device_init();
    with_token();
    run_and_keep_head(BM_ENROL_BIRTH);
    CHECK(strstr(enrol_head, "POST /.well-known/est/ldevid/simpleenroll "
                             "HTTP/1.1\r\nHost: ca.example:8443\r\n"
                             "Authorization: Basic "
                             "U04tMTpzM2NyZXQtczNjcmV0\r\n") == enrol_head);
    CHECK(strstr(enrol_head, "\r\nContent-Type: application/pkcs10\r\n") !=
          NULL);
}

static void a_token_without_device_goes_out_as_bearer(void)
{
    device_init();
    device.config.token = (struct bm_bytes){ token, sizeof token - 1 };
    device.config.subject = root_name();
    run_and_keep_head(BM_ENROL_BIRTH);
    CHECK(strstr(enrol_head, "\r\nAuthorization: Bearer s3cret-s3cret\r\n") !=
          NULL);
}

static void a_token_goes_nowhere_else(void)
{
    device_init();
    with_token();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(strstr(server.head, "Authorization") == NULL);
    run_and_keep_head(BM_ENROL_RENEW);
    CHECK(strstr(enrol_head, "Authorization") == NULL);
}

static bool holds(const void *in, size_t n, const char *what)
{
    size_t m = strlen(what);

    for (size_t i = 0; i + m <= n; i++) {
        if (memcmp((const uint8_t *)in + i, what, m) == 0) {
            return true;
        }
    }
    return false;
}

static void no_secret_is_left_when_the_job_is_over_or_waits(void)
{
    device_init();
    with_token();
    run_and_keep_head(BM_ENROL_BIRTH);
    CHECK(!holds(device.room, sizeof device.room, "s3cret"));
    CHECK(!holds(device.room, sizeof device.room, "U04tMTpzM2NyZXQtczNjcmV0"));
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
    CHECK(!holds(device.room, sizeof device.room, "U04tMTpzM2NyZXQtczNjcmV0"));
    CHECK(!holds(&device.e, sizeof device.e, "s3cret"));
}

static void hosts_and_labels_stand_as_the_rfcs_say(void)
{
    static const struct {
        const char *host;
        uint16_t port;
        const char *label;
        const char *head;
    } rows[] = {
        { "ca.example", 443, NULL,
          "POST /.well-known/est/simpleenroll HTTP/1.1\r\n"
          "Host: ca.example\r\n" },
        { "2001:db8::1", 8443, "x",
          "POST /.well-known/est/x/simpleenroll HTTP/1.1\r\n"
          "Host: [2001:db8::1]:8443\r\n" },
        { "192.0.2.1", 80, NULL,
          "POST /.well-known/est/simpleenroll HTTP/1.1\r\n"
          "Host: 192.0.2.1:80\r\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        device_init();
        with_token();
        device.config.host = rows[i].host;
        device.config.port = rows[i].port;
        device.config.label = rows[i].label;
        run_and_keep_head(BM_ENROL_BIRTH);
        CHECK(strncmp(enrol_head, rows[i].head, strlen(rows[i].head)) == 0);
    }
}

/* ---- What is kept */

static void the_chain_is_kept_up_to_the_root_and_without_it(void)
{
    uint8_t der[SERVER_CERT];
    size_t n;

    for (int way = 0; way < 4; way++) {
        born();
        server.chain = way == 1;
        server.leaf_last = way == 2;
        server.only_root = way == 1;
        server.flat = way == 3;
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
        n = cert_of(BM_IDENTITY_CURRENT, 0, der);
        CHECK_BYTES(der, n, server.cert, server.cert_n);
        if (way == 3) {
            CHECK_STATUS(bm_identity_cert(&device.id, BM_IDENTITY_CURRENT, 1,
                                          der, sizeof der, &n),
                         BM_E_END);
            continue;
        }
        n = cert_of(BM_IDENTITY_CURRENT, 1, der);
        CHECK_BYTES(der, n, server.issuing, server.issuing_n);
        CHECK_STATUS(bm_identity_cert(&device.id, BM_IDENTITY_CURRENT, 2, der,
                                      sizeof der, &n),
                     BM_E_END);
    }
}

static void roots_are_learned_before_anything_else(void)
{
    born();
    trusted.learns = 0;
    trusted.learned = 0;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(trusted.learns == 1 && trusted.learned == 2);
    CHECK_STATUS(device.e.learned, BM_OK);
}

static void trouble_with_roots_stops_nothing_and_is_told(void)
{
    born();
    trusted.learn = BM_E_LIMIT;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device.e.learned, BM_E_LIMIT);
    trusted.learn = BM_OK;
    server.script[0] =
        (struct script){ "cacerts", 1,
                         "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
                         DEED_SAY, 0 };
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK_STATUS(device.e.learned, BM_E_ENROL_PATH);
    server.script[0] = (struct script){
        "cacerts", 1,
        "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime\r\n"
        "Content-Length: 8\r\n\r\nMIIC!!!!",
        DEED_SAY, 0
    };
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK_STATUS(device.e.learned, BM_E_ENROL_MESSAGE);
}

static void time_is_learned_from_what_was_issued(void)
{
    born();
    trusted.told = 0;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(trusted.told == SERVER_NOW);
}

static void no_time_is_learned_from_a_server_that_has_expired(void)
{
    born();
    trusted.told = 0;
    device.expired = true;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(trusted.told == 0);
}

static void the_window_for_the_next_renewal_is_handed_on(void)
{
    born();
    server.renewal = "Birthmark-Renewal: start=2031-02-03T04:05:06Z, "
                     "end=2031-03-03T04:05:06Z\r\n";
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(device.e.window.start == 1927857906);
    CHECK(device.e.window.end == 1930277106);
}

/* ---- Going on */

/* How many asks a job takes when nothing happens to it. */
static unsigned asks_of(enum bm_enrol_job job)
{
    CHECK_STATUS(device_run(job), BM_OK);
    return device.asks;
}

static void prepare(enum bm_enrol_job job)
{
    if (job == BM_ENROL_BIRTH) {
        device_init();
        with_token();
    } else if (job == BM_ENROL_FIRST) {
        born();
    } else {
        enrolled();
    }
    server.issued = 0;
}

static void the_power_may_go_before_any_step_of_any_job(void)
{
    unsigned cuts = 0;

    for (int job = BM_ENROL_BIRTH; job <= BM_ENROL_RENEW; job++) {
        unsigned asks;

        prepare((enum bm_enrol_job)job);
        asks = asks_of((enum bm_enrol_job)job);
        for (unsigned at = 1; at <= asks; at++) {
            bm_status rc;

            prepare((enum bm_enrol_job)job);
            device.restart_at = at;
            CHECK_STATUS(device_run((enum bm_enrol_job)job), BM_E_END);
            device.restart_at = 0;
            device_restart();
            rc = device_run((enum bm_enrol_job)job);
            /* It may have been over but for the word. */
            CHECK(rc == BM_OK ||
                  (job == BM_ENROL_BIRTH && rc == BM_E_IDENTITY_STATE));
            CHECK(server.issued == 1 ||
                  (job == BM_ENROL_FIRST && server.issued == 2) ||
                  (job == BM_ENROL_RENEW && server.issued == 2));
            CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_EMPTY);
            cuts++;
        }
    }
    printf("# %u restarts\n", cuts);
}

static void a_lost_answer_is_asked_for_again_with_the_same_key(void)
{
    enrolled();
    server.script[0] =
        (struct script){ "simplereenroll", 3, NULL, DEED_CUT, 0 };
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 3 && server.issued == 1);
    CHECK_STATUS(device.why, BM_E_TLS_CLOSED);
}

static void a_lost_proof_is_repeated(void)
{
    enrolled();
    server.script[0] = (struct script){ "status", 2, NULL, DEED_CUT, 0 };
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 2 && server.issued == 1);
}

static void a_proof_can_be_a_job_of_its_own(void)
{
    enrolled();
    server.script[0] = (struct script){ "status", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_CLOSED);
    device.wait_max = 50;
    server.requests = 0;
    CHECK_STATUS(device_run(BM_ENROL_PROVE), BM_OK);
    CHECK(server.requests == 1);
    CHECK_STATUS(device_run(BM_ENROL_PROVE), BM_E_IDENTITY_STATE);
}

static void months_without_a_network_end_with_the_same_key(void)
{
    uint32_t before;
    int made;

    enrolled();
    made = fake_store.made;
    before = device.now;
    device.connect = BM_E_TLS_HANDSHAKE;
    device.connect_times = 600;
    device.wait_max = 1000;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 600 && device.waited <= BM_BACKOFF_CAP &&
          device.waited >= BM_BACKOFF_CAP / 2);
    CHECK(device.now - before > 60u * 86400);
    CHECK(fake_store.made == made + 1 && server.issued == 1);
}

static void a_lost_current_identity_is_replaced_by_way_of_the_idevid(void)
{
    enrolled();
    fake_store.slot[BM_KEY_SLOT_A] = 0;
    fake_store.slot[BM_KEY_SLOT_B] = 0;
    CHECK_STATUS(bm_identity_check(&device.id, BM_IDENTITY_CURRENT, device.room,
                                   sizeof device.room),
                 BM_E_IDENTITY_LOST);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_LOST);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(strcmp(server.path, "/device/v1/status") == 0);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_CERT);
}

static void a_lost_pending_key_is_given_up(void)
{
    enrolled();
    server.script[0] =
        (struct script){ "simplereenroll", 1, NULL, DEED_CUT, 0 };
    device.wait_max = 0;
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_E_TLS_CLOSED);
    device.wait_max = 50;
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_KEY);
    for (int slot = BM_KEY_SLOT_A; slot <= BM_KEY_SLOT_B; slot++) {
        if (fake_store.slot[slot] == fake_store.made) {
            fake_store.slot[slot] = 0;
        }
    }
    CHECK_STATUS(bm_identity_check(&device.id, BM_IDENTITY_PENDING, device.room,
                                   sizeof device.room),
                 BM_E_IDENTITY_LOST);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(server.issued == 2);
}

int main(void)
{
    RUN(a_token_gives_the_idevid);
    RUN(the_idevid_gives_the_first_operational_identity);
    RUN(a_token_gives_a_first_identity_to_a_device_without_idevid);
    RUN(the_current_identity_gives_the_next_one);
    RUN(it_all_works_with_real_keys);
    RUN(what_cannot_begin_says_so);
    RUN(a_renewal_repeats_subject_and_names_to_the_octet);
    RUN(the_subject_is_the_callers_the_idevids_or_the_tokens);
    RUN(a_token_goes_out_as_basic_with_the_device_as_user);
    RUN(a_token_without_device_goes_out_as_bearer);
    RUN(a_token_goes_nowhere_else);
    RUN(no_secret_is_left_when_the_job_is_over_or_waits);
    RUN(hosts_and_labels_stand_as_the_rfcs_say);
    RUN(the_chain_is_kept_up_to_the_root_and_without_it);
    RUN(roots_are_learned_before_anything_else);
    RUN(trouble_with_roots_stops_nothing_and_is_told);
    RUN(time_is_learned_from_what_was_issued);
    RUN(no_time_is_learned_from_a_server_that_has_expired);
    RUN(the_window_for_the_next_renewal_is_handed_on);
    RUN(the_power_may_go_before_any_step_of_any_job);
    RUN(a_lost_answer_is_asked_for_again_with_the_same_key);
    RUN(a_lost_proof_is_repeated);
    RUN(a_proof_can_be_a_job_of_its_own);
    RUN(months_without_a_network_end_with_the_same_key);
    RUN(a_lost_current_identity_is_replaced_by_way_of_the_idevid);
    RUN(a_lost_pending_key_is_given_up);
    return bm_test_done();
}
