// Package jwttoken is the access-token format: it makes and verifies access
// tokens that are JWTs (RFC 7519), for package core.
//
//	signer, err := jwttoken.HS256(secret)
//	schema, err := core.New(store, signer, core.Config{Secret: refreshSecret})
//
// The algorithms are HMAC, RSA (PKCS #1 v1.5 and PSS), ECDSA and Ed25519. With
// HMAC whoever verifies a token can make one; with the others a resource server
// needs public keys alone.
//
// # Format
//
// A token is a JWS in compact form (RFC 7515 §3.1) of at most [MaxTokenBytes]
// bytes. Its header and payload are laid out like this, in this order:
//
//	{"alg":"EdDSA","typ":"at+jwt","kid":"2026-11"}
//
//	{"iat":1795435200,"exp":1795435260,
//	 "user_id":"user-42","ref_id":"6b1f7c1a-92f5-4b3e-8d5c-0a4d8f7e2c11","sid":"mzx5…",
//	 "iss":"https://id.example.com","aud":"https://api.example.com",
//	 "role":"admin"}
//
// iat and exp are whole seconds; ref_id is the reference, which names the access
// token; sid is the id of the session's record. kid, iss and aud are there if
// configured. The application's own claims come last, byte for byte as they
// were given. Other layouts are verified too, as long as they are as strict:
// [Signer.Verify] says what that means, and [Signer.Sign] what can't be signed.
//
// The typ is that of RFC 9068, but the claims are not those of its profile,
// which calls for sub, client_id and jti.
//
// # Rotating keys
//
// [New] takes several keys: the first signs, all of them verify, and the kid in a
// token's header says which. To change the key that signs, on any number of
// servers:
//
//  1. Add the new key behind the present one, everywhere. Wait until every
//     resource server has fetched the new JWK set, which may be cached for 5 minutes.
//  2. Move it to the front, everywhere.
//  3. Take the old one out once a RefreshTokenDuration has passed since then,
//     and no sooner: a refresh needs the expired access token verified, and it may
//     be as old as its session. Taking it out sooner logs out the users whose last
//     token it signed, which is right if the key is no longer secret.
//
// Tokens without kid, as [HS256] and its like make them, are verified by the key
// without kid: to go from one key to several, list the old key with the kid "".
// A change of Issuer, Audience or Type, in contrast, makes all earlier tokens
// invalid, and so ends their sessions.
//
// A [Signer] and a [Verifier] never change. To take up new keys while running,
// make new ones and keep them in a [sync/atomic.Pointer], in a
// [core.TokenSigner] or [core.TokenVerifier] of your own.
//
// # Caveats
//
// Verify proves that a token is genuine and no more: whether it has expired is for
// [core.Verifier] or [core.Schema] to say, and neither knows of a session that
// was revoked meanwhile. The payload is signed, not encrypted: its bearer can
// read it.
//
// ECDSA and RSA-PSS signatures are different each time, and of one ECDSA
// signature anybody can make a second: the text of a token does not identify it,
// its reference does.
package jwttoken
