/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ca_install.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/setup.h"
#include "core/path.h"
#include "server/instance_internal.h"

/* What becomes of each certificate of the pile. */
struct verdict {
    enum ca_installed what;
    char id[STORE_ID_MAX];
    const char *words;
};

/* A profile that a CA cannot issue by. */
struct cannot {
    char profile[STORE_ID_MAX];
    char words[CA_ASIDE_WORDS_MAX];
};

struct install {
    const struct ca_install *c;
    const struct bm_crypto *crypto;
    struct ca_refusal *why;
    struct verdict *verdicts; /* one for each of the pile */
    struct bm_cert *pool;     /* the pile, and what is here */
    size_t pool_n;
    struct bm_cert *anchors;
    size_t anchors_n;
    struct store_ca rows[INSTANCE_CAS_MAX]; /* to be put */
    size_t rows_n;
    struct cannot cannot[INSTANCE_PROFILES_MAX];
    size_t cannot_n;
    struct bm_path path;
};

/* ---- What is here, and what will be */

static const struct store_ca *row_of(const struct install *i,
                                     struct bm_bytes der)
{
    const struct instance *in = i->c->instance;

    for (size_t k = 0; k < i->rows_n; k++) {
        if (bm_bytes_equal(i->rows[k].cert, der)) {
            return &i->rows[k];
        }
    }
    for (size_t k = 0; k < in->cas_n; k++) {
        if (bm_bytes_equal(in->cas[k].row.cert, der)) {
            return &in->cas[k].row;
        }
    }
    return NULL;
}

static bool is_taken(const struct install *i, const char *id)
{
    for (size_t k = 0; k < i->rows_n; k++) {
        if (strcmp(i->rows[k].id, id) == 0) {
            return true;
        }
    }
    return instance_get_ca(i->c->instance, id) != NULL;
}

/* "root", and where there is one "root-2". */
static void choose_id(const struct install *i, const char *name,
                      char id[STORE_ID_MAX])
{
    (void)snprintf(id, STORE_ID_MAX, "%s", name);
    for (unsigned g = 2; is_taken(i, id); g++) {
        (void)snprintf(id, STORE_ID_MAX, "%s-%u", name, g);
    }
}

static bm_status add_row(struct install *i, const struct store_ca *row)
{
    if (i->c->instance->cas_n + i->rows_n >= INSTANCE_CAS_MAX) {
        return ca_refuse(i->why, BM_E_LIMIT, "over %d CAs", INSTANCE_CAS_MAX);
    }
    i->rows[i->rows_n++] = *row;
    return BM_OK;
}

/* One that has no key here. */
static bm_status add_above(struct install *i, const struct bm_cert *cert,
                           enum store_ca_kind kind, const char *parent)
{
    static const char *const names[] = { [STORE_CA_ROOT] = "root",
                                         [STORE_CA_INTERMEDIATE] =
                                             "intermediate",
                                         [STORE_CA_LINK] = "link" };
    struct store_ca row = { .kind = kind,
                            .status = STORE_CA_ACTIVE,
                            .cert = cert->der,
                            .created = i->c->now };

    choose_id(i, names[kind], row.id);
    (void)snprintf(row.parent, sizeof row.parent, "%s", parent);
    return add_row(i, &row);
}

static void judge(struct install *i, const struct bm_cert *cert,
                  enum ca_installed what, const char *id, const char *words)
{
    for (size_t k = 0; k < i->c->certs_n; k++) {
        struct verdict *v = &i->verdicts[k];

        if (bm_bytes_equal(i->c->certs[k].der, cert->der)) {
            v->what = what;
            v->words = words;
            (void)snprintf(v->id, sizeof v->id, "%s", id);
        }
    }
}

static bool is_signed_by(const struct install *i, const struct bm_cert *cert,
                         const struct bm_cert *issuer)
{
    return bm_name_equal(cert->issuer, issuer->subject) &&
           i->crypto->verify(i->crypto->self, &issuer->key, cert->sig_alg,
                             cert->tbs, cert->signature) == BM_OK;
}

