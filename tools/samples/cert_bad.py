# SPDX-License-Identifier: Apache-2.0
def bad_certs():
    return []
