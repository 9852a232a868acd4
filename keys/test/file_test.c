/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pem.h"
#include "keys/test/folder.h"
#include "tests/harness/test_crypto.h"

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

/* A folder with an open key-encryption key and a provider. */
struct world {
    struct folder f;
    struct bm_kek *kek;
    struct bm_key_provider *p;
};

static void world_make(struct world *w)
{
    folder_make(&w->f);
    w->kek = folder_kek(&w->f);
    w->p = folder_provider(&w->f, w->kek);
}

static void world_remove(struct world *w)
{
    bm_key_file_free(w->p);
    bm_kek_close(w->kek);
    folder_remove(&w->f);
}

static bm_status generate(struct world *w, const char *name)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->generate(w->p->self, name, &p256, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    bm_key_close(key);
    return rc;
}

static bm_status try_open(struct world *w, const char *name)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->open(w->p->self, name, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    bm_key_close(key);
    return rc;
}

/* Sign with the one, verify with the public half of the other. */
static bm_status agrees(const struct bm_key *a, const struct bm_key *b)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t buf[BM_SIGNATURE_MAX];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    BM_TRY(a->signer->sign(a->signer->self, BM_LIT("message"), &w));
    return crypto->verify(crypto->self, &b->signer->key, a->signer->alg,
                          BM_LIT("message"), bm_wr_bytes(&w));
}

/* What a key says of itself, and what its file says to everybody. */
static void check_words(struct world *w, const struct bm_key *key,
                        const char *words)
{
    uint8_t buf[4096];
    struct bm_wr out;

    bm_wr_init(&out, buf, sizeof buf);
    key->describe(key->self, &out);
    CHECK_BYTES(buf, out.len, words, strlen(words));
    bm_wr_init(&out, buf, sizeof buf);
    CHECK_STATUS(bm_key_file_public(w->p, "k.key", &out), BM_OK);
    CHECK_BYTES(buf, out.len, key->signer->key.der.p, key->signer->key.der.n);
    CHECK(folder_mode(&w->f, "k.key") == 0400);
    CHECK(folder_count(&w->f) == 2);
}

static void check_round_trip(const struct bm_key_spec *spec, const char *words)
{
    struct world w;
    struct bm_key *made = NULL;
    struct bm_key *again = NULL;
    bm_status rc;

    world_make(&w);
    {
        const struct bm_key_provider *list[] = { w.p, NULL };
        const struct bm_keys keys = { list };

        rc = bm_key_generate(&keys, "file:k.key", spec, &made);
        if (rc == BM_OK) {
            CHECK_STATUS(bm_key_open(&keys, "file:k.key", &again), BM_OK);
        }
    }
    if (rc != BM_OK) {
        /* ML-DSA needs OpenSSL 3.5. */
        CHECK(rc == BM_E_CRYPTO_UNSUPPORTED && spec->type >= BM_KEY_MLDSA44);
        CHECK(made == NULL && folder_count(&w.f) == 1);
    } else if (again != NULL) {
        CHECK(again->signer->key.type == spec->type);
        CHECK_STATUS(agrees(made, again), BM_OK);
        CHECK_STATUS(agrees(again, made), BM_OK);
        check_words(&w, again, words);
    }
    bm_key_close(made);
    bm_key_close(again);
    world_remove(&w);
}

