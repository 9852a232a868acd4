/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_KEYS_FAULTS_H
#define BM_TESTS_KEYS_FAULTS_H

/*
 * Calls that fail on demand: allocations and what touches files, of all that
 * is linked into the program (not of shared libraries). The linker puts them
 * in the way (--wrap, CMakeLists.txt), so the code under test is the code
 * that ships.
 */
enum fault {
    FAULT_NONE,
    FAULT_ONE,  /* one call fails */
    FAULT_ON,   /* it and all after it: the disk is gone */
    FAULT_DIE,  /* the process ends in the middle of it */
    FAULT_SHORT /* nothing fails: reads and writes move one octet, or none */
};

/* The exit code of FAULT_DIE. */
#define FAULT_EXIT 99

/* From now on, until fault_end(); calls are counted from 1. */
void fault_begin(enum fault fault, unsigned long at);

/* Returns whether the call came. */
int fault_end(void);

/*
 * What reached the disk since fault_begin(), in order: w(rite), s(ync),
 * l(ink), r(ename), m(ake a folder). The kernel survives the processes that
 * die here, so only the order tells what a power cut would leave.
 */
const char *fault_trace(void);

#endif
