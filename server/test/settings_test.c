/* SPDX-License-Identifier: Apache-2.0 */
#include "server/settings.h"

#include <stdlib.h>

#include "tests/harness/bm_test.h"

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

#define GOOD                               \
    "version: 1\n"                         \
    "public_url: http://ca.example:8080\n" \
    "ledger:\n"                            \
    "  origin: ca.example/ledger\n"

static void what_is_not_said_has_its_default(void)
{
    struct settings s;

    CHECK_STATUS(settings_parse(text(GOOD), "x", &s, NULL), BM_OK);
    CHECK(strcmp(s.public_url, "http://ca.example:8080") == 0);
    CHECK(strcmp(s.unlock, "file") == 0);
    CHECK(strcmp(s.origin, "ca.example/ledger") == 0);
    CHECK(s.crl_lifetime == 7 * 86400);
    CHECK(s.crl_shards == 0 && s.crl_delta_every == 0);
    CHECK(s.ocsp_lifetime == 3600);
    CHECK(s.bad_keys == NULL);
    CHECK(strcmp(s.listen_devices, "[::]:8443") == 0);
    CHECK(strcmp(s.listen_operators, "[::]:8444") == 0);
    CHECK(strcmp(s.listen_public, "[::]:8080") == 0);
    CHECK(strcmp(s.listen_metrics, "127.0.0.1:9464") == 0);
    CHECK(s.listeners >= 1 && s.listeners <= 64);
    CHECK(strcmp(s.user, "birthmark") == 0);
    CHECK(s.log_level == 5);
    CHECK(strcmp(s.est_default_profile, "ieee-802.1ar-ldevid") == 0);
    CHECK(strcmp(s.admin_url, "https://ca.example:8444") == 0);
    CHECK(s.limit_connections == 10000 && s.limit_queue == 1024);
    CHECK(s.limit_identity == 60 && s.limit_organisation == 2000);
    settings_wipe(&s);
    CHECK(s.memory == NULL);
    settings_wipe(&s);
}

static void what_is_said_is_taken(void)
{
    struct settings s;

    CHECK_STATUS(
        settings_parse(text(GOOD "listen:\n"
                                 "  devices: 0.0.0.0:1\n"
                                 "  operators: \"[::1]:0\"\n"
                                 "  public: 127.0.0.1:65535\n"
                                 "  metrics: none\n"
                                 "listeners: 3\n"
                                 "user: ca\n"
                                 "log: { level: info }\n"
                                 "est: { default_profile: x }\n"
                                 "admin_url: https://admin.example\n"
                                 "crl: { lifetime: 2d, shards: 64,\n"
                                 "  delta_every: 1d }\n"
                                 "limits: { connections: 1, identity: 2,\n"
                                 "  organisation: 3, queue: 4, uploads: 5,\n"
                                 "  upload_octets: 6 }\n"
                                 "batches: { approval: 1d, keep: 2d }\n"),
                       "x", &s, NULL),
        BM_OK);
    CHECK(strcmp(s.listen_devices, "0.0.0.0:1") == 0);
    CHECK(strcmp(s.listen_operators, "[::1]:0") == 0);
    CHECK(strcmp(s.listen_public, "127.0.0.1:65535") == 0);
    CHECK(strcmp(s.listen_metrics, SETTINGS_NO_ADDRESS) == 0);
    CHECK(s.listeners == 3 && strcmp(s.user, "ca") == 0 && s.log_level == 6);
    CHECK(strcmp(s.est_default_profile, "x") == 0);
    CHECK(strcmp(s.admin_url, "https://admin.example") == 0);
    CHECK(s.crl_lifetime == 2 * 86400 && s.crl_shards == 64 &&
          s.crl_delta_every == 86400);
    CHECK(s.limit_connections == 1 && s.limit_identity == 2);
    CHECK(s.limit_organisation == 3 && s.limit_queue == 4);
    CHECK(s.limit_uploads == 5 && s.limit_upload_octets == 6);
    CHECK(s.batch_approval == 86400 && s.batch_keep == 2 * 86400);
    settings_wipe(&s);
}

