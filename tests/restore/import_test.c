/* SPDX-License-Identifier: Apache-2.0 */
/* What was issued and revoked after the backup comes back on record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "tests/restore/drill.h"

#define LDEVID "ieee-802.1ar-ldevid"

static struct drill d;
static struct ca_import late[DRILL_LATE - DRILL_KEPT];
#define LATE (sizeof late / sizeof late[0])

static void is_clean(void)
{
    bm_status first;

    CHECK(drill_verify(&d, &d.last, &first) == 0);
    CHECK_STATUS(first, BM_OK);
}

static bm_status resume(const struct ca_import *imports, size_t n,
                        const struct bm_bytes *list, struct ca_resumed *resumed)
{
    const struct ca_resume order = { .against = note_bytes(&d.last),
                                     .imports = imports,
                                     .imports_n = n,
                                     .lists = list,
                                     .lists_n = list != NULL };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = drill_resume(&d, &order, resumed, &why);

    if (rc != BM_OK) {
        printf("# %s: %s\n", bm_status_text(rc), why.words);
    }
    return rc;
}

static void what_was_issued_after_the_backup_works_again(void)
{
    struct world *w = &d.back;
    struct store_cert row;
    struct ca_resumed r;

    drill_restore(&d, "import");
    CHECK(drill_row(&d, DRILL_KEPT).id == 0);
    CHECK_STATUS(resume(late, LATE, NULL, &r), BM_OK);
    CHECK(r.imported.certs == LATE && r.imported.known == 0);
    CHECK(r.abandoned == 0);
    row = drill_row(&d, DRILL_KEPT);
    CHECK(row.status == STORE_CERT_VALID && row.device != 0 && row.tree == 2);
    CHECK(strcmp(row.profile, LDEVID) == 0);
    is_clean();

    /* Its device is known by it, and gets its next one. */
    w->now += 65 * WORLD_DAY;
    world_open(w, INSTANCE_WRITE);
    world_renew(w, DRILL_KEPT, true);
    world_close(w);
    CHECK(drill_row(&d, DRILL_KEPT).status == STORE_CERT_REVOKED);
    is_clean();
}

static void what_nobody_brought_is_abandoned(void)
{
    struct ca_resumed r;

    drill_restore(&d, "some");
    drill_put_journal(&d);
    CHECK_STATUS(resume(late, 2, NULL, &r), BM_OK);
    CHECK(r.imported.certs == 2 && r.abandoned == LATE - 2);
    CHECK(drill_row(&d, DRILL_KEPT).status == STORE_CERT_VALID);
    CHECK(drill_row(&d, DRILL_KEPT + 1).status == STORE_CERT_VALID);
    CHECK(drill_row(&d, DRILL_KEPT + 2).status == STORE_CERT_ABANDONED);
    CHECK(drill_row(&d, DRILL_KEPT + 2).reason == BM_REASON_CESSATION);
    is_clean();
}

static bm_status import_one(struct ca_import one, struct ca_imported *done)
{
    struct world *w = &d.back;
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    world_open(w, INSTANCE_WRITE);
    rc = ca_import(w->instance->ca, &w->actor, &one, 1, w->now, done, &why);
    world_close(w);
    if (rc != BM_OK) {
        printf("# %s: %s\n", bm_status_text(rc), why.words);
    }
    return rc;
}

/* One that turns up when work goes on already. */
static void a_certificate_can_be_imported_later(void)
{
    struct ca_imported done;
    struct ca_resumed r;

    drill_restore(&d, "later");
    drill_put_journal(&d);
    CHECK_STATUS(import_one(late[0], &done), BM_E_CA_RESTORED);
    CHECK_STATUS(resume(late, 1, NULL, &r), BM_OK);
    CHECK_STATUS(import_one(late[0], &done), BM_OK);
    CHECK(done.certs == 0 && done.known == 1);
    CHECK_STATUS(import_one(late[1], &done), BM_E_CA_STATUS);

    drill_restore(&d, "later-2");
    CHECK_STATUS(resume(NULL, 0, NULL, &r), BM_OK);
    CHECK_STATUS(import_one(late[1], &done), BM_OK);
    CHECK(done.certs == 1 && done.known == 0);
    CHECK(drill_row(&d, DRILL_KEPT + 1).status == STORE_CERT_VALID);
    is_clean();
}

static void put_profile(const char *name)
{
    char from[512];
    char line[64];
    uint8_t *text;
    char *at;
    size_t n;

    (void)snprintf(from, sizeof from, "%s",
                   world_path(&d.back, "profiles/" LDEVID ".yaml"));
    must(files_read(from, 65536, &text, &n, NULL) == BM_OK, from, NULL);
    at = strstr((char *)text, "profile: ");
    must(at != NULL, "profile", NULL);
    (void)snprintf(line, sizeof line, "profile: %-19.19s", name);
    memcpy(at, line, strlen(line));
    must(files_create(world_path(&d.back, "profiles/copy.yaml"),
                      (struct bm_bytes){ text, n }, 0644, NULL) == BM_OK,
         "profile", NULL);
    free(text);
}

static void a_certificate_of_two_profiles_needs_a_name(void)
{
    struct ca_import named = { .der = late[0].der, .profile = "t-copy" };
    struct ca_resumed r;

    drill_restore(&d, "two");
    put_profile("t-copy");
    CHECK_STATUS(resume(late, 1, NULL, &r), BM_E_PROFILE);
    named.profile = "tls-server";
    CHECK_STATUS(resume(&named, 1, NULL, &r), BM_E_NOT_FOUND);
    named.profile = "ieee-802.1ar-idevid";
    CHECK(resume(&named, 1, NULL, &r) != BM_OK);
    CHECK(drill_is_marked(&d));
    named.profile = "t-copy";
    CHECK_STATUS(resume(&named, 1, NULL, &r), BM_OK);
    CHECK(strcmp(drill_row(&d, DRILL_KEPT).profile, "t-copy") == 0);
    is_clean();
}

