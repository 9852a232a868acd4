/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/cms.h"
#include "daemon/devices_internal.h"
#include "tests/harness/samples.h"
#include "tests/harness/test_crypto.h"

/*
 * The device listener without TLS, between a client and an issuer that the
 * test plays both. What TLS adds is shown by tests/est.
 */

#define QUEUE    4
#define DEADLINE 30 /* seconds that a step may take on a slow machine */

static struct {
    struct event_base *base;
    struct room room;
    struct metrics_page page;
    struct devices *devices;
    struct sockaddr_in address;
    int issuer; /* the other end of the link, or -1 */
    uint8_t in[65536];
    size_t in_n;
} w;

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- The issuer */

static void issuer_put(uint16_t verb, uint32_t tag, struct bm_bytes body)
{
    uint8_t out[32768];
    struct bm_wr o;
    struct link_frame frame = { .verb = verb, .tag = tag, .body = body };

    bm_wr_init(&o, out, sizeof out);
    link_frame_put(&o, &frame);
    CHECK(write(w.issuer, out, o.len) == (ssize_t)o.len);
}

/* The next frame, or false within what has come. Its body is good until the
 * next call. */
static bool issuer_next(struct link_frame *frame)
{
    static uint8_t body[65536];
    size_t used;
    ssize_t n = read(w.issuer, w.in + w.in_n, sizeof w.in - w.in_n);

    w.in_n += n > 0 ? (size_t)n : 0;
    if (link_frame_parse((struct bm_bytes){ w.in, w.in_n }, frame, &used) !=
        BM_OK) {
        return false;
    }
    if (frame->body.n != 0) {
        memcpy(body, frame->body.p, frame->body.n);
    }
    frame->body.p = body;
    memmove(w.in, w.in + used, w.in_n - used);
    w.in_n -= used;
    return true;
}

static void step(void)
{
    static const struct timespec pause = { 0, 200000 };

    CHECK(event_base_loop(w.base, EVLOOP_NONBLOCK) >= 0);
    (void)nanosleep(&pause, NULL);
}

static time_t now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Wait for a frame of this verb. */
static struct link_frame issuer_get(uint16_t verb)
{
    struct link_frame frame = { 0 };
    time_t end = now() + DEADLINE;

    while (!issuer_next(&frame) && now() < end) {
        step();
    }
    CHECK(frame.verb == verb);
    return frame;
}

static void tell_catalogue(void)
{
    static const struct {
        const char *label;
        uint32_t flags;
        bool csrattrs;
    } rows[] = {
        { "ldevid", WIRE_LABEL_DEFAULT, true },
        { "old", WIRE_LABEL_WRAP | WIRE_LABEL_CHAIN | WIRE_LABEL_ENCODING,
          false },
        { "keys", WIRE_LABEL_KEYGEN, false },
        { "bound", WIRE_LABEL_BINDING, false },
    };
    uint8_t out[16384];
    struct bm_wr o;

    bm_wr_init(&o, out, sizeof out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire_label row = {
            .label = text(rows[i].label),
            .flags = rows[i].flags,
            .cacerts = bm_sample("cert", "root-p256"),
        };

        if (rows[i].csrattrs) {
            row.csrattrs = BM_LIT("\x30\x00");
        }
        wire_label_put(&o, &row);
    }
    issuer_put(WIRE_CATALOGUE, 0, bm_wr_bytes(&o));
}

