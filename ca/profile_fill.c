/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <stdio.h>
#include <string.h>

/*
 * From a request to a to-be-signed certificate. Nothing here allocates: the
 * parts that vary are made on the stack and copied into the template's holes.
 */

/* The parts that vary. */
struct parts {
    uint8_t name[PROFILE_NAME_OCTETS];
    uint8_t names[PROFILE_SAN_OCTETS];
    uint8_t ext[PROFILE_SAN_OCTETS + 64];
    uint8_t key_id[BM_SKI_SIZE];
    uint8_t points[PROFILE_URL_MAX + 64];
    struct bm_bytes san; /* Extension, with header, or empty */
    struct bm_bytes crl; /* likewise, and so are these */
    uint8_t usage_room[32];
    struct bm_bytes usage;
    uint8_t open_room[PROFILE_OPEN_OCTETS];
    struct bm_bytes open[PROFILE_OPEN_EXTS];
    size_t open_n;
    struct bm_bytes hole[PROFILE_HOLES];
    struct bm_tbs_values values;
};

static bm_status check_key(const struct profile_filling *f)
{
    const struct bm_spki *key = &f->request->csr->key;
    const struct profile_rules *r = &f->profile->rules;

    if ((profile_key_bit(key) & r->keys) != 0) {
        return BM_OK;
    }
    return profile_refuse(f->profile, f->why, BM_E_PROFILE_KEY,
                          r->line[PROFILE_RULE_KEYS],
                          "%s key of %u bits is not in the profile",
                          bm_key_type_name(key->type), bm_spki_bits(key));
}

/* ---- Validity */

static bm_status refuse_time(const struct profile_filling *f, const char *words)
{
    return profile_refuse(f->profile, f->why, BM_E_PROFILE_VALIDITY,
                          f->profile->rules.line[PROFILE_RULE_VALIDITY], "%s",
                          words);
}

/* An operator may wish for less, for more only as far as `at_most`, and for
 * nothing where there is no end. */
static bm_status apply_wish(const struct profile_filling *f, int64_t *end)
{
    const struct profile_validity *rule = &f->profile->rules.validity;
    int64_t wish = f->request->not_after;
    int64_t at_most = f->request->now + rule->at_most;

    if (wish == 0 || wish == *end) {
        return BM_OK;
    }
    if (rule->until == BM_TIME_NEVER) {
        return refuse_time(f, "the profile's certificates never end");
    }
    if (wish > *end && wish > at_most) {
        return refuse_time(f, "an end later than the profile's is asked for");
    }
    if (wish <= f->request->now) {
        return refuse_time(f, "an end in the past is asked for");
    }
    *end = wish;
    return BM_OK;
}

static bm_status make_validity(const struct profile_filling *f,
                               struct bm_tbs_values *v)
{
    const struct profile_validity *rule = &f->profile->rules.validity;
    const struct profile_bound *b = &f->profile->bound;
    int64_t now = f->request->now;

    v->not_before = now - rule->backdate;
    v->not_after = rule->until != 0 ? rule->until : now + rule->for_seconds;
    if (v->not_after > BM_TIME_NEVER || v->not_after <= now) {
        return refuse_time(f, "the profile's certificates have ended");
    }
    BM_TRY(apply_wish(f, &v->not_after));
    /* What it issues may outlive a CA; the CA issues while it lives. */
    if (!b->self_signed && (now < b->not_before || now >= b->not_after)) {
        return refuse_time(f, "the issuer's certificate is not valid now");
    }
    if (rule->nested) {
        v->not_before =
            v->not_before < b->not_before ? b->not_before : v->not_before;
        v->not_after =
            v->not_after > b->not_after ? b->not_after : v->not_after;
    }
    return BM_OK;
}

/* ---- Names */

static bm_status too_long(const struct profile_filling *f, bm_status status,
                          enum profile_rule rule)
{
    return profile_refuse(f->profile, f->why, status,
                          f->profile->rules.line[rule], "too long");
}

static bm_status make_subject(const struct profile_filling *f,
                              struct parts *parts)
{
    struct bm_wr w;
    size_t n;

    if (f->request->current != NULL) {
        parts->values.subject = f->request->current->subject;
        return BM_OK;
    }
    bm_wr_init(&w, parts->name, sizeof parts->name);
    BM_TRY(profile_put_subject(f, &w));
    if (bm_wr_finish(&w, &n) != BM_OK) {
        return too_long(f, BM_E_PROFILE_SUBJECT, PROFILE_RULE_SUBJECT);
    }
    parts->values.subject = bm_wr_bytes(&w);
    return BM_OK;
}

