/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_SERVER_PROCESS_H
#define BM_BENCH_SERVER_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Servers as children, and what they cost: CPU time and memory, summed over a
 * process and all of its descendants, as /proc has them. A server that dies
 * early ends the program: what is measured does not work.
 */
struct process {
    pid_t pid; /* 0: none */
    const char *name;
};

/* Start; `log` takes standard output and error. The child dies with us. */
void process_start(struct process *p, const char *const argv[],
                   const char *log);
/* SIGTERM, and SIGKILL after a while; none is fine. */
void process_stop(struct process *p);

/* Stop all of its processes where they are; and let them go on. */
void process_pause(const struct process *p);
void process_go_on(const struct process *p);

/* Nanoseconds of CPU time so far, the kernel's for it included, also of
 * children that have ended. */
double process_cpu(const struct process *p);

/* The same of those whose command line has this word. */
double process_cpu_of(const struct process *p, const char *word);

/*
 * Proportional set size, in octets: a page that n processes share counts as
 * 1/n. Negative when /proc does not tell: processes that may not be traced
 * show it to root alone. `*n`: processes.
 */
double process_pss(const struct process *p, unsigned *n);

/* A TCP port of 127.0.0.1 that nobody had a moment ago. */
unsigned process_free_port(void);

/* Wait until a connection to it succeeds. */
void process_wait_port(const struct process *p, unsigned port);
bool process_port_answers(unsigned port);

double process_wall(void); /* seconds */

#endif
