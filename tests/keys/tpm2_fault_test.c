/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A TPM that fails: between the provider and a real one (swtpm) stands a
 * TCTI that spoils each command of each operation in turn. Behind each of
 * them the TPM holds nothing of ours but whole keys, and the next attempt
 * succeeds.
 */
#include <tss2/tss2_esys.h>

#include "keys/test/swtpm.h"
#include "keys/tpm2_attest.h"
#include "keys/tpm2_internal.h"
#include "keys/tpm2_seal.h"

/* More commands than any operation sends; a test that gets here is wrong. */
#define COMMANDS_MAX 100

#define HANDLE    "0x81020001"
#define HANDLE_N  0x81020001u
#define TRANSIENT 0x80000000u
#define SESSIONS  0x02000000u
#define HEADER    10 /* tag, size, response code */
#define TPM_TAG   0x8001u

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

enum spoil {
    SPOIL_NONE,
    SPOIL_SEND,  /* the command is not sent */
    SPOIL_LOSE,  /* it is executed, and its answer is lost */
    SPOIL_NOISE, /* the answer is random */
    SPOIL_BODY,  /* it says success, and is random behind that */
    SPOIL_CUT,   /* its second half is missing */
    SPOIL_EMPTY, /* it says success, and has no more */
    SPOIL_CODE   /* it is an error code; the command is not executed */
};

/* What is spoilt: the commands from `at` on, `times` of them. */
static struct {
    enum spoil how;
    unsigned at;
    unsigned times;
    uint32_t code;
    unsigned count; /* commands since it was set */
    unsigned came;  /* how often it happened */
} fault;

static uint32_t noise = 1;

/* xorshift: the same in each run */
static uint8_t random_octet(void)
{
    noise ^= noise << 13;
    noise ^= noise >> 17;
    noise ^= noise << 5;
    return (uint8_t)(noise >> 8);
}

/* ---- The clock: waiting takes no time here */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

static int64_t ahead_ms;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = __real_clock_gettime(clock, now);
    int64_t ms = now->tv_nsec / 1000000 + ahead_ms;

    now->tv_sec += (time_t)(ms / 1000);
    now->tv_nsec = (long)(ms % 1000) * 1000000;
    return rc;
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)left;
    ahead_ms += (int64_t)wanted->tv_sec * 1000 + wanted->tv_nsec / 1000000;
    return 0;
}

/* ---- Memory */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static unsigned no_memory_at; /* 0: there is always some */

void *__wrap_calloc(size_t n, size_t size)
{
    if (no_memory_at != 0 && --no_memory_at == 0) {
        return NULL;
    }
    return __real_calloc(n, size);
}

/* ---- The TCTI in between */

bm_status __real_tpm2_tcti_open(const char *conf, TSS2_TCTI_CONTEXT **tcti);
void __real_tpm2_tcti_close(TSS2_TCTI_CONTEXT *tcti);
bm_status __wrap_tpm2_tcti_open(const char *conf, TSS2_TCTI_CONTEXT **tcti);
void __wrap_tpm2_tcti_close(TSS2_TCTI_CONTEXT *tcti);

struct between {
    TSS2_TCTI_CONTEXT_COMMON_V1 common;
    TSS2_TCTI_CONTEXT *real;
    bool spoilt; /* the answer that comes now */
};

/* Without a cast that changes what a pointer is said to be aligned to. */
static struct between *between_of(TSS2_TCTI_CONTEXT *tcti)
{
    void *p = tcti;

    return p;
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *tcti, size_t n,
                        const uint8_t *command)
{
    struct between *b = between_of(tcti);
    unsigned now = ++fault.count;

    b->spoilt = fault.how != SPOIL_NONE && now >= fault.at &&
                now - fault.at < fault.times;
    if (!b->spoilt) {
        return Tss2_Tcti_Transmit(b->real, n, command);
    }
    fault.came++;
    if (fault.how == SPOIL_SEND) {
        return TSS2_TCTI_RC_IO_ERROR;
    }
    return fault.how == SPOIL_CODE ? TSS2_RC_SUCCESS
                                   : Tss2_Tcti_Transmit(b->real, n, command);
}

