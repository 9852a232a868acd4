/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "boot/image.h"
#include "boot/le.h"
#include "cli/args.h"
#include "cli/diag.h"
#include "cli/recovery_line.h"
#include "files/files.h"

enum {
    OPTION_PORT = 1,
    OPTION_BAUD,
    OPTION_IMAGE,
    OPTION_STAY
};

static const struct cmd_option options[] = {
    { "--port", "TTY", "the serial line", OPTION_PORT },
    { "--baud", "N", "bits per second (115200)", OPTION_BAUD },
    { "--image", "N", "which image of the device it is, from 0 (0)",
      OPTION_IMAGE },
    { "--stay", NULL, "leave the device in recovery", OPTION_STAY },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark image send", "--port TTY [OPTION]... FILE",
    "Send a signed image, or a key set, over a serial line to a device that\n"
    "is in recovery. The device verifies it, and installs it when it starts\n"
    "again. What is behind the image in the file is not sent.\n",
    options
};

struct given {
    const char *port;
    const char *image;
    uint64_t baud;
    bool stay;
};

static const struct args_row rows[] = {
    { OPTION_PORT, ARGS_TEXT, offsetof(struct given, port), true },
    { OPTION_BAUD, ARGS_NUMBER, offsetof(struct given, baud), false },
    { OPTION_IMAGE, ARGS_TEXT, offsetof(struct given, image), false },
    { OPTION_STAY, ARGS_FLAG, offsetof(struct given, stay), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Larger than the flash of any device of this kind. */
#define FILE_MAX_OCTETS (16u << 20)

/* Milliseconds that a device may take: for a piece with an erase before it, and
 * to verify everything. */
#define PATIENCE_PIECE  2000
#define PATIENCE_VERIFY 30000

struct run {
    const struct given *given;
    struct bm_bytes image; /* what is sent */
    bool keyset;
    uint8_t number;
    struct recovery_line line;
    uint32_t piece;
    time_t told;
    struct ca_refusal why;
};

/* ---- What is sent */

static bm_status bounds(struct run *run, struct bm_bytes file)
{
    struct bm_image_header header;
    struct bm_image image;
    uint32_t end;
    uint32_t size;

    if (file.n < BM_IMAGE_HEADER_SIZE || file.n > FILE_MAX_OCTETS) {
        return BM_E_IMAGE_SIZE;
    }
    BM_TRY(bm_image_header_parse(file.p, (uint32_t)file.n, &header));
    end = bm_image_digest_end(&header);
    BM_TRY(bm_image_tlvs_size(&header, file.p + end, &size));
    if (size > file.n - bm_image_tlvs_at(&header)) {
        return BM_E_IMAGE_SIZE;
    }
    run->image = (struct bm_bytes){ file.p, bm_image_tlvs_at(&header) + size };
    run->keyset = (header.flags & BM_IMAGE_NON_BOOTABLE) != 0;
    /* The device would say so, too, but after minutes. */
    return bm_image_parse_file(run->image, &image);
}

/* ---- The conversation */

static bm_status ask(struct run *run, enum bm_recovery_kind kind,
                     struct bm_bytes octets, struct recovery_answer *answer)
{
    struct recovery_question question = {
        .kind = kind,
        .octets = octets,
        .patience = kind == BM_RECOVERY_END ? PATIENCE_VERIFY : PATIENCE_PIECE,
    };

    return recovery_line_ask(&run->line, &question, answer);
}

static bm_status hello(struct run *run)
{
    struct recovery_answer a;
    const uint8_t *p = a.octets;
    uint32_t slot;

    BM_TRY(ask(run, BM_RECOVERY_HELLO, (struct bm_bytes){ NULL, 0 }, &a));
    if (a.n < 12 || p[0] != BM_RECOVERY_VERSION || a.n < 12 + 4u * p[1]) {
        return ca_refuse(&run->why, BM_E_RECOVERY_FRAME,
                         "the device speaks another version");
    }
    if (run->number >= p[1]) {
        return ca_refuse(&run->why, BM_E_ARGUMENT, "the device has %u image(s)",
                         p[1]);
    }
    run->piece = bm_le16(p + 2) & ~(BM_RECOVERY_GRAIN - 1);
    if (run->piece == 0 || run->piece > BM_RECOVERY_DATA_MAX) {
        run->piece = BM_RECOVERY_DATA_MAX;
    }
    slot = bm_le32(p + 12 + 4u * run->number);
    fprintf(stderr, "device: %u image(s), slot of %u octets, epoch %u\n", p[1],
            slot, bm_le32(p + 4));
    return run->keyset || run->image.n <= slot
               ? BM_OK
               : ca_refuse_plain(&run->why, BM_E_RECOVERY_SIZE);
}

static bm_status begin(struct run *run)
{
    uint8_t octets[8] = { run->keyset, run->keyset ? 0 : run->number };

    bm_le32_put(octets + 4, (uint32_t)run->image.n);
    return ask(run, BM_RECOVERY_BEGIN, BM_ARRAY(octets), NULL);
}

static void show(struct run *run, size_t at)
{
    time_t now = time(NULL);

    if (isatty(STDERR_FILENO) != 0 &&
        (now != run->told || at == run->image.n)) {
        run->told = now;
        fprintf(stderr, "\r%zu of %zu octets%s", at, run->image.n,
                at == run->image.n ? "\n" : "");
    }
}

static bm_status send_all(struct run *run)
{
    uint8_t octets[4 + BM_RECOVERY_DATA_MAX];
    size_t at = 0;

    while (at < run->image.n) {
        size_t left = run->image.n - at;
        size_t n = left < run->piece ? left : run->piece;

        bm_le32_put(octets, (uint32_t)at);
        memcpy(octets + 4, run->image.p + at, n);
        BM_TRY(ask(run, BM_RECOVERY_DATA, (struct bm_bytes){ octets, 4 + n },
                   NULL));
        at += n;
        show(run, at);
    }
    return BM_OK;
}

static bm_status talk(struct run *run)
{
    struct bm_bytes none = { NULL, 0 };

    BM_TRY(hello(run));
    BM_TRY(begin(run));
    BM_TRY(send_all(run));
    BM_TRY(ask(run, BM_RECOVERY_END, none, NULL));
    fprintf(stderr, "%s is verified%s\n", run->keyset ? "key set" : "image",
            run->keyset ? ", and counts from now on" : "");
    return run->given->stay ? BM_OK : ask(run, BM_RECOVERY_RESET, none, NULL);
}

static int send_file(struct run *run)
{
    uint64_t baud = run->given->baud;
    bm_status rc;

    if (baud > UINT32_MAX) {
        baud = 0;
    }
    rc = recovery_line_open(&run->line, run->given->port, (unsigned)baud);
    if (rc == BM_E_ARGUMENT) {
        return cmd_usage_error(verb.path, "no terminal has this --baud");
    }
    if (rc != BM_OK) {
        refusal_print_errno(run->given->port, errno);
        return CMD_FAILED;
    }
    rc = talk(run);
    recovery_line_close(&run->line);
    return rc == BM_OK ? CMD_OK : refusal_print_act(verb.path, rc, &run->why);
}

int cmd_image_send(int argc, char **argv)
{
    struct given given = { .baud = 115200 };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct run run = { .given = &given, .line = { .fd = -1 } };
    uint8_t *memory = NULL;
    size_t n = 0;
    bm_status rc;
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    if (given.image != NULL) {
        if (given.image[0] < '0' || given.image[0] >= '0' + BM_BOOT_IMAGES ||
            given.image[1] != '\0') {
            return cmd_usage_error(verb.path, "--image: 0 to %d",
                                   BM_BOOT_IMAGES - 1);
        }
        run.number = (uint8_t)(given.image[0] - '0');
    }
    rc = files_read(args.words[0], FILE_MAX_OCTETS, &memory, &n, &run.why);
    if (rc == BM_OK) {
        rc = bounds(&run, (struct bm_bytes){ memory, n });
    }
    code = rc == BM_OK ? send_file(&run)
                       : refusal_print_act(args.words[0], rc, &run.why);
    free(memory);
    return code;
}
