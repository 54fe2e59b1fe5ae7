package main

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// targetsMax is how many databases one profile may have in a history. An array and not a map: porcupine compares
// states by ==, millions of times.
const targetsMax = 4

// Register is what the services together pretend to be for one profile: a lease with one holder at a time, and a
// floor at each database below which no token may write.
type Register struct {
	// Newest token that was granted.
	Newest int64
	// Token of the holder; 0 when nobody has the profile.
	Holder int64
	// By database, the least token that may still write there.
	Floor [targetsMax]int64
}

// input is an operation with its database as an index.
type input struct {
	Operation
	target int
}

// take is the register's answer to an operation with this outcome: whether it could have come to that, and what the
// register is afterwards.
func (r Register) take(o input) (bool, Register) {
	switch o.Op {
	case "acquire":
		return r.acquire(o)
	case "release":
		return r.release(o)
	case "revoke":
		return r.revoke(o)
	default:
		return r.write(o)
	}
}

// acquire: nobody else has the profile, and the token is newer than any before (I1, I2, I3).
func (r Register) acquire(o input) (bool, Register) {
	if o.Outcome == "denied" || o.Token == 0 {
		return true, r
	}
	if r.Holder != 0 || o.Token <= r.Newest {
		return false, r
	}
	r.Holder, r.Newest = o.Token, o.Token
	return true, r
}

// release: only the holder gives the profile back.
func (r Register) release(o input) (bool, Register) {
	if o.Outcome == "refused" {
		return true, r
	}
	if r.Holder != o.Token {
		return false, r
	}
	r.Holder = 0
	return true, r
}

// revoke: the lease ends if it has not ended yet, and its token can write no more at this database (I4).
func (r Register) revoke(o input) (bool, Register) {
	if o.Token > r.Newest {
		return false, r
	}
	if r.Holder == o.Token {
		r.Holder = 0
	}
	r.Floor[o.target] = max(r.Floor[o.target], o.Token+1)
	return true, r
}

// write: an accepted one was granted and is not below the floor, which it lifts (I4). Refused for good is nobody who
// has the profile.
func (r Register) write(o input) (bool, Register) {
	if o.Outcome == "refused" {
		return o.Token != r.Holder, r
	}
	if o.Token > r.Newest || o.Token < r.Floor[o.target] {
		return false, r
	}
	r.Floor[o.target] = o.Token
	return true, r
}

// step lets an operation of unknown outcome do nothing where it could not have taken effect. That it could have, and
// did not, needs no case of its own: it never returns, so it may as well come after everything else.
func (r Register) step(o input) (bool, Register) {
	possible, after := r.take(o)
	if o.Outcome == "unknown" {
		return true, after
	}
	return possible, after
}

// Model is the register in the terms of porcupine.
var Model = porcupine.Model{
	Init: func() interface{} { return Register{} },
	Step: func(state, in, _ interface{}) (bool, interface{}) {
		register, isRegister := state.(Register)
		operation, isInput := in.(input)
		if !isRegister || !isInput {
			panic(fmt.Sprintf("a step from %T by %T", state, in))
		}
		return register.step(operation)
	},
	DescribeOperation: func(in, _ interface{}) string { return fmt.Sprint(in) },
	DescribeState:     func(state interface{}) string { return fmt.Sprintf("%+v", state) },
}
