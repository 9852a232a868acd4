/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ca/inventory.h"
#include "cli/bar.h"
#include "cli/diag.h"
#include "cli/instance.h"
#include "cli/safe.h"
#include "cli/twice.h"
#include "intake/worker.h"

enum {
    OPTION_FORMAT = 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--format", "WORD", "birthmark (default), aws-iot, azure-dps, azure-hub",
      OPTION_FORMAT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark device expect", "[--dir DIR] [--format WORD] FILE",
    "Say that the devices of a file are expected: a table (CSV) with a column\n"
    "device and one for each attribute, or a list (JSON) of objects with the\n"
    "same members. All rows are looked at first: what is wrong with any is\n"
    "told by row and column, and nothing is changed. With --format the file\n"
    "is another service's, in JSON: things of AWS IoT, enrolments of Azure\n"
    "DPS, identities of Azure IoT Hub.\n",
    options
};

struct given {
    struct session_place place;
    const char *format;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_FORMAT, ARGS_TEXT, offsetof(struct given, format), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Octets of the rows of one request. Each is one turn of the server: with so
 * many, however many attributes they are, some ten milliseconds, after which
 * others are served before the next. */
#define PIECE_MAX ((size_t)64 << 10)

/* Rows that are told to be wrong; more have one cause. */
#define WRONG_MAX 10000

struct expect {
    struct session session;
    struct bar bar;
    struct twice *twice;
    const char *file;
    bool look; /* the first time; then they are written */
    uint64_t wrong;
    uint64_t made;
    uint64_t there;
    uint64_t done;
    /* The piece: its rows, and the number of each. */
    json_t *piece;
    size_t octets;
    uint32_t numbers[CA_EXPECT_MAX];
};

static bool tell(struct expect *e, uint32_t row, const char *column,
                 const char *words)
{
    if (e->wrong++ >= WRONG_MAX) {
        return false;
    }
    bar_end(&e->bar);
    fprintf(stderr, "row %u, column ", (unsigned)row);
    safe_print_str(stderr, column[0] == '\0' ? "-" : column);
    fputs(": ", stderr);
    safe_print_str(stderr, words);
    fputc('\n', stderr);
    return true;
}

static int no_memory(const struct expect *e)
{
    const struct ca_refusal why = { .status = BM_E_MEMORY };

    return session_result(&e->session, BM_E_MEMORY, &why);
}

/* Nothing more is written behind what is wrong; looked at, all of it is. */
static bool is_over(const struct expect *e)
{
    return e->wrong > (e->look ? WRONG_MAX : 0);
}

static uint64_t number_of(const json_t *o, const char *name)
{
    json_int_t v = json_integer_value(json_object_get(o, name));

    return v < 0 ? 0 : (uint64_t)v;
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));

    return text == NULL ? "" : text;
}

/* What the authority says of a piece. */
static void take_answer(struct expect *e, const json_t *answer)
{
    const json_t *wrong = json_object_get(answer, "wrong");
    const json_t *item;
    size_t i;

    json_array_foreach(wrong, i, item)
    {
        uint64_t row = number_of(item, "row");

        if (row >= 1 && row <= CA_EXPECT_MAX) {
            (void)tell(e, e->numbers[row - 1], text_of(item, "column"),
                       text_of(item, "reason"));
        }
    }
    e->made += number_of(answer, "new");
    e->there += number_of(answer, "there");
}

static int send_piece(struct expect *e)
{
    json_t *params = json_object();
    json_t *answer = NULL;
    size_t n = json_array_size(e->piece);
    int rc;

    if (n == 0 || is_over(e)) {
        json_decref(params);
        return CMD_OK;
    }
    json_object_set_new(params, "rows", e->piece);
    if (e->look) {
        session_set_flag(params, "look");
    }
    e->piece = json_array();
    e->octets = 0;
    rc = session_call(&e->session, "createDevices", params, &answer);
    if (rc == CMD_OK) {
        take_answer(e, answer);
        e->done += n;
        bar_show(&e->bar, e->done, 0);
    }
    json_decref(answer);
    return rc;
}

static int take_row(struct expect *e, const struct ca_batch_row *row)
{
    size_t n = json_array_size(e->piece);
    int rc = CMD_OK;

    if (row->words.n != 0) {
        char column[STORE_PLACE_NAME_MAX];
        char words[STORE_NAME_MAX];

        (void)snprintf(column, sizeof column, "%.*s", (int)row->column.n,
                       row->column.n == 0 ? "" : (const char *)row->column.p);
        (void)snprintf(words, sizeof words, "%.*s", (int)row->words.n,
                       (const char *)row->words.p);
        (void)tell(e, row->number, column, words);
        return CMD_OK;
    }
    if (e->look && !twice_add(e->twice, row->number, row->csr)) {
        return no_memory(e);
    }
    if (n == CA_EXPECT_MAX || e->octets + row->csr.n > PIECE_MAX) {
        rc = send_piece(e);
        n = 0;
    }
    e->numbers[n] = row->number;
    e->octets += row->csr.n;
    json_array_append_new(e->piece,
                          json_stringn((const char *)row->csr.p, row->csr.n));
    return rc;
}

