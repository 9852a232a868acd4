/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/safe.h"
#include "core/base64.h"
#include "core/der.h"
#include "core/pem.h"

/* The first buffer; it doubles up to INPUT_MAX. */
#define INPUT_FIRST ((size_t)64 << 10)

ptrdiff_t input_read(struct input *in, uint8_t *buf, size_t n)
{
    ssize_t got;

    do {
        got = read(in->fd, buf, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Read to the end or to INPUT_MAX. 0 or an errno value. */
static int fill(struct input *in)
{
    size_t room = 0;

    for (;;) {
        ptrdiff_t got;

        if (in->n == INPUT_MAX) {
            in->more = true;
            return 0;
        }
        if (in->n == room) {
            uint8_t *data;

            room = room == 0 ? INPUT_FIRST : 2 * room;
            data = realloc(in->data, room);
            if (data == NULL) {
                return ENOMEM;
            }
            in->data = data;
        }
        got = input_read(in, in->data + in->n, room - in->n);
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            return in->n == 0 ? INPUT_EMPTY : 0;
        }
        in->n += (size_t)got;
    }
}

static int open_file(struct input *in, const char *name)
{
    struct stat st;

    if (strcmp(name, "-") == 0) {
        in->fd = STDIN_FILENO;
        return 0;
    }
    in->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in->fd < 0) {
        return errno;
    }
    /* read() would say so, too, but not on every system. */
    return fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode) ? EISDIR : 0;
}

/* Characters of base64 that show what is in it: names are short. */
#define KIND_ENOUGH 4096

#define BEGIN "-----BEGIN"

/* The first line that starts with BEGIN, or NULL. */
static const uint8_t *find_begin(struct bm_bytes in)
{
    const size_t n = sizeof BEGIN - 1;

    for (size_t i = 0; i + n <= in.n; i++) {
        if (in.p[i] == '-' &&
            (i == 0 || in.p[i - 1] == '\n' || in.p[i - 1] == '\r') &&
            memcmp(in.p + i, BEGIN, n) == 0) {
            return in.p + i;
        }
    }
    return NULL;
}

/* Editors put a byte order mark before the first line. */
static struct bm_bytes skip_mark(struct bm_bytes in)
{
    static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

    if (in.n >= sizeof mark && memcmp(in.p, mark, sizeof mark) == 0) {
        in.p += sizeof mark;
        in.n -= sizeof mark;
    }
    return in;
}

int input_open(struct input *in, const char *name)
{
    int error;

    *in = (struct input){ .name = name, .fd = -1 };
    error = open_file(in, name);
    if (error == 0) {
        error = fill(in);
    }
    if (error != 0) {
        input_close(in);
        return error;
    }
    in->left = skip_mark((struct bm_bytes){ in->data, in->n });
    in->pem = kind_of(in->left) == KIND_UNKNOWN && find_begin(in->left) != NULL;
    return 0;
}

void input_close(struct input *in)
{
    if (in->fd > STDIN_FILENO) {
        close(in->fd);
    }
    free(in->data);
    free(in->der);
    *in = (struct input){ .name = in->name, .fd = -1 };
}

void input_error_words(int error, char words[ERRNO_WORDS_MAX])
{
    if (error == INPUT_EMPTY) {
        snprintf(words, ERRNO_WORDS_MAX, "empty");
    } else {
        errno_words(error, words);
    }
}

/* RFC 7468 4..10 and older habits, for contents that do not tell. */
static enum kind kind_of_label(const struct bm_pem *block)
{
    if (bm_pem_is(block, "CERTIFICATE") ||
        bm_pem_is(block, "X509 CERTIFICATE") ||
        bm_pem_is(block, "TRUSTED CERTIFICATE")) {
        return KIND_CERT;
    }
    if (bm_pem_is(block, "CERTIFICATE REQUEST") ||
        bm_pem_is(block, "NEW CERTIFICATE REQUEST")) {
        return KIND_CSR;
    }
    if (bm_pem_is(block, "X509 CRL")) {
        return KIND_CRL;
    }
    if (bm_pem_is(block, "CMS") || bm_pem_is(block, "PKCS7") ||
        bm_pem_is(block, "PKCS #7 SIGNED DATA")) {
        return KIND_CMS;
    }
    return KIND_OTHER;
}

static bool is_private(const struct bm_pem *block)
{
    static const char end[] = "PRIVATE KEY";
    const size_t n = sizeof end - 1;

    return block->label.n >= n &&
           memcmp(block->label.p + block->label.n - n, end, n) == 0;
}

static enum input_result refuse(const struct input *in, struct refusal *r,
                                const struct bm_diag *diag, bm_status rc)
{
    *r = refusal_of(diag, rc, (struct bm_bytes){ in->data, in->n });
    r->file = in->name;
    r->block = in->block;
    return INPUT_REFUSED;
}

