/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/link.h"
#include "daemon/room.h"
#include "daemon/wire.h"
#include "intake/intake.h"
#include "intake/worker.h"
#include "server/uploads.h"

/*
 * The reader: the room that reads files of batches, which strangers have made,
 * with libraries that have seen much. It has no key, no store, no network, and
 * of files those in uploads/, for reading. What it makes of them the issuer
 * checks again: whoever captures it can spoil batches, and get nothing issued
 * that the operator could not have ordered with another file.
 */

/* Octets of an answer. */
#define CHUNK ((size_t)512 << 10)

struct reader {
    struct link *issuer;
    int dir;
    struct intake *intake; /* of the file that is read, or NULL */
    uint8_t chunk[CHUNK];
};

static bm_status answer(struct link *link, const struct link_frame *asked,
                        bm_status rc, struct bm_bytes body)
{
    const struct link_frame frame = { .verb = asked->verb,
                                      .status = (uint16_t)rc,
                                      .tag = asked->tag,
                                      .body = body };

    return link_put(link, &frame);
}

static bm_status answer_refusal(struct link *link,
                                const struct link_frame *asked, bm_status rc,
                                const struct ca_refusal *why)
{
    const char *words = why->status == rc ? why->words : "";

    return answer(link, asked, rc,
                  (struct bm_bytes){ (const uint8_t *)words, strlen(words) });
}

/* A name that uploads_name() makes, and no other. */
static bool take_name(struct bm_bytes in, char name[UPLOADS_NAME_MAX])
{
    static const char digits[] = "0123456789abcdef";
    size_t hex = 2 * STORE_HASH_SIZE;

    if (in.n < hex + 2 || in.n >= UPLOADS_NAME_MAX || in.p[hex] != '.') {
        return false;
    }
    for (size_t i = 0; i < in.n; i++) {
        const char *may = i < hex ? digits : "0123456789";

        if (i != hex && (in.p[i] == 0 || strchr(may, in.p[i]) == NULL)) {
            return false;
        }
    }
    memcpy(name, in.p, in.n);
    name[in.n] = '\0';
    return true;
}

static bm_status serve_open(void *self, struct link *link,
                            const struct link_frame *frame)
{
    struct ca_refusal why = { .status = BM_OK, .words = "" };
    const struct bm_bytes body = frame->body;
    struct reader *r = self;
    char name[UPLOADS_NAME_MAX];
    enum intake_kind kind;
    bm_status rc;
    int fd;

    if (body.n == 0 || body.p[0] > INTAKE_DEVICES ||
        !take_name((struct bm_bytes){ body.p + 1, body.n - 1 }, name)) {
        return BM_E_ARGUMENT;
    }
    kind = (enum intake_kind)body.p[0];
    intake_close(r->intake);
    r->intake = NULL;
    fd = openat(r->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    rc = fd < 0 ? ca_refuse(&why, BM_E_NOT_FOUND, "its file is gone")
                : intake_open(fd, kind, &r->intake, &why);
    return answer_refusal(link, frame, rc, &why);
}

static bm_status serve_more(void *self, struct link *link,
                            const struct link_frame *frame)
{
    struct ca_refusal why = { .status = BM_OK, .words = "" };
    struct reader *r = self;
    struct bm_wr w;
    bm_status rc;

    if (r->intake == NULL) {
        return BM_E_ARGUMENT;
    }
    bm_wr_init(&w, r->chunk, sizeof r->chunk);
    rc = intake_next(r->intake, &w, &why);
    if (rc == BM_OK) {
        return answer(link, frame, rc, bm_wr_bytes(&w));
    }
    intake_close(r->intake);
    r->intake = NULL;
    return answer_refusal(link, frame, rc, &why);
}

static const struct link_verb verbs[] = {
    { WIRE_READ_OPEN, 1 + UPLOADS_NAME_MAX, serve_open },
    { WIRE_READ_MORE, 0, serve_more },
    { 0, 0, NULL },
};

/* ---- The room */

/* It is the issuer who asks for another one, and it begins its file anew. */
static void closed(void *self, struct link *link)
{
    struct reader *r = self;

    if (r->issuer == link) {
        r->issuer = NULL;
        intake_close(r->intake);
        r->intake = NULL;
    }
}

static bm_status reader_link(struct room *room, enum room_kind to,
                             unsigned instance, int fd)
{
    struct reader *r = room->self;
    struct link_config config = {
        .base = room->base, .verbs = verbs, .room = r, .closed = closed
    };

    (void)to;
    (void)instance;
    link_free(r->issuer);
    r->issuer = NULL;
    return link_new(&config, fd, &r->issuer);
}

static bm_status reader_setup(struct room *room, struct ca_refusal *why)
{
    struct reader *r = calloc(1, sizeof *r);
    int dir;

    if (r == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = r;
    r->dir = -1;
    intake_limit_memory();
    dir = open(room->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        r->dir = openat(dir, UPLOADS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)close(dir);
    }
    return r->dir >= 0
               ? BM_OK
               : ca_refuse(why, BM_E_IO, "%s cannot be opened", UPLOADS_DIR);
}

static void reader_stop(struct room *room)
{
    room_done(room);
}

static void reader_teardown(struct room *room)
{
    struct reader *r = room->self;

    if (r == NULL) {
        return;
    }
    link_free(r->issuer);
    intake_close(r->intake);
    if (r->dir >= 0) {
        (void)close(r->dir);
    }
    free(r);
    room->self = NULL;
}

const struct room_type room_reader = {
    .name = "reader",
    .needs = { .read_dirs = { UPLOADS_DIR } },
    .setup = reader_setup,
    .link = reader_link,
    .stop = reader_stop,
    .teardown = reader_teardown,
};
