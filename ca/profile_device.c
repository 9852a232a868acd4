/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

/* Which device a request is about. */

bm_status profile_expand(const struct profile_template *t,
                         struct bm_bytes device, uint8_t buf[PROFILE_VALUE_MAX],
                         struct bm_bytes *value)
{
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, buf, PROFILE_VALUE_MAX);
    bm_wr_put(&w, t->before);
    bm_wr_put(&w, device);
    bm_wr_put(&w, t->after);
    BM_TRY(bm_wr_finish(&w, &n));
    *value = bm_wr_bytes(&w);
    return BM_OK;
}

/* The line that a refusal names. */
static unsigned line(const struct profile_filling *f)
{
    return f->profile->rules.line[PROFILE_RULE_DEVICE];
}

/* The only attribute of `type`; two of them would be two names. */
static bm_status find_once(const struct profile_filling *f,
                           struct bm_bytes name, struct bm_bytes type,
                           struct bm_bytes *value)
{
    char dotted[BM_OID_DOTTED_MAX];
    struct bm_name_walk walk;
    struct bm_attr attr;

    *value = (struct bm_bytes){ NULL, 0 };
    bm_name_walk(&walk, name);
    while (bm_name_next(&walk, &attr)) {
        if (!bm_bytes_equal(attr.type, type)) {
            continue;
        }
        if (value->n != 0) {
            return profile_refuse(f->profile, f->why, BM_E_PROFILE_DEVICE,
                                  line(f),
                                  "%s occurs twice, so it names no device",
                                  profile_attribute_words(type, dotted));
        }
        if (attr.tag != BM_DER_PRINTABLE_STRING &&
            attr.tag != BM_DER_UTF8_STRING && attr.tag != BM_DER_IA5_STRING) {
            return profile_refuse(f->profile, f->why, BM_E_PROFILE_DEVICE,
                                  line(f),
                                  "%s is in a string type that names no device",
                                  profile_attribute_words(type, dotted));
        }
        *value = attr.value;
    }
    return BM_OK;
}

/* What the request says, from the first attribute that is there. */
static bm_status asked_for(const struct profile_filling *f,
                           struct bm_bytes *device)
{
    const struct profile_device *d = &f->profile->rules.device;
    struct bm_bytes name = profile_wanted_subject(f->request);

    *device = (struct bm_bytes){ NULL, 0 };
    for (size_t i = 0; i < d->types_n && device->n == 0; i++) {
        BM_TRY(find_once(f, name, d->types[i], device));
    }
    return BM_OK;
}

/*
 * Does the request name `device` by what the profile makes of it? So it is in
 * a renewal, which repeats the subject of a certificate.
 */
static bool is_made_of(const struct profile_rules *r, struct bm_bytes asked,
                       struct bm_bytes device)
{
    const struct profile_rdn *rdn = r->subject.items;
    uint8_t buf[PROFILE_VALUE_MAX];
    struct bm_bytes value;

    for (size_t i = 0; i < r->subject.n; i++) {
        if (rdn[i].from == PROFILE_DEVICE &&
            profile_expand(&rdn[i].template, device, buf, &value) == BM_OK &&
            bm_bytes_equal(value, asked)) {
            return true;
        }
    }
    return bm_bytes_equal(asked, device);
}

bm_status profile_find_device(const struct profile_filling *f,
                              struct bm_bytes *device)
{
    const struct profile_rules *r = &f->profile->rules;
    struct bm_bytes known = f->request->device;
    char a[PROFILE_QUOTE_MAX];
    char b[PROFILE_QUOTE_MAX];

    if (!r->has_device) {
        return profile_refuse(f->profile, f->why, BM_E_PROFILE_DEVICE, 0,
                              "the profile is for no device");
    }
    BM_TRY(asked_for(f, device));
    if (device->n != 0 && known.n != 0 && !is_made_of(r, *device, known)) {
        return profile_refuse(
            f->profile, f->why, BM_E_PROFILE_DEVICE, line(f),
            "the request is for device \"%s\", not for \"%s\"",
            profile_quote(*device, a), profile_quote(known, b));
    }
    *device = known.n != 0 ? known : *device;
    if (device->n == 0) {
        return profile_refuse(f->profile, f->why, BM_E_PROFILE_DEVICE, line(f),
                              "the request names no device");
    }
    if (device->n > PROFILE_DEVICE_MAX ||
        !ca_pattern_match(r->device.pattern, *device)) {
        return profile_refuse(
            f->profile, f->why, BM_E_PROFILE_DEVICE, line(f),
            "\"%s\" is no name of a device: it does not match %s",
            profile_quote(*device, a), r->device.pattern_text);
    }
    return BM_OK;
}

bm_status ca_profile_device(const struct ca_profile *profile,
                            const struct ca_profile_request *request,
                            char *name, size_t cap, struct ca_refusal *why)
{
    const struct profile_filling f = { .profile = profile,
                                       .request = request,
                                       .why = why };
    struct bm_bytes device = { NULL, 0 };
    struct bm_wr w;

    if (cap == 0) {
        return ca_refuse_plain(why, BM_E_BUFFER);
    }
    name[0] = '\0';
    BM_TRY(profile_find_device(&f, &device));
    bm_wr_init(&w, (uint8_t *)name, cap - 1);
    bm_wr_put(&w, device);
    if (w.len > w.cap) {
        name[0] = '\0';
        return ca_refuse_plain(why, BM_E_BUFFER);
    }
    name[w.len] = '\0';
    return BM_OK;
}
