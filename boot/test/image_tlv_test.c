/* SPDX-License-Identifier: Apache-2.0 */

/* Which TLVs an image has, in which area, how often, and how long. */
#include "boot/test/image_parts.h"

static void what_is_signed_follows_its_key(void)
{
    const struct {
        const struct part *other;
        bm_status want;
    } rows[] = {
        { LIST(SHA), BM_OK },
        { LIST(SHA, HASH, EC), BM_OK },
        { LIST(SHA, PUB, EC), BM_OK },
        { LIST(SHA, HASH, EC, LMS), BM_OK },
        { LIST(SHA, HASH, EC, HASH, ED), BM_OK },
        { LIST(SHA, HASH, EC, HASH, EC), BM_OK },
        { LIST(HASH, EC, SHA), BM_OK },
        { LIST(SHA, EC), BM_E_IMAGE_MISSING },
        { LIST(SHA, LMS, HASH, EC), BM_E_IMAGE_MISSING },
        { LIST(SHA, HASH), BM_E_IMAGE_MISSING },
        { LIST(SHA, HASH, HASH, EC), BM_E_IMAGE_MISSING },
        { LIST(SHA, HASH, EC, HASH), BM_E_IMAGE_MISSING },
        { LIST(SHA, HASH, PUB, EC), BM_E_IMAGE_MISSING },
        { LIST(SHA, HASH, EC, EC), BM_E_IMAGE_TLV_TWICE },
        { LIST(SHA, HASH, EC, LMS, LMS), BM_E_IMAGE_TLV_TWICE },
        { LIST(SHA, HASH, LMS, EC, LMS), BM_E_IMAGE_TLV_TWICE },
        { LIST(SHA, SHA), BM_E_IMAGE_TLV_TWICE },
        { LIST(SHA, HASH, EC, SHA), BM_E_IMAGE_TLV_TWICE },
        { LIST(HASH, EC), BM_E_IMAGE_MISSING },
        { NO_TLVS, BM_E_IMAGE_MISSING },
    };
    struct bm_image image;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_STATUS(parse(NULL, rows[i].other, &image), rows[i].want);
    }
}

static void protected_tlvs_are_there_once(void)
{
    const struct {
        const struct part *protected;
        bm_status want;
    } rows[] = {
        { LIST(COUNTER), BM_OK },
        { LIST(COUNTER, RECORD, DEPENDS, DEPENDS, SBOM), BM_OK },
        { NO_TLVS, BM_OK },
        { LIST(COUNTER, COUNTER), BM_E_IMAGE_TLV_TWICE },
        { LIST(COUNTER, DEPENDS, COUNTER), BM_E_IMAGE_TLV_TWICE },
        { LIST(RECORD, RECORD), BM_E_IMAGE_TLV_TWICE },
        { LIST(SBOM, SBOM), BM_E_IMAGE_TLV_TWICE },
        /* Some vendor's, which is signed. */
        { LIST({ 0x00a0, 0 }), BM_OK },
        { LIST({ 0xfffe, 9 }, { 0xfffe, 9 }), BM_OK },
        { LIST({ 0x02a1, 5 }), BM_OK },
        /* Not of that range, or of the other area. */
        { LIST({ 0x74, 16 }), BM_E_IMAGE_TLV_TYPE },
        { LIST({ 0x0150, 4 }), BM_E_IMAGE_TLV_TYPE },
        { LIST({ 0x70, 4 }), BM_E_IMAGE_TLV_TYPE },
        { LIST(LMS), BM_E_IMAGE_TLV_TYPE },
        { LIST(SHA), BM_E_IMAGE_TLV_TYPE },
        { LIST(HASH), BM_E_IMAGE_TLV_TYPE },
        { LIST(EC), BM_E_IMAGE_TLV_TYPE },
        { LIST({ 0x33, 80 }), BM_E_IMAGE_ALGORITHM },
    };
    struct bm_image image;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_STATUS(parse(rows[i].protected, plain, &image), rows[i].want);
    }
}

