/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_ROOM_H
#define BM_DAEMON_ROOM_H

#include "ca/refusal.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "server/settings.h"

/*
 * A room: one process of birthmarkd, with one task, what that needs, and no
 * more (design, section 4).
 *
 * The supervisor starts each as an image of its own: fork, then exec of the
 * same binary with `--room NAME`. Nothing is inherited but one socket to the
 * supervisor, over which all else comes as descriptors: listening sockets,
 * ends of links, the page of metrics. When a room dies it is started again
 * and both sides of its links get new ends; the others go on.
 *
 * The life of a room:
 *
 *   setup()   opens what it needs: files, keys, the store. Reads no foreign
 *             byte. May still be root. Starts no thread.
 *   then      privileges are dropped, the sandbox is entered (sandbox.h).
 *   serve     link(), listen() bring what comes from the supervisor, and the
 *             event loop runs; reload() and stop() when asked for.
 */

struct event_base;
struct room;

/*
 * Who there is. The issuer is started first, since it brings the store up to
 * date, then all others at once; listening sockets are handed out when all are
 * ready.
 */
enum room_kind {
    ROOM_SIGNER,
    ROOM_ISSUER,
    ROOM_STATUS,
    ROOM_PUBLISHER,
    ROOM_OPERATORS, /* operator listener */
    ROOM_DEVICES,   /* device listeners: settings.listeners of them */
    ROOM_READER,    /* reads files of batches */
    ROOM_KEYGEN,    /* makes keys of devices */
    ROOM_COURIER,   /* sends events: alone connects out */
    ROOM_KEEPER,    /* runs now and then: renews certificates of ours */
    ROOM_COUNT
};

/* Sockets that listen. */
enum room_port {
    ROOM_PORT_DEVICES,
    ROOM_PORT_OPERATORS,
    ROOM_PORT_PUBLIC,
    ROOM_PORT_METRICS,
    ROOM_PORT_COUNT
};

#define ROOM_DIRS_MAX 6

/* What the sandbox leaves a room. */
struct room_needs {
    bool accept;      /* take connections of its listening sockets */
    bool connect;     /* make connections over a network */
    bool write_files; /* else files that are open may be read at most */
    /* Directories, or files, below the instance; with nothing named, no path
     * at all can be opened any more. Those that are not there when the sandbox
     * is entered cannot be opened later, either. */
    const char *read_dirs[ROOM_DIRS_MAX];
    const char *write_dirs[ROOM_DIRS_MAX];
};

struct room_type {
    const char *name; /* "issuer": of the process, in logs and metrics */
    struct room_needs needs;
    const unsigned *ports; /* enum room_port, ends with ROOM_PORT_COUNT */
    /* What it holds (the journal, the store for writing) no second process of
     * its kind could have: to replace it, the old one is stopped first. Its
     * askers see their link end, wait for the next, and lose nothing. */
    bool alone;
    /* Being set up is not all it needs: it says room_answers() when it has what
     * others bring. Until then the service is not said to have started. */
    bool answers_later;

    bm_status (*setup)(struct room *room, struct ca_refusal *why);
    /* A new end of a link to the room `to`; takes over `fd`. `instance` is of
     * one process: that which replaces another has one of its own, and both
     * may be there for a while, the old one to finish what it accepted. */
    bm_status (*link)(struct room *room, enum room_kind to, unsigned instance,
                      int fd);
    /* A listening socket, not blocking; takes over `fd`. */
    bm_status (*listen)(struct room *room, enum room_port port, int fd);
    /*
     * The configuration or files of ours changed: SIGHUP, room_changed().
     * `settings` is new by then; on error the earlier one comes back, and all
     * goes on as before. Inside of the sandbox, so only files of read_dirs can
     * be read. NULL: the supervisor starts a new process in its place, and
     * stops this one when that is ready.
     */
    bm_status (*reload)(struct room *room, struct ca_refusal *why);
    /* Take nothing new, finish what was accepted, then room_done(). NULL: there
     * is never anything to finish. */
    void (*stop)(struct room *room);
    void (*teardown)(struct room *room); /* after the loop, or a failed setup */
};

extern const struct room_type room_signer, room_issuer, room_status,
    room_publisher, room_operators, room_devices, room_reader, room_keygen,
    room_courier, room_keeper;

/* Those that exist, or NULL (rooms.c). */
extern const struct room_type *const room_types[ROOM_COUNT];

/* The links of the house: `from` asks, `to` answers. Ends with from ==
 * ROOM_COUNT. The supervisor makes no other. */
struct room_edge {
    enum room_kind from;
    enum room_kind to;
};
extern const struct room_edge room_edges[];

struct room {
    const struct room_type *type;
    unsigned instance; /* from 0 */
    char dir[4096];    /* the instance on disk */
    struct settings settings;
    struct event_base *base;
    struct metrics_page *metrics; /* this process's own; never NULL */
    /* ROOM_PUBLISHER: the pages of all processes, to be read */
    const struct metrics_page *const *pages;
    size_t pages_n;
    /* What its keys need of the sandbox: a bit per enum bm_key_sandbox
     * (keys/key.h). By setup(), which opens them: key_watch_new(). */
    unsigned key_classes;
    void *self; /* of the type */
};

/* Nothing is left to be done: leave the loop. */
void room_done(struct room *room);

/* Tell the supervisor that files of ours changed (keeper): it reloads those
 * rooms, a bit per enum room_kind. */
void room_changed(struct room *room, unsigned rooms);

/* What it is asked is answered from now on: of a type that `answers_later`. It
 * may be said again. */
void room_answers(struct room *room);

/*
 * Tell the supervisor that the link to the room `to` has ended. That is mostly
 * because the other died, and a new one comes with its successor; but where
 * both live, one of them having thrown the other out, nobody else would notice.
 * The supervisor makes another within seconds.
 */
void room_unlinked(struct room *room, enum room_kind to);

/* Now, in seconds; the one clock of a room. */
int64_t room_now(void);

#endif
