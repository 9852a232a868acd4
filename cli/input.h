/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_INPUT_H
#define BM_CLI_INPUT_H

#include "cli/diag.h"
#include "core/ext.h"

/*
 * Files from the command line: read with a limit, and taken apart into the
 * DER objects inside, whether PEM or DER. What a file is, its contents say;
 * neither its name nor the label of a PEM block is believed.
 */

/*
 * No certificate, request or message comes near; 16 MiB of certificates is
 * a bundle of some ten thousand. Only CRLs may be larger: they are streamed.
 */
#define INPUT_MAX ((size_t)16 << 20)

/* --tolerant: all that bm_cert_parse() can be asked to let pass. */
#define INPUT_TOLERANT                                                         \
    (BM_TOLERATE_EXPLICIT_FALSE | BM_TOLERATE_SERIAL | BM_TOLERATE_TIME_TYPE | \
     BM_TOLERATE_CERT_SIGN)

struct input {
    const char *name; /* as given, "-" for standard input */
    uint8_t *data;    /* the file, or its first INPUT_MAX octets */
    size_t n;
    int fd;    /* where the rest comes from, or -1 */
    bool more; /* there may be a rest */
    /* The walk over the objects. */
    struct bm_bytes left;
    unsigned block; /* PEM blocks taken so far */
    unsigned known; /* objects handed out by input_next_known() */
    bool pem;
    uint8_t *der; /* of the current block */
};

/*
 * Open and read. 0, or an errno value, or INPUT_EMPTY; then nothing is open.
 * The input is released with input_close() in any case.
 */
#define INPUT_EMPTY (-1)
int input_open(struct input *in, const char *name);
void input_close(struct input *in);

/* The same in the words a message needs. */
void input_error_words(int error, char words[ERRNO_WORDS_MAX]);

/*
 * Read more of a file that was too large for `data`: the octets read, 0 at
 * its end, -1 with errno set.
 */
ptrdiff_t input_read(struct input *in, uint8_t *buf, size_t n);

/* What an object is, to judge by the shape of its first octets. */
enum kind {
    KIND_UNKNOWN,
    KIND_CERT,
    KIND_CSR,
    KIND_CRL,
    KIND_CMS,
    KIND_OTHER, /* a PEM block of another label: a private key, say */
};

/* Views hold until the next call of input_next(). */
struct object {
    enum kind kind;
    struct bm_bytes der;
    unsigned block;         /* PEM block, from 1; 0 in DER */
    bool more;              /* not all of it is in memory: see feed.h */
    struct bm_bytes base64; /* if so and in PEM: instead of `der` */
    struct bm_bytes label;  /* in PEM */
};

enum input_result {
    INPUT_OBJECT,  /* here it is */
    INPUT_REFUSED, /* a block does not decode; `*r` says why */
    INPUT_END
};

enum input_result input_next(struct input *in, struct object *object,
                             struct refusal *r);

/*
 * input_next() without the objects that nobody wants: those that are no
 * certificate, request, CRL nor CMS message are passed over with a word on
 * stderr, too large ones are refused, and so is a file with none at all.
 */
enum input_result input_next_known(struct input *in, struct object *object,
                                   struct refusal *r);

/* Tell the kind of a DER object, of which `in` is at least the beginning. */
enum kind kind_of(struct bm_bytes in);

/* "certificate", "certification request", ... */
const char *kind_name(enum kind kind);

#endif
