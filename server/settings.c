/* SPDX-License-Identifier: Apache-2.0 */
#include "server/settings.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/bundle.h"
#include "core/host.h"
#include "keys/tpm2.h"
#include "server/settings_internal.h"
#include "store/store.h"

#define MINUTE INT64_C(60)
#define HOUR   INT64_C(3600)
#define DAY    (24 * HOUR)

struct crl_section {
    int64_t lifetime;
    int64_t shards;
    int64_t delta_every;
};

struct ocsp_section {
    int64_t lifetime;
};

struct bundle_section {
    const char *series;
    int64_t lifetime;
    int64_t deny;
};

struct ledger_section {
    const char *origin;
};

struct listen_section {
    const char *devices;
    const char *operators;
    const char *public;
    const char *metrics;
};

struct log_section {
    unsigned level;
};

struct est_section {
    const char *default_profile;
};

struct file {
    int64_t version;
    const char *public_url;
    const char *unlock;
    const char *bad_keys;
    struct ledger_section ledger;
    struct crl_section crl;
    struct ocsp_section ocsp;
    struct bundle_section bundle;
    struct listen_section listen;
    int64_t listeners;
    const char *user;
    struct log_section log;
    struct est_section est;
    const char *admin_url;
    struct limits_section limits;
    struct batches_section batches;
    struct tokens_section tokens;
    struct attestation_section attestation;
    struct courier_section courier;
};

/* More processes than a machine has processors serve nobody faster. */
#define LISTENERS_MAX 64

/* A list must live longer than the time between two of them. */
static const struct config_key crl_keys[] = {
    { .name = "lifetime",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct crl_section, lifetime),
      .min = HOUR,
      .max = 3660 * DAY },
    { .name = "shards",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct crl_section, shards),
      .min = 0,
      .max = STORE_SHARDS_MAX },
    { .name = "delta_every",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct crl_section, delta_every),
      .min = MINUTE,
      .max = 366 * DAY },
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

/* What signs a bundle is renewed when it has this long left, and no bundle
 * outlives it (ca/profiles/built-in/trust-bundle.yaml). */
static const struct config_key bundle_keys[] = {
    { .name = "series",
      .type = CONFIG_STRING,
      .offset = offsetof(struct bundle_section, series) },
    { .name = "lifetime",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct bundle_section, lifetime),
      .min = HOUR,
      .max = 120 * DAY },
    { .name = "deny",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct bundle_section, deny),
      .min = 0,
      .max = CA_BUNDLE_DENY_MAX },
    { .name = NULL },
};

static const struct config_key ledger_keys[] = {
    { .name = "origin",
      .type = CONFIG_STRING,
      .required = true,
      .offset = offsetof(struct ledger_section, origin) },
    { .name = NULL },
};

static const struct config_key listen_keys[] = {
    { .name = "devices",
      .type = CONFIG_STRING,
      .offset = offsetof(struct listen_section, devices) },
    { .name = "operators",
      .type = CONFIG_STRING,
      .offset = offsetof(struct listen_section, operators) },
    { .name = "public",
      .type = CONFIG_STRING,
      .offset = offsetof(struct listen_section, public) },
    { .name = "metrics",
      .type = CONFIG_STRING,
      .offset = offsetof(struct listen_section, metrics) },
    { .name = NULL },
};

/* The numbers are those of syslog(3), as daemon/log.h has them. */
static const struct config_choice levels[] = {
    { "error", 3 }, { "warning", 4 }, { "notice", 5 }, { "info", 6 }, { 0 }
};

static const struct config_key log_keys[] = {
    { .name = "level",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct log_section, level),
      .choices = levels },
    { .name = NULL },
};

