/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/settings.h"

#include <string.h>

#include "tests/harness/bm_test.h"

static bm_status read(const char *text, struct firewall_settings *s,
                      struct config_error *error)
{
    return firewall_settings_parse(
        (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, s, error);
}

static void the_least_is_enough(void)
{
    struct firewall_settings s;
    struct config_error error;

    CHECK_STATUS(read("version: 1\ninterfaces: [eth0, wlan0.1]\n"
                      "builtin: /etc/b.bin\n",
                      &s, &error),
                 BM_OK);
    CHECK(strcmp(s.interfaces[1], "wlan0.1") == 0 && s.interfaces[2] == NULL);
    CHECK(strcmp(s.state, FIREWALL_STATE) == 0);
    CHECK(strcmp(s.socket, FIREWALL_SOCKET) == 0);
    firewall_settings_free(&s);
}

static void what_is_wrong_is_named_with_its_line(void)
{
    static const struct {
        const char *text;
        unsigned line;
    } rows[] = {
        { "version: 2\ninterfaces: [a]\nbuiltin: /b\n", 1 },
        { "version: 1\ninterfaces: []\nbuiltin: /b\n", 2 },
        { "version: 1\ninterfaces: [lo]\nbuiltin: /b\n", 2 },
        { "version: 1\ninterfaces: [\"a b\"]\nbuiltin: /b\n", 2 },
        { "version: 1\ninterfaces: [abcdefghijklmnop]\nbuiltin: /b\n", 2 },
        { "version: 1\ninterfaces: [a]\nbuiltin: b\n", 3 },
        { "version: 1\ninterfaces: [a]\nbuiltin: /b\nstate: /a/../b\n", 4 },
        { "version: 1\ninterfaces: [a]\nbuiltin: /b\nsocket: s\n", 4 },
        { "version: 1\ninterfaces: [a]\nbuiltin: /b\nsockt: /s\n", 4 },
        { "version: 1\ninterfaces: [a]\n", 1 },
    };
    struct firewall_settings s;
    struct config_error error;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(read(rows[i].text, &s, &error) != BM_OK);
        CHECK(error.line == rows[i].line && error.words[0] != '\0');
        CHECK(s.config == NULL && s.interfaces == NULL);
    }
}

int main(void)
{
    RUN(the_least_is_enough);
    RUN(what_is_wrong_is_named_with_its_line);
    return bm_test_done();
}
