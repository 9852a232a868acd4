/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/ocsp.h"
#include "core/oid.h"
#include "tests/authority/world.h"

/* OCSP answers of delegated responders, out of the store as it is. */

#define ROOM 16384

/* A question and its answer. */
struct asked {
    uint8_t request[ROOM];
    size_t request_n;
    uint8_t response[ROOM];
    size_t response_n;
    bm_status rc;
    struct ca_ocsp_served served;
    struct bm_ocsp_response r;
};

static const char *const cas[] = { "issuing", "operations" };
#define CAS_N 2

static struct ca_ocsp_responder responder(const char *id)
{
    const struct instance_ca *c = world_ca(id);

    return (struct ca_ocsp_responder){ .ca = c->row.id,
                                       .issuer = &c->cert,
                                       .cert = &c->ocsp_cert,
                                       .signer = c->ocsp_key->signer };
}

static struct bm_ocsp_target target(const char *ca, struct bm_bytes serial)
{
    const struct instance_ca *c = world_ca(ca);

    return (struct bm_ocsp_target){ c->cert.subject, &c->cert.key, serial };
}

/* Send the octets in `a->request`; the answer always parses. */
static void post(struct world *w, struct asked *a)
{
    struct ca_ocsp_responder all[CAS_N];
    struct bm_wr out;

    for (size_t i = 0; i < CAS_N; i++) {
        all[i] = responder(cas[i]);
    }
    bm_wr_init(&out, a->response, sizeof a->response);
    a->rc = ca_ocsp_answer(w->ca, all, CAS_N,
                           (struct bm_bytes){ a->request, a->request_n },
                           w->now, &out, &a->served);
    a->response_n = out.len;
    CHECK(out.len <= out.cap);
    CHECK_STATUS(bm_ocsp_response_parse(bm_wr_bytes(&out), NULL, &a->r), BM_OK);
    CHECK(a->r.status == (enum bm_ocsp_response_status)a->served.response);
}

static void ask(struct world *w, const struct bm_ocsp_target *targets, size_t n,
                enum bm_hash hash, struct asked *a)
{
    struct bm_ocsp_request_config config = { .targets = targets,
                                             .n = n,
                                             .hash = hash };
    struct bm_wr q;

    bm_wr_init(&q, a->request, sizeof a->request);
    must(bm_ocsp_request_build(&config, world_crypto(), &q) == BM_OK,
         "request");
    a->request_n = q.len;
    post(w, a);
}

/* What the answer says of the target; verified as a client would. */
static enum bm_ocsp_cert_status says(struct world *w, const struct asked *a,
                                     const struct bm_ocsp_target *t,
                                     struct bm_ocsp_result *result)
{
    struct bm_ocsp_check check = { .target = *t, .now = w->now };
    bm_status rc = bm_ocsp_verify(&a->r, world_crypto(), &check, result);

    CHECK_STATUS(rc, BM_OK);
    return rc == BM_OK ? result->single.status : BM_OCSP_NO_ANSWER;
}

