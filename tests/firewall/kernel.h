/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FIREWALL_KERNEL_H
#define BM_TESTS_FIREWALL_KERNEL_H

#include "firewall/packet.h"

/*
 * A device that runs Linux: a network namespace with one interface, which is
 * in our hands. What comes in is written to it, and passed when it gets as far
 * as a socket would be; what goes out is sent by a socket, and passed when it
 * leaves. Nobody answers, so that frames come in the order of the test.
 */

#define KERNEL_DEVICE "bm0"

struct kernel {
    int tap;
    int log;
    int conntrack;
    int raw4; /* sockets of who sends */
    int raw6;
    int packet;
    int index;
    /* Unless NULL: called when a frame was shown, before it is looked what
     * became of it. */
    void (*meanwhile)(void *context);
    void *context;
};

enum kernel_verdict {
    KERNEL_DROPPED,
    KERNEL_PASSED,
    KERNEL_RESET
};

/*
 * The process moves into a namespace of its own. False: `*why` says what is not
 * permitted here; or it is NULL: that should have worked.
 */
bool kernel_open(struct kernel *k, const char **why);
void kernel_close(struct kernel *k);

/* The same without a device, and a script of the shell in it. */
bool kernel_enter(void);
bool kernel_shell(const char *script);

/* Put a ruleset of policy/nft.h into force, with its settings. */
bool kernel_load(const char *ruleset);

/* As the functions of netlink.h, and then all counts settle. */
bool kernel_forget(struct kernel *k);
bool kernel_age(struct kernel *k, uint32_t seconds);

/*
 * Can the kernel be shown this frame? Not what its own IP treats before or
 * after any ruleset: sources and destinations that are no hosts, or the same;
 * and of frames out a header of IP that no stack makes.
 */
bool kernel_takes(enum bm_fw_direction direction, const uint8_t *frame,
                  size_t n);

/* -1: it failed, and errno says why. */
int kernel_judge(struct kernel *k, enum bm_fw_direction direction,
                 const uint8_t *frame, size_t n);

#endif
