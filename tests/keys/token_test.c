/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys in a token that fails: each call that is made to it fails with each
 * error, once and for good, and what it answers is wrong.
 */
#include <dlfcn.h>
#include <pthread.h>

#define CRYPTOKI_GNU 1
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>

#include "keys/test/token.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "tests/keys/faulty_token.h"

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };
static struct faulty *faulty;

/* ---- A world with the faulty module */

struct world {
    struct token_world t;
    struct bm_key_provider *p;
};

static struct bm_key_provider *provider(struct world *w, unsigned pause_ms,
                                        const struct bm_crypto *crypto)
{
    static const char *const modules[] = { BM_FAULTY_TOKEN, NULL };
    const struct bm_key_pkcs11_config config = {
        .tools = { crypto, bm_openssl_key_maker() },
        .modules = modules,
        .pin_file = w->t.pin_file,
        .pause_ms = pause_ms,
    };
    struct bm_key_provider *p = NULL;

    folder_must(bm_key_pkcs11_new(&config, &p) == BM_OK, "no provider");
    return p;
}

static void behave(void)
{
    *faulty = (struct faulty){ .calls = 0 };
}

static void world_make(struct world *w, unsigned pause_ms)
{
    behave();
    token_world_make(&w->t);
    w->p = provider(w, pause_ms, bm_test_crypto());
}

static void world_remove(struct world *w)
{
    behave();
    bm_key_pkcs11_free(w->p);
    token_world_remove(&w->t);
}

static bm_status generate(struct world *w, const char *rest,
                          struct bm_key **key)
{
    bm_status rc = w->p->generate(w->p->self, rest, &p256, key);

    CHECK((rc == BM_OK) == (*key != NULL));
    return rc;
}

static bm_status try_open(struct world *w, const char *rest)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->open(w->p->self, rest, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    bm_key_close(key);
    return rc;
}

/* Calls from the `from`th on fail, `n` of them. */
static void fail(unsigned from, unsigned n, unsigned long rv)
{
    *faulty = (struct faulty){ .from = from, .to = from + n - 1, .rv = rv };
}

#define FOR_GOOD 1000000

/* ---- Every error at every call */

/* Those that a new session, or a module that was initialised anew, may mend. */
static const unsigned long mended[] = {
    CKR_GENERAL_ERROR,        CKR_FUNCTION_FAILED,
    CKR_DEVICE_ERROR,         CKR_DEVICE_REMOVED,
    CKR_SESSION_CLOSED,       CKR_SESSION_HANDLE_INVALID,
    CKR_TOKEN_NOT_PRESENT,    CKR_USER_NOT_LOGGED_IN,
    CKR_KEY_HANDLE_INVALID,   CKR_OBJECT_HANDLE_INVALID,
    CKR_OPERATION_ACTIVE,     CKR_OPERATION_NOT_INITIALIZED,
    CKR_TOKEN_NOT_RECOGNIZED, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_SLOT_ID_INVALID,
};

