/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/verify.h"

#include <stddef.h>
#include <string.h>

#include "boot/harden.h"

/*
 * copy() brings into RAM what is parsed and what runs there. judge() comes to
 * an answer from that copy and the payload alone, and keeps nothing that
 * another judge() would believe: parsing, counter, digest, key, signature. It
 * is called twice. So one fault in it changes one of two words of the verdict;
 * faults in copy() change what is hashed.
 *
 * What an attacker wrote is kept in v->work, since on the stack a prologue that
 * was skipped would let it lie over a return address. Three pieces are not: the
 * header as numbers, where the caller keeps the image; r and s, while p256-m
 * works on them; and the last block of a PUBKEY that is hashed.
 */

/* Where the room is too small for any LMS signature, no code is for them. */
#define HYBRID (BM_IMAGE_TLVS_MAX > BM_IMAGE_LMS_SIZE)

/* A P-256 SubjectPublicKeyInfo: its head, and the point that ends it. */
#define SPKI_SIZE  91u
#define POINT_SIZE 65u

/* What runs in place under keys that are fixed needs neither the code for key
 * sets nor the code for RAM. */
#define HAS_RING(v) (BM_BOOT_FIXED || (v)->ring != NULL)

/* Octets of the slot; headers count in 32 bits, so flash does, too. */
static uint32_t room(const struct bm_verify *v)
{
    return v->flash->sector * v->flash->sectors;
}

static bm_status flash_read(const struct bm_verify *v, uint32_t at,
                            uint8_t *out, uint32_t n)
{
    return v->flash->read(v->flash->self, at, out, n);
}

static bool runs_in_ram(const struct bm_verify *v, const struct bm_image *image)
{
    return (!HAS_RING(v) || (image->header.flags & BM_IMAGE_RAM_LOAD) != 0) &&
           !BM_BOOT_FIXED;
}

/* Where in v->ram the payload goes to. */
static uint32_t ram_at(const struct bm_verify *v, const struct bm_image *image)
{
    return !HAS_RING(v) ? 0
                        : image->header.load_address - v->ram_address +
                              image->header.header_size;
}

/*
 * Nothing is verified yet: an attacker says how much is copied and where to, so
 * that what bounds it is as hard as the verdict.
 */
static bm_status load(const struct bm_verify *v, const struct bm_image *image)
{
    uint32_t at = ram_at(v, image);
    uint32_t n = image->header.payload_size;

    if (v->ram == NULL || !bm_sure_most(at, v->ram_size)) {
        return BM_E_BOOT_ADDRESS;
    }
    if (!bm_sure_most(n, v->ram_size - at)) {
        return !HAS_RING(v) ? BM_E_IMAGE_SIZE : BM_E_BOOT_ADDRESS;
    }
    return flash_read(v, image->header.header_size, v->ram + at, n);
}

/* Header, TLVs and what runs in RAM. Each octet is read once. */
static bm_status copy(const struct bm_verify *v, struct bm_image *image)
{
    struct bm_verify_work *work = v->work;
    uint32_t from;
    uint32_t n;

    memset(work, 0, sizeof *work); /* of another image */
    BM_TRY(flash_read(v, 0, work->header, sizeof work->header));
    BM_TRY(bm_image_header_parse(work->header, room(v), &image->header));
    from = bm_image_tlvs_at(&image->header);
    n = image->header.protected_size + BM_IMAGE_INFO_SIZE;
    if (!bm_sure_most(n, sizeof work->tlvs)) {
        return BM_E_IMAGE_SIZE;
    }
    BM_TRY(flash_read(v, from, work->tlvs, n));
    BM_TRY(bm_image_tlvs_size(&image->header,
                              work->tlvs + image->header.protected_size,
                              &work->tlvs_size));
    if (!bm_sure_most(work->tlvs_size - n, sizeof work->tlvs - n) ||
        work->tlvs_size > room(v) - from) {
        return BM_E_IMAGE_SIZE;
    }
    BM_TRY(flash_read(v, from + n, work->tlvs + n, work->tlvs_size - n));
    return runs_in_ram(v, image) ? load(v, image) : BM_OK;
}

