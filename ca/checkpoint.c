/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: C2SP tlog-checkpoint inside C2SP signed-note.
 *
 *     ca.example/ledger
 *     1234
 *     base64 of the root
 *
 *     — ca.example/ledger base64 of (key ID, signature)
 */
#include "ca/ledger_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/base64.h"

#define DASH "\xe2\x80\x94 " /* em dash and space, UTF-8 */

#define KEY_ID_SIZE    4
#define ED25519_TYPE   0x01 /* C2SP signed-note: signature types */
#define ED25519_KEY    32
#define SIGNATURE_SIZE 64

/*
 * More witnesses than anybody has. C2SP signed-note: verifiers must accept
 * at least 16 signatures, and should have a limit.
 */
#define SIGNATURES_MAX 64

/* The largest message that is signed: three lines. */
#define BODY_MAX (LEDGER_ORIGIN_ROOM + 21 + 45 + 2)

/* C2SP signed-note: no spaces and no plus; we keep to printable ASCII. */
static bool is_name(struct bm_bytes name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == '+') {
            return false;
        }
    }
    return name.n != 0;
}

bool ledger_decimal_read(struct bm_bytes text, uint64_t *value)
{
    uint64_t v = 0;

    if (text.n == 0 || (text.p[0] == '0' && text.n != 1)) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)text.p[i] - '0';

        if (digit > 9 || v > (UINT64_MAX - digit) / 10) {
            return false;
        }
        v = 10 * v + digit;
    }
    *value = v;
    return true;
}

static void put_decimal(struct bm_wr *w, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    bm_wr_str(w, text);
}

uint32_t ledger_origin_tree(struct bm_bytes line)
{
    size_t i = line.n;
    uint64_t tree = 0;

    while (i > 0 && line.p[i - 1] != '/') {
        i--;
    }
    if (i < 2 ||
        !ledger_decimal_read((struct bm_bytes){ line.p + i, line.n - i },
                             &tree) ||
        tree < 2 || tree > UINT32_MAX) {
        return 1;
    }
    return (uint32_t)tree;
}

bool ledger_origin_check(struct bm_bytes origin)
{
    return origin.n < LEDGER_ORIGIN_MAX && is_name(origin) &&
           ledger_origin_tree(origin) == 1;
}

void ledger_origin_put(struct bm_wr *w, const char *origin, uint32_t tree)
{
    bm_wr_str(w, origin);
    if (tree > 1) {
        bm_wr_u8(w, '/');
        put_decimal(w, tree);
    }
}

/* SHA-256(key name || 0x0A || signature type || public key)[:4] */
static bm_status key_id(const struct bm_crypto *crypto,
                        const struct bm_spki *key, struct bm_bytes name,
                        uint8_t id[KEY_ID_SIZE])
{
    uint8_t message[LEDGER_ORIGIN_ROOM + 2 + ED25519_KEY];
    uint8_t digest[CA_TREE_HASH];
    struct bm_wr w;
    size_t n;

    if (key->type != BM_KEY_ED25519 || key->key.n != ED25519_KEY) {
        return BM_E_KEY_UNSUPPORTED;
    }
    bm_wr_init(&w, message, sizeof message);
    bm_wr_put(&w, name);
    bm_wr_u8(&w, '\n');
    bm_wr_u8(&w, ED25519_TYPE);
    bm_wr_put(&w, key->key);
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), digest));
    memcpy(id, digest, KEY_ID_SIZE);
    return BM_OK;
}

/* What a note is made of; views into it. */
struct note {
    struct bm_bytes text; /* with its last newline: what is signed */
    struct bm_bytes origin;
    struct bm_bytes signatures; /* the lines */
};

/* Take a line without its newline, which must be there. */
static bool take_line(struct bm_bytes *in, struct bm_bytes *line)
{
    const uint8_t *end = in->n == 0 ? NULL : memchr(in->p, '\n', in->n);

    if (end == NULL) {
        return false;
    }
    *line = (struct bm_bytes){ in->p, (size_t)(end - in->p) };
    in->n -= line->n + 1;
    in->p = end + 1;
    return true;
}

/*
 * C2SP tlog-checkpoint: origin, tree size, root hash. Extension lines are
 * "not recommended"; we sign none, so a note that has some is not ours.
 */
static bm_status read_checkpoint(struct bm_bytes in, struct note *note,
                                 struct ca_tree_head *head)
{
    struct bm_bytes text = in;
    struct bm_bytes size;
    struct bm_bytes root;
    struct bm_bytes empty;
    struct bm_wr w;

    if (!take_line(&text, &note->origin) || !take_line(&text, &size) ||
        !take_line(&text, &root)) {
        return BM_E_LEDGER_CHECKPOINT;
    }
    note->text = (struct bm_bytes){ in.p, in.n - text.n };
    if (!take_line(&text, &empty) || empty.n != 0) {
        return BM_E_LEDGER_CHECKPOINT;
    }
    note->signatures = text;
    bm_wr_init(&w, head->root, sizeof head->root);
    if (!is_name(note->origin) || note->origin.n >= LEDGER_ORIGIN_ROOM ||
        !ledger_decimal_read(size, &head->size) ||
        bm_base64_decode(root, BM_BASE64_STRICT, NULL, &w) != BM_OK ||
        w.len != CA_TREE_HASH) {
        return BM_E_LEDGER_CHECKPOINT;
    }
    head->tree = ledger_origin_tree(note->origin);
    return BM_OK;
}

/* C2SP signed-note: em dash, space, key name, space, base64-encoded
 * signature. `value` gets as much of it as it holds, and its length. */
