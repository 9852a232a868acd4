/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show_crl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "core/crl.h"
#include "core/oid.h"

/* One printing. */
struct crl_run {
    struct report *report;
    struct show *show;
    const struct object *object;
    struct feed *feed;
    uint64_t entries;
    uint64_t entries_max; /* in text */
    bool in_list;         /* the JSON array of the entries is open */
    bool in_item;
    bool ended;
    struct bm_hash_state hash; /* of all octets */
    struct bm_crl_reader reader;
};

/* RFC 5280 5.2.5: the booleans are there when they are true. */
static json_t *idp_value(struct tree *t, const struct bm_crl_idp *idp)
{
    json_t *o = tree_object(t);
    const struct {
        const char *key;
        bool set;
    } only[] = {
        { "only_contains_user_certs", idp->only_user_certs },
        { "only_contains_ca_certs", idp->only_ca_certs },
        { "only_contains_attribute_certs", idp->only_attribute_certs },
        { "indirect_crl", idp->indirect },
    };

    if (idp->full_name.n != 0 || idp->relative_name.n != 0) {
        tree_set(t, o, "distribution_point",
                 show_dist_point_name(t, idp->full_name, idp->relative_name));
    }
    for (size_t i = 0; i < sizeof only / sizeof only[0]; i++) {
        if (only[i].set) {
            tree_set(t, o, only[i].key, tree_bool(t, true));
        }
    }
    if (idp->has_reasons) {
        tree_set(t, o, "only_some_reasons", show_reasons(t, idp->reasons));
    }
    return o;
}

/* Extensions of the list: those of CRLs here, the others as anywhere. */
static json_t *crl_exts(struct tree *t, const struct bm_crl_exts *e)
{
    json_t *all = show_exts(t, &e->common);
    struct bm_bytes left = e->common.all;
    struct bm_ext ext;

    for (size_t i = 0; bm_ext_next(&left, &ext); i++) {
        json_t *o = json_array_get(all, i);
        json_t *value = NULL;

        if (bm_oid_is(ext.oid, BM_OID_CE_CRL_NUMBER)) {
            value = tree_hex(t, e->number);
        } else if (bm_oid_is(ext.oid, BM_OID_CE_DELTA_CRL)) {
            value = tree_hex(t, e->base);
        } else if (bm_oid_is(ext.oid, BM_OID_CE_IDP)) {
            value = idp_value(t, &e->idp);
        }
        if (value != NULL) {
            tree_set(t, o, "value", value);
            json_object_del(o, "extn_value");
        }
    }
    return all;
}

/* Extensions of an entry that have no member of their own. */
static json_t *entry_exts(struct tree *t, struct bm_bytes list)
{
    json_t *all = tree_array(t);
    struct bm_ext ext;

    while (bm_ext_next(&list, &ext)) {
        if (!bm_oid_is(ext.oid, BM_OID_CE_REASON) &&
            !bm_oid_is(ext.oid, BM_OID_CE_INVALIDITY) &&
            !bm_oid_is(ext.oid, BM_OID_CE_CERT_ISSUER)) {
            json_t *o = show_ext_head(t, &ext);

            tree_set(t, o, "extn_value", tree_hex(t, ext.value));
            tree_append(t, all, o);
        }
    }
    return all;
}

static json_t *entry_tree(struct tree *t, const struct bm_crl_entry *e)
{
    json_t *o = tree_object(t);
    json_t *others;

    tree_set(t, o, "user_certificate", tree_hex(t, e->serial));
    tree_set(t, o, "revocation_date", tree_time(t, e->revoked_at));
    if (e->reason != BM_REASON_UNSPECIFIED) {
        tree_set(t, o, "reason_code",
                 tree_str(t, bm_crl_reason_name(e->reason)));
    }
    if (e->has_invalid_since) {
        tree_set(t, o, "invalidity_date", tree_time(t, e->invalid_since));
    }
    if (e->cert_issuer.n != 0) {
        tree_set(t, o, "certificate_issuer",
                 show_general_names(t, e->cert_issuer));
    }
    others = entry_exts(t, e->extensions);
    if (json_array_size(others) != 0) {
        tree_set(t, o, "extensions", others);
    } else {
        json_decref(others);
    }
    return o;
}

static json_t *head_tree(struct tree *t, const struct bm_crl_head *head,
                         unsigned block)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "type", tree_str(t, "certificate_revocation_list"));
    if (block != 0) {
        tree_set(t, o, "block", tree_int(t, block));
    }
    tree_set(t, o, "version", tree_int(t, head->version));
    tree_set(t, o, "signature_algorithm",
             show_alg(t, head->sig_alg, head->sig_alg_id));
    show_set_name(t, o, "issuer", head->issuer);
    tree_set(t, o, "this_update", tree_time(t, head->this_update));
    if (head->has_next_update) {
        tree_set(t, o, "next_update", tree_time(t, head->next_update));
    }
    return o;
}

static void print_head(struct crl_run *run)
{
    struct report *r = run->report;

    report_item_begin(r);
    run->in_item = true;
    if (r->json) {
        putchar('{');
    } else {
        report_heading(r, run->object->block, kind_name(KIND_CRL));
    }
    report_members(r, &run->show->t,
                   head_tree(&run->show->t, &run->reader.head,
                             r->json ? run->object->block : 0));
}

