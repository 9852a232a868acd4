/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/test/swtpm.h"
#include "tests/harness/test_crypto.h"

#define HANDLE "0x81020001"

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };
static const struct bm_key_spec p384 = { BM_KEY_P384, 0 };
static const struct bm_key_spec rsa2048 = { BM_KEY_RSA, 2048 };

/* A TPM, and a provider that knows the way to it. */
struct world {
    struct swtpm t;
    struct bm_key_provider *p;
};

static void world_make(struct world *w)
{
    swtpm_make(&w->t);
    w->p = swtpm_provider(&w->t);
}

static void world_remove(struct world *w)
{
    bm_key_tpm2_free(w->p);
    swtpm_remove(&w->t);
}

static bm_status sign_with(const struct bm_key *key)
{
    const struct bm_signer *s = key->signer;
    const struct bm_bytes message = BM_LIT("to be signed");
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t room[BM_SIGNATURE_MAX];
    uint8_t digest[BM_HASH_MAX];
    enum bm_hash hash = bm_sig_alg_hash(s->alg);
    struct bm_wr sig;

    bm_wr_init(&sig, room, sizeof room);
    BM_TRY(s->sign(s->self, message, &sig));
    CHECK_STATUS(crypto->verify(crypto->self, &s->key, s->alg, message,
                                bm_wr_bytes(&sig)),
                 BM_OK);
    bm_wr_init(&sig, room, sizeof room);
    CHECK_STATUS(crypto->hash(crypto->self, hash, message, digest), BM_OK);
    BM_TRY(s->sign_hash(s->self, (struct bm_bytes){ digest, bm_hash_len(hash) },
                        &sig));
    CHECK_STATUS(crypto->verify(crypto->self, &s->key, s->alg, message,
                                bm_wr_bytes(&sig)),
                 BM_OK);
    return BM_OK;
}

static bm_status generate(struct world *w, const char *rest,
                          const struct bm_key_spec *spec)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->generate(w->p->self, rest, spec, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    if (key != NULL) {
        CHECK_STATUS(sign_with(key), BM_OK);
    }
    bm_key_close(key);
    return rc;
}

static bm_status open_and_sign(struct world *w, const char *rest)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->open(w->p->self, rest, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    if (key != NULL) {
        rc = sign_with(key);
    }
    bm_key_close(key);
    return rc;
}

/* Nothing of ours is in the TPM's slots. */
static void check_clean(struct world *w)
{
    CHECK(swtpm_count(&w->t, "handles-transient") == 0);
    CHECK(swtpm_count(&w->t, "handles-loaded-session") == 0);
}

static void a_key_of_each_type_signs_and_survives_a_restart(void)
{
    static const struct {
        const char *rest;
        const struct bm_key_spec *spec;
    } cases[] = { { "0x81020001", &p256 },
                  { "0x81020002", &p384 },
                  { "0x81020003", &rsa2048 } };
    struct world w;

    world_make(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(open_and_sign(&w, cases[i].rest), BM_E_NOT_FOUND);
        CHECK_STATUS(generate(&w, cases[i].rest, cases[i].spec), BM_OK);
        check_clean(&w);
    }
    swtpm_kill(&w.t);
    swtpm_start(&w.t);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(open_and_sign(&w, cases[i].rest), BM_OK);
    }
    check_clean(&w);
    world_remove(&w);
}

static void a_key_is_never_overwritten(void)
{
    uint8_t before[BM_SIGNATURE_MAX];
    struct bm_key *key = NULL;
    struct world w;
    size_t n;

    world_make(&w);
    CHECK_STATUS(generate(&w, HANDLE, &p256), BM_OK);
    CHECK_STATUS(w.p->open(w.p->self, HANDLE, &key), BM_OK);
    n = key->signer->key.der.n;
    memcpy(before, key->signer->key.der.p, n);
    bm_key_close(key);
    CHECK_STATUS(generate(&w, HANDLE, &p256), BM_E_EXISTS);
    CHECK_STATUS(generate(&w, HANDLE, &p384), BM_E_EXISTS);
    CHECK_STATUS(w.p->open(w.p->self, HANDLE, &key), BM_OK);
    CHECK_BYTES(key->signer->key.der.p, key->signer->key.der.n, before, n);
    bm_key_close(key);
    check_clean(&w);
    world_remove(&w);
}

