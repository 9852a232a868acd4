/* SPDX-License-Identifier: Apache-2.0 */
/* mkdtemp(), nftw() */
#define _XOPEN_SOURCE 700

#include "tests/ca/world.h"

#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/allocation.h"
#include "ca/batch.h"
#include "ca/consortium.h"
#include "ca/issue.h"
#include "ca/release.h"
#include "ca/renewal.h"
#include "ca/signal.h"
#include "ca/transfer.h"
#include "core/oid.h"
#include "core/pem.h"
#include "core/signed.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "store/sqlite.h"
#include "tests/harness/test_crypto.h"

#define PROFILE "ieee-802.1ar-ldevid"
#define SIGNING "t-policy"

static void must(bool ok, const char *what, const struct ca_refusal *why)
{
    if (!ok) {
        printf("Bail out! %s: %s: %s\n", what,
               why == NULL ? "" : bm_status_text(why->status),
               why == NULL ? "" : why->words);
        exit(1);
    }
}

static struct instance_port port(void)
{
    return (struct instance_port){ .crypto = bm_test_crypto(),
                                   .maker = bm_openssl_key_maker() };
}

const char *world_path(const struct world *w, const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    return path;
}

static bool read_pem(struct bm_bytes text, struct bm_wr *der)
{
    struct bm_pem block;

    return bm_pem_next(&text, NULL, &block) == BM_OK &&
           bm_pem_decode(&block, NULL, der) == BM_OK;
}

/* What is needed to look at the ledger from outside. */
static void learn(struct world *w)
{
    char pem[512];
    struct bm_wr der;
    struct bm_bytes text = { (const uint8_t *)pem, 0 };
    int fd = open(world_path(w, "ledger.pub"), O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, pem, sizeof pem);

    must(n > 0, "ledger.pub", NULL);
    close(fd);
    text.n = (size_t)n;
    bm_wr_init(&der, w->key_der, sizeof w->key_der);
    must(read_pem(text, &der) &&
             bm_spki_parse(bm_wr_bytes(&der), NULL, &w->key) == BM_OK,
         "ledger.pub", NULL);
    world_open(w, INSTANCE_READ);
    snprintf(w->origin, sizeof w->origin, "%s", w->instance->settings.origin);
    world_close(w);
}

/* Who signs policies. */
static void put_profile(const struct world *w)
{
    static const char text[] =
        "profile: " SIGNING "\n"
        "about: signs policies\n"
        "ca: operations\n"
        "by: [operator]\n"
        "validity: { for: 90d, nested: true }\n"
        "keys: [p256]\n"
        "subject:\n"
        "  - { attribute: serialNumber, from: request }\n"
        "basic_constraints: { ca: false }\n"
        "key_usage: [digitalSignature]\n"
        "extended_key_usage:\n"
        "  purposes: [policySigning]\n"
        "subject_key_id: rfc7093\n"
        "authority_key_id: true\n";
    FILE *f = fopen(world_path(w, "profiles/" SIGNING ".yaml"), "w");

    must(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0, "profile", NULL);
}

