/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"
#include "tests/authority/maker.h"

/* Which IDevIDs of other makers count: chains and revocation. */

/* What is wrong with a chain, each in one place. */
static const struct hostile {
    const char *what;
    struct spec device; /* subject NULL: the usual */
    struct spec ca;     /* likewise */
    bm_status want;
} hostile[] = {
    { "for servers",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 2,
        .eku = "s" },
      { .subject = NULL },
      BM_E_PATH_EKU },
    { "for any purpose",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 2,
        .eku = "*" },
      { .subject = NULL },
      BM_E_PATH_EKU },
    { "signs nothing",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 2,
        .key_usage = BM_KU_KEY_AGREEMENT },
      { .subject = NULL },
      BM_E_PATH_KEY_USAGE },
    { "a CA",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 2,
        .ca = true,
        .key_usage = CA_USAGE | BM_KU_DIGITAL_SIGNATURE },
      { .subject = NULL },
      BM_E_CA_MANUFACTURER },
    { "over",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 2,
        .not_after = WORLD_START },
      { .subject = NULL },
      BM_E_PATH_EXPIRED },
    { "not yet",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 2,
        .not_before = WORLD_START + 2 * DAY },
      { .subject = NULL },
      BM_E_PATH_NOT_YET },
    { "without a serial number",
      { .subject = "Sensor", .issuer = "Acme-CA", .key = 10, .signer = 2 },
      { .subject = NULL },
      BM_E_CA_MANUFACTURER },
    { "two serial numbers",
      { .subject = "#SN-1/#SN-2", .issuer = "Acme-CA", .key = 10, .signer = 2 },
      { .subject = NULL },
      BM_E_CA_MANUFACTURER },
    { "signed by itself",
      { .subject = "#SN-1", .issuer = "#SN-1", .key = 10, .signer = 10 },
      { .subject = NULL },
      BM_E_CA_MANUFACTURER },
    { "another CA of that name",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 7,
        .aki = 2 },
      { .subject = NULL },
      BM_E_PATH_SIGNATURE },
    { "another root of that name",
      { .subject = "#SN-1", .issuer = "Acme-CA", .key = 10, .signer = 7 },
      { .subject = "Acme-CA",
        .issuer = "Acme-Root",
        .key = 7,
        .signer = 8,
        .aki = 1,
        .ca = true,
        .key_usage = CA_USAGE },
      BM_E_PATH_SIGNATURE },
    { "a CA that is over",
      { .subject = NULL },
      { .subject = "Acme-CA",
        .issuer = "Acme-Root",
        .key = 2,
        .signer = 1,
        .ca = true,
        .key_usage = CA_USAGE,
        .not_after = WORLD_START },
      BM_E_PATH_EXPIRED },
    { "a CA that is none",
      { .subject = NULL },
      { .subject = "Acme-CA", .issuer = "Acme-Root", .key = 2, .signer = 1 },
      BM_E_PATH_CA },
    { "names outside of the CA's",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 2,
        .san = "dns:sensor.example.net" },
      { .subject = "Acme-CA",
        .issuer = "Acme-Root",
        .key = 2,
        .signer = 1,
        .ca = true,
        .key_usage = CA_USAGE,
        .permitted = "dns:acme.example" },
      BM_E_PATH_NC_PERMITTED },
    { "a critical extension that nobody knows",
      { .subject = "#SN-1",
        .issuer = "Acme-CA",
        .key = 10,
        .signer = 2,
        .quirks = MAKER_UNKNOWN_CRITICAL },
      { .subject = NULL },
      BM_E_PATH_CRITICAL },
    { "a CA for servers",
      { .subject = NULL },
      { .subject = "Acme-CA",
        .issuer = "Acme-Root",
        .key = 2,
        .signer = 1,
        .ca = true,
        .key_usage = CA_USAGE,
        .eku = "s" },
      BM_E_PATH_EKU },
};

static void what_is_no_good_idevid_is_refused_and_changes_nothing(void)
{
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        const struct hostile *h = &hostile[i];
        struct ca_manufacturer_order order;
        struct world_print before;
        struct world_print after;
        struct world w;
        struct maker m;
        struct issued out;
        bm_status rc;

        world_open(&w);
        make_maker(&m);
        order = order_of(&m, "acme");
        must(add(&w, &admin, &order) == BM_OK, "acme");
        before = world_print(&w);
        if (h->device.subject != NULL) {
            make(&m.device, &h->device);
        }
        if (h->ca.subject != NULL) {
            make(&m.ca, &h->ca);
        }
        rc = come(&w, &m.device, &m, &out);
        if (rc != h->want) {
            printf("# %s: %s\n", h->what, out.why.words);
        }
        CHECK_STATUS(rc, h->want);
        after = world_print(&w);
        CHECK(prints_equal(&before, &after));
        world_close(&w);
    }
}

