/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile.h"

#include <stdlib.h>
#include <string.h>

/*
 * Any text is refused with a place, or becomes a profile that can be
 * explained, with or without room for the words.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void explain(const struct ca_profile *profile)
{
    struct bm_wr w;
    uint8_t *room;
    size_t n;

    bm_wr_init(&w, NULL, 0);
    ca_profile_explain(profile, &w);
    n = w.len;
    room = malloc(n);
    must(room != NULL);
    bm_wr_init(&w, room, n);
    ca_profile_explain(profile, &w);
    must(w.len == n && room[n - 1] == '\n' && memchr(room, 0, n) == NULL);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ca_profile *profile;
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc =
        ca_profile_parse((struct bm_bytes){ data, size }, "p", &profile, &why);

    if (rc == BM_OK) {
        must(ca_profile_policy(profile)->by != 0);
        explain(profile);
    } else {
        must(profile == NULL && why.status == rc &&
             strncmp(why.words, "p:", 2) == 0);
    }
    ca_profile_free(profile);
    return 0;
}
