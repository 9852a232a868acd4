/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_world.h"

/* What a profile may say, and where an error is found in what it may not. */

/* The least that a profile says. A case replaces a line or adds to them. */
static const struct {
    const char *key;
    const char *line;
} least[] = {
    { "profile", "profile: p" },
    { "about", "about: of no use" },
    { "ca", "ca: issuing" },
    { "by", "by: [operator]" },
    { "keys", "keys: [p256]" },
    { "subject", "subject: [ { attribute: CN, from: request } ]" },
    { "validity", "validity: { for: 1d, nested: true }" },
    { "subject_key_id", "subject_key_id: none" },
    { "authority_key_id", "authority_key_id: true" },
};

#define TEXT_MAX_OCTETS 4096

/* `more`: lines, each of which replaces that of its key, or is added. */
static void make_text(const char *more, char text[TEXT_MAX_OCTETS])
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof least / sizeof least[0]; i++) {
        size_t len = strlen(least[i].key);
        const char *line = least[i].line;
        size_t line_n = strlen(line);

        if (strncmp(more, least[i].key, len) == 0 && more[len] == ':') {
            line = more;
            line_n = strcspn(more, "\n");
            more += line_n + (more[line_n] == '\n' ? 1 : 0);
        }
        n += (size_t)snprintf(text + n, TEXT_MAX_OCTETS - n, "%.*s\n",
                              (int)line_n, line);
    }
    (void)snprintf(text + n, TEXT_MAX_OCTETS - n, "%s", more);
}