static const struct config_key est_keys[] = {
    { .name = "default_profile",
      .type = CONFIG_STRING,
      .offset = offsetof(struct est_section, default_profile) },
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
    { .name = "bundle",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, bundle),
      .keys = bundle_keys },
    { .name = "listen",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, listen),
      .keys = listen_keys },
    { .name = "listeners",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct file, listeners),
      .min = 1,
      .max = LISTENERS_MAX },
    { .name = "user",
      .type = CONFIG_STRING,
      .offset = offsetof(struct file, user) },
    { .name = "log",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, log),
      .keys = log_keys },
    { .name = "est",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, est),
      .keys = est_keys },
    { .name = "admin_url",
      .type = CONFIG_STRING,
      .offset = offsetof(struct file, admin_url) },
    { .name = "limits",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, limits),
      .keys = settings_limits_keys },
    { .name = "batches",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, batches),
      .keys = settings_batches_keys },
    { .name = "tokens",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, tokens),
      .keys = settings_tokens_keys },
    { .name = "attestation",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, attestation),
      .keys = settings_attestation_keys },
    { .name = "courier",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct file, courier),
      .keys = settings_courier_keys },
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

static bool is_url(const char *url, const char *scheme)
{
    const char *host = url + strlen(scheme);
    const char *end;

    if (strncmp(url, scheme, strlen(scheme)) != 0) {
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

bool settings_url_valid(const char *url)
{
    return is_url(url, "http://");
}

static bool is_address(const char *text)
{
    struct sockaddr_storage address;
    socklen_t n;

    return strcmp(text, SETTINGS_NO_ADDRESS) == 0 ||
           settings_address(text, &address, &n) == BM_OK;
}

static bm_status check_addresses(struct config *config, const struct file *f,
                                 struct config_error *error)
{
    const struct config_node *listen =
        config_get(config_root(config), "listen");
    const struct {
        const char *name;
        const char *value;
    } rows[] = { { "devices", f->listen.devices },
                 { "operators", f->listen.operators },
                 { "public", f->listen.public },
                 { "metrics", f->listen.metrics } };

    for (size_t i = 0; listen != NULL && i < sizeof rows / sizeof rows[0];
         i++) {
        if (!is_address(rows[i].value)) {
            return config_fail(error, config_get(listen, rows[i].name),
                               BM_E_CONFIG_VALUE,
                               "ADDRESS:PORT in numbers is wanted, as "
                               "0.0.0.0:8443 or [::]:8443, or none");
        }
    }
    return BM_OK;
}

/* https://, the host of public_url, and the port of the operators. */
static bm_status derive_admin_url(struct config *config, struct file *f)
{
    const char *host = f->public_url + strlen("http://");
    size_t n;
    const char *port = strrchr(f->listen.operators, ':');
    char *url;

    if (f->admin_url != NULL || port == NULL) {
        return BM_OK;
    }
    n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    url = config_memory(config, n + 32);
    if (url == NULL) {
        return BM_E_MEMORY;
    }
    (void)snprintf(url, n + 32, "https://%.*s%s", (int)n, host, port);
    f->admin_url = url;
    return BM_OK;
}

static int64_t processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > LISTENERS_MAX ? LISTENERS_MAX : n;
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
    /* Or there is no delta that is of use before the next complete list. */
    if (f->crl.delta_every > f->crl.lifetime / 2) {
        return config_fail(
            error, config_get(config_get(root, "crl"), "delta_every"),
            BM_E_CONFIG_VALUE, "at most half of crl.lifetime is wanted");
    }
    if (f->bundle.series != NULL &&
        (f->bundle.series[0] == '\0' ||
         strlen(f->bundle.series) > BM_BUNDLE_NAME_MAX)) {
        return config_fail(
            error, config_get(config_get(root, "bundle"), "series"),
            BM_E_CONFIG_VALUE, "1 to %d octets are wanted", BM_BUNDLE_NAME_MAX);
    }
    /* C2SP signed-note: a key name holds neither blanks nor plus signs. */
    if (strpbrk(f->ledger.origin, " +\t\r\n") != NULL) {
        return config_fail(error,
                           config_get(config_get(root, "ledger"), "origin"),
                           BM_E_CONFIG_VALUE, "blanks and '+' are not allowed");
    }
    if (f->admin_url != NULL && !is_url(f->admin_url, "https://")) {
        return config_fail(error, config_get(root, "admin_url"),
                           BM_E_CONFIG_VALUE,
                           "https://HOST or https://HOST:PORT is wanted");
    }
    BM_TRY(settings_check_tokens(config, &f->tokens, error));
    BM_TRY(settings_check_attestation(config, &f->attestation, error));
    BM_TRY(settings_check_courier(config, &f->courier, error));
    return check_addresses(config, f, error);
}

/* The ledger's name is one of a kind, too. */
static void name_series(struct settings *settings, const struct file *f)
{
    const char *name =
        f->bundle.series != NULL ? f->bundle.series : f->ledger.origin;
    size_t n = strlen(name);

    n = n < BM_BUNDLE_NAME_MAX ? n : BM_BUNDLE_NAME_MAX;
    while (name[n] != '\0' && ((uint8_t)name[n] & 0xc0) == 0x80) {
        n--; /* not within a character */
    }
    memcpy(settings->bundle_series, name, n);
    settings->bundle_series[n] = '\0';
}

/* What was read, in the words of settings.h; `config` owns the text. */
static void give(const struct file *f, struct config *config,
                 struct settings *settings)
{
    *settings =
        (struct settings){ .public_url = f->public_url,
                           .unlock = f->unlock,
                           .origin = f->ledger.origin,
                           .crl_lifetime = f->crl.lifetime,
                           .crl_shards = (uint32_t)f->crl.shards,
                           .crl_delta_every = f->crl.delta_every,
                           .ocsp_lifetime = f->ocsp.lifetime,
                           .bundle_lifetime = f->bundle.lifetime,
                           .bundle_deny = f->bundle.deny,
                           .bad_keys = f->bad_keys,
                           .listen_devices = f->listen.devices,
                           .listen_operators = f->listen.operators,
                           .listen_public = f->listen.public,
                           .listen_metrics = f->listen.metrics,
                           .listeners = f->listeners,
                           .user = f->user,
                           .log_level = f->log.level,
                           .est_default_profile = f->est.default_profile,
                           .admin_url = f->admin_url,
                           .limit_connections = f->limits.connections,
                           .limit_identity = f->limits.identity,
                           .limit_organisation = f->limits.organisation,
                           .limit_queue = f->limits.queue,
                           .limit_uploads = f->limits.uploads,
                           .limit_upload_octets = f->limits.upload_octets,
                           .batch_approval = f->batches.approval,
                           .batch_keep = f->batches.keep,
                           .token_modules = f->tokens.modules,
                           .token_pin = f->tokens.pin,
                           .token_environment = f->tokens.environment,
                           .token_read = f->tokens.read,
                           .token_write = f->tokens.write,
                           .token_sockets = f->tokens.sockets,
                           .token_tpm = f->tokens.tpm,
                           .token_tpm_owner = f->tokens.tpm_owner,
                           .attestation_ek_cas = f->attestation.ek_cas,
                           .attestation_valid = f->attestation.valid,
                           .courier_reach = f->courier.reach,
                           .courier_timeout = f->courier.timeout,
                           .courier_retry_first = f->courier.retry_first,
                           .courier_retry_last = f->courier.retry_last,
                           .courier_identity = f->courier.identity,
                           .memory = config };
    name_series(settings, f);
}

bm_status settings_parse(struct bm_bytes text, const char *file,
                         struct settings *settings, struct ca_refusal *why)
{
    struct config *config = NULL;
    struct config_error error = { .line = 0 };
    struct file f = { .unlock = "file",
                      .crl = { .lifetime = 7 * DAY },
                      .ocsp = { .lifetime = HOUR },
                      .bundle = { .lifetime = 7 * DAY,
                                  .deny = BM_BUNDLE_DENY_MAX },
                      .listen = { .devices = "[::]:8443",
                                  .operators = "[::]:8444",
                                  .public = "[::]:8080",
                                  .metrics = "127.0.0.1:9464" },
                      .listeners = processors(),
                      .user = "birthmark",
                      .log = { .level = 5 },
                      .est = { .default_profile = "ieee-802.1ar-ldevid" },
                      .tokens = { .tpm = BM_KEY_TPM2_TCTI_USUAL },
                      .attestation = { .valid = 10 * MINUTE },
                      .limits = settings_limits_usual,
                      .batches = { .approval = 7 * DAY, .keep = 90 * DAY },
                      .courier = { .reach = SETTINGS_REACH_PRIVATE,
                                   .timeout = 15,
                                   .retry_first = 5,
                                   .retry_last = HOUR } };
    bm_status rc = config_parse(text, &config, &error);

    memset(settings, 0, sizeof *settings);
    if (rc == BM_OK) {
        rc = config_read(config, config_root(config), file_keys, &f, &error);
    }
    if (rc == BM_OK) {
        rc = check(config, &f, &error);
    }
    if (rc == BM_OK) {
        rc = derive_admin_url(config, &f);
    }
    if (rc != BM_OK) {
        config_free(config);
        return ca_refuse(why, rc, "%s:%u:%u: %s", file, error.line,
                         error.column, error.words);
    }
    give(&f, config, settings);
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
                 "(keys/unlock), file:PATH, fd:N,\n# systemd-credential, "
                 "shares:DIR or shares (asked for at a terminal). Move it off "
                 "this\n# disk before real keys depend on it.\n"
                 "unlock: file\n\n"
                 "# The ledger's name, in all of its checkpoints: it never "
                 "changes.\nledger:\n  origin: ");
    bm_wr_str(w, origin);
    bm_wr_str(w, "\n\n# For CAs that revoke very much: shards: 64 spreads "
                 "new certificates over so many\n# lists, delta_every: 1h "
                 "tells hourly what changed (docs/status.md).\n"
                 "crl:\n  lifetime: 7d\n\nocsp:\n  lifetime: 1h\n\n"
                 "# What devices take roots and denials from, and how long "
                 "(docs/trust-bundle.md).\n"
                 "#bundle:\n#  lifetime: 7d\n\n"
                 "# Public keys that nobody gets a certificate for.\n"
                 "bad_keys: bad-keys.txt\n\n"
                 "# Where birthmarkd listens; these are the defaults. none: "
                 "not at all.\n"
                 "#listen:\n"
                 "#  devices: \"[::]:8443\"\n"
                 "#  operators: \"[::]:8444\"\n"
                 "#  public: \"[::]:8080\"\n"
                 "#  metrics: \"127.0.0.1:9464\"\n\n"
                 "# Processes that serve devices: as many as there are "
                 "processors.\n"
                 "#listeners: 2\n\n"
                 "# Whom birthmarkd becomes when root starts it.\n"
                 "#user: birthmark\n\n"
                 "# error, warning, notice, or info: a line per refusal.\n"
                 "#log:\n#  level: notice\n\n"
                 "# Keys in tokens (HSMs): PKCS#11 modules, and what they "
                 "need (docs/keys.md).\n"
                 "#tokens:\n"
                 "#  modules: [/usr/lib/softhsm/libsofthsm2.so]\n"
                 "#  pin: keys/pin\n"
                 "#  tpm: device:/dev/tpmrm0\n\n"
                 "# Makers of TPMs that are believed, for profiles with "
                 "attestation: tpm\n# (docs/attestation.md).\n"
                 "#attestation:\n#  ek_cas: /etc/birthmark/ek-cas\n\n"
                 "# Where events may be sent: public, private (networks, too), "
                 "or local (this\n# machine, too) (docs/events.md).\n"
                 "#courier:\n#  reach: private\n\n"
                 "# What a device gets that does not say what it wants.\n"
                 "est:\n  default_profile: ieee-802.1ar-ldevid\n\n"
                 "# Connections and waiting requests of each listener; "
                 "requests of one identity per\n# minute, of one "
                 "organisation per second.\n"
                 "#limits:\n#  connections: 10000\n#  queue: 1024\n"
                 "#  identity: 60\n#  organisation: 2000\n\n"
                 "# How long a batch waits for its approval, and what there is "
                 "of it to be fetched.\n"
                 "#batches:\n#  approval: 7d\n#  keep: 90d\n");
}
