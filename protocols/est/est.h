/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_EST_EST_H
#define BM_PROTOCOLS_EST_EST_H

#include "ca/refusal.h"
#include "core/cert.h"
#include "core/crypto.h"
#include "core/csr.h"

/*
 * Enrollment over Secure Transport: RFC 7030, with the corrections of RFC
 * 8951. What a request says and what an answer looks like, as functions over
 * bytes: no sockets, no TLS, no decisions. Strict in what is sent, tolerant
 * in what is received; each liberty is named where it is taken.
 *
 * The life of a request, in the words of this header:
 *
 *   est_path_parse()           which operation, for which label
 *   est_credentials_parse()    Basic or Bearer, if an Authorization came
 *   est_is_pkcs10()            the Content-Type, of what is posted
 *   est_body_decode()          the body becomes DER
 *   bm_csr_parse(), bm_csr_verify()     (core/csr.h)
 *   est_binding_check()        challengePassword against the connection
 *   est_keygen_parse()         serverkeygen: how the key is to travel
 *   ... somebody decides and makes a certificate ...
 *   est_put_certs(), est_put_csrattrs(), est_put_keygen(), est_put_words()
 *
 * Functions that refuse fill in `why`, in words for the client's reader.
 */

/* ---- Paths */

enum est_operation {
    EST_CACERTS,        /* RFC 7030 4.1, GET */
    EST_SIMPLEENROLL,   /* RFC 7030 4.2.1, POST */
    EST_SIMPLEREENROLL, /* RFC 7030 4.2.2, POST */
    EST_FULLCMC,      /* RFC 7030 4.3: known, so that it can be answered 501 */
    EST_SERVERKEYGEN, /* RFC 7030 4.4, POST */
    EST_CSRATTRS,     /* RFC 7030 4.5, GET */
    EST_OPERATIONS
};

/* Octets of a label: names of profiles are not longer. */
#define EST_LABEL_MAX 63

struct est_path {
    enum est_operation operation;
    char label[EST_LABEL_MAX + 1]; /* percent-decoded; "" where there is none */
};

/*
 * Take "/.well-known/est/[LABEL/]OPERATION" apart; `path` is as it stands in
 * the request line, without the query. Any octet may be percent-encoded. A
 * label is printable ASCII without "/", and is no operation's name. One
 * liberty: "/LABEL/.well-known/est/OPERATION", which is what strongSwan makes
 * of a URL with a path. BM_E_NOT_FOUND for anything else, `*out` is then zero.
 */
BM_MUST_CHECK bm_status est_path_parse(const char *path, struct est_path *out);

/* "simpleenroll" */
const char *est_operation_name(enum est_operation operation);

/* Is the operation a POST? Otherwise it is a GET. */
bool est_operation_posts(enum est_operation operation);

/* ---- Who asks */

/* Octets: a device's name, and more than a token or password ever has. */
#define EST_USER_MAX  255
#define EST_TOKEN_MAX 255

/* Holds a secret: est_credentials_wipe() when done. */
struct est_credentials {
    uint8_t user[EST_USER_MAX]; /* the device; of Basic only */
    size_t user_n;
    uint8_t token[EST_TOKEN_MAX];
    size_t token_n; /* 0: the client sent no credentials */
};

/*
 * The value of an Authorization header, or NULL: Basic (RFC 7617), whose user
 * is the device and whose password is the token, or Bearer (RFC 6750) with
 * the token alone. BM_E_EST_CREDENTIALS for another scheme and for what is
 * malformed, `*out` is then zero. No header: BM_OK and no credentials.
 */
BM_MUST_CHECK bm_status est_credentials_parse(const char *authorization,
                                              struct est_credentials *out,
                                              struct ca_refusal *why);
void est_credentials_wipe(struct est_credentials *credentials);

/* Value of WWW-Authenticate in each 401: libest waits for it. */
#define EST_CHALLENGE "Basic realm=\"estrealm\""

/* ---- What is posted */

/* Octets of a request in DER: an ML-DSA-87 key, its signature, and names. */
#define EST_CSR_MAX 65536
/* Octets of a body: base64 of that, with short lines. */
#define EST_BODY_MAX 131072

/*
 * Does a Content-Type (or NULL) announce a PKCS#10 request? Parameters and
 * case do not matter. No Content-Type at all: the body shows what it is (RFC
 * 9110 8.3 lets a recipient look).
 */
bool est_is_pkcs10(const char *content_type);

/*
 * The body of an enrolment as DER, appended to `der`, which may overwrite the
 * body that it is made of. The body is base64 with white space anywhere or
 * nowhere, whatever Content-Transfer-Encoding says. Two liberties, as scripts
 * send both: PEM with the label of a request, and DER as it is; no octet of
 * base64 can be the second of either. BM_E_EST_BODY, BM_E_LIMIT over
 * EST_CSR_MAX octets.
 */
