/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/test/engine.h"

/* ---- The machine of TCP, as docs/firewall.md has it */

static const unsigned segments[5] = { SYN, SYN_ACK, FIN, ACK, RST };

/* Rows and columns of the page: opener, then answerer. */
static const char *const page[7][10] = {
    { "~", "-", "-", "-", "end", "-", "answered", "-", "~", "end" },
    { "~", "-", "one", "open", "end", "-", "~", "one", "=", "end" },
    { "~", "-", "one", "=", "end", "-", "~", "one", "=", "end" },
    { "~", "-", "two", "half", "end", "-", "~", "two", "half", "end" },
    { "~", "-", "two", "=", "end", "-", "~", "two", "=", "end" },
    { "new", "-", "=", "done", "end", "-", "~", "=", "done", "end" },
    { "new", "-", "=", "=", "end", "new", "~", "=", "=", "end" },
};
static const char *const names[7] = { "asked", "answered", "open", "one",
                                      "half",  "two",      "done" };

/* How to get there: segments of opener and answerer, by letters. */
static const char *const ways[7] = { "s",     "sY",    "sYa",   "sYaf",
                                     "sYafA", "sYafF", "sYafFa" };

static void send(bool answerer, unsigned flags)
{
    tcp(answerer ? BM_FW_OUT : BM_FW_IN, 1000, 80, flags);
}

static void go(unsigned state)
{
    policy();
    start();
    for (const char *c = ways[state]; *c != '\0'; c++) {
        bool answerer = *c >= 'A' && *c <= 'Z';

        switch (*c | 0x20) {
        case 's':
            send(answerer, SYN);
            break;
        case 'y':
            send(answerer, SYN_ACK);
            break;
        case 'f':
            send(answerer, FIN);
            break;
        default:
            send(answerer, ACK);
        }
        CHECK(bm_fw_passes(judge()));
    }
    CHECK(fw.flow_n == 1 && fw.flows[0].state == state);
}

static void one_step(unsigned state, unsigned column)
{
    const char *want = page[state][column];
    bool answerer = column >= 5;
    struct bm_fw_decision d;

    go(state);
    now++;
    send(answerer, segments[column % 5]);
    d = judge();
    if (strcmp(want, "-") == 0) {
        CHECK(d.verdict == BM_FW_DROP && fw.flow_n == 1);
        CHECK(d.reason == (answerer ? BM_FW_DEFAULT : BM_FW_STATE));
        CHECK(fw.flows[0].state == state);
    } else if (strcmp(want, "new") == 0) {
        CHECK(d.reason == (answerer ? BM_FW_DEFAULT : BM_FW_BY_RULE));
        CHECK(fw.flow_n == !answerer);
        CHECK(answerer || fw.flows[0].state == BM_FW_ASKED);
    } else if (strcmp(want, "end") == 0) {
        CHECK(d.reason == BM_FW_BY_FLOW && fw.flow_n == 0);
    } else {
        bool renews = strcmp(want, "~") != 0;

        CHECK(d.reason == BM_FW_BY_FLOW && d.rule == WEB && fw.flow_n == 1);
        CHECK(strcmp(names[fw.flows[0].state],
                     !renews || strcmp(want, "=") == 0 ? names[state] : want) ==
              0);
        CHECK(fw.flows[0].end ==
              now - !renews + 1000u * bm_fw_seconds[fw.flows[0].state]);
    }
}

static void each_step(void)
{
    for (unsigned state = 0; state < 7; state++) {
        for (unsigned column = 0; column < 10; column++) {
            one_step(state, column);
        }
    }
}

static void tcp_goes_by_the_page_step_by_step(void)
{
    in_both_families(each_step);
}

static void urg_tells_nothing(void)
{
    policy();
    start();
    send(false, SYN | BM_FW_URG);
    CHECK(through(BM_FW_BY_RULE));
    send(true, SYN_ACK);
    CHECK(through(BM_FW_BY_FLOW));
    send(false, ACK | BM_FW_URG);
    CHECK(through(BM_FW_BY_FLOW) && fw.flows[0].state == BM_FW_OPEN);
    send(false, FIN | BM_FW_URG);
    CHECK(through(BM_FW_BY_FLOW) && fw.flows[0].state == BM_FW_ONE);
}

