/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/authority/world.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/oid.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "server/init.h"
#include "store/sqlite.h"
#include "tests/harness/test_crypto.h"

const struct ca_actor admin = { .name = "operator:first",
                                .mode = "direct",
                                .organisation = 1,
                                .roles = CA_ROLE_ADMIN };
const struct ca_actor neighbour = { .name = "operator:neighbour",
                                    .mode = "api",
                                    .scope = { 0, 2 },
                                    .organisation = 2,
                                    .roles = CA_ROLE_ADMIN };
const struct ca_actor est = { .name = "est", .mode = "est" };
const struct ca_actor authority = { .name = "authority",
                                    .mode = "direct",
                                    .authority = true };

/* Keys that tests ask for at the most. */
#define KEYS_MAX 4096

static struct {
    char dir[128];
    struct instance *instance;
    struct ca_signer_ca cas[INSTANCE_CAS_MAX];
    size_t cas_n;
    const struct ca_profile *profiles[INSTANCE_PROFILES_MAX];
    struct bm_signer *keys[KEYS_MAX];
    size_t keys_n;
    unsigned worlds;
} base;

void must(bool ok, const char *what)
{
    if (!ok) {
        printf("Bail out! %s\n", what);
        exit(1);
    }
}

const struct bm_crypto *world_crypto(void)
{
    return bm_test_crypto();
}

/* ---- The instance that is made once */

static const char common[] = "basic_constraints: { ca: false }\n"
                             "key_usage: [digitalSignature]\n"
                             "subject_key_id: none\n"
                             "authority_key_id: true\n";

static const char several[] =
    "profile: " SEVERAL "\n"
    "about: several at once, and the same key again\n"
    "ca: issuing\n"
    "by: [operator, token, idevid, current]\n"
    "idevid_of: [" IDEVID "]\n"
    "device: { identity: owner, one_active: false, key_sharing: [" LDEVID
    "] }\n"
    "validity: { for: 90d, nested: true }\n"
    "renewal: { before: 30d, grace: 14d, same_key_renewal: true }\n"
    "keys: [p256]\n"
    "subject:\n"
    "  - { attribute: serialNumber, from: device }\n";

static const char suspend[] =
    "profile: " SUSPEND "\n"
    "about: a clone switches it off\n"
    "ca: issuing\n"
    "by: [operator, idevid, current]\n"
    "idevid_of: [" IDEVID "]\n"
    "device: { identity: owner, one_active: true, fork: suspend }\n"
    "validity: { for: 90d, nested: true }\n"
    "renewal: { before: 30d }\n"
    "keys: [p256]\n"
    "subject:\n"
    "  - { attribute: serialNumber, from: device }\n";

static const char server[] =
    "profile: " SERVER "\n"
    "about: of no device, renewed by itself\n"
    "ca: operations\n"
    "by: [operator, current]\n"
    "validity: { for: 90d, nested: true }\n"
    "renewal: { before: 30d, same_key_renewal: true }\n"
    "keys: [p256, p384, rsa2048]\n"
    "subject:\n"
    "  - { attribute: CN, from: request, pattern: \".{1,64}\","
    " optional: true }\n"
    "subject_alt_name:\n"
    "  critical: if_subject_is_empty\n"
    "  names:\n"
    "    - { kind: dns, from: request, max: 4 }\n"
    "unique: [dns]\n";

static void put_profile(const char *dir, const char *name, const char *text)
{
    char path[512];
    char all[4096];
    int n = snprintf(all, sizeof all, "%s%s", text, common);

    must(n > 0 && (size_t)n < sizeof all, "profile is too long");
    (void)snprintf(path, sizeof path, "%s/profiles/%s.yaml", dir, name);
    must(files_create(path,
                      (struct bm_bytes){ (const uint8_t *)all, (size_t)n },
                      0644, NULL) == BM_OK,
         path);
}

static void copy_file(const char *from, const char *to, const char *name)
{
    char path[512];
    uint8_t *data;
    size_t n;

    (void)snprintf(path, sizeof path, "%s/%s", from, name);
    must(files_read(path, (size_t)1 << 30, &data, &n, NULL) == BM_OK, path);
    (void)snprintf(path, sizeof path, "%s/%s", to, name);
    must(files_create(path, (struct bm_bytes){ data, n }, 0600, NULL) == BM_OK,
         path);
    free(data);
}

