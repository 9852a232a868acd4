// SPDX-License-Identifier: Apache-2.0

package main

import "crypto/sha256"

// docs/ledger.md: extra is the CBOR map {1: version, 2: salt, 3: record, 4:
// key}; the entry is SHA-256("birthmark/leaf/v1" || salt || record). Written
// from the document alone, as an auditor would.
func entry(extra []byte) []byte {
	check(extra[0] == 0xa4 && extra[1] == 0x01 && extra[2] == 0x01, "map, version")
	rest := extra[3:]
	salt, rest := octets(rest, 2)
	record, rest := octets(rest, 3)
	_, rest = octets(rest, 4)
	check(len(salt) == 32 && len(rest) == 0, "members")
	message := append([]byte("birthmark/leaf/v1"), salt...)
	hash := sha256.Sum256(append(message, record...))
	return hash[:]
}

// A key, and a byte string of up to 65535 octets.
func octets(in []byte, key byte) ([]byte, []byte) {
	check(in[0] == key && in[1]>>5 == 2, "byte string")
	n := int(in[1] & 0x1f)
	in = in[2:]
	switch n {
	case 24:
		n, in = int(in[0]), in[1:]
	case 25:
		n, in = int(in[0])<<8|int(in[1]), in[2:]
	}
	return in[:n], in[n:]
}
