/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_OPENSSL_OPENSSL_TLS_INTERNAL_H
#define BM_PORTS_OPENSSL_OPENSSL_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "device/tls_port.h"
#include "ports/openssl/openssl_tls.h"

/*
 * Between the files of TLS:
 *
 *   openssl_tls.c         the port and its sessions: reading, writing
 *   openssl_tls_setup.c   what an SSL_CTX and an SSL are told to do
 *   openssl_tls_judge.c   the peer's certificates, and the verdict
 *   openssl_tls_resume.c  sessions that are remembered
 *   openssl_tls_key.c     a bm_signer as a key of OpenSSL
 *   openssl_tls_status.c  what went wrong, as a status
 */

/* Certificates of a peer, copied as they came. */
struct tls_sent {
    uint8_t *octets;
    struct bm_bytes certs[BM_TLS_CERTS_MAX];
    size_t n;
};
bm_status openssl_tls_sent_copy(const struct tls_sent *from,
                                struct tls_sent *to);
void openssl_tls_sent_wipe(struct tls_sent *sent);

/* A session that may be taken up again. */
struct tls_remembered {
    SSL_SESSION *session; /* NULL: free */
    struct tls_sent sent;
    uint8_t key[32]; /* what it is good for: openssl_tls_resume_key() */
    bool server;
    uint64_t used; /* the oldest makes way */
};

struct tls_port {
    struct bm_tls tls;
    SSL_CTX *ctx;
    BIO_METHOD *bio;
    struct tls_remembered remembered[BM_OPENSSL_TLS_REMEMBERED];
    uint64_t uses;
};

struct bm_tls_session {
    struct tls_port *port;
    struct bm_tls_config config;
    SSL *ssl;
    struct tls_sent sent;
    struct bm_trust_verdict verdict;
    bool judged;
    bool recalled;  /* `sent` and `verdict` are those of a remembered session,
                       and count only if that is taken up */
    bool done;      /* the handshake */
    bool resumable; /* and not config.fresh, and not to enrol */
    bool ended;     /* the transport said BM_E_TLS_CLOSED */
    uint8_t alert;
    bm_status transport; /* what else it said */
    bm_status signer;    /* what the signer said */
    bm_status over;      /* BM_OK: not yet */
    int32_t library;
    uint8_t key[32]; /* see struct tls_remembered */
};

struct bm_tls_session *openssl_tls_session_of(const SSL *ssl);

/* openssl_tls_setup.c */
bm_status openssl_tls_context_new(struct tls_port *port);
bm_status openssl_tls_setup(struct bm_tls_session *s);
BIO_METHOD *openssl_tls_bio_method(void);

/* openssl_tls_judge.c */
void openssl_tls_judge_watch(SSL_CTX *ctx);
/* Nothing is known of the peer (any more). */
void openssl_tls_judge_anew(struct bm_tls_session *s);
/* Judge what was sent, if that was not done, and there is something. */
void openssl_tls_judge_sent(struct bm_tls_session *s);

/* openssl_tls_resume.c */
void openssl_tls_resume_watch(SSL_CTX *ctx);
bm_status openssl_tls_resume_key(struct bm_tls_session *s);
void openssl_tls_resume_offer(
    struct bm_tls_session *s); /* client, before it starts */
void openssl_tls_resume_wipe(struct tls_port *port);

/* openssl_tls_key.c. The signer and `*status` outlive the key; what the
 * signer returns on failure goes to `*status`. */
bm_status openssl_tls_key_new(const struct bm_signer *signer, bm_status *status,
                              EVP_PKEY **key);

/* openssl_tls_status.c: of the function that returned `ret`. */
bm_status openssl_tls_status(struct bm_tls_session *s, int ret);

#endif
