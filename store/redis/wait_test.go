package redisstore

import "testing"

func TestTargetsOfRedirections(t *testing.T) {
	for _, c := range []struct{ to, from, want string }{
		{"10.0.0.2:7001", "10.0.0.1:7000", "10.0.0.2:7001"},
		{"redis.example:7001", "10.0.0.1:7000", "redis.example:7001"},
		{"2001:db8::2:7001", "[2001:db8::1]:7000", "[2001:db8::2]:7001"},
		{"[2001:db8::2]:7001", "[2001:db8::1]:7000", "[2001:db8::2]:7001"},
		{":7001", "10.0.0.1:7000", "10.0.0.1:7001"},
		{":7001", "[2001:db8::1]:7000", "[2001:db8::1]:7001"},
	} {
		if got := target(c.to, c.from); got != c.want {
			t.Errorf("%s by %s is a redirection to %s, want %s", c.to, c.from, got, c.want)
		}
	}
}
