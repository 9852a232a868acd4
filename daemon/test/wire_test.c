/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire.h"

#include <stdalign.h>
#include <stdlib.h>

#include "daemon/fuzz/wire_again.h"
#include "tests/harness/bm_test.h"

static const uint8_t hash[32] = { 1, 2, 3 };
static const uint8_t serial[] = { 0x01, 0x90, 0xff };

#define CERT BM_LIT("certificate")
#define NONE ((struct bm_bytes){ NULL, 0 })

static void put_enrol(struct bm_wr *w)
{
    wire_enrol_put(w, &(struct wire_enrol){ .op = WIRE_REENROLL,
                                            .label = BM_LIT("tls-server"),
                                            .cert = CERT,
                                            .chain = BM_LIT("chain"),
                                            .user = BM_LIT("SN-1"),
                                            .token = BM_LIT("secret"),
                                            .csr = BM_LIT("csr") });
}

static void put_enrolled(struct bm_wr *w)
{
    wire_enrolled_put(w, &(struct wire_enrolled){ .http = 202,
                                                  .retry_after = 600,
                                                  .cert = CERT,
                                                  .chain = BM_LIT("chain"),
                                                  .renew_from = 1790000000,
                                                  .renew_until = INT64_MAX,
                                                  .words = BM_LIT("later"),
                                                  .body = BM_LIT("{}") });
}

static void put_seen(struct bm_wr *w)
{
    wire_seen_put(w, &(struct wire_seen){ .cert = CERT, .chain = NONE });
}

static void put_admin(struct bm_wr *w)
{
    wire_admin_put(w, &(struct wire_admin){ .operation = 0x0102,
                                            .cert = CERT,
                                            .key = BM_LIT("key"),
                                            .params = BM_LIT("{}"),
                                            .octets = BM_LIT("piece") });
}

static void put_administered(struct bm_wr *w)
{
    wire_administered_put(
        w, &(struct wire_administered){
               .http = 429, .retry_after = 1, .body = BM_LIT("{}") });
}

static void put_keep_issue(struct bm_wr *w)
{
    wire_keep_issue_put(
        w, &(struct wire_keep_issue){ .profile = BM_LIT("ocsp-responder"),
                                      .ca = BM_LIT("issuing"),
                                      .csr = BM_LIT("csr") });
}

static void put_keep_install(struct bm_wr *w)
{
    wire_keep_install_put(
        w, &(struct wire_keep_install){ .ca = BM_LIT("issuing"),
                                        .key_uri = BM_LIT("file:a.key"),
                                        .cert = CERT });
}

static void put_head(struct bm_wr *w)
{
    wire_head_put(w, &(struct wire_head){ .tree = 1,
                                          .size = UINT64_C(1) << 40,
                                          .root = { hash, 32 } });
}

static void put_checkpoint(struct bm_wr *w)
{
    wire_checkpoint_put(w, &(struct wire_checkpoint){ .tree = 1,
                                                      .size = 9,
                                                      .root = { hash, 32 },
                                                      .proof = { hash, 32 } });
}

static void put_crl(struct bm_wr *w)
{
    wire_crl_put(
        w, &(struct wire_crl){
               .ca = BM_LIT("issuing"), .list = 3, .number = 7, .size = 4711 });
}

static void put_status(struct bm_wr *w)
{
    wire_status_put(w, &(struct wire_status){ .this_update = 1790000000,
                                              .next_update = 1790003600,
                                              .response = BM_LIT("ocsp") });
}

static void put_device(struct bm_wr *w)
{
    wire_device_put(w, &(struct wire_device){ .what = WIRE_DEVICE_STATUS,
                                              .cert = CERT,
                                              .body = BM_LIT("body") });
}

static void put_place(struct bm_wr *w)
{
    wire_place_put(w, &(struct wire_place){ .id = 7,
                                            .kind = STORE_DESTINATION_SYSLOG,
                                            .identity = 1,
                                            .url = BM_LIT("syslog+tls://h"),
                                            .secret = BM_ARRAY(hash),
                                            .anchors = CERT });
}