/* RFC 6960 2.2 */
static void the_status_is_told_at_once(void)
{
    static struct asked a;
    static const enum bm_hash hashes[] = { BM_HASH_SHA1, BM_HASH_SHA256 };
    struct bm_ocsp_result result;
    struct world w;
    struct issued c;
    struct bm_ocsp_target t;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    t = target("issuing", issued_serial(&c));
    for (size_t i = 0; i < 2; i++) {
        ask(&w, &t, 1, hashes[i], &a);
        CHECK_STATUS(a.rc, BM_OK);
        CHECK(says(&w, &a, &t, &result) == BM_OCSP_GOOD);
        CHECK(result.nocheck && result.delegate.n != 0);
        CHECK(result.single.this_update == w.now);
        CHECK(result.single.next_update == w.now + HOUR);
        CHECK(a.served.good == 1 && a.served.revoked == 0);
        must(world_revoke(&w, &c, BM_REASON_HOLD) == BM_OK, "hold");
        ask(&w, &t, 1, hashes[i], &a);
        CHECK(says(&w, &a, &t, &result) == BM_OCSP_REVOKED);
        CHECK(result.single.reason == BM_REASON_HOLD);
        CHECK(result.single.revoked_at == w.now);
        CHECK(a.served.good == 0 && a.served.revoked == 1);
        must(world_release(&w, &c) == BM_OK, "release");
        ask(&w, &t, 1, hashes[i], &a);
        CHECK(says(&w, &a, &t, &result) == BM_OCSP_GOOD);
    }
    must(world_revoke(&w, &c, BM_REASON_KEY_COMPROMISE) == BM_OK, "revoke");
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    CHECK(says(&w, &a, &t, &result) == BM_OCSP_REVOKED);
    CHECK(result.single.reason == BM_REASON_KEY_COMPROMISE);
    world_close(&w);
}

/* RFC 6960 2.2: "good" is no answer for it. */
static void what_was_never_issued_is_unknown(void)
{
    static const uint8_t serials[]
                                [20] = {
                                    { 1 },
                                    { 0x7f, 0xff },
                                    { 1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                      11, 12, 13, 14, 15, 16, 17, 18, 19, 20 },
                                };
    static const size_t lengths[] = { 1, 2, 20 };
    static struct asked a;
    struct bm_ocsp_result result;
    struct world w;
    struct issued c;
    struct bm_ocsp_target t;

    world_open(&w);
    for (size_t i = 0; i < 3; i++) {
        t = target("issuing", (struct bm_bytes){ serials[i], lengths[i] });
        ask(&w, &t, 1, BM_HASH_SHA1, &a);
        CHECK_STATUS(a.rc, BM_OK);
        CHECK(says(&w, &a, &t, &result) == BM_OCSP_UNKNOWN);
        CHECK(a.served.unknown == 1);
    }
    /* Issued, but by the other CA. */
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    t = target("operations", issued_serial(&c));
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    CHECK(says(&w, &a, &t, &result) == BM_OCSP_UNKNOWN);
    world_close(&w);
}

static void a_ca_of_somebody_else_is_not_answered_for(void)
{
    static struct asked a;
    struct world w;
    struct bm_ocsp_target t;
    const struct instance_ca *root = world_ca("root");

    world_open(&w);
    t = (struct bm_ocsp_target){ root->cert.subject, &root->cert.key,
                                 BM_LIT("\x01") };
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    CHECK_STATUS(a.rc, BM_OK);
    CHECK(a.r.status == BM_OCSP_UNAUTHORIZED);
    /* The name of ours with the key of another, and the other way round. */
    t = target("issuing", BM_LIT("\x01"));
    t.issuer_key = &root->cert.key;
    ask(&w, &t, 1, BM_HASH_SHA256, &a);
    CHECK(a.r.status == BM_OCSP_UNAUTHORIZED);
    t = target("issuing", BM_LIT("\x01"));
    t.issuer = root->cert.subject;
    ask(&w, &t, 1, BM_HASH_SHA256, &a);
    CHECK(a.r.status == BM_OCSP_UNAUTHORIZED);
    world_close(&w);
}

