/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/keystore.h"

#include "agent/file_flash.h"
#include "keys/test/swtpm.h"
#include "keys/test/token.h"

/* A state in a folder: a log in a file, settings, a keystore on both. */
struct world {
    struct folder f;
    char flash_path[FOLDER_PATH_MAX];
    struct settings settings;
    struct file_flash flash;
    struct bm_log log;
    struct keystore ks;
};

static bm_status open_keys(struct world *w, bool look)
{
    const struct keystore_config config = { .settings = &w->settings,
                                            .tools = bm_test_key_tools(),
                                            .log = &w->log,
                                            .look = look };

    return keystore_open(&w->ks, &config);
}

static void world_open(struct world *w)
{
    CHECK_STATUS(file_flash_open(&w->flash, w->flash_path, 0), BM_OK);
    CHECK_STATUS(bm_log_open(&w->log, &w->flash.flash), BM_OK);
    CHECK_STATUS(open_keys(w, false), BM_OK);
}

static void world_close(struct world *w)
{
    keystore_close(&w->ks);
    file_flash_close(&w->flash);
}

static void world_make(struct world *w, const char *keys)
{
    char text[4 * FOLDER_PATH_MAX];
    struct config_error error;

    folder_make(&w->f);
    memcpy(w->flash_path, folder_file(&w->f, "flash"), FOLDER_PATH_MAX);
    (void)snprintf(text, sizeof text,
                   "version: 1\n"
                   "server: { url: \"https://a\", anchors: /a }\n"
                   "state: %s\n%s",
                   w->f.path, keys);
    folder_must(
        settings_parse((struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                       &w->settings, &error) == BM_OK,
        "settings");
    world_open(w);
}

static void world_remove(struct world *w)
{
    struct folder keys;

    world_close(w);
    settings_free(&w->settings);
    memcpy(keys.path, folder_file(&w->f, "keys"), FOLDER_PATH_MAX);
    if (access(keys.path, F_OK) == 0) {
        folder_remove(&keys);
    }
    folder_remove(&w->f);
}

static bm_status generate(struct world *w, enum bm_key_slot slot)
{
    return w->ks.store.generate(w->ks.store.self, slot);
}

static bm_status destroy(struct world *w, enum bm_key_slot slot)
{
    return w->ks.store.destroy(w->ks.store.self, slot);
}

static bm_status sign(struct world *w, enum bm_key_slot slot)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_signer *signer;
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr sig;

    bm_wr_init(&sig, room, sizeof room);
    BM_TRY(w->ks.store.open(w->ks.store.self, slot, &signer));
    CHECK(keystore_slot_of(&w->ks, signer) == slot);
    BM_TRY(signer->sign(signer->self, BM_LIT("message"), &sig));
    return crypto->verify(crypto->self, &signer->key, signer->alg,
                          BM_LIT("message"), bm_wr_bytes(&sig));
}

