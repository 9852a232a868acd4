/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "keygen", "[OPTION]... URI", "make a key that signs images",
      cmd_image_keygen },
    { "request", "--subject DN [OPTION]... URI",
      "print a request for the certificate of such a key", cmd_image_request },
    { "sign", "--key URI... --out FILE [OPTION]... FILE",
      "make an image of a program, and sign it", cmd_image_sign },
    { "show", "[--json] FILE", "print what a firmware image says of itself",
      cmd_image_show },
    { "verify", "{--key FILE | --keyset FILE}... FILE",
      "check an image: form, digest, signatures", cmd_image_verify },
    { "convert", "--out FILE [OPTION]... FILE",
      "octets, Intel HEX, padded or not, or of wolfBoot", cmd_image_convert },
    { "send", "--port TTY [OPTION]... FILE",
      "send a signed image to a device in recovery", cmd_image_send },
    { NULL, NULL, NULL, NULL },
};

int cmd_image(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark image", argc, argv);
}
