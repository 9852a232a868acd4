/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_ADMIN_H
#define BM_PROTOCOLS_ADMIN_ADMIN_H

#include <jansson.h>

#include "ca/authority.h"
#include "ca/release.h"

/*
 * Administration as a table of operations: what each takes, what it gives,
 * who may, how it is reached over HTTP. The REST listener, the issuer, the
 * command line in direct mode, the OpenAPI document and its test all work
 * from this one table; what has no row does not exist.
 *
 * An operation is JSON in, JSON out, without I/O of its own. Parameters are
 * one flat JSON object, whether they came in the path, the query, the body or
 * from a command line; they are checked against the table in two places, by
 * whoever received them and again before they are used. Pieces of files go
 * beside it, as octets: base64 in JSON costs more than what is done with them.
 *
 * Lists come in pages: an object with `items` and, where there may be more,
 * `next`, which as the parameter `after` asks for what follows. A page may
 * have fewer items than `limit`, and none, and still a `next`: what a request
 * may cost is bounded, whatever it filters by.
 */

/* What all paths begin with. */
#define ADMIN_PREFIX "/api/v1"

/* Octets of a request body: a list of a cold root in PEM, with much room. */
#define ADMIN_BODY_MAX ((size_t)1 << 20)

/* Items of a page at most, and where `limit` is not given. */
#define ADMIN_PAGE_MAX 1000
#define ADMIN_PAGE     100

/* Octets of an Idempotency-Key, and of a cursor. */
#define ADMIN_KEY_MAX 64

enum admin_type {
    ADMIN_STRING,  /* UTF-8 in one line, 1 to `max` octets */
    ADMIN_TEXT,    /* the same with lines */
    ADMIN_INTEGER, /* `min` to `max` */
    ADMIN_SECONDS, /* the same; people read and type 7d (admin_seconds()) */
    ADMIN_BOOLEAN,
    ADMIN_TIME,   /* RFC 3339, UTC */
    ADMIN_SERIAL, /* hexadecimal digits */
    ADMIN_PEM,    /* one PEM block, or base64 of DER */
    ADMIN_ENUM,   /* one of `words` */
    ADMIN_STRINGS,
    ADMIN_OCTETS, /* all of the body, as it is: application/octet-stream */
    ADMIN_OBJECT, /* of results only */
    ADMIN_ARRAY   /* of objects with these `fields`; of results only */
};

enum admin_place {
    ADMIN_IN_PATH,
    ADMIN_IN_QUERY,
    ADMIN_IN_BODY
};

struct admin_field {
    const char *name;
    enum admin_type type;
    enum admin_place place; /* of parameters */
    bool required;          /* of a parameter; of a result: always there */
    int64_t min;
    int64_t max;
    const char *const *words;         /* ADMIN_ENUM: ends with NULL */
    const struct admin_field *fields; /* ADMIN_OBJECT, ADMIN_ARRAY */
    const char *about;
};

/* Refusals of an operation besides those that follow from its parameters: a
 * set, for the document. */
enum {
    ADMIN_MISSING = 1 << 0,  /* 404: what the body names */
    ADMIN_CONFLICT = 1 << 1, /* 409: not as things stand */
    ADMIN_RULES = 1 << 2,    /* 422: not what the rules allow */
    ADMIN_WAITS = 1 << 3     /* 202: for the approval of another operator */
};

struct admin_context;

struct admin_operation {
    const char *id;     /* "issueCertificate"; of OpenAPI: operationId */
    const char *method; /* "GET" reads, "POST" acts: it takes an
                           Idempotency-Key, and may be repeated with it */
    const char *path;   /* "/certificates/{serial}/revocation" below /api/v1 */
    const char *tag;    /* the noun: "certificates" */
    const char *about;
    enum ca_act act;                  /* the role it needs (authority.h) */
    bool creates;                     /* answers 201 */
    unsigned refuses;                 /* ADMIN_MISSING... */
    const struct admin_field *params; /* end with a zero row */
    const struct admin_field *result;
    /* NULL: the result is the answer. Otherwise that is a file of this type,
     * and the listener makes it of the result and of other operations. */
    const char *media;
    /* Fills `result`, an object that is there. */
    bm_status (*run)(struct admin_context *c, const json_t *params,
                     json_t *result, struct ca_refusal *why);
};
extern const struct admin_operation admin_operations[];
extern const size_t admin_operations_n;

/* -1 when there is none. */
int admin_find(const char *id);

/* The parameter that is all of its body, or NULL: then a body is JSON. */
const struct admin_field *admin_octets(const struct admin_operation *op);

/* Seconds as people type them: the largest of d, h, m and s that leaves nothing
 * over. 604800 is 7d, 90 is 90s. */
#define ADMIN_SECONDS_MAX 24
void admin_seconds(int64_t seconds, char text[ADMIN_SECONDS_MAX]);

/*
 * Does `object` have the members that a table asks for, of the types it says,
 * and no others? If not, `words` names the member.
 */
#define ADMIN_WORDS_MAX 192
bool admin_check(const struct admin_field *fields, const json_t *object,
                 char words[ADMIN_WORDS_MAX]);

/* ---- Receiving (listener) */

struct admin_problem { /* RFC 9457 */
    unsigned status;
    char title[64];
    char detail[CA_REFUSAL_WORDS_MAX + 128];
    /* What programs go by: the refusal as it is inside. BM_OK: there is
     * none, and detail says it all. */
    bm_status code;
    char words[CA_REFUSAL_WORDS_MAX];
};