static const struct {
    const char *more;
    const char *words; /* behind "p.yaml:" */
} refused[] = {
    /* Keys and types: samples, config/ has the rest. */
    { "keyusage: [digitalSignature]",
      "10:1: unknown key \"keyusage\"; did you mean \"key_usage\"?" },
    { "key_usage: [digitalSignatur]",
      "10:13: unknown key_usage \"digitalSignatur\"; did you mean "
      "\"digitalSignature\"?" },
    { "keys: [p265]", "5:8: unknown keys \"p265\"; did you mean \"p256\"?" },
    { "by: [operators]",
      "4:6: unknown by \"operators\"; did you mean \"operator\"?" },
    { "validity: { for: 90, nested: true }",
      "7:18: for must be a duration: a number and one of s, m, h, d, w, y" },
    { "validity: { for: 90d }", "7:11: \"nested\" is missing" },
    { "validity: { for: 0s, nested: true }",
      "7:18: for must be 1 to 31536000000 seconds" },
    { "subject_alt_name: { names: [] }",
      "10:28: names must have 1 to 16 items" },
    { "crl: yes", "10:6: crl must be true or false" },
    /* Names */
    { "profile: A B", "1:10: names here are made of a-z, 0-9, '.' and '-'" },
    { "profile: ../x", "1:10: names here are made of a-z, 0-9, '.' and '-'" },
    { "ca: Issuing", "3:5: names of CAs are made of a-z, 0-9, '.' and '-'" },
    { "ca: self", "3:5: what signs itself is a CA" },
    /* Who */
    { "by: []", "4:5: nobody may ask: a profile is by somebody" },
    { "by: [token]\nmanufacturers: [any]\ndevice: { identity: owner }\n",
      "4:5: idevid_of and manufacturers go with by: [idevid]" },
    { "by: [idevid]\nmanufacturers: [Acme]\ndevice: { identity: owner }\n",
      "10:16: names here are made of a-z, 0-9, '.' and '-'" },
    { "by: [operator, idevid]",
      "4:5: idevid_of and manufacturers go with by: [idevid]" },
    { "idevid_of: [x]",
      "4:5: idevid_of and manufacturers go with by: [idevid]" },
    { "by: [idevid]\nidevid_of: [X]\ndevice: { identity: owner }\n",
      "10:12: names here are made of a-z, 0-9, '.' and '-'" },
    { "by: [current]", "4:5: renewal goes with by: [current]" },
    { "renewal: { before: 1d }", "4:5: renewal goes with by: [current]" },
    { "by: [token]",
      "4:5: token and idevid speak for a device: the profile has none" },
    { "by: [token]\nbasic_constraints: { ca: true }\n"
      "key_usage: [keyCertSign]\ndevice: { identity: owner }\n",
      "4:5: a CA is certified by operator or authority alone" },
    /* How */
    { "approval: perhaps", "10:11: approval must be true or false" },
    { "expected: perhaps", "10:11: expected must be true or false" },
    { "expected: true", "10:11: expected is about devices" },
    { "batch: { keep: 1s }", "10:16: keep must be 60 to 315360000 seconds" },
    { "by: [authority]\nbatch: { keep: 30d }",
      "10:8: batches are by: [operator]" },
    { "by: [authority]\napproval: true",
      "10:11: approval is about by: operator, token, idevid" },
    { "attestation: tpm",
      "10:14: attestation is for devices that come over EST" },
    { "device: { identity: owner }\nattestation: any-tpm",
      "11:14: attestation is for devices that come over EST" },
    { "by: [token]\ndevice: { identity: owner }\n"
      "est: { serverkeygen: true }\nattestation: tpm",
      "12:14: a key that the server makes (est: serverkeygen) is in no TPM" },
    { "attestation: sgx", "10:14: unknown attestation \"sgx\"" },
    { "est: { enabled: true }", "10:6: est serves by: token, idevid, current" },
    { "est: { chain: true }", "10:6: est serves by: token, idevid, current" },
    { "est: { enabled: false, serverkeygen: true }",
      "10:6: serverkeygen goes with enabled: true" },
    { "est: { wrap: 64 }", "10:14: unknown wrap \"64\"" },
    { "est: { binding: never }", "10:17: unknown binding \"never\"" },
    { "est: { label: x }", "10:8: unknown key \"label\"" },
    /* Device */
    { "device: { identity: nobody }", "10:21: unknown identity \"nobody\"" },
    { "device: { from: [CN] }", "10:9: \"identity\" is missing" },
    { "device: { identity: owner, from: [XX] }",
      "10:35: unknown attribute \"XX\"" },
    { "device: { identity: owner, pattern: \"[\" }",
      "10:37: pattern, at character 1: class without end" },
    { "keys: [p256, p384]\ndevice: { identity: owner, class: mcu }",
      "5:7: class: mcu has keys: [p256] alone" },
    { "device: { identity: owner, key_sharing: [A] }",
      "10:9: names here are made of a-z, 0-9, '.' and '-'" },
    /* Validity */
    { "validity: { nested: true }", "7:11: needs either for or until" },
    { "validity: { for: 1d, until: never, nested: false }",
      "7:11: needs either for or until" },
    { "validity: { until: tomorrow, nested: false }",
      "7:11: until is a time like 2031-02-03T04:05:06Z, or never" },
    { "validity: { until: never, nested: true }",
      "7:11: what never ends is not nested" },
    { "by: [current]\nvalidity: { until: never, nested: false }\n"
      "renewal: { before: 1d }",
      "10:10: what never ends is not renewed" },
    /* Windows */
    { "by: [current]\nrenewal: { before: 2d, window: { from: 1d } }",
      "10:10: window has one of from and from_part, and one of until and "
      "until_part" },
    { "by: [current]\nrenewal: { before: 2d, window: { from: 1d, "
      "from_part: 50, until: 1h } }",
      "10:10: window has one of from and from_part, and one of until and "
      "until_part" },
    { "by: [current]\nvalidity: { for: 10d, nested: true }\n"
      "renewal: { before: 2d, window: { from: 1h, until: 1d } }",
      "10:10: window ends before it begins" },
    { "by: [current]\nvalidity: { for: 10d, nested: true }\n"
      "renewal: { before: 2d, window: { from_part: 90, until_part: 90 } }",
      "10:10: window ends before it begins" },
    { "by: [current]\nvalidity: { for: 10d, nested: true }\n"
      "renewal: { before: 2d, window: { from_part: 70, until_part: 90 } }",
      "10:10: window begins before renewal does" },
    { "by: [current]\nvalidity: { for: 10d, nested: true }\n"
      "renewal: { before: 2d, window: { from: 11d, until_part: 90 } }",
      "10:10: window is longer than the life" },
    { "by: [current]\nvalidity: { until: 2049-12-31T23:59:59Z, "
      "nested: true }\n"
      "renewal: { before: 2d, window: { from: 1h, until: 1d } }",
      "10:10: window ends before it begins" },
    { "by: [current]\nrenewal: { before: 2d, window: { from_part: 100, "
      "until: 1d } }",
      "10:45: from_part must be 1 to 99" },
    /* Keys and their usage */
    { "keys: []", "5:7: no kind of key is allowed" },
    { "key_usage: [keyCertSign]",
      "10:12: keyCertSign goes with basic_constraints: { ca: true }" },
    { "basic_constraints: { ca: true }",
      "10:20: keyCertSign goes with basic_constraints: { ca: true }" },
    { "basic_constraints: { ca: false, path_len: 0 }",
      "10:20: path_len is for a CA" },
    { "key_usage: [keyEncipherment]",
      "10:12: keys other than RSA do not encipher" },
    { "keys: [rsa2048]\nkey_usage: [keyAgreement]",
      "10:12: keys other than EC do not agree on keys" },
    { "key_usage: [encipherOnly]",
      "10:12: encipherOnly and decipherOnly go with keyAgreement" },
    { "extended_key_usage: { purposes: [serverAuht] }",
      "10:34: unknown purpose \"serverAuht\"; did you mean \"serverAuth\"?" },
    { "extended_key_usage: { purposes: [1.2.x] }",
      "10:34: \"1.2.x\" is no object identifier" },
    { "extended_key_usage: { purposes: [serverAuth, 1.3.6.1.5.5.7.3.1] }",
      "10:46: \"1.3.6.1.5.5.7.3.1\" occurs twice" },
    /* Subject */
    { "subject: [ { attribute: CM, from: request } ]",
      "6:25: unknown attribute \"CM\"" },
    { "subject: [ { attribute: CN } ]", "6:12: needs from or fixed" },
    { "subject: [ { attribute: CN, from: request, fixed: x } ]",
      "6:12: has both from and fixed" },
    { "subject: [ { attribute: CN, from: device } ]",
      "6:12: from: device, but the profile has no device" },
    { "subject: [ { attribute: CN, from: request, template: x } ]",
      "6:12: template goes with from: device" },
    { "subject: [ { attribute: CN, fixed: x, pattern: x } ]",
      "6:48: pattern goes with from: request" },
    { "subject: [ { attribute: CN, from: request, pattern: \"a(b\" } ]",
      "6:53: pattern, at character 2: group without end" },
    { "subject: [ { attribute: C, fixed: Germany } ]",
      "6:12: C cannot be \"Germany\"" },
    { "subject: [ { attribute: CN, fixed: x, optional: true } ]",
      "6:12: optional is what comes from request or issuer" },
    { "subject: [ { attribute: CN, fixed: x, as_issuer: true } ]",
      "6:12: as_issuer goes with from: request" },
    { "subject: [ { attribute: CN, from: dropped }, "
      "{ attribute: CN, fixed: x } ]",
      "6:46: CN is dropped in one row and used in another" },
    { "subject: [ { attribute: CN, from: device, template: x } ]\n"
      "device: { identity: owner }",
      "6:12: a template has {device} in it, once" },
    { "subject: [ { attribute: CN, from: device, "
      "template: \"{device}{device}\" } ]\ndevice: { identity: owner }",
      "6:12: a template has {device} in it, once" },
    { "subject: [ { attribute: CN, from: device, "
      "template: \"{x}{device}\" } ]\ndevice: { identity: owner }",
      "6:12: {device} is all that a template can have" },
    { "subject: []",
      "6:10: the subject may be empty: subject_alt_name must then be "
      "critical" },
    { "subject: [ { attribute: CN, from: request, optional: true } ]\n"
      "subject_alt_name: { names: [ { kind: dns, from: request } ] }",
      "10:19: the subject may be empty: subject_alt_name must then be "
      "critical" },
    /* subjectAltName */
    { "subject_alt_name: { names: [ { kind: dsn, from: request } ] }",
      "10:38: unknown kind \"dsn\"; did you mean \"dns\"?" },
    { "subject_alt_name: { names: [ { kind: dns } ] }",
      "10:30: needs from or fixed" },
    { "subject_alt_name: { names: [ { kind: dns, fixed: \"a b\" } ] }",
      "10:50: \"a b\" is no such name" },
    { "subject_alt_name: { names: [ { kind: ip, fixed: 1.2.3 } ] }",
      "10:49: \"1.2.3\" is no such name" },
    { "subject_alt_name: { names: [ { kind: email, fixed: x } ] }",
      "10:52: \"x\" is no such name" },
    { "subject_alt_name: { names: [ { kind: uri, fixed: x } ] }",
      "10:50: \"x\" is no such name" },
    { "subject_alt_name: { names: [ { kind: directoryName, fixed: x } ] }",
      "10:60: \"x\" is no such name" },
    { "subject_alt_name: { names: [ { kind: dns, fixed: a.b, max: 2 } ] }",
      "10:30: optional and max go with from: request" },
    { "subject_alt_name: { names: [ { kind: dns, from: request, "
      "type: 1.2 } ] }",
      "10:30: type and type_under go with hardwareModuleName and "
      "permanentIdentifier" },
    { "subject_alt_name: { names: [ { kind: hardwareModuleName, "
      "from: request } ] }",
      "10:30: hardwareModuleName needs type or type_under" },
    { "subject_alt_name: { names: [ { kind: hardwareModuleName, "
      "from: request, type: 1.2.3, type_under: 1.2 } ] }",
      "10:30: has both type and type_under" },
    { "subject_alt_name: { names: [ { kind: hardwareModuleName, "
      "fixed: x, type_under: 1.2 } ] }",
      "10:30: type_under goes with from: request or from: device" },
    { "subject_alt_name: { names: [ { kind: ip, from: request, "
      "pattern: x } ] }",
      "10:30: addresses have within, not pattern" },
    { "subject_alt_name: { names: [ { kind: dns, from: request, "
      "within: [10.0.0.0/8] } ] }",
      "10:30: within goes with kind: ip, from: request" },
    { "subject_alt_name: { names: [ { kind: ip, from: request, "
      "within: [10.0.0.0/33] } ] }",
      "10:66: \"10.0.0.0/33\" is no network like 10.0.0.0/8" },
    { "subject_alt_name: { names: [ { kind: ip, from: request, "
      "within: [10.0.0.1/8] } ] }",
      "10:66: \"10.0.0.1/8\" is no network like 10.0.0.0/8" },
    { "subject_alt_name: { names: [ { kind: ip, from: request, "
      "within: [10.0.0.0] } ] }",
      "10:66: \"10.0.0.0\" is no network like 10.0.0.0/8" },
    { "subject_alt_name: { names: [ { kind: ip, from: request, "
      "within: [10.0.0.0/] } ] }",
      "10:66: \"10.0.0.0/\" is no network like 10.0.0.0/8" },
    { "subject_alt_name: { names: [ { kind: ip, from: device } ] }\n"
      "device: { identity: owner }",
      "10:30: this kind cannot be made of a device's name" },
    { "subject_alt_name: { critical: maybe, names: [ { kind: dns, "
      "from: request } ] }",
      "10:31: unknown critical \"maybe\"" },
    /* Name constraints */
    { "name_constraints: { permitted: [ { kind: dns, value: a.b } ] }",
      "10:19: name_constraints are for a CA, and have permitted or "
      "excluded" },
    { "basic_constraints: { ca: true }\nkey_usage: [keyCertSign]\n"
      "name_constraints: { permitted: [ { kind: ip, value: 10.0.0.1 } ] }",
      "12:53: \"10.0.0.1\" is no network like 10.0.0.0/8" },
    { "basic_constraints: { ca: true }\nkey_usage: [keyCertSign]\n"
      "name_constraints: { permitted: [ { kind: dns, value: \"*.a\" } ] }",
      "12:54: \"*.a\" is no such name" },
    { "basic_constraints: { ca: true }\nkey_usage: [keyCertSign]\n"
      "name_constraints: { excluded: [ { kind: directoryName, value: x } ] }",
      "12:63: \"x\" is no such name" },
    /* Policies and extensions */
    { "policies: [ { oid: x } ]", "10:20: \"x\" is no object identifier" },
    { "policies: [ { oid: 1.2.3 }, { oid: 1.2.3 } ]",
      "10:29: policy occurs twice" },
    { "policies: [ { oid: 1.2.3, cps: \"\xc3\xa4\" } ]",
      "10:32: cps has characters outside of ASCII" },
    { "extensions: [ { oid: 1.2.3, value: null } ]",
      "10:15: \"critical\" is missing" },
    { "extensions: [ { oid: 2.5.29.15, critical: true, value: null } ]",
      "10:22: keyUsage has a key of its own" },
    { "extensions: [ { oid: 1.2.3, critical: true, value: x } ]",
      "10:52: a value is null, or one of { utf8: }, { printable: }, "
      "{ ia5: }, { integer: }, { enumerated: }, { boolean: }, { oid: }, "
      "{ octets: }, { sequence: }, { set: }" },
    { "extensions: [ { oid: 1.2.3, critical: true, value: { bits: x } } ]",
      "10:52: values of type \"bits\" are not supported" },
    { "extensions: [ { oid: 1.2.3, critical: true, value: { ia5: \xc3\xa4 "
      "} } ]",
      "10:59: has characters that ia5 cannot have" },
    { "extensions: [ { oid: 1.2.3, critical: true, value: { octets: 123 "
      "} } ]",
      "10:62: octets are pairs of hexadecimal digits" },
    { "extensions: [ { oid: 1.2.3, critical: true, value: { sequence: x "
      "} } ]",
      "10:64: sequence is a list of values" },
    { "extensions: [ { oid: 1.2.3, critical: true, value: { integer: 0x1 "
      "} } ]",
      "10:63: integer must be a decimal number" },
    { "extensions: [ { oid: 1.2.3, critical: true, value: null }, "
      "{ oid: 1.2.3, critical: true, value: null } ]",
      "10:60: extension occurs twice" },
    { "extensions: [ { oid: 1.3.6.1.5.5.7.1.24, critical: false, "
      "value: null } ]",
      "10:66: not as this extension is defined" },
    /* What is unique, what is ignored */
    { "unique: [sn]", "10:10: unknown attribute \"sn\"" },
    { "ignored_extensions: [x]", "10:22: \"x\" is no object identifier" },
    /* What others may have */
    { "accepts: { optional: [validity] }",
      "10:23: \"validity\" is no key of an extension, nor an object "
      "identifier, nor others" },
    { "accepts: { path_len: [128] }", "10:23: item must be 0 to 127" },
    { "accepts: { purposes: [x] }", "10:23: unknown purpose \"x\"" },
    { "subject: [ { attribute: CN, from: others, others: any } ]",
      "6:12: others goes with what is issued" },
    { "validity: { for: 2d, at_most: 1d, nested: true }",
      "7:11: at_most goes with for, and is not less" },
    { "validity: { until: never, at_most: 1d, nested: false }",
      "7:11: at_most goes with for, and is not less" },
    { "key_usage_of_rsa: [digitalSignature]",
      "10:19: goes with key_usage, and is not for a CA" },
    /* What a request may choose */
    { "subject_alt_name: { names: [ { kind: dns, from: request, "
      "attributes: [ { attribute: CN } ] } ] }",
      "10:30: attributes go with kind: directoryName, from: request, without "
      "a pattern" },
    { "subject_alt_name: { names: [ { kind: directoryName, from: request, "
      "attributes: [ { attribute: CN }, { attribute: CN } ] } ] }",
      "10:101: CN occurs twice" },
    { "extensions: [ { oid: 1.2.3, critical: false, optional: true, "
      "value: null } ]",
      "10:15: optional is what comes from a request" },
    { "extensions: [ { oid: 1.2.3, critical: false, from: request, "
      "value: { integer: 5 } } ]",
      "10:79: of a request, integer is any" },
    { "extensions: [ { oid: 1.2.3, critical: false, from: request, "
      "value: null } ]",
      "10:68: a value of a request is one of { utf8: }, { printable: }, "
      "{ ia5: }, { integer: }, { oid: }, { sequence: }, { sequence_of: }, "
      "{ set: }" },
};

