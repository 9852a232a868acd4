/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/fs.h"

#define KEPT (UINT32_C(1) << CAP_NET_ADMIN)

/* capget(2), capset(2): the C library has no names for them. */
static bm_status keep_one(void)
{
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &head, data) != 0) {
        return fs_status(errno);
    }
    if ((data[0].permitted & KEPT) == 0) {
        return BM_E_AGENT_CAPABILITY;
    }
    memset(data, 0, sizeof data);
    data[0].permitted = KEPT;
    data[0].effective = KEPT;
    return syscall(SYS_capset, &head, data) == 0 ? BM_OK : fs_status(errno);
}

/* What this process could get back by running another program. Who may not
 * even take rights away has none to lose there. */
static void drop_bounds(void)
{
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
        if (cap != CAP_NET_ADMIN) {
            (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
        }
    }
}

bm_status sandbox_enter(void)
{
    drop_bounds();
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fs_status(errno);
    }
    return keep_one();
}
