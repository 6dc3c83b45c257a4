// Package gormstore keeps refresh-token records in a SQL database.
package gormstore
