/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_world.h"

/* CsrAttrs as clients get them, read by a reader that takes nothing else. */

static uint8_t room[8192];

static struct bm_bytes csrattrs_of(struct bm_bytes text)
{
    struct ca_profile *p = world_parse(text, "p");
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    if (p != NULL) {
        ca_profile_put_csrattrs(p, &w);
    }
    ca_profile_free(p);
    return bm_wr_bytes(&w);
}

/* What was found in one CsrAttrs. */
struct found {
    unsigned oids;
    unsigned challenges;
    unsigned hints; /* attributes that name a key type */
    unsigned extension_requests;
    unsigned templates;
    struct bm_exts exts; /* of extensionReq */
    struct bm_bytes extension_request;
    /* of the template: */
    unsigned rdns;
    unsigned values;
    struct bm_bytes key; /* subjectPKInfo contents, or empty */
    unsigned extension_templates;
    unsigned open_extensions;
    struct bm_bytes fixed_extensions;
};

static bm_status read_name(struct bm_der *d, struct found *f)
{
    struct bm_der rdns, rdn, one;
    struct bm_bytes body;
    uint8_t tag;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &rdns));
    while (bm_der_left(&rdns) != 0) {
        BM_TRY(bm_der_enter(&rdns, BM_DER_SET, &rdn));
        BM_TRY(bm_der_enter(&rdn, BM_DER_SEQUENCE, &one));
        BM_TRY(bm_der_end(&rdn));
        BM_TRY(bm_der_take_oid(&one, &body));
        if (bm_der_left(&one) != 0) {
            BM_TRY(bm_der_take_any(&one, &tag, &body));
            f->values++;
        }
        BM_TRY(bm_der_end(&one));
        f->rdns++;
    }
    return BM_OK;
}

/* ExtensionTemplate ::= SEQUENCE { extnID, critical, extnValue OPTIONAL } */
static bm_status read_extension_templates(struct bm_bytes values,
                                          struct found *f)
{
    struct bm_der set, list, one;
    struct bm_bytes body;
    bool critical;

    bm_der_init(&set, values, NULL);
    BM_TRY(bm_der_enter(&set, BM_DER_SEQUENCE, &list));
    BM_TRY(bm_der_end(&set)); /* RFC 9908 3.4: exactly one value */
    f->fixed_extensions.p = list.p;
    while (bm_der_left(&list) != 0) {
        BM_TRY(bm_der_enter(&list, BM_DER_SEQUENCE, &one));
        BM_TRY(bm_der_take_oid(&one, &body));
        if (bm_der_at(&one, BM_DER_BOOLEAN)) {
            BM_TRY(bm_der_take_bool(&one, BM_DER_BOOLEAN, &critical));
            CHECK(critical);
        }
        if (bm_der_left(&one) == 0) {
            CHECK(bm_oid_is(body, BM_OID_CE_SAN));
            f->open_extensions++;
            continue;
        }
        BM_TRY(bm_der_take(&one, BM_DER_OCTET_STRING, &body));
        BM_TRY(bm_der_end(&one));
        f->fixed_extensions.n = (size_t)(list.p - f->fixed_extensions.p);
    }
    return BM_OK;
}

