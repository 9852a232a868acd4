/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/memory.h"

#include <stdalign.h>
#include <stdlib.h>

#define PIECE ((size_t)64 << 10)

struct piece {
    struct piece *next;
    size_t used;
    size_t cap;
    max_align_t room[];
};

struct policy_memory {
    struct piece *pieces; /* the current one first */
    size_t left;
};

struct policy_memory *policy_memory_new(size_t max)
{
    struct policy_memory *memory = calloc(1, sizeof *memory);

    if (memory != NULL) {
        memory->left = max;
    }
    return memory;
}

void policy_memory_free(struct policy_memory *memory)
{
    struct piece *next;

    if (memory == NULL) {
        return;
    }
    for (struct piece *p = memory->pieces; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    free(memory);
}

static struct piece *new_piece(struct policy_memory *memory, size_t n)
{
    size_t cap = n > PIECE ? n : PIECE;
    struct piece *piece = calloc(1, sizeof *piece + cap);

    if (piece != NULL) {
        piece->cap = cap;
        piece->next = memory->pieces;
        memory->pieces = piece;
    }
    return piece;
}

void *policy_memory_get(struct policy_memory *memory, size_t n)
{
    struct piece *piece = memory->pieces;
    unsigned char *p;

    if (n > memory->left) {
        return NULL;
    }
    n = (n + alignof(max_align_t) - 1) / alignof(max_align_t) *
        alignof(max_align_t);
    if (piece == NULL || piece->cap - piece->used < n) {
        piece = new_piece(memory, n);
        if (piece == NULL) {
            return NULL;
        }
    }
    memory->left -= n < memory->left ? n : memory->left;
    p = (unsigned char *)piece->room + piece->used;
    piece->used += n;
    return p;
}
