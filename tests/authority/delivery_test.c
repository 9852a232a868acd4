/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/delivery.h"

#include <stdio.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/device.h"
#include "ca/internal.h"
#include "ca/issue.h"
#include "ca/release.h"
#include "tests/authority/world.h"

/* Delivery: what the signer agrees to, that no version comes twice, and that
 * what failed has said nothing. */

struct told {
    uint8_t room[BM_MANIFEST_SIZE_MAX];
    size_t n;
    uint64_t version;
    struct bm_manifest manifest;
};

static bm_status ask(struct world *w, const struct store_device *device,
                     struct told *t)
{
    struct bm_bytes certs;
    struct bm_cert signer;
    struct bm_wr out;

    bm_wr_init(&out, t->room, sizeof t->room);
    BM_TRY(ca_manifest_get(w->ca, device, w->now, &out, &t->version, NULL));
    t->n = out.len;
    must(bm_manifest_open((struct bm_bytes){ t->room, t->n }, world_crypto(),
                          &signer, &certs, &t->manifest) == BM_OK,
         "a manifest");
    CHECK(t->manifest.version == t->version);
    CHECK_STATUS(bm_bundle_signer_check(&signer), BM_OK);
    return BM_OK;
}

static void make_device(struct world *w, const char *name,
                        struct store_device *device)
{
    static struct issued c;

    must(by_operator(w, LDEVID, name, world_key(), &c) == BM_OK, name);
    must(ca_delivery_device(w->ca, issued_der(&c), device, NULL) == BM_OK,
         name);
}

static void make_release(struct world *w, const char *name, uint32_t mode)
{
    const struct store_item item = { .kind = STORE_ITEM_KEYSET,
                                     .hash = { 1, 2, 3 },
                                     .size = 77 };
    const struct ca_release_order order = { name, mode, &item, 1, NULL };

    must(ca_release_create(w->ca, &admin, &order, w->now, NULL) == BM_OK, name);
}

static bm_status assign(struct world *w, const char *name, const char *device,
                        uint32_t percent)
{
    const struct ca_release_target target = { .release = name,
                                              .all = device == NULL,
                                              .device = device,
                                              .percent = percent };
    struct store_assignment row;

    return ca_release_assign(w->ca, &admin, &target, w->now, &row, NULL);
}

/* ---- What the signer agrees to */

static bm_status sign(struct world *w, const struct bm_manifest_config *config)
{
    static uint8_t content[BM_MANIFEST_SIZE_MAX];
    static uint8_t message[BM_MANIFEST_SIZE_MAX];
    struct ca_signer *s = w->real_signer;
    struct bm_wr c;
    struct bm_wr out;

    bm_wr_init(&c, content, sizeof content);
    must(bm_manifest_put(config, &c) == BM_OK, "content");
    bm_wr_init(&out, message, sizeof message);
    return s->manifest(s->self, bm_wr_bytes(&c), w->now, &out);
}

static uint64_t last_of(const struct world *w)
{
    return ca_journal_version(w->journal, CA_JOURNAL_MANIFEST);
}

static void the_signer_reads_what_it_signs(void)
{
    const char *series = world_base()->settings.bundle_series;
    struct bm_manifest_config good;
    struct bm_manifest_config c;
    struct world w;
    uint64_t last;

    world_open(&w);
    last = last_of(&w);
    good = (struct bm_manifest_config){ .series = { (const uint8_t *)series,
                                                    strlen(series) },
                                        .version = last + 1,
                                        .issued = w.now,
                                        .next_update = w.now + 3600,
                                        .device = BM_LIT("SN-1") };
    c = good;
    c.series = BM_LIT("of somebody else");
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.version = last + 1 + CA_LIST_STEP_MAX;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.issued = w.now + CA_CLOCK_SLACK + 1;
    c.next_update = c.issued + 3600;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.next_update = w.now;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    c = good;
    c.next_update = w.now + world_base()->settings.bundle_lifetime + 1;
    CHECK_STATUS(sign(&w, &c), BM_E_CA_SIGNER);
    CHECK(last_of(&w) == last);
    CHECK_STATUS(sign(&w, &good), BM_OK);
    CHECK(last_of(&w) == last + 1);
    CHECK_STATUS(sign(&w, &good), BM_E_CA_SIGNER); /* not twice */
    world_close(&w);
}

