/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_FUZZ_PROFILES_H
#define BM_CA_FUZZ_PROFILES_H

/* Profiles that let much through, so that requests get far. */

#define FUZZ_HEAD                                              \
    "profile: p\nabout: x\nca: issuing\nby: [operator]\n"      \
    "keys: [p256, p384, ed25519, rsa2048, rsa3072, rsa4096]\n" \
    "validity: { until: never, nested: false, backdate: 1h }\n"

static const char *const fuzz_profiles[] = {
    /* Names of every kind */
    FUZZ_HEAD
    "subject:\n"
    "  - { attribute: C, from: request, optional: true }\n"
    "  - { attribute: O, from: request, pattern: \".*\", optional: true }\n"
    "  - { attribute: OU, from: dropped }\n"
    "  - { attribute: CN, from: request, pattern: \"[a-z]*\", "
    "optional: true }\n"
    "  - { attribute: CN, from: request, pattern: \".*\", optional: true }\n"
    "subject_alt_name:\n"
    "  critical: if_subject_is_empty\n"
    "  optional: true\n"
    "  names:\n"
    "    - { kind: dns, from: request, pattern: \".*\", max: 9, "
    "optional: true }\n"
    "    - { kind: uri, from: request, pattern: \".*\", max: 9, "
    "optional: true }\n"
    "    - { kind: ip, from: request, max: 9, optional: true }\n"
    "    - { kind: email, from: request, pattern: \".*\", max: 9, "
    "optional: true }\n"
    "    - { kind: directoryName, from: request, pattern: \".*\", max: 9, "
    "optional: true }\n"
    "    - { kind: hardwareModuleName, from: request, pattern: \".*\", "
    "type_under: \"1.3\", max: 9, optional: true }\n"
    "    - { kind: permanentIdentifier, from: request, pattern: \".*\", "
    "max: 9, optional: true }\n"
    "subject_key_id: sha1\n"
    "authority_key_id: true\n"
    "unique: [subject, CN, dns, uri, ip, email, directoryName, "
    "hardwareModuleName, permanentIdentifier]\n",
    /* A device, with all fixed extensions */
    FUZZ_HEAD
    "device: { identity: owner, from: [serialNumber, CN] }\n"
    "subject:\n"
    "  - { attribute: O, fixed: Example }\n"
    "  - { attribute: serialNumber, from: device }\n"
    "  - { attribute: CN, from: request, optional: true }\n"
    "subject_alt_name:\n"
    "  names:\n"
    "    - { kind: hardwareModuleName, from: device, type: 1.2.3 }\n"
    "    - { kind: uri, from: device, template: \"urn:dev:{device}\" }\n"
    "    - { kind: dns, from: request, pattern: \".*\", optional: true }\n"
    "basic_constraints: { ca: false }\n"
    "key_usage: [digitalSignature]\n"
    "extended_key_usage: { purposes: [clientAuth, serverAuth] }\n"
    "policies: [ { oid: 1.2.3 } ]\n"
    "crl: true\n"
    "ocsp: true\n"
    "ca_issuers: true\n"
    "ocsp_nocheck: true\n"
    "subject_key_id: rfc7093\n"
    "authority_key_id: true\n"
    "unique: [serialNumber, hardwareModuleName, uri]\n",
    /* What a request chooses within bounds, and what it never gets */
    FUZZ_HEAD
    "subject:\n"
    "  - { attribute: CN, from: request, pattern: \".*\", optional: true }\n"
    "  - { attribute: O, from: others }\n"
    "subject_alt_name:\n"
    "  critical: if_subject_is_empty\n"
    "  optional: true\n"
    "  names:\n"
    "    - kind: directoryName\n"
    "      from: request\n"
    "      optional: true\n"
    "      attributes:\n"
    "        - { attribute: CN, pattern: \".*\" }\n"
    "        - { attribute: O, pattern: \".*\" }\n"
    "    - { kind: dns, from: request, optional: true, max: 9 }\n"
    "    - { kind: uri, from: others }\n"
    "basic_constraints: { ca: false }\n"
    "key_usage: [digitalSignature]\n"
    "key_usage_of_rsa: [digitalSignature]\n"
    "subject_key_id: rfc7093\n"
    "authority_key_id: true\n"
    "extensions:\n"
    "  - { oid: 1.3.6.1.5.5.7.1.24, critical: false, from: request, "
    "optional: true, value: { sequence_of: { integer: any } } }\n"
    "  - { oid: 1.2.3, critical: true, from: request, optional: true, "
    "value: { sequence: [ { utf8: \".*\" }, { oid: any } ] } }\n"
    "  - { oid: 1.2.4, critical: false, from: others, "
    "value: { integer: any } }\n",
};

#endif
