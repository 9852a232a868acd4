/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_INTERNAL_H
#define BM_KEYS_INTERNAL_H

#include <sys/stat.h>

#include "core/bytes.h"

/* What the files of this folder share, and nobody else needs. */

/*
 * disk.c: small secret files that are whole or not there.
 *
 * Files are named by an open folder and a name in it, so that a folder that
 * is moved or replaced meanwhile changes nothing.
 */
#define DISK_PATH_MAX 4096

/* An errno as a status: NOT_FOUND, EXISTS, FULL, MEMORY, IO... */
bm_status disk_status(int error);

bm_status disk_open_dir(const char *path, int *dir);

/* The folder of a file; `*name` points into `path`. */
bm_status disk_open_dir_of(const char *path, int *dir, const char **name);

/* Read to the end; BM_E_LIMIT when that is more than `cap`. */
bm_status disk_read(int fd, uint8_t *buf, size_t cap, size_t *n);

/*
 * Read a file: a regular one, no symbolic link, ours or root's, and with
 * none of the `forbidden` mode bits set (BM_E_KEYS_MODE).
 */
#define DISK_PRIVATE (S_IRWXG | S_IRWXO)
struct disk_file {
    int dir;
    const char *name;
    mode_t forbidden;
};
bm_status disk_read_file(const struct disk_file *file, uint8_t *buf, size_t cap,
                         size_t *n);

/*
 * Make a file of mode 0400 under its name at once; BM_E_EXISTS. A crash may
 * leave part of it, and no copy. What it made is removed on error.
 */
bm_status disk_create(int dir, const char *name, struct bm_bytes data);

/*
 * Make a file of mode 0400 that appears whole: new (BM_E_EXISTS), or in place
 * of another. A crash may leave a file that begins with '.' and ends with
 * DISK_LEFTOVER; the next call removes it. On error a new file is not there,
 * unless removing it failed, too; an old one is, unless the disk failed after
 * the exchange.
 */
#define DISK_LEFTOVER ".bm-new"
enum disk_how {
    DISK_NEW,
    DISK_REPLACE
};
bm_status disk_publish(int dir, const char *name, struct bm_bytes data,
                       enum disk_how how);

/*
 * Overwrite a file, as far as its file system lets that reach the disk, and
 * take its name away. Durable when this returns; BM_OK when there is none.
 */
bm_status disk_destroy(int dir, const char *name);

/*
 * armour.c: a file is one PEM block, and nothing but its one encoding: no
 * text around it, no other line lengths or line ends.
 */
bm_status armour_open(struct bm_bytes text, const char *label, uint8_t *room,
                      size_t cap, struct bm_bytes *body);

/*
 * text.c: secrets as text that people copy by hand. Any amount of white space
 * is as good as any other, and letters may be of either case. What takes
 * leaves `*text` behind what it took; after false it is of no use.
 */

/* Hexadecimal in groups of two octets, and the end of the line. */
void text_put_row(struct bm_wr *w, const uint8_t *p, size_t n);

uint8_t text_lower(uint8_t c); /* ASCII letters only */
bool text_is_space(uint8_t c); /* space, tab, CR, LF */
void text_skip_space(struct bm_bytes *text);

/* `words` are in lower case; a space in it stands for white space, or none. */
bool text_take_words(struct bm_bytes *text, const char *words);

/* 2 * n digits; the time taken does not depend on which they are. */
bool text_take_octets(struct bm_bytes *text, uint8_t *out, size_t n);

#endif
