/* SPDX-License-Identifier: Apache-2.0 */
#include "device/tls_port.h"

#include "tests/harness/bm_test.h"

/* TLS 1.3: no context, a list of two certificates, one extension each. */
static const uint8_t list_13[] = { 0, 0, 0, 18, 0, 0, 2,    0xaa, 0xbb, 0, 3,
                                   9, 9, 9, 0,  0, 1, 0xcc, 0,    2,    8, 8 };
static const uint8_t list_12[] = {
    0, 0, 9, 0, 0, 2, 0xaa, 0xbb, 0, 0, 1, 0xcc
};

static void check_list(struct bm_bytes body, bool tls13)
{
    struct bm_bytes certs[BM_TLS_CERTS_MAX];
    size_t n;

    CHECK_STATUS(bm_tls_certs_take(body, tls13, certs, &n), BM_OK);
    CHECK(n == 2);
    CHECK_BYTES(certs[0].p, certs[0].n, "\xaa\xbb", 2);
    CHECK_BYTES(certs[1].p, certs[1].n, "\xcc", 1);
}

static void certificates_are_taken_as_they_came(void)
{
    check_list(BM_ARRAY(list_13), true);
    check_list(BM_ARRAY(list_12), false);
}

static void check_prefixes(struct bm_bytes body, bool tls13)
{
    struct bm_bytes certs[BM_TLS_CERTS_MAX];
    size_t n;

    for (size_t i = 0; i < body.n; i++) {
        n = 7;
        CHECK_STATUS(
            bm_tls_certs_take((struct bm_bytes){ body.p, i }, tls13, certs, &n),
            BM_E_TLS_HANDSHAKE);
        CHECK(n == 0);
    }
}

static void every_prefix_is_refused(void)
{
    check_prefixes(BM_ARRAY(list_13), true);
    check_prefixes(BM_ARRAY(list_12), false);
}

static void check_flips(const uint8_t *body, size_t size, bool tls13)
{
    for (size_t bit = 0; bit < size * 8; bit++) {
        uint8_t flipped[32];
        struct bm_bytes certs[BM_TLS_CERTS_MAX];
        size_t n;

        memcpy(flipped, body, size);
        flipped[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (bm_tls_certs_take((struct bm_bytes){ flipped, size }, tls13, certs,
                              &n) != BM_OK) {
            CHECK(n == 0);
        }
        for (size_t i = 0; i < n; i++) {
            CHECK(certs[i].n > 0 && certs[i].p >= flipped &&
                  certs[i].p + certs[i].n <= flipped + size);
        }
    }
}

static void no_flipped_bit_leads_outside_of_the_message(void)
{
    check_flips(list_13, sizeof list_13, true);
    check_flips(list_12, sizeof list_12, false);
}

static void a_list_may_be_empty_but_a_certificate_not(void)
{
    static const uint8_t none_13[] = { 0, 0, 0, 0 };
    static const uint8_t none_12[] = { 0, 0, 0 };
    static const uint8_t hollow[] = { 0, 0, 3, 0, 0, 0 };
    struct bm_bytes certs[BM_TLS_CERTS_MAX];
    size_t n = 7;

    CHECK_STATUS(bm_tls_certs_take(BM_ARRAY(none_13), true, certs, &n), BM_OK);
    CHECK(n == 0);
    CHECK_STATUS(bm_tls_certs_take(BM_ARRAY(none_12), false, certs, &n), BM_OK);
    CHECK_STATUS(bm_tls_certs_take(BM_ARRAY(hollow), false, certs, &n),
                 BM_E_TLS_HANDSHAKE);
}

static void a_long_list_is_cut_behind_what_the_judge_refuses(void)
{
    uint8_t body[3 + 12 * 4] = { 0, 0, 12 * 4 };
    struct bm_bytes certs[BM_TLS_CERTS_MAX];
    size_t n;

    for (size_t i = 0; i < 12; i++) {
        body[3 + i * 4 + 2] = 1;
        body[3 + i * 4 + 3] = (uint8_t)i;
    }
    CHECK_STATUS(bm_tls_certs_take(BM_ARRAY(body), false, certs, &n), BM_OK);
    CHECK(n == BM_TRUST_CHAIN_MAX + 1);
    CHECK(certs[n - 1].p[0] == n - 1);
}

static void a_host_name_is_told_to_servers_and_nothing_else(void)
{
    static const struct {
        const char *host;
        enum bm_trust_use use;
        bool told;
    } cases[] = {
        { "server.example.test", BM_TRUST_CLOUD, true },
        { "server.example.test", BM_TRUST_ENROL, true },
        { "server", BM_TRUST_CLOUD, true },
        { "10.example", BM_TRUST_CLOUD, true },
        { "a.b2", BM_TRUST_CLOUD, true },
        { "192.0.2.1", BM_TRUST_CLOUD, false },
        { "2001:db8::1", BM_TRUST_CLOUD, false },
        { "", BM_TRUST_CLOUD, false },
        { NULL, BM_TRUST_CLOUD, false },
        { "device-1", BM_TRUST_DEVICE, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bm_tls_config c = { .expect = { .use = cases[i].use,
                                               .host = cases[i].host } };

        CHECK(bm_tls_server_name(&c) == (cases[i].told ? cases[i].host : NULL));
        c.server = true;
        CHECK(bm_tls_server_name(&c) == NULL);
    }
}

static void refusals_have_alerts_and_alerts_have_names(void)
{
    static const struct {
        bm_status refusal;
        const char *alert;
    } cases[] = {
        { BM_E_PATH_EXPIRED, "certificate_expired" },
        { BM_E_PATH_REVOKED, "certificate_revoked" },
        { BM_E_TRUST_DENIED, "certificate_revoked" },
        { BM_E_PATH_NO_ISSUER, "unknown_ca" },
        { BM_E_PATH_SIGNATURE, "unknown_ca" },
        { BM_E_PATH_EKU, "unsupported_certificate" },
        { BM_E_PATH_HOST, "bad_certificate" },
        { BM_E_DER_TAG, "bad_certificate" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(strcmp(bm_tls_alert_text(bm_tls_alert_for(cases[i].refusal)),
                     cases[i].alert) == 0);
    }
    CHECK(strcmp(bm_tls_alert_text(BM_TLS_ALERT_NONE), "unknown") == 0);
}

int main(void)
{
    RUN(certificates_are_taken_as_they_came);
    RUN(every_prefix_is_refused);
    RUN(no_flipped_bit_leads_outside_of_the_message);
    RUN(a_list_may_be_empty_but_a_certificate_not);
    RUN(a_long_list_is_cut_behind_what_the_judge_refuses);
    RUN(a_host_name_is_told_to_servers_and_nothing_else);
    RUN(refusals_have_alerts_and_alerts_have_names);
    return bm_test_done();
}
