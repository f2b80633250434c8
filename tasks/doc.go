// Package tasks is the contract between those who queue work and those who do
// it: the kinds of task, what each carries, its queue and its limits. Nothing
// else spells the name of a kind or makes an asynq task. It imports nothing of
// ours; sealing is handed in.
//
// What lies in Redis outlives a deploy, so a kind's name never changes and its
// payload only gains fields; testdata holds the bytes of each, frozen. Only a
// submission carries a person, and that sealed; every other task carries ids.
package tasks
