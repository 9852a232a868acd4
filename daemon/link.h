/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_LINK_H
#define BM_DAEMON_LINK_H

#include "core/bytes.h"

struct event_base;

/*
 * A link: one end of a socket pair between two rooms, carrying frames.
 *
 *     frame ::= length (4 octets, of what follows) verb (2) status (2)
 *               tag (4) body              all numbers big-endian
 *
 * The end of a link that nobody reads any more must not end the process:
 * SIGPIPE is ignored wherever there are links.
 *
 * A request has a verb and a tag of the sender's choice; its answer has both
 * again and a status. A room serves a const table of verbs: a frame with
 * another verb, one longer than its row allows, or one that is malformed
 * closes the link, and nothing of it is acted upon.
 *
 * What has passed is overwritten in the link's own memory: keys and secrets go
 * this way, too.
 */

#define LINK_HEAD      12
#define LINK_FRAME_MAX ((size_t)4 << 20) /* head included: the largest page */

struct link_frame {
    uint16_t verb;
    uint16_t status; /* of an answer: 0, or why there is none (bm_status) */
    uint32_t tag;
    struct bm_bytes body; /* views into the link, until its function returns */
};

/* What a room answers to. Tables end with a zero row. */
struct link;
struct link_verb {
    uint16_t verb;
    size_t max; /* octets of the body */
    /* Anything but BM_OK closes the link. */
    bm_status (*serve)(void *room, struct link *link,
                       const struct link_frame *frame);
};

/* ---- In an event loop (libevent) */

struct link_config {
    struct event_base *base;
    const struct link_verb *verbs;
    void *room;
    /* The other end is gone, or was thrown out; the link frees itself after
     * this. May be NULL. */
    void (*closed)(void *room, struct link *link);
};

/* Takes over `fd`, also on error. */
BM_MUST_CHECK bm_status link_new(const struct link_config *config, int fd,
                                 struct link **link);
void link_free(struct link *link); /* NULL is fine; does not call closed() */

/*
 * Queue a frame; what is queued while one round of events is served leaves
 * together. BM_E_FULL when more than LINK_QUEUE_MAX octets would wait: the
 * other side is stuck, and whoever asked is told to come again. BM_E_LIMIT:
 * over LINK_FRAME_MAX.
 */
#define LINK_QUEUE_MAX ((size_t)16 << 20)
BM_MUST_CHECK bm_status link_put(struct link *link,
                                 const struct link_frame *frame);

/* Has all that was queued left? For a room that stops. */
bool link_is_flushed(const struct link *link);

/* Something of the room's own. */
void link_set_peer(struct link *link, void *peer);
void *link_peer(const struct link *link);

/* ---- Without one: ask and wait */

/*
 * Send a request on `fd` (not blocking) and wait for the answer with its verb
 * and tag, into `room`, whose octets `answer->body` views. Frames with other
 * tags are skipped: they belong to what was given up. BM_E_IO when the other
 * end is gone or has not answered within `timeout_ms`; BM_E_BUFFER when the
 * answer is larger than the room, BM_E_LIMIT when it is no frame. After any of
 * them the fd is of no use.
 */
BM_MUST_CHECK bm_status link_ask(int fd, const struct link_frame *request,
                                 int timeout_ms, struct bm_wr *room,
                                 struct link_frame *answer);

/* ---- Bytes */

/*
 * The first frame in `in`. BM_E_END: not yet whole; BM_E_LIMIT: longer than
 * LINK_FRAME_MAX or shorter than its own head. `*used`: octets of it.
 */
BM_MUST_CHECK bm_status link_frame_parse(struct bm_bytes in,
                                         struct link_frame *frame,
                                         size_t *used);
void link_frame_put(struct bm_wr *w, const struct link_frame *frame);

#endif
