/* SPDX-License-Identifier: Apache-2.0 */

/* Patterns of devices whose renewals are pulled forward. */
#include <stdlib.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/pattern.h"

/*
 * To make an automaton of a pattern can take more than a millisecond, and each
 * device that asks is held against as many as CA_PULLS_MAX: so they are kept.
 * A pull has its place by its number, which those of one organisation count up;
 * the text says whether it is still the one that was made.
 */
#define PLACES 256

struct ca_pull_patterns {
    struct place {
        char text[STORE_NAME_MAX];
        struct ca_pattern pattern;
    } * places[PLACES]; /* NULL: none yet */
};

static bm_status make(struct ca_pull_patterns *all,
                      const struct store_pull *pull)
{
    struct place **at = &all->places[pull->id % PLACES];
    struct place *place = *at == NULL ? malloc(sizeof *place) : *at;
    const char *words;
    size_t where;
    bm_status rc;

    *at = NULL;
    if (place == NULL) {
        return BM_E_MEMORY;
    }
    rc = ca_pattern_compile(pull->device, &place->pattern, &where, &words);
    if (rc != BM_OK) {
        free(place);
        return rc;
    }
    memcpy(place->text, pull->device, sizeof place->text);
    *at = place;
    return BM_OK;
}

bm_status ca_pull_pattern(struct ca *ca, const struct store_pull *pull,
                          const struct ca_pattern **out)
{
    const struct place *place;

    *out = NULL;
    if (ca->pulls == NULL) {
        ca->pulls = calloc(1, sizeof *ca->pulls);
        if (ca->pulls == NULL) {
            return BM_E_MEMORY;
        }
    }
    place = ca->pulls->places[pull->id % PLACES];
    if (place == NULL || strcmp(place->text, pull->device) != 0) {
        BM_TRY(make(ca->pulls, pull));
        place = ca->pulls->places[pull->id % PLACES];
    }
    *out = &place->pattern;
    return BM_OK;
}

void ca_pull_patterns_free(struct ca_pull_patterns *all)
{
    for (size_t i = 0; all != NULL && i < PLACES; i++) {
        free(all->places[i]);
    }
    free(all);
}
