// Package redisstore keeps refresh-token records in Redis: on one server, behind
// Sentinel or in a Cluster.
//
//	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client, redisstore.Options{})
//	schema, err := core.New(store, tokens, core.Config{Secret: secret})
//
// Any number of processes may use the same records. The server needs Redis 6.2 or
// later; the tests run on 7.0.
//
// # What is stored
//
// The records of one user lie in one hash, tokenauth:{shard}, each a field, so that
// a Cluster has them on one node. Every call is one script with that one key and one
// round trip: atomic everywhere, and while a Cluster is resharded too. Scripts are
// sent anew to servers that don't know them. No key is without a time to live, which
// is reckoned from the times that callers give, with a day to spare for clocks that
// differ, and which is that of the hash's longest-lived record. Records that expired
// more than a day before a login of the same user go with it, at most 16 a time.
// DeleteExpired has nothing to do.
//
// Exchange, Get and Revoke cost the same whatever the store holds. RevokeUser,
// ListUser and, with a limit, Create look at all records of the user, dead ones too
// as long as they stay: a user who logs in a thousand times in a RefreshTokenDuration
// makes them take about a millisecond, in which the server serves nobody else.
//
// # Memory
//
// A session with a user id of 11 bytes, a browser's User-Agent of 120 and claims of
// 60 takes 552 bytes of MEMORY USAGE, its key included, and 631 of used_memory
// (100,000 users with a session each; further sessions of a user about 420 each).
// With hash-max-listpack-value 1024 in the server's configuration they are 392 and
// 453. A session stays a day longer than it lives.
//
// maxmemory-policy must be noeviction. With any other a full server removes sessions
// by itself: users are logged out, and which doesn't show anywhere. With noeviction
// every change fails until there is memory again, revocations as well as logins and
// refreshes: nobody is logged out, not even who is to be. Watch used_memory.
//
// # Durability
//
// What a call has acknowledged survives the server's crash as far as its persistence
// goes: with appendonly yes and appendfsync always all of it, with everysec all but
// the last second or two, with snapshots alone all since the last. The sections
// below say what a loss means.
//
// # Failover
//
// Redis replicates asynchronously. A failover, by Sentinel or in a Cluster, may lose
// what the old primary acknowledged last, and all that it acknowledged while it was
// cut off without noticing. Then
//
//   - a lost exchange heals: the client's token is ahead of its record, which the
//     schema takes for what it is, and the next refresh goes on from there;
//   - a lost login is a session that does not exist: its user logs in once more;
//   - a lost revocation hurts: a session that was ended is live again, until its
//     ExpiresAt or until somebody repeats the revocation (core.Schema.RevokeUser).
//
// Options.WaitReplicas makes every change wait until so many replicas have it (WAIT),
// and fail if they don't in time. The server's min-replicas-to-write and
// min-replicas-max-lag make a primary that is cut off refuse changes after some
// seconds, which bounds what it acknowledges in vain. With one replica to each
// primary and WaitReplicas 1 the death of either loses nothing; with more, what is
// lost is what the replica had not received that takes over, usually the one that
// has most. None of this makes Redis a consensus: where a lost revocation is not to
// be borne, keep the sessions in a SQL database.
//
// During a failover calls fail, and core's answer is 503. Choose core.Config.Grace
// longer than one takes.
//
// # Errors and deadlines
//
// A change is sent once: the client's MaxRetries does not apply, because a change
// that is repeated after its answer was lost meets its own effect and would report a
// conflict that there never was. Get and ListUser are repeated as MaxRetries says.
//
// A call returns when its context's deadline has passed. Set ContextTimeoutEnabled in
// the client's options: without it the client does not mind deadlines once a command
// is sent, and calls that have one cost a goroutine each, which lives on until the
// client's own timeouts. A context that is cancelled before its deadline stops a call
// that waits for a connection, but not one that waits for the server: that takes the
// client's ReadTimeout at most, and with ReadTimeout -1 it may wait without end.
//
// # Permissions
//
// An ACL user needs the keys ~tokenauth:* and the commands EVALSHA, EVAL, HGET, HSET,
// HDEL, HEXISTS, HGETALL, HRANDFIELD, PTTL and PEXPIRE, WAIT for Options.WaitReplicas,
// and what go-redis needs itself: HELLO and CLIENT, for a Cluster CLUSTER, COMMAND and
// ASKING too.
package redisstore