struct admin_http {
    const char *method;
    const char *path;         /* raw, without query; begins with the prefix */
    const char *query;        /* raw; "" or NULL if none */
    const char *content_type; /* or NULL */
    struct bm_bytes body;
};
/*
 * Which operation, and its parameters: checked, unknown ones refused.
 * BM_OK, or a problem with status 400, 404, 405 (`allow` gets the methods),
 * 413 or 415. The caller owns `*params`, which the body is not in where it is
 * octets (admin_octets()).
 */
BM_MUST_CHECK bm_status admin_route(const struct admin_http *http,
                                    unsigned *operation, json_t **params,
                                    char allow[64],
                                    struct admin_problem *problem);

/* A problem in words of the caller's: 429, 503, 401. */
void admin_problem_say(struct admin_problem *problem, unsigned status,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a refusal is in HTTP: 403, 404, 409, ... */
void admin_problem_of(bm_status rc, const struct ca_refusal *why,
                      struct admin_problem *problem);

/* As application/problem+json. NULL: out of memory. */
json_t *admin_problem_json(const struct admin_problem *problem);

/* OpenAPI 3.1. NULL: out of memory. */
json_t *admin_openapi(const char *server_url, const char *version);

/* ---- Running (issuer; command line in direct mode) */

/* What operations need of where they run and cannot do themselves. */
struct ca_batch_secret;
struct admin_host {
    void *self;
    /* Make the CRL of a CA and publish it. */
    bm_status (*make_crl)(void *self, const struct ca_actor *actor,
                          const char *ca, int64_t now, struct ca_refusal *why);
    /* Load a CRL that was made elsewhere, and publish it. */
    bm_status (*load_crl)(void *self, const struct ca_actor *actor,
                          const char *ca, struct bm_bytes der, int64_t now,
                          struct ca_refusal *why);
    /* The CRL of a CA no longer tells all: make and publish it before long.
     * It is told once per revocation, so that many can share one list. */
    void (*list_changed)(void *self, const struct ca_actor *actor,
                         const char *ca);
    /* Sign a checkpoint and publish the ledger. */
    bm_status (*publish)(void *self, int64_t now, struct ca_refusal *why);
    /* Make the trust bundle of a list (ca/bundle.h) and publish it. */
    bm_status (*make_bundle)(void *self, const struct ca_actor *actor,
                             uint32_t list, int64_t now,
                             struct ca_refusal *why);
    /* Put a piece of a blob, and say how much is there; is one that the
     * organisation has put what an item says (server/blobs.h)? */
    bm_status (*put_blob)(void *self, const struct ca_blob_piece *piece,
                          uint64_t *have, struct ca_refusal *why);
    bm_status (*look_at_blob)(void *self, uint32_t organisation,
                              struct store_item *item, struct ca_policy *policy,
                              struct ca_refusal *why);
    /* Put a piece of the file of a batch, and say how much is there; is one of
     * the organisation there, whole (server/uploads.h)? */
    bm_status (*put_upload)(void *self, const struct ca_blob_piece *piece,
                            uint64_t *have, struct ca_refusal *why);
    bm_status (*find_upload)(void *self, uint32_t organisation,
                             const uint8_t hash[STORE_HASH_SIZE],
                             struct ca_refusal *why);
    /* A secret for a batch that is being ordered (ca/batch.h).
     * BM_E_BATCH_NO_SECRET: ask again. */
    bm_status (*batch_secret)(void *self, struct ca_batch_secret *secret,
                              struct ca_refusal *why);
    /* There may be something to go on with (ca_batch_next()). */
    void (*batch_changed)(void *self);
    /* Destinations have: what is to be sent where (ca/outbox.h). */
    void (*destinations_changed)(void *self);
};

struct ca_operator;

struct admin_context {
    struct ca *ca;
    struct ca_ledger *ledger;
    const struct store *store;
    const struct bm_crypto *crypto;
    const struct ca_bound *profiles;
    size_t profiles_n;
    struct ca_actor actor;                    /* who has been authenticated */
    const struct ca_operator *operator_shown; /* by a certificate of his; NULL:
                                                 nobody can be renewed */
    int64_t now;
    struct bm_bytes octets; /* the body of an operation that takes them */
    struct admin_host host;
    void *reserve; /* private: memory to tell with what was done */
};

/*
 * Authorise by the table, check the parameters, run. `*result` is an object
 * that the caller owns, or NULL when the act failed or was refused. Not in a
 * transaction.
 */
BM_MUST_CHECK bm_status admin_run(struct admin_context *c, unsigned operation,
                                  const json_t *params, json_t **result,
                                  struct ca_refusal *why);

/* An answer as HTTP has it. */
struct admin_answer {
    unsigned status;
    bm_status refused; /* why it is a problem; else BM_OK */
    char *body;        /* JSON, without a NUL */
    size_t n;
};

/*
 * The same for a client that may ask twice: an act that was done with this
 * Idempotency-Key (empty: none) within the last day, by this operator, is not
 * done again, and answered as it was. Where the act and its answer were parted
 * by a failure, it is run again, which ca/ makes safe: the same certificate, a
 * conflict, or a second token that nobody has seen.
 *
 * Refusals are answers, too, and `why` has them. BM_E_MEMORY: there is no
 * answer. Otherwise release it with admin_answer_wipe().
 */
BM_MUST_CHECK bm_status admin_call(struct admin_context *c, unsigned operation,
                                   struct bm_bytes key, const json_t *params,
                                   struct admin_answer *answer,
                                   struct ca_refusal *why);
void admin_answer_wipe(struct admin_answer *answer);

#endif
