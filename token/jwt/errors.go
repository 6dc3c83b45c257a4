package jwttoken

import (
	"errors"
	"fmt"
)

// The errors of this package. Match them with [errors.Is]. What they say in
// addition is for people to read; it holds no token text and no key material.
var (
	// ErrKey says that a key, or a set of keys, can't be used: see NewKey, New and
	// ParseJWKS.
	ErrKey = errors.New("unusable key")
	// ErrClaims says that no access token can carry these claims: see
	// [Signer.Sign].
	ErrClaims = errors.New("unusable claims")
	// ErrToken says that a text is not a genuine access token: see [Signer.Verify].
	ErrToken = errors.New("access token not genuine")
)

func keyError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrKey}, args...)...)
}

func claimsError(reason string) error { return fmt.Errorf("%w: %s", ErrClaims, reason) }

func tokenError(reason string) error { return fmt.Errorf("%w: %s", ErrToken, reason) }
