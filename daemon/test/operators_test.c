/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "daemon/link.h"
#include "daemon/metrics.h"
#include "daemon/test/rooms.h"
#include "daemon/wire.h"
#include "protocols/admin/admin.h"

/*
 * The room in this process, with an issuer of the test's own at the other
 * end of its link: one that can keep an answer back, or go away.
 */

#define WAIT_MS 60000

static struct room room;
static struct metrics_page page;
static struct link *issuer;
static SSL_CTX *client;
static int port;

/* What the issuer got last, and what it says. */
static struct {
    unsigned calls;
    uint32_t tag;
    unsigned operation;
    char params[512];
    char key[128];
    bool has_cert;
    bool mute;
    uint16_t http;
    uint32_t retry_after;
} asked;

static void reply(uint32_t tag)
{
    uint8_t octets[256];
    struct wire_administered m = { .http = asked.http,
                                   .retry_after = asked.retry_after,
                                   .body = BM_LIT("{\"ok\":true}") };
    struct link_frame frame = { .verb = WIRE_ADMIN, .tag = tag };
    struct bm_wr w;

    bm_wr_init(&w, octets, sizeof(octets));
    wire_administered_put(&w, &m);
    frame.body = bm_wr_bytes(&w);
    CHECK_STATUS(link_put(issuer, &frame), BM_OK);
}

static bm_status on_admin(void *self, struct link *link,
                          const struct link_frame *frame)
{
    struct wire_admin m;

    (void)self;
    (void)link;
    BM_TRY(wire_admin_get(frame->body, &m));
    asked.calls++;
    asked.tag = frame->tag;
    asked.operation = m.operation;
    asked.has_cert = m.cert.n != 0;
    (void)snprintf(asked.params, sizeof(asked.params), "%.*s", (int)m.params.n,
                   (const char *)m.params.p);
    (void)snprintf(asked.key, sizeof(asked.key), "%.*s", (int)m.key.n,
                   (const char *)m.key.p);
    if (!asked.mute) {
        reply(frame->tag);
    }
    return BM_OK;
}

static void turn(void)
{
    (void)event_base_loop(room.base, EVLOOP_NONBLOCK);
}

static void give_issuer(void)
{
    static const struct link_verb verbs[] = {
        { WIRE_ADMIN, LINK_FRAME_MAX, on_admin },
        { 0, 0, NULL },
    };
    const struct link_config config = { .base = room.base, .verbs = verbs };
    int fds[2];

    memset(&asked, 0, sizeof(asked));
    asked.http = 200;
    rooms_pair(fds);
    CHECK_STATUS(room_operators.link(&room, ROOM_ISSUER, 0, fds[0]), BM_OK);
    CHECK_STATUS(link_new(&config, fds[1], &issuer), BM_OK);
}

static void take_issuer(void)
{
    link_free(issuer);
    issuer = NULL;
}

static int listen_somewhere(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&at, n) == 0 && listen(fd, 64) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    port = ntohs(at.sin_port);
    return fd;
}

static void begin(void)
{
    struct ca_refusal why = { BM_OK, "" };

    memset(&page, 0, sizeof(page));
    memset(&room, 0, sizeof(room));
    room.type = &room_operators;
    room.base = event_base_new();
    room.metrics = &page;
    (void)snprintf(room.dir, sizeof(room.dir), "%s", rooms_dir);
    CHECK_STATUS(rooms_settings(&room), BM_OK);
    room.settings.limit_queue = 3;
    CHECK_STATUS(room_operators.setup(&room, &why), BM_OK);
    CHECK_STATUS(
        room_operators.listen(&room, ROOM_PORT_OPERATORS, listen_somewhere()),
        BM_OK);
}

static void end(void)
{
    take_issuer();
    room_operators.teardown(&room);
    settings_wipe(&room.settings);
    event_base_free(room.base);
}

/* ---- Operators */

static SSL *dial(SSL_CTX *ctx)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port) };
    SSL *ssl = SSL_new(ctx);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int rc = -1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    SSL_set_fd(ssl, fd);
    for (int i = 0; i < WAIT_MS && rc != 1; i++) {
        rc = SSL_connect(ssl);
        if (rc != 1 && SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ) {
            break;
        }
        turn();
        (void)poll(NULL, 0, rc == 1 ? 0 : 1);
    }
    ERR_clear_error();
    return ssl;
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);

    SSL_free(ssl);
    (void)close(fd);
    turn();
}