/* A new issuer, and what it is asked first. */
static void issuer_start(bool ready)
{
    int ends[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    w.issuer = ends[1];
    w.in_n = 0;
    CHECK_STATUS(devices_link(w.devices, ends[0]), BM_OK);
    (void)issuer_get(WIRE_CATALOGUE);
    if (ready) {
        time_t end = now() + DEADLINE;

        tell_catalogue();
        while (w.devices->catalogue.n == 0 && now() < end) {
            step();
        }
        CHECK(w.devices->catalogue.n == 4);
    }
}

static void issuer_die(void)
{
    time_t end = now() + DEADLINE;

    close(w.issuer);
    w.issuer = -1;
    while (w.devices->issuer != NULL && now() < end) {
        step();
    }
    CHECK(w.devices->issuer == NULL);
}

static void issuer_answer(uint32_t tag, const struct wire_enrolled *answer)
{
    uint8_t out[8192];
    struct bm_wr o;

    bm_wr_init(&o, out, sizeof out);
    wire_enrolled_put(&o, answer);
    issuer_put(WIRE_ENROL, tag, bm_wr_bytes(&o));
}

static struct wire_enrolled granted(void)
{
    return (struct wire_enrolled){
        .http = 200,
        .cert = bm_sample("cert", "tls-server"),
        .chain = bm_sample("cert", "root-p256"),
        .renew_from = 1767323045,
        .renew_until = 1769904000,
    };
}

/* ---- The house */

static int listening(void)
{
    socklen_t n = sizeof w.address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    w.address = (struct sockaddr_in){ .sin_family = AF_INET };
    w.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (const struct sockaddr *)&w.address, n) == 0);
    CHECK(listen(fd, 16) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&w.address, &n) == 0);
    return fd;
}

static void open_house(bool ready)
{
    w.issuer = -1;
    w.base = event_base_new();
    w.room = (struct room){ .type = &room_devices,
                            .base = w.base,
                            .metrics = &w.page };
    w.room.settings.limit_connections = 64;
    w.room.settings.limit_queue = QUEUE;
    CHECK_STATUS(devices_new(&w.room, NULL, &w.devices), BM_OK);
    CHECK_STATUS(http_listen(w.devices->http, listening()), BM_OK);
    issuer_start(ready);
}

static void close_house(void)
{
    devices_free(w.devices);
    if (w.issuer >= 0) {
        close(w.issuer);
    }
    event_base_free(w.base);
}

/* ---- Clients */

static int client_open(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(connect(fd, (const struct sockaddr *)&w.address, sizeof w.address) ==
          0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    return fd;
}

static void client_send(int fd, const char *head, struct bm_bytes body)
{
    CHECK(write(fd, head, strlen(head)) == (ssize_t)strlen(head));
    CHECK(write(fd, body.p, body.n) == (ssize_t)body.n);
}

struct answer {
    int status;
    char all[32768]; /* with NUL */
    size_t n;
    const char *body;
};

static bool has_header(const struct answer *a, const char *line)
{
    const char *at = strstr(a->all, line);

    return at != NULL && at < a->body && at[-1] == '\n' &&
           at[strlen(line)] == '\r';
}

/* Is an answer whole? As we always say Content-Length, or 204. */
static bool is_whole(struct answer *a)
{
    const char *end = strstr(a->all, "\r\n\r\n");
    const char *length = strstr(a->all, "Content-Length: ");

    if (end == NULL) {
        return false;
    }
    a->body = end + 4;
    a->status = (int)strtol(a->all + 9, NULL, 10);
    return length == NULL || (size_t)strtol(length + 16, NULL, 10) <=
                                 a->n - (size_t)(a->body - a->all);
}

static const struct answer *client_read(int fd)
{
    static struct answer a;
    time_t end = now() + DEADLINE;

    memset(&a, 0, sizeof a);
    while (!is_whole(&a) && now() < end) {
        ssize_t n = read(fd, a.all + a.n, sizeof a.all - 1 - a.n);

        a.n += n > 0 ? (size_t)n : 0;
        step();
    }
    CHECK(is_whole(&a));
    return &a;
}

static const struct answer *client_get(int fd)
{
    const struct answer *a = client_read(fd);

    close(fd);
    return a;
}

/* DER of a request with this challengePassword and these attributes. */
static struct bm_bytes csr_of(const char *challenge, struct bm_bytes attributes)
{
    static uint8_t der[4096];
    struct bm_csr_config config = {
        .subject = BM_LIT("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x05\x13\x04"
                          "SN-1"),
        .challenge = text(challenge),
        .attributes = attributes,
    };
    struct bm_wr o;

    bm_wr_init(&o, der, sizeof der);
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &o), BM_OK);
    return bm_wr_bytes(&o);
}

static struct bm_bytes plain_csr(void)
{
    return csr_of("", (struct bm_bytes){ NULL, 0 });
}