void world_new(struct world *w)
{
    static const char *const hosts[] = { "ca.example" };
    const struct instance_port p = port();
    struct init_config config = { .organisation = "Example",
                                  .hosts = hosts,
                                  .hosts_n = 1,
                                  .port = &p,
                                  .now = WORLD_NOW };
    struct ca_refusal why = { .status = BM_OK };
    char top[] = "/tmp/bm-world-XXXXXX";

    memset(w, 0, sizeof *w);
    must(mkdtemp(top) != NULL, "no directory", NULL);
    snprintf(w->dir, sizeof w->dir, "%s/ca", top);
    config.dir = w->dir;
    must(init_instance(&config, &why) == BM_OK, "init", &why);
    put_profile(w);
    w->now = WORLD_NOW + 1;
    learn(w);
}

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void world_free(struct world *w)
{
    *strrchr(w->dir, '/') = '\0';
    (void)nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void world_open(struct world *w, enum instance_mode mode)
{
    const struct instance_port p = port();
    struct ca_refusal why = { .status = BM_OK };

    must(instance_open(w->dir, mode, &p, w->now, &w->instance, &why) == BM_OK,
         "open", &why);
    must(instance_actor(w->instance, w->now, &w->actor, &why) == BM_OK,
         "operator", &why);
}

struct store *world_store(const struct world *w)
{
    const struct store_sqlite_config config = {
        .path = world_path(w, "birthmark.db"), .read_only = true
    };
    struct store *store = NULL;

    must(store_sqlite_open(&config, &store) == BM_OK, "store", NULL);
    return store;
}

struct ca_ledger *world_ledger(const struct world *w, struct store *store)
{
    const struct ca_ledger_config config = { .store = store,
                                             .crypto = bm_test_crypto(),
                                             .origin = w->origin,
                                             .key = w->key };
    struct ca_ledger *ledger = NULL;

    must(ca_ledger_open(&config, &ledger) == BM_OK, "ledger", NULL);
    return ledger;
}

void world_close(struct world *w)
{
    instance_close(w->instance);
    w->instance = NULL;
}

/* A request of a device with a new key, which the caller releases. */
static struct bm_signer *make_key(unsigned i, uint8_t room[2048],
                                  struct bm_csr *csr)
{
    struct bm_signer *key = NULL;
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    uint8_t name_room[128];
    struct bm_wr name;
    struct bm_wr w;
    char number[32];
    size_t mark;

    snprintf(number, sizeof number, "SN-%u", i);
    bm_wr_init(&name, name_room, sizeof name_room);
    mark = bm_der_open(&name, BM_DER_SEQUENCE);
    bm_name_put_rdn(
        &name, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
        (struct bm_bytes){ (const uint8_t *)number, strlen(number) });
    bm_der_close(&name, mark);
    config.subject = bm_wr_bytes(&name);
    must(bm_openssl_signer_generate(BM_KEY_P256, 0, &key) == BM_OK, "key",
         NULL);
    bm_wr_init(&w, room, 2048);
    must(bm_csr_build(&config, key, &w) == BM_OK, "request", NULL);
    must(bm_csr_parse(bm_wr_bytes(&w), NULL, csr) == BM_OK, "request", NULL);
    return key;
}

static void make_csr(unsigned i, uint8_t room[2048], struct bm_csr *csr)
{
    bm_openssl_signer_free(make_key(i, room, csr));
}

static void keep(struct world *w, unsigned i, const struct ca_issue_result *r)
{
    must(r->der.n <= sizeof w->der[i], "certificate too long", NULL);
    memcpy(w->der[i], r->der.p, r->der.n);
    w->der_n[i] = r->der.n;
    memcpy(w->serial[i], r->serial, r->serial_n);
    w->serial_n[i] = r->serial_n;
}

void world_issue(struct world *w, unsigned first, unsigned n)
{
    static struct ca_issue_request requests[CA_GROUP_MAX];
    static struct ca_issue_result results[CA_GROUP_MAX];
    static struct bm_csr csr[CA_GROUP_MAX];
    static uint8_t room[CA_GROUP_MAX][2048];

    for (unsigned i = 0; i < n; i++) {
        make_csr(first + i, room[i], &csr[i]);
        requests[i] = (struct ca_issue_request){ .actor = &w->actor,
                                                 .by = CA_BY_OPERATOR,
                                                 .profile = PROFILE,
                                                 .csr = &csr[i] };
    }
    must(ca_issue(w->instance->ca, requests, n, w->now, results) == BM_OK,
         "issue", &results[0].why);
    for (unsigned i = 0; i < n; i++) {
        must(results[i].status == BM_OK, "issue", &results[i].why);
        keep(w, first + i, &results[i]);
    }
}

void world_renew(struct world *w, unsigned i, bool confirm)
{
    static uint8_t room[2048];
    struct ca_refusal why = { .status = BM_OK };
    struct bm_csr csr;
    struct ca_issue_result result;
    struct ca_issue_request request = {
        .actor = &w->actor, .by = CA_BY_CURRENT, .profile = PROFILE, .csr = &csr
    };

    make_csr(i, room, &csr);
    request.presented = (struct bm_bytes){ w->der[i], w->der_n[i] };
    must(ca_issue(w->instance->ca, &request, 1, w->now, &result) == BM_OK &&
             result.status == BM_OK,
         "renew", &result.why);
    keep(w, i, &result);
    if (confirm) {
        must(ca_seen(w->instance->ca, &w->actor,
                     (struct bm_bytes){ w->der[i], w->der_n[i] }, w->now,
                     &why) == BM_OK,
             "confirm", &why);
    }
}

static void revoke(struct world *w, unsigned i, uint8_t reason)
{
    const struct ca_revocation r = {
        .serial = { w->serial[i], w->serial_n[i] },
        .reason = reason,
        .invalid_since = reason == BM_REASON_KEY_COMPROMISE ? WORLD_NOW : 0
    };
    struct ca_refusal why = { .status = BM_OK };

    must(ca_revoke(w->instance->ca, &w->actor, &r, w->now, &why) == BM_OK,
         "revoke", &why);
}

/* A message that a release takes: signed, whatever it says. */
static void sign_policy(struct world *w, const struct bm_signer *key,
                        struct bm_bytes der, struct bm_wr *message)
{
    static uint8_t room[8192];
    struct bm_wr chain;
    struct bm_cert cert;
    struct bm_signed_by by = { .crypto = bm_test_crypto(),
                               .signer = key,
                               .cert = &cert };

    bm_wr_init(&chain, room, sizeof room);
    bm_wr_put(&chain, der);
    for (size_t i = 0; i < w->instance->cas_n; i++) {
        if (w->instance->cas[i].row.kind == STORE_CA_OPERATIONS) {
            bm_wr_put(&chain, w->instance->cas[i].cert.der);
        }
    }
    by.chain = bm_wr_bytes(&chain);
    must(bm_cert_parse(der, BM_STRICT, NULL, &cert) == BM_OK &&
             bm_signed_put(&by, BM_LIT(BM_OID_CT_POLICY), BM_LIT("table"),
                           w->now, message) == BM_OK,
         "policy", NULL);
}

static void make_policy(struct world *w, struct bm_wr *message)
{
    static uint8_t room[2048];
    struct bm_csr csr;
    struct ca_issue_result result;
    const struct ca_issue_request request = { .actor = &w->actor,
                                              .by = CA_BY_OPERATOR,
                                              .profile = SIGNING,
                                              .csr = &csr };
    struct bm_signer *key = make_key(1000, room, &csr);

    must(ca_issue(w->instance->ca, &request, 1, w->now, &result) == BM_OK &&
             result.status == BM_OK,
         "signer", &result.why);
    sign_policy(w, key, result.der, message);
    bm_openssl_signer_free(key);
}

static void make_release(struct world *w)
{
    static uint8_t message[8192];
    struct ca_policy policy = { .version = 3, .floor = 2, .message = message };
    const struct store_item items[] = {
        { .kind = STORE_ITEM_KEYSET, .hash = { 1, 2 }, .size = 300 },
        { .kind = STORE_ITEM_FIRMWARE,
          .image = 1,
          .hash = { 3 },
          .size = 70000 },
        { .kind = STORE_ITEM_POLICY,
          .hash = { 4 },
          .size = 1000,
          .version = "3 floor 2" },
    };
    const struct ca_release_order order = { "fw-1", 1, items, 3, &policy };
    struct ca_refusal why = { .status = BM_OK };
    struct bm_wr out;

    bm_wr_init(&out, message, sizeof message);
    make_policy(w, &out);
    policy.n = out.len;
    must(ca_release_create(w->instance->ca, &w->actor, &order, w->now, &why) ==
             BM_OK,
         "a release", &why);
}

static void ship(struct world *w, const char *name, int64_t shipped)
{
    const struct ca_shipping_act act = { 1, name, shipped };
    struct ca_refusal why = { .status = BM_OK };

    must(ca_device_ship(w->instance->ca, &w->actor, &act, w->now, &why) ==
             BM_OK,
         "shipping", &why);
}

/* Pulls, of which one is cancelled, batches, devices that are shipped, and a
 * signal. */
static void make_orders(struct world *w)
{
    const struct ca_pull_order pull = { .profile = PROFILE,
                                        .device = "SN-1.*",
                                        .over = 3600 };
    const struct ca_batch_order order = { .name = "lot 1",
                                          .profile = PROFILE,
                                          .upload = { 5 } };
    struct ca_refusal why = { .status = BM_OK };
    struct store_pull row;
    uint64_t batch;

    for (int i = 0; i < 2; i++) {
        must(ca_pull(w->instance->ca, &w->actor, &pull, w->now, &row, &why) ==
                 BM_OK,
             "a pull", &why);
    }
    must(ca_batch_create(w->instance->ca, &w->actor, &order, w->now, &batch,
                         &why) == BM_OK,
         "a batch", &why);
    ship(w, "SN-1", 0);
    ship(w, "SN-2", 0);
    w->now += 10;
    must(ca_pull_cancel(w->instance->ca, &w->actor, row.id, w->now, &why) ==
             BM_OK,
         "no pull", &why);
    must(ca_batch_act(w->instance->ca, &w->actor, batch, CA_BATCH_REJECT,
                      "not mine", w->now, &why) == BM_OK,
         "no batch", &why);
    ship(w, "SN-1", w->now + 5);
    must(ca_signal_places(w->instance->ca,
                          (struct bm_bytes){ w->der[1], w->der_n[1] }, w->now,
                          &why) == BM_OK,
         "a signal", &why);
}

/* ---- Devices that change hands */

static uint64_t offer(struct world *w, const struct ca_actor *who, uint32_t to,
                      const char *device)
{
    const struct ca_transfer_offer o = { .organisation = who->organisation,
                                         .receiver = to,
                                         .devices = &device,
                                         .n = 1,
                                         .options = CA_TRANSFER_KEEP,
                                         .expires = w->now + WORLD_DAY,
                                         .words = "as agreed" };
    struct ca_refusal why = { .status = BM_OK };
    struct store_transfer row;

    must(ca_transfer_offer(w->instance->ca, who, &o, w->now, &row, &why) ==
             BM_OK,
         "an offer", &why);
    w->now++;
    return row.id;
}

static void take_over(struct world *w, const struct ca_actor *who, uint64_t id,
                      const char *profile)
{
    struct ca_refusal why = { .status = BM_OK };

    must(ca_transfer_accept(w->instance->ca, who, id, profile, w->now, &why) ==
             BM_OK,
         "a transfer", &why);
    w->now++;
}

static void end_offer(struct world *w, const struct ca_actor *who, uint64_t id,
                      bool withdraw)
{
    const struct ca_transfer_end e = { id, withdraw, "not now" };
    struct ca_refusal why = { .status = BM_OK };

    must(ca_transfer_end(w->instance->ca, who, &e, w->now, &why) == BM_OK,
         "no transfer", &why);
    w->now++;
}

/* SN-12 goes for good, SN-13 and back; SN-14 is refused, SN-15 not given
 * after all; SN-16 is on offer. */
static void make_transfers(struct world *w)
{
    struct store_organisation org = { .ecosystem = 1, .name = "South" };
    struct ca_actor south = { .name = "operator:south",
                              .mode = "direct",
                              .roles = CA_ROLE_REGISTRAR };
    struct ca_allocating what = { .profile = PROFILE };
    struct ca_refusal why = { .status = BM_OK };
    struct ca *ca = w->instance->ca;

    must(ca_organisation_create(ca, &w->actor, &org, w->now, &why) == BM_OK,
         "an organisation", &why);
    what.organisation = org.id;
    south.organisation = org.id;
    south.scope = (struct store_scope){ .organisation = org.id };
    must(ca_allocation_enable(ca, &w->actor, &what, true, w->now, &why) ==
                 BM_OK &&
             ca_allocation_give(ca, &w->actor, &what, 9, w->now, &why) == BM_OK,
         "a quota", &why);
    take_over(w, &south, offer(w, &w->actor, org.id, "SN-12"), PROFILE);
    take_over(w, &south, offer(w, &w->actor, org.id, "SN-13"), NULL);
    take_over(w, &w->actor, offer(w, &south, 1, "SN-13"), NULL);
    end_offer(w, &south, offer(w, &w->actor, org.id, "SN-14"), false);
    end_offer(w, &w->actor, offer(w, &w->actor, org.id, "SN-15"), true);
    (void)offer(w, &w->actor, org.id, "SN-16");
}

void world_live(struct world *w)
{
    const struct bm_bytes released = { w->serial[WORLD_RELEASED],
                                       w->serial_n[WORLD_RELEASED] };
    struct ca_refusal why = { .status = BM_OK };

    w->now += 10;
    make_release(w);
    make_orders(w);
    make_transfers(w);
    revoke(w, WORLD_REVOKED, BM_REASON_HOLD);
    w->now += 10;
    revoke(w, WORLD_REVOKED, BM_REASON_KEY_COMPROMISE);
    revoke(w, WORLD_HELD, BM_REASON_HOLD);
    revoke(w, WORLD_RELEASED, BM_REASON_HOLD);
    w->now += 10;
    must(ca_release(w->instance->ca, &w->actor, NULL, released, w->now, &why) ==
             BM_OK,
         "release", &why);
    w->now += 65 * WORLD_DAY;
    world_renew(w, WORLD_RENEWED, true);
    world_renew(w, WORLD_PENDING, false);
    must(instance_make_crl(w->instance, &w->actor, "issuing", w->now, &why) ==
             BM_OK,
         "list", &why);
    must(instance_publish(w->instance, w->now, &why) == BM_OK, "publish", &why);
}

static void copy_file(const char *from, const char *to)
{
    static uint8_t buf[65536];
    int in = open(from, O_RDONLY);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t n;

    must(in >= 0 && out >= 0, "copy", NULL);
    while ((n = read(in, buf, sizeof buf)) > 0) {
        must(write(out, buf, (size_t)n) == n, "copy", NULL);
    }
    close(in);
    close(out);
}

void world_keep(struct world *w)
{
    char from[512];

    snprintf(from, sizeof from, "%s", world_path(w, "birthmark.db"));
    copy_file(from, world_path(w, "kept.db"));
}

void world_restore(struct world *w)
{
    char from[512];

    (void)unlink(world_path(w, "birthmark.db-wal"));
    (void)unlink(world_path(w, "birthmark.db-shm"));
    snprintf(from, sizeof from, "%s", world_path(w, "kept.db"));
    copy_file(from, world_path(w, "birthmark.db"));
}

bool world_sql(struct world *w, const char *sql)
{
    sqlite3 *db = NULL;
    char *words = NULL;
    int before;
    bool ok;

    must(sqlite3_open(world_path(w, "birthmark.db"), &db) == SQLITE_OK,
         "database", NULL);
    before = sqlite3_total_changes(db);
    ok = sqlite3_exec(db, sql, NULL, NULL, &words) == SQLITE_OK;
    if (!ok) {
        printf("# %s: %s\n", sql, words);
    }
    sqlite3_free(words);
    ok = ok && sqlite3_total_changes(db) > before;
    sqlite3_close(db);
    return ok;
}

void world_begin(struct world *w)
{
    world_new(w);
    world_open(w, INSTANCE_WRITE);
    world_issue(w, 0, 200);
    world_issue(w, 200, WORLD_CERTS - 200);
    world_live(w);
    world_close(w);
    world_keep(w);
}