/* The answer, as a string; "" when the connection ends. */
static void hear(SSL *ssl, char out[4096])
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < WAIT_MS; i++) {
        int rc = SSL_read_ex(ssl, out, 4095, &n);

        if (rc == 1) {
            out[n] = '\0';
            return;
        }
        if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ) {
            ERR_clear_error();
            return;
        }
        turn();
        (void)poll(NULL, 0, 1);
    }
}

static void say(SSL *ssl, const char *request)
{
    CHECK(SSL_write(ssl, request, (int)strlen(request)) ==
          (int)strlen(request));
    turn();
}

static int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0
               ? (int)strtol(answer + 9, NULL, 10)
               : 0;
}

static SSL_CTX *make_client(bool with_cert)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    char path[FILES_PATH_MAX];

    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    if (with_cert) {
        CHECK_STATUS(files_path(path, rooms_dir, "operator/operator.pem"),
                     BM_OK);
        CHECK(SSL_CTX_use_certificate_file(ctx, path, SSL_FILETYPE_PEM) == 1);
        CHECK_STATUS(files_path(path, rooms_dir, "operator/operator.key"),
                     BM_OK);
        CHECK(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) == 1);
    }
    return ctx;
}

#define HOST " HTTP/1.1\r\nHost: a\r\n"
#define WHO  "GET /api/v1/whoami" HOST "\r\n"
#define JSON "Content-Type: application/json\r\n"

/* ---- Tests */

static void a_request_reaches_the_issuer_and_its_answer_the_operator(void)
{
    char answer[4096];
    SSL *ssl;

    begin();
    give_issuer();
    ssl = dial(client);
    say(ssl, "GET /api/v1/certificates?limit=5&status=revoked" HOST
             "Idempotency-Key: k-1\r\n\r\n");
    hear(ssl, answer);
    CHECK(status_of(answer) == 200);
    CHECK(strstr(answer, "Content-Type: application/json\r\n") != NULL);
    CHECK(strstr(answer, "Cache-Control: no-store\r\n") != NULL);
    CHECK(strstr(answer, "\r\n\r\n{\"ok\":true}") != NULL);
    CHECK((int)asked.operation == admin_find("listCertificates"));
    CHECK(strstr(asked.params, "\"limit\":5") != NULL);
    CHECK(strcmp(asked.key, "k-1") == 0);
    CHECK(asked.has_cert);
    asked.http = 409;
    asked.retry_after = 7;
    say(ssl, WHO);
    hear(ssl, answer);
    CHECK(status_of(answer) == 409);
    CHECK(strstr(answer, "application/problem+json") != NULL);
    CHECK(strstr(answer, "Retry-After: 7\r\n") != NULL);
    hang_up(ssl);
    end();
}

/* What the table refuses never reaches the issuer. */
static void requests_are_checked_before_they_are_passed_on(void)
{
    static const struct {
        const char *request;
        int status;
        const char *has;
    } cases[] = {
        { "GET /" HOST "\r\n", 404, "/api/v1/" },
        { "GET /api/v1/nothing" HOST "\r\n", 404, "problem+json" },
        { "DELETE /api/v1/whoami" HOST "\r\n", 405, "Allow: GET\r\n" },
        { "GET /api/v1/certificates?colour=red" HOST "\r\n", 400, "colour" },
        { "POST /api/v1/tokens" HOST JSON "Content-Length: 2\r\n\r\n{{", 400,
          "problem+json" },
        { "POST /api/v1/tokens" HOST "Content-Length: 2\r\n\r\n{}", 415,
          "problem+json" },
        { "GET /api/v1/whoami" HOST "Idempotency-Key: "
          "0123456789012345678901234567890123456789012345678901234567890123x"
          "\r\n\r\n",
          400, "Idempotency-Key" },
        { "HEAD /api/v1/openapi.json" HOST "\r\n", 200, "application/json" },
    };
    char answer[4096];
    SSL *ssl;

    begin();
    give_issuer();
    ssl = dial(client);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say(ssl, cases[i].request);
        hear(ssl, answer);
        if (status_of(answer) != cases[i].status ||
            strstr(answer, cases[i].has) == NULL) {
            printf("# case %zu: %s\n", i, answer);
            CHECK(!"as the table says");
        }
    }
    CHECK(asked.calls == 0);
    hang_up(ssl);
    end();
}

static void without_a_certificate_there_is_no_handshake(void)
{
    SSL_CTX *nobody = make_client(false);
    char answer[4096];
    SSL *ssl;

    begin();
    give_issuer();
    ssl = dial(nobody);
    (void)SSL_write(ssl, WHO, sizeof(WHO) - 1);
    hear(ssl, answer);
    CHECK(answer[0] == '\0' && asked.calls == 0);
    CHECK(page.value[METRICS_HANDSHAKES] == 0);
    hang_up(ssl);
    SSL_CTX_free(nobody);
    end();
}

