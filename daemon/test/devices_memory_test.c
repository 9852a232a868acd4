/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations fail in turn (linked with --wrap): a client is answered or cut
 * off, and the next one is served.
 */
#include "daemon/test/devices_world.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

static long countdown = -1; /* allocations until one fails; below 0: none */

static bool fails(void)
{
    return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

/* The status that the client gets, or 0 for a connection that is closed. */
static int status_of(int fd)
{
    static struct answer a;
    struct wire_enrolled good = granted();
    time_t end = now() + DEADLINE;
    struct link_frame frame;
    ssize_t n = -1;

    memset(&a, 0, sizeof a);
    while (!is_whole(&a) && n != 0 && now() < end) {
        step();
        devices_tick(w.devices, room_now()); /* what could not be sent */
        if (issuer_next(&frame) && frame.verb == WIRE_ENROL) {
            issuer_answer(frame.tag, &good);
        }
        n = read(fd, a.all + a.n, sizeof a.all - 1 - a.n);
        a.n += n > 0 ? (size_t)n : 0;
    }
    CHECK(n == 0 || is_whole(&a));
    close(fd);
    return is_whole(&a) ? a.status : 0;
}

/* One enrolment with the allocation number `i` failing: false if there is none
 * of that number any more. */
static bool try_enrol(const char *path, struct bm_bytes csr, long i)
{
    bool over;
    int status;
    int fd = post(path, PKCS10 BASIC, csr);

    countdown = i;
    status = status_of(fd);
    over = countdown >= 0;
    countdown = -1;
    CHECK(status == 200 || status == 0 || status == 500 || status == 503 ||
          status == 400);
    CHECK(!over || status == 200);
    if (w.devices->issuer == NULL) { /* its answer could not be taken in */
        close(w.issuer);
        issuer_start(true);
    }
    status = status_of(post(path, PKCS10 BASIC, csr));
    CHECK(status == 200);
    return !over;
}

static void enrol_until_nothing_fails(const char *path)
{
    struct bm_bytes csr = plain_csr();
    long i = 0;

    open_house(true);
    while (try_enrol(path, csr, i)) {
        i++;
    }
    CHECK(i > 3);
    CHECK(w.devices->waiting == 0);
    close_house();
}

static void an_enrolment_ends_whatever_allocation_fails(void)
{
    enrol_until_nothing_fails("simpleenroll");
}

static void so_does_one_with_a_key_of_ours(void)
{
    enrol_until_nothing_fails("keys/serverkeygen");
}

static void a_catalogue_is_taken_whole_or_not_at_all(void)
{
    struct devices_catalogue c = { 0 };
    uint8_t rows[4096];
    struct wire_label row = { .label = text("a"),
                              .cacerts = bm_sample("cert", "root-p256") };
    bm_status rc = BM_E_MEMORY;
    struct bm_wr o;

    bm_wr_init(&o, rows, sizeof rows);
    wire_label_put(&o, &row);
    for (long i = 0; rc != BM_OK; i++) {
        countdown = i;
        rc = devices_catalogue_set(&c, bm_wr_bytes(&o));
        countdown = -1;
        CHECK(rc == BM_OK ? c.n == 1 : rc == BM_E_MEMORY && c.n == 0);
    }
    devices_catalogue_wipe(&c);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(an_enrolment_ends_whatever_allocation_fails);
    RUN(so_does_one_with_a_key_of_ours);
    RUN(a_catalogue_is_taken_whole_or_not_at_all);
    return bm_test_done();
}
