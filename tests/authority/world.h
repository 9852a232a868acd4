/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_AUTHORITY_WORLD_H
#define BM_TESTS_AUTHORITY_WORLD_H

#include "ca/authority.h"
#include "ca/issue.h"
#include "ca/local_signer.h"
#include "ca/revoke.h"
#include "ca/setup.h"
#include "ca/token.h"
#include "server/instance.h"
#include "tests/authority/faulty.h"
#include "tests/harness/bm_test.h"

/*
 * A working instance, made once per program by init_instance(), and for each
 * test an authority of its own over a copy of its store and journal. Time is
 * what the test says. Between authority and store, and authority and signer,
 * stands what can fail on command (faulty.h).
 *
 * What a test cannot go on without ends the program.
 */

#define WORLD_START INT64_C(1795600000) /* 2026-11-25 */
#define HOUR        INT64_C(3600)
#define DAY         (24 * HOUR)

/* Profiles of tests, beside those that ship. */
#define IDEVID  "ieee-802.1ar-idevid"
#define LDEVID  "ieee-802.1ar-ldevid" /* one active, forks are refused */
#define SEVERAL "t-several" /* several active, same key, shares with LDEVID */
#define SUSPEND "t-suspend" /* one active, a fork suspends the device */
#define SERVER  "t-server"  /* no device, same key, unique DNS names, RSA */
#define TLS     "tls-server"
#define WAITS   "t-waits"   /* needs approval, several active */
#define TPM     "t-tpm"     /* keys of the device's TPM, same key */
#define ANY_TPM "t-any-tpm" /* keys of any TPM */
#define WAITS_2 "t-waits-2" /* the same, of no device */
#define CODE    "t-code"    /* signs firmware; renewed by itself, any key */
#define POLICY  "t-policy"  /* signs policies of the firewall */

struct world {
    char dir[256];
    char journal_dir[300];
    int64_t now;
    struct store *store; /* as the authority has it: `faulty`'s */
    struct faulty_store faulty;
    struct faulty_signer signer;
    struct ca_ledger *ledger;
    struct ca_journal *journal;
    struct ca_signer *real_signer;
    struct ca *ca;
    const struct ca_bad_keys *bad_keys; /* for world_reopen() */
    int64_t delta_every;                /* likewise */
    size_t bundle_deny;                 /* likewise */
};

void world_open(struct world *w);
void world_close(struct world *w);
/* For what is issued by "issuing" in this world, and in those that are opened
 * later: its list has so many shards, of which the first `given` are given
 * out. Opens the authority again. */
void world_shards(struct world *w, uint32_t shards, uint32_t given);
/* As another process would find it: BM_OK or what ca_open() says. */
bm_status world_reopen(struct world *w);
bm_status world_reopen_to_read(struct world *w);

const struct bm_crypto *world_crypto(void);
/* The instance behind all of it, for its CAs and profiles. */
const struct instance *world_base(void);
const struct instance_ca *world_ca(const char *id);
const struct ca_profile *world_profile(const char *name);
/* Of organisation 1, as `init` made it, and of organisation 2. */
extern const struct ca_actor admin;
extern const struct ca_actor neighbour;
/* A protocol: it has no role. */
extern const struct ca_actor est;
extern const struct ca_actor authority;

/* A new P-256 key, released when the program ends. */
const struct bm_signer *world_key(void);
/* Of another type; RSA of 2048 bits. */
const struct bm_signer *world_key_of(enum bm_key_type type);

/* A request, signed. */
struct request {
    uint8_t der[4096];
    struct bm_csr csr;
};
/* CN, and serialNumber; either may be NULL. */
void request_make(struct request *r, const struct bm_signer *key,
                  const char *serial, const char *cn);
/* With a DNS name in subjectAltName. */
void request_server(struct request *r, const struct bm_signer *key,
                    const char *dns);

/* A certificate as it was handed out. */
struct issued {
    bm_status status;
    struct ca_refusal why;
    bool repeated;
    uint64_t id;
    enum store_cert_status cert_status;
    char ca[STORE_ID_MAX];
    uint8_t serial[STORE_SERIAL_MAX];
    size_t serial_n;
    uint8_t der[4096];
    size_t n;
    struct bm_cert cert;
};
void issued_keep(struct issued *out, const struct ca_issue_result *result);
struct bm_bytes issued_der(const struct issued *c);
struct bm_bytes issued_serial(const struct issued *c);

/* One request; the status is that of the result. */
bm_status world_issue(struct world *w, const struct ca_issue_request *r,
                      struct issued *out);
/* By the administrator, for a device of that name. */
bm_status by_operator(struct world *w, const char *profile, const char *device,
                      const struct bm_signer *key, struct issued *out);
/* By the certificate `with`: CA_BY_IDEVID or CA_BY_CURRENT. */
struct by_cert {
    unsigned by;
    const char *profile;
    const char *device;
    const struct issued *with;
    const struct bm_signer *key;
};
bm_status by_cert(struct world *w, const struct by_cert *b, struct issued *out);
bm_status by_current(struct world *w, const char *device,
                     const struct issued *with, const struct bm_signer *key,
                     struct issued *out);
/* By a token's secret. */
struct by_token {
    const char *profile;
    const char *device;
    const char *secret;
    const struct bm_signer *key;
};
bm_status by_token(struct world *w, const struct by_token *b,
                   struct issued *out);
bm_status world_token(struct world *w, const char *profile, const char *device,
                      char secret[CA_TOKEN_CHARS + 1]);

bm_status world_seen(struct world *w, const struct issued *c);
bm_status world_revoke(struct world *w, const struct issued *c, uint8_t reason);
bm_status world_release(struct world *w, const struct issued *c);
bm_status world_resume(struct world *w, const char *device);

/* What the store has, in a transaction of its own. */
struct store_cert world_row(struct world *w, uint64_t id); /* no views */
enum store_cert_status status_of(struct world *w, const struct issued *c);
struct store_device world_device(struct world *w, uint32_t organisation,
                                 const char *name); /* id 0: there is none */
/* Events of this kind in an organisation's scope (0: any). */
unsigned world_events(struct world *w, uint32_t organisation, const char *kind);
/* Certificates that have a status. */
unsigned world_count(struct world *w, enum store_cert_status status);
uint64_t world_leaves(struct world *w);
/* SHA-256 over store and journal as they are on the medium. */
struct world_print {
    uint8_t hash[32];
};
struct world_print world_print(struct world *w);
bool prints_equal(const struct world_print *a, const struct world_print *b);

/* Is everything that is stored also on record, and the other way round? Says
 * what is not. */
bool world_sound(struct world *w);

/* Must hold, or the program ends. */
void must(bool ok, const char *what);

#endif