static bm_status read_template(struct bm_bytes value, struct found *f)
{
    struct bm_der set, d, attributes;
    struct bm_attribute a;
    uint32_t version;

    bm_der_init(&set, value, NULL);
    BM_TRY(bm_der_enter(&set, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_der_end(&set));
    BM_TRY(bm_der_take_u32(&d, &version));
    CHECK(version == 0); /* RFC 9908 3.4: v1(0) */
    if (bm_der_at(&d, BM_DER_SEQUENCE)) {
        BM_TRY(read_name(&d, f));
    }
    if (bm_der_at(&d, BM_DER_CONSTRUCTED(0))) {
        BM_TRY(bm_der_take(&d, BM_DER_CONSTRUCTED(0), &f->key));
    }
    BM_TRY(bm_der_enter(&d, BM_DER_CONSTRUCTED(1), &attributes));
    while (bm_der_left(&attributes) != 0) {
        BM_TRY(bm_attribute_take(&attributes, &a));
        CHECK(bm_oid_is(a.type, BM_OID_AA_EXT_TEMPLATE));
        f->extension_templates++;
        BM_TRY(read_extension_templates(a.values, f));
    }
    return bm_der_end(&d);
}

static bm_status read_attribute(struct bm_der *d, struct found *f)
{
    struct bm_attribute a;
    struct bm_der values;

    BM_TRY(bm_attribute_take(d, &a));
    if (bm_oid_is(a.type, BM_OID_AA_CSR_TEMPLATE)) {
        f->templates++;
        return read_template(a.values, f);
    }
    if (bm_oid_is(a.type, BM_OID_P9_EXTENSIONS)) {
        f->extension_requests++;
        bm_der_init(&values, a.values, NULL);
        BM_TRY(bm_exts_take(&values, BM_STRICT, &f->exts));
        return bm_der_end(&values); /* RFC 9908 3.2: exactly one value */
    }
    f->hints++;
    return BM_OK;
}

static struct found read_csrattrs(struct bm_bytes der)
{
    struct found f = { 0 };
    struct bm_bytes oid;
    struct bm_der d;

    CHECK_STATUS(bm_der_open_whole(der, BM_DER_SEQUENCE, NULL, &d), BM_OK);
    while (bm_der_left(&d) != 0) {
        if (bm_der_at(&d, BM_DER_OID)) {
            CHECK_STATUS(bm_der_take_oid(&d, &oid), BM_OK);
            f.oids++;
            f.challenges += bm_oid_is(oid, BM_OID_P9_CHALLENGE);
            continue;
        }
        if (read_attribute(&d, &f) != BM_OK) {
            CHECK(!"an attribute that can be read");
            break;
        }
    }
    return f;
}

/* ---- */

static void the_owners_identity_is_asked_for_as_its_profile_says(void)
{
    struct found f =
        read_csrattrs(csrattrs_of(world_shipped("ieee-802.1ar-ldevid")));

    CHECK(f.hints == 2 && f.oids == 1); /* p256, p384; ed25519 */
    CHECK(f.extension_requests == 1 && f.templates == 1);
    CHECK(f.exts.key_usage == BM_KU_DIGITAL_SIGNATURE);
    CHECK(bm_exts_has(&f.exts, BM_EXT_EKU));
    CHECK(f.rdns == 1 && f.values == 0); /* serialNumber, by the device */
    CHECK(f.key.n == 0);                 /* the client chooses */
    CHECK(f.extension_templates == 1 && f.open_extensions == 0);
    CHECK(f.challenges == 0);
}

/* Hints and template agree on what the profile fixes. */
static void both_kinds_of_clients_hear_of_the_same_extensions(void)
{
    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        struct found f = read_csrattrs(csrattrs_of(world_view(p->text)));

        CHECK(f.templates == 1 && f.extension_requests <= 1);
        CHECK(bm_bytes_equal(f.exts.all, f.fixed_extensions));
    }
}

#define HEAD                              \
    "profile: a\nabout: a\nca: issuing\n" \
    "by: [operator, token]\ndevice: { identity: owner }\n"
#define TAIL                                                                  \
    "validity: { for: 1y, nested: true }\nbasic_constraints: { ca: false }\n" \
    "subject_key_id: none\nauthority_key_id: true\ncrl: true\n"               \
    "key_usage: [digitalSignature]\n"
#define SUBJECT "subject:\n  - { attribute: serialNumber, from: device }\n"

static void a_server_is_asked_for_its_names(void)
{
    struct found f = read_csrattrs(csrattrs_of(world_shipped("tls-server")));

    CHECK(f.open_extensions == 1);
}