static const unsigned long final[] = {
    CKR_HOST_MEMORY,        CKR_ARGUMENTS_BAD,
    CKR_FUNCTION_CANCELED,  CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_MECHANISM_INVALID,  CKR_PIN_INCORRECT,
    CKR_SESSION_COUNT,      CKR_BUFFER_TOO_SMALL,
    CKR_VENDOR_DEFINED + 7, CKR_DATA_LEN_RANGE,
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* How many calls an operation takes when nothing fails. */
static unsigned calls_of(struct world *w, bm_status (*act)(struct world *w))
{
    behave();
    CHECK_STATUS(act(w), BM_OK);
    return faulty->calls;
}

/* All that is known of the module is forgotten: as a program starts. */
static bm_status open_anew(struct world *w)
{
    return try_open(w, "token=one;object=a");
}

static void an_error_while_a_key_is_opened_is_mended_or_told(void)
{
    struct world w;
    struct bm_key *key = NULL;
    unsigned n;

    world_make(&w, 1);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    bm_key_close(key);
    n = calls_of(&w, open_anew);
    CHECK(n > 15 && n < 80);
    for (size_t i = 0; i < COUNT(mended); i++) {
        for (unsigned at = 1; at <= n; at++) {
            fail(at, 1, mended[i]);
            CHECK_STATUS(open_anew(&w), BM_OK);
        }
    }
    for (size_t i = 0; i < COUNT(final); i++) {
        for (unsigned at = 1; at <= n; at++) {
            fail(at, 1, final[i]);
            (void)open_anew(&w);
            behave();
            /* A PIN that was refused is not offered again. */
            if (final[i] == CKR_PIN_INCORRECT) {
                token_pin(&w.t, TOKEN_PIN);
            }
            for (int k = 0; k < 100 && open_anew(&w) != BM_OK; k++) {
                (void)nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
            }
            CHECK_STATUS(open_anew(&w), BM_OK);
        }
    }
    CHECK(faulty->open == 0);
    world_remove(&w);
}

static void an_error_while_a_key_signs_is_mended_or_told(void)
{
    struct world w;
    struct bm_key *key = NULL;
    unsigned n;

    world_make(&w, 1);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    if (key == NULL) {
        world_remove(&w);
        return;
    }
    CHECK_STATUS(token_sign(key), BM_OK);
    behave();
    CHECK_STATUS(token_sign(key), BM_OK);
    n = faulty->calls;
    CHECK(n == 2); /* C_SignInit, C_Sign */
    for (size_t i = 0; i < COUNT(mended); i++) {
        for (unsigned at = 1; at <= n; at++) {
            fail(at, 1, mended[i]);
            CHECK_STATUS(token_sign(key), BM_OK);
            faulty->from = 1; /* again: and after the work was done */
            faulty->calls = 0;
            faulty->to = 1;
            faulty->after = true;
            CHECK_STATUS(token_sign(key), BM_OK);
        }
    }
    for (size_t i = 0; i < COUNT(final); i++) {
        for (unsigned at = 1; at <= n; at++) {
            fail(at, 1, final[i]);
            CHECK(token_sign(key) != BM_OK);
            CHECK_STATUS(token_sign(key), BM_OK);
        }
    }
    bm_key_close(key);
    world_remove(&w);
}

/* Two in a row, three in a row...: whatever it takes to mend the first fails
 * as well. In the end it heals. */
static void errors_in_a_row_end_when_they_end(void)
{
    struct world w;
    struct bm_key *key = NULL;

    world_make(&w, 1);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    for (unsigned n = 2; key != NULL && n < 40; n += 3) {
        bm_status rc;

        fail(1, n, CKR_DEVICE_ERROR);
        rc = token_sign(key);
        CHECK(rc == BM_OK || rc == BM_E_KEYS_GONE);
        CHECK(token_heals(key));
    }
    bm_key_close(key);
    world_remove(&w);
}

static void a_token_that_fails_for_good_costs_no_calls(void)
{
    struct world w;
    struct bm_key *key = NULL;
    unsigned calls;

    world_make(&w, 60000);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    fail(1, FOR_GOOD, CKR_DEVICE_ERROR);
    if (key != NULL) {
        CHECK_STATUS(token_sign(key), BM_E_KEYS_GONE);
        calls = faulty->calls;
        CHECK(calls < 40 && faulty->initialised <= 1);
        for (int i = 0; i < 100; i++) {
            CHECK_STATUS(token_sign(key), BM_E_KEYS_GONE);
            CHECK_STATUS(bm_key_ready(key), BM_E_KEYS_GONE);
        }
        CHECK(faulty->calls == calls);
    }
    CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_E_KEYS_GONE);
    bm_key_close(key);
    world_remove(&w);
}

/* One call fails while a key is made; returns whether there is one although
 * the token said that it failed. */
