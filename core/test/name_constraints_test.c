/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name_constraints.h"

#include "core/test/path_maker.h"

#define WITHIN    BM_OK
#define OUTSIDE   BM_E_PATH_NC_PERMITTED
#define EXCLUDED  BM_E_PATH_NC_EXCLUDED
#define UNDECIDED BM_E_PATH_NC_FORM

/* One CA with these constraints over one certificate with these names. */
struct row {
    const char *permitted;
    const char *excluded;
    const char *subject;
    const char *san;
    bm_status want;
};

static bm_status check(const struct row *row, uint32_t *work,
                       const uint8_t **at, struct bm_cert *cert)
{
    static struct bm_cert ca;

    maker_reset();
    make(&ca, &(struct spec){ .subject = "CA",
                              .issuer = "CA",
                              .ca = true,
                              .permitted = row->permitted,
                              .excluded = row->excluded });
    make(cert, &(struct spec){ .subject =
                                   row->subject != NULL ? row->subject : "Name",
                               .issuer = "CA",
                               .san = row->san });
    return bm_name_constraints_check(&ca.ext, cert, work, at);
}

static void decide_all(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *at = NULL;
        static struct bm_cert cert;
        uint32_t work = 1000;
        bm_status rc = check(&rows[i], &work, &at, &cert);

        if (rc != rows[i].want) {
            printf("# row %lu: %s\n", (unsigned long)i,
                   rows[i].san != NULL ? rows[i].san : rows[i].subject);
        }
        CHECK_STATUS(rc, rows[i].want);
        CHECK((at == NULL) == (rc == BM_OK));
        CHECK(at == NULL || (at > cert.der.p && at < cert.der.p + cert.der.n));
    }
}

#define DECIDE(rows) decide_all((rows), sizeof(rows) / sizeof(rows)[0])

static void dns_names_are_within_by_whole_labels(void)
{
    static const struct row rows[] = {
        { "dns:example.com", NULL, NULL, "dns:example.com", WITHIN },
        { "dns:example.com", NULL, NULL, "dns:a.b.example.com", WITHIN },
        { "dns:example.com", NULL, NULL, "dns:EXAMPLE.Com", WITHIN },
        { "dns:EXAMPLE.com", NULL, NULL, "dns:www.example.COM", WITHIN },
        { "dns:example.com", NULL, NULL, "dns:badexample.com", OUTSIDE },
        { "dns:example.com", NULL, NULL, "dns:example.com.evil", OUTSIDE },
        { "dns:example.com", NULL, NULL, "dns:com", OUTSIDE },
        { "dns:example.com dns:example.org", NULL, NULL, "dns:a.example.org",
          WITHIN },
        { "dns:example.com", NULL, NULL, "dns:example.com dns:other.org",
          OUTSIDE },
        { NULL, "dns:bad.example.com", NULL, "dns:example.com", WITHIN },
        { NULL, "dns:bad.example.com", NULL, "dns:bad.example.com", EXCLUDED },
        { NULL, "dns:bad.example.com", NULL, "dns:x.Bad.example.com",
          EXCLUDED },
        { "dns:example.com", "dns:bad.example.com", NULL,
          "dns:x.bad.example.com", EXCLUDED },
        { "dns:.example.com", NULL, NULL, "dns:a.example.com", UNDECIDED },
        { NULL, "dns:.example.com", NULL, "dns:a.org", UNDECIDED },
        { "dns:example.com", NULL, NULL, "ip:10.0.0.1", WITHIN },
        { "dns:example.com", NULL, NULL, NULL, WITHIN },
    };

    DECIDE(rows);
}

static void a_wildcard_stands_for_every_name_it_matches(void)
{
    static const struct row rows[] = {
        { "dns:example.com", NULL, NULL, "dns:*.example.com", WITHIN },
        { "dns:example.com", NULL, NULL, "dns:*.a.example.com", WITHIN },
        { "dns:a.example.com", NULL, NULL, "dns:*.example.com", OUTSIDE },
        { NULL, "dns:example.com", NULL, "dns:*.example.com", EXCLUDED },
        { NULL, "dns:com", NULL, "dns:*.example.com", EXCLUDED },
        { NULL, "dns:bad.example.com", NULL, "dns:*.example.com", EXCLUDED },
        { NULL, "dns:a.bad.example.com", NULL, "dns:*.example.com", WITHIN },
        { NULL, "dns:bad.example.org", NULL, "dns:*.example.com", WITHIN },
    };

    DECIDE(rows);
}

