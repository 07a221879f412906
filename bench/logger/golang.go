// zerolog and zap beside the loggers of this project, in Go: golang NAME CHECKED RESULT.
// Times one of them into a writer that drops all, then writes some calls to CHECKED, which
// checked.ts reads. The figures in ns a line go to RESULT. The calls are those of calls.ts.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	burst        = 200
	milliseconds = 300
	checkedCalls = 300
)

var messages = []string{
	"user logged in", "request completed", "connection to the database opened again",
}
var users = make([]string, 64)

// The kinds of calls of a logger, in the order of calls.ts.
type calls struct{ message, fields func(i int) }

func withZerolog(to io.Writer) calls {
	zerolog.TimeFieldFormat = zerolog.TimeFormatUnixMs
	host, _ := os.Hostname()
	log := zerolog.New(to).With().Timestamp().Int("pid", os.Getpid()).Str("hostname", host).Logger()
	return calls{
		func(i int) { log.Info().Msg(messages[i%3]) },
		func(i int) {
			user := users[i&63]
			switch i % 3 {
			case 0:
				log.Info().Int("id", i).Str("user", user).Bool("ok", true).
					Float64("ms", float64(i%1000)/8).Msg(messages[i%3])
			case 1:
				log.Info().Int("id", i).Str("path", "/users/7/orders").Bool("ok", false).
					Int("size", i*3).Msg(messages[i%3])
			default:
				log.Info().Int("id", i).Str("user", user).Int("retry", i&7).
					Int("ms", i%100).Msg(messages[i%3])
			}
		},
	}
}

func withZap(to io.Writer) calls {
	config := zap.NewProductionEncoderConfig()
	// EpochMillisTimeEncoder writes fractions, which takes longer.
	config.EncodeTime = func(t time.Time, to zapcore.PrimitiveArrayEncoder) {
		to.AppendInt64(t.UnixMilli())
	}
	host, _ := os.Hostname()
	core := zapcore.NewCore(zapcore.NewJSONEncoder(config), zapcore.AddSync(to), zap.InfoLevel)
	log := zap.New(core).With(zap.Int("pid", os.Getpid()), zap.String("hostname", host))
	return calls{
		func(i int) { log.Info(messages[i%3]) },
		func(i int) {
			user := users[i&63]
			switch i % 3 {
			case 0:
				log.Info(messages[i%3], zap.Int("id", i), zap.String("user", user),
					zap.Bool("ok", true), zap.Float64("ms", float64(i%1000)/8))
			case 1:
				log.Info(messages[i%3], zap.Int("id", i), zap.String("path", "/users/7/orders"),
					zap.Bool("ok", false), zap.Int("size", i*3))
			default:
				log.Info(messages[i%3], zap.Int("id", i), zap.String("user", user),
					zap.Int("retry", i&7), zap.Int("ms", i%100))
			}
		},
	}
}

type figures struct {
	Fastest float64 `json:"fastest"`
	Median  float64 `json:"median"`
}

func measure(call func(i int)) figures {
	samples := []float64{}
	i := 0
	for end := time.Now().Add(milliseconds * time.Millisecond); time.Now().Before(end); {
		start := time.Now()
		for last := i + burst; i < last; i++ {
			call(i)
		}
		samples = append(samples, float64(time.Since(start).Nanoseconds())/burst)
	}
	sort.Float64s(samples)
	return figures{samples[0], samples[len(samples)/2]}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	create := map[string]func(io.Writer) calls{"zerolog": withZerolog, "zap": withZap}[os.Args[1]]
	for i := range users {
		users[i] = fmt.Sprintf("user-%d", i*7919)
	}
	log := create(io.Discard)
	var sum int64
	result, err := json.Marshal(map[string]figures{
		"Date.now()": measure(func(int) { sum += time.Now().UnixMilli() }),
		"message":    measure(log.message),
		"4 fields":   measure(log.fields),
	})
	check(err)
	check(os.WriteFile(os.Args[3], result, 0o600))
	file, err := os.Create(os.Args[2])
	check(err)
	log = create(file)
	for _, call := range []func(int){log.message, log.fields} {
		for i := 0; i < checkedCalls; i++ {
			call(i)
		}
	}
	check(file.Close())
}
