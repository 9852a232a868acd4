/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify.h"

#include <stdlib.h>
#include <string.h>

#include "cli/feed.h"

/*
 * A CRL read as a stream, up to its end, with an optional search in it.
 */
struct crl_stream {
    struct bm_crl_reader reader;
    struct bm_crl_find find;
    bool searching;
    bool ended;
};

static bm_status run_stream(struct crl_stream *s, struct feed *feed)
{
    enum bm_crl_event event;
    struct bm_bytes chunk;
    bm_status rc = BM_OK;

    while (rc == BM_OK && feed_next(feed, &chunk)) {
        bm_crl_reader_feed(&s->reader, chunk);
        do {
            rc = bm_crl_reader_next(&s->reader, &event);
            if (rc == BM_OK && s->searching) {
                bm_crl_find_see(&s->find, &s->reader, event);
            }
            s->ended = s->ended || (rc == BM_OK && event == BM_CRL_END);
        } while (rc == BM_OK && event != BM_CRL_MORE);
    }
    if (rc == BM_OK && feed->why.status != BM_OK) {
        rc = feed->why.status;
    }
    return rc == BM_OK && !s->ended ? BM_E_DER_TRUNCATED : rc;
}

/* Find the object at `place` again. */
static bool reopen(struct input *in, const struct place *place,
                   struct object *object)
{
    struct refusal why;

    if (input_open(in, place->file) != 0) {
        return false;
    }
    while (input_next_known(in, object, &why) == INPUT_OBJECT) {
        if (object->block == place->block && object->kind == KIND_CRL) {
            return true;
        }
    }
    return false;
}

/* Ask a CRL that is too large for memory: read it once more. */
static bm_status ask_stream(struct verify *v, const struct crl_entry *entry,
                            const struct bm_crl_query *query,
                            const struct bm_spki *key,
                            struct bm_crl_answer *answer)
{
    struct crl_stream *s = calloc(1, sizeof *s);
    struct feed *feed = NULL;
    struct input in = { .fd = -1 };
    struct object object;
    bm_status rc = BM_E_LIMIT;

    if (s == NULL || !reopen(&in, &entry->place, &object)) {
        goto out;
    }
    feed = feed_new(&in, &object);
    if (feed == NULL) {
        goto out;
    }
    s->searching = true;
    bm_crl_reader_open(&s->reader, v->crypto);
    bm_crl_find_init(&s->find, query);
    rc = run_stream(s, feed);
    if (rc == BM_OK) {
        rc = bm_crl_find_result(&s->find, &s->reader, key, v->config.time,
                                answer);
    }
    bm_crl_reader_close(&s->reader);
out:
    input_close(&in);
    free(feed);
    free(s);
    return rc;
}

/* The answer of one CRL, if it has one. */
static bm_status ask(struct verify *v, const struct crl_entry *entry,
                     const struct bm_crl_query *query,
                     const struct bm_spki *key, struct bm_crl_answer *answer)
{
    const struct bm_crl_trust trust = { v->crypto, key, v->config.time };

    if (entry->der == NULL) {
        return ask_stream(v, entry, query, key, answer);
    }
    return bm_crl_find(&entry->crl, &trust, query, answer);
}

/* RFC 5280 6.3.3 (f): may this key sign CRLs? */
static bool may_sign_crls(const struct bm_cert *issuer)
{
    return !bm_exts_has(&issuer->ext, BM_EXT_KEY_USAGE) ||
           (issuer->ext.key_usage & BM_KU_CRL_SIGN) != 0;
}

/* Who is asked about, and by whose lists. */
struct asking {
    struct verify *v;
    struct bm_crl_query query;
    const struct bm_spki *key;
    struct bm_crl_answer *deltas; /* of all delta CRLs */
    size_t deltas_n;
};

/* The answers of all lists of a kind, each shown to `take`. */
static void ask_all(struct asking *a, bool deltas, struct bm_crl_answer *sum,
                    void (*take)(struct asking *a, struct bm_crl_answer *sum,
                                 const struct bm_crl_answer *one))
{
    struct verify *v = a->v;

    for (size_t i = 0; i < v->crls.n; i++) {
        struct bm_crl_answer one;

        if (ask(v, &v->crls.entry[i], &a->query, a->key, &one) == BM_OK &&
            one.is_delta == deltas) {
            take(a, sum, &one);
        }
    }
}

static void take_delta(struct asking *a, struct bm_crl_answer *sum,
                       const struct bm_crl_answer *one)
{
    (void)sum;
    a->deltas[a->deltas_n++] = *one;
}

/* A complete list, or one of a part, brought up to date by what fits it. */
static void take_list(struct asking *a, struct bm_crl_answer *sum,
                      const struct bm_crl_answer *one)
{
    struct bm_crl_answer answer = *one;

    for (size_t i = 0; i < a->deltas_n; i++) {
        /* One that does not fit leaves the answer as it was. */
        (void)!bm_crl_answer_update(&answer, &a->deltas[i]);
    }
    if (sum->state == BM_CRL_UNDETERMINED) {
        *sum = answer;
    } else {
        bm_crl_answer_join(sum, &answer);
    }
}

/*
 * RFC 5280 6.3.3 without CRL issuers of their own: lists of the certificate's
 * issuer, each with the deltas of its scope on top, joined.
 */
bm_status verify_revocation(void *self, const struct bm_cert *cert,
                            const struct bm_cert *issuer)
{
    struct verify *v = self;
    struct asking a = { .v = v, .key = &issuer->key };
    struct bm_crl_answer sum = { .state = BM_CRL_UNDETERMINED };

    if (!may_sign_crls(issuer)) {
        return BM_E_PATH_STATUS_UNKNOWN;
    }
    a.deltas = calloc(v->crls.n + 1, sizeof *a.deltas);
    if (a.deltas == NULL) {
        return BM_E_MEMORY;
    }
    bm_crl_query_cert(&a.query, cert);
    ask_all(&a, true, &sum, take_delta);
    ask_all(&a, false, &sum, take_list);
    free(a.deltas);
    if (sum.state == BM_CRL_REVOKED) {
        return BM_E_PATH_REVOKED;
    }
    return sum.state == BM_CRL_GOOD ? BM_OK : BM_E_PATH_STATUS_UNKNOWN;
}