static bool make_with_error(struct world *w, const char *rest, unsigned at,
                            bool after)
{
    struct bm_key *key = NULL;
    bm_status there;
    bm_status rc;

    fail(at, 1, CKR_DEVICE_ERROR);
    faulty->after = after;
    rc = generate(w, rest, &key);
    bm_key_close(key);
    behave();
    (void)nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    there = try_open(w, rest);
    CHECK(there == BM_OK || (rc != BM_OK && there == BM_E_NOT_FOUND));
    CHECK_STATUS(generate(w, rest, &key), there == BM_OK ? BM_E_EXISTS : BM_OK);
    bm_key_close(key);
    return rc != BM_OK && there == BM_OK;
}

/* An error, or a key: never half of one, never two. */
static void an_error_while_a_key_is_made_leaves_all_or_nothing(void)
{
    unsigned made = 0;

    for (unsigned after = 0; after < 2; after++) {
        struct world w;
        struct bm_key *key = NULL;
        unsigned n;

        world_make(&w, 1);
        CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
        bm_key_close(key);
        n = faulty->calls;
        for (unsigned at = 1; at <= n; at += 1 + after) {
            char rest[64];

            (void)snprintf(rest, sizeof rest, "token=one;object=k%u", at);
            made += make_with_error(&w, rest, at, after != 0);
        }
        world_remove(&w);
    }
    /* C_GenerateKeyPair did it and said that it failed: that one. */
    CHECK(made <= 1);
}

/* ---- Lies */

static void a_signature_that_does_not_verify_is_not_given_out(void)
{
    static const unsigned long lengths[] = { 1, 63, 65, 66, 128, 1024, 5000 };
    struct world w;
    struct bm_key *key = NULL;
    uint8_t buf[BM_SIGNATURE_MAX];
    struct bm_wr out;

    world_make(&w, 1);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    if (key != NULL) {
        faulty->garbage = true;
        bm_wr_init(&out, buf, sizeof buf);
        CHECK_STATUS(
            key->signer->sign(key->signer->self, BM_LIT("message"), &out),
            BM_E_KEYS_TOKEN);
        CHECK(out.len == 0);
        behave();
        CHECK_STATUS(token_sign(key), BM_OK);
        for (size_t i = 0; i < COUNT(lengths); i++) {
            faulty->sign_n = lengths[i];
            CHECK_STATUS(token_sign(key), BM_E_KEYS_TOKEN);
        }
        behave();
        CHECK_STATUS(token_sign(key), BM_OK);
    }
    bm_key_close(key);
    world_remove(&w);
}

static void a_token_that_makes_another_key_than_was_asked_for_is_refused(void)
{
    struct world w;
    struct bm_key *key = NULL;

    world_make(&w, 1);
    faulty->extractable = true;
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_E_KEYS_TOKEN);
    behave();
    CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_E_NOT_FOUND);
    world_remove(&w);
}

/* ---- The PIN */

static void a_wrong_pin_is_tried_once(void)
{
    struct world w;
    struct bm_key *key = NULL;

    world_make(&w, 1);
    token_pin(&w.t, "wrong");
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_E_KEYS_PIN);
    }
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_E_KEYS_PIN);
    CHECK(faulty->logins == 1);
    token_pin(&w.t, TOKEN_PIN "\r\n");
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    bm_key_close(key);
    world_remove(&w);
}

static void the_last_try_is_not_used_up(void)
{
    static const unsigned long flags[] = { CKF_USER_PIN_FINAL_TRY,
                                           CKF_USER_PIN_LOCKED };
    struct world w;

    world_make(&w, 1);
    for (size_t i = 0; i < COUNT(flags); i++) {
        faulty->token_flags = flags[i];
        CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_E_KEYS_PIN);
        CHECK(faulty->logins == 0);
    }
    behave();
    CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_E_NOT_FOUND);
    world_remove(&w);
}