static void several_questions_get_as_many_answers(void)
{
    static struct asked a;
    struct bm_ocsp_target t[BM_OCSP_CERTIDS_MAX];
    struct bm_ocsp_result result;
    struct world w;
    struct issued good;
    struct issued revoked;
    struct bm_ocsp_single single;
    struct bm_bytes list;
    size_t n = 0;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &good) == BM_OK &&
             by_operator(&w, LDEVID, "SN-2", world_key(), &revoked) == BM_OK &&
             world_revoke(&w, &revoked, BM_REASON_CESSATION) == BM_OK,
         "ldevid");
    for (size_t i = 0; i < BM_OCSP_CERTIDS_MAX; i++) {
        /* Of another CA of ours: nobody speaks for two. */
        t[i] =
            target(i % 4 == 3 ? "operations" : "issuing",
                   i % 4 == 1 ? issued_serial(&revoked) : issued_serial(&good));
    }
    t[2].serial = BM_LIT("\x01");
    ask(&w, t, BM_OCSP_CERTIDS_MAX, BM_HASH_SHA1, &a);
    CHECK_STATUS(a.rc, BM_OK);
    CHECK(says(&w, &a, &t[0], &result) == BM_OCSP_GOOD);
    CHECK(says(&w, &a, &t[1], &result) == BM_OCSP_REVOKED);
    CHECK(says(&w, &a, &t[2], &result) == BM_OCSP_UNKNOWN);
    list = a.r.list;
    while (bm_ocsp_single_next(&list, &single)) {
        CHECK(n % 4 != 3 || single.status == BM_OCSP_UNKNOWN);
        CHECK(n % 4 != 1 || single.status == BM_OCSP_REVOKED);
        n++;
    }
    CHECK(n == BM_OCSP_CERTIDS_MAX);
    CHECK(a.served.unknown == 17 && a.served.revoked == 16 &&
          a.served.good == 31);
    world_close(&w);
}

/* RFC 9654 2.1: 1 to 128 octets. */
static void a_nonce_comes_back_or_is_refused(void)
{
    static const struct {
        size_t n;
        enum bm_ocsp_response_status want;
    } rows[] = {
        { 0, BM_OCSP_MALFORMED_REQUEST },   { 1, BM_OCSP_SUCCESSFUL },
        { 32, BM_OCSP_SUCCESSFUL },         { 128, BM_OCSP_SUCCESSFUL },
        { 129, BM_OCSP_MALFORMED_REQUEST },
    };
    static struct asked a;
    struct world w;
    struct bm_ocsp_target t;
    uint8_t nonce[129];

    world_open(&w);
    t = target("issuing", BM_LIT("\x01"));
    memset(nonce, 0xa5, sizeof nonce);
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    CHECK(a.r.nonce.n == 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t certid[256];
        struct bm_wr id;
        struct bm_wr q;
        struct bm_ext_mark mark;
        size_t m[5];

        /* By hand, as our own writer makes no bad ones. */
        bm_wr_init(&id, certid, sizeof certid);
        must(bm_ocsp_certid_put(&id, world_crypto(), BM_HASH_SHA1, &t) == BM_OK,
             "certid");
        bm_wr_init(&q, a.request, sizeof a.request);
        m[0] = bm_der_open(&q, BM_DER_SEQUENCE);
        m[1] = bm_der_open(&q, BM_DER_SEQUENCE);
        m[2] = bm_der_open(&q, BM_DER_SEQUENCE);
        m[3] = bm_der_open(&q, BM_DER_SEQUENCE);
        bm_wr_put(&q, bm_wr_bytes(&id));
        bm_der_close(&q, m[3]);
        bm_der_close(&q, m[2]);
        m[3] = bm_der_open(&q, 0xa2);
        m[4] = bm_der_open(&q, BM_DER_SEQUENCE);
        mark = bm_ext_open(&q, BM_LIT(BM_OID_OCSP_NONCE), false);
        bm_der_put(&q, BM_DER_OCTET_STRING,
                   (struct bm_bytes){ nonce, rows[i].n });
        bm_ext_close(&q, &mark);
        bm_der_close(&q, m[4]);
        bm_der_close(&q, m[3]);
        bm_der_close(&q, m[1]);
        bm_der_close(&q, m[0]);
        a.request_n = q.len;
        post(&w, &a);
        CHECK_STATUS(a.rc, BM_OK);
        CHECK(a.r.status == rows[i].want);
        if (rows[i].want == BM_OCSP_SUCCESSFUL) {
            CHECK_BYTES(a.r.nonce.p, a.r.nonce.n, nonce, rows[i].n);
        }
    }
    world_close(&w);
}