static void copy_journal(const char *from, const char *to)
{
    char path[512];
    char name[512];
    DIR *d;
    const struct dirent *e;

    (void)snprintf(path, sizeof path, "%s/journal", to);
    must(mkdir(path, 0700) == 0, path);
    (void)snprintf(path, sizeof path, "%s/journal", from);
    d = opendir(path);
    must(d != NULL, path);
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.' && strcmp(e->d_name, "lock") != 0) {
            (void)snprintf(name, sizeof name, "journal/%.200s", e->d_name);
            copy_file(from, to, name);
        }
    }
    (void)closedir(d);
}

static void remove_base(void)
{
    instance_close(base.instance);
    base.instance = NULL;
    for (size_t i = 0; i < base.keys_n; i++) {
        bm_openssl_signer_free(base.keys[i]);
    }
    base.keys_n = 0;
    if (files_remove_tree(base.dir, NULL) != BM_OK) {
        printf("# left behind: %s\n", base.dir);
    }
}

/* A second organisation, for whom the first does not exist. */
static void add_neighbour(const char *dir)
{
    char path[512];
    struct store_sqlite_config config = { .path = path };
    struct store_organisation row = { .ecosystem = 1, .name = "Neighbour" };
    struct store *s;

    (void)snprintf(path, sizeof path, "%s/birthmark.db", dir);
    must(store_sqlite_open(&config, &s) == BM_OK, path);
    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->organisation_put(s->self, &row) == BM_OK && row.id == 2 &&
             s->commit(s->self) == BM_OK,
         "neighbour");
    s->close(s->self);
}

static void take_parts(void)
{
    const struct instance *in = base.instance;

    for (size_t i = 0; i < in->cas_n; i++) {
        if (in->cas[i].key != NULL) {
            base.cas[base.cas_n++] =
                (struct ca_signer_ca){ .id = in->cas[i].row.id,
                                       .key = in->cas[i].key->signer,
                                       .cert = &in->cas[i].cert };
        }
    }
    for (size_t i = 0; i < in->profiles_n; i++) {
        base.profiles[i] = in->profiles[i].profile;
    }
}

static void make_base(void)
{
    static const char *const hosts[] = { "ca.example", "127.0.0.1" };
    static const struct instance_port *port;
    static struct instance_port filled;
    struct ca_refusal why = { BM_OK, "" };
    char dir[256];
    struct init_config config = { .dir = dir,
                                  .organisation = "Example",
                                  .hosts = hosts,
                                  .hosts_n = 2,
                                  .now = WORLD_START };
    bm_status rc;

    filled = (struct instance_port){ world_crypto(), bm_openssl_key_maker() };
    port = &filled;
    config.port = port;
    (void)snprintf(base.dir, sizeof base.dir, "/tmp/bm-ca-XXXXXX");
    must(mkdtemp(base.dir) != NULL, "mkdtemp");
    (void)atexit(remove_base);
    (void)snprintf(dir, sizeof dir, "%s/instance", base.dir);
    rc = init_instance(&config, &why);
    if (rc != BM_OK) {
        printf("# %04x %s\n", (unsigned)rc, why.words);
    }
    must(rc == BM_OK, "init");
    put_profile(dir, SEVERAL, several);
    put_profile(dir, SUSPEND, suspend);
    put_profile(dir, SERVER, server);
    add_neighbour(dir);
    (void)snprintf(dir, sizeof dir, "%s/pristine", base.dir);
    must(mkdir(dir, 0700) == 0, dir);
    (void)snprintf(dir, sizeof dir, "%s/instance", base.dir);
    {
        char pristine[256];

        (void)snprintf(pristine, sizeof pristine, "%s/pristine", base.dir);
        copy_file(dir, pristine, "birthmark.db");
        copy_journal(dir, pristine);
    }
    rc = instance_open(dir, INSTANCE_WRITE, port, WORLD_START, &base.instance,
                       &why);
    if (rc != BM_OK) {
        printf("# %04x %s\n", (unsigned)rc, why.words);
    }
    must(rc == BM_OK, "instance");
    take_parts();
}

