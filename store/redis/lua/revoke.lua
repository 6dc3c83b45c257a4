-- ARGV: name of the one record or '', user or '', name of the exception or '', the
-- latest issuedAt, revokedAt in six bytes, how many revoked records are kept
local user, latest, at, kept = ARGV[2], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local fields, names, failure = {ARGV[1]}, nil, nil
if ARGV[1] == '' then
	names, failure = listed(user)
	fields = names or call('HKEYS', KEY)
end
local selected = {}
failure = failure or unrevoked(fields, user ~= '' and user, function(name, v, issuedAt)
	if issuedAt <= latest and name ~= ARGV[3] then
		selected[#selected + 1] = {name = name, v = v, issuedAt = issuedAt}
	end
end)
if failure then
	return failure
end
if #selected == 0 then
	-- An earlier revocation may not have reached the replicas yet, and WAIT promises to
	-- wait for writes of its own connection only. So this is one.
	local ttl = call('PTTL', KEY)
	if ttl > 0 then
		call('PEXPIRE', KEY, ttl)
	else
		call('HDEL', KEY, '') -- deletes nothing, and fails on a replica, which may be behind
	end
	return {}
end
user = userOf(selected[1].v)
if not names then
	names, failure = listed(user)
end
local list = revokedList(user)
if failure or not list then
	return UNKNOWN
end
list = dropRevoked(revokeAll(list, selected, at, kept), kept, 0)
saveRevoked(user, list)
saveUnrevoked(user, names, selected, nil, list, kept)
return reply(selected)
