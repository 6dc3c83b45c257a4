// Package server starts real database servers for tests of stores: Redis (alone, as a
// cluster, behind Sentinel), PostgreSQL and MariaDB, each on a free loopback port with
// its data in a temporary folder.
//
//	func TestStore(t *testing.T) {
//		redisServer := server.Redis(t)
//		client := redis.NewClient(&redis.Options{Addr: redisServer.Addr()})
//		…
//	}
//
// A server answers when its constructor returns, and is gone, with its folder, when
// the test that it was given has ended. Between them the test can Kill it as a crash
// does, Stop it in good order, and Start it again on the same port and data. Anything
// the server said is in the failure when that does not work. [NewProxy] cuts a
// connection to it.
//
// # Programs
//
// The programs are those of the machine: redis-server and redis-sentinel, those of
// postgresql, those of mariadb-server, by the names of their Debian packages. Where
// one is missing the test is skipped and says what to install; where the environment
// variable CI is not empty it fails, because a test that is skipped there unseen shows
// nothing. PostgreSQL refuses to run as root, so a test that does starts it as the
// user postgres, who must be able to reach the folder for temporary files.
//
// # Safety
//
// Servers listen on 127.0.0.1 alone and let anybody in who can reach it, so that other
// users of the machine may read the data of tests. Never put anything else in them. On
// Linux a server dies with the process of the test, however that ends; elsewhere one
// whose test is killed stays. A test that is killed leaves its temporary folder.
//
// What a server has acknowledged survives Kill, as its defaults promise (Redis is
// configured to do so). Nothing here cuts the power: what the kernel holds is kept.
package server