static void tokens_are_named_with_what_they_need(void)
{
    struct settings s;

    CHECK_STATUS(settings_parse(text(GOOD), "x", &s, NULL), BM_OK);
    CHECK(s.token_modules == NULL && s.token_pin == NULL);
    CHECK(s.token_environment == NULL && s.token_sockets == NULL);
    CHECK(strcmp(s.token_tpm, "device:/dev/tpmrm0") == 0);
    CHECK(s.token_tpm_owner == NULL);
    settings_wipe(&s);
    CHECK_STATUS(settings_parse(text(GOOD "tokens:\n"
                                          "  modules: [/a.so, /b.so]\n"
                                          "  pin: keys/pin\n"
                                          "  environment: [A_1=b=c]\n"
                                          "  read: [/etc/a]\n"
                                          "  write: [/var/a]\n"
                                          "  sockets: [/run/a]\n"
                                          "  tpm: swtpm:path=/run/t\n"
                                          "  tpm_owner: /etc/owner\n"),
                                "x", &s, NULL),
                 BM_OK);
    CHECK(strcmp(s.token_modules[0], "/a.so") == 0);
    CHECK(strcmp(s.token_modules[1], "/b.so") == 0);
    CHECK(s.token_modules[2] == NULL);
    CHECK(strcmp(s.token_pin, "keys/pin") == 0);
    CHECK(strcmp(s.token_environment[0], "A_1=b=c") == 0);
    CHECK(strcmp(s.token_read[0], "/etc/a") == 0);
    CHECK(strcmp(s.token_write[0], "/var/a") == 0);
    CHECK(strcmp(s.token_sockets[0], "/run/a") == 0);
    CHECK(strcmp(s.token_tpm, "swtpm:path=/run/t") == 0);
    CHECK(strcmp(s.token_tpm_owner, "/etc/owner") == 0);
    settings_wipe(&s);
}

static void makers_of_tpms_are_named(void)
{
    struct settings s;

    CHECK_STATUS(settings_parse(text(GOOD), "x", &s, NULL), BM_OK);
    CHECK(s.attestation_ek_cas == NULL && s.attestation_valid == 600);
    settings_wipe(&s);
    CHECK_STATUS(settings_parse(text(GOOD "attestation:\n"
                                          "  ek_cas: /etc/makers\n"
                                          "  valid: 1h\n"),
                                "x", &s, NULL),
                 BM_OK);
    CHECK(strcmp(s.attestation_ek_cas, "/etc/makers") == 0 &&
          s.attestation_valid == 3600);
    settings_wipe(&s);
}

