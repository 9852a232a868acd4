/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor.h"
#include "core/pem.h"
#include "keys/test/folder.h"

#define LABEL "BIRTHMARK KEY ENCRYPTION KEY"

static bm_status try_open(struct folder *f, const uint8_t *secret)
{
    const struct bm_kek_config config = kek_config(f, secret);
    struct bm_kek *kek = NULL;
    bm_status rc = bm_kek_open(&config, &kek);

    CHECK((rc == BM_OK) == (kek != NULL));
    bm_kek_close(kek);
    return rc;
}

/* Is the key that the secret opens this one? */
static void check_opens(struct folder *f, const uint8_t *secret,
                        const struct bm_kek *want)
{
    const struct bm_kek_config config = kek_config(f, secret);
    struct bm_kek *kek = NULL;

    CHECK_STATUS(bm_kek_open(&config, &kek), BM_OK);
    if (kek != NULL) {
        CHECK_BYTES(bm_kek_key(kek).p, bm_kek_key(kek).n, bm_kek_key(want).p,
                    bm_kek_key(want).n);
    }
    bm_kek_close(kek);
}

static void a_key_comes_back_under_its_secret(void)
{
    struct folder f;
    struct bm_kek *kek;

    folder_make(&f);
    kek = folder_kek(&f);
    CHECK(bm_kek_key(kek).n == BM_KEK_SIZE);
    CHECK(folder_mode(&f, "kek") == 0400);
    CHECK(folder_count(&f) == 1);
    check_opens(&f, test_secret, kek);
    bm_kek_close(kek);
    folder_remove(&f);
}

static void a_wrong_secret_is_told_from_damage(void)
{
    struct folder f;

    folder_make(&f);
    bm_kek_close(folder_kek(&f));
    CHECK_STATUS(try_open(&f, other_secret), BM_E_KEYS_SECRET);
    for (size_t i = 0; i < BM_UNLOCK_SIZE; i++) {
        uint8_t secret[BM_UNLOCK_SIZE];

        memcpy(secret, test_secret, sizeof secret);
        secret[i] ^= 0x80;
        CHECK_STATUS(try_open(&f, secret), BM_E_KEYS_SECRET);
    }
    folder_remove(&f);
}

static void a_file_is_never_overwritten(void)
{
    struct folder f;
    struct bm_kek *kek;
    struct bm_kek *other = NULL;
    struct bm_kek_config config;

    folder_make(&f);
    kek = folder_kek(&f);
    config = kek_config(&f, other_secret);
    CHECK_STATUS(bm_kek_create(&config, &other), BM_E_EXISTS);
    CHECK(other == NULL);
    check_opens(&f, test_secret, kek);
    CHECK(folder_count(&f) == 1);
    bm_kek_close(kek);
    folder_remove(&f);
}

static void the_secret_can_be_changed(void)
{
    const struct bm_scrypt_cost dearer = { 11, 4, 3 };
    struct folder f;
    struct bm_kek *kek;
    struct bm_kek_config config;

    folder_make(&f);
    kek = folder_kek(&f);
    config = kek_config(&f, other_secret);
    config.cost = &dearer;
    CHECK_STATUS(bm_kek_rewrap(kek, &config), BM_OK);
    CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_SECRET);
    check_opens(&f, other_secret, kek);
    CHECK(folder_mode(&f, "kek") == 0400);
    CHECK(folder_count(&f) == 1);
    bm_kek_close(kek);
    folder_remove(&f);
}