const struct instance *world_base(void)
{
    if (base.instance == NULL) {
        make_base();
    }
    return base.instance;
}

const struct instance_ca *world_ca(const char *id)
{
    const struct instance_ca *c = instance_find_ca(world_base(), id);

    must(c != NULL, id);
    return c;
}

const struct ca_profile *world_profile(const char *name)
{
    const struct instance *in = world_base();

    for (size_t i = 0; i < in->profiles_n; i++) {
        if (strcmp(ca_profile_policy(in->profiles[i].profile)->name, name) ==
            0) {
            return in->profiles[i].profile;
        }
    }
    must(false, name);
    return NULL;
}

/* ---- An authority */

static bm_status open_parts(struct world *w)
{
    const struct instance *in = world_base();
    char path[512];
    struct store_sqlite_config store_config = { .path = path };
    struct ca_ledger_config ledger_config = {
        .store = &w->faulty.base,
        .crypto = world_crypto(),
        .origin = in->settings.origin,
        .key = in->ledger_key->signer->key,
    };
    struct ca_signer_config signer_config = {
        .crypto = world_crypto(),
        .cas = base.cas,
        .cas_n = base.cas_n,
        .profiles = base.profiles,
        .profiles_n = in->profiles_n,
        .may_sign_ocsp = true,
        .origin = in->settings.origin,
        .ledger = in->ledger_key->signer,
    };
    struct ca_config config = { .store = &w->faulty.base,
                                .crypto = world_crypto(),
                                .signer = &w->signer.base,
                                .journal = w->journal_dir,
                                .profiles = in->profiles,
                                .profiles_n = in->profiles_n,
                                .bad_keys = w->bad_keys,
                                .crl_lifetime = 7 * DAY,
                                .ocsp_lifetime = HOUR };
    struct ca_refusal why = { BM_OK, "" };
    struct store *real;
    bm_status rc;

    (void)snprintf(path, sizeof path, "%s/birthmark.db", w->dir);
    (void)snprintf(w->journal_dir, sizeof w->journal_dir, "%s/journal", w->dir);
    must(store_sqlite_open(&store_config, &real) == BM_OK, path);
    faulty_store_init(&w->faulty, real);
    w->store = &w->faulty.base;
    must(ca_ledger_open(&ledger_config, &w->ledger) == BM_OK, "ledger");
    must(ca_journal_open(w->journal_dir, world_crypto(), &w->journal) == BM_OK,
         w->journal_dir);
    signer_config.journal = w->journal;
    must(ca_signer_new(&signer_config, &w->real_signer) == BM_OK, "signer");
    faulty_signer_init(&w->signer, w->real_signer);
    config.ledger = w->ledger;
    rc = ca_open(&config, false, w->now, &w->ca, &why);
    if (rc != BM_OK) {
        printf("# ca_open: %04x %s\n", (unsigned)rc, why.words);
    }
    return rc;
}

void world_open(struct world *w)
{
    char pristine[256];

    (void)world_base();
    memset(w, 0, sizeof *w);
    w->now = WORLD_START + DAY;
    (void)snprintf(w->dir, sizeof w->dir, "%s/world-%u", base.dir,
                   base.worlds++);
    must(mkdir(w->dir, 0700) == 0, w->dir);
    (void)snprintf(pristine, sizeof pristine, "%s/pristine", base.dir);
    copy_file(pristine, w->dir, "birthmark.db");
    copy_journal(pristine, w->dir);
    must(open_parts(w) == BM_OK, "ca_open");
}

static void close_parts(struct world *w)
{
    ca_close(w->ca);
    w->ca = NULL;
    if (w->real_signer != NULL) {
        w->real_signer->close(w->real_signer->self);
        w->real_signer = NULL;
    }
    ca_journal_close(w->journal);
    w->journal = NULL;
    ca_ledger_close(w->ledger);
    w->ledger = NULL;
    if (w->faulty.real != NULL) {
        w->faulty.real->close(w->faulty.real->self);
        w->faulty.real = NULL;
    }
}

