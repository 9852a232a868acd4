/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FIREWALL_MADE_H
#define BM_TESTS_FIREWALL_MADE_H

#include <stdio.h>

struct corpus;

/* Write a policy of so many rules, by the random numbers of `c`. */
void made_policy(struct corpus *c, unsigned rules, FILE *f);

#endif