BM_MUST_CHECK bm_status est_body_decode(struct bm_bytes body, struct bm_wr *der,
                                        struct ca_refusal *why);

/*
 * Channel binding: is challengePassword the base64 of `binding`, the octets
 * of this connection's tls-unique or tls-exporter (empty: it has none)?
 * BM_OK also where the request has none, unless it is `required`.
 * BM_E_EST_BINDING, with the usual cause in `why`.
 */
BM_MUST_CHECK bm_status est_binding_check(const struct bm_csr *csr,
                                          struct bm_bytes binding,
                                          bool required,
                                          struct ca_refusal *why);

/* ---- serverkeygen */

enum est_cipher { /* of EnvelopedData */
    EST_CIPHER_AES128_CBC,
    EST_CIPHER_AES256_CBC
};

/* How the client wants its key. */
struct est_keygen {
    bool enveloped;
    struct bm_bytes recipient; /* enveloped: identifier of the public key */
    enum est_cipher cipher;
};

/*
 * Read the attributes of a request that say how the private key travels.
 * BM_E_EST_KEYGEN for what cannot be done: a symmetric key (we know none),
 * an algorithm that we do not have, a malformed attribute. Never less
 * protection than was asked for.
 */
BM_MUST_CHECK bm_status est_keygen_parse(const struct bm_csr *csr,
                                         struct est_keygen *keygen,
                                         struct ca_refusal *why);

/*
 * May the private key be encrypted to this certificate: is its key the one
 * that `keygen` names (by subjectKeyIdentifier, or a SHA-1 or RFC 7093 hash
 * of the key), and may it be used so? BM_E_EST_KEYGEN.
 */
BM_MUST_CHECK bm_status est_recipient_check(const struct est_keygen *keygen,
                                            const struct bm_cert *cert,
                                            const struct bm_crypto *crypto,
                                            struct ca_refusal *why);

/*
 * Attributes of the request that the certificate is asked for with in the
 * client's place: those of `csr` without challengePassword and the ones that
 * est_keygen_parse() read.
 */
void est_keygen_put_attributes(struct bm_wr *w, const struct bm_csr *csr);

/* ---- Answers */

#define EST_TYPE_CERTS    "application/pkcs7-mime; smime-type=certs-only"
#define EST_TYPE_CSRATTRS "application/csrattrs"
#define EST_TYPE_WORDS    "text/plain; charset=utf-8"

/* Base64 in one line, or in lines of 64 characters; a newline at the end. */
enum est_lines {
    EST_ONE_LINE,
    EST_WRAPPED
};

/*
 * A certs-only message of `certs`, DER after DER. `scratch` is a writer over
 * memory that holds the message in DER: certs.n + EST_CMS_EXTRA octets.
 */
#define EST_CMS_EXTRA 128
BM_MUST_CHECK bm_status est_put_certs(struct bm_wr *w, struct bm_bytes certs,
                                      enum est_lines lines,
                                      struct bm_wr *scratch);

void est_put_csrattrs(struct bm_wr *w, struct bm_bytes der,
                      enum est_lines lines);

/* Octets that base64 of `n` octets takes, in whichever lines. */
#define EST_BASE64_MAX(n) (((n) + 2) / 3 * 4 + (n) / 48 + 2)

/*
 * A private key and its certificate in one multipart/mixed body. `key` is
 * PrivateKeyInfo, or a CMS message when `enveloped`; `certs` as above. The
 * boundary cannot occur in what it bounds: base64 has no "-".
 */
#define EST_BOUNDARY     "birthmark-estServerKeyGenBoundary"
#define EST_TYPE_KEYGEN  "multipart/mixed; boundary=" EST_BOUNDARY
#define EST_KEYGEN_EXTRA 512 /* octets of headers and boundaries */
struct est_keygen_answer {
    struct bm_bytes key;
    bool enveloped;
    struct bm_bytes certs;
    enum est_lines lines;
};
BM_MUST_CHECK bm_status est_put_keygen(struct bm_wr *w,
                                       const struct est_keygen_answer *answer,
                                       struct bm_wr *scratch);

/*
 * Why not, for a person: "RFC 7030 3.5: ...: ...\n". What strangers wrote is
 * made printable.
 */
#define EST_WORDS_MAX (CA_REFUSAL_WORDS_MAX + 256)
void est_put_words(struct bm_wr *w, const struct ca_refusal *why);

/*
 * Value of the header of every enrolment answer that says when the
 * certificate should be renewed: "start=2031-02-03T04:05:06Z, end=...".
 */
#define EST_RENEWAL_HEADER "Birthmark-Renewal"
void est_put_renewal(struct bm_wr *w, int64_t start, int64_t end);

#endif
