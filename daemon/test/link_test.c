/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/link.h"

#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/bm_test.h"

#define ECHO      7
#define BULK      8
#define ECHO_MAX  100
#define BULK_MAX  (LINK_FRAME_MAX - LINK_HEAD)
#define TURNS_MAX 100000 /* of the loop: a test that hangs has failed */

/* One end is a link with a table; the other is ours, bare. */
struct world {
    struct event_base *base;
    struct link *link;
    int fd;
    size_t served;
    size_t octets;
    bool closed;
    bool refuse;         /* the next frame */
    bool leave;          /* link_free() from within */
    const uint8_t *seen; /* where the last body was, in the link */
};

static bm_status on_echo(void *room, struct link *link,
                         const struct link_frame *frame)
{
    struct world *w = room;

    w->served++;
    w->octets += frame->body.n;
    w->seen = frame->body.p;
    if (w->leave) {
        link_free(link);
        w->link = NULL;
    }
    return w->refuse ? BM_E_ARGUMENT : link_put(link, frame);
}

static bm_status on_bulk(void *room, struct link *link,
                         const struct link_frame *frame)
{
    struct world *w = room;

    (void)link;
    w->served++;
    w->octets += frame->body.n;
    return BM_OK;
}

static const struct link_verb verbs[] = { { ECHO, ECHO_MAX, on_echo },
                                          { BULK, BULK_MAX, on_bulk },
                                          { 0 } };

static void on_closed(void *room, struct link *link)
{
    struct world *w = room;

    CHECK(link == w->link && link_peer(link) == w);
    w->closed = true;
    w->link = NULL;
}

static void open_world(struct world *w)
{
    struct link_config config = { .verbs = verbs,
                                  .room = w,
                                  .closed = on_closed };
    int ends[2];

    memset(w, 0, sizeof *w);
    w->base = config.base = event_base_new();
    CHECK(w->base != NULL);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK_STATUS(link_new(&config, ends[0], &w->link), BM_OK);
    link_set_peer(w->link, w);
    w->fd = ends[1];
    CHECK(fcntl(w->fd, F_SETFL, O_NONBLOCK) == 0);
}

static void close_world(struct world *w)
{
    link_free(w->link);
    if (w->fd >= 0) {
        close(w->fd);
    }
    event_base_free(w->base);
}

static void turn(struct world *w)
{
    CHECK(event_base_loop(w->base, EVLOOP_NONBLOCK) >= 0);
}

static struct bm_bytes frame(uint8_t *buf, uint16_t verb, uint32_t tag,
                             struct bm_bytes body)
{
    struct bm_wr w;
    struct link_frame f = { verb, 0, tag, body };

    bm_wr_init(&w, buf, LINK_HEAD + body.n);
    link_frame_put(&w, &f);
    return bm_wr_bytes(&w);
}

static void say(struct world *w, struct bm_bytes b)
{
    CHECK(write(w->fd, b.p, b.n) == (ssize_t)b.n);
}

static void every_prefix_of_a_frame_is_not_yet_one(void)
{
    uint8_t buf[64];
    struct bm_bytes whole = frame(buf, ECHO, 0x01020304, BM_LIT("hello"));

    for (size_t n = 0; n <= whole.n; n++) {
        struct link_frame f;
        size_t used = 99;
        uint8_t *exact = malloc(n + 1);
        bm_status rc;

        memcpy(exact, whole.p, n);
        rc = link_frame_parse((struct bm_bytes){ exact, n }, &f, &used);
        CHECK_STATUS(rc, n < whole.n ? BM_E_END : BM_OK);
        CHECK(used == (n < whole.n ? 0 : whole.n));
        if (rc == BM_OK) {
            CHECK(f.verb == ECHO && f.tag == 0x01020304 && f.status == 0);
            CHECK_BYTES(f.body.p, f.body.n, "hello", 5);
        }
        free(exact);
    }
}

