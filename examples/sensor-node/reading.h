/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_READING_H
#define NODE_READING_H

#include "core/bytes.h"

/*
 * A reading, as JSON for services and as a line for peers:
 *
 *     {"device":"SN-1","celsius":21.345}
 */
#define READING_MAX 128
struct bm_bytes reading_json(const char *device, char out[READING_MAX]);

/* 21.345 */
#define READING_NUMBER_MAX 12
const char *reading_number(char out[READING_NUMBER_MAX]);

#endif