/* Certificates one after another, as they come over the wire. */
struct sent {
    uint8_t octets[8192];
    size_t n;
};

static void add_sent(struct sent *s, struct bm_bytes der)
{
    must(der.n <= sizeof s->octets - s->n, "sent");
    memcpy(s->octets + s->n, der.p, der.n);
    s->n += der.n;
}

static void intermediates_come_in_any_order_or_are_known(void)
{
    static const struct spec below = { .subject = "Acme-Line",
                                       .issuer = "Acme-CA",
                                       .key = 3,
                                       .signer = 2,
                                       .ca = true,
                                       .key_usage = CA_USAGE };
    struct spec device = device_spec;
    struct sent s = { .n = 0 };
    struct ask a = { .name = NULL };
    struct ca_manufacturer_order order;
    struct world w;
    struct maker m;
    struct bm_cert line;
    struct issued out;

    world_open(&w);
    make_maker(&m);
    make(&line, &below);
    device.issuer = "Acme-Line";
    device.signer = 3;
    make(&m.device, &device);
    order = order_of(&m, "acme");
    must(add(&w, &admin, &order) == BM_OK, "acme");
    a.idevid = &m.device;
    CHECK_STATUS(ask(&w, &a, &out), BM_E_CA_MANUFACTURER);
    add_sent(&s, m.ca.der); /* the lowest is the last */
    add_sent(&s, line.der);
    a.chain = (struct bm_bytes){ s.octets, s.n };
    CHECK_STATUS(ask(&w, &a, &out), BM_OK);
    /* More than a client may send. */
    for (int i = 0; i < 7; i++) {
        add_sent(&s, m.ca.der);
    }
    a.chain.n = s.n;
    CHECK_STATUS(ask(&w, &a, &out), BM_E_CA_MANUFACTURER);
    /* Not sent, but known. */
    must(ca_manufacturer_remove(w.ca, &admin, "acme", w.now, NULL) == BM_OK,
         "remove");
    s.n = 0;
    add_sent(&s, m.ca.der);
    add_sent(&s, line.der);
    order.cas = (struct bm_bytes){ s.octets, s.n };
    CHECK_STATUS(add(&w, &admin, &order), BM_OK);
    a.chain.n = 0;
    CHECK_STATUS(ask(&w, &a, &out), BM_OK);
    world_close(&w);
}

static void an_idevid_outlives_its_ca_only_where_that_was_set(void)
{
    struct spec ca = ca_spec;
    struct ca_manufacturer_order order;
    struct world w;
    struct maker m;
    struct issued out;

    world_open(&w);
    make_maker(&m);
    ca.not_after = WORLD_START;
    make(&m.ca, &ca);
    order = order_of(&m, "acme");
    must(add(&w, &admin, &order) == BM_OK, "acme");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_PATH_EXPIRED);
    must(ca_manufacturer_remove(w.ca, &admin, "acme", w.now, NULL) == BM_OK,
         "remove");
    order.outlives = true;
    must(add(&w, &admin, &order) == BM_OK, "acme again");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    world_close(&w);
}

/* ---- Revocation */

struct list {
    uint8_t der[4096];
    size_t n;
    struct bm_bytes serial; /* the only entry; or none */
    bool told;
};

static bm_status rewind_list(void *self)
{
    struct list *l = self;

    l->told = l->serial.n == 0;
    return BM_OK;
}

static bm_status next_entry(void *self, struct bm_crl_entry *entry)
{
    struct list *l = self;

    if (l->told) {
        return BM_E_END;
    }
    l->told = true;
    *entry =
        (struct bm_crl_entry){ .serial = l->serial, .revoked_at = WORLD_START };
    return BM_OK;
}

static bm_status take(void *self, struct bm_bytes octets)
{
    struct list *l = self;

    must(octets.n <= sizeof l->der - l->n, "list");
    memcpy(l->der + l->n, octets.p, octets.n);
    l->n += octets.n;
    return BM_OK;
}