static void print_entry(struct crl_run *run)
{
    struct tree *t = &run->show->t;
    json_t *o;

    run->entries++;
    if (!run->report->json && run->entries > run->entries_max) {
        return;
    }
    o = entry_tree(t, &run->reader.entry);
    if (run->report->json) {
        fputs(run->in_list ? "," : ",\"revoked_certificates\":[", stdout);
        report_json(run->report, o, 0);
    } else {
        if (!run->in_list) {
            puts("  revoked certificates");
        }
        t->failed = t->failed || text_print_line(stdout, o, 4) != BM_OK;
    }
    run->in_list = true;
    json_decref(o);
}

/* The list is over: close the array, tell how many there were. */
static void end_entries(struct crl_run *run)
{
    if (run->report->json) {
        fputs(run->in_list ? "]" : "", stdout);
    } else if (run->entries > run->entries_max) {
        printf("%s    ... and %" PRIu64 " more (--max)\n",
               run->in_list ? "" : "  revoked certificates\n",
               run->entries - run->entries_max);
    }
    run->in_list = false;
}

static void print_members(struct crl_run *run, json_t *o)
{
    if (run->report->json) {
        putchar(',');
    }
    report_members(run->report, &run->show->t, o);
}

static void print_exts(struct crl_run *run)
{
    struct tree *t = &run->show->t;
    json_t *o = tree_object(t);

    end_entries(run);
    tree_set(t, o, "number_of_entries", tree_int(t, (int64_t)run->entries));
    if (run->reader.ext.common.all.n != 0) {
        tree_set(t, o, "extensions", crl_exts(t, &run->reader.ext));
    }
    print_members(run, o);
}

static void print_end(struct crl_run *run)
{
    struct tree *t = &run->show->t;
    const struct bm_crypto *crypto = run->show->crypto;
    uint8_t digest[BM_HASH_MAX];
    json_t *o = tree_object(t);
    struct bm_crl crl;

    /* The stream reader keeps the signature to itself. */
    if (!run->object->more &&
        bm_crl_parse(run->object->der, NULL, &crl) == BM_OK) {
        tree_set(t, o, "signature_value", tree_hex(t, crl.signature));
    }
    if (crypto->hash_end(crypto->self, &run->hash, digest) != BM_OK) {
        t->failed = true;
    }
    tree_set(
        t, o, "fingerprint_sha256",
        tree_hex(t, (struct bm_bytes){ digest, bm_hash_len(BM_HASH_SHA256) }));
    print_members(run, o);
}

/* Everything the reader finds in one chunk. */
static bm_status drain(struct crl_run *run)
{
    enum bm_crl_event event;
    bm_status rc;

    do {
        rc = bm_crl_reader_next(&run->reader, &event);
        if (rc != BM_OK) {
            return rc;
        }
        switch (event) {
        case BM_CRL_HEAD:
            print_head(run);
            break;
        case BM_CRL_ENTRY:
            print_entry(run);
            break;
        case BM_CRL_EXTENSIONS:
            print_exts(run);
            break;
        default:
            break;
        }
        run->ended = run->ended || event == BM_CRL_END;
    } while (event != BM_CRL_MORE);
    return BM_OK;
}

static bm_status print_all(struct crl_run *run)
{
    const struct bm_crypto *crypto = run->show->crypto;
    struct bm_bytes chunk;
    bm_status rc = crypto->hash_begin(crypto->self, &run->hash, BM_HASH_SHA256);

    while (rc == BM_OK && feed_next(run->feed, &chunk)) {
        bm_crl_reader_feed(&run->reader, chunk);
        rc = drain(run);
        if (rc == BM_OK) {
            rc = crypto->hash_more(crypto->self, &run->hash, chunk);
        }
    }
    if (rc == BM_OK && run->feed->why.status == BM_OK &&
        run->feed->why.words == NULL && !run->ended) {
        rc = BM_E_DER_TRUNCATED;
    }
    return rc;
}

/* Why it stopped, or a refusal of BM_OK without words. */
static struct refusal reason(const struct crl_run *run, bm_status rc)
{
    struct refusal why = run->feed->why;
    struct bm_diag diag;
    uint64_t at;

    if (rc != BM_OK) {
        why = (struct refusal){ .status = rc, .at = REFUSAL_NOWHERE };
        at = bm_crl_reader_error(&run->reader, &diag);
        if (diag.status == rc) {
            why.within = diag.within;
            why.at = at;
            why.of_der = run->object->block != 0;
        }
    } else if (run->show->t.failed) {
        why.words = "out of memory";
    }
    why.block = run->object->block;
    return why;
}

static void finish(struct crl_run *run, bm_status rc)
{
    struct refusal why = reason(run, rc);
    bool refused = why.status != BM_OK || why.words != NULL;

    if (!refused) {
        print_end(run);
        fputs(run->report->json ? "}" : "", stdout);
        return;
    }
    if (run->in_item && run->report->json) {
        end_entries(run);
        report_refusal_member(run->report, &why);
        putchar('}');
    } else {
        report_refusal(run->report, &why);
    }
}

void show_crl(struct report *report, struct show *s, struct input *in,
              const struct object *object, uint64_t entries_max)
{
    struct crl_run *run = calloc(1, sizeof *run);
    struct feed *feed = feed_new(in, object);

    if (run == NULL || feed == NULL) {
        struct refusal why = { .at = REFUSAL_NOWHERE,
                               .words = "out of memory" };

        report_refusal(report, &why);
        goto out;
    }
    run->report = report;
    run->show = s;
    run->object = object;
    run->feed = feed;
    run->entries_max = entries_max;
    bm_crl_reader_open(&run->reader, NULL);
    finish(run, print_all(run));
    bm_crl_reader_close(&run->reader);
    (void)s->crypto->hash_end(s->crypto->self, &run->hash, NULL);
out:
    free(feed);
    free(run);
}
