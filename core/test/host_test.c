/* SPDX-License-Identifier: Apache-2.0 */
#include "core/host.h"

#include "core/test/path_maker.h"

static const struct {
    const char *san;
    const char *name; /* "dns:...", as in a list of names */
    bool match;
} rows[] = {
    { "dns:www.example.com", "dns:www.example.com", true },
    { "dns:WWW.example.com", "dns:www.EXAMPLE.com", true },
    { "dns:a.org dns:www.example.com", "dns:www.example.com", true },
    { "dns:example.com", "dns:www.example.com", false },
    { "dns:www.example.com", "dns:example.com", false },
    { "dns:www.example.com", "dns:www.example.com.", false },
    { "dns:www.example.com", "dns:", false },
    /* RFC 9525 6.3 */
    { "dns:*.example.com", "dns:www.example.com", true },
    { "dns:*.EXAMPLE.com", "dns:www.example.com", true },
    { "dns:*.example.com", "dns:a.b.example.com", false },
    { "dns:*.example.com", "dns:example.com", false },
    { "dns:*.example.com", "dns:.example.com", false },
    { "dns:*.example.com", "dns:*.example.com", true },
    { "dns:*.com", "dns:example.com", false },
    { "dns:*.b.example.com", "dns:a.example.com", false },
    { "ip:192.0.2.1", "ip:192.0.2.1", true },
    { "ip:192.0.2.1", "ip:192.0.2.2", false },
    { "ip:20010db8000000000000000000000001",
      "ip:20010db8000000000000000000000001", true },
    { "ip:192.0.2.1", "ip:20010db8000000000000000000000001", false },
    { "email:a@example.com", "email:a@EXAMPLE.com", true },
    { "email:a@example.com", "email:A@example.com", false },
    { "email:a@example.com", "email:a@example.org", false },
    { "uri:urn:example:app", "uri:urn:example:app", true },
    { "uri:urn:example:app", "uri:urn:example:APP", false },
    /* a kind is never taken for another */
    { "dns:example.com", "email:example.com", false },
    { "uri:example.com://", "dns:example.com", false },
};

static void a_certificate_matches_what_it_names(void)
{
    static struct bm_cert cert;
    struct bm_general_name gn;
    uint8_t room[128];
    struct bm_bytes names;
    struct bm_wr w;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_status want = rows[i].match ? BM_OK : BM_E_PATH_HOST;

        maker_reset();
        make(&cert, &(struct spec){
                        .subject = "x", .issuer = "CA", .san = rows[i].san });
        bm_wr_init(&w, room, sizeof room);
        maker_general_name(&w, rows[i].name);
        names = bm_wr_bytes(&w);
        gn.kind = (enum bm_gn_kind)(names.p[0] & 0x1f);
        gn.value = (struct bm_bytes){ names.p + 2, names.n - 2 };
        if (bm_host_match(&cert, gn.kind, gn.value) != want) {
            printf("# %s, %s\n", rows[i].san, rows[i].name);
        }
        CHECK_STATUS(bm_host_match(&cert, gn.kind, gn.value), want);
    }
}

static void the_common_name_is_not_looked_at(void)
{
    static struct bm_cert cert;

    maker_reset();
    make(&cert, &(struct spec){ .subject = "www.example.com", .issuer = "CA" });
    CHECK_STATUS(bm_host_match(&cert, BM_GN_DNS, BM_LIT("www.example.com")),
                 BM_E_PATH_HOST);
}

static void other_kinds_are_no_names_of_hosts(void)
{
    static struct bm_cert cert;

    maker_reset();
    make(&cert,
         &(struct spec){ .subject = "x", .issuer = "CA", .san = "hw:1 rid:1" });
    CHECK_STATUS(bm_host_match(&cert, BM_GN_OTHER, BM_LIT("1")), BM_E_ARGUMENT);
    CHECK_STATUS(bm_host_match(&cert, BM_GN_RID, BM_LIT("\x2a\x03")),
                 BM_E_ARGUMENT);
    CHECK_STATUS(bm_host_match(&cert, BM_GN_DIRECTORY, BM_LIT("x")),
                 BM_E_ARGUMENT);
}

static void plain_hosts_are_labels_and_single_dots(void)
{
    CHECK(bm_host_is_plain(BM_LIT("a-1.example_2.com")));
    CHECK(bm_host_is_plain(BM_LIT("azAZ09")));
    CHECK(bm_host_equal(BM_LIT("azAZ09"), BM_LIT("AZaz09")));
    CHECK(!bm_host_equal(BM_LIT("@[`{"), BM_LIT("`{@[")));
    CHECK(!bm_host_is_plain(BM_LIT("a/b")) && !bm_host_is_plain(BM_LIT("a:")));
    CHECK(!bm_host_is_plain(BM_LIT("a`b")) && !bm_host_is_plain(BM_LIT("a{")));
    CHECK(!bm_host_is_plain(BM_LIT("")));
    CHECK(!bm_host_is_plain(BM_LIT(".example.com")));
    CHECK(!bm_host_is_plain(BM_LIT("example.com.")));
    CHECK(!bm_host_is_plain(BM_LIT("example..com")));
    CHECK(!bm_host_is_plain(BM_LIT("*.example.com")));
    CHECK(!bm_host_is_plain(BM_LIT("ex%61mple.com")));
    CHECK(!bm_host_is_plain(BM_LIT("[::1]")));
}

static void under_means_at_least_one_label_more(void)
{
    CHECK(bm_host_is_under(BM_LIT("a.example.com"), BM_LIT("Example.com")));
    CHECK(!bm_host_is_under(BM_LIT("example.com"), BM_LIT("example.com")));
    CHECK(!bm_host_is_under(BM_LIT(".example.com"), BM_LIT("example.com")));
    CHECK(!bm_host_is_under(BM_LIT("aexample.com"), BM_LIT("example.com")));
    CHECK(!bm_host_is_under(BM_LIT("a.com"), BM_LIT("")));
}

int main(void)
{
    RUN(a_certificate_matches_what_it_names);
    RUN(the_common_name_is_not_looked_at);
    RUN(other_kinds_are_no_names_of_hosts);
    RUN(plain_hosts_are_labels_and_single_dots);
    RUN(under_means_at_least_one_label_more);
    return bm_test_done();
}
