/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TEST_CSRATTRS_TEXT_H
#define BM_CORE_TEST_CSRATTRS_TEXT_H

#include "core/der.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"

/* CsrAttrs to order, in a notation that can be read. */

/* DER in hexadecimal, where "30(...)" counts its length itself. */
static inline struct bm_bytes der_of(const char *text, uint8_t *room,
                                     size_t cap)
{
    size_t marks[12] = { 0 };
    size_t depth = 0;
    struct bm_wr w;

    bm_wr_init(&w, room, cap);
    for (; *text != '\0'; text++) {
        if (*text == '(') {
            w.len--;
            marks[depth++] = bm_der_open(&w, room[w.len]);
        } else if (*text == ')') {
            bm_der_close(&w, marks[--depth]);
        } else {
            bm_wr_u8(&w, (uint8_t)(bm_hex_digit(text[0]) << 4 |
                                   bm_hex_digit(text[1])));
            text++;
        }
    }
    CHECK(w.len <= w.cap && depth == 0);
    return bm_wr_bytes(&w);
}

/* Object identifiers. */
#define CHALLENGE "06(2a864886f70d010907)"
#define EC        "06(2a8648ce3d0201)"
#define P256      "06(2a8648ce3d030107)"
#define P384      "06(2b81040022)"
#define RSA       "06(2a864886f70d010101)"
#define EXT_REQ   "06(2a864886f70d01090e)"
#define TEMPLATE  "06(2a864886f70d010910023d)"
#define EXT_TMPL  "06(2a864886f70d010910023e)"
#define OTHER     "06(2b0601010101)"
#define O         "06(55040a)"
#define SERIAL    "06(550405)"
#define CN        "06(550403)"

/* Extensions: keyUsage, critical; extKeyUsage; subjectAltName without a value
 * and with an empty one. */
#define KU       "30(06(551d0f)0101ff04(03020780))"
#define EKU      "30(06(551d25)04(300a06082b06010505070302))"
#define OPEN_SAN "30(06(551d11))"
#define NO_SAN   "30(06(551d11)04())"

/* Attribute and template around what they hold. */
#define ATTR(oid, values)  "30(" oid "31(" values "))"
#define TMPL(rest)         ATTR(TEMPLATE, "30(020100" rest ")")
#define TMPL_EXT(elements) TMPL("a1(" ATTR(EXT_TMPL, "30(" elements ")") ")")
#define ASK(type)          "31(30(" type "))"
#define FIX(type, value)   "31(30(" type "0c(" value ")))"

#endif
