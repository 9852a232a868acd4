/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_MUTANTS_H
#define BM_TESTS_POWERLOSS_MUTANTS_H

#include "tests/powerloss/world.h"

/*
 * Bootloaders that are broken on purpose. The simulator has to find each of
 * them, or what it does not find in the real one says nothing.
 *
 * None of it is in boot/: some mutants stand between the bootloader and its
 * flash (struct world_double), and bring its operations into another order or
 * leave some out; the others stand between its modules, by the linker's
 * --wrap, and change what one tells the other.
 */

enum mutant {
    MUTANT_NONE, /* the bootloader as it is: nothing is to be found */
    /* In the flash: */
    MUTANT_LATE_DATA,    /* the journal says that a step is done before it is */
    MUTANT_EARLY_ERASE,  /* what was to be kept is erased before it is copied */
    MUTANT_LOOKS_ERASED, /* what reads 0xff is not erased again */
    MUTANT_GIVES_UP,     /* octets that cannot be read end the start */
    /* Between modules: */
    MUTANT_FORGETFUL,    /* where it stood is kept in RAM alone */
    MUTANT_NO_CRC,       /* torn records of journals count */
    MUTANT_GULLIBLE,     /* every image verifies */
    MUTANT_GREEDY,       /* what lies behind an image moves with it */
    MUTANT_AGAIN,        /* requests that were read are read again */
    MUTANT_EAGER,        /* counters are raised while an image is on trial */
    MUTANT_NEVER_RAISES, /* counters are not raised at all */
    MUTANTS
};

extern const char *const mutant_names[MUTANTS];

/* Which one the next worlds have. */
void mutant_choose(enum mutant mutant);

#endif
