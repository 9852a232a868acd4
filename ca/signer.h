/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_SIGNER_H
#define BM_CA_SIGNER_H

#include "ca/journal.h"
#include "ca/lists.h"
#include "ca/profile.h"
#include "ca/tree.h"
#include "core/crl.h"
#include "keys/key.h"

/*
 * The signer: the only holder of CA keys, and no oracle. It never signs a
 * caller's digest. What it signs stands in this header: certificates that
 * match a profile it was started with, CRLs whose number grows, checkpoints
 * of a tree that continues the last one it signed, trust bundles whose version
 * grows and whose anchors are its roots, delivery manifests whose version
 * grows. Each is in the journal before the signature is handed out. The one
 * exception is the list of a batch, which vouches for nothing.
 *
 * The interface is a struct of functions, so that the issuer need not know
 * whether the signer is in its own process (ca_signer_new()) or another one.
 */

/* One certificate to sign. */
struct ca_signing {
    const char *ca; /* id */
    const struct ca_profile *profile;
    uint32_t version; /* of it: ca_bound.version */
    struct bm_bytes tbs;
    struct bm_bytes serial; /* INTEGER contents, as in `tbs` */
    struct bm_wr *cert;     /* gets the whole certificate appended */
};

struct ca_signer {
    void *self;

    /*
     * Sign a group: all, or none. BM_E_CA_SIGNER for a TBS that the signer
     * does not agree to, with words in `why`. BM_E_KEYS_URI..BM_E_KEYS_BUSY
     * when something is wrong with the key of one CA, whatever it is that its
     * token says: not the fault of a request, nor of those beside it.
     */
    bm_status (*certs)(void *self, const struct ca_signing *group, size_t n,
                       int64_t now, struct ca_refusal *why);

    /*
     * Sign a CRL: runs the writer's second and third pass (core/crl.h).
     * BM_E_CA_SIGNER for what is not that list of that CA: local_signer.h.
     */
    bm_status (*crl)(void *self, const struct ca_list_number *list,
                     struct bm_crl_writer *writer, int64_t now,
                     const struct bm_crl_sink *sink);

    /*
     * Sign the checkpoint of `head` as a signed note. `proof` shows that it
     * continues the last one signed; empty hashes for the first.
     */
    bm_status (*checkpoint)(void *self, const struct ca_tree_head *head,
                            const struct ca_tree_proof *proof, int64_t now,
                            struct bm_wr *note);

    /*
     * Sign a trust bundle: `content` as bm_bundle_put() writes it
     * (core/bundle.h); appends the message. BM_E_CA_SIGNER for what is not
     * this authority's, or has a version that does not grow: local_signer.h.
     * May be NULL: nobody signs bundles here.
     */
    bm_status (*bundle)(void *self, struct bm_bytes content, int64_t now,
                        struct bm_wr *message);

    /* The same of a delivery manifest: `content` as bm_manifest_put() writes
     * it (core/manifest.h). */
    bm_status (*manifest)(void *self, struct bm_bytes content, int64_t now,
                          struct bm_wr *message);

    /*
     * Sign the list of a batch (batch.h), of which only the SHA-256 is told:
     * appends a detached message whose content type is good for nothing else.
     * What it says are acts that are in journal and ledger; nobody takes a
     * certificate because a list names it. May be NULL.
     */
    bm_status (*list)(void *self, struct bm_bytes digest, int64_t now,
                      struct bm_wr *message);
    /* The same as a JWS (jws.h), whose payload is a JSON object with that
     * digest. A CMS signature of the same key is over octets that begin in
     * another way. */
    bm_status (*list_jws)(void *self, struct bm_bytes digest, int64_t now,
                          struct bm_wr *jws);

    /* The tree of the last checkpoint signed, for whoever makes the proof;
     * size 0 when there is none. */
    void (*last)(void *self, struct ca_tree_head *head);

    void (*close)(void *self); /* releases the struct, too */
};

#endif
