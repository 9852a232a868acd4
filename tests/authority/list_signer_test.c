/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/journal.h"
#include "tests/authority/lists.h"

/* What the signer agrees to of lists, whoever asks. */

#define SHARDS 4

/* An issuingDistributionPoint: that of a shard, but for one thing. */
enum idp {
    NONE,
    OWN,       /* as it is to be */
    OTHER,     /* with the URL of shard 3 */
    WHOLE,     /* with that of the complete list */
    TWO,       /* with both */
    RELATIVE,  /* a name relative to the issuer */
    ANY,       /* without onlyContainsUserCerts */
    CAS,       /* onlyContainsCACerts */
    ATTRIBUTE, /* onlyContainsAttributeCerts */
    INDIRECT,
    REASONS
};

struct row {
    const char *what;
    uint32_t list;
    uint64_t number;
    enum idp idp;
    uint64_t base;     /* 0: no delta indicator */
    uint32_t freshest; /* whose URL it names; 0: none */
    int later;         /* seconds */
    bool signs;
};

#define DELTA STORE_LIST_DELTA
#define ALL   STORE_LIST_COMPLETE

/* In this order: the signer remembers. */
static const struct row rows[] = {
    { "the first", ALL, 10, NONE, 0, 0, 0, true },
    { "with its delta", ALL, 11, NONE, 0, DELTA, 1, true },
    { "with a delta elsewhere", ALL, 12, NONE, 0, 3, 2, false },
    { "complete, and of a part", ALL, 12, OWN, 0, 0, 2, false },
    { "complete, and counting", ALL, 12, NONE, 10, 0, 2, false },
    { "a shard", 1, 12, OWN, 0, 0, 2, true },
    { "its number again", 1, 12, OWN, 0, 0, 2, false },
    { "that of another", 2, 12, OWN, 0, 0, 2, false },
    { "a lower one", 2, 11, OWN, 0, 0, 2, false },
    { "a shard that is none", SHARDS + 1, 13, OWN, 0, 0, 2, false },
    { "no list at all", STORE_LIST_BEFORE, 13, NONE, 0, 0, 2, false },
    { "a shard that says nothing", 2, 13, NONE, 0, 0, 2, false },
    { "with the URL of another", 2, 13, OTHER, 0, 0, 2, false },
    { "with that of the complete list", 2, 13, WHOLE, 0, 0, 2, false },
    { "with more than its URL", 2, 13, TWO, 0, 0, 2, false },
    { "with a relative name", 2, 13, RELATIVE, 0, 0, 2, false },
    { "about CAs, too", 2, 13, ANY, 0, 0, 2, false },
    { "about CAs", 2, 13, CAS, 0, 0, 2, false },
    { "about attributes", 2, 13, ATTRIBUTE, 0, 0, 2, false },
    { "about other issuers", 2, 13, INDIRECT, 0, 0, 2, false },
    { "for some reasons", 2, 13, REASONS, 0, 0, 2, false },
    { "a shard that counts", 2, 13, OWN, 11, 0, 2, false },
    { "a shard with a delta", 2, 13, OWN, 0, DELTA, 2, false },
    { "a delta that does not count", DELTA, 13, NONE, 0, 0, 3, false },
    { "from a shard", DELTA, 13, NONE, 12, 0, 3, false },
    { "from what was never signed", DELTA, 13, NONE, 5, 0, 3, false },
    { "from itself", DELTA, 13, NONE, 13, 0, 3, false },
    { "from what is to come", DELTA, 13, NONE, 14, 0, 3, false },
    { "of a part", DELTA, 13, OWN, 11, 0, 3, false },
    { "beside the list, but later", DELTA, 11, NONE, 10, 0, 3, false },
    { "beside an older one", DELTA, 10, NONE, 10, 0, 0, false },
    { "with the number of a shard", DELTA, 12, NONE, 11, 0, 2, false },
    { "beside the list", DELTA, 11, NONE, 10, 0, 1, true },
    { "again", DELTA, 11, NONE, 10, 0, 1, false },
    { "a delta", DELTA, 13, NONE, 11, 0, 3, true },
    { "a list with its number", ALL, 13, NONE, 0, 0, 3, false },
    { "a list after it", ALL, 14, NONE, 0, DELTA, 4, true },
    { "and others", ALL, 15, NONE, 0, DELTA, 5, true },
    { "and others", ALL, 16, NONE, 0, DELTA, 6, true },
    { "and others", ALL, 17, NONE, 0, DELTA, 7, true },
    { "from the same as the last", DELTA, 18, NONE, 11, 0, 8, true },
    { "from one before that", DELTA, 19, NONE, 10, 0, 8, false },
    { "from one in between", DELTA, 19, NONE, 15, 0, 8, true },
    { "from the last", DELTA, 20, NONE, 17, 0, 8, true },
    { "from what it left behind", DELTA, 21, NONE, 11, 0, 8, false },
    { "a shard in the end", 4, 21, OWN, 0, 0, 8, true },
    { "without numbers after it", ALL, UINT64_MAX, NONE, 0, 0, 9, false },
    { "far above", ALL, 22 + (UINT64_C(1) << 32), NONE, 0, 0, 9, false },
    { "of the future", ALL, 22, NONE, 0, 0, 9 + HOUR, false },
    { "and after all that", ALL, 22, NONE, 0, 0, 9, true },
};