static void only_a_syn_opens_tcp(void)
{
    policy();
    start();
    for (unsigned i = 1; i < 5; i++) {
        send(false, segments[i]);
        CHECK(dropped(BM_FW_STATE));
    }
    CHECK(fw.flow_n == 0);
    send(false, SYN);
    CHECK(through(BM_FW_BY_RULE) && fw.flow_n == 1);
}

static void a_flow_lives_as_long_as_its_state_has(void)
{
    for (unsigned state = 0; state < 7; state++) {
        go(state);
        now += 1000u * bm_fw_seconds[state] - 1;
        CHECK(bm_fw_flow_find(&fw,
                              &(struct bm_fw_key){ fw.flows[0].peer,
                                                   fw.flows[0].own,
                                                   fw.flows[0].ports, 6 },
                              now) == &fw.flows[0]);
        now++;
        send(false, ACK);
        CHECK(dropped(BM_FW_STATE) && fw.flow_n == 0);
    }
}

static void a_frame_that_is_taken_gives_the_whole_time_again(void)
{
    go(BM_FW_HALF);
    for (unsigned i = 0; i < 10; i++) {
        now += 59999;
        send(false, ACK);
        CHECK(through(BM_FW_BY_FLOW));
    }
    now += 59999;
    send(false, SYN); /* taken, but nothing comes of it */
    CHECK(through(BM_FW_BY_FLOW));
    send(false, SYN_ACK); /* not taken */
    CHECK(dropped(BM_FW_STATE) && fw.flow_n == 1);
    now++;
    send(false, SYN);
    CHECK(through(BM_FW_BY_RULE));
}

