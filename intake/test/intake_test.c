/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "intake/worker.h"
#include "tests/harness/bm_test.h"

static int file_of(const char *text, size_t n)
{
    FILE *f = tmpfile();
    int fd = f == NULL ? -1 : dup(fileno(f));

    CHECK(f != NULL && fclose(f) == 0);
    CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n &&
          lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* Rows as a line each: number, device, octets of the request, column, words. */
static void put_rows(struct bm_bytes rows, char *text, size_t cap)
{
    struct ca_batch_row row;

    while (intake_row_next(&rows, &row) == BM_OK) {
        size_t n = strlen(text);

        (void)snprintf(text + n, cap - n, "%u|%.*s|%zu|%.*s|%.*s\n",
                       (unsigned)row.number, (int)row.device.n,
                       (const char *)row.device.p, row.csr.n, (int)row.column.n,
                       (const char *)row.column.p, (int)row.words.n,
                       (const char *)row.words.p);
    }
    CHECK(rows.n == 0);
}

static enum intake_kind kind = INTAKE_REQUESTS;

static void reads_as(enum intake_kind as, const char *text, const char *want,
                     const char *why_not)
{
    static uint8_t room[2 * INTAKE_ROW_ROOM];
    struct ca_refusal why = { .status = BM_OK, .words = "" };
    struct intake *intake;
    char got[2048] = "";
    bm_status rc = intake_open(file_of(text, strlen(text)), as, &intake, &why);
    struct bm_wr w;

    while (rc == BM_OK) {
        bm_wr_init(&w, room, sizeof room);
        rc = intake_next(intake, &w, &why);
        if (rc == BM_OK) {
            put_rows(bm_wr_bytes(&w), got, sizeof got);
        }
    }
    intake_close(intake);
    CHECK(strcmp(got, want) == 0);
    CHECK(rc == (why_not == NULL ? BM_E_END : BM_E_CA_ORDER));
    CHECK(why_not == NULL || strstr(why.words, why_not) != NULL);
    if (strcmp(got, want) != 0 || rc != BM_E_END) {
        printf("# %s -> %s (%s)\n", text, got, why.words);
    }
}

static void reads(const char *text, const char *want, const char *why_not)
{
    reads_as(kind, text, want, why_not);
}

#define NOT_ONE "not one certification request, PEM or base64"

static void a_table_is_read_as_rfc_4180_says(void)
{
    reads("csr\r\nMAA=\r\n", "1||2||\n", NULL);
    reads("csr,device\nMAA=,a\nMAA=,b", "1|a|2||\n2|b|2||\n", NULL);
    reads("device,csr\r\n\"a,\"\"b\"\"\",MAA=\r\n", "1|a,\"b\"|2||\n", NULL);
    reads("csr\r\n\"MA\r\nA=\"\r\n", "1||2||\n", NULL);
    reads("\xef\xbb\xbf"
          "csr\r\nMAA=\r\n",
          "1||2||\n", NULL);
    reads("csr\r\n", "", NULL);
    reads("device,csr\r\na\r\nb,MAA=\r\n",
          "1||0||1 columns, where the header has 2\n2|b|2||\n", NULL);
    reads("device,csr\r\na,\r\nb,x\r\n",
          "1|a|0|csr|there is none\n2|b|0|csr|" NOT_ONE "\n", NULL);
}

static void a_table_that_cannot_be_followed_ends_there(void)
{
    reads("csr\r\nMAA=\r\n\"x", "", "row 2, column 1 csr: it ends within");
    reads("csr\r\nM\"A\r\n", "", "row 1, column 1 csr: a quote in a field");
    reads("csr\r\n\"M\"A\r\n", "", "row 1, column 1 csr: characters behind");
    reads("csr\r\nMAA=\rx", "", "row 1, column 1 csr: CR without LF");
    reads("device\r\na\r\n", "", "there is no column csr");
    reads("csr,a\r\n", "", "column 2: columns are csr, device, subject");
    reads("csr,csr\r\n", "", "column 2: the same column twice");
    reads("", "", "columns are");
}

static void a_list_is_read_object_by_object(void)
{
    reads("[]", "", NULL);
    reads(" [ {\"csr\": \"MAA=\"} , {\"device\":\"b\",\"csr\":\"MAA=\"} ]\n",
          "1||2||\n2|b|2||\n", NULL);
    reads("{\"csr\":\"MAA=\"}\n{\"csr\":\"MAA=\",\"device\":\"}\\\"{\"}",
          "1||2||\n2|}\"{|2||\n", NULL);
    reads("[{\"csr\":7},{\"key\":\"x\",\"csr\":\"MAA=\"}]",
          "1||0|csr|not a string\n"
          "2||0|key|members are csr, device, subject\n",
          NULL);
    reads("[{\"csr\":\"MAA=\"},]", "", "row 2: not an object");
    reads("[{\"csr\":\"MAA=\"} {", "", "row 1: no comma behind it");
    reads("[{\"csr\":\"MAA=\"}", "", "row 1: no comma behind it");
    reads("[{\"csr\":\"MAA=\"}] 1", "", "behind the end of the list");
    reads("[{\"csr\":\"a\",\"csr\":\"b\"}]", "", "row 1, at octet");
    reads("[{\"csr\":\"\xff\"}]", "", "row 1, at octet");
    reads("[{\"a\"", "", "row 1: it ends within an object");
}

static void devices(const char *text, const char *want, const char *why_not)
{
    reads_as(INTAKE_INVENTORY, text, want, why_not);
}

/* The row that ca_devices_expect() takes has so many octets. */
static void a_list_of_devices_is_read(void)
{
    devices("device,serial,label.room\r\na,1,12\r\nb,,\r\n",
            "1|a|24||\n2|b|1||\n", NULL);
    devices("mac,name,state,id\n\"000000000001\n000000000002\",a,active,7\n",
            "1|a|35||\n", NULL);
    devices("labels,device\n\"room=1\nfloor=2\",a\n", "1|a|28||\n", NULL);
    devices("device,serial,mac\n,1,\na,1,zz\nb,\"x\ny\",\nc\n",
            "1||0|device|not a line of 1 to 255 octets of UTF-8\n"
            "2|a|0|mac|zz is no mac\n"
            "3|b|0|serial|serial is not text in one line\n"
            "4||0||1 columns, where the header has 3\n",
            NULL);
    devices("serial\n1\n", "", "there is no column device");
    devices("", "", "there is no header");
    devices("\r\nD-1\r\n", "", "there is no header");
    devices("device,colour\n", "", "column 2: no attribute of a device");
    devices("device,device\n", "", "column 2: the same column twice");
    devices("PK\x03\x04", "", "a list of devices is a table or JSON");
    devices("[{\"device\":\"a\",\"hardware_id\":\"7\",\"state\":\"born\","
            "\"mac\":[\"000000000001\"],\"labels\":[\"room=1\"]}]",
            "1|a|45||\n", NULL);
    devices("{\"name\":\"a\",\"serial\":7}{\"serial\":\"x\"}"
            "{\"device\":\"b\",\"csr\":\"x\"}",
            "1|a|0|serial|neither a string nor a list\n"
            "2||0|device|not a line of 1 to 255 octets of UTF-8\n"
            "3|b|0|csr|no attribute of a device has this name\n",
            NULL);
}

static void rows_that_no_reader_of_ours_writes_are_refused(void)
{
    const struct ca_batch_row good = { .number = 7,
                                       .device = BM_LIT("a"),
                                       .csr = BM_LIT("0") };
    struct ca_batch_row row;
    uint8_t room[256];
    struct bm_bytes in;
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    intake_row_put(&w, &good);
    for (size_t n = 0; n <= w.len; n++) {
        in = (struct bm_bytes){ room, n };
        CHECK_STATUS(intake_row_next(&in, &row), n == 0       ? BM_E_END
                                                 : n == w.len ? BM_OK
                                                              : BM_E_CA_ORDER);
    }
    for (size_t bit = 0; bit < 8 * w.len; bit++) {
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        in = (struct bm_bytes){ room, w.len };
        if (intake_row_next(&in, &row) == BM_OK) {
            CHECK(row.number != 0 && intake_is_text(row.device) &&
                  row.csr.n + row.device.n + row.subject.n != 0);
        }
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void text_is_utf_8_in_one_line(void)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = {
        { "", true },
        { "a \xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91", true },
        { "a\nb", false },
        { "\x1b[2J", false },
        { "\x7f", false },
        { "\xc2\x9b", false },         /* a C1 control */
        { "\xc0\xaf", false },         /* overlong */
        { "\xed\xa0\x80", false },     /* a surrogate */
        { "\xf4\x90\x80\x80", false }, /* beyond the last */
        { "\xe2\x82", false },
        { "\x80", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bm_bytes text = { (const uint8_t *)cases[i].text,
                                       strlen(cases[i].text) };

        CHECK(intake_is_text(text) == cases[i].is);
    }
}

static void a_process_of_its_own_reads_the_same(void)
{
    static const char text[] = "csr,device\r\nMAA=,a\r\nMAA=,b\r\n";
    struct ca_refusal why = { .status = BM_OK, .words = "" };
    struct intake_worker *worker;
    struct bm_bytes rows;
    char got[256] = "";

    CHECK_STATUS(intake_worker_start(file_of(text, sizeof text - 1),
                                     INTAKE_REQUESTS, &worker, &why),
                 BM_OK);
    CHECK_STATUS(intake_worker_next(worker, &rows, &why), BM_OK);
    put_rows(rows, got, sizeof got);
    CHECK(strcmp(got, "1|a|2||\n2|b|2||\n") == 0);
    CHECK_STATUS(intake_worker_next(worker, &rows, &why), BM_E_END);
    CHECK_STATUS(intake_worker_next(worker, &rows, &why), BM_E_CA_ORDER);
    intake_worker_end(worker);
    CHECK_STATUS(
        intake_worker_start(file_of("x", 1), INTAKE_REQUESTS, &worker, &why),
        BM_OK);
    CHECK_STATUS(intake_worker_next(worker, &rows, &why), BM_E_CA_ORDER);
    CHECK(strstr(why.words, "columns are") != NULL);
    intake_worker_end(worker);
}

/* As of devices without keys, which are made elsewhere. */
static void a_list_of_devices_has_no_requests(void)
{
    kind = INTAKE_DEVICES;
    reads("device,subject\r\nSN-1,\r\n,CN=x\r\n", "1|SN-1|0||\n2||0||\n", NULL);
    reads("device\nSN-1\n\"\"\n", "1|SN-1|0||\n2||0|device|there is none\n",
          NULL);
    reads("device,csr\nSN-1,MAA=\n",
          "1|SN-1|0|csr|its key is made here: there is no request\n", NULL);
    reads("[{\"device\":\"SN-1\"},{}]",
          "1|SN-1|0||\n2||0|device|there is none\n", NULL);
    reads("PK\003\004", "", "a list of devices is a table or JSON");
    kind = INTAKE_REQUESTS;
    reads("device\nSN-1\n", "", "there is no column csr");
}

int main(void)
{
    RUN(a_table_is_read_as_rfc_4180_says);
    RUN(a_table_that_cannot_be_followed_ends_there);
    RUN(a_list_is_read_object_by_object);
    RUN(a_list_of_devices_is_read);
    RUN(rows_that_no_reader_of_ours_writes_are_refused);
    RUN(text_is_utf_8_in_one_line);
    RUN(a_process_of_its_own_reads_the_same);
    RUN(a_list_of_devices_has_no_requests);
    return bm_test_done();
}