static bool is_root(const struct install *i, const struct bm_cert *cert)
{
    return cert->ext.ca && bm_cert_is_self_issued(cert) &&
           is_signed_by(i, cert, cert);
}

static bool is_same_ca(const struct bm_cert *a, const struct bm_cert *b)
{
    return bm_name_equal(a->subject, b->subject) &&
           bm_bytes_equal(a->key.der, b->key.der);
}

/* What another root says of a root, be it a generation of the same name
 * (RFC 4210 4.4) or a root of somebody else. */
static bool is_link(const struct install *i, const struct bm_cert *cert)
{
    if (!cert->ext.ca || is_root(i, cert)) {
        return false;
    }
    for (size_t k = 0; k < i->pool_n; k++) {
        if (is_same_ca(cert, &i->pool[k]) && is_root(i, &i->pool[k])) {
            return true;
        }
    }
    return false;
}

static bm_status make_room(struct install *i)
{
    size_t n = i->c->instance->cas_n + i->c->certs_n;

    i->verdicts = calloc(i->c->certs_n + 1, sizeof *i->verdicts);
    i->pool = calloc(n + 1, sizeof *i->pool);
    i->anchors = calloc(n + 1, sizeof *i->anchors);
    return i->verdicts == NULL || i->pool == NULL || i->anchors == NULL
               ? BM_E_MEMORY
               : BM_OK;
}

static bm_status gather(struct install *i)
{
    const struct instance *in = i->c->instance;

    if (in->cas_n + i->c->certs_n > BM_PATH_CERTS_MAX) {
        return ca_refuse(i->why, BM_E_LIMIT, "over %d certificates",
                         BM_PATH_CERTS_MAX);
    }
    for (size_t k = 0; k < in->cas_n; k++) {
        i->pool[i->pool_n++] = in->cas[k].cert;
        if (in->cas[k].row.kind == STORE_CA_ROOT &&
            in->cas[k].row.status == STORE_CA_ACTIVE) {
            i->anchors[i->anchors_n++] = in->cas[k].cert;
        }
    }
    for (size_t k = 0; k < i->c->certs_n; k++) {
        const struct store_ca *known = row_of(i, i->c->certs[k].der);

        i->verdicts[k].what = CA_INSTALLED_NOT;
        i->verdicts[k].words = "it is for no key of this instance";
        i->pool[i->pool_n++] = i->c->certs[k];
        if (known != NULL) {
            judge(i, &i->c->certs[k], CA_INSTALLED_KNOWN, known->id, "");
        }
    }
    return BM_OK;
}

/* ---- Paths */

static bm_status find_path(struct install *i, const struct bm_cert *cert)
{
    const struct bm_path_config config = {
        .crypto = i->crypto,
        .anchors = i->anchors,
        .anchors_n = i->anchors_n,
        .pool = i->pool,
        .pool_n = i->pool_n,
        .time = i->c->now,
        .flags = i->c->foreign ? 0 : BM_PATH_PROFILE,
        .key_usage = BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN
    };

    return bm_path_find(&i->path, &config, cert);
}

/* The first root comes with the pile. */
static void trust_roots(struct install *i)
{
    for (size_t k = 0; k < i->c->certs_n; k++) {
        if (is_root(i, &i->c->certs[k]) &&
            row_of(i, i->c->certs[k].der) == NULL) {
            i->anchors[i->anchors_n++] = i->c->certs[k];
        }
    }
}

static bm_status take_root(struct install *i, const struct bm_cert *root,
                           char id[STORE_ID_MAX])
{
    const struct store_ca *row = row_of(i, root->der);

    if (row == NULL) {
        BM_TRY(add_above(i, root, STORE_CA_ROOT, ""));
        row = &i->rows[i->rows_n - 1];
        judge(i, root, CA_INSTALLED_ROOT, row->id, "");
    }
    memcpy(id, row->id, sizeof row->id);
    return BM_OK;
}

