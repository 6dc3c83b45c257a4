package redisstore

import (
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
)

// reply is what a script answered, or why it did not.
type reply struct {
	script *script
	cmd    *redis.Cmd
	err    error
}

// failed wraps the reason why the store could not answer.
func (s *script) failed(err error) error { return fmt.Errorf("redisstore: %s: %w", s.name, err) }

func (r reply) text() (string, error)    { return read(r, (*redis.Cmd).Text) }
func (r reply) texts() ([]string, error) { return read(r, (*redis.Cmd).StringSlice) }
func (r reply) number() (int, error)     { return read(r, (*redis.Cmd).Int) }

// failure returns core.ErrNotFound if the script found no record, and why the store
// could not answer if it could not.
func (r reply) failure() error {
	switch {
	case errors.Is(r.err, redis.Nil):
		return core.ErrNotFound
	case r.err != nil:
		return r.script.failed(r.err)
	}
	return nil
}

// read returns the answer as a T.
func read[T any](r reply, as func(*redis.Cmd) (T, error)) (T, error) {
	err := r.failure()
	if err != nil {
		var none T
		return none, err
	}
	v, err := as(r.cmd)
	if err != nil {
		err = r.script.failed(err)
	}
	return v, err
}

// decode returns the record of that id from its bytes in the answer.
func (r reply) decode(id, v string) (core.Record, error) {
	t, err := decodeRecord(id, v)
	if err != nil {
		return t, r.script.failed(err)
	}
	return t, nil
}
