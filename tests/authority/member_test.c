/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/bundle.h"
#include "ca/consortium.h"
#include "ca/internal.h"
#include "server/ca_others.h"
#include "tests/authority/foreign.h"
#include "tests/authority/maker.h"

/*
 * CAs that members run elsewhere: which certificates are taken, and that two of
 * one key are one issuer, whose list is that of both.
 */

/* A member's CA; the same under its next certificate; and what is not. */
static const struct spec first_spec = { .subject = "Member-CA",
                                        .issuer = "Member-CA",
                                        .key = 1,
                                        .signer = 1,
                                        .ca = true,
                                        .key_usage = CA_USAGE,
                                        .not_after = WORLD_START + 30 * DAY };
static const struct spec next_spec = { .subject = "Member-CA",
                                       .issuer = "Member-CA",
                                       .key = 1,
                                       .signer = 1,
                                       .ca = true,
                                       .key_usage = CA_USAGE,
                                       .not_after = WORLD_START + 300 * DAY };
static const struct spec renamed_spec = { .subject = "Other-CA",
                                          .issuer = "Other-CA",
                                          .key = 1,
                                          .signer = 1,
                                          .ca = true,
                                          .key_usage = CA_USAGE };

struct members {
    struct world w;
    struct instance in; /* over the store of `w` */
    struct bm_cert first, next, renamed;
    struct bm_bytes root;
    struct ca_signer_listed listed[2];
    struct ca_signer_listed withdrawn[2];
};

static void open_members(struct members *m)
{
    memset(m, 0, sizeof *m);
    world_open(&m->w);
    m->in = *world_base();
    m->in.store = m->w.store;
    m->in.ca = m->w.ca;
    maker_signer = key_of;
    maker_reset();
    make(&m->first, &first_spec);
    make(&m->next, &next_spec);
    make(&m->renamed, &renamed_spec);
    m->root = world_ca("root")->cert.der;
}

static void close_members(struct members *m)
{
    CHECK(world_sound(&m->w));
    world_close(&m->w);
}

/* What was said of the last certificate. */
static enum ca_installed told;
static char told_id[STORE_ID_MAX];
static char told_words[200];

static void tell(void *arg, enum ca_installed what, const char *id,
                 const struct bm_cert *cert, const char *words)
{
    (void)arg;
    (void)cert;
    told = what;
    (void)snprintf(told_id, sizeof told_id, "%s", id);
    (void)snprintf(told_words, sizeof told_words, "%s", words);
}

/* As an instance that is opened again has it. */
static void read_again(struct members *m)
{
    const struct store *s = m->w.store;
    struct instance_ca *c = &m->in.cas[m->in.cas_n++];

    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->ca_get(s->self, &ca_everything, told_id, &c->row) == BM_OK,
         "row of a CA");
    s->rollback(s->self);
    c->list = c->row.ecosystem;
    for (const struct bm_cert *cert = &m->first; cert <= &m->renamed; cert++) {
        if (bm_bytes_equal(cert->der, c->row.cert)) {
            c->cert = *cert;
        }
    }
    c->row.cert = c->cert.der;
}

static bm_status install(struct members *m, const struct bm_cert *cert,
                         uint32_t organisation)
{
    const struct ca_install config = { .instance = &m->in,
                                       .actor = &admin,
                                       .certs = cert,
                                       .certs_n = 1,
                                       .now = m->w.now,
                                       .tell = tell };
    const struct store_scope whose = { 0, organisation };
    bm_status rc = ca_member_install(&config, &whose, NULL);

    if (rc == BM_OK) {
        read_again(m);
    }
    return rc;
}

static void retire(struct members *m, const char *id)
{
    struct store_ca row = *(&instance_get_ca(&m->in, id)->row);

    row.status = STORE_CA_RETIRED;
    CHECK_STATUS(ca_install(m->w.ca, &admin, &row, m->w.now, NULL), BM_OK);
}

/* ---- Which are taken */

