-- ARGV: user, at
local all, live = redis.call('HGETALL', KEY), {}
local at = tonumber(ARGV[2])
for i = 1, #all, 2 do
	local v = all[i + 1]
	if unknown(v) then
		return UNKNOWN
	end
	local expiresAt, revokedAt = life(v)
	if revokedAt == NEVER and at < expiresAt and isOf(v, ARGV[1]) then
		live[#live + 1] = all[i]
		live[#live + 1] = v
	end
end
return live