static void put_u32(uint8_t *at, size_t value)
{
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static void put_header(uint8_t *answer, size_t n, uint32_t code)
{
    answer[0] = TPM_TAG >> 8;
    answer[1] = TPM_TAG & 0xff;
    put_u32(answer + 2, n);
    put_u32(answer + 6, code);
}

static TSS2_RC spoil(uint8_t *answer, size_t *n)
{
    size_t from = fault.how == SPOIL_NOISE ? 0 : HEADER;

    switch (fault.how) {
    case SPOIL_LOSE:
        return TSS2_TCTI_RC_IO_ERROR;
    case SPOIL_CUT:
        *n = *n / 2 > HEADER ? *n / 2 : HEADER;
        return TSS2_RC_SUCCESS;
    case SPOIL_EMPTY:
        *n = HEADER;
        put_header(answer, *n, 0);
        return TSS2_RC_SUCCESS;
    default:
        for (size_t i = from; i < *n; i++) {
            answer[i] = random_octet();
        }
        return TSS2_RC_SUCCESS;
    }
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *tcti, size_t *n, uint8_t *answer,
                       int32_t timeout)
{
    struct between *b = between_of(tcti);
    TSS2_RC rc;

    if (b->spoilt && fault.how == SPOIL_CODE) {
        *n = HEADER;
        if (answer != NULL) {
            put_header(answer, *n, fault.code);
        }
        return TSS2_RC_SUCCESS;
    }
    rc = Tss2_Tcti_Receive(b->real, n, answer, timeout);
    /* Without room for an answer that asks how long it is. */
    return rc == TSS2_RC_SUCCESS && b->spoilt && answer != NULL
               ? spoil(answer, n)
               : rc;
}

static void finalize(TSS2_TCTI_CONTEXT *tcti)
{
    (void)tcti;
}

bm_status __wrap_tpm2_tcti_open(const char *conf, TSS2_TCTI_CONTEXT **tcti)
{
    struct between *b = __real_calloc(1, sizeof *b);
    void *made = b;
    bm_status rc;

    folder_must(b != NULL, "memory");
    *tcti = NULL;
    rc = __real_tpm2_tcti_open(conf, &b->real);
    if (rc != BM_OK) {
        free(b);
        return rc;
    }
    b->common.version = 1;
    b->common.transmit = transmit;
    b->common.receive = receive;
    b->common.finalize = finalize;
    *tcti = made;
    return BM_OK;
}

void __wrap_tpm2_tcti_close(TSS2_TCTI_CONTEXT *tcti)
{
    if (tcti != NULL) {
        __real_tpm2_tcti_close(between_of(tcti)->real);
        free(tcti);
    }
}

/* ---- A TPM, and a witness that sees what is in it */

struct world {
    struct swtpm t;
    struct bm_key_provider *p;
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *witness;
    char rest[FOLDER_PATH_MAX + 64]; /* the key, and how it is authorised */
};

static void world_make(struct world *w, bool authorised)
{
    swtpm_make(&w->t);
    w->p = swtpm_provider(&w->t);
    folder_must(__real_tpm2_tcti_open(w->t.tcti, &w->tcti) == BM_OK &&
                    Esys_Initialize(&w->witness, w->tcti, NULL) ==
                        TSS2_RC_SUCCESS,
                "no witness");
    folder_put(&w->t.f, "auth", BM_LIT("0123456789abcdef"), 0400);
    (void)snprintf(w->rest, sizeof w->rest,
                   authorised ? HANDLE "?auth-source=file:%s" : HANDLE,
                   folder_file(&w->t.f, "auth"));
}

static void world_remove(struct world *w)
{
    Esys_Finalize(&w->witness);
    __real_tpm2_tcti_close(w->tcti);
    bm_key_tpm2_free(w->p);
    swtpm_remove(&w->t);
}

static size_t count(struct world *w, uint32_t first, uint32_t *found)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = 0;
    size_t n;

    folder_must(Esys_GetCapability(w->witness, ESYS_TR_NONE, ESYS_TR_NONE,
                                   ESYS_TR_NONE, TPM2_CAP_HANDLES, first, 16,
                                   &more, &data) == TSS2_RC_SUCCESS,
                "the witness is blind");
    n = data->data.handles.count;
    *found = n == 0 ? 0 : data->data.handles.handle[0];
    Esys_Free(data);
    return n;
}