static void put_event(struct bm_wr *w)
{
    wire_event_put(w, &(struct wire_event){ .place = 7,
                                            .number = 9,
                                            .at = 1790000000,
                                            .organisation = 1,
                                            .tries = 2,
                                            .claimed = 1,
                                            .id = BM_LIT("evt_9_00"),
                                            .kind = BM_LIT("fork"),
                                            .owner = BM_LIT("Example"),
                                            .device = BM_LIT("SN-1"),
                                            .text = BM_LIT("text") });
}

static void put_sent(struct bm_wr *w)
{
    wire_sent_put(w, &(struct wire_sent){ .place = 7,
                                          .number = 9,
                                          .taken = 0,
                                          .words = BM_LIT("HTTP 500") });
}

static void put_bundle(struct bm_wr *w)
{
    wire_bundle_put(w, &(struct wire_bundle){ .list = 2,
                                              .version = UINT64_C(1) << 40,
                                              .message = BM_LIT("cms") });
}

static void put_attest(struct bm_wr *w)
{
    wire_attest_put(w, &(struct wire_attest){ .op = WIRE_ATTEST_ACTIVATE,
                                              .cert = CERT,
                                              .user = BM_LIT("SN-1"),
                                              .token = BM_LIT("secret"),
                                              .body = BM_LIT("body") });
}

static void put_label(struct bm_wr *w)
{
    wire_label_put(w, &(struct wire_label){ .label = BM_LIT("a"),
                                            .flags = WIRE_LABEL_DEFAULT,
                                            .cacerts = CERT,
                                            .csrattrs = NONE });
}

static void put_signing(struct bm_wr *w)
{
    wire_signing_put(w, &(struct wire_signing){ .ca = BM_LIT("issuing"),
                                                .profile = BM_LIT("p"),
                                                .version = 3,
                                                .serial = { serial, 3 },
                                                .tbs = BM_LIT("tbs") });
}

static void put_signed(struct bm_wr *w)
{
    wire_signed_put(w, BM_LIT("tail"));
}

/* In the order of wire_kinds. */
static void (*const put_one[WIRE_KINDS])(struct bm_wr *w) = {
    put_enrol,        put_enrolled,   put_seen,         put_admin,
    put_administered, put_keep_issue, put_keep_install, put_head,
    put_checkpoint,   put_crl,        put_status,       put_device,
    put_bundle,       put_attest,     put_place,        put_event,
    put_sent,         put_label,      put_signing,      put_signed,
};

struct sample {
    const struct wire_kind *kind;
    bool rows;
    uint8_t octets[512];
    size_t n;
};

static struct sample sample_of(size_t i)
{
    struct sample s = { .kind = &wire_kinds[i], .rows = i >= WIRE_FIRST_ROW };
    struct bm_wr w;

    bm_wr_init(&w, s.octets, sizeof s.octets);
    put_one[i](&w);
    if (s.rows) {
        put_one[i](&w);
    }
    CHECK_STATUS(bm_wr_finish(&w, &s.n), BM_OK);
    return s;
}

/* Read `n` octets in memory of exactly that size. */
static bm_status again(const struct sample *s, size_t n, uint8_t *m,
                       struct bm_wr *w)
{
    uint8_t *exact = malloc(n == 0 ? 1 : n);
    bm_status rc = BM_E_MEMORY;

    if (exact != NULL) {
        memcpy(exact, s->octets, n);
        memset(m, 0xff, WIRE_KIND_ROOM);
        rc = s->kind->again((struct bm_bytes){ exact, n }, m, w);
    }
    free(exact);
    return rc;
}

static bool is_zero(const uint8_t *m, size_t n)
{
    while (n > 0 && m[n - 1] == 0) {
        n--;
    }
    return n == 0;
}

static void what_is_put_is_read_again(void)
{
    for (size_t i = 0; i < WIRE_KINDS; i++) {
        alignas(max_align_t) uint8_t m[WIRE_KIND_ROOM];
        struct sample s = sample_of(i);
        uint8_t room[512];
        struct bm_wr w;

        bm_wr_init(&w, room, sizeof room);
        CHECK(s.kind->size <= sizeof m);
        CHECK_STATUS(again(&s, s.n, m, &w), BM_OK);
        CHECK_BYTES(w.buf, w.len, s.octets, s.n);
    }
}

