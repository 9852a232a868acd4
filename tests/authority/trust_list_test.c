/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/bundle.h"
#include "ca/consortium.h"
#include "ca/internal.h"
#include "core/manifest.h"
#include "device/trust.h"
#include "tests/authority/world.h"

/*
 * The trust lists of two ecosystems of one instance: what is on each, who makes
 * them, what the signer agrees to, and that a device of one has nothing to do
 * with the list of the other.
 */

/* ---- Two ecosystems, and a member's CA of each */

static struct bm_bytes root;
static struct issued cas[2]; /* what they say does not matter here */

struct lists {
    struct world w;
    uint32_t second; /* the other ecosystem, and its list */
    struct ca_signer_listed members[2];
    unsigned n; /* that were installed */
};

static void put_member(struct lists *l, unsigned i, uint32_t ecosystem)
{
    struct store_ca row = { .kind = STORE_CA_MEMBER,
                            .status = STORE_CA_ACTIVE,
                            .ecosystem = ecosystem };

    (void)snprintf(row.id, sizeof row.id, "member-%u", ++l->n);
    must(by_operator(&l->w, LDEVID, row.id, world_key(), &cas[i]) == BM_OK,
         row.id);
    row.cert = issued_der(&cas[i]);
    must(ca_install(l->w.ca, &admin, &row, l->w.now, NULL) == BM_OK, row.id);
    l->members[i] = (struct ca_signer_listed){ row.cert, ecosystem };
}

static void open_lists(struct lists *l)
{
    const struct instance *in = world_base();
    struct store_ecosystem row;

    memset(l, 0, sizeof *l);
    world_open(&l->w);
    root = world_ca("root")->cert.der;
    must(ca_ecosystem_create(l->w.ca, &admin, "Second", l->w.now, &row, NULL) ==
             BM_OK,
         "ecosystem");
    l->second = row.id;
    put_member(l, 0, CA_BUNDLE_FIRST);
    put_member(l, 1, l->second);
    ca_signer_set_bundle(l->w.real_signer,
                         &(struct ca_signer_bundle){
                             .key = in->bundle.key->signer,
                             .cert = &in->bundle.cert,
                             .chain = { in->bundle.der, in->bundle.der_n },
                             .series = in->settings.bundle_series,
                             .lifetime = 7 * DAY,
                             .anchors = &root,
                             .anchors_n = 1,
                             .members = l->members,
                             .members_n = 2 });
}

struct made {
    uint8_t room[CA_BUNDLE_MAX];
    struct bm_bytes message;
    struct bm_bundle bundle;
};

static bm_status make(struct lists *l, const struct ca_actor *actor,
                      uint32_t list, struct made *m)
{
    struct bm_cert signer;
    struct bm_bytes certs;
    struct bm_wr out;

    bm_wr_init(&out, m->room, sizeof m->room);
    BM_TRY(ca_bundle_make(l->w.ca, actor, list, l->w.now, &out, NULL));
    m->message = bm_wr_bytes(&out);
    must(bm_bundle_open(m->message, world_crypto(), &signer, &certs,
                        &m->bundle) == BM_OK,
         "a bundle");
    return BM_OK;
}

static bool names(const struct made *m, struct bm_bytes cert)
{
    struct bm_bytes anchors = m->bundle.anchors;
    struct bm_bundle_anchor anchor;

    while (bm_bundle_anchor_next(&anchors, &anchor)) {
        if (bm_bytes_equal(anchor.cert, cert)) {
            return true;
        }
    }
    return false;
}

static bool changed(struct lists *l, uint32_t list)
{
    struct ca_bundle_state state = { .changed = false };

    CHECK_STATUS(ca_bundle_look(l->w.ca, list, l->w.now, &state), BM_OK);
    return state.changed;
}

/* ---- What is on them */

static void each_names_what_is_its_own_and_the_instances(void)
{
    static struct lists l;
    static struct made one, two;
    char series[BM_BUNDLE_NAME_MAX + 1];

    open_lists(&l);
    CHECK_STATUS(make(&l, &admin, CA_BUNDLE_FIRST, &one), BM_OK);
    CHECK_STATUS(make(&l, &admin, l.second, &two), BM_OK);
    CHECK(names(&one, root) && names(&two, root));
    CHECK(names(&one, l.members[0].cert) && !names(&one, l.members[1].cert));
    CHECK(names(&two, l.members[1].cert) && !names(&two, l.members[0].cert));
    ca_bundle_series(world_base()->settings.bundle_series, l.second, series);
    CHECK(bm_bytes_are(two.bundle.name, series, strlen(series)));
    CHECK(!bm_bytes_equal(one.bundle.name, two.bundle.name));
    /* No version is that of two bundles, whosever they are. */
    CHECK(two.bundle.version > one.bundle.version);
    CHECK(!changed(&l, CA_BUNDLE_FIRST) && !changed(&l, l.second));
    put_member(&l, 1, l.second);
    CHECK(!changed(&l, CA_BUNDLE_FIRST) && changed(&l, l.second));
    CHECK(world_sound(&l.w));
    world_close(&l.w);
}