static void each_purpose_has_a_key_of_its_own(void)
{
    const struct bm_crypto *crypto = bm_test_key_tools().crypto;
    uint8_t a[BM_KEK_SIZE];
    uint8_t b[BM_KEK_SIZE];
    struct bm_kek_config config;
    struct bm_kek *kek;
    struct folder f;

    folder_make(&f);
    kek = folder_kek(&f);
    CHECK_STATUS(bm_kek_derive(kek, crypto, BM_LIT("one"), a), BM_OK);
    CHECK_STATUS(bm_kek_derive(kek, crypto, BM_LIT("two"), b), BM_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(!bm_bytes_equal(bm_kek_key(kek), BM_ARRAY(a)));
    /* The same again, also under another secret. */
    config = kek_config(&f, other_secret);
    CHECK_STATUS(bm_kek_rewrap(kek, &config), BM_OK);
    bm_kek_close(kek);
    CHECK_STATUS(bm_kek_open(&config, &kek), BM_OK);
    CHECK_STATUS(bm_kek_derive(kek, crypto, BM_LIT("one"), b), BM_OK);
    CHECK(memcmp(a, b, sizeof a) == 0);
    bm_kek_close(kek);
    folder_remove(&f);
}

static void two_files_of_one_key_have_nothing_in_common(void)
{
    struct folder f;
    struct bm_kek *kek;
    struct bm_kek_config config;
    struct bm_kek_file a;
    struct bm_kek_file b;
    uint8_t text[BM_KEK_FILE_MAX];
    uint8_t room_a[BM_KEK_FILE_MAX];
    uint8_t room_b[BM_KEK_FILE_MAX];
    const struct bm_crypto *crypto = bm_test_key_tools().crypto;

    folder_make(&f);
    kek = folder_kek(&f);
    CHECK_STATUS(bm_kek_parse(crypto, folder_get(&f, "kek", text, sizeof text),
                              room_a, &a),
                 BM_OK);
    config = kek_config(&f, test_secret);
    CHECK_STATUS(bm_kek_rewrap(kek, &config), BM_OK);
    CHECK_STATUS(bm_kek_parse(crypto, folder_get(&f, "kek", text, sizeof text),
                              room_b, &b),
                 BM_OK);
    CHECK(!bm_bytes_equal(a.salt, b.salt));
    CHECK(!bm_bytes_equal(a.nonce, b.nonce));
    CHECK(!bm_bytes_equal(a.sealed, b.sealed));
    bm_kek_close(kek);
    folder_remove(&f);
}

static void every_prefix_is_refused(void)
{
    struct folder f;
    uint8_t text[BM_KEK_FILE_MAX];
    struct bm_bytes whole;

    folder_make(&f);
    bm_kek_close(folder_kek(&f));
    whole = folder_get(&f, "kek", text, sizeof text);
    for (size_t n = 0; n < whole.n; n++) {
        folder_put(&f, "kek", (struct bm_bytes){ text, n }, 0400);
        CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_FILE);
    }
    folder_remove(&f);
}

static void every_flipped_bit_is_damage(void)
{
    struct folder f;
    uint8_t text[BM_KEK_FILE_MAX];
    struct bm_bytes whole;

    folder_make(&f);
    bm_kek_close(folder_kek(&f));
    whole = folder_get(&f, "kek", text, sizeof text);
    for (size_t i = 0; i < 8 * whole.n; i++) {
        bm_status rc;

        text[i / 8] = (uint8_t)(text[i / 8] ^ 1 << i % 8);
        folder_put(&f, "kek", whole, 0400);
        rc = try_open(&f, test_secret);
        /* The version is what may be read in a file of another one. */
        CHECK(rc == BM_E_KEYS_FILE || rc == BM_E_KEYS_VERSION);
        text[i / 8] = (uint8_t)(text[i / 8] ^ 1 << i % 8);
    }
    folder_put(&f, "kek", whole, 0400);
    CHECK_STATUS(try_open(&f, test_secret), BM_OK);
    folder_remove(&f);
}

/* What a file holds; written with a check that is right. */
struct made {
    uint64_t version;
    uint64_t log_n;
    uint64_t r;
    uint64_t p;
    size_t salt;
    size_t nonce;
    size_t sealed;
    size_t check;
};

static bm_status parse_made(const struct made *m)
{
    static const uint8_t octets[256];
    const struct bm_crypto *crypto = bm_test_key_tools().crypto;
    uint8_t body[BM_KEK_FILE_MAX];
    uint8_t text[2 * BM_KEK_FILE_MAX];
    uint8_t room[BM_KEK_FILE_MAX];
    uint8_t digest[BM_HASH_MAX] = { 0 };
    struct bm_kek_file file;
    struct bm_wr b;
    struct bm_wr w;

    bm_wr_init(&b, body, sizeof body);
    bm_cbor_put_array(&b, 8);
    bm_cbor_put_uint(&b, m->version);
    bm_cbor_put_uint(&b, m->log_n);
    bm_cbor_put_uint(&b, m->r);
    bm_cbor_put_uint(&b, m->p);
    bm_cbor_put_bytes(&b, (struct bm_bytes){ octets, m->salt });
    bm_cbor_put_bytes(&b, (struct bm_bytes){ octets, m->nonce });
    bm_cbor_put_bytes(&b, (struct bm_bytes){ octets, m->sealed });
    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&b), digest),
        BM_OK);
    bm_cbor_put_bytes(&b, (struct bm_bytes){ digest, m->check });
    bm_wr_init(&w, text, sizeof text);
    bm_pem_put(&w, LABEL, bm_wr_bytes(&b));
    return bm_kek_parse(crypto, bm_wr_bytes(&w), room, &file);
}

