// Package redisstore keeps refresh-token records in Redis: on one server, behind
// Sentinel or in a Cluster.
package redisstore
