package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// Operation is one line of a history; README.md documents its fields.
type Operation struct {
	Client   string `json:"client"`
	Profile  string `json:"profile"`
	Op       string `json:"op"`
	Token    int64  `json:"token,omitempty"`
	Target   string `json:"target,omitempty"`
	Outcome  string `json:"outcome"`
	CallNs   int64  `json:"callNs"`
	ReturnNs *int64 `json:"returnNs"`
}

// outcomes that each kind of operation can have.
var outcomes = map[string][]string{
	"acquire": {"granted", "denied", "unknown"},
	"release": {"ok", "refused", "unknown"},
	"revoke":  {"ok", "unknown"},
	"write":   {"accepted", "refused", "unknown"},
}

// lineBytesMax is far above what a line with the longest profile id takes.
const lineBytesMax = 64 * 1024

// ReadHistory reads one operation a line. An error names the line and what is wrong with it.
func ReadHistory(source io.Reader) ([]Operation, error) {
	var history []Operation
	scanner := bufio.NewScanner(source)
	scanner.Buffer(nil, lineBytesMax)
	for number := 1; scanner.Scan(); number++ {
		if len(scanner.Bytes()) == 0 {
			continue
		}
		var operation Operation
		if err := json.Unmarshal(scanner.Bytes(), &operation); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if err := operation.flaw(); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		history = append(history, operation)
	}
	return history, scanner.Err()
}

func (o Operation) flaw() error {
	known := false
	for _, outcome := range outcomes[o.Op] {
		known = known || outcome == o.Outcome
	}
	switch {
	case len(outcomes[o.Op]) == 0:
		return fmt.Errorf("op %q: acquire, release, revoke and write are known", o.Op)
	case !known:
		return fmt.Errorf("outcome %q: %s has one of %v", o.Outcome, o.Op, outcomes[o.Op])
	case o.Profile == "":
		return fmt.Errorf("profile is missing")
	case o.Token < 0 || o.Token == 0 && (o.Op != "acquire" || o.Outcome == "granted"):
		return fmt.Errorf("token %d: %s with outcome %s names one from 1 on", o.Token, o.Op, o.Outcome)
	case (o.Op == "write" || o.Op == "revoke") && o.Target == "":
		return fmt.Errorf("target is missing: at which database?")
	case o.ReturnNs == nil && o.Outcome != "unknown":
		return fmt.Errorf("returnNs is missing: only an operation with outcome unknown may never return")
	case o.ReturnNs != nil && *o.ReturnNs < o.CallNs:
		return fmt.Errorf("it returned %d ns before it was called", o.CallNs-*o.ReturnNs)
	}
	return nil
}

// lastNs is when the operation has taken effect at the latest. Whoever was told nothing knows no such time, even
// where it has stopped waiting.
func (o Operation) lastNs() int64 {
	if o.Outcome == "unknown" || o.ReturnNs == nil {
		return math.MaxInt64
	}
	return *o.ReturnNs
}

func (o Operation) String() string {
	what := o.Op
	if o.Token > 0 {
		what = fmt.Sprintf("%s %d", what, o.Token)
	}
	if o.Target != "" {
		what = fmt.Sprintf("%s at %s", what, o.Target)
	}
	until := "…"
	if o.lastNs() != math.MaxInt64 {
		until = fmt.Sprintf("%.3f", seconds(o.lastNs()))
	}
	return fmt.Sprintf("%9.3f to %9s s  %-28s %-9s %s", seconds(o.CallNs), until, what, o.Outcome, o.Client)
}

func seconds(ns int64) float64 { return float64(ns) / 1e9 }