static void the_file_of_a_pin_is_its_owners(void)
{
    static const struct {
        const char *pin;
        mode_t mode;
        bm_status status;
    } rows[] = {
        { TOKEN_PIN, 0400, BM_E_NOT_FOUND },
        { TOKEN_PIN, 0440, BM_E_KEYS_MODE },
        { TOKEN_PIN, 0404, BM_E_KEYS_MODE },
        { "", 0400, BM_E_KEYS_PIN },
        { "\n", 0400, BM_E_KEYS_PIN },
    };
    struct world w;

    world_make(&w, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        folder_put(&w.t.f, "pin",
                   (struct bm_bytes){ (const uint8_t *)rows[i].pin,
                                      strlen(rows[i].pin) },
                   rows[i].mode);
        CHECK_STATUS(try_open(&w, "token=one;object=a"), rows[i].status);
    }
    (void)unlink(w.t.pin_file);
    CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_E_KEYS_PIN);
    world_remove(&w);
}

/* ---- Two of them */

static void pkcs11_tool(struct world *w, const char *label, const char *id)
{
    const char *const argv[] = {
        "pkcs11-tool", "--module",     TOKEN_MODULE, "--login",       "--pin",
        TOKEN_PIN,     "--keypairgen", "--key-type", "EC:prime256v1", "--label",
        label,         "--id",         id,           "--token-label", "one",
        NULL
    };

    (void)w;
    folder_must(token_run(argv) == 0, "pkcs11-tool makes no key");
}

static void of_two_keys_or_tokens_none_is_guessed(void)
{
    struct world w;
    struct bm_key *key = NULL;

    world_make(&w, 1);
    pkcs11_tool(&w, "a", "01");
    CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_OK);
    pkcs11_tool(&w, "a", "02");
    CHECK_STATUS(try_open(&w, "token=one;object=a;id=%02"), BM_OK);
    CHECK_STATUS(w.p->open(w.p->self, "token=one;id=%01", &key), BM_OK);
    if (key != NULL) {
        CHECK_STATUS(token_sign(key), BM_OK);
    }
    bm_key_close(key);
    CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_E_KEYS_AMBIGUOUS);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_E_EXISTS);
    /* Whoever has found the token stays with it. */
    token_init("one");
    CHECK_STATUS(try_open(&w, "token=one;id=%01"), BM_OK);
    bm_key_pkcs11_free(w.p);
    w.p = provider(&w, 1, bm_test_crypto());
    CHECK_STATUS(try_open(&w, "token=one;id=%01"), BM_E_KEYS_AMBIGUOUS);
    world_remove(&w);
}

/* ---- Threads and processes */

#define THREADS 6

struct worker {
    struct world *w;
    pthread_t thread;
    unsigned done;
};

static void *work(void *arg)
{
    struct worker *me = arg;
    struct bm_crypto *crypto = NULL;
    struct bm_key_provider *p;
    struct bm_key *key = NULL;
    uint8_t buf[BM_SIGNATURE_MAX];
    struct bm_wr w;

    if (bm_openssl_new(&crypto) != BM_OK) {
        return NULL;
    }
    p = provider(me->w, 1, crypto);
    if (p->open(p->self, "token=one;object=a", &key) == BM_OK) {
        for (int i = 0; i < 20; i++) {
            bm_wr_init(&w, buf, sizeof buf);
            me->done += key->signer->sign(key->signer->self, BM_LIT("message"),
                                          &w) == BM_OK;
        }
    }
    bm_key_close(key);
    bm_key_pkcs11_free(p);
    bm_openssl_free(crypto);
    return NULL;
}

static void run_threads(struct world *w, unsigned done[THREADS])
{
    struct worker workers[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .w = w };
        folder_must(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0,
            "no thread");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        done[i] = workers[i].done;
    }
}

static void threads_share_as_many_sessions_as_there_are(void)
{
    static const struct {
        unsigned long limit;
        bool told; /* by the token, before it refuses one */
    } rows[] = { { 0, true },  { 1, true },  { 2, true },
                 { 16, true }, { 1, false }, { 3, false } };
    struct world w;
    struct bm_key *key = NULL;

    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned done[THREADS];

        world_make(&w, 1);
        CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
        bm_key_close(key);
        bm_key_pkcs11_free(w.p);
        behave();
        faulty->sessions = rows[i].limit;
        faulty->secretive = !rows[i].told;
        w.p = provider(&w, 1, bm_test_crypto());
        run_threads(&w, done);
        for (unsigned k = 0; k < THREADS; k++) {
            CHECK(done[k] == 20);
        }
        CHECK(faulty->open_max >= 1 && faulty->open_max <= THREADS);
        world_remove(&w);
    }
}

