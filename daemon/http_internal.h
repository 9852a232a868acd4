/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_HTTP_INTERNAL_H
#define BM_DAEMON_HTTP_INTERNAL_H

#include <netinet/in.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "daemon/gcra.h"
#include "daemon/http.h"
#include "daemon/http_parse.h"

/*
 * Shared by the sources of the HTTP server.
 *
 * A connection stands in the list of its state, in the order in which the
 * connections came into it. As each state has one time limit, its list is
 * also the order in which they run out, and in which they give way.
 */
enum http_state {
    HTTP_HANDSHAKE,
    HTTP_IDLE,    /* between requests, a stranger's */
    HTTP_KNOWN,   /* the same, of a client that is known (http_trust()) */
    HTTP_READING, /* a part of a request has come */
    HTTP_BUSY,    /* the request is with the caller; no time limit */
    HTTP_WRITING, /* a part of the answer has not been taken */
    HTTP_LINGER,  /* all is said; waiting for the other side to close */
    HTTP_CLOSED,  /* descriptor and TLS are gone; freed on the way out */
    HTTP_STATES
};

/* Octets that came and have not been used. */
struct http_buffer {
    uint8_t *p;
    size_t n;
    size_t cap;
};

/* What one address has open. */
struct http_peer {
    LIST_ENTRY(http_peer) entry;
    uint8_t key[8]; /* IPv6: the network of 64 bits; IPv4: four octets */
    size_t key_n;
    unsigned connections;
};

struct http_conn {
    TAILQ_ENTRY(http_conn) entry;
    struct http_server *server;
    enum http_state state;
    uint64_t since; /* microseconds: when it came into its state */
    int fd;
    SSL *tls;
    struct event readable;
    struct event writable; /* added when something could not be written */
    bool paused;           /* `readable` is off until the answer is out */
    bool inside;           /* one of our functions has it: do not free */
    bool feeding;          /* what came is being looked at */
    bool again;            /* `in` has not been looked at */
    bool known;            /* http_trust() */
    bool served;           /* has had an answer */
    bool closing;          /* the answer that is going out is the last */
    struct http_peer *peer;
    struct http_buffer in;
    size_t searched; /* octets of `in` without the end of a head */
    struct http_request *request;

    struct http_buffer out; /* what is left of an answer */
    size_t out_at;
    int file; /* and behind it a file, or -1 */
    uint64_t file_at;
    uint64_t file_n;
    uint64_t patience; /* microseconds that a stream may still not be taken */

    struct bm_bytes cert; /* owned */
    struct bm_bytes chain;
    uintptr_t state_of_caller;
    char address[INET6_ADDRSTRLEN];
};
TAILQ_HEAD(http_list, http_conn);

struct http_request {
    struct http_conn *conn; /* NULL: cut off */
    struct http_server *server;
    struct http_head head;
    struct http_chunks chunks;
    struct http_buffer body;
    uint64_t began;            /* microseconds: when it had come whole */
    struct http_source source; /* of the answer, while it is made */
    bool streaming;
    bool first;
    size_t text_n;
    char text[]; /* what `head` views */
};

struct http_listener {
    LIST_ENTRY(http_listener) entry;
    struct http_server *server;
    struct event event;
    int fd;
};

#define HTTP_PEER_BUCKETS 1024 /* lists of a few even with all slots taken */

/*
 * Scratch memory of the process: what comes in one go (a TLS record is 16 KB
 * at most), and an answer that is going out. Only what cannot be finished at
 * once is kept with a connection.
 */
#define HTTP_SCRATCH 32768

struct http_server {
    struct http_config config;
    SSL_CTX *tls;
    struct event_base *base;
    struct metrics_page *metrics;
    struct event tick;
    unsigned connections; /* all that are not freed */
    size_t held;          /* octets in buffers of connections and requests */
    struct http_list list[HTTP_STATES];
    LIST_HEAD(http_listeners, http_listener) listeners;
    LIST_HEAD(http_peers, http_peer) peers[HTTP_PEER_BUCKETS];
    uint8_t secret[16];
    struct gcra *accepts;
    struct gcra *blames;
    bool full; /* of descriptors: do not accept until the next tick */
    bool stopping;
    void (*done)(void *arg);
    void *done_arg;
    int64_t date_at;
    char date[32];
    uint8_t scratch_in[HTTP_SCRATCH];
    uint8_t scratch_out[HTTP_SCRATCH];
};

