// Package boltstore keeps refresh-token records in a file of go.etcd.io/bbolt.
package boltstore
