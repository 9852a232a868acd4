/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/authority/maker.h"

/*
 * Manufacturers: what was set of them counts, and which device an IDevID of
 * theirs is. Which of them count at all is in idevid_test.c.
 */

static struct store_idevid idevid_of(struct world *w, uint64_t device)
{
    struct store_idevid row;

    must(w->store->begin(w->store->self, STORE_READ) == BM_OK, "read");
    if (w->store->idevid_of_device(w->store->self, device, &row) != BM_OK) {
        row.device = 0;
    }
    w->store->rollback(w->store->self);
    return row;
}

static void a_device_enrols_by_the_idevid_of_a_manufacturer(void)
{
    struct world w;
    struct maker m;
    struct ca_manufacturer_order order;
    struct issued out;
    struct issued again;
    struct store_device device;
    struct store_idevid row;
    struct ask a = { .idevid = &m.device };
    uint8_t hash[BM_HASH_MAX];

    world_open(&w);
    make_maker(&m);
    order = order_of(&m, "acme");
    CHECK_STATUS(add(&w, &admin, &order), BM_OK);
    a.chain = m.ca.der;
    a.key = world_key();
    CHECK_STATUS(ask(&w, &a, &out), BM_OK);
    device = world_device(&w, 1, "SN-1");
    CHECK(device.state == STORE_DEVICE_ACTIVE);
    row = idevid_of(&w, device.id);
    CHECK(row.device == device.id && strcmp(row.serial, "SN-1") == 0);
    must(world_crypto()->hash(world_crypto()->self, BM_HASH_SHA256,
                              m.device.der, hash) == BM_OK,
         "hash");
    CHECK_BYTES(row.cert, sizeof row.cert, hash, sizeof row.cert);
    CHECK(world_events(&w, 1, "idevid") == 1);
    /* A lost reply: the same request again. */
    CHECK_STATUS(ask(&w, &a, &again), BM_OK);
    CHECK(again.repeated && again.id == out.id);
    /* A factory reset: another key, and the same device. */
    a.key = world_key();
    CHECK_STATUS(ask(&w, &a, &again), BM_OK);
    CHECK(again.cert_status == STORE_CERT_PENDING);
    CHECK(world_events(&w, 1, "idevid") == 1);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void two_manufacturers_do_not_meet_in_one_device(void)
{
    struct ca_manufacturer_order order;
    struct world w;
    struct maker m;
    struct maker o;
    struct issued out;

    begin_with(&w, &m, STORE_RULE_NONE);
    make_other(&o);
    order = order_of(&o, "other");
    must(add(&w, &admin, &order) == BM_OK, "other");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    CHECK_STATUS(come(&w, &o.device, &o, &out), BM_E_CA_DEVICE);
    CHECK(world_events(&w, 1, "idevid-name") == 1);
    /* With names of their own they are two. */
    must(ca_manufacturer_remove(w.ca, &admin, "other", w.now, NULL) == BM_OK,
         "remove");
    order.device = "other-{serial}";
    must(add(&w, &admin, &order) == BM_OK, "other again");
    CHECK_STATUS(come(&w, &o.device, &o, &out), BM_OK);
    CHECK(world_device(&w, 1, "other-SN-1").id != 0);
    CHECK(world_device(&w, 1, "other-SN-1").id !=
          world_device(&w, 1, "SN-1").id);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void another_key_under_the_same_name_is_a_clone(void)
{
    struct spec clone = device_spec;
    struct world w;
    struct maker m;
    struct issued out;
    struct issued no;
    struct bm_cert cert;
    uint64_t leaves;

    begin_with(&w, &m, STORE_RULE_NONE);
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    clone.key = 11;
    make(&cert, &clone);
    leaves = world_leaves(&w); /* then: the clone, and the signal */
    CHECK_STATUS(come(&w, &cert, &m, &no), BM_E_CA_CLONE);
    CHECK(world_events(&w, 1, "idevid-clone") == 1);
    CHECK(world_leaves(&w) == leaves + 2);
    /* It is written down once, however often it comes. */
    CHECK_STATUS(come(&w, &cert, &m, &no), BM_E_CA_CLONE);
    CHECK(world_leaves(&w) == leaves + 2);
    CHECK(status_of(&w, &out) == STORE_CERT_VALID);
    CHECK(world_device(&w, 1, "SN-1").state == STORE_DEVICE_ACTIVE);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_new_certificate_for_the_same_key_is_the_same_device(void)
{
    struct world w;
    struct maker m;
    struct issued out;
    struct bm_cert cert;

    begin_with(&w, &m, STORE_RULE_NONE);
    must(come(&w, &m.device, &m, &out) == BM_OK, "first");
    make(&cert, &device_spec); /* with another serial number of its own */
    CHECK_STATUS(come(&w, &cert, &m, &out), BM_OK);
    CHECK(world_events(&w, 1, "idevid") == 2);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void one_key_is_not_two_devices(void)
{
    struct spec second = device_spec;
    struct world w;
    struct maker m;
    struct issued out;
    struct bm_cert cert;

    begin_with(&w, &m, STORE_RULE_NONE);
    must(come(&w, &m.device, &m, &out) == BM_OK, "first");
    second.subject = "#SN-2";
    make(&cert, &second);
    CHECK_STATUS(come(&w, &cert, &m, &out), BM_E_CA_KEY_OWNED);
    CHECK(world_events(&w, 1, "idevid-key") == 1);
    world_close(&w);
}

static void the_key_of_an_idevid_is_for_nothing_else(void)
{
    struct ask a = { .name = NULL };
    struct by_token t = { LDEVID, "SN-9", NULL, NULL };
    char secret[CA_TOKEN_CHARS + 1];
    struct world w;
    struct maker m;
    struct issued out;

    begin_with(&w, &m, STORE_RULE_NONE);
    a.idevid = &m.device;
    a.chain = m.ca.der;
    a.key = key_of(10);
    CHECK_STATUS(ask(&w, &a, &out), BM_E_CA_KEY_REUSED);
    a.key = NULL;
    must(ask(&w, &a, &out) == BM_OK, "first");
    must(world_token(&w, LDEVID, "SN-9", secret) == BM_OK, "token");
    t.secret = secret;
    t.key = key_of(10);
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_KEY_OWNED);
    world_close(&w);
}

static void a_request_may_name_its_own_device_and_no_other(void)
{
    struct ask a = { .name = "SN-2" };
    struct world w;
    struct maker m;
    struct issued out;

    begin_with(&w, &m, STORE_RULE_NONE);
    a.idevid = &m.device;
    a.chain = m.ca.der;
    CHECK_STATUS(ask(&w, &a, &out), BM_E_PROFILE_DEVICE);
    a.name = "SN-1";
    CHECK_STATUS(ask(&w, &a, &out), BM_OK);
    world_close(&w);
}

static void a_device_that_came_otherwise_is_not_taken_over(void)
{
    struct world w;
    struct maker m;
    struct issued out;
    char secret[CA_TOKEN_CHARS + 1];
    const char *const names[] = { "SN-1" };
    const struct ca_serials serials = { "acme", names, 1 };

    begin_with(&w, &m, STORE_RULE_NONE);
    must(world_token(&w, LDEVID, "SN-1", secret) == BM_OK, "token");
    CHECK(world_device(&w, 1, "SN-1").state == STORE_DEVICE_EXPECTED);
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_CA_DEVICE);
    /* One that waits may be this, if somebody says so. */
    must(ca_manufacturer_expect(w.ca, &admin, &serials, w.now, NULL) == BM_OK,
         "expect");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    world_close(&w);
    begin_with(&w, &m, STORE_RULE_NONE);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &out) == BM_OK, "ours");
    must(ca_manufacturer_expect(w.ca, &admin, &serials, w.now, NULL) == BM_OK,
         "expect");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_CA_DEVICE);
    world_close(&w);
}

