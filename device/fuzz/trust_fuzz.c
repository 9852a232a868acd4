/* SPDX-License-Identifier: Apache-2.0 */
#include "device/trust.h"

#include "core/fuzz/must.h"
#include "device/test/flash_sim.h"
#include "device/test/judge_cases.h"

/*
 * The first octet says what the rest is: a trust bundle, an answer of
 * certificates, a chain to judge, a CRL in pieces, what the flash holds. All
 * signatures are good, or
 * none of it would go far; what is refused must leave everything as it was.
 */
static bm_status verify(void *self, const struct bm_spki *key,
                        enum bm_sig_alg alg, struct bm_bytes message,
                        struct bm_bytes signature)
{
    (void)self;
    (void)key;
    (void)alg;
    (void)message;
    (void)signature;
    return BM_OK;
}

/* As good as a hash where nobody looks for two of the same. */
static bm_status hash(void *self, enum bm_hash alg, struct bm_bytes message,
                      uint8_t *out)
{
    uint32_t h = 2166136261u;

    (void)self;
    for (size_t i = 0; i < message.n; i++) {
        h = (h ^ message.p[i]) * 16777619u;
    }
    memset(out, (int)(h & 0xff), bm_hash_len(alg));
    return BM_OK;
}

static bm_status hash_begin(void *self, struct bm_hash_state *state,
                            enum bm_hash alg)
{
    (void)self;
    state->hash = alg;
    return BM_OK;
}

static bm_status hash_more(void *self, struct bm_hash_state *state,
                           struct bm_bytes data)
{
    (void)self;
    (void)state;
    (void)data;
    return BM_OK;
}

static bm_status hash_end(void *self, struct bm_hash_state *state, uint8_t *out)
{
    (void)self;
    if (out != NULL) {
        memset(out, 0, bm_hash_len(state->hash));
    }
    state->hash = BM_HASH_NONE;
    return BM_OK;
}

static const struct bm_crypto trusting = { .hash = hash,
                                           .hash_begin = hash_begin,
                                           .hash_more = hash_more,
                                           .hash_end = hash_end,
                                           .verify = verify,
                                           .verify_hash = verify };

static uint8_t learned[BM_TRUST_LEARNED_MAX * BM_TRUST_LEARNED_SIZE];

static void open_trust(struct bm_trust *trust)
{
    struct bm_trust_config config;

    judge_begin(&judge_cases[0]);
    config = judge.usual.config;
    config.crypto = &trusting;
    config.room = judge.room;
    config.learned = learned;
    config.learned_n = sizeof learned;
    must(bm_trust_open(trust, &config) == BM_OK);
}

typedef void fuzz_target(struct bm_trust *trust, struct bm_bytes in);

static void fuzz_bundle(struct bm_trust *trust, struct bm_bytes in)
{
    static struct bm_trust before;

    before = *trust;
    if (bm_trust_take_bundle(trust, in, 1, 0) != BM_OK) {
        must(memcmp(&before, trust, sizeof before) == 0);
        return;
    }
    must(trust->bundle.version != 0 && trust->floor == trust->bundle.version);
    must(trust->bundle_n == in.n);
    must_be_inside((struct bm_bytes){ judge.room, in.n }, trust->bundle.name);
    must(bm_trust_take_bundle(trust, in, 1, 0) == BM_OK);
}

static void fuzz_learn(struct bm_trust *trust, struct bm_bytes in)
{
    size_t n = 0;
    size_t again = 0;
    bm_status rc = bm_trust_learn(trust, in, 0, &n);

    must(n <= BM_TRUST_LEARNED_MAX && trust->learned == n);
    if (rc == BM_OK) {
        must(bm_trust_learn(trust, in, 0, &again) == BM_OK && again == 0);
    }
}

static void fuzz_judge(struct bm_trust *trust, struct bm_bytes in)
{
    struct bm_trust_verdict verdict;
    struct bm_bytes certs[BM_TRUST_CHAIN_MAX + 1];
    size_t n = 0;

    while (n <= BM_TRUST_CHAIN_MAX && bm_cms_next(&in, &certs[n])) {
        n++;
    }
    for (unsigned use = 0; use < BM_TRUST_USES; use++) {
        struct bm_trust_expect expect = { .use = (enum bm_trust_use)use,
                                          .host = "server.example" };
        bm_status rc = bm_trust_judge(trust, certs, n, &expect, &verdict);

        must(rc == verdict.status && verdict.cert <= n);
        must(rc == BM_OK || (!verdict.expired && !verdict.stale));
    }
}

static void fuzz_crl(struct bm_trust *trust, struct bm_bytes in)
{
    static struct bm_trust_crl crl;
    struct bm_trust_expect expect = judge.expect;
    bm_status rc = BM_OK;

    must(bm_trust_crl_open(&crl, trust, judge.chain, judge.chain_n, 0,
                           &expect) == BM_OK);
    while (rc == BM_OK && in.n > 0) {
        struct bm_bytes piece = { in.p, in.n < 7 ? in.n : 7 };

        rc = bm_trust_crl_feed(&crl, piece);
        in = (struct bm_bytes){ in.p + piece.n, in.n - piece.n };
    }
    if (bm_trust_crl_end(&crl, 1, 0) == BM_OK) {
        must(rc == BM_OK);
    }
}

/* Records: which (1), length (2), octets. */
static void put_records(struct bm_log *to, struct bm_bytes in)
{
    static const uint32_t keys[] = { 0, 0x10, 0x11, 0x100, 0x101, 0x200 };

    while (in.n >= 3) {
        uint32_t key = keys[in.p[0] % (sizeof keys / sizeof keys[0])];
        size_t n = (size_t)in.p[1] << 8 | in.p[2];

        n = n < in.n - 3 ? n : in.n - 3;
        if (bm_log_put(to, BM_LOG_KEY(BM_LOG_TRUST, key),
                       (struct bm_bytes){ in.p + 3, n }) != BM_OK) {
            return;
        }
        in = (struct bm_bytes){ in.p + 3 + n, in.n - 3 - n };
    }
}

/* Whatever is there, the device starts, and judges. */
static void fuzz_flash(struct bm_trust *trust, struct bm_bytes in)
{
    static const struct flash_sim_shape shape = { 4096, 4, 8 };
    static uint8_t memory[FLASH_SIM_SIZE(4096, 4)];
    static struct flash_sim sim;
    struct bm_trust_config config = trust->config;
    struct bm_log flash_log;

    flash_sim_init(&sim, memory, &shape, 1);
    must(bm_log_open(&flash_log, &sim.flash) == BM_OK);
    put_records(&flash_log, in);
    config.log = &flash_log;
    must(bm_trust_open(trust, &config) == BM_OK);
    must(trust->learned <= BM_TRUST_LEARNED_MAX);
    must(trust->bundle.version == 0 || trust->bundle.version == trust->floor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_target *const targets[] = { fuzz_bundle, fuzz_learn, fuzz_judge,
                                            fuzz_crl, fuzz_flash };
    static struct bm_trust trust;

    if (size == 0) {
        return 0;
    }
    open_trust(&trust);
    targets[data[0] % 5](&trust, (struct bm_bytes){ data + 1, size - 1 });
    must(bm_test_failed == 0);
    return 0;
}
