/* SPDX-License-Identifier: Apache-2.0 */

/* The status signer in its room: what it says follows the store, while that
 * is being written. */
#include "ca/revoke.h"
#include "core/ocsp.h"
#include "daemon/link.h"
#include "daemon/test/issuing.h"
#include "daemon/wire.h"

static struct issuing issuer;
static struct rooms_child status_room;
static int status_fd;

/* Ask, without looking at what came back but for its frame. */
static bm_status ask(struct bm_bytes request, struct bm_wr *room,
                     struct wire_status *m)
{
    static uint32_t next;
    uint32_t tag = ++next;
    struct link_frame question = { .verb = WIRE_STATUS,
                                   .tag = tag,
                                   .body = request };
    struct link_frame answer;

    memset(m, 0, sizeof *m);
    BM_TRY(link_ask(status_fd, &question, 60000, room, &answer));
    BM_TRY((bm_status)answer.status);
    return wire_status_get(answer.body, m);
}

/* What is said of the certificate. */
static enum bm_ocsp_cert_status status_of(struct bm_bytes serial)
{
    const struct instance_ca *ca = instance_find_ca(issuer.in, "operations");
    struct bm_ocsp_target target = { .issuer = ca->cert.subject,
                                     .issuer_key = &ca->cert.key,
                                     .serial = serial };
    struct bm_ocsp_request_config config = { .targets = &target,
                                             .n = 1,
                                             .hash = BM_HASH_SHA1 };
    struct bm_ocsp_check check = { .target = target, .now = rooms_clock };
    struct bm_ocsp_response response;
    struct bm_ocsp_result result;
    uint8_t request[512];
    uint8_t answer[8192];
    struct wire_status m;
    struct bm_wr w;
    struct bm_wr room;

    bm_wr_init(&w, request, sizeof request);
    bm_wr_init(&room, answer, sizeof answer);
    CHECK_STATUS(bm_ocsp_request_build(&config, rooms_port.crypto, &w), BM_OK);
    CHECK_STATUS(ask(bm_wr_bytes(&w), &room, &m), BM_OK);
    CHECK_STATUS(bm_ocsp_response_parse(m.response, NULL, &response), BM_OK);
    CHECK_STATUS(bm_ocsp_verify(&response, rooms_port.crypto, &check, &result),
                 BM_OK);
    CHECK(m.this_update == result.single.this_update);
    CHECK(m.next_update == result.single.next_update);
    return result.single.status;
}

static void what_was_issued_is_good_until_it_is_revoked(void)
{
    static struct request r;
    struct ca_issue_result result;
    struct ca_revocation revocation = { .ca = "operations",
                                        .reason = BM_REASON_SUPERSEDED };
    uint8_t other[] = { 0x12, 0x34 };

    make_request(&r, "a.example");
    CHECK_STATUS(issue(&issuer, &r, "tls-server", NULL, &result), BM_OK);
    revocation.serial = (struct bm_bytes){ result.serial, result.serial_n };
    CHECK(status_of(revocation.serial) == BM_OCSP_GOOD);
    CHECK(status_of(BM_ARRAY(other)) == BM_OCSP_UNKNOWN);
    CHECK_STATUS(
        ca_revoke(issuer.in->ca, &authority, &revocation, rooms_clock, NULL),
        BM_OK);
    CHECK(status_of(revocation.serial) == BM_OCSP_REVOKED);
    free_request(&r);
}

static void what_is_no_request_gets_an_answer_as_well(void)
{
    static const struct {
        struct bm_bytes request;
        enum bm_ocsp_response_status want;
    } rows[] = {
        { BM_LIT_INIT(""), BM_OCSP_MALFORMED_REQUEST },
        { BM_LIT_INIT("\x30\x00"), BM_OCSP_MALFORMED_REQUEST },
        { BM_LIT_INIT("GET / HTTP/1.1"), BM_OCSP_MALFORMED_REQUEST },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_ocsp_response response;
        uint8_t answer[8192];
        struct wire_status m;
        struct bm_wr room;

        bm_wr_init(&room, answer, sizeof answer);
        CHECK_STATUS(ask(rows[i].request, &room, &m), BM_OK);
        CHECK(m.this_update == 0 && m.next_update == 0);
        CHECK_STATUS(bm_ocsp_response_parse(m.response, NULL, &response),
                     BM_OK);
        CHECK(response.status == rows[i].want);
    }
}

/* The log of writes begins anew after a thousand pages: a reader that has its
 * files open must not be left behind. */
static void it_keeps_up_with_a_writer(void)
{
    static struct request r;
    struct ca_issue_result result;

    for (int i = 0; i < 120; i++) {
        make_request(&r, "b.example");
        CHECK_STATUS(issue(&issuer, &r, "tls-server", NULL, &result), BM_OK);
        if (i % 8 == 0) {
            CHECK(status_of((struct bm_bytes){
                      result.serial, result.serial_n }) == BM_OCSP_GOOD);
        }
        free_request(&r);
    }
}

static void it_serves_nothing_else(void)
{
    struct link_frame question = { .verb = WIRE_SIGN_CERTS, .tag = 1 };
    struct link_frame answer;
    uint8_t octets[64];
    struct bm_wr room;

    bm_wr_init(&room, octets, sizeof octets);
    CHECK_STATUS(link_ask(status_fd, &question, 60000, &room, &answer),
                 BM_E_IO);
}

int main(void)
{
    rooms_begin();
    begin(&issuer);
    status_room = rooms_start(&room_status);
    status_fd = rooms_link(&status_room, ROOM_PUBLISHER, 0);
    RUN(what_was_issued_is_good_until_it_is_revoked);
    RUN(what_is_no_request_gets_an_answer_as_well);
    RUN(it_keeps_up_with_a_writer);
    RUN(it_serves_nothing_else);
    (void)close(status_fd);
    CHECK(rooms_stop(&status_room) == 0);
    end(&issuer);
    rooms_end();
    return bm_test_done();
}
