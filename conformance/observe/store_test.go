package observe_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/otel"
	"github.com/tokenauth/tokenauth/observe/prometheus"
	"github.com/tokenauth/tokenauth/store/memory"
	"github.com/tokenauth/tokenauth/storetest"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func TestAStoreThatPrometheusMeasuresKeepsTheContract(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) core.RefreshStore {
			observer, err := prometheusobserve.New(prometheus.NewRegistry(), prometheusobserve.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return observer.Store(memorystore.New())
		},
	})
}

func TestAStoreWhoseCallsAreSpansKeepsTheContract(t *testing.T) {
	tracers, meters := sdktrace.NewTracerProvider(), sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) core.RefreshStore {
			observer, err := otelobserve.New(otelobserve.Options{TracerProvider: tracers, MeterProvider: meters})
			if err != nil {
				t.Fatal(err)
			}
			return observer.Store(memorystore.New())
		},
	})
}
