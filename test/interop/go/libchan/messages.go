package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/docker/libchan"
)

// Request is what a caller sends on a top-level channel. Op says which of the other fields matter.
type Request struct {
	Op    string
	Value any
	N     int
	Data  *Record
	In    libchan.Receiver
	Ret   libchan.Sender

	Reader io.Reader
	Writer io.WriteCloser
	Duplex io.ReadWriteCloser

	Cmd    string
	Args   []string
	Stdin  io.Reader
	Stdout io.WriteCloser
	Stderr io.WriteCloser
}

// Reply answers a Request.
type Reply struct {
	Value  any
	N      int
	Sum    string
	Status int
	Data   *Record
}

// Record has a field of each kind. A time needs a field of no type: Go libchan encodes what a struct names with
// its type as if it had no extensions, and a *time.Time becomes an empty map.
type Record struct {
	Int    int64
	Uint   uint64
	Small  int8
	Float  float64
	Single float32
	Flag   bool
	Text   string
	Bytes  []byte
	When   any
	List   []string
	Map    map[string]string
	Inner  *Record
	Tagged string `msgpack:"tag"`
	Absent string `msgpack:",omitempty"`
}

// Link is one level of channels within channels.
type Link struct {
	Level int
	Text  string
	Next  libchan.Sender
}

// Number is one of a sequence.
type Number struct {
	N int
}

// nestingDepth is how many channels lie within each other.
const nestingDepth = 5

// streamBytes is the length of byte streams whose checksum is compared.
const streamBytes = 16 << 20

// pattern gives bytes that repeat at no power of two, so that lost and repeated pieces show.
type pattern struct {
	offset int
	left   int
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}

	n := min(len(b), p.left)
	for i := range n {
		at := (p.offset + i) % 65521
		b[i] = byte(at*at + at>>3)
	}
	p.offset += n
	p.left -= n

	return n, nil
}

// checksum reads to the end.
func checksum(r io.Reader) (int, string, error) {
	hash := sha256.New()
	n, err := io.Copy(hash, r)

	return int(n), hex.EncodeToString(hash.Sum(nil)), err
}

func patternSum(n int) string {
	_, sum, _ := checksum(&pattern{left: n})

	return sum
}
