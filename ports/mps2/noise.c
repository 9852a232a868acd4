/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/noise.h"

#include "ports/mps2/board.h"
#include "ports/mps2/internal.h"

/* CMSDK UART 1, Arm DDI0479D, 4.3; on all of these boards behind UART 0. */
#define UART1_DATA    REG32(mps2_board.uart0 + 0x1000u)
#define UART1_STATE   REG32(mps2_board.uart0 + 0x1004u)
#define UART1_CTRL    REG32(mps2_board.uart0 + 0x1008u)
#define UART1_BAUDDIV REG32(mps2_board.uart0 + 0x1010u)

#define STATE_RX_FULL 2u
#define CTRL_RX       2u

#define BAUDDIV_MIN 16u

/* An octet at the slowest of usual rates takes one. A host that is busy with
 * other things may let us wait for much longer. */
#define OCTET_MS 3000u

static enum {
    UNKNOWN,
    UART,
    SEMIHOSTING,
    NOWHERE
} source;

/* One octet, or -1: none came in time. */
static int take(void)
{
    uint32_t since = bm_board_ms();

    while ((UART1_STATE & STATE_RX_FULL) == 0) {
        if (bm_board_ms() - since > OCTET_MS) {
            return -1;
        }
    }
    return (int)(UART1_DATA & 0xffu);
}

static bool read_uart(uint8_t *out, size_t n)
{
    size_t done = 0;
    int octet = 0;

    UART1_BAUDDIV = BAUDDIV_MIN;
    UART1_CTRL = CTRL_RX;
    while (done < n && (octet = take()) >= 0) {
        out[done++] = (uint8_t)octet;
    }
    /* Between samples it may come and go as it likes: nothing is kept. */
    UART1_CTRL = 0;
    return done == n;
}

/* What was connected at first stays so: a port that falls silent is a source
 * that has died, and not replaced by another one. */
static bm_status read_noise(void *self, uint8_t *out, size_t n)
{
    (void)self;
    if (source == UNKNOWN || source == UART) {
        if (read_uart(out, n)) {
            source = UART;
            return BM_OK;
        }
        if (source == UART) {
            return BM_E_RANDOM;
        }
    }
    source = bm_board_random(out, n) == 0 ? SEMIHOSTING : NOWHERE;
    return source == SEMIHOSTING ? BM_OK : BM_E_RANDOM;
}

/* device/entropy.h: in 1/256 of a bit. */
#define FOUR_BITS (4u * 256u)

const struct bm_noise bm_board_noise = { NULL, read_noise, FOUR_BITS };

const char *bm_board_random_label(void)
{
    static const char *const labels[] = {
        [UNKNOWN] = "none",
        [UART] = "host's urandom through UART 1",
        [SEMIHOSTING] = "host's urandom by semihosting",
        [NOWHERE] = "none",
    };

    return labels[source];
}