/* The steps of judge(): what they are asked, and what they find out. */
struct pass {
    const struct bm_verify *v;
    struct bm_image *image;
    uint32_t least;
};

static bm_status parse(const struct pass *pass)
{
    struct bm_verify_work *work = pass->v->work;
    struct bm_image *image = pass->image;

    memset(image, 0, sizeof *image);
    BM_TRY(bm_image_header_parse(work->header, room(pass->v), &image->header));
    return bm_image_parse((struct bm_bytes){ work->tlvs, work->tlvs_size },
                          image);
}

/* Firmware or a key set, as is asked for; made for the place where it runs; not
 * older than it may be. */
static bm_status fits(const struct pass *pass)
{
    const struct bm_verify *v = pass->v;
    const struct bm_image *image = pass->image;
    uint32_t flags = image->header.flags;

    if (((flags & BM_IMAGE_NON_BOOTABLE) == 0) != HAS_RING(v)) {
        return BM_E_IMAGE_FLAGS;
    }
    if (BM_BOOT_FIXED && (flags & BM_IMAGE_RAM_LOAD) != 0) {
        return BM_E_BOOT_ADDRESS;
    }
    if ((flags & BM_IMAGE_ROM_FIXED) != 0 &&
        image->header.load_address != v->address) {
        return BM_E_BOOT_ADDRESS;
    }
    return image->counter >= pass->least ? BM_OK : BM_E_BOOT_DOWNGRADE;
}

static bm_status hash_more(const struct bm_verify *v, const uint8_t *p,
                           uint32_t n)
{
    return v->crypto->hash_more(v->crypto->self, &v->work->hash,
                                (struct bm_bytes){ p, n });
}

static bm_status hash_flash(const struct bm_verify *v, uint32_t at,
                            uint32_t end)
{
    while (at < end) {
        uint32_t n = end - at;

        if (n > sizeof v->work->piece) {
            n = sizeof v->work->piece;
        }
        BM_TRY(flash_read(v, at, v->work->piece, n));
        BM_TRY(hash_more(v, v->work->piece, n));
        at += n;
    }
    return BM_OK;
}

/* header | padding | payload | protected TLVs */
static bm_status hash_image(const struct bm_verify *v,
                            const struct bm_image *image)
{
    const struct bm_image_header *header = &image->header;
    bool in_ram = runs_in_ram(v, image);

    BM_TRY(hash_more(v, v->work->header, sizeof v->work->header));
    BM_TRY(hash_flash(v, BM_IMAGE_HEADER_SIZE,
                      in_ram ? header->header_size : bm_image_tlvs_at(header)));
    if (in_ram) {
        BM_TRY(hash_more(v, v->ram + ram_at(v, image), header->payload_size));
    }
    return hash_more(v, v->work->tlvs, header->protected_size);
}

/* To work->digest, and that is the one which the image claims. */
static bm_status hash(const struct pass *pass)
{
    const struct bm_crypto *crypto = pass->v->crypto;
    struct bm_verify_work *work = pass->v->work;
    bm_status rc;
    bm_status end;

    BM_TRY(crypto->hash_begin(crypto->self, &work->hash, BM_HASH_SHA256));
    rc = hash_image(pass->v, pass->image);
    end = crypto->hash_end(crypto->self, &work->hash, work->digest);
    if (rc != BM_OK || end != BM_OK) {
        return rc != BM_OK ? rc : end;
    }
    return bm_differ(work->digest, pass->image->digest.p) == 0
               ? BM_OK
               : BM_E_IMAGE_DIGEST;
}

static uint32_t demanded(const struct bm_verify *v)
{
    return HAS_RING(v) ? v->ring->required : v->signers->required;
}

static bool needs_lms(const struct bm_verify *v)
{
    return HYBRID && (demanded(v) & BM_BOOT_LMS) != 0;
}

/* In a ring the point lies behind the id, and in front of the LMS public key,
 * as it does in a PUBKEY TLV. */
