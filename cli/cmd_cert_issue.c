/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/issued.h"
#include "core/name.h"

/* Octets of the DER of a --subject: 32 attributes of some length. */
#define SUBJECT_MAX 4096

enum {
    OPTION_PROFILE = 1,
    OPTION_CSR,
    OPTION_DEVICE,
    OPTION_SUBJECT,
    OPTION_NOT_AFTER,
    OPTION_OUT,
    OPTION_CHAIN
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
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
    struct session_place place;
    const char *profile;
    const char *csr;
    const char *device;
    const char *subject;
    int64_t not_after;
    const char *out;
    bool chain;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
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
    struct output output;
    struct session session;
};

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, s != NULL ? strlen(s) : 0 };
}

static int check_subject(const char *subject)
{
    uint8_t room[SUBJECT_MAX];
    size_t bad = 0;
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    if (subject != NULL &&
        (bm_name_from_text(text(subject), &w, &bad) != BM_OK ||
         w.len > w.cap)) {
        return cmd_usage_error(verb.path,
                               "--subject is no name as RFC 4514 has it, at "
                               "'%.40s'",
                               subject + bad);
    }
    return CMD_OK;
}

static int issue(struct issue *i)
{
    json_t *params = json_object();
    json_t *cert;
    int written;
    int published;
    int rc;

    session_set_text(params, "profile", i->given->profile);
    session_set_der(params, "csr", i->file.der);
    session_set_text(params, "device", i->given->device);
    session_set_text(params, "subject", i->given->subject);
    session_set_time(params, "not_after", i->given->not_after);
    rc = session_call(&i->session, "issueCertificate", params, &cert);
    if (rc != CMD_OK) {
        return rc;
    }
    written = issued_hand_over(&i->output, cert, i->given->chain);
    json_decref(cert);
    published = session_publish(&i->session);
    return written != CMD_OK ? written : published;
}

/* All that can be refused without the instance first, then the place for the
 * result, then the act. */
static int run(struct issue *i)
{
    const struct session_config config = { .path = verb.path,
                                           .place = &i->given->place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CERT_ISSUE };
    int rc = check_subject(i->given->subject);

    if (rc == CMD_OK) {
        rc = issued_read_csr(&i->file, i->given->csr);
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
    struct given given = { .profile = NULL };
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
