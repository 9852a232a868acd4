/* SPDX-License-Identifier: Apache-2.0 */

/* Keys in a token while memory and the PIN's file fail, each call in turn. */
#include "keys/test/token.h"
#include "tests/keys/faults.h"

/* More calls than any operation makes; a test that gets here never ends. */
#define CALLS_MAX 1000

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

struct world {
    struct token_world t;
    struct bm_key_provider *p;
    char rest[64]; /* of the key */
    unsigned made;
};

/* All of it as a program does that starts: provider, module, key, signature. */
static bm_status start(struct world *w)
{
    static const char *const modules[] = { TOKEN_MODULE, NULL };
    const struct bm_key_pkcs11_config config = { .tools = bm_test_key_tools(),
                                                 .modules = modules,
                                                 .pin_file = w->t.pin_file,
                                                 .pause_ms = 1 };
    struct bm_key_provider *p = NULL;
    struct bm_key *key = NULL;
    bm_status rc = bm_key_pkcs11_new(&config, &p);

    if (rc == BM_OK) {
        rc = p->open(p->self, "token=one;object=a", &key);
    }
    if (rc == BM_OK) {
        rc = token_sign(key);
    }
    bm_key_close(key);
    bm_key_pkcs11_free(p);
    return rc;
}

static bm_status expect(struct world *w)
{
    struct bm_key *known = NULL;
    struct bm_key *key = NULL;
    bm_status rc = w->p->open(w->p->self, "token=one;object=a", &known);

    if (rc == BM_OK) {
        rc = w->p->expect(w->p->self, "token=one;object=a",
                          known->signer->key.der, &key);
    }
    if (rc == BM_OK) {
        rc = token_sign(key);
    }
    bm_key_close(known);
    bm_key_close(key);
    return rc;
}

static bm_status make(struct world *w)
{
    struct bm_key *key = NULL;
    bm_status rc;

    (void)snprintf(w->rest, sizeof w->rest, "token=one;object=m%u", w->made++);
    rc = w->p->generate(w->p->self, w->rest, &p256, &key);
    bm_key_close(key);
    return rc;
}

static void each_call_fails(bm_status (*act)(struct world *w))
{
    struct world w = { .made = 0 };
    unsigned long at;

    token_world_make(&w.t);
    w.p = token_provider(&w.t);
    {
        struct bm_key *key = NULL;

        CHECK_STATUS(
            w.p->generate(w.p->self, "token=one;object=a", &p256, &key), BM_OK);
        bm_key_close(key);
    }
    for (at = 1; at < CALLS_MAX; at++) {
        bm_status rc;
        int came;

        fault_begin(FAULT_ONE, at);
        rc = act(&w);
        came = fault_end();
        /* What closing says of a file that was read is not looked at. */
        CHECK(came || rc == BM_OK);
        CHECK(rc == BM_OK || rc == BM_E_MEMORY || rc == BM_E_KEYS_PIN ||
              rc == BM_E_KEYS_MODULE || rc == BM_E_CRYPTO ||
              rc == BM_E_KEYS_MODE);
        CHECK_STATUS(act(&w), BM_OK);
        if (!came) {
            break;
        }
    }
    CHECK(at > 5 && at < CALLS_MAX);
    bm_key_pkcs11_free(w.p);
    token_world_remove(&w.t);
}

static void a_key_is_opened_and_signs_or_an_error_says_why(void)
{
    each_call_fails(start);
}

static void a_key_is_expected_or_an_error_says_why(void)
{
    each_call_fails(expect);
}

static void a_key_is_made_or_an_error_says_why(void)
{
    each_call_fails(make);
}

int main(void)
{
    RUN(a_key_is_opened_and_signs_or_an_error_says_why);
    RUN(a_key_is_expected_or_an_error_says_why);
    RUN(a_key_is_made_or_an_error_says_why);
    return bm_test_done();
}
