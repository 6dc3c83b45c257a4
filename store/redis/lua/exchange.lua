-- ARGV: name, the first 58 bytes of the record after the exchange, ttl
-- The rule is that of core.Record.Exchanged. This script runs in every refresh. It does
-- without the prelude, whose functions would be made again each time.
local call, state = redis.call, ARGV[2]
local v = call('HGET', KEYS[1], ARGV[1])
if not v then
	v = call('HGET', KEYS[1], '-' .. ARGV[1])
	call('HDEL', KEYS[1], '') -- deletes nothing, and fails on a replica, which may be behind
	return v and {v} -- a revoked record, or false
end
if string.byte(v) ~= 1 or #v < 65 then
	return {err = 'TOKENAUTH a record has a format that this version does not know'}
end
local generation, ref, _, _, expiresAt, revokedAt = struct.unpack('>I7c16c16I6I6I6', v, 2)
local after, _, from, at = struct.unpack('>I7c16c16I6', state, 2)
local ahead = after - 1 - generation
if revokedAt ~= 281474976710655 or at >= expiresAt or ahead < 0 or ahead == 0 and ref ~= from then
	call('HDEL', KEYS[1], '') -- as above
	return {v} -- in a list, to be told from success
end
local constant = string.sub(v, 59)
call('HSET', KEYS[1], ARGV[1], state .. constant)
if call('PTTL', KEYS[1]) < tonumber(ARGV[3]) - 3600000 then
	call('PEXPIRE', KEYS[1], ARGV[3])
end
return constant -- the caller has the rest