static void an_error_has_line_column_and_words(void)
{
    char text[TEXT_MAX_OCTETS];
    char want[CA_REFUSAL_WORDS_MAX];

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct ca_profile *profile = NULL;
        struct ca_refusal why = { .status = BM_OK };
        bm_status rc;

        make_text(refused[i].more, text);
        rc = ca_profile_parse(world_view(text), "p.yaml", &profile, &why);
        (void)snprintf(want, sizeof want, "p.yaml:%s", refused[i].words);
        CHECK(rc != BM_OK && profile == NULL && why.status == rc);
        if (strcmp(why.words, want) != 0) {
            printf("# %s\n# got  %s\n# want %s\n", refused[i].more, why.words,
                   want);
            CHECK(!"the error is another one");
        }
        CHECK_STATUS(
            ca_profile_parse(world_view(text), "p.yaml", &profile, NULL), rc);
        ca_profile_free(profile);
    }
}

/* One of everything, so that each key is read once at least. */
static const char *const accepted[] = {
    "",
    "key_usage: [digitalSignature, nonRepudiation]",
    "by: [operator, authority]",
    "approval: true",
    "batch: { keep: 30d }",
    "device: { identity: owner }\nexpected: true",
    "expected: false",
    "by: [current]\nrenewal: { before: 1d }\n"
    "est: { enabled: true, serverkeygen: true, wrap: wrap64, chain: true, "
    "binding: required, encoding_header: true }",
    "attestation: none",
    "by: [token]\ndevice: { identity: owner }\nattestation: tpm",
    "by: [token]\ndevice: { identity: owner }\nattestation: any-tpm",
    "est: { enabled: false }",
    "device: { identity: manufacturer, class: mcu, one_active: true, "
    "key_sharing: [a, b-1], fork: suspend, from: [2.5.4.5] }",
    "by: [current]\nrenewal: { before: 1w, grace: 0s, "
    "same_key_renewal: true }",
    "by: [current]\nvalidity: { for: 10d, nested: true }\n"
    "renewal: { before: 2d, window: { from_part: 80, until: 1d } }",
    "by: [current]\nvalidity: { until: 2049-12-31T23:59:59Z, nested: true }\n"
    "renewal: { before: 2d, window: { from: 2d, until_part: 90 } }",
    "subject: []\nsubject_alt_name: { critical: true, names: [ { kind: dns, "
    "from: request } ] }",
    "subject: [ { attribute: 1.2.3.4, from: issuer, optional: true }, "
    "{ attribute: DC, fixed: example }, { attribute: DC, fixed: com }, "
    "{ attribute: O, from: dropped }, "
    "{ attribute: OU, from: request, as_issuer: true } ]",
    "validity: { until: 2049-12-31T23:59:59Z, nested: true, backdate: 1h }",
    "validity: { until: never, nested: false }",
    "basic_constraints: { ca: true, path_len: 3 }\nkey_usage: [keyCertSign]\n"
    "name_constraints:\n"
    "  permitted:\n"
    "    - { kind: dns, value: example.com }\n"
    "    - { kind: ip, value: 10.0.0.0/8 }\n"
    "    - { kind: ip, value: \"fd00::/8\" }\n"
    "    - { kind: directoryName, value: \"O=Example\" }\n"
    "  excluded:\n"
    "    - { kind: email, value: .example.com }\n"
    "    - { kind: uri, value: example.com }\n",
    "extended_key_usage: { purposes: [serverAuth, 1.2.3], critical: true }",
    "subject_alt_name:\n"
    "  optional: true\n"
    "  critical: if_subject_is_empty\n"
    "  names:\n"
    "    - { kind: uri, from: request, pattern: \"urn:.*\", max: 3 }\n"
    "    - { kind: ip, from: request, within: [10.0.0.0/8, \"fd00::/8\"] }\n"
    "    - { kind: ip, fixed: \"::1\" }\n"
    "    - { kind: email, fixed: a@example.com }\n"
    "    - { kind: directoryName, fixed: \"O=x\" }\n"
    "    - { kind: directoryName, from: request, optional: true }\n"
    "    - { kind: hardwareModuleName, from: request, type_under: 1.3.6 }\n"
    "    - { kind: permanentIdentifier, fixed: x }\n",
    "policies: [ { oid: 1.2.3 }, { oid: 1.2.4, cps: \"http://a/\" } ]",
    "crl: true\nocsp: true\nca_issuers: true\nocsp_nocheck: true\n",
    "extensions:\n"
    "  - { oid: 1.2.3, critical: false, value: { sequence: [ { integer: -1 }, "
    "{ utf8: x }, { boolean: true }, null, { sequence: [] }, { oid: 1.2 }, "
    "{ printable: x }, { ia5: x }, { octets: 00fF }, { enumerated: 1 } ] } }\n"
    "  - { oid: 1.3.6.1.5.5.7.1.24, critical: false, "
    "value: { sequence: [ { integer: 5 } ] } }\n",
    "unique: [subject, serialNumber, dns, uri, ip, email, "
    "hardwareModuleName, permanentIdentifier, directoryName]",
    "ignored_extensions: [1.3.6.1.4.1.311.21.10]",
    "subject_key_id: sha1",
    "signatures: [ecdsa-sha256, rsa-pss-sha512, mldsa87]",
    "serial_octets: 12",
    "max_octets: 600",
    "validity: { for: 1y, at_most: 3y, nested: true }",
    "keys: [rsa2048, p256]\n"
    "key_usage: [keyAgreement]\nkey_usage_of_rsa: [keyEncipherment]\n",
    "subject_alt_name:\n"
    "  names:\n"
    "    - { kind: dns, from: request, others: any }\n"
    "    - { kind: hardwareModuleName, from: others, max: 3 }\n"
    "    - { kind: ip, from: others, within: [10.0.0.0/8] }\n"
    "    - kind: directoryName\n"
    "      from: request\n"
    "      attributes:\n"
    "        - { attribute: tpmModel, pattern: \"[A-Z]+\" }\n"
    "        - { attribute: CN }\n",
    "extensions:\n"
    "  - { oid: 1.2.3, critical: true, from: request, optional: true, "
    "value: { sequence: [ { integer: any }, { oid: any }, { oid: 1.2 }, "
    "{ utf8: \".*\" }, { printable: a }, { set: [ { ia5: a } ] }, "
    "{ sequence_of: { ia5: a } } ] } }\n"
    "  - { oid: 1.2.4, critical: false, from: others, "
    "value: { integer: any } }\n",
    "accepts:\n"
    "  keys: [p384]\n"
    "  validity: any\n"
    "  path_len: [none, any, 0, 127]\n"
    "  key_usage: [cRLSign]\n"
    "  purposes: [serverAuth, 1.2.3]\n"
    "  any_purpose_but: [anyExtendedKeyUsage]\n"
    "  optional: [basic_constraints, key_usage, extended_key_usage, "
    "subject_alt_name, subject_key_id, authority_key_id, name_constraints, "
    "policies, crl, ocsp, ca_issuers, ocsp_nocheck, others, 1.2.3]\n"
    "  other_values: [crl, 1.2.3]\n"
    "  any_criticality: [subject_alt_name, 1.2.3]\n",
};

