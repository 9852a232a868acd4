/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Making a key: created under the storage root key, loaded, and made
 * persistent, which is one step: it lies at the handle, or does not. TPM 2.0
 * Part 3, 12.1 (TPM2_Create), 12.2 (TPM2_Load), 28.5 (TPM2_EvictControl).
 */
#include <string.h>

#include "keys/tpm2_internal.h"

struct making {
    const struct bm_key_spec *spec;
    struct tpm2_key *key;
    TPM2B_AUTH owner;
    TPM2B_PUBLIC template;
    TPM2B_NAME name; /* once it is made */

    /* What has to be given back. */
    struct tpm2_parent parent;
    ESYS_TR child;
    TPM2B_PRIVATE *private;
    TPM2B_PUBLIC *public;
};

static bm_status check_free(struct tpm2_link *link, TPM2_HANDLE handle)
{
    bool taken;

    BM_TRY(tpm2_is_taken(link, handle, &taken));
    return taken ? BM_E_EXISTS : BM_OK;
}

static bm_status check_parameters(struct tpm2_link *link,
                                  const TPMT_PUBLIC *area)
{
    TPMT_PUBLIC_PARMS parms = { .type = area->type,
                                .parameters = area->parameters };

    return tpm2_link_status(link,
                            Esys_TestParms(link->esys, ESYS_TR_NONE,
                                           ESYS_TR_NONE, ESYS_TR_NONE, &parms));
}

static bm_status create(struct tpm2_link *link, struct making *m,
                        ESYS_TR session)
{
    static const TPM2B_DATA no_info;
    static const TPML_PCR_SELECTION no_pcr;
    TPM2B_SENSITIVE_CREATE secret = { .size = 0 };
    TPM2B_CREATION_DATA *data = NULL;
    TPM2B_DIGEST *hash = NULL;
    TPMT_TK_CREATION *ticket = NULL;
    bm_status rc;

    secret.sensitive.userAuth = m->key->auth;
    rc = tpm2_link_status(link, Esys_Create(link->esys, m->parent.tr, session,
                                            ESYS_TR_NONE, ESYS_TR_NONE, &secret,
                                            &m->template, &no_info, &no_pcr,
                                            &m->private, &m->public, &data,
                                            &hash, &ticket));
    bm_wipe(&secret, sizeof secret);
    Esys_Free(data);
    Esys_Free(hash);
    Esys_Free(ticket);
    return rc;
}

static bm_status persist(struct tpm2_link *link, struct making *m,
                         ESYS_TR session)
{
    ESYS_TR kept = ESYS_TR_NONE;

    BM_TRY(tpm2_link_status(
        link,
        Esys_EvictControl(link->esys, ESYS_TR_RH_OWNER, m->child, session,
                          ESYS_TR_NONE, ESYS_TR_NONE, m->key->handle, &kept)));
    (void)Esys_TR_Close(link->esys, &kept);
    return BM_OK;
}

static bm_status make(struct tpm2_link *link, struct making *m)
{
    ESYS_TR session = ESYS_TR_PASSWORD;

    BM_TRY(check_free(link, m->key->handle));
    BM_TRY(check_parameters(link, &m->template.publicArea));
    BM_TRY(tpm2_flush_prepare(link));
    if (m->key->auth.size != 0 || m->owner.size != 0) {
        BM_TRY(tpm2_session_get(link, &session));
    }
    BM_TRY(tpm2_link_status(
        link, Esys_TR_SetAuth(link->esys, ESYS_TR_RH_OWNER, &m->owner)));
    BM_TRY(tpm2_parent_get(link, ESYS_TR_RH_OWNER, session, &m->parent));
    BM_TRY(create(link, m, session));
    BM_TRY(tpm2_link_status(link, Esys_Load(link->esys, m->parent.tr, session,
                                            ESYS_TR_NONE, ESYS_TR_NONE,
                                            m->private, m->public, &m->child)));
    BM_TRY(tpm2_get_name(link, m->child, &m->name));
    tpm2_parent_put(link, &m->parent);
    return persist(link, m, session);
}

static bm_status run_make(struct tpm2_link *link, void *arg)
{
    struct making *m = arg;
    bm_status rc;

    m->parent = (struct tpm2_parent){ ESYS_TR_NONE, false };
    m->child = ESYS_TR_NONE;
    rc = make(link, m);
    tpm2_flush(link, &m->child);
    tpm2_parent_put(link, &m->parent);
    rc = tpm2_flush_done(link, rc);
    Esys_Free(m->private);
    Esys_Free(m->public);
    m->private = NULL;
    m->public = NULL;
    return rc;
}

/* Take a key away that has just been made, and is of no use. */
static bm_status run_remove(struct tpm2_link *link, void *arg)
{
    const struct making *m = arg;
    const struct tpm2_removal removal = { m->key->handle, &m->owner, &m->name };

    return tpm2_remove(link, &removal);
}

/* A key is one when it has signed. */
static bm_status prove(struct making *m)
{
    const struct tpm2_work remove = { run_remove, m, true };
    bm_status rc = tpm2_key_load(m->key);

    if (rc == BM_OK) {
        rc = tpm2_key_try(m->key);
    }
    if (rc != BM_OK) {
        (void)!tpm2_link_do(m->key->link, &remove);
    }
    return rc;
}

static bm_status make_and_prove(struct making *m)
{
    /* Not again when the connection was lost: it may have been done. */
    const struct tpm2_work work = { run_make, m, false };

    if (!tpm2_is_ours(m->key->handle)) {
        return BM_E_KEYS_URI;
    }
    BM_TRY(tpm2_key_template(m->spec, &m->key->auth, &m->template));
    BM_TRY(tpm2_link_do(m->key->link, &work));
    return prove(m);
}

bm_status tpm2_generate(void *self, const char *rest,
                        const struct bm_key_spec *spec, struct bm_key **key)
{
    const struct tpm2_provider *p = self;
    struct making m;
    bm_status rc = BM_E_INTERNAL;

    *key = NULL;
    memset(&m, 0, sizeof m);
    m.spec = spec;
    rc = tpm2_key_new(p, rest, &m.key);
    if (rc != BM_OK) {
        goto out;
    }
    rc = tpm2_auth_read(p->owner_auth_file, &m.owner);
    if (rc != BM_OK) {
        goto out;
    }
    rc = make_and_prove(&m);
    if (rc != BM_OK) {
        goto out;
    }
    *key = &m.key->key;
    m.key = NULL;

out:
    tpm2_key_free(m.key);
    bm_wipe(&m, sizeof m);
    return rc;
}