static enum input_result decode(struct input *in, const struct bm_pem *block,
                                struct object *object, struct refusal *r)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_wr w;
    size_t room = BM_BASE64_DECODED_MAX(block->base64.n);
    bm_status rc;

    free(in->der);
    in->der = malloc(room);
    if (in->der == NULL) {
        return refuse(in, r, &diag, BM_E_LIMIT);
    }
    bm_wr_init(&w, in->der, room);
    rc = bm_pem_decode(block, &diag, &w);
    if (rc != BM_OK) {
        return refuse(in, r, &diag, rc);
    }
    object->der = bm_wr_bytes(&w);
    object->kind = kind_of(object->der);
    if (object->kind == KIND_UNKNOWN) {
        object->kind = kind_of_label(block);
    }
    return INPUT_OBJECT;
}

/*
 * The text ends inside a block because it was too large to be read whole:
 * hand it out by its beginning.
 */
static enum input_result next_partial(struct input *in, struct object *object)
{
    const uint8_t *end = in->data + in->n;
    const uint8_t *at = find_begin(in->left);
    struct bm_base64 base64;
    struct bm_bytes start;
    struct bm_wr w;
    uint8_t first[BM_BASE64_DECODED_MAX(KIND_ENOUGH)];

    while (at != end && *at != '\n' && *at != '\r') {
        at++;
    }
    in->left.n = 0;
    object->block = in->block;
    object->more = true;
    object->base64 = (struct bm_bytes){ at, (size_t)(end - at) };
    start = object->base64;
    start.n = start.n < KIND_ENOUGH ? start.n : KIND_ENOUGH;
    bm_wr_init(&w, first, sizeof first);
    bm_base64_init(&base64, BM_BASE64_SPACES);
    /* Should this fail, so will the reading of it, and say where. */
    if (bm_base64_update(&base64, start, NULL, &w) == BM_OK) {
        object->kind = kind_of(bm_wr_bytes(&w));
    }
    return INPUT_OBJECT;
}

static enum input_result next_pem(struct input *in, struct object *object,
                                  struct refusal *r)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_pem block;
    bm_status rc = bm_pem_next(&in->left, &diag, &block);

    if (rc == BM_E_END) {
        in->left.n = 0;
        return in->more ? refuse(in, r, &diag, BM_E_LIMIT) : INPUT_END;
    }
    in->block++;
    if (rc == BM_E_PEM_END && in->more) {
        return next_partial(in, object);
    }
    if (rc != BM_OK) {
        in->left.n = 0; /* nobody knows where the next one begins */
        return refuse(in, r, &diag, rc);
    }
    object->block = in->block;
    object->label = block.label;
    if (is_private(&block)) {
        object->kind = KIND_OTHER;
        return INPUT_OBJECT;
    }
    return decode(in, &block, object, r);
}

static enum input_result next_der(struct input *in, struct object *object)
{
    object->kind = kind_of(in->left);
    object->der = in->left;
    object->more = in->more;
    in->left.n = 0;
    return INPUT_OBJECT;
}

enum input_result input_next(struct input *in, struct object *object,
                             struct refusal *r)
{
    *r = (struct refusal){ .file = in->name, .at = REFUSAL_NOWHERE };
    *object = (struct object){ .kind = KIND_UNKNOWN };
    if (in->left.n == 0) {
        return INPUT_END;
    }
    return in->pem ? next_pem(in, object, r) : next_der(in, object);
}

static void pass_over(const struct input *in, const struct object *object)
{
    safe_print_str(stderr, in->name);
    fprintf(stderr, ": block %u: ", object->block);
    safe_print(stderr, object->label);
    fputs(", passed over\n", stderr);
}

/* In words: what no status says. */
static enum input_result refuse_words(struct refusal *r, const char *words)
{
    r->words = words;
    return INPUT_REFUSED;
}

enum input_result input_next_known(struct input *in, struct object *object,
                                   struct refusal *r)
{
    enum input_result result;

    while ((result = input_next(in, object, r)) == INPUT_OBJECT &&
           object->kind == KIND_OTHER) {
        pass_over(in, object);
    }
    if (result == INPUT_END && in->known == 0) {
        in->known = 1; /* and the end next time */
        return refuse_words(r, "no certificate, request, CRL nor CMS "
                               "message in it");
    }
    if (result == INPUT_END) {
        return result;
    }
    in->known++;
    if (result == INPUT_OBJECT && object->kind == KIND_UNKNOWN &&
        (object->der.n == 0 || object->der.p[0] != BM_DER_SEQUENCE)) {
        r->status = BM_E_PEM_BEGIN;
        r->at = 0;
        return refuse_words(r, "neither PEM nor DER");
    }
    if (result == INPUT_OBJECT && object->more && object->kind != KIND_CRL) {
        return refuse_words(r, "larger than 16 MiB, which only CRLs may be");
    }
    return result;
}
