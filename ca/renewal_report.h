/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_RENEWAL_REPORT_H
#define BM_CA_RENEWAL_REPORT_H

#include "ca/renewal.h"

/*
 * What of renewal does not go well, and what ends next (docs/renewal.md). A
 * walk reads an index, of one organisation after another, in the order of ends,
 * which has one entry for each line of certificates of a device, and stops
 * wherever its visitor wants to: so a report is pages of bounded cost.
 */
enum ca_report {
    CA_REPORT_LATE,    /* behind its window, and not renewed */
    CA_REPORT_LOST,    /* ended, and nothing came after it */
    CA_REPORT_EXPIRING /* ends before the horizon: it, or its path */
};

struct ca_report_order {
    enum ca_report report;
    struct store_scope scope;
    int64_t now;
    int64_t horizon; /* EXPIRING: seconds from now */
    int64_t since;   /* LOST: those that ended then or later */
    /* Where the last page ended: whose the last one was, its end, its id; all
     * 0: none. */
    uint32_t organisation;
    int64_t from;
    uint64_t after;
};

struct ca_report_row {
    const struct store_cert *cert;
    bool hit;           /* it is one; else a row that was looked at alone */
    const char *device; /* its name; NULL where it is no hit */
    struct ca_renewal renewal;
    int64_t path_ends;     /* the first end on its path, */
    const char *ends_with; /* and the CA's whose it is; "": its own */
};

/* `visit` gets a struct ca_report_row for each that is looked at, hit or not:
 * to count, and to go on behind it. In a read transaction. */
BM_MUST_CHECK bm_status ca_report_walk(struct ca *ca,
                                       const struct ca_report_order *order,
                                       const struct store_visit *visit);

/*
 * The path above certificates of a CA of ours: its first end, and whose. `*n`
 * CAs from this one to the root: at most CA_PATH_MAX.
 */
#define CA_PATH_MAX 8
struct ca_path_end {
    int64_t ends;
    char ca[STORE_ID_MAX]; /* that ends then */
};
BM_MUST_CHECK bm_status ca_path_end(struct ca *ca, const char *id,
                                    struct ca_path_end *end);

#endif
