/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_GENERAL_NAME_H
#define BM_CORE_GENERAL_NAME_H

#include "core/name.h"

/*
 * GeneralName (RFC 5280 4.2.1.6): what subjectAltName, issuerAltName, name
 * constraints and distribution points are made of.
 */

/* The context tag numbers of the CHOICE. */
enum bm_gn_kind {
    BM_GN_OTHER = 0,
    BM_GN_EMAIL = 1,
    BM_GN_DNS = 2,
    BM_GN_X400 = 3, /* carried, never interpreted */
    BM_GN_DIRECTORY = 4,
    BM_GN_EDI = 5, /* carried, never interpreted */
    BM_GN_URI = 6,
    BM_GN_IP = 7,
    BM_GN_RID = 8
};

struct bm_general_name {
    enum bm_gn_kind kind;
    /*
     * BM_GN_EMAIL, DNS, URI: the characters. IP: 4 or 16 octets (8 or 32 in
     * a constraint). DIRECTORY: the Name, with header. RID: OID contents.
     * OTHER: the value, the element inside [0]. X400, EDI: contents.
     */
    struct bm_bytes value;
    struct bm_bytes type; /* BM_GN_OTHER: type-id, OID contents */
};

enum bm_gn_use {
    BM_GN_IN_NAME,      /* a subjectAltName and its kin */
    BM_GN_IN_CONSTRAINT /* a subtree base: masks, ".example.com", "" */
};

/*
 * Take one GeneralName and check its syntax for this use. Hosts are checked to
 * the letter; the local part of a mailbox and what follows the scheme of a URI
 * may have any visible ASCII where RFC 2821 and RFC 3986 have a choice of it.
 * hardwareModuleName and permanentIdentifier are checked through; other
 * otherNames for DER only. On error `*gn` is all zero.
 */
BM_MUST_CHECK bm_status bm_general_name_take(struct bm_der *d,
                                             enum bm_gn_use use,
                                             struct bm_general_name *gn);

/*
 * Take GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName under `tag`
 * (BM_DER_SEQUENCE or an implicit tag), checking every one; `*names` is the
 * contents, to be walked with bm_general_name_next().
 */
BM_MUST_CHECK bm_status bm_general_names_take(struct bm_der *d, uint8_t tag,
                                              struct bm_bytes *names);

/* Walk checked GeneralNames: moves `*names` forward, false at the end. */
bool bm_general_name_next(struct bm_bytes *names, struct bm_general_name *gn);

/* RFC 4108 5: HardwareModuleName ::= SEQUENCE { hwType, hwSerialNum } */
struct bm_hardware_module_name {
    struct bm_bytes type;   /* OID contents */
    struct bm_bytes serial; /* octets */
};
BM_MUST_CHECK bm_status
bm_hardware_module_name_parse(struct bm_bytes value, struct bm_diag *diag,
                              struct bm_hardware_module_name *hw);

/* RFC 4043 2: both fields optional; absent ones are empty views. */
struct bm_permanent_identifier {
    struct bm_bytes value;    /* UTF-8 */
    struct bm_bytes assigner; /* OID contents */
};
BM_MUST_CHECK bm_status
bm_permanent_identifier_parse(struct bm_bytes value, struct bm_diag *diag,
                              struct bm_permanent_identifier *id);

/* Writing: one GeneralName of a plain kind (EMAIL, DNS, URI, IP, RID). */
void bm_general_name_put(struct bm_wr *w, enum bm_gn_kind kind,
                         struct bm_bytes value);
void bm_general_name_put_directory(struct bm_wr *w, struct bm_bytes name);
void bm_general_name_put_hardware(struct bm_wr *w,
                                  const struct bm_hardware_module_name *hw);
void bm_general_name_put_permanent(struct bm_wr *w,
                                   const struct bm_permanent_identifier *id);

#endif
