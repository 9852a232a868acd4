/* SPDX-License-Identifier: Apache-2.0 */

/* What an export to another service is made of, line by line: the authority
 * that is asked is a table of answers. */
#include "cli/cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/bm_test.h"

/* Self-signed, of CN=Dev-1. */
static const char pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdTCCARugAwIBAgIULM1+N8X3RSRfwm/po8KpOD0VF1EwCgYIKoZIzj0EAwIw\n"
    "EDEOMAwGA1UEAwwFRGV2LTEwHhcNMjYxMTI3MDkyMDA0WhcNNDYxMTIyMDkyMDA0\n"
    "WjAQMQ4wDAYDVQQDDAVEZXYtMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHnr\n"
    "xQPD64VeeaCoU8lLt5Qv+DQFmrNOGbc/UKCgcvDz1S65EiPCpOnOaWUGQL6aPGQ4\n"
    "ZD4NhfiQEUwvzTL8dM6jUzBRMB0GA1UdDgQWBBTxxR3w5JiIym/7b+Q+5H/XJpCy\n"
    "MjAfBgNVHSMEGDAWgBTxxR3w5JiIym/7b+Q+5H/XJpCyMjAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0gAMEUCIFqlL0OIoF5C/IoxPt9AgfFBuRr8j8zGeypj\n"
    "GRbsIFfkAiEA3E0viTvGLKPBnRW34VSseluhXG34tvdMhvv6g20WmqI=\n"
    "-----END CERTIFICATE-----\n";

/* ---- The authority */

struct answer {
    const char *operation;
    const char *key; /* what is asked for by name; NULL: a list */
    const char *json;
};

static const struct answer *answers;

static const char *key_of(const json_t *params)
{
    static const char *const names[] = { "device", "serial", "profile" };
    const char *key = NULL;

    for (size_t i = 0; i < 3 && key == NULL; i++) {
        key = json_string_value(json_object_get(params, names[i]));
    }
    return key;
}

void session_set_text(json_t *params, const char *name, const char *text)
{
    if (text != NULL) {
        (void)json_object_set_new(params, name, json_string(text));
    }
}

void session_set_int(json_t *params, const char *name, uint64_t value)
{
    (void)json_object_set_new(params, name, json_integer((json_int_t)value));
}

bm_status session_ask(struct session *s, const char *operation, json_t *params,
                      json_t **answer, struct ca_refusal *why)
{
    const char *key = key_of(params);
    const struct answer *a = answers;

    (void)s;
    *answer = NULL;
    if (strcmp(operation, "showCertificate") == 0) {
        *answer = json_pack("{s:s}", "pem", pem);
    }
    for (; *answer == NULL && a->operation != NULL; a++) {
        if (strcmp(a->operation, operation) == 0 &&
            (a->key == NULL || (key != NULL && strcmp(a->key, key) == 0))) {
            *answer = json_loads(a->json, 0, NULL);
        }
    }
    json_decref(params);
    return *answer != NULL ? BM_OK
                           : ca_refuse(why, BM_E_NOT_FOUND, "%s", operation);
}

int session_result(const struct session *s, bm_status rc,
                   const struct ca_refusal *why)
{
    (void)s;
    fprintf(stderr, "refused: %s\n", why->words);
    return rc == BM_OK ? CMD_OK : CMD_FAILED;
}

/* ---- What is written */

static char out[16384];
static char err[4096];

static int lead_away(FILE *stream, FILE *to)
{
    int kept = dup(fileno(stream));

    (void)fflush(stream);
    CHECK(kept >= 0 && dup2(fileno(to), fileno(stream)) >= 0);
    return kept;
}

static void lead_back(FILE *stream, int kept, FILE *from, char *text,
                      size_t cap)
{
    size_t n;

    (void)fflush(stream);
    (void)dup2(kept, fileno(stream));
    (void)close(kept);
    rewind(from);
    n = fread(text, 1, cap - 1, from);
    text[n] = '\0';
    (void)fclose(from);
}

