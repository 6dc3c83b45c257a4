-- ARGV: field, generation, from, at, the record's first 58 bytes afterwards, ttl
local v = redis.call('HGET', KEY, ARGV[1])
if not v then
	return false
end
if unknown(v) then
	return UNKNOWN
end
local generation, ref = struct.unpack('>I7c16', v, 2)
local expiresAt, revokedAt = life(v)
local presented = tonumber(ARGV[2])
local stands = generation == presented and ref == ARGV[3]
local behind = generation < presented
if revokedAt ~= NEVER or tonumber(ARGV[4]) >= expiresAt or not (stands or behind) then
	return '0' .. v
end
v = ARGV[5] .. string.sub(v, 59)
redis.call('HSET', KEY, ARGV[1], v)
keep(ARGV[6])
return '1' .. v