/* Another program has all of them. */
static void no_session_is_an_error(void)
{
    struct world w;
    struct bm_key *key = NULL;

    world_make(&w, 1);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    bm_key_close(key);
    behave();
    faulty->only = "C_OpenSession";
    faulty->from = 1;
    faulty->to = FOR_GOOD;
    faulty->rv = CKR_SESSION_COUNT;
    CHECK_STATUS(try_open(&w, "token=one;object=a"), BM_E_KEYS_BUSY);
    CHECK(faulty->calls == 1);
    world_remove(&w);
}

/* Each thread meets failures of the others' sessions, too. */
static void threads_get_over_failures_together(void)
{
    struct world w;
    struct bm_key *key = NULL;
    unsigned done[THREADS];

    world_make(&w, 1);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    fail(60, 1, CKR_DEVICE_REMOVED);
    run_threads(&w, done);
    for (unsigned k = 0; k < THREADS; k++) {
        CHECK(done[k] == 20);
    }
    behave();
    if (key != NULL) {
        CHECK(token_heals(key));
    }
    bm_key_close(key);
    world_remove(&w);
}

static void a_child_signs_with_sessions_of_its_own(void)
{
    struct world w;
    struct bm_key *key = NULL;
    int status = -1;
    pid_t child;

    world_make(&w, 1);
    CHECK_STATUS(generate(&w, "token=one;object=a", &key), BM_OK);
    if (key != NULL) {
        CHECK_STATUS(token_sign(key), BM_OK);
        (void)fflush(stdout);
        child = fork();
        if (child == 0) {
            unsigned before = faulty->initialised;
            bool good =
                token_sign(key) == BM_OK && faulty->initialised == before + 1;

            _exit(good ? 0 : 1);
        }
        (void)waitpid(child, &status, 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK_STATUS(token_sign(key), BM_OK);
    }
    bm_key_close(key);
    world_remove(&w);
}

/* ---- Keys never leave */

/* The first private key of the first token, as a foreign program sees it. */
static ck_object_handle_t find_private(struct ck_function_list *f,
                                       ck_session_handle_t s)
{
    ck_object_class_t class = CKO_PRIVATE_KEY;
    struct ck_attribute query = { CKA_CLASS, &class, sizeof class };
    ck_object_handle_t found = 0;
    unsigned long n = 0;

    CHECK(f->C_FindObjectsInit(s, &query, 1) == CKR_OK);
    CHECK(f->C_FindObjects(s, &found, 1, &n) == CKR_OK && n == 1);
    CHECK(f->C_FindObjectsFinal(s) == CKR_OK);
    return found;
}

static ck_object_handle_t wrapping_key(struct ck_function_list *f,
                                       ck_session_handle_t s)
{
    unsigned char yes = 1;
    unsigned long n = 32;
    struct ck_attribute template[] = { { CKA_WRAP, &yes, 1 },
                                       { CKA_VALUE_LEN, &n, sizeof n } };
    struct ck_mechanism how = { CKM_AES_KEY_GEN, NULL, 0 };
    ck_object_handle_t key = 0;

    CHECK(f->C_GenerateKey(s, &how, template, 2, &key) == CKR_OK);
    return key;
}

static void ask_for_it(struct ck_function_list *f, ck_session_handle_t s,
                       bool rsa)
{
    static const ck_attribute_type_t secrets[] = {
        CKA_VALUE,      CKA_PRIVATE_EXPONENT, CKA_PRIME_1,     CKA_PRIME_2,
        CKA_EXPONENT_1, CKA_EXPONENT_2,       CKA_COEFFICIENT,
    };
    ck_object_handle_t key = find_private(f, s);
    struct ck_mechanism how = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
    unsigned char room[4096] = { 0 };
    unsigned char yes = 1;
    unsigned char no = 0;
    unsigned long n = sizeof room;
    struct ck_attribute loose[] = { { CKA_EXTRACTABLE, &yes, 1 },
                                    { CKA_SENSITIVE, &no, 1 } };
    ck_object_handle_t copy;

    for (size_t i = rsa ? 1 : 0; i < (rsa ? COUNT(secrets) : 1); i++) {
        struct ck_attribute a = { secrets[i], room, sizeof room };

        CHECK(f->C_GetAttributeValue(s, key, &a, 1) == CKR_ATTRIBUTE_SENSITIVE);
    }
    CHECK(f->C_WrapKey(s, &how, wrapping_key(f, s), key, room, &n) ==
          CKR_KEY_UNEXTRACTABLE);
    CHECK(f->C_SetAttributeValue(s, key, loose, 1) != CKR_OK);
    CHECK(f->C_SetAttributeValue(s, key, loose + 1, 1) != CKR_OK);
    CHECK(f->C_CopyObject(s, key, loose, 1, &copy) != CKR_OK);
}

static void a_private_key_is_not_given_to_whoever_asks(void)
{
    static const struct bm_key_spec specs[] = { { BM_KEY_P256, 0 },
                                                { BM_KEY_RSA, 2048 } };
    struct world w;
    struct ck_function_list *f;

    for (size_t i = 0; i < COUNT(specs); i++) {
        struct bm_key *key = NULL;
        ck_slot_id_t slots[8];
        ck_session_handle_t s = 0;
        unsigned long n = 8;

        world_make(&w, 1);
        CHECK_STATUS(
            w.p->generate(w.p->self, "token=one;object=a", &specs[i], &key),
            BM_OK);
        /* It is initialised, and logged in, by us. */
        if (key != NULL) {
            CHECK_STATUS(token_sign(key), BM_OK);
        }
        f = p11_kit_module_load(BM_FAULTY_TOKEN, P11_KIT_MODULE_UNMANAGED);
        folder_must(f != NULL, "no module");
        CHECK(f->C_GetSlotList(1, slots, &n) == CKR_OK && n >= 1);
        CHECK(f->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION,
                               NULL, NULL, &s) == CKR_OK);
        ask_for_it(f, s, specs[i].type == BM_KEY_RSA);
        CHECK(f->C_CloseSession(s) == CKR_OK);
        p11_kit_module_release(f);
        bm_key_close(key);
        world_remove(&w);
    }
}

