/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node on mps2-an385: keys lie in the log, in the same flash as everything
 * else; noise comes through UART 1 (ports/mps2/noise.h).
 */
#include "examples/sensor-node/board.h"
#include "examples/sensor-node/board_mps2.h"
#include "ports/mps2/ethernet.h"
#include "ports/mps2/noise.h"

void board_keys_open(void)
{
}

const struct board_keys board_keys = {
    .place = BM_KEY_PLACE_FLASH,
    .secret = BM_VAULT_PLAINTEXT,
    .born_here = true,
};

const struct bm_noise *const board_noise = &bm_board_noise;

const char *board_noise_label(void)
{
    return bm_board_random_label();
}

const struct bm_nic *board_nic(void)
{
    static struct bm_ethernet ethernet;

    return bm_ethernet_open(&ethernet, BM_ETHERNET_AN385, NULL) == BM_OK
               ? &ethernet.nic
               : NULL;
}