#define BASIC  "Authorization: Basic U04tMTpzM2NyM3Q=\r\n" /* SN-1:s3cr3t */
#define BEARER "Authorization: Bearer s3cr3t\r\n"
#define PKCS10 "Content-Type: application/pkcs10\r\n"

/* POST `csr` in base64. */
static void post_on(int fd, const char *path, const char *headers,
                    struct bm_bytes csr)
{
    static uint8_t body[8192];
    char head[1024];
    struct bm_wr o;

    bm_wr_init(&o, body, sizeof body);
    bm_base64_put(&o, csr, 64);
    (void)snprintf(head, sizeof head,
                   "POST /.well-known/est/%s HTTP/1.1\r\nHost: x\r\n"
                   "%sContent-Length: %zu\r\n\r\n",
                   path, headers, o.len);
    client_send(fd, head, bm_wr_bytes(&o));
}

static int post(const char *path, const char *headers, struct bm_bytes csr)
{
    int fd = client_open();

    post_on(fd, path, headers, csr);
    return fd;
}

static const struct answer *get(const char *path)
{
    char head[512];
    int fd = client_open();

    (void)snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
                   path);
    client_send(fd, head, (struct bm_bytes){ (const uint8_t *)head, 0 });
    return client_get(fd);
}

/* Enrol, with an issuer that says `answer`. */
static const struct answer *enrol(const char *path,
                                  const struct wire_enrolled *answer)
{
    int fd = post(path, PKCS10 BASIC, plain_csr());

    issuer_answer(issuer_get(WIRE_ENROL).tag, answer);
    return client_get(fd);
}

static struct bm_bytes certs_in(const char *body, size_t n)
{
    static uint8_t der[16384];
    struct bm_cms cms = { 0 };
    struct bm_wr o;

    bm_wr_init(&o, der, sizeof der);
    CHECK_STATUS(bm_base64_decode((struct bm_bytes){ (const uint8_t *)body, n },
                                  BM_BASE64_SPACES, NULL, &o),
                 BM_OK);
    CHECK_STATUS(bm_cms_parse_certs(bm_wr_bytes(&o), NULL, &cms), BM_OK);
    return cms.certs;
}

/* ---- Documents */

/* RFC 7030 4.1.2, 4.1.3: without authentication, certs-only. */
static void ca_certificates_are_for_everybody(void)
{
    struct bm_bytes want = bm_sample("cert", "root-p256");
    const struct answer *a;
    struct bm_bytes found;

    open_house(true);
    a = get("/.well-known/est/cacerts");
    CHECK(a->status == 200);
    CHECK(has_header(a, "Content-Type: " EST_TYPE_CERTS));
    CHECK(strstr(a->all, "Content-Transfer-Encoding") == NULL);
    found = certs_in(a->body, strlen(a->body));
    CHECK_BYTES(found.p, found.n, want.p, want.n);
    a = get("/.well-known/est/old/cacerts");
    CHECK(a->status == 200);
    CHECK(has_header(a, "Content-Transfer-Encoding: base64"));
    CHECK(strchr(a->body, '\n') - a->body == 64);
    close_house();
}

/* RFC 7030 4.5.2: 204 where there are none. */
static void csrattrs_are_those_of_the_label(void)
{
    const struct answer *a;

    open_house(true);
    a = get("/.well-known/est/csrattrs");
    CHECK(a->status == 200 && strcmp(a->body, "MAA=\n") == 0);
    CHECK(has_header(a, "Content-Type: application/csrattrs"));
    CHECK(get("/.well-known/est/ldevid/csrattrs")->status == 200);
    CHECK(get("/.well-known/est/old/csrattrs")->status == 204);
    close_house();
}

