/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/link.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A frame that is read is the one that is written again. And a link serves
 * of a stream exactly those frames that its table allows, up to the first
 * that it does not.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

#define VERB     1
#define VERB_MAX 100

struct seen {
    struct bm_bytes rest; /* what the link has not served yet */
    size_t served;
    bool closed;
};

static size_t parse(struct bm_bytes in, struct link_frame *frame)
{
    size_t used = 0;
    bm_status rc = link_frame_parse(in, frame, &used);
    uint8_t *again;
    struct bm_wr w;

    if (rc != BM_OK) {
        must(rc == BM_E_END || rc == BM_E_LIMIT);
        must(used == 0 && frame->body.n == 0);
        return 0;
    }
    must(used <= in.n && used == frame->body.n + LINK_HEAD);
    again = malloc(used);
    must(again != NULL);
    bm_wr_init(&w, again, used);
    link_frame_put(&w, frame);
    must(w.len == used && memcmp(again, in.p, used) == 0);
    free(again);
    return used;
}

static bm_status on_verb(void *room, struct link *link,
                         const struct link_frame *frame)
{
    struct seen *seen = room;
    struct link_frame expected;
    size_t used = parse(seen->rest, &expected);

    (void)link;
    must(used != 0 && expected.verb == VERB && expected.body.n <= VERB_MAX);
    must(frame->verb == VERB && frame->tag == expected.tag &&
         frame->status == expected.status &&
         bm_bytes_equal(frame->body, expected.body));
    seen->rest.p += used;
    seen->rest.n -= used;
    seen->served++;
    return BM_OK;
}

static void on_closed(void *room, struct link *link)
{
    struct seen *seen = room;

    (void)link;
    seen->closed = true;
}

static const struct link_verb verbs[] = { { VERB, VERB_MAX, on_verb }, { 0 } };

/* Larger inputs would block in write(). */
#define STREAM_MAX ((size_t)32 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event_base *base;
    struct seen seen = { .rest = { data, size } };
    struct link_config config = { .verbs = verbs,
                                  .room = &seen,
                                  .closed = on_closed };
    struct link_frame frame;
    struct link *link;
    int ends[2];

    (void)parse((struct bm_bytes){ data, size }, &frame);
    if (size > STREAM_MAX) {
        return 0;
    }
    if (base == NULL) {
        (void)signal(SIGPIPE, SIG_IGN);
        base = event_base_new();
    }
    config.base = base;
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    must(link_new(&config, ends[0], &link) == BM_OK);
    must(size == 0 || write(ends[1], data, size) == (ssize_t)size);
    must(shutdown(ends[1], SHUT_WR) == 0);
    while (!seen.closed) {
        must(event_base_loop(base, EVLOOP_ONCE) == 0);
    }
    must(seen.rest.n == 0 || parse(seen.rest, &frame) == 0 ||
         frame.verb != VERB || frame.body.n > VERB_MAX);
    close(ends[1]);
    return 0;
}