static bool is_there(struct world *w)
{
    uint32_t found;

    return count(w, HANDLE_N, &found) != 0 && found == HANDLE_N;
}

static void remove_key(struct world *w)
{
    ESYS_TR key = ESYS_TR_NONE;
    ESYS_TR none = ESYS_TR_NONE;

    if (!is_there(w)) {
        return;
    }
    folder_must(
        Esys_TR_FromTPMPublic(w->witness, HANDLE_N, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, &key) == TSS2_RC_SUCCESS &&
            Esys_EvictControl(w->witness, ESYS_TR_RH_OWNER, key,
                              ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                              HANDLE_N, &none) == TSS2_RC_SUCCESS,
        "the key stays");
    (void)Esys_TR_Close(w->witness, &key);
}

static void check_clean(struct world *w)
{
    uint32_t found;

    CHECK(count(w, TRANSIENT, &found) == 0);
    CHECK(count(w, SESSIONS, &found) == 0);
}

static void spoil_begin(enum spoil how, unsigned at, unsigned times,
                        uint32_t code)
{
    memset(&fault, 0, sizeof fault);
    fault.how = how;
    fault.at = at;
    fault.times = times;
    fault.code = code;
}

static unsigned spoil_end(void)
{
    unsigned came = fault.came;

    fault.how = SPOIL_NONE;
    return came;
}

/* ---- Operations */

static bm_status sign_with(const struct bm_key *key)
{
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr sig;
    bm_status rc;

    bm_wr_init(&sig, room, sizeof room);
    rc = key->signer->sign(key->signer->self, BM_LIT("message"), &sig);
    CHECK((rc == BM_OK) == (sig.len != 0));
    return rc;
}

static bm_status run_generate(struct world *w)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->generate(w->p->self, w->rest, &p256, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    bm_key_close(key);
    return rc;
}

static bm_status run_open_and_sign(struct world *w)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->open(w->p->self, w->rest, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    if (key != NULL) {
        rc = sign_with(key);
    }
    bm_key_close(key);
    return rc;
}

/* The certificate is not looked at here. */
static struct bm_key_tpm2_attest attest_of(const struct world *w)
{
    return (struct bm_key_tpm2_attest){ .provider = w->p,
                                        .rest = w->rest,
                                        .ek_cert = BM_LIT("certificate") };
}

static bm_status run_claim(struct world *w)
{
    const struct bm_key_tpm2_attest attest = attest_of(w);
    uint8_t room[1024];
    struct bm_wr out;
    bm_status rc;

    bm_wr_init(&out, room, sizeof room);
    rc = bm_key_tpm2_claim(&attest, &out);
    CHECK((rc == BM_OK) == (out.len != 0));
    return rc;
}

/* A credential of nobody's, for an EK on P-256: it is refused at the end, when
 * both keys and both sessions are there. */
static bm_status run_answer(struct world *w)
{
    static const uint8_t nonce[BM_ATTEST_NONCE_SIZE] = { 1 };
    static const uint8_t credential[68] = { 0, 32 };
    uint8_t seed[68] = { 0, 32 };
    const struct bm_key_tpm2_attest attest = attest_of(w);
    uint8_t room[1024];
    struct bm_wr out;
    bm_status rc;

    seed[35] = 32;
    bm_wr_init(&out, room, sizeof room);
    bm_attest_put_challenge(
        &out, &(struct bm_attest_challenge){
                  BM_ARRAY(nonce), BM_ARRAY(credential), BM_ARRAY(seed) });
    rc = bm_key_tpm2_answer(&attest, bm_wr_bytes(&out), &out);
    return rc == BM_E_ATTEST_SECRET ? BM_OK : rc;
}