bm_status world_reopen(struct world *w)
{
    close_parts(w);
    return open_parts(w);
}

void world_close(struct world *w)
{
    close_parts(w);
    must(files_remove_tree(w->dir, NULL) == BM_OK, w->dir);
}

/* ---- Keys and requests */

const struct bm_signer *world_key_of(enum bm_key_type type)
{
    struct bm_signer **key = &base.keys[base.keys_n];

    (void)world_base(); /* which releases them */
    must(base.keys_n < KEYS_MAX, "keys");
    must(bm_openssl_signer_generate(type, 2048, key) == BM_OK, "key");
    base.keys_n++;
    return *key;
}

const struct bm_signer *world_key(void)
{
    return world_key_of(BM_KEY_P256);
}

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

static void build(struct request *r, const struct bm_signer *key,
                  const struct bm_csr_config *config)
{
    struct bm_wr w;

    bm_wr_init(&w, r->der, sizeof r->der);
    must(bm_csr_build(config, key, &w) == BM_OK, "request");
    must(bm_csr_parse(bm_wr_bytes(&w), NULL, &r->csr) == BM_OK, "request");
}

void request_make(struct request *r, const struct bm_signer *key,
                  const char *serial, const char *cn)
{
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    uint8_t name[1024];
    struct bm_wr w;
    size_t mark;

    bm_wr_init(&w, name, sizeof name);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    if (serial != NULL) {
        bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
                        text(serial));
    }
    if (cn != NULL) {
        bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING, text(cn));
    }
    bm_der_close(&w, mark);
    config.subject = bm_wr_bytes(&w);
    build(r, key, &config);
}

void request_server(struct request *r, const struct bm_signer *key,
                    const char *dns)
{
    static const uint8_t no_name[] = { 0x30, 0 };
    struct bm_csr_config config = { .subject = BM_ARRAY(no_name) };
    uint8_t ext[1024];
    struct bm_ext_mark mark;
    struct bm_wr w;
    size_t list;

    bm_wr_init(&w, ext, sizeof ext);
    mark = bm_ext_open(&w, BM_LIT(BM_OID_CE_SAN), true);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_general_name_put(&w, BM_GN_DNS, text(dns));
    bm_der_close(&w, list);
    bm_ext_close(&w, &mark);
    config.extensions = bm_wr_bytes(&w);
    build(r, key, &config);
}

/* ---- Issuing */

void issued_keep(struct issued *out, const struct ca_issue_result *result)
{
    memset(out, 0, sizeof *out);
    out->status = result->status;
    out->why = result->why;
    if (result->status != BM_OK) {
        return;
    }
    out->repeated = result->repeated;
    out->id = result->id;
    out->cert_status = result->cert_status;
    memcpy(out->ca, result->ca, sizeof out->ca);
    memcpy(out->serial, result->serial, result->serial_n);
    out->serial_n = result->serial_n;
    must(result->der.n != 0 && result->der.n <= sizeof out->der, "der");
    memcpy(out->der, result->der.p, result->der.n);
    out->n = result->der.n;
    must(bm_cert_parse(issued_der(out), BM_STRICT, NULL, &out->cert) == BM_OK,
         "certificate");
}

struct bm_bytes issued_der(const struct issued *c)
{
    return (struct bm_bytes){ c->der, c->n };
}

struct bm_bytes issued_serial(const struct issued *c)
{
    return (struct bm_bytes){ c->serial, c->serial_n };
}

bm_status world_issue(struct world *w, const struct ca_issue_request *r,
                      struct issued *out)
{
    struct ca_issue_result result;
    bm_status rc = ca_issue(w->ca, r, 1, w->now, &result);

    if (rc != BM_OK) {
        CHECK_STATUS(result.status, rc);
    }
    issued_keep(out, &result);
    return result.status;
}

bm_status by_operator(struct world *w, const char *profile, const char *device,
                      const struct bm_signer *key, struct issued *out)
{
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = profile, .csr = &q.csr
    };

    request_make(&q, key, device, NULL);
    return world_issue(w, &r, out);
}

