/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/courier_internal.h"

/*
 * Webhooks. libcurl speaks HTTP and TLS, libevent waits. Each destination has
 * a pool of connections of its own: what one of them trusts is no other's.
 */

/* ---- libcurl in libevent */

static void check_done(struct courier_place *p);

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct courier_place *p = arg;
    int flags = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
                ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    int running;

    (void)curl_multi_socket_action(p->multi, fd, flags, &running);
    check_done(p);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct courier_place *p = arg;
    int running;

    (void)fd;
    (void)what;
    (void)curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    check_done(p);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct courier_place *p = arg;
    struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

    (void)multi;
    if (ms < 0) {
        (void)event_del(p->timer);
    } else {
        (void)event_add(p->timer, &wait);
    }
    return 0;
}

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg,
                     void *watched)
{
    struct courier_place *p = arg;
    struct event *event = watched;
    short wants = EV_PERSIST;

    (void)curl;
    if (event != NULL) {
        event_free(event);
        event = NULL;
    }
    if (what != CURL_POLL_REMOVE) {
        wants |= (what & CURL_POLL_IN) != 0 ? EV_READ : 0;
        wants |= (what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0;
        event = event_new(p->courier->room->base, fd, wants, on_ready, p);
        if (event == NULL || event_add(event, NULL) != 0) {
            return -1;
        }
    }
    return curl_multi_assign(p->multi, fd, event) == CURLM_OK ? 0 : -1;
}

bm_status courier_http_open(struct courier_place *p)
{
    CURLM *m = curl_multi_init();

    p->multi = m;
    p->timer = event_new(p->courier->room->base, -1, 0, on_timeout, p);
    return m != NULL && p->timer != NULL &&
                   curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) ==
                       CURLM_OK &&
                   curl_multi_setopt(m, CURLMOPT_SOCKETDATA, p) == CURLM_OK &&
                   curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer) ==
                       CURLM_OK &&
                   curl_multi_setopt(m, CURLMOPT_TIMERDATA, p) == CURLM_OK &&
                   curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                                     (long)COURIER_CONNECTIONS) == CURLM_OK
               ? BM_OK
               : BM_E_MEMORY;
}

void courier_http_close(struct courier_place *p)
{
    if (p->multi != NULL) {
        (void)curl_multi_cleanup(p->multi);
        p->multi = NULL;
    }
    if (p->timer != NULL) {
        event_free(p->timer);
        p->timer = NULL;
    }
}

/* ---- One request */

static void wipe_request(struct courier_job *job)
{
    if (job->curl != NULL) {
        (void)curl_multi_remove_handle(job->place->multi, job->curl);
        curl_easy_cleanup(job->curl);
        job->curl = NULL;
    }
    curl_slist_free_all(job->headers);
    curl_slist_free_all(job->addresses);
    free(job->body);
    job->headers = NULL;
    job->addresses = NULL;
    job->body = NULL;
}

static void finish(struct courier_job *job, const char *words)
{
    wipe_request(job);
    courier_done(job, words);
}

void courier_http_cancel(struct courier_job *job)
{
    wipe_request(job);
    if (job->asking != NULL) {
        job->place = NULL; /* on_addresses() frees it */
        evdns_getaddrinfo_cancel(job->asking);
    } else {
        free(job);
    }
}

/* RFC 9110 15.3: 2xx; a redirection is no place that an operator named. */
static void judge(struct courier_job *job, CURLcode rc)
{
    char words[STORE_NAME_MAX];
    long status = 0;

    (void)curl_easy_getinfo(job->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status <= 299 &&
        (rc == CURLE_OK || rc == CURLE_WRITE_ERROR)) {
        finish(job, NULL); /* however much it says beside */
        return;
    }
    if (job->refused) {
        (void)snprintf(words, sizeof words, "its address may not be reached");
    } else if (rc != CURLE_OK) {
        (void)snprintf(words, sizeof words, "%s", curl_easy_strerror(rc));
    } else {
        (void)snprintf(words, sizeof words, "HTTP %ld", status);
    }
    finish(job, words);
}