/* All of them or none, and nothing else happens either. */
static void one_that_is_not_ours_stops_all(void)
{
    static uint8_t der[1024];
    struct ca_import three[3] = { late[0], late[1], late[2] };
    struct ca_resumed r;

    drill_restore(&d, "foreign");
    memcpy(der, late[1].der.p, late[1].der.n);
    three[1].der.p = der;
    for (size_t i = 0; i < late[1].der.n; i += 7) {
        struct ca_refusal why = { .status = BM_OK };
        const struct ca_resume order = { .against = note_bytes(&d.last),
                                         .imports = three,
                                         .imports_n = 3 };

        if (i % 3 != 0 && i + 40 < late[1].der.n) {
            continue; /* not all: each opens an instance */
        }
        der[i] ^= 1;
        CHECK(drill_resume(&d, &order, &r, &why) != BM_OK);
        der[i] ^= 1;
    }
    CHECK(drill_is_marked(&d));
    CHECK(drill_row(&d, DRILL_KEPT).id == 0);
    CHECK_STATUS(resume(three, 3, NULL, &r), BM_OK);
    CHECK(r.imported.certs == 3);
}

/* A file with a chain has our CAs in it. */
static void certificates_of_our_cas_are_known(void)
{
    struct ca_import two[2] = { late[0] };
    struct ca_resumed r;
    uint8_t *der;
    size_t n;

    drill_restore(&d, "chain");
    must(files_get_pem(world_path(&d.back, "ca/issuing.pem"), "CERTIFICATE",
                       &der, &n, NULL) == BM_OK,
         "issuing.pem", NULL);
    two[1].der = (struct bm_bytes){ der, n };
    CHECK_STATUS(resume(two, 2, NULL, &r), BM_OK);
    CHECK(r.imported.certs == 1 && r.imported.known == 1);
    free(der);
}

static void what_was_revoked_after_the_backup_is_revoked_again(void)
{
    struct bm_bytes list = { d.list, d.list_n };
    struct ca_resumed r;
    struct store_cert row;

    drill_restore(&d, "list");
    CHECK(drill_row(&d, DRILL_KEPT_REVOKED).status == STORE_CERT_VALID);
    d.list[d.list_n - 1] ^= 1;
    CHECK_STATUS(resume(late, LATE, &list, &r), BM_E_SIGNATURE);
    d.list[d.list_n - 1] ^= 1;
    list.n--;
    CHECK(resume(late, LATE, &list, &r) != BM_OK);
    list.n++;
    CHECK(drill_is_marked(&d));
    CHECK_STATUS(resume(late, LATE, &list, &r), BM_OK);
    CHECK(r.listed.revoked == 2 && r.listed.unknown == 0);
    row = drill_row(&d, DRILL_KEPT_REVOKED);
    CHECK(row.status == STORE_CERT_REVOKED);
    CHECK(row.reason == BM_REASON_KEY_COMPROMISE);
    CHECK(drill_row(&d, DRILL_LATE_REVOKED).status == STORE_CERT_REVOKED);
    is_clean();
}

static void what_is_known_by_its_revocation_alone_stays_revoked(void)
{
    const struct bm_bytes list = { d.list, d.list_n };
    struct world *w = &d.back;
    struct ca_refusal why = { .status = BM_OK };
    struct ca_resumed r;
    struct store_cert row;

    drill_restore(&d, "unknown");
    CHECK_STATUS(resume(NULL, 0, &list, &r), BM_OK);
    CHECK(r.listed.revoked == 1 && r.listed.unknown == 1);
    row = drill_row(&d, DRILL_LATE_REVOKED);
    CHECK(row.status == STORE_CERT_ABANDONED && row.der.n == 0);
    is_clean();

    w->now += 10;
    world_open(w, INSTANCE_WRITE);
    must(instance_make_crl(w->instance, &w->actor, "issuing", w->now, &why) ==
             BM_OK,
         "list", &why);
    world_close(w);
    is_clean();
}

static void a_list_from_before_the_backup_says_nothing_new(void)
{
    struct ca_resumed r;
    struct bm_bytes list;
    uint8_t *data;
    size_t n;

    drill_restore(&d, "old-list");
    must(files_read(world_path(&d.back, "crl/issuing.crl"), 65536, &data, &n,
                    NULL) == BM_OK,
         "list", NULL);
    list = (struct bm_bytes){ data, n };
    CHECK_STATUS(resume(NULL, 0, &list, &r), BM_OK);
    CHECK(r.listed.revoked == 0 && r.listed.unknown == 0);
    free(data);
    is_clean();
}

int main(void)
{
    drill_begin(&d);
    for (unsigned i = 0; i < LATE; i++) {
        late[i].der = cert_bytes(&d, DRILL_KEPT + i);
    }
    RUN(what_was_issued_after_the_backup_works_again);
    RUN(what_nobody_brought_is_abandoned);
    RUN(a_certificate_can_be_imported_later);
    RUN(a_certificate_of_two_profiles_needs_a_name);
    RUN(one_that_is_not_ours_stops_all);
    RUN(certificates_of_our_cas_are_known);
    RUN(what_was_revoked_after_the_backup_is_revoked_again);
    RUN(what_is_known_by_its_revocation_alone_stays_revoked);
    RUN(a_list_from_before_the_backup_says_nothing_new);
    drill_end(&d);
    return bm_test_done();
}