static void those_from_before_share_the_first_one(void)
{
    static struct lists l;
    struct store_ecosystem old = { .name = "Old", .created = 1 };
    struct store *s;
    uint32_t list = 0;
    char seen[32] = "";

    open_lists(&l);
    s = l.w.store;
    must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
    must(s->ecosystem_put(s->self, &old) == BM_OK, "ecosystem");
    CHECK_STATUS(
        ca_bundle_list_of(s, &(struct store_scope){ old.id, 0 }, &list), BM_OK);
    CHECK(list == CA_BUNDLE_FIRST && old.id > l.second);
    CHECK_STATUS(
        ca_bundle_list_of(s, &(struct store_scope){ old.id + 1, 0 }, &list),
        BM_E_NOT_FOUND);
    for (list = 0; ca_bundle_list_next(s, &list) == BM_OK;) {
        (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), " %u",
                       (unsigned)list);
    }
    CHECK(strcmp(seen, " 1 2") == 0);
    s->rollback(s->self);
    world_close(&l.w);
}

static void a_series_is_that_of_one_list(void)
{
    static const struct {
        const char *base;
        uint32_t list;
        const char *series;
    } rows[] = {
        { "acme", 1, "acme" },
        { "acme", 2, "acme/2" },
        { "acme", UINT32_MAX, "acme/4294967295" },
        /* 64 octets; what is cut off is no half of a character. */
        { "0123456789012345678901234567890123456789012345678901234567890123", 1,
          "0123456789012345678901234567890123456789012345678901234567890123" },
        { "0123456789012345678901234567890123456789012345678901234567890123", 7,
          "01234567890123456789012345678901234567890123456789012345678901/7" },
        { "0123456789012345678901234567890123456789012345678901234567890"
          "\xc3\xa9",
          7,
          "0123456789012345678901234567890123456789012345678901234567890/7" },
    };
    static const char *const none[] = {
        "",        "acm",     "acme/", "acme/1",          "acme/0", "acme/02",
        "acme/ 2", "acme/2/", "acme2", "acme/4294967296", "other/2"
    };
    char series[BM_BUNDLE_NAME_MAX + 1];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ca_bundle_series(rows[i].base, rows[i].list, series);
        CHECK(strcmp(series, rows[i].series) == 0);
        CHECK(ca_bundle_list_named(rows[i].base, ca_text(series)) ==
              rows[i].list);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        CHECK(ca_bundle_list_named("acme", ca_text(none[i])) == 0);
    }
}

/* ---- Who makes them */

