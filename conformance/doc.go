// Package conformance runs storetest on every store of this repository. It has no
// code of its own and is never released.
package conformance
