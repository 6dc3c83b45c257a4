-- ARGV: name, record, its revokedAt in six bytes, limit, user, issuedAt in six bytes,
-- ttl, the moment before which expired records are deleted, how many unrevoked ones of
-- those at most, how many revoked records are kept
local name, record, user, issuedAtBytes = ARGV[1], ARGV[2], ARGV[5], ARGV[6]
local limit, before, most, kept = tonumber(ARGV[4]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local issuedAt = struct.unpack('>I6', issuedAtBytes)
if call('HEXISTS', KEY, name) == 1 or call('HEXISTS', KEY, '-' .. name) == 1 then
	return false
end

local names, failure = listed(user)
local fields = names
if limit > 0 then
	fields = fields or call('HKEYS', KEY)
else
	-- The user may have any number of records, and a random few are enough: where one
	-- in so many has expired, each login deletes as many as it adds.
	fields = fields and {unpack(fields, 1, most)} or call('HRANDFIELD', KEY, most)
end
local live, gone = {}, {}
failure = failure or unrevoked(fields, user, function(field, v, at, expiresAt)
	if expiresAt < before then
		if #gone < most then
			gone[#gone + 1] = {name = field}
		end
	elseif issuedAt < expiresAt then
		live[#live + 1] = {name = field, v = v, issuedAt = at}
	end
end)
if failure then
	return failure
end
local list = revokedList(user)
if not list then
	return UNKNOWN
end

call('HSET', KEY, name, record) -- first, so that the key never goes
for _, r in ipairs(gone) do
	call('HDEL', KEY, r.name)
end
local _, evicted = split(live, limit > 0 and limit - 1 or #live)
for _, r in ipairs(evicted) do
	gone[#gone + 1] = r
end
local rest, added = revokeAll(list, evicted, issuedAtBytes, kept), name
if struct.unpack('>I6', ARGV[3]) ~= NEVER then -- it was revoked already, in another store
	rest, added = revokeAll(rest, {{name = name, v = record, issuedAt = issuedAt}}, ARGV[3], kept), nil
end
rest = dropRevoked(rest, kept, before)
if rest ~= list then
	saveRevoked(user, rest)
end
saveUnrevoked(user, names, gone, added, rest, kept)

-- The key lives as long as its longest-lived record. A difference of an hour does not
-- matter, or every login and every exchange would be two writes.
if call('PTTL', KEY) < tonumber(ARGV[7]) - 3600000 then
	call('PEXPIRE', KEY, ARGV[7])
end
return reply(evicted)
