-- ARGV: name
-- A script even though it only reads: the client might send an HGET to a replica
-- or answer it from a cache.
return redis.call('HGET', KEYS[1], ARGV[1]) or redis.call('HGET', KEYS[1], '-' .. ARGV[1])
