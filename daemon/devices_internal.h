/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_DEVICES_INTERNAL_H
#define BM_DAEMON_DEVICES_INTERNAL_H

#include <sys/queue.h>

#include "daemon/http.h"
#include "daemon/link.h"
#include "daemon/wire.h"
#include "protocols/est/est.h"

/*
 * The device listener: EST over HTTPS (docs/est.md). It reads what strangers
 * send, proves that they hold the keys they speak of, and passes on what is
 * well-formed; the issuer decides. It has the key of the TLS server and no
 * other, no database, and no verb that a device could not use.
 *
 *   devices.c            the room: setup, links, sockets, stopping
 *   devices_serve.c      a request, up to where it needs the issuer
 *   devices_api.c        /device/v1, for clients with a certificate: the table
 *   devices_self.c       ... what a device asks about itself; the time
 *   devices_bundle.c     ... the trust bundle
 *   devices_delivery.c   ... manifest, blobs, events
 *   devices_attest.c     where a key was made
 *   devices_answer.c     what is sent back
 *   devices_queue.c      requests that wait for the issuer
 *   devices_catalogue.c  what the issuer told about labels
 *   devices_keygen.c     serverkeygen
 */

/*
 * Seconds that a request waits for the issuer, through a restart of it and
 * with a queue before it. Clients in the field wait 10 to 60; one that is told
 * to come again loses nothing.
 */
#define DEVICES_PATIENCE 20

/* Seconds after which a client that met a full queue shall come again. */
#define DEVICES_RETRY 2

/*
 * Seconds that a new listener waits for the issuer's labels before it takes
 * connections, which the kernel keeps meanwhile: what comes right after a
 * reload is served, not told to come again. Without an issuer it says so then.
 */
#define DEVICES_HOLD 5

/* Seconds of quiet for an address with too many refused credentials. */
#define DEVICES_QUIET 30

/* Seconds for a 202 where the issuer names none. */
#define DEVICES_APPROVAL 60

struct devices_label {
    char name[EST_LABEL_MAX + 1];
    uint32_t flags;           /* WIRE_LABEL_... */
    struct bm_bytes cacerts;  /* bodies as they are sent */
    struct bm_bytes csrattrs; /* empty: 204 */
};

struct devices_catalogue {
    struct devices_label *labels;
    size_t n;
    uint8_t *memory; /* of the bodies */
};

/* A request that waits for the issuer. */
struct devices_waiting {
    TAILQ_ENTRY(devices_waiting) entry; /* in the order of their coming */
    struct http_request *request;
    uint32_t tag;
    uint16_t verb;
    bool sent; /* on the link that there is */
    int64_t until;
    uint8_t *message; /* as it is sent, and sent again; may hold a token */
    size_t message_n;
    uint32_t flags;           /* of the label */
    struct bm_signer *made;   /* serverkeygen: the new key */
    struct est_keygen keygen; /* serverkeygen: how it is to travel */
    /* The answer came; NULL: it did not, in time. Answers the request. */
    void (*done)(struct devices_waiting *w, const struct wire_enrolled *answer);
    struct devices *devices;
};
TAILQ_HEAD(devices_queue, devices_waiting);

/* The trust bundles, as the issuer told them: one for each list. */
struct devices_bundle {
    uint32_t list;
    uint64_t version; /* 0: there is none */
    uint8_t *octets;
    size_t n;
};
struct devices_bundles {
    struct devices_bundle *of; /* owned */
    size_t n;
};

struct devices {
    struct room *room;
    int blobs; /* the folder, to be read; -1: there is none. Owned */
    struct bm_crypto *crypto; /* owned */
    /* Of the TLS server; signs what serverkeygen encrypts. Not owned. */
    const struct bm_signer *signer;
    struct bm_bytes chain; /* its certificate and those above, DER */
    struct http_server *http;
    struct link *issuer;
    struct event *tick;
    int held; /* a socket that is not listened to yet, or -1 */
    int64_t held_until;
    struct devices_catalogue catalogue;
    struct devices_bundles bundles;
    struct devices_queue queue;
    struct devices_waiting **slots; /* by tag modulo slots_n */
    size_t slots_n;
    size_t waiting;
    uint32_t next_tag;
    bool stopping;
};

/* Everything but the sockets and links, which come later. `tls` may be NULL,
 * for tests. */
BM_MUST_CHECK bm_status devices_new(struct room *room, SSL_CTX *tls,
                                    struct devices **devices);
void devices_free(struct devices *devices); /* NULL is fine */
/* Serve a listening socket, as soon as there is something to serve; takes over
 * `fd`. */
BM_MUST_CHECK bm_status devices_listen(struct devices *d, int fd);
/* Hold no socket any longer. */
BM_MUST_CHECK bm_status devices_listen_held(struct devices *d);

/* ---- devices_queue.c */

BM_MUST_CHECK bm_status devices_link(struct devices *d, int fd);
bool devices_is_full(const struct devices *d);
/*
 * Make a request wait; takes over `w` and its message. On error it has been
 * answered 503.
 */
void devices_ask(struct devices *d, struct devices_waiting *w);
/* NULL: out of memory. `room` octets for the message, in w->message. */
struct devices_waiting *devices_waiting_new(struct http_request *request,
                                            size_t room);
void devices_waiting_free(struct devices_waiting *w); /* NULL is fine */
void devices_tick(struct devices *d, int64_t now);

/* ---- devices_catalogue.c */

