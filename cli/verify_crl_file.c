/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify.h"

#include <stdlib.h>
#include <string.h>

#include "cli/feed.h"

/*
 * Is a CRL itself genuine and current? Its signer is an anchor, or a
 * certificate of --untrusted with a path to one.
 */
struct crl_run {
    struct verify *v;
    struct bm_crl crl; /* in memory, or: */
    struct bm_crl_reader reader;
    bool streamed;
    bool ended;
    uint8_t *issuer; /* a copy, which outlives the reader's view */
    size_t issuer_n;
    struct bm_crl_head head;
    int64_t entries;
};

static bm_status keep_head(struct crl_run *run, const struct bm_crl_head *head)
{
    run->head = *head;
    run->issuer = malloc(head->issuer.n);
    if (run->issuer == NULL) {
        return BM_E_LIMIT;
    }
    memcpy(run->issuer, head->issuer.p, head->issuer.n);
    run->issuer_n = head->issuer.n;
    return BM_OK;
}

static bm_status see(struct crl_run *run, enum bm_crl_event event)
{
    if (event == BM_CRL_HEAD) {
        return keep_head(run, &run->reader.head);
    }
    run->entries += event == BM_CRL_ENTRY ? 1 : 0;
    run->ended = run->ended || event == BM_CRL_END;
    return BM_OK;
}

/* Read a stream to its end. */
static bm_status drain(struct crl_run *run, struct feed *feed)
{
    enum bm_crl_event event;
    struct bm_bytes chunk;
    bm_status rc = BM_OK;

    while (rc == BM_OK && feed_next(feed, &chunk)) {
        bm_crl_reader_feed(&run->reader, chunk);
        do {
            rc = bm_crl_reader_next(&run->reader, &event);
            if (rc == BM_OK) {
                rc = see(run, event);
            }
        } while (rc == BM_OK && event != BM_CRL_MORE);
    }
    return rc;
}

static bool refuse_stream(struct crl_run *run, bm_status rc)
{
    struct verify *v = run->v;
    struct bm_diag diag;
    uint64_t at = bm_crl_reader_error(&run->reader, &diag);

    (void)verify_refuse(v, rc, NULL);
    if (diag.status == rc) {
        v->why.within = diag.within;
        v->why.at = at;
        v->why.of_der = v->why.block != 0;
    }
    return false;
}

static bool read_stream(struct crl_run *run, struct input *in,
                        const struct object *object)
{
    struct feed *feed = feed_new(in, object);
    bool ok = false;
    bm_status rc;

    if (feed == NULL) {
        return verify_refuse(run->v, BM_E_LIMIT, NULL);
    }
    run->streamed = true;
    bm_crl_reader_open(&run->reader, run->v->crypto);
    rc = drain(run, feed);
    if (rc != BM_OK) {
        (void)refuse_stream(run, rc);
    } else if (feed->why.words != NULL) {
        memcpy(run->v->words, feed->words, sizeof feed->words);
        (void)verify_refuse(run->v, BM_OK, run->v->words);
    } else if (feed->why.status != BM_OK || !run->ended) {
        rc = feed->why.status != BM_OK ? feed->why.status : BM_E_DER_TRUNCATED;
        (void)verify_refuse(run->v, rc, NULL);
    } else {
        ok = true;
    }
    free(feed);
    return ok;
}

static bool read_memory(struct crl_run *run, const struct object *object)
{
    struct verify *v = run->v;
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_crl_entry entry;
    struct bm_bytes left;
    bm_status rc = bm_crl_parse(object->der, &diag, &run->crl);

    if (rc == BM_OK) {
        rc = keep_head(run, &run->crl.head);
    }
    if (rc != BM_OK) {
        return verify_refuse_at(v, &diag, rc, object->der);
    }
    left = run->crl.entries;
    while (bm_crl_entry_next(&left, &entry)) {
        run->entries++;
    }
    return true;
}

/* RFC 5280 6.3.3 (f), (g): name, right to sign CRLs, signature. */
static bm_status signed_by(const struct crl_run *run,
                           const struct bm_cert *cert)
{
    const struct bm_bytes issuer = { run->issuer, run->issuer_n };

    if (!bm_name_equal(cert->subject, issuer)) {
        return BM_E_PATH_NO_ISSUER;
    }
    if (bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) &&
        (cert->ext.key_usage & BM_KU_CRL_SIGN) == 0) {
        return BM_E_PATH_KEY_USAGE;
    }
    return run->streamed ? bm_crl_reader_verify(&run->reader, &cert->key)
                         : bm_crl_verify(&run->crl, &cert->key, run->v->crypto);
}

/* Remember the refusal that came furthest: a wrong name is the first one. */
static void note(bm_status *worst, bm_status rc)
{
    if (*worst == BM_E_PATH_NO_ISSUER) {
        *worst = rc;
    }
}

/* Refuse because of the signature or of what stands before it. */
static bool refuse_list(struct crl_run *run, bm_status rc)
{
    const struct bm_crl_head *head = &run->crl.head;
    struct bm_bytes part = run->crl.signature;

    if (run->streamed) {
        return verify_refuse(run->v, rc, NULL); /* it is no longer there */
    }
    if (rc == BM_E_PATH_NO_ISSUER) {
        part = head->issuer;
    } else if (rc == BM_E_CRL_TIME) {
        part.p = head->issuer.p + head->issuer.n; /* thisUpdate comes next */
    }
    return verify_refuse_part(run->v, rc, part, run->crl.der);
}

static bool find_signer(struct crl_run *run)
{
    struct verify *v = run->v;
    bm_status worst = BM_E_PATH_NO_ISSUER;

    for (size_t i = 0; i < v->anchors.n; i++) {
        bm_status rc = signed_by(run, &v->anchors.cert[i]);

        if (rc == BM_OK) {
            tree_set(&v->t, v->result, "anchor",
                     verify_step(v, &v->anchors.cert[i]));
            return true;
        }
        note(&worst, rc);
    }
    for (size_t i = 0; i < v->pool.n; i++) {
        bm_status rc = signed_by(run, &v->pool.cert[i]);

        if (rc == BM_OK) {
            return verify_path(v, &v->pool.cert[i], BM_KU_CRL_SIGN, v->result);
        }
        note(&worst, rc);
    }
    return refuse_list(run, worst);
}

static void set_head(struct crl_run *run)
{
    struct tree *t = &run->v->t;
    json_t *o = run->v->result;

    tree_set(t, o, "issuer",
             tree_put(t, bm_name_put_text,
                      (struct bm_bytes){ run->issuer, run->issuer_n }));
    tree_set(t, o, "this_update", tree_time(t, run->head.this_update));
    if (run->head.has_next_update) {
        tree_set(t, o, "next_update", tree_time(t, run->head.next_update));
    }
    tree_set(t, o, "number_of_entries", tree_int(t, run->entries));
}

bool verify_crl(struct verify *v, struct input *in, const struct object *object)
{
    struct crl_run *run = calloc(1, sizeof *run);
    bool ok;

    if (run == NULL) {
        return verify_refuse(v, BM_E_LIMIT, NULL);
    }
    run->v = v;
    ok = object->more ? read_stream(run, in, object) : read_memory(run, object);
    if (ok) {
        set_head(run);
        ok = find_signer(run);
    }
    /* A list without nextUpdate is never known to be current. */
    if (ok &&
        (v->config.time < run->head.this_update || !run->head.has_next_update ||
         v->config.time > run->head.next_update)) {
        ok = refuse_list(run, BM_E_CRL_TIME);
    }
    bm_crl_reader_close(&run->reader);
    free(run->issuer);
    free(run);
    return ok;
}
