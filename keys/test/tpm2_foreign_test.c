/* SPDX-License-Identifier: Apache-2.0 */

/* What tpm2-tools make of our keys, and we of what they make. */
#include "keys/test/swtpm.h"
#include "tests/harness/test_crypto.h"

#define HANDLE "0x81020001"

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

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
    struct bm_wr sig;

    bm_wr_init(&sig, room, sizeof room);
    BM_TRY(s->sign(s->self, message, &sig));
    return crypto->verify(crypto->self, &s->key, s->alg, message,
                          bm_wr_bytes(&sig));
}

static bm_status generate(struct world *w, const char *rest)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->generate(w->p->self, rest, &p256, &key);

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

static bool tool_says(struct world *w, const char *text)
{
    uint8_t room[8192];
    struct bm_bytes out = folder_get(&w->t.f, "out", room, sizeof room - 1);

    room[out.n] = '\0';
    return strstr((const char *)room, text) != NULL;
}

static int tool(struct world *w, const char *const *argv)
{
    int code = swtpm_tool(&w->t, argv);
    static const char *const flush[] = { "tpm2_flushcontext", "-t", NULL };
    uint8_t room[8192];
    struct bm_bytes out = folder_get(&w->t.f, "out", room, sizeof room);

    /* There is no resource manager that would do so. */
    CHECK(swtpm_tool(&w->t, flush) == 0);
    folder_put(&w->t.f, "out", out, 0600);
    return code;
}

/* Who asks for a private key gets nothing. */
static void a_key_never_leaves_its_tpm(void)
{
    static const char *const look[] = { "tpm2_readpublic", "-c", HANDLE, NULL };
    static const char *const duplicate[] = {
        "tpm2_duplicate", "-C", "null",     "-c", HANDLE, "-G",
        "null",           "-r", "dup.priv", "-s", "seed", NULL
    };
    static const char *const policy[] = { "tpm2_startauthsession",
                                          "--policy-session", "-S", "session",
                                          NULL };
    static const char *const allow[] = { "tpm2_policycommandcode", "-S",
                                         "session", "TPM2_CC_Duplicate", NULL };
    static const char *const duplicate_by_policy[] = { "tpm2_duplicate",
                                                       "-C",
                                                       "null",
                                                       "-c",
                                                       HANDLE,
                                                       "-G",
                                                       "null",
                                                       "-r",
                                                       "dup.priv",
                                                       "-s",
                                                       "seed",
                                                       "-p",
                                                       "session:session",
                                                       NULL };
    static const char *const unseal[] = { "tpm2_unseal", "-c", HANDLE, NULL };
    static const char *const decrypt[] = { "tpm2_rsadecrypt", "-c", HANDLE,
                                           "sock", NULL };
    struct world w;

    world_make(&w);
    CHECK_STATUS(generate(&w, HANDLE), BM_OK);
    CHECK(tool(&w, look) == 0);
    CHECK(tool_says(&w, "value: fixedtpm|fixedparent|sensitivedataorigin|"
                        "userwithauth|noda|sign\n"));
    CHECK(tool(&w, duplicate) != 0 && tool_says(&w, "Esys_Duplicate("));
    CHECK(tool(&w, policy) == 0 && tool(&w, allow) == 0);
    CHECK(tool(&w, duplicate_by_policy) != 0);
    CHECK(tool_says(&w, "Esys_Duplicate("));
    CHECK(tool(&w, unseal) != 0 && tool_says(&w, "Esys_Unseal("));
    CHECK(tool(&w, decrypt) != 0);
    CHECK(access(folder_file(&w.t.f, "dup.priv"), F_OK) != 0);
    CHECK_STATUS(open_and_sign(&w, HANDLE), BM_OK);
    world_remove(&w);
}

static void foreign_tools_see_the_same_key_and_verify_its_signatures(void)
{
    static const char *const read[] = {
        "tpm2_readpublic", "-c", HANDLE, "-f", "der", "-o", "pub.der", NULL
    };
    static const char *const verify[] = { "tpm2_verifysignature",
                                          "-c",
                                          HANDLE,
                                          "-g",
                                          "sha256",
                                          "-m",
                                          "message",
                                          "-s",
                                          "sig",
                                          "-f",
                                          "ecdsa",
                                          NULL };
    const struct bm_bytes message = BM_LIT("to be signed");
    uint8_t spki[512];
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_key *key = NULL;
    struct bm_bytes theirs;
    struct bm_wr sig;
    struct world w;

    world_make(&w);
    CHECK_STATUS(w.p->generate(w.p->self, HANDLE, &p256, &key), BM_OK);
    CHECK(tool(&w, read) == 0);
    theirs = folder_get(&w.t.f, "pub.der", spki, sizeof spki);
    CHECK_BYTES(theirs.p, theirs.n, key->signer->key.der.p,
                key->signer->key.der.n);
    bm_wr_init(&sig, room, sizeof room);
    CHECK_STATUS(key->signer->sign(key->signer->self, message, &sig), BM_OK);
    folder_put(&w.t.f, "message", message, 0600);
    folder_put(&w.t.f, "sig", bm_wr_bytes(&sig), 0600);
    CHECK(tool(&w, verify) == 0);
    folder_put(&w.t.f, "message", BM_LIT("to be signeD"), 0600);
    CHECK(tool(&w, verify) != 0);
    bm_key_close(key);
    world_remove(&w);
}

static void must_tool(struct world *w, const char *const *argv)
{
    folder_must(tool(w, argv) == 0, argv[0]);
}

