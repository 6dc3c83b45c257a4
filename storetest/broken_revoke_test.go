package storetest

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// revoking answers Revoke with another choice of records.
func revoking(choose func(s state, v core.Revocation) []core.Record) func(state, call) result {
	return instead(revoke, func(s state, c call) result {
		return result{records: s.revokeEach(choose(s, c.revocation), c.revocation.At)}
	})
}

// selecting answers Revoke with the records that are not revoked and for which the
// condition holds.
func selecting(selects func(v core.Revocation, r core.Record) bool) func(state, call) result {
	return revoking(func(s state, v core.Revocation) []core.Record {
		return s.some(func(r core.Record) bool { return r.RevokedAt.IsZero() && selects(v, r) })
	})
}

// revising answers Revoke after a change to what it selects.
func revising(change func(s state, v *core.Revocation)) func(state, call) result {
	return instead(revoke, func(s state, c call) result {
		change(s, &c.revocation)
		return s.apply(c)
	})
}

// returning answers Revoke as the model does and returns something else.
func returning(change func(s state, v core.Revocation, revoked []core.Record) []core.Record) func(state, call) result {
	return then(revoke, func(s state, c call, r *result) { r.records = change(s, c.revocation, r.records) })
}

// revocable returns what the revocation has to revoke, the newest first.
func revocable(s state, v core.Revocation) []core.Record { return s.clone().revoke(v).records }

