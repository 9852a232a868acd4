/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/inventory.h"

#include <stdio.h>
#include <string.h>

#include "ca/device.h"
#include "ca/record.h"
#include "tests/authority/world.h"

/* What is on record of devices, and how they end. */

#define SET_MAX 40

struct set {
    struct store_attribute rows[SET_MAX];
    size_t n;
};

static void add(struct set *set, const char *text)
{
    must(set->n < SET_MAX &&
             ca_attribute_parse(
                 (struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                 &set->rows[set->n++], NULL) == BM_OK,
         text);
}

static bm_status expect(struct world *w, const struct ca_actor *who,
                        const char *name, const struct set *set)
{
    const struct ca_device_entry entry = { who->organisation, name, set->rows,
                                           set->n };

    return ca_device_expect(w->ca, who, &entry, w->now, NULL);
}

/* What was wrong with many: "1 serial, 4 mac, ". */
struct wrong {
    char text[256];
};

static bm_status see_wrong(void *arg, size_t row, const char *column,
                           const struct ca_refusal *why)
{
    struct wrong *wrong = arg;
    size_t n = strlen(wrong->text);

    must(why->status != BM_OK, "why it is wrong");
    (void)snprintf(wrong->text + n, sizeof wrong->text - n, "%zu %s, ", row,
                   column);
    return BM_OK;
}

static bm_status expect_many(struct world *w, const char *const *texts,
                             struct ca_expect *e, struct wrong *wrong)
{
    struct bm_bytes rows[16];

    wrong->text[0] = '\0';
    e->organisation = 1;
    e->rows = rows;
    e->arg = wrong;
    e->wrong = see_wrong;
    for (e->n = 0; texts[e->n] != NULL; e->n++) {
        must(e->n < 16, "rows");
        rows[e->n] = (struct bm_bytes){ (const uint8_t *)texts[e->n],
                                        strlen(texts[e->n]) };
    }
    return ca_devices_expect(w->ca, &admin, e, w->now, NULL);
}

static bm_status describe(struct world *w, const struct ca_actor *who,
                          const char *name, const struct set *set)
{
    const struct ca_device_entry entry = { who->organisation, name, set->rows,
                                           set->n };

    return ca_device_describe(w->ca, who, &entry, w->now, NULL);
}

static bm_status end(struct world *w, const struct ca_actor *who,
                     const char *name, bool retire)
{
    const struct ca_device_end e = { who->organisation, name, retire,
                                     BM_REASON_PRIVILEGE };

    return ca_device_end(w->ca, who, &e, w->now, NULL);
}

struct seen {
    char text[2048];
};

static bm_status see(void *arg, const void *visited)
{
    const struct store_attribute *row = visited;
    struct seen *seen = arg;
    size_t n = strlen(seen->text);
    char name[CA_ATTRIBUTE_NAME_MAX];

    ca_attribute_name(row, name);
    (void)snprintf(seen->text + n, sizeof seen->text - n, "%s=%s ", name,
                   row->value);
    return BM_OK;
}

static bool has(struct world *w, const char *name, const char *want)
{
    const struct store *s = w->store;
    struct store_device device = world_device(w, 1, name);
    struct seen seen = { "" };
    const struct store_visit visit = { &seen, see };

    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->attribute_list(s->self, device.id, &visit) == BM_OK,
         "attributes");
    s->rollback(s->self);
    if (strcmp(seen.text, want) != 0) {
        printf("# \"%s\", want \"%s\"\n", seen.text, want);
    }
    return strcmp(seen.text, want) == 0;
}

static void an_expected_device_has_what_is_known_of_it(void)
{
    struct set set = { .n = 0 };
    struct world w;
    struct issued out;
    uint64_t leaves;

    world_open(&w);
    add(&set, "serial=SN-1");
    add(&set, "model=M");
    add(&set, "mac=000000000001");
    add(&set, "mac=000000000002");
    add(&set, "label.room=12");
    leaves = world_leaves(&w);
    CHECK_STATUS(expect(&w, &admin, "SN-1", &set), BM_OK);
    CHECK(world_leaves(&w) == leaves + 2);
    CHECK(world_device(&w, 1, "SN-1").state == STORE_DEVICE_EXPECTED);
    CHECK(has(&w, "SN-1",
              "serial=SN-1 mac=00:00:00:00:00:01 "
              "mac=00:00:00:00:00:02 model=M label.room=12 "));
    CHECK_STATUS(expect(&w, &admin, "SN-1", &set), BM_E_EXISTS);
    /* and keeps it when it comes */
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", world_key(), &out), BM_OK);
    CHECK(world_device(&w, 1, "SN-1").state == STORE_DEVICE_ACTIVE);
    CHECK(has(&w, "SN-1",
              "serial=SN-1 mac=00:00:00:00:00:01 "
              "mac=00:00:00:00:00:02 model=M label.room=12 "));
    CHECK(world_sound(&w));
    world_close(&w);
}