/* RFC 5280 4.2 "MUST reject": of request and of one of its parts. */
static void an_unknown_critical_extension_is_malformed(void)
{
    static struct asked a;
    struct world w;
    struct bm_ocsp_target t;
    uint8_t certid[256];
    struct bm_wr id;

    world_open(&w);
    t = target("issuing", BM_LIT("\x01"));
    bm_wr_init(&id, certid, sizeof certid);
    must(bm_ocsp_certid_put(&id, world_crypto(), BM_HASH_SHA1, &t) == BM_OK,
         "certid");
    for (int where = 0; where < 2; where++) {
        for (int critical = 0; critical < 2; critical++) {
            struct bm_ext_mark mark;
            struct bm_wr q;
            size_t m[6];

            bm_wr_init(&q, a.request, sizeof a.request);
            m[0] = bm_der_open(&q, BM_DER_SEQUENCE);
            m[1] = bm_der_open(&q, BM_DER_SEQUENCE);
            m[2] = bm_der_open(&q, BM_DER_SEQUENCE);
            m[3] = bm_der_open(&q, BM_DER_SEQUENCE);
            bm_wr_put(&q, bm_wr_bytes(&id));
            if (where == 1) {
                bm_der_close(&q, m[3]);
                bm_der_close(&q, m[2]);
            }
            m[4] = bm_der_open(&q, where == 0 ? 0xa0 : 0xa2);
            m[5] = bm_der_open(&q, BM_DER_SEQUENCE);
            mark = bm_ext_open(&q, BM_LIT("\x2a\x03\x04"), critical != 0);
            bm_der_put(&q, BM_DER_OCTET_STRING, BM_LIT("x"));
            bm_ext_close(&q, &mark);
            bm_der_close(&q, m[5]);
            bm_der_close(&q, m[4]);
            if (where == 0) {
                bm_der_close(&q, m[3]);
                bm_der_close(&q, m[2]);
            }
            bm_der_close(&q, m[1]);
            bm_der_close(&q, m[0]);
            a.request_n = q.len;
            post(&w, &a);
            CHECK(a.r.status == (critical != 0 ? BM_OCSP_MALFORMED_REQUEST
                                               : BM_OCSP_SUCCESSFUL));
        }
    }
    world_close(&w);
}

static void an_unknown_hash_is_nobodys_question(void)
{
    static struct asked a;
    struct world w;
    struct bm_ocsp_target t;
    size_t i;

    world_open(&w);
    t = target("issuing", BM_LIT("\x01"));
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    /* 1.3.14.3.2.26 becomes 1.3.14.3.2.27 */
    for (i = 0; i + 5 < a.request_n; i++) {
        if (memcmp(a.request + i, "\x2b\x0e\x03\x02\x1a", 5) == 0) {
            a.request[i + 4]++;
            break;
        }
    }
    must(i + 5 < a.request_n, "hash");
    post(&w, &a);
    CHECK_STATUS(a.rc, BM_OK);
    CHECK(a.r.status == BM_OCSP_UNAUTHORIZED);
    world_close(&w);
}

static void every_prefix_and_every_bit_flip_gets_an_answer(void)
{
    static struct asked good;
    static struct asked a;
    struct world w;
    struct issued c;
    struct bm_ocsp_target t;
    struct world_print before;
    struct world_print after;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    t = target("issuing", issued_serial(&c));
    ask(&w, &t, 1, BM_HASH_SHA1, &good);
    before = world_print(&w);
    for (size_t n = 0; n < good.request_n; n++) {
        memcpy(a.request, good.request, n);
        a.request_n = n;
        post(&w, &a);
        CHECK(a.r.status == BM_OCSP_MALFORMED_REQUEST);
    }
    for (size_t bit = 0; bit < 8 * good.request_n; bit++) {
        memcpy(a.request, good.request, good.request_n);
        a.request_n = good.request_n;
        a.request[bit / 8] ^= (uint8_t)(1 << bit % 8);
        post(&w, &a);
        CHECK_STATUS(a.rc, BM_OK);
        CHECK(a.served.good == 0); /* nothing else was issued */
    }
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    world_close(&w);
}