static int export(const char *format, const struct answer *from,
                  const char *profile)
{
    const struct args_many labels = { .value = { "room" }, .n = 1 };
    const struct cloud_config config = { .format = cloud_format_named(format),
                                         .profile = profile,
                                         .labels = &labels };
    struct session s = { .path = "test" };
    FILE *files[] = { tmpfile(), tmpfile() };
    int kept[2];
    int code;

    answers = from;
    if (files[0] == NULL || files[1] == NULL) {
        exit(1);
    }
    kept[0] = lead_away(stdout, files[0]);
    kept[1] = lead_away(stderr, files[1]);
    code = cloud_export(&s, &config);
    lead_back(stdout, kept[0], files[0], out, sizeof out);
    lead_back(stderr, kept[1], files[1], err, sizeof err);
    return code;
}

/* The line of the output that is about all that there is. */
static json_t *line(void)
{
    json_t *o = json_loads(out, JSON_REJECT_DUPLICATES, NULL);

    CHECK(o != NULL);
    return o;
}

static bool is(const json_t *o, const char *want)
{
    json_t *wanted = json_loads(want, 0, NULL);
    bool same = wanted != NULL && json_equal(o, wanted);
    char *got = same ? NULL : json_dumps(o, JSON_COMPACT);

    if (!same) {
        printf("# %s, want %s\n", got == NULL ? "nothing" : got, want);
    }
    free(got);
    json_decref(wanted);
    return same;
}

static bool has_pem(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));

    return text != NULL && strcmp(text, pem) == 0;
}

/* ---- */

#define DEVICE(name, state, more)                                          \
    "{\"items\": [{\"id\": 1, \"name\": \"" name "\", \"state\": \"" state \
    "\"" more "}]}"
#define CERT(serial, status)                                          \
    "{\"serial_number\": \"" serial "\", \"status\": \"" status "\"," \
    " \"profile\": \"p\"}"
#define SHOWN(certs) "{\"id\": 1, \"certificates\": [" certs "]}"
#define END              \
    {                    \
        NULL, NULL, NULL \
    }

static void formats_have_names(void)
{
    CHECK(cloud_format_named("aws-iot") != NULL);
    CHECK(cloud_format_named("azure-dps") != NULL);
    CHECK(cloud_format_named("azure-hub") != NULL);
    CHECK(cloud_format_named("aws") == NULL);
    CHECK(cloud_format_named("") == NULL);
}

static void a_thing_has_parameters_and_its_certificate(void)
{
    static const struct answer from[] = {
        { "listDevices", NULL,
          DEVICE("Dev-1", "active",
                 ", \"serial\": \"S1\", \"mac\": [\"00:01\", \"00:02\"],"
                 " \"hardware_version\": \"r 2\", \"key_method\": \"carrot\","
                 " \"labels\": [\"room=12\", \"floor=1\", \"roomy=3\"]") },
        { "showDevice", "Dev-1", SHOWN(CERT("01", "valid")) },
        END
    };
    json_t *o;

    CHECK(export("aws-iot", from, NULL) == CMD_OK);
    o = line();
    CHECK(has_pem(o, "CertificatePem"));
    (void)json_object_del(o, "CertificatePem");
    CHECK(is(o, "{\"ThingName\": \"Dev-1\", \"SerialNumber\": \"S1\","
                " \"Mac\": \"00:01,00:02\", \"KeyMethod\": \"carrot\","
                " \"label.room\": \"12\"}"));
    json_decref(o);
    /* A space is no part of an attribute there: told, and not a failure. */
    CHECK(strstr(err, "Dev-1, HardwareVersion: left out") != NULL);
    CHECK(strstr(err, "test: 1 written; 1 values that it does not take\n") !=
          NULL);
}

static void an_enrolment_has_two_certificates_while_a_device_renews(void)
{
    static const struct answer from[] = {
        { "listDevices", NULL,
          DEVICE("dev-1", "active", ", \"model\": \"M 1\"") },
        { "showDevice", "dev-1",
          SHOWN(CERT("04", "revoked") "," CERT("03", "pending") "," CERT(
              "02", "valid") "," CERT("01", "valid")) },
        END
    };
    json_t *o;
    json_t *certs;

    CHECK(export("azure-dps", from, NULL) == CMD_OK);
    o = line();
    certs = json_object_get(
        json_object_get(json_object_get(o, "attestation"), "x509"),
        "clientCertificates");
    CHECK(has_pem(json_object_get(certs, "primary"), "certificate"));
    CHECK(has_pem(json_object_get(certs, "secondary"), "certificate"));
    CHECK(json_object_size(certs) == 2);
    (void)json_object_del(o, "attestation");
    CHECK(is(o, "{\"registrationId\": \"dev-1\", \"deviceId\": \"dev-1\","
                " \"initialTwin\": {\"tags\": {\"model\": \"M 1\"}},"
                " \"provisioningStatus\": \"enabled\"}"));
    json_decref(o);
}

