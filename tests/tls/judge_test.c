/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of the judge of peers (device/test/judge_cases.h) through both
 * ports: the same chains in a handshake end in the verdict of the table, and
 * the peer is told by the same alert.
 */
#include "device/test/judge_cases.h"
#include "device/tls_port.h"
#include "tests/tls/ports.h"

/* Who judges, who shows the chain, and every how many cases. */
struct hearing {
    unsigned judge;
    unsigned peer;
    uint16_t version;
    unsigned every;
};
static const struct hearing hearings[] = {
    { OPENSSL, OPENSSL, BM_TLS_1_3, 1 }, { MBEDTLS, OPENSSL, BM_TLS_1_3, 1 },
    { OPENSSL, MBEDTLS, BM_TLS_1_3, 5 }, { MBEDTLS, MBEDTLS, BM_TLS_1_3, 1 },
    { OPENSSL, OPENSSL, BM_TLS_1_2, 4 }, { MBEDTLS, OPENSSL, BM_TLS_1_2, 3 },
};

/*
 * Chains that never come to a judge, because the library of who has them does
 * not show them. There is no other exception.
 */
static const struct {
    const char *why; /* of the case */
    unsigned peer;
    uint16_t version; /* 0: any */
    const char *because;
} unshown[] = {
    { "more certificates than are looked at", MBEDTLS, 0,
      "they do not fit into one message of a microcontroller" },
    { "a key that may not sign", OPENSSL, BM_TLS_1_2,
      "OpenSSL reads the keyUsage of our own certificate, too" },
};
#define HEARINGS (sizeof hearings / sizeof hearings[0])

/* A peer that shows `chain` to who judges by `trust` and `expect`. */
struct show {
    const struct bm_bytes *chain;
    size_t chain_n;
    const struct bm_signer *signer;
    const struct bm_trust *trust;
    struct bm_trust_expect expect;
};

static struct tls_end *judge_of(struct tls_pair *p, const struct show *show)
{
    return show->expect.use == BM_TRUST_SERVE ? &p->server : &p->client;
}

/* NULL: the peer's library does not show such a chain. */
static struct tls_end *hear(const struct hearing *h, const struct show *show)
{
    bool serves = show->expect.use == BM_TRUST_SERVE;
    const struct meeting m = { serves ? h->peer : h->judge,
                               serves ? h->judge : h->peer, h->version };
    struct tls_pair *p = meet(&m);
    struct tls_end *by = judge_of(p, show);
    struct tls_end *peer = by == &p->server ? &p->client : &p->server;
    struct bm_tls_session *s;

    by->config.trust = show->trust;
    by->config.expect = show->expect;
    peer->config.chain = show->chain;
    peer->config.chain_n = show->chain_n;
    peer->config.signer = show->signer;
    if (serves) { /* our own server is as good as any to such a client */
        peer->config.expect.host = TLS_HOST;
    }
    if (peer->tls->open(peer->tls->self, &peer->config, &s) != BM_OK) {
        return NULL;
    }
    peer->session = s;
    tls_end_open(by);
    tls_pair_shake(p);
    return by;
}

static void check_alert(const struct tls_end *by, bm_status refusal)
{
    struct tls_end *peer = by == &pair.server ? &pair.client : &pair.server;

    CHECK_STATUS(outcome(peer), BM_E_TLS_ALERT);
    CHECK(alert_of(peer) == bm_tls_alert_for(refusal));
}

static bool is_shown(const struct judge_case *c, const struct hearing *h)
{
    for (size_t i = 0; i < sizeof unshown / sizeof unshown[0]; i++) {
        if (strcmp(unshown[i].why, c->why) == 0 && unshown[i].peer == h->peer &&
            (unshown[i].version == 0 || unshown[i].version == h->version)) {
            return false;
        }
    }
    return true;
}

static void check_case(const struct judge_case *c, const struct hearing *h)
{
    const struct show show = { judge.chain, judge.chain_n, judge.signer,
                               &judge.trust, judge.expect };
    const struct bm_trust_verdict *v;
    struct tls_end *by = hear(h, &show);

    v = by == NULL ? NULL : by->tls->verdict(by->session);
    CHECK((v != NULL) == is_shown(c, h));
    if (v != NULL) {
        judge_check(c, v);
        CHECK_STATUS(by->status, v->status);
        if (v->status != BM_OK) {
            check_alert(by, v->status);
        }
    }
    tls_pair_close(&pair);
}