static void the_api_is_found_where_operators_are_listened_to(void)
{
    static const struct {
        const char *text;
        const char *url; /* NULL: nowhere */
    } rows[] = {
        { GOOD "listen: { operators: 127.0.0.1:9 }\n", "https://ca.example:9" },
        { GOOD "listen: { operators: none }\n", NULL },
        { "version: 1\npublic_url: \"http://[2001:db8::1]:80\"\n"
          "ledger: { origin: x }\n",
          "https://[2001:db8::1]:8444" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings s;

        CHECK_STATUS(settings_parse(text(rows[i].text), "x", &s, NULL), BM_OK);
        CHECK(rows[i].url == NULL ? s.admin_url == NULL
                                  : s.admin_url != NULL &&
                                        strcmp(s.admin_url, rows[i].url) == 0);
        settings_wipe(&s);
    }
}

static void an_address_is_in_numbers(void)
{
    static const struct {
        const char *text;
        int family; /* 0: refused */
    } rows[] = {
        { "0.0.0.0:8443", AF_INET },
        { "127.0.0.1:0", AF_INET },
        { "[::]:8443", AF_INET6 },
        { "[2001:db8::1]:65535", AF_INET6 },
        { "[::ffff:192.0.2.1]:1", AF_INET6 },
        { "", 0 },
        { ":", 0 },
        { ":8443", 0 },
        { "*:8443", 0 },
        { "127.0.0.1", 0 },
        { "127.0.0.1:", 0 },
        { "127.0.0.1:65536", 0 },
        { "127.0.0.1:099", 0 },
        { "127.0.0.1:-1", 0 },
        { "127.0.0.1:1x", 0 },
        { "127.1:80", 0 },
        { "localhost:80", 0 },
        { "::1:80", 0 },
        { "[::1]", 0 },
        { "[::1]80", 0 },
        { "[::1:80", 0 },
        { "[]:80", 0 },
        { "[", 0 },
        { "[127.0.0.1]:80", 0 },
        { "[fe80::1%eth0]:80", 0 },
        { "1111111111111111111111111111111111111111111111111:1", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sockaddr_storage a;
        socklen_t n;
        bm_status rc = settings_address(rows[i].text, &a, &n);

        CHECK_STATUS(rc, rows[i].family != 0 ? BM_OK : BM_E_CONFIG_VALUE);
        CHECK(a.ss_family == rows[i].family && (n != 0) == (rc == BM_OK));
    }
}

static void what_init_writes_can_be_read(void)
{
    char room[4096];
    struct bm_wr w;
    struct settings s;

    bm_wr_init(&w, (uint8_t *)room, sizeof room);
    settings_put(&w, "http://[2001:db8::1]:8080", "2001:db8::1/ledger");
    CHECK(w.len < sizeof room);
    CHECK_STATUS(settings_parse(bm_wr_bytes(&w), "x", &s, NULL), BM_OK);
    CHECK(strcmp(s.public_url, "http://[2001:db8::1]:8080") == 0);
    CHECK(strcmp(s.origin, "2001:db8::1/ledger") == 0);
    CHECK(s.bad_keys != NULL && strcmp(s.bad_keys, "bad-keys.txt") == 0);
    settings_wipe(&s);
}

static void an_error_has_file_line_and_column(void)
{
    static const struct {
        const char *text;
        const char *where; /* the words begin with it */
    } rows[] = {
        { "", "f:" },
        { "version: 2\npublic_url: http://a\nledger: { origin: x }\n",
          "f:1:10: " },
        { GOOD "public_ulr: x\n", "f:5:1: " },
        { GOOD "public_url: http://b\n", "f:5:1: " },
        { GOOD "crl:\n  lifetime: 1s\n", "f:6:13: " },
        { GOOD "crl:\n  lifetime: 100000000000000000000d\n", "f:6:13: " },
        { GOOD "ocsp:\n  lifetime: 59s\n", "f:6:13: " },
        { GOOD "ocsp:\n  livetime: 1h\n", "f:6:3: " },
        { "version: 1\npublic_url: https://a\nledger: { origin: x }\n",
          "f:2:13: " },
        { "version: 1\npublic_url: http://a\nledger: { origin: a b }\n",
          "f:3:19: " },
        { "version: 1\npublic_url: http://a\nledger: { origin: a+b }\n",
          "f:3:19: " },
        { GOOD "listen:\n  devices: localhost:80\n", "f:6:12: " },
        { GOOD "listen:\n  public: 80\n", "f:6:11: " },
        { GOOD "listeners: 0\n", "f:5:12: " },
        { GOOD "listeners: 65\n", "f:5:12: " },
        { GOOD "log: { level: loud }\n", "f:5:15: " },
        { GOOD "admin_url: http://x\n", "f:5:12: " },
        { GOOD "limits: { queue: 0 }\n", "f:5:18: " },
        { GOOD "est: { profile: x }\n", "f:5:8: " },
        { GOOD "tokens: { modules: [a.so] }\n", "f:5:21: " },
        { GOOD "tokens: { modules: [/a, b] }\n", "f:5:25: " },
        { GOOD "tokens: { modules: [] }\n", "f:5:20: " },
        { GOOD "tokens: { modules: [/1, /2, /3, /4, /5, /6, /7, /8, /9] }\n",
          "f:5:20: " },
        { GOOD "tokens: { modules: /a }\n", "f:5:20: " },
        { GOOD "tokens: { environment: [A] }\n", "f:5:25: " },
        { GOOD "tokens: { environment: [=a] }\n", "f:5:25: " },
        { GOOD "tokens: { environment: [a=b] }\n", "f:5:25: " },
        { GOOD "tokens: { environment: [1A=b] }\n", "f:5:25: " },
        { GOOD "tokens: { environment: [LD_PRELOAD=/x] }\n", "f:5:25: " },
        { GOOD "tokens: { read: [etc] }\n", "f:5:18: " },
        { GOOD "tokens: { write: [tokens] }\n", "f:5:19: " },
        { GOOD "tokens: { sockets: [@x] }\n", "f:" },
        { GOOD "tokens: { pin_value: 1234 }\n", "f:5:11: " },
        { GOOD "tokens: { tpm: /dev/tpm0 }\n", "f:5:16: " },
        { GOOD "tokens: { tpm: \"device:tpm0\" }\n", "f:5:16: " },
        { GOOD "tokens: { tpm: \"swtpm:host=127.0.0.1\" }\n", "f:5:16: " },
        { GOOD "tokens: { tpm: \"cmd:sh\" }\n", "f:5:16: " },
        { GOOD "tokens: { tpm_owner: owner }\n", "f:5:22: " },
        { GOOD "attestation: { ek_cas: ek-cas }\n", "f:5:24: " },
        { GOOD "attestation: { valid: 10m }\n", "f:5:14: " },
        { GOOD "attestation: { ek_cas: /a, valid: 1s }\n", "f:5:35: " },
        { GOOD "attestation: { ek_cas: /a, valid: 2d }\n", "f:5:35: " },
        { "version: 1\nledger: { origin: x }\n", "f:" },
        { "version: 1\npublic_url: http://a\n", "f:" },
        { "version: 1\npublic_url: http://a\nledger: {}\n", "f:" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_refusal why = { BM_OK, "" };
        struct settings s;
        bm_status rc = settings_parse(text(rows[i].text), "f", &s, &why);

        CHECK(rc != BM_OK);
        CHECK_STATUS(why.status, rc);
        if (strncmp(why.words, rows[i].where, strlen(rows[i].where)) != 0) {
            printf("# row %zu: %s\n", i, why.words);
            CHECK(!"where");
        }
        CHECK(s.memory == NULL);
        CHECK_STATUS(settings_parse(text(rows[i].text), "f", &s, NULL), rc);
    }
}

static void every_prefix_is_read_or_refused(void)
{
    for (size_t n = 0; n < sizeof GOOD; n++) {
        struct settings s;
        bm_status rc = settings_parse(
            (struct bm_bytes){ (const uint8_t *)GOOD, n }, "f", &s, NULL);

        CHECK((rc == BM_OK) == (s.memory != NULL));
        settings_wipe(&s);
    }
}

/* It goes into certificates that live twenty years. */
static void a_public_url_is_a_scheme_and_a_host(void)
{
    static const struct {
        const char *url;
        bool valid;
    } rows[] = {
        { "http://ca.example", true },
        { "http://ca.example:8080", true },
        { "http://192.0.2.1:80", true },
        { "http://[2001:db8::1]:8080", true },
        { "http://[2001:db8::1]", true },
        { "http://CA-1.example", true },
        { "", false },
        { "http://", false },
        { "http:/", false },
        { "ca.example", false },
        { "https://ca.example", false },
        { "http://ca.example/", false },
        { "http://ca.example/path", false },
        { "http://ca.example:", false },
        { "http://ca.example:x", false },
        { "http://ca.example:80:80", false },
        { "http://ca.example:65536", false },
        { "http://ca.example:0", false },
        { "http://:8080", false },
        { "http://user@ca.example", false },
        { "http://ca example", false },
        { "http://ca.example?x", false },
        { "http://[2001:db8::1", false },
        { "http://[]", false },
        { "http://2001:db8::1", false },
        { "http://ca.example\n", false },
        { "HTTP://ca.example", false },
        { "http://..", false },
        { "http://-ca.example", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (settings_url_valid(rows[i].url) != rows[i].valid) {
            printf("# %s\n", rows[i].url);
            CHECK(!"valid");
        }
    }
}

int main(void)
{
    RUN(what_is_not_said_has_its_default);
    RUN(what_is_said_is_taken);
    RUN(tokens_are_named_with_what_they_need);
    RUN(makers_of_tpms_are_named);
    RUN(the_api_is_found_where_operators_are_listened_to);
    RUN(an_address_is_in_numbers);
    RUN(what_init_writes_can_be_read);
    RUN(an_error_has_file_line_and_column);
    RUN(every_prefix_is_read_or_refused);
    RUN(a_public_url_is_a_scheme_and_a_host);
    return bm_test_done();
}