static void who_is_above_an_ecosystem_makes_its_list_alone(void)
{
    static struct lists l;
    static struct made m;
    struct ca_actor above = admin;
    struct ca_actor member = admin;
    struct store_ca row = { .id = "member-9",
                            .kind = STORE_CA_MEMBER,
                            .status = STORE_CA_ACTIVE,
                            .ecosystem = CA_BUNDLE_FIRST };

    open_lists(&l);
    above.scope = (struct store_scope){ l.second, 0 };
    member.scope = (struct store_scope){ 0, 1 };
    CHECK_STATUS(make(&l, &above, CA_BUNDLE_FIRST, &m), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(make(&l, &above, l.second, &m), BM_OK);
    CHECK_STATUS(make(&l, &member, CA_BUNDLE_FIRST, &m), BM_E_CA_FORBIDDEN);
    row.cert = l.members[0].cert;
    CHECK_STATUS(ca_install(l.w.ca, &above, &row, l.w.now, NULL),
                 BM_E_CA_FORBIDDEN);
    CHECK_STATUS(ca_install(l.w.ca, &member, &row, l.w.now, NULL),
                 BM_E_CA_FORBIDDEN);
    row.ecosystem = 0; /* of the instance */
    CHECK_STATUS(ca_install(l.w.ca, &above, &row, l.w.now, NULL),
                 BM_E_CA_FORBIDDEN);
    row.ecosystem = l.second;
    CHECK_STATUS(ca_install(l.w.ca, &above, &row, l.w.now, NULL), BM_OK);
    CHECK(world_sound(&l.w));
    world_close(&l.w);
}

/* ---- What the signer agrees to */

static bm_status sign(struct lists *l, const char *series, struct bm_bytes ca)
{
    static uint8_t content[CA_BUNDLE_MAX];
    static uint8_t message[CA_BUNDLE_MAX];
    const struct bm_bundle_anchor anchor = { .cert = ca,
                                             .uses = BM_BUNDLE_USES };
    const struct bm_bundle_config config = {
        .name = ca_text(series),
        .version = ca_journal_version(l->w.journal, CA_JOURNAL_BUNDLE) + 1,
        .issued = l->w.now,
        .next_update = l->w.now + DAY,
        .anchors = &anchor,
        .anchors_n = 1
    };
    struct ca_signer *s = l->w.real_signer;
    struct bm_wr c;
    struct bm_wr out;

    bm_wr_init(&c, content, sizeof content);
    must(bm_bundle_put(&config, &c) == BM_OK, "content");
    bm_wr_init(&out, message, sizeof message);
    return s->bundle(s->self, bm_wr_bytes(&c), l->w.now, &out);
}

static void the_signer_puts_no_ca_on_the_list_of_another(void)
{
    static struct lists l;
    const char *base = world_base()->settings.bundle_series;
    char second[BM_BUNDLE_NAME_MAX + 1];
    char third[BM_BUNDLE_NAME_MAX + 1];

    open_lists(&l);
    ca_bundle_series(base, l.second, second);
    ca_bundle_series(base, l.second + 1, third);
    CHECK_STATUS(sign(&l, base, l.members[1].cert), BM_E_CA_SIGNER);
    CHECK_STATUS(sign(&l, second, l.members[0].cert), BM_E_CA_SIGNER);
    CHECK_STATUS(sign(&l, third, l.members[0].cert), BM_E_CA_SIGNER);
    CHECK_STATUS(sign(&l, "else/2", root), BM_E_CA_SIGNER);
    CHECK_STATUS(sign(&l, base, l.members[0].cert), BM_OK);
    CHECK_STATUS(sign(&l, second, l.members[1].cert), BM_OK);
    CHECK_STATUS(sign(&l, second, root), BM_OK);
    world_close(&l.w);
}

/* ---- What a device makes of them */

static uint8_t room[BM_TRUST_ROOM];
static struct bm_trust_work work;
static struct bm_clock the_clock;

static void make_device(const struct lists *l, struct bm_trust *trust)
{
    const struct bm_clock_config now = { .build = l->w.now };
    const struct bm_trust_config config = {
        .crypto = world_crypto(),
        .clock = &the_clock,
        .anchors = &root,
        .anchors_n = 1,
        .policy = { [BM_TRUST_SERVE] = { BM_TRUST_DENY, 0 } },
        .work = &work,
        .room = room,
        .room_n = sizeof room,
    };

    CHECK_STATUS(bm_clock_open(&the_clock, NULL, &now), BM_OK);
    CHECK_STATUS(bm_trust_open(trust, &config), BM_OK);
}

static void a_device_of_one_refuses_the_list_of_the_other(void)
{
    static struct lists l;
    static struct made one, two, later;
    static struct bm_trust trust;

    open_lists(&l);
    CHECK_STATUS(make(&l, &admin, CA_BUNDLE_FIRST, &one), BM_OK);
    CHECK_STATUS(make(&l, &admin, l.second, &two), BM_OK);
    CHECK_STATUS(make(&l, &admin, CA_BUNDLE_FIRST, &later), BM_OK);
    make_device(&l, &trust);
    CHECK_STATUS(bm_trust_take_bundle(&trust, two.message, 1, 0), BM_OK);
    /* Both have the same signer, and the version is above its own. */
    CHECK_STATUS(bm_trust_take_bundle(&trust, later.message, 1, 0),
                 BM_E_TRUST_SERIES);
    make_device(&l, &trust);
    CHECK_STATUS(bm_trust_take_bundle(&trust, one.message, 1, 0), BM_OK);
    CHECK_STATUS(bm_trust_take_bundle(&trust, two.message, 1, 0),
                 BM_E_TRUST_SERIES);
    CHECK_STATUS(bm_trust_take_bundle(&trust, later.message, 1, 0), BM_OK);
    CHECK_STATUS(bm_trust_take_bundle(&trust, one.message, 1, 0),
                 BM_E_TRUST_ROLLBACK);
    world_close(&l.w);
}

/* ---- When something goes wrong */

static void a_lost_one_is_no_lists_and_its_version_is_used_up(void)
{
    static struct lists l;
    static struct made two, after;

    open_lists(&l);
    CHECK_STATUS(make(&l, &admin, l.second, &two), BM_OK);
    /* Signed, and the answer does not come back. */
    faulty_arm(&l.w.signer.f, 1, BM_E_IO);
    l.w.signer.f.after = true;
    CHECK_STATUS(make(&l, &admin, l.second, &after), BM_E_IO);
    faulty_disarm(&l.w.signer.f);
    CHECK_STATUS(make(&l, &admin, CA_BUNDLE_FIRST, &after), BM_OK);
    CHECK(after.bundle.version == two.bundle.version + 2);
    CHECK(world_sound(&l.w));
    world_close(&l.w);
}

int main(void)
{
    RUN(each_names_what_is_its_own_and_the_instances);
    RUN(those_from_before_share_the_first_one);
    RUN(a_series_is_that_of_one_list);
    RUN(who_is_above_an_ecosystem_makes_its_list_alone);
    RUN(the_signer_puts_no_ca_on_the_list_of_another);
    RUN(a_device_of_one_refuses_the_list_of_the_other);
    RUN(a_lost_one_is_no_lists_and_its_version_is_used_up);
    return bm_test_done();
}
