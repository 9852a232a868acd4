/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/script.h"

#include <stdlib.h>
#include <string.h>

#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read can be used as it is, and is said to be wrong at a place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s;
    struct ca_refusal why = { BM_OK, "" };
    uint8_t *room;
    struct bm_wr w;
    bm_status rc =
        script_parse(&s, (struct bm_bytes){ data, size }, "file", &why);

    if (rc != BM_OK) {
        must(s.config == NULL && why.status == rc);
        must(strncmp(why.words, "file", 4) == 0);
        return 0;
    }
    must(s.threshold <= s.custodians_n && s.crl_lifetime > 0);
    must(s.steps_n <= SCRIPT_STEPS_MAX && s.title != NULL);
    for (size_t i = 0; i < s.steps_n; i++) {
        must(script_find(&s, s.steps[i].name) == &s.steps[i]);
        must(s.steps[i].file == NULL || strchr(s.steps[i].file, '/') == NULL);
    }
    for (int rehearsal = 0; rehearsal < 2; rehearsal++) {
        bm_wr_init(&w, NULL, 0);
        script_put_subject(&w, &s.root, rehearsal != 0);
        room = must_have_room(w.len);
        bm_wr_init(&w, room, w.len);
        script_put_subject(&w, &s.root, rehearsal != 0);
        must(w.len <= w.cap);
        free(room);
    }
    script_free(&s);
    return 0;
}
