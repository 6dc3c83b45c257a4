package bench

import "crypto/rand"

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