/* A storage root key that somebody has provisioned is the one that is used. */
static void a_storage_root_key_that_is_kept_is_the_parent(void)
{
    static const char *const make[] = {
        "tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", "srk", NULL
    };
    static const char *const keep[] = {
        "tpm2_evictcontrol", "-C", "o", "-c", "srk", "0x81000001", NULL
    };
    static const char *const drop[] = { "tpm2_evictcontrol", "-C", "o", "-c",
                                        "0x81000001",        NULL };
    char rest[FOLDER_PATH_MAX + 64];
    struct world w;

    world_make(&w);
    must_tool(&w, make);
    must_tool(&w, keep);
    folder_put(&w.t.f, "auth", BM_LIT("0123456789abcdef"), 0400);
    (void)snprintf(rest, sizeof rest, HANDLE "?auth-source=file:%s",
                   folder_file(&w.t.f, "auth"));
    CHECK_STATUS(generate(&w, rest), BM_OK);
    CHECK_STATUS(open_and_sign(&w, rest), BM_OK);
    CHECK(swtpm_count(&w.t, "handles-persistent") == 2);
    CHECK(swtpm_count(&w.t, "handles-transient") == 0);
    CHECK(swtpm_count(&w.t, "handles-loaded-session") == 0);
    /* A persistent key does not need its parent. */
    must_tool(&w, drop);
    CHECK_STATUS(open_and_sign(&w, rest), BM_OK);
    world_remove(&w);
}

static void the_owner_is_asked_before_a_key_is_made(void)
{
    static const char *const set[] = { "tpm2_changeauth", "-c", "owner",
                                       "an owner's secret", NULL };
    struct bm_key_tpm2_config config = { .tools = bm_test_key_tools() };
    char path[FOLDER_PATH_MAX];
    struct world w;

    world_make(&w);
    must_tool(&w, set);
    CHECK_STATUS(generate(&w, HANDLE), BM_E_KEYS_PIN);
    folder_put(&w.t.f, "owner", BM_LIT("an owner's secret\n"), 0400);
    memcpy(path, folder_file(&w.t.f, "owner"), sizeof path);
    bm_key_tpm2_free(w.p);
    config.tcti = w.t.tcti;
    config.owner_auth_file = path;
    folder_must(bm_key_tpm2_new(&config, &w.p) == BM_OK, "no provider");
    CHECK_STATUS(generate(&w, HANDLE), BM_OK);
    CHECK_STATUS(open_and_sign(&w, HANDLE), BM_OK);
    folder_put(&w.t.f, "owner", BM_LIT("somebody else's"), 0400);
    CHECK_STATUS(generate(&w, "0x81020002"), BM_E_KEYS_PIN);
    CHECK(swtpm_count(&w.t, "handles-persistent") == 1);
    CHECK(swtpm_count(&w.t, "handles-transient") == 0);
    CHECK(swtpm_count(&w.t, "handles-loaded-session") == 0);
    world_remove(&w);
}

/* Keys that others made, by what they are for. */
static void a_key_of_others_is_used_if_it_signs_what_it_is_given(void)
{
    static const struct {
        const char *alg;
        const char *attributes;
        bm_status rc;
    } cases[] = {
        { "ecc256",
          "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign", BM_OK },
        { "ecc256:ecdsa-sha256", "sensitivedataorigin|userwithauth|sign",
          BM_OK },
        { "ecc256:ecdsa-sha384", "sensitivedataorigin|userwithauth|sign",
          BM_E_KEY_UNSUPPORTED },
        { "ecc256:ecdsa-sha256:null",
          "sensitivedataorigin|userwithauth|sign|restricted",
          BM_E_KEY_UNSUPPORTED },
        { "ecc256", "sensitivedataorigin|userwithauth|decrypt",
          BM_E_KEY_UNSUPPORTED },
        { "rsa2048:rsassa-sha256", "sensitivedataorigin|userwithauth|sign",
          BM_OK },
        { "rsa2048:rsapss-sha256:null", "sensitivedataorigin|userwithauth|sign",
          BM_E_KEY_UNSUPPORTED },
    };
    static const char *const parent[] = {
        "tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", "parent", NULL
    };
    static const char *const load[] = { "tpm2_load", "-C", "parent", "-u",
                                        "pub",       "-r", "priv",   "-c",
                                        "key",       NULL };
    static const char *const keep[] = {
        "tpm2_evictcontrol", "-C", "o", "-c", "key", HANDLE, NULL
    };
    static const char *const drop[] = {
        "tpm2_evictcontrol", "-C", "o", "-c", HANDLE, NULL
    };
    struct world w;

    world_make(&w);
    must_tool(&w, parent);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const create[] = {
            "tpm2_create",       "-C", "parent", "-G", cases[i].alg, "-a",
            cases[i].attributes, "-u", "pub",    "-r", "priv",       NULL
        };

        must_tool(&w, create);
        must_tool(&w, load);
        must_tool(&w, keep);
        CHECK_STATUS(open_and_sign(&w, HANDLE), cases[i].rc);
        must_tool(&w, drop);
    }
    world_remove(&w);
}

int main(void)
{
    RUN(a_key_never_leaves_its_tpm);
    RUN(foreign_tools_see_the_same_key_and_verify_its_signatures);
    RUN(a_storage_root_key_that_is_kept_is_the_parent);
    RUN(the_owner_is_asked_before_a_key_is_made);
    RUN(a_key_of_others_is_used_if_it_signs_what_it_is_given);
    return bm_test_done();
}