static void a_member_goes_on_with_its_key(void)
{
    static struct members m;

    open_members(&m);
    CHECK_STATUS(install(&m, &m.first, 1), BM_OK);
    CHECK(strcmp(told_id, "member") == 0);
    CHECK_STATUS(install(&m, &m.first, 1), BM_E_NOT_FOUND);
    CHECK(told == CA_INSTALLED_KNOWN);
    CHECK_STATUS(install(&m, &m.next, 1), BM_OK);
    CHECK(told == CA_INSTALLED_MEMBER && strcmp(told_id, "member-2") == 0);
    CHECK_STATUS(install(&m, &m.next, 1), BM_E_NOT_FOUND);
    CHECK(told == CA_INSTALLED_KNOWN);
    close_members(&m);
}

static void its_key_is_nobody_elses_and_of_no_other_name(void)
{
    static struct members m;
    struct store_organisation other = { .name = "Other", .ecosystem = 1 };
    struct store_ecosystem second;
    struct instance_ca *c;

    open_members(&m);
    CHECK_STATUS(ca_organisation_create(m.w.ca, &admin, &other, m.w.now, NULL),
                 BM_OK);
    CHECK_STATUS(
        ca_ecosystem_create(m.w.ca, &admin, "Second", m.w.now, &second, NULL),
        BM_OK);
    CHECK_STATUS(install(&m, &m.first, 1), BM_OK);
    CHECK_STATUS(install(&m, &m.next, other.id), BM_E_NOT_FOUND);
    CHECK(told == CA_INSTALLED_NOT &&
          strcmp(told_words, "its key is that of another CA here") == 0);
    CHECK_STATUS(install(&m, &m.next, 0), BM_E_NOT_FOUND);
    CHECK_STATUS(install(&m, &m.renamed, 1), BM_E_NOT_FOUND);
    CHECK(strcmp(told_words, "its key is that of another CA here") == 0);
    /* In another ecosystem, although of no organisation, either. */
    c = &m.in.cas[m.in.cas_n - 1];
    c->row.organisation = 0;
    c->row.ecosystem = second.id;
    CHECK_STATUS(install(&m, &m.next, 0), BM_E_NOT_FOUND);
    /* Nor is it what was a root's, or any CA's of the instance. */
    c->row.ecosystem = 1;
    c->row.kind = STORE_CA_ROOT;
    CHECK_STATUS(install(&m, &m.next, 0), BM_E_NOT_FOUND);
    c->row.kind = STORE_CA_MEMBER;
    CHECK_STATUS(install(&m, &m.next, 0), BM_OK);
    close_members(&m);
}

static void two_of_one_key_in_one_file_are_of_one_name(void)
{
    static struct members m;
    struct bm_cert pile[2];
    const struct store_scope whose = { 0, 1 };
    struct ca_install config = {
        .actor = &admin, .certs = pile, .certs_n = 2, .tell = tell
    };

    open_members(&m);
    config.instance = &m.in;
    config.now = m.w.now;
    pile[0] = m.first;
    pile[1] = m.renamed;
    CHECK_STATUS(ca_member_install(&config, &whose, NULL), BM_OK);
    /* Told last is what was taken; the other had been passed over. */
    CHECK(told == CA_INSTALLED_MEMBER && strcmp(told_id, "member") == 0);
    read_again(&m);
    CHECK(bm_bytes_equal(m.in.cas[m.in.cas_n - 1].cert.der, m.first.der));
    close_members(&m);

    open_members(&m);
    config.now = m.w.now;
    pile[0] = m.first;
    pile[1] = m.next;
    CHECK_STATUS(ca_member_install(&config, &whose, NULL), BM_OK);
    CHECK(told == CA_INSTALLED_MEMBER && strcmp(told_id, "member-2") == 0);
    close_members(&m);
}

/* ---- What is told of them */

struct made {
    uint8_t room[CA_BUNDLE_MAX];
    struct bm_bundle bundle;
};