static void a_hostile_file_costs_bounded_memory_and_work(void)
{
    static const struct {
        struct made made;
        bm_status status;
    } rows[] = {
        { { 1, 16, 8, 1, 32, 12, 48, 16 }, BM_OK },
        { { 1, 10, 1, 1, 32, 12, 48, 16 }, BM_OK },
        { { 1, 18, 8, 1, 32, 12, 48, 16 }, BM_OK }, /* 256 MiB */
        { { 1, 18, 8, 4, 32, 12, 48, 16 }, BM_OK }, /* the most work */
        { { 1, 18, 8, 5, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 18, 9, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 19, 8, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 20, 2, 1, 32, 12, 48, 16 }, BM_OK },
        { { 1, 21, 1, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 63, 1, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 64, 1, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, UINT64_MAX, 1, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, (uint64_t)1 << 32 | 16, 8, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 16, (uint64_t)1 << 32 | 8, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 16, 8, (uint64_t)1 << 32 | 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 9, 8, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 0, 8, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 16, 0, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 16, 33, 1, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 16, 8, 0, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 1, 16, 1, 17, 32, 12, 48, 16 }, BM_E_LIMIT },
        { { 0, 16, 8, 1, 32, 12, 48, 16 }, BM_E_KEYS_FILE },
        { { 2, 16, 8, 1, 32, 12, 48, 16 }, BM_E_KEYS_VERSION },
        { { 1, 16, 8, 1, 31, 12, 48, 16 }, BM_E_KEYS_FILE },
        { { 1, 16, 8, 1, 33, 12, 48, 16 }, BM_E_KEYS_FILE },
        { { 1, 16, 8, 1, 32, 11, 48, 16 }, BM_E_KEYS_FILE },
        { { 1, 16, 8, 1, 32, 13, 48, 16 }, BM_E_KEYS_FILE },
        { { 1, 16, 8, 1, 32, 12, 47, 16 }, BM_E_KEYS_FILE },
        { { 1, 16, 8, 1, 32, 12, 49, 16 }, BM_E_KEYS_FILE },
        { { 1, 16, 8, 1, 32, 12, 48, 15 }, BM_E_KEYS_FILE },
        { { 1, 16, 8, 1, 32, 12, 48, 17 }, BM_E_KEYS_FILE },
        { { 1, 16, 8, 1, 32, 12, 48, 0 }, BM_E_KEYS_FILE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_status rc = parse_made(&rows[i].made);

        CHECK_STATUS(rc, rows[i].status);
        if (rc != rows[i].status) {
            printf("# row %lu\n", (unsigned long)i);
        }
    }
}

static void a_cost_outside_of_the_bounds_is_not_written(void)
{
    static const struct bm_scrypt_cost rows[] = {
        { 9, 8, 1 }, { 21, 1, 1 }, { 18, 9, 1 }, { 16, 0, 1 }, { 16, 8, 0 }
    };
    struct folder f;

    folder_make(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_kek_config config = kek_config(&f, test_secret);
        struct bm_kek *kek = NULL;

        config.cost = &rows[i];
        CHECK_STATUS(bm_kek_create(&config, &kek), BM_E_LIMIT);
        CHECK(kek == NULL && folder_count(&f) == 0);
    }
    folder_remove(&f);
}

static void the_usual_cost_is_what_the_header_says(void)
{
    struct folder f;
    struct bm_kek_config config;
    struct bm_kek *kek = NULL;
    struct bm_kek_file file;
    uint8_t text[BM_KEK_FILE_MAX];
    uint8_t room[BM_KEK_FILE_MAX];

    folder_make(&f);
    config = kek_config(&f, test_secret);
    config.cost = NULL;
    CHECK_STATUS(bm_kek_create(&config, &kek), BM_OK);
    bm_kek_close(kek);
    CHECK_STATUS(bm_kek_parse(config.tools.crypto,
                              folder_get(&f, "kek", text, sizeof text), room,
                              &file),
                 BM_OK);
    CHECK(file.cost.log_n == BM_KEK_LOG_N && file.cost.r == BM_KEK_R &&
          file.cost.p == BM_KEK_P);
    folder_remove(&f);
}

/* RFC 7914 12, third vector */
static void scrypt_is_that_of_the_rfc(void)
{
    static const uint8_t want[64] = {
        0x70, 0x23, 0xbd, 0xcb, 0x3a, 0xfd, 0x73, 0x48, 0x46, 0x1c, 0x06,
        0xcd, 0x81, 0xfd, 0x38, 0xeb, 0xfd, 0xa8, 0xfb, 0xba, 0x90, 0x4f,
        0x8e, 0x3e, 0xa9, 0xb5, 0x43, 0xf6, 0x54, 0x5d, 0xa1, 0xf2, 0xd5,
        0x43, 0x29, 0x55, 0x61, 0x3f, 0x0f, 0xcf, 0x62, 0xd4, 0x97, 0x05,
        0x24, 0x2a, 0x9a, 0xf9, 0xe6, 0x1e, 0x85, 0xdc, 0x0d, 0x65, 0x1e,
        0x40, 0xdf, 0xcf, 0x01, 0x7b, 0x45, 0x57, 0x58, 0x87,
    };
    const struct bm_scrypt_config config = {
        .secret = BM_LIT("pleaseletmein"),
        .salt = BM_LIT("SodiumChloride"),
        .cost = { 14, 8, 1 },
    };
    const struct bm_key_maker *maker = bm_test_key_tools().maker;
    uint8_t out[64];

    CHECK_STATUS(maker->scrypt(maker->self, &config, out, sizeof out), BM_OK);
    CHECK_BYTES(out, sizeof out, want, sizeof want);
}

static void only_a_private_file_is_read(void)
{
    struct folder f;
    uint8_t text[BM_KEK_FILE_MAX + 1] = { 0 };
    char target[FOLDER_PATH_MAX];
    struct bm_bytes whole;

    folder_make(&f);
    CHECK_STATUS(try_open(&f, test_secret), BM_E_NOT_FOUND);
    bm_kek_close(folder_kek(&f));
    whole = folder_get(&f, "kek", text, sizeof text);
    folder_put(&f, "kek", whole, 0440);
    CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_MODE);
    folder_put(&f, "kek", whole, 0404);
    CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_MODE);
    folder_put(&f, "real", whole, 0400);
    memcpy(target, folder_file(&f, "real"), sizeof target);
    (void)unlink(folder_file(&f, "kek"));
    folder_must(symlink(target, folder_file(&f, "kek")) == 0, "symlink");
    CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_FILE);
    folder_put(&f, "kek", BM_ARRAY(text), 0400);
    CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_FILE);
    folder_remove(&f);
}

