/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_BOARD_MPS2_H
#define NODE_BOARD_MPS2_H

/* Of board_an385.c or board_an505.c, for board_mps2.c: what has to be done
 * before there are keys. */
void board_keys_open(void);

#endif
