/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node on mps2-an505: keys are made and kept in the secure world, which
 * nothing here can read; the secret of the vault with them. Noise is the secure
 * world's, too.
 */
#include "examples/sensor-node/board.h"
#include "examples/sensor-node/board_mps2.h"
#include "ports/mps2/an505/client.h"
#include "ports/mps2/ethernet.h"

void board_keys_open(void)
{
    bm_element_open(&an505_element);
}

const struct board_keys board_keys = {
    .lifetime = BM_ELEMENT_LIFETIME,
    .place = BM_KEY_PLACE_OPAQUE,
    .secret = BM_VAULT_OPAQUE,
};

static bm_status read_noise(void *self, uint8_t *out, size_t n)
{
    (void)self;
    return an505_port.entropy(an505_port.self, out, n);
}

static const struct bm_noise noise = { NULL, read_noise, 2048 };
const struct bm_noise *const board_noise = &noise;

const char *board_noise_label(void)
{
    return "host's urandom by the secure world";
}

const struct bm_nic *board_nic(void)
{
    static struct bm_ethernet ethernet;

    return bm_ethernet_open(&ethernet, BM_ETHERNET_AN505, NULL) == BM_OK
               ? &ethernet.nic
               : NULL;
}
