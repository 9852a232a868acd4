// SPDX-License-Identifier: Apache-2.0

// The checksum database's own packages read our ledger: its checkpoints with
// note.Open, its tiles, entries and proofs with tlog.
//
//	tlog read DIR VKEY       a published tree, every entry of it
//	tlog proof VKEY FILE...  proof files (C2SP tlog-proof)
//	tlog sign ORIGIN NOTE    a checkpoint of its own; prints the key
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(ok bool, what string) {
	if !ok {
		must(fmt.Errorf("%s", what))
	}
}

// C2SP tlog-checkpoint: origin, size, root, and no more.
func open(text []byte, vkey string) (int64, tlog.Hash) {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	n, err := note.Open(text, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(n.Text, "\n")
	check(len(lines) == 4 && lines[3] == "", "three lines")
	check(lines[0] == verifier.Name(), "the origin is the key's name")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	var hash tlog.Hash
	check(copy(hash[:], root) == len(hash), "32 octets")
	return size, hash
}

// Tiles in a directory. C2SP tlog-tiles has no height in its paths.
type tiles struct{ dir string }

func (t tiles) Height() int { return height }

func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range list {
		path := strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(t.dir, "tile", path))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func (t tiles) SaveTiles(list []tlog.Tile, data [][]byte) {}

// The entries of a bundle: big-endian uint16 lengths.
func entries(dir string, size int64) [][]byte {
	var out [][]byte
	for i := int64(0); i < size; i += 256 {
		tile := tlog.TileForIndex(height, tlog.StoredHashIndex(0, i))
		tile.W = 256
		if size-i < 256 {
			tile.W = int(size - i)
		}
		path := strings.TrimPrefix(tile.Path(), "tile/8/0/")
		data, err := os.ReadFile(filepath.Join(dir, "tile/entries", path))
		must(err)
		for len(data) > 0 {
			n := int(data[0])<<8 | int(data[1])
			out = append(out, data[2:2+n])
			data = data[2+n:]
		}
	}
	return out
}

func read(dir, vkey string) {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err)
	size, root := open(text, vkey)
	tree := tlog.Tree{N: size, Hash: root}
	hashes := tlog.TileHashReader(tree, tiles{dir})
	whole, err := tlog.TreeHash(size, hashes)
	must(err)
	check(whole == root, "root of the tiles")
	list := entries(dir, size)
	check(int64(len(list)) == size, "as many entries as leaves")
	for i, entry := range list {
		leaf := tlog.RecordHash(entry)
		proof, err := tlog.ProveRecord(size, int64(i), hashes)
		must(err)
		must(tlog.CheckRecord(proof, size, root, int64(i), leaf))
	}
	for m := int64(1); m <= size; m += 37 {
		old, err := tlog.TreeHash(m, hashes)
		must(err)
		proof, err := tlog.ProveTree(size, m, hashes)
		must(err)
		must(tlog.CheckTree(proof, size, root, m, old))
	}
	fmt.Println(size)
}

func proof(vkey, path string) {
	text, err := os.ReadFile(path)
	must(err)
	head, rest, ok := bytes.Cut(text, []byte("\n\n"))
	check(ok, "an empty line")
	lines := strings.Split(string(head), "\n")
	check(lines[0] == "c2sp.org/tlog-proof@v1", "the first line")
	check(strings.HasPrefix(lines[1], "extra "), "extra data")
	extra, err := base64.StdEncoding.DecodeString(lines[1][6:])
	must(err)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err)
	var p tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		must(err)
		p = append(p, hash)
	}
	size, root := open(rest, vkey)
	must(tlog.CheckRecord(p, size, root, index, tlog.RecordHash(entry(extra))))
}

func main() {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "read":
		read(os.Args[2], os.Args[3])
	case len(os.Args) > 3 && os.Args[1] == "proof":
		for _, path := range os.Args[3:] {
			proof(os.Args[2], path)
		}
	case len(os.Args) == 4 && os.Args[1] == "sign":
		sign(os.Args[2], os.Args[3])
	default:
		must(fmt.Errorf("wrong use"))
	}
}

func sign(origin, path string) {
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	must(err)
	signer, err := note.NewSigner(skey)
	must(err)
	var hash tlog.Hash
	copy(hash[:], "a root that is none, 32 octets..")
	text := fmt.Sprintf("%s\n1234\n%s\n", origin, hash)
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	must(err)
	must(os.WriteFile(path, msg, 0o600))
	// The third part is base64, which has plus signs of its own.
	key, err := base64.StdEncoding.DecodeString(strings.SplitN(vkey, "+", 3)[2])
	must(err)
	fmt.Println(hex.EncodeToString(key[1:]), hash)
}
