/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/provider.h"
#include "cli/safe.h"
#include "cli/text.h"
#include "cli/verify.h"
#include "core/host.h"
#include "core/oid.h"

/* More options of one kind than anybody gives. */
#define FILES_MAX    64
#define POLICIES_MAX 16

/* Contents octets of an OID from the command line. */
#define OID_MAX 64

enum {
    OPTION_ANCHOR = 1,
    OPTION_UNTRUSTED,
    OPTION_CRL,
    OPTION_AT,
    OPTION_MODEL,
    OPTION_PURPOSE,
    OPTION_HOST,
    OPTION_POLICY,
    OPTION_CONTENT,
    OPTION_TOLERANT,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--anchor", "FILE", "certificates that are trusted", OPTION_ANCHOR },
    { "--untrusted", "FILE", "certificates that may help", OPTION_UNTRUSTED },
    { "--crl", "FILE", "CRLs; each certificate needs one", OPTION_CRL },
    { "--at", "TIME", "2031-02-03T04:05:06Z instead of now", OPTION_AT },
    { "--model", "now|issuance", "when the issuers must be valid",
      OPTION_MODEL },
    { "--purpose", "NAME|OID", "serverAuth, clientAuth, codeSigning...",
      OPTION_PURPOSE },
    { "--host", "NAME", "host name or address it must be for", OPTION_HOST },
    { "--policy", "OID", "certificate policy it must have", OPTION_POLICY },
    { "--content", "FILE", "content of a detached CMS signature",
      OPTION_CONTENT },
    { "--tolerant", NULL, "accept what old devices and CAs got wrong",
      OPTION_TOLERANT },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark cert verify", "--anchor FILE [OPTION]... FILE",
    "Find a path from a certificate, or the signer of a CMS message or CRL,\n"
    "to a trust anchor, and check it (RFC 5280 6); of a certification\n"
    "request, check the proof of possession. Exits 0 only if it is valid.\n",
    options
};

#define BIT(option) (1u << (option))

/* A second one would silently take the place of the first. */
#define ONCE                                                    \
    (BIT(OPTION_AT) | BIT(OPTION_MODEL) | BIT(OPTION_PURPOSE) | \
     BIT(OPTION_HOST) | BIT(OPTION_CONTENT))

/*
 * Options that ask for a check which a file of this kind does not undergo.
 * "valid" would be taken for an answer to them.
 */
static const struct {
    enum kind kind;
    unsigned options;
} idle[] = {
    { KIND_CERT, BIT(OPTION_CONTENT) },
    { KIND_CRL, BIT(OPTION_CONTENT) | BIT(OPTION_HOST) | BIT(OPTION_PURPOSE) },
    { KIND_CSR, BIT(OPTION_CONTENT) | BIT(OPTION_HOST) | BIT(OPTION_PURPOSE) |
                    BIT(OPTION_POLICY) | BIT(OPTION_CRL) },
};

/* The command line. */
struct settings {
    unsigned given; /* BIT() of each option */
    const char *anchors[FILES_MAX];
    const char *pool[FILES_MAX];
    const char *crls[FILES_MAX];
    size_t anchors_n;
    size_t pool_n;
    size_t crls_n;
    const char *file;
    bool help;
    uint8_t purpose[OID_MAX];
    uint8_t policy_room[POLICIES_MAX][OID_MAX];
    struct bm_bytes policy[POLICIES_MAX];
    uint8_t address[sizeof(struct in6_addr)];
};

static int add_file(const char **files, size_t *n, const char *file)
{
    if (*n == FILES_MAX) {
        return cmd_usage_error(verb.path, "more than %d files of one kind",
                               FILES_MAX);
    }
    files[(*n)++] = file;
    return CMD_OK;
}

/* "2031-02-03T04:05:06Z", or "2031-02-03" for its first second. */
static int parse_at(const char *text, int64_t *t)
{
    const bool is_day = strlen(text) == sizeof "2031-02-03" - 1;
    char full[40];
    struct bm_bytes time = { (const uint8_t *)full, 0 };

    snprintf(full, sizeof full, "%s%s", text, is_day ? "T00:00:00Z" : "");
    time.n = strlen(full);
    if (bm_time_from_text(time, t) != BM_OK) {
        return cmd_usage_error(verb.path,
                               "--at wants a time like 2031-02-03T04:05:06Z");
    }
    return CMD_OK;
}

