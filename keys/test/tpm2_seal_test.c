/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/tpm2_seal.h"

#include "keys/test/swtpm.h"

#define INDEX 0x01801234u

static const uint8_t secret[BM_KEY_TPM2_SECRET_SIZE] =
    "thirty-two octets of a secret";

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

struct world {
    struct swtpm t;
    struct bm_key_provider *p;
    uint8_t room[BM_KEY_TPM2_SEALED_MAX];
    struct bm_bytes sealed;
};

static void world_make(struct world *w)
{
    struct bm_wr out;

    swtpm_make(&w->t);
    w->p = swtpm_provider(&w->t);
    bm_wr_init(&out, w->room, sizeof w->room);
    CHECK_STATUS(bm_key_tpm2_seal(w->p, secret, &out), BM_OK);
    w->sealed = bm_wr_bytes(&out);
    CHECK(w->sealed.n != 0);
}

static void world_remove(struct world *w)
{
    CHECK(swtpm_count(&w->t, "handles-transient") == 0);
    CHECK(swtpm_count(&w->t, "handles-loaded-session") == 0);
    bm_key_tpm2_free(w->p);
    swtpm_remove(&w->t);
}

/* It is the secret, or zero. */
static bm_status unseal(struct bm_key_provider *p, struct bm_bytes sealed)
{
    static const uint8_t none[BM_KEY_TPM2_SECRET_SIZE];
    uint8_t got[BM_KEY_TPM2_SECRET_SIZE];
    bm_status rc;

    memset(got, 0xa5, sizeof got);
    rc = bm_key_tpm2_unseal(p, sealed, got);
    CHECK(memcmp(got, rc == BM_OK ? secret : none, sizeof got) == 0);
    return rc;
}

static void a_secret_comes_back_after_a_restart(void)
{
    struct world w;

    world_make(&w);
    CHECK_STATUS(unseal(w.p, w.sealed), BM_OK);
    swtpm_kill(&w.t);
    swtpm_start(&w.t);
    CHECK_STATUS(unseal(w.p, w.sealed), BM_OK);
    CHECK_STATUS(unseal(w.p, w.sealed), BM_OK);
    world_remove(&w);
}

static void another_tpm_does_not_open_it(void)
{
    struct world w;
    struct world other;

    world_make(&w);
    world_make(&other);
    CHECK_STATUS(unseal(other.p, w.sealed), BM_E_KEYS_FILE);
    CHECK_STATUS(unseal(w.p, other.sealed), BM_E_KEYS_FILE);
    CHECK_STATUS(unseal(w.p, w.sealed), BM_OK);
    world_remove(&other);
    world_remove(&w);
}

/* A bit of every seventh octet: asking a TPM takes its time, as does connecting
 * to it, for which there is a key. */
static void what_was_altered_does_not_open(void)
{
    struct bm_key *key = NULL;
    struct world w;

    world_make(&w);
    CHECK_STATUS(w.p->generate(w.p->self, "0x81020001", &p256, &key), BM_OK);
    for (size_t n = 0; n < w.sealed.n; n += n < 4 ? 1 : 7) {
        w.room[n] ^= (uint8_t)(1U << n % 8);
        CHECK_STATUS(unseal(w.p, w.sealed), BM_E_KEYS_FILE);
        w.room[n] ^= (uint8_t)(1U << n % 8);
    }
    for (size_t n = 0; n < w.sealed.n; n++) {
        CHECK_STATUS(unseal(w.p, (struct bm_bytes){ w.room, n }),
                     BM_E_KEYS_FILE);
    }
    CHECK_STATUS(unseal(w.p, (struct bm_bytes){ w.room, w.sealed.n + 1 }),
                 BM_E_KEYS_FILE);
    CHECK_STATUS(unseal(w.p, w.sealed), BM_OK);
    bm_key_close(key);
    world_remove(&w);
}

