-- ARGV: user, at
local user, at = ARGV[1], tonumber(ARGV[2])
local live = {} -- names and values by turns
local names, failure = listed(user)
failure = failure or unrevoked(names or call('HKEYS', KEY), user, function(name, v, _, expiresAt)
	if at < expiresAt then
		live[#live + 1] = name
		live[#live + 1] = v
	end
end)
return failure or live