static int parse_oid(const char *option, const char *text, uint8_t *room,
                     struct bm_bytes *oid)
{
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, OID_MAX);
    if (bm_oid_from_dotted(
            (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, &w) !=
            BM_OK ||
        bm_wr_finish(&w, &n) != BM_OK) {
        return cmd_usage_error(verb.path, "%s does not know that name or OID",
                               option);
    }
    *oid = bm_wr_bytes(&w);
    return CMD_OK;
}

static int parse_purpose(struct settings *s, const char *text,
                         struct bm_bytes *purpose)
{
    const struct {
        const char *name;
        struct bm_bytes oid;
    } names[] = {
        { "serverAuth", BM_LIT(BM_OID_KP_SERVER_AUTH) },
        { "clientAuth", BM_LIT(BM_OID_KP_CLIENT_AUTH) },
        { "codeSigning", BM_LIT(BM_OID_KP_CODE_SIGNING) },
        { "emailProtection", BM_LIT(BM_OID_KP_EMAIL) },
        { "timeStamping", BM_LIT(BM_OID_KP_TIME_STAMPING) },
        { "OCSPSigning", BM_LIT(BM_OID_KP_OCSP_SIGNING) },
        { "cmcRA", BM_LIT(BM_OID_KP_CMC_RA) },
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i].name) == 0) {
            *purpose = names[i].oid;
            return CMD_OK;
        }
    }
    return parse_oid("--purpose", text, s->purpose, purpose);
}

static int parse_model(const char *text, enum bm_path_validity *validity)
{
    if (strcmp(text, "now") == 0) {
        *validity = BM_PATH_NOW;
    } else if (strcmp(text, "issuance") == 0) {
        *validity = BM_PATH_AT_ISSUANCE;
    } else {
        return cmd_usage_error(verb.path, "--model is now or issuance");
    }
    return CMD_OK;
}

/* An address, or a host name, whose final dot is not part of it. */
static int parse_host(struct settings *s, struct verify *v, const char *text)
{
    size_t n = strlen(text);

    v->host_kind = BM_GN_IP;
    if (inet_pton(AF_INET, text, s->address) == 1) {
        v->host = (struct bm_bytes){ s->address, sizeof(struct in_addr) };
        return CMD_OK;
    }
    if (inet_pton(AF_INET6, text, s->address) == 1) {
        v->host = (struct bm_bytes){ s->address, sizeof s->address };
        return CMD_OK;
    }
    n -= n != 0 && text[n - 1] == '.' ? 1 : 0;
    v->host_kind = BM_GN_DNS;
    v->host = (struct bm_bytes){ (const uint8_t *)text, n };
    return bm_host_is_plain(v->host)
               ? CMD_OK
               : cmd_usage_error(verb.path,
                                 "--host wants a host name or an address");
}

static int add_policy(struct settings *s, struct verify *v, const char *text)
{
    size_t n = v->config.policy.set_n;
    int rc;

    if (n == POLICIES_MAX) {
        return cmd_usage_error(verb.path, "more than %d policies",
                               POLICIES_MAX);
    }
    rc = parse_oid("--policy", text, s->policy_room[n], &s->policy[n]);
    if (rc == CMD_OK) {
        v->config.policy.set = s->policy;
        v->config.policy.set_n = n + 1;
        v->config.policy.explicit_policy = true;
    }
    return rc;
}

static const char *option_name(int id)
{
    const struct cmd_option *o = options;

    while (o->id != id) {
        o++;
    }
    return o->name;
}

static int note_option(struct settings *s, int id)
{
    if ((s->given & ONCE & BIT(id)) != 0) {
        return cmd_usage_error(verb.path, "%s is given twice", option_name(id));
    }
    s->given |= BIT(id);
    return CMD_OK;
}

static int check_use(const struct settings *s, enum kind kind)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        wrong |= idle[i].kind == kind ? idle[i].options & s->given : 0;
    }
    for (const struct cmd_option *o = options; o->name != NULL; o++) {
        if ((wrong & BIT(o->id)) != 0) {
            return cmd_usage_error(verb.path, "%s does not apply to a %s",
                                   o->name, kind_name(kind));
        }
    }
    if (s->anchors_n == 0 && kind != KIND_CSR) {
        return cmd_usage_error(verb.path, "no --anchor");
    }
    return CMD_OK;
}

