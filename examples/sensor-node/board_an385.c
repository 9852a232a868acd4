/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node on mps2-an385: keys lie in the log, in the same flash as everything
 * else; noise is that of the host, which is a stand-in for development.
 */
#include "examples/sensor-node/board.h"
#include "examples/sensor-node/board_mps2.h"
#include "ports/mps2/board.h"
#include "ports/mps2/ethernet.h"

void board_keys_open(void)
{
}

const struct board_keys board_keys = {
    .place = BM_KEY_PLACE_FLASH,
    .secret = BM_VAULT_PLAINTEXT,
    .born_here = true,
};

static bm_status read_noise(void *self, uint8_t *out, size_t n)
{
    (void)self;
    return bm_board_random(out, n) == 0 ? BM_OK : BM_E_RANDOM;
}

/* /dev/urandom: 8 bits in an octet. */
const struct bm_noise board_noise = { NULL, read_noise, 2048 };
const char board_noise_label[] = "host-urandom";

const struct bm_nic *board_nic(void)
{
    static struct bm_ethernet ethernet;

    return bm_ethernet_open(&ethernet, BM_ETHERNET_AN385, NULL) == BM_OK
               ? &ethernet.nic
               : NULL;
}
