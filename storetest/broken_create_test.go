package storetest

import (
	"bytes"
	"errors"
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

var brokenCreate = []broken{
	{
		bug:   "takes every record for a new login",
		apply: changed(create, func(c *call) { c.record.Generation, c.record.PreviousRef = 0, core.Ref{} }),
		fails: "Create/EveryField",
	},
	{
		bug:   "sets ExchangedAt itself",
		apply: changed(create, func(c *call) { c.record.ExchangedAt = c.record.IssuedAt }),
		fails: "Create/EveryField Time/Milliseconds",
	},
	{
		bug: "cuts the Device at 255 bytes",
		apply: changed(create, func(c *call) {
			c.record.Device = c.record.Device[:min(len(c.record.Device), 255)]
		}),
		fails: "Create/LargestValues",
	},
	{
		bug: "cuts Data at 4095 bytes",
		apply: changed(create, func(c *call) {
			c.record.Data = c.record.Data[:min(len(c.record.Data), 4095)]
		}),
		fails: "Create/LargestValues",
	},
	{
		bug: "takes empty Data for a missing value",
		apply: instead(create, func(s state, c call) result {
			if len(c.record.Data) == 0 {
				return result{err: errors.New("NOT NULL constraint failed: data")}
			}
			return s.apply(c)
		}),
		fails: "Create/EmptyValues",
	},
	{
		bug: "turns an empty Device into a description",
		apply: changed(create, func(c *call) {
			if c.record.Device == "" {
				c.record.Device = "unknown"
			}
		}),
		fails: "Create/EmptyValues",
	},
	{
		bug:   "keeps Data as text",
		apply: changed(create, func(c *call) { c.record.Data = bytes.ToValidUTF8(c.record.Data, []byte("\uFFFD")) }),
		fails: "Create/LargestValues Create/OneByteOfData",
	},
	{
		bug:   "keeps Data in a column padded with NUL",
		apply: changed(create, func(c *call) { c.record.Data = bytes.TrimRight(c.record.Data, "\x00") }),
		fails: "Create/OneByteOfData",
	},
	{
		bug:   "trims the Device",
		apply: changed(create, func(c *call) { c.record.Device = strings.TrimSpace(c.record.Device) }),
		fails: "Create/AnyDevice",
	},
	{
		bug: "loses characters of four bytes",
		apply: changed(create, func(c *call) {
			c.record.Device = strings.Map(func(r rune) rune {
				if r > 0xFFFF {
					return '?'
				}
				return r
			}, c.record.Device)
		}),
		fails: "Create/AnyDevice",
	},
	{
		bug: "overwrites a record of the same id",
		apply: instead(create, func(s state, c call) result {
			delete(s, c.record.ID)
			return s.apply(c)
		}),
		fails: "Create/DuplicateID Create/DuplicateEvictsNothing Create/DuplicateOfRevoked Create/DuplicateOfExpired Create/DuplicateOfAnother",
		races: "Create/OneOfEqualIDs Sequence/Model",
	},
	{
		bug:   "ignores a record of the same id",
		apply: then(create, func(_ state, _ call, r *result) { r.err = nil }),
		fails: "Create/DuplicateID Create/DuplicateEvictsNothing Create/DuplicateOfRevoked Create/DuplicateOfExpired Create/DuplicateOfAnother",
		races: "Create/OneOfEqualIDs",
	},
	{
		bug: "reports a duplicate id as a failure of the database",
		apply: then(create, func(_ state, _ call, r *result) {
			if r.err != nil {
				r.err = errors.New("UNIQUE constraint failed: id")
			}
		}),
		fails: "Create/DuplicateID Create/DuplicateEvictsNothing Create/DuplicateOfRevoked Create/DuplicateOfExpired Create/DuplicateOfAnother",
		races: "Create/OneOfEqualIDs",
	},
	{
		bug: "reports a duplicate id as not found too",
		apply: then(create, func(_ state, _ call, r *result) {
			if r.err != nil {
				r.err = errors.Join(r.err, core.ErrNotFound)
			}
		}),
		fails: `Create/DuplicateID Create/DuplicateEvictsNothing Create/DuplicateOfRevoked Create/DuplicateOfExpired
			Create/DuplicateOfAnother`,
		races: "Sequence/Model",
	},
	{
		bug: "revokes before it finds the duplicate",
		apply: instead(create, func(s state, c call) result {
			if _, ok := s[c.record.ID]; ok && c.limit > 0 {
				for _, t := range s.live(c.record.UserID, c.record.IssuedAt) {
					s.setRevoked(t.ID, c.record.IssuedAt)
				}
			}
			return s.apply(c)
		}),
		fails: "Create/DuplicateEvictsNothing",
		races: "Sequence/Model",
	},
	{
		bug: "takes the id of a revoked record for free",
		apply: instead(create, func(s state, c call) result {
			if t, ok := s[c.record.ID]; ok && !t.RevokedAt.IsZero() {
				delete(s, t.ID)
			}
			return s.apply(c)
		}),
		fails: "Create/DuplicateOfRevoked",
		races: "Sequence/Model",
	},
	{
		bug: "takes the id of an expired record for free",
		apply: instead(create, func(s state, c call) result {
			if t, ok := s[c.record.ID]; ok && !c.record.IssuedAt.Before(t.ExpiresAt) {
				delete(s, t.ID)
			}
			return s.apply(c)
		}),
		fails: "Create/DuplicateOfExpired",
		races: "Sequence/Model",
	},
	{
		bug: "has a space of ids for each user",
		apply: instead(create, func(s state, c call) result {
			if t, ok := s[c.record.ID]; ok && t.UserID != c.record.UserID {
				delete(s, t.ID)
			}
			return s.apply(c)
		}),
		fails: "Create/DuplicateOfAnother",
	},
	{
		bug: "keeps the caller's Data",
		apply: then(create, func(s state, c call, r *result) {
			if r.err == nil {
				s.update(c.record.ID, func(t *core.Record) { t.Data = c.record.Data })
			}
		}),
		fails: "Create/DataIsCopied",
	},
}

var brokenGet = []broken{
	{
		bug: "finds an empty record where there is none",
		apply: then(get, func(_ state, _ call, r *result) {
			r.err = nil
		}),
		fails: `Get/Unknown Get/NearID Exchange/Unknown Revoke/Unknown DeleteExpired/Deletes
			DeleteExpired/StrictlyBefore DeleteExpired/RevokedToo DeleteExpired/MovedLater
			DeleteExpired/MovedEarlier DeleteExpired/Millisecond Time/CallersDeletion Create/Stopped
			Create/LimitOfMany DeleteExpired/ReachesAll
			DeleteExpired/Many DeleteExpired/MovedTwice Dead/Bounded DeleteExpired/Stopped Context/NotKept`,
		races: "Sequence/Model",
	},
	{
		bug: "compares the first 39 characters of an id",
		apply: func(s state, c call) result {
			for id := range s {
				if c.method == create && id[:39] == c.record.ID[:39] {
					c.record.ID = id
				}
				if c.method == get && id[:39] == c.id[:39] {
					c.id = id
				}
			}
			return s.apply(c)
		},
		fails: "Get/NearID Revoke/ExceptNear",
	},
	{
		bug: "drops records that it finds revoked when it lists",
		apply: then(listUser, func(s state, c call, _ *result) {
			for _, t := range s {
				if t.UserID == c.userID && !t.RevokedAt.IsZero() {
					delete(s, t.ID)
				}
			}
		}),
		fails: `Create/LimitOne Create/LimitOfMany Get/Revoked Time/FirstMoment Time/FirstMomentEvicts
			Revoke/ThenLogin Get/Expired`,
		races: "Sequence/Model",
	},
	{
		bug: "drops records that it finds expired when it lists",
		apply: then(listUser, func(s state, c call, _ *result) {
			for _, t := range s {
				if t.UserID == c.userID && !c.at.Before(t.ExpiresAt) {
					delete(s, t.ID)
				}
			}
		}),
		fails: "Get/Expired Exchange/ExpiryMoves ListUser/AnyMoment Time/CallersClock Records/Expired Time/WithinASecond",
		races: "Sequence/Model",
	},
	{
		bug: "hands out its own Data",
		apply: then(get, func(s state, c call, r *result) {
			r.record = s[c.id]
		}),
		fails: "Get/ResultIsCopied",
	},
}
