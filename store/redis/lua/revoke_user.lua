-- ARGV: user, at, at in six bytes
local all = redis.call('HGETALL', KEY)
for i = 2, #all, 2 do
	if unknown(all[i]) then
		return UNKNOWN
	end
end
local at, n = tonumber(ARGV[2]), 0
for i = 1, #all, 2 do
	local v = all[i + 1]
	local expiresAt, revokedAt, issuedAt = life(v)
	if revokedAt == NEVER and at < expiresAt and issuedAt <= at and isOf(v, ARGV[1]) then
		redis.call('HSET', KEY, all[i], revoked(v, ARGV[3]))
		n = n + 1
	end
end
if n == 0 and #all > 0 then
	-- For WAIT, as in revoke.lua.
	redis.call('HSET', KEY, all[1], all[2])
end
return n