static void a_key_of_each_type_comes_back(void)
{
    static const struct {
        struct bm_key_spec spec;
        const char *words;
    } rows[] = {
        { { BM_KEY_P256, 0 }, "file k.key, ECDSA P-256, encrypted" },
        { { BM_KEY_P384, 0 }, "file k.key, ECDSA P-384, encrypted" },
        { { BM_KEY_ED25519, 0 }, "file k.key, Ed25519, encrypted" },
        { { BM_KEY_RSA, 2048 }, "file k.key, RSA 2048, encrypted" },
        { { BM_KEY_MLDSA44, 0 }, "file k.key, ML-DSA-44, encrypted" },
        { { BM_KEY_MLDSA65, 0 }, "file k.key, ML-DSA-65, encrypted" },
        { { BM_KEY_MLDSA87, 0 }, "file k.key, ML-DSA-87, encrypted" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_round_trip(&rows[i].spec, rows[i].words);
    }
}

static void what_is_not_kept_is_not_made(void)
{
    static const struct {
        struct bm_key_spec spec;
        bm_status status;
    } rows[] = {
        { { BM_KEY_RSA, 0 }, BM_E_ARGUMENT },
        { { BM_KEY_RSA, 1024 }, BM_E_ARGUMENT },
        { { BM_KEY_RSA, 2047 }, BM_E_ARGUMENT },
        { { BM_KEY_RSA, 4097 }, BM_E_ARGUMENT },
        { { BM_KEY_RSA, 8192 }, BM_E_ARGUMENT },
        { { BM_KEY_UNKNOWN, 0 }, BM_E_KEY_UNSUPPORTED },
    };
    struct world w;

    world_make(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_key *key = NULL;

        CHECK_STATUS(w.p->generate(w.p->self, "k.key", &rows[i].spec, &key),
                     rows[i].status);
        CHECK(key == NULL && folder_count(&w.f) == 1);
    }
    world_remove(&w);
}

static void a_name_never_leaves_its_folder(void)
{
    static const struct {
        const char *name;
        bm_status status;
    } rows[] = {
        { "a.key", BM_OK },
        { "A-1_b.c.key", BM_OK },
        { "9.key", BM_OK },
        { "_.key", BM_OK },
        { "0123456789012345678901234567890123456789012345678901234567890.key",
          BM_E_KEYS_URI },
        { "012345678901234567890123456789012345678901234567890123456789.key",
          BM_OK },
        { "", BM_E_KEYS_URI },
        { ".key", BM_E_KEYS_URI },
        { "key", BM_E_KEYS_URI },
        { "a", BM_E_KEYS_URI },
        { "unlock", BM_E_KEYS_URI },
        { "kek", BM_E_KEYS_URI },
        { "a.KEY", BM_E_KEYS_URI },
        { "a.key ", BM_E_KEYS_URI },
        { "a.key\n", BM_E_KEYS_URI },
        { ".a.key", BM_E_KEYS_URI },
        { "..key", BM_E_KEYS_URI },
        { "-a.key", BM_E_KEYS_URI },
        { "../a.key", BM_E_KEYS_URI },
        { "/a.key", BM_E_KEYS_URI },
        { "a/b.key", BM_E_KEYS_URI },
        { "a/../b.key", BM_E_KEYS_URI },
        { "a b.key", BM_E_KEYS_URI },
        { "a%2f.key", BM_E_KEYS_URI },
        { "\xc3\xa4.key", BM_E_KEYS_URI },
        { "a*.key", BM_E_KEYS_URI },
        { "a:b.key", BM_E_KEYS_URI },
    };
    struct world w;

    world_make(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *name = rows[i].name;
        bool good = rows[i].status == BM_OK;

        CHECK_STATUS(bm_key_file_name(name), rows[i].status);
        CHECK_STATUS(try_open(&w, name), good ? BM_E_NOT_FOUND : BM_E_KEYS_URI);
        CHECK_STATUS(generate(&w, name), rows[i].status);
    }
    CHECK(folder_count(&w.f) == 6);
    world_remove(&w);
}

static void a_key_is_never_overwritten(void)
{
    struct world w;
    uint8_t before[BM_KEY_FILE_MAX];
    uint8_t after[BM_KEY_FILE_MAX];
    struct bm_bytes a;
    struct bm_bytes b;

    world_make(&w);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    a = folder_get(&w.f, "a.key", before, sizeof before);
    CHECK_STATUS(generate(&w, "a.key"), BM_E_EXISTS);
    b = folder_get(&w.f, "a.key", after, sizeof after);
    CHECK_BYTES(a.p, a.n, b.p, b.n);
    /* nor is what is no key: an empty file, a link to nowhere */
    folder_put(&w.f, "b.key", BM_LIT(""), 0600);
    CHECK_STATUS(generate(&w, "b.key"), BM_E_EXISTS);
    CHECK(folder_get(&w.f, "b.key", after, sizeof after).n == 0);
    folder_must(symlink("nowhere", folder_file(&w.f, "c.key")) == 0, "symlink");
    CHECK_STATUS(generate(&w, "c.key"), BM_E_EXISTS);
    CHECK(access(folder_file(&w.f, "nowhere"), F_OK) != 0);
    CHECK(folder_count(&w.f) == 4);
    world_remove(&w);
}

static void every_prefix_is_refused(void)
{
    struct world w;
    uint8_t text[BM_KEY_FILE_MAX];
    struct bm_bytes whole;

    world_make(&w);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    whole = folder_get(&w.f, "a.key", text, sizeof text);
    for (size_t n = 0; n < whole.n; n++) {
        folder_put(&w.f, "a.key", (struct bm_bytes){ text, n }, 0400);
        CHECK_STATUS(try_open(&w, "a.key"), BM_E_KEYS_FILE);
    }
    world_remove(&w);
}

static void every_flipped_bit_is_refused(void)
{
    struct world w;
    uint8_t text[BM_KEY_FILE_MAX];
    struct bm_bytes whole;

    world_make(&w);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    whole = folder_get(&w.f, "a.key", text, sizeof text);
    for (size_t i = 0; i < 8 * whole.n; i++) {
        bm_status rc;

        text[i / 8] = (uint8_t)(text[i / 8] ^ 1 << i % 8);
        folder_put(&w.f, "a.key", whole, 0400);
        rc = try_open(&w, "a.key");
        CHECK(rc == BM_E_KEYS_FILE || rc == BM_E_KEYS_VERSION);
        text[i / 8] = (uint8_t)(text[i / 8] ^ 1 << i % 8);
    }
    folder_put(&w.f, "a.key", whole, 0400);
    CHECK_STATUS(try_open(&w, "a.key"), BM_OK);
    world_remove(&w);
}

static void a_file_of_another_name_does_not_open(void)
{
    struct world w;
    uint8_t a[BM_KEY_FILE_MAX];
    uint8_t b[BM_KEY_FILE_MAX];
    struct bm_bytes one;
    struct bm_bytes two;

    world_make(&w);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    CHECK_STATUS(generate(&w, "b.key"), BM_OK);
    one = folder_get(&w.f, "a.key", a, sizeof a);
    two = folder_get(&w.f, "b.key", b, sizeof b);
    folder_put(&w.f, "c.key", one, 0400);
    CHECK_STATUS(try_open(&w, "c.key"), BM_E_KEYS_FILE);
    folder_put(&w.f, "a.key", two, 0400);
    folder_put(&w.f, "b.key", one, 0400);
    CHECK_STATUS(try_open(&w, "a.key"), BM_E_KEYS_FILE);
    CHECK_STATUS(try_open(&w, "b.key"), BM_E_KEYS_FILE);
    world_remove(&w);
}

static void a_file_of_another_instance_does_not_open(void)
{
    struct world w;
    struct world other;
    uint8_t text[BM_KEY_FILE_MAX];

    world_make(&w);
    world_make(&other);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    folder_put(&other.f, "a.key", folder_get(&w.f, "a.key", text, sizeof text),
               0400);
    CHECK_STATUS(try_open(&other, "a.key"), BM_E_KEYS_FILE);
    world_remove(&w);
    world_remove(&other);
}

/* The public half in clear is bound, too: nobody is lied to unnoticed. */
static void an_exchanged_public_half_is_noticed(void)
{
    const struct bm_spki *mine;
    struct world w;
    struct bm_key *key = NULL;
    uint8_t text[BM_KEY_FILE_MAX];
    uint8_t body[BM_KEY_FILE_MAX];
    struct bm_bytes whole;
    struct bm_pem block;
    struct bm_wr out;
    size_t n;

    world_make(&w);
    CHECK_STATUS(w.p->generate(w.p->self, "a.key", &p256, &key), BM_OK);
    mine = &key->signer->key;
    whole = folder_get(&w.f, "a.key", text, sizeof text);
    bm_wr_init(&out, body, sizeof body);
    CHECK_STATUS(bm_pem_next(&whole, NULL, &block), BM_OK);
    CHECK_STATUS(bm_pem_decode(&block, NULL, &out), BM_OK);
    n = out.len;
    for (size_t i = 0; i + mine->der.n <= n; i++) {
        if (memcmp(body + i, mine->der.p, mine->der.n) == 0) {
            memcpy(body + i, bm_test_signer(BM_KEY_P256)->key.der.p,
                   mine->der.n);
        }
    }
    bm_wr_init(&out, text, sizeof text);
    bm_pem_put(&out, "BIRTHMARK SEALED KEY", (struct bm_bytes){ body, n });
    folder_put(&w.f, "a.key", bm_wr_bytes(&out), 0400);
    CHECK_STATUS(try_open(&w, "a.key"), BM_E_KEYS_FILE);
    bm_wr_init(&out, body, sizeof body);
    CHECK_STATUS(bm_key_file_public(w.p, "a.key", &out), BM_OK);
    CHECK(bm_bytes_equal(bm_wr_bytes(&out),
                         bm_test_signer(BM_KEY_P256)->key.der));
    bm_key_close(key);
    world_remove(&w);
}

static void only_a_private_file_is_read(void)
{
    static const struct {
        mode_t mode;
        bm_status status;
    } rows[] = {
        { 0400, BM_OK },          { 0600, BM_OK },
        { 0440, BM_E_KEYS_MODE }, { 0404, BM_E_KEYS_MODE },
        { 0620, BM_E_KEYS_MODE }, { 0602, BM_E_KEYS_MODE },
    };
    static uint8_t large[BM_KEY_FILE_MAX + 1];
    struct world w;
    uint8_t text[BM_KEY_FILE_MAX];
    struct bm_bytes whole;

    world_make(&w);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    whole = folder_get(&w.f, "a.key", text, sizeof text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        folder_put(&w.f, "a.key", whole, rows[i].mode);
        CHECK_STATUS(try_open(&w, "a.key"), rows[i].status);
    }
    folder_put(&w.f, "a.key", whole, 0400);
    folder_must(symlink("a.key", folder_file(&w.f, "b.key")) == 0, "symlink");
    CHECK_STATUS(try_open(&w, "b.key"), BM_E_KEYS_FILE);
    folder_must(mkfifo(folder_file(&w.f, "c.key"), 0400) == 0, "mkfifo");
    CHECK_STATUS(try_open(&w, "c.key"), BM_E_KEYS_FILE);
    folder_put(&w.f, "d.key", BM_ARRAY(large), 0400);
    CHECK_STATUS(try_open(&w, "d.key"), BM_E_KEYS_FILE);
    world_remove(&w);
}

static void a_locked_provider_shows_public_keys_only(void)
{
    struct world w;
    struct bm_key_provider *locked;
    struct bm_key *key = NULL;
    uint8_t buf[512];
    struct bm_wr out;

    world_make(&w);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    locked = folder_provider(&w.f, NULL);
    CHECK_STATUS(locked->open(locked->self, "a.key", &key), BM_E_KEYS_LOCKED);
    CHECK(key == NULL);
    CHECK_STATUS(locked->generate(locked->self, "b.key", &p256, &key),
                 BM_E_KEYS_LOCKED);
    CHECK(key == NULL && folder_count(&w.f) == 2);
    bm_wr_init(&out, buf, sizeof buf);
    CHECK_STATUS(bm_key_file_export(locked, "a.key", &out), BM_E_KEYS_LOCKED);
    CHECK_STATUS(bm_key_file_import(locked, "b.key", BM_LIT("")),
                 BM_E_KEYS_LOCKED);
    CHECK(out.len == 0);
    CHECK_STATUS(bm_key_file_public(locked, "a.key", &out), BM_OK);
    CHECK(out.len != 0);
    bm_wr_init(&out, buf, sizeof buf);
    CHECK_STATUS(bm_key_file_public(locked, "../a.key", &out), BM_E_KEYS_URI);
    CHECK_STATUS(bm_key_file_public(locked, "b.key", &out), BM_E_NOT_FOUND);
    CHECK(out.len == 0);
    bm_key_file_free(locked);
    world_remove(&w);
}

static void a_key_outlives_its_provider(void)
{
    struct world w;
    struct bm_key *key = NULL;

    world_make(&w);
    CHECK_STATUS(w.p->generate(w.p->self, "a.key", &p256, &key), BM_OK);
    world_remove(&w);
    CHECK_STATUS(agrees(key, key), BM_OK);
    bm_key_close(key);
}

static void what_a_crash_left_is_removed_by_the_next(void)
{
    struct world w;

    world_make(&w);
    folder_put(&w.f, ".a.key.1-0.bm-new", BM_LIT("torn"), 0600);
    folder_put(&w.f, ".b.key.99999-7.bm-new", BM_LIT(""), 0400);
    folder_put(&w.f, ".mine", BM_LIT("stays"), 0600);
    folder_put(&w.f, "a.bm-new", BM_LIT("stays"), 0600);
    CHECK_STATUS(generate(&w, "c.key"), BM_OK);
    CHECK(folder_count(&w.f) == 4);
    CHECK(access(folder_file(&w.f, ".mine"), F_OK) == 0);
    CHECK(access(folder_file(&w.f, "a.bm-new"), F_OK) == 0);
    CHECK_STATUS(try_open(&w, "c.key"), BM_OK);
    world_remove(&w);
}

static void a_folder_that_is_not_there_has_no_provider(void)
{
    const struct bm_key_file_config config = { bm_test_key_tools(),
                                               "/nonexistent", NULL };
    struct bm_key_provider *p = NULL;

    CHECK_STATUS(bm_key_file_new(&config, &p), BM_E_NOT_FOUND);
    CHECK(p == NULL);
    bm_key_file_free(NULL);
}

static void a_destroyed_key_is_gone_and_its_octets_too(void)
{
    static const uint8_t zeros[BM_KEY_FILE_MAX];
    uint8_t buf[BM_KEY_FILE_MAX];
    char from[FOLDER_PATH_MAX];
    struct bm_bytes left;
    struct world w;

    world_make(&w);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    CHECK_STATUS(generate(&w, "b.key"), BM_OK);
    /* A second name shows what the blocks of the first hold afterwards. */
    memcpy(from, folder_file(&w.f, "a.key"), sizeof from);
    CHECK(link(from, folder_file(&w.f, "witness")) == 0);
    CHECK_STATUS(w.p->destroy(w.p->self, "a.key"), BM_OK);
    CHECK_STATUS(try_open(&w, "a.key"), BM_E_NOT_FOUND);
    CHECK_STATUS(try_open(&w, "b.key"), BM_OK);
    left = folder_get(&w.f, "witness", buf, sizeof buf);
    CHECK(left.n > 100 && bm_bytes_are(left, zeros, left.n));
    CHECK_STATUS(w.p->destroy(w.p->self, "a.key"), BM_OK);
    CHECK_STATUS(generate(&w, "a.key"), BM_OK);
    world_remove(&w);
}

static void only_a_key_file_is_destroyed(void)
{
    static const char *const names[] = { "../x.key", "kek", "", ".key", "a" };
    struct world w;

    world_make(&w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK_STATUS(w.p->destroy(w.p->self, names[i]), BM_E_KEYS_URI);
    }
    folder_put(&w.f, "other", BM_LIT("stays"), 0600);
    CHECK(symlink("other", folder_file(&w.f, "a.key")) == 0);
    CHECK(w.p->destroy(w.p->self, "a.key") != BM_OK);
    CHECK(folder_mode(&w.f, "other") == 0600);
    CHECK(mkdir(folder_file(&w.f, "d.key"), 0700) == 0);
    CHECK(w.p->destroy(w.p->self, "d.key") != BM_OK);
    CHECK(rmdir(folder_file(&w.f, "d.key")) == 0);
    world_remove(&w);
}

int main(void)
{
    RUN(a_key_of_each_type_comes_back);
    RUN(what_is_not_kept_is_not_made);
    RUN(a_name_never_leaves_its_folder);
    RUN(a_key_is_never_overwritten);
    RUN(every_prefix_is_refused);
    RUN(every_flipped_bit_is_refused);
    RUN(a_file_of_another_name_does_not_open);
    RUN(a_file_of_another_instance_does_not_open);
    RUN(an_exchanged_public_half_is_noticed);
    RUN(only_a_private_file_is_read);
    RUN(a_locked_provider_shows_public_keys_only);
    RUN(a_key_outlives_its_provider);
    RUN(what_a_crash_left_is_removed_by_the_next);
    RUN(a_folder_that_is_not_there_has_no_provider);
    RUN(a_destroyed_key_is_gone_and_its_octets_too);
    RUN(only_a_key_file_is_destroyed);
    return bm_test_done();
}
