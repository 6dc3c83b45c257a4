package jwttoken

import (
	"bytes"
	"encoding/hex"
	"slices"
)

// lowOrder are the encodings of all points of Ed25519 whose order divides 8, without
// the bit that tells the two of one y apart (RFC 8032 §5.1.2): y = 0 and 1, the two of
// order 8, -1, and 0 and 1 encoded with the prime added to them.
var lowOrder = [...]string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// hasLowOrder reports whether an Ed25519 public key is one that anybody can sign for.
// crypto/ed25519 takes it, and 32 bytes that nobody has set are one.
func hasLowOrder(public []byte) bool {
	y := bytes.Clone(public)
	y[len(y)-1] &= 0x7f
	return slices.Contains(lowOrder[:], hex.EncodeToString(y))
}