#define LMS_SIZE (sizeof(struct bm_boot_key) - ID_SIZE - POINT_SIZE)
#define ID_SIZE  32u
_Static_assert(offsetof(struct bm_boot_key, point) == ID_SIZE &&
                   offsetof(struct bm_boot_key, lms) == ID_SIZE + POINT_SIZE,
               "both halves of a key are found by the first");

/* The point of the key that a TLV names, or NULL if it does not count. */
static const uint8_t *point_find(const struct bm_verify *v,
                                 const struct bm_image_tlv *tlv)
{
    const struct bm_crypto *crypto = v->crypto;
    size_t size = needs_lms(v) ? SPKI_SIZE + LMS_SIZE : SPKI_SIZE;
    const uint8_t *id = tlv->value.p;
    const uint8_t *other;
    size_t stride;
    unsigned n;

    if (HAS_RING(v)) {
        other = v->ring->keys[0].id;
        stride = sizeof v->ring->keys[0];
        n = tlv->type == BM_IMAGE_TLV_KEYHASH ? v->ring->n : 0;
    } else {
        other = v->signers->ids[0];
        stride = ID_SIZE;
        id = v->work->id;
        n = tlv->type == BM_IMAGE_TLV_PUBKEY && tlv->value.n == size &&
                    crypto->hash(crypto->self, BM_HASH_SHA256, tlv->value,
                                 v->work->id) == BM_OK
                ? v->signers->n
                : 0;
    }
    for (; n > 0; n--, other += stride) {
        if (bm_differ(id, other) == 0) {
            return HAS_RING(v) ? other + ID_SIZE
                               : tlv->value.p + SPKI_SIZE - POINT_SIZE;
        }
    }
    return NULL;
}

/* SEQUENCE of less than 128 octets; some tools put zeros behind it. */
static bm_status p256_verify(const struct bm_verify *v, const uint8_t *point,
                             struct bm_bytes signature)
{
    const struct bm_crypto *crypto = v->crypto;
    struct bm_spki key = { .key = { point, POINT_SIZE }, .type = BM_KEY_P256 };
    size_t n = signature.p[1] + 2u;
    bm_status rc;

    while (signature.n > n && signature.p[signature.n - 1] == 0) {
        signature.n--;
    }
    rc = crypto->verify_hash(crypto->self, &key, BM_SIG_ECDSA_SHA256,
                             BM_ARRAY(v->work->digest), signature);
    return rc == BM_E_SIGNATURE ? BM_E_IMAGE_SIGNATURE : rc;
}

static bm_status lms_verify(const struct bm_verify *v, const uint8_t *point,
                            struct bm_bytes signature)
{
    bm_status rc =
        v->lms(point + POINT_SIZE, BM_ARRAY(v->work->digest), signature);

    return rc == BM_E_SIGNATURE ? BM_E_IMAGE_SIGNATURE : rc;
}

/* Can what is demanded be verified here? P-256 always is. */
static bool is_known(const struct bm_verify *v)
{
    return bm_sure_equal(demanded(v), BM_BOOT_P256) ||
           (HYBRID && bm_sure_equal(demanded(v), BM_BOOT_P256 | BM_BOOT_LMS) &&
            v->lms != NULL);
}

/* A signature verified: of a key that has made all that are demanded, or of
 * one from which some are missing. */
static bm_status note(uint32_t *missing, uint32_t algorithm, bm_status rc)
{
    *missing &= ~algorithm;
    if (!HYBRID || bm_sure_equal(*missing, 0)) {
        return BM_OK;
    }
    return rc == BM_OK ? rc : BM_E_IMAGE_MISSING;
}

