/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C 3

/* Signals that end a process: they come in between, and find the terminal as
 * it was before. */
static const int ends[] = { SIGHUP, SIGTERM, SIGQUIT };
#define ENDS (sizeof ends / sizeof ends[0])

static struct {
    int fd;
    struct termios before;
    bool changed;
    struct sigaction handlers[ENDS];
} terminal = { .fd = -1 };

/* tcsetattr(), signal(), raise() may be called from a handler. */
static void on_end(int number)
{
    (void)tcsetattr(terminal.fd, TCSAFLUSH, &terminal.before);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void catch_ends(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_end;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ENDS; i++) {
        (void)sigaction(ends[i], &action, &terminal.handlers[i]);
    }
}

/*
 * Lines as people edit them, unseen. Keys make no signals, which would end us
 * in the midst; Ctrl-C ends a line, and tells by being its last character.
 */
static bool hide(void)
{
    struct termios hidden;

    if (tcgetattr(terminal.fd, &terminal.before) != 0) {
        return false;
    }
    catch_ends();
    hidden = terminal.before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ISIG);
    hidden.c_lflag |= ICANON;
    hidden.c_iflag |= ICRNL;
    hidden.c_cc[VEOL] = CTRL_C;
    terminal.changed = true;
    return tcsetattr(terminal.fd, TCSAFLUSH, &hidden) == 0;
}

void terminal_done(void)
{
    if (terminal.fd < 0) {
        return;
    }
    if (terminal.changed) {
        (void)tcsetattr(terminal.fd, TCSAFLUSH, &terminal.before);
        for (size_t i = 0; i < ENDS; i++) {
            (void)sigaction(ends[i], &terminal.handlers[i], NULL);
        }
    }
    (void)close(terminal.fd);
    terminal.fd = -1;
    terminal.changed = false;
}

static bm_status start(void)
{
    if (terminal.fd >= 0) {
        return BM_OK;
    }
    terminal.fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal.fd >= 0 && hide()) {
        return BM_OK;
    }
    terminal_done();
    return BM_E_KEYS_SHARES;
}

static void say(void *self, const char *words)
{
    (void)self;
    if (start() == BM_OK) {
        (void)dprintf(terminal.fd, "%s\n", words);
    }
}

static bm_status read_octet(uint8_t *c)
{
    ssize_t got;

    do {
        got = read(terminal.fd, c, 1);
    } while (got < 0 && errno == EINTR);
    return got == 1 ? BM_OK : got == 0 ? BM_E_END : BM_E_IO;
}

static bm_status line(void *self, uint8_t *buf, size_t cap, size_t *n)
{
    bm_status rc = BM_OK;
    uint8_t c = 0;

    (void)self;
    *n = 0;
    BM_TRY(start());
    for (;;) {
        BM_TRY(read_octet(&c));
        if (c == CTRL_C) {
            return BM_E_END;
        }
        if (c == '\n') {
            return rc;
        }
        if (*n == cap) {
            rc = BM_E_LIMIT;
        } else {
            buf[(*n)++] = c;
        }
    }
}

const struct bm_shares_terminal *terminal_get(void)
{
    static const struct bm_shares_terminal asked = { NULL, say, line };

    return &asked;
}