static void what_a_tpm_does_not_have_is_not_made(void)
{
    static const struct {
        struct bm_key_spec spec;
        bm_status rc;
    } cases[] = {
        { { BM_KEY_ED25519, 0 }, BM_E_KEY_UNSUPPORTED },
        { { BM_KEY_MLDSA44, 0 }, BM_E_KEY_UNSUPPORTED },
        { { BM_KEY_RSA, 1024 }, BM_E_ARGUMENT },
        { { BM_KEY_RSA, 8192 }, BM_E_ARGUMENT },
        { { BM_KEY_RSA, 4096 }, BM_E_KEY_UNSUPPORTED },
    };
    struct world w;

    world_make(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(generate(&w, HANDLE, &cases[i].spec), cases[i].rc);
    }
    CHECK_STATUS(generate(&w, "0x81000001", &p256), BM_E_KEYS_URI);
    CHECK_STATUS(generate(&w, "0x81800000", &p256), BM_E_KEYS_URI);
    CHECK_STATUS(generate(&w, "0x81020001?tcti=cmd:sh", &p256), BM_E_KEYS_URI);
    CHECK(swtpm_count(&w.t, "handles-persistent") == 0);
    check_clean(&w);
    world_remove(&w);
}

/* "0x81020001?auth-source=file:..." with `secret` in the file. */
static const char *with_auth(struct world *w, const char *secret, mode_t mode)
{
    static char rest[FOLDER_PATH_MAX + 64];
    const struct bm_bytes text = { (const uint8_t *)secret, strlen(secret) };

    folder_put(&w->t.f, "auth", text, mode);
    (void)snprintf(rest, sizeof rest, HANDLE "?auth-source=file:%s",
                   folder_file(&w->t.f, "auth"));
    return rest;
}

#define LONG_AUTH  "0123456789abcdef"
#define OTHER_AUTH "0123456789abcdeX"

static void an_authorisation_value_is_asked_for(void)
{
    struct world w;

    world_make(&w);
    CHECK_STATUS(generate(&w, with_auth(&w, LONG_AUTH, 0400), &p256), BM_OK);
    check_clean(&w);
    CHECK_STATUS(open_and_sign(&w, with_auth(&w, LONG_AUTH, 0400)), BM_OK);
    CHECK_STATUS(open_and_sign(&w, with_auth(&w, LONG_AUTH "\n", 0400)), BM_OK);
    CHECK_STATUS(open_and_sign(&w, with_auth(&w, OTHER_AUTH, 0400)),
                 BM_E_KEYS_PIN);
    CHECK_STATUS(open_and_sign(&w, HANDLE), BM_E_KEYS_PIN);
    check_clean(&w);
    world_remove(&w);
}

static void a_file_that_is_no_authorisation_value_is_refused(void)
{
    static const struct {
        const char *secret;
        mode_t mode;
        bm_status rc;
    } cases[] = {
        { LONG_AUTH, 0440, BM_E_KEYS_MODE },
        { LONG_AUTH, 0404, BM_E_KEYS_MODE },
        { "", 0400, BM_E_KEYS_SOURCE },
        { "\n", 0400, BM_E_KEYS_SOURCE },
        { LONG_AUTH LONG_AUTH "!", 0400, BM_E_KEYS_SOURCE },
        { LONG_AUTH LONG_AUTH "!\n", 0400, BM_E_KEYS_SOURCE },
    };
    struct world w;

    world_make(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(
            generate(&w, with_auth(&w, cases[i].secret, cases[i].mode), &p256),
            cases[i].rc);
    }
    CHECK_STATUS(generate(&w, HANDLE "?auth-source=file:/nonexistent", &p256),
                 BM_E_KEYS_SOURCE);
    CHECK_STATUS(generate(&w, with_auth(&w, LONG_AUTH LONG_AUTH, 0400), &p256),
                 BM_OK);
    CHECK_STATUS(open_and_sign(&w, with_auth(&w, LONG_AUTH LONG_AUTH, 0400)),
                 BM_OK);
    world_remove(&w);
}

/* Until the TPM says so; its own limit is a handful. */
#define GUESSES_MAX 64

static void guessing_a_short_value_ends_in_a_lockout(void)
{
    bm_status rc = BM_E_KEYS_PIN;
    struct world w;

    world_make(&w);
    CHECK_STATUS(generate(&w, with_auth(&w, "1234", 0400), &p256), BM_OK);
    for (int i = 0; i < GUESSES_MAX && rc == BM_E_KEYS_PIN; i++) {
        rc = open_and_sign(&w, with_auth(&w, "4321", 0400));
    }
    CHECK_STATUS(rc, BM_E_KEYS_LOCKOUT);
    CHECK_STATUS(open_and_sign(&w, with_auth(&w, "1234", 0400)),
                 BM_E_KEYS_LOCKOUT);
    check_clean(&w);
    world_remove(&w);
}