static bool san_is_critical(const struct profile_filling *f,
                            const struct parts *parts)
{
    switch (f->profile->rules.san.critical) {
    case PROFILE_CRITICAL:
        return true;
    case PROFILE_CRITICAL_IF_EMPTY:
        return parts->values.subject.n != 0 &&
               bm_name_is_empty(parts->values.subject);
    default:
        return false;
    }
}

static bm_status make_san(const struct profile_filling *f, struct parts *parts)
{
    const struct bm_cert *current = f->request->current;
    struct bm_bytes names;
    struct bm_ext_mark m;
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, parts->names, sizeof parts->names);
    if (current != NULL) {
        names = current->ext.value[BM_EXT_SAN];
    } else {
        bm_status rc = profile_put_san(f, &w);

        if (rc == BM_E_BUFFER || w.len > w.cap) {
            return too_long(f, BM_E_PROFILE_SAN, PROFILE_RULE_SAN);
        }
        BM_TRY(rc);
        names = bm_wr_bytes(&w);
    }
    if (names.n == 0) {
        return BM_OK;
    }
    bm_wr_init(&w, parts->ext, sizeof parts->ext);
    m = bm_ext_open(&w, BM_LIT(BM_OID_CE_SAN), san_is_critical(f, parts));
    bm_wr_put(&w, names);
    bm_ext_close(&w, &m);
    if (bm_wr_finish(&w, &n) != BM_OK) {
        return too_long(f, BM_E_PROFILE_SAN, PROFILE_RULE_SAN);
    }
    parts->san = bm_wr_bytes(&w);
    return BM_OK;
}

static bm_status make_key_id(const struct profile_filling *f,
                             struct parts *parts)
{
    const struct profile_rules *r = &f->profile->rules;

    if (r->ski == PROFILE_SKI_NONE) {
        return BM_OK;
    }
    parts->values.key_id = BM_ARRAY(parts->key_id);
    return bm_ski_make(f->profile->bound.crypto,
                       r->ski == PROFILE_SKI_SHA1 ? BM_SKI_SHA1
                                                  : BM_SKI_RFC7093,
                       &f->request->csr->key, parts->key_id);
}

/* Where the certificate's list is: in a shard, or the complete one. */
static bm_status make_crl(const struct profile_filling *f, struct parts *parts)
{
    const struct profile_bound *b = &f->profile->bound;
    uint32_t shard = f->request->shard;
    char url[PROFILE_URL_MAX + 16];
    struct bm_wr w;
    size_t n;

    if (!f->profile->rules.crl) {
        return BM_OK;
    }
    if (shard > b->shards) {
        return ca_refuse(f->why, BM_E_ARGUMENT, "there is no shard %u",
                         (unsigned)shard);
    }
    if (b->crl_hole < 0) {
        return BM_OK;
    }
    if (shard != 0) {
        (void)snprintf(url, sizeof url, "%s%u.crl", b->shard_url,
                       (unsigned)shard);
    } else {
        memcpy(url, b->crl_url, sizeof b->crl_url);
    }
    bm_wr_init(&w, parts->points, sizeof parts->points);
    profile_put_crl(&w, url);
    BM_TRY(bm_wr_finish(&w, &n));
    parts->crl = bm_wr_bytes(&w);
    return BM_OK;
}

/* keyUsage, where it depends on the key. */
static void make_usage(const struct profile_filling *f, struct parts *parts)
{
    const struct profile_rules *r = &f->profile->rules;
    struct bm_wr w;

    if (r->key_usage_of_rsa != 0) {
        bm_wr_init(&w, parts->usage_room, sizeof parts->usage_room);
        bm_ext_put_key_usage(
            &w, (uint16_t)profile_key_usage(r, &f->request->csr->key));
        parts->usage = bm_wr_bytes(&w);
    }
}