static void what_is_not_served_is_said(void)
{
    static const struct {
        const char *path;
        int status;
    } rows[] = {
        { "/", 404 },
        { "/.well-known/est", 404 },
        { "/.well-known/est/nobody/cacerts", 404 },
        { "/.well-known/est/cacerts/cacerts", 404 },
        { "/.well-known/est/simpleenroll", 405 },
        { "/.well-known/est/fullcmc", 501 },
        { "/api/v1/certificates", 404 },
        { "/healthz", 200 },
    };
    const struct answer *a;

    open_house(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(get(rows[i].path)->status == rows[i].status);
    }
    CHECK(has_header(get("/.well-known/est/simpleenroll"), "Allow: POST"));
    a = client_get(post("cacerts", PKCS10, plain_csr()));
    CHECK(a->status == 405 && has_header(a, "Allow: GET, HEAD"));
    close_house();
}

/* ---- Enrolment */

/* RFC 7030 4.2.1, 4.2.3 */
static void a_device_enrols_with_its_token(void)
{
    struct wire_enrolled answer = granted();
    struct wire_enrol m = { 0 };
    struct link_frame frame;
    const struct answer *a;
    struct bm_bytes csr = plain_csr();
    struct bm_bytes found;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, csr);
    frame = issuer_get(WIRE_ENROL);
    CHECK_STATUS(wire_enrol_get(frame.body, &m), BM_OK);
    CHECK(m.op == WIRE_ENROLL && m.label.n == 0 && m.cert.n == 0);
    CHECK(bm_bytes_equal(m.user, text("SN-1")));
    CHECK(bm_bytes_equal(m.token, text("s3cr3t")));
    CHECK(bm_bytes_equal(m.csr, csr));
    issuer_answer(frame.tag, &answer);
    a = client_get(fd);
    CHECK(a->status == 200);
    CHECK(has_header(a, "Content-Type: " EST_TYPE_CERTS));
    CHECK(has_header(a, "Birthmark-Renewal: start=2026-01-02T03:04:05Z, "
                        "end=2026-02-01T00:00:00Z"));
    found = certs_in(a->body, strlen(a->body));
    CHECK_BYTES(found.p, found.n, answer.cert.p, answer.cert.n);
    close_house();
}