static void every_prefix_is_refused(void)
{
    for (size_t i = 0; i < WIRE_KINDS; i++) {
        alignas(max_align_t) uint8_t m[WIRE_KIND_ROOM];
        struct sample s = sample_of(i);

        for (size_t n = 0; n < s.n; n++) {
            struct bm_wr w;

            bm_wr_init(&w, NULL, 0);
            if (s.rows && n % (s.n / 2) == 0) {
                CHECK_STATUS(again(&s, n, m, &w), BM_OK);
                continue;
            }
            CHECK_STATUS(again(&s, n, m, &w), BM_E_DER_TRUNCATED);
            CHECK(is_zero(m, s.kind->size));
        }
    }
}

static void an_octet_too_many_is_refused(void)
{
    for (size_t i = 0; i < WIRE_KINDS; i++) {
        alignas(max_align_t) uint8_t m[WIRE_KIND_ROOM];
        struct sample s = sample_of(i);
        struct bm_wr w;

        bm_wr_init(&w, NULL, 0);
        CHECK_STATUS(again(&s, s.n + 1, m, &w),
                     s.rows ? BM_E_DER_TRUNCATED : BM_E_DER_TRAILING);
        CHECK(is_zero(m, s.kind->size));
    }
}

static void every_bit_flip_is_refused_or_another_message(void)
{
    for (size_t i = 0; i < WIRE_KINDS; i++) {
        struct sample s = sample_of(i);

        for (size_t bit = 0; bit < 8 * s.n; bit++) {
            alignas(max_align_t) uint8_t m[WIRE_KIND_ROOM];
            uint8_t room[512];
            struct bm_wr w;

            bm_wr_init(&w, room, sizeof room);
            s.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (again(&s, s.n, m, &w) == BM_OK) {
                CHECK_BYTES(w.buf, w.len, s.octets, s.n);
            } else {
                CHECK(is_zero(m, s.kind->size));
            }
            s.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void numbers_and_lengths_have_their_range(void)
{
    static const uint8_t big[WIRE_OBJECT_MAX + 1];
    struct wire_enrol enrol = { .op = WIRE_ENROLL, .csr = CERT };
    struct wire_enrolled enrolled = { .http = 200 };
    struct wire_checkpoint point = { .tree = 1, .root = { hash, 32 } };
    uint8_t *room = malloc(sizeof big + 256);
    struct bm_wr w;

    if (room == NULL) {
        SKIP("no memory");
    }
    enrol.csr = (struct bm_bytes){ big, WIRE_OBJECT_MAX };
    bm_wr_init(&w, room, sizeof big + 256);
    wire_enrol_put(&w, &enrol);
    CHECK_STATUS(wire_enrol_get(bm_wr_bytes(&w), &enrol), BM_OK);

    enrol.csr = (struct bm_bytes){ big, sizeof big };
    bm_wr_init(&w, room, sizeof big + 256);
    wire_enrol_put(&w, &enrol);
    CHECK_STATUS(wire_enrol_get(bm_wr_bytes(&w), &enrol), BM_E_LIMIT);

    enrol = (struct wire_enrol){ .op = 4, .csr = CERT };
    bm_wr_init(&w, room, sizeof big + 256);
    wire_enrol_put(&w, &enrol);
    CHECK_STATUS(wire_enrol_get(bm_wr_bytes(&w), &enrol), BM_E_LIMIT);

    enrolled.renew_from = -1;
    bm_wr_init(&w, room, sizeof big + 256);
    wire_enrolled_put(&w, &enrolled);
    CHECK_STATUS(wire_enrolled_get(bm_wr_bytes(&w), &enrolled), BM_E_LIMIT);

    point.proof = (struct bm_bytes){ hash, 31 };
    bm_wr_init(&w, room, sizeof big + 256);
    wire_checkpoint_put(&w, &point);
    CHECK_STATUS(wire_checkpoint_get(bm_wr_bytes(&w), &point), BM_E_LIMIT);
    free(room);
}

int main(void)
{
    RUN(what_is_put_is_read_again);
    RUN(every_prefix_is_refused);
    RUN(an_octet_too_many_is_refused);
    RUN(every_bit_flip_is_refused_or_another_message);
    RUN(numbers_and_lengths_have_their_range);
    return bm_test_done();
}
