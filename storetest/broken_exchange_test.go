package storetest

import (
	"errors"

	"github.com/tokenauth/tokenauth/core"
)

// leaving answers Exchange as the model does and then changes the record that
// it left.
func leaving(change func(before core.Record, x core.Exchange, t *core.Record)) func(state, call) result {
	return instead(exchange, func(s state, c call) result {
		before := s[c.exchange.ID]
		r := s.apply(c)
		if r.err == nil {
			s.update(c.exchange.ID, func(t *core.Record) { change(before, c.exchange, t) })
			r = s.get(c.exchange.ID)
		}
		return r
	})
}

// allowing answers Exchange by another condition.
func allowing(allows func(t core.Record, x core.Exchange) bool) func(state, call) result {
	return instead(exchange, func(s state, c call) result {
		t, ok := s[c.exchange.ID]
		switch {
		case !ok:
			return result{err: core.ErrNotFound}
		case !allows(t, c.exchange):
			return result{record: copied(t), err: core.ErrConflict}
		}
		s[t.ID] = exchanged(t, c.exchange)
		return s.get(t.ID)
	})
}

var brokenExchange = []broken{
	{
		bug: "does not keep the reference that an exchange came from",
		apply: leaving(func(_ core.Record, _ core.Exchange, t *core.Record) {
			t.PreviousRef = core.Ref{}
		}),
		fails: `Exchange/Moves Exchange/Chain Exchange/LastMoment Exchange/RecordBehind Exchange/LargestGeneration
			Exchange/EarlierClock Time/Milliseconds Exchange/Stopped Create/AnyReference Time/WithinASecond`,
		races: "Sequence/Model",
	},
	{
		bug: "keeps the first reference that an exchange came from",
		apply: leaving(func(before core.Record, _ core.Exchange, t *core.Record) {
			if !before.PreviousRef.IsZero() {
				t.PreviousRef = before.PreviousRef
			}
		}),
		fails: "Exchange/Chain Exchange/RecordBehind Exchange/LargestGeneration Exchange/EarlierClock",
	},
	{
		bug: "does not set ExchangedAt",
		apply: leaving(func(before core.Record, _ core.Exchange, t *core.Record) {
			t.ExchangedAt = before.ExchangedAt
		}),
		fails: `Exchange/Moves Exchange/Chain Exchange/LastMoment Exchange/RecordBehind Exchange/LargestGeneration
			Exchange/EarlierClock Time/Milliseconds Exchange/Stopped Create/AnyReference Time/WithinASecond`,
	},
	{
		bug: "never lets ExchangedAt go back",
		apply: leaving(func(before core.Record, _ core.Exchange, t *core.Record) {
			if before.ExchangedAt.After(t.ExchangedAt) {
				t.ExchangedAt = before.ExchangedAt
			}
		}),
		fails: "Exchange/EarlierClock",
	},
	{
		bug: "does not move the expiry",
		apply: leaving(func(before core.Record, _ core.Exchange, t *core.Record) {
			t.ExpiresAt = before.ExpiresAt
		}),
		fails: `Exchange/Moves Exchange/ExpiryMoves Exchange/LastMoment DeleteExpired/MovedLater
			DeleteExpired/MovedEarlier Time/Milliseconds Exchange/Stopped
			DeleteExpired/MovedTwice Exchange/EarlierClock`,
	},
	{
		bug: "moves the expiry later only",
		apply: leaving(func(before core.Record, _ core.Exchange, t *core.Record) {
			if t.ExpiresAt.Before(before.ExpiresAt) {
				t.ExpiresAt = before.ExpiresAt
			}
		}),
		fails: `Exchange/Moves Exchange/ExpiryMoves DeleteExpired/MovedEarlier Time/Milliseconds Exchange/Stopped
			DeleteExpired/MovedTwice Exchange/EarlierClock`,
	},
	{
		bug: "does not count generations",
		apply: leaving(func(before core.Record, _ core.Exchange, t *core.Record) {
			t.Generation = before.Generation
		}),
		fails: `Exchange/Moves Exchange/Chain Exchange/LastMoment Exchange/RecordBehind Exchange/LargestGeneration
			Exchange/EarlierClock Time/Milliseconds Context/NotKept Exchange/Stopped Create/AnyReference Time/WithinASecond`,
	},
	{
		bug: "counts generations from the record's own",
		apply: leaving(func(before core.Record, _ core.Exchange, t *core.Record) {
			t.Generation = before.Generation + 1
		}),
		fails: "Exchange/RecordBehind Exchange/LargestGeneration",
	},
	{
		bug: "keeps the record's own reference where the record was behind",
		apply: leaving(func(before core.Record, _ core.Exchange, t *core.Record) {
			t.PreviousRef = before.AccessRef
		}),
		fails: "Exchange/RecordBehind",
	},
	{
		bug:   "refuses an exchange from which the record is behind",
		apply: allowing(func(t core.Record, x core.Exchange) bool { return t.Live(x.At) && stands(t, x) }),
		fails: "Exchange/RecordBehind Exchange/LargestGeneration",
		races: "Exchange/OneHealer",
	},
	{
		bug: "wants From to be right where the record is behind",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At) && t.Generation <= x.Generation && t.AccessRef == x.From
		}),
		fails: "Exchange/RecordBehind",
	},
	{
		bug: "heals a record that is one generation behind, no more",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At) && (stands(t, x) || t.Generation == x.Generation-1)
		}),
		fails: "Exchange/RecordBehind Exchange/LargestGeneration",
	},
	{
		bug: "keeps generations in 32 bits",
		apply: leaving(func(_ core.Record, _ core.Exchange, t *core.Record) {
			t.Generation = int64(int32(t.Generation))
		}),
		fails: "Exchange/LargestGeneration",
	},
	{
		bug: "keeps generations in a float of 32 bits",
		apply: leaving(func(_ core.Record, _ core.Exchange, t *core.Record) {
			t.Generation = int64(float32(t.Generation))
		}),
		fails: "Exchange/LargestGeneration",
	},
	{
		bug: "refuses an exchange at a record's last millisecond",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At.Add(1e6)) && (stands(t, x) || behind(t, x))
		}),
		fails: "Exchange/LastMoment Time/WithinASecond",
	},
	{
		bug: "refuses an exchange by a clock that is behind",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At) && !x.At.Before(t.ExchangedAt) && (stands(t, x) || behind(t, x))
		}),
		fails: "Exchange/EarlierClock",
	},
	{
		bug: "moves all records of the user",
		apply: then(exchange, func(s state, c call, r *result) {
			for _, t := range s {
				if r.err == nil && t.UserID == r.record.UserID {
					s[t.ID] = exchanged(t, c.exchange)
				}
			}
		}),
		fails: `Exchange/OneRecord ListUser/Exchanged Time/CallersClock
			Create/Evicted Revoke/User Revoke/NewestFirst Revoke/Exchanged
			Records/Everything`,
	},
	{
		bug: "hands out its own Data with an exchange",
		apply: then(exchange, func(s state, c call, r *result) {
			if r.err == nil {
				r.record = s[c.exchange.ID]
			}
		}),
		fails: "Exchange/ResultIsCopied",
	},
	{
		bug: "hands out its own Data with a conflict",
		apply: then(exchange, func(s state, c call, r *result) {
			if r.err != nil {
				r.record = s[c.exchange.ID]
			}
		}),
		fails: "Exchange/ResultIsCopied",
	},
	{
		bug: "returns the record as it stood before the exchange",
		apply: instead(exchange, func(s state, c call) result {
			before := s.get(c.exchange.ID)
			r := s.apply(c)
			if r.err == nil {
				r.record = before.record
			}
			return r
		}),
		fails: `Exchange/Moves Exchange/Chain Exchange/LastMoment Exchange/RecordBehind Exchange/LargestGeneration
			Exchange/EarlierClock Time/Milliseconds Create/AnyReference Time/WithinASecond`,
	},
}