static void a_lost_issuer_is_a_reason_to_come_again(void)
{
    char answer[4096];
    SSL *ssl;

    begin();
    ssl = dial(client);
    say(ssl, WHO);
    hear(ssl, answer);
    CHECK(status_of(answer) == 503);
    CHECK(strstr(answer, "Retry-After: 1\r\n") != NULL);
    give_issuer();
    asked.mute = true;
    say(ssl, WHO);
    for (int i = 0; i < WAIT_MS && asked.calls == 0; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    take_issuer();
    hear(ssl, answer);
    CHECK(status_of(answer) == 503);
    CHECK(strstr(answer, "Idempotency-Key") != NULL);
    give_issuer();
    say(ssl, WHO);
    hear(ssl, answer);
    CHECK(status_of(answer) == 200);
    /* A new end while the old one still seems to be there. */
    asked.mute = true;
    say(ssl, WHO);
    for (int i = 0; i < WAIT_MS && asked.calls == 1; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    take_issuer();
    give_issuer();
    hear(ssl, answer);
    CHECK(status_of(answer) == 503);
    hang_up(ssl);
    end();
}

static void what_waits_is_bounded_and_given_up_on(void)
{
    SSL *ssl[4];
    char answer[4096];
    uint32_t late;

    begin();
    give_issuer();
    asked.mute = true;
    for (int i = 0; i < 4; i++) {
        ssl[i] = dial(client);
        say(ssl[i], WHO);
        for (unsigned j = 0;
             j < WAIT_MS && i < 3 && asked.calls != (unsigned)i + 1; j++) {
            turn();
            (void)poll(NULL, 0, 1);
        }
    }
    hear(ssl[3], answer); /* there are three places */
    CHECK(status_of(answer) == 503 && asked.calls == 3);
    CHECK(page.value[METRICS_QUEUE] == 3);
    reply(asked.tag);
    hear(ssl[2], answer);
    CHECK(status_of(answer) == 200);
    late = asked.tag - 1;
    rooms_clock += 61;
    hear(ssl[0], answer);
    CHECK(status_of(answer) == 503);
    hear(ssl[1], answer);
    CHECK(status_of(answer) == 503);
    CHECK(page.value[METRICS_QUEUE] == 0);
    reply(late); /* to nobody */
    asked.mute = false;
    say(ssl[0], WHO);
    hear(ssl[0], answer);
    CHECK(status_of(answer) == 200);
    for (int i = 0; i < 4; i++) {
        hang_up(ssl[i]);
    }
    end();
}

static void a_program_in_a_loop_is_told_to_wait(void)
{
    char answer[4096];
    int status = 200;
    unsigned n = 0;
    SSL *ssl;

    begin();
    give_issuer();
    ssl = dial(client);
    for (; n < 10000 && status == 200; n++) {
        say(ssl, WHO);
        hear(ssl, answer);
        status = status_of(answer);
    }
    CHECK(status == 429 && strstr(answer, "Retry-After: ") != NULL);
    CHECK(n > 100);
    CHECK(asked.calls == n - 1);
    hang_up(ssl);
    end();
}

static void a_stop_finishes_what_was_accepted(void)
{
    char answer[4096];
    SSL *ssl;

    begin();
    give_issuer();
    asked.mute = true;
    ssl = dial(client);
    say(ssl, WHO);
    for (int i = 0; i < WAIT_MS && asked.calls == 0; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    room_operators.stop(&room);
    turn();
    reply(asked.tag);
    hear(ssl, answer);
    CHECK(status_of(answer) == 200);
    CHECK(strstr(answer, "Connection: close\r\n") != NULL);
    (void)shutdown(SSL_get_fd(ssl), SHUT_RDWR);
    for (int i = 0; i < WAIT_MS && !event_base_got_break(room.base); i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    CHECK(event_base_got_break(room.base)); /* room_done() */
    hang_up(ssl);
    CHECK(page.value[METRICS_CONNECTIONS] == 0);
    end();
}

int main(void)
{
    rooms_begin();
    client = make_client(true);
    RUN(a_request_reaches_the_issuer_and_its_answer_the_operator);
    RUN(requests_are_checked_before_they_are_passed_on);
    RUN(without_a_certificate_there_is_no_handshake);
    RUN(a_lost_issuer_is_a_reason_to_come_again);
    RUN(what_waits_is_bounded_and_given_up_on);
    RUN(a_program_in_a_loop_is_told_to_wait);
    RUN(a_stop_finishes_what_was_accepted);
    SSL_CTX_free(client);
    rooms_end();
    return bm_test_done();
}