/* One encoding: no text around the block, no other line ends. */
static void a_file_has_one_form(void)
{
    struct folder f;
    uint8_t text[BM_KEK_FILE_MAX];
    uint8_t other[BM_KEK_FILE_MAX];
    struct bm_bytes whole;
    struct bm_wr w;

    folder_make(&f);
    bm_kek_close(folder_kek(&f));
    whole = folder_get(&f, "kek", text, sizeof text);
    bm_wr_init(&w, other, sizeof other);
    bm_wr_str(&w, "words\n");
    bm_wr_put(&w, whole);
    folder_put(&f, "kek", bm_wr_bytes(&w), 0400);
    CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_FILE);
    bm_wr_init(&w, other, sizeof other);
    bm_wr_put(&w, whole);
    bm_wr_put(&w, whole);
    folder_put(&f, "kek", bm_wr_bytes(&w), 0400);
    CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_FILE);
    bm_wr_init(&w, other, sizeof other);
    for (size_t i = 0; i < whole.n; i++) {
        if (whole.p[i] == '\n') {
            bm_wr_u8(&w, '\r');
        }
        bm_wr_u8(&w, whole.p[i]);
    }
    folder_put(&f, "kek", bm_wr_bytes(&w), 0400);
    CHECK_STATUS(try_open(&f, test_secret), BM_E_KEYS_FILE);
    folder_remove(&f);
}

int main(void)
{
    RUN(a_key_comes_back_under_its_secret);
    RUN(a_wrong_secret_is_told_from_damage);
    RUN(a_file_is_never_overwritten);
    RUN(the_secret_can_be_changed);
    RUN(each_purpose_has_a_key_of_its_own);
    RUN(two_files_of_one_key_have_nothing_in_common);
    RUN(every_prefix_is_refused);
    RUN(every_flipped_bit_is_damage);
    RUN(a_hostile_file_costs_bounded_memory_and_work);
    RUN(a_cost_outside_of_the_bounds_is_not_written);
    RUN(the_usual_cost_is_what_the_header_says);
    RUN(scrypt_is_that_of_the_rfc);
    RUN(only_a_private_file_is_read);
    RUN(a_file_has_one_form);
    return bm_test_done();
}