static void each_part_of_the_key_counts(void)
{
    policy();
    start();
    tcp(BM_FW_IN, 1000, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
    tcp(BM_FW_IN, 1001, 80, ACK);
    CHECK(dropped(BM_FW_STATE));
    tcp(BM_FW_IN, 1000, 81, ACK);
    CHECK(dropped(BM_FW_STATE));
    tcp(BM_FW_OUT, 1001, 80, SYN_ACK);
    CHECK(dropped(BM_FW_DEFAULT));
    tcp(BM_FW_OUT, 1000, 81, SYN_ACK);
    CHECK(dropped(BM_FW_DEFAULT));
    tcp(BM_FW_OUT, 1000, 80, SYN_ACK);
    frame.p[six ? 45 : 32] ^= 1; /* another peer */
    frame_finish(&frame);
    CHECK(dropped(BM_FW_DEFAULT));
    tcp(BM_FW_OUT, 1000, 80, SYN_ACK);
    frame.p[six ? 37 : 28] ^= 1; /* another device */
    frame_finish(&frame);
    CHECK(dropped(BM_FW_DEFAULT));
    udp(BM_FW_OUT, 1000, 80);
    CHECK(dropped(BM_FW_DEFAULT));
    six = !six;
    tcp(BM_FW_OUT, 1000, 80, SYN_ACK);
    CHECK(dropped(BM_FW_DEFAULT));
    six = !six;
    tcp(BM_FW_OUT, 1000, 80, SYN_ACK);
    CHECK(through(BM_FW_BY_FLOW));
}

static void a_flow_is_of_its_addresses_and_ports(void)
{
    in_both_families(each_part_of_the_key_counts);
}

/* ---- UDP, ICMP */

static void udp_test(void)
{
    policy();
    start();
    udp(BM_FW_IN, 53, 2000);
    CHECK(dropped(BM_FW_DEFAULT));
    udp(BM_FW_OUT, 53, 2000);
    CHECK(through(BM_FW_BY_RULE));
    udp(BM_FW_IN, 53, 2000);
    CHECK(through(BM_FW_BY_FLOW));
    udp(BM_FW_OUT, 53, 2000);
    now += 59999;
    CHECK(through(BM_FW_BY_FLOW));
    udp(BM_FW_IN, 53, 2000);
    now += 60000;
    CHECK(dropped(BM_FW_DEFAULT));
}

static void udp_answers_for_a_minute(void)
{
    in_both_families(udp_test);
}

static void echo_test(void)
{
    policy();
    start();
    echo(BM_FW_OUT, false, 7);
    CHECK(dropped(BM_FW_DEFAULT));
    echo(BM_FW_IN, true, 7);
    CHECK(through(BM_FW_BY_RULE));
    echo(BM_FW_IN, true, 7);
    CHECK(through(BM_FW_BY_FLOW));
    echo(BM_FW_IN, false, 7); /* nobody asked the peer */
    CHECK(dropped(BM_FW_DEFAULT));
    echo(BM_FW_OUT, false, 8);
    CHECK(dropped(BM_FW_DEFAULT));
    echo(BM_FW_OUT, true, 7); /* a flow of its own */
    CHECK(through(BM_FW_BY_RULE) && fw.flow_n == 2);
    echo(BM_FW_OUT, false, 7);
    CHECK(through(BM_FW_BY_FLOW));
    echo(BM_FW_IN, false, 7);
    CHECK(through(BM_FW_BY_FLOW));
    echo(BM_FW_OUT, false, 7);
    frame.p[frame.n - 7] = 1; /* another code */
    CHECK(dropped(BM_FW_DEFAULT));
    now += 10000;
    echo(BM_FW_OUT, false, 7);
    CHECK(dropped(BM_FW_DEFAULT));
}

static void only_who_was_asked_replies_to_an_echo(void)
{
    in_both_families(echo_test);
}

/* An error from `router`, about what the device sent to its peer. */
static void error_in(unsigned kind, const struct frame *about)
{
    ip(BM_FW_IN, TABLE_ICMP);
    frame_quote(&frame, kind, about);
    if (six) {
        frame_peer_6(&frame, 99);
    } else {
        frame_peer_4(&frame, 0x01020304);
    }
}

static void quote_test(void)
{
    static const unsigned kinds[2][4] = { { 3, 11, 12, 3 }, { 1, 2, 3, 4 } };
    struct frame sent;

    policy();
    start();
    tcp(BM_FW_OUT, 443, 3000, SYN);
    sent = frame;
    error_in(kinds[six][0], &sent);
    CHECK(dropped(BM_FW_DEFAULT)); /* nothing is open */
    frame = sent;
    CHECK(through(BM_FW_BY_RULE));
    for (unsigned i = 0; i < 4; i++) {
        error_in(kinds[six][i], &sent);
        CHECK(through(BM_FW_BY_QUOTE));
    }
    error_in(5, &sent);
    CHECK(dropped(BM_FW_DEFAULT));
    error_in(kinds[six][0], &sent);
    frame.n--; /* 7 octets behind the quoted header */
    frame_finish(&frame);
    CHECK(dropped(BM_FW_DEFAULT));
    tcp(BM_FW_OUT, 443, 3001, SYN);
    sent = frame;
    error_in(kinds[six][0], &sent);
    CHECK(dropped(BM_FW_DEFAULT)); /* of another flow */
    CHECK(fw.flows[0].state == BM_FW_ASKED && fw.flow_n == 1);
}

static void errors_about_live_flows_pass_and_no_others(void)
{
    in_both_families(quote_test);
}

static void an_error_goes_to_whom_its_quote_came_from(void)
{
    struct frame sent;

    policy();
    start();
    udp(BM_FW_OUT, 53, 3000);
    sent = frame;
    CHECK(through(BM_FW_BY_RULE));
    error_in(3, &sent);
    frame.p[33] ^= 1; /* to another address of the device */
    frame_finish(&frame);
    CHECK(dropped(BM_FW_DEFAULT));
    /* What came in may be answered by an error, to who sent it. */
    udp(BM_FW_IN, 53, 3000);
    sent = frame;
    ip(BM_FW_OUT, TABLE_ICMP);
    frame_quote(&frame, 3, &sent);
    CHECK(through(BM_FW_BY_QUOTE));
    frame_peer_4(&frame, 0x01020304);
    CHECK(dropped(BM_FW_DEFAULT));
    /* A quote of what came in does not come in. */
    ip(BM_FW_IN, TABLE_ICMP);
    frame_quote(&frame, 3, &sent);
    CHECK(dropped(BM_FW_DEFAULT));
}

static void a_quoted_echo_is_that_of_its_flow(void)
{
    struct frame sent;

    policy();
    start();
    echo(BM_FW_OUT, true, 5);
    sent = frame;
    CHECK(through(BM_FW_BY_RULE));
    error_in(3, &sent);
    CHECK(through(BM_FW_BY_QUOTE));
    echo(BM_FW_OUT, false, 5);
    sent = frame;
    error_in(3, &sent);
    CHECK(dropped(BM_FW_DEFAULT));
}

/* ---- Full, cap */

static void a_full_table_pushes_nothing_out(void)
{
    policy();
    start();
    for (unsigned i = 0; i < 8; i++) {
        tcp(BM_FW_IN, 1000 + i, 80, SYN);
        CHECK(through(BM_FW_BY_RULE));
    }
    tcp(BM_FW_IN, 1008, 80, SYN);
    CHECK(dropped(BM_FW_FULL));
    for (unsigned i = 0; i < 8; i++) {
        tcp(BM_FW_OUT, 1000 + i, 80, SYN_ACK);
        CHECK(through(BM_FW_BY_FLOW));
    }
    tcp(BM_FW_IN, 1003, 80, RST);
    CHECK(through(BM_FW_BY_FLOW));
    tcp(BM_FW_IN, 1008, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
    tcp(BM_FW_IN, 1009, 80, SYN);
    CHECK(dropped(BM_FW_FULL));
}

static void close_flow(unsigned port)
{
    tcp(BM_FW_OUT, port, 80, SYN_ACK);
    CHECK(through(BM_FW_BY_FLOW));
    tcp(BM_FW_IN, port, 80, FIN);
    CHECK(through(BM_FW_BY_FLOW));
    tcp(BM_FW_OUT, port, 80, FIN);
    CHECK(through(BM_FW_BY_FLOW));
    tcp(BM_FW_IN, port, 80, ACK);
    CHECK(through(BM_FW_BY_FLOW));
}

static void flows_that_only_wait_give_way_the_first_one_first(void)
{
    policy();
    maker.rules[WEB].cap = 8;
    start();
    for (unsigned i = 0; i < 8; i++) {
        tcp(BM_FW_IN, 1000 + i, 80, SYN);
        CHECK(through(BM_FW_BY_RULE));
    }
    close_flow(1005);
    now++;
    close_flow(1002);
    tcp(BM_FW_IN, 1008, 80, SYN);
    CHECK(through(BM_FW_BY_RULE)); /* neither `full` nor `cap` */
    tcp(BM_FW_IN, 1005, 80, ACK);
    CHECK(dropped(BM_FW_STATE));
    tcp(BM_FW_IN, 1002, 80, ACK);
    CHECK(through(BM_FW_BY_FLOW));
    tcp(BM_FW_IN, 1009, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
    tcp(BM_FW_IN, 1010, 80, SYN);
    CHECK(dropped(BM_FW_CAP));
}

static void a_rule_has_no_more_live_flows_than_its_cap(void)
{
    policy();
    maker.rules[WEB].cap = 2;
    start();
    tcp(BM_FW_IN, 1, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
    tcp(BM_FW_IN, 2, 81, SYN);
    CHECK(through(BM_FW_BY_RULE));
    tcp(BM_FW_IN, 3, 80, SYN);
    CHECK(dropped(BM_FW_CAP));
    tcp(BM_FW_OUT, 443, 5, SYN);
    CHECK(through(BM_FW_BY_RULE)); /* another rule's */
    tcp(BM_FW_IN, 1, 80, RST);
    CHECK(through(BM_FW_BY_FLOW) && fw.flow_n == 2); /* asked: ended */
    tcp(BM_FW_IN, 3, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
    now += 30000;
    tcp(BM_FW_IN, 4, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
}

int main(void)
{
    RUN(tcp_goes_by_the_page_step_by_step);
    RUN(urg_tells_nothing);
    RUN(only_a_syn_opens_tcp);
    RUN(a_flow_lives_as_long_as_its_state_has);
    RUN(a_frame_that_is_taken_gives_the_whole_time_again);
    RUN(a_flow_is_of_its_addresses_and_ports);
    RUN(udp_answers_for_a_minute);
    RUN(only_who_was_asked_replies_to_an_echo);
    RUN(errors_about_live_flows_pass_and_no_others);
    RUN(an_error_goes_to_whom_its_quote_came_from);
    RUN(a_quoted_echo_is_that_of_its_flow);
    RUN(a_full_table_pushes_nothing_out);
    RUN(flows_that_only_wait_give_way_the_first_one_first);
    RUN(a_rule_has_no_more_live_flows_than_its_cap);
    return bm_test_done();
}