static void fixed_parts_of_a_subject_come_with_their_values(void)
{
    struct found f = read_csrattrs(csrattrs_of(world_view(
        HEAD "keys: [p256]\nsubject:\n  - { attribute: O, fixed: Example }\n"
             "  - { attribute: serialNumber, from: device }\n"
             "  - { attribute: CN, from: request, pattern: \".*\", "
             "optional: true }\n" TAIL)));

    CHECK(f.rdns == 2 && f.values == 1);
}

/* The one key type of a profile is demanded, as an AlgorithmIdentifier. */
static void a_single_key_type_is_demanded(void)
{
    static const struct {
        const char *text;
        enum bm_key_type type;
    } rows[] = {
        { HEAD "keys: [p256]\n" SUBJECT TAIL, BM_KEY_P256 },
        { HEAD "keys: [p384]\n" SUBJECT TAIL, BM_KEY_P384 },
        { HEAD "keys: [ed25519]\n" SUBJECT TAIL, BM_KEY_ED25519 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct found f = read_csrattrs(csrattrs_of(world_view(rows[i].text)));
        const struct bm_signer *signer = bm_test_signer(rows[i].type);

        CHECK_BYTES(f.key.p, f.key.n, signer->key.alg.p, signer->key.alg.n);
        CHECK(f.hints + f.oids == 1);
    }
}

/* RFC 9908 3.4: subjectPublicKey is a placeholder of the size. */
static void a_size_of_rsa_is_shown_by_a_placeholder(void)
{
    static const struct {
        const char *text;
        unsigned bits;
    } rows[] = {
        { HEAD "keys: [rsa2048]\n" SUBJECT TAIL, 2048 },
        { HEAD "keys: [rsa3072]\n" SUBJECT TAIL, 3072 },
        { HEAD "keys: [rsa4096]\n" SUBJECT TAIL, 4096 },
    };
    uint8_t der[1024];
    struct bm_spki key;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct found f = read_csrattrs(csrattrs_of(world_view(rows[i].text)));
        struct bm_wr w;

        bm_wr_init(&w, der, sizeof der);
        bm_der_put(&w, BM_DER_SEQUENCE, f.key);
        CHECK_STATUS(bm_spki_parse(bm_wr_bytes(&w), NULL, &key), BM_OK);
        CHECK(key.type == BM_KEY_RSA && bm_spki_bits(&key) == rows[i].bits);
        CHECK(f.hints == 1 && f.oids == 0);
    }
}

/* RFC 7030 3.5: challengePassword asks for channel binding. */
static void channel_binding_is_asked_for_where_it_is_required(void)
{
    struct found f = read_csrattrs(csrattrs_of(world_view(
        HEAD "keys: [p256]\n" SUBJECT TAIL "est: { binding: required }\n")));

    CHECK(f.challenges == 1 && f.templates == 0);
    CHECK(f.hints == 1 && f.extension_requests == 1);
}

static void too_little_room_is_remembered(void)
{
    struct ca_profile *p = world_parse(world_shipped("tls-server"), "p");
    struct bm_wr all;
    size_t n;

    bm_wr_init(&all, room, sizeof room);
    ca_profile_put_csrattrs(p, &all);
    for (size_t cap = 0; cap < all.len; cap++) {
        struct bm_wr w;

        bm_wr_init(&w, room, cap);
        ca_profile_put_csrattrs(p, &w);
        CHECK_STATUS(bm_wr_finish(&w, &n), BM_E_BUFFER);
    }
    ca_profile_free(p);
}

int main(void)
{
    RUN(the_owners_identity_is_asked_for_as_its_profile_says);
    RUN(both_kinds_of_clients_hear_of_the_same_extensions);
    RUN(a_server_is_asked_for_its_names);
    RUN(fixed_parts_of_a_subject_come_with_their_values);
    RUN(a_single_key_type_is_demanded);
    RUN(a_size_of_rsa_is_shown_by_a_placeholder);
    RUN(channel_binding_is_asked_for_where_it_is_required);
    RUN(too_little_room_is_remembered);
    return bm_test_done();
}