/* Each is explained, too, and takes the octets that were measured. */
static void what_can_be_said_is_understood(void)
{
    static uint8_t words[8192];
    char text[TEXT_MAX_OCTETS];

    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        struct ca_profile *profile;
        struct bm_wr w;
        size_t n;

        make_text(accepted[i], text);
        profile = world_parse(world_view(text), "p.yaml");
        if (profile == NULL) {
            printf("# %s\n", text);
            continue;
        }
        bm_wr_init(&w, NULL, 0);
        ca_profile_explain(profile, &w);
        n = w.len;
        bm_wr_init(&w, words, sizeof words);
        ca_profile_explain(profile, &w);
        CHECK(w.len == n && n > 100 && n < sizeof words);
        CHECK(words[n - 1] == '\n' && memchr(words, 0, n) == NULL);
        CHECK(memcmp(words, "p: of no use\n", 13) == 0);
        ca_profile_free(profile);
    }
}

/*
 * Profiles of the field (Matter, Wi-SUN FAN, TCG EK credential, 3GPP TS
 * 33.310): that the language can say what they demand.
 */
static const char *const field[] = {
    "profile: matter-pai\nabout: x\nca: matter-paa\nby: [operator]\n"
    "keys: [p256]\n"
    "subject:\n"
    "  - { attribute: CN, from: request }\n"
    "  - { attribute: matter-vid, from: request, as_issuer: true, "
    "pattern: \"[0-9A-F]{4}\" }\n"
    "  - { attribute: matter-pid, from: request, optional: true, "
    "pattern: \"[0-9A-F]{4}\" }\n"
    "validity: { until: never, nested: false }\n"
    "basic_constraints: { ca: true, path_len: 0 }\n"
    "key_usage: [keyCertSign, cRLSign]\n"
    "subject_key_id: sha1\nauthority_key_id: true\n",

    "profile: wisun-idevid\nabout: x\nca: wisun\nby: [token]\nkeys: [p256]\n"
    "device: { identity: manufacturer, class: mcu }\n"
    "subject: [ { attribute: serialNumber, from: dropped } ]\n"
    "subject_alt_name:\n"
    "  critical: true\n"
    "  names: [ { kind: hardwareModuleName, from: device, "
    "type: 1.3.6.1.4.1.99999.1 } ]\n"
    "validity: { until: never, nested: false }\n"
    "key_usage: [digitalSignature, keyAgreement]\n"
    "extended_key_usage: { purposes: [1.3.6.1.4.1.45605.1, clientAuth] }\n"
    "unique: [hardwareModuleName]\n"
    "subject_key_id: none\nauthority_key_id: true\n",

    "profile: tpm-ek\nabout: x\nca: ek\nby: [operator]\n"
    "keys: [p256, p384]\n"
    "subject: []\n"
    "subject_alt_name:\n"
    "  critical: true\n"
    "  names:\n"
    "    - { kind: directoryName, from: request,\n"
    "        pattern: \"tpmVersion=[^,+]+,tpmModel=[^,+]+,"
    "tpmManufacturer=id:[0-9A-F]{8}\" }\n"
    "validity: { for: 20y, nested: true }\n"
    "basic_constraints: { ca: false }\n"
    "key_usage: [keyAgreement]\n"
    "extended_key_usage: { purposes: [2.23.133.8.1] }\n"
    "extensions:\n"
    "  - oid: 2.5.29.9\n"
    "    critical: false\n"
    "    value:\n"
    "      sequence:\n"
    "        - sequence:\n"
    "            - { oid: 2.23.133.2.16 }\n"
    "            - set: [ { sequence: [ { utf8: \"2.0\" }, { integer: 0 }, "
    "{ integer: 159 } ] } ]\n"
    "subject_key_id: none\nauthority_key_id: true\n",

    "profile: nf\nabout: x\nca: issuing\nby: [operator, current]\n"
    "keys: [p256, p384]\n"
    "subject:\n"
    "  - { attribute: C, from: request, pattern: \"[A-Z]{2}\" }\n"
    "  - { attribute: O, from: request, pattern: \"5gc\\\\.mnc[0-9]{3}\\\\."
    "mcc[0-9]{3}\\\\.3gppnetwork\\\\.org\" }\n"
    "subject_alt_name:\n"
    "  critical: true\n"
    "  names:\n"
    "    - { kind: dns, from: request, pattern: \".+\", max: 8 }\n"
    "    - { kind: uri, from: request, pattern: \"urn:uuid:[0-9a-f-]{36}\" }\n"
    "validity: { for: 3y, nested: true }\n"
    "renewal: { before: 90d }\n"
    "key_usage: [digitalSignature]\n"
    "extended_key_usage: { purposes: [clientAuth, serverAuth] }\n"
    "extensions:\n"
    "  - { oid: 1.3.6.1.5.5.7.1.34, critical: false, "
    "value: { sequence: [ { ia5: AMF } ] } }\n"
    "subject_key_id: none\nauthority_key_id: true\ncrl: true\n",
};