bm_status by_cert(struct world *w, const struct by_cert *b, struct issued *out)
{
    struct request q;
    struct ca_issue_request r = {
        .actor = &est, .by = b->by, .profile = b->profile, .csr = &q.csr
    };

    r.presented = issued_der(b->with);
    request_make(&q, b->key, b->device, NULL);
    return world_issue(w, &r, out);
}

bm_status by_current(struct world *w, const char *device,
                     const struct issued *with, const struct bm_signer *key,
                     struct issued *out)
{
    struct by_cert b = { CA_BY_CURRENT, NULL, device, with, key };
    struct store_cert row = world_row(w, with->id);

    b.profile = row.profile;
    return by_cert(w, &b, out);
}

bm_status by_token(struct world *w, const struct by_token *b,
                   struct issued *out)
{
    struct request q;
    struct ca_issue_request r = {
        .actor = &est, .by = CA_BY_TOKEN, .profile = b->profile, .csr = &q.csr
    };

    r.token = text(b->secret);
    request_make(&q, b->key, b->device, NULL);
    return world_issue(w, &r, out);
}

bm_status world_token(struct world *w, const char *profile, const char *device,
                      char secret[CA_TOKEN_CHARS + 1])
{
    struct ca_token_order order = { profile, device, w->now + DAY };
    char id[STORE_ID_MAX];

    return ca_token_create(w->ca, &admin, &order, w->now, secret, id, NULL);
}

bm_status world_seen(struct world *w, const struct issued *c)
{
    return ca_seen(w->ca, &est, issued_der(c), w->now, NULL);
}

bm_status world_revoke(struct world *w, const struct issued *c, uint8_t reason)
{
    struct ca_revocation r = { .serial = issued_serial(c), .reason = reason };

    return ca_revoke(w->ca, &admin, &r, w->now, NULL);
}

bm_status world_release(struct world *w, const struct issued *c)
{
    return ca_release(w->ca, &admin, NULL, issued_serial(c), w->now, NULL);
}

/* ---- Looking */

static const struct store_scope everything = { 0, 0 };

static struct store *look(struct world *w)
{
    struct store *s = w->faulty.real;

    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    return s;
}

struct store_cert world_row(struct world *w, uint64_t id)
{
    struct store *s = look(w);
    struct store_cert row;

    must(s->cert_get(s->self, &everything, id, &row) == BM_OK, "cert_get");
    row.serial.p = NULL;
    row.der.p = NULL;
    s->rollback(s->self);
    return row;
}

enum store_cert_status status_of(struct world *w, const struct issued *c)
{
    return world_row(w, c->id).status;
}

struct store_device world_device(struct world *w, uint32_t organisation,
                                 const char *name)
{
    struct store *s = look(w);
    struct store_device row;
    bm_status rc = s->device_find(s->self, organisation, name, &row);

    must(rc == BM_OK || rc == BM_E_NOT_FOUND, "device_find");
    if (rc != BM_OK) {
        memset(&row, 0, sizeof row);
    }
    s->rollback(s->self);
    return row;
}

struct counting {
    const char *kind;
    unsigned n;
};

static bm_status count_event(void *arg, const void *row)
{
    struct counting *c = arg;
    const struct store_event *e = row;

    c->n += strcmp(e->kind, c->kind) == 0;
    return BM_OK;
}

unsigned world_events(struct world *w, uint32_t organisation, const char *kind)
{
    struct store *s = look(w);
    struct store_scope scope = { 0, organisation };
    struct counting c = { kind, 0 };
    struct store_visit visit = { &c, count_event };

    must(s->event_list(s->self, &scope, 0, &visit) == BM_OK, "event_list");
    s->rollback(s->self);
    return c.n;
}

static bm_status count_row(void *arg, const void *row)
{
    unsigned *n = arg;

    (void)row;
    ++*n;
    return BM_OK;
}

unsigned world_count(struct world *w, enum store_cert_status status)
{
    struct store *s = look(w);
    struct store_cert_filter filter = { .status = status };
    unsigned n = 0;
    struct store_visit visit = { &n, count_row };

    must(s->cert_list(s->self, &everything, &filter, &visit) == BM_OK,
         "cert_list");
    s->rollback(s->self);
    return n;
}

