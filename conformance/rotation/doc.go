// Package rotation replaces the secret of the refresh tokens and the keys of the
// access tokens on servers that are in use.
package rotation