/* Each attempt would burn one, and the journal with it. */
static void what_does_not_fit_uses_no_version(void)
{
    const char *series = world_base()->settings.bundle_series;
    static uint8_t content[BM_MANIFEST_SIZE_MAX];
    static uint8_t room[BM_MANIFEST_SIZE_MAX];
    struct bm_manifest_config config;
    struct ca_signer *s;
    struct world w;
    struct bm_wr c;
    struct bm_wr out;
    uint64_t last;
    size_t n;

    world_open(&w);
    s = w.real_signer;
    last = last_of(&w);
    config = (struct bm_manifest_config){ .series = { (const uint8_t *)series,
                                                      strlen(series) },
                                          .version = last + 1,
                                          .issued = w.now,
                                          .next_update = w.now + 3600,
                                          .device = BM_LIT("SN-1") };
    bm_wr_init(&c, content, sizeof content);
    must(bm_manifest_put(&config, &c) == BM_OK, "content");
    for (n = c.len; n < sizeof room; n++) {
        bm_wr_init(&out, room, n);
        if (s->manifest(s->self, bm_wr_bytes(&c), w.now, &out) == BM_OK) {
            break;
        }
        CHECK(out.len == 0 && last_of(&w) == last);
    }
    /* And what it did sign has room for the longest signature. */
    CHECK(n < sizeof room && out.len <= n && out.len + 8 > n);
    CHECK(last_of(&w) == last + 1);
    bm_wr_init(&out, room, c.len);
    CHECK_STATUS(s->manifest(s->self, bm_wr_bytes(&c), w.now, &out),
                 BM_E_CA_SIGNER); /* that version is used */
    world_close(&w);
}

/* The same key signs both: what is of one form is not of the other. */
static void a_bundle_is_no_manifest(void)
{
    static uint8_t room[CA_BUNDLE_MAX];
    static uint8_t content[CA_BUNDLE_MAX];
    struct ca_bundle_last last;
    struct bm_cms cms;
    struct world w;
    struct bm_wr out;

    world_open(&w);
    must(w.store->begin(w.store->self, STORE_READ) == BM_OK, "begin");
    must(ca_bundle_last(w.store, CA_BUNDLE_FIRST, &last) == BM_OK, "a bundle");
    must(bm_cms_parse(last.message, NULL, &cms) == BM_OK, "CMS");
    memcpy(content, cms.content.p, cms.content.n);
    w.store->rollback(w.store->self);
    bm_wr_init(&out, room, sizeof room);
    CHECK(w.real_signer->manifest(w.real_signer->self,
                                  (struct bm_bytes){ content, cms.content.n },
                                  w.now, &out) != BM_OK);
    CHECK(out.len == 0);
    world_close(&w);
}

/* ---- What devices are told */

static void each_is_told_its_own_and_versions_rise(void)
{
    static struct told one;
    static struct told two;
    struct store_device a;
    struct store_device b;
    struct world w;

    world_open(&w);
    make_device(&w, "SN-1", &a);
    make_device(&w, "SN-2", &b);
    CHECK_STATUS(ask(&w, &a, &one), BM_E_NOT_FOUND);
    make_release(&w, "r-1", 0);
    CHECK_STATUS(assign(&w, "r-1", NULL, 100), BM_OK);
    CHECK_STATUS(ask(&w, &a, &one), BM_OK);
    CHECK_STATUS(ask(&w, &b, &two), BM_OK);
    CHECK(two.version > one.version);
    CHECK(bm_bytes_are(one.manifest.device, "SN-1", 4));
    CHECK(bm_bytes_are(two.manifest.device, "SN-2", 4));
    CHECK_STATUS(ask(&w, &b, &one), BM_OK);
    CHECK(one.version == two.version); /* it says the same */
    w.now = two.manifest.issued +
            (two.manifest.next_update - two.manifest.issued) / 2;
    CHECK_STATUS(ask(&w, &b, &one), BM_OK);
    CHECK(one.version > two.version); /* half of its life is over */
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Device, organisation, all; and of those the last. What says nothing of the
 * mode leaves it to the next. */
static void the_narrowest_that_speaks_of_the_mode_decides(void)
{
    static const struct {
        const char *release;
        const char *organisation;
        const char *device;
        uint32_t mode;              /* plus 1; 0: says nothing */
        enum bm_manifest_mode want; /* from then on */
    } rows[] = {
        { "all", NULL, NULL, BM_MANIFEST_LOCKDOWN + 1, BM_MANIFEST_LOCKDOWN },
        { "org", "1", NULL, BM_MANIFEST_REPAIR + 1, BM_MANIFEST_REPAIR },
        { "all-2", NULL, NULL, BM_MANIFEST_NORMAL + 1, BM_MANIFEST_REPAIR },
        { "mute", NULL, "SN-1", 0, BM_MANIFEST_REPAIR },
        { "one", NULL, "SN-1", BM_MANIFEST_NORMAL + 1, BM_MANIFEST_NORMAL },
        { "one-2", NULL, "SN-1", BM_MANIFEST_LOCKDOWN + 1,
          BM_MANIFEST_LOCKDOWN },
        { "org-2", "1", NULL, BM_MANIFEST_NORMAL + 1, BM_MANIFEST_LOCKDOWN },
    };
    static struct told t;
    struct store_device device;
    struct world w;

    world_open(&w);
    make_device(&w, "SN-1", &device);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ca_release_target target = {
            .release = rows[i].release,
            .all = rows[i].organisation == NULL && rows[i].device == NULL,
            .organisation = rows[i].organisation,
            .device = rows[i].device,
            .percent = 100
        };
        struct store_assignment row;

        make_release(&w, rows[i].release, rows[i].mode);
        CHECK_STATUS(
            ca_release_assign(w.ca, &admin, &target, w.now, &row, NULL), BM_OK);
        CHECK_STATUS(ask(&w, &device, &t), BM_OK);
        CHECK(t.manifest.mode == rows[i].want);
    }
    world_close(&w);
}

