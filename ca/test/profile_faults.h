/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TEST_PROFILE_FAULTS_H
#define BM_CA_TEST_PROFILE_FAULTS_H

#include "core/oid.h"

/*
 * Single faults, by profile: what is done to a good certificate, and the one
 * rule that it breaks; "" where the profile accepts it of others. For
 * profile_field_test.c.
 */

enum how {
    DROP,      /* extension `oid` */
    FLIP,      /* its criticality */
    SET,       /* it gets `value` */
    ADD,       /* it is added with `value`, not critical */
    ADD_C,     /* and critical */
    NAMES,     /* subjectAltName gets `text` */
    ADD_NAMES, /* and was not there */
    SUBJECT,   /* RFC 4514 */
    ISSUER,    /* likewise */
    SELF,      /* both */
    SERIAL,    /* of so many octets: `text` */
    LIFE,      /* `text` days, from now on */
    NEVER,     /* it ends never */
    BEFORE,    /* a day, before the issuer's certificate */
    KEY,       /* another key of type `text`, with its key identifier */
    SIGNATURE, /* by another key */
    ALGORITHM  /* by another algorithm: nothing is verified */
};

struct fault {
    const char *profile;
    enum how how;
    const char *rule; /* that is broken; "" when it is none; "malformed":
                         RFC 5280 forbids it to all, so it does not parse */
    struct bm_bytes oid;
    struct bm_bytes value;
    const char *text;
};

#define OF(oid) BM_LIT_INIT(oid)
#define NO_OID  \
    {           \
        NULL, 0 \
    }
#define VALUE(der) BM_LIT_INIT(der)

/* keyUsage */
#define SIGN                  "\x03\x02\x07\x80"
#define COMMIT                "\x03\x02\x06\x40"
#define SIGN_AND_COMMIT       "\x03\x02\x06\xc0"
#define SIGN_AND_AGREE        "\x03\x02\x03\x88"
#define SIGN_COMMIT_AND_AGREE "\x03\x02\x03\xc8"
#define SIGN_COMMIT_ENCIPHER  "\x03\x02\x05\xe0"
#define DATA_ONLY             "\x03\x02\x04\x10"
#define CERT_SIGN             "\x03\x02\x02\x04"
#define CRL_SIGN              "\x03\x02\x01\x02"
#define ALL_SIGN              "\x03\x02\x01\x86"

/* basicConstraints */
#define CA   "\x30\x03\x01\x01\xff"
#define CA_0 "\x30\x06\x01\x01\xff\x02\x01\x00"
#define CA_1 "\x30\x06\x01\x01\xff\x02\x01\x01"
#define CA_2 "\x30\x06\x01\x01\xff\x02\x01\x02"

/* extKeyUsage */
#define PURPOSE(oid)  "\x06\x08" oid
#define OCF_ID        "\x06\x0a\x2b\x06\x01\x04\x01\x82\xde\x7c\x01\x06"
#define OCF_ROLE      "\x06\x0a\x2b\x06\x01\x04\x01\x82\xde\x7c\x01\x07"
#define FAN_DEVICE    "\x06\x09\x2b\x06\x01\x04\x01\x82\xe4\x25\x01"
#define ANY_PURPOSE   "\x06\x04" BM_OID_ANY_EKU
#define CLIENT        "\x30\x0a" PURPOSE(BM_OID_KP_CLIENT_AUTH)
#define SERVER        "\x30\x0a" PURPOSE(BM_OID_KP_SERVER_AUTH)
#define CODE          "\x30\x0a" PURPOSE(BM_OID_KP_CODE_SIGNING)
#define ANY           "\x30\x06" ANY_PURPOSE
#define CODE_AND_ANY  "\x30\x10" PURPOSE(BM_OID_KP_CODE_SIGNING) ANY_PURPOSE
#define TO_CLIENTS    PURPOSE(BM_OID_KP_CLIENT_AUTH)
#define TO_SERVERS    PURPOSE(BM_OID_KP_SERVER_AUTH)
#define EACH          TO_CLIENTS TO_SERVERS
#define OCF_BOTH      "\x30\x14" EACH
#define SERVER_TWICE  "\x30\x1e" EACH TO_SERVERS
#define OCF_WITH_ROLE "\x30\x2c" EACH OCF_ID OCF_ROLE
#define OCF_WITH_ANY  "\x30\x26" EACH OCF_ID ANY_PURPOSE
#define OCF_WITH_CODE "\x30\x2a" EACH OCF_ID PURPOSE(BM_OID_KP_CODE_SIGNING)
#define FAN_SERVER    "\x30\x15" FAN_DEVICE PURPOSE(BM_OID_KP_SERVER_AUTH)
#define FAN_CODE      "\x30\x15" FAN_DEVICE PURPOSE(BM_OID_KP_CODE_SIGNING)

#define TCG_EK "\x30\x07\x06\x05\x67\x81\x05\x08\x01"
#define TCG_AK "\x30\x07\x06\x05\x67\x81\x05\x08\x03"

/* Key identifiers of nobody */
#define TWENTY "0123456789ABCDEFGHIJ"
#define KEY_ID "\x04\x14" TWENTY
#define SHORT_KEY_ID \
    "\x04\x13"       \
    "0123456789ABCDEFGHI"
#define ISSUER_KEY_ID "\x30\x16\x80\x14" TWENTY
#define ISSUER_AND_SERIAL                        \
    "\x30\x20\x80\x14" TWENTY "\xa1\x05\x86\x03" \
    "a:b"                                        \
    "\x82\x01\x01"

/* URLs and others */
#define URL    \
    "\x86\x08" \
    "http://a"
#define POINTS     "\x30\x10\x30\x0e\xa0\x0c\xa0\x0a" URL
#define RESPONDER  "\x30\x16\x30\x14\x06\x08" BM_OID_AD_OCSP URL
#define CA_ISSUERS "\x30\x16\x30\x14\x06\x08" BM_OID_AD_CA_ISSUERS URL
#define POLICY     "\x30\x06\x30\x04\x06\x02\x2a\x03"
#define EXAMPLE_ONLY                   \
    "\x30\x0d\xa0\x0b\x30\x09\x82\x07" \
    "example"
#define UNKNOWN "\x2a\x03\x04\x05"
#define NOTHING "\x05\x00"
#define FORTY   "0123456789012345678901234567890123456789"
#define LARGE   "\x04\x81\xf0" FORTY FORTY FORTY FORTY FORTY FORTY

/* Names, see put_one_name() */
#define AMF       "uri:urn:uuid:01234567-89ab-cdef-0123-456789abcdef"
#define TPM_MODEL "dn:tpmModel=SLB9670"
#define TPM_MAKER "tpmManufacturer=id:49465800"
#define TPM_ALL   TPM_MODEL ",tpmVersion=id:1," TPM_MAKER

/* Of 3GPP and OCF */
#define NF         "\x2b\x06\x01\x05\x05\x07\x01\x22"
#define COMPLIANCE "\x2b\x06\x01\x04\x01\x83\x91\x56\x01\x00"
#define COMPLIES                                           \
    "\x30\x1a\x30\x09\x02\x01\x02\x02\x01\x00\x02\x01\x00" \
    "\x30\x05\x0c\x03"                                     \
    "1.2"                                                  \
    "\x0c\x01"                                             \
    "d"                                                    \
    "\x0c\x03"                                             \
    "Inc"

#define DROPPED(profile, oid, rule)                \
    {                                              \
        profile, DROP, rule, OF(oid), NO_OID, NULL \
    }
#define FLIPPED(profile, oid, rule)                \
    {                                              \
        profile, FLIP, rule, OF(oid), NO_OID, NULL \
    }
#define VALUED(profile, oid, value, rule)               \
    {                                                   \
        profile, SET, rule, OF(oid), VALUE(value), NULL \
    }
