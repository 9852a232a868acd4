/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/issuer_internal.h"

/*
 * What a listener must know to answer without asking: labels, their CAs, what
 * a request should hold. It is made once, as profiles and CAs are those that
 * the room was started with.
 */

/* Octets of all rows: within a frame. */
#define CATALOGUE_MAX ((size_t)3 << 20)

/* "issuing" of "issuing-3". */
static size_t name_length(const char *id)
{
    const char *dash = strrchr(id, '-');
    size_t n = strlen(id);

    if (dash == NULL || dash[1] == '\0' ||
        strspn(dash + 1, "0123456789") != strlen(dash + 1)) {
        return n;
    }
    return (size_t)(dash - id);
}

static bool same_name(const char *a, const char *b)
{
    size_t n = name_length(a);

    return n == name_length(b) && memcmp(a, b, n) == 0;
}

/*
 * RFC 7030 4.1.3: the chain of the CA with its root, and while it is replaced
 * the certificates of the other generations; while a root is, both roots, and
 * what they say of each other (OldWithNew, NewWithOld; RFC 4210 4.4). In no
 * particular order. What is on the trust list of one ecosystem alone is not
 * for the others, which ask here, too.
 */
static bm_status put_cacerts(const struct issuer *is, const char *id,
                             struct bm_wr *w)
{
    BM_TRY(instance_put_chain(is->in, id, false, w));
    for (size_t i = 0; i < is->in->cas_n; i++) {
        const struct instance_ca *c = &is->in->cas[i];

        if (c->row.status == STORE_CA_ACTIVE && c->row.ecosystem == 0 &&
            (c->row.kind == STORE_CA_ROOT || c->row.kind == STORE_CA_LINK ||
             (strcmp(c->row.id, id) != 0 && same_name(c->row.id, id)))) {
            bm_wr_put(w, c->cert.der);
        }
    }
    return w->len <= w->cap ? BM_OK : BM_E_LIMIT;
}

static uint32_t flags_of(const struct issuer *is,
                         const struct ca_profile_policy *p)
{
    const char *usual = is->room->settings.est_default_profile;
    uint32_t flags = 0;

    flags |=
        usual != NULL && strcmp(usual, p->name) == 0 ? WIRE_LABEL_DEFAULT : 0;
    flags |= p->est.serverkeygen ? WIRE_LABEL_KEYGEN : 0;
    flags |= p->est.wrap ? WIRE_LABEL_WRAP : 0;
    flags |= p->est.chain ? WIRE_LABEL_CHAIN : 0;
    flags |= p->est.binding ? WIRE_LABEL_BINDING : 0;
    flags |= p->est.encoding_header ? WIRE_LABEL_ENCODING : 0;
    return flags;
}

static bm_status put_label(const struct issuer *is, const struct ca_bound *b,
                           struct bm_wr *room, struct bm_wr *out)
{
    const struct ca_profile_policy *p = ca_profile_policy(b->profile);
    struct wire_label m = { .label = { (const uint8_t *)p->name,
                                       strlen(p->name) },
                            .flags = flags_of(is, p) };
    size_t split;

    room->len = 0;
    BM_TRY(put_cacerts(is, b->ca, room));
    split = room->len;
    ca_profile_put_csrattrs(b->profile, room);
    if (room->len > room->cap) {
        return BM_E_LIMIT;
    }
    m.cacerts = (struct bm_bytes){ room->buf, split };
    m.csrattrs = (struct bm_bytes){ room->buf + split, room->len - split };
    wire_label_put(out, &m);
    return out->len <= out->cap ? BM_OK : BM_E_LIMIT;
}

static int by_name(const void *a, const void *b)
{
    const struct ca_bound *x = a;
    const struct ca_bound *y = b;

    return strcmp(ca_profile_policy(x->profile)->name,
                  ca_profile_policy(y->profile)->name);
}

static bm_status put_labels(const struct issuer *is, struct bm_wr *room,
                            struct bm_wr *out)
{
    struct ca_bound sorted[INSTANCE_PROFILES_MAX] = { { .ca = NULL } };
    size_t n = 0;

    for (size_t i = 0; i < is->in->profiles_n; i++) {
        const struct ca_bound *b = &is->in->profiles[i];

        if (!b->old && ca_profile_policy(b->profile)->est.enabled) {
            sorted[n++] = *b;
        }
    }
    qsort(sorted, n, sizeof sorted[0], by_name);
    for (size_t i = 0; i < n; i++) {
        BM_TRY(put_label(is, &sorted[i], room, out));
    }
    return BM_OK;
}

bm_status issuer_catalogue_make(struct issuer *is, struct ca_refusal *why)
{
    uint8_t *octets = malloc(WIRE_OBJECT_MAX);
    uint8_t *rows = malloc(CATALOGUE_MAX);
    uint8_t *fitting;
    struct bm_wr room;
    struct bm_wr out;
    bm_status rc = BM_E_MEMORY;

    if (octets == NULL || rows == NULL) {
        goto out;
    }
    bm_wr_init(&room, octets, WIRE_OBJECT_MAX);
    bm_wr_init(&out, rows, CATALOGUE_MAX);
    rc = put_labels(is, &room, &out);
    if (rc != BM_OK) {
        goto out;
    }
    fitting = realloc(rows, out.len == 0 ? 1 : out.len);
    is->catalogue = fitting == NULL ? rows : fitting;
    is->catalogue_n = out.len;
    rows = NULL;

out:
    free(octets);
    free(rows);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "catalogue of labels");
}

bm_status issuer_serve_catalogue(void *asker, struct link *link,
                                 const struct link_frame *frame)
{
    struct issuer_asker *a = asker;

    (void)link;
    return issuer_answer(
        a, frame, (struct bm_bytes){ a->is->catalogue, a->is->catalogue_n });
}
