/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/internal.h"

/*
 * What is to be signed, octet by octet. Between a plan and the signature of its
 * session lies whatever interrupted it, and a transcript's hashes take no key:
 * so a plan that is found there is made a second time, and has to be the same.
 */

/* Which way their key identifier was made: children name it. */
static bm_status choose_ski(const struct ceremony *c, struct script_making *m,
                            struct ca_refusal *why)
{
    struct bm_bytes have = bm_exts_ski(&m->theirs->ext);
    uint8_t ski[BM_SKI_SIZE];
    const struct bm_crypto *crypto = c->config.tools.crypto;

    if (have.n == 0) {
        m->no_ski = true;
        return BM_OK;
    }
    BM_TRY(bm_ski_make(crypto, BM_SKI_RFC7093, &m->theirs->key, ski));
    if (bm_bytes_equal(have, BM_ARRAY(ski))) {
        return BM_OK;
    }
    BM_TRY(bm_ski_make(crypto, BM_SKI_SHA1, &m->theirs->key, ski));
    m->ski_sha1 = bm_bytes_equal(have, BM_ARRAY(ski));
    return m->ski_sha1 ? BM_OK
                       : ca_refuse(why, BM_E_CEREMONY_STEP,
                                   "%s: its subject key identifier is made "
                                   "in a way that is not known here",
                                   m->step->file);
}

/* Who trusts us trusts them through a link no further than they go. */
static bm_status check_constraints(const struct script_making *m,
                                   struct ca_refusal *why)
{
    return m->step->kind == SCRIPT_CROSS ||
                   !bm_exts_has(&m->theirs->ext, BM_EXT_NAME_CONSTRAINTS)
               ? BM_OK
               : ca_refuse(why, BM_E_CEREMONY_STEP,
                           "%s has name constraints, which a step of kind %s "
                           "would drop: one of kind cross can say them",
                           m->step->file, script_kind_name(m->step->kind));
}

static bm_status make_profile(const struct ceremony *c,
                              const struct ceremony_making *making, int64_t now,
                              struct ca_profile **profile,
                              struct ca_refusal *why)
{
    struct script_making m = {
        .script = c->config.script,
        .step = making->step,
        .rehearsal = c->config.rehearsal,
        .now = now,
        .theirs = making->input->has_cert ? &making->input->theirs : NULL,
    };
    struct bm_wr w;
    uint8_t *text;
    size_t n;
    bm_status rc;

    if (m.theirs != NULL) {
        BM_TRY(check_constraints(&m, why));
        BM_TRY(choose_ski(c, &m, why));
    }
    bm_wr_init(&w, NULL, 0);
    script_put_profile(&w, &m);
    n = w.len;
    text = malloc(n);
    if (text == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&w, text, n);
    script_put_profile(&w, &m);
    rc = ca_profile_parse(bm_wr_bytes(&w), m.script->file, profile, why);
    free(text);
    return rc;
}

/* What the octets to be signed say, for people and for the next session. */
static bm_status record_plan(struct ceremony *c,
                             const struct ceremony_making *making,
                             const struct bm_cert *cert, struct bm_bytes tbs,
                             struct ca_refusal *why)
{
    const struct script_step *step = making->step;
    const struct ceremony_input *in = making->input;
    struct transcript *t = &c->transcript;

    transcript_begin(t, "plan", c->config.now);
    transcript_put_str(t, "step", step != NULL ? step->name : "root");
    transcript_put_str(t, "kind",
                       step != NULL ? script_kind_name(step->kind) : "root");
    if (step != NULL && in->text != NULL) {
        transcript_put_str(t, "input", step->file);
        transcript_put_hash(t, "input-sha256",
                            (struct bm_bytes){ in->text, in->text_n });
        transcript_put_hash(t, "input-der-sha256",
                            (struct bm_bytes){ in->der, in->der_n });
    }
    transcript_put_name(t, "subject", cert->subject);
    transcript_put_hash(t, "key-sha256", cert->key.der);
    transcript_put_hex(t, "serial", cert->serial);
    transcript_put_time(t, "not-before", cert->not_before);
    transcript_put_time(t, "not-after", cert->not_after);
    transcript_put_hash(t, "tbs-sha256", tbs);
    transcript_put_base64(t, "tbs", tbs);
    return transcript_commit(t, why);
}

/* What a certificate has beside the file and the request. */
struct moment {
    int64_t now;
    uint8_t serial[ROOT_SERIAL_SIZE];
};

static bm_status fill(struct ceremony *c, const struct ceremony_making *making,
                      const struct moment *moment, struct ca_profile *profile,
                      struct bm_wr *tbs, struct bm_cert *cert,
                      struct ca_refusal *why)
{
    const struct script_step *step = making->step;
    const struct script *script = c->config.script;
    const struct script_ca *ca = step != NULL ? &step->ca : &script->root;
    uint8_t name[4096];
    struct bm_wr w;
    struct ca_profile_request request = { .csr = &making->input->csr,
                                          .now = moment->now,
                                          .serial = BM_ARRAY(moment->serial) };
    const struct root_plan p = { .id = script->root_id,
                                 .public_url = ca->public_url != NULL
                                                   ? ca->public_url
                                                   : "",
                                 .profile = profile,
                                 .request = &request };

