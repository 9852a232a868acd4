/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/test/token.h"

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

static bm_status generate(struct bm_key_provider *p, const char *rest)
{
    struct bm_key *key = NULL;
    bm_status rc = p->generate(p->self, rest, &p256, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    bm_key_close(key);
    return rc;
}

static bm_status try_open(struct bm_key_provider *p, const char *rest)
{
    struct bm_key *key = NULL;
    bm_status rc = p->open(p->self, rest, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    bm_key_close(key);
    return rc;
}

static void check_round_trip(struct bm_key_provider *p, const char *rest,
                             const struct bm_key_spec *spec, const char *words)
{
    struct bm_key *made = NULL;
    struct bm_key *again = NULL;
    uint8_t buf[256];
    struct bm_wr w;

    CHECK_STATUS(p->generate(p->self, rest, spec, &made), BM_OK);
    CHECK_STATUS(p->open(p->self, rest, &again), BM_OK);
    if (made != NULL && again != NULL) {
        CHECK(made->signer->key.type == spec->type);
        CHECK(bm_bytes_equal(made->signer->key.der, again->signer->key.der));
        CHECK((again->signer->sign_hash == NULL) ==
              (spec->type == BM_KEY_ED25519));
        CHECK_STATUS(token_sign(made), BM_OK);
        CHECK_STATUS(token_sign(again), BM_OK);
        bm_wr_init(&w, buf, sizeof buf);
        again->describe(again->self, &w);
        CHECK_BYTES(buf, w.len, words, strlen(words));
    }
    bm_key_close(made);
    bm_key_close(again);
}

static void a_key_of_each_type_is_made_found_and_signs(void)
{
    static const struct {
        const char *rest;
        struct bm_key_spec spec;
        const char *words;
    } rows[] = {
        { "token=one;object=a",
          { BM_KEY_P256, 0 },
          "token one, key a, ECDSA P-256, never outside of it" },
        { "token=one;object=b;id=%00%ff",
          { BM_KEY_P384, 0 },
          "token one, key b, ECDSA P-384, never outside of it" },
        { "token=one;object=e",
          { BM_KEY_RSA, 2048 },
          "token one, key e, RSA 2048, never outside of it" },
    };
    struct token_world w;
    struct bm_key_provider *p;

    token_world_make(&w);
    p = token_provider(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_round_trip(p, rows[i].rest, &rows[i].spec, rows[i].words);
    }
    CHECK_STATUS(try_open(p, "token=one;id=%00%ff"), BM_OK);
    bm_key_pkcs11_free(p);
    token_world_remove(&w);
}

/* SoftHSM loses memory with each key of this kind: a process of its own does
 * not have it counted. */
static void ed25519_is_made_where_the_token_has_it(void)
{
    static const struct bm_key_spec spec = { BM_KEY_ED25519, 0 };
    struct token_world w;
    int status = -1;
    pid_t child;

    token_world_make(&w);
    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        struct bm_key_provider *p = token_provider(&w);

        check_round_trip(p, "token=one;object=c%20d;type=private", &spec,
                         "token one, key c%20d, Ed25519, never outside of it");
        (void)fflush(stdout);
        _exit(bm_test_failed != 0);
    }
    (void)waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    token_world_remove(&w);
}

static void a_key_is_never_overwritten(void)
{
    struct token_world w;
    struct bm_key_provider *p;

    token_world_make(&w);
    p = token_provider(&w);
    CHECK_STATUS(generate(p, "token=one;object=a;id=%01"), BM_OK);
    CHECK_STATUS(generate(p, "token=one;object=a"), BM_E_EXISTS);
    CHECK_STATUS(generate(p, "token=one;object=a;id=%02"), BM_E_EXISTS);
    CHECK_STATUS(generate(p, "token=one;object=b;id=%01"), BM_E_EXISTS);
    CHECK_STATUS(generate(p, "token=one;object=b;id=%02"), BM_OK);
    CHECK_STATUS(generate(p, "token=one;id=%03"), BM_E_KEYS_URI);
    CHECK_STATUS(try_open(p, "token=one;object=a"), BM_OK);
    CHECK_STATUS(try_open(p, "token=one;object=a;id=%02"), BM_E_NOT_FOUND);
    bm_key_pkcs11_free(p);
    token_world_remove(&w);
}

static void what_is_not_there_is_told_apart(void)
{
    struct token_world w;
    struct bm_key_provider *p;
    struct bm_key_provider *none;
    static const char *const modules[] = { NULL };

    token_world_make(&w);
    p = token_provider(&w);
    none = token_provider_of(&w, modules);
    CHECK_STATUS(generate(p, "token=one;object=a"), BM_OK);
    CHECK_STATUS(try_open(p, "token=one;object=z"), BM_E_NOT_FOUND);
    CHECK_STATUS(try_open(p, "token=two;object=a"), BM_E_KEYS_GONE);
    CHECK_STATUS(try_open(p, "token=one;object=a?module-path=/none.so"),
                 BM_E_KEYS_MODULE);
    CHECK_STATUS(try_open(p, "token=one;object=a?module-path=" TOKEN_MODULE),
                 BM_OK);
    CHECK_STATUS(try_open(none, "token=one;object=a"), BM_E_KEYS_MODULE);
    bm_key_pkcs11_free(none);
    bm_key_pkcs11_free(p);
    token_world_remove(&w);
}

static void a_token_that_left_is_used_again_when_it_is_back(void)
{
    struct token_world w;
    struct bm_key_provider *p;
    struct bm_key *key = NULL;

    token_world_make(&w);
    p = token_provider(&w);
    CHECK_STATUS(p->generate(p->self, "token=one;object=a", &p256, &key),
                 BM_OK);
    if (key != NULL) {
        CHECK_STATUS(token_sign(key), BM_OK);
        token_leaves(&w);
        CHECK_STATUS(token_sign(key), BM_E_KEYS_GONE);
        CHECK_STATUS(token_sign(key), BM_E_KEYS_GONE);
        token_returns(&w);
        CHECK(token_heals(key));
        CHECK_STATUS(token_sign(key), BM_OK);
    }
    bm_key_close(key);
    bm_key_pkcs11_free(p);
    token_world_remove(&w);
}

/* As a service starts while its HSM does not. */
static void a_key_is_expected_before_its_token_is_there(void)
{
    struct token_world w;
    struct bm_key_provider *p;
    struct bm_key *made = NULL;
    struct bm_key *key = NULL;
    uint8_t spki[256];
    size_t n = 0;

    token_world_make(&w);
    p = token_provider(&w);
    CHECK_STATUS(p->generate(p->self, "token=one;object=a", &p256, &made),
                 BM_OK);
    if (made != NULL) {
        n = made->signer->key.der.n;
        memcpy(spki, made->signer->key.der.p, n);
    }
    bm_key_close(made);
    token_leaves(&w);
    CHECK_STATUS(try_open(p, "token=one;object=a"), BM_E_KEYS_GONE);
    CHECK_STATUS(p->expect(p->self, "token=one;object=a",
                           (struct bm_bytes){ spki, n }, &key),
                 BM_OK);
    bm_key_pkcs11_free(p);
    if (key != NULL) {
        CHECK(bm_bytes_are(key->signer->key.der, spki, n));
        CHECK_STATUS(bm_key_ready(key), BM_E_KEYS_GONE);
        CHECK_STATUS(token_sign(key), BM_E_KEYS_GONE);
        token_returns(&w);
        CHECK(token_heals(key));
        CHECK_STATUS(bm_key_ready(key), BM_OK);
    }
    bm_key_close(key);
    token_world_remove(&w);
}

/* The token has another key of that name: it is not ready, and never used. */
static void another_key_of_that_name_is_found_out(void)
{
    struct token_world w;
    struct bm_key_provider *p;
    struct bm_key *other = NULL;
    struct bm_key *key = NULL;

    token_world_make(&w);
    p = token_provider(&w);
    CHECK_STATUS(generate(p, "token=one;object=a"), BM_OK);
    CHECK_STATUS(p->generate(p->self, "token=one;object=b", &p256, &other),
                 BM_OK);
    if (other != NULL) {
        CHECK_STATUS(p->expect(p->self, "token=one;object=a",
                               other->signer->key.der, &key),
                     BM_OK);
    }
    if (key != NULL) {
        CHECK_STATUS(bm_key_ready(key), BM_E_KEY_MISMATCH);
        CHECK_STATUS(token_sign(key), BM_E_KEY_MISMATCH);
        CHECK_STATUS(bm_key_ready(key), BM_E_KEY_MISMATCH);
    }
    bm_key_close(key);
    bm_key_close(other);
    bm_key_pkcs11_free(p);
    token_world_remove(&w);
}

/* How many objects the token has: a foreign witness. */
static int count_objects(struct token_world *w)
{
    char out[FOLDER_PATH_MAX];
    char command[2 * FOLDER_PATH_MAX + 200];
    const char *const argv[] = { "sh", "-c", command, NULL };
    uint8_t buf[16384];
    struct bm_bytes text;
    int n = 0;

    memcpy(out, folder_file(&w->f, "objects"), sizeof out);
    (void)snprintf(command, sizeof command,
                   "pkcs11-tool --module " TOKEN_MODULE
                   " --token-label one --login --pin " TOKEN_PIN " -O > %s",
                   out);
    folder_must(token_run(argv) == 0, "pkcs11-tool");
    text = folder_get(&w->f, "objects", buf, sizeof buf - 1);
    buf[text.n] = 0;
    for (const char *at = (const char *)buf;
         (at = strstr(at, " Key Object")) != NULL; at++) {
        n++;
    }
    return n;
}

static void a_destroyed_key_is_gone_with_both_halves(void)
{
    struct token_world w;
    struct bm_key_provider *p;

    token_world_make(&w);
    p = token_provider(&w);
    CHECK_STATUS(generate(p, "token=one;object=a"), BM_OK);
    CHECK_STATUS(generate(p, "token=one;object=b"), BM_OK);
    CHECK(count_objects(&w) == 4);
    CHECK_STATUS(p->destroy(p->self, "token=one;object=a"), BM_OK);
    CHECK(count_objects(&w) == 2);
    CHECK_STATUS(try_open(p, "token=one;object=a"), BM_E_NOT_FOUND);
    CHECK_STATUS(try_open(p, "token=one;object=b"), BM_OK);
    CHECK_STATUS(p->destroy(p->self, "token=one;object=a"), BM_OK);
    CHECK_STATUS(p->destroy(p->self, "token=one;id=%01"), BM_E_KEYS_URI);
    CHECK_STATUS(p->destroy(p->self, "token=two;object=b"), BM_E_KEYS_GONE);
    CHECK_STATUS(generate(p, "token=one;object=a"), BM_OK);
    CHECK(count_objects(&w) == 4);
    bm_key_pkcs11_free(p);
    token_world_remove(&w);
}

/* Two keys of one name, made by another program. */
static void of_two_keys_none_is_destroyed(void)
{
    const char *const argv[] = { "pkcs11-tool",
                                 "--module",
                                 TOKEN_MODULE,
                                 "--token-label",
                                 "one",
                                 "--login",
                                 "--pin",
                                 TOKEN_PIN,
                                 "--keypairgen",
                                 "--key-type",
                                 "EC:prime256v1",
                                 "--label",
                                 "a",
                                 "--id",
                                 "02",
                                 NULL };
    struct token_world w;
    struct bm_key_provider *p;

    token_world_make(&w);
    p = token_provider(&w);
    CHECK_STATUS(generate(p, "token=one;object=a;id=%01"), BM_OK);
    folder_must(token_run(argv) == 0, "pkcs11-tool");
    CHECK_STATUS(p->destroy(p->self, "token=one;object=a"),
                 BM_E_KEYS_AMBIGUOUS);
    CHECK(count_objects(&w) == 4);
    CHECK_STATUS(p->destroy(p->self, "token=one;object=a;id=%02"), BM_OK);
    CHECK(count_objects(&w) == 2);
    CHECK_STATUS(try_open(p, "token=one;object=a;id=%01"), BM_OK);
    bm_key_pkcs11_free(p);
    token_world_remove(&w);
}

int main(void)
{
    RUN(a_key_is_expected_before_its_token_is_there);
    RUN(another_key_of_that_name_is_found_out);
    RUN(a_key_of_each_type_is_made_found_and_signs);
    RUN(ed25519_is_made_where_the_token_has_it);
    RUN(a_key_is_never_overwritten);
    RUN(what_is_not_there_is_told_apart);
    RUN(a_token_that_left_is_used_again_when_it_is_back);
    RUN(a_destroyed_key_is_gone_with_both_halves);
    RUN(of_two_keys_none_is_destroyed);
    return bm_test_done();
}
