-- What all scripts share. A record is the value of a field, and record.go gives its
-- layout. Numbers here are doubles: times and generations are below 2^53 and exact.

local KEY = KEYS[1]
local NEVER = 281474976710655 -- 2^48-1, the revokedAt of a record that is not revoked
local SLACK = 3600000 -- an hour of a key's time to live that may be missing

local function unknown(v)
	return string.byte(v, 1) ~= 1 or #v < 65
end

local UNKNOWN = {err = 'TOKENAUTH a record has a format that this version does not know'}

-- keep makes the key live so many milliseconds. It never shortens the life of a key,
-- and lets a small difference be, or every exchange that moves an expiry would
-- be two writes.
local function keep(ttl)
	if redis.call('PTTL', KEY) < tonumber(ttl) - SLACK then
		redis.call('PEXPIRE', KEY, ttl)
	end
end

-- life returns when a record expires, when it was revoked and when it was issued.
local function life(v)
	return struct.unpack('>I6I6I6', v, 47)
end

local function isOf(v, user)
	return string.byte(v, 65) == #user and string.sub(v, 66, 65 + #user) == user
end

-- revoked returns the record with its revokedAt set to six bytes.
local function revoked(v, at)
	return string.sub(v, 1, 52) .. at .. string.sub(v, 59)
end