static void mail_constraints_name_a_box_a_host_or_a_domain(void)
{
    static const struct row rows[] = {
        { "email:a@example.com", NULL, NULL, "email:a@example.com", WITHIN },
        { "email:a@example.com", NULL, NULL, "email:a@EXAMPLE.com", WITHIN },
        { "email:a@example.com", NULL, NULL, "email:A@example.com", OUTSIDE },
        { "email:a@example.com", NULL, NULL, "email:b@example.com", OUTSIDE },
        { "email:example.com", NULL, NULL, "email:b@example.com", WITHIN },
        { "email:example.com", NULL, NULL, "email:b@a.example.com", OUTSIDE },
        { "email:.example.com", NULL, NULL, "email:b@a.example.com", WITHIN },
        { "email:.example.com", NULL, NULL, "email:b@example.com", OUTSIDE },
        { NULL, "email:.example.com", NULL, "email:b@a.b.Example.com",
          EXCLUDED },
        { NULL, "email:a@example.com", NULL, "email:b@example.com", WITHIN },
    };

    DECIDE(rows);
}

static void mail_in_the_subject_is_constrained_too(void)
{
    static const struct row rows[] = {
        { "email:example.com", NULL, "Org/b@example.com", NULL, WITHIN },
        { "email:example.com", NULL, "Org/b@example.org", NULL, OUTSIDE },
        { NULL, "email:example.com", "Org/b@example.com", NULL, EXCLUDED },
        { NULL, "email:example.com", "a@a.com/b@example.com", NULL, EXCLUDED },
        { NULL, "email:example.com", "b@example.com", "email:b@a.org",
          EXCLUDED },
    };

    DECIDE(rows);
}

static void uri_constraints_are_about_the_host(void)
{
    static const struct row rows[] = {
        { "uri:example.com", NULL, NULL, "uri:https://example.com", WITHIN },
        { "uri:example.com", NULL, NULL, "uri:x://u:p@Example.com:8443/a?b@c#d",
          WITHIN },
        { "uri:example.com", NULL, NULL, "uri:https://a.example.com/",
          OUTSIDE },
        { "uri:.example.com", NULL, NULL, "uri:https://a.example.com/",
          WITHIN },
        { "uri:.example.com", NULL, NULL, "uri:https://example.com/", OUTSIDE },
        { "uri:example.com", NULL, NULL, "uri:https://a.org/example.com",
          OUTSIDE },
        { "uri:example.com", NULL, NULL, "uri:https://example.com@a.org/",
          OUTSIDE },
        { NULL, "uri:.example.com", NULL, "uri:https://a.example.com",
          EXCLUDED },
        { "uri:example.com", NULL, NULL, "uri:urn:example:device:1",
          UNDECIDED },
        { NULL, "uri:example.com", NULL, "uri:urn:example:device:1",
          UNDECIDED },
        { "uri:example.com", NULL, NULL, "uri:https://10.0.0.1/", UNDECIDED },
        { "uri:example.com", NULL, NULL, "uri:https://10.0.0.9/", UNDECIDED },
        { "uri:example.com", NULL, NULL, "uri:x:/example.com/", UNDECIDED },
        { "uri:example.com", NULL, NULL, "uri:x:a/example.com/", UNDECIDED },
        { NULL, "uri:example.com", NULL, "uri:https://[2001:db8::1]:443/",
          UNDECIDED },
        { NULL, "dns:example.com", NULL, "uri:urn:example:device:1", WITHIN },
    };

    DECIDE(rows);
}

static void addresses_are_within_by_mask_and_family(void)
{
    static const struct row rows[] = {
        { "ip:10.0.0.0/8", NULL, NULL, "ip:10.255.0.1", WITHIN },
        { "ip:10.0.0.0/8", NULL, NULL, "ip:11.0.0.1", OUTSIDE },
        { "ip:10.0.0.0/31", NULL, NULL, "ip:10.0.0.1", WITHIN },
        { "ip:10.0.0.0/31", NULL, NULL, "ip:10.0.0.2", OUTSIDE },
        { "ip:0.0.0.0/0", NULL, NULL, "ip:203.0.113.9", WITHIN },
        { "ip:0.0.0.0/0", NULL, NULL, "ip:20010db8000000000000000000000001",
          OUTSIDE },
        { "ip:20010db8000000000000000000000000"
          "ffffffff000000000000000000000000",
          NULL, NULL, "ip:20010db8000000000000000000000001", WITHIN },
        { NULL,
          "ip:20010db8000000000000000000000000"
          "ffffffff000000000000000000000000",
          NULL, "ip:20010db8000000000000000000000001", EXCLUDED },
        { NULL, "ip:10.0.0.0/8", NULL, "ip:10.1.2.3", EXCLUDED },
        { NULL, "ip:10.0.0.0/8", NULL, "ip:192.0.2.1", WITHIN },
    };

    DECIDE(rows);
}