#define ADDED(profile, oid, value, rule)                \
    {                                                   \
        profile, ADD, rule, OF(oid), VALUE(value), NULL \
    }
#define ADDED_CRITICAL(profile, oid, value, rule)         \
    {                                                     \
        profile, ADD_C, rule, OF(oid), VALUE(value), NULL \
    }
#define TEXT(profile, how, text, rule)           \
    {                                            \
        profile, how, rule, NO_OID, NO_OID, text \
    }

static const struct fault faults[] = {
    /* Matter PAA */
    TEXT("matter-paa", SERIAL, "7", ""),
    TEXT("matter-paa", ALGORITHM, "", "signature"),
    TEXT("matter-paa", SIGNATURE, "", "issuer"),
    TEXT("matter-paa", SUBJECT, "matter-vid=FFF1,CN=Other", "issuer"),
    TEXT("matter-paa", SELF, "matter-pid=8000,matter-vid=FFF1,CN=PAA",
         "subject"),
    TEXT("matter-paa", SELF, "matter-vid=FFF1,matter-vid=FFF1,CN=PAA",
         "subject"),
    TEXT("matter-paa", SELF, "matter-vid=FFF1,CN=PAA,CN=PAA", "subject"),
    TEXT("matter-paa", SELF, "matter-vid=FFF1+CN=PAA", "subject"),
    TEXT("matter-paa", SELF, "emailAddress=a@b.example,CN=PAA", "subject"),
    TEXT("matter-paa", SELF, "matter-vid=FFF1", ""),
    TEXT("matter-paa", SELF, "CN=PAA,O=Example", ""),
    DROPPED("matter-paa", BM_OID_CE_BASIC, "malformed"),
    FLIPPED("matter-paa", BM_OID_CE_BASIC, "basic_constraints"),
    VALUED("matter-paa", BM_OID_CE_BASIC, CA_0, "basic_constraints"),
    VALUED("matter-paa", BM_OID_CE_BASIC, CA_2, "basic_constraints"),
    VALUED("matter-paa", BM_OID_CE_BASIC, CA, ""),
    DROPPED("matter-paa", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("matter-paa", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("matter-paa", BM_OID_CE_KEY_USAGE, CERT_SIGN, "key_usage"),
    VALUED("matter-paa", BM_OID_CE_KEY_USAGE, ALL_SIGN, "key_usage"),
    DROPPED("matter-paa", BM_OID_CE_SKI, "subject_key_id"),
    FLIPPED("matter-paa", BM_OID_CE_SKI, "malformed"),
    VALUED("matter-paa", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    VALUED("matter-paa", BM_OID_CE_SKI, SHORT_KEY_ID, "subject_key_id"),
    ADDED("matter-paa", BM_OID_CE_AKI, ISSUER_KEY_ID, ""),
    ADDED("matter-paa", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    TEXT("matter-paa", ADD_NAMES, "dns:a.example", "subject_alt_name"),
    ADDED("matter-paa", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED_CRITICAL("matter-paa", BM_OID_CE_NAME_CONSTR, EXAMPLE_ONLY,
                   "name_constraints"),
    ADDED("matter-paa", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED("matter-paa", BM_OID_PE_AIA, RESPONDER, "ocsp"),
    ADDED("matter-paa", BM_OID_PE_AIA, CA_ISSUERS, "ca_issuers"),
    ADDED_CRITICAL("matter-paa", UNKNOWN, NOTHING, "other extensions"),
    ADDED("matter-paa", UNKNOWN, NOTHING, ""),
    TEXT("matter-paa", LIFE, "3650", ""),
    /* Matter PAI */
    TEXT("matter-pai", SERIAL, "7", ""),
    TEXT("matter-pai", ALGORITHM, "", "signature"),
    TEXT("matter-pai", SIGNATURE, "", "issuer"),
    TEXT("matter-pai", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("matter-pai", BEFORE, "", "validity"),
    TEXT("matter-pai", KEY, "p384", "keys"),
    TEXT("matter-pai", KEY, "rsa", "keys"),
    TEXT("matter-pai", SUBJECT, "CN=PAI", "subject"),
    TEXT("matter-pai", SUBJECT, "matter-vid=FFF2,CN=PAI", "subject"),
    TEXT("matter-pai", SUBJECT, "matter-vid=FFF1,matter-vid=FFF1,CN=PAI",
         "subject"),
    TEXT("matter-pai", SUBJECT,
         "matter-pid=8000,matter-pid=8001,matter-vid=FFF1,CN=PAI", "subject"),
    TEXT("matter-pai", SUBJECT, "matter-vid=FFF1+CN=PAI", "subject"),
    TEXT("matter-pai", SUBJECT,
         "matter-node-id=0000000000000001,matter-vid=FFF1,CN=PAI", "subject"),
    TEXT("matter-pai", SUBJECT, "CN=PAI,matter-pid=8000,matter-vid=FFF1", ""),
    DROPPED("matter-pai", BM_OID_CE_BASIC, "malformed"),
    FLIPPED("matter-pai", BM_OID_CE_BASIC, "basic_constraints"),
    VALUED("matter-pai", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("matter-pai", BM_OID_CE_BASIC, CA_1, "basic_constraints"),
    DROPPED("matter-pai", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("matter-pai", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("matter-pai", BM_OID_CE_KEY_USAGE, CERT_SIGN, "key_usage"),
    VALUED("matter-pai", BM_OID_CE_KEY_USAGE, ALL_SIGN, "key_usage"),
    DROPPED("matter-pai", BM_OID_CE_SKI, "subject_key_id"),
    FLIPPED("matter-pai", BM_OID_CE_SKI, "malformed"),
    VALUED("matter-pai", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    VALUED("matter-pai", BM_OID_CE_SKI, SHORT_KEY_ID, "subject_key_id"),
    DROPPED("matter-pai", BM_OID_CE_AKI, "authority_key_id"),
    FLIPPED("matter-pai", BM_OID_CE_AKI, "malformed"),
    VALUED("matter-pai", BM_OID_CE_AKI, ISSUER_KEY_ID, "authority_key_id"),
    VALUED("matter-pai", BM_OID_CE_AKI, ISSUER_AND_SERIAL, "authority_key_id"),
    ADDED("matter-pai", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    TEXT("matter-pai", ADD_NAMES, "dns:a.example", "subject_alt_name"),
    ADDED("matter-pai", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED_CRITICAL("matter-pai", BM_OID_CE_NAME_CONSTR, EXAMPLE_ONLY,
                   "name_constraints"),
    ADDED("matter-pai", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED("matter-pai", BM_OID_PE_AIA, RESPONDER, "ocsp"),
    ADDED("matter-pai", BM_OID_PE_AIA, CA_ISSUERS, "ca_issuers"),
    ADDED_CRITICAL("matter-pai", UNKNOWN, NOTHING, "other extensions"),
    ADDED("matter-pai", UNKNOWN, NOTHING, ""),
    TEXT("matter-pai", LIFE, "3650", ""),
    /* Matter DAC */
    TEXT("matter-dac", SERIAL, "7", ""),
    TEXT("matter-dac", ALGORITHM, "", "signature"),
    TEXT("matter-dac", SIGNATURE, "", "issuer"),
    TEXT("matter-dac", ISSUER, "matter-vid=FFF1,CN=Somebody else", "issuer"),
    TEXT("matter-dac", KEY, "p384", "keys"),
    TEXT("matter-dac", KEY, "ed25519", "keys"),
    TEXT("matter-dac", SUBJECT, "matter-pid=8000,CN=SN-1", "subject"),
    TEXT("matter-dac", SUBJECT, "matter-vid=FFF1,CN=SN-1", "subject"),
    TEXT("matter-dac", SUBJECT, "matter-pid=8000,matter-vid=FFF2,CN=SN-1",
         "subject"),
    TEXT("matter-dac", SUBJECT,
         "matter-pid=8000,matter-vid=FFF1,matter-vid=FFF1,CN=SN-1", "subject"),
    TEXT("matter-dac", SUBJECT,
         "matter-pid=8000,matter-pid=8000,matter-vid=FFF1,CN=SN-1", "subject"),
    TEXT("matter-dac", SUBJECT, "matter-pid=8000+matter-vid=FFF1,CN=SN-1",
         "subject"),
    TEXT("matter-dac", SUBJECT,
         "matter-fabric-id=0000000000000001,matter-pid=8000,matter-vid=FFF1",
         "subject"),
    TEXT("matter-dac", SUBJECT, "matter-vid=FFF1,matter-pid=8000", ""),
    TEXT("matter-dac", SUBJECT,
         "CN=Sensor 17 of line B,matter-vid=FFF1,matter-pid=8000", ""),
    DROPPED("matter-dac", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("matter-dac", BM_OID_CE_BASIC, "basic_constraints"),
    VALUED("matter-dac", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("matter-dac", BM_OID_CE_BASIC, CA_0, "malformed"),
    DROPPED("matter-dac", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("matter-dac", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("matter-dac", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT, "key_usage"),
    VALUED("matter-dac", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, "key_usage"),
    VALUED("matter-dac", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    DROPPED("matter-dac", BM_OID_CE_SKI, "subject_key_id"),
    FLIPPED("matter-dac", BM_OID_CE_SKI, "malformed"),
    VALUED("matter-dac", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    VALUED("matter-dac", BM_OID_CE_SKI, SHORT_KEY_ID, "subject_key_id"),
    DROPPED("matter-dac", BM_OID_CE_AKI, "authority_key_id"),
    FLIPPED("matter-dac", BM_OID_CE_AKI, "malformed"),
    VALUED("matter-dac", BM_OID_CE_AKI, ISSUER_KEY_ID, "authority_key_id"),
    VALUED("matter-dac", BM_OID_CE_AKI, ISSUER_AND_SERIAL, "authority_key_id"),
    ADDED("matter-dac", BM_OID_CE_EKU, CLIENT, ""),
    TEXT("matter-dac", ADD_NAMES, "dns:a.example", ""),
    ADDED("matter-dac", BM_OID_PE_AIA, CA_ISSUERS, ""),
    ADDED_CRITICAL("matter-dac", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    ADDED_CRITICAL("iot-subca", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED_CRITICAL("iot-ldevid-tls", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED_CRITICAL("tpm-ek", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED("matter-dac", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED("matter-dac", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED_CRITICAL("matter-dac", BM_OID_CE_NAME_CONSTR, EXAMPLE_ONLY,
                   "malformed"),
    ADDED_CRITICAL("matter-dac", UNKNOWN, NOTHING, "other extensions"),
    ADDED("matter-dac", UNKNOWN, NOTHING, ""),
    ADDED("matter-dac", UNKNOWN, LARGE, "max_octets"),
    TEXT("matter-dac", LIFE, "3650", ""),
    TEXT("matter-dac", BEFORE, "", ""),
    /* TLS 1.3 IoT profile */
    TEXT("iot-root", SERIAL, "7", "serial"),
    TEXT("iot-root", SIGNATURE, "", "issuer"),
    DROPPED("iot-root", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("iot-root", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("iot-root", BM_OID_CE_BASIC, "malformed"),
    FLIPPED("iot-root", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("iot-root", UNKNOWN, NOTHING, "other extensions"),
    TEXT("iot-root", SELF, "CN=IoT Root,O=Example", "subject"),
    TEXT("iot-root", SELF, "CN=IoT Root,C=DE", "subject"),
    TEXT("iot-root", SELF, "O=Example,C=DE", "subject"),
    TEXT("iot-root", SELF, "OU=Things,CN=IoT Root,O=Example,C=DE", ""),
    TEXT("iot-root", SUBJECT, "CN=Other,O=Example,C=DE", "issuer"),
    VALUED("iot-root", BM_OID_CE_BASIC, CA_1, "basic_constraints"),
    VALUED("iot-root", BM_OID_CE_KEY_USAGE, ALL_SIGN, ""),
    VALUED("iot-root", BM_OID_CE_KEY_USAGE, CERT_SIGN, ""),
    VALUED("iot-root", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    ADDED("iot-root", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    DROPPED("iot-root", BM_OID_CE_SKI, "subject_key_id"),
    FLIPPED("iot-root", BM_OID_CE_SKI, "malformed"),
    ADDED("iot-root", BM_OID_CE_AKI, ISSUER_KEY_ID, ""),
    TEXT("iot-subca", SERIAL, "7", "serial"),
    TEXT("iot-subca", SIGNATURE, "", "issuer"),
    TEXT("iot-subca", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("iot-subca", BEFORE, "", "validity"),
    DROPPED("iot-subca", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("iot-subca", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("iot-subca", BM_OID_CE_BASIC, "malformed"),
    FLIPPED("iot-subca", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("iot-subca", UNKNOWN, NOTHING, "other extensions"),
    TEXT("iot-subca", KEY, "rsa", "keys"),
    TEXT("iot-subca", KEY, "p384", ""),
    TEXT("iot-subca", SUBJECT, "CN=IoT CA,O=Example", "subject"),
    TEXT("iot-subca", SUBJECT, "O=Example,C=DE", "subject"),
    VALUED("iot-subca", BM_OID_CE_BASIC, CA_0, ""),
    VALUED("iot-subca", BM_OID_CE_KEY_USAGE, CERT_SIGN, ""),
    VALUED("iot-subca", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    DROPPED("iot-subca", BM_OID_CE_SKI, "subject_key_id"),
    DROPPED("iot-subca", BM_OID_CE_AKI, "authority_key_id"),
    FLIPPED("iot-subca", BM_OID_CE_AKI, "malformed"),
    ADDED("iot-subca", BM_OID_CE_EKU, CLIENT, ""),
    ADDED("iot-subca", BM_OID_CE_CRL_DP, POINTS, ""),
    ADDED("iot-subca", BM_OID_PE_AIA, RESPONDER, ""),
    TEXT("iot-ldevid-tls", SERIAL, "7", "serial"),
    TEXT("iot-ldevid-tls", SIGNATURE, "", "issuer"),
    TEXT("iot-ldevid-tls", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("iot-ldevid-tls", BEFORE, "", "validity"),
    TEXT("iot-ldevid-tls", KEY, "rsa", "keys"),
    DROPPED("iot-ldevid-tls", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("iot-ldevid-tls", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("iot-ldevid-tls", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, "key_usage"),
    DROPPED("iot-ldevid-tls", BM_OID_CE_BASIC, ""),
    FLIPPED("iot-ldevid-tls", BM_OID_CE_BASIC, "basic_constraints"),
    VALUED("iot-ldevid-tls", BM_OID_CE_BASIC, CA, "basic_constraints"),
    ADDED("iot-ldevid-tls", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    DROPPED("iot-ldevid-tls", BM_OID_CE_AKI, "authority_key_id"),
    FLIPPED("iot-ldevid-tls", BM_OID_CE_AKI, "malformed"),
    DROPPED("iot-ldevid-tls", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("iot-ldevid-tls", BM_OID_CE_EKU, "extended_key_usage"),
    VALUED("iot-ldevid-tls", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    VALUED("iot-ldevid-tls", BM_OID_CE_EKU, ANY, "extended_key_usage"),
    VALUED("iot-ldevid-tls", BM_OID_CE_EKU, SERVER, ""),
    TEXT("iot-ldevid-tls", ADD_NAMES, "dns:a.example", ""),
    TEXT("iot-ldevid-tls", ADD_NAMES, "dns:a.example dns:b.example",
         "subject_alt_name"),
    TEXT("iot-ldevid-tls", ADD_NAMES, "dns:*.example", "subject_alt_name"),
    TEXT("iot-ldevid-tls", ADD_NAMES, "uri:urn:a:b", "subject_alt_name"),
    ADDED("iot-ldevid-tls", BM_OID_CE_CRL_DP, POINTS, ""),
    ADDED("iot-ldevid-tls", BM_OID_PE_AIA, CA_ISSUERS, ""),
    ADDED_CRITICAL("iot-ldevid-tls", UNKNOWN, NOTHING, "other extensions"),
    /* OCF */
    TEXT("ocf-root", SERIAL, "7", ""),
    TEXT("ocf-root", SIGNATURE, "", "issuer"),
    DROPPED("ocf-root", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("ocf-root", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("ocf-root", BM_OID_CE_BASIC, "malformed"),
    FLIPPED("ocf-root", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("ocf-root", UNKNOWN, NOTHING, "other extensions"),
    TEXT("ocf-root", ALGORITHM, "", "signature"),
    TEXT("ocf-root", SUBJECT, "CN=Other,O=Example", "issuer"),
    VALUED("ocf-root", BM_OID_CE_BASIC, CA_1, "basic_constraints"),
    VALUED("ocf-root", BM_OID_CE_KEY_USAGE, ALL_SIGN, ""),
    VALUED("ocf-root", BM_OID_CE_KEY_USAGE, CERT_SIGN, ""),
    VALUED("ocf-root", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    ADDED("ocf-root", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    TEXT("ocf-subca", SERIAL, "7", ""),
    TEXT("ocf-subca", SIGNATURE, "", "issuer"),
    TEXT("ocf-subca", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("ocf-subca", BEFORE, "", "validity"),
    DROPPED("ocf-subca", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("ocf-subca", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("ocf-subca", BM_OID_CE_BASIC, "malformed"),
    FLIPPED("ocf-subca", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("ocf-subca", UNKNOWN, NOTHING, "other extensions"),
    TEXT("ocf-subca", ALGORITHM, "", "signature"),
    TEXT("ocf-subca", KEY, "p384", "keys"),
    VALUED("ocf-subca", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("ocf-subca", BM_OID_CE_BASIC, CA_1, "basic_constraints"),
    VALUED("ocf-subca", BM_OID_CE_KEY_USAGE, ALL_SIGN, ""),
    VALUED("ocf-subca", BM_OID_CE_KEY_USAGE, CRL_SIGN, "malformed"),
    ADDED("ocf-subca", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    DROPPED("ocf-subca", BM_OID_CE_AKI, "authority_key_id"),
    TEXT("ocf-identity", SERIAL, "7", ""),
    TEXT("ocf-identity", SIGNATURE, "", "issuer"),
    TEXT("ocf-identity", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("ocf-identity", BEFORE, "", "validity"),
    DROPPED("ocf-identity", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("ocf-identity", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("ocf-identity", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("ocf-identity", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("ocf-identity", UNKNOWN, NOTHING, "other extensions"),
    TEXT("ocf-identity", ALGORITHM, "", "signature"),
    TEXT("ocf-identity", KEY, "p384", "keys"),
    TEXT("ocf-identity", SUBJECT, "CN=01234567-89ab-cdef-0123-456789abcdef",
         "subject"),
    TEXT("ocf-identity", SUBJECT, "CN=uuid:0123", "device"),
    TEXT("ocf-identity", SUBJECT, "O=Example", "subject"),
    VALUED("ocf-identity", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("ocf-identity", BM_OID_CE_KEY_USAGE, SIGN, "key_usage"),
    VALUED("ocf-identity", BM_OID_CE_KEY_USAGE, SIGN_COMMIT_AND_AGREE,
           "key_usage"),
    DROPPED("ocf-identity", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("ocf-identity", BM_OID_CE_EKU, "extended_key_usage"),
    VALUED("ocf-identity", BM_OID_CE_EKU, OCF_BOTH, "extended_key_usage"),
    VALUED("ocf-identity", BM_OID_CE_EKU, OCF_WITH_ROLE, "extended_key_usage"),
    VALUED("ocf-identity", BM_OID_CE_EKU, OCF_WITH_ANY, "extended_key_usage"),
    VALUED("ocf-identity", BM_OID_CE_EKU, OCF_WITH_CODE, ""),
    /* Wi-SUN */
    TEXT("wisun-idevid", SERIAL, "11", "serial"),
    TEXT("wisun-idevid", SERIAL, "12", ""),
    TEXT("wisun-idevid", SIGNATURE, "", "issuer"),
    TEXT("wisun-idevid", ALGORITHM, "", "signature"),
    TEXT("wisun-idevid", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("wisun-idevid", LIFE, "3650", "validity"),
    TEXT("wisun-idevid", KEY, "p384", "keys"),
    TEXT("wisun-idevid", SUBJECT, "CN=node", "subject"),
    FLIPPED("wisun-idevid", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("wisun-idevid", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("wisun-idevid", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT, "key_usage"),
    VALUED("wisun-idevid", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, ""),
    DROPPED("wisun-idevid", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("wisun-idevid", BM_OID_CE_EKU, ""),
    VALUED("wisun-idevid", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    VALUED("wisun-idevid", BM_OID_CE_EKU, FAN_SERVER, ""),
    VALUED("wisun-idevid", BM_OID_CE_EKU, FAN_CODE, "extended_key_usage"),
    TEXT("wisun-idevid", NAMES, "hw:1.2.3:0011223344556677",
         "subject_alt_name"),
    TEXT("wisun-idevid", NAMES, "dns:a.example", "subject_alt_name"),
    TEXT("wisun-idevid", NAMES,
         "hw:1.3.6.1.4.1.99999.1:00 hw:1.3.6.1.4.1.99999.1:01",
         "subject_alt_name"),
    DROPPED("wisun-idevid", BM_OID_CE_AKI, "authority_key_id"),
    FLIPPED("wisun-idevid", BM_OID_CE_AKI, "malformed"),
    VALUED("wisun-idevid", BM_OID_CE_AKI, ISSUER_AND_SERIAL,
           "authority_key_id"),
    VALUED("wisun-idevid", BM_OID_CE_AKI, ISSUER_KEY_ID, "authority_key_id"),
    ADDED("wisun-idevid", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED("wisun-idevid", BM_OID_PE_AIA, RESPONDER, "ocsp"),
    ADDED("wisun-idevid", BM_OID_PE_AIA, CA_ISSUERS, "ca_issuers"),
    ADDED("wisun-idevid", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED_CRITICAL("wisun-idevid", UNKNOWN, NOTHING, "other extensions"),
    ADDED("wisun-idevid", UNKNOWN, NOTHING, "other extensions"),
    /* OPC UA, RSA */
    TEXT("opcua-app-rsa", SERIAL, "7", ""),
    TEXT("opcua-app-rsa", SIGNATURE, "", "issuer"),
    TEXT("opcua-app-rsa", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("opcua-app-rsa", BEFORE, "", "validity"),
    DROPPED("opcua-app-rsa", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("opcua-app-rsa", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("opcua-app-rsa", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("opcua-app-rsa", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("opcua-app-rsa", UNKNOWN, NOTHING, "other extensions"),
    TEXT("opcua-app-rsa", KEY, "p384", "keys"),
    TEXT("opcua-app-rsa", SUBJECT, "O=Example", "subject"),
    TEXT("opcua-app-rsa", SUBJECT, "CN=Server", "subject"),
    TEXT("opcua-app-rsa", SUBJECT, "CN=Server,CN=Server,O=Example", "subject"),
    TEXT("opcua-app-rsa", SUBJECT, "DC=plc.example,L=Ulm,CN=Server,O=Example",
         ""),
    DROPPED("opcua-app-rsa", BM_OID_CE_SAN, "subject_alt_name"),
    FLIPPED("opcua-app-rsa", BM_OID_CE_SAN, "subject_alt_name"),
    TEXT("opcua-app-rsa", NAMES, "dns:plc.example", "subject_alt_name"),
    TEXT("opcua-app-rsa", NAMES, "uri:urn:a:b uri:urn:a:c dns:plc.example",
         "subject_alt_name"),
    TEXT("opcua-app-rsa", NAMES, "uri:urn:a:b dns:*.example",
         "subject_alt_name"),
    TEXT("opcua-app-rsa", NAMES, "uri:urn:a:b hw:1.2.3:x", "subject_alt_name"),
    VALUED("opcua-app-rsa", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("opcua-app-rsa", BM_OID_CE_KEY_USAGE, SIGN_COMMIT_ENCIPHER,
           "key_usage"),
    VALUED("opcua-app-rsa", BM_OID_CE_KEY_USAGE, DATA_ONLY, "key_usage"),
    DROPPED("opcua-app-rsa", BM_OID_CE_EKU, "extended_key_usage"),
    VALUED("opcua-app-rsa", BM_OID_CE_EKU, CLIENT, ""),
    VALUED("opcua-app-rsa", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    FLIPPED("opcua-app-rsa", BM_OID_CE_EKU, "extended_key_usage"),
    /* OPC UA, ECC */
    TEXT("opcua-app-ecc", SERIAL, "7", ""),
    TEXT("opcua-app-ecc", SIGNATURE, "", "issuer"),
    TEXT("opcua-app-ecc", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("opcua-app-ecc", BEFORE, "", "validity"),
    DROPPED("opcua-app-ecc", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("opcua-app-ecc", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("opcua-app-ecc", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("opcua-app-ecc", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("opcua-app-ecc", UNKNOWN, NOTHING, "other extensions"),
    TEXT("opcua-app-ecc", KEY, "rsa", "keys"),
    TEXT("opcua-app-ecc", SUBJECT, "O=Example", "subject"),
    TEXT("opcua-app-ecc", SUBJECT, "CN=Server", "subject"),
    TEXT("opcua-app-ecc", SUBJECT, "CN=Server,CN=Server,O=Example", "subject"),
    TEXT("opcua-app-ecc", SUBJECT, "DC=plc.example,L=Ulm,CN=Server,O=Example",
         ""),
    DROPPED("opcua-app-ecc", BM_OID_CE_SAN, "subject_alt_name"),
    FLIPPED("opcua-app-ecc", BM_OID_CE_SAN, "subject_alt_name"),
    TEXT("opcua-app-ecc", NAMES, "dns:plc.example", "subject_alt_name"),
    TEXT("opcua-app-ecc", NAMES, "uri:urn:a:b uri:urn:a:c dns:plc.example",
         "subject_alt_name"),
    TEXT("opcua-app-ecc", NAMES, "uri:urn:a:b dns:*.example",
         "subject_alt_name"),
    TEXT("opcua-app-ecc", NAMES, "uri:urn:a:b hw:1.2.3:x", "subject_alt_name"),
    VALUED("opcua-app-ecc", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("opcua-app-ecc", BM_OID_CE_KEY_USAGE, COMMIT, "key_usage"),
    VALUED("opcua-app-ecc", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, ""),
    DROPPED("opcua-app-ecc", BM_OID_CE_EKU, ""),
    VALUED("opcua-app-ecc", BM_OID_CE_EKU, CLIENT, ""),
    VALUED("opcua-app-ecc", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    FLIPPED("opcua-app-ecc", BM_OID_CE_EKU, "extended_key_usage"),
    /* BACnet/SC */
    TEXT("bacnet-sc-node", SERIAL, "7", ""),
    TEXT("bacnet-sc-node", SIGNATURE, "", "issuer"),
    TEXT("bacnet-sc-node", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("bacnet-sc-node", BEFORE, "", "validity"),
    DROPPED("bacnet-sc-node", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("bacnet-sc-node", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("bacnet-sc-node", BM_OID_CE_BASIC, ""),
    FLIPPED("bacnet-sc-node", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("bacnet-sc-node", UNKNOWN, NOTHING, "other extensions"),
    TEXT("bacnet-sc-node", KEY, "p384", "keys"),
    VALUED("bacnet-sc-node", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("bacnet-sc-node", BM_OID_CE_KEY_USAGE, COMMIT, "key_usage"),
    VALUED("bacnet-sc-node", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    DROPPED("bacnet-sc-node", BM_OID_CE_EKU, "extended_key_usage"),
    TEXT("bacnet-sc-node", SUBJECT, "emailAddress=a@b.example,CN=x", "subject"),
    VALUED("bacnet-sc-node", BM_OID_CE_EKU, CLIENT, ""),
    VALUED("bacnet-sc-node", BM_OID_CE_EKU, SERVER, "extended_key_usage"),
    /* Clouds */
    TEXT("aws-iot", SERIAL, "7", ""),
    TEXT("aws-iot", SIGNATURE, "", "issuer"),
    TEXT("aws-iot", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("aws-iot", BEFORE, "", "validity"),
    DROPPED("aws-iot", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("aws-iot", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("aws-iot", BM_OID_CE_BASIC, ""),
    FLIPPED("aws-iot", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("aws-iot", UNKNOWN, NOTHING, "other extensions"),
    TEXT("aws-iot", KEY, "ed25519", "keys"),
    TEXT("aws-iot", KEY, "rsa", ""),
    VALUED("aws-iot", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("aws-iot", BM_OID_CE_KEY_USAGE, COMMIT, "key_usage"),
    VALUED("aws-iot", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    DROPPED("aws-iot", BM_OID_CE_EKU, ""),
    TEXT("aws-iot", SUBJECT, "CN=a thing of somebody", ""),
    VALUED("azure-dps", BM_OID_CE_EKU, SERVER_TWICE, "extended_key_usage"),
    TEXT("azure-dps", SERIAL, "7", ""),
    TEXT("azure-dps", SIGNATURE, "", "issuer"),
    TEXT("azure-dps", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("azure-dps", BEFORE, "", "validity"),
    DROPPED("azure-dps", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("azure-dps", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("azure-dps", BM_OID_CE_BASIC, ""),
    FLIPPED("azure-dps", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("azure-dps", UNKNOWN, NOTHING, "other extensions"),
    TEXT("azure-dps", KEY, "ed25519", "keys"),
    VALUED("azure-dps", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("azure-dps", BM_OID_CE_KEY_USAGE, COMMIT, "key_usage"),
    VALUED("azure-dps", BM_OID_CE_EKU, SERVER, "extended_key_usage"),
    DROPPED("azure-dps", BM_OID_CE_EKU, "extended_key_usage"),
    TEXT("azure-dps", SUBJECT, "CN=sensor 1", "device"),
    TEXT("azure-dps", SUBJECT, "CN=sensor.", "device"),
    TEXT("azure-dps", SUBJECT, "O=Example", "subject"),
    TEXT("azure-dps", SUBJECT, "CN=Sensor:1", ""),
    /* Clients, signers, responders */
    TEXT("tls-client", SERIAL, "7", "serial"),
    TEXT("tls-client", SIGNATURE, "", "issuer"),
    TEXT("tls-client", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("tls-client", BEFORE, "", "validity"),
    DROPPED("tls-client", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("tls-client", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("tls-client", BM_OID_CE_BASIC, ""),
    FLIPPED("tls-client", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("tls-client", UNKNOWN, NOTHING, "other extensions"),
    VALUED("tls-client", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("tls-client", BM_OID_CE_KEY_USAGE, COMMIT, "key_usage"),
    VALUED("tls-client", BM_OID_CE_EKU, SERVER, "extended_key_usage"),
    DROPPED("tls-client", BM_OID_CE_EKU, "extended_key_usage"),
    TEXT("tls-client", SUBJECT, "O=Example", "subject"),
    FLIPPED("tls-client", BM_OID_CE_EKU, "extended_key_usage"),
    TEXT("firmware-signing", SERIAL, "7", "serial"),
    TEXT("firmware-signing", SIGNATURE, "", "issuer"),
    TEXT("firmware-signing", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("firmware-signing", BEFORE, "", "validity"),
    DROPPED("firmware-signing", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("firmware-signing", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("firmware-signing", BM_OID_CE_BASIC, ""),
    FLIPPED("firmware-signing", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("firmware-signing", UNKNOWN, NOTHING, "other extensions"),
    VALUED("firmware-signing", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("firmware-signing", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT,
           "key_usage"),
    VALUED("firmware-signing", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    VALUED("firmware-signing", BM_OID_CE_EKU, CODE_AND_ANY,
           "extended_key_usage"),
    DROPPED("firmware-signing", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("firmware-signing", BM_OID_CE_EKU, "extended_key_usage"),
    TEXT("firmware-signing", SUBJECT, "CN=Release", "subject"),
    TEXT("ocsp-responder", SERIAL, "7", "serial"),
    TEXT("ocsp-responder", SIGNATURE, "", "issuer"),
    TEXT("ocsp-responder", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("ocsp-responder", BEFORE, "", "validity"),
    DROPPED("ocsp-responder", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("ocsp-responder", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("ocsp-responder", BM_OID_CE_BASIC, ""),
    FLIPPED("ocsp-responder", BM_OID_CE_BASIC, "basic_constraints"),
    ADDED_CRITICAL("ocsp-responder", UNKNOWN, NOTHING, "other extensions"),
    VALUED("ocsp-responder", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("ocsp-responder", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, "key_usage"),
    VALUED("ocsp-responder", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT, ""),
    VALUED("ocsp-responder", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    DROPPED("ocsp-responder", BM_OID_CE_EKU, "extended_key_usage"),
    DROPPED("ocsp-responder", BM_OID_OCSP_NOCHECK, ""),
    FLIPPED("ocsp-responder", BM_OID_OCSP_NOCHECK, "ocsp_nocheck"),

    TEXT("trust-bundle", SERIAL, "7", "serial"),
    TEXT("trust-bundle", SIGNATURE, "", "issuer"),
    TEXT("trust-bundle", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("trust-bundle", BEFORE, "", "validity"),
    DROPPED("trust-bundle", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("trust-bundle", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("trust-bundle", BM_OID_CE_BASIC, "basic_constraints"),
    VALUED("trust-bundle", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("trust-bundle", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, "key_usage"),
    VALUED("trust-bundle", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    DROPPED("trust-bundle", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("trust-bundle", BM_OID_CE_EKU, "extended_key_usage"),
    ADDED_CRITICAL("trust-bundle", UNKNOWN, NOTHING, "other extensions"),

    TEXT("policy-signing", SERIAL, "7", "serial"),
    TEXT("policy-signing", SIGNATURE, "", "issuer"),
    TEXT("policy-signing", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("policy-signing", BEFORE, "", "validity"),
    DROPPED("policy-signing", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("policy-signing", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("policy-signing", BM_OID_CE_BASIC, "basic_constraints"),
    VALUED("policy-signing", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("policy-signing", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, "key_usage"),
    VALUED("policy-signing", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    DROPPED("policy-signing", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("policy-signing", BM_OID_CE_EKU, "extended_key_usage"),
    ADDED_CRITICAL("policy-signing", UNKNOWN, NOTHING, "other extensions"),
    /* TPM 2.0 */
    TEXT("tpm-ek", SERIAL, "7", ""),
    TEXT("tpm-ek", SIGNATURE, "", "issuer"),
    TEXT("tpm-ek", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("tpm-ek", KEY, "ed25519", "keys"),
    DROPPED("tpm-ek", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("tpm-ek", BM_OID_CE_BASIC, "basic_constraints"),
    VALUED("tpm-ek", BM_OID_CE_BASIC, CA, "malformed"),
    DROPPED("tpm-ek", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("tpm-ek", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("tpm-ek", BM_OID_CE_KEY_USAGE, SIGN, "key_usage"),
    VALUED("tpm-ek", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, "key_usage"),
    TEXT("tpm-ek", KEY, "rsa", "key_usage"),
    DROPPED("tpm-ek", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("tpm-ek", BM_OID_CE_EKU, "extended_key_usage"),
    VALUED("tpm-ek", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    VALUED("tpm-ek", BM_OID_CE_EKU, TCG_AK, "extended_key_usage"),
    DROPPED("tpm-ek", BM_OID_CE_AKI, "authority_key_id"),
    ADDED("tpm-ek", BM_OID_CE_SKI, KEY_ID, ""),
    FLIPPED("tpm-ek", BM_OID_CE_SAN, "malformed"),
    TEXT("tpm-ek", NAMES, "dns:a.example", "subject_alt_name"),
    TEXT("tpm-ek", NAMES, TPM_MODEL "," TPM_MAKER, "subject_alt_name"),
    TEXT("tpm-ek", NAMES, TPM_MODEL ",tpmVersion=id:1", "subject_alt_name"),
    TEXT("tpm-ek", NAMES, TPM_ALL ",CN=x", "subject_alt_name"),
    TEXT("tpm-ek", NAMES, TPM_ALL "," TPM_MAKER, "subject_alt_name"),
    TEXT("tpm-ek", NAMES, TPM_MODEL ",tpmVersion=id:1,tpmManufacturer=IFX",
         "subject_alt_name"),
    TEXT("tpm-ek", NAMES, TPM_ALL " " TPM_ALL, "subject_alt_name"),
    TEXT("tpm-ek", NAMES, TPM_ALL " dns:a.example", "subject_alt_name"),
    TEXT("tpm-ek", NAMES, TPM_MODEL "+tpmVersion=id:1+" TPM_MAKER, ""),
    ADDED_CRITICAL("tpm-ek", UNKNOWN, NOTHING, "other extensions"),
    TEXT("tpm-ak", SERIAL, "7", ""),
    TEXT("tpm-ak", SIGNATURE, "", "issuer"),
    TEXT("tpm-ak", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("tpm-ak", KEY, "ed25519", "keys"),
    DROPPED("tpm-ak", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("tpm-ak", BM_OID_CE_BASIC, "basic_constraints"),
    VALUED("tpm-ak", BM_OID_CE_BASIC, CA, "basic_constraints"),
    DROPPED("tpm-ak", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("tpm-ak", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("tpm-ak", BM_OID_CE_KEY_USAGE, SIGN_AND_AGREE, "key_usage"),
    TEXT("tpm-ak", KEY, "rsa", ""),
    DROPPED("tpm-ak", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("tpm-ak", BM_OID_CE_EKU, "extended_key_usage"),
    VALUED("tpm-ak", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    VALUED("tpm-ak", BM_OID_CE_EKU, TCG_EK, "extended_key_usage"),
    DROPPED("tpm-ak", BM_OID_CE_AKI, "authority_key_id"),
    ADDED("tpm-ak", BM_OID_CE_SKI, KEY_ID, ""),
    FLIPPED("tpm-ak", BM_OID_CE_SAN, "subject_alt_name"),
    TEXT("tpm-ak", NAMES, "dns:a.example", "subject_alt_name"),
    TEXT("tpm-ak", NAMES, TPM_MODEL "," TPM_MAKER, "subject_alt_name"),
    TEXT("tpm-ak", NAMES, TPM_MODEL ",tpmVersion=id:1", "subject_alt_name"),
    TEXT("tpm-ak", NAMES, TPM_ALL ",CN=x", "subject_alt_name"),
    TEXT("tpm-ak", NAMES, TPM_ALL "," TPM_MAKER, "subject_alt_name"),
    TEXT("tpm-ak", NAMES, TPM_MODEL ",tpmVersion=id:1,tpmManufacturer=IFX",
         "subject_alt_name"),
    TEXT("tpm-ak", NAMES, TPM_ALL " " TPM_ALL, "subject_alt_name"),
    TEXT("tpm-ak", NAMES, TPM_ALL " dns:a.example", "subject_alt_name"),
    TEXT("tpm-ak", NAMES, TPM_MODEL "+tpmVersion=id:1+" TPM_MAKER, ""),
    ADDED_CRITICAL("tpm-ak", UNKNOWN, NOTHING, "other extensions"),
    /* 3GPP */
    TEXT("3gpp-nf", SERIAL, "7", ""),
    TEXT("3gpp-nf", SIGNATURE, "", "issuer"),
    TEXT("3gpp-nf", ISSUER, "CN=Somebody else", "issuer"),
    TEXT("3gpp-nf", BEFORE, "", "validity"),
    TEXT("3gpp-nf", LIFE, "1200", "validity"),
    TEXT("3gpp-nf", LIFE, "1000", ""),
    TEXT("3gpp-nf", KEY, "ed25519", "keys"),
    TEXT("3gpp-nf", SUBJECT, "O=5gc.mnc001.mcc262.3gppnetwork.org", "subject"),
    TEXT("3gpp-nf", SUBJECT, "C=DE", "subject"),
    TEXT("3gpp-nf", SUBJECT, "O=Example,C=DE", "subject"),
    VALUED("3gpp-nf", BM_OID_CE_BASIC, CA, "basic_constraints"),
    DROPPED("3gpp-nf", BM_OID_CE_BASIC, ""),
    DROPPED("3gpp-nf", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("3gpp-nf", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("3gpp-nf", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT, "key_usage"),
    DROPPED("3gpp-nf", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("3gpp-nf", BM_OID_CE_EKU, "extended_key_usage"),
    VALUED("3gpp-nf", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    VALUED("3gpp-nf", BM_OID_CE_EKU, SERVER, ""),
    DROPPED("3gpp-nf", BM_OID_CE_SKI, ""),
    VALUED("3gpp-nf", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    DROPPED("3gpp-nf", BM_OID_CE_AKI, "authority_key_id"),
    DROPPED("3gpp-nf", BM_OID_CE_SAN, "subject_alt_name"),
    FLIPPED("3gpp-nf", BM_OID_CE_SAN, "subject_alt_name"),
    TEXT("3gpp-nf", NAMES, "dns:a.example", "subject_alt_name"),
    TEXT("3gpp-nf", NAMES, AMF, "subject_alt_name"),
    TEXT("3gpp-nf", NAMES, "ip:10.0.0.1 dns:a.example " AMF,
         "subject_alt_name"),
    DROPPED("3gpp-nf", BM_OID_CE_CRL_DP, "crl"),
    FLIPPED("3gpp-nf", BM_OID_CE_CRL_DP, "crl"),
    DROPPED("3gpp-nf", NF, "extensions"),
    FLIPPED("3gpp-nf", NF, "extensions"),
    VALUED("3gpp-nf", NF,
           "\x30\x05\x16\x03"
           "amf",
           "extensions"),
    VALUED("3gpp-nf", NF, "\x30\x00", "extensions"),
    VALUED("3gpp-nf", NF,
           "\x30\x05\x0c\x03"
           "AMF",
           "extensions"),
    VALUED("3gpp-nf", NF,
           "\x16\x03"
           "AMF",
           "extensions"),
    VALUED("3gpp-nf", NF,
           "\x30\x05\x16\x03"
           "AMF"
           "\x05\x00",
           "extensions"),
    ADDED_CRITICAL("3gpp-nf", UNKNOWN, NOTHING, "other extensions"),
    /* OCF: what a device complies with */
    ADDED("ocf-identity", COMPLIANCE, COMPLIES, ""),
    ADDED("ocf-identity", COMPLIANCE, "\x30\x00", "extensions"),
    ADDED_CRITICAL("ocf-identity", COMPLIANCE, COMPLIES, "extensions"),
    /* 3gpp-nf, too */
    ADDED("3gpp-nf", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* aws-iot, too */
    ADDED("aws-iot", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* azure-dps, too */
    ADDED("azure-dps", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* bacnet-sc-node, too */
    ADDED("bacnet-sc-node", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* firmware-signing, too */
    DROPPED("firmware-signing", BM_OID_CE_AKI, "authority_key_id"),
    ADDED("firmware-signing", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* ieee-802.1ar-idevid, too */
    DROPPED("ieee-802.1ar-idevid", BM_OID_CE_BASIC, "basic_constraints"),
    DROPPED("ieee-802.1ar-idevid", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("ieee-802.1ar-idevid", BM_OID_CE_AKI, "authority_key_id"),
    DROPPED("ieee-802.1ar-idevid", BM_OID_CE_CRL_DP, "crl"),
    FLIPPED("ieee-802.1ar-idevid", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("ieee-802.1ar-idevid", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("ieee-802.1ar-idevid", BM_OID_CE_SAN, "subject_alt_name"),
    VALUED("ieee-802.1ar-idevid", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("ieee-802.1ar-idevid", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT,
           "key_usage"),
    VALUED("ieee-802.1ar-idevid", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    VALUED("ieee-802.1ar-idevid", BM_OID_CE_AKI, ISSUER_AND_SERIAL,
           "authority_key_id"),
    ADDED("ieee-802.1ar-idevid", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    ADDED("ieee-802.1ar-idevid", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    ADDED("ieee-802.1ar-idevid", BM_OID_PE_AIA, RESPONDER, "ocsp"),
    ADDED("ieee-802.1ar-idevid", BM_OID_PE_AIA, CA_ISSUERS, "ca_issuers"),
    ADDED("ieee-802.1ar-idevid", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED("ieee-802.1ar-idevid", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED("ieee-802.1ar-idevid", UNKNOWN, NOTHING, "other extensions"),
    ADDED_CRITICAL("ieee-802.1ar-idevid", UNKNOWN, NOTHING, "other extensions"),
    /* ieee-802.1ar-ldevid, too */
    DROPPED("ieee-802.1ar-ldevid", BM_OID_CE_BASIC, "basic_constraints"),
    DROPPED("ieee-802.1ar-ldevid", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("ieee-802.1ar-ldevid", BM_OID_CE_EKU, "extended_key_usage"),
    DROPPED("ieee-802.1ar-ldevid", BM_OID_CE_AKI, "authority_key_id"),
    DROPPED("ieee-802.1ar-ldevid", BM_OID_CE_CRL_DP, "crl"),
    DROPPED("ieee-802.1ar-ldevid", BM_OID_PE_AIA, "ocsp"),
    FLIPPED("ieee-802.1ar-ldevid", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("ieee-802.1ar-ldevid", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("ieee-802.1ar-ldevid", BM_OID_CE_EKU, "extended_key_usage"),
    VALUED("ieee-802.1ar-ldevid", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("ieee-802.1ar-ldevid", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT,
           "key_usage"),
    VALUED("ieee-802.1ar-ldevid", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    VALUED("ieee-802.1ar-ldevid", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    VALUED("ieee-802.1ar-ldevid", BM_OID_CE_AKI, ISSUER_AND_SERIAL,
           "authority_key_id"),
    ADDED("ieee-802.1ar-ldevid", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    ADDED("ieee-802.1ar-ldevid", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED("ieee-802.1ar-ldevid", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED("ieee-802.1ar-ldevid", UNKNOWN, NOTHING, "other extensions"),
    ADDED_CRITICAL("ieee-802.1ar-ldevid", UNKNOWN, NOTHING, "other extensions"),
    /* iot-ldevid-tls, too */
    ADDED("iot-ldevid-tls", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* iot-root, too */
    ADDED("iot-root", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED("iot-root", BM_OID_PE_AIA, RESPONDER, "ocsp"),
    ADDED("iot-root", BM_OID_PE_AIA, CA_ISSUERS, "ca_issuers"),
    ADDED("iot-root", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED_CRITICAL("iot-root", BM_OID_CE_NAME_CONSTR, EXAMPLE_ONLY,
                   "name_constraints"),
    /* iot-subca, too */
    ADDED("iot-subca", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* matter-dac, too */
    ADDED("matter-dac", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* matter-paa, too */
    ADDED("matter-paa", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* matter-pai, too */
    ADDED("matter-pai", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* ocf-identity, too */
    DROPPED("ocf-identity", BM_OID_CE_AKI, "authority_key_id"),
    ADDED("ocf-identity", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* ocf-root, too */
    DROPPED("ocf-root", BM_OID_CE_SKI, "subject_key_id"),
    ADDED("ocf-root", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED("ocf-root", BM_OID_PE_AIA, RESPONDER, "ocsp"),
    ADDED("ocf-root", BM_OID_PE_AIA, CA_ISSUERS, "ca_issuers"),
    ADDED("ocf-root", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED_CRITICAL("ocf-root", BM_OID_CE_NAME_CONSTR, EXAMPLE_ONLY,
                   "name_constraints"),
    /* ocf-subca, too */
    DROPPED("ocf-subca", BM_OID_CE_SKI, "subject_key_id"),
    ADDED("ocf-subca", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED_CRITICAL("ocf-subca", BM_OID_CE_NAME_CONSTR, EXAMPLE_ONLY,
                   "name_constraints"),
    /* ocsp-responder, too */
    DROPPED("ocsp-responder", BM_OID_CE_AKI, "authority_key_id"),
    /* opcua-app-ecc, too */
    ADDED("opcua-app-ecc", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* opcua-app-rsa, too */
    ADDED("opcua-app-rsa", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* operator, too */
    DROPPED("operator", BM_OID_CE_BASIC, "basic_constraints"),
    DROPPED("operator", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("operator", BM_OID_CE_EKU, "extended_key_usage"),
    DROPPED("operator", BM_OID_CE_AKI, "authority_key_id"),
    DROPPED("operator", BM_OID_CE_CRL_DP, "crl"),
    DROPPED("operator", BM_OID_PE_AIA, "ocsp"),
    FLIPPED("operator", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("operator", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("operator", BM_OID_CE_EKU, "extended_key_usage"),
    VALUED("operator", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("operator", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT, "key_usage"),
    VALUED("operator", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    VALUED("operator", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    VALUED("operator", BM_OID_CE_AKI, ISSUER_AND_SERIAL, "authority_key_id"),
    ADDED("operator", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    ADDED("operator", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED("operator", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED("operator", UNKNOWN, NOTHING, "other extensions"),
    ADDED_CRITICAL("operator", UNKNOWN, NOTHING, "other extensions"),
    /* root, too */
    DROPPED("root", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("root", BM_OID_CE_SKI, "subject_key_id"),
    FLIPPED("root", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("root", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("root", BM_OID_CE_BASIC, CA_1, "basic_constraints"),
    VALUED("root", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT, "key_usage"),
    VALUED("root", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    VALUED("root", BM_OID_CE_KEY_USAGE, CERT_SIGN, "key_usage"),
    VALUED("root", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    ADDED("root", BM_OID_CE_AKI, ISSUER_KEY_ID, "authority_key_id"),
    ADDED("root", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    ADDED("root", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED("root", BM_OID_PE_AIA, RESPONDER, "ocsp"),
    ADDED("root", BM_OID_PE_AIA, CA_ISSUERS, "ca_issuers"),
    ADDED("root", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED("root", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED_CRITICAL("root", BM_OID_CE_NAME_CONSTR, EXAMPLE_ONLY,
                   "name_constraints"),
    ADDED("root", UNKNOWN, NOTHING, "other extensions"),
    ADDED_CRITICAL("root", UNKNOWN, NOTHING, "other extensions"),
    /* sub-ca, too */
    DROPPED("sub-ca", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("sub-ca", BM_OID_CE_SKI, "subject_key_id"),
    DROPPED("sub-ca", BM_OID_CE_AKI, "authority_key_id"),
    FLIPPED("sub-ca", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("sub-ca", BM_OID_CE_KEY_USAGE, "key_usage"),
    VALUED("sub-ca", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("sub-ca", BM_OID_CE_BASIC, CA_1, "basic_constraints"),
    VALUED("sub-ca", BM_OID_CE_KEY_USAGE, CERT_SIGN, "key_usage"),
    VALUED("sub-ca", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    VALUED("sub-ca", BM_OID_CE_AKI, ISSUER_AND_SERIAL, "authority_key_id"),
    ADDED("sub-ca", BM_OID_CE_EKU, CLIENT, "extended_key_usage"),
    ADDED("sub-ca", BM_OID_CE_CRL_DP, POINTS, "crl"),
    ADDED("sub-ca", BM_OID_PE_AIA, RESPONDER, "ocsp"),
    ADDED("sub-ca", BM_OID_PE_AIA, CA_ISSUERS, "ca_issuers"),
    ADDED("sub-ca", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED("sub-ca", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED_CRITICAL("sub-ca", BM_OID_CE_NAME_CONSTR, EXAMPLE_ONLY,
                   "name_constraints"),
    ADDED("sub-ca", UNKNOWN, NOTHING, "other extensions"),
    ADDED_CRITICAL("sub-ca", UNKNOWN, NOTHING, "other extensions"),
    /* tls-client, too */
    DROPPED("tls-client", BM_OID_CE_AKI, "authority_key_id"),
    ADDED("tls-client", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* tls-server, too */
    DROPPED("tls-server", BM_OID_CE_BASIC, "basic_constraints"),
    DROPPED("tls-server", BM_OID_CE_KEY_USAGE, "key_usage"),
    DROPPED("tls-server", BM_OID_CE_EKU, "extended_key_usage"),
    DROPPED("tls-server", BM_OID_CE_SAN, "subject_alt_name"),
    DROPPED("tls-server", BM_OID_CE_AKI, "authority_key_id"),
    DROPPED("tls-server", BM_OID_CE_CRL_DP, "crl"),
    FLIPPED("tls-server", BM_OID_CE_BASIC, "basic_constraints"),
    FLIPPED("tls-server", BM_OID_CE_KEY_USAGE, "key_usage"),
    FLIPPED("tls-server", BM_OID_CE_EKU, "extended_key_usage"),
    FLIPPED("tls-server", BM_OID_CE_SAN, "subject_alt_name"),
    VALUED("tls-server", BM_OID_CE_BASIC, CA, "basic_constraints"),
    VALUED("tls-server", BM_OID_CE_KEY_USAGE, SIGN_AND_COMMIT, "key_usage"),
    VALUED("tls-server", BM_OID_CE_KEY_USAGE, CRL_SIGN, "key_usage"),
    VALUED("tls-server", BM_OID_CE_EKU, CODE, "extended_key_usage"),
    VALUED("tls-server", BM_OID_CE_AKI, ISSUER_AND_SERIAL, "authority_key_id"),
    VALUED("tls-server", BM_OID_PE_AIA, RESPONDER, "ca_issuers"),
    VALUED("tls-server", BM_OID_PE_AIA, CA_ISSUERS, "ocsp"),
    ADDED("tls-server", BM_OID_CE_SKI, KEY_ID, "subject_key_id"),
    ADDED("tls-server", BM_OID_CE_POLICIES, POLICY, "policies"),
    ADDED("tls-server", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    ADDED("tls-server", UNKNOWN, NOTHING, "other extensions"),
    ADDED_CRITICAL("tls-server", UNKNOWN, NOTHING, "other extensions"),
    /* tpm-ak, too */
    ADDED("tpm-ak", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* tpm-ek, too */
    ADDED("tpm-ek", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
    /* wisun-idevid, too */
    ADDED("wisun-idevid", BM_OID_OCSP_NOCHECK, NOTHING, "ocsp_nocheck"),
};

#endif
