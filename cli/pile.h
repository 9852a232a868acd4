/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_PILE_H
#define BM_CLI_PILE_H

#include "cli/input.h"
#include "core/cert.h"
#include "core/crl.h"

/*
 * Certificates and CRLs gathered from files, each with the place it came
 * from. A pile owns the DER that its entries point into.
 */

struct place {
    const char *file;
    unsigned block; /* PEM block, from 1; 0 in DER */
};

struct pile {
    struct bm_cert *cert; /* moves as the pile grows */
    struct place *place;
    uint8_t **der;
    size_t n;
    size_t room;
};

/* Copy and add a parsed certificate. BM_E_LIMIT without memory. */
BM_MUST_CHECK bm_status pile_add(struct pile *pile, const struct bm_cert *cert,
                                 const struct place *place);

/*
 * Add each certificate of a file, those in CMS messages included; other
 * things in it are passed over. A certificate that is refused is left out,
 * with words on stderr: fewer certificates never make anything valid. False
 * when the file cannot be read or no certificate in it is any good.
 */
bool pile_add_file(struct pile *pile, const char *file, unsigned tolerate);

void pile_free(struct pile *pile);

/* A CRL in memory, or the place of one that is too large for that. */
struct crl_entry {
    struct place place;
    uint8_t *der; /* NULL: to be streamed from its place */
    struct bm_crl crl;
};

struct crl_pile {
    struct crl_entry *entry;
    size_t n;
};

/* Add each CRL of a file. False, with words on stderr, if one is refused. */
bool crl_pile_add_file(struct crl_pile *pile, const char *file);
void crl_pile_free(struct crl_pile *pile);

#endif