static unsigned heard;

static void both_ports_say_what_the_table_says(void)
{
    for (size_t i = 0; i < JUDGE_CASES; i++) {
        const struct judge_case *c = &judge_cases[i];

        if ((c->what & JUDGE_NO_TLS) != 0 || c->use == BM_TRUST_OWN) {
            continue;
        }
        judge_begin(c);
        for (size_t k = 0; k < HEARINGS; k++) {
            int failed = bm_test_failed;

            if (i % hearings[k].every != 0) {
                continue;
            }
            check_case(c, &hearings[k]);
            heard++;
            if (bm_test_failed != failed) {
                printf("#   %s: judge %u, peer %u, version %04x\n", c->why,
                       hearings[k].judge, hearings[k].peer,
                       hearings[k].version);
            }
        }
    }
    printf("# %u hearings of %u cases\n", heard, (unsigned)JUDGE_CASES);
}

/*
 * Octets that are no certificate, behind a good one: what the judge says of
 * them, both ports say, although neither library could read them. Only Mbed
 * TLS can be made to send such a thing.
 */
static void what_no_library_reads_is_judged_as_well(void)
{
    static uint8_t junk[400];
    struct bm_bytes chain[3];
    size_t sizes[] = { 128, 200, 400 };

    judge_begin(&judge_cases[0]);
    chain[0] = judge.chain[0];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (unsigned kind = 0; kind < 3; kind++) {
            const struct hearing both[] = { { OPENSSL, MBEDTLS, 0, 1 },
                                            { MBEDTLS, MBEDTLS, 0, 1 } };
            struct bm_trust_verdict want = { .status = BM_OK };
            struct show show = { chain, 2, judge.signer, &judge.trust,
                                 judge.expect };

            memset(junk, 0x30, sizeof junk);
            if (kind == 1) { /* a certificate that is cut short */
                memcpy(junk, judge.chain[1].p,
                       sizes[i] < judge.chain[1].n ? sizes[i]
                                                   : judge.chain[1].n);
            } else if (kind == 2) { /* all lengths are wrong */
                memset(junk, 0xff, sizeof junk);
            }
            chain[1] = (struct bm_bytes){ junk, sizes[i] };
            (void)bm_trust_judge(&judge.trust, chain, 2, &judge.expect, &want);
            CHECK(want.status != BM_OK);
            for (size_t k = 0; k < 2; k++) {
                const struct tls_end *by = hear(&both[k], &show);

                CHECK(by != NULL);
                if (by != NULL) {
                    CHECK_STATUS(by->status, want.status);
                    CHECK(by->tls->verdict(by->session)->cert == want.cert);
                }
                tls_pair_close(&pair);
            }
        }
    }
}

/*
 * The exception: Mbed TLS closes at what is too short for any certificate to
 * be, 128 octets, before it asks; OpenSSL's port tells what the judge says.
 */
static void what_is_too_short_is_refused_by_both(void)
{
    static uint8_t junk[127];
    struct bm_bytes chain[2] = { judge.chain[0], BM_ARRAY(junk) };
    struct show show = { chain, 2, judge.signer, &judge.trust, judge.expect };
    const struct hearing openssl = { OPENSSL, MBEDTLS, 0, 1 };
    const struct hearing mbedtls = { MBEDTLS, MBEDTLS, 0, 1 };
    struct bm_trust_verdict want;

    (void)bm_trust_judge(&judge.trust, chain, 2, &judge.expect, &want);
    CHECK_STATUS(hear(&openssl, &show)->status, want.status);
    tls_pair_close(&pair);
    CHECK_STATUS(hear(&mbedtls, &show)->status, BM_E_TLS_HANDSHAKE);
    tls_pair_close(&pair);
}

int main(void)
{
    ports_open();
    RUN(what_no_library_reads_is_judged_as_well);
    RUN(what_is_too_short_is_refused_by_both);
    RUN(both_ports_say_what_the_table_says);
    ports_close();
    return bm_test_done();
}
