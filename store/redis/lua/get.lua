-- ARGV: field
-- A script even though it only reads: the client might send an HGET to a replica
-- or answer it from its own cache.
return redis.call('HGET', KEY, ARGV[1])
