/* SPDX-License-Identifier: Apache-2.0 */
#include "server/settings.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "core/host.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

struct crl_section {
    int64_t lifetime;
};

struct ocsp_section {
    int64_t lifetime;
};

struct ledger_section {
    const char *origin;
};

struct file {
    int64_t version;
    const char *public_url;
    const char *unlock;
    const char *bad_keys;
    struct ledger_section ledger;
    struct crl_section crl;
    struct ocsp_section ocsp;
};

/* A list must live longer than the time between two of them. */
static const struct config_key crl_keys[] = {
    { .name = "lifetime",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct crl_section, lifetime),
      .min = HOUR,
      .max = 3660 * DAY },
    { .name = NULL },
};

static const struct config_key ocsp_keys[] = {
    { .name = "lifetime",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct ocsp_section, lifetime),
      .min = 60,
      .max = 365 * DAY },
    { .name = NULL },
};

static const struct config_key ledger_keys[] = {
    { .name = "origin",
      .type = CONFIG_STRING,
      .required = true,
      .offset = offsetof(struct ledger_section, origin) },
    { .name = NULL },
};

static const struct config_key file_keys[] = {
    { .name = "version",
      .type = CONFIG_INTEGER,
      .required = true,
      .offset = offsetof(struct file, version),
      .min = 1,
      .max = 1 },
    { .name = "public_url",
      .type = CONFIG_STRING,
      .required = true,
      .offset = offsetof(struct file, public_url) },
    { .name = "unlock",
      .type = CONFIG_STRING,
      .offset = offsetof(struct file, unlock) },
    { .name = "bad_keys",
      .type = CONFIG_STRING,
      .offset = offsetof(struct file, bad_keys) },
    { .name = "ledger",
      .type = CONFIG_SECTION,
      .required = true,
      .offset = offsetof(struct file, ledger),
      .keys = ledger_keys },
    { .name = "crl",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, crl),
      .keys = crl_keys },
    { .name = "ocsp",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, ocsp),
      .keys = ocsp_keys },
    { .name = NULL },
};

/* "[...]" around an address of IPv6, or a name or address of IPv4. */
static bool is_host(const char *host, size_t n)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t address[16];

    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        if (n - 2 >= sizeof text) {
            return false;
        }
        memcpy(text, host + 1, n - 2);
        text[n - 2] = '\0';
        return inet_pton(AF_INET6, text, address) == 1;
    }
    return host[0] != '-' &&
           bm_host_is_plain((struct bm_bytes){ (const uint8_t *)host, n });
}

/* ":80", or nothing. */
static bool is_port(const char *port)
{
    unsigned long v;

    if (port[0] == '\0') {
        return true;
    }
    port++;
    if (strlen(port) > 5 || strspn(port, "0123456789") != strlen(port)) {
        return false;
    }
    v = strtoul(port, NULL, 10);
    return v >= 1 && v <= 65535;
}

bool settings_url_valid(const char *url)
{
    static const char scheme[] = "http://";
    const char *host = url + sizeof scheme - 1;
    const char *end;

    if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    end = host + strcspn(host, "]");
    end += *end == ']' ? 1 : 0;
    if (host[0] != '[') {
        end = host + strcspn(host, ":");
    }
    return end != host && is_host(host, (size_t)(end - host)) &&
           (*end == '\0' || *end == ':') && is_port(end);
}

static bm_status check(struct config *config, const struct file *f,
                       struct config_error *error)
{
    const struct config_node *root = config_root(config);

    if (!settings_url_valid(f->public_url)) {
        return config_fail(error, config_get(root, "public_url"),
                           BM_E_CONFIG_VALUE,
                           "http://HOST or http://HOST:PORT is wanted");
    }
    /* C2SP signed-note: a key name holds neither blanks nor plus signs. */
    if (strpbrk(f->ledger.origin, " +\t\r\n") != NULL) {
        return config_fail(error,
                           config_get(config_get(root, "ledger"), "origin"),
                           BM_E_CONFIG_VALUE, "blanks and '+' are not allowed");
    }
    return BM_OK;
}

bm_status settings_parse(struct bm_bytes text, const char *file,
                         struct settings *settings, struct ca_refusal *why)
{
    struct config *config = NULL;
    struct config_error error = { .line = 0 };
    struct file f = { .unlock = "file",
                      .crl = { .lifetime = 7 * DAY },
                      .ocsp = { .lifetime = HOUR } };
    bm_status rc = config_parse(text, &config, &error);

    memset(settings, 0, sizeof *settings);
    if (rc == BM_OK) {
        rc = config_read(config, config_root(config), file_keys, &f, &error);
    }
    if (rc == BM_OK) {
        rc = check(config, &f, &error);
    }
    if (rc != BM_OK) {
        config_free(config);
        return ca_refuse(why, rc, "%s:%u:%u: %s", file, error.line,
                         error.column, error.words);
    }
    *settings = (struct settings){ .public_url = f.public_url,
                                   .unlock = f.unlock,
                                   .origin = f.ledger.origin,
                                   .crl_lifetime = f.crl.lifetime,
                                   .ocsp_lifetime = f.ocsp.lifetime,
                                   .bad_keys = f.bad_keys,
                                   .memory = config };
    return BM_OK;
}

void settings_wipe(struct settings *settings)
{
    config_free(settings->memory);
    memset(settings, 0, sizeof *settings);
}

void settings_put(struct bm_wr *w, const char *public_url, const char *origin)
{
    bm_wr_str(w, "# How this instance is run. What is not named here has its "
                 "default.\nversion: 1\n\n"
                 "# Where revocation lists, OCSP answers and CA certificates "
                 "are published. It goes\n# into every certificate: choose a "
                 "name that will live as long as they do.\npublic_url: ");
    bm_wr_str(w, public_url);
    bm_wr_str(w, "\n\n# Where the secret is that opens keys/kek: file "
                 "(keys/unlock), file:PATH, fd:N or\n# systemd-credential. "
                 "Move it off this disk before real keys depend on it.\n"
                 "unlock: file\n\n"
                 "# The ledger's name, in all of its checkpoints: it never "
                 "changes.\nledger:\n  origin: ");
    bm_wr_str(w, origin);
    bm_wr_str(w, "\n\ncrl:\n  lifetime: 7d\n\nocsp:\n  lifetime: 1h\n\n"
                 "# Public keys that nobody gets a certificate for.\n"
                 "bad_keys: bad-keys.txt\n");
}