/* An owner who has a value is asked for it, and nobody else. */
static void the_owners_value_is_used(void)
{
    static const char *const set[] = { "tpm2_changeauth",   "-Q", "-c", "owner",
                                       "the owner's value", NULL };
    struct world w;
    struct bm_key_tpm2_config config = { .tools = bm_test_key_tools() };
    struct bm_key_provider *p = NULL;
    char path[FOLDER_PATH_MAX];

    world_make(&w);
    folder_must(swtpm_tool(&w.t, set) == 0, "tpm2_changeauth");
    CHECK_STATUS(unseal(w.p, w.sealed), BM_E_KEYS_PIN);
    CHECK_STATUS(bm_key_tpm2_counter_make(w.p, INDEX), BM_E_KEYS_PIN);
    folder_put(&w.t.f, "owner", BM_LIT("the owner's value\n"), 0600);
    (void)snprintf(path, sizeof path, "%s", folder_file(&w.t.f, "owner"));
    config.tcti = w.t.tcti;
    config.owner_auth_file = path;
    folder_must(bm_key_tpm2_new(&config, &p) == BM_OK, "no provider");
    CHECK_STATUS(unseal(p, w.sealed), BM_OK);
    CHECK_STATUS(bm_key_tpm2_counter_make(p, INDEX), BM_OK);
    bm_key_tpm2_free(p);
    world_remove(&w);
}

static uint64_t value_of(const struct world *w)
{
    uint64_t value = 1;

    CHECK_STATUS(bm_key_tpm2_counter_read(w->p, INDEX, &value), BM_OK);
    return value;
}

static void a_counter_goes_up_by_one_and_never_down(void)
{
    static const char *const remove[] = { "tpm2_nvundefine", "-Q", "-C", "o",
                                          "0x01801234",      NULL };
    uint64_t value = 1;
    uint64_t first;
    struct world w;

    world_make(&w);
    CHECK_STATUS(bm_key_tpm2_counter_read(w.p, INDEX, &value), BM_E_NOT_FOUND);
    CHECK(value == 0);
    CHECK_STATUS(bm_key_tpm2_counter_increment(w.p, INDEX), BM_E_NOT_FOUND);
    CHECK_STATUS(bm_key_tpm2_counter_make(w.p, INDEX), BM_OK);
    CHECK_STATUS(bm_key_tpm2_counter_make(w.p, INDEX), BM_E_EXISTS);
    first = value_of(&w);
    for (uint64_t i = 1; i <= 3; i++) {
        CHECK_STATUS(bm_key_tpm2_counter_increment(w.p, INDEX), BM_OK);
        CHECK(value_of(&w) == first + i);
    }
    swtpm_kill(&w.t);
    swtpm_start(&w.t);
    CHECK(value_of(&w) == first + 3);
    /* taken away and made again */
    folder_must(swtpm_tool(&w.t, remove) == 0, "tpm2_nvundefine");
    CHECK_STATUS(bm_key_tpm2_counter_read(w.p, INDEX, &value), BM_E_NOT_FOUND);
    CHECK_STATUS(bm_key_tpm2_counter_make(w.p, INDEX), BM_OK);
    CHECK(value_of(&w) > first + 3);
    world_remove(&w);
}

/* Defined, and the power failed before it was counted up. */
static void a_counter_that_was_half_made_is_completed(void)
{
    static const char *const define[] = { "tpm2_nvdefine",
                                          "-Q",
                                          "-C",
                                          "o",
                                          "-a",
                                          "nt=counter|authread|authwrite|no_da",
                                          "0x01801234",
                                          NULL };
    uint64_t value = 1;
    struct world w;

    world_make(&w);
    folder_must(swtpm_tool(&w.t, define) == 0, "tpm2_nvdefine");
    CHECK_STATUS(bm_key_tpm2_counter_read(w.p, INDEX, &value), BM_E_NOT_FOUND);
    CHECK_STATUS(bm_key_tpm2_counter_increment(w.p, INDEX), BM_E_NOT_FOUND);
    CHECK_STATUS(bm_key_tpm2_counter_make(w.p, INDEX), BM_OK);
    CHECK(value_of(&w) != 0);
    world_remove(&w);
}