static int take_option(struct settings *s, struct verify *v, int id,
                       const char *value)
{
    switch (id) {
    case CMD_OPTION_HELP:
        s->help = true;
        return CMD_OK;
    case CMD_OPTION_FILE:
        if (s->file != NULL) {
            return cmd_usage_error(verb.path, "one FILE at a time");
        }
        s->file = value;
        return CMD_OK;
    case OPTION_ANCHOR:
        return add_file(s->anchors, &s->anchors_n, value);
    case OPTION_UNTRUSTED:
        return add_file(s->pool, &s->pool_n, value);
    case OPTION_CRL:
        return add_file(s->crls, &s->crls_n, value);
    case OPTION_AT:
        return parse_at(value, &v->config.time);
    case OPTION_MODEL:
        return parse_model(value, &v->config.validity);
    case OPTION_PURPOSE:
        return parse_purpose(s, value, &v->config.purpose);
    case OPTION_HOST:
        return parse_host(s, v, value);
    case OPTION_POLICY:
        return add_policy(s, v, value);
    case OPTION_CONTENT:
        v->content = value;
        return CMD_OK;
    case OPTION_TOLERANT:
        v->tolerate = INPUT_TOLERANT;
        return CMD_OK;
    case OPTION_JSON:
        v->json = true;
        return CMD_OK;
    default:
        return CMD_USAGE; /* the message has been printed */
    }
}

static int parse_command_line(struct settings *s, struct verify *v, int argc,
                              char **argv)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    int id;

    while (!s->help && (id = cmd_next_option(&line, &verb)) != CMD_OPTION_END) {
        int rc = id > 0 ? note_option(s, id) : CMD_OK;

        rc = rc == CMD_OK ? take_option(s, v, id, line.value) : rc;
        if (rc != CMD_OK) {
            return rc;
        }
    }
    if (!s->help && s->file == NULL) {
        return cmd_usage_error(verb.path, "no file named");
    }
    return CMD_OK;
}

/* All files but FILE. Each one that was named must be of use. */
static bool load(const struct settings *s, struct verify *v)
{
    bool ok = true;

    for (size_t i = 0; i < s->anchors_n; i++) {
        ok = pile_add_file(&v->anchors, s->anchors[i], v->tolerate) && ok;
    }
    for (size_t i = 0; i < s->pool_n; i++) {
        ok = pile_add_file(&v->pool, s->pool[i], v->tolerate) && ok;
    }
    for (size_t i = 0; i < s->crls_n; i++) {
        ok = crl_pile_add_file(&v->crls, s->crls[i]) && ok;
    }
    return ok;
}

/* What follows a certificate in its own file may be its chain. */
static void add_rest(struct verify *v, struct input *in)
{
    struct object object;
    struct refusal why;
    enum input_result result;
    struct bm_cert cert;

    while ((result = input_next_known(in, &object, &why)) != INPUT_END) {
        const struct place place = { in->name, object.block };

        if (result == INPUT_OBJECT && object.kind == KIND_CERT &&
            bm_cert_parse(object.der, v->tolerate, NULL, &cert) == BM_OK &&
            pile_add(&v->pool, &cert, &place) != BM_OK) {
            return; /* fewer certificates make nothing valid */
        }
    }
}

static bool verify_cert(struct verify *v, struct input *in,
                        const struct object *object)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct pile leaf = { .n = 0 }; /* the input's memory is used again */
    const struct place place = { in->name, object->block };
    struct bm_cert cert;
    bool ok;
    bm_status rc = bm_cert_parse(object->der, v->tolerate, &diag, &cert);

    if (rc == BM_OK) {
        rc = pile_add(&leaf, &cert, &place);
    }
    if (rc != BM_OK) {
        return verify_refuse_at(v, &diag, rc, object->der);
    }
    add_rest(v, in);
    ok = verify_leaf(v, &leaf.cert[0], v->result);
    pile_free(&leaf);
    return ok;
}

