/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/recovery_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "boot/crc.h"
#include "boot/le.h"

#define START  2u /* the octets with which a frame begins */
#define HEAD   4u /* kind, sequence, length */
#define STATUS 4u
#define CRC    4u

#define QUESTION_MAX (START + HEAD + 4u + BM_RECOVERY_DATA_MAX + CRC)

static const uint8_t start[START] = { 0xa5, 0x5a };

/* ---- The line */

static bool speed_of(unsigned baud, speed_t *speed)
{
    static const struct {
        unsigned baud;
        speed_t speed;
    } speeds[] = {
        { 9600, B9600 },     { 19200, B19200 },   { 38400, B38400 },
        { 57600, B57600 },   { 115200, B115200 }, { 230400, B230400 },
        { 460800, B460800 }, { 921600, B921600 },
    };

    for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
        if (speeds[i].baud == baud) {
            *speed = speeds[i].speed;
            return true;
        }
    }
    return false;
}

/* Octets as they are: no echo, no line ends, no signals, no flow control. */
static int make_raw(int fd, speed_t speed)
{
    struct termios t;

    if (tcgetattr(fd, &t) != 0) {
        return -1;
    }
    t.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | IGNCR | INLCR | INPCK | ISTRIP |
                             IXON | IXOFF | PARMRK);
    t.c_oflag &= ~(tcflag_t)OPOST;
    t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    t.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | CSTOPB);
    t.c_cflag |= CS8 | CREAD | CLOCAL;
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 0;
    if (cfsetispeed(&t, speed) != 0 || cfsetospeed(&t, speed) != 0) {
        return -1;
    }
    return tcsetattr(fd, TCSANOW, &t);
}

bm_status recovery_line_open(struct recovery_line *line, const char *path,
                             unsigned baud)
{
    speed_t speed;
    int kept;

    *line = (struct recovery_line){ .fd = -1 };
    if (!speed_of(baud, &speed)) {
        return BM_E_ARGUMENT;
    }
    line->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line->fd < 0) {
        return BM_E_IO;
    }
    if (make_raw(line->fd, speed) != 0) {
        kept = errno;
        recovery_line_close(line);
        errno = kept;
        return BM_E_IO;
    }
    return BM_OK;
}

void recovery_line_close(struct recovery_line *line)
{
    if (line->fd >= 0) {
        (void)close(line->fd);
        line->fd = -1;
    }
}

/* ---- Time and octets */

static int64_t now_ms(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for `events` until `until`. */
static bm_status wait_for(const struct recovery_line *line, short events,
                          int64_t until)
{
    struct pollfd p = { .fd = line->fd, .events = events };
    int64_t left = until - now_ms();
    int n;

    if (left <= 0) {
        return BM_E_RECOVERY_TIMEOUT;
    }
    n = poll(&p, 1, (int)left);
    if (n == 0 || (n < 0 && errno == EINTR)) {
        return BM_E_RECOVERY_TIMEOUT;
    }
    return n > 0 && (p.revents & events) != 0 ? BM_OK : BM_E_IO;
}

static bm_status put_all(const struct recovery_line *line,
                         struct bm_bytes octets, int64_t until)
{
    while (octets.n > 0) {
        ssize_t n = write(line->fd, octets.p, octets.n);

        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return BM_E_IO;
        }
        if (n <= 0) {
            BM_TRY(wait_for(line, POLLOUT, until));
            continue;
        }
        octets.p += n;
        octets.n -= (size_t)n;
    }
    return BM_OK;
}

static bm_status get_all(const struct recovery_line *line, uint8_t *p, size_t n,
                         int64_t until)
{
    while (n > 0) {
        ssize_t got = read(line->fd, p, n);

        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            return BM_E_IO;
        }
        if (got <= 0) {
            BM_TRY(wait_for(line, POLLIN, until));
            continue;
        }
        p += got;
        n -= (size_t)got;
    }
    return BM_OK;
}

/* ---- Questions and answers */

static struct bm_bytes make_frame(const struct recovery_question *question,
                                  uint8_t sequence, uint8_t frame[QUESTION_MAX])
{
    size_t n = START + HEAD + question->octets.n;

    memcpy(frame, start, START);
    frame[START] = (uint8_t)question->kind;
    frame[START + 1] = sequence;
    bm_le16_put(frame + START + 2, (uint16_t)question->octets.n);
    if (question->octets.n != 0) {
        memcpy(frame + START + HEAD, question->octets.p, question->octets.n);
    }
    bm_le32_put(frame + n, bm_crc32(0, frame + START, n - START));
    return (struct bm_bytes){ frame, n + CRC };
}

/* Skip up to the end of the two octets with which a frame begins. */
static bm_status get_start(const struct recovery_line *line, int64_t until)
{
    uint8_t before;
    uint8_t octet = 0;

    do {
        before = octet;
        BM_TRY(get_all(line, &octet, 1, until));
    } while (before != start[0] || octet != start[1]);
    return BM_OK;
}

/* One frame: the octets from kind on, without the CRC. BM_E_RECOVERY_FRAME:
 * damaged, or something that looks like one. */
static bm_status get_frame(const struct recovery_line *line, int64_t until,
                           uint8_t *frame, size_t *n)
{
    BM_TRY(get_start(line, until));
    BM_TRY(get_all(line, frame, HEAD, until));
    *n = HEAD + bm_le16(frame + 2);
    if (*n < HEAD + STATUS || *n > HEAD + STATUS + RECOVERY_ANSWER_MAX) {
        return BM_E_RECOVERY_FRAME;
    }
    BM_TRY(get_all(line, frame + HEAD, *n - HEAD + CRC, until));
    return bm_le32(frame + *n) == bm_crc32(0, frame, *n) ? BM_OK
                                                         : BM_E_RECOVERY_FRAME;
}

/* The answer to question number line->sequence, until the time is over. */
static bm_status get_answer(const struct recovery_line *line,
                            const struct recovery_question *question,
                            int64_t until, struct recovery_answer *answer,
                            bm_status *said)
{
    uint8_t frame[HEAD + STATUS + RECOVERY_ANSWER_MAX + CRC];
    size_t n;
    bm_status rc;

    do {
        rc = get_frame(line, until, frame, &n);
        if (rc != BM_OK && rc != BM_E_RECOVERY_FRAME) {
            return rc;
        }
    } while (rc != BM_OK || frame[0] != ((unsigned)question->kind | 0x80u) ||
             frame[1] != line->sequence);
    *said = (bm_status)bm_le32(frame + HEAD);
    if (answer != NULL) {
        answer->n = n - HEAD - STATUS;
        memcpy(answer->octets, frame + HEAD + STATUS, answer->n);
    }
    return BM_OK;
}

bm_status recovery_line_ask(struct recovery_line *line,
                            const struct recovery_question *question,
                            struct recovery_answer *answer)
{
    uint8_t frame[QUESTION_MAX];
    struct bm_bytes octets;
    bm_status said = BM_E_INTERNAL;
    bm_status rc = BM_E_RECOVERY_TIMEOUT;

    if (question->octets.n > 4 + BM_RECOVERY_DATA_MAX) {
        return BM_E_ARGUMENT;
    }
    octets = make_frame(question, ++line->sequence, frame);
    for (int i = 0; i < RECOVERY_TRIES && rc == BM_E_RECOVERY_TIMEOUT; i++) {
        int64_t until = now_ms() + question->patience;

        rc = put_all(line, octets, until);
        if (rc == BM_OK) {
            rc = get_answer(line, question, until, answer, &said);
        }
    }
    return rc == BM_OK ? said : rc;
}