static void what_was_set_of_a_manufacturer_restricts_it(void)
{
    static const struct {
        const char *pattern;
        const char *profiles;
        bool listed;
        const char *profile;
        bm_status want;
    } rows[] = {
        { "SN-[0-9]", NULL, false, LDEVID, BM_OK },
        { "SN-", NULL, false, LDEVID, BM_E_CA_MANUFACTURER },
        { "XX-[0-9]+", NULL, false, LDEVID, BM_E_CA_MANUFACTURER },
        { NULL, LDEVID, false, LDEVID, BM_OK },
        { NULL, "iot-ldevid-tls", false, LDEVID, BM_E_CA_MANUFACTURER },
        { NULL, "iot-ldevid-tls," LDEVID, false, LDEVID, BM_OK },
        { NULL, NULL, true, LDEVID, BM_E_CA_MANUFACTURER },
        /* The profile has a say, too. */
        { NULL, NULL, false, SEVERAL, BM_E_NOT_FOUND },
        { NULL, NULL, false, TLS, BM_E_PROFILE_REQUESTER },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ask a = { .profile = rows[i].profile };
        struct ca_manufacturer_order order;
        struct world w;
        struct maker m;
        struct issued out;

        world_open(&w);
        make_maker(&m);
        order = order_of(&m, "acme");
        order.pattern = rows[i].pattern;
        order.profiles = rows[i].profiles;
        order.listed = rows[i].listed;
        must(add(&w, &admin, &order) == BM_OK, "acme");
        a.idevid = &m.device;
        a.chain = m.ca.der;
        CHECK_STATUS(ask(&w, &a, &out), rows[i].want);
        world_close(&w);
    }
}

