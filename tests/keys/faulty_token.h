/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_KEYS_FAULTY_TOKEN_H
#define BM_TESTS_KEYS_FAULTY_TOKEN_H

#include <stdbool.h>

/*
 * A PKCS#11 module that passes everything on to SoftHSM, but fails or lies
 * where it is told to. Tests find the symbol "faulty" in it.
 */
struct faulty {
    /* Calls of functions below are counted; those from `from` to `to` (counted
     * from 1) return `rv`. */
    unsigned calls;
    unsigned from;
    unsigned to;
    unsigned long rv;
    bool after;       /* they do their work first */
    const char *only; /* none but this function is counted; NULL: all */

    /* Signatures: one bit is wrong; how long they are said to be. */
    bool garbage;
    unsigned long sign_n;

    unsigned long sessions;    /* that the token allows; 0: its own limit */
    bool secretive;            /* it does not say so */
    unsigned long token_flags; /* added to its own */
    bool extractable;          /* what it says of its keys */

    /* What was seen. */
    unsigned logins;
    unsigned initialised;
    unsigned open;
    unsigned open_max;
};

#define FAULTY_SYMBOL "faulty"

#endif