static void make_list(struct list *l, const struct bm_cert *ca, uint8_t key,
                      int64_t at)
{
    static const uint8_t number[] = { 1 };
    static const uint8_t key_id[20] = { 2 };
    struct bm_crl_source source = { l, rewind_list, next_entry };
    struct bm_crl_sink sink = { l, take };
    const struct bm_crl_config config = { .issuer = ca->subject,
                                          .this_update = at,
                                          .next_update = at + DAY,
                                          .number = BM_ARRAY(number),
                                          .aki = BM_ARRAY(key_id),
                                          .crypto = world_crypto(),
                                          .sig_alg = key_of(key)->alg };
    uint8_t memory[4096];
    uint8_t signature[BM_SIGNATURE_MAX];
    struct bm_crl_writer writer;
    struct bm_wr m;
    struct bm_wr s;

    l->n = 0;
    bm_wr_init(&m, memory, sizeof memory);
    bm_wr_init(&s, signature, sizeof signature);
    must(bm_crl_writer_open(&writer, &config, &source) == BM_OK &&
             bm_crl_writer_sign(&writer, key_of(key), &m, &s) == BM_OK &&
             bm_crl_writer_put(&writer, bm_wr_bytes(&s), &sink) == BM_OK,
         "list");
    bm_crl_writer_close(&writer);
}

static bm_status load(struct world *w, const struct list *l)
{
    return ca_manufacturer_load_crl(
        w->ca, &admin, "acme", (struct bm_bytes){ l->der, l->n }, w->now, NULL);
}

static void where_lists_are_required_none_may_be_missing_or_old(void)
{
    static struct list l;
    struct world w;
    struct maker m;
    struct issued out;

    begin_with(&w, &m, STORE_RULE_REQUIRED);
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_PATH_STATUS_UNKNOWN);
    make_list(&l, &m.ca, 2, w.now);
    CHECK_STATUS(load(&w, &l), BM_OK);
    /* That of the root is about the CA. */
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_PATH_STATUS_UNKNOWN);
    make_list(&l, &m.root, 1, w.now);
    CHECK_STATUS(load(&w, &l), BM_OK);
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    w.now += DAY + 1;
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_PATH_STATUS_UNKNOWN);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void where_a_list_was_loaded_it_must_be_current(void)
{
    static struct list l;
    struct world w;
    struct maker m;
    struct issued out;

    begin_with(&w, &m, STORE_RULE_LOADED);
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    make_list(&l, &m.ca, 2, w.now);
    must(load(&w, &l) == BM_OK, "list");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    w.now += 2 * DAY;
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_PATH_STATUS_UNKNOWN);
    l.serial = m.device.serial;
    make_list(&l, &m.ca, 2, w.now);
    must(load(&w, &l) == BM_OK, "next list");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_E_PATH_REVOKED);
    l.serial = (struct bm_bytes){ NULL, 0 };
    world_close(&w);
}

static void where_lists_do_not_count_a_revoked_one_is_good(void)
{
    static struct list l;
    struct world w;
    struct maker m;
    struct issued out;

    begin_with(&w, &m, STORE_RULE_NONE);
    l.serial = m.device.serial;
    make_list(&l, &m.ca, 2, w.now);
    must(load(&w, &l) == BM_OK, "list");
    CHECK_STATUS(come(&w, &m.device, &m, &out), BM_OK);
    world_close(&w);
}

static void a_list_is_newer_whole_current_and_of_its_ca(void)
{
    static struct list l;
    struct world w;
    struct maker m;

    begin_with(&w, &m, STORE_RULE_REQUIRED);
    make_list(&l, &m.ca, 1, w.now); /* by the root, in the CA's name */
    CHECK_STATUS(load(&w, &l), BM_E_CRL_SIGNATURE);
    make_list(&l, &m.device, 10, w.now);
    CHECK_STATUS(load(&w, &l), BM_E_CRL_ISSUER);
    make_list(&l, &m.ca, 2, w.now - 2 * DAY);
    CHECK_STATUS(load(&w, &l), BM_E_CRL_TIME);
    make_list(&l, &m.ca, 2, w.now);
    CHECK_STATUS(load(&w, &l), BM_OK);
    CHECK_STATUS(load(&w, &l), BM_E_CRL_NUMBER);
    make_list(&l, &m.ca, 2, w.now - HOUR);
    CHECK_STATUS(load(&w, &l), BM_E_CRL_NUMBER);
    l.n -= 1;
    CHECK(load(&w, &l) != BM_OK);
    CHECK_STATUS(ca_manufacturer_load_crl(w.ca, &admin, "nobody",
                                          (struct bm_bytes){ l.der, l.n + 1 },
                                          w.now, NULL),
                 BM_E_NOT_FOUND);
    world_close(&w);
}

int main(void)
{
    RUN(what_is_no_good_idevid_is_refused_and_changes_nothing);
    RUN(intermediates_come_in_any_order_or_are_known);
    RUN(an_idevid_outlives_its_ca_only_where_that_was_set);
    RUN(where_lists_are_required_none_may_be_missing_or_old);
    RUN(where_a_list_was_loaded_it_must_be_current);
    RUN(where_lists_do_not_count_a_revoked_one_is_good);
    RUN(a_list_is_newer_whole_current_and_of_its_ca);
    return bm_test_done();
}