static void operations_labels_and_bearers_reach_the_issuer(void)
{
    struct wire_enrolled answer = granted();
    struct wire_enrol m = { 0 };
    struct link_frame frame;
    const struct answer *a;
    int fd;

    open_house(true);
    fd = post("old/simplereenroll", PKCS10 BEARER, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    CHECK_STATUS(wire_enrol_get(frame.body, &m), BM_OK);
    CHECK(m.op == WIRE_REENROLL && m.user.n == 0);
    CHECK(bm_bytes_equal(m.label, text("old")));
    CHECK(bm_bytes_equal(m.token, text("s3cr3t")));
    issuer_answer(frame.tag, &answer);
    a = client_get(fd);
    CHECK(has_header(a, "Content-Transfer-Encoding: base64"));
    CHECK(certs_in(a->body, strlen(a->body)).n ==
          answer.cert.n + answer.chain.n);
    close_house();
}

/* RFC 7030 4.2.3 MUST: a 202 has a Retry-After. */
static void what_the_issuer_refuses_is_passed_on(void)
{
    static const struct {
        uint16_t http;
        uint32_t retry;
        const char *header;
    } rows[] = {
        { 202, 120, "Retry-After: 120" },
        { 202, 0, "Retry-After: 60" },
        { 400, 0, "Content-Type: " EST_TYPE_WORDS },
        { 401, 0, "WWW-Authenticate: Basic realm=\"estrealm\"" },
        { 403, 0, "Content-Type: " EST_TYPE_WORDS },
        { 409, 0, "Content-Type: " EST_TYPE_WORDS },
        { 429, 7, "Retry-After: 7" },
        { 500, 0, "Content-Type: " EST_TYPE_WORDS },
        { 503, 3, "Retry-After: 3" },
    };

    open_house(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire_enrolled answer = { .http = rows[i].http,
                                        .retry_after = rows[i].retry,
                                        .words = BM_LIT("why\n") };
        const struct answer *a = enrol("simpleenroll", &answer);

        CHECK(a->status == rows[i].http);
        CHECK(has_header(a, rows[i].header));
        CHECK(strcmp(a->body, "why\n") == 0);
    }
    close_house();
}

static void requests_that_are_wrong_do_not_reach_the_issuer(void)
{
    static const struct {
        const char *path;
        const char *headers;
        const char *challenge;
        int status;
        const char *words;
    } rows[] = {
        { "simpleenroll", PKCS10, "", 401, "neither" },
        { "simpleenroll", BASIC "Content-Type: text/plain\r\n", "", 415,
          "pkcs10" },
        { "simpleenroll", PKCS10 "Authorization: Basic x\r\n", "", 401,
          "RFC 7030 3.2.3" },
        { "simpleenroll", PKCS10 "Authorization: Digest x\r\n", "", 401,
          "RFC 7030 3.2.3" },
        /* RFC 7030 3.5: present, and not of this connection */
        { "simpleenroll", PKCS10 BASIC, "c2VjcmV0", 400, "RFC 7030 3.5" },
        { "bound/simpleenroll", PKCS10 BASIC, "", 400, "missing" },
        { "serverkeygen", PKCS10 BASIC, "", 404, "not allowed" },
        { "nobody/simpleenroll", PKCS10 BASIC, "", 404, "label" },
    };

    open_house(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer *a = client_get(
            post(rows[i].path, rows[i].headers,
                 csr_of(rows[i].challenge, (struct bm_bytes){ NULL, 0 })));

        CHECK(a->status == rows[i].status);
        CHECK(strstr(a->body, rows[i].words) != NULL);
        CHECK(strstr(a->all, "s3cr3t") == NULL);
    }
    CHECK(w.devices->waiting == 0);
    close_house();
}

/* The body: another kind, broken, or a key that its sender does not have. */
static void possession_is_proved_before_anybody_is_asked(void)
{
    uint8_t bad[4096];
    struct bm_bytes csr = plain_csr();
    const struct answer *a;

    open_house(true);
    memcpy(bad, csr.p, csr.n);
    bad[csr.n - 1] ^= 1;
    a = client_get(
        post("simpleenroll", PKCS10 BASIC, (struct bm_bytes){ bad, csr.n }));
    CHECK(a->status == 400);
    a = client_get(post("simpleenroll", PKCS10 BASIC,
                        (struct bm_bytes){ csr.p, csr.n - 1 }));
    CHECK(a->status == 400 && strstr(a->body, "X.690") != NULL);
    a = client_get(
        post("simpleenroll", PKCS10 BASIC, bm_sample("cert", "tls-server")));
    CHECK(a->status == 400);
    CHECK(w.devices->waiting == 0);
    close_house();
}

/* ---- The issuer comes and goes */

static void before_the_issuer_is_there_clients_are_told_to_come_again(void)
{
    const struct answer *a;

    open_house(false);
    a = get("/.well-known/est/cacerts");
    CHECK(a->status == 503 && has_header(a, "Retry-After: 2"));
    CHECK(get("/healthz")->status == 503);
    close_house();
}

static void requests_outlive_the_issuer(void)
{
    struct wire_enrolled answer = granted();
    uint8_t first[4096];
    struct link_frame frame;
    size_t n;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    n = frame.body.n;
    memcpy(first, frame.body.p, n);
    issuer_die();
    CHECK(get("/healthz")->status == 503);
    CHECK(get("/.well-known/est/cacerts")->status == 200);
    issuer_start(true);
    frame = issuer_get(WIRE_ENROL);
    CHECK_BYTES(frame.body.p, frame.body.n, first, n);
    issuer_answer(frame.tag, &answer);
    CHECK(client_get(fd)->status == 200);
    close_house();
}

static void a_request_that_came_without_an_issuer_waits_for_one(void)
{
    struct wire_enrolled answer = granted();
    time_t end = now() + DEADLINE;
    int fd;

    open_house(true);
    issuer_die();
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    while (w.devices->waiting == 0 && now() < end) {
        step();
    }
    issuer_start(true);
    issuer_answer(issuer_get(WIRE_ENROL).tag, &answer);
    CHECK(client_get(fd)->status == 200);
    close_house();
}

static void a_full_queue_says_when_to_come_again(void)
{
    struct wire_enrolled answer = granted();
    struct link_frame frame[QUEUE];
    const struct answer *a;
    int fd[QUEUE];

    open_house(true);
    for (size_t i = 0; i < QUEUE; i++) {
        fd[i] = post("simpleenroll", PKCS10 BASIC, plain_csr());
        frame[i] = issuer_get(WIRE_ENROL);
    }
    a = client_get(post("simpleenroll", PKCS10 BASIC, plain_csr()));
    CHECK(a->status == 503 && has_header(a, "Retry-After: 2"));
    /* Answers in whatever order find whom they are for. */
    for (size_t i = QUEUE; i-- > 0;) {
        issuer_answer(frame[i].tag, &answer);
        CHECK(client_get(fd[i])->status == 200);
    }
    CHECK(enrol("simpleenroll", &answer)->status == 200);
    close_house();
}

static void who_waits_too_long_is_told_so_and_a_late_answer_harms_nobody(void)
{
    struct wire_enrolled answer = granted();
    struct link_frame frame;
    const struct answer *a;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    devices_tick(w.devices, room_now() + DEVICES_PATIENCE + 1);
    a = client_get(fd);
    CHECK(a->status == 503 && has_header(a, "Retry-After: 2"));
    issuer_answer(frame.tag, &answer);
    CHECK(enrol("simpleenroll", &answer)->status == 200);
    CHECK(w.devices->issuer != NULL);
    close_house();
}

static void an_answer_that_is_malformed_ends_the_link_alone(void)
{
    struct wire_enrolled answer = granted();
    time_t end = now() + DEADLINE;
    struct link_frame frame;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    issuer_put(WIRE_ENROL, frame.tag, BM_LIT("nonsense"));
    while (w.devices->issuer != NULL && now() < end) {
        step();
    }
    CHECK(w.devices->issuer == NULL);
    close(w.issuer);
    issuer_start(true);
    issuer_answer(issuer_get(WIRE_ENROL).tag, &answer);
    CHECK(client_get(fd)->status == 200);
    close_house();
}

static void a_malformed_catalogue_changes_nothing(void)
{
    time_t end = now() + DEADLINE;

    open_house(true);
    issuer_put(WIRE_CATALOGUE, 0, BM_LIT("nonsense"));
    while (w.devices->issuer != NULL && now() < end) {
        step();
    }
    CHECK(get("/.well-known/est/cacerts")->status == 200);
    close_house();
}

static void who_shows_bad_tokens_again_and_again_is_kept_waiting(void)
{
    struct wire_enrolled no = { .http = 401, .words = BM_LIT("no\n") };
    struct bm_bytes csr = plain_csr();
    int status = 401;
    int tries = 0;
    int fd;

    open_house(true);
    fd = client_open();
    while (status == 401 && tries < 1000) {
        post_on(fd, "simpleenroll", PKCS10 BASIC, csr);
        issuer_answer(issuer_get(WIRE_ENROL).tag, &no);
        status = client_read(fd)->status;
        tries++;
    }
    CHECK(status == 429 && tries > 10);
    close(fd);
    close_house();
}

/* ---- serverkeygen */

/* The key in the first part of the answer. */
static EVP_PKEY *key_in(const struct answer *a, const char **rest)
{
    const char *at = strstr(a->body, "\r\n\r\n");
    const char *end = at == NULL ? NULL : strstr(at, "\n\r\n--");
    uint8_t der[1024];
    const unsigned char *p = der;
    EVP_PKEY *key = NULL;
    struct bm_wr o;

    bm_wr_init(&o, der, sizeof der);
    if (end != NULL &&
        bm_base64_decode((struct bm_bytes){ (const uint8_t *)at + 4,
                                            (size_t)(end - at - 4) },
                         BM_BASE64_SPACES, NULL, &o) == BM_OK) {
        PKCS8_PRIV_KEY_INFO *info =
            d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)o.len);

        key = info == NULL ? NULL : EVP_PKCS82PKEY(info);
        PKCS8_PRIV_KEY_INFO_free(info);
        *rest = end + 3;
    }
    return key;
}

