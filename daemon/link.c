/* SPDX-License-Identifier: Apache-2.0 */
/* explicit_bzero() */
#define _DEFAULT_SOURCE
#include "daemon/link.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/link_internal.h"

/* Buffers begin with this, and shrink to nothing when they are empty and have
 * become larger: what was large once need not stay. */
#define ROOM_USUAL ((size_t)64 << 10)

/* Octets in a row, `n` of them from `at`. */
struct stretch {
    uint8_t *p;
    size_t cap;
    size_t at;
    size_t n;
};

struct link {
    const struct link_verb *verbs;
    void *room;
    void (*closed)(void *room, struct link *link);
    void *peer;
    int fd;
    bool serving; /* a function of the table runs: do not free under it */
    bool freed;   /* while serving */
    bool flushing;
    struct event readable;
    struct event writable;
    struct event flush; /* runs after what is ready now has been served */
    struct stretch in;
    struct stretch out;
};

/* ---- Bytes */

static void put_be(uint8_t *p, size_t n, uint32_t v)
{
    while (n-- != 0) {
        p[n] = (uint8_t)v;
        v >>= 8;
    }
}

static uint32_t get_be(const uint8_t *p, size_t n)
{
    uint32_t v = 0;

    while (n-- != 0) {
        v = v << 8 | *p++;
    }
    return v;
}

void link_head_put(uint8_t head[LINK_HEAD], const struct link_frame *frame)
{
    put_be(head, 4, (uint32_t)(LINK_HEAD - 4 + frame->body.n));
    put_be(head + 4, 2, frame->verb);
    put_be(head + 6, 2, frame->status);
    put_be(head + 8, 4, frame->tag);
}

bm_status link_head_parse(struct bm_bytes in, struct link_frame *frame,
                          size_t *used)
{
    uint32_t n;

    *frame = (struct link_frame){ 0 };
    *used = 0;
    if (in.n < 4) {
        return BM_E_END;
    }
    n = get_be(in.p, 4);
    if (n < LINK_HEAD - 4 || n > LINK_FRAME_MAX - 4) {
        return BM_E_LIMIT;
    }
    if (in.n < LINK_HEAD) {
        return BM_E_END;
    }
    frame->verb = (uint16_t)get_be(in.p + 4, 2);
    frame->status = (uint16_t)get_be(in.p + 6, 2);
    frame->tag = get_be(in.p + 8, 4);
    frame->body = (struct bm_bytes){ NULL, n - (LINK_HEAD - 4) };
    *used = (size_t)n + 4;
    return BM_OK;
}

bm_status link_frame_parse(struct bm_bytes in, struct link_frame *frame,
                           size_t *used)
{
    bm_status rc = link_head_parse(in, frame, used);

    if (rc == BM_OK && in.n < *used) {
        *frame = (struct link_frame){ 0 };
        *used = 0;
        rc = BM_E_END;
    }
    if (rc == BM_OK) {
        frame->body.p = in.p + LINK_HEAD;
    }
    return rc;
}

void link_frame_put(struct bm_wr *w, const struct link_frame *frame)
{
    uint8_t head[LINK_HEAD];

    link_head_put(head, frame);
    bm_wr_put(w, BM_ARRAY(head));
    bm_wr_put(w, frame->body);
}

/* ---- Buffers: they forget what has gone on, which may have been a secret.
 * Pages and certificates pass here, too, so it is not bm_wipe(), which is as
 * fast as it is portable. */

static void forget(struct stretch *s, size_t at, size_t n)
{
    if (n != 0) {
        explicit_bzero(s->p + at, n);
    }
}

static bm_status stretch_grow(struct stretch *s, size_t cap)
{
    uint8_t *p = malloc(cap);

    if (p == NULL) {
        return BM_E_MEMORY;
    }
    if (s->n != 0) {
        memcpy(p, s->p, s->n);
        forget(s, 0, s->n);
    }
    free(s->p);
    s->p = p;
    s->cap = cap;
    return BM_OK;
}

/* Room for `n` more octets behind what is there. */
static bm_status stretch_room(struct stretch *s, size_t n)
{
    size_t cap = s->cap == 0 ? ROOM_USUAL : s->cap;

    if (n <= s->cap - s->at - s->n) {
        return BM_OK;
    }
    if (s->at != 0) {
        memmove(s->p, s->p + s->at, s->n);
        forget(s, s->n, s->at);
        s->at = 0;
    }
    while (cap - s->n < n) { /* frames and queues have limits below SIZE_MAX */
        cap *= 2;
    }
    return cap == s->cap ? BM_OK : stretch_grow(s, cap);
}

static void stretch_drop(struct stretch *s, size_t n)
{
    forget(s, s->at, n);
    s->at += n;
    s->n -= n;
    if (s->n == 0) {
        s->at = 0;
        if (s->cap > ROOM_USUAL) {
            free(s->p);
            *s = (struct stretch){ 0 };
        }
    }
}

static void stretch_end(struct stretch *s)
{
    forget(s, s->at, s->n);
    free(s->p);
    *s = (struct stretch){ 0 };
}

/* ---- The event loop's side */