static void directory_names_include_the_subject(void)
{
    static const struct row rows[] = {
        { "dir:Org", NULL, "Org/Unit/Host", NULL, WITHIN },
        { "dir:Org", NULL, "Org", NULL, WITHIN },
        { "dir:org", NULL, "ORG/Unit", NULL, WITHIN },
        { "dir:Org/Unit", NULL, "Org/Other", NULL, OUTSIDE },
        { "dir:Org/Unit", NULL, "Org", NULL, OUTSIDE },
        { NULL, "dir:Org/Unit", "Org/Unit/Host", NULL, EXCLUDED },
        { "dir:Org", NULL, "Org/Unit", "dir:Other", OUTSIDE },
        { NULL, "dir:Other", "Org/Unit", "dir:Other/X", EXCLUDED },
        { "dir:Org", NULL, "", "dns:example.com", WITHIN },
        { "dir:Org", NULL, "", "dir:Other", OUTSIDE },
    };

    DECIDE(rows);
}

static void a_form_without_rules_is_refused_where_it_is_constrained(void)
{
    static const struct row rows[] = {
        { "hw:1", NULL, NULL, "hw:1", UNDECIDED },
        { NULL, "hw:1", NULL, "hw:2", UNDECIDED },
        { "perm:1", NULL, NULL, "perm:1", UNDECIDED },
        { NULL, "perm:1", NULL, "perm:2", UNDECIDED },
        { "other:1", NULL, NULL, "other:1", UNDECIDED },
        { NULL, "rid:1", NULL, "rid:1", UNDECIDED },
        /* each type of otherName is a form of its own */
        { "hw:1", NULL, NULL, "perm:1", WITHIN },
        { NULL, "other:1", NULL, "hw:1", WITHIN },
        /* and nobody minds what is not there */
        { "hw:1", NULL, NULL, "dns:example.com", WITHIN },
        { "dns:example.com", NULL, NULL, "hw:1", WITHIN },
    };

    DECIDE(rows);
}

static void no_constraints_allow_everything_without_work(void)
{
    static struct bm_cert cert;
    static const struct bm_exts none;
    const uint8_t *at = NULL;
    uint32_t work = 0;

    maker_reset();
    make(&cert,
         &(struct spec){ .subject = "Name", .issuer = "CA", .san = "hw:1" });
    CHECK_STATUS(bm_name_constraints_check(&none, &cert, &work, &at), BM_OK);
}

static void each_comparison_costs_and_the_budget_is_kept(void)
{
    static const struct row row = { "dns:a.org dns:b.org",
                                    "dns:c.org dns:d.org", NULL,
                                    "dns:b.org dns:x.b.org", BM_OK };
    static struct bm_cert cert;
    const uint8_t *at;
    uint32_t need = 1000;

    CHECK_STATUS(check(&row, &need, &at, &cert), BM_OK);
    need = 1000 - need;
    CHECK(need == 3 * 4); /* the subject and two names, against four */
    for (uint32_t work = 0; work < need; work++) {
        uint32_t left = work;

        CHECK_STATUS(check(&row, &left, &at, &cert), BM_E_PATH_WORK);
        CHECK(left == 0);
    }
    CHECK_STATUS(check(&row, &need, &at, &cert), BM_OK);
    CHECK(need == 0);
}

int main(void)
{
    RUN(dns_names_are_within_by_whole_labels);
    RUN(a_wildcard_stands_for_every_name_it_matches);
    RUN(mail_constraints_name_a_box_a_host_or_a_domain);
    RUN(mail_in_the_subject_is_constrained_too);
    RUN(uri_constraints_are_about_the_host);
    RUN(addresses_are_within_by_mask_and_family);
    RUN(directory_names_include_the_subject);
    RUN(a_form_without_rules_is_refused_where_it_is_constrained);
    RUN(no_constraints_allow_everything_without_work);
    RUN(each_comparison_costs_and_the_budget_is_kept);
    return bm_test_done();
}
