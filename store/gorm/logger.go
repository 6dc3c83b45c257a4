package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm/logger"
)

// discreet is the caller's logger without the values in the store's statements,
// which are the users' data, and without the errors that the store deals with. It
// is as safe for concurrent use as the caller's.
type discreet struct {
	logger.Interface
	expected func(error) bool
}

func (l discreet) Trace(ctx context.Context, begin time.Time, fc func() (sql string, rowsAffected int64), err error) {
	if err != nil && l.expected(err) {
		err = nil
	}
	l.Interface.Trace(ctx, begin, fc, err)
}

// ParamsFilter implements gorm.ParamsFilter.
func (l discreet) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
