-- ARGV: field, generation and from as they stand in a record, a record's first 58
-- bytes after the exchange, at, ttl
-- This script runs in every refresh. It does without the prelude, whose functions
-- would be made anew each time.
local call = redis.call
local v = call('HGET', KEYS[1], ARGV[1])
if not v then
	return false
end
if string.byte(v) ~= 1 or #v < 65 then
	return {err = 'TOKENAUTH a record has a format that this version does not know'}
end
local expiresAt, revokedAt = struct.unpack('>I6I6', v, 47)
if revokedAt ~= 281474976710655 or tonumber(ARGV[4]) >= expiresAt then
	return {v}
end
if string.sub(v, 2, 24) ~= ARGV[2] and struct.unpack('>I7', v, 2) >= struct.unpack('>I7', ARGV[2]) then
	return {v}
end
local constant = string.sub(v, 59)
call('HSET', KEYS[1], ARGV[1], ARGV[3] .. constant)
if call('PTTL', KEYS[1]) < tonumber(ARGV[5]) - 3600000 then
	call('PEXPIRE', KEYS[1], ARGV[5])
end
return constant
