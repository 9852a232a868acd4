/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_MANUFACTURER_H
#define BM_CA_MANUFACTURER_H

#include "ca/authority.h"
#include "ca/profile.h"

/*
 * Manufacturers: whose IDevIDs (IEEE 802.1AR) an organisation takes that this
 * authority did not make. A device shows such a certificate when it asks for
 * its first LDevID; whether it counts is said by core/path.h, from the anchors
 * of the manufacturer down, and by what was set here. docs/device-enrolment.md
 * is the manual.
 *
 * An IDevID names a device by manufacturer and serialNumber, and its key is
 * remembered with that: another key under the same name is not that device.
 */

/* Certificates of anchors and of other CAs, each; and that a client sends. */
#define CA_MANUFACTURER_CERTS 8
#define CA_SHOWN_CERTS        8

/* Manufacturers that count, of all organisations: a certificate that nobody
 * knows is held against all of them. */
#define CA_MANUFACTURERS_MAX 256

/* Characters of a serialNumber (X.520, ub-serial-number). */
#define CA_SERIAL_NUMBER_MAX 64

/* In the template of a device's name: the serialNumber. */
#define CA_DEVICE_HOLE "{serial}"

struct ca_manufacturer_order {
    const char *name;     /* a-z, 0-9, '.', '-'; not "any" */
    const char *pattern;  /* of serial numbers (pattern.h); NULL: any */
    const char *device;   /* template; NULL: "{serial}" */
    const char *profiles; /* names with commas between; NULL: any */
    enum store_revocation_rule rule;
    bool outlives;           /* validity of CAs at the IDevID's notBefore */
    bool listed;             /* those that are expected alone */
    struct bm_bytes anchors; /* certificates, DER after DER */
    struct bm_bytes cas;     /* others of its CAs; or empty */
};

/*
 * Make one known, or make one count again that was removed: it is the same
 * manufacturer then, and devices are bound to it as before.
 * BM_E_EXISTS: there is one of that name. BM_E_ARGUMENT, BM_E_CERT...,
 * BM_E_PATH_...: what is wrong with the order.
 */
BM_MUST_CHECK bm_status
ca_manufacturer_add(struct ca *ca, const struct ca_actor *actor,
                    const struct ca_manufacturer_order *order, int64_t now,
                    struct ca_refusal *why);

/* Its IDevIDs count no more. Devices that came with one stay what they are.
 * BM_E_NOT_FOUND, also when it was removed already. */
BM_MUST_CHECK bm_status ca_manufacturer_remove(struct ca *ca,
                                               const struct ca_actor *actor,
                                               const char *name, int64_t now,
                                               struct ca_refusal *why);

/* Devices with these serial numbers are expected, beside those before. */
struct ca_serials {
    const char *manufacturer;
    const char *const *serial;
    size_t n;
};
BM_MUST_CHECK bm_status ca_manufacturer_expect(struct ca *ca,
                                               const struct ca_actor *actor,
                                               const struct ca_serials *serials,
                                               int64_t now,
                                               struct ca_refusal *why);

/* A revocation list of one of its CAs, which must be known here: newer than
 * the last one, complete, current. BM_E_CRL_... */
BM_MUST_CHECK bm_status ca_manufacturer_load_crl(
    struct ca *ca, const struct ca_actor *actor, const char *name,
    struct bm_bytes der, int64_t now, struct ca_refusal *why);

/* The one of that name in the actor's organisation, as he may see it, removed
 * or not. In a transaction. BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status ca_manufacturer_find(const struct store *s,
                                             const struct ca_actor *actor,
                                             const char *name,
                                             struct store_manufacturer *row,
                                             struct ca_refusal *why);

/* SHA-256 over all that is set of it, which the ledger has. */
BM_MUST_CHECK bm_status ca_manufacturer_hash(
    const struct bm_crypto *crypto, const struct store_manufacturer *row,
    uint8_t hash[BM_HASH_MAX]);

/* "required", "loaded", "none". */
const char *ca_revocation_rule_name(enum store_revocation_rule rule);
/* 0: none of these. */
enum store_revocation_rule ca_revocation_rule_of(const char *name);

/* Certificates, DER after DER; BM_E_LIMIT: more than `max`. */
BM_MUST_CHECK bm_status ca_certs_parse(struct bm_bytes der, size_t max,
                                       struct bm_cert *certs, size_t *n);

/* What stands for a CA among lists: SHA-256 over its name and key. */
BM_MUST_CHECK bm_status ca_manufacturer_ca_hash(const struct bm_crypto *crypto,
                                                const struct bm_cert *cert,
                                                uint8_t hash[BM_HASH_MAX]);

/* ---- Judging */

/* What a client has shown to hold the key of, and for what. */
struct ca_shown {
    struct bm_bytes cert;
    struct bm_bytes chain; /* what it sent besides, DER after DER */
    const struct ca_profile_policy *policy; /* of what is asked for; NULL: of
                                               nothing yet */
};

/* An IDevID that counts. */
struct ca_idevid {
    uint64_t manufacturer;
    uint32_t organisation;
    char name[STORE_ID_MAX]; /* of the manufacturer */
    char serial[CA_SERIAL_NUMBER_MAX + 1];
    char device[STORE_NAME_MAX]; /* name of the device */
    uint8_t key[STORE_HASH_SIZE];
    uint8_t cert[STORE_HASH_SIZE];
    char mark[STORE_HASH_SIZE + 1]; /* names it: digits of half of `cert` */
    bool expected;                  /* it was said that it would come */
    bool bound; /* the device has come with it before: `id` */
    uint64_t id;
};

/*
 * Whose is it? Asked of all manufacturers of all organisations; where several
 * would have it, the one whose device has come with it before, else the one
 * who expects it, else nobody. Takes a read transaction of its own unless
 * there is one (ca_find_begin()).
 *
 * BM_E_CA_MANUFACTURER: of none that counts here, or for that; BM_E_PATH_...:
 * a manufacturer's, but not good: expired, revoked, the wrong usage;
 * BM_E_CA_CLONE: that device has another key.
 */
BM_MUST_CHECK bm_status ca_find_idevid(struct ca *ca,
                                       const struct ca_shown *shown,
                                       int64_t now, struct ca_idevid *idevid,
                                       struct ca_refusal *why);

#endif