var brokenRevoke = []broken{
	{
		bug: "moves RevokedAt at each revocation",
		apply: revoking(func(s state, v core.Revocation) []core.Record {
			return s.some(func(r core.Record) bool { return selects(v, r) })
		}),
		fails: `Revoke/KeepsFirst Revoke/Expired Revoke/AnyMoment Revoke/Many Revoke/None Revoke/RevokedBefore
			Revoke/ThenLogin Revoke/Exchanged Revoke/Except Revoke/Thousand`,
		races: "Revoke/FirstStays Revoke/EachOnce Sequence/Model",
	},
	{
		bug: "keeps the earliest RevokedAt",
		apply: then(revoke, func(s state, c call, _ *result) {
			for id, r := range s {
				if selects(c.revocation, r) && c.revocation.At.Before(r.RevokedAt) {
					s.setRevoked(id, c.revocation.At)
				}
			}
		}),
		fails: "Revoke/KeepsFirst Revoke/RevokedBefore",
	},
	{
		bug: "returns what was revoked before",
		apply: instead(revoke, func(s state, c call) result {
			s.apply(c)
			return result{records: s.some(func(r core.Record) bool { return selects(c.revocation, r) })}
		}),
		fails: `Revoke/KeepsFirst Revoke/Expired Revoke/AnyMoment Revoke/Many Revoke/None Revoke/RevokedBefore
			Revoke/ThenLogin Revoke/Exchanged Revoke/Except Revoke/Thousand`,
		races: "Revoke/EachOnce",
	},
	{
		bug: "reports a revocation of nothing as not found",
		apply: then(revoke, func(_ state, _ call, r *result) {
			if len(r.records) == 0 {
				r.err = core.ErrNotFound
			}
		}),
		fails: `Revoke/KeepsFirst Revoke/Unknown Revoke/IDOfUser Revoke/Many Revoke/None Revoke/Except
			Revoke/IssuedUntil Revoke/AllConditions DeleteExpired/Deletes Time/FirstMomentSelects Revoke/Thousand`,
	},
	{
		bug: "reports a record that is revoked already as a conflict",
		apply: then(revoke, func(s state, c call, r *result) {
			if _, ok := s[c.revocation.ID]; ok && len(r.records) == 0 {
				r.err = core.ErrConflict
			}
		}),
		fails: "Revoke/KeepsFirst Revoke/IDOfUser Revoke/Except Revoke/IssuedUntil Revoke/AllConditions Time/FirstMomentSelects",
	},
	{
		bug: "makes a record of a revocation",
		apply: then(revoke, func(s state, c call, r *result) {
			if _, ok := s[c.revocation.ID]; !ok && c.revocation.ID != "" {
				s[c.revocation.ID] = core.Record{ID: c.revocation.ID, RevokedAt: c.revocation.At}
			}
		}),
		fails: "Revoke/Unknown DeleteExpired/Deletes",
	},
	{
		bug: "revokes all of the user's records",
		apply: revising(func(s state, v *core.Revocation) {
			if r, ok := s[v.ID]; ok {
				v.ID, v.UserID = "", r.UserID
			}
		}),
		fails: `Create/LimitIgnoresRevoked Create/Evicted Exchange/BehindAndDead Revoke/OneRecord Revoke/IDOfUser
			Revoke/Expired Revoke/AnyMoment Revoke/RevokedBefore Revoke/IssuedUntil Revoke/AllConditions
			ListUser/Revoked Dead/LastRevoked Dead/SparesLive Dead/OtherUsers Records/Everything
			Time/CallersClock Revoke/Except Dead/ExpiredDoNotCount Get/Expired`,
	},
	{
		bug: "ignores the user where there is an ID",
		apply: revising(func(_ state, v *core.Revocation) {
			if v.ID != "" {
				v.UserID = ""
			}
		}),
		fails: "Revoke/IDOfUser Revoke/AllConditions",
	},
	{
		bug: "ignores Except and IssuedUntil where there is an ID",
		apply: revising(func(_ state, v *core.Revocation) {
			if v.ID != "" {
				v.Except, v.IssuedUntil = "", time.Time{}
			}
		}),
		fails: "Revoke/Except Revoke/IssuedUntil Time/FirstMomentSelects",
	},
	{
		bug:   "ignores Except",
		apply: revising(func(_ state, v *core.Revocation) { v.Except = "" }),
		fails: "Revoke/Except Revoke/AllConditions Revoke/ExceptNear",
	},
	{
		bug: "revokes nothing where it does not find the exception",
		apply: instead(revoke, func(s state, c call) result {
			if r, ok := s[c.revocation.Except]; c.revocation.Except != "" && (!ok || r.UserID != c.revocation.UserID) {
				return result{}
			}
			return s.apply(c)
		}),
		fails: "Revoke/Except",
	},
	{
		bug:   "ignores IssuedUntil",
		apply: revising(func(_ state, v *core.Revocation) { v.IssuedUntil = time.Time{} }),
		fails: "Revoke/IssuedUntil Revoke/AllConditions Revoke/Exchanged Time/FirstMomentSelects Time/WithinASecond",
		races: "Revoke/DuringLogins",
	},
	{
		bug: "takes either Except or IssuedUntil",
		apply: revising(func(_ state, v *core.Revocation) {
			if v.Except != "" {
				v.IssuedUntil = time.Time{}
			}
		}),
		fails: "Revoke/AllConditions",
	},
	{
		bug: "spares a record issued at IssuedUntil",
		apply: revising(func(_ state, v *core.Revocation) {
			if !v.IssuedUntil.IsZero() {
				v.IssuedUntil = v.IssuedUntil.Add(-time.Millisecond)
			}
		}),
		fails: "Revoke/IssuedUntil Revoke/AllConditions Revoke/Exchanged Time/FirstMomentSelects Time/WithinASecond",
	},
	{
		bug: "judges IssuedUntil to the second",
		apply: selecting(func(v core.Revocation, r core.Record) bool {
			r.IssuedAt = r.IssuedAt.Truncate(time.Second)
			return selects(v, r)
		}),
		fails: "Revoke/IssuedUntil Time/FirstMomentSelects Time/WithinASecond",
	},
	{
		bug: "takes the last exchange for the login",
		apply: selecting(func(v core.Revocation, r core.Record) bool {
			r.IssuedAt = r.ExchangedAt
			return selects(v, r)
		}),
		fails: "Revoke/Exchanged",
	},
	{
		bug: "spares records issued after the moment of the revocation",
		apply: selecting(func(v core.Revocation, r core.Record) bool {
			return selects(v, r) && !r.IssuedAt.After(v.At)
		}),
		fails: "Revoke/AnyMoment",
	},
	{
		bug: "dates no revocation before the login",
		apply: then(revoke, func(s state, c call, r *result) {
			for i, revoked := range r.records {
				if c.revocation.At.Before(revoked.IssuedAt) {
					s.setRevoked(revoked.ID, revoked.IssuedAt)
					r.records[i].RevokedAt = revoked.IssuedAt
				}
			}
		}),
		fails: "Revoke/AnyMoment",
	},
	{
		bug:   "spares expired records",
		apply: selecting(func(v core.Revocation, r core.Record) bool { return selects(v, r) && v.At.Before(r.ExpiresAt) }),
		fails: "Revoke/Expired",
	},
	{
		bug: "revokes expired records and does not return them",
		apply: returning(func(_ state, v core.Revocation, revoked []core.Record) []core.Record {
			return slices.DeleteFunc(revoked, func(r core.Record) bool { return !v.At.Before(r.ExpiresAt) })
		}),
		fails: "Revoke/Expired",
	},
	{
		bug: "revokes the newest record of the user only",
		apply: revoking(func(s state, v core.Revocation) []core.Record {
			chosen := revocable(s, v)
			return chosen[:min(1, len(chosen))]
		}),
		fails: `Revoke/Expired Revoke/User Revoke/Many Revoke/Except Revoke/IssuedUntil Revoke/AllConditions
			Revoke/NewestFirst Revoke/EqualTimes Revoke/PerUser Revoke/ResultIsCopied Dead/OneMoment
			Revoke/Stopped Time/WithinASecond Revoke/ExceptNear Revoke/Thousand`,
	},
	{
		bug: "revokes a page of the user's records",
		apply: revoking(func(s state, v core.Revocation) []core.Record {
			chosen := revocable(s, v)
			return chosen[:min(100, len(chosen))]
		}),
		fails: "Revoke/Many Dead/OneMoment Revoke/Thousand",
	},
	{
		bug: "returns a page of the records that it revokes",
		apply: returning(func(_ state, _ core.Revocation, revoked []core.Record) []core.Record {
			return revoked[:min(100, len(revoked))]
		}),
		fails: "Revoke/Many Revoke/Thousand",
	},
	{
		bug: "returns the records as they stood before their revocation",
		apply: returning(func(_ state, _ core.Revocation, revoked []core.Record) []core.Record {
			return allRevokedAt(revoked, time.Time{})
		}),
		fails: `Revoke/Sets Revoke/KeepsFirst Revoke/IDOfUser Revoke/Expired Revoke/AnyMoment Revoke/User
			Revoke/Many Revoke/RevokedBefore Revoke/Except Revoke/IssuedUntil Revoke/AllConditions
			Revoke/NewestFirst Revoke/EqualTimes Revoke/ThenLogin Revoke/Exchanged Revoke/PerUser Time/FirstMomentSelects Time/WithinASecond Revoke/ExceptNear Revoke/Thousand`,
		races: "Revoke/FirstStays Revoke/EachOnce",
	},
	{
		bug: "returns the oldest first",
		apply: returning(func(_ state, _ core.Revocation, revoked []core.Record) []core.Record {
			return reversed(revoked...)
		}),
		fails: `Revoke/Expired Revoke/User Revoke/Many Revoke/Except Revoke/IssuedUntil Revoke/AllConditions
			Revoke/NewestFirst Revoke/EqualTimes Revoke/PerUser Time/WithinASecond Revoke/ExceptNear Revoke/Thousand`,
	},
	{
		bug: "returns records of one moment by ascending ID",
		apply: returning(func(_ state, _ core.Revocation, revoked []core.Record) []core.Record {
			slices.SortFunc(revoked, func(a, b core.Record) int {
				return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(a.ID, b.ID))
			})
			return revoked
		}),
		fails: "Revoke/EqualTimes",
	},
	{
		bug: "returns the records in the order of their last exchange",
		apply: returning(func(_ state, _ core.Revocation, revoked []core.Record) []core.Record {
			slices.SortStableFunc(revoked, func(a, b core.Record) int { return b.ExchangedAt.Compare(a.ExchangedAt) })
			return revoked
		}),
		fails: "Revoke/User Revoke/NewestFirst",
	},
	{
		bug: "returns the records that it revokes without what they hold",
		apply: returning(func(_ state, v core.Revocation, revoked []core.Record) []core.Record {
			for i, r := range revoked {
				revoked[i] = core.Record{ID: r.ID, UserID: r.UserID, RevokedAt: v.At}
			}
			return revoked
		}),
		fails: `Revoke/Sets Revoke/KeepsFirst Revoke/IDOfUser Revoke/Expired Revoke/AnyMoment Revoke/User
			Revoke/Many Revoke/RevokedBefore Revoke/Except Revoke/IssuedUntil Revoke/AllConditions
			Revoke/NewestFirst Revoke/EqualTimes Revoke/ThenLogin Revoke/Exchanged Revoke/PerUser Time/FirstMomentSelects Time/WithinASecond Revoke/ExceptNear Revoke/Thousand`,
		races: "Revoke/FirstStays Revoke/DuringExchanges",
	},
	{
		bug: "hands out its own Data with a revocation",
		apply: returning(func(s state, _ core.Revocation, revoked []core.Record) []core.Record {
			for i, r := range revoked {
				revoked[i] = s[r.ID]
			}
			return revoked
		}),
		fails: "Revoke/ResultIsCopied",
	},
	{
		bug: "shares one Data among equal records that it returns",
		apply: returning(func(_ state, _ core.Revocation, revoked []core.Record) []core.Record {
			for i := range revoked {
				if string(revoked[i].Data) == string(revoked[0].Data) {
					revoked[i].Data = revoked[0].Data
				}
			}
			return revoked
		}),
		fails: "Revoke/ResultIsCopied",
	},
	{
		bug: "locks a user out for good",
		client: func(m *model) storeFunc {
			locked := map[string]bool{}
			return m.with(func(s state, c call) result {
				r := s.apply(c)
				if c.method == revoke && c.revocation.ID == "" && len(r.records) > 0 {
					locked[c.revocation.UserID] = true
				}
				if c.method == create && r.err == nil && locked[c.record.UserID] {
					s.setRevoked(c.record.ID, c.record.IssuedAt)
				}
				return r
			})
		},
		fails: "Revoke/ThenLogin Dead/OneMoment Time/CallersClock Revoke/Except Exchange/RecordBehind",
	},
	{
		bug: "revokes the records of all users",
		apply: then(revoke, func(s state, c call, _ *result) {
			for id, r := range s {
				if v := c.revocation; v.ID == "" && r.UserID != v.UserID && r.RevokedAt.IsZero() {
					s.setRevoked(id, c.revocation.At)
				}
			}
		}),
		fails: "User/* Revoke/None Revoke/Except Revoke/AllConditions Revoke/PerUser",
	},
	{
		bug: "revokes a shard",
		apply: then(revoke, func(s state, c call, _ *result) {
			for id, r := range s {
				if v := c.revocation; v.ID == "" && r.UserID != v.UserID && r.RevokedAt.IsZero() && core.IDShard(id) == core.UserShard(v.UserID) {
					s.setRevoked(id, c.revocation.At)
				}
			}
		}),
		fails: "User/SameShard",
	},
	{
		bug: "forgets the last exchange at a revocation",
		apply: then(revoke, func(s state, _ call, r *result) {
			for i, revoked := range r.records {
				s.update(revoked.ID, func(r *core.Record) { r.PreviousRef = core.Ref{} })
				r.records[i].PreviousRef = core.Ref{}
			}
		}),
		fails: `Revoke/Sets Revoke/User Revoke/NewestFirst Revoke/Exchanged Time/Milliseconds Time/FirstMoment
			Time/LastMoment Time/CallersClock`,
	},
	{
		bug: "ends a record at its revocation",
		apply: then(revoke, func(s state, c call, r *result) {
			for i, revoked := range r.records {
				s.update(revoked.ID, func(r *core.Record) { r.ExpiresAt = c.revocation.At })
				r.records[i].ExpiresAt = c.revocation.At
			}
		}),
		fails: `Create/DuplicateOfRevoked Create/LimitIgnoresRevoked Get/Revoked Exchange/Revoked
			Exchange/BehindAndDead Revoke/Sets Revoke/KeepsFirst Revoke/OneRecord Revoke/IDOfUser Revoke/Expired
			Revoke/AnyMoment Revoke/User Revoke/Many Revoke/None Revoke/RevokedBefore Revoke/Except
			Revoke/IssuedUntil Revoke/AllConditions Revoke/NewestFirst Revoke/EqualTimes Revoke/ThenLogin
			Revoke/Exchanged Revoke/PerUser Revoke/ResultIsCopied DeleteExpired/RevokedToo Dead/LastRevoked
			Dead/OneMoment Dead/OtherUsers Records/Everything Time/Milliseconds Time/FirstMoment
			Time/FirstMomentEvicts Time/LastMoment Time/CallersClock Context/NotKept Revoke/Stopped Dead/ExpiredDoNotCount Time/FirstMomentSelects Time/WithinASecond Revoke/ExceptNear Get/NearID Get/Expired Revoke/Thousand`,
	},
	{
		bug: "takes no revocation of a record that it does not know for none",
		apply: instead(revoke, func(s state, c call) result {
			if _, ok := s[c.revocation.ID]; !ok && c.revocation.ID != "" {
				return result{err: errors.New("no rows in result set")}
			}
			return s.apply(c)
		}),
		fails: "Revoke/Unknown DeleteExpired/Deletes",
	},
}