static bm_status run_seal_and_unseal(struct world *w)
{
    static const uint8_t secret[BM_KEY_TPM2_SECRET_SIZE] = { 1, 2, 3 };
    uint8_t opened[BM_KEY_TPM2_SECRET_SIZE];
    uint8_t room[BM_KEY_TPM2_SEALED_MAX];
    struct bm_wr out;

    bm_wr_init(&out, room, sizeof room);
    BM_TRY(bm_key_tpm2_seal(w->p, secret, &out));
    BM_TRY(bm_key_tpm2_unseal(w->p, bm_wr_bytes(&out), opened));
    CHECK(memcmp(secret, opened, sizeof secret) == 0);
    return BM_OK;
}

/* What a failure may be called, and nothing else. */
static bool is_failure(bm_status rc)
{
    return rc == BM_E_KEYS_GONE || rc == BM_E_KEYS_TOKEN ||
           rc == BM_E_KEY_UNSUPPORTED || rc == BM_E_KEY_MISMATCH ||
           rc == BM_E_KEYS_PIN || rc == BM_E_KEYS_FILE ||
           rc == BM_E_NOT_FOUND || rc == BM_E_MEMORY;
}

struct operation {
    void (*prepare)(struct world *w);
    bm_status (*run)(struct world *w);
};

static void prepare_none(struct world *w)
{
    remove_key(w);
}

static void prepare_key(struct world *w)
{
    if (!is_there(w)) {
        folder_must(run_generate(w) == BM_OK, "no key");
    }
}

/*
 * The key of a failed generate() is whole, or not there. It works in the next
 * moment: the clock goes on, as a TPM that is gone is not asked at once.
 */
static void check_after(struct world *w)
{
    ahead_ms += 2000;
    if (is_there(w)) {
        CHECK_STATUS(run_open_and_sign(w), BM_OK);
    } else if (fault.count % 4 == 0) { /* now and then: it takes long */
        CHECK_STATUS(run_generate(w), BM_OK);
    } else {
        CHECK_STATUS(run_open_and_sign(w), BM_E_NOT_FOUND);
    }
    check_clean(w);
}

/* Returns how many commands there were. */
static unsigned spoil_each(struct world *w, const struct operation *op,
                           enum spoil how, unsigned times)
{
    for (unsigned at = 1; at < COMMANDS_MAX; at++) {
        int failed = bm_test_failed;
        unsigned came;
        bm_status rc;

        op->prepare(w);
        spoil_begin(how, at, times, 0);
        rc = op->run(w);
        came = spoil_end();
        CHECK(rc == BM_OK || is_failure(rc));
        check_after(w);
        if (bm_test_failed != failed) {
            printf("# way %d, command %u, status 0x%04x\n", (int)how, at,
                   (unsigned)rc);
        }
        if (came == 0) {
            CHECK_STATUS(rc, BM_OK);
            return at - 1;
        }
    }
    CHECK(!"an operation that ends");
    return 0;
}

static void spoil_all(const struct operation *op, bool authorised,
                      enum spoil last, unsigned least)
{
    struct world w;

    world_make(&w, authorised);
    for (int how = SPOIL_SEND; how <= (int)last; how++) {
        CHECK(spoil_each(&w, op, (enum spoil)how, 1) >= least);
    }
    /* It does not come back meanwhile. */
    CHECK(spoil_each(&w, op, SPOIL_LOSE, COMMANDS_MAX) >= least);
    world_remove(&w);
}

static void making_a_key_fails_cleanly(void)
{
    static const struct operation op = { prepare_none, run_generate };

    spoil_all(&op, false, SPOIL_BODY, 14);
}

static void making_a_key_with_a_value_fails_cleanly(void)
{
    static const struct operation op = { prepare_none, run_generate };

    spoil_all(&op, true, SPOIL_LOSE, 18);
}

static void using_a_key_fails_cleanly(void)
{
    static const struct operation op = { prepare_key, run_open_and_sign };

    spoil_all(&op, false, SPOIL_EMPTY, 4);
}

static void using_a_key_with_a_value_fails_cleanly(void)
{
    static const struct operation op = { prepare_key, run_open_and_sign };

    spoil_all(&op, true, SPOIL_NOISE, 10);
}

