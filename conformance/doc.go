// Package conformance runs storetest on every store of this repository. It has no
// code of its own and is never released. The folders below it try the rest: the schema
// against an adversary, in a browser, with clients of OAuth 2.0, while keys rotate.
package conformance