static bm_status rewind_none(void *self)
{
    (void)self;
    return BM_OK;
}

static bm_status next_none(void *self, struct bm_crl_entry *entry)
{
    (void)self;
    (void)entry;
    return BM_E_END;
}

struct octets {
    uint8_t room[4096];
    struct bm_wr w;
};

static bm_status put(void *self, struct bm_bytes octets)
{
    struct octets *o = self;

    bm_wr_put(&o->w, octets);
    return o->w.len <= o->w.cap ? BM_OK : BM_E_BUFFER;
}

static void put_url(struct bm_wr *w, uint32_t list)
{
    char url[CA_LIST_URL_MAX];

    must(ca_list_url(world_base()->settings.public_url, "issuing", list, url) ==
             BM_OK,
         "url");
    bm_general_name_put(w, BM_GN_URI, text_bytes(url));
}

/* RelativeDistinguishedName: its contents */
static const uint8_t relative[] = { 0x30, 0x08, 0x06, 0x03, 0x55,
                                    0x04, 0x03, 0x0c, 0x01, 0x61 };

static struct bm_crl_idp idp_of(const struct row *row, struct bm_wr *w)
{
    uint32_t own = row->list >= 1 && row->list <= SHARDS ? row->list : 1;
    struct bm_crl_idp idp = { .only_user_certs =
                                  row->idp < ANY || row->idp > ATTRIBUTE,
                              .only_ca_certs = row->idp == CAS,
                              .only_attribute_certs = row->idp == ATTRIBUTE,
                              .indirect = row->idp == INDIRECT,
                              .has_reasons = row->idp == REASONS,
                              .reasons = 0x40 };

    if (row->idp == RELATIVE) {
        idp.relative_name = BM_ARRAY(relative);
        return idp;
    }
    put_url(w, row->idp == OTHER   ? 3
               : row->idp == WHOLE ? STORE_LIST_COMPLETE
                                   : own);
    if (row->idp == TWO) {
        put_url(w, STORE_LIST_COMPLETE);
    }
    idp.full_name = bm_wr_bytes(w);
    return idp;
}

/* INTEGER contents, in the shortest form. */
static struct bm_bytes number_of(uint64_t number, uint8_t octets[9])
{
    size_t from = 0;

    octets[0] = 0;
    for (size_t i = 1; i <= 8; i++) {
        octets[i] = (uint8_t)(number >> (64 - 8 * i));
    }
    while (from < 8 && octets[from] == 0 && octets[from + 1] < 0x80) {
        from++;
    }
    return (struct bm_bytes){ octets + from, 9 - from };
}

/* A list as the row says, of one issuer. */
static void write_list(const struct world *w, const struct row *row,
                       struct octets *tbs)
{
    const struct instance_ca *ca = world_ca("issuing");
    struct bm_crl_source source = { NULL, rewind_none, next_none };
    struct bm_crl_sink sink = { tbs, put };
    uint8_t octets[9];
    struct bm_bytes number = number_of(row->number, octets);
    uint8_t base = (uint8_t)row->base;
    struct bm_crl_config config = { .issuer = ca->cert.subject,
                                    .this_update = w->now + row->later,
                                    .next_update = w->now + DAY,
                                    .number = number,
                                    .aki = bm_exts_ski(&ca->cert.ext),
                                    .crypto = world_crypto(),
                                    .sig_alg = ca->key->signer->alg };
    struct bm_crl_writer writer;
    uint8_t names[2 * CA_LIST_URL_MAX];
    uint8_t freshest[CA_LIST_URL_MAX];
    struct bm_crl_idp idp;
    struct bm_wr n;

