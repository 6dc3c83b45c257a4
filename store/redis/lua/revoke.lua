-- ARGV: field, at in six bytes
local v = redis.call('HGET', KEY, ARGV[1])
if not v then
	return false
end
if unknown(v) then
	return UNKNOWN
end
local _, revokedAt = life(v)
if revokedAt == NEVER then
	v = revoked(v, ARGV[2])
end
-- Written even where nothing changes: WAIT waits for writes of its own connection
-- only, and an earlier revocation may not have reached the replicas yet.
redis.call('HSET', KEY, ARGV[1], v)
return 1