static void check_done(struct courier_place *p)
{
    struct courier_job *job;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(p->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job) ==
                CURLE_OK) {
            judge(job, message->data.result);
        }
    }
}

/* ---- What libcurl asks */

/* The last word on where a connection goes. */
static curl_socket_t on_open(void *arg, curlsocktype purpose,
                             struct curl_sockaddr *a)
{
    struct courier_job *job = arg;
    enum settings_reach reach =
        (enum settings_reach)job->place->courier->room->settings.courier_reach;

    if (purpose != CURLSOCKTYPE_IPCXN || !courier_may_reach(reach, &a->addr)) {
        job->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static CURLcode on_tls(CURL *curl, void *ctx, void *arg)
{
    const struct courier_job *job = arg;

    (void)curl;
    return courier_tls_setup(job->place, ctx) == BM_OK ? CURLE_OK
                                                       : CURLE_SSL_CERTPROBLEM;
}

static size_t on_answer(char *octets, size_t size, size_t n, void *arg)
{
    struct courier_job *job = arg;

    (void)octets;
    job->answered += size * n;
    return job->answered <= COURIER_ANSWER_MAX ? size * n : 0;
}

static bool add_header(struct courier_job *job, const char *format,
                       const char *value)
{
    char text[256];
    struct curl_slist *more;

    (void)snprintf(text, sizeof text, format, value);
    more = curl_slist_append(job->headers, text);
    job->headers = more != NULL ? more : job->headers;
    return more != NULL;
}

static bm_status make_headers(struct courier_job *job)
{
    const struct courier *c = job->place->courier;
    const struct courier_signing signing = {
        .secret = { job->place->secret, STORE_SECRET_MAX },
        .id = job->event.id,
        .time = room_now(),
        .body = { (const uint8_t *)job->body, strlen(job->body) },
    };
    char signature[COURIER_SIGNATURE_MAX];
    char id[STORE_ID_MAX];
    char time[24];

    BM_TRY(courier_sign(c->crypto, &signing, signature));
    (void)snprintf(id, sizeof id, "%.*s", (int)job->event.id.n,
                   (const char *)job->event.id.p);
    (void)snprintf(time, sizeof time, "%lld", (long long)signing.time);
    return add_header(job, "Content-Type: %s",
                      "application/cloudevents+json; charset=utf-8") &&
                   add_header(job, "webhook-id: %s", id) &&
                   add_header(job, "webhook-timestamp: %s", time) &&
                   add_header(job, "webhook-signature: %s", signature) &&
                   add_header(job, "Expect:%s", "")
               ? BM_OK
               : BM_E_MEMORY;
}

#define SET(option, value) \
    (curl_easy_setopt(job->curl, (option), (value)) == CURLE_OK)

static bool set_request(struct courier_job *job)
{
    const struct courier_place *p = job->place;
    const struct settings *s = &p->courier->room->settings;

    return SET(CURLOPT_URL, p->text) && SET(CURLOPT_PRIVATE, job) &&
           SET(CURLOPT_POSTFIELDSIZE, (long)strlen(job->body)) &&
           SET(CURLOPT_POSTFIELDS, job->body) &&
           SET(CURLOPT_HTTPHEADER, job->headers) &&
           SET(CURLOPT_USERAGENT, "birthmark") &&
           SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           SET(CURLOPT_TIMEOUT_MS, (long)s->courier_timeout * 1000) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, (long)s->courier_timeout * 1000) &&
           SET(CURLOPT_WRITEFUNCTION, on_answer) &&
           SET(CURLOPT_WRITEDATA, job) &&
           SET(CURLOPT_HEADERFUNCTION, on_answer) &&
           SET(CURLOPT_HEADERDATA, job);
}

/* No more than is meant: no other protocol, no redirection, no proxy of the
 * environment, no file, no signal. */
static bool set_walls(struct courier_job *job)
{
    return SET(CURLOPT_PROTOCOLS_STR, "https") &&
           SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_PROXY, "") &&
           SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
           SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
           SET(CURLOPT_SSL_VERIFYHOST, 2L) && SET(CURLOPT_CAINFO, NULL) &&
           SET(CURLOPT_CAPATH, NULL) &&
           SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           SET(CURLOPT_SSL_CTX_FUNCTION, on_tls) &&
           SET(CURLOPT_SSL_CTX_DATA, job) &&
           SET(CURLOPT_OPENSOCKETFUNCTION, on_open) &&
           SET(CURLOPT_OPENSOCKETDATA, job) &&
           SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L) &&
           (job->addresses == NULL || SET(CURLOPT_RESOLVE, job->addresses));
}

