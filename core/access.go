package core

// TokenVerifier tells genuine access tokens from others. Implementations are
// safe for concurrent use.
type TokenVerifier interface {
	// Verify returns the claims of a token whose signature and form are right,
	// and an error for any other text. It never judges times: an expired
	// token has its claims returned, because a refresh needs them, and core
	// judges times by its own clock. The error holds no part of the token.
	Verify(token string) (Claims, error)
}

// TokenSigner makes and verifies access tokens: it is the access-token format.
// Package jwttoken has the usual ones. Implementations are safe for concurrent
// use. Where one has a method HasPublicKey(b []byte) bool, New asks it whether a
// secret is one of its public keys, and then refuses that.
type TokenSigner interface {
	TokenVerifier
	// Sign returns the token that carries these claims, such that Verify
	// returns the same claims. Times are whole seconds, the reference is a
	// UUIDv4, no field but Extra is empty. The token is of the characters that a bearer
	// token can have (b64token in RFC 6750 §2.1), which a cookie can have too. It
	// fails where the claims can't be carried: where Extra is not a JSON object, or
	// has a name that is reserved.
	Sign(c Claims) (string, error)
}
