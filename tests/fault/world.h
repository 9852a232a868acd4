/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_WORLD_H
#define BM_TESTS_FAULT_WORLD_H

#include "server/instance.h"

/*
 * Where the faults happen: a scratch directory, in memory where the system
 * has one (thousands of instances are made and thrown away), and an instance
 * in it that each round copies.
 */

#define WORLD_PATH_MAX 512

/* When the first instance is made; from there on scripts count. */
#define WORLD_START INT64_C(1800000000)

/* The cryptography that ships, but for scrypt, which is made cheap: it stands
 * in every start of a process. */
const struct instance_port *world_port(void);

/* The scratch directory, made at the first call; gone with world_end(). */
const char *world_dir(void);
void world_end(void);

/* Paths in it: `name` behind the directory. */
void world_path(char path[WORLD_PATH_MAX], const char *name);

/* Make an instance in `dir`. */
bm_status world_init(const char *dir, struct ca_refusal *why);

/* Copy a tree, or remove one. The program stops when that fails. */
void world_copy(const char *from, const char *to);
void world_remove(const char *dir);
bool world_exists(const char *path);

/* Stop with the words of a failure: of what a test needs, not what it shows. */
void world_must(bool ok, const char *what);

#endif