static void guessing_a_long_value_locks_nothing(void)
{
    struct world w;

    world_make(&w);
    CHECK_STATUS(generate(&w, with_auth(&w, LONG_AUTH, 0400), &p256), BM_OK);
    for (int i = 0; i < GUESSES_MAX; i++) {
        CHECK_STATUS(open_and_sign(&w, with_auth(&w, OTHER_AUTH, 0400)),
                     BM_E_KEYS_PIN);
    }
    CHECK_STATUS(open_and_sign(&w, with_auth(&w, LONG_AUTH, 0400)), BM_OK);
    world_remove(&w);
}

/* Sign until it works again; the TPM is looked for once a second. */
static bm_status sign_until_it_heals(const struct bm_key *key)
{
    bm_status rc = BM_E_KEYS_GONE;

    for (int i = 0; i < 2000 && rc == BM_E_KEYS_GONE; i++) {
        rc = sign_with(key);
        swtpm_sleep();
    }
    return rc;
}

static void pull_it_away(const char *(*name)(struct world *w))
{
    struct bm_key *key = NULL;
    struct world w;

    world_make(&w);
    CHECK_STATUS(w.p->generate(w.p->self, name(&w), &p256, &key), BM_OK);
    CHECK_STATUS(sign_with(key), BM_OK);
    swtpm_kill(&w.t);
    CHECK_STATUS(sign_with(key), BM_E_KEYS_GONE);
    CHECK_STATUS(sign_with(key), BM_E_KEYS_GONE);
    swtpm_start(&w.t);
    CHECK_STATUS(sign_until_it_heals(key), BM_OK);

    /* Gone and back before anybody has noticed. */
    swtpm_kill(&w.t);
    swtpm_start(&w.t);
    CHECK_STATUS(sign_with(key), BM_OK);

    /* There, and not started by its firmware. */
    swtpm_kill(&w.t);
    swtpm_start_as(&w.t, "startup-none");
    CHECK_STATUS(sign_with(key), BM_E_KEYS_GONE);
    swtpm_kill(&w.t);
    swtpm_start(&w.t);
    CHECK_STATUS(sign_until_it_heals(key), BM_OK);
    bm_key_close(key);
    check_clean(&w);
    world_remove(&w);
}

static const char *plain(struct world *w)
{
    (void)w;
    return HANDLE;
}

static const char *authorised(struct world *w)
{
    return with_auth(w, LONG_AUTH, 0400);
}

static void a_tpm_that_goes_away_comes_back(void)
{
    pull_it_away(plain);
    pull_it_away(authorised);
}

static void another_tpm_is_not_taken_for_this_one(void)
{
    struct bm_key *key = NULL;
    char other[FOLDER_PATH_MAX + 64]; /* by a connection of its own */
    struct folder state;
    struct world w;

    world_make(&w);
    CHECK_STATUS(w.p->generate(w.p->self, HANDLE, &p256, &key), BM_OK);
    swtpm_kill(&w.t);
    memcpy(state.path, w.t.state, sizeof state.path);
    folder_empty(&state);
    swtpm_start(&w.t);
    CHECK_STATUS(sign_with(key), BM_E_KEYS_GONE);
    (void)snprintf(other, sizeof other, HANDLE "?tcti=swtpm:path=%s/./sock",
                   w.t.f.path);
    CHECK_STATUS(generate(&w, other, &p256), BM_OK);
    CHECK_STATUS(sign_with(key), BM_E_KEY_MISMATCH);
    CHECK_STATUS(sign_with(key), BM_E_KEY_MISMATCH);
    bm_key_close(key);
    world_remove(&w);
}

static void a_wrong_value_does_not_harm_a_key_that_is_open(void)
{
    struct bm_key *key = NULL;
    struct world w;

    world_make(&w);
    CHECK_STATUS(
        w.p->generate(w.p->self, with_auth(&w, LONG_AUTH, 0400), &p256, &key),
        BM_OK);
    CHECK_STATUS(open_and_sign(&w, with_auth(&w, OTHER_AUTH, 0400)),
                 BM_E_KEYS_PIN);
    CHECK_STATUS(sign_with(key), BM_OK);
    CHECK_STATUS(open_and_sign(&w, with_auth(&w, LONG_AUTH, 0400)), BM_OK);
    CHECK_STATUS(sign_with(key), BM_OK);
    bm_key_close(key);
    check_clean(&w);
    world_remove(&w);
}