static void what_is_no_counter_is_left_alone(void)
{
    static const char *const define[] = { "tpm2_nvdefine",
                                          "-Q",
                                          "-C",
                                          "o",
                                          "-s",
                                          "8",
                                          "-a",
                                          "authread|authwrite|no_da",
                                          "0x01801234",
                                          NULL };
    static const uint32_t others[] = { 0, 0x01500016, 0x017fffff, 0x01c00002,
                                       0x81000001 };
    uint64_t value = 1;
    struct world w;

    world_make(&w);
    folder_must(swtpm_tool(&w.t, define) == 0, "tpm2_nvdefine");
    CHECK_STATUS(bm_key_tpm2_counter_read(w.p, INDEX, &value),
                 BM_E_KEY_MISMATCH);
    CHECK_STATUS(bm_key_tpm2_counter_increment(w.p, INDEX), BM_E_KEY_MISMATCH);
    CHECK_STATUS(bm_key_tpm2_counter_make(w.p, INDEX), BM_E_EXISTS);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        CHECK_STATUS(bm_key_tpm2_counter_make(w.p, others[i]), BM_E_KEYS_URI);
        CHECK_STATUS(bm_key_tpm2_counter_read(w.p, others[i], &value),
                     BM_E_KEYS_URI);
        CHECK_STATUS(bm_key_tpm2_counter_increment(w.p, others[i]),
                     BM_E_KEYS_URI);
    }
    world_remove(&w);
}

/* As for keys: an error that ends when the TPM is back. A key keeps the
 * connection, as in an agent. */
static void a_tpm_that_is_away_is_an_error_that_heals(void)
{
    struct bm_key *key = NULL;
    uint64_t value;
    struct world w;
    struct bm_wr out;
    uint8_t room[BM_KEY_TPM2_SEALED_MAX];

    world_make(&w);
    CHECK_STATUS(bm_key_tpm2_counter_make(w.p, INDEX), BM_OK);
    CHECK_STATUS(w.p->generate(w.p->self, "0x81020001", &p256, &key), BM_OK);
    swtpm_kill(&w.t);
    CHECK_STATUS(unseal(w.p, w.sealed), BM_E_KEYS_GONE);
    CHECK_STATUS(bm_key_tpm2_counter_read(w.p, INDEX, &value), BM_E_KEYS_GONE);
    CHECK_STATUS(bm_key_tpm2_counter_increment(w.p, INDEX), BM_E_KEYS_GONE);
    CHECK_STATUS(bm_key_tpm2_counter_make(w.p, INDEX), BM_E_KEYS_GONE);
    bm_wr_init(&out, room, sizeof room);
    CHECK_STATUS(bm_key_tpm2_seal(w.p, secret, &out), BM_E_KEYS_GONE);
    swtpm_start(&w.t);
    /* it is looked for once a second */
    for (int i = 0; i < 1000 && unseal(w.p, w.sealed) == BM_E_KEYS_GONE; i++) {
        swtpm_sleep();
    }
    CHECK_STATUS(unseal(w.p, w.sealed), BM_OK);
    value = value_of(&w);
    CHECK_STATUS(bm_key_tpm2_counter_increment(w.p, INDEX), BM_OK);
    CHECK(value_of(&w) == value + 1);
    bm_key_close(key);
    world_remove(&w);
}

int main(void)
{
    RUN(a_secret_comes_back_after_a_restart);
    RUN(another_tpm_does_not_open_it);
    RUN(what_was_altered_does_not_open);
    RUN(the_owners_value_is_used);
    RUN(a_counter_goes_up_by_one_and_never_down);
    RUN(a_counter_that_was_half_made_is_completed);
    RUN(what_is_no_counter_is_left_alone);
    RUN(a_tpm_that_is_away_is_an_error_that_heals);
    return bm_test_done();
}
