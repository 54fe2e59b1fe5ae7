// Command linearizability judges histories of leases and of the writes made under them: could one register per
// profile have given these answers, each at some instant between call and return?
//
//	go run . [-timeout 30s] [history.jsonl …]
//
// Without a file it reads the standard input. It exits with 0 when every profile's history is possible, with 1 when
// one is not or could not be judged in time, with 2 when it could not read its input. The last line is JSON.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// Lines of a story that are printed of what went well before.
const placedShown = 12

func main() {
	timeout := flag.Duration("timeout", 30*time.Second, "longest time for one profile")
	flag.Parse()
	history, err := readAll(flag.Args())
	if err == nil {
		var sound bool
		if sound, err = report(os.Stdout, history, *timeout); err == nil && !sound {
			os.Exit(1)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func readAll(paths []string) ([]Operation, error) {
	if len(paths) == 0 {
		return ReadHistory(os.Stdin)
	}
	var history []Operation
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		read, err := ReadHistory(file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		history = append(history, read...)
	}
	return history, nil
}

// Summary is the last line of a report.
type Summary struct {
	Profiles   int            `json:"profiles"`
	Operations map[string]int `json:"operations"`
	Illegal    []string       `json:"illegal"`
	Undecided  []string       `json:"undecided"`
}

func report(out io.Writer, history []Operation, timeout time.Duration) (bool, error) {
	verdicts, err := Check(history, timeout)
	if err != nil {
		return false, err
	}
	summary := Summary{Profiles: len(verdicts), Operations: map[string]int{}, Illegal: []string{}, Undecided: []string{}}
	for _, operation := range history {
		summary.Operations[operation.Op+" "+operation.Outcome]++
	}
	for _, verdict := range verdicts {
		switch verdict.Result {
		case porcupine.Illegal:
			summary.Illegal = append(summary.Illegal, verdict.Profile)
			tell(out, verdict)
		case porcupine.Unknown:
			summary.Undecided = append(summary.Undecided, verdict.Profile)
			fmt.Fprintf(out, "%s: not judged within %v\n", verdict.Profile, timeout)
		}
	}
	line, err := json.Marshal(summary)
	if err != nil {
		return false, err
	}
	fmt.Fprintln(out, string(line))
	return len(summary.Illegal)+len(summary.Undecided) == 0 && len(history) > 0, nil
}

// tell shows the longest order that was possible, and what found no place in it.
func tell(out io.Writer, verdict Verdict) {
	fmt.Fprintf(out, "%s: no register could have given these answers\n", verdict.Profile)
	from := max(0, len(verdict.Placed)-placedShown)
	fmt.Fprintf(out, "  a possible order (%d before it are not shown):\n", from)
	for _, operation := range verdict.Placed[from:] {
		fmt.Fprintf(out, "    %s\n", operation)
	}
	fmt.Fprintln(out, "  then the first of these is impossible:")
	for _, operation := range verdict.Left[:min(len(verdict.Left), placedShown)] {
		fmt.Fprintf(out, "    %s\n", operation)
	}
}
