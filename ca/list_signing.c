/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/list_signing.h"

#include <stdlib.h>
#include <string.h>

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

/* The list is this CA's, has this number, and is complete: no delta CRL, and
 * about everything. */
static bm_status agree_exts(struct ca_list_signing *list)
{
    const struct bm_crl_exts *e = &list->reader.ext;
    struct bm_aki aki;
    uint64_t v = 0;

    for (size_t i = 0; i < e->number.n; i++) {
        if (v >> 56 != 0) {
            return BM_E_CA_SIGNER;
        }
        v = v << 8 | e->number.p[i];
    }
    bm_exts_aki(&e->common, &aki);
    if (e->number.n == 0 || v != list->number || e->base.n != 0 || e->has_idp ||
        e->unknown_critical.n != 0) {
        return BM_E_CA_SIGNER;
    }
    if (!bm_bytes_equal(aki.key_id, bm_exts_ski(&list->ca->cert->ext))) {
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
                       const struct ca_signer_ca *ca, uint64_t number,
                       uint64_t size)
{
    bm_status rc;

    memset(list, 0, sizeof *list);
    list->crypto = crypto;
    list->ca = ca;
    list->number = number;
    list->size = size;
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