static void finish(struct link *link)
{
    event_del(&link->readable);
    event_del(&link->writable);
    event_del(&link->flush);
    close(link->fd);
    stretch_end(&link->in);
    stretch_end(&link->out);
    free(link);
}

void link_free(struct link *link)
{
    if (link == NULL) {
        return;
    }
    if (link->serving) {
        link->freed = true;
    } else {
        finish(link);
    }
}

/* The other end is gone or broke a rule. */
static void lose(struct link *link)
{
    link->serving = true; /* closed() may call link_free() */
    if (!link->freed && link->closed != NULL) {
        link->closed(link->room, link);
    }
    finish(link);
}

static const struct link_verb *find(const struct link_verb *verbs,
                                    const struct link_frame *frame)
{
    for (; verbs->serve != NULL; verbs++) {
        if (verbs->verb == frame->verb) {
            return frame->body.n <= verbs->max ? verbs : NULL;
        }
    }
    return NULL;
}

/*
 * Serve what is whole. BM_E_END: all done, `*more` octets are known to be
 * missing; anything else: the link is to be closed.
 */
static bm_status serve(struct link *link, size_t *more)
{
    *more = 1;
    while (link->in.n != 0) {
        struct bm_bytes in = { link->in.p + link->in.at, link->in.n };
        const struct link_verb *row;
        struct link_frame frame;
        size_t used;

        BM_TRY(link_head_parse(in, &frame, &used));
        row = find(link->verbs, &frame);
        if (row == NULL) {
            return BM_E_LIMIT;
        }
        if (in.n < used) {
            *more = used - in.n;
            return BM_E_END;
        }
        frame.body.p = in.p + LINK_HEAD;
        BM_TRY(row->serve(link->room, link, &frame));
        if (link->freed) {
            return BM_E_IO;
        }
        stretch_drop(&link->in, used);
    }
    return BM_E_END;
}

/* One read() takes as many frames as there are. */
static bm_status take(struct link *link)
{
    struct stretch *in = &link->in;
    size_t more;
    ssize_t n;
    bm_status rc;

    BM_TRY(stretch_room(in, 1));
    n = read(link->fd, in->p + in->at + in->n, in->cap - in->at - in->n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return BM_OK;
    }
    if (n <= 0) {
        return BM_E_IO;
    }
    in->n += (size_t)n;
    link->serving = true;
    rc = serve(link, &more);
    link->serving = false;
    if (link->freed || rc != BM_E_END) {
        return BM_E_IO;
    }
    return in->n == 0 ? BM_OK : stretch_room(in, more);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct link *link = arg;

    (void)fd;
    (void)what;
    if (take(link) != BM_OK) {
        lose(link);
    }
}

static bool flush(struct link *link)
{
    while (link->out.n != 0) {
        ssize_t n = write(link->fd, link->out.p + link->out.at, link->out.n);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return event_add(&link->writable, NULL) == 0;
        }
        if (n <= 0) {
            return false;
        }
        stretch_drop(&link->out, (size_t)n);
    }
    return true;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct link *link = arg;

    (void)fd;
    (void)what;
    link->flushing = false;
    if (!flush(link)) {
        lose(link);
    }
}

bm_status link_new(const struct link_config *config, int fd, struct link **out)
{
    struct link *link = calloc(1, sizeof *link);

    *out = NULL;
    if (link == NULL) {
        close(fd);
        return BM_E_MEMORY;
    }
    link->verbs = config->verbs;
    link->room = config->room;
    link->closed = config->closed;
    link->fd = fd;
    if (evutil_make_socket_nonblocking(fd) != 0 ||
        event_assign(&link->readable, config->base, fd, EV_READ | EV_PERSIST,
                     on_readable, link) != 0 ||
        event_assign(&link->writable, config->base, fd, EV_WRITE, on_writable,
                     link) != 0 ||
        event_assign(&link->flush, config->base, -1, 0, on_writable, link) !=
            0 ||
        event_add(&link->readable, NULL) != 0) {
        close(fd);
        free(link);
        return BM_E_INTERNAL;
    }
    *out = link;
    return BM_OK;
}

/* What is queued while other events are served leaves in one write(). */
bm_status link_put(struct link *link, const struct link_frame *frame)
{
    struct bm_wr w;

    if (frame->body.n > LINK_FRAME_MAX - LINK_HEAD) {
        return BM_E_LIMIT;
    }
    if (link->freed) {
        return BM_E_IO;
    }
    if (link->out.n + LINK_HEAD + frame->body.n > LINK_QUEUE_MAX) {
        return BM_E_FULL;
    }
    BM_TRY(stretch_room(&link->out, LINK_HEAD + frame->body.n));
    bm_wr_init(&w, link->out.p + link->out.at + link->out.n,
               LINK_HEAD + frame->body.n);
    link_frame_put(&w, frame);
    link->out.n += w.len;
    if (!link->flushing && !event_pending(&link->writable, EV_WRITE, NULL)) {
        link->flushing = true;
        event_active(&link->flush, EV_WRITE, 0);
    }
    return BM_OK;
}

bool link_is_flushed(const struct link *link)
{
    return link->out.n == 0;
}

void link_set_peer(struct link *link, void *peer)
{
    link->peer = peer;
}

void *link_peer(const struct link *link)
{
    return link->peer;
}
