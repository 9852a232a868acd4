/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_TERMINAL_H
#define BM_CLI_TERMINAL_H

#include "keys/shares_read.h"

/*
 * The person at the terminal that controls this process, /dev/tty, wherever
 * standard input and output lead: asked for shares of an unlock secret.
 *
 * It is opened when it is first asked, so that having it costs nothing; where
 * there is none, a question is BM_E_KEYS_SHARES. What is typed is not shown.
 * Between the first question and terminal_done() an interrupt (Ctrl-C) or the
 * end of input (Ctrl-D) is an answer, too: BM_E_END.
 */
const struct bm_shares_terminal *terminal_get(void);

/* Give the terminal back as it was. Again, or without a question, is fine. */
void terminal_done(void);

#endif
