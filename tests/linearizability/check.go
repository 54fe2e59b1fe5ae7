package main

import (
	"fmt"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// Verdict is what became of the history of one profile.
type Verdict struct {
	Profile string
	Result  porcupine.CheckResult
	// Operations of the longest order that was possible, and those that found no place in it. Only of an illegal one.
	Placed, Left []Operation
}

// Check judges every profile by itself, in the order of their names, each within the timeout.
func Check(history []Operation, timeout time.Duration) ([]Verdict, error) {
	byProfile := map[string][]Operation{}
	for _, operation := range history {
		byProfile[operation.Profile] = append(byProfile[operation.Profile], operation)
	}
	profiles := make([]string, 0, len(byProfile))
	for profile := range byProfile {
		profiles = append(profiles, profile)
	}
	sort.Strings(profiles)
	verdicts := make([]Verdict, 0, len(profiles))
	for _, profile := range profiles {
		verdict, err := checkProfile(profile, byProfile[profile], timeout)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts, nil
}

func checkProfile(profile string, history []Operation, timeout time.Duration) (Verdict, error) {
	targets := map[string]int{}
	clients := map[string]int{}
	operations := make([]porcupine.Operation, 0, len(history))
	for _, operation := range history {
		operations = append(operations, porcupine.Operation{
			ClientId: indexOf(clients, operation.Client),
			Input:    input{Operation: operation, target: indexOf(targets, operation.Target)},
			Call:     operation.CallNs,
			Return:   operation.lastNs(),
		})
	}
	// Leases have no database, and take a place of their own.
	if len(targets) > targetsMax {
		return Verdict{}, fmt.Errorf("profile %s has more than %d databases", profile, targetsMax-1)
	}
	result, info := porcupine.CheckOperationsVerbose(Model, operations, timeout)
	verdict := Verdict{Profile: profile, Result: result}
	if result == porcupine.Illegal {
		verdict.Placed, verdict.Left = longest(info, history)
	}
	return verdict, nil
}

func indexOf(known map[string]int, name string) int {
	if _, isKnown := known[name]; !isKnown {
		known[name] = len(known)
	}
	return known[name]
}

// longest finds the possible order that takes in the most operations, and what it leaves out, by call.
func longest(info porcupine.LinearizationInfo, history []Operation) (placed, left []Operation) {
	for _, partition := range info.PartialLinearizationsOperations() {
		for _, order := range partition {
			if len(order) <= len(placed) {
				continue
			}
			placed = placed[:0]
			for _, operation := range order {
				placed = append(placed, operation.Input.(input).Operation)
			}
		}
	}
	counts := map[string]int{}
	for _, operation := range placed {
		counts[operation.String()]++
	}
	for _, operation := range history {
		if counts[operation.String()] > 0 {
			counts[operation.String()]--
			continue
		}
		left = append(left, operation)
	}
	sort.SliceStable(left, func(a, b int) bool { return left[a].CallNs < left[b].CallNs })
	return placed, left
}
