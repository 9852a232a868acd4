/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pile.h"

#include <stdlib.h>
#include <string.h>

#include "core/cms.h"

/* Growth of a pile; most hold fewer than ten. */
#define PILE_STEP 64

static bm_status grow(struct pile *pile)
{
    size_t room = pile->room + PILE_STEP;
    void *larger = realloc(pile->cert, room * sizeof *pile->cert);

    if (larger == NULL) {
        return BM_E_LIMIT;
    }
    pile->cert = larger;
    larger = realloc(pile->place, room * sizeof *pile->place);
    if (larger == NULL) {
        return BM_E_LIMIT;
    }
    pile->place = larger;
    larger = realloc(pile->der, room * sizeof *pile->der);
    if (larger == NULL) {
        return BM_E_LIMIT;
    }
    pile->der = larger;
    pile->room = room;
    return BM_OK;
}

bm_status pile_add(struct pile *pile, const struct bm_cert *cert,
                   const struct place *place)
{
    struct bm_bytes copy = { NULL, cert->der.n };
    uint8_t *der;
    bm_status rc;

    if (pile->n == pile->room) {
        rc = grow(pile);
        if (rc != BM_OK) {
            return rc;
        }
    }
    der = malloc(copy.n);
    if (der == NULL) {
        return BM_E_LIMIT;
    }
    memcpy(der, cert->der.p, copy.n);
    copy.p = der;
    /* It parsed before; how tolerantly was the caller's to say. */
    rc = bm_cert_parse(copy, INPUT_TOLERANT, NULL, &pile->cert[pile->n]);
    if (rc != BM_OK) {
        free(der);
        return rc;
    }
    pile->der[pile->n] = der;
    pile->place[pile->n] = *place;
    pile->n++;
    return BM_OK;
}

/* What is being added, and what has been seen of it. */
struct adding {
    struct pile *pile;
    struct place place;
    struct bm_bytes base; /* offsets count from here */
    unsigned tolerate;
    size_t added;
    bool refused;
};

static void refuse(struct adding *a, const struct bm_diag *diag, bm_status rc)
{
    struct refusal why = refusal_of(diag, rc, a->base);

    why.file = a->place.file;
    why.block = a->place.block;
    why.of_der = a->place.block != 0;
    refusal_print(&why);
    a->refused = true;
}

static void add_cert(struct adding *a, struct bm_bytes der)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_cert cert;
    bm_status rc = bm_cert_parse(der, a->tolerate, &diag, &cert);

    if (rc == BM_OK) {
        rc = pile_add(a->pile, &cert, &a->place);
    }
    if (rc == BM_OK) {
        a->added++;
    } else {
        refuse(a, &diag, rc);
    }
}

static void add_cms(struct adding *a, struct bm_bytes der)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_cms cms;
    struct bm_bytes set;
    struct bm_bytes element;
    bm_status rc = bm_cms_parse(der, &diag, &cms);

    if (rc != BM_OK) {
        refuse(a, &diag, rc);
        return;
    }
    set = cms.certs;
    while (bm_cms_next(&set, &element)) {
        add_cert(a, element);
    }
}

static void add_object(struct adding *a, const struct object *object)
{
    a->place.block = object->block;
    a->base = object->der;
    if (object->kind == KIND_CMS) {
        add_cms(a, object->der);
    } else if (object->kind == KIND_CERT || object->kind == KIND_UNKNOWN) {
        add_cert(a, object->der);
    }
}

/* Words on stderr for a file that input_open() could not open. */
static bool unreadable(const char *file, int error)
{
    char words[ERRNO_WORDS_MAX];
    struct refusal why = { .file = file,
                           .at = REFUSAL_NOWHERE,
                           .words = words };

    input_error_words(error, words);
    refusal_print(&why);
    return false;
}

bool pile_add_file(struct pile *pile, const char *file, unsigned tolerate)
{
    struct adding a = { .pile = pile, .place = { file, 0 } };
    struct input in;
    struct object object;
    struct refusal why;
    enum input_result result;
    int error = input_open(&in, file);

    if (error != 0) {
        return unreadable(file, error);
    }
    a.tolerate = tolerate;
    while ((result = input_next_known(&in, &object, &why)) != INPUT_END) {
        if (result == INPUT_OBJECT) {
            add_object(&a, &object);
        } else {
            refusal_print(&why);
            a.refused = true;
        }
    }
    input_close(&in);
    if (a.added == 0 && !a.refused) {
        why = (struct refusal){ .file = file,
                                .at = REFUSAL_NOWHERE,
                                .words = "no certificate in it" };
        refusal_print(&why);
    }
    return a.added != 0;
}

void pile_free(struct pile *pile)
{
    for (size_t i = 0; i < pile->n; i++) {
        free(pile->der[i]);
    }
    free(pile->der);
    free(pile->place);
    free(pile->cert);
    *pile = (struct pile){ .n = 0 };
}

/* Fill in a new entry; one that is too large for memory stays where it is. */
static bm_status keep_crl(struct crl_entry *entry, const struct object *object,
                          struct bm_diag *diag)
{
    bm_status rc;

    if (object->more) {
        return BM_OK;
    }
    /* Parsed where it is first: `diag` is to point into the original. */
    rc = bm_crl_parse(object->der, diag, &entry->crl);
    if (rc != BM_OK) {
        return rc;
    }
    entry->der = malloc(object->der.n);
    if (entry->der == NULL) {
        return BM_E_LIMIT;
    }
    memcpy(entry->der, object->der.p, object->der.n);
    return bm_crl_parse((struct bm_bytes){ entry->der, object->der.n }, NULL,
                        &entry->crl);
}

static bool add_crl(struct crl_pile *pile, const char *file,
                    const struct object *object)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct crl_entry *entry =
        realloc(pile->entry, (pile->n + 1) * sizeof *entry);
    struct refusal why;
    bm_status rc = BM_E_LIMIT;

    if (entry != NULL) {
        pile->entry = entry;
        entry += pile->n++;
        *entry = (struct crl_entry){ .place = { file, object->block } };
        rc = keep_crl(entry, object, &diag);
    }
    if (rc == BM_OK) {
        return true;
    }
    why = refusal_of(&diag, rc, object->der);
    why.file = file;
    why.block = object->block;
    why.of_der = object->block != 0;
    refusal_print(&why);
    return false;
}

bool crl_pile_add_file(struct crl_pile *pile, const char *file)
{
    struct input in;
    struct object object;
    struct refusal why;
    enum input_result result;
    bool ok = true;
    size_t before = pile->n;
    int error = input_open(&in, file);

    if (error != 0) {
        return unreadable(file, error);
    }
    while ((result = input_next_known(&in, &object, &why)) != INPUT_END) {
        if (result == INPUT_REFUSED) {
            refusal_print(&why);
            ok = false;
        } else if (object.kind == KIND_CRL) {
            ok = add_crl(pile, file, &object) && ok;
        }
    }
    input_close(&in);
    if (ok && pile->n == before) {
        why = (struct refusal){ .file = file,
                                .at = REFUSAL_NOWHERE,
                                .words = "no CRL in it" };
        refusal_print(&why);
        ok = false;
    }
    return ok;
}

void crl_pile_free(struct crl_pile *pile)
{
    for (size_t i = 0; i < pile->n; i++) {
        free(pile->entry[i].der);
    }
    free(pile->entry);
    *pile = (struct crl_pile){ .n = 0 };
}