uint64_t http_now(void); /* microseconds that only rise */

/* ---- http_peer.c */

/* A new connection of this address: its peer, or NULL: turn it away. */
struct http_peer *http_peer_take(struct http_server *s,
                                 const struct sockaddr_storage *from);
void http_peer_drop(struct http_peer *peer);
struct bm_bytes http_peer_key(const struct http_peer *peer);
void http_address_text(const struct sockaddr_storage *from,
                       char out[INET6_ADDRSTRLEN]);

/* ---- http_io.c: one step on the socket, through TLS if there is any */

enum http_io {
    HTTP_IO_DONE,
    HTTP_IO_AGAIN, /* would block; the event is set */
    HTTP_IO_EOF,
    HTTP_IO_ERROR
};
enum http_io http_io_handshake(struct http_conn *c);
enum http_io http_io_read(struct http_conn *c, uint8_t *p, size_t cap,
                          size_t *n);
enum http_io http_io_write(struct http_conn *c, const uint8_t *p, size_t n,
                           size_t *done);
/* Say that nothing more will be sent. */
void http_io_shutdown(struct http_conn *c);
bool http_io_pending(const struct http_conn *c);

/* ---- http_conn.c: the life of a connection */

/* Takes over `fd`; cuts it off when it cannot be served. */
void http_conn_new(struct http_server *s, int fd,
                   const struct sockaddr_storage *from);
void http_conn_enter(struct http_conn *c, enum http_state state);
/* Let go of all it has, at once; freed by the last http_conn_leave(). */
void http_conn_cut(struct http_conn *c);
/* The same for who does not hold it: it is gone, unless somebody else does. */
void http_conn_drop(struct http_conn *c);
/* Around whatever may cut the connection off: `inside` is what came back. */
bool http_conn_hold(struct http_conn *c);
void http_conn_leave(struct http_conn *c, bool inside);
/* The answer is out: go on with what came meanwhile, or wait. */
void http_conn_between(struct http_conn *c);
/* The last answer is out: wait for the other side to have taken it. */
void http_conn_linger(struct http_conn *c);
/* Its time in its state has run out. */
void http_conn_expire(struct http_conn *c);

/* ---- http_input.c: what comes in */

/* Could a request come, or go on coming? */
bool http_conn_is_reading(const struct http_conn *c);
/* Look at what has come: may answer requests, may cut the connection off. */
void http_conn_read(struct http_conn *c);

/* Grown by need; `p` moves. False: out of memory, or the server holds too much
 * already; and nothing has changed. */
bool http_buffer_add(struct http_server *s, struct http_buffer *b,
                     struct bm_bytes data);
bool http_buffer_room(struct http_server *s, struct http_buffer *b, size_t n);
void http_buffer_free(struct http_server *s, struct http_buffer *b);

/* ---- http_stream.c */

/* All that was put is out. */
void http_stream_taken(struct http_conn *c);
/* The client is gone: so is the request. */
void http_stream_gone(struct http_request *r);

/* ---- http_answer.c */

/* The head of an answer, which goes before a stream. False: cut off. */
bool http_answer_head(struct http_conn *c, const struct http_reply *reply);
/* All is out: what comes next on the connection? */
void http_conn_answered(struct http_conn *c);

/* An answer of the server itself, which ends the connection. */
void http_conn_refuse(struct http_conn *c, unsigned status);
/* Say "100 Continue". */
void http_conn_continue(struct http_conn *c);
/* Go on sending. */
void http_conn_write(struct http_conn *c);
void http_request_free(struct http_request *r);

/* ---- http.c */

/* Let one connection give way, if there is one that should. */
bool http_evict(struct http_server *s);
/* Can `n` octets more be held? Those who hold some for long give way. */
bool http_afford(struct http_server *s, size_t n);
/* One connection more, or one less. */
void http_count(struct http_server *s, int n);

#endif
