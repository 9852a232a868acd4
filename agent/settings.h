/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_SETTINGS_H
#define BM_AGENT_SETTINGS_H

#include "config/config.h"
#include "device/trust.h"

/*
 * /etc/birthmark/agent.yaml: what an agent is told by its owner. It is read
 * strictly: what is not known is an error with line and column, and no
 * behaviour hides in the environment. docs/agent.md has each key.
 */
#define SETTINGS_FILE "/etc/birthmark/agent.yaml"

/* More services than one gateway runs behind one identity. */
#define SETTINGS_LAYOUTS_MAX 16
#define SETTINGS_HOOKS_MAX   16
#define SETTINGS_ARGV_MAX    32

/* Room for a host name (RFC 1035 2.3.4) and its NUL. */
#define SETTINGS_HOST_MAX 256

/* DER of the subject and of the extensions that a request asks for. */
#define SETTINGS_SUBJECT_MAX    512
#define SETTINGS_EXTENSIONS_MAX 512

/* Where the private keys are. */
enum settings_place {
    SETTINGS_FILE_KEYS,
    SETTINGS_PKCS11,
    SETTINGS_TPM2
};

struct settings_keys {
    enum settings_place place;
    const char *uri; /* as written: a template, see keystore.h */
    const char *unlock;
    const char *const *modules;
    const char *pin_file;
    const char *tcti;
    const char *owner_auth_file;
    bool attest; /* show the server where keys were made */
    const char *ek_certificate;
};

/* An IDevID that the maker of the device left, instead of one that is born. */
struct settings_idevid {
    const char *key; /* URI, or NULL */
    const char *certificate;
};

/* How a one-time secret gives this device its IDevID. */
struct settings_birth {
    const char *label;
    const char *token_file;
};

/* Where the secret of the vault is (sealed.h). */
enum settings_secret {
    SETTINGS_SECRET_USUAL, /* in the TPM that keys are in, else in a file */
    SETTINGS_SECRET_FILE,
    SETTINGS_SECRET_TPM
};

struct settings_vault {
    unsigned secret;     /* never USUAL once it was read */
    const char *counter; /* "0x01800100", or NULL */
    uint32_t index;      /* the same as a number, or 0 */
};

/* What a layout's files are made of, in this order. */
enum settings_part {
    SETTINGS_CERTIFICATE = 1,
    SETTINGS_CHAIN = 2,
    SETTINGS_KEY = 4,
    SETTINGS_ANCHORS = 8
};

struct settings_file {
    const char *name;
    unsigned parts;
};

enum settings_layout_kind {
    SETTINGS_NGINX,
    SETTINGS_MOSQUITTO,
    SETTINGS_HAPROXY,
    SETTINGS_OPENSSL_DIR,
    SETTINGS_FILES
};

struct settings_layout {
    unsigned kind;
    const char *dir;
    bool export_key;
    const char *owner; /* NULL: who runs the agent */
    const char *group;
    bool group_may_read;      /* the key, too: mode 0640 instead of 0600 */
    struct config_list files; /* struct settings_file; SETTINGS_FILES only */
};

struct settings_hook {
    const char *name;
    const char *const *run; /* argv, ends with NULL: no shell */
    int64_t timeout;        /* seconds */
    int64_t retries;        /* beside the first time */
};

/* Policies of the firewall, which birthmark-firewall puts in force. */
struct settings_firewall {
    const char *settings; /* its own: agent/firewall/settings.h */
    int64_t trial;        /* seconds until what is on trial is taken back */
    int64_t every;        /* seconds between rounds of delivery */
};

struct settings {
    struct config *config; /* owns all text below */

    char host[SETTINGS_HOST_MAX];
    uint16_t port;
    const char *url;
    const char *label;
    const char *anchors;
    bool est_only;   /* it is not birthmarkd: EST is all that it knows */
    int64_t timeout; /* seconds for a connection, to each address; an exchange
                        has four times that */

    const char *state;
    const char *device;
    const char *token_file;
    uint8_t subject[SETTINGS_SUBJECT_MAX];
    size_t subject_n;
    uint8_t extensions[SETTINGS_EXTENSIONS_MAX];
    size_t extensions_n;

    struct settings_keys keys;
    struct settings_idevid idevid;
    struct settings_birth birth;
    struct settings_vault vault;
    bool has_firewall;
    struct settings_firewall firewall;
    struct bm_trust_policy policy[BM_TRUST_USES];

    struct settings_layout *layouts;
    size_t layouts_n;
    struct settings_hook *hooks;
    size_t hooks_n;
    unsigned log_level;
};

/*
 * Read a text. On BM_OK the caller owns `*settings` (settings_free());
 * otherwise it is zero and `*error` says what is wrong, and where.
 */
BM_MUST_CHECK bm_status settings_parse(struct bm_bytes text,
                                       struct settings *settings,
                                       struct config_error *error);

/* The same for a file; BM_E_NOT_FOUND and BM_E_IO leave errno and no words. */
BM_MUST_CHECK bm_status settings_load(const char *path,
                                      struct settings *settings,
                                      struct config_error *error);

void settings_free(struct settings *settings);

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT"; 443 where none is named. False: it is
 * none of these, and `*port` is 0. */
bool settings_read_place(const char *text, char host[SETTINGS_HOST_MAX],
                         uint16_t *port);

#endif