/*
 * What lies between a certificate and its root, from the root down; `parent`
 * is the id of the last. A link says something of a root and is none's parent.
 */
static bm_status take_path(struct install *i, char parent[STORE_ID_MAX])
{
    BM_TRY(take_root(i, i->path.anchor, parent));
    for (size_t k = i->path.n; k-- > 1;) {
        const struct bm_cert *cert = i->path.step[k].cert;
        const struct store_ca *row = row_of(i, cert->der);

        if (is_link(i, cert)) {
            continue;
        }
        if (row == NULL) {
            BM_TRY(add_above(i, cert, STORE_CA_INTERMEDIATE, parent));
            row = &i->rows[i->rows_n - 1];
            judge(i, cert, CA_INSTALLED_INTERMEDIATE, row->id, "");
        }
        memcpy(parent, row->id, sizeof row->id);
    }
    return BM_OK;
}

/* ---- CAs of ours */

/* The row that a certificate for a key of ours goes into. */
static bool find_ours(const struct install *i, const struct bm_cert *cert,
                      struct store_ca *row)
{
    const struct instance *in = i->c->instance;
    const struct waiting_key *w = waiting_find_key(&in->waiting, cert->key.der);

    for (size_t k = 0; k < in->cas_n; k++) {
        if (in->cas[k].row.key_uri[0] != '\0' &&
            bm_bytes_equal(in->cas[k].cert.key.der, cert->key.der)) {
            *row = in->cas[k].row;
            return true;
        }
    }
    if (w == NULL || w->kind == WAITING_SERVER) {
        return false;
    }
    *row = (struct store_ca){ .kind = (enum store_ca_kind)w->kind,
                              .status = STORE_CA_ACTIVE,
                              .created = i->c->now };
    memcpy(row->id, w->id, sizeof row->id);
    memcpy(row->key_uri, w->key_uri, strlen(w->key_uri) + 1);
    return true;
}

static void keep_cannot(void *arg, const char *profile, const char *words)
{
    struct install *i = arg;
    struct cannot *cannot = &i->cannot[i->cannot_n];

    if (i->cannot_n < INSTANCE_PROFILES_MAX) {
        (void)snprintf(cannot->profile, sizeof cannot->profile, "%s", profile);
        (void)snprintf(cannot->words, sizeof cannot->words, "%s", words);
        i->cannot_n++;
    }
}

/* Without these there is no service, and nobody to administer it. */
static bool is_needed(const struct store_ca *row, const char *profile)
{
    return strcmp(profile, INSTANCE_OCSP_PROFILE) == 0 ||
           (row->kind == STORE_CA_OPERATIONS &&
            (strcmp(profile, "tls-server") == 0 ||
             strcmp(profile, "operator") == 0));
}

static bm_status check_profiles(struct install *i, const struct bm_cert *cert,
                                const struct store_ca *row)
{
    const struct bm_cert *above[CA_PROFILE_ABOVE_MAX];
    struct instance_trial trial = { .in = i->c->instance,
                                    .id = row->id,
                                    .cert = cert,
                                    .above = above,
                                    .arg = i,
                                    .cannot = keep_cannot };
    size_t before = i->cannot_n;

    /* The path that check_cert() has found. */
    for (size_t k = 1; k < i->path.n && trial.above_n < CA_PROFILE_ABOVE_MAX;
         k++) {
        above[trial.above_n++] = i->path.step[k].cert;
    }
    if (i->path.n != 0 && trial.above_n < CA_PROFILE_ABOVE_MAX) {
        above[trial.above_n++] = i->path.anchor;
    }
    BM_TRY(instance_try_profiles(&trial, i->why));
    for (size_t k = before; k < i->cannot_n; k++) {
        if (is_needed(row, i->cannot[k].profile)) {
            return ca_refuse(i->why, BM_E_PROFILE_ISSUER, "%s: profile %s: %s",
                             row->id, i->cannot[k].profile, i->cannot[k].words);
        }
    }
    return BM_OK;
}

