/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/list_signing.h"

#include <stdlib.h>
#include <string.h>

#include "ca/lists.h"
#include "core/oid.h"

/*
 * The stream reader wants a CertificateList. What stands around a TBSCertList
 * is known before it is signed, but for the signature: an empty one is as
 * good for reading.
 */
static const uint8_t no_signature[] = { 0x03, 0x02, 0x00, 0x00 };

static size_t put_tail(const struct ca_list_signing *list, uint8_t *room,
                       size_t cap)
{
    struct bm_wr w;

    bm_wr_init(&w, room, cap);
    bm_sig_alg_put(&w, list->ca->key->alg);
    bm_wr_put(&w, BM_ARRAY(no_signature));
    return w.len <= w.cap ? w.len : 0;
}

/* SEQUENCE with a length of four octets at most, in the shortest form. */
static size_t put_header(uint64_t n, uint8_t out[6])
{
    size_t octets = n < 0x80 ? 0 : 1;

    while (octets > 0 && octets < 4 && n >> (8 * octets) != 0) {
        octets++;
    }
    out[0] = 0x30;
    out[1] = (uint8_t)(octets == 0 ? n : 0x80 | octets);
    for (size_t i = 0; i < octets; i++) {
        out[2 + i] = (uint8_t)(n >> (8 * (octets - 1 - i)));
    }
    return 2 + octets;
}

static bm_status agree_head(const struct ca_list_signing *list)
{
    const struct bm_crl_head *h = &list->reader.head;

    return h->version == 2 && h->has_next_update &&
                   h->sig_alg == list->ca->key->alg &&
                   bm_bytes_equal(h->issuer, list->ca->cert->subject)
               ? BM_OK
               : BM_E_CA_SIGNER;
}

static bm_status take_number(struct bm_bytes in, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < in.n; i++) {
        if (*number >> 56 != 0) {
            return BM_E_CA_SIGNER;
        }
        *number = *number << 8 | in.p[i];
    }
    return in.n != 0 ? BM_OK : BM_E_CA_SIGNER;
}

/* Are these GeneralNames the URL of that list, and nothing else? */
static bool is_url(const struct ca_list_signing *list, struct bm_bytes names,
                   uint32_t of)
{
    char url[CA_LIST_URL_MAX];
    struct bm_general_name gn;

    return ca_list_url(list->public_url, list->ca->id, of, url) == BM_OK &&
           bm_general_name_next(&names, &gn) && names.n == 0 &&
           gn.kind == BM_GN_URI && bm_bytes_are(gn.value, url, strlen(url));
}

static bool is_critical(const struct bm_exts *exts, struct bm_bytes oid)
{
    struct bm_bytes all = exts->all;
    struct bm_ext ext;

    while (bm_ext_next(&all, &ext)) {
        if (bm_bytes_equal(ext.oid, oid)) {
            return ext.critical;
        }
    }
    return false;
}

/* RFC 5280 5.2.5: a shard says, critically, which one it is: the same URL as
 * its certificates. All other lists are about everything. */
static bool agree_scope(const struct ca_list_signing *list)
{
    const struct bm_crl_exts *e = &list->reader.ext;
    const struct bm_crl_idp *idp = &e->idp;

    if (list->list == STORE_LIST_COMPLETE || list->list == STORE_LIST_DELTA) {
        return !e->has_idp;
    }
    return e->has_idp && is_critical(&e->common, BM_LIT(BM_OID_CE_IDP)) &&
           is_url(list, idp->full_name, list->list) &&
           idp->relative_name.n == 0 && !idp->has_reasons &&
           idp->only_user_certs && !idp->only_ca_certs &&
           !idp->only_attribute_certs && !idp->indirect;
}

/* RFC 5280 5.2.4: a delta says so, critically, and from which list it counts;
 * no other list does. */
static bool agree_base(struct ca_list_signing *list)
{
    const struct bm_crl_exts *e = &list->reader.ext;

    if (list->list != STORE_LIST_DELTA) {
        return e->base.n == 0;
    }
    return is_critical(&e->common, BM_LIT(BM_OID_CE_DELTA_CRL)) &&
           take_number(e->base, &list->base) == BM_OK &&
           list->base < list->number;
}

/* RFC 5280 5.2.6: a complete list may say where its delta is: there. */
static bool agree_freshest(const struct ca_list_signing *list)
{
    const struct bm_exts *e = &list->reader.ext.common;
    struct bm_bytes points = bm_exts_list(e, BM_EXT_FRESHEST);
    struct bm_dist_point dp;

    if (!bm_exts_has(e, BM_EXT_FRESHEST)) {
        return true;
    }
    return list->list == STORE_LIST_COMPLETE &&
           bm_dist_point_next(&points, &dp) && points.n == 0 &&
           dp.crl_issuer.n == 0 && !dp.has_reasons &&
           is_url(list, dp.full_name, STORE_LIST_DELTA);
}

/* Nothing else is said, critically or not. */
static bool has_only_ours(const struct bm_exts *exts)
{
    static const struct bm_bytes ours[] = {
        BM_LIT_INIT(BM_OID_CE_AKI),       BM_LIT_INIT(BM_OID_CE_CRL_NUMBER),
        BM_LIT_INIT(BM_OID_CE_DELTA_CRL), BM_LIT_INIT(BM_OID_CE_IDP),
        BM_LIT_INIT(BM_OID_CE_FRESHEST),
    };
    struct bm_bytes all = exts->all;
    struct bm_ext ext;

    while (bm_ext_next(&all, &ext)) {
        bool is = false;

        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
            is = is || bm_bytes_equal(ext.oid, ours[i]);
        }
        if (!is) {
            return false;
        }
    }
    return true;
}

