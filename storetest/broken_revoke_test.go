package storetest

import (
	"errors"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// revoking answers RevokeUser with another choice of records.
func revoking(choose func(s state, c call) []core.Record) func(state, call) result {
	return instead(revokeUser, func(s state, c call) result {
		chosen := choose(s, c)
		for _, t := range chosen {
			s.setRevoked(t.ID, c.at)
		}
		return result{n: len(chosen)}
	})
}

// revocable returns what RevokeUser has to revoke, the newest first.
func revocable(s state, c call) []core.Record {
	return s.each(c.userID, func(t core.Record) bool { return t.Live(c.at) && !t.IssuedAt.After(c.at) })
}

var brokenRevoke = []broken{
	{
		bug: "moves RevokedAt at each revocation",
		apply: instead(revoke, func(s state, c call) result {
			if _, ok := s[c.id]; ok {
				s.setRevoked(c.id, c.at)
				return result{}
			}
			return s.apply(c)
		}),
		fails: "Revoke/KeepsFirst",
		races: "Revoke/FirstStays Sequence/Model",
	},
	{
		bug: "keeps the earliest RevokedAt",
		apply: instead(revoke, func(s state, c call) result {
			if t, ok := s[c.id]; ok && !t.RevokedAt.IsZero() && c.at.Before(t.RevokedAt) {
				s.setRevoked(c.id, c.at)
			}
			return s.apply(c)
		}),
		fails: "Revoke/KeepsFirst",
	},
	{
		bug: "reports a record that is revoked already as not found",
		apply: instead(revoke, func(s state, c call) result {
			if t := s[c.id]; !t.RevokedAt.IsZero() {
				return result{err: core.ErrNotFound}
			}
			return s.apply(c)
		}),
		fails: "Revoke/KeepsFirst",
	},
	{
		bug: "revokes all of the user's records",
		apply: then(revoke, func(s state, c call, r *result) {
			if r.err == nil {
				s.revokeUser(s[c.id].UserID, c.at)
			}
		}),
		fails: `Create/LimitIgnoresRevoked Exchange/BehindAndDead Revoke/OneRecord RevokeUser/RevokedBefore
			ListUser/Revoked Time/CallersClock`,
	},
	{
		bug:   "revokes an unknown id without an error",
		apply: then(revoke, func(_ state, _ call, r *result) { r.err = nil }),
		fails: "Revoke/Unknown DeleteExpired/Deletes",
	},
	{
		bug: "makes a record of a revocation",
		apply: instead(revoke, func(s state, c call) result {
			r := s.apply(c)
			if errors.Is(r.err, core.ErrNotFound) {
				s[c.id] = core.Record{ID: c.id, RevokedAt: c.at}
			}
			return r
		}),
		fails: "Revoke/Unknown DeleteExpired/Deletes",
	},
	{
		bug: "refuses to revoke an expired record",
		apply: instead(revoke, func(s state, c call) result {
			if t, ok := s[c.id]; ok && !c.at.Before(t.ExpiresAt) {
				return result{err: core.ErrNotFound}
			}
			return s.apply(c)
		}),
		fails: "Revoke/Expired",
	},
	{
		bug: "takes no revocation dated before the login",
		apply: instead(revoke, func(s state, c call) result {
			if t := s[c.id]; c.at.Before(t.IssuedAt) {
				c.at = t.IssuedAt
			}
			return s.apply(c)
		}),
		fails: "Revoke/AnyMoment",
	},
	{
		bug: "forgets the last exchange at a revocation",
		apply: then(revoke, func(s state, c call, r *result) {
			if r.err == nil {
				s.update(c.id, func(t *core.Record) { t.PreviousRef = core.Ref{} })
			}
		}),
		fails: "Revoke/Sets Time/Milliseconds Time/FirstMoment Time/LastMoment",
	},
	{
		bug: "ends a record at its revocation",
		apply: then(revoke, func(s state, c call, r *result) {
			if r.err == nil {
				s.update(c.id, func(t *core.Record) { t.ExpiresAt = c.at })
			}
		}),
		fails: `Create/DuplicateOfRevoked Create/LimitIgnoresRevoked Get/Revoked Exchange/Revoked
			Exchange/BehindAndDead Revoke/Sets Revoke/KeepsFirst Revoke/OneRecord Revoke/Expired Revoke/AnyMoment
			RevokeUser/RevokedBefore DeleteExpired/RevokedToo Time/Milliseconds Time/FirstMoment Time/LastMoment
			Time/CallersClock Context/NotKept Revoke/Stopped`,
	},
}

var brokenRevokeUser = []broken{
	{
		bug:   "revokes the newest record of the user only",
		apply: revoking(func(s state, c call) []core.Record { return revocable(s, c)[:min(1, len(revocable(s, c)))] }),
		fails: "RevokeUser/All RevokeUser/Many RevokeUser/Again RevokeUser/SparesLater RevokeUser/PerUser RevokeUser/Stopped",
	},
	{
		bug: "revokes a page of the user's records",
		apply: revoking(func(s state, c call) []core.Record {
			return revocable(s, c)[:min(100, len(revocable(s, c)))]
		}),
		fails: "RevokeUser/Many",
	},
	{
		bug: "reports a user without records as not found",
		apply: then(revokeUser, func(_ state, _ call, r *result) {
			if r.n == 0 {
				r.err = core.ErrNotFound
			}
		}),
		fails: "RevokeUser/None RevokeUser/Again DeleteExpired/Deletes",
	},
	{
		bug: "moves RevokedAt of records that RevokeUser revoked",
		apply: revoking(func(s state, c call) []core.Record {
			return s.each(c.userID, func(t core.Record) bool { return c.at.Before(t.ExpiresAt) && !t.IssuedAt.After(c.at) })
		}),
		fails: "RevokeUser/Again RevokeUser/RevokedBefore RevokeUser/ThenLogin Time/FirstMomentEvicts Time/CallersClock",
	},
	{
		bug: "counts records that were revoked already",
		apply: then(revokeUser, func(s state, c call, r *result) {
			r.n = len(s.each(c.userID, func(t core.Record) bool { return !t.RevokedAt.IsZero() }))
		}),
		fails: "RevokeUser/Again RevokeUser/RevokedBefore RevokeUser/ThenLogin Time/FirstMomentEvicts Time/CallersClock",
		races: "RevokeUser/OnlyOneRevokes",
	},
	{
		bug: "revokes again what is revoked as of a later moment",
		apply: revoking(func(s state, c call) []core.Record {
			return s.each(c.userID, func(t core.Record) bool {
				return (t.RevokedAt.IsZero() || t.RevokedAt.After(c.at)) && c.at.Before(t.ExpiresAt) && !t.IssuedAt.After(c.at)
			})
		}),
		fails: "RevokeUser/Again RevokeUser/RevokedBefore",
	},
	{
		bug: "revokes expired records",
		apply: revoking(func(s state, c call) []core.Record {
			return s.each(c.userID, func(t core.Record) bool { return t.RevokedAt.IsZero() && !t.IssuedAt.After(c.at) })
		}),
		fails: "RevokeUser/Expired RevokeUser/Exchanged",
	},
	{
		bug: "revokes a record that expires at that very moment",
		apply: revoking(func(s state, c call) []core.Record {
			return s.each(c.userID, func(t core.Record) bool {
				return t.RevokedAt.IsZero() && !t.IssuedAt.After(c.at) && !c.at.After(t.ExpiresAt)
			})
		}),
		fails: "RevokeUser/Expired",
	},
	{
		bug:   "revokes records issued later",
		apply: revoking(func(s state, c call) []core.Record { return s.live(c.userID, c.at) }),
		fails: "RevokeUser/SparesLater",
		races: "RevokeUser/DuringLogins",
	},
	{
		bug: "spares a record issued at that very moment",
		apply: revoking(func(s state, c call) []core.Record {
			return s.each(c.userID, func(t core.Record) bool { return t.Live(c.at) && t.IssuedAt.Before(c.at) })
		}),
		fails: "RevokeUser/SparesLater Time/FirstMomentEvicts",
	},
	{
		bug: "judges what was issued later to the second",
		apply: revoking(func(s state, c call) []core.Record {
			return s.each(c.userID, func(t core.Record) bool {
				return t.Live(c.at) && !t.IssuedAt.Truncate(time.Second).After(c.at)
			})
		}),
		fails: "RevokeUser/SparesLater",
	},
	{
		bug: "locks a user out for good",
		client: func(m *model) storeFunc {
			locked := map[string]bool{}
			return m.with(func(s state, c call) result {
				r := s.apply(c)
				if c.method == revokeUser && r.n > 0 {
					locked[c.userID] = true
				}
				if c.method == create && r.err == nil && locked[c.token.UserID] {
					s.setRevoked(c.token.ID, c.token.IssuedAt)
				}
				return r
			})
		},
		fails: "RevokeUser/ThenLogin Time/CallersClock",
	},
	{
		bug: "judges by the expiry at login",
		apply: revoking(func(s state, c call) []core.Record {
			return s.each(c.userID, func(t core.Record) bool {
				return t.Live(c.at) && !t.IssuedAt.After(c.at) && c.at.Before(t.IssuedAt.Add(lifetime))
			})
		}),
		fails: "RevokeUser/Many RevokeUser/Exchanged",
	},
	{
		bug: "takes the last exchange for the login",
		apply: revoking(func(s state, c call) []core.Record {
			return s.each(c.userID, func(t core.Record) bool { return t.Live(c.at) && !t.ExchangedAt.After(c.at) })
		}),
		fails: "RevokeUser/Exchanged",
	},
	{
		bug: "revokes the records of all users",
		apply: then(revokeUser, func(s state, c call, _ *result) {
			for _, t := range s {
				s.revokeUser(t.UserID, c.at)
			}
		}),
		fails: "RevokeUser/None RevokeUser/PerUser User/*",
	},
	{
		bug: "revokes a shard",
		apply: then(revokeUser, func(s state, c call, _ *result) {
			for _, t := range s {
				if core.IDShard(t.ID) == core.UserShard(c.userID) {
					s.revokeUser(t.UserID, c.at)
				}
			}
		}),
		fails: "User/SameShard",
	},
}
