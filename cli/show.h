/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_SHOW_H
#define BM_CLI_SHOW_H

#include "core/cert.h"
#include "core/cms.h"
#include "core/csr.h"
#include "protocols/admin/tree.h"

/*
 * Walks over parsed files that make trees of what is in them. The keys are
 * an interface (birthmark-cert(1)): the names that the RFCs give the fields,
 * in snake_case.
 */
struct show {
    struct tree t;
    const struct bm_crypto *crypto; /* fingerprints, signatures */
    unsigned tolerate;              /* as in bm_cert_parse() */
};

/* Whole files; the caller owns the tree, which may be NULL if t.failed. */
json_t *show_cert(struct show *s, const struct bm_cert *cert);
json_t *show_csr(struct show *s, const struct bm_csr *csr);

/*
 * A message with the certificates and CRLs inside. The first of them that
 * does not parse leaves its status in `*rc` and its place in `*diag`.
 */
json_t *show_cms(struct show *s, const struct bm_cms *cms, struct bm_diag *diag,
                 bm_status *rc);

/* Attributes whose type `has_member` does not claim. */
json_t *show_attributes(struct tree *t, struct bm_bytes list,
                        bool (*has_member)(struct bm_bytes type));

/* Set `key` to the RFC 4514 string of a name and `key`_rdns to its parts. */
void show_set_name(struct tree *t, json_t *object, const char *key,
                   struct bm_bytes name);

/* Characters of the ASN.1 string type `tag`; octets if it is none. */
json_t *show_string(struct tree *t, uint8_t tag, struct bm_bytes s);

/* One GeneralName: an object with one member, named after its kind. */
json_t *show_general_name(struct tree *t, const struct bm_general_name *gn);

/* GeneralNames, from their contents. */
json_t *show_general_names(struct tree *t, struct bm_bytes names);

/* A distribution point or the like: full_name or the relative name. */
json_t *show_dist_point_name(struct tree *t, struct bm_bytes full_name,
                             struct bm_bytes relative);
json_t *show_reasons(struct tree *t, uint16_t reasons);

/* Every extension of a certificate or request, in its order. */
json_t *show_exts(struct tree *t, const struct bm_exts *e);

/* One extension as an object, its value still to be set. */
json_t *show_ext_head(struct tree *t, const struct bm_ext *ext);

/* Values of extensions that CRLs have as well. */
json_t *show_aki(struct tree *t, const struct bm_exts *e);
json_t *show_dist_points(struct tree *t, struct bm_bytes list);

/* "ecdsa-with-SHA256", or the OID of an unknown AlgorithmIdentifier. */
json_t *show_alg(struct tree *t, enum bm_sig_alg alg, struct bm_bytes der);
json_t *show_key(struct tree *t, const struct bm_spki *key);

/* The SHA-256 of `der`. */
json_t *show_fingerprint(struct show *s, struct bm_bytes der);

#endif