/* The life of a slot, in whatever place. */
static void check_life(struct world *w)
{
    CHECK_STATUS(sign(w, BM_KEY_SLOT_A), BM_E_NOT_FOUND);
    CHECK_STATUS(destroy(w, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(generate(w, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(generate(w, BM_KEY_SLOT_A), BM_E_EXISTS);
    CHECK_STATUS(generate(w, BM_KEY_SLOT_IDEVID), BM_OK);
    CHECK_STATUS(sign(w, BM_KEY_SLOT_A), BM_OK);
    world_close(w);
    world_open(w);
    CHECK_STATUS(sign(w, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(sign(w, BM_KEY_SLOT_IDEVID), BM_OK);
    CHECK_STATUS(sign(w, BM_KEY_SLOT_B), BM_E_NOT_FOUND);
    CHECK_STATUS(destroy(w, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(sign(w, BM_KEY_SLOT_A), BM_E_NOT_FOUND);
    CHECK_STATUS(sign(w, BM_KEY_SLOT_IDEVID), BM_OK);
    CHECK_STATUS(generate(w, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(sign(w, BM_KEY_SLOT_A), BM_OK);
}

static void keys_in_files_live_and_die(void)
{
    struct world w;
    uint8_t pem[1024];
    struct bm_wr out;

    world_make(&w, "");
    check_life(&w);
    bm_wr_init(&out, pem, sizeof pem);
    CHECK_STATUS(keystore_export(&w.ks, BM_KEY_SLOT_A, &out), BM_OK);
    CHECK(out.len > 100 && memcmp(pem, "-----BEGIN PRIVATE", 18) == 0);
    world_remove(&w);
}

static void keys_in_a_token_live_and_die(void)
{
    struct token_world t;
    struct world w;
    char keys[2 * FOLDER_PATH_MAX];
    uint8_t pem[1024];
    struct bm_wr out;

    token_world_make(&t);
    (void)snprintf(keys, sizeof keys,
                   "keys:\n  uri: \"pkcs11:token=one;object=bm-{slot}\"\n"
                   "  modules: [" TOKEN_MODULE "]\n  pin_file: %s\n",
                   t.pin_file);
    world_make(&w, keys);
    check_life(&w);
    bm_wr_init(&out, pem, sizeof pem);
    CHECK_STATUS(keystore_export(&w.ks, BM_KEY_SLOT_A, &out), BM_E_KEYS_TOKEN);
    world_remove(&w);
    token_world_remove(&t);
}

static void tpm_keys(char keys[2 * FOLDER_PATH_MAX], const struct swtpm *t)
{
    (void)snprintf(keys, 2 * FOLDER_PATH_MAX,
                   "keys: { uri: \"tpm2:0x81020100\", tcti: \"%s\" }\n",
                   t->tcti);
}

static void keys_in_a_tpm_live_and_die(void)
{
    char keys[2 * FOLDER_PATH_MAX];
    struct swtpm t;
    struct world w;

    swtpm_make(&t);
    tpm_keys(keys, &t);
    world_make(&w, keys);
    check_life(&w);
    CHECK(swtpm_count(&t, "handles-persistent") == 2);
    CHECK(strcmp(w.ks.slots[BM_KEY_SLOT_B].uri, "tpm2:0x81020102") == 0);
    world_remove(&w);
    swtpm_remove(&t);
}

/* A typing error in the settings leads to where others keep their keys. */
static void a_key_of_somebody_else_is_left_alone(void)
{
    static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };
    char keys[2 * FOLDER_PATH_MAX];
    struct bm_key_provider *p;
    struct bm_key *theirs = NULL;
    struct swtpm t;
    struct world w;

    swtpm_make(&t);
    p = swtpm_provider(&t);
    CHECK_STATUS(p->generate(p->self, "0x81020101", &p256, &theirs), BM_OK);
    bm_key_close(theirs);
    tpm_keys(keys, &t);
    world_make(&w, keys);
    CHECK_STATUS(generate(&w, BM_KEY_SLOT_A), BM_E_AGENT_SLOT);
    CHECK_STATUS(destroy(&w, BM_KEY_SLOT_A), BM_OK);
    CHECK(swtpm_count(&t, "handles-persistent") == 1);
    /* Another key in the place of ours is neither used nor destroyed. */
    CHECK_STATUS(generate(&w, BM_KEY_SLOT_B), BM_OK);
    CHECK_STATUS(p->destroy(p->self, "0x81020102"), BM_OK);
    CHECK_STATUS(p->generate(p->self, "0x81020102", &p256, &theirs), BM_OK);
    bm_key_close(theirs);
    CHECK_STATUS(sign(&w, BM_KEY_SLOT_B), BM_E_KEY_MISMATCH);
    CHECK_STATUS(destroy(&w, BM_KEY_SLOT_B), BM_E_KEY_MISMATCH);
    CHECK(swtpm_count(&t, "handles-persistent") == 2);
    bm_key_tpm2_free(p);
    world_remove(&w);
    swtpm_remove(&t);
}

/* What the maker left is taken over, and never destroyed. */
static void an_adopted_key_survives_everything(void)
{
    static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };
    char keys[2 * FOLDER_PATH_MAX];
    struct bm_key_provider *p;
    struct bm_key *theirs = NULL;
    struct swtpm t;
    struct world w;

    swtpm_make(&t);
    p = swtpm_provider(&t);
    (void)snprintf(keys, sizeof keys,
                   "keys: { tcti: \"%s\" }\n"
                   "idevid: { key: \"tpm2:0x81010001\", certificate: /i }\n",
                   t.tcti);
    world_make(&w, keys);
    CHECK_STATUS(generate(&w, BM_KEY_SLOT_IDEVID), BM_E_NOT_FOUND);
    CHECK_STATUS(p->generate(p->self, "0x81010001", &p256, &theirs), BM_OK);
    bm_key_close(theirs);
    CHECK_STATUS(generate(&w, BM_KEY_SLOT_IDEVID), BM_OK);
    CHECK_STATUS(sign(&w, BM_KEY_SLOT_IDEVID), BM_OK);
    CHECK_STATUS(generate(&w, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(destroy(&w, BM_KEY_SLOT_IDEVID), BM_OK);
    CHECK(swtpm_count(&t, "handles-persistent") == 1);
    bm_key_tpm2_free(p);
    world_remove(&w);
    swtpm_remove(&t);
}

static void who_looks_makes_and_destroys_nothing(void)
{
    struct world w;

    world_make(&w, "");
    CHECK_STATUS(generate(&w, BM_KEY_SLOT_A), BM_OK);
    keystore_close(&w.ks);
    CHECK_STATUS(open_keys(&w, true), BM_OK);
    CHECK_STATUS(destroy(&w, BM_KEY_SLOT_A), BM_OK);
    CHECK(generate(&w, BM_KEY_SLOT_B) != BM_OK);
    keystore_close(&w.ks);
    CHECK_STATUS(open_keys(&w, false), BM_OK);
    CHECK_STATUS(sign(&w, BM_KEY_SLOT_A), BM_OK);
    world_remove(&w);
}

int main(void)
{
    RUN(keys_in_files_live_and_die);
    RUN(keys_in_a_token_live_and_die);
    RUN(keys_in_a_tpm_live_and_die);
    RUN(a_key_of_somebody_else_is_left_alone);
    RUN(an_adopted_key_survives_everything);
    RUN(who_looks_makes_and_destroys_nothing);
    return bm_test_done();
}
