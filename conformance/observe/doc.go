// Package observe runs storetest on stores that are observed, and has real back ends take
// what the observers tell. It has no code of its own and is never released.
package observe
