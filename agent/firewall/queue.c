/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "policy/nft.h"

/*
 * What waits, waits in the buffer of the socket: packets without a place there
 * have a number all the same, so that they are missed. The length of the queue
 * itself, beyond which packets get none, is what never fits into it.
 */
#define BUFFER   (1 << 20)
#define LENGTH   65536
#define SEQUENCE 1

struct queue {
    struct mnl_socket *socket;
    struct inspect *inspect; /* of this call of queue_serve() */
    uint32_t now;
    uint32_t last; /* packet that came */
};

/* Room for one message: a packet's head, and what is said of it. */
union message {
    struct nlmsghdr head;
    char octets[4096];
};

/* ---- Opening */

/* Ask, and wait for what the kernel says of it. */
static bool ask(struct mnl_socket *s, struct nlmsghdr *h)
{
    union message reply;
    ssize_t n;

    h->nlmsg_flags |= NLM_F_ACK;
    h->nlmsg_seq = SEQUENCE;
    if (mnl_socket_sendto(s, h, h->nlmsg_len) < 0) {
        return false;
    }
    do {
        n = mnl_socket_recvfrom(s, &reply, sizeof reply);
    } while (n > 0 && reply.head.nlmsg_type != NLMSG_ERROR);
    return n > 0 && mnl_cb_run(&reply, (size_t)n, SEQUENCE,
                               mnl_socket_get_portid(s), NULL, NULL) >= 0;
}

static bool bind_it(struct mnl_socket *s)
{
    union message m;
    struct nlmsghdr *h =
        nfq_nlmsg_put(m.octets, NFQNL_MSG_CONFIG, POLICY_NFT_QUEUE);

    nfq_nlmsg_cfg_put_cmd(h, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
    if (!ask(s, h)) {
        return false;
    }
    h = nfq_nlmsg_put(m.octets, NFQNL_MSG_CONFIG, POLICY_NFT_QUEUE);
    nfq_nlmsg_cfg_put_params(h, NFQNL_COPY_PACKET, INSPECT_LOOK);
    nfq_nlmsg_cfg_put_qmaxlen(h, LENGTH);
    return ask(s, h);
}

static bool set_up(struct mnl_socket *s)
{
    const int buffer = BUFFER;
    const int fd = mnl_socket_get_fd(s);

    /* More than others may have is ours where we are root of the machine. */
    return mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0 &&
           (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
                       sizeof buffer) == 0 ||
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer) ==
                0) &&
           bind_it(s) && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

bm_status queue_open(struct queue **queue)
{
    struct queue *q = calloc(1, sizeof *q);

    *queue = NULL;
    if (q == NULL) {
        return BM_E_MEMORY;
    }
    q->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (q->socket == NULL || !set_up(q->socket)) {
        queue_close(q);
        return BM_E_AGENT_RULESET;
    }
    *queue = q;
    return BM_OK;
}

void queue_close(struct queue *queue)
{
    if (queue != NULL) {
        if (queue->socket != NULL) {
            (void)mnl_socket_close(queue->socket);
        }
        free(queue);
    }
}

int queue_fd(const struct queue *queue)
{
    return mnl_socket_get_fd(queue->socket);
}

/* ---- Packets */

static void answer(const struct queue *q, uint32_t id, int verdict,
                   uint32_t mark)
{
    union message m;
    struct nlmsghdr *h =
        nfq_nlmsg_put(m.octets, NFQNL_MSG_VERDICT, POLICY_NFT_QUEUE);

    nfq_nlmsg_verdict_put(h, (int)id, verdict);
    if (mark != 0) {
        nfq_nlmsg_verdict_put_mark(h, mark);
    }
    /* One that is not there any more was dropped, with the ruleset it was of;
     * without memory it waits for ever, which is no way through either. */
    (void)mnl_socket_sendto(q->socket, h, h->nlmsg_len);
}

static struct bm_fw_decision judge(const struct queue *q, unsigned hook,
                                   struct nlattr *const *attr)
{
    struct inspect_packet p = { .direction = hook == NF_INET_LOCAL_OUT
                                                 ? BM_FW_OUT
                                                 : BM_FW_IN };

    if (q->inspect == NULL || attr[NFQA_PAYLOAD] == NULL) {
        return (struct bm_fw_decision){ .verdict = BM_FW_DROP };
    }
    p.head.p = mnl_attr_get_payload(attr[NFQA_PAYLOAD]);
    p.head.n = mnl_attr_get_payload_len(attr[NFQA_PAYLOAD]);
    p.length = p.head.n;
    if (attr[NFQA_CAP_LEN] != NULL) { /* there is more than was copied */
        p.length = ntohl(mnl_attr_get_u32(attr[NFQA_CAP_LEN]));
    }
    if (attr[NFQA_HWADDR] != NULL) {
        const struct nfqnl_msg_packet_hw *hw =
            mnl_attr_get_payload(attr[NFQA_HWADDR]);

        p.mac = ntohs(hw->hw_addrlen) == 6 ? hw->hw_addr : NULL;
    }
    return inspect_judge(q->inspect, &p, q->now);
}

/* The kernel's numbers rise by one with each packet, of which some may not have
 * come. */
static void note_number(struct queue *q, uint32_t id)
{
    if (q->inspect != NULL && id - q->last > 1) {
        inspect_lost(q->inspect, id - q->last - 1);
    }
    q->last = id;
}

static int take(const struct nlmsghdr *h, void *context)
{
    struct nlattr *attr[NFQA_MAX + 1] = { NULL };
    const struct nfqnl_msg_packet_hdr *packet;
    struct queue *q = context;
    struct bm_fw_decision d;
    uint32_t mark = 0;

    if (nfq_nlmsg_parse(h, attr) < 0 || attr[NFQA_PACKET_HDR] == NULL) {
        return MNL_CB_OK;
    }
    packet = mnl_attr_get_payload(attr[NFQA_PACKET_HDR]);
    note_number(q, ntohl(packet->packet_id));
    d = judge(q, packet->hook, attr);
    if (attr[NFQA_MARK] != NULL) {
        mark = ntohl(mnl_attr_get_u32(attr[NFQA_MARK]));
    }
    if (d.verdict == BM_FW_RESET) { /* the ruleset answers such a one */
        answer(q, q->last, NF_REPEAT, mark | POLICY_NFT_RESET);
    } else {
        answer(q, q->last, bm_fw_passes(d) ? NF_ACCEPT : NF_DROP, 0);
    }
    return MNL_CB_OK;
}

void queue_serve(struct queue *queue, struct inspect *inspect, uint32_t now)
{
    union message m;

    queue->inspect = inspect;
    queue->now = now;
    for (unsigned i = 0; i < QUEUE_TURN; i++) {
        ssize_t n = mnl_socket_recvfrom(queue->socket, &m, sizeof m);

        if (n > 0) {
            (void)mnl_cb_run(&m, (size_t)n, 0,
                             mnl_socket_get_portid(queue->socket), take, queue);
        } else if (n == 0 || (errno != EINTR && errno != ENOBUFS)) {
            return; /* ENOBUFS: some were lost; what came next says how many */
        }
    }
}
