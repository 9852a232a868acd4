/* SPDX-License-Identifier: Apache-2.0 */
/* memfd_create */
#define _GNU_SOURCE

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/metrics.h"
#include "tests/harness/bm_test.h"

static char text[4 << 20];

static struct metrics_page *new_page(const char *room, unsigned instance)
{
    struct metrics_page *page = calloc(1, sizeof *page);

    CHECK(page != NULL);
    if (page == NULL) {
        abort();
    }
    memcpy(page->room, room, strlen(room));
    page->instance = instance;
    return page;
}

static const char *tell_all(const struct metrics_page *const *pages, size_t n)
{
    struct bm_wr w;
    size_t len = 0;

    bm_wr_init(&w, (uint8_t *)text, sizeof text - 1);
    metrics_put(&w, pages, n);
    CHECK_STATUS(bm_wr_finish(&w, &len), BM_OK);
    text[len < sizeof text ? len : 0] = '\0';
    return text;
}

static const char *tell(const struct metrics_page *page)
{
    return tell_all(&page, 1);
}

/* Is there this line? */
static bool says(const char *all, const char *line)
{
    size_t n = strlen(line);

    for (const char *p = strstr(all, line); p != NULL;
         p = strstr(p + 1, line)) {
        if ((p == all || p[-1] == '\n') && p[n] == '\n') {
            return true;
        }
    }
    printf("# not said: %s\n", line);
    return false;
}

static bool knows(const char *all, const char *what)
{
    return strstr(all, what) != NULL;
}

/* ---- The format, read as strictly as it is written */

static const char *name_end(const char *p)
{
    while (isalnum((unsigned char)*p) || *p == '_' || *p == ':') {
        p++;
    }
    return p;
}

/* label="value", with its escapes; NULL when it is not one. */
static const char *label_end(const char *p)
{
    const char *q = name_end(p);

    if (q == p || q[0] != '=' || q[1] != '"') {
        return NULL;
    }
    for (q += 2; *q != '"'; q++) {
        if (*q < ' ' || *q > '~') {
            return NULL;
        }
        if (*q == '\\') {
            q++;
            if (*q != '\\' && *q != '"' && *q != 'n') {
                return NULL;
            }
        }
    }
    return q + 1;
}

static const char *labels_end(const char *p)
{
    while ((p = label_end(p)) != NULL) {
        if (*p == '}') {
            return p + 1;
        }
        if (*p++ != ',') {
            return NULL;
        }
    }
    return NULL;
}

static bool is_number(const char *p, const char *end)
{
    char *stop;
    char number[64];

    if (end - p <= 0 || end - p >= (long)sizeof number || isspace(*p)) {
        return false;
    }
    memcpy(number, p, (size_t)(end - p));
    number[end - p] = '\0';
    (void)strtod(number, &stop);
    return *stop == '\0';
}

/* The metric that a sample belongs to: that of the TYPE above it. */
static bool is_of(const char *sample, size_t n, const char *type, size_t type_n)
{
    static const char *const suffixes[] = { "", "_bucket", "_sum", "_count" };

    for (size_t i = 0; i < 4; i++) {
        size_t suffix = strlen(suffixes[i]);

        if (n == type_n + suffix && memcmp(sample, type, type_n) == 0 &&
            memcmp(sample + type_n, suffixes[i], suffix) == 0) {
            return true;
        }
    }
    return false;
}