uint64_t world_leaves(struct world *w)
{
    struct store *s = look(w);
    struct store_head head;
    uint64_t n;

    must(s->head_get(s->self, 0, &head) == BM_OK, "head_get");
    n = head.size;
    s->rollback(s->self);
    return n;
}

static void hash_file(struct bm_hash_state *hash, const char *path)
{
    const struct bm_crypto *crypto = world_crypto();
    uint8_t *data;
    size_t n;
    bm_status rc = files_read(path, (size_t)1 << 30, &data, &n, NULL);

    must(rc == BM_OK || rc == BM_E_NOT_FOUND, path);
    must(crypto->hash_more(crypto->self, hash, (struct bm_bytes){ data, n }) ==
             BM_OK,
         "hash");
    free(data);
}

struct world_print world_print(struct world *w)
{
    static const char *const files[] = { "birthmark.db", "birthmark.db-wal",
                                         "journal/00000001.journal" };
    const struct bm_crypto *crypto = world_crypto();
    struct world_print print;
    uint8_t out[BM_HASH_MAX];
    struct bm_hash_state hash;
    char path[512];

    must(crypto->hash_begin(crypto->self, &hash, BM_HASH_SHA256) == BM_OK,
         "hash");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", w->dir, files[i]);
        hash_file(&hash, path);
    }
    must(crypto->hash_end(crypto->self, &hash, out) == BM_OK, "hash");
    memcpy(print.hash, out, sizeof print.hash);
    return print;
}

bool prints_equal(const struct world_print *a, const struct world_print *b)
{
    return memcmp(a->hash, b->hash, sizeof a->hash) == 0;
}

/* ---- Soundness */

struct finding {
    struct world *w;
    unsigned n;
};

/* What was signed is stored, be it as abandoned. */
static bm_status check_entry(void *arg, const struct ca_journal_entry *e)
{
    struct finding *f = arg;
    struct store *s = f->w->faulty.real;
    struct store_cert row;

    if (e->kind != CA_JOURNAL_CERT) {
        return BM_OK;
    }
    if (s->cert_find(s->self, &everything, NULL,
                     (struct bm_bytes){ e->serial, e->serial_n },
                     &row) != BM_OK) {
        printf("# signed, but not stored\n");
        f->n++;
    }
    return BM_OK;
}

/* What is stored is on record, with the hash of its octets; what is revoked
 * is on the next list. */
static bm_status check_row(void *arg, const void *visited)
{
    struct finding *f = arg;
    const struct store_cert *row = visited;
    const struct bm_crypto *crypto = world_crypto();
    struct store *s = f->w->faulty.real;
    struct ca_record record;
    struct store_leaf leaf;
    uint8_t hash[BM_HASH_MAX];
    uint8_t serial[STORE_SERIAL_MAX];
    size_t serial_n = row->serial.n;
    bool ok;

    must(crypto->hash(crypto->self, BM_HASH_SHA256, row->der, hash) == BM_OK,
         "hash");
    memcpy(serial, row->serial.p, serial_n);
    ok = s->leaf_get(s->self, row->tree, row->leaf, &leaf) == BM_OK &&
         ca_record_parse(leaf.record, NULL, &record) == BM_OK &&
         bm_bytes_are(record.serial, serial, serial_n) &&
         record.kind == (row->status == STORE_CERT_ABANDONED
                             ? CA_RECORD_ABANDONED
                             : CA_RECORD_ISSUANCE) &&
         (row->status == STORE_CERT_ABANDONED ||
          bm_bytes_are(record.hash, hash, 32));
    if (!ok) {
        printf("# certificate %llu is not on record\n",
               (unsigned long long)row->id);
        f->n++;
    }
    return BM_OK;
}

bool world_sound(struct world *w)
{
    struct finding f = { w, 0 };
    struct store_cert_filter filter = { .after = 0 };
    struct store_visit visit = { &f, check_row };
    struct store *s = look(w);

    must(ca_journal_walk(w->journal_dir, world_crypto(), false, &f,
                         check_entry) == BM_OK,
         "journal");
    must(s->cert_list(s->self, &everything, &filter, &visit) == BM_OK,
         "cert_list");
    s->rollback(s->self);
    return f.n == 0;
}