/* v->work->digest is signed by whom v says, with all that v demands. */
static bm_status signed_by(const struct pass *pass)
{
    const struct bm_verify *v = pass->v;
    uint32_t missing = demanded(v);
    bm_status rc = BM_E_IMAGE_KEY;
    const uint8_t *point = NULL;
    struct bm_image_tlv tlv;
    uint32_t at = 0;

    if (!is_known(v)) {
        return BM_E_IMAGE_ALGORITHM;
    }
    while (bm_image_tlv_next(pass->image->tlvs, &at, &tlv) == BM_OK) {
        switch (tlv.type) {
        case BM_IMAGE_TLV_KEYHASH:
        case BM_IMAGE_TLV_PUBKEY:
            point = point_find(v, &tlv);
            missing = demanded(v);
            break;
        case BM_IMAGE_TLV_ECDSA:
            if (point != NULL) {
                BM_TRY(p256_verify(v, point, tlv.value));
                rc = note(&missing, BM_BOOT_P256, rc);
            }
            break;
        case BM_IMAGE_TLV_LMS:
            if (point != NULL && needs_lms(v)) {
                BM_TRY(lms_verify(v, point, tlv.value));
                rc = note(&missing, BM_BOOT_LMS, rc);
            }
            break;
        case BM_IMAGE_TLV_ED25519:
            if (rc != BM_OK || point != NULL) {
                rc = BM_E_IMAGE_ALGORITHM;
            }
            break;
        default:
            break;
        }
    }
    return rc;
}

/* Numbers of the steps; their sum is that of no others. */
enum step {
    PARSED = 0x13,
    FITS = 0x59,
    HASHED = 0x76,
    SIGNED = 0xab,
    ALL_STEPS = PARSED + FITS + HASHED + SIGNED
};

static bm_status judge(const struct pass *pass, struct bm_flow *flow)
{
    BM_TRY(bm_flow_step(flow, PARSED, parse(pass)));
    BM_TRY(bm_flow_step(flow, FITS, fits(pass)));
    BM_TRY(bm_flow_step(flow, HASHED, hash(pass)));
    return bm_flow_step(flow, SIGNED, signed_by(pass));
}

/* Where the payload is when it runs. */
static uint32_t entry(const struct pass *pass)
{
    const struct bm_image_header *header = &pass->image->header;

    return (!BM_BOOT_FIXED && (header->flags & BM_IMAGE_RAM_LOAD) != 0
                ? header->load_address
                : pass->v->address) +
           header->header_size;
}

#if BM_BOOT_HARDENING
/* Each word is made of the sum that a pass came to, not of a decision; and the
 * second one of what both say about the address, too. */
static bm_status decide(const struct bm_verify *v, struct bm_image *image,
                        struct bm_verdict *verdict)
{
    struct pass pass = { v, image, v->least[0] };
    struct bm_flow flow = { 0 };

    BM_TRY(judge(&pass, &flow));
    verdict->yes = flow.sum + (BM_VERDICT_YES - ALL_STEPS);
    verdict->address = entry(&pass);
    verdict->flash = v->flash;
    pass.least = v->least[1];
    BM_TRY(judge(&pass, &flow));
    verdict->no = ~(flow.sum + (BM_VERDICT_YES - 2 * ALL_STEPS) + entry(&pass) -
                    verdict->address);
    return bm_verdict_yes(verdict) ? BM_OK : BM_E_BOOT_FAULT;
}
#else
static bm_status decide(const struct bm_verify *v, struct bm_image *image,
                        struct bm_verdict *verdict)
{
    const struct pass pass = { v, image, v->least[0] };
    struct bm_flow flow = { 0 };

    BM_TRY(judge(&pass, &flow));
    verdict->yes = BM_VERDICT_YES;
    verdict->no = ~BM_VERDICT_YES;
    verdict->address = entry(&pass);
    verdict->flash = v->flash;
    return BM_OK;
}
#endif

bm_status bm_verify_image(const struct bm_verify *v, struct bm_image *image,
                          struct bm_verdict *verdict)
{
    bm_status rc;

    BM_VERDICT_NO(verdict);
    memset(image, 0, sizeof *image);
    rc = copy(v, image);
    if (rc == BM_OK) {
        rc = decide(v, image, verdict);
    }
    if (rc != BM_OK) {
        BM_VERDICT_NO(verdict);
    }
    return rc;
}