static void a_removed_manufacturer_leaves_its_devices(void)
{
    struct ca_manufacturer_order order;
    struct spec second = device_spec;
    struct world w;
    struct maker m;
    struct issued out;
    struct issued next;
    struct issued no;
    struct bm_cert cert;

    begin_with(&w, &m, STORE_RULE_NONE);
    must(come(&w, &m.device, &m, &out) == BM_OK, "first");
    CHECK_STATUS(ca_manufacturer_remove(w.ca, &admin, "acme", w.now, NULL),
                 BM_OK);
    CHECK_STATUS(ca_manufacturer_remove(w.ca, &admin, "acme", w.now, NULL),
                 BM_E_NOT_FOUND);
    second.subject = "#SN-2";
    second.key = 12;
    make(&cert, &second);
    CHECK_STATUS(come(&w, &cert, &m, &no), BM_E_CA_MANUFACTURER);
    CHECK_STATUS(come(&w, &m.device, &m, &no), BM_E_CA_MANUFACTURER);
    w.now += 70 * DAY;
    CHECK_STATUS(by_current(&w, "SN-1", &out, world_key(), &next), BM_OK);
    /* It is the same again, and a clone is one. */
    order = order_of(&m, "acme");
    must(add(&w, &admin, &order) == BM_OK, "again");
    second.subject = "#SN-1";
    make(&cert, &second);
    CHECK_STATUS(come(&w, &cert, &m, &no), BM_E_CA_CLONE);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void organisations_do_not_see_each_others_manufacturers(void)
{
    const struct ca_actor reader = { .name = "operator:reader",
                                     .mode = "api",
                                     .organisation = 1,
                                     .roles = CA_ROLE_READ_ONLY };
    const char *const names[] = { "SN-1" };
    const struct ca_serials serials = { "acme", names, 1 };
    struct ca_manufacturer_order order;
    struct store_manufacturer row;
    struct world w;
    struct maker m;

    begin_with(&w, &m, STORE_RULE_NONE);
    CHECK_STATUS(ca_manufacturer_remove(w.ca, &neighbour, "acme", w.now, NULL),
                 BM_E_NOT_FOUND);
    CHECK_STATUS(
        ca_manufacturer_expect(w.ca, &neighbour, &serials, w.now, NULL),
        BM_E_NOT_FOUND);
    CHECK_STATUS(ca_manufacturer_remove(w.ca, &reader, "acme", w.now, NULL),
                 BM_E_CA_FORBIDDEN);
    order = order_of(&m, "acme");
    CHECK_STATUS(add(&w, &reader, &order), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(add(&w, &admin, &order), BM_E_EXISTS);
    must(w.store->begin(w.store->self, STORE_READ) == BM_OK, "read");
    CHECK_STATUS(ca_manufacturer_find(w.store, &neighbour, "acme", &row, NULL),
                 BM_E_NOT_FOUND);
    w.store->rollback(w.store->self);
    world_close(&w);
}

static void what_two_organisations_would_have_nobody_gets(void)
{
    const char *const names[] = { "SN-1" };
    const struct ca_serials serials = { "acme", names, 1 };
    struct ca_manufacturer_order order;
    struct world w;
    struct maker m;
    struct issued out;

    begin_with(&w, &m, STORE_RULE_NONE);
    order = order_of(&m, "acme");
    must(add(&w, &neighbour, &order) == BM_OK, "neighbour's");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_CA_MANUFACTURER);
    /* Whoever expects it has it; */
    must(ca_manufacturer_expect(w.ca, &neighbour, &serials, w.now, NULL) ==
             BM_OK,
         "expect");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    CHECK(world_device(&w, 2, "SN-1").state == STORE_DEVICE_ACTIVE);
    CHECK(world_device(&w, 1, "SN-1").id == 0);
    /* and it stays where it is, whoever says so later. */
    must(ca_manufacturer_expect(w.ca, &admin, &serials, w.now, NULL) == BM_OK,
         "expect");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    CHECK(world_device(&w, 1, "SN-1").id == 0);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void an_order_that_is_wrong_is_refused(void)
{
    struct ca_manufacturer_order good;
    struct ca_manufacturer_order bad;
    struct spec old = root_spec;
    struct bm_cert cert;
    struct world w;
    struct maker m;

    world_open(&w);
    make_maker(&m);
    good = order_of(&m, "acme");
    bad = good;
    bad.anchors.n = 0;
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    bad.anchors = m.device.der;
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_PATH_CA);
    bad.anchors = world_ca("root")->cert.der;
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    bad.anchors = world_ca("issuing")->cert.der;
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    old.not_after = WORLD_START;
    make(&cert, &old);
    bad.anchors = cert.der;
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_PATH_EXPIRED);
    bad = good;
    bad.anchors.n -= 1;
    CHECK(add(&w, &admin, &bad) != BM_OK);
    bad = good;
    bad.cas = m.device.der;
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_PATH_CA);
    bad = good;
    bad.cas = world_ca("issuing")->cert.der;
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_PATH_NO_ISSUER);
    bad = good;
    bad.name = "any";
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    bad.name = "Acme";
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    bad = good;
    bad.pattern = "[";
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    bad = good;
    bad.device = "acme";
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    bad.device = "{serial}{serial}";
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    bad = good;
    bad.profiles = "no-such-profile";
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_NOT_FOUND);
    bad.profiles = TLS;
    CHECK_STATUS(add(&w, &admin, &bad), BM_E_ARGUMENT);
    CHECK_STATUS(add(&w, &admin, &good), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void an_anchor_that_was_put_there_behind_its_back_is_found(void)
{
    struct store_manufacturer row;
    struct world w;
    struct maker m;
    struct maker o;

    begin_with(&w, &m, STORE_RULE_NONE);
    make_other(&o);
    CHECK(world_sound(&w));
    must(w.store->begin(w.store->self, STORE_WRITE) == BM_OK, "write");
    must(w.store->manufacturer_find(w.store->self, 1, "acme", &row) == BM_OK,
         "row");
    row.anchors = o.root.der;
    row.cas.n = 0;
    must(w.store->manufacturer_put(w.store->self, &row) == BM_OK &&
             w.store->commit(w.store->self) == BM_OK,
         "tampering");
    printf("# the next lines say what was found\n");
    CHECK(!world_sound(&w));
    world_close(&w);
}

int main(void)
{
    RUN(a_device_enrols_by_the_idevid_of_a_manufacturer);
    RUN(two_manufacturers_do_not_meet_in_one_device);
    RUN(another_key_under_the_same_name_is_a_clone);
    RUN(a_new_certificate_for_the_same_key_is_the_same_device);
    RUN(one_key_is_not_two_devices);
    RUN(the_key_of_an_idevid_is_for_nothing_else);
    RUN(a_request_may_name_its_own_device_and_no_other);
    RUN(a_device_that_came_otherwise_is_not_taken_over);
    RUN(what_was_set_of_a_manufacturer_restricts_it);
    RUN(a_removed_manufacturer_leaves_its_devices);
    RUN(organisations_do_not_see_each_others_manufacturers);
    RUN(what_two_organisations_would_have_nobody_gets);
    RUN(an_order_that_is_wrong_is_refused);
    RUN(an_anchor_that_was_put_there_behind_its_back_is_found);
    return bm_test_done();
}