/* One that signs for devices itself, as small authorities do. */
static bm_status check_own_root(const struct install *i,
                                const struct bm_cert *cert)
{
    const unsigned need = BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN;

    if (!i->c->foreign) {
        return BM_E_PATH_NO_ISSUER;
    }
    if (cert->ext.unknown_critical.n != 0) {
        return BM_E_PATH_CRITICAL;
    }
    if (bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) &&
        (cert->ext.key_usage & need) != need) {
        return BM_E_PATH_KEY_USAGE;
    }
    return i->c->now < cert->not_before  ? BM_E_PATH_NOT_YET
           : i->c->now > cert->not_after ? BM_E_PATH_EXPIRED
                                         : BM_OK;
}

static bm_status check_cert(struct install *i, const struct bm_cert *cert,
                            const char *id)
{
    uint8_t room[512];
    struct bm_wr w;
    bm_status rc;

    if (!cert->ext.ca) {
        return ca_refuse(i->why, BM_E_PATH_CA, "%s", id);
    }
    i->path.n = 0;
    rc = is_root(i, cert) ? check_own_root(i, cert) : find_path(i, cert);
    if (rc != BM_OK) {
        return ca_refuse(i->why, rc, "%s", id);
    }
    if (i->path.n > CA_PROFILE_ABOVE_MAX) {
        return ca_refuse(i->why, BM_E_PATH_DEPTH, "%s", id);
    }
    bm_wr_init(&w, room, sizeof room);
    rc = instance_responder_name(cert, &w);
    return rc == BM_OK ? BM_OK
                       : ca_refuse(i->why, rc,
                                   "%s: commonName in the subject of its "
                                   "certificate",
                                   id);
}

/* A certificate in place of one in use: of the same name, which stands in all
 * that was issued and in each list, and no older one. */
static bm_status check_successor(struct install *i, const struct bm_cert *cert,
                                 const char *id, bool *older)
{
    const struct instance_ca *c = instance_get_ca(i->c->instance, id);

    *older = false;
    if (c == NULL) {
        return BM_OK;
    }
    if (!bm_bytes_equal(c->cert.subject, cert->subject)) {
        return ca_refuse(i->why, BM_E_ARGUMENT,
                         "%s: another subject than that of its certificate in "
                         "use: a new name is a new CA",
                         id);
    }
    if (cert->not_before < c->cert.not_before) {
        judge(i, cert, CA_INSTALLED_NOT, "", "a later one is in use");
        *older = true;
    }
    return BM_OK;
}

/* What it revoked comes with it: to begin that is not for `ca install`. */
static bool is_taken_over(const struct install *i, const struct bm_cert *cert)
{
    const struct waiting_key *w =
        waiting_find_key(&i->c->instance->waiting, cert->key.der);

    return !i->c->foreign && w != NULL && w->taken;
}

static bm_status take_ours(struct install *i, const struct bm_cert *cert)
{
    struct store_ca row;
    bool older;

    if (row_of(i, cert->der) != NULL || !find_ours(i, cert, &row)) {
        return BM_OK;
    }
    if (is_taken_over(i, cert)) {
        judge(i, cert, CA_INSTALLED_NOT, "",
              "birthmark ca import takes it over");
        return BM_OK;
    }
    /* What comes along with an authority from elsewhere, and the root that it
     * brings, say nothing of those that are here. */
    if (i->c->foreign && instance_get_ca(i->c->instance, row.id) != NULL) {
        judge(i, cert, CA_INSTALLED_NOT, "", "its CA is here already");
        return BM_OK;
    }
    for (size_t k = 0; k < i->rows_n; k++) {
        if (strcmp(i->rows[k].id, row.id) == 0) {
            return ca_refuse(i->why, BM_E_ARGUMENT,
                             "there are two certificates for %s: say which by "
                             "leaving one out",
                             row.id);
        }
    }
    BM_TRY(check_successor(i, cert, row.id, &older));
    if (older) {
        return BM_OK;
    }
    BM_TRY(check_cert(i, cert, row.id));
    BM_TRY(check_profiles(i, cert, &row));
    if (!is_root(i, cert)) {
        BM_TRY(take_path(i, row.parent));
    }
    row.cert = cert->der;
    BM_TRY(add_row(i, &row));
    judge(i, cert, CA_INSTALLED_CA, row.id, "");
    return BM_OK;
}

