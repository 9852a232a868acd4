/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_TEST_SIGNATURES_H
#define BM_TESTS_HARNESS_TEST_SIGNATURES_H

/* One published signature, and what must not verify in its place: for every
 * provider of core/crypto.h that verifies ECDSA over P-256. */

/* RFC 6979 A.2.5: P-256, message "sample" */
#define RFC6979_POINT                                                    \
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" \
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define R256 \
    "00efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define S256 \
    "00f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define N256 \
    "00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

/* RFC 3279 2.2.3, X.690 10.1, 8.3.2; FIPS 186-5 6.4.2: 0 < r, s < n */
static const struct {
    const char *why;
    const char *sig;
} malformed[] = {
    { "no sequence", "0221" R256 "0221" S256 },
    { "a set", "31460221" R256 "0221" S256 },
    { "long form of a short length", "3081460221" R256 "0221" S256 },
    { "indefinite length", "30800221" R256 "0221" S256 "0000" },
    { "octets after it", "30460221" R256 "0221" S256 "00" },
    { "octets inside, after s", "30480221" R256 "0221" S256 "0500" },
    { "sequence longer than the input", "30470221" R256 "0221" S256 },
    { "only r", "30230221" R256 },
    { "nothing inside", "3000" },
    { "r with a redundant zero", "3047022200" R256 "0221" S256 },
    { "s with a redundant zero", "30470221" R256 "022200" S256 },
    { "r negative: its zero is missing",
      "30450220"
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "0221" S256 },
    { "r is zero", "30260201000221" S256 },
    { "s is zero", "30260221" R256 "020100" },
    { "r and s are zero", "3006020100020100" },
    { "r and s are one", "3006020101020101" },
    { "r is empty", "302502000221" S256 },
    { "r is the order", "30460221" N256 "0221" S256 },
    { "s is the order", "30460221" R256 "0221" N256 },
    { "r is not an INTEGER", "30460421" R256 "0221" S256 },
    { "r is 33 octets",
      "3046022101"
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "0221" S256 },
};

#define MALFORMED (sizeof malformed / sizeof malformed[0])

/* Points that are none of the curve, or not in the form of RFC 5480 2.2. */
static const char *const bad_points[] = {
    /* the last bit of y flipped */
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462298",
    /* zeros */
    "040000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000",
    /* x is the prime */
    "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    /* hybrid and compressed forms; infinity; nothing; one octet short */
    "0760fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    "00",
    "",
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d44622",
};
#define POINTS (sizeof bad_points / sizeof bad_points[0])

#endif