static void a_key_may_be_known_before_its_tpm_is_there(void)
{
    uint8_t spki[512];
    struct bm_key *key = NULL;
    struct bm_bytes known;
    struct world w;

    world_make(&w);
    CHECK_STATUS(w.p->generate(w.p->self, HANDLE, &p256, &key), BM_OK);
    known.n = key->signer->key.der.n;
    memcpy(spki, key->signer->key.der.p, known.n);
    known.p = spki;
    bm_key_close(key);
    swtpm_kill(&w.t);
    CHECK_STATUS(w.p->open(w.p->self, HANDLE, &key), BM_E_KEYS_GONE);
    CHECK_STATUS(w.p->expect(w.p->self, HANDLE, known, &key), BM_OK);
    CHECK_BYTES(key->signer->key.der.p, key->signer->key.der.n, known.p,
                known.n);
    CHECK_STATUS(bm_key_ready(key), BM_E_KEYS_GONE);
    CHECK_STATUS(sign_with(key), BM_E_KEYS_GONE);
    swtpm_start(&w.t);
    CHECK_STATUS(sign_until_it_heals(key), BM_OK);
    CHECK_STATUS(bm_key_ready(key), BM_OK);
    bm_key_close(key);
    CHECK_STATUS(generate(&w, "0x81020002", &p256), BM_OK);
    CHECK_STATUS(w.p->expect(w.p->self, "0x81020002", known, &key), BM_OK);
    CHECK_STATUS(sign_with(key), BM_E_KEY_MISMATCH);
    CHECK_STATUS(bm_key_ready(key), BM_E_KEY_MISMATCH);
    bm_key_close(key);
    check_clean(&w);
    world_remove(&w);
}

/* The TPM counts: who opened a key in vain, and expects it then, has had the
 * one try. That it is not asked is seen where there is no TPM any more. */
static void a_value_that_was_wrong_is_not_tried_again_by_who_expects_it(void)
{
    uint8_t spki[512];
    struct bm_key *key = NULL;
    struct bm_bytes known;
    struct world w;
    const char *rest;

    world_make(&w);
    CHECK_STATUS(
        w.p->generate(w.p->self, with_auth(&w, LONG_AUTH, 0400), &p256, &key),
        BM_OK);
    known.n = key->signer->key.der.n;
    memcpy(spki, key->signer->key.der.p, known.n);
    known.p = spki;
    bm_key_close(key);
    rest = with_auth(&w, OTHER_AUTH, 0400);
    CHECK_STATUS(w.p->open(w.p->self, rest, &key), BM_E_KEYS_PIN);
    swtpm_kill(&w.t);
    CHECK_STATUS(w.p->expect(w.p->self, rest, known, &key), BM_OK);
    CHECK_STATUS(bm_key_ready(key), BM_E_KEYS_PIN);
    CHECK_STATUS(sign_with(key), BM_E_KEYS_PIN);
    bm_key_close(key);
    swtpm_start(&w.t);
    rest = with_auth(&w, LONG_AUTH, 0400);
    CHECK_STATUS(w.p->open(w.p->self, rest, &key), BM_OK);
    bm_key_close(key);
    CHECK_STATUS(w.p->expect(w.p->self, rest, known, &key), BM_OK);
    CHECK_STATUS(bm_key_ready(key), BM_OK);
    bm_key_close(key);
    check_clean(&w);
    world_remove(&w);
}

static void describing_a_key_names_its_tpm(void)
{
    struct bm_key *key = NULL;
    uint8_t room[200];
    struct bm_wr words;
    struct world w;

    world_make(&w);
    CHECK_STATUS(w.p->generate(w.p->self, HANDLE, &p256, &key), BM_OK);
    bm_wr_init(&words, room, sizeof room - 1);
    key->describe(key->self, &words);
    room[words.len] = '\0';
    CHECK(strstr((char *)room, "TPM 0x81020001, ECDSA P-256, made in it; IBM, "
                               "firmware ") == (char *)room);
    bm_key_close(key);
    world_remove(&w);
}

