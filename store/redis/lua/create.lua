-- ARGV: field, record, limit, user, issuedAt, issuedAt in six bytes, ttl, the
-- moment before which expired records go, how many of them at most
if redis.call('HEXISTS', KEY, ARGV[1]) == 1 then
	return 0
end
local limit, issuedAt, before, most = tonumber(ARGV[3]), tonumber(ARGV[5]), tonumber(ARGV[8]), tonumber(ARGV[9])

-- Without a limit a user may have any number of records, and a random few are
-- enough: where one in so many has gone by, each login deletes as many as it adds.
local all
if limit > 0 then
	all = redis.call('HGETALL', KEY)
else
	all = redis.call('HRANDFIELD', KEY, most, 'WITHVALUES')
end

local live, dead = {}, {}
for i = 1, #all, 2 do
	local field, v = all[i], all[i + 1]
	if unknown(v) then
		return UNKNOWN
	end
	local expiresAt, revokedAt, at = life(v)
	if expiresAt < before then
		if #dead < most then
			dead[#dead + 1] = field
		end
	elseif limit > 0 and revokedAt == NEVER and issuedAt < expiresAt and isOf(v, ARGV[4]) then
		live[#live + 1] = {field = field, v = v, at = at}
	end
end

if #live >= limit and limit > 0 then
	-- Lua compares strings in the order of the server's locale, not by bytes.
	local function earlier(a, b)
		if a.at ~= b.at then
			return a.at < b.at
		end
		for i = 1, #a.field do
			local x, y = string.byte(a.field, i), string.byte(b.field, i)
			if x ~= y then
				return x < y
			end
		end
		return false
	end
	table.sort(live, earlier)
	for i = 1, #live - (limit - 1) do
		redis.call('HSET', KEY, live[i].field, revoked(live[i].v, ARGV[6]))
	end
end
for _, field in ipairs(dead) do
	redis.call('HDEL', KEY, field)
end
redis.call('HSET', KEY, ARGV[1], ARGV[2])
keep(ARGV[7])
return 1