/* BM_E_...: malformed; the old one stays. */
BM_MUST_CHECK bm_status devices_catalogue_set(struct devices_catalogue *c,
                                              struct bm_bytes rows);
void devices_catalogue_wipe(struct devices_catalogue *c);
/* The label, or the default one for ""; NULL. */
const struct devices_label *
devices_catalogue_find(const struct devices_catalogue *c, const char *label);

/* ---- devices_serve.c */

void devices_serve(void *devices, struct http_request *request);

/*
 * Tell the issuer that the client's certificate is in use; `done` gets what it
 * thinks of that. False, and nothing has happened: it cannot be told.
 */
bool devices_tell_seen(struct devices *d, struct http_request *r,
                       void (*done)(struct devices_waiting *w,
                                    const struct wire_enrolled *answer));

/* Has the issuer been told so, on this connection? And the trust list that it
 * says the client is of (0: it does not know). */
bool devices_is_seen(const struct http_request *r);
uint32_t devices_list_seen(const struct http_request *r);
/* `done` of what is for everybody: what the issuer thinks of the certificate
 * decides how the connection is treated, and nothing else. */
void devices_note_seen(struct devices_waiting *w,
                       const struct wire_enrolled *answer);

/*
 * ---- devices_api.c
 *
 * A path below /device/v1/ is a row of its table, with a function that answers
 * the request: at once, or when the issuer has been asked. It is called for
 * the methods of its row, for bodies of at most so many octets, and for
 * clients that have shown to hold the key of the certificate they present;
 * whether that is one of ours the issuer says.
 */
#define DEVICES_API  "/device/v1/"
#define DEVICES_JSON "application/json"
void devices_serve_api(struct devices *d, struct http_request *r);

/* The octets of "name=HEX" in the query; false: it is not there, or is not
 * that, or too long. */
bool devices_query_hex(const struct http_request *r, const char *name,
                       struct bm_wr *octets);

/*
 * Ask the issuer (WIRE_DEVICE_...; daemon/issuer_device.c has the other end).
 * `done` answers the request: devices_say_told() where the body is JSON.
 */
void devices_ask_about(struct devices *d, struct http_request *r, uint16_t what,
                       struct bm_bytes body,
                       void (*done)(struct devices_waiting *w,
                                    const struct wire_enrolled *answer));
void devices_say_told(struct devices_waiting *w,
                      const struct wire_enrolled *answer);

/* 200, never to be kept, with these octets; and with the renewal hint where
 * the issuer's answer (or NULL) has one. */
void devices_say_octets(struct http_request *r,
                        const struct wire_enrolled *answer, const char *type,
                        struct bm_bytes body);
void devices_say_busy(struct http_request *r); /* 503 */

/* ---- devices_self.c: rows of the table */

void devices_serve_status(struct devices *d, struct http_request *r);
void devices_serve_renewal(struct devices *d, struct http_request *r);
void devices_serve_time(struct devices *d, struct http_request *r);

/* ---- devices_bundle.c: a row, too */

void devices_serve_bundle(struct devices *d, struct http_request *r);
/* BM_E_...: malformed, or no memory; the old one stays. */
BM_MUST_CHECK bm_status devices_bundle_set(struct devices_bundles *all,
                                           struct bm_bytes in);
void devices_bundles_wipe(struct devices_bundles *all);

/* ---- devices_delivery.c: rows, too */

#define DEVICES_BLOB "blob/"
void devices_serve_manifest(struct devices *d, struct http_request *r);
void devices_serve_blob(struct devices *d, struct http_request *r);
void devices_serve_events(struct devices *d, struct http_request *r);

/* ---- devices_attest.c: likewise */

void devices_serve_challenge(struct devices *d, struct http_request *r);
void devices_serve_activate(struct devices *d, struct http_request *r);

/* Is this a Content-Type of CBOR, whatever its parameters? */
bool devices_is_cbor(const char *type);

/* ---- devices_answer.c: each answers the request */

void devices_say(struct http_request *r, unsigned status,
                 const struct ca_refusal *why);
void devices_say_later(struct http_request *r, unsigned status, unsigned after,
                       const struct ca_refusal *why);
/* 401, or 429 if the address had too many; `blame`: it showed credentials. */
void devices_say_unknown(struct http_request *r, bool blame,
                         const struct ca_refusal *why);
void devices_say_body(struct http_request *r, const char *type,
                      const struct devices_label *label, struct bm_bytes body);
/* What the issuer refused, in its words; nothing: it did not answer. */
void devices_say_refused(struct devices_waiting *w,
                         const struct wire_enrolled *answer);
/* `done` of enrolments. */
void devices_say_enrolled(struct devices_waiting *w,
                          const struct wire_enrolled *answer);

/* ---- devices_keygen.c */

/*
 * A key of our own instead of the client's: `w->made`, and in `csr` (of
 * EST_CSR_MAX octets) a request for it with the client's names.
 */
BM_MUST_CHECK bm_status devices_keygen_make(struct devices_waiting *w,
                                            const struct bm_csr *theirs,
                                            struct bm_wr *csr,
                                            struct ca_refusal *why);
/*
 * The key as the client wants it: PrivateKeyInfo, or a CMS message. `*key` is
 * the caller's to wipe and to free().
 */
BM_MUST_CHECK bm_status devices_keygen_wrap(const struct devices_waiting *w,
                                            uint8_t **key, size_t *n);

#endif
