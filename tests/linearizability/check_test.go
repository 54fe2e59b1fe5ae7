package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// at gives an operation its interval, in seconds.
func at(call, back int64, operation Operation) Operation {
	operation.Profile, operation.Client = "p", "c"
	operation.CallNs = call * 1e9
	if back >= 0 {
		back *= 1e9
		operation.ReturnNs = &back
	}
	return operation
}

const never = -1

func granted(token int64) Operation {
	return Operation{Op: "acquire", Token: token, Outcome: "granted"}
}
func denied() Operation { return Operation{Op: "acquire", Outcome: "denied"} }
func released(token int64) Operation {
	return Operation{Op: "release", Token: token, Outcome: "ok"}
}
func revoked(token int64) Operation {
	return Operation{Op: "revoke", Token: token, Target: "main", Outcome: "ok"}
}
func accepted(token int64) Operation {
	return Operation{Op: "write", Token: token, Target: "main", Outcome: "accepted"}
}
func refused(token int64) Operation {
	return Operation{Op: "write", Token: token, Target: "main", Outcome: "refused"}
}
func unknown(operation Operation) Operation {
	operation.Outcome = "unknown"
	return operation
}
func elsewhere(operation Operation) Operation {
	operation.Target = "other"
	return operation
}

func TestRegister(t *testing.T) {
	for name, one := range map[string]struct {
		isLegal bool
		history []Operation
	}{
		"one lease after the other": {true, []Operation{
			at(0, 1, granted(1)), at(2, 3, accepted(1)), at(4, 5, released(1)),
			at(6, 7, granted(2)), at(8, 9, accepted(2)), at(10, 11, refused(1)),
		}},
		"tokens may leave numbers out": {true, []Operation{
			at(0, 1, granted(1)), at(2, 3, released(1)), at(4, 5, granted(7)),
		}},
		"two holders": {false, []Operation{at(0, 1, granted(1)), at(2, 3, granted(2))}},
		"two holders for a moment": {false, []Operation{
			at(0, 1, granted(1)), at(2, 3, granted(2)), at(4, 5, released(1)),
		}},
		"a release that is still under way ends the lease in time": {true, []Operation{
			at(0, 1, granted(1)), at(2, 5, released(1)), at(3, 4, granted(2)),
		}},
		"a token a second time": {false, []Operation{
			at(0, 1, granted(1)), at(2, 3, released(1)), at(4, 5, granted(1)),
		}},
		"a token that went down": {false, []Operation{
			at(0, 1, granted(5)), at(2, 3, released(5)), at(4, 5, granted(4)),
		}},
		"a release by nobody": {false, []Operation{at(0, 1, granted(1)), at(2, 3, released(1)), at(4, 5, released(1))}},
		"a refused release changes nothing": {true, []Operation{
			at(0, 1, granted(1)), at(2, 3, Operation{Op: "release", Token: 1, Outcome: "refused"}), at(4, 5, accepted(1)),
		}},
		"denials at any time": {true, []Operation{at(0, 1, denied()), at(2, 3, granted(1)), at(4, 5, denied())}},
		"a late write behind the next one": {false, []Operation{
			at(0, 1, granted(1)), at(2, 3, released(1)), at(4, 5, granted(2)),
			at(6, 7, accepted(2)), at(8, 9, accepted(1)),
		}},
		"a late write before the next one": {true, []Operation{
			at(0, 1, granted(1)), at(2, 3, released(1)), at(4, 5, granted(2)),
			at(6, 7, accepted(1)), at(8, 9, accepted(2)),
		}},
		"a late write beside the next one": {true, []Operation{
			at(0, 1, granted(1)), at(2, 3, released(1)), at(4, 5, granted(2)),
			at(6, 9, accepted(2)), at(8, 9, accepted(1)),
		}},
		"a late write at another database": {true, []Operation{
			at(0, 1, granted(1)), at(2, 3, released(1)), at(4, 5, granted(2)),
			at(6, 7, accepted(2)), at(8, 9, elsewhere(accepted(1))),
		}},
		"a write after the fence was confirmed": {false, []Operation{
			at(0, 1, granted(1)), at(2, 3, revoked(1)), at(4, 5, accepted(1)),
		}},
		"a write while the fence is raised": {true, []Operation{
			at(0, 1, granted(1)), at(2, 5, revoked(1)), at(3, 4, accepted(1)), at(6, 7, refused(1)),
		}},
		"a write accepted after one was refused": {false, []Operation{
			at(0, 1, granted(1)), at(2, 7, revoked(1)), at(3, 4, refused(1)), at(5, 6, accepted(1)),
		}},
		"the holder is refused": {false, []Operation{at(0, 1, granted(1)), at(2, 3, refused(1))}},
		"a write under a token that was never granted": {false, []Operation{
			at(0, 1, granted(1)), at(2, 3, accepted(2)),
		}},
		"a token revoked that was never granted": {false, []Operation{at(0, 1, revoked(1))}},
		"a revocation that never ends frees the profile all the same": {true, []Operation{
			at(0, 1, granted(1)), at(2, never, unknown(revoked(1))), at(4, 5, granted(2)), at(6, 7, accepted(2)),
		}},
		"an unknown write took effect": {true, []Operation{
			at(0, 1, granted(1)), at(2, never, unknown(accepted(1))), at(4, 5, accepted(1)),
		}},
		"an unknown write may come as late as it likes, though not behind a newer one": {true, []Operation{
			at(0, 1, granted(1)), at(2, 3, unknown(accepted(1))), at(4, 5, released(1)),
			at(6, 7, granted(2)), at(8, 9, accepted(2)),
		}},
		"an unknown acquire explains a token": {true, []Operation{
			at(0, never, unknown(granted(1))), at(2, 3, accepted(1)), at(4, 5, released(1)), at(6, 7, granted(2)),
		}},
		"an unknown acquire without a token explains none": {false, []Operation{
			at(0, never, unknown(denied())), at(2, 3, accepted(1)),
		}},
		"an unknown release lets the next one in": {true, []Operation{
			at(0, 1, granted(1)), at(2, never, unknown(released(1))), at(4, 5, granted(2)),
		}},
		"an unknown release that was called too late does not": {false, []Operation{
			at(0, 1, granted(1)), at(2, 3, granted(2)), at(4, never, unknown(released(1))),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, operation := range one.history {
				if err := operation.flaw(); err != nil {
					t.Fatalf("%v: %v", operation, err)
				}
			}
			verdicts, err := Check(one.history, 10*time.Second)
			if err != nil || len(verdicts) != 1 {
				t.Fatalf("%v, %v", verdicts, err)
			}
			if isLegal := verdicts[0].Result == porcupine.Ok; isLegal != one.isLegal {
				t.Errorf("legal: %v", isLegal)
			}
			if !one.isLegal && len(verdicts[0].Left) == 0 {
				t.Error("nothing is said to be impossible")
			}
		})
	}
}