static void nothing_unknown_is_unprotected(void)
{
    struct bm_image image;

    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        bm_status rc;

        if (type == 0) {
            continue; /* ends a list here; see the flipped bits */
        }
        rc = parse(NULL, LIST(SHA, { (uint16_t)type, 32 }, HASH, EC), &image);
        switch (type) {
        case BM_IMAGE_TLV_KEYHASH: /* without a signature */
            CHECK_STATUS(rc, BM_E_IMAGE_MISSING);
            break;
        case BM_IMAGE_TLV_SHA256:
            CHECK_STATUS(rc, BM_E_IMAGE_TLV_TWICE);
            break;
        case BM_IMAGE_TLV_ECDSA:
            CHECK_STATUS(rc, BM_E_IMAGE_MISSING);
            break;
        case BM_IMAGE_TLV_PUBKEY:
        case BM_IMAGE_TLV_ED25519:
        case BM_IMAGE_TLV_LMS:
            CHECK_STATUS(rc, BM_E_IMAGE_TLV);
            break;
        default:
            CHECK_STATUS(rc, type > 0x10 && type < 0x40 ? BM_E_IMAGE_ALGORITHM
                                                        : BM_E_IMAGE_TLV_TYPE);
            break;
        }
    }
}

static void each_length_is_that_of_the_type(void)
{
    static const struct {
        uint16_t type;
        uint16_t min;
        uint16_t max;
        bool protected;
    } rows[] = {
        { BM_IMAGE_TLV_SHA256, 32, 32, false },
        { BM_IMAGE_TLV_KEYHASH, 32, 32, false },
        { BM_IMAGE_TLV_PUBKEY, 44, 256, false },
        { BM_IMAGE_TLV_ECDSA, 8, 72, false },
        { BM_IMAGE_TLV_ED25519, 64, 64, false },
        { BM_IMAGE_TLV_LMS, BM_IMAGE_LMS_SIZE, BM_IMAGE_LMS_SIZE, false },
        { BM_IMAGE_TLV_COUNTER, 4, 4, true },
        { BM_IMAGE_TLV_DEPENDENCY, 12, 12, true },
        { BM_IMAGE_TLV_BOOT_RECORD, 1, 100, true },
        { BM_IMAGE_TLV_SBOM, 32, 224, true },
    };
    struct bm_image image;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned n = 0; n < 1500; n++) {
            const struct part one = { rows[i].type, (uint16_t)n };
            bm_status rc = rows[i].protected ? parse(LIST(one), plain, &image)
                                             : parse(NULL, LIST(one), &image);

            CHECK((rc == BM_E_IMAGE_TLV) ==
                  (n < rows[i].min || n > rows[i].max));
        }
    }
}

static void areas_say_their_own_length(void)
{
    struct bm_image image;

    /* The header says more, or less, than the protected area. */
    CHECK_STATUS(parse(LIST(COUNTER, SBOM), plain, &image), BM_OK);
    image.header.protected_size--;
    CHECK(bm_image_parse((struct bm_bytes){ tlvs, tlvs_n }, &image) != BM_OK);
    image.header.protected_size += 2;
    CHECK(bm_image_parse((struct bm_bytes){ tlvs, tlvs_n }, &image) != BM_OK);
    for (uint16_t n = 1; n < BM_IMAGE_INFO_SIZE; n++) {
        image.header.protected_size = n;
        CHECK_STATUS(bm_image_parse((struct bm_bytes){ tlvs, tlvs_n }, &image),
                     BM_E_IMAGE_TLV);
    }
    image.header.protected_size = 0; /* it would be the unprotected one */
    CHECK(bm_image_parse((struct bm_bytes){ tlvs, tlvs_n }, &image) != BM_OK);
}

int main(void)
{
    RUN(what_is_signed_follows_its_key);
    RUN(protected_tlvs_are_there_once);
    RUN(nothing_unknown_is_unprotected);
    RUN(each_length_is_that_of_the_type);
    RUN(areas_say_their_own_length);
    return bm_test_done();
}
