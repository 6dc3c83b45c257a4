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

// read returns the answer as a T, or core.ErrNotFound if the script found no record.
func read[T any](r reply, as func(*redis.Cmd) (T, error)) (T, error) {
	var none T
	if r.err != nil {
		return none, r.script.failed(r.err)
	}
	v, err := as(r.cmd)
	if errors.Is(err, redis.Nil) {
		return none, core.ErrNotFound
	}
	if err != nil {
		return none, r.script.failed(err)
	}
	return v, nil
}

// decode returns the record of that id from its bytes in the answer.
func (r reply) decode(id, v string) (core.RefreshToken, error) {
	t, err := decodeRecord(id, v)
	if err != nil {
		return t, r.script.failed(err)
	}
	return t, nil
}
