/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/issue.h"
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/output.h"
#include "cli/single.h"
#include "core/name.h"

/* Octets of the DER of a --subject: 32 attributes of some length. */
#define SUBJECT_MAX 4096

enum {
    OPTION_DIR = 1,
    OPTION_PROFILE,
    OPTION_CSR,
    OPTION_DEVICE,
    OPTION_SUBJECT,
    OPTION_NOT_AFTER,
    OPTION_OUT,
    OPTION_CHAIN
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--profile", "NAME", "what kind of certificate", OPTION_PROFILE },
    { "--csr", "FILE", "the request, PEM or DER; '-' is standard input",
      OPTION_CSR },
    { "--device", "NAME", "whose it is, where the request does not say",
      OPTION_DEVICE },
    { "--subject", "DN", "instead of the request's: CN=a,O=b", OPTION_SUBJECT },
    { "--not-after", "TIME", "an earlier end, or a duration: 90d",
      OPTION_NOT_AFTER },
    { "--out", "FILE", "a new file; the serial number is printed then",
      OPTION_OUT },
    { "--chain", NULL, "the certificates of the CAs behind it, but the root's",
      OPTION_CHAIN },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark cert issue", "--profile NAME --csr FILE [--dir DIR] [OPTION]...",
    "Issue a certificate for the key of a certification request, as a profile\n"
    "allows. The certificate is printed in PEM.\n",
    options
};

struct given {
    const char *dir;
    const char *profile;
    const char *csr;
    const char *device;
    const char *subject;
    int64_t not_after;
    const char *out;
    bool chain;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), true },
    { OPTION_CSR, ARGS_TEXT, offsetof(struct given, csr), true },
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), false },
    { OPTION_SUBJECT, ARGS_TEXT, offsetof(struct given, subject), false },
    { OPTION_NOT_AFTER, ARGS_WHEN, offsetof(struct given, not_after), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { OPTION_CHAIN, ARGS_FLAG, offsetof(struct given, chain), false },
    { 0, ARGS_FLAG, 0, false },
};

/* One certificate being issued. */
struct issue {
    const struct given *given;
    struct single file; /* of the request */
    struct bm_csr csr;
    struct bm_wr subject;
    uint8_t subject_room[SUBJECT_MAX];
    struct output output;
    struct session session;
};

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, s != NULL ? strlen(s) : 0 };
}

static int parse_subject(struct issue *i)
{
    size_t bad = 0;

    bm_wr_init(&i->subject, i->subject_room, sizeof i->subject_room);
    if (i->given->subject != NULL &&
        (bm_name_from_text(text(i->given->subject), &i->subject, &bad) !=
             BM_OK ||
         i->subject.len > i->subject.cap)) {
        return cmd_usage_error(verb.path,
                               "--subject is no name as RFC 4514 has it, at "
                               "'%.40s'",
                               i->given->subject + bad);
    }
    return CMD_OK;
}

static int read_csr(struct issue *i)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    int exit_code = single_read(&i->file, i->given->csr, KIND_CSR);
    bm_status rc;

    if (exit_code != CMD_OK) {
        return exit_code;
    }
    rc = bm_csr_parse(i->file.der, &diag, &i->csr);
    return rc == BM_OK ? CMD_OK : single_refuse(&i->file, &diag, rc);
}

/* The CAs from the one that has issued up to the root, which whoever verifies
 * has already. */
static void put_chain(struct issue *i, const char *id)
{
    const struct instance_ca *c = session_find_ca(&i->session, id);

    for (size_t n = 0; n < INSTANCE_CAS_MAX && c != NULL; n++) {
        if (c->row.kind == STORE_CA_ROOT) {
            return;
        }
        output_pem(&i->output, "CERTIFICATE", c->row.cert);
        c = session_find_ca(&i->session, c->row.parent);
    }
}

static void print_serial(FILE *to, const struct ca_issue_result *r)
{
    for (size_t n = 0; n < r->serial_n; n++) {
        fprintf(to, "%02x", r->serial[n]);
    }
    fputc('\n', to);
}

/* It is issued, whatever happens from here on. */
static int hand_over(struct issue *i, const struct ca_issue_result *r)
{
    bool to_file = i->output.name != NULL;
    int rc;

    output_pem(&i->output, "CERTIFICATE", r->der);
    if (i->given->chain) {
        put_chain(i, r->ca);
    }
    rc = output_finish(&i->output);
    if (rc != CMD_OK) {
        fprintf(stderr,
                "%s: the certificate is issued, but not written; birthmark "
                "cert show has it: ",
                verb.path);
        print_serial(stderr, r);
    } else if (to_file) {
        print_serial(stdout, r);
    }
    if (r->repeated) {
        fprintf(stderr,
                "%s: this is the certificate that was issued for the same "
                "request before\n",
                verb.path);
    } else if (r->cert_status == STORE_CERT_PENDING) {
        fprintf(stderr,
                "%s: pending: the predecessor is good until this one is "
                "used\n",
                verb.path);
    }
    return rc;
}

static int issue(struct issue *i)
{
    const struct ca_issue_request request = {
        .actor = &i->session.actor,
        .by = CA_BY_OPERATOR,
        .profile = i->given->profile,
        .csr = &i->csr,
        .device = text(i->given->device),
        .subject = bm_wr_bytes(&i->subject),
        .not_after = i->given->not_after,
    };
    struct ca_issue_result result = { .status = BM_OK };
    bm_status rc =
        ca_issue(i->session.instance->ca, &request, 1, i->session.now, &result);
    int written;
    int published;

    rc = rc == BM_OK ? result.status : rc;
    if (rc != BM_OK) {
        return session_result(&i->session, rc, &result.why);
    }
    written = hand_over(i, &result);
    published = session_publish(&i->session);
    return written != CMD_OK ? written : published;
}

/* All that can be refused without the instance first, then the place for the
 * result, then the act. */
static int run(struct issue *i)
{
    const struct session_config config = { .path = verb.path,
                                           .dir = i->given->dir,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CERT_ISSUE };
    int rc = parse_subject(i);

    if (rc == CMD_OK) {
        rc = read_csr(i);
    }
    if (rc == CMD_OK) {
        rc = output_open(&i->output, verb.path, i->given->out);
    }
    if (rc == CMD_OK) {
        rc = session_open(&i->session, &config);
    }
    if (rc == CMD_OK) {
        rc = issue(i);
    }
    return rc;
}

int cmd_cert_issue(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct issue i = { .given = &given };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = run(&i);
    session_close(&i.session);
    output_drop(&i.output);
    single_free(&i.file);
    return rc;
}
