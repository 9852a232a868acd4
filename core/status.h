/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_STATUS_H
#define BM_CORE_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "core/status_devices.h"
#include "core/status_formats.h"
#include "core/status_hosts.h"

/*
 * The one error vocabulary of the project.
 *
 * The high byte is the layer, the low byte the reason, so a number printed
 * by a device with no strings still says where to look. Values are part of
 * the ABI and of the logs: append within a layer, never renumber.
 *
 * Each refusal names the clause that decides it. Devices carry only the
 * numbers; bm_status_clause() and bm_status_text() live in status.c, which
 * only programs that print link.
 *
 *   X(name, value, clause, text)
 */
#define BM_STATUS_LIST(X) \
    BM_STATUS_GENERIC(X)  \
    BM_STATUS_DER(X)      \
    BM_STATUS_TEXT(X)     \
    BM_STATUS_TIME(X)     \
    BM_STATUS_CBOR(X)     \
    BM_STATUS_NAME(X)     \
    BM_STATUS_KEY(X)      \
    BM_STATUS_CERT(X)     \
    BM_STATUS_EXT(X)      \
    BM_STATUS_CSR(X)      \
    BM_STATUS_CRL(X)      \
    BM_STATUS_OCSP(X)     \
    BM_STATUS_CMS(X)      \
    BM_STATUS_PATH(X)     \
    BM_STATUS_CRYPTO(X)   \
    BM_STATUS_FLASH(X)    \
    BM_STATUS_HOST(X)     \
    BM_STATUS_KEYS(X)     \
    BM_STATUS_CONFIG(X)   \
    BM_STATUS_PROFILE(X)  \
    BM_STATUS_STORE(X)    \
    BM_STATUS_CA(X)       \
    BM_STATUS_LEDGER(X)   \
    BM_STATUS_EST(X)      \
    BM_STATUS_CEREMONY(X) \
    BM_STATUS_LOG(X)      \
    BM_STATUS_IDENTITY(X) \
    BM_STATUS_HTTP(X)     \
    BM_STATUS_ENROL(X)    \
    BM_STATUS_TRUST(X)    \
    BM_STATUS_VAULT(X)    \
    BM_STATUS_TLS(X)      \
    BM_STATUS_ENTROPY(X)  \
    BM_STATUS_ATTEST(X)   \
    BM_STATUS_AGENT(X)    \
    BM_STATUS_IMAGE(X)    \
    BM_STATUS_BOOT(X)     \
    BM_STATUS_KEYSET(X)   \
    BM_STATUS_RECOVERY(X) \
    BM_STATUS_LMS(X)      \
    BM_STATUS_DELIVERY(X) \
    BM_STATUS_NET(X)      \
    BM_STATUS_FW(X)       \
    BM_STATUS_POLICY(X)

#define BM_STATUS_GENERIC(X)                                      \
    X(OK, 0x0000, "", "success")                                  \
    X(E_INTERNAL, 0x0001, "", "internal error")                   \
    X(E_ARGUMENT, 0x0002, "", "invalid argument")                 \
    X(E_BUFFER, 0x0003, "", "output buffer too small")            \
    X(E_LIMIT, 0x0004, "", "more than this implementation takes") \
    X(E_END, 0x0005, "", "no more elements")

typedef enum bm_status {
#define X(name, value, clause, text) BM_##name = (value),
    BM_STATUS_LIST(X)
#undef X
} bm_status;

#if defined(__GNUC__)
#define BM_MUST_CHECK __attribute__((warn_unused_result))
#else
#define BM_MUST_CHECK
#endif

/*
 * Return the status of `expr` unless it is BM_OK.
 *
 * The only control-flow macro in the project. Use it only in functions that
 * own nothing (core/, device/, boot/); a function that owns a resource uses
 * a single exit, `out:`.
 */
#define BM_TRY(expr)                \
    do {                            \
        bm_status bm_try_ = (expr); \
        if (bm_try_ != BM_OK) {     \
            return bm_try_;         \
        }                           \
    } while (0)

/*
 * Where a parser stopped and why; owned by the caller, who may pass NULL
 * wherever one is asked for. A success leaves it untouched.
 *
 * `status` is the reason, as returned. `within` is the field that was being
 * read (BM_E_EXT_BC while reading basicConstraints), or BM_OK. `at` points
 * into the input; bm_diag_offset() turns it into an offset, so it is good
 * only as long as the input is.
 *
 * A log line made of all three reads
 *   RFC 5280 4.2.1.9: malformed basicConstraints: BOOLEAN is not 00 or ff
 *   (X.690 11.1) at 417
 */
struct bm_diag {
    bm_status status;
    bm_status within;
    const uint8_t *at;
};

/* Offset of `diag->at` in the input that starts at `base`, or SIZE_MAX. */
size_t bm_diag_offset(const struct bm_diag *diag, const uint8_t *base,
                      size_t n);

/*
 * For programs that print (status.c; not linked on a device). Static
 * strings, never NULL: the clause is "" where no clause decides, and an
 * unknown number has the text "unknown status".
 */
const char *bm_status_clause(bm_status status);
const char *bm_status_text(bm_status status);
const char *bm_status_name(bm_status status); /* "BM_E_DER_TAG" */

#endif