    bm_wr_init(&tbs->w, tbs->room, sizeof tbs->room);
    bm_wr_init(&n, names, sizeof names);
    if (row->idp != NONE) {
        idp = idp_of(row, &n);
        config.idp = &idp;
    }
    if (row->base != 0) {
        config.base = (struct bm_bytes){ &base, 1 };
    }
    if (row->freshest != 0) {
        bm_wr_init(&n, freshest, sizeof freshest);
        put_url(&n, row->freshest);
        config.freshest = bm_wr_bytes(&n);
    }
    must(bm_crl_writer_open(&writer, &config, &source) == BM_OK, row->what);
    must(bm_crl_writer_tbs(&writer, &sink) == BM_OK, row->what);
    bm_crl_writer_close(&writer);
}

static bm_status ask(struct world *w, const struct row *row,
                     struct bm_bytes tbs)
{
    const struct ca_list_number list = { { "issuing", row->list },
                                         row->number };
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr signature;
    bm_status rc;

    bm_wr_init(&signature, room, sizeof room);
    rc = ca_signer_list_begin(w->real_signer, &list, tbs.n);
    if (rc == BM_OK) {
        rc = ca_signer_list_put(w->real_signer, tbs);
    }
    if (rc == BM_OK) {
        rc = ca_signer_list_end(w->real_signer, w->now, &signature);
    }
    CHECK((signature.len != 0) == (rc == BM_OK));
    return rc;
}

static void try_row(struct world *w, const struct row *row)
{
    static struct octets tbs;
    bm_status rc;

    write_list(w, row, &tbs);
    rc = ask(w, row, bm_wr_bytes(&tbs.w));
    if (rc != (row->signs ? BM_OK : BM_E_CA_SIGNER)) {
        printf("# %s, number %u: %04x\n", row->what, (unsigned)row->number,
               (unsigned)rc);
        CHECK(!"the signer thinks otherwise");
    }
}

static void it_signs_the_lists_of_its_cas_and_no_others(void)
{
    struct world w;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        try_row(&w, &rows[i]);
    }
    world_close(&w);
}

/* A signer that was started anew knows from its journal what it knew. */
static void a_restart_changes_nothing(void)
{
    struct world w;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        must(world_reopen(&w) == BM_OK, "reopen");
        try_row(&w, &rows[i]);
    }
    world_close(&w);
}

/* No extension of a list can be another: each bit of them decides. */
static void no_bit_of_what_a_list_says_of_itself_may_differ(void)
{
    static const struct row lists[] = {
        { "a list with its delta", ALL, 100, NONE, 0, DELTA, 0, true },
        { "a shard", 2, 100, OWN, 0, 0, 0, true },
    };
    static struct octets tbs;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct world w;
        size_t at = 0;

        world_open(&w);
        world_shards(&w, SHARDS, SHARDS);
        write_list(&w, &lists[i], &tbs);
        /* crlExtensions [0], which stand last: no time ends in an octet like
         * this one. */
        while (tbs.room[at] != 0xa0) {
            at++;
        }
        must(at < tbs.w.len, "extensions");
        for (size_t bit = 8 * at; bit < 8 * tbs.w.len; bit++) {
            tbs.room[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (ask(&w, &lists[i], bm_wr_bytes(&tbs.w)) == BM_OK) {
                printf("# %s: bit %zu\n", lists[i].what, bit);
                CHECK(!"it was signed");
                break;
            }
            tbs.room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        CHECK_STATUS(ask(&w, &lists[i], bm_wr_bytes(&tbs.w)), BM_OK);
        world_close(&w);
    }
}

int main(void)
{
    RUN(it_signs_the_lists_of_its_cas_and_no_others);
    RUN(a_restart_changes_nothing);
    RUN(no_bit_of_what_a_list_says_of_itself_may_differ);
    return bm_test_done();
}