/* ---- From name to connection */

static size_t put_address(char *text, size_t cap,
                          const struct sockaddr_storage *a)
{
    char digits[INET6_ADDRSTRLEN];
    bool six = a->ss_family == AF_INET6;
    const void *octets =
        six ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)a)->sin_addr;
    int n;

    if (inet_ntop(a->ss_family, octets, digits, sizeof digits) == NULL) {
        return 0;
    }
    n = snprintf(text, cap, six ? "[%s]" : "%s", digits);
    return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

/* "+HOST:PORT:ADDRESS,ADDRESS": libcurl asks nobody itself, however long the
 * request waits for its turn. */
static bm_status set_addresses(struct courier_job *job,
                               const struct courier_addresses *found)
{
    const struct ca_url *url = &job->place->url;
    char text[CA_URL_HOST_MAX + COURIER_ADDRESSES_MAX * 50 + 16];
    uint8_t literal[16];
    int n;

    if (inet_pton(AF_INET, url->host, literal) == 1 ||
        inet_pton(AF_INET6, url->host, literal) == 1) {
        return BM_OK;
    }
    n = snprintf(text, sizeof text, "+%s:%u:", url->host, url->port);
    for (size_t i = 0; i < found->n; i++) {
        if (i != 0) {
            text[n++] = ',';
        }
        n += (int)put_address(text + n, sizeof text - (size_t)n - 1,
                              &found->address[i]);
        text[n] = '\0';
    }
    job->addresses = curl_slist_append(NULL, text);
    return job->addresses == NULL ? BM_E_MEMORY : BM_OK;
}

static bm_status start(struct courier_job *job,
                       const struct courier_addresses *found)
{
    BM_TRY(make_headers(job));
    BM_TRY(set_addresses(job, found));
    job->curl = curl_easy_init();
    return job->curl != NULL && set_request(job) && set_walls(job) &&
                   curl_multi_add_handle(job->place->multi, job->curl) ==
                       CURLM_OK
               ? BM_OK
               : BM_E_MEMORY;
}

static void on_addresses(int code, struct evutil_addrinfo *answer, void *arg)
{
    struct courier_job *job = arg;
    struct courier_addresses found = { .n = 0 };

    job->asking = NULL;
    if (job->place == NULL) { /* cancelled */
        if (answer != NULL) {
            evutil_freeaddrinfo(answer);
        }
        free(job);
        return;
    }
    courier_addresses_take(job->place->courier, answer, &found);
    if (answer != NULL) {
        evutil_freeaddrinfo(answer);
    }
    if (found.n == 0) {
        finish(job, courier_no_address(code, &found));
    } else if (start(job, &found) != BM_OK) {
        finish(job, "the courier is out of memory");
    }
}

void courier_http_send(struct courier_job *job)
{
    job->body = courier_json(&job->event,
                             job->place->courier->room->settings.public_url);
    if (job->body == NULL) {
        finish(job, "the courier is out of memory");
        return;
    }
    courier_resolve(job->place, &job->asking, on_addresses, job);
}