/* Extensions that the request chooses, one behind the other. */
static bm_status make_open(const struct profile_filling *f, struct parts *parts)
{
    const struct config_list *list = &f->profile->rules.extensions;
    const struct profile_ext *own = list->items;
    struct bm_wr w;

    bm_wr_init(&w, parts->open_room, sizeof parts->open_room);
    parts->open_n = 0;
    for (size_t i = 0; i < list->n; i++) {
        size_t from = w.len;
        struct bm_bytes value;

        if (own[i].from != PROFILE_REQUEST) {
            continue;
        }
        BM_TRY(profile_find_open(f, &own[i], &value));
        if (value.n != 0) {
            struct bm_ext_mark m = bm_ext_open(&w, own[i].oid, own[i].critical);

            bm_wr_put(&w, value);
            bm_ext_close(&w, &m);
        }
        if (w.len > w.cap) {
            return too_long(f, BM_E_PROFILE_EXTENSION, PROFILE_RULE_EXTENSIONS);
        }
        parts->open[parts->open_n++] =
            (struct bm_bytes){ w.buf + from, w.len - from };
    }
    return BM_OK;
}

/* ---- All of it */

/* In the order in which the template has them. */
static void fill_holes(const struct profile_bound *b, struct parts *parts)
{
    if (b->usage_hole >= 0) {
        parts->hole[b->usage_hole] = parts->usage;
        parts->values.ext_n++;
    }
    if (b->san_hole >= 0) {
        parts->hole[b->san_hole] = parts->san;
        parts->values.ext_n++;
    }
    if (b->crl_hole >= 0) {
        parts->hole[b->crl_hole] = parts->crl;
        parts->values.ext_n++;
    }
    for (size_t i = 0; i < parts->open_n; i++) {
        parts->hole[b->open_hole + (int)i] = parts->open[i];
        parts->values.ext_n++;
    }
}

static bm_status make_parts(struct profile_filling *f, struct parts *parts)
{
    const struct ca_profile_request *r = f->request;

    if (r->serial.n != PROFILE_SERIAL_SIZE || r->serial.p[0] == 0 ||
        r->serial.p[0] >= 0x80) {
        return ca_refuse(f->why, BM_E_ARGUMENT,
                         "a serial number has 16 octets and is positive");
    }
    BM_TRY(check_key(f));
    if (f->profile->rules.has_device) {
        BM_TRY(profile_find_device(f, &f->device));
    }
    if (r->current != NULL) {
        BM_TRY(profile_check_renewal(f));
    }
    BM_TRY(profile_check_request(f));
    parts->values.serial = r->serial;
    parts->values.spki = r->csr->key.der;
    BM_TRY(make_validity(f, &parts->values));
    BM_TRY(make_subject(f, parts));
    BM_TRY(make_san(f, parts));
    BM_TRY(make_crl(f, parts));
    make_usage(f, parts);
    BM_TRY(make_open(f, parts));
    return make_key_id(f, parts);
}

/* The template has the subject for its issuer, so it is made each time. */
static bm_status put_self_signed(const struct ca_profile *profile,
                                 struct bm_tbs_values *v, struct bm_wr *tbs)
{
    uint8_t mem[PROFILE_FIXED_OCTETS + 2 * PROFILE_NAME_OCTETS +
                PROFILE_TEMPLATE_ROOM];
    const struct bm_tbs_config config = {
        .sig_alg = profile->bound.sig_alg,
        .issuer = v->subject,
        .exts = profile->bound.ext,
        .exts_n = profile->bound.ext_n,
    };
    struct bm_tbs_template template;

    BM_TRY(bm_tbs_compile(&config, mem, sizeof mem, &template));
    return bm_tbs_put(&template, v, tbs);
}

bm_status ca_profile_fill(const struct ca_profile *profile,
                          const struct ca_profile_request *request,
                          struct bm_wr *tbs, struct ca_refusal *why)
{
    struct profile_filling f = { .profile = profile,
                                 .request = request,
                                 .why = why };
    struct parts parts;
    bm_status rc;

    if (!profile->bound.is) {
        return ca_refuse(why, BM_E_ARGUMENT, "%s is not bound to a CA",
                         profile->file);
    }
    parts.san = (struct bm_bytes){ NULL, 0 };
    parts.open_n = 0;
    parts.values = (struct bm_tbs_values){ .ext = parts.hole };
    rc = make_parts(&f, &parts);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    if (profile->bound.san_hole < 0 && parts.san.n != 0) {
        return profile_refuse(profile, why, BM_E_PROFILE_SAN, 0,
                              "the profile has no subjectAltName");
    }
    fill_holes(&profile->bound, &parts);
    rc = profile->bound.self_signed
             ? put_self_signed(profile, &parts.values, tbs)
             : bm_tbs_put(&profile->bound.template, &parts.values, tbs);
    return rc == BM_OK ? BM_OK
                       : ca_refuse(why, rc,
                                   "%s: no certificate can be made "
                                   "of this request",
                                   profile->file);
}
