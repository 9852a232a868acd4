/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Devices as AWS IoT and Azure write them. Objects have the form, and the
 * names of their members, of the services' public documentation: "Bulk
 * registration", ListThings and SearchIndex; IndividualEnrollment of API
 * version 2021-10-01; "Import and export IoT Hub device identities in bulk".
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "intake/intake.h"
#include "tests/harness/bm_test.h"

static int file_of(const char *text)
{
    size_t n = strlen(text);
    FILE *f = tmpfile();
    int fd = f == NULL ? -1 : dup(fileno(f));

    CHECK(f != NULL && fclose(f) == 0);
    CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n &&
          lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* A row as a line: what ca_devices_expect() takes, with ';' for the ends of
 * its lines, or where it is wrong and why. */
static void put_rows(struct bm_bytes rows, char *text, size_t cap)
{
    struct ca_batch_row row;

    while (intake_row_next(&rows, &row) == BM_OK) {
        size_t n = strlen(text);

        if (row.words.n != 0) {
            (void)snprintf(text + n, cap - n, "! %.*s: %.*s\n",
                           (int)row.column.n, (const char *)row.column.p,
                           (int)row.words.n, (const char *)row.words.p);
            continue;
        }
        (void)snprintf(text + n, cap - n, "%.*s\n", (int)row.csr.n,
                       (const char *)row.csr.p);
        for (size_t i = n; i < n + row.csr.n; i++) {
            text[i] = text[i] == '\n' ? ';' : text[i];
        }
    }
    CHECK(rows.n == 0);
}

static void reads(enum intake_kind kind, const char *text, const char *want)
{
    static uint8_t room[2 * INTAKE_ROW_ROOM];
    struct ca_refusal why = { .status = BM_OK, .words = "" };
    struct intake *intake;
    char got[4096] = "";
    bm_status rc = intake_open(file_of(text), kind, &intake, &why);
    struct bm_wr w;

    while (rc == BM_OK) {
        bm_wr_init(&w, room, sizeof room);
        rc = intake_next(intake, &w, &why);
        if (rc == BM_OK) {
            put_rows(bm_wr_bytes(&w), got, sizeof got);
        }
    }
    intake_close(intake);
    CHECK_STATUS(rc, BM_E_END);
    CHECK(strcmp(got, want) == 0);
    if (strcmp(got, want) != 0 || rc != BM_E_END) {
        printf("# %s -> %s (%s)\n", text, got, why.words);
    }
}

static void aws(const char *text, const char *want)
{
    reads(INTAKE_AWS_IOT, text, want);
}

static void dps(const char *text, const char *want)
{
    reads(INTAKE_AZURE_DPS, text, want);
}

static void hub(const char *text, const char *want)
{
    reads(INTAKE_AZURE_HUB, text, want);
}

static void parameters_of_a_bulk_registration_are_devices(void)
{
    aws("{\"ThingName\": \"foo\", \"SerialNumber\": \"123\", \"CSR\": "
        "\"csr1\"}\n"
        "{\"ThingName\": \"bar\", \"SerialNumber\": \"456\", \"CSR\": "
        "\"csr2\"}\n",
        "foo;serial=123\nbar;serial=456\n");
    aws("{\"SerialNumber\":\"1\",\"ThingName\":\"a\",\"Location\":\"WA\","
        "\"Mac\":\"000000000001,000000000002\",\"HardwareId\":\"h\","
        "\"Firmware\":\"1.2\",\"label.site\":\"north\","
        "\"ThingTypeName\":\"M1\"}",
        "a;serial=1;label.location=WA;mac=000000000001;mac=000000000002;"
        "hardware-id=h;label.site=north;model=M1\n");
}

static void things_are_devices(void)
{
    aws("[{\"thingName\":\"a\",\"thingTypeName\":\"LightBulb\","
        "\"thingArn\":\"arn:aws:iot:us-east-1:123456789012:thing/a\","
        "\"attributes\":{\"serialNumber\":\"7\",\"wattage\":\"75\"},"
        "\"version\":1}]",
        "a;model=LightBulb;serial=7;label.wattage=75\n");
    aws("{\"thingName\":\"b\",\"thingId\":\"x\",\"thingGroupNames\":[\"g\"],"
        "\"attributes\":{\"attribute1\":\"v\"},"
        "\"shadow\":\"{\\\"desired\\\":{}}\","
        "\"connectivity\":{\"connected\":false,\"timestamp\":0}}",
        "b;label.attribute1=v\n");
    aws("{\"thingName\":\"b\",\"colour\":\"red\"}",
        "! colour: no member of this format\n");
}

static void enrolments_are_devices(void)
{
    dps("[{\"registrationId\":\"r-1\",\"deviceId\":\"r-1\",\"attestation\":{"
        "\"type\":\"x509\",\"x509\":{\"clientCertificates\":{\"primary\":{"
        "\"certificate\":\"x\",\"info\":{\"subjectName\":\"CN=r-1\"}}}}},"
        "\"iotHubHostName\":\"hub.azure-devices.net\",\"initialTwin\":{"
        "\"tags\":{\"serial\":\"7\",\"mac\":[\"000000000001\"],\"labels\":{"
        "\"site\":\"north\",\"a/b\":\"c\"}},\"properties\":{\"desired\":{}}},"
        "\"etag\":\"\\\"x\\\"\",\"provisioningStatus\":\"enabled\","
        "\"createdDateTimeUtc\":\"2026-09-28T16:29:42.3447817Z\","
        "\"reprovisionPolicy\":{\"migrateDeviceData\":true,"
        "\"updateHubAssignment\":true},\"capabilities\":{\"iotEdge\":false}}]",
        "r-1;serial=7;mac=000000000001;label.site=north;label.a.b=c\n");
    dps("{\"registrationId\":\"r\",\"deviceId\":\"ContosoDevice-123\","
        "\"attestation\":{\"type\":\"symmetricKey\",\"symmetricKey\":{"
        "\"primaryKey\":\"secret\"}},\"initialTwin\":null}",
        "r;label.device-id=ContosoDevice-123\n");
    /* A device that may not connect there is no reason to let it enrol. */
    dps("{\"registrationId\":\"r\",\"provisioningStatus\":\"disabled\"}",
        "! provisioningStatus: not enabled: what is expected may enrol\n");
}

static void identities_are_devices(void)
{
    hub("{\"id\":\"Device1\",\"eTag\":\"MA==\",\"status\":\"enabled\","
        "\"authentication\":{\"symmetricKey\":{\"primaryKey\":\"abc=\","
        "\"secondaryKey\":\"def=\"}}}\n"
        "{\"id\":\"export-0\",\"eTag\":\"MQ==\",\"status\":\"enabled\","
        "\"statusReason\":\"firstUpdate\",\"authentication\":null,"
        "\"twinETag\":\"AAAAAAAAAAI=\",\"tags\":{\"Location\":\"LivingRoom\"},"
        "\"properties\":{\"desired\":{\"Thermostat\":{\"Temperature\":75.1}},"
        "\"reported\":{}}}\n",
        "Device1\nexport-0;label.location=LivingRoom\n");
    hub("[{\"deviceId\":\"d\",\"connectionState\":\"Disconnected\","
        "\"tags\":{\"$version\":1,\"deviceLocation\":{\"floor\":2,"
        "\"spare\":null,\"hot\":true,\"deg\":75.1}}}]",
        "d;label.devicelocation.floor=2;label.devicelocation.hot=true;"
        "label.devicelocation.deg=75.1\n");
    hub("{\"id\":\"d\",\"moduleId\":\"m\"}{\"id\":\"d\",\"importMode\":"
        "\"deleteIfMatchETag\"}{\"id\":\"d\",\"status\":\"disabled\"}"
        "{\"id\":\"d\",\"deviceId\":\"e\"}",
        "! moduleId: it is a module, and no device\n"
        "! importMode: it takes the device away\n"
        "! status: not enabled: what is expected may enrol\n"
        "! deviceId: not the name that the row has already\n");
}

static void what_is_wrong_is_told_by_member(void)
{
    hub("{\"tags\":{}}{\"id\":7}",
        "! id: not a line of 1 to 255 octets of UTF-8\n"
        "! id: not a line of 1 to 255 octets of UTF-8\n");
    hub("{\"id\":\"d\",\"tags\":{\"mac\":\"zz\"}}",
        "! tags.mac: zz is no mac\n");
    hub("{\"id\":\"d\",\"tags\":{\"serial\":[\"1\"]}}",
        "! tags.serial: a list, and a device has one of it at most\n");
    hub("{\"id\":\"d\",\"tags\":{\"mac\":[7]}}",
        "! tags.mac: not a list of short strings\n");
    hub("{\"id\":\"d\",\"tags\":{\"a b\":\"c\"}}",
        "! tags.a b: no name of a label: up to 63 of a-z 0-9 . _ -\n");
    hub("{\"id\":\"d\",\"tags\":{\"a\":\"b\\nc\"}}",
        "! tags.a: not text in one line\n");
    hub("{\"id\":\"d\",\"tags\":{\"Site\":\"a\",\"site\":\"b\"}}",
        "! tags.site: another member of the row says it already\n");
    hub("{\"id\":\"d\",\"tags\":7}", "! tags: not an object\n");
    hub("{\"id\":\"d\",\"tags\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
        "\"a\":{\"a\":{}}}}}}}}}}",
        "! tags.a.a.a.a.a.a.a.a: objects are too deep in each other\n");
    hub("{\"id\":\"d\",\"tags\":{\"0123456789012345678901234567\":[]}}",
        "! : tags.0123456789012345678901234567: a list, and a device has one "
        "of it at most\n");
}

static void a_table_is_none_of_these(void)
{
    struct ca_refusal why = { .status = BM_OK, .words = "" };
    struct intake *intake;

    for (int kind = INTAKE_AWS_IOT; kind <= INTAKE_AZURE_HUB; kind++) {
        CHECK_STATUS(intake_open(file_of("device\na\n"), (enum intake_kind)kind,
                                 &intake, &why),
                     BM_E_CA_ORDER);
        CHECK(intake == NULL && strstr(why.words, "this format is JSON"));
    }
}

int main(void)
{
    RUN(parameters_of_a_bulk_registration_are_devices);
    RUN(things_are_devices);
    RUN(enrolments_are_devices);
    RUN(identities_are_devices);
    RUN(what_is_wrong_is_told_by_member);
    RUN(a_table_is_none_of_these);
    return bm_test_done();
}