/* Items that are no bundle. */
static unsigned assigned(const struct told *t)
{
    struct bm_bytes list = t->manifest.items;
    struct bm_manifest_item item;
    unsigned n = 0;

    while (bm_manifest_next(&list, &item)) {
        n += item.kind != BM_MANIFEST_BUNDLE;
    }
    return n;
}

/* Whatever was assigned; and back to it. */
static void one_that_is_suspended_is_for_repair_only(void)
{
    static struct told t;
    struct ca_device_act act = { .name = "SN-1", .suspend = true };
    struct store_device device;
    struct issued c;
    uint64_t version;
    struct world w;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "SN-1");
    must(ca_delivery_device(w.ca, issued_der(&c), &device, NULL) == BM_OK,
         "a device");
    act.organisation = device.organisation;
    CHECK_STATUS(ca_seen_suspended(w.ca, issued_der(&c), w.now, NULL),
                 BM_E_CA_STATUS);
    make_release(&w, "r", BM_MANIFEST_LOCKDOWN + 1);
    CHECK_STATUS(assign(&w, "r", "SN-1", 100), BM_OK);
    CHECK_STATUS(ask(&w, &device, &t), BM_OK);
    CHECK(t.manifest.mode == BM_MANIFEST_LOCKDOWN && assigned(&t) == 1);
    version = t.version;

    CHECK_STATUS(ca_device_change(w.ca, &admin, &act, w.now, NULL), BM_OK);
    CHECK_STATUS(ca_seen_suspended(w.ca, issued_der(&c), w.now, NULL), BM_OK);
    CHECK_STATUS(ca_delivery_device(w.ca, issued_der(&c), &device, NULL),
                 BM_OK);
    CHECK_STATUS(ask(&w, &device, &t), BM_OK);
    CHECK(t.manifest.mode == BM_MANIFEST_REPAIR && assigned(&t) == 0);
    CHECK(t.version > version);

    act.suspend = false;
    CHECK_STATUS(ca_device_change(w.ca, &admin, &act, w.now, NULL), BM_OK);
    CHECK_STATUS(ca_delivery_device(w.ca, issued_der(&c), &device, NULL),
                 BM_OK);
    CHECK_STATUS(ask(&w, &device, &t), BM_OK);
    CHECK(t.manifest.mode == BM_MANIFEST_LOCKDOWN && assigned(&t) == 1);
    world_close(&w);
}

static void a_release_that_says_nothing_or_too_much_is_refused(void)
{
    static const struct store_item items[CA_RELEASE_ITEMS_MAX + 1];
    static const struct {
        struct ca_release_order order;
        const char *words;
    } rows[] = {
        { { "r", 0, items, 0, NULL }, "there is nothing in it" },
        { { "r", 4, items, 0, NULL }, "no mode has the number 3" },
        { { "r", 1, items, CA_RELEASE_ITEMS_MAX + 1, NULL },
          "more than 4 things" },
        { { "", 1, items, 0, NULL }, "begins with a letter or a digit" },
        { { ".r", 1, items, 0, NULL }, "begins with a letter or a digit" },
        { { "r/1", 1, items, 0, NULL }, "letters, digits and ._+- alone" },
        { { "0123456789012345678901234567890123456789012345678901234567890123",
            1, items, 0, NULL },
          "at most 63 characters" },
    };
    struct ca_refusal why;
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        why = (struct ca_refusal){ BM_OK, "" };
        CHECK_STATUS(
            ca_release_create(w.ca, &admin, &rows[i].order, w.now, &why),
            BM_E_ARGUMENT);
        CHECK(strstr(why.words, rows[i].words) != NULL);
    }
    world_close(&w);
}