/* RFC 7030 4.4.1 MUST: key and signature of the request are ignored. */
static void the_server_makes_a_key_where_it_may(void)
{
    struct wire_enrolled answer = granted();
    struct wire_enrol m = { 0 };
    uint8_t broken[4096];
    struct bm_bytes csr = plain_csr();
    struct link_frame frame;
    const struct answer *a;
    const char *rest = NULL;
    struct bm_csr theirs = { 0 };
    struct bm_csr ours = { 0 };
    unsigned char *spki = NULL;
    EVP_PKEY *key;
    int n;
    int fd;

    open_house(true);
    memcpy(broken, csr.p, csr.n);
    broken[csr.n - 1] ^= 1;
    fd = post("keys/serverkeygen", PKCS10 BASIC,
              (struct bm_bytes){ broken, csr.n });
    frame = issuer_get(WIRE_ENROL);
    CHECK_STATUS(wire_enrol_get(frame.body, &m), BM_OK);
    CHECK(m.op == WIRE_SERVERKEYGEN);
    CHECK_STATUS(bm_csr_parse(csr, NULL, &theirs), BM_OK);
    CHECK_STATUS(bm_csr_parse(m.csr, NULL, &ours), BM_OK);
    CHECK(!bm_bytes_equal(theirs.key.der, ours.key.der));
    CHECK_STATUS(bm_csr_verify(&ours, bm_test_crypto()), BM_OK);
    CHECK(bm_bytes_equal(ours.subject, theirs.subject));
    issuer_answer(frame.tag, &answer);
    a = client_get(fd);
    CHECK(a->status == 200);
    CHECK(has_header(a, "Content-Type: " EST_TYPE_KEYGEN));
    key = key_in(a, &rest);
    n = key == NULL ? 0 : i2d_PUBKEY(key, &spki);
    CHECK_BYTES(spki, (size_t)n, ours.key.der.p, ours.key.der.n);
    CHECK(rest != NULL && strstr(rest, "smime-type=certs-only") != NULL);
    OPENSSL_free(spki);
    EVP_PKEY_free(key);
    close_house();
}

