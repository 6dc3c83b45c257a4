-- How scripts find a user's unrevoked records. keys.go says how the fields of the hash
-- are named, record.go what a record looks like. Numbers here are doubles: times and
-- generations are below 2^53, so they are exact.

local KEY, call = KEYS[1], redis.call
local NEVER = 281474976710655 -- 2^48-1: revokedAt of a record that is not revoked
local CHUNK = 1000 -- unpack fails for more than some 8,000 values

local UNKNOWN = {err = 'TOKENAUTH a record has a format that this version does not know'}
local DAMAGED = {err = 'TOKENAUTH a field of the hash holds no record'}

local function userOf(v)
	return string.sub(v, 66, 65 + string.byte(v, 65))
end

-- listed returns the names of all unrevoked records of that user if there is a list of
-- them, else nil. If this version does not know the list's format, the script's reply
-- follows the nil.
local function listed(user)
	local list, names = call('HGET', KEY, '+' .. user), {}
	if not list then
		return nil
	end
	if string.byte(list) ~= 1 or #list % 32 ~= 1 then
		return nil, UNKNOWN
	end
	for place = 2, #list, 32 do
		names[#names + 1] = string.sub(list, place, place + 31)
	end
	return names
end

-- unrevoked calls each(name, v, issuedAt, expiresAt) for the unrevoked records in the
-- fields of those names. A user selects those of that user alone; nil selects all. If a
-- field is not what it must be, unrevoked returns the script's reply.
local function unrevoked(fields, user, each)
	for from = 1, #fields, CHUNK do
		local names = {}
		for i = from, math.min(from + CHUNK - 1, #fields) do
			local first = string.byte(fields[i])
			if first ~= 45 and first ~= 43 and first ~= 61 then -- '-', '+' and '='
				if #fields[i] ~= 32 then
					return DAMAGED
				end
				names[#names + 1] = fields[i]
			end
		end
		for i, v in ipairs(#names > 0 and call('HMGET', KEY, unpack(names)) or {}) do
			if v then
				if string.byte(v) ~= 1 or #v < 65 then
					return UNKNOWN
				end
				local expiresAt, revokedAt, issuedAt = struct.unpack('>I6I6I6', v, 47)
				if revokedAt ~= NEVER then
					return DAMAGED
				end
				if not user or userOf(v) == user then
					each(names[i], v, issuedAt, expiresAt)
				end
			end
		end
	end
end

