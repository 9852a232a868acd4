/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/fuzz/blind.h"
#include "ca/ledger_internal.h"
#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A proof file is read whole or not at all; the same octets are compared with
 * themselves as what else was shown. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    const struct ca_proof_check check = { .crypto = &blind };
    const struct ca_proof_check both = { .crypto = &blind, .against = in };
    struct ca_refusal why = { .status = BM_OK };
    struct ca_proof_result *result = malloc(sizeof *result);
    struct bm_bytes note = { NULL, 0 };
    bm_status rc;

    must(result != NULL);
    if (ledger_proof_note(in, &note)) {
        must_be_inside(in, note);
    }
    rc = ca_proof_check(in, &check, result, &why);
    if (rc == BM_OK) {
        must(result->index < result->head.size);
        must(ca_record_kind_name(result->record.kind) != NULL);
        must_be_inside(BM_ARRAY(result->mem), result->record.actor);
        must(ca_proof_check(in, &both, result, NULL) == BM_OK);
    } else {
        must(why.status == rc);
        must(result->index == 0 && result->record.kind == 0);
    }
    free(result);
    return 0;
}
