/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_FILE_INTERNAL_H
#define BM_KEYS_FILE_INTERNAL_H

#include "keys/file.h"
#include "keys/internal.h"

/* Between file.c, which reads and writes key files, and file_import.c. */

/* PKCS#8 of the largest key; what is left of a file without the rest. */
#define FILE_PKCS8_MAX 8192

struct file_provider {
    struct bm_key_provider provider;
    struct bm_key_tools tools;
    const struct bm_kek *kek;
    int dir;
};

/* Room of one operation: files are too large for the stack of a thread. */
struct file_room {
    uint8_t text[BM_KEY_FILE_MAX];
    uint8_t body[BM_KEY_FILE_MAX];
    uint8_t pkcs8[FILE_PKCS8_MAX + BM_AEAD_TAG_SIZE];
};

struct file_room *file_room_new(void);
void file_room_free(struct file_room *room); /* wiped; NULL is fine */

/* A good name, and an unlocked provider. */
bm_status file_check_use(const struct file_provider *p, const char *name);

/* BM_E_EXISTS before slow work; the last word has file_save(). */
bm_status file_check_free(const struct file_provider *p, const char *name);

/* Seal a key into a new file. */
bm_status file_save(const struct file_provider *p, const char *name,
                    const struct bm_signer *signer);

/* Read a file; `*sealed` points into the room. */
bm_status file_read(const struct file_provider *p, const char *name,
                    struct file_room *room, struct bm_key_sealed *sealed);

/* Open what was read into room->pkcs8. */
bm_status file_unseal(const struct file_provider *p, const char *name,
                      const struct bm_key_sealed *sealed,
                      struct file_room *room, struct bm_bytes *pkcs8);

#endif
