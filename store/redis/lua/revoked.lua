-- How scripts revoke records. The list of a user's revoked records begins with the byte
-- 1. Each record has 50 bytes in it: revokedAt, issuedAt, name and expiresAt. Those
-- that were revoked first come first.
--
-- The list of a user's unrevoked records, the byte 1 and their names, is there to find
-- them without the revoked ones. It is only made for users who have revoked records,
-- and not for more than LISTED names: then looking at all fields costs little more.

local ENTRY, LISTED = 50, 100

-- less compares texts of one length byte for byte. Lua itself compares them in the
-- order of the server's locale.
local function less(a, b)
	for i = 1, #a do
		local x, y = string.byte(a, i), string.byte(b, i)
		if x ~= y then
			return x < y
		end
	end
	return false
end

-- older is core.CompareRecords.
local function older(a, b)
	if a.issuedAt ~= b.issuedAt then
		return a.issuedAt < b.issuedAt
	end
	return less(a.name, b.name)
end

-- split returns the newest n of the records, and the others. It compares them by
-- IssuedAt first, and those that are equal by six characters of their names after the
-- other. Sorting a hundred thousand numbers is quick, sorting by a function is not.
local function split(records, n, place)
	if n >= #records then
		return records, {}
	elseif n <= 0 then
		return {}, records
	end
	local keys, sorted = {}, {}
	for i, r in ipairs(records) do
		keys[i] = place and struct.unpack('>I6', r.name .. '\0\0\0\0', place) or r.issuedAt
		sorted[i] = keys[i]
	end
	table.sort(sorted)
	local border = sorted[#sorted - n] -- the key of the newest of the others
	local newest, others, equal = {}, {}, {}
	for i, r in ipairs(records) do
		local to = keys[i] > border and newest or keys[i] < border and others or equal
		to[#to + 1] = r
	end
	local newer, rest = split(equal, n - #newest, place and place + 6 or 1)
	for _, r in ipairs(newer) do
		newest[#newest + 1] = r
	end
	for _, r in ipairs(rest) do
		others[#others + 1] = r
	end
	return newest, others
end

-- reply returns the records as names and values by turns.
local function reply(records)
	local flat = {}
	for i, r in ipairs(records) do
		flat[2 * i - 1], flat[2 * i] = r.name, r.v
	end
	return flat
end

-- revokedList returns the user's list, nil if this version does not know its format.
local function revokedList(user)
	local list = call('HGET', KEY, '=' .. user) or '\1'
	if string.byte(list) == 1 and #list % ENTRY == 1 then
		return list
	end
end

local function saveRevoked(user, list)
	if #list > 1 then
		call('HSET', KEY, '=' .. user, list)
	else
		call('HDEL', KEY, '=' .. user)
	end
end

-- revokeAll revokes the records at a moment in six bytes, and returns the list with
-- them. Of more than `kept` it deletes the oldest at once: all are revoked at one
-- moment, so those are not among the last of their user.
local function revokeAll(list, records, at, kept)
	local newest = split(records, kept)
	table.sort(newest, older)
	for _, r in ipairs(newest) do
		local entry = at .. string.sub(r.v, 59, 64) .. r.name .. string.sub(r.v, 47, 52)
		local place = #list
		while place > 1 and less(entry, string.sub(list, place - ENTRY + 1, place)) do
			place = place - ENTRY
		end
		list = string.sub(list, 1, place) .. entry .. string.sub(list, place + 1)
		call('HSET', KEY, '-' .. r.name, string.sub(r.v, 1, 52) .. at .. string.sub(r.v, 59))
	end
	for from = 1, #records, CHUNK do
		local names = {}
		for i = from, math.min(from + CHUNK - 1, #records) do
			names[#names + 1] = records[i].name
		end
		call('HDEL', KEY, unpack(names))
	end
	return list
end

-- dropRevoked deletes the user's revoked records that were revoked first: all but the last
-- `kept`, and those of the others that expired before that moment. It returns the
-- list of the rest.
local function dropRevoked(list, kept, before)
	local place = 2
	while place <= #list and (#list - place + 1 > kept * ENTRY or struct.unpack('>I6', list, place + 44) < before) do
		call('HDEL', KEY, '-' .. string.sub(list, place + 12, place + 43))
		place = place + ENTRY
	end
	return '\1' .. string.sub(list, place)
end

-- saveUnrevoked brings the list of the user's unrevoked records up to date. names are
-- those in it, nil if there is none. gone has the records that are not unrevoked any
-- more, added is the name of a new one or nil. revoked is the list of the revoked ones.
local function saveUnrevoked(user, names, gone, added, revoked, kept)
	if #revoked == 1 then
		if names then
			call('HDEL', KEY, '+' .. user)
		end
		return
	end
	local rest = {}
	if names then
		local without = {}
		for _, r in ipairs(gone) do
			without[r.name] = true
		end
		for _, name in ipairs(names) do
			if not without[name] then
				rest[#rest + 1] = name
			end
		end
		rest[#rest + 1] = added
	elseif call('HLEN', KEY) <= kept + LISTED + 2 then -- or there are more unrevoked ones than LISTED
		local failure = unrevoked(call('HKEYS', KEY), user, function(name)
			rest[#rest + 1] = name
		end)
		if failure then
			return -- another user's record
		end
	else
		return
	end
	if #rest <= LISTED then
		call('HSET', KEY, '+' .. user, '\1' .. table.concat(rest))
	elseif names then
		call('HDEL', KEY, '+' .. user)
	end
end