static void no_tpm_is_an_error_that_says_so(void)
{
    static const struct {
        const char *rest;
        bm_status rc;
    } cases[] = {
        { HANDLE "?tcti=device:/nonexistent", BM_E_KEYS_GONE },
        { HANDLE "?tcti=swtpm:path=/nonexistent", BM_E_KEYS_GONE },
        { HANDLE "?tcti=nothing:x", BM_E_KEYS_URI },
        { HANDLE "?tcti=device", BM_E_KEYS_URI },
    };
    const struct bm_key_tpm2_config config = { .tools = bm_test_key_tools() };
    struct bm_key_provider *p = NULL;

    CHECK_STATUS(bm_key_tpm2_new(&config, &p), BM_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bm_key *key = NULL;

        CHECK_STATUS(p->open(p->self, cases[i].rest, &key), cases[i].rc);
        CHECK(key == NULL);
    }
    bm_key_tpm2_free(p);
    bm_key_tpm2_free(NULL);
}

static void a_provider_may_be_held_to_its_tpm(void)
{
    struct bm_key_tpm2_config config = { .tools = bm_test_key_tools(),
                                         .tcti = "device:/nonexistent",
                                         .only = true };
    struct bm_key_provider *p = NULL;
    struct bm_key *key = NULL;

    CHECK_STATUS(bm_key_tpm2_new(&config, &p), BM_OK);
    CHECK_STATUS(p->open(p->self, HANDLE, &key), BM_E_KEYS_GONE);
    CHECK_STATUS(p->open(p->self, HANDLE "?tcti=device:/nonexistent", &key),
                 BM_E_KEYS_GONE);
    CHECK_STATUS(p->open(p->self, HANDLE "?tcti=device:/nonexistenT", &key),
                 BM_E_KEYS_URI);
    bm_key_tpm2_free(p);
    config.tcti = "cmd:sh";
    CHECK_STATUS(bm_key_tpm2_new(&config, &p), BM_E_KEYS_URI);
    CHECK(p == NULL);
}

static void a_destroyed_key_is_nowhere(void)
{
    struct world w;

    world_make(&w);
    CHECK_STATUS(generate(&w, "0x81020001", &p256), BM_OK);
    CHECK_STATUS(generate(&w, "0x81020002", &p256), BM_OK);
    CHECK(swtpm_count(&w.t, "handles-persistent") == 2);
    CHECK_STATUS(w.p->destroy(w.p->self, "0x81020001"), BM_OK);
    CHECK(swtpm_count(&w.t, "handles-persistent") == 1);
    CHECK_STATUS(open_and_sign(&w, "0x81020001"), BM_E_NOT_FOUND);
    CHECK_STATUS(open_and_sign(&w, "0x81020002"), BM_OK);
    CHECK_STATUS(w.p->destroy(w.p->self, "0x81020001"), BM_OK);
    CHECK_STATUS(generate(&w, "0x81020001", &p256), BM_OK);
    check_clean(&w);
    world_remove(&w);
}

static void what_is_the_platforms_is_not_destroyed(void)
{
    static const char *const names[] = { "0x81000001", "0x81800000", "x" };
    struct world w;

    world_make(&w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK_STATUS(w.p->destroy(w.p->self, names[i]), BM_E_KEYS_URI);
    }
    swtpm_kill(&w.t);
    CHECK_STATUS(w.p->destroy(w.p->self, HANDLE), BM_E_KEYS_GONE);
    world_remove(&w);
}

int main(void)
{
    RUN(a_key_of_each_type_signs_and_survives_a_restart);
    RUN(a_key_is_never_overwritten);
    RUN(what_a_tpm_does_not_have_is_not_made);
    RUN(an_authorisation_value_is_asked_for);
    RUN(a_file_that_is_no_authorisation_value_is_refused);
    RUN(guessing_a_short_value_ends_in_a_lockout);
    RUN(guessing_a_long_value_locks_nothing);
    RUN(a_tpm_that_goes_away_comes_back);
    RUN(another_tpm_is_not_taken_for_this_one);
    RUN(a_wrong_value_does_not_harm_a_key_that_is_open);
    RUN(a_key_may_be_known_before_its_tpm_is_there);
    RUN(a_value_that_was_wrong_is_not_tried_again_by_who_expects_it);
    RUN(describing_a_key_names_its_tpm);
    RUN(no_tpm_is_an_error_that_says_so);
    RUN(a_provider_may_be_held_to_its_tpm);
    RUN(a_destroyed_key_is_nowhere);
    RUN(what_is_the_platforms_is_not_destroyed);
    return bm_test_done();
}