/* RFC 6960 2.6: the word of a delegate, in the time it has it for. */
static void a_responder_speaks_while_its_certificate_lives(void)
{
    static struct asked a;
    const struct bm_cert *cert = &world_ca("issuing")->ocsp_cert;
    struct bm_ocsp_result result;
    struct world w;
    struct bm_ocsp_target t;

    world_open(&w);
    t = target("issuing", BM_LIT("\x01"));
    w.now = cert->not_after - 60;
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    CHECK_STATUS(a.rc, BM_OK);
    /* Its word ends with its certificate. */
    CHECK(says(&w, &a, &t, &result) == BM_OCSP_UNKNOWN);
    CHECK(result.single.next_update == cert->not_after);
    w.now = cert->not_after;
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    CHECK_STATUS(a.rc, BM_E_CA_UNAVAILABLE);
    CHECK(a.r.status == BM_OCSP_TRY_LATER);
    w.now = cert->not_before - 1;
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    CHECK_STATUS(a.rc, BM_E_CA_UNAVAILABLE);
    world_close(&w);
}

/* RFC 6960 2.3 */
static void a_store_that_fails_is_an_internal_error(void)
{
    static struct asked a;
    struct world w;
    struct issued c;
    struct bm_ocsp_target t;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    t = target("issuing", issued_serial(&c));
    for (uint64_t n = 1;; n++) {
        faulty_arm(&w.faulty.f, n, BM_E_IO);
        ask(&w, &t, 1, BM_HASH_SHA1, &a);
        faulty_disarm(&w.faulty.f);
        if (!w.faulty.f.hit) {
            CHECK(a.r.status == BM_OCSP_SUCCESSFUL && n > 1);
            break;
        }
        CHECK_STATUS(a.rc, BM_E_IO);
        CHECK(a.r.status == BM_OCSP_INTERNAL_ERROR);
        CHECK(a.served.good + a.served.revoked + a.served.unknown == 0);
    }
    world_close(&w);
}

/* What was revoked after the backup would be called good. */
static void a_restored_authority_answers_nothing(void)
{
    static struct asked a;
    struct world w;
    struct issued c;
    struct bm_ocsp_target t;
    struct store *s;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &c) == BM_OK, "ldevid");
    t = target("issuing", issued_serial(&c));
    s = w.faulty.real;
    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->setting_put(s->self, "restored", BM_LIT("1")) == BM_OK &&
             s->commit(s->self) == BM_OK && world_reopen(&w) == BM_OK,
         "restored");
    ask(&w, &t, 1, BM_HASH_SHA1, &a);
    CHECK_STATUS(a.rc, BM_E_CA_RESTORED);
    CHECK(a.r.status == BM_OCSP_TRY_LATER);
    CHECK(a.served.good + a.served.revoked + a.served.unknown == 0);
    world_close(&w);
}

int main(void)
{
    RUN(the_status_is_told_at_once);
    RUN(what_was_never_issued_is_unknown);
    RUN(a_ca_of_somebody_else_is_not_answered_for);
    RUN(several_questions_get_as_many_answers);
    RUN(a_nonce_comes_back_or_is_refused);
    RUN(an_unknown_critical_extension_is_malformed);
    RUN(an_unknown_hash_is_nobodys_question);
    RUN(every_prefix_and_every_bit_flip_gets_an_answer);
    RUN(a_responder_speaks_while_its_certificate_lives);
    RUN(a_store_that_fails_is_an_internal_error);
    RUN(a_restored_authority_answers_nothing);
    return bm_test_done();
}