/* ---- Roots and links */

/* Generations of a root vouch for each other: RFC 4210 4.4. */
static bm_status take_new_root(struct install *i, const struct bm_cert *root)
{
    char id[STORE_ID_MAX];

    for (size_t k = 0; k < i->pool_n; k++) {
        const struct bm_cert *link = &i->pool[k];

        if (is_link(i, link) && is_same_ca(link, root) &&
            find_path(i, link) == BM_OK) {
            BM_TRY(take_root(i, root, id));
            i->anchors[i->anchors_n++] = *root;
            return BM_OK;
        }
    }
    judge(i, root, CA_INSTALLED_NOT, "",
          "a root that none of the roots here has signed");
    return BM_OK;
}

static const struct store_ca *find_root(struct install *i,
                                        const struct bm_cert *link, bool above)
{
    for (size_t k = 0; k < i->anchors_n; k++) {
        const struct bm_cert *root = &i->anchors[k];

        if (above ? is_signed_by(i, link, root) : is_same_ca(link, root)) {
            return row_of(i, root->der);
        }
    }
    return NULL;
}

static bm_status take_link(struct install *i, const struct bm_cert *link)
{
    const struct store_ca *by = find_root(i, link, true);

    if (row_of(i, link->der) != NULL) {
        return BM_OK;
    }
    if (by == NULL || find_root(i, link, false) == NULL) {
        judge(i, link, CA_INSTALLED_NOT, "",
              "it is between roots that are not here");
        return BM_OK;
    }
    BM_TRY(add_above(i, link, STORE_CA_LINK, by->id));
    judge(i, link, CA_INSTALLED_LINK, i->rows[i->rows_n - 1].id, "");
    return BM_OK;
}

static bm_status take_new_roots(struct install *i)
{
    const struct ca_install *c = i->c;

    for (size_t k = 0; k < c->certs_n; k++) {
        if (is_root(i, &c->certs[k]) && row_of(i, c->certs[k].der) == NULL) {
            BM_TRY(take_new_root(i, &c->certs[k]));
        }
    }
    return BM_OK;
}

/* Of those that were trusted, the ones to which a path has led. */
static void keep_anchors(struct install *i)
{
    size_t n = 0;

    for (size_t k = 0; k < i->anchors_n; k++) {
        if (row_of(i, i->anchors[k].der) != NULL) {
            i->anchors[n++] = i->anchors[k];
        }
    }
    i->anchors_n = n;
}

/* New roots first, since what is signed by them may be in the pile, too. */
static bm_status plan(struct install *i)
{
    const struct ca_install *c = i->c;
    bool first = i->anchors_n == 0 || i->c->foreign;

    if (first) {
        trust_roots(i);
    } else {
        BM_TRY(take_new_roots(i));
    }
    for (size_t k = 0; k < c->certs_n; k++) {
        BM_TRY(take_ours(i, &c->certs[k]));
    }
    if (first) {
        keep_anchors(i);
        BM_TRY(take_new_roots(i));
    }
    for (size_t k = 0; k < c->certs_n; k++) {
        if (is_link(i, &c->certs[k])) {
            BM_TRY(take_link(i, &c->certs[k]));
        }
    }
    return BM_OK;
}