static void profiles_of_the_field_can_be_said(void)
{
    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        struct ca_profile *profile = world_parse(world_view(field[i]), "p");
        struct ca_refusal why = { .status = BM_OK };

        /* The CA has no room for another one below it. */
        CHECK_STATUS(
            world_bind(profile, i == 0 ? &world.root : &world.ca, &why), BM_OK);
        ca_profile_free(profile);
    }
}

/* Each ends in an error with a place, or in a profile. */
static void try_text(struct bm_bytes text)
{
    struct ca_profile *profile;
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = ca_profile_parse(text, "p", &profile, &why);

    CHECK((rc == BM_OK) == (profile != NULL));
    CHECK(rc == BM_OK || strncmp(why.words, "p:", 2) == 0);
    ca_profile_free(profile);
}

static void every_prefix_of_a_profile_is_read_or_refused(void)
{
    struct bm_bytes text = world_shipped("ieee-802.1ar-ldevid");

    for (; text.n != 0; text.n--) {
        try_text(text);
    }
}

static void every_bit_flip_of_a_profile_is_read_or_refused(void)
{
    char text[TEXT_MAX_OCTETS];
    size_t n;

    make_text("device: { identity: owner, pattern: \"[A-Z]{1,9}\" }\n", text);
    n = strlen(text);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        try_text((struct bm_bytes){ (const uint8_t *)text, n });
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
}

int main(void)
{
    RUN(an_error_has_line_column_and_words);
    RUN(what_can_be_said_is_understood);
    world_make();
    RUN(profiles_of_the_field_can_be_said);
    RUN(every_prefix_of_a_profile_is_read_or_refused);
    RUN(every_bit_flip_of_a_profile_is_read_or_refused);
    return bm_test_done();
}