/* The signer is told which are withdrawn. */
static void make_list(struct members *m, bool first_withdrawn, struct made *b)
{
    const struct instance *in = world_base();
    const struct ca_signer_listed both[] = {
        { m->next.der, CA_BUNDLE_FIRST }, { m->first.der, CA_BUNDLE_FIRST }
    };
    struct ca_signer_bundle signer = { .key = in->bundle.key->signer,
                                       .cert = &in->bundle.cert,
                                       .chain = { in->bundle.der,
                                                  in->bundle.der_n },
                                       .series = in->settings.bundle_series,
                                       .lifetime = 7 * DAY,
                                       .anchors = &m->root,
                                       .anchors_n = 1 };
    struct bm_cert by;
    struct bm_bytes certs;
    struct bm_wr out;

    memcpy(m->listed, both, sizeof both);
    memcpy(m->withdrawn, both + 1, sizeof both[1]);
    signer.members = m->listed;
    signer.members_n = first_withdrawn ? 1 : 2;
    signer.withdrawn = m->withdrawn;
    signer.withdrawn_n = first_withdrawn ? 1 : 0;
    ca_signer_set_bundle(m->w.real_signer, &signer);
    bm_wr_init(&out, b->room, sizeof b->room);
    CHECK_STATUS(
        ca_bundle_make(m->w.ca, &admin, CA_BUNDLE_FIRST, m->w.now, &out, NULL),
        BM_OK);
    CHECK_STATUS(bm_bundle_open(bm_wr_bytes(&out), world_crypto(), &by, &certs,
                                &b->bundle),
                 BM_OK);
}

/* -1: it is not listed. */
static int status_in(const struct made *b, const struct bm_cert *cert)
{
    struct bm_bytes list = b->bundle.anchors;
    struct bm_bundle_anchor anchor;

    while (bm_bundle_anchor_next(&list, &anchor)) {
        if (bm_bytes_equal(anchor.cert, cert->der)) {
            return (int)anchor.status;
        }
    }
    return -1;
}

static const uint8_t stolen[] = { 0x11, 0x22 };
static const uint8_t lost[] = { 0x33, 0x44 };

static enum bm_bundle_word word_of(const struct members *m,
                                   const struct made *b, struct bm_bytes serial)
{
    uint8_t key[BM_BUNDLE_KEY_SIZE];

    CHECK_STATUS(bm_bundle_key(world_crypto(), &m->first.key, key), BM_OK);
    return bm_bundle_ask(&b->bundle, key, serial);
}

struct octets {
    uint8_t der[4096];
    size_t n;
};

static bm_status keep_octets(void *self, struct bm_bytes octets)
{
    struct octets *o = self;

    if (octets.n > sizeof o->der - o->n) {
        return BM_E_FULL;
    }
    memcpy(o->der + o->n, octets.p, octets.n);
    o->n += octets.n;
    return BM_OK;
}

/* The CA's list of this number, which names one certificate, by way of either
 * row. Made once: no two signatures are the same. */
static bm_status load(struct members *m, const char *id, uint8_t number,
                      struct bm_bytes serial)
{
    static struct octets made[8][2];
    struct octets *o = &made[number][serial.p == lost];
    const struct bm_crl_sink sink = { o, keep_octets };
    const struct foreign f = { .key = key_of(1),
                               .issuer = m->first.subject,
                               .number = number,
                               .this_update = WORLD_START,
                               .next_update = WORLD_START + 200 * DAY,
                               .serial = serial };

    if (o->n == 0) {
        make_foreign(&f, &sink);
    }
    return ca_crl_load(m->w.ca, &admin, id, (struct bm_bytes){ o->der, o->n },
                       m->w.now, NULL);
}

/* The number of the list that is here. */
static uint64_t number_of(struct members *m, const char *id)
{
    const struct store *s = m->w.store;
    struct store_crl row = { .number = 0 };

    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    if (s->crl_get(s->self, id, STORE_LIST_COMPLETE, &row) != BM_OK) {
        row.number = 0;
    }
    s->rollback(s->self);
    return row.number;
}

