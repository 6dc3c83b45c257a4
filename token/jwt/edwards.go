package jwttoken

import (
	"bytes"
	"math/big"
	"slices"
)

// The field of Ed25519 and the d of its curve, -x² + y² = 1 + d·x²·y² (RFC 8032 §5.1).
var (
	edwardsP, _ = new(big.Int).SetString("57896044618658097711785492504343953926634992332820282019728792003956564819949", 10)
	edwardsD, _ = new(big.Int).SetString("37095705934669439343138083508754565189542113879843219016388785533085940283555", 10)
)

// isEd25519Key reports whether 32 bytes are the encoding of a point of the curve
// (RFC 8032 §5.1.3) whose order does not divide 8. For one of those few, of which
// 32 zeros are one, anybody can sign; crypto/ed25519 takes them and what is no point.
func isEd25519Key(public []byte) bool {
	b := bytes.Clone(public)
	slices.Reverse(b)
	b[0] &= 0x7f // the bit that says which of the two x
	y := new(big.Int).SetBytes(b)
	if y.Cmp(edwardsP) >= 0 {
		return false
	}
	one := big.NewInt(1)
	y2 := new(big.Int).Exp(y, big.NewInt(2), edwardsP)
	// x² is u/v, and that is a square if u·v is.
	u := new(big.Int).Sub(y2, one)
	v := new(big.Int).Mul(edwardsD, y2)
	v.Add(v, one)
	uv := u.Mul(u, v)
	if big.Jacobi(uv.Mod(uv, edwardsP), edwardsP) < 0 {
		return false
	}
	// The y of the points of order 1, 2 and 4 are 1, -1 and 0. Those of order 8 are
	// what doubling makes one of order 4: y² + x² = 0, and so d·y⁴ + 2y² = 1.
	w := new(big.Int).Mul(edwardsD, y2)
	w.Add(w, big.NewInt(2)).Mul(w, y2)
	w.Sub(w, one)
	return y2.Sign() != 0 && y2.Cmp(one) != 0 && w.Mod(w, edwardsP).Sign() != 0
}
