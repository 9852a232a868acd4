/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One round by hand, to look at what the test found:
 *
 *     fault_tool init DIR
 *     fault_tool run DIR REPORT SEED ACTS [KIND N [ERRNO]]
 *     fault_tool verify DIR REPORT
 *
 * DIR and REPORT are absolute. ACTS 0: each kind once. KIND: kill-before,
 * kill-after, kill-torn, fail, short, full.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/inject.h"
#include "tests/fault/report.h"
#include "tests/fault/script.h"
#include "tests/fault/verify.h"

#define EXIT_USAGE 2

static const struct {
    const char *name;
    enum inject what;
} kinds[] = { { "kill-before", INJECT_KILL_BEFORE },
              { "kill-after", INJECT_KILL_AFTER },
              { "kill-torn", INJECT_KILL_TORN },
              { "fail", INJECT_FAIL },
              { "short", INJECT_SHORT },
              { "full", INJECT_FULL } };

static unsigned long number(const char *text)
{
    return strtoul(text, NULL, 10);
}

static int make(const char *dir)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = world_init(dir, &why);

    if (rc != BM_OK) {
        fprintf(stderr, "%s: %s\n", bm_status_name(rc), why.words);
        return 1;
    }
    return 0;
}

static int arm(int argc, char **argv)
{
    for (size_t i = 0; argc >= 8 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[6], kinds[i].name) == 0) {
            inject_arm(kinds[i].what, number(argv[7]),
                       argc > 8 ? (int)number(argv[8]) : 0);
            return 0;
        }
    }
    return argc == 6 ? 0 : EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    struct script_config config = { .dir = argv[2],
                                    .report = report_open(argv[3]),
                                    .seed = number(argv[4]),
                                    .acts = (unsigned)number(argv[5]),
                                    .patient = true };
    struct script_result result;
    struct report report;

    report_read(argv[3], UINT64_MAX, &report);
    config.now = report.clock + 1;
    report_free(&report);
    inject_watch(argv[2]);
    if (arm(argc, argv) != 0) {
        return EXIT_USAGE;
    }
    script_play(&config, &result);
    printf("%lu calls, %lu changes; %u acts done, %u failed; hit: %s\n",
           inject_calls(), inject_changes(), result.done, result.failed,
           inject_where());
    if (result.failed != 0) {
        printf("first %s, last %s: %s\n", bm_status_name(result.first),
               bm_status_name(result.last), result.why.words);
    }
    return result.failed != 0;
}

static int look(char **argv)
{
    struct verify_config config = { .dir = argv[2],
                                    .report = argv[3],
                                    .changes = UINT64_MAX };
    struct verify_result result;
    struct report report;

    report_read(argv[3], UINT64_MAX, &report);
    config.number = (uint64_t)report.lines;
    report_free(&report);
    verify(&config, &result);
    printf("%zu certificates, %llu abandoned, %u findings\n", result.certs,
           (unsigned long long)result.abandoned, result.findings);
    return result.findings != 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "init") == 0) {
        return make(argv[2]);
    }
    if (argc >= 6 && strcmp(argv[1], "run") == 0) {
        return run(argc, argv);
    }
    if (argc == 4 && strcmp(argv[1], "verify") == 0) {
        return look(argv);
    }
    fprintf(stderr, "usage: see the head of fault_tool.c\n");
    return EXIT_USAGE;
}
