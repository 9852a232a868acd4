/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skip [OPTION]... PROGRAM.elf FLASH: a sweep (sweep.h); what came of it as
 * lines of JSON, first the runs that are listed, then the sums.
 *
 *   --application FROM-TO   code there is an application's; more than once
 *   --recovery FUNCTION     its call ends a run; more than once
 *   --exact                 compute all signatures in the emulator (memo.h)
 *   --plain                 leave nothing out, say how it ends
 *   --no-decision           leave out nothing of the decision path
 *   --crypto N|all          ... and N places of the cryptography (none)
 *   --loops N               of loops, the first and the last N passes, and some
 *   --samples N             list about every Nth that did not boot
 *   --seed N                what is drawn
 *   --part N/M              do the Nth of M parts, from 0
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/skip/sweep.h"

static const struct option options[] = {
    { "application", required_argument, NULL, 'a' },
    { "recovery", required_argument, NULL, 'r' },
    { "exact", no_argument, NULL, 'e' },
    { "plain", no_argument, NULL, 'p' },
    { "no-decision", no_argument, NULL, 'n' },
    { "crypto", required_argument, NULL, 'c' },
    { "loops", required_argument, NULL, 'l' },
    { "samples", required_argument, NULL, 's' },
    { "seed", required_argument, NULL, 'S' },
    { "part", required_argument, NULL, 'P' },
    { NULL, 0, NULL, 0 },
};

static uint64_t number(const char **text)
{
    char *end;
    uint64_t value = strtoull(*text, &end, 0);

    if (end == *text) {
        die("%s: a number is wanted", *text);
    }
    *text = end;
    return value;
}

/* A number, `between`, a number. */
static void numbers(const char *text, char between, uint32_t *a, uint32_t *b)
{
    *a = (uint32_t)number(&text);
    if (*text++ != between) {
        die("%s: '%c' is wanted", text, between);
    }
    *b = (uint32_t)number(&text);
}

static void take_option(struct sweep_config *config, int option,
                        const char *text)
{
    switch (option) {
    case 'a':
        if (config->applications == BOARD_APPLICATIONS) {
            die("too many applications");
        }
        numbers(text, '-', &config->application[config->applications].from,
                &config->application[config->applications].to);
        config->applications++;
        break;
    case 'r':
        if (config->recoveries == SWEEP_RECOVERIES) {
            die("too many recoveries");
        }
        config->recovery[config->recoveries++] = text;
        break;
    case 'e':
        config->exact = true;
        break;
    case 'n':
        config->decision = false;
        break;
    case 'c':
        config->crypto_all = strcmp(text, "all") == 0;
        config->crypto = config->crypto_all ? 0 : (unsigned)number(&text);
        break;
    case 'l':
        config->loops = (unsigned)number(&text);
        break;
    case 's':
        config->samples = (unsigned)number(&text);
        break;
    case 'S':
        config->seed = number(&text);
        break;
    case 'P':
        numbers(text, '/', &config->part, &config->parts);
        break;
    default:
        exit(2);
    }
}

static const char *const kinds[SWEEP_KINDS] = { "decision", "crypto" };

static void put_run(const struct program *program, const struct sweep_run *run)
{
    uint32_t pc = run->cpu.r[15];
    const struct program_function *f = program_at(program, pc);

    printf("{\"run\":\"%s\",\"function\":\"%s\",\"offset\":%" PRIu32
           ",\"pc\":%" PRIu32 ",\"length\":%" PRIu32 ",\"nth\":%" PRIu64
           ",\"end\":\"%s\",\"later\":%s,\"registers\":[",
           kinds[run->kind], f == NULL ? "?" : f->name,
           f == NULL ? 0 : pc - f->at, pc, run->length, run->nth,
           board_end_name(run->end), run->later ? "true" : "false");
    for (unsigned i = 0; i < 15; i++) {
        printf("%s%" PRIu32, i == 0 ? "" : ",", run->cpu.r[i]);
    }
    printf("]}\n");
}

static void put_sums(const struct sweep_result *result)
{
    printf("{\"plain\":\"%s\",\"executed\":%" PRIu64 ",\"crypto\":%" PRIu64,
           board_end_name(result->plain), result->executed, result->crypto);
    for (unsigned k = 0; k < SWEEP_KINDS; k++) {
        printf(",\"%s_sites\":%" PRIu64 ",\"%s_later\":%" PRIu64, kinds[k],
               result->sites[k], kinds[k], result->later[k]);
        printf(",\"%s_runs\":{", kinds[k]);
        for (unsigned i = BOARD_BOOTS; i < BOARD_ENDS; i++) {
            printf("%s\"%s\":%" PRIu64, i == BOARD_BOOTS ? "" : ",",
                   board_end_name(i), result->runs[k][i]);
        }
        printf("}");
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    struct sweep_config config = { .decision = true, .parts = 1 };
    struct sweep_result result;
    struct program program;
    bool plain = false;
    uint8_t *flash;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p') {
            plain = true;
        } else {
            take_option(&config, option, optarg);
        }
    }
    if (argc - optind != 2 || config.parts == 0) {
        die("a program and a content of flash are wanted");
    }
    program_open(&program, argv[optind]);
    config.program = &program;
    flash = read_file(argv[optind + 1], &config.flash_n);
    config.flash = flash;
    if (plain) {
        printf("{\"plain\":\"%s\"}\n", board_end_name(sweep_plain(&config)));
    } else {
        sweep(&config, &result);
        for (size_t i = 0; i < result.listed_n; i++) {
            put_run(&program, &result.listed[i]);
        }
        put_sums(&result);
        sweep_result_wipe(&result);
    }
    free(flash);
    program_close(&program);
    return 0;
}