/* What is wrong with the file as a whole is told with its name. */
static int tell_file(const struct expect *e, bm_status rc,
                     const struct ca_refusal *why)
{
    if (rc != BM_E_CA_ORDER || why->words[0] == '\0') {
        return session_result(&e->session, rc, why);
    }
    fprintf(stderr, "%s: ", verb.path);
    safe_print_str(stderr, e->file);
    fputs(": ", stderr);
    safe_print_str(stderr, why->words);
    fputc('\n', stderr);
    return CMD_FAILED;
}

/* All rows, once. */
static int go_through(struct expect *e, struct intake_worker *worker)
{
    struct ca_refusal why = { .status = BM_OK };
    struct bm_bytes some;
    int rc = CMD_OK;

    e->done = 0;
    bar_begin(&e->bar, e->look ? "checking" : "writing");
    while (rc == CMD_OK && !is_over(e)) {
        struct ca_batch_row row;
        bm_status got = intake_worker_next(worker, &some, &why);

        if (got == BM_E_END) {
            break;
        }
        while (got == BM_OK && rc == CMD_OK && !is_over(e) &&
               (got = intake_row_next(&some, &row)) == BM_OK) {
            rc = take_row(e, &row);
        }
        if (rc == CMD_OK && !is_over(e) && got != BM_E_END) {
            bar_end(&e->bar);
            return tell_file(e, got, &why);
        }
    }
    if (rc == CMD_OK) {
        rc = send_piece(e);
    }
    bar_end(&e->bar);
    return rc;
}

/* Two rows of different pieces: the authority has not seen them together. */
static bool tell_twice(void *arg, uint32_t row, uint32_t before,
                       const char *what)
{
    char words[64];

    (void)snprintf(words, sizeof words, "as in row %u", (unsigned)before);
    return tell(arg, row, what, words);
}

static int run(struct expect *e, struct intake_worker *const workers[2])
{
    int rc;

    e->look = true;
    rc = go_through(e, workers[0]);
    if (rc == CMD_OK && e->wrong == 0) {
        twice_tell(e->twice, e, tell_twice);
    }
    if (rc == CMD_OK && e->wrong != 0) {
        fprintf(stderr, "%s: %llu rows are wrong: nothing was changed\n",
                verb.path, (unsigned long long)e->wrong);
        return CMD_FAILED;
    }
    if (rc != CMD_OK) {
        return rc;
    }
    e->look = false;
    e->made = e->there = 0;
    rc = go_through(e, workers[1]);
    if (rc == CMD_OK) {
        printf("%llu expected, %llu already\n", (unsigned long long)e->made,
               (unsigned long long)e->there);
    }
    return rc == CMD_OK && e->wrong != 0 ? CMD_FAILED : rc;
}

/* Two processes that read the file, one after another, made while there is
 * nothing to lose: no key, no store, no connection. */
static int start(const char *file, enum intake_kind kind,
                 struct intake_worker **worker)
{
    struct ca_refusal why = { .status = BM_OK };
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    char words[ERRNO_WORDS_MAX];
    bm_status rc;

    if (fd < 0) {
        errno_words(errno, words);
        fprintf(stderr, "%s: ", verb.path);
        safe_print_str(stderr, file);
        fprintf(stderr, ": %s\n", words);
        return CMD_FAILED;
    }
    rc = intake_worker_start(fd, kind, worker, &why);
    return rc == BM_OK ? CMD_OK : refusal_print_act(verb.path, rc, &why);
}

static bool kind_of(const char *format, enum intake_kind *kind)
{
    static const struct {
        const char *word;
        enum intake_kind kind;
    } formats[] = {
        { "birthmark", INTAKE_INVENTORY },
        { "aws-iot", INTAKE_AWS_IOT },
        { "azure-dps", INTAKE_AZURE_DPS },
        { "azure-hub", INTAKE_AZURE_HUB },
    };

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(format, formats[i].word) == 0) {
            *kind = formats[i].kind;
            return true;
        }
    }
    return false;
}

int cmd_device_expect(int argc, char **argv)
{
    struct given given = { .format = "birthmark" };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_DEVICE_EXPECT };
    struct intake_worker *workers[2] = { NULL, NULL };
    struct expect e = { .file = NULL };
    enum intake_kind kind;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (!kind_of(given.format, &kind)) {
        return cmd_usage_error(verb.path, "--format is birthmark, aws-iot, "
                                          "azure-dps or azure-hub");
    }
    e.file = args.words[0];
    rc = start(e.file, kind, &workers[0]);
    if (rc == CMD_OK) {
        rc = start(e.file, kind, &workers[1]);
    }
    if (rc == CMD_OK) {
        rc = session_open(&e.session, &config);
    }
    if (rc == CMD_OK) {
        e.piece = json_array();
        e.twice = twice_new();
        rc = e.piece != NULL && e.twice != NULL ? run(&e, workers)
                                                : no_memory(&e);
    }
    json_decref(e.piece);
    twice_free(e.twice);
    session_close(&e.session);
    intake_worker_end(workers[0]);
    intake_worker_end(workers[1]);
    return rc;
}