    bm_wr_init(&w, name, sizeof name);
    if (ca->subject != NULL) {
        script_put_subject(&w, ca, c->config.rehearsal);
        request.subject = bm_wr_bytes(&w);
    }
    BM_TRY(root_plan(&c->root, &p, tbs, cert, why));
    return step == NULL || !making->input->has_cert ||
                   bm_bytes_equal(cert->subject, making->input->theirs.subject)
               ? BM_OK
               : ca_refuse(why, BM_E_CEREMONY_STEP,
                           "%s: its subject cannot be repeated as it is",
                           step->file);
}

/* The file, the request and the moment: the octets, and what they say. */
static bm_status make(struct ceremony *c, const struct ceremony_making *making,
                      const struct moment *moment, struct bm_wr *tbs,
                      struct bm_cert *cert, struct ca_refusal *why)
{
    struct ca_profile *profile = NULL;
    bm_status rc = make_profile(c, making, moment->now, &profile, why);

    if (rc == BM_OK) {
        rc = fill(c, making, moment, profile, tbs, cert, why);
    }
    ca_profile_free(profile);
    return rc;
}

static bm_status ask(struct ceremony *c, const struct ceremony_making *making,
                     const struct bm_cert *cert, struct bm_bytes tbs,
                     struct ca_refusal *why)
{
    const struct script_step *step = making->step;
    struct ceremony_plan shown = { .step = step != NULL ? step->name : "root",
                                   .kind = step != NULL
                                               ? script_kind_name(step->kind)
                                               : "root",
                                   .cert = cert };

    return ceremony_confirm(c, &shown, tbs, why);
}

bm_status ceremony_plan_cert(struct ceremony *c,
                             const struct ceremony_making *making,
                             struct ca_refusal *why)
{
    uint8_t *room = malloc(CA_TBS_MAX);
    struct moment moment = { .now = c->config.now };
    struct bm_cert cert;
    struct bm_wr tbs;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        return ca_refuse_plain(why, rc);
    }
    bm_wr_init(&tbs, room, CA_TBS_MAX);
    rc = root_make_serial(&c->root, moment.now, moment.serial);
    if (rc == BM_OK) {
        rc = make(c, making, &moment, &tbs, &cert, why);
    }
    if (rc == BM_OK) {
        rc = ask(c, making, &cert, bm_wr_bytes(&tbs), why);
    }
    if (rc == BM_OK) {
        rc = record_plan(c, making, &cert, bm_wr_bytes(&tbs), why);
    }
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* ---- A plan of before */

/* The plan, and when it was made. */
static bm_status find_plan(const struct ceremony *c, const char *step,
                           struct moment *moment, struct bm_wr *tbs)
{
    struct transcript_entry entry;
    struct bm_cert cert;

    if (!ceremony_find(c, "plan", step, &entry) ||
        !transcript_base64(&entry, "tbs", tbs) ||
        bm_cert_parse_tbs(bm_wr_bytes(tbs), NULL, &cert) != BM_OK ||
        cert.serial.n != ROOT_SERIAL_SIZE || entry.time > c->config.now) {
        return BM_E_CEREMONY_TRANSCRIPT;
    }
    moment->now = entry.time;
    memcpy(moment->serial, cert.serial.p, ROOT_SERIAL_SIZE);
    return BM_OK;
}

bm_status ceremony_refuse_plan(const struct ceremony *c, const char *step,
                               struct ca_refusal *why)
{
    struct transcript_reader r;
    struct transcript_entry plan;
    struct transcript_entry e;
    struct bm_bytes then = { NULL, 0 };
    struct bm_bytes hash;

    if (!ceremony_find(c, "plan", step, &plan) ||
        transcript_read(&c->transcript, &r) != BM_OK) {
        return ca_refuse_plain(why, BM_E_CEREMONY_TRANSCRIPT);
    }
    while (transcript_next(&r, &e) == BM_OK && e.number < plan.number) {
        if (transcript_is(&e, "session") &&
            transcript_field(&e, "ceremony-sha256", &hash)) {
            then = hash;
        }
    }
    return ca_refuse(why, BM_E_CEREMONY_STEP,
                     "what was planned for %s, and not signed: it is not what "
                     "%s says; the ceremony file with SHA-256 %.*s finishes it",
                     step, c->config.script->file, (int)then.n,
                     (const char *)then.p);
}

bm_status ceremony_check_plan(struct ceremony *c,
                              const struct ceremony_making *making,
                              struct ca_refusal *why)
{
    uint8_t *room = malloc(2 * CA_TBS_MAX);
    struct moment moment;
    struct bm_cert cert;
    struct bm_wr said;
    struct bm_wr tbs;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        return ca_refuse_plain(why, rc);
    }
    bm_wr_init(&said, room, CA_TBS_MAX);
    bm_wr_init(&tbs, room + CA_TBS_MAX, CA_TBS_MAX);
    rc = find_plan(c, making->step->name, &moment, &said);
    if (rc == BM_OK) {
        rc = make(c, making, &moment, &tbs, &cert, why);
    }
    if (rc == BM_OK && !bm_bytes_equal(bm_wr_bytes(&said), bm_wr_bytes(&tbs))) {
        rc = ceremony_refuse_plan(c, making->step->name, why);
    }
    if (rc == BM_OK) {
        rc = ask(c, making, &cert, bm_wr_bytes(&tbs), why);
    }
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
