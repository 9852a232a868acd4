/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/authority/world.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
    struct ca_bound bound[INSTANCE_PROFILES_MAX];
    struct bm_signer *keys[KEYS_MAX];
    size_t keys_n;
    struct bm_bytes root; /* the anchor of bundles */
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

static const char tpm[] = "profile: " TPM "\n"
                          "about: keys that a TPM has attested\n"
                          "ca: issuing\n"
                          "by: [operator, token, idevid, current]\n"
                          "idevid_of: [" IDEVID "]\n"
                          "attestation: tpm\n"
                          "device: { identity: owner }\n"
                          "validity: { for: 90d, nested: true }\n"
                          "renewal: { before: 90d, same_key_renewal: true }\n"
                          "keys: [p256]\n"
                          "subject:\n"
                          "  - { attribute: serialNumber, from: device }\n";

static const char any_tpm[] =
    "profile: " ANY_TPM "\n"
    "about: keys that any TPM has attested\n"
    "ca: issuing\n"
    "by: [operator, token, idevid, current]\n"
    "idevid_of: [" IDEVID "]\n"
    "attestation: any-tpm\n"
    "device: { identity: owner, one_active: true, key_sharing: [" TPM "] }\n"
    "validity: { for: 90d, nested: true }\n"
    "renewal: { before: 90d }\n"
    "keys: [p256]\n"
    "subject:\n"
    "  - { attribute: serialNumber, from: device }\n";

static const char waits[] = "profile: " WAITS "\n"
                            "about: a second operator must agree\n"
                            "ca: issuing\n"
                            "by: [operator, token, idevid, current]\n"
                            "idevid_of: [" IDEVID "]\n"
                            "approval: true\n"
                            "batch: { keep: 2d }\n"
                            "device: { identity: owner }\n"
                            "validity: { for: 90d, nested: true }\n"
                            "renewal: { before: 90d }\n"
                            "keys: [p256]\n"
                            "subject:\n"
                            "  - { attribute: serialNumber, from: device }\n";

static const char waits_2[] =
    "profile: " WAITS_2 "\n"
    "about: a second operator must agree about a server\n"
    "ca: operations\n"
    "by: [operator]\n"
    "approval: true\n"
    "validity: { for: 90d, nested: true }\n"
    "keys: [p256]\n"
    "subject:\n"
    "  - { attribute: CN, from: request }\n";

static const char code[] = "profile: " CODE "\n"
                           "about: signs firmware\n"
                           "ca: issuing\n"
                           "by: [operator, current]\n"
                           "validity: { for: 90d, nested: true }\n"
                           "renewal: { before: 90d, same_key_renewal: true }\n"
                           "keys: [p256]\n"
                           "subject:\n"
                           "  - { attribute: CN, from: request }\n"
                           "extended_key_usage:\n"
                           "  purposes: [codeSigning]\n"
                           "  critical: true\n";

static const char policy[] = "profile: " POLICY "\n"
                             "about: signs policies\n"
                             "ca: operations\n"
                             "by: [operator]\n"
                             "validity: { for: 90d, nested: true }\n"
                             "keys: [p256]\n"
                             "subject:\n"
                             "  - { attribute: CN, from: request }\n"
                             "extended_key_usage:\n"
                             "  purposes: [policySigning]\n";

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
    struct store_organisation row = { .ecosystem = 1,
                                      .name = "Neighbour",
                                      .open = true };
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
        base.bound[i] = in->profiles[i];
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

    filled = (struct instance_port){ .crypto = world_crypto(),
                                     .maker = bm_openssl_key_maker() };
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
    put_profile(dir, TPM, tpm);
    put_profile(dir, ANY_TPM, any_tpm);
    put_profile(dir, WAITS, waits);
    put_profile(dir, WAITS_2, waits_2);
    put_profile(dir, CODE, code);
    put_profile(dir, POLICY, policy);
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

static bm_status open_parts(struct world *w, bool read_only)
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
        .public_url = in->settings.public_url,
        .origin = in->settings.origin,
        .ledger = in->ledger_key->signer,
    };
    const struct bm_bytes root = world_ca("root")->cert.der;
    struct ca_config config = { .store = &w->faulty.base,
                                .crypto = world_crypto(),
                                .signer = &w->signer.base,
                                .journal = w->journal_dir,
                                .profiles = base.bound,
                                .profiles_n = in->profiles_n,
                                .bad_keys = w->bad_keys,
                                .crl_lifetime = 7 * DAY,
                                .delta_every = w->delta_every,
                                .public_url = in->settings.public_url,
                                .ocsp_lifetime = HOUR,
                                .bundle_series = in->settings.bundle_series,
                                .bundle_lifetime = 7 * DAY,
                                .bundle_deny = w->bundle_deny };
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
    base.root = root;
    signer_config.bundle =
        (struct ca_signer_bundle){ .key = in->bundle.key->signer,
                                   .cert = &in->bundle.cert,
                                   .chain = { in->bundle.der,
                                              in->bundle.der_n },
                                   .series = in->settings.bundle_series,
                                   .lifetime = 7 * DAY,
                                   .anchors = &base.root,
                                   .anchors_n = 1 };
    must(ca_signer_new(&signer_config, &w->real_signer) == BM_OK, "signer");
    faulty_signer_init(&w->signer, w->real_signer);
    config.ledger = w->ledger;
    rc = ca_open(&config, read_only, w->now, &w->ca, &why);
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
    w->bundle_deny = BM_BUNDLE_DENY_MAX;
    (void)snprintf(w->dir, sizeof w->dir, "%s/world-%u", base.dir,
                   base.worlds++);
    must(mkdir(w->dir, 0700) == 0, w->dir);
    (void)snprintf(pristine, sizeof pristine, "%s/pristine", base.dir);
    copy_file(pristine, w->dir, "birthmark.db");
    copy_journal(pristine, w->dir);
    must(open_parts(w, false) == BM_OK, "ca_open");
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
    return open_parts(w, false);
}

bm_status world_reopen_to_read(struct world *w)
{
    close_parts(w);
    return open_parts(w, true);
}

/* The profiles of a CA, for a list with so many shards. */
static void bind_shards(const struct instance_ca *ca, uint32_t shards,
                        uint32_t given)
{
    const struct instance *in = world_base();
    const struct ca_profile_issuer issuer = {
        .id = ca->row.id,
        .cert = &ca->cert,
        .sig_alg = ca->key->signer->alg,
        .public_url = in->settings.public_url,
        .crypto = world_crypto(),
        .shards = shards,
    };
    struct ca_refusal why;

    for (size_t i = 0; i < in->profiles_n; i++) {
        if (strcmp(base.bound[i].ca, ca->row.id) == 0) {
            must(ca_profile_bind(base.bound[i].profile, &issuer, &why) == BM_OK,
                 "bind");
            base.bound[i].shards = given;
        }
    }
}

void world_shards(struct world *w, uint32_t shards, uint32_t given)
{
    const struct instance_ca *ca = world_ca("issuing");
    struct store_ca row = ca->row;

    bind_shards(ca, shards, given);
    for (size_t i = 0; i < base.cas_n; i++) {
        if (strcmp(base.cas[i].id, "issuing") == 0) {
            base.cas[i].shards = shards;
        }
    }
    row.shards = shards;
    must(ca_install(w->ca, &authority, &row, w->now, NULL) == BM_OK, "CA");
    must(world_reopen(w) == BM_OK, "reopen");
}

void world_close(struct world *w)
{
    close_parts(w);
    must(files_remove_tree(w->dir, NULL) == BM_OK, w->dir);
}

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