static void every_bit_of_a_frame_counts(void)
{
    uint8_t buf[64];
    struct bm_bytes whole = frame(buf, ECHO, 5, BM_LIT("hello"));

    for (size_t bit = 0; bit < whole.n * 8; bit++) {
        struct link_frame f;
        size_t used;
        uint8_t again[64];
        struct bm_wr w;

        buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (link_frame_parse(whole, &f, &used) == BM_OK) {
            bm_wr_init(&w, again, sizeof again);
            link_frame_put(&w, &f);
            CHECK_BYTES(again, w.len, whole.p, used);
        } else {
            CHECK(bit < 32); /* the length */
        }
        buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_length_outside_of_its_range_is_refused(void)
{
    static const struct {
        uint8_t head[4];
        bm_status status;
    } rows[] = {
        { { 0, 0, 0, 0 }, BM_E_LIMIT },
        { { 0, 0, 0, 7 }, BM_E_LIMIT },
        { { 0, 0, 0, 8 }, BM_E_END },
        { { 0, 0x3f, 0xff, 0xfc }, BM_E_END },
        { { 0, 0x3f, 0xff, 0xfd }, BM_E_LIMIT },
        { { 0xff, 0xff, 0xff, 0xff }, BM_E_LIMIT },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct link_frame f;
        size_t used;

        CHECK_STATUS(link_frame_parse(BM_ARRAY(rows[i].head), &f, &used),
                     rows[i].status);
    }
}

static void frames_come_in_any_pieces(void)
{
    struct world w;
    uint8_t stream[4 * 64];
    size_t n = 0;

    for (uint32_t i = 0; i < 4; i++) {
        n += frame(stream + n, ECHO, i, BM_LIT("some body")).n;
    }
    for (size_t piece = 1; piece <= n; piece++) {
        uint8_t back[sizeof stream];

        open_world(&w);
        for (size_t at = 0; at < n; at += piece) {
            size_t some = piece < n - at ? piece : n - at;

            say(&w, (struct bm_bytes){ stream + at, some });
            turn(&w);
        }
        CHECK(w.served == 4 && !w.closed);
        CHECK(read(w.fd, back, sizeof back) == (ssize_t)n);
        CHECK(memcmp(back, stream, n) == 0);
        close_world(&w);
    }
}

/* Its memory is there still: buffers of the usual size are kept. */
static void what_has_passed_is_not_left_in_the_link(void)
{
    static const uint8_t nothing[6] = { 0 };
    uint8_t buf[64];
    struct bm_bytes first = frame(buf, ECHO, 1, BM_LIT("secret"));
    struct bm_bytes second = frame(buf + 32, ECHO, 2, BM_LIT("sesame"));
    struct world w;

    open_world(&w);
    say(&w, first);
    turn(&w);
    CHECK(w.served == 1 && memcmp(w.seen, nothing, sizeof nothing) == 0);

    /* Behind one that is whole, half of the next is kept. */
    say(&w, first);
    say(&w, (struct bm_bytes){ second.p, 15 });
    turn(&w);
    CHECK(w.served == 2 && memcmp(w.seen, nothing, sizeof nothing) == 0);
    say(&w, (struct bm_bytes){ second.p + 15, second.n - 15 });
    turn(&w);
    CHECK(w.served == 3 && memcmp(w.seen, nothing, sizeof nothing) == 0);
    close_world(&w);
}

static void many_answers_leave_in_one_write(void)
{
    struct world w;
    uint8_t buf[64];
    uint8_t back[64 * 200];
    struct bm_bytes f = frame(buf, ECHO, 1, BM_LIT("x"));

    open_world(&w);
    for (int i = 0; i < 200; i++) {
        say(&w, f);
    }
    turn(&w);
    CHECK(w.served == 200);
    CHECK(read(w.fd, back, sizeof back) == (ssize_t)(200 * f.n));
    close_world(&w);
}

/* What is not in the table closes the link, and nothing behind it counts. */
static void what_the_table_does_not_hold_closes_the_link(void)
{
    static const uint8_t large[ECHO_MAX + 1];
    const struct {
        uint16_t verb;
        struct bm_bytes body;
        size_t cut; /* octets that are sent of it; 0: all */
    } rows[] = {
        { 9, BM_LIT_INIT("x"), 0 },
        { 0, BM_LIT_INIT(""), 0 },
        { ECHO, { large, sizeof large }, 0 },
        { ECHO, { large, sizeof large }, LINK_HEAD }, /* at its head already */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        uint8_t buf[3][LINK_HEAD + sizeof large];
        struct bm_bytes bad = frame(buf[1], rows[i].verb, 2, rows[i].body);
        uint8_t back[64];

        open_world(&w);
        if (rows[i].cut != 0) {
            bad.n = rows[i].cut;
        }
        say(&w, frame(buf[0], ECHO, 1, BM_LIT("a")));
        say(&w, bad);
        say(&w, frame(buf[2], ECHO, 3, BM_LIT("b")));
        turn(&w);
        CHECK(w.served == 1 && w.closed);
        while (read(w.fd, back, sizeof back) > 0) {
        }
        CHECK(read(w.fd, back, sizeof back) <= 0);
        close_world(&w);
    }
}

static void a_malformed_length_closes_the_link(void)
{
    struct world w;

    open_world(&w);
    say(&w, BM_LIT("\0\0\0\7"));
    turn(&w);
    CHECK(w.closed && w.served == 0);
    close_world(&w);
}

static void a_refusing_function_closes_the_link(void)
{
    struct world w;
    uint8_t buf[64];

    open_world(&w);
    w.refuse = true;
    say(&w, frame(buf, ECHO, 1, BM_LIT("a")));
    say(&w, frame(buf, ECHO, 1, BM_LIT("a")));
    turn(&w);
    CHECK(w.closed && w.served == 1);
    close_world(&w);
}

static void a_link_can_be_freed_by_its_own_function(void)
{
    struct world w;
    uint8_t buf[64];

    open_world(&w);
    w.leave = true;
    say(&w, frame(buf, ECHO, 1, BM_LIT("a")));
    say(&w, frame(buf, ECHO, 1, BM_LIT("a")));
    turn(&w);
    CHECK(!w.closed && w.served == 1);
    CHECK(read(w.fd, buf, sizeof buf) <= 0);
    close_world(&w);
}

static void the_end_of_the_other_side_is_noticed(void)
{
    struct world w;

    open_world(&w);
    close(w.fd);
    w.fd = -1;
    turn(&w);
    CHECK(w.closed);
    close_world(&w);
}

static void the_largest_frame_passes(void)
{
    struct world w;
    uint8_t *buf = calloc(1, LINK_FRAME_MAX);
    uint8_t *body = calloc(1, BULK_MAX);
    struct bm_bytes f =
        frame(buf, BULK, 1, (struct bm_bytes){ body, BULK_MAX });
    int turns = 0;

    open_world(&w);
    while (f.n != 0 && turns++ < TURNS_MAX) {
        ssize_t n = write(w.fd, f.p, f.n);

        if (n > 0) {
            f.p += n;
            f.n -= (size_t)n;
        }
        turn(&w);
    }
    turn(&w);
    CHECK(w.served == 1 && w.octets == BULK_MAX && !w.closed);
    close_world(&w);
    free(buf);
    free(body);
}

static void a_reader_that_is_stuck_does_not_fill_the_memory(void)
{
    struct world w;
    static uint8_t body[1 << 20];
    struct link_frame f = { BULK, 0, 1, BM_ARRAY(body) };
    size_t put = 0;
    size_t got = 0;
    int turns = 0;
    bm_status rc;

    open_world(&w);
    while ((rc = link_put(w.link, &f)) == BM_OK && put < 100) {
        put++;
    }
    CHECK_STATUS(rc, BM_E_FULL);
    CHECK(put == LINK_QUEUE_MAX / (LINK_HEAD + sizeof body));
    while (got < put * (LINK_HEAD + sizeof body) && turns++ < TURNS_MAX) {
        static uint8_t back[1 << 16];
        ssize_t n;

        turn(&w);
        n = read(w.fd, back, sizeof back);
        got += n > 0 ? (size_t)n : 0;
    }
    CHECK(got == put * (LINK_HEAD + sizeof body) && !w.closed);
    CHECK_STATUS(link_put(w.link, &f), BM_OK); /* and goes on */
    close_world(&w);
}

static void more_than_a_frame_is_not_put(void)
{
    struct world w;
    static uint8_t body[LINK_FRAME_MAX];
    struct link_frame f = { BULK, 0, 1, BM_ARRAY(body) };

    open_world(&w);
    CHECK_STATUS(link_put(w.link, &f), BM_E_LIMIT);
    CHECK_STATUS(link_ask(w.fd, &f, 1, NULL, &f), BM_E_LIMIT);
    close_world(&w);
}

/* ---- Asking */

#define PATIENCE_MS 60000

struct server {
    pthread_t thread;
    struct world w;
};

static void *serve(void *arg)
{
    struct server *s = arg;

    while (s->w.link != NULL && event_base_loop(s->w.base, EVLOOP_ONCE) == 0) {
    }
    return NULL;
}

static void start(struct server *s)
{
    open_world(&s->w);
    CHECK(pthread_create(&s->thread, NULL, serve, s) == 0);
}

static void stop(struct server *s)
{
    close(s->w.fd);
    s->w.fd = -1;
    CHECK(pthread_join(s->thread, NULL) == 0);
    close_world(&s->w);
}

static void a_question_gets_its_answer(void)
{
    struct server s;
    uint8_t buf[256];
    struct bm_wr room;
    struct link_frame answer;

    start(&s);
    for (uint32_t tag = 0; tag < 100; tag++) {
        struct link_frame f = { ECHO, 0, tag, BM_LIT("question") };

        bm_wr_init(&room, buf, sizeof buf);
        CHECK_STATUS(link_ask(s.w.fd, &f, PATIENCE_MS, &room, &answer), BM_OK);
        CHECK(answer.tag == tag && answer.verb == ECHO);
        CHECK_BYTES(answer.body.p, answer.body.n, "question", 8);
        CHECK(room.len == 8);
    }
    bm_wr_init(&room, buf, 3);
    CHECK_STATUS(link_ask(s.w.fd,
                          &(struct link_frame){ ECHO, 0, 1, BM_LIT("long") },
                          PATIENCE_MS, &room, &answer),
                 BM_E_BUFFER);
    CHECK(answer.body.n == 0 && room.len == 0);
    stop(&s);
}

static void answers_to_what_was_given_up_are_skipped(void)
{
    struct world w;
    uint8_t buf[2][4096 + 4096];
    static uint8_t large[5000];
    struct bm_wr room;
    struct link_frame answer;
    struct link_frame f = { ECHO, 0, 3, BM_LIT("now") };

    open_world(&w);
    CHECK_STATUS(
        link_put(w.link, &(struct link_frame){ BULK, 0, 3, BM_ARRAY(large) }),
        BM_OK);
    CHECK_STATUS(
        link_put(w.link, &(struct link_frame){ ECHO, 0, 2, BM_LIT("old") }),
        BM_OK);
    CHECK_STATUS(
        link_put(w.link, &(struct link_frame){ ECHO, 5, 3, BM_LIT("new") }),
        BM_OK);
    turn(&w);
    bm_wr_init(&room, buf[0], sizeof buf[0]);
    CHECK_STATUS(link_ask(w.fd, &f, PATIENCE_MS, &room, &answer), BM_OK);
    CHECK(answer.status == 5);
    CHECK_BYTES(answer.body.p, answer.body.n, "new", 3);
    close_world(&w);
}

static void who_does_not_answer_in_time_is_left(void)
{
    struct world w;
    uint8_t buf[64];
    struct bm_wr room;
    struct link_frame answer;
    struct link_frame f = { ECHO, 0, 3, BM_LIT("?") };

    open_world(&w);
    bm_wr_init(&room, buf, sizeof buf);
    CHECK_STATUS(link_ask(w.fd, &f, 20, &room, &answer), BM_E_IO);
    link_free(w.link);
    w.link = NULL;
    CHECK_STATUS(link_ask(w.fd, &f, PATIENCE_MS, &room, &answer), BM_E_IO);
    close_world(&w);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(every_prefix_of_a_frame_is_not_yet_one);
    RUN(every_bit_of_a_frame_counts);
    RUN(a_length_outside_of_its_range_is_refused);
    RUN(frames_come_in_any_pieces);
    RUN(what_has_passed_is_not_left_in_the_link);
    RUN(many_answers_leave_in_one_write);
    RUN(what_the_table_does_not_hold_closes_the_link);
    RUN(a_malformed_length_closes_the_link);
    RUN(a_refusing_function_closes_the_link);
    RUN(a_link_can_be_freed_by_its_own_function);
    RUN(the_end_of_the_other_side_is_noticed);
    RUN(the_largest_frame_passes);
    RUN(a_reader_that_is_stuck_does_not_fill_the_memory);
    RUN(more_than_a_frame_is_not_put);
    RUN(a_question_gets_its_answer);
    RUN(answers_to_what_was_given_up_are_skipped);
    RUN(who_does_not_answer_in_time_is_left);
    return bm_test_done();
}