static void a_long_name_is_told_nothing(void)
{
    static struct told t;
    struct store_device device;
    char name[BM_MANIFEST_NAME_MAX + 2];
    struct ca_refusal why = { BM_OK, "" };
    struct ca_release_target target = { .release = "r-1",
                                        .device = name,
                                        .percent = 100 };
    struct store_assignment row;
    struct world w;

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    world_open(&w);
    make_device(&w, "SN-1", &device);
    make_release(&w, "r-1", 0);
    (void)snprintf(device.name, sizeof device.name, "%s", name);
    must(w.store->begin(w.store->self, STORE_WRITE) == BM_OK, "begin");
    device.id = 0;
    must(w.store->device_put(w.store->self, &device) == BM_OK, name);
    must(w.store->commit(w.store->self) == BM_OK, name);
    CHECK_STATUS(ask(&w, &device, &t), BM_E_NOT_FOUND);
    CHECK_STATUS(ca_release_assign(w.ca, &admin, &target, w.now, &row, &why),
                 BM_E_LIMIT);
    CHECK(strstr(why.words, "at most 64 octets") != NULL);
    CHECK_STATUS(ask(&w, &device, &t), BM_E_NOT_FOUND);
    CHECK_STATUS(assign(&w, "r-1", NULL, 100), BM_OK);
    CHECK_STATUS(ask(&w, &device, &t), BM_E_LIMIT);
    world_close(&w);
}

static void one_that_is_due_is_given_while_nobody_can_sign(void)
{
    static struct told first;
    static struct told again;
    struct store_device device;
    struct world w;

    world_open(&w);
    make_device(&w, "SN-1", &device);
    make_release(&w, "r-1", 2);
    CHECK_STATUS(assign(&w, "r-1", "SN-1", 100), BM_OK);
    CHECK_STATUS(ask(&w, &device, &first), BM_OK);
    CHECK(first.manifest.mode == BM_MANIFEST_LOCKDOWN);
    faulty_arm(&w.signer.f, 1, BM_E_KEYS_GONE);
    w.now = first.manifest.next_update - 1;
    CHECK_STATUS(ask(&w, &device, &again), BM_OK);
    CHECK(again.version == first.version);
    w.now++;
    CHECK_STATUS(ask(&w, &device, &again), BM_E_KEYS_GONE);
    faulty_disarm(&w.signer.f);
    CHECK_STATUS(ask(&w, &device, &again), BM_OK);
    CHECK(again.version > first.version);
    world_close(&w);
}

/* The version of the manifest that is in the store; 0: none. */
static uint64_t stored_version(struct world *w, uint64_t device)
{
    struct store_manifest row = { .version = 0 };

    must(w->store->begin(w->store->self, STORE_READ) == BM_OK, "begin");
    (void)w->store->manifest_get(w->store->self, device, &row);
    w->store->rollback(w->store->self);
    return row.version;
}

/* One attempt with that call of the store failing: was there such a call? */
static bool sign_in_vain(uint64_t at, bool after)
{
    static struct told t;
    struct store_device device;
    struct world w;
    uint64_t before;
    uint64_t last;
    uint64_t stored;
    bool hit;
    bm_status rc;

    world_open(&w);
    make_device(&w, "SN-1", &device);
    make_release(&w, "r-1", 0);
    must(assign(&w, "r-1", NULL, 100) == BM_OK, "assigned");
    before = last_of(&w);
    faulty_arm(&w.faulty.f, at, BM_E_IO);
    w.faulty.f.after = after;
    rc = ask(&w, &device, &t);
    hit = w.faulty.f.hit;
    faulty_disarm(&w.faulty.f);
    CHECK_STATUS(rc, hit ? BM_E_IO : BM_OK);
    last = last_of(&w);
    stored = stored_version(&w, device.id);
    CHECK(stored == 0 || (stored == last && last > before));
    CHECK_STATUS(ask(&w, &device, &t), BM_OK);
    /* What came to be is what is told; else what was signed stays unsaid. */
    CHECK(stored != 0 ? t.version == stored : t.version > last);
    CHECK(t.version == last_of(&w));
    CHECK(world_sound(&w));
    world_close(&w);
    return hit;
}

