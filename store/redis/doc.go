// Package redisstore keeps the records of sessions in Redis: on one server, behind
// Sentinel or in a Cluster.
//
//	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client, redisstore.Options{})
//	schema, err := core.New(store, signer, core.Config{Secret: secret})
//
// Any number of processes may use the same records. The server must be Redis 6.2 or
// later; the tests run on 7.0.
//
// # What is stored
//
// The records of one user are fields of one hash, tokenauth:{shard}, so that a Cluster
// keeps them on one node. Each call is one script with that one key and one round
// trip. So it is atomic on every kind of server, and while a Cluster moves slots. If a
// server does not know a script, the call sends it again.
//
// Every record begins with the version of its format. A record of another version makes
// a call fail with an error that says so, and never with core.ErrNotFound.
//
// Exchange and Get cost the same whatever the store holds, and so does Revoke of one
// record. Revoke of a user, ListUser and, with a limit, Create look at the user's
// unrevoked records. For a user with 100,000 of them such a call takes about a second,
// in which the server serves nobody else: set a limit.
//
// # Dead records
//
// The store keeps the 100 records of a user that were revoked last, and deletes the
// others in the call that revokes. Calls that look for unrevoked records do not read
// the revoked ones.
//
// Every key has a time to live. It is computed from the times that callers give, and is
// that of the longest-lived record in the hash and one more day. That day is the margin
// for clocks that differ. A login also deletes records of its user that expired more
// than a day before, at most 16 unrevoked ones. DeleteExpired has nothing to do: it
// returns 0.
//
// # Memory
//
// A session takes 552 bytes of MEMORY USAGE, its key included, and 631 of used_memory.
// That was measured with 100,000 users of one session each, a user ID of 11 bytes, a
// User-Agent of 120 and claims of 60. Further sessions of a user take about 400 each.
// With hash-max-listpack-value 1024 in the server's configuration a session takes 392
// and 453. A user with 100 dead records takes about 40 kB. A session stays a day longer
// than it lives.
//
// Set maxmemory-policy to noeviction. Under any other policy a full server deletes
// sessions by itself: users are logged out, and nothing shows which. Under noeviction
// every change fails until there is memory again: logins, refreshes and revocations.
// Nobody is logged out, including users whose sessions you try to revoke. Watch
// used_memory.
//
// # Durability
//
// The server's persistence decides how much of what a call acknowledged survives a
// crash of the server. With appendonly yes and appendfsync always, all of it survives.
// With everysec, all but the last second or two. With snapshots alone, all up to the
// last snapshot. The next section says what a loss means.
//
// # Failover
//
// Redis replicates asynchronously. A failover, by Sentinel or in a Cluster, may lose
// what the old primary acknowledged last. It also loses everything that the old primary
// acknowledged while it was cut off from the others.
//
//   - A lost exchange heals. The client's token is ahead of its record, the schema
//     sees that the store was rolled back, and the next refresh goes on from there.
//   - A lost login is a session that does not exist. Its user logs in again.
//   - A lost revocation is a security problem. A session that was ended is live again,
//     until its ExpiresAt or until the revocation is repeated (core.Schema.RevokeUser).
//
// With Options.WaitReplicas a change waits until so many replicas have it (WAIT), and
// fails if they do not acknowledge it in time. So does a revocation that finds nothing
// left to revoke, because an earlier one may not have reached the replicas. A change
// that failed so may stand. Repeat a revocation until it succeeds.
//
// Set min-replicas-to-write and min-replicas-max-lag on the server. Then a primary that
// is cut off refuses changes after some seconds, which bounds what it acknowledges and
// loses. With one replica for each primary and WaitReplicas 1, the death of either
// loses nothing. With more replicas, a failover loses what the promoted replica had not
// received. Redis is not a consensus system. If losing a revocation is unacceptable, use
// a SQL store.
//
// During a failover calls fail, and core answers 503. Clients that refresh again later
// stay logged in.
//
// # Errors and deadlines
//
// A change is sent once: the client's MaxRetries does not apply to it. If the server
// ran a change and the response was lost, a second attempt would meet the effect of the
// first: Create would return core.ErrExists, Exchange core.ErrConflict, and Revoke would
// leave out what it revoked. Get, ListUser and Records are repeated as MaxRetries says.
//
// A call returns when the deadline of its context has passed. After an error that is
// not one of core's, a change may still take effect shortly after the call returned, if
// the server was sent it.
//
// Set ContextTimeoutEnabled in the client's options. Without it the client ignores
// deadlines once a command is sent. Each call with a deadline then costs a goroutine,
// which lives until the client's own timeouts. A context that is cancelled before its
// deadline stops a call that waits for a connection. It does not stop one that waits
// for the server: that takes the client's ReadTimeout at most, and with ReadTimeout -1
// it may wait forever.
//
// # Records
//
// Records walks through the whole database by SCAN, in small steps, on each master of a
// Cluster. It skips keys that do not have the form Prefix{shard}. It may yield a record
// more than once. If a server restarts or fails over meanwhile, or a slot of the
// Cluster moves, Records may have missed records, and it ends with an error.
//
// # Settings
//
// The table lists the settings of go-redis and of the server that can change what a call does. The
// suite storetest passes under every setting whose last column says "no effect" or "set by the
// store", and with appendonly no.
//
//	setting                                                what it could do                                       what the store does
//	Ring                                                   sessions are forgotten when its servers change         refused by New
//	ReplicaOnly                                            reads what is old                                      every change fails: Get, ListUser and Records read what is old
//	ReadOnly, RouteByLatency, RouteRandomly                reads of a Cluster go to replicas                      no effect: scripts go to masters
//	MaxRetries                                             a change meets its own effect                          set by the store: a change is sent once
//	ContextTimeoutEnabled                                  false: a call ignores its deadline                     set by the store: a goroutine waits instead
//	Limiter's errors, MULTI, CLIENT REPLY OFF              no reply, or another one                               every call fails
//	Limiter, Hooks, OnConnect                              other commands; hooks see users' data                  no effect: with those that let commands pass
//	DB                                                     another database: stores of other numbers see nothing  no effect
//	Protocol, DisableIdentity, IdentitySuffix, ClientName  other forms of replies                                 no effect
//	CLIENT TRACKING, CLIENT NO-EVICT                       messages between replies                               no effect
//	PoolFIFO, PoolSize, PoolTimeout, PipelinePoolSize      waits for connections                                  no effect
//	MaxActiveConns, MinIdleConns, MaxIdleConns             waits for connections                                  no effect
//	ConnMaxLifetime, ReadBufferSize, WriteBufferSize       new connections, small reads                           no effect
//	ACL                                                    a command that is denied leaves a change half done     your choice: see Permissions
//	maxmemory                                              no room                                                every change fails: under noeviction
//	maxmemory-policy                                       not noeviction: sessions and revocations are deleted   your choice: see Memory
//	appendonly, appendfsync, save                          a crash loses the last changes                         your choice: see Durability
//	min-replicas-to-write                                  a failover loses the last changes                      your choice: see Failover
//	replica-read-only                                      no: a replica takes changes, and loses them            your choice: leave it on
//	busy-reply-threshold, notify-keyspace-events           other replies, more messages                           no effect
//
// A change that finds nothing to do asks the server for a write that does nothing. So a replica,
// which may be behind, does not say that a session is not there.
//
// # Hooks
//
// Hooks of go-redis, such as those for tracing, see user IDs, devices and application
// data in the arguments of commands. They see no credential.
//
// # Permissions
//
// An ACL user needs the keys ~tokenauth:* and these commands:
//
//   - EVALSHA, EVAL, HGET, HMGET, HSET, HDEL, HEXISTS, HKEYS, HLEN, HRANDFIELD, PTTL and
//     PEXPIRE for all calls;
//   - WAIT for Options.WaitReplicas;
//   - SCAN, HSCAN and INFO for Records;
//   - HELLO and CLIENT for go-redis, and for a Cluster CLUSTER, COMMAND and ASKING too.
package redisstore