/* The service looks for the name in the certificate. */
static void an_enrolment_by_another_name_is_left_out(void)
{
    static const struct answer from[] = {
        { "listDevices", NULL, DEVICE("dev-2", "active", "") },
        { "showDevice", "dev-2", SHOWN(CERT("01", "valid")) },
        END
    };

    CHECK(export("azure-dps", from, NULL) == CMD_FAILED);
    CHECK(out[0] == '\0');
    CHECK(strstr(err, "dev-2: left out: its name is not the CN") != NULL);
}

static void an_identity_of_a_hub_needs_no_certificate(void)
{
    static const struct answer from[] = {
        { "listDevices", NULL, DEVICE("dev 1", "active", "") }, END
    };
    static const struct answer held[] = {
        { "listDevices", NULL,
          DEVICE("dev-1", "suspended",
                 ", \"lot\": \"L\", \"labels\": [\"a.b=c=d\", \"none\"]") },
        END
    };
    json_t *o;

    CHECK(export("azure-hub", held, NULL) == CMD_OK);
    o = line();
    CHECK(is(o,
             "{\"id\": \"dev-1\", \"importMode\": \"create\","
             " \"status\": \"disabled\", \"statusReason\": \"suspended\","
             " \"authentication\": {\"type\": \"certificateAuthority\"},"
             " \"tags\": {\"lot\": \"L\", \"labels\": {\"a/b\": \"c=d\"}}}"));
    json_decref(o);
    CHECK(export("azure-hub", from, NULL) == CMD_FAILED);
    CHECK(out[0] == '\0');
    CHECK(strstr(err, "dev 1: left out: the service has no such name") != NULL);
}

static void who_has_no_good_certificate_is_counted(void)
{
    static const struct answer ended[] = {
        { "listDevices", NULL, DEVICE("Dev-1", "revoked", "") }, END
    };
    static const struct answer bare[] = {
        { "listDevices", NULL, DEVICE("Dev-1", "active", "") },
        { "showDevice", "Dev-1",
          SHOWN(CERT("02", "revoked") "," CERT("01", "replaced")) },
        { "showProfile", "p", "{}" },
        END
    };

    CHECK(export("aws-iot", ended, NULL) == CMD_OK && out[0] == '\0');
    CHECK(strstr(err, "0 written; 1 suspended or ended\n") != NULL);
    CHECK(export("aws-iot", bare, "p") == CMD_OK && out[0] == '\0');
    CHECK(strstr(err, "1 without a certificate that is good, of p\n") != NULL);
    CHECK(export("aws-iot", bare, "q") == CMD_FAILED && out[0] == '\0');
}

static void a_device_of_the_same_name_elsewhere_is_not_taken_for_it(void)
{
    static const struct answer from[] = {
        { "listDevices", NULL, DEVICE("Dev-1", "active", "") },
        { "showDevice", "Dev-1",
          "{\"id\": 2, \"certificates\": [" CERT("01", "valid") "]}" },
        END
    };

    CHECK(export("aws-iot", from, NULL) == CMD_FAILED && out[0] == '\0');
    CHECK(strstr(err, "another organisation's") != NULL);
}

int main(void)
{
    RUN(formats_have_names);
    RUN(a_thing_has_parameters_and_its_certificate);
    RUN(an_enrolment_has_two_certificates_while_a_device_renews);
    RUN(an_enrolment_by_another_name_is_left_out);
    RUN(an_identity_of_a_hub_needs_no_certificate);
    RUN(who_has_no_good_certificate_is_counted);
    RUN(a_device_of_the_same_name_elsewhere_is_not_taken_for_it);
    return bm_test_done();
}
