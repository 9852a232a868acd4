/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("birthmarkd %s\n", BM_VERSION);
        return 0;
    }
    fprintf(stderr, "usage: birthmarkd --version\n");
    return 2;
}
