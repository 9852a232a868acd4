/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_ROOT_SHARES_H
#define BM_CLI_ROOT_SHARES_H

#include "cli/root_session.h"

/*
 * Put the custodians' shares together: those of --share, and where there are
 * too few and somebody sits at a terminal, those that are typed in. Fills
 * `secret` and `custodians` of the session.
 */
int root_shares_combine(struct root_session *s);

#endif
