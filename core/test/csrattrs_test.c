/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csrattrs.h"

#include "core/test/csrattrs_text.h"
#include "tests/harness/test_crypto.h"

/* What becomes of all forms in a request: device/test/enrol_attrs_test.c. */

static struct bm_bytes largest(uint8_t room[256])
{
    return der_of(
        "30(" CHALLENGE TMPL(
            "30(" FIX(O, "78") ASK(SERIAL) ")a0(30(" EC P256 "))a1(" ATTR(
                EXT_TMPL, "30(" KU OPEN_SAN EKU ")") ")") ATTR(EC, P256) ")",
        room, 256);
}

static void a_template_makes_hints_void_but_for_the_binding(void)
{
    const struct bm_spki *key = &bm_test_signer(BM_KEY_P256)->key;
    struct bm_csrattrs attrs;
    uint8_t room[256];

    CHECK_STATUS(bm_csrattrs_parse(der_of("30(" ATTR(RSA, "02020800")
                                              ATTR(EXT_REQ, "30(" KU ")")
                                                  CHALLENGE TMPL("") ")",
                                          room, sizeof room),
                                   key, &attrs),
                 BM_OK);
    CHECK(attrs.binding && !attrs.other_key && attrs.extensions.n == 0);
}

static void another_type_of_key_is_seen(void)
{
    static const struct {
        const char *text;
        bool other;
    } rows[] = {
        { "30()", false },
        { "30(" ATTR(EC, P256) ")", false },
        { "30(" ATTR(EC, P384) ")", true },
        { "30(" ATTR(EC, P384 P256) ")", false },
        { "30(" ATTR(RSA, "02020800") ")", true },
        { "30(" ATTR(RSA, "02020800") ATTR(EC, P256) ")", false },
        { "30(" TMPL("a0(30(" EC P256 "))a1()") ")", false },
        { "30(" TMPL("a0(30(" EC P384 "))a1()") ATTR(EC, P256) ")", true },
    };
    const struct bm_spki *key = &bm_test_signer(BM_KEY_P256)->key;
    struct bm_csrattrs attrs;
    uint8_t room[256];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(bm_csrattrs_parse(der_of(rows[i].text, room, sizeof room),
                                       key, &attrs),
                     BM_OK);
        CHECK(attrs.other_key == rows[i].other);
    }
}

static void every_prefix_is_malformed(void)
{
    const struct bm_spki *key = &bm_test_signer(BM_KEY_P256)->key;
    struct bm_csrattrs attrs;
    uint8_t room[256];
    struct bm_bytes der = largest(room);

    CHECK_STATUS(bm_csrattrs_parse(der, key, &attrs), BM_OK);
    CHECK(attrs.binding && attrs.subject.n != 0 && attrs.extensions.n != 0);
    for (size_t n = 1; n < der.n; n++) {
        CHECK(bm_csrattrs_parse((struct bm_bytes){ der.p, n }, key, &attrs) !=
              BM_OK);
        CHECK(!attrs.binding && attrs.subject.n == 0 &&
              attrs.extensions.n == 0);
    }
}

/* What is made of a flipped bit stays within what was said. */
static void a_flipped_bit_is_survived(void)
{
    static const uint8_t subject[] = { 0x30, 0x00 };
    const struct bm_spki *key = &bm_test_signer(BM_KEY_P256)->key;
    struct bm_bytes ours = { subject, sizeof subject };
    uint8_t out[300];
    uint8_t room[256];
    struct bm_bytes der = largest(room);

    for (size_t bit = 0; bit < 8 * der.n; bit++) {
        struct bm_csrattrs attrs;
        struct bm_wr w;

        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (bm_csrattrs_parse(der, key, &attrs) != BM_OK) {
            CHECK(attrs.extensions.n == 0 && attrs.subject.n == 0);
        }
        bm_wr_init(&w, out, sizeof out);
        bm_csrattrs_put_extensions(&attrs, (struct bm_bytes){ NULL, 0 }, &w);
        bm_csrattrs_put_subject(&attrs, ours, &w);
        CHECK(w.len <= der.n + 2);
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    RUN(a_template_makes_hints_void_but_for_the_binding);
    RUN(another_type_of_key_is_seen);
    RUN(every_prefix_is_malformed);
    RUN(a_flipped_bit_is_survived);
    return bm_test_done();
}