int main(void)
{
    void *module = dlopen(BM_FAULTY_TOKEN, RTLD_NOW);

    folder_must(module != NULL, "no faulty token");
    faulty = dlsym(module, FAULTY_SYMBOL);
    folder_must(faulty != NULL, "no symbol in it");
    RUN(an_error_while_a_key_is_opened_is_mended_or_told);
    RUN(an_error_while_a_key_signs_is_mended_or_told);
    RUN(errors_in_a_row_end_when_they_end);
    RUN(a_token_that_fails_for_good_costs_no_calls);
    RUN(an_error_while_a_key_is_made_leaves_all_or_nothing);
    RUN(a_signature_that_does_not_verify_is_not_given_out);
    RUN(a_token_that_makes_another_key_than_was_asked_for_is_refused);
    RUN(a_wrong_pin_is_tried_once);
    RUN(the_last_try_is_not_used_up);
    RUN(the_file_of_a_pin_is_its_owners);
    RUN(of_two_keys_or_tokens_none_is_guessed);
    RUN(threads_share_as_many_sessions_as_there_are);
    RUN(no_session_is_an_error);
    RUN(threads_get_over_failures_together);
    RUN(a_child_signs_with_sessions_of_its_own);
    RUN(a_private_key_is_not_given_to_whoever_asks);
    return bm_test_done();
}