/* How many lines stand before the one at `at` with the same labels. */
static bool is_twice(const char *all, const char *at, size_t n)
{
    for (const char *p = all; p < at; p = strchr(p, '\n') + 1) {
        if (strncmp(p, at, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns the first line that is wrong, or NULL. */
static const char *first_wrong(const char *all)
{
    const char *type = NULL;
    size_t type_n = 0;
    const char *end;

    for (const char *p = all; *p != '\0'; p = end + 1) {
        const char *q;

        end = strchr(p, '\n');
        if (end == NULL) {
            return p;
        }
        if (strncmp(p, "# HELP birthmark_", 17) == 0) {
            continue;
        }
        if (strncmp(p, "# TYPE ", 7) == 0) {
            type = p + 7;
            type_n = (size_t)(name_end(type) - type);
            if (is_twice(all, p, 7 + type_n + 1)) {
                return p;
            }
            continue;
        }
        q = name_end(p);
        if (type == NULL || !is_of(p, (size_t)(q - p), type, type_n) ||
            *q != '{') {
            return p;
        }
        q = labels_end(q + 1);
        if (q == NULL || *q != ' ' || !is_number(q + 1, end) ||
            is_twice(all, p, (size_t)(q - p))) {
            return p;
        }
    }
    return NULL;
}

static void check_format(const char *all)
{
    const char *wrong = first_wrong(all);

    CHECK(wrong == NULL);
    if (wrong != NULL) {
        printf("# wrong: %.*s\n", (int)strcspn(wrong, "\n"), wrong);
    }
}

static void the_reader_of_this_test_is_strict(void)
{
    static const char *const bad[] = {
        "a{b=\"c\"} 1\n",                                 /* no TYPE */
        "# TYPE a counter\nb{c=\"d\"} 1\n",               /* another's */
        "# TYPE a counter\na{c=\"d\"} 1",                 /* no end */
        "# TYPE a counter\na{c=\"d\"} \n",                /* no number */
        "# TYPE a counter\na{c=\"d\"} 1x\n",              /* not one */
        "# TYPE a counter\na{c=\"d\n\"} 1\n",             /* two lines */
        "# TYPE a counter\na{c=\"\\d\"} 1\n",             /* escape */
        "# TYPE a counter\na{c=\"d\"e\"} 1\n",            /* quote */
        "# TYPE a counter\na{c=\"\xc3\"} 1\n",            /* UTF-8 */
        "# TYPE a counter\na{c=\"d\"} 1\na{c=\"d\"} 2\n", /* twice */
        "# TYPE a counter\n# TYPE b gauge\n# TYPE a counter\n"
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(first_wrong(bad[i]) != NULL);
    }
    CHECK(first_wrong("# TYPE a counter\na{c=\"d\"} 1\na{c=\"e\"} 2\n") ==
          NULL);
}

/* ---- Counting */

static void what_is_counted_is_told(void)
{
    struct metrics_page *page = new_page("issuer", 0);
    const char *all;

    metrics_begin(page);
    metrics_add(page, METRICS_GROUPS, 2);
    metrics_add(page, METRICS_GROUPS, 1);
    metrics_set(page, METRICS_QUEUE, 7);
    metrics_add_to(page, METRICS_ISSUED, "tls-server,issued", 4);
    metrics_add_to(page, METRICS_ISSUED, "tls-server,issued", 1);
    metrics_add_to(page, METRICS_ISSUED, "tls-server,refused", 1);
    metrics_set_to(page, METRICS_EXPIRY, "issuing", INT64_C(4102444800));
    all = tell(page);
    check_format(all);
    CHECK(says(all, "birthmark_groups_total{room=\"issuer\",process=\"0\"} 3"));
    CHECK(says(all, "birthmark_queue_depth{room=\"issuer\",process=\"0\"} 7"));
    CHECK(says(all, "birthmark_starts_total{room=\"issuer\",process=\"0\"} 1"));
    CHECK(says(all, "birthmark_issuance_total{room=\"issuer\",process=\"0\","
                    "profile=\"tls-server\",result=\"issued\"} 5"));
    CHECK(says(all, "birthmark_issuance_total{room=\"issuer\",process=\"0\","
                    "profile=\"tls-server\",result=\"refused\"} 1"));
    CHECK(says(all, "birthmark_expiry_timestamp_seconds{room=\"issuer\","
                    "process=\"0\",ca=\"issuing\"} 4102444800"));
    CHECK(says(all, "# TYPE birthmark_queue_depth gauge"));
    CHECK(says(all, "# TYPE birthmark_groups_total counter"));
    free(page);
}

static void a_histogram_counts_up_to_each_bound(void)
{
    struct metrics_page *page = new_page("devices", 3);
    const char *all;

    metrics_observe(page, METRICS_LATENCY_REQUEST, 0);
    metrics_observe(page, METRICS_LATENCY_REQUEST, 1);
    metrics_observe(page, METRICS_LATENCY_REQUEST, 2);
    metrics_observe(page, METRICS_LATENCY_REQUEST, 3);
    metrics_observe(page, METRICS_LATENCY_REQUEST, UINT64_C(1) << 40);
    metrics_observe(page, METRICS_GROUP_SIZE, 256);
    all = tell(page);
    check_format(all);
#define OF "{room=\"devices\",process=\"3\""
    CHECK(says(all, "birthmark_http_request_seconds_bucket" OF
                    ",le=\"0.000001\"} 2"));
    CHECK(says(all, "birthmark_http_request_seconds_bucket" OF
                    ",le=\"0.000002\"} 3"));
    CHECK(says(all, "birthmark_http_request_seconds_bucket" OF
                    ",le=\"0.000004\"} 4"));
    CHECK(says(all, "birthmark_http_request_seconds_bucket" OF
                    ",le=\"67.108864\"} 4"));
    CHECK(says(all,
               "birthmark_http_request_seconds_bucket" OF ",le=\"+Inf\"} 5"));
    CHECK(says(all, "birthmark_http_request_seconds_count" OF "} 5"));
    CHECK(
        says(all, "birthmark_http_request_seconds_sum" OF "} 1099511.627782"));
    CHECK(says(all, "birthmark_group_size_bucket" OF ",le=\"128\"} 0"));
    CHECK(says(all, "birthmark_group_size_bucket" OF ",le=\"256\"} 1"));
    CHECK(says(all, "birthmark_group_size_sum" OF "} 256"));
    CHECK(!knows(all, "birthmark_group_seconds_bucket"));
#undef OF
    free(page);
}

static void gauges_begin_again_and_counters_go_on(void)
{
    struct metrics_page *page = new_page("publisher", 0);
    const char *all;

    metrics_begin(page);
    metrics_add(page, METRICS_REQUESTS, 5);
    metrics_set(page, METRICS_CONNECTIONS, 9);
    metrics_set_to(page, METRICS_NEXT_UPDATE, "root", 77);
    metrics_add_to(page, METRICS_HTTP, "404", 2);
    metrics_begin(page);
    all = tell(page);
#define OF "{room=\"publisher\",process=\"0\""
    CHECK(says(all, "birthmark_starts_total" OF "} 2"));
    CHECK(says(all, "birthmark_http_requests_total" OF "} 5"));
    CHECK(says(all, "birthmark_connections" OF "} 0"));
    CHECK(says(all, "birthmark_http_responses_total" OF ",status=\"404\"} 2"));
    CHECK(!knows(all, "birthmark_crl_next_update_timestamp_seconds{"));
#undef OF
    free(page);
}

static void labels_without_a_row_are_other(void)
{
    struct metrics_page *page = new_page("issuer", 0);
    const char *all;
    char label[32];

    for (unsigned i = 0; i < METRICS_LABELS_MAX + 50; i++) {
        (void)snprintf(label, sizeof label, "p%u,issued", i);
        metrics_add_to(page, METRICS_ISSUED, label, 1);
    }
    metrics_add_to(page, METRICS_ISSUED, "p0,issued", 10);
    metrics_add_to(page, METRICS_HANDSHAKE_FAILED, "late", 1);
    metrics_add_to(page, METRICS_HANDSHAKE_FAILED, "later", 1);
    all = tell(page);
    check_format(all);
#define OF "{room=\"issuer\",process=\"0\","
    CHECK(says(all, "birthmark_issuance_total" OF
                    "profile=\"other\",result=\"other\"} 55"));
    CHECK(says(all, "birthmark_issuance_total" OF
                    "profile=\"p0\",result=\"issued\"} 11"));
    CHECK(says(all, "birthmark_tls_handshakes_failed_total" OF
                    "reason=\"other\"} 2"));
#undef OF
    free(page);
}

static void a_long_label_is_cut(void)
{
    struct metrics_page *page = new_page("issuer", 0);
    char label[2 * METRICS_LABEL_MAX];
    char want[METRICS_LABEL_MAX + 16];

    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    metrics_add_to(page, METRICS_HTTP, label, 1);
    metrics_add_to(page, METRICS_HTTP, label, 1);
    (void)snprintf(want, sizeof want, "\"%.*s\"} 2", METRICS_LABEL_MAX - 1,
                   label);
    CHECK(knows(tell(page), want));
    free(page);
}

static void what_is_no_text_of_ours_is_made_harmless(void)
{
    struct metrics_page *page = new_page("a\\b\"c\nd\xff", 0);
    const char *all;

    metrics_add_to(page, METRICS_HTTP, "\"} 1\nx{y=\"\\", 1);
    /* A process has scribbled over its page. */
    atomic_store(&page->labelled[3].family, METRICS_HTTP + 1);
    memset(page->labelled[3].label, 'y', sizeof page->labelled[3].label);
    atomic_store(&page->labelled[4].family, METRICS_HTTP + 1);
    memset(page->labelled[4].label, 'y', sizeof page->labelled[4].label);
    atomic_store(&page->labelled[5].family, 12345);
    all = tell(page);
    check_format(all);
    CHECK(knows(all, "room=\"a\\\\b\\\"c?d?\""));
    CHECK(knows(all, "status=\"\\\"} 1?x{y=\\\"\\\\\""));
    memset(page, 0xff, sizeof *page);
    check_format(tell(page));
    free(page);
}

static void pages_of_nobody_and_of_the_same_are_left_out(void)
{
    struct metrics_page *pages[4] = { new_page("issuer", 0), new_page("", 0),
                                      new_page("issuer", 0),
                                      new_page("issuer", 1) };
    const char *all;

    metrics_add(pages[0], METRICS_GROUPS, 1);
    metrics_add(pages[1], METRICS_GROUPS, 2);
    metrics_add(pages[2], METRICS_GROUPS, 3);
    metrics_add(pages[3], METRICS_GROUPS, 4);
    all = tell_all((const struct metrics_page *const *)pages, 4);
    check_format(all);
    CHECK(says(all, "birthmark_groups_total{room=\"issuer\",process=\"0\"} 1"));
    CHECK(says(all, "birthmark_groups_total{room=\"issuer\",process=\"1\"} 4"));
    CHECK(!knows(all, "} 2\n") && !knows(all, "} 3\n"));
    for (size_t i = 0; i < 4; i++) {
        free(pages[i]);
    }
}

/* ---- Who counts and who reads are not the same */

#define TURNS 2000

static void count_a_lot(struct metrics_page *page, unsigned seed)
{
    char label[32];

    for (unsigned i = 0; i < TURNS; i++) {
        metrics_add(page, METRICS_REQUESTS, 1);
        metrics_observe(page, METRICS_LATENCY_REQUEST, i);
        (void)snprintf(label, sizeof label, "r%u", (i * 7 + seed) % 100);
        metrics_add_to(page, METRICS_HANDSHAKE_FAILED, label, 1);
    }
}

static void one_process_counts_and_another_reads(void)
{
    int fd = memfd_create("metrics", MFD_CLOEXEC);
    struct metrics_page *page;
    const struct metrics_page *seen;
    int status = 0;
    pid_t child;

    CHECK(fd >= 0 && ftruncate(fd, sizeof *page) == 0);
    seen = mmap(NULL, sizeof *seen, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(seen != MAP_FAILED);
    child = fork();
    if (child == 0) {
        page =
            mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        memcpy(page->room, "issuer", 7);
        metrics_begin(page);
        count_a_lot(page, 0);
        _exit(0);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        check_format(tell(seen)); /* at any moment */
    }
    CHECK(status == 0);
    CHECK(metrics_get(seen, METRICS_REQUESTS) == TURNS);
    CHECK(knows(tell(seen), "reason=\"r99\"} 20\n"));
    (void)munmap((void *)(uintptr_t)seen, sizeof *seen);
    (void)close(fd);
}

static void *run_thread(void *arg)
{
    count_a_lot(arg, 50);
    return NULL;
}

static void two_threads_lose_no_count(void)
{
    struct metrics_page *page = new_page("signer", 0);
    pthread_t thread;
    const char *all;

    CHECK(pthread_create(&thread, NULL, run_thread, page) == 0);
    count_a_lot(page, 0);
    CHECK(pthread_join(thread, NULL) == 0);
    all = tell(page);
    check_format(all);
    CHECK(metrics_get(page, METRICS_REQUESTS) == (int64_t)2 * TURNS);
    CHECK(knows(all, "reason=\"r0\"} 40\n"));
    CHECK(knows(all, "reason=\"r99\"} 40\n"));
    CHECK(knows(all, "_count{room=\"signer\",process=\"0\"} 4000\n"));
    free(page);
}

/* ---- The manual */

static void the_manual_has_every_name(void)
{
    static char manual[1 << 16];
    static char table[1 << 14];
    FILE *file = fopen("docs/metrics.md", "r");
    struct bm_wr w;
    size_t n;

    CHECK(file != NULL);
    if (file == NULL) {
        return;
    }
    n = fread(manual, 1, sizeof manual - 1, file);
    manual[n] = '\0';
    (void)fclose(file);
    bm_wr_init(&w, (uint8_t *)table, sizeof table - 1);
    metrics_names_put(&w);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    table[n < sizeof table ? n : 0] = '\0';
    CHECK(knows(manual, table));
    if (!knows(manual, table)) {
        printf("# docs/metrics.md must have\n# %s", table);
    }
}

int main(void)
{
    RUN(the_reader_of_this_test_is_strict);
    RUN(what_is_counted_is_told);
    RUN(a_histogram_counts_up_to_each_bound);
    RUN(gauges_begin_again_and_counters_go_on);
    RUN(labels_without_a_row_are_other);
    RUN(a_long_label_is_cut);
    RUN(what_is_no_text_of_ours_is_made_harmless);
    RUN(pages_of_nobody_and_of_the_same_are_left_out);
    RUN(one_process_counts_and_another_reads);
    RUN(two_threads_lose_no_count);
    RUN(the_manual_has_every_name);
    return bm_test_done();
}