/* Where each answer is lost in turn, which leaves the most behind. */
static void lose_each(bm_status (*run)(struct world *w), unsigned least)
{
    const struct operation op = { prepare_key, run };
    struct world w;

    world_make(&w, false);
    CHECK(spoil_each(&w, &op, SPOIL_LOSE, 1) >= least);
    world_remove(&w);
}

static void showing_where_a_key_was_made_fails_cleanly(void)
{
    lose_each(run_claim, 6);
    lose_each(run_answer, 12);
}

static void sealing_a_secret_fails_cleanly(void)
{
    lose_each(run_seal_and_unseal, 12);
}

/* ---- What a TPM says */

static void a_busy_tpm_is_asked_again(void)
{
    static const uint32_t codes[] = {
        TPM2_RC_RETRY,          TPM2_RC_TESTING,        TPM2_RC_YIELDED,
        TPM2_RC_NV_RATE,        TPM2_RC_NV_UNAVAILABLE, TPM2_RC_OBJECT_MEMORY,
        TPM2_RC_SESSION_MEMORY,
    };
    struct world w;

    world_make(&w, false);
    prepare_key(&w);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        int64_t begin = ahead_ms;

        for (unsigned at = 1; at <= 4; at++) {
            spoil_begin(SPOIL_CODE, at, 20, codes[i]);
            CHECK_STATUS(run_open_and_sign(&w), BM_OK);
            CHECK(spoil_end() == 20);
        }
        /* And not for ever. */
        CHECK(ahead_ms - begin < BM_KEY_TPM2_PATIENCE);
        begin = ahead_ms;
        spoil_begin(SPOIL_CODE, 1, UINT32_MAX, codes[i]);
        CHECK_STATUS(run_open_and_sign(&w), BM_E_KEYS_BUSY);
        CHECK(spoil_end() > 20);
        CHECK(ahead_ms - begin >= BM_KEY_TPM2_PATIENCE / 2); /* and real time */
        CHECK(ahead_ms - begin < 2 * BM_KEY_TPM2_PATIENCE);
        check_after(&w);
    }
    world_remove(&w);
}

/* There are others who wait for the one that asks. */
static void a_tpm_that_stays_busy_is_waited_for_once(void)
{
    struct bm_key *key = NULL;
    struct world w;
    int64_t begin;

    world_make(&w, false);
    prepare_key(&w);
    CHECK_STATUS(w.p->open(w.p->self, w.rest, &key), BM_OK);
    folder_must(key != NULL, "no key");
    for (int round = 0; round < 2; round++) {
        spoil_begin(SPOIL_CODE, 1, UINT32_MAX, TPM2_RC_OBJECT_MEMORY);
        begin = ahead_ms;
        CHECK_STATUS(bm_key_ready(key), BM_E_KEYS_BUSY);
        CHECK(ahead_ms - begin >= BM_KEY_TPM2_PATIENCE / 2);
        begin = ahead_ms;
        for (int i = 0; i < 100; i++) {
            CHECK_STATUS(bm_key_ready(key), BM_E_KEYS_BUSY);
            CHECK_STATUS(sign_with(key), BM_E_KEYS_BUSY);
        }
        CHECK(ahead_ms == begin);
        (void)spoil_end();
        /* It has answered: from now on it is waited for again. */
        CHECK_STATUS(sign_with(key), BM_OK);
    }
    bm_key_close(key);
    check_clean(&w);
    world_remove(&w);
}

/* What stands in the last command of open and sign, which signs. */
static void each_answer_has_its_status(void)
{
    static const struct {
        uint32_t code;
        bm_status rc;
    } cases[] = {
        { TPM2_RC_LOCKOUT, BM_E_KEYS_LOCKOUT },
        { TPM2_RC_AUTH_FAIL | TPM2_RC_S | TPM2_RC_1, BM_E_KEYS_PIN },
        { TPM2_RC_BAD_AUTH | TPM2_RC_S | TPM2_RC_1, BM_E_KEYS_PIN },
        { TPM2_RC_HANDLE | TPM2_RC_1, BM_E_KEYS_GONE },
        { TPM2_RC_SCHEME | TPM2_RC_P | TPM2_RC_2, BM_E_KEY_UNSUPPORTED },
        { TPM2_RC_FAILURE, BM_E_KEYS_TOKEN },
        { TPM2_RC_DISABLED, BM_E_KEYS_TOKEN },
        { TPM2_RC_SIZE | TPM2_RC_P | TPM2_RC_1, BM_E_KEYS_TOKEN },
    };
    struct world w;
    unsigned n;

    world_make(&w, false);
    prepare_key(&w);
    spoil_begin(SPOIL_NONE, 0, 0, 0);
    CHECK_STATUS(run_open_and_sign(&w), BM_OK);
    n = fault.count;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spoil_begin(SPOIL_CODE, n, 1, cases[i].code);
        CHECK_STATUS(run_open_and_sign(&w), cases[i].rc);
        CHECK(spoil_end() == 1);
        check_after(&w);
    }
    world_remove(&w);
}