/* Whatever call of the store fails, and whether it was done or not: nobody is
 * told a version that another manifest has. */
static void what_was_signed_in_vain_uses_its_version(void)
{
    for (uint64_t at = 1; sign_in_vain(at, false); at++) {
    }
    for (uint64_t at = 1; sign_in_vain(at, true); at++) {
    }
}

/* ---- What devices say */

static void a_number_is_heard_once(void)
{
    static const uint8_t body[] = { 0x82, 0xa2, 0x01, 0x01, 0x02, 0x01,
                                    0xa2, 0x01, 0x02, 0x02, 0x18, 0x40 };
    static const uint8_t more[] = { 0x81, 0xa2, 0x01, 0x03, 0x02, 0x04 };
    struct store_device device;
    struct store_heard heard;
    struct world w;

    world_open(&w);
    make_device(&w, "SN-1", &device);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_STATUS(ca_events_take(w.ca, &device, BM_ARRAY(body), w.now, NULL),
                     BM_OK);
        must(w.store->begin(w.store->self, STORE_READ) == BM_OK, "begin");
        CHECK_STATUS(w.store->heard_get(w.store->self, device.id, &heard),
                     BM_OK);
        CHECK(heard.number == 2);
        w.store->rollback(w.store->self);
    }
    faulty_arm(&w.faulty.f, 4, BM_E_IO);
    CHECK_STATUS(ca_events_take(w.ca, &device, BM_ARRAY(more), w.now, NULL),
                 BM_E_IO);
    faulty_disarm(&w.faulty.f);
    CHECK_STATUS(ca_events_take(w.ca, &device, BM_ARRAY(more), w.now, NULL),
                 BM_OK);
    for (size_t n = 0; n < sizeof more; n++) {
        CHECK(ca_events_take(w.ca, &device, (struct bm_bytes){ more, n }, w.now,
                             NULL) != BM_OK);
    }
    CHECK(world_sound(&w));
    world_close(&w);
}

static bm_status say(struct world *w, const struct store_device *device,
                     uint64_t number)
{
    struct bm_event e = { .number = number,
                          .kind = BM_EVENT_STARTED,
                          .when = BM_EVENT_NO_TIME };
    uint8_t body[64];
    struct bm_wr out;

    bm_wr_init(&out, body, sizeof body);
    bm_cbor_put_array(&out, 1);
    must(bm_event_put(&e, &out) == BM_OK, "an event");
    return ca_events_take(w->ca, device, bm_wr_bytes(&out), w->now, NULL);
}

static void a_number_far_above_the_time_silences_nobody(void)
{
    struct store_device device;
    struct store_heard heard;
    struct world w;
    uint64_t last;

    world_open(&w);
    make_device(&w, "SN-1", &device);
    last = (uint64_t)(w.now + CA_EVENT_NUMBER_SLACK);
    CHECK_STATUS(say(&w, &device, UINT64_MAX), BM_E_EVENT);
    CHECK_STATUS(say(&w, &device, INT64_MAX), BM_E_EVENT);
    CHECK_STATUS(say(&w, &device, last + 1), BM_E_EVENT);
    CHECK_STATUS(say(&w, &device, (uint64_t)w.now), BM_OK);
    CHECK_STATUS(say(&w, &device, last), BM_OK);
    must(w.store->begin(w.store->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(w.store->heard_get(w.store->self, device.id, &heard), BM_OK);
    CHECK(heard.number == last);
    w.store->rollback(w.store->self);
    world_close(&w);
}

int main(void)
{
    RUN(the_signer_reads_what_it_signs);
    RUN(what_does_not_fit_uses_no_version);
    RUN(a_bundle_is_no_manifest);
    RUN(each_is_told_its_own_and_versions_rise);
    RUN(the_narrowest_that_speaks_of_the_mode_decides);
    RUN(one_that_is_suspended_is_for_repair_only);
    RUN(a_release_that_says_nothing_or_too_much_is_refused);
    RUN(a_long_name_is_told_nothing);
    RUN(one_that_is_due_is_given_while_nobody_can_sign);
    RUN(what_was_signed_in_vain_uses_its_version);
    RUN(a_number_is_heard_once);
    RUN(a_number_far_above_the_time_silences_nobody);
    return bm_test_done();
}
