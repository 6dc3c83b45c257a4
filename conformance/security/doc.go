// Package security holds the statements of SECURITY.md against the tests that they
// name.
package security