/* The TPM was reset behind us: what we had there is gone, and made anew. */
static void a_lost_session_is_replaced(void)
{
    static const uint32_t codes[] = {
        TPM2_RC_REFERENCE_S0,
        TPM2_RC_HANDLE | TPM2_RC_S | TPM2_RC_1,
        TPM2_RC_VALUE | TPM2_RC_S | TPM2_RC_1,
        TPM2_RC_INITIALIZE,
    };
    struct bm_key *key = NULL;
    struct world w;

    world_make(&w, true);
    prepare_key(&w);
    CHECK_STATUS(w.p->open(w.p->self, w.rest, &key), BM_OK);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        spoil_begin(SPOIL_CODE, 1, 1, codes[i]);
        CHECK_STATUS(sign_with(key), BM_OK);
        CHECK(spoil_end() == 1);
    }
    bm_key_close(key);
    check_clean(&w);
    world_remove(&w);
}

static void a_tpm_that_is_gone_is_looked_for_once_a_second(void)
{
    struct bm_key *key = NULL;
    unsigned tries = 0;
    struct world w;

    world_make(&w, false);
    prepare_key(&w);
    CHECK_STATUS(w.p->open(w.p->self, w.rest, &key), BM_OK);
    spoil_begin(SPOIL_SEND, 1, UINT32_MAX, 0);
    for (int i = 0; i < 1000; i++) {
        CHECK_STATUS(sign_with(key), BM_E_KEYS_GONE);
        ahead_ms += 10;
    }
    tries = spoil_end();
    CHECK(tries >= 10 && tries <= 14);
    ahead_ms += 1000;
    CHECK_STATUS(sign_with(key), BM_OK);
    bm_key_close(key);
    check_clean(&w);
    world_remove(&w);
}

/* Ours are few: a key, its connection, its TCTI; and a provider. */
static void without_memory_nothing_is_left(void)
{
    static const struct operation ops[] = {
        { prepare_none, run_generate }, { prepare_key, run_open_and_sign }
    };
    struct world w;

    world_make(&w, true);
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        unsigned at = 1;
        bm_status rc = BM_E_MEMORY;

        for (; rc == BM_E_MEMORY; at++) {
            ops[i].prepare(&w);
            no_memory_at = at;
            rc = ops[i].run(&w);
            no_memory_at = 0;
            CHECK(rc == BM_OK || rc == BM_E_MEMORY);
            ahead_ms += 2000;
            check_clean(&w);
        }
        CHECK_STATUS(rc, BM_OK);
        CHECK(at > 3);
    }
    world_remove(&w);
}

int main(void)
{
    RUN(without_memory_nothing_is_left);
    RUN(making_a_key_fails_cleanly);
    RUN(making_a_key_with_a_value_fails_cleanly);
    RUN(using_a_key_fails_cleanly);
    RUN(using_a_key_with_a_value_fails_cleanly);
    RUN(showing_where_a_key_was_made_fails_cleanly);
    RUN(sealing_a_secret_fails_cleanly);
    RUN(a_busy_tpm_is_asked_again);
    RUN(a_tpm_that_stays_busy_is_waited_for_once);
    RUN(each_answer_has_its_status);
    RUN(a_lost_session_is_replaced);
    RUN(a_tpm_that_is_gone_is_looked_for_once_a_second);
    return bm_test_done();
}