/* ---- Doing it */

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

static bm_status write_file(const struct install *i, const struct store_ca *row,
                            bool changed)
{
    char name[STORE_ID_MAX + 16];
    char path[FILES_PATH_MAX];

    (void)snprintf(name, sizeof name, "ca/%s.pem", row->id);
    BM_TRY(files_path(path, i->c->instance->dir, name));
    return is_there(path) && !changed
               ? BM_OK
               : files_put_pem(path, "CERTIFICATE", row->cert, i->why);
}

/* Also those that an interrupted attempt has left out. */
static bm_status write_files(const struct install *i)
{
    const struct instance *in = i->c->instance;

    for (size_t k = 0; k < i->rows_n; k++) {
        BM_TRY(write_file(i, &i->rows[k], true));
    }
    for (size_t k = 0; k < in->cas_n; k++) {
        BM_TRY(write_file(i, &in->cas[k].row, false));
    }
    for (size_t k = 0; k < in->waiting.n; k++) {
        /* Of what is taken over, ca_adopt.h says when it is done. */
        if (!i->c->foreign && is_taken(i, in->waiting.item[k].id)) {
            BM_TRY(waiting_drop(in->dir, in->waiting.item[k].id, i->why));
        }
    }
    return BM_OK;
}

static void tell(const struct install *i)
{
    const struct ca_install *c = i->c;

    for (size_t k = 0; k < c->certs_n; k++) {
        const struct verdict *v = &i->verdicts[k];

        c->tell(c->arg, v->what, v->id, &c->certs[k],
                v->words != NULL ? v->words : "");
    }
    for (size_t k = 0; k < i->cannot_n; k++) {
        c->tell(c->arg, CA_INSTALLED_PROFILE, i->cannot[k].profile, NULL,
                i->cannot[k].words);
    }
}

static bool is_of_use(const struct install *i)
{
    for (size_t k = 0; k < i->c->certs_n; k++) {
        if (i->verdicts[k].what != CA_INSTALLED_NOT) {
            return true;
        }
    }
    return false;
}

/* One that is taken over has no list before all is on record that was revoked:
 * to finish it is not for `ca install`. */
static bm_status check_taken(const struct install *i)
{
    const struct instance *in = i->c->instance;

    for (size_t k = 0; k < in->waiting.n && !i->c->foreign; k++) {
        const struct waiting_key *w = &in->waiting.item[k];

        if (w->taken && instance_get_ca(in, w->id) != NULL) {
            return ca_refuse(i->why, BM_E_CA_UNAVAILABLE,
                             "CA %s was taken over by half: the same birthmark "
                             "ca import again",
                             w->id);
        }
    }
    return BM_OK;
}

static bm_status install(struct install *i)
{
    const struct ca_install *c = i->c;

    BM_TRY(ca_authorise(c->actor, CA_ACT_CA_INSTALL, i->why));
    BM_TRY(check_taken(i));
    BM_TRY(make_room(i));
    BM_TRY(gather(i));
    BM_TRY(plan(i));
    if (!is_of_use(i)) {
        return ca_refuse(i->why, BM_E_NOT_FOUND,
                         "a certificate for a key of this instance");
    }
    if (i->rows_n != 0) {
        BM_TRY(ca_install_all(c->instance->ca, c->actor, i->rows, i->rows_n,
                              c->now, i->why));
    }
    BM_TRY(write_files(i));
    tell(i);
    return BM_OK;
}

bm_status ca_install_pile(const struct ca_install *config,
                          struct ca_refusal *why)
{
    struct install *i = calloc(1, sizeof *i);
    bm_status rc = BM_E_MEMORY;

    if (i != NULL) {
        i->c = config;
        i->crypto = config->instance->port.crypto;
        i->why = why;
        rc = install(i);
        free(i->verdicts);
        free(i->pool);
        free(i->anchors);
        free(i);
    }
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
