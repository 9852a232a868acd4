/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/policy.h"

#include <stdlib.h>

#include "ca/delivery.h"
#include "ca/internal.h"
#include "ca/release.h"
#include "core/oid.h"
#include "core/signed.h"
#include "tests/authority/lists.h"

/* Policies that releases take: by whom they may be signed, and what of it is
 * on record. */

/* A signer, and what it signed. */
struct signed_policy {
    const struct bm_signer *key;
    struct issued cert;
    uint8_t message[8192];
    struct ca_policy policy;
};

/* What a device cannot do without stands behind the signer's certificate. */
enum chain {
    WHOLE,
    NO_CA
};

static void certified(struct world *w, const char *profile,
                      struct signed_policy *p)
{
    static struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = profile, .csr = &q.csr
    };

    p->key = world_key();
    request_make(&q, p->key, NULL, "Firewall");
    must(world_issue(w, &r, &p->cert) == BM_OK, p->cert.why.words);
}

static void sign_as(struct signed_policy *p, struct bm_bytes type,
                    enum chain what)
{
    struct bm_bytes ca = world_ca(p->cert.ca)->cert.der;
    uint8_t room[4096];
    struct bm_wr chain;
    struct bm_wr w;
    struct bm_signed_by by = { .crypto = world_crypto(),
                               .signer = p->key,
                               .cert = &p->cert.cert };

    bm_wr_init(&chain, room, sizeof room);
    bm_wr_put(&chain, issued_der(&p->cert));
    if (what == WHOLE) {
        bm_wr_put(&chain, ca);
    }
    by.chain = bm_wr_bytes(&chain);
    bm_wr_init(&w, p->message, sizeof p->message);
    must(bm_signed_put(&by, type, BM_LIT("a table"), WORLD_START, &w) == BM_OK,
         "message");
    p->policy = (struct ca_policy){
        .version = 3, .floor = 2, .message = p->message, .n = w.len
    };
}

static void sign(struct signed_policy *p)
{
    sign_as(p, BM_LIT(BM_OID_CT_POLICY), WHOLE);
}

static bm_status release(struct world *w, const char *name,
                         const struct signed_policy *p, struct ca_refusal *why)
{
    const struct store_item item = { .kind = STORE_ITEM_POLICY,
                                     .hash = { 1, 2, 3 },
                                     .size = p->policy.n,
                                     .version = "3 floor 2" };
    const struct ca_release_order order = { name, 0, &item, 1, &p->policy };

    *why = (struct ca_refusal){ BM_OK, "" };
    return ca_release_create(w->ca, &admin, &order, w->now, why);
}

/* It is refused, with these words, and nothing is left of it. */
static void refused(struct world *w, const struct signed_policy *p,
                    bm_status want, const char *words)
{
    struct world_print before = world_print(w);
    struct world_print after;
    struct ca_refusal why;

    CHECK_STATUS(release(w, "refused", p, &why), want);
    CHECK(strstr(why.words, words) != NULL);
    if (strstr(why.words, words) == NULL) {
        printf("# %s\n", why.words);
    }
    after = world_print(w);
    CHECK(prints_equal(&before, &after));
}

static struct ca_record record_of(struct world *w, uint64_t leaf,
                                  uint8_t room[CA_RECORD_MAX])
{
    struct store_leaf row = { .tree = 0 };
    struct ca_record r;
    struct bm_wr kept;

    must(w->store->begin(w->store->self, STORE_READ) == BM_OK &&
             w->store->leaf_get(w->store->self, 1, leaf, &row) == BM_OK,
         "a leaf");
    bm_wr_init(&kept, room, CA_RECORD_MAX);
    bm_wr_put(&kept, row.record);
    must(ca_record_parse(bm_wr_bytes(&kept), NULL, &r) == BM_OK, "a record");
    w->store->rollback(w->store->self);
    return r;
}

