/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tests/differential/diff.h"

/* Room for the struct of any kind. */
#define VIEW_MAX 2048

/* "BM_E_DER_TAG" is "E_DER_TAG" here: all of them begin alike. */
static const char *short_name(bm_status status)
{
    const char *name = bm_status_name(status);

    return strncmp(name, "BM_", 3) == 0 ? name + 3 : name;
}

static bool judge(const struct diff_kind *kind, struct bm_bytes der)
{
    union {
        uint64_t align;
        void *pointer;
        uint8_t room[VIEW_MAX];
    } view;
    struct bm_diag diag = { .status = BM_OK };
    struct diff_why why = { "no-reason", "-" };
    bm_status rc = kind->ours(der, &diag, &view);
    void *object = kind->theirs(der, &why);
    const char *field = NULL;

    if (rc == BM_OK && object != NULL) {
        field = kind->compare(&view, object);
        if (field != NULL) {
            table_note(kind->name, "differ", field, "-", der);
        }
    } else if (rc == BM_OK) {
        table_note(kind->name, "accept", why.what, why.where, der);
    } else if (object != NULL) {
        table_note(kind->name, "refuse", short_name(rc),
                   diag.within == BM_OK ? "-" : short_name(diag.within), der);
    }
    kind->release(object);
    return (rc == BM_OK) == (object != NULL) && field == NULL;
}

bool diff_judge(const struct diff_kind *kind, struct bm_bytes der)
{
    bool agreed = kind->view_size <= VIEW_MAX && judge(kind, der);

    table_count(kind, agreed);
    return agreed;
}