static bool read_signature(struct bm_bytes line, struct bm_bytes *name,
                           struct bm_wr *value)
{
    const uint8_t *space;

    if (line.n < sizeof DASH - 1 ||
        memcmp(line.p, DASH, sizeof DASH - 1) != 0) {
        return false;
    }
    line.p += sizeof DASH - 1;
    line.n -= sizeof DASH - 1;
    space = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
    if (space == NULL) {
        return false;
    }
    *name = (struct bm_bytes){ line.p, (size_t)(space - line.p) };
    line.n -= name->n + 1;
    line.p = space + 1;
    return is_name(*name) &&
           bm_base64_decode(line, BM_BASE64_STRICT, NULL, value) == BM_OK &&
           value->len > KEY_ID_SIZE;
}

struct verifier {
    const struct bm_crypto *crypto;
    const struct bm_spki *key;
    uint8_t id[KEY_ID_SIZE];
};

/* Signatures of other keys, witnesses' say, are passed over. */
static bm_status check_signatures(const struct verifier *v,
                                  const struct note *note)
{
    struct bm_bytes rest = note->signatures;
    bm_status rc = BM_E_LEDGER_SIGNATURE;
    unsigned n = 0;

    while (rest.n != 0) {
        uint8_t room[KEY_ID_SIZE + SIGNATURE_SIZE];
        struct bm_bytes line;
        struct bm_bytes name;
        struct bm_wr w;

        bm_wr_init(&w, room, sizeof room);
        if (++n > SIGNATURES_MAX || !take_line(&rest, &line) ||
            !read_signature(line, &name, &w)) {
            return BM_E_LEDGER_NOTE;
        }
        if (w.len != sizeof room || !bm_bytes_equal(name, note->origin) ||
            memcmp(room, v->id, KEY_ID_SIZE) != 0) {
            continue;
        }
        if (v->crypto->verify(v->crypto->self, v->key, BM_SIG_ED25519,
                              note->text,
                              (struct bm_bytes){ room + KEY_ID_SIZE,
                                                 SIGNATURE_SIZE }) != BM_OK) {
            return BM_E_LEDGER_SIGNATURE;
        }
        rc = BM_OK;
    }
    return n == 0 ? BM_E_LEDGER_NOTE : rc;
}

/* The origin line that `origin`, if given, makes for the tree. */
static bool origin_fits(const struct note *note, const char *origin,
                        uint32_t tree)
{
    uint8_t room[LEDGER_ORIGIN_ROOM];
    struct bm_wr w;

    if (origin == NULL) {
        return true;
    }
    bm_wr_init(&w, room, sizeof room);
    ledger_origin_put(&w, origin, tree);
    return bm_bytes_equal(bm_wr_bytes(&w), note->origin);
}

bm_status ca_checkpoint_open(struct bm_bytes in, const struct bm_crypto *crypto,
                             const struct bm_spki *key, const char *origin,
                             struct ca_tree_head *head, struct ca_refusal *why)
{
    struct verifier v = { crypto, key, { 0 } };
    struct ca_tree_head h = { 0 };
    struct note note;
    bm_status rc;

    memset(head, 0, sizeof *head);
    rc = read_checkpoint(in, &note, &h);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    if (!origin_fits(&note, origin, h.tree)) {
        return ca_refuse(why, BM_E_LEDGER_CHECKPOINT, "origin is %.*s, not %s",
                         (int)note.origin.n, (const char *)note.origin.p,
                         origin);
    }
    rc = key_id(crypto, key, note.origin, v.id);
    if (rc == BM_OK) {
        rc = check_signatures(&v, &note);
    }
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    *head = h;
    return BM_OK;
}

bm_status ca_checkpoint_sign(const struct ca_tree_head *head,
                             const char *origin, const struct bm_crypto *crypto,
                             const struct bm_signer *signer, struct bm_wr *note)
{
    uint8_t body_room[BODY_MAX];
    uint8_t value_room[KEY_ID_SIZE + SIGNATURE_SIZE];
    uint8_t name_room[LEDGER_ORIGIN_ROOM];
    struct bm_bytes first = { (const uint8_t *)origin, strlen(origin) };
    struct bm_wr body;
    struct bm_wr name;
    struct bm_wr value;
    size_t n;

    if (!ledger_origin_check(first) || head->tree == 0) {
        return BM_E_ARGUMENT;
    }
    bm_wr_init(&name, name_room, sizeof name_room);
    ledger_origin_put(&name, origin, head->tree);
    BM_TRY(bm_wr_finish(&name, &n));
    bm_wr_init(&body, body_room, sizeof body_room);
    bm_wr_put(&body, bm_wr_bytes(&name));
    bm_wr_u8(&body, '\n');
    put_decimal(&body, head->size);
    bm_wr_u8(&body, '\n');
    bm_base64_put(&body, BM_ARRAY(head->root), 0);
    bm_wr_u8(&body, '\n');
    BM_TRY(bm_wr_finish(&body, &n));

    BM_TRY(key_id(crypto, &signer->key, bm_wr_bytes(&name), value_room));
    bm_wr_init(&value, value_room, sizeof value_room);
    value.len = KEY_ID_SIZE;
    BM_TRY(signer->sign(signer->self, bm_wr_bytes(&body), &value));
    BM_TRY(bm_wr_finish(&value, &n));
    bm_wr_put(note, bm_wr_bytes(&body));
    bm_wr_str(note, "\n" DASH);
    bm_wr_put(note, bm_wr_bytes(&name));
    bm_wr_u8(note, ' ');
    bm_base64_put(note, bm_wr_bytes(&value), 0);
    bm_wr_u8(note, '\n');
    return BM_OK;
}
