/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/request.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/bm_test.h"

static int ends[2];
static struct request request;

#define BODY 300

/* FIREWALL_APPLY with so many octets. */
static size_t make(uint8_t octets[FIREWALL_HEAD + BODY])
{
    const struct firewall_head head = { FIREWALL_APPLY, 1, BODY };

    firewall_head_put(&head, octets);
    for (size_t i = 0; i < BODY; i++) {
        octets[FIREWALL_HEAD + i] = (uint8_t)i;
    }
    return FIREWALL_HEAD + BODY;
}

static void begin(void)
{
    memset(&request, 0, sizeof request);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static void finish(void)
{
    request_wipe(&request);
    CHECK(request.body == NULL && request.got == 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void put(const uint8_t *p, size_t n)
{
    CHECK(send(ends[0], p, n, MSG_NOSIGNAL) == (ssize_t)n);
}

static void a_request_is_whole_wherever_it_was_cut(void)
{
    uint8_t octets[FIREWALL_HEAD + BODY];
    const size_t n = make(octets);

    for (size_t cut = 0; cut < n; cut++) {
        begin();
        if (cut != 0) {
            put(octets, cut);
        }
        CHECK(request_read(&request, ends[1]) == REQUEST_MORE);
        put(octets + cut, n - cut);
        CHECK(request_read(&request, ends[1]) == REQUEST_WHOLE);
        CHECK(request.head.what == FIREWALL_APPLY && request.head.word == 1);
        CHECK_BYTES(request.body, request.head.n, octets + FIREWALL_HEAD, BODY);
        finish();
    }
}

static void what_is_behind_a_request_is_not_taken(void)
{
    const struct firewall_head head = { FIREWALL_COUNT, 1, 0 };
    uint8_t octets[FIREWALL_HEAD + 1] = { 0 };
    uint8_t left[2];

    begin();
    firewall_head_put(&head, octets);
    put(octets, sizeof octets);
    CHECK(request_read(&request, ends[1]) == REQUEST_WHOLE);
    CHECK(recv(ends[1], left, sizeof left, MSG_DONTWAIT) == 1);
    finish();
}

static void who_leaves_before_the_end_or_says_nonsense_is_refused(void)
{
    static const uint8_t bad[FIREWALL_HEAD] = { 9 };
    uint8_t octets[FIREWALL_HEAD + BODY];
    const size_t n = make(octets);

    begin();
    put(bad, sizeof bad);
    CHECK(request_read(&request, ends[1]) == REQUEST_BAD);
    finish();
    for (size_t cut = 0; cut < n; cut += 7) {
        begin();
        if (cut != 0) {
            put(octets, cut);
        }
        CHECK(shutdown(ends[0], SHUT_WR) == 0);
        CHECK(request_read(&request, ends[1]) == REQUEST_BAD);
        finish();
    }
}

int main(void)
{
    RUN(a_request_is_whole_wherever_it_was_cut);
    RUN(what_is_behind_a_request_is_not_taken);
    RUN(who_leaves_before_the_end_or_says_nonsense_is_refused);
    return bm_test_done();
}