#define ATTRIBUTE(n)                                             \
    "\x30\x12\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02" n \
    "\x31\x03\x04\x01k"

/* RFC 7030 4.4.1.1, 4.4.1.2: never less protection than asked for. */
static void a_key_that_cannot_be_encrypted_as_asked_is_not_sent(void)
{
    static const struct bm_bytes attributes[] = {
        BM_LIT_INIT(ATTRIBUTE("\x25")),
        BM_LIT_INIT(ATTRIBUTE("\x36")),
    };

    open_house(true);
    for (size_t i = 0; i < 2; i++) {
        const struct answer *a = client_get(
            post("keys/serverkeygen", PKCS10 BASIC, csr_of("", attributes[i])));

        CHECK(a->status == 400);
        CHECK(strstr(a->body, "RFC 7030 4.4.1") != NULL);
    }
    CHECK(w.devices->waiting == 0);
    close_house();
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(ca_certificates_are_for_everybody);
    RUN(csrattrs_are_those_of_the_label);
    RUN(what_is_not_served_is_said);
    RUN(a_device_enrols_with_its_token);
    RUN(operations_labels_and_bearers_reach_the_issuer);
    RUN(what_the_issuer_refuses_is_passed_on);
    RUN(requests_that_are_wrong_do_not_reach_the_issuer);
    RUN(possession_is_proved_before_anybody_is_asked);
    RUN(before_the_issuer_is_there_clients_are_told_to_come_again);
    RUN(requests_outlive_the_issuer);
    RUN(a_request_that_came_without_an_issuer_waits_for_one);
    RUN(a_full_queue_says_when_to_come_again);
    RUN(who_waits_too_long_is_told_so_and_a_late_answer_harms_nobody);
    RUN(an_answer_that_is_malformed_ends_the_link_alone);
    RUN(a_malformed_catalogue_changes_nothing);
    RUN(who_shows_bad_tokens_again_and_again_is_kept_waiting);
    RUN(the_server_makes_a_key_where_it_may);
    RUN(a_key_that_cannot_be_encrypted_as_asked_is_not_sent);
    return bm_test_done();
}