// What a whole run of the simulation has said; README.md tells how each file came about.
func TestStoredHistories(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no histories: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			history, err := ReadHistory(file)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			isSound, err := report(&out, history, 30*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if isSound != strings.HasPrefix(name, "legal-") {
				t.Errorf("sound: %v\n%s", isSound, out.String())
			}
		})
	}
}

func TestProfilesAreJudgedApart(t *testing.T) {
	here, there := at(0, 1, granted(1)), at(0, 1, granted(1))
	there.Profile = "q"
	again := at(2, 3, granted(1))
	again.Profile = "q"
	verdicts, err := Check([]Operation{here, there, again}, time.Second)
	if err != nil || len(verdicts) != 2 {
		t.Fatalf("%v, %v", verdicts, err)
	}
	if verdicts[0].Result != porcupine.Ok || verdicts[1].Result != porcupine.Illegal {
		t.Errorf("%v and %v", verdicts[0].Result, verdicts[1].Result)
	}
}

func TestReportOfNothing(t *testing.T) {
	var out bytes.Buffer
	if isSound, err := report(&out, nil, time.Second); isSound || err != nil {
		t.Errorf("an empty history is sound: %v, %v", isSound, err)
	}
}

func TestTooManyDatabases(t *testing.T) {
	history := []Operation{at(0, 1, granted(1))}
	for _, target := range []string{"a", "b", "c", "d"} {
		write := at(2, 3, accepted(1))
		write.Target = target
		history = append(history, write)
	}
	if _, err := Check(history, time.Second); err == nil {
		t.Error("more databases than the register has room for were taken")
	}
}

func TestReadHistory(t *testing.T) {
	const good = `{"client":"w","profile":"p","op":"write","token":1,"target":"main","outcome":"accepted","callNs":1,"returnNs":2}`
	history, err := ReadHistory(strings.NewReader(good + "\n\n" + good + "\n"))
	if err != nil || len(history) != 2 || *history[0].ReturnNs != 2 {
		t.Fatalf("%v, %v", history, err)
	}
	for bad, about := range map[string]string{
		`nonsense`:                            "invalid character",
		`{"op":"steal"}`:                      "acquire, release, revoke and write",
		`{"op":"write","outcome":"granted"}`:  "accepted",
		`{"op":"write","outcome":"accepted"}`: "profile",
		`{"profile":"p","op":"write","outcome":"accepted","target":"t","returnNs":1}`:            "token",
		`{"profile":"p","op":"acquire","outcome":"granted","returnNs":1}`:                        "token",
		`{"profile":"p","op":"write","outcome":"accepted","token":1,"returnNs":1}`:               "target",
		`{"profile":"p","op":"release","outcome":"ok","token":1}`:                                "returnNs",
		`{"profile":"p","op":"release","outcome":"ok","token":1,"callNs":5,"returnNs":1}`:        "before it was called",
		`{"profile":"p","op":"release","outcome":"ok","token":-1,"callNs":5,"returnNs":9}`:       "token",
		`{"profile":"p","op":"revoke","outcome":"unknown","token":1,"target":"","callNs":5}`:     "target",
		`{"profile":"p","op":"acquire","outcome":"granted","token":"1","callNs":5,"returnNs":9}`: "cannot unmarshal",
	} {
		_, err := ReadHistory(strings.NewReader(good + "\n" + bad))
		if err == nil || !strings.Contains(err.Error(), about) || !strings.HasPrefix(err.Error(), "line 2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
