/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/program.h"

/*
 * The descriptor of a standard stream that is closed would be that of the next
 * file, and what is printed would be in that file: the state, a key. It is
 * taken by one on which reading and writing fail.
 */
static bool hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct rlimit no_core = { 0, 0 };
    int rc;

    if (!hold_standard_streams()) {
        return ARGS_FAILED;
    }
    /* What is in memory may be a key: no part of it goes to a core file, and
     * no file is born that others may read. */
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)umask(S_IRWXG | S_IRWXO);
    /* A peer or reader that went away is reported by the write. */
    (void)signal(SIGPIPE, SIG_IGN);
    /* Inherited as ignored, no hook could be seen to fail. */
    (void)signal(SIGCHLD, SIG_DFL);
    rc = program_run(argc, argv, BM_VERSION);
    if (ferror(stdout) != 0 || fclose(stdout) != 0) {
        fputs("birthmark-agent: stdout: write failed\n", stderr);
        rc = rc == ARGS_OK ? ARGS_FAILED : rc;
    }
    return rc;
}