/* It is this list of this CA, and has this number. */
static bm_status agree_exts(struct ca_list_signing *list)
{
    const struct bm_crl_exts *e = &list->reader.ext;
    struct bm_aki aki;
    uint64_t number;

    BM_TRY(take_number(e->number, &number));
    bm_exts_aki(&e->common, &aki);
    if (number != list->number || !has_only_ours(&e->common) ||
        !bm_bytes_equal(aki.key_id, bm_exts_ski(&list->ca->cert->ext)) ||
        !agree_scope(list) || !agree_base(list) || !agree_freshest(list)) {
        return BM_E_CA_SIGNER;
    }
    list->complete = true;
    return BM_OK;
}

static bm_status read_on(struct ca_list_signing *list, struct bm_bytes octets,
                         bool *end)
{
    enum bm_crl_event event;

    *end = false;
    bm_crl_reader_feed(&list->reader, octets);
    do {
        BM_TRY(bm_crl_reader_next(&list->reader, &event));
        if (event == BM_CRL_HEAD) {
            BM_TRY(agree_head(list));
        }
        if (event == BM_CRL_EXTENSIONS) {
            BM_TRY(agree_exts(list));
        }
        *end = event == BM_CRL_END;
    } while (event != BM_CRL_MORE && event != BM_CRL_END);
    return BM_OK;
}

static bm_status begin(struct ca_list_signing *list)
{
    const struct bm_crypto *crypto = list->crypto;
    enum bm_hash own = bm_sig_alg_hash(list->ca->key->alg);
    uint8_t tail[BM_CRL_ALG_MAX + sizeof no_signature];
    uint8_t header[6];
    size_t tail_n = put_tail(list, tail, sizeof tail);
    size_t n = put_header(list->size + tail_n, header);
    bool end;

    if (tail_n == 0 || list->size > UINT32_MAX - tail_n) {
        return BM_E_LIMIT;
    }
    if (list->ca->key->sign_hash == NULL) {
        if (list->size > CA_LIST_WHOLE_MAX) {
            return BM_E_CRL_MEMORY;
        }
        list->whole.buf = malloc((size_t)list->size + 1);
        if (list->whole.buf == NULL) {
            return BM_E_MEMORY;
        }
        list->whole.cap = (size_t)list->size;
    } else if (own != BM_HASH_SHA256) {
        BM_TRY(crypto->hash_begin(crypto->self, &list->own, own));
    }
    BM_TRY(crypto->hash_begin(crypto->self, &list->hash, BM_HASH_SHA256));
    return read_on(list, (struct bm_bytes){ header, n }, &end);
}

bm_status ca_list_open(struct ca_list_signing *list,
                       const struct bm_crypto *crypto,
                       const struct ca_list_expected *expected)
{
    bm_status rc;

    memset(list, 0, sizeof *list);
    list->crypto = crypto;
    list->ca = expected->ca;
    list->public_url = expected->public_url;
    list->list = expected->list;
    list->number = expected->number;
    list->size = expected->size;
    bm_crl_reader_open(&list->reader, NULL);
    rc = begin(list);
    if (rc != BM_OK) {
        ca_list_close(list);
    }
    return rc;
}

bm_status ca_list_put(struct ca_list_signing *list, struct bm_bytes octets)
{
    const struct bm_crypto *crypto = list->crypto;
    bool end;

    if (list->ca == NULL || octets.n > list->size - list->got) {
        return BM_E_CA_SIGNER;
    }
    list->got += octets.n;
    BM_TRY(crypto->hash_more(crypto->self, &list->hash, octets));
    if (list->own.hash != BM_HASH_NONE) {
        BM_TRY(crypto->hash_more(crypto->self, &list->own, octets));
    }
    if (list->whole.buf != NULL) {
        bm_wr_put(&list->whole, octets);
    }
    return octets.n == 0 ? BM_OK : read_on(list, octets, &end);
}

bm_status ca_list_finish(struct ca_list_signing *list,
                         uint8_t hash[BM_HASH_MAX])
{
    const struct bm_crypto *crypto = list->crypto;
    uint8_t tail[BM_CRL_ALG_MAX + sizeof no_signature];
    size_t n;
    bool end;

    if (list->ca == NULL || list->got != list->size) {
        return BM_E_CA_SIGNER;
    }
    n = put_tail(list, tail, sizeof tail);
    BM_TRY(read_on(list, (struct bm_bytes){ tail, n }, &end));
    if (!end || !list->complete) {
        return BM_E_CA_SIGNER;
    }
    return crypto->hash_end(crypto->self, &list->hash, hash);
}

bm_status ca_list_sign(struct ca_list_signing *list,
                       const uint8_t hash[BM_HASH_MAX], struct bm_wr *signature)
{
    const struct bm_crypto *crypto = list->crypto;
    const struct bm_signer *key = list->ca->key;
    struct bm_bytes digest = { hash, 32 };
    uint8_t own[BM_HASH_MAX];

    if (key->sign_hash == NULL) {
        return key->sign(key->self, bm_wr_bytes(&list->whole), signature);
    }
    if (list->own.hash != BM_HASH_NONE) {
        digest = (struct bm_bytes){ own, bm_hash_len(list->own.hash) };
        BM_TRY(crypto->hash_end(crypto->self, &list->own, own));
    }
    return key->sign_hash(key->self, digest, signature);
}

void ca_list_close(struct ca_list_signing *list)
{
    const struct bm_crypto *crypto = list->crypto;

    if (list->ca == NULL) {
        return;
    }
    (void)crypto->hash_end(crypto->self, &list->hash, NULL);
    (void)crypto->hash_end(crypto->self, &list->own, NULL);
    bm_crl_reader_close(&list->reader);
    free(list->whole.buf);
    memset(list, 0, sizeof *list);
}
