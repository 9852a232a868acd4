/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_SETTINGS_H
#define BM_SERVER_SETTINGS_H

#include <sys/socket.h>

#include "ca/refusal.h"
#include "core/bundle.h"

/* Where events may be sent (daemon/courier_reach.h); each adds to the former */
enum settings_reach {
    SETTINGS_REACH_PUBLIC = 1, /* addresses that are reached from everywhere */
    SETTINGS_REACH_PRIVATE,    /* those of private networks */
    SETTINGS_REACH_LOCAL       /* this machine, and its links */
};

/*
 * birthmark.yaml: how an instance is to be run. Strictly read: an unknown key
 * is an error with its line. docs/instance.md is the manual.
 */
struct settings {
    const char *public_url;  /* in certificates that live twenty years */
    const char *unlock;      /* keys/unlock.h: where the secret is */
    const char *origin;      /* of the ledger; never changes */
    int64_t crl_lifetime;    /* seconds */
    uint32_t crl_shards;     /* that new certificates are spread over; 0 */
    int64_t crl_delta_every; /* seconds; 0: no deltas */
    int64_t ocsp_lifetime;
    char bundle_series[BM_BUNDLE_NAME_MAX + 1]; /* of trust bundles */
    int64_t bundle_lifetime;                    /* seconds */
    int64_t bundle_deny;  /* octets of the deny list, at most */
    const char *bad_keys; /* file with known-bad keys, or NULL */

    /* Of birthmarkd. Addresses as settings_address() reads them, or "none". */
    const char *listen_devices;   /* [::]:8443 */
    const char *listen_operators; /* [::]:8444 */
    const char *listen_public;    /* [::]:8080 */
    const char *listen_metrics;   /* 127.0.0.1:9464 */
    int64_t listeners;  /* processes for devices; as many as processors */
    const char *user;   /* that birthmarkd gives up root for: "birthmark" */
    unsigned log_level; /* enum log_level (daemon/log.h); notice */
    const char *est_default_profile; /* ieee-802.1ar-ldevid */
    /* Where the command line finds the API: https://HOST:PORT, of public_url
     * and listen.operators. */
    const char *admin_url;
    int64_t limit_connections;  /* of each listener: 10000 */
    int64_t limit_identity;     /* requests per minute of one identity: 60 */
    int64_t limit_organisation; /* requests per second of one: 2000 */
    int64_t limit_queue;   /* that wait for the issuer, per listener: 1024 */
    int64_t limit_uploads; /* files of batches that one organisation may have
                              waiting: 16 */
    int64_t limit_upload_octets; /* and octets of all of them: 2 GiB */
    int64_t batch_approval;      /* seconds that a batch waits for it: 7d */
    int64_t batch_keep;          /* ... and can be fetched: 90d */
    /*
     * Keys in tokens. Lists end with NULL, and are NULL where there is none;
     * paths are absolute.
     */
    const char *const *token_modules; /* PKCS#11 modules that may be loaded */
    const char *token_pin; /* file with the PIN, or NULL; may be relative to
                              the instance */
    const char *const *token_environment; /* "NAME=VALUE" */
    /* What modules need once they run: files that they read, folders that
     * they write to, sockets of their services. */
    const char *const *token_read;
    const char *const *token_write;
    const char *const *token_sockets;
    /* Folder of the makers of TPMs that are believed (ek_cas.h), or NULL;
     * absolute. */
    const char *attestation_ek_cas;
    int64_t attestation_valid;   /* seconds that an attested key waits for its
                                    certificate: 10m */
    const char *token_tpm;       /* TCTI, "device:/dev/tpmrm0"; never NULL */
    const char *token_tpm_owner; /* file with the authorisation value of the
                                    TPM's owner, or NULL; absolute */
    /* Of the courier, who sends events. */
    unsigned courier_reach;       /* enum settings_reach; private */
    int64_t courier_timeout;      /* seconds of one try: 15 */
    int64_t courier_retry_first;  /* until the second try: 5 */
    int64_t courier_retry_last;   /* between two, at most: 1h */
    const char *courier_identity; /* file with its certificate and key, or
                                     NULL; may be relative to the instance */
    void *memory;                 /* what the strings live in */
};

/* Of each list above: what a sandbox has to hold. */
#define SETTINGS_TOKEN_LIST_MAX 8

/* `file` is for messages. On BM_OK release with settings_wipe(). */
BM_MUST_CHECK bm_status settings_parse(struct bm_bytes text, const char *file,
                                       struct settings *settings,
                                       struct ca_refusal *why);
void settings_wipe(struct settings *settings);

/* Write the file that `init` makes, with its comments. */
void settings_put(struct bm_wr *w, const char *public_url, const char *origin);

/*
 * Is this a URL under which CRLs can be published? "http://HOST[:PORT]",
 * without a path or a slash at the end: clients fetch CRLs without TLS (RFC
 * 5280 8), and the paths are ours.
 */
bool settings_url_valid(const char *url);

/*
 * "192.0.2.1:8443" or "[2001:db8::1]:8443": numbers only, since names can't be
 * relied on when a machine starts. Port 0 is any that is free. Otherwise
 * BM_E_CONFIG_VALUE.
 */
BM_MUST_CHECK bm_status settings_address(const char *text,
                                         struct sockaddr_storage *address,
                                         socklen_t *n);
#define SETTINGS_NO_ADDRESS "none" /* of a port that is not wanted */

#endif
