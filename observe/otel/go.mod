module github.com/tokenauth/tokenauth/observe/otel

go 1.26.0

require (
	github.com/tokenauth/tokenauth/core v0.1.0
	go.opentelemetry.io/otel v1.47.0
	go.opentelemetry.io/otel/metric v1.47.0
	go.opentelemetry.io/otel/trace v1.47.0
)

replace github.com/tokenauth/tokenauth/core => ../../core