static void both_are_listed_each_with_its_status(void)
{
    static struct members m;
    static struct made b;

    open_members(&m);
    CHECK_STATUS(install(&m, &m.first, 1), BM_OK);
    CHECK_STATUS(install(&m, &m.next, 1), BM_OK);
    make_list(&m, false, &b);
    CHECK(status_in(&b, &m.first) == BM_BUNDLE_ACTIVE);
    CHECK(status_in(&b, &m.next) == BM_BUNDLE_ACTIVE);
    retire(&m, "member");
    make_list(&m, true, &b);
    CHECK(status_in(&b, &m.first) == BM_BUNDLE_WITHDRAWN);
    CHECK(status_in(&b, &m.next) == BM_BUNDLE_ACTIVE);
    m.w.now += 31 * DAY; /* the first has expired */
    make_list(&m, true, &b);
    CHECK(status_in(&b, &m.first) == -1);
    CHECK(status_in(&b, &m.next) == BM_BUNDLE_ACTIVE);
    close_members(&m);
}

static void the_list_of_a_key_is_that_of_all_who_have_it(void)
{
    static struct members m;
    static struct made b;
    struct bm_bytes one = BM_ARRAY(stolen);
    struct bm_bytes two = BM_ARRAY(lost);

    open_members(&m);
    CHECK_STATUS(install(&m, &m.first, 1), BM_OK);
    make_list(&m, false, &b);
    CHECK(word_of(&m, &b, one) == BM_BUNDLE_SILENT);
    CHECK_STATUS(load(&m, "member", 5, one), BM_OK);
    /* Known without another word once there are two. */
    CHECK_STATUS(install(&m, &m.next, 1), BM_OK);
    make_list(&m, false, &b);
    CHECK(word_of(&m, &b, one) == BM_BUNDLE_DENIED);
    CHECK(word_of(&m, &b, two) == BM_BUNDLE_GOOD);
    /* A newer one is for both, whichever is named. */
    CHECK_STATUS(load(&m, "member-2", 6, two), BM_OK);
    CHECK(number_of(&m, "member") == 6 && number_of(&m, "member-2") == 6);
    CHECK_STATUS(load(&m, "member", 6, two), BM_E_CRL_NUMBER);
    make_list(&m, false, &b);
    CHECK(word_of(&m, &b, two) == BM_BUNDLE_DENIED);
    CHECK(word_of(&m, &b, one) == BM_BUNDLE_GOOD);
    /* And what the first has is not missed when it has expired. */
    m.w.now += 31 * DAY;
    make_list(&m, false, &b);
    CHECK(word_of(&m, &b, two) == BM_BUNDLE_DENIED);
    close_members(&m);
}

static void no_older_list_comes_in_by_way_of_the_new_certificate(void)
{
    static struct members m;
    static struct made b;
    struct bm_bytes one = BM_ARRAY(stolen);
    struct bm_bytes two = BM_ARRAY(lost);
    struct world_print before;
    struct world_print after;

    open_members(&m);
    CHECK_STATUS(install(&m, &m.first, 1), BM_OK);
    CHECK_STATUS(load(&m, "member", 5, one), BM_OK);
    CHECK_STATUS(install(&m, &m.next, 1), BM_OK);
    before = world_print(&m.w);
    CHECK_STATUS(load(&m, "member-2", 4, two), BM_E_CRL_NUMBER);
    /* Nor another one of the same number. */
    CHECK_STATUS(load(&m, "member-2", 5, two), BM_E_CRL_NUMBER);
    after = world_print(&m.w);
    CHECK(prints_equal(&before, &after));
    /* The very same is taken by the one that has none. */
    CHECK_STATUS(load(&m, "member", 5, one), BM_OK);
    CHECK(number_of(&m, "member") == 5 && number_of(&m, "member-2") == 5);
    CHECK_STATUS(load(&m, "member", 5, one), BM_E_CRL_NUMBER);
    m.w.now += 31 * DAY;
    make_list(&m, false, &b);
    CHECK(word_of(&m, &b, one) == BM_BUNDLE_DENIED);
    close_members(&m);
}

int main(void)
{
    RUN(a_member_goes_on_with_its_key);
    RUN(its_key_is_nobody_elses_and_of_no_other_name);
    RUN(two_of_one_key_in_one_file_are_of_one_name);
    RUN(both_are_listed_each_with_its_status);
    RUN(the_list_of_a_key_is_that_of_all_who_have_it);
    RUN(no_older_list_comes_in_by_way_of_the_new_certificate);
    return bm_test_done();
}
