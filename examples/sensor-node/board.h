/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_BOARD_H
#define NODE_BOARD_H

#include "device/entropy.h"
#include "device/flash.h"
#include "device/keystore.h"
#include "device/nic.h"
#include "device/vault.h"

/*
 * All that a node knows of the board it is on. board_mps2.c answers for the
 * MPS2 family, board_an385.c and board_an505.c for what its boards have
 * different: keys, noise, network. Whoever brings the node to another board
 * writes such files, and nothing else here changes.
 */

/* Ranges of flash, each a struct bm_flash of its own. */
extern const struct bm_flash board_data;      /* the log */
extern const struct bm_flash board_provision; /* what the station left */
extern const struct bm_flash board_update;    /* the slot for an update */
extern const struct bm_flash board_mailbox;   /* requests to the bootloader */
extern const struct bm_flash board_candidate; /* a key set for it */
extern const struct bm_flash board_staging;   /* what is looked at once */
extern const struct bm_flash board_policy[2]; /* the firewall's */
extern const struct bm_flash board_running;   /* to be read: what runs, */
extern const struct bm_flash board_keyset[2]; /* and by whose keys */

/* Flash is in the address space: where a range of it is. */
const uint8_t *board_mapped(const struct bm_flash *flash);

/* What the bootloader handed over: BM_HANDOVER_MAX octets. */
extern const uint8_t *const board_handover;

/* Where private keys and the secret of the vault live. */
struct board_keys {
    uint32_t lifetime; /* psa_key_lifetime_t; 0: PSA's storage, the log */
    enum bm_key_place place;
    enum bm_vault_secret secret;
    bool born_here; /* of this program's noise, which is looked at again */
};
extern const struct board_keys board_keys;

/* Where randomness comes from: raw samples, and what to call them. */
extern const struct bm_noise *const board_noise;
const char *board_noise_label(void); /* good once something was read */

/* The network; NULL where there is none. Once. */
const struct bm_nic *board_nic(void);

/* First of all: flash, words for tests; a watchdog, where there is one. */
void board_open(void);

/* Seconds and milliseconds since the start. */
uint32_t board_uptime(void);
uint32_t board_ms(void);

/* Until the next interrupt, at most a millisecond. */
void board_idle(void);

/* For a watchdog: called at least once in each round of the loop and before
 * each operation of flash. The longest time without it is a handshake's. The
 * MPS2 files have none, and do nothing here. */
void board_feed(void);

/* In thousandths of a degree Celsius. */
int32_t board_temperature(void);

_Noreturn void board_restart(void);

/* Octets of the stack that were in use at its deepest. */
size_t board_stack(void);

/*
 * For tests. The value of a word key=VALUE on the command line, or false; it
 * may change when things happen, and never what is allowed. board_end() ends
 * the emulator.
 */
bool board_word(const char *key, char *value, size_t cap);
_Noreturn void board_end(int code);

#endif