static void what_is_set_takes_the_place_of_what_was_there(void)
{
    struct set set = { .n = 0 };
    struct world w;

    world_open(&w);
    add(&set, "serial=SN-1");
    add(&set, "mac=000000000001");
    add(&set, "mac=000000000002");
    add(&set, "label.room=12");
    add(&set, "label.floor=1");
    CHECK_STATUS(expect(&w, &admin, "SN-1", &set), BM_OK);
    set.n = 0;
    add(&set, "mac=000000000002");
    add(&set, "mac=000000000003");
    add(&set, "label.room=");
    add(&set, "lot=7");
    CHECK_STATUS(describe(&w, &admin, "SN-1", &set), BM_OK);
    CHECK(has(&w, "SN-1",
              "serial=SN-1 mac=00:00:00:00:00:02 mac=00:00:00:00:00:03 lot=7 "
              "label.floor=1 "));
    CHECK(world_events(&w, 1, "described") == 2);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* A refusal of any kind leaves nothing behind. */
static void what_cannot_be_set_changes_nothing(void)
{
    static const struct {
        const char *set[3];
        bm_status want;
    } cases[] = {
        { { "lot=8", "serial=SN-1" }, BM_E_CA_ATTRIBUTE_OWNED },
        { { "lot=8", "mac=000000000001" }, BM_E_CA_ATTRIBUTE_OWNED },
        { { "lot=8", "firmware=1.0" }, BM_E_CA_ATTRIBUTE },
        { { "lot=8", "lot=9" }, BM_E_CA_ATTRIBUTE },
        { { "lot=8", "serial=a", "serial=b" }, BM_E_CA_ATTRIBUTE },
        { { "label.a=1", "label.a=2" }, BM_E_CA_ATTRIBUTE },
    };
    struct set set = { .n = 0 };
    struct world w;
    struct world_print before;
    struct world_print after;

    world_open(&w);
    add(&set, "serial=SN-1");
    add(&set, "mac=000000000001");
    CHECK_STATUS(expect(&w, &admin, "SN-1", &set), BM_OK);
    set.n = 0;
    CHECK_STATUS(expect(&w, &admin, "SN-2", &set), BM_OK);
    before = world_print(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set.n = 0;
        for (size_t k = 0; k < 3 && cases[i].set[k] != NULL; k++) {
            add(&set, cases[i].set[k]);
        }
        CHECK_STATUS(describe(&w, &admin, "SN-2", &set), cases[i].want);
        CHECK_STATUS(expect(&w, &admin, "SN-3", &set), cases[i].want);
    }
    CHECK_STATUS(describe(&w, &neighbour, "SN-1", &set), BM_E_NOT_FOUND);
    CHECK_STATUS(describe(&w, &est, "SN-1", &set), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(expect(&w, &est, "SN-4", &set), BM_E_CA_FORBIDDEN);
    set.n = 0;
    CHECK_STATUS(expect(&w, &admin, "", &set), BM_E_ARGUMENT);
    CHECK_STATUS(expect(&w, &admin, "a\nb", &set), BM_E_ARGUMENT);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    world_close(&w);
}

static void a_device_has_so_many_labels_and_no_more(void)
{
    struct set set = { .n = 0 };
    struct world w;

    world_open(&w);
    for (int i = 0; i < CA_LABELS_MAX; i++) {
        char text[32];

        (void)snprintf(text, sizeof text, "label.l%d=x", i);
        add(&set, text);
    }
    CHECK_STATUS(expect(&w, &admin, "SN-1", &set), BM_OK);
    set.n = 0;
    add(&set, "label.more=x");
    CHECK_STATUS(describe(&w, &admin, "SN-1", &set), BM_E_CA_ATTRIBUTE);
    add(&set, "label.l0=");
    CHECK_STATUS(describe(&w, &admin, "SN-1", &set), BM_OK);
    world_close(&w);
}

static void a_value_is_free_again_when_its_device_has_it_no_more(void)
{
    struct set set = { .n = 0 };
    struct set none = { .n = 0 };
    struct world w;

    world_open(&w);
    add(&set, "serial=SN-1");
    add(&none, "serial=");
    CHECK_STATUS(expect(&w, &admin, "SN-1", &set), BM_OK);
    CHECK_STATUS(expect(&w, &admin, "SN-2", &none), BM_OK);
    CHECK_STATUS(describe(&w, &admin, "SN-2", &set), BM_E_CA_ATTRIBUTE_OWNED);
    CHECK_STATUS(describe(&w, &admin, "SN-1", &none), BM_OK);
    CHECK_STATUS(describe(&w, &admin, "SN-2", &set), BM_OK);
    /* What has retired keeps its own. */
    CHECK_STATUS(end(&w, &admin, "SN-2", true), BM_OK);
    CHECK_STATUS(describe(&w, &admin, "SN-1", &set), BM_E_CA_ATTRIBUTE_OWNED);
    CHECK_STATUS(describe(&w, &admin, "SN-2", &none), BM_E_CA_DEVICE);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void the_end_of_a_device_is_that_of_its_certificates(void)
{
    for (int retire = 0; retire <= 1; retire++) {
        struct world w;
        struct issued idevid;
        struct issued ldevid;
        struct issued next;
        struct issued other;
        struct store_cert row;

        world_open(&w);
        must(by_operator(&w, IDEVID, "SN-1", world_key(), &idevid) == BM_OK &&
                 by_operator(&w, LDEVID, "SN-1", world_key(), &ldevid) ==
                     BM_OK &&
                 by_operator(&w, LDEVID, "SN-2", world_key(), &other) == BM_OK,
             "issue");
        w.now += 70 * DAY;
        must(by_current(&w, "SN-1", &ldevid, world_key(), &next) == BM_OK,
             "renewal");
        CHECK_STATUS(end(&w, &neighbour, "SN-1", retire), BM_E_NOT_FOUND);
        CHECK_STATUS(end(&w, &est, "SN-1", retire), BM_E_CA_FORBIDDEN);
        CHECK_STATUS(end(&w, &admin, "SN-1", retire), BM_OK);
        CHECK(world_device(&w, 1, "SN-1").state ==
              (retire ? STORE_DEVICE_RETIRED : STORE_DEVICE_REVOKED));
        CHECK(status_of(&w, &idevid) == STORE_CERT_REVOKED &&
              status_of(&w, &ldevid) == STORE_CERT_REVOKED &&
              status_of(&w, &next) == STORE_CERT_REVOKED &&
              status_of(&w, &other) == STORE_CERT_VALID);
        row = world_row(&w, idevid.id);
        CHECK(row.reason ==
              (retire ? BM_REASON_CESSATION : BM_REASON_PRIVILEGE));
        CHECK_STATUS(world_seen(&w, &next), BM_E_CA_STATUS);
        CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", world_key(), &other),
                     BM_E_CA_DEVICE);
        CHECK_STATUS(world_resume(&w, "SN-1"), BM_E_CA_DEVICE);
        CHECK_STATUS(end(&w, &admin, "SN-1", retire), BM_E_CA_DEVICE);
        CHECK(world_sound(&w));
        world_close(&w);
    }
}

/* Each act in each state, against a table of its own. */
static void what_may_be_done_depends_on_the_state(void)
{
    static const struct {
        enum ca_device_verb verb;
        const char *states; /* expected, born, active, suspended, ... */
    } rows[] = {
        { CA_DEVICE_SUSPEND, "yyynnn" }, { CA_DEVICE_RESUME, "nnnynn" },
        { CA_DEVICE_RENEW, "yyyynn" },   { CA_DEVICE_DESCRIBE, "yyyyyn" },
        { CA_DEVICE_REVOKE, "yyyynn" },  { CA_DEVICE_RETIRE, "yyyyyn" },
        { CA_DEVICE_ACTS, "nnnnnn" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned k = 0; k < 6; k++) {
            const struct store_device d = { .state = (enum store_device_state)(
                                                STORE_DEVICE_EXPECTED + k) };

            CHECK_STATUS(ca_check_device_act(&d, rows[i].verb, NULL),
                         rows[i].states[k] == 'y' ? BM_OK : BM_E_CA_DEVICE);
        }
    }
}

/* Whatever fails, all of an act is there or none of it. */
static void a_write_that_fails_leaves_no_half_of_a_device(void)
{
    struct set set = { .n = 0 };
    struct world w;
    struct issued out;
    bm_status rc = BM_E_IO;

    world_open(&w);
    add(&set, "serial=SN-1");
    add(&set, "model=M");
    must(by_operator(&w, LDEVID, "SN-2", world_key(), &out) == BM_OK, "issue");
    for (unsigned at = 1; rc != BM_OK; at++) {
        struct world_print before = world_print(&w);
        struct world_print after;

        faulty_arm(&w.faulty.f, at, BM_E_IO);
        rc = expect(&w, &admin, "SN-1", &set);
        faulty_disarm(&w.faulty.f);
        after = world_print(&w);
        CHECK(prints_equal(&before, &after) == (rc != BM_OK));
        must(at < 1000, "an end");
    }
    rc = BM_E_IO;
    for (unsigned at = 1; rc != BM_OK; at++) {
        faulty_arm(&w.faulty.f, at, BM_E_IO);
        rc = end(&w, &admin, "SN-2", true);
        faulty_disarm(&w.faulty.f);
        CHECK((world_device(&w, 1, "SN-2").state == STORE_DEVICE_RETIRED) ==
              (status_of(&w, &out) == STORE_CERT_REVOKED));
        must(at < 1000, "an end");
    }
    CHECK(world_sound(&w));
    world_close(&w);
}

static void many_are_expected_in_one_act_or_none(void)
{
    static const char *const good[] = { "A\nserial=A\nmodel=M\nlabel.x=1",
                                        "B\nmac=000000000001\nserial=", "C",
                                        NULL };
    static const char *const bad[] = { "D\nserial=D", "E\nlot=1\nserial=A",
                                       "F\nserial=D", "A\nmodel=N",
                                       "D\nmodel=M",  "G\nfirmware=1",
                                       NULL };
    struct ca_expect e = { .look = true };
    struct wrong wrong;
    struct world w;
    uint64_t leaves;

    world_open(&w);
    leaves = world_leaves(&w);
    CHECK_STATUS(expect_many(&w, good, &e, &wrong), BM_OK);
    CHECK(e.new_n == 3 && e.there_n == 0 && e.wrong_n == 0);
    CHECK(world_leaves(&w) == leaves);
    e.look = false;
    CHECK_STATUS(expect_many(&w, good, &e, &wrong), BM_OK);
    CHECK(e.new_n == 3 && e.wrong_n == 0);
    CHECK(world_leaves(&w) == leaves + 1);
    CHECK(has(&w, "A", "serial=A model=M label.x=1 "));
    CHECK(has(&w, "B", "mac=00:00:00:00:00:01 "));
    CHECK(has(&w, "C", ""));
    CHECK_STATUS(expect_many(&w, good, &e, &wrong), BM_OK);
    CHECK(e.new_n == 0 && e.there_n == 3 && e.wrong_n == 0);
    CHECK(world_leaves(&w) == leaves + 1);
    /* What is wrong with any is told of all, and the good one is not kept. */
    CHECK_STATUS(expect_many(&w, bad, &e, &wrong), BM_OK);
    CHECK(strcmp(wrong.text,
                 "1 serial, 2 serial, 3 device, 4 device, 5 firmware, ") == 0);
    CHECK(world_leaves(&w) == leaves + 1);
    CHECK_STATUS(
        expect_many(&w, (const char *const[]){ "D", NULL }, &e, &wrong), BM_OK);
    CHECK(e.new_n == 1);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void one_of_many_has_so_many_labels_and_no_more(void)
{
    char text[2048] = "A\nlabel.none=";
    const char *const rows[] = { text, NULL };
    struct ca_expect e = { .look = false };
    struct wrong wrong;
    struct world w;
    int n = (int)strlen(text);

    world_open(&w);
    for (int i = 0; i <= CA_LABELS_MAX; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "\nlabel.n%d=v", i);
    }
    CHECK_STATUS(expect_many(&w, rows, &e, &wrong), BM_OK);
    CHECK(strcmp(wrong.text, "0 label, ") == 0);
    *strrchr(text, '\n') = '\0'; /* and with one less, all is well */
    CHECK_STATUS(expect_many(&w, rows, &e, &wrong), BM_OK);
    CHECK(e.wrong_n == 0 && e.new_n == 1);
    CHECK(world_sound(&w));
    world_close(&w);
}

int main(void)
{
    RUN(an_expected_device_has_what_is_known_of_it);
    RUN(what_is_set_takes_the_place_of_what_was_there);
    RUN(what_cannot_be_set_changes_nothing);
    RUN(a_device_has_so_many_labels_and_no_more);
    RUN(a_value_is_free_again_when_its_device_has_it_no_more);
    RUN(the_end_of_a_device_is_that_of_its_certificates);
    RUN(what_may_be_done_depends_on_the_state);
    RUN(a_write_that_fails_leaves_no_half_of_a_device);
    RUN(many_are_expected_in_one_act_or_none);
    RUN(one_of_many_has_so_many_labels_and_no_more);
    return bm_test_done();
}