var brokenRefusal = []broken{
	{
		bug: "ignores From",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At) && t.Generation <= x.Generation
		}),
		fails: "Exchange/OtherReference",
	},
	{
		bug: "compares the first half of a reference",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return live(t, x.At) && (behind(t, x) || t.Generation == x.Generation && [8]byte(t.AccessRef[:8]) == [8]byte(x.From[:8]))
		}),
		fails: "Exchange/OtherReference",
	},
	{
		bug: "compares the second half of a reference",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return live(t, x.At) && (behind(t, x) || t.Generation == x.Generation && [8]byte(t.AccessRef[8:]) == [8]byte(x.From[8:]))
		}),
		fails: "Exchange/OtherReference",
	},
	{
		bug: "takes the preceding reference too",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At) && (stands(t, x) || behind(t, x) || t.Generation == x.Generation && t.PreviousRef == x.From)
		}),
		fails: "Exchange/OtherReference",
	},
	{
		bug: "ignores the generation",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At) && (t.AccessRef == x.From || behind(t, x))
		}),
		fails: "Exchange/LargestGeneration Exchange/RecordAhead",
	},
	{
		bug: "takes a lower generation from the preceding reference",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At) && (stands(t, x) || behind(t, x) || t.Generation == x.Generation+1 && t.PreviousRef == x.From)
		}),
		fails: "Exchange/RecordAhead Exchange/Repeated",
	},
	{
		bug: "takes a retry for a success",
		apply: then(exchange, func(s state, c call, r *result) {
			t := s[c.exchange.ID]
			if r.err != nil && t.AccessRef == c.exchange.To && t.PreviousRef == c.exchange.From && t.RevokedAt.IsZero() {
				r.err = nil
			}
		}),
		fails: "Exchange/Repeated",
		races: "Exchange/OneOfEqual",
	},
	{
		bug: "returns no record with a conflict",
		apply: then(exchange, func(_ state, _ call, r *result) {
			if r.err != nil {
				r.record = core.Record{}
			}
		}),
		fails: `Exchange/ExpiryMoves Exchange/LargestGeneration Exchange/OtherReference Exchange/RecordAhead
			Exchange/Repeated Exchange/Revoked Exchange/Expired Exchange/BehindAndDead Time/FirstMoment
			Time/CallersClock Time/WithinASecond`,
	},
	{
		bug: "reports a conflict as not found",
		apply: then(exchange, func(_ state, _ call, r *result) {
			if r.err != nil {
				r.err = core.ErrNotFound
			}
		}),
		fails: `Exchange/ExpiryMoves Exchange/LargestGeneration Exchange/OtherReference Exchange/RecordAhead
			Exchange/Repeated Exchange/Revoked Exchange/Expired Exchange/BehindAndDead Time/FirstMoment
			Time/CallersClock Time/WithinASecond`,
	},
	{
		bug: "exchanges revoked records",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return x.At.Before(t.ExpiresAt) && (stands(t, x) || behind(t, x))
		}),
		fails: "Exchange/Revoked Exchange/BehindAndDead Time/FirstMoment",
	},
	{
		bug: "exchanges a record whose revocation is dated later",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return (t.RevokedAt.IsZero() || t.RevokedAt.After(x.At)) && x.At.Before(t.ExpiresAt) && (stands(t, x) || behind(t, x))
		}),
		fails: "Exchange/Revoked",
	},
	{
		bug: "exchanges expired records",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.RevokedAt.IsZero() && (stands(t, x) || behind(t, x))
		}),
		fails: "Exchange/ExpiryMoves Exchange/Expired Exchange/BehindAndDead Time/CallersClock Time/WithinASecond",
	},
	{
		bug: "exchanges a record at the moment it expires",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.RevokedAt.IsZero() && !x.At.After(t.ExpiresAt) && (stands(t, x) || behind(t, x))
		}),
		fails: "Exchange/Expired Time/WithinASecond",
	},
	{
		bug: "heals dead records",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(x.At) && stands(t, x) || behind(t, x)
		}),
		fails: "Exchange/BehindAndDead",
	},
	{
		bug: "makes a record of an exchange",
		apply: instead(exchange, func(s state, c call) result {
			if _, ok := s[c.exchange.ID]; !ok {
				s[c.exchange.ID] = exchanged(core.Record{ID: c.exchange.ID}, c.exchange)
				return s.get(c.exchange.ID)
			}
			return s.apply(c)
		}),
		fails: "Exchange/Unknown DeleteExpired/Deletes",
	},
	{
		bug: "makes a record of an exchange and denies it",
		apply: instead(exchange, func(s state, c call) result {
			r := s.apply(c)
			if errors.Is(r.err, core.ErrNotFound) {
				s[c.exchange.ID] = core.Record{ID: c.exchange.ID}
			}
			return r
		}),
		fails: "Exchange/Unknown DeleteExpired/Deletes",
	},
	{
		bug: "notes the time of an exchange that it refuses",
		apply: then(exchange, func(s state, c call, r *result) {
			if errors.Is(r.err, core.ErrConflict) {
				s.update(c.exchange.ID, func(t *core.Record) { t.ExchangedAt = c.exchange.At })
			}
		}),
		fails: `Exchange/OtherReference Exchange/RecordAhead Exchange/Repeated Exchange/Revoked Exchange/Expired
			Exchange/BehindAndDead`,
	},
}
