/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/settings.h"

#include <string.h>

#include "tests/harness/bm_test.h"

#define SERVER                         \
    "version: 1\n"                     \
    "server:\n"                        \
    "  url: https://ca.example:8443\n" \
    "  anchors: /a.pem\n"

static bm_status parse(const char *text, struct settings *s,
                       struct config_error *error)
{
    return settings_parse(
        (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, s, error);
}

static void the_least_that_is_said_is_enough(void)
{
    struct config_error error;
    struct settings s;

    CHECK_STATUS(parse(SERVER, &s, &error), BM_OK);
    CHECK(strcmp(s.host, "ca.example") == 0 && s.port == 8443);
    CHECK(s.keys.place == SETTINGS_FILE_KEYS && s.label == NULL);
    CHECK(strcmp(s.state, "/var/lib/birthmark-agent") == 0);
    CHECK(s.policy[BM_TRUST_ENROL].stale == BM_TRUST_WARN);
    CHECK(s.policy[BM_TRUST_DEVICE].stale == BM_TRUST_GRACE);
    CHECK(s.policy[BM_TRUST_DEVICE].grace == 7 * 86400);
    CHECK(s.subject_n == 0 && s.extensions_n == 0 && s.hooks_n == 0);
    settings_free(&s);
}

static void all_that_can_be_said_is_read(void)
{
    static const char text[] = SERVER
        "  label: ieee-802.1ar-ldevid\n"
        "  timeout: 10s\n"
        "state: /s\n"
        "device:\n"
        "  name: gw-17\n"
        "  token_file: /t\n"
        "  subject: \"CN=gw-17,O=Example\"\n"
        "  san: [\"dns:gw.example\", \"ip:192.0.2.1\", \"ip:2001:db8::1\"]\n"
        "keys: { uri: \"pkcs11:token=gw;object=bm-{slot}\",\n"
        "        modules: [/m.so], pin_file: /pin }\n"
        "idevid: { key: \"tpm2:0x81010001\", certificate: /i.pem }\n"
        "stale: { cloud: deny, grace: 2d }\n"
        "layouts:\n"
        "  - { kind: nginx, dir: /n }\n"
        "  - kind: files\n"
        "    dir: /f\n"
        "    files: [{ name: all.pem, parts: [certificate, chain] }]\n"
        "hooks:\n"
        "  - { name: reload, run: [/bin/true, x], retries: 0 }\n"
        "log_level: info\n";
    static const uint8_t extension[] = {
        0x30, 0x2d, 0x06, 0x03, 0x55, 0x1d, 0x11, 0x04, 0x26, 0x30, 0x24, 0x82,
        0x0a, 'g',  'w',  '.',  'e',  'x',  'a',  'm',  'p',  'l',  'e',  0x87,
        0x04, 192,  0,    2,    1,    0x87, 0x10, 0x20, 0x01, 0x0d, 0xb8, 0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x01
    };
    struct config_error error;
    struct settings s;

    CHECK_STATUS(parse(text, &s, &error), BM_OK);
    CHECK(s.keys.place == SETTINGS_PKCS11 && s.timeout == 10);
    CHECK(strcmp(s.label, "ieee-802.1ar-ldevid") == 0);
    CHECK(s.subject_n != 0 && s.subject[0] == 0x30);
    CHECK(s.policy[BM_TRUST_CLOUD].stale == BM_TRUST_DENY);
    CHECK(s.policy[BM_TRUST_CLOUD].grace == 2 * 86400);
    CHECK(s.layouts_n == 2 && s.layouts[1].files.n == 1);
    CHECK(s.hooks_n == 1 && s.hooks[0].retries == 0 &&
          s.hooks[0].timeout == 30);
    CHECK_BYTES(s.extensions, s.extensions_n, extension, sizeof extension);
    settings_free(&s);
}

static void what_is_wrong_is_told_with_its_place(void)
{
    static const struct {
        const char *more; /* behind SERVER, whose lines are 1 to 4 */
        bm_status rc;
        unsigned line;
    } rows[] = {
        { "sate: /x\n", BM_E_CONFIG_KEY, 5 },
        { "state: x\n", BM_E_CONFIG_VALUE, 5 },
        { "state: /a/../b\n", BM_E_CONFIG_VALUE, 5 },
        { "state: /a\nstate: /b\n", BM_E_CONFIG_TWICE, 6 },
        { "  label: a/b\n", BM_E_CONFIG_VALUE, 5 },
        { "  timeout: 0s\n", BM_E_CONFIG_VALUE, 5 },
        { "device: { name: \"a:b\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "device: { subject: \"CN\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "device: { token_file: t }\n", BM_E_CONFIG_VALUE, 5 },
        { "device:\n  san:\n    - dns:a\n    - b\n", BM_E_CONFIG_VALUE, 8 },
        { "device: { san: [\"ip:1.2.3\"] }\n", BM_E_CONFIG_VALUE, 5 },
        { "device: { san: [\"dns:a b\"] }\n", BM_E_CONFIG_VALUE, 5 },
        { "keys: { uri: \"file:a.key\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "keys: { uri: \"file:{slot}{slot}.key\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "keys: { uri: \"x:{slot}\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "keys: { uri: \"tpm2:{slot}\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "keys: { uri: \"tpm2:0x81000001\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "keys: { uri: \"pkcs11:object={slot}\" }\n", BM_E_CONFIG_MISSING, 5 },
        { "keys: { pin_file: /p }\n", BM_E_CONFIG_VALUE, 5 },
        { "idevid: { key: \"file:x.key\" }\n", BM_E_CONFIG_MISSING, 5 },
        { "idevid: { key: x, certificate: /x }\n", BM_E_CONFIG_VALUE, 5 },
        { "idevid: { key: \"file:x.key\", certificate: /x }\nbirth: {}\n",
          BM_E_CONFIG_VALUE, 6 },
        { "keys: { attest: true }\n", BM_E_CONFIG_VALUE, 5 },
        { "keys: { unlock: fil }\n", BM_E_CONFIG_VALUE, 5 },
        { "keys: { unlock: \"file:x\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "vault: { secret: none }\n", BM_E_CONFIG_VALUE, 5 },
        { "vault: { counter: \"0x017fffff\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "vault: { counter: \"0x01c00000\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "vault: { counter: \"0x180\" }\n", BM_E_CONFIG_VALUE, 5 },
        { "stale: { cloud: never }\n", BM_E_CONFIG_VALUE, 5 },
        { "layouts: [{ kind: nginx, dir: n }]\n", BM_E_CONFIG_VALUE, 5 },
        { "layouts: [{ kind: haproxy, dir: /n }]\n", BM_E_CONFIG_VALUE, 5 },
        { "layouts:\n  - { kind: nginx, dir: /n }\n"
          "  - { kind: mosquitto, dir: /n }\n",
          BM_E_CONFIG_VALUE, 7 },
        { "layouts: [{ kind: files, dir: /n }]\n", BM_E_CONFIG_VALUE, 5 },
        { "layouts:\n  - kind: files\n    dir: /n\n    files:\n"
          "      - { name: a/b, parts: [chain] }\n",
          BM_E_CONFIG_VALUE, 9 },
        { "layouts:\n  - kind: files\n    dir: /n\n    files:\n"
          "      - { name: a, parts: [key] }\n",
          BM_E_CONFIG_VALUE, 9 },
        { "layouts:\n  - kind: files\n    dir: /n\n    files:\n"
          "      - { name: a, parts: [chain] }\n"
          "      - { name: a, parts: [anchors] }\n",
          BM_E_CONFIG_VALUE, 10 },
        { "layouts:\n  - kind: files\n    dir: /n\n    files:\n"
          "      - { name: key.uri, parts: [chain] }\n",
          BM_E_CONFIG_VALUE, 9 },
        { "keys: { uri: \"tpm2:0x81020100\" }\n"
          "layouts: [{ kind: nginx, dir: /n, export_key: true }]\n",
          BM_E_CONFIG_VALUE, 6 },
        { "hooks: [{ name: a, run: [true] }]\n", BM_E_CONFIG_VALUE, 5 },
        { "hooks: [{ name: a, run: [] }]\n", BM_E_CONFIG_VALUE, 5 },
    };
    struct config_error error;
    struct settings s;
    char text[1024];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text, "%s%s", SERVER, rows[i].more);
        CHECK_STATUS(parse(text, &s, &error), rows[i].rc);
        if (error.line != rows[i].line) {
            printf("# row %zu: line %u: %s\n", i, error.line, error.words);
        }
        CHECK(error.line == rows[i].line && error.column != 0);
        CHECK(error.words[0] != '\0' && s.config == NULL);
    }
}

/* RFC 7030 3.1: of HTTPS, and of nothing else. */
static void a_server_is_an_origin(void)
{
    static const struct {
        const char *url;
        const char *host; /* NULL: refused */
        unsigned port;
    } rows[] = {
        { "https://a", "a", 443 },
        { "https://a/", "a", 443 },
        { "https://a:1", "a", 1 },
        { "https://a:65535/", "a", 65535 },
        { "https://192.0.2.1:8443", "192.0.2.1", 8443 },
        { "https://[2001:db8::1]", "2001:db8::1", 443 },
        { "https://[2001:db8::1]:8443", "2001:db8::1", 8443 },
        { "https://[2001:db8::g]", NULL, 0 },
        { "https://[2001:db8::1", NULL, 0 },
        { "https://a:65536", NULL, 0 },
        { "https://a:0", NULL, 0 },
        { "https://a:01", NULL, 0 },
        { "https://a:", NULL, 0 },
        { "https://a/b", NULL, 0 },
        { "https://u@a", NULL, 0 },
        { "https://", NULL, 0 },
        { "https://-a", NULL, 0 },
        { "http://a", NULL, 0 },
        { "a", NULL, 0 },
    };
    struct config_error error;
    struct settings s;
    char text[256];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "version: 1\nserver:\n  url: \"%s\"\n  anchors: /a\n",
                       rows[i].url);
        CHECK_STATUS(parse(text, &s, &error),
                     rows[i].host == NULL ? BM_E_CONFIG_VALUE : BM_OK);
        if (rows[i].host != NULL) {
            CHECK(strcmp(s.host, rows[i].host) == 0);
            CHECK(s.port == rows[i].port);
        } else {
            CHECK(error.line == 3);
        }
        settings_free(&s);
    }
}

static void a_file_that_is_not_there_is_told_apart(void)
{
    struct config_error error;
    struct settings s;

    CHECK_STATUS(settings_load("/nonexistent", &s, &error), BM_E_NOT_FOUND);
    CHECK(error.words[0] == '\0' && s.config == NULL);
}

int main(void)
{
    RUN(the_least_that_is_said_is_enough);
    RUN(all_that_can_be_said_is_read);
    RUN(what_is_wrong_is_told_with_its_place);
    RUN(a_server_is_an_origin);
    RUN(a_file_that_is_not_there_is_told_apart);
    return bm_test_done();
}