static bool verify_object(struct verify *v, struct input *in,
                          const struct object *object)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_csr csr;
    struct bm_cms cms;
    bm_status rc;

    v->why.block = object->block;
    tree_set(&v->t, v->result, "type",
             tree_str(&v->t, kind_name(object->kind)));
    switch (object->kind) {
    case KIND_CSR:
        rc = bm_csr_parse(object->der, &diag, &csr);
        return rc == BM_OK ? verify_csr(v, &csr)
                           : verify_refuse_at(v, &diag, rc, object->der);
    case KIND_CMS:
        rc = bm_cms_parse(object->der, &diag, &cms);
        return rc == BM_OK ? verify_cms(v, object->der, &cms)
                           : verify_refuse_at(v, &diag, rc, object->der);
    case KIND_CRL:
        return verify_crl(v, in, object);
    default:
        return verify_cert(v, in, object);
    }
}

/* The result as text; NULL without memory. The caller frees it. */
static char *result_text(struct verify *v)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    bool ok;

    if (to == NULL) {
        return NULL;
    }
    json_object_del(v->result, "file");
    json_object_del(v->result, "valid");
    ok = text_print(to, v->result, 2) == BM_OK;
    if (fclose(to) != 0 || !ok) {
        free(text);
        return NULL;
    }
    return text;
}

/* The same as JSON, with the refusal if it is not valid. */
static char *result_json(struct verify *v, bool valid)
{
    tree_set(&v->t, v->result, "valid", tree_bool(&v->t, valid));
    if (!valid) {
        tree_set(&v->t, v->result, "error", refusal_tree(&v->t, &v->why));
    }
    return json_dumps(v->result, JSON_COMPACT | JSON_ENSURE_ASCII);
}

/*
 * The verdict on stdout; a refusal on stderr, and in JSON on stdout, too.
 * "valid" is not said before all that follows it is there.
 */
static int print_result(const struct settings *s, struct verify *v, bool valid)
{
    char *text = NULL;

    if (valid) {
        text = v->json ? result_json(v, true) : result_text(v);
    }
    if (valid && (v->t.failed || text == NULL)) {
        free(text);
        text = NULL;
        valid = verify_refuse(v, BM_OK, "out of memory");
    }
    if (!valid) {
        refusal_print(&v->why);
        text = v->json ? result_json(v, false) : NULL;
    }
    if (valid && !v->json) {
        safe_print_str(stdout, s->file);
        printf(": valid\n%s", text);
    } else if (text != NULL) {
        puts(text);
    }
    free(text);
    return valid ? CMD_OK : CMD_FAILED;
}

/* CMD_USAGE when the options do not fit the kind of the file. */
static int verify_file(const struct settings *s, struct verify *v)
{
    struct input in;
    struct object object = { .kind = KIND_UNKNOWN };
    bool valid = false;
    int error = input_open(&in, s->file);

    if (error != 0) {
        input_error_words(error, v->words);
        v->why.words = v->words;
    } else if (input_next_known(&in, &object, &v->why) == INPUT_OBJECT) {
        if (check_use(s, object.kind) != CMD_OK) {
            input_close(&in);
            return CMD_USAGE;
        }
        valid = verify_object(v, &in, &object);
    }
    input_close(&in);
    return print_result(s, v, valid);
}

static int run(const struct settings *s, struct verify *v)
{
    int rc = CMD_FAILED;
    struct bm_crypto *crypto = provider_new();

    v->crypto = crypto;
    v->why = (struct refusal){ .file = s->file, .at = REFUSAL_NOWHERE };
    v->result = tree_object(&v->t);
    tree_set(&v->t, v->result, "file", tree_str(&v->t, s->file));
    tree_set(&v->t, v->result, "valid", tree_bool(&v->t, false));
    if (crypto != NULL && load(s, v)) {
        rc = verify_file(s, v);
    } else if (crypto != NULL) {
        rc = print_result(s, v,
                          verify_refuse(v, BM_OK,
                                        "not verified: another file was of "
                                        "no use"));
    }
    json_decref(v->result);
    pile_free(&v->anchors);
    pile_free(&v->pool);
    crl_pile_free(&v->crls);
    provider_free(crypto);
    return rc;
}

int cmd_cert_verify(int argc, char **argv)
{
    struct settings s = { .anchors_n = 0 };
    struct verify v = { .crypto = NULL };
    int rc;

    v.config.time = (int64_t)time(NULL);
    rc = parse_command_line(&s, &v, argc, argv);
    if (rc != CMD_OK) {
        return rc;
    }
    if (s.help) {
        cmd_print_help(&verb);
        return CMD_OK;
    }
    return run(&s, &v);
}
