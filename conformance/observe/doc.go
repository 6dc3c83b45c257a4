// Package observe runs storetest on observed stores, and exports to real back ends what the
// observers tell. It has no code of its own and is never released.
package observe
