/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "keys/lms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read lies in the room and has the sizes of a key. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t room[BM_LMS_FILE_MAX];
    struct bm_bytes all = BM_ARRAY(room);
    struct bm_lms_file file;

    if (bm_lms_file_parse((struct bm_bytes){ data, size }, room, &file) !=
        BM_OK) {
        must(file.public.p == NULL && file.sealed.p == NULL);
        return 0;
    }
    must_be_inside(all, file.public);
    must_be_inside(all, file.nonce);
    must_be_inside(all, file.sealed);
    must(file.public.n == BM_LMS_PUBLIC_SIZE && file.nonce.n == 12);
    must(file.sealed.n == BM_LMS_SECRET_SIZE + BM_AEAD_TAG_SIZE);
    return 0;
}