static void a_policy_is_on_record_in_front_of_its_release(void)
{
    static struct signed_policy p;
    uint8_t room[CA_RECORD_MAX];
    struct ca_refusal why;
    struct ca_record r;
    struct world w;
    uint64_t at;

    world_open(&w);
    certified(&w, POLICY, &p);
    sign(&p);
    at = world_leaves(&w);
    CHECK_STATUS(release(&w, "fw-1", &p, &why), BM_OK);
    CHECK(world_leaves(&w) == at + 2);
    r = record_of(&w, at, room);
    CHECK(r.kind == CA_RECORD_POLICY && r.number == 3);
    CHECK(bm_bytes_are(r.subject, "fw-1", 4));
    CHECK(bm_bytes_are(r.text, "floor 2", 7));
    CHECK(bm_bytes_are(r.ca, "operations", 10));
    CHECK_BYTES(r.serial.p, r.serial.n, p.cert.serial, p.cert.serial_n);
    r = record_of(&w, at + 1, room);
    CHECK(r.kind == CA_RECORD_DELIVERY);
    CHECK(world_sound(&w));
    /* It was right when it was made, whatever becomes of the signer. */
    CHECK_STATUS(world_revoke(&w, &p.cert, BM_REASON_KEY_COMPROMISE), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_signer_that_is_not_good_any_more_is_refused(void)
{
    static const struct {
        uint8_t reason; /* 0: not revoked */
        int64_t later;
        bm_status want;
        const char *words;
    } rows[] = {
        { BM_REASON_KEY_COMPROMISE, 0, BM_E_CA_STATUS, "is revoked" },
        { BM_REASON_HOLD, 0, BM_E_CA_STATUS, "is on hold" },
        { 0, 91 * DAY, BM_E_PATH_EXPIRED, "signed by CN=Firewall" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct signed_policy p;
        struct world w;

        world_open(&w);
        certified(&w, POLICY, &p);
        sign(&p);
        if (rows[i].reason != 0) {
            CHECK_STATUS(world_revoke(&w, &p.cert, rows[i].reason), BM_OK);
        }
        w.now += rows[i].later;
        refused(&w, &p, rows[i].want, rows[i].words);
        CHECK(world_sound(&w));
        world_close(&w);
    }
}

static void what_no_device_would_open_is_refused(void)
{
    static struct signed_policy p;
    struct world w;

    world_open(&w);
    certified(&w, CODE, &p);
    sign(&p);
    refused(&w, &p, BM_E_PATH_EKU, "it is not for policies alone");
    certified(&w, POLICY, &p);
    sign_as(&p, BM_LIT(BM_OID_CT_BUNDLE), WHOLE);
    refused(&w, &p, BM_E_CMS_FORM, "policy");
    sign_as(&p, BM_LIT(BM_OID_CT_POLICY), NO_CA);
    refused(&w, &p, BM_E_PATH_NO_ISSUER,
            "no chain to a root of this authority");
    sign(&p);
    p.message[p.policy.n - 1] ^= 1;
    refused(&w, &p, BM_E_CMS_SIGNATURE, "policy");
    sign(&p);
    p.policy.n = 0;
    refused(&w, &p, BM_E_DER_TRUNCATED, "policy");
    world_close(&w);
}

/* A certificate that our CA signed, and the authority knows nothing of. */
static void what_the_authority_did_not_issue_is_refused(void)
{
    static struct signed_policy p;
    struct world other;
    struct world w;

    world_open(&other);
    certified(&other, POLICY, &p);
    sign(&p);
    world_close(&other);
    world_open(&w); /* from the same copy: its store has no such row */
    refused(&w, &p, BM_E_PATH_STATUS_UNKNOWN, "did not issue");
    world_close(&w);
}

/* ---- The CA above it */

static const struct instance_ca *root(void)
{
    const struct instance *in = world_base();
    size_t i = 0;

    while (in->cas[i].row.kind != STORE_CA_ROOT) {
        must(++i < in->cas_n, "a root");
    }
    return &in->cas[i];
}

static bm_status rewind_one(void *self)
{
    *(unsigned *)self = 0;
    return BM_OK;
}

static bm_status next_one(void *self, struct bm_crl_entry *entry)
{
    unsigned *n = self;

    *entry =
        (struct bm_crl_entry){ .serial = world_ca("operations")->cert.serial,
                               .revoked_at = WORLD_START };
    return (*n)++ == 0 ? BM_OK : BM_E_END;
}

/* A list of the root that names the CA of operations, as if it had been
 * loaded: whose signature it has was looked at then. */
static void put_root_list(struct world *w)
{
    static struct made_list l;
    static const uint8_t number[] = { 0, 99 };
    uint8_t memory[4096];
    uint8_t signature[BM_SIGNATURE_MAX];
    const struct bm_signer *key = world_key();
    unsigned n = 0;
    const struct bm_crl_source source = { &n, rewind_one, next_one };
    const struct bm_crl_sink sink = { &l, made_collect };
    const struct bm_crl_config config = { .issuer = root()->cert.subject,
                                          .this_update = WORLD_START,
                                          .next_update =
                                              WORLD_START + 400 * DAY,
                                          .number = BM_ARRAY(number),
                                          .aki = root()->cert.subject,
                                          .crypto = world_crypto(),
                                          .sig_alg = key->alg };
    struct store_crl row = { .number = 99,
                             .this_update = WORLD_START,
                             .next_update = WORLD_START + 400 * DAY };
    const struct store *s = w->store;
    struct bm_crl_writer writer;
    struct bm_wr m;
    struct bm_wr sig;

    l.n = 0;
    bm_wr_init(&m, memory, sizeof memory);
    bm_wr_init(&sig, signature, sizeof signature);
    must(bm_crl_writer_open(&writer, &config, &source) == BM_OK &&
             bm_crl_writer_sign(&writer, key, &m, &sig) == BM_OK &&
             bm_crl_writer_put(&writer, bm_wr_bytes(&sig), &sink) == BM_OK,
         "a list of the root");
    bm_crl_writer_close(&writer);
    memcpy(row.ca, root()->row.id, sizeof row.ca);
    row.der = (struct bm_bytes){ l.der, l.n };
    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->crl_put(s->self, &row) == BM_OK && s->commit(s->self) == BM_OK,
         "stored");
}

static void a_ca_that_its_root_has_revoked_vouches_for_nobody(void)
{
    static struct signed_policy p;
    struct world w;

    world_open(&w);
    certified(&w, POLICY, &p);
    sign(&p);
    put_root_list(&w);
    refused(&w, &p, BM_E_PATH_REVOKED, "a CA above it");
    world_close(&w);
}

/* ---- Later */

static bm_status keep(void *arg, const void *visited)
{
    *(struct store_item *)arg = *(const struct store_item *)visited;
    return BM_OK;
}

/* Whether devices are still told of the policy of this release. */
static bm_status still(struct world *w, const char *name,
                       struct ca_refusal *why)
{
    const struct store *s = w->store;
    struct store_item item = { .kind = STORE_ITEM_POLICY };
    const struct store_visit visit = { &item, keep };
    struct store_release row;
    bm_status rc;

    *why = (struct ca_refusal){ BM_OK, "" };
    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->release_find(s->self, 1, name, &row) == BM_OK &&
             s->item_list(s->self, row.id, &visit) == BM_OK,
         "its policy");
    rc = ca_policy_still(s, &item, w->now, why);
    s->rollback(s->self);
    return rc;
}

static void one_whose_signer_is_not_good_any_more_is_told_to_nobody(void)
{
    static const struct {
        uint8_t reason; /* 0: not revoked */
        int64_t later;
        const char *words;
    } rows[] = {
        { BM_REASON_KEY_COMPROMISE, 0, "is revoked" },
        { BM_REASON_HOLD, 0, "is on hold" },
        { 0, 91 * DAY, "is at its end" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct signed_policy p;
        struct ca_refusal why;
        struct world w;

        world_open(&w);
        certified(&w, POLICY, &p);
        sign(&p);
        CHECK_STATUS(release(&w, "fw-1", &p, &why), BM_OK);
        CHECK_STATUS(still(&w, "fw-1", &why), BM_OK);
        if (rows[i].reason != 0) {
            CHECK_STATUS(world_revoke(&w, &p.cert, rows[i].reason), BM_OK);
        }
        w.now += rows[i].later;
        CHECK_STATUS(still(&w, "fw-1", &why), BM_E_CA_STATUS);
        CHECK(strstr(why.words, rows[i].words) != NULL);
        CHECK(world_sound(&w));
        world_close(&w);
    }
}

static void nor_one_whose_ca_was_revoked(void)
{
    static struct signed_policy p;
    struct ca_refusal why;
    struct world w;

    world_open(&w);
    certified(&w, POLICY, &p);
    sign(&p);
    CHECK_STATUS(release(&w, "fw-1", &p, &why), BM_OK);
    put_root_list(&w);
    CHECK_STATUS(still(&w, "fw-1", &why), BM_E_PATH_REVOKED);
    CHECK(strstr(why.words, "CA operations is revoked") != NULL);
    world_close(&w);
}

static void nor_one_of_which_nobody_kept_who_signed_it(void)
{
    const struct store_item item = { .kind = STORE_ITEM_POLICY };
    struct ca_refusal why = { BM_OK, "" };
    struct world w;

    world_open(&w);
    must(w.store->begin(w.store->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(ca_policy_still(w.store, &item, w.now, &why),
                 BM_E_PATH_STATUS_UNKNOWN);
    w.store->rollback(w.store->self);
    world_close(&w);
}

/* ---- What devices are told when the store fails */

/* What each look at the signer of a policy comes to. */
static bm_status store_says;

static bm_status no_cert(void *self, const struct store_scope *scope,
                         const char *ca, struct bm_bytes serial,
                         struct store_cert *row)
{
    (void)self, (void)scope, (void)ca, (void)serial, (void)row;
    return store_says;
}

static bm_status no_ca(void *self, const struct store_scope *scope,
                       const char *id, struct store_ca *row)
{
    (void)self, (void)scope, (void)id, (void)row;
    return store_says;
}

static bm_status no_list(void *self, const char *ca, uint32_t list,
                         struct store_crl *row)
{
    (void)self, (void)ca, (void)list, (void)row;
    return store_says;
}

/* It is there, and no list. */
static bm_status broken_list(void *self, const char *ca, uint32_t list,
                             struct store_crl *row)
{
    (void)self, (void)ca, (void)list;
    *row = (struct store_crl){ .der = BM_LIT("no list") };
    return BM_OK;
}

/* A device to which a release is assigned that has a policy and a key set. */
static void assigned(struct world *w, struct signed_policy *p,
                     struct store_device *device)
{
    static struct issued c;
    const struct store_item items[] = {
        { .kind = STORE_ITEM_KEYSET, .hash = { 4, 5, 6 }, .size = 77 },
        { .kind = STORE_ITEM_POLICY,
          .hash = { 1, 2, 3 },
          .size = 78,
          .version = "3 floor 2" },
    };
    const struct ca_release_order order = { "fw-1", 0, items, 2, &p->policy };
    const struct ca_release_target target = { .release = "fw-1",
                                              .device = "SN-1",
                                              .percent = 100 };
    struct store_assignment row;

    certified(w, POLICY, p);
    sign(p);
    must(by_operator(w, LDEVID, "SN-1", world_key(), &c) == BM_OK &&
             ca_delivery_device(w->ca, issued_der(&c), device, NULL) == BM_OK,
         "a device");
    CHECK_STATUS(ca_release_create(w->ca, &admin, &order, w->now, NULL), BM_OK);
    CHECK_STATUS(ca_release_assign(w->ca, &admin, &target, w->now, &row, NULL),
                 BM_OK);
}

struct told {
    bool policy;
    bool key_set;
};

static bm_status tell(struct world *w, const struct store_device *device,
                      struct told *told)
{
    static uint8_t room[BM_MANIFEST_SIZE_MAX];
    struct bm_manifest manifest;
    struct bm_manifest_item item;
    struct bm_bytes certs;
    struct bm_cert signer;
    uint64_t version;
    struct bm_wr out;

    *told = (struct told){ false, false };
    bm_wr_init(&out, room, sizeof room);
    BM_TRY(ca_manifest_get(w->ca, device, w->now, &out, &version, NULL));
    BM_TRY(bm_manifest_open(bm_wr_bytes(&out), world_crypto(), &signer, &certs,
                            &manifest));
    while (bm_manifest_next(&manifest.items, &item)) {
        told->policy = told->policy || item.kind == BM_MANIFEST_POLICY;
        told->key_set = told->key_set || item.kind == BM_MANIFEST_KEY_SET;
    }
    return BM_OK;
}

static void one_whose_signer_the_store_has_lost_is_withheld_alone(void)
{
    static const struct {
        bm_status says; /* BM_OK: the list is there, and none */
        bm_status want;
        enum {
            CERT,
            CA,
            LIST
        } of;
    } rows[] = {
        { BM_E_STORE_CORRUPT, BM_OK, CERT }, { BM_E_NOT_FOUND, BM_OK, CERT },
        { BM_E_IO, BM_E_IO, CERT },          { BM_E_STORE_CORRUPT, BM_OK, CA },
        { BM_E_NOT_FOUND, BM_OK, CA },       { BM_E_MEMORY, BM_E_MEMORY, CA },
        { BM_E_STORE_CORRUPT, BM_OK, LIST }, { BM_OK, BM_OK, LIST },
        { BM_E_BUSY, BM_E_BUSY, LIST },
    };
    static struct signed_policy p;
    struct store_device device;
    struct ca_refusal why;
    struct store whole;
    struct told told;
    struct world w;

    world_open(&w);
    whole = w.faulty.base;
    assigned(&w, &p, &device);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store *s = &w.faulty.base;

        CHECK_STATUS(tell(&w, &device, &told), BM_OK);
        CHECK(told.policy && told.key_set);
        store_says = rows[i].says;
        s->cert_find = rows[i].of == CERT ? no_cert : whole.cert_find;
        s->ca_get = rows[i].of == CA ? no_ca : whole.ca_get;
        s->crl_get = rows[i].of != LIST      ? whole.crl_get
                     : rows[i].says == BM_OK ? broken_list
                                             : no_list;
        CHECK_STATUS(tell(&w, &device, &told), rows[i].want);
        CHECK(!told.policy && told.key_set == (rows[i].want == BM_OK));
        *s = whole;
        if (bm_test_failed != 0) {
            printf("# row %zu\n", i);
            break;
        }
    }
    CHECK(world_sound(&w));
    /* `release status` has words for it. */
    w.faulty.base.cert_find = no_cert;
    store_says = BM_E_STORE_CORRUPT;
    CHECK_STATUS(still(&w, "fw-1", &why), BM_E_STORE_CORRUPT);
    CHECK(strstr(why.words, "is broken") != NULL);
    store_says = BM_E_IO;
    CHECK_STATUS(still(&w, "fw-1", &why), BM_E_IO);
    CHECK(why.status == BM_OK);
    w.faulty.base = whole;
    world_close(&w);
}

/* ---- Records */

/* A release that was made behind the authority's back: what is on record of
 * its policy, and what is not. */
struct forged {
    const char *release;
    const char *floor;
    uint64_t version;
    bool other_hash;
    bool other_signer;
    bool none;  /* no record of the policy, */
    bool alone; /* or none of the release */
    bool sound;
};

static const struct store_item forged_item = { .kind = STORE_ITEM_POLICY,
                                               .hash = { 1, 2, 3 },
                                               .size = 77,
                                               .version = "3 floor 2" };

static void put_policy(struct world *w, const struct forged *f,
                       const struct signed_policy *p)
{
    static const uint8_t other[STORE_HASH_SIZE] = { 7 };
    struct ca_record r = ca_record_of(CA_RECORD_POLICY, &admin, w->now);
    uint8_t key[BM_HASH_MAX];

    must(world_crypto()->hash(world_crypto()->self, BM_HASH_SHA256,
                              p->cert.cert.key.der, key) == BM_OK,
         "hash");
    r.subject = ca_text(f->release);
    r.hash = f->other_hash ? BM_ARRAY(other) : BM_ARRAY(forged_item.hash);
    r.text = ca_text(f->floor);
    r.number = f->version;
    r.key = (struct bm_bytes){ key, STORE_HASH_SIZE };
    r.ca = BM_LIT("operations");
    r.serial = issued_serial(&p->cert);
    must(ca_put_record(w->ca, &r, NULL, NULL) == BM_OK, "a policy");
}

static void put_release(struct world *w, const struct forged *f,
                        const struct signed_policy *p)
{
    const struct store *s = w->store;
    struct ca_record r = ca_record_of(CA_RECORD_DELIVERY, &admin, w->now);
    struct store_release row = { .organisation = 1, .name = "r" };
    struct store_item item = forged_item;
    uint8_t hash[BM_HASH_MAX];

    (void)snprintf(item.signer_ca, sizeof item.signer_ca, "operations");
    memcpy(item.signer, p->cert.serial, p->cert.serial_n);
    item.signer_n = p->cert.serial_n;
    item.signer[0] ^= f->other_signer;
    must(ca_release_hash(world_crypto(), 0, &item, 1, hash) == BM_OK, "hash");
    r.subject = BM_LIT("r");
    r.hash = (struct bm_bytes){ hash, STORE_HASH_SIZE };
    r.text = BM_LIT("policy");
    must(ca_put_record(w->ca, &r, NULL, NULL) == BM_OK &&
             s->release_put(s->self, &row) == BM_OK,
         "a release");
    item.release = row.id;
    must(s->item_put(s->self, &item) == BM_OK, "an item");
}

/* What a release has is what the record in front of it says, and there is one
 * of each policy. */
static void a_record_that_does_not_fit_its_release_is_found(void)
{
    static const struct forged rows[] = {
        { "r", "floor 2", 3, .sound = true },
        { "r", "floor 1", 3, .sound = false },
        { "r", "floor 2", 4, .sound = false },
        { "s", "floor 2", 3, .sound = false },
        { "r", "floor 2", 3, .other_hash = true },
        { "r", "floor 2", 3, .other_signer = true },
        { "r", "floor 2", 3, .none = true },
        { "r", "floor 2", 3, .alone = true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct signed_policy p;
        struct world w;

        world_open(&w);
        certified(&w, POLICY, &p);
        must(ca_begin(w.ca, w.now, NULL) == BM_OK, "begin");
        if (!rows[i].none) {
            put_policy(&w, &rows[i], &p);
        }
        if (!rows[i].alone) {
            put_release(&w, &rows[i], &p);
        }
        must(ca_end(w.ca, BM_OK, w.now, NULL) == BM_OK, "forged");
        CHECK(world_sound(&w) == rows[i].sound);
        world_close(&w);
    }
}

int main(void)
{
    RUN(one_whose_signer_is_not_good_any_more_is_told_to_nobody);
    RUN(nor_one_whose_ca_was_revoked);
    RUN(nor_one_of_which_nobody_kept_who_signed_it);
    RUN(one_whose_signer_the_store_has_lost_is_withheld_alone);
    RUN(a_policy_is_on_record_in_front_of_its_release);
    RUN(a_signer_that_is_not_good_any_more_is_refused);
    RUN(what_no_device_would_open_is_refused);
    RUN(what_the_authority_did_not_issue_is_refused);
    RUN(a_ca_that_its_root_has_revoked_vouches_for_nobody);
    RUN(a_record_that_does_not_fit_its_release_is_found);
    return bm_test_done();
}
